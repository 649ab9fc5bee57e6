"""Asynchronous commands: acknowledged at once, executed later, reported by a delayed response.

A pending change makes its resource busy: further changes are refused with BUSY, as is any command
beyond `MAX_PENDING` per agent and protocol. A pending vote blocks only the agent that cast it, and
a pending reading blocks nobody. An agent that loses the permission gets a delayed DENIED at once.
Disconnecting or resetting an agent cancels its pending changes.
"""

from collections.abc import Iterable
from operator import itemgetter

from scmigen.scmi import events
from scmigen.scmi.layouts import HEADER_SIZE, MessageType
from scmigen.scmi.status import Status
from scmigen.server.protocols.handler import DONE, MAX_PENDING, RequestError, require
from scmigen.server.session import Deferred, Pending, Session


def begin(session: Session, change: Deferred, message: bytes) -> bytes:
    """Schedule ``change`` for the command ``message``; the values of its immediate response. Raises
    `RequestError` if the resource is busy or too many commands are pending."""
    protocol = change.resource.kind.protocol
    rows = events.delayed_responses(protocol, session.versions[protocol])
    pending = Pending(change, message, rows.get(message[0]))
    require(not change.resource.busy, Status.BUSY)
    count = sum(other.protocol is pending.protocol for other in session.pending)
    require(count < MAX_PENDING, Status.BUSY)
    session.pending.append(pending)
    change.resource.busy |= change.exclusive
    if change.latency:
        timers = session.services.timers
        pending.timer = timers.after(change.latency, lambda: _finish(session, pending))
    else:
        _finish(session, pending)
    return DONE


def make_now(sessions: Iterable[Session]) -> None:
    """Make all pending changes of these agents, in the order in which they are due."""
    waiting = [
        (pending.timer.due, number, session, pending)
        for number, session in enumerate(sessions)
        for pending in session.pending
        if pending.timer is not None
    ]
    for _, _, session, pending in sorted(waiting, key=itemgetter(0, 1)):
        assert pending.timer is not None
        pending.timer.cancel()
        _finish(session, pending)


def cancel(session: Session, *, tell: bool) -> None:
    """Cancel all pending changes of an agent; with ``tell`` it gets a delayed GENERIC_ERROR."""
    for pending in tuple(session.pending):
        _drop(session, pending)
        if tell:
            _report(session, pending, Status.GENERIC_ERROR)


def withdraw(session: Session) -> None:
    """Cancel the pending changes that the agent may not make any more."""
    for pending in tuple(session.pending):
        change = pending.change
        if change.own not in session.views[change.resource.kind].open[change.needed]:
            _drop(session, pending)
            _report(session, pending, Status.DENIED)


def _drop(session: Session, pending: Pending) -> None:
    if pending.timer is not None:
        pending.timer.cancel()
    _remove(session, pending)


def _finish(session: Session, pending: Pending) -> None:
    _remove(session, pending)
    _report(session, pending, _make(session, pending.change))
    session.services.publish(session.id)


def _remove(session: Session, pending: Pending) -> None:
    session.pending.remove(pending)
    if pending.change.exclusive:
        pending.change.resource.busy = False


def _about(change: Deferred) -> str:
    return f"a delayed change of {change.resource.kind} {change.resource.number}"


def _make(session: Session, change: Deferred) -> Status:
    about = f"{session.name}: {_about(change)}"
    try:
        change.make()
    except RequestError as refusal:
        return refusal.status
    except Exception as problem:
        return session.services.failure(problem, about)
    return session.services.settle(about)


def _report(session: Session, pending: Pending, status: Status) -> None:
    """Tell the agent; what fails here is logged, and stops nothing of what the caller does."""
    try:
        if not pending.change.silent:
            session.push_event(_response(pending, status))
        elif status is not Status.SUCCESS:
            session.services.report_error(session, status, pending.head)
    except Exception as problem:
        session.services.failure(problem, f"{session.name}: {_about(pending.change)}")


def _response(pending: Pending, status: Status) -> bytes:
    """The delayed response: the command's header with the type changed, status and values."""
    change, row = pending.change, pending.row
    assert row is not None
    word = int.from_bytes(pending.head, "little") | MessageType.DELAYED << 8
    return (
        word.to_bytes(HEADER_SIZE, "little")
        + status.to_bytes(4, "little", signed=True)
        + row.reply.pack(*change.values())
        + (change.tail() if status is Status.SUCCESS else b"")
    )
