"""The texts that people and other programs read, against what was written by hand."""

import csv
import importlib.util
import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import scmigen
from scmigen import runtime
from scmigen.model.platform import Model
from scmigen.pipeline import emit_outputs
from scmigen.runtime import Numbering

GRANTS = Path(__file__).parent.parent / "grants" / "orrery.csv"
AGENTS = ("linux", "optee", "vm1", "vm2", "hypervisor")


def compiled(examples: Path, numbering: Numbering = Numbering.SHARED) -> Model:
    board, agents = examples / "orrery-board.dts", examples / "agents.yaml"
    return scmigen.compile(board, agents=agents, numbering=numbering).model


def files_of(model: Model, output: str) -> dict[str, bytes]:
    files, *_ = emit_outputs(model, [output], explicit=True)
    return {file.path: file.content for file in files}


@pytest.fixture(scope="module")
def model(examples: Path) -> Model:
    return compiled(examples)


def by_hand() -> dict[tuple[str, str, str, str], str]:
    """(agent, kind, provider, cells) → operations, from the table that was written by hand."""
    with GRANTS.open() as file:
        return {
            (row["agent"], row["kind"], row["provider"], row["cells"]): row["operations"]
            for row in csv.DictReader(file)
        }


def test_the_csv_map_is_the_hand_written_table(model: Model) -> None:
    text = files_of(model, "permissions")["permissions/permissions.csv"].decode()
    found = {}
    for row in csv.DictReader(text.splitlines()):
        for agent in AGENTS:
            words = re.sub(r"[()]", "", row[agent]).split()
            if words and row["number"]:
                key = (agent, row["kind"], row["provider"], row["cells"])
                found[key] = " ".join(sorted(words))
    assert found == by_hand()


def test_the_csv_map_tells_the_rights_on_whole_protocols(model: Model) -> None:
    """By role: a hypervisor has both, an operating system the latter, a guest is told."""
    text = files_of(model, "permissions")["permissions/permissions.csv"].decode()
    rows = [row for row in csv.DictReader(text.splitlines()) if not row["number"]]
    assert [(row["kind"], row["name"]) for row in rows] == [
        ("base", "permissions"),
        ("system", "system-power"),
    ]
    granted = [{agent: row[agent] for agent in AGENTS if row[agent]} for row in rows]
    assert granted == [
        {"hypervisor": "change"},
        {"linux": "state read", "vm1": "read", "vm2": "read", "hypervisor": "state read"},
    ]


def test_an_assignable_device_is_in_brackets_for_who_does_not_have_it(model: Model) -> None:
    """The image processor (power domain 4) is vm1's at boot and may be given to vm2."""
    text = files_of(model, "permissions")["permissions/permissions.csv"].decode()
    (row,) = (
        row
        for row in csv.DictReader(text.splitlines())
        if row["kind"] == "power" and row["cells"] == "4"
    )
    assert row["vm1"] == "state read"
    assert row["vm2"] == "(state) (read)"


def test_the_markdown_map_has_a_row_a_resource_and_a_column_an_agent(model: Model) -> None:
    text = files_of(model, "permissions")["permissions/permissions.md"].decode()
    rows = [line for line in text.splitlines() if re.match(r"\| \d+ \| .* `/", line)]
    resources = sum(len(found) for p in model.platforms for found in p.resources.values())
    assert len(rows) == resources
    assert {row.count("|") for row in rows} == {len(AGENTS) + 5}


def test_the_runtime_configuration_fits_its_schema(model: Model) -> None:
    files = files_of(model, "runtime")
    schema = json.loads(files["runtime/runtime.schema.json"])
    value = json.loads(files["runtime/runtime.json"])
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(value, schema)
    value["agents"][0]["role"] = "emperor"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(value, schema)


def test_the_python_module_holds_the_same_configuration(model: Model, tmp_path: Path) -> None:
    files = files_of(model, "runtime")
    path = tmp_path / "scmi_runtime.py"
    path.write_bytes(files["runtime/scmi_runtime.py"])
    spec = importlib.util.spec_from_file_location("scmi_runtime", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert runtime.decode(files["runtime/runtime.json"]) == module.RUNTIME


def test_runtime_grants_are_the_hand_written_table(model: Model) -> None:
    served = runtime.decode(files_of(model, "runtime")["runtime/runtime.json"])
    found = {}
    for agent in served.agents:
        for kind, grants in agent.grants.items():
            numbers = {resource.id: resource for resource in served.resources(kind)}
            for grant in grants:
                resource = numbers[grant.resource]
                cells = " ".join(map(str, resource.cells))
                key = (agent.name, str(kind), resource.node, cells)
                found[key] = " ".join(sorted(grant.operations))
    assert found == by_hand()


@pytest.fixture
def preprocessed(
    tmp_path: Path, tool: Callable[[str], str]
) -> Callable[[dict[str, bytes], str], str]:
    """Runs the header through the C preprocessor and evaluates a macro list with it."""

    def run(files: dict[str, bytes], text: str) -> str:
        for path, content in files.items():
            target = tmp_path / Path(path).name
            target.write_bytes(content)
        (tmp_path / "use.c").write_text(text)
        command = [tool("gcc"), "-E", "-P", "-undef", "-I", str(tmp_path), str(tmp_path / "use.c")]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    return run


def test_the_header_gives_every_number_one_name(
    model: Model, preprocessed: Callable[[dict[str, bytes], str], str]
) -> None:
    """Only those lines are a resource's own that say where it comes from."""
    files = files_of(model, "headers")
    ((path, content),) = files.items()
    every = re.findall(rb"^#define (SCMI_\w+)", content, re.MULTILINE)
    assert len(set(every)) == len(every)
    names = re.findall(rb"^#define (SCMI_\w+) .* /\* /", content, re.MULTILINE)
    text = f'#include "{Path(path).name}"\n' + "\n".join(name.decode() for name in names)
    numbers = preprocessed(files, text).split()
    resources = [r for p in model.platforms for found in p.resources.values() for r in found]
    assert numbers == [str(resource.number) for resource in resources]


def test_with_numbers_of_its_own_each_agent_has_a_header(examples: Path) -> None:
    model = compiled(examples, Numbering.PER_AGENT)
    paths = sorted(files_of(model, "headers"))
    assert paths == sorted(f"headers/dt-bindings/scmi/scmi-{agent}.h" for agent in AGENTS)
    served = runtime.decode(files_of(model, "runtime")["runtime/runtime.json"])
    for agent in served.agents:
        for grants in agent.grants.values():
            assert [grant.id for grant in grants] == list(range(len(grants)))


def hostile_tree(tmp_path: Path) -> Path:
    path = tmp_path / "hostile.dts"
    path.write_text(
        """/dts-v1/;
/ {
	model = "<script>|*/ board";
	compatible = "acme,`hostile`";
	clk: clock-controller@1000 {
		reg = <0x1000 0x100>;
		#clock-cells = <1>;
		clock-output-names = "=cmd|'/c calc'!A1", "*/ #error |<b>", "\\" quote \\\\";
	};
	uart@2000 {
		compatible = "acme,uart";
		reg = <0x2000 0x100>;
		clocks = <&clk 0>, <&clk 1>, <&clk 2>;
	};
};
"""
    )
    return path


def test_hostile_names_stay_text_in_every_output(
    tmp_path: Path, preprocessed: Callable[[dict[str, bytes], str], str]
) -> None:
    """Names and models come from files that nobody reads; none may end a comment or a cell."""
    model = scmigen.compile(hostile_tree(tmp_path)).model
    files = files_of(model, "headers")
    name = Path(next(iter(files))).name
    assert "error" not in preprocessed(files, f'#include "{name}"\n').lower()
    markdown = files_of(model, "permissions")["permissions/permissions.md"].decode()
    assert "<script>" not in markdown.replace("\\<script\\>", "")
    table: list[dict[str, Any]] = list(
        csv.DictReader(
            files_of(model, "permissions")["permissions/permissions.csv"].decode().splitlines()
        )
    )
    assert [row["name"] for row in table[3:]] == ["permissions", "system-power"]
    assert not any(
        str(value).startswith(("=", "+", "@")) for row in table for value in row.values()
    )
