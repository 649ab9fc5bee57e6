"""C text to tokens, in logical lines."""

import re
from collections.abc import Iterator

from scmigen.csource.integers import literal
from scmigen.diagnostics import Position
from scmigen.hints import Final
from scmigen.patterns import pattern
from scmigen.tuples import NamedTuple

NAME: Final = "name"
NUMBER: Final = "number"
STRING: Final = "string"
CHARACTER: Final = "character"
PUNCTUATION: Final = "punctuation"

_NOTHING: frozenset[str] = frozenset()


class Token(NamedTuple):
    """A token: ``space`` before it, and the macros that it must not be expanded by. A token of a
    macro's body has the place where the macro is used."""

    kind: str
    text: str
    file: str
    line: int
    space: bool = False
    hidden: frozenset[str] = _NOTHING

    @property
    def position(self) -> Position:
        """Where it is."""
        return Position(self.file, self.line)


class Line(NamedTuple):
    """A logical line; ``directive``: its first token was ``#``, which is left out."""

    directive: bool
    tokens: list[Token]


_TOKEN = pattern(
    r"""(?P<newline>\n)
    |(?P<blank>[ \t\f\v\r]+|\\\r?\n|//[^\n]*)
    |(?P<comment>/\*.*?(?:\*/|\Z))
    |(?P<name>[A-Za-z_$][\w$]*)
    |(?P<number>\.?[0-9](?:[eEpP][+-]|[\w.])*)
    |(?P<string>"(?:[^"\\\n]|\\.)*")
    |(?P<character>'(?:[^'\\\n]|\\.)*')
    |(?P<punctuation>\.\.\.|<<=|>>=|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|\#\#|.)""",
    re.VERBOSE | re.DOTALL,
)


def lines(text: str, file: str) -> Iterator[Line]:
    """The logical lines of a source that have tokens."""
    number, space = 1, False
    tokens: list[Token] = []
    for found in _TOKEN.finditer(text):
        kind, word = found.lastgroup, found[0]
        if kind == "newline":
            if tokens:
                yield _line(tokens)
                tokens = []
            number += 1
            space = False
        elif kind in ("blank", "comment"):
            number += word.count("\n")
            space = True
        else:
            tokens.append(Token(str(kind), word, file, number, space))
            space = False
            if kind == STRING:
                number += word.count("\n")
    if tokens:
        yield _line(tokens)


def _line(tokens: list[Token]) -> Line:
    if tokens[0].text == "#":
        return Line(True, tokens[1:])
    return Line(False, tokens)


def retoken(text: str, like: Token) -> Token | None:
    """The one token that a text is, in place of another."""
    found = _TOKEN.fullmatch(text)
    if found is None or found.lastgroup in ("newline", "blank", "comment"):
        return None
    return like._replace(kind=str(found.lastgroup), text=text)


_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_ESCAPE = pattern(r"\\(?:x([0-9A-Fa-f]{1,2})|([0-7]{1,3})|(.))", re.DOTALL)


def unquoted(text: str) -> str:
    """What a string or character literal stands for."""

    def one(found: re.Match[str]) -> str:
        if found[1]:
            return chr(int(found[1], 16))
        if found[2]:
            return chr(int(found[2], 8))
        return _ESCAPES.get(found[3], found[3])

    return _ESCAPE.sub(one, text[1:-1])


_INTEGER = pattern(r"(0[xX][0-9A-Fa-f]+|0[bB][01]+|[0-9]+)([uUlLzZ]*)")


def number_of(text: str) -> int | None:
    """The integer that a number is; None for others."""
    found = _INTEGER.fullmatch(text)
    if found is None or len(text) > 80:
        return None
    digits, suffix = found[1], found[2]
    if digits[0] != "0" or not digits.isdigit():
        return literal(int(digits, 0), suffix, decimal=digits.isdigit())
    if any(digit > "7" for digit in digits):
        return None
    return literal(int(digits, 8), suffix, decimal=False)
