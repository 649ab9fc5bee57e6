"""The runtime configuration: all that a server must know of one SCMI platform.

`schema` has its types, `checks` what must hold between them, `coding` reads and writes it.
"""

from scmigen.runtime.words import (
    FORMAT,
    MAX_AGENTS,
    MAX_GRACE,
    MAX_RESOURCES,
    Certainty,
    ConfigurationError,
    Numbering,
    PowerUnit,
    Role,
    SystemPower,
    Voting,
)

__all__ = [
    "FORMAT",
    "MAX_AGENTS",
    "MAX_GRACE",
    "MAX_RESOURCES",
    "Agent",
    "Axis",
    "Because",
    "Certainty",
    "Clock",
    "ConfigurationError",
    "Device",
    "DeviceResource",
    "Grant",
    "Interval",
    "Numbering",
    "PerformanceDomain",
    "PerformanceLevel",
    "Pin",
    "PinFunction",
    "PinGroup",
    "PinSetting",
    "PowerDomain",
    "PowerUnit",
    "Powercap",
    "ResetDomain",
    "Resource",
    "Role",
    "Runtime",
    "Scaled",
    "Sensor",
    "Served",
    "ServedAgent",
    "ServedGrant",
    "ServedLevel",
    "ServedLevels",
    "ServedResource",
    "ServedService",
    "ServedVendor",
    "SystemPower",
    "Transport",
    "VoltageDomain",
    "Voting",
    "check",
    "decode",
    "decode_served",
    "encode",
    "encode_served",
    "grants_schema",
    "json_schema",
    "overlay",
    "served_of",
]

# Type checkers take it for true.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from scmigen.runtime.checks import check
    from scmigen.runtime.coding import decode, encode, grants_schema, json_schema
    from scmigen.runtime.merging import overlay
    from scmigen.runtime.schema import (
        Agent,
        Axis,
        Because,
        Clock,
        Device,
        DeviceResource,
        Grant,
        Interval,
        PerformanceDomain,
        PerformanceLevel,
        Pin,
        PinFunction,
        PinGroup,
        PinSetting,
        Powercap,
        PowerDomain,
        ResetDomain,
        Resource,
        Runtime,
        Scaled,
        Sensor,
        Transport,
        VoltageDomain,
    )
    from scmigen.runtime.served import (
        Served,
        ServedAgent,
        ServedGrant,
        ServedResource,
        decode_served,
        encode_served,
        served_of,
    )
    from scmigen.runtime.served_facts import (
        ServedLevel,
        ServedLevels,
        ServedService,
        ServedVendor,
    )
else:

    def __getattr__(name):
        """An export that reads or writes: making its types takes as long as checking a board."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from scmigen.runtime import checks, coding, merging, schema, served, served_facts

        for module in (checks, coding, merging, schema, served, served_facts):
            globals().update((each, vars(module)[each]) for each in vars(module) if each in __all__)
        return globals()[name]
