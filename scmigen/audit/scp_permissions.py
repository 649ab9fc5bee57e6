"""What the module ``resource-perms`` denies: protocols, messages, and messages on resources.

A set bit denies; what has no bit is allowed. The firmware takes the bit of a resource from one flat
table, at a place that it works out from its own counters: so does this.
"""

from collections.abc import Mapping, Sequence
from math import prod

from scmigen.audit.scp_findings import NOUNS, SCP_MASK, SCP_TABLE, Found
from scmigen.audit.scp_product import Product, followed, member, member_place, number, place_of
from scmigen.csource.tokens import Token
from scmigen.csource.tree import ArrayOf
from scmigen.csource.unit import Unit
from scmigen.csource.values import Cells, Pointer, Unknown, Value
from scmigen.data import Data
from scmigen.diagnostics import Position
from scmigen.scmi.needs import needed
from scmigen.scmi.operations import OPERATIONS, Operation
from scmigen.scmi.protocols import Kind

MODULE = "resource-perms"
#: The messages on a resource that have bits, from ATTRIBUTES on, and those of them that subscribe
#: to notifications, without which an operation is still possible.
_MESSAGES: Mapping[Kind, int] = {
    Kind.CLOCK: 5,
    Kind.POWER: 4,
    Kind.PERFORMANCE: 9,
    Kind.SENSOR: 4,
    Kind.RESET: 3,
    Kind.VOLTAGE: 6,
    Kind.POWERCAP: 10,
}
FIRST = 3
SUBSCRIBING: Mapping[Kind, frozenset[int]] = {
    Kind.POWER: frozenset({6}),
    Kind.PERFORMANCE: frozenset({9, 10, 11}),
    Kind.SENSOR: frozenset({4}),
    Kind.RESET: frozenset({5}),
    Kind.POWERCAP: frozenset({9, 10, 11, 12}),
}
#: Kind → the counters and the table of its bits.
_MEMBERS: Mapping[Kind, tuple[str, str]] = {
    Kind.CLOCK: ("clock_counters", "scmi_clock_perms"),
    Kind.POWER: ("pd_counters", "scmi_pd_perms"),
    Kind.PERFORMANCE: ("perf_counters", "scmi_perf_perms"),
    Kind.SENSOR: ("sensor_counters", "scmi_sensor_perms"),
    Kind.RESET: ("reset_domain_counters", "scmi_reset_domain_perms"),
    Kind.VOLTAGE: ("voltd_counters", "scmi_voltd_perms"),
    Kind.POWERCAP: ("power_capping_counters", "scmi_power_capping_perms"),
}
_BASE = 0x10
_HERE = Token("", "", "", 0)
_WORD = 16


def needed_messages(kind: Kind, operation: Operation) -> tuple[int, ...]:
    """The messages of SCP-firmware that an operation is."""
    last = FIRST + _MESSAGES[kind]
    return tuple(
        message
        for message, wants in needed(kind.protocol).items()
        if wants is operation
        and message < last
        and message not in SUBSCRIBING.get(kind, frozenset())
    )


def operations(kind: Kind) -> tuple[Operation, ...]:
    """The operations that SCP-firmware has messages for."""
    return tuple(each for each in OPERATIONS[kind] if needed_messages(kind, each))


class _Bits(Data, frozen=False):
    """The bits of one kind: the flat table, how many resources it is for, the word of the table
    that the firmware takes for the first."""

    table: Cells
    count: int
    position: Position | None
    first: int = 0


class Permissions(Data, frozen=False):
    """The permissions of a firmware that has the module."""

    unit: Unit
    data: Value
    found: Found
    _structure: Value = 0
    _bits: dict[Kind, _Bits | Unknown | None] | None = None

    @property
    def structure(self) -> Value:
        """The structure with the tables."""
        if isinstance(self._structure, int):
            self._structure = followed(self.unit, self._member(self.data, "agent_permissions"))
        return self._structure

    def _member(self, value: Value, name: str) -> Value:
        return member(self.unit, value, name)

    def _row(self, table: Value, agent: int) -> Value:
        """The row of an agent in a table."""
        place = self.unit.evaluator.target(table, agent - 1, _HERE)
        return place if isinstance(place, Unknown) else self.unit.evaluator.load(*place)

    def protocol_denied(self, agent: int, protocol: int) -> bool | Unknown:
        """Whether an agent has no access to a protocol at all."""
        table = self._member(self.structure, "agent_protocol_permissions")
        if isinstance(table, int) and table == 0:
            return False
        index = protocol - _BASE
        count = number(self._member(self.data, "protocol_count"))
        if isinstance(count, Unknown):
            return count
        mask = number(self._member(self._row(table, agent), "protocols"))
        if isinstance(mask, Unknown):
            return mask
        return index >= count or self._agent_beyond(agent) or bool(mask >> index & 1)

    def _agent_beyond(self, agent: int) -> bool:
        count = self._member(self.data, "agent_count")
        return isinstance(count, int) and agent > count

    def message_denied(self, agent: int, protocol: int, message: int) -> bool | Unknown:
        """Whether an agent has no access to a message."""
        table = self._member(self.structure, "agent_msg_permissions")
        if isinstance(table, int) and table == 0:
            return False
        row = self._member(self._row(table, agent), "messages")
        if isinstance(row, int):
            return False
        place = self.unit.evaluator.target(row, protocol - _BASE, _HERE)
        mask = place if isinstance(place, Unknown) else self.unit.evaluator.load(*place)
        bits = number(mask)
        return bits if isinstance(bits, Unknown) else bool(bits >> (message - FIRST) & 1)

    def bits(self, kind: Kind) -> _Bits | Unknown | None:
        """The bits of a kind; None where there is no table, so that nothing is denied."""
        if self._bits is None:
            self._bits = {}
        if kind not in self._bits:
            self._bits[kind] = self._bits_of(kind)
        return self._bits[kind]

    def has_devices(self) -> bool:
        """Whether there is a table of devices, or may be."""
        return self._member(self.data, "domain_devices") != 0

    def agents_in(self, kind: Kind) -> int | None:
        """How many agents the table of a kind has rows for, where that is known."""
        bits = self.bits(kind)
        if not isinstance(bits, _Bits):
            return None
        lengths = self._lengths(bits.table)
        return lengths[0] if isinstance(lengths, list) and len(lengths) > 1 else None

    def _bits_of(self, kind: Kind) -> _Bits | Unknown | None:
        counters, name = _MEMBERS[kind]
        pointer = self._member(self.structure, name)
        if isinstance(pointer, Unknown):
            return pointer
        if isinstance(pointer, int):
            return None
        if not isinstance(pointer, Cells | Pointer):
            return Unknown(f"{name} is no table")
        count = number(self._member(self._member(self.data, counters), "count"))
        if isinstance(count, Unknown):
            return count
        begins = self._beginning(pointer)
        if isinstance(begins, Unknown):
            return begins
        bits = _Bits(begins[0], count, member_place(self.structure, name), begins[1])
        self._check(kind, bits, counters)
        return bits

    def _beginning(self, pointer: Cells | Pointer) -> tuple[Cells, int] | Unknown:
        """The whole table that a pointer leads into, and the word of it that it points to."""
        table, key = (pointer.to, pointer.key) if isinstance(pointer, Pointer) else (pointer, 0)
        size = self._words_each(table)
        if key != 0 and size != 1:
            # A cast that changes what is counted leaves no trace.
            return Unknown("it points into a table of permissions, not to a word", table.at)
        if not isinstance(key, int):
            return Unknown("it points to no word of a table of permissions", table.at)
        first = key
        while table.within is not None and isinstance(table.within[0].type, ArrayOf):
            table, key = table.within
            size = self._words_each(table)
            if isinstance(size, Unknown) or not isinstance(key, int):
                return size if isinstance(size, Unknown) else Unknown("no index", table.at)
            first += key * size
        return table, first

    def _words_each(self, table: Cells) -> int | Unknown:
        """How many words an element of a table has."""
        lengths = self._lengths(table)
        return lengths if isinstance(lengths, Unknown) else prod(lengths[1:])

    def _lengths(self, table: Cells) -> list[int] | Unknown:
        """The lengths of a table in each of its dimensions."""
        found: list[int] = []
        kind = table.type
        if table.length is None:
            return Unknown("the length of a table of permissions is not known", table.at)
        found.append(table.length)
        while isinstance(kind, ArrayOf):
            kind = self.unit.evaluator.resolved(kind.element)
            if isinstance(kind, ArrayOf):
                length = self.unit.evaluator.length(kind)
                if not isinstance(length, int):
                    return number(length) if isinstance(length, Unknown) else Unknown("no length")  # type: ignore[return-value]
                found.append(length)
        return found

    def _word(self, table: Cells, flat: int) -> int | Unknown:
        """A word of a table by its place in memory."""
        lengths = self._lengths(table)
        if isinstance(lengths, Unknown):
            return lengths
        total = prod(lengths)
        if flat >= total:
            return Unknown(f"the firmware reads word {flat} of a table of {total}", table.at)
        value: Value = table
        steps: list[int] = []
        for length in reversed(lengths):
            steps.append(flat % length)
            flat //= length
        for step in reversed(steps):
            if isinstance(value, Cells):
                value = self.unit.evaluator.load(value, step)
            elif isinstance(value, Unknown):
                return value
        return number(value)

    def resource_denied(self, agent: int, kind: Kind, message: int, number_: int) -> bool | Unknown:
        """Whether an agent has no access to a message on a resource."""
        bits = self.bits(kind)
        if bits is None:
            return False
        if isinstance(bits, Unknown):
            return bits
        if number_ >= bits.count or self._agent_beyond(agent):
            return True
        words = (bits.count >> 4) + 1
        place = (agent - 1) * _MESSAGES[kind] * words + (message - FIRST) * words
        mask = self._word(bits.table, bits.first + place + number_ // _WORD)
        if isinstance(mask, Unknown):
            self.found.unread(f"permissions of {NOUNS[kind]}s", mask, bits.position)
            return mask
        return bool(mask >> (number_ % _WORD) & 1)

    def denied(self, agent: int, kind: Kind, message: int, number_: int) -> bool | Unknown:
        """Whether an agent may not send a message about a resource."""
        unknown: Unknown | None = None
        for one in (
            self.protocol_denied(agent, kind.protocol),
            self.message_denied(agent, kind.protocol, message),
            self.resource_denied(agent, kind, message, number_),
        ):
            if one is True:
                return True
            if isinstance(one, Unknown):
                unknown = one
        return unknown or False

    def _check(self, kind: Kind, bits: _Bits, counters: str) -> None:
        """Whether the table has the shape that the firmware takes it for."""
        lengths = self._lengths(bits.table)
        if isinstance(lengths, Unknown) or len(lengths) != 3:
            return
        words = (bits.count >> 4) + 1
        if lengths[1:] != [_MESSAGES[kind], words]:
            self.found.add(
                SCP_TABLE,
                f"the table of permissions of {NOUNS[kind]}s has {lengths[1]} messages of "
                f"{lengths[2]} words for an agent; by {counters}.count, {bits.count}, the firmware "
                f"takes it for {_MESSAGES[kind]} of {words}: rows after the first are shifted",
                place_of(bits.table),
            )

    def check_masks(self, kind: Kind, agent: int, name: str, ids: int) -> None:
        """Rows of many words of which only the first denies."""
        bits = self.bits(kind)
        if not isinstance(bits, _Bits) or self.protocol_denied(agent, kind.protocol) is True:
            return
        words = (bits.count >> 4) + 1
        short: list[str] = []
        for message in range(_MESSAGES[kind]):
            place = ((agent - 1) * _MESSAGES[kind] + message) * words
            row = [self._word(bits.table, bits.first + place + word) for word in range(words)]
            masks = [mask for mask in row if isinstance(mask, int)]
            if len(masks) < words or not any(masks):
                continue
            denied = [
                w * _WORD + b for w, m in enumerate(masks) for b in range(_WORD) if m >> b & 1
            ]
            if words > 2 and denied[-1] < _WORD < ids:
                short.append(f"{message + FIRST:#x}")
        if short:
            self.found.add(
                SCP_MASK,
                f"{name}: the masks of messages {', '.join(short)} on {NOUNS[kind]}s deny ids "
                f"below {_WORD} only: {_WORD} to {ids - 1} are allowed",
                self._row_place(bits, agent, 0),
                hint=f"{words} words are a row; those that are not written allow",
            )

    def place_of_row(self, kind: Kind, agent: int) -> Position | None:
        """Where the bits of an agent are written, as far as that is known."""
        bits = self.bits(kind)
        return self._row_place(bits, agent, 0) if isinstance(bits, _Bits) else None

    def _row_place(self, bits: _Bits, agent: int, message: int) -> Position | None:
        if bits.first:
            return bits.position
        row = bits.table.values.get(agent - 1)
        if isinstance(row, Cells) and message in row.places:
            return row.places[message].position
        at = bits.table.places.get(agent - 1)
        return at.position if at is not None else bits.position


def _denied_ids(masks: Sequence[int]) -> list[int]:
    return [
        word * _WORD + bit
        for word, mask in enumerate(masks)
        for bit in range(_WORD)
        if mask >> bit & 1
    ]


def permissions_of(product: Product, found: Found) -> Permissions | None:
    """The permissions, if the firmware has the module that looks at them."""
    if not product.build.has(MODULE):
        return None
    config = product.data(MODULE)
    if config is None:
        found.unread("permissions", Unknown("no source defines config_resource_perms"))
        return None
    unit, data = config
    return Permissions(unit, data, found)
