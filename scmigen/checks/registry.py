"""All checks, in the order in which they run."""

from collections.abc import Iterator
from types import ModuleType

from scmigen.checks import (
    dependence,
    grants,
    identifiers,
    providers,
    references,
    sharing,
    transports,
)
from scmigen.checks.check import Check
from scmigen.diagnostics import Diagnostic
from scmigen.model.platform import Model


def _checks(module: ModuleType) -> Iterator[Check]:
    """The checks that a module defines, in order; imported ones are another module's."""
    for value in vars(module).values():
        if isinstance(value, Check) and value.run.__module__ == module.__name__:
            yield value


CHECKS: tuple[Check, ...] = (
    *_checks(sharing),
    *sharing.SHARED.values(),
    *_checks(providers),
    *_checks(dependence),
    *_checks(grants),
    *_checks(references),
    *_checks(transports),
    *_checks(identifiers),
)


def run_checks(model: Model) -> tuple[Diagnostic, ...]:
    """The diagnostics of reading, then those of all checks in the order of `CHECKS`."""
    found = [*model.inventory.diagnostics, *model.assignment.diagnostics]
    for check in CHECKS:
        found.extend(check(model))
    return tuple(found)
