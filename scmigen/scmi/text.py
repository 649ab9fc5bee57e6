"""Messages as one line for people: ``CLOCK_RATE_SET flags=0 clock=3 rate=48000000``."""

from collections.abc import Callable, Iterator
from itertools import islice

from scmigen.hints import Any, Final
from scmigen.scmi import events, messages
from scmigen.scmi.layouts import (
    HEADER_SIZE,
    STATUS_SIZE,
    Bits,
    Entries,
    Header,
    Layout,
    Message,
    MessageType,
    name_text,
)
from scmigen.scmi.protocols import Protocol
from scmigen.scmi.status import Status

#: Entries of a multi-part reply that are written out.
_ENTRIES: Final = 64


def status_name(status: int) -> str:
    """``DENIED``, or the number of a status that has no name."""
    try:
        return Status(status).name
    except ValueError:
        return f"status {status}"


def _fields(values: dict[str, Any]) -> Iterator[str]:
    for name, value in values.items():
        shown = repr(name_text(value)) if isinstance(value, bytes) else str(value)
        yield f"{name}={shown}"


def _values(message: Message, layout: Layout, tail: Layout | None, data: bytes) -> Iterator[str]:
    """The fields of ``data``, whatever its length is."""
    if len(data) < layout.size:
        yield data.hex()
        return
    yield from _fields(layout.named(layout.unpack_from(data, 0)))
    rest = data[layout.size :]
    entries = message.entries if layout is message.reply else None
    if entries is None and tail is not None:
        entries = Entries(tail, "", Bits(0, 0))
    if entries is None:
        yield from [rest.hex()] if rest else []
        return
    for found, _ in islice(entries.taken(rest), _ENTRIES):
        yield f"({' '.join(_fields(found))})"


def describe(frame: bytes, version: Callable[[Protocol], int], *, response: bool = False) -> str:
    """One line about a frame (header and payload). ``version`` tells that of a protocol, 0 where
    nobody knows; ``response``: the frame answers a command."""
    if len(frame) < HEADER_SIZE:
        return f"no header: {frame.hex()}"
    head = Header.of(int.from_bytes(frame[:HEADER_SIZE], "little"))
    body = frame[HEADER_SIZE:]
    message = _row(head, version)
    name = message.name if message else f"protocol {head.protocol:#x} message {head.message:#x}"
    if not response and head.kind == MessageType.COMMAND:
        if message is None:
            return f"{name} {body.hex()}".rstrip()
        if message.request.size - len(body) == message.optional:
            body += bytes(message.optional)
        return " ".join([name, *_values(message, message.request, message.request_tail, body)])
    parts = [name]
    if head.kind != MessageType.NOTIFICATION:
        if len(body) < STATUS_SIZE:
            return f"{name} without a status"
        status = int.from_bytes(body[:STATUS_SIZE], "little", signed=True)
        parts.append(status_name(status))
        body = body[STATUS_SIZE:]
        if status != Status.SUCCESS and not body:
            return " ".join(parts)
    if message is None:
        return " ".join([*parts, body.hex()]).rstrip()
    return " ".join([*parts, *_values(message, message.reply, message.reply_tail, body)])


def _row(head: Header, version: Callable[[Protocol], int]) -> Message | None:
    try:
        protocol = Protocol(head.protocol)
    except ValueError:
        return None
    known = version(protocol)
    if head.kind == MessageType.DELAYED:
        return events.delayed_responses(protocol, known).get(head.message)
    if head.kind == MessageType.NOTIFICATION:
        return events.notifications(protocol, known).get(head.message)
    return messages.commands(protocol, known).get(head.message)
