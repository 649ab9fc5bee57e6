"""What the bindings room says about a tree: providers, uses, and what is known of a resource."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from scmigen.devicetree.tree import DeviceTree, Node
from scmigen.diagnostics import Diagnostic, Position
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind


class ResourceKey(NamedTuple):
    """The identity of a resource: kind, path of its provider, specifier cells without flags."""

    kind: Kind
    provider: str
    cells: tuple[int, ...]

    def __str__(self) -> str:
        return " ".join((self.provider, *map(str, self.cells)))


class ProviderClass(StrEnum):
    """Who drives a provider: the platform, nobody, or an agent natively."""

    MANAGED = "managed"
    FIXED = "fixed"
    LOCAL = "local"


@dataclass(frozen=True, slots=True)
class Provider:
    """A node that offers resources; ``rule`` names what decided the class, ``reason`` says why.

    ``consumers`` counts the enabled nodes that use it. ``beside_scmi``: it would be managed if the
    tree had no SCMI node.
    """

    node: Node
    kinds: frozenset[Kind]
    category: ProviderClass
    rule: str
    reason: str
    consumers: int = 0
    beside_scmi: bool = False


@dataclass(frozen=True, slots=True)
class Use:
    """Device → resource, through one entry of one property, with the operations it needs.

    ``index`` counts the entries of the property, null ones included. ``via`` lists the paths of
    the fixed providers that the use went through, nearest to the consumer first. ``place`` is where
    the entry stands, when that is in another tree than the consumer.
    """

    consumer: Node
    key: ResourceKey
    prop: str
    index: int
    needs: frozenset[Operation]
    name: str | None = None
    via: tuple[str, ...] = ()
    place: Position | None = None

    @property
    def position(self) -> Position | None:
        """Where the property stands."""
        if self.place is not None:
            return self.place
        found = self.consumer.get(self.prop)
        return found.position if found else self.consumer.position


class OperatingPoint(NamedTuple):
    """One OPP: frequencies in Hz, one for each clock of its device (0: not this clock), voltage in
    µV, abstract level."""

    rates: tuple[int, ...]
    voltage: int | None
    level: int | None


@dataclass(frozen=True, slots=True)
class ResourceFacts:
    """What the tree says of one resource. Rates in Hz, voltages in µV; empty where it is silent.

    ``parent`` is the power domain above a power domain, or the supply that a supply is fed from;
    ``parents`` the clocks a clock may be switched to; ``on`` is its state at boot. ``latency`` in
    µs is what switching it on or off may take.
    """

    names: tuple[str, ...] = ()
    rates: tuple[int, ...] = ()
    parents: tuple[ResourceKey, ...] = ()
    parent: ResourceKey | None = None
    on: bool = False
    always_on: bool = False
    voltages: tuple[int, ...] = ()
    points: tuple[OperatingPoint, ...] = ()
    position: Position | None = None
    latency: int | None = None


@dataclass(frozen=True, slots=True)
class OppTable:
    """An ``operating-points-v2`` table and the devices that refer to it, in order of paths.

    ``requires``: its points vote on a power domain (``required-opps``).
    """

    node: Node
    points: tuple[OperatingPoint, ...]
    shared: bool
    requires: bool
    consumers: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class ScmiChannel:
    """How an SCMI node, or one protocol of it, reaches its server.

    ``smc_id`` is the function id of an SMC, ``number`` the channel of OP-TEE, ``shmem`` the nodes
    of shared memory and ``mailboxes`` the mailbox controllers, in the order of their properties.
    """

    node: Node
    smc_id: int | None
    number: int | None
    shmem: tuple[Node, ...]
    mailboxes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class ScmiInstance:
    """An SCMI node of the tree: its protocol nodes by id, and its channels.

    ``transport`` is mailbox, smc, optee or virtio. ``channel`` is that of the node; ``own`` has
    those of the protocols with one of their own, by protocol id.
    """

    node: Node
    compatible: str
    protocols: Mapping[int, Node]
    transport: str
    channel: ScmiChannel
    own: Mapping[int, ScmiChannel]


@dataclass(frozen=True, slots=True)
class Inventory:
    """A tree seen through the bindings. ``providers`` and ``facts`` are keyed by path and key.

    ``device_ids`` are the SCMI device ids that the tree fixes, by path of the device.
    """

    tree: DeviceTree
    providers: Mapping[str, Provider]
    uses: tuple[Use, ...]
    facts: Mapping[ResourceKey, ResourceFacts]
    tables: tuple[OppTable, ...]
    instances: tuple[ScmiInstance, ...]
    secure_only: frozenset[str]
    diagnostics: tuple[Diagnostic, ...] = field(default=())
    device_ids: Mapping[str, int] = field(default_factory=dict)
