"""Readers: values that say which files they read and how."""

from collections.abc import Callable
from pathlib import Path

from scmigen.data import Data
from scmigen.diagnostics import Diagnostic, Finding
from scmigen.inputs import read_part
from scmigen.runtime.served import Served

#: How much of a file `begins_with` looks at.
HEAD = 4096


class Audit(Data):
    """What a reader found: the server, what is wrong with its description, and the files read."""

    served: Served
    diagnostics: tuple[Diagnostic, ...] = ()
    files: tuple[str, ...] = ()


class Reader(Data):
    """A form of description.

    ``about`` completes the sentence "NAME: …" for people. ``recognises`` tells by the name and at
    most the beginning of a file, or the names in a directory, whether it is of this form, and
    raises nothing. ``read`` raises `InputError` where it cannot be read at all. ``findings`` are
    those that it raises.
    """

    name: str
    about: str
    recognises: Callable[[Path], bool]
    read: Callable[[Path], Audit]
    findings: tuple[Finding, ...] = ()


def begins_with(path: Path, *words: bytes) -> bool:
    """Whether the beginning of a regular file has one of ``words``; never raises."""
    try:
        head = read_part(path, HEAD)
    except (OSError, ValueError):
        return False
    return any(word in head for word in words)
