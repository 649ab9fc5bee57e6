"""What is on at boot, and what the platform keeps on."""

from support import grants, model_of, soc

from scmigen import Kind

LINUX = "domains: {linux: {id: 1, default: true, scmi: {role: ospm}}}\n"
CPU = 'cpus { cpu { device_type = "cpu"; clocks = <&cc 1>; }; };'


def test_always_on_is_a_permanent_vote_for_a_resource_and_what_it_depends_on() -> None:
    body = """
    blk: blk { compatible = "acme,blk"; #clock-cells = <1>; power-domains = <&pc 3>; };
    d { power-domains = <&pc 3>, <&pc 4>; clocks = <&blk 2>, <&cc 1>; };
    """
    model = model_of(soc(body), LINUX + 'platform: {always-on: [{clock: "&blk 2"}]}')
    kept = {
        (kind, resource.key.cells): (resource.facts.on, resource.facts.always_on)
        for kind in (Kind.CLOCK, Kind.POWER)
        for resource in model.platforms[0].resources[kind]
    }
    assert kept == {
        (Kind.CLOCK, (2,)): (True, True),
        (Kind.CLOCK, (1,)): (False, False),
        (Kind.POWER, (3,)): (True, True),
        (Kind.POWER, (4,)): (False, False),
    }
    assert grants(model, "linux")["clock blk 2"] == "state read"


def test_what_runs_before_any_agent_is_on_at_boot() -> None:
    body = CPU + 'd { clocks = <&cc 2>, <&cc 3>; }; r { clocks = <&cc 3>; status = "reserved"; };'
    model = model_of(soc(body), LINUX)
    clocks = model.platforms[0].resources[Kind.CLOCK]
    assert {r.key.cells: r.facts.on for r in clocks} == {(1,): True, (2,): False, (3,): True}


def kept_clocks(body: str, agents: str) -> dict[tuple[int, ...], bool]:
    """The cells of the clocks of ``&cc`` and whether each stays on for good."""
    (platform,) = model_of(soc(body), agents).platforms
    clocks = platform.resources[Kind.CLOCK]
    of_cc = [clock for clock in clocks if clock.key.provider == "/clock-controller@1000"]
    assert all(platform.keeps_on(clock.key) == clock.facts.always_on for clock in of_cc)
    return {clock.key.cells: clock.facts.always_on for clock in of_cc}


OWN = LINUX + 'platform: {devices: ["&wdt"]}'


def test_what_a_device_of_the_platform_gets_through_a_fixed_clock_stays_on() -> None:
    body = """
    ff: ff { compatible = "fixed-factor-clock"; clocks = <&cc 7>; clock-div = <2>;
        clock-mult = <1>; #clock-cells = <0>; };
    gate: gate { compatible = "fixed-factor-clock"; clocks = <&ff>; clock-div = <2>;
        clock-mult = <1>; #clock-cells = <0>; };
    wdt: w@4000 { compatible = "acme,wdt"; clocks = <&gate>; };
    d { clocks = <&cc 7>, <&cc 8>; };
    """
    assert kept_clocks(body, OWN) == {(7,): True, (8,): False}


#: A controller of clocks with an input of its own, and what the platform has of it.
INPUT = """
    sub: sub@3000 { compatible = "acme,sub"; reg = <0x3000 0x100>; #clock-cells = <1>;
        clocks = <&cc 8>; };
    wdt: w@4000 { compatible = "acme,wdt"; clocks = <&sub 0>; };
    d { clocks = <&cc 8>, <&cc 9>, <&sub 1>; };
    """


def test_what_feeds_a_provider_of_a_device_of_the_platform_stays_on() -> None:
    agents = LINUX + 'platform: {devices: ["&wdt"], managed: ["&sub"]}'
    assert kept_clocks(INPUT, agents) == {(8,): True, (9,): False}


def test_what_a_provider_that_is_a_device_of_the_platform_takes_stays_on() -> None:
    agents = LINUX + 'platform: {devices: ["&sub"]}'
    assert kept_clocks(INPUT, agents) == {(8,): True, (9,): False}


def test_a_provider_with_a_clock_that_agents_alone_use_keeps_nothing_on() -> None:
    agents = LINUX + 'platform: {managed: ["&sub"]}'
    assert kept_clocks(INPUT, agents) == {(8,): False, (9,): False}


def test_the_parent_that_a_device_of_the_platform_sets_stays_on() -> None:
    body = """
    wdt: w@4000 { compatible = "acme,wdt"; clocks = <&cc 2>; assigned-clocks = <&cc 2>;
        assigned-clock-parents = <&cc 5>; };
    d { clocks = <&cc 2>, <&cc 5>, <&cc 8>; };
    """
    assert kept_clocks(body, OWN) == {(2,): True, (5,): True, (8,): False}
    (platform,) = model_of(soc(body), OWN).platforms
    assert {key.cells for key in platform.own} == {(2,), (5,)}
