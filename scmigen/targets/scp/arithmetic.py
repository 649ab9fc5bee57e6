"""Integer expressions of C, as far as two of them can be told to be the same.

`canonical` gives a number where one comes out, and otherwise a text that is the same for operands
in another order: ``A + 1`` and ``1 + A``. What it does not know is left as it is written; a
difference that it sees may be none, but what it takes for equal is.
"""

from collections.abc import Callable, Mapping
from operator import add, and_, lshift, mul, or_, rshift

from scmigen.hints import Final
from scmigen.patterns import pattern

_TOKEN: Final = pattern(r"\s*(<<|>>|[-+*/|&~(),]|\w+)")
_NUMBER: Final = pattern(r"(0[xX][0-9a-fA-F]+|[0-9]+)[uUlL]*")
_CONSTANT: Final = pattern(r"U?INT(?:[0-9]{1,2}|MAX)_C")
#: Levels of parentheses and signs; and the longest text, which any product has in one line.
_DEEPEST: Final = 32
_LONGEST: Final = 1000
_WIDTH: Final = 32

#: A number, a name, or an operator or function with its operands.
Value = int | str | tuple["Value", ...]
#: Operators whose operands may have any order, with the number that changes nothing.
_COMMUTING: Final[Mapping[str, tuple[Callable[[int, int], int], int]]] = {
    "|": (or_, 0),
    "&": (and_, -1),
    "+": (add, 0),
    "*": (mul, 1),
}
_SHIFTS: Final[Mapping[str, Callable[[int, int], int]]] = {"<<": lshift, ">>": rshift}
#: From the loosest to the tightest.
_LEVELS: Final = (("|",), ("&",), ("<<", ">>"), ("+", "-"), ("*", "/"))


class _UnknownError(Exception):
    """The text is no expression that is understood here."""


class _Parser:
    def __init__(self, tokens: list[str], constants: Mapping[str, int]) -> None:
        self._tokens = tokens
        self._constants = constants
        self._at = 0
        self._depth = 0

    def _next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self, wanted: str = "") -> str:
        token = self._next()
        if not token or (wanted and token != wanted):
            raise _UnknownError
        self._at += 1
        return token

    def whole(self) -> Value:
        found = self._binary(0)
        if self._next():
            raise _UnknownError
        return found

    def _binary(self, level: int) -> Value:
        if level == len(_LEVELS):
            return self._unary()
        found = self._binary(level + 1)
        while self._next() in _LEVELS[level]:
            operator = self._take()
            found = _apply(operator, found, self._binary(level + 1))
        return found

    def _unary(self) -> Value:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _UnknownError
        found = self._signed()
        self._depth -= 1
        return found

    def _signed(self) -> Value:
        token = self._take()
        if token == "-":
            return _apply("*", -1, self._unary())
        if token == "+":
            return self._unary()
        if token == "~":  # of a number it depends on the type
            return ("~", self._unary())
        if token == "(":
            found = self._binary(0)
            self._take(")")
            return found
        return self._word(token)

    def _word(self, word: str) -> Value:
        number = _NUMBER.fullmatch(word)
        if number is not None:
            digits = number[1]
            octal = len(digits) > 1 and digits.isdigit() and digits[0] == "0"
            if octal and set(digits) & set("89"):
                raise _UnknownError
            return int(digits, 8 if octal else 0)
        if not (word[0].isalpha() or word[0] == "_"):
            raise _UnknownError
        if self._next() != "(":
            return self._constants.get(word, word)
        self._take("(")
        values = [self._binary(0)]
        while self._next() == ",":
            self._take()
            values.append(self._binary(0))
        self._take(")")
        if _CONSTANT.fullmatch(word) and len(values) == 1:
            return values[0]
        return (f"{word}()", *values)


def _apply(operator: str, left: Value, right: Value) -> Value:
    if operator == "-":
        return _apply("+", left, _apply("*", -1, right))
    if operator in _COMMUTING:
        return _joined(operator, left, right)
    if isinstance(left, int) and isinstance(right, int) and left >= 0:
        if operator == "/" and right > 0:
            return left // right
        if operator in _SHIFTS and 0 <= right < _WIDTH:
            return _kept(_SHIFTS[operator](left, right))
    return (operator, left, right)


def _joined(operator: str, left: Value, right: Value) -> Value:
    """Operands in one order, their numbers as one."""
    combine, neutral = _COMMUTING[operator]
    number, others = neutral, []
    for value in (left, right):
        same = isinstance(value, tuple) and value[0] == operator
        for part in value[1:] if isinstance(value, tuple) and same else (value,):
            if isinstance(part, int):
                number = _kept(combine(number, part))
            else:
                others.append(part)
    if not others:
        return number
    if number == neutral and len(others) == 1:
        return others[0]
    return (operator, number, *sorted(others, key=repr))


def _kept(number: int) -> int:
    """A number that C's types of 32 bits have; a larger one they might have cut."""
    if not -(1 << _WIDTH - 1) <= number < 1 << _WIDTH:
        raise _UnknownError
    return number


def _written(value: Value) -> str:
    """A value in C, each operator in parentheses of its own."""
    if not isinstance(value, tuple):
        return str(value)
    operator, operands = str(value[0]), value[1:]
    texts = [_written(operand) for operand in operands]
    if operator == "~":
        return f"(~{texts[0]})"
    if operator.endswith("()"):
        return f"({operator[:-2]}({', '.join(texts)}))"
    neutral = _COMMUTING[operator][1] if operator in _COMMUTING else None
    shown = texts[1:] if operands[0] == neutral else texts
    return f"({f' {operator} '.join(shown)})"


def canonical(text: str, constants: Mapping[str, int]) -> int | str | None:
    """The number, or a text that is the same for the same expression; ``None`` if it is none that
    is understood. ``constants`` are the names that have a number."""
    if len(text) > _LONGEST:
        return None
    tokens: list[str] = []
    at = 0
    while at < len(text.rstrip()):
        found = _TOKEN.match(text, at)
        if found is None:
            return None
        tokens.append(found[1])
        at = found.end()
    try:
        value = _Parser(tokens, constants).whole()
    except _UnknownError:
        return None
    return value if isinstance(value, int) else _written(value).removeprefix("(").removesuffix(")")
