"""Why a text is no value of a property, in a user's words: what `values` says when it refuses."""

import re

from scmigen.devicetree.lalr import END, FLAGS, Parser, UnexpectedError

#: Message, offset in the text, hint.
Reason = tuple[str, int, str | None]

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
_WORD = re.compile(r"\w++|/[a-z-]++/|<<|>>|&&|\|\||[\s\S]")
_NEXT_PROPERTY = re.compile(
    r"\s*\n\s*(?:[A-Za-z_]\w*\s*:\s*)*[\w,.+*#?@-]*[A-Za-z#][\w,.+*#?@-]*\s*=", FLAGS
)
_FORMS = {
    "": 'values are <cells>, "strings", [bytes] and &label',
    "<": "cells are numbers, &label or (arithmetic)",
    "[": "bytes are two hexadecimal digits each",
    "(": "operators are those of C, operands are numbers",
}
_ARITHMETIC = "arithmetic stands in parentheses: <(1 + 2)>"
_IN_CELLS = {
    **dict.fromkeys("+-*/%|^~!?", _ARITHMETIC),
    ",": "cells stand apart without commas: <1 2>",
    "name": "a macro that no included file defines? cells are numbers, &label or (arithmetic)",
    "string": 'a string stands outside of the cells: <1>, "string"',
}
_HINTS = {
    "[": "each byte is two hexadecimal digits: [00 1f]",
    "name": 'a reference is written &label, a string "text", a number <1>',
    "number": "numbers stand in cells: <1>",
    "next": "a comma stands between values",
}


def explain(text: str, problem: UnexpectedError, parser: Parser) -> Reason:
    """The reason for what the parser raised about ``text``."""
    offset = problem.offset
    before = text[:offset].rstrip()
    string = re.compile(parser.terminals["STRING"], FLAGS)
    for found in string.finditer(text, 0, offset):
        if "\n" in found[0]:
            return "this string is not closed", found.start(), None
    bracket = _open_bracket(before, string)
    if problem.kind == END:
        return _incomplete(text, problem, bracket)
    if _NEXT_PROPERTY.match(text, len(before)):
        if bracket:
            closer = _CLOSERS[bracket]
            return f"a {closer} is missing", len(before), f"and the ; behind the {closer}"
        return "a ; is missing behind the value", len(before), None
    if before.endswith((">", '"', "]")) and "\n" in text[len(before) : offset]:
        return "a ; is missing behind the value", len(before), None
    return _unexpected(text, bool(before), problem, string, bracket)


def _incomplete(text: str, problem: UnexpectedError, bracket: str) -> Reason:
    if bracket and (bracket != "(" or "RPAR" in problem.expected):
        return f"a {_CLOSERS[bracket]} is missing", len(text.rstrip()), None
    return "the value is not complete", len(text.rstrip()), _expected(problem)


def _expected(problem: UnexpectedError) -> str | None:
    words = [word for name, word in _WORDS.items() if name in problem.expected]
    if not 0 < len(words) <= _MANY:
        return None
    *others, last = words
    return f"{', '.join(others)} or {last} is expected" if others else f"{last} is expected"


def _unexpected(
    text: str,
    has_values: bool,
    problem: UnexpectedError,
    string: re.Pattern[str],
    bracket: str,
) -> Reason:
    offset = problem.offset
    found = _WORD.match(text, offset)
    word = found[0] if found else text[offset]
    is_string = string.match(text, offset) is not None
    if word in ('"', "'") and not is_string:
        return f"this {word} has no partner", offset, None
    what = "a string" if is_string else repr(word)
    hint = _hint(word, bracket, is_string, has_values) or _expected(problem) or _FORMS[bracket]
    return f"unexpected {what} in a value", offset, hint


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


def _hint(word: str, bracket: str, is_string: bool, has_values: bool) -> str | None:
    """What is probably meant; none where that is hard to say."""
    if bracket == "[":
        return _HINTS["["]
    is_name = word[0].isalpha() or word[0] == "_"
    if bracket:
        kind = "string" if is_string else "name" if is_name else word
        return _IN_CELLS.get(kind) if bracket == "<" or is_name else None
    if is_string or has_values:
        return _HINTS["next"]
    if word[0].isdigit() or word == "(":
        return _HINTS["number"]
    return _HINTS["name"] if is_name else None
