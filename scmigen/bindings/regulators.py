"""The voltages that a regulator can supply (Linux ``Bindings/regulator``).

The binding has no property for the step between two voltages: ``regulator-max-step-microvolt`` is
how far one change may go. What lies between the limits is therefore unknown, except for regulators
that select one of a few listed voltages.
"""

from scmigen.devicetree.nodes import Node
from scmigen.tuples import NamedTuple

#: Compatible → the property with pairs of a voltage and what selects it.
_TABLES = {"regulator-gpio": "states", "pwm-regulator": "voltage-table"}

#: What a regulator says to its consumers and to who switches it, whatever drives it.
CONSTRAINTS = (
    "regulator-min-microvolt",
    "regulator-max-microvolt",
    "regulator-max-step-microvolt",
    "regulator-always-on",
    "regulator-boot-on",
    "regulator-enable-ramp-delay",
    "regulator-ramp-delay",
)

#: The same but for what Linux does at once: it switches such a regulator on.
UNSWITCHED = tuple(name for name in CONSTRAINTS if not name.endswith("-on"))


class Supply(NamedTuple):
    """Voltages in µV: the limits as far as the tree has them, and the only ones, if it lists
    them."""

    lowest: int | None
    highest: int | None
    listed: tuple[int, ...] = ()

    @property
    def named(self) -> tuple[int, ...]:
        """All voltages that the regulator's node has, ascending."""
        limits = (end for end in (self.lowest, self.highest) if end is not None)
        return self.listed or tuple(sorted(set(limits)))

    def can_supply(self, lowest: int, highest: int) -> bool:
        """Whether some voltage from ``lowest`` to ``highest`` is possible, or may be."""
        if self.listed:
            return any(lowest <= voltage <= highest for voltage in self.listed)
        above = self.highest is None or lowest <= self.highest
        return above and (self.lowest is None or highest >= self.lowest)

    def may_vary_to(self, voltage: int) -> bool:
        """Whether a voltage lies between the limits of a regulator that lists none."""
        return not self.listed and self.can_supply(voltage, voltage)


def supply_of(regulator: Node) -> Supply:
    """The voltages of a regulator."""
    lowest, highest = (regulator.cell(f"regulator-{end}-microvolt") for end in ("min", "max"))
    found = Supply(lowest, highest)
    for text in regulator.strings("compatible"):
        # A GPIO regulator may be one of currents (Bindings/regulator/gpio-regulator.yaml).
        if text in _TABLES and regulator.string("regulator-type") != "current":
            pairs = regulator.cells(_TABLES[text]) or ()
            listed = (voltage for voltage in pairs[::2] if found.can_supply(voltage, voltage))
            return Supply(lowest, highest, tuple(sorted(set(listed))))
    return found
