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
TOKENS = """/dts-v1/; /plugin/; / { }; ; { } < > [ ] ( ) , = & &l &{/a} l: a@0 0 09 1 'c' ' " \\
/* */ // /bits/ 8 /delete-node/ /delete-property/ /omit-if-no-ref/ /memreserve/ /include/
/incbin/ # ? : << 1ULL 0xffffffffffffffffff (1/0) \0 é \u2028 \x1c"""
WORDS = TOKENS.split()


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


def damaged_text(random: Random, text: str, other: str) -> str:
    """The text after a few changes: words, characters, splices, cuts."""
    for _ in range(random.choice((0, 1, 1, 1, 2, 5))):
        at = random.randint(0, len(text))
        end = min(len(text), at + random.choice((0, 1, 1, 3, 20, 200)))
        start = random.randint(0, len(other))
        new = random.choice(
            (
                "",
                random.choice(WORDS),
                f" {random.choice(WORDS)} ",
                chr(random.choice((0, 9, 10, 32, 47, 123, 125, 0xE9, 0x10FFFF))),
                other[start : start + random.randint(1, 200)],
                text[at:end] * random.randint(2, 20),
            )
        )
        text = text[:at] + new + text[end:]
    return text if random.random() < 0.95 else text[: random.randint(0, len(text))]


def damaged_bytes(random: Random, data: bytes, other: bytes) -> bytes:
    """The bytes after a few changes: bits, words, splices, cuts."""
    blob = bytearray(data)
    for _ in range(random.choice((0, 1, 1, 1, 2, 5))):
        at = random.randrange(max(1, len(blob)))
        kind = random.randrange(5)
        if kind == 0:
            blob[at : at + 1] = bytes((random.randrange(256),))
        elif kind == 1:
            number = random.choice((0, 1, 2, 3, 4, 9, 0xFF, 1 << 31, (1 << 32) - 1, len(blob)))
            blob[at // 4 * 4 : at // 4 * 4 + 4] = number.to_bytes(4, "big")
        elif kind == 2:
            # The header decides where everything else is looked for.
            head = random.randrange(10) * 4
            blob[head : head + 4] = random.randrange(2 * len(data)).to_bytes(4, "big")
        elif kind == 3:
            start = random.randrange(len(other)) // 4 * 4
            blob[at // 4 * 4 : at // 4 * 4] = other[start : start + 4 * random.randint(1, 30)]
        else:
            del blob[at // 4 * 4 : at // 4 * 4 + 4 * random.randint(1, 8)]
    return bytes(blob if random.random() < 0.95 else blob[: random.randint(0, len(blob))])


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


def test_damage(texts: list[str], blobs: list[bytes]) -> None:
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
