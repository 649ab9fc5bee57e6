"""Random and mutated messages of all agents, over all protocols, in both profiles: every answer has
the form that the specification gives it, and no agent changes what it was not granted.

Each agent has a copy of the platform of full.json to itself, so whatever one does must leave the
copies of the others alone; ``reader`` may only read its own, which therefore never changes.

    SCMIGEN_FUZZ=1000000 python -m pytest tests/server/test_fuzz_messages.py

sends that many, a third of them mutated; SCMIGEN_FUZZ_FROM=N is another seed.
"""

import json
import os
import struct
from collections import Counter
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any

from scmi_messages import a_change
from scmi_shapes import COMMON, NEGOTIATE, REQUEST_WORDS, check, check_event
from scmi_wire import SUCCESS, request
from server_running import strict_server

from scmigen import runtime
from scmigen.scmi.protocols import VERSIONS, Profile
from scmigen.server import Agent, Server

MESSAGES = int(os.environ.get("SCMIGEN_FUZZ", "13200"))
SEED = int(os.environ.get("SCMIGEN_FUZZ_FROM", "0"))

FULL = json.loads((Path(__file__).parent / "full.json").read_text())
AGENTS = ("writer", "other", "reader")
LISTS = [key for key, value in FULL.items() if isinstance(value, list) and key[-6:] != "agents"]
#: Copies of a resource are so many numbers apart.
APART = 8
#: Keys that refer to resources by number, alone or in a list.
LINKS = ("id", "parent", "parents", "power", "supply", "clock", "pins")
#: What a message may change of a resource.
FIELDS = ["on", "rate", "parent_number", "level", "maximum", "minimum", "asserted", "config"]
FIELDS += ["trip_points", "cap", "pai", "settings", "function", "owner", "busy"]
WORDS = [0, 0, 0, 1, 1, 2, 3, 4, 5, 7, 10, 20, 30, 205, 1000, 2000, 9000, 700_000, 800_000]
WORDS += [100_000_000, 200_000_000, 1 << 2, 1 << 18, 1 << 30, 1 << 31, 0xFFFF_FFFF]
PROPER = [
    (protocol, number, size)
    for protocol, requests in REQUEST_WORDS.items()
    for number, size in (COMMON | requests).items()
]


def copied(resource: dict[str, Any], by: int, name: str) -> dict[str, Any]:
    """A resource of a copy, ``by`` numbers further."""
    copy = deepcopy(resource) | {"name": f"{name}-{resource['name']}"[:60]}
    for key in LINKS:
        value = copy.get(key)
        if isinstance(value, list):
            copy[key] = [number + by for number in value]
        elif value is not None:
            copy[key] = value + by
    return copy


def grants(by: int, reader: bool) -> dict[str, Any]:
    """linux's in full.json, on another copy by the same ids, and all pins and caps that vm1 has."""
    found: dict[str, Any] = {}
    for agent in FULL["agents"]:
        for kind, given in agent["grants"].items():
            for grant in given:
                operations = ["read"] if reader else grant["operations"]
                one = {"id": grant["id"], "resource": grant["resource"] + by}
                if kind != "reset" or not reader:
                    found.setdefault(kind, {})[grant["id"]] = one | {"operations": operations}
    return {kind: [by_id[n] for n in sorted(by_id)] for kind, by_id in found.items()}


def board() -> runtime.Runtime:
    """The platform with a copy of everything for each agent."""
    whole: dict[str, Any] = {"format": FULL["format"], "name": "copies", "agents": []}
    groups = len(FULL["pin_groups"])
    for number, name in enumerate(AGENTS):
        by = APART * number
        agent = {"id": number + 1, "name": name, "role": "vm"}
        whole["agents"].append(agent | {"grants": grants(by, name == "reader")})
        for key in (key for key in LISTS if key not in ("agents", "devices")):
            more = [copied(resource, by, name) for resource in FULL[key]]
            for function in more if key == "pin_functions" else ():
                shifted = [index + groups * number for index in function.get("groups", ())]
                function["groups"] = shifted
            whole.setdefault(key, []).extend(more)
    return runtime.decode(json.dumps(whole).encode())


def message(random: Random) -> bytes:
    """A change, a message that there is, or one that is damaged."""
    if random.random() < 0.4:
        data = bytearray(a_change(random))
    else:
        protocol, number, size = random.choice(PROPER)
        words = [random.choice(WORDS) for _ in range(size)]
        data = bytearray(request(protocol, number, *words, token=random.randrange(1024)))
    while random.random() < 0.35:
        way = random.randrange(5)
        if way == 0 and data:
            data[random.randrange(len(data))] ^= 1 << random.randrange(8)
        elif way == 1:
            del data[random.randrange(len(data) + 1) :]
        elif way == 2:
            data += random.randbytes(random.choice((1, 3, 4, 8, 124, 400)))
        elif way == 3:
            at = random.randrange(0, len(data) + 1, 4)
            data[at : at + 4] = struct.pack("<I", random.choice(WORDS))
        else:
            data = bytearray(random.randbytes(random.randrange(24)))
    return bytes(data)


def negotiation(random: Random) -> bytes:
    """A request for some version of some protocol."""
    version = random.choice((0x10000, 0x20000, 0x20001, 0x30000, 0x30001, 0x40000))
    return request(random.choice(PROPER)[0], NEGOTIATE, version)


def speaks_newest(agent: Agent) -> bool:
    """Whether the agent uses the versions whose forms `scmi_shapes` has, and has used no others."""
    return agent.session.versions is VERSIONS[Profile.V3_2]


def well_formed(agent: Agent, sent: bytes) -> int | None:
    """The status of the answer, whose form must be right."""
    frames = agent.handle(sent)
    if speaks_newest(agent):
        return check(sent, frames)
    assert len(frames) == (len(sent) >= 4)
    for frame in frames:
        assert frame[:4] == sent[:4]
        assert 8 <= len(frame) <= 136
        assert len(frame) % 2 == 0
        status = int.from_bytes(frame[4:8], "little", signed=True)
        assert -11 <= status <= 0
        assert status == SUCCESS or len(frame) == 8
    return int.from_bytes(frames[0][4:8], "little", signed=True) if frames else None


class Platform:
    """A server whose resources are watched, each by the agent that has it; its agents choose other
    versions now and then if it ``negotiates``."""

    def __init__(self, profile: Profile, *, negotiates: bool = False) -> None:
        self.negotiates = negotiates
        self.now = 0
        self.server: Server = strict_server(board(), profile, now=lambda: self.now)
        self.agents = [self.server.agent(name) for name in AGENTS]
        self.watched: list[list[tuple[Any, str]]] = [[] for _ in AGENTS]
        for resources in self.server.state.values():
            for number, resource in resources.items():
                fields = [field for field in FIELDS if hasattr(resource, field)]
                self.watched[number // APART] += [(resource, field) for field in fields]
        self.reader = self.state(AGENTS.index("reader"))

    def state(self, agent: int) -> list[str]:
        return [repr(getattr(resource, field)) for resource, field in self.watched[agent]]

    def send(self, random: Random) -> int | None:
        """One message of one agent; the others' resources stay as they are."""
        sender = random.randrange(len(AGENTS))
        others = [number for number in range(len(AGENTS)) if number != sender]
        before = [self.state(number) for number in others]
        chooses = self.negotiates and random.random() < 0.1
        sent = negotiation(random) if chooses else message(random)
        status = well_formed(self.agents[sender], sent)
        assert [self.state(number) for number in others] == before
        if random.random() < 0.001:
            self.agents[sender].disconnect()
            assert [self.state(number) for number in others] == before
        return status

    def wait(self, random: Random) -> None:
        """Time passes, and events are taken."""
        self.now += random.choice((0, 1_000, 1_000_000, 200_000_000))
        self.server.tick()
        for agent in self.agents:
            for event in agent.take_events():
                if speaks_newest(agent):
                    check_event(event)
        assert self.state(AGENTS.index("reader")) == self.reader


def test_no_message_changes_what_its_agent_was_not_granted() -> None:
    random = Random(SEED)
    platforms = [Platform(profile) for profile in Profile]
    platforms.append(Platform(Profile.V3_2, negotiates=True))
    statuses: Counter[int | None] = Counter()
    for number in range(MESSAGES):
        platform = platforms[number % len(platforms)]
        try:
            statuses[platform.send(random)] += 1
            if random.random() < 0.2:
                platform.wait(random)
        except BaseException as problem:
            problem.add_note(f"message {number} of seed {SEED}")
            raise
    # Every kind of refusal, and success, not only a few of them.
    assert {0, -1, -2, -3, -4, -5, -10} <= statuses.keys()
    assert statuses[SUCCESS] > MESSAGES // 10
    writers = [platform.state(0) for platform in platforms]
    untouched = [Platform(profile).state(0) for profile in (*Profile, Profile.V3_2)]
    assert all(was != now for was, now in zip(untouched, writers, strict=True))
