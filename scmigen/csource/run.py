"""Functions that make or choose tables: what they return, as far as the sources tell.

Where a condition is known only at run time, both ways are followed: a table that one of them
returns is one of several then, and what one of them sets is unknown.
"""

from collections.abc import Callable, Sequence
from functools import partial

from scmigen.csource.evaluate import Evaluator
from scmigen.csource.journal import Place
from scmigen.csource.stored import as_stored
from scmigen.csource.tokens import Token
from scmigen.csource.tree import (
    Block,
    Evaluate,
    Expression,
    Function,
    If,
    Leave,
    Local,
    Loop,
    Record,
    Statement,
    Switch,
    Type,
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
from scmigen.data import Data, field


class _Left(Data):
    """How a statement was left: by ``return``, ``break`` or ``continue``; ``maybe break`` where
    that is not known, and ``value`` says why."""

    word: str
    value: Value = 0
    at: Token | None = None

    def why(self, otherwise: Statement) -> Unknown:
        """Why it is not known whether it was left."""
        known = self.value if isinstance(self.value, Unknown) else None
        return known or Unknown("it is known at run time", otherwise.at)


#: What runs a part of a function, and how that was left.
Way = Callable[[], _Left | None]
#: How a statement is left that may not be left.
_MAYBE = frozenset(("maybe break", "maybe continue"))


class _Run(Data, frozen=False):
    """A function that runs: what it may have returned before, by conditions."""

    evaluator: Evaluator
    earlier: list[tuple[Value, Token]] = field(default_factory=list)

    def block(self, body: Sequence[Statement], scope: Scope) -> _Left | None:
        for place, statement in enumerate(body):
            left = self.one(statement, scope)
            if left is None:
                continue
            if left.word in _MAYBE and body[place + 1 :]:
                rest = partial(self.block, body[place + 1 :], scope)
                self._keep(self._perhaps([rest], left.why(statement)), statement.at)
            return left
        return None

    def _perhaps(self, ways: Sequence[Way], why: Unknown) -> list[_Left | None]:
        """Tries ways of which one is gone, or none: what they set is not known after it."""
        left: list[_Left | None] = []
        places: list[Place] = []
        for way in ways:
            self.evaluator.journal.begin()
            try:
                left.append(way())
            finally:
                places += self.evaluator.journal.undo()
        self.evaluator.may_change(places, why)
        return left

    def _keep(self, left: Sequence[_Left | None], at: Token) -> None:
        """What ways return that may be gone."""
        returned = [way for way in left if way is not None and way.word == "return"]
        self.earlier.extend((way.value, way.at or at) for way in returned)

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
        left = self._perhaps([partial(self.one, branch, _inner(scope)) for branch in branches], why)
        returned = [way for way in left if way is not None and way.word == "return"]
        if len(returned) == 2:
            self._keep(returned[:1], statement.at)
            return returned[1]
        self._keep(returned, statement.at)
        return _perhaps_left(left, why, statement.at)

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
                    self._more(statement, scope, holds)
                    return None
                if not holds:
                    return None
            first = False
            left = self.one(statement.body, _inner(scope))
            if left is not None and left.word == "return":
                return left
            if left is not None and left.word == "break":
                return None
            if left is not None and left.word in _MAYBE:
                self._more(statement, scope, left.why(statement))
                return None
            if statement.step is not None:
                self.evaluator.value(statement.step, scope)

    def _more(self, statement: Loop, scope: Scope, why: Unknown) -> None:
        """Goes on with a loop that may have ended: twice, since what the first turn sets is not
        known in the second."""
        for _ in range(2):
            self._keep(self._perhaps([partial(self._turn, statement, scope)], why), statement.at)

    def _turn(self, statement: Loop, scope: Scope) -> _Left | None:
        left = self.one(statement.body, _inner(scope))
        if statement.step is not None:
            self.evaluator.value(statement.step, scope)
        return left

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
        left = self._cases(statement, start, scope)
        return None if left is None or left.word in ("break", "maybe break") else left

    def _cases(self, statement: Switch, start: int, scope: Scope) -> _Left | None:
        """The statements of a case, and of those after it that it goes on with."""
        body = [each for _, case in statement.cases[start:] for each in case]
        return self.block(body, _inner(scope))

    def _any_case(self, statement: Switch, scope: Scope, value: Value) -> _Left | None:
        """Follows every case."""
        why = value if isinstance(value, Unknown) else Unknown("it is no number", statement.at)
        ways = [
            partial(self._cases, statement, place, scope) for place in range(len(statement.cases))
        ]
        left = self._perhaps(ways, why)
        self._keep(left, statement.at)
        is_all = any(label is None for label, _ in statement.cases)
        if is_all and self.earlier and all(way and way.word == "return" for way in left):
            last, at = self.earlier.pop()
            return _Left("return", last, at)
        jumps = [way for way in left if way is not None and way.word.endswith("continue")]
        return _perhaps_left(jumps, why, statement.at)


def _perhaps_left(left: Sequence[_Left | None], why: Unknown, at: Token) -> _Left | None:
    """How a statement may have been left, other than by ``return``."""
    words = {way.word.removeprefix("maybe ") for way in left if way is not None} - {"return"}
    if not words:
        return None
    return _Left("maybe continue" if "continue" in words else "maybe break", why, at)


def _inner(scope: Scope) -> Scope:
    return Scope(Cells(None, filled=False), {}, scope)


def result_of(
    function: Function, arguments: tuple[Value, ...], evaluator: Evaluator, at: Token
) -> Value:
    """What a function returns. Raises `SyntaxProblemError` where its body is not read."""
    scope = Scope(Cells(None, filled=False), {})
    for place, (name, kind) in enumerate(function.type.parameters):
        scope.types[name] = kind
        given = place < len(arguments)
        scope.cells.values[name] = (
            _taken(arguments[place], kind, evaluator) if given else Unknown("it is not given", at)
        )
    run = _Run(evaluator)
    left = run.block(evaluator.body(function).body, scope)
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
