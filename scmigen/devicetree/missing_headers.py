"""What preprocessors say of headers that they do not find, as one finding. Imported if they do."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from scmigen.data import replace
from scmigen.devicetree.written import excerpt_at
from scmigen.diagnostics import Diagnostic, Finding, Position, Related
from scmigen.patterns import pattern

#: gcc without and with a search path, and pcpp; clang.
_MISSING = pattern(
    r"(?:no include path in which to search for (?P<alone>.+)|'(?P<clang>.+)' file not found"
    r"|(?P<gcc>.+): No such file or directory)"
)

Found = Sequence[tuple[str, Position]]


def split(found: Found) -> tuple[dict[str, Position], Found]:
    """The headers that are missing, each with the first place that includes it, and what else the
    preprocessor says."""
    headers: dict[str, Position] = {}
    others = []
    for message, place in found:
        said = _MISSING.fullmatch(message.strip())
        if said is None:
            others.append((message, place))
        else:
            headers.setdefault(next(filter(None, said.groups())), place)
    return headers, others


def missing_headers(headers: Mapping[str, Position], file: str, finding: Finding) -> Diagnostic:
    """One diagnostic for all ``headers`` that the source ``file`` has no directory for."""
    (first, place), *more = headers.items()
    roots = {name.partition("/")[0] for name in headers if "/" in name}
    what = f"header {first}"
    if more:
        alike = len(roots) == 1 and all("/" in name for name in headers)
        what = f"{len(headers)} headers{f' of {roots.pop()}/' if alike else ''}"
    message = f"preprocessor: {what} not found"
    related = (Related(name, where) for name, where in more)
    hint, shown = _hint(first, file), excerpt_at(place)
    return replace(finding.at(finding.severity, message, place, related, hint, shown), whole=True)


def _hint(header: str, file: str) -> str:
    """The option that finds the header: a folder beside or above the source, if one has it."""
    for above in Path(file).absolute().parents:
        for folder in (above, above / "include"):
            if os.path.isfile(folder / header):  # noqa: PTH113 - no name is too long for it
                named = folder if Path(file).is_absolute() else os.path.relpath(folder)
                return f"add -I {named}"
    if header.startswith("dt-bindings/"):
        return "add the directory that has dt-bindings/ with -I; in a Linux tree: -I include"
    return "add the directory of the header with -I"
