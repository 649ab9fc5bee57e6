"""Hints for misspelt words."""

from collections.abc import Collection
from difflib import get_close_matches


def did_you_mean(word: str, known: Collection[str]) -> str | None:
    """A hint with similar known words, or with all known words if there are few."""
    near = get_close_matches(word, known, 3)
    if near:
        return "did you mean " + " or ".join(near) + "?"
    return "one of: " + ", ".join(sorted(known)) if 0 < len(known) <= 12 else None
