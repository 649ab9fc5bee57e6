"""A board with an SCMI instance for each device, as Qualcomm's SA8255P and Nord have it.

The boards are written here: an instance has a power domain and a performance domain, both of number
0, and one device.
"""

import csv
import json
import re
import time
from pathlib import Path

import pytest
from server_running import Running, strict_server
from support import scmigen, told, written

from scmigen import Kind, Text, loads, runtime
from scmigen import compile as compile_board
from scmigen.checks.alike import alike
from scmigen.checks.registry import run_checks
from scmigen.cli.serve_options import endpoints
from scmigen.client import Client
from scmigen.diagnostics import Finding, Position
from scmigen.model.joint import joint
from scmigen.model.platform import MANY

INSTANCE = """
        scmi{n}: scmi-{n} {{
            compatible = "qcom,scmi-smc"; arm,smc-id = <0xc6008012>; shmem = <&shm{n}>;
            #address-cells = <1>; #size-cells = <0>;
            pd{n}: protocol@11 {{ reg = <0x11>; #power-domain-cells = <1>; }};
            dvfs{n}: protocol@13 {{ reg = <0x13>; #power-domain-cells = <1>; }};
        }};"""
MEMORY = """
        shm{n}: scmi@{at:x} {{ compatible = "arm,scmi-shmem"; reg = <{at:#x} {size:#x}>; }};"""
DEVICE = """
    dev{n}: serial@{at:x} {{
        compatible = "qcom,sa8255p-geni-uart"; reg = <{at:#x} 0x4000>;
        power-domains = <&pd{n} 0>, <&dvfs{n} 0>; power-domain-names = "power", "perf";
    }};"""


def board(count: int, size: int = 0x80) -> str:
    instances = "".join(INSTANCE.format(n=n) for n in range(count))
    memory = "".join(MEMORY.format(n=n, at=n * 0x1000, size=size) for n in range(count))
    devices = "".join(DEVICE.format(n=n, at=0x2000000 + n * 0x10000) for n in range(count))
    return f"""/dts-v1/;
/ {{
    #address-cells = <1>; #size-cells = <1>; compatible = "acme,many";
    firmware {{{instances}
    }};
    sram@1000000 {{
        compatible = "mmio-sram"; reg = <0x1000000 {count * 0x1000:#x}>;
        #address-cells = <1>; #size-cells = <1>; ranges = <0 0x1000000 {count * 0x1000:#x}>;{memory}
    }};{devices}
}};
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("many")
    written(folder / "board.dts", board(64))
    done = scmigen("build", "board.dts", "-o", "out", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


def files(folder: Path) -> set[str]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)) for path in paths} - {".scmigen-manifest.json"}


def test_outputs_are_made_once(built: Path) -> None:
    assert files(built / "out") == {
        *(f"permissions/permissions.{form}" for form in ("html", "md", "csv")),
        *("runtime/runtime.json", "runtime/runtime.schema.json", "runtime/scmi_runtime.py"),
        *(f"headers/dt-bindings/scmi/scmi-{n}.h" for n in range(64)),
    }


@pytest.mark.parametrize("count", [1, 2])
def test_few_instances_have_a_folder_each(count: int, tmp_path: Path) -> None:
    written(tmp_path / "board.dts", board(count))
    assert scmigen("build", "board.dts", "-o", "out", cwd=tmp_path).returncode == 0
    folders = {"runtime", "permissions", "headers", "scp"}
    below = {name.split("/")[0] for name in files(tmp_path / "out")}
    assert below == (folders if count == 1 else {"scmi-0", "scmi-1"})
    if count == 2:
        assert {name.split("/")[1] for name in files(tmp_path / "out")} == folders


def test_the_fewest_that_are_many() -> None:
    assert MANY == 3


def test_an_output_that_is_made_for_one_is_made_for_each_where_it_is_named(tmp_path: Path) -> None:
    written(tmp_path / "board.dts", board(3))
    done = scmigen("build", "board.dts", "-o", "out", "--emit", "scp", cwd=tmp_path)
    assert done.returncode == 0
    made = files(tmp_path / "out")
    below = {name.partition("/scp/")[2] for name in made if name.startswith("scmi-0/")}
    assert {"config_scmi.c", "Firmware.cmake", "CMakeLists.txt"} <= below
    # What is alike for all is there once, and the tables of each say where.
    alike = {name for name in made if name.startswith("scp/")}
    assert "scp/module/mock_timer/src/mod_mock_timer.c" in alike
    assert made == alike | {f"scmi-{n}/scp/{name}" for n in range(3) for name in below}
    assert not [name for name in below if name.startswith("module/")]
    scmi = tmp_path / "out/scmi-2/scp"
    places = re.findall(
        r'"\$\{CMAKE_CURRENT_LIST_DIR\}/([^"]*module)', (scmi / "Firmware.cmake").read_text()
    )
    assert [(scmi / place).resolve() for place in places] == [tmp_path / "out/scp/module"] * 2


def test_headers_of_one_name_have_a_folder_each(tmp_path: Path) -> None:
    written(tmp_path / "board.dts", board(4).replace("scmi3: scmi-3 {", "scmi3: scmi_1 {"))
    done = scmigen("build", "board.dts", "-o", "out", "--emit", "headers", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert files(tmp_path / "out") == {
        f"{folder}/headers/dt-bindings/scmi/{name}.h"
        for folder, name in (
            *((f"scmi-{n}", f"scmi-{n}") for n in range(3)),
            ("scmi_1", "scmi-1"),
        )
    }


@pytest.mark.parametrize("command", ["check", "build"])
def test_what_an_output_finds_of_all_instances_is_told_once(command: str, tmp_path: Path) -> None:
    written(tmp_path / "board.dts", board(20))
    words = ("board.dts", "--emit", "scp-product", *(("-o", "out") if command == "build" else ()))
    done = scmigen(command, *words, cwd=tmp_path)
    said = [line for line in (done.stdout + done.stderr).splitlines() if "[scp-" in line]
    assert said
    assert all(line.endswith("; 19 other SCMI nodes have the same") for line in said)
    assert len(said) == len(set(said))


def test_nothing_is_lost_where_an_instance_has_it_twice() -> None:
    finding = Finding("x", "Something is wrong.", "Correct it.")
    found = [
        [finding.error(f"clock {n} of {part} is wrong", Position("board.dts", n)) for n in (1, 2)]
        for part in range(5)
    ]
    (one,) = alike(found)
    assert one.message == "clock 1 of 0 is wrong; 4 other SCMI nodes have the same"
    assert len(one.related) == 9
    assert alike(found[:2]) == (*found[0], *found[1])


def test_that_it_is_left_out_is_one_note(tmp_path: Path) -> None:
    written(tmp_path / "board.dts", board(20))
    done = scmigen("build", "board.dts", "-o", "out", cwd=tmp_path)
    assert done.stderr.count("output-left-out") == 1
    assert "the board has 20 SCMI instances" in done.stderr


def test_the_map_has_every_resource_once(built: Path) -> None:
    with (built / "out/permissions/permissions.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["provider"]]
    found = sorted((row["kind"], row["provider"], row["cells"], row["ospm"]) for row in rows)
    expected = [
        (kind, f"/firmware/scmi-{n}/protocol@{protocol}", "0", operations)
        for kind, protocol, operations in (
            ("performance", 13, "level limits read"),
            ("power", 11, "state read"),
        )
        for n in range(64)
    ]
    assert found == sorted(expected)


def test_the_server_knows_each_instance_by_an_agent_with_its_numbers(built: Path) -> None:
    configuration = json.loads((built / "out/runtime/runtime.json").read_text())
    assert [agent["name"] for agent in configuration["agents"]] == [
        f"ospm@scmi-{n}" for n in range(64)
    ]
    homes = {kind: configuration[f"{kind}_domains"] for kind in ("power", "performance")}
    for n, agent in enumerate(configuration["agents"]):
        for kind, domains in homes.items():
            (grant,) = agent["grants"][kind]
            assert grant["id"] == 0
            assert domains[grant["resource"]]["node"].startswith(f"/firmware/scmi-{n}/")
    devices = {device["node"]: device["agents"] for device in configuration["devices"]}
    assert devices == {f"/serial@{0x2000000 + n * 0x10000:x}": [n + 1] for n in range(64)}


def test_an_agent_reaches_its_instance_and_no_other(built: Path, tmp_path: Path) -> None:
    configuration = runtime.decode((built / "out/runtime/runtime.json").read_bytes())
    urls = {f"ospm@scmi-{n}": f"unix:{tmp_path}/{n}" for n in (3, 40)}
    with (
        Running(configuration, urls).running(),
        Client(urls["ospm@scmi-3"]) as third,
        Client(urls["ospm@scmi-40"]) as other,
    ):
        assert [domain.name for domain in third.power_domains()] == ["serial-2030000-power"]
        assert [domain.name for domain in other.power_domains()] == ["serial-2280000-power"]
        third.set_power(0, True)
        assert (third.power_state(0), other.power_state(0)) == (0, 0x4000_0000)


def test_agents_have_what_their_devices_need() -> None:
    agents = """
domains:
  host: {id: 1, default: true}
  vm: {id: 2, scmi: {role: vm}, access: [{dev: "&dev1"}, {dev: "&dev2"}]}
"""
    model = compile_board(loads(board(4)), agents=Text("agents.yaml", agents)).model
    found = {
        (grant.agent.name, grant.resource.key.provider)
        for grant in joint(model).grants(kind=Kind.POWER)
    }
    assert found == {
        (f"{agent}@scmi-{n}", f"/firmware/scmi-{n}/protocol@11")
        for n, agent in enumerate(("host", "vm", "vm", "host"))
    }


def test_a_board_and_its_build_are_equal(built: Path) -> None:
    done = scmigen("diff", "board.dts", "out", cwd=built)
    assert (done.returncode, done.stdout) == (0, "permissions: equal\n")


def test_a_board_fits_the_server_that_is_built_from_it(built: Path) -> None:
    done = scmigen("check", "board.dts", "--against", "out", cwd=built)
    assert (done.returncode, done.stdout) == (0, "board.dts: no problems found\n")


def test_what_one_instance_of_a_server_lacks_is_found(built: Path) -> None:
    configuration = json.loads((built / "out/runtime/runtime.json").read_text())
    configuration["agents"][40]["grants"]["power"][0]["operations"] = ["read"]
    written(built / "server.json", json.dumps(configuration))
    done = scmigen("check", "board.dts", "--against", "server.json", cwd=built)
    assert done.returncode == 1
    assert done.stdout.count("error[") == 1
    assert "ospm@scmi-40" in done.stdout


def test_what_is_wrong_with_all_instances_is_one_error() -> None:
    model = compile_board(loads(board(64, size=0x40))).model
    (found,) = [item for item in run_checks(model) if item.id == "shmem-size"]
    assert found.message.startswith("the shared memory of /firmware/scmi-0, /sram@1000000/scmi@0,")
    assert found.message.endswith("; 63 other SCMI nodes have the same")
    places = [item.position.line for item in (found, *found.related) if item.position]
    text = board(64, size=0x40).split("\n")
    assert {f"shm{n}:" for n in range(64)} <= {text[line - 1].split()[0] for line in places}


def test_what_is_wrong_with_one_instance_is_its_own() -> None:
    text = board(64)
    one = text.replace("<0x5000 0x80>", "<0x5000 0x40>")
    (found,) = run_checks(compile_board(loads(one)).model)
    assert "/firmware/scmi-5," in found.message
    assert "other SCMI nodes" not in found.message


def test_a_board_without_faults_has_none() -> None:
    assert told(compile_board(loads(board(64))).model) == []


def test_it_is_built_in_a_second(tmp_path: Path) -> None:
    """Processor time of this process, so that a busy machine counts for less: three are enough."""
    written(tmp_path / "board.dts", board(64))
    started = time.process_time()
    assert scmigen("build", "board.dts", "-o", "out", "-q", cwd=tmp_path).returncode == 0
    assert time.process_time() - started < 3


def test_the_socket_of_an_instance_has_its_name(built: Path) -> None:
    server = strict_server(runtime.decode((built / "out/runtime/runtime.json").read_bytes()))
    found = {agent.name: url for agent, url in endpoints(server, (), Path("run")).items()}
    assert found["ospm@scmi-3"] == "unix:run/ospm@scmi-3.sock"
