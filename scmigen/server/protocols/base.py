"""The base protocol, 0x10 (DEN0056, section 4.2): discovery, and which agent may use which
device."""

from scmigen.hints import Final
from scmigen.scmi.layouts import name_field
from scmigen.scmi.protocols import KIND_OF, SHORT_NAME_SIZE, Kind, Protocol
from scmigen.scmi.status import Status
from scmigen.server.protocols.handler import (
    DONE,
    WORD_SIZE,
    RequestError,
    Served,
    part,
    require,
    row,
    switched,
)
from scmigen.server.session import Session

#: BASE_DISCOVER_AGENT: the platform's id and name, and "who am I".
_PLATFORM: Final = 0
_MYSELF: Final = 0xFFFF_FFFF
#: BASE_SET_DEVICE_PERMISSIONS and …_PROTOCOL_PERMISSIONS; BASE_RESET_AGENT_CONFIGURATION.
_DENY, _ALLOW = range(2)
_CONFIGURATION, _PERMISSIONS_TOO = range(2)

_LIST: Final = row(Protocol.BASE, 0x6)
_AGENT: Final = row(Protocol.BASE, 0x7).reply.pack


def attributes(session: Session) -> bytes:
    """PROTOCOL_ATTRIBUTES: [15:8] agents without the platform, [7:0] protocols without base."""
    word = len(session.services.sessions) << 8 | (len(session.protocols) - 1)
    return word.to_bytes(4, "little")


def vendor(session: Session) -> bytes:
    """BASE_DISCOVER_VENDOR."""
    return name_field(session.services.configuration.vendor, SHORT_NAME_SIZE)


def sub_vendor(session: Session) -> bytes:
    """BASE_DISCOVER_SUB_VENDOR."""
    return name_field(session.services.configuration.sub_vendor, SHORT_NAME_SIZE)


def implementation_version(session: Session) -> bytes:
    """BASE_DISCOVER_IMPLEMENTATION_VERSION."""
    return session.services.configuration.implementation_version.to_bytes(4, "little")


def list_protocols(session: Session, skip: int) -> bytes:
    """BASE_DISCOVER_LIST_PROTOCOLS: one byte per protocol, without base, padded to whole words."""
    protocols = session.protocols[1:]
    require(skip <= len(protocols))
    found = part(session, _LIST, protocols, skip)
    return found + bytes(-len(found) % WORD_SIZE)


def discover_agent(session: Session, wanted: int) -> bytes:
    """BASE_DISCOVER_AGENT."""
    if wanted == _PLATFORM:
        return _AGENT(_PLATFORM, name_field("platform", SHORT_NAME_SIZE))
    found = session if wanted == _MYSELF else session.services.sessions.get(wanted)
    if found is None:
        raise RequestError(Status.NOT_FOUND)
    return _AGENT(found.id, name_field(found.name, SHORT_NAME_SIZE))


def notify_errors(session: Session, enable: int) -> bytes:
    """BASE_NOTIFY_ERRORS."""
    session.services.subscribe(session, (Protocol.BASE, 0x0, None), 0, switched(enable))
    return DONE


def target_of(session: Session, number: int) -> Session:
    """The agent whose permissions a request changes; those of the platform cannot change."""
    if number == _PLATFORM:
        raise RequestError(Status.DENIED, "the platform")
    found = session.services.sessions.get(number)
    if found is None:
        raise RequestError(Status.NOT_FOUND)
    return found


def _set(
    session: Session, target: Session, device: int, kinds: frozenset[Kind], allow: bool
) -> bytes:
    permissions = session.services.permissions
    if allow:
        if not permissions.grantable(target.id, device):
            raise RequestError(Status.DENIED, f"device {device} for {target.name}")
        if kinds & permissions.taken(target.id, device):
            about = f"device {device} for {target.name}, which another agent has"
            raise RequestError(Status.DENIED, about)
        permissions.allow(target.id, device, kinds)
    else:
        require(permissions.grantable(target.id, device), Status.NOT_FOUND)
        permissions.deny(target.id, device, kinds)
    session.services.permissions_changed(target)
    return DONE


def set_device_permissions(session: Session, target: int, device: int, flags: int) -> bytes:
    """BASE_SET_DEVICE_PERMISSIONS: bit 0 of the flags: 1 allow, 0 deny. An assignable device has to
    be denied to its holder first."""
    require(flags in (_DENY, _ALLOW))
    found = target_of(session, target)
    permissions = session.services.permissions
    require(permissions.known(device), Status.NOT_FOUND)
    return _set(session, found, device, permissions.kinds(device), flags == _ALLOW)


def set_protocol_permissions(
    session: Session, target: int, device: int, command: int, flags: int
) -> bytes:
    """BASE_SET_PROTOCOL_PERMISSIONS: the same for one protocol of the device; NOT_FOUND for a
    protocol in which the device has nothing, base included."""
    require(flags in (_DENY, _ALLOW))
    found = target_of(session, target)
    permissions = session.services.permissions
    require(permissions.known(device), Status.NOT_FOUND)
    require(command <= 0xFF)
    kind = KIND_OF.get(Protocol(command)) if command in KIND_OF else None
    if kind is None or kind not in permissions.kinds(device):
        raise RequestError(Status.NOT_FOUND)
    return _set(session, found, device, frozenset({kind}), flags == _ALLOW)


def reset_agent_configuration(session: Session, target: int, flags: int) -> bytes:
    """BASE_RESET_AGENT_CONFIGURATION: release the target's votes and subscriptions, cancel its
    pending commands and undo what it has set; with bit 0 also restore the devices it had at
    boot."""
    require(flags in (_CONFIGURATION, _PERMISSIONS_TOO))
    found = target_of(session, target)
    services = session.services
    with services.context.together():
        services.release(found, tell=True)
        services.undo(found)
        if flags == _PERMISSIONS_TOO:
            services.permissions.restore(found.id)
            services.permissions_changed(found)
    return DONE


SERVED: Final = Served(
    {
        0x1: attributes,
        0x3: vendor,
        0x4: sub_vendor,
        0x5: implementation_version,
        0x6: list_protocols,
        0x7: discover_agent,
        0x8: notify_errors,
        0x9: set_device_permissions,
        0xA: set_protocol_permissions,
        0xB: reset_agent_configuration,
    }
)
