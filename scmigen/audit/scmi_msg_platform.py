"""The functions of a platform, and those of which its sources do not say which one counts."""

import re
from collections.abc import Iterator
from pathlib import Path

from scmigen.csource.library import Library
from scmigen.csource.tokens import Token
from scmigen.csource.unit import Unit
from scmigen.csource.values import Unknown, Value
from scmigen.data import field
from scmigen.patterns import pattern

#: The functions of the server itself: where only a weak one is there, that is the one.
_OF_SERVER = pattern(r"plat_scmi_\w+")
_MAX_NAMED = 3


class _Untold(Unit):
    """In place of a source: a function of which it is not known what it does."""

    def __init__(self, why: Unknown) -> None:
        self._why = why

    def call(self, _name: str, _arguments: tuple[Value, ...], at: Token) -> Value:
        """Why that cannot be told; the place is that of the call if there is no better one."""
        return self._why if self._why.at is not None else Unknown(self._why.why, at)


class Platform(Library, frozen=False, slots=False):
    """The sources of a platform. A function that a driver may have instead of a weak one is one of
    run time; one that several sources have is not told. ``chosen`` is a source that a user names,
    whose functions count."""

    chosen: Path | None = None
    _twice: dict[str, Unknown | None] = field(default_factory=dict)

    def function(self, name: str) -> Unit | None:
        """The source that defines a function."""
        unit = self.defining(name)
        if unit is None:
            return None
        if unit.is_weak(name) and not _OF_SERVER.fullmatch(name):
            return _Untold(Unknown(f"what {name}() gives is known only at run time"))
        why = self.several(name)
        return unit if why is None else _Untold(why)

    def defining(self, name: str) -> Unit | None:
        """The first source that defines a function."""
        return super().function(name)

    def read_whole(self) -> Iterator[tuple[Path, Unit]]:
        """The sources that were read whole so far."""
        read = frozenset(self.sources.files)
        for path in self._all():
            unit = self.unit(path) if str(path) in read else None
            if unit is not None:
                yield path, unit

    def several(self, name: str) -> Unknown | None:
        """That several sources define a function, which is one for each of several platforms."""
        if name not in self._twice:
            self._twice[name] = self._several(name)
        return self._twice[name]

    def _several(self, name: str) -> Unknown | None:
        first = self.defining(name)
        if first is None or first.is_weak(name):
            return None
        pattern = re.compile(
            rf"^([^\n;{{}}#]*)\b{name}\s*\([^;{{}}]{{0,2000}}\)\s*\{{", re.MULTILINE
        )
        found: dict[Path, Token] = {}
        for path in self._all():
            text = self._text(path)
            said = pattern.search(text) if name in text else None
            if said is None or re.search(r"\bstatic\b", said[1]):
                continue
            unit = self.unit(path)
            if unit is not None and name in unit.known.functions and not unit.is_weak(name):
                found[path] = unit.known.functions[name].at
        if len(found) < 2 or next(iter(found)) == self.chosen:
            return None
        named = ", ".join(path.name for path in list(found)[:_MAX_NAMED])
        more = ", …" if len(found) > _MAX_NAMED else ""
        why = f"{len(found)} sources have {name}(): {named}{more}; name the one that is built"
        return Unknown(why, list(found.values())[1])
