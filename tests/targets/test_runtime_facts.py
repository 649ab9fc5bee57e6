"""The runtime configuration of a tree: latencies, what runs on what, and what a user adds."""

import json
from typing import Any

import pytest
from support import TWO_AGENTS, diagnostics, model_of, soc, soc_model, tree_of

from scmigen.model.platform import Model
from scmigen.pipeline import emit_outputs, extra_problems
from scmigen.runtime import encode
from scmigen.targets.runtime.configuration import to_runtime


def configuration(model: Model) -> dict[str, Any]:
    (platform,) = model.platforms
    found: dict[str, Any] = json.loads(encode(to_runtime(platform)))
    return found


def named(things: list[dict[str, Any]], name: str) -> dict[str, Any]:
    (found,) = (thing for thing in things if thing["name"] == name)
    return found


OPPS = """t: t { opp-shared; o1 { opp-hz = <0 500000000>; opp-microvolt = <700000>; };
    o2 { opp-hz = <0 900000000>; opp-microvolt = <850000>; opp-microwatt = <1500001>;
         clock-latency-ns = <300001>; }; };"""
CPU = 'cpu { compatible = "acme,cpu"; operating-points-v2 = <&t>; clocks = <&cc 1>; %s };'


def test_agents_have_the_profile_that_their_program_speaks() -> None:
    agents = """domains:
  linux: {id: 1, default: true, scmi: {profile: linux-6.6}}
  vm: {id: 2, scmi: {role: vm}}
"""
    linux, vm = configuration(model_of(soc("d { clocks = <&cc 1>; };"), agents))["agents"]
    assert linux["profile"] == "3.1"
    assert "profile" not in vm  # the newest


def test_the_time_before_a_graceful_shutdown_is_that_of_the_agents_file() -> None:
    body = "d { clocks = <&cc 1>; };"
    made = configuration(soc_model(body, "platform: {system-power: {grace: 5000}}\n"))
    assert made["system_power_grace"] == 5000
    assert "system_power_grace" not in configuration(soc_model(body))


def test_levels_have_the_latency_and_power_of_their_opp() -> None:
    """From ns to µs, rounded up, and µW (Linux ``Bindings/opp/opp-v2-base.yaml``)."""
    made = configuration(soc_model(OPPS + CPU % "cpu-supply = <&vdd>;"))
    (domain,) = made["performance_domains"]
    assert domain["levels"] == [
        {"level": 500_000, "frequency": 500_000, "voltage": 700_000},
        {
            "level": 900_000,
            "frequency": 900_000,
            "voltage": 850_000,
            "power": 1_500_001,
            "latency": 301,
        },
    ]
    assert made["performance_power"] == "uW"


#: The A53 cluster of Juno r0 in kHz and µV: 0.14 mW per MHz and V². SCP-firmware has the same
#: points as literals, ``(uint32_t)(0.14 * 450 * 0.820 * 0.820)`` mW and so on: 42.3612, 58.16125
#: and 119 mW (product/juno/scp_ramfw/config_dvfs.c).
JUNO = ((450_000, 820_000), (575_000, 850_000), (850_000, 1_000_000))


def opps(*points: tuple[int, int]) -> str:
    return "".join(
        f"o{khz} {{ opp-hz = <0 {khz * 1000}>; opp-microvolt = <{microvolts}>; }}; "
        for khz, microvolts in points
    )


def powers(body: str) -> tuple[object, list[int]]:
    made = configuration(soc_model(body))
    (domain,) = made["performance_domains"]
    return made["performance_power"], [level.get("power", 0) for level in domain["levels"]]


def test_power_follows_from_the_coefficient_of_a_device() -> None:
    """In µW, rounded up."""
    body = f"t: t {{ {opps(*JUNO)} }};" + CPU % "dynamic-power-coefficient = <140>;"
    assert powers(body) == ("uW", [42_362, 58_162, 119_000])


def test_power_of_shared_tables_is_that_of_the_first_device_that_has_one() -> None:
    cpus = "".join(
        (CPU % more).replace("cpu {", f"{name} {{", 1)
        for name, more in (
            ("a", ""),
            ("b", "dynamic-power-coefficient = <140>;"),
            ("c", "dynamic-power-coefficient = <530>;"),
        )
    )
    assert powers(f"t: t {{ opp-shared; {opps(JUNO[2])} }}; {cpus}") == ("uW", [119_000])


UNKNOWN_POWER = [
    pytest.param(opps(JUNO[0]), "", id="no coefficient"),
    pytest.param(opps(JUNO[0]), "dynamic-power-coefficient = <0>;", id="a coefficient of 0"),
    pytest.param("o { opp-hz = <0 5>; };", "dynamic-power-coefficient = <140>;", id="no voltage"),
]


@pytest.mark.parametrize(("points", "more"), UNKNOWN_POWER)
def test_without_a_power_the_scale_is_abstract(points: str, more: str) -> None:
    assert powers(f"t: t {{ {points} }};" + CPU % more) == ("abstract", [0])


def test_powers_of_opps_are_used_in_place_of_the_coefficient() -> None:
    """As in Linux: where one OPP has a power, those of all come from the OPPs; one value for each
    supply, which add up."""
    body = OPPS.replace("<1500001>", "<1500000>, <1>") + CPU % "dynamic-power-coefficient = <140>;"
    assert powers(body) == ("uW", [0, 1_500_001])


@pytest.mark.parametrize(
    ("turbo", "sustained"), [((), 2), ((2,), 1), ((1, 2), 0), ((0, 1, 2), 2), ((1,), 2)]
)
def test_a_domain_sustains_the_highest_level_without_turbo_mode(
    turbo: tuple[int, ...], sustained: int
) -> None:
    """``turbo-mode``: for a short duration (Linux ``Bindings/opp/opp-v2-base.yaml``)."""
    opps = "".join(
        f"o{number} {{ opp-hz = <0 {number + 1}000>; {'turbo-mode;' if number in turbo else ''} }};"
        for number in range(3)
    )
    (domain,) = configuration(soc_model(f"t: t {{ {opps} }};" + CPU % ""))["performance_domains"]
    assert domain.get("sustained", 0) == sustained


def test_the_latency_of_an_old_table_is_that_of_the_device() -> None:
    old = 'cpu { compatible = "acme,cpu"; operating-points = <500 7 900 8>; clocks = <&cc 1>; '
    made = configuration(soc_model(old + "clock-latency = <61036>; };"))
    assert [level["latency"] for level in made["performance_domains"][0]["levels"]] == [62, 62]


def test_a_performance_domain_sets_its_clock_and_supply() -> None:
    """These have the rates and voltages of the levels, and at boot those of the level at boot."""
    made = configuration(soc_model(OPPS + CPU % "cpu-supply = <&vdd>;"))
    (domain,), (clock,), (supply,) = (
        made[what] for what in ("performance_domains", "clocks", "voltage_domains")
    )
    assert (domain["clock"], domain["supply"], domain["sustained"]) == (0, 0, 1)
    assert (clock["rates"], clock["rate"]) == ([500_000_000, 900_000_000], 900_000_000)
    # Between the lowest and the highest voltage that the regulator has.
    assert supply["levels"] == [700_000, 850_000, 900_000]
    assert supply["level"] == 850_000


def test_what_two_domains_would_set_neither_does() -> None:
    two = "cpu-supply = <&vdd>;"
    body = OPPS + CPU % two + (OPPS.replace("t: t", "u: u") + CPU % two).replace("&t>", "&u>")
    made = configuration(soc_model(body.replace("cpu {", "cpu@1 {", 1)))
    assert [domain.get("supply") for domain in made["performance_domains"]] == [None, None]
    assert [domain.get("clock") for domain in made["performance_domains"]] == [None, None]


RAIL = """rails2 { compatible = "acme,rails"; %s low: low { regulator-min-microvolt = <500000>;
    regulator-max-microvolt = <1000000>; regulator-ramp-delay = <3000>; vin-supply = <&vio>;
    regulator-enable-ramp-delay = <100>; }; };"""


@pytest.mark.parametrize(
    ("more", "latency"),
    [("", 167), ("regulator-settling-time-us = <400>;", 400)],
)
def test_a_supply_takes_its_ramp_and_hangs_below_another(more: str, latency: int) -> None:
    """500 mV at 3000 µV/µs are 166.7 µs (Linux ``Bindings/regulator/regulator.yaml``)."""
    rail = (RAIL % "").replace("regulator-enable", more + " regulator-enable")
    made = configuration(soc_model(rail + "d { a-supply = <&low>; b-supply = <&vio>; };"))
    low, vio = named(made["voltage_domains"], "low"), named(made["voltage_domains"], "vio")
    assert low["latency"] == latency
    assert low["parent"] == vio["id"]


IDLE = """s: s { entry-latency-us = <100>; exit-latency-us = <250>; };
    p: power-controller@9 { compatible = "acme,p"; #power-domain-cells = <0>;
        domain-idle-states = <&s>; %s };"""


def test_a_power_domain_takes_as_long_as_its_idle_state() -> None:
    made = configuration(soc_model(IDLE % "" + "d { power-domains = <&p>; };"))
    assert made["power_domains"][0]["latency"] == 350


BLOCK = """blk: block@8 { compatible = "acme,blk"; #clock-cells = <1>; power-domains = <&pc 4>; };
    d: d { compatible = "acme,d"; clocks = <&blk 1>; power-domains = <&pc 4>; };
    e: e { compatible = "acme,e"; clocks = <&blk 1>; %s };"""


def test_a_clock_runs_while_its_controllers_domain_is_on() -> None:
    made = configuration(soc_model(BLOCK % ""))
    assert made["clocks"][0]["power"] == made["power_domains"][0]["id"] == 0


def test_where_an_agent_cannot_turn_the_domain_on_the_platform_does() -> None:
    """Agent b has the clock, and no device in the domain: nothing may hang on a's votes."""
    access = '    access: [{dev: "&e"}]'
    made = configuration(soc_model(BLOCK % "", access))
    assert "power" not in made["clocks"][0]
    both = configuration(soc_model(BLOCK % "power-domains = <&pc 4>;", access))
    assert both["clocks"][0]["power"] == 0


def test_what_the_console_needs_is_on_with_all_it_runs_on() -> None:
    body = BLOCK % "" + 'chosen { stdout-path = "/d"; };'
    made = configuration(soc_model(body))
    assert made["clocks"][0]["enabled"]
    assert made["power_domains"][0]["enabled"]


def test_a_domain_has_its_supply() -> None:
    made = configuration(soc_model(IDLE % "domain-supply = <&vdd>;"
        + "d { power-domains = <&p>; a-supply = <&vdd>; };"))  # fmt: skip
    assert made["power_domains"][0]["supply"] == made["voltage_domains"][0]["id"]


# What no tree says

DEVICE = 'd { compatible = "acme,d"; clocks = <&cc 1>; };'
AGENTS = TWO_AGENTS + "platform:\n  extra:\n"
EXTRA = """    clocks: {d: {latency: 2000, asynchronous: true}}
    powercaps: {soc: {id: 0, node: "", minimum_cap: 1000, maximum_cap: 9000}}
    sensors: {board: {id: 0, node: /board, minimum: -40}}
    agents: {a: {grants: {powercap: [{id: 0, resource: 0, operations: [config, read]}]}}}
"""


def test_extra_is_laid_over_what_the_tree_says() -> None:
    made = configuration(model_of(soc(DEVICE), AGENTS + EXTRA))
    (clock,) = made["clocks"]
    assert (clock["latency"], clock["asynchronous"], clock["node"]) == (
        2000, True, "/clock-controller@1000",
    )  # fmt: skip
    assert named(made["powercaps"], "soc")["maximum_cap"] == 9000
    assert named(made["sensors"], "board")["minimum"] == -40
    grants = named(made["agents"], "a")["grants"]
    assert grants["powercap"][0]["operations"] == ["config", "read"]
    assert grants["clock"]


WRONG = [
    ("    powercaps: {soc: {id: 0}}", "required field"),
    ("    clocks: {d: {latencies: 1}}", "latencies"),
    ("    clocks: {d: {latency: fast}}", "latency"),
    ("    agents: {a: {grants: {pin: [{id: 0, resource: 7, operations: [read]}]}}}", "no such"),
    # No check would know what it may do.
    ("    agents: {c: {id: 3, role: other}}", "there is no agent 'c'"),
]


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_extra_that_does_not_fit(text: str, message: str) -> None:
    model = model_of(soc(DEVICE), AGENTS + text)
    (found,) = extra_problems(model)
    assert (found.id, found.severity.word) == ("platform-extra", "error")
    assert message in found.message
    assert found.position is not None
    assert found.position.line == AGENTS.count("\n") + 1


def test_extra_belongs_to_the_first_instance() -> None:
    tree = tree_of(
        'one { compatible = "arm,scmi"; a: protocol@14 { reg = <0x14>; #clock-cells = <1>; }; };'
        'two { compatible = "arm,scmi"; b: protocol@14 { reg = <0x14>; #clock-cells = <1>; }; };'
        "d { clocks = <&a 1>, <&b 1>; };"
    )
    model = model_of(
        tree, AGENTS + '    powercaps: {x: {id: 0, node: "", minimum_cap: 1, maximum_cap: 2}}'
    )
    assert not diagnostics(model, "platform-extra")
    assert [len(to_runtime(platform).powercaps) for platform in model.platforms] == [1, 0]


def test_a_value_that_no_server_could_read_is_an_error_of_this_output() -> None:
    """0xffffffff Hz in the upper cell, as where the two cells are swapped."""
    table = "t: t { o { opp-hz = <0xffffffff 0>; }; };"
    model = soc_model(
        table + 'd { compatible = "acme,d"; operating-points-v2 = <&t>; clocks = <&cc 1>; };'
    )
    files, found, *_ = emit_outputs(model, ["runtime"], explicit=True)
    assert files == ()
    (told,) = found
    assert (told.id, told.severity.word) == ("runtime-range", "error")
    assert told.position is not None
    left, warned, *_ = emit_outputs(model, ["runtime", "headers"], explicit=False)
    assert {file.path.partition("/")[0] for file in left} == {"headers"}
    assert [item.id for item in warned] == ["output-left-out"]


def test_a_number_of_an_agent_that_no_server_could_read_is_an_error_too() -> None:
    tree = tree_of(
        'scmi { compatible = "arm,scmi"; a: protocol@14 { reg = <0x14>; #clock-cells = <1>; }; };'
        "d { clocks = <&a 0x10000>; };"
    )
    (told,) = emit_outputs(model_of(tree), ["runtime"], explicit=True).diagnostics
    assert (told.id, told.severity.word) == ("runtime-range", "error")
    assert "ospm" in told.message
