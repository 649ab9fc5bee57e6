"""Line breaks and groups of headers as SCP-firmware's style has them, whatever the length of names.

Templates write a call that may be too long for a line with one argument a line, and a value that
may be too long below its ``=``. What is short enough for one line becomes one here, so that
clang-format with SCP-firmware's settings has nothing to change.
"""

import re
from collections.abc import Iterable

from scmigen.targets.common.ctext import WIDTH

_INDENT = 4
#: A call over several lines, one argument on each.
_CALL = re.compile(r"^( *)(\S.*)\(\n((?:\1 {4}\S.*,\n)*\1 {4}\S.*)$", re.M)
#: A value on the line below its ``=``.
_VALUE = re.compile(r"^( *)(\S.*) =\n\1 {4}(\S.*)$", re.M)
#: A line that is too long, but for comments and what the preprocessor reads.
_LONG = re.compile(rf"^( *)(?=.{{{WIDTH + 1}}})([^/*# ][^\n]* = [^\n]*[^\n\\{{])$", re.M)
#: A value that is one call, with nothing but names and numbers for arguments.
_ARGUMENTS = re.compile(r"(\S* = \w+)\(([\w, ]+)(\)[,;])")

#: Headers of modules; those of a product come before them, as a group of their own.
_OF_MODULE = "mod_"


def includes(headers: Iterable[str]) -> str:
    """The directives for the headers of modules and of a product, in their groups."""
    groups: dict[bool, list[str]] = {False: [], True: []}
    for header in sorted(set(headers)):
        groups[header.startswith(_OF_MODULE)].append(f"#include <{header}>")
    return "\n\n".join("\n".join(group) for group in groups.values() if group)


def laid_out(text: str) -> str:
    """C in which each call and each value stands on one line where it fits."""
    text = _CALL.sub(_call, text)
    text = _VALUE.sub(_value, text)
    return _LONG.sub(_broken, text)


def _call(match: re.Match[str]) -> str:
    """A call: on one line, else all of it below ``=``, else as it was."""
    indent, head, lines = match.groups()
    line = f"{head}(" + " ".join(part.strip() for part in lines.split("\n"))
    if line.count("(") != line.count(")"):
        return match[0]
    return _fitted(indent, line) or match[0]


def _value(match: re.Match[str]) -> str:
    indent, left, right = match.groups()
    return _fitted(indent, f"{left} = {right}") or match[0]


def _broken(match: re.Match[str]) -> str:
    """A line that is too long: all of the value below ``=``, else one argument a line."""
    indent, line = match.groups()
    fitting = _fitted(indent, line)
    call = _ARGUMENTS.fullmatch(line)
    if fitting is not None or call is None:
        return fitting or match[0]
    inner = f"\n{indent}{' ' * _INDENT}"
    return f"{indent}{call[1]}({inner}" + call[2].replace(", ", f",{inner}") + call[3]


def _fitted(indent: str, line: str) -> str | None:
    if len(indent) + len(line) <= WIDTH:
        return indent + line
    left, equals, right = line.partition(" = ")
    if equals and len(indent) + _INDENT + len(right) <= WIDTH:
        return f"{indent}{left} =\n{indent}{' ' * _INDENT}{right}"
    return None
