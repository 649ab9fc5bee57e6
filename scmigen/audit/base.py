"""Readers: values that say which files they read and how."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scmigen.diagnostics import Diagnostic, Finding
from scmigen.runtime.served import Served


@dataclass(frozen=True, slots=True)
class Audit:
    """What a reader found: the server, what is wrong with its description, and the files read."""

    served: Served
    diagnostics: tuple[Diagnostic, ...] = ()
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reader:
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
