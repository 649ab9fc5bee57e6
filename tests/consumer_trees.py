"""The trees that the output makes of short boards, read again from their blobs."""

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

from support import tree_of

import scmigen
from scmigen.devicetree.blob import read_blob
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Diagnostic

#: One agent for all and a VM that has what it claims.
AGENTS = """
domains:
  linux: {id: 1, scmi: {role: ospm, transport: {type: virtio}}, default: true}
  vm:
    id: 2
    scmi: {role: vm, transport: {type: virtio}}
    access: [{dev: "*their*"}]
"""


def emitted(body: str, agents: str = AGENTS) -> scmigen.Emitted:
    """The output for a board and its agents file."""
    files = [scmigen.Text("agents.yaml", agents)]
    result = scmigen.compile(tree_of(body), agents=files)
    assert result.ok, result.diagnostics
    return scmigen.emit(result, ["consumer"])


def files(body: str, agents: str = AGENTS) -> Mapping[str, bytes]:
    """Path below the output's folder → content."""
    made = emitted(body, agents)
    assert made.files, made.diagnostics
    return {Path(file.path).name: file.content for file in made.files}


def made(body: str, agents: str = AGENTS, agent: str = "linux") -> DeviceTree:
    """The tree of an agent."""
    return read_blob(files(body, agents)[f"{agent}.dtb"], "made.dtb")


def told(body: str, agents: str = AGENTS) -> Sequence[Diagnostic]:
    """What the output finds."""
    return emitted(body, agents).diagnostics


def refers(
    tree: DeviceTree, path: str, prop: str, cells: int
) -> list[tuple[str, *tuple[int, ...]] | None]:
    """The entries of a list, each with so many cells: the path it leads to, and the cells."""
    node = tree.node(path)
    assert node is not None
    numbers = node.cells(prop)
    assert numbers is not None
    found: list[tuple[str, *tuple[int, ...]] | None] = []
    at = 0
    while at < len(numbers):
        if not numbers[at]:
            found.append(None)
            at += 1
            continue
        target = tree.by_phandle(numbers[at])
        assert target is not None, f"{prop}: {numbers[at]} is no phandle"
        found.append((target.path, *numbers[at + 1 : at + 1 + cells]))
        at += 1 + cells
    return found


def cells_of(tree: DeviceTree, path: str, prop: str) -> tuple[int, ...]:
    """The cells of a property."""
    node = tree.node(path)
    assert node is not None
    found = node.cells(prop)
    assert found is not None
    return found


def status(tree: DeviceTree, path: str) -> str | None:
    """The status of a node."""
    node = tree.node(path)
    assert node is not None
    return node.string("status")


def differences(one: DeviceTree, other: DeviceTree) -> list[str]:
    """Where two trees differ, but for the order of nodes and the numbers of phandles."""
    found = sorted(_paths(one) ^ _paths(other))
    for path in sorted(_paths(one) & _paths(other)):
        first, second = one.node(path), other.node(path)
        assert first is not None
        assert second is not None
        names = (set(first.properties) | set(second.properties)) - {"phandle"}
        for name in names:
            pair = first.get(name), second.get(name)
            if None in pair or not _same(one, other, *(item.value for item in pair if item)):
                found.append(f"{path}:{name}")
    return found


def _paths(tree: DeviceTree) -> set[str]:
    hidden = ("/__symbols__", "/__fixups__", "/__local_fixups__")
    return {node.path for node in tree.nodes if not node.path.startswith(hidden)}


def _same(one: DeviceTree, other: DeviceTree, first: bytes, second: bytes) -> bool:
    if first == second:
        return True
    if len(first) != len(second) or len(first) % 4:
        return False
    pairs = zip(_cells(first), _cells(second), strict=True)
    return all(a == b or (_leads(one, a) and _leads(one, a) == _leads(other, b)) for a, b in pairs)


def _cells(value: bytes) -> tuple[int, ...]:
    return struct.unpack(f">{len(value) // 4}I", value)


def _leads(tree: DeviceTree, phandle: int) -> str | None:
    node = tree.by_phandle(phandle)
    return None if node is None else node.path
