"""How checks name things: resources by label, devices by path, agents by name."""

from collections.abc import Iterable, Sequence

from scmigen.assignment.assignment import Agent, HandGrant
from scmigen.bindings.driver_tables import DriverNeed
from scmigen.bindings.facts import ResourceKey, Use
from scmigen.bindings.inventory import Inventory
from scmigen.bindings.node_kinds import is_scmi
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Position, Related
from scmigen.scmi.operations import Operation, ordered
from scmigen.scmi.protocols import Kind

#: Operations on a resource that others depend on, the most severe first.
VERBS = {
    Operation.STATE: "turn off",
    Operation.RESET: "assert",
    Operation.RATE: "set the rate of",
    Operation.PARENT: "set the parent of",
    Operation.LEVEL: "set the level of",
    Operation.LIMITS: "set the limits of",
}

#: How many words a message lists before it counts the rest; related places are never cut.
_LISTED = 4


def node_word(tree: DeviceTree, path: str) -> str:
    """``&label`` where the node has a label, else its path."""
    label = tree.label_of.get(path)
    return path if label is None else f"&{label}"


def resource_word(inventory: Inventory, key: ResourceKey) -> str:
    """``clock <&rcc CK_BUS_UART4>``, as a source has it; ``clock <&rcc 14>`` where none does, and
    ``clock 14`` where only an agents file has it."""
    node = inventory.tree.node(key.provider)
    if key.cells and node is not None and (node.parent is None or is_scmi(node)):
        return " ".join((key.kind, *map(str, key.cells)))
    return f"{key.kind} <{reference_word(inventory, key)}>"


def reference_word(inventory: Inventory, key: ResourceKey) -> str:
    """``&rcc CK_BUS_UART4``: how a source refers to a resource."""
    named = zip(inventory.macros.cells(key), key.cells, strict=True)
    cells = (macro or str(cell) for macro, cell in named)
    return " ".join((node_word(inventory.tree, key.provider), *cells))


def resource_name(key: ResourceKey) -> str:
    """``clock /rcc 14``: the name of a resource in the subject of a diagnostic."""
    return f"{key.kind} {key}"


def powers_word(inventory: Inventory, powers: Iterable[tuple[Operation, ResourceKey]]) -> str:
    """``turn off clock <&cru 1> (and 2 more) and assert reset <&cru 1>``."""
    by_operation: dict[Operation, dict[ResourceKey, None]] = {}
    for operation, key in powers:
        by_operation.setdefault(operation, {}).setdefault(key)
    said = []
    for operation in filter(by_operation.__contains__, VERBS):
        first, *others = by_operation[operation]
        more = f" (and {len(others)} more)" if others else ""
        said.append(f"{VERBS[operation]} {resource_word(inventory, first)}{more}")
    return joined(said)


def use_word(use: Use) -> str:
    """The consumer and the entry: ``/soc/spi@40430000 resets[0]``."""
    through = f" through {', '.join(use.via)}" if use.via else ""
    return f"{use.consumer.path} {use.prop}[{use.index}]{through}"


def driver_word(kind: Kind, need: DriverNeed) -> str:
    """What a driver does, and who says so: ``rate by drivers/mmc/host/a.c:set (linux-6.12, sure)``,
    or ``rate by needs of linux (agents.yaml:7:15)``."""
    return f"{' '.join(ordered(kind, need.operations))} {by_word(need)}"


def by_word(need: DriverNeed) -> str:
    """Who says what a driver does: ``by drivers/mmc/host/a.c:set (linux-6.12, sure)``; behind that,
    the reason of a row that has one."""
    if not need.source:
        return f"by {need.table}" + (f" ({need.position})" if need.position else "")
    reason = f": {need.reason}" if need.reason else ""
    return f"by {need.source} ({need.table}, {need.certainty}{reason})"


def drivers_word(use: Use) -> str:
    """What drivers add to what the tree says of a use, behind that; empty if nothing."""
    return "".join(f"; {driver_word(use.key.kind, need)}" for need in use.drivers)


def agent_word(agent: Agent | None) -> str:
    """The agent's name; the platform has none of its own."""
    return agent.name if agent is not None else "the platform"


def agent_names(agents: Iterable[Agent | None]) -> list[str]:
    """The agents that a diagnostic is about, by name; the platform is none."""
    return [agent.name for agent in agents if agent is not None]


def names(agents: Iterable[Agent | None]) -> str:
    """``linux, vm1 and the platform``."""
    return joined([agent_word(agent) for agent in agents])


def joined(words: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def listed(words: Iterable[str]) -> str:
    """The words, the first few of them if there are many: ``a, b, c, d and 60 more``."""
    every = list(words)
    rest = len(every) - _LISTED
    return joined([*every[:_LISTED], f"{rest} more"] if rest > 0 else every)


def depends(agents: Sequence[Agent | None]) -> str:
    """``linux depends``, ``linux and vm1 depend``."""
    return f"{names(agents)} {'depends' if len(agents) == 1 else 'depend'}"


def position(tree: DeviceTree, use: Use) -> Position:
    """Where a use is written; for a blob, the file."""
    return use.position or Position(tree.file)


def examples(
    tree: DeviceTree, uses: Iterable[tuple[Agent | None, Use | HandGrant]]
) -> list[Related]:
    """One related place per use and agent: one of each agent first, then all others."""
    pairs = {_place(agent, why): (agent, why) for agent, why in uses}
    first: dict[str, tuple[object, ...]] = {}
    for place, (agent, _) in pairs.items():
        first.setdefault(agent_word(agent), place)
    ordered = dict.fromkeys((*first.values(), *pairs))
    return [_example(tree, *pairs[place]) for place in ordered]


def plain(name: str) -> str:
    """The form in which names are compared: letters and digits only, in lower case."""
    return "".join(filter(str.isalnum, name)).lower()


def _place(agent: Agent | None, why: Use | HandGrant) -> tuple[object, ...]:
    """The identity of an example; equal ones are listed once."""
    if isinstance(why, Use):
        return agent_word(agent), why.consumer.path, why.prop, why.index
    return agent_word(agent), why.position


def _example(tree: DeviceTree, agent: Agent | None, why: Use | HandGrant) -> Related:
    if isinstance(why, Use):
        return Related(
            f"{agent_word(agent)}: {use_word(why)}{drivers_word(why)}", position(tree, why)
        )
    return Related(f"{agent_word(agent)}: {why.word}", why.position)
