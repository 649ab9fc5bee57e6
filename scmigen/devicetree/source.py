"""Device tree source → `DeviceTree`, by dtc's rules (Devicetree Specification v0.4, chapter 6).

`sourcetext` splices files and keeps track of positions; `items` splits the text with the terminals
of ``grammars/dts.lark``, in one pass; `build` applies the items to a tree, with `values` for the
text between ``=`` and ``;`` (``grammars/values.lark``); `resolve` fills in references. A text that
does not follow the grammar is given to its parser (`lalr`), and `syntax` explains what is wrong.
"""

import gc
from collections.abc import Sequence
from pathlib import Path

from scmigen.devicetree.build import Builder, MisplacedError
from scmigen.devicetree.grammars import structure, values
from scmigen.devicetree.items import Cutter
from scmigen.devicetree.lalr import Parser
from scmigen.devicetree.resolve import resolve
from scmigen.devicetree.sourcetext import SourceText
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
    collects = gc.isenabled()
    # All that is made here lives as long as the tree: to look for garbage meanwhile finds none.
    gc.disable()
    try:
        return read_with(text, file, include_paths, symbols, structure(), values())
    finally:
        if collects:
            gc.enable()


def read_with(
    text: str,
    file: str,
    include_paths: Sequence[Path],
    symbols: bool,
    statements: Parser,
    expressions: Parser,
) -> DeviceTree:
    """`read_source` with given grammars."""
    source = SourceText(text, file, include_paths)
    cutter = Cutter(statements)
    builder = Builder(source, cutter, Values(expressions, source.text))
    try:
        builder.build(len(source.text))
    except (MisplacedError, InputError):
        # What else is wrong counts only as far as the syntax is right. What makes good messages is
        # needed, and imported, only here.
        from scmigen.devicetree.syntax import mended

        end, errors, whole = mended(source, statements, cutter)
        builder = Builder(source, cutter, Values(expressions, source.text))
        builder.errors = errors
        builder.build(end, whole)
        if not whole:
            # What stands behind is unknown, so only what is wrong in itself can be told.
            raise InputError(builder.errors) from None
    tree = resolve(builder, symbols)
    if builder.errors:
        raise InputError(builder.errors)
    return tree
