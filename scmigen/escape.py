"""Text of unknown origin, escaped for where it goes; each format has its function here.

Names come from trees, blobs, agents files and file systems, and may hold anything. Lines are
escaped as a whole where they are printed, so that no value is forgotten.
"""

import io
import re
from collections.abc import Iterable, Sequence

from scmigen.patterns import pattern

#: The first character of what a continuous-integration system takes for a command anywhere in the
#: output of any program: ``##[error]`` (GitHub, Azure), ``##vso[…]`` (Azure), ``##teamcity[…]``.
_MARK = pattern(r"#(?=#\w*\[)", re.ASCII)
#: The same, and ``::error::`` at the start of a line, white space aside (GitHub).
_COMMAND = pattern(rf"^\s*:(?=:)|{_MARK.pattern}", re.ASCII)
#: Line breaks in the message of a command.
_BREAKS = {"\r": "%0D", "\n": "%0A"}
_XML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})
_DOT = str.maketrans({"&": "&amp;", "\\": "\\\\", '"': '\\"'})
#: What has no meaning in a label of Mermaid, which is Markdown: letters and digits, and some
#: characters between them. At its beginning a digit could be a list.
_INERT = pattern(r"(?<!^)[^\W_]|^[^\W\d_]|(?<=\w)_(?=\w)|(?<=\d)\.(?=\d)|(?<=\w)[ ,/-]")
#: What begins or ends markup, roles, targets and links of reStructuredText.
_RST = frozenset("\\*`_|<>[]{}@:\"'$^~")
_MARKUP = frozenset("\\`*_[]<>|&~$#")
#: Characters that would begin a formula in a spreadsheet.
_FORMULA = tuple("=+-@＝＋－＠")  # noqa: RUF001
#: What a reader with GitHub's extensions makes a link of.
_LINK = pattern(r"(?<=www)\.|:(?=//)|(?<=mailto):|(?<=xmpp):|@", re.IGNORECASE)


def plain(text: str) -> str:
    """``text`` with everything escaped that a terminal might take for more than text: control and
    format characters (of writing direction, too), line breaks, and bytes that are not UTF-8."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def line(text: str) -> str:
    """``text`` as one line of output, which is no command of a continuous-integration system."""
    return _COMMAND.sub(lambda found: f"{found[0][:-1]}\\x{ord(found[0][-1]):02x}", plain(text))


def excerpt(text: str) -> str:
    """A line of a source: `line`, with its tabs."""
    return "\t".join(map(line, text.split("\t")))


def json_text(text: str) -> str:
    """A JSON document, in whose strings the same commands cannot be."""
    return _MARK.sub(r"\\u0023", text)


def github_data(text: str) -> str:
    """The message of a workflow command, with its line breaks as that has them."""
    marked = _MARK.sub(r"\\x23", text).replace("%", "%25")
    return "".join(_BREAKS.get(c) or plain(c) for c in marked)


def github_property(text: str) -> str:
    """A value that ends neither its property of a workflow command nor the list of them."""
    return github_data(text).replace(":", "%3A").replace(",", "%2C")


def csv_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table as CSV, with no cell that a spreadsheet takes for a formula; None is an empty one."""
    import csv  # few commands write any

    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(map(_csv_cell, columns))
    # What is empty, or 0, begins no formula; in a table of agents, that is most cells.
    table.writerows([cell and _csv_cell(cell) for cell in row] for row in rows)
    return text.getvalue()


def _csv_cell(value: object) -> str:
    shown = "" if value is None else plain(str(value))
    return f"'{shown}" if shown.startswith(_FORMULA) else shown


def markdown(text: str) -> str:
    """Text within a line or a cell that no Markdown reader takes for markup."""
    marked = "".join(f"\\{c}" if c in _MARKUP else c for c in plain(text))
    return _LINK.sub(lambda found: f"\\{found[0]}", marked)


def markdown_code(text: str) -> str:
    """Text as code, where code can hold it, as it has no escapes."""
    if text.isprintable() and text and not set(text) & set("`|\\"):
        return f"`{text}`"
    return markdown(text)


def xml(text: str) -> str:
    """Text within an element or a quoted attribute of XML."""
    return plain(text).translate(_XML)


def css(text: str) -> str:
    """Text within a quoted string of CSS: all but ASCII letters and digits as codes."""
    return "".join(c if c.isascii() and c.isalnum() else f"\\{ord(c):06x}" for c in plain(text))


def dot(text: str) -> str:
    """Text within a quoted label of Graphviz, which knows entities and escapes of its own."""
    return plain(text).translate(_DOT)


def nix(text: str) -> str:
    """Text within a quoted string of Nix, which would fill in ``${…}``."""
    return plain(text).replace("\\", "\\\\").replace('"', '\\"').replace("${", "\\${")


def clingo(text: str) -> str:
    """Text within a quoted string of clingo, which knows no other escapes than these two."""
    return plain(text).replace("\\", "\\\\").replace('"', '\\"')


def mermaid(text: str) -> str:
    """Text within a quoted label of Mermaid: what may have a meaning there as a code."""
    shown = plain(text)
    inert = {found.start() for found in _INERT.finditer(shown)}
    return "".join(c if at in inert else f"#{ord(c)};" for at, c in enumerate(shown))


def python(text: str) -> str:
    """Text as a literal of Python: as JSON has it, unless it has what only an escape can show."""
    from json.encoder import encode_basestring

    return encode_basestring(text) if text.isprintable() else ascii(text)


def rst(text: str) -> str:
    """Text within a line of reStructuredText that no reader takes for markup or a link."""
    return "".join(f"\\{c}" if c in _RST else c for c in plain(text))


def rst_code(text: str) -> str:
    """Text as a literal, where a literal can hold it, as it has no escapes."""
    if text.isprintable() and text and text == text.strip() and not set(text) & set("`\\"):
        return f"``{text}``"
    return rst(text)
