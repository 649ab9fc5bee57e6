"""Edits of a tree: what they make, and the source that says the same."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support import source, tree_of

from scmigen import loads
from scmigen.devicetree.blob import read_blob
from scmigen.devicetree.edit_text import blocks
from scmigen.devicetree.edits import (
    AddNode,
    DeleteNode,
    DeleteProperty,
    Edit,
    Entry,
    SetProperty,
    Strings,
    apply,
    cells,
    deletes,
    free_label,
    labelled,
    reachable,
)
from scmigen.devicetree.flatten import flatten
from scmigen.devicetree.source import read_source
from scmigen.devicetree.text import to_text

BOARD = """
    one: one@1 { reg = <1>; uses = <&{/two@2}>; };
    two: two@2 { reg = <2>; extra; };
    bare@3 { reg = <3>; explicit { phandle = <1>; }; };
"""

#: What each list of edits is as source, by hand.
CASES: dict[str, tuple[list[Edit], str]] = {
    "replaced": (
        [SetProperty("/one@1", "reg", cells(7, 0x80000000))],
        "&one { reg = <0x7 0x80000000>; };",
    ),
    "added": (
        [SetProperty("/one@1", "new", ()), SetProperty("/one@1", "text", Strings(('a"b', "c")))],
        '&one { new; text = "a\\"b", "c"; };',
    ),
    "deleted": ([DeleteProperty("/two@2", "extra")], "&two { /delete-property/ extra; };"),
    "gone": ([DeleteNode("/bare@3")], "/delete-node/ &{/bare@3};"),
    "list": (
        [
            SetProperty(
                "/two@2", "list", (Entry("/one@1", (5,)), Entry(None, (0,)), Entry("/two@2"))
            )
        ],
        "&two { list = <&one 5>, <0>, <&two>; };",
    ),
    "nodes": (
        [
            AddNode("/bare@3/box", "box"),
            AddNode("/bare@3/box/lid"),
            SetProperty("/bare@3/box/lid", "of", (Entry("/bare@3/box"),)),
        ],
        "&{/bare@3} { box: box { lid { of = <&box>; }; }; };",
    ),
    "path": (
        [SetProperty("/one@1", "uses", (Entry("/bare@3"),))],
        "&one { uses = <&{/bare@3}>; };",
    ),
    "root": ([SetProperty("/", "model", Strings(("m",)))], '/ { model = "m"; };'),
}


def written(edits: list[Edit]) -> str:
    """The statements of edits, without notes."""
    found = []
    for block in blocks(tree_of(BOARD), edits):
        inside = " ".join(line.strip() for line in block.lines)
        found.append(
            f"{block.reference} {{ {inside} }};" if inside else f"/delete-node/ {block.reference};"
        )
    return " ".join(" ".join(found).split())


@pytest.mark.parametrize("name", CASES)
def test_the_tree_is_that_of_the_source_with_the_statements(name: str) -> None:
    edits, text = CASES[name]
    assert written(edits) == text
    by_hand = read_source(source(BOARD) + text, "by-hand.dts")
    assert flatten(apply(tree_of(BOARD), edits)) == flatten(by_hand)


def test_the_tree_that_is_edited_stays_as_it_is() -> None:
    tree = tree_of(BOARD)
    before = flatten(tree)
    for edits, _ in CASES.values():
        apply(tree, edits)
    assert flatten(tree) == before


def test_what_only_a_source_can_say() -> None:
    tree = tree_of(BOARD)
    assert [deletes(CASES[name][0]) for name in ("replaced", "deleted", "gone")] == [
        False,
        True,
        True,
    ]
    assert labelled(tree, CASES["list"][0])
    assert not labelled(tree, CASES["path"][0])


def test_a_label_that_is_taken_gets_a_number() -> None:
    assert free_label({"one"}, "one") == "one_1"
    assert free_label({"one", "one_1"}, "one") == "one_2"
    assert free_label({"one"}, "three") == "three"


def test_what_symbols_of_a_blob_name_need_not_be_a_label() -> None:
    symbols = '__symbols__ { no-label = "/one@1"; two = "/two@2"; };'
    tree = read_blob(
        flatten(tree_of(BOARD.replace("one: ", "").replace("two: ", "") + symbols)), "b"
    )
    edits: list[Edit] = [SetProperty("/one@1", "uses", (Entry("/two@2"), Entry("/one@1")))]
    assert [block.reference for block in blocks(tree, edits)] == ["&{/one@1}"]
    again = read_source(to_text(apply(tree, edits)), "again.dts")
    assert flatten(again) == flatten(apply(tree, edits))


def test_a_note_cannot_leave_its_comment() -> None:
    edits = [SetProperty("/one@1", "reg", (Entry(None, (1,), "*/ evil; /*\n"),))]
    ((line,),) = [block.lines for block in blocks(tree_of(BOARD), edits)]
    assert line == "\treg = <0x1>; /* _/ evil; _*_ */"
    text = "&one {\n" + line + "\n};"
    again = read_source(source(BOARD) + text, "again.dts")
    assert flatten(again) == flatten(apply(tree_of(BOARD), edits))


def test_a_comment_makes_no_line_wider_than_100_columns() -> None:
    """The first line is 100 columns wide, with a tab of 8; the second would be 101."""
    entries = [Entry("/one@1", (5,), "n" * 58, was) for was in ("&cc " + "m" * 8, "&cc " + "m" * 9)]
    tree = tree_of(BOARD)
    lines = [
        block.lines[0].strip()
        for entry in entries
        for block in blocks(tree, [SetProperty("/two@2", "a", (entry,))])
    ]
    assert lines == [
        f"a = <&one 5>; /* {'n' * 58}, &cc mmmmmmmm */",
        f"a = <&one 5>; /* {'n' * 58} */",
    ]


@pytest.mark.parametrize(
    ("body", "path", "right"),
    [
        ("funnel@1 { n = <1>; }; funnel { n = <2>; };", "/soc/funnel", False),
        ("funnel { n = <2>; }; funnel@1 { n = <1>; };", "/soc/funnel", True),
        ("funnel@1 { n = <2>; }; funnel { n = <1>; };", "/soc/funnel@1", True),
        ("bus@1 { a { n = <1>; }; }; bus { a { n = <2>; }; };", "/soc/bus/a", False),
        ("bus@1 { a { n = <1>; }; }; bus { x: a { n = <2>; }; };", "/soc/bus/a", True),
        ("funnel-2 { n = <1>; }; funnel { n = <2>; };", "/soc/funnel", True),
    ],
)
def test_an_overlay_reaches_what_libfdt_finds_by_its_path(
    body: str, path: str, right: bool, tmp_path: Path, tool: Callable[[str], str]
) -> None:
    """fdtget looks paths up as fdtoverlay does; the right node has n = <2>, or a label."""
    text = f"/dts-v1/; / {{ soc {{ {body} }}; }};"
    tree = loads(text, "board.dts")
    assert reachable(tree, [SetProperty(path, "p", cells(5))]) is right
    (tmp_path / "b.dts").write_text(text)
    subprocess.run([tool("dtc"), "-q", "-o", "b.dtb", "b.dts"], cwd=tmp_path, check=True)
    done = subprocess.run(
        [tool("fdtget"), "b.dtb", path, "n"], cwd=tmp_path, check=True, capture_output=True
    )
    assert (done.stdout == b"2\n") is (right and "x: a" not in body)
