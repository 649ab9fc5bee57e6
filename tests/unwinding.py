"""Noninterference on a graph of states, after Rushby ("Noninterference, Transitivity, and
Channel-Control Security Policies", 1992).

For an agent, states are put together that it must not be able to tell apart:

- local respect: a state, and the one after something that another agent did and this one may not
  see, or that was refused;
- step consistency: what each act makes of two states that are together.

This is the smallest such relation. The condition is output consistency: in states that are
together, the agent gets the same answers to all of its questions, and of each act.
"""

from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from state_graph import Act, Graph


@dataclass(frozen=True, slots=True)
class Leak:
    """What an agent can tell apart and should not: the state ``path`` leads to, the act ``hidden``
    there, and what was done ``then`` when it could."""

    agent: int
    path: list[str]
    hidden: str
    then: list[str]

    def __str__(self) -> str:
        steps = [*self.path, f"[{self.hidden}]", *self.then]
        return f"agent {self.agent} sees whether in brackets was done: " + ", ".join(steps)


def hidden_from(agent: int) -> Callable[[Act], bool]:
    """Which acts an agent may not see."""
    return lambda act: act.by is not None and act.by != agent and agent not in act.seen_by


class _Together:
    """States that an agent must not be able to tell apart, as far as that is known."""

    def __init__(self, graph: Graph, agent: int) -> None:
        self.graph = graph
        self.agent = agent
        self.above = array("i", range(len(graph)))
        #: Two states that were put together, for what earlier pair (or -1), and the act.
        self.pairs: list[tuple[int, int, int, int]] = []

    def top(self, state: int) -> int:
        """The state that stands for all that are together with this one."""
        above = self.above
        while above[state] != state:
            above[state] = state = above[above[state]]
        return state

    def join(self, one: int, other: int, reason: int, act: int) -> None:
        """Put two states together."""
        a, b = self.top(one), self.top(other)
        if a != b:
            self.above[max(a, b)] = min(a, b)
            self.pairs.append((one, other, reason, act))

    def hide(self, hidden: Sequence[int]) -> Leak | None:
        """Local respect; of an act that it must not see, the agent is not told either."""
        graph = self.graph
        width, got = len(graph.acts), graph.got[self.agent]
        for act in hidden:
            for state in range(len(graph)):
                if got[state * width + act]:
                    name = graph.acts[act].name
                    return Leak(self.agent, graph.path(state), name, ["is told"])
                self.join(state, graph.after[state * width + act], -1, act)
        return None

    def undo(self, one: str, other: str) -> None:
        """Put together the states after the second act, whether the first was done or not."""
        after, width = self.graph.after, len(self.graph.acts)
        act, then = self.graph.act(one), self.graph.act(other)
        if self.graph.acts[act].by != self.agent:
            for state in range(len(self.graph)):
                done = after[state * width + act]
                self.join(after[state * width + then], after[done * width + then], -1, act)

    def follow(self, shown: Sequence[int]) -> Leak | None:
        """Step consistency and output consistency. Hidden acts need no look: what they make of a
        state is together with it."""
        graph = self.graph
        width, after = len(graph.acts), graph.after
        seen, got = graph.seen[self.agent], graph.got[self.agent]
        at = 0
        while at < len(self.pairs):
            one, other = self.pairs[at][:2]
            if seen[one] != seen[other]:
                return self.told(at, ["asks"])
            left, right = one * width, other * width
            for act in shown:
                if got[left + act] != got[right + act]:
                    return self.told(at, [graph.acts[act].name])
                if after[left + act] != after[right + act]:
                    self.join(after[left + act], after[right + act], at, act)
            at += 1
        return None

    def told(self, at: int, then: list[str]) -> Leak:
        """How the states of a pair are reached."""
        one, _, reason, act = self.pairs[at]
        while reason >= 0:
            then = [self.graph.acts[act].name, *then]
            one, _, reason, act = self.pairs[reason]
        return Leak(self.agent, self.graph.path(one), self.graph.acts[act].name, then)


def leak(
    graph: Graph,
    agent: int,
    hidden: Callable[[Act], bool] | None = None,
    undone: Iterable[tuple[str, str]] = (),
) -> Leak | None:
    """The first violation for an agent, or nothing. ``undone`` has pairs of acts, others' than the
    agent's: the first must be as if it had not been if the second follows."""
    hidden = hidden or hidden_from(agent)
    unseen = [number for number, act in enumerate(graph.acts) if hidden(act)]
    shown = [number for number, act in enumerate(graph.acts) if not hidden(act)]
    together = _Together(graph, agent)
    found = together.hide(unseen)
    if found is not None:
        return found
    for one, other in undone:
        together.undo(one, other)
    return together.follow(shown)


def violations(graph: Graph, undone: Iterable[tuple[str, str]] = (), *alone: str) -> list[str]:
    """All that is wrong, in words: of each kind the first."""
    found = [
        f"after {graph.path(state)}: {graph.acts[act].name if act >= 0 else ''} {why}"
        for state, act, why in graph.unlawful[:1]
    ]
    leaks = [leak(graph, agent, undone=undone) for agent in graph.agents]
    found += [str(it) for it in leaks if it is not None]
    both = [graph.act(name) for name in alone]
    for state in range(len(graph)):
        if sum(graph.succeeds(state, act) for act in both) > 1:
            found.append(f"after {graph.path(state)}: more than one of {alone}")
            break
    return found


def equal(graph: Graph, key: Callable[[bytes], object]) -> list[Leak]:
    """What some agent sees of the difference between states of the same ``key``."""
    first: dict[object, int] = {}
    pairs = [(first.setdefault(key(state), at), at) for at, state in enumerate(graph.states)]
    found = []
    for agent in graph.agents:
        together = _Together(graph, agent)
        for one, other in pairs:
            together.join(one, other, -1, 0)
        found.append(together.follow(range(len(graph.acts))))
    return [each for each in found if each is not None]
