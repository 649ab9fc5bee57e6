"""Nodes that stay, but not as consumers: what they refer to is not theirs to use.

A provider that firmware serves and that stays for another role (Linux reaches the registers of a
``syscon`` only once its clocks are there), and CPUs that another operating system scales.
"""

from collections.abc import Callable, Iterable, Iterator

from scmigen.bindings.consumers import ENTRY_NAMES, LISTS
from scmigen.bindings.facts import ResourceKey
from scmigen.bindings.identity import key_of, voltage_key
from scmigen.bindings.node_kinds import is_cpu
from scmigen.bindings.references import References
from scmigen.devicetree.edits import DeleteProperty, Edit
from scmigen.devicetree.nodes import Node
from scmigen.scmi.protocols import Kind

_TABLES = ("operating-points-v2", "operating-points")
_ASSIGNED = "assigned-clock"


def bared(
    references: References, nodes: Iterable[Node], stays: Callable[[ResourceKey], bool]
) -> Iterator[Edit]:
    """Takes away each list of ``nodes`` with an entry that does not stay, its names, and what is
    assigned with it."""
    for node in nodes:
        going = [prop for prop in node.properties if _goes(references, node, prop, stays)]
        if "assigned-clocks" in going:
            going += (prop for prop in node.properties if prop.startswith(_ASSIGNED))
        going += (names for prop in going if (names := ENTRY_NAMES.get(prop, "")) in node)
        if is_cpu(node) and going:
            going += (prop for prop in _TABLES if prop in node)
        yield from (DeleteProperty(node.path, prop) for prop in dict.fromkeys(going))


def _goes(
    references: References, node: Node, prop: str, stays: Callable[[ResourceKey], bool]
) -> bool:
    if prop.endswith("-supply"):
        regulator = references.target(node, prop)
        return regulator is not None and not stays(voltage_key(regulator))
    kind = Kind.CLOCK if prop.startswith(_ASSIGNED) else LISTS.get(prop)
    if kind is None or prop.endswith("-rates"):
        return False
    return any(not stays(key_of(kind, entry)) for entry in references.of(node, prop))
