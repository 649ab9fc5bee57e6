"""Processes for many boards: order, death, signals."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from conftest import REPOSITORY
from patience import PATIENCE, eventually

from scmigen.project.workers import BOARDS_EACH

SCRIPT = """
import os, signal, sys, time
# a shell, or nohup, may have had them ignored
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
from scmigen.diagnostics import Finding
from scmigen.project.workers import Outcome, run_all

FOUND = Finding("x-y", "It is.", "Do it.")

def work(index):
    {work}
    return Outcome((FOUND.error(f"of {{index}}"),), index % 2)

def take(index, outcome):
    (found,) = outcome.diagnostics
    print(index, outcome.status, f"{{found.id}}: {{found.message}}", flush=True)

run_all({count}, work, {jobs}, take)
"""


def started(work: str, count: int, jobs: int) -> "subprocess.Popen[str]":
    script = SCRIPT.format(work=work, count=count, jobs=jobs)
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", script], stdout=pipe, stderr=pipe, text=True)


def lines(work: str, count: int, jobs: int) -> list[str]:
    with started(work, count, jobs) as process:
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (0, "")
    return out.splitlines()


@pytest.mark.parametrize("jobs", [1, 3, 9])
def test_outcomes_come_in_the_order_of_the_boards(jobs: int) -> None:
    """Though the later ones end earlier."""
    found = lines("time.sleep(0.02 * (6 - index))", 6, jobs)
    assert found == [f"{index} {index % 2} x-y: of {index}" for index in range(6)]


def test_few_open_files_are_fewer_processes(tmp_path: Path, examples: Path) -> None:
    names = [f"x{number}.dts" for number in range(40)]
    for name in names:
        (tmp_path / name).write_bytes((examples / "minimal.dts").read_bytes())
    words = f"ulimit -n 48; exec {sys.executable} -m scmigen check --each -j 30 {' '.join(names)}"
    done = subprocess.run(["sh", "-c", words], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "40 boards: 40 ok, 0 with errors\n")


def test_an_outcome_may_be_larger_than_a_pipe() -> None:
    found = lines("return Outcome((FOUND.error('x' * 300_000),), 0)", 2, 2)
    assert [len(line) for line in found] == [len("0 0 x-y: ") + 300_000] * 2


@pytest.mark.parametrize(
    ("work", "told"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", "its process was ended by SIGKILL"),
        ("os._exit(7)", "its process was ended by 7"),
        ("raise RuntimeError('oh')", "internal error: RuntimeError: oh"),
        ("sys.exit(3)", "internal error: SystemExit: 3"),
    ],
)
def test_a_process_that_dies_is_reported_for_its_board(work: str, told: str) -> None:
    found = lines(f"if index == 1: {work}", 3, 2)
    assert found == ["0 0 x-y: of 0", f"1 None board-failed: {told}", "2 0 x-y: of 2"]


def test_a_process_has_many_boards_and_is_then_replaced() -> None:
    """What a board leaves behind does not stay for ever."""
    found = lines("return Outcome((FOUND.error(str(os.getpid())),), 0)", BOARDS_EACH + 9, 1)
    pids = [line.split()[-1] for line in found]
    assert [len(set(pids[:BOARDS_EACH])), len(set(pids[BOARDS_EACH:])), len(set(pids))] == [1, 1, 2]


def test_the_boards_of_a_process_that_died_go_to_others() -> None:
    found = lines("if index % 3 == 1: os._exit(7)", 9, 2)
    died = [index for index, line in enumerate(found) if "board-failed" in line]
    assert (len(found), died) == (9, [1, 4, 7])


def test_garbage_of_a_board_is_gone_before_the_next() -> None:
    """Even if it refers to itself, as nodes of a tree do."""
    work = (
        "garbage = [bytearray(b'x' * (4 << 20))]; garbage.append(garbage)\n"
        "    pages = int(open('/proc/self/statm').read().split()[1])\n"
        "    return Outcome((FOUND.error(str(pages * os.sysconf('SC_PAGESIZE') >> 20)),), 0)"
    )
    mebibytes = [int(line.split()[-1]) for line in lines(work, 20, 1)]
    assert max(mebibytes) < mebibytes[0] + 8


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_no_process_is_left_after_a_signal(number: int, tmp_path: Path) -> None:
    pid = f"open({str(tmp_path)!r} + f'/{{os.getpid()}}', 'w').close(); time.sleep(600)"
    with started(pid, 5, 2) as process:
        assert eventually(lambda: len(list(tmp_path.iterdir())) == 2)
        process.send_signal(number)
        process.communicate(timeout=PATIENCE)
    assert process.returncode == -number
    pids = [int(path.name) for path in tmp_path.iterdir()]
    assert len(pids) == 2
    for worker in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(worker, 0)


def test_a_worker_that_writes_undoes_that_before_it_ends(tmp_path: Path) -> None:
    """As a build does, which holds signals back while it replaces files."""
    work = (
        "from scmigen.targets.common.exclusive import stoppable; from pathlib import Path\n"
        "    with stoppable() as check:\n"
        "        try:\n"
        f"            file = Path({str(tmp_path)!r}, str(index)); file.write_text('begun')\n"
        "            while True: time.sleep(0.01); check()\n"
        "        finally:\n"
        "            time.sleep(0.1); file.write_text('undone')"
    )
    with started(work, 2, 2) as process:
        assert eventually(lambda: len(list(tmp_path.iterdir())) == 2)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)
    assert process.returncode == -signal.SIGTERM
    assert [path.read_text() for path in tmp_path.iterdir()] == ["undone"] * 2


def test_without_fork_boards_are_done_one_by_one() -> None:
    found = lines("", 3, 2)
    script = SCRIPT.format(work="", count=3, jobs=2)
    done = subprocess.run(
        [sys.executable, "-c", f"import os; del os.fork\n{script}"],
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    assert done.stdout.splitlines() == found


def test_workers_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    """They finish their board and find nobody to tell."""
    begun, end = tmp_path / "begun", tmp_path / "end"
    begun.mkdir()
    work = (
        f"open({str(begun)!r} + f'/{{os.getpid()}}', 'w').close()\n"
        f"    while not os.path.exists({str(end)!r}): time.sleep(0.01)"
    )
    with started(work, 9, 2) as process:
        assert eventually(lambda: len(list(begun.iterdir())) == 2)
        process.kill()
        end.touch()
        # Both streams end when the last process that holds them does.
        process.communicate(timeout=PATIENCE)
    assert len(list(begun.iterdir())) == 2
    for path in begun.iterdir():
        with suppress(ProcessLookupError):
            os.kill(int(path.name), 0)


WARM = """
import os, sys
from pathlib import Path
import scmigen
from scmigen import data
from scmigen.project.warm_up import warm_up
from scmigen.targets.common.write import write

warm_up(outputs=True)
before, classes = set(sys.modules), []
compiled = data.compiled
def told(name, *rest):
    classes.append(name)
    return compiled(name, *rest)
data.compiled = told
found = scmigen.compile(scmigen.load(sys.argv[1]))
made = scmigen.emit(found)
assert made.ok and made.files
print(sorted(set(sys.modules) - before), sorted(classes))
"""


def test_a_process_finds_what_it_needs_imported_and_its_classes_complete() -> None:
    """It would do it again otherwise, and in each process."""
    board = REPOSITORY / "examples" / "dts" / "minimal.dts"
    done = subprocess.run(
        [sys.executable, "-c", WARM, str(board)], capture_output=True, text=True, timeout=PATIENCE
    )
    assert (done.stdout, done.stderr) == ("[] []\n", "")
