"""``show`` and ``why`` answer for a board that has errors, and tell the errors."""

import json
from pathlib import Path

import pytest
from support import TWO_AGENTS, scmigen, source, written

BOARD = source(
    """cc: cc { compatible = "acme,cc"; #clock-cells = <1>; };
uart0: uart { compatible = "acme,uart"; clocks = <&cc 1>; };"""
)
CONFLICT = TWO_AGENTS.replace("true}", 'true, access: [{dev: "&uart0"}]}')
CONFLICT += """    access: [{dev: "&uart0"}]\n"""


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A device that two agents claim."""
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "b.dts", BOARD)
    written(tmp_path / "a.yaml", CONFLICT)
    return ["b.dts", "-a", "a.yaml"]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (["why", "b", "clock:0"], "b: state read on clock 0 (uart, /cc 1)"),
        (["why", "b", "&uart0"], "b has /uart (&uart0, device 0, a.yaml:7:20)"),
        (["why", "--not", "b", "clock:0"], "b: no rate parent on clock 0 (uart, /cc 1)"),
        (["why", "a", "system-power"], "a: state read on system-power (protocol 0x12)"),
        (["show", "permissions"], "b      clock   0   uart          /cc 1          state read"),
        (["show", "devices"], "0   /uart   a, b                     1"),
    ],
)
def test_the_answer_comes_with_the_errors(
    board: list[str], question: list[str], answer: str
) -> None:
    done = scmigen(*question, *board)
    assert done.returncode == 1
    assert answer in done.stdout.splitlines()
    first, *rest = done.stderr.splitlines()
    assert first == "a.yaml:7:20: error[device-conflict]: /uart is given to a and b"
    assert rest[-1].startswith("  hint: ")


def test_answers_and_errors_as_json(board: list[str]) -> None:
    done = scmigen("why", "b", "clock:0", *board, "--format", "json")
    assert done.returncode == 1
    assert [item["operations"] for item in json.loads(done.stdout)] == [["state", "read"]]
    assert [item["id"] for item in json.loads(done.stderr)] == ["device-conflict"]


def test_a_question_that_has_no_answer_keeps_its_own_status(board: list[str]) -> None:
    done = scmigen("why", "b", "&none", *board)
    assert (done.returncode, done.stdout) == (2, "")
    assert "error[device-conflict]" in done.stderr
    assert "no label &none" in done.stderr


@pytest.mark.parametrize("question", [["why", "b", "clock:0"], ["show", "permissions"]])
def test_where_nothing_can_be_answered_it_says_so(
    board: list[str], tmp_path: Path, question: list[str]
) -> None:
    written(tmp_path / "a.yaml", CONFLICT.replace("&uart0", "&uart"))
    done = scmigen(*question, *board)
    assert (done.returncode, done.stdout) == (1, "")
    assert "error[device-unknown]" in done.stderr
    assert done.stderr.endswith(f"\n{question[0]} is not answered: the board has errors\n")
    done = scmigen(*question, *board, "--format", "json")
    assert {item["id"] for item in json.loads(done.stderr)} == {"device-unknown"}


@pytest.mark.usefixtures("board")
def test_numbers_that_moved_keep_their_status(tmp_path: Path) -> None:
    """A number in the tree goes before that of the lock file: exit status 3, as of check."""
    fixed = """/dts-v1/; / { #address-cells = <1>; #size-cells = <1>; firmware { scmi {
        compatible = "arm,scmi-smc"; arm,smc-id = <1>;
        shmem = <&shm>; #address-cells = <1>; #size-cells = <0>;
        scc: protocol@14 { reg = <0x14>; #clock-cells = <1>; }; }; };
        shm: sram@1000 { compatible = "arm,scmi-shmem"; reg = <0x1000 0x80>; };
        uart { compatible = "acme,uart"; clocks = <&scc 5>; }; };"""
    written(tmp_path / "b.dts", fixed)
    assert scmigen("build", "b.dts", "--ids", "b.ids", "-o", "o", "-q").returncode == 0
    lock = (tmp_path / "b.ids").read_text()
    assert "clock\t5\t" in lock
    written(tmp_path / "b.ids", lock.replace("clock\t5\t", "clock\t4\t"))
    done = scmigen("show", "resources", "b.dts", "--ids", "b.ids", "--format", "json")
    assert done.returncode == scmigen("check", "b.dts", "--ids", "b.ids").returncode == 3
    assert [row["number"] for row in json.loads(done.stdout)] == [5]
