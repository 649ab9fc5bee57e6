"""The platform as data: numbered resources, agents, and what each may do and why.

`scmigen.model.build` makes it; checks and emitters read it.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property

from scmigen.assignment.assignment import Agent, Assignment, Element, HandGrant, PlatformOptions
from scmigen.assignment.select import Selector, resource_key
from scmigen.assignment.words import did_you_mean
from scmigen.bindings.consumers import specifier_cells
from scmigen.bindings.driver_tables import DriverNeed
from scmigen.bindings.facts import OppTable, Provider, ResourceFacts, ResourceKey, ScmiInstance, Use
from scmigen.bindings.inventory import Inventory
from scmigen.data import Data, field
from scmigen.devicetree.nodes import Node
from scmigen.diagnostics import Diagnostic, Position, counted
from scmigen.hints import Any, TypeVar
from scmigen.model.closure import Closure
from scmigen.model.decisions import Decisions
from scmigen.model.drivers import Drivers
from scmigen.model.grants import Granted
from scmigen.model.identifiers import Foreign, Lock, Moved
from scmigen.model.ownership import ClaimConflict, Owners
from scmigen.model.places import NO_PLACES, Places
from scmigen.model.protocol_grants import ProtocolGrant, Right, protocol_grants
from scmigen.model.scaling import Unreached
from scmigen.model.sharing import Feeding
from scmigen.runtime import Numbering
from scmigen.scmi.operations import OPERATIONS, Operation, ordered
from scmigen.scmi.protocols import Kind

W = TypeVar("W", bound=str)
T = TypeVar("T")

#: A board of so many instances has outputs for all of them together. Those of one or two have
#: a platform each.
MANY = 3


class Resource(Data):
    """One thing the platform serves; ``number`` is its id, in `shared` numbering for every agent.

    ``name`` is unique among its kind and at most 63 characters, ``short_name`` at most 15.
    ``assumed`` names the facts that the tree does not have and that were assumed. ``element`` is
    its declaration in an agents file, if it has one.
    """

    key: ResourceKey
    number: int
    name: str
    short_name: str
    node: Node
    facts: ResourceFacts
    assumed: tuple[str, ...] = ()
    element: Element | None = None

    @property
    def kind(self) -> Kind:
        """The kind of resource."""
        return self.key.kind

    @property
    def declared(self) -> bool:
        """Whether the tree does not know the resource, only a user who declares it."""
        return self.element is not None and not self.element.known


class Grant(Data):
    """What an agent may do with a resource, which it knows by ``id``, because of which uses.

    ``boot`` is the part that holds at boot; the rest opens when an assignable device is given.
    """

    agent: Agent
    resource: Resource
    id: int
    operations: frozenset[Operation]
    boot: frozenset[Operation]
    because: tuple[Use | HandGrant, ...]

    @property
    def kind(self) -> Kind:
        """The kind of resource."""
        return self.resource.kind

    @property
    def name(self) -> str:
        """The name of the resource."""
        return self.resource.name

    @property
    def beyond_need(self) -> frozenset[Operation]:
        """The operations that the user wrote and no use needs."""
        needs = (why.needs for why in self.because if isinstance(why, Use))
        return self.operations.difference(*needs)

    @property
    def by_drivers(self) -> Mapping[Operation, tuple[DriverNeed, ...]]:
        """The operations that neither the tree nor the user asks for, only what tables say of
        drivers, with what these say."""
        driven = [why for why in self.because if isinstance(why, Use) and why.drivers]
        if not driven:
            return {}
        said = frozenset[Operation]().union(
            *(why.told_by_tree if isinstance(why, Use) else why.operations for why in self.because)
        )
        found: dict[Operation, dict[DriverNeed, None]] = {}
        for why in driven:
            for need in why.drivers:
                for operation in need.operations & self.operations - said:
                    found.setdefault(operation, {})[need] = None
        return {op: tuple(found[op]) for op in ordered(self.kind, found)}


class Device(Data):
    """A consumer with owners: ``agents`` have it at boot, ``assignable`` may be given it.

    ``name`` is its alias or node name, as it was first given. ``number`` is the device id of
    BASE_SET_DEVICE_PERMISSIONS; None for the platform's own devices.
    """

    node: Node
    number: int | None
    agents: tuple[Agent, ...]
    assignable: tuple[Agent, ...]
    uses: tuple[Use, ...]
    name: str


def _word(known: Iterable[W], word: str) -> W:
    """The one of ``known`` that is ``word``. Raises `LookupError`, with a hint."""
    every = {str(one): one for one in known}
    if word not in every:
        hint = did_you_mean(word, every)
        raise LookupError("; ".join(filter(None, (f"{word!r} does not exist", hint))))
    return every[word]


def no_such(provider: Provider | None, key: ResourceKey) -> str | None:
    """Why a node cannot have a resource; None: it may.

    Only of clocks, resets and power domains does a tree say who provides them.
    """
    if key.kind not in (Kind.CLOCK, Kind.RESET, Kind.POWER):
        return None
    if provider is None:
        return f"{key.provider} provides nothing"
    if key.kind not in provider.kinds:
        return f"that node provides {' and '.join(sorted(provider.kinds))}"
    cells = specifier_cells(provider.node, key.kind)
    if cells is not None and cells != len(key.cells):
        return f"a {key.kind} of that node has {counted(cells, 'cell', 'cells')}"
    return None


class Stated(Data):
    """A policy in words, its reason, and the findings that it does not hold, which were waived or
    are no errors: otherwise there are no outputs. ``unused``: that it, or a part of it, is about
    nothing here, and why."""

    word: str
    reason: str
    position: Position | None
    broken: tuple[Diagnostic, ...] = ()
    unused: str = ""


class Record(Data):
    """What a board was compiled from, and what was found: the files that were read, the lock as
    this leaves it, the findings as their checks judge them, and those that a waiver covers."""

    files: tuple[str, ...]
    lock: Lock
    found: tuple[Diagnostic, ...] = ()
    waived: tuple[Diagnostic, ...] = ()


class Platform(Data, slots=False):
    """One SCMI platform: everything the outputs say, and nothing about how they say it.

    ``reached``: by the id of each agent, the SCMI nodes of the board whose platforms grant it
    anything. ``own``: the resources that must be on for devices of the platform itself.
    ``decided``: what it was made from, for those who prove something of it.
    ``stated``: the policies of the board. ``record``: what it was compiled from.
    """

    name: str
    numbering: Numbering
    inventory: Inventory
    providers: Mapping[str, Provider]
    options: PlatformOptions
    agents: tuple[Agent, ...]
    resources: Mapping[Kind, tuple[Resource, ...]]
    all_grants: tuple[Grant, ...]
    devices: tuple[Device, ...]
    reserved: Mapping[Kind, tuple[int, ...]]
    owners: Owners
    instance: ScmiInstance | None = None
    places: Places = NO_PLACES
    reached: Mapping[int, tuple[ScmiInstance, ...]] = field(default_factory=dict)
    own: frozenset[ResourceKey] = frozenset()
    decided: Decisions | None = None
    stated: tuple[Stated, ...] = ()
    record: Record | None = None

    @cached_property
    def _once(self) -> dict[Callable[["Platform"], Any], Any]:
        return {}

    def once(self, function: Callable[["Platform"], T]) -> T:
        """What a function makes of the platform, which several outputs ask for: it is kept."""
        if function not in self._once:
            self._once[function] = function(self)
        made: T = self._once[function]
        return made

    def place(self, position: Position) -> str:
        """A position as outputs have it, with no path of this machine: ``board.dts:12:3``."""
        return self.places.of(position)

    @cached_property
    def _grants_by_agent(self) -> Mapping[tuple[int, Kind], tuple[Grant, ...]]:
        found: dict[tuple[int, Kind], list[Grant]] = {}
        for grant in self.all_grants:
            found.setdefault((grant.agent.id, grant.resource.kind), []).append(grant)
        return {key: tuple(sorted(grants, key=lambda g: g.id)) for key, grants in found.items()}

    @cached_property
    def _by_key(self) -> Mapping[ResourceKey, Resource]:
        return {r.key: r for resources in self.resources.values() for r in resources}

    @cached_property
    def _holders(self) -> Mapping[ResourceKey, Mapping[int, Grant]]:
        found: dict[ResourceKey, dict[int, Grant]] = {}
        for grant in self.all_grants:
            found.setdefault(grant.resource.key, {})[grant.agent.id] = grant
        return found

    def keeps_on(self, key: ResourceKey) -> bool:
        """Whether a resource is to stay on, whatever agents ask: a device of the platform needs it,
        or the tree or the user says so."""
        resource = self.resource(key)
        return key in self.own or (resource is not None and resource.facts.always_on)

    @cached_property
    def scaled_by(self) -> Mapping[ResourceKey, Resource]:
        """Clock or supply → the performance domain that alone sets it."""
        return {
            key: domain
            for domain in self.resources.get(Kind.PERFORMANCE, ())
            for key in (domain.facts.clock, domain.facts.supply)
            if key is not None
        }

    def holders(self, key: ResourceKey) -> Mapping[int, Grant]:
        """The grants on a resource, by the agent's id."""
        return self._holders.get(key, {})

    def parents_for(self, grant: Grant) -> tuple[Grant, ...]:
        """What the holder of a grant on a clock can set its parent to, as the agent knows it: the
        known parents that it may at least read."""
        found = (
            self.holders(key).get(grant.agent.id)
            for key in grant.resource.facts.parents
            if key != grant.resource.key
        )
        return tuple(sorted((each for each in found if each is not None), key=lambda g: g.id))

    def grants_of(self, agent: Agent, kind: Kind) -> tuple[Grant, ...]:
        """The grants of an agent on resources of one kind, ascending by the agent's id."""
        return self._grants_by_agent.get((agent.id, kind), ())

    @cached_property
    def protocol_grants(self) -> tuple[ProtocolGrant, ...]:
        """The rights of the agents on whole protocols, by agent."""
        return tuple(protocol_grants(self.agents))

    def opened(self, agent: Agent, right: Right) -> tuple[str, ...]:
        """What a right on a protocol as a whole opens to an agent; nothing, if it lacks that."""
        found = (g for g in self.protocol_grants if g.agent == agent and g.right is right)
        return next((grant.operations for grant in found), ())

    def has_right(self, agent: Agent, right: Right) -> bool:
        """Whether an agent has a right on a protocol as a whole, or a part of it."""
        return bool(self.opened(agent, right))

    @cached_property
    def _selector(self) -> Selector:
        return Selector(self.inventory.tree)

    def agent(self, name: str) -> Agent:
        """The agent of that name. Raises `LookupError`."""
        names = [agent.name for agent in self.agents]
        return self.agents[names.index(_word(names, name))]

    def grants(self, agent: str | None = None, kind: Kind | str | None = None) -> tuple[Grant, ...]:
        """The grants of one agent or all, on resources of one kind or all, ordered by agent and id.

        Raises `LookupError` for an agent or kind that does not exist.
        """
        if agent is None and kind is None:
            return self.all_grants
        agents = self.agents if agent is None else (self.agent(agent),)
        kinds = tuple(Kind) if kind is None else (_word(Kind, kind),)
        return tuple(g for one in agents for each in kinds for g in self.grants_of(one, each))

    def find(self, kind: Kind | str, resource: str) -> Resource | None:
        """The resource that a text names, as in an agents file or by its name or macro.

        ``"&cru 12"``, ``"&cru CLK_DPI"``, ``"/soc/clock@1000 12"``, ``"uart0-baudclk"`` or
        ``"CLK_DPI"``. None where the provider exists, but the platform has no such resource of it.
        Raises `LookupError` for what cannot be: an unknown kind, node or macro, a pattern, a node
        that provides no clocks, resets or power domains, a wrong number of cells.
        """
        kind, text = _word(Kind, kind), str(resource)
        for known in self.resources.get(kind, ()):
            if text in (known.name, self.inventory.macros.name(known.key)):
                return known
        selected, cells = self._selector.resource(text)
        if not selected.nodes:
            problem = selected.problem or f"no node {text!r}"
            raise LookupError("; ".join(filter(None, (problem, selected.hint))))
        if not selected.exact:
            raise LookupError(f"{text!r} is a pattern; name one provider")
        (node,) = selected.nodes
        key = resource_key(kind, node, cells)
        found, reason = self.resource(key), no_such(self.providers.get(node.path), key)
        if found is None and reason is not None:
            raise LookupError(f"{text!r}: {reason}")
        return found

    def allows(
        self, agent: str, kind: Kind | str, resource: str, operation: Operation | str
    ) -> bool:
        """Whether an agent may ever use an operation on a resource, given by text as for `find`.

        What may be opened at run time, by giving it an assignable device, counts. Raises
        `LookupError` for an agent, kind, node or operation that does not exist, so that a
        misspelling is not taken for a denial.
        """
        wanted = _word(OPERATIONS[_word(Kind, kind)], operation)
        number, found = self.agent(agent).id, self.find(kind, resource)
        grant = self.holders(found.key).get(number) if found is not None else None
        return grant is not None and wanted in grant.operations

    def resource(self, key: ResourceKey) -> Resource | None:
        """The resource with that identity."""
        return self._by_key.get(key)


class Findings(Data):
    """Findings of the model for the checks: what could not be settled, and why.

    ``asked``: supply → the voltages in µV that OPPs ask for. ``tables``: the OPP tables that the
    levels of performance domains are from.
    """

    claims: tuple[ClaimConflict, ...]
    closure: Closure
    granted: Granted
    undriven: tuple[OppTable, ...]
    unreached: tuple[Unreached, ...]
    asked: Mapping[ResourceKey, frozenset[int]]
    moved: tuple[Moved, ...]
    feeding: Feeding
    foreign: tuple[Foreign, ...] = ()
    tables: tuple[Node, ...] = ()


class Model(Data):
    """A board: one platform for each SCMI instance of its tree, or one where it has none."""

    inventory: Inventory
    assignment: Assignment
    providers: Mapping[str, Provider]
    owners: Owners
    drivers: Drivers
    platforms: tuple[Platform, ...]
    findings: Findings
    lock: Lock
