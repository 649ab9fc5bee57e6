"""The two grammars of a device tree source, ready to parse.

``grammars/dts.lark`` describes the structure, every statement of a file. Its VALUE token, the text
between ``=`` and ``;``, is parsed by ``grammars/values.lark`` (see `values`). All terminals are
defined there; code that needs a regular expression composes it of `Parser.terminals`. Lark compiles
the grammars into tables, which are cached as JSON: compiling takes longer than reading a board.
"""

import json
from functools import cache
from pathlib import Path
from zlib import crc32

from scmigen import resources
from scmigen.devicetree.lalr import Parser, Tables

#: What the parser of each grammar can start with.
STARTS = {"dts": ("source",), "values": ("value", "reservation", "arithmetic")}

_COMPILER = Path(__file__).with_name("compile_grammar.py")


def grammar_text(name: str) -> str:
    """The text of ``grammars/<name>.lark``."""
    return (resources.directory("grammars") / f"{name}.lark").read_text("utf-8")


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
    # One file per state of the grammar: two installations do not replace each other's.
    file = f"{name}.{crc32(depends_on.encode()):08x}.tables.json"
    tables = _read(file, depends_on)
    if tables is None:
        tables = compiled(name, text)
        resources.keep(file, json.dumps([depends_on, tables]).encode())
    return Parser(tables)


def _read(file: str, depends_on: str) -> Tables | None:
    """Kept tables, if they were made from the same."""
    content = resources.kept(file)
    if content is None:
        return None
    made_from, tables = json.loads(content)
    return Tables(*tables) if made_from == depends_on else None
