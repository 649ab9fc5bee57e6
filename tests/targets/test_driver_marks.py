"""What only a driver asks for is marked in every output that people read, with who says so."""

import json
import re
from pathlib import Path

from driver_rows import table
from support import SOC, model_of, scmigen, soc, source
from targets.test_permission_page import data_of

from scmigen.model.platform import Platform
from scmigen.targets.permissions.page import page
from scmigen.targets.permissions.tables import csv_table, markdown

#: Clock 1: only the driver sets the rate. 2: the tree says so as well. 3: the user.
BODY = """
m { compatible = "acme,mmc"; clocks = <&cc 1>; clock-names = "ciu"; vmmc-supply = <&vdd>; };
n { compatible = "acme,mmc"; clocks = <&cc 2>; clock-names = "ciu";
    assigned-clocks = <&cc 2>; assigned-clock-rates = <5>; };
o { compatible = "acme,mmc"; clocks = <&cc 3>; clock-names = "ciu"; };
e: e { compatible = "acme,tuner"; clocks = <&cc 4>; clock-names = "mux"; };
"""
AGENTS = """domains:
  a: {id: 1, default: true, scmi: {role: ospm, needs: %s},
      grant: [{clock: "&cc 3", operations: [rate]}]}
  b: {id: 2, scmi: {role: vm, needs: %s}, access: [{dev: "&e", flags: {assignable: [c]}}]}
  c: {id: 3, scmi: {role: vm, needs: %s}}
"""
SET, OCR = "drivers/mmc/acme.c:set_ios", "drivers/mmc/core.c:set_ocr"
TUNE = "drivers/media/tuner.c:tune"


def platform(folder: Path, needs: str | None = None) -> Platform:
    agents = AGENTS % ((needs or table(folder),) * 3)
    (found,) = model_of(soc(BODY), agents).platforms
    return found


def files(folder: Path) -> tuple[str, str, str]:
    """The arguments of a command for the board of these tests, of one agent."""
    board, agents = folder / "board.dts", folder / "agents.yaml"
    board.write_text(source(BODY + SOC))
    needs = f"scmi: {{role: ospm, needs: {table(folder)}}}"
    agents.write_text(f"domains: {{a: {{id: 1, default: true, {needs}}}}}")
    return str(board), "-a", str(agents)


def test_the_page_names_the_driver(tmp_path: Path) -> None:
    found = data_of(page(platform(tmp_path)))
    clocks = {
        (item["kind"], item["cells"]): number for number, item in enumerate(found["resources"])
    }
    grants = {(g["resource"], found["agents"][g["agent"]]["name"]): g for g in found["grants"]}
    told = {
        key: grants[clocks[key], agent].get("driven")
        for key, agent in (
            (("clock", "1"), "a"),
            (("clock", "2"), "a"),
            (("clock", "3"), "a"),
            (("clock", "4"), "b"),
            (("voltage", ""), "a"),
        )
    }
    assert told == {
        ("clock", "1"): {"rate": f"{SET} (drivers.txt, sure)"},
        ("clock", "2"): None,
        ("clock", "3"): None,
        ("clock", "4"): dict.fromkeys(("rate", "parent"), f"{TUNE} (drivers.txt, may)"),
        ("voltage", ""): {"level": f"{OCR} (drivers.txt, sure)"},
    }
    (reason,) = grants[clocks["clock", "1"], "a"]["because"]
    assert reason["drivers"] == [f"rate by {SET} (drivers.txt, sure)"]
    assert str(tmp_path) not in json.dumps(found)


def test_markdown_marks_it_and_has_a_table_of_drivers(tmp_path: Path) -> None:
    text = markdown(platform(tmp_path)).decode()
    marked = [line.split(" | ", 3)[3] for line in text.splitlines() if re.match("[|].*†", line)]
    assert marked == [
        "state rate† read |  |  |",
        " | state rate† parent† read | (state) (rate†) (parent†) (read) |",
        "state level† read |  |  |",
    ]
    _, _, drivers = text.partition("## Drivers\n")
    assert [line.split(" | ")[1:] for line in drivers.splitlines() if "`drivers/" in line] == [
        ["a", "rate", f"`{SET} (drivers.txt, sure)` |"],
        ["a", "level", f"`{OCR} (drivers.txt, sure)` |"],
        *(
            [agent, operation, f"`{TUNE} (drivers.txt, may)` |"]
            for agent in ("b", "c")
            for operation in ("rate", "parent")
        ),
    ]


def test_programs_get_plain_words(tmp_path: Path) -> None:
    assert "†" not in csv_table(platform(tmp_path)).decode()


def test_without_drivers_no_output_speaks_of_them(tmp_path: Path) -> None:
    plain = platform(tmp_path, "none")
    text = markdown(plain).decode()
    assert "†" not in text
    assert "Drivers" not in text
    assert "driven" not in json.dumps(data_of(page(plain)))


def test_tables_of_firmware_name_the_file(tmp_path: Path) -> None:
    done = scmigen("build", *files(tmp_path), "-o", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "out" / "scp" / "config_scmi_clock.c").read_text()
    comments = [
        " ".join(c.replace("*", " ").split()) for c in re.findall(r"/[*](.*?)[*]/", text, re.S)
    ]
    assert [c for c in comments if "<1>" in c or "<2>" in c] == [
        "/clock-controller@1000 <1> (clocks of /m): state, rate, read; rate by drivers/mmc/acme.c",
        "/clock-controller@1000 <2> (clocks of /n): state, rate, read",
    ]


def test_json_of_permissions_says_why(tmp_path: Path) -> None:
    done = scmigen("show", "permissions", *files(tmp_path), "--format", "json")
    rows = {row["resource"]: row["because"] for row in json.loads(done.stdout)}
    ((word, (need,)),) = rows["/clock-controller@1000 1"].items()
    assert (word, need["source"], need["certainty"]) == ("rate", SET, "sure")
    assert rows["/clock-controller@1000 2"] == {}
