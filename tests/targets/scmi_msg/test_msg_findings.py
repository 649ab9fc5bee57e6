"""What the two servers cannot do is told, and how agents reach them comes from their transport."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from support import SOC, model_of, source, tree_of
from targets.scp.scp_boards import LEVEL, LIMITS, PARENT, RATE, READ, Board, points

import scmigen
from scmigen.assignment.assignment import Transport
from scmigen.diagnostics import Severity
from scmigen.model.platform import Platform
from scmigen.pipeline import emit_outputs
from scmigen.resources import directory
from scmigen.runtime import Role
from scmigen.scmi.protocols import Kind
from scmigen.targets.make import Made, make

EXAMPLES = directory("templates").parent / "examples" / "dts"


def with_clock(count: int = 1) -> Board:
    board = Board()
    clock = board.resource(Kind.CLOCK, 0, "uart", rates=(1_000_000,))
    for number in range(count):
        board.grant(board.agent(f"agent{number}", Role.VM), clock, READ)
    return board


def over_optee(platform: Platform, *channels: int) -> Platform:
    agents = tuple(
        replace(agent, transport=Transport(type="optee", channel=channel))
        for agent, channel in zip(platform.agents, channels, strict=True)
    )
    by_id = {agent.id: agent for agent in agents}
    grants = tuple(replace(grant, agent=by_id[grant.agent.id]) for grant in platform.all_grants)
    return replace(platform, agents=agents, all_grants=grants)


def told(made: Made) -> list[tuple[str, str]]:
    return sorted((item.id, item.severity.word) for item in made.diagnostics)


def header(made: Made) -> str:
    return next(f.content.decode() for f in made.files if f.path == "scmi_tables.h")


def test_channels_of_op_tee_are_those_of_the_transport() -> None:
    text = header(make(over_optee(with_clock(2).platform(), 5, 0), "optee-msg"))
    assert "#define SCMI_CHANNEL_AGENT1\t0\n" in text
    assert "#define SCMI_CHANNEL_AGENT0\t5\n" in text
    assert "#define SCMI_CHANNEL_COUNT\t6\n" in text


@pytest.mark.parametrize(
    ("channels", "words"),
    [((0, 256), "256 of agent1 is above 255"), ((3, 3), "3 of agent1 is that of agent0")],
)
def test_a_channel_that_the_tables_cannot_have_is_an_error(
    channels: tuple[int, int], words: str
) -> None:
    made = make(over_optee(with_clock(2).platform(), *channels), "optee-msg")
    assert made.files == ()
    assert told(made) == [("optee-msg-channel", "error")]
    assert words in made.diagnostics[0].message


def test_agents_of_tf_a_are_numbered_in_the_order_of_their_ids() -> None:
    made = make(with_clock(2).platform(), "tfa-msg")
    assert "#define SCMI_AGENT_AGENT0\t0U\n#define SCMI_AGENT_AGENT1\t1U\n" in header(made)
    assert told(made) == [("tfa-msg-memory", "warning")] * 2


def test_shared_memory_is_where_the_tree_has_it() -> None:
    """``scmi-shmem@fff00000`` of the example board, 4 KiB."""
    board, agents = (str(EXAMPLES / name) for name in ("orrery-board.dts", "agents.yaml"))
    (platform,) = scmigen.compile(board, agents=[agents]).platforms
    for name, unsigned in (("optee-msg", ""), ("tfa-msg", "U")):
        text = header(make(platform, name))
        assert "#define SCMI_SHM_LINUX_BASE\t0xfff00000UL\n" in text
        assert f"#define SCMI_SHM_LINUX_SIZE\t0x1000{unsigned}\n" in text


def test_the_function_id_is_that_of_the_transport() -> None:
    platform = with_clock().platform()
    agent = replace(platform.agents[0], transport=Transport(type="smc", smc_id=0x82000010))
    text = header(make(replace(platform, agents=(agent,)), "tfa-msg"))
    assert "#define SCMI_AGENT_AGENT0_SMC_ID\t0x82000010U\n" in text
    assert "#define SCMI_SHM_AGENT0_BASE\t0U\n" in text


def test_operations_that_a_server_lacks_are_left_out_with_a_warning() -> None:
    board = Board()
    linux = board.agent("linux")
    root = board.resource(Kind.CLOCK, 0, "pll", rates=(10,))
    clock = board.resource(Kind.CLOCK, 1, "mux", rates=(10,), parents=(root.key,))
    board.grant(linux, clock, PARENT, RATE, READ)
    domain = board.resource(Kind.PERFORMANCE, 0, "cpu", points=points((500, 900, None)))
    board.grant(linux, domain, LIMITS, LEVEL, READ)
    platform = board.platform()
    assert told(make(platform, "optee-msg")) == [
        ("optee-msg-operation", "warning"),
        ("optee-msg-operation", "warning"),
        ("optee-msg-performance", "note"),
    ]
    assert told(make(platform, "tfa-msg")) == [
        ("tfa-msg-kind", "warning"),
        ("tfa-msg-memory", "warning"),
    ]


@pytest.mark.parametrize(("level", "scaled"), [(None, False), (500_000, False), (1, True)])
def test_levels_other_than_frequencies_have_no_scale_in_op_tee(
    level: int | None, scaled: bool
) -> None:
    board = Board()
    domain = board.resource(Kind.PERFORMANCE, 0, "cpu", points=points((500, 900, level)))
    board.grant(board.agent("linux"), domain, LEVEL, READ)
    found = told(make(board.platform(), "optee-msg"))
    assert (("optee-msg-scale", "warning") in found) is scaled


@pytest.mark.parametrize("name", ["optee-msg", "tfa-msg"])
def test_a_rate_that_nothing_says_is_told(name: str) -> None:
    """The weak default of scmi_hw_clock_get_rate() answers with what stands in the table."""
    board = Board()
    linux = board.agent("linux")
    known = board.resource(Kind.CLOCK, 0, "known", rates=(10,))
    unknown = [board.resource(Kind.CLOCK, n, f"clock{n}") for n in (1, 2)]
    for clock in (known, *unknown):
        board.grant(linux, clock, READ)
    (item,) = (d for d in make(board.platform(), name).diagnostics if d.id == f"{name}-assumed")
    assert item.severity is Severity.WARNING
    assert item.message.startswith("the tree has no rate of 2 clocks; ")
    assert [each.message for each in item.related] == ["clock1", "clock2"]


@pytest.mark.parametrize("name", ["optee-msg", "tfa-msg"])
def test_an_agent_that_may_change_permissions_cannot_do_so_there(name: str) -> None:
    board = with_clock()
    clock = board.resources[Kind.CLOCK][0]
    board.grant(board.agent("xen", Role.HYPERVISOR, permissions=True), clock, READ)
    assert (f"{name}-permissions", "note") in told(make(board.platform(), name))


@pytest.mark.parametrize("name", ["optee-msg", "tfa-msg"])
def test_what_opens_later_is_no_row(name: str) -> None:
    """Permissions at boot hold: a grant of an assignable device that nobody has is a hole."""
    board = with_clock()
    later = board.resource(Kind.CLOCK, 1, "later", rates=(1,))
    board.grant(board.agents[0], later, READ, boot=frozenset())
    made = make(board.platform(), name)
    text = next(f.content.decode() for f in made.files if f.path == "scmi_tables.c")
    assert '"later"' in text
    assert "SCMI_CLOCK_UART,\n" in text
    assert "SCMI_CLOCK_LATER,\n" not in text


@pytest.mark.parametrize("name", ["optee-msg", "tfa-msg"])
def test_a_platform_without_agents_or_resources_has_no_tables(name: str) -> None:
    board = Board()
    board.agent("linux")
    assert (f"{name}-empty", "error") in told(make(board.platform(), name))


def test_an_assumed_rate_is_left_to_the_driver() -> None:
    """The clock has no table of rates, and the comment says what is assumed."""
    board = Board()
    clock = board.resource(Kind.CLOCK, 0, "unknown", assumed=("rate",))
    board.grant(board.agent("linux"), clock, RATE, READ)
    made = make(board.platform(), "optee-msg")
    text = next(f.content.decode() for f in made.files if f.path == "scmi_tables.c")
    assert "; assumed: rate */" in text
    assert ".rates =" not in text
    assert ".rate = 100000000UL," in text


@pytest.mark.parametrize(
    ("megahertz", "fits"), [(4_294_967, True), (4_294_968, False), (9_223_372_036_854, False)]
)
def test_a_level_beyond_a_word_is_an_error(megahertz: int, fits: bool) -> None:
    """4,294,967,000 kHz is the highest of these that 32 bits hold."""
    board = Board()
    domain = board.resource(Kind.PERFORMANCE, 0, "cpu", points=points((megahertz, 900, None)))
    board.grant(board.agent("linux"), domain, LEVEL, READ)
    made = make(board.platform(), "optee-msg")
    assert bool(made.files) is fits
    assert (("optee-msg-level", "error") in told(made)) is not fits


@pytest.mark.parametrize("name", ["optee-msg", "tfa-msg"])
@pytest.mark.parametrize(
    "facts", [{"rates": (2**64 - 1,)}, {"rates": (2**63, 2**64 - 1), "step": 1}]
)
def test_a_rate_that_no_table_holds_is_left_out(name: str, facts: dict[str, object]) -> None:
    board = Board()
    board.grant(board.agent("linux"), board.resource(Kind.CLOCK, 0, "fast", **facts), READ)
    made = make(board.platform(), name)
    assert (f"{name}-rate", "warning") in told(made)
    text = next(f.content.decode() for f in made.files if f.path == "scmi_tables.c")
    assert ".rates =" not in text
    assert ".rate = 9223372036854775807UL," in text


@pytest.mark.parametrize(
    ("size", "known"), [("0x1000", True), ("0x80", True), ("0x7f", False), ("0", False)]
)
def test_a_shared_memory_that_is_too_small_is_none(size: str, known: bool, tmp_path: Path) -> None:
    """Neither driver looks whether its answers fit."""
    board = tmp_path / "board.dts"
    board.write_text(
        f"""/dts-v1/;
/ {{
    #address-cells = <1>; #size-cells = <1>;
    shm: memory@1000 {{ reg = <0x1000 {size}>; }};
    cru: clock@2000 {{ compatible = "acme,cru"; reg = <0x2000 0x100>; #clock-cells = <1>; }};
    serial@3000 {{ compatible = "acme,uart"; reg = <0x3000 0x100>; clocks = <&cru 1>; }};
}};
"""
    )
    agents = tmp_path / "agents.yaml"
    agents.write_text(
        "domains: {linux: {id: 1, default: true, scmi: {role: ospm, transport: "
        "{type: smc, smc-id: 0x82000010, shmem: shm}}}}\n"
    )
    (platform,) = scmigen.compile(str(board), agents=[str(agents)]).platforms
    made = make(platform, "tfa-msg")
    assert (("tfa-msg-memory", "warning") in told(made)) is not known
    assert ("#define SCMI_SHM_LINUX_BASE\t0x1000UL\n" in header(made)) is known


@pytest.mark.parametrize(
    ("word", "wanted"),
    [
        (None, ["CFG_SCMI_PTA", "CFG_SCMI_MSG_SHM_MSG"]),
        ("optee", ["CFG_SCMI_PTA", "CFG_SCMI_MSG_SHM_MSG"]),
        ("smc", []),
    ],
)
def test_the_way_into_op_tee_is_switched_on(word: str | None, wanted: list[str]) -> None:
    """Its pseudo-TA takes messages in memory of their own; SMC calls need shared memory first."""
    platform = with_clock().platform()
    transport = None if word is None else Transport(type=word)
    agent = replace(platform.agents[0], transport=transport)
    made = make(replace(platform, agents=(agent,)), "optee-msg")
    text = next(f.content.decode() for f in made.files if f.path == "scmi.mk")
    said = [line.partition(" ?= y")[0] for line in text.splitlines() if " ?= y" in line]
    assert said == wanted


@pytest.mark.parametrize("name", ["optee-msg", "tfa-msg"])
def test_a_name_that_is_cut_stands_whole_above_its_row(name: str) -> None:
    """The drivers assert that a name has 15 bytes at most; C has no such limit."""
    clock = "ADC0_ADC_CLK_PARENT_HFOSC0_CLKOUT"
    device = f'compatible = "acme,a"; clocks = <&cc 3>; clock-names = "{clock}";'
    board = source(SOC + "a@5000 { " + device + " };")
    (platform,) = scmigen.compile(scmigen.loads(board)).platforms
    made = make(platform, name)
    (tables,) = (f.content.decode() for f in made.files if f.path == "scmi_tables.c")
    assert re.search(rf"\t(/\*|\t?\s\*) a-5000-{clock}: ", tables)
    assert f"SCMI_CLOCK_A_5000_{clock}" in header(made)


def test_each_of_many_scmi_nodes_has_its_own_channel() -> None:
    """The memory and the SMC id of a node are those of the agent there."""
    shm = "".join(
        f"""shm{n}: shm@{n}000 {{ compatible = "arm,scmi-shmem"; reg = <{n:#x}000 0x1000>; }};
        scmi-{n} {{ compatible = "arm,scmi-smc"; arm,smc-id = <{0x82000010 + n:#x}>;
            shmem = <&shm{n}>; #address-cells = <1>; #size-cells = <0>;
            clk{n}: protocol@14 {{ reg = <0x14>; #clock-cells = <1>; }}; }};
        dev{n} {{ compatible = "acme,dev"; clocks = <&clk{n} 0>; }};"""
        for n in range(1, 5)
    )
    model = model_of(tree_of(f"#address-cells = <1>; #size-cells = <1>; {shm}"))
    files, found, *_ = emit_outputs(model, ["tfa-msg"], explicit=True)
    assert [item for item in found if item.id == "tfa-msg-memory"] == []
    for n in range(1, 5):
        (text,) = [
            file.content.decode()
            for file in files
            if file.path == f"scmi-{n}/tfa-msg/scmi_tables.h"
        ]
        assert f"_SMC_ID\t{0x82000010 + n:#x}U" in text
        assert f"_BASE\t{n:#x}000UL" in text
