"""How checks count things and agree with them."""

import pytest

from scmigen.assignment.assignment import Agent
from scmigen.checks.words import depends
from scmigen.diagnostics import counted
from scmigen.runtime import Role


@pytest.mark.parametrize(
    ("number", "words", "said"),
    [
        (0, ("byte",), "0 bytes"),
        (1, ("byte",), "1 byte"),
        (2, ("byte",), "2 bytes"),
        (1, ("entry", "entries"), "1 entry"),
        (3, ("entry", "entries"), "3 entries"),
    ],
)
def test_one_is_told_from_many(number: int, words: tuple[str, ...], said: str) -> None:
    assert counted(number, *words) == said


def test_agents_agree_with_their_verb() -> None:
    linux, vm1 = (Agent(at, name, Role.VM) for at, name in enumerate(("linux", "vm1"), 1))
    assert depends([linux]) == "linux depends"
    assert depends([linux, vm1]) == "linux and vm1 depend"
    assert depends([vm1, None]) == "vm1 and the platform depend"
