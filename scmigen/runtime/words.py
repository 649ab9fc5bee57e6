"""The words and bounds of a runtime configuration, which those need who read none.

Making the types of `schema` takes longer than checking a board.
"""

from enum import StrEnum

from scmigen.version import format_of

#: The value of ``format``; another value is another schema.
FORMAT = format_of("runtime")

#: Bounds that keep a hostile configuration small. Ids are 16 bits in PROTOCOL_ATTRIBUTES words.
MAX_RESOURCES = 0xFFFF
MAX_AGENTS = 255
#: Milliseconds that agents have before a graceful shutdown: up to an hour.
MAX_GRACE = 3_600_000


class ConfigurationError(ValueError):
    """A runtime configuration that does not hold together; the message says why."""


class Role(StrEnum):
    """What an agent is to the platform."""

    OSPM = "ospm"
    PSCI = "psci"
    HYPERVISOR = "hypervisor"
    SECURE = "secure"
    VM = "vm"
    OTHER = "other"


class Certainty(StrEnum):
    """Whether a driver does something with the clock of every device that it is for, or only with
    some clock, on some device or in some configuration."""

    SURE = "sure"
    MAY = "may"


class Numbering(StrEnum):
    """How SCMI ids are given: one number per resource, or dense from 0 for each agent."""

    SHARED = "shared"
    PER_AGENT = "per-agent"


class SystemPower(StrEnum):
    """What an agent may do with the power of the system (release 3.2, section 4.4): nothing, be
    told that the system is about to go down, or also shut it down and reset it."""

    NONE = "none"
    TOLD = "told"
    SET = "set"


class Voting(StrEnum):
    """What a server makes of the requests of several agents for one resource: each has a vote, or
    the last one holds, whoever made it."""

    COUNTED = "counted"
    LAST = "last"


class PowerUnit(StrEnum):
    """The unit of powers and caps."""

    ABSTRACT = "abstract"
    MICROWATT = "uW"
    MILLIWATT = "mW"
