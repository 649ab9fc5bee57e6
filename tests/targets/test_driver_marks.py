"""What only a driver asks for is marked in every output that people read, with who says so."""

import json
import re
from pathlib import Path

import pytest
from driver_rows import table
from support import SOC, model_of, scmigen, soc, source, tree_of
from targets.test_permission_page import data_of

from scmigen.model.platform import Platform
from scmigen.runtime import Because, Certainty, decode, encode
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind
from scmigen.server.core import Server
from scmigen.server.reload import transfer_state
from scmigen.targets.make import make
from scmigen.targets.permissions.page import page
from scmigen.targets.permissions.tables import csv_table, markdown
from scmigen.targets.runtime.configuration import to_runtime

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


def built(folder: Path, *options: str) -> Path:
    """The output folder of the board of these tests, of one agent."""
    done = scmigen("build", *files(folder), "-o", str(folder / "out"), *options)
    assert done.returncode == 0, done.stderr
    return folder / "out"


def test_the_runtime_configuration_names_the_driver(tmp_path: Path) -> None:
    text = (built(tmp_path, "--emit", "runtime") / "runtime" / "runtime.json").read_text()
    (agent,) = json.loads(text)["agents"]
    against = tmp_path / "out" / "runtime" / "runtime.json"
    done = scmigen("check", *files(tmp_path), "--against", str(against))
    assert done.stdout.endswith("board.dts: no problems found\n"), done.stdout
    told = {
        (kind, grant["id"]): grant["because"]
        for kind, grants in agent["grants"].items()
        for grant in grants
        if "because" in grant
    }
    ciu = {"table": "drivers.txt", "certainty": "sure", "source": SET}
    mux = {"table": "drivers.txt", "certainty": "may", "source": TUNE}
    assert told == {
        ("clock", 0): {"rate": [ciu]},
        ("clock", 2): {"rate": [ciu]},
        ("clock", 3): {"rate": [mux], "parent": [mux]},
        ("voltage", 0): {"level": [{**ciu, "source": OCR}]},
    }


def test_the_runtime_configuration_names_the_line_of_the_agents_file() -> None:
    needs = '{"acme,mmc": {ciu: [rate]}}'
    agents = f"domains: {{a: {{id: 1, default: true, scmi: {{role: ospm, needs: {needs}}}}}}}"
    (platform_,) = model_of(soc(BODY), agents).platforms
    (agent,) = to_runtime(platform_).agents
    assert agent.grants[Kind.CLOCK][0].because == {
        Operation.RATE: (
            Because(table="needs of a", certainty=Certainty.SURE, position="agents.yaml:1:82"),
        )
    }


@pytest.mark.parametrize("output", ["optee-msg", "tfa-msg"])
def test_tables_of_op_tee_and_tf_a_name_the_file(output: str, tmp_path: Path) -> None:
    folder = built(tmp_path, "--emit", output)
    (text,) = (file.read_text() for file in folder.rglob("scmi_tables.c"))
    (rows,) = re.findall(r"static struct scmi_row rows_a_clock\[\] = \{\n(.*?)\};", text, re.S)
    assert re.findall(r"/\*.*?\*/|ROW\(\d+", rows) == [
        "/* rate by drivers/mmc/acme.c */",
        "ROW(0",
        "ROW(1",
        "/* rate by drivers/mmc/acme.c */",
        "ROW(2",
        "/* rate and parent by drivers/media/tuner.c */"
        if output == "tfa-msg"
        else "/* rate by drivers/media/tuner.c */",
        "ROW(3",
    ]


def test_headers_of_an_agent_name_the_file(tmp_path: Path) -> None:
    forms = tmp_path / "forms.yaml"
    forms.write_text("outputs: {headers: {forms: [c, python]}}")
    folder = built(tmp_path, "--emit", "headers", "-a", str(forms))
    found = {
        file.relative_to(folder).as_posix(): re.findall(r"([/#].*; .* by drivers/.*)", text)
        for file in folder.rglob("*")
        if file.is_file() and " by drivers/" in (text := file.read_text())
    }
    ciu = "state rate read: /clock-controller@1000 <{}>; rate by drivers/mmc/acme.c"
    mux = (
        "state rate parent read: /clock-controller@1000 <4>; "
        "rate and parent by drivers/media/tuner.c"
    )
    supply = "state level read: /rails/vdd; level by drivers/mmc/core.c"
    words = [ciu.format(1), ciu.format(3), mux, supply]
    assert found == {
        "headers/c/scmi_a.h": [f"/* {each} */" for each in words],
        "headers/python/scmi_a.py": [f"# {each}" for each in words],
    }


SM = """
scmi { compatible = "arm,scmi"; clk: protocol@14 { reg = <0x14>; #clock-cells = <1>; }; };
m { compatible = "acme,mmc"; clocks = <&clk 3>, <&clk 4>; clock-names = "ciu", "biu"; };
"""


def test_the_configuration_of_imx_sm_names_the_file(tmp_path: Path) -> None:
    agents = (
        f"domains: {{a: {{id: 1, default: true, scmi: {{role: ospm, needs: {table(tmp_path)}}}}}}}"
    )
    made = make(model_of(tree_of(SM), agents).platforms[0], "imx-sm")
    (text,) = (file.content.decode() for file in made.files if file.path == "agent-0.cfg")
    assert re.findall(r"clk=\S+ +# (.*)", text) == [
        "3: m-ciu, state rate read (/scmi/protocol@14 <3>); rate by drivers/mmc/acme.c",
        "4: m-biu, state read (/scmi/protocol@14 <4>)",
    ]


def test_a_server_keeps_its_agents_when_other_drivers_are_named(tmp_path: Path) -> None:
    """Nothing depends on what a configuration says of drivers."""
    with_drivers = to_runtime(platform(tmp_path))
    text = encode(with_drivers)
    assert b'"because"' in text
    plain = json.loads(text)
    for agent in plain["agents"]:
        for grants in agent["grants"].values():
            for grant in grants:
                grant.pop("because", None)
    without = decode(json.dumps(plain).encode())
    assert without != with_drivers
    kept = transfer_state(Server(with_drivers), Server(without))
    assert kept == {agent.id for agent in with_drivers.agents}
