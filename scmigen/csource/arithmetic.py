"""Whole numbers in C expressions."""

from collections.abc import Callable, Mapping

from scmigen.csource.limits import MAX_NUMBER, MAX_SHIFT
from scmigen.csource.tree import Binary, Conditional, Expression, Number, Unary


def _divided(left: int, right: int) -> int | None:
    if right == 0:
        return None
    whole = abs(left) // abs(right)
    return whole if (left < 0) == (right < 0) else -whole


def _remainder(left: int, right: int) -> int | None:
    whole = _divided(left, right)
    return None if whole is None else left - whole * right


def _shifted(left: int, right: int) -> int | None:
    return left << right if 0 <= right <= MAX_SHIFT else None


def _shifted_back(left: int, right: int) -> int | None:
    # What is shifted in for a negative number, the width decides.
    return left >> right if 0 <= right <= MAX_SHIFT and left >= 0 else None


#: Operators on two numbers; None where there is no such number.
OPERATORS: Mapping[str, Callable[[int, int], int | None]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": _divided,
    "%": _remainder,
    "<<": _shifted,
    ">>": _shifted_back,
    "&": lambda left, right: left & right,
    "|": lambda left, right: left | right,
    "^": lambda left, right: left ^ right,
    "==": lambda left, right: int(left == right),
    "!=": lambda left, right: int(left != right),
    "<": lambda left, right: int(left < right),
    ">": lambda left, right: int(left > right),
    "<=": lambda left, right: int(left <= right),
    ">=": lambda left, right: int(left >= right),
}
SIGNS: Mapping[str, Callable[[int], int]] = {
    "-": lambda value: -value,
    "+": lambda value: value,
    "~": lambda value: ~value,
    "!": lambda value: int(not value),
}


def combined(operator: str, left: int, right: int) -> int | None:
    """The result of an operator of `OPERATORS`; None where there is none, or it is too large."""
    value = OPERATORS[operator](left, right)
    return value if value is not None and -MAX_NUMBER <= value <= MAX_NUMBER else None


def whole_of(expression: Expression) -> int | None:
    """The value of a preprocessor's condition, where names that are left stand for 0."""
    if isinstance(expression, Number):
        return expression.value
    if isinstance(expression, Unary):
        value = whole_of(expression.operand)
        sign = SIGNS.get(expression.operator)
        return None if value is None or sign is None else sign(value)
    if isinstance(expression, Conditional):
        condition = whole_of(expression.condition)
        return whole_of(expression.yes if condition else expression.no)
    if not isinstance(expression, Binary):
        return 0
    left = whole_of(expression.left)
    if expression.operator == "&&" and not left:
        return 0
    if expression.operator == "||" and left:
        return 1
    right = whole_of(expression.right)
    if left is None or right is None:
        return None
    if expression.operator in ("&&", "||"):
        return int(bool(right))
    return combined(expression.operator, left, right) if expression.operator in OPERATORS else None
