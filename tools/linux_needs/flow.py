"""What an expression may be: followed backwards through variables, members, parameters and returns.

One :class:`Flow` answers for one compatible. A value is a final expression (a string, a number, a
call of a function that is not followed, an initialiser, a name) with the frame it stands in, and
whether it is the only choice.
"""

import re
from collections.abc import Callable, Iterator

from .calls import BULK, FORMATS, MATCH_DATA, SAME, get
from .ir import UNKNOWN, Expr, Function, Variable, every, identifiers
from .matches import Match
from .places import Assigned, Frame, Key, Places, fields_of
from .reach import Reach
from .source import Source
from .values import Value, computed

_DEPTH = 24
_MANY = 64
_STEPS = 20_000
_FEW = 8
_CONVERSION = re.compile(r"%[0-9.]*(?:l|ll|z|h)?([sdiux])")


class Flow:
    """Values of expressions within what one compatible reaches."""

    def __init__(self, source: Source, match: Match, reach: Reach) -> None:
        self.source = source
        self.match = match
        self.reach = reach
        self.places = Places(source, reach)
        #: What :func:`guards.truth` says of a condition.
        self.decide: Callable[[Flow, Frame, Expr], str] | None = None
        #: What :func:`guards.truth` found.
        self.truths: dict[tuple[Expr, Frame], str] = {}
        self.lives: dict[Function, str] = {}  #: what :func:`guards.lives` found
        self.steps = 0  #: since the question was put; a question has a bound
        self._variants: frozenset[tuple[str, str]] | None = None

    def variants(self) -> frozenset[tuple[str, str]]:
        """The types of the tables that the entries of this driver carry."""
        if self._variants is None:
            found = set()
            for name in identifiers(self.match.data):
                variable = self.source.variable(self.match.path, name)
                place = (
                    None if variable is None else self.source.struct(variable.path, variable.type)
                )
                if variable is not None and place is not None:
                    found.add((place[0], variable.type))
            self._variants = frozenset(found)
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
        """The texts that a format makes; a number that is not known is any of the first few."""
        if not arguments or arguments[0][0] != "str":
            return
        pieces = _CONVERSION.split(arguments[0][1])
        texts, sure = [pieces[0]], True
        for at, (kind, rest) in enumerate(zip(pieces[1::2], pieces[2::2], strict=True), 1):
            given = self.values(arguments[at], frame, seen) if at < len(arguments) else []
            if kind == "s":
                choices = [value.expr[1] for value in given if value.expr[0] == "str"]
            else:
                choices = [str(value.expr[1]) for value in given if value.expr[0] == "num"]
                if not choices or any(
                    value.expr == UNKNOWN for value in given
                ):  # one for each channel of the device
                    choices = [str(number) for number in range(_FEW)]
            sure = sure and (len(choices) == 1 or kind != "s")
            texts = [text + choice + rest for text in texts for choice in choices][:_MANY]
        for text in texts:
            if len(texts) == 1 or not self.source.names or text in self.source.names:
                yield Value(("str", text), frame, sure)

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
            if self._counts(("id", name), frame):
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
            if inits:
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

    def _is_data(self, base: Expr, frame: Frame) -> bool:
        """Whether an expression may be a table of the driver, rather than memory that it fills."""
        _, tag = self.places.type(base, frame)
        return tag in BULK or any(
            variable.type == tag for variable in self.reach.variables.values()
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
        loop = number is None and self._counts(index, frame)
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
        sure, within = True, _in(assigned.frame, frame)
        for given, asked in zip(assigned.indices, indices, strict=False):
            at = None if frame is None else self._index(asked, frame, seen)
            own = self.number(given, within, seen)
            if at is not None and own is not None:
                if at != own:
                    return
            elif at is not None and given[0] == "id":
                within = Frame(
                    within.function,
                    within.path,
                    within.arguments,
                    within.caller,
                    (*within.bound, (given[1], at)),
                )
            elif at is not None and own is None and given[0] == "asg":
                sure = False  # a counter
            elif at is None and frame is not None:
                sure = sure and self._counts(asked, frame)
        rest = indices[len(assigned.indices) :]
        event = assigned.event
        passed = () if event is None else ((within, event),)
        for value in self.values(assigned.value, within, seen):
            values: Iterator[Value] | list[Value] = [value]
            for asked in rest:
                at = None if frame is None else self.number(asked, frame, seen)
                if value.expr[0] == "init":
                    loop = at is None and frame is not None and self._counts(asked, frame)
                    values = self._elements(value, at, loop, seen)
            for one in values:
                yield Value(one.expr, one.frame, one.sure and sure, one.guarded + passed)

    def number(self, expr: Expr, frame: Frame, seen: frozenset[object] = frozenset()) -> int | None:
        """The one number that an expression is, None where it is none or several."""
        if expr[0] == "num":
            return int(expr[1])
        if (
            expr[0] == "id"
            and self._counts(expr, frame)
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
        if self._counts(expr, frame):
            return True
        elements = [one for value, _ in self.assigned(expr, frame) for one in every(value)]
        return any(one[0] == "idx" and self._counts(one[2], frame) for one in elements)

    def numbers(self, expr: Expr, frame: Frame, seen: frozenset[object]) -> set[int]:
        """The numbers that an expression may be, if it is nothing else and they are a few."""
        found = self.values(expr, frame, seen)
        numbers = {int(value.expr[1]) for value in found if value.expr[0] == "num"}
        whole = all(value.expr[0] == "num" for value in found)
        few = whole and 1 < len(numbers) <= _FEW
        return {number for number in numbers if number >= 0} if few else set()

    def _counts(self, expr: Expr, frame: Frame) -> bool:
        """Whether an expression is a variable that a loop of its function counts up."""
        if expr[0] != "id" or frame.function is None:
            return False
        return any(
            event.kind == "asg" and event.left == expr and event.right == UNKNOWN
            for event in frame.function.events
        )


def _in(assigned: Frame, frame: Frame | None) -> Frame:
    """The frame of an assignment, called as the frame is that asks for a variable of its own."""
    if frame is None:
        return assigned
    if assigned.function is frame.function:
        return frame
    caller = assigned.caller
    if caller is not None and caller.function is frame.function:
        return Frame(assigned.function, assigned.path, assigned.arguments, frame, assigned.bound)
    return assigned
