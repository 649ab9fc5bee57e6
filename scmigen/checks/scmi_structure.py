"""Checks of the contents of SCMI nodes and server descriptions."""

from collections.abc import Iterator

from scmigen.bindings.facts import ScmiInstance
from scmigen.bindings.imx_pins import pins_of
from scmigen.bindings.inventory import Inventory
from scmigen.bindings.scmi_nodes import (
    PROVIDES,
    id_of,
    misplaced_regulators,
    provided_cells,
    regulators_of,
    repeated_protocols,
    server_nodes,
    unnumbered,
)
from scmigen.checks.check import check
from scmigen.checks.transports import scmi_nodes
from scmigen.checks.words import joined
from scmigen.devicetree.nodes import Node
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Diagnostic, Position, Related, Severity, counted
from scmigen.model.platform import Model, Platform
from scmigen.scmi.protocols import BEYOND_TREES, KIND_OF, Kind, Protocol

#: The largest id of a protocol, which has eight bits in a message header.
_MAX_PROTOCOL = 0xFF


@check(
    "unit-address",
    about="The unit address of an SCMI node is not its reg, which alone is the id.",
    advice="Write the unit address in hexadecimal, equal to reg.",
    severity=Severity.WARNING,
)
def unit_address(model: Model) -> Iterator[Diagnostic]:
    """SCMI nodes whose unit address differs from their ``reg``, the id."""
    for tree, top, nodes in _numbered(model):
        wrong = [node for node in nodes if not _agrees(node)]
        if wrong:
            first = wrong[0]
            reg = id_of(first) or 0
            yield unit_address.warning(
                f"the unit address of {counted(len(wrong), 'node')} of {top.path} is not the reg: "
                f"{first.name} has reg = <{reg}>",
                _at(tree, first),
                [Related(node.path, _at(tree, node)) for node in wrong[1:]],
                f"the id is reg; unit addresses are hexadecimal: {first.base_name}@{reg:x}",
            )


def _numbered(model: Model) -> Iterator[tuple[DeviceTree, Node, list[Node]]]:
    """SCMI nodes and server descriptions, each with all below it that SCMI ids number."""
    for inventory, instance in scmi_nodes(model):
        regulators = regulators_of(instance, inventory.availability)
        yield inventory.tree, instance.node, [*instance.protocols.values(), *regulators]
    for server in server_nodes(model.inventory.tree):
        below = [node for node in server.walk() if node is not server]
        yield model.inventory.tree, server, below


def _agrees(node: Node) -> bool:
    _, at, address = node.name.partition("@")
    reg = id_of(node)
    return not at or reg is None or address.lower() == f"{reg:x}"


def _at(tree: DeviceTree, node: Node) -> Position:
    return node.position or Position(tree.file)


@check(
    "scmi-provider",
    about="A node below an SCMI node provides what its protocol does not, or no driver reads it.",
    advice="Give protocol@N the one #…-cells = <1> of its protocol, and each node its reg.",
)
def scmi_provider(model: Model) -> Iterator[Diagnostic]:
    """Nodes below an SCMI node that provide what their protocol does not, or that no driver
    reads."""
    for inventory, instance in scmi_nodes(model):
        for number, node in instance.protocols.items():
            yield from _wrong_cells(inventory.tree, number, node)
        yield from _ignored(inventory, instance)
    for instance in model.inventory.instances:
        yield from _strangers(model, instance)


def _wrong_cells(tree: DeviceTree, number: int, node: Node) -> Iterator[Diagnostic]:
    if number > _MAX_PROTOCOL:
        yield scmi_provider.error(
            f"{node.path} has reg = <{number:#x}>, but ids of protocols end at 0xff",
            _at(tree, node),
            hint="write the id of a protocol, for example <0x14> for clocks",
        )
    right = PROVIDES.get(number)
    there = provided_cells(node)
    if right is None:
        return
    need = f"protocol {number:#x} has {' or '.join(right)} = <1>"
    if len(there) > 1 or not set(there) <= set(right):
        yield scmi_provider.error(
            f"{node.path} is protocol {number:#x}, but it has {joined([*there])}",
            _at(tree, node),
            hint=need if right else f"protocol {number:#x} has no specifiers",
        )
        return
    for name, cells in there.items():
        if cells != 1:
            yield scmi_provider.error(
                f"{node.path} has {name} = <{cells}>, but an SCMI id is one cell",
                _at(tree, node),
                hint=f"{need}; write one cell, the id, in each reference to it",
            )


def _ignored(inventory: Inventory, instance: ScmiInstance) -> Iterator[Diagnostic]:
    """Nodes that drivers do not read because of where or what they are."""
    tree, availability = inventory.tree, inventory.availability
    for number, node in repeated_protocols(instance, availability):
        first = instance.protocols[number]
        yield scmi_provider.error(
            f"{node.path} is protocol {number:#x}, which {first.path} is already",
            _at(tree, node),
            [Related(first.path, _at(tree, first))],
            "keep one node for each protocol",
        )
    for node in unnumbered(instance, availability):
        yield scmi_provider.error(
            f"{node.path} has no reg, so it has no SCMI id",
            _at(tree, node),
            hint="write reg = <N>, the id at the server",
        )
    misplaced = misplaced_regulators(instance)
    if misplaced:
        first, *others = misplaced
        yield scmi_provider.error(
            f"{first.path} is directly below the voltage protocol, where no regulator is looked "
            "for",
            _at(tree, first),
            [Related(node.path, _at(tree, node)) for node in others],
            f"move it into a node regulators of {instance.protocols[Protocol.VOLTAGE].name}",
        )


def _strangers(model: Model, instance: ScmiInstance) -> Iterator[Diagnostic]:
    """Nodes of an instance that consumers refer to although they are not protocols of it."""
    tree = model.inventory.tree
    told = {node.path for node in unnumbered(instance, model.inventory.availability)}
    told.update(node.path for node in misplaced_regulators(instance))
    known = {node.path for node in instance.protocols.values()} | told
    for path, provider in model.providers.items():
        below = path == instance.node.path or path.startswith(instance.node.path + "/")
        if below and path not in known and provider.consumers:
            yield scmi_provider.error(
                f"{path} is used as a provider, but it is not a protocol of {instance.node.path}",
                provider.node.position or Position(tree.file),
                hint="a provider is a child protocol@N with reg = <0xN>",
            )


@check(
    "protocol-empty",
    about="An SCMI node lists a protocol of which no agent is given anything.",
    advice="Describe the resources in platform.extra or by grants, or drop the node.",
    severity=Severity.NOTE,
)
def protocol_empty(model: Model) -> Iterator[Diagnostic]:
    """Protocols of an SCMI node that the platform will not serve.

    A tree has no source for power caps, pins and vendors' protocols, and sensors are enumerated
    without any reference in the tree.
    """
    for platform in model.platforms:
        instance = platform.instance
        if instance is None:
            continue
        empty = [n for n in instance.protocols if n <= _MAX_PROTOCOL and _is_empty(platform, n)]
        if empty:
            nodes = [instance.protocols[number] for number in empty]
            tree = model.inventory.tree
            yield protocol_empty.note(
                f"{instance.node.path} lists {counted(len(empty), 'protocol')} of which no "
                f"agent is given anything: {', '.join(f'{number:#x}' for number in empty)}",
                _at(tree, nodes[0]),
                [Related(node.path, _at(tree, node)) for node in nodes[1:]],
                "nothing in the tree says what they have: platform.elements declares it, "
                "platform.extra describes it; or grant it",
            )


def _has_pins(platform: Platform) -> bool:
    """Whether nodes ask for pins by pinctrl-0: no grant is of a pin."""
    instance = platform.instance
    pins = () if instance is None else pins_of(platform.inventory, instance)
    return any(True for _ in pins)


def _is_empty(platform: Platform, number: int) -> bool:
    if number in (Protocol.BASE, Protocol.SYSTEM):
        return False
    kind = next((kind for protocol, kind in KIND_OF.items() if protocol == number), None)
    if kind is None:
        return True
    if kind is Kind.PIN and _has_pins(platform):
        return False
    if kind in BEYOND_TREES and platform.options.extra is not None:
        return False
    return not any(grant.resource.kind is kind for grant in platform.grants())
