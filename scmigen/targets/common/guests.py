"""Servers that stand between guests and what a host drives: hypervisors, and proxies of firmware.

One agent is the host, which has the hardware; the others are guests, and a table says by id what
each of them may use. Such servers check the id and not the message, and count no votes, so that a
guest may do more than it is granted; the findings here say what.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, count

from scmigen.assignment.assignment import Agent
from scmigen.data import Data
from scmigen.diagnostics import Diagnostic, Finding, Related, Severity, counted
from scmigen.model.platform import Grant, Platform, Resource
from scmigen.patterns import pattern
from scmigen.runtime import Role
from scmigen.scmi.operations import OPERATIONS, Operation
from scmigen.scmi.protocols import Kind
from scmigen.targets.limits import related, title, where

#: What no name of a node has.
_UNFIT = pattern(r"[^A-Za-z0-9._+-]|^[^A-Za-z0-9]")
#: Agents that are no guests: firmware, which has a server of its own.
_FIRMWARE = frozenset({Role.PSCI, Role.SECURE})


class Division(Data):
    """The host, if it is an agent, and the guests in the order of their ids."""

    host: Agent | None
    guests: tuple[Agent, ...]

    @property
    def all(self) -> tuple[Agent, ...]:
        """The host and the guests."""
        return (*(() if self.host is None else (self.host,)), *self.guests)


def division(platform: Platform, host: str | None = None) -> Division:
    """The host is the agent of that name, else the hypervisor, else the default agent where there
    are others; a platform with one agent alone serves a guest of a host that is none."""
    agents = [agent for agent in platform.agents if agent.role not in _FIRMWARE]
    named = [agent for agent in platform.agents if agent.name == host]
    monitors = [agent for agent in agents if agent.role is Role.HYPERVISOR]
    others = [agent for agent in agents if agent.default and len(agents) > 1]
    found = next(iter((*named, *monitors, *others)), None)
    return Division(found, tuple(agent for agent in agents if agent is not found))


class Mediator(Data):
    """A server for guests.

    ``opened``: what it lets a guest do with every id that it lists; kinds that are not there it
    does not serve. ``lacking``: operations that it does not have, and why, for people.
    """

    prefix: str
    holder: str
    opened: Mapping[Kind, frozenset[Operation]]
    lacking: Mapping[tuple[Kind, Operation], str]
    #: What a guest is called.
    guest: str = "guest"
    #: Whether it serves a resource, and what such resources are, for people.
    serves: Callable[[Resource], bool] = lambda _: True
    served: str = ""

    def grants(self, platform: Platform, agent: Agent, kind: Kind) -> tuple[Grant, ...]:
        """What a guest has at boot, by its ids."""
        every = platform.grants_of(agent, kind)
        return tuple(grant for grant in every if grant.boot and self.serves(grant.resource))

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Those that `check` raises."""
        return (
            self._none,
            self._kind,
            self._operation,
            self._beyond,
            self._shared,
            self._later,
        )

    @property
    def _none(self) -> Finding:
        return Finding(
            f"{self.prefix}-empty",
            f"No agent is a {self.guest} that {self.holder} would serve anything.",
            f"Give an agent other than the host a device, or say which agent is the host: "
            f"outputs: {{{self.prefix}: {{host: NAME}}}}.",
        )

    @property
    def _kind(self) -> Finding:
        return Finding(
            f"{self.prefix}-kind",
            f"A {self.guest} is granted resources of a kind that {self.holder} does not serve.",
            "Have the host drive them, or leave them on.",
            Severity.WARNING,
        )

    @property
    def _operation(self) -> Finding:
        return Finding(
            f"{self.prefix}-operation",
            f"A {self.guest} is granted an operation that {self.holder} does not have.",
            "Have the host do this before it starts the guest.",
            Severity.WARNING,
        )

    @property
    def _beyond(self) -> Finding:
        return Finding(
            f"{self.prefix}-beyond",
            f"{self.holder[0].upper()}{self.holder[1:]} would let a {self.guest} do more with a"
            " resource than it is granted.",
            "Trust the guest with it, or have the host keep the resource.",
            Severity.WARNING,
        )

    @property
    def _shared(self) -> Finding:
        return Finding(
            f"{self.prefix}-shared",
            f"A {self.guest} can switch off what others use: {self.holder} counts requests, not"
            " who made them.",
            "Give the devices of the resource to one agent, or have the host keep it on.",
            Severity.WARNING,
        )

    @property
    def _later(self) -> Finding:
        return Finding(
            f"{self.prefix}-assignable",
            f"What a {self.guest} may be given while it runs is left out: {self.holder} has no such"
            " message.",
            "Give the device to the guest that has it first, and restart both for a move.",
            Severity.WARNING,
        )

    def check(self, platform: Platform, divided: Division) -> Iterator[Diagnostic]:
        """What the server does not hold, and what it opens besides."""
        served = [
            grant
            for agent in divided.guests
            for kind in self.opened
            for grant in self.grants(platform, agent, kind)
        ]
        if not served:
            yield self._none.error(
                f"no {self.guest} is granted anything that {self.holder} serves"
                if divided.guests
                else f"there is no {self.guest} beside {_name(divided.host)}",
                hint=f"the host is {_name(divided.host)}; another one is named by "
                f"outputs: {{{self.prefix}: {{host: …}}}}",
            )
        for agent in divided.guests:
            yield from self._of(platform, agent)
        yield from self._together(platform, divided)

    def _of(self, platform: Platform, agent: Agent) -> Iterator[Diagnostic]:
        for kind in Kind:
            every = platform.grants_of(agent, kind)
            left = [g for g in every if kind not in self.opened or not self.serves(g.resource)]
            if left:
                yield self._left(agent, kind, left)
            every = tuple(grant for grant in every if grant not in left)
            if not every:
                continue
            yield from self._lacks(agent, kind, every)
            yield from self._opens(agent, kind, self.grants(platform, agent, kind))
            later = [grant for grant in every if grant.operations != grant.boot]
            if later:
                yield self._later.warning(
                    f"{agent.name} may be given {counted(len(later), f'{kind} resource')} while it "
                    "runs",
                    where(later[0].resource),
                    _places(later),
                ).about(agents=[agent.name])

    def _left(self, agent: Agent, kind: Kind, left: Sequence[Grant]) -> Diagnostic:
        what = _words(self.opened) if kind not in self.opened else self.served
        return self._kind.warning(
            f"{counted(len(left), f'{kind} resource')} of {agent.name} "
            f"{'is' if len(left) == 1 else 'are'} left out: {self.holder} serves {what}",
            where(left[0].resource),
        ).about(agents=[agent.name])

    def _lacks(self, agent: Agent, kind: Kind, every: tuple[Grant, ...]) -> Iterator[Diagnostic]:
        for operation in OPERATIONS[kind]:
            found = [grant for grant in every if operation in grant.boot]
            why = self.lacking.get((kind, operation))
            if why is not None and found:
                yield self._operation.warning(
                    f"{agent.name} may set the {operation} of "
                    f"{counted(len(found), title(kind))}, which {self.holder} cannot: {why}",
                    where(found[0].resource),
                    _places(found),
                ).about(agents=[agent.name])

    def _opens(self, agent: Agent, kind: Kind, served: tuple[Grant, ...]) -> Iterator[Diagnostic]:
        for operation in OPERATIONS[kind]:
            if operation not in self.opened[kind]:
                continue
            found = [grant for grant in served if operation not in grant.boot]
            if found:
                yield self._beyond.warning(
                    f"{agent.name} could use {operation} on {counted(len(found), title(kind))} "
                    f"without a grant of that: {self.holder} checks the id, not the message",
                    where(found[0].resource),
                    _places(found),
                ).about(agents=[agent.name])

    def _together(self, platform: Platform, divided: Division) -> Iterator[Diagnostic]:
        guests = {agent.id for agent in divided.guests}
        found: dict[tuple[Kind, tuple[str, ...]], list[Resource]] = {}
        for kind in self.opened:
            for resource in filter(self.serves, platform.resources.get(kind, ())):
                holders = [g.agent for g in platform.holders(resource.key).values() if g.boot]
                names = [agent.name for agent in holders]
                names += ["the platform"] if platform.keeps_on(resource.key) else []
                if len(names) > 1 and any(agent.id in guests for agent in holders):
                    found.setdefault((kind, tuple(names)), []).append(resource)
        for (kind, users), resources in found.items():
            first = resources[0]
            yield self._shared.warning(
                f"{', '.join(users)} use {_these(kind, resources)}; {self.holder} counts no votes",
                where(first),
                related((each.name, where(each)) for each in resources[1:]),
                f"give the devices that use {first.name} to one agent, or leave it on in the host",
            ).about(agents=[name for name in users if name != "the platform"])


def _these(kind: Kind, resources: list[Resource]) -> str:
    """``clock 5 (spi)``, ``12 clocks``."""
    if len(resources) == 1:
        return f"{title(kind)} {resources[0].name}"
    return counted(len(resources), title(kind))


def words(platform: Platform, taken: Iterable[str] = ()) -> Mapping[str, str]:
    """The names of agents as parts of names of nodes and files; no two are alike, and none is
    one of ``taken``. A name that fits stays as it is."""
    used = set(taken)
    found: dict[str, str] = {}
    for agent in platform.agents:
        if _fit(agent) == agent.name and agent.name not in used:
            found[agent.name] = agent.name
            used.add(agent.name)
    for agent in platform.agents:
        if agent.name not in found:
            fit = _fit(agent)
            plain = f"{'agent' if fit.startswith('-') else ''}{fit}-{agent.id}"
            numbered = (f"{plain}-{number}" for number in count(1))
            found[agent.name] = next(each for each in chain((plain,), numbered) if each not in used)
            used.add(found[agent.name])
    return found


def _fit(agent: Agent) -> str:
    return _UNFIT.sub("-", agent.name)


def _name(agent: Agent | None) -> str:
    return "no agent" if agent is None else agent.name


def _words(kinds: Mapping[Kind, object]) -> str:
    return ", ".join(str(kind) for kind in kinds)


def _places(grants: list[Grant]) -> tuple[Related, ...]:
    return related((grant.name, where(grant.resource)) for grant in grants)
