"""Who drives a provider: the nine rules that tell managed, fixed and local apart.

The first rule that matches decides. They see the tree only; what the user says about the platform
comes later, in the model. ``ALWAYS_ON`` stands between R2 and R3.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from scmigen.bindings.facts import ProviderClass
from scmigen.bindings.status import Availability
from scmigen.devicetree.tree import DeviceTree, Node
from scmigen.scmi.protocols import Kind

SCMI_COMPATIBLES = frozenset(
    {
        "arm,scmi",
        "arm,scmi-smc",
        "arm,scmi-smc-param",
        "arm,scmi-virtio",
        "linaro,scmi-optee",
        "qcom,scmi-smc",
    }
)

#: What describes the server itself: who may use what under which number.
SCMI_SERVER = "optee,scmi-server"

_SWITCHED = frozenset(
    {
        "regulator-gpio",
        "regulator-fixed-clock",
        "regulator-fixed-domain",
        "pwm-regulator",
        "vctrl-regulator",
        "gpio-gate-clock",
        "gpio-mux-clock",
        "gated-fixed-clock",
        "pwm-clock",
    }
)
_FIXED = frozenset({"fixed-clock", "fixed-factor-clock", "regulator-fixed"})
#: Names of bus controllers whose devices are reached through them.
BUS_NAMES = frozenset(
    {
        "i2c",
        "i3c",
        "spi",
        "spmi",
        "rsb",
        "pwrap",
        "mdio",
        "slim",
        "soundwire",
        "usb",
        "pcie",
        "w1",
        "onewire",
    }
)
_TRANSPARENT_NAMES = frozenset(
    {
        "bus",
        "soc",
        "target-module",
        "clock-controller",
        "power-controller",
        "reset-controller",
        "system-controller",
    }
)
_TRANSPARENT_COMPATIBLES = frozenset({"simple-bus", "simple-pm-bus", "syscon"})
_PROVIDES = ("#clock-cells", "#power-domain-cells", "#reset-cells")
_CONSUMES = ("clocks", "resets")
_OTHER_JOBS = ("#sound-dai-cells", "phys", "#io-channel-cells", "io-channels")
_PHY_WORDS = ("phy", "serdes", "wiz")


def compatibles(node: Node) -> frozenset[str]:
    """The strings of a node's ``compatible``."""
    return frozenset(node.strings("compatible"))


def is_scmi(node: Node) -> bool:
    """Whether the node is an SCMI instance (Linux ``Bindings/firmware/arm,scmi.yaml``).

    Agents that a server description lists have the same compatibles and are none.
    """
    if SCMI_COMPATIBLES.isdisjoint(node.strings("compatible")):
        return False
    return node.parent is None or not is_scmi_server(node.parent)


def is_scmi_server(node: Node) -> bool:
    """Whether the node describes an SCMI server (OP-TEE's ``optee,scmi-server``)."""
    return SCMI_SERVER in node.strings("compatible")


def is_psci(node: Node) -> bool:
    """Whether the node is the PSCI firmware interface."""
    return any(text.startswith("arm,psci") for text in node.strings("compatible"))


def _is_gpio(name: str) -> bool:
    return name in ("gpio", "gpios") or name.endswith(("-gpio", "-gpios"))


@dataclass(frozen=True, slots=True)
class Context:
    """What the rules may ask of the whole tree."""

    tree: DeviceTree
    availability: Availability
    has_scmi: bool
    _job_memo: dict[int, bool] = field(default_factory=dict)

    def has_other_job(self, node: Node) -> bool:
        """R7's question, asked of many nodes many times."""
        known = self._job_memo.get(id(node))
        if known is None:
            known = self._job_memo[id(node)] = _other_job(node)
        return known


def context(tree: DeviceTree, availability: Availability) -> Context:
    """The context of a tree."""
    enabled = any(is_scmi(node) and availability.enabled(node) for node in tree.nodes)
    return Context(tree, availability, enabled)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its name, the class it gives, the reason shown to people, and the test."""

    name: str
    category: ProviderClass
    reason: str
    matches: Callable[[Context, Node, frozenset[Kind]], bool]


def _below_scmi(_: Context, node: Node, __: frozenset[Kind]) -> bool:
    return any(is_scmi(above) for above in node.ancestors())


def _disabled(context: Context, node: Node, _: frozenset[Kind]) -> bool:
    return not context.availability.present(node)


def _never_changes(_: Context, node: Node, __: frozenset[Kind]) -> bool:
    if "regulator-always-on" not in node:
        return False
    return node.cell("regulator-min-microvolt") == node.cell("regulator-max-microvolt")


def _switched_part(_: Context, node: Node, __: frozenset[Kind]) -> bool:
    names = compatibles(node)
    if not _SWITCHED.isdisjoint(names):
        return True
    if "regulator-fixed" in names and any(map(_is_gpio, node.properties)):
        return True
    return any(any(name.endswith("-gpios") for name in part.properties) for part in _chip(node))


def _chip(node: Node) -> Iterator[Node]:
    """The node and those above it that have no ``reg``: a chip without a bus address."""
    part: Node | None = node
    while part is not None and part.parent is not None and "reg" not in part:
        yield part
        part = part.parent


def switch_of(tree: DeviceTree, node: Node) -> tuple[Node, Node] | None:
    """What switches a board part: the part that has the GPIO or PWM, and the controller of that."""
    for part in (node, *_chip(node)):
        for name in part.properties:
            controller = None
            if _is_gpio(name) or name == "pwms":
                controller = tree.by_phandle(part.cell(name) or 0)
            if controller is not None:
                return part, controller
    return None


def _nothing_to_control(_: Context, node: Node, __: frozenset[Kind]) -> bool:
    return not _FIXED.isdisjoint(compatibles(node)) or any(map(is_psci, node.ancestors()))


def _beside_scmi(context: Context, _: Node, __: frozenset[Kind]) -> bool:
    return context.has_scmi


def _behind_bus_or_inside_device(context: Context, node: Node, kinds: frozenset[Kind]) -> bool:
    for above in node.ancestors():
        if above.base_name in BUS_NAMES:
            return True
        # A regulator in a USB block switches the supply of its sockets.
        if Kind.VOLTAGE in kinds and above.base_name.startswith("usb"):
            return True
    if Kind.POWER in kinds:
        return False
    return any(
        _consumes(context, above) and not _is_transparent(context, above)
        for above in node.ancestors()
    )


def _consumes(context: Context, node: Node) -> bool:
    if any(name in node for name in _CONSUMES):
        return True
    phandles = node.cells("power-domains")
    if not phandles:
        return False
    target = context.tree.by_phandle(phandles[0])
    return target is None or not any(map(is_psci, target.ancestors()))


def _is_transparent(context: Context, node: Node) -> bool:
    if node.base_name in _TRANSPARENT_NAMES:
        return True
    if not _TRANSPARENT_COMPATIBLES.isdisjoint(compatibles(node)):
        return True
    return any(name in node for name in _PROVIDES) and not context.has_other_job(node)


def _has_other_job(context: Context, node: Node, _: frozenset[Kind]) -> bool:
    return context.has_other_job(node)


def _other_job(node: Node) -> bool:
    if "#phy-cells" in node or any(name in node for name in _OTHER_JOBS):
        return True
    if any(word in node.base_name for word in _PHY_WORDS) and any(
        "#phy-cells" in below for below in node.walk()
    ):
        return True
    has_ports = any(child.base_name in ("port", "ports") for child in node.children.values())
    return has_ports and "syscon" not in compatibles(node)


def _die_sensor(_: Context, node: Node, kinds: frozenset[Kind]) -> bool:
    parent = node.parent
    return kinds == {Kind.SENSOR} and ("reg" in node or (parent is not None and "reg" in parent))


def _anything(_: Context, __: Node, ___: frozenset[Kind]) -> bool:
    return True


_M, _F, _L = ProviderClass.MANAGED, ProviderClass.FIXED, ProviderClass.LOCAL

RULES: tuple[Rule, ...] = (
    Rule("R1", _M, "it is below an SCMI node", _below_scmi),
    Rule("R2", _L, "it is disabled, so nobody drives it", _disabled),
    Rule("ALWAYS_ON", _F, "it is always on and its voltage never changes", _never_changes),
    Rule("R3", _L, "it is a board part switched by a GPIO or PWM of an agent", _switched_part),
    Rule("R4", _F, "there is nothing to control", _nothing_to_control),
    Rule("R5", _L, "the tree has SCMI, so agents drive the rest natively", _beside_scmi),
    Rule("R6", _L, "it is behind a bus or inside a device", _behind_bus_or_inside_device),
    Rule("R7", _L, "its node has another job (PHY, codec, display, ADC)", _has_other_job),
    Rule("R8", _L, "it is a sensor on the die", _die_sensor),
    Rule("R9", _M, "it is a controller of the SoC or its firmware", _anything),
)


def classify(context: Context, node: Node, kinds: frozenset[Kind]) -> tuple[Rule, bool]:
    """The first rule that matches the provider, and whether only R5 made it local."""
    matching = (rule for rule in RULES if rule.matches(context, node, kinds))
    first = next(matching)
    return first, first.name == "R5" and next(matching).name == "R9"
