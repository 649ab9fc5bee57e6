"""Texts that a format makes of what is put into it."""

import re
from collections.abc import Sequence

from .ir import UNKNOWN, Expr
from .values import NOBODY, Value

_CONVERSION = re.compile(r"%[0-9.]*(?:l|ll|z|h)?([sdiux])")
_MANY = 64
#: A number that is not known is one of so many channels of a device.
_FEW = 8


def made(text: str, given: Sequence[list[Value]], names: set[str]) -> list[tuple[Expr, bool]]:
    """The texts that a format may make, and whether each is sure.

    With a number in it, it has to be one of the names that device trees use, if these are known.
    """
    pieces = _CONVERSION.split(text)
    texts, sure = [pieces[0]], True
    for at, (kind, rest) in enumerate(zip(pieces[1::2], pieces[2::2], strict=True)):
        choices = _choices(kind, given[at] if at < len(given) else [])
        sure = sure and (len(choices) == 1 or kind != "s")
        texts = [text + choice + rest for text in texts for choice in choices][:_MANY]
    asked = bool(names) and (len(texts) > 1 or any(kind != "s" for kind in pieces[1::2]))
    used = [text for text in texts if text in names] if asked else texts
    found: list[tuple[Expr, bool]] = [(("str", text), sure) for text in used]
    return [(NOBODY, sure)] if texts and not used else found


def _choices(kind: str, given: list[Value]) -> list[str]:
    exprs: list[Expr] = [value.expr for value in given]
    if kind == "s":
        return [expr[1] for expr in exprs if expr[0] == "str"]
    numbers = [str(expr[1]) for expr in exprs if expr[0] == "num"]
    if not numbers or UNKNOWN in exprs:
        return [str(number) for number in range(_FEW)]
    return numbers
