"""Several sources of one program: which of them defines a name."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from scmigen.csource.journal import Journal
from scmigen.csource.macros import Macro
from scmigen.csource.sources import Sources
from scmigen.csource.tokens import Token
from scmigen.csource.unit import Unit, read_unit
from scmigen.data import Data, field
from scmigen.patterns import pattern

#: How many sources are looked through for a name.
_MAX_SEARCHED = 1500
#: What it costs to look whether a name is defined where it stands.
_STEPS_OF_PLACE = 4
_NAME = pattern(r"[A-Za-z_]\w{1,100}")


class Library(Data, frozen=False):
    """Sources in the order in which they are asked. One is read whole when its text has a name.
    ``settable``: pointers that no initialiser gives may be set at run time."""

    sources: Sources
    macros: Mapping[str, Macro]
    candidates: Callable[[], Iterable[Path]]
    settable: bool = False
    _units: dict[Path, Unit | None] = field(default_factory=dict)
    _owners: dict[str, Unit | None] = field(default_factory=dict)
    _texts: dict[Path, str] = field(default_factory=dict)
    journal: Journal = field(default_factory=Journal)
    _paths: tuple[Path, ...] | None = None

    def owner(self, name: str) -> Unit | None:
        """The source that defines an object."""
        if name not in self._owners:
            pattern = rf"\b{name}\b[^;()]{{0,200}}="
            self._owners[name] = self._defining(name, pattern, Unit.has)
        return self._owners[name]

    def function(self, name: str) -> Unit | None:
        """The source that defines a function."""
        key = f"{name}()"
        if key not in self._owners:
            pattern = rf"\b{name}\s*\([^;{{}}]{{0,2000}}\)\s*\{{"
            self._owners[key] = self._defining(name, pattern, _has) or self._defining(
                name, pattern, Unit.has_function
            )
        return self._owners[key]

    def _defining(self, name: str, pattern: str, has: Callable[[Unit, str], bool]) -> Unit | None:
        if not _NAME.fullmatch(name):
            return None
        expression = re.compile(pattern, re.DOTALL)
        for path in self._all():
            text = self._text(path)
            self.sources.budget.step(_STEPS_OF_PLACE * text.count(name))
            if name in text and expression.search(text):
                unit = self.unit(path)
                if unit is not None and has(unit, name):
                    return unit
        return None

    def _all(self) -> tuple[Path, ...]:
        if self._paths is None:
            found = dict.fromkeys(self.candidates())
            self._paths = tuple(found)[:_MAX_SEARCHED]
        return self._paths

    def _text(self, path: Path) -> str:
        if path not in self._texts:
            self._texts[path] = self.sources.text(path) or ""
        return self._texts[path]

    def unit(self, path: Path) -> Unit | None:
        """A source with its headers. Raises `TooMuchError`."""
        if path not in self._units:
            unit = read_unit(path, self.sources, self.macros)
            self._units[path] = unit
            if unit is not None:
                unit.finder = self.function
                unit.evaluator.elsewhere = self._elsewhere
                unit.evaluator.journal = self.journal
                unit.evaluator.settable = self.settable
        return self._units[path]

    def untold(self) -> Iterator[tuple[str, Token]]:
        """What cannot be told of the directives of the sources that were read whole."""
        for unit in self._units.values():
            if unit is not None:
                yield from unit.before.untold

    def _elsewhere(self, name: str) -> Unit | None:
        return self.owner(name)


def _has(unit: Unit, name: str) -> bool:
    """Whether a source has the function that counts."""
    return unit.has_function(name) and not unit.is_weak(name)
