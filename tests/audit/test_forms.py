"""What ``[AGENT=][FORM:]PATH`` names, what is wrong with it, and what hostile files do."""

import json
import os
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from against_build import compare
from mutated_board import build, model, written_out
from support import scmigen as run

import scmigen
from scmigen import InputError
from scmigen.audit.registry import BUILT_IN, Named, named, read, readers
from scmigen.runtime import encode_served, grants_schema
from scmigen.scmi.protocols import Kind

ROW = {"id": 4, "resource": 4, "operations": ["state", "read"]}
AGENT: dict[str, Any] = {"id": 1, "name": "linux", "grants": {"clock": [ROW]}}
SAID = {"source": "config.c:7"}
GRANTS: dict[str, Any] = {
    "format": "scmigen-grants-1",
    "name": "pebble",
    "agents": [AGENT],
    "resources": {"clock": [{"id": 4, "name": "uart"}]},
}


def grants(path: Path, **changes: Any) -> Path:
    path.write_text(json.dumps(GRANTS | changes, indent=1))
    return path


def problem(*servers: str | Path) -> str:
    """The first error: its place, id and message."""
    with pytest.raises(InputError) as caught:
        scmigen.read_server(*servers)
    item = caught.value.diagnostics[0]
    return f"{item.position}: {item.id}: {item.message}"


def test_the_shortest_description(tmp_path: Path) -> None:
    served = scmigen.read_server(grants(tmp_path / "a.json", resources={}))
    (row,) = served.agents[0].grants["clock"]
    assert (row.id, row.operations) == (4, ("state", "read"))


def test_what_is_read_is_written_again(tmp_path: Path) -> None:
    served = scmigen.read_server(grants(tmp_path / "a.json"))
    (tmp_path / "b.json").write_bytes(encode_served(served))
    assert scmigen.read_server(tmp_path / "b.json") == served


def test_the_json_form_of_the_command_is_a_description(tmp_path: Path, examples: Path) -> None:
    done = run("audit", examples / "minimal.dts", "--format", "json")
    assert done.returncode == 0
    (tmp_path / "g.json").write_text(done.stdout)
    again = run("audit", tmp_path / "g.json", "--format", "json")
    assert again.stdout == done.stdout


def test_the_schema_takes_what_is_read_and_refuses_what_is_not(tmp_path: Path) -> None:
    schema = json.loads(grants_schema())
    served = scmigen.read_server(grants(tmp_path / "a.json"))
    jsonschema.validate(json.loads(encode_served(served)), schema)
    jsonschema.validate(GRANTS, schema)
    for wrong in ({"agents": 1}, {"format": "scmigen-grants-9"}, {"kinds": ["clocks"]}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(GRANTS | wrong, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({key: GRANTS[key] for key in GRANTS if key != "format"}, schema)


def test_what_a_resource_is_has_the_line_of_the_resource(tmp_path: Path) -> None:
    """Grants of it are elsewhere in the file, one for each agent."""
    board = model()
    configuration = build(board)(board.platforms[0])
    document = written_out(configuration)
    document["clocks"][1]["name"] = "edited"
    document["clocks"][1]["rate"] = 12345
    path = tmp_path / "runtime.json"
    path.write_text(json.dumps(document, indent=1))
    lines = path.read_text().split("\n")
    begins = lines.index('   "name": "edited",') - 1
    assert lines[begins - 1 : begins + 1] == ["  {", '   "id": 1,']
    found = compare(board, scmigen.read_server(path), str(path))
    assert {item.id for item in found} == {"name-differs", "rates-differ"}
    assert [item.position.line for item in found if item.position] == [begins, begins]
    # Where a row says what file it is from, so is the resource.
    served = scmigen.read_server(
        grants(tmp_path / "a.json", agents=[AGENT | {"grants": {"clock": [ROW | SAID]}}])
    )
    assert served.resources[Kind.CLOCK][0].source is None


def line_of(text: str, word: str) -> int:
    return text[: text.index(word)].count("\n") + 1


def test_a_row_that_says_no_place_has_that_of_the_file(tmp_path: Path) -> None:
    path = grants(tmp_path / "a.json")
    (row,) = scmigen.read_server(path).agents[0].grants["clock"]
    where = line_of(path.read_text(), '"id": 4')
    assert row.source == f"{path}:{where - 1}:6"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"agents": [{"id": 1}]}, "missing required field `name`"),
        ({"agents": [{"id": 0, "name": "a"}]}, "Expected `int` >= 1"),
        (
            {"kinds": ["clocks"]},
            "'clocks' is none of power, performance, clock, sensor, reset, voltage, ",
        ),
        (
            {
                "agents": [
                    {"id": 1, "name": "a", "grants": {"clock": [{**ROW, "operations": ["stat"]}]}}
                ]
            },
            "'stat' is none of state, ",
        ),
        ({"agents": [{"id": 1, "name": "a", "role": "linux"}]}, "'linux' is none of ospm, "),
        ({"colour": 1}, "unknown field `colour`"),
        ({"resources": {"clock": [{"id": 1}, {"id": 1}]}}, "clock 1 twice"),
        (
            {"agents": [{"id": 1, "name": "a", "grants": {"clock": [ROW, ROW]}}]},
            "a has clock 4 twice",
        ),
        (
            {
                "agents": [
                    {"id": 1, "name": "a", "grants": {"reset": [ROW | {"operations": ["rate"]}]}}
                ]
            },
            "a reset has no operation rate; it has reset",
        ),
        (
            {"agents": [{"id": 1, "name": "a"}, {"id": 1, "name": "b"}]},
            "agent id 1 twice",
        ),
        ({"format": "scmigen-grants-2"}, "the format is 'scmigen-grants-2'"),
    ],
)
def test_a_wrong_description_is_an_error_with_its_place(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    path = grants(tmp_path / "a.json", **changes)
    said = problem(path)
    assert said.startswith(f"{path}")
    assert ": grants-invalid: " in said
    assert message in said


def test_a_fault_in_a_row_has_the_line_of_the_row(tmp_path: Path) -> None:
    rows = [ROW | {"id": number} for number in (1, 2, 3)]
    rows[2]["operations"] = ["reset"]
    agents = [{"id": 1, "name": "linux", "grants": {"clock": rows}}]
    path = grants(tmp_path / "a.json", agents=agents)
    where = line_of(path.read_text(), '"id": 3')
    assert problem(path).startswith(f"{path}:{where - 1}:")


def test_a_fault_of_syntax_has_its_place(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"format": "scmigen-grants-1",\n "name": !}')
    assert problem(path).startswith(f"{path}:2:10: grants-invalid: ")


def test_of_what_has_no_form_all_forms_are_told(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("nothing")
    with pytest.raises(InputError) as caught:
        scmigen.read_server(path)
    (item,) = caught.value.diagnostics
    assert item.id == "server-unknown"
    tried = [each.message for each in item.related]
    assert len(tried) == len(BUILT_IN) + 1
    assert all(f"not {name}: " in " ".join(tried) for name in (*BUILT_IN, "board"))
    assert item.whole


@pytest.mark.parametrize(
    ("text", "hint"),
    [("grant:x.json", "did you mean grants"), ("linux=rutime:x", "did you mean runtime")],
)
def test_a_misspelt_form_is_guessed(text: str, hint: str) -> None:
    with pytest.raises(InputError) as caught:
        named(text)
    assert hint in (caught.value.diagnostics[0].hint or "")


def test_a_missing_file_is_guessed(tmp_path: Path) -> None:
    grants(tmp_path / "server.json")
    with pytest.raises(InputError) as caught:
        named(str(tmp_path / "servr.json"))
    assert "server.json" in (caught.value.diagnostics[0].hint or "")


def test_a_path_that_is_there_is_no_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    grants(Path("linux=grants:a.json"))
    found = named("linux=grants:a.json")
    assert (str(found.path), found.form, found.agent) == ("linux=grants:a.json", "grants", None)


def test_the_form_and_the_agent_can_be_said(tmp_path: Path) -> None:
    path = grants(tmp_path / "a.json")
    found = named(f"vm1=grants:{path}")
    assert (found.path, found.form, found.agent) == (path, "grants", "vm1")
    assert [agent.name for agent in scmigen.read_server(f"vm1=grants:{path}").agents] == ["vm1"]


def test_a_board_stands_alone(tmp_path: Path, examples: Path) -> None:
    said = problem(grants(tmp_path / "a.json"), examples / "minimal.dts")
    assert "a board describes its server alone" in said


def test_every_reader_says_what_it_reads() -> None:
    for reader in readers():
        assert reader.about
        assert not reader.about.endswith(".")
        assert reader.findings
        assert BUILT_IN[reader.name]


def test_no_reader_fails_on_what_is_not_there_or_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "up").symlink_to(tmp_path)
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "bytes").write_bytes(bytes(range(256)) * 40)
    for name in ("fifo", "loop", "up", "empty", "bytes", "none", "a\nb", "up/up/up"):
        for reader in readers():
            assert reader.recognises(tmp_path / name) is False
            with pytest.raises(InputError):
                read([Named(tmp_path / name, reader.name)])


@pytest.mark.parametrize("text", ['{"format": "scmigen-grants-1", "agents": ', "["])
def test_deep_json_is_an_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "deep.json"
    path.write_text(text + "[" * 200_000)
    for form in ("grants", "runtime", "dump"):
        assert problem(f"{form}:{path}").startswith(str(path))


def test_very_many_rows_are_read_in_seconds(tmp_path: Path) -> None:
    rows = [{"id": n, "resource": n} for n in range(0x10000)]
    agents = [{"id": n, "name": f"a{n}", "grants": {"clock": rows}} for n in range(1, 7)]
    path = tmp_path / "many.json"
    path.write_text(json.dumps(GRANTS | {"agents": agents}))
    before = time.process_time()
    served = scmigen.read_server(path)
    assert sum(len(agent.grants["clock"]) for agent in served.agents) == 6 * 0x10000
    assert time.process_time() - before < 20


def test_the_files_of_a_description_are_among_those_read(tmp_path: Path, examples: Path) -> None:
    path = grants(tmp_path / "a.json")
    found = scmigen.compile(examples / "minimal.dts", against=str(path))
    assert str(path) in found.files


def test_the_table_has_a_line_for_each_row(tmp_path: Path) -> None:
    row = ROW | {"unchecked": ["rate"], "unknown": ["parent"], "source": "config_clock.c:81"}
    agents = [{"id": 1, "name": "linux", "grants": {"clock": [row]}}]
    done = run("audit", grants(tmp_path / "a.json", agents=agents))
    assert done.stdout.splitlines()[1].split() == [
        *("linux", "clock", "4", "uart", "state", "read"),
        *("(for", "all:", "rate;", "unknown:", "parent)", "config_clock.c:81"),
    ]


def test_errors_end_with_status_1_and_nothing_on_the_output(tmp_path: Path) -> None:
    done = run("audit", grants(tmp_path / "a.json", kinds=["x"]))
    assert (done.returncode, done.stdout) == (1, "")
    assert "grants-invalid" in done.stderr


def test_the_page_has_every_form_and_every_key() -> None:
    page = (Path(__file__).parents[2] / "docs/reference/audit.md").read_text()
    for name in (*BUILT_IN, "board"):
        assert f"\n| `{name}` | " in page
    defined = json.loads(grants_schema())["$defs"]
    keys = {
        key
        for each in ("Served", "ServedAgent", "ServedGrant")
        for key in defined[each]["properties"]
    }
    assert sorted(key for key in keys if f"`{key}`" not in page and f"].{key}`" not in page) == []
