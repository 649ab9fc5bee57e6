"""Whether a node is there for the non-secure and for the secure world.

Devicetree Specification v0.4 section 2.3.4 and Linux ``Bindings/arm/secure.txt``: ``secure-status``
defaults to ``status``; a node below one that is not there is not there either.
"""

from scmigen.devicetree.nodes import Node

_OKAY = frozenset({"okay", "ok"})


def _okay(node: Node, name: str) -> bool | None:
    found = node.get(name)
    return None if found is None else found.string() in _OKAY


class Availability:
    """Answers for the nodes of one tree, each worked out once."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[bool, bool]] = {}

    def _of(self, node: Node) -> tuple[bool, bool]:
        pending: list[Node] = []
        above: Node | None = node
        while above is not None and id(above) not in self._known:
            pending.append(above)
            above = above.parent
        normal, secure = (True, True) if above is None else self._known[id(above)]
        for item in reversed(pending):
            status = _okay(item, "status")
            secure_status = _okay(item, "secure-status")
            if secure_status is None:
                secure_status = status
            normal = normal and status is not False
            secure = secure and secure_status is not False
            self._known[id(item)] = normal, secure
        return normal, secure

    def enabled(self, node: Node) -> bool:
        """Whether the node and all above it are enabled for the operating system."""
        return self._of(node)[0]

    def secure_only(self, node: Node) -> bool:
        """Whether only the secure world may use the node."""
        normal, secure = self._of(node)
        return secure and not normal

    def present(self, node: Node) -> bool:
        """Whether anybody may use the node."""
        return any(self._of(node))
