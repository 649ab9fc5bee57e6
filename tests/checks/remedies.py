"""Applies the lines of a hint to an agents file: what a user does who copies them.

A hint may offer several ways, and each of its lines is one: ``platform.KEY: [...]`` for the
``platform`` mapping, ``access: [...] in NAMES`` and ``grant: [...] in NAMES`` for domains,
``needs: {...} in NAME`` for what is said of the drivers of one.
"""

import copy
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml

from scmigen.assignment.select import Selector
from scmigen.devicetree.tree import DeviceTree

LINE = re.compile(r"(?P<where>platform\.[a-z-]+|access|grant): \[")
NEEDS = re.compile(r"needs: (?P<rows>\{.*?\}\}) in (?P<agent>[\w-]+)")
DROP = re.compile(r"remove (?P<devices>[^;]+?) from access of (?P<agent>[\w-]+); ")
FLAG = re.compile(
    r"flags: \{shared: true\} beside (?P<device>\S+) in access of "
    r"(?P<agents>[\w-]+(?:, [\w-]+)*(?: and (?!access: )[\w-]+)?)(?: and (?=access: ))?"
)
WORDS = re.compile(r"[\w-]+(?:, [\w-]+)*(?: and [\w-]+)?")
INSTEAD = re.compile(r" in place of platform\.(?P<key>[a-z-]+)")
DEFAULT = "default: true"
SHARE_ALL = "add flags: {shared: true} to every entry"


class Remedy(NamedTuple):
    """One way out: the mapping and the key it is for, what is added, and what goes.

    ``flagged`` are agents that name the device already: their entry gets the flags. ``instead``:
    the key of ``platform`` that had the entries before.
    """

    where: str
    entries: list[Any]
    agents: tuple[str, ...] = ()
    dropped: tuple[tuple[str, str], ...] = ()
    flagged: tuple[str, ...] = ()
    instead: str = ""


def _list_at(text: str, start: int) -> str:
    """The flow sequence that begins with the bracket at ``start``."""
    depth = 0
    for end in range(start, len(text)):
        depth += {"[": 1, "]": -1}.get(text[end], 0)
        if depth == 0:
            return text[start : end + 1]
    raise ValueError(f"unbalanced: {text}")


def remedies(hint: str) -> Iterator[Remedy]:
    """Each way out that a hint writes as a line of the agents file."""
    dropped: list[tuple[str, str]] = []
    for found in DROP.finditer(hint):
        dropped += [(found["agent"], word) for word in found["devices"].split(", ")]
    flagged: dict[str, Any] = {"flagged": [], "agents": ()}
    for found in FLAG.finditer(hint):
        entry = {"dev": found["device"], "flags": {"shared": True}}
        agents = tuple(re.split(r", | and ", found["agents"]))
        if hint[found.end() :].startswith("access: "):
            # The other agents' entries are part of the same way out.
            flagged = {"flagged": [entry], "agents": agents}
        else:
            yield Remedy("access", [entry], (), tuple(dropped), agents)
    for found in LINE.finditer(hint):
        text = _list_at(hint, found.end() - 1)
        rest = hint[found.end() - 1 + len(text) :]
        agents: tuple[str, ...] = ()
        if not found["where"].startswith("platform."):
            assert rest.startswith(" in "), hint
            names = WORDS.match(rest, 4)
            assert names, hint
            agents = tuple(re.split(r", | and ", names[0]))
        entries = yaml.safe_load(text)
        also = flagged["agents"] if entries == flagged["flagged"] else ()
        instead = INSTEAD.match(rest)
        before = instead["key"] if instead else ""
        yield Remedy(found["where"], entries, agents, tuple(dropped), also, before)
    for found in NEEDS.finditer(hint):
        yield Remedy("needs", [yaml.safe_load(found["rows"])], (found["agent"],))
    if DEFAULT in hint:
        yield Remedy(DEFAULT, [])
    if SHARE_ALL in hint:
        yield Remedy(SHARE_ALL, [])


def apply(remedy: Remedy, text: str | None, tree: DeviceTree) -> str:
    """The agents file after one remedy; without a file before, one with the remedy alone, or with
    the default agent, too, where that is for a domain."""
    plain = {"domains": {"ospm": {"id": 1, "scmi": {"role": "ospm"}, "default": True}}}
    if remedy.where.startswith("platform."):
        plain = {}
    document = copy.deepcopy(yaml.safe_load(text)) if text else plain
    for agent, word in remedy.dropped:
        entries = document["domains"][agent].get("access", [])
        document["domains"][agent]["access"] = [
            entry for entry in entries if not _same(tree, entry["dev"], word)
        ]
    if remedy.where == DEFAULT:
        next(iter(document["domains"].values()))["default"] = True
    elif remedy.where == SHARE_ALL:
        for domain in document["domains"].values():
            for entry in domain.get("access", []):
                entry["flags"] = {"shared": True}
    elif remedy.where == "needs":
        (agent,) = remedy.agents
        domain = document.setdefault("domains", {}).setdefault(agent, {})
        domain.setdefault("scmi", {})["needs"] = remedy.entries[0]
    elif remedy.where.startswith("platform."):
        key = remedy.where.partition(".")[2]
        platform = document.setdefault("platform", {})
        platform[key] = [*platform.get(key, []), *remedy.entries]
        if remedy.instead:
            kept = [word for word in platform[remedy.instead] if word not in remedy.entries]
            platform[remedy.instead] = kept
    else:
        for agent in remedy.agents:
            domain = document["domains"][agent]
            domain[remedy.where] = [*domain.get(remedy.where, []), *remedy.entries]
        for agent in remedy.flagged:
            _flag(document["domains"][agent], remedy, tree)
    return yaml.safe_dump(document, sort_keys=False)


def _flag(domain: dict[str, Any], remedy: Remedy, tree: DeviceTree) -> None:
    """The entries for the devices with the flags of the remedy."""
    for new in remedy.entries:
        named = [entry for entry in domain["access"] if _same(tree, entry["dev"], new["dev"])]
        assert named, f"no entry for {new['dev']}"
        for entry in named:
            entry["flags"] = dict(new["flags"])


def _same(tree: DeviceTree, one: str, other: str) -> bool:
    selector = Selector(tree)
    paths = [[node.path for node in selector.select(word).nodes] for word in (one, other)]
    return paths[0] == paths[1] and len(paths[0]) == 1
