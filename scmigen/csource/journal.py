"""What is set while it is not known whether it is: it can be taken back."""

from collections.abc import Iterator
from contextlib import contextmanager

from scmigen.csource.tokens import Token
from scmigen.csource.values import Cells, Key, Later, Unknown, Value

Place = tuple[Cells, Key]


class Journal:
    """The values that were there before, in the levels that are open."""

    def __init__(self) -> None:
        self._levels: list[list[tuple[Cells, Key, Value | Later | None]]] = []
        self._fresh: list[dict[int, Cells]] = []
        self._doubted: list[Cells] | None = None
        self._text: Place | None = None

    @contextmanager
    def question(self) -> Iterator[None]:
        """All that is set or doubted in the body is taken back; not to be nested."""
        self._doubted, self._text = [], None
        self.begin()
        try:
            yield
        finally:
            self.undo()
            for cells in self._doubted:
                cells.doubt = None
            self._doubted = None

    def text(self, cells: Cells, key: Key) -> None:
        """A text is taken from a table."""
        self._text = (cells, key)

    @property
    def text_at(self) -> Token | None:
        """Where the last text is written that a question took from a table, or the table."""
        if self._text is None:
            return None
        cells, key = self._text
        return cells.places.get(key) or cells.at

    def doubt(self, cells: Cells, why: Unknown) -> None:
        """What is in a table may be something else from now on."""
        if cells.doubt is None:
            cells.doubt = why
            if self._doubted is not None:
                self._doubted.append(cells)

    def note(self, cells: Cells, key: Key) -> None:
        """A value is about to be set."""
        if self._levels:
            self._levels[-1].append((cells, key, cells.values.get(key)))

    def made(self, cells: Cells) -> None:
        """A table is new: nothing that was there before leads to it."""
        if self._fresh:
            self._fresh[-1][id(cells)] = cells

    def begin(self) -> None:
        """Opens a level."""
        self._levels.append([])
        self._fresh.append({})

    def undo(self) -> list[Place]:
        """Closes the last level: what was there before is there again; where something was set."""
        entries, fresh = self._levels.pop(), self._fresh.pop()
        found: dict[tuple[int, Key], Place] = {}
        for cells, key, before in reversed(entries):
            if id(_root(cells)) in fresh:
                continue
            if before is None:
                cells.values.pop(key, None)
            else:
                cells.values[key] = before
            found[id(cells), key] = (cells, key)
        return list(found.values())


def _root(cells: Cells) -> Cells:
    while cells.within is not None:
        cells = cells.within[0]
    return cells
