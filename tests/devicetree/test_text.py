"""Readable text: what it looks like, and that it means the same."""

import os
import subprocess
from random import Random

import pytest
from damage import damaged_bytes
from dts_snippets import FILE, SNIPPETS
from patience import PATIENCE
from support import SOC as CONTROLLERS
from support import source

from scmigen.devicetree.blob import read_blob
from scmigen.devicetree.drafts import DraftNode
from scmigen.devicetree.flatten import flatten
from scmigen.devicetree.nodes import Property
from scmigen.devicetree.source import read_source
from scmigen.devicetree.text import checked_text, to_text
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import InputError, Position

#: Damaged blobs; SCMIGEN_FUZZ=100000 runs that many.
CASES = int(os.environ.get("SCMIGEN_FUZZ", "200"))
#: Text that means something to a reader of DTS, a terminal, a page or a shell.
HOSTILE = (
    b'a = /incbin/("/etc/hostname"); b',
    b'/include/ "/etc/hostname"',
    b"x; }; / { y",
    b"/* ", b"*/", b"// ", b"#include", b"#pragma", b"#define", b"&label", b"l: n",
    b"\x1b]0;t\x07", b"\n::error::", b"\r", b"\x9b2J", b"\xe2\x80\xae", b"\xff\xfe",
    b"</script>", b"`", b"|", b"$(x)", b"{{7*7}}", b"@", b"a@0@1", b"\\", b'"', b"??/",
)  # fmt: skip
SOC = source(CONTROLLERS)

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


def test_text_looks_as_if_written_by_hand() -> None:
    assert to_text(read_source(SOURCE, "a.dts")) == EXPECTED


def test_text_compiles_to_the_same_blob() -> None:
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


def blob_with(**changes: bytes) -> DeviceTree:
    """A blob of two nodes, in which some bytes, each as long as its name, are others."""
    text = "/dts-v1/; / { NODE { phandle = <0x11111111>; }; SYMBOL: b { phandle = <2>; NAMED; }; };"
    blob = flatten(read_source(text, "a.dts", symbols=True))
    for old, new in changes.items():
        before = bytes.fromhex("11111111") if old == "PHANDLE" else old.encode()
        assert len(new) == len(before)
        assert before in blob
        blob = blob.replace(before, new)
    return read_blob(blob, "a.dtb")


def test_a_symbol_that_is_not_a_label_is_written_as_a_property_alone(tool) -> None:
    tree = blob_with(SYMBOL=b"SYM-OL")
    text = checked_text(tree)
    assert 'SYM-OL = "/b";' in text
    assert "SYM-OL:" not in text
    assert flatten(read_source(text, "again.dts")) == flatten(tree)
    command = [tool("dtc"), "-q", "-O", "dtb"]
    made = subprocess.run(command, input=text.encode(), capture_output=True, check=True)
    assert made.stdout == flatten(tree)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"PHANDLE": bytes(4)}, "0x0 is not a phandle", id="phandle 0"),
        pytest.param({"PHANDLE": b"\xff" * 4}, "0xffffffff is not a phandle", id="phandle -1"),
        pytest.param({"PHANDLE": b"\0\0\0\2"}, "phandle 0x2 is given twice", id="phandle twice"),
    ],
)
def test_what_a_source_cannot_express_is_an_error(changes: dict[str, bytes], message: str) -> None:
    with pytest.raises(InputError) as raised:
        checked_text(blob_with(**changes))
    found = raised.value.diagnostics[0]
    assert (found.id, found.position) == ("dtb-malformed", Position("a.dtb"))
    assert message in found.message


def test_what_reads_back_as_something_else_is_an_error() -> None:
    """A source drops the property name, which repeats the node's."""
    root = DraftNode("")
    root.children["a"] = DraftNode("a", root)
    root.children["a"].properties["name"] = Property("name", b"a\0")
    tree = read_blob(flatten(DeviceTree(root, "a")), "a.dtb")
    with pytest.raises(InputError) as raised:
        checked_text(tree)
    (found,) = raised.value.diagnostics
    assert found.message == "a source cannot express this: the property name of /a"


def test_damaged_blobs_go_to_text_and_back_or_are_refused(tool) -> None:
    """dtc reads the text as the same blob, whatever names and values the damage made."""
    board = flatten(read_source(SOC, "a.dts", symbols=True))
    counts = {"same": 0, "refused": 0}
    for case in range(CASES):
        random = Random(case)
        data = damaged_names(random, damaged_bytes(random, board, board))
        try:
            tree = read_blob(data, "a.dtb")
            text = checked_text(tree)
        except InputError:
            counts["refused"] += 1
            continue
        assert "incbin" not in text, case
        command = [tool("dtc"), "-q", "-O", "dtb", "-b", str(tree.boot_cpu)]
        # Some versions of dtc look for a free phandle for ever.
        done = subprocess.run(command, input=text.encode(), capture_output=True, timeout=PATIENCE)
        assert done.returncode == 0, (case, done.stderr)
        assert done.stdout == flatten(tree), case
        counts["same"] += 1
    assert min(counts.values()) > CASES / 10


def damaged_names(random: Random, blob: bytes) -> bytes:
    """Text of a hostile name over some of the strings block or a node's name; lengths are kept."""
    if random.random() < 0.5 or len(blob) < 100:
        return blob
    changed = bytearray(blob)
    new = random.choice(HOSTILE)
    at = random.randrange(len(blob) - len(new))
    changed[at : at + len(new)] = new
    return bytes(changed)
