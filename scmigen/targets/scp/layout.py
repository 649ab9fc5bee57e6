"""Line breaks and groups of headers as SCP-firmware's style has them, whatever the length of names.

Templates write a call that may be too long for a line with one argument a line, and a value that
may be too long below its ``=``. What is short enough for one line becomes one here, so that
clang-format with SCP-firmware's settings has nothing to change.
"""

from collections.abc import Iterable, Sequence

from scmigen.patterns import pattern
from scmigen.targets.common.ctext import WIDTH

#: What continues a line is this much further in.
_INDENT = " " * 4
#: A value that is one call, with nothing but names and numbers for arguments.
_ARGUMENTS = pattern(r"(\S* = \w+)\(([\w, ]+)(\)[,;])")
#: Headers of modules, in angle brackets; the firmware's own come before them, in quotes.
_OF_MODULE = "mod_"


def includes(headers: Iterable[str]) -> str:
    """The directives for the headers of a firmware and of modules, in their groups."""
    found = sorted(set(headers))
    own = [f'#include "{header}"' for header in found if not header.startswith(_OF_MODULE)]
    of_modules = [f"#include <{header}>" for header in found if header.startswith(_OF_MODULE)]
    return "\n\n".join("\n".join(group) for group in (own, of_modules) if group)


def laid_out(text: str) -> str:
    """C in which each call and each value stands on one line where it fits."""
    lines = text.split("\n")
    found: list[str] = []
    done = 0  # of the lines; most of them stay as they are
    begins = [
        at for at, line in enumerate(lines) if len(line) > WIDTH or line.endswith(("(", " ="))
    ]
    for at in begins:
        if at >= done:
            found += lines[done:at]
            done = at + _used(lines, at)
            found.append(_laid_out(lines[at:done]))
    return "\n".join(found + lines[done:])


def _used(lines: Sequence[str], at: int) -> int:
    """How many lines belong to what begins there."""
    line = lines[at]
    return _length(lines, at) if line.endswith("(") else 2 if line.endswith(" =") else 1


def _laid_out(lines: Sequence[str]) -> str:
    line = lines[0]
    if line.endswith("("):
        return _call(lines)
    return _value(line, lines[1]) if line.endswith(" =") else _long(line)


def _length(lines: Sequence[str], at: int) -> int:
    """How many lines a call has: those with an argument each, one that ends it.

    All but the last one are as far in as arguments are.
    """
    inner = _indent(lines[at]) + _INDENT
    end = at + 1
    while end < len(lines) and lines[end].endswith(",") and _indent(lines[end]) == inner:
        end += 1
        if _closes(lines[end - 1]):
            return end - at
    return min(end + 1, len(lines)) - at


def _closes(line: str) -> bool:
    return line.count(")") > line.count("(")


def _call(lines: Sequence[str]) -> str:
    """A call: on one line, else all of it below ``=``, else as it was."""
    head, last = lines[0], lines[-1]
    whole = head + " ".join([argument.strip() for argument in lines[1:]])
    if len(lines) > 1 and _indent(last) != _indent(head) + _INDENT:
        return "\n".join(lines)
    if whole.count("(") != whole.count(")"):
        return "\n".join(lines)
    return _fitted(whole) or "\n".join(lines)


def _value(line: str, value: str) -> str:
    """A value that a template has below ``=``."""
    if _indent(value) != _indent(line) + _INDENT:
        return f"{line}\n{value}"
    return _fitted(f"{line} {value.strip()}") or f"{line}\n{value}"


def _long(line: str) -> str:
    """A line that is too long: all of the value below ``=``, else one argument a line."""
    indent = _indent(line)
    text = line[len(indent) :]
    if text.startswith(("/", "*", "#")) or line.endswith(("\\", "{")):
        return line
    fitting, call = _fitted(line), _ARGUMENTS.fullmatch(text)
    if fitting is not None or call is None:
        return fitting or line
    inner = f"\n{indent}{_INDENT}"
    return f"{indent}{call[1]}({inner}" + call[2].replace(", ", f",{inner}") + call[3]


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _fitted(line: str) -> str | None:
    """A line where it fits, or with all of its value below ``=`` where that fits."""
    if len(line) <= WIDTH:
        return line
    indent = _indent(line) + _INDENT
    left, equals, right = line.partition(" = ")
    if equals and len(indent) + len(right) <= WIDTH:
        return f"{left} =\n{indent}{right}"
    return None
