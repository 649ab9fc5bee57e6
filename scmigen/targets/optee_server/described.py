"""OP-TEE's tree as it is: the node that somebody wrote, and the providers that entries refer to."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from scmigen.assignment.assignment import HandGrant
from scmigen.assignment.optee import read_server
from scmigen.assignment.words import did_you_mean
from scmigen.bindings.consumers import specifier_cells
from scmigen.data import Data, field
from scmigen.devicetree.load import load
from scmigen.devicetree.text import source_labels
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Diagnostic, InputError, counted
from scmigen.scmi.protocols import Kind
from scmigen.tuples import NamedTuple

#: The id of an agent, and a resource by its kind and the number that the agent knows it by.
Place = tuple[int, Kind, int]


class Dangling(NamedTuple):
    """Why a reference leads to nothing, and what may have been meant."""

    problem: str
    hint: str | None = None


class Described(Data):
    """``entries`` of the node by place, ``labels`` of the tree by path, and all that is wrong."""

    files: tuple[str, ...] = ()
    entries: Mapping[Place, HandGrant] = field(default_factory=lambda: MappingProxyType({}))
    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    problems: tuple[Diagnostic, ...] = ()
    tree: DeviceTree | None = None


def read_described(path: Path) -> Described:
    """Read OP-TEE's tree, preprocessed source or blob. Never raises."""
    try:
        tree = load(path)
    except InputError as problem:
        return Described((str(path),), problems=problem.diagnostics)
    said, problems = read_server(tree, alone=False)
    ids = {agent.name: agent.id.value for agent in said.agents if agent.id is not None}
    entries = {
        (ids[grant.agent], grant.key.kind, grant.number): grant
        for grant in said.grants
        if grant.number is not None and grant.agent in ids
    }
    return Described(tree.files or (str(path),), entries, source_labels(tree), problems, tree)


def dangling(described: Described | None, kind: Kind, reference: str) -> Dangling | None:
    """Why a reference leads to nothing in OP-TEE's tree; None if it does, or there is no tree."""
    tree = None if described is None else described.tree
    if tree is None:
        return None
    word, *cells = reference.removeprefix("&").split(" ")
    is_path = word.startswith("{")
    node = tree.node(word[1:-1]) if is_path else tree.labels.get(word)
    if node is None:
        hint = None if is_path else did_you_mean(word, tree.labels)
        return Dangling("OP-TEE's tree has no such node", hint)
    wanted = 0 if kind is Kind.VOLTAGE else specifier_cells(node, kind)
    if wanted is None:
        return Dangling(f"{node.path} provides no {kind}")
    if wanted != len(cells):
        return Dangling(f"a {kind} of {node.path} has {counted(wanted, 'cell')}")
    return None
