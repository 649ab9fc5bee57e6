"""Whether the conditions on the way to a call hold for one compatible."""

import operator
from collections.abc import Callable, Iterable, Iterator

from . import loops
from .calls import MATCH_DATA
from .conditions import FREE, NO, NODE, NOT, RANK, VARIANT, YES, Point, depends, takers
from .flow import Flow
from .ir import UNKNOWN, Event, Expr, Function, Guard, identifiers, parts
from .places import Frame, counts
from .values import Value

_NOT = NOT


def holds(flow: Flow, frame: Frame, guards: tuple[Guard, ...]) -> str:
    """YES, NO, VARIANT or NODE for all conditions together."""
    found = undecided(flow, frame, guards)
    return NO if found is None else VARIANT if found else YES


#: What is known of a condition in a function that nothing decides, and whether it is to be true.
Undecided = frozenset[tuple[object, ...]]
#: The ways on which something happens: none where it never does.
Ways = frozenset[Undecided]
ALWAYS: Ways = frozenset({frozenset()})
NEVER: Ways = frozenset()
#: What one cannot tell, without another way that makes up for it.
DOUBT: Ways = frozenset({frozenset({("doubt",)})})
_FEW = 16


def undecided(
    flow: Flow, frame: Frame, guards: tuple[Guard, ...], event: Event | None = None
) -> Undecided | None:
    """The conditions that the variant or the node decides; None where one does not hold."""
    open_ones = set()
    for number, guard in enumerate(guards):
        point = Point(frame, guards[:number], guard.at, event)
        for condition, wanted in _together(guard.condition, guard.wanted):
            found = _met(flow, point, condition, wanted, guard.fails)
            if found == NO:
                return None
            if found in (VARIANT, NODE):
                open_ones.add(_mark(flow, frame, condition, wanted))
    return frozenset(open_ones)


def _together(condition: Expr, wanted: bool) -> Iterator[tuple[Expr, bool]]:
    """The conditions that all have to be as wanted for one to be."""
    if condition[:2] == ("un", "!"):
        yield from _together(condition[2], not wanted)
    elif condition[:2] == ("bin", "&&" if wanted else "||"):
        for one in condition[2:4]:
            yield from _together(one, wanted)
    else:
        yield condition, wanted


def _mark(flow: Flow, frame: Frame, condition: Expr, wanted: bool) -> tuple[object, ...]:
    """A condition, by the handle that is to be there, else by where it stands."""
    if condition[0] in ("id", "field") and (taken := takers(flow, condition, frame)):
        return "handle", taken, wanted
    place = None if frame.function is None else (frame.path, frame.function.name)
    return place, frame.bound, condition, wanted


def both(one: Ways, other: Ways) -> Ways:
    """The ways on which two things happen."""
    return _fewest({left | right for left in one for right in other})


def either(ways: Iterable[Ways]) -> Ways:
    """The ways on which one of several things happens."""
    return _fewest({one for each in ways for one in each})


def _fewest(ways: set[Undecided]) -> Ways:
    kept = {one for one in ways if not any(other < one for other in ways)}
    if len(kept) > _FEW:
        kept = set(sorted(kept, key=lambda one: (len(one), repr(sorted(map(repr, one)))))[:_FEW])
    return frozenset(kept)


def always(ways: Ways) -> bool:
    """Whether one of the ways is taken in any case, as ``if`` and ``else`` are together."""
    known = set(ways)
    while frozenset() not in known:
        joined = {one & other for one in known for other in known if _opposite(one ^ other)} - known
        if not joined or len(known) > _FEW * _FEW:
            return False
        known |= joined
    return True


def _opposite(differ: Undecided) -> bool:
    if len(differ) != 2:
        return False
    one, other = differ
    return len(one) > 1 and one[:-1] == other[:-1]


def _met(flow: Flow, point: Point, condition: Expr, wanted: bool, fails: bool) -> str:
    """Whether a condition can be as wanted; what ends with an error if not is not asked for."""
    if condition[0] == "un" and condition[1] == "!":
        return _met(flow, point, condition[2], not wanted, fails)
    if condition[0] == "bin" and condition[1] in ("&&", "||"):
        sides = [_met(flow, point, one, wanted, fails) for one in condition[2:4]]
        return (min if (condition[1] == "&&") == wanted else max)(sides, key=_RANK.__getitem__)
    if condition[0] == "loop":
        return loops.turns(flow, point.frame, condition)
    found = truth(flow, point.frame, condition)
    if found == FREE and not fails:
        found = depends(flow, point, condition, wanted)
    return found if wanted else _NOT[found]


_DEEP = 3
_RANK = RANK


def lives(flow: Flow, function: Function) -> Ways:
    """The ways on which a function is called for the compatible, by all its callers."""
    key = function, flow.own | flow.others
    if key not in flow.lives:
        flow.lives[key] = ALWAYS  # of a function that calls itself
        sites = [_site(flow, frame, event) for frame, event in flow.places.uses(function)]
        flow.lives[key] = either(sites) if sites else ALWAYS
    return flow.lives[key]


def _site(flow: Flow, frame: Frame | None, event: Event | None) -> Ways:
    if frame is None or event is None:
        return ALWAYS
    return happens(flow, frame, event)


def happens(flow: Flow, frame: Frame, event: Event) -> Ways:
    """The ways to an event for the compatible: its conditions, and the callers' conditions."""
    own = undecided(flow, frame, event.guards, event)
    if own is None:
        return NEVER
    if frame.function is None:
        return frozenset({own})
    return both(frozenset({own}), lives(flow, frame.function))


def truth(flow: Flow, frame: Frame, condition: Expr) -> str:
    """What is known of one condition; nothing of one that depends on itself."""
    key = condition, frame
    if key not in flow.truths:
        flow.truths[key] = FREE
        found = _truth(flow, frame, condition)
        known = dict(frame.bound)
        if found == VARIANT and any(
            one not in known and counts(("id", one), frame) for one in identifiers(condition)
        ):
            found = FREE  # in some turn of the loop
        flow.truths[key] = found
    return flow.truths[key]


def _truth(flow: Flow, frame: Frame, condition: Expr) -> str:
    form = condition[0]
    if form == "num":
        return YES if condition[1] else NO
    if form == "un" and condition[1] == "!":
        return _NOT[truth(flow, frame, condition[2])]
    if form == "bin" and condition[1] in ("&&", "||"):
        return _both(
            condition[1], truth(flow, frame, condition[2]), truth(flow, frame, condition[3])
        )
    if form == "case":
        return _case(flow, frame, condition)
    if (
        form == "call"
        and condition[1] == ("id", "of_device_is_compatible")
        and len(condition[2]) == 2
    ):
        return _compatible(flow, condition[2][1])
    if form == "bin" and condition[1] in ("==", "!=", "<", ">", "<=", ">=", "&"):
        return _compared(flow, frame, condition)
    if form == "call" and condition[1] == ("id", "test_bit") and len(condition[2]) == 2:
        return _bit(flow, frame, condition)
    if form == "id" and (told := _argument(flow, frame, condition[1])) is not None:
        return told
    if form == "field" and condition[2] == "of_node":
        return YES
    if form == "call" and condition[1][0] == "id":
        return _asked(flow, frame, condition)
    if form in ("field", "id"):
        return _value(flow, frame, condition)
    return FREE


def passed(flow: Flow, value: Value) -> Ways:
    """The ways on which the assignments that a value came through happen for the compatible."""
    found = ALWAYS if value.sure else DOUBT
    for frame, event in value.guarded:
        own = undecided(flow, frame, event.guards)
        found = NEVER if own is None else both(found, frozenset({own}))
    return found


#: What is so for a device that a tree describes.
_TOLD = {
    "is_of_node": YES,
    "dev_of_node": YES,
    "has_acpi_companion": NO,
    "is_acpi_node": NO,
    "is_acpi_device_node": NO,
}


def _argument(flow: Flow, frame: Frame, name: str) -> str | None:
    """What a parameter is for a known caller, or a variable that says how the device is found."""
    function = frame.function
    if function is None or name not in function.variables:
        return None
    names = [one for one, _ in function.parameters]
    if name in names:
        given = _given(flow, frame, names.index(name))
        return None if given is None else YES if given else NO
    assigned = [value for value, _ in flow.assigned(("id", name), frame)]
    if assigned and all(value[0] == "field" and value[2] == "of_node" for value in assigned):
        return YES
    found = {value[1][1] for value in assigned if _calls(value)}
    return _TOLD.get(found.pop()) if len(found) == 1 else None


def _given(flow: Flow, frame: Frame, at: int) -> int | None:
    """The number that a known caller passes, as it stands there."""
    if frame.arguments is None or frame.caller is None or at >= len(frame.arguments):
        return None
    expr, outer = frame.arguments[at], frame.caller
    if expr[0] == "num":
        return int(expr[1])
    if expr[0] != "id" or outer.function is None:
        return None
    names = [one for one, _ in outer.function.parameters]
    if expr[1] in names:
        return _given(flow, outer, names.index(expr[1]))
    return None if expr[1] in outer.function.variables else flow.number(expr, outer)


def _calls(expr: Expr) -> bool:
    return bool(expr[0] == "call" and expr[1][0] == "id")


def _asked(flow: Flow, frame: Frame, condition: Expr) -> str:
    """What a macro, or a function that only returns an expression, says of the variant."""
    if condition[1][1] in _TOLD:
        return _TOLD[condition[1][1]]
    functions = flow.source.defined(frame.path, condition[1][1])
    if not functions:
        inner = flow.source.expanded(frame.path, condition)
        return FREE if inner == UNKNOWN else truth(flow, frame, inner)
    function = functions[0]
    returned = [event.right for event in function.events if event.kind == "ret"]
    if len(functions) > 1 or len(returned) != 1 or frame.depth > _DEEP:
        return FREE
    return truth(flow, Frame(function, function.path, condition[2], frame), returned[0])


def _bit(flow: Flow, frame: Frame, condition: Expr) -> str:
    """A bit that is set only where the entry says so."""
    key = flow.places.key(condition[2][1], frame)[0]
    found = []
    for name in ("set_bit", "__set_bit"):
        for inner, event in flow.places.calls(name):
            same = len(event.right) == 2 and event.right[0] == condition[2][0]
            if same and flow.places.key(event.right[1], inner)[0] == key:
                found.append(holds(flow, inner, event.guards))
    best = max(found, key=_RANK.__getitem__, default=FREE)
    return FREE if best == YES else best


def _both(word: str, one: str, other: str) -> str:
    stop = NO if word == "&&" else YES
    if stop in (one, other):
        return stop
    if VARIANT in (one, other):
        return VARIANT
    return FREE if FREE in (one, other) else _NOT[stop]


def _compatible(flow: Flow, name: Expr) -> str:
    if name[0] == "str":
        return YES if name[1] == flow.match.compatible else VARIANT
    return VARIANT


def _from_data(flow: Flow, frame: Frame, expr: Expr) -> tuple[str, set[int]]:
    """The numbers that an expression is by the matched entry; FREE if it is from elsewhere."""
    if not any(_is_data(flow, frame, one) for one in _operands(expr)):
        return FREE, set()
    values = [one for one in flow.values(expr, frame) if passed(flow, one)]
    if not values and expr[0] == "field" and flow.beyond(expr[1], frame):
        return YES, {0}
    numbers = {value.expr[1] for value in values if value.expr[0] == "num"}
    if len(numbers) > 1 and not any(value.sure for value in values):
        return FREE, set()  # one of a table's elements, which is chosen at run time
    if any(value.expr[0] not in ("num", "init", "str", "id") for value in values):
        return FREE, set()
    others = [value for value in values if value.expr[0] != "num"]
    if others:
        # A pointer, which is NULL only before it is set.
        return (FREE, set()) if numbers else (YES, {1})
    return (YES if len(numbers) == 1 else VARIANT), numbers


def _is_data(flow: Flow, frame: Frame, expr: Expr, depth: int = 0) -> bool:
    """A member of a table that the entry names, or what such a member was copied to."""
    if expr[0] == "call" and expr[1][0] == "id" and expr[1][1] in MATCH_DATA:
        return True
    if expr[0] == "field":
        place, tag = flow.places.type(expr[1], frame)
        found = flow.source.struct(place, tag) if tag else None
        if found is not None and (found[0], tag) in flow.variants():
            return True
    if expr[0] not in ("field", "id") or depth > 2:
        return False
    copied = flow.assigned(expr, frame)
    return any(
        _is_data(flow, inner, one, depth + 1) for value, inner in copied for one in _operands(value)
    )


def _operands(expr: Expr) -> list[Expr]:
    """What an expression is computed from; of a call, the call itself."""
    if expr[0] in ("bin", "un", "cast", "cond", "asg"):
        return [inner for part in parts(expr) for inner in _operands(part)]
    return [expr]


def _value(flow: Flow, frame: Frame, expr: Expr) -> str:
    kind, numbers = _from_data(flow, frame, expr)
    if kind != YES:
        return kind
    return YES if numbers != {0} else NO


def _compared(flow: Flow, frame: Frame, condition: Expr) -> str:
    one, other = (_from_data(flow, frame, side) for side in condition[2:4])
    if one[0] == FREE and other[0] == FREE:
        return FREE
    sides = []
    for found, side in ((one, condition[2]), (other, condition[3])):
        numbers = found[1]
        if found[0] == FREE:
            number = flow.number(side, frame)
            if number is None:
                return FREE
            numbers = {number}
        sides.append(numbers)
    compare = _COMPARE[condition[1]]
    results = {bool(compare(left, right)) for left in sides[0] for right in sides[1]}
    if len(results) != 1:
        return VARIANT
    return YES if results.pop() else NO


_COMPARE: dict[str, Callable[[int, int], object]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
    "&": operator.and_,
}


def _case(flow: Flow, frame: Frame, condition: Expr) -> str:
    kind, numbers = _from_data(flow, frame, condition[1])
    if kind == FREE:
        return FREE
    _, _, values, others = condition
    cases, rest = (
        [flow.number(one, frame) for one in listed if one != UNKNOWN] for listed in (values, others)
    )
    if kind == VARIANT or len(numbers) != 1 or None in (*cases, *rest):
        return VARIANT
    number = next(iter(numbers))
    if number in cases or number in rest:
        return YES if number in cases else NO
    return YES if UNKNOWN in values else NO
