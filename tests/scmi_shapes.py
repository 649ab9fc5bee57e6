"""How long requests and replies are, by hand from the specification (profile 3.2), and `check`,
which holds an answer to it. Nothing here comes from the package under test."""

import struct

from scmi_wire import (
    BASE,
    CLOCK,
    PERFORMANCE,
    PINCTRL,
    POWER,
    POWERCAP,
    RESET,
    SENSOR,
    SUCCESS,
    SYSTEM,
    VOLTAGE,
)

PROTOCOLS = (
    BASE,
    POWER,
    SYSTEM,
    PERFORMANCE,
    CLOCK,
    SENSOR,
    RESET,
    VOLTAGE,
    POWERCAP,
    PINCTRL,
)
NEGOTIATE = 0x10
#: Messages that every protocol has.
COMMON = {0: 0, 1: 0, 2: 1, NEGOTIATE: 1}

#: Words of a request behind the header.
REQUEST_WORDS = {
    BASE: {3: 0, 4: 0, 5: 0, 6: 1, 7: 1, 8: 1, 9: 3, 0xA: 4, 0xB: 2},
    POWER: {3: 1, 4: 3, 5: 1, 6: 2, 7: 2, 8: 1},
    SYSTEM: {3: 2, 4: 0, 5: 1},
    PERFORMANCE: {3: 1, 4: 2, 5: 3, 6: 1, 7: 2, 8: 1, 9: 2, 0xA: 2, 0xB: 2, 0xC: 1},
    CLOCK: {3: 1, 4: 2, 5: 4, 6: 1, 7: 3, 8: 1, 9: 2, 0xA: 2, 0xB: 2, 0xC: 2, 0xD: 2, 0xE: 1}
    | {0xF: 1},
    SENSOR: {3: 1, 4: 2, 5: 4, 6: 2, 7: 2, 8: 2, 9: 1, 0xA: 2, 0xB: 2, 0xC: 1, 0xD: 2},
    RESET: {3: 1, 4: 3, 5: 2, 6: 1},
    VOLTAGE: {3: 1, 4: 2, 5: 2, 6: 1, 7: 3, 8: 1, 9: 1},
    POWERCAP: {3: 1, 4: 1, 5: 3, 6: 1, 7: 3, 8: 1, 9: 1, 0xA: 2, 0xB: 4, 0xC: 2},
    PINCTRL: {3: 2, 4: 3, 5: 2, 6: 3, 7: 2, 8: 2, 9: 2, 0xA: 3},
}

#: Words of a successful response behind the status, of messages with a fixed reply. A name is 4
#: words, an extended name 16 and a flags word.
REPLY_WORDS = {
    BASE: {0: 1, 1: 1, 2: 1, 3: 4, 4: 4, 5: 1, 7: 5, 8: 0, 9: 0, 0xA: 0, 0xB: 0},
    POWER: {0: 1, 1: 4, 2: 1, 3: 5, 4: 0, 5: 1, 6: 0, 7: 0, 8: 17},
    SYSTEM: {0: 1, 1: 1, 2: 1, 3: 0, 5: 0},
    PERFORMANCE: {0: 1, 1: 4, 2: 1, 3: 8, 5: 0, 6: 2, 7: 0, 8: 1, 9: 0, 0xA: 0, 0xB: 11, 0xC: 17},
    CLOCK: {0: 1, 1: 1, 2: 1, 3: 6, 5: 0, 6: 2, 7: 0, 8: 17, 9: 0, 0xA: 0, 0xB: 3, 0xD: 0, 0xE: 1}
    | {0xF: 1},
    SENSOR: {0: 1, 1: 4, 2: 1, 4: 0, 5: 0, 9: 1, 0xA: 0, 0xB: 0, 0xC: 17},
    RESET: {0: 1, 1: 1, 2: 1, 3: 6, 4: 0, 5: 0, 6: 17},
    VOLTAGE: {0: 1, 1: 1, 2: 1, 3: 5, 5: 0, 6: 1, 7: 0, 8: 1, 9: 17},
    POWERCAP: {0: 1, 1: 1, 2: 1, 3: 14, 4: 1, 5: 0, 6: 1, 7: 0, 8: 17, 9: 2, 0xA: 0, 0xB: 0}
    | {0xC: 11},
    PINCTRL: {0: 1, 1: 2, 2: 1, 3: 5, 6: 0, 7: 0, 8: 0, 9: 17, 0xA: 0},
}
#: Words before the entries of multi-part replies, bytes of an entry, and the bits of the count,
#: which is in the last of those words.
ENTRIES = {
    (BASE, 6): (1, 1, 32),
    (PERFORMANCE, 4): (1, 20, 12),
    (CLOCK, 4): (1, 8, 12),
    (CLOCK, 0xC): (1, 4, 8),
    (SENSOR, 8): (1, 4, 12),
    (SENSOR, 0xD): (1, 68, 6),
    (VOLTAGE, 4): (1, 4, 12),
    (PINCTRL, 4): (1, 2, 12),
    (PINCTRL, 5): (2, 8, 8),
}
#: Entries of these differ in length: 28 bytes and more.
UNEVEN = {(SENSOR, 3), (SENSOR, 7)}
#: Lengths of the words of events behind the header: delayed responses (status first) and
#: notifications. Readings come in fours behind them, reports of errors in pairs.
EVENT_WORDS = {
    (2, CLOCK, 5): 4,
    (2, SENSOR, 6): 2,
    (2, RESET, 4): 2,
    (2, VOLTAGE, 7): 3,
    (2, POWERCAP, 5): 3,
    (3, BASE, 0): 2,
    (3, POWER, 0): 3,
    (3, POWER, 1): 3,
    (3, SYSTEM, 0): 4,
    (3, PERFORMANCE, 0): 4,
    (3, PERFORMANCE, 1): 3,
    (3, CLOCK, 0): 4,
    (3, CLOCK, 1): 4,
    (3, SENSOR, 0): 3,
    (3, SENSOR, 1): 2,
    (3, RESET, 0): 3,
    (3, POWERCAP, 0): 4,
    (3, POWERCAP, 1): 3,
}
_TAILS = {(2, SENSOR, 6): 4, (3, SENSOR, 1): 4, (3, BASE, 0): 2}


def check(sent: bytes, frames: tuple[bytes, ...]) -> int | None:
    """The frames answer ``sent`` properly. Returns the status, ``None`` without an answer."""
    if len(sent) < 4:
        assert frames == ()
        return None
    (frame,) = frames
    assert frame[:4] == sent[:4]
    assert len(frame) <= 4 + 132
    (word,) = struct.unpack("<I", sent[:4])
    status = int.from_bytes(frame[4:8], "little", signed=True)
    assert -11 <= status <= 0
    values = frame[8:]
    message, protocol = word & 0xFF, word >> 10 & 0xFF
    if status != SUCCESS or message == NEGOTIATE:
        assert values == b""
    elif (protocol, message) in ENTRIES:
        before, size, bits = ENTRIES[protocol, message]
        words = struct.unpack(f"<{before}I", values[: 4 * before])
        count = words[-1] & (1 << bits) - 1
        padding = -count % 4 if (protocol, message) == (BASE, 6) else 0
        assert len(values) == 4 * before + size * count + padding
    elif (protocol, message) in UNEVEN:
        assert len(values) >= 4 + 28
    elif (protocol, message) == (SENSOR, 6):
        assert len(values) % 16 == 0  # none where it comes later
    else:
        assert len(values) == 4 * REPLY_WORDS[protocol][message]
    return status


def check_event(frame: bytes) -> None:
    """A delayed response or notification is as long as it may be."""
    (word,) = struct.unpack("<I", frame[:4])
    key = word >> 8 & 3, word >> 10 & 0xFF, word & 0xFF
    rest = len(frame) - 4 - 4 * EVENT_WORDS[key]
    if rest:
        assert rest > 0
        assert rest % (4 * _TAILS[key]) == 0
