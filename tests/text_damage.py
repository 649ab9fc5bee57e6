"""Damage for fuzzing: to files of text (agents files, lock files, JSON) and to the data in them.

All of it is made of a `Random` alone, so a case is its number.
"""

import re
from collections.abc import Callable, Sequence
from copy import deepcopy
from random import Random
from typing import Any

_NUMBERS = """0 1 -1 -0 00 010 0x 0x0 0xffffffff 0x100000000 0b1 0o7 1_000 1:30 65535 65536
2147483647 2147483648 4294967295 4294967296 9223372036854775807 9223372036854775808
18446744073709551615 18446744073709551616 1e9 1e400 -1e400 0.1 .5 1. +1 .inf .nan NaN Infinity"""
#: Numbers at which something changes: widths, signs, what is no number for somebody.
BOUNDS = (*_NUMBERS.split(), "9" * 400, "9" * 5000)
#: Characters that look like others, turn text around, end lines or control terminals.
HOSTILE = (
    *("\0", "\a", "\b", "\t", "\v", "\f", "\r", "\r\n", "\n", "\x1b[2J", "\x1c", "\x7f", "\x85"),
    *("\xa0", "\xe9", "e\u0301", "\u200b", "\u2028", "\u2029", "\u202e", "\ufeff", "\ufffe"),
    *("\ud800", "\udfff", "\U0001f600", "\U0010ffff", "\uff11", "\u0660"),
)
#: What has a meaning in one of the formats.
SIGNS = (
    *"{ } [ ] ( ) < > , : ; ' \" # & * ! | % @ ` / \\ = + - ~ ?".split(),  # noqa: SIM905
    *("- ", "? ", ": ", "\\x", "\\u0000", "\\ud800", "<<: ", "<<+: ", "&a ", "*a ", "!!bool x"),
    *("!!python/object:x.y ", "!!binary x", "!!int ", "!!set ", "--- ", "...", "%YAML 9.9\n"),
    *("true", "null", "~", "''", '""', "[]", "{}", "- - -", "|\n", ">\n", "<<<<<<< ours\n"),
)
OPENINGS = ("[", "{", "{a: ", '{"a":', '[{"a":', "(", "- ", "? ", "'", "\n ")
_TOKEN = re.compile(r"[\w.*@&/+~-]+")

#: Words that mean something in a file.
Words = Sequence[str]
Change = Callable[[Random, str, str, Words], str]


def _piece(random: Random, text: str, most: int) -> slice:
    at = random.randint(0, len(text))
    return slice(at, min(len(text), at + random.randint(0, most)))


def _replaced(text: str, where: slice, new: str) -> str:
    return text[: where.start] + new + text[where.stop :]


def _token(random: Random, text: str, other: str, words: Words) -> str:
    """A token becomes another one, a number, or what should be none."""
    found = _TOKEN.search(text, random.randint(0, len(text))) or _TOKEN.search(text)
    where = slice(*found.span()) if found else _piece(random, text, 0)
    old = text[where]
    kind = random.randrange(6)
    new = (
        random.choice(BOUNDS) if kind < 2 else random.choice(words),
        other[_piece(random, other, 12)],
        f"{old} {old}",
        old[: random.randint(0, len(old))] + random.choice(HOSTILE) + old[-1:],
        random.choice(SIGNS),
        old.swapcase(),
    )[random.randrange(6)]
    return _replaced(text, where, new)


def _characters(random: Random, text: str, other: str, words: Words) -> str:
    """Some characters become others, or are gone."""
    pool = (*HOSTILE, *SIGNS, "", " ", random.choice(words), other[_piece(random, other, 200)])
    return _replaced(text, _piece(random, text, random.choice((0, 1, 3, 50))), random.choice(pool))


def _lines(random: Random, text: str, other: str, _: Words) -> str:
    """Lines are repeated, moved, indented, dropped, or come from the other file."""
    lines, others = text.split("\n"), other.split("\n")
    at = random.randrange(len(lines))
    end = at + random.randint(1, 6)
    block = lines[at:end]
    to = random.randrange(len(lines))
    start = random.randrange(len(others))
    kind = random.randrange(7)
    if kind == 0:
        lines[to:to] = block * random.choice((1, 1, 2, 50))
    elif kind == 1:
        del lines[at:end]
    elif kind == 2:
        lines[at:end] = lines[to : to + len(block)]
    elif kind == 3:
        lines[at:end] = [random.choice((" ", "  ", "\t")) + line for line in block]
    elif kind == 4:
        lines[at:end] = [line[random.randint(1, 4) :] for line in block]
    elif kind == 5:
        lines[at:at] = others[start : start + random.randint(1, 8)]
    else:
        random.shuffle(block)
        lines[at:end] = block
    return "\n".join(lines)


def _nesting(random: Random, text: str, _: str, __: Words) -> str:
    """Something opens again and again, and may be closed."""
    depth = random.choice((2, 10, 31, 32, 33, 200, 3000))
    opening = random.choice(OPENINGS)
    closing = "".join({"[": "]", "{": "}", "(": ")"}.get(c, "") for c in reversed(opening))
    at = random.randint(0, len(text))
    return text[:at] + opening * depth + closing * random.choice((0, depth)) + text[at:]


def _cut(random: Random, text: str, other: str, _: Words) -> str:
    """The file ends early, or begins late, or twice."""
    at = random.randint(0, len(text))
    return random.choice((text[:at], text[at:], text[:at] + text, text + other))


_CHANGES: dict[Change, int] = {_token: 40, _characters: 20, _lines: 25, _nesting: 3, _cut: 5}


def damaged_file(random: Random, text: str, other: str, words: Words) -> bytes:
    """The file after a few changes; ``words`` are those that mean something in it."""
    for _ in range(random.choice((0, 1, 1, 1, 2, 3, 6))):
        (change,) = random.choices([*_CHANGES], [*_CHANGES.values()])
        text = change(random, text, other, words)
    data = bytearray(text.encode("utf-8", "surrogatepass"))
    if random.random() < 0.05 and data:
        for _ in range(random.randint(1, 3)):
            data[random.randrange(len(data))] = random.randrange(256)
    return bytes(data)


NUMBERS = (
    *(0, 1, -1, 2, 3, 255, 256, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1, 2**32),
    *(2**63 - 1, 2**63, 2**64 - 1, 2**64, -(2**63), -(2**64), 10**400, 0.5, 1e9, 1e300),
)


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every container with every key or index in it."""
    found: list[tuple[Any, Any]] = []
    stack = [value]
    while stack:
        at = stack.pop()
        items = at.items() if isinstance(at, dict) else enumerate(at)
        for key, inner in items:
            found.append((at, key))
            if isinstance(inner, dict | list):
                stack.append(inner)
    return found


def damaged_data(random: Random, data: Any, words: Words) -> Any:
    """What a file holds (of mappings, lists and scalars) after a few changes."""
    data = deepcopy(data)
    for _ in range(random.choice((1, 1, 2, 3, 6))):
        places = _places(data)
        if places:
            _change(random, *random.choice(places), places, words)
    return data


def _change(
    random: Random,
    container: Any,
    key: Any,
    places: Sequence[tuple[Any, Any]],
    words: Words,
) -> None:
    """One change of what is in ``container`` at ``key``."""
    value = container[key]
    other, other_key = random.choice(places)
    kind = random.randrange(10)
    if kind == 0:
        del container[key]
    elif kind == 1:
        container[key] = [deepcopy(value)] * random.choice((1, 2, 300))
    elif kind == 2:
        container[key] = {random.choice(words): deepcopy(value)}
    elif kind == 3 and isinstance(container, dict):
        container[random.choice((*words, 5, None, ""))] = container.pop(key)
    elif kind == 4 and isinstance(container, list):
        container.insert(random.randint(0, len(container)), deepcopy(value))
    elif kind in (5, 6):
        container[key] = deepcopy(other[other_key])
    elif kind == 7:
        container[key] = random.choice((None, True, False, "", [], {}, *HOSTILE))
    elif isinstance(value, int | float) or kind == 8:
        container[key] = random.choice(NUMBERS)
    else:
        container[key] = random.choice(words)
