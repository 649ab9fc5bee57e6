"""The names that a board's source has for resources, as the outputs show them.

They are for people: a blob has none, and no number and no SCMI name depends on them.
"""

from collections import Counter
from collections.abc import Mapping

from scmigen.bindings.facts import ResourceKey
from scmigen.model.platform import Platform, Resource
from scmigen.targets.common.ctext import identifier


def written(platform: Platform, resource: Resource) -> str | None:
    """The specifier as the source has it: ``CK_BUS_UART4``, ``CPG_MOD 702``."""
    return platform.inventory.macros.name(resource.key)


def origin_of(platform: Platform, resource: Resource) -> str:
    """Provider, specifier, and how the source writes that: ``/soc/rcc@1000 <165> CK_BUS_UART4``."""
    cells = " ".join(map(str, resource.key.cells))
    words = (resource.key.provider, f"<{cells}>" if cells else "", written(platform, resource))
    return " ".join(filter(None, words))


def telling(platform: Platform) -> Mapping[ResourceKey, str]:
    """The names that tell a resource from all others of its kind.

    Not those of providers that all number alike (``<&uart0_lpcg IMX_LPCG_CLK_4>``).
    """
    found = {
        resource.key: name
        for resources in platform.resources.values()
        for resource in resources
        if (name := written(platform, resource)) is not None
    }
    names = {key: (key.kind, identifier(name)) for key, name in found.items()}
    often = Counter(names.values())
    return {key: name for key, name in found.items() if names[key][1] and often[names[key]] == 1}
