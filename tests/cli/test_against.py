"""``scmigen check BOARD --against SERVER``: a consumer's tree held against what is served."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from scmigen.cli.main import cli as main

SERVER = """/dts-v1/; / {
    rcc: rcc { #clock-cells = <1>; };
    a: a { compatible = "acme,a"; clocks = <&rcc 0>; };
    b: b { compatible = "acme,b"; clocks = <&rcc 1>; };
};
"""
AGENTS = """
domains:
  linux: {id: 1, scmi: {role: ospm}, default: true}
  vm: {id: 2, scmi: {role: vm}, access: [{dev: "&b"}]}
"""
CONSUMER = """/dts-v1/; / {
    scmi { compatible = "arm,scmi-virtio";
        clk: protocol@14 { reg = <0x14>; #clock-cells = <1>; }; };
    d { clocks = <&clk %d>; };
};
"""


def run(*arguments: str) -> tuple[int, list[dict[str, Any]]]:
    result = CliRunner().invoke(main, ["check", *arguments, "--format", "json"])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, json.loads(result.output)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "server.dts").write_text(SERVER)
    (tmp_path / "agents.yaml").write_text(AGENTS)
    board, agents, out = (str(tmp_path / name) for name in ("server.dts", "agents.yaml", "out"))
    built = CliRunner().invoke(main, ["build", board, "-a", agents, "-o", out, "--emit", "runtime"])
    assert built.exit_code == 0, built.output
    return tmp_path


@pytest.mark.parametrize(("agent", "number"), [("linux", 0), ("vm", 1)])
@pytest.mark.parametrize("server", ["out/runtime/runtime.json", "out"])
def test_a_tree_that_fits(folder: Path, agent: str, number: int, server: str) -> None:
    board = folder / "consumer.dts"
    board.write_text(CONSUMER % number)
    assert run(str(board), "--against", str(folder / server), "--as", agent) == (0, [])


def test_a_number_of_another_agent(folder: Path) -> None:
    board = folder / "consumer.dts"
    board.write_text(CONSUMER % 1)
    server = str(folder / "out" / "runtime" / "runtime.json")
    status, said = run(str(board), "--against", server, "--as", "linux")
    assert status == 1
    assert [item["id"] for item in said] == ["id-unserved", "grant-unused"]
    assert said[0]["message"].startswith("the server gives linux no clock 1")


def test_a_board_that_describes_the_server(folder: Path) -> None:
    """Without an agents file its one agent is the operating system, and so is the consumer's."""
    board = folder / "consumer.dts"
    board.write_text(CONSUMER % 1)
    status, said = run(str(board), "--against", str(folder / "server.dts"), "--as", "ospm")
    assert (status, [item["id"] for item in said]) == (0, ["grant-unused"])


def test_an_agent_that_the_server_lacks_is_named_as_the_user_wrote_it(folder: Path) -> None:
    board = folder / "consumer.dts"
    board.write_text(CONSUMER % 1)
    _, said = run(str(board), "--against", str(folder / "server.dts"), "--as", "linus")
    assert said[0]["message"].startswith("the server has no agent linus; it has ")


BROKEN_SERVER = """/dts-v1/; / {
    rcc: rcc { #clock-cells = <1>; };
    a { compatible = "acme,a"; assigned-clocks = <&rcc 0>; assigned-clock-rates = <5>; };
    b: b { compatible = "acme,b"; clocks = <&rcc 0>; };
    domains {
        x { compatible = "openamp,domain-v1"; id = <1>; scmigen,default; };
        y { compatible = "openamp,domain-v1"; id = <2>; access = <&b>; };
    };
};
"""


def test_a_server_board_with_errors_of_its_own(folder: Path) -> None:
    """No server can be built from it: its errors are reported, and the run fails."""
    server = folder / "server.dts"
    server.write_text(BROKEN_SERVER)
    board = folder / "consumer.dts"
    board.write_text(CONSUMER % 0)
    status, said = run(str(board), "--against", str(server), "--as", "x")
    assert status == 1
    assert said[0]["id"] == "server-invalid"
    (related,) = said[0]["related"]
    assert related["message"].startswith("rate-shared: clock <&rcc 0>")
    assert related["position"]["file"] == str(server)


def test_several_agents_of_a_board_against_what_was_built_of_it(folder: Path) -> None:
    """The SCMI node is linux's, so vm is not missed anything that only the node lists."""
    board, agents = folder / "both.dts", folder / "agents.yaml"
    board.write_text(
        """/dts-v1/; / { scmi { compatible = "arm,scmi-virtio";
            clk: protocol@14 { reg = <0x14>; #clock-cells = <1>; };
            protocol@16 { reg = <0x16>; #reset-cells = <1>; };
            protocol@17 { reg = <0x17>; regulators { regulator@2 { reg = <2>; }; }; }; };
        a { compatible = "acme,a"; clocks = <&clk 3>; };
        b: b { compatible = "acme,b"; clocks = <&clk 4>; }; };"""
    )
    out = str(folder / "built")
    built = CliRunner().invoke(main, ["build", str(board), "-a", str(agents), "-o", out])
    assert built.exit_code == 0, built.output
    server = str(folder / "built" / "runtime" / "runtime.json")
    status, said = run(str(board), "-a", str(agents), "--against", server)
    assert (status, [item["id"] for item in said]) == (0, ["protocol-empty"])


def test_the_name_that_a_lock_file_kept_is_that_of_a_build(folder: Path) -> None:
    """The tree has another name for a clock meanwhile: a build, and so the server, has the first
    one still. A server with the tree's new name has moved no list; one with a third name has."""
    board = folder / "server.dts"

    def named(name: str) -> None:
        provider = f'#clock-cells = <1>; clock-output-names = "{name}", "b";'
        board.write_text(SERVER.replace("#clock-cells = <1>;", provider))

    named("first")
    options = [str(board), "-a", str(folder / "agents.yaml"), "--ids", str(folder / "scmigen.ids")]
    built = CliRunner().invoke(main, ["build", *options, "-o", str(folder / "locked")])
    assert built.exit_code == 0, built.output
    named("second")
    server = folder / "locked" / "runtime" / "runtime.json"
    text = server.read_text()
    for name, said in (("first", []), ("second", ["note"]), ("third", ["warning"])):
        server.write_text(text.replace('"first"', f'"{name}"'))
        _, found = run(*options, "--against", str(server))
        items = [item for item in found if item["id"] == "name-differs"]
        assert [item["severity"] for item in items] == said, name
        assert all(name in item["message"] and "first" in item["message"] for item in items)


def test_what_is_no_server(folder: Path) -> None:
    (folder / "empty.json").write_text("{}")
    status, said = run(str(folder / "server.dts"), "--against", str(folder / "empty.json"))
    assert (status, [item["id"] for item in said]) == (1, ["runtime-invalid"])
    status, said = run(str(folder / "server.dts"), "--against", str(folder / "none.json"))
    assert (status, [item["id"] for item in said]) == (1, ["file-unreadable"])


def test_an_agent_needs_a_server(folder: Path) -> None:
    result = CliRunner().invoke(main, ["check", str(folder / "server.dts"), "--as", "linux"])
    assert result.exit_code == 2


def test_explain_says_what_to_do() -> None:
    result = CliRunner().invoke(main, ["explain", "reset-shared"])
    about, advice, *_ = result.output.splitlines()
    assert about.endswith(".")
    assert advice.endswith(".")
    listed = CliRunner().invoke(main, ["explain", "--list"]).output.splitlines()
    assert listed[0].split() == ["check", "severity", "about"]
    rows = [line.split(maxsplit=2) for line in listed[1:]]
    assert rows == sorted(rows)
    found = {name: (severity, text) for name, severity, text in rows}
    assert found["reset-shared"] == ("error", about)
    assert found["grant-unused"][0] == "note"
    assert found["name-differs"][0] == "warning"
    assert "dts-syntax" in found


def test_all_that_a_server_allows_beyond_need_is_listed(folder: Path) -> None:
    clocks = "".join(f"c{n} {{ clocks = <&rcc {n}>; }};" for n in range(2, 9))
    (folder / "server.dts").write_text(SERVER.replace("a: a", f"{clocks} a: a"))
    board = folder / "consumer.dts"
    board.write_text(CONSUMER % 0)
    arguments = ["check", str(board), "--against", str(folder / "server.dts")]
    text = CliRunner().invoke(main, arguments).output
    assert [text.count(f"on clock {n} (") for n in range(9)] == [0] + [1] * 8
    assert "more" not in text


@pytest.mark.parametrize("server", ["server.dts", "runtime.json"])
def test_errors_of_all_files_are_told_at_once(tmp_path: Path, server: str) -> None:
    wrong = {
        "board.dts": "/dts-v1/; / { a = <; };\n",
        "linux.dts": "/dts-v1/; / { b = <; };\n",
        "server.dts": "/dts-v1/; / { c = <; };\n",
    }
    for name, text in wrong.items():
        (tmp_path / name).write_text(text)
    trees = ["--tree", f"linux={tmp_path / 'linux.dts'}"]
    _, said = run(str(tmp_path / "board.dts"), *trees, "--against", str(tmp_path / "server.dts"))
    assert {Path(item["position"]["file"]).name for item in said} == set(wrong)

    # Where both can be parsed, and neither understood.
    (tmp_path / "board.dts").write_text("/dts-v1/; / { a { clocks = <99 1>; }; };\n")
    (tmp_path / "runtime.json").write_text("{}")
    (tmp_path / "server.dts").write_text(BROKEN_SERVER.replace("access = <&b>", "access = <9>"))
    _, said = run(str(tmp_path / "board.dts"), "--against", str(tmp_path / server))
    kind = {"server.dts": "server-invalid", "runtime.json": "runtime-invalid"}[server]
    assert {item["id"] for item in said} >= {"phandle-dangling", kind}
