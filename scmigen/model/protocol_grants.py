"""Grants on a protocol as a whole: changing permissions, and the power of the system.

They follow from the role of an agent (`scmigen.assignment.roles`) and from what the user says of
it, not from a resource that a device needs.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from scmigen.assignment.assignment import Agent
from scmigen.assignment.roles import ROLES
from scmigen.scmi.protocols import Protocol


class Right(StrEnum):
    """What an agent may do besides using resources. Both are denied by default.

    ``PERMISSIONS``: change the permissions of agents, its own too (base messages 0x9 to 0xB).
    ``SYSTEM_POWER``: ask for a state of the system and be notified of it (protocol 0x12).
    """

    PERMISSIONS = "permissions"
    SYSTEM_POWER = "system-power"

    @property
    def protocol(self) -> Protocol:
        """The protocol with the messages that the right opens."""
        return Protocol.BASE if self is Right.PERMISSIONS else Protocol.SYSTEM

    @property
    def operations(self) -> tuple[str, ...]:
        """The operations that the right opens, in words."""
        return ("change",) if self is Right.PERMISSIONS else ("state", "read")


@dataclass(frozen=True, slots=True)
class ProtocolGrant:
    """A right of an agent, with the reason in words."""

    agent: Agent
    right: Right
    because: str


def protocol_grants(agents: Iterable[Agent]) -> Iterator[ProtocolGrant]:
    """The rights of all agents, by agent."""
    for agent in agents:
        role = ROLES[agent.role]
        by_role = f"its role is {agent.role}"
        if agent.permissions:
            why = by_role if role.permissions else "its entry says permissions: true"
            yield ProtocolGrant(agent, Right.PERMISSIONS, why)
        if role.told_of_system_power:
            yield ProtocolGrant(agent, Right.SYSTEM_POWER, by_role)
