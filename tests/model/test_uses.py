"""From what devices consume to what their agents are granted."""

import pytest
from support import diagnostics, grants, model_of, numbers, soc, soc_model, told, tree_of, wrong

from scmigen.bindings.facts import Use
from scmigen.model.platform import Model
from scmigen.scmi.protocols import Kind

OSC = """
osc: osc { compatible = "fixed-clock"; #clock-cells = <0>; };
half: half { compatible = "fixed-factor-clock"; #clock-cells = <0>; clocks = <&cc 1>; };
quarter: quarter { compatible = "fixed-factor-clock"; #clock-cells = <0>; clocks = <&half>; };
rail: rail { compatible = "regulator-fixed"; vin-supply = <&vdd>; };
"""


def because(model: Model, resource: str) -> list[tuple[str, str, int, tuple[str, ...]]]:
    kind, number = resource.split()
    return [
        (use.consumer.name, use.prop, use.index, use.via)
        for grant in model.platforms[0].all_grants
        if grant.resource.kind == kind and grant.resource.key.cells == (int(number),)
        for use in grant.because
        if isinstance(use, Use)
    ]


GRANTS = [
    ("clocks = <&cc 1>, <0>, <&cc 3>;", {"clock cc 1": "state read", "clock cc 3": "state read"}),
    ("clocks = <&osc>;", {}),
    (
        "power-domains = <&pc 1>; resets = <&rc 2>;",
        {"power pc 1": "state read", "reset rc 2": "reset"},
    ),
    (
        "vdd-supply = <&vdd>; vqmmc-supply = <&vio>;",
        {"voltage vdd": "state read", "voltage vio": "state read"},
    ),
    ("vqmmc-supply = <&vdd>;", {"voltage vdd": "state level read"}),
    # Rates and parents: they imply read, and the parent must be visible.
    (
        "assigned-clocks = <&cc 1>; assigned-clock-rates = <5>; assigned-clock-parents = <&cc 2>;",
        {"clock cc 1": "rate parent read", "clock cc 2": "read"},
    ),
    (
        "clocks = <&cc 1>; assigned-clocks = <&cc 1>; assigned-clock-rates = <5>;",
        {"clock cc 1": "state rate read"},
    ),
    # Through fixed providers: state and read of the same kind, nothing else.
    ("clocks = <&half>;", {"clock cc 1": "state read"}),
    ("clocks = <&quarter>;", {"clock cc 1": "state read"}),
    ("a-supply = <&rail>;", {"voltage vdd": "state read"}),
    ("assigned-clocks = <&half>; assigned-clock-rates = <5>;", {"clock cc 1": "read"}),
]


@pytest.mark.parametrize(("body", "expected"), GRANTS)
def test_grants(body: str, expected: dict[str, str]) -> None:
    model = soc_model(f"{OSC} d {{ {body} }};")
    assert grants(model, "ospm") == expected
    assert not told(model)


def test_fixed_providers_are_never_devices() -> None:
    """Nobody uses these; what they consume is granted to nobody."""
    assert grants(soc_model(OSC), "ospm") == {}


def test_passing_on_keeps_to_the_kind() -> None:
    """A PHY named as a fixed parent gives no agent its reset or power domain."""
    body = """
    phy: phy { #clock-cells = <0>; clocks = <&cc 1>; resets = <&rc 1>; power-domains = <&pc 1>; };
    d { clocks = <&phy>; };
    """
    model = soc_model(body, 'platform: {fixed: ["&phy"]}')
    assert grants(model, "a") == {"clock cc 1": "state read"}


def test_a_fixed_clock_of_several_parents_passes_on_to_all_of_them() -> None:
    """A mux that nobody switches, as the time stamping of am335x has one: the tree does not say
    which parent it has, so the device's agent may turn on each."""
    body = """
    mux: mux { #clock-cells = <0>; clocks = <&cc 5>, <&cc 3>; };
    half: half { compatible = "fixed-factor-clock"; #clock-cells = <0>; clocks = <&mux>; };
    d { clocks = <&cc 7>, <&half>; clock-names = "fck", "cpts"; };
    """
    model = soc_model(body, 'platform: {fixed: ["&mux"]}')
    assert grants(model, "a") == dict.fromkeys(
        ("clock cc 3", "clock cc 5", "clock cc 7"), "state read"
    )
    assert [because(model, f"clock {number}") for number in (3, 5)] == [
        [("d", "clocks", 1, ("/half", "/mux"))]
    ] * 2
    names = {r.key.cells: r.name for r in model.platforms[0].resources[Kind.CLOCK]}
    assert names == {(3,): "d-cpts", (5,): "d-cpts~1", (7,): "d-fck"}


def test_passing_on_gives_no_rate() -> None:
    """Though the device asks the fixed clock for a rate, and that its own input."""
    body = """
    fixed: fixed { compatible = "fixed-factor-clock"; #clock-cells = <0>;
        assigned-clocks = <&cc 1>; assigned-clock-rates = <5>; };
    d { assigned-clocks = <&fixed>; assigned-clock-rates = <5>; };
    """
    assert grants(soc_model(body), "ospm") == {"clock cc 1": "read"}


def test_because_names_the_entry_and_the_nodes_in_between() -> None:
    model = soc_model(
        f"{OSC} e {{ clocks = <0>, <&quarter>; }};"
        "d { assigned-clocks = <0>, <&cc 7>; assigned-clock-rates = <0>, <5>;"
        " assigned-clock-parents = <0>, <&cc 8>; };"
    )
    assert because(model, "clock 1") == [("e", "clocks", 1, ("/quarter", "/half"))]
    assert because(model, "clock 7") == [
        ("d", "assigned-clocks", 1, ()),
        ("d", "assigned-clocks", 1, ()),
    ]
    assert because(model, "clock 8") == [("d", "assigned-clock-parents", 1, ())]


def test_fixed_providers_in_a_circle() -> None:
    body = """
    x: x { compatible = "fixed-factor-clock"; #clock-cells = <0>; clocks = <&y>; };
    y: y { compatible = "fixed-factor-clock"; #clock-cells = <0>; clocks = <&x>, <&cc 1>; };
    d { clocks = <&x>; };
    """
    assert grants(soc_model(body), "ospm") == {"clock cc 1": "state read"}


@pytest.mark.parametrize(("parent", "severity"), [("&osc", "note"), ("&phy", "warning")])
def test_a_parent_without_an_scmi_id_cannot_be_named(parent: str, severity: str) -> None:
    body = (
        f"{OSC} phy: phy {{ #clock-cells = <0>; #phy-cells = <0>; }};"
        f"d {{ assigned-clocks = <&cc 1>; assigned-clock-parents = <{parent}>; }};"
    )
    model = soc_model(body)
    assert grants(model, "ospm") == {}
    assert told(model) == [(severity, "parent-unnamed")]


def test_a_clock_whose_parent_cannot_be_named_keeps_its_number() -> None:
    body = f"{OSC} d {{ clocks = <&cc 0>, <&cc 2>; assigned-clocks = <&cc 1>;"
    model = soc_model(f"{body} assigned-clock-parents = <&osc>; }};")
    assert numbers(model) == {"clock cc 0": 0, "clock cc 1": 1, "clock cc 2": 2}


def test_an_agent_that_may_not_set_a_parent_reads_neither_clock() -> None:
    body = "d { assigned-clocks = <&cc 1>; assigned-clock-parents = <&cc 2>; clocks = <&cc 3>; };"
    body += "e: e { clocks = <&cc 1>; }; f { clocks = <&cc 2>; };"
    owner = "\nplatform: {owners: [{clock: '&cc 1', agent: b}]}"
    model = soc_model(body, '    access: [{dev: "&e"}]' + owner)
    assert grants(model, "a") == {"clock cc 2": "state read", "clock cc 3": "state read"}
    # Nor are they brought by the device.
    assert [use.prop for use in model.platforms[0].devices[0].uses] == ["clocks"]


PROTECTED = """
gcc: gcc { #clock-cells = <1>; protected-clocks = <3>, <7>; };
d1 { clocks = <&gcc 3>; };
d2 { clocks = <&gcc 4>; };
"""


def test_protected_clocks_are_somebody_elses() -> None:
    model = soc_model(PROTECTED)
    assert grants(model, "ospm") == {"clock gcc 4": "state read"}
    assert told(model) == [("error", "clock-protected")]


def test_a_protected_clock_is_not_given_by_hand_either() -> None:
    body = "gcc: gcc { #clock-cells = <1>; protected-clocks = <3>; }; d { clocks = <&gcc 4>; };"
    model = soc_model(body, '    grant: [{clock: "&gcc 3", operations: [read]}]')
    assert ("error", "clock-protected") in told(model)


def test_nobody_uses_a_protected_clock() -> None:
    assert not told(soc_model("gcc: gcc { #clock-cells = <1>; protected-clocks = <3>; };"))


DEVICES = """
host { compatible = "acme,host"; reg = <1>;
    host-port { clocks = <&cc 1>; };
    sub { compatible = "acme,sub"; clocks = <&cc 2>; }; };
zone { thermal { trip { clocks = <&cc 3>; }; }; };
"""


def test_a_node_without_compatible_is_part_of_the_device_above() -> None:
    devices = soc_model(DEVICES).platforms[0].devices
    assert [(device.node.path, device.number) for device in devices] == [
        ("/host", 0),
        ("/host/sub", 1),
    ]


@pytest.mark.parametrize("status", ["disabled", "reserved", "fail", "fail-sss"])
def test_what_is_not_enabled_gets_nothing(status: str) -> None:
    body = f'd: d {{ clocks = <&cc 1>; status = "{status}"; }};'
    assert grants(soc_model(body), "ospm") == {}
    model = soc_model(body, '    access: [{dev: "&d"}]')
    assert grants(model, "b") == {}
    check = "device-reserved" if status == "reserved" else "device-disabled"
    assert told(model) == [("warning", check)]


TRUSTED = 'd: d { clocks = <&cc 1>; status = "disabled"; secure-status = "okay"; };'
SECURE = """
domains:
  os: {id: 1, scmi: {role: ospm}, default: true}
  tee: {id: 2, scmi: {role: secure}, access: [%s]}
"""


def test_secure_only_devices_without_an_agents_file() -> None:
    assert grants(soc_model(TRUSTED), "secure") == {"clock cc 1": "state read"}


@pytest.mark.parametrize("entry", ["", '{dev: "&d"}'], ids=["unnamed", "named"])
def test_secure_only_devices_go_to_the_secure_agent(entry: str) -> None:
    model = model_of(soc(TRUSTED), SECURE % entry)
    assert grants(model, "tee") == {"clock cc 1": "state read"}
    assert grants(model, "os") == {}
    assert not told(model)


def test_a_secure_only_device_given_to_another_agent() -> None:
    model = soc_model(TRUSTED, '    access: [{dev: "&d"}]')
    assert grants(model, "b") == {}
    assert told(model) == [("warning", "device-secure")]


def test_a_device_at_boot_keeps_what_it_needs_on() -> None:
    """The console, the platform's own devices, and the domains above theirs; boot-on regulators."""
    tree = tree_of(
        """
        chosen { stdout-path = "/serial@1"; };
        cc: cc { #clock-cells = <1>; };
        serial@1 { clocks = <&cc 1>; power-domains = <&gpu>; };
        d { clocks = <&cc 2>; power-domains = <&isp>; a-supply = <&on>; b-supply = <&off>; };
        own: own { clocks = <&cc 3>; };
        pmu: pmu { #power-domain-cells = <1>; top: power-domain@0 { reg = <0>;
            #power-domain-cells = <0>;
            gpu: power-domain@1 { reg = <1>; #power-domain-cells = <0>; }; };
            isp: power-domain@2 { reg = <2>; #power-domain-cells = <0>; }; };
        on: on { regulator-boot-on; }; off: off { };
        x { power-domains = <&top>; };
        """
    )
    text = 'domains: {a: {id: 1, default: true}}\nplatform: {devices: ["&own"]}'
    platform = model_of(tree, text).platforms[0]
    on = {
        (str(kind), *resource.key.cells) if resource.key.cells else resource.node.name
        for kind, resources in platform.resources.items()
        for resource in resources
        if resource.facts.on
    }
    assert on >= {("clock", 1), ("power", 0), ("power", 1), "on"}
    assert not on & {("clock", 2), ("power", 2), "off"}


def test_diagnostics_point_at_the_use() -> None:
    (found,) = diagnostics(soc_model("\n\n  d { clocks = <&cc 1>;\n assigned-clocks = <&cc 1>;\n"
        " assigned-clock-parents = <&osc>; }; osc: osc { compatible = \"fixed-clock\";"
        " #clock-cells = <0>; };"), "parent-unnamed")  # fmt: skip
    assert str(found.position) == "board.dts:4:21"


SENSORS = """
i2c: i2c@1 { compatible = "acme,i2c"; u76: ina@40 { compatible = "acme,ina"; reg = <0x40>;
    #io-channel-cells = <1>; #thermal-sensor-cells = <1>; }; };
"""

LISTS = [
    pytest.param('l { compatible = "iio-hwmon"; io-channels = <&u76 0>; };', id="iio-hwmon"),
    pytest.param("l { thermal-sensors = <&u76 0>; };", id="thermal zone"),
]


@pytest.mark.parametrize("sensors", LISTS)
def test_a_list_of_another_agents_sensors_is_only_a_warning(sensors: str) -> None:
    """It is no device: its driver does without what it cannot read."""
    model = soc_model(SENSORS + sensors, '    access: [{dev: "&i2c"}]')
    assert ("warning", "local-foreign") in told(model)
    assert wrong(model) == []
    assert grants(model, "a") == grants(model, "b") == {}


def test_a_device_is_no_list_of_sensors() -> None:
    device = 'l { compatible = "adc-keys"; io-channels = <&u76 0>; };'
    assert wrong(soc_model(SENSORS + device, '    access: [{dev: "&i2c"}]')) == ["local-foreign"]
