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
        if roll < 0.55:
            one = self.number(depth + 1)
            return self.dice.choice(
                (f"(~{one})", f"(({one}) / 3U)", f"(({one}) % 7U)", f"(-{one})")
            )
        if roll < 0.6:
            one = self.number(depth + 1)
            return f"({one} > 3 ? {self.number(depth + 1)} : {self.number(depth + 1)})"
        sign = self.dice.choice(("+", "-", "*", "|", "&", "^", "==", "<", ">=", "&&", "||"))
        return f"({self.number(depth + 1)} {sign} {self.number(depth + 1)})"

    def record(self, name: str) -> None:
        """A structure of numbers, arrays and earlier structures."""
        dice = self.dice
        members = []
        lines = []
        for place in range(self.dice.randint(1, 4)):
            kind = self.dice.choice((*_WIDTHS, *self.kinds)) if self.kinds else "uint16_t"
            length = self.dice.choice((0, 0, 0, 1, 2, 3))
            members.append((f"m{place}", kind, length))
            if not length and kind in ("uint32_t", "int32_t", "uint16_t") and dice.random() < 0.4:
                lines.append(f"    {kind} m{place} : {dice.randint(1, 15)};")
                continue
            written = kind if kind in _WIDTHS else f"struct {kind}"
            lines.append(f"    {written} m{place}{f'[{length}]' if length else ''};")
        self.kinds[name] = members
        self.text.append(f"struct {name} {{\n" + "\n".join(lines) + "\n};")

    def union(self, name: str) -> None:
        """A union: what is set and asked is its first member."""
        first = self.dice.choice((*_WIDTHS, *self.kinds))
        length = self.dice.choice((0, 0, 2))
        written = first if first in _WIDTHS else f"struct {first}"
        self.kinds[name] = [("first", first, length)]
        size = f"[{length}]" if length else ""
        self.text.append(
            f"struct {name} {{ union {{ {written} first{size}; uint64_t second[2]; }}; }};"
        )

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
        after_path = False
        for name, inner, length in members[: self.dice.randint(1, len(members))]:
            mark = (
                f".{name} = " if after_path or name == "first" or self.dice.random() < 0.5 else ""
            )
            last = name == members[-1][0]
            if mark and not last and length and self.dice.random() < 0.4:
                place = self.dice.randrange(length)
                items.append(f".{name}[{place}] = {self.value(inner, 0, True)}")
                # The next element, or the first number of the next member.
                items.append(self.number())
                after_path = True
                continue
            if mark and not last and not length and inner not in _WIDTHS:
                deeper = self.dice.choice(self.kinds[inner])
                items.append(f".{name}.{deeper[0]} = {self.value(deeper[1], deeper[2], True)}")
                items.append(self.number())
                after_path = True
                continue
            after_path = False
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
    for name in "uv":
        writer.union(name)
    for name in "gh":
        writer.record(name)
    asked: list[str] = []
    for call in range(60):
        takes, gives = dice.choice(_WIDTHS), dice.choice(_WIDTHS)
        writer.text.append(f"static {gives} f{call}({takes} x) {{ return x + {writer.number()}; }}")
        writer.text.append(f"static int c{call}(void) {{ return f{call}({writer.number()}); }}")
        asked.append(f"c{call}()")
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
