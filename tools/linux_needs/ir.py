"""What is kept of a C file: functions with their assignments, calls and returns, and declarations.

Expressions are tuples; the first member is the form:

    ("id", NAME) ("num", INT) ("str", TEXT) ("field", BASE, NAME) ("idx", BASE, INDEX)
    ("addr", X) ("deref", X) ("un", OPERATOR, X) ("bin", OPERATOR, A, B)
    ("cond", CONDITION, A | None, B) ("asg", OPERATOR, LEFT, RIGHT)
    ("call", FUNCTION, (ARGUMENT, ...)) ("cast", TYPE, X) ("type", TYPE)
    ("init", ((None | NAME | ("idx", X), VALUE), ...)) ("or", X) ("?",)

("or", X) is what ``|=`` assigns. A type is the tag of the structure at the end of all pointers and
arrays, or the name of a typedef, or "".
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

Expr = tuple[Any, ...]
UNKNOWN: Expr = ("?",)


class Guard(NamedTuple):
    """A condition on the way to an event: the expression, and whether it is true there.

    ("case", X, VALUES, OTHERS) is a case of a switch; UNKNOWN is among the values for the default,
    and others are then those of the other cases. ("loop", NAME, START, CONDITION, STEP) is a loop
    that counts, around the event.
    """

    condition: Expr
    wanted: bool
    fails: bool = False  #: else the function ends with an error
    at: int = 0  #: how many events of the function come before it


@dataclass(frozen=True, slots=True, eq=False)
class Event:
    """One assignment, call or return of a function, with the conditions on its way."""

    kind: str  #: "asg", "call" or "ret"
    left: Expr  #: assigned to; the function of a call; UNKNOWN for a return
    right: Any  #: value that is assigned or returned; the tuple of arguments of a call
    guards: tuple[Guard, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """A function that a file defines."""

    name: str
    path: str
    static: bool
    returns: str
    parameters: tuple[tuple[str, str], ...]  #: name, type
    variables: dict[str, str]  #: local name -> type
    events: tuple[Event, ...]
    names: frozenset[str]  #: identifiers in it that it does not declare


@dataclass(frozen=True, slots=True, eq=False)
class Variable:
    """A variable of a file, or a static one of a function."""

    name: str
    path: str
    static: bool
    type: str
    value: Expr
    array: bool
    names: frozenset[str]  #: identifiers in its value


@dataclass(slots=True)
class File:
    """All that was read of one file."""

    path: str
    functions: dict[str, Function] = field(default_factory=dict)
    variables: dict[str, Variable] = field(default_factory=dict)
    structs: dict[str, dict[str, str]] = field(default_factory=dict)  #: tag -> field -> type
    order: dict[str, tuple[str, ...]] = field(default_factory=dict)  #: tag -> fields in order
    typedefs: dict[str, str] = field(default_factory=dict)
    constants: dict[str, Expr] = field(default_factory=dict)  #: enumerators and object macros
    macros: dict[str, tuple[tuple[str, ...], str]] = field(default_factory=dict)
    includes: tuple[str, ...] = ()
    declared: tuple[tuple[str, str, str], ...] = ()  #: X_OF_DECLARE: macro, compatible, function
    damaged: bool = False


def parts(expr: Expr) -> "list[Expr]":
    """The expressions directly within one."""
    form = expr[0]
    if form in ("id", "num", "str", "?", "type"):
        return []
    if form == "init":
        return [value for _, value in expr[1]]
    if form == "call":
        return [expr[1], *expr[2]]
    if form == "case":
        return [expr[1], *expr[2], *expr[3]]
    return [part for part in expr[1:] if isinstance(part, tuple)]


def every(expr: Expr) -> "list[Expr]":
    """An expression and all within it."""
    found, waiting = [], [expr]
    while waiting:
        one = waiting.pop()
        found.append(one)
        waiting.extend(parts(one))
    return found


def identifiers(expr: Expr) -> set[str]:
    """The names that stand in an expression."""
    return {one[1] for one in every(expr) if one[0] == "id"}
