"""An SCMI agent as a library: discovery, and the resources of a platform.

    with Client("unix:/run/linux.sock") as client:
        for clock in client.clocks():
            print(clock.name, client.clock_rate(clock.id))

It knows the specification (`scmigen.scmi`), but not the server.
"""

from scmigen.client.channel import ClientError, ScmiError, UrlError
from scmigen.client.commands import (
    Client,
    ClockInfo,
    PerformanceDomainInfo,
    PlatformInfo,
    PowerDomainInfo,
    ProtocolInfo,
    ResetDomainInfo,
    SensorInfo,
    VoltageDomainInfo,
)

__all__ = [
    "Client",
    "ClientError",
    "ClockInfo",
    "PerformanceDomainInfo",
    "PlatformInfo",
    "PowerDomainInfo",
    "ProtocolInfo",
    "ResetDomainInfo",
    "ScmiError",
    "SensorInfo",
    "UrlError",
    "VoltageDomainInfo",
]
