"""Whole numbers in C expressions."""

from collections.abc import Callable, Mapping

from scmigen.csource.integers import (
    LONGEST,
    UNSIGNED_LONGEST,
    Form,
    UnsignedLongest,
    common,
    cut,
    fits,
    forms_of,
    pairs,
    typed,
)
from scmigen.csource.tokens import CHARACTER
from scmigen.csource.tree import Binary, Conditional, Expression, Name, Number, Unary


def _divided(left: int, right: int) -> int | None:
    if right == 0:
        return None
    whole = abs(left) // abs(right)
    return whole if (left < 0) == (right < 0) else -whole


def _remainder(left: int, right: int) -> int | None:
    whole = _divided(left, right)
    return None if whole is None else left - whole * right


#: Operators on two numbers of one type; None where there is no such number.
_ARITHMETIC: Mapping[str, Callable[[int, int], int | None]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": _divided,
    "%": _remainder,
    "&": lambda left, right: left & right,
    "|": lambda left, right: left | right,
    "^": lambda left, right: left ^ right,
}
_COMPARISONS: Mapping[str, Callable[[int, int], bool]] = {
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    ">": lambda left, right: left > right,
    "<=": lambda left, right: left <= right,
    ">=": lambda left, right: left >= right,
}
_SHIFTS = ("<<", ">>")
OPERATORS = frozenset((*_ARITHMETIC, *_COMPARISONS, *_SHIFTS))
SIGNS = frozenset("-+~!")


def _computed(operator: str, left: int, right: int, form: Form) -> int | None:
    """The result in one type; None where C has none."""
    value = _ARITHMETIC[operator](cut(left, form), cut(right, form))
    if value is None or (form[1] and not fits(value, form)):
        return None
    return cut(value, form)


def _shifted(operator: str, left: int, right: int, form: Form) -> int | None:
    left = cut(left, form)
    if not 0 <= right < form[0]:
        return None
    if operator == "<<":
        # Into the sign, as compilers do; past it there is no result.
        return (
            cut(left << right, form)
            if not form[1] or fits(left << right, (form[0], False))
            else None
        )
    # What is shifted in for a negative number, the compiler decides.
    return left >> right if left >= 0 else None


def combined(operator: str, left: int, right: int) -> int | None:
    """The result of an operator of `OPERATORS`; None where there is none, or where it depends on
    how wide the types are on a target."""
    results: dict[int | None, list[Form]] = {}
    for one, other in pairs(left, right):
        form = one if operator in _SHIFTS else common(one, other)
        value: int | None
        if operator in _SHIFTS:
            value = _shifted(operator, left, right, form)
        elif operator in _COMPARISONS:
            value = int(_COMPARISONS[operator](cut(left, form), cut(right, form)))
        else:
            value = _computed(operator, left, right, form)
        results.setdefault(value, []).append(form)
    if len(results) != 1:
        return None
    value, forms = results.popitem()
    if value is None or operator in _COMPARISONS:
        return value
    return typed(value, forms)


def signed(operator: str, value: int) -> int | None:
    """The result of an operator of `SIGNS`; None as for `combined`."""
    if operator == "!":
        return int(not value)
    if operator == "+":
        return value
    zero = typed(0, list(forms_of(value)))
    if operator == "-":
        return combined("-", zero, value)
    results = {cut(~cut(value, form), form) for form in forms_of(value)}
    return typed(results.pop(), list(forms_of(value))) if len(results) == 1 else None


def chosen(value: int, other: int) -> int | None:
    """One of two numbers of ``?:``, of the type that both have together; None as for `combined`."""
    forms = [common(*pair) for pair in pairs(value, other)]
    results = {cut(value, form) for form in forms}
    return typed(results.pop(), forms) if len(results) == 1 else None


def _longest(number: Number) -> int | None:
    """A number in a condition, where all types are as wide as the widest."""
    unsigned = number.at.kind != CHARACTER and "u" in number.at.text.lower()
    value = int(number.value)
    if unsigned or not fits(value, LONGEST):
        return UnsignedLongest(value) if fits(value, UNSIGNED_LONGEST) else None
    return typed(value, [LONGEST])


def whole_of(expression: Expression) -> int | None:
    """The value of a preprocessor's condition, where names that are left stand for 0; None where it
    has none."""
    if isinstance(expression, Number):
        return _longest(expression)
    if isinstance(expression, Unary):
        value = whole_of(expression.operand)
        if value is None or expression.operator not in SIGNS:
            return None
        return signed(expression.operator, value)
    if isinstance(expression, Conditional):
        condition = whole_of(expression.condition)
        if condition is None:
            return None
        yes, no = whole_of(expression.yes), whole_of(expression.no)
        value, other = (yes, no) if condition else (no, yes)
        return value if value is None or other is None else chosen(value, other)
    if isinstance(expression, Name):
        return typed(0, [LONGEST])
    return _binary(expression) if isinstance(expression, Binary) else None


def _binary(expression: Binary) -> int | None:
    left = whole_of(expression.left)
    if left is None:
        return None
    if expression.operator in ("&&", "||") and bool(left) == (expression.operator == "||"):
        return int(bool(left))
    right = whole_of(expression.right)
    if right is None:
        return None
    if expression.operator in ("&&", "||"):
        return int(bool(right))
    if expression.operator not in OPERATORS:
        return None
    return combined(expression.operator, left, right)
