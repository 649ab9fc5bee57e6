"""What the templates are given: the platform as tables of one firmware."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from scmigen.data import Data
from scmigen.model.platform import Platform
from scmigen.scmi.protocols import Kind
from scmigen.targets.common.ctext import WIDTH, notice, plain
from scmigen.targets.common.names import board_name
from scmigen.targets.limits import title
from scmigen.targets.scmi_msg.elements import SWITCHED, WORDS, Element, Elements, Provider
from scmigen.targets.scmi_msg.options import MessageServerOptions
from scmigen.targets.scmi_msg.variant import Variant
from scmigen.targets.scmi_msg.views import View, views_of

#: What the values of a kind are: the member of its struct, the type, the end of a constant.
_VALUES: Mapping[Kind, tuple[str, str, str]] = {
    Kind.CLOCK: ("rate", "unsigned long", "UL"),
    Kind.VOLTAGE: ("level", "long", "L"),
}
#: Hooks that set something, by kind: name and last argument.
_SETTERS: Mapping[Kind, tuple[tuple[str, str], ...]] = {
    Kind.POWER: (("set_state", "bool on"),),
    Kind.PERFORMANCE: (("set_level", "unsigned int level"),),
    Kind.CLOCK: (("set_state", "bool on"), ("set_rate", "unsigned long rate")),
    Kind.SENSOR: (),
    Kind.RESET: (("assert", "bool asserted"),),
    Kind.VOLTAGE: (("set_state", "bool on"), ("set_level", "long level")),
}
_SET_PARENT = ("set_parent", "unsigned int parent")
#: Columns of a tab.
_TAB = 8


class KindTables(Data):
    """A kind of resource that the platform has. ``values`` is the member with rates or levels,
    ``used``: an agent has some."""

    kind: Kind
    word: str
    title: str
    elements: tuple[Element, ...]
    protocol: str
    driver: str
    switched: bool
    used: bool
    setters: tuple[tuple[str, str], ...]

    @property
    def suffix(self) -> str:
        """The end of constants of rates or levels."""
        return _VALUES[self.kind][2] if self.kind in _VALUES else ""

    @property
    def values(self) -> str:
        """The member with the rates or levels of a resource; empty where it has none."""
        return _VALUES[self.kind][0] if self.kind in _VALUES else ""


class ValueTable(Data):
    """Rates or levels that at least one resource has."""

    name: str
    type: str
    lines: tuple[str, ...]


class Firmware(Data, slots=False):
    """Everything that the files of a firmware say."""

    platform: Platform
    variant: Variant
    options: MessageServerOptions

    @cached_property
    def _elements(self) -> Elements:
        return Elements(self.platform, self.variant)

    @cached_property
    def views(self) -> Sequence[View]:
        """The agents, ascending by number."""
        return views_of(self.platform, self.variant, self._elements)

    @cached_property
    def kinds(self) -> Sequence[KindTables]:
        """The kinds of resource that the platform has and the firmware serves."""
        return [
            KindTables(
                kind,
                WORDS[kind],
                f"{title(kind)}s",
                self._elements.of(kind),
                self.variant.protocols[kind],
                self.variant.drivers[kind],
                kind in SWITCHED,
                any(kind in view.tables for view in self.views),
                self._setters(kind),
            )
            for kind in self._elements.kinds
        ]

    def _setters(self, kind: Kind) -> tuple[tuple[str, str], ...]:
        parents = kind is Kind.CLOCK and self.variant.has_parents
        return (*_SETTERS[kind], *((_SET_PARENT,) if parents else ()))

    def has(self, word: str) -> bool:
        """Whether there are resources of the kind with that word."""
        return any(kind.word == word for kind in self.kinds)

    @property
    def providers(self) -> Sequence[Provider]:
        """The nodes that have the resources, by path."""
        return list(self._elements.providers.values())

    @property
    def board(self) -> str:
        """What people call the board, for comments."""
        return plain(board_name(self.platform)) or "this board"

    @property
    def count(self) -> int:
        """One more than the highest number of an agent."""
        return max(view.number for view in self.views) + 1

    @property
    def cells(self) -> int:
        """Cells of the longest specifier, at least 1."""
        found = (len(e.resource.key.cells) for kind in self.kinds for e in kind.elements)
        return max(1, *found)

    @property
    def switched(self) -> bool:
        """Whether there is something to switch on and off."""
        return any(kind.switched for kind in self.kinds)

    @property
    def over_optee(self) -> bool:
        """Whether messages of an agent come by calls into OP-TEE."""
        return any(view.over_optee for view in self.views)

    @property
    def over_calls(self) -> bool:
        """Whether messages of an agent are in memory of its own, and announced otherwise."""
        return any(view.memory is not None and not view.over_optee for view in self.views)

    @property
    def with_memory(self) -> bool:
        """Whether messages of an agent are in shared memory that the tree has."""
        return any(view.memory is not None for view in self.views)

    @property
    def shared_memory(self) -> bool:
        """Whether the header has macros for shared memory."""
        return self.with_memory or self.variant.needs_memory

    @property
    def copyright(self) -> str | None:
        """The line of the copyright in a comment of C."""
        said = self.options.copyright
        return notice(said, " * ") if said else None

    @cached_property
    def values(self) -> Mapping[tuple[Kind, tuple[int, ...]], str]:
        """The tables of rates and levels, each once: many resources have the same."""
        found: dict[tuple[Kind, tuple[int, ...]], str] = {}
        for kind in self.kinds:
            for element in kind.elements:
                if element.values:
                    name = f"{kind.word}_{kind.values}s_{len(found)}"
                    found.setdefault((kind.kind, element.values), name)
        return found

    def values_of(self, kind: KindTables, element: Element) -> str:
        """The table with the rates or levels of a resource."""
        return self.values[kind.kind, element.values]

    @property
    def value_tables(self) -> Iterator[ValueTable]:
        """Those tables in C."""
        for (kind, values), name in self.values.items():
            _, type_, end = _VALUES[kind]
            text = ", ".join(f"{value}{end}" for value in values) + ","
            lines = textwrap.wrap(text, WIDTH - _TAB, break_on_hyphens=False)
            yield ValueTable(name, type_, tuple(lines))

    @cached_property
    def parents(self) -> Mapping[tuple[str, ...], str]:
        """The tables of parents of clocks, each once."""
        every = (e.parents for kind in self.kinds for e in kind.elements if e.parents)
        return {parents: f"parents_{n}" for n, parents in enumerate(dict.fromkeys(every))}

    @cached_property
    def points(self) -> Mapping[tuple[object, ...], str]:
        """The tables of operating points, each once."""
        every = (e.levels for kind in self.kinds for e in kind.elements if e.levels)
        return {levels: f"points_{n}" for n, levels in enumerate(dict.fromkeys(every))}
