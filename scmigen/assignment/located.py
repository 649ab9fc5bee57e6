"""YAML with positions: every value knows where it stands, and says so when it is wrong."""

from collections.abc import Collection, Iterator
from typing import Any

import yaml

from scmigen.assignment.findings import AGENTS_FILE
from scmigen.assignment.words import did_you_mean
from scmigen.diagnostics import Diagnostic, InputError, Position

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

#: More bytes than anybody writes; a bound on what the YAML reader has to hold.
MAX_SIZE = 4 << 20

#: A bound on the nesting of a file: the YAML reader calls itself for each level.
MAX_NESTING = 32

#: A bound on the values of a file, where each alias counts as all that it stands for.
MAX_VALUES = 20_000

#: More characters of a wrong value than this are not repeated to the user.
MAX_SHOWN = 60

#: A bound on the nesting of free-form parts, with aliases followed.
MAX_DEPTH = 4


def _shown(text: str) -> str:
    """A value as a message shows it: quoted, and not endless."""
    return repr(text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "…")


class Located:
    """One YAML node with its file; the methods report into ``problems`` and never raise."""

    def __init__(self, node: yaml.Node, file: str, problems: list[Diagnostic]) -> None:
        self._node = node
        self._file = file
        self._problems = problems

    @property
    def position(self) -> Position:
        """Where the value begins."""
        return _at(self._file, self._node.start_mark)

    def wrong(self, message: str, hint: str | None = None) -> None:
        """Report an error at this value."""
        self._problems.append(AGENTS_FILE.error(message, self.position, hint=hint))

    def lacks(self, message: str, hint: str) -> None:
        """Report an absent key; where the value is no mapping, that has been told."""
        if isinstance(self._node, yaml.MappingNode):
            self.wrong(message, hint)

    def mapping(
        self, what: str, known: Collection[str] | None = None, passed: Collection[str] = ()
    ) -> "dict[str, Located]":
        """The entries of a mapping; unknown keys are errors where ``known`` is given.

        Keys of ``passed`` are none, and not in the result either.
        """
        if not isinstance(self._node, yaml.MappingNode):
            self.wrong(f"{what} must be a mapping", hint="write key: value pairs")
            return {}
        found: dict[str, Located] = {}
        for key, value in self._node.value:
            name = Located(key, self._file, self._problems)
            text = key.value if isinstance(key, yaml.ScalarNode) else None
            if text in passed:
                continue
            if text is None or (known is not None and text not in known):
                shown = "that is no word" if text is None else _shown(text)
                name.wrong(f"{what} has no key {shown}", did_you_mean(text or "", known or ()))
            elif text in found:
                name.wrong(f"{what} has the key {text!r} twice", f"first at {found[text].position}")
            else:
                found[text] = Located(value, self._file, self._problems)
        return found

    def items(self, what: str) -> "Iterator[Located]":
        """The entries of a sequence."""
        if not isinstance(self._node, yaml.SequenceNode):
            self.wrong(f"{what} must be a list", hint="write [a, b] or one '- item' a line")
            return
        for item in self._node.value:
            yield Located(item, self._file, self._problems)

    def text(self, what: str) -> str | None:
        """A string."""
        if isinstance(self._node, yaml.ScalarNode):
            return str(self._node.value)
        self.wrong(f"{what} must be a string")
        return None

    def number(self, what: str, lowest: int = 0, highest: int = 0xFFFF_FFFF) -> int | None:
        """An integer, decimal or with 0x in front."""
        text = self.text(what)
        if text is None:
            return None
        try:
            value = int(text.replace("_", ""), 0)
        except ValueError:
            value = lowest - 1
        if lowest <= value <= highest:
            return value
        self.wrong(f"{what} must be a number from {lowest} to {highest}, not {_shown(text)}")
        return None

    def flag(self, what: str) -> bool:
        """A boolean."""
        text = self.text(what)
        if text is not None and text not in ("true", "false"):
            self.wrong(f"{what} must be true or false, not {_shown(text)}")
        return text == "true"

    def choice(self, what: str, known: Collection[str]) -> str | None:
        """One of the words of ``known``."""
        text = self.text(what)
        if text is None or text in known:
            return text
        self.wrong(f"{what} cannot be {_shown(text)}", did_you_mean(text, known))
        return None

    def data(self, depth: int = 0) -> object:
        """The value as JSON has it: null, booleans, numbers, strings, lists and objects."""
        if depth > MAX_NESTING:
            self.wrong("this is nested too deeply")
            return None
        if isinstance(self._node, yaml.MappingNode):
            entries = self.mapping("this").items()
            return {name: value.data(depth + 1) for name, value in entries}
        if isinstance(self._node, yaml.SequenceNode):
            return [item.data(depth + 1) for item in self.items("this")]
        try:
            value = yaml.constructor.SafeConstructor().construct_object(self._node)
        except (yaml.YAMLError, ValueError):
            value = self
        if not isinstance(value, bool | int | str | None):
            self.wrong("this must be a whole number, true, false, null or a string")
            return None
        return value

    def plain(self, above: frozenset[int] = frozenset()) -> object:
        """The value as plain Python data, for parts that another room gives a meaning."""
        if isinstance(self._node, yaml.ScalarNode):
            return self._node.value
        if id(self._node) in above or len(above) >= MAX_DEPTH:
            self.wrong("this is nested too deeply")
            return None
        above |= {id(self._node)}
        if isinstance(self._node, yaml.MappingNode):
            entries = self.mapping("this").items()
            return {name: value.plain(above) for name, value in entries}
        return [value.plain(above) for value in self.items("this")]


def _at(file: str, mark: Any) -> Position:
    return Position(file, mark.line + 1, mark.column + 1) if mark else Position(file)


def _check_bounds(text: str, file: str) -> None:
    """Raises `InputError` where a file is too deep, or too large with its aliases."""
    total = 0
    begun: list[tuple[str | None, int]] = []
    sizes: dict[str | None, int] = {}
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionEndEvent):
            anchor, before = begun.pop()
            sizes[anchor] = total - before
            continue
        if not isinstance(event, yaml.NodeEvent):
            continue
        wrong = None
        if isinstance(event, yaml.AliasEvent):
            total += sizes.get(event.anchor, 1)
            if any(event.anchor == anchor for anchor, _ in begun):
                wrong = f"alias *{event.anchor} is part of what it stands for"
        elif isinstance(event, yaml.CollectionStartEvent):
            begun.append((event.anchor, total))
            total += 1
        else:
            sizes[event.anchor] = 1
            total += 1
        if len(begun) > MAX_NESTING:
            wrong = f"values are nested deeper than {MAX_NESTING}"
        elif total > MAX_VALUES:
            wrong = f"the file has more than {MAX_VALUES} values, aliases written out"
        if wrong:
            raise InputError([AGENTS_FILE.error(wrong, _at(file, event.start_mark))])


def parse(text: str, file: str, problems: list[Diagnostic]) -> Located | None:
    """The top of a YAML document, if it has one. Raises `InputError` where it is no YAML."""
    if len(text) > MAX_SIZE:
        large = f"larger than {MAX_SIZE} characters"
        raise InputError([AGENTS_FILE.error(large, Position(file))])
    try:
        _check_bounds(text, file)
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as problem:
        where = _at(file, problem.problem_mark)
        raise InputError([AGENTS_FILE.error(f"cannot be read: {problem.problem}", where)]) from None
    except yaml.YAMLError as problem:
        raise InputError(
            [AGENTS_FILE.error(f"cannot be read: {problem}", Position(file))]
        ) from None
    if node is None or node.tag == "tag:yaml.org,2002:null":
        return None
    return Located(node, file, problems)
