"""SCMI names: unique, short enough, and the same from a DTS and from its DTB."""

from pathlib import Path

import pytest
from support import model_of, soc, soc_model

import scmigen
from scmigen.model.naming import unique
from scmigen.scmi.protocols import Kind


def names(body: str, kind: Kind = Kind.CLOCK) -> list[tuple[str, str]]:
    return [(r.name, r.short_name) for r in soc_model(body).platforms[0].resources[kind]]


NAMES = [
    # What the provider says …
    (
        'c: c { #clock-cells = <1>; clock-output-names = "pll", "gate"; }; d { clocks = <&c 1>; };',
        "gate",
    ),
    # … else the first consumer, by its alias or node name, and what it calls the clock.
    ("uart@1000 { clocks = <&cc 1>; };", "uart-1000"),
    ('uart@1000 { clocks = <&cc 1>; clock-names = "apb"; };', "uart-1000-apb"),
    ('aliases { serial0 = "/uart@1000"; }; uart@1000 { clocks = <&cc 1>; };', "serial0"),
    ("b { clocks = <&cc 1>; }; a { clocks = <&cc 1>; };", "a"),
    ('b { clocks = <&cc 1>; clock-names = "x"; }; a { clocks = <&cc 1>; };', "b-x"),
    # Characters that do not belong into a name.
    (
        'c: c { #clock-cells = <1>; clock-output-names = "a b/\\"c\\""; }; d { clocks = <&c 0>; };',
        "a-b-c",
    ),
    ('c: c { #clock-cells = <1>; clock-output-names = " "; }; d { clocks = <&c 0>; };', "d"),
]


@pytest.mark.parametrize(("body", "name"), NAMES)
def test_name(body: str, name: str) -> None:
    assert [full for full, _ in names(body)] == [name]


def test_equal_names_are_told_apart_by_their_numbers() -> None:
    assert names("d { clocks = <&cc 1>, <&cc 5>, <&cc 9>; };") == [
        ("d", "d"), ("d~1", "d~1"), ("d~2", "d~2"),
    ]  # fmt: skip


LENGTHS = [
    # Full name, number → at most 63 and at most 15 characters.
    ("a" * 15, 7, "a" * 15, "a" * 15),
    ("a" * 16, 7, "a" * 16, "a" * 13 + "~7"),
    ("a" * 63, 1234, "a" * 63, "a" * 10 + "~1234"),
    ("a" * 64, 1234, "a" * 58 + "~1234", "a" * 10 + "~1234"),
    ("a" * 500, 65535, "a" * 57 + "~65535", "a" * 9 + "~65535"),
]


@pytest.mark.parametrize(("wanted", "number", "full", "short"), LENGTHS)
def test_lengths(wanted: str, number: int, full: str, short: str) -> None:
    assert unique([(number, wanted)], {}) == {number: (full, short)}


def test_names_given_before_stay() -> None:
    assert unique([(0, "a"), (2, "b")], {1: "a", 2: "old"}) == {
        0: ("a~0", "a~0"), 1: ("a", "a"), 2: ("old", "old"),
    }  # fmt: skip


def test_a_name_that_looks_like_another_ones_number() -> None:
    found = unique([(0, "a~2"), (1, "a"), (2, "a")], {})
    assert len({full for full, _ in found.values()}) == 3
    assert len({short for _, short in found.values()}) == 3


def test_short_names_that_meet() -> None:
    found = unique([(1, "a" * 13 + "~2"), (2, "a" * 20)], {})
    assert len({short for _, short in found.values()}) == 2


@pytest.mark.parametrize(
    "name", ["imx8mp-evk", "stm32mp157c-dk2-scmi", "sm8550-mtp", "rk3588-rock-5b"]
)
def test_the_same_from_source_and_blob(name: str, corpus: Path) -> None:
    """Names, numbers and devices, with labels, with the labels of -@, and without any."""
    found = []
    for form in ("dts", "dtb", "symbols.dtb"):
        (platform,) = scmigen.compile(corpus / f"{name}.{form}").model.platforms
        found.append(
            (
                [
                    (r.key, r.number, r.name, r.short_name)
                    for resources in platform.resources.values()
                    for r in resources
                ],
                [(d.node.path, d.number) for d in platform.devices],
            )
        )
    assert found[0] == found[1] == found[2]
    assert found[0][0]


def test_names_are_unique_and_fit_on_every_board(corpus: Path) -> None:
    for path in sorted(corpus.glob("*.symbols.dtb")):
        for platform in scmigen.compile(path).model.platforms:
            for resources in platform.resources.values():
                full = [r.name for r in resources]
                short = [r.short_name for r in resources]
                assert len(set(full)) == len(full), path
                assert len(set(short)) == len(short), path
                assert all(0 < len(name) <= 63 for name in full)
                assert all(0 < len(name) <= 15 for name in short)


def test_labels_do_not_matter() -> None:
    body = "%s: d { clocks = <&cc 1>; };"
    first = model_of(soc(body % "aa")).platforms[0].resources
    second = model_of(soc(body % "zz")).platforms[0].resources
    assert [r.name for r in first[Kind.CLOCK]] == [r.name for r in second[Kind.CLOCK]]
