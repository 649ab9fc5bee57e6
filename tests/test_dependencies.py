"""The packages of others: which versions are tested, and which modules import them."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import REPOSITORY

#: Package as imported → the modules that may import it, or the packages of them.
IMPORTED_BY = {
    "click": {"cli/main.py", "cli/with_click.py"},
    "fdt": {"devicetree/blob_header.py"},
    "jinja2": {"targets/common/template_compiler.py"},
    "lark": {"devicetree/compile_grammar.py"},
    "msgspec": {"audit", "migration", "runtime", "targets"},
    "pcpp": {"devicetree/pcpp_run.py"},
    "rich": {"cli/boards.py", "cli/terminal.py"},
    "yaml": {"assignment/bounds.py", "assignment/located.py"},
}

PINNED = re.compile(r"([a-z0-9-]+)==([0-9][0-9a-z.]*)( ; .+)?")


def stated() -> dict[str, str]:
    """Package → its lower bound, of all that pyproject.toml asks for."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    requirements = [
        *project["project"]["dependencies"],
        *project["project"]["optional-dependencies"]["docs"],
        *project["project"]["optional-dependencies"]["test"],
        *project["dependency-groups"]["build"],
    ]
    pairs = (requirement.split(">=") for requirement in requirements)
    return {name.lower(): bound for name, bound in pairs}


def pinned(name: str) -> dict[str, str]:
    lines = (REPOSITORY / name).read_text().splitlines()
    found = [PINNED.fullmatch(line) for line in lines if not line.startswith("#")]
    assert all(found), f"{name} has exact versions only, and no addresses"
    return {match[1]: match[2] for match in found if match}


def numbers(version: str) -> tuple[int, ...]:
    """The release of a version; trailing zeros do not count."""
    return tuple(int(part) for part in re.sub(r"(\.0)+$", "", version).split(".") if part.isdigit())


def test_the_lowest_set_has_the_lower_bounds() -> None:
    lowest = pinned("constraints-lowest.txt")
    found = {name: numbers(lowest[name])[: len(numbers(bound))] for name, bound in stated().items()}
    assert found == {name: numbers(bound) for name, bound in stated().items()}


def test_the_locked_set_has_everything_that_is_asked_for() -> None:
    locked = pinned("constraints.txt")
    assert all(numbers(locked[name]) >= numbers(bound) for name, bound in stated().items())


def test_the_back_end_that_builds_is_the_one_that_is_pinned() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    assert set(project["build-system"]["requires"]) <= set(project["dependency-groups"]["build"])


def foreign(path: Path) -> Iterator[str]:
    """The packages of others that a module imports, wherever in its source."""
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            names = [node.module]
        tops = {name.partition(".")[0] for name in names}
        yield from tops - {"scmigen"} - sys.stdlib_module_names


def test_packages_of_others_are_imported_where_the_table_says() -> None:
    root = REPOSITORY / "scmigen"
    found = [
        (name, path.relative_to(root)) for path in root.rglob("*.py") for name in foreign(path)
    ]
    allowed = {name: {Path(place) for place in places} for name, places in IMPORTED_BY.items()}
    wrong = [
        f"{path} imports {name}"
        for name, path in found
        if not allowed.get(name, set()) & {path, *path.parents}
    ]
    assert wrong == []
    assert {name for name, _ in found} == set(IMPORTED_BY)


@pytest.mark.parametrize("source", ["import os", "from scmigen import api", "import scmigen.api"])
def test_what_is_ours_or_of_python_is_not_foreign(source: str, tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text(source)
    assert list(foreign(tmp_path / "m.py")) == []


def test_no_package_warns_when_it_is_compiled_and_imported(tmp_path: Path) -> None:
    """Other installers than pip leave that to the first run."""
    code = (
        "import importlib, pkgutil, scmigen\n"
        "for module in pkgutil.walk_packages(scmigen.__path__, 'scmigen.'):\n"
        "    module.name == 'scmigen.__main__' or importlib.import_module(module.name)\n"
    )
    command = [sys.executable, "-W", "error", "-X", f"pycache_prefix={tmp_path}", "-c", code]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert (run.returncode, run.stderr) == (0, "")
