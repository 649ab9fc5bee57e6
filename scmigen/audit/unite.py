"""Several descriptions of one server, each of other agents, as one: dumps that agents made. And the
agents of one description, each with a name of its own."""

from collections.abc import Container, Sequence
from itertools import count

from msgspec import structs

from scmigen.audit.base import Audit
from scmigen.audit.findings import SERVERS_DIFFER as SERVERS_DIFFER
from scmigen.audit.same_agent import may_be_one, merged, names_of
from scmigen.audit.unite_rest import Numbers, Rest, moved
from scmigen.checks.served_view import place_of
from scmigen.diagnostics import Diagnostic, Finding, InputError, Position, Severity
from scmigen.runtime import (
    MAX_AGENTS,
    MAX_RESOURCES,
    Numbering,
    Served,
    ServedAgent,
    ServedGrant,
    ServedResource,
)
from scmigen.runtime.facts import REFERENCES
from scmigen.scmi.protocols import SHORT_NAME_SIZE, Kind

AGENTS_ALIKE = Finding(
    "agents-alike",
    "Two agents of a server have one name.",
    "Give each a name of its own: what a board has for one is compared with that.",
    severity=Severity.WARNING,
    switchable=False,
)
#: Characters of a name that stay where a number is added; names have 63.
_STEM = 55


def told_apart(audit: Audit, file: str) -> Audit:
    """The description with a name of its own for each agent; of those that share one, all but the
    first get their number, too, and that is told."""
    served = audit.served
    taken = {agent.name for agent in served.agents}
    first: dict[str, ServedAgent] = {}
    agents: list[ServedAgent] = []
    told: list[Diagnostic] = []
    for agent in served.agents:
        other = first.setdefault(agent.name, agent)
        if other is not agent:
            name = _free(agent, taken)
            taken.add(name)
            where = place_of(agent.source, Position(file))
            message = f"agents {other.id} and {agent.id} are both called {agent.name}"
            hint = f"agent {agent.id} is {name} here; name it so in --as"
            told.append(AGENTS_ALIKE.warning(message, where, hint=hint))
            agent = structs.replace(agent, name=name)
        agents.append(agent)
    if not told:
        return audit
    named = structs.replace(served, agents=tuple(agents))
    return Audit(named, (*audit.diagnostics, *told), audit.files)


def _free(agent: ServedAgent, taken: Container[str]) -> str:
    """A name for an agent whose own is another's."""
    stem = f"{agent.name[:_STEM]}-{agent.id}"
    return next(name for n in count(1) if (name := stem if n == 1 else f"{stem}-{n}") not in taken)


def unite(said: Sequence[tuple[str | None, str, Audit]]) -> Audit:
    """The server that all of ``said`` describe: the name of the agent that a description is of, if
    the user gives it, its file and what is in it. Raises `InputError`.

    A resource that two descriptions have under one number is one, unless they call it otherwise:
    then each agent has numbers of its own. Of one agent's descriptions, one at most has all that it
    is served: what that leaves open, a trace may tell.
    """
    whose = [(file, _of(agent, file, audit)) for agent, file, audit in said]
    if len(whose) == 1:
        return whose[0][1]
    uniting = _Uniting()
    for file, audit in whose:
        uniting.add(audit.served, file)
    if uniting.problems:
        raise InputError(uniting.problems)
    audits = [audit for _, audit in whose]
    return Audit(
        uniting.served(audits[0].served),
        (*(item for audit in audits for item in audit.diagnostics), *uniting.rest.told),
        tuple(dict.fromkeys(name for audit in audits for name in audit.files)),
    )


def is_described(served: Served, agent: ServedAgent) -> bool:
    """Whether a description says anything of what an agent may do."""
    return bool(agent.grants or served.kinds_of(agent))


def _of(name: str | None, file: str, audit: Audit) -> Audit:
    """A description of the agent ``name``, which is the only one that it describes, or has that
    name."""
    if name is None:
        return audit
    served = audit.served
    described = [agent for agent in served.agents if is_described(served, agent)]
    known = [agent for agent in described if agent.name == name] or described
    if len(known) != 1:
        names = ", ".join(agent.name for agent in served.agents)
        message = f"this describes {len(known)} agents, none of them {name}: {names}"
        raise InputError([SERVERS_DIFFER.error(message, Position(file))])
    (own,) = known
    if own.name == name:
        return audit
    others = tuple(agent for agent in served.agents if agent.name not in (own.name, name))
    agents = (structs.replace(own, name=name), *others)
    found = structs.replace(served, agents=tuple(sorted(agents, key=lambda each: each.id)))
    return Audit(found, audit.diagnostics, audit.files)


class _Uniting:
    """The agents and resources of the descriptions so far."""

    def __init__(self) -> None:
        self.problems: list[Diagnostic] = []
        self.rest = Rest()
        self._agents: dict[str, tuple[ServedAgent, str]] = {}
        self._bare: dict[str, ServedAgent] = {}
        self._resources: dict[Kind, dict[int, ServedResource]] = {}
        self._last: dict[Kind, int] = {}
        self._own_numbers = False
        self._momentary = False

    def add(self, served: Served, file: str) -> None:
        """Take in one description."""
        self._momentary |= served.momentary
        self._own_numbers |= served.numbering is Numbering.PER_AGENT
        numbers = self._again(served, file)
        every = [(kind, one) for kind, found in served.resources.items() for one in found]
        for kind, one in every:
            if (kind, one.id) not in numbers:
                numbers[kind, one.id] = self._number(kind, one, numbers)
        for kind, one in every:
            number, known = numbers[kind, one.id], self._resources[kind]
            known[number] = self.rest.resource(kind, known[number], moved(kind, one, numbers), file)
        self.rest.add(served, numbers, file)
        for agent in served.agents:
            if not is_described(served, agent):
                self._bare.setdefault(agent.name, agent)
                continue
            grants = {
                kind: tuple(self._moved(kind, row, numbers) for row in rows)
                for kind, rows in agent.grants.items()
            }
            own = structs.replace(
                agent,
                grants=grants,
                kinds=served.kinds_of(agent),
                complete=served.is_complete(agent),
            )
            self._described(own, file)

    def _described(self, agent: ServedAgent, file: str) -> None:
        """Take in an agent; of two that have one name, one at most has all that it is served."""
        first, before = self._agents.get(agent.name, (None, file))
        if first is not None and first.complete and agent.complete:
            message = f"{agent.name} is described here and in {before}"
            self.problems.append(SERVERS_DIFFER.error(message, Position(file)))
            return
        if first is not None:
            self.rest.agent(first, agent, file, before)
        self._agents[agent.name] = (agent if first is None else merged(first, agent)), before

    def _again(self, served: Served, file: str) -> dict[tuple[Kind, int], int]:
        """The numbers of the resources that an agent has which is described already: those that it
        has by the same ids there."""
        names = names_of(served)
        found: dict[tuple[Kind, int], int] = {}
        for agent in served.agents:
            first, before = self._agents.get(agent.name, (agent, file))
            if first is agent:
                continue
            for kind, rows in agent.grants.items():
                known = {row.id: row.resource for row in first.grants.get(kind, ())}
                for row in rows:
                    if row.id not in known:
                        continue
                    number = found[kind, row.resource] = known[row.id]
                    name = names.get((kind, row.resource), "")
                    if not self._called(kind, number, name):
                        other = self._resources[kind][number].name
                        message = f"{kind} {row.id} of {agent.name} is {name}; in {before}, {other}"
                        where = place_of(row.source, Position(file))
                        self.problems.append(SERVERS_DIFFER.error(message, where))
        return found

    def _called(self, kind: Kind, number: int, name: str) -> bool:
        """Whether a resource may have that name, too; the longest is kept."""
        one = self._resources.setdefault(kind, {}).setdefault(number, ServedResource(id=number))
        if not may_be_one(one.name, name):
            return False
        self._resources[kind][number] = structs.replace(one, name=max(one.name, name, key=len))
        return True

    def _number(self, kind: Kind, one: ServedResource, numbers: Numbers) -> int:
        """The number among all descriptions of a resource of one, of which others have
        ``numbers``. Two of one description are never one; a name that may be cut tells nothing
        where numbers or facts are others."""
        known = self._resources.setdefault(kind, {})
        taken = {number for (k, _), number in numbers.items() if k is kind}
        # What it says besides is taken in when all numbers are known.
        bare = ServedResource(id=one.id, name=one.name)
        first = known.setdefault(one.id, bare)
        self._last[kind] = max(self._last.get(kind, -1), one.id)
        alike = not (first.name and one.name) or first.name == one.name
        if first is bare or (alike and one.id not in taken and not _contradict(kind, first, one)):
            if not first.name:
                known[one.id] = structs.replace(first, name=one.name)
            return one.id
        # Another resource has the number: it is one that only this agent has so.
        self._own_numbers = True
        same = (
            number
            for number, each in known.items()
            if each.name == one.name and number not in taken
            if len(one.name) != SHORT_NAME_SIZE - 1
        )
        number = next(same, None)
        if number is None:
            number = self._last[kind] = self._last[kind] + 1
            known[number] = structs.replace(bare, id=min(number, MAX_RESOURCES))
        return min(number, MAX_RESOURCES)

    def _moved(
        self, kind: Kind, row: ServedGrant, numbers: dict[tuple[Kind, int], int]
    ) -> ServedGrant:
        number = numbers.get((kind, row.resource), row.resource)
        return row if number == row.resource else structs.replace(row, resource=number)

    def served(self, first: Served) -> Served:
        """All of it; ``first`` gives its name."""
        agents = {name: agent for name, (agent, _) in self._agents.items()}
        bare = {
            name: structs.replace(agent, kinds=())
            for name, agent in self._bare.items()
            if name not in agents
        }
        united = Served(
            name=first.name,
            numbering=Numbering.PER_AGENT if self._own_numbers else Numbering.SHARED,
            kinds=(),
            momentary=self._momentary,
            agents=_numbered([*agents.values(), *bare.values()]),
            resources={
                kind: tuple(known[number] for number in sorted(known))
                for kind, known in self._resources.items()
            },
        )
        return self.rest.filled(united)


def _contradict(kind: Kind, first: ServedResource, other: ServedResource) -> bool:
    """Whether two that have one cut name are others by their facts, but for numbers in these."""
    if len(other.name) != SHORT_NAME_SIZE - 1:
        return False
    both = first.facts.keys() & other.facts.keys()
    return any(
        first.facts[name] != other.facts[name] for name in both if (kind, name) not in REFERENCES
    )


def _numbered(agents: Sequence[ServedAgent]) -> tuple[ServedAgent, ...]:
    """The agents with one id each; of two that had one, the second gets another."""
    taken: set[int] = set()
    free = iter(sorted({*range(1, MAX_AGENTS + 1)} - {agent.id for agent in agents}))
    found = []
    for agent in agents[:MAX_AGENTS]:
        number = next(free, agent.id) if agent.id in taken else agent.id
        taken.add(number)
        found.append(structs.replace(agent, id=number))
    return tuple(sorted(found, key=lambda each: each.id))
