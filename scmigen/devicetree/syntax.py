"""Why a text is no devicetree source, and where: the message for what the grammar refused.

The parser stops in front of the first item it cannot take; its tokens are coarse, so the very
place is found here, by going through that item as a reader would.
"""

import re

from lark import Token
from lark.exceptions import UnexpectedInput, UnexpectedToken

from scmigen.devicetree.items import Cutter
from scmigen.devicetree.sourcetext import SourceText
from scmigen.diagnostics import Diagnostic, Related, error

_WORD = re.compile(r"/[a-z0-9-]++/|&?\w++|\s*+\Z|[\s\S]")
_TOP = {
    "V1": "/dts-v1/; stands once, at the start",
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


def explain(problem: UnexpectedInput, source: SourceText, cutter: Cutter) -> Diagnostic:
    """The diagnostic for what the parser of ``dts.lark`` raised."""
    opened = _open_nodes(problem)
    if isinstance(problem, UnexpectedToken):
        return _unexpected_token(problem, opened, source)
    start = getattr(problem, "pos_in_stream", 0)
    message, offset, hint = _inspect(source.text, start, bool(opened), cutter)
    return error("dts-syntax", message, source.position(offset), (), hint)


def _open_nodes(problem: UnexpectedInput) -> list[Token]:
    """The tokens that opened the nodes which are not closed yet, the outermost first."""
    opened: list[Token] = []
    for item in problem.interactive_parser.parser_state.value_stack:
        if isinstance(item, Token):
            if item.type in _OPENERS:
                opened.append(item)
            elif item.type == "_CLOSE":
                opened.pop()
    return opened


def _unexpected_token(
    problem: UnexpectedToken, opened: list[Token], source: SourceText
) -> Diagnostic:
    kind = problem.token.type
    offset = problem.token.start_pos or 0
    related: tuple[Related, ...] = ()
    hint = None
    if kind == "$END":
        offset = len(source.text.rstrip())
        message = "the file ends before its first `/ { … };`"
        if opened:
            place = source.position(opened[-1].start_pos or 0)
            message = "the file ends inside a node"
            related = (Related("the node begins here", place),)
            hint = "close it with };"
    elif "V1" in problem.expected and "ROOT" not in problem.expected:
        message = "a devicetree source begins with /dts-v1/;"
    elif opened:
        message = _TOP.get(kind, f"{problem.token[:20]!r} is out of place")
        hint = "is a }; missing above?"
        related = (Related("inside this node", source.position(opened[-1].start_pos or 0)),)
    else:
        message = _INSIDE.get(kind) or _TOP.get(kind, f"{problem.token[:20]!r} is out of place")
    return error("dts-syntax", message, source.position(offset), related, hint)


def _inspect(text: str, start: int, inside: bool, cutter: Cutter) -> tuple[str, int, str | None]:
    """Message, offset and hint for the item at ``start`` that no terminal matches."""
    if text.startswith("/*", start):
        return "this comment is not closed", start, "close it with */"
    if text.startswith("}", start):
        return "a ; is missing behind }", start + 1, "a node ends with };"
    name = cutter.start.match(text, start)
    if name is None:
        return _unexpected(text, start, inside)
    offset = name.end()
    following = text[offset : offset + 1]
    if following == "=":
        return _inspect_value(text, offset + 1, inside, cutter)
    if following == ";":
        return _misplaced(start, inside)
    if following == "{" or not following:
        return "the file ends too early", len(text.rstrip()), None
    return f"unexpected {_word(text, offset)}", offset, "behind a name stands =, ; or {"


def _inspect_value(
    text: str, start: int, inside: bool, cutter: Cutter
) -> tuple[str, int, str | None]:
    value = cutter.value.match(text, start)
    end = value.end() if value else start
    for string in cutter.string.finditer(text, start, end):
        if "\n" in string[0]:
            return "this string is not closed", string.start(), None
    following = text[end : end + 1]
    if following in ('"', "'") and following:
        return f"this {following} has no partner", end, None
    written = text[start:end].strip()
    if following == ";" and written:
        return _misplaced(start, inside)
    if not written:
        return "a value is missing", start, 'values are <cells>, "strings", [bytes] and &label'
    return "a ; is missing behind the value", start + len(text[start:end].rstrip()), None


def _misplaced(start: int, inside: bool) -> tuple[str, int, str | None]:
    if inside:
        return "a property stands behind a child node", start, "properties come first"
    return "a property stands outside of a node", start, "it belongs inside `/ { … };`"


def _unexpected(text: str, start: int, inside: bool) -> tuple[str, int, str | None]:
    hint = "a property, a node or }; is expected" if inside else "`/ {` or `&label {` is expected"
    reference = re.compile(r"&(?:\w++|\{[^}\n]*+\})\s*+").match(text, start)
    if reference is not None and not inside:
        return f"unexpected {_word(text, reference.end())}", reference.end(), "{ is expected"
    return f"unexpected {_word(text, start)}", start, hint


def _word(text: str, offset: int) -> str:
    found = _WORD.match(text, offset)
    return repr(found[0]) if found and found[0].strip() else "end of file"
