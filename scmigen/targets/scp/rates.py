"""The rates of clock drivers: Hz in 32 bits, ascending, the rate at boot among them."""

from collections.abc import Iterable

from scmigen.data import Data
from scmigen.targets.scp.spaces import Element

#: The highest rate in Hz that an entry of a clock driver's rate table holds.
MAX_RATE = 0xFFFF_FFFF


class ClockRates(Data):
    """The rates of a clock element in Hz, ascending, and the one at boot, which is among them."""

    element: Element
    rates: tuple[int, ...]
    rate: int
    assumed: tuple[str, ...]

    @property
    def says(self) -> str:
        """Where the clock comes from, and which values were assumed."""
        assumed = f"; assumed: {', '.join(self.assumed)}" if self.assumed else ""
        return self.element.origin + assumed


def rate_table(
    element: Element, known: Iterable[int], boot: int, assumed: tuple[str, ...]
) -> ClockRates:
    """The rates that fit, ``boot`` among them; where that does not, the highest one is at boot."""
    usable = {rate for rate in (*known, boot) if rate <= MAX_RATE} or {MAX_RATE}
    rate = boot if boot in usable else max(usable)
    return ClockRates(element, tuple(sorted(usable)), rate, assumed)
