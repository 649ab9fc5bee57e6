"""What is read of C: types, expressions, initialisers, statements, declarations."""

from collections.abc import Mapping
from typing import Union

from scmigen.csource.tokens import Token
from scmigen.data import Data, field

# Types.


class Integer(Data):
    """An integer of ``size`` bytes, None where that is the target's; ``bits`` of them in a bit
    field, -1 where its width cannot be told."""

    name: str
    size: int | None = None
    signed: bool = True
    bits: int | None = None


class PointerTo(Data):
    """A pointer."""

    target: "Type"


class ArrayOf(Data):
    """An array; its length as written, None for ``[]``."""

    element: "Type"
    length: "Expression | None"


class Record(Data):
    """A structure or union, by its tag; `Members` has what is in it."""

    tag: str
    union: bool = False


class Named(Data):
    """A type by the name that a typedef gives it."""

    name: str


class BitField(Data):
    """A member of so many bits."""

    of: "Type"
    width: "Expression"


class FunctionType(Data):
    """A function; ``reads``: of each parameter, whether it changes nothing by it."""

    result: "Type"
    parameters: tuple[tuple[str, "Type"], ...] = ()
    reads: tuple[bool, ...] = ()


Type = Union[Integer, PointerTo, ArrayOf, Record, Named, BitField, FunctionType]  # noqa: UP007 (recursive)
#: The members of a record, in order; without a name those of a record in it that has none.
Members = tuple[tuple[str, Type], ...]

# Expressions.


class Number(Data):
    """A number or character."""

    at: Token
    value: int


class Text(Data):
    """A string."""

    at: Token
    value: str


class Name(Data):
    """A name of an object, function or enumerator."""

    at: Token
    name: str


class Unary(Data):
    """An operator before its operand; ``p++`` and ``p--`` after it."""

    at: Token
    operator: str
    operand: "Expression"


class Binary(Data):
    """An operator between two operands, assignments and the comma too."""

    at: Token
    operator: str
    left: "Expression"
    right: "Expression"


class Conditional(Data):
    """``a ? b : c``."""

    at: Token
    condition: "Expression"
    yes: "Expression"
    no: "Expression"


class Cast(Data):
    """``(type)operand``."""

    at: Token
    type: Type
    operand: "Expression"


class Compound(Data):
    """``(type){ … }``."""

    at: Token
    type: Type
    body: "Braces"


class SizeOf(Data):
    """``sizeof`` of a type or an expression."""

    at: Token
    of: "Type | Expression"


class Index(Data):
    """``of[index]``."""

    at: Token
    of: "Expression"
    index: "Expression"


class Member(Data):
    """``of.name`` or ``of->name``."""

    at: Token
    of: "Expression"
    name: str
    arrow: bool


class Call(Data):
    """A call."""

    at: Token
    of: "Expression"
    arguments: tuple["Expression", ...]


Expression = Union[  # noqa: UP007 (recursive)
    Number, Text, Name, Unary, Binary, Conditional, Cast, Compound, SizeOf, Index, Member, Call
]


class Item(Data):
    """An entry of an initialiser: its designators, each a member or an index; for ``[a ... b]``
    the second index."""

    at: Token
    path: tuple["str | Expression | tuple[Expression, Expression]", ...]
    value: "Expression | Braces"


class Braces(Data):
    """``{ … }`` of an initialiser."""

    at: Token
    items: tuple[Item, ...]


Initialiser = Expression | Braces

# Statements.


class Block(Data):
    """Statements in braces."""

    at: Token
    body: tuple["Statement", ...]


class If(Data):
    """``if``."""

    at: Token
    condition: Expression
    yes: "Statement"
    no: "Statement | None"


class Loop(Data):
    """``for``, ``while``, ``do``; ``after``: the condition is tested after the body."""

    at: Token
    start: "Statement | None"
    condition: Expression | None
    step: Expression | None
    body: "Statement"
    after: bool = False


class Switch(Data):
    """``switch``: the cases, each with its first and last value (None: default) and the statements
    after it."""

    at: Token
    value: Expression
    cases: tuple[tuple[tuple[Expression, Expression] | None, tuple["Statement", ...]], ...]


class Leave(Data):
    """``return``, ``break``, ``continue``."""

    at: Token
    word: str
    value: Expression | None = None


class Evaluate(Data):
    """An expression for what it does."""

    at: Token
    value: Expression


class Local(Data):
    """A declaration in a function."""

    at: Token
    name: str
    type: Type
    value: Initialiser | None
    static: bool = False


Statement = Union[Block, If, Loop, Switch, Leave, Evaluate, Local]  # noqa: UP007 (recursive)

# What a source declares.


class Variable(Data):
    """An object; its initialiser is read when it is asked for. ``external``: it may be defined by
    another source; ``internal``: no other source means this one; ``constant``: nothing may set
    it."""

    at: Token
    name: str
    type: Type
    value: tuple[Token, ...] | None
    external: bool = False
    internal: bool = False
    constant: bool = False


class Function(Data):
    """A function with its body, which is read when it is asked for. ``weak``: another source may
    have one that counts; ``internal``: no other source means this one."""

    at: Token
    name: str
    type: FunctionType
    body: tuple[Token, ...]
    weak: bool = False
    internal: bool = False


class Enumerator(Data):
    """An enumerator: ``base`` + ``offset``."""

    at: Token
    base: Expression | None
    offset: int


class Declarations(Data, frozen=False):
    """What a source and its headers declare, by name; ``tags`` are the records with members."""

    types: dict[str, Type] = field(default_factory=dict)
    tags: dict[str, Members] = field(default_factory=dict)
    enumerators: dict[str, Enumerator] = field(default_factory=dict)
    variables: dict[str, Variable] = field(default_factory=dict)
    functions: dict[str, Function] = field(default_factory=dict)
    prototypes: dict[str, FunctionType] = field(default_factory=dict)
    unread: list[Token] = field(default_factory=list)


#: Integers of one size on all targets, and others.
INTEGERS: Mapping[str, Integer] = {
    "int8_t": Integer("int8_t", 1),
    "uint8_t": Integer("uint8_t", 1, signed=False),
    "int16_t": Integer("int16_t", 2),
    "uint16_t": Integer("uint16_t", 2, signed=False),
    "int32_t": Integer("int32_t", 4),
    "uint32_t": Integer("uint32_t", 4, signed=False),
    "int64_t": Integer("int64_t", 8),
    "uint64_t": Integer("uint64_t", 8, signed=False),
    "size_t": Integer("size_t", None, signed=False),
    "ssize_t": Integer("ssize_t"),
    "uintptr_t": Integer("uintptr_t", None, signed=False),
    "intptr_t": Integer("intptr_t"),
    "ptrdiff_t": Integer("ptrdiff_t"),
    "bool": Integer("bool", 1, signed=False),
    "_Bool": Integer("_Bool", 1, signed=False),
}
