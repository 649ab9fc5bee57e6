"""Damaged sources, blobs and overlays end in a tree or in diagnostics, whatever the damage.

Every case is made of its number alone. A few hundred run with the other tests; for a long run

    SCMIGEN_FUZZ=100000 python -m pytest tests/devicetree/test_mutations.py

runs that many cases from number 0; SCMIGEN_FUZZ_FROM=N starts at another one.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from damage import damaged_bytes, damaged_text
from dts_snippets import SNIPPETS

from scmigen.devicetree.blob import read_blob
from scmigen.devicetree.flatten import flatten
from scmigen.devicetree.overlay import lay_over
from scmigen.devicetree.source import read_source
from scmigen.devicetree.text import to_text
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import InputError, format_text

CASES = int(os.environ.get("SCMIGEN_FUZZ", "400"))
FIRST = int(os.environ.get("SCMIGEN_FUZZ_FROM", "0"))

#: The longest source that is taken whole, and block of one, in characters; the largest blob.
PIECE, BLOB = 3000, 20_000

BASE = """/dts-v1/;
/ {
	aliases { bus = "/soc"; };
	clk: clock { #clock-cells = <1>; };
	soc: soc { uart: serial@1000 { reg = <0x1000>; clocks = <&clk 1>; }; timer@2000 { }; };
};
"""
OVERLAY = """/dts-v1/;
/plugin/;
&uart { clocks = <&clk 7>; status = "disabled"; };
&{/soc} { pwm: pwm@3000 { clocks = <&clk 3>; fan { pwms = <&pwm 0 5>; }; }; clock { }; };
"""
BLOCK = re.compile(r"^(?:&\S+|/) \{\n(?:.*\n)*?\};\n", re.MULTILINE)


@pytest.fixture(scope="module")
def texts(examples: Path, request: pytest.FixtureRequest) -> list[str]:
    """Sources to damage: every construct, our examples and, where they are, real boards."""
    found = [snippet.text for snippet in SNIPPETS]
    found += [path.read_text() for path in sorted(examples.glob("*.dts*"))]
    shared = examples.parent.parent.parent / "shared" / "corpus"
    if shared.is_dir():
        corpus: Path = request.getfixturevalue("corpus")
        found += [path.read_text() for path in sorted(corpus.glob("*.dts"))]
    return found


@pytest.fixture(scope="module")
def blobs(texts: list[str]) -> list[bytes]:
    found = [flatten(read_source(BASE, "a.dts", symbols=True))]
    for text in texts:
        try:
            found.append(flatten(read_source(text, "a.dts")))
        except InputError:
            continue
    return [blob for blob in found if len(blob) < BLOB]


def piece(random: Random, text: str) -> str:
    """A short source: the text, or some blocks of it as an overlay, whose labels are elsewhere."""
    if len(text) <= PIECE:
        return text
    blocks = random.choices(BLOCK.findall(text) or ["/ { };"], k=random.randint(1, 3))
    return "/dts-v1/;\n/plugin/;\n" + "".join(block for block in blocks if len(block) < PIECE)


def read_text(random: Random, texts: list[str]) -> DeviceTree:
    text = damaged_text(random, piece(random, random.choice(texts)), random.choice(texts))
    tree = read_source(text, "a.dts", symbols=random.random() < 0.3)
    again = read_source(to_text(tree), "again.dts")
    assert [node.path for node in again.nodes] == [node.path for node in tree.nodes]
    return tree


def read_bytes(random: Random, blobs: list[bytes]) -> DeviceTree:
    return read_blob(damaged_bytes(random, random.choice(blobs), random.choice(blobs)), "a.dtb")


def read_overlay(random: Random, blobs: list[bytes]) -> DeviceTree:
    base = read_source(BASE, "base.dts", symbols=True)
    if random.random() < 0.5:
        above = read_source(damaged_text(random, OVERLAY, BASE), "above.dts", symbols=True)
    else:
        blob = flatten(read_source(OVERLAY, "above.dts", symbols=True))
        above = read_blob(damaged_bytes(random, blob, random.choice(blobs)), "above.dtbo")
    return lay_over(base, [above])


def outcome(read: Callable[[], DeviceTree]) -> bool:
    """Whether a tree came of it, and not diagnostics."""
    try:
        tree = read()
    except InputError as problem:
        places = [item.position for item in problem.diagnostics]
        shown = [format_text(item) for item in problem.diagnostics]
    else:
        again = read_blob(flatten(tree), "again.dtb")
        assert [node.path for node in again.nodes] == [node.path for node in tree.nodes]
        return True
    assert places
    assert None not in places
    assert all(len(text) < 10_000 for text in shown)
    return False


def test_damaged_input_ends_in_a_tree_or_in_diagnostics(
    texts: list[str], blobs: list[bytes]
) -> None:
    read = 0
    for number in range(FIRST, FIRST + CASES):
        random = Random(number)
        way, seeds = random.choice(
            ((read_text, texts), (read_text, texts), (read_bytes, blobs), (read_overlay, blobs))
        )
        try:
            read += outcome(lambda way=way, seeds=seeds, random=random: way(random, seeds))
        except Exception as problem:
            pytest.fail(f"case {number}: {type(problem).__name__}: {problem}")
    # Damage that is never, or always, fatal would test little.
    assert 0.05 * CASES < read < 0.95 * CASES
