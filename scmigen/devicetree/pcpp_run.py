"""Runs pcpp as the preprocessor of device tree sources. Imported only where it is needed."""

import io
import os
import re
from collections.abc import Sequence
from copy import copy
from pathlib import Path
from time import monotonic

from pcpp import Action, OutputDirective, Preprocessor, evaluator

from scmigen.diagnostics import InputError, Position
from scmigen.hints import Any
from scmigen.inputs import read_text
from scmigen.patterns import pattern

#: pcpp hands on a line that starts with an unknown directive as it is, macros and all. This sign,
#: which no source has a use for, goes in front of such a line and is taken out again.
_SHIELD = "\ue000"
_TEXT_LINE = pattern(
    r"^([ \t]*+)(?=#(?![ \t]*+(?:include|define|undef|if|ifdef|ifndef|elif|else|endif|error|warning"
    r"|pragma|line|[0-9]++)(?![\w,.+*#?@-])))",
    re.MULTILINE,
)

#: What pcpp says of an #if that its evaluator cannot take: with the evaluator's own exception.
_UNEVALUATED = pattern(r"Could not evaluate expression due to .*\(passed to evaluator: '(.*)'\)")

_HAS_INCLUDE = "__has_include"
_HEADER = pattern(r"\s*+(?:<([^>\n]++)>|\"([^\"\n]++)\")\s*+")

#: The most characters that it reads, headers included. pcpp takes up to 500 bytes for one; the
#: largest files of Linux boards have a quarter of a million.
MAX_TEXT = 2 << 20

#: The most macros that are expanded for one source; large boards have about 12,000.
MAX_EXPANSIONS = 200_000

#: The most tokens that a line may become, blanks included.
MAX_TOKENS = 500_000

#: The most characters that arguments of macros may have in all.
MAX_ARGUMENTS = 2 << 20

#: How deeply headers may include each other, as with gcc.
MAX_INCLUDES = 200

#: The most characters of a wrong expression that are quoted.
MAX_QUOTED = 200

#: Bits of the numbers in expressions (C11 6.10.1).
_BITS = 64

Problems = list[tuple[str, Position]]


def _bounded(shift: Any) -> Any:
    """The left shift of pcpp's numbers; it cuts to 64 bits only after it has made the whole."""

    def shifted(number: Any, by: Any) -> Any:
        far = evaluator.Value(by)
        if far.exception is None and int(far) >= _BITS:
            return evaluator.Value(0, number.unsigned)
        return shift(number, by)

    return shifted


evaluator.Value.__lshift__ = _bounded(evaluator.Value.__lshift__)


class _BoundError(Exception):
    """The source goes beyond a bound; the message says which."""


class _Preprocessor(Preprocessor):  # type: ignore[misc]
    """pcpp with its messages collected instead of printed."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.problems: Problems = []
        self.opened: list[str] = []
        self._including = 0
        self._expansions = 0
        self._arguments = 0
        self._characters = 0
        self._seconds = seconds
        self._deadline = monotonic() + seconds
        self.line_directive = "#"
        self.assume_encoding = "utf-8"
        # Files are named as they were found, as a machine's preprocessor names them.
        self.rewrite_paths: list[tuple[str, str]] = []

    def name_files(self, folders: Sequence[Path]) -> None:
        """Names the files in ``folders`` as these are written, and not by their full paths."""
        for folder in sorted(folders, key=lambda folder: -len(str(folder.absolute()))):
            written = str(folder / "x")[:-1].replace("\\", r"\\")
            full = os.path.join(os.path.abspath(folder), "")  # noqa: PTH100, PTH118 - as pcpp does
            self.rewrite_paths.append((f"{re.escape(full)}(.*)", rf"{written}\1"))

    def _named(self, file: str) -> str:
        for full, written in self.rewrite_paths:
            found = re.fullmatch(full, file)
            if found:
                return found.expand(written)
        return file

    def reading(self) -> str:
        """The file that is being read, as it was named."""
        return self._named(self.source or "")

    def expand_macros(self, tokens: list[Any], expanding_from: Any = ()) -> Any:
        """Count expansions: a few lines of macros can expand beyond all bounds."""
        self._expansions += 1
        if self._expansions > MAX_EXPANSIONS:
            raise _BoundError(f"there are more than {MAX_EXPANSIONS} macros to expand")
        if monotonic() > self._deadline:
            raise _BoundError(f"it took more than {self._seconds:g} seconds")
        expanded = super().expand_macros(tokens, list(expanding_from))
        if len(expanded) > MAX_TOKENS:
            raise _BoundError(f"a line of macros becomes more than {MAX_TOKENS} tokens")
        return expanded

    def macro_expand_args(self, macro: Any, args: list[list[Any]]) -> Any:
        """Space around an argument is no part of it (C11 6.10.3.2), as ``#x`` would show."""
        self._arguments += sum(len(token.value) for tokens in args for token in tokens)
        if self._arguments > MAX_ARGUMENTS:
            raise _BoundError(f"arguments of macros have more than {MAX_ARGUMENTS} characters")
        return super().macro_expand_args(macro, [self._trimmed(tokens) for tokens in args])

    def _trimmed(self, tokens: list[Any]) -> list[Any]:
        first, last = 0, len(tokens)
        while first < last and tokens[first].type in self.t_WS:
            first += 1
        while last > first and tokens[last - 1].type in self.t_WS:
            last -= 1
        return tokens[first:last]

    def evalexpr(self, tokens: list[Any]) -> Any:
        """Answers ``__has_include`` (C23 6.10.2), which pcpp does not know."""
        known: list[Any] = []
        at = 0
        last = max((at for at, token in enumerate(tokens) if token.value == ")"), default=-1)
        while at < len(tokens):
            end = at
            if tokens[at].value == _HAS_INCLUDE and at < last:
                end = self._end_of_call(tokens, at)
            if end == at:
                known.append(tokens[at])
                at += 1
                continue
            answer = copy(tokens[at])
            answer.type = self.t_INTEGER
            answer.value = self.t_INTEGER_TYPE("01"[self._has_include(tokens[at:end])])
            known.append(answer)
            at = end
        return super().evalexpr(known)

    def _end_of_call(self, tokens: list[Any], start: int) -> int:
        """The index after the ``)`` of the call at ``start``, before which there is one in the
        line; ``start`` if it is not a call."""
        at = start + 1
        while tokens[at].type in self.t_WS:
            at += 1
        if tokens[at].value != "(":
            return start
        while tokens[at].value != ")":
            at += 1
        return at + 1

    def _has_include(self, call: list[Any]) -> bool:
        """Whether ``__has_include(<file>)`` or ``__has_include("file")`` names a file."""
        text = "".join(token.value for token in call)
        header = _HEADER.fullmatch(text[text.index("(") + 1 : -1])
        if header is None:
            self.on_error(call[0].source, call[0].lineno, f'{_HAS_INCLUDE} takes <file> or "file"')
            return False
        folders = self.path if header[1] else [*self.temp_path, *self.path]
        name = header[1] or header[2]
        return any(os.path.isfile(os.path.join(folder, name)) for folder in folders)  # noqa: PTH113, PTH118 - as pcpp does

    def on_unknown_macro_in_defined_expr(self, tok: Any) -> Any:
        """``__has_include`` is defined, though it is no macro."""
        return tok.value == _HAS_INCLUDE or super().on_unknown_macro_in_defined_expr(tok)

    def on_error(self, file: str, line: int, msg: str) -> None:
        """Keeps what pcpp found wrong."""
        found = _UNEVALUATED.fullmatch(msg)
        if found:
            cut = found[1] if len(found[1]) <= MAX_QUOTED else f"{found[1][:MAX_QUOTED]}…"
            msg = f"this is not an expression: {cut}"
        self.problems.append((msg, Position(self._named(file), line)))

    def on_file_open(self, _is_system_include: bool, includepath: str) -> Any:
        """Notes each header that is read: a regular file of bounded size. Raises `OSError`."""
        try:
            text = self.taken(read_text(Path(includepath)))
        except InputError as problem:
            if Path(includepath).is_file() or not Path(includepath).exists():
                raise OSError(str(problem)) from None
            # pcpp would look for it in the next folder, and say that it is missing.
            self.on_error(self.source, self.lexer.lineno, f"{includepath} {problem}")
            return io.StringIO("")
        self.opened.append(self._named(includepath))
        return io.StringIO(text)

    def taken(self, text: str) -> str:
        """A text as pcpp is to read it. Raises `_BoundError` if there is too much of it in all."""
        self._characters += len(text)
        if self._characters > MAX_TEXT:
            raise _BoundError(f"it reads more than {MAX_TEXT} characters")
        return _TEXT_LINE.sub(rf"\1{_SHIELD}", text)

    def include(self, tokens: list[Any], original_line: Any) -> Any:
        """Notes the line of the directive; the lexer may be anywhere behind it.

        Raises `_BoundError` if headers include each other too deeply.
        """
        self._including = tokens[0].lineno if tokens else 0
        if len(self.temp_path) > MAX_INCLUDES:
            raise _BoundError(f"#include is nested more than {MAX_INCLUDES} deep")
        return super().include(tokens, original_line)

    def on_include_not_found(
        self, is_malformed: bool, _is_system_include: bool, _curdir: str, includepath: str
    ) -> None:
        """A missing header is an error, not a line to hand on."""
        what = "malformed #include" if is_malformed else f"{includepath}: No such file or directory"
        self.on_error(self.source, self._including, what)
        raise OutputDirective(Action.IgnoreAndRemove)

    def on_directive_unknown(
        self, directive: Any, toks: Any, _ifpassthru: bool, _precedingtoks: Any
    ) -> bool | None:
        """#error is an error; ``#address-cells`` and its like are text."""
        if directive.value in ("error", "warning"):
            if directive.value == "error":
                text = "".join(token.value for token in toks)
                self.on_error(directive.source, directive.lineno, f"#error {text}")
            return True
        return None


def run_pcpp(
    path: Path, include_dirs: Sequence[Path], defines: Sequence[str], seconds: float
) -> tuple[str, list[str], Problems]:
    """The preprocessed text, the headers that were read, and what pcpp found wrong.

    It may take so many ``seconds``.
    """
    file = str(path)
    processor = _Preprocessor(seconds)
    for folder in include_dirs:
        processor.add_path(str(folder))
    processor.rewrite_paths = []
    processor.name_files([path.parent, *include_dirs])
    for define in ("__DTS__=1", "__ASSEMBLER__=1", *defines):
        name, _, value = define.partition("=")
        processor.define(f"{name} {value or 1}")
    output = io.StringIO()
    try:
        processor.parse(processor.taken(path.read_text("utf-8")), file)
        processor.write(output)
    except OSError as problem:
        processor.problems.append((str(problem), Position(file)))
    except IndexError:
        # What pcpp makes of a directive with nothing behind it.
        where = Position(processor.source or file, processor.lexer.lineno)
        processor.problems.append(("this directive is incomplete", where))
    except _BoundError as problem:
        processor.problems.append((str(problem), Position(file)))
    except RecursionError:
        message = "macros or expressions are nested too deeply"
        processor.problems.append((message, Position(processor.reading() or file)))
    except (MemoryError, ArithmeticError, LookupError, ValueError) as problem:
        processor.problems.append((f"pcpp cannot go on: {problem}", Position(file)))
    return output.getvalue().replace(_SHIELD, ""), processor.opened, processor.problems
