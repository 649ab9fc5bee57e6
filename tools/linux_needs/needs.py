"""What the driver of one compatible changes: calls, followed back to the names of their handles."""

from collections.abc import Iterator
from dataclasses import dataclass

from . import guards
from .calls import (
    BULK,
    GETS_AND_USES,
    OPP_CLOCK,
    OPP_RATE,
    OPP_SUPPLIES,
    USES,
    get,
)
from .flow import Flow
from .ir import Event, Expr, Function, every, identifiers
from .matches import Match
from .places import Frame
from .reach import Reach
from .source import Source
from .values import Value

_CALLERS = 16
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
        if event.kind == "call" and event.left[0] == "id" and event.left[1] in _CALLS
    ]


def needs(source: Source, match: Match, reach: Reach | None = None) -> Iterator[Need]:
    """All needs of one match."""
    reach = Reach(source, match) if reach is None else reach
    calls = changes(reach)
    if not calls:
        return
    flow = Flow(source, match, reach)
    flow.decide = guards.truth
    for function, event in calls:
        flow.steps = 0
        for frame in _frames(flow, function, event):
            found = guards.happens(flow, frame, event)
            if found == guards.NO:
                continue
            for kind, key, operation, certain in _changed(flow, frame, event):
                sure = certain and found == guards.YES
                yield Need(match.compatible, kind, key, operation, sure, _place(function))


def _frames(flow: Flow, function: Function, event: Event) -> list[Frame]:
    """The function as each caller calls it, if that tells which handle is changed and when."""
    plain = [Frame(function, function.path)]
    asked = {name for one in event.right for name in identifiers(one)}
    asked |= {name for condition, _ in event.guards for name in identifiers(condition)}
    if not asked & {name for name, _ in function.parameters}:
        return plain
    callers, whole = flow.places.callers(function)
    if not whole or not callers or len(callers) > _CALLERS:
        return plain
    return [
        Frame(function, function.path, call.right, frame)
        for frame, call in callers
        if frame.function is not None and guards.happens(flow, frame, call) != guards.NO
    ]


def _changed(flow: Flow, frame: Frame, event: Event) -> Iterator[tuple[str, str, str, bool]]:
    name = event.left[1]
    if name in OPP_RATE:
        keys = list(_opp_clocks(flow)) or [("#0", True)]
        yield from (("clock", key, "rate", sure and OPP_RATE[name]) for key, sure in keys)
        return
    if name in OPP_SUPPLIES:
        if len(event.right) > 1:
            for key, sure in _names(flow, ("idx", event.right[1], ("id", "?")), frame):
                if not key.startswith(("#", "*")):
                    yield "voltage", key, "level", sure
        return
    if name in GETS_AND_USES:
        use = GETS_AND_USES[name]
        if len(event.right) > use.argument:
            yield from (
                (use.kind, key, use.operation, sure)
                for key, sure in _names(flow, event.right[use.argument], frame)
            )
        return
    use = USES[name]
    if len(event.right) > use.argument:
        found = list(handles(flow, event.right[use.argument], frame, use.kind))
        chosen = len(found) > 1 and _chosen(flow, frame, event.right[use.argument], event)
        for key, sure in found:
            yield use.kind, key, use.operation, sure and not chosen


def _chosen(flow: Flow, frame: Frame, handle: Expr, event: Event) -> bool:
    """Whether a condition looks at the element that the handle is of, as loops do to choose."""
    own = {name for name in identifiers(handle) if flow.loops(("id", name), frame)}
    for condition, _ in event.guards:
        if guards.truth(flow, frame, condition) in (guards.YES, guards.NO):
            continue  # the same for all elements
        for one in every(condition):
            if one[0] in ("field", "idx") and one != handle and identifiers(one) & own:
                return True
    return False


def _opp_clocks(flow: Flow) -> Iterator[tuple[str, bool]]:
    for function in flow.reach.functions.values():
        for event in function.events:
            if (
                event.kind == "call"
                and event.left[0] == "id"
                and event.left[1] in OPP_CLOCK
                and len(event.right) > 1
            ):
                yield from _names(flow, event.right[1], Frame(function, function.path))


def handles(flow: Flow, expr: Expr, frame: Frame, kind: str) -> Iterator[tuple[str, bool]]:
    """Key and certainty of all handles that an expression may be."""
    found: dict[str, bool] = {}
    for value in flow.values(expr, frame):
        passed = _passed(flow, value)
        if passed == guards.NO:
            continue
        for key, sure in _taken(flow, value, kind):
            sure = sure and value.sure and passed == guards.YES
            found[key] = found.get(key, False) or sure
    named = any(key[0] not in "#*" for key in found)
    for key, sure in sorted(found.items()):
        # Without a name only if there is none of the names: the first clock may be another one.
        yield key, sure and not (named and key == "#0")


def _passed(flow: Flow, value: Value) -> str:
    """Whether all that a value came through happens for the compatible, and its own function."""
    result = guards.passed(flow, value)
    functions = {frame.function for frame, _ in value.guarded} | {value.frame.function}
    for function in sorted((one for one in functions if one is not None), key=_place):
        found = guards.lives(flow, function)
        if guards.NO in (found, result):
            return guards.NO
        result = found if found != guards.YES else result
    return result


def _place(function: Function) -> str:
    return f"{function.path}:{function.name}"


def _taken(flow: Flow, value: Value, kind: str) -> Iterator[tuple[str, bool]]:
    expr = value.expr
    if expr[0] == "bulk":
        if BULK[expr[1]][0] == kind:
            yield from _bulk(flow, expr[2], value.frame)
        return
    if expr[0] != "call" or expr[1][0] != "id":
        return
    row = get(expr[1][1])
    if row is None or row.kind != kind or len(expr[2]) <= row.argument:
        return
    if row.by == "name" and expr[2][0] == ("num", 0):
        return  # a clock of the machine, none of the node
    argument = expr[2][row.argument]
    if row.by == "index":
        number = flow.number(argument, value.frame)
        yield ("*", False) if number is None else (f"#{number}", True)
        return
    yield from _names(flow, argument, value.frame)


def _bulk(flow: Flow, expr: Expr, frame: Frame) -> Iterator[tuple[str, bool]]:
    found = [key for key in _names(flow, expr, frame) if key[0] not in ("*", "#0")]
    if found:
        yield from found
        return
    base = expr[1]
    every_one = any(
        "bulk_get_all" in name for one in flow.reach.functions.values() for name in one.names
    )
    number = flow.number(base[2], frame) if every_one and base[0] == "idx" else None
    yield ("*", False) if number is None else (f"#{number}", True)


def _names(flow: Flow, expr: Expr, frame: Frame) -> Iterator[tuple[str, bool]]:
    """The names that a handle is taken by; '#0' without a name, '*' where it cannot be told."""
    found: dict[str, bool] = {}
    for value in flow.values(expr, frame):
        passed = _passed(flow, value)
        if passed == guards.NO:
            continue
        sure = value.sure and passed == guards.YES
        if value.expr[0] == "str" and " " not in value.expr[1] and value.expr[1].isascii():
            name = value.expr[1]
            found[name] = found.get(name, False) or sure
        elif value.expr == ("num", 0):
            found["#0"] = found.get("#0", False) or sure
    if not found:
        yield "*", False
    yield from sorted(found.items())
