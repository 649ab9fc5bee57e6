"""The answers of ``scmigen why --not``: the reasons why an agent lacks something, in words."""

from collections.abc import Iterable, Sequence

from scmigen.assignment.assignment import Agent
from scmigen.assignment.needs import usual_tables
from scmigen.assignment.roles import ROLES
from scmigen.bindings.facts import ProviderClass, ResourceKey, Use
from scmigen.checks.hints import resource_reference
from scmigen.checks.words import agent_word, depends, driver_word, joined, names, use_word
from scmigen.cli.subjects import Subject
from scmigen.cli.why_device import denied, gifts
from scmigen.data import replace
from scmigen.devicetree.nodes import Node
from scmigen.diagnostics import Position, position_to_dict
from scmigen.hints import Any
from scmigen.model.lack import Cause, Lack, lacks
from scmigen.model.platform import Model
from scmigen.model.protocol_grants import Right
from scmigen.runtime import SystemPower
from scmigen.scmi.operations import OPERATIONS, Operation, ordered
from scmigen.tuples import NamedTuple


class Because(NamedTuple):
    """One reason: its cause, a sentence, and the place that decides."""

    cause: str
    text: str
    position: Position | None = None

    def __str__(self) -> str:
        return f"{self.text} ({self.position})" if self.position else self.text

    def plain(self) -> dict[str, Any]:
        """The reason as JSON."""
        where = position_to_dict(self.position)
        return {"cause": self.cause, "text": self.text, "position": where}


class NotGranted(NamedTuple):
    """Operations of a resource that an agent lacks for the same reasons."""

    agent: str
    key: ResourceKey
    operations: tuple[Operation, ...]
    because: tuple[Because, ...]


def not_granted(
    model: Model, agent: Agent, key: ResourceKey, operation: Operation | None
) -> list[NotGranted]:
    """Why an agent lacks an operation on a resource, or each one that it lacks."""
    platforms = model.platforms
    grants = (platform.holders(key).get(agent.id) for platform in platforms)
    has = {word for grant in grants if grant is not None for word in grant.operations}
    wanted = OPERATIONS[key.kind] if operation is None else (operation,)
    same: dict[tuple[Because, ...], list[Operation]] = {}
    for word in wanted:
        if word not in has:
            reasons = [_said(model, agent, word, lack) for lack in lacks(model, agent, key, word)]
            same.setdefault(tuple(dict.fromkeys(reasons)), []).append(word)
    return [
        NotGranted(agent.name, key, ordered(key.kind, words), reasons)
        for reasons, words in same.items()
    ]


def _said(model: Model, agent: Agent, operation: Operation, lack: Lack) -> Because:
    if lack.cause is Cause.UNUSED:
        return _unused(model, agent, lack.uses)
    use = lack.uses[0] if lack.uses else None
    place = lack.position if use is None else use.position
    needing = "" if use is None else f"{use_word(use)} needs it, but "
    who = names(lack.agents)
    entry = f" (platform.owners, {lack.position})" if lack.position else ""
    drive = "drives" if len(lack.agents) == 1 else "drive"
    served = f", and {who} {drive} it" if lack.agents else ""
    depend = depends(lack.agents or (None,))
    text = {
        Cause.NOTHING: lack.told,
        Cause.NOT_SERVED: f"the platform does not serve it; its provider is {lack.told}{served}",
        Cause.DISABLED: "its provider is disabled",
        Cause.PROTECTED: "it is protected: it belongs to other firmware",
        Cause.OWNER: f"{needing}{who} owns it{entry if use else ''}",
        Cause.SHARED: f"{needing}{who} share the device, and the resource has no owner",
        Cause.CHANNEL: f"{needing}{lack.told} is the channel of {who}",
        Cause.FED: f"it feeds what {'' if use is None else use_word(use)} needs, which lets it be "
        "read and no more",
        Cause.FIXED: f"{needing}{lack.told} is fixed and passes on state and read only",
        Cause.DOMAIN: f"{needing}the performance domain of the device sets it",
        Cause.POSSIBLE: f"{'' if use is None else use_word(use)} may need it ({lack.told}), "
        f"but {depend} on it as well",
        Cause.ONE_VOLTAGE: f"{'' if use is None else use_word(use)} sets it ({lack.told}), but the "
        "supply has one voltage only",
        Cause.UNNAMED: f"{needing}the parent that it names has no SCMI number",
    }.get(lack.cause) or f"{_needs(use)}, and no explicit grant adds to that"
    if lack.cause is Cause.NOT_NEEDED and use is not None:
        usual = by_usual_table(model, agent, operation, use)
        text += f"; {usual}" if usual else ""
    return Because(lack.cause, text, place)


def _needs(use: Use | None) -> str:
    assert use is not None
    words = " ".join(ordered(use.key.kind, use.needs)) or "nothing"
    return f"{use_word(use)} needs only {words}"


def by_usual_table(model: Model, agent: Agent, operation: Operation, use: Use) -> str:
    """What the usual table of the agent's role would add, where its own tables know no driver;
    empty if nothing."""
    if model.drivers.look_up(agent, use).compatible is not None:
        return ""
    for need in model.drivers.possible(usual_tables(agent), use):
        if operation in need.operations:
            own = [table.name for table in model.drivers.tables(agent)]
            lack = (
                f"{joined(own)} does not know the driver" if own else "it has no table of drivers"
            )
            told = driver_word(use.key.kind, replace(need, operations=frozenset({operation})))
            return f"{lack}, and without needs {agent.name} has {need.table}: {told}"
    return ""


def _unused(model: Model, agent: Agent, uses: Iterable[Use]) -> Because:
    """No device of the agent uses it; whose devices do, with the first of each."""
    by_user: dict[str, tuple[str, Position | None]] = {}
    for use in uses:
        owner = model.owners.of(use.consumer)
        users = owner.all_agents or ((None,) if owner.platform else ())
        for user in users:
            by_user.setdefault(agent_word(user), (use_word(use), use.position))
        if not users:
            by_user.setdefault("no agent", (use_word(use), use.position))
    if not by_user:
        return Because(Cause.UNUSED, "no device uses it, and no explicit grant names it")
    none = f"no device of {agent.name} uses it, and no explicit grant names it"
    used = "; ".join(f"{word} of {user} does" for user, (word, _) in by_user.items())
    return Because(Cause.UNUSED, f"{none}; {used}", next(iter(by_user.values()))[1])


def right_lacking(agent: Agent, right: Right, operations: Sequence[str]) -> Because:
    """Why an agent lacks operations of a right on a whole protocol."""
    if right is Right.PERMISSIONS:
        roles = [role for role, facts in ROLES.items() if facts.permissions]
        own, key = ROLES[agent.role].permissions, "permissions: true"
        told = "permissions: false"
    else:
        enough = SystemPower.SET if "state" in operations else SystemPower.TOLD
        fit = {enough, SystemPower.SET}
        roles = [role for role, facts in ROLES.items() if facts.system_power in fit]
        own, key = ROLES[agent.role].system_power in fit, f"system-power: {enough}"
        told = f"system-power: {agent.system_power}"
    if own:
        return Because("role", f"its entry says {told}", agent.position)
    by_role = f"its role is {agent.role}; {right} comes with {', '.join(roles)}"
    if set(operations) != set(right.operations):
        by_role = by_role.replace(f"; {right}", f"; {' '.join(operations)} on {right}")
    return Because("role", f"{by_role}, nor does its entry say {key}", agent.position)


def devices_lacking(model: Model, agent: Agent, named: Subject) -> list[Because]:
    """Why an agent does not have the nodes that a word names as devices; not those it has.

    Of a node that provides the resources that the word names, only if it is a device as well.
    """
    every = {device.node.path for p in model.platforms for device in p.devices}
    return [
        _device_lacking(model, agent, node)
        for node in named.nodes
        if (not named.keys or node.path in every) and not gifts(model, agent, [node])
    ]


def _device_lacking(model: Model, agent: Agent, node: Node) -> Because:
    """Why an agent does not have a node as a device."""
    owner = model.owners.of(node)
    place = owner.claims[-1].position if owner.claims else None
    if not model.inventory.availability.present(node):
        status = model.inventory.availability.status_position(node)
        return Because("disabled", f"{node.path} is disabled", status)
    provider = model.providers.get(node.path)
    if provider is not None and provider.consumers and provider.category is ProviderClass.MANAGED:
        text = f"{node.path} is a provider that the platform serves, no device of an agent"
        return Because(
            "provider", f'{text}; name what it provides, such as "{_example(model, node)}"'
        )
    if owner.platform:
        return Because("platform", f"{node.path} is a device of the platform", place)
    if agent in owner.all_agents:
        text = f"{node.path} is {agent.name}'s, and nothing that it uses is served by the platform"
        if any(denied(model, agent, [node])):
            text = f"{node.path} is {agent.name}'s, and all that it needs is withdrawn"
        return Because("uses-nothing", text, place)
    if not owner.all_agents:
        return Because("nobody", f"{node.path} is no agent's: nobody has it")
    text = f"{node.path} is a device of {names(owner.all_agents)}, not of {agent.name}"
    if not owner.claims:
        text += "; no entry names it"
        if all(item.default for item in owner.agents):
            text += f", and {names(owner.agents)} is the default"
    if node.path in model.inventory.secure_only:
        text += "; it is for the secure world only"
    return Because("device-of-others", text, place)


def _example(model: Model, node: Node) -> str:
    """A resource of a provider as the user would write it."""
    keys = (r.key for p in model.platforms for found in p.resources.values() for r in found)
    key = next((key for key in keys if key.provider == node.path), None)
    return node.path if key is None else resource_reference(model.inventory, key)
