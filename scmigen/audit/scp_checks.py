"""Mistakes in the tables of a product that need no board to be seen."""

from collections.abc import Iterator, Mapping, Sequence

from scmigen.audit.scp_build import identifier
from scmigen.audit.scp_findings import (
    NOUNS,
    SCP_DEVICE,
    SCP_NAME,
    SCP_PERMISSIONS_OFF,
    SCP_SHARED,
    SCP_TABLE,
    SCP_UNBUILT,
    Found,
)
from scmigen.audit.scp_permissions import MODULE, Permissions
from scmigen.audit.scp_product import Product, member, member_place, place_of, reference
from scmigen.audit.scp_views import LAYOUTS, View
from scmigen.checks.words import joined
from scmigen.csource.tokens import Token
from scmigen.csource.values import Cells, Unknown, Value
from scmigen.csource.words import names_in
from scmigen.data import Data
from scmigen.diagnostics import Position, Related, counted
from scmigen.patterns import pattern
from scmigen.scmi.protocols import Kind

_HERE = Token("", "", "", 0)
_MAX_DEVICES, _MAX_LISTED = 4096, 4096
#: Types in lists of devices.
_TYPES: Mapping[int, Kind] = {
    0: Kind.POWER,
    1: Kind.PERFORMANCE,
    2: Kind.CLOCK,
    3: Kind.SENSOR,
    4: Kind.RESET,
    5: Kind.VOLTAGE,
    6: Kind.POWERCAP,
}
_NOT_PLAIN = pattern(r"[^a-z0-9]+")


def _plain(name: str) -> str:
    return _NOT_PLAIN.sub("", name.lower())


def check_build(product: Product, found: Found) -> None:
    """Tables that are there and not built."""
    build = product.build
    for problem, at in build.settings.problems:
        said = " ".join(problem.replace("\\n", " ").split())
        found.unread("the build", Unknown(f"CMake would stop here: {said}"), at)
    for what, at in build.settings.skipped:
        found.unread("the build", Unknown(f"{what} is not followed, and says what is built"), at)
    listed = {source.name for source in build.sources}
    permissions = "config_resource_perms.c"
    if permissions in listed and not build.has(MODULE):
        found.add(
            SCP_PERMISSIONS_OFF,
            f"{permissions} is compiled, and resource-perms is no module of the firmware: every "
            "agent may do everything",
            Position(str(build.folder / permissions)),
        )
    for layout in LAYOUTS.values():
        for module in (layout.protocol, layout.elements):
            _unbuilt(product, module, listed, found)
    if permissions not in listed:
        _unbuilt(product, MODULE, listed, found)


def _unbuilt(product: Product, module: str, listed: set[str], found: Found) -> None:
    build = product.build
    path = build.folder / f"config_{identifier(module).lower()}.c"
    if build.sources and not build.has(module) and path.name not in listed and path.is_file():
        found.add(
            SCP_UNBUILT,
            f"{path.name} is not built: {module} is no module of the firmware with its options",
            Position(str(path)),
        )


def check_agents(permissions: Permissions, found: Found) -> None:
    """More agents than the tables of permissions have rows: for RESET_AGENT_CONFIG the firmware
    keeps a copy, of a row for each of them."""
    count = member(permissions.unit, permissions.data, "agent_count")
    short = {
        kind: rows
        for kind in LAYOUTS
        if (rows := permissions.agents_in(kind)) is not None
        and isinstance(count, int)
        and rows < count
    }
    if short:
        rows = next(iter(short.values()))
        found.add(
            SCP_TABLE,
            f"agent_count of resource-perms is {count}, and the table of permissions of "
            f"{joined([f'{NOUNS[kind]}s' for kind in short])} has {counted(rows, 'row')}: the "
            f"firmware copies {count} rows when it starts",
            member_place(permissions.data, "agent_count"),
        )


class _Listed(Data):
    """A resource of a device's list: the number that it gives, and by which name."""

    kind: Kind
    number: int
    name: str
    position: Position | None


def check_devices(permissions: Permissions, views: Mapping[Kind, View], found: Found) -> None:
    """Lists of devices: what they name, and what several of them share."""
    owners: dict[tuple[Kind, int], dict[int, _Listed]] = {}
    devices = _devices(permissions)
    for device, listed in devices:
        for one in listed:
            owners.setdefault((one.kind, one.number), {}).setdefault(device, one)
            _check_space(one, device, views, found)
    together: dict[tuple[int, ...], list[_Listed]] = {}
    for sharing in owners.values():
        if len(sharing) > 1:
            together.setdefault(tuple(sharing), []).append(next(iter(sharing.values())))
    for sharers, shared in together.items():
        found.add(
            SCP_SHARED,
            f"devices {' and '.join(map(str, sharers))} share "
            f"{counted(len(shared), 'resource')}: denying one device takes them from the other",
            shared[0].position,
            tuple(Related(f"{one.kind} {one.name or one.number}", one.position) for one in shared),
        )
    _check_pairs(devices, found)


def _devices(permissions: Permissions) -> list[tuple[int, list[_Listed]]]:
    unit = permissions.unit
    table = member(unit, permissions.data, "domain_devices")
    count = member(unit, permissions.data, "device_count")
    place = unit.evaluator.target(table, 0, _HERE)
    if isinstance(table, int) or isinstance(place, Unknown) or not isinstance(count, int):
        return []
    cells = unit.evaluator.load(*place) if not isinstance(place[1], int) else place[0]
    found: list[tuple[int, list[_Listed]]] = []
    if isinstance(cells, Cells) and cells.length is not None and count > cells.length:
        permissions.found.add(
            SCP_TABLE,
            f"device_count is {count}, and the table of devices has "
            f"{counted(cells.length, 'row')}: the firmware reads past its end",
            place_of(cells),
        )
        count = cells.length
    for index in range(min(count, _MAX_DEVICES)):
        row = unit.evaluator.load(cells, index) if isinstance(cells, Cells) else 0
        number = member(unit, row, "device_id")
        listed = member(unit, row, "domain_devices")
        if isinstance(number, int) and isinstance(listed, Cells):
            found.append((number, _listed(permissions, listed)))
    return found


def _listed(permissions: Permissions, table: Cells) -> list[_Listed]:
    unit = permissions.unit
    found: list[_Listed] = []
    for index in range(min(table.length or 0, _MAX_LISTED)):
        row: Value = unit.evaluator.load(table, index)
        one = reference(unit, member(unit, row, "device_id"))
        kind = member(unit, row, "type")
        if one is None or isinstance(one, Unknown) or not isinstance(kind, int):
            break
        if kind in _TYPES and isinstance(row, Cells):
            at = table.places.get(index)
            where = at.position if at is not None else None
            found.append(_Listed(_TYPES[kind], one.element, _written(row), where))
    return found


def _written(row: Cells) -> str:
    """The enumerator that a row names its element by."""
    origin = row.origins.get("device_id")
    names = [] if origin is None else [n for n in names_in(origin) if "FWK_" not in n]
    return names[-1] if names else ""


def _check_space(one: _Listed, device: int, views: Mapping[Kind, View], found: Found) -> None:
    """Whether the number in a list is what agents are checked for: their own ids, where a kind has
    a table for each agent. A number whose enumerator is called like the agent's resource is one."""
    view = views.get(one.kind)
    if view is None or LAYOUTS[one.kind].rows is None or not view.whole:
        return
    for agent, rows in view.rows.items():
        row = rows.get(one.number)
        if not rows or (row is not None and row.element == one.number):
            continue
        taken = "" if row is None or row.element is None else _name(view, row.element)
        if taken and _plain(one.name).endswith(_plain(taken)):
            return
        meant = sorted(number for number, each in rows.items() if each.element == one.number)
        effect = (
            f"agent {agent} has no {one.kind} {one.number}"
            if row is None
            else f"{one.kind} {one.number} of agent {agent} is {taken}"
        )
        element = _name(view, one.number)
        found.add(
            SCP_DEVICE,
            f"device {device} lists {element} by its element, {one.number}, where the firmware "
            f"takes the agent's id: {effect}",
            one.position,
            hint=f"agent {agent} knows {element} as {meant[0]}" if meant else None,
        )
        return


def _name(view: View, element: int) -> str:
    return view.elements[element].name if element < len(view.elements) else f"element {element}"


def _check_pairs(devices: Sequence[tuple[int, list[_Listed]]], found: Found) -> None:
    """Devices whose lists of two kinds have the same names but for one of each."""
    every: dict[Kind, list[str]] = {}
    for _, listed in devices:
        for one in listed:
            every.setdefault(one.kind, []).append(one.name)
    cut = {kind: len(_common(names)) for kind, names in every.items()}
    for device, listed in devices:
        for one, other in _odd_ones(listed, cut):
            found.add(
                SCP_NAME,
                f"device {device} lists {one.kind} {one.name} and {other.kind} {other.name}; all "
                "its other resources of these kinds are called alike",
                one.position,
                (Related(f"{other.kind} {other.name}", other.position),),
            )


def _common(names: Sequence[str]) -> str:
    """What names begin with, up to an underscore."""
    first, last = min(names), max(names)
    same = 0
    while first != last and same < len(first) and first[same] == last[same]:
        same += 1
    return first[: first.rfind("_", 0, same) + 1]


def _odd_ones(
    listed: Sequence[_Listed], cut: Mapping[Kind, int]
) -> Iterator[tuple[_Listed, _Listed]]:
    by_kind: dict[Kind, dict[str, _Listed]] = {}
    for one in listed:
        by_kind.setdefault(one.kind, {})[one.name[cut[one.kind] :]] = one
    kinds = [kind for kind in Kind if kind in by_kind]
    for place, kind in enumerate(kinds):
        for other in kinds[place + 1 :]:
            mine, theirs = by_kind[kind], by_kind[other]
            alone, there = mine.keys() - theirs.keys(), theirs.keys() - mine.keys()
            if len(alone) == len(there) == 1 and len(mine) > 2:
                yield mine[alone.pop()], theirs[there.pop()]
