"""Checks that run only where somebody names them: by -W, by -E, or in an agents file."""

from pathlib import Path

import pytest
from support import scmigen

pytestmark = pytest.mark.usefixtures("drivers")

BOARD = """/dts-v1/;
/ { cc: cc { #clock-cells = <1>; };
    wdt { compatible = "acme,wdt"; clocks = <&cc 1>; clock-names = "alarm"; }; };
"""
AGENTS = "domains: {linux: {id: 1, default: true, scmi: {role: ospm}}}\n"
CHECKS = "checks: {never-looked-up: {severity: %s, reason: we asked}}\n"


@pytest.mark.parametrize(
    ("options", "checks", "severity", "status"),
    [
        ([], "", None, 0),
        (["-W", "never-looked-up"], "", "note", 0),
        (["-E", "never-looked-up"], "", "error", 1),
        (["-W", "no-never-looked-up"], CHECKS % "warning", None, 0),
        ([], CHECKS % "warning", "warning", 0),
        ([], CHECKS % "off", None, 0),
        (["-W", "never-looked-up"], CHECKS % "off", "note", 0),
    ],
)
def test_it_runs_where_it_is_named(
    tmp_path: Path, options: list[str], checks: str, severity: str | None, status: int
) -> None:
    board, agents = tmp_path / "board.dts", tmp_path / "agents.yaml"
    board.write_text(BOARD)
    agents.write_text(AGENTS + checks)
    done = scmigen("check", str(board), "-a", str(agents), *options)
    found = [line for line in done.stdout.splitlines() if "[never-looked-up]" in line]
    assert done.returncode == status
    assert [line.split("[")[0].split()[-1] for line in found] == ([severity] if severity else [])


def test_explain_says_so() -> None:
    assert "It is reported with -W never-looked-up" in scmigen("explain", "never-looked-up").stdout
    assert "-W" not in scmigen("explain", "rate-unsettled").stdout
    (line,) = (
        line
        for line in scmigen("explain", "--list").stdout.splitlines()
        if line.startswith("never-looked-up ")
    )
    assert line.split()[1:3] == ["note", "(-W)"]
