"""Which value of an initialiser is that of which member or element."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from scmigen.csource.limits import MAX_ELEMENTS
from scmigen.csource.tokens import Token
from scmigen.csource.tree import (
    ArrayOf,
    Braces,
    Compound,
    Expression,
    Initialiser,
    Integer,
    Item,
    Record,
    Text,
    Type,
)
from scmigen.csource.values import Cells, Key, Later, Scope, Unknown, Value


class Types(Protocol):
    """What must be known of types and numbers."""

    def resolved(self, kind: Type | None) -> Type | None:
        """A type without names of types."""

    def members(self, record: Record) -> tuple[tuple[str, Type], ...] | None:
        """The members of a record."""

    def member(self, kind: Type | None, key: Key) -> Type | None:
        """The type of a member or an element."""

    def whole(self, expression: Expression, scope: Scope | None) -> Value:
        """The number that an expression is."""

    def type_of(self, expression: Expression, scope: Scope | None) -> Type | None:
        """The type of an expression that has a place."""

    def load(self, cells: Cells, key: Key) -> Value:
        """What is in a table or structure."""

    def forced(self, later: Later) -> Value:
        """A value that is not worked out yet."""


@dataclass(frozen=True, slots=True)
class Filler:
    """Fills tables and structures from braces."""

    types: Types
    scope: Scope | None

    def cells(self, kind: Type | None, braces: Braces) -> Cells:
        """The table or structure that braces describe."""
        resolved = self.types.resolved(kind)
        found = Cells(resolved, braces.at)
        if isinstance(resolved, ArrayOf) and resolved.length is not None:
            length = self.types.whole(resolved.length, self.scope)
            if isinstance(length, int) and 0 <= length <= MAX_ELEMENTS:
                found.length = length
            else:
                found.doubt = _why(length, "its length is not known", braces.at)
        items = braces.items
        used = self._fill(found, items, 0, top=True)
        if used < len(items) and found.doubt is None:
            found.doubt = Unknown("it has more values than places", items[used].at)
        if isinstance(resolved, ArrayOf) and found.length is None:
            indices = [key for key in found.values if isinstance(key, int)]
            found.length = max(indices, default=-1) + 1
        return found

    def _keys(self, found: Cells) -> Sequence[Key] | None:
        """The members or indices in order; None where the members are not known."""
        if isinstance(found.type, ArrayOf):
            return range(MAX_ELEMENTS if found.length is None else found.length)
        if isinstance(found.type, Record):
            return self._members(found.type)
        return None

    def _members(self, record: Record) -> list[Key] | None:
        members = self.types.members(record)
        if members is None:
            return None
        keys: list[Key] = []
        for name, kind in members[:1] if record.union else members:
            inner = self.types.resolved(kind)
            if name:
                keys.append(name)
            elif isinstance(inner, Record):
                keys.extend(self._members(inner) or ())
        return keys

    def _fill(self, found: Cells, items: Sequence[Item], start: int, top: bool) -> int:
        """Takes items from ``start`` on; the first one that is not taken."""
        keys = self._keys(found)
        next_place, place = 0, start
        while place < len(items):
            item = items[place]
            if item.path:
                if not top:
                    return place
                last = self._designated(found, item)
                if last is None:
                    return len(items)
                next_place = self._after(keys, last)
                place += 1
                continue
            if keys is None:
                # Of a type that is not known, `{ 0 }` is all zero.
                if not _is_zero(item):
                    found.values[place] = Later(item.value, None, self.scope, self.types)
                    found.places[place] = item.at
                place += 1
                continue
            if next_place >= len(keys):
                return place
            place = self._positional(found, keys[next_place], items, place)
            next_place += 1
            if not top and next_place >= len(keys):
                return place
        return place

    def _after(self, keys: Sequence[Key] | None, last: Key) -> int:
        if isinstance(last, int):
            return last + 1
        if keys is None or last not in keys:
            return MAX_ELEMENTS
        return keys.index(last) + 1

    def _positional(self, found: Cells, key: Key, items: Sequence[Item], place: int) -> int:
        item = items[place]
        kind = self.types.resolved(self.types.member(found.type, key))
        if isinstance(kind, ArrayOf | Record) and not self._is_whole(item.value, kind):
            return self._fill(self._sub(found, key, item.at), items, place, top=False)
        self._set(found, key, item)
        return place + 1

    def _is_whole(self, value: Initialiser, kind: Type) -> bool:
        """Whether a value is that of a whole structure or table, not of its first member."""
        if isinstance(value, Braces | Compound):
            return True
        if isinstance(value, Text):
            return isinstance(kind, ArrayOf)
        return isinstance(self.types.resolved(self.types.type_of(value, self.scope)), Record)

    def _set(self, found: Cells, key: Key, item: Item) -> None:
        found.values[key] = Later(
            item.value, self.types.member(found.type, key), self.scope, self.types
        )
        found.places[key] = item.at

    def _sub(self, found: Cells, key: Key, at: Token) -> Cells:
        """The structure or table in another one, there before or new."""
        before = found.values.get(key)
        value = self.types.load(found, key) if before is not None else None
        if not isinstance(value, Cells):
            value = Cells(self.types.resolved(self.types.member(found.type, key)), at)
            if isinstance(value.type, ArrayOf) and value.type.length is not None:
                length = self.types.whole(value.type.length, self.scope)
                value.length = length if isinstance(length, int) else None
        value.within = (found, key)
        found.values[key] = value
        found.places.setdefault(key, at)
        return value

    def _designated(self, found: Cells, item: Item) -> Key | None:
        """Sets what an item with designators names; the first key, None where it is not known."""
        first: Key | None = None
        here = found
        for depth, step in enumerate(item.path):
            span = self._span(step)
            if isinstance(span, Unknown):
                found.doubt = span
                return None
            is_last = depth == len(item.path) - 1
            if not is_last and len(span) > 1:
                found.doubt = Unknown("a range within designators is not read", item.at)
                return None
            for key in span:
                beyond = here.length is not None and isinstance(key, int) and key >= here.length
                if beyond or (isinstance(key, int) and key < 0):
                    found.doubt = Unknown(f"index {key} is past its end", item.at)
                    return None
                if is_last:
                    self._set(here, key, item)
                else:
                    here = self._sub(here, key, item.at)
            if first is None:
                first = span[-1]
        return first

    def _span(
        self, step: str | Expression | tuple[Expression, Expression]
    ) -> Sequence[Key] | Unknown:
        if isinstance(step, str):
            return (step,)
        low, high = step if isinstance(step, tuple) else (step, step)
        first = self.types.whole(low, self.scope)
        last = self.types.whole(high, self.scope)
        if not isinstance(first, int) or not isinstance(last, int):
            unknown = first if not isinstance(first, int) else last
            return _why(unknown, "the index is not a number", low.at)
        if not first <= last < MAX_ELEMENTS:
            return Unknown(f"index {last} is more than a table has", low.at)
        return range(first, last + 1)


def _is_zero(item: Item) -> bool:
    value = item.value
    return getattr(value, "value", None) == 0 or (isinstance(value, Braces) and not value.items)


def _why(value: Value, otherwise: str, at: Token) -> Unknown:
    return value if isinstance(value, Unknown) else Unknown(otherwise, at)


def as_stored(value: Value, kind: Type | None) -> Value:
    """A number as an integer type holds it."""
    if isinstance(value, int) and isinstance(kind, Integer) and kind.size is not None:
        bits = 8 * kind.size
        if kind.name in ("bool", "_Bool"):
            return int(bool(value))
        value &= (1 << bits) - 1
        if kind.signed and value >> (bits - 1):
            value -= 1 << bits
    return value
