"""The scripts in ``examples/ci``, run by a shell in a repository with a change to review."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from scmigen.cli.report import FORMATS

FOLDER = Path(__file__).parents[2] / "examples" / "ci"
BOARD = """/dts-v1/;
/ {
cc: clock-controller@1000 { compatible = "acme,cc"; reg = <0x1000>; #clock-cells = <1>; };
mmc0: mmc@4000 { compatible = "acme,mmc"; reg = <0x4000>; clocks = <&cc 1>; };
};
"""
OLD = "domains:\n  host: {id: 1, default: true}\n  vm: {id: 2, scmi: {role: vm}}\n"
NEW = OLD.replace("role: vm}", 'role: vm}, access: [{dev: "&mmc0"}]')


@pytest.fixture
def repository(tmp_path: Path, tool: Callable[[str], str]) -> Path:
    """``main`` as ``origin/main``, and a commit that gives the MMC controller to vm."""
    git, here = tool("git"), tmp_path / "repository"
    (here / "boards").mkdir(parents=True)
    (here / "boards/board.dts").write_text(BOARD)

    def run(*words: str) -> None:
        subprocess.run([git, *words], cwd=here, check=True, capture_output=True, timeout=60)

    def commit(agents: str) -> None:
        (here / "boards/agents.yaml").write_text(agents)
        run("add", "boards")
        run("-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-qm", "x")

    run("init", "-q", "-b", "main")
    commit(OLD)
    run("update-ref", "refs/remotes/origin/main", "HEAD")
    run("tag", "base")
    commit(NEW)
    return here


def shell(script: str, folder: Path, tool: Callable[[str], str], **variables: str) -> int:
    """The exit status of a script as CI runs it: bash, and the first failure ends it."""
    command = folder / "bin"
    command.mkdir(exist_ok=True)
    program = command / "scmigen"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m scmigen "$@"\n')
    program.chmod(0o755)
    path = f"{command}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [tool("bash"), "-e", "-c", script],
        cwd=folder, env={**os.environ, "PATH": path, **variables}, timeout=120, check=False,
    )  # fmt: skip
    return done.returncode


def read(name: str) -> Any:
    return yaml.safe_load((FOLDER / name).read_text())


def test_github(repository: Path, tool: Callable[[str], str], tmp_path: Path) -> None:
    flow = read("github.yml")
    steps = {step.get("name", ""): step.get("run", "") for step in flow["jobs"]["scmi"]["steps"]}
    variables = {
        **flow["env"],
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_BASE_REF": "main",
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
    }
    assert shell(steps["Annotate the files"], repository, tool, **variables) == 0
    assert shell(steps["Findings for code scanning"], repository, tool, **variables) == 0
    assert (repository / "scmigen.sarif").stat().st_size > 0
    assert shell(steps["Compare with the target branch"], repository, tool, **variables) == 4
    assert "| mmc0 `/mmc@4000` | host | vm | 1 |" in (tmp_path / "summary").read_text()


@pytest.mark.skipif("gitlab" not in FORMATS, reason="check has no format gitlab")
def test_gitlab(repository: Path, tool: Callable[[str], str]) -> None:
    job = read("gitlab.yml")["scmi"]
    variables = {**job["variables"], "CI_MERGE_REQUEST_DIFF_BASE_SHA": "base"}
    (script,) = job["script"]
    assert shell(script, repository, tool, **variables) == 4
    assert "| mmc0 `/mmc@4000` | host | vm | 1 |" in (repository / "scmi.md").read_text()
    assert (repository / job["artifacts"]["reports"]["codequality"]).stat().st_size > 0


@pytest.mark.parametrize("source", ["scmigen==0.1.0", "git+file:///a b/scmigen@v0.1.0"])
def test_what_is_installed_is_a_variable(
    tmp_path: Path, tool: Callable[[str], str], source: str
) -> None:
    """One word for pip, whatever is in it; the default is the package of an index."""
    flow, job = read("github.yml"), read("gitlab.yml")["scmi"]
    steps = {step.get("name", ""): step.get("run", "") for step in flow["jobs"]["scmi"]["steps"]}
    assert flow["env"]["SCMIGEN"] == job["variables"]["SCMIGEN"] == "scmigen"
    pip = tmp_path / "bin/pip"
    pip.parent.mkdir()
    pip.write_text('#!/bin/sh\nprintf "%s\\n" "$@" > words\n')
    pip.chmod(0o755)
    for script in (steps["Install"], *job["before_script"]):
        assert shell(script, tmp_path, tool, SCMIGEN=source) == 0
        assert (tmp_path / "words").read_text().splitlines() == ["install", source]
