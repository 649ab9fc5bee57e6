"""What must hold of the agents together, in whichever form they were written."""

from collections.abc import Callable, Iterator, Sequence

from scmigen.assignment.assignment import Agent
from scmigen.assignment.findings import AGENT_DUPLICATE, AGENT_ID, AGENTS_FILE
from scmigen.diagnostics import Diagnostic, Related

#: The longest name an agent may have.
MAX_NAME = 63


def check_agents(agents: Sequence[Agent], complete: bool = True) -> Iterator[Diagnostic]:
    """Names fit and are unique, ids are 1 to N, at most one agent is the default.

    An id of 0 stands for one that could not be read. Unless ``complete``, ids may be missing.
    """
    for agent in agents:
        if not 0 < len(agent.name) <= MAX_NAME or not agent.name.isprintable():
            yield AGENTS_FILE.error(
                f"a domain's name must have 1 to {MAX_NAME} printable characters",
                agent.position,
            )
    yield from _twice(agents, lambda agent: f"domain {agent.name}")
    yield from _twice([agent for agent in agents if agent.id], lambda agent: f"agent id {agent.id}")
    yield from _twice([agent for agent in agents if agent.default], lambda _: "default: true")
    ids = {agent.id for agent in agents}
    missing = sorted(set(range(1, max(ids, default=0))) - ids)
    if complete and missing and 0 not in ids:
        yield AGENT_ID.error(
            f"agent ids must be 1 to N without gaps: {missing[0]} is nobody's",
            max(agents, key=lambda agent: agent.id).position,
        )


def _twice(agents: Sequence[Agent], what: Callable[[Agent], str]) -> Iterator[Diagnostic]:
    firsts: dict[str, Agent] = {}
    for agent in agents:
        first = firsts.setdefault(what(agent), agent)
        if first is not agent:
            yield AGENT_DUPLICATE.error(
                f"{what(agent)} is given twice, to {first.name} and {agent.name}",
                agent.position,
                [Related("the first", first.position)],
            )
