"""Elements by number: what is declared, what grants of numbers and of whole protocols mean."""

import pytest
from assigned import assigned
from scmi_wire import words
from support import diagnostics, grants, marked, model_of, numbers, told, tree_of

from scmigen import runtime
from scmigen.diagnostics import InputError
from scmigen.model.lockfile import format_lock
from scmigen.model.platform import Model, Resource
from scmigen.runtime import Numbering
from scmigen.scmi.protocols import Kind
from scmigen.server import Server
from scmigen.targets.make import make

#: Power domains 8 and 9 have devices; clock 3 has one. The firmware has more of both.
SCMI = """
	#address-cells = <1>; #size-cells = <1>;
	firmware { scmi: scmi { compatible = "arm,scmi-virtio";
		#address-cells = <1>; #size-cells = <0>;
		pd: protocol@11 { reg = <0x11>; #power-domain-cells = <1>; };
		clk: protocol@14 { reg = <0x14>; #clock-cells = <1>; };
	}; };
	gpu: gpu@1000 { compatible = "acme,gpu"; reg = <0x1000 0x100>;
		power-domains = <&pd 9>; clocks = <&clk 3>; };
	dbg: dbg@2000 { compatible = "acme,dbg"; reg = <0x2000 0x100>; power-domains = <&pd 8>; };
"""
#: The same without the protocol of power domains.
BARE = """
	#address-cells = <1>; #size-cells = <1>; compatible = "acme,board";
	firmware { scmi { compatible = "arm,scmi-virtio"; #address-cells = <1>; #size-cells = <0>;
		clk: protocol@14 { reg = <0x14>; #clock-cells = <1>; };
	}; };
	gpu@1000 { compatible = "acme,gpu"; reg = <0x1000 0x100>; clocks = <&clk 3>; };
	power: power-controller@3000 { compatible = "acme,power"; reg = <0x3000 0x100>;
		#power-domain-cells = <1>;
		#address-cells = <1>; #size-cells = <0>;
		power-domain@2 { reg = <2>; label = "unrelated"; }; };
"""
#: No SCMI node: the numbers are scmigen's own.
NATIVE = """
	#address-cells = <1>; #size-cells = <1>; compatible = "acme,board";
	cru: clock-controller@1000 { compatible = "acme,cru"; reg = <0x1000 0x100>;
		#clock-cells = <1>; };
	gpu@2000 { compatible = "acme,gpu"; reg = <0x2000 0x100>; clocks = <&cru 7>; };
"""


def agents(psci: str, platform: str = "{}") -> str:
    return (
        "domains:\n"
        "  linux: {id: 1, default: true, scmi: {role: ospm}}\n"
        f"  psci: {{id: 2, scmi: {{role: psci}}, grant: [{psci}]}}\n"
        f"platform: {platform}\n"
    )


def compiled(board: str, psci: str, platform: str = "{}") -> Model:
    return model_of(tree_of(board), agents(psci, platform))


def element(model: Model, kind: Kind, number: int) -> Resource:
    return next(r for r in model.platforms[0].resources[kind] if r.number == number)


def test_a_grant_by_number_needs_no_declaration() -> None:
    model = compiled(SCMI, '{protocol: power, id: "0-2, 9"}')
    assert grants(model, "psci") == dict.fromkeys(
        ("power pd 0", "power pd 1", "power pd 2", "power pd 9"), "state read"
    )
    assert grants(model, "linux") == {
        "power pd 8": "state read",
        "power pd 9": "state read",
        "clock clk 3": "state read",
    }
    assert numbers(model)["power pd 2"] == 2
    assert element(model, Kind.POWER, 2).name == "power-2"
    assert element(model, Kind.POWER, 2).declared
    assert not element(model, Kind.POWER, 9).declared
    assert told(model) == [("note", "grant-unused")], "of 9 alone, which a device could need"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("7", {7}),
        ('"7"', {7}),
        ("0x7", {7}),
        ("0-2", {0, 1, 2}),
        ("[0, 2, 5-6]", {0, 2, 5, 6}),
        ('["0-1, 4", 9]', {0, 1, 4, 9}),
        ("0x8-0xA", {8, 9, 10}),
    ],
)
def test_forms_of_numbers(written: str, expected: set[int]) -> None:
    model = compiled(SCMI, f"{{protocol: power, id: {written}}}")
    assert {g.id for g in model.platforms[0].grants("psci", Kind.POWER)} == expected


@pytest.mark.parametrize(
    ("kind", "usual"),
    [
        ("power", "state read"),
        ("clock", "state read"),
        ("reset", "reset"),
        ("voltage", "state read"),
        ("performance", "level limits read"),
        ("sensor", "config read"),
    ],
)
def test_usual_operations(kind: str, usual: str) -> None:
    model = compiled(SCMI, f"{{protocol: {kind}, id: 40}}")
    assert list(grants(model, "psci").values()) == [usual]
    assert model.platforms[0].grants("psci")[0].id == 40


def test_stated_operations() -> None:
    model = compiled(SCMI, "{protocol: clock, id: 5, operations: [rate]}")
    assert grants(model, "psci") == {"clock clk 5": "rate read"}


def test_a_declaration_names_its_elements() -> None:
    model = compiled(
        SCMI,
        "{protocol: power}",
        "{elements: {power: {0-3: , 1: BIG_CPU1, 2: {name: CLUSTER, enumerator: PD_CLUSTER}}}}",
    )
    power = model.platforms[0].resources[Kind.POWER]
    names = {resource.number: resource.name for resource in power}
    assert names == {
        0: "power-0",
        1: "BIG_CPU1",
        2: "CLUSTER",
        3: "power-3",
        8: "dbg-2000",
        9: "gpu-1000",
    }
    found = element(model, Kind.POWER, 2).element
    assert found is not None
    assert found.enumerator == "PD_CLUSTER"
    assert str(found.position) == "agents.yaml:4:51"
    assert {g.id for g in model.platforms[0].grants("psci")} == set(names)
    assert told(model) == [], "a whole protocol is meant as it is"


def test_a_list_declares_from_zero() -> None:
    model = compiled(SCMI, "{protocol: power, id: 1}", "{elements: {power: [A, ~, {name: C}]}}")
    assert [r.name for r in model.platforms[0].resources[Kind.POWER]][:3] == ["A", "power-1", "C"]
    assert grants(model, "psci") == {"power pd 1": "state read"}


def test_a_declared_element_is_there_without_a_grant() -> None:
    model = compiled(SCMI, "{protocol: power, id: 0}", "{elements: {power: [A, B]}}")
    assert numbers(model)["power pd 1"] == 1
    assert not model.platforms[0].holders(element(model, Kind.POWER, 1).key)


def test_a_declaration_of_what_the_tree_names() -> None:
    """It is the same resource, with a name and an enumerator of the firmware."""
    model = compiled(SCMI, "{protocol: clock, id: 3}", "{elements: {clock: {3: HDLCD}}}")
    clocks = model.platforms[0].resources[Kind.CLOCK]
    assert [(r.number, r.name, r.declared) for r in clocks] == [(3, "HDLCD", False)]
    assert {g.agent.name for g in model.platforms[0].holders(clocks[0].key).values()} == {
        "linux",
        "psci",
    }


def test_rates_and_levels_of_an_element_are_not_assumed() -> None:
    elements = "{clock: {0: {rates: [48000000, 24000000]}}, voltage: {1: {levels: [900000]}}}"
    model = compiled(SCMI, "{protocol: clock, id: 0}", f"{{elements: {elements}}}")
    clock, supply = element(model, Kind.CLOCK, 0), element(model, Kind.VOLTAGE, 1)
    assert (clock.facts.rates, clock.assumed) == ((24000000, 48000000), ())
    assert (supply.facts.voltages, supply.assumed) == ((900000,), ())
    assert element(compiled(SCMI, "{protocol: clock, id: 0}"), Kind.CLOCK, 0).assumed == ("rate",)


def test_an_scmi_node_without_the_protocol() -> None:
    """Nodes below it are not about an element that happens to have their number."""
    model = compiled(BARE, '{protocol: power, id: "0-2"}')
    assert [(str(r.key), r.name) for r in model.platforms[0].resources[Kind.POWER]] == [
        (f"power /firmware/scmi {number}".removeprefix("power "), f"power-{number}")
        for number in range(3)
    ]
    assert told(model) == []


def test_a_board_without_an_scmi_node() -> None:
    model = compiled(NATIVE, "{protocol: power}", "{elements: {power: [CPU0, CPU1]}}")
    assert grants(model, "psci") == {"power / 0": "state read", "power / 1": "state read"}
    assert numbers(model)["clock cru 7"] == 0
    assert told(model) == []


def test_declared_numbers_come_first() -> None:
    """What scmigen numbers itself comes after them."""
    model = compiled(NATIVE, "{protocol: clock, id: 0}", "{elements: {clock: {0-3: }}}")
    assert numbers(model)["clock cru 7"] == 4


def test_numbers_of_an_agent_are_the_same() -> None:
    text = agents("{protocol: power, id: 6}, {protocol: power, id: 2}")
    found = model_of(tree_of(BARE), text, numbering=Numbering.PER_AGENT)
    assert [(g.id, g.resource.number) for g in found.platforms[0].grants("psci")] == [
        (2, 2),
        (6, 6),
    ]


OWN = "agent\tpsci\tpower\t{}\t/firmware/scmi\t{}\n"


@pytest.mark.parametrize(
    ("lines", "ids"),
    [
        ([(0, 6)], {2: 2, 6: 0}),  # its table begins with 6
        ([(2, 6)], {2: 3, 6: 2}),  # 2 is taken: the next that was never given
        ([(2, 6), (6, 2)], {2: 6, 6: 2}),
        ([(2, 9)], {2: 7, 6: 6}),  # 9 is granted no more, and its number stays
    ],
)
def test_the_lock_has_the_number_that_an_agent_knows_an_element_by(
    lines: list[tuple[int, int]], ids: dict[int, int]
) -> None:
    text = agents("{protocol: power, id: 6}, {protocol: power, id: 2}")
    tree = tree_of(BARE)
    lock = format_lock(model_of(tree, text, numbering=Numbering.PER_AGENT).lock)
    lock = "".join(line + "\n" for line in lock.splitlines() if not line.startswith("agent"))
    lock += "".join(OWN.format(own, number) for own, number in lines)
    found = model_of(tree, text, lock, numbering=Numbering.PER_AGENT)
    assert {g.resource.number: g.id for g in found.platforms[0].grants("psci")} == ids
    assert not diagnostics(found, "id-moved")


def test_the_lock_keeps_elements() -> None:
    first = compiled(BARE, "{protocol: power, id: 1}", "{elements: {power: [CPU0, CPU1]}}")
    locked = format_lock(first.lock)
    assert "power\t1\tCPU1\t/firmware/scmi\t1" in locked.splitlines()
    again = model_of(tree_of(BARE), agents("{protocol: power, id: 0}"), locked)
    assert [r.name for r in again.platforms[0].resources[Kind.POWER]] == ["CPU0"]
    assert format_lock(again.lock) == locked


def test_numbers_of_a_server_description() -> None:
    """The number means what the description gives it."""
    described = (
        NATIVE
        + """
	scmi { compatible = "optee,scmi-server"; #address-cells = <1>; #size-cells = <0>;
		agent@1 { compatible = "linaro,scmi-optee"; reg = <1>; scmi-channel-id = <0>;
			#address-cells = <1>; #size-cells = <0>;
			protocol@14 { reg = <0x14>; clocks { #address-cells = <1>; #size-cells = <0>;
				clock@5 { reg = <5>; domain-name = "gpu"; clocks = <&cru 7>; }; }; }; }; };
"""
    )
    model = compiled(described, "{protocol: clock, id: 5, operations: [read]}")
    assert grants(model, "psci") == {"clock cru 7": "read"}


def test_a_protocol_without_resources() -> None:
    (found,) = diagnostics(compiled(SCMI, "{protocol: reset}"), "grant-unmanaged")
    assert "{protocol: reset, id: " in (found.hint or "")


WRONG = [
    ("{protocol: ^pwer}", "{}", "protocol cannot be 'pwer'", "did you mean power?"),
    ("{protocol: ^pin}", "{}", "protocol cannot be 'pin'", ""),
    ("{protocol: power, ^ids: 3}", "{}", "a grant has no key 'ids'", "did you mean id?"),
    ("{protocol: power, ^allow: [read]}", "{}", "no key 'allow'", "write operations: […]"),
    ("{protocol: power, id: ^[]}", "{}", "id is an empty list", "grant all that there are"),
    ("{protocol: power, operations: ^[]}", "{}", "operations is an empty list", "of state, read"),
    ("{power: '&pd 8', operations: ^[]}", "{}", "operations is an empty list", "of state, read"),
    ("{protocol: power, id: ^0-}", "{}", "id must be as in \"0-7, 9\", not '0-'", ""),
    ("{protocol: power, id: ^-1}", "{}", "not '-1'", ""),
    ("{protocol: power, id: ^7-0}", "{}", "7-0, which goes down", "write 0-7"),
    ("{protocol: power, id: ^0-4096}", "{}", "the numbers of elements end at 4095", ""),
    ("{protocol: power, id: [0-3, ^2]}", "{}", "2 is in id twice", "first at agents.yaml:3:68"),
    ('{protocol: power, id: ^"0-3, 2"}', "{}", "has 2 twice", ""),
    ("{protocol: power, operations: [^stat]}", "{}", "cannot be 'stat'", "did you mean state?"),
    ("{protocol: power, clock: ^'&clk 3'}", "{}", "names no clock", "write two grants"),
    ("{power: '&pd 8', id: ^3}", "{}", "id belongs to protocol", "write {protocol: power,"),
    (
        "{protocol: power, id: 1}, {protocol: power, id: ^0-2}",
        "{}",
        "psci is granted power 1 already",
        "name each number once",
    ),
    (
        "{protocol: power, id: ^0-4}",
        "{elements: {power: {0-2: }}}",
        "power 3-4 is neither declared nor in the tree",
        "declared are 0-2, the tree names 8-9",
    ),
    ("", "{elements: {^powr: [A]}}", "elements has no key 'powr'", "did you mean power?"),
    ("", "{elements: {power: [A, B, ^A]}}", "power 0 and 2 have the name A", ""),
    ("", "{elements: {power: {0-2: ^A}}}", "3 elements cannot have one name", "0: {name: …}"),
    ("", "{elements: {power: {0-2: , ^2-3: }}}", "power 2 is declared twice", "4:31"),
    ("", "{elements: {power: {1: A, ^0x1: B}}}", "power 1 is declared twice", "4:31"),
    ("", "{elements: {power: {^x: A}}}", "the number of a power element must be as in", ""),
    ("", "{elements: {power: {0: {^nam: A}}}}", "a power element has no key 'nam'", "name?"),
    ("", "{elements: {power: {0: {^rates: [1]}}}}", "has no key 'rates'", ""),
    ("", "{elements: {power: {0: {name: ^'a b'}}}}", "name cannot be 'a b'", "letters"),
    ("", "{elements: {power: {0: {enumerator: ^A+1}}}}", "enumerator cannot be 'A+1'", ""),
    (
        "",
        "{elements: {power: {0: {enumerator: A}, ^1: {enumerator: A}}}}",
        "power 0 and 1 have the enumerator A",
        "",
    ),
]


@pytest.mark.parametrize(("grant", "platform", "message", "hint"), WRONG)
def test_what_is_wrong(grant: str, platform: str, message: str, hint: str) -> None:
    text, place = marked(agents(grant, platform), "agents.yaml")
    with pytest.raises(InputError) as raised:
        assigned(tree_of(SCMI), text)
    (found,) = raised.value.diagnostics
    assert message in found.message
    assert found.position == place
    assert hint in (found.hint or "")


def test_numbers_of_scmigen_are_none_to_grant_by() -> None:
    with pytest.raises(InputError) as raised:
        assigned(tree_of(NATIVE), agents("{protocol: clock, id: 0}"))
    (found,) = raised.value.diagnostics
    assert "clock 0 is declared nowhere" in found.message
    assert 'clock: "&LABEL 12"' in (found.hint or "")


def test_two_files_declare() -> None:
    tree, elements = tree_of(SCMI), "platform: {elements: {power: {0: %s}}}"
    first = agents("{protocol: power, id: 0}", "{elements: {power: [A]}}")
    assert [e.name for e in assigned(tree, first, elements % "A").options.elements] == ["A"]
    with pytest.raises(InputError, match="power 0 is declared twice with different values"):
        assigned(tree, first, elements % "B")


def test_many_ranges_are_bounded() -> None:
    with pytest.raises(InputError, match="twice"):
        assigned(tree_of(SCMI), agents('{protocol: power, id: "' + "0-4095, " * 5000 + '1"}'))


def test_a_server_answers_for_elements() -> None:
    """The power domain switches, and the clock has the rate that is declared."""
    model = compiled(
        SCMI,
        "{protocol: power, id: 0}, {protocol: clock, id: 1}",
        "{elements: {power: [CPU0], clock: {1: {name: uart, rates: [24000000]}}}}",
    )
    files, _ = make(model.platforms[0], "runtime")
    (described,) = (file.content for file in files if file.path.endswith("runtime.json"))
    psci = Server(runtime.decode(described)).agents[2]
    state_set, state_get, rate_get = 0x4 | 0x11 << 10, 0x5 | 0x11 << 10, 0x6 | 0x14 << 10
    off = 0x4000_0000
    assert psci.handle(words(state_get, 0)) == (words(state_get, 0, off),)
    assert psci.handle(words(state_set, 0, 0, 0)) == (words(state_set, 0),)
    assert psci.handle(words(state_get, 0)) == (words(state_get, 0, 0),)
    assert psci.handle(words(rate_get, 1)) == (words(rate_get, 0, 24_000_000, 0),)


#: Two SCMI nodes with clocks, one of them with power domains.
TWO = """
	#address-cells = <1>; #size-cells = <1>;
	firmware {
		scmi { compatible = "arm,scmi-virtio"; #address-cells = <1>; #size-cells = <0>;
			clk1: protocol@14 { reg = <0x14>; #clock-cells = <1>; }; };
		scmi2 { compatible = "arm,scmi-virtio"; #address-cells = <1>; #size-cells = <0>;
			clk2: protocol@14 { reg = <0x14>; #clock-cells = <1>; };
			protocol@11 { reg = <0x11>; #power-domain-cells = <1>; }; };
	};
	a@5000 { compatible = "acme,dev"; reg = <0x5000 0x100>; clocks = <&clk1 3>; };
	b@6000 { compatible = "acme,dev"; reg = <0x6000 0x100>; clocks = <&clk2 3>; };
"""


def test_a_number_of_two_nodes_is_unclear() -> None:
    """It would be that of the first node, whichever devices the agent has."""
    with pytest.raises(InputError) as caught:
        compiled(TWO, "{protocol: clock, id: 3}, {protocol: power, id: 9}")
    (found,) = caught.value.diagnostics
    assert found.message == ("clock 3 of which SCMI node? 2 have the protocol: &clk1, &clk2")
    hint = '{clock: "&clk2 3", operations: [state, read]}'
    assert found.hint == f"name the node: {hint}, or that of another"
    model = compiled(TWO, f"{hint}, {{protocol: power, id: 9}}")
    (grant,) = (
        grant
        for platform in model.platforms
        for grant in platform.all_grants
        if grant.resource.kind is Kind.CLOCK and grant.agent.name == "psci"
    )
    assert grant.resource.key.provider == "/firmware/scmi2/protocol@14"


def test_whose_elements_are_declared_is_told() -> None:
    """Those of the first node that has the protocol, and no word of power domains: one has them."""
    model = compiled(TWO, "", "{elements: {clock: {7-8: }, power: [CPU0]}}")
    (found,) = [item for item in model.assignment.diagnostics if "are declared for" in item.message]
    assert found.message == (
        "clock 7-8 are declared for &clk1, the first of 2 SCMI nodes that have the protocol"
    )
    assert (found.hint or "").endswith('{clock: "&clk2 7", operations: [state, read]}')
    homes = {
        (r.key.kind, r.number): platform.name
        for platform in model.platforms
        for r in (*platform.resources[Kind.CLOCK], *platform.resources[Kind.POWER])
        if r.declared
    }
    assert homes == {
        (Kind.CLOCK, 7): "scmi",
        (Kind.CLOCK, 8): "scmi",
        (Kind.POWER, 0): "scmi2",
    }
