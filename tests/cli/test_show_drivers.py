"""``scmigen show drivers``: what tables of drivers say of every clock and supply of a board."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from driver_rows import table
from support import SOC, process, scmigen, source

BODY = """
vmmc: regulator { compatible = "acme,pmic-out"; regulator-min-microvolt = <3300000>;
    regulator-max-microvolt = <3300000>; };
osc: osc { compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <1>; };
mmc: mmc { compatible = "acme,mmc"; clocks = <&cc 1>, <&cc 4>; clock-names = "ciu", "biu";
    vmmc-supply = <&vmmc>; };
g: g { compatible = "acme,generic"; clocks = <&cc 2>; };
h: h { compatible = "acme,plain", "acme,mmc"; clocks = <&cc 2>, <&osc>; };
quiet { compatible = "acme,quiet"; clocks = <&cc 5>; };
wdt { compatible = "acme,wdt"; clocks = <&cc 6>; clock-names = "alarm"; };
npu { compatible = "acme,other-npu", "acme,npu"; clocks = <&cc 7>; };
own: own { compatible = "acme,generic"; clocks = <&cc 8>; resets = <&cc 3>; };
cpus { #address-cells = <1>; #size-cells = <0>;
    cpu@0 { device_type = "cpu"; compatible = "acme,core"; reg = <0>; clocks = <&cc 9>; }; };
"""
AGENTS = """\
domains:
  a:
    id: 1
    default: true
    scmi:
      role: ospm
      needs: [drivers.txt, {"acme,plain": {"#0": [rate]}}]
  b: {id: 2, scmi: {role: vm, needs: none}, access: [{dev: "&h"}]}
  c: {id: 3, scmi: {role: vm, needs: drivers.txt}, access: [{dev: "&own"}]}
"""


@pytest.fixture
def board(tmp_path: Path) -> list[Path | str]:
    (tmp_path / "board.dts").write_text(source(BODY + SOC))
    (tmp_path / "agents.yaml").write_text(AGENTS)
    table(tmp_path)
    return [tmp_path / "board.dts", "-a", tmp_path / "agents.yaml"]


def _shown(board: list[Path | str]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(_out("csv", board))))


def _out(style: str, board: list[Path | str]) -> str:
    return scmigen("show", "drivers", *board, "--format", style).stdout


def test_every_clock_and_supply_has_what_its_driver_does(board: list[Path | str]) -> None:
    told = {
        (row["agent"], row["device"], row["entry"]): (
            row["compatible"],
            row["operations"],
            row["certainty"],
            row["by"],
            row["granted"],
        )
        for row in _shown(board)
    }
    mmc = "drivers/mmc/acme.c:set_ios"
    assert told == {
        ("a", "/mmc", "ciu"): ("acme,mmc", "rate", "sure", mmc, "yes"),
        ("a", "/mmc", "biu"): ("acme,mmc", "nothing", "", "", ""),
        ("a", "/mmc", "vmmc-supply"): (
            "acme,mmc",
            "level",
            "sure",
            "drivers/mmc/core.c:set_ocr",
            "no",
        ),
        ("a", "/g", "#0"): ("acme,generic", "rate", "may", "drivers/misc/generic.c:probe", "no"),
        ("b", "/h", "#0"): ("acme,plain", "no table", "", "", ""),
        ("b", "/h", "#1"): ("acme,plain", "no table", "", "", ""),
        ("a", "/quiet", "#0"): ("acme,quiet", "nothing", "", "", ""),
        ("a", "/wdt", "alarm"): ("acme,wdt", "nothing", "never", "drivers/watchdog/wdt.c", ""),
        ("a", "/npu", "#0"): ("acme,other-npu", "unknown", "", "", ""),
        ("c", "/own", "#0"): ("acme,generic", "rate", "may", "drivers/misc/generic.c:probe", "yes"),
    }


def test_why_it_is_not_granted(board: list[Path | str]) -> None:
    because = {(row["device"], row["entry"]): row["because"] for row in _shown(board)}
    assert because["/g", "#0"] == (
        "/g clocks[0] may need it (drivers/misc/generic.c:probe of drivers.txt), but b depends on "
        "it as well"
    )
    assert because["/mmc", "vmmc-supply"] == (
        "/mmc vmmc-supply[0] sets it (drivers/mmc/core.c:set_ocr of drivers.txt), but the supply "
        "has one voltage only"
    )
    assert because["/mmc", "ciu"] == because["/npu", "#0"] == ""


def test_why_not_says_the_same(board: list[Path | str]) -> None:
    done = scmigen("why", "--not", "a", "&vmmc", "--operation", "level", *board)
    assert "sets it (drivers/mmc/core.c:set_ocr of drivers.txt), but the supply has" in done.stdout


def test_what_the_usual_table_would_say(tmp_path: Path) -> None:
    body = 'u { compatible = "snps,dw-apb-uart"; clocks = <&cc 1>; clock-names = "baudclk"; };'
    (tmp_path / "board.dts").write_text(source(body + SOC))
    agents = "domains: {a: {id: 1, default: true, scmi: {role: ospm, needs: none}}}"
    (tmp_path / "agents.yaml").write_text(agents)
    # In this process, no tables come with scmigen.
    board = (tmp_path / "board.dts", "-a", tmp_path / "agents.yaml")
    (row,) = csv.DictReader(
        io.StringIO(process("show", "drivers", *board, "--format", "csv").stdout)
    )
    assert row["operations"] == "no table"
    assert row["because"].startswith("it has no table of drivers, and without needs a has linux-")


def test_as_json_with_places_and_numbers(board: list[Path | str], tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = json.loads(_out("json", board))
    first = next(row for row in rows if row["device"] == "/mmc" and row["entry"] == "ciu")
    assert first == {
        "agent": "a",
        "device": "/mmc",
        "entry": "ciu",
        "property": "clocks",
        "index": 0,
        "position": {"file": str(tmp_path / "board.dts"), "line": 5, "column": 47},
        "compatible": "acme,mmc",
        "tables": ["needs of a", "drivers.txt"],
        "compatibles": ["acme,mmc"],
        "kind": "clock",
        "id": 0,
        "name": "mmc-ciu",
        "resource": "/clock-controller@1000 1",
        "macro": None,
        "driver": {
            "operations": ["rate"],
            "table": "drivers.txt",
            "source": "drivers/mmc/acme.c:set_ios",
            "certainty": "sure",
            "reason": None,
            "position": None,
        },
        "never": None,
        "granted": ["rate"],
        "because": [],
    }
    causes = {
        row["device"]: row["because"][0]["cause"]
        for row in rows
        if row["driver"] and row["granted"] == []
    }
    assert causes == {"/mmc": "one-voltage", "/g": "driver-only-may"}


def test_every_view_is_a_table_of_csv(board: list[Path | str]) -> None:
    for view in ("providers", "devices", "resources", "agents", "permissions", "drivers"):
        text = scmigen("show", view, *board, "--format", "csv").stdout
        rows = list(csv.reader(io.StringIO(text)))
        assert len(rows) > 1
        assert len({len(row) for row in rows}) == 1


def test_a_device_that_is_a_provider_is_left_out_where_the_platform_drives_it(
    tmp_path: Path,
) -> None:
    """A controller whose clock output nobody uses is a device of its agent, which has what it
    needs; one whose output is used is the platform's, and an oscillator is nobody's."""
    body = """
mmc: mmc@4000 { compatible = "acme,mmc"; reg = <0x4000>; clocks = <&cc 1>; clock-names = "ciu";
    #clock-cells = <0>; };
pll: pll@5000 { compatible = "acme,mmc"; reg = <0x5000>; clocks = <&cc 2>; clock-names = "ciu";
    #clock-cells = <0>; };
half: half { compatible = "fixed-factor-clock"; clocks = <&cc 3>; #clock-cells = <0>;
    clock-div = <2>; clock-mult = <1>; };
user@6000 { compatible = "acme,quiet"; reg = <0x6000>; clocks = <&pll>; };
"""
    (tmp_path / "board.dts").write_text(source(body + SOC))
    needs = (
        'needs: [drivers.txt, {"acme,mmc": {ciu: [rate]}, "fixed-factor-clock": {"#0": [rate]}}]'
    )
    agents = f"domains: {{a: {{id: 1, default: true, scmi: {{role: ospm, {needs}}}}}}}"
    (tmp_path / "agents.yaml").write_text(agents)
    table(tmp_path)
    board: list[Path | str] = [tmp_path / "board.dts", "-a", tmp_path / "agents.yaml"]
    assert {(row["device"], row["granted"]) for row in _shown(board)} == {
        ("/mmc@4000", "yes"),
        ("/user@6000", ""),
    }
    granted = json.loads(scmigen("show", "permissions", *board, "--format", "json").stdout)
    text = json.dumps(granted)
    assert "/clock-controller@1000 1" in text
    warnings = scmigen("check", *board).stdout
    assert 'no device of a has the compatible "fixed-factor-clock"' in warnings
