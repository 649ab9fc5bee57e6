"""Why a text is no devicetree source, and where: the message for what the grammar refused.

The parser stops in front of the first item it cannot take; its tokens are coarse, so the very
place is found here, by going through that item as a reader would. For the usual slips it is clear
where the next item begins. Then the text is mended, so that the rest can be read and told about.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from scmigen.devicetree.items import Cutter
from scmigen.devicetree.lalr import END, Parser, UnexpectedError
from scmigen.devicetree.sourcetext import SourceText
from scmigen.diagnostics import Diagnostic, Related

#: The most syntax errors that are told in one run.
MAX_ERRORS = 20

#: Terminal, start and end of a token.
Lexeme = tuple[str, int, int]

_WORD = re.compile(r"/[a-z0-9-]++/|&?\w++|\s*+\Z|[\s\S]")
_HEAD_BELOW = re.compile(r"([\s\S]*[>\"\]])[ \t]*\n\s*[^\s>\"\]=<]+\s*")
_BRACES = re.compile(r"\"(?:[^\"\\]|\\.)*+\"|'(?:[^'\\]|\\.)*+'|&\{[^}\n]*+\}|[{}]")
_TOP = {
    "V1": "/dts-v1/; stands at the start",
    "PLUGIN": "/plugin/; stands behind /dts-v1/; at the start",
    "RESERVATION": "/memreserve/ stands before the first node",
    "ROOT": "`/ {` stands outside all nodes",
    "EXTENSION": "`&label {` stands outside all nodes",
    "DELETION": "inside a node /delete-node/ takes a name; with a reference it stands outside",
    "OMISSION": "/omit-if-no-ref/ with a reference stands outside all nodes",
}
_INSIDE = {
    "NODE": "a named node stands inside `/ { … };`",
    "LEAVES": "a named node stands inside `/ { … };`",
    "REMOVAL": "outside of nodes /delete-node/ takes a reference: /delete-node/ &label;",
    "_CLOSE": "this } closes nothing",
}
_OPENERS = ("ROOT", "EXTENSION", "NODE")
#: What can be left out without a change to what else the text means.
_ALONE = ("RESERVATION", "DELETION", "OMISSION", "REMOVAL", "_CLOSE", "V1", "PLUGIN")
_NO_END = "the file ends inside a node"


class _Slip(NamedTuple):
    """What is wrong at an offset. ``mend`` is a stretch of text and what to put there instead."""

    message: str
    offset: int
    hint: str | None = None
    mend: tuple[int, int, str] | None = None


def mended(
    source: SourceText, parser: Parser, cutter: Cutter
) -> tuple[list[Lexeme], list[Diagnostic], bool]:
    """The tokens of a source that has syntax errors, the errors, and whether the tokens are all.

    What is wrong is taken out of ``source``. Where no sense can be made of the rest, the tokens end
    there.
    """
    errors: list[Diagnostic] = []
    while True:
        tokens: list[Lexeme] = []
        try:
            tokens.extend(parser.accept(source.text, "source"))
        except UnexpectedError as problem:
            found, mend = _explain(problem, tokens, source, cutter)
            errors.append(found)
            if mend is None or len(errors) >= MAX_ERRORS:
                return tokens, errors, False
            source.mend(*mend)
        else:
            return tokens, errors, True


def _explain(
    problem: UnexpectedError, tokens: Sequence[Lexeme], source: SourceText, cutter: Cutter
) -> tuple[Diagnostic, tuple[int, int, str] | None]:
    opened = _open_nodes(tokens)
    related: tuple[Related, ...] = ()
    if problem.kind is None:
        slip = _inspect(source.text, problem.offset, bool(opened), cutter)
    else:
        slip = _unexpected_token(problem, opened, source.text)
        if opened:
            related = (_unclosed(problem, opened, source),)
    found = source.error("dts-syntax", slip.message, slip.offset, related, slip.hint)
    return found, slip.mend


def _open_nodes(tokens: Sequence[Lexeme]) -> list[int]:
    """Where the nodes begin that are not closed yet, the outermost first."""
    opened: list[int] = []
    for kind, start, _ in tokens:
        if kind in _OPENERS:
            opened.append(start)
        elif kind == "_CLOSE":
            opened.pop()
    return opened


def _unclosed(problem: UnexpectedError, opened: list[int], source: SourceText) -> Related:
    """The node that is probably not closed, else the one that is open."""
    suspect = _by_indentation(source.text[: problem.offset])
    if suspect is not None:
        return Related(
            "this node is not closed, as its indentation has it", source.position(suspect)
        )
    what = "the node begins here" if problem.kind == END else "inside this node"
    return Related(what, source.position(opened[-1]))


def _by_indentation(text: str) -> int | None:
    """Where the first node begins whose } is indented otherwise than its beginning."""
    opened: list[tuple[int, str]] = []
    for found in _BRACES.finditer(text):
        if found[0] not in ("{", "}"):
            continue
        line = text.rfind("\n", 0, found.start()) + 1
        written = text[line : found.start()]
        indent = written[: len(written) - len(written.lstrip())]
        if found[0] == "{":
            opened.append((line + len(indent), indent))
        elif opened:
            start, expected = opened.pop()
            if not written.strip() and indent != expected:
                return start
    return None


def _unexpected_token(problem: UnexpectedError, opened: list[int], text: str) -> _Slip:
    kind, offset = problem.kind or "", problem.offset
    if kind == END:
        offset = len(text.rstrip())
        if opened:
            missing = "one }; is" if len(opened) == 1 else f"{len(opened)} }}; are"
            return _Slip(_NO_END, offset, f"close it with }};: {missing} missing")
        return _Slip("the file ends before its first `/ { … };`", offset)
    if "V1" in problem.expected and "ROOT" not in problem.expected:
        return _Slip("a devicetree source begins with /dts-v1/;", offset)
    mend = (offset, _end_of(text, offset), "") if kind in _ALONE else None
    if opened:
        return _Slip(_TOP[kind], offset, "is a }; missing above?", mend)
    hint = "is there a }; too many above?" if kind != "REMOVAL" else None
    return _Slip(_INSIDE.get(kind) or _TOP[kind], offset, hint, mend)


def _end_of(text: str, offset: int) -> int:
    """The offset behind the next ``;``."""
    return (text.find(";", offset) + 1) or len(text)


def _end_of_line(text: str, offset: int) -> int:
    end = text.find("\n", offset)
    return end if end >= 0 else len(text)


def _end_of_item(text: str, offset: int) -> int:
    """The offset behind the next ``;`` of the line, else of the next } or the line's end."""
    found = re.compile(r"[^;}\n]*+;?").match(text, offset)
    return found.end() if found else offset


def _put_semicolon(text: str, offset: int) -> tuple[int, int, str] | None:
    """A ``;`` in place of the white space at ``offset``, if there is some."""
    return (offset, offset + 1, ";") if text[offset : offset + 1].isspace() else None


def _inspect(text: str, start: int, inside: bool, cutter: Cutter) -> _Slip:
    """What is wrong with the item at ``start`` that no terminal matches."""
    if text.startswith("/*", start):
        return _Slip("this comment is not closed", start, "close it with */")
    if text.startswith("}", start):
        mend = _put_semicolon(text, start + 1)
        return _Slip("a ; is missing behind }", start + 1, "a node ends with };", mend)
    name = cutter.start.match(text, start)
    if name is None:
        return _unexpected(text, start, inside)
    offset = name.end()
    following = text[offset : offset + 1]
    if following == "=":
        return _inspect_value(text, start, offset + 1, inside, cutter)
    if following == ";":
        return _misplaced(text, start, inside)
    if following == "{" or not following:
        return _Slip("the file ends too early", len(text.rstrip()))
    mend = (start, _end_of_item(text, start), "") if inside else None
    hint = "behind a name stands =, ; or {"
    if inside and ("\n" in text[start:offset] or following == "}"):
        # The name is all there is on its line, or in its node.
        written = start + len(text[start:offset].rstrip())
        return _Slip("a ; is missing behind the name", written, hint, _put_semicolon(text, written))
    return _Slip(f"unexpected {_word(text, offset)}", offset, hint, mend)


def _inspect_value(text: str, item: int, start: int, inside: bool, cutter: Cutter) -> _Slip:
    """What is wrong with the value at ``start`` of the property at ``item``."""
    value = cutter.value.match(text, start)
    end = value.end() if value else start
    line = (item, _end_of_line(text, start), "") if inside else None
    for string in cutter.string.finditer(text, start, end):
        if "\n" in string[0]:
            hint = "a string ends with a quotation mark"
            return _Slip("this string is not closed", string.start(), hint, line)
    following = text[end : end + 1]
    if following and following in "\"'":
        return _Slip(f"this {following} has no partner", end, None, line)
    written = text[start:end].strip()
    if following == ";" and written:
        return _misplaced(text, item, inside)
    if not written:
        hint = 'values are <cells>, "strings", [bytes] and &label'
        mend = (item, _end_of_item(text, start), "") if inside else None
        return _Slip("a value is missing", start, hint, mend)
    head = _HEAD_BELOW.fullmatch(text, start, end) if following == "{" else None
    offset = head.end(1) if head else start + len(text[start:end].rstrip())
    mend = _put_semicolon(text, offset) if inside else None
    return _Slip("a ; is missing behind the value", offset, None, mend)


def _misplaced(text: str, start: int, inside: bool) -> _Slip:
    mend = (start, _end_of(text, start), "")
    if inside:
        hint = "properties come first"
        return _Slip("a property stands behind a child node", start, hint, mend)
    hint = "it belongs inside `/ { … };`; is there a }; too many above?"
    return _Slip("a property stands outside of a node", start, hint, mend)


def _unexpected(text: str, start: int, inside: bool) -> _Slip:
    reference = re.compile(r"&(?:\w++|\{[^}\n]*+\})\s*+").match(text, start)
    if reference is not None and not inside:
        end = reference.end()
        return _Slip(f"unexpected {_word(text, end)}", end, "{ is expected")
    hint = "a property, a node or }; is expected" if inside else "`/ {` or `&label {` is expected"
    found = _WORD.match(text, start)
    mend = (start, found.end(), "") if found and found[0].strip() else None
    return _Slip(f"unexpected {_word(text, start)}", start, hint, mend)


def _word(text: str, offset: int) -> str:
    found = _WORD.match(text, offset)
    return repr(found[0]) if found and found[0].strip() else "end of file"
