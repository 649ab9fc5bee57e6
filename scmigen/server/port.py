"""An agent as a transport knows it: messages in, frames out, and nothing else.

The agent behind a port can be exchanged while a client is connected (a reload), and everything that
goes through can be written to a trace.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol, TextIO

from scmigen.scmi import protocols
from scmigen.scmi.text import describe, plain
from scmigen.server.agent import Agent


class Port:
    """The way to an agent. Transports hold on to it, not to the agent. ``handle`` takes a message
    and returns the frames that answer it."""

    handle: Callable[[bytes], tuple[bytes, ...]]

    def __init__(self, agent: Agent, trace: "Trace | None" = None) -> None:
        self._trace = trace
        self.change(agent)

    @property
    def name(self) -> str:
        """The agent's name, fit for a terminal."""
        return plain(self.agent.name)

    @property
    def eventful(self) -> bool:
        """Whether events may be waiting for some agent."""
        return bool(self.agent.server.waiting)

    def change(self, agent: Agent) -> None:
        """Speak for ``agent`` from now on."""
        self.agent = agent
        self.handle = agent.handle if self._trace is None else self._traced

    def limit(self, max_reply: int) -> None:
        """No reply payload may be longer than this, status included."""
        self.agent.limit(max_reply)

    def _traced(self, message: bytes) -> tuple[bytes, ...]:
        frames = self.agent.handle(message)
        assert self._trace is not None
        self._trace.message(self.agent, message)
        self._trace.frames(self.agent, frames, response=True)
        return frames

    def take_events(self) -> tuple[bytes, ...]:
        """The frames that wait for the agent; they do not wait any more."""
        frames = self.agent.take_events()
        if self._trace is not None:
            self._trace.frames(self.agent, frames, response=False)
        return frames

    def disconnect(self) -> None:
        """The client is gone."""
        if self._trace is not None:
            self._trace.note(self.agent, "disconnected")
        self.agent.disconnect()


class Writer(Protocol):
    """What takes lines."""

    def write(self, text: str, /) -> object:
        """Take ``text``."""


class Trace:
    """Every message, one line each: seconds since the start, agent, direction, the bytes as
    hexadecimal words, and what they mean::

        0.002713 linux > 06500000 00000000  # CLOCK_RATE_GET clock=0
        0.002741 linux < 06500000 00000000 00366e01 00000000  # CLOCK_RATE_GET SUCCESS rate=24000000

    ``>`` is from the agent, ``<`` to it. ``scmigen client URL replay`` sends one agent's ``>``
    lines again and compares what comes back. When the file cannot be written to any more, ``log``
    is told so once, and the trace ends there.
    """

    def __init__(self, file: TextIO, log: Callable[[str], None] = lambda _: None) -> None:
        self._file = file
        self._log = log
        self._ended = False
        self._start = time.monotonic()

    def _line(self, agent: Agent, text: str) -> None:
        if self._ended:
            return
        seconds = time.monotonic() - self._start
        try:
            self._file.write(f"{seconds:.6f} {_word(agent.name)} {text}\n")
        except OSError as problem:
            self._ended = True
            self._log(f"trace: {problem.strerror}; no more is written to it")

    def message(self, agent: Agent, message: bytes) -> None:
        """A message of ``agent``."""
        text = describe(message, lambda protocol: _version(agent, protocol))
        self._line(agent, f"> {message.hex(' ', -4)}  # {plain(text)}")

    def frames(self, agent: Agent, frames: tuple[bytes, ...], *, response: bool) -> None:
        """Frames for ``agent``."""
        for frame in frames:
            text = describe(frame, lambda protocol: _version(agent, protocol), response=response)
            self._line(agent, f"< {frame.hex(' ', -4)}  # {plain(text)}")

    def note(self, agent: Agent, text: str) -> None:
        """Something that is no message."""
        self._line(agent, f"- {text}")

    def close(self) -> None:
        """Write all and end."""
        with suppress(OSError):  # said when it was written to
            self._file.close()


def _word(name: str) -> str:
    """A name without spaces."""
    return "_".join(plain(name).split()) or "_"


def _version(agent: Agent, protocol: protocols.Protocol) -> int:
    return agent.versions.get(protocol, 0)
