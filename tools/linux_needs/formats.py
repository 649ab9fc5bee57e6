"""Texts that a format makes of what is put into it."""

import re
from collections.abc import Sequence

from .ir import UNKNOWN, Expr
from .values import Value

_CONVERSION = re.compile(r"%[0-9.]*(?:l|ll|z|h)?([sdiux])")
_MANY = 64
#: A number that is not known is one of so many channels of a device.
_FEW = 8


def made(text: str, given: Sequence[list[Value]]) -> tuple[list[str], bool, bool]:
    """The texts that a format may make, whether it is sure, and whether numbers are in them."""
    pieces = _CONVERSION.split(text)
    texts, sure = [pieces[0]], True
    for at, (kind, rest) in enumerate(zip(pieces[1::2], pieces[2::2], strict=True)):
        choices = _choices(kind, given[at] if at < len(given) else [])
        sure = sure and (len(choices) == 1 or kind != "s")
        texts = [text + choice + rest for text in texts for choice in choices][:_MANY]
    return texts, sure, any(kind != "s" for kind in pieces[1::2])


def _choices(kind: str, given: list[Value]) -> list[str]:
    exprs: list[Expr] = [value.expr for value in given]
    if kind == "s":
        return [expr[1] for expr in exprs if expr[0] == "str"]
    numbers = [str(expr[1]) for expr in exprs if expr[0] == "num"]
    if not numbers or UNKNOWN in exprs:
        return [str(number) for number in range(_FEW)]
    return numbers
