"""All sources settled: compared field by field, completed where they are silent, in that order.

Sources come in the order in which they take precedence: agents files, agents' own trees,
``/domains``, a server description, and last the SCMI nodes, each for the agent whose node it is. An
agent of the same name is the same agent. What one source leaves open another one fills in; what two
say differently is an error that names both positions. Only then do defaults apply, so an explicit
``false`` beats every default.
"""

from collections.abc import Iterable, Mapping, Sequence

from scmigen.assignment.agents import check_agents, check_parents, twice
from scmigen.assignment.assignment import Agent, Assignment, Transport
from scmigen.assignment.channels import Channel
from scmigen.assignment.claims import settle_claims
from scmigen.assignment.elements import Numbers, settle_elements
from scmigen.assignment.findings import AGENTS_FILE, AGENTS_NONE
from scmigen.assignment.ids import agent_ids, renumbered, repeated
from scmigen.assignment.merge import merge
from scmigen.assignment.needs import tables_of
from scmigen.assignment.nesting import within_parents
from scmigen.assignment.roles import ROLES
from scmigen.assignment.said import OUTERMOST, AgentSaid, SourceSaid
from scmigen.assignment.settle_platform import settle_platform, settle_switches
from scmigen.assignment.words import did_you_mean
from scmigen.data import Data, field, replace
from scmigen.diagnostics import Diagnostic, InputError, has_errors
from scmigen.runtime import Role


class Sayings(Data):
    """All that is said of a board, before it is settled.

    ``board`` are the SCMI nodes of the board, ``own`` those of agents' own trees by agent.
    ``reported`` are diagnostics to pass on, which do not stop a run here. ``fallback`` is what
    holds where domains exist but none of them is an agent. ``numbers``: what numbers mean.
    """

    sources: Sequence[SourceSaid]
    board: Sequence[Channel] = ()
    own: Mapping[str, Sequence[Channel]] = field(default_factory=dict)
    problems: Sequence[Diagnostic] = ()
    reported: Sequence[Diagnostic] = ()
    fallback: SourceSaid = field(default_factory=SourceSaid)
    numbers: Numbers = field(default_factory=Numbers)


def settle(sayings: Sayings) -> Assignment:
    """The one assignment that all sources make. Raises `InputError` with all that is wrong."""
    problems = list(sayings.problems)
    sources = list(sayings.sources)
    if not any(agent.is_agent for source in sources for agent in source.agents):
        if not has_errors(problems):
            problems.append(_nobody(sources))
        if has_errors(problems):
            raise InputError(problems)
        sources.append(sayings.fallback)
    settling = _Settling(sources, problems)
    settling.channels(sayings.board, sayings.own)
    assignment = settling.assignment(sayings.numbers)
    if has_errors(assignment.diagnostics):
        raise InputError(assignment.diagnostics)
    return replace(assignment, diagnostics=(*sayings.reported, *assignment.diagnostics))


def _nobody(sources: Iterable[SourceSaid]) -> Diagnostic:
    """The diagnostic of a board without agents: an error if no domain is described."""
    domains = [place for source in sources for place in source.domains]
    if not domains:
        where = next((s.position for s in sources if s.of_agents and s.position), None)
        return AGENTS_FILE.error(
            "no agent is described",
            where,
            hint="add a domain, such as domains: {linux: {scmi: {role: ospm}, default: true}}; "
            "only a file of platform, outputs, checks, waivers or policies needs none",
        )
    return AGENTS_NONE.warning(
        "no domain has a device or scmi, so one operating system, ospm, has every device",
        domains[0],
        hint="name its devices under access, or write scmi: {role: …}",
    )


class _Settling:
    """The agents under construction, and the ``problems`` found on the way."""

    def __init__(self, sources: Sequence[SourceSaid], problems: list[Diagnostic]) -> None:
        self._sources = sources
        self._problems = problems
        problems.extend(found for source in sources for found in source.reported)
        numbered = [agent for source in sources if source.numbered for agent in source.agents]
        known = self._merged(
            agent for source in sources if not source.numbered for agent in source.agents
        )
        self._parents = {
            name: None if said.parent is None or said.parent.value == OUTERMOST else said.parent
            for name, said in known.items()
        }
        agents = [said for said in known.values() if said.is_agent]
        served = {agent.name: agent.id.value for agent in numbered if agent.id is not None}
        domains = {agent.name for source in sources for agent in source.agents if agent.is_domain}
        self._ids = agent_ids(agents, domains, served)
        in_domains = [agent for agent in agents if agent.name in domains]
        twice_given = list(repeated(in_domains))
        problems.extend(twice_given or renumbered(in_domains, self._ids))
        by_id = {number: name for name, number in self._ids.items()}
        self._names = {name: by_id.get(number, name) for name, number in served.items()}
        self._ids.update({self._names[name]: number for name, number in served.items()})
        renamed = (replace(agent, name=self._names[agent.name]) for agent in numbered)
        self._agents = self._merged([*agents, *renamed])

    def _merged(self, said: Iterable[AgentSaid]) -> dict[str, AgentSaid]:
        by_name: dict[str, list[AgentSaid]] = {}
        for agent in said:
            by_name.setdefault(agent.name, []).append(agent)
        found = {}
        for name, records in by_name.items():
            found[name], problems = merge(records)
            self._problems.extend(problems)
        return found

    def channels(self, board: Sequence[Channel], own: Mapping[str, Sequence[Channel]]) -> None:
        """Compare and complete the agents' channels with the SCMI nodes that are theirs."""
        by_agent: dict[str, list[Channel]] = {}
        for channel in board:
            name = self._owner(channel)
            if name is not None:
                by_agent.setdefault(name, []).append(channel)
        for name, agent in self._agents.items():
            for channels in (own.get(name, ()), by_agent.get(name, ())):
                agent, problems = _with_channels(agent, channels)
                self._problems.extend(problems)
            self._agents[name] = agent

    def _owner(self, channel: Channel) -> str | None:
        """The agent whose node an SCMI node of the board is, if that is known."""
        if channel.agent_id is not None:
            return next((n for n, number in self._ids.items() if number == channel.agent_id), None)
        claimed: dict[str, set[str | None]] = {}
        for claim in (claim for source in self._sources for claim in source.claims):
            if claim.exact and claim.below:
                claimed.setdefault(claim.node.path, set()).add(claim.agent)
        for node in channel.node.upwards():
            if node.path in claimed:
                # A node of several agents tells nothing of any of them; a check reports it.
                return claimed[node.path].pop() if len(claimed[node.path]) == 1 else None
        default = self._default()
        if default is None and len(self._agents) == 1:
            return next(iter(self._agents))
        return default

    def _default(self) -> str | None:
        """The default agent: the one that a source states, else the first that one assumes."""
        stated = [a.name for a in self._agents.values() if a.default and a.default.value]
        assumed = (
            self._names.get(source.default, source.default)
            for source in self._sources
            if source.default is not None
        )
        open_ = (n for n in assumed if n in self._agents and self._agents[n].default is None)
        return stated[0] if stated else next(open_, None)

    def assignment(self, numbers: Numbers) -> Assignment:
        """The assignment, with everything that is wrong among its diagnostics."""
        roles = self._assumed_roles()
        parents, problems = check_parents(self._parents, self._agents)
        self._problems.extend(problems)
        default = self._default()
        agents = sorted(
            (
                _decided(said, self._ids[name], roles, parents.get(name), name == default)
                for name, said in self._agents.items()
            ),
            key=lambda agent: agent.id,
        )
        stated = {a.name for a in self._agents.values() if a.default and a.default.value}
        defaults = [agent for agent in agents if agent.name in stated]
        self._problems.extend(twice(defaults, lambda _: "default: true"))
        if not has_errors(self._problems):
            self._problems.extend(check_agents(agents))
        self._check_names()
        claims, problems = settle_claims(self._sources, self._names)
        self._problems.extend(problems)
        platform, problems = settle_platform([source.platform for source in self._sources])
        self._problems.extend(problems)
        elements, problems = settle_elements(self._sources, numbers, self._names)
        self._problems.extend(problems)
        platform = replace(
            platform,
            elements=elements.elements,
            assumptions=(*platform.assumptions, *elements.assumptions),
        )
        switches, problems = settle_switches(s for source in self._sources for s in source.switches)
        self._problems.extend(problems)
        drivers = {}
        for agent in agents:
            needs = self._agents[agent.name].needs
            drivers[agent.name], problems = tables_of(agent, needs)
            self._problems.extend(problems)
        free = {c.position for source in self._sources if not source.bounded for c in source.claims}
        claims = within_parents(agents, claims, free, self._problems)
        return Assignment(
            agents=tuple(agents),
            claims=claims,
            grants=tuple(
                replace(grant, agent=self._names.get(grant.agent, grant.agent))
                for grant in (
                    *(grant for source in self._sources for grant in source.grants),
                    *elements.grants,
                )
            ),
            options=platform,
            diagnostics=tuple(self._problems),
            switches=switches,
            waivers=tuple(waiver for source in self._sources for waiver in source.waivers),
            policies=tuple(policy for source in self._sources for policy in source.policies),
            trees=tuple(tree for source in self._sources for tree in source.trees),
            wholes=elements.wholes,
            drivers=drivers,
        )

    def _assumed_roles(self) -> Mapping[str, Role]:
        """The roles that sources assume. A board has one operating system: where some source states
        another one, or another default agent, none is assumed."""
        stated = {
            name
            for name, agent in self._agents.items()
            if (agent.role is not None and agent.role.value is Role.OSPM)
            or (agent.default is not None and agent.default.value)
        }
        return {
            name: Role.VM if role is Role.OSPM and stated - {name} else role
            for source in self._sources
            for name, role in source.roles.items()
        }

    def _check_names(self) -> None:
        """Agents that are named must exist."""
        for source in self._sources:
            for name in source.named:
                if name.value not in self._agents:
                    self._problems.append(
                        AGENTS_FILE.error(
                            f"agent cannot be {name.value!r}",
                            name.position,
                            hint=did_you_mean(name.value, self._agents),
                        )
                    )


def _with_channels(
    agent: AgentSaid, channels: Sequence[Channel]
) -> tuple[AgentSaid, tuple[Diagnostic, ...]]:
    """The agent with what the SCMI nodes of one tree say of its channel.

    Of several nodes, each a platform of its own, one must agree with what the other
    sources state about the agent.
    """
    merged = [merge([agent, replace(channel.said, name=agent.name)]) for channel in channels]
    agreeing = [found for found, problems in merged if not problems]
    if merged and not agreeing:
        return agent, merged[0][1]
    certain = len(merged) == 1 or (agent.transport is not None and len(agreeing) == 1)
    return (agreeing[0] if merged and certain else agent), ()


def _decided(
    said: AgentSaid,
    number: int,
    roles: Mapping[str, Role],
    parent: str | None,
    is_default: bool,
) -> Agent:
    """The agent, with defaults where all sources are silent."""
    role = said.role.value if said.role is not None else roles.get(said.name, Role.OTHER)
    permissions = ROLES[role].permissions if said.permissions is None else said.permissions.value
    power = ROLES[role].system_power if said.system_power is None else said.system_power.value
    transport = None
    if said.transport is not None:
        transport = Transport(
            type=said.transport.value,
            smc_id=said.smc_id.value if said.smc_id is not None else None,
            shmem=said.shmem.value.text if said.shmem is not None else None,
            channel=said.channel.value if said.channel is not None else None,
        )
    return Agent(
        number,
        said.name,
        role,
        transport,
        permissions,
        is_default,
        said.position,
        parent,
        said.profile.value if said.profile is not None else None,
        power,
    )
