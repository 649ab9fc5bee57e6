"""The numbers of one release of a firmware as numbers of another: what device trees have, and what
the firmware that runs has for the same resource.

A resource is the same where provider and cells are, if both sides have these for all resources of
the kind, and else where the name is. Below an SCMI node the cells are the very numbers that differ,
so that the name counts there, too. What cannot be told apart by its name is left out, and so is
what has a name that was made of a number (`naming`), which says nothing in another release.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from scmigen.bindings.scmi_nodes import is_in_protocol
from scmigen.data import Data
from scmigen.patterns import pattern
from scmigen.runtime import Numbering, Served, ServedAgent
from scmigen.scmi.protocols import EXTENDED_NAME_SIZE, SHORT_NAME_SIZE, Kind
from scmigen.tuples import NamedTuple


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


class Remap(Data):
    """The resources of a kind by the number that they had.

    ``every`` are all of the old side. ``vanished`` are not on the new side, ``added`` only there.
    ``ambiguous``: several of a side have one name, or none, or one that was made of a number.
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
    known = all(each.node and not is_in_protocol(each.node) for each in (*old, *new))
    doubt = None if known else _Doubt.of(kind, [each.name for each in (*old, *new)])
    before, doubtful = _by_identity(old, doubt)
    after, others = _by_identity(new, doubt)
    lost = {i: each for i, each in before.items() if i not in after}
    unclear = {i for i in before if i in others} | _cut(lost, others)
    more = {i: each for i, each in after.items() if i not in before and i not in doubtful}
    cut = _cut(more, doubtful)
    return Remap(
        kind,
        tuple(sorted(old)),
        tuple(
            sorted(
                Row(each.number, each.name, after[identity].number)
                for identity, each in before.items()
                if identity in after
            )
        ),
        tuple(sorted(each for identity, each in lost.items() if identity not in unclear)),
        tuple(sorted((*chain(*doubtful.values()), *(before[identity] for identity in unclear)))),
        tuple(sorted(each for identity, each in more.items() if identity not in cut)),
    )


_Identity = tuple[str, tuple[int, ...]]

#: The end of a name that was cut, or that another resource had already.
_NUMBERED = pattern(r"(.+)~[0-9]+(\.[0-9]+)?", re.DOTALL)
#: What is as long may have been cut.
_CUT = (SHORT_NAME_SIZE - 1, EXTENDED_NAME_SIZE - 1)


class _Doubt(Data):
    """Which names say nothing of a resource: those made of a number, and the name ``first`` that is
    left to one of several resources of a device, which may be another one in each release."""

    made: re.Pattern[str]
    first: frozenset[str]

    @classmethod
    def of(cls, kind: Kind, names: Iterable[str]) -> "_Doubt":
        found = frozenset(each[1] for name in names if (each := _NUMBERED.fullmatch(name)))
        return cls(re.compile(rf"(?:reserved|{kind})(?:-[0-9]+)*"), found)

    def has(self, name: str) -> bool:
        """Whether the name says nothing."""
        numbered = _NUMBERED.fullmatch(name) or self.made.fullmatch(name)
        return not name or name in self.first or numbered is not None


def _by_identity(
    side: Sequence[Numbered], doubt: _Doubt | None
) -> tuple[dict[_Identity, Numbered], dict[_Identity, list[Numbered]]]:
    """What has an identity of its own, and what shares one or has none. With ``doubt``, it is the
    name."""
    found: dict[_Identity, list[Numbered]] = {}
    for each in side:
        identity = (each.node, each.cells) if doubt is None else (each.name, ())
        found.setdefault(identity, []).append(each)
    single = {
        i: each[0]
        for i, each in found.items()
        if len(each) == 1 and not (doubt is not None and doubt.has(i[0]))
    }
    return single, {i: each for i, each in found.items() if i not in single}


def _cut(found: Iterable[_Identity], others: Iterable[_Identity]) -> set[_Identity]:
    """Those of ``found`` that may be some of ``others``, whose names were cut."""
    cut = {
        each[1] for name, _ in others if len(name) in _CUT and (each := _NUMBERED.fullmatch(name))
    }
    lengths = set(map(len, cut))
    return {i for i in found if any(i[0][:length] in cut for length in lengths)}
