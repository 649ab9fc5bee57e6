"""The numbers of one release of a firmware as numbers of another: what device trees have, and what
the firmware that runs has for the same resource.

A resource is the same where provider and cells are, if both sides have these for all resources of
the kind, and else where the name is. What cannot be told apart by its name is left out.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from scmigen.runtime import Numbering, Served, ServedAgent
from scmigen.scmi.protocols import Kind


class Numbered(NamedTuple):
    """A resource as one side has it; ``node`` is empty where that is not known."""

    number: int
    name: str
    node: str
    cells: tuple[int, ...]


class Row(NamedTuple):
    """A resource of both sides: the number and name that it had, and the number it has."""

    was: int
    name: str
    now: int


@dataclass(frozen=True, slots=True)
class Remap:
    """The resources of a kind by the number that they had.

    ``every`` are all of the old side. ``vanished`` are not on the new side, ``added`` only there.
    ``ambiguous``: several of a side have one name, or none.
    """

    kind: Kind
    every: tuple[Numbered, ...]
    rows: tuple[Row, ...]
    vanished: tuple[Numbered, ...] = ()
    ambiguous: tuple[Numbered, ...] = ()
    added: tuple[Numbered, ...] = ()

    @property
    def moved(self) -> int:
        """How many have another number."""
        return sum(row.was != row.now for row in self.rows)


class WhoseError(LookupError):
    """Whose numbers are meant is not said, or nobody's of that name; ``agents`` are those known."""

    def __init__(self, agents: Iterable[str]) -> None:
        super().__init__()
        self.agents = tuple(agents)


def remaps(old: Served, new: Served, agent: str | None = None) -> tuple[Remap, ...]:
    """The kinds that the old side has. ``agent``: whose numbers they are on both sides; else those
    that are the same for all. Raises `WhoseError`."""
    before, now = _numbers(old, agent), _numbers(new, agent)
    return tuple(_remap(kind, before[kind], now.get(kind, ())) for kind in Kind if before.get(kind))


def _numbers(side: Served, name: str | None) -> Mapping[Kind, Sequence[Numbered]]:
    resources = {
        kind: {one.id: Numbered(one.id, one.name, one.node, one.cells) for one in found}
        for kind, found in side.resources.items()
    }
    agent = _agent(side, name)
    if agent is None:
        return {kind: sorted(found.values()) for kind, found in resources.items()}
    return {
        kind: sorted(
            resources[kind][grant.resource]._replace(number=grant.id)
            for grant in grants
            if grant.resource in resources.get(kind, {})
        )
        for kind, grants in agent.grants.items()
    }


def _agent(side: Served, name: str | None) -> ServedAgent | None:
    """Whose numbers count; ``None`` where they are the same for all."""
    if name is not None:
        found = next((agent for agent in side.agents if agent.name == name), None)
        if found is None:
            raise WhoseError(agent.name for agent in side.agents)
        return found
    if side.numbering is Numbering.SHARED:
        return None
    if len(side.agents) != 1:
        raise WhoseError(agent.name for agent in side.agents)
    return side.agents[0]


def _remap(kind: Kind, old: Sequence[Numbered], new: Sequence[Numbered]) -> Remap:
    known = all(each.node for each in (*old, *new))
    before, doubtful = _by_identity(old, known)
    after, others = _by_identity(new, known)
    unclear = others.keys() | doubtful.keys()
    rows = [
        Row(each.number, each.name, after[identity].number)
        for identity, each in before.items()
        if identity in after and identity not in unclear
    ]
    return Remap(
        kind,
        tuple(sorted(old)),
        tuple(sorted(rows)),
        tuple(sorted(e for i, e in before.items() if i not in after and i not in unclear)),
        tuple(sorted(_unclear(before, doubtful, others))),
        tuple(sorted(e for i, e in after.items() if i not in before and i not in unclear)),
    )


_Identity = tuple[str, tuple[int, ...]]


def _by_identity(
    side: Sequence[Numbered], known: bool
) -> tuple[dict[_Identity, Numbered], dict[_Identity, list[Numbered]]]:
    """What has an identity of its own, and what shares one or has none."""
    found: dict[_Identity, list[Numbered]] = {}
    for each in side:
        identity = (each.node, each.cells) if known else (each.name, ())
        found.setdefault(identity, []).append(each)
    single = {i: each[0] for i, each in found.items() if len(each) == 1 and i[0]}
    return single, {i: each for i, each in found.items() if i not in single}


def _unclear(
    before: Mapping[_Identity, Numbered],
    doubtful: Mapping[_Identity, Sequence[Numbered]],
    others: Mapping[_Identity, Sequence[Numbered]],
) -> Iterator[Numbered]:
    """Those of the old side that cannot be told apart on one side or the other."""
    for each in doubtful.values():
        yield from each
    yield from (before[identity] for identity in others if identity in before)
