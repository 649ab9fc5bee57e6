"""Nobody learns what it may not, in any state that small platforms reach (`small_platforms`), and
mistakes in the server that would let it are found.

    python -m pytest -m 'slow or more' tests/server/test_unwinding.py -s

looks at a million states, and prints how many there are of each platform.
"""

import time
from collections.abc import Callable
from typing import Any

import pytest
import state_graph
from small_platforms import ALL, Small, delayed, devices, reloads, shares
from state_graph import Graph, explore
from turns import only
from unwinding import equal, hidden_from, leak, violations

from scmigen.scmi.protocols import Kind, Protocol
from scmigen.scmi.status import Status
from scmigen.server import agent, core, session, votes
from scmigen.server import delayed as delays
from scmigen.server.device_permissions import Permissions
from scmigen.server.protocols import clock, power
from scmigen.server.state import Clock, Votes
from scmigen.server.view import View


def look(small: Small) -> Graph:
    return explore(small.machine(), small.acts, small.questions)


def wrong(small: Small) -> list[str]:
    names = {act.name for act in small.acts}
    undone = [pair for pair in small.undone if names.issuperset(pair)]
    alone = small.alone if names.issuperset(small.alone) else ()
    return violations(look(small), undone, *alone)


@pytest.mark.parametrize("make", ALL, ids=lambda make: make.__name__)
def test_nobody_learns_what_it_may_not(make: Callable[[bool], Small]) -> None:
    """Nor is the list of who may learn of what longer than it has to be, nor is an act in vain."""
    small = make(False)
    graph = look(small)
    assert violations(graph, small.undone, *small.alone) == []
    width = len(graph.acts)
    for number, act in enumerate(graph.acts):
        states = range(len(graph))
        moves = any(graph.after[state * width + number] != state for state in states)
        assert moves is not act.never, act.name
    for one in graph.agents:
        for act in graph.acts:
            if act.by not in (None, one) and one in act.seen_by:
                hidden = hidden_from(one)
                found = leak(graph, one, lambda it, act=act, hidden=hidden: it is act or hidden(it))
                assert found is not None, f"{one} sees nothing of {act.name}"


def test_the_states_are_as_many_as_one_counts() -> None:
    """Of the device, without versions. Who has it has two votes (on, off, none) and is told of its
    rate or not. The rate is 10 or 20 Hz, set by a or b, or 10 Hz as at boot; b is told of the
    domain, too, and a may wait for a change of the rate. Nobody has it in 5 states."""
    small = devices(False)
    found = small.only(*[act.name for act in small.acts if "version" not in act.name])
    assert len(look(found)) == 3 * 3 * 2 * 5 * 2 + 3 * 3 * 2 * 2 * 5 + 5


@pytest.mark.parametrize("make", only([shares, reloads], ALL), ids=lambda make: make.__name__)
def test_no_agent_learns_of_orders_that_are_not_part_of_a_state(
    make: Callable[[bool], Small],
) -> None:
    """Of the order in which agents voted, set, subscribed and got devices."""
    small = make(False)
    machine = small.machine(ordered=True)
    graph = explore(machine, small.acts, small.questions)
    assert len({machine.unordered(state) for state in graph.states}) < len(graph)
    assert equal(graph, machine.unordered) == []


#: A minute or two of a processor; the others take several each.
SHORT = (devices, reloads)


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(each, marks=pytest.mark.more if each in SHORT else pytest.mark.slow)
        for each in ALL
    ],
    ids=lambda make: make.__name__,
)
def test_nobody_learns_what_it_may_not_in_a_million_states(make: Callable[[bool], Small]) -> None:
    small = make(True)
    begun = time.process_time()
    graph = look(small)
    found = violations(graph, small.undone, *small.alone)
    took = time.process_time() - begun
    print(f"\n{small.name}: {len(graph)} states, {len(graph.after)} transitions, {took:.0f} s")
    assert found == []


# Planted faults


def refusals_vote(patch: pytest.MonkeyPatch) -> None:
    """A message is refused, and its vote counts."""
    refuse = agent.Agent._refuse_resource

    def refuse_late(self: Any, head: bytes, command: Any, number: int) -> Any:
        known = command.view.known.get(number)
        if isinstance(known, Clock) and command.message.name == "CLOCK_CONFIG_SET":
            known.vote(self.id, True)
        return refuse(self, head, command, number)

    patch.setattr(agent.Agent, "_refuse_resource", refuse_late)


def subscriptions_stay(patch: pytest.MonkeyPatch) -> None:
    """Who loses a device is told of it as before."""
    patch.setattr(core, "KIND_OF", {})


def all_are_told(patch: pytest.MonkeyPatch) -> None:
    """Requests are told to those that have not asked for it."""

    def requested(
        self: core.Server, by: session.Session, protocol: Protocol, number: int, values: Any
    ) -> None:
        for other in self.sessions.values():
            if other is not by:
                self.notify(other, protocol, 1, (by.id, number, *values))

    patch.setattr(core.Server, "requested", requested)


def the_last_vote_wins(patch: pytest.MonkeyPatch) -> None:
    """Nobody counts who shares a resource."""

    def cast(self: Votes, number: int, on: bool) -> None:
        self._spoken[number] = on
        self.on = self._held or on

    patch.setattr(Votes, "cast", cast)


def rights_do_not_matter(patch: pytest.MonkeyPatch) -> None:
    """Who may read a resource may do anything with it."""
    needed = agent.needed
    patch.setattr(agent, "needed", lambda protocol: dict.fromkeys(needed(protocol)))


def owners_do_not_matter(patch: pytest.MonkeyPatch) -> None:
    """Rates are set of resources that others own."""
    command = agent.Agent._command

    def lax(self: Any, protocol: Any, message: Any, run: Any) -> Any:
        made = command(self, protocol, message, run)
        if message.name != "CLOCK_RATE_SET":
            return made
        fields = {name: getattr(made, name) for name in type(made).__slots__}
        return agent.Command(**fields | {"open": made.view.known})

    patch.setattr(agent.Agent, "_command", lax)


def what_can_be_had_is_read(patch: pytest.MonkeyPatch) -> None:
    """Who may be given a device reads what its holder does."""
    patch.setattr(votes, "may_read", lambda *_: True)


def changes_outlive_a_reload(patch: pytest.MonkeyPatch) -> None:
    """What an agent waits for is done to the resource that has its number afterwards."""
    transfer = state_graph.transfer_state

    def late(old: core.Server, new: core.Server) -> frozenset[int]:
        waiting = [pending for it in old.sessions.values() for pending in it.pending]
        kept = transfer(old, new)
        for pending in waiting:
            found = new.state[Kind.CLOCK].get(pending.change.resource.number)
            if isinstance(found, Clock):
                found.set_rate(found.rates[-1])
        new.context.take_changes()
        return kept

    patch.setattr(state_graph, "transfer_state", late)


def changes_outlive_a_move(patch: pytest.MonkeyPatch) -> None:
    """What an agent waits for is done when the device is another's."""
    patch.setattr(delays, "withdraw", lambda _: None)


def votes_of_all_are_read(patch: pytest.MonkeyPatch) -> None:
    """An agent reads what all have made of a resource in place of its own vote."""
    for handlers in (clock, power):
        patch.setattr(handlers, "reads_on", lambda _, resource, __: resource.on)


def an_attribute_tells_of_votes(patch: pytest.MonkeyPatch) -> None:
    """A bit of CLOCK_ATTRIBUTES depends on whether anybody has voted."""
    attributes = clock.clock_attributes

    def more(who: Any, resource: Clock, own: int) -> bytes:
        found = bytearray(attributes(who, resource, own))
        found[3] |= bool(resource.votes.spoken())
        return bytes(found)

    patch.setitem(clock.SERVED.handlers, 3, more)  # type: ignore[index]


def others_wait_keeps_busy(patch: pytest.MonkeyPatch) -> None:
    """A vote that waits makes the domain busy for all."""

    def pending(self: session.Session, resource: Any) -> bool:
        sessions = self.services.sessions.values()
        return any(it.change.resource is resource for other in sessions for it in other.pending)

    patch.setattr(session.Session, "is_pending", pending)


def one_takes_all_votes_along(patch: pytest.MonkeyPatch) -> None:
    """An agent that goes withdraws the votes of others."""
    forget = Votes.forget

    def all_of_them(self: Votes, number: int) -> bool:
        found = forget(self, number)
        return max([forget(self, other) for other in tuple(self._spoken)], default=found)

    patch.setattr(Votes, "forget", all_of_them)


def anybody_is_trusted(patch: pytest.MonkeyPatch) -> None:
    """Agents without `permissions` give and take devices."""
    patch.setattr(agent, "_GUARDED", {})


def two_have_it(patch: pytest.MonkeyPatch) -> None:
    """A device is given to a second agent."""
    patch.setattr(Permissions, "taken", lambda *_: frozenset())


def refusals_differ(patch: pytest.MonkeyPatch) -> None:
    """What an agent does not have is refused in another way while its holder waits."""
    refusal = View.refusal

    def more(self: View, number: int) -> Status:
        known = self.known.get(number)
        return Status.BUSY if known is not None and known.busy else refusal(self, number)

    patch.setattr(View, "refusal", more)


def all_speak_a_version(patch: pytest.MonkeyPatch) -> None:
    """The version that one agent chooses is that of all."""
    speak = session.Session.speak

    def together(self: session.Session, versions: Any) -> None:
        for other in self.services.sessions.values():
            speak(other, versions)
            self.services.agents[other.id].speak()  # type: ignore[attr-defined]

    patch.setattr(session.Session, "speak", together)


def going_undoes_all(patch: pytest.MonkeyPatch) -> None:
    """An agent that goes takes along what others have set."""
    disconnected = core.Server.disconnected

    def undo(self: core.Server, by: session.Session) -> None:
        for item in self.state[Kind.CLOCK].values():
            for setter in tuple(item.setters.values()):
                item.undo(setter)
        disconnected(self, by)

    patch.setattr(core.Server, "disconnected", undo)


MOVES = ("h: gives b the unit", "h: takes from a the unit")
FAULTS: list[tuple[Callable[[pytest.MonkeyPatch], None], Small]] = [
    (refusals_vote, shares(False).only("a: yours on", "b: yours 50 Hz")),
    (
        subscriptions_stay,
        devices(False).only(
            *MOVES,
            "h: takes from b the unit",
            "h: gives a the unit",
            "a: room on",
            "b: be told of room",
        ),
    ),
    (all_are_told, devices(False).only(*MOVES, "a: room on")),
    (the_last_vote_wins, shares(False).only("a: both off", "b: both on")),
    (rights_do_not_matter, shares(False).only("a: both 7 Hz")),
    (owners_do_not_matter, shares(False).only("b: pll 400 Hz")),
    (what_can_be_had_is_read, devices(False).only("a: unit on")),
    (changes_outlive_a_reload, reloads(False).only("a: moved 20 Hz later", "reload", "90 µs")),
    (changes_outlive_a_move, devices(False).only(*MOVES, "a: unit 20 Hz later", "90 µs")),
    (votes_of_all_are_read, shares(False).only("a: both on")),
    (an_attribute_tells_of_votes, shares(False).only("a: both off")),
    (
        others_wait_keeps_busy,
        delayed(False).only("a: room on later", "b: room on later", "90 µs", sharp=True),
    ),
    (one_takes_all_votes_along, shares(False).only("b: both on", "a goes", sharp=True)),
    (anybody_is_trusted, devices(False).only("b: resets a")),
    (two_have_it, devices(False).only(*MOVES, "a: unit 10 Hz", "b: unit 10 Hz")),
    (refusals_differ, delayed(False).only("a: mine 20 Hz later")),
    (all_speak_a_version, devices(False).only("a: speaks version 1 of clocks")),
    (going_undoes_all, shares(False).only("b: yours 50 Hz", "a goes", sharp=True)),
]


@pytest.mark.parametrize(("plant", "small"), FAULTS, ids=[plant.__name__ for plant, _ in FAULTS])
def test_a_planted_fault_is_found(
    monkeypatch: pytest.MonkeyPatch, plant: Callable[[pytest.MonkeyPatch], None], small: Small
) -> None:
    assert wrong(small) == []
    plant(monkeypatch)
    found = wrong(small)
    assert found
