"""Patterns do what compiled expressions do, and are compiled when they are used."""

import re
from enum import Enum

import pytest

from scmigen.patterns import pattern

TEXT = "one, two"


@pytest.mark.parametrize("flags", [0, re.ASCII, re.VERBOSE])
def test_methods_are_those_of_the_compiled_expression(flags: int) -> None:
    made, expected = pattern(r"(?P<word>\w+)", flags), re.compile(r"(?P<word>\w+)", flags)
    assert made.pattern == expected.pattern
    assert made.findall(TEXT) == expected.findall(TEXT)
    assert made.sub("x", TEXT) == expected.sub("x", TEXT)
    assert made.groupindex == expected.groupindex
    assert str(made.match(TEXT)) == str(expected.match(TEXT))
    with pytest.raises(AttributeError):
        made.missing  # type: ignore[attr-defined] # noqa: B018


def test_a_pattern_is_compiled_when_it_is_used() -> None:
    wrong = pattern("(")
    with pytest.raises(re.error):
        wrong.match("")


def test_a_pattern_of_bytes() -> None:
    assert pattern(rb"[ab]+").fullmatch(b"abba")


def test_members_of_enumerations() -> None:
    class Words(Enum):
        ONE = pattern(r"\w+")

    assert Words.ONE.value.match(TEXT)
