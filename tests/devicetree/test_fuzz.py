"""Any text ends in a tree or in diagnostics; the fast ways mean what the rules mean."""

from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from scmigen.devicetree.arithmetic import MASK
from scmigen.devicetree.build import Builder, MisplacedError
from scmigen.devicetree.flatten import flatten
from scmigen.devicetree.grammars import structure, values
from scmigen.devicetree.items import Cutter
from scmigen.devicetree.lalr import UnexpectedError
from scmigen.devicetree.load import load
from scmigen.devicetree.preprocess import preprocess_with_pcpp
from scmigen.devicetree.source import read_source
from scmigen.devicetree.sourcetext import SourceText
from scmigen.devicetree.text import to_text
from scmigen.devicetree.values import Values
from scmigen.diagnostics import InputError

PIECES = st.sampled_from(
    """/dts-v1/; | /plugin/; | / { | }; | { | } | ; | = | < | > | [ | ] | ( | ) | , | a | b@0 | l:
    | &l | &{/a} | &{l/b} | 1 | 0x1F | 010 | 'c' | "s" | " | ' | \\ | + | / | % | ? | : | << | - | ~
    | /bits/ | 8 | 16 | /delete-node/ | /delete-property/ | /omit-if-no-ref/ | /memreserve/ | //
    | /include/ | /incbin/ | \n# 1 "f"\n | \n | /* | */ | phandle = <1>; | a = <(1 + 2)>;
    | a { b; }; | l: a { p = <&l>; }; | / { n = &l; };""".split(" | ")  # noqa: SIM905
)
SOURCES = st.lists(PIECES, max_size=40).map(" ".join)


def refused(problem: InputError, word: str = "") -> None:
    assert problem.diagnostics
    for item in problem.diagnostics:
        assert item.position is not None
        assert item.position.file
        assert word in item.message


@given(st.one_of(SOURCES, st.text(max_size=200), SOURCES.map(lambda s: f"/dts-v1/; / {{ {s} }};")))
@example('/dts-v1/; / { a = "\ud800"; };')
@settings(max_examples=200, deadline=None)
def test_any_text(text: str) -> None:
    try:
        tree = read_source(text, "fuzz.dts")
    except InputError as problem:
        refused(problem)
    else:
        flatten(tree)
        again = read_source(to_text(tree), "again.dts")
        assert [node.path for node in again.nodes] == [node.path for node in tree.nodes]


STATEMENT = r"""/dts-v1/; | /plugin/; | / { | &l { | l: &{/a} { | l: m: &l { | a { | l: \b@0 { | {
    | }; | } | /omit-if-no-ref/ c { | l: }; | p; | m: p = <1>; | /omit-if-no-ref/ p; | ; | p | = | &
    | / | /delete-property/ p; | l: /delete-property/ p; | /delete-node/ a; | /delete-node/ &l; | é
    | l: /delete-node/ a; | /omit-if-no-ref/ &l; | l: /omit-if-no-ref/ &l; | &l; | a { b { }; };
    | /memreserve/ 1 2; | l: m: /memreserve/ 1 2; | / { n = &l; };"""
STATEMENTS = st.lists(st.sampled_from([*STATEMENT.split(" | "), "\x1c"]), max_size=8).map(" ".join)


@given(st.one_of(STATEMENTS, STATEMENTS.map(lambda s: f"/dts-v1/; / {{ {s} }};"), SOURCES))
@settings(max_examples=300, deadline=None)
def test_both_ways_to_read_statements(text: str) -> None:
    """What is read in one pass over its items is what the parser of the grammar takes."""
    try:
        source = SourceText(text, "a.dts")
    except InputError:
        return
    builder = Builder(source, Cutter(structure()), Values(values(), source.text))
    takes = True
    try:
        builder.build(len(source.text))
    except MisplacedError:
        takes = False
    parser_takes = True
    try:
        list(structure().accept(source.text, "source"))
    except UnexpectedError:
        parser_takes = False
    assert takes == parser_takes


@given(st.binary(max_size=100))
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_file(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "fuzz"
    path.write_bytes(data)
    try:
        load(path)
    except InputError as problem:
        refused(problem)


@given(st.text(st.sampled_from("#\n \"<>()\\/*'adefinclu1,"), max_size=60))
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_text_for_pcpp(tmp_path: Path, text: str) -> None:
    path = tmp_path / "fuzz.dts"
    path.write_text(text)
    try:
        preprocess_with_pcpp(path, [tmp_path], [])
    except InputError as problem:
        refused(problem)


NUMBERS = st.integers(0, MASK)
LITERALS = st.one_of(
    NUMBERS.map(str), NUMBERS.map(hex), NUMBERS.map(lambda n: f"0{n:o}ULL"), st.just("'A'")
)
OPERATORS = [
    "+",
    "-",
    "*",
    "/",
    "%",
    "<<",
    ">>",
    "<",
    ">",
    "<=",
    ">=",
    "==",
    "!=",
    "&",
    "^",
    "|",
    "&&",
    "||",
]
EXPRESSIONS = st.recursive(
    LITERALS,
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(OPERATORS), inner),
        st.builds(
            "({} {} {})".format, inner, st.sampled_from(["+", "-", "*", "&", "^", "|"]), inner
        ),
        st.builds("({}{})".format, st.sampled_from("-~!"), inner),
        st.builds("({} ? {} : {})".format, inner, inner, inner),
    ),
    max_leaves=8,
)


CELLS = st.lists(st.one_of(LITERALS, EXPRESSIONS, st.just("&l")), max_size=5).map(" ".join)
SMALL = st.lists(st.integers(0, 255).map(str), max_size=5).map(" ".join)
GROUPS = st.one_of(
    st.builds("<{}>".format, CELLS),
    st.builds("/bits/ {} <{}>".format, st.sampled_from([8, 16, 32, 64]), SMALL),
    st.builds("/bits/ {} <{}>".format, st.sampled_from([32, 64]), EXPRESSIONS),
    st.sampled_from(["&l", "[00 1f]", '"s"']),
)


@given(st.lists(GROUPS, min_size=1, max_size=3).map(", ".join))
@settings(max_examples=150, deadline=None)
def test_both_ways_to_read_values(text: str) -> None:
    """A label in the value sends it through the rules of the grammar instead of the fast way."""
    assert outcome(text) == outcome(f"m: {text}")


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters='"\\')), min_size=1))
@settings(max_examples=100, deadline=None)
def test_both_ways_to_read_strings(strings: list[str]) -> None:
    text = ", ".join(f'"{string}"' for string in strings)
    expected = b"".join(string.encode() + b"\0" for string in strings)
    if "\n# " not in text and "\n#line" not in text:
        assert outcome(text) == outcome(f"m: {text}") == expected


def outcome(value: str) -> bytes | None:
    try:
        tree = read_source(f"/dts-v1/; / {{ p = {value}; l: n {{ }}; }};", "a.dts")
    except InputError as problem:
        refused(problem, "zero")
        return None
    return tree.root.properties["p"].value
