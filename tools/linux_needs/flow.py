"""What an expression may be: followed backwards through variables, members, parameters and returns.

One :class:`Flow` answers for one compatible. A value is a final expression (a string, a number, a
call of a function that is not followed, an initialiser, a name) with the frame it stands in, and
whether it is the only choice.
"""

from collections.abc import Callable, Iterator

from . import formats
from .calls import BULK, FORMATS, MATCH_DATA, SAME, get
from .ir import UNKNOWN, Event, Expr, Function, Guard, Variable, every
from .matches import Match
from .places import (
    Assigned,
    Frame,
    Key,
    Places,
    called_from,
    counts,
    fields_of,
    first_of_counter,
    in_turn,
)
from .reach import Reach
from .source import Source
from .values import Value, computed
from .variants import types

_DEPTH = 24
_MANY = 64
_STEPS = 20_000
_FEW = 8


class Flow:
    """Values of expressions within what one compatible reaches."""

    def __init__(self, source: Source, match: Match, reach: Reach) -> None:
        self.source = source
        self.match = match
        self.reach = reach
        self.places = Places(source, reach)
        #: What :func:`guards.truth` says of a condition.
        self.decide: Callable[[Flow, Frame, Expr], str] | None = None
        #: :func:`loops.unrolled`.
        self.unrolled: Callable[[Flow, Frame, Event], list[Frame]] | None = None
        #: What :func:`guards.holds` says of conditions.
        self.holds: Callable[[Flow, Frame, tuple[Guard, ...]], str] | None = None
        #: The calls that took the handle that the question is about.
        self.own: frozenset[Expr] = frozenset()
        #: The calls that took other handles which the change is made with, such as a parent.
        self.others: frozenset[Expr] = frozenset()
        self.depends: dict[tuple[object, ...], str] = {}  #: what :func:`conditions.depends` found
        #: What :func:`guards.truth` found.
        self.truths: dict[tuple[Expr, Frame], str] = {}
        #: What :func:`guards.lives` found.
        self.lives: dict[
            tuple[Function, frozenset[Expr]], frozenset[frozenset[tuple[object, ...]]]
        ] = {}
        self.asked = self.nested = 0  #: how far :func:`conditions.depends` went
        self.steps = 0  #: since the question was put; a question has a bound
        self._variants: frozenset[tuple[str, str]] | None = None

    def variants(self) -> frozenset[tuple[str, str]]:
        """The types of the tables that the entries of this driver carry, and of those in them."""
        if self._variants is None:
            self._variants = types(self.source, self.places, self.match)
        return self._variants

    def assigned(self, expr: Expr, frame: Frame) -> list[tuple[Expr, Frame]]:
        """What is assigned to the place that an expression names, and where."""
        return [
            (one.value, one.frame)
            for one in self.places.assigned.get(self.places.key(expr, frame)[0], ())
        ]

    # --- values --------------------------------------------------------------------------------

    def values(
        self, expr: Expr, frame: Frame, seen: frozenset[object] = frozenset()
    ) -> list[Value]:
        """All that an expression may be."""
        mark = (expr, frame)
        if mark in seen or len(seen) > _DEPTH:
            return []
        seen = seen | {mark}
        self.steps += 1
        if self.steps > _STEPS:
            return []
        found: dict[Value, None] = {}
        for value in self._values(expr, frame, seen):
            found[value] = None
            if len(found) >= _MANY:
                break
        return list(found)

    def _values(self, expr: Expr, frame: Frame, seen: frozenset[object]) -> Iterator[Value]:
        form = expr[0]
        if form in ("str", "num", "init"):
            yield Value(expr, frame)
        elif form == "cast":
            yield from self.values(expr[2], frame, seen)
        elif form == "asg" and expr[1] == "=":
            yield from self.values(expr[3], frame, seen)
        elif form == "cond":
            yield from self._conditional(expr, frame, seen)
        elif form == "bin":
            yield from self._binary(expr, frame, seen)
        elif form == "call":
            yield from self._of_call(expr, frame, seen)
        elif form == "id":
            yield from self._of_name(expr[1], frame, seen)
        elif form == "field":
            yield from self._of_member(expr, frame, seen)
        elif form == "idx":
            yield from self._of_element(expr[1], expr[2], frame, seen)
        elif form == "deref":
            yield from self._of_pointed(expr[1], frame, seen)
        elif form == "addr":
            yield from self._of_address(expr, frame, seen)

    def _conditional(self, expr: Expr, frame: Frame, seen: frozenset[object]) -> Iterator[Value]:
        first = expr[1] if expr[2] is None else expr[2]
        decided = "" if self.decide is None else self.decide(self, frame, expr[1])
        if decided in ("yes", "no"):
            yield from self.values(first if decided == "yes" else expr[3], frame, seen)
            return
        one = self.values(first, frame, seen)
        other = self.values(expr[3], frame, seen)
        both = bool(one) and bool(other)
        yield from (value.less(not both) for value in (*one, *other))

    def _binary(self, expr: Expr, frame: Frame, seen: frozenset[object]) -> Iterator[Value]:
        operator = expr[1]
        if operator == ",":
            yield from self.values(expr[3], frame, seen)
            return
        one, other = self.values(expr[2], frame, seen), self.values(expr[3], frame, seen)
        numbers = [[v for v in side if v.expr[0] == "num"] for side in (one, other)]
        if len(numbers[0]) == 1 and len(numbers[1]) == 1:
            result = computed(operator, numbers[0][0].expr[1], numbers[1][0].expr[1])
            if result is not None:
                yield Value(("num", result), frame, numbers[0][0].sure and numbers[1][0].sure)
        elif operator == "+" and any(v.expr[0] == "init" for v in one):
            yield from one

    def _of_call(self, expr: Expr, frame: Frame, seen: frozenset[object]) -> Iterator[Value]:
        if expr[1][0] == "id":
            yield from self._of_named_call(expr, frame, seen)
            return
        for value in self.values(expr[1], frame, seen):
            if value.expr[0] == "id":
                for function in self.source.defined(value.frame.path, value.expr[1]):
                    yield from self._returns(function, expr[2], frame, seen)

    def _of_named_call(self, expr: Expr, frame: Frame, seen: frozenset[object]) -> Iterator[Value]:
        name, arguments = expr[1][1], expr[2]
        if name in MATCH_DATA:
            yield from self.values(self.match.data, Frame(None, self.match.path), seen)
        elif get(name) is not None:
            yield Value(expr, frame)
        elif name in SAME and len(arguments) > SAME[name]:
            yield from self.values(arguments[SAME[name]], frame, seen)
        elif name in FORMATS:
            yield from self._format(arguments[FORMATS[name][1] :], frame, seen)
        elif name == "ARRAY_SIZE" and len(arguments) == 1:
            for value in self.values(arguments[0], frame, seen):
                if value.expr[0] == "init":
                    yield Value(("num", len(value.expr[1])), frame, value.sure)
        elif name == "BIT" and len(arguments) == 1:
            yield from self._bit(arguments[0], frame, seen)
        else:
            functions = self.source.defined(frame.path, name)
            reached = [one for one in functions if (one.path, one.name) in self.reach.functions]
            inner = UNKNOWN if functions else self.source.expanded(frame.path, expr)
            if inner != UNKNOWN:
                yield from self.values(inner, frame, seen)
            elif not reached:
                yield Value(expr, frame)
            for function in reached:
                yield from self._returns(function, arguments, frame, seen)

    def _format(
        self, arguments: tuple[Expr, ...], frame: Frame, seen: frozenset[object]
    ) -> Iterator[Value]:
        """The texts that a format makes."""
        if arguments and arguments[0][0] == "str":
            given = [self.values(one, frame, seen) for one in arguments[1:]]
            for expr, sure in formats.made(arguments[0][1], given, self.source.names):
                yield Value(expr, frame, sure)

    def _bit(self, expr: Expr, frame: Frame, seen: frozenset[object]) -> Iterator[Value]:
        for value in self.values(expr, frame, seen):
            if value.expr[0] == "num" and 0 <= value.expr[1] < 64:
                yield Value(("num", 1 << value.expr[1]), frame, value.sure)

    def _returns(
        self, function: Function, arguments: tuple[Expr, ...], frame: Frame, seen: frozenset[object]
    ) -> Iterator[Value]:
        if frame.depth > 5:
            return
        inner = Frame(function, function.path, arguments, frame)
        for event in function.events:
            if event.kind == "ret" and event.right[0] not in ("?", "num"):
                yield from self.values(event.right, inner, seen)
            elif event.kind == "ret" and event.right[0] == "num":
                yield Value(event.right, inner)

    def _of_name(self, name: str, frame: Frame, seen: frozenset[object]) -> Iterator[Value]:
        for bound, number in frame.bound:
            if bound == name:
                yield Value(("num", number), frame)
                return
        function = frame.function
        if function is not None and name in function.variables:
            names = [one for one, _ in function.parameters]
            if counts(("id", name), frame):
                yield Value(UNKNOWN, frame)
            if name in names:
                yield from self._of_parameter(names.index(name), frame, seen)
            yield from self._of_key(("l", function.path, function.name, name), (), frame, seen)
            if name in names:
                yield from self._of_key(("p", function.path, function.name, name), (), frame, seen)
            return
        constant = self.source.constant(frame.path, name)
        if constant != UNKNOWN:
            yield from self.values(constant, Frame(None, frame.path), seen)
            return
        variable = self.source.variable(frame.path, name)
        if variable is not None:
            yield from self._of_variable(variable, seen)
        elif self.source.defined(frame.path, name):
            yield Value(("id", name), frame)

    def _of_variable(self, variable: Variable, seen: frozenset[object]) -> Iterator[Value]:
        if variable.value != UNKNOWN:
            yield from self.values(
                self.places.opened(variable.value, variable.path), Frame(None, variable.path), seen
            )
        yield from self._of_key(("v", variable.path, variable.name), (), None, seen)

    def _of_parameter(self, at: int, frame: Frame, seen: frozenset[object]) -> Iterator[Value]:
        if frame.arguments is not None and frame.caller is not None:
            if at < len(frame.arguments):
                yield from self.values(frame.arguments[at], frame.caller, seen)
            return
        function = frame.function
        if function is None:
            return
        callers, whole = self.places.callers(function)
        if not whole:
            yield Value(UNKNOWN, frame)
        for caller, event in callers:
            if at < len(event.right):
                for value in self.values(event.right[at], caller, seen):
                    passed = (*value.guarded, (caller, event))
                    yield Value(value.expr, value.frame, value.sure, passed)

    def _of_member(self, expr: Expr, frame: Frame, seen: frozenset[object]) -> Iterator[Value]:
        base, name = expr[1], expr[2]
        place, tag = self.places.type(base, frame)
        if tag == "of_device_id" and name == "data":
            yield from self.values(self.match.data, Frame(None, self.match.path), seen)
            return
        if tag in BULK and name == BULK[tag][1]:
            yield Value(("bulk", tag, ("field", base, BULK[tag][2])), frame)
            return
        if tag in BULK and name == BULK[tag][2]:
            yield from self._of_other_array(base, name, frame, seen)
        found = self.source.struct(place, tag) if tag else None
        if found is not None and self._is_data(base, frame):
            inits = [value for value in self.values(base, frame, seen) if value.expr[0] == "init"]
            if inits or self.beyond(base, frame, seen):
                for value in inits:
                    yield from self._project(value, name, found, tag, seen)
                return
        key, indices = self.places.key(expr, frame)
        yield from self._of_key(key, indices, frame, seen)

    def _of_other_array(
        self, base: Expr, name: str, frame: Frame, seen: frozenset[object]
    ) -> Iterator[Value]:
        """The names of an array that was filled as a variable, and then put where it is used."""
        array, index = (base[1], base[2]) if base[0] == "idx" else (base, ("num", 0))
        if array[0] != "field":
            return
        number = self._index(index, frame, seen)
        at: Expr = ("id", "?") if number is None else ("num", number)
        for value, inner in self.assigned(array, frame):
            if value[0] == "id" and inner.function is not None:
                yield from self.values(("field", ("idx", value, at), name), inner, seen)

    def beyond(self, base: Expr, frame: Frame, seen: frozenset[object] = frozenset()) -> bool:
        """Whether an expression is an element of a table, if only one that the table has not."""
        if base[0] != "idx" or self.number(base[2], frame, seen) is None:
            return False
        return any(value.expr[0] == "init" for value in self.values(base[1], frame, seen))

    def _is_data(self, base: Expr, frame: Frame) -> bool:
        """Whether an expression may be a table of the driver, rather than memory that it fills."""
        place, tag = self.places.type(base, frame)
        found = self.source.struct(place, tag) if tag and tag not in BULK else None
        return (
            tag in BULK
            or any(variable.type == tag for variable in self.reach.variables.values())
            or (found is not None and (found[0], tag) in self.variants())
        )

    def _project(
        self,
        value: Value,
        name: str,
        found: tuple[str, dict[str, str]],
        tag: str,
        seen: frozenset[object],
    ) -> Iterator[Value]:
        items = value.expr[1]
        if items and all(
            not isinstance(key, str) and item[0] in ("init", "call") for key, item in items
        ):
            first = self.places.opened(items[0][1], value.frame.path)
            if first[0] == "init" and (
                len(items) > 1 or name not in found[1] or items[0][0] is not None
            ):
                for _, item in items:
                    opened = self.places.opened(item, value.frame.path)
                    if opened[0] == "init":
                        inner = Value(opened, value.frame, value.sure and len(items) == 1)
                        yield from self._project(inner, name, found, tag, seen)
                return
        hit = False
        for one, item in fields_of(found, value.expr):
            if one == name:
                hit = True
                yield from (v.less(value.sure) for v in self.values(item, value.frame, seen))
        if not hit and name in found[1] and not found[1][name]:
            yield Value(("num", 0), value.frame, value.sure)

    def _of_element(
        self, base: Expr, index: Expr, frame: Frame, seen: frozenset[object]
    ) -> Iterator[Value]:
        number = self._index(index, frame, seen)
        loop = number is None and counts(index, frame)
        several = set() if number is not None or loop else self.numbers(index, frame, seen)
        if several:
            for one in sorted(several):
                found = self._of_element(base, ("num", one), frame, seen)
                yield from (value.less(False) for value in found)
            return
        for value in self.values(base, frame, seen):
            if value.expr[0] == "init":
                yield from self._elements(value, number, loop, seen)
        key, indices = self.places.key(("idx", base, index), frame)
        still = base[0] != "id" or not self.loops(base, frame)  # not one of several arrays
        yield from (value.less(still) for value in self._of_key(key, indices, frame, seen))

    def _index(self, index: Expr, frame: Frame, seen: frozenset[object]) -> int | None:
        """The one number that an index is; zero alone may be only where a variable begins."""
        number = self.number(index, frame, seen)
        if number or index[0] != "id" or frame.function is None:
            return number
        local = index[1] in frame.function.variables
        return None if local and index[1] not in dict(frame.bound) else number

    def _elements(
        self, value: Value, number: int | None, loop: bool, seen: frozenset[object]
    ) -> Iterator[Value]:
        if any(isinstance(key, str) for key, _ in value.expr[1]):
            yield value  # one structure, as an array of one
            return
        at = 0
        for key, item in value.expr[1]:
            if isinstance(key, tuple):
                given = self.number(key[1], value.frame, seen)
                at = -1 if given is None else given
            if number is None or at in (number, -1):
                opened = self.places.opened(item, value.frame.path)
                sure = value.sure and (number is not None or loop)
                yield from (v.less(sure) for v in self.values(opened, value.frame, seen))
            at += 1

    def _of_pointed(self, pointer: Expr, frame: Frame, seen: frozenset[object]) -> Iterator[Value]:
        for value in self.values(pointer, frame, seen):
            if value.expr[0] == "init" and not any(
                isinstance(key, str) for key, _ in value.expr[1]
            ):
                yield from self._elements(value, None, False, seen)
            else:
                yield value

    def _of_address(self, expr: Expr, frame: Frame, seen: frozenset[object]) -> Iterator[Value]:
        target = expr[1]
        if target[0] == "id":
            yield from self._of_name(target[1], frame, seen)
        elif target[0] in ("idx", "cast", "field"):
            yield from self.values(target, frame, seen)

    def _of_key(
        self, key: Key, indices: tuple[Expr, ...], frame: Frame | None, seen: frozenset[object]
    ) -> Iterator[Value]:
        """What is assigned to a place, as far as the indices may agree."""
        if key[0] in ("?",) or (key, indices) in seen:
            return
        seen = seen | {(key, indices)}
        for assigned in self.places.assigned.get(key, ()):
            yield from self._of_assigned(assigned, indices, frame, seen)

    def _of_assigned(
        self,
        assigned: Assigned,
        indices: tuple[Expr, ...],
        frame: Frame | None,
        seen: frozenset[object],
    ) -> Iterator[Value]:
        sure, within = True, called_from(assigned.frame, frame)
        for given, asked in zip(assigned.indices, indices, strict=False):
            at = None if frame is None else self._index(asked, frame, seen)
            own = self.number(given, within, seen)
            if at is not None and own is not None:
                if at != own:
                    return
            elif at is not None and given[0] == "id":
                within = in_turn(within, given[1], at)
            elif at is not None and own is None and given[0] == "asg":
                counted = first_of_counter(assigned, given, at)
                if counted == "no":
                    return
                sure = sure and counted == "yes"
            elif at is None and frame is not None:
                if own == 0 and self._never_zero(asked, frame):
                    return
                sure = sure and counts(asked, frame)
        for one in self._turns(assigned, within):
            yield from self._of_turn(assigned, indices, frame, one, sure, seen)

    def _turns(self, assigned: Assigned, within: Frame) -> list[Frame]:
        """The frame once for each turn of the loop that fills an array."""
        event = assigned.event
        if event is None or self.unrolled is None:
            return [within]
        names = {one[1] for one in assigned.indices if one[0] == "id"} - dict(within.bound).keys()
        filled = any(
            guard.condition[0] == "loop" and guard.condition[1][1] in names
            for guard in event.guards
        )
        return self.unrolled(self, within, event) if filled else [within]

    def _of_turn(
        self,
        assigned: Assigned,
        indices: tuple[Expr, ...],
        frame: Frame | None,
        within: Frame,
        sure: bool,
        seen: frozenset[object],
    ) -> Iterator[Value]:
        rest = indices[len(assigned.indices) :]
        event = assigned.event
        passed = () if event is None else ((within, event),)
        for value in self.values(assigned.value, within, seen):
            values: Iterator[Value] | list[Value] = [value]
            for asked in rest:
                at = None if frame is None else self.number(asked, frame, seen)
                if value.expr[0] == "init":
                    loop = at is None and frame is not None and counts(asked, frame)
                    values = self._elements(value, at, loop, seen)
            for one in values:
                yield Value(one.expr, one.frame, one.sure and sure, one.guarded + passed)

    def _never_zero(self, expr: Expr, frame: Frame) -> bool:
        """Whether an index is ``x ? x : 1``, or a parameter that is."""
        if expr[0] == "id" and frame.function is not None and frame.arguments is not None:
            names = [one for one, _ in frame.function.parameters]
            if frame.caller is not None and expr[1] in names[: len(frame.arguments)]:
                return self._never_zero(frame.arguments[names.index(expr[1])], frame.caller)
        if expr[0] != "cond" or expr[2] not in (None, expr[1]):
            return False
        return bool(self.number(expr[3], frame))

    def number(self, expr: Expr, frame: Frame, seen: frozenset[object] = frozenset()) -> int | None:
        """The one number that an expression is, None where it is none or several."""
        if expr[0] == "num":
            return int(expr[1])
        if (
            expr[0] == "id"
            and counts(expr, frame)
            and not any(n == expr[1] for n, _ in frame.bound)
        ):
            return None
        found = {value.expr for value in self.values(expr, frame, seen)}
        if len(found) == 1:
            one = found.pop()
            return int(one[1]) if one[0] == "num" else None
        return None

    def loops(self, expr: Expr, frame: Frame) -> bool:
        """Whether a variable counts up, or points to the element that such a variable selects."""
        if counts(expr, frame):
            return True
        elements = [one for value, _ in self.assigned(expr, frame) for one in every(value)]
        return any(one[0] == "idx" and counts(one[2], frame) for one in elements)

    def numbers(self, expr: Expr, frame: Frame, seen: frozenset[object]) -> set[int]:
        """The numbers that an expression may be, if it is nothing else and they are a few."""
        found = self.values(expr, frame, seen)
        numbers = {int(value.expr[1]) for value in found if value.expr[0] == "num"}
        whole = all(value.expr[0] == "num" for value in found)
        few = whole and 1 < len(numbers) <= _FEW
        return {number for number in numbers if number >= 0} if few else set()
