"""Single items of the bindings: known rates, latencies, supplies above supplies, clocks of a bus,
SCMI channels, device ids."""

import pytest
from support import grants, inventory_of, model_of, needs, soc_model, tree_of, word

from scmigen.bindings.addresses import memory, regions, reserved
from scmigen.bindings.describe import fixed_rate
from scmigen.bindings.facts import ResourceFacts, ResourceKey
from scmigen.bindings.references import References
from scmigen.scmi.protocols import Kind


def facts(body: str, resource: str) -> ResourceFacts:
    inventory = inventory_of(body)
    return next(f for key, f in inventory.facts.items() if word(inventory.tree, key) == resource)


RATES = [
    ('c: c { compatible = "fixed-clock"; clock-frequency = <24000000>; };', 24_000_000),
    (
        'o: o { #clock-cells = <0>; compatible = "fixed-clock"; clock-frequency = <24000000>; };'
        'c: c { compatible = "fixed-factor-clock"; clocks = <&o>; clock-mult = <1>;'
        " clock-div = <2>; };",
        12_000_000,
    ),
    # A factor of something that nobody knows the rate of, and one that divides by zero.
    (
        "o: o { #clock-cells = <0>; };c: c { clocks = <&o>; clock-mult = <1>; clock-div = <2>; };",
        None,
    ),
    ("c: c { clocks = <&c>; #clock-cells = <0>; clock-mult = <1>; clock-div = <0>; };", None),
    # A clock that divides itself for ever.
    ("c: c { clocks = <&c>; #clock-cells = <0>; clock-mult = <1>; clock-div = <1>; };", None),
]


@pytest.mark.parametrize(("body", "rate"), RATES)
def test_a_rate_that_the_tree_tells(body: str, rate: int | None) -> None:
    tree = tree_of(body)
    assert fixed_rate(References(tree), tree.labels["c"]) == rate


def test_a_known_rate_is_not_assumed() -> None:
    model = soc_model("g: g { #clock-cells = <0>; clock-frequency = <5>; }; d { clocks = <&g>; };")
    (clock,) = model.platforms[0].resources[Kind.CLOCK]
    assert (clock.facts.rates, clock.assumed) == ((5,), ())


def test_what_consumers_ask_for_comes_first() -> None:
    body = (
        "g: g { #clock-cells = <0>; clock-frequency = <5>; };"
        "d { assigned-clocks = <&g>; assigned-clock-rates = <7>; };"
    )
    assert facts(body, "clock g").rates == (7,)


def test_latencies() -> None:
    body = """
    deep: deep { entry-latency-us = <30>; exit-latency-us = <200>; };
    flat: flat { entry-latency-us = <1>; exit-latency-us = <2>; };
    p: p { #power-domain-cells = <0>; domain-idle-states = <&flat>, <&deep>; };
    v: v { regulator-enable-ramp-delay = <500>; };
    d { power-domains = <&p>; x-supply = <&v>; };
    """
    assert facts(body, "power p").latency == 230
    assert facts(body, "voltage v").latency == 500


def test_the_supply_above_a_supply() -> None:
    body = "a: a { }; b: b { vin-supply = <&a>; }; d { x-supply = <&b>; };"
    assert facts(body, "voltage b").parent == ResourceKey(Kind.VOLTAGE, "/a", ())
    assert facts(body, "voltage a").parent is None


def test_clocks_of_the_bus() -> None:
    """``clock-ranges`` lends the clocks of a bus to its nodes, not to those with their own."""
    body = """
    c: c { #clock-cells = <1>; };
    bus { clocks = <&c 1>; clock-ranges;
        a { compatible = "acme,a"; };
        b { compatible = "acme,b"; clocks = <&c 2>; };
        inner { clock-ranges; compatible = "acme,i"; e { compatible = "acme,e"; }; };
    };
    f { clocks = <&c 3>; g { compatible = "acme,g"; }; };
    """
    found = [(node, resource) for node, _, _, resource, _ in needs(inventory_of(body))]
    assert sorted(found) == [
        ("a", "clock c 1"),
        ("b", "clock c 2"),
        ("bus", "clock c 1"),
        ("e", "clock c 1"),
        ("f", "clock c 3"),
        ("inner", "clock c 1"),
    ]


def test_the_agent_of_a_device_gets_the_clock_of_its_bus() -> None:
    body = 'bus { clocks = <&cc 1>; clock-ranges; e: e { compatible = "acme,e"; }; };'
    model = soc_model(body, '    access: [{dev: "&e"}]')
    assert grants(model, "b") == {"clock cc 1": "state read"}


CHANNELS = [
    ('compatible = "arm,scmi"; mboxes = <&mb 0>, <&mb 1>; shmem = <&m0>, <&m1>;', "mailbox"),
    ('compatible = "arm,scmi-smc"; arm,smc-id = <0x82000010>; shmem = <&m0>;', "smc"),
    ('compatible = "qcom,scmi-smc"; arm,smc-id = <0x82000010>; shmem = <&m0>;', "qcom-smc"),
    (
        'compatible = "arm,scmi-smc-param"; arm,smc-id = <0x82000010>; shmem = <&m0>;',
        "smc-param",
    ),
    ('compatible = "arm,scmi-virtio";', "virtio"),
    ('compatible = "linaro,scmi-optee"; linaro,optee-channel-id = <0>;', "optee"),
]


@pytest.mark.parametrize(("body", "transport"), CHANNELS, ids=[word for _, word in CHANNELS])
def test_the_transport_of_an_instance(body: str, transport: str) -> None:
    """Each compatible of the binding, and what its channel is made of."""
    parts = "mb: mb { #mbox-cells = <1>; }; m0: m0 { }; m1: m1 { };"
    (instance,) = inventory_of(f"{parts} scmi {{ {body} }};").instances
    channel = instance.channel
    assert instance.transport.word == transport
    assert [entry.provider.name for entry in channel.mailboxes] == (
        ["mb", "mb"] if "mboxes" in body else []
    )
    shmem = [node.name for node in channel.shmem]
    assert shmem == [name for name in ("m0", "m1") if f"&{name}" in body]
    assert channel.smc_id == (0x82000010 if "smc-id" in body else None)
    assert channel.number == (0 if "optee" in body else None)


def test_a_protocol_with_a_channel_of_its_own() -> None:
    body = """
    m0: m0 { }; m1: m1 { };
    scmi { compatible = "arm,scmi-smc"; arm,smc-id = <1>; shmem = <&m0>;
        protocol@13 { reg = <0x13>; shmem = <&m1>; arm,smc-id = <2>; };
        protocol@14 { reg = <0x14>; }; };
    """
    (instance,) = inventory_of(body).instances
    assert [(number, own.smc_id) for number, own in instance.own.items()] == [(0x13, 2)]
    assert [node.name for node in instance.own[0x13].shmem] == ["m1"]


def test_several_instances_are_several_platforms() -> None:
    scmi = (
        's%d: scmi-%d { compatible = "arm,scmi"; c%d: p { reg = <0x14>; #clock-cells = <1>; }; };'
    )
    body = scmi % (0, 0, 0) + scmi % (1, 1, 1) + "d { clocks = <&c0 3>, <&c1 4>; };"
    model = model_of(tree_of(body.replace(" p {", " protocol@14 {")))
    assert [
        (platform.name, [r.number for r in platform.resources[Kind.CLOCK]])
        for platform in model.platforms
    ] == [("scmi-0", [3]), ("scmi-1", [4])]


@pytest.mark.parametrize("cells", ["#clock-cells", "#power-domain-cells"])
def test_performance_with_either_property(cells: str) -> None:
    prop = "clocks" if "clock" in cells else "power-domains"
    body = (
        'scmi { compatible = "arm,scmi";'
        f"dvfs: protocol@13 {{ reg = <0x13>; {cells} = <1>; }}; }};"
        f'cpus {{ cpu {{ device_type = "cpu"; {prop} = <&dvfs 2>; }}; }};'
    )
    assert needs(inventory_of(body)) == [
        ("cpu", prop, 0, "performance dvfs 2", "level limits read")
    ]


def test_device_ids_are_those_of_scmi_controllers() -> None:
    """A firewall's number is another thing; several controllers may stand side by side."""
    body = """
    fw: fw { #access-controller-cells = <1>; };
    x: x { compatible = "arm,scmi-smc"; #access-controller-cells = <1>; };
    a { access-controllers = <&fw 22>; };
    b { access-controllers = <&fw 22>, <&x 5>; };
    """
    assert inventory_of(body).device_ids == {"/b": 5}


def test_fixed_device_ids_are_kept_free() -> None:
    body = """
    x: x { compatible = "arm,scmi-smc"; #access-controller-cells = <1>;
        c: protocol@14 { reg = <0x14>; #clock-cells = <1>; }; };
    a { compatible = "a"; clocks = <&c 1>; };
    b { compatible = "b"; clocks = <&c 1>; access-controllers = <&x 3>; };
    """
    devices = model_of(tree_of(body)).platforms[0].devices
    assert {device.node.name: device.number for device in devices} == {"a": 4, "b": 3}


def test_addresses_through_buses() -> None:
    """What the CPU sees: through ``ranges``, an empty one, and none at all."""
    body = """
    soc { #address-cells = <2>; #size-cells = <1>; ranges = <1 0 0 0x40000000 0x10000>;
        sram@1 { #address-cells = <1>; #size-cells = <1>; ranges = <0 1 0x100 0x1000>;
            in: in@10 { reg = <0x10 0x20>; }; out: out@ff0 { reg = <0xff0 0x20>; }; }; };
    flat { #address-cells = <1>; #size-cells = <1>; ranges; f: f { reg = <5 6>, <7 8>; }; };
    i2c { #address-cells = <1>; #size-cells = <0>; chip: chip@5 { reg = <5>; }; };
    """
    labels = tree_of(body).labels
    assert regions(labels["in"]) == ((0x40000110, 0x20),)
    assert regions(labels["out"]) == ()
    assert regions(labels["f"]) == ((5, 6), (7, 8))
    assert regions(labels["chip"]) == ()


def test_memory_and_what_is_kept_from_it() -> None:
    tree = tree_of(
        'memory { device_type = "memory"; reg = <0 0x80000000 0x1000>; };'
        "reserved-memory { #address-cells = <1>; #size-cells = <1>; ranges; r { reg = <1 2>; }; };"
    )
    assert memory(tree) == ((0x80000000, 0x1000),)
    assert list(reserved(tree)) == [(1, 2)]
