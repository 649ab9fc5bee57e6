"""Protocols, the kinds of resource each serves, the versions they report (DEN0056, chapter 4)."""

from collections.abc import Mapping
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Final


class Protocol(IntEnum):
    """Protocol identifiers of the specification."""

    BASE = 0x10
    POWER = 0x11
    SYSTEM = 0x12
    PERFORMANCE = 0x13
    CLOCK = 0x14
    SENSOR = 0x15
    RESET = 0x16
    VOLTAGE = 0x17
    POWERCAP = 0x18
    PINCTRL = 0x19
    TELEMETRY = 0x1B


class Kind(StrEnum):
    """The kinds of resource, in protocol order. A device tree has no source for the last three."""

    POWER = "power"
    PERFORMANCE = "performance"
    CLOCK = "clock"
    SENSOR = "sensor"
    RESET = "reset"
    VOLTAGE = "voltage"
    POWERCAP = "powercap"
    PIN = "pin"
    TELEMETRY = "telemetry"

    @property
    def protocol(self) -> Protocol:
        """The protocol that serves resources of this kind."""
        return _PROTOCOL_OF[self]


_PROTOCOL_OF: Final = {
    Kind.POWER: Protocol.POWER,
    Kind.PERFORMANCE: Protocol.PERFORMANCE,
    Kind.CLOCK: Protocol.CLOCK,
    Kind.SENSOR: Protocol.SENSOR,
    Kind.RESET: Protocol.RESET,
    Kind.VOLTAGE: Protocol.VOLTAGE,
    Kind.POWERCAP: Protocol.POWERCAP,
    Kind.PIN: Protocol.PINCTRL,
    Kind.TELEMETRY: Protocol.TELEMETRY,
}

#: The kinds that only a file of further facts can have (`runtime.overlay`).
BEYOND_TREES: Final = frozenset({Kind.POWERCAP, Kind.PIN, Kind.TELEMETRY})

#: Protocol → the kind of resource it serves; base and system power serve none.
KIND_OF: Final[Mapping[Protocol, Kind]] = MappingProxyType(
    {protocol: kind for kind, protocol in _PROTOCOL_OF.items()}
)


class Profile(StrEnum):
    """The release of the specification whose versions, layouts and attribute bits are used.

    What the public beta of release 4.0 (DEN0056F) will be, nobody knows: its layouts here are those
    that Linux' drivers had when they were proposed, and may change with every version of scmigen.
    """

    V2_0 = "2.0"
    V3_0 = "3.0"
    V3_1 = "3.1"
    V3_2 = "3.2"
    V4_0_BETA = "4.0-beta"


#: The PROTOCOL_VERSION word (major << 16 | minor) of each protocol in the releases of `Profile`, in
#: order, or `None` where the release does not have the protocol. The minor version of power in
#: release 3.0 is what TF-A has too (drivers/scmi-msg/power_domain.h).
_VERSIONS: Final[Mapping[Protocol, tuple[int | None, ...]]] = {
    Protocol.BASE: (0x20000, 0x20000, 0x20000, 0x20001, 0x20001),
    Protocol.POWER: (0x20000, 0x21000, 0x30000, 0x30001, 0x30001),
    Protocol.SYSTEM: (0x10000, 0x10000, 0x20000, 0x20001, 0x20001),
    Protocol.PERFORMANCE: (0x20000, 0x20000, 0x30000, 0x40000, 0x40000),
    Protocol.CLOCK: (0x10000, 0x10000, 0x20000, 0x30000, 0x30000),
    Protocol.SENSOR: (0x10000, 0x20000, 0x30000, 0x30001, 0x30001),
    Protocol.RESET: (0x10000, 0x20000, 0x30000, 0x30001, 0x30001),
    Protocol.VOLTAGE: (None, 0x10000, 0x20000, 0x20001, 0x20001),
    Protocol.POWERCAP: (None, None, 0x10000, 0x20000, 0x30000),
    Protocol.PINCTRL: (None, None, None, 0x10000, 0x10000),
    Protocol.TELEMETRY: (None, None, None, None, 0x10000),
}

#: The PROTOCOL_VERSION words by profile. A protocol without a row is not served in that profile.
VERSIONS: Final[Mapping[Profile, Mapping[Protocol, int]]] = MappingProxyType(
    {
        profile: MappingProxyType(
            {
                protocol: version
                for protocol, words in _VERSIONS.items()
                if (version := words[index]) is not None
            }
        )
        for index, profile in enumerate(Profile)
    }
)


def versions(protocol: Protocol, newest: int) -> frozenset[int]:
    """The versions of ``protocol`` in all releases, up to ``newest``."""
    words = _VERSIONS[protocol]
    return frozenset(word for word in words if word is not None and word <= newest)


#: Bytes of a resource name in a reply, its terminating NUL included.
SHORT_NAME_SIZE: Final = 16
#: Bytes of an extended name (release 3.1), its terminating NUL included.
EXTENDED_NAME_SIZE: Final = 64
