"""What drivers of real boards ask for, from their trees read by hand, asked of a server."""

from pathlib import Path

import pytest
from scmi_wire import CLOCK, SUCCESS, VOLTAGE, Wire
from server_running import strict_server

import scmigen
from scmigen import Text
from scmigen.runtime import Runtime
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind
from scmigen.targets.runtime.configuration import to_runtime

AGENTS = """
domains:
  linux: {compatible: "openamp,domain-v1", id: 1, scmi: {role: ospm}, default: true}
platform: {%s}
"""

#: gpu-opp-table: the targets of opp-microvolt, in µV, all as ``<TARGET TARGET 850000>``; and the
#: limits of vdd_gpu_s0.
GPU_OPPS = {675_000, 700_000, 750_000, 800_000, 850_000}
GPU_LIMITS = {550_000, 950_000}


def configuration(corpus: Path, board: str, platform: str) -> Runtime:
    result = scmigen.compile(corpus / f"{board}.dts", agents=Text("a.yaml", AGENTS % platform))
    return to_runtime(result.platform)


@pytest.mark.parametrize(
    ("assumed", "described"),
    [
        pytest.param("", sorted(GPU_OPPS | GPU_LIMITS), id="discrete"),
        # The lowest, the highest and the step of the buck: 6.25 mV.
        pytest.param("step: 6250", [550_000, 950_000, 6_250], id="range"),
    ],
)
def test_every_opp_of_rk3588s_gpu_can_be_set(
    corpus: Path, assumed: str, described: list[int]
) -> None:
    value = f", assume: {{values: [{{voltage: '&vdd_gpu_s0', {assumed}}}]}}" if assumed else ""
    made = configuration(corpus, "rk3588-rock-5b", f"managed: ['&vdd_gpu_s0']{value}")
    (supply,) = [item for item in made.voltage_domains if item.name == "vdd_gpu_s0"]
    linux = Wire(strict_server(made).agent("linux"))
    triplet = 1 << 12 if assumed else 0
    assert linux.words(VOLTAGE, 4, supply.id, 0) == [triplet | len(described), *described]
    for voltage in GPU_OPPS:
        assert linux.status(VOLTAGE, 7, supply.id, 0, voltage) == SUCCESS
        assert linux.words(VOLTAGE, 8, supply.id) == [voltage]


def test_every_rate_that_imx8qm_may_set_is_more_than_one(corpus: Path) -> None:
    """43 clocks have ``rate``, each with the one of its assigned-clock-rates, and drivers set those
    of 3 more, two cards and a flash; a range for all makes them usable."""
    values = "assume: {values: [{clock: '*', range: [1000, 2000000000, 1]}]}"
    made = configuration(corpus, "imx8qm-mek", values)
    linux = Wire(strict_server(made).agent("linux"))
    grants = [g for g in made.agents[0].grants[Kind.CLOCK] if Operation.RATE in g.operations]
    assert len(grants) == 43 + 3
    for grant in grants:
        for rate in (24_000_000, 148_500_000):
            assert linux.status(CLOCK, 5, 0, grant.id, rate, 0) == SUCCESS
            assert linux.words(CLOCK, 6, grant.id) == [rate, 0]
