"""The values of a right command line, without click, whose import takes longer than this.

What is not plainly right is left to click: then `understood` returns None. For what it returns,
values are click's to the letter (tests/cli/test_parse.py).
"""

from collections.abc import Iterator, Mapping, Sequence

from scmigen.cli.declare import Argument, Call, Group, Option, Parameter
from scmigen.cli.problems import UsageError
from scmigen.hints import Any


class _UnclearError(Exception):
    """Click is to look at it."""


def understood(name: str, top: Group, words: Sequence[str]) -> Call | None:
    """What the words after the ``name`` of the group ``top`` ask for."""
    above: tuple[Any, ...] = ()
    try:
        within: Group = top
        while True:
            values, rest = _parsed(within.parameters, words, in_front=True)
            if within.body is not None:
                above = (within.body(**values),)
            below = within.below(rest[0]) if rest else None
            if below is None:
                return None
            name, words = rest[0], rest[1:]
            if not isinstance(below, Group):
                break
            within = below
        values, _ = _parsed(below.parameters, words, in_front=False)
    except (_UnclearError, UsageError, ValueError):
        return None
    return Call(name, below, values, above)


def _parsed(
    parameters: Sequence[Parameter], words: Sequence[str], *, in_front: bool
) -> tuple[dict[str, Any], list[str]]:
    """The values of parameters by their names, and the words that are left.

    Only those of a group are followed by more; its options precede its arguments (``in_front``).
    """
    options = {
        word: each
        for each in parameters
        if isinstance(each, Option)
        for word in (*each.words, *each.off)
    }
    typed, others = _split(options, words, in_front=in_front)
    values: dict[str, Any] = {}
    for each in parameters:
        if isinstance(each, Option):
            values[each.name] = _of_option(each, typed.get(each.name, []))
        else:
            values[each.name] = _of_argument(each, others)
    if others and not in_front:
        raise _UnclearError
    return values, others


def _split(
    options: Mapping[str, Option], words: Sequence[str], *, in_front: bool
) -> tuple[dict[str, list[Any]], list[str]]:
    """What is typed for each option by its name, and the other words."""
    typed: dict[str, list[Any]] = {}
    others: list[str] = []
    left = list(reversed(words))
    while left:
        word = left.pop()
        if word == "--":
            break
        if not word.startswith("-") or word == "-":
            others.append(word)
            if in_front:
                break
            continue
        for known, attached in _in_word(options, word):
            option = options[known]
            value: object = known in option.words
            if not option.flag:
                if attached is None and not left:
                    raise _UnclearError
                value = left.pop() if attached is None else attached
            typed.setdefault(option.name, []).append(value)
    return typed, [*others, *reversed(left)]


def _in_word(options: Mapping[str, Option], word: str) -> Iterator[tuple[str, str | None]]:
    """The options in a word, ``--output=out``, ``-oout`` or ``-qv``, and the value attached."""
    if word.startswith("--"):
        known, equals, value = word.partition("=")
        if known not in options or (equals and options[known].flag):
            raise _UnclearError
        yield known, value if equals else None
        return
    for end, letter in enumerate(word[1:], 2):
        known = f"-{letter}"
        if known not in options:
            raise _UnclearError
        if not options[known].flag:
            yield known, word[end:] or None
            return
        yield known, None


def _of_option(option: Option, typed: Sequence[Any]) -> Any:
    """The value of an option, of which the last word counts if it does not take them all."""
    if option.multiple:
        value: Any = tuple(map(option.read, typed))
    elif typed:
        value = typed[-1] if option.flag else option.read(typed[-1])
    elif option.required:
        raise _UnclearError
    else:
        value = option.default
    return value if option.check is None else option.check(value)


def _of_argument(argument: Argument, others: list[str]) -> Any:
    """The value of an argument, which is taken from the words that are no options."""
    if argument.many:
        value = tuple(map(argument.read, others))
        others.clear()
        return value
    if others:
        return argument.read(others.pop(0))
    if argument.required:
        raise _UnclearError
    return None
