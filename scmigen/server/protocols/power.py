"""The power domain protocol, 0x11 (DEN0056, section 4.3). The server knows the generic states on
and off; a change is done when the response is sent."""

from typing import TYPE_CHECKING, Final

from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind, Protocol
from scmigen.scmi.status import Status
from scmigen.server.protocols.handler import (
    DONE,
    Served,
    counted,
    extended_name_bit,
    name_get,
    notify,
    require,
    row,
    short_name,
)
from scmigen.server.state import POWER_OFF, POWER_ON

if TYPE_CHECKING:
    from scmigen.server.agent import Agent
    from scmigen.server.state import PowerDomain

#: POWER_DOMAIN_ATTRIBUTES.
_NOTIFICATION: Final = 1 << 31
_SYNCHRONOUS: Final = 1 << 29
_EXTENDED_NAME_BIT: Final = 27
#: POWER_STATE_SET flags.
_ASYNCHRONOUS: Final = 1

_ATTRIBUTES: Final = row(Protocol.POWER, 0x3).reply.pack
_STATE: Final = row(Protocol.POWER, 0x5).reply.pack


def attributes(agent: "Agent") -> bytes:
    """PROTOCOL_ATTRIBUTES: the number of domains; there are no statistics."""
    return row(Protocol.POWER, 0x1).reply.pack(counted(agent, Protocol.POWER), 0, 0)


def domain_attributes(agent: "Agent", domain: "PowerDomain", own: int) -> bytes:
    """POWER_DOMAIN_ATTRIBUTES. The notification bit is set for agents that may ask for it."""
    word = _SYNCHRONOUS | extended_name_bit(agent, domain, _EXTENDED_NAME_BIT)
    if Operation.READ in agent.views[Kind.POWER].operations[own]:
        word |= _NOTIFICATION
    return _ATTRIBUTES(word, short_name(domain))


def state_set(agent: "Agent", domain: "PowerDomain", flags: int, _: int, state: int) -> bytes:
    """POWER_STATE_SET: the agent's vote. SUCCESS also where another vote keeps the domain on."""
    require(not flags & ~_ASYNCHRONOUS and state in (POWER_ON, POWER_OFF))
    require(not flags & _ASYNCHRONOUS, Status.NOT_SUPPORTED)
    domain.vote(agent.id, state == POWER_ON)
    return DONE


def state_get(_: "Agent", domain: "PowerDomain", __: int) -> bytes:
    """POWER_STATE_GET: the state the domain is in, whoever wants it."""
    return _STATE(POWER_ON if domain.on else POWER_OFF)


SERVED: Final = Served(
    {
        0x1: attributes,
        0x3: domain_attributes,
        0x4: state_set,
        0x5: state_get,
        0x6: notify(Protocol.POWER, 0x0),
        0x8: name_get,
    }
)
