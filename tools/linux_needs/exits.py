"""How a block leaves: whether with an error, as what follows takes for granted did not happen."""

import re

from .expressions import Node, expression, named
from .ir import Expr, every

_ERRORS = {"ERR_PTR", "ERR_CAST", "PTR_ERR", "dev_err_probe", "dev_err_cast_probe"}
_TOLD = re.compile(r"(dev|pr|netdev|drm|v4l2|DRM_DEV|DRM)_(err|ERROR|emerg|crit)(_\w+)?|WARN(_ON)?")
_CODES = re.compile(r"(ret|err|rc|rv|retval|error|status|result|r)\d*")
_TESTS = {"IS_ERR", "IS_ERR_OR_NULL", "PTR_ERR_OR_ZERO"}


def fails(condition: Expr, consequence: Node | None) -> bool:
    """Whether a block that leaves does so because of an error.

    What is needed for going on is then no choice: a property that the driver demands, a clock that
    it has to have.
    """
    last = consequence
    block: list[Node] = []
    while last is not None and last.type == "compound_statement":
        block = named(last)
        last = block[-1]
    if last is None or last.type not in ("return_statement", "goto_statement"):
        return False
    before = [one for node in block for one in _expressions(node)]
    if any(_calls(one, _TOLD) for one in before) or any(_sets_error(one) for one in before):
        return True
    if last.type == "goto_statement":
        return _asks_for_error(condition)
    inner = named(last)
    value = expression(inner[-1]) if inner else None
    return value is not None and _is_error(value)


def _expressions(node: Node) -> list[Expr]:
    """All expressions of a statement that is an expression."""
    if node.type != "expression_statement":
        return []
    return [one for child in named(node) for one in every(expression(child))]


def _sets_error(expr: Expr) -> bool:
    return expr[0] == "asg" and expr[1] == "=" and _is_error(expr[3]) and expr[3][0] != "id"


def _is_error(expr: Expr) -> bool:
    """An error's code, or a variable that has one."""
    if expr[0] == "num":
        return bool(expr[1] < 0)
    if expr[0] == "un":
        return bool(expr[1] == "-" and expr[2][0] == "id")
    if expr[0] == "id":
        return bool(_CODES.fullmatch(expr[1]))
    if expr[0] == "call":
        return expr[1][0] == "id" and expr[1][1] in _ERRORS
    return expr[0] == "cond" and any(_is_error(one) for one in (expr[2] or expr[1], expr[3]))


def _asks_for_error(condition: Expr) -> bool:
    """A condition that is about an error's code or an error in place of a pointer."""
    for one in every(condition):
        if one[0] == "id" and _CODES.fullmatch(one[1]):
            return True
        if one[0] == "call" and one[1][0] == "id" and one[1][1] in _TESTS:
            return True
    return False


def _calls(expr: Expr, names: re.Pattern[str]) -> bool:
    return bool(expr[0] == "call" and expr[1][0] == "id" and names.fullmatch(expr[1][1]))
