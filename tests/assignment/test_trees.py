"""One tree per agent: what it enables and consumes is that agent's."""

from pathlib import Path

import pytest
from support import AGENTS, BOARD, SOC, grants, marked, operations, word
from turns import one_in

from scmigen.assignment.assignment import Assignment
from scmigen.assignment.sources import Sources, assign
from scmigen.bindings.inventory import Inventory
from scmigen.checks.registry import run_checks
from scmigen.devicetree.blob import read_blob
from scmigen.devicetree.flatten import flatten
from scmigen.devicetree.load import load
from scmigen.devicetree.source import read_source
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Diagnostic, InputError
from scmigen.model.build import build
from scmigen.model.platform import Model

DEVICES = """
soc { compatible = "simple-bus";
    uart: serial@4000 { compatible = "acme,uart"; clocks = <&cc 4>; resets = <&rc 4>; };
    gpu: gpu@5000 { compatible = "acme,gpu"; clocks = <&cc 5>; status = "disabled"; };
    eth: ethernet@6000 { compatible = "acme,eth"; clocks = <&cc 6>; };
    i2c: i2c@7000 { compatible = "acme,i2c"; clocks = <&cc 7>;
        pmic@1 { compatible = "acme,pmic"; clocks = <&cc 8>; }; };
};
"""


def text(body: str) -> str:
    return f"/dts-v1/;\n/ {{\n{body}\n}};\n"


def tree(body: str, name: str) -> DeviceTree:
    return read_source(text(body), name)


def read(
    trees: dict[str, str], agents: str | None = None, board: str = DEVICES + SOC
) -> tuple[Inventory, Assignment]:
    own = {name: tree(body, f"{name}.dts") for name, body in trees.items()}
    files = [] if agents is None else [(AGENTS, agents)]
    return assign(tree(board, BOARD), Sources(files, own))


def model(trees: dict[str, str], agents: str | None = None, board: str = DEVICES + SOC) -> Model:
    return build(*read(trees, agents, board))


def found(made: Model) -> list[Diagnostic]:
    """What is said of claims and trees; what nobody claims is not the matter here."""
    return [
        item
        for item in run_checks(made)
        if item.id in ("device-conflict", "tree-ambiguous", "tree-unmatched")
    ]


LINUX = 'soc { serial@4000 { compatible = "acme,uart"; }; ethernet@6000 { status = "okay"; }; };'
VM = 'soc { gpu@5000 { compatible = "acme,gpu"; status = "okay"; }; };'


def test_devices_by_path() -> None:
    """The GPU is disabled on the board; the tree of vm1 enables it."""
    made = model({"linux": LINUX, "vm1": VM})
    assert grants(made, "linux") == {
        "clock cc 4": "state read", "reset rc 4": "reset", "clock cc 6": "state read",
    }  # fmt: skip
    assert grants(made, "vm1") == {"clock cc 5": "state read"}
    assert found(made) == []
    agents = made.assignment.agents
    assert [(agent.id, agent.name, agent.role) for agent in agents] == [
        (1, "linux", "ospm"),
        (2, "vm1", "vm"),
    ]


def test_what_no_tree_enables_is_nobodys() -> None:
    """A claim of a tree is for that node alone: the PMIC that linux's tree lacks is not linux's."""
    made = model({"linux": 'soc { i2c@7000 { compatible = "acme,i2c"; }; };'})
    assert grants(made, "linux") == {"clock cc 7": "state read"}


def test_what_a_tree_enables_brings_nothing_else_along() -> None:
    """The bus is disabled on the board; one of its two devices is in the tree of vm1."""
    board = (
        SOC
        + """
    bus@9000 { compatible = "simple-bus"; status = "disabled";
        one@1 { compatible = "acme,one"; clocks = <&cc 1>; };
        two@2 { compatible = "acme,two"; clocks = <&cc 2>; }; };
    """
    )
    agents = "domains: {linux: {id: 1, default: true}, vm1: {id: 2}}"
    trees = {"vm1": 'bus@9000 { compatible = "simple-bus"; one@1 { }; };'}
    made = model(trees, agents, board)
    assert grants(made, "vm1") == {"clock cc 1": "state read"}
    assert grants(made, "linux") == {}
    # A second tree may have the other one.
    both = {**trees, "linux": 'bus@9000 { compatible = "simple-bus"; two@2 { }; };'}
    assert grants(model(both, agents, board), "linux") == {"clock cc 2": "state read"}


def test_what_a_tree_disables_is_not_that_agents() -> None:
    off = 'soc { serial@4000 { status = "disabled"; }; ethernet@6000 { }; };'
    assert grants(model({"linux": off}), "linux") == {"clock cc 6": "state read"}


def test_devices_by_unit_address_and_compatible() -> None:
    passed = 'passthrough { net@6000 { compatible = "x,y", "acme,eth"; }; };'
    assert grants(model({"vm1": passed}), "vm1") == {"clock cc 6": "state read"}
    # The address alone does not do, nor the compatible alone.
    assert grants(model({"vm1": 'a { net@6000 { compatible = "x,y"; }; };'}), "vm1") == {}
    assert grants(model({"vm1": 'a { net@1 { compatible = "acme,eth"; }; };'}), "vm1") == {}


def test_devices_by_the_path_that_xen_is_given() -> None:
    passed = 'passthrough { net@0 { xen,path = "/soc/ethernet@6000"; }; };'
    assert grants(model({"vm1": passed}), "vm1") == {"clock cc 6": "state read"}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (' = "/soc/ethernet@600"', "the board has no node /soc/ethernet@600"),
        (' = "/soc/ethernet@6000", "/soc/gpu@5000"', "xen,path must be one string"),
        (" = <1>", "xen,path must be one string"),
        ("", "xen,path must be one string"),
    ],
    ids=["unknown", "two", "a number", "empty"],
)
def test_a_path_for_xen_that_names_no_node(value: str, message: str) -> None:
    """What the name alone would match is not granted in its place."""
    made = model({"vm1": f"soc {{ ethernet@6000 {{\nxen,path{value}; }}; }};"})
    (problem,) = found(made)
    assert (problem.id, problem.severity.word) == ("tree-unmatched", "error")
    assert message in problem.message
    assert str(problem.position) == "vm1.dts:4:1"
    assert grants(made, "vm1") == {}


def test_parts_of_a_matched_device_match_by_name() -> None:
    passed = (
        'a { i2c@9 { xen,path = "/soc/i2c@7000"; compatible = "acme,i2c";'
        ' pmic@1 { compatible = "acme,pmic"; }; }; };'
    )
    assert grants(model({"vm1": passed}), "vm1").keys() == {"clock cc 7", "clock cc 8"}


def test_two_nodes_of_one_address_and_compatible() -> None:
    twice = 'a { x: net@6000 { compatible = "acme,eth"; clocks = <&cc 9>; }; };'
    passed = {"vm1": 'p { net@6000 { compatible = "acme,eth"; }; };'}
    problems = found(model(passed, board=DEVICES + SOC + twice))
    (ambiguous,) = [item for item in problems if item.id == "tree-ambiguous"]
    assert str(ambiguous.position) == "vm1.dts:3:5"
    assert [item.message for item in ambiguous.related] == ["/soc/ethernet@6000", "/a/net@6000"]


def test_two_trees_enable_one_device() -> None:
    """Both positions are told."""
    problems = found(model({"linux": LINUX, "vm1": "soc { serial@4000 { }; };"}))
    (conflict,) = problems
    assert conflict.id == "device-conflict"
    assert "/soc/serial@4000 is given to linux and vm1" in conflict.message
    assert str(conflict.position) == "vm1.dts:3:7"
    assert [str(item.position) for item in conflict.related] == ["linux.dts:3:7"]


def test_the_agents_file_may_share_what_two_trees_enable() -> None:
    trees = {"linux": LINUX, "vm1": "soc { serial@4000 { }; };"}
    entry = 'access: [{dev: "&uart", flags: {shared: true}}]'
    made = model(trees, f"domains: {{linux: {{id: 1, {entry}}}, vm1: {{id: 2, {entry}}}}}")
    assert found(made) == []
    # A reset of a shared device is nobody's without an owner.
    assert grants(made, "vm1") == {"clock cc 4": "state read"}


def test_the_agents_file_and_a_tree_disagree() -> None:
    agents, where = marked('domains: {rtos: {id: 1, access: [{dev: ^"&uart"}]}}', AGENTS)
    (conflict,) = found(model({"linux": LINUX}, agents))
    assert conflict.id == "device-conflict"
    places = {str(conflict.position), *(str(item.position) for item in conflict.related)}
    assert places == {"linux.dts:3:7", str(where)}


def test_controllers_of_the_platform_stay_the_platforms() -> None:
    """Linux's tree has the clock controller too; it is served, not linux's own."""
    made = model({"linux": DEVICES + SOC})
    assert made.providers["/clock-controller@1000"].category == "managed"
    assert "clock cc 4" in grants(made, "linux")


def test_uses_that_only_the_agents_tree_has() -> None:
    own = (
        'clock-controller@1000 { phandle = <7>; compatible = "acme,cc"; #clock-cells = <1>; };'
        "soc { serial@4000 { clocks = <7 4>, <7 99>; }; };"
    )
    made = model({"linux": own})
    assert grants(made, "linux")["clock cc 99"] == "state read"
    column = own.index("7 99") + 1
    (use,) = [use for use in made.inventory.uses if use.key.cells == (99,)]
    assert (use.consumer.path, str(use.position)) == ("/soc/serial@4000", f"linux.dts:3:{column}")
    assert operations(use.key.kind, use.needs) == "state read"
    assert word(made.inventory.tree, use.key) == "clock cc 99"


def test_an_opp_table_scales_the_clocks_of_the_boards_own_list() -> None:
    """The agent's tree lists another clock first; the table says nothing of that one."""
    board = (
        'gpu: gpu@5000 { compatible = "acme,gpu"; clocks = <&cc 5>; operating-points-v2 = <&t>; };'
        "t: t { o1 { opp-hz = <0 500>; }; };"
    )
    own = (
        'clock-controller@1000 { phandle = <7>; compatible = "acme,cc"; #clock-cells = <1>; };'
        "gpu@5000 { clocks = <7 99>; };"
    )
    made = model({"linux": own}, board=board + SOC)
    assert grants(made, "linux") == {
        "clock cc 5": "state read",
        "clock cc 99": "state read",
        "performance gpu": "level limits read",
    }


def test_a_consumer_that_the_board_does_not_have() -> None:
    own = (
        'clock-controller@1000 { phandle = <7>; compatible = "acme,cc"; #clock-cells = <1>; };'
        'soc { spi@9000 { compatible = "acme,spi"; clocks = <7 4>; }; virtio@1 { clocks = <8>; };'
        "c { phandle = <8>; #clock-cells = <0>; }; };"
    )
    (told,) = found(model({"vm1": own}))
    column = own.index("spi@9000") + 1
    assert (told.id, str(told.position)) == ("tree-unmatched", f"vm1.dts:3:{column}")
    assert "/soc/spi@9000 of vm1 uses /clock-controller@1000" in told.message


def test_the_secure_worlds_tree() -> None:
    """Only an agent of the role secure has what the secure world alone may use."""
    trees = {
        "tee": 'soc { gpu@5000 { status = "disabled"; secure-status = "okay"; }; };',
        "linux": LINUX,
    }
    agents = "domains: {tee: {id: 1, scmi: {role: %s}}}"
    assert grants(model(trees, agents % "secure"), "tee") == {"clock cc 5": "state read"}
    assert grants(model(trees, agents % "other"), "tee") == {}


def test_a_tree_as_a_blob_gives_the_same() -> None:
    blob = read_blob(flatten(tree(VM, "vm1.dts")), "vm1.dtb")
    made = build(*assign(tree(DEVICES + SOC, BOARD), Sources((), {"vm1": blob})))
    assert grants(made, "vm1") == {"clock cc 5": "state read"}
    assert {str(claim.position) for claim in made.assignment.claims} == {"vm1.dtb"}


@pytest.mark.parametrize(
    ("agents", "expected"),
    [
        ("domains: {linux: {id: 1}, vm1: {id: 2}}", [(1, "linux"), (2, "vm1")]),
        ("domains: {vm1: {id: 1}}", [(1, "vm1"), (2, "linux")]),
        ("domains: {other: {id: 2}}", [(1, "linux"), (2, "other"), (3, "vm1")]),
    ],
)
def test_ids_that_nobody_gives_are_the_lowest_free(
    agents: str, expected: list[tuple[int, str]]
) -> None:
    _, assignment = read({"linux": LINUX, "vm1": VM}, agents)
    assert [(agent.id, agent.name) for agent in assignment.agents] == expected


def test_a_gap_in_agent_ids_is_an_error() -> None:
    with pytest.raises(InputError) as raised:
        read({"linux": LINUX}, "domains: {a: {scmi: {id: 5}}}")
    assert [item.id for item in raised.value.diagnostics] == ["agent-id"]


@pytest.mark.parametrize(
    "name",
    one_in(
        2,
        [
            "imx8mp-evk",
            "imx95-19x19-evk",
            "sm8550-mtp",
            "stm32mp257f-ev1",
            "tegra234-p3737-0000_p3701-0000",
        ],
    ),
)
def test_a_real_board_whose_only_agent_has_the_whole_tree(corpus: Path, name: str) -> None:
    """The tree of the one agent is the board's: nothing else than with no tree at all."""
    own = load(corpus / f"{name}.dtb")
    with_tree = build(*assign(load(corpus / f"{name}.dts"), Sources((), {"ospm": own})))
    without = build(*assign(load(corpus / f"{name}.dts"), Sources()))
    assert found(with_tree) == []
    assert grants(with_tree, "ospm") == grants(without, "ospm")
    assert len(grants(without, "ospm")) > 50


def test_uses_that_both_trees_have_are_there_once() -> None:
    rated = (
        "d: d@1 { clocks = <&cc 1>; assigned-clocks = <&cc 1>; assigned-clock-rates = <5>; };" + SOC
    )
    made = model({"linux": rated}, board=rated)
    uses = [(use.prop, use.place) for use in made.inventory.uses]
    assert uses == [("clocks", None), ("assigned-clocks", None)]
    assert grants(made, "linux") == {"clock cc 1": "state rate read"}


@pytest.mark.parametrize(
    "linux",
    [
        pytest.param("scmi: {role: ospm}", id="a-role"),
        pytest.param("default: true", id="a-default-agent"),
    ],
)
def test_a_tree_makes_no_second_operating_system(linux: str) -> None:
    """Its agent may not shut the system down only because it is the first with a tree."""
    _, assignment = read({"vm1": VM}, f"domains: {{linux: {{id: 1, {linux}}}}}")
    assert [agent.role for agent in assignment.agents if agent.name == "vm1"] == ["vm"]


def test_a_device_of_the_secure_world_is_no_stranger() -> None:
    secure = 'uart { compatible = "acme,uart"; clocks = <&cc 4>; status = "disabled"; '
    body = secure + 'secure-status = "okay"; };' + SOC
    assert found(model({"linux": body}, board=body)) == []


WITH_SCMI = (
    'scmi { compatible = "arm,scmi-virtio"; protocol@14 { reg = <0x14>; #clock-cells = <1>; }; };'
    'cc: clocks@1000 { compatible = "acme,cc"; reg = <0x1000>; #clock-cells = <1>; %s };'
    'u: u { compatible = "acme,u"; clocks = <&cc 1>; };'
    'g: g { compatible = "acme,g"; clocks = <&cc 2>; };'
)
WITHOUT = 'cc: clocks@1000 { compatible = "acme,cc"; #clock-cells = <1>; %s };'
BOTH = {
    "linux": WITHOUT % "" + 'u { compatible = "acme,u"; clocks = <&cc 1>; };',
    "vm1": WITHOUT % "" + 'g { compatible = "acme,g"; clocks = <&cc 2>; };',
}


@pytest.mark.parametrize("word", ["managed", "fixed"])
@pytest.mark.parametrize("inside", ["", "clocks = <&cc 9>;"])
def test_a_controller_that_the_agents_file_has_the_platform_serve(word: str, inside: str) -> None:
    """Both trees have it beside their consumers, and the board's SCMI node makes it no device."""
    agents = f'domains: {{linux: {{id: 1}}, vm1: {{id: 2}}}}\nplatform: {{{word}: ["&cc"]}}'
    made = model(BOTH, agents, WITH_SCMI % inside)
    assert found(made) == []
    if word == "managed":
        assert grants(made, "linux") == {"clock cc 1": "state read"}
        assert grants(made, "vm1") == {"clock cc 2": "state read"}


def test_a_controller_that_two_trees_drive_natively() -> None:
    """Of the rules alone, or because the agents file wants it."""
    domains = "domains: {linux: {id: 1}, vm1: {id: 2}}"
    local = domains + '\nplatform: {local: ["&cc"]}'
    scmi = WITH_SCMI % ""
    for agents, board in ((domains, scmi), (local, scmi[scmi.index("cc:") :])):
        (conflict,) = found(model(BOTH, agents, board))
        assert conflict.message == "/clocks@1000 is given to linux and vm1"
