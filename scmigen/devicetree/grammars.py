"""The two grammars of a devicetree source, ready to parse.

``grammars/dts.lark`` is the structure: its parser sees every statement of a file. Its VALUE token,
what stands between ``=`` and ``;``, is taken apart by ``grammars/values.lark`` (see `values`).
The terminals of both are written there and nowhere else; code that needs a regular expression
composes it of `Grammar.terminals`.
"""

import contextlib
import io
import pickle
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lark import Lark, Token
from lark import __version__ as lark_version
from lark.exceptions import UnexpectedCharacters
from lark.lexer import BasicLexer, TerminalDef

from scmigen.devicetree import grammar_cache
from scmigen.resources import directory

#: How the terminals are to be compiled: white space and letters are those of ASCII, as for dtc.
FLAGS = re.ASCII

#: A repetition of a group, as Lark composes terminals out of others.
_REPETITION = re.compile(r"(?<!\\)\)([*+?])(?![*+?])")


@dataclass(frozen=True, slots=True)
class Grammar:
    """A grammar's parser, and the regular expression of every terminal it names."""

    parser: Lark
    terminals: dict[str, str]


class _Lexer(BasicLexer):
    """Lark's basic lexer without its line counting: tokens know their offsets alone.

    Where a token was written is found out later, for the few that are asked for.
    """

    def lex(self, text: str) -> Iterator[Token]:  # type: ignore[override]
        """The tokens of ``text``, by Lark's interface for lexers of one's own.

        Raises `UnexpectedCharacters` where none matches.
        """
        ignored = self.ignore_types
        # One expression unless there are more terminals than `re` has groups; ours are few.
        (expression,) = self.scanner._mres
        offset = 0
        while found := expression.match(text, offset):
            start, offset = offset, found.end()
            name = found.lastgroup
            if name not in ignored:
                yield Token(name, found[0], start, end_pos=offset)
        if offset < len(text):
            raise UnexpectedCharacters(text, offset, 0, 0)  # type: ignore[no-untyped-call]


def grammar_text(name: str) -> str:
    """The text of ``grammars/<name>.lark``."""
    return (directory("grammars") / f"{name}.lark").read_text("utf-8")


def structure_grammar(text: str) -> Grammar:
    """The grammar ``text`` with the coarse tokens of ``dts.lark``; starts with ``source``."""
    parser = Lark(
        text,
        parser="lalr",
        lexer=_Lexer,
        start=["source"],
        edit_terminals=_possessive,
        g_regex_flags=FLAGS,
        propagate_positions=False,
        maybe_placeholders=False,
    )
    return Grammar(parser, _terminals(parser, ["source"]))


def value_grammar(text: str) -> Grammar:
    """The grammar ``text`` of values; starts with ``value``, ``reservation``, ``arithmetic``."""
    start = ["value", "reservation", "arithmetic"]
    parser = Lark(
        text,
        parser="lalr",
        lexer="contextual",
        start=start,
        g_regex_flags=FLAGS,
        propagate_positions=False,
        maybe_placeholders=False,
    )
    return Grammar(parser, _terminals(parser, start))


def _terminals(parser: Lark, start: list[str]) -> dict[str, str]:
    compiled, _, _ = parser.grammar.compile(start, "*")
    return {item.name: _possessive(item).pattern.to_regexp() for item in compiled}


def _possessive(terminal: TerminalDef) -> TerminalDef:
    """Makes the repetitions of a terminal keep what they took.

    Our terminals never need to give anything back; so a text that does not match is refused in
    linear time.
    """
    found = terminal.pattern
    if found.type == "re":
        found.value = _REPETITION.sub(r")\1+", found.value)
    return terminal


@cache
def structure() -> Grammar:
    """The grammar ``dts.lark``."""
    return _kept("dts", structure_grammar)


@cache
def values() -> Grammar:
    """The grammar ``values.lark``."""
    return _kept("values", value_grammar)


def _kept(name: str, build: Callable[[str], Grammar]) -> Grammar:
    """The grammar as an earlier run left it, or built now and kept for the next run."""
    text = grammar_text(name)
    depends_on = "\0".join((text, lark_version, Path(__file__).read_text("utf-8")))
    kept = grammar_cache.read(name, depends_on)
    if kept is not None:
        with contextlib.suppress(*grammar_cache.DAMAGED):
            return Grammar(Lark.load(kept), pickle.load(kept))
    grammar = build(text)
    data = io.BytesIO()
    grammar.parser.save(data)
    pickle.dump(grammar.terminals, data)
    grammar_cache.write(name, depends_on, data.getvalue())
    return grammar
