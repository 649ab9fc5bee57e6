"""Going through tokens."""

from collections.abc import Collection, Sequence

from scmigen.csource.limits import MAX_NESTING
from scmigen.csource.tokens import NAME, PUNCTUATION, Token


class SyntaxProblemError(Exception):
    """Text that is not read as C; ``at`` says where, as far as there is a token."""

    def __init__(self, message: str, at: Token | None) -> None:
        super().__init__(message)
        self.at = at


_CLOSES = {"(": ")", "[": "]", "{": "}"}


class Cursor:
    """A place in a list of tokens."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = tokens
        self.place = 0
        self.depth = 0

    @property
    def here(self) -> Token | None:
        """The next token, which stays."""
        return self.tokens[self.place] if self.place < len(self.tokens) else None

    def text(self, ahead: int = 0) -> str:
        """The text of a token that follows, empty past the end and for strings."""
        place = self.place + ahead
        if place >= len(self.tokens):
            return ""
        token = self.tokens[place]
        return token.text if token.kind in (NAME, PUNCTUATION) else ""

    def kind(self, ahead: int = 0) -> str:
        """The kind of a token that follows."""
        place = self.place + ahead
        return self.tokens[place].kind if place < len(self.tokens) else ""

    def take(self) -> Token:
        """The next token. Raises `SyntaxProblemError` at the end."""
        token = self.here
        if token is None:
            raise self.problem("something is missing at the end")
        self.place += 1
        return token

    def accept(self, *texts: str) -> Token | None:
        """The next token if it is one of these."""
        return self.take() if self.text() in texts and texts else None

    def expect(self, text: str) -> Token:
        """The next token, which must be this. Raises `SyntaxProblemError`."""
        if self.text() != text:
            raise self.problem(f"{text} is missing")
        return self.take()

    def problem(self, message: str) -> SyntaxProblemError:
        """What is wrong here."""
        token = self.here or (self.tokens[-1] if self.tokens else None)
        return SyntaxProblemError(message, token)

    def enter(self) -> None:
        """One level deeper. Raises `SyntaxProblemError`."""
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise self.problem(f"it is nested more than {MAX_NESTING} deep")

    def leave(self) -> None:
        """One level up."""
        self.depth -= 1

    def group(self) -> Sequence[Token]:
        """The tokens in the parentheses, brackets or braces that begin here, which are passed."""
        first = self.take()
        closes = [_CLOSES[first.text]]
        start = self.place
        while closes:
            token = self.take()
            if token.kind != PUNCTUATION:
                continue
            if token.text in _CLOSES:
                closes.append(_CLOSES[token.text])
            elif token.text in ")]}" and token.text == closes[-1]:
                closes.pop()
            elif token.text in (")", "]", "}"):
                raise SyntaxProblemError(f"{token.text} closes nothing", token)
        return self.tokens[start : self.place - 1]

    def until(self, ends: Collection[str]) -> Sequence[Token]:
        """The tokens before one of ``ends`` that is in no parentheses, which stays."""
        start = self.place
        while self.place < len(self.tokens) and self.text() not in ends:
            if self.text() in _CLOSES:
                self.group()
            else:
                self.place += 1
        return self.tokens[start : self.place]
