"""Facts about the resources themselves: names, rates, parents, voltages, state at boot."""

from collections.abc import Iterable, Iterator, Mapping

from scmigen.bindings.consumers import assigned_parents, assigned_rates
from scmigen.bindings.facts import OperatingPoint, ResourceFacts, ResourceKey, Use
from scmigen.bindings.identity import domain_controller, key_of, scmi_protocol, voltage_key
from scmigen.bindings.opp_tables import points_of, table_of
from scmigen.bindings.references import References
from scmigen.bindings.regulators import Supply, supply_of
from scmigen.devicetree.nodes import Node
from scmigen.devicetree.tree import DeviceTree
from scmigen.scmi.protocols import Kind
from scmigen.tuples import NamedTuple


def stdout_node(tree: DeviceTree) -> Node | None:
    """The console named in ``/chosen``; its resources are on at boot."""
    chosen = tree.node("/chosen")
    text = (chosen.string("stdout-path") if chosen else None) or ""
    name = text.partition(":")[0]
    return tree.node(name) if name.startswith("/") else tree.aliases.get(name)


def facts_of(
    references: References, keys: Iterable[ResourceKey], uses: Iterable[Use]
) -> dict[ResourceKey, ResourceFacts]:
    """Facts about each of ``keys``, and about the power domains and supplies they need.

    ``uses`` are all uses of enabled nodes.
    """
    rates, parents = _requests(references, uses)
    found: dict[ResourceKey, ResourceFacts] = {}
    nodes = ProviderNodes(references.tree)
    shared: dict[tuple[Kind, Node], _OfProvider] = {}
    stack = list(keys)
    while stack:
        key = stack.pop()
        if key in found:
            continue
        node = nodes.node(key)
        common = shared.get((key.kind, node))
        if common is None:
            common = shared[key.kind, node] = _of_provider(references, key.kind, node)
        facts = _facts(references, key, common, rates.get(key, ()), parents.get(key, ()))
        found[key] = facts
        stack += filter(None, (facts.parent, facts.power, facts.supply))
    return found


#: The kinds whose resources may be nodes below the provider.
_NESTED = frozenset({Kind.POWER, Kind.VOLTAGE})


class ProviderNodes:
    """Finds the node of a resource; the nodes below each provider are searched once."""

    def __init__(self, tree: DeviceTree) -> None:
        self._tree = tree
        self._below: dict[tuple[Kind, str], dict[int, Node]] = {}

    def node(self, key: ResourceKey) -> Node:
        """The provider of a resource, or the nested node that it is."""
        node = self._tree.node(key.provider)
        assert node is not None
        if key.kind not in _NESTED or len(key.cells) != 1:
            return node
        place = key.kind, key.provider
        below = self._below.get(place)
        if below is None:
            below = self._below[place] = dict(reversed(list(_numbered(key.kind, node))))
        return below.get(key.cells[0], node)


def _numbered(kind: Kind, node: Node) -> Iterator[tuple[int, Node]]:
    """The nested power domains, or the regulators below SCMI's voltage protocol, by ``reg``."""
    nodes: Iterable[Node]
    if kind is Kind.POWER:
        nodes = (below for below in node.walk() if below.base_name == "power-domain")
    else:
        regulators = node.children.get("regulators")
        nodes = regulators.children.values() if regulators is not None else ()
    for below in nodes:
        number = below.cell("reg")
        if below is not node and number is not None:
            yield number, below


def _requests(
    references: References, uses: Iterable[Use]
) -> tuple[Mapping[ResourceKey, tuple[int, ...]], Mapping[ResourceKey, tuple[ResourceKey, ...]]]:
    """The rates and parents that consumers ask for, by clock."""
    rates: dict[ResourceKey, list[int]] = {}
    parents: dict[ResourceKey, list[ResourceKey]] = {}
    asked = {}
    for use in uses:
        if use.prop == "assigned-clocks" and use.place is None:
            asked[use.consumer.path] = use.consumer
            wanted = assigned_rates(use.consumer)
            if use.index < len(wanted) and wanted[use.index]:
                rates.setdefault(use.key, []).append(wanted[use.index])
    for node in asked.values():
        for key, parent in assigned_parents(references, node).items():
            parents.setdefault(key, []).append(parent)
    return (
        {key: tuple(sorted(set(found))) for key, found in rates.items()},
        {key: tuple(sorted(set(found))) for key, found in parents.items()},
    )


class _OfProvider(NamedTuple):
    """What is the same for all resources of a kind that a node provides: facts, the names that it
    gives its clocks, and whether it names none since it is a protocol of SCMI. ``uniform``: the
    tree says nothing else of any of them, unless the node is the resource itself."""

    node: Node
    facts: ResourceFacts
    outputs: Mapping[int, str]
    nameless: bool
    uniform: bool


def _of_provider(references: References, kind: Kind, node: Node) -> _OfProvider:
    supply = supply_of(node) if kind is Kind.VOLTAGE else Supply(None, None)
    points: tuple[OperatingPoint, ...] = ()
    if kind is Kind.PERFORMANCE:
        table = table_of(references, node)
        points = points_of(table) if table is not None else ()
    facts = ResourceFacts(
        on="regulator-boot-on" in node or _is_always_on(node),
        always_on=_is_always_on(node),
        voltages=supply.named,
        points=points,
        where=node,
        latency=_latency(references, kind, node),
        power=_domain_of(references, node) if kind is Kind.CLOCK else None,
        supply=_supply_of(references, node) if kind in (Kind.CLOCK, Kind.POWER) else None,
        listed=bool(supply.listed),
    )
    outputs = clock_output_names(node) if kind is Kind.CLOCK else {}
    uniform = not outputs and kind not in _NESTED
    return _OfProvider(node, facts, outputs, scmi_protocol(node) is not None, uniform)


def _facts(
    references: References,
    key: ResourceKey,
    provider: _OfProvider,
    rates: tuple[int, ...],
    parents: tuple[ResourceKey, ...],
) -> ResourceFacts:
    node, facts = provider.node, provider.facts
    if key.cells and provider.uniform and not rates and not parents:
        return facts
    names = () if provider.nameless else tuple(_names(key, node, provider.outputs))
    rates = rates or _known_rates(references, key, node)
    parent = _parent(references, key, node)
    if not (names or rates or parents or parent):
        return facts
    return ResourceFacts(
        names,
        rates,
        parents,
        parent,
        facts.on,
        facts.always_on,
        facts.voltages,
        facts.points,
        node,
        facts.latency,
        facts.power,
        facts.supply,
        listed=facts.listed,
    )


def _is_always_on(node: Node) -> bool:
    """Whether a regulator or a power domain of its own node is never off (Linux
    ``Bindings/regulator/regulator.yaml``, ``…/power/apple,pmgr-pwrstate.yaml``)."""
    return "regulator-always-on" in node or "apple,always-on" in node


def _domain_of(references: References, node: Node) -> ResourceKey | None:
    """The power domain of a provider that is in one alone."""
    entries = references.of(node, "power-domains")
    found = {key_of(Kind.POWER, entry) for entry in entries if entry.provider is not node}
    key = found.pop() if len(found) == 1 else None
    return key if key is not None and key.kind is Kind.POWER else None


def _supply_of(references: References, node: Node) -> ResourceKey | None:
    """The supply of a provider, or of a power domain's own node, that has one alone."""
    names = [name for name in node.properties if name.endswith("-supply")]
    found = references.target(node, names[0]) if len(names) == 1 else None
    return voltage_key(found) if found is not None and found is not node else None


#: How many fixed factors may follow one another.
_MAX_FACTORS = 16
#: The highest rate in Hz that is accepted.
_MAX_RATE = 2**63 - 1


def fixed_rate(references: References, node: Node) -> int | None:
    """The rate in Hz of a clock as far as the tree has it: ``clock-frequency``, or a fixed factor
    of such a clock (Linux ``Bindings/clock/fixed-clock.yaml``, ``fixed-factor-clock.yaml``)."""
    times = over = 1
    for _ in range(_MAX_FACTORS):
        rate = node.cell("clock-frequency")
        if rate is not None:
            found = rate * times // over
            return found if found <= _MAX_RATE else None
        factor, divider = node.cell("clock-mult"), node.cell("clock-div")
        entries = references.of(node, "clocks")
        if factor is None or not divider or len(entries) != 1:
            return None
        times, over, node = times * factor, over * divider, entries[0].provider
    return None


def _known_rates(references: References, key: ResourceKey, node: Node) -> tuple[int, ...]:
    """The rate of a provider of a single clock, if the tree has it."""
    if key.kind is not Kind.CLOCK or key.cells:
        return ()
    rate = fixed_rate(references, node)
    return () if not rate else (rate,)


def _latency(references: References, kind: Kind, node: Node) -> int | None:
    """The longest switching time in µs: the deepest idle state of a domain, a supply's ramp."""
    if kind is Kind.VOLTAGE:
        return _ramp(node)
    if kind is not Kind.POWER:
        return None
    states = references.of(node, "domain-idle-states")
    times = [
        (state.provider.cell("entry-latency-us") or 0)
        + (state.provider.cell("exit-latency-us") or 0)
        for state in states
    ]
    return max(times, default=None)


def _ramp(regulator: Node) -> int | None:
    """The longest that a supply may need: to come on, or to change as far as it can (Linux
    ``Bindings/regulator/regulator.yaml``)."""
    times = [
        regulator.cell(f"regulator-{name}")
        for name in (
            "enable-ramp-delay",
            "settling-time-us",
            "settling-time-up-us",
            "settling-time-down-us",
        )
    ]
    lowest, highest = (regulator.cell(f"regulator-{end}-microvolt") for end in ("min", "max"))
    speed = regulator.cell("regulator-ramp-delay")
    if speed and lowest is not None and highest is not None and highest > lowest:
        times.append(-((lowest - highest) // speed))
    return max((time for time in times if time is not None), default=None)


def _parent(references: References, key: ResourceKey, node: Node) -> ResourceKey | None:
    """The power domain above a power domain, the supply above a supply."""
    if key.kind is Kind.POWER:
        return _parent_domain(references, key, node)
    above = references.target(node, "vin-supply") if key.kind is Kind.VOLTAGE else None
    return voltage_key(above) if above is not None and above is not node else None


def names_of(tree: DeviceTree, key: ResourceKey) -> tuple[str, ...]:
    """The names the provider of a resource gives it, best first."""
    node = ProviderNodes(tree).node(key)
    if scmi_protocol(node) is not None:
        return ()
    return tuple(_names(key, node, clock_output_names(node)))


def stated_name(nodes: ProviderNodes, key: ResourceKey) -> tuple[str, Node] | None:
    """The name that a property of the provider states, and its node; not the name of a node."""
    node = nodes.node(key)
    if scmi_protocol(node) is not None:
        return None
    name = next(_stated(key, node, clock_output_names(node)), None)
    return None if name is None else (name, node)


def _names(key: ResourceKey, node: Node, outputs: Mapping[int, str]) -> Iterator[str]:
    """The names that a provider that is not SCMI's gives, best first."""
    yield from _stated(key, node, outputs)
    if not key.cells and key.kind is not Kind.RESET:
        yield node.base_name if "@" in node.name and key.kind is Kind.CLOCK else node.name


def _stated(key: ResourceKey, node: Node, outputs: Mapping[int, str]) -> Iterator[str]:
    if key.kind is Kind.CLOCK:
        if len(key.cells) <= 1 and (name := outputs.get(key.cells[0] if key.cells else 0)):
            yield name
    elif key.kind is Kind.VOLTAGE:
        yield from filter(None, (node.string("regulator-name"),))
    elif key.kind is Kind.POWER:
        yield from filter(None, (node.string("label"),))


def clock_output_names(node: Node) -> dict[int, str]:
    """Specifier → the name that a clock controller gives that output, if it names its outputs."""
    names = node.strings("clock-output-names")
    numbers = node.cells("clock-indices") or range(len(names))
    return {number: name for number, name in zip(numbers, names, strict=False) if name}


def _parent_domain(references: References, key: ResourceKey, node: Node) -> ResourceKey | None:
    """The domain above: of the nesting node, or of ``power-domains`` of the provider."""
    controller = domain_controller(node)
    if controller is not node:
        above = node.parent
        if above is None or above is controller or above.cell("reg") is None:
            return None
        return ResourceKey(Kind.POWER, controller.path, (above.cell("reg") or 0,))
    entries = references.of(node, "power-domains")
    children = node.cells("power-domains-child-ids")
    if children is not None and key.cells:
        pairs = zip(children, entries, strict=False)
        entries = tuple(entry for child, entry in pairs if child == key.cells[0])
    if len(entries) != 1:
        return None
    parent = key_of(Kind.POWER, entries[0])
    return parent if parent.kind is Kind.POWER and parent != key else None
