"""All checks, in the order in which they run: the package's own, then those of other packages."""

from collections.abc import Collection, Iterable, Iterator
from types import ModuleType

from scmigen.checks import (
    assigned_clocks,
    boot_gate,
    dependence,
    drivers,
    grant_checks,
    identifiers,
    own_ids,
    parents,
    policies,
    provider_checks,
    provider_inputs,
    references,
    scmi_structure,
    shared_memory,
    sharing_checks,
    topology,
    transports,
    values,
    withdrawn,
    xen,
)
from scmigen.checks.alike import together
from scmigen.checks.check import Check
from scmigen.checks.plugins import Plugins, load_plugins, run_guarded
from scmigen.diagnostics import Diagnostic
from scmigen.model.platform import Model


def _checks(module: ModuleType) -> Iterator[Check]:
    """The checks that a module defines, in order; imported ones are another module's."""
    for value in vars(module).values():
        if isinstance(value, Check) and value.run.__module__ == module.__name__:
            yield value


CHECKS: tuple[Check, ...] = (
    *_checks(sharing_checks),
    *_checks(withdrawn),
    *sharing_checks.SHARED.values(),
    *_checks(provider_checks),
    *_checks(provider_inputs),
    *_checks(assigned_clocks),
    *_checks(values),
    *_checks(dependence),
    *_checks(boot_gate),
    *_checks(topology),
    *_checks(drivers),
    *_checks(parents),
    *_checks(grant_checks),
    *_checks(references),
    *_checks(scmi_structure),
    *_checks(transports),
    *_checks(shared_memory),
    *_checks(policies),
    *_checks(identifiers),
    *_checks(own_ids),
    *_checks(xen),
)


def plugins() -> Plugins:
    """The checks that other packages bring (`scmigen.checks.plugins`)."""
    return load_plugins({check.id for check in CHECKS})


def run_checks(
    model: Model, extra: Iterable[Check] = (), requested: Collection[str] = ()
) -> tuple[Diagnostic, ...]:
    """The diagnostics of reading, then those of all checks in the order of `CHECKS`, then those of
    other packages, and of ``extra``.

    ``requested``: the ids that the user names; only these run of the checks `on_request`.
    """
    found = [*model.inventory.diagnostics, *model.assignment.diagnostics]
    for check in CHECKS:
        if not check.on_request or check.id in requested:
            found.extend(check(model))
    others = plugins()
    asked = (each for each in others.checks if not each.on_request or each.id in requested)
    found.extend(run_guarded((*asked, *extra), model))
    return together((*others.problems, *found), model.inventory.instances)
