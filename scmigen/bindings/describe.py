"""What the tree knows of the resources themselves: names, rates, parents, voltages, boot state."""

from collections.abc import Iterable, Iterator, Mapping

from scmigen.bindings.consumers import assigned_parents, assigned_rates
from scmigen.bindings.facts import OperatingPoint, ResourceFacts, ResourceKey, Use
from scmigen.bindings.identity import domain_controller, key_of, scmi_protocol
from scmigen.bindings.performance import points_of
from scmigen.bindings.references import references
from scmigen.devicetree.tree import DeviceTree, Node
from scmigen.scmi.protocols import Kind


def stdout_node(tree: DeviceTree) -> Node | None:
    """The console that ``/chosen`` names; its resources are on at boot."""
    chosen = tree.node("/chosen")
    text = (chosen.string("stdout-path") if chosen else None) or ""
    name = text.partition(":")[0]
    return tree.node(name) if name.startswith("/") else tree.aliases.get(name)


def facts_of(
    tree: DeviceTree, keys: Iterable[ResourceKey], uses: Iterable[Use]
) -> dict[ResourceKey, ResourceFacts]:
    """What is known of each of ``keys`` and of the power domains above them.

    ``uses`` are all uses of enabled nodes.
    """
    rates, parents = _requests(tree, uses)
    found: dict[ResourceKey, ResourceFacts] = {}
    stack = list(keys)
    while stack:
        key = stack.pop()
        if key in found:
            continue
        node = provider_node(tree, key)
        facts = _facts(tree, key, node, rates.get(key, ()), parents.get(key, ()))
        found[key] = facts
        if facts.parent is not None:
            stack.append(facts.parent)
    return found


def provider_node(tree: DeviceTree, key: ResourceKey) -> Node:
    """The node of the tree that stands for a resource: its provider, or the nested node of it."""
    node = tree.node(key.provider)
    assert node is not None
    if key.kind is Kind.POWER and len(key.cells) == 1:
        for below in node.walk():
            if (
                below is not node
                and below.base_name == "power-domain"
                and below.cell("reg") == key.cells[0]
            ):
                return below
    if key.kind is Kind.VOLTAGE and key.cells:
        regulators = node.children.get("regulators")
        for below in regulators.children.values() if regulators else ():
            if below.cell("reg") == key.cells[0]:
                return below
    return node


def _requests(
    tree: DeviceTree, uses: Iterable[Use]
) -> tuple[Mapping[ResourceKey, tuple[int, ...]], Mapping[ResourceKey, tuple[ResourceKey, ...]]]:
    """The rates and parents that consumers ask for, by clock."""
    rates: dict[ResourceKey, list[int]] = {}
    parents: dict[ResourceKey, list[ResourceKey]] = {}
    asked = {}
    for use in uses:
        if use.prop == "assigned-clocks":
            asked[use.consumer.path] = use.consumer
            wanted = assigned_rates(use.consumer)
            if use.index < len(wanted) and wanted[use.index]:
                rates.setdefault(use.key, []).append(wanted[use.index])
    for node in asked.values():
        for key, parent in assigned_parents(tree, node).items():
            parents.setdefault(key, []).append(parent)
    return (
        {key: tuple(sorted(set(found))) for key, found in rates.items()},
        {key: tuple(sorted(set(found))) for key, found in parents.items()},
    )


def _facts(
    tree: DeviceTree,
    key: ResourceKey,
    node: Node,
    rates: tuple[int, ...],
    parents: tuple[ResourceKey, ...],
) -> ResourceFacts:
    voltages = tuple(_voltages(node)) if key.kind is Kind.VOLTAGE else ()
    points: tuple[OperatingPoint, ...] = ()
    if key.kind is Kind.PERFORMANCE:
        phandle = node.cell("operating-points-v2")
        table = None if phandle is None else tree.by_phandle(phandle)
        points = points_of(table) if table is not None else ()
    return ResourceFacts(
        names=tuple(_names(key, node)),
        rates=rates,
        parents=parents,
        parent=_parent_domain(tree, key, node) if key.kind is Kind.POWER else None,
        on="regulator-boot-on" in node or "regulator-always-on" in node,
        always_on="regulator-always-on" in node,
        voltages=voltages,
        points=points,
        position=node.position,
    )


def _voltages(regulator: Node) -> Iterator[int]:
    for name in ("regulator-min-microvolt", "regulator-max-microvolt"):
        value = regulator.cell(name)
        if value is not None:
            yield value


def _names(key: ResourceKey, node: Node) -> Iterator[str]:
    """The names the provider itself gives, best first."""
    if scmi_protocol(node) is not None:
        return
    if key.kind is Kind.CLOCK:
        yield from _clock_output_name(key, node)
    elif key.kind is Kind.VOLTAGE:
        yield from filter(None, (node.string("regulator-name"),))
    elif key.kind is Kind.POWER:
        yield from filter(None, (node.string("label"),))
    if not key.cells and key.kind is not Kind.RESET:
        yield node.base_name if "@" in node.name and key.kind is Kind.CLOCK else node.name


def _clock_output_name(key: ResourceKey, node: Node) -> Iterator[str]:
    names = node.strings("clock-output-names")
    if len(key.cells) > 1:
        return
    index = key.cells[0] if key.cells else 0
    indices = node.cells("clock-indices")
    if indices is not None:
        index = indices.index(index) if index in indices else len(names)
    if index < len(names) and names[index]:
        yield names[index]


def _parent_domain(tree: DeviceTree, key: ResourceKey, node: Node) -> ResourceKey | None:
    """The domain above: of the nesting node, or of ``power-domains`` of the provider."""
    controller = domain_controller(node)
    if controller is not node:
        above = node.parent
        if above is None or above is controller or above.cell("reg") is None:
            return None
        return ResourceKey(Kind.POWER, controller.path, (above.cell("reg") or 0,))
    entries = references(tree, node, "power-domains", "#power-domain-cells", [])
    children = node.cells("power-domains-child-ids")
    if children is not None and key.cells:
        pairs = zip(children, entries, strict=False)
        entries = tuple(entry for child, entry in pairs if child == key.cells[0])
    if len(entries) != 1:
        return None
    parent = key_of(Kind.POWER, entries[0])
    return parent if parent.kind is Kind.POWER and parent != key else None
