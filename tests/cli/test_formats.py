"""The forms of diagnostics, read the way other programs read them."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema
import pytest

from scmigen.checks.registry import CHECKS
from scmigen.cli.formats import as_github, as_sarif
from scmigen.diagnostics import Position, Related, error, note, warning

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


def _object(required: str, **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": required.split(),
        "additionalProperties": False,
    }


_TEXT = {"type": "string", "minLength": 1}
_INDEX = {"type": "integer", "minimum": 0}
_ONE = {"type": "integer", "minimum": 1}
_MESSAGE = _object("text", text=_TEXT)
_PLACE = _object(
    "artifactLocation",
    # RFC 3986: no character that must be percent-encoded, and no colon in a first segment.
    artifactLocation=_object(
        "uri",
        uri={
            "type": "string",
            "pattern": r"^(file:///|(?!/)(?=[^:]*(/|$)))([\w.~!$&'()*+,;=:@/-]|%[0-9A-F]{2})+$",
        },
    ),
    region=_object("startLine", startLine=_ONE, startColumn=_ONE),
)

#: The part of SARIF 2.1.0 (OASIS, 2020, chapter 3) that scmigen writes, and nothing beside it:
#: 3.13 log, 3.14 run, 3.19 tool component, 3.27 result, 3.28 location, 3.49 reporting descriptor.
SARIF = _object(
    "$schema version runs",
    **{"$schema": {"type": "string", "pattern": r"^https://.*sarif-schema-2\.1\.0\.json$"}},
    version={"const": "2.1.0"},
    runs={
        "type": "array",
        "minItems": 1,
        "maxItems": 1,
        "items": _object(
            "tool columnKind results",
            tool=_object(
                "driver",
                driver=_object(
                    "name version rules",
                    name={"const": "scmigen"},
                    version=_TEXT,
                    rules={
                        "type": "array",
                        "uniqueItems": True,
                        "items": _object("id", id=_TEXT, shortDescription=_MESSAGE),
                    },
                ),
            ),
            columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
            results={
                "type": "array",
                "items": _object(
                    "ruleId ruleIndex level message",
                    ruleId=_TEXT,
                    ruleIndex=_INDEX,
                    level={"enum": ["none", "note", "warning", "error"]},
                    message=_MESSAGE,
                    locations={
                        "type": "array",
                        "minItems": 1,
                        "items": _object("physicalLocation", physicalLocation=_PLACE),
                    },
                    relatedLocations={
                        "type": "array",
                        "uniqueItems": True,
                        "items": _object(
                            "id message", id=_INDEX, message=_MESSAGE, physicalLocation=_PLACE
                        ),
                    },
                    properties=_object("hint", hint=_TEXT),
                ),
            },
        ),
    },
)


def scmigen(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "scmigen", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=cwd)


def sarif(text: str) -> dict[str, Any]:
    """The one run of a log that keeps to the schema."""
    log = json.loads(text)
    jsonschema.Draft202012Validator.check_schema(SARIF)
    jsonschema.validate(log, SARIF)
    run: dict[str, Any] = log["runs"][0]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(set(rules)) == len(rules)
    assert all(rules[result["ruleIndex"]] == result["ruleId"] for result in run["results"])
    return run


FOUND = error(
    "reset-shared",
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


def test_every_check_is_a_rule_and_so_is_what_else_was_met() -> None:
    run = sarif(as_sarif([note("zz-new", "x"), warning("aa-new", "y"), note("zz-new", "z")]))
    rules = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    assert {check.name for check in CHECKS} <= rules.keys()
    assert rules["zz-new"] == {"id": "zz-new"}
    assert rules["reset-shared"]["shortDescription"]["text"]
    assert [result["level"] for result in run["results"]] == ["note", "warning", "note"]


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
    (result,) = sarif(as_sarif([error("x", "y", Position(file))]))["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": uri}}


def test_a_file_below_the_working_directory_is_relative(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = [error("x", "y", Position(str(tmp_path / "boards" / "b.dts"), 3))]
    (result,) = sarif(as_sarif(found))["results"]
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "boards/b.dts"},
        "region": {"startLine": 3},
    }
    assert as_github(found).startswith("::error file=boards/b.dts,line=3,title=x::y")


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
    hostile = error("x", "100%\r\n::set-output name=a::b", Position("a,col=9::b\n.dts", 1))
    (line,) = as_github([hostile]).splitlines()
    _, properties, text = annotation(line)
    assert properties["file"] == "a,col=9::b\n.dts"
    assert "col" not in properties
    assert text == "100%\r\n::set-output name=a::b"


def test_notes_and_warnings_have_their_own_commands() -> None:
    lines = as_github([note("n", "x"), warning("w", "y")]).splitlines()
    assert lines == ["::notice title=n::x", "::warning title=w::y"]


# The commands


@pytest.fixture
def boards(tmp_path: Path) -> Path:
    (tmp_path / "good.dts").write_text(BOARD + "};\n")
    (tmp_path / "bad.dts").write_text(WARNED)
    return tmp_path


@pytest.mark.parametrize("command", ["check", "build", "convert"])
@pytest.mark.parametrize("style", ["json", "sarif"])
def test_one_document_even_when_nothing_is_found(boards: Path, command: str, style: str) -> None:
    rest = {
        "check": ["-q"],
        "build": ["-q", "-o", "out", "--emit", "headers"],
        "convert": ["out.dtb"],
    }[command]
    done = scmigen(command, "good.dts", *rest, "--format", style, cwd=boards)
    document = json.loads(done.stdout if command == "check" else done.stderr)
    assert done.returncode == 0
    assert (document == []) if style == "json" else sarif(json.dumps(document))["results"] == []


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
    assert "output" in [result["ruleId"] for result in sarif(done.stderr)["results"]]


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
