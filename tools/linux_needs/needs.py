"""What the driver of one compatible changes: calls, followed back to the names of their handles."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from . import guards, loops
from .calls import (
    BULK,
    GETS_AND_USES,
    OPP_CLOCK,
    OPP_RATE,
    OPP_SUPPLIES,
    USES,
    get,
)
from .conditions import NO, YES, takers
from .flow import Flow
from .guards import Ways
from .ir import Event, Expr, Function, every, identifiers
from .matches import Match
from .places import Frame
from .reach import Reach
from .source import Source
from .values import NOBODY, Value

_CALLERS = 16
_OUTWARDS = 2
_CALLS = {*USES, *GETS_AND_USES, *OPP_RATE, *OPP_SUPPLIES}


@dataclass(frozen=True, order=True)
class Need:
    """One operation on one clock or supply of a compatible."""

    compatible: str
    kind: str
    key: str
    operation: str
    sure: bool
    place: str  #: file:function of the call


def changes(reach: Reach) -> list[tuple[Function, Event]]:
    """The calls that change something, of all that is reached."""
    return [
        (function, event)
        for function in reach.functions.values()
        for event in function.events
        if event.kind == "call"
        and event.left[0] == "id"
        and event.left[1] in _CALLS
        # A rate of 0, or no operating point, gives up what was asked for and sets no clock.
        and not (event.left[1] in OPP_RATE and event.right[1:] == (("num", 0),))
    ]


def needs(source: Source, match: Match, reach: Reach | None = None) -> Iterator[Need]:
    """All needs of one match."""
    reach = Reach(source, match) if reach is None else reach
    calls = changes(reach)
    if not calls:
        return
    flow = Flow(source, match, reach)
    flow.decide, flow.holds, flow.unrolled = guards.truth, guards.holds, loops.unrolled
    found: dict[_Operation, dict[str, Ways]] = defaultdict(dict)
    for function, event in calls:
        flow.steps = 0
        place = _place(function)
        for frame in _frames(flow, function, event):
            for operation, ways in _in_turn(flow, frame, event):
                known = found[operation].get(place, guards.NEVER)
                found[operation][place] = guards.either((known, ways))
    for (kind, key, wide), places in found.items():
        whole = guards.always(guards.either(places.values()))
        alone = {place: guards.always(ways) for place, ways in places.items()}
        for place in places:
            sure = alone[place] or (whole and not any(alone.values()))
            yield Need(match.compatible, kind, key, wide, sure, place)


#: Kind, key and operation.
_Operation = tuple[str, str, str]


def _in_turn(flow: Flow, frame: Frame, event: Event) -> Iterator[tuple[_Operation, Ways]]:
    """What a call changes, in each turn of the loops around it."""
    turns = loops.unrolled(flow, frame, event)
    if len(turns) == 1:
        yield from _each_element(flow, turns[0], event)
        return
    found = [one for turn in turns for one in _happening(flow, turn, event)]
    found = [one for one in found if one[0][1] != "*"]  # a turn without a name has no clock
    yield from found or _happening(flow, frame, event)


def _each_element(flow: Flow, frame: Frame, event: Event) -> Iterator[tuple[_Operation, Ways]]:
    """What a call changes in a loop with an unknown end: elements have conditions of their own."""
    whole = list(_happening(flow, frame, event))
    use = USES.get(event.left[1])
    if use is None or not whole or len(event.right) <= use.argument:
        yield from whole
        return
    handle = event.right[use.argument]
    seen: set[str] = set()
    for number, turn in enumerate(loops.selected(frame, handle)):
        keys = {key for key in handles(flow, handle, turn, use.kind) if key[0] not in "#*"}
        if not keys and number:
            break
        seen |= keys
        yield from (one for one in _happening(flow, turn, event) if one[0][1] in keys)
    yield from ((operation, ways) for operation, ways in whole if operation[1] not in seen)


def _happening(flow: Flow, frame: Frame, event: Event) -> Iterator[tuple[_Operation, Ways]]:
    """What a call changes, if it happens."""
    flow.steps = 0
    use = USES.get(event.left[1])
    arguments = () if use is None else event.right
    taken = [takers(flow, one, frame) for one in arguments[:2]]
    flow.own = taken[0] if taken else frozenset()
    flow.others = taken[1] if len(taken) > 1 and event.left[1] == "clk_set_parent" else frozenset()
    happens = guards.happens(flow, frame, event)
    flow.steps = 0
    if happens:
        for operation, ways in _changed(flow, frame, event):
            yield operation, guards.both(ways, happens)


def _frames(flow: Flow, function: Function, event: Event, depth: int = 0) -> list[Frame]:
    """The function as each caller calls it, if that tells which handle is changed and when."""
    plain = [Frame(function, function.path)]
    asked = {name for one in event.right for name in identifiers(one)}
    asked |= {name for guard in event.guards for name in identifiers(guard.condition)}
    if depth > _OUTWARDS or not asked & {name for name, _ in function.parameters}:
        return plain
    callers, whole = flow.places.callers(function)
    if not whole or not callers or len(callers) > _CALLERS:
        return plain
    flow.own = flow.others = frozenset()
    found = []
    for frame, call in callers:
        if frame.function is not None and guards.happens(flow, frame, call):
            outer = _frames(flow, frame.function, call, depth + 1)
            found += [Frame(function, function.path, call.right, one) for one in outer]
    found = list(dict.fromkeys(found))
    if len(found) <= _CALLERS:
        return found
    return [Frame(function, function.path, call.right, frame) for frame, call in callers]


def _changed(flow: Flow, frame: Frame, event: Event) -> Iterator[tuple[_Operation, Ways]]:
    name = event.left[1]
    if name in OPP_RATE:
        certain = guards.ALWAYS if OPP_RATE[name] else guards.DOUBT
        for key, ways in (_opp_clocks(flow) or {"#0": guards.ALWAYS}).items():
            yield ("clock", key, "rate"), guards.both(ways, certain)
        return
    if name in OPP_SUPPLIES:
        if len(event.right) > 1:
            names = _names(flow, ("idx", event.right[1], ("id", "?")), frame)
            for key, ways in names.items():
                if not key.startswith(("#", "*")):
                    yield ("voltage", key, "level"), ways
        return
    use = GETS_AND_USES.get(name) or USES[name]
    if len(event.right) <= use.argument:
        return
    handle = event.right[use.argument]
    if name in GETS_AND_USES:
        found = _names(flow, handle, frame)
    else:
        found = handles(flow, handle, frame, use.kind)
        if len(found) > 1 and _chosen(flow, frame, handle, event):
            found = {key: guards.both(ways, guards.DOUBT) for key, ways in found.items()}
    for key, ways in found.items():
        yield (use.kind, key, use.operation), ways


def _chosen(flow: Flow, frame: Frame, handle: Expr, event: Event) -> bool:
    """Whether a condition looks at the element that the handle is of, as loops do to choose."""
    own = {name for name in identifiers(handle) if flow.loops(("id", name), frame)}
    for condition, *_ in event.guards:
        if guards.truth(flow, frame, condition) in (YES, NO):
            continue  # the same for all elements
        for one in every(condition):
            if one[0] in ("field", "idx") and one != handle and identifiers(one) & own:
                return True
    return False


def _opp_clocks(flow: Flow) -> dict[str, Ways]:
    found: dict[str, Ways] = {}
    for function in flow.reach.functions.values():
        for event in function.events:
            if (
                event.kind == "call"
                and event.left[0] == "id"
                and event.left[1] in OPP_CLOCK
                and len(event.right) > 1
            ):
                _add(found, _names(flow, event.right[1], Frame(function, function.path)))
    return found


def _add(found: dict[str, Ways], more: dict[str, Ways]) -> None:
    for key, ways in more.items():
        found[key] = guards.either((found.get(key, guards.NEVER), ways))


def handles(flow: Flow, expr: Expr, frame: Frame, kind: str) -> dict[str, Ways]:
    """The keys of all handles that an expression may be, and on which ways it is that one."""
    found: dict[str, Ways] = {}
    calls: set[Expr] = set()
    for value in flow.values(expr, frame):
        passed = _passed(flow, value)
        if passed:
            taken = _taken(flow, value, kind, bool(frame.bound))
            calls |= {value.expr} if any(key[0] not in "#*" for key in taken) else set()
            _add(found, {key: guards.both(ways, passed) for key, ways in taken.items()})
    if calls and "#0" in found:
        # Without a name only if there is none of the names: the first clock may be another one.
        absent: Ways = frozenset({frozenset({("handle", frozenset(calls), False)})})
        found["#0"] = guards.both(found["#0"], absent)
    return dict(sorted(found.items()))


def _passed(flow: Flow, value: Value) -> Ways:
    """On which ways all that a value came through happens, and its own function."""
    result = guards.passed(flow, value)
    functions = {frame.function for frame, _ in value.guarded} | {value.frame.function}
    for function in sorted((one for one in functions if one is not None), key=_place):
        result = guards.both(result, guards.lives(flow, function))
    return result


def _place(function: Function) -> str:
    return f"{function.path}:{function.name}"


_ANY: dict[str, Ways] = {"*": guards.DOUBT}


def _taken(flow: Flow, value: Value, kind: str, told: bool) -> dict[str, Ways]:
    """The keys that a value is taken by; ``told`` which turn of a loop is meant."""
    expr = value.expr
    if expr[0] == "bulk":
        return _bulk(flow, expr[2], value.frame) if BULK[expr[1]][0] == kind else {}
    if expr[0] != "call" or expr[1][0] != "id":
        return {}
    row = get(expr[1][1])
    if row is None or row.kind != kind or len(expr[2]) <= row.argument:
        return {}
    if row.by == "name" and expr[2][0] == ("num", 0):
        return {}  # a clock of the machine, none of the node
    argument = expr[2][row.argument]
    if row.by == "index":
        found = _numbered(flow.number(argument, value.frame))
        one_of_some = bool(value.frame.bound) and not told
        return dict.fromkeys(found, guards.DOUBT) if one_of_some else found
    return _names(flow, argument, value.frame)


def _numbered(number: int | None) -> dict[str, Ways]:
    return _ANY if number is None else {f"#{number}": guards.ALWAYS}


def _bulk(flow: Flow, expr: Expr, frame: Frame) -> dict[str, Ways]:
    names = _names(flow, expr, frame)
    found = {key: ways for key, ways in names.items() if key not in ("*", "#0")}
    if found:
        return found
    base = expr[1]
    every_one = any(
        "bulk_get_all" in name for one in flow.reach.functions.values() for name in one.names
    )
    return _numbered(flow.number(base[2], frame) if every_one and base[0] == "idx" else None)


def _names(flow: Flow, expr: Expr, frame: Frame) -> dict[str, Ways]:
    """The names that a handle is taken by; '#0' without a name, '*' where it cannot be told."""
    found: dict[str, Ways] = {}
    values = flow.values(expr, frame)
    for value in values:
        text = value.expr[0] == "str" and " " not in value.expr[1] and value.expr[1].isascii()
        key = value.expr[1] if text else "#0" if value.expr == ("num", 0) else None
        if key is not None and (passed := _passed(flow, value)):
            _add(found, {key: passed})
    if len(found) > 1 and expr[0] in ("field", "idx"):
        found.pop("#0", None)  # the end of a table of names
    if values and all(value.expr == NOBODY for value in values):
        return {}
    return dict(sorted(found.items())) or _ANY
