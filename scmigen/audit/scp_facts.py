"""What a product of SCP-firmware has besides permissions: its name, the levels of its performance
domains, what is on at its start, what makes a difference between agents.
"""

from collections.abc import Mapping
from pathlib import Path

from scmigen.audit.scp_findings import SCP_PERMISSIONS_OFF, SCP_TABLE, Found
from scmigen.audit.scp_permissions import Permissions
from scmigen.audit.scp_product import (
    Element,
    Product,
    member,
    member_place,
    number,
    place_of,
    text,
)
from scmigen.audit.scp_views import LAYOUTS, Agent, View
from scmigen.checks.words import joined
from scmigen.csource.limits import TooMuchError
from scmigen.csource.tokens import Token
from scmigen.csource.unit import Unit
from scmigen.csource.values import Cells, Unknown, Value
from scmigen.diagnostics import Position, counted
from scmigen.runtime.served import MAX_TABLES
from scmigen.runtime.served_facts import (
    MAX_LEVELS,
    ServedLevel,
    ServedLevels,
    ServedVendor,
)
from scmigen.runtime.words import SystemPower, Voting
from scmigen.scmi.protocols import Kind, Protocol
from scmigen.tuples import NamedTuple

#: Agent types that may set the state of the system, of those that have the protocol.
_SETTERS = frozenset((0, 1))
#: Where products may count votes themselves; without that function the last request holds.
_HOOKS: Mapping[Kind, tuple[str, str]] = {
    Kind.POWER: ("scmi-power-domain", "scmi_pd_power_state_set_policy"),
    Kind.PERFORMANCE: ("scmi-perf", "scmi_perf_limits_set_policy"),
}
_MODULE = "scmi-system-power"
#: What no level may lack (count_opps of module dvfs).
_ENDING = ("level", "voltage", "frequency")
_UINT32 = 0xFFFF_FFFF
_HERE = Token("", "", "", 0)


def vendor_of(product: Product, found: Found) -> ServedVendor | None:
    """What the firmware calls itself."""
    config = product.data("scmi")
    if config is None:
        return None
    unit, data = config
    said = [_text(unit, data, name) for name in ("vendor_identifier", "sub_vendor_identifier")]
    if not any(said):
        return None
    place = data.places.get("vendor_identifier") if isinstance(data, Cells) else None
    at = place.position if place is not None else None
    return ServedVendor(vendor=said[0], sub_vendor=said[1], source=found.source(at))


def _text(unit: Unit, data: Value, name: str) -> str | None:
    """A text of at most what a message carries; None where it cannot be told, or is not given."""
    said = text(unit, member(unit, data, name))
    return said[:15] if isinstance(said, str) else None


def system_power_of(
    product: Product,
    agent: Agent,
    permissions: Permissions | None,
    kept: frozenset[int],
    found: Found,
) -> SystemPower | None:
    """What an agent may do with the power of the system: the firmware lets those of two types set
    it, and all be told. It looks up the permissions of the base protocol for it, not those of its
    own, which deny nothing but discovery; a module that the product has in its place may not."""
    if not product.build.has(_MODULE) or int(Protocol.SYSTEM) in kept:
        return SystemPower.NONE
    if permissions is not None:
        if permissions.protocol_denied(agent.id, Protocol.SYSTEM) is True:
            if _has_own(product):
                return SystemPower.NONE
            found.add(
                SCP_PERMISSIONS_OFF,
                f"{agent.name} is denied protocol 0x12, and may set or read the state of the "
                "system all the same: the firmware asks for permissions of protocol 0x10",
                agent.position,
                hint="only a module of the product's own, before that, keeps an agent from it",
            )
        denied = permissions.protocol_denied(agent.id, Protocol.BASE)
        if isinstance(denied, Unknown):
            return None
        if denied:
            return SystemPower.NONE
    return SystemPower.SET if agent.type in _SETTERS else SystemPower.TOLD


def _has_own(product: Product) -> bool:
    """Whether the product has a module of its own in the place of the firmware's."""
    paths = product.build.settings.list_of("SCP_MODULE_PATHS")
    return any(Path(path).name == _MODULE.replace("-", "_") for path in paths)


def votes_of(product: Product) -> dict[Kind, Voting]:
    """What the firmware makes of requests of several agents. It counts those for clocks; for others
    only what a source of the product does itself, of which nothing is said here."""
    votes = {}
    if product.build.has(LAYOUTS[Kind.CLOCK].protocol):
        votes[Kind.CLOCK] = Voting.COUNTED
    for kind, (module, hook) in _HOOKS.items():
        if not product.build.has(module):
            continue
        try:
            unit = product.library.function(hook)
        except TooMuchError:
            continue
        if unit is None or unit.is_weak(hook):
            votes[kind] = Voting.LAST
    return votes


def levels_of(unit: Unit, element: Element, found: Found) -> tuple[ServedLevels, ...]:
    """The tables of operating points of a performance domain; none where one cannot be told, which
    is a finding."""
    named = f"performance domain {element.name}"
    ways = element.ways[:MAX_TABLES] or (element.data,)
    if all(isinstance(data, int) and data == 0 for data in ways):
        return ()
    tables = [
        _levels(unit, data, _Domain(named, found, place_of(data) or element.position))
        for data in ways
    ]
    told = [table for table in tables if table is not None]
    if len(told) < len(tables):
        return ()
    return tuple(dict.fromkeys(told))


class _Domain(NamedTuple):
    """A performance domain: what it is called in messages, where they go, and where it is."""

    name: str
    found: Found
    position: Position | None

    def unread(self, what: str, why: Unknown, at: Position | None = None) -> None:
        """Something of it that cannot be told."""
        self.found.unread(f"{what} of {self.name}", why, at or self.position)

    def invalid(self, what: str, at: Position | None = None) -> None:
        """Something of it that is wrong."""
        self.found.add(SCP_TABLE, f"{self.name} {what}", at or self.position)


def _levels(unit: Unit, data: Value, domain: _Domain) -> ServedLevels | None:
    table = member(unit, data, "opps")
    place = unit.evaluator.target(table, 0, _HERE)
    if not isinstance(place, Unknown) and not isinstance(place[1], int):
        place = Unknown("it is no table")
    if isinstance(place, Unknown):
        domain.unread("the levels", place, member_place(data, "opps"))
        return None
    cells, first = place[0], int(place[1])
    at = cells.at.position if cells.at is not None and cells.at.line else None
    levels: list[ServedLevel] = []
    for key in range(first, first + MAX_LEVELS + 1):
        if cells.length is not None and key >= cells.length:
            domain.invalid(f"has {counted(len(levels), 'level')} and none that is 0 at the end", at)
            break
        row = unit.evaluator.load(cells, key)
        level = number(member(unit, row, "level"))
        if isinstance(level, int) and len(levels) == MAX_LEVELS and level != 0:
            level = Unknown(f"there are more than {MAX_LEVELS}")
        if isinstance(level, Unknown):
            written = cells.places.get(key)
            domain.unread("a level", level, written.position if written is not None else at)
            return None
        if absent := _absent(unit, row):
            if len(absent) < len(_ENDING):
                written = cells.places.get(key)
                domain.invalid(
                    f"has {counted(len(levels), 'level') if levels else 'no levels'}: for the "
                    f"firmware its table ends at row {key - first}, which has no {joined(absent)}",
                    written.position if written is not None else at,
                )
            elif not levels:
                domain.invalid("has no levels", at)
            break
        levels.append(_level(unit, level, row))
    if not levels:
        return None
    return ServedLevels(
        levels=tuple(levels),
        sustained=_sustained(unit, data, len(levels), domain),
        latency=_latency(unit, data, domain),
        source=domain.found.source(at),
    )


def _absent(unit: Unit, row: Value) -> list[str]:
    """What a row has not, of that by which the module dvfs counts levels: up to the first row in
    which one of the three is 0."""
    said = {name: member(unit, row, name) for name in _ENDING}
    return [name for name, value in said.items() if isinstance(value, int) and value == 0]


def _sustained(unit: Unit, data: Value, count: int, domain: _Domain) -> int | None:
    """The index of the level that can be held; None, which is told, for no such."""
    said = number(member(unit, data, "sustained_idx"))
    at = member_place(data, "sustained_idx")
    if isinstance(said, Unknown):
        domain.unread("sustained_idx", said, at)
        return None
    if said in range(count):
        return int(said)
    domain.invalid(f"has sustained_idx {said} of {counted(count, 'level')}", at)
    return None


def _latency(unit: Unit, data: Value, domain: _Domain) -> int | None:
    """What a change takes, in µs; None, which is told, where that is not known."""
    said = number(member(unit, data, "latency"))
    if isinstance(said, int) and said not in range(1 << 16):
        said = Unknown(f"{said} is more than a message carries")
    if isinstance(said, Unknown):
        domain.unread("latency", said, member_place(data, "latency"))
        return None
    return int(said)


def _level(unit: Unit, level: int, row: Value) -> ServedLevel:
    """A row: frequencies in kHz, whatever the header says, since they are multiplied by 1000;
    millivolts and milliwatts."""
    said = {
        name: int(value) * 1000
        for name in ("frequency", "voltage", "power")
        if isinstance(value := member(unit, row, name), int) and 0 < value <= _UINT32
    }
    return ServedLevel(
        level=int(level) & _UINT32,
        frequency=said.get("frequency"),
        voltage=said.get("voltage"),
        power=said.get("power"),
    )


def parents_of(view: View) -> Mapping[int, int]:
    """The power domain above each that agents see, where that is one which they see, too."""
    seen = {row.element for rows in view.rows.values() for row in rows.values()}
    found: dict[int, int] = {}
    for place, element in enumerate(view.elements):
        if view.unit is None or not isinstance(element.data, Cells):
            continue
        parent = member(view.unit, element.data, "parent_idx")
        if isinstance(parent, int) and parent in seen and place in seen and parent != place:
            found[place] = int(parent)
    return found


def started(view: View) -> Mapping[int, bool]:
    """Whether the firmware turns a clock on when it starts, by element: for any of its agents, or
    for itself."""
    found: dict[int, bool] = dict.fromkeys(view.kept or (), True)
    for rows in view.rows.values():
        for row in rows.values():
            if row.element is not None and row.on is not None:
                found[row.element] = found.get(row.element, False) or row.on
    return found
