"""Blobs: the layout of the specification, and nothing in a blob is trusted."""

import subprocess
from struct import pack, pack_into

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scmigen.devicetree.blob import read_blob
from scmigen.devicetree.drafts import DraftNode
from scmigen.devicetree.flatten import flatten
from scmigen.devicetree.nodes import Property
from scmigen.devicetree.source import read_source
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import InputError

TEXT = """/dts-v1/;
/memreserve/ 0x1000 0x2000;
/ { compatible = "a"; cpus { cpu@3 { reg = <3>; }; }; n { able; x = [00]; }; };
"""


@pytest.fixture
def blob() -> bytes:
    return flatten(read_source(TEXT, "a.dts"))


def test_layout_by_hand() -> None:
    """A header, an empty reservation, one node with one property, and its name."""
    node = DraftNode("")
    node.properties["p"] = Property("p", b"\1\2\3\4\5")
    structure = pack(">I", 1) + bytes(4) + pack(">3I", 3, 5, 0) + b"\1\2\3\4\5\0\0\0"
    structure += pack(">2I", 2, 9)
    total = 40 + 16 + len(structure) + 2
    header = pack(">10I", 0xD00DFEED, total, 56, total - 2, 40, 17, 16, 7, 2, len(structure))
    assert flatten(DeviceTree(node, "a"), boot_cpu=7) == header + bytes(16) + structure + b"p\0"


def test_names_share_their_ends() -> None:
    tree = read_source("/dts-v1/; / { disable; able; x; disable-x; };", "a.dts")
    assert flatten(tree).endswith(b"\0\0\0\x09disable\0x\0disable-x\0")


@pytest.mark.parametrize(
    ("options", "ours"),
    [
        (["-b", "5"], {"boot_cpu": 5}),
        (["-S", "1000"], {"size": 1000}),
        (["-S", "10"], {"size": 10}),
        (["-p", "30"], {"padding": 30}),
        ([], {}),
    ],
    ids=["boot cpu", "larger size", "smaller size", "padding", "none"],
)
def test_options_are_those_of_dtc(tool, options: list[str], ours: dict[str, int]) -> None:
    done = subprocess.run(
        [tool("dtc"), "-q", "-O", "dtb", *options],
        input=TEXT.encode(),
        capture_output=True,
        check=True,
    )
    assert flatten(read_source(TEXT, "a.dts"), **ours) == done.stdout


def test_what_is_in_it(blob: bytes) -> None:
    tree = read_blob(blob, "a.dtb")
    assert tree.memory_reservations == ((0x1000, 0x2000),)
    assert tree.boot_cpu == 3
    assert [node.path for node in tree.nodes] == ["/", "/cpus", "/cpus/cpu@3", "/n"]
    node = tree.node("/n")
    assert node is not None
    assert [(p.name, p.value) for p in node.properties.values()] == [("able", b""), ("x", b"\0")]


def test_padding_behind_the_blob_is_ignored(blob: bytes) -> None:
    assert len(read_blob(blob + bytes(100), "a.dtb").nodes) == 4


def at(offset: int, value: int):
    """Changes one word of the blob."""

    def change(blob: bytearray) -> None:
        pack_into(">I", blob, offset, value)

    return change


STRUCTURE = 40 + 32


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (at(0, 0), "no devicetree header"),
        (at(4, 1 << 30), "but the file has"),
        (at(4, 60), "exceeds"),
        (at(8, 0xFFFFFFFC), "structure block exceeds"),
        (at(8, 73), "aligned"),
        (at(12, 0xFFFFFFF0), "strings block exceeds"),
        (at(16, 0xFFFFFFF8), "not terminated"),
        (at(16, 41), "aligned"),
        (at(20, 3), "version 3"),
        (at(20, 99), "version 99"),
        (at(24, 99), "compatible with version 99"),
        (at(32, 0xFFFFFFF0), "strings block exceeds"),
        (at(36, 0xFFFFFFF0), "structure block exceeds"),
        (at(36, 8), "not terminated"),
        (at(36, 0), "not terminated"),
        (at(STRUCTURE, 2), "unexpected word"),
        (at(STRUCTURE, 9), "unexpected word"),
        (at(STRUCTURE, 0x1234), "unexpected word 0x1234"),
        (at(STRUCTURE + 12, 0x7FFFFFFF), "exceeds the structure block"),
        (at(STRUCTURE + 16, 0x7FFFFFFF), "outside of the strings block"),
    ],
    ids=[
        "no magic number",
        "total size beyond the file",
        "total size within the blocks",
        "structure outside",
        "structure not aligned",
        "strings outside",
        "reservations outside",
        "reservations not aligned",
        "old version",
        "future version",
        "compatible with a future version",
        "strings too long",
        "structure too long",
        "structure cut",
        "no structure",
        "no root",
        "ends at once",
        "unknown word",
        "value too long",
        "name outside",
    ],
)
def test_a_damaged_blob_is_one_error(blob: bytes, change, message: str) -> None:
    damaged = bytearray(blob)
    change(damaged)
    with pytest.raises(InputError) as raised:
        read_blob(bytes(damaged), "a.dtb")
    (found,) = raised.value.diagnostics
    assert found.id == "dtb-malformed"
    assert message in found.message


def made(structure: bytes, strings: bytes = b"p\0") -> bytes:
    total = 56 + len(structure) + len(strings)
    header = pack(
        ">10I", 0xD00DFEED, total, 56, 56 + len(structure), 40, 17, 16, 0, len(strings),
        len(structure),
    )  # fmt: skip
    return header + bytes(16) + structure + strings


BEGIN, END, DONE = b"\0\0\0\1", b"\0\0\0\2", b"\0\0\0\x09"
ROOT = BEGIN + bytes(4)
PROPERTY = pack(">3I", 3, 0, 0)


@pytest.mark.parametrize(
    ("structure", "message"),
    [
        (ROOT + (BEGIN + b"a\0\0\0") * 65 + END * 66 + DONE, "deeper than 64"),
        (ROOT + (BEGIN + b"a\0\0\0") * 100000, "deeper than 64"),
        (ROOT + (BEGIN + b"a\0\0\0" + END) * 2 + END + DONE, "appears twice"),
        (ROOT + PROPERTY * 2 + END + DONE, "appears twice"),
        (ROOT + BEGIN + b"a/b\0" + END + END + DONE, "has the name 'a/b'"),
        (ROOT + BEGIN + bytes(4) + END + END + DONE, "has the name ''"),
        (ROOT + BEGIN + b"\xff\xff\xff\0" + END + END + DONE, "is not a valid name"),
        (ROOT + BEGIN + b"a" * 400, "a name is not terminated"),
        (ROOT + END + ROOT + END + DONE, "unexpected word"),
        (ROOT + END + END + DONE, "unexpected word"),
        (ROOT + END, "not terminated"),
        (ROOT + DONE, "unexpected word"),
        (ROOT + pack(">2I", 3, 0), "unexpected word 0x3"),
    ],
    ids=[
        "65 levels",
        "100000 levels",
        "node twice",
        "property twice",
        "slash in a name",
        "empty name",
        "name not ASCII",
        "name without an end",
        "two roots",
        "one node closed twice",
        "no end",
        "root left open",
        "property cut",
    ],
)
def test_a_structure_block_that_is_no_tree_is_an_error(structure: bytes, message: str) -> None:
    with pytest.raises(InputError) as raised:
        read_blob(made(structure), "a.dtb")
    (found,) = raised.value.diagnostics
    assert found.id == "dtb-malformed"
    assert message in found.message


def test_nops_mean_nothing() -> None:
    nop = pack(">I", 4)
    structure = nop + ROOT + nop + PROPERTY + nop + END + nop + DONE
    assert list(read_blob(made(structure), "a.dtb").root.properties) == ["p"]


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_bytes(data: bytes) -> None:
    reads_or_refuses(data)
    reads_or_refuses(made(data))
    reads_or_refuses(made(ROOT + data + END + DONE, data))


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_any_damage(data: st.DataObject) -> None:
    blob = bytearray(flatten(read_source(TEXT, "a.dts")))
    for _ in range(data.draw(st.integers(1, 4))):
        blob[data.draw(st.integers(0, len(blob) - 1))] = data.draw(st.integers(0, 255))
    reads_or_refuses(bytes(blob[: data.draw(st.integers(0, len(blob)))]))
    reads_or_refuses(bytes(blob))


def reads_or_refuses(data: bytes) -> None:
    try:
        tree = read_blob(data, "a.dtb")
    except InputError as problem:
        identifiers = [item.id for item in problem.diagnostics]
    else:
        # What was read can be written, and reads the same.
        again = read_blob(flatten(tree), "a.dtb")
        assert [n.path for n in again.nodes] == [n.path for n in tree.nodes]
        return
    assert identifiers == ["dtb-malformed"]


#: The characters that dtc's checks.c takes in names (NODECHARS, PROPCHARS); @ once, behind a name.
LETTERS = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
IN_NODES, IN_PROPERTIES = LETTERS + b",._+-@", LETTERS + b",._+*#?-"


def padded(name: bytes) -> bytes:
    return name + bytes(4 - len(name) % 4)


def with_nodes(*names: bytes) -> bytes:
    return made(ROOT + b"".join(BEGIN + padded(name) + END for name in names) + END + DONE)


def with_properties(*names: bytes) -> bytes:
    structure, strings = ROOT, b""
    for name in names:
        structure += pack(">3I", 3, 0, len(strings))
        strings += name + b"\0"
    return made(structure + END + DONE, strings)


@pytest.mark.parametrize(
    ("blob_of", "taken"),
    [
        pytest.param(with_nodes, IN_NODES, id="nodes"),
        pytest.param(with_properties, IN_PROPERTIES, id="properties"),
    ],
)
def test_characters_of_names_are_those_of_dtc(tool, blob_of, taken: bytes) -> None:
    names = {bytes((b"a"[0], c, b"b"[0])): c in taken for c in range(1, 256)}
    for name, is_taken in names.items():
        try:
            read_blob(blob_of(name), "a.dtb")
        except InputError as problem:
            (found,) = problem.diagnostics
            assert not is_taken, name
            assert found.message.isprintable()
        else:
            assert is_taken, name
    dtc = [tool("dtc"), "-q", "-I", "dtb", "-O", "dtb"]
    good = blob_of(*(name for name, is_taken in names.items() if is_taken))
    subprocess.run(dtc, input=good, capture_output=True, check=True)
    # All that is bad is an error each: dtc finds them in one run.
    bad = [name for name, is_taken in names.items() if not is_taken]
    done = subprocess.run(dtc, input=blob_of(*bad), capture_output=True)
    assert done.returncode
    assert done.stderr.count(b": Bad character ") == len(bad)


@pytest.mark.parametrize("name", [b"@", b"@0", b"a@0@1", b"a@@"])
def test_an_address_follows_a_name_and_is_one(name: bytes) -> None:
    """dtc's node_name_not_empty (1.8) and node_name_format."""
    with pytest.raises(InputError):
        read_blob(with_nodes(name), "a.dtb")


def test_the_root_has_no_name() -> None:
    with pytest.raises(InputError) as raised:
        read_blob(made(BEGIN + b"abc\0" + END + DONE), "a.dtb")
    assert "the root has the name 'abc'" in raised.value.diagnostics[0].message


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        pytest.param((0x78, 0x77), "/b has the phandle 0x77, which is that of /a", id="twice"),
        pytest.param((0x78, 0), "0x0 of /b is not a phandle", id="none"),
        pytest.param((0x7A, 0x7B), "phandle and linux,phandle of /c differ", id="two of one node"),
    ],
)
def test_phandles_that_a_source_may_not_have_are_told(
    changed: tuple[int, int], message: str
) -> None:
    text = "/dts-v1/; / { a { phandle = <0x77>; }; b { phandle = <0x78>; };"
    text += "c { phandle = <0x7a>; linux,phandle = <0x7a>; }; };"
    data = flatten(read_source(text, "board.dts"))
    assert read_blob(data, "board.dtb").warnings == ()
    before, after = (pack(">I", number) for number in changed)
    at = data.rindex(before)
    damaged = data[:at] + after + data[at + 4 :]
    (found,) = read_blob(damaged, "board.dtb").warnings
    assert (found.id, found.severity.word, found.message) == ("dts-phandle", "warning", message)
