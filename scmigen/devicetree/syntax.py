"""Explains syntax errors: why a text is not a device tree source, and where.

The parser stops before the first item that it cannot take. Its tokens are coarse, so the exact
place is found here, by reading that item as a person would. After the usual slips it is clear where
the next item begins; the text is then repaired, so that the rest can be read and checked.
"""

import re
from collections.abc import Sequence

from scmigen.devicetree.findings import DTS_SYNTAX
from scmigen.devicetree.items import Cutter
from scmigen.devicetree.lalr import END, Parser, UnexpectedError
from scmigen.devicetree.regex import regex
from scmigen.devicetree.sourcetext import SourceText
from scmigen.devicetree.suggest import nearest
from scmigen.diagnostics import Diagnostic, Related
from scmigen.tuples import NamedTuple

#: The most syntax errors that are told in one run.
MAX_ERRORS = 20

#: Terminal, start and end of a token.
Lexeme = tuple[str, int, int]

#: A stretch of text, and what to put there instead.
Mend = tuple[int, int, str]

_WORD = regex(r"/[a-z0-9-]++/|&?\w++|\s*+\Z|[\s\S]")
_HEAD_BELOW = regex(r"([\s\S]*[>\"\]])[ \t]*\n\s*[^\s>\"\]=<]+\s*")
_BRACES = regex(r"\"(?:[^\"\\]|\\.)*+\"|'(?:[^'\\]|\\.)*+'|&\{[^}\n]*+\}|[{}]|\n[ \t]*+")
_TOP = {
    "V1": "/dts-v1/; belongs at the start",
    "PLUGIN": "/plugin/; belongs right after /dts-v1/;",
    "RESERVATION": "/memreserve/ belongs before the first node",
    "ROOT": "`/ {` belongs outside all nodes",
    "EXTENSION": "`&label {` belongs outside all nodes",
    "DELETION": "inside a node /delete-node/ takes a name; with a reference it belongs outside",
    "OMISSION": "/omit-if-no-ref/ with a reference belongs outside all nodes",
}
_INSIDE = {
    "NODE": "a named node belongs inside `/ { … };`",
    "LEAVES": "a named node belongs inside `/ { … };`",
    "REMOVAL": "outside of nodes /delete-node/ takes a reference: /delete-node/ &label;",
    "_CLOSE": "this } does not close anything",
}
_KEYWORD = regex(r"/[a-z]++(?:-[a-z0-9]++)*+/")
_DIRECTIVE = regex(r"#[ \t]*+([a-z]++)(?![\w,.+*#?@-])[ \t]*+([=;:{])?+")
_CONFLICT = regex(r"<{7}(?: |$)|={7}$|>{7}(?: |$)", re.MULTILINE)
_LABELS = regex(r"(?:[A-Za-z_]\w*+\s*+:\s*+)++")
_HEAD = regex(r"[^;{}\n]*+\{")
#: How the statements that start with a keyword are written: inside of nodes, and outside.
_USAGE = {
    "/delete-node/": ("/delete-node/ name;", "/delete-node/ &label;"),
    "/delete-property/": ("/delete-property/ name;", "it belongs inside a node"),
    "/omit-if-no-ref/": ("/omit-if-no-ref/ name {", "/omit-if-no-ref/ &label;"),
    "/memreserve/": ("it belongs before the first node", "/memreserve/ 0x80000000 0x1000;"),
    "/include/": ('/include/ "file"',) * 2,
    "/dts-v1/": ("it belongs at the start", "/dts-v1/;"),
    "/plugin/": ("it belongs at the start", "/plugin/;"),
    "/bits/": ("it belongs in a value: /bits/ 8 <1 2>",) * 2,
    "/incbin/": ('it belongs in a value: /incbin/("file")',) * 2,
}
_OPENERS = ("ROOT", "EXTENSION", "NODE")
#: What can be left out without a change to what else the text means.
_ALONE = ("RESERVATION", "DELETION", "OMISSION", "REMOVAL", "_CLOSE", "V1", "PLUGIN")
_AFTER_NAME = "a name is followed by =, ; or {"
_QUOTES = 'a string is enclosed in double quotes: "text"'
_DIRECTIVES = (
    *("include", "define", "undef", "if", "ifdef", "ifndef", "elif", "else", "endif"),
    *("error", "warning", "pragma"),
)
_NO_END = "the file ends inside a node"


class _Slip(NamedTuple):
    """What is wrong at an offset, and how the text can be mended so that the rest can be read."""

    message: str
    offset: int
    hint: str | None = None
    mend: Mend | None = None


def mended(
    source: SourceText, parser: Parser, cutter: Cutter
) -> tuple[int, list[Diagnostic], bool]:
    """How far a source can be read, its syntax errors, and whether that is all of it.

    What is wrong is taken out of ``source``. Where no sense can be made of the rest, it ends there.
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
                return tokens[-1][2] if tokens else 0, errors, False
            source.mend(*mend)
        else:
            return len(source.text), errors, True


def _explain(
    problem: UnexpectedError, tokens: Sequence[Lexeme], source: SourceText, cutter: Cutter
) -> tuple[Diagnostic, Mend | None]:
    opened = _open_nodes(tokens)
    related: tuple[Related, ...] = ()
    if problem.kind is None:
        slip = _inspect(source.text, problem.offset, bool(opened), cutter)
    else:
        slip = _unexpected_token(problem, opened, source.text)
        if opened:
            related = (_unclosed(problem, opened, source),)
    found = source.diagnostic(DTS_SYNTAX, slip.message, slip.offset, related, slip.hint)
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
        return Related("by its indentation, this node is not closed", source.position(suspect))
    what = "the node begins here" if problem.kind == END else "inside this node"
    return Related(what, source.position(opened[-1]))


def _by_indentation(text: str) -> int | None:
    """Where the first node begins whose } is indented otherwise than its beginning."""
    opened: list[tuple[int, str]] = []
    # The line's indentation, and where it ends.
    indent, first = "", 0
    for found in _BRACES.finditer(text):
        sign = found[0]
        if sign[0] == "\n":
            indent, first = sign[1:], found.end()
        elif sign == "{":
            opened.append((first, indent))
        elif sign == "}" and opened:
            start, expected = opened.pop()
            if found.start() == first and indent != expected:
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
        return _Slip(
            _TOP[kind], offset, "is a }; missing above?", mend or _close(text, offset, opened)
        )
    if kind in ("NODE", "LEAVES"):
        # Its properties are looked at as if they were the root's.
        mend = (offset, text.index("{", offset), "/")
    hint = "is there a }; too many above?" if kind != "REMOVAL" else None
    return _Slip(_INSIDE.get(kind) or _TOP[kind], offset, hint, mend)


def _close(text: str, offset: int, opened: list[int]) -> Mend | None:
    """Close all open nodes before ``offset`` if that is the start of a line."""
    start = len(text[:offset].rstrip())
    closers = "};" * len(opened)
    if text[offset - 1 : offset] != "\n" or offset - start < len(closers):
        return None
    return start, offset, closers


def _end_of(text: str, offset: int) -> int:
    """The offset behind the next ``;``."""
    return (text.find(";", offset) + 1) or len(text)


def _end_of_line(text: str, offset: int) -> int:
    end = text.find("\n", offset)
    return end if end >= 0 else len(text)


def _end_of_item(text: str, offset: int) -> int:
    """The offset behind the next ``;`` of the line, else of the next } or the line's end."""
    found = regex(r"[^;}\n]*+;?").match(text, offset)
    return found.end() if found else offset


def _put(text: str, offset: int, sign: str) -> Mend | None:
    """The ``sign`` in place of the white space at ``offset``, if there is some."""
    return (offset, offset + 1, sign) if text[offset : offset + 1].isspace() else None


def _head(text: str, start: int, instead: str) -> Mend | None:
    """Replace the text before the ``{`` of the line, if there is one, with ``instead``."""
    head = _HEAD.match(text, start)
    fits = head is not None and start + len(instead) < head.end()
    return (start, head.end() - 1, instead) if head is not None and fits else None


def _inspect(text: str, start: int, inside: bool, cutter: Cutter) -> _Slip:
    """What is wrong with the item at ``start`` that no terminal matches."""
    if text.startswith("/*", start):
        return _Slip("this comment is not closed", start, "close it with */")
    if text.startswith("}", start):
        mend = _put(text, start + 1, ";")
        return _Slip("a ; is missing after }", start + 1, "a node ends with };", mend)
    foreign = _foreign(text, start)
    if foreign is not None:
        return foreign
    keyword = _KEYWORD.match(text, start)
    if keyword is not None:
        return _inspect_keyword(text, keyword, inside)
    name = cutter.start.match(text, start)
    if name is None:
        return _nameless(text, start, inside)
    following = text[name.end() : name.end() + 1]
    if following == "=":
        return _inspect_value(text, start, name.end() + 1, inside, cutter)
    if following == ";":
        return _misplaced(text, start, inside)
    if following == "{" or not following:
        return _Slip("the file ends too early", len(text.rstrip()))
    return _behind_name(text, start, name, inside)


def _foreign(text: str, start: int) -> _Slip | None:
    """What no device tree has: merge conflict markers, misplaced or misspelt directives."""
    if _CONFLICT.match(text, start):
        hint = "keep one of the two sides and remove the lines with <<<<<<<, ======= and >>>>>>>"
        return _Slip("this is a merge conflict marker", start, hint)
    directive = _DIRECTIVE.match(text, start)
    if directive is None or directive[2]:
        return None
    mend = (start, _end_of_line(text, start), "")
    if directive[1] in _DIRECTIVES:
        if (
            text[text.rfind("\n", 0, start) + 1 : start].isspace()
            or text[start - 1 : start] in "\n"
        ):
            what, hint = "has not been preprocessed", "bring its file in with #include"
        else:
            what, hint = "is not at the beginning of its line", "put it on a line of its own"
        return _Slip(f"#{directive[1]} {what}", start, hint, mend)
    if text[directive.end() : directive.end() + 1] not in ("<", '"'):
        return None
    near = nearest(directive[1], _DIRECTIVES, "#")
    return _Slip(f"#{directive[1]} is not a preprocessor directive", start, near, mend)


def _inspect_keyword(text: str, keyword: re.Match[str], inside: bool) -> _Slip:
    """What is wrong with a statement that starts with a keyword, or what looks like one."""
    start, word = keyword.start(), keyword[0]
    mend = (start, _end_of_item(text, start), "")
    usage = _USAGE.get(word)
    if usage is None:
        near = nearest(word, _USAGE)
        return _Slip(
            f"{word} is not a keyword", start, near or f"the keywords are {', '.join(_USAGE)}", mend
        )
    return _Slip(f"{word} is malformed or misplaced", start, usage[not inside], mend)


def _nameless(text: str, start: int, inside: bool) -> _Slip:
    """The slip where there is no name, or only labels."""
    if text.startswith("/", start) and not inside and text[start + 1 : start + 2].isspace():
        return _Slip("a { is missing after /", start + 1, None, _put(text, start + 1, "{"))
    if text.startswith(";", start):
        return _Slip("this ; does not end anything", start, "remove it", (start, start + 1, ""))
    labels = _LABELS.match(text, start)
    if labels is None:
        return _unexpected(text, start, inside)
    offset = labels.end()
    if text.startswith("{", offset):
        hint = "a label precedes the name: label: name@1 {"
        mend = _head(text, start, text[start:offset].rstrip() + "x") if inside else None
        return _Slip("this node has a label but no name", offset, hint, mend)
    mend = (start, _end_of_item(text, start), "") if inside else None
    if text[offset : offset + 1] in tuple('<"[&'):
        colon = text.rindex(":", start, offset)
        hint = "a property is written name = value; a colon makes its name a label"
        return _Slip("a : is in the place of =", colon, hint, mend)
    return _Slip(f"unexpected {_word(text, offset)}", offset, "a name follows a label", mend)


def _behind_name(text: str, start: int, name: re.Match[str], inside: bool) -> _Slip:
    """What is wrong where a name is followed by neither ``=``, ``;`` nor ``{``."""
    offset = name.end()
    mend: Mend | None
    written = start + len(text[start:offset].rstrip())
    following = text[offset : offset + 1]
    if inside and ("\n" in text[written:offset] or following == "}"):
        # The name is all there is on its line, or in its node.
        if "@" in text[start:written]:
            mend = _put(text, written, "{")
            return _Slip("a { is missing after the node's name", written, None, mend)
        mend = _put(text, written, ";")
        return _Slip("a ; is missing after the name", written, _AFTER_NAME, mend)
    message, hint = f"unexpected {_word(text, offset)}", _AFTER_NAME
    mend = (start, _end_of_item(text, start), "")
    if following in tuple('<"['):
        message, hint = "a = is missing between name and value", "name = value;"
    elif following == ":" and written < offset and _LABELS.fullmatch(f"{text[start:written]}:"):
        message, hint = "a label and its colon have blanks between them", "label: name@1 {"
        mend = (written, offset + 1, ":")
    elif following == ":":
        message = f"{text[start:written]!r} is not a label"
        offset, hint = start, "labels are made of letters, digits and _"
        mend = (start, name.end() + 1, "")
    elif _HEAD.match(text, start):
        hint = "there is no space before @" if following == "@" else "a node is written name@1 {"
        mend = _head(text, start, text[start:written])
    return _Slip(message, offset, hint, mend if inside else None)


def _inspect_value(text: str, item: int, start: int, inside: bool, cutter: Cutter) -> _Slip:
    """What is wrong with the value at ``start`` of the property at ``item``."""
    value = cutter.value.match(text, start)
    end = value.end() if value else start
    line = (item, _end_of_line(text, start), "") if inside else None
    for string in cutter.string.finditer(text, start, end):
        if "\n" in string[0]:
            return _Slip("this string is not closed", string.start(), _QUOTES, line)
    following = text[end : end + 1]
    if following and following in "\"'":
        return _Slip(f"this {following} is not closed", end, _QUOTES, line)
    written = text[start:end].strip()
    if following == ";" and written:
        return _misplaced(text, item, inside)
    if not written:
        hint = 'values are <cells>, "strings", [bytes] and &label'
        mend = (item, _end_of_item(text, start), "") if inside else None
        return _Slip("a value is missing", start, hint, mend)
    head = _HEAD_BELOW.fullmatch(text, start, end) if following == "{" else None
    offset = head.end(1) if head else start + len(text[start:end].rstrip())
    mend = _put(text, offset, ";") if inside else None
    return _Slip("a ; is missing after the value", offset, None, mend)


def _misplaced(text: str, start: int, inside: bool) -> _Slip:
    mend = (start, _end_of(text, start), "")
    if inside:
        hint = "properties come first"
        return _Slip("a property follows a child node", start, hint, mend)
    hint = "it belongs inside `/ { … };`; is there a }; too many above?"
    return _Slip("a property is outside of all nodes", start, hint, mend)


def _unexpected(text: str, start: int, inside: bool) -> _Slip:
    reference = regex(r"&(?:\w++|\{[^}\n]*+\})\s*+").match(text, start)
    if reference is not None and not inside:
        end = reference.end()
        hint = "labels are made of letters, digits and _" if text[end : end + 1] in "-." else None
        mend = _head(text, start, "/")
        return _Slip(f"unexpected {_word(text, end)}", end, hint or "{ is expected", mend)
    hint = "a property, a node or }; is expected" if inside else "`/ {` or `&label {` is expected"
    found = _WORD.match(text, start)
    mend = (start, found.end(), "") if found and found[0].strip() else None
    return _Slip(f"unexpected {_word(text, start)}", start, hint, mend)


def _word(text: str, offset: int) -> str:
    found = _WORD.match(text, offset)
    return repr(found[0]) if found and found[0].strip() else "end of file"
