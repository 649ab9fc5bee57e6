"""Statements of functions."""

from scmigen.csource.cursor import Cursor
from scmigen.csource.declarations import Parser
from scmigen.csource.tokens import NAME, Token
from scmigen.csource.tree import (
    Block,
    Evaluate,
    Expression,
    Function,
    If,
    Leave,
    Local,
    Loop,
    Statement,
    Switch,
)


def body_of(function: Function, parser: Parser) -> Block:
    """The statements of a function. Raises `SyntaxProblemError`."""
    parser.within = True
    try:
        return Block(function.at, _statements(Cursor(function.body), parser))
    finally:
        parser.within = False


def _statements(at: Cursor, parser: Parser) -> tuple[Statement, ...]:
    found: list[Statement] = []
    while at.here is not None and at.text() not in ("}", "case", "default"):
        found.extend(_statement(at, parser))
    return tuple(found)


def _one(at: Cursor, parser: Parser) -> Statement:
    sign = at.here
    found = _statement(at, parser)
    if len(found) == 1:
        return found[0]
    assert sign is not None
    return Block(sign, found)


def _statement(at: Cursor, parser: Parser) -> tuple[Statement, ...]:
    at.enter()
    try:
        return _read(at, parser)
    finally:
        at.leave()


def _read(at: Cursor, parser: Parser) -> tuple[Statement, ...]:
    word = at.text()
    if word == ";":
        at.take()
        return ()
    if word == "{":
        sign = at.take()
        body = _statements(at, parser)
        at.expect("}")
        return (Block(sign, body),)
    if word in ("if", "for", "while", "do", "switch"):
        return (_control(at, parser),)
    if word in ("return", "break", "continue"):
        sign = at.take()
        value = None if at.text() == ";" else parser.expressions.expression(at)
        at.expect(";")
        return (Leave(sign, word, value),)
    if word == "goto" or (at.kind() == NAME and at.text(1) == ":"):
        raise at.problem("a jump is not read")
    if word in ("static_assert", "_Static_assert"):
        at.until((";",))
        at.expect(";")
        return ()
    if _begins_declaration(at, parser):
        return _local(at, parser)
    sign = at.take()
    at.place -= 1
    value = parser.expressions.expression(at)
    at.expect(";")
    return (Evaluate(sign, value),)


def _begins_declaration(at: Cursor, parser: Parser) -> bool:
    if at.kind() != NAME:
        return False
    return parser.is_type(at.text()) or at.text() in ("static", "register") or at.kind(1) == NAME


def _local(at: Cursor, parser: Parser) -> tuple[Statement, ...]:
    static = at.text() == "static"
    base = parser.specifiers(at)
    found: list[Statement] = []
    while at.text() != ";":
        name, kind = parser.declarator(at, base)
        if name is None:
            raise at.problem("a name is missing")
        value = parser.expressions.initialiser(at) if at.accept("=") else None
        found.append(Local(name, name.text, kind, value, static))
        if not at.accept(","):
            break
    at.expect(";")
    return tuple(found)


def _condition(at: Cursor, parser: Parser) -> Expression:
    at.expect("(")
    value = parser.expressions.expression(at)
    at.expect(")")
    return value


def _control(at: Cursor, parser: Parser) -> Statement:
    sign = at.take()
    if sign.text == "if":
        condition = _condition(at, parser)
        yes = _one(at, parser)
        return If(sign, condition, yes, _one(at, parser) if at.accept("else") else None)
    if sign.text == "while":
        return Loop(sign, None, _condition(at, parser), None, _one(at, parser))
    if sign.text == "do":
        body = _one(at, parser)
        at.expect("while")
        condition = _condition(at, parser)
        at.expect(";")
        return Loop(sign, None, condition, None, body, after=True)
    if sign.text == "for":
        return _for(at, parser, sign)
    return _switch(at, parser, sign)


def _for(at: Cursor, parser: Parser, sign: Token) -> Statement:
    at.expect("(")
    start: Statement | None = None
    if at.text() == ";":
        at.take()
    elif _begins_declaration(at, parser):
        start = Block(sign, _local(at, parser))
    else:
        start = Evaluate(sign, parser.expressions.expression(at))
        at.expect(";")
    condition = None if at.text() == ";" else parser.expressions.expression(at)
    at.expect(";")
    step = None if at.text() == ")" else parser.expressions.expression(at)
    at.expect(")")
    return Loop(sign, start, condition, step, _one(at, parser))


def _label(at: Cursor, parser: Parser) -> tuple[Expression, Expression]:
    """The first and the last value of a case."""
    first = parser.expressions.assignment(at)
    return first, parser.expressions.assignment(at) if at.accept("...") else first


def _switch(at: Cursor, parser: Parser, sign: Token) -> Statement:
    value = _condition(at, parser)
    at.expect("{")
    cases: list[tuple[tuple[Expression, Expression] | None, tuple[Statement, ...]]] = []
    while at.text() != "}":
        label = at.take()
        if label.text not in ("case", "default"):
            at.place -= 1
            raise at.problem("a case is missing")
        matches = _label(at, parser) if label.text == "case" else None
        at.expect(":")
        cases.append((matches, _statements(at, parser)))
    at.expect("}")
    return Switch(sign, value, tuple(cases))
