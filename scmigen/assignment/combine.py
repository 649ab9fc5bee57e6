"""Several sources that say whose what is: they add up, and where they disagree it is an error.

Sources come in the order in which they speak: agents files, agents' own trees, ``/domains``, a
server description. An agent of the same name is the same agent. What a source leaves open
the next one fills in; what two say differently is an error that names both places. Claims of two
sources on one node are settled like those of one (`scmigen.model.ownership`).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from scmigen.assignment.agents import check_agents
from scmigen.assignment.assignment import Agent, Assignment, Claim, PlatformOptions
from scmigen.assignment.findings import AGENT_DIFFERS, PROVIDER_DIFFERS
from scmigen.diagnostics import Diagnostic, InputError, Related, has_errors
from scmigen.runtime import Role


def combine(sources: Sequence[Assignment], assumed: Sequence[Assignment] = ()) -> Assignment:
    """One assignment of all ``sources``, the one that speaks first in front.

    The roles of agents in the sources that are among ``assumed`` are what those readers assume: any
    other source may say otherwise. Raises `InputError` with every disagreement about agents.
    """
    problems: list[Diagnostic] = []
    agents: dict[str, Agent] = {}
    firm = {
        agent.name
        for source in sources
        if source not in assumed
        for agent in source.agents
        if agent.role is not Role.OTHER
    }
    for source in sources:
        for agent in source.agents:
            if source in assumed and agent.name in firm:
                agent = replace(agent, role=Role.OTHER)
            first = agents.get(agent.name)
            if first is not None:
                problems.extend(_differences(first, agent))
                agent = _filled(first, agent)
            agents[agent.name] = agent
    options = _options(sources, problems)
    merged = list(_numbered(agents.values()))
    problems.extend(check_agents(merged))
    if has_errors(problems):
        raise InputError(problems)
    return Assignment(
        agents=tuple(sorted(merged, key=lambda agent: agent.id)),
        claims=tuple(_claims(sources)),
        grants=tuple(grant for source in sources for grant in source.grants),
        options=options,
        diagnostics=tuple(found for source in sources for found in source.diagnostics),
        switches=tuple(switch for source in sources for switch in source.switches),
    )


def _options(sources: Sequence[Assignment], problems: list[Diagnostic]) -> PlatformOptions:
    """What the first source says of the platform, with the providers that the others manage."""
    options = sources[0].options
    managed = dict(options.managed)
    for source in sources[1:]:
        for path, position in source.options.managed.items():
            managed.setdefault(path, position)
            for word, said in (("fixed", options.fixed), ("local", options.local)):
                if path in said:
                    problems.append(
                        PROVIDER_DIFFERS.error(
                            f"{path} is managed here and {word} elsewhere",
                            position,
                            [Related(f"platform.{word}", said[path])],
                            "say one of the two",
                        )
                    )
    return replace(options, managed=managed)


def _differences(first: Agent, second: Agent) -> Iterator[Diagnostic]:
    facts: list[tuple[str, object, object]] = []
    if first.id and second.id:
        facts.append(("id", first.id, second.id))
    if first.role is not Role.OTHER and second.role is not Role.OTHER:
        facts.append(("role", first.role, second.role))
    if first.transport is not None and second.transport is not None:
        facts.append(("transport", first.transport.type, second.transport.type))
    for what, one, other in facts:
        if one != other:
            yield AGENT_DIFFERS.error(
                f"agent {second.name} has the {what} {other} here and {one} elsewhere",
                second.position,
                [Related(f"{what} {one}", first.position)],
                "say the same in both, or say it in one",
            )


def _filled(first: Agent, second: Agent) -> Agent:
    """``first`` with what it leaves open as ``second`` has it."""
    return replace(
        first,
        id=first.id or second.id,
        role=second.role if first.role is Role.OTHER else first.role,
        transport=first.transport or second.transport,
        permissions=first.permissions or second.permissions,
        default=first.default or second.default,
        parent=first.parent or second.parent,
    )


def _numbered(agents: Iterable[Agent]) -> Iterator[Agent]:
    """The agents, those without an id with the lowest free ones."""
    waiting = list(agents)
    used = {agent.id for agent in waiting}
    free = (number for number in range(1, len(waiting) + 1) if number not in used)
    for agent in waiting:
        yield agent if agent.id else replace(agent, id=next(free))


def _claims(sources: Sequence[Assignment]) -> Iterator[Claim]:
    """All claims; what a source repeats of an earlier one about the same agent is left out."""
    said: set[tuple[str | None, str]] = set()
    for source in sources:
        new = [claim for claim in source.claims if (claim.agent, claim.node.path) not in said]
        yield from new
        said.update((claim.agent, claim.node.path) for claim in new if claim.exact)
