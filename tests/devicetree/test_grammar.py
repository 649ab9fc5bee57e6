"""The grammars hold nothing that is not needed: whatever is taken out, some snippet fails.

An LALR grammar gives a text one derivation at most. So a production that is reduced while a snippet
is read cannot be taken out of it; Lark has one for each alternative of a rule, and for each number
of its optional and repeated elements. Terminals are expressions, so for them *mutants* are tried:
the grammar without an alternative, an optional or repeated element, with a repetition made single,
without a whole terminal or an %ignore.
"""

import re
from collections.abc import Callable, Iterator

import pytest
from dts_snippets import FILE, SNIPPETS, Snippet, nodes_of
from lark.exceptions import LarkError

from scmigen.devicetree.build import MisplacedError
from scmigen.devicetree.grammar_source import compiled, grammar_text
from scmigen.devicetree.grammars import structure, values
from scmigen.devicetree.lalr import END, Parser, UnexpectedError
from scmigen.devicetree.source import read_with
from scmigen.devicetree.sourcetext import SourceText
from scmigen.devicetree.values import Values
from scmigen.diagnostics import InputError

_DEFINITION = re.compile(r"^(_?[A-Za-z][\w]*)(\.\d+)?:\s*(.*)$")
_TOKEN = re.compile(r'/(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\\[])+/|"(?:\\.|[^"\\])*"|\w+|[()|*+?]|%')

#: How a source falls into tokens: that they are coarse is what makes reading fast.
COARSE = "/dts-v1/; / { p; a { }; l: b { x; y; }; m: n: c { }; d { q; e { }; /delete-node/ f; }; };"
TOKENS = ["V1", "ROOT", "LEAVES", "NODE", "LEAVES", "REMOVAL", "_CLOSE", "_CLOSE"]

_NEVER = r"/(?!)x/"

#: Further texts, for what no snippet has: each order of statements, each neighbour in a value.
_OUTSIDE = ("", "/ { };", "&l { };", "/delete-node/ &l;", "/omit-if-no-ref/ &l;")
_INSIDE = ("", "a { };", "b { c { }; };", "/delete-node/ d;")
_IN_CELLS, _IN_BYTES = ("", "1 ", "&l ", "m: ", "(1)"), ("", "00 ", "m: ")
_ITEMS = ('"s"', "&l", "<1>", "[00]", '/incbin/("f")')
STATEMENTS = (
    *(f"/dts-v1/; / {{ {a} {b} }};" for a in _INSIDE for b in _INSIDE),
    *(
        f"/dts-v1/; {reserved} {first} {a} {b}"
        for reserved in ("", "/memreserve/ 1 2;")
        for first in ("/ { };", "&l { };")
        for a in _OUTSIDE
        for b in _OUTSIDE
    ),
)
VALUES = (
    *(f"{bits}<{a}{b}>" for bits in ("", "/bits/ 32 ") for a in _IN_CELLS for b in _IN_CELLS),
    *(f"[{a}{b}]" for a in _IN_BYTES for b in _IN_BYTES),
    *(f"{a}{item}{b}" for a in ("", "m: n: ") for item in _ITEMS for b in ("", " n: m: ")),
)


def definitions(text: str) -> Iterator[tuple[int, str, list[str]]]:
    """Of each definition: line number, what stands before its body, the body's tokens."""
    for number, line in enumerate(text.splitlines()):
        found = _DEFINITION.match(line)
        if found:
            yield number, line[: found.start(3)], _TOKEN.findall(found[3])


def element(tokens: list[str], end: int) -> int:
    """The index at which the element that ends before ``end`` begins."""
    if tokens[end - 1] != ")":
        return end - 1
    depth, start = 0, end
    while True:
        start -= 1
        depth += (tokens[start] == ")") - (tokens[start] == "(")
        if not depth:
            return start


def alternatives(tokens: list[str]) -> Iterator[list[str]]:
    """The body without one of its alternatives, at any depth of parentheses."""
    for index, token in enumerate(tokens):
        if token == "|":
            depth, end = 0, index + 1
            while end < len(tokens) and depth >= 0 and (depth or tokens[end] != "|"):
                depth += (tokens[end] == "(") - (tokens[end] == ")")
                end += depth >= 0
            yield tokens[:index] + tokens[end:]
            depth, start = 0, index
            while start and depth >= 0 and (depth or tokens[start - 1] != "|"):
                depth += (tokens[start - 1] == ")") - (tokens[start - 1] == "(")
                start -= depth >= 0
            if not start or tokens[start - 1] == "(":
                yield tokens[:start] + tokens[index + 1 :]


def repetitions(tokens: list[str]) -> Iterator[list[str]]:
    """The body without one of its optional elements, or with one repetition made single."""
    for index, token in enumerate(tokens):
        if token in "*?+":
            if token != "+":
                yield tokens[: element(tokens, index)] + tokens[index + 1 :]
            if token != "?":
                yield tokens[:index] + tokens[index + 1 :]


def mutants(text: str) -> Iterator[tuple[str, str]]:
    """The grammar with one thing missing from a terminal, and what that is."""
    lines = text.splitlines()
    for number, head, tokens in definitions(text):
        if not head.split(":")[0].split(".")[0].isupper():
            continue
        bodies = [*alternatives(tokens), *repetitions(tokens)]
        if tokens != [_NEVER]:
            bodies.append([_NEVER])
        for body in bodies:
            # An emptied body is a terminal that nothing could be.
            line = head + (" ".join(body) or _NEVER)
            yield line, "\n".join([*lines[:number], line, *lines[number + 1 :]]) + "\n"
    for number, line in enumerate(lines):
        if line.startswith("%ignore"):
            yield f"no {line}", "\n".join(lines[:number] + lines[number + 1 :]) + "\n"


class Noting(list[tuple[str, int]]):
    """The productions of a parser; ``reduced`` are the indexes of those that it has reduced."""

    def __init__(self, productions: list[tuple[str, int]]) -> None:
        super().__init__(productions)
        self.reduced: set[int] = set()

    def __getitem__(self, index):
        self.reduced.add(index)
        return super().__getitem__(index)


def not_plain(*_: object) -> None:
    raise ValueError


@pytest.fixture
def productions(monkeypatch: pytest.MonkeyPatch) -> dict[str, Noting]:
    """What each grammar's parser reduces while all snippets are read, without any short cut."""
    monkeypatch.setattr(Values, "plain", lambda *_: None)
    monkeypatch.setattr(Values, "_plain_cells", not_plain)
    parsers = {"dts": Parser(structure().tables), "values": Parser(values().tables)}
    noted = {name: Noting(parser._sizes) for name, parser in parsers.items()}
    for name, parser in parsers.items():
        parser._sizes = noted[name]
    for snippet in SNIPPETS:
        if snippet.nodes is not None:
            assert passes(snippet, *parsers.values())
    for text in STATEMENTS:
        list(parsers["dts"].accept(text, "source"))
    for text in VALUES:
        parsers["values"].parse(f"{text}, {text}", "value")
    return noted


def passes(snippet: Snippet, statements: Parser, expressions: Parser) -> bool:
    """Whether a snippet means what it should, by the one pass over its items and by the rules."""
    try:
        list(statements.accept(SourceText(snippet.text, str(FILE)).text, "source"))
        tree = read_with(snippet.text, str(FILE), (), False, statements, expressions)
    except (InputError, UnexpectedError):
        return snippet.nodes is None
    except (AssertionError, IndexError, KeyError, AttributeError, MisplacedError):
        return False
    return nodes_of(tree) == snippet.nodes


def tokens(statements: Parser) -> list[str]:
    try:
        return [kind for kind, _, _ in statements.tokens(COARSE) if kind != END]
    except UnexpectedError:
        return []


def test_tokens_are_coarse() -> None:
    assert tokens(structure()) == TOKENS


def survivors(name: str, pair: Callable[[Parser], tuple[Parser, Parser]]) -> list[str]:
    alive = []
    for what, text in mutants(grammar_text(name)):
        try:
            grammars = pair(Parser(compiled(name, text)))
        except (LarkError, re.error, AssertionError):
            continue
        if tokens(grammars[0]) == TOKENS and all(passes(s, *grammars) for s in SNIPPETS):
            alive.append(what)
    return alive


@pytest.mark.parametrize(("name", "least"), [("dts", 20), ("values", 60)], ids=["dts", "values"])
def test_every_production_is_needed(productions: dict[str, Noting], name: str, least: int) -> None:
    noted = productions[name]
    assert len(noted) > least
    assert [noted[index] for index in {*range(len(noted))} - noted.reduced] == []


def test_every_part_of_a_terminal_of_the_structure_is_needed() -> None:
    assert survivors("dts", lambda mutant: (mutant, values())) == []


def test_every_part_of_a_terminal_of_the_values_is_needed() -> None:
    assert survivors("values", lambda mutant: (structure(), mutant)) == []


@pytest.mark.parametrize(("name", "least"), [("dts", 50), ("values", 6)], ids=["dts", "values"])
def test_there_are_mutants(name: str, least: int) -> None:
    """The two tests above are worth nothing if the cutting finds nothing to cut."""
    assert len(list(mutants(grammar_text(name)))) > least
