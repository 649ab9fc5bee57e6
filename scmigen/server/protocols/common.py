"""The messages every protocol has (DEN0056, section 4.1.1). PROTOCOL_ATTRIBUTES differs by
protocol and is in its module. Handlers get the protocol first."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from scmigen.scmi import messages
from scmigen.scmi.protocols import Protocol
from scmigen.scmi.status import Status
from scmigen.server.protocols.handler import DONE, Handler, require

if TYPE_CHECKING:
    from scmigen.server.agent import Agent


def version(protocol: Protocol, agent: "Agent") -> bytes:
    """PROTOCOL_VERSION."""
    return agent.versions[protocol].to_bytes(4, "little")


def message_attributes(protocol: Protocol, agent: "Agent", message: int) -> bytes:
    """PROTOCOL_MESSAGE_ATTRIBUTES: NOT_FOUND for what the agent cannot send."""
    require(message <= 0xFF and agent.supports(protocol, message), Status.NOT_FOUND)
    return agent.attributes_of(protocol, message).to_bytes(4, "little")


def negotiate(protocol: Protocol, agent: "Agent", wanted: int) -> bytes:
    """NEGOTIATE_PROTOCOL_VERSION: any minor version up to ours. Minor versions of the releases
    served differ in no layout, so there is nothing to switch over."""
    ours = agent.versions[protocol]
    require(wanted >> 16 == ours >> 16 and wanted <= ours, Status.NOT_SUPPORTED)
    return DONE


HANDLERS: Final[Mapping[int, Handler]] = {
    messages.VERSION: version,
    messages.MESSAGE_ATTRIBUTES: message_attributes,
    messages.NEGOTIATE: negotiate,
}
