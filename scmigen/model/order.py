"""The order of names that end in numbers."""

from scmigen.patterns import pattern

_NUMBER = pattern(r"(\d+)")


def natural(text: str) -> list[tuple[int, str]]:
    """Sorts ``agent-2`` before ``agent-10``."""
    parts = _NUMBER.split(text)
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]
