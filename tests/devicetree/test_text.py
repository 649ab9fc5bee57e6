"""Readable text: what it looks like, and that it means the same."""

from devicetree.dts_snippets import FILE, SNIPPETS

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
