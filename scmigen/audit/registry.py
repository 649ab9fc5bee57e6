"""All readers by name. A reader is imported when it is first asked for."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path

from scmigen.audit.base import Reader

#: Name → module and variable. A path is of the first form that recognises it.
BUILT_IN: Mapping[str, str] = {
    "grants": "scmigen.audit.grants:READER",
}


def find(name: str) -> Reader:
    """The reader of that name, one of `BUILT_IN`."""
    module, _, variable = BUILT_IN[name].partition(":")
    reader: Reader = getattr(import_module(module), variable)
    return reader


def readers() -> Iterator[Reader]:
    """All readers, in the order in which they are asked."""
    return map(find, BUILT_IN)


def recognised(path: Path) -> Reader | None:
    """The first reader that knows the form of what is at ``path``."""
    return next((reader for reader in readers() if reader.recognises(path)), None)
