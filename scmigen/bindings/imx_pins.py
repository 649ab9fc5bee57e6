"""The pins that nodes ask imx-sm for, by the binding nxp,imx95-scmi-pinctrl.

A device refers to groups below the node of the protocol 0x19, and ``fsl,pins`` of a group has six
numbers for each pin: where its multiplexer, its settings and the selection of an input (the daisy
chain) are, and three values. A driver numbers pins by the first, in words. The daisy chains begin
behind the settings, and these behind the multiplexers, so that three numbers tell both.
"""

from collections.abc import Iterator

from scmigen.bindings.dependencies import is_pin_state, named_by
from scmigen.bindings.facts import ScmiInstance
from scmigen.bindings.inventory import Inventory
from scmigen.devicetree.nodes import Node
from scmigen.diagnostics import Position
from scmigen.scmi.protocols import Protocol
from scmigen.tuples import NamedTuple

_PINS = "fsl,pins"
_NUMBERS = 6
_WORD = 4
#: Offsets are those of one block of registers.
_BLOCK = 1 << 16


class Pin(NamedTuple):
    """A pin, the daisy chain that selects it as an input if there is one, who asks, and where."""

    number: int
    daisy: int | None
    node: Node
    position: Position | None


def pins_of(inventory: Inventory, instance: ScmiInstance) -> Iterator[Pin]:
    """The pins that available nodes ask for in any of their states."""
    controller = instance.protocols.get(Protocol.PINCTRL)
    if controller is None:
        return
    for node in inventory.tree.nodes:
        names = [name for name in node.properties if is_pin_state(name)]
        if not names or not inventory.availability.present(node):
            continue
        for name in names:
            for _, group in named_by(inventory.tree, node, name):
                if controller in group.ancestors():
                    yield from _group(group, node)


def _group(group: Node, node: Node) -> Iterator[Pin]:
    listed = group.get(_PINS)
    if listed is None or len(listed.value) % (_WORD * _NUMBERS):
        return
    numbers = listed.cells()
    for at in range(0, len(numbers), _NUMBERS):
        mux, settings, chosen = numbers[at : at + 3]
        if max(mux, settings, chosen) >= _BLOCK or settings <= mux:
            continue
        begin = 2 * (settings - mux)
        daisy = (chosen - begin) // _WORD if chosen >= begin else None
        yield Pin(mux // _WORD, daisy, node, listed.position_at(at * _WORD))
