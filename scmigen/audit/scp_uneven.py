"""Bits of permissions that deny some messages of an operation, and not the others.

An agent has an operation where it may send all of its messages. A bit that is alone does nothing
for that: it is one that was forgotten, or set at the wrong place.
"""

from collections.abc import Iterable, Iterator

from scmigen.assignment.words import spans
from scmigen.audit.scp_findings import NOUNS, SCP_UNEVEN, Found
from scmigen.audit.scp_permissions import (
    FIRST,
    SUBSCRIBING,
    Permissions,
    needed_messages,
    operations,
)
from scmigen.audit.scp_views import Agent
from scmigen.checks.words import joined
from scmigen.scmi.messages import commands
from scmigen.scmi.needs import needed
from scmigen.scmi.protocols import Kind


def check_uneven(
    permissions: Permissions, kind: Kind, agent: Agent, ids: Iterable[int], found: Found
) -> None:
    """One finding for each way in which resources of an agent are uneven."""
    if permissions.bits(kind) is None or permissions.protocol_denied(agent.id, kind.protocol):
        return
    alike: dict[str, list[int]] = {}
    for number in ids:
        for words in _uneven(permissions, kind, agent.id, number):
            alike.setdefault(words, []).append(number)
    for words, numbers in alike.items():
        found.add(
            SCP_UNEVEN,
            f"{agent.name} {words} {NOUNS[kind]} {spans(numbers)}",
            permissions.place_of_row(kind, agent.id),
            hint="deny all messages of an operation, or none of them",
        )


def _uneven(permissions: Permissions, kind: Kind, agent: int, number: int) -> Iterator[str]:
    """What is uneven about one resource, in front of its name."""

    def denied(message: int) -> bool:
        return permissions.resource_denied(agent, kind, message, number) is True

    allowed = set()
    every: set[int] = set()
    for operation in operations(kind):
        messages = needed_messages(kind, operation)
        every.update(messages)
        off = [message for message in messages if denied(message)]
        if not off:
            allowed.add(operation)
        elif len(off) < len(messages):
            on = [message for message in messages if message not in off]
            yield f"may send {_words(kind, on)}, and not {_words(kind, off)}, about"
    if allowed and denied(FIRST):
        yield f"may not send {_words(kind, [FIRST])}, without which nothing is found, about"
    # Sensors that are another agent's stay in the list: their place in it is their number.
    finds = kind is not Kind.SENSOR and FIRST not in every and not denied(FIRST)
    if finds and all(map(denied, every)):
        yield f"may send {_words(kind, [FIRST])}, and nothing else, about"
    wants = needed(kind.protocol)
    for message in sorted(SUBSCRIBING.get(kind, frozenset())):
        asked = wants.get(message)
        if asked in operations(kind) and (asked in allowed) == denied(message):
            may = "may not" if asked in allowed else "may"
            yield f"{may} send {_words(kind, [message])}, unlike the rest of {asked}, about"


def _words(kind: Kind, messages: list[int]) -> str:
    rows = commands(kind.protocol, 0xFFFF_FFFF)
    return joined(
        [rows[message].name if message in rows else f"{message:#x}" for message in messages]
    )
