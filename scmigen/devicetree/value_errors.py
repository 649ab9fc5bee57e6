"""Explains errors in values: why a text is not a value of a property."""

import re

from scmigen.devicetree.lalr import END, FLAGS, Parser, UnexpectedError
from scmigen.devicetree.regex import regex
from scmigen.tuples import NamedTuple


class Reason(NamedTuple):
    """What is wrong, where in the text, a hint, and a name there that means nothing."""

    message: str
    offset: int
    hint: str | None = None
    name: str | None = None


#: The terminals of ``values.lark`` in a user's words, in the order they are told.
_WORDS = {
    "NUMBER": "a number",
    "REFERENCE": "&label",
    "BYTE": "two hexadecimal digits",
    "STRING": '"a string"',
    "LESSTHAN": "<",
    "LSQB": "[",
    "LPAR": "(",
    "MORETHAN": ">",
    "RSQB": "]",
    "RPAR": ")",
    "PLUS": "an operator",
    "COLON": ":",
    "COMMA": ",",
    END: ";",
}
#: More than so many things that may stand somewhere help nobody.
_MANY = 4
_CLOSERS = {"<": ">", "[": "]", "(": ")"}
_WORD = regex(r"\w++|/[a-z-]++/|<<|>>|&&|\|\||[\s\S]")
_NEXT_PROPERTY = regex(
    r"\s*\n\s*(?:[A-Za-z_]\w*\s*:\s*)*[\w,.+*#?@-]*[A-Za-z#][\w,.+*#?@-]*\s*=", FLAGS
)
_FORMS = {
    "": 'values are <cells>, "strings", [bytes] and &label',
    "<": "cells are numbers, &label or (arithmetic)",
    "[": "bytes are two hexadecimal digits each",
    "(": "operators are those of C, operands are numbers",
}
_QUOTES = 'use plain double quotes: "text"'
_ARITHMETIC = "arithmetic needs parentheses: <(1 + 2)>"
_IN_CELLS = {
    **dict.fromkeys("+-*/%|^~!?", _ARITHMETIC),
    ",": "cells are separated by spaces, not by commas: <1 2>",
    '"': 'strings belong outside of the cells: <1>, "string"',
    "#": "a preprocessor directive needs a line of its own",
}
_OUTSIDE = {
    **dict.fromkeys("\u201c\u201d\u201e\xab\xbb\u2018\u2019\xb4`", _QUOTES),
    "=": "use a single =",
    "#": "a preprocessor directive needs a line of its own",
    "(": "numbers belong in cells: <1>",
}
_IS_NAME = regex(r"[A-Za-z_]\w*+", re.ASCII).fullmatch
_SIZED = regex(r"/bits/\s*+\w++").fullmatch
_A_MACRO = "a macro that no included file defines? cells are numbers, &label or (arithmetic)"


def explain(text: str, problem: UnexpectedError, parser: Parser) -> Reason:
    """The reason for what the parser raised about ``text``."""
    offset = problem.offset
    before = text[:offset].rstrip()
    string = regex(parser.terminals["STRING"], FLAGS)
    for found in string.finditer(text, 0, offset):
        if "\n" in found[0]:
            return Reason("this string is not closed", found.start())
    bracket = _open_bracket(before, string)
    if problem.kind == END:
        return _incomplete(text, problem, bracket)
    if _NEXT_PROPERTY.match(text, len(before)):
        if bracket:
            closer = _CLOSERS[bracket]
            return Reason(f"a {closer} is missing", len(before), f"and the ; after the {closer}")
        return Reason("a ; is missing after the value", len(before))
    if before.endswith((">", '"', "]")) and "\n" in text[len(before) : offset]:
        return Reason("a ; is missing after the value", len(before))
    if not bracket and text.rstrip().endswith(">") and "<" not in string.sub("", text):
        return Reason("a < is missing", len(text) - len(text.lstrip()))
    return _unexpected(text, before, problem, parser, bracket)


def _incomplete(text: str, problem: UnexpectedError, bracket: str) -> Reason:
    end = len(text.rstrip())
    if bracket and (bracket != "(" or "RPAR" in problem.expected):
        return Reason(f"a {_CLOSERS[bracket]} is missing", end)
    if not bracket and text[end - 1] == ",":
        return Reason("a value is missing after the comma", end, "or remove the comma")
    return Reason("the value is not complete", end, _expected(problem))


def _expected(problem: UnexpectedError) -> str | None:
    words = [word for name, word in _WORDS.items() if name in problem.expected]
    if not 0 < len(words) <= _MANY:
        return None
    *others, last = words
    return f"{', '.join(others)} or {last} is expected" if others else f"{last} is expected"


def _unexpected(
    text: str, before: str, problem: UnexpectedError, parser: Parser, bracket: str
) -> Reason:
    offset = problem.offset
    found = _WORD.match(text, offset)
    word = found[0] if found else text[offset]
    parts = parser.terminals
    quoted = regex(f"{parts['STRING']}|{parts['CHARACTER']}", FLAGS).match(text, offset)
    if word in ('"', "'") and quoted is None:
        return Reason(f"this {word} is not closed", offset)
    if quoted is not None and word == "'":
        what = f'a string is written "{quoted[0][1:-1]}", a character stands in cells'
        return Reason(f"unexpected {quoted[0]} in a value", offset, what)
    if bracket == "<" and word[0].isdigit():
        hint = "hexadecimal digits are 0-9 and a-f" if word[:2].lower() == "0x" else None
        return Reason(f"{word} is not a number", offset, hint)
    what = "a string" if quoted is not None else repr(word)
    hint = _hint(word, bracket, before) or _expected(problem) or _FORMS[bracket]
    name = word if bracket in ("<", "(") and _IS_NAME(word) else None
    return Reason(f"unexpected {what} in a value", offset, hint, name)


def _open_bracket(before: str, string: re.Pattern[str]) -> str:
    """The bracket that is open where ``before`` ends; in parentheses < and > are operators."""
    opened: list[str] = []
    for sign in string.sub("", before):
        top = opened[-1] if opened else ""
        if sign in "([" or (sign == "<" and top != "("):
            opened.append(sign)
        elif top and sign == _CLOSERS[top]:
            opened.pop()
    return opened[-1] if opened else ""


def _hint(word: str, bracket: str, before: str) -> str | None:
    """A hint at what is probably meant, if there is one."""
    if bracket == "[":
        return "each byte is two hexadecimal digits: [00 1f]"
    if bracket:
        return _A_MACRO if _IS_NAME(word) else _IN_CELLS.get(word) if bracket == "<" else None
    if _SIZED(before):
        return f"cells follow: {before} <1 2>"
    if word in _OUTSIDE:
        return _OUTSIDE[word]
    if before or word == '"':
        return "values are separated by commas"
    if word[0].isdigit():
        return f"numbers belong in cells: <{word}>"
    if word in ("true", "false"):
        return "a property is true by being present: name;"
    return f'a string is written "{word}", a reference &{word}' if _IS_NAME(word) else None
