"""What decides a condition that the data of the compatible's entry does not: the node, or run time.

A condition on a property of the node, or on another clock that need not be there, says that the
call is made on some devices only. One on what is known at run time says when it is made.
"""

import re
from dataclasses import dataclass

from .calls import PROPERTY, SAME, get
from .flow import Flow
from .ir import UNKNOWN, Event, Expr, Function, Guard, identifiers
from .places import Frame

#: What is known of a condition: true, false, that the variant or the node of the device decides, or
#: nothing.
YES, NO, VARIANT, NODE, FREE = "yes", "no", "variant", "node", "free"
RANK = {NO: 0, VARIANT: 1, NODE: 1, FREE: 2, YES: 2}
NOT = {YES: NO, NO: YES, VARIANT: VARIANT, NODE: NODE, FREE: FREE}

_DEEP = 6
_NESTED = 4
_MANY = 400
_COMPARED = ("==", "!=", "<", ">", "<=", ">=", "&")
_CONSTANT = "constant"
_ERRORS = {"IS_ERR", "IS_ERR_OR_NULL", "PTR_ERR", "PTR_ERR_OR_ZERO"}
_TEXTS = {"strcmp", "strncmp", "strcasecmp", "strncasecmp", "sysfs_streq", "strstr", "streq"}
_FLAGS = (("num", 0), ("num", 1), UNKNOWN)
_HANDLES = {"clk", "regulator"}
#: Functions that run once for a device.
_ONCE = re.compile(r"probe|init|register|create|setup|bind|attach|parse")


@dataclass(frozen=True)
class Point:
    """Where a condition stands: what holds there, how many events of the function are before."""

    frame: Frame
    context: tuple[Guard, ...]
    at: int
    event: Event | None = None  #: what happens if the condition holds


@dataclass(frozen=True)
class _Given:
    """What a place was set to, and where."""

    value: Expr
    frame: Frame
    event: Event | None

    def point(self) -> Point:
        """Where it was set."""
        function = self.frame.function
        if self.event is None or function is None or self.event not in function.events:
            return Point(self.frame, (), 0)
        return Point(self.frame, self.event.guards, function.events.index(self.event))


def depends(flow: Flow, point: Point, condition: Expr, wanted: bool) -> str:
    """NODE or VARIANT for what that decides, NO for what is never true, FREE for anything else.

    A number or a word of the node that only has to be another one is no condition: it is as good
    as always so.
    """
    differs = ("bin", "!=" if wanted else "==")
    if condition[:2] == differs and condition[3] != ("num", 0):
        return FREE
    key = condition, point.frame, point.at, flow.own, flow.others
    if key not in flow.depends:
        flow.depends[key] = FREE  # of a condition that depends on itself
        if flow.nested < _NESTED:
            flow.asked = flow.asked if flow.nested else 0
            flow.nested += 1
            found = _truthy(flow, point, condition, 0)
            flow.nested -= 1
            flow.depends[key] = FREE if found == YES else found
    return flow.depends[key]


def _far(flow: Flow, depth: int) -> bool:
    """Whether the answer is too far away: then nothing is known."""
    flow.asked += 1
    return depth > _DEEP or flow.asked > _MANY


def _truthy(flow: Flow, point: Point, expr: Expr, depth: int) -> str:
    """Whether an expression may be anything but zero."""
    form = expr[0]
    if _far(flow, depth):
        return FREE
    if form == "num":
        return YES if expr[1] else NO
    if form == "un":
        found = _truthy(flow, point, expr[2], depth + 1)
        return NOT[found] if expr[1] == "!" else found
    if form == "case":
        return _compared(flow, point, expr[1], ("num", 0), depth)
    if form == "bin":
        return _of_two(flow, point, expr, depth)
    if form == "cond":
        first = expr[1] if expr[2] is None else expr[2]
        both = [_truthy(flow, point, one, depth + 1) for one in (first, expr[3])]
        return max(both, key=RANK.__getitem__)
    if form in ("cast", "asg"):
        return _truthy(flow, point, expr[-1], depth + 1)
    if form == "call" and expr[1][0] == "id":
        return _called(flow, point, expr, depth)
    if form in ("id", "field", "idx", "deref"):
        return _held(flow, point, expr, depth)
    return FREE


def _of_two(flow: Flow, point: Point, expr: Expr, depth: int) -> str:
    word, left, right = expr[1:4]
    if word == ",":
        return _truthy(flow, point, right, depth + 1)
    if word in ("!=", ">") and right == ("num", 0):
        return _truthy(flow, point, left, depth + 1)
    if word == "==" and right == ("num", 0):
        return NOT[_truthy(flow, point, left, depth + 1)]
    if word == "&" and (marked := _marked(flow, point, left, right)):
        return marked
    if word in _COMPARED:
        return _compared(flow, point, left, right, depth)
    if word in ("&&", "||"):
        both = [_truthy(flow, point, one, depth + 1) for one in (left, right)]
        return (min if word == "&&" else max)(both, key=RANK.__getitem__)
    both = [_nature(flow, point, one, depth + 1) for one in (left, right)]
    return NODE if NODE in both and FREE not in both else FREE


def _marked(flow: Flow, point: Point, place: Expr, mask: Expr) -> str:
    """Where a bit is set one by one: whether it is, "" for a number that is not made so."""
    given = _settings(flow, point, place)
    marks = [one for one in given if one.value[0] == "or"]
    if not marks:
        return ""
    ours = [one for one in marks if identifiers(one.value) & identifiers(mask)]
    if not ours or any(one.value[0] not in ("or", "num") for one in given):
        return FREE
    return max((_way(flow, one, point) for one in ours), key=RANK.__getitem__)


def _compared(flow: Flow, point: Point, left: Expr, right: Expr, depth: int) -> str:
    """NODE where a number of the node is compared with one that does not change."""
    both = [_nature(flow, point, one, depth + 1) for one in (left, right)]
    return NODE if NODE in both and FREE not in both else FREE


def _nature(flow: Flow, point: Point, expr: Expr, depth: int) -> str:
    """NODE for what a property says, a constant, or FREE."""
    if _far(flow, depth):
        return FREE
    form = expr[0]
    if form in ("num", "str"):
        return _CONSTANT
    if form in ("cast", "un", "asg"):
        return _nature(flow, point, expr[-1], depth + 1)
    if form == "bin":
        both = [_nature(flow, point, one, depth + 1) for one in expr[2:4]]
        return FREE if FREE in both else NODE if NODE in both else _CONSTANT
    if form == "call" and expr[1][0] == "id":
        return NODE if _called(flow, point, expr, depth + 1) == NODE else FREE
    if form not in ("id", "field", "idx", "deref"):
        return FREE
    if form == "id" and (
        expr[1].isupper() or flow.source.constant(point.frame.path, expr[1]) != UNKNOWN
    ):
        return _CONSTANT
    given = _settings(flow, point, expr)
    if not given:
        return FREE
    natures = set()
    for one in given:
        natures.add(_nature_given(flow, one, point, depth))
        if FREE in natures:
            return FREE
    return NODE if NODE in natures else _CONSTANT


def _nature_given(flow: Flow, one: _Given, point: Point, depth: int) -> str:
    found = _nature(flow, one.point(), one.value, depth + 1)
    return NODE if found == _CONSTANT and _way(flow, one, point) == NODE else found


def _called(flow: Flow, point: Point, expr: Expr, depth: int) -> str:
    name, arguments = expr[1][1], expr[2]
    if PROPERTY.fullmatch(name):
        return FREE if any(_own(one) for one in arguments) else NODE
    if name in _ERRORS and arguments:
        return _handle(flow, point, arguments[0], tested=True)
    if get(name) is not None:
        return _handle(flow, point, expr)
    if name in _TEXTS and len(arguments) > 1:
        return _compared(flow, point, arguments[0], arguments[1], depth)
    if name in SAME and len(arguments) > SAME[name]:
        return _truthy(flow, point, arguments[SAME[name]], depth + 1)
    functions = flow.source.defined(point.frame.path, name)
    if not functions:
        inner = flow.source.expanded(point.frame.path, expr)
        return FREE if inner == UNKNOWN else _truthy(flow, point, inner, depth + 1)
    reached = [one for one in functions if (one.path, one.name) in flow.reach.functions]
    if len(reached) != 1 or point.frame.depth > _DEEP:
        return FREE
    return _among(flow, _returned(reached[0], arguments, point.frame), point, depth)


def _own(expr: Expr) -> bool:
    """A property that says which clocks and supplies there are."""
    return expr[0] == "str" and (
        expr[1] in ("clocks", "clock-names") or expr[1].endswith("-supply")
    )


def _returned(function: Function, arguments: tuple[Expr, ...], frame: Frame) -> list[_Given]:
    inner = Frame(function, function.path, arguments, frame)
    return [_Given(one.right, inner, one) for one in function.events if one.kind == "ret"]


def _held(flow: Flow, point: Point, expr: Expr, depth: int) -> str:
    if flow.places.type(expr, point.frame)[1] in _HANDLES:
        return _handle(flow, point, expr)
    return _among(flow, _settings(flow, point, expr), point, depth)


def _among(flow: Flow, given: list[_Given], point: Point, depth: int) -> str:
    """Whether one of several values is not zero: the one that is so in most cases."""
    best, barred = NO, False
    if any(_defaults(one) for one in given) and any(_reads(one) for one in given):
        return FREE  # a default where there is no property
    for one in given:
        value = _truthy(flow, one.point(), one.value, depth + 1)
        way = value if value == NO else _way(flow, one, point)
        barred |= value != NO and way == NO
        best = max(best, min(value, way, key=RANK.__getitem__), key=RANK.__getitem__)
        if RANK[best] == RANK[FREE]:
            return FREE
    if best == NO:
        return NO if barred else FREE
    return best


def _defaults(one: _Given) -> bool:
    """A number that is set under a condition; a flag is none."""
    value = one.value
    return one.event is not None and value[0] != "call" and value not in _FLAGS


def _reads(one: _Given) -> bool:
    """A number that a property is read into."""
    value = one.value
    return bool(value[0] == "call" and one.event is not None and one.event.right == value[2])


def _way(flow: Flow, one: _Given, point: Point) -> str:
    """Whether a value is set for the compatible, where the conditions of a point hold."""
    if one.event is None:
        return YES
    rest = one.event.guards
    if one.frame.function is point.frame.function:
        rest = tuple(guard for guard in rest if guard not in point.context)
    found = YES if flow.holds is None else flow.holds(flow, one.frame, rest)
    function = one.frame.function
    if found != NO and function is not None and function is not point.frame.function:
        return found if _ONCE.search(function.name) else YES  # else set while it runs
    return found


def takers(flow: Flow, handle: Expr, frame: Frame) -> frozenset[Expr]:
    """The calls that took a handle."""
    values = flow.values(handle, frame)
    calls = [one.expr for one in values if one.expr[0] == "call" and one.expr[1][0] == "id"]
    return frozenset(one for one in calls if get(one[1][1]) is not None)


def _handle(flow: Flow, point: Point, expr: Expr, tested: bool = False) -> str:
    """NODE for another clock or supply that need not be there."""
    values = flow.values(expr, point.frame)
    taken = [one for one in values if one.expr[0] == "call" and get(one.expr[1][1]) is not None]
    if not taken or any(one.expr in flow.own for one in taken) or _takes(flow, point, expr):
        return FREE
    absent = any(one.expr == ("num", 0) for one in values)
    optional = all("_optional" in one.expr[1][1] for one in taken)
    tested = tested and not any(one.expr in flow.others for one in taken)
    return NODE if tested or absent or optional else FREE


def _takes(flow: Flow, point: Point, expr: Expr) -> bool:
    """Whether what happens under a condition on a handle is that it is taken."""
    event = point.event
    if event is None or event.kind != "call" or event.left[0] != "id":
        return False
    places = flow.places.assigned.get(flow.places.key(expr, point.frame)[0], ())
    return any(
        one.frame.function is not None and one.frame.function.name == event.left[1]
        for one in places
    )


def _settings(flow: Flow, point: Point, expr: Expr) -> list[_Given]:
    """What a place may have been set to when a point is reached."""
    frame = point.frame
    function = frame.function
    if expr[0] == "id" and function is not None and expr[1] in function.variables:
        if expr[1] in dict(frame.bound):
            return []
        found, whole = _reaching(point, expr[1])
        names = [one for one, _ in function.parameters]
        if not whole and expr[1] in names:
            found += _passed(flow, frame, function, names.index(expr[1]))
        return found
    key = flow.places.key(expr, frame)[0]
    found = [
        _Given(one.value, one.frame, one.event)
        for one in flow.places.assigned.get(key, ())
        if not _later(point, one.frame, one.event)
    ]
    found += [
        _Given(("call", event.left, event.right), inner, event)
        for inner, event in flow.places.read.get(key, ())
    ]
    return found


def _later(point: Point, frame: Frame, event: Event | None) -> bool:
    """Whether something happens after a point of a function that runs once."""
    function = frame.function
    if function is None or function is not point.frame.function or event is None:
        return False
    if not _ONCE.search(function.name) or event not in function.events:
        return False
    return function.events.index(event) >= point.at


def _passed(flow: Flow, frame: Frame, function: Function, at: int) -> list[_Given]:
    """What callers pass for a parameter."""
    if frame.arguments is not None and frame.caller is not None:
        if at >= len(frame.arguments):
            return []
        return [_Given(frame.arguments[at], frame.caller, None)]
    callers, whole = flow.places.callers(function)
    found = [
        _Given(event.right[at], caller, event) for caller, event in callers if at < len(event.right)
    ]
    return found if whole else [*found, _Given(UNKNOWN, frame, None)]


def _reaching(point: Point, name: str) -> tuple[list[_Given], bool]:
    """What a variable of the function was set to last, and whether it surely was."""
    function = point.frame.function
    found: list[_Given] = []
    if function is None:
        return found, False
    for event in reversed(function.events[: point.at]):
        if event.kind == "asg" and event.left == ("id", name):
            found.append(_Given(event.right, point.frame, event))
            if all(guard in point.context for guard in event.guards):
                return found, True
        elif event.kind == "call" and ("addr", ("id", name)) in event.right:
            found.append(_Given(_through(event), point.frame, event))
    return found, False


def _through(event: Event) -> Expr:
    """What a call that is given the address of a variable sets it to."""
    known = event.left[0] == "id" and PROPERTY.fullmatch(event.left[1])
    return ("call", event.left, event.right) if known else UNKNOWN
