"""Agents files in a form that another package reads, by its entry point."""

from pathlib import Path

import pytest
from support import scmigen

BOARD = """/dts-v1/; / { cru: clock-controller { compatible = "acme,cru"; #clock-cells = <1>; };
    uart { compatible = "acme,uart"; clocks = <&cru 4>; }; };
"""
READER = """
from scmigen import InputError, Source, SourceSaid
from scmigen.assignment.said import AgentSaid, Said

def read(text, name, board):
    if text == "raise":
        raise KeyError("x")
    if text == "other":
        return 7
    agents = [AgentSaid(word, id=Said(n), default=Said(n == 1)) for n, word in
              enumerate(text.split(), 1)]
    return SourceSaid(agents=tuple(agents))

SOURCE = Source(".words", read)
NONE = "no source"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "acme_words.py").write_text(READER)
    (tmp_path / "board.dts").write_text(BOARD)
    install(tmp_path, "SOURCE")
    return tmp_path


def install(folder: Path, name: str) -> None:
    info = folder / "acme_words-1.0.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme_words\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[scmigen.sources]\nwords = acme_words:{name}\n")


def check(folder: Path, text: str, name: str = "a.words") -> tuple[int, str]:
    (folder / name).write_text(text)
    done = scmigen("check", "board.dts", "-a", name, cwd=folder)
    return done.returncode, done.stdout


def test_a_file_is_read_by_the_reader_of_its_ending(folder: Path) -> None:
    (folder / "a.words").write_text("linux rtos")
    done = scmigen("show", "agents", "board.dts", "-a", "a.words", "-q", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "linux" in done.stdout
    assert "rtos" in done.stdout


def test_other_sources_are_compared_with_it(folder: Path) -> None:
    (folder / "b.yaml").write_text("domains: {linux: {scmi: {id: 2}}, rtos: {scmi: {id: 1}}}")
    (folder / "a.words").write_text("linux rtos")
    done = scmigen("check", "board.dts", "-a", "a.words", "-a", "b.yaml", cwd=folder)
    assert done.returncode == 1
    assert "error[agent-differs]" in done.stdout


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("raise", "its reader failed with KeyError: 'x'", id="raises"),
        pytest.param("other", "its reader returned 'int', not SourceSaid", id="returns-a-number"),
    ],
)
def test_a_reader_that_fails_is_an_error_at_the_file(folder: Path, text: str, reason: str) -> None:
    assert check(folder, text) == (1, f"a.words: error[source-unloadable]: {reason}\n")


@pytest.mark.parametrize("name", ["NONE", "MISSING"])
def test_an_entry_point_that_is_no_source_is_an_error(folder: Path, name: str) -> None:
    install(folder, name)
    status, text = check(folder, "linux")
    assert status == 1
    assert "error[source-unloadable]: entry point words = " in text


def test_an_unknown_ending_is_read_as_yaml(folder: Path) -> None:
    assert check(folder, "domains: {linux: {id: 1, default: true}}", "owners.txt") == (0, "")
