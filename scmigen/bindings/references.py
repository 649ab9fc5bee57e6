"""Lists of phandles with specifiers, read exactly as dtc, edtlib and Linux read them.

An entry is a phandle followed by as many cells as the ``#…-cells`` property of its target says; a
phandle of 0 or 0xffffffff is an empty slot that keeps its index.
"""

from collections.abc import Callable, Container, Iterator, Mapping
from functools import cache

from scmigen.bindings.findings import CELLS_MISSING, PHANDLE_DANGLING, SPECIFIER_SHORT
from scmigen.data import Data
from scmigen.devicetree.nodes import NULL_PHANDLES, Node, Property
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Diagnostic, Position, counted
from scmigen.hints import Any, TypeVar

_Function = TypeVar("_Function", bound=Callable[..., Any])

#: A bound on specifier cells; Linux stops at 16 (MAX_PHANDLE_ARGS).
MAX_SPECIFIER_CELLS = 16


class Reference(Data):
    """One entry of a list: its index, empty slots counted, its target and the specifier cells.

    ``at`` is where the specifier begins, in cells of the property.
    """

    index: int
    provider: Node
    cells: tuple[int, ...]
    at: int = 0

    @property
    def start(self) -> int:
        """Where the entry begins, in bytes of the property's value."""
        return 4 * (self.at - 1)


def position_of(tree: DeviceTree, prop: Property, cell: int | None = None) -> Position:
    """The position of a property or of one of its cells; in a blob, the file."""
    found = prop.position if cell is None else prop.position_at(4 * cell)
    return found or Position(tree.file)


#: What tells the number of specifier cells: the ``#…-cells`` property of a target, or a function.
Cells = str | Callable[[Node], int | None]

#: List → the property with the number of specifier cells. Other lists hold bare phandles.
CELLS: Mapping[str, str] = {
    "access-controllers": "#access-controller-cells",
    "assigned-clock-parents": "#clock-cells",
    "assigned-clocks": "#clock-cells",
    "clocks": "#clock-cells",
    "io-channels": "#io-channel-cells",
    "mboxes": "#mbox-cells",
    "performance-domains": "#performance-domain-cells",
    "power-domains": "#power-domain-cells",
    "qcom,freq-domain": "#freq-domain-cells",
    "resets": "#reset-cells",
    "thermal-sensors": "#thermal-sensor-cells",
}


class ReferenceList(Data):
    """The entries of a list before the first that cannot be read, and the problem of that one.

    ``count`` is how many entries there are, empty slots too. What follows a bad entry cannot be
    told apart.
    """

    entries: tuple[Reference, ...] = ()
    count: int = 0
    problem: Diagnostic | None = None


_NONE = ReferenceList()

#: Phandle → its node, and how many cells follow it in the lists that ask for these.
_Targets = dict[int, tuple[Node, int]]


class References:
    """The references of one tree. Each list is parsed once, whoever asks for it."""

    def __init__(self, tree: DeviceTree) -> None:
        self.tree = tree
        self._read: dict[tuple[Node, str], ReferenceList] = {}
        self._targets: dict[Cells, _Targets] = {}
        self._once: dict[Callable[..., Any], Any] = {}

    def once(self, function: _Function) -> _Function:
        """A function of nodes, which are asked about again and again: each answer is kept."""
        if function not in self._once:
            self._once[function] = cache(function)
        kept: _Function = self._once[function]
        return kept

    def list_of(self, node: Node, name: str) -> ReferenceList:
        """The list in the property ``name`` of a node; an empty one where that does not exist."""
        if name not in node.properties:
            return _NONE
        place = node, name
        found = self._read.get(place)
        if found is None:
            cells = CELLS.get(name, _bare)
            known = self._targets.setdefault(cells, {})
            found = self._read[place] = read_list(self.tree, node, name, cells, known)
        return found

    def of(self, node: Node, name: str) -> tuple[Reference, ...]:
        """The entries of the property ``name`` that can be read, without empty slots."""
        return self.list_of(node, name).entries

    def target(self, node: Node, name: str) -> Node | None:
        """The node that the first entry refers to: the regulator of a ``…-supply``."""
        found = self.of(node, name)
        return found[0].provider if found else None

    def problems(self, nodes: Container[Node]) -> Iterator[Diagnostic]:
        """The problems of those lists of ``nodes`` that were read so far, in that order."""
        for (node, _), found in self._read.items():
            if found.problem is not None and node in nodes:
                yield found.problem

    def starts(self, node: Node, name: str) -> list[int]:
        """The cells at which the entries of one of `CELLS` begin, empty slots too; none where some
        entry cannot be read."""
        found = self.list_of(node, name) if name in CELLS else _NONE
        cells: list[int] = []
        end = 0
        for entry in found.entries:
            cells += range(end, entry.at)
            end = entry.at + len(entry.cells)
        cells += range(end, end + found.count - len(cells))
        return cells if found.problem is None else []


def _bare(_: Node) -> int:
    return 0


def read_list(
    tree: DeviceTree, node: Node, name: str, cells: Cells, known: _Targets | None = None
) -> ReferenceList:
    """Parse one list. `References` keeps what it gives, and what is ``known`` of targets: many
    lists refer to one."""
    prop = node.get(name)
    if prop is None:
        return _NONE
    if len(prop.value) % 4:
        problem = SPECIFIER_SHORT.error(
            f"{node.path}: {name} has {counted(len(prop.value), 'byte')}, which is not a whole "
            "number of cells",
            position_of(tree, prop),
            hint=f"write a list of references, {name} = <&provider 1>",
        )
        return ReferenceList(problem=problem)
    return _entries(tree, node, prop, cells, {} if known is None else known)


def _entries(
    tree: DeviceTree, node: Node, prop: Property, cells_name: Cells, known: _Targets
) -> ReferenceList:
    cells = prop.cells()
    found: list[Reference] = []
    at = index = 0
    problem = None
    while at < len(cells):
        phandle = cells[at]
        if phandle in NULL_PHANDLES:
            at += 1
            index += 1
            continue
        if phandle not in known:
            target = tree.by_phandle(phandle)
            if target is None:
                problem = _dangling(position_of(tree, prop, at), node, prop, at, phandle)
                break
            count = cells_name(target) if callable(cells_name) else target.cell(cells_name)
            if count is None or count > MAX_SPECIFIER_CELLS:
                where = position_of(tree, prop, at)
                problem = _no_cells(where, node, prop, index, target, cells_name, count)
                break
            known[phandle] = target, count
        target, count = known[phandle]
        start, end = at + 1, at + 1 + count
        if end > len(cells):
            where = position_of(tree, prop, at)
            problem = _short(where, node, prop, index, target, count, len(cells) - start)
            break
        found.append(Reference(index, target, cells[start:end], start))
        at = end
        index += 1
    return ReferenceList(tuple(found), index, problem)


def _dangling(where: Position, node: Node, prop: Property, cell: int, phandle: int) -> Diagnostic:
    return PHANDLE_DANGLING.error(
        f"{node.path}: cell {cell} of {prop.name} is {phandle:#x}, which is not the phandle of "
        "any node",
        where,
        hint="refer to a label, or use <0> for an empty slot",
    )


def _no_cells(
    where: Position,
    node: Node,
    prop: Property,
    index: int,
    target: Node,
    cells_name: Cells,
    count: int | None,
) -> Diagnostic:
    wanted = cells_name if isinstance(cells_name, str) else "#…-cells"
    said = f"says {wanted} = <{count}>" if count is not None else f"has no {wanted}"
    return CELLS_MISSING.error(
        f"{node.path}: entry {index} of {prop.name} refers to {target.path}, which {said}",
        where,
        hint=f"give the provider its {wanted}, or refer to another node",
    )


def _short(
    where: Position,
    node: Node,
    prop: Property,
    index: int,
    target: Node,
    count: int,
    there: int,
) -> Diagnostic:
    return SPECIFIER_SHORT.error(
        f"{node.path}: entry {index} of {prop.name} refers to {target.path}, "
        f"whose specifiers have {counted(count, 'cell')}, "
        f"but {counted(there, 'follows', 'follow')}",
        where,
        hint=f"write <&provider {' '.join('N' * count)}> in every entry",
    )
