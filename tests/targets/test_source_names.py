"""Macros of a board's source in all outputs; its blob gives the same numbers and SCMI names."""

import csv
import json
import re
from pathlib import Path

import pytest
from support import without_places

import scmigen
from scmigen import runtime
from scmigen.checks.registry import run_checks
from scmigen.devicetree.flatten import flatten
from scmigen.devicetree.load import load
from scmigen.model.platform import Model
from scmigen.pipeline import DEFAULT_OUTPUTS, emit_outputs
from scmigen.scmi.protocols import Kind
from scmigen.targets.permissions.page import data

HEADER = """
#define CK_UART 165
#define CK_SPI 7
#define MOD 1
#define GATE_0 0
#define RST_BOTH 3
#define CK_OF_A_NAME_THAT_IS_MUCH_TOO_LONG_FOR_AN_ENUM 40
"""
BOARD = """/dts-v1/;
#include "soc.h"
/ {
	compatible = "acme,board";
	rcc: clock-controller@1000 {
		compatible = "acme,rcc"; reg = <0x1000 0x10>; #clock-cells = <1>; #reset-cells = <1>;
	};
	cpg: clock-controller@2000 {
		compatible = "acme,cpg"; reg = <0x2000 0x10>; #clock-cells = <2>;
	};
	gate0: clock-controller@3000 {
		compatible = "acme,gate"; reg = <0x3000 0x10>; #clock-cells = <1>;
		clock-output-names = "first-gate";
	};
	gate1: clock-controller@4000 {
		compatible = "acme,gate"; reg = <0x4000 0x10>; #clock-cells = <1>;
		clock-output-names = "second-gate";
	};

	serial@10000 {
		compatible = "acme,uart"; reg = <0x10000 0x10>;
		clocks = <&rcc CK_UART>, <&cpg MOD 702>, <&gate0 GATE_0>, <&gate1 GATE_0>;
		clock-names = "baud", "bus", "g0", "g1";
		resets = <&rcc RST_BOTH>;
	};
	spi: spi@20000 {
		compatible = "acme,spi"; reg = <0x20000 0x10>;
		clocks = <&rcc CK_SPI>, <&rcc CK_OF_A_NAME_THAT_IS_MUCH_TOO_LONG_FOR_AN_ENUM>, <&rcc 41>;
		clock-names = "core", "long", "plain";
		resets = <&rcc RST_BOTH>;
	};
};
"""
RCC, CPG = "/clock-controller@1000", "/clock-controller@2000"
#: (number, SCMI name, macro) of each clock, in the order of providers and cells.
CLOCKS = [
    (0, "spi-20000-core", "CK_SPI"),
    (1, "spi-20000-long", "CK_OF_A_NAME_THAT_IS_MUCH_TOO_LONG_FOR_AN_ENUM"),
    (2, "spi-20000-plain", None),
    (3, "serial-10000-baud", "CK_UART"),
    (4, "serial-10000-bus", "MOD 702"),
    (5, "first-gate", "GATE_0"),
    (6, "second-gate", "GATE_0"),
]


@pytest.fixture
def board(tmp_path: Path) -> Path:
    (tmp_path / "soc.h").write_text(HEADER)
    path = tmp_path / "board.dts"
    path.write_text(BOARD)
    return path


@pytest.fixture
def blob(board: Path) -> Path:
    path = board.with_suffix(".dtb")
    path.write_bytes(flatten(load(board)))
    return path


def model_of(path: Path, *agents: Path) -> Model:
    return scmigen.compile(path, agents=agents).model


def outputs(path: Path) -> dict[str, str]:
    files, *_ = emit_outputs(model_of(path), DEFAULT_OUTPUTS, explicit=True)
    return {file.path: file.content.decode() for file in files}


def rows_of(files: dict[str, str]) -> list[dict[str, str]]:
    return list(csv.DictReader(files["permissions/permissions.csv"].splitlines()))


def defines(header: str) -> dict[str, str]:
    return dict(re.findall(r"^#define (SCMI_\w+) +(\d+)", header, re.MULTILINE))


def test_the_runtime_configuration_has_them_beside_the_scmi_names(board: Path) -> None:
    served = runtime.decode(outputs(board)["runtime/runtime.json"].encode())
    assert [(clock.id, clock.name, clock.macro) for clock in served.clocks] == CLOCKS
    assert [reset.macro for reset in served.reset_domains] == ["RST_BOTH"]


def test_numbers_and_scmi_names_do_not_depend_on_them(board: Path, blob: Path) -> None:
    source, other = outputs(board), outputs(blob)
    assert source.keys() == other.keys()
    left, right = (json.loads(files["runtime/runtime.json"]) for files in (source, other))
    assert without_places(left) == without_places(right)
    assert "macro" in str(left)
    assert "macro" not in str(right)
    left, right = ([row | {"macro": ""} for row in rows_of(files)] for files in (source, other))
    assert left == right


def test_nothing_in_the_outputs_of_a_blob_speaks_of_macros(blob: Path) -> None:
    for path, text in outputs(blob).items():
        assert "CK_UART" not in text, path
    assert "macro" not in outputs(blob)["permissions/permissions.md"]


def test_the_permission_map(board: Path) -> None:
    files = outputs(board)
    rows = [(row["provider"], row["cells"], row["macro"]) for row in rows_of(files)]
    assert rows[3:5] == [
        (RCC, "165", "CK_UART"),
        (CPG, "1 702", "MOD 702"),
    ]
    markdown = files["permissions/permissions.md"]
    assert f"| 3 | serial-10000-baud | `{RCC} 165` | `CK_UART` | state read |" in markdown
    assert f"| 2 | spi-20000-plain | `{RCC} 41` |  | state read |" in markdown
    (platform,) = model_of(board).platforms
    assert [r["macro"] for r in data(platform)["resources"]] == [
        *(macro for _, _, macro in CLOCKS),
        "RST_BOTH",
    ]


def test_the_header_keeps_its_names_and_has_the_macros_too(board: Path, blob: Path) -> None:
    """Whoever includes the header of a blob may include that of the source in its place."""
    path = "headers/dt-bindings/scmi/scmi.h"
    source, other = defines(outputs(board)[path]), defines(outputs(blob)[path])
    assert len(other) == len(CLOCKS) + 1
    assert source.items() >= other.items()
    assert {name: source[name] for name in source.keys() - other.keys()} == {
        "SCMI_CLK_CK_SPI": "0",
        "SCMI_CLK_CK_OF_A_NAME_THAT_IS_MUCH_TOO_LONG_FOR_AN_ENUM": "1",
        "SCMI_CLK_CK_UART": "3",
        "SCMI_CLK_MOD_702": "4",
        # GATE_0 is two clocks, so it is the name of neither.
        "SCMI_RST_RST_BOTH": "0",
    }
    assert f"/* {CPG} <1 702> MOD 702 */" in outputs(board)[path]
    assert f"/* {CPG} <1 702> */" in outputs(blob)[path]


def test_a_macro_that_is_called_as_another_resource_is_left_out(board: Path) -> None:
    """The clock 41 is called ck-spi by its consumer; that name was there first."""
    text = BOARD.replace('"core", "long", "plain"', '"core", "long", "x"')
    text = text.replace("spi: spi@20000 {", 'aliases { ck = "/spi@20000"; };\n\tspi: spi@20000 {')
    board.write_text(text.replace('"x"', '"spi"'))
    source = defines(outputs(board)["headers/dt-bindings/scmi/scmi.h"])
    assert source["SCMI_CLK_CK_SPI"] == "2"
    index = outputs(board)["scp/scmi_idx.h"]
    names = re.findall(r"^    (CLOCK_IDX_\w+) = (\d+),", index, re.MULTILINE)
    assert len({name for name, _ in names}) == len(names)


def test_the_enumerators_are_the_macros(board: Path, blob: Path) -> None:
    index = outputs(board)["scp/scmi_idx.h"]
    assert re.findall(r"^    CLOCK_IDX_(\w+) = (\d+),", index, re.MULTILINE) == [
        ("CK_SPI", "0"),
        ("SPI_20000_LONG", "1"),
        ("SPI_20000_PLAIN", "2"),
        ("CK_UART", "3"),
        ("MOD_702", "4"),
        ("FIRST_GATE", "5"),
        ("SECOND_GATE", "6"),
    ]
    assert f"/* {RCC} <165> CK_UART (clocks of /serial@10000) */" in index
    assert "/* /clock-controller@3000 <0> GATE_0 (clocks of /serial@10000) */" in index
    other = re.findall(r"^    CLOCK_IDX_(\w+) = (\d+),", outputs(blob)["scp/scmi_idx.h"], re.M)
    assert [number for _, number in other] == ["0", "1", "2", "3", "4", "5", "6"]
    assert [name for name, _ in other][3] == "SERIAL_10000_BAUD"


def test_the_tables_use_the_same_enumerators(board: Path) -> None:
    files = outputs(board)
    known = set(re.findall(r"^    (CLOCK_IDX_\w+)", files["scp/scmi_idx.h"], re.MULTILINE))
    for name in ("config_clock.c", "config_scmi_clock.c", "config_mock_clock.c"):
        used = set(re.findall(r"\bCLOCK_IDX_\w+", files[f"scp/{name}"]))
        assert used <= known, name
    assert "CLOCK_IDX_CK_UART" in files["scp/config_scmi_clock.c"]


TWO = """
domains:
  a: {id: 1, scmi: {role: ospm}, default: true}
  b: {id: 2, scmi: {role: vm}, access: [{dev: "&spi"}]%s}
"""


def test_diagnostics_speak_as_the_source_does(board: Path, blob: Path) -> None:
    agents = board.with_name("agents.yaml")
    agents.write_text((TWO % "").replace("&spi", "/spi@20000"))
    for path, said in ((board, "reset <&rcc RST_BOTH>"), (blob, f"reset <{RCC} 3>")):
        (found,) = [d for d in run_checks(model_of(path, agents)) if d.id == "reset-shared"]
        assert found.message.startswith(f"{said}: ")
    # What the hint says may stand in an agents file.
    (found,) = [d for d in run_checks(model_of(board, agents)) if d.id == "reset-shared"]
    assert '{reset: "&rcc RST_BOTH", agent: a}' in str(found.hint)


def test_the_agents_file_may_use_them(board: Path) -> None:
    agents = board.with_name("agents.yaml")
    agents.write_text(
        TWO % ", grant: [{clock: '&rcc CK_UART', operations: [rate]}]"
        + "platform: {owners: [{reset: '&rcc RST_BOTH', agent: a},"
        + " {clock: '&cpg MOD 702', agent: a}, {clock: '&rcc CK_UART', agent: b}]}\n"
    )
    model = model_of(board, agents)
    assert [(owner.key.cells, owner.agent) for owner in model.assignment.options.owners] == [
        ((3,), "a"),
        ((1, 702), "a"),
        ((165,), "b"),
    ]
    (platform,) = model.platforms
    by_hand = [g for g in platform.all_grants if g.agent.name == "b" and g.resource.number == 3]
    assert [(g.resource.kind, sorted(g.operations)) for g in by_hand] == [
        (Kind.CLOCK, ["rate", "read"])
    ]


def test_the_elements_of_a_driver_are_called_so_too(board: Path) -> None:
    driver = "{clock: {module: acme-clock, struct: struct mod_acme_clock, data: {gate: cell 0}}}"
    agents = board.with_name("agents.yaml")
    agents.write_text(
        "domains: {a: {id: 1, scmi: {role: ospm}, default: true}}\nplatform:\n  drivers:\n"
        + "".join(f'    "acme,{name}": {driver}\n' for name in ("rcc", "cpg", "gate"))
    )
    files, diagnostics, *_ = emit_outputs(model_of(board, agents), ["scp"], explicit=True)
    assert not diagnostics
    index = next(file.content.decode() for file in files if file.path == "scp/scmi_idx.h")
    assert re.findall(r"^    (ACME_CLOCK_IDX_\w+) = \d+,", index, re.MULTILINE)[3:6] == [
        "ACME_CLOCK_IDX_CK_UART",
        "ACME_CLOCK_IDX_MOD_702",
        "ACME_CLOCK_IDX_FIRST_GATE",
    ]
    table = next(f.content.decode() for f in files if f.path == "scp/config_acme_clock.c")
    assert f"/* {RCC} <165> CK_UART */" in table
