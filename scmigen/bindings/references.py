"""Lists of phandles with specifiers, read exactly as dtc, edtlib and Linux read them.

An entry is a phandle followed by as many cells as the ``#…-cells`` property of its target says; a
phandle of 0 or 0xffffffff is an empty slot that keeps its index.
"""

from collections.abc import Callable
from dataclasses import dataclass

from scmigen.bindings.findings import CELLS_MISSING, PHANDLE_DANGLING, SPECIFIER_SHORT
from scmigen.devicetree.nodes import NULL_PHANDLES, Node, Property
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Diagnostic, Position, counted

#: A bound on specifier cells; Linux stops at 16 (MAX_PHANDLE_ARGS).
MAX_SPECIFIER_CELLS = 16


@dataclass(frozen=True, slots=True)
class Reference:
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
    """Where a property stands, or a cell of it; a blob has no lines, so there it is the file."""
    found = prop.position if cell is None else prop.position_at(4 * cell)
    return found or Position(tree.file)


def references(
    tree: DeviceTree,
    node: Node,
    name: str,
    cells_name: str | Callable[[Node], int | None],
    problems: list[Diagnostic],
) -> tuple[Reference, ...]:
    """The entries of the property ``name``; empty slots are left out but counted.

    ``cells_name`` is the ``#…-cells`` property of a target, or a function that gives the number of
    cells. Appends to ``problems`` what is wrong and then stops, since what follows a bad entry
    cannot be told apart.
    """
    prop = node.get(name)
    if prop is None:
        return ()
    if len(prop.value) % 4:
        problems.append(
            SPECIFIER_SHORT.error(
                f"{node.path}: {name} has {counted(len(prop.value), 'byte')}, "
                "which are no whole cells",
                position_of(tree, prop),
                hint=f"write a list of references, {name} = <&provider 1>",
            )
        )
        return ()
    return _entries(tree, node, prop, cells_name, problems)


def _entries(
    tree: DeviceTree,
    node: Node,
    prop: Property,
    cells_name: str | Callable[[Node], int | None],
    problems: list[Diagnostic],
) -> tuple[Reference, ...]:
    cells = prop.cells()
    found: list[Reference] = []
    at = index = 0
    while at < len(cells):
        phandle = cells[at]
        if phandle in NULL_PHANDLES:
            at += 1
            index += 1
            continue
        target = tree.by_phandle(phandle)
        if target is None:
            problems.append(_dangling(position_of(tree, prop, at), node, prop, at, phandle))
            break
        count = cells_name(target) if callable(cells_name) else target.cell(cells_name)
        if count is None or count > MAX_SPECIFIER_CELLS:
            problems.append(
                _no_cells(position_of(tree, prop, at), node, prop, index, target, cells_name, count)
            )
            break
        if at + 1 + count > len(cells):
            there = len(cells) - at - 1
            problems.append(
                _short(position_of(tree, prop, at), node, prop, index, target, count, there)
            )
            break
        found.append(Reference(index, target, cells[at + 1 : at + 1 + count], at + 1))
        at += 1 + count
        index += 1
    return tuple(found)


def entry_count(tree: DeviceTree, node: Node, name: str, cells_name: str) -> int | None:
    """How many entries a list has, empty slots counted; none where it cannot be read."""
    cells = node.cells(name)
    if cells is None:
        return None
    at = count = 0
    while at < len(cells):
        target = None if cells[at] in NULL_PHANDLES else tree.by_phandle(cells[at])
        width = 0 if target is None else target.cell(cells_name)
        if width is None or (target is None and cells[at] not in NULL_PHANDLES):
            return None
        at += 1 + width
        count += 1
    return count if at == len(cells) else None


def _dangling(where: Position, node: Node, prop: Property, cell: int, phandle: int) -> Diagnostic:
    return PHANDLE_DANGLING.error(
        f"{node.path}: cell {cell} of {prop.name} is {phandle:#x}, which is no node's phandle",
        where,
        hint="refer to a label, or use <0> for an empty slot",
    )


def _no_cells(
    where: Position,
    node: Node,
    prop: Property,
    index: int,
    target: Node,
    cells_name: str | Callable[[Node], int | None],
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


def supply(tree: DeviceTree, node: Node, prop: Property, problems: list[Diagnostic]) -> Node | None:
    """The regulator a ``…-supply`` property names: one phandle, no cells."""
    found = references(tree, node, prop.name, lambda _: 0, problems)
    return found[0].provider if found else None
