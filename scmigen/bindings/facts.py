"""The parts of an inventory: providers, uses, SCMI nodes, and facts about resources."""

from collections.abc import Mapping
from enum import StrEnum

from scmigen.bindings.driver_tables import DriverNeed
from scmigen.bindings.opp_bins import ANY, OppBin
from scmigen.bindings.references import Reference
from scmigen.bindings.transports import ScmiTransport
from scmigen.data import Data, field
from scmigen.devicetree.nodes import Node
from scmigen.diagnostics import Position
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind
from scmigen.tuples import NamedTuple


class ResourceKey(NamedTuple):
    """The identity of a resource: kind, path of its provider, specifier cells without flags."""

    kind: Kind
    provider: str
    cells: tuple[int, ...]

    def __str__(self) -> str:
        return " ".join((self.provider, *map(str, self.cells)))


class ProviderClass(StrEnum):
    """The class of a provider: the platform drives it, nothing does, or an agent does natively."""

    MANAGED = "managed"
    FIXED = "fixed"
    LOCAL = "local"


class Provider(Data):
    """A node that offers resources; ``rule`` and ``reason`` tell people what decided the class.

    ``consumers`` counts the enabled nodes that use it. ``beside_scmi``: it is local only because
    the tree has an SCMI node. ``switched_by_board``: it is a board part that a GPIO or PWM
    switches. ``by_default``: it is managed only because nothing says otherwise.
    """

    node: Node
    kinds: frozenset[Kind]
    category: ProviderClass
    rule: str
    reason: str
    consumers: int = 0
    beside_scmi: bool = False
    switched_by_board: bool = False
    by_default: bool = False


class Use(Data):
    """Device → resource, through one entry of one property, with the operations it needs.

    ``index`` counts the entries of the property, null ones included, and ``at`` the bytes of its
    value before the entry. ``via`` lists the paths of the fixed providers that the use went
    through, nearest to the consumer first. ``place`` is the position of the entry if that is not in
    the consumer: in another tree, or in the bus above. ``drivers`` says why it needs more than the
    tree tells: what these add is part of ``needs``.
    """

    consumer: Node
    key: ResourceKey
    prop: str
    index: int
    needs: frozenset[Operation]
    name: str | None = None
    via: tuple[str, ...] = ()
    place: Position | None = None
    at: int = 0
    drivers: tuple[DriverNeed, ...] = ()

    @property
    def told_by_tree(self) -> frozenset[Operation]:
        """What it needs whatever the driver does."""
        return self.needs.difference(*(need.operations for need in self.drivers))

    @property
    def position(self) -> Position | None:
        """The position of the entry; looked up on demand."""
        if self.place is not None:
            return self.place
        found = self.consumer.get(self.prop)
        return found.position_at(self.at) if found else self.consumer.position


class OperatingPoint(NamedTuple):
    """One OPP: frequencies in Hz, one for each clock of its device (0: not this clock), voltage in
    µV, abstract level, what changing to it takes in ns, what it draws in µW, whether it can be held
    for a short time only."""

    rates: tuple[int, ...]
    voltage: int | None
    level: int | None
    latency: int | None = None
    power: int | None = None
    turbo: bool = False


class Asked(NamedTuple):
    """What one OPP asks of a supply, in µV: ``wanted``, or else anything from ``lowest`` to
    ``highest``. ``opp`` names the OPP for people, ``variant`` is the property: an OPP may have one
    for each grade of a chip."""

    lowest: int
    wanted: int
    highest: int
    opp: str
    variant: str
    position: Position | None


class ResourceFacts(Data):
    """What the tree says about one resource. Rates in Hz, voltages in µV; empty if unknown.

    ``parent`` is the power domain above a power domain, or the supply that a supply is fed from;
    ``parents`` the clocks a clock may be switched to; ``on`` is its state at boot. ``latency`` in
    µs is what switching it on or off, or changing its voltage, may take. ``power`` and ``supply``
    are the one power domain and the one supply that it runs on, ``clock`` is the one that a
    performance domain sets. With ``step`` the first and the last of the rates or voltages are the
    ends of a range; ``boot`` is the one at boot, the first where it is ``None``.
    ``listed``: no other voltages are possible. ``where`` is what tells it, or its position.
    """

    names: tuple[str, ...] = ()
    rates: tuple[int, ...] = ()
    parents: tuple[ResourceKey, ...] = ()
    parent: ResourceKey | None = None
    on: bool = False
    always_on: bool = False
    voltages: tuple[int, ...] = ()
    points: tuple[OperatingPoint, ...] = ()
    where: Position | Node | None = field(default=None, compare=False)
    latency: int | None = None
    power: ResourceKey | None = None
    supply: ResourceKey | None = None
    clock: ResourceKey | None = None
    step: int | None = None
    boot: int | None = None
    listed: bool = False

    @property
    def position(self) -> Position | None:
        """Where it is told; looked up on demand."""
        return self.where.position if isinstance(self.where, Node) else self.where


class OppTable(Data):
    """A table of operating points and the devices that take theirs from it, in order of paths.

    ``shared``: these change together, through one clock and one supply, whichever of them names
    these. ``requires``: its points vote on a power domain (``required-opps``). ``prop`` is the
    property that refers to the table, or that holds it. ``points`` are those that the ``chosen``
    chip has for certain, ``offered`` those that it may have: its operating system knows.
    """

    node: Node
    points: tuple[OperatingPoint, ...]
    shared: bool
    requires: bool
    consumers: tuple[Node, ...]
    prop: str = "operating-points-v2"
    offered: tuple[OperatingPoint, ...] = ()
    chosen: OppBin = ANY


class ScmiChannel(Data):
    """How an SCMI node, or one protocol of it, reaches its server.

    ``smc_id`` is the function id of an SMC, ``number`` the channel of OP-TEE; ``shmem`` lists the
    nodes of shared memory and ``mailboxes`` the mailboxes, in the order of their properties.
    """

    node: Node
    smc_id: int | None
    number: int | None
    shmem: tuple[Node, ...]
    mailboxes: tuple[Reference, ...]


class ScmiInstance(Data):
    """An SCMI node of the tree: its enabled protocol nodes by id, and its channels.

    ``channel`` is that of the node; ``own`` maps the ids of protocols that have a channel of their
    own to that channel.
    """

    node: Node
    transport: ScmiTransport
    protocols: Mapping[int, Node]
    channel: ScmiChannel
    own: Mapping[int, ScmiChannel]

    @property
    def channels(self) -> tuple[ScmiChannel, ...]:
        """All channels, that of the node first."""
        return (self.channel, *self.own.values())
