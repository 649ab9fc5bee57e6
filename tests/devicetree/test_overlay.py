"""Overlays laid over a tree: what changes, where it comes from, what ``fdtoverlay`` makes of it."""

import subprocess
from pathlib import Path
from struct import pack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scmigen.devicetree.blob import read_blob
from scmigen.devicetree.flatten import flatten
from scmigen.devicetree.load import load_board
from scmigen.devicetree.overlay import lay_over
from scmigen.devicetree.source import read_source
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import InputError

BASE = """/dts-v1/;
/ {
	aliases { bus = "/soc"; };
	clk: clock { #clock-cells = <1>; };
	soc: soc {
		status = "okay";
		uart: serial@1000 { reg = <0x1000>; clocks = <&clk 1>; };
		timer@2000 { reg = <0x2000>; };
	};
};
"""
OVERLAY = """/dts-v1/;
/plugin/;
&uart { clocks = <&clk 7>; status = "disabled"; };
&{/soc} {
	first { };
	pwm: pwm@3000 { clocks = <&clk 3>; #pwm-cells = <2>; fan { pwms = <&pwm 0 5>; }; };
};
"""


def tree(text: str, name: str = "a.dts") -> DeviceTree:
    return read_source(text, name, symbols=True)


def laid(*overlays: str, base: str = BASE) -> DeviceTree:
    above = [tree(text, f"overlay{n}.dts") for n, text in enumerate(overlays)]
    return lay_over(tree(base, "base.dts"), above)


def problem(*overlays: str, base: str = BASE) -> tuple[str, str, str]:
    with pytest.raises(InputError) as raised:
        laid(*overlays, base=base)
    (found,) = raised.value.diagnostics
    return found.id, str(found.position), f"{found.message} / {found.hint}"


def test_by_hand() -> None:
    """New things come first; references lead where they should in the whole."""
    whole = laid(OVERLAY)
    clock, uart, pwm = (whole.node(p) for p in ("/clock", "/soc/serial@1000", "/soc/pwm@3000"))
    assert clock is not None
    assert uart is not None
    assert pwm is not None
    assert list(uart.properties) == ["status", "reg", "clocks", "phandle"]
    assert uart.cells("clocks") == (clock.phandle, 7)
    assert uart.string("status") == "disabled"
    soc = whole.node("/soc")
    assert soc is not None
    assert list(soc.children) == ["pwm@3000", "first", "serial@1000", "timer@2000"]
    assert pwm.cells("clocks") == (clock.phandle, 3)
    assert pwm.children["fan"].cells("pwms") == (pwm.phandle, 0, 5)
    assert not whole.is_overlay


def test_phandles_stay_unique() -> None:
    numbers = [node.phandle for node in laid(OVERLAY).nodes if node.phandle is not None]
    assert len(numbers) == len(set(numbers)) == 4


def test_labels_of_an_overlay_are_there_for_the_next() -> None:
    whole = laid(OVERLAY, "/dts-v1/; /plugin/; &pwm { x = <&pwm>; };")
    assert whole.labels["pwm"].path == "/soc/pwm@3000"
    assert whole.labels["pwm"].cells("x") == (whole.labels["pwm"].phandle,)


def test_places_lead_to_both_files() -> None:
    uart = laid(OVERLAY).node("/soc/serial@1000")
    assert uart is not None
    assert [str(place) for place in uart.places] == ["overlay0.dts:3:1", "base.dts:7:3"]
    assert [str(place) for place in uart.properties["clocks"].places] == [
        "overlay0.dts:3:9",
        "base.dts:7:39",
    ]


def test_a_node_of_both_keeps_the_phandle_of_the_base() -> None:
    """Otherwise the references of the base would lead nowhere."""
    overlay = "/dts-v1/; /plugin/; &{/} { own: clock { }; user { clocks = <&own 2>; }; };"
    whole = laid(overlay)
    clock = whole.node("/clock")
    assert clock is not None
    assert whole.node("/soc/serial@1000").cells("clocks") == (clock.phandle, 1)  # type: ignore[union-attr]
    assert whole.node("/user").cells("clocks") == (clock.phandle, 2)  # type: ignore[union-attr]


def test_a_target_may_be_named_by_alias() -> None:
    overlay = '/dts-v1/; / { fragment@0 { target-path = "bus"; __overlay__ { x; }; }; };'
    assert "x" in laid(overlay).node("/soc")  # type: ignore[operator]


@pytest.mark.parametrize(
    ("overlay", "identifier", "place", "words"),
    [
        (
            "&usrt { x; };",
            "overlay-label",
            "overlay0.dts:3:1",
            "did you mean &uart?",
        ),
        ("&{/soc} {\n  a = <&other>; };", "overlay-label", "overlay0.dts:4:3", "another board"),
        ("&{/nothing} { };", "overlay-target", "overlay0.dts:3:1", "no node /nothing"),
    ],
    ids=[
        "label of a fragment",
        "label in a value",
        "path of a fragment",
    ],
)
def test_what_the_base_does_not_have(overlay: str, identifier: str, place: str, words: str) -> None:
    found = problem(f"/dts-v1/;\n/plugin/;\n{overlay}")
    assert found[:2] == (identifier, place)
    assert words in found[2]


def test_a_base_without_symbols() -> None:
    base = read_source(BASE, "base.dts")
    with pytest.raises(InputError) as raised:
        lay_over(base, [tree("/dts-v1/; /plugin/; &uart { };")])
    assert "-@" in (raised.value.diagnostics[0].hint or "")


def test_a_tree_without_fragments_is_not_an_overlay() -> None:
    assert problem(BASE)[0] == "overlay-malformed"


def test_the_board_comes_first() -> None:
    assert problem(BASE, base=OVERLAY)[0] == "overlay-base"


def test_a_result_that_nests_too_deep_is_an_error() -> None:
    deep = "/dts-v1/; / {" + "a {" * 60 + "l: b {" + "};" * 62
    overlay = "/dts-v1/; /plugin/; &l {" + "a {" * 30 + "};" * 31
    assert "deeper than 64" in problem(overlay, base=deep)[2]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ('__fixups__ { uart = "/fragment@0"; };', "entry"),
        ('__fixups__ { uart = "/fragment@0:target:"; };', "entry"),
        ('__fixups__ { uart = "/fragment@0:target:99999999999999"; };', "entry"),
        ('__fixups__ { uart = "/fragment@0:target:1"; };', "does not exist"),
        ('__fixups__ { uart = "/fragment@7:target:0"; };', "does not exist"),
        ("__local_fixups__ { fragment@0 { target = <1>; }; };", "does not exist"),
        ("__local_fixups__ { fragment@0 { nothing = <0>; }; };", "does not exist"),
        ("__local_fixups__ { nothing { }; };", "does not exist"),
        ("n { phandle = <0xfffffffe>; };", "too large"),
        ('__symbols__ { x = "y"; };', "no path"),
        ('__symbols__ { x = "/gone/__overlay__/y"; };', "not name a fragment"),
    ],
    ids=[
        "fixup without property",
        "fixup without offset",
        "fixup offset of 14 digits",
        "fixup not aligned",
        "fixup of an unknown fragment",
        "local fixup beyond the value",
        "local fixup of an unknown property",
        "local fixup of an unknown node",
        "phandle at the limit",
        "symbol without a path",
        "symbol of an unknown fragment",
    ],
)
def test_a_damaged_overlay_is_told(damage: str, words: str) -> None:
    overlay = f"/dts-v1/; / {{ fragment@0 {{ target = <1>; __overlay__ {{ }}; }}; {damage} }};"
    assert words in problem(overlay)[2]


HEAD = "/dts-v1/; /plugin/; "
CASES = {
    "one": [OVERLAY],
    "two": [OVERLAY, HEAD + '&pwm { x = <&uart &pwm>; y = "z"; a { b { }; }; };'],
    "a name without its address": [HEAD + "&soc { serial { new; }; timer { new; }; };"],
    "twice the same target": [HEAD + "&soc { a; b; c { }; }; &soc { d; a = <1>; e { }; };"],
    "no labels": [HEAD + "&{/soc/timer@2000} { status; };"],
    "own phandles": [HEAD + "&soc { n: n { p = <1 &n>, <&uart>; }; m { p = <&n>; }; };"],
}


@pytest.mark.parametrize("overlays", CASES.values(), ids=CASES)
@pytest.mark.parametrize("form", ["dts", "dtb"])
def test_against_fdtoverlay(tool, tmp_path: Path, overlays: list[str], form: str) -> None:
    """The same nodes and properties in the same order; names are stored in our own order."""
    paths = []
    for number, text in enumerate([BASE, *overlays]):
        (tmp_path / f"{number}.dts").write_text(text)
        (tmp_path / f"{number}.dtb").write_bytes(flatten(tree(text)))
        paths.append(tmp_path / f"{number}.dtb")
    made = tmp_path / "made.dtb"
    subprocess.run(
        [tool("fdtoverlay"), "-i", paths[0], "-o", made, *paths[1:]], check=True, timeout=60
    )
    board, *above = (path.with_suffix(f".{form}") for path in paths)
    assert flatten(load_board(board, above)) == flatten(read_blob(made.read_bytes(), "made"))


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_any_damage(data: st.DataObject) -> None:
    """A damaged overlay is laid over the base or refused."""
    blob = bytearray(flatten(tree(OVERLAY)))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(14, len(blob) // 4 - 1)) * 4
        blob[at : at + 4] = pack(">I", data.draw(st.integers(0, 9) | st.integers(0, 0xFFFFFFFF)))
    try:
        flatten(lay_over(tree(BASE), [read_blob(bytes(blob), "a.dtbo")]))
    except InputError as found:
        refused = [item for item in found.diagnostics if item.position is not None]
    else:
        return
    assert refused
