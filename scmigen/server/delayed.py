"""Asynchronous commands: answered at once, done later, reported by a delayed response.

While a change is under way its resource is busy: another change of it is refused with BUSY, as is
one more than `MAX_PENDING` of an agent in a protocol. A vote is busy for the agent alone that gives
it, and readings keep nobody waiting. The right to the change is looked at again when it is due; the
agent that lost it meanwhile is told DENIED. What an agent has under way when it goes, or when its
configuration is reset, does not happen any more.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scmigen.scmi import events
from scmigen.scmi.layouts import HEADER_SIZE, MessageType
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Protocol
from scmigen.scmi.status import Status
from scmigen.server.protocols.handler import MAX_PENDING, RequestError, require

if TYPE_CHECKING:
    from scmigen.server.agent import Agent
    from scmigen.server.state import Resource
    from scmigen.server.timers import Timer


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be done: ``make`` does it (raises what a back end does), ``values`` are the fields
    of the delayed response afterwards, ``tail`` what comes behind them. ``silent``: the agent wants
    no delayed response; ``alone``: nothing else may change the resource meanwhile."""

    resource: "Resource"
    own: int
    needed: Operation
    latency: int
    make: Callable[[], None]
    values: Callable[[], tuple[Any, ...]]
    tail: Callable[[], bytes] = lambda: b""
    silent: bool = False
    alone: bool = True


class Pending:
    """A change under way, asked for by the command with the header ``head``."""

    __slots__ = ("_agent", "_change", "_head", "protocol", "timer")

    def __init__(self, agent: "Agent", change: Change) -> None:
        self._agent = agent
        self._change = change
        self._head = agent.head
        self.protocol: Protocol = change.resource.kind.protocol
        self.timer: Timer | None = None
        agent.pending.append(self)
        change.resource.busy |= change.alone

    @property
    def resource(self) -> "Resource":
        """What it is about."""
        return self._change.resource

    def _over(self) -> None:
        self._agent.pending.remove(self)
        if self._change.alone:
            self._change.resource.busy = False

    def finish(self) -> None:
        """It is due."""
        self._over()
        self._tell(_make(self._agent, self._change))
        self._agent.server.publish(self._agent.id)

    def cancel(self, *, told: bool) -> None:
        """It does not happen; the delayed response says so where the agent is to be ``told``."""
        if self.timer is not None:
            self.timer.cancel()
        self._over()
        if told:
            self._tell(Status.GENERIC_ERROR)

    def _tell(self, status: Status) -> None:
        if not self._change.silent:
            self._agent.push_event(_response(self._agent, self._head, status, self._change))
        elif status is not Status.SUCCESS:
            self._agent.server.report_error(self._agent, status, self._head)


def begin(agent: "Agent", change: Change) -> bytes:
    """Start ``change`` for the command that ``agent`` has just sent. Raises `RequestError`."""
    protocol = change.resource.kind.protocol
    require(not change.resource.busy, Status.BUSY)
    under_way = sum(pending.protocol is protocol for pending in agent.pending)
    require(under_way < MAX_PENDING, Status.BUSY)
    pending = Pending(agent, change)
    if change.latency:
        pending.timer = agent.server.timers.after(change.latency, pending.finish)
    else:
        pending.finish()
    return b""


def votes_later(agent: "Agent", resource: "Resource") -> bool:
    """Whether a vote of ``agent`` on ``resource`` is under way."""
    return any(pending.resource is resource for pending in agent.pending)


def _make(agent: "Agent", change: Change) -> Status:
    open_now = agent.views[change.resource.kind].open[change.needed]
    if open_now.get(change.own) is not change.resource:
        return Status.DENIED
    about = f"{agent.name}: a delayed change of {change.resource.kind} {change.resource.number}"
    try:
        change.make()
    except RequestError as refusal:
        return refusal.status
    except Exception as problem:
        return agent.server.failure(problem, about)
    return agent.server.followed(about)


def _response(agent: "Agent", head: bytes, status: Status, change: Change) -> bytes:
    """The delayed response: the command's header with the type changed, status and values."""
    protocol = change.resource.kind.protocol
    row = events.delayed_responses(protocol, agent.versions[protocol])[head[0]]
    word = int.from_bytes(head, "little") | MessageType.DELAYED << 8
    return (
        word.to_bytes(HEADER_SIZE, "little")
        + status.to_bytes(4, "little", signed=True)
        + row.reply.pack(*change.values())
        + (change.tail() if status is Status.SUCCESS else b"")
    )
