"""Properties of the nodes that say who owns what, each read as a whole.

A value of another form than the reader expects is an error at the property: nothing that somebody
wrote there is dropped.
"""

from scmigen.assignment.said import Said
from scmigen.bindings.references import position_of
from scmigen.data import Data
from scmigen.devicetree.nodes import Node, Property
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Diagnostic, Finding


class Properties(Data):
    """Reads properties of the nodes of one tree and reports to ``problems``; never raises.

    A property that is missing or malformed is ``None``.
    """

    tree: DeviceTree
    finding: Finding
    problems: list[Diagnostic]

    def number(self, node: Node, name: str) -> Said[int] | None:
        """One cell."""
        prop = node.get(name)
        if prop is None:
            return None
        if len(prop.value) != 4:
            self._malformed(node, prop, "must be one cell", f"write {name} = <N>")
            return None
        return Said(prop.cells()[0], position_of(self.tree, prop))

    def cells(self, node: Node, name: str) -> Said[tuple[int, ...]] | None:
        """One or more cells."""
        prop = node.get(name)
        if prop is None:
            return None
        if not prop.value or len(prop.value) % 4:
            self._malformed(node, prop, "must be cells", f"write {name} = <N …>")
            return None
        return Said(prop.cells(), position_of(self.tree, prop))

    def text(self, node: Node, name: str) -> Said[str] | None:
        """One string that is not empty."""
        prop = node.get(name)
        if prop is None:
            return None
        if len(prop.value) < 2 or prop.value.find(b"\0") != len(prop.value) - 1:
            self._malformed(node, prop, "must be one string", f'write {name} = "…"')
            return None
        return Said(prop.string(), position_of(self.tree, prop))

    def texts(self, node: Node, name: str) -> Said[tuple[str, ...]] | None:
        """One or more strings, none of which is empty."""
        prop = node.get(name)
        if prop is None:
            return None
        if not prop.value or not all(prop.value[:-1].split(b"\0")) or prop.value[-1]:
            self._malformed(node, prop, "must be strings", f'write {name} = "…", "…"')
            return None
        return Said(node.strings(name), position_of(self.tree, prop))

    def flag(self, node: Node, name: str) -> Said[bool] | None:
        """A property without a value; it cannot be false (Devicetree Specification v0.4, 2.2.4)."""
        prop = node.get(name)
        if prop is None:
            return None
        if prop.value:
            self._malformed(node, prop, "is a flag", "write it without a value, or leave it out")
            return None
        return Said(True, position_of(self.tree, prop))

    def _malformed(self, node: Node, prop: Property, message: str, hint: str) -> None:
        where = position_of(self.tree, prop)
        self.problems.append(
            self.finding.error(f"{node.path}: {prop.name} {message}", where, hint=hint)
        )
