"""Texts: what pointers to characters point to."""

from scmigen.csource.limits import MAX_ELEMENTS
from scmigen.csource.sizes import Sizes
from scmigen.csource.tokens import Token
from scmigen.csource.values import Cells, Key, Pointer, Unknown, Value

_NOWHERE = Token("", "", "", 0)


class Texts(Sizes):
    """Reads texts; `load` and `target` are those of what works out values."""

    def load(self, cells: Cells, key: Key) -> Value:
        """What is in a table or structure."""
        raise NotImplementedError

    def target(self, value: Value, offset: int, at: Token) -> tuple[Cells, Key] | Unknown:
        """What is ``offset`` elements behind a pointer or the beginning of a table."""
        raise NotImplementedError

    def text(self, value: Value) -> str | Unknown | None:
        """The text that a pointer to characters or a string is; None for a null pointer."""
        if isinstance(value, str):
            return value
        if isinstance(value, int) and value == 0:
            return None
        if isinstance(value, Cells | Pointer):
            place = self.target(value, 0, _NOWHERE)
            if not isinstance(place, Unknown):
                return self._characters(place)
        return _or(value, "it is no text", None)

    def _characters(self, place: tuple[Cells, Key]) -> str | Unknown:
        cells, key = place
        first = self.load(cells, key)
        if isinstance(first, str):
            return first
        found: list[str] = []
        while isinstance(key, int) and len(found) < MAX_ELEMENTS:
            one = self.load(cells, key)
            if not isinstance(one, int):
                return _or(one, "it is no text", None)
            if one == 0:
                break
            found.append(chr(one & 0xFF))
            key += 1
            if cells.length is not None and key >= cells.length:
                break
        return "".join(found)


def _or(value: Value, otherwise: str, at: Token | None) -> Unknown:
    return value if isinstance(value, Unknown) else Unknown(otherwise, at)
