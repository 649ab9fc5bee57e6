"""What scmigen tells its user about the input: one type, one text form, one JSON form.

This module knows nothing of device trees or SCMI. A stage that finds something wrong makes a
`Diagnostic`; a stage that cannot go on raises `InputError` with all it found.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from typing import Any, NamedTuple


class Severity(IntEnum):
    """How much a diagnostic weighs; only an error makes a run fail."""

    NOTE = 0
    WARNING = 1
    ERROR = 2

    @property
    def word(self) -> str:
        """The lower-case word that is printed."""
        return self.name.lower()


@dataclass(frozen=True, slots=True, order=True)
class Position:
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


@dataclass(frozen=True, slots=True)
class Related:
    """A further place that belongs to a diagnostic, and what is there."""

    message: str
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding: what is wrong, where, what else belongs to it, what right would look like.

    ``excerpt`` is the line of the source, and a second line with a caret below the place.
    """

    id: str
    severity: Severity
    message: str
    position: Position | None = None
    related: tuple[Related, ...] = ()
    hint: str | None = None
    excerpt: str | None = None


def counted(number: int, one: str, many: str | None = None) -> str:
    """``1 file``, ``2 files``; ``many`` where that is not ``one`` with an s."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"


class Explanation(NamedTuple):
    """What ``scmigen explain`` says of a diagnostic's id: what it is about, and what to do."""

    about: str
    advice: str


class InputError(Exception):
    """The input cannot be used; carries everything that was found so far."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("; ".join(item.message for item in self.diagnostics))


def _diagnostic(
    severity: Severity,
    identifier: str,
    message: str,
    position: Position | None = None,
    related: Sequence[Related] = (),
    hint: str | None = None,
    excerpt: str | None = None,
) -> Diagnostic:
    return Diagnostic(identifier, severity, message, position, tuple(related), hint, excerpt)


#: An error: the run fails and writes nothing.
error = partial(_diagnostic, Severity.ERROR)
#: A warning: probably wrong, but the output is what the input says.
warning = partial(_diagnostic, Severity.WARNING)
#: A note: nothing is wrong, but the user would want to know.
note = partial(_diagnostic, Severity.NOTE)


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether any of ``diagnostics`` is an error."""
    return any(item.severity is Severity.ERROR for item in diagnostics)


def format_text(item: Diagnostic) -> str:
    """``file:line:column: severity[id]: message``; below it excerpt, related places and hint."""
    where = f"{item.position}: " if item.position else ""
    lines = [f"{where}{item.severity.word}[{item.id}]: {item.message}"]
    lines += [f"    {line}" for line in (item.excerpt or "").splitlines()]
    for related in item.related:
        place = f" ({related.position})" if related.position else ""
        lines.append(f"  {related.message}{place}")
    if item.hint:
        lines.append(f"  hint: {item.hint}")
    return "\n".join(lines)


def _position_to_dict(position: Position | None) -> dict[str, Any] | None:
    if position is None:
        return None
    return {"file": position.file, "line": position.line, "column": position.column}


def to_dict(item: Diagnostic) -> dict[str, Any]:
    """The JSON object of a diagnostic; `format_text` says the same in words."""
    return {
        "id": item.id,
        "severity": item.severity.word,
        "message": item.message,
        "position": _position_to_dict(item.position),
        "related": [
            {"message": r.message, "position": _position_to_dict(r.position)} for r in item.related
        ],
        "hint": item.hint,
        "excerpt": item.excerpt,
    }
