"""What ``runtime.schema.json`` says about each type, by its name.

These are not the docstrings of the types: ``python -OO`` has none, and each Python indents them in
its own way, but the schema of one release of scmigen is the same everywhere.
"""

from collections.abc import Mapping
from types import MappingProxyType

DESCRIPTIONS: Mapping[str, str] = MappingProxyType(
    {
        "Kind": (
            "The kinds of resource, in protocol order. A device tree has no source for the last "
            "two."
        ),
        "Operation": "One thing that can be allowed on a resource.",
        "Profile": "A release of the SCMI specification.",
        "Role": "What an agent is to the platform.",
        "Numbering": (
            "How SCMI ids are given: one number per resource, or dense from 0 for each agent."
        ),
        "Clock": (
            "A clock: rates in Hz (discrete, ascending), the rate and the state at boot; "
            "``always_on``: the platform itself holds it on. With ``step`` the two ``rates`` "
            "are the lowest and the highest, with every ``step`` Hz between them. ``latency`` "
            "in µs is what an asynchronous change of the rate takes; one clock that is "
            "``asynchronous`` makes all that an agent has so, since no attribute tells them "
            "apart; ``enable_delay`` in µs, 0 if unknown. The clock runs only while the power "
            "domain ``power`` and the supply ``supply`` are on."
        ),
        "PowerDomain": (
            "A power domain, its parent domain, and its state at boot; ``always_on``: the "
            "platform itself holds it on; ``settable``: it can be switched at all. ``latency`` "
            "in µs is what switching takes when an agent asks for it asynchronously. It is on "
            "only while ``supply`` is."
        ),
        "ResetDomain": (
            "A reset domain; ``latency`` in µs, absent if unknown; ``asynchronous``: agents may "
            "be told when a reset is over."
        ),
        "VoltageDomain": (
            "A supply: levels in µV (discrete, ascending), level and state at boot; with "
            "``step`` the two ``levels`` are the lowest and the highest. ``latency`` in µs. "
            "``parent`` is the supply it is fed from: it is on only while that one is, and "
            "holds it on."
        ),
        "PerformanceLevel": (
            "An operating point: abstract level, frequency in kHz, voltage in µV, latency in "
            "µs, and power in the unit ``performance_power``, 0 if unknown."
        ),
        "PerformanceDomain": (
            "A performance domain: levels ascending, ``sustained`` the index of the level at "
            "boot. ``clock`` and ``supply`` follow the level. ``indexed``: agents name levels "
            "by their index (level indexing mode, release 3.2). ``rate_limit`` in µs: how often "
            "a level may change."
        ),
        "Scaled": "``value`` times 10 to the power of ``exponent``.",
        "Axis": (
            "One of several quantities of a sensor; axes are numbered from 0. Fields as of "
            "`Sensor`."
        ),
        "Interval": (
            "A time between two updates of a sensor: ``value`` times 10 to the power of "
            "``exponent`` s."
        ),
        "Sensor": (
            "A sensor: type and unit exponent as SENSOR_DESCRIPTION_GET has them; where the "
            "``resolution`` is known, ``minimum`` and ``maximum`` are the range. A reading of "
            "one with ``axes`` has a value for each. ``readings`` are what it reads, one after "
            "the other, each for ``period`` µs, again and again; ``noise`` is the most that a "
            "random amount adds or takes. ``intervals`` are the update intervals it can be set "
            "to, ascending; ``segmented``: they are the shortest, the longest and the step. "
            "``timestamps``: readings can have one. ``power`` in µW."
        ),
        "PowerUnit": "The unit of powers and caps.",
        "Powercap": (
            "A power capping domain: caps in ``unit``, averaging intervals in µs: ``pai`` of "
            "measurements, ``cai`` of the cap (profile 4.0-beta). What has one value only cannot "
            "be set. ``cap``, ``pai`` and ``cai`` are those at boot, absent: the highest cap, the "
            "shortest interval. ``readings`` and ``period`` as for a "
            "sensor."
        ),
        "PinSetting": (
            "A configuration type of a pin (release 3.2, section 4.11.2.6) and its value."
        ),
        "Pin": "A pin: the settings it has at boot, which are all it can be set to have.",
        "PinGroup": "Pins that are used together; groups are numbered from 0.",
        "PinFunction": (
            "What groups, or with ``pins_only`` single pins, can be used for; numbered from 0."
        ),
        "TelemetryElement": (
            "A data element of telemetry (profile 4.0-beta): agents know it by the number "
            "``element``. ``size`` in bytes; ``type``, ``unit`` with its ``exponent``, "
            "``component`` and the instances as TELEMETRY_DE_DESCRIPTION has them; ``rate`` of its "
            "timestamps in kHz, 0: it has none. ``readings`` and ``period`` as for a sensor."
        ),
        "Grant": (
            "What an agent may do with the resource ``resource``, which it knows by ``id``. "
            "``by_hand``: those of the operations that hold whatever devices the agent is given "
            "or denied at run time. A resource of none of the agent's devices needs no such "
            "mark."
        ),
        "Transport": (
            "How an agent reaches the platform on hardware; the server's own sockets are named "
            "when it is started."
        ),
        "Agent": (
            "An agent: ids from 1; ``profile``: the SCMI release it speaks, if not the newest; "
            "``permissions``: whether it may call base messages 0x9 to 0xB; ``system_power``: "
            "whether it may set the state of the system and be told of it, ``system_power_told``: "
            "only be told."
        ),
        "DeviceResource": (
            "A resource of a device: kind and platform number. ``operations``: those that "
            "having the device opens, as far as the agent's grant has them; none given means "
            "all that the grant has."
        ),
        "Device": (
            "A device for BASE_SET_DEVICE_PERMISSIONS: who has it at boot, who may be given it."
        ),
        "Runtime": (
            "One SCMI platform. ``performance_power`` is the unit of the power of all operating "
            "points; ``system_power_grace`` the time in ms between the notification of a graceful "
            "shutdown or reset and that. ``telemetry_revision`` is the UUID of the meaning of data "
            "elements, in words; ``telemetry_intervals`` are those in which they can be collected."
        ),
    }
)

#: The same for the types of descriptions of servers (`served`), besides those that they share.
SERVED_DESCRIPTIONS: Mapping[str, str] = MappingProxyType(
    {
        "Served": (
            "What one server lets its agents do. ``kinds``: those that this is about, all of them "
            "by default; of others it says nothing. ``complete``: whether it has every id that is "
            "served; a trace has only those that somebody asked for. ``momentary``: it shows what "
            "agents may do at one time, and not what they may be given later. ``votes``: what it "
            "makes of requests of several agents for one resource, by kind, where that is known: "
            "each has a vote (``counted``), or the ``last`` request holds."
        ),
        "ServedAgent": (
            "An agent: ids from 1. ``kinds``: those that this is about for the agent, if they are "
            "not those of the whole; with none, nothing is known of what it may do. "
            "``complete`` likewise. ``role``, ``transport``, ``permissions`` and ``system_power`` "
            "where they are known."
        ),
        "ServedGrant": (
            "What an agent may do with the resource ``resource``, which it knows by ``id``. "
            "``unchecked``: operations that the server lets every agent use; ``unknown``: those of "
            "which this does not tell. ``source``: ``file:line`` or ``file:line:column``."
        ),
        "ServedResource": (
            "A resource: ``id`` is the server's own number, ``name`` what it reports, if that is "
            "known; ``node`` and ``cells`` those of a device tree. One that only a grant names "
            "need not be here. ``parent``: the number of the power domain above; ``on``: whether "
            "the server turns it on when it starts; ``levels``: the operating points of a "
            "performance domain, of several tables one by what is known at run time."
        ),
        "ServedLevel": (
            "An operating point: ``level`` is its abstract number, ``frequency`` in Hz, "
            "``voltage`` in µV, ``power`` in µW, where they are known."
        ),
        "ServedLevels": (
            "A table of operating points, in order. ``sustained``: the index of the one that can "
            "be held; ``latency`` in µs what a change takes."
        ),
        "ServedService": (
            "A channel of an agent, by its place among those of the server. ``notifies``: it is "
            "the server that sends; ``by``: the place of the one on which agents of this one are "
            "told, if there is such."
        ),
        "SystemPower": (
            "What an agent may do with the power of the system: nothing, be told that it is about "
            "to go down, or also shut it down and reset it."
        ),
        "Voting": "Each agent has a vote, or the last request holds, whoever made it.",
        "ServedVendor": (
            "What the server calls itself, as far as that is known: vendor, sub-vendor, and the "
            "version of its implementation."
        ),
    }
)
