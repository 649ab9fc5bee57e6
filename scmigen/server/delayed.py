"""Asynchronous commands: answered at once, done later, reported by a delayed response.

While a change is under way its resource is busy: another change of it is refused with BUSY, as is
one more than `MAX_PENDING` of an agent in a protocol. The right to the change is looked at again
when it is due; the agent that lost it meanwhile is told DENIED. One that is gone is told nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scmigen.scmi import messages
from scmigen.scmi.layouts import HEADER_SIZE, MessageType
from scmigen.scmi.operations import Operation
from scmigen.scmi.status import Status
from scmigen.server.backend import BackendError
from scmigen.server.protocols.handler import MAX_PENDING, RequestError, require

if TYPE_CHECKING:
    from scmigen.server.agent import Agent
    from scmigen.server.state import Resource


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be done: ``make`` does it (raises `BackendError`), ``values`` are the fields of
    the delayed response afterwards, ``tail`` what comes behind them. ``silent``: the agent wants no
    delayed response."""

    resource: "Resource"
    own: int
    needed: Operation
    latency: int
    make: Callable[[], None]
    values: Callable[[], tuple[Any, ...]]
    tail: Callable[[], bytes] = lambda: b""
    silent: bool = False


def begin(agent: "Agent", change: Change) -> bytes:
    """Start ``change`` for the command that ``agent`` has just sent. Raises `RequestError`."""
    server, protocol = agent.server, change.resource.kind.protocol
    pending = agent.pending.get(protocol, 0)
    require(not change.resource.busy and pending < MAX_PENDING, Status.BUSY)
    agent.pending[protocol] = pending + 1
    change.resource.busy = True
    head, session = agent.head, agent.session

    def finish() -> None:
        change.resource.busy = False
        here = agent.session == session
        if here:
            agent.pending[protocol] -= 1
        status = _make(agent, change)
        if here and not change.silent:
            agent.push_event(_response(agent, head, status, change))
        elif status is not Status.SUCCESS and here:
            server.report_error(agent, status, head)
        server.publish(agent.id)

    if change.latency:
        server.timers.after(change.latency, finish)
    else:
        finish()
    return b""


def _make(agent: "Agent", change: Change) -> Status:
    open_now = agent.views[change.resource.kind].open[change.needed]
    if open_now.get(change.own) is not change.resource:
        return Status.DENIED
    try:
        change.make()
    except RequestError as refusal:
        return refusal.status
    except BackendError as problem:
        agent.server.hardware_failed(problem)
        return Status.HARDWARE_ERROR
    return Status.SUCCESS


def _response(agent: "Agent", head: bytes, status: Status, change: Change) -> bytes:
    """The delayed response: the command's header with the type changed, status and values."""
    protocol = change.resource.kind.protocol
    row = messages.delayed_responses(protocol, agent.versions[protocol])[head[0]]
    word = int.from_bytes(head, "little") | MessageType.DELAYED << 8
    return (
        word.to_bytes(HEADER_SIZE, "little")
        + status.to_bytes(4, "little", signed=True)
        + row.reply.pack(*change.values())
        + (change.tail() if status is Status.SUCCESS else b"")
    )
