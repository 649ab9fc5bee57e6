"""Type checkers see the library as its documentation describes it."""

import subprocess
import sys
from pathlib import Path

import pytest

USER = Path(__file__).with_name("typed_user.py")
#: A board by number, an unknown option, an unknown attribute, an unknown name.
WRONG = (
    "scmigen.load(1)",
    'scmigen.compile("b.dts", agent_files="a.yaml")',
    'scmigen.compile("b.dts").platform.allowed',
    "scmigen.pipline",
)


@pytest.fixture(params=["mypy", "pyright"])
def checker(request: pytest.FixtureRequest) -> list[str]:
    module = pytest.importorskip(request.param)
    options = (
        ["--strict", "--cache-dir", "/dev/null"]
        if request.param == "mypy"
        else ["--pythonpath", sys.executable]
    )
    return [sys.executable, "-m", module.__name__, *options]


def run(checker: list[str], path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*checker, str(path)], capture_output=True, text=True, cwd=path.parent)


def test_a_right_program_is_accepted(checker: list[str]) -> None:
    done = run(checker, USER)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_wrong_line_is_refused(checker: list[str], tmp_path: Path) -> None:
    lines = list(WRONG)
    program = tmp_path / "wrong.py"
    program.write_text("\n".join(["import scmigen", *lines, ""]))
    done = run(checker, program)
    refused = [line for at, line in enumerate(lines, 2) if f"wrong.py:{at}:" in done.stdout]
    assert refused == lines
