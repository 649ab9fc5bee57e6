"""Which resource an entry means: the kind its provider offers and the cells that identify it."""

from scmigen.bindings.facts import ResourceKey
from scmigen.bindings.node_kinds import is_scmi
from scmigen.bindings.references import Reference
from scmigen.data import Data, field
from scmigen.devicetree.nodes import Node
from scmigen.scmi.protocols import Kind, Protocol

#: Providers whose specifiers end in cells that are flags: compatible → cells of identity.
_IDENTITY_CELLS = {"ti,sci-pm-domain": 1}


def scmi_protocol(node: Node) -> int | None:
    """The protocol id of an SCMI protocol node: its ``reg``, never its unit address."""
    number = node.cell("reg")
    if number is None or node.parent is None or not is_scmi(node.parent):
        return None
    return number


def is_protocol(node: Node, protocol: Protocol) -> bool:
    """Whether the node is that of one SCMI protocol. All nodes are asked, and few have its
    number."""
    return node.cell("reg") == protocol and scmi_protocol(node) == protocol


def is_performance_provider(node: Node) -> bool:
    """SCMI performance, DVFS hardware, or power domains that carry an OPP table."""
    has = node.properties
    return (
        "#freq-domain-cells" in has
        or "#performance-domain-cells" in has
        or ("#power-domain-cells" in has and "operating-points-v2" in has)
        or is_protocol(node, Protocol.PERFORMANCE)
    )


def has_dvfs(node: Node) -> bool:
    """Whether a performance provider sets levels itself; others only take votes for a minimum."""
    return is_performance_provider(node) and not (
        "#power-domain-cells" in node and "operating-points-v2" in node
    )


class Identity(Data, eq=False):
    """What a provider makes of a specifier: the kind and the provider of a key, and how many of the
    cells count; or the key of the only resource there is."""

    kind: Kind
    provider: str
    cells: int | None
    alone: ResourceKey | None = None
    _keys: dict[tuple[int, ...], ResourceKey] = field(default_factory=dict)

    def key(self, cells: tuple[int, ...]) -> ResourceKey:
        """The identity of the resource that a specifier means; the same object each time, which
        a mapping finds without comparing."""
        counted = cells[: self.cells]
        found = self._keys.get(counted)
        if found is None:
            found = self.alone or ResourceKey(self.kind, self.provider, counted)
            self._keys[counted] = found
        return found


def identity_of(kind: Kind, node: Node) -> Identity:
    """How entries of a list of ``kind`` tell the resources of a provider apart."""
    if kind in (Kind.CLOCK, Kind.POWER) and is_performance_provider(node):
        kind = Kind.PERFORMANCE
    if kind is Kind.POWER:
        controller = domain_controller(node)
        if controller is not node:
            alone = ResourceKey(kind, controller.path, (node.cell("reg") or 0,))
            return Identity(kind, controller.path, None, alone)
    counts = [
        _IDENTITY_CELLS[name] for name in node.strings("compatible") if name in _IDENTITY_CELLS
    ]
    return Identity(kind, node.path, min(counts, default=None))


def key_of(kind: Kind, reference: Reference) -> ResourceKey:
    """The identity of what an entry refers to."""
    return identity_of(kind, reference.provider).key(reference.cells)


def protects(node: Node) -> bool:
    """Whether a provider keeps clocks for other firmware."""
    return "protected-clocks" in node


def is_protected(node: Node, key: ResourceKey) -> bool:
    """Whether ``protected-clocks`` of the provider ``node`` keeps a clock for other firmware."""
    if key.kind is not Kind.CLOCK or len(key.cells) != 1:
        return False
    return key.cells[0] in (node.cells("protected-clocks") or ())


def domain_controller(node: Node) -> Node:
    """The controller of a nested ``power-domain@N`` that itself takes N as a specifier."""
    above = node
    while above.base_name == "power-domain" and "reg" in above and above.parent is not None:
        above = above.parent
    if above is not node and (above.cell("#power-domain-cells") or 0) > 0:
        return above
    return node


def voltage_key(regulator: Node) -> ResourceKey:
    """A supply: the regulator node, or (``protocol@17``, ``reg``) where SCMI serves it."""
    protocol = regulator.parent.parent if regulator.parent is not None else None
    number = regulator.cell("reg")
    if protocol is not None and number is not None and is_protocol(protocol, Protocol.VOLTAGE):
        return ResourceKey(Kind.VOLTAGE, protocol.path, (number,))
    return ResourceKey(Kind.VOLTAGE, regulator.path, ())
