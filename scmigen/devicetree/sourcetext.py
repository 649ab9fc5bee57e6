"""Source text, and the original position of each of its characters.

The text of a board comes from many files: the C preprocessor leaves line markers, and dtc's own
``/include/`` splices a file into another. `SourceText.text` is the input of the grammar: all files
in one, with comments and line markers replaced by spaces, so that an offset leads back to a file, a
line and a column. Positions are computed on demand; most never are.
"""

import re
import sys
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path

from scmigen.devicetree.arithmetic import unescape
from scmigen.devicetree.findings import DTS_SYNTAX
from scmigen.devicetree.regex import regex
from scmigen.diagnostics import Diagnostic, Finding, InputError, Position, Related, Severity
from scmigen.hints import TYPE_CHECKING
from scmigen.inputs import read_part

if TYPE_CHECKING:
    from scmigen.devicetree.written import Written

DTS_INCLUDE = Finding(
    "dts-include",
    "A file that the source includes is missing or cannot be read.",
    "Add its directory with -I.",
    switchable=False,
)

#: Bounds on what ``/include/`` may pull in: files inside files (dtc's own bound), files in all,
#: and characters of the spliced text.
MAX_INCLUDE_DEPTH = 200
MAX_INCLUDES = 10_000
MAX_TEXT = 16 << 20

#: The most characters that are shown of what a preprocessor made of a line.
MAX_MADE = 100

_STRING = r'"(?:[^"\\]|\\[\s\S])*+"'
_CHARACTER = r"'(?:[^'\\\n]|\\.)*+'"
_COMMENT = r"/\*(?:[^*]++|\*(?!/))*+\*/|//[^\n]*+"
_MARKER = (
    r'(?P<marker>#(?:line)?[ \t]++(?P<line>[0-9]++)[ \t]++"(?P<file>(?:[^"\\\n]|\\.)*+)"'
    r"(?:[ \t]++[0-9]++)*+)"
)
_MARKERS = regex(_MARKER)
_STRINGS_AND_MARKERS = regex(rf"{_STRING}|{_CHARACTER}|^{_MARKER}", re.MULTILINE)
_COMMENTS = regex(rf"{_STRING}|{_CHARACTER}|(?P<comment>{_COMMENT})")
_INCLUDES = regex(rf'{_STRING}|{_CHARACTER}|(?P<include>/include/\s*+"(?P<name>[^"\n]*+)")')
_NOT_NEWLINE = regex(r"[^\n]")
_LABEL = regex(r"(?<![\w,.+*#?@-])([A-Za-z_]\w*+)\s*+:", re.ASCII)
_BLANKS = regex(r"\s*+")


class SourceFile:
    """One file: what was written, what the grammar sees of it, and the lines' places."""

    def __init__(self, name: str, written: str) -> None:
        self.name = name
        self.directory = Path(name).parent
        self.written = written
        #: From which offset on the text is line ``line`` and following of ``file``.
        self._markers: list[tuple[int, str, int]] = [(0, name, 1)]
        self.text = self._without_markers(_without_comments(written))

    def _marked(self, marker: re.Match[str]) -> str:
        """The file that a line marker names."""
        name = marker["file"]
        if "\\" in name:
            name = unescape(name).decode("utf-8", "replace")
        if "\0" in name:
            where = self.position(marker.start("marker"))
            raise InputError(
                [DTS_SYNTAX.error("a line marker names a file with a NUL character", where)]
            )
        return name

    def _without_markers(self, text: str) -> str:
        """The text with every line marker made spaces; fills the table of them."""
        parts: list[str] = []
        done = 0
        for marker in _markers(text):
            # The marker tells the number of the line that follows it.
            start, end = marker.span("marker")
            self._markers.append((end, self._marked(marker), int(marker["line"][-9:]) - 1))
            parts += (text[done:start], " " * (end - start))
            done = end
        parts.append(text[done:])
        return "".join(parts)

    @cached_property
    def _lines(self) -> list[int]:
        """The offset at which each line starts."""
        return [0, *(found.end() for found in re.finditer("\n", self.written))]

    @cached_property
    def _marked_from(self) -> list[int]:
        return [offset for offset, _, _ in self._markers]

    def line_at(self, offset: int) -> tuple[str, int]:
        """The line of a character, as the preprocessor left it, and its column, from 1."""
        start = self._lines[bisect_right(self._lines, offset) - 1]
        end = self.written.find("\n", start)
        return self.written[start : end if end >= 0 else None], offset - start + 1

    @property
    def marked_files(self) -> list[str]:
        """The files that line markers name."""
        return [name for _, name, _ in self._markers[1:]]

    @property
    def is_preprocessed(self) -> bool:
        """Whether line markers say that the lines were written in another file, or otherwise."""
        return len(self._markers) > 1

    def last_line(self, offset: int, place: Position) -> int:
        """The last line of the author's file that may have become part of the line at ``offset``,
        whose place is ``place``.

        A preprocessor joins lines, and leaves empty ones behind for those it joined.
        """
        end = self.text.find("\n", offset)
        blanks = _BLANKS.match(self.text, end) if end >= 0 else None
        if blanks is None or blanks.end() == len(self.text):
            return sys.maxsize
        next_ = self.position(blanks.end())
        return (
            next_.line - 1 if place.file == next_.file and next_.line > place.line else sys.maxsize
        )

    def position(self, offset: int) -> Position:
        """The place of a character, as the line markers tell it."""
        line = bisect_right(self._lines, offset)
        start = self._lines[line - 1]
        index = bisect_right(self._marked_from, offset) - 1
        from_offset, file, first = self._markers[index]
        skipped = line - bisect_right(self._lines, from_offset)
        return Position(file, first + skipped, offset - start + 1)


def _markers(text: str) -> list[re.Match[str]]:
    """The line markers; lookalikes inside strings do not count."""
    found: list[re.Match[str]] = []
    done = 0
    start = 0 if text.startswith("#") else _line_with_hash(text, 0)
    while start >= 0:
        marker = _MARKERS.match(text, start)
        if marker is not None:
            # Inside a string the quotes up to here are odd in number, unless one is escaped.
            if text.count('"', done, start) % 2:
                break
            found.append(marker)
            done = marker.end()
        start = _line_with_hash(text, start)
    if start < 0 and (not found or "\\" not in text):
        return found
    return [marker for marker in _STRINGS_AND_MARKERS.finditer(text) if marker["marker"]]


def _line_with_hash(text: str, start: int) -> int:
    """The start of the next line after ``start`` that begins with ``#``, or -1."""
    found = text.find("\n#", start)
    return found + 1 if found >= 0 else -1


def _without_comments(text: str) -> str:
    """The text with every comment made spaces (newlines stay); lengths stay as they are."""
    if "/*" not in text and "//" not in text:
        return text
    parts: list[str] = []
    done = 0
    for found in _COMMENTS.finditer(text):
        if found["comment"]:
            parts += (text[done : found.start()], _NOT_NEWLINE.sub(" ", found[0]))
            done = found.end()
    parts.append(text[done:])
    return "".join(parts)


class SourceText:
    """The text of a tree, and the way back from an offset to its file.

    ``files`` are all files it was made from. Raises `InputError` (``dts-include``) where an
    ``/include/`` cannot be followed.
    """

    def __init__(self, text: str, file: str, include_paths: Sequence[Path] = ()) -> None:
        self.include_paths = tuple(include_paths)
        self.files = [file]
        main = SourceFile(file, text)
        if "/include/" in main.text:
            self._pieces = _splice(main, self)
        else:
            self._pieces = [(main, 0, len(main.text))]
        self.text = "".join(piece.text[start:end] for piece, start, end in self._pieces)

    @cached_property
    def written(self) -> "Written":
        """The files as their authors wrote them."""
        from scmigen.devicetree.written import Written

        return Written()

    @cached_property
    def _starts(self) -> list[int]:
        starts, total = [], 0
        for _, start, end in self._pieces:
            starts.append(total)
            total += end - start
        return starts

    def _find(self, offset: int) -> tuple[SourceFile, int]:
        index = bisect_right(self._starts, offset) - 1
        # A character belongs to the last piece that starts at it and is not empty.
        file, start, _ = self._pieces[index]
        return file, start + offset - self._starts[index]

    @cached_property
    def labels(self) -> frozenset[str]:
        """All that may be labels, wherever in the text."""
        return frozenset(_LABEL.findall(self.text))

    @cached_property
    def macros(self) -> Iterable[str]:
        """The macros that the files define which the text was preprocessed from."""
        from scmigen.devicetree.names import Names

        names = dict.fromkeys(name for file, _, _ in self._pieces for name in file.marked_files)
        return Names(names).macros

    def position(self, offset: int) -> Position:
        """Where the author wrote the character at ``offset`` of `text`."""
        return self._locate(offset)[0]

    def _locate(self, offset: int) -> tuple[Position, str, str]:
        """Where the author wrote a character, the line there, and what a macro made of it, if any.

        Where the author's file is not at hand, it is the line as the preprocessor left it.
        """
        file, local = self._find(offset)
        place = file.position(local)
        line, column = file.line_at(local)
        if file.is_preprocessed and self.written.lines(place.file):
            last = file.last_line(local, place)
            found = self.written.find(place.file, place.line, last, line, column)
            if found is not None:
                made = line.strip() if found.is_macro else ""
                return Position(place.file, found.line, found.column), found.text, made
        return place, line, ""

    def diagnostic(
        self,
        finding: Finding,
        message: str,
        offset: int,
        related: Sequence[Related] = (),
        hint: str | None = None,
    ) -> Diagnostic:
        """A diagnostic at ``offset``, with the line as its author wrote it if that is known."""
        from scmigen.devicetree.written import excerpt

        place, line, made = self._locate(offset)
        shown = excerpt(line, place.column)
        if made:
            cut = made if len(made) <= MAX_MADE else f"{made[:MAX_MADE]}…"
            related = (*related, Related(f"the preprocessor expanded the line to: {cut}"))
        return finding.at(finding.severity, message, place, related, hint, shown)

    def mend(self, start: int, end: int, replacement: str) -> None:
        """Replace a part of `text` with ``replacement``, padded with spaces."""
        self.text = self.text[:start] + replacement.ljust(end - start) + self.text[end:]

    def open_beside(self, name: str, offset: int) -> Path | None:
        """The file ``name`` as meant at ``offset``: beside the file there, or in a search path."""
        found = self.search(name, self._find(offset)[0].directory)
        if found is not None:
            self.files.append(str(found))
        return found

    def search(self, name: str, directory: Path) -> Path | None:
        """The file ``name`` in ``directory`` or in the first search path that has it."""
        if "\0" in name:
            return None
        for folder in (directory, *self.include_paths):
            try:
                if (folder / name).is_file():
                    return folder / name
            except OSError:
                continue
        return None


def _splice(main: SourceFile, source: SourceText) -> list[tuple[SourceFile, int, int]]:
    """The pieces of all files in the order of the spliced text."""
    pieces: list[tuple[SourceFile, int, int]] = []
    total = 0
    stack = [(main, 0)]
    while stack:
        file, start = stack.pop()
        include = _next_include(file, start)
        end = len(file.text) if include is None else include.start("include")
        pieces.append((file, start, end))
        total += end - start
        if include is None:
            continue
        stack.append((file, include.end()))
        included = _included(file, include, source)
        stack.append((included, 0))
        if (
            len(stack) > MAX_INCLUDE_DEPTH
            or len(source.files) > MAX_INCLUDES
            or total + len(included.text) > MAX_TEXT
        ):
            raise _bad_include(file, include, "includes are nested too deeply or too large")
    return pieces


def _next_include(file: SourceFile, start: int) -> re.Match[str] | None:
    for found in _INCLUDES.finditer(file.text, start):
        if found["include"]:
            return found
    return None


def _included(file: SourceFile, include: re.Match[str], source: SourceText) -> SourceFile:
    path = source.search(include["name"], file.directory)
    if path is None:
        raise _bad_include(file, include, f'"{include["name"]}" is not in any include directory')
    try:
        text = read_part(path, MAX_TEXT + 1).decode("utf-8")
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or "not UTF-8 text"
        raise _bad_include(file, include, f"{path} cannot be read: {reason}") from None
    source.files.append(str(path))
    return SourceFile(str(path), text.replace("\r\n", "\n").replace("\r", "\n"))


def _bad_include(file: SourceFile, include: re.Match[str], message: str) -> InputError:
    from scmigen.devicetree.written import excerpt

    offset = include.start("include")
    line, column = file.line_at(offset)
    hint = "add its directory with -I"
    found = DTS_INCLUDE.at(
        Severity.ERROR, message, file.position(offset), (), hint, excerpt(line, column)
    )
    return InputError([found])
