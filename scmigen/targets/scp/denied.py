"""What a product's firmware has and the tree does not name, so that agents are denied it."""

import re
from collections.abc import Iterator, Sequence

from scmigen.assignment.assignment import Agent
from scmigen.assignment.elements import numbers_of
from scmigen.assignment.roles import ROLES
from scmigen.assignment.words import spans
from scmigen.bindings.cpus import cores_and_clusters
from scmigen.diagnostics import Diagnostic, Finding, Position, Severity, counted
from scmigen.model.platform import Platform
from scmigen.scmi.protocols import Kind
from scmigen.targets.limits import title, where
from scmigen.targets.scp.binding import Drivers
from scmigen.targets.scp.drivers import find_entry
from scmigen.targets.scp.kinds import KINDS
from scmigen.targets.scp.options import Setup
from scmigen.tuples import NamedTuple

SCP_DENIED = Finding(
    "scp-denied",
    "A product's firmware has resources that the tree does not name: agents are denied them.",
    "Grant them by protocol and number, or waive the finding where that is right.",
    Severity.WARNING,
)


def check(setup: Setup, drivers: Drivers) -> Iterator[Diagnostic]:
    """Agents that are denied what is usual for their role, and numbers denied to all agents."""
    if not setup.variant.included:
        return
    others: list[_Unnamed] = []
    for kind, row in KINDS.items():
        free = _free(setup.platform, kind) if drivers.kept(row.slots[0]) else []
        usual = [a for a in setup.platform.agents if kind in ROLES[a.role].usual]
        lacking = [a for a in usual if not setup.platform.grants_of(a, kind)]
        for agent in lacking:
            yield _lacks(setup.platform, agent, kind, free)
        if free and usual and not lacking:
            yield _unnamed(setup, [_Unnamed(kind, free)], usual[0])
        elif free and not usual:
            others.append(_Unnamed(kind, free))
    if others:
        yield _unnamed(setup, others, None)


class _Unnamed(NamedTuple):
    """The numbers of a kind that nothing in the tree has."""

    kind: Kind
    numbers: list[int]


def _free(platform: Platform, kind: Kind) -> list[int]:
    """The numbers below the highest that no resource has."""
    numbers = {resource.number for resource in platform.resources.get(kind, ())}
    return sorted(set(range(max(numbers, default=0))) - numbers)


def _lacks(platform: Platform, agent: Agent, kind: Kind, free: list[int]) -> Diagnostic:
    """An agent without any resource of a kind that its role is about."""
    said, numbers = "", spans(free)
    if not free:
        cores, clusters = cores_and_clusters(platform.inventory.tree)
        numbers = spans(range(cores + clusters)) or "0"
        told = counted(cores, "CPU") + (f" in {counted(clusters, 'cluster')}" if clusters else "")
        said = f", with the firmware's own numbers (the tree has {told})" if cores else ""
    return SCP_DENIED.warning(
        f"{agent.name} is denied every {title(kind)}: the tree names none for it, though agents of "
        f"the role {agent.role} usually have those of cores and clusters",
        agent.position,
        hint=_line(platform, [(kind, numbers)], f"the domain {agent.name}{said}"),
    ).about(agents=[agent.name])


def _unnamed(setup: Setup, found: Sequence[_Unnamed], usual: Agent | None) -> Diagnostic:
    """Numbers that the firmware has and nobody is granted; ``usual``: whose they usually are.

    Reported at the driver, which says that the firmware has the table.
    """
    platform = setup.platform
    words = [f"{title(kind)}s {spans(numbers)}" for kind, numbers in found]
    said = " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
    whom = (
        "the domain of an agent that is to have them"
        if usual is None
        else f"the domain {usual.name}"
    )
    report = SCP_DENIED.note if usual is None else SCP_DENIED.warning
    return report(
        f"the firmware's {said}, which the tree does not name, are denied to every agent",
        _driver_position(setup, found[0].kind),
        hint=_line(platform, [(kind, spans(numbers)) for kind, numbers in found], whom),
    ).about(agents=[] if usual is None else [usual.name])


def _driver_position(setup: Setup, kind: Kind) -> Position | None:
    """Where the options have the driver of a kind; without one where its last resource is."""
    last = setup.platform.resources[kind][-1]
    entry = find_entry(setup.options, last.node, KINDS[kind].slots[0])
    return setup.options.at(*entry.path) if entry is not None else where(last)


def _line(platform: Platform, wanted: Sequence[tuple[Kind, str]], place: str) -> str:
    """The line that grants numbers, and the ``place`` that it is for; they are to be declared as
    well where others of the kind are, or where scmigen gives out numbers itself."""
    fixed = numbers_of(platform.inventory).fixed
    stated = {element.key.kind for element in platform.options.elements if element.stated}
    open_ = [item for item in wanted if item[0] in stated or item[0] not in fixed]
    grants = ", ".join(f'{{protocol: {kind}, id: "{numbers}"}}' for kind, numbers in wanted)
    if not open_:
        return f"grant: [{grants}] in {place}"
    declare = ", ".join(f"{kind}: {{{numbers}: }}" for kind, numbers in open_)
    kind, numbers = open_[0]
    first = re.split("[-,]", numbers)[0]
    return (
        f"platform: {{elements: {{{declare}}}}}, and grant: [{grants}] in {place}; "
        f"their names are {kind}-{first} and so on, and {first}: NAME declares another"
    )
