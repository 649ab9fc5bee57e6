"""Every check: its name, what it looks for, and the function that looks.

A check is given the whole model and gives diagnostics with its own name as their id. It never
prints and never stops the others.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from scmigen.checks import identifiers, providers, sharing
from scmigen.diagnostics import Diagnostic
from scmigen.model.platform import Model
from scmigen.scmi.operations import Operation


@dataclass(frozen=True, slots=True)
class Check:
    """One check; ``about`` is one sentence for ``scmigen explain``."""

    name: str
    about: str
    run: Callable[[Model], Iterator[Diagnostic]]


CHECKS: tuple[Check, ...] = (
    Check(
        "device-conflict",
        "Two agents claim one device, and it is not shared.",
        sharing.device_conflict,
    ),
    Check(
        "device-disabled",
        "An agent is given a device that is not enabled.",
        sharing.device_disabled,
    ),
    Check(
        "device-secure",
        "An agent that is not secure is given a device of the secure world.",
        sharing.device_secure,
    ),
    Check(
        "bus-owner",
        "A device is behind a bus whose controller another agent owns.",
        sharing.bus_owner,
    ),
    Check(
        "local-foreign",
        "A device needs a resource that another agent drives natively.",
        providers.local_foreign,
    ),
    Check(
        "provider-disabled",
        "A device refers to a provider that is disabled.",
        providers.provider_disabled,
    ),
    Check(
        "scmi-native",
        "Controllers stay native only because the tree has an SCMI node.",
        providers.scmi_native,
    ),
    Check(
        "managed-consumes-local",
        "A provider of the platform is fed by something an agent drives.",
        providers.managed_consumes_local,
    ),
    Check(
        "parent-unnamed",
        "A clock is to be given a parent that has no SCMI id.",
        providers.parent_unnamed,
    ),
    Check(
        "opp-undriven",
        "An OPP table scales a clock that the platform does not manage.",
        providers.opp_undriven,
    ),
    Check(
        "grant-unmanaged",
        "A grant or owner written by hand names something the platform does not manage.",
        providers.grant_unmanaged,
    ),
    *(
        Check(
            f"{operation}-shared",
            f"An agent may set the {operation} of what another agent depends on, and none owns it.",
            partial(sharing.shared_operation, operation),
        )
        for operation in (Operation.RATE, Operation.PARENT, Operation.LEVEL, Operation.CONFIG)
    ),
    Check(
        "reset-shared",
        "An agent may assert a reset that another agent's device depends on.",
        partial(sharing.shared_operation, Operation.RESET),
    ),
    Check(
        "feeds-others",
        "An agent may change a clock that perhaps feeds another agent's.",
        sharing.feeds_others,
    ),
    Check(
        "operation-withdrawn",
        "An operation is needed but not granted, because the resource or the device is shared.",
        sharing.operation_withdrawn,
    ),
    Check(
        "grant-against-owner",
        "A grant written by hand gives what only the owner of the resource may do.",
        sharing.grant_against_owner,
    ),
    Check("id-range", "A number of the tree does not fit an SCMI id.", identifiers.id_range),
    Check(
        "id-moved",
        "The tree fixes a number that the lock file has otherwise.",
        identifiers.id_moved,
    ),
    Check("id-duplicate", "Two resources have one number.", identifiers.id_duplicate),
    Check(
        "numbering-fixed",
        "Per-agent numbering is asked of a tree that fixes the numbers.",
        identifiers.numbering_fixed,
    ),
)


def run_checks(model: Model) -> tuple[Diagnostic, ...]:
    """What all checks find, in the order of `CHECKS`, after what reading the tree found."""
    found = [*model.inventory.diagnostics, *model.assignment.diagnostics]
    for check in CHECKS:
        found.extend(check.run(model))
    return tuple(found)
