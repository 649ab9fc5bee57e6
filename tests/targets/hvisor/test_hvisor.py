"""hvisor's JSON and node for a small board, worked out by hand; and what does not fit."""

import json

import pytest
from support import model_of, soc

from scmigen import Diagnostic, Numbering
from scmigen.pipeline import emit_outputs
from scmigen.targets.make import option_problems

DEVICES = """
uart@5000 { compatible = "acme,uart"; clocks = <&cc 3>, <&cc 4>; resets = <&rc 1>; };
spi: spi@6000 { compatible = "acme,spi"; clocks = <&cc 4>, <&cc 9>; power-domains = <&pc 2>;
                resets = <&rc 7>; vdd-supply = <&vdd>; };
"""
AGENTS = """
domains:
  root: {id: 1, scmi: {role: hypervisor}, default: true}
  guest:
    id: 2
    scmi: {role: vm}
    access: [{dev: '&spi'}]
"""
OPTIONS = """outputs:
  hvisor:
    interrupt: [0, 32, 1]
    zones: {guest: {id: 3, addr: 0xff9c0000, irq: 68}}
"""
QUIET = {"hvisor-beyond", "hvisor-shared"}


def made(
    agents: str = AGENTS,
    options: str = OPTIONS,
    numbering: Numbering = Numbering.SHARED,
    devices: str = DEVICES,
) -> tuple[dict[str, bytes], list[Diagnostic]]:
    model = model_of(soc(devices), agents + options, numbering=numbering)
    files, found, *_ = emit_outputs(model, ["hvisor"], explicit=True)
    return {file.path: file.content for file in files}, list(found)


def ids(found: list[Diagnostic]) -> set[str]:
    return {item.id for item in found if item.id.startswith("hvisor")}


def device(files: dict[str, bytes]) -> dict[str, object]:
    (zone,) = json.loads(files["hvisor/virtio-scmi.json"])["zones"]
    (found,) = zone["devices"]
    assert isinstance(found, dict)
    return {"zone": zone["id"], **found}


def test_the_place_in_an_array_is_the_id_and_the_number_the_place_in_the_list() -> None:
    """The board has clocks 3, 4, 9, which are 0, 1, 2; the guest has 1 and 2 of these, and they
    are the lists of the node in this order. It has no clock 0."""
    files, found = made()
    assert device(files) == {
        "zone": 3,
        "type": "scmi",
        "addr": "0xff9c0000",
        "len": "0x200",
        "irq": 68,
        "status": "enable",
        "clock_ids": [0x7FFFFFFF, 0, 1],
        "reset_ids": [0x7FFFFFFF, 0],
        "power_ids": [0],
    }
    tree = files["hvisor/zone0.dtsi"].decode()
    _, _, body = tree.partition("hvisor_virtio_device {")
    lines = [line.partition("/*")[0].strip() for line in body.splitlines() if "<" in line]
    assert lines == [
        "interrupts = <0 32 1>;",
        "clocks = <&cc 4>,",
        "<&cc 9>;",
        "power-domains = <&pc 2>;",
        "resets = <&rc 7>;",
    ]
    assert ids(found) == QUIET | {"hvisor-kind"}


def test_ids_of_each_agent_leave_no_holes() -> None:
    files, _ = made(numbering=Numbering.PER_AGENT)
    found = device(files)
    assert (found["clock_ids"], found["reset_ids"], found["power_ids"]) == ([0, 1], [0], [0])


def test_flags_behind_the_cells_of_a_resource_are_those_that_a_device_has() -> None:
    """``ti,sci-pm-domain`` has a flag behind the number (Linux ``Bindings/soc/ti``)."""
    devices = """
k3: power@1 { compatible = "ti,sci-pm-domain"; #power-domain-cells = <2>; };
spi: spi@6000 { compatible = "acme,spi"; power-domains = <&k3 77 1>; };
"""
    files, _ = made(devices=devices)
    assert b"power-domains = <&k3 77 1>;" in files["hvisor/zone0.dtsi"]


def test_a_node_that_is_there_keeps_its_interrupt() -> None:
    node = 'hvisor_virtio_device { compatible = "hvisor"; interrupts = <0 9 1>; };'
    options = OPTIONS.replace("    interrupt: [0, 32, 1]\n", "")
    files, found = made(devices=node + DEVICES, options=options)
    tree = files["hvisor/zone0.dtsi"].decode()
    assert "&{/hvisor_virtio_device} {" in tree
    assert "compatible" not in tree
    assert "hvisor-device" not in ids(found)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("", "no addr and irq of the SCMI device of guest"),
        ("outputs: {hvisor: {interrupt: [0, 32, 1], zones: {guest: {addr: 1}}}}", "no addr and"),
        (OPTIONS.replace("    interrupt: [0, 32, 1]\n", ""), "the interrupt by which hvisor"),
    ],
)
def test_what_hvisor_needs_and_nobody_says_is_told(options: str, words: str) -> None:
    _, found = made(options=options)
    assert any(words in item.message for item in found if item.id == "hvisor-device")


@pytest.mark.parametrize("number", [0, 32])
def test_a_zone_that_hvisor_cannot_have_is_an_error(number: int) -> None:
    files, found = made(options=OPTIONS.replace("id: 3", f"id: {number}"))
    (error,) = [item for item in found if item.id == "hvisor-zone"]
    assert "zones are 1 to 31, 0 is the root zone" in error.message
    assert error.position is not None
    assert not files


def test_two_agents_are_not_one_zone() -> None:
    agents = AGENTS + "  other: {id: 3, scmi: {role: vm}, access: [{dev: /uart@5000}]}\n"
    _, found = made(agents, OPTIONS.replace("zones: {", "zones: {other: {id: 3}, "))
    (error,) = [item for item in found if item.id == "hvisor-zone"]
    assert error.message == "other is zone 3, as guest is"


@pytest.mark.parametrize("zones", [8, 9])
def test_all_zones_together_have_eight_virtio_devices(zones: int) -> None:
    """hvisor-tool at the ninth: "virtio device num exceed max limit" (``MAX_DEVS``)."""
    devices = "".join(f"d{n} {{ compatible = 'd'; clocks = <&cc {n}>; }};\n" for n in range(zones))
    agents = AGENTS[: AGENTS.index("  guest:")] + "".join(
        f"  guest{n}: {{id: {n + 2}, scmi: {{role: vm}}, access: [{{dev: /d{n}}}]}}\n"
        for n in range(zones)
    )
    files, found = made(agents, "", devices=devices.replace("'", '"'))
    errors = [item for item in found if item.severity.word == "error"]
    assert bool(files) == (zones == 8)
    assert [item.id for item in errors] == ["hvisor-many"] * (zones == 9)
    assert [item.message for item in errors] == [
        "9 zones have an SCMI device; hvisor's daemon has 8 virtio devices, of all zones together"
    ][: zones - 8]


def test_without_a_zone_there_is_no_file() -> None:
    files, found = made("domains: {root: {id: 1, scmi: {role: hypervisor}, default: true}}\n", "")
    assert ids(found) == {"hvisor-empty"}
    assert not files


def test_what_the_server_opens_beside_the_grants_is_told() -> None:
    """The guest may switch and read its two clocks; the server lets it set their rate, too. The
    clock of the serial port is the root's as well."""
    _, found = made()
    told = [item for item in found if item.id in QUIET]
    assert [item.message for item in told] == [
        "guest could use rate on 2 clocks without a grant of that: "
        "hvisor's server checks the id, not the message",
        "root, guest use clock spi-6000; hvisor's server counts no votes",
    ]


def test_an_agent_that_does_not_exist_is_a_wrong_option() -> None:
    options = OPTIONS.replace("guest: {", "gast: {")
    (error,) = option_problems(model_of(soc(DEVICES), AGENTS + options))
    assert error.message == "no agent 'gast'"


def test_another_host_can_be_named() -> None:
    files, _ = made(options="outputs: {hvisor: {host: guest}}\n")
    zone = device(files)
    assert zone["zone"] == 1
    assert zone["clock_ids"] == [0, 1]
