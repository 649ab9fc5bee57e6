"""The commands of the protocols, by version and by name (DEN0056, chapter 4). Their rows are in
`specification`; what comes without having been asked for is in `events`."""

from collections.abc import Mapping
from functools import cache

from scmigen.hints import Final
from scmigen.scmi.layouts import STATUS_SIZE, Message, newest, row
from scmigen.scmi.protocols import VERSIONS, Profile, Protocol
from scmigen.scmi.specification import specification

#: Message ids every protocol has.
VERSION: Final = 0x0
ATTRIBUTES: Final = 0x1
MESSAGE_ATTRIBUTES: Final = 0x2
NEGOTIATE: Final = 0x10


def _common(protocol: Protocol) -> tuple[Message, ...]:
    # The message came with release 3.2; protocols that are younger always had it.
    negotiable = VERSIONS[Profile.V3_2].get(protocol, 0x10000)
    return (
        row(VERSION, "PROTOCOL_VERSION", 0x10000, "", "u32 version"),
        row(ATTRIBUTES, "PROTOCOL_ATTRIBUTES", 0x10000, "", specification(protocol).attributes),
        row(
            MESSAGE_ATTRIBUTES,
            "PROTOCOL_MESSAGE_ATTRIBUTES",
            0x10000,
            "u32 message",
            "u32 attributes",
        ),
        row(NEGOTIATE, "NEGOTIATE_PROTOCOL_VERSION", negotiable, "u32 version"),
    )


@cache
def named(name: str) -> tuple[Protocol, int] | None:
    """The protocol and the id of a command: ``CLOCK_RATE_SET``; of those that every protocol has
    ``clock.PROTOCOL_VERSION``. In any case."""
    first, dot, rest = name.upper().partition(".")
    for protocol in Protocol:
        if dot and first != protocol.name:
            continue
        for found in (*specification(protocol).commands, *(_common(protocol) if dot else ())):
            if found.name == (rest if dot else first):
                return protocol, found.id
    return None


def names() -> tuple[str, ...]:
    """The names that `named` finds, each once."""
    own = (row.name for protocol in Protocol for row in specification(protocol).commands)
    common = (
        f"{protocol.name.lower()}.{row.name}" for protocol in Protocol for row in _common(protocol)
    )
    return tuple(dict.fromkeys((*own, *common)))


def rows(protocol: Protocol) -> tuple[Message, ...]:
    """The commands of ``protocol`` at all versions; a later row with an id replaces an earlier."""
    return _common(protocol) + specification(protocol).commands


@cache
def commands(protocol: Protocol, version: int) -> Mapping[int, Message]:
    """The commands of ``protocol`` at ``version`` (a PROTOCOL_VERSION word), by message id."""
    return newest(rows(protocol), version)


@cache
def extended_names(protocol: Protocol, version: int) -> bool:
    """Whether ``protocol`` has a message for names longer than 15 characters at ``version``."""
    known = commands(protocol, version).values()
    return any(field.type == "name64" for row in known for field in row.reply.fields)


@cache
def least_reply(profile: Profile) -> int:
    """Bytes of the payload of a reply, status included, that every message of a release needs: its
    fields, and one entry at its longest. (SENSOR_READING_GET has 16 bytes for each further axis.)
    """
    return STATUS_SIZE + max(
        row.reply.size + _one_more(row)
        for protocol, version in VERSIONS[profile].items()
        for row in commands(protocol, version).values()
    )


def _one_more(row: Message) -> int:
    """The bytes of an entry with all that it can go on with, or of one tail."""
    if row.entries is not None:
        return row.entries.entry.size + sum(each.layout.size for each in row.entries.more)
    return 0 if row.reply_tail is None else row.reply_tail.size
