"""A back end of one's own: the one of docs/howto/own-back-end.md, run as it stands there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from patience import PATIENCE

from scmigen.client import Client, ScmiError
from scmigen.scmi.protocols import Protocol

SCMIGEN = Path(sys.executable).parent / "scmigen"
FULL = Path(__file__).parent / "full.json"
DOCUMENT = Path(__file__).parents[2] / "docs" / "howto" / "own-back-end.md"


def block(language):
    """The first block of code in a language."""
    (text,) = re.findall(rf"```{language} .*?\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    return text


@pytest.fixture
def package(tmp_path):
    """An installed package with the module of the document and its entry point."""
    (tmp_path / "board.py").write_text(block("python"))
    *_, group, entry = block("toml").splitlines()
    assert group == '[project.entry-points."scmigen.backends"]'
    name, target = entry.replace('"', "").split(" = ")
    about = tmp_path / "board-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: board\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[scmigen.backends]\n{name} = {target}\n")
    return tmp_path


@pytest.mark.parametrize("name", ["files", "board:Files"])
def test_the_back_end_in_the_documentation_works(package, name):
    """By MODULE:CLASS from the working folder alone, with the command as it is installed."""
    command = [SCMIGEN, "serve", FULL, "--directory", "s", "--backend", name]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    if name == "files":
        environment["PYTHONPATH"] = str(package)
    process = subprocess.Popen(
        command,
        cwd=package,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        while (line := process.stdout.readline()) != "ready\n":
            assert line, process.stderr.read()
        board = package / "board"
        with Client(f"unix:{package}/s/linux.sock") as linux:
            linux.call(Protocol.CLOCK, 5, 0, 0, 800_000_000)
            assert (board / "pll.rate").read_text() == "800000000"
            linux.call(Protocol.VOLTAGE, 5, 0, 7)
            assert (board / "buck.state").read_text() == "1"
            (board / "cpu-thermal.reading").write_text("47000")
            message = linux.message(Protocol.SENSOR, 6)
            reading = linux.exchange(Protocol.SENSOR, message, (0, 0))[1]
            assert int.from_bytes(reading[:8], "little") == 47000
            (board / "cpu-thermal.reading").unlink()
            with pytest.raises(ScmiError, match="HARDWARE_ERROR"):
                linux.exchange(Protocol.SENSOR, message, (0, 0))
    finally:
        process.terminate()
        _, errors = process.communicate(timeout=PATIENCE)
    assert "cpu-thermal.reading" in errors
    assert process.returncode == 0
