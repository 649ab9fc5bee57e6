"""System telemetry: what each agent has switched on, and the memory it reads values from (DEN0056F,
public beta; laid out as Linux' driver reads it, drivers/firmware/arm_scmi/telemetry.c).

Each agent has a file of its own (SHMTI), which it maps at a known address. It has a frame (TDCF)
with a line of 24 bytes for each data element that the agent is granted, in the order of its ids:

    offset      content
    0           signature "TBGN", sequence number, size of all lines in words of 8 bytes, revision
    16 + 24 n   line n: flags, number of the element, value (8), timestamp (8)
    end - 8     sequence number, signature "TEND"

The sequence number at the beginning is odd while lines are written; a reader that finds it so, or
another one at the end, reads again. The platform reads nothing in this memory.
"""

from collections.abc import Mapping, Set
from struct import Struct

from scmigen.data import Data, field
from scmigen.hints import Final
from scmigen.runtime import Agent, Interval, Runtime
from scmigen.scmi.protocols import Kind, Profile, Protocol
from scmigen.server.fastchannels import Window
from scmigen.server.memory import FileId, SharedMemory, SharedMemoryError, file_id
from scmigen.server.polling import microseconds
from scmigen.server.session import Services, Session
from scmigen.server.state.unshared import TelemetryElement
from scmigen.server.timers import Timer

_BEGIN: Final = 0x5442_474E  # "TBGN"
_END: Final = 0x5445_4E44  # "TEND"
_REVISION: Final = 1
_PROLOGUE: Final = Struct("<IIII")
_EPILOGUE: Final = Struct("<II")
_LINE: Final = Struct("<IIQQ")
#: Flags of a line: it has a timestamp's place, a timestamp, no value.
_EXTENDED: Final = 1 << 2
_STAMPED: Final = 1 << 1
_INVALID: Final = 1
#: Words of 8 bytes in a line.
_QUADS: Final = _LINE.size // 8
#: How an element is switched on.
OFF: Final = 0
PLAIN: Final = 1
STAMPED: Final = 2


class TelemetryError(Exception):
    """The memory for telemetry cannot be used; the message says why."""


class Setting(Data):
    """What an agent has switched on: ``modes`` by its ids of elements, the collection of values,
    and the interval of that (a word of the specification, 0: the first there is)."""

    modes: Mapping[int, int] = field(default_factory=dict)
    on: bool = False
    interval: int = 0


def setting_of(session: Session) -> Setting:
    """The setting of an agent."""
    found = session.settings.get(Protocol.TELEMETRY)
    return found if isinstance(found, Setting) else Setting()


def change(session: Session, setting: Setting) -> None:
    """Give an agent another setting."""
    session.settings[Protocol.TELEMETRY] = setting
    session.services.telemetry.configured(session)


def elements(session: Session) -> dict[int, TelemetryElement]:
    """The data elements that an agent may read, by its ids."""
    view = session.views[Kind.TELEMETRY]
    found = sorted(view.named.items())
    return {own: item for own, item in found if isinstance(item, TelemetryElement)}


def readers_of(configuration: Runtime) -> list[Agent]:
    """The agents that are granted an element."""
    return [agent for agent in configuration.agents if agent.grants.get(Kind.TELEMETRY)]


def _granted(session: Session) -> list[int]:
    """The agent's ids of all elements that it is granted, whether or not it may read them now: the
    order of the lines."""
    return sorted(grant.id for grant in session.configuration.grants.get(Kind.TELEMETRY, ()))


def interval_word(interval: Interval) -> int:
    """An interval as messages have it: [20:5] the value, [4:0] the exponent."""
    return interval.value << 5 | interval.exponent & 0x1F


class Telemetry:
    """The settings of all agents, and the memory of those that have some, by agent id."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._windows: Mapping[int, Window] = {}
        self._memories: dict[int, SharedMemory] = {}
        self._timers: dict[int, Timer] = {}
        self._sequence: dict[int, int] = {}

    def open(self, windows: Mapping[int, Window], taken: Set[FileId] = frozenset()) -> None:
        """Use this memory; ``taken`` are files that are for something else. Raises
        `TelemetryError`."""
        self._windows = windows
        for agent, window in windows.items():
            self._open(agent, window)
        if len(self.files) != len(self._memories):
            raise TelemetryError("two agents have one file; each needs its own")
        if not taken.isdisjoint(self.files):
            raise TelemetryError("a file of FastChannels cannot be one of telemetry, too")

    def _open(self, agent: int, window: Window) -> None:
        session = self._services.sessions[agent]
        if Protocol.TELEMETRY not in session.offered:
            raise TelemetryError(
                f"{session.name} does not speak a release that has telemetry; give "
                f"--profile {session.name}={Profile.V4_0_BETA}"
            )
        count = len(session.configuration.grants.get(Kind.TELEMETRY, ()))
        needed = _PROLOGUE.size + count * _LINE.size + _EPILOGUE.size
        if not count:
            raise TelemetryError(f"{session.name} is granted no element of telemetry")
        if window.size < needed:
            raise TelemetryError(
                f"{window.size:#x} bytes are too few: {session.name} needs {needed:#x}"
            )
        try:
            memory = self._memories[agent] = SharedMemory.open(window.path, window.size)
            memory.allocate(0, window.size)
        except OSError as problem:
            raise TelemetryError(f"{window.path}: {problem.strerror or problem}") from None

    @property
    def files(self) -> frozenset[FileId]:
        """The files of all agents."""
        return frozenset(map(file_id, self._memories.values()))

    def begin(self) -> None:
        """Write frames, and collect for the agents whose settings were carried over."""
        for agent in self._memories:
            self.configured(self._services.sessions[agent])

    def memory(self, session: Session) -> tuple[int, int] | None:
        """Address and size of the memory of an agent, if it has any."""
        window = self._windows.get(session.id)
        return None if window is None else (window.address, window.size)

    def offset(self, session: Session, own: int) -> int:
        """Where the line of an element begins in that memory."""
        return _PROLOGUE.size + _granted(session).index(own) * _LINE.size

    def configured(self, session: Session) -> None:
        """Write the frame of an agent whose setting or permissions changed, and from now on at its
        interval."""
        timer = self._timers.pop(session.id, None)
        if timer is not None:
            timer.cancel()
        if session.id in self._memories:
            self._collect(session)

    def _collect(self, session: Session) -> None:
        try:
            self._write(session)
        except SharedMemoryError:
            pass  # the agent truncated its file
        except Exception as problem:
            self._services.failure(problem, f"telemetry of {session.name}")
        setting = setting_of(session)
        if setting.on:
            known = self._services.configuration.telemetry_intervals
            word = setting.interval or interval_word(known[0])
            exponent = word & 0x1F
            period = microseconds(word >> 5 & 0xFFFF, exponent)
            self._timers[session.id] = self._services.timers.after(
                period, lambda: self._collect(session)
            )

    def _write(self, session: Session) -> None:
        """Write the frame. Raises `SharedMemoryError` and `BackendError`."""
        memory, window = self._memories[session.id], self._windows[session.id]
        setting = setting_of(session)
        found = elements(session)
        lines = [
            self._line(found.get(own), setting.modes.get(own, OFF) if setting.on else OFF)
            for own in _granted(session)
        ]
        sequence = (self._sequence.get(session.id, 0) + 2) & 0xFFFF_FFFE
        self._sequence[session.id] = sequence
        quads = len(lines) * _QUADS
        memory.write(0, _PROLOGUE.pack(_BEGIN, sequence | 1, quads, _REVISION))
        memory.write(_PROLOGUE.size, b"".join(lines))
        memory.write(window.size - _EPILOGUE.size, _EPILOGUE.pack(sequence, _END))
        memory.write(0, _PROLOGUE.pack(_BEGIN, sequence, quads, _REVISION))

    def _line(self, item: TelemetryElement | None, mode: int) -> bytes:
        if item is None or mode == OFF:
            element = 0 if item is None else item.about.element
            return _LINE.pack(_EXTENDED | _INVALID, element, 0, 0)
        stamp = self._services.timers.now() * item.about.rate // 1_000_000
        flags = _EXTENDED | (_STAMPED if mode == STAMPED else 0)
        stamp = stamp & 0xFFFF_FFFF_FFFF_FFFF if mode == STAMPED else 0
        return _LINE.pack(flags, item.about.element, item.read(), stamp)

    def close(self) -> None:
        """Stop, and close the memory."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        for memory in self._memories.values():
            memory.close()
        self._memories.clear()
