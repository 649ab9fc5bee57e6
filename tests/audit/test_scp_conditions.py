"""What is in conditions that cannot be told: rows without a sign of them are none to be silent on.

The compiler would stop at a header that is not there, and at ``#error``.
"""

from pathlib import Path

from scp_sources import write

from scmigen.audit.registry import find

TABLES = "fw/config_scmi_tables.c"
ROW = "    { FWK_ID_ELEMENT_INIT(FWK_MODULE_IDX_CLOCK, CLK_UART), true },\n"
GPU = "    { FWK_ID_ELEMENT_INIT(FWK_MODULE_IDX_CLOCK, CLK_GPU), true },\n"


def told(folder: Path) -> list[str]:
    return [item.message for item in find("scp").read(folder).diagnostics]


def product(folder: Path, include: str, condition: str) -> Path:
    """The product with a row in a condition."""
    fw = write(folder, {TABLES: (ROW, f"{ROW}{condition}\n{GPU}#endif\n")})
    path = fw / "config_scmi_tables.c"
    path.write_text(include + path.read_text())
    return fw


def test_a_row_on_condition_of_a_header_that_is_not_there_is_told(tmp_path: Path) -> None:
    want = '#include "fmw_board.h"\n'
    for place, condition in enumerate(("#if ACME_VM_HAS_GPU", "#ifdef ACME_VM_HAS_GPU")):
        folder = product(tmp_path / str(place), want, condition)
        assert told(folder) == [
            "what is there on condition of ACME_VM_HAS_GPU: no header defines that, and not there: "
            "fmw_board.h"
        ]
        (folder / "fmw_board.h").write_text("#define ACME_VM_HAS_GPU 1\n")
        assert told(folder) == []


def test_a_condition_where_all_headers_are_there_is_that_of_the_compiler(tmp_path: Path) -> None:
    assert told(product(tmp_path, "", "#ifdef ACME_VM_HAS_GPU")) == []
    assert told(product(tmp_path, '#include "none.h"\n', "#ifdef BUILD_HAS_MOD_X")) == []


def test_what_error_says_is_told(tmp_path: Path) -> None:
    include = '#include "acme.h"\n'
    stop = f"{include}#ifndef ACME_FOO\n#error no foo\n#endif\n"
    folder = write(tmp_path, {"fw/config_clock.c": (include, stop)})
    assert told(folder) == ["the build: a compiler would stop here: #error no foo"]
