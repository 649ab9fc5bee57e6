"""There is no import circle, not even one that only type checkers or single functions see.

The imports are read from the source, so that those below ``if TYPE_CHECKING`` and in functions
count like all others.
"""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import scmigen

ROOT = Path(scmigen.__file__).parent


def modules() -> dict[str, Path]:
    """Module name → file, of the whole package."""
    found = {}
    for path in ROOT.rglob("*.py"):
        parts = ("scmigen", *path.relative_to(ROOT).with_suffix("").parts)
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(source: str, known: Mapping[str, object]) -> Iterator[str]:
    """The known modules that a module imports, wherever in its source. ``from package import name``
    is an import of the module ``package.name`` if there is one."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            assert node.level == 0, "imports are absolute"
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                if name in known:
                    yield name
                elif node.module in known:
                    yield node.module


def circles(graph: Mapping[str, set[str]]) -> list[set[str]]:
    """The sets of modules that import each other: strongly connected components of two or more."""

    def reached(start: str) -> set[str]:
        found: set[str] = set()
        waiting = [start]
        while waiting:
            for name in graph[waiting.pop()] - found:
                found.add(name)
                waiting.append(name)
        return found

    reach = {name: reached(name) for name in graph}
    found: list[set[str]] = []
    for name in graph:
        circle = {other for other in reach[name] if name in reach[other]} | {name}
        if len(circle) > 1 and circle not in found:
            found.append(circle)
    return found


@pytest.fixture(scope="module")
def graph() -> dict[str, set[str]]:
    known = modules()
    return {name: set(imported(path.read_text(), known)) - {name} for name, path in known.items()}


def test_no_modules_import_each_other(graph: dict[str, set[str]]) -> None:
    assert [sorted(circle) for circle in circles(graph)] == []


def test_circles_that_only_type_checkers_or_functions_see_are_found() -> None:
    known = {"p": "", "p.a": "", "p.b": "", "p.c": ""}
    sources = {
        "p": "from p.a import A",
        "p.a": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from p.b import B",
        "p.b": "def f():\n    from p import c",
        "p.c": "import p.a",
    }
    graph = {name: set(imported(source, known)) for name, source in sources.items()}
    assert graph["p.b"] == {"p.c"}
    assert circles(graph) == [{"p.a", "p.b", "p.c"}]
