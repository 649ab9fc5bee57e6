"""One diagnostic in place of many that say the same of one SCMI instance after another.

A board may have an instance for each of its devices, all written by one hand: what is wrong with
one is wrong with all. They are told apart by their numbers alone.
"""

from collections.abc import Iterable, Sequence

from scmigen.bindings.facts import ScmiInstance
from scmigen.data import replace
from scmigen.diagnostics import Diagnostic, Related, Subject
from scmigen.model.order import natural
from scmigen.model.platform import MANY
from scmigen.patterns import pattern

#: What differs between diagnostics of one kind: numbers, and addresses in names of nodes.
_NUMBERS = pattern(r"@[0-9a-f,]+|0x[0-9a-fA-F]+|\d[0-9a-f]*")
_PATH = pattern(r"/[\w,.+@/-]*[\w+@]")
_Shape = tuple[object, ...]


def together(
    found: Iterable[Diagnostic], instances: Sequence[ScmiInstance]
) -> tuple[Diagnostic, ...]:
    """The diagnostics, those that say the same of many instances as one: the first, with the others
    as related places."""
    every = tuple(found)
    if len(instances) < MANY:
        return every
    paths = frozenset(instance.node.path for instance in instances)
    groups: dict[_Shape, dict[str, Diagnostic]] = {}
    for item in every:
        named = {path for word in _PATH.findall(_words(item)) for path in _above(word) & paths}
        if len(named) == 1:
            groups.setdefault(_shape(item), {}).setdefault(named.pop(), item)
    first: dict[int, Diagnostic] = {}
    others: set[int] = set()
    for group in groups.values():
        if len(group) >= MANY:
            ordered = [group[path] for path in sorted(group, key=natural)]
            first[id(ordered[0])] = _joined(ordered, len(ordered))
            others.update(map(id, ordered[1:]))
    return tuple(first.get(id(item), item) for item in every if id(item) not in others)


def alike(found: Sequence[Sequence[Diagnostic]]) -> tuple[Diagnostic, ...]:
    """The diagnostics of an output, platform by platform; what many platforms have alike is one,
    and what two have word for word at one place."""
    if len(found) < MANY:
        return tuple(dict.fromkeys(item for part in found for item in part))
    groups: dict[_Shape, list[tuple[int, Diagnostic]]] = {}
    for number, part in enumerate(found):
        for item in part:
            groups.setdefault(_shape(item), []).append((number, item))
    told: list[Diagnostic] = []
    for group in groups.values():
        items = [item for _, item in group]
        platforms = len({number for number, _ in group})
        told.extend([_joined(items, platforms)] if platforms >= MANY else items)
    return tuple(told)


def _above(path: str) -> frozenset[str]:
    """A path, and those of the nodes above it."""
    parts = path.split("/")
    return frozenset("/".join(parts[:end]) for end in range(2, len(parts) + 1))


def _words(item: Diagnostic) -> str:
    return "\n".join((item.message, *(related.message for related in item.related)))


def _shape(item: Diagnostic) -> _Shape:
    text = _NUMBERS.sub("0", f"{_words(item)}\n{item.hint or ''}")
    return item.finding, item.severity, text


def _joined(items: Sequence[Diagnostic], nodes: int) -> Diagnostic:
    """The first of some diagnostics of so many SCMI nodes, with all others as related places."""
    first, *others = items
    known = {(first.message, first.position)}
    places = dict.fromkeys((item.message, item.position) for item in others)
    rest = [Related(*place) for place in places if place not in known]
    subjects = [item.subject for item in items]
    return replace(
        first,
        message=f"{first.message}; {nodes - 1} other SCMI nodes have the same",
        related=(*first.related, *rest),
        subject=Subject(
            tuple(dict.fromkeys(name for each in subjects for name in each.resources)),
            tuple(dict.fromkeys(name for each in subjects for name in each.nodes)),
            tuple(dict.fromkeys(name for each in subjects for name in each.agents)),
            tuple(dict.fromkeys(name for each in subjects for name in each.by)),
        ),
    )
