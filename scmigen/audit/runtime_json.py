"""``scmigen-runtime-1``: what ``scmigen build`` wrote for the server, or somebody by hand."""

from pathlib import Path

from scmigen.audit.base import Audit, Reader, begins_with
from scmigen.audit.grants import placed
from scmigen.audit.json_places import place_of_fault
from scmigen.diagnostics import Finding, InputError
from scmigen.inputs import of_build, read_bytes
from scmigen.runtime import ConfigurationError, decode, served_of
from scmigen.runtime.schema import KEYS

RUNTIME_INVALID = Finding(
    "runtime-invalid",
    "The server's description is not a runtime configuration.",
    "Name a runtime.json that scmigen build wrote.",
    switchable=False,
)


_WAYS = {kind: (key,) for kind, key in KEYS.items()}


def _recognises(path: Path) -> bool:
    return begins_with(of_build(path), b'"scmigen-runtime-')


def _read(path: Path) -> Audit:
    path = of_build(path)
    data, file = read_bytes(path), str(path)
    try:
        runtime = decode(data)
    except ConfigurationError as wrong:
        where = place_of_fault(data, file, str(wrong))
        raise InputError([RUNTIME_INVALID.error(str(wrong), where)]) from None
    return Audit(placed(served_of(runtime), data, file, _WAYS), files=(file,))


READER = Reader(
    name="runtime",
    about="a runtime.json, or the directory of a build",
    recognises=_recognises,
    read=_read,
    findings=(RUNTIME_INVALID,),
)
