"""The SCMI numbers of a platform under names, as every form of header has them.

Every number has the name that follows from its SCMI name, which a source and its blob share: what
includes a header keeps its meaning whichever of them the board was read from. Where the board's
source calls the resource by a macro, that name comes in addition, so that ``<&rcc CK_BUS_UART4>``
becomes ``<&scmi_clk SCMI_CLK_CK_BUS_UART4>`` by a search and replace.
"""

from collections.abc import Iterator, Mapping

from scmigen.assignment.agents import MAX_NAME
from scmigen.assignment.assignment import Agent
from scmigen.data import Data, replace
from scmigen.model.platform import Grant, Platform, Resource
from scmigen.runtime import Numbering
from scmigen.scmi.protocols import Kind
from scmigen.targets.common.ctext import Enumerators, identifier
from scmigen.targets.common.names import LONGEST_DEFINE, telling


class Numbered(Data):
    """A resource, the number that an agent knows it by, and the name that all forms make theirs of.

    ``macro`` is the name after the source's macro, if that tells it from all others. ``grant``:
    what the agent may do; ``None`` where numbers are everybody's.
    """

    name: str
    number: int
    resource: Resource
    macro: str | None
    grant: Grant | None = None


def numbers_of(
    platform: Platform, agent: Agent | None = None
) -> Mapping[Kind, tuple[Numbered, ...]]:
    """The numbers that an agent knows, or with shared numbering those of everybody, by kind."""
    return {kind: found for kind in Kind if (found := tuple(_numbers(platform, agent, kind)))}


def _numbers(platform: Platform, agent: Agent | None, kind: Kind) -> Iterator[Numbered]:
    """Where numbers are shared, so are names: whoever else has something, no name depends on it."""
    if agent is None:
        return _named(platform, [(r.number, r) for r in platform.resources.get(kind, ())])
    grants = {grant.resource.key: grant for grant in platform.grants_of(agent, kind)}
    if platform.numbering is Numbering.SHARED:
        every = _numbers(platform, None, kind)
    else:
        every = _named(platform, [(grant.id, grant.resource) for grant in grants.values()])
    return (
        replace(found, grant=grants[found.resource.key])
        for found in every
        if found.resource.key in grants
    )


def _named(platform: Platform, resources: list[tuple[int, Resource]]) -> Iterator[Numbered]:
    names, macros = Enumerators("", longest=LONGEST_DEFINE), telling(platform)
    for number, resource in resources:
        macro = macros.get(resource.key)
        yield Numbered(
            names.part(number, resource.name, resource.short_name),
            number,
            resource,
            None if macro is None else identifier(macro),
        )


def stem(platform: Platform) -> str:
    """The upper-case identifier of a platform."""
    return identifier(platform.name) or "SCMI"


def stems(platform: Platform) -> Mapping[int, str]:
    """The upper-case identifier of every agent, by its id; no two alike."""
    names = Enumerators("", reserved=(), longest=MAX_NAME)
    return {agent.id: names.part(agent.id, agent.name) for agent in platform.agents}
