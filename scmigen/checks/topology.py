"""Checks of what a running system tells (``--topology``): how it joins the tree, and who could
change what feeds the clocks of others."""

from collections.abc import Iterator

from scmigen.assignment.assignment import Agent, HandGrant
from scmigen.bindings.facts import ResourceKey, Use
from scmigen.bindings.running import RunningClock, Topology
from scmigen.checks import hints
from scmigen.checks.check import check
from scmigen.checks.controllers import kept_on
from scmigen.checks.words import (
    agent_names,
    listed,
    powers_word,
    resource_name,
    resource_word,
)
from scmigen.diagnostics import Diagnostic, Finding, Position, Related, Severity, counted
from scmigen.hints import TYPE_CHECKING
from scmigen.model.order import natural
from scmigen.model.platform import Model
from scmigen.scmi.operations import Operation

if TYPE_CHECKING:
    from scmigen.topology.listing import Listing

#: What changes or stops all that a clock feeds.
_OVER_FED = (Operation.STATE, Operation.RATE, Operation.PARENT)


@check(
    "topology-unmatched",
    about="Clocks of a file of --topology are none of the tree's.",
    advice="Nothing, where the tree has no use of them; else see that the file is of this board.",
    severity=Severity.NOTE,
)
def topology_unmatched(model: Model) -> Iterator[Diagnostic]:
    """One note per file with the clocks that nothing in the tree is; a warning if that is all."""
    for listing, clocks in _by_file(model.inventory.topology):
        missing = [clock for clock in clocks if clock.key is None and not clock.choices]
        if not missing:
            continue
        alien = len(missing) == len(clocks)
        report = topology_unmatched.warning if alien else topology_unmatched.note
        yield report(
            f"{len(missing)} of {counted(len(clocks), 'clock')} of {listing.origin.value} are none "
            "of the tree's",
            Position(listing.file),
            [Related(clock.name, clock.position) for clock in missing],
            "is the file of this board? names are found as clock-output-names, as macros of the "
            "source, not of a blob, or in a lock file"
            if alien
            else "what they feed is taken to be fed by the next clock above that the tree has",
        )


@check(
    "topology-ambiguous",
    about="A clock of a file of --topology may be several of the tree's, or two may be one.",
    advice="Give the clocks names of their own (clock-output-names), or a file with numbers.",
    severity=Severity.WARNING,
)
def topology_ambiguous(model: Model) -> Iterator[Diagnostic]:
    """One warning per file: which clocks are left out, and what each may be."""
    for listing, clocks in _by_file(model.inventory.topology):
        unclear = [clock for clock in clocks if clock.choices]
        if unclear:
            yield topology_ambiguous.warning(
                f"{counted(len(unclear), 'clock')} of {listing.origin.value} may be several of the "
                "tree's, or several may be one of the tree's: what feeds that is not known from "
                "this file",
                unclear[0].position,
                [Related(_choices(model, clock), clock.position) for clock in unclear],
                "clear are clock-output-names, a clk_summary that names devices (Linux 6.9 and "
                "later), and a file with numbers: of the BPMP's debugfs, or of scmigen client",
            ).about(resource_name(key) for clock in unclear for key in clock.choices)


def _choices(model: Model, clock: RunningClock) -> str:
    words = listed(resource_word(model.inventory, key) for key in clock.choices)
    return f"{clock.name} may be {words}"


def _by_file(topology: Topology) -> "Iterator[tuple[Listing, tuple[RunningClock, ...]]]":
    start = 0
    for listing in topology.listings:
        end = start + len(listing.clocks)
        yield listing, topology.clocks[start:end]
        start = end


@check(
    "topology-cycle",
    about="In a file of --topology clocks are fed from one another, round in a circle.",
    advice="Take the file anew while nothing changes parents, or correct it.",
    severity=Severity.WARNING,
)
def topology_cycle(model: Model) -> Iterator[Diagnostic]:
    """One warning per circle, and which of its edges is left out."""
    for listing, clocks in _by_file(model.inventory.topology):
        for circle in listing.circles:
            names = [clocks[index].name for index in circle]
            yield topology_cycle.warning(
                f"{listed(names)} feed each other in a circle; that {names[0]} feeds {names[-1]} "
                "is left out"
                if len(names) > 1
                else f"{names[0]} feeds itself; that is left out",
                clocks[circle[0]].position,
                [
                    Related(name, clocks[at].position)
                    for name, at in zip(names, circle, strict=True)
                ],
                "take the file anew while nothing changes parents",
            ).about(resource_name(key) for at in circle if (key := clocks[at].key) is not None)


def above_others(model: Model, finding: Finding) -> Iterator[Diagnostic]:
    """One warning per pair of agents: one may turn off what feeds clocks that the other needs, who
    has no vote on that. Rates and parents are errors elsewhere."""
    topology = model.inventory.topology
    if not topology.clocks:
        return
    kept, drafts = kept_on(model), model.findings.granted.drafts
    owners = {owner.key: owner.agent for owner in model.assignment.options.owners}
    agents = {agent.id: agent for agent in model.assignment.agents}
    holders: dict[ResourceKey, list[Agent]] = {}
    for draft in drafts.values():
        if Operation.STATE in draft.operations:
            holders.setdefault(draft.key, []).append(draft.agent)
    found: dict[tuple[int, int], dict[ResourceKey, Use]] = {}
    for use in model.findings.closure.needs:
        for key in topology.above(use.key):
            for holder in holders.get(key, ()) if key not in kept else ():
                for agent in model.owners.of(use.consumer).all_agents:
                    voted = agent in holders[key] or owners.get(key) == holder.name
                    if agent != holder and not voted:
                        found.setdefault((holder.id, agent.id), {}).setdefault(key, use)
    for (first, second), uses in sorted(found.items()):
        yield _turned_off(model, finding, agents[first], agents[second], uses)


def _turned_off(
    model: Model, finding: Finding, holder: Agent, other: Agent, uses: dict[ResourceKey, Use]
) -> Diagnostic:
    inventory = model.inventory
    words = powers_word(inventory, ((Operation.STATE, key) for key in uses))
    clock = inventory.topology.clock(next(iter(uses)))
    its = "clocks of" if len(uses) > 1 else "a clock of"
    return finding.warning(
        f"{holder.name} may {words}, which in the running system feeds {its} {other.name}, who "
        "has no vote on it",
        clock.position if clock is not None else None,
        [
            Related(
                f"{resource_word(inventory, key)} feeds {resource_word(inventory, use.key)}, which "
                f"{use.consumer.path} has",
                use.position,
            )
            for key, use in uses.items()
        ],
        f"{hints.votes(inventory, uses, [other])} keeps it on; so does "
        f"{hints.always_on(inventory, uses)}",
    ).about(
        map(resource_name, uses),
        [use.consumer.path for use in uses.values()],
        agent_names((holder, other)),
        agent_names((holder,)),
    )


@check(
    "root-unprotected",
    about="An agent may change a clock that feeds clocks which run and which no agent has.",
    advice="Grant no more than read, or name the agent the clock's owner if that is meant.",
    severity=Severity.WARNING,
)
def root_unprotected(model: Model) -> Iterator[Diagnostic]:
    """What an agent besides the default one may set or turn off, and what runs on it that is
    nobody's: firmware's, or of a driver that no tree shows."""
    topology, inventory = model.inventory.topology, model.inventory
    if not topology.clocks:
        return
    kept = kept_on(model)
    owners = {owner.key: owner.agent for owner in model.assignment.options.owners}
    strangers = _Strangers(model)
    for draft in model.findings.granted.drafts.values():
        allowed = [op for op in _OVER_FED if op in draft.operations]
        if draft.key in kept:
            allowed = [op for op in allowed if op is not Operation.STATE]
        meant = draft.agent.default or owners.get(draft.key) == draft.agent.name
        clock = topology.clock(draft.key)
        written = (why.position for why in draft.because if isinstance(why, HandGrant))
        below = strangers.below(draft.key) if allowed and not meant else ()
        if clock is None or not below:
            continue
        yield root_unprotected.warning(
            f"{draft.agent.name} may {powers_word(inventory, ((op, draft.key) for op in allowed))} "
            f"({clock.name}), which feeds {counted(len(below), 'running clock')} of nobody's: "
            f"{listed(one.name for one in below)}",
            next(written, clock.position),
            [Related(one.name, one.position) for one in (clock, *below)],
            f"grant no more than read on it; {hints.owners(inventory, [(draft.key, draft.agent)])} "
            "says that it is meant",
        ).about([resource_name(draft.key)], agents=[draft.agent.name], by=[draft.agent.name])


class _Strangers:
    """The running clocks that no agent has and the platform does not keep, by what feeds them."""

    def __init__(self, model: Model) -> None:
        self._topology = model.inventory.topology
        known = {key for _, key in model.findings.granted.drafts}
        self._below: dict[int, list[int]] = {}
        self._wanted = [False] * len(self._topology.clocks)
        for index in reversed(self._topology.downwards):
            clock = self._topology.clocks[index]
            stranger = clock.enabled is not False and (clock.key is None or clock.key not in known)
            # What only passes on to clocks that agents have is theirs, whatever it is called.
            ends = not self._below.get(index)
            wanted = any(self._wanted[one] for one in self._below.get(index, ()))
            self._wanted[index] = wanted or (stranger and ends)
            if clock.parent is not None:
                self._below.setdefault(clock.parent, []).append(index)

    def below(self, key: ResourceKey) -> tuple[RunningClock, ...]:
        """The last clocks that a resource feeds and nobody has, by name."""
        clocks = self._topology.clocks
        stack = [index for index, clock in enumerate(clocks) if clock.key == key]
        found: list[RunningClock] = []
        while stack:
            below = [one for one in self._below.get(stack.pop(), ()) if self._wanted[one]]
            found.extend(clocks[one] for one in below if not self._below.get(one))
            stack.extend(one for one in below if self._below.get(one))
        return tuple(sorted(found, key=lambda clock: natural(clock.name)))
