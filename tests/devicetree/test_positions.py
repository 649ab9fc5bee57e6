"""A position is where the author wrote something, whatever a preprocessor made of the line."""

from collections.abc import Callable
from pathlib import Path

import pytest
from support import marked

from scmigen.devicetree import preprocess as module
from scmigen.devicetree.blob import read_blob
from scmigen.devicetree.flatten import flatten
from scmigen.devicetree.load import load
from scmigen.devicetree.nodes import Property
from scmigen.devicetree.source import read_source
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import InputError

HEADER = """#define ONE 1
#define LIST 1 2 3
#define EMPTY
#define PAIR(a, b) (a) (b)
#define USE(phandle, cell) <phandle cell>
#define NODE(n, l) l: n { in = <1>; }
"""

Load = Callable[[Path], DeviceTree]


@pytest.fixture(params=["machine", "pcpp"])
def reader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Load:
    if request.param == "pcpp":
        monkeypatch.setattr(module, "find_preprocessor", lambda: None)
    elif module.find_preprocessor() is None:
        pytest.skip("no C preprocessor is installed")
    return lambda path: load(path, [path.parent])


def property_of(tree: DeviceTree, name: str) -> Property:
    return next(node.properties[name] for node in tree.nodes if name in node.properties)


# A ^ stands in front of the property p; it is taken out.
LINES = {
    "alone": "^p = <1>;",
    "tabs": "\t\ta = <1>;\t^p = <1>;",
    "behind a macro": "a = <ONE>; ^p = <1>;",
    "behind a long macro": "a = <LIST>, <LIST 9 LIST>; ^p = <1>;",
    "behind a macro of nothing": "a = <EMPTY 1 EMPTY>; ^p = <1>;",
    "between macros": "a = <LIST>; ^p = <1>; b = <LIST>;",
    "with a macro inside": "a = <LIST>; ^p = <LIST>; b = <LIST>;",
    "behind a macro with arguments": "a = <PAIR(ONE, (2 + 3))>; ^p = <1>;",
    "behind arguments on two lines": "a = <PAIR(1,\n\t\t2)>; ^p = <LIST>;",
    "behind a joined line": "a = <LIST \\\n\t2>; ^p = <1>;",
    "behind a comment": "/* a = <LIST>; */ a = <1>; /* LIST */ ^p = <1>; // LIST",
    "behind a comment of two lines": "a /* 1\n 2 */ = <ONE>; ^p = <1>;",
    "behind a comment that began above": "/*\n\n */ a = <ONE>; ^p = <1>;",
    "behind many blanks": "a  =   <ONE>   ;    ^p = <1>;",
    "below a value of many lines": "a = <ONE>,\n <LIST>,\n\n <ONE>;\n\t^p = <1>;",
    "behind a string": 'a = "ONE /* LIST", "\\"", "//"; ^p = <1>;',
    "in a node that a macro makes": "p = <1>; ^NODE(n, l);",
}


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_of_a_property(tmp_path: Path, reader: Load, line: str) -> None:
    (tmp_path / "h.h").write_text(HEADER)
    path = tmp_path / "a.dts"
    text, position = marked(f'/dts-v1/;\n#include "h.h"\n/ {{\n\t{line}\n}};\n', str(path))
    path.write_text(text)
    name = "in" if "NODE" in line else "p"
    assert property_of(reader(path), name).position == position


# A ^ stands in front of the entry that holds the byte.
VALUES = {
    "the property itself": ("p = ^<&a 1>;", None),
    "first cell": ("p = <^&a 1>;", 0),
    "second cell": ("p = <&a ^1>;", 4),
    "second group on its own line": ("p = <&a 1>,\n\t<^&a 2>;", 8),
    "byte inside a cell": ("p = <&a ^1>, <&a 2>;", 7),
    "reference behind a macro of two cells": ("p = <LIST>, <^&a LIST>, <LIST>;", 12),
    "last cell behind macros": ("p = <LIST>, <&a ^LIST>, <LIST>;", 20),
    "reference in a macro": ("p = USE(&a, 1), USE(^&a, ONE);", 8),
    "second expression": ("p = <(1 + 2) ^((3) * 4)>;", 4),
    "expression with a macro": ("p = <(ONE + 2) ^(3 * ONE)>;", 4),
    "behind an expression of four levels": ("p = <((1 + (2 * (3))) - (4)) ^5>;", 4),
    "behind an expression with a character": ("p = <('(' + 1) ^5>;", 4),
    "behind cells without blanks": ("p = <&a(1)^(2)&a 3>;", 8),
    "second string": ('p = "ab", ^"cd";', 3),
    "string behind escapes": ('p = "\\n\\x41", ^"cd";', 5),
    "byte": ("p = [00 01 ^02];", 2),
    "cell of 8 bits": ("p = /bits/ 8 <1 ^2>, <3>;", 1),
    "cell behind cells of 8 bits": ("p = /bits/ 8 <1 2>, <^3>;", 2),
    "cell of 64 bits": ("p = /bits/ 64 <1 ^2>;", 8),
    "cell behind a path": ("p = &a, <^1>;", 3),
    "cell behind labels": ("l: p = m: <1 n: ^2>;", 4),
    "property without a value": ("^p;", 0),
}


@pytest.mark.parametrize(("line", "offset"), VALUES.values(), ids=VALUES)
def test_of_an_entry(tmp_path: Path, reader: Load, line: str, offset: int | None) -> None:
    (tmp_path / "h.h").write_text(HEADER)
    path = tmp_path / "a.dts"
    whole = f'/dts-v1/;\n#include "h.h"\n/ {{\n\t{line}\n\ta: a {{ }};\n}};\n'
    text, position = marked(whole, str(path))
    path.write_text(text)
    found = property_of(reader(path), "p")
    if offset is None:
        # The property's own place is its name's.
        assert str(found.position) == f"{path}:4:2"
    else:
        assert found.position_at(offset) == position


def test_without_a_source_there_is_none() -> None:
    tree = read_source("/dts-v1/; / { p = <1 2>; };", "a.dts")
    found = read_blob(flatten(tree), "a.dtb").root.properties["p"]
    assert (found.position, found.position_at(4)) == (None, None)


def test_through_files_of_both_kinds(tmp_path: Path, reader: Load) -> None:
    """#include leads to a line marker, /include/ is spliced in by us; both may nest."""
    (tmp_path / "h.h").write_text(HEADER)
    (tmp_path / "deep.dtsi").write_text("deep = <1>;\n\t\tq = <2>, <3>;\n")
    (tmp_path / "soc.dtsi").write_text(
        '#include "h.h"\n/ {\n\tsoc {\n\t\ta = <LIST>; p = <LIST>;\n\t};\n};\n'
    )
    path = tmp_path / "a.dts"
    path.write_text(
        '/dts-v1/;\n#include "soc.dtsi"\n/ {\n\tfirst = <LIST>; /include/ "deep.dtsi"\n};\n'
    )
    tree = reader(path)
    assert str(property_of(tree, "p").position) == f"{tmp_path}/soc.dtsi:4:15"
    assert str(property_of(tree, "first").position) == f"{path}:4:2"
    deep = property_of(tree, "q")
    assert str(deep.position) == f"{tmp_path}/deep.dtsi:2:3"
    assert str(deep.position_at(4)) == f"{tmp_path}/deep.dtsi:2:13"


@pytest.mark.parametrize("folder", [".", "./sub", "sub"])
def test_files_are_named_as_they_were_given(
    tmp_path: Path, reader: Load, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    board = Path(folder) / "a.dts"
    board.write_text('/dts-v1/;\n#include "b.dtsi"\n/ { q = <1>; };\n')
    (Path(folder) / "b.dtsi").write_text("/ { p = <1>; };\n")
    tree = reader(board)
    assert str(property_of(tree, "q").position) == f"{board}:3:5"
    assert str(property_of(tree, "p").position) == f"{board.parent / 'b.dtsi'}:1:5"


def test_preprocessed_text_alone_keeps_its_own_columns(tmp_path: Path) -> None:
    """The file that the line marker names is gone, or says something else by now."""
    (tmp_path / "other.dts").write_text("one\ntwo [three];\n")
    for name in ("gone.dts", "other.dts"):
        text = f'# 1 "{tmp_path}/{name}"\n/dts-v1/;\n/ {{ a = <1 2 3>; p = <4>; }};\n'
        found = read_source(text, "a.pp").root.properties["p"]
        assert str(found.position) == f"{tmp_path}/{name}:2:18"


def test_a_node_knows_all_its_places(tmp_path: Path, reader: Load) -> None:
    (tmp_path / "h.h").write_text(HEADER)
    path = tmp_path / "a.dts"
    path.write_text(
        '/dts-v1/;\n#include "h.h"\n/ { a = <LIST>; l: n { p = <ONE>; }; };\n'
        "/ { }; &l { p = <LIST>; };\n"
    )
    tree = reader(path)
    assert [str(place) for place in tree.labels["l"].places] == [f"{path}:4:8", f"{path}:3:17"]
    places = property_of(tree, "p").places
    assert [str(place) for place in places] == [f"{path}:4:13", f"{path}:3:24"]


def test_what_a_macro_made_is_told(tmp_path: Path, reader: Load) -> None:
    (tmp_path / "h.h").write_text("#define GPIO(n) <&gpio n>\n")
    path = tmp_path / "a.dts"
    path.write_text('/dts-v1/;\n#include "h.h"\n/ {\n\ta = GPIO(3);\n};\n')
    with pytest.raises(InputError) as raised:
        reader(path)
    (found,) = raised.value.diagnostics
    assert str(found.position) == f"{path}:4:6"
    assert found.excerpt == "\ta = GPIO(3);\n\t    ^"
    assert [item.message.split(": ")[1] for item in found.related] == ["a = <&gpio 3>;"]
