"""Files as their authors wrote them, before any preprocessor: read when somebody asks.

A line marker says which line a text came from. What stood there, with macros and comments, is only
in that file; where it cannot be read, or has something else on that line, nobody is worse off.
"""

import re
from pathlib import Path

#: The largest file that is read, in bytes.
MAX_FILE = 16 << 20

#: The most characters of a line that are shown.
MAX_SHOWN = 100

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"|\w++|[^\w\s]')
_COMMENT = re.compile(r"\"(?:[^\"\\]|\\.)*+\"|(/\*.*?(?:\*/|$)|//.*)")


class Written:
    """The files that somebody asked for, each read once."""

    def __init__(self) -> None:
        self._lines: dict[str, tuple[str, ...]] = {}

    def lines(self, file: str) -> tuple[str, ...]:
        """The lines of a file; none where it cannot be read."""
        if file not in self._lines:
            self._lines[file] = _read_lines(file)
        return self._lines[file]

    def line(self, file: str, number: int) -> str | None:
        """Line ``number`` of a file, counted from 1."""
        lines = self.lines(file)
        return lines[number - 1] if 0 < number <= len(lines) else None


def _read_lines(file: str) -> tuple[str, ...]:
    try:
        path = Path(file)
        if not path.is_file() or path.stat().st_size > MAX_FILE:
            return ()
        return tuple(path.read_text("utf-8").split("\n"))
    except (OSError, ValueError):
        return ()


def column_in(written: str, seen: str, column: int) -> int | None:
    """The column in the line as it was written of what stands at ``column`` of the line as seen.

    Both count from 1. Where it came from a macro, that macro's; none where the lines have nothing
    to do with each other.
    """
    if written == seen:
        return column
    ours, theirs = _tokens(seen), _tokens(_without_comments(written))
    index = next((i for i, found in enumerate(ours) if found.end() >= column), len(ours))
    same = 0
    for a, b in zip(ours, theirs, strict=False):
        if a[0] != b[0]:
            break
        same += 1
    if same > index:
        inside = column - 1 - ours[index].start()
        return theirs[index].start() + 1 + max(inside, 0)
    rest = [token[0] for token in ours[index:]]
    behind = theirs[len(theirs) - len(rest) :] if len(rest) <= len(theirs) else []
    if behind and [token[0] for token in behind] == rest:
        return behind[0].start() + 1
    if not same and len(ours) > 1:
        return None
    return theirs[same].start() + 1 if same < len(theirs) else len(written.rstrip()) + 1


def excerpt(line: str, column: int) -> str:
    """A line, cut where it is long, and a caret below the column."""
    first = max(0, min(column - 1 - MAX_SHOWN // 2, len(line) - MAX_SHOWN))
    shown = line[first : first + MAX_SHOWN].rstrip()
    shown = "".join(c if c.isprintable() or c == "\t" else " " for c in shown)
    before = line[first : column - 1]
    below = "".join(c if c == "\t" else " " for c in before)
    return f"{shown}\n{below}^"


def _tokens(line: str) -> list[re.Match[str]]:
    return list(_TOKEN.finditer(line))


def _without_comments(line: str) -> str:
    return _COMMENT.sub(lambda found: " " * len(found[0]) if found[1] else found[0], line)
