"""Macros: definition and expansion, as the C standard has it."""

from collections.abc import Iterable, Mapping, Sequence

from scmigen.csource.limits import MAX_NESTING, Budget, TooMuchError
from scmigen.csource.tokens import NAME, NUMBER, PUNCTUATION, STRING, Token, retoken
from scmigen.data import Data
from scmigen.hints import Final

_VARIADIC: Final = "__VA_ARGS__"


class Macro(Data):
    """A macro: ``parameters`` is None where it takes none; the last one may be ``__VA_ARGS__``."""

    name: str
    parameters: tuple[str, ...] | None
    body: tuple[Token, ...]

    @property
    def variadic(self) -> bool:
        """Whether the last parameter is the rest of the arguments."""
        return bool(self.parameters) and self.parameters[-1] == _VARIADIC  # type: ignore[index]


def macro_of(tokens: Sequence[Token]) -> Macro | None:
    """The macro that ``#define`` is followed by."""
    if not tokens or tokens[0].kind != NAME:
        return None
    name, rest = tokens[0].text, tokens[1:]
    if not rest or rest[0].text != "(" or rest[0].space:
        return Macro(name, None, tuple(rest))
    parameters: list[str] = []
    for place, token in enumerate(rest[1:], 1):
        if token.text == ")":
            return Macro(name, tuple(parameters), tuple(_named(rest[place + 1 :], rest[:place])))
        if token.text == "...":
            # ``args...`` names the rest.
            if rest[place - 1].kind == NAME:
                parameters.pop()
            parameters.append(_VARIADIC)
        elif token.kind == NAME:
            parameters.append(token.text)
    return None


def _named(body: Sequence[Token], head: Sequence[Token]) -> Iterable[Token]:
    """The body, with the name of a named rest as ``__VA_ARGS__``."""
    rest = head[-2].text if len(head) > 1 and head[-1].text == "..." else ""
    if not rest.isidentifier():
        return body
    return (t._replace(text=_VARIADIC) if t.text == rest else t for t in body)


class Expander:
    """Expands macros, within a budget."""

    def __init__(self, macros: Mapping[str, Macro], budget: Budget) -> None:
        self._macros = macros
        self._budget = budget
        self._depth = 0

    def expand(self, tokens: Sequence[Token]) -> list[Token]:
        """The tokens without macros. Raises `TooMuchError`."""
        self._depth += 1
        if self._depth > MAX_NESTING:
            raise TooMuchError("its macros are nested too deep")
        out: list[Token] = []
        todo = list(reversed(tokens))
        macros = self._macros
        while todo:
            token = todo.pop()
            macro = macros.get(token.text) if token.kind == NAME else None
            if token.text == "__LINE__":
                out.append(token._replace(kind=NUMBER, text=str(token.line)))
                continue
            if macro is None or token.text in token.hidden:
                out.append(token)
                continue
            self._use(macro, token, todo, out)
        self._depth -= 1
        return out

    def _use(self, macro: Macro, token: Token, todo: list[Token], out: list[Token]) -> None:
        """Puts what a macro stands for in front of what is to do."""
        if macro.parameters is None:
            hidden = token.hidden | {macro.name}
            body = self._filled(macro, {}, {}, token, hidden)
        elif not todo or todo[-1].text != "(":
            out.append(token)
            return
        else:
            arguments, close = _arguments(todo, self._budget)
            if close is None:
                out.append(token)
                return
            hidden = (token.hidden & close.hidden) | {macro.name}
            raw = _named_arguments(macro, arguments)
            body = self._filled(macro, raw, {}, token, hidden)
        self._budget.token(len(body) + 1)
        todo.extend(reversed(body))

    def _filled(
        self,
        macro: Macro,
        raw: Mapping[str, Sequence[Token]],
        expanded: dict[str, list[Token]],
        use: Token,
        hidden: frozenset[str],
    ) -> list[Token]:
        """The body with the arguments in it."""
        found: list[Token] = []
        body = macro.body
        place = 0
        while place < len(body):
            token = body[place]
            following = body[place + 1].text if place + 1 < len(body) else ""
            if token.text == "#" and macro.parameters is not None and following in raw:
                found.append(_string(raw[following], use))
                place += 2
                continue
            if token.text == "##" and found and place + 1 < len(body):
                _paste(found, raw.get(following), body[place + 1], use, hidden)
                place += 2
                continue
            if token.text == "##":
                place += 1
                continue
            argument = raw.get(token.text) if token.kind == NAME else None
            if argument is None:
                found.append(_placed(token, use, hidden))
            elif following == "##":
                found.extend(_first_spaced(argument, token) or [_nothing(use)])
            else:
                if token.text not in expanded:
                    expanded[token.text] = self.expand(argument)
                found.extend(_first_spaced(expanded[token.text], token))
            place += 1
        return [t for t in found if t.text]


def _placed(token: Token, use: Token, hidden: frozenset[str]) -> Token:
    return Token(token.kind, token.text, use.file, use.line, token.space, hidden)


def _nothing(use: Token) -> Token:
    return use._replace(kind=PUNCTUATION, text="")


def _first_spaced(tokens: Sequence[Token], like: Token) -> list[Token]:
    return [tokens[0]._replace(space=like.space), *tokens[1:]] if tokens else []


def _string(tokens: Sequence[Token], use: Token) -> Token:
    words = "".join((" " if t.space and place else "") + t.text for place, t in enumerate(tokens))
    text = words.replace("\\", "\\\\").replace('"', '\\"')
    return Token(STRING, f'"{text}"', use.file, use.line)


def _paste(
    found: list[Token],
    argument: Sequence[Token] | None,
    following: Token,
    use: Token,
    hidden: frozenset[str],
) -> None:
    """Joins the last token and what follows ``##``."""
    right = list(argument) if argument is not None else [_placed(following, use, hidden)]
    left = found.pop()
    if not right:
        # ``, ## __VA_ARGS__`` without arguments leaves the comma out.
        if left.text != ",":
            found.append(left)
        return
    if not left.text or left.text == ",":
        found.extend([left, *right])
        return
    joined = retoken(left.text + right[0].text, left)
    if joined is None or joined.kind not in (NAME, NUMBER, PUNCTUATION):
        found.extend([left, *right])
        return
    found.extend([joined._replace(hidden=hidden), *right[1:]])


def _arguments(todo: list[Token], budget: Budget) -> tuple[list[list[Token]], Token | None]:
    """The arguments in the parentheses that begin there, which are taken off, and what closes
    them; None where nothing does, and then nothing is taken off."""
    arguments: list[list[Token]] = [[]]
    depth = 0
    place = len(todo) - 1
    while place >= 0:
        token = todo[place]
        text = token.text if token.kind == PUNCTUATION else ""
        if text == "(":
            depth += 1
            if depth > 1:
                arguments[-1].append(token)
        elif text == ")":
            depth -= 1
            if not depth:
                del todo[place:]
                return arguments, token
            arguments[-1].append(token)
        elif text == "," and depth == 1:
            arguments.append([])
        else:
            arguments[-1].append(token)
        place -= 1
    # What does not end is looked through again by the next one.
    budget.token(len(todo))
    return arguments, None


def _named_arguments(macro: Macro, arguments: list[list[Token]]) -> Mapping[str, list[Token]]:
    parameters = macro.parameters or ()
    named = dict(zip(parameters, arguments, strict=False))
    for missing in parameters[len(arguments) :]:
        named[missing] = []
    if macro.variadic:
        rest: list[Token] = []
        for place, argument in enumerate(arguments[len(parameters) - 1 :]):
            if place and argument:
                rest.append(argument[0]._replace(kind=PUNCTUATION, text=",", space=False))
            rest.extend(argument)
        named[_VARIADIC] = rest
    return named
