"""An agent as transports see it: messages in, frames out, and nothing else.

The agent behind a port can be replaced while a client is connected (on reload), and everything that
passes through it can be recorded: in a trace, or a capture.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from scmigen.escape import plain
from scmigen.hints import Protocol, TextIO
from scmigen.scmi import protocols
from scmigen.scmi.text import describe
from scmigen.server.agent import Agent
from scmigen.server.faults import Injector


class Record(Protocol):
    """Where everything that passes through a port is recorded."""

    def message(self, agent: Agent, message: bytes) -> None:
        """Record a message of ``agent``, before it is handled."""

    def frames(self, agent: Agent, frames: tuple[bytes, ...], *, response: bool) -> None:
        """Record frames sent to ``agent``, whether a ``response`` or an event."""

    def note(self, agent: Agent, text: str) -> None:
        """Record what is not a message."""

    def close(self) -> None:
        """Close the file."""


class Port:
    """The connection point of an agent. Transports keep the port, not the agent. ``handle`` takes a
    message and returns the frames that answer it."""

    handle: Callable[[bytes], tuple[bytes, ...]]

    def __init__(self, agent: Agent, records: Sequence[Record] = ()) -> None:
        self._records = records
        self._injector: Injector | None = None
        self._late: list[bytes] = []
        self._answer: Callable[[bytes], None] | None = None
        self._heard: Callable[[], None] | None = None
        self.change(agent)

    @property
    def name(self) -> str:
        """The agent's name, safe to print on a terminal."""
        return plain(self.agent.name)

    @property
    def eventful(self) -> bool:
        """Whether any agent has queued events."""
        return bool(self.agent.services.waiting)

    def change(self, agent: Agent) -> None:
        """Use ``agent`` from now on."""
        self.agent = agent
        if self._late:
            agent.services.waiting.add(agent.id)
        self._carry_out = agent.handle if self._injector is None else self._injected
        self._handle = self._recorded if self._records else self._carry_out
        self.handle = self._handle if self._heard is None else self._told

    def listen(self, heard: Callable[[], None]) -> None:
        """Call ``heard`` whenever the agent sends a message."""
        self._heard = heard
        self.change(self.agent)

    def _told(self, message: bytes) -> tuple[bytes, ...]:
        assert self._heard is not None
        self._heard()
        return self._handle(message)

    def inject(self, injector: Injector | None) -> None:
        """Let faults happen to the messages, or no longer; what they have delayed is sent."""
        if self._injector is not None:
            self._injector.hurry()
        self._injector = injector
        self.change(self.agent)

    def answer_with(self, answer: Callable[[bytes], None] | None) -> None:
        """Call ``answer`` with delayed responses; without one they are sent with the events."""
        self._answer = answer

    def send_late(self, frame: bytes) -> None:
        """Send a response that a fault has delayed."""
        if self._answer is None:
            self._late.append(frame)
            self.agent.services.waiting.add(self.agent.id)
            return
        for record in self._records:
            record.frames(self.agent, (frame,), response=True)
        self._answer(frame)

    def _injected(self, message: bytes) -> tuple[bytes, ...]:
        assert self._injector is not None
        return self._injector.handle(message, self.agent.handle)

    def limit(self, max_reply: int) -> None:
        """Cap reply payloads at ``max_reply`` bytes, status included."""
        self.agent.limit(max_reply)

    def _recorded(self, message: bytes) -> tuple[bytes, ...]:
        for record in self._records:
            record.message(self.agent, message)
        frames = self._carry_out(message)
        for record in self._records:
            record.frames(self.agent, frames, response=True)
        return frames

    def take_events(self) -> tuple[bytes, ...]:
        """Empty the agent's event queue and return its frames."""
        frames = self.agent.take_events()
        if self._injector is not None:
            frames = self._injector.events(frames)
        late = tuple(self._late)
        self._late.clear()
        for record in self._records:
            record.frames(self.agent, frames, response=False)
            record.frames(self.agent, late, response=True)
        return frames + late

    def ring(self) -> None:
        """The agent rang without a message: it may have written to its FastChannels."""
        channels = self.agent.services.fastchannels
        if channels is not None:
            channels.ring()

    def disconnect(self) -> None:
        """Tell the agent that its client is gone."""
        for record in self._records:
            record.note(self.agent, "disconnected")
        if self._injector is not None:
            self._injector.forget()
        self._late.clear()
        self.agent.disconnect()


class Trace:
    """A log of every message, one line each: seconds since the start, agent, direction, the bytes
    as hexadecimal words, and their meaning::

        0.002713 linux > 06500000 00000000  # CLOCK_RATE_GET clock=0
        0.002741 linux < 06500000 00000000 00366e01 00000000  # CLOCK_RATE_GET SUCCESS rate=24000000

    ``>`` is from the agent, ``<`` to it. ``scmigen client URL replay`` sends the ``>`` lines of one
    agent again and compares the responses. If writing to the file fails, ``log`` is called once and
    the trace ends there.
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
            self._log(f"trace: {problem.strerror}; tracing stops")

    def message(self, agent: Agent, message: bytes) -> None:
        """Log a message of ``agent``."""
        text = describe(message, lambda protocol: _version(agent, protocol))
        self._line(agent, f"> {message.hex(' ', -4)}  # {plain(text)}")

    def frames(self, agent: Agent, frames: tuple[bytes, ...], *, response: bool) -> None:
        """Log frames sent to ``agent``."""
        for frame in frames:
            text = describe(frame, lambda protocol: _version(agent, protocol), response=response)
            self._line(agent, f"< {frame.hex(' ', -4)}  # {plain(text)}")

    def note(self, agent: Agent, text: str) -> None:
        """Log a line that is not a message."""
        self._line(agent, f"- {text}")

    def close(self) -> None:
        """Flush and close the file."""
        with suppress(OSError):  # already reported while writing
            self._file.close()


def _word(name: str) -> str:
    """A name with its spaces replaced, as one column of the trace."""
    return "_".join(plain(name).split()) or "_"


def _version(agent: Agent, protocol: protocols.Protocol) -> int:
    return agent.session.versions.get(protocol, 0)
