"""C text for the templates: identifiers, string literals, comments.

Whatever comes from a device tree or an agents file is untrusted text. It reaches a template only
through the functions here, and none of their results can leave the comment, the string or the
identifier that contains it.
"""

from collections.abc import Container, Iterable

from scmigen.patterns import pattern

#: Columns of a line in SCP-firmware's coding style.
WIDTH = 80
#: Longest name that becomes part of an enumerator; longer ones give way to the short name.
_LONGEST = 40
_NOT_COMMENT = pattern(r"[^0-9A-Za-z ,._+@/<>:;#()=&'~-]")
#: What may end a comment or continue its line.
_MEANING = frozenset("*\\?")
_NOT_IDENTIFIER = pattern(r"[^0-9A-Za-z]+")
_PLAIN = frozenset(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 !#$%&'()*+,-./:;<=>@[]^_{|}~"
)


def plain(text: str) -> str:
    """``text`` for a comment: whatever could end or continue one becomes ``_``."""
    return _NOT_COMMENT.sub("_", text)


def comment(text: str, indent: int = 0) -> str:
    """``text`` as a comment, on one line where it fits in 80 columns, else wrapped.

    The first line is not indented, as a template has done that already.
    """
    text = plain(text)
    if indent + len(text) + 6 <= WIDTH:
        return f"/* {text} */"
    space = " " * indent
    lines = _wrapped(text, WIDTH - indent - 3)
    body = "".join(f"{space} * {line}\n" for line in lines)
    return f"/*\n{body}{space} */"


def notice(text: str, prefix: str) -> str:
    """``text`` of a user's, such as a copyright, as lines of a comment, each after ``prefix``.

    Letters of any language stay; what could end or continue a comment, or turn around what is
    read, becomes ``_``.
    """
    kept = text
    if not text.isprintable() or not _MEANING.isdisjoint(text):
        kept = "".join(c if c.isprintable() and c not in _MEANING else "_" for c in text)
    width = WIDTH - len(prefix)
    if 0 < len(kept) <= width and kept == kept.strip():
        return f"{prefix}{kept}"
    lines = _wrapped(kept, width)
    return "\n".join(f"{prefix}{line}" for line in lines)


def _wrapped(text: str, width: int) -> list[str]:
    """Lines of at most ``width`` columns, but for a word that is longer; as `textwrap` makes them
    of text without other white space than spaces, without its classes and expressions."""
    lines, begin = [], 0
    while begin < len(text):
        end = len(text)
        if end > begin + width:
            end = text.rfind(" ", begin, begin + width + 1)
            if end < 0:
                end = text.find(" ", begin + width)
                end = len(text) if end < 0 else end
        line = text[begin:end].rstrip(" ")
        if line:
            lines.append(line)
        begin = end
        while text[begin : begin + 1] == " ":
            begin += 1
    return lines


def string(text: str) -> str:
    """``text`` as a C string literal; bytes other than plain ASCII as three-digit octal escapes."""
    if _PLAIN.issuperset(text):
        return f'"{text}"'
    parts = (
        character
        if character in _PLAIN
        else "".join(f"\\{byte:03o}" for byte in character.encode("utf-8", "replace"))
        for character in text
    )
    return '"' + "".join(parts) + '"'


def identifier(text: str) -> str:
    """``text`` as a part of an upper-case C identifier, possibly empty."""
    return _NOT_IDENTIFIER.sub("_", text).strip("_").upper()


class Enumerators:
    """Gives enumerators of one prefix, no two alike, none of them a ``reserved`` one."""

    def __init__(
        self, prefix: str, reserved: Iterable[str] = ("COUNT",), longest: int = _LONGEST
    ) -> None:
        self._prefix = prefix
        self._longest = longest
        self._taken = {identifier(name) for name in reserved}

    def name(self, number: int, *candidates: str, macro: str | None = None) -> str:
        """The enumerator for ``number``: the prefix, and what `part` gives."""
        return f"{self._prefix}_{self.part(number, *candidates, macro=macro)}"

    def part(self, number: int, *candidates: str, macro: str | None = None) -> str:
        """The name of ``number`` behind the prefix: the first candidate that is usable, else one
        with the number.

        ``macro`` is what the source calls it; that comes before all candidates.
        """
        wanted = [identifier(text) for text in candidates if len(text) <= self._longest]
        if macro is not None and len(macro) <= _LONGEST:
            wanted.insert(0, identifier(macro))
        usable = [name for name in wanted if name and name not in self._taken]
        chosen = usable[0] if usable else numbered(next(iter(wanted), ""), number, self._taken)
        self._taken.add(chosen)
        return chosen


def numbered(name: str, number: int | None, taken: Container[str]) -> str:
    """``name`` with a number at the end, and as many ``_`` as make it one that is not taken."""
    chosen = "_".join(filter(None, (name, "" if number is None else str(number))))
    while chosen in taken:
        chosen += "_"
    return chosen
