"""Words of messages: hints for misspelt ones. Numbers in ranges, as they are read and written."""

from collections.abc import Collection, Iterable

from scmigen.patterns import pattern

#: A number of an element or resource, and several of them, as files have them.
_NUMBER = r"0[xX][0-9a-fA-F]{1,4}|[0-9]{1,5}"
_SPAN = pattern(rf"({_NUMBER})(?:\s*-\s*({_NUMBER}))?")
NUMBERS = rf"({_NUMBER})(\s*-\s*({_NUMBER}))?(\s*,\s*({_NUMBER})(\s*-\s*({_NUMBER}))?)*"


def did_you_mean(word: str, known: Collection[str]) -> str | None:
    """A hint with similar known words, or with all known words if there are few."""
    from difflib import get_close_matches  # only where a word is wrong

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


def read_span(text: str) -> tuple[int, int] | None:
    """The first and last number of ``3``, ``0-7`` or ``0x10 - 0x1f``; None where it is neither.

    Whether they ascend is up to the caller.
    """
    found = _SPAN.fullmatch(text)
    if found is None:
        return None
    first = _value(found[1])
    return first, first if found[2] is None else _value(found[2])


def _value(digits: str) -> int:
    return int(digits, 16 if digits[:2].lower() == "0x" else 10)


def whole_number(text: str) -> int | None:
    """The number in a text, decimal or with 0x before it."""
    try:
        return int(text.replace("_", ""), 0)
    except ValueError:
        return None
