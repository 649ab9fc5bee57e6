"""Runs the tables that Lark made of a grammar; knows neither Lark nor device trees.

The grammars and the tables are Lark's (see `compile_grammar`). The tables are cached as plain data,
and interpreting them takes one screenful of code, so most runs do not import Lark, which would take
longer than reading a board.
"""

import re
from collections.abc import Iterator
from functools import cached_property

from scmigen.devicetree.regex import regex
from scmigen.tuples import NamedTuple

#: How terminals are compiled: white space and letters are those of ASCII, as for dtc.
FLAGS = re.ASCII

#: The terminal at the end of a text.
END = "$END"

#: The action of a terminal that may not stand where it stands.
_NONE = 1 << 31


class Tables(NamedTuple):
    """What Lark makes of a grammar, as plain data.

    ``terminals`` are the expressions of all terminals. ``scanned`` are those that make tokens, the
    one to be preferred first; ``ignored`` are left out of the token stream. Of each rule ``rules``
    has the name and, for each of its symbols, whether it becomes part of the tree. ``actions`` has
    for each state: terminal → the state to go to, or ``~rule`` to reduce by. ``jumps`` has for each
    state: rule name → the state to go to. ``starts`` has the first and the last state of each start
    rule.
    """

    terminals: dict[str, str]
    scanned: list[str]
    ignored: list[str]
    rules: list[tuple[str, list[bool]]]
    actions: list[dict[str, int]]
    jumps: list[dict[str, int]]
    starts: dict[str, list[int]]


class Token(str):
    """A piece of text with the terminal that matched it and the offset at which it starts."""

    __slots__ = ("start", "type")
    type: str
    start: int

    @classmethod
    def of(cls, kind: str, text: str, start: int) -> "Token":
        """The token ``text`` of the terminal ``kind``."""
        token = cls(text)
        token.type = kind
        token.start = start
        return token


class Tree(NamedTuple):
    """A rule and what it matched; rules whose name starts with ``_`` dissolve into their parent."""

    data: str
    children: list["Tree | Token"]


class UnexpectedError(Exception):
    """The text does not follow the grammar at ``offset``.

    ``kind`` is the terminal that stands there, `END`, or none where no terminal matches.
    ``expected`` are the terminals that could have followed.
    """

    def __init__(self, offset: int, kind: str | None, expected: frozenset[str]) -> None:
        super().__init__(offset, kind)
        self.offset = offset
        self.kind = kind
        self.expected = expected


class Parser:
    """A parser for one grammar."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.terminals = tables.terminals
        self._ignored = frozenset(tables.ignored)
        self._sizes = [(name, len(kept)) for name, kept in tables.rules]
        # Rules that leave their only symbol to the parent: levels of precedence not made use of.
        self._dissolves = [kept == [True] and name.startswith("_") for name, kept in tables.rules]
        self._every: dict[int, dict[str, int]] = {}
        self._scanners: dict[frozenset[str], re.Pattern[str]] = {}

    @cached_property
    def _scanner(self) -> re.Pattern[str]:
        return self._scanner_of(frozenset(self.tables.scanned))

    def _scanner_of(self, wanted: frozenset[str]) -> re.Pattern[str]:
        """The expression that matches any of the terminals ``wanted``, and those ignored."""
        found = self._scanners.get(wanted)
        if found is None:
            parts = (
                f"(?P<{name}>{self.terminals[name]})"
                for name in self.tables.scanned
                if name in wanted or name in self._ignored
            )
            found = self._scanners[wanted] = regex("|".join(parts), FLAGS)
        return found

    def tokens(self, text: str) -> Iterator[tuple[str, int, int]]:
        """Terminal, start and end of each token, allowed by the grammar or not."""
        match = self._scanner.match
        offset = 0
        while found := match(text, offset):
            start, offset = offset, found.end()
            name = found.lastgroup or ""
            if name not in self._ignored:
                yield name, start, offset
        if offset < len(text):
            raise UnexpectedError(offset, None, frozenset())
        yield END, offset, offset

    def accept(self, text: str, start: str) -> Iterator[tuple[str, int, int]]:
        """The tokens of ``text``, each once the grammar has accepted it. Makes no tree.

        Raises `UnexpectedError` behind the last token that may stand where it stands.
        """
        actions, jumps, sizes = self.tables.actions, self.tables.jumps, self._sizes
        first, last = self.tables.starts[start]
        states = [first]
        for token in self.tokens(text):
            kind = token[0]
            while (action := actions[states[-1]].get(kind, _NONE)) < 0:
                name, size = sizes[~action]
                if size:
                    del states[-size:]
                states.append(jumps[states[-1]][name])
                if kind == END and states[-1] == last:
                    return
            if action == _NONE:
                raise UnexpectedError(token[1], kind, frozenset(actions[states[-1]]))
            states.append(action)
            yield token

    def parse(self, text: str, start: str, contextual: bool = True) -> Tree:
        """The tree of ``text``. A token is looked for among those that may follow, or, if not
        ``contextual``, among all of the start rule: one expression to compile, not many.

        Raises `UnexpectedError`.
        """
        actions, jumps = self.tables.actions, self.tables.jumps
        first, last = self.tables.starts[start]
        every = {} if contextual else self._terminals_of(first)
        states = [first]
        made: list[Tree | Token] = []
        offset = 0
        while True:
            token = self._next(text, offset, actions[states[-1]] if contextual else every)
            offset = token.start + len(token)
            while (action := actions[states[-1]].get(token.type, _NONE)) < 0:
                if self._dissolves[~action]:
                    states.pop()
                else:
                    self._reduce(self.tables.rules[~action], states, made)
                states.append(jumps[states[-1]][self._sizes[~action][0]])
                if token.type == END and states[-1] == last:
                    tree = made[0]
                    assert isinstance(tree, Tree)
                    return tree
            if action == _NONE:
                raise UnexpectedError(token.start, token.type, frozenset(actions[states[-1]]))
            states.append(action)
            made.append(token)

    def _terminals_of(self, first: int) -> dict[str, int]:
        """All terminals of what can follow the state ``first``."""
        if first in self._every:
            return self._every[first]
        found = self._every[first] = {}
        reached, stack = {first}, [first]
        while stack:
            state = stack.pop()
            shifts = {k: next_ for k, next_ in self.tables.actions[state].items() if next_ >= 0}
            found.update(shifts)
            new = {*shifts.values(), *self.tables.jumps[state].values()} - reached
            reached |= new
            stack.extend(new)
        return found

    def _next(self, text: str, offset: int, actions: dict[str, int]) -> Token:
        """The next token at ``offset`` or behind what is ignored there."""
        scanner = self._scanner_of(frozenset(actions))
        while found := scanner.match(text, offset):
            name = found.lastgroup or ""
            if name not in self._ignored:
                return Token.of(name, found[0], offset)
            offset = found.end()
        if offset < len(text):
            raise UnexpectedError(offset, None, frozenset(actions))
        return Token.of(END, "", offset)

    def _reduce(
        self, rule: tuple[str, list[bool]], states: list[int], made: list[Tree | Token]
    ) -> None:
        """Makes a tree of what a rule matched."""
        name, kept = rule
        children: list[Tree | Token] = []
        if kept:
            parts = made[-len(kept) :]
            del made[-len(kept) :]
            del states[-len(kept) :]
            for part, keep in zip(parts, kept, strict=True):
                if isinstance(part, Tree) and part.data.startswith("_"):
                    # A repetition hands its list on, so that a long one is not copied each time.
                    if children:
                        children.extend(part.children)
                    else:
                        children = part.children
                elif keep:
                    children.append(part)
        made.append(Tree(name, children))
