"""Colours, where the output is a terminal that takes them."""

import os
from enum import IntEnum

from scmigen.hints import IO


class Style(IntEnum):
    """How text is shown: the parameter of SGR in ECMA-48."""

    RESET = 0
    BOLD = 1
    RED = 31
    GREEN = 32
    YELLOW = 33
    CYAN = 36


def has_colour(stream: IO[str]) -> bool:
    """Whether ``stream`` takes colours, as CPython decides it: NO_COLOR, FORCE_COLOR and TERM=dumb
    are obeyed, in this order; else it must be a terminal."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return os.environ.get("TERM") != "dumb" and stream.isatty()


def styled(text: str, *styles: Style) -> str:
    """``text`` in these styles."""
    return f"{''.join(map(_code, styles))}{text}{_code(Style.RESET)}"


def _code(style: Style) -> str:
    return f"\x1b[{style.value}m"
