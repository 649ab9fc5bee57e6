"""What comes with a version of a protocol beside messages and layouts: attribute bits, flags,
meanings of values, statuses. What shows in the rows of messages is not repeated here."""

from collections.abc import Mapping
from enum import Enum

from scmigen.hints import Final
from scmigen.scmi.protocols import Protocol


class Feature(Enum):
    """A feature; `SINCE` has its protocol and the version from which it holds."""

    #: POWER_DOMAIN_ATTRIBUTES [28]: reserved in release 2.0, whose Arm suite wants a zero.
    REQUEST_NOTIFICATION_BIT = "request-notification-bit"
    #: PERFORMANCE_LIMITS_SET: a limit of zero stays as it is.
    LIMITS_KEPT = "limits-kept"
    #: PROTOCOL_ATTRIBUTES [17]: power in µW.
    MICROWATTS = "microwatts"
    #: Level indexing mode.
    LEVEL_INDICES = "level-indices"
    #: PERFORMANCE_DESCRIBE_LEVELS past the last level: OUT_OF_RANGE, before INVALID_PARAMETERS.
    LEVEL_OUT_OF_RANGE = "level-out-of-range"
    #: Sensors have timestamps, and can be switched off.
    SENSOR_CONFIGURATION = "sensor-configuration"
    #: VOLTAGE_DOMAIN_ATTRIBUTES [31], VOLTAGE_LEVEL_SET flag 0: change the level later.
    VOLTAGE_ASYNCHRONOUS = "voltage-asynchronous"
    #: POWERCAP_CAP_SET and _GET: zero is no cap.
    UNCAPPED = "uncapped"
    #: Power caps: limits with numbers, and an averaging interval of their own.
    CONCURRENT_LIMITS = "concurrent-limits"


SINCE: Final[Mapping[Feature, tuple[Protocol, int]]] = {
    Feature.REQUEST_NOTIFICATION_BIT: (Protocol.POWER, 0x21000),
    Feature.LIMITS_KEPT: (Protocol.PERFORMANCE, 0x30000),
    Feature.MICROWATTS: (Protocol.PERFORMANCE, 0x30000),
    Feature.LEVEL_INDICES: (Protocol.PERFORMANCE, 0x40000),
    Feature.LEVEL_OUT_OF_RANGE: (Protocol.PERFORMANCE, 0x40000),
    Feature.SENSOR_CONFIGURATION: (Protocol.SENSOR, 0x20000),
    Feature.VOLTAGE_ASYNCHRONOUS: (Protocol.VOLTAGE, 0x20000),
    Feature.UNCAPPED: (Protocol.POWERCAP, 0x20000),
    Feature.CONCURRENT_LIMITS: (Protocol.POWERCAP, 0x30000),
}


def features(versions: Mapping[Protocol, int]) -> frozenset[Feature]:
    """What an agent that speaks these versions knows."""
    return frozenset(
        feature
        for feature, (protocol, since) in SINCE.items()
        if versions.get(protocol, 0) >= since
    )
