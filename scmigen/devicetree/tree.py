"""A whole device tree: its nodes, and indexes of them by path, phandle, label and alias.

Both readers (`scmigen.devicetree.source` for DTS text, `scmigen.devicetree.blob` for DTB bytes)
make the same `DeviceTree`.
"""

from functools import cached_property
from operator import itemgetter
from typing import TYPE_CHECKING

from scmigen.devicetree.nodes import Node
from scmigen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from scmigen.devicetree.names import Names


class DeviceTree:
    """A whole tree as one of the readers made it. Read-only from then on.

    ``memory_reservations`` are pairs of address and size in bytes. ``files`` are all files the
    tree was made from, ``file`` first. ``is_overlay`` says that it is to be laid over another
    tree (``/plugin/``). ``warnings`` is what the reader found odd but took.
    """

    def __init__(
        self,
        root: Node,
        file: str,
        memory_reservations: tuple[tuple[int, int], ...] = (),
        boot_cpu: int = 0,
        labels: dict[str, Node] | None = None,
        files: tuple[str, ...] = (),
        is_overlay: bool = False,
        warnings: tuple[Diagnostic, ...] = (),
    ) -> None:
        self.root = root
        self.file = file
        self.memory_reservations = memory_reservations
        self.boot_cpu = boot_cpu
        self.files = files or (file,)
        self.is_overlay = is_overlay
        self.warnings = warnings
        self._labels = labels

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """All nodes in preorder."""
        return tuple(self.root.walk())

    @cached_property
    def _by_path(self) -> dict[str, Node]:
        return {node.path: node for node in self.nodes}

    @cached_property
    def _by_phandle(self) -> dict[int, Node]:
        return {node.phandle: node for node in reversed(self.nodes) if node.phandle is not None}

    @cached_property
    def labels(self) -> dict[str, Node]:
        """Label → node: those of the source, or those that ``/__symbols__`` of a blob names."""
        if self._labels is not None:
            return self._labels
        symbols = self.node("/__symbols__")
        if symbols is None:
            return {}
        pairs = ((p.name, self.node(p.string())) for p in symbols.properties.values())
        return {name: node for name, node in pairs if node is not None}

    @cached_property
    def label_of(self) -> dict[str, str]:
        """Path → the first label of the node there, for nodes that have one."""
        return {node.path: label for label, node in reversed(self.labels.items())}

    @cached_property
    def aliases(self) -> dict[str, Node]:
        """Alias → node, from ``/aliases``."""
        aliases = self.node("/aliases")
        if aliases is None:
            return {}
        pairs = ((p.name, self.node(p.string())) for p in aliases.properties.values())
        return {name: node for name, node in pairs if node is not None}

    @cached_property
    def alias_of(self) -> dict[str, str]:
        """Path → the alias of the node there that sorts first, for nodes that have one."""
        return {
            node.path: name
            for name, node in sorted(self.aliases.items(), key=itemgetter(0), reverse=True)
        }

    @cached_property
    def names(self) -> "Names":
        """The names that the tree's files give to numbers."""
        # Most commands ask for no name: then nothing is imported, and no file is read again.
        from scmigen.devicetree.names import Names

        return Names(self.files)

    def node(self, path: str) -> Node | None:
        """The node at a full path."""
        return self._by_path.get(path)

    def by_phandle(self, phandle: int) -> Node | None:
        """The node with that phandle; the first in preorder where several claim it."""
        return self._by_phandle.get(phandle)
