"""Ctrl-C at any moment ends a command by the signal, and nothing is printed.

Until scmigen's first line runs, Python prints a traceback, and pip's script imports ``re``.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHECK = ["check", "examples/dts/orrery-board.dts"]

#: Runs the command; SIGINT comes with the import of a module. The handler is set because SIGINT
#: is ignored in a background job of a shell.
HOOKED = """
import os, runpy, signal, sys

signal.signal(signal.SIGINT, signal.{handler})

def hook(event, words):
    if event == "import" and words[0] == {module!r}:
        os.kill(os.getpid(), signal.SIGINT)

sys.addaudithook(hook)
sys.argv = ["scmigen", *{command!r}]
runpy.run_module("scmigen", run_name="__main__", alter_sys=True)
"""

#: Prints what scmigen imports while SIGINT raises KeyboardInterrupt.
IMPORTS = """
import _signal, runpy, sys

_signal.signal(_signal.SIGINT, _signal.default_int_handler)
found = []

def hook(event, words):
    raises = _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler
    if event == "import" and raises and (found or words[0].startswith("scmigen")):
        found.append(words[0])

sys.addaudithook(hook)
sys.argv = ["scmigen", "--version"]
try:
    runpy.run_module("scmigen", run_name="__main__", alter_sys=True)
finally:
    print(found)
"""


def run(program: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, timeout=60
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    "module", ["scmigen.cli.front", "scmigen.cli.parse", "scmigen.api", "scmigen.devicetree.load"]
)
def test_a_command_that_is_imported_ends_by_the_signal(module: str) -> None:
    program = HOOKED.format(handler="default_int_handler", module=module, command=CHECK)
    assert run(program) == (-signal.SIGINT, "", "")


def test_where_the_signal_is_ignored_it_stays_so() -> None:
    status, told, errors = run(
        HOOKED.format(handler="SIG_IGN", module="scmigen.cli.front", command=["--version"])
    )
    assert (status, told.partition(",")[0], errors) == (0, "scmigen", "")


def test_nothing_that_takes_long_is_imported_before() -> None:
    status, told, _ = run(IMPORTS)
    assert (status, told.splitlines()[-1]) == (0, "['scmigen', 'scmigen.version', 'atexit', 'gc']")


@pytest.mark.slow
@pytest.mark.parametrize("command", ["check", "show resources", "explain --list", "convert"])
def test_at_any_time(command: str, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "scmigen", *command.split()]
    words += {"explain --list": [], "convert": [CHECK[1], str(tmp_path / "out.dtb")]}.get(
        command, CHECK[1:]
    )
    for wait in range(0, 300, 2):
        with subprocess.Popen(
            words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=ROOT
        ) as process:
            time.sleep(wait / 1000)
            os.kill(process.pid, signal.SIGINT)
            _, told = process.communicate(timeout=60)
        # Before scmigen's first line, Python ends with a traceback of its own.
        assert "scmigen/cli" not in told, f"after {wait} ms"
        assert not told or "KeyboardInterrupt" in told, f"after {wait} ms"
