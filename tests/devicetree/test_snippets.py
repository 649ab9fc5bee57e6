"""Every construct of the language, against what it means by hand and against dtc."""

import subprocess
from pathlib import Path

import pytest
from dts_snippets import FILE, SNIPPETS, Snippet, nodes_of

from scmigen.devicetree.flatten import flatten
from scmigen.devicetree.source import read_source
from scmigen.diagnostics import InputError


def names(snippets: tuple[Snippet, ...]) -> list[str]:
    return [snippet.name for snippet in snippets]


@pytest.mark.parametrize("snippet", SNIPPETS, ids=names(SNIPPETS))
def test_a_snippet_means_what_it_says(snippet: Snippet) -> None:
    if snippet.nodes is None:
        with pytest.raises(InputError) as raised:
            read_source(snippet.text, str(FILE))
        assert all(item.position is not None for item in raised.value.diagnostics)
    else:
        found = nodes_of(read_source(snippet.text, str(FILE)))
        assert found == snippet.nodes
        # Dictionaries compare without order; a DTB has one.
        assert list(found) == list(snippet.nodes)
        assert [list(p) for p in found.values()] == [list(p) for p in snippet.nodes.values()]


def test_against_dtc(tool) -> None:
    """dtc takes what we take, refuses what we refuse, and makes the same bytes."""
    dtc = tool("dtc")
    different = []
    for snippet in SNIPPETS:
        if not snippet.dtc:
            continue
        done = subprocess.run(
            [dtc, "-q", "-O", "dtb", "-i", str(FILE.parent)],
            input=snippet.text.encode(),
            capture_output=True,
            check=False,
        )
        try:
            ours = flatten(read_source(snippet.text, str(FILE)))
        except InputError:
            ours = None
        if ours != (done.stdout if done.returncode == 0 else None):
            different.append((snippet.name, done.stderr.decode()))
    assert different == []


def test_reservations() -> None:
    text = "/dts-v1/; /memreserve/ 0x10 (1 + 1); l: /memreserve/ 1 2; / { };"
    assert read_source(text, "a.dts").memory_reservations == ((16, 2), (1, 2))


def test_labels_lead_to_nodes() -> None:
    tree = read_source("/dts-v1/; / { a: b: c { }; }; &a { d: e { }; }; f: &b { };", "a.dts")
    assert {label: node.path for label, node in tree.labels.items()} == {
        "a": "/c",
        "b": "/c",
        "f": "/c",
        "d": "/c/e",
    }


def test_references_stay_known() -> None:
    tree = read_source('/dts-v1/; / { p = "x", <1 &l>, &l; l: a { }; };', "a.dts")
    references = tree.root.properties["p"].references
    assert [(r.offset, r.target, r.is_path) for r in references] == [
        (6, "l", False),
        (10, "l", True),
    ]


def test_cut_numbers_are_told() -> None:
    tree = read_source("/dts-v1/;\n/ {\n\tp = <0x1ffffffff>;\n};", "a.dts")
    assert tree.root.properties["p"].value == b"\xff\xff\xff\xff"
    (warning,) = tree.warnings
    assert str(warning.position) == "a.dts:3:7"
    assert "32 bits" in warning.message


class TestPlaces:
    TEXT = """/dts-v1/;
/ {
	l: a {
		x = <1>;
		y;
	};
};
# 41 "b.dtsi" 1

&l { x =
  <2>; };
"""

    def test_last_definition(self) -> None:
        node = read_source(self.TEXT, "a.dts").node("/a")
        assert node is not None
        assert str(node.position) == "b.dtsi:42:1"
        assert str(node.properties["x"].position) == "b.dtsi:42:6"
        assert str(node.properties["y"].position) == "a.dts:5:3"

    def test_all_definitions(self) -> None:
        node = read_source(self.TEXT, "a.dts").node("/a")
        assert node is not None
        assert [str(p) for p in node.places] == ["b.dtsi:42:1", "a.dts:3:2"]
        assert [str(p) for p in node.properties["x"].places] == ["b.dtsi:42:6", "a.dts:4:3"]


class TestIncludes:
    def test_an_included_file_is_read_in_place(self, tmp_path: Path) -> None:
        (tmp_path / "a.dts").write_text('/include/ "b.dtsi"\n/ { p = /include/ "v" , <2>; };')
        (tmp_path / "b.dtsi").write_text("/dts-v1/;\n")
        (tmp_path / "inc").mkdir()
        (tmp_path / "inc" / "v").write_text("\n  <1>")
        path = tmp_path / "a.dts"
        tree = read_source(path.read_text(), str(path), [tmp_path / "inc"])
        assert tree.root.properties["p"].value == bytes((0, 0, 0, 1, 0, 0, 0, 2))
        assert [Path(name).name for name in tree.files] == ["a.dts", "b.dtsi", "v"]

    def test_positions_return_to_the_including_file(self, tmp_path: Path) -> None:
        (tmp_path / "b").write_text("x;\n\n y;")
        path = tmp_path / "a.dts"
        path.write_text('/dts-v1/;\n/ { /include/ "b"\n  z; };')
        tree = read_source(path.read_text(), str(path))
        places = {n: p.position for n, p in tree.root.properties.items()}
        assert [(Path(p.file).name, p.line, p.column) for p in places.values()] == [
            ("b", 1, 1),
            ("b", 3, 2),
            ("a.dts", 3, 3),
        ]

    def test_a_loop_ends(self, tmp_path: Path) -> None:
        path = tmp_path / "a.dts"
        path.write_text('/include/ "a.dts"\n/include/ "a.dts"')
        with pytest.raises(InputError, match="nested too deeply"):
            read_source(path.read_text(), str(path))

    def test_incbin_takes_bytes_of_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "data").write_bytes(bytes(range(10)))
        text = '/dts-v1/; / { p = /incbin/("data"), <1>; q = /incbin/("data", 2, (1 + 2)); };'
        tree = read_source(text, str(tmp_path / "a.dts"))
        assert tree.root.properties["p"].value == bytes(range(10)) + b"\0\0\0\1"
        assert tree.root.properties["q"].value == b"\2\3\4"
        assert str(tmp_path / "data") in tree.files
