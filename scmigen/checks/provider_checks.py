"""Checks of providers: who drives them, and which agents cannot reach them because of that."""

from collections.abc import Iterator, Sequence

from scmigen.assignment.assignment import Agent
from scmigen.bindings.consumers import assigned_parents, is_clock_input
from scmigen.bindings.facts import OppTable, Provider, ProviderClass, ResourceKey, Use
from scmigen.bindings.identity import is_protected
from scmigen.bindings.node_kinds import (
    bus_of,
    chip_of,
    is_list,
    lost_without,
    pmic_bus_of,
)
from scmigen.bindings.scmi_nodes import is_in_scmi
from scmigen.checks import hints
from scmigen.checks.check import check
from scmigen.checks.words import (
    agent_names,
    examples,
    names,
    node_word,
    position,
    resource_name,
    resource_word,
    use_word,
)
from scmigen.diagnostics import Diagnostic, Position, Related, Severity, counted
from scmigen.model.platform import Model, no_such
from scmigen.scmi.protocols import Kind

_NEED = ("use by other agents needs", "uses by other agents need")

#: Uses with the agents that have their consumers.
_Uses = list[tuple[Agent | None, Use]]


@check(
    "local-foreign",
    about="A device needs a resource that another agent drives natively.",
    advice="Have the platform serve the provider (platform.managed), or give both to one agent.",
)
def local_foreign(model: Model) -> Iterator[Diagnostic]:
    """One error per provider, with the count of the uses that cannot reach it; one warning per
    pair of agents for lists of channels, which are not devices."""
    lists: dict[tuple[Agent, ...], _Uses] = {}
    for foreign in model.findings.closure.foreign:
        holders = model.owners.of(foreign.provider.node).all_agents
        uses: _Uses = [
            (agent, use)
            for use in foreign.uses
            for agent in model.owners.of(use.consumer).all_agents
            if agent not in holders
        ]
        devices: _Uses = []
        for agent, use in uses:
            rest = lists.setdefault(holders, []) if _only_lists(use, holders) else devices
            rest.append((agent, use))
        if devices:
            yield local_foreign.error(*_foreign(model, foreign.provider, holders, devices)).about(
                nodes=[foreign.provider.node.path, *(use.consumer.path for _, use in devices)],
                agents=agent_names((*holders, *(agent for agent, _ in devices))),
            )
    for holders, uses in lists.items():
        if uses:
            yield local_foreign.warning(*_listed(model, holders, uses)).about(
                nodes=[use.consumer.path for _, use in uses],
                agents=agent_names((*holders, *(agent for agent, _ in uses))),
            )


def _only_lists(use: Use, holders: tuple[Agent, ...]) -> bool:
    """Whether the consumer is a list of channels that can go to those who drive what it lists."""
    return bool(holders) and is_list(use.consumer)


def _foreign(
    model: Model, provider: Provider, holders: tuple[Agent, ...], uses: _Uses
) -> tuple[str, Position, list[Related], str]:
    tree = model.inventory.tree
    number = len(dict.fromkeys(use for _, use in uses))
    users = {agent.id: agent for agent, _ in uses if agent is not None}
    return (
        f"{node_word(tree, provider.node.path)} belongs to {names(holders) or 'no agent'}, but "
        f"{counted(number, *_NEED)} it ({provider.reason})",
        position(tree, uses[0][1]),
        examples(tree, uses),
        _hint(model, provider, tuple(users.values())),
    )


def _listed(
    model: Model, holders: tuple[Agent, ...], uses: _Uses
) -> tuple[str, Position, list[Related], str]:
    """Lists of channels (``iio-hwmon``, thermal zones) follow what they list."""
    tree = model.inventory.tree
    _, first = uses[0]
    agents = names(dict.fromkeys(agent for agent, _ in uses))
    lists = list(dict.fromkeys(use.consumer.path for _, use in uses))
    more = f" and {counted(len(lists) - 1, 'other list')}" if len(lists) > 1 else ""
    return (
        f"{lists[0]}{more} of {agents} {'lists' if len(lists) == 1 else 'list'} channels of "
        f"what {names(holders)} drives, such as {node_word(tree, first.key.provider)}; "
        f"{agents} cannot read them",
        position(tree, first),
        examples(tree, uses[1:]),
        f"{hints.access(tree, lists, holders)} gives {'them' if len(lists) > 1 else 'it'} to "
        f"{names(holders)} too",
    )


def _hint(model: Model, provider: Provider, users: Sequence[Agent]) -> str:
    tree = model.inventory.tree
    hint = f"{hints.managed(tree, [chip_of(provider.node).path])} has the platform serve it"
    if _needs_votes(model, provider, users):
        hint += (
            f"; or {hints.fixed(tree, [provider.node.path])} leaves it as it is for all: "
            "SCP-firmware needs that, as it counts no votes for a supply of several"
        )
    bus = pmic_bus_of(provider.node)
    if bus is not None and not model.owners.names(bus.path):
        hint += f"; {hints.devices(tree, [bus.path])} hands the whole bus to the platform"
    if provider.switched_by_board and _moves(model, provider, users):
        hint += f"; or {hints.access(tree, [provider.node.path], users)} gives it to {names(users)}"
    return hint


def _needs_votes(model: Model, provider: Provider, users: Sequence[Agent]) -> bool:
    """Whether a supply is for devices of several agents, or of one and the platform."""
    if Kind.VOLTAGE not in provider.kinds:
        return False
    holders: set[Agent | None] = set(users)
    for use in model.inventory.uses:
        if use.key.provider == provider.node.path:
            holders.update(model.owners.of(use.consumer).all_agents or (None,))
    return len(holders) > 1


def _moves(model: Model, provider: Provider, users: Sequence[Agent]) -> bool:
    """Whether a board part can go to the one agent that lacks it: no other agent needs it, and it
    needs nothing that another agent drives."""
    if len(users) != 1 or users[0].default:
        return False
    path, (user,) = provider.node.path, users
    for use in model.inventory.uses:
        if use.key.provider == path and set(model.owners.of(use.consumer).all_agents) - {user}:
            return False
        if use.consumer is provider.node:
            above = model.providers.get(use.key.provider)
            local = above is not None and above.category is ProviderClass.LOCAL
            if above is not None and local and user not in model.owners.of(above.node).all_agents:
                return False
    return True


@check(
    "scmi-foreign",
    about="A device refers to a resource through the SCMI node of another agent.",
    advice="Refer to the SCMI node of the agent that has the device, or move the device.",
)
def scmi_foreign(model: Model) -> Iterator[Diagnostic]:
    """One error per SCMI node and agent that refers to it, though it is the channel of others."""
    tree = model.inventory.tree
    found: dict[tuple[str, Agent], list[Use]] = {}
    for item in model.findings.closure.over_others:
        found.setdefault((item.node, item.agent), []).append(item.use)
    for (path, agent), uses in found.items():
        node = tree.node(path)
        holders = model.owners.of(node).agents if node is not None else ()
        yield scmi_foreign.error(
            f"{path} is the channel of {names(holders)}, but "
            f"{counted(len(uses), 'use', 'uses')} of {agent.name} "
            f"{'goes' if len(uses) == 1 else 'go'} through it; nothing is granted",
            position(tree, uses[0]),
            examples(tree, [(agent, use) for use in uses]),
            _own_node_hint(model, agent, holders, uses),
        ).about(nodes=[path, *(use.consumer.path for use in uses)], agents=[agent.name])


def _own_node_hint(
    model: Model, agent: Agent, holders: Sequence[Agent], uses: Sequence[Use]
) -> str:
    """The ids of the agent's own SCMI node; or all the devices to the agent of the other one."""
    tree = model.inventory.tree
    own = [
        instance.node.path
        for instance in model.inventory.instances
        if agent in model.owners.of(instance.node).agents
    ]
    hint = f"refer to the ids below {' or '.join(own) or f'an SCMI node of {agent.name}'}"
    devices = list(dict.fromkeys(use.consumer for use in uses))
    movable = not any(
        model.owners.of(node).claims or bus_of(node) or is_in_scmi(node) for node in devices
    )
    if movable and len(holders) == 1:
        line = hints.access(tree, [node.path for node in devices], holders)
        hint += f"; or {line} gives {names(holders)} the {'devices' if devices[1:] else 'device'}"
    return hint


@check(
    "provider-disabled",
    about="A device refers to a provider that is disabled.",
    advice="Enable the provider, or disable the device that needs it.",
    severity=Severity.WARNING,
)
def provider_disabled(model: Model) -> Iterator[Diagnostic]:
    """One warning per disabled provider that enabled devices refer to."""
    tree = model.inventory.tree
    by_provider: dict[str, list[Use]] = {}
    for use in model.findings.closure.disabled:
        by_provider.setdefault(use.key.provider, []).append(use)
    for path, uses in sorted(by_provider.items()):
        yield provider_disabled.warning(
            f"{node_word(tree, path)} is disabled, but "
            f"{counted(len(uses), 'use refers', 'uses refer')} to it and "
            f"{'is' if len(uses) == 1 else 'are'} ignored",
            position(tree, uses[0]),
            [Related(use_word(use), position(tree, use)) for use in uses],
            "enable the provider, or disable the device that needs it",
        ).about(nodes=[path, *(use.consumer.path for use in uses)])


@check(
    "scmi-native",
    about="Controllers are driven natively only because the tree has an SCMI node.",
    advice="Name them in platform.managed if the platform should serve them too.",
    severity=Severity.NOTE,
)
def scmi_native(model: Model) -> Iterator[Diagnostic]:
    """One note per tree: controllers that would be managed if the tree had no SCMI node."""
    tree = model.inventory.tree
    kept = [
        provider
        for provider in model.providers.values()
        if provider.beside_scmi and provider.consumers
    ]
    if kept:
        words = [node_word(tree, provider.node.path) for provider in kept]
        yield scmi_native.note(
            f"{', '.join(words)}: agents drive these natively, because the tree has SCMI",
            kept[0].node.position,
            hint=hints.managed(tree, (provider.node.path for provider in kept))
            + " has the platform serve them too",
        ).about(nodes=[provider.node.path for provider in kept])


@check(
    "parent-unnamed",
    about="A device requests a clock parent that has no SCMI id.",
    advice="Let the platform set the parent, or have it manage the parent's provider.",
    severity=Severity.WARNING,
)
def parent_unnamed(model: Model) -> Iterator[Diagnostic]:
    """Assigned parents that no SCMI message can name, one finding per tree and severity.

    A parent that runs by itself is a note, since the platform can choose it for good; one that an
    agent drives is a warning.
    """
    fixed: dict[Use, str] = {}
    driven: list[Use] = []
    for use in model.findings.closure.unnamed:
        parent = assigned_parents(model.inventory.references, use.consumer).get(use.key)
        provider = model.providers.get(parent.provider) if parent is not None else None
        if provider is not None and provider.category is ProviderClass.FIXED:
            fixed[use] = provider.node.path
        else:
            driven.append(use)
    if driven:
        hint = (
            "let the platform set the parent permanently: an agent drives it, so it has no SCMI id"
        )
        found = parent_unnamed.warning(*_unnamed(model, driven, hint))
        yield found.about(nodes=[use.consumer.path for use in driven])
    if fixed:
        hint = (
            "let the platform set the parent permanently; or "
            f"{hints.managed(model.inventory.tree, fixed.values())} gives it an SCMI id"
        )
        found = parent_unnamed.note(*_unnamed(model, list(fixed), hint))
        yield found.about(nodes=[use.consumer.path for use in fixed])


def _unnamed(model: Model, uses: list[Use], hint: str) -> tuple[str, Position, list[Related], str]:
    tree = model.inventory.tree
    first, *others = uses
    return (
        f"{first.consumer.path} requests another parent for "
        f"{resource_word(model.inventory, first.key)}, but that parent has no SCMI id; "
        "the parent cannot be set",
        position(tree, first),
        [Related(use_word(use), position(tree, use)) for use in others],
        hint,
    )


@check(
    "clock-protected",
    about="A clock that protected-clocks reserves for other firmware is used or granted.",
    advice="Remove the use, or remove the clock from protected-clocks.",
)
def clock_protected(model: Model) -> Iterator[Diagnostic]:
    """Uses of clocks that ``protected-clocks`` of their provider keeps for other firmware."""
    tree = model.inventory.tree
    hint = "remove the use, or remove the clock from protected-clocks if the platform may switch it"
    for use in model.findings.closure.protected:
        without = lost_without(use.consumer, use.name)
        report = clock_protected.note if without else clock_protected.error
        yield report(
            f"{use_word(use)} refers to {resource_word(model.inventory, use.key)}, "
            f"which is protected: {without or 'it belongs to other firmware'}",
            position(tree, use),
            hint=hint,
        ).about([resource_name(use.key)], [use.consumer.path])
    for written in model.assignment.grants:
        provider = model.providers.get(written.key.provider)
        if provider is not None and is_protected(provider.node, written.key):
            yield clock_protected.error(
                f"the grant names {resource_word(model.inventory, written.key)}, "
                "which is protected: it belongs to other firmware",
                written.position,
                hint=hint,
            ).about([resource_name(written.key)], agents=[written.agent])


@check(
    "opp-undriven",
    about="An OPP table scales a clock that the platform does not manage.",
    advice="Name the clock's provider in platform.managed if the platform can set it.",
    severity=Severity.NOTE,
)
def opp_undriven(model: Model) -> Iterator[Diagnostic]:
    """OPP tables that create neither a performance domain nor rates, one note per tree."""
    if model.findings.undriven:
        table, *others = model.findings.undriven
        more = [Related(f"{item.node.path} too", item.node.position) for item in others]
        yield opp_undriven.note(
            f"OPP table {table.node.path} creates no performance domain: "
            f"the platform manages no clock of {table.consumers[0].path}",
            table.node.position,
            more,
            _clock_hint(model, table),
        ).about(nodes=[item.node.path for item in model.findings.undriven])


def _clock_hint(model: Model, table: OppTable) -> str:
    """What would let the platform scale the clocks of a table's devices."""
    paths = {node.path for node in table.consumers}
    clocks = [use for use in model.inventory.uses if use.consumer.path in paths]
    providers = [model.providers[use.key.provider] for use in clocks if is_clock_input(use)]
    local = [p.node.path for p in providers if p.category is ProviderClass.LOCAL]
    if local:
        line = hints.managed(model.inventory.tree, local)
        return f"if the platform can set that clock: {line}"
    return "nothing scales that clock: remove operating-points-v2, or name the clock that is scaled"


@check(
    "grant-unmanaged",
    about="A grant, an owner or an always-on entry names what the platform does not manage.",
    advice="Name a provider of the platform, or make this one managed.",
)
def grant_unmanaged(model: Model) -> Iterator[Diagnostic]:
    """What the user writes of resources that the platform does not manage."""
    yield from _empty_protocols(model)
    closure = model.findings.closure
    used = {use.key for use in (*closure.needs, *closure.own)}
    options = model.assignment.options
    used |= {use.key for use in closure.unowned if use.key.kind is Kind.PERFORMANCE}
    used |= {element.key for element in options.elements}
    written = [(grant.key, grant.position, "grant") for grant in model.assignment.grants]
    written += [(o.key, o.position, "owner") for o in options.owners]
    written += [(kept.key, kept.position, "always-on entry") for kept in options.always_on]
    for key, where, what in written:
        # A performance domain that an OPP table makes has no provider, and a device that uses it,
        # which may be no agent's.
        wrong = None if key in used else _not_given(model, key)
        if wrong is not None:
            said, hint = wrong
            yield grant_unmanaged.error(
                f"the {what} names {resource_word(model.inventory, key)}, {said}", where, hint=hint
            ).about([resource_name(key)])


def _empty_protocols(model: Model) -> Iterator[Diagnostic]:
    """Grants on whole protocols that the platform has no resource of."""
    for whole in model.assignment.wholes:
        if not any(platform.resources.get(whole.kind) for platform in model.platforms):
            yield grant_unmanaged.error(
                f"the grant names the whole protocol {whole.kind}, but neither the tree nor "
                "platform.elements names a resource of it",
                whole.position,
                hint=f'name numbers of the firmware, as in {{protocol: {whole.kind}, id: "0-7"}}, '
                f"or declare them: platform: {{elements: {{{whole.kind}: {{0-7: }}}}}}",
            ).about(agents=[whole.agent])


def _not_given(model: Model, key: ResourceKey) -> tuple[str, str] | None:
    """Why the platform cannot grant a resource, and the remedy; ``None`` if it can."""
    provider = model.providers.get(key.provider)
    if provider is None:
        return "but that node provides nothing", "scmigen show providers lists what does"
    if provider.category is not ProviderClass.MANAGED:
        line = hints.managed(model.inventory.tree, [key.provider])
        why = f"which is {provider.category}: {provider.reason}"
        return why, f"{line} has the platform serve it"
    wrong = no_such(provider, key)
    if wrong is not None:
        return f"but {wrong}", "scmigen show resources lists what the board has"
    return None
