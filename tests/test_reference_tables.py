"""docs/reference: the tables in the pages are those that the code gives."""

import runpy

import pytest
from conftest import REPOSITORY

GEN = REPOSITORY / "docs" / "gen"


def test_the_tables_are_those_of_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(GEN))
    made = dict(runpy.run_path(str(GEN / "tables.py"))["pages"]())
    assert {path.stem for path in made} == {
        "agents",
        "compare-server",
        "project",
        "server",
        "speed",
        "targets",
    }
    for path, text in made.items():
        assert path.read_text() == text, "python docs/gen/tables.py writes them anew"
        assert "| `" in text
