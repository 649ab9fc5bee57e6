"""Random tables have the cells that a compiler gives them."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from c_texts import compiled, unit_of, value_of

_WIDTHS = ("uint8_t", "int8_t", "uint16_t", "int16_t", "uint32_t", "int32_t", "bool")


@dataclass
class Writer:
    """Writes types, tables and the expressions of all cells."""

    dice: random.Random
    text: list[str] = field(default_factory=list)
    kinds: dict[str, list[tuple[str, str, int]]] = field(default_factory=dict)

    def number(self, depth: int = 0) -> str:
        """A constant expression that is defined for all widths."""
        roll = self.dice.random()
        if depth > 3 or roll < 0.4:
            return self.dice.choice(("0x1fU", "3", "'a'", "E2", "(7 >> 1)", "M(2)", "010", "E0"))
        if roll < 0.5:
            return f"(uint8_t)({self.number(depth + 1)})"
        if roll < 0.6:
            one = self.number(depth + 1)
            return f"({one} > 3 ? {self.number(depth + 1)} : {self.number(depth + 1)})"
        sign = self.dice.choice(("+", "*", "|", "&", "^", "==", "<", "&&", "||"))
        return f"({self.number(depth + 1)} {sign} {self.number(depth + 1)})"

    def record(self, name: str) -> None:
        """A structure of numbers, arrays and earlier structures."""
        members = []
        lines = []
        for place in range(self.dice.randint(1, 4)):
            kind = self.dice.choice((*_WIDTHS, *self.kinds)) if self.kinds else "uint16_t"
            length = self.dice.choice((0, 0, 0, 1, 2, 3))
            members.append((f"m{place}", kind, length))
            written = kind if kind in _WIDTHS else f"struct {kind}"
            lines.append(f"    {written} m{place}{f'[{length}]' if length else ''};")
        self.kinds[name] = members
        self.text.append(f"struct {name} {{\n" + "\n".join(lines) + "\n};")

    def value(self, kind: str, length: int, whole: bool = False) -> str:
        """An initialiser, at times without the inner braces."""
        if length:
            items = []
            for place in range(self.dice.randint(1, length)):
                mark = f"[{place}] = " if self.dice.random() < 0.4 else ""
                items.append(mark + self.value(kind, 0, bool(mark)))
            return "{ " + ", ".join(items) + self.dice.choice(("", ",")) + " }"
        if kind in _WIDTHS:
            return self.number()
        return self.structure(kind, whole)

    def structure(self, kind: str, whole: bool) -> str:
        members = self.kinds[kind]
        if not whole and self.dice.random() < 0.3:
            # All of its numbers in a row, without braces.
            return ", ".join(self.number() for _ in range(self.cells_of(kind)))
        items = []
        for name, inner, length in members[: self.dice.randint(1, len(members))]:
            mark = f".{name} = " if self.dice.random() < 0.5 else ""
            if mark and length and self.dice.random() < 0.4:
                place = self.dice.randrange(length)
                items.append(f".{name}[{place}] = {self.value(inner, 0, True)}")
                # What follows without a designator would be the next element.
                break
            items.append(mark + self.value(inner, length, True))
        return "{ " + ", ".join(items) + " }"

    def cells_of(self, kind: str) -> int:
        """How many numbers a structure has."""
        if kind in _WIDTHS:
            return 1
        return sum(max(n, 1) * self.cells_of(inner) for _, inner, n in self.kinds[kind])

    def paths(self, start: str, kind: str, length: int) -> Iterator[str]:
        """The expressions of all numbers."""
        if length:
            for place in range(length):
                yield from self.paths(f"{start}[{place}]", kind, 0)
        elif kind in _WIDTHS:
            yield start
        else:
            for name, inner, count in self.kinds[kind]:
                yield from self.paths(f"{start}.{name}", inner, count)


def test_random_tables_are_read_as_a_compiler_reads_them(
    tool: Callable[[str], str], tmp_path: Path
) -> None:
    dice = random.Random(2026)
    writer = Writer(dice)
    writer.text.append("#define M(x) ((x) * E2)\nenum { E0, E1, E2 = 5 };")
    for name in "abcdef":
        writer.record(name)
    asked: list[str] = []
    for table in range(120):
        kind = dice.choice((*writer.kinds, "uint16_t"))
        rows = dice.randint(1, 5)
        written = kind if kind in _WIDTHS else f"struct {kind}"
        items = []
        for place in range(rows):
            mark = f"[{place}] = " if dice.random() < 0.5 else ""
            items.append(mark + writer.value(kind, 0, bool(mark)))
        writer.text.append(
            f"static const {written} t{table}[] = {{ {', '.join(items)} }};\n"
            f"static const int n{table} = sizeof(t{table}) / sizeof(t{table}[0]);"
        )
        asked += [f"n{table}", *writer.paths(f"t{table}", kind, rows)]
    text = "\n".join(writer.text)
    expected = compiled(tool, tmp_path, text, asked)
    unit = unit_of(tmp_path, text)
    found = [value_of(unit, expression) for expression in asked]
    wrong = [each for each in zip(asked, expected, found, strict=True) if each[1] != each[2]]
    assert len(asked) > 1000
    assert wrong == []
