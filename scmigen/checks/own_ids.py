"""Checks of the SCMI ids in the trees of agents against what the platform gives these agents."""

from collections.abc import Iterator, Mapping

from scmigen.assignment.assignment import OwnTree
from scmigen.assignment.words import spans
from scmigen.bindings.consumers import uses_of
from scmigen.bindings.facts import ResourceKey, ScmiInstance, Use
from scmigen.bindings.identity import scmi_protocol
from scmigen.bindings.references import References
from scmigen.bindings.scmi_nodes import id_of, is_in_scmi, is_registration
from scmigen.bindings.served import agent_of, given_to
from scmigen.checks.check import check
from scmigen.checks.words import (
    node_word,
    position,
    resource_name,
    use_word,
)
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Diagnostic, Related, Severity
from scmigen.model.platform import Grant, Model, Platform
from scmigen.scmi.protocols import Kind


@check(
    "tree-id",
    about="An agent's own tree refers to an SCMI id that the agent does not get, or to another's.",
    advice="Write the id that the agent gets for the resource.",
)
def tree_id(model: Model) -> Iterator[Diagnostic]:
    """SCMI ids in agents' own trees that are not those of the agents.

    An entry of a device that the board has too must be the resource that the board's entry is.
    """
    for own in model.assignment.trees:
        ids = _Ids(model, own)
        for use in (*own.inventory.uses, *own.inventory.registered):
            node = own.inventory.tree.node(use.key.provider)
            if node is None or not use.key.cells or scmi_protocol(node) is None:
                continue
            matched = own.nodes.get(node.path)
            if matched is not None and is_in_scmi(matched):
                # The board has the SCMI node too, so the id is the board's.
                continue
            yield from _wrong_id(ids, own, use)


class _Ids:
    """What the agent of a tree is given."""

    def __init__(self, model: Model, own: OwnTree) -> None:
        self._own = own
        self._grants: dict[Kind, dict[int, Grant]] = {kind: {} for kind in Kind}
        for platform in _platforms(model, own):
            for grant in platform.grants():
                if grant.agent.name == own.agent:
                    self._grants[grant.resource.kind][grant.id] = grant
        self._needs: dict[tuple[str, str, Kind], list[Use]] = {}
        for use in model.findings.closure.needs:
            place = use.consumer.path, use.prop, use.key.kind
            self._needs.setdefault(place, []).append(use)

    def grants(self, kind: Kind) -> Mapping[int, Grant]:
        """The grants of the agent by the ids that it knows."""
        return self._grants[kind]

    def expected(self, use: Use) -> Grant | None:
        """The grant for the board's entry that an entry of the agent's tree refers to: the one of
        the same name, else the one in the same place."""
        device = self._own.nodes.get(use.consumer.path)
        if device is None:
            return None
        alike = self._needs.get((device.path, use.prop, use.key.kind), [])
        named = [other for other in alike if use.name is not None and other.name == use.name]
        keys = {other.key for other in named or alike if named or other.index == use.index}
        found = [
            grant for grant in self.grants(use.key.kind).values() if grant.resource.key in keys
        ]
        return found[0] if len(found) == 1 else None


def _platforms(model: Model, own: OwnTree) -> tuple[Platform, ...]:
    """The platforms that the SCMI nodes of an agent's tree may talk to: those of the same name, if
    there are such."""
    names = {instance.node.name for instance in own.inventory.instances}
    return tuple(p for p in model.platforms if p.name in names) or model.platforms


def _wrong_id(ids: _Ids, own: OwnTree, use: Use) -> Iterator[Diagnostic]:
    kind, number = use.key.kind, use.key.cells[0]
    grants = ids.grants(kind)
    expected = ids.expected(use)
    entry = use.consumer.path if is_registration(use) else use_word(use)
    right = f"it is {kind} {expected.id} of {own.agent}" if expected is not None else None
    where = position(own.inventory.tree, use)
    related = _place(expected)
    if number not in grants:
        has = f"{own.agent} has {kind} {spans(list(grants))}" if grants else f"it has no {kind}"
        yield tree_id.error(
            f"{entry} is {kind} {number}, which {own.agent} does not get",
            where,
            related,
            right or has,
        )
    elif expected is not None and expected.id != number:
        yield tree_id.error(
            f"{entry} is {kind} {number}, which is {grants[number].resource.name} to {own.agent}, "
            f"not {expected.resource.name}",
            where,
            related,
            right,
        )


def _place(expected: Grant | None) -> list[Related]:
    """Where the board has the entry."""
    uses = (why for why in expected.because if isinstance(why, Use)) if expected else ()
    first = next(iter(uses), None)
    return [Related(f"the board: {use_word(first)}", first.position)] if first else []


@check(
    "served-native",
    about="A device drives natively what the server serves to the agent of the device.",
    advice="Refer to the resource by its SCMI id.",
    severity=Severity.WARNING,
)
def served_native(model: Model) -> Iterator[Diagnostic]:
    """Resources that a server description gives to the agent whose SCMI node is in the same tree,
    and that one of its devices refers to at their own provider: two drive one thing."""
    references, availability = model.inventory.references, model.inventory.availability
    tree = references.tree
    for instance in model.inventory.instances:
        node = agent_of(references, instance, availability)
        agent = next((a for a in model.assignment.agents if node and a.id == id_of(node)), None)
        if node is None or agent is None:
            continue
        numbers: dict[ResourceKey, tuple[Kind, int]] = {}
        for place, key in given_to(references, node, availability).items():
            numbers.setdefault(key, place)
        for use in model.findings.closure.needs:
            owned = use.key in numbers and agent in model.owners.of(use.consumer).agents
            if owned and _refers_to(references, use):
                kind, number = numbers[use.key]
                yield served_native.warning(
                    f"{use_word(use)} is served to {agent.name} as SCMI {kind} {number}, but the "
                    "device drives it natively",
                    position(tree, use),
                    [Related("the server's agent", node.position)],
                    _by_id(tree, instance, kind, number),
                ).about([resource_name(use.key)], [use.consumer.path], [agent.name])


def _refers_to(references: References, use: Use) -> bool:
    """Whether the entry of a use names the resource itself, not an SCMI id for it, and not what
    the resource passes through."""
    if use.via or is_in_scmi(use.consumer):
        return False
    entries = {(other.prop, other.index, other.key) for other in uses_of(references, use.consumer)}
    return (use.prop, use.index, use.key) in entries


def _by_id(tree: DeviceTree, instance: ScmiInstance, kind: Kind, number: int) -> str:
    """How to refer to a resource by its id."""
    protocol = instance.protocols.get(kind.protocol)
    if protocol is None:
        return (
            f"add protocol@{kind.protocol:x} to {instance.node.path}, and refer to {number} of it"
        )
    if kind is Kind.VOLTAGE:
        return f"refer to the regulator with reg = <{number}> below {protocol.path}"
    return f"write <{node_word(tree, protocol.path)} {number}>"
