"""The declarations in ``include`` against the sizes, offsets and values of the real interfaces.

``layout_facts.json`` was printed by a program compiled against SCP-firmware's own headers (x86-64,
gcc, -fshort-enums, with the modules and options that an emitted Firmware.cmake lists).
"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from targets.scp.scp_boards import emit, fast
from targets.scp.scp_build import HERE, compile_command, run, write

FACTS: dict[str, Any] = json.loads((HERE / "layout_facts.json").read_text())
HEADERS = sorted(path.name for path in (HERE / "include").glob("*.h"))


_SYSTEM = ("stdio.h", "stddef.h", "inttypes.h")


def layouts(facts: dict[str, Any]) -> list[str]:
    """Includes, and assertions about structures and values."""
    lines = [f"#include <{name}>" for name in (*HEADERS, *_SYSTEM)]
    for name, struct in facts["structs"].items():
        lines.append(f'_Static_assert(sizeof(struct {name}) == {struct["size"]}, "{name}");')
        for field, offset in struct["fields"].items():
            lines.append(
                f'_Static_assert(offsetof(struct {name}, {field}) == {offset}, "{name}.{field}");'
            )
    for name, value in facts["values"].items():
        lines.append(f'_Static_assert((long long)({name}) == {value}, "{name}");')
    return lines


def assertions() -> str:
    lines = layouts(FACTS)
    for name, size in FACTS["types"].items():
        lines.append(f'_Static_assert(sizeof({name}) == {size}, "{name}");')
    lines.append("int main(void)\n{")
    lines += [
        f'{{ fwk_id_t id = {name}; printf("%" PRIu32 "\\n", id.value); }}' for name in FACTS["ids"]
    ]
    lines += [
        "{ union { uint32_t value; struct mod_pd_attributes attributes; } u = { .value = 0 };"
        f' u.attributes.pd_type = {name}; printf("%" PRIu32 "\\n", u.value); }}'
        for name in FACTS["attributes"]
    ]
    lines.append("return 0;\n}\n")
    return "\n".join(lines)


def test_declarations_have_the_real_layout(tool: Callable[[str], str], tmp_path: Path) -> None:
    files = {file.path: file.content.decode() for file in emit(fast())[0]}
    folder = write(tmp_path, files)
    source = folder / "layout.c"
    source.write_text(assertions())
    done = run([*compile_command(tool("gcc"), folder, source), "-o", str(folder / "layout")])
    assert not done.stderr
    printed = run([str(folder / "layout")]).stdout.split()
    assert printed == [str(v) for v in (*FACTS["ids"].values(), *FACTS["attributes"].values())]


def test_every_declared_structure_is_compared() -> None:
    text = "".join((HERE / "include" / name).read_text() for name in HEADERS)
    declared = set(re.findall(r"^struct (\w+) \{", text, re.M))
    others = (*FACTS["versions"].values(), *FACTS["options"].values())
    more = {name for facts in others for name in facts["structs"]}
    assert declared == set(FACTS["structs"]) | more


@pytest.mark.parametrize("option", FACTS["options"])
def test_declarations_that_an_option_adds_have_the_real_layout(
    option: str, tool: Callable[[str], str], tmp_path: Path
) -> None:
    """The same in 2.14, 2.16 and at 57bb4a30."""
    files = {file.path: file.content.decode() for file in emit(fast())[0]}
    source = write(tmp_path, files) / "layout.c"
    source.write_text("\n".join(layouts(FACTS["options"][option])) + "\n")
    command = compile_command(tool("gcc"), tmp_path, source)
    done = run([*command, f"-D{option}", "-c", "-o", str(tmp_path / "layout.o")])
    assert not done.stderr


@pytest.mark.parametrize("version", FACTS["versions"])
def test_declarations_of_newer_versions_have_the_real_layout(
    version: str, tool: Callable[[str], str], tmp_path: Path
) -> None:
    """Of all that has changed; the facts are of v2.16.0 and 57bb4a30."""
    files = {file.path: file.content.decode() for file in emit(fast())[0]}
    source = write(tmp_path, files) / "layout.c"
    source.write_text("\n".join(layouts(FACTS["versions"][version])) + "\n")
    command = compile_command(tool("gcc"), tmp_path, source)
    done = run([*command, f"-DSCP_VERSION={version}", "-c", "-o", str(tmp_path / "layout.o")])
    assert not done.stderr
