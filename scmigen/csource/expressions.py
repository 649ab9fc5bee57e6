"""Expressions, initialisers and the names of types in them."""

from collections.abc import Callable, Mapping

from scmigen.csource.cursor import Cursor
from scmigen.csource.tokens import CHARACTER, NAME, NUMBER, STRING, Token, number_of, unquoted
from scmigen.csource.tree import (
    Binary,
    Braces,
    Call,
    Cast,
    Compound,
    Conditional,
    Expression,
    Index,
    Initialiser,
    Item,
    Member,
    Name,
    Number,
    SizeOf,
    Text,
    Type,
    Unary,
)

#: Binary operators by how strongly they bind.
_BINARY: Mapping[str, int] = {
    word: strength
    for strength, words in enumerate(
        (
            ("||",),
            ("&&",),
            ("|",),
            ("^",),
            ("&",),
            ("==", "!="),
            ("<", ">", "<=", ">="),
            ("<<", ">>"),
            ("+", "-"),
            ("*", "/", "%"),
        )
    )
    for word in words
}
ASSIGNMENTS = frozenset(("=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>="))
_PREFIX = frozenset(("+", "-", "!", "~", "&", "*", "++", "--"))
#: What begins an operand after the parentheses of a cast to a type that is not known here.
_AFTER_CAST = frozenset(("(", "{", "~", "!"))

#: Reads the name of a type where one begins, in an abstract declaration.
TypeName = Callable[[Cursor], Type]
#: Whether a name is that of a type.
IsType = Callable[[str], bool]


class Expressions:
    """Reads expressions; types are read by what is given."""

    def __init__(self, type_name: TypeName, is_type: IsType) -> None:
        self._type_name = type_name
        self._is_type = is_type

    def expression(self, at: Cursor) -> Expression:
        """An expression, with commas. Raises `SyntaxProblemError`."""
        left = self.assignment(at)
        while at.text() == ",":
            comma = at.take()
            left = Binary(comma, ",", left, self.assignment(at))
        return left

    def assignment(self, at: Cursor) -> Expression:
        """An expression without commas. Raises `SyntaxProblemError`."""
        at.enter()
        left = self._conditional(at)
        if at.text() in ASSIGNMENTS:
            sign = at.take()
            left = Binary(sign, sign.text, left, self.assignment(at))
        at.leave()
        return left

    def _conditional(self, at: Cursor) -> Expression:
        condition = self._binary(at, 0)
        if at.text() != "?":
            return condition
        sign = at.take()
        yes = self.expression(at)
        at.expect(":")
        at.enter()
        no = self._conditional(at)
        at.leave()
        return Conditional(sign, condition, yes, no)

    def _binary(self, at: Cursor, least: int) -> Expression:
        left = self._unary(at)
        while (strength := _BINARY.get(at.text(), -1)) >= least:
            sign = at.take()
            left = Binary(sign, sign.text, left, self._binary(at, strength + 1))
        return left

    def _unary(self, at: Cursor) -> Expression:
        at.enter()
        try:
            word = at.text()
            if word in _PREFIX:
                sign = at.take()
                return Unary(sign, word, self._unary(at))
            if word in ("sizeof", "_Alignof"):
                return self._sizeof(at)
            if word == "__extension__":
                at.take()
                return self._unary(at)
            if word == "(" and self._is_cast(at):
                return self._cast(at)
            return self._postfix(at, self._primary(at))
        finally:
            at.leave()

    def _sizeof(self, at: Cursor) -> Expression:
        sign = at.take()
        if at.text() == "(" and self.begins_type(at, 1):
            at.take()
            kind = self._type_name(at)
            at.expect(")")
            return SizeOf(sign, kind)
        return SizeOf(sign, self._unary(at))

    def begins_type(self, at: Cursor, ahead: int = 0) -> bool:
        """Whether a type's name begins there."""
        return at.kind(ahead) == NAME and self._is_type(at.text(ahead))

    def _is_cast(self, at: Cursor) -> bool:
        if self.begins_type(at, 1):
            return True
        if at.kind(1) != NAME:
            return False
        # A type of a header that is not there: ``(name *)`` or ``(name)operand``.
        if at.text(2) == "*" and at.text(3) == ")":
            return True
        after = at.text(3) in _AFTER_CAST - {"("} or at.kind(3) in (NAME, NUMBER, STRING)
        return at.text(2) == ")" and after

    def _cast(self, at: Cursor) -> Expression:
        sign = at.take()
        kind = self._type_name(at)
        at.expect(")")
        if at.text() == "{":
            return self._postfix(at, Compound(sign, kind, self.braces(at)))
        return Cast(sign, kind, self._unary(at))

    def _primary(self, at: Cursor) -> Expression:
        token = at.take()
        if token.kind == NUMBER:
            value = number_of(token.text)
            if value is None:
                return Name(token, token.text)
            return Number(token, value)
        if token.kind == CHARACTER:
            return Number(token, ord((unquoted(token.text) or "\0")[0]))
        if token.kind == STRING:
            value_text = unquoted(token.text)
            while at.kind() == STRING:
                value_text += unquoted(at.take().text)
            return Text(token, value_text)
        if token.kind == NAME:
            return Name(token, token.text)
        if token.text == "(":
            if at.text() == "{":
                raise at.problem("a block as an expression is not read")
            inner = self.expression(at)
            at.expect(")")
            return inner
        at.place -= 1
        raise at.problem(f"{token.text} begins no expression")

    def _postfix(self, at: Cursor, found: Expression) -> Expression:
        while True:
            word = at.text()
            if word == "[":
                sign = at.take()
                found = Index(sign, found, self.expression(at))
                at.expect("]")
            elif word in (".", "->"):
                sign = at.take()
                found = Member(sign, found, self._name(at).text, word == "->")
            elif word == "(":
                found = self._call(at, found)
            elif word in ("++", "--"):
                sign = at.take()
                found = Unary(sign, f"p{word}", found)
            else:
                return found

    def _call(self, at: Cursor, of: Expression) -> Expression:
        sign = at.take()
        arguments: list[Expression] = []
        while at.text() != ")":
            if self.begins_type(at):
                # A type among the arguments, as of offsetof and va_arg.
                kind = self._type_name(at)
                arguments.append(SizeOf(sign, kind))
            else:
                arguments.append(self.assignment(at))
            if not at.accept(","):
                break
        at.expect(")")
        return Call(sign, of, tuple(arguments))

    def _name(self, at: Cursor) -> Token:
        if at.kind() != NAME:
            raise at.problem("a name is missing")
        return at.take()

    def initialiser(self, at: Cursor) -> Initialiser:
        """What follows ``=``. Raises `SyntaxProblemError`."""
        return self.braces(at) if at.text() == "{" else self.assignment(at)

    def braces(self, at: Cursor) -> Braces:
        """``{ … }``. Raises `SyntaxProblemError`."""
        at.enter()
        sign = at.expect("{")
        items: list[Item] = []
        while at.text() != "}":
            items.append(self._item(at))
            if not at.accept(","):
                break
        at.expect("}")
        at.leave()
        return Braces(sign, tuple(items))

    def _item(self, at: Cursor) -> Item:
        first = at.here
        assert first is not None or at.take()
        path: list[str | Expression | tuple[Expression, Expression]] = []
        while at.text() in (".", "["):
            if at.accept("."):
                path.append(self._name(at).text)
                continue
            at.take()
            low = self._conditional(at)
            path.append((low, self._conditional(at)) if at.accept("...") else low)
            at.expect("]")
        if path:
            at.accept("=")
        elif at.kind() == NAME and at.text(1) == ":" and at.text(2) != ":":
            # The older form, ``name: value``.
            path.append(at.take().text)
            at.take()
        assert first is not None
        return Item(first, tuple(path), self.initialiser(at))
