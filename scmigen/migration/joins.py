"""Which resource of the tree each resource of a server is.

In this order: what the user says, the SCMI node of the tree that the description names itself, the
number of such a node, the provider that it names, the name. What the tree does not know is an
element: a number under the SCMI node.
"""

from collections.abc import Iterator, Mapping

from scmigen.assignment.elements import Numbers, numbers_of
from scmigen.assignment.elements_file import DECLARED
from scmigen.assignment.said import MAX_ELEMENT
from scmigen.bindings.facts import ResourceKey
from scmigen.checks.words import plain
from scmigen.data import Data
from scmigen.migration.cut_names import by_cut_names
from scmigen.migration.outputs import held_by
from scmigen.model.platform import Model
from scmigen.runtime import Served, ServedResource
from scmigen.scmi.protocols import Kind

#: The resources of the tree that a user names for numbers of the server.
Map = Mapping[tuple[Kind, int], ResourceKey]


class Join(Data):
    """A resource of the server and what it is on the board.

    ``number`` is the one that goes into the lock, ``known``: the tree has it; ``problem``: why it
    is nothing; ``in_outputs``: what the description says of it is among its options of outputs.
    """

    kind: Kind
    resource: ServedResource
    key: ResourceKey
    how: str
    known: bool
    problem: str | None = None
    in_outputs: bool = False

    @property
    def number(self) -> int:
        """The number of the resource."""
        return self.resource.id


def joined(served: Served, model: Model, said: Map) -> dict[tuple[Kind, int], Join]:
    """Each resource of a server by kind and number, also those that only a grant names."""
    joining = _Joining(served, model, said)
    found: dict[tuple[Kind, int], Join] = {}
    taken: dict[ResourceKey, int] = {}
    for kind, resource in _resources(served):
        join = joining.join(kind, resource)
        first = taken.setdefault(join.key, resource.id)
        if first != resource.id and join.problem is None:
            message = f"it is the same resource of the tree as {kind} {first}: {join.key}"
            join = Join(kind, resource, join.key, join.how, join.known, message)
        found[kind, resource.id] = join
    return found


def _resources(served: Served) -> Iterator[tuple[Kind, ServedResource]]:
    for kind in Kind:
        known = {one.id: one for one in served.resources.get(kind, ())}
        for agent in served.agents:
            for grant in agent.grants.get(kind, ()):
                known.setdefault(grant.resource, ServedResource(id=grant.resource))
        yield from ((kind, known[number]) for number in sorted(known))


class _Joining:
    """What the board offers to join with."""

    def __init__(self, served: Served, model: Model, said: Map) -> None:
        self._said = said
        self._held = held_by(served)
        self._model = model
        self._numbers: Numbers = numbers_of(model.inventory)
        self._inside = {
            node.path
            for instance in model.inventory.instances
            for node in (instance.node, *instance.protocols.values())
        }
        nodes = {one.node for found in served.resources.values() for one in found}
        #: Whether the description is of this very tree, as far as that has an SCMI node.
        self._same_tree = not self._inside or not self._inside.isdisjoint(
            parent for node in nodes for parent in _with_parents(node)
        )
        self._by_name = _names(model)
        self._by_cut_name = by_cut_names(served, model)

    def join(self, kind: Kind, resource: ServedResource) -> Join:
        """What a resource of the server is."""

        def found(key: ResourceKey, how: str, known: bool = True) -> Join:
            return Join(kind, resource, key, how, known)

        number = self._numbers.key(kind, resource.id)
        if (kind, resource.id) in self._said:
            return found(self._said[kind, resource.id], "as said")
        if resource.node and self._same_tree and self._is_node(kind, resource):
            return found(ResourceKey(kind, resource.node, resource.cells), "by its node")
        if resource.id in self._numbers.named.get(kind, ()):
            return found(number, "by the number in the tree")
        if kind not in self._numbers.homes or self._numbers.homes[kind] not in self._inside:
            own = self._by_name.get((kind, plain(resource.name))) if resource.name else None
            cut = self._by_cut_name.get((kind, resource.id))
            if own is None and cut is not None:
                own = cut.key
            if own is not None:
                return found(own, "by its name")
        problem = _undeclarable(kind, resource)
        kept = problem is not None and (kind, resource.id) in self._held
        return Join(kind, resource, number, "as an element", False, problem, kept)

    def _is_node(self, kind: Kind, resource: ServedResource) -> bool:
        """Whether the tree has the node, and it is more than a number under an SCMI node that
        nothing refers to."""
        if self._model.inventory.tree.node(resource.node) is None or resource.node == "/":
            return False
        if resource.node == self._numbers.homes.get(kind):
            return bool(set(resource.cells) & self._numbers.named.get(kind, frozenset()))
        return True


def _undeclarable(kind: Kind, resource: ServedResource) -> str | None:
    if kind not in DECLARED:
        return f"no element of platform.elements can be a {kind}"
    if resource.id > MAX_ELEMENT:
        return f"the tree does not know it, and the numbers of elements end at {MAX_ELEMENT}"
    return None


def _with_parents(path: str) -> Iterator[str]:
    while len(path) > 1:
        yield path
        path = path.rpartition("/")[0]


def _names(model: Model) -> Mapping[tuple[Kind, str], ResourceKey]:
    """The resources of the tree by all names that they have in it, where only one has that."""
    found: dict[tuple[Kind, str], set[ResourceKey]] = {}
    for platform in model.platforms:
        for kind, resources in platform.resources.items():
            for resource in resources:
                macro = model.inventory.macros.name(resource.key)
                labels = () if resource.key.cells else resource.node.labels
                for name in (resource.name, macro, *resource.facts.names, *labels):
                    if name and plain(name):
                        found.setdefault((kind, plain(name)), set()).add(resource.key)
    return {place: next(iter(keys)) for place, keys in found.items() if len(keys) == 1}
