"""Checks of other packages: the entry points of the group ``scmigen.checks``.

An entry point names a check, or a module whose checks are all meant::

    [project.entry-points."scmigen.checks"]
    acme = "acme_checks:no_uart"

They run after the package's own checks and are switched and explained like those. One that cannot
be loaded, or that raises, is an error: a check that users rely on must not be missing in
silence.
"""

from collections.abc import Collection, Iterable, Iterator
from functools import partial
from types import ModuleType

from scmigen.checks.check import Check
from scmigen.diagnostics import Diagnostic, Finding, InputError
from scmigen.model.platform import Model
from scmigen.plugins import PluginError, entry_points_of, every, guarded, load, unusable
from scmigen.tuples import NamedTuple

#: The group of entry points.
GROUP = "scmigen.checks"

CHECK_UNLOADABLE = Finding(
    "check-unloadable",
    "A check of another package cannot be loaded.",
    "Repair, update or uninstall the package that the message names.",
    switchable=False,
)
CHECK_FAILED = Finding(
    "check-failed",
    "A check of another package raised an exception, or made something else than diagnostics.",
    "Report it to the authors of that package; all other checks have run.",
    switchable=False,
)


class Plugins(NamedTuple):
    """The checks of other packages, and why some of them could not be loaded."""

    checks: tuple[Check, ...]
    problems: tuple[Diagnostic, ...]


_HINT = "a check is a function with @check(ID, about=…, advice=…) above it"


def load_plugins(known: Collection[str]) -> Plugins:
    """The checks of all entry points, by name; ``known`` are ids that are taken already."""
    checks: dict[str, Check] = {}
    problems: list[Diagnostic] = []
    for point in entry_points_of(GROUP):
        try:
            loaded, reason = _checks_in(load(point, CHECK_UNLOADABLE, _HINT))
        except InputError as problem:
            problems.extend(problem.diagnostics)
            continue
        if reason:
            problems.append(unusable(point, CHECK_UNLOADABLE, reason, _HINT))
        for check in loaded:
            if check.id in known or check.id in checks:
                reason = f"there is a check {check.id} already"
                problems.append(unusable(point, CHECK_UNLOADABLE, reason, _HINT))
            else:
                checks[check.id] = check
    return Plugins(tuple(checks.values()), tuple(problems))


def _checks_in(found: object) -> tuple[list[Check], str]:
    """The checks that an entry point names, or why there are none."""
    if isinstance(found, Check):
        return [found], ""
    if not isinstance(found, ModuleType):
        return [], f"it is {type(found).__name__!r}, not a check or a module with checks"
    checks = [value for value in vars(found).values() if isinstance(value, Check)]
    return checks, "" if checks else "that module has no check"


def run_guarded(checks: Iterable[Check], model: Model) -> Iterator[Diagnostic]:
    """The diagnostics of checks that others wrote, and an error for each one that raises."""
    for check in checks:
        found: list[Diagnostic] = []
        try:
            guarded(partial(_collect, check, model, found), check.run)
        except PluginError as problem:
            found.append(
                CHECK_FAILED.error(
                    f"check {check.id} failed with {problem}",
                    problem.position,
                    hint="what it looks for is unchecked; all other checks have run",
                )
            )
        yield from found


def _collect(check: Check, model: Model, found: list[Diagnostic]) -> None:
    """Add the diagnostics of a check to ``found``, those before an exception too."""
    from scmigen.plugin_types import mistyped  # few have checks of other packages

    for item in every(check(model)):
        if not isinstance(item, Diagnostic):
            raise TypeError(f"it yields {type(item).__name__}, not Diagnostic")
        if wrong := mistyped(item, Diagnostic, "its diagnostic"):
            raise TypeError(wrong)
        found.append(item)
