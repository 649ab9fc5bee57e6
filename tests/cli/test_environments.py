"""Every command in every odd environment ends in its result or in a sentence.

One case of twenty runs by default, and one more with ``-m more``; ``-m slow`` runs the others.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from turns import only

pytestmark = pytest.mark.skipif(os.name != "posix", reason="a POSIX shell makes the environments")

DTS = Path(__file__).parents[2] / "examples/dts"

#: The command's words; ``runtime.json`` is that of the small board.
COMMANDS = {
    "version": "--version",
    "help": "build --help",
    "check": f"check {DTS / 'minimal.dts'}",
    "preprocessed": f"check {DTS / 'orrery-board.dts'}",
    "build": f"build {DTS / 'minimal.dts'} -q -o {{here}}/out --ids {{here}}/ids",
    "show": f"show resources {DTS / 'minimal.dts'}",
    "why": f"why {DTS / 'minimal.dts'} ospm clock:0",
    "diff": f"diff {DTS / 'minimal.dts'} {DTS / 'minimal.dts'}",
    "convert": f"convert {DTS / 'minimal.dts'} {{here}}/out.dtb",
    "explain": "explain phandle-dangling",
    "serve": "serve {here}/runtime.json --listen ospm=unix:{here}/missing/socket",
    "client": "client --timeout 1 unix:{here}/no-socket info",
}

#: What a shell does before or around the command.
ENVIRONMENTS = {
    "memory-30": 'ulimit -v 30000; exec "$@"',
    "memory-34": 'ulimit -v 34000; exec "$@"',
    "memory-38": 'ulimit -v 38000; exec "$@"',
    "memory-44": 'ulimit -v 44000; exec "$@"',
    "memory-60": 'ulimit -v 60000; exec "$@"',
    "memory-90": 'ulimit -v 90000; exec "$@"',
    "files-5": 'ulimit -n 5; exec "$@"',
    "files-7": 'ulimit -n 7; exec "$@"',
    "files-10": 'ulimit -n 10; exec "$@"',
    "files-written-empty": 'ulimit -f 0; exec "$@"',
    "folder-removed": 'mkdir gone; cd gone; rmdir ../gone; exec "$@"',
    "no-home": 'unset HOME; exec "$@"',
    "home-absent": 'HOME=/proc/none exec "$@"',
    "home-relative": 'HOME=a exec "$@"',
    "cache-is-a-file": 'XDG_CACHE_HOME=/dev/null exec "$@"',
    "no-variables": 'exec env -i "$@"',
    "no-programs": 'PATH=/proc/none exec "$@"',
    "ascii": 'PYTHONIOENCODING=ascii exec "$@"',
    "c": 'LANG=C LC_ALL=C exec "$@"',
    "posix": 'LC_ALL=POSIX PYTHONUTF8=0 PYTHONCOERCECLOCALE=0 exec "$@"',
    "input-closed": 'exec "$@" <&-',
    "output-closed": 'exec "$@" >&-',
    "errors-closed": 'exec "$@" 2>&-',
    "all-closed": 'exec "$@" <&- >&- 2>&-',
    "output-read-only": 'exec "$@" 1</dev/null',
    "no-temporary-folder": 'TMPDIR=/proc/none exec "$@"',
    "columns": 'COLUMNS=-5 LINES=x exec "$@"',
    "developer": 'PYTHONDEVMODE=1 PYTHONWARNINGS=error,ignore::DeprecationWarning exec "$@"',
    "optimized": 'PYTHONOPTIMIZE=2 exec "$@"',
}


#: In so little memory, Python's own modules fail half-loaded, with words of their own.
TOO_LITTLE = {("memory-30", "explain"), ("memory-34", "explain")}


def _marks(turn: int) -> list[pytest.MarkDecorator]:
    if turn % 10:
        return [pytest.mark.slow]
    return [pytest.mark.more] if turn % 20 else []


def cases() -> list[object]:
    return [
        pytest.param(
            environment,
            command,
            marks=_marks(row + column),
            id=f"{environment}-{command}",
        )
        for row, environment in enumerate(ENVIRONMENTS)
        for column, command in enumerate(COMMANDS)
        if (environment, command) not in TOO_LITTLE
    ]


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    out = tmp_path_factory.mktemp("runtime")
    words = ["build", str(DTS / "minimal.dts"), "-q", "-o", str(out), "--emit", "runtime"]
    subprocess.run([sys.executable, "-m", "scmigen", *words], check=True)
    return (out / "runtime/runtime.json").read_bytes()


def shell(line: str, words: list[str | bytes], here: Path) -> tuple[int, str]:
    """The exit status and both streams."""
    done = subprocess.run(
        ["sh", "-c", line, "sh", sys.executable, "-m", "scmigen", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        cwd=here,
        timeout=120,
    )
    return done.returncode, (done.stdout + done.stderr).decode("utf-8", "replace")


@pytest.mark.parametrize(("environment", "command"), cases())
def test_every_command(environment: str, command: str, tmp_path: Path, runtime: bytes) -> None:
    (tmp_path / "runtime.json").write_bytes(runtime)
    words: list[str | bytes] = [*COMMANDS[command].format(here=tmp_path).split()]
    status, told = shell(ENVIRONMENTS[environment], words, tmp_path)
    assert status in (0, 1, 2), told
    for word in ("Traceback", "internal error", "bug of scmigen", "Exception ignored", "None:"):
        assert word not in told
    if status and environment not in ("all-closed", "errors-closed"):
        assert told.strip(), "it failed without a word"


NAMED = [
    ("orrery-board.dts", "build -q -o out"),
    ("minimal.dts", "check --format sarif"),
    ("minimal.dts", "show devices"),
    ("minimal.dts", "build -q -o out"),
    ("orrery-board.dts", "check --format sarif"),
    ("orrery-board.dts", "show devices"),
]


@pytest.mark.parametrize(("board", "command"), only(NAMED[:3], NAMED))
def test_names_that_are_not_utf8(board: str, command: str, tmp_path: Path) -> None:
    """Linux takes any bytes; the larger board goes through the preprocessor."""
    for file in DTS.iterdir():
        (tmp_path / file.name).symlink_to(file)
    name = b"\xff" + board.encode()
    try:
        (tmp_path / board).rename(tmp_path / os.fsdecode(name))
    except OSError:
        pytest.skip("the file system has no such names")
    status, told = shell('exec "$@"', [*command.split(), name], tmp_path)
    assert status == 0, told
    if command.startswith("build"):
        assert r"\udcff" in (tmp_path / "out/runtime/runtime.json").read_text("utf-8")
