"""Injected faults: what happens to chosen messages of an agent on their way, to test its driver.

A `Fault` says which messages, when, and what: an `Injector` has those of one agent, and is between
its port and the agent. It knows neither sockets nor what a message means. With a status in place,
the agent's message is not carried out; all else happens to the response only. `faults_file` has
the form in which people write faults.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from scmigen.data import Data
from scmigen.hints import Final
from scmigen.scmi.layouts import HEADER_SIZE, STATUS_SIZE
from scmigen.server.timers import NANOSECONDS_IN_MICROSECOND, Timer

#: The header bits that say which message it is: message id, type, protocol.
KEY: Final = 0x3FFFF
#: Responses of one agent that wait for their time; what more are delayed come at once.
MOST_DELAYED: Final = 256


class Match(Data):
    """A message by its `KEY` bits; with ``number``, only about the resource that the word at
    ``offset`` of the frame names so."""

    key: int
    offset: int = 0
    number: int | None = None

    def fits(self, frame: bytes) -> bool:
        """Whether ``frame``, which has the key, is about the resource."""
        if self.number is None:
            return True
        return int.from_bytes(frame[self.offset : self.offset + 4], "little") == self.number


class Fault(Data):
    """One fault. Of the messages that match, the first ``after`` are let pass, and of the others
    each ``every``-th is hit, ``count`` times at most and for ``lasts`` µs from the first hit on.

    It gets ``status`` as its response; the response is cut or filled with zeroes to ``length``
    bytes of payload, comes ``delay`` µs later, twice (``duplicate``), or not at all (``drop``).

    People call it by its ``name`` and know it by what it is ``about``. One that is ``off`` hits
    nothing until it is switched on.
    """

    agent: int
    matches: tuple[Match, ...]
    status: int | None = None
    length: int | None = None
    delay: int = 0
    duplicate: bool = False
    drop: bool = False
    after: int = 0
    every: int = 1
    count: int | None = None
    lasts: int | None = None
    name: str = ""
    about: str = ""
    off: bool = False

    def changed(self, frame: bytes) -> bytes:
        """``frame`` with the length of the fault."""
        if self.length is None:
            return frame
        end = HEADER_SIZE + self.length
        return frame[:end].ljust(end, b"\0")


class Turn:
    """How far a fault has come: whether it is ``on``, how many messages it has ``seen`` since then
    that match, and how many it has ``hit``."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.switch(on=not fault.off)

    def switch(self, *, on: bool) -> None:
        """Switch the fault on, or off; it begins to count anew."""
        self.on = on
        self.seen = 0
        self.hit = 0
        self._end: int | None = None

    def hits(self, now: int) -> bool:
        """Count a message that matches; whether it is hit."""
        if not self.on:
            return False
        fault = self.fault
        self.seen += 1
        number = self.seen - fault.after
        if number <= 0 or number % fault.every:
            return False
        if self.hit == fault.count or (self._end is not None and now >= self._end):
            return False
        if not self.hit and fault.lasts is not None:
            self._end = now + fault.lasts * NANOSECONDS_IN_MICROSECOND
        self.hit += 1
        return True


class Injector:
    """The faults of one agent. ``now`` is a clock in ns, ``later`` calls something after so many
    µs, and ``send`` takes a response whose time has come. ``latency`` says how many µs it
    takes what was carried out since it was asked last, without any fault."""

    def __init__(
        self,
        turns: Sequence[Turn],
        now: Callable[[], int],
        later: Callable[[int, Callable[[], None]], Timer],
        send: Callable[[bytes], None],
        latency: Callable[[], int] = lambda: 0,
    ) -> None:
        self._latency = latency
        self._now = now
        self._later = later
        self._send = send
        #: The responses that wait for their time.
        self._waiting: dict[int, tuple[Timer, tuple[bytes, ...]]] = {}
        self._number = 0
        self._turns: dict[int, list[tuple[Match, Turn]]] = {}
        for turn in turns:
            for match in turn.fault.matches:
                self._turns.setdefault(match.key, []).append((match, turn))

    def handle(
        self, message: bytes, handle: Callable[[bytes], tuple[bytes, ...]]
    ) -> tuple[bytes, ...]:
        """The frames that answer ``message``, which ``handle`` carries out, at once."""
        fault = self._hit(message)
        if fault is not None and fault.status is not None:
            return self._sent(fault, message[:HEADER_SIZE] + _status(fault.status))
        self._latency()  # that of other agents, and of FastChannels
        frames = handle(message)
        latency = self._latency()
        if fault is None:
            return self._in_time(frames, latency) if latency else frames
        return tuple(it for frame in frames for it in self._sent(fault, frame, latency))

    def events(self, frames: tuple[bytes, ...]) -> tuple[bytes, ...]:
        """What is sent at once of delayed responses and notifications."""
        return tuple(sent for frame in frames for sent in self._event(frame))

    def forget(self) -> None:
        """The client is gone: send nothing of what waits."""
        for timer, _ in self._waiting.values():
            timer.cancel()
        self._waiting.clear()

    def hurry(self) -> None:
        """Send what waits at once: these faults are no longer."""
        for number in tuple(self._waiting):
            self._release(number)

    def _release(self, number: int) -> None:
        timer, frames = self._waiting.pop(number)
        timer.cancel()
        for frame in frames:
            self._send(frame)

    def _hit(self, frame: bytes) -> Fault | None:
        """The fault that hits ``frame``: the first whose turn it is."""
        turns = self._turns.get(int.from_bytes(frame[:HEADER_SIZE], "little") & KEY, ())
        for match, turn in turns:
            if match.fits(frame) and turn.hits(self._now()):
                return turn.fault
        return None

    def _event(self, frame: bytes) -> Iterator[bytes]:
        fault = self._hit(frame)
        if fault is None:
            yield frame
            return
        if fault.status is not None:
            rest = frame[HEADER_SIZE + STATUS_SIZE :]
            frame = frame[:HEADER_SIZE] + _status(fault.status) + rest
        yield from self._sent(fault, frame)

    def _sent(self, fault: Fault, frame: bytes, latency: int = 0) -> tuple[bytes, ...]:
        """What is sent at once of ``frame``; delayed ones follow."""
        if fault.drop:
            return ()
        frames = (fault.changed(frame),) * (2 if fault.duplicate else 1)
        return self._in_time(frames, fault.delay + latency)

    def _in_time(self, frames: tuple[bytes, ...], delay: int) -> tuple[bytes, ...]:
        """What is sent at once of frames that come ``delay`` µs later."""
        if not delay or len(self._waiting) >= MOST_DELAYED:
            return frames
        self._number += 1
        timer = self._later(delay, partial(self._release, self._number))
        self._waiting[self._number] = timer, frames
        return ()


def _status(value: int) -> bytes:
    return value.to_bytes(STATUS_SIZE, "little", signed=True)
