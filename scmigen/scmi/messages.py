"""Every message of every protocol, as rows (DEN0056, chapter 4).

A row: id, name, the version of the protocol it came with, request, values of the reply. The
specification can be read off this file; server, client and documentation use it. Versions by
release of the specification are in `protocols.VERSIONS`; what comes without having been asked for
is in `events`.
"""

from collections.abc import Mapping
from functools import cache
from typing import Final

from scmigen.scmi.layouts import STATUS_SIZE, Bits, Entries, Longer, Message, layout, newest, row
from scmigen.scmi.protocols import VERSIONS, Profile, Protocol

_NAME = "u32 flags, name64 name"


_RETURNED: Final = Bits(0, 12)
_REMAINING: Final = Bits(16, 16)
_TRIPLET: Final = Bits(12, 1)

_DESCRIPTOR: Final = layout("u32 sensor, u32 attributes_low, u32 attributes_high, name16 name")

#: Message ids every protocol has.
VERSION: Final = 0x0
ATTRIBUTES: Final = 0x1
MESSAGE_ATTRIBUTES: Final = 0x2
NEGOTIATE: Final = 0x10

#: What a descriptor of a sensor goes on with: power in µW; then, also for an axis, the resolution
#: ([26:0], [31:27] a signed power of ten) and the least and greatest value.
EXTENDED_SENSOR: Final = layout("u32 power")
EXTENDED_RANGE: Final = layout("u32 resolution, i64 minimum, i64 maximum")
#: Bit 8 of the low attribute word says that it goes on, that of the high one that there are axes.
_GOES_ON: Final = ("attributes_low", Bits(8, 1), 1)
_NO_AXES: Final = ("attributes_high", Bits(8, 1), 0)
_LONGER_SENSOR: Final = (
    Longer(EXTENDED_SENSOR, (_GOES_ON,)),
    Longer(EXTENDED_RANGE, (_GOES_ON, _NO_AXES)),
)
_LONGER_AXIS: Final = (Longer(EXTENDED_RANGE, (_GOES_ON,)),)

#: The values of PROTOCOL_ATTRIBUTES by protocol.
_ATTRIBUTES: Final = {
    Protocol.BASE: "u32 attributes",  # [15:8] agents, [7:0] protocols
    Protocol.POWER: "u32 attributes, u64 statistics, u32 statistics_length",
    Protocol.SYSTEM: "u32 attributes",
    Protocol.PERFORMANCE: "u32 attributes, u64 statistics, u32 statistics_length",
    Protocol.CLOCK: "u32 attributes",  # [23:16] pending asynchronous rate changes, [15:0] clocks
    Protocol.SENSOR: "u32 attributes, u64 registers, u32 registers_length",
    Protocol.RESET: "u32 attributes",
    Protocol.VOLTAGE: "u32 attributes",
    Protocol.POWERCAP: "u32 attributes",
    Protocol.PINCTRL: "u32 attributes_low, u32 attributes_high",
}

_ROWS: Final[Mapping[Protocol, tuple[Message, ...]]] = {
    Protocol.BASE: (
        row(0x3, "BASE_DISCOVER_VENDOR", 0x10000, "", "name16 vendor"),
        row(0x4, "BASE_DISCOVER_SUB_VENDOR", 0x10000, "", "name16 sub_vendor"),
        row(0x5, "BASE_DISCOVER_IMPLEMENTATION_VERSION", 0x10000, "", "u32 version"),
        row(
            0x6,
            "BASE_DISCOVER_LIST_PROTOCOLS",
            0x10000,
            "u32 skip",
            "u32 count",
            Entries(layout("u8 protocol"), "skip", Bits(0, 32)),  # padded to a whole word
        ),
        row(0x7, "BASE_DISCOVER_AGENT", 0x10000, "u32 agent", "name16 name"),
        row(0x7, "BASE_DISCOVER_AGENT", 0x20000, "u32 agent", "u32 agent, name16 name"),
        row(0x8, "BASE_NOTIFY_ERRORS", 0x10000, "u32 enable"),
        row(
            0x9,
            "BASE_SET_DEVICE_PERMISSIONS",
            0x20000,
            "u32 agent, u32 device, u32 flags",
        ),
        row(
            0xA,
            "BASE_SET_PROTOCOL_PERMISSIONS",
            0x20000,
            "u32 agent, u32 device, u32 command, u32 flags",
        ),
        row(0xB, "BASE_RESET_AGENT_CONFIGURATION", 0x20000, "u32 agent, u32 flags"),
    ),
    Protocol.POWER: (
        row(
            0x3,
            "POWER_DOMAIN_ATTRIBUTES",
            0x10000,
            "u32 domain",
            "u32 attributes, name16 name",
        ),
        row(0x4, "POWER_STATE_SET", 0x10000, "u32 flags, u32 domain, u32 state"),
        row(0x5, "POWER_STATE_GET", 0x10000, "u32 domain", "u32 state"),
        row(0x6, "POWER_STATE_NOTIFY", 0x10000, "u32 domain, u32 enable"),
        row(0x7, "POWER_STATE_CHANGE_REQUESTED_NOTIFY", 0x20000, "u32 domain, u32 enable"),
        row(0x8, "POWER_DOMAIN_NAME_GET", 0x30000, "u32 domain", _NAME),
    ),
    Protocol.SYSTEM: (
        row(0x3, "SYSTEM_POWER_STATE_SET", 0x10000, "u32 flags, u32 state"),
        row(0x4, "SYSTEM_POWER_STATE_GET", 0x10000, "", "u32 state"),
        row(0x5, "SYSTEM_POWER_STATE_NOTIFY", 0x10000, "u32 enable"),
    ),
    Protocol.PERFORMANCE: (
        row(
            0x3,
            "PERFORMANCE_DOMAIN_ATTRIBUTES",
            0x10000,
            "u32 domain",
            "u32 attributes, u32 rate_limit, u32 sustained_frequency, u32 sustained_level, "
            "name16 name",
        ),
        row(
            0x4,
            "PERFORMANCE_DESCRIBE_LEVELS",
            0x10000,
            "u32 domain, u32 index",
            "u32 count",
            Entries(layout("u32 level, u32 power, u32 latency"), "index", _RETURNED, _REMAINING),
        ),
        row(
            0x4,
            "PERFORMANCE_DESCRIBE_LEVELS",
            0x40000,
            "u32 domain, u32 index",
            "u32 count",
            Entries(
                layout("u32 level, u32 power, u32 latency, u32 frequency, u32 level_index"),
                "index",
                _RETURNED,
                _REMAINING,
            ),
        ),
        row(0x5, "PERFORMANCE_LIMITS_SET", 0x10000, "u32 domain, u32 maximum, u32 minimum"),
        row(0x6, "PERFORMANCE_LIMITS_GET", 0x10000, "u32 domain", "u32 maximum, u32 minimum"),
        row(0x7, "PERFORMANCE_LEVEL_SET", 0x10000, "u32 domain, u32 level"),
        row(0x8, "PERFORMANCE_LEVEL_GET", 0x10000, "u32 domain", "u32 level"),
        row(0x9, "PERFORMANCE_NOTIFY_LIMITS", 0x10000, "u32 domain, u32 enable"),
        row(0xA, "PERFORMANCE_NOTIFY_LEVEL", 0x10000, "u32 domain, u32 enable"),
        row(
            0xB,
            "PERFORMANCE_DESCRIBE_FASTCHANNEL",
            0x20000,
            "u32 domain, u32 message",
            "u32 attributes, u32 rate_limit, u64 channel, u32 channel_size, u64 doorbell, "
            "u64 doorbell_set, u64 doorbell_preserve",
        ),
        row(0xC, "PERFORMANCE_DOMAIN_NAME_GET", 0x30000, "u32 domain", _NAME),
    ),
    Protocol.CLOCK: (
        row(0x3, "CLOCK_ATTRIBUTES", 0x10000, "u32 clock", "u32 attributes, name16 name"),
        row(
            0x3,
            "CLOCK_ATTRIBUTES",
            0x20000,
            "u32 clock",
            "u32 attributes, name16 name, u32 enable_delay",
        ),
        row(
            0x4,
            "CLOCK_DESCRIBE_RATES",
            0x10000,
            "u32 clock, u32 index",
            "u32 flags",
            Entries(layout("u64 rate"), "index", _RETURNED, _REMAINING, triplet=_TRIPLET),
        ),
        row(0x5, "CLOCK_RATE_SET", 0x10000, "u32 flags, u32 clock, u64 rate"),
        row(0x6, "CLOCK_RATE_GET", 0x10000, "u32 clock", "u64 rate"),
        row(0x7, "CLOCK_CONFIG_SET", 0x10000, "u32 clock, u32 attributes"),
        row(  # Linux up to 6.6 and others send 8 bytes whatever the version; so does i.MX take them
            0x7,
            "CLOCK_CONFIG_SET",
            0x20001,
            "u32 clock, u32 attributes, u32 extended_value",
            optional=4,
        ),
        row(0x8, "CLOCK_NAME_GET", 0x20000, "u32 clock", _NAME),
        row(0x9, "CLOCK_RATE_NOTIFY", 0x20000, "u32 clock, u32 enable"),
        row(0xA, "CLOCK_RATE_CHANGE_REQUESTED_NOTIFY", 0x20000, "u32 clock, u32 enable"),
        row(
            0xB,
            "CLOCK_CONFIG_GET",
            0x30000,
            "u32 clock, u32 flags",
            "u32 attributes, u32 config, u32 extended_value",
        ),
        row(
            0xC,
            "CLOCK_POSSIBLE_PARENTS_GET",
            0x30000,
            "u32 clock, u32 skip",
            "u32 flags",
            Entries(layout("u32 parent"), "skip", Bits(0, 8), Bits(24, 8)),
        ),
        row(0xD, "CLOCK_PARENT_SET", 0x30000, "u32 clock, u32 parent"),
        row(0xE, "CLOCK_PARENT_GET", 0x30000, "u32 clock", "u32 parent"),
        row(0xF, "CLOCK_GET_PERMISSIONS", 0x30000, "u32 clock", "u32 permissions"),
    ),
    Protocol.SENSOR: (
        row(
            0x3,
            "SENSOR_DESCRIPTION_GET",
            0x10000,
            "u32 index",
            "u32 flags",
            Entries(_DESCRIPTOR, "index", _RETURNED, _REMAINING),
        ),
        row(
            0x3,
            "SENSOR_DESCRIPTION_GET",
            0x20000,
            "u32 index",
            "u32 flags",
            Entries(_DESCRIPTOR, "index", _RETURNED, _REMAINING, _LONGER_SENSOR),
        ),
        row(0x4, "SENSOR_TRIP_POINT_NOTIFY", 0x10000, "u32 sensor, u32 control"),
        row(0x5, "SENSOR_TRIP_POINT_CONFIG", 0x10000, "u32 sensor, u32 control, i64 value"),
        row(0x6, "SENSOR_READING_GET", 0x10000, "u32 sensor, u32 flags", "i64 value"),
        # One reading; a sensor with axes has one for each.
        row(
            0x6,
            "SENSOR_READING_GET",
            0x20000,
            "u32 sensor, u32 flags",
            reply_tail="i64 value, u64 timestamp",
        ),
        row(
            0x7,
            "SENSOR_AXIS_DESCRIPTION_GET",
            0x20000,
            "u32 sensor, u32 index",
            "u32 flags",
            Entries(
                layout("u32 axis, u32 attributes_low, u32 attributes_high, name16 name"),
                "index",
                Bits(0, 6),
                Bits(26, 6),
                _LONGER_AXIS,
            ),
        ),
        row(
            0x8,
            "SENSOR_LIST_UPDATE_INTERVALS",
            0x20000,
            "u32 sensor, u32 index",
            "u32 flags",
            Entries(layout("u32 interval"), "index", _RETURNED, _REMAINING, triplet=_TRIPLET),
        ),
        row(0x9, "SENSOR_CONFIG_GET", 0x20000, "u32 sensor", "u32 config"),
        row(0xA, "SENSOR_CONFIG_SET", 0x20000, "u32 sensor, u32 config"),
        row(0xB, "SENSOR_CONTINUOUS_UPDATE_NOTIFY", 0x20000, "u32 sensor, u32 control"),
        row(0xC, "SENSOR_NAME_GET", 0x30000, "u32 sensor", _NAME),
        row(
            0xD,
            "SENSOR_AXIS_NAME_GET",
            0x30000,
            "u32 sensor, u32 index",
            "u32 flags",
            Entries(layout("u32 axis, name64 name"), "index", Bits(0, 6), Bits(26, 6)),
        ),
    ),
    Protocol.RESET: (
        row(
            0x3,
            "RESET_DOMAIN_ATTRIBUTES",
            0x10000,
            "u32 domain",
            "u32 attributes, u32 latency, name16 name",
        ),
        row(0x4, "RESET", 0x10000, "u32 domain, u32 flags, u32 reset_state"),
        row(0x5, "RESET_NOTIFY", 0x10000, "u32 domain, u32 enable"),
        row(0x6, "RESET_DOMAIN_NAME_GET", 0x30000, "u32 domain", _NAME),
    ),
    Protocol.VOLTAGE: (
        row(
            0x3,
            "VOLTAGE_DOMAIN_ATTRIBUTES",
            0x10000,
            "u32 domain",
            "u32 attributes, name16 name",
        ),
        row(
            0x4,
            "VOLTAGE_DESCRIBE_LEVELS",
            0x10000,
            "u32 domain, u32 index",
            "u32 flags",
            Entries(layout("i32 level"), "index", _RETURNED, _REMAINING, triplet=_TRIPLET),
        ),
        row(0x5, "VOLTAGE_CONFIG_SET", 0x10000, "u32 domain, u32 config"),
        row(0x6, "VOLTAGE_CONFIG_GET", 0x10000, "u32 domain", "u32 config"),
        row(0x7, "VOLTAGE_LEVEL_SET", 0x10000, "u32 domain, u32 flags, i32 level"),
        row(0x8, "VOLTAGE_LEVEL_GET", 0x10000, "u32 domain", "i32 level"),
        row(0x9, "VOLTAGE_DOMAIN_NAME_GET", 0x20000, "u32 domain", _NAME),
    ),
    Protocol.POWERCAP: (
        row(
            0x3,
            "POWERCAP_DOMAIN_ATTRIBUTES",
            0x10000,
            "u32 domain",
            "u32 attributes, name16 name, u32 min_pai, u32 max_pai, u32 pai_step, u32 min_cap, "
            "u32 max_cap, u32 cap_step, u32 sustainable_power, u32 accuracy, u32 parent",
        ),
        row(0x4, "POWERCAP_CAP_GET", 0x10000, "u32 domain", "u32 cap"),
        row(0x5, "POWERCAP_CAP_SET", 0x10000, "u32 domain, u32 flags, u32 cap"),
        row(0x6, "POWERCAP_PAI_GET", 0x10000, "u32 domain", "u32 pai"),
        row(0x7, "POWERCAP_PAI_SET", 0x10000, "u32 domain, u32 flags, u32 pai"),
        row(0x8, "POWERCAP_DOMAIN_NAME_GET", 0x10000, "u32 domain", _NAME),
        row(0x9, "POWERCAP_MEASUREMENTS_GET", 0x10000, "u32 domain", "u32 power, u32 pai"),
        row(0xA, "POWERCAP_CAP_NOTIFY", 0x10000, "u32 domain, u32 enable"),
        row(
            0xB,
            "POWERCAP_MEASUREMENTS_NOTIFY",
            0x10000,
            "u32 domain, u32 enable, u32 low, u32 high",
        ),
        row(
            0xC,
            "POWERCAP_DESCRIBE_FASTCHANNEL",
            0x10000,
            "u32 domain, u32 message",
            "u32 attributes, u32 rate_limit, u64 channel, u32 channel_size, u64 doorbell, "
            "u64 doorbell_set, u64 doorbell_preserve",
        ),
    ),
    Protocol.PINCTRL: (
        row(
            0x3,
            "PINCTRL_ATTRIBUTES",
            0x10000,
            "u32 id, u32 flags",
            "u32 attributes, name16 name",
        ),
        row(
            0x4,
            "PINCTRL_LIST_ASSOCIATIONS",
            0x10000,
            "u32 id, u32 flags, u32 index",
            "u32 flags",
            Entries(layout("u16 id"), "index", _RETURNED, _REMAINING),
        ),
        row(
            0x5,
            "PINCTRL_SETTINGS_GET",
            0x10000,
            "u32 id, u32 attributes",
            "u32 function, u32 count",
            Entries(
                layout("u32 type, u32 value"),
                "attributes",
                Bits(0, 8),
                Bits(24, 8),
                at=Bits(8, 8),
            ),
        ),
        row(  # attributes [9:2]: how many pairs of type and value follow
            0x6,
            "PINCTRL_SETTINGS_CONFIGURE",
            0x10000,
            "u32 id, u32 function, u32 attributes",
            request_tail="u32 type, u32 value",
        ),
        row(0x7, "PINCTRL_REQUEST", 0x10000, "u32 id, u32 flags"),
        row(0x8, "PINCTRL_RELEASE", 0x10000, "u32 id, u32 flags"),
        row(0x9, "PINCTRL_NAME_GET", 0x10000, "u32 id, u32 flags", _NAME),
        # flags [2]: allow, [1:0]: a pin or a group
        row(0xA, "PINCTRL_SET_PERMISSIONS", 0x10000, "u32 agent, u32 id, u32 flags"),
    ),
}


def _common(protocol: Protocol) -> tuple[Message, ...]:
    negotiable = VERSIONS[Profile.V3_2][protocol]  # the message came with release 3.2
    return (
        row(VERSION, "PROTOCOL_VERSION", 0x10000, "", "u32 version"),
        row(ATTRIBUTES, "PROTOCOL_ATTRIBUTES", 0x10000, "", _ATTRIBUTES[protocol]),
        row(
            MESSAGE_ATTRIBUTES,
            "PROTOCOL_MESSAGE_ATTRIBUTES",
            0x10000,
            "u32 message",
            "u32 attributes",
        ),
        row(NEGOTIATE, "NEGOTIATE_PROTOCOL_VERSION", negotiable, "u32 version"),
    )


@cache
def named(name: str) -> tuple[Protocol, int] | None:
    """The protocol and the id of a command: ``CLOCK_RATE_SET``; of those that every protocol has
    ``clock.PROTOCOL_VERSION``. In any case."""
    first, dot, rest = name.upper().partition(".")
    for protocol in Protocol:
        if dot and first != protocol.name:
            continue
        for found in (*_ROWS[protocol], *(_common(protocol) if dot else ())):
            if found.name == (rest if dot else first):
                return protocol, found.id
    return None


def names() -> tuple[str, ...]:
    """The names that `named` finds, each once."""
    own = (row.name for protocol in Protocol for row in _ROWS[protocol])
    common = (
        f"{protocol.name.lower()}.{row.name}" for protocol in Protocol for row in _common(protocol)
    )
    return tuple(dict.fromkeys((*own, *common)))


def rows(protocol: Protocol) -> tuple[Message, ...]:
    """The commands of ``protocol`` at all versions; a later row with an id replaces an earlier."""
    return _common(protocol) + _ROWS[protocol]


@cache
def commands(protocol: Protocol, version: int) -> Mapping[int, Message]:
    """The commands of ``protocol`` at ``version`` (a PROTOCOL_VERSION word), by message id."""
    return newest(rows(protocol), version)


@cache
def extended_names(protocol: Protocol, version: int) -> bool:
    """Whether ``protocol`` has a message for names longer than 15 characters at ``version``."""
    known = commands(protocol, version).values()
    return any(field.type == "name64" for row in known for field in row.reply.fields)


@cache
def least_reply(profile: Profile) -> int:
    """Bytes of the payload of a reply, status included, that every message of a release needs: its
    fields, and one entry at its longest. (SENSOR_READING_GET has 16 bytes for each further axis.)
    """
    return STATUS_SIZE + max(
        row.reply.size + _one_more(row)
        for protocol, version in VERSIONS[profile].items()
        for row in commands(protocol, version).values()
    )


def _one_more(row: Message) -> int:
    """The bytes of an entry with all that it can go on with, or of one tail."""
    if row.entries is not None:
        return row.entries.entry.size + sum(each.layout.size for each in row.entries.more)
    return 0 if row.reply_tail is None else row.reply_tail.size
