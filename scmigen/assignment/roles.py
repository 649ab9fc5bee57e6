"""What follows from the role of an agent: one row per role, read by every later stage."""

from collections.abc import Mapping
from dataclasses import dataclass

from scmigen.runtime import Role

#: Shared memory of a guest is mapped page by page; otherwise messages are 32-bit words.
PAGE, WORD = 4096, 4


@dataclass(frozen=True, slots=True)
class RoleFacts:
    """The consequences of a role.

    ``permissions``: may change permissions (base messages 0x9 to 0xB) unless the user says
    otherwise. ``told_of_system_power``: may use protocol 0x12 (release 3.2, section 4.4).
    ``sets_system_power``: SCP-firmware, too, lets it set the state of the system.
    ``scp_agent_type``: suffix of ``SCMI_AGENT_TYPE_`` in SCP-firmware. ``alignment``: of the
    agent's shared memory, in bytes.
    """

    permissions: bool
    told_of_system_power: bool
    sets_system_power: bool
    scp_agent_type: str
    alignment: int


#: Role → its consequences.
ROLES: Mapping[Role, RoleFacts] = {
    Role.OSPM: RoleFacts(False, True, False, "OSPM", WORD),
    Role.PSCI: RoleFacts(False, True, True, "PSCI", WORD),
    Role.HYPERVISOR: RoleFacts(True, True, True, "MANAGEMENT", WORD),
    Role.SECURE: RoleFacts(False, False, False, "OTHER", WORD),
    Role.VM: RoleFacts(False, False, False, "OTHER", PAGE),
    Role.OTHER: RoleFacts(False, False, False, "OTHER", WORD),
}
