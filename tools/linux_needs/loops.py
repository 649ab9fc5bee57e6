"""Loops that count: which numbers their variable is, one after the other."""

import operator
from collections.abc import Callable

from .flow import Flow
from .ir import Event, Expr, identifiers
from .places import Frame, counts, in_turn

_MANY = 16
_LESS: dict[str, Callable[[int, int], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "!=": operator.ne,
}


def turns(flow: Flow, frame: Frame, loop: Expr) -> str:
    """Whether a loop has a turn: "no" where its variable is bound to a number that it never is."""
    _, name, start, condition, step = loop
    number = dict(frame.bound).get(name[1])
    if number is None:
        return "yes"
    first = flow.number(start, frame)
    if first is not None and (number < first if step > 0 else number > first):
        return "no"
    return _goes_on(flow, frame, condition)


def _goes_on(flow: Flow, frame: Frame, condition: Expr) -> str:
    if condition[:2] == ("bin", "&&"):
        both = [_goes_on(flow, frame, one) for one in condition[2:4]]
        return "no" if "no" in both else "free" if "free" in both else "yes"
    if condition[0] == "bin" and condition[1] in _LESS:
        one, other = (flow.number(side, frame) for side in condition[2:4])
        if one is None or other is None:
            return "free"
        return "yes" if _LESS[condition[1]](one, other) else "no"
    return "free" if flow.decide is None else flow.decide(flow, frame, condition)


def unrolled(flow: Flow, frame: Frame, event: Event) -> list[Frame]:
    """The frame once for each turn of the loops around an event, as far as their ends are known."""
    frames = [frame]
    for guard in event.guards:
        if guard.condition[0] == "loop":
            frames = [inner for one in frames for inner in _each(flow, one, guard.condition)]
    return frames if len(frames) <= _MANY else [frame]


def selected(frame: Frame, handle: Expr) -> list[Frame]:
    """The frame once for each element of an array that a loop with an unknown end selects."""
    known = dict(frame.bound)
    names = [one for one in sorted(identifiers(handle)) if one not in known]
    counted = [one for one in names if counts(("id", one), frame)]
    return [in_turn(frame, counted[0], number) for number in range(_MANY)] if counted else []


def _each(flow: Flow, frame: Frame, loop: Expr) -> list[Frame]:
    _, name, start, _, step = loop
    if name[1] in dict(frame.bound):
        return [frame]
    first = flow.number(start, frame)
    if step < 0:
        return [frame] if first is None or first >= _MANY else _known(flow, frame, loop, 0)
    return [frame] if first is None else _known(flow, frame, loop, first)


def _known(flow: Flow, frame: Frame, loop: Expr, first: int) -> list[Frame]:
    found = []
    for number in range(first, first + _MANY + 1):
        inner = in_turn(frame, loop[1][1], number)
        told = turns(flow, inner, loop)
        if told not in ("yes", "no"):
            return [frame]
        if told == "yes":
            found.append(inner)
        elif loop[4] > 0:
            return found or [frame]
    return found if found and loop[4] < 0 else [frame]
