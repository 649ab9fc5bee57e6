"""Which agent of a server description an SCMI node of the same tree is."""

import pytest
from support import diagnostics, grants, model_of, tree_of, wrong

from scmigen.model.platform import Model

MEMORY = """
sram { #address-cells = <1>; #size-cells = <1>; ranges = <0 0 0x10000 0x10000>;
    m0: shm@0 { compatible = "arm,scmi-shmem"; reg = <0 0x80>; };
    m1: shm@100 { compatible = "arm,scmi-shmem"; reg = <0x100 0x80>; };
    m2: shm@200 { compatible = "arm,scmi-shmem"; reg = <0x200 0x80>; }; };
mhu: mhu { #mbox-cells = <1>; };
"""
SMC = "arm,smc-id = <0xc6008012>;"

#: A server description whose agents nothing but the last part of the channel tells apart:
#: compatible, what the two agents and an SCMI node of neither have, and how messages call that.
CHANNELS = [
    pytest.param(
        "qcom,scmi-smc",
        [f"{SMC} shmem = <&m{n}>;" for n in range(3)],
        "the SMC id 0xc6008012 and the shared memory /sram/shm@200",
        id="qcom: SMC id and memory",
    ),
    pytest.param(
        "arm,scmi-smc-param",
        [f"{SMC} shmem = <&m{n}>;" for n in range(3)],
        "the SMC id 0xc6008012 and the shared memory /sram/shm@200",
        id="smc-param: SMC id and memory",
    ),
    pytest.param(
        "arm,scmi",
        [f"mboxes = <&mhu {n}>; shmem = <&m{n}>;" for n in range(3)],
        "the mailbox </mhu 2>",
        id="mailbox: provider and cells",
    ),
    pytest.param(
        "arm,scmi-smc",
        [f"arm,smc-id = <{n}>; shmem = <&m{n}>;" for n in range(3)],
        "the SMC id 0x2",
        id="SMC id",
    ),
]
SERVER = """
rcc: rcc { #clock-cells = <1>; };
server { compatible = "optee,scmi-server";
    agent@1 { compatible = "%s"; reg = <1>; %s protocol@14 { reg = <0x14>;
        clocks { c@0 { reg = <0>; clocks = <&rcc 10>; }; c@1 { reg = <1>; clocks = <&rcc 11>; };
        }; }; };
    agent@2 { compatible = "%s"; reg = <2>; %s protocol@14 { reg = <0x14>;
        clocks { c@1 { reg = <1>; clocks = <&rcc 21>; }; }; }; };
};
"""
AGENTS = """
domains:
  linux: {id: 1, default: true}
  vm1: {id: 2, access: [{dev: "&d"}]}
"""


def tied(
    compatible: str, channels: list[str], node: int, clock: int, agents: str | None = AGENTS
) -> Model:
    """The model of a server description and an SCMI node of the channel ``node``, the ``clock`` of
    which vm1's device uses."""
    server = SERVER % (compatible, channels[0], compatible, channels[1])
    scmi = f"""scmi {{ compatible = "{compatible}"; {channels[node]}
        clk: protocol@14 {{ reg = <0x14>; #clock-cells = <1>; }}; }};
    d: d {{ compatible = "acme,d"; clocks = <&clk {clock}>; }};"""
    return model_of(tree_of(MEMORY + server + scmi), agents)


@pytest.mark.parametrize(("compatible", "channels", "_said"), CHANNELS)
def test_an_scmi_node_has_what_the_agent_of_its_channel_is_given(
    compatible: str, channels: list[str], _said: str
) -> None:
    model = tied(compatible, channels, 1, 1)
    assert wrong(model) == []
    assert grants(model, "vm1") == {"clock rcc 21": "state read"}
    model = tied(compatible, channels, 1, 0)
    (found,) = diagnostics(model, "id-unserved")
    assert found.message == "/d clocks[0] is clock 0, which the server does not give agent@2"


@pytest.mark.parametrize(("compatible", "channels", "said"), CHANNELS)
def test_an_scmi_node_with_the_channel_of_no_agent(
    compatible: str, channels: list[str], said: str
) -> None:
    (found,) = diagnostics(tied(compatible, channels, 2, 1, None), "channel-unknown")
    assert found.message == f"/scmi has {said}, which no agent has"
