"""The two firmwares with a server called ``scmi-msg``, as values that state their differences.

Both grew from one source and answer messages alike; a platform answers for its resources in
functions ``plat_scmi_*``. Read in OP-TEE d5001fe0af66 (2026-08-21) and TF-A 6a164dda7208
(2026-08-20); ``docs/reference/scmi-msg.md`` says where.
"""

from collections.abc import Callable, Mapping

from scmigen.data import Data
from scmigen.model.platform import Platform
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import BEYOND_TREES, Kind
from scmigen.targets.common.optee_channels import optee_channels
from scmigen.targets.limits import Limits

#: Bytes of a name in a reply, but for the NUL: the drivers assert that there is room for it.
_NAME = 15
#: Ids of an agent end where a 16-bit count does.
_ROWS = 0xFFFF
#: Rates are ``unsigned long``; 64 bits as far as SCMI and trees hold them.
_RATE = 0x7FFF_FFFF_FFFF_FFFF
#: Levels are ``long`` there and a signed word in messages.
_LEVEL = 0x7FFF_FFFF
#: Channels that a table has room for, given or not.
CHANNELS = 256


class Variant(Data):
    """A firmware.

    ``agent`` is how its drivers call what tells agents apart, and ``numbers`` has that number by
    the agent's id. ``unsigned`` ends constants. ``files``: path → template, of all platforms.
    ``protocols``: the macros of its protocol ids. ``drivers``: what its build needs for a kind.
    ``includes``: of the tables, ``mock_includes`` of drivers that do nothing. ``init`` is called by
    the platform; empty where the firmware calls it. ``has_parents``: agents can ask for the parents
    of clocks. ``declares_power``: no header has the functions for power domains.
    ``one_is_range``: a single level is described as a range, since lists of levels
    come with a wrong number of those that remain.
    """

    title: str
    agent: str
    numbers: Callable[[Platform], Mapping[int, int]]
    unsigned: str
    files: Mapping[str, str]
    protocols: Mapping[Kind, str]
    drivers: Mapping[Kind, str]
    limits: Limits
    includes: tuple[str, ...]
    mock_includes: tuple[str, ...]
    init: str = ""
    has_parents: bool = False
    declares_power: bool = False
    one_is_range: bool = False
    #: Shared memory must be known when the firmware is built.
    needs_memory: bool = False


def _in_order(platform: Platform) -> Mapping[int, int]:
    """TF-A's platforms pass the number of an agent themselves: from 0, in the order of ids."""
    ids = sorted(agent.id for agent in platform.agents)
    return {agent: number for number, agent in enumerate(ids)}


_BEYOND = dict.fromkeys(BEYOND_TREES, "its scmi-msg has no such protocol")

OPTEE = Variant(
    title="OP-TEE",
    agent="channel",
    numbers=optee_channels,
    unsigned="",
    files={
        "scmi_tables.h": "tables.h",
        "scmi_tables.c": "tables.c",
        "scmi_server.c": "optee/server.c",
        "sub.mk": "optee/sub.mk",
        "scmi.mk": "optee/scmi.mk",
    },
    protocols={
        Kind.PERFORMANCE: "SCMI_PROTOCOL_ID_PERF",
        Kind.CLOCK: "SCMI_PROTOCOL_ID_CLOCK",
        Kind.RESET: "SCMI_PROTOCOL_ID_RESET_DOMAIN",
        Kind.VOLTAGE: "SCMI_PROTOCOL_ID_VOLTAGE_DOMAIN",
    },
    drivers={
        Kind.PERFORMANCE: "CFG_SCMI_MSG_PERF_DOMAIN",
        Kind.CLOCK: "CFG_SCMI_MSG_CLOCK",
        Kind.RESET: "CFG_SCMI_MSG_RESET_DOMAIN",
        Kind.VOLTAGE: "CFG_SCMI_MSG_VOLTAGE_DOMAIN",
    },
    includes=("drivers/scmi-msg.h", "drivers/scmi.h", "mm/core_memprot.h", "util.h"),
    mock_includes=("compiler.h", "drivers/scmi.h"),
    one_is_range=True,
    limits=Limits(
        prefix="optee-msg",
        holder="OP-TEE",
        nonempty=True,
        agents=CHANNELS,
        kinds=frozenset({Kind.PERFORMANCE, Kind.CLOCK, Kind.RESET, Kind.VOLTAGE}),
        without=_BEYOND
        | {
            Kind.POWER: "its scmi-msg has no power domain protocol",
            Kind.SENSOR: "its scmi-msg has no sensor protocol",
        },
        rows=dict.fromkeys((Kind.PERFORMANCE, Kind.CLOCK, Kind.RESET, Kind.VOLTAGE), _ROWS),
        name_bytes=_NAME,
        operations={
            (Kind.CLOCK, Operation.PARENT): "clock protocol 2.0",
            (Kind.PERFORMANCE, Operation.LIMITS): "its performance protocol has no limits",
        },
        rate=_RATE,
        level=_LEVEL,
    ),
)

TFA = Variant(
    title="TF-A",
    agent="agent",
    numbers=_in_order,
    unsigned="U",
    files={
        "scmi_tables.h": "tables.h",
        "scmi_tables.c": "tables.c",
        "scmi_server.c": "tfa/server.c",
        "scmi.mk": "tfa/scmi.mk",
    },
    protocols={
        Kind.POWER: "SCMI_PROTOCOL_ID_POWER_DOMAIN",
        Kind.CLOCK: "SCMI_PROTOCOL_ID_CLOCK",
        Kind.SENSOR: "SCMI_PROTOCOL_ID_SENSOR",
        Kind.RESET: "SCMI_PROTOCOL_ID_RESET_DOMAIN",
    },
    drivers={
        Kind.POWER: "drivers/scmi-msg/power_domain.c",
        Kind.CLOCK: "drivers/scmi-msg/clock.c",
        Kind.SENSOR: "drivers/scmi-msg/sensor.c",
        Kind.RESET: "drivers/scmi-msg/reset_domain.c",
    },
    includes=("platform_def.h", "drivers/scmi-msg.h", "drivers/scmi.h", "lib/utils_def.h"),
    mock_includes=("cdefs.h", "drivers/scmi.h"),
    init="scmi_tables_init",
    has_parents=True,
    declares_power=True,
    needs_memory=True,
    limits=Limits(
        prefix="tfa-msg",
        holder="TF-A",
        nonempty=True,
        agents=CHANNELS,
        kinds=frozenset({Kind.POWER, Kind.CLOCK, Kind.SENSOR, Kind.RESET}),
        without=_BEYOND
        | {
            Kind.PERFORMANCE: "its scmi-msg has no performance protocol",
            Kind.VOLTAGE: "its scmi-msg has no voltage protocol",
        },
        # The sensor driver counts in 16 bits with a sign.
        rows=dict.fromkeys((Kind.POWER, Kind.CLOCK, Kind.RESET), _ROWS) | {Kind.SENSOR: 0x7FFF},
        name_bytes=_NAME,
        operations={
            (Kind.SENSOR, Operation.CONFIG): "its sensor protocol has no SENSOR_CONFIG_SET"
        },
        rate=_RATE,
        # 8 bits of CLOCK_POSSIBLE_PARENTS_GET say how many remain.
        parents=255,
    ),
)
