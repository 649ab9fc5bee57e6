"""``scmigen client URL watch``, ``dump`` and ``replay``."""

import json
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from scmigen.client import Client, ClientError, ScmiError
from scmigen.client.dump import dump
from scmigen.scmi.layouts import HEADER_SIZE, Header, MessageType
from scmigen.scmi.protocols import KIND_OF, Protocol
from scmigen.scmi.text import describe, plain

#: The commands that ask for notifications: on a resource, with the words after its id.
_NOTIFY: dict[Protocol, dict[int, tuple[int, ...]]] = {
    Protocol.POWER: {0x6: (1,), 0x7: (1,)},
    Protocol.PERFORMANCE: {0x9: (1,), 0xA: (1,)},
    Protocol.CLOCK: {0x9: (1,), 0xA: (1,)},
    Protocol.SENSOR: {0x4: (1,), 0xB: (1,)},
    Protocol.RESET: {0x5: (1,)},
    Protocol.POWERCAP: {0xA: (1,), 0xB: (1, 0, 0)},
}
#: The same, of no resource.
_NOTIFY_ALL: dict[Protocol, int] = {Protocol.BASE: 0x8, Protocol.SYSTEM: 0x5}


def subscribe(client: Client, protocols: tuple[str, ...]) -> int:
    """Ask for every notification of these protocols (all, where none is named) that the platform
    gives; how many were given."""
    given = 0
    for number in (int(Protocol.BASE), *client.protocols()):
        if number not in tuple(Protocol):
            continue
        protocol = Protocol(number)
        if protocols and protocol.name.lower() not in protocols:
            continue
        requests: list[tuple[int, ...]] = []
        if protocol in _NOTIFY_ALL:
            requests.append((_NOTIFY_ALL[protocol], 1))
        elif protocol in KIND_OF and protocol in _NOTIFY:
            for own in range(client.count(protocol)):
                requests += [(message, own, *words) for message, words in _NOTIFY[protocol].items()]
        for message, *words in requests:
            try:
                client.call(protocol, message, *words)
                given += 1
            except ScmiError:
                continue
    return given


def watch(client: Client, protocols: tuple[str, ...], seconds: float, count: int) -> Iterator[str]:
    """A line for every event, as it comes; ends after so many seconds or events (0: never)."""
    subscribe(client, protocols)
    begin = time.monotonic()
    seen = 0
    while not count or seen < count:
        left = begin + seconds - time.monotonic() if seconds else 1.0
        if left <= 0:
            return
        found = client.next_event(left)
        if found is None:
            continue
        head, payload = found
        seen += 1
        word = _word(head).to_bytes(HEADER_SIZE, "little")
        text = describe(word + payload, lambda protocol: _version(client, protocol))
        yield f"{time.monotonic() - begin:.3f} {plain(text)}"


def _word(head: Header) -> int:
    return head.message | head.kind << 8 | head.protocol << 10 | head.token << 18


def _version(client: Client, protocol: Protocol) -> int:
    try:
        return client.version(protocol)
    except (ScmiError, ClientError):
        return 0


def as_text(value: Any, depth: int = 0) -> Iterator[str]:
    """Plain data as indented lines."""
    indent = "  " * depth
    for key, item in value.items():
        if isinstance(item, list) and item and isinstance(item[0], dict):
            yield f"{indent}{key}:"
            for entry in item:
                rest = {k: v for k, v in entry.items() if k not in ("id", "name", "what")}
                what = f"{entry['what']} " if "what" in entry else ""
                parts = [f"{k} {_short(v)}" for k, v in rest.items()]
                line = f"{indent}  {what}{entry['id']} {entry['name']}: {', '.join(parts)}"
                yield plain(line.rstrip(": "))
        elif isinstance(item, dict):
            yield f"{indent}{key}:"
            yield from as_text(item, depth + 1)
        else:
            yield plain(f"{indent}{key}: {_short(item)}")


def _short(value: Any) -> str:
    if isinstance(value, list):
        return "[" + " ".join(map(_short, value)) + "]"
    return str(value)


def called(
    client: Client, name: str, fields: dict[str, int], tail: list[list[int]], wait: float
) -> tuple[dict[str, Any], list[str]]:
    """The reply to a message, and the delayed response that comes within ``wait`` seconds; as data
    and as lines. Raises `ValueError` for what is no such message."""
    try:
        found = client.ask(name, tail, **fields)
    except struct.error as problem:
        raise ValueError(f"{name}: {problem}") from None
    lines = [f"{key}: {value}" for key, value in found.items() if key != "entries"]
    lines += [
        "  " + " ".join(f"{key}={value}" for key, value in entry.items())
        for entry in found.get("entries", ())
    ]
    end = time.monotonic() + wait
    while (left := end - time.monotonic()) > 0 and (event := client.next_event(left)) is not None:
        head, payload = event
        if head.kind == MessageType.DELAYED:
            word = _word(head).to_bytes(HEADER_SIZE, "little")
            text = describe(word + payload, lambda protocol: _version(client, protocol))
            found["delayed"] = text
            lines.append(text)
            break
    return found, lines


class _Line:
    """A line of a trace that is a frame."""

    def __init__(self, number: int, sent: bool, frame: bytes) -> None:
        self.number, self.sent, self.frame = number, sent, frame


def read_trace(path: Path, agent: str | None) -> list[_Line]:
    """The frames of one agent in a trace; the agent is that of the first line where none is named.
    Raises `click.ClickException`."""
    found: list[_Line] = []
    try:
        lines = path.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        raise click.ClickException(f"{path}: {problem}") from None
    for number, line in enumerate(lines, 1):
        words = line.partition("  # ")[0].split()
        if len(words) < 3 or words[2] not in ("<", ">"):
            continue
        agent = agent or words[1]
        if words[1] != agent:
            continue
        try:
            found.append(_Line(number, words[2] == ">", bytes.fromhex("".join(words[3:]))))
        except ValueError:
            raise click.ClickException(f"{path}:{number}: not a line of a trace") from None
    return found


def replay(client: Client, lines: list[_Line]) -> Iterator[str]:
    """Send what was sent, and compare what comes back; a line for each difference. Events are
    skipped: when they come is not in a trace."""
    expected = [line for line in lines if not line.sent and _is_response(line.frame)]
    for line in (line for line in lines if line.sent):
        if len(line.frame) < HEADER_SIZE:
            continue
        client.send(line.frame)
        while True:
            answer = client.receive(client.timeout)
            if answer is None:
                raise click.ClickException(f"no answer to line {line.number}")
            if _is_response(answer):
                break
        before = next((it for it in expected if it.number > line.number), None)
        if before is not None:
            expected = expected[expected.index(before) + 1 :]
            if before.frame != answer:
                was, now = (
                    describe(frame, lambda p: _version(client, p), response=True)
                    for frame in (before.frame, answer)
                )
                yield plain(f"line {before.number}: {was}; now {now}")


def _is_response(frame: bytes) -> bool:
    word = int.from_bytes(frame[:HEADER_SIZE], "little")
    return len(frame) >= HEADER_SIZE and Header.of(word).kind == MessageType.COMMAND


def dumped(client: Client, style: str) -> str:
    """Everything the agent can see."""
    found = dump(client)
    return json.dumps(found, indent=1) if style == "json" else "\n".join(as_text(found))
