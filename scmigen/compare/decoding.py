"""Messages and replies by the names of their fields, whatever bytes they are."""

from collections.abc import Iterator, Mapping
from itertools import islice

from scmigen.compare.messages import Request
from scmigen.hints import Any, Final
from scmigen.scmi import messages
from scmigen.scmi.layouts import STATUS_SIZE, Bits, Entries, Layout, Message, name_text
from scmigen.scmi.protocols import Protocol
from scmigen.scmi.status import Status
from scmigen.scmi.text import status_name

#: Entries of a list that are told apart.
_ENTRIES: Final = 256


def row_of(request: Request, versions: Mapping[int, int]) -> Message | None:
    """The layout of a message in the version of a server, or the newest one."""
    if request.protocol not in set(Protocol):
        return None
    version = versions.get(request.protocol, 0xFFFF_FFFF)
    return messages.commands(Protocol(request.protocol), version).get(request.message)


def message_name(request: Request) -> str:
    """``CLOCK_RATE_GET``, ``clock.PROTOCOL_VERSION``, or numbers."""
    row = row_of(request, {})
    if row is None:
        return f"protocol {request.protocol:#x} message {request.message:#x}"
    own = row.name.startswith(("PROTOCOL_", "NEGOTIATE_"))
    return f"{Protocol(request.protocol).name.lower()}.{row.name}" if own else row.name


def sentence(request: Request, versions: Mapping[int, int]) -> str:
    """``CLOCK_RATE_GET clock=3``."""
    fields = request_fields(request, versions)
    return " ".join([message_name(request), *(f"{name}={value}" for name, value in fields.items())])


def request_fields(request: Request, versions: Mapping[int, int]) -> dict[str, Any]:
    """The fields of a message by name, and bytes that are not of its layout."""
    row = row_of(request, versions) or row_of(request, {})
    data = request.payload
    if row is None or len(data) < row.request.size:
        return {"payload": data.hex()} if data else {}
    rest = data[row.request.size :]
    found = _taken(row.request, data)
    return found | ({"more": rest.hex()} if rest else {})


def _taken(layout: Layout, data: bytes) -> dict[str, Any]:
    values = layout.named(layout.unpack_from(data, 0))
    return {
        name: name_text(value) if isinstance(value, bytes) else value
        for name, value in values.items()
    }


def reply_fields(
    request: Request, reply: bytes | None, versions: Mapping[int, int]
) -> dict[str, Any]:
    """The status of a reply, its fields and entries by name, and what is not of the layout."""
    if reply is None:
        return {"status": "no answer"}
    status = int.from_bytes(reply[:STATUS_SIZE], "little", signed=True)
    found: dict[str, Any] = {"status": status_name(status)}
    values, row = reply[STATUS_SIZE:], row_of(request, versions) or row_of(request, {})
    if status != Status.SUCCESS or row is None or len(values) < row.reply.size:
        return found | ({"bytes": values.hex()} if values else {})
    found |= _taken(row.reply, values)
    return found | dict(_listed(row, values[row.reply.size :]))


def _listed(row: Message, data: bytes) -> Iterator[tuple[str, Any]]:
    """The entries, each as ``name[place]``, and the bytes behind them."""
    entries = row.entries
    if entries is None and row.reply_tail is not None:
        entries = Entries(row.reply_tail, "", Bits(0, 0))
    end = 0
    if entries is not None:
        for place, (entry, end) in enumerate(islice(entries.taken(data), _ENTRIES)):  # noqa: B007
            for name, value in entry.items():
                text = name_text(value) if isinstance(value, bytes) else value
                yield f"{name}[{place}]", text
    if data[end:]:
        yield "bytes", data[end:].hex()
