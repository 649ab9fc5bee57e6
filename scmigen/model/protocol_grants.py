"""Grants on a protocol as a whole: changing permissions, and the power of the system.

They follow from the role of an agent (`scmigen.assignment.roles`) and from what the user says of
it, not from a resource that a device needs.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum

from scmigen.assignment.assignment import Agent
from scmigen.assignment.roles import ROLES
from scmigen.data import Data
from scmigen.runtime import SystemPower
from scmigen.scmi.protocols import Protocol


class Right(StrEnum):
    """What an agent may do besides using resources. Both are denied by default.

    ``PERMISSIONS``: change the permissions of agents, its own too (base messages 0x9 to 0xB).
    ``SYSTEM_POWER``: set the state of the system, and be told of it (protocol 0x12).
    """

    PERMISSIONS = "permissions"
    SYSTEM_POWER = "system-power"

    @property
    def protocol(self) -> Protocol:
        """The protocol with the messages that the right opens."""
        return Protocol.BASE if self is Right.PERMISSIONS else Protocol.SYSTEM

    @property
    def operations(self) -> tuple[str, ...]:
        """The operations that the right can open, in words."""
        return ("change",) if self is Right.PERMISSIONS else ("state", "read")


#: What of `Right.SYSTEM_POWER` is opened.
_SYSTEM_POWER: Mapping[SystemPower, tuple[str, ...]] = {
    SystemPower.NONE: (),
    SystemPower.TOLD: ("read",),
    SystemPower.SET: Right.SYSTEM_POWER.operations,
}


class ProtocolGrant(Data):
    """A right of an agent: the operations it opens to that agent, and the reason in words."""

    agent: Agent
    right: Right
    operations: tuple[str, ...]
    because: str


def in_a_word(right: Right, operations: Sequence[str]) -> str:
    """How much of a right an agent has: ``yes``, ``no``, or for a part of it ``told``."""
    if not operations:
        return "no"
    return "yes" if len(operations) == len(right.operations) else SystemPower.TOLD.value


def protocol_grants(agents: Iterable[Agent]) -> Iterator[ProtocolGrant]:
    """The rights of all agents, by agent."""
    for agent in agents:
        role = ROLES[agent.role]
        by_role = f"its role is {agent.role}"
        if agent.permissions:
            why = by_role if role.permissions else "its entry says permissions: true"
            yield ProtocolGrant(agent, Right.PERMISSIONS, Right.PERMISSIONS.operations, why)
        operations = _SYSTEM_POWER[agent.system_power]
        if operations:
            said = f"its entry says system-power: {agent.system_power}"
            why = by_role if agent.system_power is role.system_power else said
            yield ProtocolGrant(agent, Right.SYSTEM_POWER, operations, why)
