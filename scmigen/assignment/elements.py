"""Elements by number, settled: which resource each number means, and grants on them.

A number means what has it in the tree: the specifier of an SCMI protocol's node, or the entry of a
server description. Any other is an element that the user declares, under the SCMI node; a board
without one has it under the root. Where the tree has an SCMI node, or nothing of a kind, the
numbers are the firmware's, so that a grant may name one that is not declared, unless the user has
declared others of the kind.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from scmigen.assignment.assignment import Assumption, Element, HandGrant, WholeGrant
from scmigen.assignment.findings import AGENTS_FILE, OPTION_DIFFERS
from scmigen.assignment.said import ElementSaid, NumberedGrant, SourceSaid
from scmigen.assignment.words import spans
from scmigen.bindings.facts import ProviderClass, ResourceKey
from scmigen.bindings.inventory import Inventory
from scmigen.data import Data, field, replace
from scmigen.diagnostics import Diagnostic, Related
from scmigen.scmi.operations import OPERATIONS, Operation
from scmigen.scmi.protocols import Kind


class Numbers(Data):
    """What numbers mean on a board. ``homes``: kind → path of the node that its elements are under,
    ``named``: kind → numbers that the tree names. ``fixed``: kinds none of whose numbers scmigen
    gives out. ``rivals``: kind → label or path of each node that has the protocol, where several
    SCMI nodes have it, so that a number alone says nothing."""

    homes: Mapping[Kind, str] = field(default_factory=dict)
    named: Mapping[Kind, frozenset[int]] = field(default_factory=dict)
    fixed: frozenset[Kind] = frozenset()
    rivals: Mapping[Kind, tuple[str, ...]] = field(default_factory=dict)

    def key(self, kind: Kind, number: int) -> ResourceKey:
        """The resource with a number."""
        return ResourceKey(kind, self.homes.get(kind, "/"), (number,))


def numbers_of(inventory: Inventory) -> Numbers:
    """The numbers that the SCMI nodes of a board give; of several nodes the first counts that has
    the protocol, else the first."""
    homes: dict[Kind, str] = {}
    rivals: dict[Kind, tuple[str, ...]] = {}
    for kind in Kind:
        having = [
            instance.protocols[kind.protocol]
            for instance in inventory.instances
            if kind.protocol in instance.protocols
        ]
        if len(having) > 1:
            rivals[kind] = tuple(
                f"&{node.labels[0]}" if node.labels else node.path for node in having
            )
        nodes = [instance.protocols.get(kind.protocol) for instance in inventory.instances]
        nodes += [instance.node for instance in inventory.instances]
        for node in filter(None, reversed(nodes)):
            homes[kind] = node.path
    named: dict[Kind, set[int]] = {}
    for use in (*inventory.uses, *inventory.registered):
        if use.key.provider == homes.get(use.key.kind) and use.key.cells:
            named.setdefault(use.key.kind, set()).add(use.key.cells[0])
    known = {kind: frozenset(numbers) for kind, numbers in named.items()}
    return Numbers(homes, known, frozenset(Kind) - _numbered_here(inventory), rivals)


def _numbered_here(inventory: Inventory) -> frozenset[Kind]:
    """The kinds that get numbers from scmigen: those of native providers, and of OPP tables."""
    if inventory.instances:
        return frozenset()
    used = (provider for provider in inventory.providers.values() if provider.consumers)
    kinds = {k for p in used if p.category is not ProviderClass.FIXED for k in p.kinds}
    return frozenset(kinds | ({Kind.PERFORMANCE} if inventory.tables else set()))


def _by_node(node: str, said: ElementSaid) -> str:
    """A grant of a number at a node, with the operations that a device would need."""
    kind = said.kind
    usual = {Operation.STATE, Operation.READ} & {*OPERATIONS[kind]} or {*OPERATIONS[kind]}
    return _grant(kind, node, said.number, usual)


def _grant(kind: Kind, node: str, number: int, operations: Collection[Operation]) -> str:
    may = ", ".join(each for each in OPERATIONS[kind] if each in operations)
    return f'{{{kind}: "{node} {number}", operations: [{may}]}}'


class Settled(Data):
    """Elements by kind and number, the values said of them, and the grants of numbers and of whole
    protocols."""

    elements: tuple[Element, ...]
    assumptions: tuple[Assumption, ...]
    grants: tuple[HandGrant, ...]
    wholes: tuple[WholeGrant, ...]


def settle_elements(
    sources: Sequence[SourceSaid], numbers: Numbers, names: Mapping[str, str]
) -> tuple[Settled, tuple[Diagnostic, ...]]:
    """The elements and grants by number of all sources, and what is wrong with them.

    ``names``: what a server description calls an agent → its name.
    """
    settling = _Settling(sources, numbers, names)
    grants = tuple(settling.grants())
    wholes = tuple(
        WholeGrant(said.agent, said.kind, said.operations, said.position, said.reason)
        for said in settling.said
        if said.numbers is None
    )
    settling.check_homes()
    return Settled(settling.elements(grants), tuple(settling.assumptions()), grants, wholes), tuple(
        settling.problems
    )


class _Settling:
    """``problems`` are complete once everything has been asked for."""

    def __init__(
        self, sources: Sequence[SourceSaid], numbers: Numbers, names: Mapping[str, str]
    ) -> None:
        self.problems: list[Diagnostic] = []
        self.said = [grant for source in sources for grant in source.by_number]
        self._numbers = numbers
        self._declared = self._once(item for source in sources for item in source.platform.elements)
        #: What a server description numbers: for one agent, and for any.
        self._described: dict[tuple[str | None, Kind, int], ResourceKey] = {}
        for grant in (grant for source in sources for grant in source.grants):
            if grant.number is not None:
                for agent in (names.get(grant.agent, grant.agent), None):
                    place = agent, grant.key.kind, grant.number
                    self._described.setdefault(place, grant.key)

    def _once(self, elements: Iterable[ElementSaid]) -> dict[tuple[Kind, int], ElementSaid]:
        """What is declared; each number, name and enumerator of a kind is one element's."""
        found: dict[tuple[Kind, int], ElementSaid] = {}
        words: dict[tuple[Kind, str, str], ElementSaid] = {}
        for said in elements:
            first = found.setdefault((said.kind, said.number), said)
            if first is not said:
                if replace(first, position=said.position) != said:
                    self.problems.append(
                        OPTION_DIFFERS.error(
                            f"{said.kind} {said.number} is declared twice with different values",
                            said.position,
                            [Related("the first", first.position)],
                            "say it once, or the same in both",
                        )
                    )
                continue
            for what, word in (("name", said.name), ("enumerator", said.enumerator)):
                other = words.setdefault((said.kind, what, word), said) if word else said
                if other is not said:
                    self.problems.append(
                        AGENTS_FILE.error(
                            f"{said.kind} {other.number} and {said.number} have the {what} {word}",
                            said.position,
                            [Related(f"{said.kind} {other.number}", other.position)],
                        )
                    )
        return found

    @cached_property
    def _kinds(self) -> frozenset[Kind]:
        """The kinds of which any element is declared."""
        return frozenset(kind for kind, _ in self._declared)

    def _key(self, agent: str | None, kind: Kind, number: int) -> ResourceKey:
        own = self._described.get((agent, kind, number))
        every = self._described.get((None, kind, number))
        return own or every or self._numbers.key(kind, number)

    def _in_tree(self, kind: Kind, number: int) -> bool:
        named = self._numbers.named.get(kind, frozenset())
        return number in named or (None, kind, number) in self._described

    def grants(self) -> Iterator[HandGrant]:
        """A grant for each number; numbers that nothing has are reported."""
        first: dict[tuple[str, Kind, int], NumberedGrant] = {}
        for said in self.said:
            kind, numbers = said.kind, said.numbers or ()
            unclear = [number for number in numbers if self._is_unclear(said.agent, kind, number)]
            if unclear:
                self.problems.append(self._ambiguous(said, unclear[0]))
                continue
            wanting = [number for number in numbers if not self._exists(kind, number)]
            if wanting:
                self.problems.append(self._unknown(said, wanting))
                continue
            again = {n: first.setdefault((said.agent, kind, n), said) for n in numbers}
            twice = [n for n in again if again[n] is not said]
            if twice and all(said.operations <= again[n].operations for n in twice):
                self.problems.append(
                    AGENTS_FILE.error(
                        f"{said.agent} is granted {kind} {spans(twice)} already",
                        said.at,
                        [Related("the first grant", again[twice[0]].at)],
                        "name each number once",
                    )
                )
            for number in numbers:
                key = self._key(said.agent, kind, number)
                yield HandGrant(
                    *(said.agent, key, said.operations, said.position),
                    by_number=True,
                    reason=said.reason,
                )

    def _is_unclear(self, agent: str, kind: Kind, number: int) -> bool:
        """Whether several SCMI nodes have a number, and nothing says which is meant."""
        described = {(agent, kind, number), (None, kind, number)} & self._described.keys()
        return (
            kind in self._numbers.rivals and (kind, number) not in self._declared and not described
        )

    def _ambiguous(self, said: NumberedGrant, number: int) -> Diagnostic:
        nodes = self._numbers.rivals[said.kind]
        forms = _grant(said.kind, nodes[-1], number, said.operations)
        return AGENTS_FILE.error(
            f"{said.kind} {number} of which SCMI node? {len(nodes)} have the protocol: "
            f"{', '.join(nodes)}",
            said.at,
            hint=f"name the node: {forms}, or that of another",
        )

    def check_homes(self) -> None:
        """Say whose elements are declared, where several SCMI nodes have the protocol."""
        for kind, nodes in self._numbers.rivals.items():
            mine = [said for (other, _), said in self._declared.items() if other is kind]
            if mine:
                numbers = spans([said.number for said in mine])
                self.problems.append(
                    AGENTS_FILE.warning(
                        f"{kind} {numbers} are declared for {nodes[0]}, the first of "
                        f"{len(nodes)} SCMI nodes that have the protocol",
                        mine[0].position,
                        hint="of another node, a grant names the number without a declaration: "
                        f"{_by_node(nodes[-1], mine[0])}",
                    )
                )

    def _exists(self, kind: Kind, number: int) -> bool:
        """Whether a number has a resource; of an undeclared kind, the firmware's numbers do."""
        if (kind, number) in self._declared or self._in_tree(kind, number):
            return True
        return kind in self._numbers.fixed and kind not in self._kinds

    def _unknown(self, said: NumberedGrant, wanting: Sequence[int]) -> Diagnostic:
        kind, what = said.kind, f"{said.kind} {spans(wanting)}"
        declare = f"platform: {{elements: {{{kind}: {{{spans(wanting)}: }}}}}}"
        if kind not in self._kinds:
            return AGENTS_FILE.error(
                f"{what} is declared nowhere, and without an SCMI node the numbers of this board "
                "are scmigen's own",
                said.at,
                hint=f'name the provider, as in {kind}: "&LABEL 12", or declare: {declare}',
            )
        declared = sorted(number for of, number in self._declared if of is kind)
        named = sorted(self._numbers.named.get(kind, ()))
        told = f"declared are {spans(declared)}"
        if named:
            told += f", the tree names {spans(named)}"
        return AGENTS_FILE.error(
            f"{what} is neither declared nor in the tree", said.at, hint=f"{told}; {declare}"
        )

    def elements(self, grants: Iterable[HandGrant]) -> tuple[Element, ...]:
        """What is declared, and what only a grant names, by kind and number."""
        found: dict[tuple[Kind, int], Element] = {}
        for place, said in self._declared.items():
            found[place] = Element(
                self._key(None, *place),
                said.number,
                said.name,
                said.enumerator,
                self._in_tree(*place),
                said.position,
            )
        for grant in grants:
            number = grant.key.cells[0] if grant.key.cells else 0
            if grant.key == self._numbers.key(grant.key.kind, number):
                place = grant.key.kind, number
                if place not in found and not self._in_tree(*place):
                    found[place] = Element(grant.key, number, position=grant.position, stated=False)
        return tuple(found[place] for place in sorted(found))

    def assumptions(self) -> Iterator[Assumption]:
        """The rates and levels that are said of elements."""
        for (kind, number), said in self._declared.items():
            if said.values is not None:
                keys = frozenset({self._key(None, kind, number)})
                yield Assumption(kind, keys, (), True, *said.values, said.position)
