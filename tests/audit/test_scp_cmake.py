"""What CMakeLists.txt of a product says in other ways than the usual: read, or told."""

from pathlib import Path

import pytest
from scp_sources import CMAKE, write

from scmigen.audit.cmake import Settings, run
from scmigen.audit.registry import find
from scmigen.scmi.protocols import Kind

TABLES = "fw/config_scmi_tables.c"
ROW = "    { FWK_ID_ELEMENT_INIT(FWK_MODULE_IDX_CLOCK, CLK_UART), true },\n"
GPU = "    { FWK_ID_ELEMENT_INIT(FWK_MODULE_IDX_CLOCK, CLK_GPU), true },\n"
BEGIN = "add_executable(acme-bl2)\n"


def clocks_of_vm(folder: Path, said: str) -> tuple[int, list[str]]:
    """How many clocks VM has with a row on condition of ACME_FVP, and the messages."""
    fw = write(folder, {TABLES: (ROW, f"{ROW}#ifdef ACME_FVP\n{GPU}#endif\n")})
    (fw / "CMakeLists.txt").write_text(CMAKE.replace(BEGIN, BEGIN + said))
    audit = find("scp").read(fw)
    (vm,) = (agent for agent in audit.served.agents if agent.name == "VM")
    return len(vm.grants[Kind.CLOCK]), [item.message for item in audit.diagnostics]


@pytest.mark.parametrize(
    "said",
    [
        "target_compile_definitions(acme-bl2 PUBLIC ACME_FVP=1)\n",
        "target_compile_options(acme-bl2 PUBLIC -Wall -DACME_FVP=1)\n",
        "add_compile_options(-DACME_FVP)\n",
        "add_definitions(-DACME_FVP)\n",
        "add_compile_definitions(ACME_FVP)\n",
        'set(CMAKE_C_FLAGS "${CMAKE_C_FLAGS} -O2 -DACME_FVP")\n',
        "foreach(one OTHER ACME_FVP)\n add_definitions(-D${one})\nendforeach()\n",
        "foreach(one IN ITEMS OTHER ACME_FVP)\n add_definitions(-D${one})\nendforeach()\n",
        "set(a OTHER ACME_FVP)\nforeach(one IN LISTS a)\n if(NOT one IN_LIST b)\n"
        "  add_definitions(-D${one})\n endif()\nendforeach()\n",
        "foreach(one ACME)\n foreach(two OTHER FVP)\n  add_definitions(-D${one}_${two})\n"
        " endforeach()\nendforeach()\n",
    ],
)
def test_definitions_count_however_they_are_said(tmp_path: Path, said: str) -> None:
    assert clocks_of_vm(tmp_path, said) == (2, [])


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "target_compile_definitions(acme-bl2 PUBLIC $<$<BOOL:1>:ACME_FVP=1>)\n",
            "$<$<BOOL:1>:ACME_FVP=1>",
        ),
        ("foreach(one RANGE 2)\n add_definitions(-DACME_${one})\nendforeach()\n", "foreach"),
        (
            f"foreach(a {'x ' * 300})\n foreach(b {'x ' * 300})\n  add_definitions(-DB)\n"
            " endforeach()\nendforeach()\n",
            "foreach",
        ),
        ("while(1)\n list(APPEND SCP_MODULES one)\nendwhile()\n", "while"),
        (
            "function(with name)\n target_compile_definitions(acme-bl2 PUBLIC ${name})\n"
            "endfunction()\nwith(ACME_FVP)\n",
            "function",
        ),
        ("macro(with)\n target_sources(acme-bl2 PRIVATE a.c)\nendmacro()\n", "macro"),
    ],
)
def test_what_is_not_followed_is_told(tmp_path: Path, said: str, told: str) -> None:
    assert clocks_of_vm(tmp_path, said) == (
        1,
        [f"the build: {told} is not followed, and says what is built"],
    )


def test_what_is_skipped_and_builds_nothing_is_not_told(tmp_path: Path) -> None:
    said = "foreach(one A B)\n set(x ${one})\n message(STATUS ${x})\nendforeach()\n"
    assert clocks_of_vm(tmp_path, said) == (1, [])


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("NOT " * 20_000 + "1", True),
        ("NOT " * 20_001 + "1", False),
        ("(((1)))", True),
        ("NOT (0 OR NOT 1)", True),
        ("NOT 0 AND NOT 0", True),
        ("NOT A STREQUAL A", False),
    ],
)
def test_conditions_hold_as_in_cmake(tmp_path: Path, condition: str, holds: bool) -> None:
    settings = Settings()
    path = tmp_path / "CMakeLists.txt"
    path.write_text(f"if({condition})\nset(FOUND 1)\nendif()\n")
    assert run(path, settings)
    assert ("FOUND" in settings.variables, settings.problems) == (holds, [])


def test_brackets_without_end_are_not_understood(tmp_path: Path) -> None:
    settings = Settings()
    path = tmp_path / "CMakeLists.txt"
    path.write_text(f"if({'(' * 20_000}1{')' * 20_000})\nset(FOUND 1)\nendif()\n")
    assert run(path, settings)
    assert [message for message, _ in settings.problems] == ["the condition is not understood"]
