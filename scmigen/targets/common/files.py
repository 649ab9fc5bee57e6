"""Files of an output, and what writing them reports."""

from pathlib import Path

from scmigen.data import Data
from scmigen.diagnostics import Diagnostic, Finding, InputError, Severity

OUTPUT_UNWRITABLE = Finding(
    "output-unwritable",
    "A file cannot be written; nothing else was written either.",
    "See that the folder is there and yours, and that nothing else has the file's name.",
    switchable=False,
)
OUTPUT_FOREIGN = Finding(
    "output-foreign",
    "A file that scmigen did not write, or that was changed since, has the name of an output.",
    "Move it away, or replace it with --force.",
    switchable=False,
)
OUTPUT_LEFT = Finding(
    "output-left",
    "Files of an earlier run that are not made any more stay, as it is not certain that nobody"
    " changed them.",
    "Remove them if you do not need them; they are not reported again.",
    Severity.WARNING,
    switchable=False,
)


class File(Data):
    """One file of an output: ``path`` is relative with forward slashes, ``content`` its bytes.

    ``alike``: whatever the platform is, so that many SCMI instances of a board have it once.
    """

    path: str
    content: bytes
    alike: bool = False

    def below(self, folder: str) -> "File":
        """The same file in a folder."""
        return File(f"{folder}/{self.path}", self.content, self.alike)


class Beside(Data):
    """A file at a path of its own that is written with an output: the lock file, a make rule.

    ``was``: the content from which ``content`` was made, ``b""`` for no file; a file that has
    another one by now is not replaced (`OvertakenError`). ``None``: it is replaced whatever it has.
    """

    path: Path
    content: bytes
    was: bytes | None = None


class Written(Data):
    """What a run changed: paths relative to the output folder; and what it left."""

    changed: tuple[str, ...]
    removed: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...] = ()


class OvertakenError(InputError):
    """A file was changed by another run after it had been read: compile again."""
