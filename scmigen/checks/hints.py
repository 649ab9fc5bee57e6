"""Hints in the words of the agents file: lines to copy, that do what the hint says.

A test applies every such line and compiles again, so a hint says nothing that does not help:
``platform.KEY: [...]`` means an entry of ``platform``, and ``access: [...] in vm1`` or
``grant: [...] in vm1`` for one of that agent's domain, ``needs: {...} in vm1`` for its ``scmi``.
"""

from collections.abc import Collection, Iterable

from scmigen.assignment.assignment import Agent, Claim
from scmigen.bindings.driver_tables import Entry
from scmigen.bindings.facts import ResourceKey
from scmigen.bindings.inventory import Inventory
from scmigen.bindings.opp_bins import OppBin
from scmigen.checks.words import names, node_word, resource_word
from scmigen.devicetree.nodes import Node
from scmigen.devicetree.tree import DeviceTree
from scmigen.patterns import pattern
from scmigen.scmi.operations import Operation, ordered

#: Names that YAML takes for text: not its words for truth values and nothing.
_WORD = pattern(r"(?!(?:y|n|yes|no|on|off|true|false|null)$)[a-z_][a-z0-9_-]*")


def managed(tree: DeviceTree, paths: Iterable[str]) -> str:
    """``platform.managed: ["&pmic"]``: the platform serves these providers."""
    return f"platform.managed: {_nodes(tree, paths)}"


def fixed(tree: DeviceTree, paths: Iterable[str]) -> str:
    """``platform.fixed: ["&vcc_5v"]``: these providers stay as they are, whoever uses them."""
    return f"platform.fixed: {_nodes(tree, paths)}"


def devices(tree: DeviceTree, paths: Iterable[str]) -> str:
    """``platform.devices: ["&i2c1"]``: the platform keeps these devices for itself."""
    return f"platform.devices: {_nodes(tree, paths)}"


def owners(inventory: Inventory, pairs: Iterable[tuple[ResourceKey, Agent]]) -> str:
    """``platform.owners: [{clock: "&cru 7", agent: linux}]``: this agent alone sets them."""
    rows = (
        f'{{{key.kind}: "{resource_reference(inventory, key)}", agent: {_name(agent)}}}'
        for key, agent in dict(pairs).items()
    )
    return f"platform.owners: [{', '.join(rows)}]"


def always_on(inventory: Inventory, keys: Iterable[ResourceKey]) -> str:
    """``platform.always-on: [{clock: "&cru 7"}]``: the platform keeps these on."""
    rows = (
        f'{{{key.kind}: "{resource_reference(inventory, key)}"}}' for key in dict.fromkeys(keys)
    )
    return f"platform.always-on: [{', '.join(rows)}]"


def opp(tree: DeviceTree, path: str, chosen: OppBin) -> str:
    """``platform.opp: [{table: "&opps", name: slow, supported-hw: [0x1]}]``: this chip is there."""
    parts = [f'table: "{node_word(tree, path)}"']
    if chosen.name is not None:
        parts.append(f"name: {_text(chosen.name)}")
    if chosen.hardware:
        parts.append(f"supported-hw: [{', '.join(f'0x{word:X}' for word in chosen.hardware)}]")
    return f"platform.opp: [{{{', '.join(parts)}}}] if that chip is there"


def access(
    tree: DeviceTree, paths: Iterable[str], agents: Iterable[Agent], shared: bool = False
) -> str:
    """``access: [{dev: "&dma", flags: {shared: true}}] in m7``: the agents have these devices."""
    flags = ", flags: {shared: true}" if shared else ""
    rows = (f'{{dev: "{node_word(tree, path)}"{flags}}}' for path in dict.fromkeys(paths))
    return f"access: [{', '.join(rows)}] in {names(agents)}"


def shared(tree: DeviceTree, claims: Iterable[Claim], node: Node, agents: Collection[Agent]) -> str:
    """The agents share a device: a flag for those that name it already, an entry for the others."""
    stated = {c.agent for c in claims if c.exact and c.node is node}
    naming = [agent for agent in agents if agent.name in stated]
    others = [agent for agent in agents if agent.name not in stated]
    word = node_word(tree, node.path)
    flag = f"flags: {{shared: true}} beside {word} in access of {names(naming)}" if naming else ""
    entry = access(tree, [node.path], others, shared=True) if others else ""
    return " and ".join(filter(None, (flag, entry)))


def _name(agent: Agent) -> str:
    """An agent's name as YAML takes it for text."""
    return _text(agent.name)


def _text(name: str) -> str:
    """A name as YAML takes it for text."""
    if _WORD.fullmatch(name):
        return name
    if name.isascii() and name.isprintable() and not {*name} & {*'"\\'}:
        return f'"{name}"'
    from json import dumps  # few names need it

    return dumps(name)


def votes(inventory: Inventory, keys: Iterable[ResourceKey], agents: Iterable[Agent]) -> str:
    """``grant: [{clock: "&cru 7", operations: [state]}] in vm1``: the agents keep these on."""
    rows = (
        f'{{{key.kind}: "{resource_reference(inventory, key)}", operations: [state]}}'
        for key in dict.fromkeys(keys)
    )
    return f"grant: [{', '.join(rows)}] in {names(agents)}"


def needs(entry: Entry, operations: Iterable[Operation], agent: Agent) -> str:
    """``needs: {"acme,mmc": {ciu: [rate]}} in linux``: what the driver of a device does."""
    words = ", ".join(ordered(entry.kind, operations))
    driver, key = _text(entry.compatibles[0]), _text(entry.key)
    return f"needs: {{{driver}: {{{key}: [{words}]}}}} in {agent.name}"


def resource_reference(inventory: Inventory, key: ResourceKey) -> str:
    """``&cru 7``, or with the macro of the source: a resource as the agents file names it."""
    return resource_word(inventory, key).partition("<")[2].rstrip(">")


def _nodes(tree: DeviceTree, paths: Iterable[str]) -> str:
    words = (f'"{node_word(tree, path)}"' for path in dict.fromkeys(paths))
    return f"[{', '.join(words)}]"
