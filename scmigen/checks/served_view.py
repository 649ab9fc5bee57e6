"""What a server shows one agent: by kind and id, the resource, the operations, and the place."""

from collections.abc import Mapping, Sequence

from scmigen.checks.words import plain
from scmigen.data import Data, field
from scmigen.diagnostics import Position, position_of
from scmigen.model.platform import Grant
from scmigen.runtime.served import Served, ServedAgent, ServedGrant, ServedResource
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind


class Row(Data):
    """A resource as one agent has it, and where the description says so. ``place``: where it says
    what the resource is, whoever has it."""

    resource: ServedResource
    grant: ServedGrant
    position: Position
    place: Position

    @property
    def operations(self) -> frozenset[Operation]:
        """What the server allows."""
        return frozenset(self.grant.operations)

    @property
    def unchecked(self) -> frozenset[Operation]:
        """What it lets every agent do."""
        return frozenset(self.grant.unchecked)

    @property
    def unknown(self) -> frozenset[Operation]:
        """What it may allow or not."""
        return frozenset(self.grant.unknown)

    @property
    def name(self) -> str:
        """The name without what tells equals apart."""
        return self.resource.name.partition("~")[0]

    def is_called(self, names: Sequence[str]) -> bool:
        """Whether its name is one of ``names``; ``~`` and what follows tells equals apart."""
        name, cut, _ = self.resource.name.partition("~")
        wanted = plain(name)
        return any(plain(n) == wanted or (cut and plain(n).startswith(wanted)) for n in names)


class View(Data):
    """What the server shows one agent. ``kinds``: those that its description is about; where it is
    not ``complete``, there may be more of them, and what is ``momentary`` is of one time only.
    ``names``: the ids of a kind by the plain form of their names."""

    agent: ServedAgent
    position: Position
    rows: Mapping[tuple[Kind, int], Row]
    kinds: frozenset[Kind]
    complete: bool
    momentary: bool = False
    names: Mapping[tuple[Kind, str], Sequence[int]] = field(default_factory=dict)

    def undecided(self, grant: Grant, row: Row | None) -> frozenset[Operation]:
        """The needed operations of which the description does not tell: what it says of, what it
        may not have seen, and what the agent may only be given later."""
        later = grant.operations - grant.boot if self.momentary else frozenset()
        if row is None:
            return later if self.complete else grant.operations
        return (row.unknown | later) & (grant.operations - row.operations)

    def called(self, kind: Kind, names: Sequence[str]) -> tuple[int, Row] | None:
        """The only one of a kind that has one of these names, with its id."""
        found = {number for name in names for number in self.names.get((kind, plain(name)), ())}
        if len(found) != 1:
            return None
        (number,) = found
        return number, self.rows[kind, number]


def place_of(source: str | None, otherwise: Position) -> Position:
    """The position that a key ``source`` is: ``file:line`` or ``file:line:column``."""
    return position_of(source) if source else otherwise


def view_of(server: Served, agent: ServedAgent, file: str) -> View:
    """What a server shows ``agent``; ``file`` is its description."""
    known = {(kind, one.id): one for kind, found in server.resources.items() for one in found}
    where = place_of(agent.source, Position(file))
    rows = {}
    for kind, grants in agent.grants.items():
        for grant in grants:
            resource = known.get((kind, grant.resource)) or ServedResource(id=grant.resource)
            place = place_of(grant.source, place_of(resource.source, where))
            rows[kind, grant.id] = Row(resource, grant, place, place_of(resource.source, place))
    kinds = frozenset(server.kinds_of(agent)) | agent.grants.keys()
    names: dict[tuple[Kind, str], list[int]] = {}
    for (kind, number), row in rows.items():
        if row.name:
            names.setdefault((kind, plain(row.name)), []).append(number)
    return View(agent, where, rows, kinds, server.is_complete(agent), server.momentary, names)
