"""Linux 6.1 and 6.6 as an agent: drivers/firmware/arm_scmi and the drivers that use it.

Read from 6.1 (Debian's 6.1.192), and from clock.c as it was up to 6.6; what is new in the messages
of these protocols since then came with 6.7.

Replies longer than a driver's buffer are cut, as the transports do; beyond the end of a reply is
what the last one left there, so every reply must be as long as what is read.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from replay_driver import Channel, check, packed, succeeded, text, unpacked
from scmi_wire import (
    BASE,
    CLOCK,
    OFF,
    ON,
    PERFORMANCE,
    POWER,
    POWERCAP,
    RESET,
    SENSOR,
    SYSTEM,
    VOLTAGE,
)

_MAX_MESSAGE = 128
_MAX_RATES = _MAX_LEVELS = 16
_ROOT_ZONE = 0xFFFF_FFFF


@dataclass
class Found:
    """What probing a protocol finds of one resource."""

    name: str
    flags: int
    values: list[int] = field(default_factory=list)
    is_range: bool = False


class Linux:
    """The core of the driver, and one method for each thing its users do."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._token = 0
        self.versions: dict[int, int] = {}
        self.found: dict[int, list[Found | None]] = {}
        self.agents: list[str] = []

    # The core

    def _transfer(self, protocol: int, message: int, payload: bytes = b"", room: int = 0) -> bytes:
        self._token = (self._token + 1) % 1024
        reply = self._channel.exchange(protocol, message, payload, self._token)
        succeeded(struct.unpack_from("<i", reply)[0])
        values = reply[4 : 4 + (room or _MAX_MESSAGE)]
        assert len(values) == room or not room, f"reads {room - len(values)} bytes of nothing"
        return values

    def _later(self, protocol: int, message: int, payload: bytes) -> bytes:
        assert self._transfer(protocol, message, payload) == b""
        frame = self._channel.delayed(protocol, message, self._token)
        succeeded(struct.unpack_from("<i", frame)[0])
        return frame[4:]

    def _name(self, protocol: int, message: int, number: int, short: bytes, extended: bool) -> str:
        """The extended name, if the attributes have the bit for it."""
        if not extended:
            return text(short)
        return text(self._transfer(protocol, message, packed(number), 4 + 64)[4:])

    def _walk(
        self, protocol: int, message: int, head: tuple[int, ...], size: int, most: int
    ) -> Iterator[tuple[int, int, bytes]]:
        """A multi-part reply: its count word, and each entry with its index."""
        index = 0
        while True:
            reply = self._transfer(protocol, message, packed(*head, index))
            (word,) = unpacked(reply[:4])
            returned, remaining = word & 0xFFF, word >> 16
            check(returned <= most - index, "No. of resources can't exceed")
            for at in range(returned):
                entry = reply[4 + size * at : 4 + size * (at + 1)]
                assert len(entry) == size
                yield word, index + at, entry
            index += returned
            if not returned or not remaining:
                return

    # Probing

    def probe(self) -> None:
        """The base protocol, then every protocol it lists."""
        served = self._base()
        for protocol, probe in (
            (POWER, self._power),
            (SYSTEM, self._system),
            (PERFORMANCE, self._performance),
            (CLOCK, self._clock),
            (SENSOR, self._sensor),
            (RESET, self._reset),
            (VOLTAGE, self._voltage),
            (POWERCAP, self._powercap),
        ):
            if protocol in served:
                (self.versions[protocol],) = unpacked(self._transfer(protocol, 0, room=4))
                probe()

    def _major(self, protocol: int) -> int:
        return self.versions[protocol] >> 16

    def _base(self) -> list[int]:
        (self.versions[BASE],) = unpacked(self._transfer(BASE, 0, room=4))
        protocols, agents, _ = struct.unpack("<BBH", self._transfer(BASE, 1, room=4))
        text(self._transfer(BASE, 3, room=16))
        text(self._transfer(BASE, 4, room=16))
        self._transfer(BASE, 5, room=4)
        served: list[int] = []
        while len(served) < protocols:
            reply = self._transfer(BASE, 6, packed(len(served)))
            (returned,) = unpacked(reply[:4])
            check(0 < returned <= protocols - len(served), "No. Returned protocols > Total")
            check(len(reply) >= 8, "Truncated reply")
            check(len(reply) - 4 == (1 + (returned - 1) // 4) * 4, "Malformed reply")
            served += reply[4 : 4 + returned]
        for number in range(agents):
            self.agents.append(text(self._transfer(BASE, 7, packed(number), 4 + 16)[4:]))
        self._transfer(BASE, 8, packed(1))
        return served

    def _power(self) -> None:
        (word, *_) = unpacked(self._transfer(POWER, 1, room=16))
        found = self.found.setdefault(POWER, [])
        for number in range(word & 0xFFFF):
            reply = self._transfer(POWER, 3, packed(number), 20)
            (flags,) = unpacked(reply[:4])
            extended = self._major(POWER) >= 3 and bool(flags & 1 << 27)
            name = self._name(POWER, 8, number, reply[4:], extended)
            (state,) = unpacked(self._transfer(POWER, 5, packed(number)))
            found.append(Found(name, flags, [state]))

    def _system(self) -> None:
        self._transfer(SYSTEM, 5, packed(1))

    def _performance(self) -> None:
        (word, *_) = unpacked(self._transfer(PERFORMANCE, 1, room=16))
        found = self.found.setdefault(PERFORMANCE, [])
        for number in range(word & 0xFFFF):
            reply = self._transfer(PERFORMANCE, 3, packed(number), 32)
            flags, _, frequency, level = unpacked(reply[:16])
            extended = self._major(PERFORMANCE) >= 3 and bool(flags & 1 << 26)
            name = self._name(PERFORMANCE, 0xC, number, reply[16:], extended)
            factor = frequency * 1000 // level if frequency and level else 1000
            domain = Found(name, flags)
            # three words of an entry, whatever the version
            for _, _, entry in self._walk(PERFORMANCE, 4, (number,), 12, _MAX_LEVELS):
                domain.values.append(unpacked(entry)[0] * factor)
            domain.values.sort()
            check(len(set(domain.values)) == len(domain.values), "duplicate OPPs")
            found.append(domain)

    def _clock(self) -> None:
        count, self.pending, _ = struct.unpack("<HBB", self._transfer(CLOCK, 1, room=4))
        found = self.found.setdefault(CLOCK, [])
        for number in range(count):
            size = 24 if self._major(CLOCK) >= 2 else 20
            reply = self._transfer(CLOCK, 3, packed(number), size)
            (flags,) = unpacked(reply[:4])
            extended = size == 24 and bool(flags & 1 << 29)
            name = self._name(CLOCK, 8, number, reply[4:20], extended)
            clock = Found(name, flags)
            for word, _, entry in self._walk(CLOCK, 4, (number,), 8, _MAX_RATES):
                clock.is_range = bool(word & 1 << 12)
                check(not clock.is_range or word == 1 << 12 | 3, "Cannot fix out-of-spec reply")
                clock.values.append(struct.unpack("<Q", entry)[0])
            check(bool(clock.values), "failed to register clock")
            found.append(clock)

    def _sensor(self) -> None:
        count, *_ = struct.unpack("<HBBQI", self._transfer(SENSOR, 1, room=16))
        found = self.found.setdefault(SENSOR, [])
        while len(found) < count:
            reply = self._transfer(SENSOR, 3, packed(len(found)))
            (word,) = unpacked(reply[:4])
            returned, remaining, at = word & 0xFFF, word >> 16, 4
            check(0 < returned <= count - len(found), "No. of resources can't exceed")
            for _ in range(returned):
                at = self._descriptor(reply, at)
            assert at == len(reply)
            check(bool(remaining) == (len(found) < count), "sensors are missing")

    def _descriptor(self, reply: bytes, at: int) -> int:
        """One descriptor; returns where the next one begins."""
        number, low, high = unpacked(reply[at : at + 12])
        name, at = reply[at + 12 : at + 28], at + 28
        sensor = Found("", low)
        if self.versions[SENSOR] != 0x10000:
            sensor.values = self._intervals(number)
        extended = self._major(SENSOR) >= 3 and bool(low & 1 << 29)
        sensor.name = self._name(SENSOR, 0xC, number, name, extended)
        axes = high >> 16 & 0x3F if high & 1 << 8 else 0
        if low & 1 << 8:
            at += 4 + (0 if axes else 4 + 16)
        for index in range(axes if axes and self._axes(number, axes) else 0):
            assert index < axes
        self.found[SENSOR].append(sensor)
        return at

    def _intervals(self, number: int) -> list[int]:
        """Optional: a sensor without intervals refuses."""
        try:
            return [
                unpacked(entry)[0] for _, _, entry in self._walk(SENSOR, 8, (number,), 4, 0x1000)
            ]
        except Exception as problem:
            assert str(problem) == "EOPNOTSUPP"  # noqa: PT017 - what the driver passes over
            return []

    def _axes(self, number: int, count: int) -> bool:
        reply = self._transfer(SENSOR, 7, packed(number, 0))
        (word,) = unpacked(reply[:4])
        check(word & 0x3F <= count, "No. of resources can't exceed")
        at, long = 4, False
        for _ in range(word & 0x3F):
            _, low, _ = unpacked(reply[at : at + 12])
            text(reply[at + 12 : at + 28])
            long |= bool(low & 1 << 9)
            at += 48 if low & 1 << 8 else 28
        if self._major(SENSOR) >= 3 and long:
            names = self._transfer(SENSOR, 0xD, packed(number, 0))
            (word,) = unpacked(names[:4])
            for index in range(word & 0x3F):
                (axis,) = unpacked(names[4 + 68 * index :][:4])
                check(axis < count, "bad axis ID found!")
                text(names[8 + 68 * index :][:64])
        return True

    def _reset(self) -> None:
        (word,) = unpacked(self._transfer(RESET, 1, room=4))
        found = self.found.setdefault(RESET, [])
        for number in range(word & 0xFFFF):
            reply = self._transfer(RESET, 3, packed(number), 24)
            flags, _ = unpacked(reply[:8])
            extended = self._major(RESET) >= 3 and bool(flags & 1 << 29)
            found.append(Found(self._name(RESET, 6, number, reply[8:], extended), flags))

    def _voltage(self) -> None:
        (word,) = unpacked(self._transfer(VOLTAGE, 1, room=4))
        found = self.found.setdefault(VOLTAGE, [])
        for number in range(word & 0xFFFF):
            reply = self._transfer(VOLTAGE, 3, packed(number), 20)
            (flags,) = unpacked(reply[:4])
            newer = self._major(VOLTAGE) >= 2
            name = self._name(VOLTAGE, 9, number, reply[4:], newer and bool(flags & 1 << 30))
            supply = Found(name, flags if newer else 0)
            for word, _, entry in self._walk(VOLTAGE, 4, (number,), 4, 0x1000):
                supply.is_range = bool(word & 1 << 12)
                check(not supply.is_range or word == 1 << 12 | 3, "Invalid level descriptor")
                (level,) = struct.unpack("<i", entry)
                check(level >= 0, "Negative voltages NOT supported")
                supply.values.append(level)
            check(bool(supply.values), "Invalid level descriptor")
            found.append(supply)

    def _powercap(self) -> None:
        (word,) = unpacked(self._transfer(POWERCAP, 1, room=4))
        count = word & 0xFFFF
        for number in range(count):
            reply = self._transfer(POWERCAP, 3, packed(number), 56)
            (flags,) = unpacked(reply[:4])
            low_pai, high_pai, pai_step, low, high, step, *_, parent = unpacked(reply[20:])
            for least, most, by, settable in (
                (low_pai, high_pai, pai_step, flags & 1 << 25),
                (low, high, step, flags & 1 << 27),
            ):
                check(least > 0 and most > 0, "inconsistent config")
                check(bool(settable) == (least != most), "inconsistent config")
                check(least == most or by > 0, "inconsistent config")
            check(parent == _ROOT_ZONE or parent < count, "inconsistent parent ID")
            check(parent != number, "inconsistent parent ID")
            name = self._name(POWERCAP, 8, number, reply[4:20], bool(flags & 1 << 28))
            self.found.setdefault(POWERCAP, []).append(Found(name, flags, [low, high, step]))

    # Use

    def power(self, number: int, on: bool) -> None:
        """genpd: set the state, and read it back."""
        state = ON if on else OFF
        self._transfer(POWER, 4, packed(0, number, state))
        check(unpacked(self._transfer(POWER, 5, packed(number))) == [state], "EIO")

    def set_rate(self, number: int, rate: int) -> int:
        """clk_set_rate; the rate that the clock has then."""
        later = self.pending > 1
        payload = packed(int(later), number, rate & 0xFFFF_FFFF, rate >> 32)
        if later:
            clock, *_ = unpacked(self._later(CLOCK, 5, payload))
            check(clock == number, "EPROTO")
        else:
            self._transfer(CLOCK, 5, payload)
        return int(struct.unpack("<Q", self._transfer(CLOCK, 6, packed(number), 8))[0])

    def enable(self, number: int, on: bool) -> None:
        """clk_enable and clk_disable: two words, whatever the version."""
        self._transfer(CLOCK, 7, packed(number, int(on)))

    def set_level(self, number: int, level: int) -> int:
        """cpufreq; the level that the domain has then."""
        self._transfer(PERFORMANCE, 7, packed(number, level))
        return unpacked(self._transfer(PERFORMANCE, 8, packed(number)))[0]

    def set_limits(self, number: int, highest: int, lowest: int) -> list[int]:
        """The limits that hold then."""
        self._transfer(PERFORMANCE, 5, packed(number, highest, lowest))
        return unpacked(self._transfer(PERFORMANCE, 6, packed(number)))

    def reading(self, number: int) -> int:
        """hwmon."""
        sensor = self.found[SENSOR][number]
        assert sensor is not None
        if not sensor.flags & 1 << 31:
            reply = self._transfer(SENSOR, 6, packed(number, 0))
            return int(struct.unpack_from("<q", reply)[0])
        reply = self._later(SENSOR, 6, packed(number, 1))
        check(unpacked(reply[:4]) == [number], "EPROTO")
        return int(struct.unpack_from("<q", reply, 4)[0])

    def reset(self, number: int, flags: int) -> None:
        """1: a cycle, which comes later if it may; 2: assert; 0: deassert."""
        domain = self.found[RESET][number]
        assert domain is not None
        if flags == 1 and domain.flags & 1 << 31:
            self._later(RESET, 4, packed(number, 1 | 1 << 2, 0))
        else:
            self._transfer(RESET, 4, packed(number, flags, 0))

    def supply(self, number: int, on: bool) -> bool:
        """regulator_enable and _disable; whether it is on then."""
        self._transfer(VOLTAGE, 5, packed(number, 7 if on else 0))
        return unpacked(self._transfer(VOLTAGE, 6, packed(number))) == [7]

    def set_voltage(self, number: int, level: int) -> int:
        """regulator_set_voltage; the voltage that the supply has then."""
        supply = self.found[VOLTAGE][number]
        assert supply is not None
        later = bool(supply.flags & 1 << 31)
        payload = packed(number, int(later), level)
        if later:
            check(unpacked(self._later(VOLTAGE, 7, payload))[0] == number, "EPROTO")
        else:
            self._transfer(VOLTAGE, 7, payload)
        return unpacked(self._transfer(VOLTAGE, 8, packed(number)))[0]

    def set_cap(self, number: int, cap: int) -> int:
        """powercap; the cap that holds then."""
        domain = self.found[POWERCAP][number]
        assert domain is not None
        low, high, _ = domain.values
        check(cap > 0 and low <= cap <= high, "EINVAL")
        if domain.flags & 1 << 29:
            check(unpacked(self._later(POWERCAP, 5, packed(number, 2, cap)))[0] == number, "EPROTO")
        else:
            self._transfer(POWERCAP, 5, packed(number, 0, cap))
        return unpacked(self._transfer(POWERCAP, 4, packed(number)))[0]
