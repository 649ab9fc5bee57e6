"""The make rule of a build: what was written, and from which files.

GNU make, ninja and CMake read it, each with a grammar of its own, and what follows a ``;`` is a
command to make. So a name has only characters that all of them take for themselves, or know the
same escape of.
"""

import os
import re
from collections.abc import Iterable

from scmigen.diagnostics import Finding, InputError, Position

DEPFILE_NAME = Finding(
    "depfile-name",
    "A dependency file cannot hold the name of a file that was read or written.",
    "Rename the file or its folder: letters, digits, blanks, and any of _ + - . / , @ ~ # $ work.",
    switchable=False,
)

_CARRIED = re.compile(r"[\w +\-./,@~#$]*")
_ESCAPES = str.maketrans({" ": "\\ ", "#": "\\#", "$": "$$"})


def make_rule(targets: Iterable[str], sources: Iterable[str]) -> bytes:
    """``targets: sources``, in one line. Raises `InputError` with all names it cannot hold."""
    written, read = list(targets), list(sources)
    wrong = [name for name in dict.fromkeys((*written, *read)) if not _is_carried(name)]
    if wrong:
        message = "a dependency file cannot hold this name"
        raise InputError([DEPFILE_NAME.error(message, Position(name)) for name in wrong])
    return os.fsencode(f"{' '.join(map(_escaped, written))}: {' '.join(map(_escaped, read))}\n")


def _is_carried(name: str) -> bool:
    return bool(_CARRIED.fullmatch(name)) and name.strip() == name


def _escaped(name: str) -> str:
    """The name as the rule has it; to make, a tilde at the start is a home directory."""
    plain = name.replace(os.sep, "/")
    return f"{'./' if plain.startswith('~') else ''}{plain.translate(_ESCAPES)}"
