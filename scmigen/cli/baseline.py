"""``scmigen check --write-baseline``: a file of waivers for all that is found now."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from scmigen.assignment.waivers_file import FORMAT, WAIVERS
from scmigen.cli.report import ERRORS, report, say
from scmigen.cli.request import BoardRequest, Servers, Whose
from scmigen.data import replace
from scmigen.diagnostics import Diagnostic, InputError, Severity, counted, has_errors
from scmigen.inputs import is_missing
from scmigen.pipeline import Result, with_outputs
from scmigen.targets.common.replace import write_one
from scmigen.version import format_of

#: Findings about waivers; a baseline replaces the waivers that they are about, or cannot mend them.
_OF_WAIVERS = ("waiver-unused", "waiver-expired")

_HEAD = """\
# Findings of scmigen check that were there when the baseline was written. Give each the reason why
# it is right, or mend it and remove the entry.
"""


def write(
    request: BoardRequest,
    path: Path,
    against: Servers,
    agent: Whose,
    style: str,
    quiet: bool,
) -> None:
    """Write the baseline; what cannot be waived is printed and ends the program with 1.

    What a present baseline waives keeps its reason and date: that of ``request``, or else what is
    at ``path``. What an agents file waives is not in a baseline.
    """
    if request.baseline is None and not is_missing(path):
        request = replace(request, baseline=path)
    try:
        board = request.compile(against, agent)
        found = _with_outputs(board, request)
        kept = _waived(found, request.baseline)
        before = {}
        if request.baseline != path and not is_missing(path):
            present = _with_outputs(
                replace(request, baseline=path).compile(against, agent), request
            )
            before = {(item.id, item.message): item for item in _waived(present, path)}
        left = list(_lasting(board.diagnostics, found.diagnostics))
        new = [
            before.get((item.id, item.message), item)
            for item in found.diagnostics
            if item not in left and item.id not in _OF_WAIVERS
        ]
        text = _HEAD + "".join(_lines([*kept, *new]))
        write_one(path, text.encode())
    except InputError as problem:
        report(problem.diagnostics, style, quiet, sys.stdout)
        raise SystemExit(ERRORS) from None
    report(left, style, quiet, sys.stdout)
    if not quiet and style == "text":
        say(f"{path}: {counted(len(kept) + len(new), 'finding')}")
    if has_errors(left):
        raise SystemExit(ERRORS)


def _with_outputs(board: Result, request: BoardRequest) -> Result:
    """What the outputs find as well, as they will once the errors of the board are waived."""
    fixed = [item for item in board.diagnostics if not item.finding.switchable]
    return board if has_errors(fixed) else with_outputs(board, request.emit)


def _lasting(board: Sequence[Diagnostic], found: Sequence[Diagnostic]) -> Iterator[Diagnostic]:
    """What no waiver covers: an output that cannot be made is not made by one either. ``found``
    are the findings of a ``board``, and after them those of its outputs."""
    for index, item in enumerate(found):
        is_error = _severity(item) is Severity.ERROR
        if not item.finding.switchable or (is_error and index >= len(board)):
            yield item


def _severity(item: Diagnostic) -> Severity:
    """The severity before overrides: waivers are for findings as they are."""
    return item.severity if item.judged is None else item.judged


def _waived(found: Result, baseline: Path | None) -> list[Diagnostic]:
    """What a baseline waives."""
    return [
        item
        for item in found.waived
        if item.waiver and item.waiver.position and item.waiver.position.file == str(baseline)
    ]


def _lines(found: Iterable[Diagnostic]) -> Iterator[str]:
    """YAML, every text quoted as in JSON; equal findings once."""
    yield f"{FORMAT}: {format_of('baseline')}\n"
    yield f"{WAIVERS}:\n" if (entries := list(dict.fromkeys(map(_entry, found)))) else ""
    yield from entries


def _entry(item: Diagnostic) -> str:
    """The names that the finding is about, or its whole message where it has none."""
    subject = item.subject
    reason = item.waiver.reason if item.waiver else f"in the baseline: {item.message}"
    parts: list[tuple[str, str | Sequence[str]]] = [("check", item.id)]
    if subject.resources or subject.nodes or subject.agents:
        named = (("resource", subject.resources), ("device", subject.nodes))
        parts += [pair for pair in (*named, ("agent", subject.agents)) if pair[1]]
    else:
        parts.append(("message", item.message))
    parts += [("severity", _severity(item).word), ("reason", reason)]
    if item.waiver and item.waiver.until:
        parts.append(("until", item.waiver.until))
    texts = [f"{key}: {_quoted(value)}" for key, value in parts]
    return "  - " + "\n    ".join(texts) + "\n"


def _quoted(value: str | Sequence[str]) -> str:
    """A text between double quotes, or a list of such."""
    if not isinstance(value, str):
        return f"[{', '.join(map(_quoted, value))}]"
    plain = (c if c.isprintable() and c not in '"\\' else f"\\U{ord(c):08x}" for c in value)
    return f'"{"".join(plain)}"'
