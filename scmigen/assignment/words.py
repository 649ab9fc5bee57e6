"""Hints for words that a user got nearly right."""

from collections.abc import Collection
from difflib import get_close_matches


def did_you_mean(word: str, known: Collection[str]) -> str | None:
    """A hint with the nearest known words, or with all of them where there are few."""
    near = get_close_matches(word, known, 3)
    if near:
        return "did you mean " + " or ".join(near) + "?"
    return "one of: " + ", ".join(sorted(known)) if 0 < len(known) <= 12 else None
