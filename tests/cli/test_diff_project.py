"""``scmigen diff`` of a board of the project file: with its reference, or with a typed OLD."""

import json
from pathlib import Path

import pytest
from support import scmigen, source, written

CC = 'cc: cc { compatible = "acme,cc"; #clock-cells = <1>; };'
BOARD = source(CC + 'uart { compatible = "acme,uart"; clocks = <&cc 2>; };')
#: The overlay adds a clock.
OVERLAY = """/dts-v1/; /plugin/;
&{/} { spi { compatible = "acme,spi"; clocks = <&cc 1>; }; };
"""
PROJECT = """[board.one]
source = "b.dts"
overlays = ["more.dtso"]
agents = ["a.yaml"]
lock = "b.ids"
reference = "release"
"""
TWO = '[board.two]\nsource = "b.dts"\n'
AGENT = "domains:\n  host: {id: 7, default: true}\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project below the working folder; the release has the board without its overlay."""
    folder = tmp_path / "boards"
    folder.mkdir()
    written(folder / "b.dts", BOARD)
    written(folder / "more.dtso", OVERLAY)
    written(folder / "a.yaml", AGENT)
    written(folder / "scmigen.toml", PROJECT)
    words = ["b.dts", "-a", "a.yaml", "--ids", "b.ids", "-o", "release", "-q"]
    assert scmigen("build", *words, cwd=folder).returncode == 0
    return folder


#: The lock file keeps number 0 for the clock of the release.
ADDED = "host: clock 1 spi added: state read (/cc 1)"


def told(*words: str | Path, cwd: Path) -> tuple[int, list[str]]:
    done = scmigen("diff", *words, cwd=cwd)
    assert done.stderr == ""
    return done.returncode, [line.strip() for line in done.stdout.splitlines()]


def test_without_words_it_compares_with_the_reference(project: Path) -> None:
    status, lines = told(cwd=project)
    assert status == 0
    assert ADDED in lines
    assert lines[0].startswith("permissions: more permissive: host gains state read on clock 1 spi")


@pytest.mark.parametrize("old", ["b.dts", "release", "release/runtime/runtime.json"])
def test_old_may_be_typed(project: Path, old: str) -> None:
    """A board is compiled as the project says, but without its overlays."""
    written(project / "scmigen.toml", PROJECT.replace('reference = "release"', ""))
    status, lines = told(old, cwd=project)
    assert (status, ADDED in lines) == (0, True)


def test_project_and_board_are_named(project: Path) -> None:
    written(project / "scmigen.toml", PROJECT + TWO)
    file = project / "scmigen.toml"
    status, lines = told("--project", file, "--board", "one", "--fail-on", "gain", cwd=Path("/"))
    assert (status, ADDED in lines) == (4, True)


def test_what_is_typed_goes_before_the_project(project: Path) -> None:
    written(project / "other.yaml", AGENT.replace("host", "guest"))
    done = scmigen("diff", "-a", "other.yaml", "--format", "json", cwd=project)
    assert {change["agent"] for change in json.loads(done.stdout)["changes"]} == {"host", "guest"}
    old = scmigen("diff", "b.dts", "--old-agents", "other.yaml", "--format", "json", cwd=project)
    assert {change["agent"] for change in json.loads(old.stdout)["changes"]} == {"host", "guest"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["--board", "two"],
            'board two has no reference: name OLD, or write reference = "…" below',
        ),
        ([], "name one board of the project file with --board: one, two"),
        (["--board", "tow"], "no board 'tow' in scmigen.toml; did you mean two?"),
        (["release", "b.dts", "--board", "one"], "NEW is given, so --project and --board do not"),
    ],
)
def test_wrong_usage(project: Path, words: list[str], message: str) -> None:
    written(project / "scmigen.toml", PROJECT + TWO)
    done = scmigen("diff", *words, cwd=project)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in " ".join(done.stderr.split())


@pytest.mark.parametrize(("words", "missing"), [([], "OLD and NEW"), (["b.dts"], "NEW")])
def test_without_a_project_file_both_are_typed(
    project: Path, words: list[str], missing: str
) -> None:
    (project / "scmigen.toml").unlink()
    done = scmigen("diff", *words, cwd=project)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"name {missing}, or write a scmigen.toml in this folder" in done.stderr


def test_errors_of_the_project_file_are_told(project: Path) -> None:
    written(project / "scmigen.toml", PROJECT + "refrence = 3\n")
    done = scmigen("diff", cwd=project)
    assert (done.returncode, done.stdout) == (1, "")
    assert "did you mean reference?" in done.stderr


def test_a_baseline_of_the_project_file_holds_for_every_command(project: Path) -> None:
    """An idle agent is a note; waived, it does not count."""
    written(project / "a.yaml", AGENT + "  idle: {id: 8}\n")
    assert scmigen("check", "-W", "error", "-E", "agent-idle", cwd=project).returncode == 1
    done = scmigen("check", "--write-baseline", "w.yaml", cwd=project)
    assert done.returncode == 0
    written(project / "scmigen.toml", PROJECT + 'baseline = "w.yaml"\n')
    for command in (["check"], ["show", "agents"], ["build", "-o", "out"]):
        done = scmigen(*command, "-W", "error", "-E", "agent-idle", cwd=project)
        assert (done.returncode, "error" in done.stderr) == (0, False), command
