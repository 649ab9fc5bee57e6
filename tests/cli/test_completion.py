"""What the shell completes: by click's protocol, and once in a real bash."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import BashComplete
from conftest import REPOSITORY
from support import scmigen, written

from scmigen.cli.main import cli

BOARD = """\
/dts-v1/;
/ {
	cc: clock-controller@1000 { compatible = "acme,cc"; #clock-cells = <1>; };
	uart0: serial@2000 { compatible = "acme,uart"; clocks = <&cc 4>; };
	uart1: serial@3000 { compatible = "acme,uart"; clocks = <&cc 9>; };
};
"""
TWO = """
domains:
  linux: {id: 1, default: true}
  vm1: {id: 2, access: [{dev: "&uart1"}]}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    written(tmp_path / "board.dts", BOARD)
    written(tmp_path / "two.yaml", TWO)
    text = '[board.evk]\nsource = "board.dts"\nagents = ["two.yaml"]\n'
    written(tmp_path / "scmigen.toml", text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def completed(line: str) -> list[str]:
    """What is offered for the last word of a command line, by click's own code for bash."""
    words = shlex.split(line) + ([""] if line.endswith(" ") else [])
    found = BashComplete(cli, {}, "scmigen", "_SCMIGEN_COMPLETE")
    return [item.value for item in found.get_completions(words[1:-1], words[-1])]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("scmigen che", ["check"]),
        ("scmigen show per", ["permissions"]),
        ("scmigen explain rate-t", ["rate-twice"]),
        ("scmigen explain dts-synt", ["dts-syntax"]),
        ("scmigen check -W rate-t", ["rate-twice"]),
        ("scmigen check -W no-rate-t", ["no-rate-twice"]),
        ("scmigen check -W err", ["error"]),
        ("scmigen serve r.json --profile linux-6", ["linux-6.1", "linux-6.6", "linux-6.12"]),
        ("scmigen serve r.json --profile vm1=3", ["vm1=3.0", "vm1=3.1", "vm1=3.2"]),
        ("scmigen build -E rate-t", ["rate-twice"]),
        ("scmigen build -E no-rate-t", []),
        ("scmigen check -W dts-synt", []),
        ("scmigen build --emit run", ["runtime"]),
        ("scmigen build --emit runtime,hea", ["runtime,headers"]),
        ("scmigen build --emit headers,hea", []),
        ("scmigen client unix:/tmp/x call CLOCK_RATE_S", ["CLOCK_RATE_SET"]),
        ("scmigen client unix:/tmp/x call clock.PROTOCOL_V", ["clock.PROTOCOL_VERSION"]),
        ("scmigen show permissions --board ", ["evk"]),
        ("scmigen why ", ["linux", "vm1"]),
        ("scmigen why v", ["vm1"]),
        ("scmigen why vm1 ", ["clock:serial-3000", "permissions", "system-power"]),
        ("scmigen why linux clock:", ["clock:serial-2000"]),
        ("scmigen why --board evk linux clock:serial-2", ["clock:serial-2000"]),
        ("scmigen why --board none ", []),
        ("scmigen why -a none.yaml ", []),
        ("scmigen check board.dts --as ", []),
    ],
)
@pytest.mark.usefixtures("project")
def test_words(line: str, expected: list[str]) -> None:
    assert completed(line) == expected


def test_agents_of_a_server(project: Path) -> None:
    server = written(project / "server.dts", BOARD.replace("uart", "tty"))
    assert completed("scmigen check board.dts --against server.dts --as ") == ["ospm"]
    assert scmigen("build", "server.dts", "-o", "built", "--emit", "runtime").returncode == 0
    assert completed("scmigen check board.dts --against built --as ") == ["ospm"]
    runtime = '{"vendor": 1}'
    written(project / "server.json", runtime)
    assert completed("scmigen check board.dts --against server.json --as ") == []
    server.write_text("wrong")
    assert completed("scmigen check board.dts --against server.dts --as ") == []


def test_a_wrong_project_file_completes_nothing(project: Path) -> None:
    written(project / "scmigen.toml", "wrong")
    assert completed("scmigen why ") == []
    assert completed("scmigen show permissions --board ") == []


def test_several_boards_need_a_name(project: Path) -> None:
    with (project / "scmigen.toml").open("a") as file:
        file.write('[board.mini]\nsource = "board.dts"\n')
    assert completed("scmigen why ") == []
    assert completed("scmigen why --board mini ") == ["ospm"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_page_says_what_click_understands(shell: str) -> None:
    page = (REPOSITORY / "docs/howto/completion.md").read_text()
    assert f"_SCMIGEN_COMPLETE={shell}_source scmigen" in page


def test_in_bash(project: Path) -> None:
    """With the line of the page for words that have a colon, as the reader of a line sees them."""
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("no bash")
    page = (REPOSITORY / "docs/howto/completion.md").read_text()
    (block,) = re.findall(r"```bash\n(.*?)```", page, re.DOTALL)
    folder = project / "bin"
    folder.mkdir()
    command = f"#!{sys.executable}\nfrom scmigen.__main__ import run\nrun()\n"
    written(folder / "scmigen", command).chmod(0o755)
    script = (
        block
        + """
tried() {
    COMP_LINE="$*" COMP_POINT=${#COMP_LINE} COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
    _scmigen_completion scmigen "${COMP_WORDS[COMP_CWORD]}"
    echo "${COMPREPLY[*]}"
}
tried scmigen build --emit perm
tried scmigen why vm1 clock:ser
[[ $COMP_WORDBREAKS == *:* ]] || echo whole words
"""
    )
    environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
    done = subprocess.run(
        [bash, "--norc", "-c", script],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["permissions", "clock:serial-3000", "whole words"]
