"""The value of expressions and of the objects of a source."""

from collections.abc import Callable, Mapping
from typing import Protocol

from scmigen.csource.arithmetic import OPERATORS, SIGNS, combined
from scmigen.csource.cursor import Cursor, SyntaxProblemError
from scmigen.csource.declarations import Parser
from scmigen.csource.initialise import Filler, as_stored
from scmigen.csource.limits import Budget
from scmigen.csource.texts import Texts
from scmigen.csource.tokens import Token
from scmigen.csource.tree import (
    ArrayOf,
    Binary,
    Braces,
    Call,
    Cast,
    Compound,
    Conditional,
    Expression,
    Index,
    Initialiser,
    Integer,
    Member,
    Name,
    Number,
    PointerTo,
    Record,
    SizeOf,
    Text,
    Type,
    Unary,
)
from scmigen.csource.values import (
    Cells,
    Choice,
    FunctionName,
    Key,
    Later,
    Pointer,
    Scope,
    Size,
    Unknown,
    Value,
    copied,
    first_unknown,
)

#: Calls a function with arguments.
Caller = Callable[[str, tuple[Value, ...], Token], Value]
Place = tuple[Cells, Key]


class Other(Protocol):
    """Another source."""

    @property
    def evaluator(self) -> "Evaluator":
        """What works out its values."""


Elsewhere = Callable[[str], Other | None]


class Evaluator(Texts):
    """Works out values of one source."""

    def __init__(self, parser: Parser, budget: Budget, caller: Caller) -> None:
        super().__init__(parser.known)
        self.parser = parser
        self.budget = budget
        #: Whether a pointer to no text that no initialiser gives may be set at run time.
        self.settable = False
        #: The source that defines an object which is only declared here.
        self.elsewhere: Elsewhere = lambda _: None
        #: Headers that the source wants and that are not there.
        self.absent = ""
        self._caller = caller
        self._globals = Cells(None, filled=False)
        self._enumerators: dict[str, Value] = {}
        self._depth = 0

    # Names.

    def named(self, name: str, at: Token, scope: Scope | None = None) -> Value:
        """The value of an object, enumerator or function."""
        place = self._object(name, scope)
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
            self._enumerators[name] = base + found.offset if isinstance(base, int) else base
        return self._enumerators[name]

    def _object(self, name: str, scope: Scope | None) -> Place | None:
        while scope is not None:
            if name in scope.types:
                return scope.cells, name
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
        return self._globals, name

    def _outside(self, name: str) -> Place | None:
        """Where an object of another source is."""
        unit = self.elsewhere(name)
        other = None if unit is None else unit.evaluator
        return None if other is None or other is self else other._object(name, None)

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
        scope.cells.places[name] = at
        if value is None:
            scope.cells.values[name] = self._empty(kind, at, filled=False)
        else:
            scope.cells.values[name] = copied(self.whole_of(self.initial(value, kind, scope)))

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
        if cells.doubt is not None:
            return cells.doubt
        found = cells.values.get(key)
        if isinstance(found, Later):
            if found.started:
                return Unknown("it is defined by itself", found.value.at)
            found.started = True
            cells.origins[key] = found.value
            self.budget.step()
            value = found.maker.forced(found)
            if isinstance(value, Cells):
                value.within = value.within or (cells, key)
            cells.values[key] = value
            return value
        if found is not None:
            return found
        return self._missing(cells, key)

    def forced(self, later: Later) -> Value:
        """A value that is not worked out yet."""
        depth = self._depth
        try:
            return self.initial(later.value, later.type, later.scope)
        except RecursionError:
            self._depth = depth
            return Unknown("it is nested too deep", later.value.at)

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
            cells.values[key] = one

    def type_at(self, cells: Cells, key: Key) -> Type | None:
        """The type of what is in a table or structure."""
        if cells is self._globals and isinstance(key, str):
            return self.known.variables[key].type if key in self.known.variables else None
        return self.member(cells.type, key)

    # Places.

    def place(self, expression: Expression, scope: Scope | None = None) -> Place | Unknown:
        """Where the value of an expression is."""
        if isinstance(expression, Name):
            found = self._object(expression.name, scope)
            return found or Unknown(f"{expression.name} is not known here", expression.at)
        if isinstance(expression, Cast):
            return self.place(expression.operand, scope)
        if isinstance(expression, Unary) and expression.operator == "*":
            return self.target(self.value(expression.operand, scope), 0, expression.at)
        if isinstance(expression, Index):
            index = self.value(expression.index, scope)
            if not isinstance(index, int):
                return _or(index, "the index is not a number", expression.at)
            return self.target(self.value(expression.of, scope), index, expression.at)
        if isinstance(expression, Member):
            return self._member_place(expression, scope)
        if isinstance(expression, Compound):
            box = Cells(None, expression.at)
            box.values[0] = self.initial(expression.body, expression.type, scope)
            box.places[0] = expression.at
            return box, 0
        return Unknown("this has no place", expression.at)

    def _member_place(self, expression: Member, scope: Scope | None) -> Place | Unknown:
        if expression.arrow:
            target = self.target(self.value(expression.of, scope), 0, expression.at)
            if isinstance(target, Unknown):
                return target
            record = self.load(*target)
        else:
            target = self.place(expression.of, scope)
            record = self.value(expression.of, scope)
        if isinstance(record, Cells):
            return record, expression.name
        if isinstance(record, int) and record == 0 and not isinstance(target, Unknown):
            # Memory that is only now used as a structure.
            made = Cells(None, expression.at)
            self.store(target, made)
            kept = target[0].values[target[1]]
            return (kept, expression.name) if isinstance(kept, Cells) else (made, expression.name)
        return _or(record, f"it is no structure with a member {expression.name}", expression.at)

    def target(self, value: Value, offset: int, at: Token) -> Place | Unknown:
        """What is ``offset`` elements behind a pointer or the beginning of a table."""
        if isinstance(value, Cells):
            if isinstance(value.type, Record):
                return Unknown("a structure is used as a pointer", at)
            return value, offset
        if isinstance(value, Pointer):
            if isinstance(value.key, int):
                return value.to, value.key + offset
            return (value.to, value.key) if offset == 0 else Unknown("a pointer past one", at)
        if isinstance(value, Choice):
            return Unknown("which table it is, is known at run time", value.at)
        return _or(value, "it is no pointer to something that is known", at)

    # Expressions.

    def whole(self, expression: Expression, scope: Scope | None = None) -> Value:
        """The value of an expression that should be a number."""
        return self.value(expression, scope)

    def value(self, expression: Expression, scope: Scope | None = None) -> Value:
        """The value of an expression."""
        self._depth += 1
        if self._depth > 300:
            self._depth -= 1
            return Unknown("it is nested too deep", expression.at)
        self.budget.step()
        found = _VALUES[type(expression)](self, expression, scope)
        self._depth -= 1
        return found

    def _number(self, expression: Number, _: Scope | None) -> Value:
        return expression.value

    def _text(self, expression: Text, _: Scope | None) -> Value:
        return expression.value

    def _name(self, expression: Name, scope: Scope | None) -> Value:
        return self.named(expression.name, expression.at, scope)

    def _at_place(self, expression: Expression, scope: Scope | None) -> Value:
        place = self.place(expression, scope)
        return place if isinstance(place, Unknown) else self.load(*place)

    def _compound(self, expression: Compound, scope: Scope | None) -> Value:
        return self.initial(expression.body, expression.type, scope)

    def _cast(self, expression: Cast, scope: Scope | None) -> Value:
        value = self.value(expression.operand, scope)
        return as_stored(value, self.resolved(expression.type))

    def _sizeof(self, expression: SizeOf, scope: Scope | None) -> Value:
        of = expression.of
        if isinstance(of, Name | Index | Member | Unary | Cast | Compound):
            return self._size_of_value(of, scope)
        if isinstance(of, Text):
            return len(of.value) + 1
        if isinstance(of, Number | Binary | Conditional | SizeOf | Call):
            return Unknown("the size of a result is not worked out", expression.at)
        return self.size(of, expression.at)

    def _size_of_value(self, of: Expression, scope: Scope | None) -> Value:
        kind = self.resolved(self.type_of(of, scope))
        if isinstance(kind, ArrayOf) and kind.length is None:
            table = self.value(of, scope)
            if not isinstance(table, Cells) or table.length is None:
                return _or(table, "its length is not known", of.at)
            if table.doubt is not None:
                return table.doubt
            return self.times(table.length, self.size(kind.element, of.at), of.at)
        if kind is None:
            return Unknown("the size of a type that is not known", of.at)
        return self.size(kind, of.at)

    def _unary(self, expression: Unary, scope: Scope | None) -> Value:
        operator = expression.operator
        if operator == "&":
            if isinstance(expression.operand, Name) and expression.operand.name not in (
                self.known.variables
            ):
                named = self.value(expression.operand, scope)
                if isinstance(named, FunctionName):
                    return named
            place = self.place(expression.operand, scope)
            return place if isinstance(place, Unknown) else Pointer(*place)
        if operator == "*":
            return self._at_place(expression, scope)
        if operator in ("++", "--", "p++", "p--"):
            return self._step(expression, scope)
        value = self.value(expression.operand, scope)
        if operator == "!" and isinstance(value, Pointer | Cells | str | FunctionName):
            return 0
        if isinstance(value, int):
            return SIGNS[operator](value)
        return _or(value, f"{operator} of no number", expression.at)

    def _step(self, expression: Unary, scope: Scope | None) -> Value:
        place = self.place(expression.operand, scope)
        if isinstance(place, Unknown):
            return place
        before = self.load(*place)
        change = 1 if expression.operator.endswith("++") else -1
        after = self._combine("+", before, change, expression.at)
        self.store(place, after)
        return before if expression.operator.startswith("p") else self.load(*place)

    def _conditional(self, expression: Conditional, scope: Scope | None) -> Value:
        condition = self.truth(self.value(expression.condition, scope), expression.at)
        if isinstance(condition, Unknown):
            return condition
        return self.value(expression.yes if condition else expression.no, scope)

    def truth(self, value: Value, at: Token) -> bool | Unknown:
        """Whether a condition holds."""
        if isinstance(value, int):
            return value != 0
        if isinstance(value, Pointer | Cells | str | FunctionName):
            return True
        return _or(value, "whether it holds is known at run time", at)

    def _binary(self, expression: Binary, scope: Scope | None) -> Value:
        operator = expression.operator
        if operator == ",":
            self.value(expression.left, scope)
            return self.value(expression.right, scope)
        if operator == "=" or (operator[-1] == "=" and operator not in OPERATORS):
            return self._assign(expression, scope)
        left = self.value(expression.left, scope)
        if operator in ("&&", "||"):
            holds = self.truth(left, expression.at)
            if isinstance(holds, Unknown):
                return holds
            if holds == (operator == "||"):
                return int(holds)
            other = self.truth(self.value(expression.right, scope), expression.at)
            return other if isinstance(other, Unknown) else int(other)
        return self._combine(operator, left, self.value(expression.right, scope), expression.at)

    def _assign(self, expression: Binary, scope: Scope | None) -> Value:
        place = self.place(expression.left, scope)
        value = self.value(expression.right, scope)
        if isinstance(place, Unknown):
            return place
        if expression.operator != "=":
            before = self.load(*place)
            value = self._combine(expression.operator[:-1], before, value, expression.at)
        self.store(place, value)
        place[0].places[place[1]] = expression.right.at
        return value

    def _combine(self, operator: str, left: Value, right: Value, at: Token) -> Value:
        unknown = first_unknown(left, right)
        if unknown is not None:
            return unknown
        if isinstance(left, int) and isinstance(right, int):
            value = combined(operator, left, right)
            return Unknown(f"{operator} has no result here", at) if value is None else value
        if isinstance(left, Size) or isinstance(right, Size):
            return self.sized(operator, left, right, at)
        if operator in ("==", "!="):
            return self._equal(left, right, operator == "!=", at)
        if operator in ("+", "-") and isinstance(right, int) and isinstance(left, Pointer | Cells):
            place = self.target(left, right if operator == "+" else -right, at)
            return place if isinstance(place, Unknown) else Pointer(*place)
        return Unknown(f"{operator} of what are no numbers", at)

    def _equal(self, left: Value, right: Value, negated: bool, at: Token) -> Value:
        for one, other in ((left, right), (right, left)):
            if isinstance(one, Pointer | Cells | str | FunctionName) and other == 0:
                return int(negated)
        return Unknown("whether they are equal is known at run time", at)

    def _call(self, expression: Call, scope: Scope | None) -> Value:
        if isinstance(expression.of, Name):
            name: Value = FunctionName(expression.of.name)
        else:
            name = self.value(expression.of, scope)
        arguments = tuple(self.value(each, scope) for each in expression.arguments)
        if not isinstance(name, FunctionName):
            return _or(name, "which function it is, is known at run time", expression.at)
        return self._caller(name.name, arguments, expression.at)


def _is_text(kind: PointerTo) -> bool:
    return isinstance(kind.target, Integer) and kind.target.name.endswith("char")


def _or(value: Value, otherwise: str, at: Token | None) -> Unknown:
    return value if isinstance(value, Unknown) else Unknown(otherwise, at)


# Of each kind of expression, how its value is found.
_VALUES: Mapping[type, Callable[..., Value]] = {
    Number: Evaluator._number,
    Text: Evaluator._text,
    Name: Evaluator._name,
    Index: Evaluator._at_place,
    Member: Evaluator._at_place,
    Compound: Evaluator._compound,
    Cast: Evaluator._cast,
    SizeOf: Evaluator._sizeof,
    Unary: Evaluator._unary,
    Binary: Evaluator._binary,
    Conditional: Evaluator._conditional,
    Call: Evaluator._call,
}
