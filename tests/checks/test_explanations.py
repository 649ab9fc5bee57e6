"""Every id that the package gives to a diagnostic is explained, and nothing else is."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import scmigen
from scmigen.explain import explanations

PACKAGE = Path(scmigen.__file__).parent
#: Functions whose first argument with a hyphen is the id of a diagnostic.
MAKERS = {
    "error",
    "warning",
    "note",
    "Diagnostic",
    "make",
    "_error",
    "_wrong",
    "wrong",
    "_blame",
    "_twice",
}
ID = re.compile(r"[a-z]+(-[a-z0-9]+)+")
#: Ids that are put together: an operation and ``-shared``.
MADE = {"rate-shared", "parent-shared", "level-shared", "config-shared", "reset-shared"}


def _strings(call: ast.Call) -> Iterator[str]:
    for argument in call.args[:2]:
        options = (
            [argument.body, argument.orelse] if isinstance(argument, ast.IfExp) else [argument]
        )
        for option in options:
            if isinstance(option, ast.Constant) and isinstance(option.value, str):
                yield option.value


def ids() -> set[str]:
    """The ids in the source of the package."""
    found = set(MADE)
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            name = node.func.attr if isinstance(node.func, ast.Attribute) else name
            if name in MAKERS:
                found.update(text for text in _strings(node) if ID.fullmatch(text))
    return found


def words() -> set[str]:
    """All strings in the package, but those of the explanations themselves."""
    tables = {"about.py", "explain.py", "registry.py"}
    return MADE | {
        node.value
        for path in PACKAGE.rglob("*.py")
        if path.name not in tables
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_every_id_is_explained() -> None:
    assert sorted(ids() - explanations().keys()) == []


def test_nothing_else_is_explained() -> None:
    assert sorted(explanations().keys() - words()) == []


@pytest.mark.parametrize("name", sorted(explanations()))
def test_an_explanation_is_two_sentences(name: str) -> None:
    """What it is about and what to do, each on one line, short enough to be read."""
    for text in explanations()[name]:
        assert text[0].isupper()
        assert text.endswith(".")
        assert "\n" not in text
        assert len(text) <= 120
