"""The state of one agent (`Session`), and the server as its handlers see it (`Services`).

Message handlers, asynchronous commands, polling and FastChannels depend on these two classes alone.
`core.Server` provides the services and `agent.Agent` dispatches messages; neither is imported here.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence

from scmigen import runtime
from scmigen.data import Data
from scmigen.hints import Any, Final, Protocol, final
from scmigen.scmi import messages
from scmigen.scmi import protocols as scmi
from scmigen.scmi.features import Feature, features
from scmigen.scmi.layouts import HEADER_SIZE, STATUS_SIZE, Message
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import VERSIONS, Kind, Profile
from scmigen.scmi.status import Status
from scmigen.server.backend import Backend, Effect
from scmigen.server.device_permissions import Permissions
from scmigen.server.pins import pin_tables
from scmigen.server.state import Context, Powercap, Resource, Sensor, State
from scmigen.server.timers import Timer, Timers
from scmigen.server.view import Entry, View
from scmigen.tuples import NamedTuple

#: An event that agents subscribe to: protocol, event id, and the resource number unless the event
#: belongs to no resource.
Event = tuple[scmi.Protocol, int, int | None]
#: The longest queue of events; later ones are dropped, as a full channel would drop them.
MAX_EVENTS: Final = 256


class Refusal(Data):
    """A request that an agent was not allowed to make; ``str()`` gives the line for the log.
    ``source`` has a limit of lines of its own there; it is the same for all messages that have only
    a number, which an agent can choose at will."""

    agent: str
    message: str
    resource: str | None
    status: Status

    @property
    def source(self) -> str:
        """Agent, message and status, or the protocol of a message without a name."""
        return f"{self.agent}: {self.message.partition(' ')[0]} {self.status.name}"

    def __str__(self) -> str:
        what = f" on {self.resource}" if self.resource else ""
        return f"{self.agent}: {self.message}{what}: {self.status.name}"


@final
class Deferred(NamedTuple):
    """An asynchronous change that a handler returns in place of values.

    ``own`` is the agent's id of ``resource``, and ``needed`` the operation it still has to be
    granted when the change is due, ``latency`` µs later. ``make`` makes the change and may raise
    what a back end raises; ``values`` and ``tail`` give the fields of the delayed response
    afterwards, and the bytes after them. A ``silent`` change sends no delayed response; an
    ``exclusive`` one keeps the resource busy until it is made.
    """

    resource: Resource
    own: int
    needed: Operation
    latency: int
    make: Callable[[], None]
    values: Callable[[], tuple[Any, ...]]
    tail: Callable[[], bytes] = lambda: b""
    silent: bool = False
    exclusive: bool = True


class Pending(Data, frozen=False, eq=False):
    """A deferred change that is not due yet, the command that asked for it, and the delayed
    response in the version that the agent spoke then."""

    change: Deferred
    message: bytes
    row: Message | None
    timer: Timer | None = None

    @property
    def head(self) -> bytes:
        """The header of the command."""
        return self.message[:HEADER_SIZE]

    @property
    def protocol(self) -> scmi.Protocol:
        """The protocol of the command."""
        return self.change.resource.kind.protocol


class Polling(Protocol):
    """Starts polling the back end for agents that asked for notifications (`polling.Poller`)."""

    def trip_points(self, sensor: Sensor) -> None:
        """Poll ``sensor`` for crossed trip points while any agent subscribes to them."""

    def updates(self, sensor: Sensor, *, restart: bool = False) -> None:
        """Send readings of ``sensor`` at its interval; ``restart`` after the interval changed."""

    def measurements(self, agent: int, domain: Powercap, low: int, high: int) -> None:
        """Notify ``agent`` when the power of ``domain`` leaves ``low``..``high`` or returns."""


class Ending(Protocol):
    """What becomes of the system (`shutdown.Shutdown`)."""

    @property
    def pending(self) -> bool:
        """Whether agents have been told, and have time left."""

    def now(self, effect: Effect) -> None:
        """Change the state of the system. Raises `BackendError`."""

    def later(self, effect: Effect, milliseconds: int) -> None:
        """Change the state of the system when agents have had this time."""


class Collector(Protocol):
    """The collection of telemetry for all agents (`telemetry.Telemetry`)."""

    def memory(self, session: "Session") -> tuple[int, int] | None:
        """Address and size of the memory of an agent, if it has any."""

    def offset(self, session: "Session", own: int) -> int:
        """Where the line of an element begins in that memory."""

    def configured(self, session: "Session") -> None:
        """Collect what the agent has switched on, which changed."""


class Channels(Protocol):
    """The FastChannels of all agents (`fastchannels.FastChannels`)."""

    def serves(self, session: "Session", protocol: scmi.Protocol, message: int) -> bool:
        """Whether the agent has a channel for ``message``."""

    def has(self, session: "Session", protocol: scmi.Protocol, own: int) -> bool:
        """Whether the domain that the agent calls ``own`` has channels."""

    def describe(
        self, session: "Session", protocol: scmi.Protocol, own: int, message: int
    ) -> bytes | None:
        """The values of a DESCRIBE_FASTCHANNEL reply; ``None`` if there is no such channel."""

    def changed(self, protocol: scmi.Protocol, number: int) -> None:
        """Update the GET channels of a resource that changed."""

    def ring(self) -> None:
        """Look at the doorbells now: an agent says that it has written to its channels."""


class Services(Protocol):
    """What the server does for its sessions. ``context`` holds the outcome of what handlers ask of
    resources, and ``waiting`` the ids of the agents that have queued events."""

    configuration: runtime.Runtime
    backend: Backend
    context: Context
    state: State
    permissions: Permissions
    timers: Timers
    waiting: set[int]

    @property
    def sessions(self) -> Mapping[int, "Session"]:
        """The sessions of all agents by agent id."""

    @property
    def poller(self) -> Polling:
        """Polls measurements."""

    @property
    def shutdown(self) -> Ending:
        """What becomes of the system."""

    @property
    def telemetry(self) -> Collector:
        """The collection of telemetry."""

    @property
    def fastchannels(self) -> Channels | None:
        """The FastChannels, if the server has any."""

    def numbered(self, agent: runtime.Agent, kind: Kind) -> Mapping[int, Resource]:
        """What the agent's ids mean, whether it sees that or not, without what no agent has."""

    def handle(self, agent: int, message: bytes) -> tuple[bytes, ...]:
        """Handle a message as if ``agent`` had sent it."""

    def refused(self, refusal: Refusal) -> None:
        """Log a request that was denied."""

    def failure(self, problem: Exception, about: str) -> Status:
        """Log an exception that ``about`` ran into; the status to answer with."""

    def settle(self, about: str) -> Status:
        """Log what the back end failed to do since the last call; the status to answer with."""

    def publish(self, cause: int) -> None:
        """Notify subscribers of everything that changed; agent ``cause`` made the changes."""

    def subscribe(self, session: "Session", event: Event, own: int, on: bool) -> None:
        """Subscribe to ``event``, whose resource is ``own`` to the agent, or unsubscribe."""

    def subscribers(self, event: Event) -> Mapping[int, int]:
        """The subscribers of ``event``: agent id → the agent's id of the resource."""

    def subscriptions(self) -> Mapping[Event, Mapping[int, int]]:
        """The subscribers of all events."""

    def notify(
        self,
        session: "Session",
        protocol: scmi.Protocol,
        event: int,
        values: tuple[int, ...],
        tail: bytes = b"",
    ) -> None:
        """Queue a notification for one agent."""

    def broadcast(
        self, protocol: scmi.Protocol, event: int, values: tuple[int, ...], but: int | None = None
    ) -> None:
        """Notify the subscribers, ``but`` for one, of an event that belongs to no resource."""

    def requested(
        self, session: "Session", protocol: scmi.Protocol, number: int, values: Sequence[int]
    ) -> None:
        """Notify the other agents that one has requested a change (event 1 of clock and power)."""

    def report_error(self, session: "Session", status: Status, head: bytes) -> None:
        """Queue a BASE_ERROR_EVENT: a command failed after it was answered."""

    def versions_changed(self, session: "Session") -> None:
        """Apply the versions of protocols that the agent has chosen."""

    def permissions_changed(self, session: "Session") -> None:
        """Apply changed permissions: drop votes and subscriptions that are no longer allowed."""

    def disconnected(self, session: "Session") -> None:
        """The client of an agent is gone: release all that ends with it, and notify the others."""

    def undo(self, session: "Session") -> None:
        """Set what the agent was the last to set back to what it was at boot."""

    def release(self, session: "Session", *, tell: bool) -> None:
        """Cancel pending commands (``tell`` the agent so), release votes and subscriptions."""


class Session:
    """The state of one agent: what it may do now, its pending commands and its queued events."""

    def __init__(
        self,
        services: Services,
        configuration: runtime.Agent,
        profile: Profile,
        max_reply: int,
        *,
        reads_state: bool,
    ) -> None:
        self.services = services
        self.configuration = configuration
        self.id = configuration.id
        self.name = configuration.name
        #: Whether the agent expects the statuses of release 2.0.
        self.legacy = profile is Profile.V2_0
        #: The versions of its profile, and those in use: the agent may negotiate older ones.
        self.offered: Mapping[scmi.Protocol, int] = VERSIONS[profile]
        self.versions: Mapping[scmi.Protocol, int] = self.offered
        #: What the versions in use have beside messages and layouts.
        self.features: frozenset[Feature] = features(self.versions)
        #: Whether it reads the state of the platform where other agents read their own vote.
        self.reads_state = reads_state
        #: Bytes available to the values of a reply; multi-part replies are cut to fit.
        self.room = max_reply - STATUS_SIZE
        self._least = messages.least_reply(profile) - STATUS_SIZE
        self.limit(max_reply)
        hidden = Status.DENIED if self.legacy else Status.NOT_FOUND
        self.views = {
            kind: View(
                kind,
                max((grant.id for grant in configuration.grants.get(kind, ())), default=-1) + 1,
                hidden,
                services.numbered(configuration, kind),
            )
            for kind in Kind
        }
        #: What the agent has set in a protocol for itself alone, until it disconnects.
        self.settings: dict[scmi.Protocol, object] = {}
        self.pins = pin_tables(services.configuration, configuration)
        #: The protocols the agent can use, in ascending order, base first.
        self.protocols: tuple[scmi.Protocol, ...] = ()
        #: (protocol, message) the agent may send → its PROTOCOL_MESSAGE_ATTRIBUTES word.
        self.messages: Mapping[tuple[int, int], int] = {}
        self.pending: list[Pending] = []
        self._events: deque[bytes] = deque()
        self._dropped = False

    def limit(self, max_reply: int) -> None:
        """Cap reply payloads at ``max_reply`` bytes, status included, if the cap is not lower
        already; it never gets lower than `messages.least_reply`."""
        self.room = max(min(max_reply - STATUS_SIZE, self.room), self._least)

    def speak(self, versions: Mapping[scmi.Protocol, int]) -> None:
        """Use other versions of protocols from now on."""
        self.versions = versions
        self.features = features(versions)

    @property
    def plain_levels(self) -> bool:
        """Whether performance levels are numbers to the agent, never indices."""
        return Feature.LEVEL_INDICES not in self.features

    @property
    def always_capped(self) -> bool:
        """Whether the agent knows no state without a power cap."""
        return Feature.UNCAPPED not in self.features

    @property
    def concurrent_limits(self) -> bool:
        """Whether power caps are limits with numbers to the agent."""
        return Feature.CONCURRENT_LIMITS in self.features

    def row(self, protocol: scmi.Protocol, message: int) -> Message:
        """The layout of a message in the version in use."""
        return messages.commands(protocol, self.versions[protocol])[message]

    def fill_views(self) -> None:
        """Recompute which resources the agent sees and what it may do with them."""
        permissions = self.services.permissions
        for kind, view in self.views.items():
            resources = self.services.state[kind]
            view.fill(
                Entry(
                    grant.id,
                    resources[grant.resource],
                    permissions.operations(self.id, kind, grant),
                    frozenset(grant.operations),
                    permissions.describable(self.id, kind, grant.resource),
                )
                for grant in self.configuration.grants.get(kind, ())
            )

    def is_pending(self, resource: Resource) -> bool:
        """Whether a change of ``resource`` that this agent requested is still pending."""
        return any(pending.change.resource is resource for pending in self.pending)

    def push_event(self, frame: bytes) -> None:
        """Queue a delayed response or notification; it is dropped if the queue is full."""
        if len(self._events) < MAX_EVENTS:
            self._events.append(frame)
            self.services.waiting.add(self.id)
        else:
            self._dropped = True

    def take_events(self) -> tuple[bytes, ...]:
        """Empty the queue and return its frames, oldest first."""
        frames = tuple(self._events)
        self._events.clear()
        self.services.waiting.discard(self.id)
        if self._dropped:
            self._dropped = False
            self.services.report_error(self, Status.COMMS_ERROR, b"")
        return frames

    def discard_events(self) -> None:
        """Empty the queue unread; nothing is reported as dropped."""
        self._events.clear()
        self._dropped = False
        self.services.waiting.discard(self.id)
