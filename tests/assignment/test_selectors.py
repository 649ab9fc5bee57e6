"""How a user names nodes: label, path, name, alias, pattern."""

from pathlib import Path

import pytest
from support import tree_of

from scmigen.assignment.select import Selector
from scmigen.devicetree.load import load

BODY = """
    aliases { serial0 = "/soc/serial@2"; uart = "/soc/serial@3"; };
    soc { gpu: gpu@1 { }; uart: serial@2 { }; serial@3 { }; can@4 { }; can { };
          i2c@5 { temp@4c { }; }; };
    fw { temp@4c { }; };
"""

FOUND = [
    ("&gpu", True, ["/soc/gpu@1"]),
    ("/soc/gpu@1", True, ["/soc/gpu@1"]),
    ("/", True, ["/"]),
    # A bare word: node name, then label, then alias.
    ("gpu@1", True, ["/soc/gpu@1"]),
    ("gpu", True, ["/soc/gpu@1"]),
    ("serial@3", True, ["/soc/serial@3"]),
    ("uart", True, ["/soc/serial@2"]),
    ("serial0", True, ["/soc/serial@2"]),
    # Patterns match names, or paths where they begin with a slash.
    ("serial@*", False, ["/soc/serial@2", "/soc/serial@3"]),
    ("*an*", False, ["/soc/can@4", "/soc/can"]),
    ("serial@[!3]", False, ["/soc/serial@2"]),
    ("can@?", False, ["/soc/can@4"]),
    ("/soc/can*", False, ["/soc/can@4", "/soc/can"]),
    ("/*/temp*", False, ["/soc/i2c@5/temp@4c", "/fw/temp@4c"]),
    ("Serial@*", False, []),
    ("[", False, []),
]


@pytest.mark.parametrize(("text", "exact", "paths"), FOUND)
def test_selector(text: str, exact: bool, paths: list[str]) -> None:
    found = Selector(tree_of(BODY)).select(text)
    assert (found.problem, found.exact) == (None, exact)
    assert [node.path for node in found.nodes] == paths


@pytest.mark.parametrize(
    ("text", "problem", "hint"),
    [
        ("&gqu", "no label &gqu", "did you mean &gpu?"),
        ("/soc/gpu@2", "no node /soc/gpu@2", "/soc/gpu@1"),
        ("temp", "2 nodes are named temp", "name one: /soc/i2c@5/temp@4c, /fw/temp@4c"),
        ("temp@4c", "2 nodes are named temp@4c", "name one: /soc/i2c@5/temp@4c, /fw/temp@4c"),
        ("serial", "2 nodes are named serial", "/soc/serial@2, /soc/serial@3"),
        ("&", "no label &", "one of: &gpu, &uart"),
    ],
)
def test_what_is_not_there_or_not_clear(text: str, problem: str, hint: str) -> None:
    found = Selector(tree_of(BODY)).select(text)
    assert not found.nodes
    assert found.problem == problem
    assert hint in str(found.hint)


def test_labels_in_a_blob(corpus: Path) -> None:
    """A DTB has labels only where dtc was told to keep them."""
    found = Selector(load(corpus / "juno-scmi.dtb")).select("&gpu")
    assert found.problem == "no label &gpu"
    assert "a DTB keeps them only with dtc -@" in str(found.hint)
    found = Selector(load(corpus / "juno-scmi.symbols.dtb")).select("&gpu")
    assert [node.path for node in found.nodes] == ["/gpu@2d000000"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("&gpu 12", ("/soc/gpu@1", (12,))),
        ("&gpu", ("/soc/gpu@1", ())),
        ("  /soc/gpu@1   0x10 7 ", ("/soc/gpu@1", (16, 7))),
    ],
)
def test_resources(text: str, expected: tuple[str, tuple[int, ...]]) -> None:
    found, cells = Selector(tree_of(BODY)).resource(text)
    assert found.problem is None
    assert ([node.path for node in found.nodes], cells) == ([expected[0]], expected[1])


@pytest.mark.parametrize(
    ("text", "problem", "hint"),
    [
        (
            "&gpu x",
            "x is neither a 32-bit number nor a macro of this board's files",
            "a DTB has none",
        ),
        ("&gpu 1 1.5", "1.5 is neither", "write the number"),
        ("&gpu -1", "-1 is neither", "write the number"),
        ("&gpu 0x100000000", "0x100000000 is neither", "write the number"),
        ("&gqu x", "no label &gqu", "did you mean &gpu?"),
        (" ", "' ' names no resource", 'write "&provider 12"'),
    ],
)
def test_what_is_no_resource(text: str, problem: str, hint: str) -> None:
    found, cells = Selector(tree_of(BODY)).resource(text)
    assert (found.nodes, cells) == ((), ())
    assert problem in str(found.problem)
    assert hint in str(found.hint)
