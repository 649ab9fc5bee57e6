"""What a target cannot hold or express, as data, and the one check of a board against it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum

from scmigen.data import Data, field
from scmigen.diagnostics import Diagnostic, Finding, Position, Related, Severity, counted
from scmigen.model.platform import Grant, Platform, Resource
from scmigen.runtime import Numbering
from scmigen.scmi.operations import OPERATIONS, Operation
from scmigen.scmi.protocols import Kind
from scmigen.targets.common.values import clock_rates, voltage_levels
from scmigen.tuples import NamedTuple


class IdSpace(StrEnum):
    """Whose the SCMI ids of a kind are.

    ``PER_AGENT``: each agent's own. ``SHARED``: one per resource, for all agents. ``PHYSICAL``: the
    resource's number.
    """

    PER_AGENT = "per-agent"
    SHARED = "shared"
    PHYSICAL = "physical"


class _Text(NamedTuple):
    """The texts of a finding about limits; ``{holder}`` is filled in."""

    about: str
    advice: str
    severity: Severity = Severity.ERROR


_TEXTS: Mapping[str, _Text] = {
    "empty": _Text(
        "The platform has no agent, or no resource of a kind that {holder} serves.",
        "See with scmigen show providers why nothing is managed.",
    ),
    "limit": _Text(
        "The platform has more agents or higher numbers than the tables of {holder} hold.",
        "Use --numbering per-agent, or have agents drive more providers themselves.",
    ),
    "name": _Text(
        "A name is too long for {holder}, or two resources of a kind share one.",
        "Shorten it, or make the two differ, where the tree names them.",
    ),
    "numbering": _Text(
        "An agent has ids of its own where {holder} has one for all agents.",
        "Use --numbering shared, or give both agents the number of the platform.",
    ),
    "kind": _Text(
        "The platform has resources of a kind that {holder} does not serve.",
        "Serve them with another server, or leave them out.",
        Severity.WARNING,
    ),
    "operation": _Text(
        "An agent is granted an operation that {holder} cannot perform.",
        "The grant is left out of the output; have the platform do this at boot.",
        Severity.WARNING,
    ),
    "rate": _Text(
        "A clock has a rate that {holder} cannot hold.",
        "Correct the rate in the tree; where it is right, it is left out of the output.",
        Severity.WARNING,
    ),
    "level": _Text(
        "{holder} cannot hold a level: it is zero, or too high.",
        "Correct the level in the tree, or leave the resource to the platform.",
    ),
    "votes": _Text(
        "Two agents control a resource for which {holder} counts no votes.",
        "Give the devices of the resource to one agent, or the resource to the platform.",
    ),
    "parents": _Text(
        "A clock can have more parents than {holder} holds.",
        "Have an agent drive the provider itself, or the platform set the parent at boot.",
    ),
}

#: Kinds whose resources are called domains.
_DOMAINS = frozenset({Kind.POWER, Kind.PERFORMANCE, Kind.RESET, Kind.VOLTAGE})


class Limits(Data):
    """The limits of a target. ``None`` or an empty collection: no limit.

    ``prefix`` begins the ids of the findings (``scp`` → ``scp-limit``); in messages, ``holder`` is
    what has the limits. ``renamed``: ids of findings that do not follow the pattern.
    """

    prefix: str = ""
    holder: str = ""
    #: Whether a platform without agents or resources is an error.
    nonempty: bool = False
    agents: int | None = None
    #: Kinds that have tables, and of the others why not, for people.
    kinds: frozenset[Kind] = frozenset(Kind)
    without: Mapping[Kind, str] = field(default_factory=dict)
    #: Elements of a kind's table: numbers of resources are below.
    elements: Mapping[Kind, int] = field(default_factory=dict)
    #: Kind → a kind whose resources take elements of the same table, too.
    beside: Mapping[Kind, Kind] = field(default_factory=dict)
    #: Rows of an agent's table: its ids are below.
    rows: Mapping[Kind, int] = field(default_factory=dict)
    spaces: Mapping[Kind, IdSpace] = field(default_factory=dict)
    #: Bytes of a resource's short name, which must be unique among its kind.
    name_bytes: int | None = None
    #: Operations that do not exist there, and why, for people.
    operations: Mapping[tuple[Kind, Operation], str] = field(default_factory=dict)
    #: The highest rate in Hz of a clock, and the highest level in µV of a voltage domain.
    rate: int | None = None
    level: int | None = None
    #: Kinds for which the last request counts, whoever sent it.
    without_votes: frozenset[Kind] = frozenset()
    #: Parents that one clock can have.
    parents: int | None = None
    renamed: Mapping[str, str] = field(default_factory=dict)

    def finding(self, word: str) -> Finding:
        """The finding about one kind of limit."""
        text = _TEXTS[word]
        identifier = f"{self.prefix}-{self.renamed.get(word, word)}"
        about = text.about.format(holder=self.holder)
        return Finding(identifier, about[0].upper() + about[1:], text.advice, text.severity)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Those that a board can raise, given which limits there are."""
        words = {
            "empty": self.nonempty,
            "limit": self.agents is not None or bool(self.elements or self.rows),
            "name": self.name_bytes is not None,
            "numbering": any(s is not IdSpace.PER_AGENT for s in self.spaces.values()),
            "kind": len(self.kinds) < len(Kind),
            "operation": bool(self.operations),
            "rate": self.rate is not None,
            "level": self.level is not None,
            "votes": bool(self.without_votes),
            "parents": self.parents is not None,
        }
        return tuple(self.finding(word) for word, present in words.items() if present)


#: The limits of a target that can hold every board.
NO_LIMITS = Limits()


def check_limits(platform: Platform, limits: Limits) -> Iterator[Diagnostic]:
    """Everything in which a platform is beyond ``limits``."""
    for each in _CHECKS:
        yield from each(platform, limits)


def where(resource: Resource) -> Position | None:
    """The position of a resource, or of its provider."""
    return resource.facts.position or resource.node.position


def title(kind: Kind) -> str:
    """What a resource of the kind is called: ``clock``, ``power domain``."""
    return f"{kind} domain" if kind in _DOMAINS else str(kind)


def related(items: Iterable[tuple[str, Position | None]]) -> tuple[Related, ...]:
    """Related places from pairs."""
    return tuple(Related(message, position) for message, position in items)


def highest(platform: Platform, kind: Kind) -> Resource | None:
    """The resource with the highest number."""
    return max(platform.resources.get(kind, ()), key=lambda item: item.number, default=None)


def _empty(platform: Platform, limits: Limits) -> Iterator[Diagnostic]:
    has_resources = any(platform.resources.get(kind) for kind in limits.kinds)
    if limits.nonempty and not (platform.agents and has_resources):
        yield limits.finding("empty").error(
            "the board has no agent, or nothing that the platform manages: there is nothing "
            f"to write for {limits.holder}"
        )


def _agents(platform: Platform, limits: Limits) -> Iterator[Diagnostic]:
    count = len(platform.agents)
    if limits.agents is not None and count > limits.agents:
        yield limits.finding("limit").error(
            f"{count} agents; {limits.holder} serves at most {limits.agents}",
            hint="serve some of them from a platform of their own",
        )


def _elements(platform: Platform, limits: Limits) -> Iterator[Diagnostic]:
    for kind, size in limits.elements.items():
        most = size - len(platform.resources.get(limits.beside.get(kind, kind), ())) * (
            kind in limits.beside
        )
        found = highest(platform, kind)
        if found is not None and found.number >= most:
            yield limits.finding("limit").error(
                f"{kind} numbers of this board go up to {found.number} "
                f"({len(platform.resources[kind])} {kind} resources); a table of {limits.holder} "
                f"ends at {most - 1}",
                where(found),
                hint="let the platform manage fewer providers, or give up reserved numbers",
            )


def _rows(platform: Platform, limits: Limits) -> Iterator[Diagnostic]:
    for kind, most in limits.rows.items():
        last = [grants[-1] for a in platform.agents if (grants := platform.grants_of(a, kind))]
        beyond = [grant for grant in last if grant.id >= most]
        if not beyond:
            continue
        worst = max(beyond, key=lambda grant: grant.id)
        yield limits.finding("limit").error(
            f"{worst.agent.name} is granted {kind} {worst.id}; of the "
            f"{len(platform.resources[kind])} {kind} resources of this board an agent's table in "
            f"{limits.holder} holds ids 0 to {most - 1}",
            where(worst.resource),
            related((f"{g.agent.name}: up to {g.id}", where(g.resource)) for g in beyond),
            _rows_hint(platform),
        )


def _rows_hint(platform: Platform) -> str:
    if platform.instance is not None:
        return "the SCMI node of the tree fixes these numbers: only lower ones there would do"
    shared = platform.numbering is Numbering.SHARED
    first = "number the resources per agent, " if shared else ""
    return f"{first}let the platform manage fewer providers, or divide devices among more agents"


def _names(platform: Platform, limits: Limits) -> Iterator[Diagnostic]:
    most = limits.name_bytes
    if most is None:
        return
    for kind in _in_order(limits.kinds):
        seen: dict[str, Resource] = {}
        for resource in platform.resources.get(kind, ()):
            name = resource.short_name
            other = seen.setdefault(name, resource)
            if name and len(name.encode("utf-8", "replace")) <= most and other is resource:
                continue
            yield limits.finding("name").error(
                f"{kind} {resource.number} is called {name!r}; {limits.holder} needs a name of 1 "
                f"to {most} bytes that no other {kind} resource has",
                where(resource),
                related([] if other is resource else [("the other one", where(other))]),
            )


def _in_order(kinds: Iterable[Kind]) -> list[Kind]:
    return [kind for kind in Kind if kind in kinds]


def _numbering(platform: Platform, limits: Limits) -> Iterator[Diagnostic]:
    for kind in _in_order(limits.spaces):
        ids: dict[int, int] = {}
        moved = []
        for grant in platform.grants():
            number = grant.resource.number
            if grant.resource.kind is not kind or limits.spaces[kind] is IdSpace.PER_AGENT:
                continue
            physical = limits.spaces[kind] is IdSpace.PHYSICAL
            if grant.id != (number if physical else ids.setdefault(number, grant.id)):
                moved.append((grant, number if physical else ids[number]))
        if moved:
            first, number = moved[0]
            yield limits.finding("numbering").error(
                f"{first.agent.name} knows {title(kind)} {first.resource.name} as {first.id}, but "
                f"{limits.holder} shows every agent the same number ({number}); "
                f"{counted(len(moved), 'grant is', 'grants are')} numbered so",
                where(first.resource),
                hint="number the resources alike for all agents (shared numbering)",
            )


def _kinds(platform: Platform, limits: Limits) -> Iterator[Diagnostic]:
    """Resources, and those that ``platform.extra`` adds to them."""
    extra = platform.options.extra
    added = extra.read() if extra is not None else {}
    for kind in Kind:
        if kind in limits.kinds:
            continue
        resources = platform.resources.get(kind, ())
        more = added.get(f"{kind}s")
        count = len(resources) + (len(more) if isinstance(more, Mapping) else 0)
        if not count:
            continue
        position = where(resources[0]) if resources else extra.position if extra else None
        why = limits.without.get(kind)
        yield limits.finding("kind").warning(
            f"{counted(count, f'{kind} resource is', f'{kind} resources are')} left out, and agents"
            " are denied the protocol" + (f": {why}" if why else ""),
            position,
        )


def _operations(platform: Platform, limits: Limits) -> Iterator[Diagnostic]:
    for (kind, operation), why in limits.operations.items():
        grants: list[Grant] = [
            grant
            for grant in platform.grants()
            if grant.resource.kind is kind and operation in grant.operations
        ]
        if grants:
            yield limits.finding("operation").warning(
                f"the operation {operation} does not exist in {limits.holder} ({why}); it is left "
                f"out of {counted(len(grants), 'grant')}",
                where(grants[0].resource),
                related((f"{g.agent.name}: {g.resource.name}", where(g.resource)) for g in grants),
                hint=f"the platform has to set the {operation} of these resources itself",
            )


def _rates(platform: Platform, limits: Limits) -> Iterator[Diagnostic]:
    for resource in platform.resources.get(Kind.CLOCK, ()):
        fastest = max(clock_rates(platform, resource).rates)
        if limits.rate is not None and fastest > limits.rate:
            yield limits.finding("rate").warning(
                f"clock {resource.name} has a rate of {fastest} Hz; a table of {limits.holder} "
                f"holds rates up to {limits.rate} Hz, higher ones are left out",
                where(resource),
            )


def _levels(platform: Platform, limits: Limits) -> Iterator[Diagnostic]:
    for resource in platform.resources.get(Kind.VOLTAGE, ()):
        most = max(voltage_levels(platform, resource).levels)
        if limits.level is not None and most > limits.level:
            yield limits.finding("level").error(
                f"voltage domain {resource.name} has a level of {most} µV; those of "
                f"{limits.holder} go up to {limits.level} µV",
                where(resource),
            )


def _votes(platform: Platform, limits: Limits) -> Iterator[Diagnostic]:
    own = platform.own
    for kind in _in_order(limits.without_votes):
        changing = frozenset(OPERATIONS[kind]) - {Operation.READ}
        for resource in platform.resources.get(kind, ()):
            grants = [g for g in platform.holders(resource.key).values() if g.boot & changing]
            names = [grant.agent.name for grant in grants]
            names += ["the platform"] if resource.key in own else []
            if grants and len(names) > 1:
                yield limits.finding("votes").error(
                    f"{title(kind)} {resource.name} is controlled by {', '.join(names)}; "
                    f"{limits.holder} counts no votes there, so the last request would win",
                    where(resource),
                    hint="give the devices of this resource to one agent; or "
                    + _fixed(platform, resource),
                )
            elif grants and resource.facts.always_on:
                yield limits.finding("votes").warning(
                    f"{title(kind)} {resource.name} is to stay on, but {limits.holder} would let "
                    f"{names[0]} switch it off",
                    where(resource),
                    hint=_fixed(platform, resource),
                )


def _fixed(platform: Platform, resource: Resource) -> str:
    """The line for the agents file that leaves a resource to the platform."""
    path, tree = resource.key.provider, platform.inventory.tree
    word = f"&{tree.label_of[path]}" if path in tree.label_of else path
    instead = " in place of platform.managed" if path in platform.options.managed else ""
    return f'platform.fixed: ["{word}"]{instead} leaves it to the platform'


def _parents(platform: Platform, limits: Limits) -> Iterator[Diagnostic]:
    for resource in platform.resources.get(Kind.CLOCK, ()):
        count = len(resource.facts.parents)
        if limits.parents is not None and count > limits.parents:
            yield limits.finding("parents").error(
                f"clock {resource.name} can have {count} parents; {limits.holder} holds "
                f"{limits.parents}",
                where(resource),
            )


_CHECKS: tuple[Callable[[Platform, Limits], Iterator[Diagnostic]], ...] = (
    _empty,
    _agents,
    _elements,
    _rows,
    _names,
    _numbering,
    _kinds,
    _operations,
    _rates,
    _votes,
    _levels,
    _parents,
)
