"""Directives: headers, conditions, definitions. What a source is after them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from scmigen.csource.arithmetic import whole_of
from scmigen.csource.cursor import Cursor, SyntaxProblemError
from scmigen.csource.expressions import Expressions
from scmigen.csource.limits import MAX_CONDITION, MAX_INCLUDES, TooMuchError
from scmigen.csource.macros import Expander, Macro, macro_of
from scmigen.csource.sources import Source, Sources
from scmigen.csource.tokens import NAME, NUMBER, PUNCTUATION, STRING, Token
from scmigen.csource.tree import Type
from scmigen.data import Data, field

#: How many tokens of a condition are shown, and how many things that cannot be told are kept.
_MAX_SAID = 12
_MAX_UNTOLD = 100


class Preprocessed(Data, frozen=False):
    """A source after its directives: the headers that are not there, by name, with the place that
    first wants them, what ``#error`` says, the names of ``#pragma weak``, and what cannot be
    told of directives."""

    tokens: list[Token] = field(default_factory=list)
    macros: dict[str, Macro] = field(default_factory=dict)
    missing: dict[str, Token] = field(default_factory=dict)
    errors: list[tuple[str, Token]] = field(default_factory=list)
    weak: set[str] = field(default_factory=set)
    untold: list[tuple[str, Token]] = field(default_factory=list)


class _Condition(Data, frozen=False):
    """An ``#if``: whether its lines are read now, whether one of its branches was, and whether the
    lines around it are."""

    reads: bool
    taken: bool
    around: bool


class _OpenCall:
    """Whether a text ends within the arguments of a macro. It only grows."""

    def __init__(self, macros: Mapping[str, Macro]) -> None:
        self._macros = macros
        self._place = 0
        self._depth = 0

    def is_open(self, text: Sequence[Token]) -> bool:
        """Whether it does."""
        for place in range(self._place, len(text)):
            word = text[place].text if text[place].kind == PUNCTUATION else ""
            if word == "(" and (self._depth or (place and text[place - 1].text in self._macros)):
                self._depth += 1
            elif word == ")" and self._depth:
                self._depth -= 1
        self._place = len(text)
        return self._depth > 0


def _no_type(at: Cursor) -> Type:
    raise at.problem("a type in a condition")


_EXPRESSIONS = Expressions(_no_type, lambda _: False)


class Preprocessor:
    """Goes through a source and its headers."""

    def __init__(self, sources: Sources, macros: Mapping[str, Macro]) -> None:
        self._sources = sources
        self._found = Preprocessed(macros=dict(macros))
        self._expander = Expander(self._found.macros, sources.budget)
        self._depth = 0
        self._once: set[Path] = set()

    def run(self, source: Source) -> Preprocessed:
        """A source without directives. Raises `TooMuchError`."""
        self._file(source)
        return self._found

    def _file(self, source: Source) -> None:
        if source.guard is not None and source.guard in self._found.macros:
            return
        if source.path in self._once:
            return
        self._depth += 1
        if self._depth > MAX_INCLUDES:
            raise TooMuchError(f"{source.path}: headers include each other without end")
        conditions: list[_Condition] = []
        reads = True
        text: list[Token] = []
        call = _OpenCall(self._found.macros)
        for line in source.lines:
            if line.directive:
                # A directive in the arguments of a macro chooses among them.
                if not call.is_open(text):
                    self._flush(text)
                    text = []
                    call = _OpenCall(self._found.macros)
                elif reads and line.tokens and line.tokens[0].text == "include":
                    self._untold("a header within the arguments of a macro", line.tokens[0])
                reads = self._directive(source, line.tokens, conditions, reads)
            elif reads:
                text.extend(line.tokens)
        self._flush(text)
        self._depth -= 1

    def _flush(self, text: Sequence[Token]) -> None:
        if text:
            self._sources.budget.token(len(text))
            self._found.tokens.extend(self._expander.expand(text))

    def _directive(
        self, source: Source, line: Sequence[Token], conditions: list[_Condition], reads: bool
    ) -> bool:
        """Follows a directive; whether the lines after it are read."""
        word, rest = (line[0].text, line[1:]) if line else ("", line)
        if word in ("if", "ifdef", "ifndef"):
            holds = reads and self._holds(word, rest)
            conditions.append(_Condition(holds, holds, reads))
            return holds
        if word in ("elif", "else") and conditions:
            last = conditions[-1]
            open_still = last.around and not last.taken
            last.reads = open_still and (word == "else" or self._holds("if", rest))
            last.taken = last.taken or last.reads
            return last.reads
        if word == "endif" and conditions:
            return conditions.pop().around
        if reads:
            self._obey(source, word, line, rest)
        return reads

    def _obey(
        self, source: Source, word: str, line: Sequence[Token], rest: Sequence[Token]
    ) -> None:
        if word == "define":
            macro = macro_of(rest)
            if macro is not None:
                self._found.macros[macro.name] = macro
        elif word == "undef" and rest:
            self._found.macros.pop(rest[0].text, None)
        elif word == "include":
            self._include(source, line[0], rest)
        elif word == "pragma" and rest and rest[0].text == "once":
            self._once.add(source.path)
        elif word == "pragma" and len(rest) > 1 and rest[0].text == "weak":
            self._found.weak.add(rest[1].text)
        elif word == "error":
            said = " ".join(token.text for token in rest)
            self._found.errors.append((said, line[0]))

    def _include(self, source: Source, sign: Token, rest: Sequence[Token]) -> None:
        name = _header(rest) or _header(self._expander.expand(rest))
        if name is None:
            self._untold("which header is meant", sign)
            return
        header = self._sources.header(name, source)
        if header is None:
            self._found.missing.setdefault(name, sign)
        else:
            self._file(header)

    def _holds(self, word: str, rest: Sequence[Token]) -> bool:
        if word != "if":
            defined = bool(rest) and rest[0].text in self._found.macros
            return defined == (word == "ifdef")
        tokens = self._expander.expand(self._asked(rest))
        self._sources.budget.token(len(tokens))
        at = Cursor(tokens if len(tokens) <= MAX_CONDITION else ())
        try:
            value = whole_of(_EXPRESSIONS.expression(at))
        except (SyntaxProblemError, RecursionError):
            value = None
        if rest and (value is None or at.here is not None):
            said = " ".join(token.text for token in rest[:_MAX_SAID])
            self._untold(f"whether `{said}` holds", rest[0])
        return bool(value)

    def _untold(self, what: str, at: Token) -> None:
        if len(self._found.untold) < _MAX_UNTOLD:
            self._found.untold.append((what, at))

    def _asked(self, tokens: Sequence[Token]) -> list[Token]:
        """The tokens with ``defined`` and ``__has_include`` answered."""
        found: list[Token] = []
        at = Cursor(tokens)
        while at.here is not None:
            token = at.take()
            if token.kind == NAME and token.text == "defined":
                bracket = at.accept("(")
                asked = at.take().text if at.kind() else ""
                if bracket is not None:
                    at.accept(")")
                known = int(asked in self._found.macros)
                found.append(token._replace(kind=NUMBER, text=str(known)))
            elif token.kind == NAME and token.text in ("__has_include", "FWK_HAS_INCLUDE"):
                try:
                    inner = at.group()
                except (SyntaxProblemError, KeyError):
                    return found
                name_text = _header(inner)
                there = name_text is not None and self._sources.has(name_text)
                found.append(token._replace(kind=NUMBER, text=str(int(there))))
            else:
                found.append(token)
        return found


def _header(tokens: Sequence[Token]) -> str | None:
    """The name of a header in quotes or angle brackets."""
    if not tokens:
        return None
    if tokens[0].kind == STRING:
        return tokens[0].text[1:-1]
    if tokens[0].text != "<":
        return None
    words: list[str] = []
    for token in tokens[1:]:
        if token.text == ">":
            return "".join(words)
        words.append(token.text)
    return None
