"""Macros: arguments as text again, and put into the text of a macro."""

import re
from collections.abc import Callable

from .ir import Expr


def written(expr: Expr) -> str:
    """An expression as C again, as far as arguments of macros need it."""
    write = _WRITTEN.get(expr[0])
    return "0" if write is None else write(expr)


def _text(expr: Expr) -> str:
    return '"' + str(expr[1]).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _cast(expr: Expr) -> str:
    inner = written(expr[2])
    return f"(struct {expr[1]}){inner}" if expr[2][0] == "init" and expr[1] else inner


_WRITTEN: dict[str, Callable[[Expr], str]] = {
    "id": lambda expr: str(expr[1]),
    "num": lambda expr: str(expr[1]),
    "str": _text,
    "field": lambda expr: f"{written(expr[1])}.{expr[2]}",
    "idx": lambda expr: f"{written(expr[1])}[{written(expr[2])}]",
    "addr": lambda expr: f"&{written(expr[1])}",
    "deref": lambda expr: f"*{written(expr[1])}",
    "bin": lambda expr: f"({written(expr[2])} {expr[1]} {written(expr[3])})",
    "cast": _cast,
    "call": lambda expr: f"{written(expr[1])}({', '.join(written(one) for one in expr[2])})",
    "init": lambda expr: "{" + ", ".join(_entry(key, value) for key, value in expr[1]) + "}",
    "type": lambda expr: f"struct_{expr[1]}",
}


def _entry(key: object, value: Expr) -> str:
    if isinstance(key, str):
        return f".{key} = {written(value)}"
    if isinstance(key, tuple):
        return f"[{written(key[1])}] = {written(value)}"
    return written(value)


def substituted(text: str, given: dict[str, str]) -> str:
    """The text of a macro with its parameters replaced, ``#`` and ``##`` done."""

    def stringed(match: re.Match[str]) -> str:
        return f'"{given[match[1]]}"' if match[1] in given else match[0]

    text = re.sub(r"(?<!#)#\s*(\w+)", stringed, text)
    text = re.sub(r"\b[A-Za-z_]\w*\b", lambda m: given.get(m[0], m[0]), text)
    return re.sub(r"\s*##\s*", "", text)
