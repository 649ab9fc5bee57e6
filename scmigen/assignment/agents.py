"""Consistency of the agents, whichever sources describe them."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from scmigen.assignment.assignment import Agent
from scmigen.assignment.findings import AGENT_DUPLICATE, AGENT_ID, AGENTS_FILE
from scmigen.assignment.said import Said
from scmigen.assignment.words import did_you_mean
from scmigen.diagnostics import Diagnostic, Related
from scmigen.runtime import MAX_AGENTS

#: The longest name an agent may have.
MAX_NAME = 63


def check_agents(agents: Sequence[Agent]) -> Iterator[Diagnostic]:
    """Check that names fit and that ids are 1 to N, each once. Names are unique already."""
    for agent in agents:
        if not 0 < len(agent.name) <= MAX_NAME or not agent.name.isprintable():
            yield AGENTS_FILE.error(
                f"a domain's name must have 1 to {MAX_NAME} printable characters", agent.position
            )
    if len(agents) > MAX_AGENTS:
        yield AGENT_ID.error(
            f"there are {len(agents)} agents; SCMI has room for {MAX_AGENTS}",
            agents[MAX_AGENTS].position,
        )
    yield from twice(agents, lambda agent: f"agent id {agent.id}")
    ids = {agent.id for agent in agents}
    missing = sorted(set(range(1, max(ids, default=0))) - ids)
    if missing:
        yield AGENT_ID.error(
            f"agent ids must be 1 to N without gaps, but no agent has id {missing[0]}",
            max(agents, key=lambda agent: agent.id).position,
        )


def twice(agents: Sequence[Agent], what: Callable[[Agent], str]) -> Iterator[Diagnostic]:
    """One error per agent for which ``what`` equals that of an earlier agent."""
    firsts: dict[str, Agent] = {}
    for agent in agents:
        first = firsts.setdefault(what(agent), agent)
        if first is not agent:
            yield AGENT_DUPLICATE.error(
                f"{what(agent)} is given twice, to {first.name} and {agent.name}",
                agent.position,
                [Related("the first", first.position)],
            )


def check_parents(
    said: Mapping[str, Said[str] | None], agents: Collection[str]
) -> tuple[dict[str, str], tuple[Diagnostic, ...]]:
    """Agent → the nearest enclosing domain that is an agent too, and the problems of ``said``.

    ``said`` has the domain around each domain, agent or not.
    """
    problems = []
    found = {}
    for name, parent in said.items():
        if parent is not None and parent.value not in said:
            problems.append(
                AGENTS_FILE.error(
                    f"{name} is inside {parent.value}, which is not a domain",
                    parent.position,
                    hint=did_you_mean(parent.value, said),
                )
            )
        around = list(_around(name, said))
        if parent is not None and name in around:
            problems.append(AGENTS_FILE.error(f"domain {name} is inside itself", parent.position))
        nearest = next((item for item in around if item in agents and item != name), None)
        if name in agents and nearest is not None:
            found[name] = nearest
    return found, tuple(problems)


def _around(name: str, said: Mapping[str, Said[str] | None]) -> Iterator[str]:
    """The enclosing domains, innermost first; a cycle is followed once."""
    seen: set[str] = set()
    parent = said.get(name)
    while parent is not None and parent.value in said and parent.value not in seen:
        seen.add(parent.value)
        yield parent.value
        parent = said[parent.value]
