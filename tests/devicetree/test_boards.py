"""The real boards: our DTB is dtc's, byte for byte, and both forms read to one tree."""

from pathlib import Path

import pytest

from scmigen.devicetree.blob import read_blob
from scmigen.devicetree.flatten import flatten
from scmigen.devicetree.load import load
from scmigen.devicetree.preprocess import preprocess_with, preprocess_with_pcpp
from scmigen.devicetree.source import read_source
from scmigen.devicetree.text import to_text
from scmigen.devicetree.tree import DeviceTree

BOARDS = 24
UNPREPROCESSED = (
    ("juno-scmi", "arm"),
    ("stm32mp257f-ev1", "st"),
    ("imx95-19x19-evk", "freescale"),
)


@pytest.fixture(scope="module")
def boards(corpus: Path) -> list[Path]:
    found = sorted(corpus.glob("*.dts"))
    assert len(found) == BOARDS
    return found


@pytest.fixture(scope="module")
def trees(boards: list[Path]) -> dict[Path, DeviceTree]:
    return {path: load(path) for path in boards}


def content(tree: DeviceTree) -> list[tuple[str, list[tuple[str, bytes]]]]:
    return [(n.path, [(p.name, p.value) for p in n.properties.values()]) for n in tree.nodes]


def test_bytes_are_those_of_dtc(trees: dict[Path, DeviceTree]) -> None:
    for path, tree in trees.items():
        assert flatten(tree, boot_cpu=0) == path.with_suffix(".dtb").read_bytes(), path.name


def test_bytes_with_symbols_are_those_of_dtc(boards: list[Path]) -> None:
    for path in boards:
        tree = load(path, symbols=True)
        expected = path.with_suffix(".symbols.dtb").read_bytes()
        assert flatten(tree, boot_cpu=0) == expected, path.name


def test_both_forms_read_to_the_same_tree(trees: dict[Path, DeviceTree]) -> None:
    for path, tree in trees.items():
        blob = load(path.with_suffix(".dtb"))
        assert content(blob) == content(tree), path.name
        assert blob.memory_reservations == tree.memory_reservations


def test_symbols_name_the_labels(boards: list[Path]) -> None:
    for path in boards:
        source = load(path, symbols=True)
        blob = load(path.with_suffix(".symbols.dtb"))
        assert {label: node.path for label, node in blob.labels.items()} == {
            label: node.path for label, node in source.labels.items()
        }, path.name


def test_a_blob_is_written_as_it_was_read(boards: list[Path]) -> None:
    for path in boards:
        data = path.with_suffix(".dtb").read_bytes()
        assert flatten(read_blob(data, path.name)) == data, path.name


def test_text_of_a_blob_compiles_to_the_blob(boards: list[Path]) -> None:
    for path in boards:
        data = path.with_suffix(".symbols.dtb").read_bytes()
        tree = read_source(to_text(read_blob(data, path.name)), path.name)
        assert flatten(tree, boot_cpu=0) == data, path.name


def test_text_of_a_source_compiles_to_its_blob(trees: dict[Path, DeviceTree]) -> None:
    for path, tree in trees.items():
        again = read_source(to_text(tree), path.name)
        assert flatten(again, boot_cpu=0) == path.with_suffix(".dtb").read_bytes(), path.name


def test_positions_are_where_the_name_stands(trees: dict[Path, DeviceTree]) -> None:
    """A preprocessed board's positions, checked against the text with its markers undone."""
    path, tree = next((p, t) for p, t in trees.items() if p.stem == "imx8mp-evk")
    lines: dict[tuple[str, int], str] = {}
    file, number = path.name, 0
    for line in path.read_text().split("\n"):
        if line.startswith("# "):
            _, following, rest = line.split(" ", 2)
            file, number = rest.split('"')[1], int(following)
        else:
            lines[file, number] = line
            number += 1
    checked = 0
    for node in tree.nodes:
        for item in node.properties.values():
            for place in item.places:
                written = lines[place.file, place.line][place.column - 1 :]
                assert written.startswith(item.name), (place, written)
                checked += 1
    assert checked > 1500


@pytest.mark.parametrize(("board", "vendor"), UNPREPROCESSED)
@pytest.mark.parametrize("program", ["cpp", "gcc", "clang", "pcpp"])
def test_unpreprocessed(corpus: Path, tool, board: str, vendor: str, program: str) -> None:
    sources = corpus / "tree" / "src" / "arm64"
    path = sources / vendor / f"{board}.dts"
    include_dirs = [corpus / "tree" / "include", sources / vendor, corpus / "tree" / "src", sources]
    if program == "pcpp":
        made = preprocess_with_pcpp(path, include_dirs, ())
    else:
        command = [tool(program), *([] if program == "cpp" else ["-E"])]
        made = preprocess_with(command, path, include_dirs, ())
    tree = read_source(made.text, str(path), include_dirs)
    assert flatten(tree, boot_cpu=0) == (corpus / f"{board}.dtb").read_bytes()
    assert str(path) == made.dependencies[0]
    assert any(name.endswith("arm-gic.h") for name in made.dependencies)


def test_load_preprocesses_by_itself(corpus: Path) -> None:
    sources = corpus / "tree" / "src" / "arm64"
    tree = load(sources / "arm" / "juno-scmi.dts", [corpus / "tree" / "include", sources / "arm"])
    assert flatten(tree, boot_cpu=0) == (corpus / "juno-scmi.dtb").read_bytes()
    assert any(name.endswith("juno-base.dtsi") for name in tree.files)
    scmi = tree.node("/firmware/scmi")
    assert scmi is not None
    assert scmi.position is not None
    assert scmi.position.file.endswith("juno-scmi.dtsi")
