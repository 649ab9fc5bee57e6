"""The grammars of a source tree: compiled when they are first used, and kept for later runs.

Lark compiles a grammar into tables, which are kept as JSON: that takes longer than reading a board.
"""

import json
from pathlib import Path
from zlib import crc32

from scmigen import resources
from scmigen.devicetree.lalr import Tables

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


def module_source() -> str:
    """The source of a module that has the tables of each grammar as ``TABLES``: name → tables."""
    lines = [
        '"""Tables of the grammars, as scmigen.devicetree.grammar_source writes them."""',
        "",
        "from scmigen.devicetree.lalr import Tables",
        "",
        "TABLES = {",
    ]
    for name in STARTS:
        # Some releases of Lark have names of a class of their own.
        tables = Tables(*json.loads(json.dumps(compiled(name, grammar_text(name)))))
        lines += [f"    {name!r}: Tables("]
        lines += [f"        {field}={said!r}," for field, said in tables._asdict().items()]
        lines += ["    ),"]
    return "\n".join([*lines, "}", ""])


def kept(name: str) -> Tables:
    """The grammar ``name`` as an earlier run left it, or compiled now and kept for the next run."""
    text = grammar_text(name)
    depends_on = text + _COMPILER.read_text("utf-8")
    # One file per state of the grammar: two source trees do not replace each other's.
    file = f"{name}.{crc32(depends_on.encode()):08x}.tables.json"
    tables = _read(file, depends_on)
    if tables is None:
        tables = compiled(name, text)
        resources.keep(file, json.dumps([depends_on, tables]).encode())
    return tables


def _read(file: str, depends_on: str) -> Tables | None:
    """Kept tables, if they were made from the same."""
    content = resources.kept(file)
    if content is None:
        return None
    made_from, tables = json.loads(content)
    return Tables(*tables) if made_from == depends_on else None
