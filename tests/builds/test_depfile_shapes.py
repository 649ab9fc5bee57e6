"""The usual shapes of a rule with a depfile: the second run has no work to do, in each.

Then an include changes and no output does: one more build, and none after it.
"""

from collections.abc import Callable

import pytest
from build_project import Project

Tool = Callable[[str], str]

pytestmark = pytest.mark.slow

_BUILD = "scmigen build {b}/board/board.dts -I {b}/board/include -q -o o --depfile o.d"
_RUNTIME = "o/runtime/runtime.json"
_CMAKE = """cmake_minimum_required(VERSION 3.20)
project(x NONE)
set(B "${{CMAKE_SOURCE_DIR}}/..")
add_custom_command(OUTPUT {output}
  COMMAND scmigen build ${{B}}/board/board.dts -I ${{B}}/board/include -q -o o --depfile o.d
  {options} {more} DEPFILE o.d VERBATIM)
add_custom_target(all_ ALL DEPENDS {output})
"""
_NINJA = """rule r
  command = {command} {options}
  depfile = o.d
{more}build {output}: r
"""
_MAKE = "{output}:\n\t{command} {options}\n-include o.d\n"

#: Shape → the tool, the output that the rule names, options of scmigen, and the rest of the rule.
SHAPES = {
    "an-output": ("cmake", "o/scp/scmi_idx.h", "--depfile-target o/scp/scmi_idx.h", ""),
    "the-first-output": ("cmake", _RUNTIME, "--emit runtime", ""),
    "a-stamp-of-cmake": (
        "cmake",
        "o.stamp",
        "--depfile-target o.stamp",
        "COMMAND ${CMAKE_COMMAND} -E touch o.stamp",
    ),
    "a-stamp-of-scmigen": ("cmake", "o.stamp", "--stamp o.stamp", ""),
    "one-file": ("cmake", "o/headers/dt-bindings/scmi/scmi.h", "--emit headers", ""),
    "ninja-one-output": ("ninja", _RUNTIME, "--emit runtime", ""),
    "ninja-gcc": ("ninja", _RUNTIME, "--emit runtime", "  deps = gcc\n"),
    "ninja-stamp-restat": ("ninja", "o.stamp", "--stamp o.stamp", "  restat = 1\n"),
    "make-output": ("make", _RUNTIME, "--emit runtime", ""),
    "make-stamp": ("make", "o.stamp", "--stamp o.stamp", ""),
}


#: Each shape with one generator by default, and with the other in the slow tests.
CMAKE = [
    pytest.param(shape, name, marks=[pytest.mark.slow] if (row + column) % 2 else [])
    for row, shape in enumerate(name for name in SHAPES if SHAPES[name][0] == "cmake")
    for column, name in enumerate(("Ninja", "Unix Makefiles"))
]


@pytest.mark.parametrize(("shape", "generator"), CMAKE)
def test_cmake_has_no_work_to_do(shape: str, generator: str, project: Project, tool: Tool) -> None:
    _, output, options, more = SHAPES[shape]
    tool("ninja" if generator == "Ninja" else "make")
    folder = project.root / "user"
    folder.mkdir()
    (folder / "CMakeLists.txt").write_text(_CMAKE.format(output=output, options=options, more=more))
    program = tool("cmake")
    project.run([program, "-G", generator, "-S", "user", "-B", "b"], ".")
    _runs(project, lambda: project.run([program, "--build", "b"], "."))


@pytest.mark.parametrize("shape", [name for name in SHAPES if SHAPES[name][0] != "cmake"])
def test_make_and_ninja_have_no_work_to_do(shape: str, project: Project, tool: Tool) -> None:
    name, output, options, more = SHAPES[shape]
    program, command = tool(name), _BUILD.format(b="..")
    folder = project.root / "user"
    folder.mkdir()
    text = _NINJA if name == "ninja" else _MAKE
    rule = text.format(output=output, command=command, options=options, more=more)
    (folder / ("build.ninja" if name == "ninja" else "Makefile")).write_text(rule)
    _runs(project, lambda: project.run([program], "user"))


def _runs(project: Project, act: Callable[[], str]) -> None:
    counts = [project.built(act), project.built(act)]
    project.edit("include/acme-clock.h", "UART 4\n", "UART 4 \n")
    counts += [project.built(act), project.built(act)]
    assert counts == [1, 0, 1, 0]
