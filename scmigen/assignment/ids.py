"""SCMI agent ids.

An id that a source states as one holds (``scmi: {id: …}``, ``scmigen,id``, ``reg`` of a server
description). The ``id`` of a domain only names the domain (System Device Tree specification,
chapter 3), with one exception that agents files rely on: if every domain that is an agent and has
no stated agent id has an ``id``, no two agents share one, and none is above the number of agents,
they are the agent ids. All other agents get the lowest ids that are left, in the order of the
sources.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from scmigen.assignment.findings import AGENT_DUPLICATE, DOMAIN_ID
from scmigen.assignment.said import AgentSaid
from scmigen.diagnostics import Diagnostic, Related
from scmigen.runtime import MAX_AGENTS


def agent_ids(
    agents: Sequence[AgentSaid], domains: Collection[str], served: Mapping[str, int]
) -> dict[str, int]:
    """Name → agent id.

    ``domains`` are the agents that are domains, ``served`` the ids of a server description by
    their placeholder names.
    """
    stated = {agent.name: agent.id.value for agent in agents if agent.id is not None}
    for agent in agents:
        if agent.name in served:
            stated.setdefault(agent.name, served[agent.name])
    plain = [agent for agent in agents if agent.name in domains and agent.name not in stated]
    written = [agent.domain_id.value for agent in plain if agent.domain_id is not None]
    others = len(set(served.values()) - set(stated.values()) - set(written))
    total = len(agents) + others
    unique = len({*written, *stated.values()}) == len(written) + len(set(stated.values()))
    if len(written) == len(plain) and unique and all(1 <= number <= total for number in written):
        stated.update(zip((agent.name for agent in plain), written, strict=True))
    taken = {*stated.values(), *served.values()}
    free = (number for number in range(1, len(agents) + len(taken) + 1) if number not in taken)
    return {
        agent.name: stated[agent.name] if agent.name in stated else next(free) for agent in agents
    }


def repeated(agents: Sequence[AgentSaid]) -> Iterator[Diagnostic]:
    """An ``id`` that could be an agent id, of two domains: the specification wants it unique."""
    firsts: dict[int, AgentSaid] = {}
    for agent in agents:
        number = agent.domain_id
        if number is None or agent.id is not None or not 1 <= number.value <= MAX_AGENTS:
            continue
        first = firsts.setdefault(number.value, agent)
        if first is not agent:
            yield AGENT_DUPLICATE.error(
                f"agent id {number.value} is given twice, to {first.name} and {agent.name}",
                agent.position,
                [Related("the first", first.position)],
            )


def renumbered(agents: Sequence[AgentSaid], ids: Mapping[str, int]) -> Iterator[Diagnostic]:
    """One diagnostic about domains whose ``id`` is not their agent id.

    A warning if the ids could have been meant as agent ids, else a note.
    """
    numbered = [agent for agent in agents if agent.domain_id is not None]
    differing = [
        (agent, agent.domain_id)
        for agent in numbered
        if agent.domain_id is not None
        and agent.id is None
        and agent.domain_id.value != ids[agent.name]
    ]
    if not differing:
        return
    written = [agent.domain_id.value for agent in numbered if agent.domain_id is not None]
    plausible = len(set(written)) == len(written) and all(1 <= n <= MAX_AGENTS for n in written)
    report = DOMAIN_ID.warning if plausible else DOMAIN_ID.note
    said = ", ".join(f"{agent.name} is agent {ids[agent.name]}" for agent, _ in differing)
    yield report(
        f"the ids of the domains are not 1 to N, so they only name the domains: {said}",
        differing[0][1].position,
        [
            Related(f"{agent.name} has id {number.value:#x}", number.position)
            for agent, number in differing
        ],
        "write scmi: {id: N} (scmigen,id = <N> in a tree) for the SCMI agent id",
    )
