"""Regular expressions whose groups are repeated possessively, ``(?:…)*+``.

Python before 3.11.5 goes on from where the last repetition failed, not from where it began
(https://github.com/python/cpython/issues/106052). The atomic group ``(?>(?:…)*)`` means the same
and is right in all versions.
"""

import re
import sys

from scmigen.patterns import pattern as later

_BROKEN = sys.version_info < (3, 11, 5)

#: An escaped character, a set, a parenthesis with what repeats it, or any other character.
_PART = later(
    r"\\[\s\S]|\[\^?\]?(?:\\[\s\S]|[^\]\\])*\]|\(|\)(?:(?:[*+?]|\{\d+,?\d*\})(?P<keeps>\+)?)?|[\s\S]"
)


def regex(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """`scmigen.patterns.pattern` for patterns with such groups."""
    return later(atomic(pattern) if _BROKEN else pattern, flags)


def atomic(pattern: str) -> str:
    """The pattern with an atomic group for each group that is repeated possessively."""
    parts: list[str] = []
    opened: list[int] = []
    for found in _PART.finditer(pattern):
        part = found[0]
        if part == "(":
            opened.append(len(parts))
        elif part[0] == ")":
            start = opened.pop()
            if found["keeps"]:
                parts[start] = f"(?>{parts[start]}"
                part = f"{part[:-1]})"
        parts.append(part)
    return "".join(parts)
