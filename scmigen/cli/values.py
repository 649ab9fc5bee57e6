"""What the values of options and arguments may be.

Each is a function of what is typed. It raises `ValueError` or `UsageError` for what it does not
take; click then says what is wrong (`scmigen.cli.with_click`).
"""

import os
import stat
from collections.abc import Callable
from pathlib import Path

from scmigen.data import Data
from scmigen.hints import Any, TypeAlias

#: From what is typed to the value that a command gets.
Read: TypeAlias = Callable[[str], Any]


class PathOf(Data):
    """A path; what is there already must be readable, and no file or folder where it says so."""

    file: bool = True
    folder: bool = True
    #: What the command gets: a `Path`, or the text.
    made: type[Path] | type[str] = Path

    def __call__(self, text: str) -> Path | str:
        """What the command gets."""
        try:
            mode = os.stat(text).st_mode  # noqa: PTH116 - a name may be no path at all
        except OSError:
            return self.made(text)
        wrong = (not self.file and stat.S_ISREG(mode)) or (not self.folder and stat.S_ISDIR(mode))
        if wrong or not os.access(text, os.R_OK):
            raise ValueError
        return self.made(text)


PATH = PathOf()
FILE = PathOf(folder=False)
FOLDER = PathOf(file=False)
#: A path as it is typed, which may be a part of something else.
PATH_TEXT = PathOf(made=str)
FILE_TEXT = PathOf(folder=False, made=str)


class OneOf:
    """One of some words."""

    __slots__ = ("any_case", "words")

    def __init__(self, *words: str, any_case: bool = False) -> None:
        self.words = words
        self.any_case = any_case

    def __call__(self, text: str) -> str:
        """The word."""
        if text not in self.words:
            raise ValueError
        return text


class Within(Data):
    """A number from ``least`` to ``most``, if there is such; ``kind`` is `int` or `float`."""

    kind: type[int] | type[float]
    least: float
    most: float | None = None

    def __call__(self, text: str) -> float:
        """The number."""
        found = self.kind(text)
        # NaN is neither less nor more than any.
        if not found >= self.least or (self.most is not None and found > self.most):
            raise ValueError
        return found
