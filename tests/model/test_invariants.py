"""What must hold of every assignment, on boards whose devices are dealt out at random."""

from functools import cache
from pathlib import Path

import pytest
from conftest import EXAMPLES, SHARED
from hypothesis import given, settings
from hypothesis import strategies as st

from scmigen.assignment.agents_file import read_files
from scmigen.assignment.assignment import HandGrant
from scmigen.assignment.settle import Sayings, settle
from scmigen.bindings.inventory import Inventory, take_inventory
from scmigen.checks.registry import run_checks
from scmigen.devicetree.load import load
from scmigen.diagnostics import has_errors
from scmigen.model.build import build
from scmigen.model.platform import Model
from scmigen.scmi.protocols import Kind

BOARDS = {
    "orrery": EXAMPLES / "orrery-board.dts",
    "imx8mp": SHARED / "corpus" / "imx8mp-evk.dtb",
    "rk3588": SHARED / "corpus" / "rk3588-rock-5b.dtb",
    "sm8550": SHARED / "corpus" / "sm8550-mtp.dtb",
}
AGENTS = ("a", "b", "c")
#: The operations that one agent decides for all (design: "Sharing").
EXCLUSIVE = {
    Kind.CLOCK: {"rate", "parent"},
    Kind.RESET: {"reset"},
    Kind.VOLTAGE: {"level"},
    Kind.PERFORMANCE: {"level"},
    Kind.SENSOR: {"config"},
    Kind.POWER: set(),
}


@cache
def inventory(path: Path) -> Inventory:
    return take_inventory(load(path))


def board(name: str) -> Inventory:
    if not BOARDS[name].exists():
        pytest.skip("the real boards are not here")
    return inventory(BOARDS[name])


def dealt(found: Inventory, owners: dict[str, str]) -> Model:
    """The model where ``owners`` have their devices; the first agent has the others."""
    lines = ["domains:"]
    for number, agent in enumerate(AGENTS, 1):
        entries = [f"{{dev: '{device}'}}" for device, owner in owners.items() if owner == agent]
        lines.append(f"  {agent}: {{id: {number}, default: {str(number == 1).lower()}, ")
        lines.append(f"    access: [{', '.join(entries)}]}}")
    said, _ = read_files([("agents.yaml", "\n".join(lines))], found.tree)
    return build(found, settle(Sayings(said)))


def owner_of(path: str, owners: dict[str, str]) -> str:
    """The nearest entry at or above a node; the default agent where there is none."""
    while path:
        if path in owners:
            return owners[path]
        path = path.rpartition("/")[0]
    return AGENTS[0]


@pytest.mark.parametrize("name", BOARDS)
@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_grants(name: str, data: st.DataObject) -> None:
    hold(name, data)


@pytest.mark.more
@pytest.mark.parametrize("name", BOARDS)
@given(data=st.data())
@settings(max_examples=50, deadline=None)
def test_grants_of_more_assignments(name: str, data: st.DataObject) -> None:
    hold(name, data)


def hold(name: str, data: st.DataObject) -> None:
    """Deal out a board at random, and look at every grant."""
    found = board(name)
    devices = st.sampled_from(sorted({use.consumer.path for use in found.uses}))
    owners = data.draw(st.dictionaries(devices, st.sampled_from(AGENTS), max_size=5))
    model = dealt(found, owners)
    exclusive: dict[tuple[object, str], set[str]] = {}
    users: dict[object, set[str]] = {}
    for grant in (g for platform in model.platforms for g in platform.all_grants):
        key, agent = grant.resource.key, grant.agent.name
        users.setdefault(key, set()).add(agent)
        # Default is deny: behind every grant stands a device of that agent …
        assert grant.because
        needed: set[str] = set()
        for use in grant.because:
            assert not isinstance(use, HandGrant)
            if model.providers.get(use.consumer.path) is None:
                assert owner_of(use.consumer.path, owners) == agent, use
            needed |= use.needs
        # … that needs what is granted.
        assert grant.operations <= needed
        for operation in grant.operations & EXCLUSIVE[key.kind]:
            exclusive.setdefault((key, operation), set()).add(agent)
    # Without an error nobody decides for another agent.
    if not has_errors(run_checks(model)):
        for (key, _), holders in exclusive.items():
            assert len(holders) == len(users[key]) == 1
