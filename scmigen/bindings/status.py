"""Whether the non-secure and the secure world may use a node.

Devicetree Specification v0.4 section 2.3.4 and Linux ``Bindings/arm/secure.txt``: ``secure-status``
defaults to ``status``; a node below an unavailable one is unavailable, too.
"""

from collections.abc import Mapping

from scmigen.data import Data, field
from scmigen.devicetree.nodes import Node
from scmigen.diagnostics import Position

#: What enables a node, also without the property.
ENABLED = frozenset({None, "okay", "ok"})
#: The properties that say it.
_SAYING = frozenset({"status", "secure-status"})


class Status(Data):
    """The values of ``status`` and ``secure-status`` of one node, and where that is written: there,
    or in the node itself.

    ``None`` is an absent property.
    """

    normal: str | None
    secure: str | None
    where: Position | Node | None

    @classmethod
    def of(cls, node: Node) -> "Status":
        """The status that the node itself has."""
        return cls(node.string("status"), node.string("secure-status"), node)

    @property
    def position(self) -> Position | None:
        """Where it is written; looked up on demand."""
        node = self.where
        if not isinstance(node, Node):
            return node
        written = node.get("secure-status") or node.get("status")
        return None if written is None else written.position or node.position

    @property
    def is_okay(self) -> bool:
        """Whether ``status`` leaves the node enabled."""
        return self.normal in ENABLED


class Availability(Data):
    """Which nodes of one tree are available, each worked out once.

    ``statuses`` apply in place of those that the nodes themselves have: what agents' own trees
    enable of the board.
    """

    statuses: Mapping[Node, Status] = field(default_factory=dict)
    _known: dict[Node, tuple[bool, bool]] = field(default_factory=dict)

    def status(self, node: Node) -> Status:
        """The status that applies to the node, whatever is above it."""
        return self.statuses.get(node) or Status.of(node)

    def _of(self, node: Node) -> tuple[bool, bool]:
        known = self._known.get(node)
        if known is not None:
            return known
        pending: list[Node] = []
        above: Node | None = node
        while above is not None and above not in self._known:
            pending.append(above)
            above = above.parent
        normal, secure = (True, True) if above is None else self._known[above]
        for item in reversed(pending):
            # Most nodes say nothing: they are as the node above.
            if self.statuses or not _SAYING.isdisjoint(item.properties):
                status = self.status(item)
                here = status.is_okay
                normal = normal and here
                secure = secure and (here if status.secure is None else status.secure in ENABLED)
            self._known[item] = normal, secure
        return normal, secure

    def enabled(self, node: Node) -> bool:
        """Whether the node and all above it are enabled for the operating system."""
        return self._of(node)[0]

    def secure_only(self, node: Node) -> bool:
        """Whether only the secure world may use the node."""
        normal, secure = self._of(node)
        return secure and not normal

    def present(self, node: Node) -> bool:
        """Whether either world may use the node."""
        normal, secure = self._of(node)
        return normal or secure

    def reserved(self, node: Node) -> bool:
        """Whether the node is left to other firmware (``status = "reserved"``)."""
        return self.status(node).normal == "reserved"

    def left_to_others(self, node: Node) -> bool:
        """Whether the node, or what it is part of, is reserved, and nothing closer is disabled."""
        if self.present(node):
            return False
        statuses = (self.status(part).normal for part in node.upwards())
        return next((word for word in statuses if word not in ENABLED), None) == "reserved"

    def status_position(self, node: Node) -> Position | None:
        """Where the nearest status at or above the node is written, else the node's position."""
        for part in node.upwards():
            position = self.status(part).position
            if position is not None:
                return position
        return node.position


#: Values of ``status``.
OKAY, DISABLED, RESERVED, FAILED = "okay", "disabled", "reserved", "fail"
