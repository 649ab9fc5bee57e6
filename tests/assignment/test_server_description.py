"""``optee,scmi-server``: numbers and names that a server description gives to agents."""

from pathlib import Path

import pytest
from assigned import assigned
from support import BOARD, SOC, diagnostics, grants, marked, model_of, numbers, soc, source, wrong

from scmigen.assignment.assignment import Assignment
from scmigen.devicetree.load import load
from scmigen.devicetree.source import read_source
from scmigen.diagnostics import InputError
from scmigen.runtime import Numbering, Role
from scmigen.scmi.protocols import Kind

CLOCK = "protocol@14 { reg = <0x14>; clocks { %s }; };"
CHANNEL = "scmi-channel-id = <0>"
RESET = "protocol@16 { reg = <0x16>; resets { %s }; };"


def agent(number: int, *protocols: str) -> str:
    return (
        f'agent@{number} {{ compatible = "linaro,scmi-optee"; reg = <{number}>; '
        f"scmi-channel-id = <{number - 1}>; {' '.join(protocols)} }};"
    )


def server(*agents: str) -> str:
    return f'scmi {{ compatible = "optee,scmi-server"; {" ".join(agents)} }};'


ONE = server(
    agent(
        1,
        CLOCK
        % (
            'clock@3 { reg = <3>; domain-name = "ck_a"; clocks = <&cc 7>; flags = <2>; };'
            'clock@5 { reg = <9>; domain-name = "ck_b"; clocks = <&cc 1>; flags = <1>; };'
        ),
        RESET % 'reset@0 { reg = <0>; domain-name = "rst"; resets = <&rc 4>; };',
    )
)


def test_numbers_are_those_of_reg_never_of_the_unit_address() -> None:
    model = model_of(soc(ONE))
    assert numbers(model) == {"clock cc 7": 3, "clock cc 1": 9, "reset rc 4": 0}
    (platform,) = model.platforms
    assert [r.name for r in platform.resources[Kind.CLOCK]] == ["ck_a", "ck_b"]
    assert [r.name for r in platform.resources[Kind.RESET]] == ["rst"]


def test_flags() -> None:
    """Bit 0: enabled at boot. Bit 1: the rate may be set."""
    model = model_of(soc(ONE))
    assert grants(model, "agent-1") == {
        "clock cc 7": "state rate read", "clock cc 1": "state read", "reset rc 4": "reset",
    }  # fmt: skip
    clocks = model.platforms[0].resources[Kind.CLOCK]
    assert [(clock.number, clock.facts.on) for clock in clocks] == [(3, False), (9, True)]
    assert wrong(model) == []


def test_agents() -> None:
    found = assigned(soc(server(agent(2), agent(1))))
    assert [(a.id, a.name, a.role) for a in found.agents] == [
        (1, "agent-1", Role.OTHER),
        (2, "agent-2", Role.OTHER),
    ]
    channels = [(a.transport.type, a.transport.channel) for a in found.agents if a.transport]
    assert channels == [("optee", 0), ("optee", 1)]


def test_nothing_in_a_description_is_a_device_or_an_scmi_node() -> None:
    """The agents have the compatible of an SCMI node; the controllers stay the platform's."""
    model = model_of(soc(ONE))
    assert model.inventory.instances == ()
    assert [use.consumer.path for use in model.inventory.uses] == []
    assert model.providers["/clock-controller@1000"].category == "managed"


def test_devices_of_the_tree_are_the_platforms() -> None:
    model = model_of(soc(ONE + 'd { compatible = "acme,d"; clocks = <&cc 1>, <&cc 50>; };'))
    assert grants(model, "agent-1").keys() == {"clock cc 7", "clock cc 1", "reset rc 4"}
    assert model.platforms[0].devices == ()
    clocks = model.platforms[0].resources[Kind.CLOCK]
    # The platform's own device holds its clock on.
    assert {clock.number: clock.facts.always_on for clock in clocks} == {3: False, 9: True}


OTHERS = """
protocol@11 { reg = <0x11>; domains { pd@4 { reg = <4>; power-domains = <&pc 6>; }; }; };
protocol@13 { reg = <0x13>; domains { p@1 { reg = <1>; performance-domains = <&dvfs 2>; }; }; };
protocol@15 { reg = <0x15>; sensors { s@8 { reg = <8>; thermal-sensors = <&ts 3>; }; }; };
protocol@17 { reg = <0x17>; regulators {
    a { reg = <11>; domain-name = "vdd_cpu"; voltd-supply = <&vdd>; };
    b { reg = <12>; voltd-supply = <&vio>; }; }; };
"""
PROVIDERS = """
dvfs: dvfs@7000 { compatible = "acme,dvfs"; reg = <0x7000>; #performance-domain-cells = <1>; };
ts: ts { compatible = "acme,ts"; #thermal-sensor-cells = <1>; };
"""


def test_kinds_that_optee_refuses() -> None:
    """vdd can change its voltage, vio cannot."""
    body = PROVIDERS + server(agent(1, OTHERS))
    assert numbers(model_of(soc(body))) == {
        "power pc 6": 4, "performance dvfs 2": 1, "sensor ts 3": 8, "voltage vdd": 11,
        "voltage vio": 12,
    }  # fmt: skip
    assert grants(model_of(soc(body)), "agent-1") == {
        "power pc 6": "state read", "performance dvfs 2": "level limits read",
        "sensor ts 3": "config read", "voltage vdd": "state level read",
        "voltage vio": "state read",
    }  # fmt: skip


TWO = server(
    agent(1, CLOCK % "c { reg = <3>; clocks = <&cc 7>; }; d { reg = <0>; clocks = <&cc 1>; };"),
    agent(2, CLOCK % "c { reg = <0>; clocks = <&cc 7>; };"),
)


def test_each_agent_has_the_numbers_it_is_given() -> None:
    """Where all agents share one numbering, that is an error."""
    model = model_of(soc(TWO), numbering=Numbering.PER_AGENT)
    found = [(g.agent.name, g.resource.key.cells, g.id) for g in model.platforms[0].all_grants]
    assert sorted(found) == [("agent-1", (1,), 0), ("agent-1", (7,), 3), ("agent-2", (7,), 0)]
    assert wrong(model) == []
    (found_shared,) = diagnostics(model_of(soc(TWO)), "id-disagrees")
    assert found_shared.hint is not None
    assert "per-agent" in found_shared.hint


NAMED = server(
    agent(
        1, CLOCK % "c@0 { reg = <0>; clocks = <&cc 7>;\n%s }; d { reg = <1>; clocks = <&cc 1>; };"
    ),
    agent(2, CLOCK % 'c@0 { reg = <0>; clocks = <&cc 7>; domain-name = "ck"; };'),
)


@pytest.mark.parametrize("numbering", list(Numbering))
def test_two_names_of_one_resource_are_told_with_both_places(numbering: Numbering) -> None:
    """A resource has one name, whichever numbers the agents have for it."""
    model = model_of(soc(NAMED % 'domain-name = "ck";'), numbering=numbering)
    assert diagnostics(model, "name-differs") == []
    model = model_of(soc(NAMED % 'domain-name = "other";'), numbering=numbering)
    (found,) = diagnostics(model, "name-differs")
    assert found.severity.word == "warning"
    assert "is called ck for agent-2 and other for agent-1; all agents see other" in found.message
    assert [found.position, *(item.position for item in found.related)] == [
        grant.position for grant in reversed(model.assignment.grants) if grant.key.cells == (7,)
    ]
    names = {r.key.cells: r.name for r in model.platforms[0].resources[Kind.CLOCK]}
    assert names[7,] == "other"
    # Silence is no name.
    model = model_of(soc(NAMED % ""), numbering=numbering)
    assert diagnostics(model, "name-differs") == []


def test_the_description_beats_the_lock() -> None:
    lock = "# scmigen identifiers 1\nplatform\tscmi\nclock\t4\told\t/clock-controller@1000\t7\n"
    model = model_of(soc(ONE), lock=lock)
    assert numbers(model)["clock cc 7"] == 3
    (found,) = diagnostics(model, "id-moved")
    assert "was 4 and is 3 now" in found.message
    assert found.position is not None
    assert found.position.line == 1


# A ^ stands where the error points.
WRONG = [
    (server("^agent@1 { };"), "needs reg = <agent id>"),
    (server("^agent@0 { reg = <0>; };"), "is agent 0, which is the platform"),
    (server("^agent@1 { reg = <1>; };"), "has no transport"),
    (server("^" + agent(2)), "no agent has id 1"),
    (server(agent(1), "^" + agent(1).replace("agent@1", "agent@2")), "which is taken"),
    (server(agent(1, "^protocol@99 { reg = <0x99>; };")), "has the unsupported protocol 0x99"),
    (server(agent(1, "^protocol@14 { };")), "needs reg = <protocol>"),
    (server(agent(1, CLOCK % "^clock@1 { clocks = <&cc 1>; };")), "needs reg = <id>"),
    (server(agent(1, CLOCK % "^clock@1 { reg = <1>; };")), "refers to no clock"),
    (
        server(agent(1, CLOCK % "clock@1 { reg = <1>; clocks = <^99>; };")),
        "is not the phandle of any node",
    ),
    (
        server(agent(1, CLOCK % "^clock@1 { reg = <1>; clocks = <&cc 1>, <&cc 2>; };")),
        "refers to more than one clock",
    ),
    (server(agent(1, CLOCK % "^clock@1 { reg = <1>; resets = <&rc 2>; };")), "refers to no clock"),
    (
        server(
            agent(
                1,
                CLOCK % "a { reg = <1>; clocks = <&cc 1>; }; ^b { reg = <1>; clocks = <&cc 2>; };",
            )
        ),
        "has the id 1, which is taken",
    ),
    *(
        (server(agent(1).replace(prop, f"^{malformed}")), message)
        for prop, malformed, message in (
            ("reg = <1>", "reg = <1 2>", "agent@1: reg must be one cell"),
            ("reg = <1>", 'reg = "1"', "agent@1: reg must be one cell"),
            (CHANNEL, "scmi-channel-id = <0 1>", "scmi-channel-id must be one cell"),
            (CHANNEL, "scmi-channel-id = [00]", "scmi-channel-id must be one cell"),
            (CHANNEL, f"arm,smc-id = [01]; {CHANNEL}", "arm,smc-id must be one cell"),
        )
    ),
    *(
        (server(agent(1, CLOCK % f"a {{ clocks = <&cc 1>; reg = <1>; ^{prop}; }};")), message)
        for prop, message in (
            ("flags", "flags must be one cell"),
            ('flags = "rate"', "flags must be one cell"),
            ("flags = <0 2>", "flags must be one cell"),
            ('domain-name = "a", "b"', "domain-name must be one string"),
            ('domain-name = ""', "domain-name must be one string"),
            ("domain-name = [61 62]", "domain-name must be one string"),
            ("regulator-name = <1>", "regulator-name must be one string"),
        )
    ),
    (
        server(agent(1, CLOCK % "a { clocks = <&cc 1>; ^reg = <1 2>; };")),
        "reg must be one cell",
    ),
]


@pytest.mark.parametrize(
    ("body", "message"),
    [pytest.param(*row, id=f"{place}-{row[1]}") for place, row in enumerate(WRONG)],
)
def test_each_mistake_is_one_error_at_its_place(body: str, message: str) -> None:
    text, where = marked(source(body + SOC), BOARD)
    with pytest.raises(InputError) as raised:
        assigned(read_source(text, BOARD))
    (found,) = raised.value.diagnostics
    assert found.position == where
    assert message in found.message


def test_all_mistakes_at_once() -> None:
    body = server(agent(1, CLOCK % "a { reg = <1>; }; b { clocks = <&cc 1>; };"), "agent@3 { };")
    with pytest.raises(InputError) as raised:
        assigned(soc(body))
    assert len(raised.value.diagnostics) == 3


def read(path: Path) -> Assignment:
    return assigned(load(path))


@pytest.mark.parametrize("form", ["dts", "dtb"])
def test_a_real_one(corpus: Path, form: str) -> None:
    """STM32MP257F-EV1: typed from the source by hand."""
    path = corpus / "optee" / f"stm32mp257f-ev1-optee.{form}"
    found = read(path)
    clocks = {g.number: g for g in found.grants if g.key.kind is Kind.CLOCK}
    resets = {g.number: g for g in found.grants if g.key.kind is Kind.RESET}
    assert (len(clocks), len(resets), len(found.grants)) == (108, 5, 113)
    holes = [number for number in range(max(clocks)) if number not in clocks]
    assert holes == [71, 72, 73, 84, 85, 86, 104, *range(107, 116), 121]
    assert (clocks[0].name, clocks[0].key.cells) == ("ck_icn_hs_mcu", (24,))
    assert (clocks[65].name, clocks[65].key.cells) == ("hse_ck", (1,))
    assert [(n, r.name, r.key.cells) for n, r in sorted(resets.items())] == [
        (4, "fmc", (108,)),
        (5, "ospi1", (104,)),
        (6, "ospi1_ddl", (105,)),
        (7, "ospi2", (106,)),
        (8, "ospi2_ddl", (107,)),
    ]
    rated = [number for number, clock in clocks.items() if "rate" in clock.operations]
    assert sorted(rated) == [10, 16, 23, 24, 25, 27]
    model = model_of(load(path))
    assert {r.number for r in model.platforms[0].resources[Kind.CLOCK]} == set(clocks)
    assert wrong(model) == []
