"""A server, imported and built again, is the same server: agents, ids, names and permissions."""

from collections import Counter
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path

import pytest
from msgspec import structs
from turns import one_in

import scmigen
from scmigen import DeviceTree, Numbering, Platform, Result, Text
from scmigen.migration.carried import Carried
from scmigen.migration.carry import carry
from scmigen.pipeline import served_platform
from scmigen.runtime import Served
from scmigen.scmi.protocols import Kind

ONE = "domains:\n  linux: {id: 1, default: true, scmi: {role: ospm}}\n"
BOARDS = sorted(
    path.name
    for path in (Path(__file__).parents[3] / "shared/corpus").glob("*.dtb")
    if ".symbols" not in path.name
)


def agents(devices: list[str], number: int) -> str:
    """So many agents: one operating system, and machines that have some devices each."""
    text = ONE
    for index in range(1, number):
        own = [path for path in devices if sha256(path.encode()).digest()[0] % number == index]
        entries = "".join(f'      - {{dev: "{path}"}}\n' for path in own)
        text += f"  vm{index}:\n    id: {index + 1}\n    scmi: {{role: vm}}\n"
        text += f"    access:\n{entries}" if own else ""
    return text


@cache
def compiled(board: Path, number: int, numbering: Numbering) -> Result | None:
    """The board with so many agents; devices over which they would have a conflict stay with the
    operating system. None where the board has errors anyway."""
    tree = scmigen.load(board)
    model = scmigen.compile(tree).model
    uses = {
        device.node.path: {f"{use.key.kind} {use.key}" for use in device.uses}
        for platform in model.platforms
        for device in platform.devices
    }
    count = Counter(key for keys in uses.values() for key in keys)
    own = {path: keys for path, keys in uses.items() if all(count[key] == 1 for key in keys)}
    return _without_conflicts(tree, uses, number, numbering) or _without_conflicts(
        tree, own, number, numbering
    )


def _without_conflicts(
    tree: DeviceTree, uses: dict[str, set[str]], number: int, numbering: Numbering
) -> Result | None:
    for _ in range(12):
        text = agents(list(uses), number)
        found = scmigen.compile(tree, agents=Text("a.yaml", text), numbering=numbering)
        errors = [item for item in found.diagnostics if item.severity.word == "error"]
        if not errors:
            return found
        about = {name for item in errors for name in (*item.subject.resources, *item.subject.nodes)}
        words = " ".join(f"{item.message} {item.related}" for item in errors)
        bad = {
            path
            for path, keys in uses.items()
            if keys & about or f"{path} " in words or f"{path}'" in words or path in about
        }
        if not bad:
            return None
        uses = {path: keys for path, keys in uses.items() if path not in bad}
    return None


def rebuilt(tree: DeviceTree, carried: Carried, name: str) -> Platform:
    found = scmigen.compile(
        tree,
        agents=Text("agents.yaml", carried.agents),
        lock=Text("ids", carried.lock),
        numbering=carried.numbering,
        locked=True,
    )
    (platform,) = (each for each in found.platforms if each.name == name)
    return platform


Grants = dict[tuple[str, int, str, Kind, int], tuple[int, frozenset[str]]]


def grants(served: Served) -> Grants:
    """By agent with its id and role, kind and id: the resource and the operations."""
    return {
        (agent.name, agent.id, str(agent.role), kind, row.id): (
            row.resource,
            frozenset(row.operations),
        )
        for agent in served.agents
        for kind, rows in agent.grants.items()
        for row in rows
    }


def resources(served: Served) -> set[tuple[Kind, int, str, str, tuple[int, ...]]]:
    """Those that any agent has: kind, number, name, node and cells."""
    held = {
        (k, row.resource) for a in served.agents for k, rows in a.grants.items() for row in rows
    }
    return {
        (kind, one.id, one.name, one.node, one.cells)
        for kind, found in served.resources.items()
        for one in found
        if (kind, one.id) in held
    }


def servers(
    corpus: Path, board: str, number: int, numbering: Numbering
) -> Iterator[tuple[DeviceTree, Platform]]:
    found = compiled(corpus / board, number, numbering)
    if found is not None:
        tree = found.model.inventory.tree
        yield from ((tree, platform) for platform in found.platforms)


@pytest.mark.parametrize(
    "numbering",
    [Numbering.SHARED, pytest.param(Numbering.PER_AGENT, marks=pytest.mark.slow)],
)
@pytest.mark.parametrize(
    ("board", "number"),
    [
        *one_in(3, [(board, number) for board in BOARDS for number in (1, 2)]),
        *(pytest.param(board, 3, marks=pytest.mark.slow) for board in BOARDS),
    ],
)
def test_a_server_with_its_devices(
    corpus: Path, board: str, number: int, numbering: Numbering
) -> None:
    for tree, platform in servers(corpus, board, number, numbering):
        wanted = served_platform(platform)
        carried = carry(tree, wanted, "server", {}, "server")
        again = served_platform(rebuilt(tree, carried, platform.name))
        assert grants(again) == grants(wanted)
        assert resources(again) == resources(wanted)
        assert carried.equal == carried.cells == sum(len(o) for _, o in grants(wanted).values())
        assert carried.more == 0


@pytest.mark.parametrize("number", [1, pytest.param(2, marks=pytest.mark.slow)])
@pytest.mark.parametrize("board", BOARDS)
def test_a_server_of_which_only_the_grants_are_known(corpus: Path, board: str, number: int) -> None:
    for tree, platform in servers(corpus, board, number, Numbering.SHARED):
        wanted = structs.replace(served_platform(platform), devices=())
        carried = carry(tree, wanted, "server", {}, "server")
        again = grants(served_platform(rebuilt(tree, carried, platform.name)))
        lost = {row: may for row, may in grants(wanted).items() if again.get(row) != may}
        more = {row: may for row, may in again.items() if row not in grants(wanted)}
        assert lost == {}
        # The tree's SCMI node names its supplies itself, whoever needs them.
        assert {kind for _, _, _, kind, _ in more} <= {Kind.VOLTAGE}
        assert carried.more == sum(len(operations) for _, operations in more.values())
        told = [item.message for item in carried.left if " gets " in item.message]
        assert bool(told) == bool(more)


def test_the_example_with_five_agents(examples: Path) -> None:
    tree = scmigen.load(examples / "orrery-board.dts")
    found = scmigen.compile(tree, agents=examples / "agents.yaml")
    wanted = served_platform(found.platform)
    carried = carry(tree, wanted, "server", {}, "server")
    again = served_platform(rebuilt(tree, carried, found.platform.name))
    assert grants(again) == grants(wanted)
    assert resources(again) == resources(wanted)
    # What is granted explicitly stays when a device is denied; the example has two such clocks.
    assert [item.message.split(" keeps ")[0] for item in carried.left] == [
        "when its devices are taken from it, linux",
        "when its devices are taken from it, vm1",
    ]
    before = {each.node: (each.agents, each.assignable) for each in wanted.devices}
    assert {each.node: (each.agents, each.assignable) for each in again.devices} == before
    assert [(a.transport, a.permissions) for a in again.agents] == [
        (a.transport, a.permissions) for a in wanted.agents
    ]


@pytest.mark.more
def test_most_boards_can_be_shared_by_two_agents(corpus: Path) -> None:
    """The tests above would say nothing of a board that cannot be."""
    found = [compiled(corpus / name, 2, Numbering.SHARED) for name in BOARDS]
    several = [
        name
        for name, result in zip(BOARDS, found, strict=True)
        if result is not None and sum(len(p.agents) for p in result.platforms) > 1
    ]
    assert len(several) >= 15, set(BOARDS) - set(several)
