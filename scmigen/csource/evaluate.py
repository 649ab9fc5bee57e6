"""The value of expressions of a source."""

from collections.abc import Callable, Mapping

from scmigen.csource.arithmetic import OPERATORS, chosen, combined, signed
from scmigen.csource.cursor import SyntaxProblemError
from scmigen.csource.declarations import Parser
from scmigen.csource.expressions import ASSIGNMENTS
from scmigen.csource.integers import Untyped
from scmigen.csource.limits import MAX_ELEMENTS, Budget
from scmigen.csource.objects import Objects, Place
from scmigen.csource.statements import body_of
from scmigen.csource.stored import as_stored
from scmigen.csource.tokens import Token
from scmigen.csource.tree import (
    ArrayOf,
    Binary,
    Block,
    Call,
    Cast,
    Compound,
    Conditional,
    Expression,
    Function,
    Index,
    Integer,
    Member,
    Name,
    Number,
    Record,
    SizeOf,
    Text,
    Unary,
)
from scmigen.csource.values import (
    Cells,
    Choice,
    FunctionName,
    Pointer,
    Scope,
    Size,
    Unknown,
    Value,
    first_unknown,
)

#: Calls a function with arguments.
Caller = Callable[[str, tuple[Value, ...], Token], Value]


class Evaluator(Objects):
    """Works out values of one source."""

    def __init__(self, parser: Parser, budget: Budget, caller: Caller) -> None:
        super().__init__(parser, budget)
        self._caller = caller
        self._bodies: dict[Token, Block | SyntaxProblemError] = {}

    def body(self, function: Function) -> Block:
        """The statements of a function. Raises `SyntaxProblemError`."""
        if function.at not in self._bodies:
            try:
                self._bodies[function.at] = body_of(function, self.parser)
            except SyntaxProblemError as problem:
                self._bodies[function.at] = problem
        body = self._bodies[function.at]
        if isinstance(body, SyntaxProblemError):
            raise body
        return body

    # Places.

    def place(self, expression: Expression, scope: Scope | None = None) -> Place | Unknown:
        """Where the value of an expression is."""
        if isinstance(expression, Name):
            found = self.object(expression.name, scope)
            return found or Unknown(f"{expression.name} is not known here", expression.at)
        if isinstance(expression, Cast):
            return self.place(expression.operand, scope)
        if isinstance(expression, Unary) and expression.operator == "*":
            return self.target(self.value(expression.operand, scope), 0, expression.at)
        if isinstance(expression, Index):
            index = self.value(expression.index, scope)
            if not isinstance(index, int):
                return _or(index, "the index is not a number", expression.at)
            return self.target(self._indexed(expression.of, scope), index, expression.at)
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

    def _indexed(self, expression: Expression, scope: Scope | None) -> Value:
        """The value of an expression, where a string in a table of characters is that table."""
        value = self.value(expression, scope)
        if not isinstance(value, str) or not isinstance(expression, Name | Index | Member):
            return value
        kind = self.resolved(self.type_of(expression, scope))
        place = self.place(expression, scope)
        if not isinstance(kind, ArrayOf) or isinstance(place, Unknown):
            return value
        cells = self._characters_of(value, kind, expression.at)
        cells.within = place
        if kind.length is not None:
            length = self.length(kind)
            cells.length = length if isinstance(length, int) else None
        place[0].values[place[1]] = cells
        return cells

    def _characters_of(self, text: str, kind: ArrayOf, at: Token) -> Cells:
        """A string as a table of characters."""
        cells = Cells(kind, at, length=len(text) + 1)
        if not text.isascii() or len(text) > MAX_ELEMENTS:
            cells.doubt = Unknown("the bytes of such a text are not told", at)
            return cells
        self.budget.step(len(text) // 8)
        cells.values.update((place, ord(each)) for place, each in enumerate(text))
        return cells

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
        if isinstance(value, str):
            return self._characters_of(value, ArrayOf(Integer("char", 1), None), at), offset
        if isinstance(value, Choice):
            return Unknown("which table it is, is known at run time", value.at)
        return _or(value, "it is no pointer to something that is known", at)

    # Expressions.

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
            if isinstance(table, str) and table.isascii():
                return self.times(len(table) + 1, self.size(kind.element, of.at), of.at)
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
            found = signed(operator, value)
            return _no_result(operator, expression.at) if found is None else found
        return _or(value, f"{operator} of no number", expression.at)

    def _step(self, expression: Unary, scope: Scope | None) -> Value:
        place = self.place(expression.operand, scope)
        if isinstance(place, Unknown):
            self._set_somewhere(expression.operand, scope, place)
            return place
        before = self.load(*place)
        change = 1 if expression.operator.endswith("++") else -1
        after = self._combine("+", before, change, expression.at)
        self.store(place, after)
        return before if expression.operator.startswith("p") else self.load(*place)

    def _conditional(self, expression: Conditional, scope: Scope | None) -> Value:
        condition = self.truth(self.value(expression.condition, scope), expression.at)
        if isinstance(condition, Unknown):
            self._maybe(expression.yes, scope, condition)
            self._maybe(expression.no, scope, condition)
            return condition
        branches = (expression.yes, expression.no)
        value = self.value(branches[not condition], scope)
        return self._of_both(value, branches[condition], scope) if isinstance(value, int) else value

    def _of_both(self, value: int, unused: Expression, scope: Scope | None) -> Value:
        """A number of ``?:``, whose type is that of both together."""
        other = Unknown("it is not run") if _changes(unused) else self.value(unused, scope)
        if not isinstance(other, int):
            return Untyped(value)
        found = chosen(value, other)
        return _no_result("?:", unused.at) if found is None else found

    def _maybe(self, expression: Expression, scope: Scope | None, why: Unknown) -> None:
        """What an expression sets that is worked out or not."""
        if not _changes(expression):
            return
        self.journal.begin()
        try:
            self.value(expression, scope)
        finally:
            places = self.journal.undo()
        self.may_change(places, why)

    def _set_somewhere(self, target: Expression, scope: Scope | None, why: Unknown) -> None:
        """Something is set that is not known which: all that it may be is not known."""
        match target:
            case Cast(operand=inner) | Member(of=inner, arrow=False):
                self._set_somewhere(inner, scope, why)
            case Index(of=inner) | Member(of=inner) | Unary(operator="*", operand=inner):
                self.given_away(self.value(inner, scope), why)

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
                self._maybe(expression.right, scope, holds)
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
            self._set_somewhere(expression.left, scope, place)
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
            return _no_result(operator, at) if value is None else value
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
        arguments = tuple(self._indexed(each, scope) for each in expression.arguments)
        if not isinstance(name, FunctionName):
            return _or(name, "which function it is, is known at run time", expression.at)
        return self._caller(name.name, arguments, expression.at)


def _changes(expression: Expression) -> bool:
    """Whether an expression may set something."""
    match expression:
        case Call() | Unary(operator="++" | "--" | "p++" | "p--"):
            return True
        case Binary(operator=operator, left=left, right=right):
            return operator in ASSIGNMENTS or _changes(left) or _changes(right)
        case Conditional(condition=condition, yes=yes, no=no):
            return any(map(_changes, (condition, yes, no)))
        case Unary(operand=inner) | Cast(operand=inner) | Member(of=inner):
            return _changes(inner)
        case Index(of=inner, index=index):
            return _changes(inner) or _changes(index)
    return False


def _no_result(operator: str, at: Token) -> Unknown:
    return Unknown(f"{operator} has no result here, or another one on another target", at)


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
