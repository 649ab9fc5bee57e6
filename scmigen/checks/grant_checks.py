"""Checks of what users write about single resources: grants, numbers and names."""

from collections.abc import Iterator, Mapping

from scmigen.assignment.assignment import HandGrant
from scmigen.assignment.roles import ROLES
from scmigen.assignment.words import spans
from scmigen.bindings.describe import ProviderNodes, clock_output_names, names_of, stated_name
from scmigen.bindings.facts import ResourceKey, Use
from scmigen.bindings.scmi_nodes import device_id_position
from scmigen.checks.check import check
from scmigen.checks.words import plain, resource_name, resource_word
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Diagnostic, Position, Related, Severity, counted
from scmigen.model.platform import Device, Model
from scmigen.runtime import MAX_RESOURCES, SystemPower
from scmigen.scmi.operations import ordered
from scmigen.scmi.protocols import VERSIONS, Kind, Profile
from scmigen.tuples import NamedTuple


@check(
    "grant-unused",
    about="A grant allows what none of the agent's devices needs.",
    advice="Remove what is not intended; what devices need is granted anyway.",
    severity=Severity.NOTE,
)
def grant_unused(model: Model) -> Iterator[Diagnostic]:
    """Explicit grants beyond what the agent's devices need, one note per agent.

    Not those of elements that no device of the tree can need, nor of whole protocols.
    """
    declared = {item.key for item in model.assignment.options.elements if not item.known}
    wholes = {(whole.agent, whole.position) for whole in model.assignment.wholes}
    by_agent: dict[str, list[tuple[HandGrant, str]]] = {}
    for draft in model.findings.granted.drafts.values():
        by_hand = [why for why in draft.because if isinstance(why, HandGrant)]
        if not by_hand:
            continue
        needed = {op for why in draft.because if isinstance(why, Use) for op in why.needs}
        for why in by_hand:
            if (why.agent, why.position) in wholes:
                continue
            if why.operations - needed and why.key not in declared:
                words = ordered(why.key.kind, why.operations - needed)
                said = f"{', '.join(words)} on {resource_word(model.inventory, why.key)}"
                by_agent.setdefault(draft.agent.name, []).append((why, said))
    for agent, found in by_agent.items():
        (first, said), *others = found
        yield grant_unused.note(
            f"explicit grants give {agent} more than its devices need: {said}",
            first.position,
            [Related(word, grant.position) for grant, word in others],
            "remove what is not intended; what the devices need is granted anyway",
        ).about([resource_name(grant.key) for grant, _ in found], agents=[agent])


#: What an agent without resources may do all the same with the power of the system.
_POWER = {
    SystemPower.TOLD: " but to be told of system power",
    SystemPower.SET: " but system power",
}


@check(
    "agent-idle",
    about="An agent is granted nothing.",
    advice="Give it devices or grants, or leave it out.",
    severity=Severity.NOTE,
)
def agent_idle(model: Model) -> Iterator[Diagnostic]:
    """Agents that some source names, and that may not do anything with any resource.

    One that is given more of system power than its role has is there for that.
    """
    granted = {grant.agent.id for platform in model.platforms for grant in platform.grants()}
    for agent in model.assignment.agents:
        usual = ROLES[agent.role].system_power
        wanted = agent.permissions or (
            agent.system_power is not usual and agent.system_power in _POWER
        )
        if agent.position is not None and agent.id not in granted and not wanted:
            yield agent_idle.note(
                f"{agent.name} is granted nothing{_POWER.get(agent.system_power, '')}: none of its "
                "devices needs what the platform serves",
                agent.position,
                hint="access gives it devices, grant single resources; scmigen show devices lists "
                "the devices that need something",
            ).about(agents=[agent.name])


@check(
    "profile-lacks",
    about="An agent is granted resources of a protocol that its SCMI profile does not have.",
    advice="Name a newer profile if the program has one, or give the devices to another agent.",
    severity=Severity.WARNING,
)
def profile_lacks(model: Model) -> Iterator[Diagnostic]:
    """Agents that cannot ask for what they are granted, since their release came before it."""
    protocols = {kind: kind.protocol for kind in Kind}
    for agent in model.assignment.agents:
        served = VERSIONS[agent.profile or Profile.V3_2]
        for kind in (each for each in protocols if protocols[each] not in served):
            grants = [grant for each in model.platforms for grant in each.grants_of(agent, kind)]
            if grants:
                yield profile_lacks.warning(
                    f"{agent.name} speaks SCMI {agent.profile}, which has no {kind} protocol: "
                    f"it cannot use the {counted(len(grants), 'resource')} granted to it there",
                    agent.position,
                    hint="name a newer profile, or give the devices to another agent",
                ).about(
                    [resource_name(grant.resource.key) for grant in grants], agents=[agent.name]
                )


@check(
    "name-differs",
    about="A resource has the name of another one, or another name on the other side.",
    advice="Compare number, name and reference of both; one of the lists has moved.",
    severity=Severity.WARNING,
)
def name_differs(model: Model) -> Iterator[Diagnostic]:
    """Explicit names that belong to another resource of the same provider."""
    tree = model.inventory.tree
    for grant in model.assignment.grants:
        node = tree.node(grant.key.provider)
        if grant.name is None or node is None:
            continue
        own = {plain(name) for name in names_of(tree, grant.key)}
        others = [
            key
            for key, name in _named(model, grant.key)
            if plain(name) == plain(grant.name) and key != grant.key
        ]
        if others and plain(grant.name) not in own:
            yield name_differs.warning(
                f"{resource_word(model.inventory, grant.key)} is called {grant.name}, "
                f"which is the name of {resource_word(model.inventory, others[0])}",
                grant.position,
                hint=f"refer to {resource_word(model.inventory, others[0])}, or use its own name",
            ).about([resource_name(grant.key)], agents=[grant.agent])
    yield from _two_names(model)


class _Name(NamedTuple):
    """What one description calls a resource; ``agent`` is None for the board."""

    name: str
    agent: str | None
    position: Position | None

    def __str__(self) -> str:
        return f"{self.name} {'on the board' if self.agent is None else f'for {self.agent}'}"


def _two_names(model: Model) -> Iterator[Diagnostic]:
    """Resources that two descriptions name differently; agents see one name only."""
    first: dict[ResourceKey, _Name] = {}
    for key, mine in _descriptions(model):
        other = first.setdefault(key, mine)
        # What a server description calls a resource need not be its name on the board.
        if other.name == mine.name or mine.agent is None:
            continue
        found = filter(None, (platform.resource(key) for platform in model.platforms))
        seen = next((resource.name for resource in found), other.name)
        agents = [agent for agent in (mine.agent, other.agent) if agent is not None]
        yield name_differs.warning(
            f"{resource_word(model.inventory, key)} is called {mine} and {other}; "
            f"all agents see {seen}",
            mine.position,
            [Related(str(other), other.position)],
            "give it one name",
        ).about([resource_name(key)], agents=agents)


def _descriptions(model: Model) -> Iterator[tuple[ResourceKey, _Name]]:
    """What server descriptions, the board and agents' own trees call resources, in this order."""
    for grant in model.assignment.grants:
        if grant.name is not None:
            yield grant.key, _Name(grant.name, grant.agent, grant.position)
    if not model.assignment.trees:
        return
    # Agents' own trees are rare.
    from scmigen.assignment.own_scmi_nodes import protocols_of_own_nodes

    board = model.inventory.tree
    every = (found for platform in model.platforms for found in platform.resources.values())
    keys = {resource.key: resource.key for resources in every for resource in resources}
    yield from _stated(board, keys, None)
    for own in model.assignment.trees:
        paths = protocols_of_own_nodes(model.inventory, own.inventory, own.nodes)
        paths = {**{path: node.path for path, node in own.nodes.items()}, **paths}
        uses = (*own.inventory.uses, *own.inventory.registered)
        used = (use.key for use in uses if use.key.provider in paths)
        keys = {key: key._replace(provider=paths[key.provider]) for key in used}
        yield from _stated(own.inventory.tree, keys, own.agent)


def _stated(
    tree: DeviceTree, keys: Mapping[ResourceKey, ResourceKey], agent: str | None
) -> Iterator[tuple[ResourceKey, _Name]]:
    """The names in a tree; ``keys``: a resource there → the same on the board."""
    nodes = ProviderNodes(tree)
    for key, on_board in keys.items():
        found = stated_name(nodes, key)
        if found is not None:
            name, node = found
            yield on_board, _Name(name, agent, node.position or Position(tree.file))


def _named(model: Model, like: ResourceKey) -> Iterator[tuple[ResourceKey, str]]:
    """The other resources of a provider that the tree names."""
    node = model.inventory.tree.node(like.provider)
    if node is None or like.kind is not Kind.CLOCK or len(like.cells) != 1:
        return
    for number, name in clock_output_names(node).items():
        yield ResourceKey(like.kind, like.provider, (number,)), name


@check(
    "id-hole",
    about="A server description skips numbers below its highest.",
    advice="Assign the number, or leave it if it is reserved on purpose.",
    severity=Severity.NOTE,
)
def id_hole(model: Model) -> Iterator[Diagnostic]:
    """Numbers that a server description leaves out: agents see a hole there."""
    given: dict[tuple[str, Kind], dict[int, HandGrant]] = {}
    for grant in model.assignment.grants:
        if grant.number is not None:
            given.setdefault((grant.agent, grant.key.kind), {})[grant.number] = grant
    for (agent, kind), numbers in given.items():
        holes = sorted(set(range(max(numbers))) - numbers.keys())
        if holes:
            after = min(number for number in numbers if number > holes[0])
            yield id_hole.note(
                f"{agent} has no {kind} {spans(holes)}, but {kind} {max(numbers)}",
                numbers[after].position,
                hint="agents see a hole as a resource they may not use; assign the number, "
                "or leave it if it is reserved",
            )


@check(
    "device-id",
    about="A device id fixed by the tree is used twice or out of range.",
    advice="Give each device an access-controllers cell of its own.",
)
def device_id(model: Model) -> Iterator[Diagnostic]:
    """Device ids of the tree (``access-controllers``) that two devices have, or that are none."""
    tree = model.inventory.tree
    for platform in model.platforms:
        first: dict[int, Device] = {}
        for device in platform.devices:
            if device.number is None:
                continue
            other = first.setdefault(device.number, device)
            if other is device and device.number <= MAX_RESOURCES:
                continue
            said = f"as has {other.node.path}" if other is not device else "which is out of range"
            yield device_id.error(
                f"{device.node.path} has device id {device.number}, {said}",
                device_id_position(device.node) or Position(tree.file),
                hint=f"give each device its own cell, up to {MAX_RESOURCES}",
            ).about(nodes=[device.node.path])


@check(
    "device-id-hole",
    about="The ids of removed devices are kept and belong to no device.",
    advice="Leave them, or renumber with --repack if nothing depends on the ids yet.",
    severity=Severity.NOTE,
)
def device_id_hole(model: Model) -> Iterator[Diagnostic]:
    """Device ids that no device has: firmware that indexes a table by them needs a row there."""
    for platform in model.platforms:
        numbers = {d.number: d for d in platform.devices if d.number is not None}
        numbers = {number: d for number, d in numbers.items() if number <= MAX_RESOURCES}
        holes = sorted(set(range(max(numbers, default=0))) - numbers.keys())
        if holes:
            after = numbers[min(number for number in numbers if number > holes[0])]
            yield device_id_hole.note(
                f"no device of {platform.name} has the id {spans(holes)}",
                after.node.position,
                hint="the lock file keeps the ids of removed devices; --repack renumbers all",
            )
