"""Xen's driver for one agent: what of its tree, dom0's and a domain's is written, by hand."""

from pathlib import Path

import pytest
from fdt_walk import Blob, walk
from support import model_of, scmigen, source, tree_of, written

from scmigen import Diagnostic, InputError
from scmigen.pipeline import emit_outputs
from scmigen.runtime import Role

BOARD = """
#address-cells = <1>; #size-cells = <1>; interrupt-parent = <&gic>;
gic: interrupt-controller@100 { compatible = "arm,gic-v3"; reg = <0x100 0x10>;
    interrupt-controller; #interrupt-cells = <3>; };
cc: clock-controller@1000 { compatible = "acme,cc"; reg = <0x1000 0x100>; #clock-cells = <1>; };
uart: serial@5000 { compatible = "acme,uart"; reg = <0x5000 0x1000>; };
eth: ethernet@6000 { compatible = "acme,eth"; reg = <0x6000 0x1800>; interrupts = <0 97 4>;
    clocks = <&cc 7>; mdio { compatible = "acme,mdio"; phy { reg = <1>; }; }; };
"""
#: An SCMI node of the board, of which ethernet has its clock, and where the other one of Xen is.
OWN = """shm: sram@8000 { compatible = "arm,scmi-shmem"; reg = <0x8000 0x1000>; };
%s { compatible = "arm,scmi-smc"; arm,smc-id = <0x82000010>; shmem = <&shm>;
    #address-cells = <1>; #size-cells = <0>; cc: protocol@14 { reg = <0x14>; #clock-cells = <1>; };
}; """
NATIVE = BOARD[BOARD.index("cc: ") : BOARD.index("uart: ")]
OWNED = BOARD.replace(NATIVE, OWN % "scmi")
SECOND = """chosen { xen { scmi { compatible = "arm,scmi-smc"; arm,smc-id = <0x82000003>;
    shmem = <&shm>; %s }; }; };"""
AGENTS = """domains:
  %s: {id: 1, default: true, scmi: {role: %s, transport: {type: smc, smc-id: 0x82000010}}}
outputs: {xen: {driver: scmi_smc, memory: {%s: 0x47ff0000}}}
"""
NET, DOM0 = AGENTS % ("net", "vm", "net"), AGENTS % ("dom0", "ospm", "dom0")
TWO = """domains:
  dom0: {id: 1, default: true, scmi: {role: ospm, transport: {type: smc, smc-id: 0x82000010}}}
  net: {id: 2, scmi: {role: vm, transport: {type: smc, smc-id: 0x82000011}},
        access: [{dev: /ethernet@6000}]}
outputs: {xen: {driver: scmi_smc, memory: {dom0: 0x47ff0000, net: 0x47ff1000}}}
"""


def made(agents: str, board: str = BOARD) -> tuple[dict[str, bytes], list[Diagnostic]]:
    files, found, *_ = emit_outputs(model_of(tree_of(board), agents), ["xen"], explicit=True)
    return {file.path.removeprefix("xen/"): file.content for file in files}, list(found)


def errors(found: list[Diagnostic]) -> list[str]:
    return [f"{item.id}: {item.message}" for item in found if item.severity.word == "error"]


def host(files: dict[str, bytes], folder: Path) -> Blob:
    """The board with what is written for the host, read back."""
    text = source(BOARD) + files["xen.dtsi"].decode()
    written(folder / "host.dts", text + files.get("dom0less.dtsi", b"").decode())
    scmigen("convert", "host.dts", "host.dtb", cwd=folder)
    return walk((folder / "host.dtb").read_bytes())


def test_a_domain_has_the_agent(tmp_path: Path) -> None:
    files, found = made(NET)
    assert not errors(found)
    assert {*files} == {
        *("xen.dtsi", "xen.dtso", "dom0less.dtsi", "dom0less.dtso"),
        *("net.dts", "net.dtb", "net.cfg"),
    }
    assert "scmi-smc-passthrough" in files["xen.dtsi"].decode()
    tree = host(files, tmp_path)
    # What Xen's driver asks for: this path, this compatible, and the node's first address.
    scmi = "/firmware/scmi"
    assert tree.strings(scmi, "compatible") == ["arm,scmi-smc"]
    assert tree.cells(scmi, "arm,smc-id") == (0x82000010,)
    memory = tree.paths[tree.cells(scmi, "shmem")[0]]
    assert tree.strings(memory, "compatible") == ["arm,scmi-shmem"]
    assert tree.cells(memory, "reg") == (0x47FF0000, 0x1000)
    assert [path for path in tree.nodes if "xen,passthrough" in tree.nodes[path]] == [
        "/ethernet@6000"
    ]
    assert "xen_scmi_config" not in files["xen.dtsi"].decode()
    assert tree.strings("/chosen/net", "xen,sci_type") == ["scmi_smc"]
    assert "xen,sci-agent-id" not in tree.nodes["/chosen/net"]
    part = walk(files["net.dtb"])
    scmi = "/passthrough/firmware/scmi"
    assert part.cells(scmi, "arm,smc-id") == (0x82000010,)
    assert part.entries("/passthrough/ethernet@6000", "clocks", "#clock-cells") == [
        (f"{scmi}/protocol@14", (0,))
    ]
    assert files["net.cfg"].decode().splitlines()[1:4] == [
        "# Xen itself is started with scmi-smc-passthrough.",
        'arm_sci = "type=scmi_smc"',
        'device_tree = "net.dtb"',
    ]
    assert '"47ff0,1@22001"' in files["net.cfg"].decode()


def test_dom0_has_the_agent(tmp_path: Path) -> None:
    files, found = made(DOM0)
    assert not errors(found)
    assert {*files} == {"xen.dtsi", "xen.dtso"}
    tree = host(files, tmp_path)
    assert tree.cells("/firmware/scmi", "arm,smc-id") == (0x82000010,)
    assert not [path for path in tree.nodes if "xen,passthrough" in tree.nodes[path]]


def test_two_domains_are_one_too_many() -> None:
    """The way out that the message says: the driver for several agents has them."""
    files, found = made(
        TWO, BOARD.replace("0x1000>; };\neth", "0x1000>; clocks = <&cc 3>; };\neth")
    )
    (error,) = [item for item in found if item.id == "xen-one"]
    assert error.message.startswith("dom0 and net need SCMI")
    assert error.hint is not None
    assert "outputs: {xen: {driver: scmi_smc_multiagent}}" in error.hint
    assert not files
    # Where the devices of dom0 need nothing of SCMI, there is one agent.
    files, found = made(TWO)
    assert not errors(found)
    assert 'arm_sci = "type=scmi_smc"' in files["net.cfg"].decode()
    assert "0x82000011" in files["xen.dtsi"].decode()


@pytest.mark.parametrize(
    ("agents", "board", "message"),
    [
        (NET, OWNED, "xen-node: /scmi stays in dom0's tree"),
        (
            NET.replace("role: vm", "role: hypervisor"),
            BOARD,
            "xen-one: net has the role hypervisor",
        ),
        (
            NET.replace("0x82000010", "0x84000010"),
            BOARD,
            "xen-channel: the SMC id of net, 0x84000010",
        ),
        (
            NET.replace("type: smc, smc-id: 0x82000010", "type: virtio"),
            BOARD,
            "xen-channel: net has ",
        ),
        (NET.replace("0x47ff0000", "0x147ff0000"), BOARD, "xen-shmem: the shared memory of net at"),
        (NET.replace("0x47ff0000", "0x47ff0100"), BOARD, "xen-shmem: the shared memory of net is"),
    ],
    ids=["elsewhere", "hypervisor", "owner", "virtio", "wide", "not aligned"],
)
def test_what_the_driver_cannot_take(agents: str, board: str, message: str) -> None:
    files, found = made(agents, board)
    assert any(line.startswith(message) for line in errors(found)), errors(found)
    assert not files


def test_a_node_elsewhere_is_dom0s_as_it_is() -> None:
    files, found = made(DOM0.replace("memory: {dom0: 0x47ff0000}", ""), OWNED)
    assert not errors(found)
    assert "/firmware" not in files["xen.dtsi"].decode()


def test_a_domain_whose_board_has_the_node() -> None:
    files, found = made(NET.replace("memory: {net: 0x47ff0000}", ""), firmware(""))
    assert not errors(found)
    part = walk(files["net.dtb"])
    assert part.cells("/passthrough/sram@22001000", "xen,reg")[:2] == (0, 0x8000)


def firmware(beside: str) -> str:
    return BOARD.replace(NATIVE, OWN.replace("%s {", "firmware { scmi {") + "};" + beside)


@pytest.mark.parametrize("status", ["", 'status = "disabled";'])
def test_of_two_nodes_xen_takes_the_last(status: str) -> None:
    """The container of the driver for several agents has one."""
    agents = NET.replace("memory: {net: 0x47ff0000}", "")
    files, found = made(agents, firmware(SECOND % status))
    told = [line.partition(" run")[0] for line in errors(found) if "xen-node" in line]
    assert told == ([] if status else ["xen-node: 2 SCMI nodes over SMC"])
    assert bool(files) == bool(status)


def test_nobody_needs_scmi() -> None:
    files, found = made(NET, BOARD.replace("clocks = <&cc 7>;", ""))
    assert errors(found) == ["xen-empty: no agent needs anything of SCMI"]
    assert not files


HOST = BOARD.replace("eth: ethernet@6000 {", "eth: ethernet@6000 { xen,passthrough; ") + (
    OWN % "scmi"
).replace("cc: protocol@14 { reg = <0x14>; #clock-cells = <1>; };", "")
DOMAIN = 'chosen {{ {0} {{ compatible = "xen,domain"; xen,sci_type = "scmi_smc"; }}; {1} }};'


def test_the_domain_with_the_only_agent_is_read() -> None:
    """Its channel is that of the SCMI node, and it has what is passed through."""
    managed = "platform: {managed: ['&cc']}"
    model = model_of(tree_of(HOST + DOMAIN.format("net", "")), managed)
    (agent,) = model.assignment.agents
    assert (agent.id, agent.name, agent.role) == (1, "net", Role.VM)
    assert agent.transport is not None
    assert (agent.transport.type, agent.transport.smc_id) == ("smc", 0x82000010)
    (platform,) = model.platforms
    assert {
        device.node.path: [each.name for each in device.agents] for device in platform.devices
    } == {"/ethernet@6000": ["net"]}


def test_two_domains_cannot_have_the_only_agent() -> None:
    second = 'other { compatible = "xen,domain"; xen,sci_type = "scmi_smc"; };'
    with pytest.raises(InputError) as raised:
        model_of(tree_of(HOST + DOMAIN.format("net", second)), "platform: {managed: ['&cc']}")
    (found,) = raised.value.diagnostics
    assert (found.id, found.message) == (
        "xen-agent-id",
        '/chosen/other: xen,sci_type is "scmi_smc", and net has that agent already',
    )
