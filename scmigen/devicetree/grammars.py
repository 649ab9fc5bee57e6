"""The two grammars of a device tree source, ready to parse.

``grammars/dts.lark`` describes the structure, every statement of a file. Its VALUE token, the text
between ``=`` and ``;``, is parsed by ``grammars/values.lark`` (see `values`). All terminals are
defined there; code that needs a regular expression composes it of `Parser.terminals`. Lark compiles
the grammars into tables: a wheel has them as a module, without Lark.
"""

from functools import cache
from importlib import import_module

from scmigen.devicetree.lalr import Parser, Tables


@cache
def structure() -> Parser:
    """The grammar ``dts.lark``."""
    return Parser(_tables("dts"))


@cache
def values() -> Parser:
    """The grammar ``values.lark``."""
    return Parser(_tables("values"))


def _tables(name: str) -> Tables:
    try:
        module = import_module("scmigen.devicetree.compiled_grammars")
    except ModuleNotFoundError:  # a source tree, or an editable install
        from scmigen.devicetree.grammar_source import kept

        return kept(name)
    tables: dict[str, Tables] = module.TABLES
    return tables[name]
