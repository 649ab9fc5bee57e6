"""An agent's view of one kind of resource: its ids, and the operations allowed on each."""

from collections.abc import Iterable, Mapping

from scmigen.data import Data
from scmigen.scmi.operations import OPERATIONS, Operation
from scmigen.scmi.protocols import Kind
from scmigen.scmi.status import Status
from scmigen.server.state import Resource


class Entry(Data):
    """An id of an agent: the resource, the operations allowed now and those the configuration
    grants. A ``described`` resource can be read about even while no operation is allowed."""

    id: int
    resource: Resource
    operations: frozenset[Operation]
    granted: frozenset[Operation]
    described: bool


class View:
    """The id space of one kind for one agent.

    All tables are by the agent's id. ``named`` holds the resources whose attributes and names it
    may read, ``described`` those whose rates, levels and parents it may list, and
    ``open[operation]`` those on which the operation is allowed. ``attributes`` holds the operations
    that attribute words report: agents read these once, so operations that may be granted later are
    included. The tables are updated in place, because commands keep references to them.
    """

    __slots__ = (
        "_hidden",
        "asynchronous",
        "attributes",
        "count",
        "described",
        "ids",
        "kind",
        "known",
        "named",
        "open",
        "operations",
    )

    def __init__(
        self, kind: Kind, count: int, hidden: Status, known: Mapping[int, Resource]
    ) -> None:
        self.kind = kind
        #: Highest configured id + 1, as PROTOCOL_ATTRIBUTES reports it. It never changes.
        self.count = count
        self._hidden = hidden
        #: What the ids mean, whether the agent sees it or not, without what no agent has.
        self.known = known
        self.named: dict[int, Resource] = {}
        self.described: dict[int, Resource] = {}
        self.open: Mapping[Operation, dict[int, Resource]] = {
            operation: {} for operation in OPERATIONS[kind]
        }
        self.operations: dict[int, frozenset[Operation]] = {}
        self.attributes: dict[int, frozenset[Operation]] = {}
        self.ids: dict[int, int] = {}
        #: Whether any of ``named`` can be asynchronous, as PROTOCOL_ATTRIBUTES says for all.
        self.asynchronous = False

    def fill(self, entries: Iterable[Entry]) -> None:
        """Replace the contents of the view by ``entries``."""
        for table in (self.named, self.described, *self.open.values()):
            table.clear()
        self.operations.clear()
        self.attributes.clear()
        self.ids.clear()
        for entry in entries:
            if not entry.operations and not entry.described:
                continue
            self.named[entry.id] = entry.resource
            self.operations[entry.id] = entry.operations
            self.attributes[entry.id] = entry.granted if entry.described else entry.operations
            self.ids[entry.resource.number] = entry.id
            if entry.described or Operation.READ in entry.operations:
                self.described[entry.id] = entry.resource
            for operation in entry.operations:
                self.open[operation][entry.id] = entry.resource
        named = self.named.values()
        self.asynchronous = any(getattr(item, "asynchronous", False) for item in named)

    def describe(self, number: int) -> str | None:
        """``clock 3 (uart)``, for the log; ``None`` for a number that means nothing."""
        resource = self.known.get(number)
        return None if resource is None else f"{self.kind} {number} ({resource.name})"

    def refusal(self, number: int) -> Status:
        """The status for an id that an operation is not allowed on."""
        if number >= self.count:
            return Status.NOT_FOUND
        return Status.DENIED if number in self.named else self._hidden
