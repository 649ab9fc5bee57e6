"""The simulated platform on a real board: imx8mp-evk, whose clocks have parents."""

import subprocess
import sys

import pytest
from scmi_wire import CLOCK, SUCCESS, Wire

from scmigen import runtime
from scmigen.scmi.protocols import Kind
from scmigen.server import Server


@pytest.fixture(scope="module")
def imx8mp(corpus, tmp_path_factory):
    out = tmp_path_factory.mktemp("imx8mp")
    command = [sys.executable, "-m", "scmigen", "build", corpus / "imx8mp-evk.dts", "-o", out]
    done = subprocess.run(
        [*map(str, command), "--emit", "runtime"], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return runtime.decode((out / "runtime" / "runtime.json").read_bytes())


def families(server):
    """Clock and parent, where the agent may read both and switch the clock."""
    (agent,) = server.agents.values()
    view = agent.views[Kind.CLOCK]
    for own, clock in view.open["state"].items():
        if clock.parent is not None and clock.parent.number in view.ids:
            yield own, clock, view.ids[clock.parent.number]


def test_a_parents_rate_is_its_childrens(imx8mp):
    checked = 0
    for own, clock, parent in families(Server(imx8mp)):
        server = Server(imx8mp)
        linux = Wire(next(iter(server.agents.values())))
        before = linux.words(CLOCK, 6, own)[0]
        above = server.state[Kind.CLOCK][clock.parent.number]
        above.set_rate(3 * above.rate)
        assert linux.words(CLOCK, 6, parent)[0] == above.rate
        assert linux.words(CLOCK, 6, own)[0] == 3 * before
        checked += 1
    assert checked >= 10


def test_a_child_that_runs_holds_its_parent(imx8mp):
    checked = 0
    server = Server(imx8mp)
    linux = Wire(next(iter(server.agents.values())))
    for own, clock, parent in families(server):
        if clock.on or clock.parent.on or clock.parent.parent is not None:
            continue
        assert linux.status(CLOCK, 7, own, 1, 0) == SUCCESS
        assert [linux.words(CLOCK, 0xB, number, 0)[1] for number in (own, parent)] == [1, 1]
        assert linux.status(CLOCK, 7, own, 0, 0) == SUCCESS
        assert [linux.words(CLOCK, 0xB, number, 0)[1] for number in (own, parent)] == [0, 0]
        checked += 1
    assert checked >= 10
