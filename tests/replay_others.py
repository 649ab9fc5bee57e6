"""FreeBSD and Zephyr as agents.

FreeBSD: sys/dev/firmware/arm/scmi.c and scmi_clk.c at ecd8cc84dcee. It reads as many bytes as it
expects, whatever the length of the reply.

Zephyr: drivers/firmware/scmi at 07d5b2e3b9ae and 156daa5af07e. A reply of another length than it
expects is an error, a refusal too. It asks for older versions if the platform has newer ones. Left
out: performance levels, of which it expects as many in a reply as it is configured for, and resets,
whose request is the address of a structure.
"""

import struct
from collections.abc import Mapping

from replay_driver import Channel, check, packed, succeeded, text, unpacked
from scmi_wire import BASE, CLOCK, OFF, ON, PERFORMANCE, PINCTRL, POWER


class FreeBSD:
    """The clock driver, which is the only one."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self.clocks: dict[int, str] = {}

    def _ask(self, message: int, payload: bytes, size: int) -> bytes:
        reply = self._channel.exchange(CLOCK, message, payload)
        check(reply[:4] == bytes(4), "ENXIO")
        assert len(reply) == size, "the driver reads what is left of another reply"
        return reply[4:]

    def attach(self) -> None:
        """Discover the clocks; it passes over one that fails, unless all do."""
        (word,) = unpacked(self._ask(1, b"", 8))
        for number in range(word & 0xFFFF):
            reply = self._ask(3, packed(number), 28)
            (attributes,) = unpacked(reply[:4])
            name = reply[4:20]
            if attributes & 1 << 29:
                name = self._ask(8, packed(number), 72)[4:]
            self.clocks[number] = text(name)
        check(bool(self.clocks), "ENXIO")

    def rate(self, number: int) -> int:
        """clknode_recalc_freq."""
        return int(struct.unpack("<Q", self._ask(6, packed(number), 12))[0])

    def set_rate(self, number: int, rate: int) -> None:
        """clknode_set_freq: the nearest."""
        self._ask(5, packed(1 << 3, number, rate & 0xFFFF_FFFF, rate >> 32), 4)

    def gate(self, number: int, on: bool) -> None:
        """Two words, whatever the version."""
        self._ask(7, packed(number, int(on)), 4)


#: The versions that Zephyr knows.
ZEPHYR = {BASE: 0x20001, POWER: 0x30001, PERFORMANCE: 0x40000, CLOCK: 0x30000, PINCTRL: 0x10000}


class Zephyr:
    """The core, and its functions for drivers; ``known`` are the versions it was built with."""

    def __init__(self, channel: Channel, known: Mapping[int, int] | None = None) -> None:
        self._channel = channel
        self._known = ZEPHYR if known is None else known
        self.versions: dict[int, int] = {}

    def _ask(self, protocol: int, message: int, payload: bytes, size: int) -> bytes:
        reply = self._channel.exchange(protocol, message, payload)
        check(len(reply) == size, f"bad message len. Expected {size:#x}, got {len(reply):#x}")
        succeeded(struct.unpack_from("<i", reply)[0])
        return reply[4:]

    def start(self) -> None:
        """Negotiate the version of each protocol; a failure is a warning."""
        for protocol, known in self._known.items():
            (version,) = unpacked(self._ask(protocol, 0, b"", 8))
            if version > known:
                self._ask(protocol, 0x10, packed(known), 4)
            self.versions[protocol] = version

    def revision(self) -> tuple[int, int]:
        """The numbers of agents and protocols."""
        (word,) = unpacked(self._ask(BASE, 1, b"", 8))
        text(self._ask(BASE, 3, b"", 20))
        text(self._ask(BASE, 4, b"", 20))
        self._ask(BASE, 5, b"", 8)
        return word >> 8 & 0xFF, word & 0xFF

    def who(self, agent: int) -> str:
        """The name of an agent."""
        return text(self._ask(BASE, 7, packed(agent), 24)[4:])

    def clock(self, number: int) -> tuple[str, int]:
        """Name, and what may be changed: permissions are read where the attributes say so."""
        reply = self._ask(CLOCK, 3, packed(number), 28)
        attributes, *_ = unpacked(reply)
        permissions = 0xE000_0000
        if attributes & 1 << 1:
            (permissions,) = unpacked(self._ask(CLOCK, 0xF, packed(number), 8))
        return text(reply[4:20]), permissions

    def enable(self, number: int, on: bool) -> bool:
        """Switch a clock; whether it is on then."""
        self._ask(CLOCK, 7, packed(number, int(on), 0), 4)
        _, config, _ = unpacked(self._ask(CLOCK, 0xB, packed(number, 0), 16))
        return config & 3 == 1

    def set_rate(self, number: int, rate: int) -> int:
        """The rate that the clock has then."""
        self._ask(CLOCK, 5, packed(0, number, rate, 0), 4)
        return unpacked(self._ask(CLOCK, 6, packed(number), 12))[0]

    def set_parent(self, number: int, parent: int) -> int:
        """The parent that the clock has then."""
        self._ask(CLOCK, 0xD, packed(number, parent), 4)
        return unpacked(self._ask(CLOCK, 0xE, packed(number), 8))[0]

    def power(self, number: int, on: bool) -> int:
        """The state that the domain has then."""
        self._ask(POWER, 4, packed(0, number, ON if on else OFF), 4)
        return unpacked(self._ask(POWER, 5, packed(number), 8))[0]

    def set_level(self, number: int, level: int) -> int:
        """The level that the domain has then."""
        self._ask(PERFORMANCE, 3, packed(number), 36)
        self._ask(PERFORMANCE, 7, packed(number, level), 4)
        return unpacked(self._ask(PERFORMANCE, 8, packed(number), 8))[0]

    def configure(self, pin: int, *pairs: int) -> None:
        """The settings of a pin."""
        word = (len(pairs) // 2) << 2
        self._ask(PINCTRL, 6, packed(pin, 0xFFFF_FFFF, word, *pairs), 4)
