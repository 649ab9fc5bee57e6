"""Traces of ``scmigen serve --trace``: reading one, and sending its messages again."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from scmigen.client.channel import ClientError
from scmigen.client.commands import Client
from scmigen.data import Data
from scmigen.diagnostics import InputError
from scmigen.inputs import read_text
from scmigen.scmi.layouts import HEADER_SIZE, Header, MessageType


class TraceError(Exception):
    """The trace cannot be read; the message says where and why."""


class Frame(Data):
    """A frame in a trace: the number of its line, and whether the agent ``sent`` it."""

    line: int
    sent: bool
    data: bytes


def read_trace(path: Path, agent: str | None) -> list[Frame]:
    """The frames of one agent in a trace; by default of the agent in its first line. Raises
    `TraceError`, also where that agent got no answer."""
    found: list[Frame] = []
    agents: dict[str, None] = {}
    try:
        lines = read_text(path).splitlines()
    except InputError as problem:
        raise TraceError(f"{path}: {problem}") from None
    for number, line in enumerate(lines, 1):
        words = line.partition("  # ")[0].split()
        if len(words) < 3 or words[2] not in ("<", ">"):
            continue
        agent = agent or words[1]
        agents[words[1]] = None
        if words[1] != agent:
            continue
        try:
            found.append(Frame(number, words[2] == ">", bytes.fromhex("".join(words[3:]))))
        except ValueError:
            raise TraceError(f"{path}:{number}: not a line of a trace") from None
    if not any(not frame.sent and _is_response(frame.data) for frame in found):
        whose = f" to {agent}" if agent else ""
        known = f"; agents in it: {', '.join(agents)}" if agents else " (serve --trace writes one)"
        raise TraceError(f"{path}: no answer{whose} to compare with{known}")
    return found


def replay(client: Client, frames: Sequence[Frame]) -> Iterator[str]:
    """Send the messages of a trace again and compare the responses; a line for each difference.
    Events are skipped, because a trace does not determine when they come. Raises `ClientError`."""
    expected = [frame for frame in frames if not frame.sent and _is_response(frame.data)]
    for frame in (frame for frame in frames if frame.sent):
        if len(frame.data) < HEADER_SIZE:
            continue
        client.send(frame.data)
        answer = _response(client, frame)
        before = next((it for it in expected if it.line > frame.line), None)
        if before is not None:
            expected = expected[expected.index(before) + 1 :]
            if before.data != answer:
                was, now = (client.describe(it, response=True) for it in (before.data, answer))
                yield f"line {before.line}: {was}; now {now}"


def _response(client: Client, frame: Frame) -> bytes:
    deadline = client.until()
    while True:
        answer = client.receive(deadline - time.monotonic())
        if answer is None:
            raise ClientError(f"line {frame.line}: {client.late()}")
        if _is_response(answer):
            return answer


def _is_response(frame: bytes) -> bool:
    word = int.from_bytes(frame[:HEADER_SIZE], "little")
    return len(frame) >= HEADER_SIZE and Header.of(word).kind == MessageType.COMMAND
