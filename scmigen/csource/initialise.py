"""Which value of an initialiser is that of which member or element."""

from collections.abc import Sequence

from scmigen.csource.limits import MAX_ELEMENTS, Budget
from scmigen.csource.tokens import Token
from scmigen.csource.tree import (
    ArrayOf,
    Braces,
    Compound,
    Expression,
    Initialiser,
    Item,
    Record,
    Text,
    Type,
)
from scmigen.csource.values import Cells, Key, Later, Scope, Unknown, Value
from scmigen.data import Data
from scmigen.hints import Protocol


class Types(Protocol):
    """What must be known of types and numbers."""

    budget: Budget

    def resolved(self, kind: Type | None) -> Type | None:
        """A type without names of types."""

    def members(self, record: Record) -> tuple[tuple[str, Type], ...] | None:
        """The members of a record."""

    def rivals(self, kind: Type | None, key: Key) -> frozenset[str]:
        """The members of unions that are in the same place as a member."""

    def member(self, kind: Type | None, key: Key) -> Type | None:
        """The type of a member or an element."""

    def value(self, expression: Expression, scope: Scope | None = None) -> Value:
        """The value of an expression."""

    def type_of(self, expression: Expression, scope: Scope | None) -> Type | None:
        """The type of an expression that has a place."""

    def load(self, cells: Cells, key: Key) -> Value:
        """What is in a table or structure."""

    def forced(self, later: Later) -> Value:
        """A value that is not worked out yet."""


class _UnplacedError(Exception):
    """It cannot be told where a value of an initialiser goes."""

    def __init__(self, why: str, at: Token | None) -> None:
        super().__init__(why)
        self.why = Unknown(why, at)


class Filler(Data):
    """Fills tables and structures from braces."""

    types: Types
    scope: Scope | None

    def cells(self, kind: Type | None, braces: Braces) -> Cells:
        """The table or structure that braces describe."""
        resolved = self.types.resolved(kind)
        found = Cells(resolved, braces.at)
        if isinstance(resolved, ArrayOf) and resolved.length is not None:
            length = self.types.value(resolved.length, self.scope)
            if isinstance(length, int) and 0 <= length <= MAX_ELEMENTS:
                found.length = length
            else:
                found.doubt = _why(length, "its length is not known", braces.at)
        items = braces.items
        try:
            used = self._fill(found, items, 0, top=True)
        except _UnplacedError as unplaced:
            found.doubt = unplaced.why
            used = len(items)
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

    def _fill(
        self,
        found: Cells,
        items: Sequence[Item],
        place: int,
        top: bool = False,
        begin: int = 0,
        followed: int = -1,
    ) -> int:
        """Takes items from ``place`` on into the members or elements from ``begin`` on; the first
        item that is not taken. The designators of ``followed`` led here."""
        keys = self._keys(found)
        while place < len(items):
            item = items[place]
            if item.path and place != followed:
                if not top:
                    return place
                last, place = self._designated(found, item.path, items, place)
                begin = self._after(found, keys, last)
                continue
            if keys is None:
                # Of a type that is not known, `{ 0 }` is all zero.
                if not top:
                    raise _UnplacedError("what is in it no header says", item.at)
                if not _is_zero(item):
                    found.values[place] = Later(item.value, None, self.scope, self.types)
                    found.places[place] = item.at
                place += 1
                continue
            if begin >= len(keys):
                if begin > MAX_ELEMENTS:
                    raise _UnplacedError("what follows a designator is not placed here", item.at)
                return place
            place = self._positional(found, keys[begin], items, place, followed)
            begin += 1
            if not top and begin >= len(keys):
                return place
        return place

    def _after(self, found: Cells, keys: Sequence[Key] | None, last: Key) -> int:
        """Which place follows one; more than any where that is not known."""
        if isinstance(last, int):
            return last + 1
        if keys is not None and last in keys:
            return keys.index(last) + 1
        record = found.type
        if not isinstance(record, Record) or keys is None:
            return MAX_ELEMENTS + 1
        named = any(name == last for name, _ in self.types.members(record) or ())
        return len(keys) if record.union and named else MAX_ELEMENTS + 1

    def _positional(
        self, found: Cells, key: Key, items: Sequence[Item], place: int, followed: int = -1
    ) -> int:
        item = items[place]
        kind = self.types.resolved(self.types.member(found.type, key))
        if isinstance(kind, ArrayOf | Record) and not self._is_whole(item.value, kind):
            inner = self._sub(found, key, item.at)
            if not inner.values and self._keys(inner) is not None and not self._keys(inner):
                raise _UnplacedError("a value for what has no members", item.at)
            return self._fill(inner, items, place, followed=followed)
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
        for rival in self.types.rivals(found.type, key):
            found.values.pop(rival, None)
        found.values[key] = Later(
            item.value, self.types.member(found.type, key), self.scope, self.types
        )
        found.places[key] = item.at

    def _sub(self, found: Cells, key: Key, at: Token) -> Cells:
        """The structure or table in another one, there before or new."""
        before = found.values.get(key)
        value = self.types.load(found, key) if before is not None else None
        for rival in self.types.rivals(found.type, key):
            found.values.pop(rival, None)
        if not isinstance(value, Cells):
            value = Cells(self.types.resolved(self.types.member(found.type, key)), at)
            if isinstance(value.type, ArrayOf) and value.type.length is not None:
                length = self.types.value(value.type.length, self.scope)
                value.length = length if isinstance(length, int) else None
        value.within = (found, key)
        found.values[key] = value
        found.places.setdefault(key, at)
        return value

    def _designated(
        self,
        here: Cells,
        path: Sequence[str | Expression | tuple[Expression, Expression]],
        items: Sequence[Item],
        place: int,
    ) -> tuple[Key, int]:
        """Sets what an item with designators names, and what follows in the same member; the key
        of that member, and the next item."""
        item = items[place]
        span = self._span(path[0])
        last = span[-1]
        beyond = here.length is not None and isinstance(last, int) and last >= here.length
        if beyond or (isinstance(span[0], int) and span[0] < 0):
            raise _UnplacedError(f"index {last} is past its end", item.at)
        if len(path) > 1:
            if len(span) > 1:
                raise _UnplacedError("a range within designators is not read", item.at)
            inner = self._sub(here, last, item.at)
            key, place = self._designated(inner, path[1:], items, place)
            begin = self._after(inner, self._keys(inner), key)
            return last, self._fill(inner, items, place, begin=begin)
        if len(span) == 1:
            return last, self._positional(here, last, items, place, followed=place)
        kind = self.types.resolved(self.types.member(here.type, last))
        if isinstance(kind, ArrayOf | Record) and not self._is_whole(item.value, kind):
            raise _UnplacedError("a range of structures without braces is not read", item.at)
        self.types.budget.step(len(span))
        for each in span:
            self._set(here, each, item)
        return last, place + 1

    def _span(self, step: str | Expression | tuple[Expression, Expression]) -> tuple[str] | range:
        if isinstance(step, str):
            return (step,)
        low, high = step if isinstance(step, tuple) else (step, step)
        first = self.types.value(low, self.scope)
        last = self.types.value(high, self.scope)
        if not isinstance(first, int) or not isinstance(last, int):
            unknown = first if not isinstance(first, int) else last
            why = _why(unknown, "the index is not a number", low.at)
            raise _UnplacedError(why.why, why.at)
        if not first <= last < MAX_ELEMENTS:
            raise _UnplacedError(f"index {last} is more than a table has", low.at)
        return range(first, last + 1)


def _is_zero(item: Item) -> bool:
    value = item.value
    return getattr(value, "value", None) == 0 or (isinstance(value, Braces) and not value.items)


def _why(value: Value, otherwise: str, at: Token) -> Unknown:
    return value if isinstance(value, Unknown) else Unknown(otherwise, at)
