"""Trees of agents for U-Boot and Zephyr: without what these do not know, in the words they need.

Expected texts are from U-Boot's drivers and Zephyr's bindings (docs/reference/consumer-os.md).
"""

import re
import subprocess
from collections.abc import Callable, Iterator

import pytest
from support import model_of, source, tree_of

import scmigen
from scmigen.devicetree.nodes import Node
from scmigen.diagnostics import Diagnostic, Severity
from scmigen.model.platform import Model
from scmigen.pipeline import emit_outputs
from scmigen.targets.make import option_problems

#: A device with domains and an empty entry between them, a supply that is always on, and a clock
#: that is assigned.
BOARD = """
#address-cells = <1>; #size-cells = <1>;
cc: clock-controller@1000 { compatible = "acme,cc"; reg = <0x1000 4>; #clock-cells = <1>; };
rc: reset-controller@2000 { compatible = "acme,rc"; reg = <0x2000 4>; #reset-cells = <1>; };
pc: power-controller@3000 { compatible = "acme,pc"; reg = <0x3000 4>; #power-domain-cells = <1>; };
rails { compatible = "acme,rails"; vdd: vdd { regulator-min-microvolt = <700000>;
    regulator-max-microvolt = <900000>; regulator-always-on; }; };
sram@8000 { compatible = "mmio-sram"; reg = <0x8000 0x1000>; ranges = <0 0x8000 0x1000>;
    #address-cells = <1>; #size-cells = <1>;
    shm0: sram@0 { compatible = "arm,scmi-shmem"; reg = <0 0x100>; };
    shm1: sram@100 { compatible = "arm,scmi-shmem"; reg = <0x100 0x100>; }; };
uart: serial@5000 { compatible = "acme,uart"; reg = <0x5000 0x100>;
    clocks = <&cc 3>, <&cc 4>; clock-names = "baud", "bus"; resets = <&rc 1>;
    power-domains = <&pc 2>, <0>, <&pc 5>; vdd-supply = <&vdd>;
    assigned-clocks = <&cc 3>; assigned-clock-rates = <1000000>; };
"""
#: A board whose firmware speaks SCMI already: two channels, a device with a performance domain in
#: front of its power domain, and a zone with a sensor.
NATIVE = """
#address-cells = <1>; #size-cells = <1>;
mu: mailbox@4000 { compatible = "acme,mu"; reg = <0x4000 4>; #mbox-cells = <1>; };
shm0: sram@8000 { compatible = "arm,scmi-shmem"; reg = <0x8000 0x100>; };
shm1: sram@8100 { compatible = "arm,scmi-shmem"; reg = <0x8100 0x100>; };
firmware { scmi { compatible = "arm,scmi"; #address-cells = <1>; #size-cells = <0>;
    mboxes = <&mu 0>, <&mu 1>; mbox-names = "tx", "rx"; shmem = <&shm0>, <&shm1>;
    arm,max-rx-timeout-ms = <100>;
    pd: protocol@11 { reg = <0x11>; #power-domain-cells = <1>; };
    perf: protocol@13 { reg = <0x13>; #power-domain-cells = <1>; };
    clk: protocol@14 { reg = <0x14>; #clock-cells = <1>; };
    ts: protocol@15 { reg = <0x15>; #thermal-sensor-cells = <1>; };
    protocol@17 { reg = <0x17>; regulators { #address-cells = <1>; #size-cells = <0>;
        vio: regulator@0 { reg = <0>; regulator-name = "vio"; regulator-boot-on; }; }; }; }; };
gpu@5000 { compatible = "acme,gpu"; reg = <0x5000 0x100>; clocks = <&clk 7>; vio-supply = <&vio>;
    power-domains = <&perf 1>, <&pd 3>; power-domain-names = "perf", "core"; };
thermal-zones { soc { thermal-sensors = <&ts 1>; }; };
"""
SMC = "{type: smc, smc-id: 0x82000010, shmem: shm0}"


def agents(os: str, transport: str | None = SMC) -> str:
    said = f", transport: {transport}" if transport else ""
    return f"""
domains:
  os: {{id: 1, scmi: {{role: ospm{said}}}, default: true}}
outputs: {{consumer: {{os: {{os: {os}}}}}}}
"""


def model(os: str, board: str = BOARD, transport: str | None = SMC) -> Model:
    return model_of(tree_of(board), agents(os, transport))


def made(found: Model) -> tuple[dict[str, bytes], list[Diagnostic]]:
    files, diagnostics, *_ = emit_outputs(found, ["consumer"], explicit=True)
    return {file.path: file.content for file in files}, list(diagnostics)


def dts(found: Model) -> str:
    """The whole tree, one node or property a line, white space aside."""
    files, _ = made(found)
    return "\n".join(line.strip() for line in files["consumer/os.dts"].decode().splitlines())


def block(text: str, name: str) -> str:
    """The lines of the node of that name and of all below it, but for phandles."""
    begin = re.search(rf"^(\w+: )?{re.escape(name)} \{{$", text, re.MULTILINE)
    assert begin is not None, name

    def inner() -> Iterator[str]:
        depth = 1
        for line in text[begin.end() :].splitlines():
            depth += line.endswith("{") - (line == "};")
            if not depth:
                return
            if line and not line.startswith("phandle"):
                yield line

    return "\n".join(inner())


# --- U-Boot


def test_u_boot_has_the_protocols_that_it_has_drivers_for() -> None:
    """System power is none of them."""
    protocols = {
        os: re.findall(r"protocol@(\w+)", block(dts(model(os)), "scmi"))
        for os in ("linux", "u-boot")
    }
    assert protocols == {
        "linux": ["11", "12", "14", "16", "17"],
        "u-boot": ["11", "14", "16", "17"],
    }


def test_u_boot_has_a_power_domain_in_every_entry() -> None:
    """An entry <0> is -ENOENT to ``dev_power_domain_ctrl``, and the device does not probe."""
    linux, u_boot = (domains(block(dts(model(os)), "serial@5000")) for os in ("linux", "u-boot"))
    assert linux == "&scmi_pd 0x0 0x0 &scmi_pd 0x1"
    assert u_boot == "&scmi_pd 0x0 &scmi_pd 0x1"


def domains(node: str) -> str:
    """The entries of ``power-domains``, however they are in brackets."""
    (found,) = re.findall(r"^power-domains = (.*);$", node, re.MULTILINE)
    return " ".join(re.sub(r"[<>,]", " ", found).split())


def test_u_boot_sets_no_regulator_by_itself() -> None:
    """``regulator_autoset`` would, where it binds the node: the platform keeps it on."""
    regulator = block(dts(model("u-boot")), "regulator@0")
    assert regulator.splitlines() == [
        "reg = <0x0>;",
        'regulator-name = "vdd";',
        "regulator-min-microvolt = <0xaae60>;",
        "regulator-max-microvolt = <0xdbba0>;",
    ]
    assert "regulator-always-on;" in block(dts(model("linux")), "regulator@0")


def test_u_boot_gets_no_performance_domain_before_a_power_domain() -> None:
    """It takes protocol@13 for a power domain without a driver, and leaves those behind it off."""
    gpu = block(dts(model("u-boot", NATIVE, None)), "gpu@5000")
    assert "power-domains = <&pd 0x3>;" in gpu
    assert 'power-domain-names = "core";' in gpu
    assert "regulator-boot-on" not in dts(model("u-boot", NATIVE, None))
    assert "regulator-boot-on" in dts(model("linux", NATIVE, None))


def test_u_boot_has_assigned_clocks() -> None:
    assert "assigned-clocks = <&scmi_clk 0x0>;" in dts(model("u-boot"))


#: Two rails that the platform has, one of which is called as a regulator that stays the agent's.
RAILS = """
#address-cells = <1>; #size-cells = <1>;
shm0: sram@8000 { compatible = "arm,scmi-shmem"; reg = <0x8000 0x100>; };
usb { compatible = "regulator-fixed"; regulator-name = "vbus"; };
rails { compatible = "acme,rails";
    vdd: vdd { regulator-name = "vbus"; regulator-min-microvolt = <700000>;
        regulator-max-microvolt = <900000>; };
    vio: vio { regulator-name = "vio"; regulator-min-microvolt = <700000>;
        regulator-max-microvolt = <900000>; }; };
uart@5000 { compatible = "acme,uart"; reg = <0x5000 4>; vdd-supply = <&vdd>; vio-supply = <&vio>; };
"""


def test_u_boot_has_no_two_regulators_of_one_name() -> None:
    """``regulator_post_bind`` refuses the second, and U-Boot does not start. Those of a provider
    that is disabled are not bound."""
    linux, u_boot = (
        re.findall(r'regulator-name = "(.*)";', dts(model(os, RAILS))) for os in ("linux", "u-boot")
    )
    assert linux == ["vbus", "vbus", "vio", "vbus", "vio"]
    assert u_boot == ["vbus", "vbus", "vio", "scmi-vbus", "vio"]


def test_u_boot_has_one_scmi_node() -> None:
    """``scmi_bind_protocols``: Cannot have more than one SCMI agent."""
    other = """
    scmi-1 { compatible = "arm,scmi-smc"; arm,smc-id = <1>; shmem = <&shm1>;
        #address-cells = <1>; #size-cells = <0>;
        rst: protocol@16 { reg = <0x16>; #reset-cells = <1>; }; };
    dev { compatible = "acme,dev"; resets = <&rst 1>; };
    """
    files, found = made(model("u-boot", NATIVE + other, None))
    trees = {path: content.decode() for path, content in files.items() if path.endswith("os.dts")}
    for path, text in trees.items():
        nodes = {name: body(text, name) for name in ("scmi", "scmi-1")}
        assert [name for name, lines in nodes.items() if 'status = "disabled";' in lines] == [
            "scmi-1" if path.startswith("scmi/") else "scmi"
        ]
    assert len(trees) == 2
    assert len([item for item in found if "takes one SCMI node only" in item.message]) == 2


def body(text: str, name: str) -> list[str]:
    """The properties of the node itself."""
    lines = block("\n".join(line.strip() for line in text.splitlines()), name).splitlines()
    return lines[: next((n for n, line in enumerate(lines) if line.endswith("{")), len(lines))]


def test_u_boot_has_no_voltage_without_regulators() -> None:
    """``scmi_regulator_bind``: no regulators node; then it does not start."""
    board = re.sub(r"regulators \{.*?\}; \};", "", NATIVE, flags=re.DOTALL)
    board = board.replace(" vio-supply = <&vio>;", "")
    assert 'status = "disabled";' in block(dts(model("u-boot", board, None)), "protocol@17")
    assert "status" not in block(dts(model("linux", board, None)), "protocol@17")


# --- Zephyr


def test_zephyr_has_a_compatible_on_every_node_and_domains_as_nodes() -> None:
    scmi = block(dts(model("zephyr")), "scmi")
    assert [line for line in scmi.splitlines() if line not in ("", "};")] == [
        'compatible = "arm,scmi-smc";',
        "arm,smc-id = <0x82000010>;",
        "shmem = <&shm0>;",
        "#address-cells = <0x1>;",
        "#size-cells = <0x0>;",
        "scmi_pd: protocol@11 {",
        'compatible = "arm,scmi-power";',
        "reg = <0x11>;",
        "#power-domain-cells = <0x1>;",
        "#address-cells = <0x1>;",
        "#size-cells = <0x0>;",
        "scmi_pd_0: domain@0 {",
        'compatible = "arm,scmi-power-domain";',
        "reg = <0x0>;",
        "#power-domain-cells = <0x0>;",
        "scmi_pd_1: domain@1 {",
        'compatible = "arm,scmi-power-domain";',
        "reg = <0x1>;",
        "#power-domain-cells = <0x0>;",
        "scmi_sys: protocol@12 {",
        'compatible = "arm,scmi-system";',
        "reg = <0x12>;",
        "scmi_clk: protocol@14 {",
        'compatible = "arm,scmi-clock";',
        "reg = <0x14>;",
        "#clock-cells = <0x1>;",
        "scmi_rst: protocol@16 {",
        'compatible = "arm,scmi-reset";',
        "reg = <0x16>;",
        "#reset-cells = <0x1>;",
    ]


def test_zephyr_devices_refer_to_what_it_has() -> None:
    """No supplies, no assigned clocks, domains by their nodes."""
    text = dts(model("zephyr"))
    assert block(text, "serial@5000").splitlines() == [
        'compatible = "acme,uart";',
        "reg = <0x5000 0x100>;",
        "clocks = <&scmi_clk 0x0>, <&scmi_clk 0x1>;",
        'clock-names = "baud", "bus";',
        "resets = <&scmi_rst 0x0>;",
        "power-domains = <&scmi_pd_0>, <&scmi_pd_1>;",
    ]


def test_zephyr_knows_the_first_channel_of_a_node_with_two() -> None:
    """Its binding has one shmem, and declares no timeout: any other property is an error."""
    scmi = block(dts(model("zephyr", NATIVE, None)), "scmi")
    own = scmi[: scmi.index("protocol@11")].splitlines()[:-1]
    assert sorted(own) == [
        "#address-cells = <0x1>;",
        "#size-cells = <0x0>;",
        'compatible = "arm,scmi";',
        'mbox-names = "tx";',
        "mboxes = <&mu 0x0>;",
        "shmem = <&shm0>;",
    ]
    gpu = block(dts(model("zephyr", NATIVE, None)), "gpu@5000")
    assert "power-domains = <&scmi_pd_3>;" in gpu
    assert "supply" not in gpu
    assert 'status = "disabled";' in block(dts(model("zephyr", NATIVE, None)), "soc")


def test_zephyr_names_the_node_of_op_tee() -> None:
    optee = 'firmware { tz: optee { compatible = "linaro,optee-tz"; method = "smc"; }; };'
    found = model("zephyr", BOARD + optee, "{type: optee, channel: 3}")
    assert "linaro,optee = <&tz>;" in block(dts(found), "scmi")
    _, (error, *_) = made(model("zephyr", BOARD, "{type: optee, channel: 3}"))
    assert error.message == "the optee channel of os needs linaro,optee, which no source says"


def test_zephyr_lacks_the_node_of_op_tee_also_where_the_board_has_the_scmi_node() -> None:
    scmi = """firmware { scmi { compatible = "linaro,scmi-optee"; linaro,optee-channel-id = <3>;
        #address-cells = <1>; #size-cells = <0>;
        protocol@14 { reg = <0x14>; #clock-cells = <1>; }; }; };"""
    files, found = made(model("zephyr", BOARD + scmi, None))
    assert not files
    assert [item.id for item in found if item.severity is Severity.ERROR] == ["consumer-channel"]


@pytest.mark.parametrize(
    ("boxes", "memories", "kept"),
    [(1, 1, 1), (2, 1, 2), (2, 2, 1), (3, 2, 2), (4, 2, 2)],
    ids=["tx", "tx-reply", "tx-rx", "tx-reply-rx", "all"],
)
def test_zephyr_has_the_mailboxes_to_the_platform(boxes: int, memories: int, kept: int) -> None:
    """Linux has tx, rx or tx, tx_reply, rx, rx_reply (arm,scmi.yaml); Zephyr tx, tx_reply."""
    board = NATIVE.replace("<&mu 0>, <&mu 1>", ", ".join(f"<&mu {n}>" for n in range(boxes)))
    board = board.replace("<&shm0>, <&shm1>", ", ".join(f"<&shm{n}>" for n in range(memories)))
    scmi = block(dts(model("zephyr", board, None)), "scmi")
    (found,) = re.findall(r"^mboxes = (.*);$", scmi, re.MULTILINE)
    assert re.findall(r"&mu (0x\d)", found) == [f"0x{n}" for n in range(kept)]
    names = '"tx", "tx_reply"' if kept == 2 else '"tx"'
    assert f"mbox-names = {names};" in scmi


def test_zephyr_has_one_channel_for_all_protocols() -> None:
    """The bindings of most protocols declare none of their own."""
    own = "reg = <0x14>; mboxes = <&mu 2>; shmem = <&shm1>; #clock-cells = <1>;"
    board = NATIVE.replace("reg = <0x14>; #clock-cells = <1>;", own)
    assert block(dts(model("zephyr", board, None)), "protocol@14").splitlines() == [
        "reg = <0x14>;",
        "#clock-cells = <0x1>;",
        'compatible = "arm,scmi-clock";',
    ]


#: A CPU whose clock a performance domain sets.
CPU = """
cpus { #address-cells = <1>; #size-cells = <0>;
    cpu@0 { device_type = "cpu"; compatible = "arm,cortex-a53"; reg = <0>; clocks = <&cc 9>;
        operating-points-v2 = <&opps>; }; };
opps: opps { compatible = "operating-points-v2"; slow { opp-hz = /bits/ 64 <600000000>; };
    fast { opp-hz = /bits/ 64 <1200000000>; }; };
"""


@pytest.mark.parametrize("os", ["u-boot", "zephyr"])
def test_a_cpu_whose_clock_the_platform_sets_has_none(os: str) -> None:
    """Nothing is lost: neither scales CPUs."""
    found = model(os, BOARD + CPU)
    cpu = block(dts(found), "cpu@0").splitlines()
    assert cpu == ['device_type = "cpu";', 'compatible = "arm,cortex-a53";', "reg = <0x0>;"]
    assert not [item for item in made(found)[1] if item.id == "consumer-lost"]


@pytest.mark.parametrize("os", ["u-boot", "zephyr"])
@pytest.mark.parametrize(
    ("board", "transport"),
    [(BOARD + CPU, SMC), (RAILS, SMC), (NATIVE, None)],
    ids=["board", "rails", "native"],
)
def test_text_and_blob_are_one_tree(
    os: str, board: str, transport: str | None, tool: Callable[[str], str]
) -> None:
    files, _ = made(model(os, board, transport))
    for text in (source(board) + files["consumer/os.dtsi"].decode(), files["consumer/os.dts"]):
        blob = subprocess.run(
            [tool("dtc"), "-q", "-b", "0", "-O", "dtb"],
            input=text if isinstance(text, bytes) else text.encode(),
            capture_output=True,
            check=True,
        )
        assert blob.stdout == files["consumer/os.dtb"]


# --- what is told


@pytest.mark.parametrize("os", ["u-boot", "zephyr"])
@pytest.mark.parametrize(
    ("transport", "compatible"),
    [
        ("{type: virtio}", "arm,scmi-virtio"),
        (SMC.replace("smc,", "qcom-smc,"), "qcom,scmi-smc"),
        (SMC.replace("smc,", "smc-param,"), "arm,scmi-smc-param"),
    ],
)
def test_a_transport_without_a_driver_is_an_error(os: str, transport: str, compatible: str) -> None:
    files, (error, *_) = made(model(os, BOARD, transport))
    assert not files
    assert error.id == "consumer-os"
    assert error.message == f"{os}, the os of os, has no driver for {compatible}"
    assert error.hint == "it has mailbox, smc, optee"


@pytest.mark.parametrize(
    ("os", "kinds"),
    [("u-boot", "performance and sensor"), ("zephyr", "performance, sensor and voltage")],
)
def test_kinds_that_are_left_out_are_told(os: str, kinds: str) -> None:
    _, found = made(model(os, NATIVE, None))
    (told,) = (item for item in found if item.id == "consumer-os-kinds")
    assert told.message == (
        f"{os}, the os of os, has no driver by which devices use its {kinds} resources; "
        "its tree does not refer to these"
    )


def test_linux_has_every_kind() -> None:
    _, found = made(model("linux", NATIVE, None))
    assert not [item for item in found if item.id.startswith("consumer-os")]


@pytest.mark.parametrize(
    ("old", "new", "severity", "message", "hint"),
    [
        (
            "{os: linux}",
            "{os: zephir}",
            "error",
            "os.os must be one of linux, u-boot, zephyr, not 'zephir'",
            "did you mean zephyr?",
        ),
        ("consumer: {os: {os", "consumer: {os: {oz", "error", "no agent 'oz'", "one of: os"),
    ],
    ids=["os", "agent"],
)
def test_wrong_options(old: str, new: str, severity: str, message: str, hint: str) -> None:
    text = agents("linux")
    assert text.count(old) == 1
    (found,) = option_problems(model_of(tree_of(BOARD), text.replace(old, new)))
    assert (found.severity.word, found.message, found.hint) == (severity, message, hint)


def test_every_property_of_an_scmi_node_is_declared_by_zephyr() -> None:
    """dts/bindings/firmware/*.yaml and base.yaml; names with # are exempt (edtlib)."""
    every = {"compatible", "reg", "status", "phandle"}
    declared = {"scmi": every | {"shmem", "arm,smc-id", "mboxes", "mbox-names"}}

    def unknown(node: Node) -> set[str]:
        names = {name for name in node.properties if name[0] != "#"}
        return names - declared.get(node.name, every)

    for board, transport in ((BOARD, SMC), (NATIVE, None)):
        files, _ = made(model("zephyr", board, transport))
        tree = scmigen.loads(files["consumer/os.dts"].decode(), "os.dts")
        scmi = tree.node("/firmware/scmi")
        assert scmi is not None
        for node in (scmi, *scmi.children.values()):
            if node.strings("compatible"):
                assert not unknown(node), node.path
