"""Numbers and arithmetic of device tree sources: C's operators on unsigned 64-bit integers.

The macros of a board expand to the same few shapes of expression thousands of times, with different
numbers. An expression is therefore parsed once per shape (``arithmetic`` in ``values.lark``) into a
program for a stack machine, which is then run with the numbers of each place. Both operands of
every operator are evaluated, as in dtc, so a division by zero is always an error.
"""

import operator
import re
from collections.abc import Callable, Iterable

from scmigen.devicetree.lalr import Token, Tree
from scmigen.patterns import pattern

MASK = (1 << 64) - 1

#: One step of a program: how many operands it takes from the stack (none: a literal), and what
#: it makes of them.
Step = tuple[int, Callable[..., int]]
Program = tuple[Step, ...]

_ESCAPE = pattern(rb"\\(?:([0-7]{1,3})|x([0-9A-Fa-f]{1,2})|([\s\S]))")
_NAMED_ESCAPES = {
    b"a": b"\a", b"b": b"\b", b"t": b"\t", b"n": b"\n", b"v": b"\v", b"f": b"\f", b"r": b"\r",
}  # fmt: skip

_OPERATORS: dict[str, Step] = {
    "choose": (3, lambda condition, yes, no: yes if condition else no),
    "either": (2, lambda a, b: 1 if a or b else 0),
    "both": (2, lambda a, b: 1 if a and b else 0),
    "or": (2, operator.or_),
    "xor": (2, operator.xor),
    "and": (2, operator.and_),
    "equal": (2, lambda a, b: 1 if a == b else 0),
    "unequal": (2, lambda a, b: 1 if a != b else 0),
    "less": (2, lambda a, b: 1 if a < b else 0),
    "greater": (2, lambda a, b: 1 if a > b else 0),
    "at_most": (2, lambda a, b: 1 if a <= b else 0),
    "at_least": (2, lambda a, b: 1 if a >= b else 0),
    "left": (2, lambda a, b: (a << b) & MASK if b < 64 else 0),
    "right": (2, lambda a, b: a >> b if b < 64 else 0),
    "add": (2, lambda a, b: (a + b) & MASK),
    "subtract": (2, lambda a, b: (a - b) & MASK),
    "multiply": (2, lambda a, b: (a * b) & MASK),
    "divide": (2, operator.floordiv),
    "modulo": (2, operator.mod),
    "negate": (1, lambda a: -a & MASK),
    "invert": (1, lambda a: a ^ MASK),
    "not": (1, lambda a: 0 if a else 1),
}
_LITERAL: Step = (0, int)


def number(text: str) -> int:
    """The value of a literal: decimal, octal or hexadecimal with C's suffixes, or ``'c'``.

    Raises `ValueError` with a message for people where it is none or exceeds 64 bits.
    """
    if text[0] == "'":
        character = unescape(text[1:-1])
        if len(character) != 1:
            raise ValueError(f"{text} is {len(character)} bytes, a character is one")
        return character[0]
    digits = text.rstrip("UL")
    base = 16 if digits[1:2] in ("x", "X") else 8 if digits[0] == "0" else 10
    if len(digits) > 64:
        raise ValueError(f"{digits[:16]}… does not fit in 64 bits")
    try:
        value = int(digits, base)
    except ValueError:
        raise ValueError(f"{text} is not an octal number (it starts with 0)") from None
    if value > MASK:
        raise ValueError(f"{text} does not fit in 64 bits")
    return value


def unescape(text: str) -> bytes:
    """The bytes of a quoted text, C's escapes resolved. Raises `ValueError` for a bare \\x."""
    if "\\" not in text:
        return text.encode()
    return _ESCAPE.sub(_unescaped, text.encode())


def _unescaped(found: re.Match[bytes]) -> bytes:
    octal, hexadecimal, character = found.groups()
    if octal:
        return bytes((int(octal, 8) & 0xFF,))
    if hexadecimal:
        return bytes((int(hexadecimal, 16),))
    if character == b"x":
        raise ValueError("\\x needs hexadecimal digits")
    return _NAMED_ESCAPES.get(character, bytes(character))


def compile_tree(tree: Tree | Token) -> tuple[Program, list[Token]]:
    """The program of a parsed expression, and its literals in the order the program takes them."""
    steps: list[Step] = []
    literals: list[Token] = []
    stack: list[Tree | Token] = [tree]
    # Last operand first, the operator before its operands: the reverse is what the machine wants.
    while stack:
        part = stack.pop()
        if isinstance(part, Token):
            literals.append(part)
            steps.append(_LITERAL)
        else:
            if part.data != "arithmetic":
                steps.append(_OPERATORS[part.data])
            stack.extend(part.children)
    return tuple(reversed(steps)), literals[::-1]


def run(program: Program, literals: Iterable[int]) -> int:
    """What the program makes of the literals. Raises `ZeroDivisionError`."""
    stack: list[int] = []
    waiting = iter(literals)
    for operands, function in program:
        if not operands:
            stack.append(next(waiting))
        elif operands == 2:
            right = stack.pop()
            stack[-1] = function(stack[-1], right)
        elif operands == 1:
            stack[-1] = function(stack[-1])
        else:
            no, yes = stack.pop(), stack.pop()
            stack[-1] = function(stack[-1], yes, no)
    return stack[0]
