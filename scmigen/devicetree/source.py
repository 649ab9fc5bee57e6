"""Devicetree source text → `DeviceTree`, by dtc's rules (Devicetree Specification v0.4, chapter 6).

The way: `sourcetext` splices files and remembers where text came from; the parser of
``grammars/dts.lark`` makes statements of it; `build` applies them to a tree, with `values` for what
stands between ``=`` and ``;`` (``grammars/values.lark``); `resolve` fills in references.
"""

from collections.abc import Sequence
from pathlib import Path

from lark.exceptions import UnexpectedInput

from scmigen.devicetree.build import Builder
from scmigen.devicetree.grammars import Grammar, structure, values
from scmigen.devicetree.items import Cutter
from scmigen.devicetree.resolve import resolve
from scmigen.devicetree.sourcetext import SourceText
from scmigen.devicetree.syntax import explain
from scmigen.devicetree.tree import DeviceTree
from scmigen.devicetree.values import Values
from scmigen.diagnostics import InputError


def read_source(
    text: str, file: str, include_paths: Sequence[Path] = (), symbols: bool = False
) -> DeviceTree:
    """The tree that ``text`` describes.

    ``file`` is the name for positions until a line marker gives another; ``/include/`` and
    ``/incbin/`` look beside it, then in ``include_paths``. With ``symbols`` the tree gets
    ``/__symbols__``, and keeps the labelled nodes that nothing refers to (dtc's ``-@``).
    Raises `InputError` with all that is wrong.
    """
    return read_with(text, file, include_paths, symbols, structure(), values())


def read_with(
    text: str,
    file: str,
    include_paths: Sequence[Path],
    symbols: bool,
    statements: Grammar,
    expressions: Grammar,
) -> DeviceTree:
    """`read_source` with given grammars."""
    source = SourceText(text, file, include_paths)
    cutter = Cutter(statements)
    try:
        parsed = statements.parser.parse(source.text, start="source")
    except UnexpectedInput as problem:
        raise InputError([explain(problem, source, cutter)]) from None
    builder = Builder(source, cutter, Values(expressions))
    builder.build(parsed)
    tree = resolve(builder, symbols)
    if builder.errors:
        raise InputError(builder.errors)
    return tree
