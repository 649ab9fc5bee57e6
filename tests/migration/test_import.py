"""``scmigen import``: the files it writes, what it says, and a server that somebody else wrote."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from scp_sources import write
from support import scmigen as run

import scmigen

BOARD = """/dts-v1/; / {
    compatible = "acme,pebble";
    cru: clock-controller@1000 { compatible = "acme,cru"; reg = <0x1000>; #clock-cells = <1>; };
    rst: reset-controller@2000 { compatible = "acme,rst"; reg = <0x2000>; #reset-cells = <1>; };
    uart@3000 { compatible = "acme,uart"; reg = <0x3000>; clocks = <&cru 0>;
        clock-names = "baud"; resets = <&rst 3>; };
    mmc@5000 { compatible = "acme,mmc"; reg = <0x5000>; clocks = <&cru 2>; resets = <&rst 4>; };
};
"""
ROWS = {
    "clock": [
        {"id": 4, "resource": 4, "operations": ["state", "read"], "source": "clocks.c:10"},
        {"id": 7, "resource": 7, "operations": ["state", "rate", "read"], "source": "clocks.c:11"},
    ],
    "reset": [{"id": 1, "resource": 1, "operations": ["reset"], "source": "resets.c:5"}],
}
SERVER: dict[str, Any] = {
    "format": "scmigen-grants-1",
    "name": "pebble",
    "agents": [{"id": 1, "name": "OSPM", "role": "ospm", "grants": ROWS, "source": "agents.c:3"}],
    "resources": {
        "clock": [{"id": 4, "name": "uart"}, {"id": 7, "name": "sdmmc"}],
        "reset": [{"id": 1, "name": "sdmmc"}],
    },
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "board.dts").write_text(BOARD)
    (tmp_path / "server.json").write_text(json.dumps(SERVER))
    (tmp_path / "map.yaml").write_text(
        'clock: {4: "&cru 0", 7: "&cru 2"}\nreset: {1: "/reset-controller@2000 4"}\n'
    )
    return tmp_path


def built(folder: Path, *more: str) -> Any:
    """The runtime configuration of the board with the files of ``out``."""
    files = ["-a", "out/agents.yaml", "--ids", "out/scmigen.ids"]
    done = run("build", "board.dts", *files, *more, "-o", "built", "-q", cwd=folder)
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "built/runtime/runtime.json").read_text())


def test_with_a_map_the_tree_has_the_numbers(folder: Path) -> None:
    arguments = ["import", "server.json", "board.dts", "--map", "map.yaml", "-o", "out"]
    done = run(*arguments, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "permissions: 6 of 6 carried over, 0 more" in done.stdout
    assert "names: 3 of 3 carried over" in done.stdout
    assert "resources: 3 as said" in done.stdout
    found = built(folder)
    clocks = [(c["id"], c["name"], c["cells"]) for c in found["clocks"]]
    assert clocks == [(4, "uart", [0]), (7, "sdmmc", [2])]
    (agent,) = found["agents"]
    assert {
        kind: [(g["id"], g["operations"]) for g in rows] for kind, rows in agent["grants"].items()
    } == {
        "clock": [(4, ["state", "read"]), (7, ["state", "rate", "read"])],
        "reset": [(1, ["reset"])],
    }


def test_without_one_they_are_elements(folder: Path) -> None:
    done = run("import", "server.json", "board.dts", "-o", "out", cwd=folder)
    assert "resources: 3 as an element" in done.stdout
    text = (folder / "out/agents.yaml").read_text()
    assert '7: {name: "sdmmc"}' in text
    assert 'id: "4", operations: [state, read]' in text
    names = {c["id"]: c["name"] for c in built(folder)["clocks"]}
    assert names[4] == "uart"
    assert names[7] == "sdmmc"


def test_names_join(folder: Path) -> None:
    """The regulator is called so in the tree, too; upper and lower case and dashes aside."""
    text = BOARD.replace(
        'compatible = "acme,pebble";',
        """compatible = "acme,pebble";
    pmic { compatible = "acme,pmic"; vdd: vdd-gpu { regulator-name = "VDD_GPU"; }; };
    gpu@9 { compatible = "acme,gpu"; reg = <9>; gpu-supply = <&vdd>; };""",
    )
    (folder / "board.dts").write_text(text)
    rows = [{"id": 9, "resource": 9, "operations": ["state", "read"]}]
    agents = [{"id": 1, "name": "OSPM", "role": "ospm", "grants": {"voltage": rows}}]
    server = SERVER | {"agents": agents, "resources": {"voltage": [{"id": 9, "name": "vdd_gpu"}]}}
    (folder / "server.json").write_text(json.dumps(server))
    done = run("import", "server.json", "board.dts", "-o", "out", cwd=folder)
    assert "resources: 1 by its name" in done.stdout
    (supply,) = built(folder)["voltage_domains"]
    assert (supply["id"], supply["node"]) == (9, "/pmic/vdd-gpu")


def test_what_no_file_can_say_is_told_with_its_place(folder: Path) -> None:
    rows = {
        "clock": [
            {"id": 4, "resource": 4, "operations": ["rate"], "source": "clocks.c:10"},
            {"id": 5000, "resource": 5000, "operations": ["state"], "source": "clocks.c:99"},
            {"id": 5, "resource": 5, "unchecked": ["read"], "source": "clocks.c:12"},
            {"id": 6, "resource": 6, "unknown": ["parent"], "source": "clocks.c:13"},
        ],
        "pin": [{"id": 1, "resource": 1, "operations": ["config"], "source": "pins.c:1"}],
    }
    agents = [
        {"id": 3, "name": "linux", "grants": rows, "source": "agents.c:3",
         "transport": {"type": "carrier-pigeon"}},
    ]  # fmt: skip
    server = SERVER | {"agents": agents, "resources": {}}
    (folder / "server.json").write_text(json.dumps(server))
    done = run("import", "server.json", "board.dts", "-o", "out", cwd=folder)
    assert done.returncode == 0
    told = re.findall(r"^(\S+?): warning\[import-left\]: (.*)$", done.stderr, re.MULTILINE)
    assert {place for place, message in told if "it is the number" not in message} >= {
        *("clocks.c:99", "clocks.c:13", "pins.c:1", "agents.c:3")
    }
    words = " ".join(message for _, message in told)
    assert "the numbers of elements end at 4095" in words
    assert "agent 3 (linux) is 1" in words
    assert "'carrier-pigeon'" in words
    assert "linux gets read on clock 4, too: who sets a value may read it" in words
    note = "agents.c:3: note[import-left]: linux is granted what the server lets every agent do: "
    assert f"{note}read on 1 clock" in done.stderr
    assert "it is not known whether linux may use parent on clock 6" in words
    built(folder)


def test_files_that_are_there_are_kept(folder: Path) -> None:
    arguments = ["import", "server.json", "board.dts", "-o", "out"]
    assert run(*arguments, cwd=folder).returncode == 0
    assert run(*arguments, cwd=folder).returncode == 0
    own = folder / "out/agents.yaml"
    own.write_text("domains: {a: {default: true}}\n")
    done = run(*arguments, cwd=folder)
    assert done.returncode == 1
    assert "output-foreign" in done.stderr
    assert own.read_text() == "domains: {a: {default: true}}\n"
    assert run(*arguments, "--force", cwd=folder).returncode == 0


def test_after_an_error_nothing_is_written(folder: Path) -> None:
    (folder / "map.yaml").write_text('clock: {4: "&crux 0"}\n')
    done = run("import", "server.json", "board.dts", "--map", "map.yaml", "-o", "out", cwd=folder)
    assert done.returncode == 1
    assert "map.yaml:1:" in done.stderr
    assert not (folder / "out").exists()


@pytest.mark.parametrize("name", ["a\nb", 'x"]}', "&cru", "*a", "{{ 1 }}", "é", "- a: b", "#"])
def test_names_are_hostile(folder: Path, name: str) -> None:
    agents = [SERVER["agents"][0] | {"name": name}]
    resources = {"clock": [{"id": 4, "name": name}, {"id": 7, "name": name}]}
    (folder / "server.json").write_text(
        json.dumps(SERVER | {"agents": agents, "resources": resources, "name": name})
    )
    done = run("import", "server.json", "board.dts", "-o", "out", cwd=folder)
    assert done.returncode == 0, done.stderr
    (agent,) = built(folder)["agents"]
    assert len(agent["grants"]["clock"]) == 2


def test_the_rule_names_all_files_that_were_read(folder: Path) -> None:
    done = run(
        *("import", "server.json", "board.dts", "--map", "map.yaml", "-o", "out"),
        *("--depfile", "d.mk"),
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    target, _, sources = (folder / "d.mk").read_text().splitlines()[0].partition(": ")
    assert target == "out/agents.yaml"
    assert set(sources.split()) == {"server.json", "board.dts", "map.yaml"}


ENTRY = re.compile(
    r"reg = <(\S+)>;\s*domain-name = \"([^\"]+)\";\s*(clocks|resets) = <&?\S+ ?\S*>;"
    r"(?:\s*flags = <(\S+)>;)?"
)


def hand_written(text: str) -> dict[tuple[str, int], tuple[str, list[str]]]:
    """The entries of stm32mp257f-ev1's server description, by a pattern over its source."""
    found = {}
    for number, name, prop, flags in ENTRY.findall(text):
        clock = ["state", "rate", "read"] if int(flags or "0", 0) & 2 else ["state", "read"]
        kind, may = ("clock", clock) if prop == "clocks" else ("reset", ["reset"])
        found[kind, int(number, 0)] = name, may
    return found


@pytest.mark.parametrize("board", ["stm32mp257f-ev1.dtb", "optee/stm32mp257f-ev1-optee.dts"])
def test_an_op_tee_of_a_board_moves_as_it_is(corpus: Path, tmp_path: Path, board: str) -> None:
    server = corpus / "optee/stm32mp257f-ev1-optee.dts"
    wanted = hand_written(re.sub(r"/\*.*?\*/", "", server.read_text(), flags=re.DOTALL))
    assert len(wanted) > 100
    out = tmp_path / "out"
    assert run("import", server, corpus / board, "-o", out).returncode == 0
    files = ["-a", out / "agents.yaml", "--ids", out / "scmigen.ids"]
    done = run("build", corpus / board, *files, "-o", tmp_path / "b", "-q")
    assert done.returncode == 0, done.stderr
    runtime = json.loads((tmp_path / "b/runtime/runtime.json").read_text())
    (agent,) = runtime["agents"]
    lists = {"clock": runtime["clocks"], "reset": runtime["reset_domains"]}
    names = {(kind, item["id"]): item["name"] for kind, items in lists.items() for item in items}
    found = {
        (kind, row["id"]): (names[kind, row["resource"]], row["operations"])
        for kind in lists
        for row in agent["grants"][kind]
    }
    assert found == wanted


def test_a_project_that_moved_fits_what_it_moved_from(folder: Path) -> None:
    run("import", "server.json", "board.dts", "--map", "map.yaml", "-o", "out", cwd=folder)
    found = scmigen.compile(
        folder / "board.dts",
        agents=folder / "out/agents.yaml",
        lock=folder / "out/scmigen.ids",
        against=str(folder / "server.json"),
    )
    assert found.ok
    server = {"grant-missing", "id-unserved", "agent-unserved", "name-differs"}
    assert not server & {item.id for item in found.diagnostics}


def test_what_two_agents_set_in_the_server_is_waived_with_the_reason(folder: Path) -> None:
    row = {"id": 4, "resource": 4, "operations": ["rate", "read"]}
    agents = [
        {"id": number, "name": name, "role": "vm", "grants": {"clock": [row]}}
        for number, name in ((1, "a"), (2, "b"))
    ]
    (folder / "server.json").write_text(json.dumps(SERVER | {"agents": agents}))
    done = run("import", "server.json", "board.dts", "--map", "map.yaml", "-o", "out", cwd=folder)
    assert "an error of the board is waived: clock <&cru 0>" in done.stderr
    assert "permissions: 4 of 4 carried over" in done.stdout
    text = (folder / "out/agents.yaml").read_text()
    assert 'resource: ["clock /clock-controller@1000 0"]' in text
    assert 'reason: "server.json has it so"' in text
    assert [agent["name"] for agent in built(folder)["agents"]] == ["a", "b"]


def test_one_agent_that_sets_what_another_uses_becomes_the_owner(folder: Path) -> None:
    row = {"id": 4, "resource": 4, "operations": ["state", "read"]}
    agents = [
        {"id": 1, "name": "a", "role": "vm", "grants": {"clock": [row]}},
        {"id": 2, "name": "b", "role": "vm",
         "grants": {"clock": [row | {"operations": ["state", "rate", "read"]}]}},
    ]  # fmt: skip
    (folder / "server.json").write_text(json.dumps(SERVER | {"agents": agents}))
    run("import", "server.json", "board.dts", "--map", "map.yaml", "-o", "out", cwd=folder)
    text = (folder / "out/agents.yaml").read_text()
    assert '- {clock: "&cru 0", agent: "b"}' in text
    assert "waivers" not in text
    built(folder)


def test_numbers_of_the_firmware_give_way_to_those_of_its_agents(folder: Path) -> None:
    """The tree refers to 5, which the firmware calls 0; its own 5 is another clock."""
    (folder / "board.dts").write_text(
        """/dts-v1/; / { scmi { compatible = "arm,scmi-virtio";
            clk: protocol@14 { reg = <0x14>; #clock-cells = <1>; }; };
        uart@3000 { compatible = "acme,uart"; reg = <0x3000>; clocks = <&clk 5>; }; };"""
    )
    rows = [
        {"id": 5, "resource": 0, "operations": ["state", "read"]},
        {"id": 0, "resource": 5, "operations": ["read"]},
    ]
    agents = [{"id": 1, "name": "linux", "role": "ospm", "grants": {"clock": rows}}]
    names = [{"id": 0, "name": "uart"}, {"id": 5, "name": "cpu"}, {"id": 9, "name": "spare"}]
    server = {"numbering": "per-agent", "agents": agents, "resources": {"clock": names}}
    (folder / "server.json").write_text(json.dumps(SERVER | server))
    done = run("import", "server.json", "board.dts", "-o", "out", cwd=folder)
    assert "permissions: 3 of 3 carried over, 0 more" in done.stdout
    assert "--numbering" not in done.stdout
    found = built(folder)
    assert {c["id"]: c["name"] for c in found["clocks"]} == {0: "cpu", 5: "uart"} | {9: "spare"}
    (agent,) = found["agents"]
    may = {row["id"]: row["operations"] for row in agent["grants"]["clock"]}
    assert may == {0: ["read"], 5: ["state", "read"]}


def test_agents_of_elements_keep_their_own_numbers(folder: Path) -> None:
    """As tables of SCP-firmware have it: each agent's table is in an order of its own."""
    tables = {"OSPM": [3, 1, 2], "VM": [0, 3]}
    agents = [
        {
            "id": number,
            "name": name,
            "role": "ospm" if name == "OSPM" else "vm",
            "grants": {
                "clock": [
                    {"id": own, "resource": element, "operations": ["read"]}
                    for own, element in enumerate(table)
                ]
            },
        }
        for number, (name, table) in enumerate(tables.items(), 1)
    ]
    names = [{"id": number, "name": f"clk_{number}"} for number in range(4)]
    server = {"numbering": "per-agent", "agents": agents, "resources": {"clock": names}}
    (folder / "server.json").write_text(json.dumps(SERVER | server))
    done = run("import", "server.json", "board.dts", "-o", "out", cwd=folder)
    assert "permissions: 5 of 5 carried over, 0 more" in done.stdout
    found = built(folder, "--numbering", "per-agent")
    assert {
        agent["name"]: [
            row["resource"] for row in sorted(agent["grants"]["clock"], key=lambda row: row["id"])
        ]
        for agent in found["agents"]
    } == tables
    assert [row["id"] for row in found["agents"][1]["grants"]["clock"]] == [0, 1]


def test_a_board_with_errors_is_told_by_the_status(folder: Path) -> None:
    """The tree has 5 as the number of what the map calls 4; the files are there to be corrected."""
    (folder / "board.dts").write_text(
        """/dts-v1/; / { scmi { compatible = "arm,scmi-virtio";
            clk: protocol@14 { reg = <0x14>; #clock-cells = <1>; }; };
        uart@3000 { compatible = "acme,uart"; reg = <0x3000>; clocks = <&clk 5>; }; };"""
    )
    (folder / "map.yaml").write_text('clock: {4: "&clk 5"}')
    done = run("import", "server.json", "board.dts", "--map", "map.yaml", "-o", "out", cwd=folder)
    assert done.returncode == 1
    assert "server.json: error[import-left]: with these files the board has an error" in done.stderr
    assert (folder / "out/agents.yaml").exists()


def test_what_the_reader_could_not_read_is_told(folder: Path) -> None:
    """Two agents of one name become two of the agents file."""
    firmware = write(folder, {"fw/config_scmi.c": ('"VM"', '"OSPM"')})
    done = run("import", str(firmware), "board.dts", "-o", "out", cwd=folder)
    assert "warning[agents-alike]: agents 1 and 3 are both called OSPM" in done.stderr
    text = (folder / "out/agents.yaml").read_text()
    assert re.findall(r'^  "(.*)":$', text, re.MULTILINE) == ["OSPM", "PSCI", "OSPM-3"]
    built(folder, "--numbering", "per-agent")
