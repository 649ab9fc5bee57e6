"""What all tests share: where the real boards are, and what is skipped where they are not."""

import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED = REPOSITORY.parent / "shared"
EXAMPLES = REPOSITORY / "examples" / "dts"

#: Tests of which any Python gives the same answer: those of the text of the repository, ...
OF_TEXT = (
    *("api/test_typing.py", "checks/test_explanations.py", "docs/", "test_changes.py"),
    *("checks/test_no_device_tree_strings.py", "test_man_pages.py", "test_reference_tables.py"),
    *("test_security_page.py", "test_structure.py"),
)
#: ... and those that do what others do, to very many damaged things or in very many ways.
OF_MANY = (
    *("assignment/test_agents_hostile.py", "assignment/test_every_field.py"),
    *("audit/test_scp_facts.py", "server/test_properties.py", "topology/test_forms.py"),
    *("whole/test_hostile_text.py", "whole/test_many_instances.py", "whole/test_reproducible.py"),
    *("audit/test_c_tables_damage.py", "audit/test_damage.py", "audit/test_every_"),
    *("audit/test_hostile_documents.py", "audit/test_scp_products.py", "audit/test_scp_against_"),
    *("checks/test_hints.py", "checks/test_renderers.py"),
    *("cli/test_environments.py", "linux_needs/test_tool.py", "migration/test_round_trip.py"),
    *("cli/test_many_builds.py", "csource/test_c_bounds.py", "devicetree/test_grammar.py"),
    *("model/test_invariants.py", "server/test_isolation.py", "server/test_reload_contained.py"),
    *("targets/consumer/test_random_trees.py", "targets/test_commit_kills.py"),
    *("targets/test_manifest_fuzz.py", "targets/test_options_hostile.py", "whole/test_fuzz_"),
)


#: The variable that has the folder of this run, for workers of xdist and processes of tests.
_RUN = "SCMIGEN_TEST_RUN"


def pytest_configure(config: pytest.Config) -> None:
    """Make the folder of this run. Where Python is told to leave no bytecode in the sources, that
    has a place there, or every process that tests start would compile all of scmigen anew, which
    takes as long as the rest of what it does."""
    if hasattr(config, "workerinput"):
        return
    folder = tempfile.mkdtemp(prefix="scmigen-tests-")
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    os.environ[_RUN] = folder
    if sys.dont_write_bytecode:
        os.environ["PYTHONPYCACHEPREFIX"] = f"{folder}/bytecode"
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def run_folder() -> Path:
    """Where workers share what one of them has made; it ends with the run."""
    return Path(os.environ[_RUN])


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Modules and tests stay to the end: no collection of garbage need go through them."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """What is left of a file's tests is what later ones share: it stays, too."""
    done = yield
    if nextitem is None or nextitem.path != item.path:
        gc.collect()
        gc.freeze()
    return done


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that need more than Python, and those for one Python; others are fast ones."""
    once = {path for path in {item.path for item in items} if _is_once(path)}
    for item in items:
        if {"tool", "shared"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("tools")
        if item.path in once:
            item.add_marker("once")


def _is_once(path: Path) -> bool:
    return path.relative_to(REPOSITORY / "tests").as_posix().startswith(OF_TEXT + OF_MANY)


@pytest.fixture(scope="session")
def examples() -> Path:
    """The project's own example boards."""
    return EXAMPLES


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real boards beside the project."""
    if not SHARED.is_dir():
        pytest.skip("the folder of real boards (../shared) is not here")
    return SHARED


@pytest.fixture(scope="session")
def corpus(shared: Path) -> Path:
    """The real boards: ``*.dts`` (preprocessed), ``*.dtb``, ``*.symbols.dtb``."""
    return shared / "corpus"


@pytest.fixture(scope="session")
def tool() -> Callable[[str], str]:
    """Finds a program of the machine, or skips the test that needs it."""

    def find(name: str) -> str:
        found = shutil.which(name)
        if found is None:
            pytest.skip(f"{name} is not installed")
        return found

    return find
