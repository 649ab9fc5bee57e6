"""The kinds of resource that SCP-firmware gets tables for, one row per kind.

Names are those of SCP-firmware 2.14; ``docs/reference/scp.md`` says where each comes from.
"""

from collections.abc import Mapping
from enum import StrEnum

from scmigen.data import Data
from scmigen.scmi.protocols import Kind


class Slot(StrEnum):
    """What a driver is for; the words of the agents file."""

    CLOCK = "clock"
    POWER = "power"
    RESET = "reset"
    VOLTAGE = "voltage"
    SENSOR = "sensor"
    SUPPLY = "performance-supply"
    SCALED = "performance-clock"
    TOP = "top-domain"
    DOORBELL = "doorbell"
    SHUTDOWN = "shutdown"
    ALARM = "system-power-alarm"
    FAST_ALARM = "fast-channel-alarm"
    CAPS = "power-capping"


#: Slots that belong to no provider.
SYSTEM_SLOTS = (
    Slot.TOP,
    Slot.DOORBELL,
    Slot.SHUTDOWN,
    Slot.ALARM,
    Slot.FAST_ALARM,
    Slot.CAPS,
)
#: Those of them that only some firmware needs.
OPTIONAL_SLOTS = frozenset({Slot.SHUTDOWN, Slot.ALARM, Slot.FAST_ALARM, Slot.CAPS})


class Permissions(Data):
    """The permission table of a protocol in module resource_perms.

    ``messages``: message id → row of the table; messages without a row are always open. ``first``
    and ``last`` are the commands of these rows, ``field`` is the member of the agent's permissions
    and ``counters`` that of the counts, ``denied`` the bit that denies the whole protocol.
    """

    prefix: str
    first: str
    last: str
    symbol: str
    field: str
    counters: str
    denied: str
    messages: Mapping[int, str]
    note: str = ""


class ScpKind(Data):
    """One kind of resource in SCP-firmware.

    ``prefix`` begins the enumerators of its elements, ``title`` is for comments. ``physical``: its
    permissions are by the indices of elements, which are its SCMI ids for every agent, but for
    power domains where agents have views. Each resource fills ``slots``; the build
    lists the drivers of ``modules``, then the HAL modules ``hal``, then ``protocol``. The files are
    ``mock`` (for mock drivers), ``tables`` (of the HAL) and ``protocol_tables``.
    """

    prefix: str
    title: str
    slots: tuple[Slot, ...]
    modules: tuple[Slot, ...]
    hal: tuple[str, ...]
    protocol: str
    mock: str
    tables: tuple[str, ...]
    protocol_tables: tuple[str, ...]
    permissions: Permissions
    physical: bool = False

    @property
    def id_note(self) -> str:
        """What the ids in its permission table are."""
        return (
            "Ids are indices of elements."
            if self.physical
            else "Ids are the agent's own, rows of its table."
        )


#: Kind → its row, a kind after those that its modules need.
KINDS: Mapping[Kind, ScpKind] = {
    Kind.POWER: ScpKind(
        prefix="POWER_DOMAIN_IDX",
        title="Power domains",
        physical=True,
        slots=(Slot.POWER,),
        modules=(Slot.POWER, Slot.TOP),
        hal=("power-domain",),
        protocol="scmi-power-domain",
        mock="config_mock_ppu.c",
        tables=("config_power_domain.c",),
        protocol_tables=("config_scmi_power_domain.c", "scmi_power_domain_policy.c"),
        permissions=Permissions(
            prefix="POWER_DOMAIN",
            first="MOD_SCMI_PD_POWER_DOMAIN_ATTRIBUTES",
            last="MOD_SCMI_PD_POWER_STATE_NOTIFY",
            symbol="power_domain_permissions",
            field="scmi_pd_perms",
            counters="pd_counters",
            denied="MOD_RES_PERMS_SCMI_POWER_DOMAIN_DENIED",
            note="Message 0x7 is not checked: it is open to whoever has the protocol.",
            messages={
                0x3: "MOD_RES_PERMS_SCMI_POWER_DOMAIN_ATTRIBUTES_IDX",
                0x4: "MOD_RES_PERMS_SCMI_POWER_DOMAIN_STATE_SET_IDX",
                0x5: "MOD_RES_PERMS_SCMI_POWER_DOMAIN_STATE_GET_IDX",
                0x6: "MOD_RES_PERMS_SCMI_POWER_DOMAIN_STATE_NOTIFY_IDX",
            },
        ),
    ),
    Kind.CLOCK: ScpKind(
        prefix="CLOCK_IDX",
        title="Clocks",
        slots=(Slot.CLOCK,),
        modules=(Slot.CLOCK, Slot.SCALED),
        hal=("clock",),
        protocol="scmi-clock",
        mock="config_mock_clock.c",
        tables=("config_clock.c",),
        protocol_tables=("config_scmi_clock.c",),
        permissions=Permissions(
            prefix="CLOCK",
            first="MOD_SCMI_CLOCK_ATTRIBUTES",
            last="MOD_SCMI_CLOCK_CONFIG_SET",
            symbol="clock_permissions",
            field="scmi_clock_perms",
            counters="clock_counters",
            denied="MOD_RES_PERMS_SCMI_CLOCK_PROTOCOL_DENIED",
            messages={
                0x3: "MOD_RES_PERMS_SCMI_CLOCK_ATTRIBUTES_IDX",
                0x4: "MOD_RES_PERMS_SCMI_CLOCK_DESCRIBE_RATE_IDX",
                0x5: "MOD_RES_PERMS_SCMI_CLOCK_RATE_SET_IDX",
                0x6: "MOD_RES_PERMS_SCMI_CLOCK_RATE_GET_IDX",
                0x7: "MOD_RES_PERMS_SCMI_CLOCK_CONFIG_SET_IDX",
            },
        ),
    ),
    Kind.PERFORMANCE: ScpKind(
        prefix="PERF_IDX",
        title="Performance domains",
        physical=True,
        slots=(Slot.SUPPLY, Slot.SCALED),
        modules=(Slot.SUPPLY,),
        hal=("psu", "dvfs"),
        protocol="scmi-perf",
        mock="config_mock_psu.c",
        tables=("config_psu.c", "config_dvfs.c"),
        protocol_tables=("config_scmi_perf.c", "scmi_perf_policy.c"),
        permissions=Permissions(
            prefix="PERF",
            first="MOD_SCMI_PERF_DOMAIN_ATTRIBUTES",
            last="MOD_SCMI_PERF_DESCRIBE_FAST_CHANNEL",
            symbol="perf_permissions",
            field="scmi_perf_perms",
            counters="perf_counters",
            denied="MOD_RES_PERMS_SCMI_PERF_PROTOCOL_DENIED",
            messages={
                0x3: "MOD_RES_PERMS_SCMI_PERF_ATTRIBUTES_IDX",
                0x4: "MOD_RES_PERMS_SCMI_PERF_DESCRIBE_LEVELS_IDX",
                0x5: "MOD_RES_PERMS_SCMI_PERF_LIMITS_SET_IDX",
                0x6: "MOD_RES_PERMS_SCMI_PERF_LIMITS_GET_IDX",
                0x7: "MOD_RES_PERMS_SCMI_PERF_LEVEL_SET_IDX",
                0x8: "MOD_RES_PERMS_SCMI_PERF_LEVEL_GET_IDX",
                0x9: "MOD_RES_PERMS_SCMI_PERF_NOTIFY_LIMITS_IDX",
                0xA: "MOD_RES_PERMS_SCMI_PERF_NOTIFY_LEVEL_IDX",
                0xB: "MOD_RES_PERMS_SCMI_PERF_DESCRIBE_FAST_CHANNEL_IDX",
            },
        ),
    ),
    Kind.SENSOR: ScpKind(
        prefix="SENSOR_IDX",
        title="Sensors",
        physical=True,
        slots=(Slot.SENSOR,),
        modules=(Slot.SENSOR,),
        hal=("sensor",),
        protocol="scmi-sensor",
        mock="config_reg_sensor.c",
        tables=("config_sensor.c",),
        protocol_tables=(),
        permissions=Permissions(
            prefix="SENSOR",
            first="MOD_SCMI_SENSOR_DESCRIPTION_GET",
            last="MOD_SCMI_SENSOR_READING_GET",
            symbol="sensor_permissions",
            field="scmi_sensor_perms",
            counters="sensor_counters",
            denied="MOD_RES_PERMS_SCMI_SENSOR_PROTOCOL_DENIED",
            note="Who has a sensor may begin anywhere to describe them.",
            messages={
                0x3: "MOD_RES_PERMS_SCMI_SENSOR_DESCRIPTION_GET_IDX",
                0x4: "MOD_RES_PERMS_SCMI_SENSOR_TRIP_POINT_NOTIFY_IDX",
                0x5: "MOD_RES_PERMS_SCMI_SENSOR_TRIP_POINT_CONFIG_IDX",
                0x6: "MOD_RES_PERMS_SCMI_SENSOR_READING_GET_IDX",
            },
        ),
    ),
    Kind.RESET: ScpKind(
        prefix="RESET_DOMAIN_IDX",
        title="Reset domains",
        slots=(Slot.RESET,),
        modules=(Slot.RESET,),
        hal=("reset-domain",),
        protocol="scmi-reset-domain",
        mock="config_mock_reset.c",
        tables=("config_reset_domain.c",),
        protocol_tables=("config_scmi_reset_domain.c",),
        permissions=Permissions(
            prefix="RESET_DOMAIN",
            first="MOD_SCMI_RESET_DOMAIN_ATTRIBUTES",
            last="MOD_SCMI_RESET_NOTIFY",
            symbol="reset_domain_permissions",
            field="scmi_reset_domain_perms",
            counters="reset_domain_counters",
            denied="MOD_RES_PERMS_SCMI_RESET_DOMAIN_PROTOCOL_DENIED",
            messages={
                0x3: "MOD_RES_PERMS_SCMI_RESET_DOMAIN_ATTRIBUTES_IDX",
                0x4: "MOD_RES_PERMS_SCMI_RESET_DOMAIN_RESET_REQUEST_IDX",
                0x5: "MOD_RES_PERMS_SCMI_RESET_DOMAIN_RESET_NOTIFY_IDX",
            },
        ),
    ),
    Kind.VOLTAGE: ScpKind(
        prefix="VOLTAGE_DOMAIN_IDX",
        title="Voltage domains",
        slots=(Slot.VOLTAGE,),
        modules=(Slot.VOLTAGE,),
        hal=("voltage-domain",),
        protocol="scmi-voltage-domain",
        mock="config_mock_voltage_domain.c",
        tables=("config_voltage_domain.c",),
        protocol_tables=("config_scmi_voltage_domain.c",),
        permissions=Permissions(
            prefix="VOLTAGE_DOMAIN",
            first="MOD_SCMI_VOLTD_DOMAIN_ATTRIBUTES",
            last="MOD_SCMI_VOLTD_LEVEL_GET",
            symbol="voltage_domain_permissions",
            field="scmi_voltd_perms",
            counters="voltd_counters",
            denied="MOD_RES_PERMS_SCMI_VOLTAGE_DOMAIN_PROTOCOL_DENIED",
            messages={
                0x3: "MOD_RES_PERMS_SCMI_VOLTD_DOMAIN_ATTRIBUTES_IDX",
                0x4: "MOD_RES_PERMS_SCMI_VOLTD_DESCRIBE_LEVELS_IDX",
                0x5: "MOD_RES_PERMS_SCMI_VOLTD_CONFIG_SET_IDX",
                0x6: "MOD_RES_PERMS_SCMI_VOLTD_CONFIG_GET_IDX",
                0x7: "MOD_RES_PERMS_SCMI_VOLTD_LEVEL_SET_IDX",
                0x8: "MOD_RES_PERMS_SCMI_VOLTD_LEVEL_GET_IDX",
            },
        ),
    ),
}

#: Slot → the HAL module above it. A driver that is this module: the firmware has that table, too.
HAL: Mapping[str, str] = {
    **{slot: row.hal[-1] for row in KINDS.values() for slot in row.slots},
    Slot.SCALED: "clock",
}
#: The slots whose HAL elements have any order: agents reach them through tables of their own. In
#: the others an element's index is the SCMI number.
TABLED = frozenset({Slot.CLOCK, Slot.RESET, Slot.VOLTAGE, Slot.SCALED})
