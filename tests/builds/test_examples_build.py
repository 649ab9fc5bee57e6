"""The examples of build systems with the real tools: what is built, and above all what is not.

Each tool runs in parallel, outside of the sources where it can, without a network, and in a folder
with a blank in its name.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from shutil import copytree

import pytest
from build_project import Project

Tool = Callable[[str], str]
Run = Callable[[], str]

MESON = [sys.executable, "-m", "mesonbuild.mesonmain"]


def cmake(project: Project, tool: Tool, generator: str) -> Run:
    tool("ninja" if generator == "Ninja" else "make")
    program = tool("cmake")
    folder = project.run(["scmigen", "--cmake-dir"], ".").strip()
    project.run(
        [program, "-G", generator, "-S", "cmake", "-B", "b", f"-DScmigen_DIR={folder}"], "."
    )
    return lambda: project.run([program, "--build", "b", "-j8"], ".")


def meson(project: Project, tool: Tool) -> Run:
    pytest.importorskip("mesonbuild")
    ninja = tool("ninja")
    project.run([*MESON, "setup", "meson", "b"], ".")
    return lambda: project.run([ninja, "-C", "b", "-j8"], ".")


#: Tool → how it is set up, and where its image and its headers are.
SETUPS: dict[str, tuple[Callable[[Project, Tool], Run], str, str]] = {
    "cmake-ninja": (lambda p, t: cmake(p, t, "Ninja"), "b/image.json", "b/scmi/headers"),
    "cmake-make": (lambda p, t: cmake(p, t, "Unix Makefiles"), "b/image.json", "b/scmi/headers"),
    "make": (
        lambda p, t: lambda: p.run([t("make"), "-j8"], "make"),
        "make/build/image.json",
        "make/build/scmi/headers",
    ),
    "ninja": (
        lambda p, t: lambda: p.run([t("ninja"), "-j8"], "ninja"),
        "ninja/build/image.json",
        "ninja/build/scmi/headers",
    ),
    "meson": (meson, "b/image.json", "b/scmi/headers"),
}


def names(*slow: str) -> list[object]:
    """The tools, those in ``slow`` only in the slow tests."""
    return [pytest.param(name, marks=[pytest.mark.slow] if name in slow else []) for name in SETUPS]


# What CMake does with make, the shapes of depfiles show with less work (test_depfile_shapes.py),
# and Meson has Ninja build, as the test below shows.
@pytest.mark.parametrize("name", names("cmake-ninja", "cmake-make", "meson"))
def test_exactly_what_changed_is_built(name: str, project: Project, tool: Tool) -> None:
    setup, image, headers = SETUPS[name]
    scmigen_build = ["scmigen", "build", "board.dts", "-I", "include", "-a", "agents.yaml"]
    project.run([*scmigen_build, "--ids", "board.ids", "-o", project.root / "o"], "board")
    run = setup(project, tool)

    def clock(number: int) -> bool:
        text = (project.root / headers / "dt-bindings/scmi/scmi.h").read_text()
        return re.search(rf"\bSCMI_CLK_WATCHDOG_2000\s+{number}\b", text) is not None

    assert project.built(run) == 1
    assert json.loads((project.root / image).read_text())["name"] == "acme,board"
    assert clock(1)
    assert project.built(run) == 0
    if "ninja" in name or name == "meson":
        assert "no work to do" in run()

    project.edit("include/acme-clock.h", "UART 4\n", "UART 4 \n")  # deep, and no output changes
    assert project.built(run) == 1
    assert project.built(run) == 0

    project.edit("board.ids", "clock\t1\t", "clock\t40\t")  # as after a merge
    assert project.built(run) == 1
    assert clock(40)
    assert project.built(run) == 0

    project.edit("agents.yaml", "role: other", "role: vm")
    assert project.built(run) == 1
    assert '"vm"' in (project.root / image).read_text()
    assert project.built(run) == 0


@pytest.mark.parametrize("name", names("cmake-make"))
def test_a_lock_file_that_the_build_writes_is_no_reason_to_build(
    name: str, project: Project, tool: Tool
) -> None:
    """Without --locked; the first run makes the file that the second one has in its depfile."""
    for path in project.root.glob("*/*"):
        if path.name in ("CMakeLists.txt", "Makefile", "build.ninja", "meson.build"):
            text = path.read_text()
            for word in ("  LOCKED\n", "'--locked',", "--locked "):
                text = text.replace(word, "")
            path.write_text(text)
    (project.root / "board/board.ids").unlink(missing_ok=True)
    run = SETUPS[name][0](project, tool)
    assert project.built(run) == 1
    assert (project.root / "board/board.ids").exists()
    assert project.built(run) == 0


def test_a_lock_that_would_change_ends_the_build(project: Project, tool: Tool) -> None:
    program = tool("make")
    (project.root / "board/board.ids").write_text("# scmigen identifiers 1\n")
    done = subprocess.run(
        [program], cwd=project.root / "make", env=project.environment, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "error[lock-outdated]" in done.stderr
    assert not (project.root / "make/build/scmi").exists()


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ("scmigen_generate(BOARD b.dts)", "TARGET and BOARD are needed"),
        ("scmigen_generate(TARGET t BOARD b.dts EMITS x)", "wrong or empty arguments: EMITS;x"),
        ("scmigen_generate(TARGET t BOARD none.dts OUTPUTS o)", "none.dts"),
    ],
    ids=["no-target", "misspelt", "board-that-is-not-there"],
)
def test_cmake_says_what_is_wrong(call: str, told: str, project: Project, tool: Tool) -> None:
    folder = project.run(["scmigen", "--cmake-dir"], ".").strip()
    (project.root / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.20)\nproject(x NONE)\n"
        f"find_package(Scmigen 0.1 REQUIRED)\n{call}\n"
    )
    done = subprocess.run(
        [tool("cmake"), "-S", ".", "-B", "b", f"-DCMAKE_PREFIX_PATH={folder}"],
        cwd=project.root, env=project.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert told in done.stderr


def test_the_folder_for_cmake_is_in_the_package(tmp_path: Path) -> None:
    from support import scmigen

    import scmigen as package

    folder = Path(scmigen("--cmake-dir", cwd=tmp_path).stdout.strip())
    assert folder.parent == Path(package.__file__).parent
    names = {path.name for path in folder.iterdir()}
    assert names == {"ScmigenConfig.cmake", "ScmigenConfigVersion.cmake", "scmigen.mk"}


@pytest.mark.slow
def test_bazel_builds_a_folder_in_its_sandbox(tmp_path: Path, tool: Tool) -> None:
    """Only the inputs that are declared are there, and sources cannot be written."""
    from conftest import REPOSITORY
    from support import scmigen

    program = tool("bazel")
    examples = REPOSITORY / "examples/build"
    work = tmp_path / "work"
    copytree(examples / "bazel", work)
    copytree(examples / "board", work / "board")
    words = ["board/board.dts", "-I", "board/include", "-a", "board/agents.yaml"]
    scmigen("build", *words, "--ids", "board/board.ids", "-o", tmp_path / "o", cwd=work)
    (tmp_path / "bin").mkdir()
    script = tmp_path / "bin/scmigen"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m scmigen "$@"\n')
    script.chmod(0o755)
    path = f"{tmp_path}/bin:{os.environ['PATH']}"
    command = [program, "--batch", f"--output_user_root={tmp_path}/root", "build"]
    project = Project(work, os.environ | {"PATH": path})

    def run() -> None:
        project.run([*command, f"--action_env=PATH={path}", "//:scmi"], ".")

    def clock() -> bool:
        header = work / "bazel-bin/scmi/headers/dt-bindings/scmi/scmi.h"
        return "SCMI_CLK_ACME_CLK_WATCHDOG              40\n" in header.read_text()

    run()
    assert not clock()
    made = (work / "bazel-bin/scmi/runtime/runtime.json").stat().st_mtime_ns
    run()
    assert (work / "bazel-bin/scmi/runtime/runtime.json").stat().st_mtime_ns == made
    project.edit("board.ids", "clock\t1\t", "clock\t40\t")
    run()
    assert clock()
