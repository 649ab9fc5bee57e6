"""Protocols, the kinds of resource each serves and what can be allowed on these, the versions that
protocols report (DEN0056, chapter 4)."""

from collections.abc import Mapping
from enum import IntEnum, StrEnum
from types import MappingProxyType

from scmigen.hints import Final
from scmigen.tuples import NamedTuple


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
        return KINDS[self].protocol


class Operation(StrEnum):
    """One thing that can be allowed on a resource."""

    STATE = "state"
    RATE = "rate"
    PARENT = "parent"
    RESET = "reset"
    LEVEL = "level"
    LIMITS = "limits"
    CONFIG = "config"
    READ = "read"


class KindRow(NamedTuple):
    """A kind of resource: the protocol that serves it, its operations in the order they are listed
    for people, and those for which the platform keeps one vote per agent. ``beyond_trees``: only a
    file of further facts can have it (`runtime.overlay`)."""

    protocol: Protocol
    operations: tuple[Operation, ...]
    voted: frozenset[Operation] = frozenset()
    beyond_trees: bool = False


_STATE: Final = frozenset({Operation.STATE})
_LIMITS: Final = frozenset({Operation.LIMITS})
_CONFIG_READ: Final = (Operation.CONFIG, Operation.READ)

#: Kind → its row.
KINDS: Final[Mapping[Kind, KindRow]] = MappingProxyType(
    {
        Kind.POWER: KindRow(Protocol.POWER, (Operation.STATE, Operation.READ), _STATE),
        Kind.PERFORMANCE: KindRow(
            Protocol.PERFORMANCE, (Operation.LEVEL, Operation.LIMITS, Operation.READ), _LIMITS
        ),
        Kind.CLOCK: KindRow(
            Protocol.CLOCK,
            (Operation.STATE, Operation.RATE, Operation.PARENT, Operation.READ),
            _STATE,
        ),
        Kind.SENSOR: KindRow(Protocol.SENSOR, _CONFIG_READ),
        Kind.RESET: KindRow(Protocol.RESET, (Operation.RESET,)),
        Kind.VOLTAGE: KindRow(
            Protocol.VOLTAGE, (Operation.STATE, Operation.LEVEL, Operation.READ), _STATE
        ),
        Kind.POWERCAP: KindRow(Protocol.POWERCAP, _CONFIG_READ, beyond_trees=True),
        Kind.PIN: KindRow(Protocol.PINCTRL, _CONFIG_READ, beyond_trees=True),
        # Who may read an element may have it measured, which nobody else notices.
        Kind.TELEMETRY: KindRow(Protocol.TELEMETRY, (Operation.READ,), beyond_trees=True),
    }
)

#: The kinds that only a file of further facts can have.
BEYOND_TREES: Final = frozenset(kind for kind, row in KINDS.items() if row.beyond_trees)

#: Protocol → the kind of resource it serves; base and system power serve none.
KIND_OF: Final[Mapping[Protocol, Kind]] = MappingProxyType(
    {row.protocol: kind for kind, row in KINDS.items()}
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
