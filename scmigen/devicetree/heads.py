"""What boards of a product line begin with, preprocessed once for all of them.

A board's head is its text up to the last directive, an ``#include``: mostly of the file that the
whole line shares. The same head in the same folder, with the same directories and macros, comes out
of the preprocessor in the same way, for all that it reads is the same; only line markers name the
board. What follows, the preprocessor would leave as it is but for blanks and comments, if no word
of it is a macro and nothing there is a directive. A board of which that is not certain goes through
the preprocessor as if it were alone.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from scmigen.data import Data
from scmigen.devicetree.preprocess import Preprocessed
from scmigen.devicetree.regex import regex
from scmigen.hints import TypeAlias
from scmigen.patterns import pattern

#: How many heads are known at once, and the most characters of what one was made into.
MAX_HEADS, MAX_MADE = 8, 1 << 20

_INCLUDE = pattern(r'[ \t]*+#[ \t]*+include[ \t]*+(?:"[^"\n]++"|<[^>\n]++>)[ \t]*+\n')
_WORDS = (
    "if|ifdef|ifndef|elif|elifdef|elifndef|else|endif|define|undef|include|include_next|import"
    "|embed|line|error|warning|pragma|ident|sccs|assert|unassert"
)
_DIRECTIVE = pattern(rf"^[ \t]*+#[ \t]*+(?:{_WORDS})\b.*\n", re.MULTILINE)
#: What begins with ``#`` and is no property of the usual form, when comments are gone.
_HASH = pattern(rf"^\s*+#(?!(?!(?:{_WORDS})\b)[a-z][a-z-]*-cells\b)", re.MULTILINE)
_STRING, _COMMENT = r'"[^"\n]*+"', r"/\*(?:[^*]++|\*(?!/))*+\*/|//[^\n]*+"
_COMMENTS = regex(rf"{_STRING}|({_COMMENT})")
#: Text in which any preprocessor finds the same strings and comments: no apostrophes elsewhere.
_SIMPLE = regex(rf"""(?:[\t\n !#-&(-.0-\[\]-~]++|{_STRING}|{_COMMENT}|/(?![/*]))*+""")
#: Without backslashes, too: these join lines, and escape quotes.
_ASCII = pattern(r"[\t\n -\[\]-~]*+")
_WORD = pattern(r"[A-Za-z_]\w*+", re.ASCII)
_JOINED = pattern(r"\\[ \t]*\r?\n")
_DEFINED = regex(r"define(?:\s++|/\*[\s\S]*?\*/)*+(\w++)", re.ASCII)
#: What makes words forbidden, or text of the time.
_CHANGING = pattern(r"poison|__(?:DATE|TIME)|^\s*+#\s*+(?:line\b|[0-9])", re.MULTILINE)
_MARKERS = pattern(r"^# .*$", re.MULTILINE)
_BLANKS = pattern(r"\s++")
_PLAIN_NAME = pattern(r"[\w./+,@-]++", re.ASCII)

#: The folder, the head, the directories and the macros.
_Key: TypeAlias = tuple[str, str, tuple[Path, ...], tuple[str, ...]]


class _Head(Data):
    """What was made of a head for the board ``file``, the files that it read, with their state at
    that time, and what may be macros behind it."""

    file: str
    made: str
    files: tuple[str, ...]
    states: tuple[object, ...]
    macros: frozenset[str]


class Heads:
    """The heads of the boards that one process reads one after the other."""

    def __init__(self) -> None:
        # None: one that was seen once, or that boards cannot share.
        self._known: dict[_Key, _Head | None] = {}

    def preprocess(
        self, path: Path, text: str, include_dirs: Sequence[Path], defines: Sequence[str]
    ) -> Preprocessed | None:
        """The board ``text`` of the file ``path``, preprocessed, if its head is known.

        Comments and blanks behind the head are still there.
        """
        head, rest = _cut(text)
        known = self._known.get(_key(path, head, include_dirs, defines))
        file = str(path)
        if known is None or not _PLAIN_NAME.fullmatch(file) or not _is_plain(rest, known.macros):
            return None
        if known.states != _states(known.files):
            return None
        made = known.made.replace(f'"{known.file}"', f'"{file}"')
        return Preprocessed(f"{made}{_back_in(file, head)}{rest}", (file, *known.files))

    def learn(
        self,
        path: Path,
        text: str,
        include_dirs: Sequence[Path],
        defines: Sequence[str],
        whole: Preprocessed,
    ) -> None:
        """Take the head of a board that is preprocessed, if it is the second one that has it."""
        head, rest = _cut(text)
        if not head:
            return
        key = _key(path, head, include_dirs, defines)
        seen = key in self._known
        known = self._known.pop(key, None)
        # One that was taken before is taken again when a file has changed.
        if seen and (known is None or known.states != _states(known.files)):
            known = _head(str(path), head, rest, defines, whole)
        self._known[key] = known
        if len(self._known) > MAX_HEADS:
            del self._known[next(iter(self._known))]


def _key(path: Path, head: str, include_dirs: Sequence[Path], defines: Sequence[str]) -> _Key:
    return str(path.parent), head, tuple(include_dirs), tuple(defines)


def _cut(text: str) -> tuple[str, str]:
    """The head of a board, empty if it has none, and the rest."""
    found = list(_DIRECTIVE.finditer(text))
    if not found or not _INCLUDE.fullmatch(found[-1][0]):
        return "", text
    end = found[-1].end()
    return text[:end], text[end:]


def _back_in(file: str, head: str) -> str:
    """The line marker behind the head."""
    return f'# {head.count(chr(10)) + 1} "{file}" 2\n'


def _is_plain(rest: str, macros: frozenset[str]) -> bool:
    """Whether a preprocessor changes nothing but blanks and comments."""
    if not _ASCII.fullmatch(rest) or not _SIMPLE.fullmatch(rest) or "%:" in rest:
        return False
    bare = _without_comments(rest)
    words = set(_WORD.findall(bare))
    return (
        # It may be the arguments of a macro that the head ends with.
        not bare.lstrip().startswith("(")
        and not _HASH.search(bare)
        and words.isdisjoint(macros)
        and not any(word.startswith(("__", "_Pragma")) for word in words)
    )


def _without_comments(text: str) -> str:
    return _COMMENTS.sub(lambda found: " " if found[1] else found[0], text)


def _head(
    file: str, head: str, rest: str, defines: Sequence[str], whole: Preprocessed
) -> _Head | None:
    """What became of the head of a board, if it becomes the same for others."""
    made, back, after = whole.text.partition(_back_in(file, head))
    if not back or len(made) > MAX_MADE or back in after or f'"{file}" 1' in made:
        return None
    # Neither may be in the text by a macro, nor may the text behind be changed by one.
    if Path(file).name in _MARKERS.sub("", made) or not _PLAIN_NAME.fullmatch(file):
        return None
    if _squeezed(_MARKERS.sub("", after)) != _squeezed(_without_comments(rest)):
        return None
    files = whole.dependencies[1:]
    states = _states(files)
    try:
        read = [Path(name).read_text("latin-1") for name in files]
    except OSError:
        return None
    texts = [_JOINED.sub("", text) for text in (head, *read)]
    if not _ASCII.fullmatch(head) or any(_CHANGING.search(text) for text in texts):
        return None
    macros = {name for text in texts for name in _DEFINED.findall(text)}
    macros.update(name for define in defines for name in _WORD.findall(define)[:1])
    found = _Head(file, made, files, states, frozenset(macros))
    return found if _is_plain(rest, found.macros) else None


def _squeezed(text: str) -> str:
    return _BLANKS.sub("", text)


def _states(files: Sequence[str]) -> tuple[object, ...]:
    """What tells whether files are the ones that they were."""
    found: list[object] = []
    for name in files:
        try:
            state = Path(name).stat()
        except OSError:
            found.append(object())
        else:
            found.append((state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns))
    return tuple(found)
