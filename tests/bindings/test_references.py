"""Lists of phandles with specifiers: the algorithm that dtc, edtlib and Linux share."""

import pytest
from support import BOARD, inventory_of, marked, tree_of

from scmigen.bindings.references import References
from scmigen.devicetree.source import read_source
from scmigen.diagnostics import Diagnostic

PROVIDERS = """
    zero: zero { #clock-cells = <0>; phandle = <10>; };
    one: one { #clock-cells = <1>; phandle = <11>; };
    two: two { #clock-cells = <2>; phandle = <12>; };
    none: none { phandle = <13>; };
    many: many { #clock-cells = <17>; phandle = <14>; };
    most: most { #clock-cells = <16>; phandle = <15>; };
"""


def read(value: str) -> tuple[list[tuple[int, str, tuple[int, ...]]], list[Diagnostic]]:
    tree = tree_of(PROVIDERS + f"d {{ clocks = {value}; }};")
    node = tree.node("/d")
    assert node is not None
    references = References(tree)
    found = references.of(node, "clocks")
    problems = list(references.problems({node}))
    return [(entry.index, entry.provider.name, entry.cells) for entry in found], problems


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("<&zero>", [(0, "zero", ())]),
        ("<&one 7>", [(0, "one", (7,))]),
        ("<&two 7 8>, <&zero>", [(0, "two", (7, 8)), (1, "zero", ())]),
        # The borders between <> mean nothing.
        ("<&one>, <7 &zero>", [(0, "one", (7,)), (1, "zero", ())]),
        # Empty slots keep their index: a phandle of 0 or of 0xffffffff, without cells.
        ("<0>, <&one 7>", [(1, "one", (7,))]),
        ("<0xffffffff>, <&one 7>", [(1, "one", (7,))]),
        ("<&one 7>, <0>, <0>, <&two 1 2>", [(0, "one", (7,)), (3, "two", (1, 2))]),
        ("<0>, <0>", []),
        # A cell of a specifier is no phandle, whatever it looks like.
        ("<&one 0>, <&one 0xffffffff>", [(0, "one", (0,)), (1, "one", (0xFFFFFFFF,))]),
        ("<&one 99>", [(0, "one", (99,))]),
        # As many as Linux takes (MAX_PHANDLE_ARGS).
        ("<&most 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15>", [(0, "most", tuple(range(16)))]),
        ("[]", []),
    ],
)
def test_entries(value: str, expected: list[tuple[int, str, tuple[int, ...]]]) -> None:
    assert read(value) == (expected, [])


@pytest.mark.parametrize(
    ("value", "before", "identifier", "message"),
    [
        (
            "<&one 7>, <99 1>",
            ["one"],
            "phandle-dangling",
            "/d: cell 2 of clocks is 0x63, which is not the phandle of any node",
        ),
        # The cell behind an entry that is complete: dtc says "cell 2 is not a phandle reference".
        (
            "<&one 7 5>",
            ["one"],
            "phandle-dangling",
            "/d: cell 2 of clocks is 0x5, which is not the phandle of any node",
        ),
        (
            "<0>, <&none 1>",
            [],
            "cells-missing",
            "/d: entry 1 of clocks refers to /none, which has no #clock-cells",
        ),
        (
            "<&many 1>",
            [],
            "cells-missing",
            "/d: entry 0 of clocks refers to /many, which says #clock-cells = <17>",
        ),
        (
            "<&zero>, <&two 7>",
            ["zero"],
            "specifier-short",
            "/d: entry 1 of clocks refers to /two, whose specifiers have 2 cells, but 1 follows",
        ),
        (
            "<&one>",
            [],
            "specifier-short",
            "/d: entry 0 of clocks refers to /one, whose specifiers have 1 cell, but 0 follow",
        ),
        ("[00 00 00 0a 00]", [], "specifier-short", "/d: clocks has 5 bytes, which is not a whole"),
        (
            '"zero"',
            [],
            "specifier-short",
            "/d: clocks has 5 bytes, which is not a whole number of cells",
        ),
    ],
)
def test_what_is_wrong(value: str, before: list[str], identifier: str, message: str) -> None:
    """What stands before the bad entry is kept; what follows cannot be told apart."""
    found, problems = read(value)
    assert [name for _, name, _ in found] == before
    assert [(p.id, p.severity.word) for p in problems] == [(identifier, "error")]
    assert problems[0].message.startswith(message)
    assert problems[0].hint


@pytest.mark.parametrize(
    "prop",
    [
        "clocks",
        "assigned-clocks",
        "power-domains",
        "resets",
        "performance-domains",
        "thermal-sensors",
        "io-channels",
        "vdd-supply",
        "operating-points-v2",
        "qcom,freq-domain",
        "access-controllers",
    ],
)
def test_every_property_is_checked(prop: str) -> None:
    """dtc does not look at most of these; here each is an error, once."""
    problems = inventory_of(f"d {{ {prop} = <99>; }};").diagnostics
    assert [(p.id, p.severity.word) for p in problems] == [("phandle-dangling", "error")]
    assert f"of {prop} is 0x63" in problems[0].message


@pytest.mark.parametrize("prop", ["shmem", "mboxes"])
@pytest.mark.parametrize("where", ["", "protocol@13 { reg = <0x13>; "])
def test_the_channels_of_scmi_are_checked(prop: str, where: str) -> None:
    """Of the node, and of a protocol with a channel of its own."""
    close = " };" if where else ""
    body = f'scmi {{ compatible = "arm,scmi"; {where}{prop} = <99>;{close} }};'
    problems = inventory_of(body).diagnostics
    assert [(p.id, p.severity.word) for p in problems] == [("phandle-dangling", "error")]


def test_assigned_parents_are_checked() -> None:
    body = "c: c { #clock-cells = <0>; }; d { assigned-clocks = <&c>; %s = <99>; };"
    problems = inventory_of(body % "assigned-clock-parents").diagnostics
    assert [p.id for p in problems] == ["phandle-dangling"]


def test_disabled_consumers_are_not_checked() -> None:
    assert not inventory_of('d { clocks = <99>; status = "disabled"; };').diagnostics


POSITION = """\
/dts-v1/;
/ {
	one: clock@1 { #clock-cells = <1>; };
	device@2 {
		reg = <2>; clocks = <&one 1>,
			<^&one>;
	};
};
"""

OVERRIDDEN = """\
/dts-v1/;
/ {
	one: clock@1 { #clock-cells = <1>; };
	d: device@2 { clocks = <&one 1>; };
};
&d {
	clocks = <^&one>;
};
"""


@pytest.mark.parametrize("text", [POSITION, OVERRIDDEN], ids=["defined", "overridden"])
def test_the_position_is_that_of_the_entry_in_the_last_definition(text: str) -> None:
    text, where = marked(text, BOARD)
    tree = read_source(text, BOARD)
    node = tree.node("/device@2")
    assert node is not None
    problem = References(tree).list_of(node, "clocks").problem
    assert problem is not None
    assert problem.position == where


@pytest.mark.parametrize(
    ("value", "count"),
    [("<&one 7>, <0>, <&zero>", 3), ("<0>", 1), ("[]", 0), ("<&one 1>, <99>", 1)],
    ids=["an empty slot", "only an empty slot", "no entry", "before a bad entry"],
)
def test_entries_are_counted_with_the_empty_slots(value: str, count: int) -> None:
    tree = tree_of(PROVIDERS + f"d {{ clocks = {value}; }};")
    node = tree.node("/d")
    assert node is not None
    assert References(tree).list_of(node, "clocks").count == count


def test_an_error_is_told_once_whoever_reads_the_list() -> None:
    references = References(tree_of(PROVIDERS + "d { clocks = <99>; }; e { clocks = <98>; };"))
    nodes = [node for node in references.tree.nodes if node.name in ("d", "e")]
    for node in (*nodes, *nodes):
        references.of(node, "clocks")
    assert [p.message[:2] for p in references.problems(nodes)] == ["/d", "/e"]
    assert [p.message[:2] for p in references.problems(nodes[1:])] == ["/e"]


def test_an_error_of_a_disabled_node_is_not_told() -> None:
    body = PROVIDERS + 'd { clocks = <99>; status = "disabled"; }; e { clocks = <98>; };'
    assert [p.message[:2] for p in inventory_of(body).diagnostics] == ["/e"]
