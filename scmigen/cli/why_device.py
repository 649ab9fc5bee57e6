"""The answer of ``scmigen why`` for a device: what it gave its agent."""

from collections.abc import Collection, Iterable, Iterator, Sequence

from scmigen.assignment.assignment import Agent
from scmigen.bindings.consumers import passes_on
from scmigen.bindings.driver_tables import DriverNeed
from scmigen.bindings.facts import ResourceKey, Use
from scmigen.checks.words import drivers_word, node_word
from scmigen.cli.subjects import identity, numbered
from scmigen.cli.why_parents import parents_plain, parents_text
from scmigen.devicetree.nodes import Node
from scmigen.diagnostics import position_to_dict
from scmigen.hints import Any
from scmigen.model.grants import Denied
from scmigen.model.ownership import device_of
from scmigen.model.platform import Device, Grant, Model, Platform
from scmigen.scmi.operations import Operation, ordered
from scmigen.tuples import NamedTuple


class Given(NamedTuple):
    """What a device brings of one resource, and the uses of the device behind it.

    ``withdrawn`` is what the device needs and the agent does not get.
    """

    key: ResourceKey
    number: int | None
    uses: tuple[Use, ...]
    operations: tuple[Operation, ...]
    withdrawn: tuple[Operation, ...]


class Gift(NamedTuple):
    """What one device gave an agent; ``boot``: the agent has the device at boot."""

    agent: Agent
    device: Device
    boot: bool
    given: tuple[Given, ...]


def gifts(model: Model, agent: Agent, nodes: Iterable[Node]) -> list[Gift]:
    """What the devices at and below some nodes gave an agent."""
    roots = tuple(nodes)
    found = []
    for platform in model.platforms:
        for device in platform.devices:
            mine = agent in (*device.agents, *device.assignable)
            if mine and _below(device.node, roots):
                given = tuple(_given(model, platform, agent, device))
                found.append(Gift(agent, device, agent in device.agents, given))
    return found


def _below(node: Node, roots: Iterable[Node]) -> bool:
    parts = {part.path for part in node.upwards()}
    return any(root.path in parts for root in roots)


def denied(model: Model, agent: Agent, nodes: Iterable[Node]) -> Iterator[Denied]:
    """What the devices at and below some nodes need and the agent does not get."""
    roots = tuple(nodes)
    for item in model.findings.granted.denied:
        grants = (platform.holders(item.key).get(agent.id) for platform in model.platforms)
        has = {word for grant in grants if grant is not None for word in grant.operations}
        if item.agent == agent and item.operation not in has and _below(item.use.consumer, roots):
            yield item


def _given(model: Model, platform: Platform, agent: Agent, device: Device) -> Iterator[Given]:
    uses: dict[ResourceKey, list[Use]] = {}
    denied = [
        item
        for item in model.findings.granted.denied
        if item.agent == agent and device_of(model.owners, item.use.consumer) is device.node
    ]
    # What every agent is denied is no resource of the platform.
    for use in dict.fromkeys((*device.uses, *(item.use for item in denied))):
        uses.setdefault(use.key, []).append(use)
    for key, of_device in uses.items():
        grant = platform.holders(key).get(agent.id)
        needs = {word for use in of_device for word in use.needs}
        has = frozenset() if grant is None else grant.operations & needs
        lost = _words(denied, key, has)
        if has or lost:
            number = None if grant is None else grant.id
            yield Given(key, number, tuple(of_device), ordered(key.kind, has), lost)


def _words(
    denied: Iterable[Denied], key: ResourceKey, has: Collection[Operation]
) -> tuple[Operation, ...]:
    words = (item.operation for item in denied if item.key == key and item.operation not in has)
    return ordered(key.kind, words)


def withdrawn(model: Model, grant: Grant) -> tuple[Operation, ...]:
    """What the devices of an agent need of a resource, and the agent does not get."""
    denied = (item for item in model.findings.granted.denied if item.agent == grant.agent)
    return _words(denied, grant.resource.key, grant.operations)


def withdrawn_text(words: Iterable[Operation]) -> str:
    """``; rate is withdrawn``, behind what was granted."""
    return "".join(f"; {word} is withdrawn" for word in words)


def lines(model: Model, gift: Gift) -> Iterator[str]:
    """What a device gave an agent, as text: the device, each resource, and each use of it."""
    device = gift.device
    label = node_word(model.inventory.tree, device.node.path)
    words = [label] if label != device.node.path else []
    words += [f"device {device.number}"] if device.number is not None else []
    has = "has" if gift.boot else "may be given"
    claims = model.owners.of(device.node).claims
    words += [str(claim.position) for claim in claims[-1:] if claim.position]
    about = f" ({', '.join(words)})" if words else ""
    yield f"{gift.agent.name} {has} {device.node.path}{about}"
    for given in gift.given:
        operations = " ".join(given.operations) or "nothing"
        about = numbered(model, given.key, given.number)
        yield f"  {about}: {operations}{withdrawn_text(given.withdrawn)}"
        yield from (f"    {_entry(device, use)}" for use in given.uses)
        if Operation.PARENT in given.operations:
            yield f"    {parents_text(model, gift.agent, given.key)}"


def _entry(device: Device, use: Use) -> str:
    """The entry of a use, with the part of the device that has it."""
    part = "" if use.consumer is device.node else f"{use.consumer.path} "
    return f"{part}{use_text(use)}"


def use_text(use: Use) -> str:
    """The entry of a use, what it needs, its place, and the drivers that it needs more for."""
    through = f" through {', '.join(use.via)}" if use.via else ""
    words = " ".join(ordered(use.key.kind, use.needs))
    place = f" ({use.position})" if use.position else ""
    passed = "; may set its rate for the clocks that it offers" if _may_pass_on(use) else ""
    return f"{use.prop}[{use.index}]{through}: {words}{place}{drivers_word(use)}{passed}"


def _may_pass_on(use: Use) -> bool:
    """Whether the rate of a clock may be set on behalf of another one, which no table can tell."""
    return passes_on(use) and not use.via and Operation.RATE not in use.needs


def plain(model: Model, gift: Gift) -> dict[str, Any]:
    """What a device gave an agent, as JSON."""
    device = gift.device
    claims: Sequence[Any] = model.owners.of(device.node).claims
    return {
        "agent": gift.agent.name,
        "device": device.node.path,
        "id": device.number,
        "name": device.name,
        "boot": gift.boot,
        "position": position_to_dict(claims[-1].position) if claims else None,
        "resources": [_plain(model, gift.agent, given) for given in gift.given],
    }


def _plain(model: Model, agent: Agent, given: Given) -> dict[str, Any]:
    settable = Operation.PARENT in given.operations
    return {
        **identity(model, given.key, given.number),
        "operations": given.operations,
        "withdrawn": given.withdrawn,
        "parents": parents_plain(model, agent, given.key) if settable else None,
        "uses": [use_plain(use) for use in given.uses],
    }


def use_plain(use: Use) -> dict[str, Any]:
    """A use as JSON."""
    return {
        "device": use.consumer.path,
        "property": use.prop,
        "index": use.index,
        "via": use.via,
        "operations": ordered(use.key.kind, use.needs),
        "position": position_to_dict(use.position),
        "drivers": [
            {"operations": ordered(use.key.kind, need.operations), **driver_plain(need)}
            for need in use.drivers
        ],
        "passes_on": _may_pass_on(use),
    }


def driver_plain(need: DriverNeed) -> dict[str, Any]:
    """Who says what a driver does, as JSON."""
    return {
        "table": need.table,
        "source": need.source or None,
        "certainty": need.certainty,
        "reason": need.reason or None,
        "position": position_to_dict(need.position),
    }
