"""The result of this package: agents, their devices and explicit grants, and options.

Selectors are resolved to nodes, so that no later stage sees one.
"""

from collections.abc import Mapping

from scmigen.assignment.given import NO_OUTPUTS, Outputs
from scmigen.bindings.driver_tables import DriverTable
from scmigen.bindings.facts import OperatingPoint, ResourceKey
from scmigen.bindings.inventory import Inventory
from scmigen.bindings.opp_bins import OppBin
from scmigen.data import Data, field
from scmigen.devicetree.nodes import Node
from scmigen.diagnostics import Diagnostic, Position
from scmigen.hints import Any
from scmigen.runtime import Role, SystemPower
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind, Profile

#: Compatible of execution domains (System Device Tree specification, chapter 3).
COMPATIBLE = "openamp,domain-v1"


class Transport(Data):
    """How an agent reaches the platform on hardware: by an SMC, in shared memory, by a channel of a
    device."""

    type: str
    smc_id: int | None = None
    shmem: str | None = None
    channel: int | None = None


class Agent(Data):
    """A client of the SCMI server. Ids are dense from 1; 0 is the platform.

    ``parent`` is the nearest agent whose domain this one is nested in. ``profile``: the release of
    the specification it speaks, if a source says.
    """

    id: int
    name: str
    role: Role
    transport: Transport | None = None
    permissions: bool = False
    default: bool = False
    position: Position | None = None
    parent: str | None = None
    profile: Profile | None = None
    system_power: SystemPower = SystemPower.NONE


class Claim(Data):
    """An entry that gives ``node`` and all below it to ``agent`` (``None``: the platform).

    ``exact``: the entry names this very node. An exact entry beats a pattern. ``below``: whether
    the entry covers the nodes below too.
    """

    agent: str | None
    node: Node
    exact: bool
    position: Position | None = None
    shared: bool = False
    assignable: tuple[str, ...] = ()
    below: bool = True


class HandGrant(Data):
    """An explicit grant, independent of what devices need.

    ``number`` and ``name`` are those by which the agent knows the resource, if the source fixes
    them; ``on``: the resource is on at boot. ``by_number``: the user named it by its number.
    ``by_extra``: it is one of ``platform.extra``, which adds it to the runtime configuration.
    ``reason``: why, if the user says so.
    """

    agent: str
    key: ResourceKey
    operations: frozenset[Operation]
    position: Position | None = None
    number: int | None = None
    name: str | None = None
    on: bool = False
    by_number: bool = False
    by_extra: bool = False
    reason: str = ""

    @property
    def word(self) -> str:
        """What it is, for people."""
        return "platform.extra" if self.by_extra else "explicit grant"


class WholeGrant(Data):
    """A grant on all that the platform serves of one kind, be it in the tree or declared."""

    agent: str
    kind: Kind
    operations: frozenset[Operation]
    position: Position | None = None
    reason: str = ""


class Element(Data):
    """A resource that the user declares by its number, for no provider of the tree names it.

    ``key`` is that of the SCMI specifier with this number, where the tree has the node of the
    protocol. ``enumerator`` is what the firmware's source calls the element; ``known``: the tree
    names the resource as well; ``stated``: it is declared, and not merely granted.
    """

    key: ResourceKey
    number: int
    name: str | None = None
    enumerator: str | None = None
    known: bool = False
    position: Position | None = None
    stated: bool = True


class Owner(Data):
    """``agent`` alone may use the operations on ``key`` that do not aggregate."""

    agent: str
    key: ResourceKey
    position: Position | None = None


class AlwaysOn(Data):
    """The platform keeps ``key`` on, by a permanent vote of its own."""

    key: ResourceKey
    position: Position | None = None


class Switch(Data):
    """A severity override of a check: ``severity`` is off, note, warning or error.

    ``word`` is as the user wrote it, and may not be the id of a check.
    """

    word: str
    severity: str
    reason: str | None = None
    position: Position | None = None


class WaiverSaid(Data):
    """A finding that the user accepts, as written: the id of a check, and what it is about.

    ``until`` is the last day on which it holds, as ``YYYY-MM-DD``; ``severity`` the highest that it
    covers.
    """

    check: str
    reason: str
    resources: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    message: str | None = None
    until: str | None = None
    severity: str | None = None
    position: Position | None = None


class PolicySaid(Data):
    """What a user says must hold of the permissions, whatever they come from, as written.

    ``form``: "never" (``agents`` do not), "only" (nobody but ``agents`` does) or "isolated" (none
    of ``agents`` affects a device of another). ``affects`` are devices, ``on`` are resources; one
    of them is empty, and both for "isolated". Without ``operations``: any that changes something.
    """

    form: str
    reason: str
    agents: tuple[str, ...]
    affects: tuple[str, ...] = ()
    on: tuple[str, ...] = ()
    operations: frozenset[Operation] = frozenset()
    position: Position | None = None


class Extra(Data):
    """Facts that no tree has, as JSON to be merged into the runtime configuration."""

    json: bytes
    position: Position | None = None

    def read(self) -> Mapping[str, Any]:
        """What the JSON says; nothing if it is no mapping, which is an error of its own."""
        from json import loads  # few boards have any

        return mapping_in(loads(self.json))


def mapping_in(value: object) -> Mapping[str, Any]:
    """What a part of `Extra` says, where that may be anything."""
    return value if isinstance(value, dict) else {}


#: Values, step and operating points of an `Assumption`.
Values = tuple[tuple[int, ...], int | None, tuple[OperatingPoint, ...]]


class Assumption(Data):
    """Values of resources that the tree does not have: of ``keys``, and of all that the nodes at
    and below the paths in ``below`` provide. ``exact``: one resource, named itself.

    ``values`` are rates in Hz or voltages in µV. With ``step`` they are the lowest and the highest,
    or absent, for the limits in the tree. ``points`` are those of a performance domain.
    """

    kind: Kind
    keys: frozenset[ResourceKey]
    below: tuple[str, ...]
    exact: bool
    values: tuple[int, ...]
    step: int | None
    points: tuple[OperatingPoint, ...]
    position: Position | None = None

    def covers(self, key: ResourceKey) -> bool:
        """Whether the values are those of a resource."""
        if key.kind is not self.kind:
            return False
        place = f"{key.provider}/"
        inside = (place.startswith(f"{path.rstrip('/')}/") for path in self.below)
        return key in self.keys or any(inside)


class PlatformOptions(Data):
    """Options of the platform. ``managed``, ``fixed``, ``local``: path → position.

    ``clock_rate``: the rate in Hz to assume where the tree has none. ``assumptions``: other values
    to assume; of several that cover a resource the exact one holds, else the first. ``bins``: path
    of an OPP table → the chip that is there. ``grace``: ms that agents have before a graceful
    shutdown. ``outputs``: the options of outputs, as written.
    ``elements``: resources by number, in the order of kinds and numbers.
    """

    managed: Mapping[str, Position | None]
    fixed: Mapping[str, Position | None]
    local: Mapping[str, Position | None]
    owners: tuple[Owner, ...] = ()
    always_on: tuple[AlwaysOn, ...] = ()
    clock_rate: int = 100_000_000
    assumptions: tuple[Assumption, ...] = ()
    bins: Mapping[str, OppBin] = field(default_factory=dict)
    vendor: str = "scmigen"
    sub_vendor: str = ""
    grace: int = 0
    extra: Extra | None = None
    outputs: Outputs = NO_OUTPUTS
    elements: tuple[Element, ...] = ()


class OwnTree(Data):
    """The inventory of an agent's own tree, and path in it → node of the board that it matches."""

    agent: str
    inventory: Inventory
    nodes: Mapping[str, Node]


class Assignment(Data):
    """Who owns what. At most one agent is the default, which gets every unclaimed device.

    ``drivers``: agent → the tables of what its drivers do, the first of which that tells of a
    device holds.
    """

    agents: tuple[Agent, ...]
    claims: tuple[Claim, ...]
    grants: tuple[HandGrant, ...]
    options: PlatformOptions
    diagnostics: tuple[Diagnostic, ...] = ()
    switches: tuple[Switch, ...] = ()
    waivers: tuple[WaiverSaid, ...] = ()
    policies: tuple[PolicySaid, ...] = ()
    trees: tuple[OwnTree, ...] = ()
    wholes: tuple[WholeGrant, ...] = ()
    drivers: Mapping[str, tuple[DriverTable, ...]] = field(default_factory=dict)
