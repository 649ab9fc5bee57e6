"""Channels between agents and the platform: each has an SCMI service, a channel of the transport
module and a doorbell, all of one index.

On the build machine every agent has one channel each way, and OP-TEE numbers its channels.
`product_channels` has those of a product.
"""

from collections.abc import Iterator, Sequence

from scmigen.data import Data
from scmigen.runtime import Role
from scmigen.targets.common.ctext import identifier
from scmigen.targets.common.optee_channels import optee_channels
from scmigen.targets.scp.options import Setup
from scmigen.targets.scp.spaces import NamedAgent


class Mailbox(Data):
    """Where a product has a mailbox: address and size in C, and its doorbell.

    ``address`` is None where the doorbell carries messages itself. The doorbell is a module as
    SCP_MODULES names it, the index of an element, that of a sub-element unless the element itself
    is the doorbell, and an API. ``placed``: the options have the address. ``said``: they have the
    element, which is 0 otherwise.
    """

    address: str | None
    size: str
    placed: bool
    bell: str
    index: str
    said: bool
    slot: str | None
    api: str

    @property
    def module(self) -> str:
        """The doorbell's module in ``FWK_MODULE_IDX_``."""
        return self.bell.upper().replace("-", "_")


class Channel(Data):
    """A channel of an agent: ``way`` is A2P (agent to platform) or P2A.

    ``word`` is what the options call it, ``enum`` its index in C, ``name`` that of its service.
    ``p2a``: the index of the channel that notifications go over which are asked for here.
    ``power_domain``: the one that the mailbox is there with, as the index of its element or a whole
    identifier. ``waits``: the service is ready when the mailbox is. ``number`` is the index, if
    it is known; ``named``: it is an enumerator of the product. ``optional``: a build
    without SCMI notifications does not have it. ``headers`` have names of the product.
    """

    agent: NamedAgent
    way: str
    word: str
    enum: str
    name: str
    p2a: str | None = None
    secure: bool = False
    init_mailbox: bool = True
    waits: bool = False
    number: int | None = None
    named: bool = False
    optional: bool = False
    headers: tuple[str, ...] = ()
    power_domain: str | None = None
    mailbox: Mailbox | None = None

    @property
    def title(self) -> str:
        """The name of the transport channel."""
        rest = self.word[3:].replace(" ", "-")
        return f"{self.agent.agent.name}-{self.way}{rest}"

    @property
    def in_band(self) -> bool:
        """Whether the doorbell carries the messages, without shared memory."""
        return self.mailbox is not None and self.mailbox.address is None

    @property
    def policies(self) -> tuple[str, ...]:
        """The policies of the transport channel."""
        said = {"INIT_MAILBOX": self.init_mailbox and not self.in_band, "SECURE": self.secure}
        found = [name for name, holds in said.items() if holds]
        return tuple(f"MOD_TRANSPORT_POLICY_{name}" for name in found or ["NONE"])


def enum_of(named: NamedAgent, word: str) -> str:
    """The enumerator of a channel, if the product has none for it."""
    return f"SCMI_CHANNEL_IDX_{named.symbol.upper()}_{identifier(word)}"


def fixed_channels(setup: Setup, agents: Sequence[NamedAgent]) -> Iterator[Channel]:
    """The channels of a firmware that has as many for each agent."""
    ways = setup.variant.ways
    if setup.variant.indexed_by_channel:
        numbers = optee_channels(setup.platform)
        agents = sorted(agents, key=lambda named: numbers[named.agent.id])
    both = [(named, way) for named in agents for way in ways]
    for number, (named, way) in enumerate(both):
        yield Channel(
            agent=named,
            way=way,
            word=way.lower(),
            enum=enum_of(named, way),
            name=named.agent.name,
            p2a=enum_of(named, "P2A") if way == "A2P" and "P2A" in ways else None,
            secure=named.agent.role is Role.SECURE,
            number=number,
        )
