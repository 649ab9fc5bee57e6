"""Which objects the functions of a source set, by the words of their bodies."""

from collections.abc import Iterator, Sequence

from scmigen.csource.expressions import ASSIGNMENTS
from scmigen.csource.tokens import NAME, PUNCTUATION, Token
from scmigen.csource.tree import Declarations, Function
from scmigen.data import Data, field

_SETS = ASSIGNMENTS | {"++", "--"}


class Write(Data):
    """Something that a function sets: the object, and the member of its rows, if it is one."""

    function: str
    name: str
    member: str
    at: Token


class Writers(Data, frozen=False):
    """What the functions of a source set."""

    known: Declarations
    _writes: dict[str, list[Write]] | None = None
    _reached: dict[str, frozenset[str]] = field(default_factory=dict)

    def of(self, name: str) -> Sequence[Write]:
        """Where an object is set."""
        if self._writes is None:
            self._writes = {}
            for function in self.known.functions.values():
                for write in writes(function):
                    self._writes.setdefault(write.name, []).append(write)
        return self._writes.get(name, ())

    def reached(self, name: str) -> frozenset[str]:
        """The functions that one calls, and those that these call, with itself."""
        if name not in self._reached:
            seen, todo = {name}, [name]
            while todo:
                function = self.known.functions.get(todo.pop())
                for token in function.body if function is not None else ():
                    if token.text in self.known.functions and token.text not in seen:
                        seen.add(token.text)
                        todo.append(token.text)
            self._reached[name] = frozenset(seen)
        return self._reached[name]


def writes(function: Function) -> Iterator[Write]:
    """What a function sets, as far as it names it."""
    body = function.body
    own = {name for name, _ in function.type.parameters}
    for place, token in enumerate(body):
        before = body[place - 1].text if place else ""
        if token.kind != NAME or before in (".", "->") or token.text in own:
            continue
        if place and body[place - 1].kind == NAME and before != "return":
            # A declaration in the function hides it.
            own.add(token.text)
            continue
        after, member = _path(body, place + 1)
        if before in ("++", "--") or (after < len(body) and body[after].text in _SETS):
            yield Write(function.name, token.text, member, token)


def _path(body: Sequence[Token], place: int) -> tuple[int, str]:
    """Where the indices and members after a name end, and the first member."""
    member = ""
    while place < len(body) and body[place].kind == PUNCTUATION:
        if body[place].text == "[":
            depth = 0
            while place < len(body):
                depth += (body[place].text == "[") - (body[place].text == "]")
                place += 1
                if not depth:
                    break
        elif body[place].text in (".", "->") and place + 1 < len(body):
            member = member or body[place + 1].text
            place += 2
        else:
            break
    return place, member
