"""Whether the conditions on the way to a call hold for one compatible."""

from .calls import MATCH_DATA
from .flow import Flow
from .ir import Expr, Guard, every
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


def truth(flow: Flow, frame: Frame, condition: Expr) -> str:
    """What is known of one condition."""
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
    if form in ("field", "id"):
        return _value(flow, frame, condition)
    return FREE


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
    if not any(_is_data(flow, frame, one) for one in every(expr)):
        return FREE, set()
    values = flow.values(expr, frame)
    numbers = {value.expr[1] for value in values if value.expr[0] == "num"}
    pointers = [value for value in values if value.expr[0] in ("init", "str", "id")]
    if pointers and not numbers:
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
    return len(copied) == 1 and any(
        _is_data(flow, inner, one, depth + 1) for value, inner in copied for one in every(value)
    )


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
