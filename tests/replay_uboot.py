"""U-Boot as an agent: drivers/firmware/scmi and the drivers that use it, by release.

Read from 2025.04, 2025.10 and 2026.10-rc2. A reply that is longer than the driver's buffer is an
error, for a refusal as well as for values; tokens are always 0. The power domain, reset, regulator
and clock drivers know ids only, from the device tree.
"""

import struct

from replay_driver import Channel, check, packed, succeeded, text, unpacked
from scmi_wire import BASE, CLOCK, OFF, ON, PINCTRL, POWER, RESET, VOLTAGE

_PIN, _GROUP, _FUNCTION = range(3)
_NO_FUNCTION = 0xFFFF_FFFF
_MYSELF = 0xFFFF_FFFF


class UBoot:
    """The agent, and one method for each thing its users do; ``release`` is (2025, 4) or later."""

    def __init__(self, channel: Channel, release: tuple[int, int] = (2026, 10)) -> None:
        self._channel = channel
        self._release = release
        self.served: list[int] = []
        self.name = ""
        self.clocks: list[str] = []
        self.domains: list[int] = []
        self.pins: list[str] = []
        self.groups: dict[str, list[int]] = {}
        self.functions: dict[str, list[int]] = {}

    def _transfer(self, protocol: int, message: int, payload: bytes, room: int) -> bytes:
        """The reply, status first, in a buffer of ``room`` bytes."""
        reply = self._channel.exchange(protocol, message, payload)
        check(len(reply) <= room, f"Buffer too small: {len(reply)}, out_msg_sz:{room}")
        return reply

    def _ask(self, protocol: int, message: int, payload: bytes, room: int) -> bytes:
        """The values of a reply that has all of them."""
        reply = self._transfer(protocol, message, payload, room)
        succeeded(struct.unpack_from("<i", reply)[0])
        assert len(reply) == room, "the driver reads what is not there"
        return reply[4:]

    # Probing

    def bind(self) -> None:
        """The agent: any failure here leaves U-Boot without SCMI."""
        check(unpacked(self._ask(BASE, 0, b"", 8))[0] >= 0x20000, "EINVAL")
        check(unpacked(self._ask(BASE, 0, b"", 8))[0] >= 0x20000, "EPROTO")
        (word,) = unpacked(self._ask(BASE, 1, b"", 8))
        text(self._ask(BASE, 3, b"", 20))
        text(self._ask(BASE, 4, b"", 20))
        self._ask(BASE, 5, b"", 8)
        self.name = text(self._ask(BASE, 7, packed(_MYSELF), 24)[4:])
        (again,) = unpacked(self._ask(BASE, 1, b"", 8))
        count = again & 0xFF
        room = 8 + 4 * (1 + count // 4)
        while len(self.served) < count:
            # the transfer shrinks the buffer to the reply, so that a later part must not be longer
            reply = self._transfer(BASE, 6, packed(len(self.served)), room)
            succeeded(struct.unpack_from("<i", reply)[0])
            room = len(reply)
            (returned,) = unpacked(reply[4:8])
            check(returned > 0, "loops for ever")
            self.served += reply[8 : 8 + returned]
        check(len(self.served) == word & 0xFF, "base_discover_list_protocols() failed")

    def probe_clocks(self) -> None:
        """The clock driver, with the common clock framework."""
        (self.clock_version,) = unpacked(self._ask(CLOCK, 0, b"", 8))
        (word,) = unpacked(self._ask(CLOCK, 1, b"", 8))
        self.clocks = [self._clock(number)[0] for number in range(word & 0xFFFF)]

    def _clock(self, number: int) -> tuple[str, int]:
        """Name, and what may be changed ([31] state, [30] parent, [29] rate); newer releases ask
        when a clock is used."""
        newer = self._release >= (2025, 7) and self.clock_version >= 0x20000
        reply = self._ask(CLOCK, 3, packed(number), 28 if newer else 24)
        (attributes,) = unpacked(reply[:4])
        permissions = 0xE000_0000
        if self._release >= (2025, 7) and attributes & 1 << 1:
            check(self.clock_version >= 0x30000, "no permissions before 3.0")
            (permissions,) = unpacked(self._ask(CLOCK, 0xF, packed(number), 8))
        return text(reply[4:20]), permissions

    def probe_power(self) -> None:
        """The power domain driver."""
        self._ask(POWER, 0, b"", 8)
        word, *_ = unpacked(self._ask(POWER, 1, b"", 20))
        for number in range(word & 0xFFFF):
            reply = self._ask(POWER, 3, packed(number), 24)
            text(reply[4:])
            self.domains.append(unpacked(reply[:4])[0])

    def probe_pins(self) -> None:
        """The pin control driver: it gives up at the first thing that fails."""
        low, high = unpacked(self._ask(PINCTRL, 1, b"", 12))
        for number in range(low & 0xFFFF):
            self.pins.append(self._described(number, _PIN)[0])
        for number in range(low >> 16):
            name, count = self._described(number, _GROUP)
            self.groups[name] = self._associations(number, _GROUP, count)
        for number in range(high & 0xFFFF):
            name, count = self._described(number, _FUNCTION)
            self.functions[name] = self._associations(number, _FUNCTION, count)

    def _described(self, number: int, selector: int) -> tuple[str, int]:
        reply = self._ask(PINCTRL, 3, packed(number, selector), 24)
        return text(reply[4:]), unpacked(reply[:4])[0] & 0xFFFF

    def _associations(self, number: int, selector: int, count: int) -> list[int]:
        """Numbers of 16 bits, into a buffer for exactly as many."""
        check(count > 0, "EINVAL")
        room, found = 8 + 2 * count, list[int]()
        while len(found) < count:
            reply = self._transfer(PINCTRL, 4, packed(number, selector, len(found)), room)
            succeeded(struct.unpack_from("<i", reply)[0])
            room = len(reply)  # as above
            returned = unpacked(reply[4:8])[0] & 0xFFF
            check(0 < returned <= count - len(found), "EINVAL")
            found += struct.unpack_from(f"<{returned}H", reply, 8)
        return found

    # Use

    def enable(self, number: int, on: bool) -> None:
        """clk_enable and clk_disable."""
        _, permissions = self._clock(number)
        if permissions & 1 << 31:
            long = self._release >= (2026, 1) and self.clock_version >= 0x20001
            payload = packed(number, int(on), 0) if long else packed(number, int(on))
            self._ask(CLOCK, 7, payload, 4)

    def set_rate(self, number: int, rate: int) -> int:
        """clk_set_rate: the nearest; the rate that the clock has then."""
        _, permissions = self._clock(number)
        if permissions & 1 << 29:
            self._ask(CLOCK, 5, packed(1 << 3, number, rate & 0xFFFF_FFFF, rate >> 32), 4)
        return int(struct.unpack("<Q", self._ask(CLOCK, 6, packed(number), 12))[0])

    def set_parent(self, number: int, parent: int) -> None:
        """clk_set_parent."""
        _, permissions = self._clock(number)
        if permissions & 1 << 30:
            self._ask(CLOCK, 0xD, packed(number, parent), 4)

    def power(self, number: int, on: bool) -> None:
        """Later if the domain can."""
        later = int(bool(self.domains[number] & 1 << 30))
        self._ask(POWER, 4, packed(later, number, ON if on else OFF), 4)

    def reset(self, number: int) -> None:
        """Request the line, assert it, release it."""
        text(self._ask(RESET, 3, packed(number), 28)[8:])
        self._ask(RESET, 4, packed(number, 1 << 1, 0), 4)
        self._ask(RESET, 4, packed(number, 0, 0), 4)

    def supply(self, number: int, level: int) -> tuple[bool, int]:
        """Set the level of a supply and switch it on; whether it is on, and its level."""
        text(self._ask(VOLTAGE, 3, packed(number), 24)[4:])
        self._ask(VOLTAGE, 7, packed(number, 0, level), 4)
        self._ask(VOLTAGE, 5, packed(number, 7), 4)
        on = unpacked(self._ask(VOLTAGE, 6, packed(number), 8)) == [7]
        return on, unpacked(self._ask(VOLTAGE, 8, packed(number), 8))[0]

    def set_state(self, function: str, *groups: str) -> None:
        """A pin control node with ``function`` and ``groups``, by their names."""
        number = list(self.functions).index(function)
        for group in groups:
            self._configure(list(self.groups).index(group), _GROUP, number)

    def set_pin(self, pin: int, kind: int, value: int) -> int:
        """A setting of a pin, and what it reads as then."""
        self._configure(pin, _PIN, None, kind, value)
        reply = self._ask(PINCTRL, 5, packed(pin, kind), 12 + 8)
        _, count, _, found = unpacked(reply)
        check(count & 0xFF == 1, "EINVAL")
        return found

    def _configure(self, number: int, selector: int, function: int | None, *pair: int) -> None:
        word = selector | (len(pair) // 2) << 2 | (0 if function is None else 1 << 10)
        chosen = _NO_FUNCTION if function is None else function
        self._ask(PINCTRL, 6, packed(number, chosen, word, *pair), 4)

    def take(self, pin: int) -> None:
        """Request a pin and release it."""
        self._ask(PINCTRL, 7, packed(pin, _PIN), 4)
        self._ask(PINCTRL, 8, packed(pin, _PIN), 4)
