"""Each message, each status: a table, by hand from the specification (profile 3.2).

`STATUSES` says which statuses a message can have; each has a row in `CASES`, and each row is a
test. What is in `NEVER` this server has no reason to say. Success, and what it returns, is in the
protocols' own tests.

The board is full.json with a third agent: guest may only read, and may be given the reset line.
"""

import json
from pathlib import Path

import pytest
from scmi_shapes import COMMON, NEGOTIATE, PROTOCOLS, REQUEST_WORDS, check
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
    SUCCESS,
    SYSTEM,
    VOLTAGE,
    Wire,
    request,
)

from scmigen import runtime
from scmigen.scmi.protocols import Profile
from scmigen.server import Server
from scmigen.server.simulator import Recorder

INVALID = INVALID_PARAMETERS
GUEST = 3


def grants(*operations, of=(0,)):
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

#: Protocol → message → the statuses it can have, beside SUCCESS and PROTOCOL_ERROR.
STATUSES = {
    BASE: {
        2: {NOT_FOUND},
        NEGOTIATE: {NOT_SUPPORTED},
        4: {NOT_SUPPORTED},
        6: {INVALID},
        7: {NOT_FOUND},
        8: {INVALID, NOT_SUPPORTED},
        9: {NOT_FOUND, INVALID, NOT_SUPPORTED, DENIED},
        0xA: {NOT_FOUND, INVALID, NOT_SUPPORTED, DENIED},
        0xB: {NOT_FOUND, INVALID, DENIED},
    },
    POWER: {
        3: {NOT_FOUND},
        4: {NOT_FOUND, INVALID, NOT_SUPPORTED, DENIED, BUSY, HARDWARE_ERROR},
        5: {NOT_FOUND},
        6: {NOT_FOUND, INVALID, NOT_SUPPORTED},
        7: {NOT_FOUND, INVALID, NOT_SUPPORTED},
        8: {NOT_FOUND},
    },
    SYSTEM: {
        3: {INVALID, NOT_SUPPORTED, DENIED, HARDWARE_ERROR},
        4: {NOT_SUPPORTED},
        5: {INVALID, NOT_SUPPORTED},
    },
    PERFORMANCE: {
        3: {NOT_FOUND},
        4: {NOT_FOUND, OUT_OF_RANGE},
        5: {NOT_FOUND, OUT_OF_RANGE, INVALID, DENIED, HARDWARE_ERROR},
        6: {NOT_FOUND},
        7: {NOT_FOUND, OUT_OF_RANGE, DENIED, HARDWARE_ERROR},
        8: {NOT_FOUND},
        9: {NOT_FOUND, INVALID, NOT_SUPPORTED},
        0xA: {NOT_FOUND, INVALID, NOT_SUPPORTED},
        0xB: {NOT_FOUND, NOT_SUPPORTED},
        0xC: {NOT_FOUND},
    },
    CLOCK: {
        3: {NOT_FOUND},
        4: {NOT_FOUND, OUT_OF_RANGE},
        5: {NOT_FOUND, INVALID, NOT_SUPPORTED, BUSY, DENIED, HARDWARE_ERROR},
        6: {NOT_FOUND},
        7: {NOT_FOUND, INVALID, DENIED, HARDWARE_ERROR},
        8: {NOT_FOUND},
        9: {NOT_FOUND, INVALID, NOT_SUPPORTED},
        0xA: {NOT_FOUND, INVALID, NOT_SUPPORTED},
        0xB: {NOT_FOUND, INVALID},
        0xC: {NOT_FOUND, NOT_SUPPORTED, DENIED, INVALID},
        0xD: {NOT_FOUND, INVALID, OUT_OF_RANGE, NOT_SUPPORTED, DENIED, BUSY, HARDWARE_ERROR},
        0xE: {NOT_FOUND, NOT_SUPPORTED, DENIED},
        0xF: {NOT_FOUND, NOT_SUPPORTED},
    },
    SENSOR: {
        3: {INVALID},
        4: {NOT_FOUND, INVALID, NOT_SUPPORTED, DENIED},
        5: {NOT_FOUND, INVALID, NOT_SUPPORTED, DENIED},
        6: {NOT_FOUND, INVALID, NOT_SUPPORTED, PROTOCOL_ERROR, BUSY},
        7: {NOT_FOUND, INVALID, NOT_SUPPORTED},
        8: {NOT_FOUND, NOT_SUPPORTED, INVALID},
        9: {NOT_FOUND},
        0xA: {NOT_FOUND, INVALID, NOT_SUPPORTED, DENIED, HARDWARE_ERROR},
        0xB: {NOT_FOUND, INVALID, NOT_SUPPORTED},
        0xC: {NOT_FOUND},
        0xD: {NOT_FOUND, NOT_SUPPORTED, INVALID},
    },
    RESET: {
        3: {NOT_FOUND},
        4: {NOT_FOUND, INVALID, NOT_SUPPORTED, DENIED, BUSY, HARDWARE_ERROR},
        5: {NOT_FOUND, INVALID, NOT_SUPPORTED},
        6: {NOT_FOUND},
    },
    VOLTAGE: {
        3: {NOT_FOUND},
        4: {NOT_FOUND, OUT_OF_RANGE, NOT_SUPPORTED},
        5: {NOT_FOUND, INVALID, NOT_SUPPORTED, DENIED, HARDWARE_ERROR},
        6: {NOT_FOUND, NOT_SUPPORTED},
        7: {NOT_FOUND, INVALID, NOT_SUPPORTED, DENIED, BUSY, HARDWARE_ERROR},
        8: {NOT_FOUND, NOT_SUPPORTED},
        9: {NOT_FOUND},
    },
    POWERCAP: {
        3: {NOT_FOUND},
        4: {NOT_FOUND},
        5: {NOT_FOUND, INVALID, NOT_SUPPORTED, OUT_OF_RANGE, BUSY, DENIED, HARDWARE_ERROR},
        6: {NOT_FOUND},
        7: {NOT_FOUND, INVALID, NOT_SUPPORTED, OUT_OF_RANGE, BUSY, DENIED, HARDWARE_ERROR},
        8: {NOT_FOUND},
        9: {NOT_FOUND, NOT_SUPPORTED},
        0xA: {NOT_FOUND, INVALID, NOT_SUPPORTED},
        0xB: {NOT_FOUND, INVALID, NOT_SUPPORTED},
        0xC: {NOT_FOUND, NOT_SUPPORTED},
    },
    PINCTRL: {
        3: {NOT_FOUND, INVALID},
        4: {NOT_FOUND, INVALID, OUT_OF_RANGE},
        5: {NOT_FOUND, INVALID, NOT_SUPPORTED},
        6: {NOT_FOUND, INVALID, NOT_SUPPORTED, DENIED, IN_USE, HARDWARE_ERROR},
        7: {NOT_FOUND, INVALID, DENIED, IN_USE},
        8: {NOT_FOUND, INVALID, DENIED},
        9: {NOT_FOUND, INVALID},
        0xA: {NOT_FOUND, INVALID, DENIED},
    },
}

#: What this server never says, and why.
NEVER = {
    (BASE, 4, NOT_SUPPORTED): "there is always a sub-vendor, if an empty one",
    (BASE, 8, NOT_SUPPORTED): "errors can always be told",
    (BASE, 9, NOT_SUPPORTED): "who may not gets DENIED",
    (BASE, 0xA, NOT_SUPPORTED): "who may not gets DENIED",
    (SYSTEM, 5, NOT_SUPPORTED): "the state can always be told",
    (CLOCK, 0xD, OUT_OF_RANGE): "the divider stays, so any parent will do",
    (CLOCK, 0xF, NOT_SUPPORTED): "every clock has permissions",
    (SENSOR, 5, NOT_SUPPORTED): "a trip point that is not there is INVALID, as the suite has it",
    (VOLTAGE, 4, NOT_SUPPORTED): "every supply has levels",
    (VOLTAGE, 5, NOT_SUPPORTED): "every supply can be switched",
    (VOLTAGE, 6, NOT_SUPPORTED): "and has a state",
    (VOLTAGE, 8, NOT_SUPPORTED): "and a level",
}

ALL = 1 << 18
#: Requests under way that keep something busy.
LATER = {
    POWER: (POWER, 4, 1, 1, ON),
    CLOCK: (CLOCK, 5, 1, 1, 200_000_000, 0),
    RESET: (RESET, 4, 0, 5, 0),
    VOLTAGE: (VOLTAGE, 7, 0, 1, 850_000),
    POWERCAP: (POWERCAP, 5, 0, 2, 2000),
}

#: protocol, message, words, status; then who asks (linux unless said) and what was asked before.
CASES = [
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
    (CLOCK, 5, (1, 2, 1000, 0), NOT_SUPPORTED, "vm1", (BASE, 9, 2, 0, 1)),
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


#: What the hardware does not do where HARDWARE_ERROR is expected.
BROKEN = [
    *["clock 0 (pll) state 1", "clock 1 (mux) rate 2", "clock 1 (mux) parent 2", "system"],
    *["voltage 0 (buck) state", "voltage 0 (buck) level", "performance 0", "sensor 0", "reset 0"],
    *["powercap 0", "pin 0"],
]


@pytest.fixture(scope="module")
def configuration():
    data = (Path(__file__).parent / "full.json").read_bytes()
    return runtime.decode(runtime.overlay(data, json.dumps(EXTRA).encode()))


def wires(configuration, profile=Profile.V3_2, failing=()):
    backend = Recorder(lambda _: None, failing=failing)
    server = Server(configuration, profile, backend=backend, now=lambda: 0)
    return {agent.name: Wire(agent) for agent in server.agents.values()}


@pytest.mark.parametrize(
    "case", CASES, ids=lambda case: f"{case[0]:x}-{case[1]:x}-{case[2]}{case[3]}".replace(" ", "")
)
def test_status(configuration, case):
    protocol, message, words, expected, *rest = case
    agent, before = (rest or ["linux"])[0], rest[1:]
    # what is asked before must not fail
    failing = () if expected != HARDWARE_ERROR else ["power 1"] if before else BROKEN
    agents = wires(configuration, failing=failing)
    for sent in before:
        assert agents["linux"].status(*sent) == SUCCESS, sent
    assert agents[agent].ask(protocol, message, *words) == (expected, b"")


#: A request of each message that succeeds; FastChannels need memory, and have tests of their own.
SUCCEEDS = {
    BASE: {3: (), 4: (), 5: (), 6: (0,), 7: (1,), 8: (1,)}
    | {9: (2, 0, 1), 0xA: (2, 0, CLOCK, 1), 0xB: (2, 0)},
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
WITHOUT = {(SYSTEM, 4), (PERFORMANCE, 0xB), (POWERCAP, 0xC)}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_each_message_succeeds(configuration, protocol):
    sizes = COMMON | REQUEST_WORDS[protocol]
    version = {2: (0,), 0: (), 1: ()}
    tried = version | SUCCEEDS[protocol]
    linux = wires(configuration)["linux"]
    linux.status(PINCTRL, 7, 1, 0)  # has to have it to release it
    for message, words in tried.items():
        sent = request(protocol, message, *words)
        assert check(sent, linux.agent.handle(sent)) == SUCCESS, hex(message)
        assert linux.words(protocol, 2, message)[0] >= 0  # and it is said to be there
    (own,) = linux.words(protocol, 0)
    assert linux.ask(protocol, NEGOTIATE, own) == (SUCCESS, b"")
    left_out = {message for number, message in WITHOUT if number == protocol}
    assert sizes.keys() - tried.keys() - {NEGOTIATE} == left_out


def test_every_status_has_a_row():
    rows = {(case[0], case[1], case[3]) for case in CASES}
    wanted = {
        (protocol, message, status)
        for protocol, messages in STATUSES.items()
        for message, statuses in messages.items()
        for status in statuses
    }
    assert wanted - rows == NEVER.keys()


@pytest.mark.parametrize(
    ("protocol", "message", "size"),
    [
        (protocol, message, size)
        for protocol in PROTOCOLS
        for message, size in (COMMON | REQUEST_WORDS[protocol]).items()
    ],
)
def test_a_payload_of_another_size_is_a_protocol_error(configuration, protocol, message, size):
    linux = wires(configuration)["linux"]
    entries = 2 if (protocol, message) == (PINCTRL, 6) else 0  # whole pairs may follow
    sizes = {0, size - 1, size + 1, size + 5} - {-1, size, size + entries}
    for wrong in sizes:
        assert linux.status(protocol, message, *[0] * wrong) == PROTOCOL_ERROR


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_no_protocol_has(configuration, protocol):
    linux = wires(configuration)["linux"]
    assert linux.status(protocol, 0x11) == NOT_SUPPORTED
    assert linux.status(protocol, 2, 0x11) == NOT_FOUND
    assert linux.status(protocol, NEGOTIATE, 0x7FFF_0000) == NOT_SUPPORTED
    old = wires(configuration, Profile.V2_0)["linux"]
    if protocol <= RESET:
        assert old.status(protocol, 0x11) == NOT_FOUND
    else:
        assert old.status(protocol, 0) == NOT_SUPPORTED


@pytest.mark.parametrize("kind", [1, 2, 3])
def test_only_commands_are_answered(configuration, kind):
    (frame,) = wires(configuration)["linux"].agent.handle(
        (0 | kind << 8 | BASE << 10).to_bytes(4, "little")
    )
    assert int.from_bytes(frame[4:], "little", signed=True) == PROTOCOL_ERROR
