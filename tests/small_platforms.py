"""Small platforms with all that their agents may do and try, and by hand who may learn of it.

`a` and `b` are guests that know nothing of each other; `h`, where there is one, moves devices
between them. Each kind of thing two agents can meet in is on one of them: shares (votes), owners (a
clock that feeds another's), assignable devices, notifications, delayed changes, reloads.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from scmi_wire import BASE, CLOCK, OFF, ON, PERFORMANCE, POWER, RESET, VOLTAGE, request
from server_running import strict_server
from state_graph import Act, Machine, Question, Time

from scmigen import runtime
from scmigen.server import Server

A, B, H = 1, 2, 3
NAMES = {A: "a", B: "b", H: "h"}
Grants = dict[str, dict[int, str]]


@dataclass(frozen=True)
class Small:
    """A platform: its runtime configurations (the second one is that of after a reload), acts and
    questions. Of the acts ``alone``, at most one succeeds in any state. ``undone`` has pairs of
    acts: who is not to learn of the first does not if the second comes right after it, even if
    it may learn of the first otherwise."""

    name: str
    boards: tuple[dict[str, Any], ...]
    acts: tuple[Act, ...]
    questions: tuple[Question, ...]
    alone: tuple[str, ...] = ()
    undone: tuple[tuple[str, str], ...] = ()

    @cached_property
    def configurations(self) -> list[runtime.Runtime]:
        return [runtime.decode(json.dumps(board).encode()) for board in self.boards]

    def only(self, *names: str, sharp: bool = False) -> Small:
        """The same with these acts alone, all of which exist; ``sharp``: who sees none of it."""
        found = tuple(act for act in self.acts if act.name in names)
        assert len(found) == len(names), set(names) - {act.name for act in found}
        if sharp:
            found = tuple(replace(act, seen_by=frozenset()) for act in found)
        return replace(self, acts=found)

    def machine(self, *, ordered: bool = False) -> Machine:
        return Machine(self.servers, ordered)

    def servers(self, time: Time) -> Sequence[Server]:
        return [
            strict_server(configuration, now=time, successor=number > 0)
            for number, configuration in enumerate(self.configurations)
        ]


def board(agents: dict[int, Grants], **resources: Any) -> dict[str, Any]:
    """A configuration. The grants of an agent are kind → number → operations."""
    return {
        "format": runtime.FORMAT,
        "name": "small",
        "agents": [
            {
                "id": number,
                "name": NAMES[number],
                "role": "hypervisor" if number == H else "vm",
                "permissions": number == H,
                "grants": {
                    kind: [
                        {"id": at, "resource": at, "operations": operations.split()}
                        for at, operations in some.items()
                    ]
                    for kind, some in grants.items()
                },
            }
            for number, grants in agents.items()
        ],
        **resources,
    }


def named(number: int, name: str, **more: Any) -> dict[str, Any]:
    return {"id": number, "name": name, "node": "", **more}


def sends(by: int, name: str, *words: Any, seen_by: Iterable[int] = (), never: bool = False) -> Act:
    """Something an agent asks for."""
    full = f"{NAMES[by]}: {name}"
    return Act(full, by, request(*words), seen_by=frozenset(seen_by), never=never)


def switches(by: int, name: str, number: int, **more: Any) -> list[Act]:
    return [
        sends(by, f"{name} {word}", CLOCK, 7, number, on, 0, **more)
        for word, on in (("on", 1), ("off", 0))
    ]


def rates(by: int, name: str, number: int, *values: int, flags: int = 0, **more: Any) -> list[Act]:
    return [
        sends(by, f"{name} {rate} Hz{' later' * flags}", CLOCK, 5, flags, number, rate, 0, **more)
        for rate in values
    ]


def powers(by: int, name: str, number: int, flags: int = 0, **more: Any) -> list[Act]:
    return [
        sends(by, f"{name} {word}{' later' * flags}", POWER, 4, flags, number, state, **more)
        for word, state in (("on", ON), ("off", OFF))
    ]


#: VOLTAGE_CONFIG_SET: the modes.
SUPPLY = (("on", 7), ("off", 0))


def limits(by: int, name: str, number: int, *ranges: tuple[int, int], **more: Any) -> list[Act]:
    return [
        sends(by, f"{name} {low}..{high}", PERFORMANCE, 5, number, high, low, **more)
        for low, high in ranges
    ]


def told(by: int, name: str, protocol: int, message: int, number: int, **more: Any) -> list[Act]:
    return [
        sends(by, f"{word} of {name}", protocol, message, number, on, **more)
        for word, on in (("be told", 1), ("not be told", 0))
    ]


def goes(by: int, *seen_by: int) -> Act:
    return Act(f"{NAMES[by]} goes", by, seen_by=frozenset(seen_by))


def waits(microseconds: int) -> Act:
    return Act(f"{microseconds} µs", wait=microseconds)


RELOAD = Act("reload", reload=True)

#: What can be asked of what an agent has, or may be given; and of what it does not know.
ASKED: dict[str, tuple[int, dict[int, tuple[int, ...]]]] = {
    "power": (POWER, {3: (), 5: ()}),
    "clock": (CLOCK, {3: (), 6: (), 0xE: (), 0xF: ()}),
    "performance": (PERFORMANCE, {3: (), 6: (), 8: ()}),
    "voltage": (VOLTAGE, {3: (), 6: (), 8: ()}),
    "reset": (RESET, {3: ()}),
}
FOREIGN = (3, 6)


def questions(made: dict[str, Any]) -> tuple[Question, ...]:
    """What each agent can ask that depends on what is done: of all numbers that any agent has, and
    the first that none has."""
    found = []
    for agent in made["agents"]:
        asked: list[tuple[int, ...]] = [(BASE, 1)]
        for kind in {kind: None for it in made["agents"] for kind in it["grants"]}:
            protocol, messages = ASKED[kind]
            own = {grant["resource"] for grant in agent["grants"].get(kind, ())}
            most = max(g["resource"] for it in made["agents"] for g in it["grants"].get(kind, ()))
            for number in range(most + 2):
                asked += [
                    (protocol, message, number, *more)
                    for message, more in messages.items()
                    if number in own or message in FOREIGN
                ]
        found += [Question(agent["id"], request(*words)) for words in asked]
    return tuple(found)


def shares(full: bool) -> Small:
    """a owns the clock above b's; both switch a clock, and a power domain of whose state and of
    requests for it b may be told."""
    pll, mine, yours, both, room = 0, 1, 2, 3, 0
    agents: dict[int, Grants] = {
        A: {
            "clock": {pll: "state rate read", mine: "state rate read", both: "state read"},
            "power": {room: "state read"},
        },
        B: {
            "clock": {yours: "state rate read", both: "state read"},
            "power": {room: "state read"},
        },
    }
    made = board(
        agents,
        clocks=[
            named(pll, "pll", rates=[200, 400], rate=200),
            named(mine, "mine", rates=[10, 20], rate=10),
            named(yours, "yours", rates=[50, 100, 200], rate=100, parents=[pll], parent=pll),
            named(both, "both", rates=[7], rate=7),
        ],
        power_domains=[named(room, "room")],
    )
    acts = [
        *rates(A, "pll", pll, 400, seen_by=[B]),
        *switches(A, "both", both),
        *powers(A, "room", room, seen_by=[B])[: 1 + full],
        *switches(B, "both", both),
        *powers(B, "room", room, seen_by=[A] * full)[: 1 + full],
        *rates(B, "yours", yours, 50),
        *told(B, "room", POWER, 6, room),
        # what they try
        *switches(A, "yours", yours, never=True),
        *rates(A, "yours", yours, 50, never=True),
        *rates(A, "both", both, 7, never=True),
        *told(A, "yours", CLOCK, 9, yours, never=True),
        sends(A, "b gone", BASE, 0xB, B, 1, never=True),
        sends(A, "pll 300 Hz with unknown flags", CLOCK, 5, 1 << 9, pll, 400, 0, never=True),
        *switches(B, "pll", pll, never=True),
        *rates(B, "pll", pll, 400, never=True),
        *rates(B, "mine", mine, 20, never=True),
        goes(A, B),
        goes(B, *[A] * full),
    ]
    if full:
        acts += [
            *rates(A, "pll", pll, 200, seen_by=[B]),
            *switches(A, "pll", pll),
            *rates(A, "mine", mine, 20),
            *switches(B, "yours", yours),
            *rates(B, "yours", yours, 100),
            *told(B, "requests for room", POWER, 7, room),
            *told(B, "yours", CLOCK, 9, yours),
            *told(A, "room", POWER, 6, room),
            *told(A, "pll", CLOCK, 9, pll),
        ]
    return Small("shares", (made,), tuple(acts), questions(made))


def devices(full: bool) -> Small:
    """h moves a device with a clock and a domain between a and b, and resets them. Settings that
    who has the device makes stay with it; that is what its next holder is told."""
    clock, own, room = 0, 1, 0
    mine = {
        "clock": {clock: "state rate read", own: "state read"},
        "power": {room: "state read"},
    }
    made = board(
        {
            A: mine,
            B: {"clock": {clock: "state rate read"}, "power": {room: "state read"}},
            H: {"clock": {own: "state read"}},
        },
        clocks=[
            named(clock, "unit", rates=[10, 20], rate=10, asynchronous=True, latency=90),
            named(own, "own", rates=[5], rate=5),
        ],
        power_domains=[named(room, "room")],
        devices=[
            {
                "id": 0,
                "name": "unit",
                "node": "/unit",
                "agents": [A],
                "assignable": [A, B],
                "resources": [{"kind": "clock", "id": clock}, {"kind": "power", "id": room}],
            }
        ],
    )
    acts = [
        *switches(A, "unit", clock),
        *rates(A, "unit", clock, 10, 20, seen_by=[B]),
        *rates(A, "unit", clock, 20, flags=1, seen_by=[B]),
        *powers(A, "room", room),
        *told(A, "unit", CLOCK, 9, clock),
        sends(A, "speaks version 1 of clocks", CLOCK, 0x10, 0x10000),
        *switches(B, "unit", clock),
        *rates(B, "unit", clock, 10, 20, seen_by=[A]),
        *powers(B, "room", room),
        *told(B, "unit", CLOCK, 9, clock),
        *told(B, "room", POWER, 6, room),
        *[
            sends(H, f"{word} {name} the unit", BASE, 9, number, 0, on, seen_by=[A, B])
            for number, name in ((A, "a"), (B, "b"))
            for word, on in (("gives", 1), ("takes from", 0))
        ],
        sends(H, "resets a", BASE, 0xB, A, 0, seen_by=[A, B]),
        sends(H, "resets b and its devices", BASE, 0xB, B, 1, seen_by=[A, B]),
        waits(90),
        goes(A, B),
        goes(B, *[A] * full),  # then what it waits for is not done
        # what they try
        sends(A, "takes the unit from b", BASE, 9, B, 0, 0, never=True),
        sends(A, "gives itself the clock", BASE, 0xA, A, 0, CLOCK, 1, never=True),
        sends(B, "gives itself the unit", BASE, 9, B, 0, 1, never=True),
        sends(B, "resets a", BASE, 0xB, A, 1, never=True),
        *switches(B, "own", own, never=True),
        *switches(H, "unit", clock, never=True),
    ]
    if full:
        acts += [
            *switches(A, "own", own),
            *switches(H, "own", own),
            *told(H, "own", CLOCK, 9, own),
            *rates(B, "unit", clock, 20, flags=1, seen_by=[A]),
            *told(A, "room", POWER, 6, room),
            sends(H, "takes from a the clock", BASE, 0xA, A, 0, CLOCK, 0, seen_by=[A, B]),
            sends(H, "gives b the clock", BASE, 0xA, B, 0, CLOCK, 1, seen_by=[A, B]),
        ]
    return Small(
        "devices",
        (made,),
        tuple(acts),
        questions(made),
        alone=("a: unit 10 Hz", "b: unit 10 Hz"),
        undone=(("a: unit 20 Hz later", "h: takes from a the unit"),),
    )


def delayed(full: bool) -> Small:
    """Changes that take time: each has a clock and a supply, and both a domain. The domain of both
    is off after the votes of both; whoever listens to it is told when that is."""
    mine, yours, room, low, high = 0, 1, 0, 0, 1
    made = board(
        {
            A: {
                "clock": {mine: "state rate read"},
                "power": {room: "state read"},
                "voltage": {low: "state level read"},
            },
            B: {
                "clock": {yours: "state rate read"},
                "power": {room: "state read"},
                "voltage": {high: "state level read"},
            },
        },
        clocks=[
            named(mine, "mine", rates=[10, 20], rate=10, asynchronous=True, latency=90),
            named(yours, "yours", rates=[10, 20], rate=10, asynchronous=True, latency=45),
        ],
        power_domains=[named(room, "room", asynchronous=True, latency=90)],
        voltage_domains=[
            named(low, "low", levels=[1, 2], level=1, asynchronous=True, latency=45),
            named(high, "high", levels=[1, 2], level=1, asynchronous=True, latency=90),
        ],
    )
    acts = [
        *rates(A, "mine", mine, 20, flags=1),
        *powers(A, "room", room, 1, seen_by=[B])[: 1 + full],
        *rates(B, "yours", yours, 20, flags=1),
        *powers(B, "room", room, 1)[: 1 + full],
        *told(B, "room", POWER, 6, room),
        waits(45 if full else 90),
        goes(A, B),
        *rates(A, "yours", yours, 20, flags=1, never=True),
        *rates(B, "mine", mine, 20, flags=1, never=True),
        sends(A, "level of high later", VOLTAGE, 7, high, 1, 2, never=True),
    ]
    if full:
        acts += [
            goes(B),
            sends(A, "mine 20 Hz later, silently", CLOCK, 5, 3, mine, 20, 0),
            sends(A, "low at 2 later", VOLTAGE, 7, low, 1, 2),
        ]
    undone = (("a: mine 20 Hz later", "a goes"), ("b: yours 20 Hz later", "b goes"))
    return Small("delayed", (made,), tuple(acts), questions(made), undone=undone[: 1 + full])


def levels(full: bool) -> Small:
    """Performance limits of both, a supply above b's, resets, levels, and clocks behind them."""
    cpu, gpu, bus = 0, 1, 2
    low, high = 0, 1
    steps = [{"level": 1, "frequency": 1}, {"level": 2, "frequency": 2}]
    made = board(
        {
            A: {
                "performance": {cpu: "level limits read", bus: "limits read"},
                "voltage": {low: "state level read"},
                "reset": {0: "reset"},
            },
            B: {
                "performance": {gpu: "level limits read", bus: "limits read"},
                "voltage": {high: "state level read"},
                "reset": {1: "reset"},
            },
        },
        performance_domains=[
            named(cpu, "cpu", levels=steps),
            named(gpu, "gpu", levels=steps),
            named(bus, "bus", levels=steps),
        ],
        voltage_domains=[
            named(low, "low", levels=[1, 2], level=1),
            named(high, "high", levels=[3, 4], level=3, parent=low),
        ],
        reset_domains=[named(0, "mine"), named(1, "yours")],
    )
    acts = [
        sends(A, "cpu at 2", PERFORMANCE, 7, cpu, 2),
        *limits(A, "bus", bus, (2, 2), (1, 1), seen_by=[B]),
        *[sends(A, f"low {word}", VOLTAGE, 5, low, on) for word, on in SUPPLY],
        sends(A, "resets mine", RESET, 4, 0, 2, 0),
        sends(B, "gpu at 2", PERFORMANCE, 7, gpu, 2),
        *limits(B, "bus", bus, (2, 2), (1, 1), seen_by=[A]),
        *[sends(B, f"high {word}", VOLTAGE, 5, high, on) for word, on in SUPPLY],
        goes(A, B),
        goes(B, A),
        sends(A, "gpu at 2", PERFORMANCE, 7, gpu, 2, never=True),
        *limits(A, "gpu", gpu, (1, 1), never=True),
        sends(A, "bus at 2", PERFORMANCE, 7, bus, 2, never=True),
        sends(A, "resets yours", RESET, 4, 1, 1, 0, never=True),
        sends(A, "high off", VOLTAGE, 5, high, 0, never=True),
        sends(B, "low off", VOLTAGE, 5, low, 0, never=True),
        sends(B, "low at 2", VOLTAGE, 7, low, 0, 2, never=True),
    ]
    if full:
        acts += [
            *limits(A, "bus", bus, (1, 2), seen_by=[B]),
            *limits(B, "bus", bus, (1, 2), seen_by=[A]),
            sends(B, "gpu at 1", PERFORMANCE, 7, gpu, 1),
            *limits(A, "cpu", cpu, (1, 1), (2, 2)),
            *limits(B, "gpu", gpu, (1, 1)),
            sends(A, "low at 2", VOLTAGE, 7, low, 0, 2),
            *[sends(B, f"high at {level}", VOLTAGE, 7, high, 0, level) for level in (3, 4)],
            *told(B, "gpu", PERFORMANCE, 0xA, gpu),
            *told(B, "limits of gpu", PERFORMANCE, 9, gpu),
        ]
    return Small("levels", (made,), tuple(acts), questions(made))


def reloads(full: bool) -> Small:
    """Two configurations take turns. a has a clock that changes slowly in the one, which b has in
    the other, where it is another clock; b has the same clock and domain in both."""
    moved, yours, room = 0, 1, 0
    common = {"clock": {yours: "state rate read"}, "power": {room: "state read"}}
    later = {**common, "clock": {yours: "state rate read"}}
    taken = {"asynchronous": True, "latency": 90}
    clock = named(yours, "yours", rates=[10, 20], rate=10, **taken)
    rooms = [named(room, "room")]
    first = board(
        {A: {"clock": {moved: "state rate read"}, "power": {room: "state read"}}, B: common},
        clocks=[named(moved, "of-a", rates=[10, 20], rate=10, **taken), clock],
        power_domains=rooms,
    )
    second = board(
        {A: {"power": {room: "state read"}}, B: later, H: {"clock": {moved: "state rate read"}}},
        clocks=[named(moved, "of-h", rates=[10, 20], rate=10, **taken), clock],
        power_domains=rooms,
    )
    for each in (first, second):  # the same agents in both
        each["agents"] = [
            next((it for it in each["agents"] if it["id"] == number), _nobody(number))
            for number in NAMES
        ]
    acts = [
        *rates(A, "moved", moved, 20, flags=1),
        *powers(A, "room", room, seen_by=[B]),
        *rates(B, "yours", yours, 20, flags=1),
        *powers(B, "room", room),
        *told(B, "room", POWER, 6, room),
        *told(H, "moved", CLOCK, 9, moved),
        RELOAD,
        waits(90),
        goes(A, B),
        goes(B),
        *switches(A, "yours", yours, never=True),
        *rates(B, "moved", moved, 20, never=True),
    ]
    if full:
        acts += [
            *switches(A, "moved", moved),
            *rates(A, "moved", moved, 10),
            *told(B, "yours", CLOCK, 9, yours),
            *rates(H, "moved", moved, 20),
            *switches(B, "yours", yours),
        ]
    asked = tuple(dict.fromkeys(questions(first) + questions(second)))
    undone = (("a: moved 20 Hz later", "reload"),)
    return Small("reloads", (first, second), tuple(acts), asked, undone=undone)


def _nobody(number: int) -> dict[str, Any]:
    return board({number: {}})["agents"][0]


ALL: tuple[Callable[[bool], Small], ...] = (shares, devices, delayed, levels, reloads)
