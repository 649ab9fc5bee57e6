"""SECURITY.md names a test for each line: they are there."""

import re
from pathlib import Path

HERE = Path(__file__).parent


def test_the_tests_that_the_page_names_exist() -> None:
    named = re.findall(
        r"`(?:tests/(?:\w+/)*)?(test_\w+\.py)(?:::(\w+))?`",
        (HERE.parent / "SECURITY.md").read_text(),
    )
    assert len(named) > 20
    there = {path.name: path for path in HERE.rglob("test_*.py")}
    for file, test in named:
        assert not test or f"def {test}(" in there[file].read_text(), (file, test)
