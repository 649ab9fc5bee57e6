"""The power domain protocol, 0x11 (DEN0056, section 4.3), with the generic states on and off.

There is no delayed response: the notification tells when an asynchronous change has happened."""

from scmigen.hints import Final
from scmigen.scmi.features import Feature
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind, Protocol
from scmigen.scmi.status import Status
from scmigen.server.protocols.handler import (
    Served,
    counted,
    extended_name_bit,
    name_get,
    notify,
    now_or_later,
    require,
    row,
    short_name,
)
from scmigen.server.session import Deferred, Session
from scmigen.server.state import POWER_OFF, POWER_ON, PowerDomain
from scmigen.server.votes import reads_on

#: POWER_DOMAIN_ATTRIBUTES.
_NOTIFICATION: Final = 1 << 31
_REQUESTED_NOTIFICATION: Final = 1 << 28
_ASYNCHRONOUS_SET: Final = 1 << 30
_SYNCHRONOUS_SET: Final = 1 << 29
_EXTENDED_NAME_BIT: Final = 27
#: POWER_STATE_SET flags.
_ASYNCHRONOUS: Final = 1

_PROTOCOL: Final = row(Protocol.POWER, 0x1).reply.pack
_ATTRIBUTES: Final = row(Protocol.POWER, 0x3).reply.pack
_STATE: Final = row(Protocol.POWER, 0x5).reply.pack


def attributes(session: Session) -> bytes:
    """PROTOCOL_ATTRIBUTES: the number of domains; there are no statistics."""
    return _PROTOCOL(counted(session, Protocol.POWER), 0, 0)


def domain_attributes(session: Session, domain: PowerDomain, own: int) -> bytes:
    """POWER_DOMAIN_ATTRIBUTES: what the domain can do, as far as the agent may ask for it."""
    word = extended_name_bit(session, domain, _EXTENDED_NAME_BIT)
    operations = session.views[Kind.POWER].attributes[own]
    if domain.settable and Operation.STATE in operations:
        word |= _SYNCHRONOUS_SET | (_ASYNCHRONOUS_SET if domain.asynchronous else 0)
    if domain.notifications and Operation.READ in operations:
        word |= _NOTIFICATION
        if Feature.REQUEST_NOTIFICATION_BIT in session.features:
            word |= _REQUESTED_NOTIFICATION
    return _ATTRIBUTES(word, short_name(domain))


def state_set(
    session: Session, domain: PowerDomain, flags: int, own: int, state: int
) -> bytes | Deferred:
    """POWER_STATE_SET: the agent's vote; SUCCESS even if another vote keeps the domain on."""
    require(domain.settable, Status.NOT_SUPPORTED)
    require(not flags & ~_ASYNCHRONOUS and state in (POWER_ON, POWER_OFF))
    require(not flags & _ASYNCHRONOUS or domain.asynchronous, Status.NOT_SUPPORTED)
    require(not session.is_pending(domain), Status.BUSY)
    session.services.requested(session, Protocol.POWER, domain.number, (state,))
    change = Deferred(
        domain,
        own,
        Operation.STATE,
        domain.latency,
        lambda: domain.vote(session.id, state == POWER_ON),
        tuple,
        silent=True,
        exclusive=False,
    )
    return now_or_later(session, change, later=bool(flags & _ASYNCHRONOUS))


def state_get(session: Session, domain: PowerDomain, own: int) -> bytes:
    """POWER_STATE_GET."""
    return _STATE(POWER_ON if reads_on(session, domain, own) else POWER_OFF)


SERVED: Final = Served(
    {
        0x1: attributes,
        0x3: domain_attributes,
        0x4: state_set,
        0x5: state_get,
        0x6: notify(Protocol.POWER, 0x0),
        0x7: notify(Protocol.POWER, 0x1),
        0x8: name_get,
    }
)
