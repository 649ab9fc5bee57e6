"""The value of a property: text of a device tree source → bytes and references.

``dts.lark`` delivers the text between ``=`` and ``;`` in one piece. A board repeats the same few
hundred texts, so each is read once. Nearly all are lists of strings, bytes, or cells of numbers and
references: `Values.plain` reads those with the terminals of ``values.lark`` alone. Arithmetic in
parentheses is parsed by shape (see `arithmetic`). Everything else, and every error, goes through
the rules of the grammar in `Values.read`, which know the position of each token.
"""

import contextlib
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from scmigen.devicetree.arithmetic import MASK, Program, compile_tree, number, run, unescape
from scmigen.devicetree.lalr import FLAGS, Parser, Token, Tree, UnexpectedError
from scmigen.devicetree.nodes import Reference
from scmigen.devicetree.regex import regex

#: What a cell holds until the phandle of the node it refers to is known.
_UNKNOWN = b"\xff\xff\xff\xff"

#: What the fast way raises where it is not enough.
_NOT_PLAIN = (ValueError, OverflowError, ZeroDivisionError, UnexpectedError)

#: Half the time of a call of `Reference`; boards have a thousand.
_referred: Callable[[tuple[int, str, bool]], Reference] = partial(tuple.__new__, Reference)

_BITS = regex(r"/bits/\s++(8|16|32|64)\s*+(?=<)")
_NEXT_GROUP = regex(r">\s*+,\s*+<")
_BLANKS = " \t\n\r\f\v"
#: What Python takes for blanks and a device tree does not, but for what is not ASCII.
_NO_BLANKS = "\x1c\x1d\x1e\x1f"


class BadValueError(Exception):
    """A value that cannot be read: why, where in its text, and what right would look like.

    ``name`` is a name that stands there and means nothing.
    """

    def __init__(
        self, message: str, offset: int = 0, hint: str | None = None, name: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.hint = hint
        self.name = name


#: What a text says: bytes, references, and the labels inside it.
Value = tuple[bytes, tuple[Reference, ...], tuple[str, ...]]

#: The numbers that were cut to fit: what to tell, and the offset in the text.
Truncated = Sequence[tuple[str, int]]

#: Reads the bytes of a file for /incbin/: name, offset, size (none: all).
Opener = Callable[[str, int, int | None], bytes]


class Values:
    """Reads values with one grammar, and remembers what it has read. One per source ``text``."""

    def __init__(self, grammar: Parser, text: str) -> None:
        self._parser = grammar
        self._has_odd = _has_odd(text)
        terminals = grammar.terminals
        number = terminals["NUMBER"]
        reference = terminals["REFERENCE"]
        string = terminals["STRING"]
        self._strings = regex(rf"{string}\s*+(?:,\s*+{string}\s*+)*+", FLAGS)
        self._string = regex(string, FLAGS)
        self._reference = regex(rf"{reference}\s*+", FLAGS)
        self._literal = regex(f"({number}|{terminals['CHARACTER']})", FLAGS)
        #: What has been read: text → value.
        self.known: dict[str, Value] = {}
        is_number = regex(number, FLAGS)
        is_cell = regex(f"{number}|{reference}", FLAGS)
        self._cells = {
            bits: _Cells(is_cell if bits == "32" else is_number, bits).__getitem__
            for bits in ("8", "16", "32", "64")
        }
        self._numbers = _Numbers()
        # Of arithmetic: text → result, shape → program.
        self._results: dict[str, str] = {}
        self._programs: dict[str, Program] = {}

    def plain(self, text: str) -> Value | None:
        """The value of a plain ``text``; None if it needs the rules of the grammar."""
        try:
            value = self._plain(text)
        except _NOT_PLAIN:
            return None
        if value is not None:
            self.known[text] = value
        return value

    def _plain(self, text: str) -> Value | None:
        first = text[0]
        if first == "<":
            return self._plain_cells(text, "32")
        if first == '"':
            # By turns what is between quotes, and what is between strings.
            *parts, rest = text.split('"')
            gaps = {gap.strip(_BLANKS) for gap in parts[2::2]}
            is_closed = len(parts) % 2 == 0 and not rest.strip(_BLANKS)
            if is_closed and gaps <= {","} and "\\" not in text:
                return "\0".join([*parts[1::2], ""]).encode(), (), ()
            if not self._strings.fullmatch(text):
                return None
            strings = [unescape(string[1:-1]) for string in self._string.findall(text)]
            return b"\0".join([*strings, b""]), (), ()
        if first == "[":
            if self._has_odd and _has_odd(text):
                return None
            text = text.rstrip()
            return (bytes.fromhex(text[1:-1]), (), ()) if text[-1] == "]" else None
        if first == "/":
            bits = _BITS.match(text)
            return self._plain_cells(text[bits.end() :], bits[1]) if bits else None
        if first == "&":
            name = text.rstrip()
            is_label = name[1:].isidentifier() and not self._has_odd
            if is_label or self._reference.fullmatch(text):
                return b"", (Reference(0, target_of(name), is_path=True),), ()
        return None

    def reservation(self, text: str) -> tuple[int, int]:
        """Address and size of a ``/memreserve/``. Raises `BadValueError`."""
        with contextlib.suppress(*_NOT_PLAIN):
            data, _, _ = self._plain_cells(f"<{text}>", "64")
            if len(data) == 16:
                return int.from_bytes(data[:8], "big"), int.from_bytes(data[8:], "big")
        address, size = self._parse(text, "reservation").children
        return self._number(address), self._number(size)

    def _plain_cells(self, text: str, bits: str) -> Value:
        """Groups of cells of so many bits."""
        if "(" in text:
            text = self._reduced(text)
        if self._has_odd and _has_odd(text):
            raise ValueError("not plain")
        if text[-1] != ">":
            text = text.rstrip()
            if text[-1] != ">":
                raise ValueError("not plain")
        text = text[1:-1]
        if ">" in text:
            if bits != "32":
                raise ValueError("not plain: /bits/ holds for one group")
            text = text.replace(">, <", " ")
            if ">" in text:
                text = _NEXT_GROUP.sub(" ", text)
        cells = text.split()
        data = b"".join(map(self._cells[bits], cells))
        if "&" not in text:
            return data, (), ()
        references = [
            _referred((4 * index, target_of(cell), False))
            for index, cell in enumerate(cells)
            if cell[0] == "&"
        ]
        return data, tuple(references), ()

    def _reduced(self, text: str) -> str:
        """The text with a number in place of each arithmetic expression."""
        if "'('" in text or "')'" in text:
            raise ValueError("not plain: a character is no parenthesis")
        parts: list[str] = []
        done = end = depth = 0
        *pieces, rest = text.split(")")
        for piece in pieces:
            end += len(piece) + 1
            depth += piece.count("(") - 1
            if depth < 0:
                raise ValueError("not plain")
            if depth == 0:
                start = text.index("(", done)
                parts += (text[done:start], self._result(text[start:end]))
                done = end
        if depth or "(" in rest:
            raise ValueError("not plain")
        return "".join([*parts, rest])

    def _result(self, text: str) -> str:
        """The number that an arithmetic expression makes, as text."""
        result = self._results.get(text)
        if result is None:
            result = self._results[text] = f" {self._run(text)} "
        return result

    def _run(self, text: str) -> int:
        # Operators and literals by turns; two literals side by side stay two.
        parts = self._literal.split(text)
        shape = " 0 ".join(parts[::2])
        program = self._programs.get(shape)
        if program is None:
            program, _ = compile_tree(self._parser.parse(shape, "arithmetic", contextual=False))
            self._programs[shape] = program
        return run(program, map(self._numbers.__getitem__, parts[1::2]))

    # --- the general way

    def _parse(self, text: str, start: str) -> Tree:
        try:
            return self._parser.parse(text, start=start)
        except UnexpectedError as problem:
            # What makes good messages is needed, and imported, only here.
            from scmigen.devicetree.value_errors import explain

            raise BadValueError(*explain(text, problem, self._parser)) from None

    def read(self, text: str, opener: Opener) -> tuple[Value, Truncated]:
        """What ``text`` says, by the rules of the grammar. Raises `BadValueError`."""
        tree = self._parse(text, "value")
        data = bytearray()
        references: list[Reference] = []
        labels: list[str] = []
        truncated: list[tuple[str, int]] = []
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
        value = bytes(data), tuple(references), tuple(labels)
        # A file may be another one elsewhere, and a warning belongs to its place.
        if not truncated and "/incbin/" not in text:
            self.known[text] = value
        return value, truncated

    def _array(
        self,
        array: Tree,
        data: bytearray,
        references: list[Reference],
        labels: list[str],
        truncated: list[tuple[str, int]],
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
                    raise BadValueError("a reference needs cells of 32 bits", first_offset(item))
                references.append(Reference(len(data), target_of(str(item)), is_path=False))
                data += _UNKNOWN
            else:
                value = self._number(item)
                mask = (1 << bits) - 1
                # What is above must be all zero, or the sign of a negative number.
                if value > mask and value | mask != MASK:
                    message = f"{value:#x} does not fit in {bits} bits"
                    truncated.append((message, first_offset(item)))
                data += (value & mask).to_bytes(bits // 8, "big")

    def _bits(self, token: Tree | Token) -> int:
        bits = self._number(token)
        if bits not in (8, 16, 32, 64):
            raise BadValueError("array elements have 8, 16, 32 or 64 bits", first_offset(token))
        return bits

    def _number(self, item: Tree | Token) -> int:
        program, literals = compile_tree(item)
        values = []
        for literal in literals:
            try:
                values.append(number(literal))
            except ValueError as problem:
                raise BadValueError(str(problem), first_offset(literal)) from None
        try:
            return run(program, values)
        except ZeroDivisionError:
            raise BadValueError("division by zero", first_offset(item)) from None

    def _escaped(self, token: Token) -> bytes:
        try:
            return unescape(token[1:-1])
        except ValueError as problem:
            raise BadValueError(str(problem), first_offset(token)) from None

    def _incbin(self, incbin: Tree, opener: Opener) -> bytes:
        name, *rest = incbin.children
        offset, size = map(self._number, rest) if rest else (0, None)
        try:
            return opener(unescape(str(name)[1:-1]).decode(), offset, size)
        except (OSError, ValueError) as problem:
            reason = getattr(problem, "strerror", None) or problem
            raise BadValueError(f"/incbin/: {reason}", first_offset(name)) from None


class _Numbers(dict[str, int]):
    """The values of literals, each found out once."""

    def __missing__(self, text: str) -> int:
        value = self[text] = number(text)
        return value


class _Cells(dict[str, bytes]):
    """The bytes of numbers and references as cells of so many bits, each found out once."""

    def __init__(self, is_cell: re.Pattern[str], bits: str) -> None:
        super().__init__()
        self._is_cell = is_cell
        self._size = int(bits) // 8
        self._mask = (1 << int(bits)) - 1
        self._takes_references = bits == "32"

    def __missing__(self, text: str) -> bytes:
        if text.isdigit() and (text[0] != "0" or text == "0"):
            # The usual forms, whose digits are all that Python's can be; the others take longer.
            value = int(text)
        elif text[:2] == "0x" and text.isalnum():
            value = int(text, 16)
        elif self._takes_references and text[0] == "&" and text[1:].isidentifier():
            self[text] = _UNKNOWN
            return _UNKNOWN
        elif not self._is_cell.fullmatch(text):
            raise ValueError("not plain")
        elif text[0] == "&":
            self[text] = _UNKNOWN
            return _UNKNOWN
        else:
            value = number(text)
        if value > self._mask and value | self._mask == MASK:
            # All above is the sign of a negative number.
            value &= self._mask
        cell = self[text] = value.to_bytes(self._size, "big")
        return cell


def _has_odd(text: str) -> bool:
    """Whether there is what Python takes for blanks or digits and a device tree does not."""
    return not text.isascii() or any(blank in text for blank in _NO_BLANKS)


def target_of(reference: str) -> str:
    """What ``&label`` or ``&{path}`` names."""
    return reference[2:-1] if reference[1] == "{" else reference[1:]


def _is(item: Tree | Token, name: str) -> bool:
    return isinstance(item, Token) and item.type == name


def _label(token: Tree | Token) -> str:
    return str(token).rstrip(":").rstrip()


def _tokens(item: Tree | Token) -> Iterator[Token]:
    stack = [item]
    while stack:
        part = stack.pop()
        if isinstance(part, Token):
            yield part
        else:
            stack.extend(reversed(part.children))


def first_offset(item: Tree | Token) -> int:
    """Where the first token of ``item`` starts."""
    return next((token.start for token in _tokens(item)), 0)
