"""Readable text: what it looks like, and that it means the same."""

import pytest
from dts_snippets import FILE, SNIPPETS

from scmigen.devicetree.blob import read_blob
from scmigen.devicetree.flatten import flatten
from scmigen.devicetree.source import read_source
from scmigen.devicetree.text import to_text

SOURCE = """/dts-v1/;
/memreserve/ 0x10 0x20;
/ {
model = "a", "b";
s: soc { clocks = <&c 1>, <2>; link = &c; mac = [00 11 22]; c: clock@0 { on; text = "a\\"\\n"; }; };
};
"""
EXPECTED = """/dts-v1/;

/memreserve/ 0x0000000000000010 0x0000000000000020;
/ {
\tmodel = "a", "b";

\ts: soc {
\t\tclocks = <&c 0x1 0x2>;
\t\tlink = "/soc/clock@0";
\t\tmac = [00 11 22];

\t\tc: clock@0 {
\t\t\ton;
\t\t\ttext = "a\\"\\n";
\t\t\tphandle = <0x1>;
\t\t};
\t};
};
"""


def test_as_written_by_hand() -> None:
    assert to_text(read_source(SOURCE, "a.dts")) == EXPECTED


def test_means_the_same() -> None:
    for snippet in SNIPPETS:
        if snippet.nodes is not None:
            tree = read_source(snippet.text, str(FILE))
            assert flatten(read_source(to_text(tree), "a.dts")) == flatten(tree), snippet.name


OVERLAY = """/dts-v1/;
/plugin/;

/ {

\tfragment@0 {
\t\ttarget = <&uart>;

\t\t__overlay__ {
\t\t\tclocks = <&clk 0x1 &own 0x2>;
\t\t\tlink = <&{/fragment@0/__overlay__/b}>;

\t\t\town: a {
\t\t\t\tphandle = <0x1>;
\t\t\t};

\t\t\tb {
\t\t\t\tphandle = <0x2>;
\t\t\t};
\t\t};
\t};
"""


@pytest.mark.parametrize("through_blob", [False, True])
def test_an_overlay_refers_to_labels(through_blob: bool) -> None:
    """Those of the tree below, too; a blob tells them by its fixups."""
    source = """/dts-v1/; /plugin/; &uart {
        clocks = <&clk 1>, <&own 2>; link = <&{/fragment@0/__overlay__/b}>; own: a { }; b { }; };"""
    tree = read_source(source, "a.dts", symbols=True)
    blob = flatten(tree)
    text = to_text(read_blob(blob, "a.dtbo") if through_blob else tree)
    assert text.startswith(OVERLAY)
    assert flatten(read_source(text, "again.dts")) == blob
