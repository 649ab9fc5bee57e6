"""Every single change of a document: each value, key and entry of it, one at a time."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

_WORDS = ("x", "read", "vm", "clock")


class Mutation(NamedTuple):
    """A changed document, and where and how: ``pattern`` is ``clocks[].rates[] gone``, ``what`` is
    ``clocks/4/rates/1: gone``."""

    pattern: str
    what: str
    document: Any


def mutations(document: Any) -> Iterator[Mutation]:
    """Each document that is other in one thing: a value that is another, a key or entry that is
    gone, an entry that is there twice, two neighbours that changed places."""
    text = json.dumps(document)
    for way, what, change in _changes(document, ()):
        changed = json.loads(text)
        above = changed
        for step in way[:-1]:
            above = above[step]
        if way:
            change(above, way[-1])
        pattern = "".join("[]" if isinstance(step, int) else f".{step}" for step in way)
        how = what if what in ("gone", "twice", "swapped") else "changed"
        said = f"{'/'.join(map(str, way))}: {what}"
        yield Mutation(f"{pattern.lstrip('.')} {how}", said, changed)


def spread(every: Iterable[Mutation], share: int) -> Iterator[Mutation]:
    """Of the changes of each pattern the first two, and then one in ``share``."""
    seen: Counter[str] = Counter()
    for each in every:
        if seen[each.pattern] < 2 or seen[each.pattern] % share == 0:
            yield each
        seen[each.pattern] += 1


def _changes(value: Any, way: tuple[str | int, ...]) -> Iterator[tuple[Any, str, Any]]:
    for other in _others(value):
        yield way, f"{value!r} → {other!r}"[:99], _set(other)
    if isinstance(value, dict):
        for key, each in value.items():
            yield (*way, key), "gone", _gone
            yield from _changes(each, (*way, key))
    if isinstance(value, list):
        for index, each in enumerate(value):
            yield (*way, index), "gone", _gone
            yield (*way, index), "twice", lambda above, at: above.insert(at, above[at])
            if value[index + 1 :] and value[index + 1] != each:
                yield (*way, index), "swapped", _swap
            yield from _changes(each, (*way, index))


def _others(value: Any) -> tuple[Any, ...]:
    if isinstance(value, bool):
        return (not value,)
    if isinstance(value, int):
        return (value + 1, value - 1)
    if isinstance(value, str):
        return (f"{value}x", *(word for word in _WORDS if word != value))
    if value is None:
        return (1, "x")
    return ()


def _set(other: Any) -> Any:
    def change(above: Any, at: Any) -> None:
        above[at] = other

    return change


def _gone(above: Any, at: Any) -> None:
    del above[at]


def _swap(above: Any, at: Any) -> None:
    above[at], above[at + 1] = above[at + 1], above[at]


_TOKEN = re.compile(
    r"""(?P<aside>//[^\n]*|/\*.*?\*/|_Static_assert\(.*?\);|^[ \t]*\#(?:[^\n]|\\\n)*)
    |"(?P<string>[^"\n]*)"|(?P<number>\b(?:0[xX][0-9a-fA-F]+|\d+))(?:[uU]?[lL]{0,2})\b
    |\.(?P<field>[a-z_0-9]+)\b(?=[^;\n]*=)|(?P<word>\b(?:true|false)\b)""",
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)


class TextMutation(NamedTuple):
    """A changed text: ``field`` is the name in front of what is changed, ``what`` the change."""

    field: str
    what: str
    text: str


def text_mutations(text: str) -> Iterator[TextMutation]:
    """C tables that are other in one thing: each number, string and flag, and each row, gone or in
    the place of the next one."""
    field = ""
    for found in _TOKEN.finditer(text):
        kind = found.lastgroup
        if kind == "field":
            field = found["field"]
        elif kind == "string":
            yield _replaced(text, found, "string", field, f"x{found['string']}")
        elif kind == "number":
            yield _replaced(text, found, "number", field, str(int(found["number"], 0) + 1))
        elif kind == "word":
            yield _replaced(
                text, found, "word", field, "false" if found["word"] == "true" else "true"
            )
    yield from _rows(text)


def _replaced(text: str, found: re.Match[str], group: str, field: str, new: str) -> TextMutation:
    start, end = found.span(group)
    line = text.count("\n", 0, start) + 1
    return TextMutation(field, f"{line}: {found[group]} → {new}", text[:start] + new + text[end:])


_ROW = re.compile(r"^([ \t]*)(\.|\{|\[|[A-Z_]+\()[^\n]*,[ \t]*$", re.MULTILINE)


def _rows(text: str) -> Iterator[TextMutation]:
    """Lines of initialisers: one that is gone, two that changed places."""
    rows = list(_ROW.finditer(text))
    for index, row in enumerate(rows):
        name = re.search(r"\.([a-z_0-9]+)", row[0])
        if re.match(r"\s*FWK_ARRAY_SIZE\(", row[0]):
            continue  # an assertion
        field = name[1] if name else row[0].strip()[:12]
        line = text.count("\n", 0, row.start()) + 1
        yield TextMutation(field, f"{line}: gone", text[: row.start()] + text[row.end() + 1 :])
        after = rows[index + 1] if rows[index + 1 :] else None
        if after is None or after.start() != row.end() + 1 or after[0] == row[0]:
            continue
        if row[2] != ".":  # designated initialisers may have any order
            swapped = f"{after[0]}\n{row[0]}"
            new = text[: row.start()] + swapped + text[after.end() :]
            yield TextMutation(field, f"{line}: swapped", new)


def line_mutations(text: str, word: str = r"[A-Za-z0-9_]+") -> Iterator[TextMutation]:
    """A text of lines that is other in one thing: a line that is gone or there twice, two that
    changed places, a number that is one more or less, another word that is another one."""
    lines = text.split("\n")
    for index, line in enumerate(lines):
        said = line.partition("#")[0].strip()
        if not said:
            continue
        name = re.split(r"[\s=:]", said)[0]
        before, after = lines[:index], lines[index + 1 :]
        yield TextMutation(f"{name} line", f"{index + 1}: gone", "\n".join((*before, *after)))
        yield TextMutation(
            f"{name} line", f"{index + 1}: twice", "\n".join((*before, line, line, *after))
        )
        if after and after[0].strip() and after[0] != line:
            swapped = "\n".join((*before, after[0], line, *after[1:]))
            yield TextMutation(f"{name} line", f"{index + 1}: swapped", swapped)
        for found in re.finditer(word, line.partition("#")[0]):
            others = (f"{found[0]}X",)
            if found[0].isdecimal():
                others = (str(int(found[0]) + 1), str(abs(int(found[0]) - 1)))
            for other in others:
                new = f"{line[: found.start()]}{other}{line[found.end() :]}"
                what = f"{index + 1}: {found[0]} → {other}"
                key = re.search(r"(\w+)=\"?$", line[: found.start()])
                field = f"{name} {key[1]}" if key else f"{name} word"
                yield TextMutation(field, what, "\n".join((*before, new, *after)))
