"""What nodes ask of NXP's own SCMI protocols, by the binding nxp,imx95-scmi and Linux' drivers.

A node of the protocol 0x81 is the battery-backed module: its clock, which the driver sets, with an
alarm (``rtc-imx-sm-bbm.c``), and its button (``imx-sm-bbm-key.c``). ``nxp,ctrl-ids`` of the
protocol 0x84 lists controls that the driver wants to be told of (``sm-misc.c``), in pairs of a
number and flags. Nothing else in a tree says what of these protocols an agent uses.
"""

from collections.abc import Iterator

from scmigen.bindings.facts import ScmiInstance
from scmigen.devicetree.nodes import Node
from scmigen.diagnostics import Position
from scmigen.tuples import NamedTuple

BATTERY_BACKED, CONTROLS = 0x81, 0x84
_LISTED = "nxp,ctrl-ids"
#: Set in the number of a control that is the board's, which are numbered behind the device's.
_BOARDS = 0x8000


class Asked(NamedTuple):
    """A resource that a node's driver uses: the word of its kind and its number, which counts those
    of the board alone where it is ``boards``; whether the driver ``sets`` it, or is told of it."""

    kind: str
    number: int
    boards: bool
    sets: bool
    node: Node
    position: Position | None


def asked_of(instance: ScmiInstance) -> Iterator[Asked]:
    """All that the protocol nodes of an SCMI node ask for."""
    node = instance.protocols.get(BATTERY_BACKED)
    if node is not None:
        yield Asked("rtc", 0, False, True, node, node.position)
        yield Asked("button", 0, False, False, node, node.position)
    node = instance.protocols.get(CONTROLS)
    listed = None if node is None else node.get(_LISTED)
    if node is None or listed is None or len(listed.value) % 8:
        return
    numbers = listed.cells()
    for number in dict.fromkeys(numbers[::2]):
        at = listed.position_at(4 * 2 * numbers[::2].index(number))
        yield Asked("ctrl", number & ~_BOARDS, bool(number & _BOARDS), False, node, at)
