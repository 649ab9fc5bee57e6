"""A project file in place of BOARD and its options."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support import scmigen, written

BOARD = """\
/dts-v1/;
#include "clocks.h"
/ {
	cc: clock-controller@1000 { compatible = "acme,cc"; #clock-cells = <1>; };
	uart0: serial@2000 { compatible = "acme,uart"; clocks = <&cc FIRST>; };
	uart1: serial@3000 { compatible = "acme,uart"; clocks = <&cc 9>; };
};
"""
TWO = """
domains:
  linux: {id: 1, default: true}
  vm1: {id: 2, access: [{dev: "&uart1"}]}
"""
PROJECT = """\
[defaults]
include = ["inc"]

[board.one]
source = "dts/board.dts"
define = ["FIRST=4"]
output = "out/one"
emit = ["runtime"]

[board.two]
source = "dts/board.dts"
define = ["FIRST=7"]
agents = ["two.yaml"]
output = "out/two"
lock = "two.ids"
emit = ["headers"]
numbering = "per-agent"
switches = ["no-agent-idle"]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a project of two boards."""
    for folder in ("dts", "inc"):
        (tmp_path / folder).mkdir()
    written(tmp_path / "dts/board.dts", BOARD)
    written(tmp_path / "inc/clocks.h", "#define UNUSED 1\n")
    written(tmp_path / "two.yaml", TWO)
    written(tmp_path / "scmigen.toml", PROJECT)
    return tmp_path


def cells(folder: Path, *arguments: str) -> list[str]:
    done = scmigen("show", "resources", "--format", "json", *arguments, cwd=folder)
    assert done.returncode == 0, done.stderr
    return [row["cells"] for row in json.loads(done.stdout)]


def test_all_boards_are_built(project: Path) -> None:
    done = scmigen("build", "-q", cwd=project)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert sorted(path.name for path in (project / "out").iterdir()) == ["one", "two"]
    assert [path.name for path in (project / "out/one").iterdir() if path.is_dir()] == ["runtime"]
    assert [path.name for path in (project / "out/two").iterdir() if path.is_dir()] == ["headers"]
    assert (project / "two.ids").read_text().count("\nclock\t") == 2


def test_one_board_is_built(project: Path) -> None:
    assert scmigen("build", "-q", "--board", "two", cwd=project).returncode == 0
    assert [path.name for path in (project / "out").iterdir()] == ["two"]


def test_views_need_no_board_but_its_name(project: Path) -> None:
    assert cells(project, "--board", "one") == ["4", "9"]
    assert cells(project, "--board", "two") == ["7", "9"]
    why = scmigen("why", "vm1", "&cc 9", "--board", "two", cwd=project)
    assert why.stdout.startswith("vm1: state read on clock 0 ")


def test_a_project_with_one_board_needs_no_name(project: Path) -> None:
    written(project / "scmigen.toml", PROJECT.partition("[board.two]")[0])
    assert cells(project) == ["4", "9"]


def test_the_command_line_beats_the_file(project: Path) -> None:
    assert cells(project, "--board", "one", "-D", "FIRST=5") == ["5", "9"]
    (project / "empty").mkdir()
    done = scmigen("check", "--board", "one", "-I", "empty", cwd=project)
    assert done.returncode == 1
    assert "clocks.h" in done.stdout
    done = scmigen(
        *("build", "-q", "--board", "two", "-o", "here", "--emit", "runtime", "--ids", "my.ids"),
        *("--numbering", "shared"),
        cwd=project,
    )
    assert done.returncode == 0
    assert (project / "here/runtime/runtime.json").exists()
    assert "\nagent\tvm1\tclock\t" not in (project / "my.ids").read_text()
    assert not (project / "two.ids").exists()


def test_paths_are_relative_to_the_file(project: Path) -> None:
    elsewhere = project / "elsewhere"
    elsewhere.mkdir()
    file = project / "scmigen.toml"
    done = scmigen("build", "-q", "--project", file, cwd=elsewhere)
    assert (done.returncode, done.stderr) == (0, "")
    assert (project / "out/one/runtime/runtime.json").exists()
    assert list(elsewhere.iterdir()) == []


def test_checks_of_the_file_and_of_the_command_line_add_up(project: Path) -> None:
    """What agent vm2 lacks is turned off in the file, and an error once it is asked for."""
    idle = TWO + "  vm2: {id: 3, scmi: {role: vm}}\n"
    written(project / "two.yaml", idle)
    quiet = scmigen("check", "--board", "two", cwd=project)
    assert "agent-idle" not in quiet.stdout
    again = scmigen("check", "--board", "two", "-W", "agent-idle", cwd=project)
    assert "warning[agent-idle]" in again.stdout or "note[agent-idle]" in again.stdout
    assert scmigen("check", "--board", "two", "-E", "agent-idle", cwd=project).returncode == 1


def test_the_make_rule_names_the_project_file(project: Path) -> None:
    done = scmigen("build", "-q", "--board", "one", "--depfile", "one.d", cwd=project)
    assert done.returncode == 0
    assert {"dts/board.dts", "inc/clocks.h", "scmigen.toml"} <= set(
        (project / "one.d").read_text().replace(":", " ").split()
    )


def test_the_other_boards_are_built_though_one_has_errors(project: Path) -> None:
    written(project / "two.yaml", TWO.replace("uart1", "uart7"))
    done = scmigen("build", "-q", cwd=project)
    assert done.returncode == 1
    assert "error[device-unknown]" in done.stderr
    assert done.stderr.splitlines()[-1] == "board two is not built"
    assert [path.name for path in (project / "out").iterdir()] == ["one"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "agents"], "name one board of the project file with --board: one, two"),
        (["build", "-o", "x"], "name one board of the project file with --board: one, two"),
        (["build", "--format", "json"], "name one board of the project file"),
        (["build", "--depfile", "d"], "name one board of the project file"),
        (["check", "--board", "tow"], "no board 'tow' in scmigen.toml; did you mean two?"),
        (["check", "dts/board.dts", "--board", "one"], "a BOARD is given"),
        (["check", "dts/board.dts", "--project", "scmigen.toml"], "a BOARD is given"),
        (["build", "--repack"], "--repack renumbers a lock file"),
        (["build", "dts/board.dts", "-I", "inc", "-D", "FIRST=1"], "-o"),
    ],
    ids=lambda value: value[1] if isinstance(value, list) else "",
)
def test_wrong_usage(project: Path, arguments: list[str], message: str) -> None:
    done = scmigen(*arguments, cwd=project)
    assert done.returncode == 2
    assert message in done.stderr


def test_no_project_file(tmp_path: Path) -> None:
    done = scmigen("check", cwd=tmp_path)
    assert done.returncode == 2
    assert "name a BOARD, or write a scmigen.toml in this folder" in done.stderr


def test_a_board_without_an_output(project: Path) -> None:
    written(project / "scmigen.toml", '[board.b]\nsource = "dts/board.dts"\n')
    done = scmigen("build", cwd=project)
    assert done.returncode == 2
    assert "Missing option '-o', the output directory of b" in done.stderr


def test_errors_of_the_file_are_reported_at_once(project: Path) -> None:
    written(project / "scmigen.toml", "[board.x]\nsorce = 'x'\nemit = 3\n")
    done = scmigen("check", "--format", "json", cwd=project)
    assert done.returncode == 1
    found = json.loads(done.stderr)
    assert [item["position"]["line"] for item in found] == [1, 2, 3]
    assert {item["id"] for item in found} == {"project-file"}


def test_a_board_that_is_named_needs_no_file(project: Path) -> None:
    """A project file beside it is not read, whatever is wrong with it, and no reader imported."""
    written(project / "scmigen.toml", "wrong")
    script = """
import sys
from scmigen.cli.main import cli
cli(["check", "-q", "dts/board.dts", "-I", "inc", "-D", "FIRST=1"], standalone_mode=False)
print({"tomllib", "rich", "scmigen.project.file", "scmigen.cli.boards"} & sys.modules.keys())
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=project,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("set()\n", "")
