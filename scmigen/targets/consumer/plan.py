"""What is to change in a board's tree so that one agent can boot with it."""

from collections.abc import Callable, Iterator

from scmigen.assignment.assignment import Agent
from scmigen.assignment.select import Selector
from scmigen.bindings.bared import bared
from scmigen.bindings.dialects import DIALECTS, LINUX, Dialect, Os
from scmigen.bindings.facts import Provider, ProviderClass, ResourceKey, ScmiInstance, Use
from scmigen.bindings.node_kinds import is_cpu
from scmigen.bindings.repointing import Answer, Fate, Served, Serving, Trouble, repointed
from scmigen.bindings.scmi_emission import Channel, Regulator, ScmiNode, channel
from scmigen.bindings.scmi_nodes import is_in_scmi
from scmigen.bindings.served import described_channels
from scmigen.bindings.stand_ins import StandIns, name_of
from scmigen.bindings.status import DISABLED, FAILED, OKAY, RESERVED
from scmigen.bindings.status_edits import reservation, status_edit
from scmigen.bindings.transports import BY_WORD, DEFAULT, ScmiTransport
from scmigen.bindings.u_boot import bindable
from scmigen.checks.words import reference_word
from scmigen.data import Data, replace
from scmigen.devicetree.edits import Edit, Entry, SetProperty, apply
from scmigen.devicetree.nodes import Node
from scmigen.model.platform import Grant, Platform
from scmigen.model.protocol_grants import Right
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind
from scmigen.targets.consumer.board import Board, Sides, sides
from scmigen.targets.consumer.options import ConsumerOptions
from scmigen.targets.consumer.pruned import pruned
from scmigen.targets.consumer.reach import own_nodes, reach_of
from scmigen.targets.consumer.waiting import Waiting, waiting

#: Why a provider is disabled, for a comment.
_DRIVEN = "the platform drives it"


class Plan(Data):
    """The edits for one agent, and what to tell of them.

    ``channel`` is the one its SCMI node gets; None where it has that already. ``assumed``: no
    source says how the agent reaches the platform. ``os`` is what reads the tree,
    ``transport`` what it has to speak, ``lacking`` what its own properties would have to name.
    ``short``: the SCMI nodes for which it has too few channels, so that there is no tree.
    ``waiting``: what its nodes miss.
    """

    agent: Agent
    edits: tuple[Edit, ...]
    trouble: tuple[Trouble, ...]
    channel: Channel | None
    assumed: bool
    os: Os = Os.LINUX
    transport: ScmiTransport | None = None
    lacking: tuple[str, ...] = ()
    short: tuple[ScmiInstance, ...] = ()
    waiting: tuple[Waiting, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """The properties that the SCMI node needs and of which nothing is known."""
        return (*(() if self.channel is None else self.channel.missing), *self.lacking)

    @property
    def is_spoken(self) -> bool:
        """Whether what reads the tree has a driver for the transport."""
        transport = self.transport
        return transport is None or transport.compatible in DIALECTS[self.os].transports


def plan_for(platform: Platform, agent: Agent, board: Board, options: ConsumerOptions) -> Plan:
    """The plan for one agent."""
    short = reach_of(platform, agent).short
    if short:
        return Plan(agent, (), (), None, False, short=short)
    tree, os = platform.inventory.tree, options.os_of(agent.name)
    scmi = ScmiNode(tree, platform.instance, DIALECTS[os])
    said, assumed = _channel(platform, agent)
    parts = sides(platform, agent, board)
    moved, trouble = _moved(platform, agent, board, parts, scmi, os)
    edits = [
        *scmi.edits(
            said,
            options.max_rx_timeout_ms,
            _protocols(platform, agent),
            _regulators(platform, agent),
            others=platform.instance not in own_nodes(platform, agent),
            domains=[grant.id for grant in platform.grants_of(agent, Kind.POWER)],
        ),
        *moved,
        *_foreign(platform, parts),
        *_enabled(platform, parts.kept),
        *board.bared,
        *_left(platform, board, parts),
    ]
    whole = pruned(platform, agent, parts, edits, scmi.path, options)
    if os is Os.U_BOOT:
        whole = _behind(whole, tuple(bindable(apply(tree, whole), scmi.path)))
    return Plan(
        agent,
        whole,
        trouble,
        said,
        assumed,
        os,
        transport=_transport(platform, said),
        lacking=scmi.lacking(said),
        waiting=waiting(platform, agent, parts),
    )


def _moved(
    platform: Platform, agent: Agent, board: Board, parts: Sides, scmi: ScmiNode, os: Os
) -> tuple[list[Edit], tuple[Trouble, ...]]:
    """What becomes of the references of an agent's nodes, with what stands in for rails that these
    need, and what the agent loses by it: what others' nodes lose is nothing to it."""
    inventory, dialect = platform.inventory, DIALECTS[os]
    rails = StandIns(inventory.tree)
    gone = frozenset((*parts.others, *board.disabled))
    elsewhere = Fate.UNSPOKEN if os is Os.U_BOOT else Fate.NATIVE
    asked = _Asked(platform, agent, scmi, dialect, gone, rails, elsewhere)
    scaling = _domains(platform, agent, scmi)
    serving = Serving(asked.ask, scaling.get, scmi.by_clocks, dialect)
    using = [node for node in parts.kept if node not in parts.foreign]
    edits, trouble = repointed(inventory.references, using, serving)
    owned = platform.owners.of
    ours = tuple(item for item in trouble if agent in owned(item.consumer).all_agents)
    return [*edits, *rails.edits()], ours


def _foreign(platform: Platform, parts: Sides) -> Iterator[Edit]:
    """What goes from nodes that stay and are not the agent's."""
    for cpus in (True, False):
        nodes = [n for n in parts.kept if n in parts.foreign and is_cpu(n) is cpus]
        yield from bared(platform.inventory.references, nodes, _stays(platform, cpus))


def _left(platform: Platform, board: Board, parts: Sides) -> Iterator[Edit]:
    """The statuses of what the platform and others drive."""
    for node in board.disabled:
        yield from status_edit(node, DISABLED, _DRIVEN)
    for node in parts.others:
        # Linux starts every CPU that has not failed (``of_get_next_cpu_node``).
        word = FAILED if is_cpu(node) else RESERVED
        yield from reservation(node, word, _whose(platform, node))


def _behind(edits: tuple[Edit, ...], more: tuple[SetProperty, ...]) -> tuple[Edit, ...]:
    """Edits with ``more`` behind them, in place of those that set the same properties: a source
    has each property of a node once."""
    again = {(edit.path, edit.name) for edit in more}
    kept = (
        edit
        for edit in edits
        if not isinstance(edit, SetProperty) or (edit.path, edit.name) not in again
    )
    return (*kept, *more)


def _whose(platform: Platform, node: Node) -> str:
    """Whose a node is, for a comment."""
    owner = platform.owners.of(node)
    if owner.platform:
        return "the platform's"
    return ", ".join(f"{agent.name}'s" for agent in owner.all_agents) or "nobody's"


def _stays(platform: Platform, cpus: bool) -> Callable[[ResourceKey], bool]:
    """What nodes that are not an agent's may still refer to: nothing of the platform's, nor what
    passes on to that; ``cpus`` nor what others drive."""
    gone = {ProviderClass.MANAGED, *([ProviderClass.LOCAL] if cpus else [])}
    through = {
        path
        for grant in platform.all_grants
        for why in grant.because
        if isinstance(why, Use)
        for path in why.via
    }
    return lambda key: (
        key.provider not in through and platform.providers[key.provider].category not in gone
    )


def _enabled(platform: Platform, kept: tuple[Node, ...]) -> Iterator[Edit]:
    """What an agent's own tree enables of the board."""
    statuses = platform.inventory.availability.statuses
    for node in kept if statuses else ():
        if node in statuses and statuses[node].is_okay:
            yield from status_edit(node, OKAY)


# --- the channel


def _channel(platform: Platform, agent: Agent) -> tuple[Channel | None, bool]:
    """The channel that the SCMI node gets, None if it is right as it is; whether it is assumed."""
    said = agent.transport
    transport = BY_WORD.get(said.type) if said is not None else None
    if platform.instance in reach_of(platform, agent).native:
        return None, False
    if transport is None or said is None:
        return channel(DEFAULT, None, None, (), ()), True
    shmem = Selector(platform.inventory.tree).select(said.shmem).nodes if said.shmem else ()
    boxes = _mailboxes(platform, agent)
    return channel(transport, said.smc_id, said.channel, shmem, boxes), False


def _transport(platform: Platform, said: Channel | None) -> ScmiTransport | None:
    """The transport that the tree has in the end."""
    if said is not None:
        return said.transport
    return platform.instance.transport if platform.instance is not None else None


def _mailboxes(platform: Platform, agent: Agent) -> tuple[Entry, ...]:
    """The mailboxes of an agent: only a server description has them."""
    inventory = platform.inventory
    described = described_channels(inventory.references, inventory.availability).get(agent.id)
    found = () if described is None else described.mailboxes
    return tuple(Entry(each.provider.path, each.cells) for each in found)


# --- what the agent has


def _protocols(platform: Platform, agent: Agent) -> set[int]:
    found = {int(kind.protocol) for kind in Kind if platform.grants_of(agent, kind)}
    if platform.has_right(agent, Right.SYSTEM_POWER):
        found.add(int(Right.SYSTEM_POWER.protocol))
    return found


def _regulators(platform: Platform, agent: Agent) -> Iterator[Regulator]:
    for grant in platform.grants_of(agent, Kind.VOLTAGE):
        node = grant.resource.node
        native = None if grant.resource.declared or is_in_scmi(node) else node
        yield Regulator(grant.id, grant.name, native, Operation.STATE in grant.operations)


class _Asked(Data):
    """Answers what became of a resource. ``gone``: the topmost nodes without a driver in the tree,
    of which ``stand_ins`` has rails that never change. ``elsewhere``: what becomes of the resources
    of other platforms to which the agent has a channel."""

    platform: Platform
    agent: Agent
    scmi: ScmiNode
    dialect: Dialect
    gone: frozenset[Node]
    stand_ins: StandIns
    elsewhere: Fate

    def ask(self, key: ResourceKey) -> Answer:
        """What the agent has in place of a resource."""
        platform = self.platform
        provider = platform.providers.get(key.provider)
        if provider is None or provider.category is not ProviderClass.MANAGED:
            return self._native(key, provider)
        if key.kind not in self.dialect.kinds:
            return Fate.UNSPOKEN
        grant = platform.holders(key).get(self.agent.id)
        if grant is not None:
            was = _written(platform, provider, grant)
            return replace(served(self.scmi, grant, self.dialect), was=was)
        if platform.resource(key) is None and is_in_scmi(provider.node):
            return self.elsewhere if self._is_there(provider.node) else Fate.LOST
        return Fate.LOST

    def _is_there(self, node: Node) -> bool:
        return self.gone.isdisjoint(node.upwards())

    def _native(self, key: ResourceKey, provider: Provider | None) -> Answer:
        """A resource that stays as it is, unless its chip has no driver in this tree: then a sensor
        is lost, and a rail that never changes gets a stand-in."""
        if provider is None or self._is_there(provider.node):
            return Fate.NATIVE
        if key.kind is Kind.SENSOR:
            return Fate.LOST
        if provider.category is not ProviderClass.FIXED or key.kind is not Kind.VOLTAGE:
            return Fate.NATIVE
        path = self.stand_ins.of(provider.node)
        return Served(path, (), frozenset(), name_of(provider.node))


def _written(platform: Platform, provider: Provider, grant: Grant) -> str:
    """How the board's source refers to a resource, for a comment: where a label says that, and it
    is more than the name."""
    if provider.node.path not in platform.inventory.tree.label_of or is_in_scmi(provider.node):
        return ""
    word = reference_word(platform.inventory, grant.resource.key)
    return word if word != f"&{grant.name}" else ""


def served(scmi: ScmiNode, grant: Grant, dialect: Dialect = LINUX) -> Served:
    """How an agent's tree refers to a resource."""
    if grant.kind is Kind.POWER and dialect.domain is not None:
        return Served(scmi.domain(grant.id), (), grant.operations, grant.name)
    if grant.kind is Kind.VOLTAGE:
        return Served(scmi.regulator(grant.id), (), grant.operations, grant.name)
    path = scmi.protocol(grant.kind.protocol)
    return Served(path, (grant.id,), grant.operations, grant.name)


def _domains(platform: Platform, agent: Agent, scmi: ScmiNode) -> dict[Node, Served]:
    """The performance domains that took the place of the OPP tables of nodes."""
    return {
        use.consumer: served(scmi, grant)
        for grant in platform.grants_of(agent, Kind.PERFORMANCE)
        for use in grant.because
        if isinstance(use, Use) and platform.inventory.is_scaled(use)
    }
