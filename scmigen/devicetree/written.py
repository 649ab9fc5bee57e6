"""Files as their authors wrote them, before any preprocessor. Read on demand.

A line marker names the file and line that a text came from. The original, with macros, comments and
spacing, is only in that file; if it is not available or does not match, the preprocessed text is
used.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path

from scmigen.devicetree.regex import regex
from scmigen.diagnostics import Diagnostic, Finding, Position
from scmigen.tuples import NamedTuple

#: The largest file that is read, in bytes.
MAX_FILE = 16 << 20

#: The most characters of a line that are shown.
MAX_SHOWN = 100

#: The most lines of a file that may have become one line, and the most characters of either.
MAX_LINES = 100
MAX_LENGTH = 8000

#: The most macros in such a line.
MAX_MACROS = 60

_TOKEN = regex(r'"(?:[^"\\]|\\.)*+"|\w++|[^\w\s]')
_COMMENT = regex(r"\"(?:[^\"\\]|\\.)*+\"|(/\*[\s\S]*?(?:\*/|\Z)|//.*|\\$)", re.MULTILINE)
_DIRECTIVE = regex(
    r"[ \t]*+#[ \t]*+(?:include|define|undef|if|ifdef|ifndef|elif|else|endif|error|warning|pragma)"
    r"(?![\w,.+*#?@-])"
)
_VISIBLE = regex(r"[^\n]")


class Place(NamedTuple):
    """A line and a column of a file, both from 1, and what is written in that line.

    ``is_macro``: a macro is written there, which the preprocessor made something else of.
    """

    line: int
    column: int
    text: str
    is_macro: bool = False


class Written:
    """Files read on demand, each once."""

    def __init__(self) -> None:
        self._lines: dict[str, tuple[str, ...]] = {}
        # Of the line that was looked at last, for its properties are asked for one by one.
        self._last: tuple[str, str] | None = None
        self._made_of: list[tuple[int, int]] | None = None

    def lines(self, file: str) -> tuple[str, ...]:
        """The lines of a file; empty if it cannot be read."""
        if file not in self._lines:
            self._lines[file] = _read_lines(file)
        return self._lines[file]

    def find(self, file: str, first: int, last: int, seen: str, column: int) -> Place | None:
        """Where the author wrote the text at ``column`` of the line ``seen``.

        The preprocessor made that line of the lines ``first`` to ``last`` of ``file``. What came
        from a macro stands where that macro is written. None where the file cannot be read, or has
        nothing to do with ``seen``.
        """
        lines = self.lines(file)[first - 1 : min(last, first + MAX_LINES)]
        if not lines or first < 1:
            return None
        # Up to there the preprocessor left the line as it was, but for tabs.
        same = seen[: _token_end(seen, column)].replace("\t", " ")
        if lines[0][: len(same)].replace("\t", " ") == same:
            return Place(first, column, lines[0])
        if sum(map(len, lines)) > MAX_LENGTH:
            lines = lines[:1]
        if len(lines[0]) > MAX_LENGTH or len(seen) > MAX_LENGTH:
            return None
        text = _without_comments("\n".join(_up_to_directive(lines)))
        found = self._offset_in(text, seen, column - 1)
        if found is None:
            return None
        offset, is_macro = found
        number = text.count("\n", 0, offset)
        start = text.rfind("\n", 0, offset)
        return Place(first + number, offset - start, lines[number], is_macro)

    def _offset_in(self, text: str, seen: str, at: int) -> tuple[int, bool] | None:
        """Where in ``text`` the token at ``at`` of ``seen`` is, and whether a macro made it."""
        ours, theirs = list(_TOKEN.finditer(seen)), list(_TOKEN.finditer(text))
        if not ours or not theirs:
            return None
        index = bisect_right(ours, at, key=lambda token: token.end())
        between = 0 < index < len(ours) and at == ours[index - 1].end() < ours[index].start()
        behind = index == len(ours) or between
        index -= behind
        if self._last != (text, seen):
            self._last = text, seen
            self._made_of = _aligned([token[0] for token in theirs], [token[0] for token in ours])
        made_of = self._made_of
        if made_of is None:
            return None
        first, last = made_of[index]
        if behind:
            return theirs[last].end(), False
        token = ours[index]
        # A token that is one of the macro's arguments stands there, any other at the macro's name.
        same = [part.start() for part in theirs[first : last + 1] if part[0] == token[0]]
        if len(same) == 1:
            return same[0] + max(at - token.start(), 0), False
        return theirs[first].start(), True


def _read_lines(file: str) -> tuple[str, ...]:
    try:
        path = Path(file)
        # What has no size may be no file, though it looks like one, as much in /proc does.
        if not path.is_file() or not 0 < path.stat().st_size <= MAX_FILE:
            return ()
        return tuple(path.read_text("utf-8").split("\n"))
    except (OSError, ValueError):
        return ()


def _up_to_directive(lines: Sequence[str]) -> Sequence[str]:
    end = next((i for i, line in enumerate(lines) if i and _DIRECTIVE.match(line)), len(lines))
    return lines[:end]


def _without_comments(text: str) -> str:
    """The text with blanks for comments, also for one that began above, and for joined lines."""
    text = _COMMENT.sub(lambda found: _blank(found[0]) if found[1] else found[0], text)
    begun = text.find("*/") + 2
    return text if begun < 2 else _blank(text[:begun]) + text[begun:]


def _blank(text: str) -> str:
    return _VISIBLE.sub(" ", text)


def _aligned(written: list[str], seen: list[str]) -> list[tuple[int, int]] | None:
    """Of each token ``seen`` the first and last token ``written`` that it came from.

    Only a name, with or without arguments in parentheses, can have become something else, of any
    length; as few as possible have. None where that does not explain what is seen.
    """
    ends = _calls(written)
    layers = _layers(written, seen, ends)
    if layers is None:
        return None
    starts: dict[int, list[int]] = {}
    for start, stops in ends.items():
        for stop in stops:
            starts.setdefault(stop, []).append(start)
    found = [(0, 0)] * len(seen)
    here, left, layer = len(written), len(seen), len(layers) - 1
    while here:
        same = left and written[here - 1] == seen[left - 1]
        if same and layers[layer][here - 1] >> (left - 1) & 1:
            here, left = here - 1, left - 1
            found[left] = here, here
            continue
        layer -= 1
        start = next(s for s in starts[here] if layers[layer][s] & ((2 << left) - 1))
        # A macro made one token, if that is possible, or else as few as there can be.
        less = layers[layer][start] & ((1 << left) - 1)
        rest = less.bit_length() - 1 if less else left
        found[rest:left] = [(start, here - 1)] * (left - rest)
        here, left = start, rest
    return found


def _calls(written: list[str]) -> dict[int, list[int]]:
    """Of each name behind which token it may end: itself, or its arguments in parentheses."""
    ends: dict[int, list[int]] = {}
    opened: list[int] = []
    for index, token in enumerate(written):
        if token == "(":
            opened.append(index)
        elif token == ")" and opened:
            name = opened.pop() - 1
            if name in ends:
                ends[name].append(index + 1)
        elif token[0].isalpha() or token[0] == "_":
            ends[index] = [index + 1]
    return ends


def _layers(
    written: list[str], seen: list[str], ends: dict[int, list[int]]
) -> list[list[int]] | None:
    """How many tokens ``seen`` the first, first two, … tokens ``written`` can have made: bits.

    Each layer has one macro more than the one before; the last explains all that is seen. None
    where `MAX_MACROS` do not.
    """
    equal: dict[str, int] = {}
    for index, token in enumerate(seen):
        equal[token] = equal.get(token, 0) | 1 << index
    every = (2 << len(seen)) - 1
    layers: list[list[int]] = []
    while len(layers) <= MAX_MACROS:
        reach = [0] * (len(written) + 1)
        reach[0] = not layers
        for index, token in enumerate(written):
            reach[index + 1] |= (reach[index] & equal.get(token, 0)) << 1
            before = layers[-1][index] if layers else 0
            if before:
                for end in ends.get(index, ()):
                    # As many as the fewest so far, or any number more.
                    reach[end] |= every & -(before & -before)
        layers.append(reach)
        if reach[-1] >> len(seen) & 1:
            return layers
    return None


def excerpt(line: str, column: int) -> str:
    """A line, cut where it is long, and a caret below the column."""
    first = max(0, min(column - 1 - MAX_SHOWN // 2, len(line) - MAX_SHOWN))
    shown = line[first : first + MAX_SHOWN].rstrip()
    shown = "".join(c if c.isprintable() or c == "\t" else " " for c in shown)
    before = line[first : column - 1]
    below = "".join(c if c == "\t" else " " for c in before)
    return f"{shown}\n{below}^"


def diagnostic_at(
    finding: Finding, message: str, position: Position, hint: str | None = None
) -> Diagnostic:
    """A diagnostic at a position, with the line there if it can be read."""
    shown = excerpt_at(position)
    return finding.at(finding.severity, message, position, (), hint, shown)


def excerpt_at(place: Position) -> str | None:
    """The line at a position with a caret below it; None if it cannot be read."""
    lines = Written().lines(place.file)
    if not 0 < place.line <= len(lines):
        return None
    line = lines[place.line - 1]
    return excerpt(line, place.column or len(line) - len(line.lstrip()) + 1)


def _token_end(line: str, column: int) -> int:
    """Where the token at ``column`` of a line ends."""
    found = _TOKEN.match(line, column - 1)
    return found.end() if found else column
