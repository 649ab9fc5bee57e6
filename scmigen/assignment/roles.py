"""What follows from the role of an agent: one row per role, read by every later stage."""

from collections.abc import Mapping

from scmigen.data import Data
from scmigen.runtime import Role, SystemPower
from scmigen.scmi.protocols import Kind

#: Shared memory of a guest is mapped page by page; otherwise messages are 32-bit words.
PAGE, WORD = 4096, 4


class RoleFacts(Data):
    """The consequences of a role.

    ``permissions``: may change permissions (base messages 0x9 to 0xB), and ``system_power`` what
    it may do with protocol 0x12, unless the user says otherwise.
    ``sets_system_power``: in SCP-firmware, an agent that has protocol 0x12 sets the state of the
    system if its role does, and is told of it in any case.
    ``switches_unused_off``: it may run an operating system that switches off, late in its boot,
    what is on and none of its drivers uses (Linux ``clk_disable_unused``,
    ``genpd_power_off_unused``, ``regulator_late_cleanup``).
    ``scp_agent_type``: suffix of ``SCMI_AGENT_TYPE_`` in SCP-firmware. ``alignment``: of the
    agent's shared memory, in bytes. ``usual``: kinds that such an agent exists for. ``drivers``:
    the operating system whose drivers it has, unless the user says otherwise.
    """

    permissions: bool
    system_power: SystemPower
    sets_system_power: bool
    scp_agent_type: str
    alignment: int
    usual: frozenset[Kind] = frozenset()
    switches_unused_off: bool = True
    drivers: str | None = None


#: Role → its consequences.
ROLES: Mapping[Role, RoleFacts] = {
    Role.OSPM: RoleFacts(False, SystemPower.SET, False, "OSPM", WORD, drivers="linux"),
    Role.PSCI: RoleFacts(
        False, SystemPower.SET, True, "PSCI", WORD, frozenset({Kind.POWER}), False
    ),
    Role.HYPERVISOR: RoleFacts(True, SystemPower.SET, True, "MANAGEMENT", WORD, drivers="linux"),
    Role.SECURE: RoleFacts(
        False, SystemPower.NONE, False, "OTHER", WORD, switches_unused_off=False
    ),
    Role.VM: RoleFacts(False, SystemPower.TOLD, False, "OTHER", PAGE, drivers="linux"),
    Role.OTHER: RoleFacts(False, SystemPower.NONE, False, "OTHER", WORD),
}
