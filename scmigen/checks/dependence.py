"""Checks of what devices depend on: whose it is, and who could turn it off."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

from scmigen.assignment.assignment import Agent
from scmigen.bindings.consumers import (
    assigned_parents,
    assigned_rates,
    is_assigned,
    is_clock_input,
)
from scmigen.bindings.dependencies import interrupt_root
from scmigen.bindings.facts import ResourceKey, Use
from scmigen.bindings.node_kinds import is_cpu, is_critical, is_reserved
from scmigen.checks import hints
from scmigen.checks.check import check
from scmigen.checks.controllers import kept_on, through_controllers
from scmigen.checks.enclosing import inside_devices
from scmigen.checks.words import (
    VERBS,
    depends,
    names,
    node_word,
    position,
    powers_word,
    resource_word,
    some,
    use_word,
)
from scmigen.devicetree.nodes import Node
from scmigen.diagnostics import Diagnostic, Finding, Position, Related, counted
from scmigen.model.platform import Model
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind


@check(
    "rate-twice",
    about="Consumers ask for different rates of one clock.",
    advice="Ask for the rate in one place; otherwise the last driver to come wins.",
)
def rate_twice(model: Model) -> Iterator[Diagnostic]:
    """Clocks for which consumers, whoever has them, ask different rates; the last one wins."""
    yield from _twice(model, rate_twice, _rate)


@check(
    "parent-twice",
    about="Consumers ask for different parents of one clock.",
    advice="Ask for the parent in one place; otherwise the last driver to come wins.",
)
def parent_twice(model: Model) -> Iterator[Diagnostic]:
    """Clocks for which consumers ask different parents; the last one wins."""
    yield from _twice(model, parent_twice, _parent)


def _rate(_: Model, use: Use) -> int | None:
    rates = assigned_rates(use.consumer)
    asked = rates[use.index] if use.index < len(rates) else 0
    return asked if asked and Operation.RATE in use.needs else None


def _parent(model: Model, use: Use) -> ResourceKey | None:
    if Operation.PARENT not in use.needs:
        return None
    return assigned_parents(model.inventory.tree, use.consumer).get(use.key)


def _asked_word(model: Model, asked: int | ResourceKey) -> str:
    return f"{asked} Hz" if isinstance(asked, int) else resource_word(model.inventory, asked)


def _twice(
    model: Model, finding: Finding, wanted: Callable[[Model, Use], int | ResourceKey | None]
) -> Iterator[Diagnostic]:
    tree = model.inventory.tree
    for key, uses in _assigned(model).items():
        asked: dict[int | ResourceKey, Use] = {}
        for use in uses:
            what = wanted(model, use)
            if what is not None:
                asked.setdefault(what, use)
        if len(asked) > 1:
            first, *others = asked.values()
            words = " and ".join(_asked_word(model, what) for what in asked)
            yield finding.warning(
                f"{_askers(model, asked.values())} ask {words} "
                f"of {resource_word(model.inventory, key)}",
                position(tree, first),
                some(Related(use_word(use), position(tree, use)) for use in others),
                "the last driver to come wins; ask for it in one place",
            )


def _assigned(model: Model) -> Mapping[ResourceKey, list[Use]]:
    """The uses of managed clocks through ``assigned-clocks``.

    What a managed provider asks of itself is a beginning: the platform applies it before any agent
    asks for something else. A parent that has no SCMI id is asked for all the same. What an agent's
    own tree adds is not looked at: the rates and parents stand there, not in the board's node.
    """
    found: dict[ResourceKey, list[Use]] = {}
    closure = model.findings.closure
    withdrawn = {(item.use.consumer.path, item.key) for item in model.findings.granted.withdrawn}
    for use in (*closure.own, *closure.needs, *closure.unnamed):
        refused = (use.consumer.path, use.key) in withdrawn
        here = is_assigned(use) and not use.via and use.place is None
        if here and not refused:
            found.setdefault(use.key, []).append(use)
    return found


def _askers(model: Model, uses: Iterable[Use]) -> str:
    agents: dict[Agent | None, None] = {}
    for use in uses:
        owner = model.owners.of(use.consumer)
        agents.update(dict.fromkeys(owner.all_agents or (None,)))
    return f"devices of {names(agents)}"


@check(
    "depends-foreign",
    about="Another agent can turn off what an agent's device depends on.",
    advice="Make it always-on, give both to one agent, or have the platform serve it.",
)
def depends_foreign(model: Model) -> Iterator[Diagnostic]:
    """What an agent's device hangs on, and another agent can turn off without being asked."""
    yield from _through_platform(model)
    yield from inside_devices(model, depends_foreign)
    yield from through_controllers(model, depends_foreign)


def _through_platform(model: Model) -> Iterator[Diagnostic]:
    """Providers of the platform that feed an agent and are fed by what another agent drives."""
    tree = model.inventory.tree
    users: dict[str, dict[int, Agent]] = {}
    for draft in model.findings.granted.drafts.values():
        users.setdefault(draft.key.provider, {})[draft.agent.id] = draft.agent
    told: set[tuple[str, str]] = set()
    closure = model.findings.closure
    clocks = Counter(
        use.consumer.path for use in (*closure.fed, *closure.fed_locally) if is_clock_input(use)
    )
    for use in closure.fed_locally:
        if use.key.kind is Kind.CLOCK and clocks[use.consumer.path] != 1:
            # One of many inputs: nobody knows which of its outputs hang on it.
            continue
        holder = model.owners.of(model.providers[use.key.provider].node).all_agents
        others = [
            agent
            for _, agent in sorted(users.get(use.consumer.path, {}).items())
            if agent not in holder
        ]
        place = use.consumer.path, use.key.provider
        if others and holder and place not in told:
            told.add(place)
            yield depends_foreign.warning(
                f"{node_word(tree, use.consumer.path)}, which {depends(others)} on, takes "
                f"{use.prop} from {node_word(tree, use.key.provider)}, and {names(holder)} "
                "can turn that off",
                position(tree, use),
                hint=f"{hints.managed(tree, [use.key.provider])} has the platform serve it",
            )


#: What an agent may do to what everybody runs on. CPUs are scaled by the system that runs on them.
_OVER_ALL = frozenset(VERBS)
_OVER_CPUS = frozenset({Operation.STATE, Operation.RESET})

_Critical = tuple[Operation, Use]


@check(
    "critical-resource",
    about="One of several agents may turn off or slow down what all of them run on.",
    advice="Keep CPUs, interrupt and memory controllers for the platform (platform.devices).",
)
def critical_resource(model: Model) -> Iterator[Diagnostic]:
    """What all agents run on, and one of several may change: one warning per agent."""
    if len(model.assignment.agents) < 2:
        return
    for agent, powers in sorted(_critical_powers(model).items(), key=lambda item: item[0].id):
        yield critical_resource.warning(*_critical(model, agent, powers))


def _critical_powers(model: Model) -> dict[Agent, list[_Critical]]:
    """What each agent may do to what everybody runs on; nobody turns off what is kept on."""
    interrupts = interrupt_root(model.inventory.tree)
    kept = kept_on(model)
    drafts = model.findings.granted.drafts
    found: dict[Agent, dict[tuple[Operation, ResourceKey], Use]] = {}
    for use in model.findings.closure.needs:
        if use.consumer is not interrupts and not is_critical(use.consumer):
            continue
        over = _OVER_CPUS if is_cpu(use.consumer) else _OVER_ALL
        for agent in model.owners.of(use.consumer).agents:
            draft = drafts.get((agent.id, use.key))
            allowed = over & use.needs & (draft.operations if draft is not None else set())
            for operation in filter(allowed.__contains__, VERBS):
                if operation is not Operation.STATE or use.key not in kept:
                    found.setdefault(agent, {}).setdefault((operation, use.key), use)
    return {
        agent: [(operation, use) for (operation, _), use in powers.items()]
        for agent, powers in found.items()
    }


def _critical(
    model: Model, agent: Agent, powers: list[_Critical]
) -> tuple[str, Position, list[Related], str]:
    tree = model.inventory.tree
    _, first = powers[0]
    here = [power for power in powers if power[1].consumer is first.consumer]
    words = powers_word(model.inventory, ((operation, use.key) for operation, use in here))
    uses = {(use.consumer.path, use.prop, use.index): use for _, use in powers}
    return (
        f"{agent.name} may {words}, on which {first.consumer.path} and so every agent runs",
        position(tree, first),
        [Related(use_word(use), position(tree, use)) for use in [*uses.values()][1:]],
        _critical_hint(model, [use.consumer for _, use in powers]),
    )


def _critical_hint(model: Model, nodes: Iterable[Node]) -> str:
    """The platform keeps the devices; of CPUs all, since they share clocks and OPP tables."""
    tree = model.inventory.tree
    kept = dict.fromkeys(
        node.parent.path if is_cpu(node) and node.parent is not None else node.path
        for node in nodes
    )
    claimed: dict[str, dict[str, None]] = {}
    for claim in model.assignment.claims:
        above = {claim.node.path, *(part.path for part in claim.node.ancestors())}
        if claim.agent is not None and claim.exact and not above.isdisjoint(kept):
            claimed.setdefault(claim.agent, {}).setdefault(node_word(tree, claim.node.path))
    drops = (
        f"drop {', '.join(words)} from access of {agent}; " for agent, words in claimed.items()
    )
    it = "them" if len(kept) > 1 else "it"
    return f"{''.join(drops)}{hints.devices(tree, kept)} keeps {it} for the platform"


@check(
    "device-unassigned",
    about="A device needs something of the platform and is no agent's.",
    advice="Make one agent the default, or name the device in an access entry.",
)
def device_unassigned(model: Model) -> Iterator[Diagnostic]:
    """Devices that need something and are nobody's: once a tree."""
    tree = model.inventory.tree
    first_uses: dict[str, Use] = {}
    for use in model.findings.closure.unowned:
        if use.consumer.path not in model.inventory.secure_only:
            first_uses.setdefault(use.consumer.path, use)
    if first_uses:
        first, *others = first_uses.values()
        yield device_unassigned.warning(
            f"{counted(len(first_uses), 'device is', 'devices are')} nobody's, so nobody may use "
            f"what {'it needs' if len(first_uses) == 1 else 'they need'}: "
            f"{first.consumer.path}",
            position(tree, first),
            some(Related(use.consumer.path, position(tree, use)) for use in others),
            "make one agent the default (default: true), or name the devices in access entries",
        )


@check(
    "device-reserved",
    about="An agent is given a device that other firmware has (status is reserved).",
    advice="Drop the entry, or enable the device where it is free.",
)
def device_reserved(model: Model) -> Iterator[Diagnostic]:
    """Exact claims on devices that ``status = "reserved"`` leaves to other firmware."""
    for claim in model.assignment.claims:
        if claim.exact and claim.agent is not None and is_reserved(claim.node):
            yield device_reserved.warning(
                f"{claim.node.path} is given to {claim.agent}, but its status is reserved: "
                "other firmware has it, and nothing is granted",
                claim.position,
                hint='drop the entry, or set status = "okay" where the device is free',
            )
