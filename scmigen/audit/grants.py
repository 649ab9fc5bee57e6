"""``scmigen-grants-1``: the form that every other description becomes, as JSON."""

from pathlib import Path

from scmigen.audit.base import Audit, Reader
from scmigen.diagnostics import Finding, InputError, Position
from scmigen.inputs import read_bytes, read_part
from scmigen.runtime.checks import ConfigurationError
from scmigen.runtime.reading import from_json
from scmigen.runtime.served import Served
from scmigen.version import format_problem

GRANTS_INVALID = Finding(
    "grants-invalid",
    "A description of a server is not one that scmigen reads.",
    "Correct it; docs/reference/audit.md has the form.",
    switchable=False,
)
#: The format is among the first keys of a file that scmigen wrote.
_HEAD = 4096


def _recognises(path: Path) -> bool:
    try:
        return b'"scmigen-grants-' in read_part(path, _HEAD)
    except (OSError, ValueError):
        return False


def _read(path: Path) -> Audit:
    try:
        served: Served = from_json(read_bytes(path), Served, what="a description of a server")
    except ConfigurationError as wrong:
        raise InputError([GRANTS_INVALID.error(str(wrong), Position(str(path)))]) from None
    problem = format_problem("grants", served.format)
    if problem is not None:
        message, hint = problem
        raise InputError([GRANTS_INVALID.error(message, Position(str(path)), hint=hint)])
    return Audit(served, files=(str(path),))


READER = Reader(
    name="grants",
    about="what each agent may do, as JSON of the format scmigen-grants-1",
    recognises=_recognises,
    read=_read,
    findings=(GRANTS_INVALID,),
)
