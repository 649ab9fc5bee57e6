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
