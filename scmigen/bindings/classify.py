"""The ten rules that decide whether a provider is managed, fixed or local.

The first rule that matches decides. They see the tree only; what the user says about the platform
comes later, in the model. ``ALWAYS_ON`` comes between R2 and R3.
"""

from collections.abc import Callable, Iterator

from scmigen.bindings.facts import ProviderClass
from scmigen.bindings.node_kinds import compatibles, is_bus, is_psci, is_scmi
from scmigen.bindings.status import Availability
from scmigen.bindings.xen import is_mediators
from scmigen.data import Data, field
from scmigen.devicetree.nodes import Node
from scmigen.devicetree.tree import DeviceTree
from scmigen.patterns import pattern
from scmigen.scmi.protocols import Kind

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
#: What these names say is a device whatever it provides; a PHY is one where its lanes are below.
_DEVICE_NAMES = pattern(r"camera|.*serdes.*|.*wiz.*")
#: How a node talks to firmware.
_MAILBOX = ("mboxes", "qcom,ipc")


def _is_gpio(name: str) -> bool:
    return name in ("gpio", "gpios") or name.endswith(("-gpio", "-gpios"))


class Context(Data):
    """The context of the rules: the whole tree."""

    tree: DeviceTree
    availability: Availability
    has_scmi: bool
    _job_memo: dict[int, bool] = field(default_factory=dict)

    def has_other_job(self, node: Node) -> bool:
        """Whether rule R7 applies to ``node`` (memoised)."""
        known = self._job_memo.get(id(node))
        if known is None:
            known = self._job_memo[id(node)] = _other_job(node)
        return known


def context(tree: DeviceTree, availability: Availability) -> Context:
    """The context of a tree."""
    enabled = any(
        is_scmi(node) and not is_mediators(node) and availability.enabled(node)
        for node in tree.nodes
    )
    return Context(tree, availability, enabled)


class Rule(Data):
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


#: What switches a board part that has neither a GPIO nor a PWM, by its compatible.
_SWITCHED_BY = {
    "regulator-fixed-clock": "clocks",
    "regulator-fixed-domain": "power-domains",
    "vctrl-regulator": "ctrl-supply",
}
#: How many parts may switch one another: a PWM regulator the voltage that controls another one.
_MAX_SWITCHES = 4


def switch_of(tree: DeviceTree, node: Node) -> tuple[Node, Node] | None:
    """The part of a switched board part that has the GPIO or PWM, and the controller of that.

    A voltage that another regulator controls is switched by what switches that one.
    """
    found = _switch(tree, node)
    for _ in range(_MAX_SWITCHES):
        if found is None or _SWITCHED.isdisjoint(compatibles(found[1])):
            break
        further = _switch(tree, found[1])
        if further is None:
            break
        found = found[0], further[1]
    return found


def _switch(tree: DeviceTree, node: Node) -> tuple[Node, Node] | None:
    for part in (node, *_chip(node)):
        by = {_SWITCHED_BY[name] for name in part.strings("compatible") if name in _SWITCHED_BY}
        for name in part.properties:
            controller = None
            if _is_gpio(name) or name == "pwms" or name in by:
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
        if is_bus(above):
            return True
        # A regulator in a USB block switches the supply of its sockets.
        if Kind.VOLTAGE in kinds and above.base_name.startswith("usb"):
            return True
    if Kind.VOLTAGE in kinds and _in_a_fed_chip(node):
        return True
    if Kind.POWER in kinds:
        return False
    return any(
        _consumes(context, above) and not _is_transparent(context, above)
        for above in node.ancestors()
    )


def _in_a_fed_chip(node: Node) -> bool:
    """Whether the regulator is part of a chip on the board: without an address, fed from rails."""
    *_, top = (node, *_chip(node))
    fed = any(name.endswith("-supply") for name in top.properties)
    on_board = top.parent is not None and top.parent.parent is None
    return fed and on_board and top not in (node, node.parent)


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
    if any(name in node for name in _MAILBOX):
        return True
    return any(name in node for name in _PROVIDES) and not context.has_other_job(node)


def _has_other_job(context: Context, node: Node, _: frozenset[Kind]) -> bool:
    return context.has_other_job(node)


def _other_job(node: Node) -> bool:
    if any(name in node for name in _OTHER_JOBS) or _DEVICE_NAMES.fullmatch(node.base_name):
        return True
    # A controller of the whole SoC may have a PHY's registers among others (EyeQ5's OLB).
    if "#phy-cells" in node and node.base_name not in _TRANSPARENT_NAMES:
        return True
    if "phy" in node.base_name and any("#phy-cells" in below for below in node.walk()):
        return True
    has_ports = any(child.base_name in ("port", "ports") for child in node.children.values())
    return has_ports and "syscon" not in compatibles(node)


def _die_sensor(_: Context, node: Node, kinds: frozenset[Kind]) -> bool:
    parent = node.parent
    return kinds == {Kind.SENSOR} and ("reg" in node or (parent is not None and "reg" in parent))


def _anything(_: Context, __: Node, ___: frozenset[Kind]) -> bool:
    return True


_M, _F, _L = ProviderClass.MANAGED, ProviderClass.FIXED, ProviderClass.LOCAL

SWITCHED_BY_BOARD = Rule(
    "R3", _L, "it is a board part switched by a GPIO or PWM of an agent", _switched_part
)
BESIDE_SCMI = Rule("R5", _L, "the tree has SCMI, so agents drive the rest natively", _beside_scmi)
BY_DEFAULT = Rule("R9", _M, "it is a controller of the SoC or its firmware", _anything)

#: In order; the first that matches decides. The names are for people only.
RULES: tuple[Rule, ...] = (
    Rule("R1", _M, "it is below an SCMI node", _below_scmi),
    Rule("R2", _L, "it is disabled, so nobody drives it", _disabled),
    Rule("ALWAYS_ON", _F, "it is always on and its voltage never changes", _never_changes),
    SWITCHED_BY_BOARD,
    Rule("R4", _F, "there is nothing to control", _nothing_to_control),
    BESIDE_SCMI,
    Rule(
        "R6",
        _L,
        "it is behind a bus, in a board's chip or inside a device",
        _behind_bus_or_inside_device,
    ),
    Rule("R7", _L, "its node has another job (PHY, codec, display, ADC)", _has_other_job),
    Rule("R8", _L, "it is a sensor on the die", _die_sensor),
    BY_DEFAULT,
)


def classify(context: Context, node: Node, kinds: frozenset[Kind]) -> tuple[Rule, bool]:
    """The first rule that matches the provider, and whether it is local only because the tree has
    SCMI: it would be managed by default otherwise."""
    matching = (rule for rule in RULES if rule.matches(context, node, kinds))
    first = next(matching)
    return first, first is BESIDE_SCMI and next(matching) is BY_DEFAULT
