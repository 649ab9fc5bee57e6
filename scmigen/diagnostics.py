"""Diagnostics: one type, one text form, one JSON form.

A `Finding` is a kind of problem, defined once beside the code that looks for it; it makes the
`Diagnostic` objects that report single instances. A stage that cannot go on raises `InputError`
with every diagnostic so far. This module knows neither device trees nor SCMI.
"""

import re
from collections.abc import Iterable
from enum import IntEnum

from scmigen import escape
from scmigen.data import Data, replace
from scmigen.hints import Any
from scmigen.patterns import pattern


class Severity(IntEnum):
    """How much a diagnostic weighs; only an error makes a run fail."""

    NOTE = 0
    WARNING = 1
    ERROR = 2

    @property
    def word(self) -> str:
        """The lower-case word that is printed."""
        return self.name.lower()


class Position(Data, order=True):
    """A place in a file. ``line`` and ``column`` count from 1; 0 means that it is not known."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        parts = [self.file]
        if self.line:
            parts.append(str(self.line))
            if self.column:
                parts.append(str(self.column))
        return ":".join(parts)


_PLACE = pattern(r"(.+?):(\d{1,9})(?::(\d{1,9}))?", re.DOTALL)


def position_of(text: str) -> Position:
    """The position that ``file:line`` or ``file:line:column`` is; otherwise it is a file."""
    found = _PLACE.fullmatch(text)
    if found is None:
        return Position(text)
    return Position(found[1], int(found[2]), int(found[3] or 0))


class Related(Data):
    """A further place that belongs to a diagnostic, and what is there."""

    message: str
    position: Position | None = None


class Subject(Data):
    """What a diagnostic is about, by names that do not change with numbers and lines.

    ``resources`` are written ``clock /cru 12``; ``nodes`` are paths; ``agents`` are names, of all
    agents concerned. ``by``: those of them that can do something to the others; to everybody, if
    there are no others. Empty where that is not said.
    """

    resources: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    by: tuple[str, ...] = ()


class Waiver(Data):
    """Why one diagnostic is not reported, until which day (``YYYY-MM-DD``), and who says so."""

    reason: str
    until: str | None = None
    position: Position | None = None


class Finding(Data):
    """A kind of problem: its id, one sentence about it, and one with the remedy.

    ``severity`` is the usual one. ``switchable``: the user may change the severity or turn it off;
    not so where the run cannot go on anyway. ``on_request``: it is reported only where the user
    asks for it.
    """

    id: str
    about: str
    advice: str
    severity: Severity = Severity.ERROR
    switchable: bool = True
    on_request: bool = False

    def at(
        self,
        severity: Severity,
        message: str,
        position: Position | None = None,
        related: Iterable[Related] = (),
        hint: str | None = None,
        excerpt: str | None = None,
    ) -> "Diagnostic":
        """One instance of this finding, with a severity of its own."""
        return Diagnostic(self, severity, message, position, tuple(related), hint, excerpt)

    def error(
        self,
        message: str,
        position: Position | None = None,
        related: Iterable[Related] = (),
        hint: str | None = None,
    ) -> "Diagnostic":
        """An error: the run fails and writes nothing."""
        return self.at(Severity.ERROR, message, position, related, hint)

    def warning(
        self,
        message: str,
        position: Position | None = None,
        related: Iterable[Related] = (),
        hint: str | None = None,
    ) -> "Diagnostic":
        """A warning: probably wrong, but the output is what the input says."""
        return self.at(Severity.WARNING, message, position, related, hint)

    def note(
        self,
        message: str,
        position: Position | None = None,
        related: Iterable[Related] = (),
        hint: str | None = None,
    ) -> "Diagnostic":
        """A note: nothing is wrong, but the user would want to know."""
        return self.at(Severity.NOTE, message, position, related, hint)


class Diagnostic(Data):
    """One instance of a finding: message, position, related places, and a hint.

    ``excerpt`` is the line of the source, and a second line with a caret below the position.
    ``whole``: the related places are what it is about, and text has all of them. ``parts``: what
    it says at once of several, each with its own agents; none where ``subject`` has all there is
    to say. ``waiver``: the user accepts this very instance, and it is not an error any more.
    ``judged``: the severity that its check gave it, where an override gives it another.
    """

    finding: Finding
    severity: Severity
    message: str
    position: Position | None = None
    related: tuple[Related, ...] = ()
    hint: str | None = None
    excerpt: str | None = None
    whole: bool = False
    subject: Subject = Subject()
    parts: tuple[Subject, ...] = ()
    waiver: Waiver | None = None
    judged: Severity | None = None

    @property
    def id(self) -> str:
        """The id of the finding."""
        return self.finding.id

    def about(
        self,
        resources: Iterable[str] = (),
        nodes: Iterable[str] = (),
        agents: Iterable[str] = (),
        by: Iterable[str] = (),
    ) -> "Diagnostic":
        """The same diagnostic with its subject, each name once."""
        parts = (tuple(dict.fromkeys(names)) for names in (resources, nodes, agents, by))
        return replace(self, subject=Subject(*parts))

    def about_each(self, parts: Iterable[Subject]) -> "Diagnostic":
        """The same diagnostic about all of ``parts``, which waivers may name one by one."""
        every = tuple(dict.fromkeys(parts))
        return replace(
            self.about(
                (name for part in every for name in part.resources),
                (name for part in every for name in part.nodes),
                (name for part in every for name in part.agents),
            ),
            parts=every,
        )


def counted(number: int, one: str, many: str | None = None) -> str:
    """``1 file``, ``2 files``; ``many`` where that is not ``one`` with an s."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"


class InputError(Exception):
    """The input cannot be used; carries everything that was found so far."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("; ".join(map(_in_a_line, self.diagnostics)))


def _in_a_line(item: Diagnostic) -> str:
    """``board.dts:3:5: message (hint)``, for whoever lets the exception end a program."""
    where = f"{item.position}: " if item.position is not None else ""
    return f"{where}{item.message}{f' ({item.hint})' if item.hint else ''}"


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether any of ``diagnostics`` is an error."""
    return any(item.severity is Severity.ERROR for item in diagnostics)


#: Related places that text lists; the others are counted. Data keeps them all.
LISTED = 4


def related_lines(item: Diagnostic) -> list[str]:
    """The first `LISTED` related places, each with its position, and how many more there are."""
    listed = len(item.related) if item.whole else LISTED
    lines = [
        f"{place.message} ({place.position})" if place.position else place.message
        for place in item.related[:listed]
    ]
    rest = len(item.related) - listed
    return [*lines, f"and {rest} more"] if rest > 0 else lines


def format_text(item: Diagnostic) -> str:
    """``file:line:column: severity[id]: message``; below it excerpt, related places and hint.

    Of many related places only the first are listed (`related_lines`).
    """
    where = f"{item.position}: " if item.position else ""
    lines = [f"{where}{item.severity.word}[{item.id}]: {item.message}"]
    lines += [f"  {line}" for line in related_lines(item)]
    if item.hint:
        lines.append(f"  hint: {item.hint}")
    told = [escape.line(line) for line in lines]
    told[1:1] = [escape.excerpt(f"    {line}") for line in (item.excerpt or "").split("\n") if line]
    return "\n".join(told)


def position_to_dict(position: Position | None) -> dict[str, Any] | None:
    """The JSON object of a position, in whatever answer it is."""
    if position is None:
        return None
    return {"file": position.file, "line": position.line, "column": position.column}


def to_dict(item: Diagnostic) -> dict[str, Any]:
    """The JSON object of a diagnostic; `format_text` says the same in words."""
    return {
        "id": item.id,
        "severity": item.severity.word,
        "message": item.message,
        "position": position_to_dict(item.position),
        "related": [
            {"message": r.message, "position": position_to_dict(r.position)} for r in item.related
        ],
        "hint": item.hint,
        "excerpt": item.excerpt,
        "subject": {
            "resources": item.subject.resources,
            "nodes": item.subject.nodes,
            "agents": item.subject.agents,
        },
        "waived": None if item.waiver is None else waiver_to_dict(item.waiver),
    }


def waiver_to_dict(waiver: Waiver) -> dict[str, Any]:
    """The JSON object of a waiver."""
    where = position_to_dict(waiver.position)
    return {"reason": waiver.reason, "until": waiver.until, "position": where}
