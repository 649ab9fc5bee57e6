"""What build systems wait for: the stamp of a build, and the make rule with the files read."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from scmigen.data import Data
from scmigen.diagnostics import InputError, Position
from scmigen.targets.common.depfile import make_rule
from scmigen.targets.common.files import OUTPUT_UNWRITABLE, Beside


class Rule(Data):
    """``--stamp``, ``--depfile`` and ``--depfile-target``, as they were typed."""

    stamp: Path | None = None
    depfile: Path | None = None
    target: str | None = None

    def beside(self, outputs: Sequence[Path], sources: Sequence[str]) -> list[Beside]:
        """The file with the rule. Raises `InputError` where a source would be written over."""
        self._check_apart(sources)
        if self.depfile is None:
            return []
        return [Beside(self.depfile, make_rule(self._target(outputs), sources))]

    def stamps(self, outputs: Sequence[Path]) -> tuple[Path, ...]:
        """What gets the time of now, lest make runs again for ever: stamp, and the rule's target.

        A target that is no output is a name only.
        """
        found = [] if self.stamp is None else [self.stamp]
        if self.depfile is not None:
            target = Path(self._target(outputs))
            found.extend([target] if _real(target) in map(_real, outputs) else [])
        return tuple(found)

    def _target(self, outputs: Sequence[Path]) -> str:
        """The target named, else the stamp, else the first output."""
        if self.target is not None:
            return self.target
        return str(self.stamp or next(iter(outputs), self.depfile))

    def _check_apart(self, sources: Iterable[str]) -> None:
        read = {_real(Path(name)) for name in sources}
        told = "this file is read, so nothing is to be written here"
        wrong = [
            OUTPUT_UNWRITABLE.error(told, Position(str(path)))
            for path in (self.stamp, self.depfile)
            if path is not None and _real(path) in read
        ]
        if wrong:
            raise InputError(wrong)


def _real(path: Path) -> str:
    return os.path.realpath(path)
