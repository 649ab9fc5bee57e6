"""Every check: its name, what it looks for, and the function that looks.

A check is given the whole model and gives diagnostics with its own name as their id. It never
prints and never stops the others.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from scmigen.checks import (
    dependence,
    grants,
    identifiers,
    providers,
    references,
    sharing,
    transports,
)
from scmigen.diagnostics import Diagnostic, Explanation
from scmigen.model.platform import Model
from scmigen.scmi.operations import Operation


@dataclass(frozen=True, slots=True)
class Check:
    """One check: ``about`` says in one sentence what it finds, ``advice`` what to do then."""

    name: str
    about: str
    advice: str
    run: Callable[[Model], Iterator[Diagnostic]]


CHECKS: tuple[Check, ...] = (
    Check(
        "device-conflict",
        "Two agents claim one device, and it is not shared.",
        "Give it to one of them, or mark every entry shared or assignable.",
        sharing.device_conflict,
    ),
    Check(
        "device-disabled",
        "An agent is given a device that is not enabled.",
        "Enable the device in the tree or an overlay, or drop the entry.",
        sharing.device_disabled,
    ),
    Check(
        "device-secure",
        "An agent that is not secure is given a device of the secure world.",
        "Give it to an agent of the role secure.",
        sharing.device_secure,
    ),
    Check(
        "bus-owner",
        "A device is behind a bus whose controller another agent owns.",
        "Give device and bus controller to one agent, or share the device.",
        sharing.bus_owner,
    ),
    Check(
        "local-foreign",
        "A device needs a resource that another agent drives natively.",
        "Have the platform serve the provider (platform.managed), or give both to one agent.",
        providers.local_foreign,
    ),
    Check(
        "provider-disabled",
        "A device refers to a provider that is disabled.",
        "Enable the provider, or disable the device that needs it.",
        providers.provider_disabled,
    ),
    Check(
        "clock-protected",
        "A clock that protected-clocks keeps for other firmware is used or granted.",
        "Drop the use, or take the clock out of protected-clocks.",
        providers.clock_protected,
    ),
    Check(
        "scmi-native",
        "Controllers stay native only because the tree has an SCMI node.",
        "Name them in platform.managed where the platform shall serve them too.",
        providers.scmi_native,
    ),
    Check(
        "managed-consumes-local",
        "A provider of the platform is fed by something an agent drives.",
        "See that the agent has it on before anybody uses what depends on it.",
        providers.managed_consumes_local,
    ),
    Check(
        "parent-unnamed",
        "A clock is to be given a parent that has no SCMI id.",
        "Let the platform set the parent, or have it manage the parent's provider.",
        providers.parent_unnamed,
    ),
    Check(
        "opp-undriven",
        "An OPP table scales a clock that the platform does not manage.",
        "Name the clock's provider in platform.managed where the platform can set it.",
        providers.opp_undriven,
    ),
    Check(
        "grant-unmanaged",
        "A grant or owner written by hand names something the platform does not manage.",
        "Name a provider of the platform, or make this one managed.",
        providers.grant_unmanaged,
    ),
    *(
        Check(
            f"{operation}-shared",
            f"An agent may set the {operation} of what another agent depends on, and none owns it.",
            "Name an owner of the resource, or make one of the devices assignable.",
            partial(sharing.shared_operation, operation),
        )
        for operation in (Operation.RATE, Operation.PARENT, Operation.LEVEL, Operation.CONFIG)
    ),
    Check(
        "reset-shared",
        "An agent may assert a reset that another agent's device depends on.",
        "Name an owner of the reset, or make one of the devices assignable.",
        partial(sharing.shared_operation, Operation.RESET),
    ),
    Check(
        "rate-twice",
        "Consumers ask for different rates of one clock.",
        "Ask for the rate in one place; otherwise the last driver to come wins.",
        dependence.rate_twice,
    ),
    Check(
        "parent-twice",
        "Consumers ask for different parents of one clock.",
        "Ask for the parent in one place; otherwise the last driver to come wins.",
        dependence.parent_twice,
    ),
    Check(
        "depends-foreign",
        "Another agent can turn off what an agent's device depends on.",
        "Make it always-on, give both to one agent, or have the platform serve it.",
        dependence.depends_foreign,
    ),
    Check(
        "critical-resource",
        "One of several agents may turn off what all of them run on: CPUs, interrupts, memory.",
        "Keep the device for the platform (platform.devices).",
        dependence.critical_resource,
    ),
    Check(
        "device-unassigned",
        "A device needs something of the platform and is no agent's.",
        "Make one agent the default, or name the device in an access entry.",
        dependence.device_unassigned,
    ),
    Check(
        "device-reserved",
        "An agent is given a device that other firmware has (status is reserved).",
        "Drop the entry, or enable the device where it is free.",
        dependence.device_reserved,
    ),
    Check(
        "grant-unused",
        "A grant allows what none of the agent's devices needs.",
        "Drop what is not meant; what devices need is granted anyway.",
        grants.grant_unused,
    ),
    Check(
        "name-differs",
        "A resource has the name of another one, or another name on the other side.",
        "Compare number, name and reference of both; one of the lists has moved.",
        grants.name_differs,
    ),
    Check(
        "id-hole",
        "A server description leaves out numbers below its highest.",
        "Give the number away, or leave it where it is reserved on purpose.",
        grants.id_hole,
    ),
    Check(
        "device-id",
        "A device id that the tree fixes is another device's too, or out of range.",
        "Give each device an access-controllers cell of its own.",
        grants.device_id,
    ),
    Check(
        "device-id-hole",
        "Device ids of devices that are gone are kept and are nobody's.",
        "Leave them, or number anew with --repack where nobody knows the ids yet.",
        grants.device_id_hole,
    ),
    Check(
        "names-mismatch",
        "A list has another number of entries than of names.",
        "Write one name for each entry, in the same order; <0> is an empty entry.",
        references.names_mismatch,
    ),
    Check(
        "unit-address",
        "The unit address of an SCMI node is not its reg, which alone is the id.",
        "Write the unit address in hexadecimal, equal to reg.",
        references.unit_address,
    ),
    Check(
        "scmi-provider",
        "A node of an SCMI instance provides what its protocol does not, or is no protocol.",
        "Give protocol@N the one #…-cells of its protocol, and refer to that node.",
        references.scmi_provider,
    ),
    Check(
        "smc-id-duplicate",
        "Two agents have one SMC function id.",
        "Give each agent an SMC id of its own.",
        transports.smc_id_duplicate,
    ),
    Check(
        "shmem-unresolved",
        "The shared memory of an agent is no node of the tree, or has no address.",
        "Name a node with reg that the CPU can reach.",
        transports.shmem_unresolved,
    ),
    Check(
        "shmem-overlap",
        "The shared memories of two agents overlap.",
        "Give each agent a region of its own.",
        transports.shmem_overlap,
    ),
    Check(
        "shmem-alignment",
        "Shared memory is not aligned to words, or a guest's not to pages.",
        "Make its address and size multiples of 4, for a guest of 4096.",
        transports.shmem_alignment,
    ),
    Check(
        "shmem-unreserved",
        "Shared memory is part of the system's memory, and nothing reserves it.",
        "Put it below /reserved-memory with no-map, or outside the memory node.",
        transports.shmem_unreserved,
    ),
    Check(
        "feeds-others",
        "An agent may change a clock that perhaps feeds another agent's.",
        "Name the owner of each input, or give the whole block to one agent.",
        sharing.feeds_others,
    ),
    Check(
        "operation-withdrawn",
        "An operation is needed but not granted, because the resource or the device is shared.",
        "Name the agent that shall have the operation in platform.owners.",
        sharing.operation_withdrawn,
    ),
    Check(
        "grant-against-owner",
        "A grant written by hand gives what only the owner of the resource may do.",
        "Drop the grant or the owner.",
        sharing.grant_against_owner,
    ),
    Check(
        "id-range",
        "A number of the tree does not fit an SCMI id.",
        "Ids are 0 to 65535: mend the cell of the specifier or the reg.",
        identifiers.id_range,
    ),
    Check(
        "id-moved",
        "The tree fixes a number that the lock file has otherwise.",
        "Restore the number, or edit the lock file where the change is meant.",
        identifiers.id_moved,
    ),
    Check(
        "id-duplicate",
        "Two resources have one number.",
        "Edit the lock file: the tree fixes one of the two.",
        identifiers.id_duplicate,
    ),
    Check(
        "id-disagrees",
        "A server description numbers one resource differently for two agents.",
        "Give the resource one number, or use --numbering per-agent.",
        identifiers.id_disagrees,
    ),
    Check(
        "lock-foreign",
        "The lock file is another board's, or the board's SCMI node has another name now.",
        "Name the lock file of this board; numbers of a renamed node are given anew.",
        identifiers.lock_foreign,
    ),
    Check(
        "numbering-fixed",
        "Per-agent numbering is asked of a tree that fixes the numbers.",
        "Use shared numbering with a tree that names SCMI ids.",
        identifiers.numbering_fixed,
    ),
)


def run_checks(model: Model) -> tuple[Diagnostic, ...]:
    """What all checks find, in the order of `CHECKS`, after what reading the tree found."""
    found = [*model.inventory.diagnostics, *model.assignment.diagnostics]
    for check in CHECKS:
        found.extend(check.run(model))
    return tuple(found)


#: What `scmigen.checks.against` finds besides, when a board is held against a server.
AGAINST: Mapping[str, Explanation] = {
    "agent-unserved": Explanation(
        "The server has no agent of that name.",
        "Say with --as whose tree the board is.",
    ),
    "protocol-unserved": Explanation(
        "The tree has an SCMI protocol of which the server gives its agent nothing.",
        "Have the server serve it, or drop the node.",
    ),
    "id-unserved": Explanation(
        "The tree refers to an SCMI id that the server does not give its agent.",
        "Mend the number, or add the resource at the server.",
    ),
    "grant-missing": Explanation(
        "A device needs an operation that the server does not allow.",
        "Allow it at the server, or drop the property that needs it.",
    ),
    "device-differs": Explanation(
        "A device has other resources in the server's device table than in the tree.",
        "Take the device table from the tree.",
    ),
}


def explanations() -> dict[str, Explanation]:
    """What each check is about, by name."""
    named = {check.name: Explanation(check.about, check.advice) for check in CHECKS}
    return {**named, **AGAINST}
