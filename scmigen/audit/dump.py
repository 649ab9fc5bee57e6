"""What ``scmigen client URL dump --format json`` prints: a live server, as one agent sees it.

What the agent can read it has read, so that is known; what changes something it has not tried. Only
where the server tells (CLOCK_GET_PERMISSIONS, the attributes of performance domains) is it known
what else is allowed.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from scmigen.audit.base import Audit, Reader, begins_with
from scmigen.audit.json_places import Places, place_of_fault
from scmigen.diagnostics import Finding, InputError, Position
from scmigen.inputs import read_bytes
from scmigen.runtime import (
    MAX_AGENTS,
    MAX_RESOURCES,
    ConfigurationError,
    Numbering,
    Served,
    ServedAgent,
    ServedGrant,
    ServedLevel,
    ServedLevels,
    ServedResource,
    ServedVendor,
)
from scmigen.runtime.facts import problems
from scmigen.runtime.reading import from_json
from scmigen.runtime.schema import Exponent, Number, Word
from scmigen.runtime.served_facts import MAX_LEVELS
from scmigen.scmi.operations import OPERATIONS, Operation
from scmigen.scmi.protocols import Kind

DUMP_INVALID = Finding(
    "dump-invalid",
    "A file is not what scmigen client URL dump --format json prints.",
    "Dump the server again, and keep the whole output.",
    switchable=False,
)

#: What an item has if the agent may read the resource.
_READINGS: Mapping[Kind, tuple[str, ...]] = {
    Kind.POWER: ("state",),
    Kind.PERFORMANCE: ("level", "maximum"),
    Kind.CLOCK: ("rate",),
    Kind.SENSOR: ("reading",),
    Kind.VOLTAGE: ("state", "level"),
    Kind.POWERCAP: ("cap", "power"),
}
#: The kinds of a dump, by the names of their protocols; pins and telemetry have no such grants.
_KINDS = {kind.protocol.name.lower(): kind for kind in (*_READINGS, Kind.RESET)}


class _Item(msgspec.Struct):
    """A resource, as far as it says something of permissions."""

    id: Number
    name: str = ""
    may: tuple[str, ...] | None = None
    refused: tuple[str, ...] = ()
    state: Any = None
    level: Any = None
    maximum: Any = None
    rate: Any = None
    reading: Any = None
    cap: Any = None
    power: Any = None
    rates: tuple[int, ...] | None = None
    parents: tuple[Word, ...] | None = None
    levels: tuple[Any, ...] | None = None
    latency: Word | None = None
    caps: tuple[Word, Word, Word] | None = None
    intervals: tuple[Word, Word, Word] | None = None
    parent: Word | None = None
    type: Annotated[int, Meta(ge=0, le=0xFF)] | None = None
    exponent: Exponent | None = None


class _Dump(msgspec.Struct):
    """What `scmigen.client.dump` makes, as far as it is read here."""

    vendor: str
    protocols: dict[str, str]
    implementation_version: Word | None = None
    sub_vendor: str = ""
    agents: dict[str, str] = {}
    agent: int | None = None
    power: tuple[_Item, ...] = ()
    performance: tuple[_Item, ...] = ()
    clock: tuple[_Item, ...] = ()
    sensor: tuple[_Item, ...] = ()
    reset: tuple[_Item, ...] = ()
    voltage: tuple[_Item, ...] = ()
    powercap: tuple[_Item, ...] = ()


def _read(path: Path) -> Audit:
    data, file = read_bytes(path), str(path)
    try:
        dump: _Dump = from_json(data, _Dump, what="a dump of a server")
    except ConfigurationError as wrong:
        where = place_of_fault(data, file, str(wrong))
        raise InputError([DUMP_INVALID.error(str(wrong), where)]) from None
    items = {kind: getattr(dump, word) for word, kind in _KINDS.items()}
    for kind, found in items.items():
        if len({item.id for item in found}) != len(found):
            message = f"two {kind} resources have one id"
            raise InputError([DUMP_INVALID.error(message, Position(file))])
    agents = tuple(_agents(dump, items, Places(data, file)))
    served = Served(
        name=dump.vendor,
        vendor=ServedVendor(
            vendor=dump.vendor, sub_vendor=dump.sub_vendor, version=dump.implementation_version
        ),
        numbering=Numbering.SHARED,
        momentary=True,
        kinds=tuple(_KINDS.values()),
        agents=agents,
        resources={
            kind: tuple(_resource(kind, item) for item in sorted(found, key=lambda each: each.id))
            for kind, found in items.items()
            if found
        },
    )
    return Audit(served, files=(file,))


def _resource(kind: Kind, item: _Item) -> ServedResource:
    """A resource with what does not change while a server runs: rates, not the rate of now."""
    facts = {
        name: value for name, value in _facts(kind, item) if value is not None or name == "step"
    }
    parent = MAX_RESOURCES + 1 if item.parent is None else item.parent
    for name, _ in list(problems(kind, facts)):
        del facts[name]  # beyond what a runtime configuration can say, so beyond what a board can
    return ServedResource(
        id=item.id,
        name=item.name,
        parent=parent if kind is Kind.POWERCAP and parent <= MAX_RESOURCES else None,
        levels=_levels(item) if kind is Kind.PERFORMANCE else (),
        facts=facts,
    )


def _facts(kind: Kind, item: _Item) -> Iterator[tuple[str, Any]]:
    if kind is Kind.CLOCK and item.rates is not None:
        yield from _range("rates", item.rates)
        yield "parents", item.parents
    if (
        kind is Kind.VOLTAGE
        and item.levels is not None
        and all(type(v) is int for v in item.levels)
    ):
        yield from _range("levels", item.levels)
    if kind is Kind.RESET:
        yield "latency", item.latency
    if kind is Kind.SENSOR:
        yield "type", item.type
        yield "exponent", item.exponent
    if kind is Kind.POWERCAP:
        for what, said in (("cap", item.caps), ("pai", item.intervals)):
            for name, value in zip(_LIMITS, said or (), strict=False):
                yield name.format(what), value


#: The limits of a power cap, in the order of a dump.
_LIMITS = ("minimum_{}", "maximum_{}", "{}_step")


def _range(name: str, values: Sequence[int]) -> Iterator[tuple[str, Any]]:
    """A list of values, or the lowest, the highest and the step: only then is the third one not
    above the second (release 3.2, sections 4.6.2.5 and 4.10.2.4)."""
    stepped = len(values) == 3 and values[2] <= values[1]
    yield name, list(values[:2] if stepped else values)
    yield "step", (values[2] or None) if stepped else None


def _levels(item: _Item) -> tuple[ServedLevels, ...]:
    """The operating points, where each is one; powers are in a unit that a dump does not have."""
    if item.levels is None:
        return ()
    try:
        rows = msgspec.convert(item.levels, tuple[tuple[Word, ...], ...])
        levels = tuple(
            ServedLevel(
                level=row[0],
                frequency=row[3] * 1000 if len(row) > _FREQUENCY else None,
                latency=row[2] & 0xFFFF,
            )
            for row in rows
        )
    except (msgspec.ValidationError, IndexError):
        return ()
    return (ServedLevels(levels=levels[:MAX_LEVELS]),)


#: The place of the frequency in an operating point, from version 4 of the protocol on.
_FREQUENCY = 3


def _agents(
    dump: _Dump, items: Mapping[Kind, tuple[_Item, ...]], places: Places
) -> Iterator[ServedAgent]:
    """The agent that made the dump, and the others that the server told it of."""
    names = {
        int(number): name
        for number, name in dump.agents.items()
        if number.isdecimal() and len(number) < 4 and 0 < int(number) <= MAX_AGENTS and name
    }
    own = dump.agent if dump.agent in names else None
    # A server that does not tell its agents who they are has one at least.
    own = own or next((n for n in range(1, MAX_AGENTS) if n not in names), 1)
    names.setdefault(own, "agent")
    seen: set[str] = set()
    for number, name in sorted(names.items()):
        short = name[:63]
        word = short if short not in seen else f"{short[:55]}-{number}"
        seen.add(word)
        if number != own:
            yield ServedAgent(id=number, name=word, kinds=())
            continue
        grants = {
            kind: tuple(
                _grant(kind, item, str(places.of((kind.protocol.name.lower(), index))))
                for index, item in enumerate(found)
            )
            for kind, found in items.items()
            if found
        }
        yield ServedAgent(id=own, name=word, grants=grants, source=str(places.of(())))


def _grant(kind: Kind, item: _Item, source: str) -> ServedGrant:
    """What is known of an item: allowed, refused, or neither."""
    allowed: set[Operation] = set()
    refused: set[Operation] = set()
    readings = _READINGS.get(kind, ())
    if any(getattr(item, key) is not None for key in readings):
        allowed.add(Operation.READ)
    elif set(item.refused) & set(readings):
        refused.add(Operation.READ)
    if item.may is not None:
        said = {each for each in OPERATIONS[kind] if each.value in item.may}
        allowed |= said
        refused |= {*OPERATIONS[kind]} - said - {Operation.READ}
    every = OPERATIONS[kind]
    return ServedGrant(
        id=item.id,
        resource=item.id,
        operations=tuple(each for each in every if each in allowed),
        unknown=tuple(each for each in every if each not in allowed | refused),
        source=source,
    )


READER = Reader(
    name="dump",
    about="what scmigen client URL dump --format json prints, of one agent",
    recognises=lambda path: begins_with(path, b'"implementation_version"'),
    read=_read,
    findings=(DUMP_INVALID,),
)
