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


@pytest.fixture(scope="module", params=["mypy", "pyright"])
def said(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What a checker says of a right program and a wrong one; it takes seconds to start."""
    module = pytest.importorskip(request.param)
    options = (
        ["--strict", "--cache-dir", "/dev/null"]
        if request.param == "mypy"
        else ["--pythonpath", sys.executable]
    )
    wrong = tmp_path_factory.mktemp("typing") / "wrong.py"
    wrong.write_text("\n".join(["import scmigen", *WRONG, ""]))
    command = [sys.executable, "-m", module.__name__, *options, USER, wrong]
    return subprocess.run(command, capture_output=True, text=True, cwd=USER.parent).stdout


def test_a_right_program_is_accepted(said: str) -> None:
    assert "wrong.py:" in said
    assert USER.name not in said, said


def test_every_wrong_line_is_refused(said: str) -> None:
    refused = [line for at, line in enumerate(WRONG, 2) if f"wrong.py:{at}:" in said]
    assert refused == list(WRONG)
