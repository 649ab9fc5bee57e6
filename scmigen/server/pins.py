"""The pin groups and functions of an agent, by its own numbers: dense from 0, and constant.

Agents know groups and functions by position and read all of them when they start; U-Boot gives up
on pin control if it may not see one. An agent therefore has the groups of which the configuration
grants it every pin, and the functions of which it has a group or, if they are of pins, a pin.
"""

from collections.abc import Mapping

from scmigen import runtime
from scmigen.data import Data
from scmigen.scmi.protocols import Kind


class Group(Data):
    """A group: its pins, by the agent's ids."""

    name: str
    pins: tuple[int, ...]


class Function(Data):
    """A function: the platform's number; its groups or, with ``about.pins_only``, its pins, by the
    agent's numbers."""

    number: int
    about: runtime.PinFunction
    members: tuple[int, ...]


class PinTables(Data):
    """The groups and functions of one agent; ``functions_of``: its number of each function of the
    platform that it has."""

    groups: tuple[Group, ...]
    functions: tuple[Function, ...]
    functions_of: Mapping[int, int]


def pin_tables(platform: runtime.Runtime, agent: runtime.Agent) -> PinTables:
    """The groups and functions of ``agent``."""
    ids = {grant.resource: grant.id for grant in agent.grants.get(Kind.PIN, ())}
    numbers = [
        number for number, group in enumerate(platform.pin_groups) if ids.keys() >= {*group.pins}
    ]
    groups = [platform.pin_groups[number] for number in numbers]
    own = {number: at for at, number in enumerate(numbers)}
    functions = tuple(
        Function(number, about, members)
        for number, about in enumerate(platform.pin_functions)
        if (members := _members(about, own, tuple(ids.values())))
    )
    return PinTables(
        tuple(Group(group.name, tuple(ids[pin] for pin in group.pins)) for group in groups),
        functions,
        {function.number: at for at, function in enumerate(functions)},
    )


def _members(
    about: runtime.PinFunction, groups: Mapping[int, int], pins: tuple[int, ...]
) -> tuple[int, ...]:
    if about.pins_only:
        return pins
    return tuple(groups[number] for number in about.groups if number in groups)
