"""The system power protocol, 0x12 (DEN0056, section 4.4). The server has no system to switch off:
it notifies subscribers and tells the back end."""

from scmigen.hints import Final
from scmigen.scmi.protocols import Protocol
from scmigen.scmi.status import Status
from scmigen.server.backend import Effect
from scmigen.server.protocols.handler import DONE, RequestError, Served, require, switched
from scmigen.server.session import Session

#: SYSTEM_POWER_STATE_SET.
_GRACEFUL: Final = 1
_SHUTDOWN, _COLD_RESET, _WARM_RESET, _POWER_UP, _SUSPEND = range(5)
#: Message attributes of SYSTEM_POWER_STATE_SET.
_WARM_RESET_SUPPORTED: Final = 1 << 31


def attributes(_: Session) -> bytes:
    """PROTOCOL_ATTRIBUTES: reserved, 0."""
    return bytes(4)


def state_set(session: Session, flags: int, state: int) -> bytes:
    """SYSTEM_POWER_STATE_SET: shutdown and the two resets. The other agents are told of a graceful
    one first, and have time for it; BUSY while they have."""
    require(not flags & ~_GRACEFUL and state <= _SUSPEND and state != _POWER_UP)
    require(state != _SUSPEND, Status.NOT_SUPPORTED)
    services, graceful = session.services, bool(flags & _GRACEFUL)
    require(not graceful or not services.shutdown.pending, Status.BUSY)
    grace = services.configuration.system_power_grace if graceful else 0
    effect = Effect(None, 0, "", "system", (state, flags))
    if not graceful:
        services.shutdown.now(effect)
    services.broadcast(Protocol.SYSTEM, 0x0, (session.id, flags, state, grace), but=session.id)
    if graceful:
        services.shutdown.later(effect, grace)
    return DONE


def state_get(_: Session) -> bytes:
    """SYSTEM_POWER_STATE_GET: an agent that can ask runs on a system that is up."""
    raise RequestError(Status.NOT_SUPPORTED)


def state_notify(session: Session, enable: int) -> bytes:
    """SYSTEM_POWER_STATE_NOTIFY."""
    session.services.subscribe(session, (Protocol.SYSTEM, 0x0, None), 0, switched(enable))
    return DONE


SERVED: Final = Served(
    {0x1: attributes, 0x3: state_set, 0x4: state_get, 0x5: state_notify},
    {0x3: _WARM_RESET_SUPPORTED},
)
