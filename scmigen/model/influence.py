"""What an agent may do to a device, and by which way: what policies are held against.

An agent affects a device if it may change a resource that the device needs, or one that such a
resource changes with: its parent, the supply it runs on, the domain that sets it, the resets of its
provider, and, where the tree does not say which of several clocks feeds it, each of them; or if it
may turn off, or reset, what the provider of such a resource works with. A vote for on or off
affects a device only where it can be turned off by it: not if the platform keeps the resource on,
nor if all who have the device vote on it themselves. Limits are votes too, but the lowest counts.
Reading changes nothing.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from scmigen.assignment.assignment import Agent, HandGrant
from scmigen.bindings.facts import ResourceKey, Use
from scmigen.data import Data
from scmigen.devicetree.nodes import Node
from scmigen.model.boot_state import dependencies, own_uses
from scmigen.model.grants import Draft
from scmigen.model.platform import Model
from scmigen.scmi.operations import Operation, ordered

#: From what an agent may change to what a device needs.
_Ways = tuple[tuple[ResourceKey, ...], ...]

#: What stops whatever works with a resource.
_STOPS = frozenset({Operation.STATE, Operation.RESET})


class Way(Data):
    """``agent`` may do ``operation`` on the first of ``keys``, ``because`` of that; each further
    one changes with the one before it, and ``use`` is the device's need of the last. Without a use,
    the operation alone is meant."""

    agent: Agent
    operation: Operation
    keys: tuple[ResourceKey, ...]
    because: Use | HandGrant
    use: Use | None = None


class Influence:
    """Answers which agents may affect which devices; built once for a model."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._drafts = model.findings.granted.drafts
        facts = dict(model.inventory.facts)
        kept = set()
        for platform in model.platforms:
            for resource in chain(*platform.resources.values()):
                facts[resource.key] = resource.facts
                if platform.keeps_on(resource.key):
                    kept.add(resource.key)
        self._kept = frozenset(kept)
        self._uses: dict[str, list[Use]] = {}
        closure = model.findings.closure
        self._dependencies = dependencies(model.inventory, closure, facts)
        for use in (*closure.needs, *own_uses(closure, model.owners), *closure.firmware):
            self._uses.setdefault(use.consumer.path, []).append(use)
        self._holders: dict[ResourceKey, set[int]] = {}
        for draft in self._drafts.values():
            if draft.operations - {Operation.READ}:
                self._holders.setdefault(draft.key, set()).add(draft.agent.id)
        self._fed = {(use.key, use.consumer.path): use for use in reversed(closure.fed)}
        self._above: dict[ResourceKey, _Ways] = {}
        self._stopping: dict[ResourceKey, _Ways] = {}
        self._affecting: dict[str, tuple[Agent, ...]] = {}

    @property
    def devices(self) -> Mapping[str, list[Use]]:
        """The devices that need anything, with their needs: those of agents, of the platform, and
        of other firmware."""
        return self._uses

    def owners(self, node: Node) -> tuple[Agent, ...]:
        """The agents that have a device or may be given it; none has those of the platform."""
        return self._model.owners.of(node).all_agents

    def feeding_use(self, above: ResourceKey, below: ResourceKey) -> Use | None:
        """The first input by which the provider of one resource is fed by another."""
        return self._fed.get((above, below.provider))

    def works_with(self, below: ResourceKey, above: ResourceKey) -> bool:
        """Whether one stops with the other, whatever it changes with."""
        return above in self._works_with(below)

    def affecting(self, path: str) -> tuple[Agent, ...]:
        """The agents that affect a device, by any operation."""
        found = self._affecting.get(path)
        if found is None:
            every = (
                keys
                for use in self._uses.get(path, ())
                for keys in (*self._towards(use.key), *self._stopped_by(use.key))
            )
            near = {number for keys in every for number in self._holders.get(keys[0], ())}
            found = self._affecting[path] = tuple(
                agent
                for agent in (self._model.assignment.agents if near else ())
                if agent.id in near and next(self.on_device(agent, path, frozenset()), None)
            )
        return found

    def on_device(self, agent: Agent, path: str, operations: frozenset[Operation]) -> Iterator[Way]:
        """How an agent may affect a device, by one of some operations or any: each operation on
        each resource once."""
        for use in self._uses.get(path, ()):
            for stops, ways in ((False, self._towards), (True, self._stopped_by)):
                for keys in ways(use.key):
                    draft = self._drafts.get((agent.id, keys[0]))
                    for operation in self._changes(draft, operations, self.owners(use.consumer)):
                        assert draft is not None
                        if not stops or operation in _STOPS:
                            yield Way(agent, operation, keys, _reason(draft, operation), use)

    def on_resource(
        self, agent: Agent, key: ResourceKey, operations: frozenset[Operation]
    ) -> Iterator[Way]:
        """What of some operations, or of all that change anything, an agent may do."""
        draft = self._drafts.get((agent.id, key))
        if draft is None:
            return
        wanted = operations or draft.operations - {Operation.READ}
        for operation in ordered(key.kind, draft.operations & wanted):
            yield Way(agent, operation, (key,), _reason(draft, operation))

    def _towards(self, key: ResourceKey) -> _Ways:
        """What a resource changes with, each with the way from there; the resource itself first,
        and the shortest ways before others."""
        found = self._above.get(key)
        if found is None:
            paths = [path[::-1] for path in self._model.findings.feeding.paths(key, perhaps=True)]
            found = self._above[key] = ((key,), *sorted(paths, key=len))
        return found

    def _stopped_by(self, key: ResourceKey) -> _Ways:
        """What else a resource works with: its provider's inputs, and what those change
        with, or work with themselves."""
        found = self._stopping.get(key)
        if found is None:
            others = {path[0] for path in self._towards(key)}
            seen, ways = {key}, []
            queue: deque[tuple[ResourceKey, ...]] = deque([(key,)])
            while queue:
                path = queue.popleft()
                for above in self._works_with(path[0]):
                    if above not in seen:
                        seen.add(above)
                        queue.append((above, *path))
                        if above not in others:
                            ways.append((above, *path))
            found = self._stopping[key] = tuple(ways)
        return found

    def _works_with(self, key: ResourceKey) -> Iterator[ResourceKey]:
        yield from self._model.findings.feeding.parents(key)
        yield from self._dependencies.above(key)

    def _changes(
        self, draft: Draft | None, operations: frozenset[Operation], owners: Iterable[Agent]
    ) -> Iterator[Operation]:
        """What an agent may do to a resource that changes it for those who depend on it."""
        if draft is None:
            return
        wanted = operations or frozenset(Operation)
        for operation in ordered(draft.key.kind, draft.operations & wanted):
            if operation is Operation.STATE:
                if draft.key not in self._kept and not self._voted(draft, owners):
                    yield operation
            elif operation is not Operation.READ:
                yield operation

    def _voted(self, draft: Draft, owners: Iterable[Agent]) -> bool:
        """Whether all others who have a device keep a resource on by votes of their own."""
        others = [agent for agent in owners if agent != draft.agent]
        drafts = [self._drafts.get((agent.id, draft.key)) for agent in others]
        return bool(drafts) and all(
            each is not None and Operation.STATE in each.operations for each in drafts
        )


def _reason(draft: Draft, operation: Operation) -> Use | HandGrant:
    """The first thing that grants an operation."""
    return next(
        why
        for why in draft.because
        if operation in (why.needs if isinstance(why, Use) else why.operations)
    )
