"""A whole device tree: its nodes, and indexes of them by path, phandle, label and alias.

Both readers (`source` for DTS text, `blob` for DTB bytes) make the same `DeviceTree`.
"""

import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from operator import itemgetter
from types import MappingProxyType

from scmigen.data import Data
from scmigen.devicetree.drafts import finish
from scmigen.devicetree.nodes import Node
from scmigen.diagnostics import Diagnostic
from scmigen.hints import TYPE_CHECKING

if TYPE_CHECKING:
    from scmigen.devicetree.names import Names


class DeviceTree(Data, eq=False, slots=False):
    """A whole tree as one of the readers made it. Neither it nor its nodes can be changed.

    ``memory_reservations`` are pairs of address and size in bytes. ``source_labels`` are the labels
    of a source; a blob has none but those in ``/__symbols__``. ``files`` are all files the tree was
    made from, ``file`` first; ``folders`` are where the board and its overlays are, and the include
    path: outputs name files relative to them. ``is_overlay``: it is to be applied to another tree
    (``/plugin/``). ``warnings`` is what the reader found odd but took.
    """

    root: Node
    file: str
    memory_reservations: tuple[tuple[int, int], ...] = ()
    boot_cpu: int = 0
    source_labels: Mapping[str, Node] | None = None
    files: tuple[str, ...] = ()
    is_overlay: bool = False
    warnings: tuple[Diagnostic, ...] = ()
    folders: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        finish(self.root)
        if not self.files:
            object.__setattr__(self, "files", (self.file,))
        if not self.folders:
            object.__setattr__(self, "folders", (os.path.dirname(self.file),))  # noqa: PTH120

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """All nodes in preorder."""
        return tuple(self.root.walk())

    @cached_property
    def _by_path(self) -> dict[str, Node]:
        return {node.path: node for node in self.nodes}

    @cached_property
    def _by_phandle(self) -> dict[int, Node]:
        numbered = ((node.phandle, node) for node in reversed(self.nodes))
        return {number: node for number, node in numbered if number is not None}

    @cached_property
    def _by_compatible(self) -> dict[str, list[Node]]:
        found: dict[str, list[Node]] = {}
        for node in self.nodes:
            for name in dict.fromkeys(node.strings("compatible")):
                found.setdefault(name, []).append(node)
        return found

    @cached_property
    def labels(self) -> Mapping[str, Node]:
        """Label → node: those of the source, or those that ``/__symbols__`` of a blob names."""
        if self.source_labels is not None:
            return MappingProxyType(self.source_labels)
        return self._named_by("/__symbols__")

    @cached_property
    def label_of(self) -> Mapping[str, str]:
        """Path → the first label of the node there, for nodes that have one."""
        return MappingProxyType(
            {node.path: label for label, node in reversed([*self.labels.items()])}
        )

    @cached_property
    def aliases(self) -> Mapping[str, Node]:
        """Alias → node, from ``/aliases``."""
        return self._named_by("/aliases")

    @cached_property
    def alias_of(self) -> Mapping[str, str]:
        """Path → the alias of the node there that sorts first, for nodes that have one."""
        names = sorted(self.aliases.items(), key=itemgetter(0), reverse=True)
        return MappingProxyType({node.path: name for name, node in names})

    @cached_property
    def names(self) -> "Names":
        """The names that the tree's files give to numbers."""
        # Most commands ask for no name: then nothing is imported, and no file is read again.
        from scmigen.devicetree.names import Names

        return Names(self.files)

    def _named_by(self, path: str) -> Mapping[str, Node]:
        """Name of a property of the node at ``path`` → the node whose path is its value."""
        holder = self.node(path)
        items = holder.properties.values() if holder is not None else ()
        pairs = ((item.name, self.node(item.string())) for item in items)
        return MappingProxyType({name: node for name, node in pairs if node is not None})

    def node(self, path: str) -> Node | None:
        """The node at a full path."""
        return self._by_path.get(path)

    def with_compatible(self, name: str) -> Sequence[Node]:
        """The nodes with ``name`` in their ``compatible``, in preorder."""
        return self._by_compatible.get(name, ())

    def by_phandle(self, phandle: int) -> Node | None:
        """The node with that phandle; the first in preorder where several claim it."""
        return self._by_phandle.get(phandle)
