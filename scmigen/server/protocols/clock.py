"""The clock protocol, 0x14 (DEN0056, section 4.6)."""

from scmigen.hints import Final
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind, Protocol
from scmigen.scmi.status import Status
from scmigen.server.protocols.handler import (
    DONE,
    RequestError,
    Served,
    counted,
    extended_name_bit,
    name_get,
    notify,
    now_or_later,
    part,
    pending_field,
    reply,
    require,
    row,
    short_name,
    values_part,
)
from scmigen.server.session import Deferred, Session
from scmigen.server.state import Clock
from scmigen.server.votes import reads_on

#: CLOCK_ATTRIBUTES.
_ENABLED: Final = 1
_RESTRICTED: Final = 1 << 1
_PARENTS: Final = 1 << 28
_EXTENDED_NAME_BIT: Final = 29
_RATE_NOTIFICATION: Final = 1 << 31 | 1 << 30
#: CLOCK_RATE_SET flags; bit 1 has no meaning without bit 0.
_ASYNCHRONOUS: Final = 1
_SILENT: Final = 1 << 1
_ROUND_UP: Final = 1 << 2
_ROUND_AUTO: Final = 1 << 3
_RATE_FLAGS: Final = 0xF
#: CLOCK_CONFIG_SET attributes; 3 (unchanged) only makes sense with an extended configuration.
_DISABLE, _ENABLE = range(2)
#: CLOCK_GET_PERMISSIONS.
_PERMISSIONS: Final = (
    (Operation.STATE, 1 << 31),
    (Operation.PARENT, 1 << 30),
    (Operation.RATE, 1 << 29),
)

#: Messages whose absence from a version means that it lacks attribute bits, too.
_RATE_NOTIFY, _GET_PERMISSIONS = 0x9, 0xF

_RATES: Final = row(Protocol.CLOCK, 0x4)
_RATE: Final = row(Protocol.CLOCK, 0x6).reply.pack
_CONFIG: Final = row(Protocol.CLOCK, 0xB).reply.pack
_POSSIBLE_PARENTS: Final = row(Protocol.CLOCK, 0xC)
_WORD: Final = row(Protocol.CLOCK, 0xE).reply.pack


def attributes(session: Session) -> bytes:
    """PROTOCOL_ATTRIBUTES: the number of clocks, and how many rate changes may be pending."""
    return _WORD(counted(session, Protocol.CLOCK) | pending_field(session, Kind.CLOCK))


def _operations(session: Session, own: int) -> frozenset[Operation]:
    """What the agent may do with a clock, or could if it held the device: agents ask only once."""
    return session.views[Kind.CLOCK].attributes[own]


def _parents(session: Session, clock: Clock) -> list[int]:
    """The possible parents that the agent can see, by its ids."""
    ids = session.views[Kind.CLOCK].ids
    return [ids[number] for number in clock.parents if number in ids]


def clock_attributes(session: Session, clock: Clock, own: int) -> bytes:
    """CLOCK_ATTRIBUTES. From version 3.0 on, bit 1 says that the agent may not make every kind of
    change."""
    word = _ENABLED if reads_on(session, clock, own) else 0
    if (Protocol.CLOCK, _GET_PERMISSIONS) in session.messages:
        changes = {Operation.STATE, Operation.RATE}
        if _parents(session, clock):
            word |= _PARENTS
            changes.add(Operation.PARENT)
        if not _operations(session, own) >= changes:
            word |= _RESTRICTED
    if (Protocol.CLOCK, _RATE_NOTIFY) in session.messages:
        readable = Operation.READ in _operations(session, own)
        word |= _RATE_NOTIFICATION if readable and clock.notifications else 0
    word |= extended_name_bit(session, clock, _EXTENDED_NAME_BIT)
    return reply(session, Protocol.CLOCK, 0x3, word, short_name(clock), clock.enable_delay)


def describe_rates(session: Session, clock: Clock, _: int, index: int) -> bytes:
    """CLOCK_DESCRIBE_RATES: discrete rates in Hz, ascending; or lowest, highest and step."""
    return values_part(session, _RATES, clock.rates, clock.step, index)


def rate_set(session: Session, clock: Clock, flags: int, own: int, rate: int) -> bytes | Deferred:
    """CLOCK_RATE_SET: one of the described rates, rounded as the flags say; rates outside of the
    described ones are refused. No attribute says which clocks change asynchronously: if one of the
    agent's clocks can, all of them can."""
    require(not flags & ~_RATE_FLAGS and clock.rates[0] <= rate <= clock.rates[-1])
    later = bool(flags & _ASYNCHRONOUS)
    require(not later or pending_field(session, Kind.CLOCK) != 0, Status.NOT_SUPPORTED)
    require(not clock.busy, Status.BUSY)
    chosen = clock.nearest(rate, up=bool(flags & _ROUND_UP), nearest=bool(flags & _ROUND_AUTO))
    session.services.requested(session, Protocol.CLOCK, clock.number, (chosen,))
    change = Deferred(
        clock,
        own,
        Operation.RATE,
        clock.latency,
        lambda: clock.set_rate(chosen, session.id),
        lambda: (own, clock.rate),
        silent=bool(flags & _SILENT),
    )
    return now_or_later(session, change, later=later)


def rate_get(_: Session, clock: Clock, __: int) -> bytes:
    """CLOCK_RATE_GET."""
    return _RATE(clock.rate)


def config_set(session: Session, clock: Clock, _: int, config: int, *__: int) -> bytes:
    """CLOCK_CONFIG_SET: the agent's vote. Extended configurations do not exist here, so selecting
    one is refused like a reserved bit."""
    require(config in (_DISABLE, _ENABLE))
    was = clock.on
    clock.vote(session.id, config == _ENABLE)
    if clock.on and not was:
        session.services.context.latency = clock.enable_delay
    return DONE


def config_get(session: Session, clock: Clock, own: int, flags: int) -> bytes:
    """CLOCK_CONFIG_GET: bit 0 of the configuration is the state."""
    require(flags == 0)
    return _CONFIG(0, int(reads_on(session, clock, own)), 0)


def possible_parents_get(session: Session, clock: Clock, _: int, skip: int) -> bytes:
    """CLOCK_POSSIBLE_PARENTS_GET: the parents that the agent can see, by its ids."""
    parents = _parents(session, clock)
    require(bool(parents), Status.NOT_SUPPORTED)
    require(skip < len(parents))
    return part(session, _POSSIBLE_PARENTS, parents, skip)


def parent_set(session: Session, clock: Clock, _: int, parent: int) -> bytes:
    """CLOCK_PARENT_SET: NOT_FOUND for a clock that the agent cannot see, INVALID_PARAMETERS for one
    that is not a possible parent or is below this clock. The rate stays a described one."""
    require(bool(_parents(session, clock)), Status.NOT_SUPPORTED)
    view = session.views[Kind.CLOCK]
    chosen = view.named.get(parent)
    if chosen is None:
        raise RequestError(Status.NOT_FOUND, view.describe(parent))
    require(chosen.number in clock.parents)
    found = session.services.state[Kind.CLOCK][chosen.number]
    assert isinstance(found, Clock)
    require(not found.is_below(clock))
    require(not clock.busy, Status.BUSY)
    clock.set_parent(found, session.id)
    return DONE


def parent_get(session: Session, clock: Clock, _: int) -> bytes:
    """CLOCK_PARENT_GET: NOT_FOUND if the agent cannot see the parent, or it is unknown."""
    require(bool(_parents(session, clock)), Status.NOT_SUPPORTED)
    ids = session.views[Kind.CLOCK].ids
    if clock.parent_number is None or clock.parent_number not in ids:
        raise RequestError(Status.NOT_FOUND)
    return _WORD(ids[clock.parent_number])


def get_permissions(session: Session, _: Clock, own: int) -> bytes:
    """CLOCK_GET_PERMISSIONS: what this agent may change, or could if it held the device."""
    operations = _operations(session, own)
    return _WORD(sum(bit for operation, bit in _PERMISSIONS if operation in operations))


SERVED: Final = Served(
    {
        0x1: attributes,
        0x3: clock_attributes,
        0x4: describe_rates,
        0x5: rate_set,
        0x6: rate_get,
        0x7: config_set,
        0x8: name_get,
        _RATE_NOTIFY: notify(Protocol.CLOCK, 0x0),
        0xA: notify(Protocol.CLOCK, 0x1),
        0xB: config_get,
        0xC: possible_parents_get,
        0xD: parent_set,
        0xE: parent_get,
        _GET_PERMISSIONS: get_permissions,
    }
)
