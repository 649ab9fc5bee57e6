"""Each mistake gives one diagnostic, at the place where a reader would look."""

import contextlib
from pathlib import Path

import pytest

from scmigen.devicetree.source import read_source
from scmigen.diagnostics import InputError

# A ^ stands in front of the character that the diagnostic names; it is taken out.
CASES = (
    ("missing ; behind a value", "a = <1>^\n\tb = <2>;", "dts-value", "; is missing"),
    ("missing ; at the end of a node", "a = <1>^\n", "dts-syntax", "; is missing"),
    ("missing ; behind a string", 'n { a = "x"^ };', "dts-syntax", "; is missing"),
    ("missing ; behind a node", "n { }^\n", "dts-syntax", "; is missing after }"),
    ("string not closed", 'a = ^"x;\n\tb = "y";', "dts-syntax", "string is not closed"),
    ("string never closed", 'a = ^"x;\n', "dts-syntax", "is not closed"),
    ("character never closed", "a = <^'x>;\n", "dts-syntax", "is not closed"),
    ("comment not closed", "a; ^/* b;\n", "dts-syntax", "comment is not closed"),
    ("property behind a node", "n { };\n\t^a;", "dts-syntax", "follows a child node"),
    ("no value", "a =^ ;", "dts-syntax", "a value is missing"),
    ("> missing", "a = <1 2^;", "dts-value", "> is missing"),
    (") missing", "a = <(1 + 2>^;", "dts-value", "not complete"),
    ("] missing", "a = [00^;", "dts-value", "] is missing"),
    ("a macro nobody defines", "a = <1\n\t^GPIO_ACTIVE 2>;", "dts-value", "GPIO_ACTIVE"),
    ("operand missing", "a = <(1 + ^)>;", "dts-value", "unexpected ')'"),
    ("comma at the end", "a = <1>,^;", "dts-value", "after the comma"),
    ("division by zero", "a = <2 (^1 / 0)>;", "dts-value", "division by zero"),
    ("modulo by zero", "a = <(^1 % (2 - 2))>;", "dts-value", "division by zero"),
    ("too large a number", "a = <^0x10000000000000000>;", "dts-value", "64 bits"),
    ("far too large a number", f"a = <^{'9' * 9000}>;", "dts-value", "64 bits"),
    ("bad octal", "a = <1 ^09>;", "dts-value", "octal"),
    ("long character", "a = <^'ab'>;", "dts-value", "a character is one"),
    ("bad escape", r'a = "x", ^"\x";', "dts-value", "hexadecimal"),
    ("element size", "a = /bits/ ^12 <1>;", "dts-value", "8, 16, 32 or 64"),
    ("reference in bytes", "a = /bits/ 8 <1 ^&l>; l: n { };", "dts-value", "32 bits"),
    ("unknown label", "a = <1>,\n\t<2 ^&foo 3>;", "dts-reference", "&foo"),
    ("unknown path", "a = <^&{/n/m}>; n { };", "dts-reference", "&{/n/m}"),
    ("unknown label of a path", "a = ^&foo;", "dts-reference", "&foo"),
    ("label twice", "l: m { };\n\t^l: n { };", "dts-label", "given twice"),
    ("node twice", "n { };\n\t^n { };", "dts-duplicate", "defined twice"),
    ("property twice", "a;\n\t^a;", "dts-duplicate", "defined twice"),
    ("removed where it is defined", "n { }; ^/delete-node/ n;", "dts-duplicate", "first defines"),
    ("phandle twice", "m { phandle = <1>; }; n { ^phandle = <1>; };", "dts-phandle", "twice"),
    ("phandle of zero", "^phandle = <0>;", "dts-phandle", "not a phandle"),
    ("phandle of two cells", "^phandle = <1 2>;", "dts-phandle", "wrong size"),
    ("wrong name", 'n { ^name = "m"; };', "dts-name", "not the node's name"),
    ("bad node name", "^a#b { };", "dts-name", "cannot name a node"),
    ("bad property name", "^a@1;", "dts-name", "cannot name a property"),
    ("a stray sign", "a; ^$ b;", "dts-syntax", "unexpected '$'"),
    ("a name too many", "a ^b;", "dts-syntax", "unexpected 'b'"),
    ("a root inside", "^/ { };", "dts-syntax", "outside all nodes"),
    ("an extension inside", "l: n { }; ^&l { };", "dts-syntax", "outside all nodes"),
    ("missing binary", 'a = /incbin/(^"none.bin");', "dts-value", "none.bin"),
)


@pytest.mark.parametrize(("text", "identifier", "message"), [c[1:] for c in CASES],
                         ids=[c[0] for c in CASES])  # fmt: skip
def test_inside_a_node(text: str, identifier: str, message: str) -> None:
    check(f"/dts-v1/;\n\n/ {{\n\t{text}\n}};\n", identifier, message)


WHOLE = (
    ("empty", "^", "dts-syntax", "before its first"),
    ("no header", "^/ { };", "dts-syntax", "/dts-v1/;"),
    ("no root", "/dts-v1/;^\n", "dts-syntax", "before its first"),
    ("node not closed", "/dts-v1/;\n/ {\n\ta {\n\t};^\n", "dts-syntax", "inside a node"),
    ("closed too often", "/dts-v1/;\n/ { };\n^};\n", "dts-syntax", "does not close anything"),
    ("node outside", "/dts-v1/;\n/ { };\n^a { };", "dts-syntax", "inside `/"),
    ("property outside", "/dts-v1/;\n/ { };\n^a = <1>;", "dts-syntax", "outside of all nodes"),
    ("extension of nothing", "/dts-v1/;\n/ { };\n^&l { };", "dts-reference", "&l does not name"),
    ("label behind its use", "/dts-v1/; ^&l { }; / { l: a { }; };", "dts-reference", "&l"),
    ("removal of nothing", "/dts-v1/; / { };\n/delete-node/ ^&l;", "dts-reference", "&l"),
    ("missing include", '/dts-v1/;\n^/include/ "no.dtsi"\n/ { };', "dts-include", "no.dtsi"),
    ("late reservation", "/dts-v1/; / { };\n^/memreserve/ 1 2;", "dts-syntax", "before the first"),
    ("half a reservation", "/dts-v1/;\n/memreserve/ 1^;\n/ { };", "dts-value", "not complete"),
)  # fmt: skip


@pytest.mark.parametrize(("text", "identifier", "message"), [c[1:] for c in WHOLE],
                         ids=[c[0] for c in WHOLE])  # fmt: skip
def test_whole_files(text: str, identifier: str, message: str) -> None:
    check(text, identifier, message)


def check(marked: str, identifier: str, message: str) -> None:
    before, _, after = marked.partition("^")
    with pytest.raises(InputError) as raised:
        read_source(before + after, "board.dts")
    (found,) = raised.value.diagnostics
    line = before.count("\n") + 1
    column = len(before) - before.rfind("\n")
    assert (found.id, str(found.position)) == (identifier, f"board.dts:{line}:{column}")
    assert message in found.message


def test_all_are_told_at_once() -> None:
    text = "/dts-v1/; / { a = <FOO>; b = <&l>; c = <08>; d { }; d { }; };"
    with pytest.raises(InputError) as raised:
        read_source(text, "a.dts")
    assert sorted(item.id for item in raised.value.diagnostics) == [
        "dts-duplicate",
        "dts-reference",
        "dts-value",
        "dts-value",
    ]


def test_the_first_definition_is_named() -> None:
    with pytest.raises(InputError) as raised:
        read_source("/dts-v1/;\n/ {\n a { };\n a { };\n};", "a.dts")
    (found,) = raised.value.diagnostics
    assert [str(item.position) for item in found.related] == ["a.dts:3:2"]


def test_an_open_node_is_named() -> None:
    with pytest.raises(InputError) as raised:
        read_source("/dts-v1/;\n/ {\n a {\n b { };\n", "a.dts")
    (found,) = raised.value.diagnostics
    assert [str(item.position) for item in found.related] == ["a.dts:3:2"]


def test_positions_go_through_line_markers() -> None:
    with pytest.raises(InputError) as raised:
        read_source('/dts-v1/;\n/ {\n# 30 "soc.dtsi" 1\n\n a = <(1 / 0)>;\n};', "a.dts")
    assert str(raised.value.diagnostics[0].position) == "soc.dtsi:31:8"


def test_errors_of_included_files_are_theirs(tmp_path: Path) -> None:
    (tmp_path / "b.dtsi").write_text("a;\nb = <X>;\n")
    with pytest.raises(InputError) as raised:
        read_source('/dts-v1/; / { /include/ "b.dtsi" };', str(tmp_path / "a.dts"))
    assert str(raised.value.diagnostics[0].position) == f"{tmp_path}/b.dtsi:2:6"


@pytest.mark.parametrize("depth", [65, 5000, 50000])
def test_nodes_that_nest_too_deep_are_an_error(depth: int) -> None:
    with pytest.raises(InputError, match="nest deeper than 64"):
        read_source("/dts-v1/; / {" + "a {" * depth + "};" * (depth + 1), "a.dts")


def test_as_deep_as_linux_takes() -> None:
    tree = read_source("/dts-v1/; / {" + "a {" * 64 + "};" * 65, "a.dts")
    assert tree.nodes[-1].path == "/a" * 64


def test_deep_parentheses_are_read() -> None:
    text = f"/dts-v1/; / {{ a = <{'(' * 3000}7{')' * 3000}>; }};"
    assert read_source(text, "a.dts").root.properties["a"].cells() == (7,)


@pytest.mark.parametrize("text", [
    "a = <" + "(" * 20000, "a = <" + "(1+" * 20000 + "1" + ")" * 20000 + ">;", "a = <1 " * 20000,
    'a = "' * 20001, "a = '" * 20001, "/*" * 20000, "a: " * 20000, "a { " * 20000, "&a " * 20000,
    "a = <(" + "1 + " * 20000 + ")>;", "a = " + "<1>, " * 20000 + ";", "/delete-node/" * 20000,
    "a = <(" + "- " * 20000 + "1)>;", "\n#" * 20000, "# 1 \"" * 20000, "a = " + "&{" * 20000,
], ids=[
    "parentheses", "sums in parentheses", "values without end", "double quotes", "single quotes",
    "comments", "labels", "nodes", "references", "a sum", "groups", "keywords", "signs", "hashes",
    "line markers", "paths",
])  # fmt: skip
def test_long_nonsense_ends(text: str) -> None:
    """A quadratic or recursive reader would not come back from these."""
    with contextlib.suppress(InputError):
        read_source("/dts-v1/; / { " + text + " };", "a.dts")
