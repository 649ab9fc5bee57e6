"""All states of a server that a list of acts reaches, breadth first, and what agents get there.

A state is what `Server.snapshot` has, told by a number for each object's values, so that a state is
some 40 bytes and only the objects that an act has changed are set back. Orders that reach nobody
are not part of a state: of votes, of settings and who made them, of devices held and of
subscriptions, all of which the server looks up by key. Queues are emptied after each act: what was
in them is what the agents get of the act.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress
from operator import attrgetter, ne
from types import MappingProxyType, SimpleNamespace
from typing import Any, cast

from scmigen.server import Server
from scmigen.server.reload import transfer_state
from scmigen.server.snapshot import _copy, _has_timer, _plain
from scmigen.server.timers import Waiting

#: No number of an object's values, or of an act.
UNKNOWN = -1


class Time:
    """A clock that stands at 0 while nothing waits for it."""

    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        return self.now


@dataclass(frozen=True, slots=True)
class Act:
    """Something that an agent (``by``), or nobody in particular, does to the platform: a
    ``message``, its going, time that passes in µs, or a reload. Only the agents in ``seen_by`` may
    ever learn whether an agent did it, itself apart. An agent that ``never`` may do it is refused
    in all states."""

    name: str
    by: int | None = None
    message: bytes = b""
    wait: int | None = None
    seen_by: frozenset[int] = frozenset()
    never: bool = False
    reload: bool = False

    def __call__(self, machine: Machine) -> bytes:
        """Do it; the answer."""
        server = machine.server
        if self.message:
            assert self.by is not None
            (frame,) = server.agents[self.by].handle(self.message)
            server.context.take_latency()
            return frame
        if self.by is not None:
            server.agents[self.by].disconnect()
        elif self.wait is not None:
            machine.time.now += 1000 * self.wait
            server.tick()
        else:
            machine.swap()
        return b""


_MUTABLE = frozenset({dict, list, set, deque})
_KEYED = _MUTABLE | {MappingProxyType}


def _key(value: Any, left: Mapping[Any, int] | None, ordered: bool) -> Hashable:
    """A container as something to look up: without what is empty there, which is the same as
    nothing, and unless ``ordered`` without the order of what the server looks up by key. ``left``
    has the places of timers in the order in which they are due, if there are any."""
    kind = type(value)
    if kind is dict or kind is MappingProxyType:
        gather = tuple if ordered else frozenset
        if left is None and not any(type(item) in _MUTABLE for item in value.values()):
            return gather(value.items())
        return gather([(at, _key(item, left, ordered)) for at, item in value.items() if item])
    if left is not None:
        return cast(Hashable, _plain(value, left))
    if kind in _MUTABLE:
        return frozenset(value) if kind is set and value else tuple(value)
    return cast(Hashable, value)


class Cells:
    """The objects of one server that change, and the values that each has had, by number."""

    def __init__(self, server: Server, time: Time, ordered: bool) -> None:
        self.server = server
        self.ordered = ordered
        self.time = time
        cells = server._store._cells
        self.items = [cell.item for cell in cells]
        names = [cell._names for cell in cells]
        root = SimpleNamespace(**{f"c{number}": item for number, item in enumerate(self.items)})
        paths = [f"c{number}.{name}" for number, some in enumerate(names) for name in some]
        get = attrgetter(*paths)
        self.get: Callable[[], tuple[Any, ...]] = lambda: get(root)
        ends = [sum(map(len, names[: number + 1])) for number in range(len(names))]
        self.spans = [(end - len(some), end) for end, some in zip(ends, names, strict=True)]
        #: Of each value, which object it is of.
        self.owners = [number for number, some in enumerate(names) for _ in some]
        self.names = names
        self.changed: set[int] = set()
        self.containers = [
            [
                at
                for at, name in enumerate(some)
                if name != "versions" and type(getattr(item, name)) in _MUTABLE
            ]
            for item, some in zip(self.items, names, strict=True)
        ]
        self.known: list[dict[Any, int]] = [{} for _ in cells]
        #: The values of an object, by number; the first is a place for what has a timer.
        self.values: list[list[tuple[Any, ...]]] = [[()] for _ in cells]
        self.timed_known: dict[Any, int] = {(): 0}
        self.timed: list[tuple[Waiting, dict[int, tuple[Any, ...]]]] = [((), {})]
        self.refreshing = {
            number: getattr(item, "id", None)
            for number, item in enumerate(self.items)
            if item is server.permissions or item in server.sessions.values()
        }
        self.last: tuple[Any, ...] = ()
        self.ids = [UNKNOWN] * len(cells)
        self.waiting: Waiting = ()
        self.take()

    def unchanged(self) -> bool:
        """Whether everything is as it was when `take` or `put` was called last."""
        return self.get() == self.last and self.server.timers.left() == self.waiting

    def take(self) -> tuple[int, ...]:
        """The state now."""
        live = self.get()
        waiting = self.server.timers.left()
        if live == self.last and waiting == self.waiting:
            return (*self.ids, self.timed_id)
        ordered = self.ordered
        left = {timer: place for place, (_, timer, _) in enumerate(waiting)}
        timed: dict[int, tuple[Any, ...]] = {}
        kept = list(self.last) if self.last else list(live)
        changed = set(compress(self.owners, map(ne, live, self.last or self.owners)))
        # what has a timer may have another one, or one that is due at another time
        changed |= {number for number, own in enumerate(self.ids) if own <= 0}
        self.changed = changed
        for number in sorted(changed):
            start, end = self.spans[number]
            copies = self._copies(number, live[start:end])
            kept[start:end] = copies
            if waiting and any(map(_has_timer, copies)):
                timed[number] = copies
                self.ids[number] = 0
                continue
            key = tuple([_key(it, None, ordered) if type(it) in _KEYED else it for it in copies])
            found = self.known[number].get(key)
            if found is None:
                found = self.known[number][key] = len(self.values[number])
                self.values[number].append(copies)
            self.ids[number] = found
        self.last, self.waiting = tuple(kept), waiting
        self.timed_id = self._timed(waiting, timed, left)
        return (*self.ids, self.timed_id)

    def _copies(self, number: int, values: tuple[Any, ...]) -> tuple[Any, ...]:
        """Copies of the containers that are changed in place."""
        if not self.containers[number]:
            return values
        found = list(values)
        for at in self.containers[number]:
            found[at] = _copy(found[at])
        return tuple(found)

    def _timed(self, waiting: Waiting, timed: dict[int, tuple[Any, ...]], left: Any) -> int:
        """The number of all that waits. An object and the timer in it belong together, so they are
        kept together."""
        if not waiting and not timed:
            return 0
        ordered = self.ordered
        key = (
            tuple([due for due, _, _ in waiting]),
            tuple(
                [(n, tuple([_key(it, left, ordered) for it in some])) for n, some in timed.items()]
            ),
        )
        found = self.timed_known.get(key)
        if found is None:
            found = self.timed_known[key] = len(self.timed)
            self.timed.append((waiting, timed))
        return found

    def unordered(self, state: Sequence[int]) -> Hashable:
        """A state without the order of what is looked up by key."""
        waiting, timed = self.timed[state[-1]]
        left = {timer: place for place, (_, timer, _) in enumerate(waiting)}
        values = [
            (self.values[number][own] if own else timed[number], None if own else left)
            for number, own in enumerate(state[:-1])
        ]
        dues = tuple([due for due, _, _ in waiting])
        return dues, tuple([_key(it, some, ordered=False) for all_, some in values for it in all_])

    def put(self, state: Sequence[int], among: Iterable[int]) -> None:
        """Return to a state, from one in which only the objects of these numbers differ."""
        waiting, timed = self.timed[state[-1]]
        was = state[-1] == self.timed_id
        kept = list(self.last)
        moved, spoke = False, []
        for number in among:
            wanted = state[number]
            if wanted == self.ids[number] and (wanted or was):
                continue
            values = self.values[number][wanted] if wanted else timed[number]
            start, end = self.spans[number]
            item = self.items[number]
            if number in self.refreshing:
                who = self.refreshing[number]
                at = self.names[number].index("versions") if who is not None else 0
                if who is None:
                    moved = True
                elif values[at] is not kept[start + at]:
                    spoke.append(who)
            kept[start:end] = values
            fresh = self._copies(number, values)
            for name, value in zip(self.names[number], fresh, strict=True):
                setattr(item, name, value)
            self.ids[number] = wanted
        self.last = tuple(kept)
        if self.time.now or not was:
            self.time.now = 0
            self.waiting = self.waiting if was else waiting
            self.server.timers.resume(self.waiting)
        self.timed_id = state[-1]
        for number in self.server.agents if moved else spoke:
            self.server.agents[number].refresh()


class Machine:
    """A server, and for reloads another one, of the same agents. ``ordered``: states that differ in
    nothing but the order of what is looked up by key are two."""

    def __init__(self, servers: Callable[[Time], Sequence[Server]], ordered: bool = False) -> None:
        self.time = Time()
        self.servers = servers(self.time)
        self.agents = tuple(self.servers[0].agents)
        self.cells = [Cells(server, self.time, ordered) for server in self.servers]
        self._boot = [cells.take() for cells in self.cells]
        self.now = 0

    @property
    def server(self) -> Server:
        """The one that serves."""
        return self.servers[self.now]

    def swap(self) -> None:
        """Let the other server take over."""
        old, new = self.now, (self.now + 1) % len(self.servers)
        backend = self.servers[old].context.backend
        self.cells[new].put(self._boot[new], range(len(self._boot[new]) - 1))
        transfer_state(self.servers[old], self.servers[new])
        self.servers[old].context.backend = backend
        self.cells[old].take()
        self.now = new

    def unordered(self, state: bytes) -> Hashable:
        """A state of a graph without the order of what is looked up by key."""
        *own, server = array("H", state)
        return server, self.cells[server].unordered(own)

    def take(self) -> tuple[int, ...]:
        """The state now, and which server it is of."""
        return (*self.cells[self.now].take(), self.now)

    def put(self, state: Sequence[int]) -> None:
        """Return to a state, whatever is now."""
        self.now = state[-1]
        cells = self.cells[self.now]
        cells.put(state[:-1], range(len(cells.items)))

    def back(self, state: Sequence[int]) -> None:
        """Return to the state before the last act, which `take` has looked at."""
        if self.now != state[-1]:
            self.put(state)
        else:
            cells = self.cells[self.now]
            cells.put(state[:-1], cells.changed)

    def unchanged(self) -> bool:
        """Whether everything is as it was when `take` or `put` was called last."""
        return self.cells[self.now].unchanged()


@dataclass(frozen=True, slots=True)
class Question:
    """A message of an agent that asks, and changes nothing."""

    by: int
    message: bytes


@dataclass(slots=True)
class Graph:
    """What was found. A state is a number, the one at boot 0; the state after act ``n`` of state
    ``s`` is ``after[s * len(acts) + n]``. ``seen`` has for each agent the number of its answers to
    all of its questions in a state, ``got`` of what it got of an act: 0 is nothing."""

    acts: Sequence[Act]
    agents: tuple[int, ...]
    after: array[int] = field(default_factory=lambda: array("i"))
    states: list[bytes] = field(default_factory=list)
    came_from: array[int] = field(default_factory=lambda: array("i"))
    seen: dict[int, array[int]] = field(default_factory=dict)
    got: dict[int, array[int]] = field(default_factory=dict)
    #: What the numbers of ``got`` mean: frames, the response first.
    answers: list[Any] = field(default_factory=list)
    #: Acts that were refused and did something, or that were not refused and should: state, act.
    unlawful: list[tuple[int, int, str]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.came_from)

    def act(self, name: str) -> int:
        """The number of an act."""
        return next(number for number, act in enumerate(self.acts) if act.name == name)

    def succeeds(self, state: int, number: int) -> bool:
        """Whether an agent's message is answered with SUCCESS in a state."""
        by = self.acts[number].by
        assert by is not None
        frames = self.answers[self.got[by][state * len(self.acts) + number]]
        return bool(frames) and frames[0][4:8] == _SUCCESS

    def path(self, state: int) -> list[str]:
        """A shortest way to a state."""
        found = []
        while state:
            edge = self.came_from[state]
            found.append(self.acts[edge % len(self.acts)].name)
            state = edge // len(self.acts)
        return found[::-1]


class _Exploration:
    """A graph in the making."""

    def __init__(
        self, machine: Machine, acts: Sequence[Act], questions: Sequence[Question]
    ) -> None:
        self.machine = machine
        self.graph = Graph(acts, machine.agents)
        for agent in machine.agents:
            self.graph.seen[agent], self.graph.got[agent] = array("i"), array("i")
        self.asked = {
            agent: [question.message for question in questions if question.by == agent]
            for agent in machine.agents
        }
        self.refused = [number for number, act in enumerate(acts) if act.never]
        self.done = [number for number, act in enumerate(acts) if not act.never]
        self.nothing = [0] * len(acts)
        self.answers: dict[Any, int] = {(): 0}
        self.known: dict[bytes, int] = {}
        self.states = self.graph.states

    def number_of(self, values: Any) -> int:
        """The number of what an agent gets."""
        return self.answers.setdefault(values, len(self.answers))

    def enter(self, state: tuple[int, ...], edge: int) -> int:
        """The number of a state, which ``edge`` leads to."""
        key = array("H", state).tobytes()
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = len(self.states)
            self.states.append(key)
            self.graph.came_from.append(edge)
        return found

    def look(self, at: int) -> None:
        """Look at a state, and at all that the acts make of it."""
        graph, machine = self.graph, self.machine
        state = tuple(array("H", self.states[at]))
        machine.put(state)
        graph.after.extend([at] * len(graph.acts))
        for agent in machine.agents:
            graph.seen[agent].append(self.ask(agent))
            graph.got[agent].extend(self.nothing)
        for number in self.refused:
            self.try_(at, number)
        if machine.server.waiting or not machine.unchanged():
            graph.unlawful.append((at, UNKNOWN, "what is asked or refused changes something"))
            _drain(machine)
            machine.take()
            machine.put(state)
        for number in self.done:
            self.do(at, number, state)

    def ask(self, agent: int) -> int:
        """The answers to all questions of an agent."""
        handle = self.machine.server.agents[agent].handle
        return self.number_of(b"".join([handle(message)[0] for message in self.asked[agent]]))

    def try_(self, at: int, number: int) -> None:
        """Something that has to be refused; that it changes nothing is seen later, of all."""
        graph, act = self.graph, self.graph.acts[number]
        frame = act(self.machine)
        if frame[4:8] == _SUCCESS:
            graph.unlawful.append((at, number, "is not refused"))
        if act.by is not None:
            graph.got[act.by][at * len(graph.acts) + number] = self.number_of((frame,))

    def do(self, at: int, number: int, state: tuple[int, ...]) -> None:
        """An act, and back."""
        graph, machine = self.graph, self.machine
        act, edge = graph.acts[number], at * len(graph.acts) + number
        frame = act(machine)
        got = _drain(machine) if machine.server.waiting else _NOTHING
        if machine.now != state[-1] or not machine.unchanged():
            graph.after[edge] = self.enter(machine.take(), edge)
            machine.back(state)
        if frame and act.by is not None:
            got = {**got, act.by: (frame, *got.get(act.by, ()))}
            if frame[4:8] != _SUCCESS and (
                len(got) > 1 or len(got[act.by]) > 1 or graph.after[edge] != at
            ):
                graph.unlawful.append((at, number, "is refused and does something"))
        for agent, values in got.items():
            graph.got[agent][edge] = self.number_of(values)


def explore(machine: Machine, acts: Sequence[Act], questions: Sequence[Question]) -> Graph:
    """All states that the acts reach from boot."""
    found = _Exploration(machine, acts, questions)
    found.enter(machine.take(), 0)
    at = 0
    while at < len(found.states):
        found.look(at)
        at += 1
    found.graph.answers = list(found.answers)
    return found.graph


_SUCCESS = bytes(4)
_NOTHING: Mapping[int, tuple[bytes, ...]] = {}


def _drain(machine: Machine) -> dict[int, tuple[bytes, ...]]:
    """What was queued for agents."""
    server = machine.server
    return {number: server.agents[number].take_events() for number in tuple(server.waiting)}
