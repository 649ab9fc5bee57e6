"""GitLab's code quality report and JUnit XML, read as GitLab and Jenkins read them."""

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from support import scmigen, written

from scmigen.cli.formats import as_gitlab
from scmigen.cli.junit import as_junit, suites
from scmigen.diagnostics import Diagnostic, Finding, Position, Related

BOARD = """/dts-v1/;
/ {
	cc: cc { compatible = "acme,cc"; reg = <0>; #clock-cells = <1>; };
	a { compatible = "acme,a"; clocks = <&cc 1>, <99 2>; };
};
"""
GOOD = BOARD.replace(", <99 2>", "")
RULE = Finding("reset-shared", "A reset is shared.", "Name an owner.")

# docs.gitlab.com/ci/testing/code_quality, "Code Quality report format".
GITLAB = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "minLength": 1},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": "^(?!\\./)."},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}


def quality(text: str) -> list[dict[str, Any]]:
    report: list[dict[str, Any]] = json.loads(text)
    jsonschema.validate(report, GITLAB)
    prints = [item["fingerprint"] for item in report]
    assert len(set(prints)) == len(prints)
    return report


def test_gitlab_has_what_its_page_lists(tmp_path: Path) -> None:
    written(tmp_path / "board.dts", BOARD)
    done = scmigen("check", "./board.dts", "--format", "gitlab", cwd=tmp_path)
    (item,) = quality(done.stdout)
    assert done.returncode == 1
    assert item["check_name"] == "phandle-dangling"
    assert item["severity"] == "major"
    assert item["location"] == {"path": "board.dts", "lines": {"begin": 4}}
    absolute = scmigen("check", tmp_path / "board.dts", "--format", "gitlab", cwd=tmp_path)
    assert quality(absolute.stdout) == [item]


def test_a_fingerprint_stays_when_lines_move(tmp_path: Path) -> None:
    """And another finding has another one, if it is in the same line of another file."""

    def prints(name: str, text: str) -> list[str]:
        written(tmp_path / name, text)
        done = scmigen("check", name, "--format", "gitlab", cwd=tmp_path)
        return [item["fingerprint"] for item in quality(done.stdout)]

    before = prints("board.dts", BOARD)
    assert prints("board.dts", BOARD.replace("/ {", "\n\n/ {")) == before
    assert prints("board.dts", BOARD.replace("<99 2>", "<98 2>")) != before
    assert prints("other.dts", BOARD) != before


def test_equal_findings_have_fingerprints_of_their_own() -> None:
    found = [RULE.error("the same", Position("b.dts", line)) for line in (4, 9)]
    first, second = quality(as_gitlab(found))
    assert first["fingerprint"] != second["fingerprint"]
    moved = [RULE.error("the same", Position("b.dts", line)) for line in (5, 10)]
    assert [item["fingerprint"] for item in quality(as_gitlab(moved))] == [
        first["fingerprint"],
        second["fingerprint"],
    ]


def test_gitlab_has_a_path_for_every_finding() -> None:
    """Of one without a position, that of the first place that belongs to it."""
    related = [Related("no place"), Related("here", Position("a/../b\udcff.dts", 7))]
    known, unknown = quality(as_gitlab([RULE.note("x", None, related), RULE.warning("y")]))
    assert known["location"] == {"path": "b\\udcff.dts", "lines": {"begin": 7}}
    assert unknown["location"] == {"path": ".", "lines": {"begin": 1}}
    assert (known["severity"], unknown["severity"]) == ("info", "minor")


# What junit-10.xsd of Jenkins' xUnit plugin allows: attributes and children, and which must be.
ALLOWED = {
    "testsuites": (set(), set(), {"testsuite"}),
    "testsuite": ({"name", "tests", "failures", "errors"}, {"skipped", "time"}, {"testcase"}),
    "testcase": ({"name"}, {"classname", "time"}, {"failure", "system-out"}),
    "failure": (set(), {"type", "message"}, set()),
    "system-out": (set(), set(), set()),
}


def junit(text: str) -> list[ElementTree.Element]:
    """The suites of a report; raises if it is no XML 1.0."""
    root = ElementTree.fromstring(text.encode("ascii"))
    assert root.tag == "testsuites"
    for element in root.iter():
        must, may, children = ALLOWED[element.tag]
        assert must <= element.attrib.keys() <= must | may
        assert {child.tag for child in element} <= children
    for suite in root:
        cases = list(suite)
        assert int(suite.attrib["tests"]) == len(cases) > 0
        assert int(suite.attrib["failures"]) == len(suite.findall("testcase/failure"))
        names = [(case.attrib["classname"], case.attrib["name"]) for case in cases]
        assert len(set(names)) == len(names)
    return list(root)


@pytest.mark.parametrize("command", ["check", "build", "convert"])
@pytest.mark.parametrize(("text", "failures"), [(GOOD, "0"), (BOARD, "1")])
def test_junit_has_a_suite_of_the_board(
    tmp_path: Path, command: str, text: str, failures: str
) -> None:
    written(tmp_path / "board.dts", text if command != "convert" or failures == "0" else text[:-9])
    rest = {"check": [], "build": ["-q", "-o", "out", "--emit", "headers"], "convert": ["o.dtb"]}
    done = scmigen(command, "board.dts", *rest[command], "--format", "junit", cwd=tmp_path)
    (suite,) = junit(done.stdout if command == "check" else done.stderr)
    assert suite.attrib["name"] == "board.dts"
    assert suite.attrib["failures"] == failures == str(done.returncode)
    if failures == "0":
        # With -q, only errors are shown.
        name = "no errors" if "-q" in rest[command] else "no findings"
        assert [case.attrib["name"] for case in suite] == [name]


def test_only_errors_fail() -> None:
    found = [RULE.note("n", Position("b.dts", 3)), RULE.warning("w"), RULE.error("e", hint="h")]
    (suite,) = junit(as_junit(found))
    note, warning, error = suite
    assert note.findtext("system-out") == "b.dts:3: note[reset-shared]: n"
    assert warning.findtext("system-out") == "warning[reset-shared]: w"
    (failure,) = error
    assert failure.attrib == {"type": "reset-shared", "message": "e"}
    assert failure.text == "error[reset-shared]: e\n  hint: h"


def test_several_boards_are_several_suites() -> None:
    found = {"a.dts": [RULE.error("e"), RULE.error("e")], "b.dts": []}
    assert [suite.attrib["name"] for suite in junit(suites(found))] == ["a.dts", "b.dts"]


#: One of each kind that XML 1.0 (2.2), its markup, or a terminal does not take as it is.
HOSTILE = [
    *map(chr, range(0x20)),
    "\x7f\x85\u2028\u202e\ufeff\ufffe\uffff\ud800\udcff\U0001fffe",
    "]]> <![CDATA[ --> <!-- &amp; &#0; ' \" \U0001f600 甲",
    "\n::error::x\n##[error]y",
]


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda text: text.encode("unicode_escape").hex())
def test_whatever_is_in_a_name_both_stay_valid(hostile: str) -> None:
    finding = Finding("x", "About.", "Advice.")
    item: Diagnostic = finding.error(hostile, Position(hostile, 1), [Related(hostile)], hostile)
    (suite,) = junit(suites({hostile: [item, finding.note(hostile)]}))
    case = suite[0].attrib["name"]
    assert case.isprintable()
    report = as_gitlab([item])
    quality(report)
    for text in (report, as_junit([item])):
        assert text.isascii()
        assert not re.search(r"^\s*::|##\[", text, re.MULTILINE)
