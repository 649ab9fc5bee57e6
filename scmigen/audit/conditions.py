"""Conditions of sources on names that nothing defines: rows in them may be missing without a sign.

A name without a definition is 0 to a compiler. Where a header that is wanted is not there, or the
definitions of the build are not known, it may be that only the reader lacks it.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from scmigen.audit.scp_findings import Found
from scmigen.csource.sources import Source, Sources
from scmigen.csource.tokens import NAME, Token
from scmigen.csource.unit import Unit
from scmigen.csource.values import Unknown
from scmigen.data import Data

_CONDITIONS = frozenset(("if", "ifdef", "ifndef", "elif"))
#: Words of conditions, and beginnings of names that only a compiler or assembler defines.
_WORDS = frozenset(("defined", "true", "false", "FWK_HAS_INCLUDE"))
_OF_COMPILERS = ("__",)
#: The folder of headers with the numbers of resources, in all trees.
_NUMBERS = "dt-bindings"
_MAX_NAMED, _MAX_FILES = 8, 400


class Known(Data):
    """What is known of a build: whether its definitions are, and how names begin that it defines
    where they are on. ``near``: the folder of the product's own headers."""

    near: Path
    definitions: bool
    options: tuple[str, ...]


def check_conditions(
    units: Iterable[tuple[Path, Unit]], sources: Sources, known: Known, found: Found
) -> None:
    """Conditions on names without a definition, and what ``#error`` says."""
    for path, unit in units:
        for said, at in unit.before.errors:
            found.unread("the build", Unknown(f"a compiler would stop here: #error {said}", at))
        absent = unit.evaluator.absent
        if absent or not known.definitions:
            _check_names(path, unit, absent, sources, known, found)


def _check_names(
    path: Path, unit: Unit, absent: str, sources: Sources, known: Known, found: Found
) -> None:
    names: dict[str, Token] = {}
    for token in _asked(path, sources, known.near):
        if not token.text.startswith((*_OF_COMPILERS, *known.options)):
            names.setdefault(token.text, token)
    unknown = {name: at for name, at in names.items() if name not in unit.before.macros}
    if not unknown:
        return
    more = f" and {len(unknown) - _MAX_NAMED} more" if len(unknown) > _MAX_NAMED else ""
    said = f"{', '.join(list(unknown)[:_MAX_NAMED])}{more}"
    why = f"no header defines that, and not there: {absent}"
    if not known.definitions:
        why = "nothing defines that, and no build says whether it would"
    found.unread(
        f"what is there on condition of {said}", Unknown(why, next(iter(unknown.values())))
    )


def _asked(path: Path, sources: Sources, near: Path) -> Iterator[Token]:
    """The names in conditions of a source and of the headers near it."""
    first = sources.read(path)
    waiting: list[Source] = [] if first is None else [first]
    seen = {source.path for source in waiting}
    while waiting and len(seen) < _MAX_FILES:
        source = waiting.pop()
        for line in source.lines:
            word = line.tokens[0].text if line.directive and line.tokens else ""
            if word in _CONDITIONS:
                for token in line.tokens[1:]:
                    guard = token.text == source.guard or token.text.rstrip("_").endswith("_H")
                    if token.kind == NAME and token.text not in _WORDS and not guard:
                        yield token
            elif word == "include":
                name = "".join(token.text for token in line.tokens[1:]).strip('<>"')
                header = sources.header(name, source)
                if header is None or header.path in seen:
                    continue
                if near in header.path.parents or _NUMBERS in header.path.parts:
                    seen.add(header.path)
                    waiting.append(header)
