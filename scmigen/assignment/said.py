"""What each source says about agents, devices and the platform, before anything is decided.

Every reader of this package returns a `SourceSaid`. A field that the source does not mention is
``None``; one that it does mention is a `Said`, with its own position. Only
`scmigen.assignment.settle` compares sources and fills in defaults, so a default can never hide what
a user wrote.
"""

from collections.abc import Mapping

from scmigen.assignment.assignment import (
    AlwaysOn,
    Assumption,
    HandGrant,
    Owner,
    OwnTree,
    PolicySaid,
    Switch,
    Values,
    WaiverSaid,
)
from scmigen.assignment.given import NO_OUTPUTS, Outputs
from scmigen.bindings.driver_tables import DriverTable
from scmigen.bindings.opp_bins import OppBin
from scmigen.data import Data, field
from scmigen.devicetree.nodes import Node
from scmigen.diagnostics import Diagnostic, Position
from scmigen.hints import Generic, TypeVar
from scmigen.runtime import Role, SystemPower
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind, Profile
from scmigen.tuples import NamedTuple

T = TypeVar("T")

#: The ``parent`` of a domain that a source states to be inside no other.
OUTERMOST = ""


class Said(Data, Generic[T]):
    """A value that a source states, and where."""

    value: T
    position: Position | None = None


class SharedMemory(NamedTuple):
    """Shared memory as a source names it, and the paths of the nodes of the board it means.

    ``paths`` is empty where the name matches no node; that is reported elsewhere.
    """

    text: str
    paths: tuple[str, ...]


class AgentSaid(Data):
    """What one source says about one agent. ``None``: nothing.

    ``domain_id`` is the ``id`` of a system device tree's domain, any 32-bit number; ``id`` is the
    SCMI agent id. ``parent`` is the domain around it, or `OUTERMOST`. ``transport`` to
    ``mailboxes`` describe the agent's channel. ``needs`` are tables of what its drivers do, those
    that come with scmigen by name; of two that tell of a device the later one holds. ``is_agent``
    is false for a domain (``is_domain``) with neither a device nor an SCMI key.
    """

    name: str
    position: Position | None = None
    domain_id: Said[int] | None = None
    id: Said[int] | None = None
    role: Said[Role] | None = None
    profile: Said[Profile] | None = None
    permissions: Said[bool] | None = None
    system_power: Said[SystemPower] | None = None
    default: Said[bool] | None = None
    parent: Said[str] | None = None
    transport: Said[str] | None = None
    smc_id: Said[int] | None = None
    channel: Said[int] | None = None
    shmem: Said[SharedMemory] | None = None
    mailboxes: Said[tuple[str, ...]] | None = None
    needs: Said[tuple[str | DriverTable, ...]] | None = None
    is_agent: bool = True
    is_domain: bool = False


class ClaimSaid(Data):
    """An entry that gives ``node`` to ``agent`` (``None``: the platform), as in `Claim`."""

    agent: str | None
    node: Node
    exact: bool
    position: Position | None = None
    shared: Said[bool] | None = None
    assignable: Said[tuple[str, ...]] | None = None
    below: bool = True


#: The highest number of an element: an identifier of SCP-firmware has 12 bits for it.
MAX_ELEMENT = 4095


class ElementSaid(Data):
    """A resource by its number, and what is said of it, as in `Element`."""

    kind: Kind
    number: int
    position: Position
    name: str | None = None
    enumerator: str | None = None
    values: Values | None = None


class NumberedGrant(Data):
    """A grant on the resources of a kind with some numbers; ``None``: on all that there are.

    ``at`` is where the numbers are written.
    """

    agent: str
    kind: Kind
    numbers: tuple[int, ...] | None
    operations: frozenset[Operation]
    position: Position
    at: Position
    reason: str = ""


class PlatformSaid(Data):
    """What one source says about the platform. ``classes``: provider path → class. ``bins``: path
    of an OPP table → the chip. ``grace``: the time in ms that agents have before a graceful
    shutdown.

    ``outputs``: the options of outputs, as written; outputs compare them themselves.
    """

    classes: Mapping[str, Said[str]] = field(default_factory=dict)
    owners: tuple[Owner, ...] = ()
    always_on: tuple[AlwaysOn, ...] = ()
    clock_rate: Said[int] | None = None
    assumptions: tuple[Assumption, ...] = ()
    bins: Mapping[str, Said[OppBin]] = field(default_factory=dict)
    vendor: Said[str] | None = None
    sub_vendor: Said[str] | None = None
    grace: Said[int] | None = None
    extra: Said[bytes] | None = None
    outputs: Outputs = NO_OUTPUTS
    elements: tuple[ElementSaid, ...] = ()


class SourceSaid(Data):
    """All that one source says.

    ``named`` are agents that the source refers to and that some source must describe. ``roles``
    and ``default`` are assumed where no source states a role or a default agent. ``numbered``:
    the source knows agents by id only, so their names here are placeholders. ``domains``: where
    domains are described, agents or not. ``bounded``: a nested domain may only name devices of the
    domain around it (System Device Tree specification, chapter 7, on YAML; its own example of
    chapter 3 has nodes that do not). ``reported``: diagnostics to pass on. ``trees``: agents' own
    trees. ``by_number``: grants on resources by their numbers. ``of_agents``: whether it is about
    agents at all; sources that are not leave the board the agents that it has alone.
    """

    agents: tuple[AgentSaid, ...] = ()
    claims: tuple[ClaimSaid, ...] = ()
    grants: tuple[HandGrant, ...] = ()
    platform: PlatformSaid = field(default_factory=PlatformSaid)
    switches: tuple[Switch, ...] = ()
    waivers: tuple[WaiverSaid, ...] = ()
    policies: tuple[PolicySaid, ...] = ()
    named: tuple[Said[str], ...] = ()
    roles: Mapping[str, Role] = field(default_factory=dict)
    default: str | None = None
    numbered: bool = False
    domains: tuple[Position | None, ...] = ()
    bounded: bool = True
    reported: tuple[Diagnostic, ...] = ()
    position: Position | None = None
    trees: tuple[OwnTree, ...] = ()
    by_number: tuple[NumberedGrant, ...] = ()
    of_agents: bool = True
