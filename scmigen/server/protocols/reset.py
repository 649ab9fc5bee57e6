"""The reset domain protocol, 0x16 (DEN0056, section 4.8). The only reset state is the cold one."""

from scmigen.hints import Final
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind, Protocol
from scmigen.scmi.status import Status
from scmigen.server.protocols.handler import (
    DONE,
    Served,
    counts,
    extended_name_bit,
    name_get,
    notify,
    now_or_later,
    require,
    row,
    short_name,
)
from scmigen.server.session import Deferred, Session
from scmigen.server.state import ResetDomain

#: RESET_DOMAIN_ATTRIBUTES.
_ASYNCHRONOUS_RESET: Final = 1 << 31
_NOTIFICATION: Final = 1 << 30
_EXTENDED_NAME_BIT: Final = 29
_UNKNOWN_LATENCY: Final = 0xFFFF_FFFF
#: RESET flags.
_AUTONOMOUS: Final = 1
_ASSERT: Final = 1 << 1
_ASYNCHRONOUS: Final = 1 << 2
_FLAGS: Final = 0x7
_COLD: Final = 0

_ATTRIBUTES: Final = row(Protocol.RESET, 0x3).reply.pack


def domain_attributes(session: Session, domain: ResetDomain, own: int) -> bytes:
    """RESET_DOMAIN_ATTRIBUTES: latency in µs."""
    word = extended_name_bit(session, domain, _EXTENDED_NAME_BIT)
    if Operation.RESET in session.views[Kind.RESET].attributes[own]:
        word |= _NOTIFICATION if domain.notifications else 0
        word |= _ASYNCHRONOUS_RESET if domain.asynchronous else 0
    latency = _UNKNOWN_LATENCY if domain.latency is None else domain.latency
    return _ATTRIBUTES(word, latency, short_name(domain))


def reset(
    session: Session, domain: ResetDomain, own: int, flags: int, state: int
) -> bytes | Deferred:
    """RESET: the full cycle, at once or later; or assert or release the line. The reset state must
    be one the server knows, even where it has no effect."""
    require(not flags & ~_FLAGS and state == _COLD)
    later = bool(flags & _ASYNCHRONOUS)
    require(not later or domain.asynchronous, Status.NOT_SUPPORTED)
    require(not later or bool(flags & _AUTONOMOUS))
    require(not domain.busy, Status.BUSY)
    if not flags & _AUTONOMOUS:
        domain.hold(bool(flags & _ASSERT), session.id)
        return DONE
    change = Deferred(
        domain,
        own,
        Operation.RESET,
        domain.latency or 0,
        lambda: domain.reset(state, session.id),
        lambda: (own,),
    )
    return now_or_later(session, change, later=later)


SERVED: Final = Served(
    {
        0x1: counts(Protocol.RESET),
        0x3: domain_attributes,
        0x4: reset,
        0x5: notify(Protocol.RESET, 0x0),
        0x6: name_get,
    }
)
