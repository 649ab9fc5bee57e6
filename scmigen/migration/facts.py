"""What a description has besides permissions, as keys of an agents file, and what has no key."""

from collections.abc import Container, Iterator, Mapping, Sequence

from scmigen.assignment.values import is_vendor
from scmigen.assignment.words import spans
from scmigen.bindings.facts import ResourceKey
from scmigen.checks.served_view import place_of
from scmigen.checks.words import resource_name
from scmigen.data import Data
from scmigen.diagnostics import Diagnostic, Position, Severity
from scmigen.hints import Any
from scmigen.migration.findings import IMPORT_LEFT
from scmigen.migration.joins import Join
from scmigen.runtime import Served, ServedLevel, ServedLevels, ServedResource, ServedService, Voting
from scmigen.scmi.protocols import Kind

#: The highest level, voltage and power of an operating point in an agents file.
_HIGHEST = 0x7FFF_FFFF
_Joins = Mapping[tuple[Kind, int], Join]


class Facts(Data):
    """``vendor`` and sub-vendor; ``levels``: those of performance domains, which no tree has, and
    ``unwritten`` the domains whose levels have no key;
    ``outputs``: options of outputs; ``left``: what is in none of these."""

    vendor: tuple[str, str] | None = None
    levels: tuple[tuple[ResourceKey, ServedLevels], ...] = ()
    unwritten: frozenset[str] = frozenset()
    outputs: dict[str, dict[str, Any]] | None = None
    left: tuple[Diagnostic, ...] = ()


def facts_of(
    served: Served,
    joins: _Joins,
    names: Mapping[str, str],
    where: Position,
    in_tree: Container[ResourceKey],
) -> Facts:
    """What of a description has a key; ``names``: what agents are called in the file, ``in_tree``:
    the domains of which the tree has levels."""
    left: list[Diagnostic] = []

    def leave(message: str, source: str | None) -> None:
        left.append(IMPORT_LEFT.warning(message, place_of(source, where)))

    vendor = None
    if served.vendor is not None and served.vendor.vendor is not None:
        said = (served.vendor.vendor, served.vendor.sub_vendor or "")
        if all(map(is_vendor, said)):
            vendor = said
        else:
            leave(f"vendor {said[0]!r}, sub-vendor {said[1]!r} cannot be written", None)
    levels: list[tuple[ResourceKey, ServedLevels]] = []
    unwritten: set[str] = set()
    for join in joins.values():
        tables = join.resource.levels
        if not tables or join.problem is not None or join.key in in_tree:
            continue
        if (problem := _unwritten(tables)) is not None:
            message = f"the levels of performance {join.number} ({join.resource.name}): {problem}"
            leave(message, tables[0].source)
            unwritten.add(resource_name(join.key))
        else:
            levels.append((join.key, tables[0]))
    channels, problem = _channels(served, names)
    if problem:
        leave(problem, served.services[0].source)
    outputs = {"scp": {"channels": channels}} if channels else None
    return Facts(vendor, tuple(levels), frozenset(unwritten), outputs, tuple(left))


def _unwritten(tables: Sequence[ServedLevels]) -> str | None:
    """Why the levels of a domain are not written; None: they are."""
    if len(tables) > 1:
        return f"one of {len(tables)} tables is used, by what is known at run time"
    for one in tables[0].levels:
        if not one.frequency:
            return f"level {one.level} has no frequency"
        if max(one.level, one.voltage or 0, one.power or 0) > _HIGHEST or not one.level:
            return f"level {one.level} is out of range"
    return None if tables[0].levels else "there is none"


def level_text(one: ServedLevel) -> str:
    """An operating point as an agents file has it."""
    said = {
        "frequency": one.frequency,
        "level": one.level,
        "voltage": one.voltage or None,
        "power": one.power or None,
    }
    words = (f"{key}: {value}" for key, value in said.items() if value is not None)
    return f"{{{', '.join(words)}}}"


def _channels(
    served: Served, names: Mapping[str, str]
) -> tuple[dict[str, dict[str, dict[str, Any]]], str | None]:
    """The channels of each agent as an option of the SCP-firmware output: that of the agent, and
    that of the platform to it. Which channel of a tree a second one is, no description says."""
    if not served.services:
        return {}, None
    known = {agent.id: names[agent.name] for agent in served.agents}
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for place, one in enumerate(served.services):
        word = "p2a" if one.notifies else "a2p"
        channels = found.setdefault(known[one.agent], {})
        if word in channels:
            told = ", ".join(map(_service, enumerate(served.services)))
            return {}, f"services {told}: which channel of the tree each is, outputs: scp: says"
        channels[word] = _channel(place, one)
    return found, None


def _channel(place: int, one: ServedService) -> dict[str, Any]:
    name = one.name if one.name.isprintable() and one.name.isascii() else ""
    return {"index": str(place), **({"name": name[:63]} if name else {})}


def _service(numbered: tuple[int, ServedService]) -> str:
    place, one = numbered
    return f"{place} {one.name}".rstrip()


def left_facts(
    served: Served, found: Sequence[Diagnostic], told: Container[str], where: Position
) -> Iterator[Diagnostic]:
    """What no agents file says, but the tree, or nothing: ``found`` is what differs between the
    description and a build with the files, ``told`` the resources whose levels are told already."""
    different = {item.id for item in found}
    for finding, message, source in _without_key(served):
        if finding in different:
            yield IMPORT_LEFT.warning(message, place_of(source, where))
    for item in found:
        levels = item.id == "levels-differ" and all(map(told.__contains__, item.subject.resources))
        if item.id in _FACTS and not levels:
            more = item.related if item.severity is Severity.NOTE else ()
            yield IMPORT_LEFT.warning(item.message, item.position or where, more, item.hint)


#: What differs and is told as it is.
_FACTS = frozenset(
    {
        *("agent-facts-differ", "device-differs", "facts-differ", "lasting-differs"),
        *("levels-differ", "rates-differ", "rights-differ", "voltages-differ"),
    }
)


def _without_key(served: Served) -> Iterator[tuple[str, str, str | None]]:
    """Findings, and what is told where there is one."""
    power = served.resources.get(Kind.POWER, ())
    below = [one for one in power if one.parent is not None]
    if below:
        yield (
            "parents-differ",
            f"power {_numbers(below)} below others: the tree says that, by power-domains",
            below[0].source,
        )
    last = [kind for kind, votes in served.votes.items() if votes is Voting.LAST]
    if last and len(served.agents) > 1:
        words = " and ".join(last)
        message = f"the last request for {words} holds at the server; a build counts votes"
        yield "votes-differ", message, None


def _numbers(found: Sequence[ServedResource]) -> str:
    return spans(sorted(one.id for one in found))
