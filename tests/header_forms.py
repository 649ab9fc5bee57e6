"""The three forms of header as their languages read them: cpp and dtc, a C compiler, Python."""

import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from enum import IntEnum
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

Tool = Callable[[str], str]
Files = Mapping[str, bytes]

#: Class of the Python module → what stands for it in the names of C and of device trees.
INFIX = {
    "Power": "PD",
    "Performance": "PERF",
    "Clock": "CLK",
    "Sensor": "SENSOR",
    "Reset": "RST",
    "Voltage": "VOLTD",
}
WARNINGS = ("-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only")
_DEFINE = re.compile(rb"^#define (SCMI_\w+) +\d", re.MULTILINE)
_ENUMERATOR = re.compile(rb"^    ([A-Z]\w*) = \d+,", re.MULTILINE)
_LIST = re.compile(rb"^#define (\w+_LIST)\(X\)", re.MULTILINE)
_PROPERTY = re.compile(r"p(\d+) = <0x([0-9a-f]+)>;")


class Listed(NamedTuple):
    """What a list of the C header has of a number."""

    name: str
    boot: int
    operations: int


def written(files: Files, folder: Path) -> Path:
    """The folder, with the files in it."""
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def headers(files: Files, form: str) -> list[str]:
    return sorted(path for path in files if path.startswith(f"headers/{form}/"))


def run(*command: str | Path, given: str = "") -> str:
    done = subprocess.run(
        list(map(str, command)), input=given, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return done.stdout


def by_dtc(path: str, files: Files, folder: Path, tool: Tool) -> dict[str, int]:
    """Define → the cell that it is in a device tree."""
    names = [name.decode() for name in _DEFINE.findall(files[path])]
    cells = "".join(f"p{index} = <{name}>;\n" for index, name in enumerate(names))
    text = f'/dts-v1/;\n#include "{folder / path}"\n/ {{\n{cells}}};\n'
    source = run(tool("cpp"), "-nostdinc", "-undef", "-P", "-x", "assembler-with-cpp", given=text)
    tree = run(tool("dtc"), "-I", "dts", "-O", "dts", given=source)
    found = {names[int(at)]: int(cell, 16) for at, cell in _PROPERTY.findall(tree)}
    assert len(found) == len(names)
    return found


def check_c(files: Files, folder: Path, tool: Tool, *more: str) -> None:
    """All C headers in one file, twice, with strict C and C++ compilers; ``more`` are included."""
    every = [*headers(files, "c"), *more]
    text = "".join(f'#include "{folder / path}"\n' for path in every * 2) + "int unused;\n"
    run(tool("gcc"), "-std=c11", *WARNINGS, "-x", "c", "-", given=text)
    run(tool("g++"), "-std=c++11", *WARNINGS, "-x", "c++", "-", given=text)


def by_gcc(files: Files, folder: Path, tool: Tool) -> tuple[dict[str, int], dict[str, Listed]]:
    """Enumerator → number, and what the lists have of it, as a compiled program prints them."""
    paths = headers(files, "c")
    numbers, tables = (
        [name.decode() for path in paths for name in pattern.findall(files[path])]
        for pattern in (_ENUMERATOR, _LIST)
    )
    includes = "".join(f'#include "{folder / path}"\n' for path in paths)
    lines = [f'printf("number %s %d\\n", "{name}", {name});' for name in numbers]
    lines += [f"{table}(ROW)" for table in tables]
    row = '#define ROW(i, n, b, o) printf("row %s %d %d %s\\n", #i, b, o, n);\n'
    text = f"#include <stdio.h>\n{includes}{row}int main(void) {{\n" + "\n".join(lines) + "\n}\n"
    run(tool("gcc"), "-std=c11", "-O0", "-x", "c", "-", "-o", folder / "print", given=text)
    found: dict[str, int] = {}
    listed: dict[str, Listed] = {}
    for line in run(folder / "print").splitlines():
        what, name, rest = line.split(" ", 2)
        if what == "number":
            assert name not in found
            found[name] = int(rest)
        else:
            boot, operations, text = rest.split(" ", 2)
            listed[name] = Listed(text, int(boot), int(operations))
    return found, listed


def imported(path: str, folder: Path) -> ModuleType:
    """The module at a path, as Python imports it."""
    name = Path(path).stem
    sys.path.insert(0, str((folder / path).parent))
    try:
        sys.modules.pop(name, None)
        return __import__(name)
    finally:
        sys.path.pop(0)
        sys.modules.pop(name, None)


def classes(module: ModuleType) -> dict[str, type[IntEnum]]:
    """The classes of a module that have numbers of resources."""
    return {name: getattr(module, name) for name in INFIX if hasattr(module, name)}


def compare(files: Files, folder: Path, tool: Tool, prefix: str = "scmi") -> int:
    """That the three forms have the same numbers and operations; how many there are.

    The names of C are those of Python behind ``prefix``, agent and kind; those of device trees are
    behind the kind alone. With numbers for all agents some in the tree's header are of no agent.
    """
    written(files, folder)
    trees = {path: by_dtc(path, files, folder, tool) for path in headers(files, "dt-bindings")}
    numbers, listed = by_gcc(files, folder, tool)
    check_c(files, folder, tool, *(trees if len(trees) == 1 else ()))
    seen: set[str] = set()
    for path in headers(files, "python"):
        module = imported(path, folder)
        agent = Path(path).stem.removeprefix(f"{prefix}_")
        everyone = f"headers/dt-bindings/scmi/{prefix.replace('_', '-')}"
        own = trees.get(f"{everyone}-{agent.replace('_', '-')}.h")
        defines = trees[f"{everyone}.h"] if own is None else own
        for kind, members in classes(module).items():
            infix = INFIX[kind]
            for name, member in members.__members__.items():
                if name[len(infix) + 1 :][:1].isdigit() and name.startswith(f"{infix}_"):
                    name = name[len(infix) + 1 :]
                enumerator = f"{prefix}_{agent}_{infix}_".upper() + name
                assert numbers[enumerator] == defines[f"SCMI_{infix}_{name}"] == member.value
                grant = module.GRANTS[members][member.value]
                if name == member.name or enumerator in listed:
                    assert listed[enumerator] == (grant.name, grant.boot, grant.operations)
                seen.add(enumerator)
    assert seen == set(numbers)
    assert set(listed) <= seen
    return len(seen)
