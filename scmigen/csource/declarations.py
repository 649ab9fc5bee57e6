"""Declarations of a source and its headers. What is not read is passed over, and its place kept."""

from collections.abc import Mapping, Sequence

from scmigen.csource.cursor import Cursor, SyntaxProblemError
from scmigen.csource.expressions import Expressions
from scmigen.csource.limits import MAX_MEMBERS
from scmigen.csource.tokens import NAME, STRING, Token
from scmigen.csource.tree import (
    INTEGERS,
    ArrayOf,
    BitField,
    Declarations,
    Enumerator,
    Expression,
    Function,
    FunctionType,
    Integer,
    Members,
    Named,
    PointerTo,
    Record,
    Type,
    Variable,
)
from scmigen.hints import Final

_STORAGE: Final = frozenset(
    ("static", "extern", "inline", "__inline", "__inline__", "register", "_Noreturn", "auto")
)
_QUALIFIERS: Final = frozenset(
    ("const", "volatile", "restrict", "__restrict", "__restrict__", "__const", "_Atomic")
)
_ATTRIBUTES: Final = frozenset(
    ("__attribute__", "__attribute", "_Alignas", "alignas", "__declspec")
)
_WEAK: Final = frozenset(("weak", "__weak", "__weak__", "FWK_WEAK"))
_ASSERTS: Final = frozenset(("_Static_assert", "static_assert"))
_WORDS: Final = frozenset(
    ("void", "char", "short", "int", "long", "float", "double", "signed", "unsigned", "__signed__")
)
_SIZES: Mapping[frozenset[str], int] = {
    frozenset(("char",)): 1,
    frozenset(("short",)): 2,
    frozenset(("int",)): 4,
    frozenset(): 4,
}
_TAGGED: Final = frozenset(("struct", "union", "enum"))
_ENUM: Final = Integer("enum", 4)


class Parser:
    """Reads declarations into `Declarations`, which grow."""

    def __init__(self, known: Declarations) -> None:
        self.known = known
        self.expressions = Expressions(self.type_name, self.is_type)
        self._unnamed = 0
        #: Functions that are declared ``static``.
        self._internal: set[str] = set()
        #: Whether it is in a function, where names hide others.
        self.within = False

    def is_type(self, name: str) -> bool:
        """Whether a name begins a type."""
        return (
            name in _WORDS
            or name in _TAGGED
            or name in _QUALIFIERS
            or name in INTEGERS
            or name in self.known.types
        )

    def unit(self, tokens: Sequence[Token]) -> None:
        """All declarations of a source."""
        at = Cursor(tokens)
        while at.here is not None:
            start = at.place
            try:
                self._external(at)
            except (SyntaxProblemError, RecursionError):
                self.known.unread.append(tokens[start])
                at.place = start
                at.depth = 0
                self._pass(at)

    def _pass(self, at: Cursor) -> None:
        """Goes on after what is not read: a semicolon, or a block."""
        while at.here is not None:
            try:
                at.until((";", "{", "}", ")", "]"))
                if at.text() == "{":
                    at.group()
                    if at.text() not in (";", ",", "="):
                        return
                    continue
            except SyntaxProblemError:
                at.place = len(at.tokens)
                return
            if at.here is not None:
                at.take()
            return

    def _external(self, at: Cursor) -> None:
        if at.accept(";"):
            return
        if at.text() in _ASSERTS or (at.text() in ("asm", "__asm__", "__asm")):
            at.until((";",))
            at.accept(";")
            return
        if at.text() == "extern" and at.kind(1) == STRING:
            at.place += 2
            if at.text() == "{":
                self.unit(at.group())
                return
        start = at.place
        external = at.text() == "extern"
        is_typedef = at.text() == "typedef"
        if is_typedef:
            at.take()
        base = self.specifiers(at)
        if at.accept(";"):
            return
        while True:
            name, kind = self.declarator(at, base)
            if self._declared(at, name, kind, (is_typedef, external, start)):
                return
            if not at.accept(","):
                break
        at.expect(";")

    def _declared(
        self, at: Cursor, name: Token | None, kind: Type, how: tuple[bool, bool, int]
    ) -> bool:
        """Keeps one declarator; whether it was a function with a body, which ends a declaration."""
        self._attributes(at)
        if name is None:
            raise at.problem("a name is missing")
        is_typedef, external, start = how
        if is_typedef:
            self.known.types[name.text] = kind
            return False
        if isinstance(kind, FunctionType):
            internal = any(token.text == "static" for token in at.tokens[start : at.place])
            if at.text() != "{":
                self.known.prototypes[name.text] = kind
                if internal:
                    self._internal.add(name.text)
                return False
            weak = any(token.text in _WEAK for token in at.tokens[start : at.place])
            body = tuple(at.group())
            internal = internal or name.text in self._internal
            self.known.functions[name.text] = Function(name, name.text, kind, body, weak, internal)
            return True
        head = at.tokens[start : _place_of(at, name)]
        value = tuple(at.until((",", ";"))) if at.accept("=") else None
        before = self.known.variables.get(name.text)
        # What is declared again says no more; a definition without a value is one.
        if value is not None or before is None or (before.value is None and before.external):
            outside = external and value is None
            words = [token.text for token in head]
            internal = "static" in words or (before is not None and before.internal)
            constant = "const" in words[_last(words, "*") :]
            self.known.variables[name.text] = Variable(
                name, name.text, kind, value, outside, internal, constant
            )
        return False

    def _attributes(self, at: Cursor) -> None:
        while at.text() in _ATTRIBUTES or at.text() in ("asm", "__asm__", "__extension__"):
            at.take()
            if at.text() == "(":
                at.group()

    def specifiers(self, at: Cursor) -> Type:
        """The type that a declaration begins with. Raises `SyntaxProblemError`."""
        words: list[str] = []
        found: Type | None = None
        while True:
            self._attributes(at)
            word = at.text()
            if word in _STORAGE or word in _QUALIFIERS:
                at.take()
            elif word in _WORDS:
                words.append(at.take().text)
            elif found is None and not words and word in _TAGGED:
                found = self._tagged(at)
            elif found is None and not words and at.kind() == NAME and self._names_type(at):
                name = at.take().text
                found = INTEGERS.get(name) or Named(name)
            else:
                break
        if found is not None:
            return found
        if not words:
            raise at.problem("a type is missing")
        return _integer(words)

    def _names_type(self, at: Cursor) -> bool:
        """Whether the name here is that of a type, by what follows if it is not known."""
        return self.is_type(at.text()) or at.kind(1) == NAME or at.text(1) in ("*", "(")

    def _tagged(self, at: Cursor) -> Type:
        word = at.take().text
        self._attributes(at)
        if at.kind() == NAME and at.kind(1) == NAME and at.text(2) == "{":
            # The macro of an attribute that no header here defines.
            at.take()
        tag = at.take().text if at.kind() == NAME else ""
        self._attributes(at)
        if word == "enum":
            if at.text() == "{":
                self._enumerators(at)
            return _ENUM
        if not tag:
            self._unnamed += 1
            tag = f"{word} {self._unnamed}"
        if at.text() == "{":
            if self.within and tag in self.known.tags:
                raise at.problem("a structure that hides another one")
            inner = Cursor(at.group())
            inner.depth = at.depth
            self.known.tags[tag] = self._members(inner)
        return Record(tag, union=word == "union")

    def _members(self, at: Cursor) -> Members:
        found: list[tuple[str, Type]] = []
        at.enter()
        while at.here is not None:
            if at.accept(";"):
                continue
            if at.text() in _ASSERTS:
                at.until((";",))
                continue
            base = self.specifiers(at)
            if at.text() == ";" and isinstance(base, Record):
                found.append(("", base))
                continue
            while True:
                name, kind = self.declarator(at, base)
                if at.accept(":"):
                    kind = BitField(kind, self.expressions.assignment(at))
                self._attributes(at)
                found.append((name.text if name is not None else "", kind))
                if not at.accept(","):
                    break
            at.expect(";")
            if len(found) > MAX_MEMBERS:
                raise at.problem(f"a structure of more than {MAX_MEMBERS} members")
        at.leave()
        return tuple(found)

    def _enumerators(self, at: Cursor) -> None:
        inner = Cursor(at.group())
        base: Expression | None = None
        offset = 0
        while inner.here is not None:
            name = inner.take()
            if name.kind != NAME:
                raise SyntaxProblemError("an enumerator is missing", name)
            self._attributes(inner)
            if inner.accept("="):
                base, offset = self.expressions.assignment(inner), 0
            if self.within and self._is_known(name.text):
                raise SyntaxProblemError("an enumerator that hides another name", name)
            self.known.enumerators[name.text] = Enumerator(name, base, offset)
            offset += 1
            if not inner.accept(","):
                break

    def _is_known(self, name: str) -> bool:
        known = self.known
        return name in known.enumerators or name in known.variables or name in known.functions

    def declarator(self, at: Cursor, base: Type) -> tuple[Token | None, Type]:
        """A name with what is around it, or none, and the type. Raises `SyntaxProblemError`."""
        at.enter()
        while at.text() == "*" or at.text() in _QUALIFIERS:
            if at.take().text == "*":
                base = PointerTo(base)
        self._attributes(at)
        name: Token | None = None
        inner: Sequence[Token] | None = None
        if at.kind() == NAME:
            name = at.take()
        elif at.text() == "(" and (at.text(1) in ("*", "(") or at.text(1) in _ATTRIBUTES):
            inner = at.group()
        kind = self._suffixes(at, base)
        at.leave()
        if inner is None:
            return name, kind
        within = Cursor(inner)
        within.depth = at.depth + 1
        return self.declarator(within, kind)

    def _suffixes(self, at: Cursor, base: Type) -> Type:
        self._attributes(at)
        while at.text().startswith("__") and not self.is_type(at.text()):
            # The macro of an attribute that no header here defines.
            at.take()
            if at.text() == "(":
                at.group()
        if at.text() == "(":
            return FunctionType(base, *self._parameters(Cursor(at.group())))
        lengths: list[Expression | None] = []
        while at.accept("["):
            while at.text() in ("static", *_QUALIFIERS):
                at.take()
            lengths.append(None if at.text() == "]" else self.expressions.expression(at))
            at.expect("]")
        for length in reversed(lengths):
            base = ArrayOf(base, length)
        return base

    def _parameters(self, at: Cursor) -> tuple[tuple[tuple[str, Type], ...], tuple[bool, ...]]:
        found: list[tuple[str, Type]] = []
        reads: list[bool] = []
        at.enter()
        while at.here is not None and at.text() != "...":
            start = at.place
            base = self.specifiers(at)
            of_what = at.tokens[start : at.place]
            name, kind = self.declarator(at, base)
            if name is not None or kind != Integer("void", None):
                found.append((name.text if name is not None else "", kind))
                reads.append(any(token.text == "const" for token in of_what))
            if not at.accept(","):
                break
        at.leave()
        return tuple(found), tuple(reads)

    def type_name(self, at: Cursor) -> Type:
        """A type without a name, as in a cast. Raises `SyntaxProblemError`."""
        base = self.specifiers_of_cast(at)
        _, kind = self.declarator(at, base)
        return kind

    def specifiers_of_cast(self, at: Cursor) -> Type:
        """As `specifiers`, where a single name is that of a type. Raises `SyntaxProblemError`."""
        if at.kind() == NAME and not self.is_type(at.text()):
            return Named(at.take().text)
        return self.specifiers(at)


def _last(words: Sequence[str], word: str) -> int:
    """Where a word stands last, 0 where it does not."""
    return len(words) - 1 - words[::-1].index(word) if word in words else 0


def _place_of(at: Cursor, name: Token) -> int:
    """Where a name that was just read stands."""
    place = at.place
    while place and at.tokens[place - 1] is not name:
        place -= 1
    return place


def _integer(words: Sequence[str]) -> Type:
    if "void" in words or "float" in words or "double" in words:
        return Integer(next(word for word in words if word in ("void", "float", "double")))
    plain = frozenset(words) - {"signed", "unsigned", "int", "__signed__"}
    size = 8 if list(words).count("long") > 1 else _SIZES.get(plain)
    return Integer(" ".join(words), size, signed="unsigned" not in words)
