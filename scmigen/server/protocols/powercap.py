"""The power capping protocol, 0x18 (DEN0056, section 4.10).

From version 3.0 on a domain may have several limits that hold at once; here it has one, number 0.
"""

from scmigen.hints import Final
from scmigen.runtime import PowerUnit
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind, Protocol
from scmigen.scmi.status import Status
from scmigen.server.polling import measurements_of
from scmigen.server.protocols.handler import (
    DONE,
    Served,
    counts,
    describe_fastchannel,
    extended_name_bit,
    fastchannel_bit,
    name_get,
    notify,
    now_or_later,
    part,
    reply,
    require,
    reserved_name,
    row,
    short_name,
    switched,
)
from scmigen.server.session import Deferred, Session
from scmigen.server.state import Powercap
from scmigen.server.votes import may_read

#: POWERCAP_DOMAIN_ATTRIBUTES. The unit is in [24:23], as Linux reads it.
_CAP_NOTIFICATION: Final = 1 << 31
_CAP_NOTIFICATION_3_0: Final = 1 << 21
_MEASUREMENT_NOTIFICATION: Final = 1 << 30
_ASYNCHRONOUS_CAP: Final = 1 << 29
_EXTENDED_NAME_BIT: Final = 28
_CAP_SETTABLE: Final = 1 << 27
_MONITORING: Final = 1 << 26
_PAI_SETTABLE: Final = 1 << 25
_UNITS: Final = {PowerUnit.ABSTRACT: 0, PowerUnit.MICROWATT: 1 << 23, PowerUnit.MILLIWATT: 2 << 23}
_FASTCHANNELS: Final = 1 << 22
_CAI_SETTABLE: Final = 1 << 20
#: [18:15] how many limits a domain has at once; the number of the one that there is.
_LIMITS: Final = 1 << 15
_LIMIT: Final = 0
#: No parent, or one that the agent cannot see.
_NO_PARENT: Final = 0xFFFF_FFFF
#: POWERCAP_CAP_SET flags.
_SILENT: Final = 1
_ASYNCHRONOUS: Final = 1 << 1
_UNCAPPED: Final = 0

_WORD: Final = row(Protocol.POWERCAP, 0x4).reply.pack
_MEASUREMENT: Final = row(Protocol.POWERCAP, 0x9).reply.pack
#: POWERCAP_CPC_ATTRIBUTES flags: the cap can be set.
_SETTABLE: Final = 1


def domain_attributes(session: Session, domain: Powercap, own: int) -> bytes:
    """POWERCAP_DOMAIN_ATTRIBUTES: what can be set, as far as this agent may set it. Lowest and
    highest are equal for anything it may not set: agents reject a domain that contradicts
    itself."""
    about = domain.about
    operations = session.views[Kind.POWERCAP].attributes[own]
    concurrent = session.concurrent_limits
    word = _UNITS[about.unit] | extended_name_bit(session, domain, _EXTENDED_NAME_BIT)
    if Operation.READ in operations:
        word |= _MONITORING if about.monitoring else 0
        if domain.notifications:
            word |= _CAP_NOTIFICATION_3_0 if concurrent else _CAP_NOTIFICATION
            word |= _MEASUREMENT_NOTIFICATION if about.monitoring else 0
    caps = pais = cais = False
    if Operation.CONFIG in operations:
        caps = about.minimum_cap != about.maximum_cap
        pais = about.minimum_pai != about.maximum_pai
        cais = about.minimum_cai != about.maximum_cai
        word |= (_CAP_SETTABLE if caps else 0) | (_PAI_SETTABLE if pais else 0)
        word |= _ASYNCHRONOUS_CAP if about.asynchronous and caps else 0
        word |= _CAI_SETTABLE if concurrent and cais else 0
    word |= _LIMITS if concurrent else 0
    word |= fastchannel_bit(session, Protocol.POWERCAP, own, _FASTCHANNELS)
    parent = _NO_PARENT
    if about.parent is not None:
        parent = session.views[Kind.POWERCAP].ids.get(about.parent, _NO_PARENT)
    cap, pai, cai = (
        (domain.cap or about.maximum_cap, domain.pai, domain.cai)
        if may_read(session, domain, own)
        else domain.at_boot
    )
    return reply(
        session,
        Protocol.POWERCAP,
        0x3,
        word,
        short_name(domain),
        *((about.minimum_pai, about.maximum_pai) if pais else (pai, pai)),
        about.pai_step,
        *((about.minimum_cap, about.maximum_cap) if caps else (cap, cap)),
        about.cap_step,
        about.sustainable_power,
        about.accuracy,
        parent,
        *((about.minimum_cai, about.maximum_cai) if cais else (cai, cai)),
        about.cai_step,
    )


def inert(session: Session, own: int) -> bytes:
    """Placeholder attributes of a domain that the agent may not see: agents give up on the whole
    protocol if one is missing."""
    word = _LIMITS if session.concurrent_limits else 0
    return reply(
        session,
        Protocol.POWERCAP,
        0x3,
        word,
        reserved_name(own),
        *(1, 1, 1, 1, 1, 1, 0, 0, _NO_PARENT, 1, 1, 1),
    )


def inert_value(_: Session, __: int) -> bytes:
    """Cap and averaging interval of a placeholder: the only value its attributes allow."""
    return _WORD(1)


def _require_limit(limit: int) -> None:
    """Refuse a limit that there is not."""
    require(limit == _LIMIT, Status.NOT_FOUND)


def cpc_attributes(session: Session, domain: Powercap, own: int, index: int) -> bytes:
    """POWERCAP_CPC_ATTRIBUTES: the limits that hold at once, of which there is one."""
    about = domain.about
    require(index < 1, Status.OUT_OF_RANGE)
    caps = Operation.CONFIG in session.views[Kind.POWERCAP].attributes[own]
    settable = caps and about.minimum_cap != about.maximum_cap
    message = session.row(Protocol.POWERCAP, 0xD)
    limit = (
        *(_LIMIT, _SETTABLE if settable else 0),
        *(about.minimum_cap, about.maximum_cap, about.cap_step),
        *(about.minimum_cai, about.maximum_cai, about.cai_step),
        short_name(domain),
    )
    assert message.entries is not None
    pack = message.entries.entry.pack
    return part(session, message, (limit,), index, lambda values: pack(*values))


def cap_get(session: Session, domain: Powercap, own: int, limit: int = _LIMIT) -> bytes:
    """POWERCAP_CAP_GET: 0 if power is not capped, before version 2.0 the highest cap."""
    _require_limit(limit)
    cap = domain.cap if may_read(session, domain, own) else domain.at_boot[0]
    return _WORD(domain.outward(cap, session.always_capped))


def cap_set(session: Session, domain: Powercap, own: int, *words: int) -> bytes | Deferred:
    """POWERCAP_CAP_SET: 0 removes the cap from version 2.0 on; any other is rounded down to a whole
    step. From version 3.0 on the number of the limit is before flags and cap."""
    *limits, flags, cap = words
    _require_limit(*(limits or (_LIMIT,)))
    about = domain.about
    require(about.minimum_cap != about.maximum_cap, Status.NOT_SUPPORTED)
    require(not flags & ~(_SILENT | _ASYNCHRONOUS))
    require(not flags & _ASYNCHRONOUS or about.asynchronous, Status.NOT_SUPPORTED)
    if cap != _UNCAPPED or session.always_capped:
        require(about.minimum_cap <= cap <= about.maximum_cap, Status.OUT_OF_RANGE)
        cap -= (cap - about.minimum_cap) % about.cap_step
    require(not domain.busy, Status.BUSY)
    always_capped = session.always_capped  # in the version of the command, not of a later one
    change = Deferred(
        domain,
        own,
        Operation.CONFIG,
        about.latency,
        lambda: domain.set_cap(cap, session.id),
        lambda: (own, domain.outward(domain.cap, always_capped), *limits),
        silent=bool(flags & _SILENT),
    )
    return now_or_later(session, change, later=bool(flags & _ASYNCHRONOUS))


def pai_get(_: Session, domain: Powercap, __: int) -> bytes:
    """POWERCAP_PAI_GET, from version 3.0 on POWERCAP_MAI_GET: µs."""
    return _WORD(domain.pai)


def _interval(domain: Powercap, flags: int, wanted: int, known: tuple[int, int, int]) -> int:
    """An interval to set, rounded down to a whole step; ``known``: lowest, highest and step."""
    lowest, highest, step = known
    require(lowest != highest, Status.NOT_SUPPORTED)
    require(flags == 0)
    require(lowest <= wanted <= highest, Status.OUT_OF_RANGE)
    require(not domain.busy, Status.BUSY)
    return wanted - (wanted - lowest) % step


def pai_set(session: Session, domain: Powercap, _: int, flags: int, pai: int) -> bytes:
    """POWERCAP_PAI_SET, POWERCAP_MAI_SET: the interval of measurements."""
    about = domain.about
    known = (about.minimum_pai, about.maximum_pai, about.pai_step)
    domain.set_pai(_interval(domain, flags, pai, known), session.id)
    return DONE


def cai_get(_: Session, domain: Powercap, __: int, limit: int) -> bytes:
    """POWERCAP_CAI_GET: µs."""
    _require_limit(limit)
    return _WORD(domain.cai)


def cai_set(session: Session, domain: Powercap, _: int, flags: int, cai: int, limit: int) -> bytes:
    """POWERCAP_CAI_SET: the interval over which the cap holds."""
    _require_limit(limit)
    about = domain.about
    known = (about.minimum_cai, about.maximum_cai, about.cai_step)
    domain.set_cai(_interval(domain, flags, cai, known), session.id)
    return DONE


def measurements_get(_: Session, domain: Powercap, __: int) -> bytes:
    """POWERCAP_MEASUREMENTS_GET: the average power, and the interval it is averaged over."""
    require(domain.about.monitoring, Status.NOT_SUPPORTED)
    return _MEASUREMENT(domain.power(), domain.pai)


def measurements_notify(
    session: Session, domain: Powercap, own: int, enable: int, low: int, high: int
) -> bytes:
    """POWERCAP_MEASUREMENTS_NOTIFY: notify when the power leaves the limits, or returns."""
    on = switched(enable)
    require(not on or low <= high)
    require(domain.about.monitoring and domain.notifications, Status.NOT_SUPPORTED)
    session.services.subscribe(session, measurements_of(domain), own, on)
    if on:
        session.services.poller.measurements(session.id, domain, low, high)
    return DONE


SERVED: Final = Served(
    {
        0x1: counts(Protocol.POWERCAP),
        0x3: domain_attributes,
        0x4: cap_get,
        0x5: cap_set,
        0x6: pai_get,
        0x7: pai_set,
        0x8: name_get,
        0x9: measurements_get,
        0xA: notify(Protocol.POWERCAP, 0x0),
        0xB: measurements_notify,
        0xC: describe_fastchannel(Protocol.POWERCAP),
        0xD: cpc_attributes,
        0xE: cai_get,
        0xF: cai_set,
    },
    inert={0x3: inert, 0x4: inert_value, 0x6: inert_value, 0xE: inert_value},
)
