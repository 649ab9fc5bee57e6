"""What would let a domain reach what is not its own, on a board worked out by hand."""

from fdt_walk import walk
from support import model_of, tree_of

from scmigen import Diagnostic
from scmigen.pipeline import emit_outputs

BOARD = """
#address-cells = <1>; #size-cells = <1>; interrupt-parent = <&gic>;
gic: interrupt-controller@50000 { compatible = "arm,gic-v3"; reg = <0x50000 0x10000>;
    interrupt-controller; #interrupt-cells = <3>; };
msi: msi@70000 { compatible = "acme,intc"; reg = <0x70000 0x1000>; interrupt-controller;
    #interrupt-cells = <1>; interrupts = <0 90 4>; };
cc: clock-controller@1000 { compatible = "acme,cc"; reg = <0x1000 0x100>; #clock-cells = <1>; };
smmu: iommu@80000 { compatible = "arm,smmu-v3"; reg = <0x80000 0x1000>; #iommu-cells = <1>;
    clocks = <&cc 9>; };
eth: ethernet@6000 { compatible = "acme,eth"; reg = <0x6000 0x800>; clocks = <&cc 1>;
    interrupts = <0 5 4>; iommus = <&smmu 1>; };
usb: usb@9000 { compatible = "acme,usb"; reg = <0x9000 0x800>; clocks = <&cc 2>;
    interrupts = <0 6 4>; };
"""
AGENTS = """domains:
  hyp: {id: 1, scmi: {role: hypervisor, transport: {type: smc, smc-id: 0x82000003}}}
  dom0: {id: 2, default: true, scmi: {role: ospm, transport: {type: smc, smc-id: 0x82000002}}}
  u1:
    id: 3
    scmi: {role: vm, transport: {type: smc, smc-id: 0x82000004}}
    access: [{dev: "&eth"}]
  u2:
    id: 4
    scmi: {role: vm, transport: {type: smc, smc-id: 0x82000005}}
    access: [{dev: "&usb"}]
outputs:
  xen: {memory: {hyp: 0x47ff1000, dom0: 0x47ff0000, u1: 0x47ff2000, u2: 0x47ff3000}}
"""


def made(board: str = BOARD, agents: str = AGENTS) -> tuple[dict[str, bytes], list[Diagnostic]]:
    files, found, *_ = emit_outputs(model_of(tree_of(board), agents), ["xen"], explicit=True)
    return {file.path.removeprefix("xen/"): file.content for file in files}, list(found)


def told(found: list[Diagnostic], word: str = "error") -> list[str]:
    return [f"{d.id}: {d.message}" for d in found if d.severity.word == word]


def changed(old: str, new: str, text: str = BOARD) -> str:
    assert old in text
    return text.replace(old, new)


def test_domains_that_are_apart_have_no_error() -> None:
    files, found = made()
    assert told(found) == []
    assert {"u1.cfg", "u2.cfg"} <= files.keys()


def test_two_domains_in_one_page_are_an_error() -> None:
    files, found = made(changed("usb@9000", "usb@6800", BOARD).replace("<0x9000 ", "<0x6800 "))
    assert told(found) == [
        "xen-page: /ethernet@6000 of u1 and /usb@6800 of u2 share the page 0x6000"
    ]
    assert not files


def test_a_domain_in_a_page_of_dom0_is_an_error() -> None:
    board = (
        BOARD + 'can: can@6c00 { compatible = "acme,can"; reg = <0x6c00 8>; clocks = <&cc 3>; };'
    )
    _, found = made(board)
    assert told(found) == [
        "xen-page: /ethernet@6000 of u1 and /can@6c00 of dom0 share the page 0x6000"
    ]


def test_a_bus_around_a_device_is_no_neighbour_but_a_register_block_is() -> None:
    """The ``reg`` of a bus is the window of all that is on it; a block has registers there."""
    around = """a: a@a0000 { compatible = %s; reg = <0xa0000 0x1000>; #address-cells = <1>;
        #size-cells = <1>; ranges; phy: phy@a0100 { compatible = "acme,phy"; reg = <0xa0100 8>;
        clocks = <&cc 4>; }; };"""
    agents = changed('"&eth"}', '"&eth"}, {dev: "&phy"}', AGENTS)
    assert told(made(BOARD + around % '"acme,aips", "simple-bus"', agents)[1]) == []
    assert told(made(BOARD + around % '"acme,scm", "syscon", "simple-mfd"', agents)[1]) == [
        "xen-page: /a@a0000/phy@a0100 of u1 and /a@a0000 of dom0 share the page 0xa0000"
    ]


def test_one_interrupt_of_two_domains_is_an_error() -> None:
    _, found = made(changed("interrupts = <0 6 4>", "interrupts-extended = <&gic 0 5 4>"))
    assert told(found) == [
        "xen-twice: /ethernet@6000 of u1 and /usb@9000 of u2 have the interrupt 37: Xen gives"
        " an interrupt to one domain"
    ]


def test_shared_memory_in_a_page_of_a_device_is_an_error() -> None:
    _, found = made(agents=changed("u2: 0x47ff3000", "u2: 0x6000", AGENTS))
    assert told(found) == [
        "xen-shmem: the shared memory of u2 at 0x6000 is in a page with registers of /ethernet@6000"
    ]


def test_shared_memory_where_the_domain_has_a_device_is_an_error() -> None:
    _, found = made(
        agents=changed("xen: {memory", "xen: {guest-memory: {u2: 0x9000}, memory", AGENTS)
    )
    assert told(found) == [
        "xen-shmem: u2 would see its shared memory at 0x9000, where /usb@9000 is"
    ]


def test_shared_memory_that_is_not_reserved_is_a_warning() -> None:
    board = BOARD + 'memory@40000000 { device_type = "memory"; reg = <0x40000000 0x10000000>; };'
    _, found = made(board)
    assert [line for line in told(found, "warning") if line.startswith("xen-shmem")] == [
        "xen-shmem: the shared memory of hyp, dom0, u1, u2 is in memory that Xen gives to domains:"
        " 0x47ff1000 is not reserved"
    ]
    kept = """reserved-memory { #address-cells = <1>; #size-cells = <1>; ranges;
        scmi@47ff0000 { reg = <0x47ff0000 0x4000>; no-map; }; };"""
    assert not any(line.startswith("xen-shmem") for line in told(made(board + kept)[1], "warning"))


def test_an_interrupt_that_a_device_of_dom0_has_is_an_error() -> None:
    board = BOARD + 'can@b000 { compatible = "acme,can"; reg = <0xb000 8>; interrupts = <0 5 4>; };'
    assert told(made(board)[1]) == [
        "xen-twice: /ethernet@6000 of u1 and /can@b000 of dom0 have the interrupt 37: Xen gives"
        " an interrupt to one domain"
    ]


def test_shared_memory_at_a_device_of_dom0_is_an_error() -> None:
    board = BOARD + 'can@47ff3800 { compatible = "acme,can"; reg = <0x47ff3800 8>; };'
    assert told(made(board)[1]) == [
        "xen-shmem: the shared memory of u2 at 0x47ff3000 is in a page with registers of"
        " /can@47ff3800"
    ]


def test_only_what_no_iommu_is_in_front_of_is_forced_and_told() -> None:
    files, found = made()
    assert [line for line in told(found, "warning") if "xen-dma" in line] == [
        "xen-dma: u2 has /usb@9000 without an IOMMU: DMA would reach all memory"
    ]
    assert (
        "xen,force-assign-without-iommu"
        not in walk(files["u1.dtb"]).nodes["/passthrough/ethernet@6000"]
    )
    assert "xen,force-assign-without-iommu" in walk(files["u2.dtb"]).nodes["/passthrough/usb@9000"]


def test_interrupts_of_a_gic_with_four_cells_have_three_in_a_domain() -> None:
    board = changed("#interrupt-cells = <3>", "#interrupt-cells = <4>")
    board = changed("<0 5 4>", "<0 5 4 0>, <1 9 4 0>, <0 7 1 0>", board)
    board = changed("<0 6 4>", "<0 6 4 0>", board)
    files, _ = made(changed("<0 90 4>", "<0 90 4 0>", board))
    eth = "/passthrough/ethernet@6000"
    assert walk(files["u1.dtb"]).cells(eth, "interrupts") == (0, 5, 4, 0, 7, 1)
    assert "irqs = [37, 39]" in files["u1.cfg"].decode()
    assert "irqs = [38]" in files["u2.cfg"].decode()


def test_interrupts_of_another_controller_are_told_and_names_go_with_them() -> None:
    board = changed(
        "interrupts = <0 5 4>",
        'interrupts-extended = <&msi 3>, <&gic 0 5 4>; interrupt-names = "a", "b"',
    )
    files, found = made(board)
    blob, eth = walk(files["u1.dtb"]), "/passthrough/ethernet@6000"
    assert blob.cells(eth, "interrupts") == (0, 5, 4)
    assert blob.strings(eth, "interrupt-names") == ["b"]
    assert "irqs = [37]" in files["u1.cfg"].decode()
    notes = [
        line for line in told(found, "note") if line.startswith("xen-reference: u1: interrupts")
    ]
    assert len(notes) == 1


def test_a_number_that_no_gic_has_is_no_interrupt() -> None:
    """A GIC has 1020: the last shared one is 987."""
    files, _ = made(changed("<0 5 4>", "<0 987 4>, <0 988 4>"))
    assert walk(files["u1.dtb"]).cells("/passthrough/ethernet@6000", "interrupts") == (0, 987, 4)
    assert "irqs = [1019]" in files["u1.cfg"].decode()


def test_registers_without_size_are_no_page() -> None:
    files, _ = made(changed("<0x6000 0x800>", "<0x6000 0x800>, <0 0>, <0xb000 0>"))
    assert files["u1.cfg"].decode().count('",\n') == 2  # eth's path, and its one page
    assert '"6,1"' in files["u1.cfg"].decode()
    blob, eth = walk(files["u1.dtb"]), "/passthrough/ethernet@6000"
    assert blob.cells(eth, "xen,reg") == (0, 0x6000, 0, 0x1000, 0, 0x6000)
    # The places of reg stay, for drivers count them.
    assert blob.cells(eth, "reg") == (0, 0x6000, 0, 0x800, 0, 0, 0, 0, 0, 0xB000, 0, 0)
