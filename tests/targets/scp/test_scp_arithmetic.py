"""Expressions of C that are the same, and those that are not; the numbers are a compiler's."""

from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import pytest
from targets.scp.scp_build import run

from scmigen.targets.scp.arithmetic import canonical
from scmigen.targets.scp.expressions import known_value

NAMES = {"BASE": 0x4400_0000, "ONE": 1}
NUMBERS = (
    "7", "0x1F", "010", "1U << 3", "(1 << 4) - 1", "BASE + 0x100", "0x100 + BASE", "2 * 3 + 4",
    "4 + 3 * 2", "(4 + 3) * 2", "10 - 2 - 3", "10 - (2 - 3)", "100 / 7 * 7", "-ONE + 3",
    "0xF0 & 0x3C | 3", "3 | 0x3C & 0xF0", "1 + 2 << 3", "+5", "ONE << 2 >> 1", "8/2/2", "- - 4",
)  # fmt: skip


def test_numbers_are_those_of_c(tool: Callable[[str], str], tmp_path: Path) -> None:
    source = tmp_path / "numbers.c"
    names = "".join(f"#define {name} {value}\n" for name, value in NAMES.items())
    lines = "".join(f'    printf("%lld\\n", (long long)({text}));\n' for text in NUMBERS)
    source.write_text(f"#include <stdio.h>\n{names}int main(void)\n{{\n{lines}    return 0;\n}}\n")
    done = run([tool("gcc"), str(source), "-o", str(tmp_path / "numbers")])
    assert not done.stderr
    wanted = [int(line) for line in run([str(tmp_path / "numbers")]).stdout.split()]
    assert [canonical(text, NAMES) for text in NUMBERS] == wanted


SAME = (
    ("A + 1", "1 + A", "(A)+1", "1 + (A)", "2 + A - 1", "A + UINT32_C(1)"),
    ("A * (B + 2)", "(2 + B) * A"),
    ("A | B | C", "C | (B | A)", "(A | C) | B"),
    ("F(A, 1 + B)", "F( A , B + 1 )"),
    ("A - B", "-B + A"),
    ("A & 7", "7 & A", "A & (3 | 4)"),
    ("A->b", "A -> b"),
)


@pytest.mark.parametrize("texts", SAME)
def test_the_order_of_operands_does_not_matter(texts: tuple[str, ...]) -> None:
    if "->" in texts[0]:
        texts = tuple(text.replace(" ", "") for text in texts)
    assert len({known_value(text) for text in texts}) == 1


DIFFERENT = (
    "A + 1", "A - 1", "1 - A", "A * 2", "A << 1", "1 << A", "A + B", "A - B", "B - A", "A | B",
    "A & B", "A / B", "B / A", "F(A, B)", "F(B, A)", "F(A)", "~A", "A * (B + 1)", "A * B + 1",
    "(A + 1) * (B + 1)", "A", "B", "~0", "4294967295", "A +", "(A", "0xFFFFFFFF + 1", "089",
)  # fmt: skip


def test_others_are_not_the_same() -> None:
    found = {text: known_value(text) for text in DIFFERENT}
    assert [pair for pair in combinations(DIFFERENT, 2) if found[pair[0]] == found[pair[1]]] == []


@pytest.mark.parametrize("text", ["(" * 5000 + "1", "-" * 5000 + "1", "1+" * 5000 + "1"])
def test_what_is_not_understood_stays_as_it_is(text: str) -> None:
    assert known_value(text) == text
