"""Suggestions for misspelt names: hints of diagnostics."""

from collections.abc import Iterable
from difflib import get_close_matches
from itertools import islice

from scmigen.devicetree.sourcetext import SourceText

#: How like a macro a name must be to be told, of 1: many names of macros are much alike.
LIKE_A_MACRO = 0.85

#: The most words, and the longest, that a name is compared with.
MAX_WORDS = 10_000
MAX_LENGTH = 100


def nearest(word: str, words: Iterable[str], before: str = "", likeness: float = 0.6) -> str | None:
    """A question whether another word is meant, prefixed with ``before``."""
    if len(word) > MAX_LENGTH:
        return None
    known = (other for other in islice(words, MAX_WORDS) if len(other) <= MAX_LENGTH)
    near = get_close_matches(word, known, 1, likeness)
    return f"did you mean {before}{near[0]}?" if near else None


def in_value(name: str, source: SourceText) -> str | None:
    """What may be meant by a name among cells: a label without &, or a macro much like it."""
    if name in source.labels:
        return f"did you mean &{name}?"
    return nearest(name, source.macros, likeness=LIKE_A_MACRO)
