"""The names behind numbers: read from what the author wrote, never guessed."""

from pathlib import Path

import pytest

from scmigen.devicetree.blob import read_blob
from scmigen.devicetree.flatten import flatten
from scmigen.devicetree.load import load
from scmigen.devicetree.nodes import Property
from scmigen.devicetree.tree import DeviceTree

HEADER = """#ifndef CLOCKS_H
#define CLOCKS_H
#define CK_BUS 3 /* the bus; not < this */
#define CK_UART (CK_BUS + 1) // 4
#define CK_SAME CK_UART
#define TWO_CELLS 1 2
#define SHIFTED(x) ((x) << 4)
#define EITHER 1
#define EITHER 2
#define TEXT "3"
#endif
"""
BOARD = """/dts-v1/;
#include "clocks.h"
/ {
	clk: clock { };
	device {
%s
	};
};
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "clocks.h").write_text(HEADER)
    # No board includes this one, so what it says counts for none.
    (tmp_path / "others.h").write_text("#define CK_BUS 77\n#define CK_OTHER 3\n")
    return tmp_path


def written(folder: Path, text: str) -> tuple[DeviceTree, Property]:
    path = folder / "board.dts"
    path.write_text(BOARD % text)
    tree = load(path, [folder])
    node = tree.node("/device")
    assert node is not None
    return tree, node.properties["p"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("p = <&clk CK_UART>;", [None, "CK_UART"]),
        ("p = <&clk CK_UART>, <&clk CK_BUS>;", [None, "CK_UART", None, "CK_BUS"]),
        ("l: p = <CK_BUS>, /* CK_SAME, */ <3\n\t\t\tCK_SAME>; // <1>", ["CK_BUS", None, "CK_SAME"]),
        ("p = <(CK_BUS) (CK_BUS | 8) SHIFTED(CK_BUS) SHIFTED(1)>;", ["CK_BUS", None, None, None]),
        ("p = <TWO_CELLS CK_BUS>;", [None, None, "CK_BUS"]),
        ("p = <(1 << 2) (8 >> 1) CK_BUS>;", [None, None, "CK_BUS"]),
        ("p = <'a' 0x10 l: CK_BUS (1 > 0)>;", [None, None, "CK_BUS", None]),
        ("p = <&{/clock} CK_BUS>;", [None, "CK_BUS"]),
        ("p = <__LINE__>;", ["__LINE__"]),
        ('p = "CK_BUS";', None),
        ("p = [00 00 00 03];", [None]),
        ('p = <CK_BUS>, "abc";', [None, None]),
        ("p = /bits/ 8 <CK_BUS CK_BUS CK_BUS CK_BUS>;", [None]),
        ("p = /bits/ 64 <CK_BUS>;", [None, None]),
        ("p = &clk;", None),
        ("p;", []),
    ],
    ids=[
        "one macro",
        "two groups",
        "comments and a line break",
        "macro in parentheses",
        "macro of two cells",
        "macro behind expressions",
        "macro behind literals",
        "macro behind a path",
        "number of the line",
        "string",
        "bytes",
        "string behind cells",
        "cells of 8 bits",
        "cells of 64 bits",
        "path",
        "no value",
    ],
)
def test_the_name_of_each_cell(folder: Path, text: str, names: list[str | None] | None) -> None:
    tree, item = written(folder, text)
    found = tree.names.cells(item)
    assert found == (tuple(names) if names is not None else (None,) * (len(item.value) // 4))


def test_what_macros_stand_for(folder: Path) -> None:
    names = written(folder, "p;")[0].names
    assert [names.value(n) for n in ("CK_BUS", "CK_UART", "CK_SAME")] == [3, 4, 4]
    assert [names.value(n) for n in ("TEXT", "EITHER", "SHIFTED", "TWO_CELLS", "CK_OTHER")] == [
        None
    ] * 5
    assert names.macros["CK_UART"].line == 4
    assert Path(names.macros["CK_UART"].file).name == "clocks.h"


def test_macros_that_mean_each_other(folder: Path) -> None:
    many = "".join(f"#define M{n} (M{n + 1} + M{n + 1})\n" for n in range(40))
    (folder / "clocks.h").write_text("#define A B\n#define B A\n" + many + "#define M40 1\n")
    names = written(folder, "p;")[0].names
    assert names.value("A") is None
    assert names.value("M0") is None


def test_a_file_that_has_changed_gives_no_name(folder: Path) -> None:
    tree, item = written(folder, "p = <&clk CK_UART>;")
    text = (folder / "board.dts").read_text()
    (folder / "board.dts").write_text(text.replace("CK_UART", "CK_BUS"))
    assert tree.names.cells(item) == (None, None)


def test_a_file_that_has_gone_gives_no_name(folder: Path) -> None:
    tree, item = written(folder, "p = <&clk CK_UART>;")
    (folder / "board.dts").unlink()
    assert tree.names.cells(item) == (None, None)


def test_the_last_definition_counts(folder: Path) -> None:
    tree, _ = written(folder, "p = <CK_BUS>;\n}; };\n/ { device { q = <CK_BUS>; p = <CK_UART>;")
    assert tree.names.cells(tree.node("/device").properties["p"]) == ("CK_UART",)  # type: ignore[union-attr]


def test_a_blob_has_no_names(folder: Path) -> None:
    tree, _ = written(folder, "p = <&clk CK_UART>;")
    blob = read_blob(flatten(tree), "board.dtb")
    assert blob.names.cells(blob.node("/device").properties["p"]) == (None, None)  # type: ignore[union-attr]


def test_preprocessed_text_leads_to_the_source(folder: Path) -> None:
    written(folder, "p = <&clk CK_UART>;")
    lines = (folder / "board.dts").read_text().splitlines()
    text = "\n".join(line for line in lines if "#include" not in line).replace("CK_UART", "4")
    made = folder / "made" / "board.pp.dts"
    made.parent.mkdir()
    made.write_text(text.replace("/ {", f'# 3 "{folder}/board.dts"\n/ {{', 1))
    tree = load(made)
    assert tree.names.cells(tree.node("/device").properties["p"]) == (None, "CK_UART")  # type: ignore[union-attr]


def test_clocks_of_a_real_board(corpus: Path) -> None:
    sources = corpus / "tree" / "src" / "arm64"
    include_dirs = [corpus / "tree" / "include", sources / "freescale", sources]
    tree = load(sources / "freescale" / "imx95-19x19-evk.dts", include_dirs)
    node = next(node for node in tree.nodes if node.path.endswith("/serial@44380000"))
    names = tree.names
    assert names.cells(node.properties["clocks"]) == (None, "IMX95_CLK_LPUART1")
    found = [name for n in tree.nodes if (p := n.get("clocks")) for name in names.cells(p) if name]
    assert len(found) > 140
