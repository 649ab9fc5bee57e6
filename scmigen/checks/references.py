"""Checks of the lists themselves: names beside entries, addresses beside ``reg``."""

from collections.abc import Iterator, Mapping

from scmigen.bindings.consumers import ENTRY_NAMES
from scmigen.bindings.facts import ScmiInstance
from scmigen.bindings.scmi_nodes import regulators_of, server_nodes
from scmigen.checks.check import check
from scmigen.devicetree.nodes import Node
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Diagnostic, Position, Related, counted
from scmigen.model.platform import Model
from scmigen.scmi.protocols import Protocol


@check(
    "names-mismatch",
    about="A list has another number of entries than of names.",
    advice="Write one name for each entry, in the same order; <0> is an empty entry.",
)
def names_mismatch(model: Model) -> Iterator[Diagnostic]:
    """Lists whose names are more or fewer than their entries; drivers find entries by name."""
    tree, availability = model.inventory.tree, model.inventory.availability
    for node in tree.nodes:
        for name, names in ENTRY_NAMES.items():
            if names not in node or name not in node or not availability.present(node):
                continue
            written = len(node.strings(names))
            found = model.inventory.references.list_of(node, name)
            if found.problem is None and found.count != written:
                yield names_mismatch.warning(
                    f"{node.path}: {name} has {counted(found.count, 'entry', 'entries')}, "
                    f"{names} has {written}",
                    node.properties[names].position or Position(tree.file),
                    hint="write one name for each entry, in the same order; <0> is an empty entry",
                )


@check(
    "unit-address",
    about="The unit address of an SCMI node is not its reg, which alone is the id.",
    advice="Write the unit address in hexadecimal, equal to reg.",
)
def unit_address(model: Model) -> Iterator[Diagnostic]:
    """SCMI nodes whose unit address is not their ``reg``: one of the two is no id."""
    tree = model.inventory.tree
    for top, nodes in _numbered(model):
        wrong = [node for node in nodes if not _agrees(node)]
        if wrong:
            first = wrong[0]
            reg = first.cell("reg") or 0
            yield unit_address.warning(
                f"the unit address of {counted(len(wrong), 'node')} of {top.path} is not the reg: "
                f"{first.name} has reg = <{reg}>",
                first.position or Position(tree.file),
                [Related(node.path, node.position) for node in wrong[1:4]],
                f"the id is reg; unit addresses are hexadecimal: {first.base_name}@{reg:x}",
            )


def _numbered(model: Model) -> Iterator[tuple[Node, list[Node]]]:
    """The SCMI nodes of a tree, each with all below it that is numbered by SCMI ids."""
    for instance in model.inventory.instances:
        yield instance.node, [*instance.protocols.values(), *regulators_of(instance)]
    for server in server_nodes(model.inventory.tree):
        yield server, [node for node in server.walk() if node is not server]


def _agrees(node: Node) -> bool:
    _, at, address = node.name.partition("@")
    reg = node.cell("reg")
    return not at or reg is None or address.lower() == f"{reg:x}"


#: What each protocol provides, and so the one ``#…-cells`` that its node may have.
_PROVIDES: Mapping[int, tuple[str, ...]] = {
    Protocol.BASE: (),
    Protocol.POWER: ("#power-domain-cells",),
    Protocol.SYSTEM: (),
    Protocol.PERFORMANCE: (
        "#clock-cells",
        "#power-domain-cells",
        "#performance-domain-cells",
    ),
    Protocol.CLOCK: ("#clock-cells",),
    Protocol.SENSOR: ("#thermal-sensor-cells",),
    Protocol.RESET: ("#reset-cells",),
    Protocol.VOLTAGE: (),
}
_ALL_CELLS = tuple(dict.fromkeys(name for names in _PROVIDES.values() for name in names))


@check(
    "scmi-provider",
    about="A node of an SCMI instance provides what its protocol does not, or is no protocol.",
    advice="Give protocol@N the one #…-cells of its protocol, and refer to that node.",
)
def scmi_provider(model: Model) -> Iterator[Diagnostic]:
    """SCMI nodes that provide what their protocol does not, or that are no protocol at all."""
    tree = model.inventory.tree
    for instance in model.inventory.instances:
        for number, node in instance.protocols.items():
            right = _PROVIDES.get(number)
            if right is None:
                continue
            there = [name for name in _ALL_CELLS if name in node]
            if any(name not in right for name in there) or len(there) > 1:
                yield _wrong_cells(tree, number, node, there, right)
        yield from _strangers(model, instance)


def _wrong_cells(
    tree: DeviceTree, number: int, node: Node, there: list[str], right: tuple[str, ...]
) -> Diagnostic:
    return scmi_provider.error(
        f"{node.path} is protocol {number:#x}, but it has {' and '.join(there)}",
        node.position or Position(tree.file),
        hint=f"protocol {number:#x} has {' or '.join(right)} = <1>"
        if right
        else f"protocol {number:#x} has no specifiers",
    )


def _strangers(model: Model, instance: ScmiInstance) -> Iterator[Diagnostic]:
    """Nodes of an instance that consumers refer to although they are no protocol of it."""
    tree = model.inventory.tree
    known = {node.path for node in instance.protocols.values()}
    for path, provider in model.providers.items():
        below = path == instance.node.path or path.startswith(instance.node.path + "/")
        if below and path not in known and provider.consumers:
            yield scmi_provider.error(
                f"{path} is used as a provider, but it is no protocol of {instance.node.path}",
                provider.node.position or Position(tree.file),
                hint="a provider is a child protocol@N with reg = <0xN>",
            )
