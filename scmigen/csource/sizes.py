"""Types and sizes: what a name stands for, what is in a record, how large a thing is."""

from collections.abc import Iterator

from scmigen.csource.limits import MAX_ELEMENTS, MAX_INCLUDES
from scmigen.csource.tokens import Token
from scmigen.csource.tree import (
    ArrayOf,
    BitField,
    Cast,
    Compound,
    Declarations,
    Expression,
    FunctionType,
    Index,
    Integer,
    Member,
    Members,
    Name,
    Named,
    PointerTo,
    Record,
    Text,
    Type,
    Unary,
)
from scmigen.csource.values import Key, Scope, Size, Unknown, Value
from scmigen.data import replace


class Sizes:
    """What is known of types. `value` works out lengths."""

    def __init__(self, known: Declarations) -> None:
        self.known = known
        self._rivals: dict[Record, dict[Key, frozenset[str]]] = {}

    def value(self, expression: Expression, scope: Scope | None = None) -> Value:
        """The value of an expression."""
        raise NotImplementedError

    def resolved(self, kind: Type | None) -> Type | None:
        """A type without names of types; None where a name is not known."""
        for _ in range(64):
            if isinstance(kind, BitField):
                return self._in_bits(kind)
            if not isinstance(kind, Named):
                return kind
            kind = self.known.types.get(kind.name)
        return None

    def _in_bits(self, field: BitField) -> Type | None:
        of = self.resolved(field.of)
        width = self.value(field.width)
        bits = int(width) if isinstance(width, int) else -1
        if not isinstance(of, Integer):
            return Integer("bit field", bits=-1)
        return replace(of, bits=bits, signed=of.signed and of.name != "enum")

    def members(self, record: Record) -> Members | None:
        """The members of a record; None where no header says."""
        return self.known.tags.get(record.tag)

    def member(self, kind: Type | None, key: Key) -> Type | None:
        """The type of a member or an element."""
        kind = self.resolved(kind)
        if isinstance(kind, ArrayOf):
            return kind.element if isinstance(key, int) else None
        if not isinstance(kind, Record) or not isinstance(key, str):
            return None
        for name, one in self.members(kind) or ():
            if name == key:
                return one
            if not name and (within := self.member(one, key)) is not None:
                return within
        return None

    def rivals(self, kind: Type | None, key: Key) -> frozenset[str]:
        """The members of unions that are in the same place as a member."""
        if not isinstance(kind, Record):
            return frozenset()
        if kind not in self._rivals:
            found: dict[Key, frozenset[str]] = {}
            self._find_rivals(kind, frozenset(), found, 0)
            self._rivals[kind] = found
        return self._rivals[kind].get(key, frozenset())

    def _find_rivals(
        self, kind: Record, beside: frozenset[str], found: dict[Key, frozenset[str]], depth: int
    ) -> None:
        members = self.members(kind) or ()
        named = [(frozenset(self._names(*each, depth)), *each) for each in members]
        every = frozenset[str]().union(*(names for names, _, _ in named))
        for names, name, one in named:
            others = beside | (every - names if kind.union else frozenset())
            inner = self.resolved(one)
            if name:
                if others:
                    found[name] = others
            elif isinstance(inner, Record) and depth < MAX_INCLUDES:
                self._find_rivals(inner, others, found, depth + 1)

    def _names(self, name: str, kind: Type, depth: int) -> Iterator[str]:
        inner = self.resolved(kind)
        if name:
            yield name
        elif isinstance(inner, Record) and depth < MAX_INCLUDES:
            for each in self.members(inner) or ():
                yield from self._names(*each, depth + 1)

    def length(self, kind: ArrayOf) -> Value:
        """The length of an array whose type says it."""
        if kind.length is None:
            return Unknown("its length is not known")
        value = self.value(kind.length)
        if isinstance(value, int) and not 0 <= value <= MAX_ELEMENTS:
            return Unknown("its length is more than a table has", kind.length.at)
        return value

    def type_of(self, expression: Expression, scope: Scope | None) -> Type | None:
        """The type of an expression that has a place, or says its type."""
        if isinstance(expression, Name):
            return self._type_of_name(expression.name, scope)
        if isinstance(expression, Cast | Compound):
            return expression.type
        if isinstance(expression, Text):
            return PointerTo(Integer("char", 1))
        if isinstance(expression, Index):
            return self._target_type(self.type_of(expression.of, scope))
        if isinstance(expression, Member):
            of = self.type_of(expression.of, scope)
            return self.member(self._target_type(of) if expression.arrow else of, expression.name)
        if isinstance(expression, Unary) and expression.operator == "*":
            return self._target_type(self.type_of(expression.operand, scope))
        if isinstance(expression, Unary) and expression.operator == "&":
            of = self.type_of(expression.operand, scope)
            return None if of is None else PointerTo(of)
        return None

    def _type_of_name(self, name: str, scope: Scope | None) -> Type | None:
        while scope is not None:
            if name in scope.types:
                return scope.types[name]
            scope = scope.outer
        variable = self.known.variables.get(name)
        return variable.type if variable is not None else None

    def _target_type(self, kind: Type | None) -> Type | None:
        kind = self.resolved(kind)
        if isinstance(kind, ArrayOf):
            return kind.element
        return kind.target if isinstance(kind, PointerTo) else None

    def size(self, kind: Type, at: Token) -> Value:
        """How large a type is."""
        resolved = self.resolved(kind)
        if isinstance(resolved, Integer) and resolved.size is not None:
            return resolved.size
        if isinstance(resolved, ArrayOf):
            length = self.length(resolved)
            if not isinstance(length, int):
                return length
            return self.times(length, self.size(resolved.element, at), at)
        if isinstance(resolved, FunctionType):
            return Unknown("a function has no size", at)
        if isinstance(resolved, PointerTo):
            return Size(1, PointerTo(Integer("void")))
        return Size(1, resolved if resolved is not None else kind)

    def times(self, count: int, size: Value, at: Token) -> Value:
        """So many of a size."""
        if isinstance(size, int):
            return count * size
        if isinstance(size, Size):
            return Size(count * size.count, size.of)
        return size if isinstance(size, Unknown) else Unknown("it has no size", at)

    def sized(self, operator: str, left: Value, right: Value, at: Token) -> Value:
        """Arithmetic on sizes."""
        if isinstance(left, Size) and isinstance(right, Size) and left.of == right.of:
            if operator == "/" and right.count and left.count % right.count == 0:
                return left.count // right.count
            if operator in ("+", "-"):
                sign = 1 if operator == "+" else -1
                return Size(left.count + sign * right.count, left.of)
        if operator == "*":
            count, size = (left, right) if isinstance(left, int) else (right, left)
            if isinstance(count, int) and isinstance(size, Size):
                return Size(count * size.count, size.of)
        return Unknown("the size of a structure depends on the target", at)
