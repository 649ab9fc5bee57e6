"""What a consumer's references become when firmware serves what they refer to.

A list keeps its order and its names; its cells are read with the ``#…-cells`` of the old provider.
An entry of ``assigned-clocks`` that may not be applied becomes ``<0>`` in its place, which Linux
skips (``drivers/clk/clk-conf.c``). What the agent has no access to leaves ``clocks``,
``power-domains`` and the like together with its name, for a ``<0>`` there is an error to most
drivers; where there are no names, places count, so it becomes ``<0>``.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from enum import Enum

from scmigen.bindings.consumers import ENTRY_NAMES, LISTS, SCALING_NAME, assigned_rates, is_scaled
from scmigen.bindings.dialects import LINUX, Dialect
from scmigen.bindings.facts import ResourceKey
from scmigen.bindings.identity import is_protocol, key_of, voltage_key
from scmigen.bindings.node_kinds import is_cpu, is_pci
from scmigen.bindings.opp_tables import only_votes, points_of, table_of
from scmigen.bindings.references import Reference, References
from scmigen.data import Data
from scmigen.devicetree.edits import DeleteProperty, Edit, Entry, SetProperty, Strings, cells
from scmigen.devicetree.nodes import Node
from scmigen.hints import TypeAlias
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind, Protocol
from scmigen.tuples import NamedTuple

#: The lists that name a domain by which a device scales, and nothing else.
_SCALING_LISTS = ("performance-domains", "qcom,freq-domain")
_TABLES = ("operating-points-v2", "operating-points")
#: What a domain that only takes votes is called where it could be taken for one that scales.
_VOTES_NAME = "votes"
_ZONE = "thermal-sensors"
_NULL = Entry(None, (0,))


class Fate(Enum):
    """What happens to a reference that does not become one to SCMI."""

    #: The provider stays the agent's to drive, or has nothing to drive.
    NATIVE = "native"
    #: The platform has the resource, and the agent has no access to it.
    LOST = "lost"
    #: What runs on the tree has no driver for such resources; nothing is lost by that.
    UNSPOKEN = "unspoken"


class Served(Data):
    """A resource as an agent knows it: the node to refer to, the cells, what it may do with it, and
    the name of it for people; ``was`` is how the board's source refers to it, for people, too."""

    target: str
    cells: tuple[int, ...]
    operations: frozenset[Operation]
    name: str
    was: str = ""


Answer: TypeAlias = Served | Fate


class Lost(Data):
    """An entry that could not be kept, or an operation of ``assigned-clocks`` that goes."""

    consumer: Node
    prop: str
    index: int
    key: ResourceKey
    operations: frozenset[Operation] = frozenset()


class Unvoted(Data):
    """A device whose OPPs vote on several domains, which none of SCMI's can express."""

    consumer: Node


class Unattached(Data):
    """A device that has a power domain besides the one by which it scales: Linux attaches one
    domain by itself, and leaves several to the driver."""

    consumer: Node


#: What could not be carried over as it was.
Trouble: TypeAlias = Lost | Unattached | Unvoted


class Serving(Data):
    """What an agent is served: ``ask`` says what became of a resource, ``domain`` the performance
    domain that took the place of a node's OPP table. ``by_clocks``: the performance protocol has
    ``#clock-cells`` in place of ``#power-domain-cells``. ``dialect``: of what reads the tree."""

    ask: Callable[[ResourceKey], Answer]
    domain: Callable[[Node], Served | None]
    by_clocks: bool = False
    dialect: Dialect = LINUX


def repointed(
    references: References, nodes: Iterable[Node], serving: Serving
) -> tuple[list[Edit], list[Trouble]]:
    """The edits that make ``nodes`` refer to SCMI, and what is lost by it."""
    edits: list[Edit] = []
    trouble: list[Trouble] = []
    tables: set[Node] = set()
    nodes = tuple(nodes)
    ambiguous = _ambiguous(references, nodes, serving)
    for node in nodes:
        if any(map(_refers, node.properties)):
            work = _Consumer(references, node, serving, ambiguous)
            edits += work.edits()
            trouble += work.trouble
            # A node that loses its table changes nothing in it: others may keep it.
            table = table_of(references, node) if work.votes and work.keeps_table else None
            if table is not None and table not in tables:
                tables.add(table)
                several = ambiguous.get(table)
                changed = list(_levels(references, table, several is not None))
                edits += changed
                trouble += [Unvoted(several)] if several is not None and changed else []
    return edits, trouble


def _ambiguous(
    references: References, nodes: Iterable[Node], serving: Serving
) -> Mapping[Node, Node]:
    """The tables whose levels are not a vote on one domain, and the first of the devices that have
    several domains and keep them."""
    found: dict[Node, Node] = {}
    for node in nodes:
        table = table_of(references, node)
        several = references.list_of(node, "power-domains").count > 1
        if several and table is not None and table not in found:
            work = _Consumer(references, node, serving, ())
            deque(work.edits(), maxlen=0)
            if work.keeps_table:
                found[table] = node
    return found


_REST = frozenset({"assigned-clocks", *_TABLES})


def _refers(prop: str) -> bool:
    return prop in LISTS or prop in _REST or prop.endswith("-supply")


def _levels(references: References, table: Node, several: bool) -> Iterator[Edit]:
    """Points of a table that vote by a level, not by a point of a domain's own table.

    A table whose ``required-opps`` lead to that of a provider without a driver never comes into
    use (Linux ``drivers/opp/of.c``). A level is a vote on the only domain of a device.
    """
    for opp in table.children.values():
        named = references.target(opp, "required-opps")
        level = None if named is None or several else named.cell("opp-level")
        if named is not None:
            yield DeleteProperty(opp.path, "required-opps")
        if level is not None and "opp-level" not in opp:
            yield SetProperty(opp.path, "opp-level", cells(level))


class _Slot(NamedTuple):
    """An entry of a list with its name; ``entry`` is None where it goes."""

    entry: Entry | None
    name: str | None


class _Consumer:
    """One node."""

    def __init__(
        self, references: References, node: Node, serving: Serving, ambiguous: Collection[Node]
    ) -> None:
        self.references = references
        self.ambiguous = ambiguous
        self.node = node
        self.serving = serving
        self.trouble: list[Trouble] = []
        #: The domains that scale the node, and have no entry among its power domains yet.
        self.scaling: list[Served] = []
        #: The clocks that a domain in place of the node's OPP table sets.
        self.taken: frozenset[ResourceKey] = frozenset()
        self.is_scaled = False
        self.votes = False
        self.keeps_table = True

    def edits(self) -> Iterator[Edit]:
        """Its edits, in the order of what Linux' bindings describe."""
        lists = {prop: self._list(prop) for prop in self.node.properties if prop in LISTS}
        made = self.serving.domain(self.node)
        if made is not None:
            self.scaling.append(made)
            self.taken = frozenset(self._taken())
        withdrawn = [] if self.scaling or self.is_scaled else [*self._withdrawn_rates()]
        self.trouble += withdrawn
        lost = is_cpu(self.node) and self.trouble
        if self.scaling or self.is_scaled or lost or withdrawn:
            yield from self._without_table()
        if self._is_scaled_cpu and lists.get("clocks") is not None:
            # Linux takes the first of the clocks of a CPU for its performance domain.
            lists["clocks"] = [_Slot(None, None)]
            self.trouble = [item for item in self.trouble if not _is_of(item, "clocks")]
        if self.scaling:
            yield from self._scale(lists)
        for prop, slots in lists.items():
            if slots is not None:
                yield from self._written(prop, slots)
        yield from self._assigned()
        for prop in self.node.properties:
            if prop.endswith("-supply"):
                yield from self._supply(prop)

    @property
    def _is_scaled_cpu(self) -> bool:
        """Whether the node is a CPU whose clock and supply are a performance domain's to set."""
        return is_cpu(self.node) and bool(self.scaling or self.is_scaled)

    # --- lists

    def _list(self, prop: str) -> list[_Slot] | None:
        """The slots of a list; None where it stays as it is, for better or worse."""
        found = self.references.list_of(self.node, prop)
        if found.problem is not None:
            return None
        names = self.node.strings(ENTRY_NAMES[prop]) if prop in ENTRY_NAMES else ()
        entries = {entry.index: entry for entry in found.entries}
        gap = None if prop in self.serving.dialect.gapless else _NULL
        slots = []
        for index in range(found.count):
            entry = entries.get(index)
            name = names[index] if index < len(names) else None
            slots.append(_Slot(gap, name) if entry is None else self._slot(prop, entry, name))
        return slots

    def _slot(self, prop: str, entry: Reference, name: str | None) -> _Slot:
        key = key_of(LISTS[prop], entry)
        answer = self.serving.ask(key)
        if answer is Fate.NATIVE:
            return _Slot(_native(entry), name)
        if answer is Fate.UNSPOKEN:
            return _Slot(None, name)
        if isinstance(answer, Served) and _fits(prop, key.kind, entry.provider, self.serving):
            if key.kind is Kind.PERFORMANCE:
                return self._domain(prop, key, entry, name, answer)
            return _Slot(_served(answer), name)
        return _Slot(self._other(prop, key, entry, answer), name)

    def _domain(
        self, prop: str, key: ResourceKey, entry: Reference, name: str | None, answer: Served
    ) -> _Slot:
        """A performance domain; only a name tells one that scales from one that takes votes."""
        scaled = is_scaled(self.references, self.node, prop, entry, name)
        withdrawn = scaled and Operation.LEVEL not in answer.operations
        if withdrawn:
            level = frozenset({Operation.LEVEL})
            self.trouble.append(Lost(self.node, prop, entry.index, key, level))
        if withdrawn and prop != "power-domains":
            return _Slot(None, name)
        if withdrawn or answer.target != entry.provider.path:
            name = self._domain_name(scaled, name, answer)
        return _Slot(_served(answer), name)

    def _domain_name(self, scaled: bool, name: str | None, answer: Served) -> str | None:
        if scaled:
            self.is_scaled = True
            return _scaling_name(answer)
        self.votes = True
        tables = is_cpu(self.node) or any(table in self.node for table in _TABLES)
        # Where a device of the table has several domains, it loses what says so.
        several = table_of(self.references, self.node) in self.ambiguous
        unmarked = tables and (several or not only_votes(self.references, self.node))
        return _VOTES_NAME if name is None and unmarked else name

    def _other(self, prop: str, key: ResourceKey, entry: Reference, answer: Answer) -> Entry | None:
        if isinstance(answer, Served) and key.kind is Kind.PERFORMANCE:
            self.scaling.append(answer)
            return None
        self.trouble.append(Lost(self.node, prop, entry.index, key))
        return None

    def _written(self, prop: str, slots: list[_Slot]) -> Iterator[Edit]:
        names_prop = ENTRY_NAMES.get(prop, "")
        had_names = names_prop in self.node
        named = any(slot.name is not None for slot in slots)
        if named and prop == "power-domains":
            slots = [
                slot._replace(name=slot.name or f"power{number or ''}")
                for number, slot in enumerate(slots)
            ]
        if prop == _ZONE and any(slot.entry is None for slot in slots):
            # A zone without its sensor is none.
            yield SetProperty(self.node.path, "status", Strings(("disabled",)))
            return
        closes = named or prop in self.serving.dialect.gapless
        kept = [slot for slot in slots if slot.entry is not None or not closes]
        entries = tuple(_NULL if slot.entry is None else slot.entry for slot in kept)
        if not any(entry.target for entry in entries):
            if any(slot.entry is None for slot in slots):
                yield DeleteProperty(self.node.path, prop)
                if had_names:
                    yield DeleteProperty(self.node.path, names_prop)
            return
        if not _is_value(self.node, prop, entries, self.references):
            yield SetProperty(self.node.path, prop, entries)
        names = tuple(slot.name for slot in kept if slot.name is not None)
        if named and names != self.node.strings(names_prop):
            yield SetProperty(self.node.path, names_prop, Strings(names))

    # --- performance

    def _scaled(self) -> Iterator[Reference]:
        """The entries of ``clocks`` that the OPP table has the node set."""
        table = table_of(self.references, self.node)
        points = () if table is None or is_pci(self.node) else points_of(table)
        scaled = {n for point in points for n, rate in enumerate(point.rates) if rate}
        for entry in self.references.of(self.node, "clocks"):
            if entry.index in scaled:
                yield entry

    def _taken(self) -> Iterator[ResourceKey]:
        """The clocks of the OPP table, and those that are assigned a rate."""
        rates = assigned_rates(self.node)
        assigned = self.references.of(self.node, "assigned-clocks")
        rated = (entry for entry in assigned if any(rates[entry.index : entry.index + 1]))
        for entry in (*self._scaled(), *rated):
            yield key_of(Kind.CLOCK, entry)

    def _withdrawn_rates(self) -> Iterator[Lost]:
        """The clocks that the OPP table has the node set, and that the agent may not."""
        for entry in self._scaled():
            key = key_of(Kind.CLOCK, entry)
            answer = self.serving.ask(key)
            if isinstance(answer, Served) and Operation.RATE not in answer.operations:
                rate = frozenset({Operation.RATE})
                yield Lost(self.node, "clocks", entry.index, key, rate)

    def _without_table(self) -> Iterator[Edit]:
        self.keeps_table = False
        for prop in _TABLES:
            if prop in self.node:
                note = "the platform has the operating points"
                yield DeleteProperty(self.node.path, prop, note)

    def _scale(self, lists: dict[str, list[_Slot] | None]) -> Iterator[Edit]:
        """Let the device scale by its performance domain, and by nothing else."""
        for prop in _SCALING_LISTS:
            lists.pop(prop, None)
            if prop in self.node:
                yield DeleteProperty(self.node.path, prop)
        if Kind.PERFORMANCE not in self.serving.dialect.kinds:
            return
        scaling = [*dict.fromkeys(self.scaling)]
        if self.serving.by_clocks:
            lists["clocks"] = [_Slot(_served(each), None) for each in scaling]
            return
        slots = lists.get("power-domains") or []
        if slots and not is_cpu(self.node):
            self.trouble.append(Unattached(self.node))
        lists["power-domains"] = [
            *slots,
            *(_Slot(_served(each), _scaling_name(each)) for each in scaling),
        ]

    # --- supplies

    def _supply(self, prop: str) -> Iterator[Edit]:
        regulator = self.references.target(self.node, prop)
        if regulator is None:
            return
        key = voltage_key(regulator)
        answer = self.serving.ask(key)
        if answer is not Fate.NATIVE and self._is_scaled_cpu:
            yield DeleteProperty(self.node.path, prop)
        elif isinstance(answer, Served):
            if answer.target != regulator.path:
                yield SetProperty(self.node.path, prop, (_served(answer),))
        elif answer is Fate.UNSPOKEN:
            yield DeleteProperty(self.node.path, prop)
        elif answer is Fate.LOST:
            self.trouble.append(Lost(self.node, prop, 0, key))
            yield DeleteProperty(self.node.path, prop)

    # --- assigned clocks

    def _assigned(self) -> Iterator[Edit]:
        # Linux applies them when a driver probes, which no CPU has.
        if not self.serving.dialect.assigns or self._is_scaled_cpu:
            assigned = [prop for prop in self.node.properties if prop.startswith("assigned-clock")]
            yield from (DeleteProperty(self.node.path, prop) for prop in assigned)
            return
        clocks = self.references.list_of(self.node, "assigned-clocks")
        parents = self.references.list_of(self.node, "assigned-clock-parents")
        if clocks.problem is not None or parents.problem is not None or not clocks.entries:
            return
        rates = list(assigned_rates(self.node))
        by_index = {entry.index: entry for entry in parents.entries}
        wanted: list[Entry] = [_NULL] * clocks.count
        named: list[Entry] = [_NULL] * parents.count
        for entry in clocks.entries:
            index = entry.index
            rate = rates[index] if index < len(rates) else 0
            parent = by_index.get(index)
            clock, may = self._assigned_clock(entry, rate, parent)
            wanted[index] = clock
            if rate and Operation.RATE not in may:
                rates[index] = 0
            if parent is not None:
                named[index] = self._parent(parent) if Operation.PARENT in may else _NULL
        yield from self._set("assigned-clocks", tuple(wanted))
        yield from self._set("assigned-clock-parents", tuple(named))
        if tuple(rates) != assigned_rates(self.node):
            yield self._rates(rates)

    def _assigned_clock(
        self, entry: Reference, rate: int, parent: Reference | None
    ) -> tuple[Entry, frozenset[Operation]]:
        """What an entry becomes, and what of it may still be applied."""
        asked = set()
        if rate:
            asked.add(Operation.RATE)
        if parent is not None:
            asked.add(Operation.PARENT)
        key = key_of(Kind.CLOCK, entry)
        answer = self.serving.ask(key)
        if answer is Fate.NATIVE:
            return _native(entry), frozenset(asked)
        may: frozenset[Operation] = frozenset()
        if isinstance(answer, Served) and key.kind is Kind.CLOCK and key not in self.taken:
            may = answer.operations & asked
            if Operation.PARENT in may and parent is not None and not self._is_known(parent):
                may -= {Operation.PARENT}
        if asked - may:
            lost = frozenset(asked - may)
            self.trouble.append(Lost(self.node, "assigned-clocks", entry.index, key, lost))
        if not isinstance(answer, Served) or key in self.taken or (asked and not may):
            return _NULL, frozenset()
        return _served(answer), may

    def _is_known(self, parent: Reference) -> bool:
        answer = self.serving.ask(key_of(Kind.CLOCK, parent))
        return isinstance(answer, Served)

    def _parent(self, parent: Reference) -> Entry:
        answer = self.serving.ask(key_of(Kind.CLOCK, parent))
        if isinstance(answer, Served):
            return _served(answer)
        return _native(parent) if answer is Fate.NATIVE else _NULL

    def _set(self, prop: str, entries: tuple[Entry, ...]) -> Iterator[Edit]:
        if entries and not _is_value(self.node, prop, entries, self.references):
            yield SetProperty(self.node.path, prop, entries)

    def _rates(self, rates: list[int]) -> Edit:
        wide = "assigned-clock-rates-u64"
        if wide in self.node:
            pairs = tuple(Entry(None, (rate >> 32, rate & 0xFFFFFFFF)) for rate in rates)
            return SetProperty(self.node.path, wide, pairs)
        entries = tuple(Entry(None, (rate,)) for rate in rates)
        return SetProperty(self.node.path, "assigned-clock-rates", entries)


def _fits(prop: str, kind: Kind, old: Node, serving: Serving) -> bool:
    """Whether the list can hold a reference to what SCMI has in place of an entry of it."""
    if kind is not Kind.PERFORMANCE:
        # The binding of the sensor protocol has thermal sensors only.
        return prop != "io-channels"
    if is_protocol(old, Protocol.PERFORMANCE):
        return True
    return prop == ("clocks" if serving.by_clocks else "power-domains")


def _is_of(item: Trouble, prop: str) -> bool:
    return isinstance(item, Lost) and item.prop == prop


def _scaling_name(answer: Served) -> str:
    """What Linux finds the domain by that scales a device, if the agent may set its level."""
    return SCALING_NAME if Operation.LEVEL in answer.operations else _VOTES_NAME


def _served(answer: Served) -> Entry:
    return Entry(answer.target, answer.cells, answer.name, answer.was)


def _native(entry: Reference) -> Entry:
    return Entry(entry.provider.path, entry.cells)


def _is_value(node: Node, prop: str, entries: tuple[Entry, ...], references: References) -> bool:
    """Whether a property already says just that."""
    found = references.list_of(node, prop)
    old: list[Entry] = [_NULL] * found.count
    for entry in found.entries:
        old[entry.index] = _native(entry)
    return old == [entry._replace(note="") for entry in entries]
