"""The versions of SCP-firmware whose tables have a shape of their own, as values."""

from collections.abc import Mapping

from scmigen.data import Data
from scmigen.hints import Final


class Version(Data):
    """Sources whose tables have one shape.

    ``name`` is its word in options and ``read`` the commit in which the shape was read. By the last
    command that module scmi-clock has, ``last_clock_command``, tables that are compiled with other
    sources find out. ``clock_agents``: an agent's clocks are an element of that module, in place of
    a row of its data. ``writes_clock_data``: the module writes to its data.
    ``units_per_millisecond``: of the times that alarms are set to. ``interrupt_driver``: interrupts
    of the architecture are a driver that the framework is given; otherwise they are functions,
    which the linker takes from a module that has them. ``power_capping``: it has the module that
    applies power caps; ``power_limiter``: which has one ask for the limit that holds;
    ``whole_cap_steps``: the highest cap must be whole steps above the lowest.
    """

    name: str
    read: str
    last_clock_command: str
    clock_agents: bool = False
    writes_clock_data: bool = False
    units_per_millisecond: int = 1
    interrupt_driver: bool = True
    power_capping: bool = True
    power_limiter: bool = False
    whole_cap_steps: bool = False


#: With clock protocol 2.0. Module resource-perms does not ask for it, nor for the two before it:
#: each clock has flags for them, which stay false.
_RATE_REQUESTED: Final = "MOD_SCMI_CLOCK_RATE_CHANGE_REQUESTED_NOTIFY"

_KNOWN: Final = (
    Version("2.14", "v2.14.0-242-gb34e5ceb", "MOD_SCMI_CLOCK_CONFIG_SET", power_capping=False),
    Version(
        "2.16",
        "v2.16.0",
        _RATE_REQUESTED,
        writes_clock_data=True,
        units_per_millisecond=1000,
        power_limiter=True,
    ),
    Version(
        "2025-11",
        "v2.16.0, and the commits up to 57bb4a30",
        _RATE_REQUESTED,
        clock_agents=True,
        units_per_millisecond=1000,
        interrupt_driver=False,
        whole_cap_steps=True,
    ),
)

#: The versions by the word that ``outputs: {scp: {version: …}}`` and ``--scp-version`` have.
VERSIONS: Mapping[str, Version] = {version.name: version for version in _KNOWN}
