"""What a terminal can do: colours, and tables that stay within its width.

Standard output that is no terminal gets the same text without either.
"""

import sys
from collections.abc import Sequence
from enum import Enum

from scmigen import escape
from scmigen.cli.colour import Style, has_colour, styled
from scmigen.data import Data
from scmigen.patterns import pattern

#: Blanks between two columns.
GAP = 2

#: As narrow as a column that folds may become, where its text is wider.
NARROWEST = 12


class Folds(Enum):
    """How the text of a column may be folded if a terminal is too narrow: the parts that stay
    whole. With `ANYWHERE`, only those longer than `NARROWEST` are cut."""

    NEVER = pattern(r".+")
    AT_BLANKS = pattern(r" *+[^ ]++")
    ANYWHERE = pattern(r" *+(?:[/@]?+[^ /@_-]++[_-]?+|[^ ])")


class Column(Data):
    """A column of a table: its heading, and how it folds.

    ``below``: where the table is too wide, it moves to lines of its own below each row.
    """

    name: str
    folds: Folds = Folds.NEVER
    below: bool = False

    def narrowest(self, cells: Sequence[str]) -> int:
        """The fewest terminal cells that the column needs."""
        parts = (part for cell in cells for part in self.folds.value.findall(cell))
        longest = max(_width(part.lstrip()) for part in parts)
        return min(longest, NARROWEST) if self.folds is Folds.ANYWHERE else longest


_RECORD = (Column("heading"), Column("cell", Folds.ANYWHERE))
_BELOW = (Column("indent"), Column("cell", Folds.AT_BLANKS))


def print_table(columns: Sequence[Column], rows: Sequence[Sequence[object]]) -> None:
    """Print a table to standard output; in a terminal, all of each cell within its width.

    Where columns that do not fold are too wide, each row becomes lines of heading and cell.
    """
    names = [column.name for column in columns]
    cells = [["" if v is None else escape.plain(str(v)) for v in row] for row in rows]
    by_column = list(zip(names, *cells, strict=True))
    widths = [max(map(_width, column)) for column in by_column]
    if sys.stdout.isatty() and _total(widths) > (room := _columns()):
        least = [column.narrowest(found) for column, found in zip(columns, by_column, strict=True)]
        _print_narrow(columns, [names, *cells], widths, least, room)
        return
    _print_row(names, widths, columns, bold=True)
    for row in cells:
        _print_row(row, widths, columns)


def _columns() -> int:
    """How wide the terminal is, in cells."""
    from shutil import get_terminal_size  # brings what compresses files

    return get_terminal_size().columns


def _print_narrow(
    columns: Sequence[Column],
    rows: Sequence[Sequence[str]],
    widths: Sequence[int],
    least: Sequence[int],
    room: int,
) -> None:
    """A table that is too wide; the first row has the headings, ``least`` is what columns need."""
    inside = [at for at, column in enumerate(columns) if not column.below]
    below = [at for at, column in enumerate(columns) if column.below]
    fewest = [least[at] for at in inside]
    if _total(fewest) > room:
        _print_records(rows[0], rows[1:], room)
        return
    kept = [widths[at] for at in inside]
    _squeeze(kept, fewest, room)
    for number, row in enumerate(rows):
        _print_row([row[at] for at in inside], kept, [columns[at] for at in inside], not number)
        for at in below:
            _print_row(["", row[at]], [0, room - GAP], _BELOW, not number)


def _print_records(names: Sequence[str], rows: Sequence[Sequence[str]], room: int) -> None:
    first = max(map(_width, names))
    for number, row in enumerate(rows):
        if number:
            print(flush=True)
        for pair in zip(names, row, strict=True):
            _print_row(pair, [first, max(room - first - GAP, 2)], _RECORD)


def _print_row(
    row: Sequence[str], widths: Sequence[int], columns: Sequence[Column], bold: bool = False
) -> None:
    folded = [
        _fold(cell, width, column.folds)
        for cell, width, column in zip(row, widths, columns, strict=True)
    ]
    for number in range(max(map(len, folded))):
        parts = [lines[number] if number < len(lines) else "" for lines in folded]
        padded = (part + " " * (w - _width(part)) for part, w in zip(parts, widths, strict=True))
        text = escape.line((" " * GAP).join(padded).rstrip())
        in_bold = bold and has_colour(sys.stdout)
        print(styled(text, Style.BOLD) if in_bold else text, flush=True)


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1)


def _squeeze(widths: list[int], least: Sequence[int], room: int) -> None:
    """Take from the widest columns what a line has too much; ``least`` fits."""
    for _ in range(_total(widths) - room):
        spare = (at for at, width in enumerate(widths) if width > least[at])
        widths[max(spare, key=widths.__getitem__)] -= 1


def _fold(text: str, width: int, folds: Folds) -> list[str]:
    """The lines of a cell; a part that is wider than the column is cut and goes on below."""
    if _width(text) <= width:
        return [text]
    lines = [""]
    for part in folds.value.findall(text):
        if _width(lines[-1] + part) <= width:
            lines[-1] += part
            continue
        rest = part.lstrip()
        lines += [""] if lines[-1] else []
        while _width(rest) > width:
            end = next(n for n in range(width, 0, -1) if n == 1 or _width(rest[:n]) <= width)
            lines[-1:] = [rest[:end], ""]
            rest = rest[end:]
        lines[-1] = rest
    return lines


def _width(text: str) -> int:
    """How many cells of a terminal a text takes: of some scripts, a character takes two or none."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)
