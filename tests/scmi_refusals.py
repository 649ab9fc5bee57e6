"""A request for each status that a message can have, and one that succeeds; by hand.

The board is full.json with a third agent, guest, which may only read, and may be given the reset
line (`EXTRA`).
"""

from typing import Any

from scmi_shapes import NEGOTIATE
from scmi_wire import (
    BASE,
    BUSY,
    CLOCK,
    DENIED,
    HARDWARE_ERROR,
    IN_USE,
    INVALID_PARAMETERS,
    NOT_FOUND,
    NOT_SUPPORTED,
    OFF,
    ON,
    OUT_OF_RANGE,
    PERFORMANCE,
    PINCTRL,
    POWER,
    POWERCAP,
    PROTOCOL_ERROR,
    RESET,
    SENSOR,
    SYSTEM,
    VOLTAGE,
)

INVALID = INVALID_PARAMETERS
GUEST = 3


def grants(*operations: str, of: tuple[int, ...] = (0,)) -> list[dict[str, Any]]:
    return [{"id": number, "resource": number, "operations": operations} for number in of]


EXTRA = {
    "agents": {
        "linux": {
            "grants": {
                "reset": grants("reset", of=(0, 1)),
                "clock": grants("state", "rate", "parent", "read", of=(0, 1, 2))
                + grants("state", "read", of=(3,)),
            }
        },
        "guest": {
            "id": GUEST,
            "role": "vm",
            "grants": {
                "power": grants("read", of=(1,)),
                "performance": grants("read"),
                # clock and sensor 1 it may set, and not read
                "clock": grants("read") + grants("state", of=(1,)),
                "sensor": grants("read") + grants("config", of=(1,)),
                "reset": grants("reset"),
                "voltage": grants("read"),
                "powercap": grants("read"),
                "pin": grants("read"),
            },
        },
    },
    "devices": {
        "block": {
            "id": 1,
            "node": "",
            "agents": [1],
            "assignable": [3],
            "resources": [{"kind": "reset", "id": 0}],
        }
    },
    "clocks": {"ranged": {"notifications": False}},
    "reset_domains": {"quiet": {"id": 1, "node": "", "notifications": False}},
    "powercaps": {"gpu": {"notifications": False}},
}

ALL = 1 << 18
#: Asynchronous requests that keep a resource busy.
LATER = {
    POWER: (POWER, 4, 1, 1, ON),
    CLOCK: (CLOCK, 5, 1, 1, 200_000_000, 0),
    RESET: (RESET, 4, 0, 5, 0),
    VOLTAGE: (VOLTAGE, 7, 0, 1, 850_000),
    POWERCAP: (POWERCAP, 5, 0, 2, 2000),
}

#: Protocol, message, words, status; then the agent that asks (by default linux), and the requests
#: before it.
REFUSALS: list[tuple[Any, ...]] = [
    # Base: agent 9 and device 9 are not there
    (BASE, 2, (0x11,), NOT_FOUND),
    (BASE, 2, (0x103,), NOT_FOUND),
    (BASE, NEGOTIATE, (0x20002,), NOT_SUPPORTED),
    (BASE, NEGOTIATE, (0x10000,), NOT_SUPPORTED),
    (BASE, 6, (10,), INVALID),
    (BASE, 7, (9,), NOT_FOUND),
    (BASE, 8, (2,), INVALID),
    (BASE, 9, (9, 0, 1), NOT_FOUND),
    (BASE, 9, (2, 9, 1), NOT_FOUND),
    (BASE, 9, (2, 0, 2), INVALID),
    (BASE, 9, (2, 1, 1), DENIED),  # nobody gives it to vm1
    (BASE, 9, (2, 0, 1), DENIED, "vm1"),
    (BASE, 0xA, (9, 0, CLOCK, 1), NOT_FOUND),
    (BASE, 0xA, (2, 9, CLOCK, 1), NOT_FOUND),
    (BASE, 0xA, (2, 0, BASE, 1), NOT_FOUND),
    (BASE, 0xA, (2, 0, POWER, 1), NOT_FOUND),
    (BASE, 0xA, (2, 0, 0x77, 1), NOT_FOUND),
    (BASE, 0xA, (2, 0, CLOCK, 2), INVALID),
    (BASE, 0xA, (2, 0, 0x100 | CLOCK, 1), INVALID),
    (BASE, 0xA, (2, 0, CLOCK, 1), DENIED, "vm1"),
    (BASE, 0xB, (9, 0), NOT_FOUND),
    (BASE, 0xB, (2, 2), INVALID),
    (BASE, 0xB, (0, 0), DENIED),
    (BASE, 0xB, (2, 0), DENIED, "vm1"),
    # Power: 0 fixed, 1 slow
    (POWER, 3, (2,), NOT_FOUND),
    (POWER, 4, (0, 2, ON), NOT_FOUND),
    (POWER, 4, (2, 1, ON), INVALID),
    (POWER, 4, (0, 1, 0xFF00_0000), INVALID),
    (POWER, 4, (0, 1, 1 << 28), INVALID),
    (POWER, 4, (0, 0, ON), NOT_SUPPORTED),
    (POWER, 4, (0, 1, ON), DENIED, "guest"),
    (POWER, 4, (0, 1, OFF), BUSY, "linux", LATER[POWER]),
    (POWER, 4, (1, 1, OFF), BUSY, "linux", LATER[POWER]),
    (POWER, 4, (0, 1, ON), HARDWARE_ERROR, "linux", (VOLTAGE, 5, 1, 7)),
    (POWER, 5, (2,), NOT_FOUND),
    (POWER, 6, (2, 1), NOT_FOUND),
    (POWER, 6, (1, 2), INVALID),
    (POWER, 6, (0, 1), NOT_SUPPORTED),
    (POWER, 7, (2, 1), NOT_FOUND),
    (POWER, 7, (1, 2), INVALID),
    (POWER, 7, (0, 1), NOT_SUPPORTED),
    (POWER, 8, (2,), NOT_FOUND),
    # System power
    (SYSTEM, 3, (2, 0), INVALID),
    (SYSTEM, 3, (0, 3), INVALID),  # power-up
    (SYSTEM, 3, (0, 0x8000_0000), INVALID),
    (SYSTEM, 3, (0, 4), NOT_SUPPORTED),  # suspend: message attribute bit 30 is 0
    (SYSTEM, 3, (0, 0), DENIED, "vm1"),
    (SYSTEM, 3, (0, 0), HARDWARE_ERROR),
    (SYSTEM, 4, (), NOT_SUPPORTED),
    (SYSTEM, 5, (2,), INVALID),
    # Performance: 0 cpu with levels 10, 20, 30; 1 indexed, which tells nothing
    (PERFORMANCE, 3, (2,), NOT_FOUND),
    (PERFORMANCE, 4, (2, 0), NOT_FOUND),
    (PERFORMANCE, 4, (0, 3), OUT_OF_RANGE),
    (PERFORMANCE, 5, (2, 30, 10), NOT_FOUND),
    (PERFORMANCE, 5, (0, 31, 10), OUT_OF_RANGE),
    (PERFORMANCE, 5, (0, 30, 9), OUT_OF_RANGE),
    (PERFORMANCE, 5, (0, 0, 0), OUT_OF_RANGE),
    (PERFORMANCE, 5, (1, 2, 0), OUT_OF_RANGE),  # an index
    (PERFORMANCE, 5, (0, 10, 20), INVALID),
    (PERFORMANCE, 5, (0, 30, 10), DENIED, "guest"),
    (PERFORMANCE, 5, (0, 10, 10), HARDWARE_ERROR),
    (PERFORMANCE, 6, (2,), NOT_FOUND),
    (PERFORMANCE, 7, (2, 10), NOT_FOUND),
    (PERFORMANCE, 7, (0, 11), OUT_OF_RANGE),
    (PERFORMANCE, 7, (0, 30), OUT_OF_RANGE, "linux", (PERFORMANCE, 5, 0, 20, 10)),
    (PERFORMANCE, 7, (0, 10), DENIED, "guest"),
    (PERFORMANCE, 7, (0, 10), HARDWARE_ERROR),
    (PERFORMANCE, 8, (2,), NOT_FOUND),
    (PERFORMANCE, 9, (2, 1), NOT_FOUND),
    (PERFORMANCE, 9, (0, 2), INVALID),
    (PERFORMANCE, 9, (1, 1), NOT_SUPPORTED),
    (PERFORMANCE, 0xA, (2, 1), NOT_FOUND),
    (PERFORMANCE, 0xA, (0, 2), INVALID),
    (PERFORMANCE, 0xA, (1, 1), NOT_SUPPORTED),
    (PERFORMANCE, 0xB, (2, 7), NOT_FOUND),
    (PERFORMANCE, 0xB, (0, 0x77), NOT_FOUND),
    (PERFORMANCE, 0xB, (0, 7), NOT_SUPPORTED),  # there is no memory
    (PERFORMANCE, 0xC, (2,), NOT_FOUND),
    # Clock: 0 pll, 1 mux of 0 and 2, 2 ranged, 3 leaf
    (CLOCK, 3, (4,), NOT_FOUND),
    (CLOCK, 4, (4, 0), NOT_FOUND),
    (CLOCK, 4, (0, 2), OUT_OF_RANGE),
    (CLOCK, 4, (2, 1), OUT_OF_RANGE),
    (CLOCK, 5, (0, 4, 400_000_000, 0), NOT_FOUND),
    (CLOCK, 5, (0x10, 0, 400_000_000, 0), INVALID),
    (CLOCK, 5, (0, 0, 400_000_000, 1), INVALID),
    (CLOCK, 5, (0, 2, 999, 0), INVALID),
    (CLOCK, 5, (1, 2, 1000, 0), NOT_SUPPORTED, "vm1", (BASE, 9, 1, 0, 0), (BASE, 9, 2, 0, 1)),
    (CLOCK, 5, (0, 0, 400_000_000, 0), DENIED, "guest"),
    (CLOCK, 5, (0, 1, 100_000_000, 0), BUSY, "linux", LATER[CLOCK]),
    (CLOCK, 5, (0, 1, 200_000_000, 0), HARDWARE_ERROR),
    (CLOCK, 6, (4,), NOT_FOUND),
    (CLOCK, 7, (4, 1, 0), NOT_FOUND),
    (CLOCK, 7, (0, 2, 0), INVALID),
    (CLOCK, 7, (0, 3, 0), INVALID),
    (CLOCK, 7, (0, 1 | 1 << 16, 0), INVALID),  # a duty cycle
    (CLOCK, 7, (0, 1, 0), DENIED, "guest"),
    (CLOCK, 7, (0, 1, 0), HARDWARE_ERROR),
    (CLOCK, 8, (4,), NOT_FOUND),
    (CLOCK, 9, (4, 1), NOT_FOUND),
    (CLOCK, 9, (0, 2), INVALID),
    (CLOCK, 9, (2, 1), NOT_SUPPORTED),
    (CLOCK, 0xA, (4, 1), NOT_FOUND),
    (CLOCK, 0xA, (0, 2), INVALID),
    (CLOCK, 0xA, (2, 1), NOT_SUPPORTED),
    (CLOCK, 0xB, (4, 0), NOT_FOUND),
    (CLOCK, 0xB, (0, 0x100), INVALID),
    (CLOCK, 0xB, (0, 1), INVALID),
    (CLOCK, 0xC, (4, 0), NOT_FOUND),
    (CLOCK, 0xC, (1, 2), INVALID),
    (CLOCK, 0xC, (0, 0), NOT_SUPPORTED),
    (CLOCK, 0xC, (1, 0), DENIED, "guest"),
    (CLOCK, 0xD, (4, 0), NOT_FOUND),
    (CLOCK, 0xD, (1, 4), NOT_FOUND),
    (CLOCK, 0xD, (1, 3), INVALID),
    (CLOCK, 0xD, (0, 1), NOT_SUPPORTED),  # it has no parents
    (CLOCK, 0xD, (1, 0), DENIED, "guest"),
    (CLOCK, 0xD, (1, 2), BUSY, "linux", LATER[CLOCK]),
    (CLOCK, 0xD, (1, 2), HARDWARE_ERROR),
    (CLOCK, 0xE, (4,), NOT_FOUND),
    (CLOCK, 0xE, (0,), NOT_SUPPORTED),
    (CLOCK, 0xE, (1,), DENIED, "guest"),
    (CLOCK, 0xF, (4,), NOT_FOUND),
    # Sensor: 0 thermal, 1 accelerometer with three axes, 2 plain
    (SENSOR, 3, (3,), INVALID),
    (SENSOR, 4, (3, 1), NOT_FOUND),
    (SENSOR, 4, (0, 2), INVALID),
    (SENSOR, 4, (2, 1), NOT_SUPPORTED),
    (SENSOR, 4, (1, 1), DENIED, "guest"),
    (SENSOR, 5, (3, 1, 0, 0), NOT_FOUND),
    (SENSOR, 5, (0, 2 << 4, 0, 0), INVALID),
    (SENSOR, 5, (0, 1 << 12, 0, 0), INVALID),
    (SENSOR, 5, (0, 1, 0, 0), DENIED, "guest"),
    (SENSOR, 6, (3, 0), NOT_FOUND),
    (SENSOR, 6, (0, 2), INVALID),
    (SENSOR, 6, (1, 1), NOT_SUPPORTED),
    (SENSOR, 6, (0, 0), PROTOCOL_ERROR, "linux", (SENSOR, 0xA, 0, 0)),
    (SENSOR, 6, (0, 1), BUSY, "linux", *[(SENSOR, 6, 0, 1)] * 8),
    (SENSOR, 7, (3, 0), NOT_FOUND),
    (SENSOR, 7, (1, 3), INVALID),
    (SENSOR, 7, (0, 0), NOT_SUPPORTED),
    (SENSOR, 8, (3, 0), NOT_FOUND),
    (SENSOR, 8, (0, 3), INVALID),
    (SENSOR, 8, (2, 0), NOT_SUPPORTED),
    (SENSOR, 9, (3,), NOT_FOUND),
    (SENSOR, 0xA, (3, 1), NOT_FOUND),
    (SENSOR, 0xA, (0, 4 | 1), INVALID),
    (SENSOR, 0xA, (2, 2 | 1), NOT_SUPPORTED),
    (SENSOR, 0xA, (0, 1), DENIED, "guest"),
    (SENSOR, 0xA, (0, 0), HARDWARE_ERROR),
    (SENSOR, 0xB, (3, 1), NOT_FOUND),
    (SENSOR, 0xB, (0, 2), INVALID),
    (SENSOR, 0xB, (2, 1), NOT_SUPPORTED),
    (SENSOR, 0xC, (3,), NOT_FOUND),
    (SENSOR, 0xD, (3, 0), NOT_FOUND),
    (SENSOR, 0xD, (1, 3), INVALID),
    (SENSOR, 0xD, (0, 0), NOT_SUPPORTED),
    # Reset: 0 block, 1 quiet, which is not asynchronous
    (RESET, 3, (2,), NOT_FOUND),
    (RESET, 4, (2, 1, 0), NOT_FOUND),
    (RESET, 4, (0, 0xF8, 0), INVALID),
    (RESET, 4, (0, 1, 0xFF), INVALID),
    (RESET, 4, (1, 5, 0), NOT_SUPPORTED),
    (RESET, 4, (0, 1, 0), DENIED, "guest"),
    (RESET, 4, (0, 1, 0), BUSY, "linux", LATER[RESET]),
    (RESET, 4, (0, 1, 0), HARDWARE_ERROR),
    (RESET, 5, (2, 1), NOT_FOUND),
    (RESET, 5, (0, 2), INVALID),
    (RESET, 5, (1, 1), NOT_SUPPORTED),
    (RESET, 6, (2,), NOT_FOUND),
    # Voltage: 0 buck, 1 ldo, which is not asynchronous
    (VOLTAGE, 3, (2,), NOT_FOUND),
    (VOLTAGE, 4, (2, 0), NOT_FOUND),
    (VOLTAGE, 4, (1, 3), OUT_OF_RANGE),
    (VOLTAGE, 5, (2, 7), NOT_FOUND),
    (VOLTAGE, 5, (0, 1), INVALID),
    (VOLTAGE, 5, (0, 0x10), INVALID),
    (VOLTAGE, 5, (0, 7), DENIED, "guest"),
    (VOLTAGE, 5, (0, 7), HARDWARE_ERROR),
    (VOLTAGE, 6, (2,), NOT_FOUND),
    (VOLTAGE, 7, (2, 0, 800_000), NOT_FOUND),
    (VOLTAGE, 7, (0, 2, 800_000), INVALID),
    (VOLTAGE, 7, (0, 0, 800_001), INVALID),
    (VOLTAGE, 7, (1, 1, 600_000), NOT_SUPPORTED),
    (VOLTAGE, 7, (0, 0, 800_000), DENIED, "guest"),
    (VOLTAGE, 7, (0, 0, 800_000), BUSY, "linux", LATER[VOLTAGE]),
    (VOLTAGE, 7, (0, 0, 850_000), HARDWARE_ERROR),
    (VOLTAGE, 8, (2,), NOT_FOUND),
    (VOLTAGE, 9, (2,), NOT_FOUND),
    # Power capping: 0 soc, 1 gpu is vm1's, 2 fixed
    (POWERCAP, 3, (3,), NOT_FOUND),
    (POWERCAP, 4, (3,), NOT_FOUND),
    (POWERCAP, 5, (3, 0, 1000), NOT_FOUND),
    (POWERCAP, 5, (0, 4, 1000), INVALID),
    (POWERCAP, 5, (1, 2, 100), NOT_SUPPORTED, "vm1"),
    (POWERCAP, 5, (0, 0, 999), OUT_OF_RANGE),
    (POWERCAP, 5, (0, 0, 1000), DENIED, "guest"),
    (POWERCAP, 5, (0, 0, 3000), BUSY, "linux", LATER[POWERCAP]),
    (POWERCAP, 5, (0, 0, 3000), HARDWARE_ERROR),
    (POWERCAP, 6, (3,), NOT_FOUND),
    (POWERCAP, 7, (3, 0, 10), NOT_FOUND),
    (POWERCAP, 7, (0, 1, 10), INVALID),
    (POWERCAP, 7, (1, 0, 1), NOT_SUPPORTED, "vm1"),
    (POWERCAP, 7, (0, 0, 51), OUT_OF_RANGE),
    (POWERCAP, 7, (0, 0, 10), DENIED, "guest"),
    (POWERCAP, 7, (0, 0, 20), BUSY, "linux", LATER[POWERCAP]),
    (POWERCAP, 7, (0, 0, 20), HARDWARE_ERROR),
    (POWERCAP, 8, (3,), NOT_FOUND),
    (POWERCAP, 8, (1,), NOT_FOUND),
    (POWERCAP, 9, (3,), NOT_FOUND),
    (POWERCAP, 9, (2,), NOT_SUPPORTED),
    (POWERCAP, 0xA, (3, 1), NOT_FOUND),
    (POWERCAP, 0xA, (0, 2), INVALID),
    (POWERCAP, 0xA, (1, 1), NOT_SUPPORTED, "vm1"),
    (POWERCAP, 0xB, (3, 1, 0, 0), NOT_FOUND),
    (POWERCAP, 0xB, (0, 1, 2, 1), INVALID),
    (POWERCAP, 0xB, (2, 1, 0, 0), NOT_SUPPORTED),
    (POWERCAP, 0xC, (3, 5), NOT_FOUND),
    (POWERCAP, 0xC, (0, 0x77), NOT_FOUND),
    (POWERCAP, 0xC, (0, 5), NOT_SUPPORTED),
    # Pin control: linux has pins 0, 1 and reads 3; groups 0 and 1, three functions
    (PINCTRL, 3, (4, 0), NOT_FOUND),
    (PINCTRL, 3, (2, 1), NOT_FOUND),
    (PINCTRL, 3, (0, 3), INVALID),
    (PINCTRL, 4, (2, 1, 0), NOT_FOUND),
    (PINCTRL, 4, (0, 0, 0), INVALID),
    (PINCTRL, 4, (0, 1, 2), OUT_OF_RANGE),
    (PINCTRL, 5, (4, ALL), NOT_FOUND),
    (PINCTRL, 5, (0, 3 << 18), INVALID),
    (PINCTRL, 5, (0, 1 << 20), INVALID),
    (PINCTRL, 5, (0, ALL | 2 << 8), INVALID),
    (PINCTRL, 5, (0, 7), NOT_SUPPORTED),
    (PINCTRL, 6, (4, 0, 0), NOT_FOUND),
    (PINCTRL, 6, (0, 3, 1 << 10), NOT_FOUND),
    (PINCTRL, 6, (0, 0, 1 << 11), INVALID),
    (PINCTRL, 6, (0, 0, 1 << 2), INVALID),
    (PINCTRL, 6, (0, 0, 1 << 2, 7, 0), NOT_SUPPORTED),
    (PINCTRL, 6, (3, 0, 0), DENIED),
    (PINCTRL, 6, (1, 0, 1 << 2, 4, 1), IN_USE, "vm1", (PINCTRL, 7, 1, 0)),
    (PINCTRL, 6, (0, 0, 1 << 2, 4, 0), HARDWARE_ERROR),
    (PINCTRL, 7, (4, 0), NOT_FOUND),
    (PINCTRL, 7, (0, 2), INVALID),
    (PINCTRL, 7, (3, 0), DENIED),
    (PINCTRL, 7, (1, 0), IN_USE, "vm1", (PINCTRL, 7, 1, 0)),
    (PINCTRL, 8, (4, 0), NOT_FOUND),
    (PINCTRL, 8, (0, 0), INVALID),  # it has not been asked for
    (PINCTRL, 8, (0, 3), INVALID),
    (PINCTRL, 8, (3, 0), DENIED),
    (PINCTRL, 9, (4, 0), NOT_FOUND),
    (PINCTRL, 9, (0, 3), INVALID),
    (PINCTRL, 0xA, (9, 0, 0), NOT_FOUND),
    (PINCTRL, 0xA, (2, 1, 2), INVALID),
    (PINCTRL, 0xA, (2, 0, 4), DENIED),
    (PINCTRL, 0xA, (1, 0, 0), DENIED, "vm1"),
]


#: The effects that the hardware refuses where HARDWARE_ERROR is expected.
BROKEN = [
    *["clock 0 (pll) state 1", "clock 1 (mux) rate 2", "clock 1 (mux) parent 2", "system"],
    *["voltage 0 (buck) state", "voltage 0 (buck) level", "performance 0", "sensor 0", "reset 0"],
    *["powercap 0", "pin 0"],
]

#: A request of each message that succeeds.
SUCCEEDS = {
    BASE: {3: (), 4: (), 5: (), 6: (0,), 7: (1,), 8: (1,)}
    | {9: (1, 0, 1), 0xA: (1, 0, CLOCK, 1), 0xB: (2, 0)},
    POWER: {3: (1,), 4: (0, 1, ON), 5: (1,), 6: (1, 1), 7: (1, 1), 8: (1,)},
    SYSTEM: {3: (1, 0), 5: (1,)},
    PERFORMANCE: {3: (0,), 4: (0, 0), 5: (0, 30, 10), 6: (0,), 7: (0, 10), 8: (0,), 9: (0, 1)}
    | {0xA: (0, 1), 0xC: (0,)},
    CLOCK: {3: (0,), 4: (0, 0), 5: (0, 0, 800_000_000, 0), 6: (0,), 7: (0, 1, 0), 8: (0,)}
    | {9: (0, 1), 0xA: (0, 1), 0xB: (0, 0), 0xC: (1, 0), 0xD: (1, 2), 0xE: (1,), 0xF: (0,)},
    SENSOR: {3: (0,), 4: (0, 1), 5: (0, 1, 0, 0), 6: (0, 0), 7: (1, 0), 8: (0, 0), 9: (0,)}
    | {0xA: (0, 1), 0xB: (0, 1), 0xC: (0,), 0xD: (1, 0)},
    RESET: {3: (0,), 4: (0, 1, 0), 5: (0, 1), 6: (0,)},
    VOLTAGE: {3: (0,), 4: (0, 0), 5: (0, 7), 6: (0,), 7: (0, 0, 850_000), 8: (0,), 9: (0,)},
    POWERCAP: {3: (0,), 4: (0,), 5: (0, 0, 3000), 6: (0,), 7: (0, 0, 20), 8: (0,), 9: (0,)}
    | {0xA: (0, 1), 0xB: (0, 1, 0, 9)},
    PINCTRL: {3: (0, 0), 4: (0, 1, 0), 5: (0, ALL), 6: (0, 0, 0), 7: (0, 0), 8: (1, 0)}
    | {9: (0, 0), 0xA: (2, 1, 4)},
}
#: Messages that never succeed here; FastChannels need memory, and have tests of their own.
WITHOUT = {(SYSTEM, 4), (PERFORMANCE, 0xB), (POWERCAP, 0xC)}
