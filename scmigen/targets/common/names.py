"""The names that a board's source has for resources, as the outputs show them.

They are for people: a blob has none, and no number and no SCMI name depends on them.
"""

from collections import Counter
from collections.abc import Collection, Mapping

from scmigen.bindings.board import compatible_of
from scmigen.bindings.driver_tables import DriverNeed
from scmigen.bindings.facts import ResourceKey
from scmigen.diagnostics import Position
from scmigen.model.build import DEFAULT_NAME
from scmigen.model.platform import Grant, Platform, Resource
from scmigen.scmi.operations import Operation, ordered
from scmigen.scmi.protocols import BEYOND_TREES, Kind
from scmigen.targets.common.ctext import identifier

#: What stands for a kind in names.
INFIX = {
    Kind.POWER: "PD",
    Kind.PERFORMANCE: "PERF",
    Kind.CLOCK: "CLK",
    Kind.SENSOR: "SENSOR",
    Kind.RESET: "RST",
    Kind.VOLTAGE: "VOLTD",
} | {kind: kind.name for kind in BEYOND_TREES}

#: Longest name that becomes a define; trees include these, so that it stays as it is.
LONGEST_DEFINE = 24


def board_name(platform: Platform) -> str:
    """What people call the board, and which of its platforms this is where it has several."""
    board = compatible_of(platform.inventory.tree)
    own = platform.name if platform.name != DEFAULT_NAME or board is None else None
    return ", ".join(filter(None, (board, own)))


def written(platform: Platform, resource: Resource) -> str | None:
    """The specifier as the source has it: ``CK_BUS_UART4``, ``CPG_MOD 702``."""
    return platform.inventory.macros.name(resource.key)


def title_of(platform: Platform, key: ResourceKey) -> str:
    """A resource as people who know the source call it: ``&uart0_lpcg IMX_LPCG_CLK_4``.

    Its own name where the source has no macro for it; the label or node name of its provider, with
    the cells, where it has no name either.
    """
    tree, macro = platform.inventory.tree, platform.inventory.macros.name(key)
    label = tree.label_of.get(key.provider)
    place = f"&{label}" if label else key.provider.rpartition("/")[2]
    if macro is not None:
        return f"{place} {macro}"
    known, facts = platform.resource(key), platform.inventory.facts.get(key)
    if known is not None:
        return known.name
    if facts is not None and facts.names:
        return facts.names[0]
    return " ".join((place, *map(str, key.cells)))


def titles(platform: Platform) -> Mapping[ResourceKey, str]:
    """Title of every resource: the vendor's macro where that tells it from all others."""
    told = telling(platform)
    return {
        resource.key: told.get(resource.key) or title_of(platform, resource.key)
        for resources in platform.resources.values()
        for resource in resources
    }


def origin_of(platform: Platform, resource: Resource, to_the_line: bool = False) -> str:
    """Provider, specifier, and how the source writes that: ``/soc/rcc@1000 <165> CK_BUS_UART4``;
    of what only an agents file knows, the file that declares it: ``declared, agents.yaml``.

    Its line is for tables that people read. Generated sources are compared with the last ones,
    where a line more in that file would change all that follow.
    """
    if resource.declared:
        at = resource.facts.position
        if at is None:
            return "declared"
        return f"declared, {platform.place(at if to_the_line else Position(at.file))}"
    cells = " ".join(map(str, resource.key.cells))
    words = (resource.key.provider, f"<{cells}>" if cells else "", written(platform, resource))
    return " ".join(filter(None, words))


def operations(grant: Grant | None, mark: str = "") -> str:
    """The operations of a grant in words; those an assignable device may open in brackets, and
    those that only a driver asks for with ``mark`` behind them."""
    if grant is None:
        return ""
    driven = grant.by_drivers if mark else {}
    found = []
    for word in ordered(grant.kind, grant.operations):
        text = f"{word}{mark if word in driven else ''}"
        found.append(text if word in grant.boot else f"({text})")
    return " ".join(found)


def by_drivers(grant: Grant | None, among: Collection[Operation] | None = None) -> str:
    """``; rate by drivers/mmc/host/sdhci.c``: what only drivers ask for, and their files, for a
    comment in a table; empty where the tree or the user asks for all. The permission map has the
    functions, too. ``among``: the operations that the table grants, if not all those at boot."""
    found: dict[str, list[Operation]] = {}
    if grant is not None:
        granted = grant.boot if among is None else among
        for operation, needs in grant.by_drivers.items():
            files = dict.fromkeys(need.source.partition(":")[0] or need.table for need in needs)
            if operation in granted:
                found.setdefault(" and ".join(files), []).append(operation)
    return "".join(f"; {' and '.join(words)} by {file}" for file, words in found.items())


def driver_of(platform: Platform, need: DriverNeed) -> str:
    """Who says that a driver does something: ``drivers/mmc/a.c:set (linux-6.12, sure)``, or
    ``needs of linux (agents.yaml:7:15)``; a file that a user named is without its folder."""
    if need.source:
        table = need.table.rpartition("/")[2]
        return f"{need.source} ({table}, {need.certainty})"
    return need.table + (f" ({platform.place(need.position)})" if need.position else "")


def telling(platform: Platform) -> Mapping[ResourceKey, str]:
    """The names that tell a resource from all others of its kind.

    Not those of providers that all number alike (``<&uart0_lpcg IMX_LPCG_CLK_4>``).
    """
    return platform.once(_telling)


def _telling(platform: Platform) -> Mapping[ResourceKey, str]:
    found = {
        resource.key: name
        for resources in platform.resources.values()
        for resource in resources
        if (name := written(platform, resource)) is not None
    }
    names = {key: (key.kind, identifier(name)) for key, name in found.items()}
    often = Counter(names.values())
    return {key: name for key, name in found.items() if names[key][1] and often[names[key]] == 1}
