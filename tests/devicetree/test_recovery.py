"""One run tells many errors, shows their lines, and is silent on what only follows from them."""

from pathlib import Path

import pytest

from scmigen.devicetree.load import load
from scmigen.devicetree.source import read_source
from scmigen.diagnostics import Diagnostic, InputError, format_text


def errors(text: str) -> list[Diagnostic]:
    with pytest.raises(InputError) as raised:
        read_source(text, "a.dts")
    return list(raised.value.diagnostics)


def places(text: str) -> list[tuple[int, str]]:
    return [(e.position.line if e.position else 0, e.message) for e in errors(text)]


def test_reading_goes_on() -> None:
    text = """/dts-v1/;
/ {
	b { x = ; y = <FOO>; };
	c { fine = <1>; other word; }
	late;
	d { v = "x;
	};
};
};
&nowhere { };
"""
    assert places(text) == [
        (3, "a value is missing"),
        (4, "unexpected 'word'"),
        (4, "a ; is missing after }"),
        (5, "a property follows a child node"),
        (6, 'this " is not closed'),
        (9, "this } does not close anything"),
        (3, "unexpected 'FOO' in a value"),
        (10, "&nowhere does not name a node defined above"),
    ]


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        ("a b;\nc d;\ne = <1>;", [3, 4]),
        ("a = ;\nb = ;\n", [3, 4]),
        ("n { };\na;\nb;\n", [4, 5]),
        ("n { }\nm { }\n", [3, 4]),
        ("$ a;\n% b;\n", [3, 4]),
        ("a = <1>\nn { };\nm { b };\n", [3, 5]),
        ("a = <X>;\nb = <Y>;\nc d;\n", [5, 3, 4]),
    ],
    ids=[
        "two words",
        "no value",
        "node before properties",
        "no semicolon behind a brace",
        "characters that mean nothing",
        "no semicolon behind a value",
        "unknown names",
    ],
)
def test_each_slip_is_told(body: str, lines: list[int]) -> None:
    assert [line for line, _ in places(f"/dts-v1/;\n/ {{\n{body}}};\n")] == lines


def test_what_was_read_before_the_end_is_told_too() -> None:
    text = "/dts-v1/;\n/ {\n a = <X>;\n b {\n };\n"
    assert [line for line, _ in places(text)] == [5, 3]


def test_many_errors_end() -> None:
    assert len(errors("/dts-v1/; / {\n" + "a b;\n" * 500 + "};")) == 20


def test_the_node_that_is_not_closed() -> None:
    text = "/dts-v1/;\n/ {\n\ta {\n\t\tb {\n\t\t\tp = <1>;\n\t};\n};\n&a { };\n"
    (found,) = errors(text)
    assert [str(item.position) for item in found.related] == ["a.dts:4:3"]


def test_the_line_is_shown() -> None:
    (found,) = errors("/dts-v1/;\n/ {\n\ta = <1 FOO>;\n};\n")
    assert found.excerpt == "\ta = <1 FOO>;\n\t       ^"
    assert "\n    \ta = <1 FOO>;\n    \t       ^\n" in format_text(found)


def test_a_long_line_is_cut() -> None:
    (found,) = errors(f"/dts-v1/; / {{ a = <{'1 ' * 5000}FOO {'1 ' * 5000}>; }};")
    line, caret = (found.excerpt or "").split("\n")
    assert len(line) <= 100
    assert line[len(caret) - 1 :].startswith("FOO")


def test_the_line_is_the_one_that_was_written(tmp_path: Path) -> None:
    (tmp_path / "h.h").write_text("#define WIDE 1 2 3 4 5 6\n")
    path = tmp_path / "a.dts"
    path.write_text(
        '/dts-v1/;\n#include "h.h"\n/ {\n\t/* first */ a = <WIDE>, <FOO>; // last\n};\n'
    )
    with pytest.raises(InputError) as raised:
        load(path, [tmp_path])
    (found,) = raised.value.diagnostics
    assert str(found.position) == f"{path}:4:27"
    assert found.excerpt == "\t/* first */ a = <WIDE>, <FOO>; // last\n\t" + " " * 25 + "^"


def test_all_places_of_a_property_are_named() -> None:
    text = "/dts-v1/;\n/ { l: a { x = <1>; }; };\n&l { x = <2>; };\n&l { x = <&none>; };\n"
    (found,) = errors(text)
    assert [(item.message, str(item.position)) for item in found.related] == [
        ("also defined here", "a.dts:3:6"),
        ("also defined here", "a.dts:2:12"),
    ]


@pytest.mark.parametrize(
    ("value", "message", "hint"),
    [
        ("<1, 2>", "unexpected ','", "not by commas"),
        ("<-1>", "unexpected '-'", "parentheses"),
        ("<1 + 2>", "unexpected '+'", "parentheses"),
        ("<GPIO(1)>", "unexpected 'GPIO'", "no included file defines"),
        ("(1)", "unexpected '('", "belong in cells"),
        ('"a" "b"', "unexpected a string", "commas"),
        ('<"a">', "unexpected a string", "outside of the cells"),
        ("[0g]", "unexpected '0g'", "hexadecimal"),
        ("label", "unexpected 'label'", "&label"),
        ("<1 2\n\tb = <3>", "a > is missing", "and the ;"),
        ("<1>\n\tb = <3>", "a ; is missing", ""),
    ],
    ids=[
        "comma in cells",
        "sign in cells",
        "sum in cells",
        "unknown macro with arguments",
        "parentheses alone",
        "strings without a comma",
        "string in cells",
        "digit that is not hexadecimal",
        "bare label",
        "cells not closed",
        "no semicolon",
    ],
)
def test_slips_in_values(value: str, message: str, hint: str) -> None:
    (found,) = errors(f"/dts-v1/; / {{ a = {value}; }};")
    assert message in found.message
    assert hint in (found.hint or "")
