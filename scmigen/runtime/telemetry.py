"""What the data elements of telemetry mean: a file for the tools that read them.

SCMI gives an element a number of 32 bits and little more; what it is, only its maker knows.
Linux hands the numbers through, and leaves their meaning to a file in user space.
"""

from collections.abc import Mapping
from uuid import UUID

import msgspec

from scmigen.runtime.schema import Interval, Runtime, TelemetryElement
from scmigen.scmi.protocols import Kind
from scmigen.scmi.units import unit

#: The value of ``format`` in the file; with release 4.0 of the specification it will be another.
FORMAT = "scmigen-telemetry-beta"


def describe(configuration: Runtime) -> bytes:
    """The description as JSON. ``revision`` is what PROTOCOL_ATTRIBUTES has, so that a reader finds
    out whether it is of this platform; the intervals are in s."""
    words = b"".join(word.to_bytes(4, "little") for word in configuration.telemetry_revision)
    found = {
        "format": FORMAT,
        "platform": configuration.name,
        "revision": str(UUID(bytes_le=words)),
        "intervals": [_seconds(each) for each in configuration.telemetry_intervals],
        "elements": [_element(configuration, item) for item in configuration.telemetry],
    }
    return msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n"


def _seconds(interval: Interval) -> float:
    return interval.value * 10.0**interval.exponent


def _element(configuration: Runtime, item: TelemetryElement) -> Mapping[str, object]:
    found = {
        "id": f"0x{item.element:08X}",
        "name": item.name,
        "node": item.node,
        "group": item.group,
        "size": item.size,
        "type": item.type,
        "unit": unit(item.unit, item.exponent),
        "component": {"type": item.component, "instance": item.component_instance},
        "instance": item.instance,
        "persistent": item.persistent,
        "timestamp_khz": item.rate,
        "source": item.source,
        "agents": [
            agent.name
            for agent in configuration.agents
            if any(grant.resource == item.id for grant in agent.grants.get(Kind.TELEMETRY, ()))
        ],
    }
    return {name: value for name, value in found.items() if value is not None}
