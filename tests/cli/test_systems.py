"""Without what other systems lack, the compiler works; server and client say what is missing."""

import subprocess
import sys
from pathlib import Path

import pytest
from turns import one_in

BOARD = str(Path(__file__).parents[2] / "examples/dts/minimal.dts")

#: Modules, and names in modules, that Windows or macOS lack.
MISSING = (
    "fcntl",
    "grp",
    "mmap",
    "pwd",
    "resource",
    "termios",
    "os.eventfd",
    "os.fork",
    "os.getuid",
    "os.killpg",
    "os.memfd_create",
    "os.posix_fadvise",
    "os.O_NOFOLLOW",
    "os.O_NONBLOCK",
    "signal.SIGHUP",
    "socket.AF_UNIX",
    "socket.SOCK_SEQPACKET",
)

WITHOUT = """
import importlib, sys
for word in {missing!r}:
    module, _, name = word.partition(".")
    if name:
        delattr(importlib.import_module(module), name)
    else:
        sys.modules[module] = None
sys.argv = ["scmigen", *{command!r}]
from scmigen.__main__ import run
run()
"""


def run(missing: tuple[str, ...], command: str, here: Path) -> tuple[int, str]:
    program = WITHOUT.format(missing=missing, command=command.split())
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=here, timeout=60
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    "command",
    one_in(
        3,
        [
            f"build {BOARD} -q -o out --ids ids --depfile d",
            f"check {BOARD}",
            f"show resources {BOARD}",
            f"convert {BOARD} out.dtb",
            f"diff {BOARD} {BOARD}",
            "explain phandle-dangling",
        ],
    ),
    ids=lambda command: command.split()[0],
)
def test_the_compiler_needs_none(command: str, tmp_path: Path) -> None:
    assert run(MISSING, command, tmp_path) == (0, "")


@pytest.mark.parametrize(
    ("missing", "command"),
    [
        ("fcntl", "serve"),
        ("grp", "serve"),
        ("mmap", "serve"),
        ("os.eventfd", "serve"),
        ("os.memfd_create", "serve"),
        ("signal.SIGHUP", "serve"),
        ("socket.AF_UNIX", "serve"),
        ("socket.AF_UNIX", "client"),
        ("socket.SOCK_SEQPACKET", "client"),
        ("os.eventfd", "client"),
    ],
)
def test_server_and_client_say_what_is_missing(missing: str, command: str, tmp_path: Path) -> None:
    status, told = run((missing,), f"{command} --help", tmp_path)
    assert status == 1
    assert told.startswith(f"Error: {command} needs Linux: Python has no {missing}")
    assert len(told.splitlines()) == 1
