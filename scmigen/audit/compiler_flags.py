"""What a compiler is told: macros, and folders of headers."""

from pathlib import Path

from scmigen.data import Data, field
from scmigen.inputs import read_part
from scmigen.patterns import pattern

#: The file that tells tools the flags of the sources beside it, one on a line.
FLAGS = "compile_flags.txt"
_MAX_FILE = 1 << 20
_NAME = pattern(r"\w{1,200}")


class Flags(Data, frozen=False):
    """Macros with their values, and folders in order."""

    definitions: dict[str, str] = field(default_factory=dict)
    folders: list[Path] = field(default_factory=list)


def flags_of(words: list[str], folder: Path) -> Flags:
    """What ``-D`` and ``-I`` say; folders are from ``folder`` on."""
    found = Flags()
    for word in words:
        name, sign, value = word[2:].partition("=")
        if word.startswith("-D") and _NAME.fullmatch(name):
            found.definitions[name] = value if sign else "1"
        elif word.startswith("-I") and word[2:]:
            found.folders.append(folder / word[2:])
    return found


def flags_beside(folder: Path) -> Flags:
    """The flags that a folder's own file gives, if there is one."""
    try:
        text = read_part(folder / FLAGS, _MAX_FILE).decode("utf-8", "replace")
    except (OSError, ValueError):
        return Flags()
    return flags_of([line.strip() for line in text.splitlines()], folder)
