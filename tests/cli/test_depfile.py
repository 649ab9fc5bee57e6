"""--depfile: what GNU make, ninja and CMake read in it is what was opened, and nothing else."""

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support import SOC, scmigen

from scmigen.diagnostics import InputError
from scmigen.targets.common.depfile import make_rule

Tool = Callable[[str], str]

BOARD = f"/dts-v1/; / {{ #address-cells = <1>; #size-cells = <0>; {SOC} }};\n"

#: Names that all three readers take.
GOOD = (
    "board.dts",
    "with blank.dts",
    "a  b.dts",
    "a#b$c$$d.dts",
    "$HOME.dts",
    "~tilde.dts",
    "-dash+plus,comma@at.dts",
    "übergrößen.dts",
)
#: Names that one of them takes for something else.
BAD = (
    "x;touch PWNED;.dts",
    "x;touch${IFS}PWNED;true",
    "a:b.dts",
    "a=b.dts",
    "a%b.dts",
    "a|b.dts",
    "a&",
    "a\nb.dts",
    "a\tb.dts",
    "a\\b.dts",
    "a*b.dts",
    "a?b.dts",
    "lib(a).dts",
    "`touch PWNED`.dts",
    "a\\",
    " a",
)


def build(folder: Path, board: str, *options: str) -> None:
    done = scmigen(
        "build", "-q", board, "-o", "out", "--emit", "runtime", "--depfile", "out.d", *options,
        cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def read_by_make(make: str, folder: Path, rule: Path) -> list[str]:
    """The prerequisites that make sees."""
    makefile = folder / "Makefile"
    recipe = "\t@for name in $(foreach p,$^,'$p'); do printf '%s\\n' \"$$name\"; done\n"
    makefile.write_text(f"include {rule.name}\nout:\n{recipe}")
    done = subprocess.run(
        [make, "-s", "-B", "out"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def read_by_ninja(ninja: str, folder: Path, rule: Path) -> list[str]:
    (folder / "build.ninja").write_text(
        f"rule r\n  command = cp {rule.name} copy.d; touch out\n  depfile = copy.d\n  deps = gcc\n"
        "build out: r\n"
    )
    subprocess.run([ninja, "-d", "keepdepfile"], cwd=folder, check=True, capture_output=True)
    done = subprocess.run([ninja, "-t", "deps", "out"], cwd=folder, capture_output=True, check=True)
    lines = done.stdout.decode().splitlines()
    return [line[4:] for line in lines if line.startswith("    ")]


@pytest.mark.parametrize("name", GOOD)
def test_make_and_ninja_read_the_same_names(name: str, tmp_path: Path, tool: Tool) -> None:
    (tmp_path / name).touch()
    rule = tmp_path / "rule.d"
    rule.write_bytes(make_rule("out", [name, "second"]))
    (tmp_path / "second").touch()
    if " " not in name:  # $^ of make does not keep blanks apart
        assert [os.path.normpath(n) for n in read_by_make(tool("make"), tmp_path, rule)] == [
            name,
            "second",
        ]
    assert read_by_ninja(tool("ninja"), tmp_path, rule) == [name, "second"]


@pytest.mark.parametrize("name", GOOD)
def test_make_rebuilds_exactly_when_the_file_changes(name: str, tmp_path: Path, tool: Tool) -> None:
    (tmp_path / name).touch()
    (tmp_path / "rule.d").write_bytes(make_rule("out", [name]))
    (tmp_path / "Makefile").write_text("out:\n\t@echo made; touch out\ninclude rule.d\n")
    command = [tool("make"), "-s"]
    now = time.time()
    os.utime(tmp_path / name, (now - 100, now - 100))

    def made() -> bytes:
        return subprocess.run(command, cwd=tmp_path, check=True, capture_output=True).stdout

    assert made() == b"made\n"
    assert b"made" not in made()
    os.utime(tmp_path / name, (now + 100, now + 100))
    assert made() == b"made\n"


@pytest.mark.parametrize("tool_name", ["make", "ninja"])
def test_a_source_that_is_gone_is_no_dead_end(tool_name: str, tmp_path: Path, tool: Tool) -> None:
    """An include that was renamed: the target is made again, and the new rule has the new name."""
    program = tool(tool_name)
    (tmp_path / "board.dts").touch()
    (tmp_path / "old name.dtsi").touch()
    (tmp_path / "rule.d").write_bytes(make_rule("out", ["board.dts", "old name.dtsi"]))
    (tmp_path / "Makefile").write_text("out: board.dts\n\ttouch out\n-include rule.d\n")
    (tmp_path / "build.ninja").write_text(
        "rule r\n  command = touch out\n  depfile = rule.d\nbuild out: r board.dts\n"
    )

    def ran() -> bool:
        done = subprocess.run([program], cwd=tmp_path, check=True, capture_output=True)
        return b"touch out" in done.stdout

    assert ran()
    assert not ran()
    (tmp_path / "old name.dtsi").unlink()
    assert ran()


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("place", [0, 1])
def test_other_names_are_errors(name: str, place: int) -> None:
    target, *sources = [name, "board.dts"] if place == 0 else ["out", "board.dts", name]
    with pytest.raises(InputError) as problem:
        make_rule(target, sources)
    (found,) = problem.value.diagnostics
    assert found.id == "depfile-name"
    assert found.position is not None
    assert found.position.file == name


def test_a_rule_with_a_name_that_cannot_be_is_not_written(tmp_path: Path) -> None:
    (tmp_path / "a:b.dts").write_text(BOARD)
    done = scmigen("build", "a:b.dts", "-o", "out", "--depfile", "out.d", cwd=tmp_path)
    assert done.returncode == 1
    assert "a:b.dts: error[depfile-name]" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["a:b.dts"]


@pytest.mark.parametrize("directives", ["", "#define X 1\n"])
def test_a_line_marker_is_no_file(directives: str, tmp_path: Path, tool: Tool) -> None:
    marker = '# 1 "board.dts;touch${IFS}PWNED;true"\n# 1 "x.dtsi" 1\n'
    (tmp_path / "board.dts").write_text(directives + marker + BOARD)
    build(tmp_path, "board.dts")
    assert (tmp_path / "out.d").read_text() == "out/runtime/runtime.json: board.dts\n"
    (tmp_path / "Makefile").write_text("all: out/runtime/runtime.json\n-include out.d\n")
    os.utime(tmp_path / "board.dts", (time.time() + 100,) * 2)
    subprocess.run([tool("make")], cwd=tmp_path, capture_output=True, check=False)
    assert not (tmp_path / "PWNED").exists()


@pytest.mark.parametrize("header", ["with blank.h", "a#b$c.h", "x;touch PWNED;.h", "a:b.h"])
@pytest.mark.parametrize("preprocessor", ["cpp", "gcc", "clang", "pcpp"])
def test_what_a_preprocessor_opened_is_known(
    header: str, preprocessor: str, tmp_path: Path, tool: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from scmigen.devicetree import preprocess

    found = None
    if preprocessor != "pcpp":
        found = (tool(preprocessor), *(["-E"] if preprocessor != "cpp" else []))
    monkeypatch.setattr(preprocess, "find_preprocessor", lambda: found)
    (tmp_path / "include").mkdir()
    (tmp_path / "include" / header).write_text("#define X 1\n")
    (tmp_path / "unused.h").write_text("")
    source = tmp_path / "board.dts"
    source.write_text(f'#if 0\n#include "unused.h"\n#endif\n#include <{header}>\n{BOARD}')
    made = preprocess.preprocess(source, [tmp_path / "include"])
    assert made.dependencies == (str(source), str(tmp_path / "include" / header))


def test_everything_that_was_opened_is_listed(tmp_path: Path) -> None:
    files = {
        "board.dts": f'#include "a.h"\n/include/ "b.dtsi"\n{BOARD.removeprefix("/dts-v1/;")}',
        "a.h": "#define A 1\n",
        "b.dtsi": '/dts-v1/;\n/ { p = /incbin/("blob.bin"); };\n',
        "blob.bin": "x",
        "more.dtso": "/dts-v1/; /plugin/;\n&cc { q; };\n",
        "agents.yaml": "domains: {a: {id: 1, scmi: {role: ospm}, default: true}}\n",
        "lock": "",
    }
    for name, text in files.items():
        if name != "lock":
            (tmp_path / name).write_text(text)
    options = ("more.dtso", "-a", "agents.yaml", "--ids", "lock")
    build(tmp_path, "board.dts", *options)
    rule, *others = (tmp_path / "out.d").read_text().splitlines()
    assert sorted(rule.partition(": ")[2].split()) == sorted(files)
    assert sorted(others) == sorted(f"{name}:" for name in files if name != "board.dts")


@pytest.mark.parametrize("tool_name", ["make", "ninja"])
def test_a_second_run_does_nothing_and_a_merged_lock_builds(
    tool_name: str, tmp_path: Path, tool: Tool
) -> None:
    """The lock file is written by the build that depends on it."""
    (tmp_path / "board.dts").write_text(BOARD)
    make = tool(tool_name)
    command = (
        "python3 -m scmigen build -q board.dts -o out --emit runtime --ids lock --depfile out.d"
    )
    command = command.replace("python3", os.sys.executable)  # type: ignore[attr-defined]
    command += " --stamp stamp"
    target = "stamp"
    (tmp_path / "Makefile").write_text(f"{target}:\n\t{command}\n-include out.d\n")
    (tmp_path / "build.ninja").write_text(
        f"rule r\n  command = {command}\n  depfile = out.d\n  restat = 1\n"
        f"build {target}: r board.dts\n"
    )

    def ran() -> bool:
        done = subprocess.run([make], cwd=tmp_path, check=True, capture_output=True)
        return b"no work" not in done.stdout and b"up to date" not in done.stdout

    assert ran()
    assert not ran()
    os.utime(tmp_path / "lock", (time.time() + 5,) * 2)
    assert ran()


def test_cmake_reads_the_names(tmp_path: Path, tool: Tool) -> None:
    names = [name for name in GOOD if "$" not in name]
    for name in names:
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (time.time() - 100,) * 2)
    (tmp_path / "rule.d").write_bytes(make_rule("out", [str(tmp_path / name) for name in names]))
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.20)\nproject(x NONE)\n"
        "add_custom_command(OUTPUT out COMMAND cmake -E copy ${CMAKE_SOURCE_DIR}/rule.d copy.d\n"
        "  COMMAND cmake -E echo made COMMAND cmake -E touch out DEPFILE copy.d)\n"
        "add_custom_target(all_ ALL DEPENDS out)\n"
    )
    for generator in ("Ninja", "Unix Makefiles"):
        tool("ninja" if generator == "Ninja" else "make")
        folder = tmp_path / f"build {generator}"
        base = [tool("cmake"), "-S", str(tmp_path), "-B", str(folder), "-G", generator]
        subprocess.run(base, check=True, capture_output=True)

        def made(folder: Path = folder) -> bool:
            command = [tool("cmake"), "--build", str(folder)]
            done = subprocess.run(command, check=True, capture_output=True)
            return b"made" in done.stdout

        assert made()
        assert not made()
        for number, name in enumerate(names, 1):
            os.utime(tmp_path / name, (time.time() + number,) * 2)
            assert made(), name
            os.utime(tmp_path / name, (time.time() - 100,) * 2)
