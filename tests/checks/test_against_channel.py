"""The channel of an SCMI node against the one that the server has for the agent."""

import pytest
from against_build import compare
from support import BOARD, marked, model_of

from scmigen.devicetree.source import read_source
from scmigen.diagnostics import Diagnostic
from scmigen.runtime import Agent, Role, Runtime, Transport

BODY = """/dts-v1/; / {
sram { #address-cells = <1>; #size-cells = <1>; ranges = <0 0x100000 0x1000>;
    m0: shm@0 { compatible = "arm,scmi-shmem"; reg = <0 0x80>; };
    m1: shm@80 { compatible = "arm,scmi-shmem"; reg = <0x80 0x80>; }; };
scmi {
%s
protocol@14 { reg = <0x14>; #clock-cells = <1>; }; }; };
"""
NODE = 'compatible = "arm,scmi-smc"; arm,smc-id = <16>; shmem = <&m0>;'


def found(node: str, transport: Transport | None, as_agent: str | None = "vm") -> list[Diagnostic]:
    agent = Agent(id=1, name="vm", role=Role.VM, transport=transport)
    server = Runtime(format="scmigen-runtime-1", name="server", agents=(agent,))
    model = model_of(read_source(BODY % node, BOARD))
    told = compare(model, server, "runtime.json", as_agent)
    return [item for item in told if item.id == "agent-differs"]


@pytest.mark.parametrize(
    "transport",
    [
        pytest.param(Transport(type="smc", smc_id=16, shmem="m0"), id="all"),
        pytest.param(Transport(type="smc", smc_id=16, shmem="/sram/shm@0"), id="by-path"),
        pytest.param(Transport(type="smc"), id="type-only"),
        pytest.param(Transport(type="smc", shmem="of_another_tree"), id="unknown-memory"),
        pytest.param(None, id="silent"),
    ],
)
def test_a_channel_that_agrees(transport: Transport | None) -> None:
    assert found(NODE, transport) == []


@pytest.mark.parametrize(
    ("mark", "transport", "message"),
    [
        pytest.param(
            "arm,smc-id",
            Transport(type="smc", smc_id=17, shmem="m0"),
            "agent vm has the SMC id 0x10 here and 0x11 elsewhere",
            id="smc-id",
        ),
        pytest.param(
            "shmem",
            Transport(type="smc", smc_id=16, shmem="m1"),
            "agent vm has the shared memory /sram/shm@0 here and m1 elsewhere",
            id="shared-memory",
        ),
        pytest.param(
            "compatible",
            Transport(type="virtio"),
            "agent vm has the transport smc here and virtio elsewhere",
            id="transport",
        ),
    ],
)
def test_a_channel_that_differs_is_told_at_its_property(
    mark: str, transport: Transport, message: str
) -> None:
    node = NODE.replace(mark, f"^{mark}", 1)
    _, where = marked(BODY % node, BOARD)
    (item,) = found(node.replace("^", ""), transport)
    assert (item.message, item.position) == (message, where)
    assert [str(related.position) for related in item.related] == ["runtime.json"]
