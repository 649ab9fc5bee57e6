"""Whether the conditions on the way to a call hold for one compatible."""

from .calls import MATCH_DATA
from .flow import Flow, Value
from .ir import Event, Expr, Function, Guard, parts
from .places import Frame

#: What is known of a condition: true, false, that the variant of the device decides, or nothing.
YES, NO, VARIANT, FREE = "yes", "no", "variant", "free"
_NOT = {YES: NO, NO: YES, VARIANT: VARIANT, FREE: FREE}


def holds(flow: Flow, frame: Frame, guards: tuple[Guard, ...]) -> str:
    """YES, NO or VARIANT for all conditions together."""
    result = YES
    for condition, wanted in guards:
        found = truth(flow, frame, condition)
        found = found if wanted else _NOT[found]
        if found == NO:
            return NO
        if found == VARIANT:
            result = VARIANT
    return result


_RANK = {NO: 0, VARIANT: 1, FREE: 2, YES: 2}


def lives(flow: Flow, function: Function) -> str:
    """Whether a function is called for the compatible: YES, NO or VARIANT, by all its callers."""
    if function not in flow.lives:
        flow.lives[function] = YES  # of a function that calls itself
        sites = list(flow.places.uses(function))
        found = [_site(flow, frame, event) for frame, event in sites] or [YES]
        flow.lives[function] = max(found, key=_RANK.__getitem__)
    return flow.lives[function]


def _site(flow: Flow, frame: Frame | None, event: Event | None) -> str:
    if frame is None or event is None:
        return YES
    return happens(flow, frame, event)


def happens(flow: Flow, frame: Frame, event: Event) -> str:
    """Whether an event happens for the compatible: its conditions, and the callers' conditions."""
    own = holds(flow, frame, event.guards)
    if own == NO or frame.function is None:
        return own
    outer = lives(flow, frame.function)
    return min(own, outer, key=_RANK.__getitem__)


def truth(flow: Flow, frame: Frame, condition: Expr) -> str:
    """What is known of one condition; nothing of one that depends on itself."""
    key = condition, frame
    if key not in flow.truths:
        flow.truths[key] = FREE
        flow.truths[key] = _truth(flow, frame, condition)
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
    if form in ("field", "id"):
        return _value(flow, frame, condition)
    return FREE


def passed(flow: Flow, value: Value) -> str:
    """Whether the assignments that a value came through happen for the compatible."""
    result = YES
    for frame, event in value.guarded:
        one = holds(flow, frame, event.guards)
        if one == NO:
            return one
        result = one if one != YES else result
    return result


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


def _both(operator: str, one: str, other: str) -> str:
    stop = NO if operator == "&&" else YES
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
    values = [one for one in flow.values(expr, frame) if passed(flow, one) != NO]
    numbers = {value.expr[1] for value in values if value.expr[0] == "num"}
    pointers = [value for value in values if value.expr[0] in ("init", "str", "id")]
    if values and not numbers:
        return YES, {1}
    if len(numbers) == 1 and not pointers and len(values) == 1:
        return YES, numbers
    return VARIANT, numbers


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
    operator = condition[1]
    one, other = (_from_data(flow, frame, side) for side in condition[2:4])
    if one[0] == FREE and other[0] == FREE:
        return FREE
    sides = []
    for found, side in ((one, condition[2]), (other, condition[3])):
        numbers = found[1] if found[0] == YES else set()
        if found[0] == FREE:
            number = flow.number(side, frame)
            if number is None:
                return FREE
            numbers = {number}
        if len(numbers) != 1:
            return VARIANT
        sides.append(next(iter(numbers)))
    left, right = sides
    results = {
        "==": left == right,
        "!=": left != right,
        "<": left < right,
        ">": left > right,
        "<=": left <= right,
        ">=": left >= right,
        "&": bool(left & right),
    }
    return YES if results[operator] else NO


def _case(flow: Flow, frame: Frame, condition: Expr) -> str:
    kind, numbers = _from_data(flow, frame, condition[1])
    if kind == FREE:
        return FREE
    cases = [flow.number(value, frame) if value[0] != "?" else None for value in condition[2]]
    if kind == VARIANT or len(numbers) != 1 or None in cases:
        return VARIANT
    return YES if next(iter(numbers)) in cases else NO
