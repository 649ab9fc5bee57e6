"""What each command imports of what takes long to import: start-up is most of a command's time.

A line that comes to a list is a command that got slower; one that is gone, a faster one.
"""

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import REPOSITORY

BOARD = str(REPOSITORY / "examples" / "dts" / "minimal.dts")

#: Packages of others and of Python that take a millisecond or more, and parts of scmigen that most
#: boards do not need: those below `scmigen.targets` have the names of outputs.
WATCHED = {
    *("array", "asyncio", "click", "contextvars", "dataclasses", "datetime", "difflib", "email"),
    "importlib.metadata",
    *("inspect", "jinja2", "lark", "logging", "msgspec", "multiprocessing", "pcpp", "rich"),
    *(
        "shutil",
        "socket",
        "subprocess",
        "tempfile",
        "textwrap",
        "tomllib",
        "typing",
        "uuid",
        "yaml",
    ),
    *(f"scmigen.{name}" for name in ("audit", "client", "compare", "csource", "imx_sm")),
    *(f"scmigen.{name}" for name in ("migration", "project", "server", "targets.make")),
    *(f"scmigen.targets.{name}" for name in ("consumer", "headers", "runtime", "scp", "xen")),
    *(
        "scmigen.bindings.xen_emission",
        "scmigen.bindings.dialects",
    ),
    *("scmigen.checks.against", "scmigen.devicetree.edits", "scmigen.devicetree.overlay"),
    *("scmigen.model.compare", "scmigen.model.verdict", "scmigen.runtime.schema"),
    *(f"scmigen.assignment.{name}" for name in ("agents_file", "domains", "foreign", "optee")),
    *(f"scmigen.assignment.{name}" for name in ("partitions", "properties", "trees", "xen")),
    *("scmigen.bindings.macros", "scmigen.checks.waivers", "scmigen.checks.ways"),
    *("scmigen.cli.build", "scmigen.devicetree.preprocess"),
    *("scmigen.model.influence", "scmigen.model.joint", "scmigen.model.lockfile"),
    *("scmigen.plugin_types", "scmigen.scmi.clients", "scmigen.topology.listing"),
}

#: What every build needs.
BUILD = {
    *(
        "scmigen.bindings.macros",
        "scmigen.cli.build",
        "scmigen.model.joint",
        "scmigen.targets.make",
    ),
    "scmigen.targets.headers",
}

#: Arguments → the watched modules that they need.
COMMANDS: dict[tuple[str, ...], set[str]] = {
    ("--version",): set(),
    ("check", BOARD): set(),
    ("build", BOARD, "-o", "headers", "--emit", "headers"): BUILD,
    ("build", BOARD, "-o", "all"): {
        *BUILD,
        "scmigen.targets.runtime",
        "scmigen.targets.scp",
    },
    ("show", "resources", BOARD): {
        "scmigen.bindings.dialects",
        "scmigen.bindings.macros",
        "scmigen.devicetree.edits",
    },
    ("convert", BOARD, "board.dtb"): set(),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("imports")


def imported(folder: Path, *words: str) -> set[str]:
    """The modules that a command has imported when it ends."""
    program = (
        "import sys\n"
        "from scmigen.__main__ import run\n"
        "try: run()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "finally: print(*sys.modules, file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *words],
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: "-".join(words[:1] + words[5:]))
def test_what_a_command_imports(words: tuple[str, ...], folder: Path) -> None:
    imported(folder, *words)  # a checkout makes its tables and templates when they are first used
    found = imported(folder, *words) & WATCHED
    # The interpreter of an editable installation brings some itself.
    before = subprocess.run(
        [sys.executable, "-c", "import sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert found - set(before.stdout.split()) == COMMANDS[words]


def test_all_watched_modules_of_the_package_exist() -> None:
    root = REPOSITORY / "scmigen"
    for name in WATCHED:
        if name.startswith("scmigen."):
            path = root.joinpath(*name.split(".")[1:])
            assert path.is_dir() or path.with_suffix(".py").is_file(), name
