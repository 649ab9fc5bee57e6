"""What an operating system switches off as unused though something without a vote runs on it.

Four of the boards rebuild public reports: AM62L (TF-A ded38285b: Linux stopped the clocks of the
Cortex-A53 and of the RTC), RK3588 (rcore-os/tgoskits #1612: a guest with the CRU stopped the host's
UART; OP-TEE/optee_os #8034: Linux stopped the clocks of the secure OTP), and a guest that a clock
controller was passed to and that halted (kernkonzept/manifest #25).
"""

from pathlib import Path

import pytest
from checks.remedies import apply, remedies
from support import grants, model_of, soc, soc_model, told, tree_of

from scmigen import Model
from scmigen.checks.registry import run_checks
from scmigen.devicetree.load import load
from scmigen.diagnostics import Diagnostic

#: An operating system that has everything.
LINUX = "domains: {linux: {id: 1, default: true, scmi: {role: %s}}}\n"
GATES = {"boot-gate", "boot-gate-local"}
CPU = 'cpus { cpu { device_type = "cpu"; clocks = <&cc 1>; }; };'
#: AM62L: the CPUs name an SCMI clock each, and firmware keeps the RTC.
AM62L = """
firmware { scmi { compatible = "arm,scmi-smc"; arm,smc-id = <1>; shmem = <&shm>;
    clk: protocol@14 { reg = <0x14>; #clock-cells = <1>; }; }; };
shm: shm@10000 { compatible = "arm,scmi-shmem"; reg = <0 0x10000 0x80>; };
cpus { cpu@0 { device_type = "cpu"; operating-points-v2 = <&opps>; clocks = <&clk 356>; };
       cpu@1 { device_type = "cpu"; operating-points-v2 = <&opps>; clocks = <&clk 357>; }; };
opps: opp-table { opp-shared; opp { opp-hz = <0 1250000000>; }; };
rtc { compatible = "ti,am62-rtc"; clocks = <&clk 311>; status = "reserved"; };
serial { compatible = "ti,am64-uart"; clocks = <&clk 358>; };
"""
#: RK3588: one clock controller with the UART of the host and a device of the guest.
RK3588 = """
cru: clock-controller@4000 { compatible = "rockchip,rk3588-cru"; reg = <0x4000>;
    #clock-cells = <1>; };
uart2: serial { compatible = "snps,dw-apb-uart"; clocks = <&cru 183>, <&cru 171>; };
i2s: i2s { compatible = "rockchip,i2s"; clocks = <&cru 40>; };
"""
GUEST = 'domains: {guest: {id: 1, scmi: {role: %s}, access: [{dev: "&cru"}, {dev: "&i2s"}]}}\n'
HOST = 'platform: {devices: ["&uart2"]}\n'
#: RK3588 again: the OTP of the secure world shares a gate with that of the other one.
OTP = """
otp: otp { compatible = "rockchip,rk3588-otp"; clocks = <&cc 5>, <&cc 6>; };
otps { compatible = "rockchip,rk3588-otp-secure"; clocks = <&cc 5>, <&cc 7>;
    status = "disabled"; secure-status = "okay"; };
"""
SECURE = """domains:
  linux: {id: 1, default: true, scmi: {role: ospm}}
  optee: {id: 2, scmi: {role: secure}}
"""
#: A controller that a guest is given, and that the CPUs run on, which are nobody's.
CRG = """
crg: crg@4000 { compatible = "hisilicon,crg"; reg = <0x4000>; #clock-cells = <1>; };
cpus { cpu { device_type = "cpu"; clocks = <&crg 0>; }; };
mmc: mmc { compatible = "acme,mmc"; clocks = <&crg 9>; };
"""
CRG_GUEST = 'domains: {guest: {id: 1, scmi: {role: vm}, access: [{dev: "&crg"}, {dev: "&mmc"}]}}\n'


def gates(model: Model) -> list[Diagnostic]:
    return [item for item in run_checks(model) if item.id in GATES]


def lost(model: Model) -> list[tuple[str, list[str], list[str]]]:
    """(id, resources, agents) of each finding."""
    return [
        (item.id, sorted(item.subject.resources), list(item.subject.agents))
        for item in gates(model)
    ]


def test_the_clocks_of_am62l_cpus_and_of_the_rtc_of_firmware() -> None:
    """No driver enables the clock of a CPU, and firmware that has the RTC has no vote. The RTC's
    clock is in danger only where Linux is granted it, as TF-A grants it all."""
    tree = tree_of(AM62L)
    model = model_of(tree, LINUX % "ospm")
    clocks = [f"clock /firmware/scmi/protocol@14 {number}" for number in (311, 356, 357)]
    assert lost(model) == [("boot-gate", clocks[1:], ["linux"])]
    all_clocks = (
        "domains: {linux: {id: 1, default: true, scmi: {role: ospm}, "
        "grant: [{protocol: clock, id: 311}]}}"
    )
    assert lost(model_of(tree, all_clocks)) == [("boot-gate", clocks, ["linux"])]
    all_clocks = all_clocks.replace("311", "311, operations: [read]")
    assert lost(model_of(tree, all_clocks)) == [("boot-gate", clocks[1:], ["linux"])]


def test_the_uart_of_the_host_behind_a_clock_controller_that_a_guest_drives() -> None:
    tree = tree_of(RK3588)
    (found,) = gates(model_of(tree, GUEST % "vm" + HOST))
    assert found.id == "boot-gate-local"
    assert sorted(found.subject.resources) == [
        "clock /clock-controller@4000 171",
        "clock /clock-controller@4000 183",
    ]
    assert found.hint == 'platform.managed: ["&cru"] has the platform serve it'
    # Served by the platform, the host's device has a permanent vote, and the guest none for it.
    served = model_of(tree, GUEST % "vm" + 'platform: {devices: ["&uart2"], managed: ["&cru"]}')
    assert gates(served) == []
    assert grants(served, "guest") == {"clock cru 40": "state read"}


@pytest.mark.parametrize(
    ("status", "count"),
    [
        pytest.param("reserved", 1, id="reserved"),
        pytest.param("disabled", 0, id="not there"),
    ],
)
def test_a_reserved_uart_is_somebodys_and_a_disabled_one_nobodys(status: str, count: int) -> None:
    tree = tree_of(RK3588.replace("dw-apb-uart", f'dw-apb-uart"; status = "{status}', 1))
    assert len(gates(model_of(tree, GUEST % "vm"))) == count


def test_the_clock_that_op_tee_shares_without_a_vote() -> None:
    tree = soc(OTP)
    clock = "clock /clock-controller@1000 5"
    assert lost(model_of(tree, LINUX % "ospm")) == [("boot-gate", [clock], ["linux"])]
    # An agent of the secure world has a vote of its own.
    assert gates(model_of(tree, SECURE)) == []


def test_the_controller_of_a_guest_that_halts_what_the_guest_runs_on() -> None:
    (found,) = gates(model_of(tree_of(CRG), CRG_GUEST))
    assert found.id == "boot-gate-local"
    assert "/cpus/cpu runs on it, which no agent has" in found.message
    assert list(found.subject.resources) == ["clock /crg@4000 0"]


def test_a_power_domain_around_a_provider_that_firmware_uses() -> None:
    """Firmware's device runs on a clock of a provider in a domain that Linux alone votes on."""
    body = """
    blk: blk { compatible = "acme,blk"; #clock-cells = <1>; power-domains = <&pc 3>; };
    d { compatible = "acme,d"; power-domains = <&pc 3>; clocks = <&blk 2>; };
    r { compatible = "acme,r"; clocks = <&blk 2>; status = "reserved"; };
    """
    (found,) = gates(model_of(soc(body), LINUX % "ospm"))
    assert sorted(found.subject.resources) == ["clock /blk 2", "power /power-controller@3000 3"]


def test_a_supply_that_only_the_list_of_regulators_names() -> None:
    """Linux registers every regulator that SCMI's node lists; that is no driver that uses it."""
    body = """
    scmi { compatible = "arm,scmi-virtio"; protocol@17 { reg = <0x17>; regulators {
        vdd: vdd { reg = <0>; regulator-min-microvolt = <5>; regulator-max-microvolt = <5>; };
    }; }; };
    r { compatible = "acme,r"; core-supply = <&vdd>; status = "reserved"; };
    """
    assert lost(model_of(tree_of(body), LINUX % "ospm")) == [
        ("boot-gate", ["voltage /scmi/protocol@17 0"], ["linux"])
    ]
    always = body.replace("vdd { reg", "vdd { regulator-always-on; reg")
    assert gates(model_of(tree_of(always), LINUX % "ospm")) == []


@pytest.mark.parametrize(("always", "count"), [("", 1), ("apple,always-on;", 0)])
def test_a_power_domain_that_is_always_on_keeps_those_above_it_on(always: str, count: int) -> None:
    """As on t8012: the interrupt controller is in a domain of a node of its own."""
    body = f"""
    ps_sio: power-controller@10 {{ #power-domain-cells = <0>; }};
    ps_aic: power-controller@18 {{
        #power-domain-cells = <0>; power-domains = <&ps_sio>; {always}
    }};
    aic: aic {{ interrupt-controller; power-domains = <&ps_aic>; }};
    d {{ power-domains = <&ps_sio>; }};
    """
    found = gates(model_of(tree_of("interrupt-parent = <&aic>;" + body), LINUX % "ospm"))
    assert len(found) == count


@pytest.mark.parametrize(
    ("body", "agents"),
    [
        pytest.param("d { clocks = <&cc 1>; };", LINUX % "ospm", id="a driver uses it"),
        pytest.param(
            'cpus { cpu { device_type = "cpu"; cpu-supply = <&vdd>; '
            "operating-points-v2 = <&t>; }; };"
            "t: t { o { opp-hz = <0 5>; opp-microvolt = <800000>; }; };",
            LINUX % "ospm",
            id="a driver that sets the voltage of a supply turns it on",
        ),
        pytest.param(CPU, LINUX % "psci", id="PSCI switches nothing off"),
        pytest.param(CPU, LINUX % "secure", id="nor does the secure world"),
        pytest.param(
            CPU + "bus { clocks = <&cc 1>; };", LINUX % "ospm", id="a driver keeps the CPUs' clock"
        ),
        pytest.param(
            CPU,
            LINUX % "ospm" + 'platform: {devices: ["/cpus"]}',
            id="the platform has the CPUs",
        ),
        pytest.param(
            CPU,
            LINUX % "ospm" + 'platform: {always-on: [{clock: "&cc 1"}]}',
            id="the platform keeps it on",
        ),
        pytest.param(
            CPU,
            "domains:\n  linux: {id: 1, default: true, scmi: {role: ospm}}\n"
            '  psci: {id: 2, scmi: {role: psci}, grant: [{clock: "&cc 1", operations: [state]}]}',
            id="PSCI votes for it",
        ),
        pytest.param(
            'r { clocks = <&cc 1>; status = "reserved"; };', LINUX % "ospm", id="no agent has it"
        ),
    ],
)
def test_nothing_is_said_where_nothing_is_lost(body: str, agents: str) -> None:
    assert gates(model_of(soc(body), agents)) == []


def test_two_operating_systems_that_both_give_up_their_votes() -> None:
    """`critical-resource` is silent where every agent has a vote; here each withdraws it."""
    agents = (
        "domains:\n  linux: {id: 1, default: true, scmi: {role: ospm}}\n"
        '  vm: {id: 2, scmi: {role: vm}, grant: [{clock: "&cc 1", operations: [state]}]}'
    )
    assert lost(model_of(soc(CPU), agents)) == [
        ("boot-gate", ["clock /clock-controller@1000 1"], ["linux", "vm"])
    ]


def test_one_finding_tells_what_one_of_several_agents_may_do_to_the_cpus() -> None:
    model = model_of(soc(CPU + "e: e { };"), SECURE)
    assert [name for _, name in told(model)] == ["critical-resource"]


HINTS = {
    "am62l": (tree_of(AM62L), LINUX % "ospm"),
    "uart": (tree_of(RK3588), GUEST % "vm" + HOST),
    "otp": (soc(OTP), LINUX % "ospm"),
    "crg": (tree_of(CRG), CRG_GUEST),
}


@pytest.mark.parametrize("name", HINTS)
def test_the_line_of_the_hint_removes_the_finding(name: str) -> None:
    tree, agents = HINTS[name]
    (found,) = gates(model_of(tree, agents))
    (remedy,) = remedies(found.hint or "")
    assert gates(model_of(tree, apply(remedy, agents, tree))) == []


def test_nobody_switches_off_the_clock_of_cpus_that_a_domain_scales() -> None:
    body = """
    cpus { cpu { device_type = "cpu"; clocks = <&cc 1>; operating-points-v2 = <&t>; }; };
    t: t { o { opp-hz = <0 5>; }; };
    """
    model = soc_model(body)
    assert gates(model) == []
    assert [item.facts.on for item in model.platforms[0].resources["clock"]] == [True]


#: Board → what its CPUs name (``clocks`` and ``power-domains`` of /cpus, read by hand) of a
#: provider that the platform serves. On the others PSCI, DVFS hardware or SCMI performance has the
#: CPUs, nothing is named, or, on jh7110, a memory controller runs on the same clock. Where their
#: OPP table is a domain (hi3660, imx8qm, am625, r8a779g0, zynqmp), nobody has their clocks.
BOARDS = {
    "imx8mp-evk": {"clock 287"},
    "k3-am62l3-evm": {"clock 356", "clock 357"},
    "r8a779g0-white-hawk": {f"power {number}" for number in range(4)},
    "rk3588-rock-5b": {"clock 0", "clock 2", "clock 3"},
    "stm32mp157c-dk2-scmi": {"clock 7"},
}


@pytest.mark.slow
def test_on_real_boards_it_is_what_the_cpus_name_and_nothing_else(corpus: Path) -> None:
    found = {}
    for board in sorted(corpus.glob("*.symbols.dtb")):
        resources = [
            " ".join(name.split()[:1] + name.split()[2:])
            for item in gates(model_of(load(board)))
            for name in item.subject.resources
        ]
        if resources:
            found[board.name.partition(".symbols")[0]] = set(resources)
    assert found == BOARDS
