"""References of an agent's tree: what each trap of SCMI's device tree must become, by hand.

The blob is read again, and each phandle is followed to the node it leads to. Numbers are by hand:
a resource is numbered by the path of its provider, then by its cells, from 0.
"""

from pathlib import Path

import pytest
from consumer_trees import AGENTS, cells_of, made, refers, status, told
from support import source, written

import scmigen
from scmigen.devicetree.blob import read_blob

#: A clock controller, whose clocks 1, 4, 7 and 9 get the numbers 0 to 3.
CC = 'cc: cc@1000 { compatible = "acme,cc"; reg = <0x1000>; #clock-cells = <1>; };'
CLK, PD, PERF, RST = (f"/firmware/scmi/protocol@{number}" for number in (14, 11, 13, 16))


def test_clocks_keep_their_names_and_order() -> None:
    tree = made(
        CC
        + """
    dev@2000 { compatible = "acme,dev"; reg = <0x2000>;
               clocks = <&cc 9>, <&cc 1>, <&cc 4>; clock-names = "c", "a", "b"; };
    other@3000 { compatible = "acme,dev"; reg = <0x3000>; clocks = <&cc 7>; };
    """
    )
    found = refers(tree, "/dev@2000", "clocks", 1)
    assert found == [(CLK, 3), (CLK, 0), (CLK, 1)]
    node = tree.node("/dev@2000")
    assert node is not None
    assert node.strings("clock-names") == ("c", "a", "b")


def test_an_overlay_of_the_board_keeps_its_own_labels(tmp_path: Path) -> None:
    # The label of the overlay is another node's in the board, and in no __symbols__.
    board = written(tmp_path / "board.dts", source(CC + "same: there@5 { reg = <5>; };"))
    over = written(
        tmp_path / "over.dts",
        """/dts-v1/; /plugin/; &{/} { same: here@6 { reg = <6>; };
        dev@2000 { compatible = "d"; reg = <0x2000>; clocks = <&cc 9>; uses = <&same>; }; };""",
    )
    result = scmigen.compile(scmigen.load(board, overlays=[over]))
    (blob,) = [f for f in scmigen.emit(result, ["consumer"]).files if f.path.endswith(".dtb")]
    tree = read_blob(blob.content, "made.dtb")
    assert refers(tree, "/dev@2000", "uses", 0) == [("/here@6",)]
    assert refers(tree, "/dev@2000", "clocks", 1) == [(CLK, 0)]


def test_an_empty_slot_stays_an_empty_slot() -> None:
    body = CC + 'dev@2000 { compatible = "d"; reg = <0x2000>; clocks = <0>, <&cc 1>; };'
    assert refers(made(body), "/dev@2000", "clocks", 1) == [None, (CLK, 0)]


@pytest.mark.parametrize(
    ("cells", "entries"), [(0, "<&pc>"), (2, "<&pc 5 1>")], ids=["none", "two"]
)
def test_the_old_cells_are_those_of_the_old_provider(cells: int, entries: str) -> None:
    body = f"""
    pc: pc@1000 {{ compatible = "acme,pc"; reg = <0x1000>; #power-domain-cells = <{cells}>; }};
    dev@2000 {{ compatible = "d"; reg = <0x2000>; power-domains = {entries}; }};
    """
    assert refers(made(body), "/dev@2000", "power-domains", 1) == [(PD, 0)]


def test_nested_domains_become_numbers_of_one_controller() -> None:
    body = """
    gpc@1000 { compatible = "acme,gpc"; reg = <0x1000>;
        pgc { #address-cells = <1>; #size-cells = <0>;
            a: power-domain@3 { reg = <3>; #power-domain-cells = <0>; };
            b: power-domain@8 { reg = <8>; #power-domain-cells = <0>; };
        };
    };
    dev@2000 { compatible = "d"; reg = <0x2000>; power-domains = <&b>, <&a>; };
    """
    assert refers(made(body), "/dev@2000", "power-domains", 1) == [(PD, 1), (PD, 0)]


def test_resets_of_two_cells_become_one() -> None:
    body = """
    rc: rc@1000 { compatible = "acme,rc"; reg = <0x1000>; #reset-cells = <2>; };
    dev@2000 { compatible = "d"; reg = <0x2000>; resets = <&rc 0x40 3>, <&rc 0x40 1>; };
    """
    assert refers(made(body), "/dev@2000", "resets", 1) == [(RST, 1), (RST, 0)]


def test_an_operation_that_another_agent_owns_leaves_a_null_in_its_place() -> None:
    body = (
        CC
        + """
    dev: dev@2000 { compatible = "d"; reg = <0x2000>; clocks = <&cc 1>;
        assigned-clocks = <&cc 4>, <&cc 1>, <&cc 7>;
        assigned-clock-parents = <0>, <0>, <&cc 9>;
        assigned-clock-rates = <1000000>, <2000000>; };
    their: their@3000 { compatible = "d"; reg = <0x3000>; clocks = <&cc 1>; };
    """
    )
    agents = AGENTS + 'platform: {owners: [{clock: "&cc 1", agent: vm}]}'
    tree = made(body, agents)
    assert refers(tree, "/dev@2000", "assigned-clocks", 1) == [(CLK, 1), None, (CLK, 2)]
    assert refers(tree, "/dev@2000", "assigned-clock-parents", 1) == [None, None, (CLK, 3)]
    node = tree.node("/dev@2000")
    assert node is not None
    assert node.cells("assigned-clock-rates") == (1000000, 0)
    (note,) = [item for item in told(body, agents) if item.id == "consumer-assigned"]
    assert "linux may not set the rate of clock" in note.message
    assert "/dev@2000 assigned-clocks[1] is <0>" in note.message


def test_what_a_domain_sets_is_not_assigned_though_another_device_may() -> None:
    body = (
        CC
        + """
    table: table { compatible = "operating-points-v2"; slow { opp-hz = /bits/ 64 <100000000>; }; };
    dev@2000 { compatible = "d"; reg = <0x2000>; clocks = <&cc 1>; operating-points-v2 = <&table>;
        assigned-clocks = <&cc 4>, <&cc 1>, <&cc 7>; assigned-clock-rates = <1000000>, <0>; };
    dev@3000 { compatible = "d"; reg = <0x3000>;
        assigned-clocks = <&cc 4>; assigned-clock-rates = <1000000>; };
    """
    )
    tree = made(body)
    assert refers(tree, "/dev@2000", "assigned-clocks", 1) == [None, None, None]
    assert refers(tree, "/dev@3000", "assigned-clocks", 1) == [(CLK, 1)]


def test_what_a_provider_consumes_goes_with_it() -> None:
    body = (
        CC.replace("#clock-cells = <1>;", "#clock-cells = <1>; clocks = <&up 3>;")
        + """
    up: up@4000 { compatible = "acme,up"; reg = <0x4000>; #clock-cells = <1>; };
    dev@2000 { compatible = "d"; reg = <0x2000>; clocks = <&cc 1>; };
    """
    )
    tree = made(body)
    assert refers(tree, "/cc@1000", "clocks", 1) == [("/up@4000", 3)]
    assert {status(tree, path) for path in ("/cc@1000", "/up@4000")} == {"disabled"}


def test_fixed_and_local_providers_stay_and_their_inputs_move() -> None:
    body = (
        CC
        + """
    half: half { compatible = "fixed-factor-clock"; #clock-cells = <0>; clocks = <&cc 4>;
                 clock-div = <2>; clock-mult = <1>; };
    phy: phy@5000 { compatible = "acme,hdmi-phy"; reg = <0x5000>; #phy-cells = <0>;
                    #clock-cells = <0>; clocks = <&cc 7>; };
    dev@2000 { compatible = "d"; reg = <0x2000>; clocks = <&half>, <&phy>, <&cc 1>; };
    """
    )
    tree = made(body)
    assert refers(tree, "/half", "clocks", 1) == [(CLK, 1)]
    assert refers(tree, "/phy@5000", "clocks", 1) == [(CLK, 2)]
    cells = [tree.by_phandle(cell) for cell in cells_of(tree, "/dev@2000", "clocks")]
    assert [node.path if node else None for node in cells[:2]] == ["/half", "/phy@5000"]


def test_supplies_lead_to_a_regulator_with_its_constraints() -> None:
    body = """
    rails { compatible = "acme,rails";
        vdd: vdd { regulator-min-microvolt = <700000>; regulator-max-microvolt = <900000>;
                   regulator-ramp-delay = <125>; };
    };
    dev@2000 { compatible = "d"; reg = <0x2000>; core-supply = <&vdd>; };
    """
    tree = made(body)
    (target,) = [tree.by_phandle(cell) for cell in cells_of(tree, "/dev@2000", "core-supply")]
    assert target is not None
    assert target.path == "/firmware/scmi/protocol@17/regulators/regulator@0"
    assert target.cell("reg") == 0
    assert target.string("regulator-name") == "vdd"
    limits = [target.cell(f"regulator-{end}-microvolt") for end in ("min", "max")]
    assert limits == [700000, 900000]
    assert target.cell("regulator-ramp-delay") == 125


def test_a_rail_that_never_changes_has_a_stand_in_where_its_chip_has_no_driver() -> None:
    body = """
    spi: spi@1000 { compatible = "acme,spi"; reg = <0x1000>; #address-cells = <1>;
        #size-cells = <0>;
        pmic@0 { compatible = "acme,pmic"; reg = <0>;
            s3: s3 { regulator-name = "vcc_3v3_s3"; regulator-always-on;
                regulator-min-microvolt = <3300000>; regulator-max-microvolt = <3300000>; };
            vdd: vdd { regulator-min-microvolt = <700000>; regulator-max-microvolt = <900000>; };
        };
    };
    mmc@2000 { compatible = "d"; reg = <0x2000>; vmmc-supply = <&s3>; vdd-supply = <&vdd>; };
    """
    tree = made(body, AGENTS + 'platform: {devices: ["&spi"]}')
    assert status(tree, "/spi@1000") == "reserved"
    assert refers(tree, "/mmc@2000", "vmmc-supply", 0) == [("/regulator-vcc-3v3-s3",)]
    rail = tree.node("/regulator-vcc-3v3-s3")
    assert rail is not None
    assert rail.strings("compatible") == ("regulator-fixed",)
    limits = [rail.cell(f"regulator-{end}-microvolt") for end in ("min", "max")]
    assert limits == [3300000, 3300000]
    # Where the agent drives the chip, the rail is the chip's.
    assert refers(made(body), "/mmc@2000", "vmmc-supply", 0) == [("/spi@1000/pmic@0/s3",)]


def test_a_regulator_that_the_agent_may_only_read_is_not_switched_on_by_it() -> None:
    body = """
    rails { compatible = "acme,rails";
        vdd: vdd { regulator-min-microvolt = <700000>; regulator-max-microvolt = <900000>;
                   regulator-always-on; regulator-boot-on; };
    };
    dev@2000 { compatible = "d"; reg = <0x2000>; core-supply = <&vdd>; };
    """
    agents = AGENTS + '    grant: [{voltage: "&vdd", operations: [read]}]\n'
    path = "/firmware/scmi/protocol@17/regulators/regulator@0"
    for agent, names in (("linux", {"always", "boot"}), ("vm", set())):
        node = made(body, agents, agent).node(path)
        assert node is not None
        found = {name for name in ("always", "boot") if f"regulator-{name}-on" in node}
        assert found == names


SCALED = """
    cc: cc@1000 { compatible = "acme,cc"; reg = <0x1000>; #clock-cells = <1>; };
    pc: pc@4000 { compatible = "acme,pc"; reg = <0x4000>; #power-domain-cells = <1>; };
    table: table { compatible = "operating-points-v2";
        slow { opp-hz = /bits/ 64 <100000000>; }; fast { opp-hz = /bits/ 64 <200000000>; }; };
"""


def test_a_performance_domain_takes_the_place_of_the_table() -> None:
    body = SCALED + (
        'noc@2000 { compatible = "d"; reg = <0x2000>; clocks = <&cc 1>;'
        " operating-points-v2 = <&table>; };"
    )
    tree = made(body)
    node = tree.node("/noc@2000")
    assert node is not None
    assert "operating-points-v2" not in node
    assert refers(tree, "/noc@2000", "power-domains", 1) == [(PERF, 0)]
    assert node.strings("power-domain-names") == ("perf",)
    assert refers(tree, "/noc@2000", "clocks", 1) == [(CLK, 0)]


def test_a_device_with_a_power_domain_names_both_and_is_told_of() -> None:
    body = SCALED + (
        'gpu@2000 { compatible = "d"; reg = <0x2000>; clocks = <&cc 1>;'
        " power-domains = <&pc 6>; operating-points-v2 = <&table>; };"
    )
    tree = made(body)
    assert refers(tree, "/gpu@2000", "power-domains", 1) == [(PD, 0), (PERF, 0)]
    node = tree.node("/gpu@2000")
    assert node is not None
    assert node.strings("power-domain-names") == ("power", "perf")
    assert [item.id for item in told(body) if item.id == "consumer-domains"]


def test_a_cpu_names_no_clock_and_no_supply_beside_its_domain() -> None:
    # Linux takes the first of its clocks for the domain (drivers/cpufreq/scmi-cpufreq.c).
    body = (
        SCALED
        + """
    rails { compatible = "acme,rails"; vdd: vdd { regulator-min-microvolt = <700000>;
        regulator-max-microvolt = <900000>; }; };
    cpus { #address-cells = <1>; #size-cells = <0>;
        cpu@0 { device_type = "cpu"; reg = <0>; compatible = "arm,cortex-a55"; clocks = <&cc 1>;
                cpu-supply = <&vdd>; operating-points-v2 = <&table>; }; };
    """
    )
    tree = made(body)
    node = tree.node("/cpus/cpu@0")
    assert node is not None
    assert not {"clocks", "cpu-supply", "operating-points-v2"} & set(node.properties)
    assert "consumer-lost" not in [item.id for item in told(body)]
    assert refers(tree, "/cpus/cpu@0", "power-domains", 1) == [(PERF, 0)]


def test_a_table_goes_where_another_agent_owns_the_clock_that_it_sets() -> None:
    # The supply is linux's own, so that no performance domain is made.
    body = """
    cc: cc@1000 { compatible = "acme,cc"; reg = <0x1000>; #clock-cells = <1>; };
    i2c@5000 { compatible = "acme,i2c"; reg = <0x5000>; #address-cells = <1>; #size-cells = <0>;
        pmic@9 { compatible = "acme,pmic"; reg = <9>; vdd: vdd { regulator-min-microvolt = <700000>;
            regulator-max-microvolt = <900000>; }; }; };
    table: table { compatible = "operating-points-v2"; slow { opp-hz = /bits/ 64 <100000000>; }; };
    dev@2000 { compatible = "d"; reg = <0x2000>; clocks = <&cc 1>; core-supply = <&vdd>;
               operating-points-v2 = <&table>; };
    their@3000 { compatible = "d"; reg = <0x3000>; clocks = <&cc 1>; };
    """
    for owner, has_table in (("linux", True), ("vm", False)):
        agents = AGENTS + f'platform: {{owners: [{{clock: "&cc 1", agent: {owner}}}]}}'
        node = made(body, agents).node("/dev@2000")
        assert node is not None
        assert ("operating-points-v2" in node) == has_table
        notes = [item.id for item in told(body, agents)]
        assert ("consumer-assigned" in notes) != has_table
        assert refers(made(body, agents), "/dev@2000", "clocks", 1) == [(CLK, 0)]


DVFS = """
    mbox: mbox@5000 { compatible = "arm,mhu"; reg = <0x5000>; #mbox-cells = <1>; };
    reserved-memory { #address-cells = <1>; #size-cells = <1>; ranges;
        shm: shm@80000000 { compatible = "arm,scmi-shmem"; reg = <0x80000000 0x1000>; }; };
    firmware { scmi { compatible = "arm,scmi"; mboxes = <&mbox 0>; shmem = <&shm>;
        #address-cells = <1>; #size-cells = <0>; dvfs: protocol@13 { reg = <0x13>; CELLS }; }; };
    cpus { #address-cells = <1>; #size-cells = <0>;
        cpu@0 { device_type = "cpu"; reg = <0>; compatible = "arm,cortex-a55"; NAMES };
        their: cpu@1 { device_type = "cpu"; reg = <1>; compatible = "arm,cortex-a55"; NAMES }; };
"""
OWNED = (
    AGENTS.replace("{type: virtio}}, default", "{type: mailbox}}, default").replace(
        '"*their*"', '"&their"'
    )
    + 'platform: {owners: [{performance: "&dvfs 0", agent: linux}]}'
)


@pytest.mark.parametrize(
    ("cells", "names", "left"),
    [
        ("#clock-cells = <1>;", "clocks = <&dvfs 0>;", {}),
        (
            "#power-domain-cells = <1>;",
            'power-domains = <&dvfs 0>; power-domain-names = "perf";',
            {"power-domain-names": ("votes",)},
        ),
    ],
    ids=["clocks", "domains"],
)
def test_a_cpu_whose_level_another_agent_owns_is_not_scaled(
    cells: str, names: str, left: dict[str, tuple[str, ...]]
) -> None:
    body = DVFS.replace("CELLS", cells).replace("NAMES", names)
    node, own = made(body, OWNED, "vm").node("/cpus/cpu@1"), made(body, OWNED).node("/cpus/cpu@0")
    assert node is not None
    assert own is not None
    assert {name: node.strings(name) for name in node.properties if "names" in name} == left
    assert "clocks" not in node
    assert own.strings("power-domain-names") == (("perf",) if left else ())
    (note,) = [item for item in told(body, OWNED) if item.id == "consumer-assigned"]
    assert note.message.startswith("vm may not set the level of performance")


def test_points_that_vote_have_the_level_of_the_point_they_required() -> None:
    body = """
    cc: cc@1000 { compatible = "acme,cc"; reg = <0x1000>; #clock-cells = <1>; };
    pd: pd@4000 { compatible = "acme,rpmhpd"; reg = <0x4000>; #power-domain-cells = <1>;
        operating-points-v2 = <&levels>;
        levels: opp-table { compatible = "operating-points-v2";
            low: opp1 { opp-level = <64>; }; high: opp2 { opp-level = <256>; }; };
    };
    qup: qup { compatible = "operating-points-v2";
        opp-75000000 { opp-hz = /bits/ 64 <75000000>; required-opps = <&low>; };
        opp-100000000 { opp-hz = /bits/ 64 <100000000>; required-opps = <&high>; }; };
    i2c@2000 { compatible = "d"; reg = <0x2000>; clocks = <&cc 1>; power-domains = <&pd 3>;
               operating-points-v2 = <&qup>; };
    """
    tree = made(body)
    assert refers(tree, "/i2c@2000", "power-domains", 1) == [(PERF, 0)]
    node = tree.node("/i2c@2000")
    assert node is not None
    assert "operating-points-v2" in node
    points = [tree.node(f"/qup/opp-{rate}") for rate in ("75000000", "100000000")]
    assert [point.cell("opp-level") for point in points if point] == [64, 256]
    assert not [point for point in points if point and "required-opps" in point]


#: A table whose points vote on a domain, and what stands beside the one device that scales by it.
VOTING = (
    CC
    + """
    hw: hw@5000 { compatible = "acme,hw"; reg = <0x5000>; #performance-domain-cells = <1>; };
    pc: pc@3000 { compatible = "acme,pc"; reg = <0x3000>; #power-domain-cells = <1>; };
    pd: pd@4000 { compatible = "acme,rpmhpd"; reg = <0x4000>; #power-domain-cells = <1>;
        operating-points-v2 = <&levels>;
        levels: opp-table { compatible = "operating-points-v2"; low: opp1 { opp-level = <64>; }; };
    };
    both: both { compatible = "operating-points-v2";
        opp-75000000 { opp-hz = /bits/ 64 <75000000>; required-opps = <&low>; }; };
    cpus { #address-cells = <1>; #size-cells = <0>; cpu@0 { device_type = "cpu"; reg = <0>;
        operating-points-v2 = <&both>; CPU }; };
    i2c@2000 { compatible = "d"; reg = <0x2000>; clocks = <&cc 1>; DOMAIN
               operating-points-v2 = <&both>; };
    """
)


def test_a_table_that_another_keeps_is_not_changed_for_a_cpu_that_loses_it() -> None:
    cpu = "power-domains = <&pd 5>; performance-domains = <&hw 2>;"
    tree = made(VOTING.replace("CPU", cpu).replace("DOMAIN", ""))
    gone, kept = tree.node("/cpus/cpu@0"), tree.node("/i2c@2000")
    point = tree.node("/both/opp-75000000")
    assert gone is not None
    assert kept is not None
    assert point is not None
    assert "operating-points-v2" not in gone
    assert "operating-points-v2" in kept
    # With a level it would ask a domain for it, and leave the clock's rate alone.
    assert "opp-level" not in point
    assert "required-opps" in point


@pytest.mark.parametrize("cpu", ["power-domains = <&pd 5>, <&pc 0>;", "power-domains = <&pd 5>;"])
def test_a_domain_that_takes_votes_is_told_from_one_that_scales(cpu: str) -> None:
    """A level of the table would be for one of several domains: then only a name can say so."""
    body = VOTING.replace("CPU", cpu).replace("DOMAIN", "power-domains = <&pd 3>;")
    tree, node = made(body), made(body).node("/i2c@2000")
    point = tree.node("/both/opp-75000000")
    assert node is not None
    assert point is not None
    several = "pc" in cpu
    assert node.strings("power-domain-names") == (("votes",) if several else ())
    assert ("opp-level" in point) is not several
    lost = [item.message for item in told(body) if item.id == "consumer-votes"]
    assert [message.split(" vote")[0] for message in lost] == (
        ["linux: the operating points of /cpus/cpu@0"] if several else []
    )


def test_a_device_that_loses_its_table_makes_no_other_one_lose_votes() -> None:
    """The CPU has several domains and no operating points any more: a level is for one domain."""
    cpu = "power-domains = <&pd 5>, <&pc 0>; performance-domains = <&hw 2>;"
    body = VOTING.replace("CPU", cpu).replace("DOMAIN", "power-domains = <&pd 3>;")
    tree = made(body)
    gone, node = tree.node("/cpus/cpu@0"), tree.node("/i2c@2000")
    point = tree.node("/both/opp-75000000")
    assert gone is not None
    assert node is not None
    assert point is not None
    assert "operating-points-v2" not in gone
    assert node.strings("power-domain-names") == ()
    assert point.cell("opp-level") == 64
    assert [item.message for item in told(body) if item.id == "consumer-votes"] == []


def test_a_thermal_zone_reads_the_sensor_of_scmi() -> None:
    body = """
    ts: ts@1000 { compatible = "acme,ts"; reg = <0x1000>; #thermal-sensor-cells = <1>; };
    thermal-zones { soc { thermal-sensors = <&ts 2>; }; };
    """
    tree = made(body, AGENTS + 'platform: {managed: ["&ts"]}')
    zone = refers(tree, "/thermal-zones/soc", "thermal-sensors", 1)
    assert zone == [("/firmware/scmi/protocol@15", 0)]


def test_an_io_channel_of_scmi_cannot_be_named_and_is_told_of() -> None:
    body = """
    adc: adc@1000 { compatible = "acme,adc"; reg = <0x1000>; #io-channel-cells = <1>; };
    dev@2000 { compatible = "d"; reg = <0x2000>; io-channels = <&adc 2>; io-channel-names = "t"; };
    """
    agents = AGENTS + 'platform: {managed: ["&adc"]}'
    tree = made(body, agents)
    node = tree.node("/dev@2000")
    assert node is not None
    assert not {"io-channels", "io-channel-names"} & set(node.properties)
    assert [item.message for item in told(body, agents) if item.id == "consumer-lost"] == [
        "/dev@2000 io-channels[0] is sensor dev-2000-t, to which linux has no access"
    ]
