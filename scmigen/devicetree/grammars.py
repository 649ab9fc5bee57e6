"""The two grammars of a devicetree source, ready to parse.

``grammars/dts.lark`` is the structure: its parser sees every statement of a file. Its VALUE token,
what stands between ``=`` and ``;``, is taken apart by ``grammars/values.lark`` (see `values`).
The terminals of both are written there and nowhere else; code that needs a regular expression
composes it of `Parser.terminals`.
"""

from functools import cache
from pathlib import Path

from scmigen.devicetree import grammar_cache
from scmigen.devicetree.lalr import Parser, Tables
from scmigen.resources import directory

#: What the parser of each grammar can start with.
STARTS = {"dts": ("source",), "values": ("value", "reservation", "arithmetic")}

_COMPILER = Path(__file__).with_name("compile_grammar.py")


def grammar_text(name: str) -> str:
    """The text of ``grammars/<name>.lark``."""
    return (directory("grammars") / f"{name}.lark").read_text("utf-8")


def compiled(name: str, text: str) -> Tables:
    """The tables of ``text`` in the part of the grammar ``name``.

    The tokens of the structure are coarse, and never need to give anything back.
    """
    from scmigen.devicetree.compile_grammar import compile_grammar

    return compile_grammar(text, list(STARTS[name]), possessive=name == "dts")


@cache
def structure() -> Parser:
    """The grammar ``dts.lark``."""
    return _kept("dts")


@cache
def values() -> Parser:
    """The grammar ``values.lark``."""
    return _kept("values")


def _kept(name: str) -> Parser:
    """The grammar as an earlier run left it, or compiled now and kept for the next run."""
    text = grammar_text(name)
    depends_on = text + _COMPILER.read_text("utf-8")
    tables = grammar_cache.read(name, depends_on)
    if tables is None:
        tables = compiled(name, text)
        grammar_cache.write(name, depends_on, tables)
    return Parser(tables)
