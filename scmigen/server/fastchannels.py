"""FastChannels: words of shared memory in place of messages (DEN0056, section 4.5.4).

Each agent has a file of its own, which it maps too, at a known address: whoever can write to it
speaks as that agent. It has a slot of 64 bytes for every performance or power capping domain with
FastChannels:

    offset  performance                 power capping
    0       LEVEL_SET (4), doorbell     CAP_SET (4), doorbell
    8       LIMITS_SET (8)              PAI_SET (4), doorbell
    16      doorbell of LIMITS_SET
    24      LEVEL_GET (4)               CAP_GET (4)
    28                                  PAI_GET (4)
    32      LIMITS_GET (8)

A doorbell is a word that the agent sets to 1; the server polls it, clears it and handles the
channel's words as the message of the same name. It polls every `PERIOD` µs while agents use
doorbells, and less often after `PATIENCE` µs without any (`Window.idle`); an agent whose transport
has a doorbell of its own can ring that to be noticed at once. A FastChannel has no response:
refused requests are only logged. GET channels have no doorbell and always hold the current values.

The channels of an agent work from its first DESCRIBE_FASTCHANNEL until it disconnects: words that a
killed agent left behind, or that someone writes while it is gone, change nothing.
"""

from collections.abc import Iterator, Mapping, Set
from contextlib import suppress
from pathlib import Path
from struct import Struct

from scmigen import runtime
from scmigen.data import Data
from scmigen.hints import Final
from scmigen.scmi import messages
from scmigen.scmi.layouts import header
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import KIND_OF, Kind, Protocol
from scmigen.server.memory import FileId, SharedMemory, SharedMemoryError, file_id
from scmigen.server.session import Services, Session
from scmigen.server.state import PerformanceDomain, Powercap, Resource
from scmigen.server.timers import Backoff, Timer
from scmigen.server.votes import limits_read

#: How often the doorbells are polled, in µs, until none was rung for `PATIENCE` µs; and how often
#: then, if nothing else is wanted.
PERIOD: Final = 2_000
PATIENCE: Final = 1_000_000
IDLE: Final = 50_000
SLOT: Final = 64
#: Offset of the GET channels in a slot.
_SHOWN: Final = 24
_WORD: Final = Struct("<I")
_LIMITS: Final = Struct("<II")
#: DESCRIBE_FASTCHANNEL attributes: a doorbell of 32 bits.
_DOORBELL: Final = 1 | 2 << 1


class FastChannelError(Exception):
    """The memory for FastChannels cannot be used; the message says why."""


class Window(Data):
    """The memory of an agent's FastChannels: ``size`` bytes of the file ``path``, which it maps at
    ``address``; polled every ``idle`` µs when no agent uses FastChannels."""

    path: Path
    address: int
    size: int
    idle: int = IDLE


class Channel(Data):
    """A channel of a domain: offset and size in its slot; SET channels have a ``doorbell``."""

    offset: int
    size: int
    doorbell: int | None = None


CHANNELS: Final[dict[Protocol, dict[int, Channel]]] = {
    Protocol.PERFORMANCE: {
        0x5: Channel(8, 8, 16),
        0x6: Channel(_SHOWN + 8, 8),
        0x7: Channel(0, 4, 4),
        0x8: Channel(_SHOWN, 4),
    },
    Protocol.POWERCAP: {
        0x4: Channel(_SHOWN, 4),
        0x5: Channel(0, 4, 4),
        0x6: Channel(_SHOWN + 4, 4),
        0x7: Channel(8, 4, 12),
    },
}


class _Slot(Data):
    agent: int
    protocol: Protocol
    own: int
    resource: Resource
    offset: int


class FastChannels:
    """The channels of all agents, by agent id, in use from `begin` on. Raises
    `FastChannelError`."""

    def __init__(self, services: Services, windows: Mapping[int, Window]) -> None:
        self._services = services
        self._windows = windows
        self._slots = {
            (agent, slot.protocol, slot.own): slot
            for agent, window in windows.items()
            for slot in _allot(services.sessions[agent], window.size)
        }
        self._of: dict[tuple[Protocol, int], list[_Slot]] = {}
        for slot in self._slots.values():
            self._of.setdefault((slot.protocol, slot.resource.number), []).append(slot)
        self._sizes = {slot.agent: slot.offset + SLOT for slot in self._slots.values()}
        self._memories: dict[int, SharedMemory] = {}
        self._files: dict[int, FileId] = {}
        self._closed = False
        try:
            self._open()
        except FastChannelError:
            self.close()
            raise
        #: The agents that have asked for their channels since they connected.
        self._users: set[int] = set()
        #: The terms of each agent that has negotiated versions.
        self._terms: dict[int, tuple[bool, bool]] = {}
        self._pace = Backoff(PERIOD, min(it.idle for it in windows.values()), PATIENCE)
        self._timer: Timer | None = None

    def _open(self) -> None:
        """Open all memory. Raises `FastChannelError`."""
        for agent, window in self._windows.items():
            try:
                memory = self._memories[agent] = _opened(window, self._sizes[agent])
            except OSError as problem:
                reason = problem.strerror or problem
                raise FastChannelError(f"{window.path}: {reason}") from None
            file = file_id(memory)
            other = next((it for it, known in self._files.items() if known == file), None)
            self._files[agent] = file
            if other is not None:
                names = [self._services.sessions[it].name for it in (other, agent)]
                raise FastChannelError(f"{window.path}: {' and '.join(names)} need a file each")

    def begin(self, kept: Set[int] = frozenset(), before: "FastChannels | None" = None) -> None:
        """Write the current values and start polling the doorbells. The agents in ``kept``, which
        were connected ``before`` a reload, go on with their channels and what they have written."""
        if before is not None:
            self._users |= before._users & kept
        for slot in self._slots.values():
            if slot.agent not in kept:
                self._write(slot, 0, bytes(SLOT))
            self._show(slot)
        self._poll()

    @property
    def files(self) -> frozenset[FileId]:
        """The files of all agents."""
        return frozenset(self._files.values())

    def layout(self, agent: int) -> tuple[object, ...]:
        """The file that ``agent`` has mapped, and protocol, domain id and slot address of all its
        channels; empty if it has none."""
        if agent not in self._files:
            return ()
        return self._files[agent], *(
            (slot.protocol, slot.own, self._windows[agent].address + slot.offset)
            for slot in self._slots.values()
            if slot.agent == agent
        )

    def shown_changed(self, agent: int) -> None:
        """Update the GET channels of ``agent``, which may read more or less than before, or in
        other terms."""
        for slot in self._slots.values():
            if slot.agent == agent:
                self._show(slot)

    def versions_changed(self, session: Session) -> None:
        """Update the GET channels of an agent whose versions have other terms than the last."""
        terms = (session.plain_levels, session.always_capped)
        if self._terms.get(session.id) != terms:
            self._terms[session.id] = terms
            self.shown_changed(session.id)

    def disconnected(self, agent: int) -> None:
        """``agent`` is gone: its channels rest until it asks for them again."""
        self._users.discard(agent)

    def close(self) -> None:
        """Stop polling and close the memory, if that has not been done."""
        self._closed = True
        for memory in self._memories.values():
            memory.close()
        self._memories.clear()

    def serves(self, session: Session, protocol: Protocol, message: int) -> bool:
        """Whether the agent has a channel for ``message``."""
        return message in CHANNELS.get(protocol, ()) and any(
            slot.agent == session.id and slot.protocol is protocol for slot in self._slots.values()
        )

    def has(self, session: Session, protocol: Protocol, own: int) -> bool:
        """Whether the domain that the agent calls ``own`` has channels."""
        return (session.id, protocol, own) in self._slots

    def describe(
        self, session: Session, protocol: Protocol, own: int, message: int
    ) -> bytes | None:
        """The values of a DESCRIBE_FASTCHANNEL reply; ``None`` if there is no such channel."""
        slot = self._slots.get((session.id, protocol, own))
        channel = CHANNELS[protocol].get(message)
        if slot is None or channel is None:
            return None
        self._awake(session.id)
        rows = messages.commands(protocol, session.versions[protocol])
        pack = rows[_DESCRIBE[protocol]].reply.pack
        base = self._windows[session.id].address + slot.offset
        limit = slot.resource.rate_limit if isinstance(slot.resource, PerformanceDomain) else 0
        if channel.doorbell is None:
            return pack(0, limit, base + channel.offset, channel.size, 0, 0, 0)
        doorbell = base + channel.doorbell
        return pack(_DOORBELL, limit, base + channel.offset, channel.size, doorbell, 1, 0)

    def _awake(self, agent: int) -> None:
        """Use the channels of ``agent`` from now on, without what they contain: the client before
        this one may have written into those that it is meant to read, too."""
        if agent in self._users:
            return
        self._users.add(agent)
        for slot in self._slots.values():
            if slot.agent == agent:
                self._write(slot, 0, bytes(_SHOWN))
                self._show(slot)

    def changed(self, protocol: Protocol, number: int) -> None:
        """Update the GET channels of a resource that changed."""
        for slot in self._of.get((protocol, number), ()):
            self._show(slot)

    def _show(self, slot: _Slot) -> None:
        """Write the GET channels of a domain; zeroes if the agent may not read it."""
        session, domain = self._services.sessions[slot.agent], slot.resource
        operations = session.views[KIND_OF[slot.protocol]].operations
        if Operation.READ not in operations.get(slot.own, ()):
            self._write(slot, _SHOWN, bytes(SLOT - _SHOWN))
            return
        if isinstance(domain, PerformanceDomain):
            plain = session.plain_levels
            self._write(slot, _SHOWN, _WORD.pack(domain.outward(domain.level, plain)))
            limits = [
                domain.outward(limit, plain) for limit in limits_read(session, domain, slot.own)
            ]
            self._write(slot, _SHOWN + 8, _LIMITS.pack(*limits))
        elif isinstance(domain, Powercap):
            cap = domain.outward(domain.cap, session.always_capped)
            self._write(slot, _SHOWN, _LIMITS.pack(cap, domain.pai))

    def _write(self, slot: _Slot, offset: int, data: bytes) -> None:
        if not self._closed:
            with suppress(SharedMemoryError):  # somebody truncated the file
                self._memories[slot.agent].write(slot.offset + offset, data)

    def ring(self) -> None:
        """Look at the doorbells now: an agent says that it has written to its channels."""
        if self._timer is not None:
            self._timer.cancel()
            self._poll()

    def _poll(self) -> None:
        """Look at the doorbells, now and from time to time."""
        if self._closed:
            return
        try:
            for agent in sorted(self._users):
                with suppress(SharedMemoryError):
                    self._look(agent)
        finally:
            self._timer = self._services.timers.after(self._pace.next(), self._poll)

    def _look(self, agent: int) -> None:
        """Handle every channel of an agent whose doorbell is set. Raises `SharedMemoryError`."""
        memory = self._memories[agent].read(0, self._sizes[agent])
        for slot in self._slots.values():
            if slot.agent != agent:
                continue
            for message, channel in CHANNELS[slot.protocol].items():
                if channel.doorbell is None:
                    continue
                at = slot.offset + channel.doorbell
                if _WORD.unpack_from(memory, at)[0]:
                    self._pace.found()
                    self._write(slot, channel.doorbell, bytes(4))
                    self._take(slot, message, channel)

    def _take(self, slot: _Slot, message: int, channel: Channel) -> None:
        """Handle the words of a channel as the message that the channel replaces."""
        words = self._memories[slot.agent].read(slot.offset + channel.offset, channel.size)
        own = slot.own.to_bytes(4, "little")
        row = self._services.sessions[slot.agent].row(slot.protocol, message)
        # What a message has in between, such as flags, is zero.
        between = bytes(row.request.size - len(own) - channel.size)
        head = header(slot.protocol, message).to_bytes(4, "little")
        self._services.handle(slot.agent, head + own + between + words)


def _opened(window: Window, used: int) -> SharedMemory:
    """The memory, whose first ``used`` bytes exist. Raises `OSError`."""
    memory = SharedMemory.open(window.path, window.size)
    try:
        memory.allocate(0, used)
    except OSError:
        memory.close()
        raise
    return memory


_DESCRIBE: Final = {Protocol.PERFORMANCE: 0xB, Protocol.POWERCAP: 0xC}


def _allot(session: Session, size: int) -> Iterator[_Slot]:
    """A slot for every domain with channels that the agent can see."""
    wanted = [
        (protocol, own, resource)
        for protocol in CHANNELS
        for own, resource in session.views[KIND_OF[protocol]].named.items()
        if _has_channels(resource) and protocol in session.versions
    ]
    if not wanted:
        raise FastChannelError(f"{session.name} has no domain with FastChannels")
    if len(wanted) * SLOT > size:
        raise FastChannelError(
            f"{size:#x} bytes are too few: {session.name} needs {len(wanted) * SLOT:#x}"
        )
    for number, (protocol, own, resource) in enumerate(wanted):
        yield _Slot(session.id, protocol, own, resource, number * SLOT)


def users(configuration: runtime.Runtime) -> list[runtime.Agent]:
    """The agents that are granted a domain with FastChannels."""
    able = {
        Kind.PERFORMANCE: {it.id for it in configuration.performance_domains if it.fastchannels},
        Kind.POWERCAP: {it.id for it in configuration.powercaps if it.fastchannels},
    }
    return [
        agent
        for agent in configuration.agents
        if any(
            grant.resource in able[kind] for kind in able for grant in agent.grants.get(kind, ())
        )
    ]


def _has_channels(resource: Resource) -> bool:
    if isinstance(resource, PerformanceDomain):
        return resource.fastchannels
    return isinstance(resource, Powercap) and resource.about.fastchannels
