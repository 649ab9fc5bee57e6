"""YAML with positions: every value has its position and reports its problems there."""

from collections.abc import Callable, Collection, Iterator, Mapping

import yaml

from scmigen.assignment.bounds import MAX_NESTING, check_bounds, end_position
from scmigen.assignment.bounds import position as position_of
from scmigen.assignment.findings import AGENTS_FILE
from scmigen.assignment.given import MAX_SHOWN, Given, shown
from scmigen.assignment.problems import Problems
from scmigen.assignment.said import Said
from scmigen.assignment.vocabulary import Standing, Vocabulary, misplaced
from scmigen.assignment.words import did_you_mean
from scmigen.diagnostics import Diagnostic, InputError, Position
from scmigen.hints import Any, TypeVar
from scmigen.version import format_problem

T = TypeVar("T")

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Located:
    """One YAML node with its file; the methods report to ``problems`` and never raise."""

    def __init__(self, node: yaml.Node, file: str, problems: Problems) -> None:
        self._node = node
        self._file = file
        self.problems = problems
        self._misspelt = False

    @property
    def position(self) -> Position:
        """Where the value begins."""
        return position_of(self._file, self._node.start_mark)

    @property
    def is_mapping(self) -> bool:
        """Whether the value is a mapping."""
        return isinstance(self._node, yaml.MappingNode)

    @property
    def is_list(self) -> bool:
        """Whether the value is a sequence."""
        return isinstance(self._node, yaml.SequenceNode)

    @property
    def is_null(self) -> bool:
        """Whether there is no value."""
        return bool(self._node.tag == "tag:yaml.org,2002:null")

    def keys(self) -> frozenset[str]:
        """The keys of a mapping that are strings."""
        pairs = self._node.value if isinstance(self._node, yaml.MappingNode) else ()
        return frozenset(key.value for key, _ in pairs if isinstance(key, yaml.ScalarNode))

    def wrong(self, message: str, hint: str | None = None) -> None:
        """Report an error at this value."""
        self.problems.add(AGENTS_FILE.error(message, self.position, hint=hint))

    def lacks(self, message: str, hint: str) -> None:
        """Report a missing key. A value that is not a mapping has been reported already, and so has
        a key that does not exist, which probably is the missing one."""
        if self.is_mapping and not self._misspelt:
            self.wrong(message, hint)

    def said(self, value: T | None) -> Said[T] | None:
        """``value`` as said here; ``None`` stays ``None``."""
        return None if value is None else Said(value, self.position)

    def mapping(self, what: str, known: Collection[str] | None = None) -> "dict[str, Located]":
        """The entries of a mapping; unknown keys are errors where ``known`` is given."""
        found: dict[str, Located] = {}
        for key, text, value in self._entries(what):
            if text is None or (known is not None and text not in known):
                word = "that is not a string" if text is None else shown(text)
                near = did_you_mean(text or "", known or ())
                self._misspelt = True
                key.wrong(f"{what} has no key {word}", misplaced(text or "", known or ()) or near)
            elif text in found:
                key.wrong(f"{what} has the key {text!r} twice", f"first at {found[text].position}")
            else:
                found[text] = value
        return found

    def shared_mapping(self, what: str, vocabulary: Vocabulary) -> "dict[str, Located]":
        """Our entries of a mapping that other tools write to as well.

        Unknown keys are warnings (`Problems.passed_over`), misspelt or misplaced ones errors.
        """
        found: dict[str, Located] = {}
        for key, text, value in self._entries(what):
            if text is None:
                self._misspelt = True
                key.wrong(
                    f"{what} has no key that is not a string", did_you_mean("", vocabulary.ours)
                )
                continue
            standing, hint = vocabulary.standing(text)
            if standing is Standing.WRONG:
                self._misspelt = True
                key.wrong(f"{what} has no key {shown(text)}", hint)
            elif standing is Standing.UNKNOWN:
                self.problems.passed_over(text[:MAX_SHOWN], what, key.position)
            elif text in found:
                key.wrong(f"{what} has the key {text!r} twice", f"first at {found[text].position}")
            elif standing is Standing.OURS:
                found[text] = value
        return found

    def pairs(self, what: str) -> "Iterator[tuple[Located, Located]]":
        """Key and value of each entry of a mapping, whose keys the caller reads."""
        return ((key, value) for key, _, value in self._entries(what))

    def _entries(self, what: str) -> "Iterator[tuple[Located, str | None, Located]]":
        """Key, its text where it is a string, and value of each entry of a mapping."""
        if not isinstance(self._node, yaml.MappingNode):
            self.wrong(f"{what} must be a mapping", hint="write key: value pairs")
            return
        for key, value in self._node.value:
            text = key.value if isinstance(key, yaml.ScalarNode) else None
            yield (
                Located(key, self._file, self.problems),
                text,
                Located(value, self._file, self.problems),
            )

    def items(self, what: str) -> "Iterator[Located]":
        """The entries of a sequence."""
        if not isinstance(self._node, yaml.SequenceNode):
            self.wrong(f"{what} must be a list", hint="write [a, b] or one '- item' per line")
            return
        for item in self._node.value:
            yield Located(item, self._file, self.problems)

    def some(self, what: str, hint: str | None = None) -> None:
        """Reports a list without entries, where that would say nothing."""
        if isinstance(self._node, yaml.SequenceNode) and not self._node.value:
            self.wrong(f"{what} is an empty list", hint)

    def text(self, what: str) -> str | None:
        """A string."""
        if isinstance(self._node, yaml.ScalarNode):
            return str(self._node.value)
        self.wrong(f"{what} must be a string")
        return None

    def texts(self, what: str) -> tuple[str, ...]:
        """A string, or a list of strings."""
        values = self.items(what) if self.is_list else [self]
        found = (value.text(what) for value in values)
        return tuple(text for text in found if text is not None)

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
        self.wrong(f"{what} must be a number from {lowest} to {highest}, not {shown(text)}")
        return None

    def flag(self, what: str) -> bool | None:
        """A boolean."""
        text = self.text(what)
        if text in ("true", "false"):
            return text == "true"
        if text is not None:
            self.wrong(f"{what} must be true or false, not {shown(text)}")
        return None

    def choice(self, what: str, known: Collection[str]) -> str | None:
        """One of the words of ``known``; ``None`` after reporting any other."""
        text = self.text(what)
        if text is None or text in known:
            return text
        self.wrong(f"{what} cannot be {shown(text)}", did_you_mean(text, known))
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
        except Exception:  # of text that its tag does not fit: KeyError, AttributeError, …
            value = self
        if not isinstance(value, bool | int | str | None):
            self.wrong("this must be a whole number, true, false, null or a string")
            return None
        return value

    def given_of(self, keys: Collection[str]) -> Mapping[str, Given]:
        """`given` of some keys of a mapping, whatever else is wrong with it."""
        pairs = self._node.value if isinstance(self._node, yaml.MappingNode) else ()
        return {
            key.value: Located(value, self._file, self.problems).given(
                position_of(self._file, key.start_mark)
            )
            for key, value in pairs
            if isinstance(key, yaml.ScalarNode) and key.value in keys
        }

    def given(self, key: Position | None = None) -> Given:
        """The value as written, for another package to interpret; ``key``: where its key is."""
        if isinstance(self._node, yaml.ScalarNode):
            return Given(str(self._node.value), self.position, key)
        if isinstance(self._node, yaml.SequenceNode):
            return Given(tuple(item.given() for item in self.items("this")), self.position, key)
        keys = {
            name.value: position_of(self._file, name.start_mark)
            for name, _ in self._node.value
            if isinstance(name, yaml.ScalarNode)
        }
        entries = self.mapping("this").items()
        found = {name: value.given(keys[name]) for name, value in entries}
        return Given(found, self.position, key)


def said(
    parts: dict[str, Located], key: str, read: Callable[[Located], T | None]
) -> Said[T] | None:
    """``read`` applied to the value of ``key``; ``None`` if the key is missing or wrong."""
    return parts[key].said(read(parts[key])) if key in parts else None


def parse(text: str, file: str, problems: Problems, kind: str) -> Located | None:
    """The top of a YAML document, if it has one. Raises `InputError` for text that is not YAML, or
    has a ``format`` that cannot be read as ``kind``."""
    try:
        check_bounds(text, file, _Loader)
        node = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as problem:
        raise InputError([_unreadable(problem, text, file)]) from None
    if node is None or node.tag == "tag:yaml.org,2002:null":
        return None
    top = Located(node, file, problems)
    for said in top.given_of(("format",)).values():
        wrong = format_problem(kind, said.value)
        if wrong is not None:
            raise InputError([AGENTS_FILE.error(wrong[0], said.position, hint=wrong[1])])
    return top


def _unreadable(problem: yaml.YAMLError, text: str, file: str) -> Diagnostic:
    """The words are the library's, the position is the same from all its versions and loaders."""
    told = (getattr(problem, "context", None), getattr(problem, "problem", None))
    words = ", ".join(filter(None, told)) or " ".join(str(problem).split())
    mark = getattr(problem, "problem_mark", None)
    where, end = position_of(file, mark), end_position(text, file)
    if mark and mark.line >= end.line:  # libyaml ends a last line that has no end
        where = end
    line = "".join(text.split("\n")[where.line - 1 : where.line])
    tab = "\t" in line[: len(line) - len(line.lstrip())]
    hint = "indent with blanks: YAML takes no tab there" if tab else None
    if "an alias" in words or "an anchor" in words or "undefined alias" in words:
        hint = "write names with & or * between quotes: YAML takes them for anchors and aliases"
    return AGENTS_FILE.error(f"this is not YAML: {words}", where, hint=hint)
