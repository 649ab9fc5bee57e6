"""The protocols: one module each, a table of message id → handler and its functions."""

from collections.abc import Mapping
from typing import Final

from scmigen.scmi.protocols import Protocol
from scmigen.server.protocols import (
    base,
    clock,
    performance,
    pinctrl,
    power,
    powercap,
    reset,
    sensor,
    system,
    telemetry,
    voltage,
)
from scmigen.server.protocols.handler import Handler, RequestError, Served

__all__ = ["SERVED", "Handler", "RequestError", "Served"]

#: The protocols this server has, and what answers their messages.
SERVED: Final[Mapping[Protocol, Served]] = {
    Protocol.BASE: base.SERVED,
    Protocol.POWER: power.SERVED,
    Protocol.SYSTEM: system.SERVED,
    Protocol.PERFORMANCE: performance.SERVED,
    Protocol.CLOCK: clock.SERVED,
    Protocol.SENSOR: sensor.SERVED,
    Protocol.RESET: reset.SERVED,
    Protocol.VOLTAGE: voltage.SERVED,
    Protocol.POWERCAP: powercap.SERVED,
    Protocol.PINCTRL: pinctrl.SERVED,
    Protocol.TELEMETRY: telemetry.SERVED,
}
