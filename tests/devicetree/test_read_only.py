"""A tree cannot be changed once a reader has made it."""

from collections.abc import Callable, Iterator
from dataclasses import FrozenInstanceError

import pytest

from scmigen.devicetree.blob import read_blob
from scmigen.devicetree.flatten import flatten
from scmigen.devicetree.nodes import Property
from scmigen.devicetree.overlay import lay_over
from scmigen.devicetree.source import read_source
from scmigen.devicetree.tree import DeviceTree

SOURCE = """/dts-v1/;
/ {
    aliases { serial0 = &uart; };
    uart: serial@1000 { clocks = <1>; status = "okay"; };
};
&uart { clocks = <2>; };
"""
OVERLAY = '/dts-v1/; /plugin/; &uart { status = "disabled"; fan { }; };'


def from_source() -> DeviceTree:
    return read_source(SOURCE, "a.dts", symbols=True)


def from_blob() -> DeviceTree:
    return read_blob(flatten(from_source()), "a.dtb")


def with_overlay() -> DeviceTree:
    return lay_over(from_source(), [read_source(OVERLAY, "b.dts", symbols=True)])


every_reader = pytest.mark.parametrize("read", [from_source, from_blob, with_overlay])


def writes(tree: DeviceTree) -> Iterator[tuple[str, Callable[[], object]]]:
    """Ways to change a tree, none of which may work."""
    node = tree.node("/serial@1000")
    assert node is not None
    item = node.properties["clocks"]
    for thing, names in (
        (tree, ("root", "files", "labels", "warnings", "nodes")),
        (node, ("name", "parent", "properties", "children", "labels", "_place", "path")),
        (item, ("name", "value", "labels", "references", "earlier")),
    ):
        for name in names:
            kind = type(thing).__name__
            yield f"{kind}.{name} =", lambda t=thing, n=name: setattr(t, n, None)
            yield f"del {kind}.{name}", lambda t=thing, n=name: delattr(t, n)
    for name, mapping in (
        ("properties", node.properties),
        ("children", tree.root.children),
        ("children of a leaf", node.children),
        ("labels of the tree", tree.labels),
        ("label_of", tree.label_of),
        ("aliases", tree.aliases),
        ("alias_of", tree.alias_of),
    ):
        yield f"{name}[…] =", lambda m=mapping: m.__setitem__("x", item)
        yield f"{name}.pop", lambda m=mapping: m.pop("x", None)
        yield f"{name}.update", lambda m=mapping: m.update(x=item)
    yield "labels of a node", lambda: node.labels.append("x")
    yield "nodes", lambda: tree.nodes.append(node)


def is_refused(write: Callable[[], object]) -> bool:
    try:
        write()
    except (AttributeError, TypeError, FrozenInstanceError):
        return True
    return False


@every_reader
def test_every_attempt_to_write_raises(read: Callable[[], DeviceTree]) -> None:
    tree = read()
    before = flatten(tree)
    assert [what for what, write in writes(tree) if not is_refused(write)] == []
    assert flatten(tree) == before


@every_reader
def test_every_node_and_property_is_read_only(read: Callable[[], DeviceTree]) -> None:
    for node in read().nodes:
        with pytest.raises(AttributeError, match="read-only"):
            node.name = "x"
        for item in node.properties.values():
            assert type(item) is Property


def test_an_overlay_changes_neither_tree() -> None:
    base, above = from_source(), read_source(OVERLAY, "b.dts", symbols=True)
    before = flatten(base), flatten(above)
    once = flatten(lay_over(base, [above]))
    assert (flatten(base), flatten(above)) == before
    assert flatten(lay_over(base, [above])) == once
