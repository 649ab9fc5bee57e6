"""The value of a property: text of a devicetree source → bytes and references.

``dts.lark`` delivers what stands between ``=`` and ``;`` as one text; a board repeats the same few
hundred texts, so each is read once. Nearly all are a list of strings, or cells of numbers and
references: those are read with regular expressions composed of the terminals of ``values.lark``.
Arithmetic in parentheses is parsed by shape (see `arithmetic`). Everything else, and everything
that is wrong, goes through the rules of the grammar, which know the place of each token.
"""

import re
import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

from lark import Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput

from scmigen.devicetree.arithmetic import Program, compile_tree, number, run, unescape
from scmigen.devicetree.grammars import Grammar
from scmigen.devicetree.tree import Reference

#: How deep parentheses may nest in what the fast way reads; the rules read what is deeper.
_NESTED = 8

#: What a cell holds until the phandle of the node it refers to is known.
_UNKNOWN = 0xFFFFFFFF


class ValueProblem(Exception):
    """A value that cannot be read: why, where in its text, and what right would look like."""

    def __init__(self, message: str, offset: int = 0, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.hint = hint


class Value(NamedTuple):
    """What a text says. ``labels`` are those inside it, ``truncated`` the numbers cut to fit."""

    data: bytes
    references: tuple[Reference, ...] = ()
    labels: tuple[str, ...] = ()
    truncated: tuple[str, ...] = ()


#: Reads the bytes of a file for /incbin/: name, offset, size (none: all).
Opener = Callable[[str, int, int | None], bytes]


class Values:
    """Reads values with one grammar, and remembers what it has read. One per source text."""

    def __init__(self, grammar: Grammar) -> None:
        self._parser = grammar.parser
        terminals = grammar.terminals
        literal = rf"{terminals['NUMBER']}|{terminals['CHARACTER']}"
        cell = rf"{terminals['NUMBER']}|{terminals['REFERENCE']}"
        cells = rf"<\s*+(?:(?:{cell})\s*+)*+>\s*+"
        string = terminals["STRING"]
        self._cells = re.compile(rf"{cells}(?:,\s*+{cells})*+").fullmatch
        self._cell = re.compile(cell).findall
        self._strings = re.compile(rf"{string}\s*+(?:,\s*+{string}\s*+)*+").fullmatch
        self._string = re.compile(string).findall
        self._string_at = re.compile(string).finditer
        self._literal = re.compile(literal)
        self._parentheses = re.compile(_balanced(_NESTED, terminals["CHARACTER"]))
        #: What has been read: text → value.
        self.known: dict[str, Value] = {}
        self._numbers: dict[str, int] = {}
        self._programs: dict[str, Program] = {}

    def read(self, text: str, opener: Opener) -> Value:
        """What ``text`` says. Raises `ValueProblem`."""
        value = self.known.get(text)
        if value is None:
            value = self._fast(text)
            if value is None:
                return self._by_rules(text, opener)
            self.known[text] = value
        return value

    def reservation(self, text: str) -> tuple[int, int]:
        """Address and size of a ``/memreserve/``. Raises `ValueProblem`."""
        address, size = self._parse(text, "reservation").children
        return self._number(address), self._number(size)

    # The fast way: none where the text is not plain, or not right.

    def _fast(self, text: str) -> Value | None:
        try:
            if text[0] == '"':
                if self._strings(text):
                    return Value(b"".join([unescape(s[1:-1]) + b"\0" for s in self._string(text)]))
            elif text[0] == "<":
                if "(" in text:
                    text = self._parentheses.sub(self._reduced, text)
                if self._cells(text):
                    return self._plain_cells(self._cell(text))
        except (ValueError, ZeroDivisionError, UnexpectedInput, struct.error):
            pass
        return None

    def _plain_cells(self, cells: list[str]) -> Value:
        numbers = self._numbers
        values: list[int] = []
        references: list[Reference] = []
        for cell in cells:
            value = numbers.get(cell)
            if value is None:
                if cell[0] == "&":
                    references.append(Reference(4 * len(values), target_of(cell), is_path=False))
                    value = _UNKNOWN
                else:
                    value = numbers[cell] = number(cell)
            values.append(value)
        return Value(struct.pack(f">{len(values)}I", *values), tuple(references))

    def _reduced(self, found: re.Match[str]) -> str:
        """The number that an arithmetic expression makes, as text."""
        text = found[0]
        shape = self._literal.sub("0", text)
        program = self._programs.get(shape)
        if program is None:
            program, _ = compile_tree(self._parser.parse(shape, start="arithmetic"))
            self._programs[shape] = program
        value = run(program, map(number, self._literal.findall(text)))
        return f" {value & 0xFFFFFFFF if value >> 32 == 0xFFFFFFFF else value} "

    # The general way.

    def _parse(self, text: str, start: str) -> Tree[Token]:
        try:
            return self._parser.parse(text, start=start)
        except UnexpectedInput as problem:
            raise self._problem(text, problem) from None

    def _problem(self, text: str, problem: UnexpectedInput) -> ValueProblem:
        end = len(text.rstrip())
        offset = problem.pos_in_stream
        if offset is None or offset < 0 or offset >= end:
            return ValueProblem("the value is not complete", end)
        before = text[:offset].rstrip()
        for string in self._string_at(text, 0, offset):
            if "\n" in string[0]:
                return ValueProblem("this string is not closed", string.start())
        if before.endswith((">", '"', "]")) and "\n" in text[len(before) : offset]:
            return ValueProblem("a ; is missing behind the value", len(before))
        found = re.compile(r"\w++|/[a-z-]++/|<<|>>|&&|\|\||[\s\S]").match(text, offset)
        word = found[0] if found else text[offset]
        if word in ('"', "'"):
            return ValueProblem(f"this {word} has no partner", offset)
        hint = None
        if isinstance(problem, UnexpectedCharacters) and (word[0].isalpha() or word[0] == "_"):
            hint = 'a macro that no header defines? values are numbers, &label, "string" or [bytes]'
        return ValueProblem(f"unexpected {word!r} in a value", offset, hint)

    def _by_rules(self, text: str, opener: Opener) -> Value:
        tree = self._parse(text, "value")
        data = bytearray()
        references: list[Reference] = []
        labels: list[str] = []
        truncated: list[str] = []
        for part in tree.children:
            if isinstance(part, Tree):
                if part.data == "array":
                    self._array(part, data, references, labels, truncated)
                elif part.data == "bytes":
                    for item in part.children:
                        if _is(item, "LABEL"):
                            labels.append(_label(item))
                        else:
                            data += bytes.fromhex(str(item))
                else:
                    data += self._incbin(part, opener)
            elif part.type == "STRING":
                data += self._escaped(part) + b"\0"
            elif part.type == "REFERENCE":
                references.append(Reference(len(data), target_of(part), is_path=True))
            else:
                labels.append(_label(part))
        return Value(bytes(data), tuple(references), tuple(labels), tuple(truncated))

    def _array(
        self,
        array: Tree[Token],
        data: bytearray,
        references: list[Reference],
        labels: list[str],
        truncated: list[str],
    ) -> None:
        items = iter(array.children)
        bits = 32
        for item in items:
            if isinstance(item, Tree) and item.data == "bits":
                bits = self._bits(item.children[0])
            elif _is(item, "LABEL"):
                labels.append(_label(item))
            elif _is(item, "REFERENCE"):
                if bits != 32:
                    raise ValueProblem("a reference needs cells of 32 bits", _offset(item))
                references.append(Reference(len(data), target_of(str(item)), is_path=False))
                data += b"\xff\xff\xff\xff"
            else:
                value = self._number(item)
                mask = (1 << bits) - 1
                # What is above must be all zero, or the sign of a negative number.
                if value > mask and value | mask != (1 << 64) - 1:
                    truncated.append(f"{value:#x} does not fit in {bits} bits")
                data += (value & mask).to_bytes(bits // 8, "big")

    def _bits(self, token: Tree[Token] | Token) -> int:
        bits = self._number(token)
        if bits not in (8, 16, 32, 64):
            raise ValueProblem("array elements have 8, 16, 32 or 64 bits", _offset(token))
        return bits

    def _number(self, item: Tree[Token] | Token) -> int:
        program, literals = compile_tree(item)
        values = []
        for literal in literals:
            try:
                values.append(number(literal))
            except ValueError as problem:
                raise ValueProblem(str(problem), _offset(literal)) from None
        try:
            return run(program, values)
        except ZeroDivisionError:
            raise ValueProblem("division by zero", _offset(item)) from None

    def _escaped(self, token: Token) -> bytes:
        try:
            return unescape(token[1:-1])
        except ValueError as problem:
            raise ValueProblem(str(problem), _offset(token)) from None

    def _incbin(self, incbin: Tree[Token], opener: Opener) -> bytes:
        name, *rest = incbin.children
        offset, size = map(self._number, rest) if rest else (0, None)
        try:
            return opener(unescape(str(name)[1:-1]).decode(), offset, size)
        except (OSError, ValueError) as problem:
            raise ValueProblem(f"/incbin/: {problem}", _offset(name)) from None


def target_of(reference: str) -> str:
    """What ``&label`` or ``&{path}`` names."""
    return reference[2:-1] if reference[1] == "{" else reference[1:]


def _balanced(depth: int, character: str) -> str:
    """A regular expression for parentheses nested at most ``depth`` deep."""
    inner = rf"[^()'\"]++|{character}"
    pattern = rf"\((?:{inner})*+\)"
    for _ in range(depth - 1):
        pattern = rf"\((?:{inner}|{pattern})*+\)"
    return pattern


def _is(item: Tree[Token] | Token, name: str) -> bool:
    return isinstance(item, Token) and item.type == name


def _label(token: Tree[Token] | Token) -> str:
    return str(token).rstrip(":").rstrip()


def _tokens(item: Tree[Token] | Token) -> Iterator[Token]:
    stack = [item]
    while stack:
        part = stack.pop()
        if isinstance(part, Token):
            yield part
        else:
            stack.extend(reversed(part.children))


def _offset(item: Tree[Token] | Token) -> int:
    """Where the first token of ``item`` starts."""
    return next((token.start_pos or 0 for token in _tokens(item)), 0)
