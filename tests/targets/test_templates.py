"""Compiled templates say what jinja2 says: filled with anything, and with real boards."""

import contextlib
import random
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined, nodes
from jinja2.exceptions import UndefinedError as OfJinja
from real_boards import BOARDS

import scmigen
from scmigen.resources import directory
from scmigen.targets.common import templates
from scmigen.targets.common.filling import Filters, UndefinedError
from scmigen.targets.common.templates import fill

FOLDER = directory("templates")
NAMES = [path.relative_to(FOLDER).as_posix() for path in sorted(FOLDER.rglob("*.j2"))]

#: Name → that of each element, or of the values in it.
Loops = Mapping[str, str | tuple[str, ...]]

#: Words that name a template to include; these are in all of its folders.
INCLUDED = ("clock", "reset")


@pytest.fixture(scope="module")
def jinja() -> Environment:
    return Environment(
        loader=FileSystemLoader(FOLDER),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


@contextlib.contextmanager
def with_filters(jinja: Environment, filters: Filters) -> Iterator[None]:
    """Jinja looks filters up by name where it fills a template, but keeps macros that are imported
    from one."""
    before = dict(jinja.filters)
    jinja.filters.update(filters)
    for template in jinja.cache.values() if jinja.cache else ():
        template._module = None
    yield
    jinja.filters.clear()
    jinja.filters.update(before)


class Anything(int):
    """A value that can be used in every way; what it is follows from how it was come by.

    ``name``: the last one on the way. ``loops``: name → what a loop calls the elements of what has
    that name: one name, or those of the values that each is unpacked into.
    """

    path: str
    name: str
    loops: Loops

    def __new__(cls, path: str, name: str, loops: Loops) -> "Anything":
        self = super().__new__(cls, random.Random(path).randrange(1, 7))
        self.path, self.name, self.loops = path, name, loops
        return self

    def of(self, step: str, name: str = "") -> "Anything":
        return Anything(self.path + step, name or self.name, self.loops)

    def __getattr__(self, name: str) -> "Anything":
        if name.startswith("__"):
            raise AttributeError(name)
        return self.of(f".{name}", name)

    def __call__(self, *arguments: object, **named: object) -> "Anything":
        return self.of(f"({arguments}{named})")

    def __getitem__(self, key: object) -> "Anything":
        return self.of(f"[{key}]", " ")

    def __str__(self) -> str:
        return INCLUDED[self % 2] if self.name == "word" else f"<{self.path}>"

    __repr__ = __str__

    def __bool__(self) -> bool:
        return len(self) > 0

    def __len__(self) -> int:
        return self % 4

    def __contains__(self, item: object) -> bool:
        return bool(self.of(f" has {item}"))

    def __iter__(self) -> Iterator[Any]:
        parts = self.loops.get(self.name, " ")
        for index in range(len(self)):
            step = f"#{index}"
            if isinstance(parts, str):
                yield self.of(step, parts)
            else:
                yield tuple(self.of(f"{step}.{number}", it) for number, it in enumerate(parts))


def loops_of(tree: nodes.Template) -> Loops:
    """What the loops of a template call the elements of what they go through."""
    found: dict[str, str | tuple[str, ...]] = {}
    for loop in tree.find_all(nodes.For):
        values: Any = loop.iter.node if isinstance(loop.iter, nodes.Call) else loop.iter
        if not isinstance(values, nodes.Name | nodes.Getattr):
            continue
        name = values.attr if isinstance(values, nodes.Getattr) else values.name
        if isinstance(loop.target, nodes.Tuple):
            found[name] = tuple(each.name for each in loop.target.items)
        else:
            found.setdefault(name, loop.target.name)
    return found


def names_in(tree: nodes.Template) -> set[str]:
    """The names that a template may look up in its context."""
    found = {each.name for each in tree.find_all(nodes.Name)} - {"loop", "range"}
    return found - {each.name for each in tree.find_all(nodes.Macro)}


def told(render: Callable[[], str], undefined: type[Exception]) -> tuple[bool, str]:
    """Whether there is a text; it, or what is missing."""
    try:
        return True, render()
    except undefined as missing:
        return False, str(missing)
    except TypeError:  # a text and a number have been added
        return False, ""


@pytest.mark.parametrize("name", NAMES)
def test_a_template_filled_with_anything_says_what_jinja_says(
    jinja: Environment, name: str
) -> None:
    tree = jinja.parse((FOLDER / name).read_text())
    of_filters = {each.name for each in tree.find_all(nodes.Filter)} - jinja.filters.keys()
    loops = loops_of(tree)
    words = sorted(names_in(tree))
    source = jinja.get_template
    ours: Filters = {
        word: lambda *said, word=word: f"<{word}{said}>"
        for word in (*of_filters, "comment", "includes", "notice", "plain", "string")
    }
    with with_filters(jinja, ours):
        for seed in range(8):
            left_out = set(random.Random(seed).sample(words, min(seed // 4, len(words))))
            context = {
                word: Anything(f"{seed}{word}", word, loops)
                for word in words
                if word not in left_out
            }
            expected = told(lambda: source(name).render(context), OfJinja)  # noqa: B023
            assert told(lambda: fill(name, context, ours), UndefinedError) == expected  # noqa: B023


@pytest.fixture
def both(jinja: Environment, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Has every template filled in by jinja2, too, and compared; the names of those that were."""
    compiled = templates._templates
    seen: set[str] = set()

    class Compared(dict[str, Any]):
        def __missing__(self, name: str) -> Callable[[Mapping[str, Any], Filters], str]:
            def fill(context: Mapping[str, Any], filters: Filters) -> str:
                seen.add(name)
                found = compiled(name.partition("/")[0])[name](context, filters)
                with with_filters(jinja, filters):
                    assert found == jinja.get_template(name).render(context)
                return found

            return fill

    monkeypatch.setattr(templates, "_templates", lambda _folder: Compared())
    return seen


#: What makes files of each board.
OUTPUTS = ("scp", "runtime", "permissions", "headers", "trees", "consumer", "ids", "optee-msg")


def emitted(board: Path, agents: Path | None = None) -> int:
    result = scmigen.compile(board, agents=agents or ())
    return sum(len(scmigen.emit(result, [name]).files) for name in OUTPUTS)


def test_templates_filled_with_the_examples_say_what_jinja_says(
    both: set[str], examples: Path
) -> None:
    assert emitted(examples / "minimal.dts") > 60
    assert emitted(examples / "orrery-board.dts", examples / "agents.yaml") > 80
    assert len(both) > 60


@pytest.mark.slow
@pytest.mark.parametrize("board", BOARDS)
def test_templates_filled_with_a_real_board_say_what_jinja_says(
    both: set[str], corpus: Path, board: str
) -> None:
    assert emitted(corpus / f"{board}.dtb") > 10
    assert len(both) > 10
