"""How the words of a message are laid out (DEN0056, chapter 4): the types; `messages` has the rows.

Everything is little-endian and unpadded. A *layout* is a row of named fields of fixed size, a
*message* has one for its request and one for the values of its reply, those after the status word.
A multi-part reply ends in *entries*: as many as fit, with a word in front that says how many came
and how many remain. This module knows neither sockets nor who may send what.
"""

from collections.abc import Callable, Iterator, Mapping
from enum import IntEnum
from struct import Struct
from types import MappingProxyType

from scmigen.data import Data
from scmigen.hints import Any, Final

#: Bytes of the message header, and of the status word every reply begins with.
HEADER_SIZE: Final = 4
STATUS_SIZE: Final = 4
#: The longest payload of a request, in bytes: what Linux allows for a message.
MAX_PAYLOAD: Final = 128
#: The longest payload of a reply by default: the status word and 128 bytes of values.
MAX_REPLY: Final = STATUS_SIZE + MAX_PAYLOAD


class MessageType(IntEnum):
    """Bits 9:8 of a header. A response has the type of its command."""

    COMMAND = 0
    DELAYED = 2
    NOTIFICATION = 3


def header(protocol: int, message: int, token: int = 0, kind: int = MessageType.COMMAND) -> int:
    """The header word of a message (DEN0056, section 4.1.2)."""
    return message | kind << 8 | protocol << 10 | token << 18


class Header(Data):
    """A header word taken apart; bits 31:28 are reserved."""

    protocol: int
    message: int
    token: int
    kind: int

    @classmethod
    def of(cls, word: int) -> "Header":
        """The fields of ``word``."""
        return cls(word >> 10 & 0xFF, word & 0xFF, word >> 18 & 0x3FF, word >> 8 & 3)


_FORMATS: Final = {
    "u8": "B",
    "u16": "H",
    "u32": "I",
    "i32": "i",
    "u64": "Q",
    "i64": "q",
    "name16": "16s",
    "name64": "64s",
}

#: Fields that name the resource a message is about.
_SUBJECTS: Final = frozenset({"domain", "clock", "sensor"})


class Field(Data):
    """One field: its name and its type (``u32``, ``i32``, ``u64``, ``name16`` …)."""

    name: str
    type: str


class Layout(Data):
    """Fields in order, with the precompiled functions that pack and unpack them."""

    fields: tuple[Field, ...]
    size: int
    pack: Callable[..., bytes]
    unpack: Callable[[bytes], tuple[Any, ...]]
    unpack_from: Callable[[bytes, int], tuple[Any, ...]]

    @property
    def format(self) -> str:
        """The fields as a `struct` format, without the byte order."""
        return "".join(_FORMATS[field.type] for field in self.fields)

    def named(self, values: tuple[Any, ...]) -> dict[str, Any]:
        """Unpacked ``values`` by the names of their fields."""
        return {field.name: value for field, value in zip(self.fields, values, strict=True)}

    @property
    def subject(self) -> int | None:
        """The index of the field that names a resource, if one does."""
        for index, field in enumerate(self.fields):
            if field.name in _SUBJECTS:
                return index
        return None


def layout(text: str = "") -> Layout:
    """A layout from ``"u32 clock, u64 rate"``."""
    fields = []
    for item in filter(None, text.split(", ")):
        kind, _, name = item.partition(" ")
        fields.append(Field(name, kind))
    compiled = Struct("<" + "".join(_FORMATS[field.type] for field in fields))
    return Layout(
        tuple(fields), compiled.size, compiled.pack, compiled.unpack, compiled.unpack_from
    )


class Bits(Data):
    """A bit field of a word."""

    low: int
    width: int

    @property
    def mask(self) -> int:
        """The greatest value the field can hold."""
        return (1 << self.width) - 1

    def get(self, word: int) -> int:
        """The field of ``word``."""
        return word >> self.low & self.mask


class Longer(Data):
    """What an entry goes on with where each of these bit fields, by the name of its word, has the
    value."""

    layout: Layout
    where: tuple[tuple[str, Bits, int], ...]

    def follows(self, values: Mapping[str, int]) -> bool:
        """Whether an entry with these values goes on."""
        return all(bits.get(values[name]) == value for name, bits, value in self.where)


class Entries(Data):
    """The open end of a multi-part reply.

    ``index`` names the field of the request that says where this part begins, in its bits ``at``.
    The last fixed field of the reply holds how many entries were ``returned`` and how many are
    ``remaining`` after them; with its bit ``triplet``, if it has one, they are the lowest and
    highest value of a range, and its step. ``more``: what entries may go on with, where they differ
    in length.
    """

    entry: Layout
    index: str
    returned: Bits
    remaining: Bits | None = None
    more: tuple[Longer, ...] = ()
    at: Bits = Bits(0, 32)
    triplet: Bits | None = None

    def part(self, total: int, index: int, room: int) -> tuple[int, int]:
        """How many of ``total`` entries from ``index`` fit into ``room`` bytes, and the word that
        says so."""
        count = min(total - index, room // self.entry.size, self.returned.mask)
        word = count << self.returned.low
        if self.remaining is not None:
            word |= min(total - index - count, self.remaining.mask) << self.remaining.low
        return count, word

    def taken(self, data: bytes) -> Iterator[tuple[dict[str, Any], int]]:
        """The whole entries of ``data``: the fields of each, and where it ends."""
        at = 0
        while self.entry.size and at + self.entry.size <= len(data):
            found = self.entry.named(self.entry.unpack_from(data, at))
            at += self.entry.size
            for longer in self.more:
                if not longer.follows(found):
                    continue
                layout = longer.layout
                if at + layout.size > len(data):
                    return
                found |= layout.named(layout.unpack_from(data, at))
                at += layout.size
            yield found, at


class Message(Data):
    """A command, delayed response or notification of one protocol.

    ``since`` is the version word of the protocol from which this row holds; a later row with the
    same id takes its place. ``reply`` leaves out the status word; delayed responses and
    notifications have no request, and a notification has no status. The tails are what comes
    any number of times after the request or the values, without a count of its own. Senders may
    leave out the last ``optional`` bytes of the request, which are zeroes then.
    """

    id: int
    name: str
    since: int
    request: Layout
    reply: Layout
    entries: Entries | None = None
    request_tail: Layout | None = None
    reply_tail: Layout | None = None
    optional: int = 0


def row(
    number: int,
    name: str,
    since: int,
    request: str = "",
    reply: str = "",
    entries: Entries | None = None,
    request_tail: str | None = None,
    reply_tail: str | None = None,
    optional: int = 0,
) -> Message:
    """A message from its layouts as text."""
    return Message(
        number,
        name,
        since,
        layout(request),
        layout(reply),
        entries,
        None if request_tail is None else layout(request_tail),
        None if reply_tail is None else layout(reply_tail),
        optional,
    )


def newest(rows: tuple[Message, ...], version: int) -> Mapping[int, Message]:
    """The rows that hold at ``version``, by message id."""
    return MappingProxyType({row.id: row for row in rows if row.since <= version})


def name_field(text: str, size: int) -> bytes:
    """``text`` as a name field of ``size`` bytes: ASCII, cut so that a NUL ends it."""
    return text.encode("ascii", "replace")[: size - 1].ljust(size, b"\0")


def name_text(field: bytes) -> str:
    """The text of a name field, up to its NUL."""
    return field.split(b"\0", 1)[0].decode("ascii", "replace")
