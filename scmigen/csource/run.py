"""Functions that make or choose tables: what they return, as far as the sources tell.

Where a condition is known only at run time, both ways are followed if the first one changes
nothing; a table that one of them returns is one of several then. Else the result is unknown.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from scmigen.csource.cursor import SyntaxProblemError
from scmigen.csource.evaluate import Evaluator
from scmigen.csource.expressions import ASSIGNMENTS
from scmigen.csource.known_calls import KNOWN_CALLS
from scmigen.csource.stored import as_stored
from scmigen.csource.tokens import Token
from scmigen.csource.tree import (
    Binary,
    Block,
    Call,
    Evaluate,
    Expression,
    Function,
    If,
    Leave,
    Local,
    Loop,
    Name,
    Record,
    Statement,
    Switch,
    Type,
    Unary,
)
from scmigen.csource.values import (
    Cells,
    Choice,
    Later,
    Pointer,
    Scope,
    Unknown,
    Value,
    copied,
    first_unknown,
)


class _UndecidedError(Exception):
    """What a function does depends on what is known at run time."""

    def __init__(self, why: Unknown) -> None:
        super().__init__(why.why)
        self.why = why


@dataclass(frozen=True, slots=True)
class _Left:
    """How a statement was left: by ``return``, ``break`` or ``continue``."""

    word: str
    value: Value = 0
    at: Token | None = None


@dataclass(slots=True)
class _Run:
    """A function that runs: what it may have returned before, by conditions."""

    evaluator: Evaluator
    earlier: list[tuple[Value, Token]] = field(default_factory=list)

    def block(self, body: Sequence[Statement], scope: Scope) -> _Left | None:
        for statement in body:
            left = self.one(statement, scope)
            if left is not None:
                return left
        return None

    def one(self, statement: Statement, scope: Scope) -> _Left | None:
        evaluator = self.evaluator
        evaluator.budget.step()
        match statement:
            case Block(body=body):
                return self.block(body, _inner(scope))
            case Evaluate(value=value):
                evaluator.value(value, scope)
                return None
            case Local():
                self._local(statement, scope)
                return None
            case Leave(at=at, word=word, value=value):
                result = evaluator.value(value, scope) if value is not None else 0
                return _Left(word, result, at)
            case If():
                return self._if(statement, scope)
            case Loop():
                return self._loop(statement, _inner(scope))
            case Switch():
                return self._switch(statement, scope)
        return None

    def _local(self, one: Local, scope: Scope) -> None:
        declare = self.evaluator.declare_static if one.static else self.evaluator.declare
        declare(scope, one.name, one.type, one.value, one.at)

    def _holds(self, condition: Expression, scope: Scope) -> bool | Unknown:
        return self.evaluator.truth(self.evaluator.value(condition, scope), condition.at)

    def _if(self, statement: If, scope: Scope) -> _Left | None:
        holds = self._holds(statement.condition, scope)
        if isinstance(holds, Unknown):
            return self._both(statement, scope, holds)
        if holds:
            return self.one(statement.yes, _inner(scope))
        return self.one(statement.no, _inner(scope)) if statement.no is not None else None

    def _both(self, statement: If, scope: Scope, why: Unknown) -> _Left | None:
        """Follows both ways: what the first one returns is kept."""
        branches: list[Statement] = [statement.yes]
        if statement.no is not None:
            branches.append(statement.no)
        if not all(_changes_nothing(branch) for branch in branches):
            for branch in branches:
                self._blur(branch, scope, why)
            return None
        ways = [self.one(branch, _inner(scope)) for branch in branches]
        returned = [way for way in ways if way is not None]
        if any(way.word != "return" for way in returned):
            raise _UndecidedError(why)
        keep = returned[:-1] if len(returned) == 2 else returned
        self.earlier.extend((way.value, way.at or statement.at) for way in keep)
        return returned[-1] if len(returned) == 2 else None

    def _blur(self, statement: Statement, scope: Scope, why: Unknown) -> None:
        """What may be run or not: whatever it sets is not known after it."""
        self.evaluator.budget.step()
        match statement:
            case Evaluate(value=value):
                self._blur_set(value, scope, why)
            case Local():
                self._local(statement, scope)
            case Leave(word="return", value=value, at=at):
                result = self.evaluator.value(value, scope) if value is not None else 0
                self.earlier.append((result, at))
            case Block(body=body):
                inner = _inner(scope)
                for each in body:
                    self._blur(each, inner, why)
            case _:
                for part in _parts(statement):
                    self._blur(part, scope, why)

    def _blur_set(self, value: Expression, scope: Scope, why: Unknown) -> None:
        targets: list[Expression] = []
        if isinstance(value, Binary) and value.operator in ASSIGNMENTS:
            targets.append(value.left)
        elif isinstance(value, Binary) and value.operator == ",":
            self._blur_set(value.left, scope, why)
            self._blur_set(value.right, scope, why)
        elif isinstance(value, Unary) and value.operator in ("++", "--", "p++", "p--"):
            targets.append(value.operand)
        elif isinstance(value, Call):
            given = (each for each in value.arguments if isinstance(each, Unary))
            targets.extend(each.operand for each in given if each.operator == "&")
            if isinstance(value.of, Name) and value.of.name in KNOWN_CALLS:
                raise _UndecidedError(why)
        for target in targets:
            place = self.evaluator.place(target, scope)
            if isinstance(place, Unknown):
                raise _UndecidedError(why)
            self.evaluator.store(place, why)

    def _loop(self, statement: Loop, scope: Scope) -> _Left | None:
        if statement.start is not None:
            starts = statement.start
            body = starts.body if isinstance(starts, Block) else (starts,)
            self.block(body, scope)
        first = statement.after
        while True:
            self.evaluator.budget.step()
            if not first and statement.condition is not None:
                holds = self._holds(statement.condition, scope)
                if isinstance(holds, Unknown):
                    self._blur(statement.body, scope, holds)
                    if statement.step is not None:
                        self._blur_set(statement.step, scope, holds)
                    return None
                if not holds:
                    return None
            first = False
            left = self.one(statement.body, _inner(scope))
            if left is not None and left.word == "return":
                return left
            if left is not None and left.word == "break":
                return None
            if statement.step is not None:
                self.evaluator.value(statement.step, scope)

    def _switch(self, statement: Switch, scope: Scope) -> _Left | None:
        value = self.evaluator.value(statement.value, scope)
        if not isinstance(value, int):
            return self._any_case(statement, scope, value)
        start = None
        for place, (label, _) in enumerate(statement.cases):
            if label is None:
                start = place
                continue
            first, last = (self.evaluator.value(each, scope) for each in label)
            if not isinstance(first, int) or not isinstance(last, int):
                return self._any_case(statement, scope, first_unknown(first, last) or first)
            if first <= value <= last:
                start = place
                break
        if start is None:
            return None
        for _, body in statement.cases[start:]:
            left = self.block(body, scope)
            if left is not None:
                return None if left.word == "break" else left
        return None

    def _any_case(self, statement: Switch, scope: Scope, value: Value) -> _Left | None:
        """Follows every case where each one only returns."""
        why = value if isinstance(value, Unknown) else Unknown("it is no number", statement.at)
        for _, body in statement.cases:
            for each in body:
                self._blur(each, scope, why)
        is_all = any(label is None for label, _ in statement.cases)
        returns = is_all and all(_returns(body) for _, body in statement.cases if body)
        if returns and self.earlier:
            last, at = self.earlier.pop()
            return _Left("return", last, at)
        return None


def _parts(statement: Statement) -> list[Statement]:
    """The statements in a condition, loop or switch."""
    match statement:
        case If(yes=yes, no=no):
            return [part for part in (yes, no) if part is not None]
        case Loop(at=at, start=start, body=body, step=step):
            after = Evaluate(at, step) if step is not None else None
            return [part for part in (start, body, after) if part is not None]
        case Switch(cases=cases):
            return [part for _, body in cases for part in body]
    return []


def _returns(body: Sequence[Statement]) -> bool:
    """Whether statements end with ``return``."""
    last = body[-1] if body else None
    if isinstance(last, Block):
        return _returns(last.body)
    return isinstance(last, Leave) and last.word == "return"


def _inner(scope: Scope) -> Scope:
    return Scope(Cells(None, filled=False), {}, scope)


def _changes_nothing(statement: Statement) -> bool:
    """Whether a statement assigns nothing to what is there before it."""
    match statement:
        case Block(body=body):
            return all(map(_changes_nothing, body))
        case Evaluate(value=value):
            return not _assigns(value)
        case Leave(value=value):
            return value is None or not _assigns(value)
        case If(condition=condition, yes=yes, no=no):
            return (
                not _assigns(condition)
                and _changes_nothing(yes)
                and (no is None or _changes_nothing(no))
            )
    return False


def _assigns(value: Expression) -> bool:
    if isinstance(value, Binary):
        return value.operator in ASSIGNMENTS
    if isinstance(value, Call):
        return any(isinstance(each, Unary) and each.operator == "&" for each in value.arguments)
    return isinstance(value, Unary) and value.operator in ("++", "--", "p++", "p--")


def result_of(
    function: Function, arguments: tuple[Value, ...], evaluator: Evaluator, at: Token
) -> Value:
    """What a function returns."""
    scope = Scope(Cells(None, filled=False), {})
    for place, (name, kind) in enumerate(function.type.parameters):
        scope.types[name] = kind
        given = place < len(arguments)
        scope.cells.values[name] = (
            _taken(arguments[place], kind, evaluator) if given else Unknown("it is not given", at)
        )
    run = _Run(evaluator)
    try:
        left = run.block(evaluator.body(function).body, scope)
    except SyntaxProblemError as problem:
        return Unknown(f"{function.name}() is not read: {problem}", problem.at or function.at)
    except _UndecidedError as undecided:
        why = undecided.why
        return Unknown(f"what {function.name}() gives is known only at run time: {why.why}", why.at)
    last = (left.value, left.at or at) if left is not None else (Unknown("it returns nothing"), at)
    result = evaluator.resolved(function.type.result)
    return as_stored(_one_of([*run.earlier, last], at), result)


def _taken(value: Value, kind: Type, evaluator: Evaluator) -> Value | Later:
    """An argument as a parameter of a type has it: a structure is one of its own."""
    resolved = evaluator.resolved(kind)
    if isinstance(resolved, Record):
        return copied(evaluator.whole_of(value))
    return as_stored(value, resolved)


def _one_of(found: Sequence[tuple[Value, Token]], at: Token) -> Value:
    """One value, or a choice; errors (null pointers, unknown statuses) are left out where there is
    another."""
    different: list[Value] = []
    for value, _ in found:
        if not any(_same(value, other) for other in different):
            different.append(value)
    tables: list[Value] = [value for value in different if isinstance(value, Cells | Pointer | str)]
    if tables:
        different = tables
    return different[0] if len(different) == 1 else Choice(tuple(different), at)


def _same(one: Value, other: Value) -> bool:
    if isinstance(one, Pointer) and isinstance(other, Pointer):
        return one.to is other.to and one.key == other.key
    if isinstance(one, int) and isinstance(other, int):
        return one == other
    return one is other or (one == other and type(one) is type(other))
