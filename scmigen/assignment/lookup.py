"""Selectors of an agents file, resolved in a tree; problems are reported at the entry."""

from collections.abc import Iterator

from scmigen.assignment.findings import GLOB_UNMATCHED, RESOURCE_UNKNOWN
from scmigen.assignment.located import Located
from scmigen.assignment.problems import Problems
from scmigen.assignment.said import SharedMemory
from scmigen.assignment.select import Selection, Selector, is_glob, resource_key
from scmigen.bindings.facts import ResourceKey
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Finding
from scmigen.scmi.operations import OPERATIONS, Operation
from scmigen.scmi.protocols import Kind

KINDS = tuple(kind.value for kind in Kind)
#: The kinds that are on or off.
SWITCHED = tuple(kind.value for kind in Kind if Operation.STATE in OPERATIONS[kind])


class Lookup:
    """Looks up what users name in one tree; reports to ``problems``."""

    def __init__(self, tree: DeviceTree, problems: Problems) -> None:
        self.tree = tree
        self.problems = problems
        self._selector = Selector(tree)

    def nodes(self, text: str, where: Located, finding: Finding) -> Selection:
        """The nodes that a selector names; a wrong selector is reported as ``finding``."""
        self.problems.bound()
        found = self._selector.select(text)
        if not found.problem and not found.nodes:
            self.problems.add(GLOB_UNMATCHED.warning(f"{text} matches no node", where.position))
        return self._checked(found, where, finding)

    def shared_memory(self, text: str) -> SharedMemory:
        """Shared memory by its selector; whether that names a node is checked elsewhere."""
        return SharedMemory(text, tuple(node.path for node in self._selector.select(text).nodes))

    def resource(self, where: Located, word: str) -> ResourceKey | None:
        """The resource of the kind ``word`` that an entry names with provider and cells."""
        text = where.text(word)
        if text is None:
            return None
        self.problems.bound()
        found, cells = self._selector.resource(text)
        if any(map(is_glob, text.split()[:1])):
            found = Selection((), False, f"{text} is a pattern; name one provider")
        nodes = self._checked(found, where, RESOURCE_UNKNOWN).nodes
        return resource_key(Kind(word), nodes[0], cells) if nodes else None

    def resources(
        self, text: str, where: Located, kind: Kind
    ) -> tuple[frozenset[ResourceKey], bool]:
        """The resources that ``text`` names, with a pattern all that match, and whether it names
        one exactly."""
        self.problems.bound()
        found, cells = self._selector.resource(text)
        nodes = self._checked(found, where, RESOURCE_UNKNOWN).nodes
        return frozenset(resource_key(kind, node, cells) for node in nodes), found.exact

    def _checked(self, found: Selection, where: Located, finding: Finding) -> Selection:
        if found.problem:
            self.problems.add(finding.error(found.problem, where.position, hint=found.hint))
        return found


def kind_of(
    parts: dict[str, Located], entry: Located, kinds: tuple[str, ...] = KINDS
) -> str | None:
    """The one kind of resource that an entry names."""
    words = [word for word in kinds if word in parts]
    if len(words) == 1:
        return words[0]
    entry.lacks("name one resource", hint="one of: " + ", ".join(kinds))
    return None


def texts(where: Located, what: str) -> Iterator[tuple[Located, str]]:
    """The strings of a value that is one string or a list of them."""
    for item in where.items(what) if where.is_list else (where,):
        text = item.text(what)
        if text is not None:
            yield item, text
