"""`differences.json`: where SCP-firmware answers otherwise, as rules that can be run.

A rule says for which messages it is (protocol, message), when (an expression over the names below),
and which bytes SCP-firmware then answers, given ours. A difference is explained only where a rule
gives exactly its bytes. After a ``lasting`` one the two hold different states of that resource.
"""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from targets.scp.scp_expected import AGENT_TYPES, ASSUMED_VOLTAGE, PROTOCOL, Expected

from scmigen.scmi.protocols import Kind

PATH = Path(__file__).with_name("differences.json")

#: Protocol → message → bytes of payload that SCP-firmware 2.14 wants, of the messages it knows.
SIZES: Mapping[int, Mapping[int, int]] = {
    0x10: {0: 0, 1: 0, 2: 4, 3: 0, 4: 0, 5: 0, 6: 4, 7: 4, 8: 0, 9: 12, 10: 16, 11: 8},
    0x11: {0: 0, 1: 0, 2: 4, 3: 4, 4: 12, 5: 4, 6: 8, 7: 8},
    0x12: {0: 0, 1: 0, 2: 4, 3: 8, 4: 0, 5: 4},
    0x13: {0: 0, 1: 0, 2: 4, 3: 4, 4: 8, 5: 12, 6: 4, 7: 8, 8: 4, 9: 8, 10: 8, 11: 0},
    0x14: {0: 0, 1: 0, 2: 4, 3: 4, 4: 8, 5: 16, 6: 4, 7: 8},
    0x15: {0: 0, 1: 0, 2: 4, 3: 4, 4: 0, 5: 0, 6: 8},
    0x16: {0: 0, 1: 0, 2: 4, 3: 4, 4: 12, 5: 8},
    0x17: {0: 0, 1: 0, 2: 4, 3: 4, 4: 8, 5: 8, 6: 4, 7: 12, 8: 4},
}
#: Word of the payload that is the resource's id; the first one elsewhere.
SUBJECTS = {(0x11, 0x4): 1, (0x14, 0x5): 1}
KINDS = {protocol: kind for kind, protocol in PROTOCOL.items()}
#: Kinds whose ids are rows of the agent's own table.
TABLES = (Kind.CLOCK, Kind.RESET, Kind.VOLTAGE)


@dataclass(frozen=True, slots=True)
class Rule:
    """One difference; ``theirs``: a status, or words of our reply and what stands there."""

    name: str
    protocols: frozenset[int]
    messages: frozenset[int]
    when: str
    theirs: int | str | Mapping[str, str]
    lasting: bool
    unwritten: str
    text: Mapping[str, object]

    def explains(self, ours: bytes, theirs: bytes, names: Mapping[str, object]) -> bool:
        """Whether the rule gives these bytes; the last ``unwritten`` ones may be anything."""
        said = self.reply(ours, names)
        if said is None or len(said) != len(theirs):
            return False
        compared = len(said) - int(str(evaluate(self.unwritten, names)))
        return said[:compared] == theirs[:compared]

    def reply(self, ours: bytes, names: Mapping[str, object]) -> bytes | None:
        """What SCP-firmware answers; none where the rule does not apply."""
        message = names["message"]
        if names["protocol"] not in self.protocols:
            return None
        if self.messages and message not in self.messages:
            return None
        if not evaluate(self.when, names):
            return None
        if isinstance(self.theirs, int):
            return struct.pack("<i", self.theirs)
        if isinstance(self.theirs, str):
            found = evaluate(self.theirs, names)
            return found if isinstance(found, bytes) else None
        words = [*struct.unpack(f"<{len(ours) // 4}I", ours)]
        for place, expression in self.theirs.items():
            if int(place) >= len(words):
                return None
            words[int(place)] = int(evaluate(expression, names)) & 0xFFFF_FFFF
        return struct.pack(f"<{len(words)}I", *words)


def _words(*numbers: int) -> bytes:
    return struct.pack(f"<{len(numbers)}I", *numbers)


#: Functions that expressions may use.
HELPERS: Mapping[str, object] = {
    "len": len,
    "min": min,
    "any": any,
    "range": range,
    "words": _words,
    "status": lambda number: struct.pack("<i", number),
    "padded": lambda numbers: bytes(numbers) + bytes(-len(numbers) % 4),
    "joined": b"".join,
}


def evaluate(expression: str, names: Mapping[str, object]) -> object:
    """An expression of the list: Python's, over ``names`` and nothing else."""
    return eval(expression, {"__builtins__": {}, **names})


def _numbers(entry: str) -> frozenset[int]:
    """``0x3 0x5-0x7`` as numbers; ``*``: any (an empty set)."""
    found: set[int] = set()
    for part in entry.split():
        if part != "*":
            first, _, last = part.partition("-")
            found |= set(range(int(first, 16), int(last or first, 16) + 1))
    return frozenset(found)


def rules() -> tuple[Rule, ...]:
    """The committed list."""
    entries = json.loads(PATH.read_text())["differences"]
    return tuple(
        Rule(
            entry["name"],
            _numbers(entry["protocol"]),
            _numbers(entry["message"]),
            entry["when"],
            entry["theirs"],
            bool(entry.get("lasting")),
            entry.get("unwritten", "0"),
            entry,
        )
        for entry in entries
    )


def explained(
    listed: tuple[Rule, ...], ours: bytes, theirs: bytes, names: Mapping[str, object]
) -> tuple[Rule, ...]:
    """The rules that make ``theirs`` of ``ours``: one, or several that change words; none where
    the list does not explain it."""
    for rule in listed:
        if rule.explains(ours, theirs, names):
            return (rule,)
    changed, used = ours, []
    for rule in listed:
        if isinstance(rule.theirs, Mapping):
            made = rule.reply(changed, names)
            if made is not None and made != changed:
                changed = made
                used.append(rule)
    return tuple(used) if changed == theirs else ()


def status(reply: bytes) -> int:
    return int(struct.unpack_from("<i", reply)[0])


class Follower:
    """The states that SCP-firmware's modules hold after each message, worked out from its replies.

    Votes for clocks and their rates (mod_scmi_clock.c, mod_mock_clock.c), levels and limits
    (mod_scmi_perf.c, with the policy that is emitted), states of power domains (the same).
    """

    def __init__(self, expected: Expected) -> None:
        self.expected = expected
        self.votes: set[tuple[int, int]] = set()
        self.counts: dict[int, int] = {}
        self.stopped: set[int] = set()
        self.rates: dict[int, int] = {}
        self.voltages: dict[int, int] = {}
        self.supplied: set[int] = set()
        self.levels: dict[int, tuple[int, int, int]] = {}
        self.asked: dict[tuple[int, int], tuple[int, int]] = {}
        self.wanted: set[tuple[int, int]] = set()
        self.powered: set[int] = set()
        self.split: set[tuple[Kind, int]] = set()
        self._votes_at_boot(expected)
        self._values_at_boot(expected)

    def _votes_at_boot(self, expected: Expected) -> None:
        for agent in expected.agents:
            for number, grant in expected.grants(agent.id, Kind.CLOCK).items():
                if expected.has_vote(grant):
                    self.votes.add((agent.id, number))
                    self._count(grant.resource.number, 1)
            for number, grant in expected.grants(agent.id, Kind.POWER).items():
                if expected.has_vote(grant):
                    self.wanted.add((agent.id, number))
        for number in expected.kept_on(Kind.CLOCK):
            self._count(number, 1)
        for number in expected.kept_on(Kind.POWER):
            self.wanted.add((0, number))
            self.powered.add(number)

    def _values_at_boot(self, expected: Expected) -> None:
        for number, resource in expected.numbered(Kind.POWER).items():
            if resource.facts.on:
                self.powered.add(number)
        assumed = (expected.platform.options.clock_rate,)
        for number, resource in expected.numbered(Kind.CLOCK).items():
            self.rates[number] = (resource.facts.rates or assumed)[0]
        for number, resource in expected.numbered(Kind.VOLTAGE).items():
            if resource.facts.on or number in expected.kept_on(Kind.VOLTAGE):
                self.supplied.add(number)
        for number, resource in expected.numbered(Kind.PERFORMANCE).items():
            known = [level for level, _, _ in expected.points(resource)]
            self.levels[number] = known[-1], known[0], known[-1]

    def _count(self, number: int, change: int) -> None:
        self.counts[number] = self.counts.get(number, 0) + change

    def follow(self, agent: int, protocol: int, message: int, words: list[int]) -> None:
        """A message was answered with SUCCESS."""
        if (protocol, message) == (0x14, 0x7):
            self._clock(agent, words[0], bool(words[1] & 1))
        elif (protocol, message) == (0x14, 0x5):
            grant = self.expected.grants(agent, Kind.CLOCK)[words[1]]
            self.rates[grant.resource.number] = words[2] | words[3] << 32
        elif (protocol, message) == (0x17, 0x5):
            grant = self.expected.grants(agent, Kind.VOLTAGE)[words[0]]
            self.supplied.discard(grant.resource.number)
            if words[1] == 7:
                self.supplied.add(grant.resource.number)
        elif (protocol, message) == (0x17, 0x7):
            grant = self.expected.grants(agent, Kind.VOLTAGE)[words[0]]
            self.voltages[grant.resource.number] = words[2]
        elif (protocol, message) == (0x11, 0x4):
            self._power(agent, words[1], words[2] == 0)
        elif (protocol, message) == (0x13, 0x5):
            self._limits(agent, words[0], words[1], words[2])
        elif (protocol, message) == (0x13, 0x7):
            _, low, high = self.levels[words[0]]
            self.levels[words[0]] = self.clipped(words[0], words[1]), low, high

    def _clock(self, agent: int, number: int, on: bool) -> None:
        element = self.expected.grants(agent, Kind.CLOCK)[number].resource.number
        if on == ((agent, number) in self.votes):
            return
        self.votes ^= {(agent, number)}
        before = self.counts.get(element, 0)
        self._count(element, 1 if on else -1)
        if before == 0 and on:
            self.stopped.discard(element)
        if before == 1 and not on:
            self.stopped.add(element)

    def _power(self, agent: int, number: int, on: bool) -> None:
        (self.wanted.add if on else self.wanted.discard)((agent, number))
        if on:
            self.powered.add(number)
        elif not any(domain == number for _, domain in self.wanted):
            self.powered.discard(number)

    def _limits(self, agent: int, number: int, maximum: int, minimum: int) -> None:
        level = self.levels[number][0]
        self.asked[number, agent] = minimum, maximum
        held = [limits for (domain, _), limits in self.asked.items() if domain == number]
        high = min(limit for _, limit in held)
        low = min(max(limit for limit, _ in held), high)
        self.levels[number] = min(max(level, low), high), low, high

    def known(self, number: int) -> list[int]:
        """The levels of a performance domain, ascending."""
        resource = self.expected.numbered(Kind.PERFORMANCE)[number]
        return [level for level, _, _ in self.expected.points(resource)]

    def clipped(self, number: int, level: int) -> int:
        """The level that find_opp_for_level makes of one above the limits: the next one below."""
        known = self.known(number)
        place = known.index(level)
        return known[place - 1] if level > self.levels[number][2] and place else level

    def names(
        self, kind: Kind | None, agent: int, number: int, words: list[int]
    ) -> dict[str, object]:
        """What the expressions may know of the resource that a message names."""
        grant = self.expected.grants(agent, kind).get(number) if kind else None
        element = grant.resource.number if grant else -1
        level, low, high, fits = 0, 0, 0, False
        if kind is Kind.PERFORMANCE and grant:
            level, low, high = self.levels[element]
            known = words[1] in self.known(element)
            fits = known and low <= self.clipped(element, words[1]) <= high
        return {
            "voted": int((agent, number) in self.votes),
            "stopped": element in self.stopped,
            "rate": self.rates.get(element, 0),
            "mode": 7 if element in self.supplied else 0,
            "voltage": self.voltages.get(element, 0),
            "level": level,
            "low": low,
            "high": high,
            "fits": fits,
            "power": 0 if element in self.powered else 0x4000_0000,
            "split": (kind, element) in self.split,
        }


def payload_words(payload: bytes) -> list[int]:
    """The first four words; -1 where there is none."""
    whole = [*struct.unpack_from(f"<{len(payload) // 4}I", payload)]
    return (whole + [-1] * 4)[:4]


def names(
    follower: Follower, agent: int, protocol: int, message: int, payload: bytes, ours: bytes
) -> dict[str, object]:
    """What the expressions of the list may speak of, for one message of one agent."""
    expected = follower.expected
    kind = KINDS.get(protocol)
    present = kind is not None and bool(expected.platform.resources.get(kind))
    grants = expected.grants(agent, kind) if kind and present else {}
    words = payload_words(payload)
    place = SUBJECTS.get((protocol, message), 0)
    number = words[place]
    elements = expected.size(kind) if kind and present else 0
    rows = len([*expected.table(grants)]) if kind in TABLES else elements
    sizes = SIZES.get(protocol, {})
    grant = grants.get(number)
    return {
        "protocol": protocol,
        "message": message,
        "size": len(payload),
        "want": sizes.get(message, -1),
        "beyond": message not in sizes,
        **{f"w{index}": word for index, word in enumerate(words)},
        "id": number,
        "present": present or protocol == 0x10,
        "opened": protocol == 0x10 or any(g.boot for g in grants.values()),
        "elements": elements,
        "rows": rows,
        "known": grant is not None and bool(grant.boot),
        "allowed": kind is not None and present and expected.allows(agent, kind, message, number),
        "agents": len(expected.agents),
        "agent_type": _type(expected, agent),
        "system": bool(expected.system_agents()),
        "ours": status(ours),
        "o": [*struct.unpack(f"<{len(ours) // 4}I", ours)],
        "protocols": _protocols(expected, agent),
        **HELPERS,
        **_facts(expected, kind, grant),
        **follower.names(kind if present else None, agent, number, words),
    }


def _type(expected: Expected, agent: int) -> int:
    """The type of an agent in the firmware: 0 PSCI, 1 management, 2 OSPM, 3 other."""
    (role,) = (item.role for item in expected.agents if item.id == agent)
    return AGENT_TYPES.get(role, 3)


def _protocols(expected: Expected, agent: int) -> list[int]:
    """The protocols that the agent has in the firmware, without base."""
    system = [0x12] if agent in expected.system_agents() else []
    granted = (
        PROTOCOL[kind]
        for kind in PROTOCOL
        if any(grant.boot for grant in expected.grants(agent, kind).values())
    )
    return sorted([*system, *granted])


def _name_words(name: str) -> tuple[int, ...]:
    return struct.unpack("<4I", name.encode()[:15].ljust(16, b"\0"))


def _descriptors(expected: Expected) -> list[bytes]:
    """SENSOR_DESCRIPTION_GET's descriptor of each sensor: a temperature in thousandths of a
    degree; type 0, without a unit, where there is none."""
    resources = expected.numbered(Kind.SENSOR)
    found = []
    for number in range(expected.size(Kind.SENSOR)):
        resource = resources.get(number)
        high = 2 | (-3 & 0x1F) << 11 if resource else 0
        name = (resource.short_name if resource else f"reserved-{number}").encode()[:15]
        found.append(struct.pack("<3I16s", number, 0, high, name))
    return found


def _facts(expected: Expected, kind: Kind | None, grant: object) -> dict[str, object]:
    """Values of the resource that a message names: levels and rates, ascending."""
    resource = getattr(grant, "resource", None)
    points = expected.points(resource) if resource and kind is Kind.PERFORMANCE else []
    facts = getattr(resource, "facts", None)
    rates = sorted(facts.rates) if facts and kind is Kind.CLOCK else []
    return {
        "levels": [level for level, _, _ in points],
        "millivolts": [voltage for _, voltage, _ in points],
        "kilohertz": [frequency for _, _, frequency in points],
        "rates": rates or [expected.platform.options.clock_rate],
        "microvolts": sorted(facts.voltages) if facts and facts.voltages else [ASSUMED_VOLTAGE],
        "name": _name_words(resource.short_name if resource else ""),
        "sensors": _descriptors(expected) if kind is Kind.SENSOR else [],
        "operations": [str(o.value) for o in grant.boot] if grant is not None else [],  # type: ignore[attr-defined]
    }
