"""Mistakes that real projects shipped, rebuilt small, each found by the check that is named for it.

The server's side is written as a runtime configuration, the way a firmware's own tables would be
read; the other side is a device tree.
"""

from pathlib import Path

import msgspec
from against_build import compare, without_facts
from click.testing import CliRunner
from support import SOC, TWO_AGENTS, diagnostics, model_of, told, tree_of

from scmigen import runtime
from scmigen.cli.main import cli
from scmigen.devicetree.load import load
from scmigen.diagnostics import Diagnostic
from scmigen.model.platform import Model
from scmigen.scmi.protocols import Kind
from scmigen.targets.runtime.configuration import to_runtime

#: A consumer's tree: SCMI clocks, resets, voltages, and what ``%s`` makes of them.
CONSUMER = """
firmware { scmi { compatible = "linaro,scmi-optee"; linaro,optee-channel-id = <0>;
    clk: protocol@14 { reg = <0x14>; #clock-cells = <1>; };
    rst: protocol@16 { reg = <0x16>; #reset-cells = <1>; };
    %s
}; };
"""
VOLTAGES = """
    protocol@17 { reg = <0x17>; regulators {
        vdd: regulator@0 { reg = <0>; regulator-name = "vdd"; };
        regulator@1 { reg = <1>; regulator-name = "vddio1"; }; }; };
"""


def clock(number: int, name: str) -> runtime.Clock:
    return runtime.Clock(id=number, name=name, node="/rcc", cells=(number,), rates=(5,), rate=5)


def reset(number: int, name: str) -> runtime.ResetDomain:
    return runtime.ResetDomain(id=number, name=name, node="/rcc", cells=(number,))


def server(
    clocks: dict[str, str],
    resets: dict[str, str] | None = None,
    devices: tuple[runtime.Device, ...] = (),
) -> runtime.Runtime:
    """A server with one agent; ``{"0 name": "state read"}``: number, name, allowed operations."""
    rows = {"clock": clocks, "reset": resets or {}}
    grants = {
        kind: [
            {"id": int(n.split()[0]), "resource": int(n.split()[0]), "operations": allowed.split()}
            for n, allowed in found.items()
            if allowed
        ]
        for kind, found in rows.items()
    }
    made = runtime.Runtime(
        format=runtime.FORMAT,
        name="server",
        agents=(
            msgspec.convert(
                {
                    "id": 1,
                    "name": "ospm",
                    "role": "ospm",
                    "system_power": True,
                    "grants": grants,
                },
                runtime.Agent,
            ),
        ),
        clocks=tuple(clock(int(n.split()[0]), n.split()[1]) for n in clocks),
        reset_domains=tuple(reset(int(n.split()[0]), n.split()[1]) for n in resets or {}),
        devices=devices,
    )
    return runtime.decode(runtime.encode(made))


def held(body: str, against: runtime.Runtime) -> dict[str, Diagnostic]:
    """What is found when a consumer's tree is held against a server, by id."""
    found = without_facts(compare(model_of(tree_of(body)), against, "runtime.json"))
    assert len({item.id for item in found}) == len(found)
    return {item.id: item for item in found}


def board(body: str, agents: str) -> Model:
    return model_of(tree_of(body + SOC), TWO_AGENTS + agents)


def test_f1_two_agents_own_one_uart() -> None:
    """The console of one agent is the device of another: both set its rate and reset it."""
    uart = (
        "resets = <&rc 1>; assigned-clocks = <&cc 1>; assigned-clock-rates = <24000000>;"
        "clocks = <&cc 1>;"
    )
    model = board(f"m7: m7 {{ {uart} }}; e: e {{ {uart} }};", '    access: [{dev: "&e"}]')
    assert {name for severity, name in told(model) if severity == "error"} == {
        "rate-shared",
        "reset-shared",
    }


def test_f1_by_hand() -> None:
    """The same as two exclusive grants, written in the file."""
    grant = "{clock: '&cc 1', operations: [state, rate]}"
    model = board("e: e { };", f"    grant: [{grant}]\n")
    assert "rate-shared" not in {name for _, name in told(model)}
    both = f"domains: {{a: {{id: 1, grant: [{grant}]}}, b: {{id: 2, grant: [{grant}]}}}}"
    model = model_of(tree_of("e: e { };" + SOC), both)
    assert ("error", "rate-shared") in told(model)


SERVER_TREE = """
rcc: rcc { #clock-cells = <1>; clock-output-names = "ck_mcu", "ck_mpu", "gpt1", "gpt2"; };
server { compatible = "optee,scmi-server"; #address-cells = <1>; #size-cells = <0>;
    ospm: agent@1 { reg = <1>; compatible = "linaro,scmi-optee"; scmi-channel-id = <0>;
        protocol@14 { reg = <0x14>; clocks { %s }; }; }; };
"""


def test_f2_names_moved_by_one() -> None:
    """The header counts GPT1, GPT2, … from a number where the firmware has GPT2, GPT3, …"""
    rows = (
        'c@0 { reg = <0>; clocks = <&rcc 2>; domain-name = "gpt1"; };'
        'c@1 { reg = <1>; clocks = <&rcc 3>; domain-name = "gpt2"; };'
    )
    model = model_of(tree_of(SERVER_TREE % rows))
    firmware = server({"0 gpt2": "state read", "1 gpt3": "state read"})
    found = compare(model, firmware, "runtime.json")
    assert [(item.id, item.message) for item in found if item.id == "name-differs"] == [
        ("name-differs", "clock 0 is gpt1 here; the server calls it gpt2"),
        ("name-differs", "clock 1 is gpt2 here; the server calls it gpt3"),
    ]


def test_f3_a_comment_is_no_number() -> None:
    """The table says 94 and its comment 93: what is read is the cell, whatever stands beside it."""
    device = "d { clocks = <&clk 94 /* 93: the timer */>; };"
    model = model_of(tree_of(CONSUMER % "" + device))
    (resource,) = model.platforms[0].resources[Kind.CLOCK]
    assert resource.number == 94


def test_f4_the_tree_needs_what_the_firmware_does_not_allow() -> None:
    """A clock that is not given at all, and one whose rate may not be set."""
    device = (
        "d { clocks = <&clk 0>, <&clk 1>;"
        " assigned-clocks = <&clk 0>; assigned-clock-rates = <500000000>; };"
    )
    found = held(CONSUMER % "" + device, server({"0 vpu": "state read"}, {"0 vpu": "reset"}))
    assert found["grant-missing"].message.startswith("ospm needs rate on clock 0")
    assert found["id-unserved"].message.startswith("the server gives ospm no clock 1")
    assert found["id-unserved"].hint == "ospm has clock 0"


def test_f4_the_place_is_the_property_that_needs_it_and_each_place_is_told_once() -> None:
    device = (
        "d { clocks = <&clk 0>; assigned-clocks = <&clk 0>;"
        " assigned-clock-rates = <500000000>; assigned-clock-parents = <&clk 1>; };"
    )
    server_ = server({"0 vpu": "state read", "1 pll": "state rate parent read"}, {"0 usb": "reset"})
    missing = held(CONSUMER % "" + device, server_)["grant-missing"]
    assert missing.message.startswith("ospm needs rate, parent on clock 0")
    assert [place.message for place in missing.related] == [
        "the server",
        "/d assigned-clocks[0]",
        "/d clocks[0]",
    ]
    assert missing.position == missing.related[1].position


def test_f4_not_where_the_device_is_disabled() -> None:
    device = 'd { clocks = <&clk 1>; status = "disabled"; };'
    found = held(CONSUMER % "" + device, server({"0 vpu": "state read"}, {"0 vpu": "reset"}))
    assert set(found) == {"grant-unused"}


def test_f5_a_device_table_names_the_clock_of_another_device() -> None:
    devices = tuple(
        runtime.Device(
            id=number,
            name=name,
            node=f"/{name}",
            agents=(1,),
            resources=(runtime.DeviceResource(Kind.CLOCK, 0),),
        )
        for number, name in enumerate(("usb0", "usb2"))
    )
    found = held(
        CONSUMER % "" + 'usb2 { compatible = "acme,usb"; clocks = <&clk 1>; };'
        'usb0 { compatible = "acme,usb"; clocks = <&clk 0>; };',
        server({"0 hsusb": "state read", "1 hsusb3": "state read"}, {"0 usb": "reset"}, devices),
    )
    assert "has clock 0, which it does not use" in found["device-differs"].message
    assert "it lacks clock 1" in [item.message for item in found["device-differs"].related]


def test_f6_devices_that_go_to_two_guests_share_a_reset() -> None:
    usb = "usb%d: usb%d { resets = <&rc 30>; clocks = <&cc 30>; };"
    model = board(
        usb % (0, 0) + usb % (1, 1),
        '    access: [{dev: "&usb0", flags: {assignable: [a, b]}},'
        ' {dev: "&usb1", flags: {assignable: [a, b]}}]',
    )
    assert [item.severity.word for item in diagnostics(model, "reset-shared")] == ["error"]


def test_f7_masks_of_another_board() -> None:
    """Rows 0, 1 and 2 forbid to set, because six other clocks of another board stood there."""
    device = "d { clocks = <&clk 0>, <&clk 1>; };"
    found = compare(
        model_of(tree_of(CONSUMER % "" + device)),
        server({"0 ztr": "read", "1 ztrd2": "read", "2 zt": "state read"}, {"0 usb": "reset"}),
        "runtime.json",
    )
    assert [item.id for item in found].count("grant-missing") == 2


def test_f8_a_protocol_that_nobody_serves() -> None:
    found = held(CONSUMER % VOLTAGES, server({"0 a": "state read"}, {"0 b": "reset"}))
    assert found["protocol-unserved"].message == (
        "/firmware/scmi/protocol@17: the server gives ospm nothing of protocol 0x17"
    )
    assert found["protocol-unserved"].hint == (
        "have the server serve voltage resources, or drop what needs them: "
        "&vdd and /firmware/scmi/protocol@17/regulators/regulator@1"
    )


def test_f8_not_where_it_is_served() -> None:
    found = held(CONSUMER % "", server({"0 a": "state read"}, {"0 b": "reset"}))
    assert "protocol-unserved" not in found


def test_f8_on_the_board_where_it_was_found(corpus: Path) -> None:
    """All 98 clocks and 4 resets of the consumer are served; the voltage protocol is not."""
    tree = load(corpus / "optee" / "stm32mp257f-ev1-optee.dtb")
    made = to_runtime(model_of(tree).platforms[0])
    consumer = model_of(load(corpus / "stm32mp257f-ev1.dtb"))
    (agent,) = made.agents
    found = without_facts(compare(consumer, made, "optee.dtb", agent.name))
    assert [item.id for item in found] == ["protocol-unserved", "grant-unused"]


def test_f9_the_right_name_on_the_wrong_clock() -> None:
    model = model_of(
        tree_of(SERVER_TREE % 'c@0 { reg = <0>; clocks = <&rcc 0>; domain-name = "ck_mpu"; };')
    )
    assert [item.message for item in diagnostics(model, "name-differs")] == [
        "clock <&rcc 0> is called ck_mpu, which is the name of clock <&rcc 1>"
    ]


def test_f10_a_unit_address_in_decimal() -> None:
    voltages = VOLTAGES.replace("regulator@1 { reg = <1>", "regulator@11 { reg = <11>")
    model = model_of(tree_of(CONSUMER % voltages + "d { x-supply = <&vdd>; };"))
    (found,) = diagnostics(model, "unit-address")
    assert "regulator@11 has reg = <11>" in found.message
    assert found.hint is not None
    assert found.hint.endswith("regulator@b")


def test_f11_errors_end_with_a_status_and_write_nothing(tmp_path: Path) -> None:
    """A generator that ends with 0 after an error leaves half its files for the next step."""
    (tmp_path / "board.dts").write_text(
        "/dts-v1/; / { c: c { #clock-cells = <1>; }; d { clocks = <&c>; }; };"
    )
    out = tmp_path / "out"
    arguments = ["build", str(tmp_path / "board.dts"), "-o", str(out)]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 1
    assert not out.exists()


def test_a_thermal_zone_with_a_sensor_that_the_firmware_no_longer_has() -> None:
    """Numbers 21 to 24 where nine sensors are served: four zones that dangle."""
    sensors = "sen: protocol@15 { reg = <0x15>; #thermal-sensor-cells = <1>; };"
    zones = "zones { z0 { thermal-sensors = <&sen 0>; }; z1 { thermal-sensors = <&sen 21>; }; };"
    body = CONSUMER % sensors + zones
    made = to_runtime(model_of(tree_of(body.replace("&sen 21", "&sen 0"))).platforms[0])
    found = compare(model_of(tree_of(body)), made, "runtime.json")
    assert [item.message for item in found if item.id == "id-unserved"] == [
        "the server gives ospm no sensor 21 (z1)"
    ]


def test_a_board_fits_the_server_made_from_it() -> None:
    body = CONSUMER % VOLTAGES + "d { clocks = <&clk 3>; resets = <&rst 1>; x-supply = <&vdd>; };"
    made = to_runtime(model_of(tree_of(body)).platforms[0])
    found = compare(model_of(tree_of(body)), made, "runtime.json")
    # No device needs the second regulator, but an operating system registers it.
    assert [voltage.id for voltage in made.voltage_domains] == [0, 1]
    assert found == ()


def test_whose_tree_it_is() -> None:
    body = CONSUMER % "" + "d { clocks = <&clk 0>; resets = <&rst 0>; };"
    model = model_of(tree_of(body))
    made = to_runtime(model.platforms[0])
    other = msgspec.structs.replace(made.agents[0], id=2, name="vm1", grants={})
    two = msgspec.structs.replace(made, agents=(*made.agents, other))
    assert compare(model, two, "runtime.json", "ospm") == ()
    found = {item.id for item in compare(model, two, "runtime.json", "vm1")}
    assert found == {"protocol-unserved"}
    (found_none,) = compare(model, two, "runtime.json", "vm2")
    assert found_none.id == "agent-unserved"
    # Which of two is meant, nothing says.
    assert found_none.hint is not None
    assert found_none.hint.endswith("--as MINE=NAME what an agent is called there")
    (cased,) = compare(model, two, "runtime.json", "VM1")
    assert (cased.hint or "").endswith("=vm1")
