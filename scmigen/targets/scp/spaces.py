"""The id spaces of SCP-firmware: elements of the HAL modules, and what each agent sees of them.

Three numbers must not be confused: the id by which an agent knows a resource, the index of the
HAL element, and the index of the driver element. Here the last two are always the resource's
number. With `shared` numbering the first is that number too, so an agent's table is the table of
all elements cut at the agent's highest id; with `per-agent` numbering it is the agent's own.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from scmigen.assignment.assignment import Agent
from scmigen.assignment.roles import ROLES
from scmigen.bindings.facts import ResourceKey, Use
from scmigen.data import Data, field
from scmigen.model.platform import Grant, Platform, Resource
from scmigen.scmi.operations import Operation, ordered
from scmigen.scmi.protocols import Kind
from scmigen.targets.common.ctext import Enumerators
from scmigen.targets.common.names import by_drivers, origin_of, telling
from scmigen.targets.scp.kinds import KINDS, ScpKind

#: The synthesised power domain above all others; always the last element.
SYSTOP = "SYSTOP"


class Element(Data):
    """An element of a HAL module. ``resource`` is ``None`` if the number is reserved or unused."""

    kind: Kind
    number: int
    enum: str
    name: str
    resource: Resource | None
    #: Where the element comes from, without what uses it first, and with that.
    place: str
    origin: str

    @property
    def own_enum(self) -> str | None:
        """What a product calls the element in a table of its own, if an agents file says."""
        declared = self.resource.element if self.resource is not None else None
        return declared.enumerator if declared is not None else None


class Row(Data):
    """A row of an agent's table: the agent's ``id`` → element; no ``grant``: everything denied."""

    id: int
    element: Element
    grant: Grant | None

    @property
    def says(self) -> str:
        """Where the element comes from, what gives it to the agent, what the agent may do with it,
        and the drivers that it may do more for than the tree says."""
        granted = self.grant.boot if self.grant else ()
        words = ", ".join(ordered(self.element.kind, granted)) or "denied"
        return f"{self._origin}: {words}{by_drivers(self.grant)}"

    @property
    def _origin(self) -> str:
        if self.grant is None or not self.grant.because:
            return self.element.origin
        why = self.grant.because[0]
        return self.element.place + (_by(why) if isinstance(why, Use) else " (explicit grant)")

    @property
    def starts_enabled(self) -> bool:
        """Whether the agent's vote for the resource holds when the platform starts.

        An agent that cannot take a vote back holds one only where the resource is always on.
        """
        if self.grant is None or not self.grant.boot:
            return False
        facts = self.grant.resource.facts
        return facts.always_on or (facts.on and Operation.STATE in self.grant.boot)


class Entry(Data):
    """What is one initialiser in C: a row with a grant, or neighbours without one."""

    first: int
    last: int
    row: Row

    @property
    def designator(self) -> str:
        """Which rows of the table it is for."""
        return f"[{self.first}]" if self.first == self.last else f"[{self.first} ... {self.last}]"


class View(Data):
    """What one agent sees of one kind: its table, dense from id 0; empty where it has no grant."""

    agent: Agent
    enum: str
    symbol: str
    rows: tuple[Row, ...]

    @property
    def entries(self) -> Iterator[Entry]:
        """The rows, those without a grant taken together with their neighbours."""
        for _, run in groupby(self.rows, key=lambda row: None if row.grant is None else row.id):
            first, *others = run
            yield Entry(first.id, others[-1].id if others else first.id, first)

    @property
    def allowed(self) -> bool:
        """Whether the agent may do anything at all with the kind."""
        return any(row.grant is not None and row.grant.boot for row in self.rows)


class Space(Data):
    """All of one kind: HAL elements, the agents' views, and the elements the platform keeps on.

    ``private`` elements come after those that have an SCMI number: clocks that only performance
    domains set, by the domain's number, which no agent is shown. ``kept``: the
    firmware has the HAL's table itself.
    """

    kind: Kind
    elements: tuple[Element, ...]
    views: tuple[View, ...]
    platform_votes: tuple[Element, ...]
    private: Mapping[int, Element] = field(default_factory=dict)
    kept: bool = False

    @property
    def row(self) -> ScpKind:
        """What SCP-firmware calls things of the kind."""
        return KINDS[self.kind]

    @property
    def all_elements(self) -> tuple[Element, ...]:
        """The elements of the HAL module, without the synthesised power domain."""
        return (*self.elements, *self.private.values())

    @property
    def prefix(self) -> str:
        """Prefix of the enumerators of the kind."""
        return _prefix(self.kind, kept=self.kept)

    @property
    def tag(self) -> str:
        """Tag of the enumeration."""
        return self.prefix.lower()

    @property
    def title(self) -> str:
        """What the elements are."""
        return self.row.title

    @property
    def systop(self) -> str | None:
        """The enumerator of the synthesised power domain above all others."""
        return f"{self.prefix}_{SYSTOP}" if self.kind is Kind.POWER else None

    @property
    def has_gaps(self) -> bool:
        """Whether an agent's table has a number that it has no grant for."""
        return any(row.grant is None for view in self.views for row in view.rows)

    def starts_on(self, element: Element) -> bool:
        """Whether the resource is on when the platform starts."""
        resource = element.resource
        return (resource is not None and resource.facts.on) or element in self.platform_votes

    @property
    def count(self) -> int:
        """Elements of the HAL module, the synthesised power domain included."""
        return len(self.all_elements) + (self.systop is not None)


class NamedAgent(Data):
    """An agent with its enumerator, and a part of C symbols."""

    agent: Agent
    enum: str
    symbol: str

    @property
    def type(self) -> str:
        """The firmware's type of agent: PSCI and MANAGEMENT may set the state of the system."""
        return f"SCMI_AGENT_TYPE_{ROLES[self.agent.role].scp_agent_type}"


def _prefix(kind: Kind, *, kept: bool) -> str:
    """Where the firmware has the HAL's table, it has enumerators too: ours are of SCMI numbers."""
    return f"SCMI_{KINDS[kind].prefix}" if kept else KINDS[kind].prefix


def name_agents(platform: Platform) -> tuple[NamedAgent, ...]:
    """The agents in the order of their ids, with names that C accepts."""
    prefix = "SCMI_AGENT_IDX"
    enums = Enumerators(prefix, ("PLATFORM", "COUNT"))
    named = []
    for agent in sorted(platform.agents, key=lambda item: item.id):
        enum = enums.name(agent.id, agent.name)
        stem = enum.removeprefix(f"{prefix}_")
        named.append(NamedAgent(agent, enum, stem.lower()))
    return tuple(named)


def _by(use: Use | None) -> str:
    """The property that uses a resource."""
    return f" ({use.prop} of {use.consumer.path})" if use is not None else ""


class Private(Data):
    """An element that no agent is shown: its name, where it comes from, and the number of the
    performance domain that it is the clock of."""

    name: str
    origin: str
    domain: int


def _elements(
    platform: Platform, kind: Kind, uses: Mapping[ResourceKey, Use], enums: Enumerators
) -> list[Element]:
    by_number = {resource.number: resource for resource in platform.resources.get(kind, ())}
    names = {resource.short_name for resource in by_number.values()}
    reserved = frozenset(platform.reserved.get(kind, ()))
    macros = telling(platform)
    elements = []
    for number in range(max(by_number, default=-1) + 1):
        resource = by_number.get(number)
        if resource is not None:
            macro = macros.get(resource.key)
            enum = enums.name(number, resource.name, resource.short_name, macro=macro)
            name, place = resource.short_name, origin_of(platform, resource)
            origin = place + _by(uses.get(resource.key))
        else:
            name = f"reserved-{number}"
            while name in names:
                name += "-"
            enum = enums.name(number, f"reserved_{number}")
            place = "a number given up" if number in reserved else "a number without resource"
            origin = place
        elements.append(Element(kind, number, enum, name, resource, place, origin))
    return elements


def _view(
    platform: Platform, named: NamedAgent, kind: Kind, elements: list[Element]
) -> tuple[Row, ...]:
    grants = {grant.id: grant for grant in platform.grants_of(named.agent, kind)}
    if not grants:
        return ()
    # A number without a grant has the element of the first one, with all denied.
    filler = elements[grants[min(grants)].resource.number]
    return tuple(
        Row(i, elements[grants[i].resource.number] if i in grants else filler, grants.get(i))
        for i in range(max(grants) + 1)
    )


def _platform_votes(platform: Platform, elements: list[Element]) -> tuple[Element, ...]:
    """What is kept on whatever agents ask: always-on, or used by a device of the platform."""
    return tuple(
        element
        for element in elements
        if element.resource is not None and platform.keeps_on(element.resource.key)
    )


def build_space(
    platform: Platform,
    kind: Kind,
    agents: tuple[NamedAgent, ...],
    uses: Mapping[ResourceKey, Use],
    private: Sequence[Private] = (),
    *,
    kept: bool = False,
) -> Space | None:
    """The id space of one kind; ``None`` if the platform has no resource of it."""
    if not platform.resources.get(kind) and not private:
        return None
    enums = Enumerators(_prefix(kind, kept=kept), (SYSTOP, "COUNT"))
    elements = _elements(platform, kind, uses, enums)
    own = {
        item.domain: Element(
            kind,
            number,
            enums.name(number, item.name),
            item.name,
            None,
            item.origin,
            item.origin,
        )
        for number, item in enumerate(private, len(elements))
    }
    views = tuple(
        View(named.agent, named.enum, named.symbol, _view(platform, named, kind, elements))
        for named in agents
    )
    votes = _platform_votes(platform, elements)
    return Space(kind, tuple(elements), views, votes, own, kept)
