"""The objects of a source: tables, structures and what is stored in them."""

from collections.abc import Callable, Iterable

from scmigen.csource.cursor import Cursor, SyntaxProblemError
from scmigen.csource.declarations import Parser
from scmigen.csource.initialise import Filler
from scmigen.csource.journal import Journal
from scmigen.csource.limits import Budget
from scmigen.csource.stored import as_stored
from scmigen.csource.texts import Texts
from scmigen.csource.tokens import Token
from scmigen.csource.tree import (
    ArrayOf,
    Braces,
    Initialiser,
    Integer,
    PointerTo,
    Record,
    Type,
)
from scmigen.csource.values import (
    Cells,
    Choice,
    FunctionName,
    Key,
    Later,
    Pointer,
    Scope,
    Unknown,
    Value,
    copied,
)
from scmigen.csource.writers import Writers
from scmigen.hints import Protocol

Place = tuple[Cells, Key]


class Other(Protocol):
    """Another source."""

    @property
    def evaluator(self) -> "Objects":
        """What works out its values."""


Elsewhere = Callable[[str], Other | None]


class Objects(Texts):
    """The objects of one source; `value` works out what is in them."""

    def __init__(self, parser: Parser, budget: Budget) -> None:
        super().__init__(parser.known)
        self.parser = parser
        self.budget = budget
        #: Whether a pointer to no text that no initialiser gives may be set at run time.
        self.settable = False
        #: The source that defines an object which is only declared here.
        self.elsewhere: Elsewhere = lambda _: None
        #: Headers that the source wants and that are not there.
        self.absent = ""
        #: What was set while it is not known whether it is.
        self.journal = Journal()
        #: The functions that run, from the outermost on.
        self.running: list[str] = []
        self._writers = Writers(parser.known)
        self._globals = Cells(None, filled=False, constants=set())
        self._enumerators: dict[str, Value] = {}
        self._kept: dict[Token, Cells] = {}
        self._depth = 0

    # Names.

    def named(self, name: str, at: Token, scope: Scope | None = None) -> Value:
        """The value of an object, enumerator or function."""
        place = self.object(name, scope)
        if place is not None:
            return self.load(*place)
        if name in self.known.enumerators:
            return self._enumerator(name)
        if name in self.known.functions:
            return FunctionName(name, self.known.functions[name].at)
        absent = f" (not there: {self.absent})" if self.absent else ""
        return Unknown(f"{name} is not known here{absent}", at)

    def _enumerator(self, name: str) -> Value:
        if name not in self._enumerators:
            found = self.known.enumerators[name]
            self._enumerators[name] = Unknown(f"{name} is defined by itself", found.at)
            base: Value = 0 if found.base is None else self.value(found.base)
            self._enumerators[name] = int(base) + found.offset if isinstance(base, int) else base
        return self._enumerators[name]

    def object(self, name: str, scope: Scope | None) -> Place | None:
        """Where an object is; None where there is none of that name."""
        while scope is not None:
            if name in scope.types:
                return scope.place_of(name)
            scope = scope.outer
        if name in self._globals.values:
            return self._globals, name
        variable = self.known.variables.get(name)
        if variable is None:
            return None
        if variable.external:
            return self._outside(name)
        self._globals.places[name] = variable.at
        self._globals.values[name] = self._initial(name)
        if variable.constant and self._globals.constants is not None:
            self._globals.constants.add(name)
        elif not variable.constant:
            self._set_elsewhere(name)
        return self._globals, name

    def _set_elsewhere(self, name: str) -> None:
        """What functions set that are not run for what is asked is not known."""
        here = self._writers.reached(self.running[0]) if self.running else frozenset[str]()
        for write in self._writers.of(name):
            if write.function in here:
                continue
            why = Unknown(f"{write.function}() sets it", write.at)
            value = self.load(self._globals, name)
            if not isinstance(value, Cells):
                self._globals.values[name] = why
            elif write.member:
                value.unsure = {**(value.unsure or {}), write.member: why}
            else:
                value.doubt = value.doubt or why

    def _outside(self, name: str) -> Place | None:
        """Where an object of another source is."""
        unit = self.elsewhere(name)
        other = None if unit is None else unit.evaluator
        return None if other is None or other is self else other.object(name, None)

    def _initial(self, name: str) -> Value | Later:
        variable = self.known.variables[name]
        if variable.value is None:
            return self._empty(variable.type, variable.at)
        at = Cursor(variable.value)
        try:
            value = self.parser.expressions.initialiser(at)
            if at.here is not None:
                raise at.problem("this is not read")
        except SyntaxProblemError as problem:
            return Unknown(str(problem), problem.at or variable.at)
        return Later(value, variable.type, None, self)

    def _empty(self, kind: Type, at: Token | None, filled: bool = True) -> Value | Later:
        """The value of an object without an initialiser."""
        resolved = self.resolved(kind)
        if isinstance(resolved, ArrayOf | Record):
            found = Cells(resolved, at, filled=filled)
            if isinstance(resolved, ArrayOf):
                length = self.length(resolved)
                found.length = length if isinstance(length, int) else None
            return found
        return 0 if filled else Unknown("it has no value yet", at)

    def declare(
        self, scope: Scope, name: str, kind: Type, value: Initialiser | None, at: Token
    ) -> None:
        """An object of a function."""
        scope.types[name] = kind
        scope.kept.pop(name, None)
        scope.cells.places[name] = at
        if value is None:
            scope.cells.values[name] = self._empty(kind, at, filled=False)
        else:
            scope.cells.values[name] = copied(self.whole_of(self.initial(value, kind, scope)))

    def declare_static(
        self, scope: Scope, name: str, kind: Type, value: Initialiser | None, at: Token
    ) -> None:
        """An object of a function that keeps its value from call to call."""
        known = self._kept.get(at)
        if known is None:
            known = self._kept[at] = Scope(Cells(None), {name: kind}).cells
            first = self._empty(kind, at) if value is None else self.initial(value, kind, None)
            known.values[name] = copied(first)
            known.places[name] = at
        scope.types[name] = kind
        scope.kept[name] = known

    # Tables and structures.

    def initial(self, value: Initialiser, kind: Type | None, scope: Scope | None) -> Value:
        """The value that an initialiser gives an object of a type."""
        if not isinstance(value, Braces):
            found = self.value(value, scope)
            return as_stored(found, self.resolved(kind))
        resolved = self.resolved(kind)
        if resolved is None or isinstance(resolved, ArrayOf | Record):
            return Filler(self, scope).cells(kind, value)
        if len(value.items) != 1 or value.items[0].path:
            return Unknown("braces around several values for one", value.at)
        return self.initial(value.items[0].value, kind, scope)

    def load(self, cells: Cells, key: Key) -> Value:
        """What is in a table or structure."""
        self.budget.step()
        doubt = _doubt(cells, key)
        if doubt is not None:
            return doubt
        found = cells.values.get(key)
        if isinstance(found, Later):
            if found.started:
                return Unknown("it is defined by itself", found.value.at)
            found.started = True
            cells.origins[key] = found.value
            value = found.maker.forced(found)
            if isinstance(value, Cells):
                value.within = value.within or (cells, key)
            found = cells.values[key] = value
        if isinstance(found, str):
            self.journal.text(cells, key)
        if found is not None:
            return found
        if isinstance(key, str) and (other := self._in_place_of(cells, key)) is not None:
            return other
        return self._missing(cells, key)

    def _in_place_of(self, cells: Cells, key: str) -> Value | None:
        """What a member of a union is that was not set, where another one was."""
        for rival in self.rivals(cells.type, key):
            if not _is_set(cells.values.get(rival)):
                continue
            kind, other = (self.resolved(self.member(cells.type, one)) for one in (key, rival))
            if self._is_direct(cells.type, key, rival) and kind is not None and kind == other:
                return self.load(cells, rival)
            at = cells.places.get(rival, cells.at)
            return Unknown(f"a union has {rival} set, not {key}", at)
        return None

    def forced(self, later: Later) -> Value:
        """A value that is not worked out yet."""
        depth = self._depth
        try:
            return self.initial(later.value, later.type, later.scope)
        except RecursionError:
            self._depth = depth
            return Unknown("it is nested too deep", later.value.at)

    def _is_direct(self, kind: Type | None, *names: str) -> bool:
        """Whether members are those of a union itself, not of a structure in it."""
        if not isinstance(kind, Record) or not kind.union:
            return False
        return set(names) <= {name for name, _ in self.members(kind) or ()}

    def _missing(self, cells: Cells, key: Key) -> Value:
        if not cells.filled:
            return Unknown("it has no value yet", cells.at)
        if isinstance(cells.type, ArrayOf):
            if not isinstance(key, int):
                return Unknown(f"a table has no member {key}", cells.at)
            if key < 0 or (cells.length is not None and key >= cells.length):
                return Unknown(f"index {key} is past the end of a table", cells.at)
        if isinstance(key, str) and self._is_untold(cells):
            return Unknown("which value is which member is not known: no header says", cells.at)
        kind = self.resolved(self.member(cells.type, key))
        if self.settable and isinstance(kind, PointerTo) and not _is_text(kind):
            return Unknown("it may be set at run time", cells.at)
        value = self._empty(kind, cells.at) if kind is not None else 0
        if isinstance(value, Cells):
            value.within = (cells, key)
            cells.values[key] = value
        return value if not isinstance(value, Later) else 0

    def _is_untold(self, cells: Cells) -> bool:
        """Whether values are in the order of members that no header says."""
        kind = cells.type
        known = isinstance(kind, Record) and self.members(kind) is not None
        return not known and any(isinstance(each, int) for each in cells.values)

    def whole_of(self, value: Value) -> Value:
        """A value with all that is in it worked out, so that copies share what it points to."""
        if isinstance(value, Cells):
            for key in [*value.values]:
                self.whole_of(self.load(value, key))
        return value

    def store(self, place: Place, value: Value) -> None:
        """Sets a value."""
        cells, key = place
        kind = self.resolved(self.type_at(cells, key))
        one = copied(self.whole_of(as_stored(value, kind)))
        if isinstance(one, Cells):
            one.within = (cells, key)
        if cells.doubt is None:
            self._take_union(cells, key)
            self.journal.note(cells, key)
            cells.values[key] = one

    def _take_union(self, cells: Cells, key: Key) -> None:
        """Members of unions lose their values where what is stored takes their place."""
        above: Place | None = (cells, key)
        while above is not None:
            for rival in self.rivals(above[0].type, above[1]):
                self.journal.note(above[0], rival)
                above[0].values.pop(rival, None)
            above = above[0].within

    def may_change(self, places: Iterable[Place], why: Unknown) -> None:
        """What is in some places may be something else now."""
        for cells, key in places:
            before = cells.values.get(key)
            if isinstance(before, Cells):
                self.journal.doubt(before, why)
            else:
                self.journal.note(cells, key)
                cells.values[key] = why

    def given_away(self, value: Value, why: Unknown) -> None:
        """What a pointer or table leads to may be something else now."""
        for one in value.values if isinstance(value, Choice) else (value,):
            if isinstance(one, Cells) and not isinstance(one.type, Record):
                if not _is_constant(one, 0):
                    self.journal.doubt(one, why)
            elif isinstance(one, Pointer) and not _is_constant(one.to, one.key):
                if isinstance(one.to.type, ArrayOf):
                    self.journal.doubt(one.to, why)
                else:
                    self.may_change([(one.to, one.key)], why)

    def type_at(self, cells: Cells, key: Key) -> Type | None:
        """The type of what is in a table or structure."""
        if cells.kinds is not None and isinstance(key, str):
            return cells.kinds.get(key)
        if cells is self._globals and isinstance(key, str):
            return self.known.variables[key].type if key in self.known.variables else None
        return self.member(cells.type, key)


def _doubt(cells: Cells, key: Key) -> Unknown | None:
    """Why it is not known what is in a place, from what is around it."""
    above: Cells | None = cells
    way = [key]
    while above is not None:
        if above.doubt is not None:
            return above.doubt
        if above.unsure is not None:
            for step in way:
                if step in above.unsure:
                    return above.unsure[step]
        if above.within is None:
            return None
        above, step = above.within
        way.append(step)
    return None


def _is_constant(cells: Cells, key: Key) -> bool:
    while cells.within is not None:
        cells, key = cells.within
    return cells.constants is not None and key in cells.constants


def _is_set(value: Value | Later | None) -> bool:
    """Whether something was put there, and not only looked at."""
    if isinstance(value, Cells):
        return value.doubt is not None or any(map(_is_set, value.values.values()))
    return value is not None


def _is_text(kind: PointerTo) -> bool:
    return isinstance(kind.target, Integer) and kind.target.name.endswith("char")
