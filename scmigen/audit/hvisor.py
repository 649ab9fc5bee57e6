"""hvisor: the JSON of its zones, and beside it the tree of the root zone, whose lists it counts.

The zone with the id N is the agent ``zoneN``. The root zone, ``zone0``, has what it drives itself.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

from msgspec import UNSET, DecodeError, Meta, Struct, UnsetType, ValidationError, json

from scmigen.audit.base import Audit, Reader, begins_with
from scmigen.audit.json_places import Places, place_of_fault
from scmigen.bindings.hvisor import KEYS, NODE, NOWHERE, OPENED, Place, places_of
from scmigen.data import Data
from scmigen.devicetree.load import load
from scmigen.diagnostics import Diagnostic, Finding, InputError, Position, Severity
from scmigen.inputs import read_bytes
from scmigen.runtime import Numbering
from scmigen.runtime.served import Served, ServedAgent, ServedGrant, ServedResource
from scmigen.scmi.operations import ordered
from scmigen.scmi.protocols import Kind

HVISOR_INVALID = Finding(
    "hvisor-invalid",
    "The configuration of hvisor's zones is not one that hvisor reads.",
    "Correct it: zones have an id and devices, ids are lists of numbers.",
    switchable=False,
)
HVISOR_PLACE = Finding(
    "hvisor-place",
    "An id of a zone leads to no entry of the root zone's lists.",
    "Correct the number, or add the entry to the node of the root zone.",
)
HVISOR_TREE = Finding(
    "hvisor-tree",
    "The tree of the root zone is not beside the configuration of its zones.",
    "Put its source or blob into the same folder; it has a node hvisor_virtio_device.",
    Severity.NOTE,
)
#: Files of the folder that may be the tree.
_NEIGHBOURS = 200
_TREES = (".dts", ".dtb")
#: What may bring the node into a source that does not name it.
_INCLUDES = (b"#include", b"/include/")
#: Ids of a kind that a zone may have: an SCMI id has 16 bits in most messages.
_MOST = 1 << 16

_Id = Annotated[int, Meta(ge=0, le=0xFFFFFFFF)] | Annotated[str, Meta(max_length=20)]
_Ids = Annotated[list[_Id], Meta(max_length=_MOST)]


class _Device(Struct):
    """A device of a zone; others than ``scmi`` have more keys."""

    type: str = ""
    status: str = "enable"
    clock_ids: _Ids | UnsetType = UNSET
    reset_ids: _Ids | UnsetType = UNSET
    power_ids: _Ids | UnsetType = UNSET


class _Zone(Struct):
    id: _Id
    devices: list[_Device] = []


class _Zones(Struct):
    zones: Annotated[list[_Zone], Meta(max_length=256)]


class _Listed(Data):
    """The ids of one device of a zone, and where they are written."""

    zone: int
    kind: Kind
    places: Sequence[int]
    position: Position


def _recognises(path: Path) -> bool:
    return path.suffix == ".json" and begins_with(path, b'"zones"')


def _read(path: Path) -> Audit:
    data, file = read_bytes(path), str(path)
    try:
        zones = json.decode(data, type=_Zones).zones
        lists = list(_lists(zones, Places(data, file)))
    except (ValidationError, DecodeError, ValueError) as wrong:
        where = place_of_fault(data, file, str(wrong))
        raise InputError([HVISOR_INVALID.error(f"{wrong}", where)]) from None
    tree, unread = _tree(path.parent)
    problems = list(_problems(lists, tree, unread, file))
    served = Served(
        name=path.stem or "hvisor",
        numbering=Numbering.PER_AGENT,
        kinds=tuple(KEYS),
        agents=(
            ServedAgent(id=1, name="zone0", kinds=(), complete=False),
            *(_agent(number, lists) for number in sorted({each.zone for each in lists})),
        ),
        resources=_resources(lists, None if tree is None else tree[1]),
    )
    return Audit(served, tuple(problems), (file, *([] if tree is None else [tree[0]])))


def _number(text: int | str) -> int:
    """A number as hvisor's reader takes it: strings may have a base."""
    number = int(text, 0) if isinstance(text, str) else text
    if not 0 <= number <= 0xFFFFFFFF:
        raise ValueError(f"{text!r} is not a number of 32 bits")
    return min(number, NOWHERE)


def _lists(zones: Sequence[_Zone], places: Places) -> Iterator[_Listed]:
    seen: set[int] = set()
    for index, zone in enumerate(zones):
        number = _number(zone.id)
        if number in seen:
            raise ValueError(f"two zones have the id {number}")
        seen.add(number)
        for at, device in enumerate(zone.devices):
            if device.type != "scmi" or device.status == "disable":
                continue
            where = places.of(("zones", index, "devices", at))
            for kind, key in KEYS.items():
                found: Any = getattr(device, key)
                if found is not UNSET:
                    yield _Listed(number, kind, [_number(each) for each in found], where)


class _Unread(Data):
    """A file that may be the tree and cannot be read, and what is wrong with it first."""

    file: Path
    why: Diagnostic


def _tree(
    folder: Path,
) -> tuple[tuple[str, Mapping[Kind, Sequence[Place]]] | None, list[_Unread]]:
    """The first tree of the folder that has the node: its file, and its lists; and what may have
    it and cannot be read."""
    unread: list[_Unread] = []
    try:
        names = sorted(islice(folder.iterdir(), _NEIGHBOURS))
    except OSError:
        return None, unread
    word = NODE.removeprefix("/").encode()
    for path in names:
        if path.suffix not in _TREES:
            continue
        try:
            data = read_bytes(path)
            if not any(each in data for each in (word, *_INCLUDES)):
                continue
            lists = places_of(load(path))
        except InputError as problem:
            unread += [_Unread(path, why) for why in problem.diagnostics[:1]]
            continue
        if lists is not None:
            return (str(path), lists), unread
    return None, unread


def _problems(
    lists: Sequence[_Listed],
    tree: tuple[str, Mapping[Kind, Sequence[Place]]] | None,
    unread: Sequence[_Unread],
    file: str,
) -> Iterator[Diagnostic]:
    if tree is None:
        what = "what the numbers of the ids mean is not known"
        if unread:
            first = unread[0]
            yield HVISOR_TREE.warning(
                f"{first.file.name} beside it may be the tree of the root zone, but cannot be read"
                f" ({first.why.message}): {what}",
                first.why.position or Position(str(first.file)),
                hint="put its blob there, which needs no headers: cpp and dtc make it",
            )
            return
        yield HVISOR_TREE.note(
            f"no tree with the node hvisor_virtio_device is beside it: {what}", Position(file)
        )
        return
    for each in lists:
        there = tree[1].get(each.kind, ())
        for number, place in enumerate(each.places):
            if len(there) <= place < NOWHERE:
                yield HVISOR_PLACE.error(
                    f"{each.kind} {number} of zone {each.zone} is entry {place} of a list of"
                    f" {len(there)}, in {tree[0]}",
                    each.position,
                    hint=f"entries are 0 to {len(there) - 1}" if there else None,
                )


def _agent(number: int, lists: Sequence[_Listed]) -> ServedAgent:
    mine = [each for each in lists if each.zone == number]
    grants = {
        each.kind: tuple(
            ServedGrant(
                id=at,
                resource=place,
                operations=ordered(each.kind, OPENED[each.kind]),
                source=str(each.position),
            )
            for at, place in enumerate(each.places)
            if place < NOWHERE
        )
        for each in mine
    }
    return ServedAgent(
        id=number + 1, name=f"zone{number}", grants=grants, source=str(mine[0].position)
    )


def _resources(
    lists: Sequence[_Listed], tree: Mapping[Kind, Sequence[Place]] | None
) -> dict[Kind, tuple[ServedResource, ...]]:
    """What the ids lead to, by the place in the list."""
    found: dict[Kind, tuple[ServedResource, ...]] = {}
    for kind in KEYS:
        used = {place for each in lists if each.kind is kind for place in each.places}
        there = (tree or {}).get(kind, ())
        resources = tuple(_resource(place, there) for place in sorted(used) if place < NOWHERE)
        if resources:
            found[kind] = resources
    return found


def _resource(place: int, there: Sequence[Place]) -> ServedResource:
    if place >= len(there):
        return ServedResource(id=place)
    entry = there[place]
    return ServedResource(id=place, name=entry.name, node=entry.provider, cells=entry.cells)


READER = Reader(
    name="hvisor",
    about="the JSON of hvisor's zones, with the tree of the root zone beside it",
    recognises=_recognises,
    read=_read,
    findings=(HVISOR_INVALID, HVISOR_PLACE, HVISOR_TREE),
)
