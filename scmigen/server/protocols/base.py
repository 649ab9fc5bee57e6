"""The base protocol, 0x10 (DEN0056, section 4.2): who is here, and who may use which device."""

from typing import TYPE_CHECKING, Final

from scmigen.scmi.layouts import STATUS_SIZE, name_field
from scmigen.scmi.protocols import KIND_OF, SHORT_NAME_SIZE, Kind, Protocol
from scmigen.scmi.status import Status
from scmigen.server.protocols.handler import DONE, RequestError, Served, require, row, switched

if TYPE_CHECKING:
    from scmigen.server.agent import Agent

#: BASE_DISCOVER_AGENT: the platform's id and name, and "who am I".
_PLATFORM: Final = 0
_MYSELF: Final = 0xFFFF_FFFF
#: BASE_SET_DEVICE_PERMISSIONS and …_PROTOCOL_PERMISSIONS; BASE_RESET_AGENT_CONFIGURATION.
_DENY, _ALLOW = range(2)
_CONFIGURATION, _PERMISSIONS_TOO = range(2)

_LIST: Final = row(Protocol.BASE, 0x6)
_AGENT: Final = row(Protocol.BASE, 0x7).reply.pack


def attributes(agent: "Agent") -> bytes:
    """PROTOCOL_ATTRIBUTES: [15:8] agents without the platform, [7:0] protocols without base."""
    word = len(agent.server.agents) << 8 | (len(agent.protocols) - 1)
    return word.to_bytes(4, "little")


def vendor(agent: "Agent") -> bytes:
    """BASE_DISCOVER_VENDOR."""
    return name_field(agent.server.configuration.vendor, SHORT_NAME_SIZE)


def sub_vendor(agent: "Agent") -> bytes:
    """BASE_DISCOVER_SUB_VENDOR."""
    return name_field(agent.server.configuration.sub_vendor, SHORT_NAME_SIZE)


def implementation_version(agent: "Agent") -> bytes:
    """BASE_DISCOVER_IMPLEMENTATION_VERSION."""
    return agent.server.configuration.implementation_version.to_bytes(4, "little")


def list_protocols(agent: "Agent", skip: int) -> bytes:
    """BASE_DISCOVER_LIST_PROTOCOLS: one byte a protocol, base left out, padded to whole words."""
    protocols = agent.protocols[1:]
    require(skip <= len(protocols))
    assert _LIST.entries is not None
    room = (agent.room - _LIST.reply.size) // STATUS_SIZE * STATUS_SIZE
    count, word = _LIST.entries.part(len(protocols), skip, room)
    ids = bytes(protocols[skip : skip + count])
    return _LIST.reply.pack(word) + ids + bytes(-len(ids) % 4)


def discover_agent(agent: "Agent", wanted: int) -> bytes:
    """BASE_DISCOVER_AGENT."""
    if wanted == _PLATFORM:
        return _AGENT(_PLATFORM, name_field("platform", SHORT_NAME_SIZE))
    found = agent if wanted == _MYSELF else agent.server.agents.get(wanted)
    if found is None:
        raise RequestError(Status.NOT_FOUND)
    return _AGENT(found.id, name_field(found.name, SHORT_NAME_SIZE))


def notify_errors(agent: "Agent", enable: int) -> bytes:
    """BASE_NOTIFY_ERRORS."""
    agent.server.subscribe(agent, Protocol.BASE, 0x0, None, 0, switched(enable))
    return DONE


def target_of(agent: "Agent", number: int) -> "Agent":
    """The agent whose permissions are to be changed; nobody changes the platform's."""
    if number == _PLATFORM:
        raise RequestError(Status.DENIED, "the platform")
    found = agent.server.agents.get(number)
    if found is None:
        raise RequestError(Status.NOT_FOUND)
    return found


def _set(
    agent: "Agent", target: "Agent", device: int, kinds: frozenset[Kind], allow: bool
) -> bytes:
    permissions = agent.server.permissions
    if allow:
        if not permissions.grantable(target.id, device):
            raise RequestError(Status.DENIED, f"device {device} for {target.name}")
        permissions.allow(target.id, device, kinds)
    else:
        require(permissions.grantable(target.id, device), Status.NOT_FOUND)
        permissions.deny(target.id, device, kinds)
    agent.server.permissions_changed(target)
    return DONE


def set_device_permissions(agent: "Agent", target: int, device: int, flags: int) -> bytes:
    """BASE_SET_DEVICE_PERMISSIONS: bit 0 of the flags: 1 allow, 0 deny."""
    require(flags in (_DENY, _ALLOW))
    found = target_of(agent, target)
    permissions = agent.server.permissions
    require(permissions.known(device), Status.NOT_FOUND)
    return _set(agent, found, device, permissions.kinds(device), flags == _ALLOW)


def set_protocol_permissions(
    agent: "Agent", target: int, device: int, command: int, flags: int
) -> bytes:
    """BASE_SET_PROTOCOL_PERMISSIONS: the same for one protocol of the device. A protocol the
    device has nothing in, base among them, is NOT_FOUND."""
    require(flags in (_DENY, _ALLOW))
    found = target_of(agent, target)
    permissions = agent.server.permissions
    require(permissions.known(device), Status.NOT_FOUND)
    require(command <= 0xFF)
    kind = KIND_OF.get(Protocol(command)) if command in KIND_OF else None
    if kind is None or kind not in permissions.kinds(device):
        raise RequestError(Status.NOT_FOUND)
    return _set(agent, found, device, frozenset({kind}), flags == _ALLOW)


def reset_agent_configuration(agent: "Agent", target: int, flags: int) -> bytes:
    """BASE_RESET_AGENT_CONFIGURATION: the target's votes and subscriptions are gone, and what it
    has under way does not happen; with bit 0 it also has the devices it had at boot."""
    require(flags in (_CONFIGURATION, _PERMISSIONS_TOO))
    found = target_of(agent, target)
    server = agent.server
    found.cancel(told=True)
    server.forget(found)
    if flags == _PERMISSIONS_TOO:
        server.permissions.restore(found.id)
        server.permissions_changed(found)
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
