"""The tree as data."""

from scmigen.devicetree.drafts import DraftNode
from scmigen.devicetree.nodes import Property
from scmigen.devicetree.source import read_source
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Position


def test_a_path_at_any_depth() -> None:
    node = root = DraftNode("")
    for _ in range(20_000):
        node.children["a"] = node = DraftNode("a", node)
    assert node.path == "/a" * 20_000
    assert root.path == "/"
    assert node.parent is not None
    assert node.parent.path == "/a" * 19_999
    assert len(DeviceTree(root, "a").nodes) == 20_001


def test_paths_below_a_known_path() -> None:
    root = DraftNode("")
    a = DraftNode("a", root)
    assert a.path == "/a"
    assert DraftNode("c", DraftNode("b@1", a)).path == "/a/b@1/c"


def test_positions_can_be_given() -> None:
    place = Position("a.dts", 1, 2)
    assert Property("p", b"", place).position == place
    assert Property("p", b"", place).places == (place,)
    assert Property("p").position is None
    assert Property("p").places == ()
    node = DraftNode("a", None, place)
    assert (node.position, node.places) == (place, (place,))
    later = Position("b.dts", 3, 4)
    node.add_place(later)
    assert (node.position, node.places) == (later, (later, place))


def test_files_of_a_tree() -> None:
    assert DeviceTree(DraftNode(""), "a.dts").files == ("a.dts",)
    assert read_source("/dts-v1/; / { };", "b.dts").files == ("b.dts",)


def test_overlays_say_so() -> None:
    assert read_source("/dts-v1/; /plugin/; / { };", "a.dts").is_overlay
    assert not read_source("/dts-v1/; / { };", "a.dts").is_overlay


def test_aliases_and_phandles() -> None:
    tree = read_source(
        '/dts-v1/; / { aliases { serial0 = &u; none = "/x"; }; u: uart@1 { n = <&u>; }; };', "a"
    )
    node = tree.node("/uart@1")
    assert tree.aliases == {"serial0": node}
    assert tree.by_phandle(1) is node
    assert tree.by_phandle(2) is None
