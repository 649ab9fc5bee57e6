"""Patterns are the same under a Python whose possessive groups are wrong."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from scmigen.devicetree.regex import atomic

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        pytest.param("(?:a|bc)*+d", "(?>(?:a|bc)*)d", id="any"),
        pytest.param("x(?:a)++", "x(?>(?:a)+)", id="some"),
        pytest.param("(a)?+", "(?>(a)?)", id="one-that-captures"),
        pytest.param("(?:a){2,}+", "(?>(?:a){2,})", id="a-number"),
        pytest.param("(?:a(?:b)*+)*+", "(?>(?:a(?>(?:b)*))*)", id="nested"),
        pytest.param(r"\((?:\))*+", r"\((?>(?:\))*)", id="escaped"),
        pytest.param("[)*+(]*+[^])*+]", "[)*+(]*+[^])*+]", id="set"),
        pytest.param(r"a*+[\])*+]++(?:b)*(?:b)*?", r"a*+[\])*+]++(?:b)*(?:b)*?", id="none"),
    ],
)
def test_groups_become_atomic(pattern: str, expected: str) -> None:
    assert atomic(pattern) == expected


def test_the_end_of_a_comment_is_found() -> None:
    comment = re.compile(atomic(r"/\*(?:[^*]++|\*(?!/))*+\*/"))
    assert [found[0] for found in comment.finditer("/* a ** b */ c /**/")] == [
        "/* a ** b */",
        "/**/",
    ]


def test_a_board_reads_the_same() -> None:
    program = (
        "import sys\n"
        "from scmigen.devicetree import regex\n"
        "regex._BROKEN = {broken}\n"
        "from scmigen.cli.front import main\n"
        "sys.argv = ['scmigen', 'show', 'resources', 'examples/dts/orrery-board.dts']\n"
        "main()\n"
    )
    told = [
        subprocess.run(
            [sys.executable, "-c", program.format(broken=broken)],
            capture_output=True,
            cwd=ROOT,
            timeout=60,
        )
        for broken in (True, False)
    ]
    assert told[0].stdout == told[1].stdout
    assert [done.returncode for done in told] == [0, 0]
