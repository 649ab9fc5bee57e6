"""A Lua dissector for Wireshark, made of the tables of messages and `templates/dissector`."""

from collections.abc import Mapping, Sequence

from scmigen.hints import Any
from scmigen.resources import shipped
from scmigen.scmi import events, messages
from scmigen.scmi.layouts import Bits, Entries, Layout, Message
from scmigen.scmi.protocols import Protocol
from scmigen.scmi.status import Status
from scmigen.version import __version__


def dissector() -> str:
    """The Lua script: takes apart what `server.capture` writes."""
    tables = {
        "STATUSES": {int(status): status.name for status in Status},
        "PROTOCOLS": {int(protocol): protocol.name.lower() for protocol in Protocol},
        "MESSAGES": [_protocol(protocol) for protocol in Protocol],
    }
    text = (shipped("templates") / "dissector" / "scmi.lua").read_text(encoding="utf-8")
    for name, value in tables.items():
        text = text.replace(f"@{name}@", _lua(value))
    return text.replace("@VERSION@", __version__)


def _protocol(protocol: Protocol) -> dict[str, Any]:
    return {
        "id": int(protocol),
        "commands": [_row(row) for row in messages.rows(protocol)],
        "delayed": [_row(row) for row in events.delayed_rows(protocol)],
        "notifications": [_row(row) for row in events.notification_rows(protocol)],
    }


def _row(row: Message) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "since": row.since,
        "optional": row.optional,
        "request": _fields(row.request),
        "request_tail": row.request_tail and _fields(row.request_tail),
        "reply": _fields(row.reply),
        "reply_tail": row.reply_tail and _fields(row.reply_tail),
        "entries": row.entries and _entries(row.entries),
    }


def _entries(entries: Entries) -> dict[str, Any]:
    return {
        "fields": _fields(entries.entry),
        "returned": _bits(entries.returned),
        "triplet": entries.triplet and _bits(entries.triplet),
        "more": [
            {
                "fields": _fields(longer.layout),
                "where": [[name, *_bits(bits), value] for name, bits, value in longer.where],
            }
            for longer in entries.more
        ],
    }


def _fields(layout: Layout) -> list[list[str]]:
    return [[field.name, field.type] for field in layout.fields]


def _bits(bits: Bits) -> list[int]:
    return [bits.low, bits.width]


def _lua(value: object, indent: str = "") -> str:
    """A value as Lua has it; keys without a value are left out. What is short is on one line."""
    if isinstance(value, str):
        return f'"{value}"'  # of our own tables: nothing to escape
    if isinstance(value, Mapping):
        known = {key: item for key, item in value.items() if item is not None}
        inner = [f"{_key(key)} = {_lua(item, indent + '  ')}" for key, item in known.items()]
    elif isinstance(value, Sequence):
        inner = [_lua(item, indent + "  ") for item in value]
    else:
        return str(value)
    line = f"{{ {', '.join(inner)} }}" if inner else "{}"
    if len(indent) + len(line) <= 90 and "\n" not in line:
        return line
    items = "".join(f"{indent}  {item},\n" for item in inner)
    return f"{{\n{items}{indent}}}"


def _key(key: object) -> str:
    return key if isinstance(key, str) else f"[{key}]"
