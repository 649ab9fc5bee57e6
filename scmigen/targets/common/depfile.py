"""The make rule of a build: the one target that stands for it, and the files that were read.

GNU make, ninja and CMake read it, each with a grammar of its own, and what follows a ``;`` is a
command to make. So a name has only characters that all of them take for themselves, or know the
same escape of.
"""

import os
from collections.abc import Iterable

from scmigen.diagnostics import Finding, InputError, Position
from scmigen.patterns import pattern

DEPFILE_NAME = Finding(
    "depfile-name",
    "A dependency file cannot hold the name of a file that was read or written.",
    "Rename the file or its folder: letters, digits, blanks, and any of _ + - . / , @ ~ # $ work.",
    switchable=False,
)

_CARRIED = pattern(r"[\w +\-./,@~#$]*")
_ESCAPES = str.maketrans({" ": "\\ ", "#": "\\#", "$": "$$"})


def make_rule(target: str, sources: Iterable[str]) -> bytes:
    """``target: sources``, and a rule without a recipe for each source but the first.

    With these, make runs again where a file was removed or renamed, as after gcc's ``-MP``. Raises
    `InputError` with all names that the rule cannot hold.
    """
    read = list(dict.fromkeys(sources))
    wrong = [name for name in dict.fromkeys((target, *read)) if not _is_carried(name)]
    if wrong:
        message = "a dependency file cannot hold this name"
        raise InputError([DEPFILE_NAME.error(message, Position(name)) for name in wrong])
    names = list(map(_escaped, read))
    lines = [f"{_escaped(target)}: {' '.join(names)}", *(f"{name}:" for name in names[1:])]
    return os.fsencode("\n".join(lines) + "\n")


def _is_carried(name: str) -> bool:
    return bool(_CARRIED.fullmatch(name)) and name.strip() == name


def _escaped(name: str) -> str:
    """The name as the rule has it; to make, a tilde at the start is a home directory."""
    plain = name.replace(os.sep, "/")
    return f"{'./' if plain.startswith('~') else ''}{plain.translate(_ESCAPES)}"
