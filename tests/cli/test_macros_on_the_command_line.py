"""Resources by the macros of a board's source: ``show resources`` and ``why``."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support import TWO_AGENTS, scmigen, written

BOARD = """/dts-v1/;
#include "soc.h"
/ {
	rcc: clock-controller@1000 {
		compatible = "acme,rcc"; reg = <0x1000 0x10>; #clock-cells = <1>;
	};
	uart: serial@2000 {
		compatible = "acme,uart"; reg = <0x2000 0x10>;
		clocks = <&rcc CK_UART>, <&rcc 7>;
		clock-names = "baud", "bus";
	};
};
"""


@pytest.fixture
def board(tmp_path: Path) -> Path:
    (tmp_path / "soc.h").write_text("#define CK_UART 165\n#define CK_SPARE 8\n#define WIDE 1 2\n")
    path = tmp_path / "board.dts"
    path.write_text(BOARD)
    return path


def test_show_resources_has_a_column_for_them(board: Path) -> None:
    done = scmigen("show", "resources", board, "--format", "json")
    assert [(row["cells"], row["macro"]) for row in json.loads(done.stdout)] == [
        ("7", ""),
        ("165", "CK_UART"),
    ]


@pytest.mark.parametrize(
    "resource",
    ["&rcc CK_UART", "/clock-controller@1000 CK_UART", "clock:CK_UART", "clock:1", "&rcc 165"],
)
def test_why_takes_and_tells_them(board: Path, resource: str) -> None:
    done = scmigen("why", "ospm", resource, board)
    first, reason = done.stdout.splitlines()
    assert first == (
        "ospm: state read on clock 1 (serial-2000-baud, /clock-controller@1000 165, CK_UART)"
    )
    assert reason.startswith("  /serial@2000 clocks[0]: state read")
    (told,) = json.loads(scmigen("why", "ospm", resource, board, "--format", "json").stdout)
    assert (told["resource"], told["macro"]) == ("/clock-controller@1000 165", "CK_UART")


def test_a_macro_that_nothing_is_granted_by(board: Path) -> None:
    """The header has it, and no node uses it."""
    done = scmigen("why", "ospm", "&rcc CK_SPARE", board)
    assert done.returncode == 1
    assert done.stderr == (
        "ospm is granted nothing on &rcc CK_SPARE: it is not granted to any agent; "
        "scmigen why --not tells more\n"
    )


#: Clocks and resets of one controller, each with a header and numbers of its own.
BOTH = """/dts-v1/;
#include "clock.h"
#include "reset.h"
/ {
	cru: cru { compatible = "acme,cru"; #clock-cells = <1>; #reset-cells = <1>; };
	uart { compatible = "acme,uart"; clocks = <&cru CLK_UART>; resets = <&cru SRST_UART>; };
	spi { compatible = "acme,spi"; clocks = <&cru CLK_SPI>; resets = <&cru 9>; };
};
"""


@pytest.mark.parametrize(
    ("resource", "kinds"),
    [
        ("&cru CLK_UART", {"clock"}),
        ("&cru SRST_SPI", {"reset"}),
        # Nobody uses these, but other macros of their headers are used.
        ("&cru CLK_SPARE", {"clock"}),
        ("&cru SRST_SPARE", {"reset"}),
        # Of a number, or where no macro of the header is used, the kind is not known.
        ("&cru 20", {"clock", "reset"}),
        ("&cru OTHER", {"clock", "reset"}),
    ],
)
def test_a_macro_is_of_the_kind_that_its_header_is_of(
    tmp_path: Path, resource: str, kinds: set[str]
) -> None:
    """Reset 10 is no answer to a question about clock 10, nor clock 9 to one about reset 9."""
    clocks = "#define CLK_UART 10\n#define CLK_SPI 9\n#define CLK_SPARE 20\n"
    (tmp_path / "clock.h").write_text(clocks)
    resets = "#define SRST_UART 11\n#define SRST_SPI 9\n#define SRST_SPARE 10\n"
    (tmp_path / "reset.h").write_text(resets)
    board = tmp_path / "b.dts"
    (tmp_path / "other.h").write_text("#define OTHER 20\n")
    board.write_text(BOTH.replace('"clock.h"', '"clock.h"\n#include "other.h"'))
    agents = written(tmp_path / "a.yaml", TWO_AGENTS)
    done = scmigen("why", "--not", "b", resource, board, "-a", agents, "--format", "json")
    told = json.loads(done.stdout)
    assert {item["kind"] for item in told} == kinds


@pytest.mark.parametrize(
    ("resource", "hint"),
    [
        ("&rcc CK_UARTT", "did you mean CK_UART"),
        ("&rcc CK_SPAR", "did you mean CK_SPARE"),
        ("&rcc gpu", "one of: CK_UART"),
        # Two cells are no number.
        ("&rcc WIDE", "one of: CK_UART"),
    ],
)
def test_a_macro_that_is_not_there(board: Path, resource: str, hint: str) -> None:
    done = scmigen("why", "ospm", resource, board)
    assert done.returncode == 2
    said = " ".join(done.stderr.split())
    assert (
        f"{resource.split()[1]} is neither a 32-bit number nor a macro of this board's files; "
        f"{hint}" in said
    )


def test_a_blob_knows_numbers_only(board: Path) -> None:
    blob = board.with_suffix(".dtb")
    scmigen("convert", "-@", board, blob)
    done = scmigen("why", "ospm", "&rcc CK_UART", blob)
    assert done.returncode == 2
    assert "this tree has no macros (a DTB has none); write the number" in done.stderr
    (told,) = json.loads(scmigen("why", "ospm", "&rcc 165", blob, "--format", "json").stdout)
    assert (told["id"], told["name"], told["macro"]) == (1, "serial-2000-baud", None)


def test_who_asks_for_no_name_reads_none(board: Path) -> None:
    program = (
        "import sys; from scmigen.cli.front import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print('scmigen.devicetree.names' in sys.modules, file=sys.stderr)"
    )
    blob = board.with_suffix(".dtb")
    for arguments, expected in (
        (["convert", board, blob], "False"),
        (["check", board], "False"),
        (["show", "providers", board], "False"),
        (["show", "resources", board], "True"),
        (["show", "resources", blob], "False"),
    ):
        done = subprocess.run(
            [sys.executable, "-c", program, *map(str, arguments)], capture_output=True, text=True
        )
        assert done.stderr.splitlines()[-1] == expected, arguments
