"""Flows: what one agent may do that another one may feel, through what, and what justifies it."""

from collections.abc import Iterable, Iterator
from enum import IntEnum

from scmigen.data import Data, replace
from scmigen.scmi.operations import Operation
from scmigen.targets.certificate.evidence.dependence import (
    CARRIES,
    MAY_FEED,
    Dependence,
    Dependences,
    Path,
)
from scmigen.targets.certificate.grants import GrantRow
from scmigen.targets.certificate.uses import PLATFORM, UseRow


class Verdict(IntEnum):
    """What a flow, or all of a pair of agents, comes to; the gravest last."""

    NONE = 0
    #: Votes for on and off alone, which the platform counts.
    VOTES = 1
    #: The agents file names the owner, or a device is with one of both at a time.
    NAMED = 2
    #: Nothing justifies it but that somebody looked.
    OPEN = 3


class Reason(Data):
    """What justifies a flow, as one word for programs. ``at``: the line that says so, or empty."""

    word: str
    verdict: Verdict
    at: str = ""


class Flow(Data):
    """``agent`` may do ``operation`` on ``term`` by ``origin``; ``path`` leads to what ``target``
    needs by the entry ``use``. ``devices``: all devices that it reaches for the same reason."""

    agent: int
    target: int
    operation: str
    term: str
    origin: UseRow
    path: Path
    use: UseRow
    reason: Reason
    devices: tuple[str, ...]


_STATE, _READ, _LIMITS = Operation.STATE.value, Operation.READ.value, Operation.LIMITS.value
#: What can turn off, or stop, what works only with the resource.
_STOPS = (_STATE, Operation.RESET.value, Operation.LEVEL.value)

#: Agent → operation → the devices by which it has that.
_Held = dict[int, dict[str, set[str]]]


class Flows:
    """All flows of a platform; ``grants`` are what the certificate has."""

    def __init__(self, depends: Dependences, grants: Iterable[GrantRow]) -> None:
        self._depends = depends
        self._held: dict[str, _Held] = {}
        for agent, device, term, operations in grants:
            for operation in operations:
                by_agent = self._held.setdefault(term, {}).setdefault(agent, {})
                by_agent.setdefault(operation, set()).add(device)
        self._origins: dict[tuple[int, str], list[UseRow]] = {}
        for use in depends.uses:
            self._origins.setdefault((use.agent, use.term), []).append(use)

    def all(self) -> tuple[Flow, ...]:
        """Each operation of an agent on a resource once for each agent that may feel it and each
        reason, with the shortest way."""
        found: dict[tuple[int, int, str, str, str], list[Flow]] = {}
        for flow in self._each():
            key = flow.agent, flow.target, flow.term, flow.operation, flow.reason.word
            found.setdefault(key, []).append(flow)
        return tuple(_shortest(each) for each in found.values())

    def _each(self) -> Iterator[Flow]:
        for depends in self._depends.all():
            for switching in (False, True):
                for term, path in self._depends.ways(depends.use.term, switching=switching):
                    yield from self._from(depends, term, path, switching)

    def _from(self, depends: Dependence, term: str, path: Path, switching: bool) -> Iterator[Flow]:
        for agent, held in self._held.get(term, {}).items():
            if agent in (depends.agent, PLATFORM):
                continue
            for operation, by in held.items():
                if operation == _READ or switching != (operation in _STOPS):
                    continue
                yield Flow(
                    agent=agent,
                    target=depends.agent,
                    operation=operation,
                    term=term,
                    origin=self._origin(agent, term, operation, by),
                    path=path,
                    use=depends.use,
                    reason=self._reason(agent, operation, term, by, depends, path),
                    devices=(depends.use.device,),
                )

    def _origin(self, agent: int, term: str, operation: str, by: Iterable[str]) -> UseRow:
        """The first entry that gives an operation."""
        return next(
            use
            for use in self._origins[agent, term]
            if use.device in by and operation in use.operations
        )

    def _reason(
        self,
        agent: int,
        operation: str,
        term: str,
        by: set[str],
        depends: Dependence,
        path: Path,
    ) -> Reason:
        if operation == _STATE:
            voted = self._voted(agent, term, depends, path)
            if voted is not None:
                return voted
        owner = self._depends.owners.get(term)
        # An owner is named for what decides, not for on and off.
        if operation != _STATE and owner is not None and owner[0] == agent:
            return Reason("owner", Verdict.NAMED, owner[1])
        if depends.moving and by == {depends.use.device}:
            device = self._depends.devices[depends.use.device]
            return Reason("assignable", Verdict.NAMED, device["later"].get(agent, ""))
        if operation == _LIMITS:
            return Reason("limits", Verdict.OPEN)
        if operation == _STATE:
            return Reason("no vote", Verdict.OPEN)
        words = {step.word for step in path}
        if CARRIES in words:
            return Reason("works with", Verdict.OPEN)
        if MAY_FEED in words:
            return Reason("may feed", Verdict.OPEN)
        return Reason("refused", Verdict.OPEN)

    def _voted(self, agent: int, term: str, depends: Dependence, path: Path) -> Reason | None:
        """Why a resource stays on for who depends on it, whatever others ask for."""
        if _STATE in self._held[term].get(PLATFORM, {}):
            return Reason("kept on", Verdict.VOTES, self._depends.kept.get(term, ""))
        if self._votes(depends, term):
            boot = self._depends.at_boot(depends.use.device)
            if agent in boot and depends.agent in boot:
                return Reason("share", Verdict.VOTES, boot[agent])
            return Reason("vote", Verdict.VOTES)
        if any(self._votes(depends, step.below) for step in path):
            return Reason("vote below", Verdict.VOTES)
        return None

    def _votes(self, depends: Dependence, term: str) -> bool:
        """Whether who depends on it has a vote, by that device or one that is always with it."""
        by = self._held.get(term, {}).get(depends.agent, {}).get(_STATE, set())
        return any(device == depends.use.device or not self._depends.moves(device) for device in by)


def _shortest(flows: list[Flow]) -> Flow:
    first = min(flows, key=lambda flow: len(flow.path))
    devices = dict.fromkeys((first.use.device, *(each.devices[0] for each in flows)))
    return replace(first, devices=tuple(devices))
