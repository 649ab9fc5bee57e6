"""Bounds on a YAML text, checked on its events before anything is built from them."""

from collections.abc import Iterator, Sequence

import yaml

from scmigen.assignment.findings import AGENTS_FILE
from scmigen.diagnostics import InputError, Position
from scmigen.hints import Any
from scmigen.patterns import pattern

#: More characters than anyone writes; a bound on what the YAML reader has to hold.
MAX_SIZE = 4 << 20

#: A bound on the nesting of a file: the YAML reader calls itself for each level.
MAX_NESTING = 32

#: A bound on the values of a file; each alias counts as everything it refers to.
MAX_VALUES = 20_000

#: Characters that YAML does not allow, and those that end a line for it but not for an editor: what
#: looks like a part of a comment there would be read.
_REFUSED = pattern("[^\t\n\r -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

#: What ends a line for YAML and for an editor.
_LINE_END = pattern(r"\r\n|[\r\n]")

_TOO_DEEP = f"values are nested deeper than {MAX_NESTING}"


def position(file: str, mark: Any) -> Position:
    """The position of a mark of the YAML reader, or the file without one."""
    return Position(file, mark.line + 1, mark.column + 1) if mark else Position(file)


def check_bounds(text: str, file: str, loader: Any) -> None:
    """Raise `InputError` for text that is not YAML, too deep, or too large with its aliases."""
    if len(text) > MAX_SIZE:
        raise InputError([AGENTS_FILE.error(f"larger than {MAX_SIZE} characters", Position(file))])
    refused = _REFUSED.search(text)
    if refused is not None:
        code = ord(refused[0])
        hint = f'write it as "\\u{code:04x}", in a quoted string'
        message = f"cannot be read: U+{code:04X} is not allowed"
        where = end_position(text[: refused.start()], file)
        raise InputError([AGENTS_FILE.error(message, where, hint=hint)])
    try:
        events = list(_bounded(yaml.parse(text, Loader=loader), file))
        _check_anchors(events, file)
    except yaml.YAMLError as problem:
        # The library's own bound, which it may meet before the events of what it has read.
        deep = _deep_bracket(text, getattr(problem, "problem_mark", None))
        if deep is None:
            raise
        raise InputError([AGENTS_FILE.error(_TOO_DEEP, Position(file, *deep))]) from None


def end_position(text: str, file: str) -> Position:
    """The position behind the last character of ``text``."""
    lines = _LINE_END.split(text)
    return Position(file, len(lines), len(lines[-1]) + 1)


def _bounded(events: Iterator[Any], file: str) -> Iterator[Any]:
    """The events of nodes with an anchor or alias. Raises `InputError`."""
    total = 0
    begun: list[tuple[str | None, int]] = []
    sizes: dict[str | None, int] = {}
    for event in events:
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
                wrong = f"alias *{event.anchor} is part of what it refers to"
        else:
            total += 1
            if isinstance(event, yaml.CollectionStartEvent):
                begun.append((event.anchor, total - 1))
            else:
                sizes[event.anchor] = 1
        if len(begun) > MAX_NESTING:
            wrong = _TOO_DEEP
        elif total > MAX_VALUES:
            wrong = f"the file has more than {MAX_VALUES} values, aliases written out"
        if wrong:
            raise InputError([AGENTS_FILE.error(wrong, position(file, event.start_mark))])
        if event.anchor is not None:
            yield event


def _check_anchors(events: Sequence[Any], file: str) -> None:
    """Raise `InputError` for scalars whose anchor nothing uses: labels without their quotes."""
    used = {event.anchor for event in events if isinstance(event, yaml.AliasEvent)}
    loose = [
        AGENTS_FILE.error(
            f"YAML takes an unquoted &{event.anchor} for an anchor, not for a label",
            position(file, event.start_mark),
            hint=f'write it between quotes: "{f"&{event.anchor} {event.value}".rstrip()}"',
        )
        for event in events
        if isinstance(event, yaml.ScalarEvent) and event.anchor not in used
    ]
    if loose:
        raise InputError(loose)


def _deep_bracket(text: str, mark: Any) -> tuple[int, int] | None:
    """Line and column of the first bracket deeper than `MAX_NESTING`, in a text that is refused.

    Brackets in strings and comments count too: the text is wrong anyway, and this only says why.
    """
    lines = _LINE_END.split(text)[: mark.line + 1 if mark else None]
    depth = 0
    for row, line in enumerate(lines):
        for column, character in enumerate(line):
            if character in "[{":
                depth += 1
                if depth > MAX_NESTING:
                    return row + 1, column + 1
            elif character in "]}":
                depth -= 1
    return None
