"""The pins that devices ask for, against those that a server lets their agent set.

No resource of the model stands for a pin: a tree has them in properties of a driver only
(`scmigen.bindings.imx_pins`). They are compared where the server has pins at all.
"""

from collections.abc import Iterator

from scmigen.assignment.assignment import Agent
from scmigen.assignment.words import spans
from scmigen.bindings.imx_pins import Pin, pins_of
from scmigen.checks.served_view import View
from scmigen.checks.words import node_word
from scmigen.diagnostics import Diagnostic, Finding, Related
from scmigen.model.platform import Model, Platform
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind

PIN_MISSING = Finding(
    "pin-missing",
    "A device asks for a pin that the server does not let its agent set.",
    "Allow it at the server, or drop the pin from the device's groups.",
)


def asked_of(model: Model, platform: Platform, agent: Agent) -> tuple[Pin, ...]:
    """The pins that the nodes of an agent ask for."""
    if platform.instance is None:
        return ()
    found = pins_of(platform.inventory, platform.instance)
    return tuple(pin for pin in found if agent in model.owners.of(pin.node).agents)


def pins_missing(model: Model, platform: Platform, mine: Agent, view: View) -> Iterator[Diagnostic]:
    """One error for each device, with the pins that its agent may not set."""
    if not view.complete or not any(kind is Kind.PIN for kind, _ in view.rows):
        return
    lacking: dict[str, list[Pin]] = {}
    for pin in asked_of(model, platform, mine):
        row = view.rows.get((Kind.PIN, pin.number))
        allowed = frozenset[Operation]() if row is None else row.operations | row.unknown
        if Operation.CONFIG not in allowed:
            lacking.setdefault(pin.node.path, []).append(pin)
    for path, pins in lacking.items():
        numbers = sorted({pin.number for pin in pins})
        named = [
            f"pin {number} is {row.resource.name}"
            for number in numbers
            if (row := view.rows.get((Kind.PIN, number))) and row.resource.name
        ]
        yield PIN_MISSING.error(
            f"{view.agent.name} needs to set pin {spans(numbers)} for "
            f"{node_word(model.inventory.tree, path)}, which the server does not allow",
            pins[0].position,
            [*(Related(word) for word in named), Related("the server", view.position)],
            "allow it at the server, or drop the pin from the device's groups",
        ).about(nodes=[path], agents=[view.agent.name])
