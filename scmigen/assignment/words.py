"""Words of messages: hints for misspelt ones, numbers in ranges."""

from collections.abc import Collection, Iterable
from difflib import get_close_matches


def did_you_mean(word: str, known: Collection[str]) -> str | None:
    """A hint with similar known words, or with all known words if there are few."""
    near = get_close_matches(word, known, 3)
    if near:
        return "did you mean " + " or ".join(near) + "?"
    return "one of: " + ", ".join(sorted(known)) if 0 < len(known) <= 12 else None


def spans(numbers: Iterable[int]) -> str:
    """``3, 5-7``: ascending numbers, runs abbreviated."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1][1:] = [number]
        else:
            runs.append([number])
    return ", ".join("-".join(map(str, run)) for run in runs)
