"""Killed at any point, a build leaves what the next one makes whole, with nothing left over.

The process is killed before each of its system calls that change something: an audit hook sees
all of them. Random kills are timed; `SCMIGEN_KILLS=1000` runs that many, and every step of a large
build. Each case is a forked child, as an audit hook stays for ever.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from shutil import rmtree, which

import pytest
from turns import only

from scmigen.diagnostics import InputError
from scmigen.targets.common.files import Beside, File
from scmigen.targets.common.write import write

KILLS = int(os.environ.get("SCMIGEN_KILLS", "0"))
EVENTS = {"open", "os.rename", "os.remove", "os.link", "os.mkdir", "os.rmdir", "os.utime"}

Build = tuple[list[File], bytes]


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kill loses nothing that is not on the disk yet, so nobody waits for it."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


def build(board: str, files: int) -> Build:
    """The files and the lock of a board: some it shares with others, some are its own."""
    common = [File(f"runtime/{n}.json", f"{board} {n}".encode() * 40) for n in range(files)]
    same = [File("headers/same.h", b"same")]
    own = [File(f"scp/{board}/{n}.c", b"table") for n in range(files)]
    return [*common, *same, *own], f"lock of {board}".encode()


def run(folder: Path, made: Build) -> None:
    files, lock = made
    rule = b"all: " + lock
    beside = [Beside(folder / "ids", lock), Beside(folder / "d/out.d", rule)]
    write(folder / "out", files, beside, stamps=[folder / "s/stamp"])


def state(folder: Path) -> dict[str, bytes | None]:
    """Every file and folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


def fresh(folder: Path, made: Build) -> dict[str, bytes | None]:
    run(folder, made)
    return state(folder)


def forked(act: Callable[[], None]) -> int:
    """The wait status of a child that does it."""
    child = os.fork()
    if child == 0:
        try:
            act()
        except InputError:
            os._exit(1)
        except BaseException:
            os._exit(2)
        os._exit(0)
    return os.waitpid(child, 0)[1]


def struck(step: int, number: signal.Signals, again: bool = False) -> None:
    """Send this process a signal before its change number ``step``; ``again``: at all later too."""
    seen = 0

    def change(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal seen
        if event not in EVENTS or (event == "open" and not arguments[2]):
            return
        seen += 1
        if seen == step or (again and seen > step):
            os.kill(os.getpid(), number)

    sys.addaudithook(change)
    # What is killed by SIGINT is killed by it here too, rather than by an exception.
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def killed(folder: Path, made: Build, step: int, number: signal.Signals) -> bool:
    """Kill a run at a step; whether it was killed by that signal (else it had ended)."""

    def act() -> None:
        struck(step, number, again=number != signal.SIGKILL)
        run(folder, made)

    status = forked(act)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == number


def steps(stride: int) -> range:
    """The steps to kill at: in a long run, all."""
    return range(1, 10_000, 1 if KILLS else stride)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize(
    ("size", "stride"),
    only([(2, 4), (30, 150)], [(2, 4), (30, 150), (2, 1)]),
    ids=["small", "large", "every"],
)
def test_after_a_kill_at_any_step_the_next_build_is_as_a_fresh_one(
    tmp_path: Path, size: int, stride: int, number: signal.Signals
) -> None:
    """Whether the next one is of the new board, the old one or a third."""
    boards = [build(name, size) for name in ("old", "new", "third")]
    expected = [fresh(tmp_path / f"fresh{n}", made) for n, made in enumerate(boards)]
    folder = tmp_path / "it"
    for step in steps(stride):
        if step % 3 == 0:
            rmtree(folder, ignore_errors=True)
        run(folder, boards[0])
        assert state(folder) == expected[0]
        if not killed(folder, boards[1], step, number):
            assert step > 10
            return
        if number != signal.SIGKILL:
            assert state(folder) in expected[:2]
        next_one = step % 3
        run(folder, boards[next_one])
        assert state(folder) == expected[next_one]
    pytest.fail("it did not end")


@pytest.mark.parametrize("stride", only([4], [4, 1]))
def test_a_kill_of_a_first_build_leaves_nothing_over(tmp_path: Path, stride: int) -> None:
    made, folder = build("new", 2), tmp_path / "it"
    expected = fresh(tmp_path / "fresh", made)
    for step in steps(stride):
        rmtree(folder, ignore_errors=True)
        if not killed(folder, made, step, signal.SIGKILL):
            return
        run(folder, made)
        assert state(folder) == expected
    pytest.fail("it did not end")


@pytest.mark.skipif(which("make") is None, reason="make is not installed")
def test_make_never_believes_a_build_that_was_killed(tmp_path: Path) -> None:
    """An output that changed is up to date only if all outputs and the rule are whole."""
    old, new = build("old", 2), build("new", 2)
    expected = fresh(tmp_path / "fresh", new)
    folder, manifest = tmp_path / "it", "out/.scmigen-manifest.json"
    targets = ["s/stamp", "out/runtime/0.json", "out/runtime/1.json", "out/scp/new/1.c"]
    for step in steps(3):
        rmtree(folder, ignore_errors=True)
        run(folder, old)
        for path in folder.rglob("*"):
            os.utime(path, (1e9, 1e9))
        (folder / "board.dts").touch()
        if not killed(folder, new, step, signal.SIGKILL):
            assert step > 10
            return
        (folder / "Makefile").write_text(f"{' '.join(targets)}: board.dts\n\t@false\n")
        for target in targets:
            done = subprocess.run(["make", "-q", target], cwd=folder, capture_output=True)
            if done.returncode == 0:
                now = {name: data for name, data in state(folder).items() if name in expected}
                assert now | {manifest: b""} == expected | {manifest: b""}
    pytest.fail("it did not end")


def test_kills_at_random_times(tmp_path: Path) -> None:
    boards = [build(name, 12) for name in ("old", "new", "third")]
    expected = [fresh(tmp_path / f"fresh{n}", made) for n, made in enumerate(boards)]
    folder, chance = tmp_path / "it", Random(4)
    start = time.perf_counter()
    run(folder, boards[0])
    long = time.perf_counter() - start
    at = 0
    for _ in range(KILLS or 20):
        child = os.fork()
        if child == 0:
            run(folder, boards[(at + 1) % 3])
            os._exit(0)
        time.sleep(chance.random() * long)
        os.kill(child, chance.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM]))
        os.waitpid(child, 0)
        at = chance.randrange(3)
        run(folder, boards[at])
        assert state(folder) == expected[at]


def test_concurrent_builds_leave_one_of_both_whole(tmp_path: Path) -> None:
    boards = [build(name, 8) for name in ("old", "new")]
    expected = [fresh(tmp_path / f"fresh{n}", made) for n, made in enumerate(boards)]
    folder = tmp_path / "it"
    for _ in range(int(os.environ.get("SCMIGEN_PAIRS", "10"))):
        children = []
        for made in boards:
            child = os.fork()
            if child == 0:
                try:
                    run(folder, made)
                finally:
                    os._exit(sys.exc_info()[0] is not None)
            children.append(child)
        assert [os.waitpid(child, 0)[1] for child in children] == [0, 0]
        assert state(folder) in expected
