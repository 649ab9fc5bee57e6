"""Who depends on what, and through what: rules 2 to 4 and 6 to 8 of ``checker.lp``, with the ways.

The rules ask whether there is a way; evidence has to show it.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from scmigen.data import Data
from scmigen.model.sharing import ONE_OF
from scmigen.scmi.operations import Operation, aggregates
from scmigen.scmi.protocols import Kind
from scmigen.targets.certificate.facts import Facts
from scmigen.targets.certificate.uses import PLATFORM, DeviceRow, UseRow, of_firmware
from scmigen.tuples import NamedTuple

#: What is done to a resource is done to what it feeds; of several inputs, to what it may feed; and
#: off, to what works only while it is on. A reset stops all that its provider does.
FEEDS, MAY_FEED, CARRIES, RESETS = "feeds", "may feed", "carries", "holds in reset"


class Step(NamedTuple):
    """From a resource to one that changes with it; ``at``: where that is written, or empty."""

    above: str
    below: str
    word: str
    at: str


#: From what an operation is done to down to what a device needs.
Path = tuple[Step, ...]


class Dependence(Data):
    """An agent (0: the platform, or other firmware) depends on a resource, by an entry of a device.
    ``moving``: the device may be that of another agent at another time."""

    agent: int
    use: UseRow
    moving: bool


def decides(term: str, operation: str) -> bool:
    """Whether an operation on a resource decides for everybody, and is no vote."""
    kind = term.partition("(")[0]
    if kind not in tuple(Kind):
        return False
    return operation != Operation.READ and not aggregates(Kind(kind), Operation(operation))


class Dependences:
    """The dependences of a platform, and how resources change with each other."""

    def __init__(
        self, facts: Facts, uses: tuple[UseRow, ...], devices: Iterable[DeviceRow]
    ) -> None:
        self._facts = facts
        self.uses = (*uses, *of_firmware(facts))
        self.devices: Mapping[str, dict[str, dict[int, str]]]
        found: dict[str, dict[str, dict[int, str]]] = {}
        for device, agent, when, at in devices:
            found.setdefault(device, {}).setdefault(when, {})[agent] = at
        self.devices = found
        self.owners = {term: (agent, at) for term, agent, at in facts.owners()}
        #: Where it is written that the platform keeps something on.
        self.kept = {use.term: use.at for use in reversed(uses) if use.agent == PLATFORM}
        self.kept.update((term, at) for term, _, at in facts.keeps())
        self._ways: dict[tuple[str, bool], tuple[tuple[str, Path], ...]] = {}

    def all(self) -> Iterator[Dependence]:
        """Every dependence on a resource, but those by the parent of a clock that nobody may set to
        it."""
        void = {
            use.entry_number
            for use in self.uses
            if use.entry_number and any(self._is_foreign(use, each) for each in use.operations)
        }
        for use in self.uses:
            is_resource = self._facts.key(use.term) is not None
            if is_resource and use.operations and use.after not in void:
                had = self.devices.get(use.device, {})
                moving = self.moves(use.device)
                agents = {agent: None for each in had.values() for agent in each}
                for agent in agents if moving else (use.agent,):
                    yield Dependence(agent, use, moving)

    def moves(self, device: str) -> bool:
        """Whether a device may go from one agent to another."""
        return "later" in self.devices.get(device, {})

    def at_boot(self, device: str) -> Mapping[int, str]:
        """The agents that have a device at boot, each with the line that says so."""
        return self.devices.get(device, {}).get("boot", {})

    def ways(self, term: str, *, switching: bool) -> tuple[tuple[str, Path], ...]:
        """What a resource changes with, the nearest first, itself before all: by being turned off
        or reset (``switching``), or by what decides or limits."""
        found = self._ways.get((term, switching))
        if found is None:
            found = self._ways[term, switching] = tuple(self._walk(term, switching))
        return found

    def _is_foreign(self, use: UseRow, operation: str) -> bool:
        if not decides(use.term, operation):
            return False
        if use.term in self.owners:
            return self.owners[use.term][0] != use.agent
        return len(self.at_boot(use.device)) > 1

    def _walk(self, term: str, switching: bool) -> Iterator[tuple[str, Path]]:
        seen = {term}
        queue: deque[tuple[str, Path]] = deque([(term, ())])
        while queue:
            below, path = queue.popleft()
            yield below, path
            for above, word in self._above(below, switching):
                if above not in seen:
                    seen.add(above)
                    step = Step(above, below, word, self._fed_at(above, below))
                    queue.append((above, (step, *path)))

    def _above(self, term: str, switching: bool) -> Iterator[tuple[str, str]]:
        yield from ((above, self._word(above)) for above in self._feeds.get(term, ()))
        if switching:
            yield from ((above, CARRIES) for above in self._carries.get(term, ()))
        key = self._facts.key(term)
        kind = ONE_OF.get(key.kind) if key is not None else None
        if key is not None and kind is not None:
            for above in self._may_feed.get(key.provider, ()):
                if above.startswith(f"{kind}("):
                    yield above, MAY_FEED

    def _word(self, above: str) -> str:
        key = self._facts.key(above)
        return RESETS if key is not None and key.kind is Kind.RESET else FEEDS

    @cached_property
    def _feeds(self) -> Mapping[str, tuple[str, ...]]:
        return _by_below(self._facts.feeds)

    @cached_property
    def _carries(self) -> Mapping[str, tuple[str, ...]]:
        return _by_below(self._facts.carries)

    @cached_property
    def _may_feed(self) -> Mapping[str, tuple[str, ...]]:
        """By provider. The certificate has those of which another agent has anything; here it may
        be the platform, too."""
        found = self._facts.platform.resources
        keys = [each.key for kind in ONE_OF.values() for each in found.get(kind, ())]
        possible = self._facts.decided.feeding.possible
        return _by_below((self._facts.term(key), path) for key in keys for path in possible(key))

    @cached_property
    def _inputs(self) -> Mapping[tuple[str, str], str]:
        """By what is taken and the provider that takes it: where that is written."""
        fed = reversed(self._facts.decided.closure.fed)
        return {
            (self._facts.term(use.key), use.consumer.path): self._facts.at(use.position)
            for use in fed
        }

    def _fed_at(self, above: str, below: str) -> str:
        key = self._facts.key(below)
        if key is None:
            return ""
        for node in self._facts.places(key):
            at = self._inputs.get((above, node))
            if at is not None:
                return at
        known = self._facts.decided.inventory.facts.get(key)
        return self._facts.at(known.position) if known is not None else ""


def _by_below(pairs: Iterable[tuple[str, str]]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for above, below in pairs:
        found.setdefault(below, []).append(above)
    return {below: tuple(sorted(each)) for below, each in found.items()}
