"""OP-TEE's parser, as it is written, makes of the node what the agents are granted."""

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from support import SOC, TWO_AGENTS, model_of, soc, source, tree_of
from support import scmigen as command
from targets.optee_server.optee_walk import Node, PanicError, Rows, blob, compiled, rows
from turns import one_in

from scmigen.assignment.assignment import HandGrant
from scmigen.assignment.optee import read_server
from scmigen.devicetree.load import load
from scmigen.diagnostics import Severity
from scmigen.model.platform import Model, Platform
from scmigen.runtime import Numbering
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind
from scmigen.targets.make import Made, make, option_problems

Tool = Callable[[str], str]

BODY = """
uart@5000 { compatible = "acme,uart"; clocks = <&cc 3>, <&cc 4>;
    clock-names = "baud", "bus"; resets = <&rc 1>; };
spi: spi@6000 { compatible = "acme,spi"; clocks = <&cc 4>, <&cc 9>;
    clock-names = "bus", "core"; resets = <&rc 12>;
    assigned-clocks = <&cc 9>; assigned-clock-rates = <1000000>; };
"""
B_HAS_SPI = '    access: [{dev: "&spi"}]\n'
ST = "outputs: {optee-server: {firmware: st}}\n"


def made(model: Model) -> Made:
    (platform,) = model.platforms
    return make(platform, "optee-server")


def text(model: Model) -> str:
    found = made(model)
    assert [d for d in found.diagnostics if d.severity is Severity.ERROR] == []
    (file,) = found.files
    assert file.path == "scmi-server.dtsi"
    return file.content.decode()


def told(model: Model) -> list[tuple[str, str]]:
    return [(d.id, d.severity.word) for d in made(model).diagnostics]


def expected(platform: Platform, st: bool = False) -> Rows:
    """The rows of the grants; an agent holds what no driver of the platform's does."""
    groups = {Kind.CLOCK: "clocks", Kind.RESET: "resets"} | (
        {Kind.VOLTAGE: "regulators"} if st else {}
    )
    found: Rows = {}
    for grant in platform.all_grants:
        group = groups.get(grant.kind)
        if group is None or not grant.boot:
            continue
        clock = grant.kind is Kind.CLOCK
        facts = grant.resource.facts
        said = any(isinstance(why, HandGrant) and why.on for why in grant.because)
        on = said or (facts.on and grant.resource.key not in platform.own)
        found[grant.agent.id, group, grant.id] = (
            grant.resource.key.provider,
            grant.resource.key.cells,
            grant.resource.short_name,
            clock and on,
            clock and Operation.RATE in grant.boot,
        )
    return found


def walked(dtc: str, board: str, node: str, folder: Path, st: bool = False) -> Rows:
    return rows(compiled(dtc, board, node, folder), st)


def test_what_agents_are_granted(tool: Tool, tmp_path: Path) -> None:
    """Written down from the board: two agents share clock 4; b sets the rate of clock 9."""
    node = text(model_of(soc(BODY), TWO_AGENTS + B_HAS_SPI))
    cc, rc = "/clock-controller@1000", "/reset-controller@2000"
    assert walked(tool("dtc"), source(SOC + BODY), node, tmp_path) == {
        (1, "clocks", 0): (cc, (3,), "uart-5000-baud", False, False),
        (1, "clocks", 1): (cc, (4,), "spi-6000-bus", False, False),
        (1, "resets", 0): (rc, (1,), "uart-5000", False, False),
        (2, "clocks", 1): (cc, (4,), "spi-6000-bus", False, False),
        (2, "clocks", 2): (cc, (9,), "spi-6000-core", False, True),
        (2, "resets", 1): (rc, (12,), "spi-6000", False, False),
    }


def test_numbers_of_each_agent(tool: Tool, tmp_path: Path) -> None:
    """Where each agent has numbers of its own, b's begin at 0, too."""
    agents = TWO_AGENTS + B_HAS_SPI
    node = text(model_of(soc(BODY), agents, numbering=Numbering.PER_AGENT))
    cc, rc = "/clock-controller@1000", "/reset-controller@2000"
    assert walked(tool("dtc"), source(SOC + BODY), node, tmp_path) == {
        (1, "clocks", 0): (cc, (3,), "uart-5000-baud", False, False),
        (1, "clocks", 1): (cc, (4,), "spi-6000-bus", False, False),
        (1, "resets", 0): (rc, (1,), "uart-5000", False, False),
        (2, "clocks", 0): (cc, (4,), "spi-6000-bus", False, False),
        (2, "clocks", 1): (cc, (9,), "spi-6000-core", False, True),
        (2, "resets", 0): (rc, (12,), "spi-6000", False, False),
    }


def test_supplies_are_for_sts_parser_alone(tool: Tool, tmp_path: Path) -> None:
    body = 'u { compatible = "acme,u"; vdd-supply = <&vdd>; vqmmc-supply = <&vio>; };'
    upstream, st = model_of(soc(BODY + body)), model_of(soc(BODY + body), agents_st())
    assert ("optee-server-kind", "warning") in told(upstream)
    assert "protocol@17" not in text(upstream)
    root = compiled(tool("dtc"), source(SOC + BODY + body), text(st), tmp_path)
    with pytest.raises(PanicError, match="0x17"):
        rows(root)
    supplies = {
        place: row for place, row in rows(root, st=True).items() if place[1] == "regulators"
    }
    assert supplies == {
        (1, "regulators", 0): ("/rails/vdd", (), "vdd", False, False),
        (1, "regulators", 1): ("/rails/vio", (), "vio", False, False),
    }


def agents_st() -> str:
    return "domains: {a: {id: 1, default: true, scmi: {role: ospm}}}\n" + ST


def test_style(tool: Tool, tmp_path: Path) -> None:
    """dtc has no warning about the node: unit addresses, cells, order."""
    node = text(model_of(soc(BODY), TWO_AGENTS + B_HAS_SPI)).replace("#include", "//")
    node = node.replace("SCMI_CLOCK_ALLOW_SET_RATE", "2")
    board = source(SOC + BODY)
    said = {}
    for name, whole in (("board", board), ("both", board + node)):
        (tmp_path / name).write_text(whole)
        command = [tool("dtc"), "-o", str(tmp_path / "out"), str(tmp_path / name)]
        said[name] = subprocess.run(command, capture_output=True, text=True, timeout=60).stderr
    warnings = [line for line in said["both"].splitlines() if "/scmi" in line]
    assert warnings == []


def test_ids_ascend_and_unit_addresses_are_hexadecimal() -> None:
    body = "".join(
        f'd@{n}000 {{ compatible = "acme,d"; reg = <{n}000>; clocks = <&cc {n}>; }};'
        for n in range(1, 13)
    )
    lines = text(model_of(soc(body))).splitlines()
    assert [line.strip(" \t{") for line in lines if "clock@" in line] == [
        f"clock@{number:x}" for number in range(12)
    ]


# The node read back by scmigen's own reader of such nodes.


def granted(node: str, board: str, tmp_path: Path) -> Mapping[tuple[str, Kind, int | None], object]:
    path = tmp_path / "read.dts"
    for macro, value in (("DEFAULT_ENABLED", "1"), ("ALLOW_SET_RATE", "2")):
        node = node.replace(f"SCMI_CLOCK_{macro}", value)
    path.write_text(board + node.replace("#include <dt-bindings/scmi/scmi-clock.h>\n", ""))
    said, problems = read_server(load(path), alone=True)
    assert problems == ()
    return {
        (grant.agent, grant.key.kind, grant.number): (
            grant.key,
            grant.operations,
            grant.name,
            grant.on,
        )
        for grant in said.grants
    }


def test_read_back_the_node_gives_the_same_grants(tmp_path: Path) -> None:
    model = model_of(soc(BODY), TWO_AGENTS + B_HAS_SPI)
    (platform,) = model.platforms
    assert granted(text(model), source(SOC + BODY), tmp_path) == {
        (f"agent-{grant.agent.id}", grant.kind, grant.id): (
            grant.resource.key,
            grant.operations,
            grant.resource.short_name,
            grant.resource.facts.on,
        )
        for grant in platform.all_grants
    }


SERVER = """
scmi { compatible = "optee,scmi-server"; #address-cells = <1>; #size-cells = <0>;
    agent@1 { compatible = "linaro,scmi-optee"; reg = <1>; scmi-channel-id = <0>;
        #address-cells = <1>; #size-cells = <0>;
        protocol@14 { reg = <0x14>; clocks { #address-cells = <1>; #size-cells = <0>;
            clock@2 { reg = <2>; domain-name = "ck_uart"; clocks = <&cc 3>; flags = <1>; };
            clock@9 { reg = <9>; domain-name = "ck_spi"; clocks = <&cc 9>; flags = <2>; };
        }; };
        protocol@16 { reg = <0x16>; resets { #address-cells = <1>; #size-cells = <0>;
            reset@4 { reg = <4>; domain-name = "spi"; resets = <&rc 12>; };
        }; };
    };
};
"""
#: What the hand-written node has, row by row.
BY_HAND: Rows = {
    (1, "clocks", 2): ("/clock-controller@1000", (3,), "ck_uart", True, False),
    (1, "clocks", 9): ("/clock-controller@1000", (9,), "ck_spi", False, True),
    (1, "resets", 4): ("/reset-controller@2000", (12,), "spi", False, False),
}


def test_a_node_written_by_hand_comes_out_as_it_is(tool: Tool, tmp_path: Path) -> None:
    node = text(model_of(soc(SERVER)))
    assert walked(tool("dtc"), source(SOC), node, tmp_path) == BY_HAND


#: Linux' half of that: it uses both clocks and the reset, and sets no rate.
LINUX = """
scmi { compatible = "linaro,scmi-optee"; linaro,optee-channel-id = <0>;
    #address-cells = <1>; #size-cells = <0>;
    scmi_clk: protocol@14 { reg = <0x14>; #clock-cells = <1>; };
    scmi_reset: protocol@16 { reg = <0x16>; #reset-cells = <1>; };
};
uart@5000 { compatible = "acme,uart"; clocks = <&scmi_clk 2>; };
spi@6000 { compatible = "acme,spi"; clocks = <&scmi_clk 9>%s; resets = <&scmi_reset 4>; };
"""
RATE = "assigned-clocks = <&scmi_clk 9>; assigned-clock-rates = <1000000>;"


def linux(folder: Path, server: str, clocks: str = "", options: str = "") -> Model:
    (folder / "optee.dts").write_text(source(SOC + server))
    agents = (
        "domains: {linux: {id: 1, default: true, scmi: {role: ospm}}}\n"
        f"outputs: {{optee-server: {{tree: {folder}/optee.dts{options}}}}}\n"
    )
    return model_of(tree_of(LINUX % clocks), agents)


def differs(model: Model) -> dict[str, str]:
    """The differences of the two nodes: message → the place in OP-TEE's tree."""
    found: dict[str, str] = {}
    for item in made(model).diagnostics:
        if item.id != "optee-server-differs":
            continue
        told = [(item.message.partition(";")[0], item.position)]
        told += [(each.message, each.position) for each in item.related]
        for (message, place), after in zip(told, [*told[1:], (None, None)], strict=True):
            if after[0] is not None and "OP-TEE's tree" in after[0] and ":" not in after[0]:
                found[message] = str(after[1].line)
            elif place.file.endswith("optee.dts") and " of OP-TEE's tree" in message:
                found[message] = str(place.line)
    return found


def test_linux_tree_and_optees_give_the_node_by_hand(tool: Tool, tmp_path: Path) -> None:
    """Numbers and needs are Linux', names and providers OP-TEE's; flags of clock 2 differ."""
    model = linux(tmp_path, SERVER.replace("flags = <1>;", ""), f"; {RATE[:-1]}")
    assert differs(model) == {}
    got = walked(tool("dtc"), source(SOC), text(model), tmp_path)
    wanted = dict(BY_HAND)
    wanted[1, "clocks", 2] = ("/clock-controller@1000", (3,), "ck_uart", False, False)
    assert got == wanted


def line_of(folder: Path, what: str) -> str:
    lines = (folder / "optee.dts").read_text().splitlines()
    return next(str(number) for number, line in enumerate(lines, 1) if what in line)


def test_every_difference_is_told_with_both_places(tmp_path: Path) -> None:
    more = 'clock@5 { reg = <5>; domain-name = "ck_x"; clocks = <&cc 5>; }; clock@9 {'
    model = linux(tmp_path, SERVER.replace("clock@9 {", more))
    assert differs(model) == {
        "clock 2 (ck_uart): flags 0, in OP-TEE's tree SCMI_CLOCK_DEFAULT_ENABLED": line_of(
            tmp_path, "clock@2"
        ),
        "clock 9 (ck_spi): flags 0, in OP-TEE's tree SCMI_CLOCK_ALLOW_SET_RATE": line_of(
            tmp_path, "clock@9"
        ),
        "clock 5 (ck_x) of OP-TEE's tree is not in the node: linux is not granted it": line_of(
            tmp_path, "clock@5"
        ),
    }
    for found in made(model).diagnostics:
        if found.id == "optee-server-differs" and found.related:
            assert found.position is not None
            assert found.position.file == "board.dts"


def test_a_reference_of_the_options_comes_first(tool: Tool, tmp_path: Path) -> None:
    model = linux(tmp_path, SERVER, f"; {RATE[:-1]}", ", references: {clock: {9: '&cc 0x1F'}}")
    assert "clock 9 (ck_spi): reference &cc 0x1F, in OP-TEE's tree &cc 9" in differs(model)
    got = walked(tool("dtc"), source(SOC), text(model), tmp_path)
    assert got[1, "clocks", 9] == ("/clock-controller@1000", (31,), "ck_spi", False, True)


def test_a_build_depends_on_optees_tree_whose_path_is_from_the_agents_file(tmp_path: Path) -> None:
    folder = tmp_path / "firmware"
    folder.mkdir()
    (folder / "optee.dts").write_text(source(SOC + SERVER))
    (folder / "agents.yaml").write_text("outputs: {optee-server: {tree: optee.dts}}\n")
    (tmp_path / "linux.dts").write_text(source(LINUX % ""))
    arguments = ("-a", "firmware/agents.yaml", "--emit", "optee-server", "-o", "out")
    done = command("build", "linux.dts", *arguments, "--depfile", "out.d", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "firmware/optee.dts" in (tmp_path / "out.d").read_text()


def test_a_number_has_the_macro_of_the_source_beside_it(tmp_path: Path) -> None:
    """As entries written by hand have it; a number without one has no comment."""
    path = tmp_path / "linux.dts"
    body = (LINUX % "").replace("<&scmi_clk 9>", "<&scmi_clk CK_SCMI_SPI>")
    path.write_text("#define CK_SCMI_SPI 9\n" + source(body))
    agents = (
        "domains: {linux: {id: 1, default: true, scmi: {role: ospm}}}\n"
        "outputs: {optee-server: {references: "
        "{clock: {2: '&rcc 2', 9: '&rcc 9'}, reset: {4: '&rcc 4'}}}}\n"
    )
    (file,) = made(model_of(load(path), agents)).files
    lines = [line.strip() for line in file.content.decode().splitlines()]
    assert "reg = <9>; /* CK_SCMI_SPI */" in lines
    assert "reg = <2>;" in lines
    assert "reg = <4>;" in lines


# What the parser would stop at, pass over, or allow besides.


def test_without_a_provider_there_is_no_node() -> None:
    """Else OP-TEE would leave a hole, and only say so in its log."""
    found = made(model_of(tree_of(LINUX % "")))
    errors = [d for d in found.diagnostics if d.severity is Severity.ERROR]
    assert found.files == ()
    assert [(d.id, d.message) for d in errors] == [
        (
            "optee-server-provider",
            "nothing says what 2 clocks of the platform are in OP-TEE's tree, the first is clock 2 "
            "(uart-5000)",
        ),
        (
            "optee-server-provider",
            "nothing says what 1 reset domain of the platform is in OP-TEE's tree, the first is "
            "reset 4 (spi-6000)",
        ),
    ]


@pytest.mark.parametrize(
    ("transport", "problem"),
    [
        pytest.param("{type: optee, channel: 0}", None, id="channel 0"),
        pytest.param("{type: optee, channel: 3}", "channel 3", id="another channel"),
        pytest.param("{type: virtio}", "transport virtio", id="another transport"),
    ],
)
def test_the_channel_is_the_one_that_the_parser_takes(transport: str, problem: str | None) -> None:
    agents = f"domains: {{a: {{id: 1, default: true, scmi: {{transport: {transport}}}}}}}\n"
    found = [d for d in made(model_of(soc(BODY), agents)).diagnostics if d.id.endswith("channel")]
    assert len(found) == (problem is not None)
    assert problem is None or problem in found[0].message


def test_an_entry_that_allows_more_than_the_grant_is_told() -> None:
    agents = (
        "domains: {a: {id: 1, default: true, scmi: {role: ospm},"
        " grant: [{clock: '&cc 30', operations: [read]}]}}\n"
    )
    (found,) = (
        d for d in made(model_of(soc(BODY), agents)).diagnostics if d.id == "optee-server-wider"
    )
    assert "a may state clock 3 (clock-30), which it is not granted" in found.message


def test_what_is_to_stay_on_is_told_unless_the_platform_holds_it() -> None:
    agents = (
        "domains: {a: {id: 1, default: true, scmi: {role: ospm}}}\n"
        "platform: {always-on: [{clock: '&cc 9'}], devices: ['&wdt']}\n"
    )
    body = BODY + 'wdt: wdt@7000 { compatible = "acme,wdt"; clocks = <&cc 4>; };'
    (found,) = (
        d for d in made(model_of(soc(body), agents)).diagnostics if d.id == "optee-server-always-on"
    )
    assert "clock spi-6000-core is to stay on" in found.message
    assert found.related == ()


def test_what_only_an_assignable_device_opens_is_left_out(tool: Tool, tmp_path: Path) -> None:
    model = model_of(
        soc(BODY), TWO_AGENTS + "    access: [{dev: '&spi', flags: {assignable: [a]}}]\n"
    )
    assert ("optee-server-permissions", "note") in told(model)
    found = walked(tool("dtc"), source(SOC + BODY), text(model), tmp_path)
    assert (1, "clocks", 2) not in found
    assert (2, "clocks", 2) in found


def test_a_node_without_entries_is_not_written() -> None:
    """Supplies alone are nothing for OP-TEE's own parser."""
    body = 'u { compatible = "acme,u"; vdd-supply = <&vdd>; };'
    assert told(model_of(soc(body))) == [
        ("optee-server-kind", "warning"),
        ("optee-server-empty", "error"),
    ]


def test_a_regulator_that_is_always_on_stays_on_in_st_s_fork() -> None:
    body = """
        more { compatible = "acme,more"; von: von { regulator-always-on;
            regulator-min-microvolt = <700000>; regulator-max-microvolt = <900000>; }; };
        u { compatible = "acme,u"; vdd-supply = <&von>; clocks = <&cc 1>; };
    """
    (platform,) = model_of(soc(body), agents_st()).platforms
    (supply,) = platform.resources[Kind.VOLTAGE]
    assert supply.facts.always_on
    assert "optee-server-always-on" not in dict(told(model_of(soc(body), agents_st())))


@pytest.mark.parametrize(
    "references",
    [
        pytest.param("{clock: {x: '&cc 3'}}", id="not a number"),
        pytest.param("{clock: {0: '&cc 3>; }; a {'}}", id="not a reference"),
        pytest.param("{power: {0: '&cc 3'}}", id="not a kind of it"),
        pytest.param("{clock: {0: '&cc 4294967296'}}", id="more than 32 bits"),
        pytest.param("{clock: {0: '&cc 011'}}", id="octal to dtc"),
    ],
)
def test_references_are_checked(references: str) -> None:
    agents = f"outputs: {{optee-server: {{references: {references}}}}}\n"
    model = model_of(soc(BODY), "domains: {a: {id: 1, default: true}}\n" + agents)
    assert [d.severity for d in option_problems(model)] == [Severity.ERROR]


@pytest.mark.parametrize(
    ("reference", "problem"),
    [
        pytest.param("&cc 31", None, id="right"),
        pytest.param("&{/clock-controller@1000} 31", None, id="a path"),
        pytest.param("&ccc 31", "OP-TEE's tree has no such node", id="no such label"),
        pytest.param("&{/gone@1} 31", "OP-TEE's tree has no such node", id="no such path"),
        pytest.param("&cc", "a clock of /clock-controller@1000 has 1 cell", id="cells"),
        pytest.param("&rc 3", "/reset-controller@2000 provides no clock", id="not a provider"),
    ],
)
def test_references_lead_to_providers_of_the_tree(
    reference: str, problem: str | None, tmp_path: Path
) -> None:
    model = linux(tmp_path, SERVER, "", f", references: {{clock: {{9: '{reference}'}}}}")
    found = [d.message for d in option_problems(model)]
    assert found == ([] if problem is None else [f"{reference}: {problem}"])


def test_a_reference_of_nothing_and_a_tree_that_is_not_there_are_told(tmp_path: Path) -> None:
    agents = (
        "domains: {a: {id: 1, default: true}}\n"
        "outputs: {optee-server: {references: {clock: {77: '&cc 3'}}, "
        f"tree: {tmp_path}/n}}}}\n"
    )
    found = option_problems(model_of(soc(BODY), agents))
    assert [(d.id, d.severity) for d in found] == [
        ("file-unreadable", Severity.ERROR),
        ("option-unused", Severity.WARNING),
    ]


def test_names_of_the_tree_stay_in_their_strings(tool: Tool, tmp_path: Path) -> None:
    """Quotes, ends of comments and line breaks in a name are no text of the file."""
    body = (
        "x: x@8000 { #clock-cells = <1>; reg = <0x8000>; clock-indices = <0>;"
        ' clock-output-names = "a\\"; }; /*"; };'
        'd { compatible = "acme,d"; clocks = <&x 0>; };'
    )
    found = walked(tool("dtc"), source(SOC + body), text(model_of(soc(body))), tmp_path)
    ((_, row),) = found.items()
    assert row[:2] == ("/x@8000", (0,))


# Damage: the comparison of rows catches each.


def damage(name: str) -> Callable[[Node], None]:
    def entries(root: Node) -> list[Node]:
        return next(n for n in root.walk() if n.name == "clocks").children

    def word(number: int) -> bytes:
        return number.to_bytes(4, "big")

    def swap(root: Node) -> None:
        one, two = entries(root)[:2]
        one.properties["clocks"], two.properties["clocks"] = (
            two.properties["clocks"],
            one.properties["clocks"],
        )

    def drop(root: Node) -> None:
        entries(root).pop()

    def off_by_one(root: Node) -> None:
        last = entries(root)[-1]
        last.properties["reg"] = word(last.cell("reg") + 1)

    def flip(root: Node) -> None:
        first = entries(root)[0]
        first.properties["flags"] = word(
            2 ^ (first.cell("flags") if "flags" in first.properties else 0)
        )

    def rename(root: Node) -> None:
        entries(root)[0].properties["domain-name"] = b"other\0"

    return {f.__name__: f for f in (swap, drop, off_by_one, flip, rename)}[name]


@pytest.mark.parametrize("name", ["swap", "drop", "off_by_one", "flip", "rename"])
def test_damage_is_seen(name: str, tool: Tool, tmp_path: Path) -> None:
    model = model_of(soc(BODY), TWO_AGENTS + B_HAS_SPI)
    root = compiled(tool("dtc"), source(SOC + BODY), text(model), tmp_path)
    wanted = expected(model.platforms[0])
    assert rows(root) == wanted
    damage(name)(root)
    assert rows(root) != wanted


IN_ENTRY = "\n\t\t\t\t\t\tdomain"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("reg = <1>;\n\t\t\tscmi", "reg = <0>;\n\t\t\tscmi", id="agent 0"),
        pytest.param("scmi-channel-id = <0>", "scmi-channel-id = <1>", id="channel 1"),
        pytest.param("scmi-channel-id = <0>;", "", id="no channel"),
        pytest.param("linaro,scmi-optee", "arm,scmi", id="compatible"),
        pytest.param("reg = <0x16>", "reg = <0x11>", id="protocol"),
        pytest.param(
            "reg = <1>;\n\t\t\t\t\t\tdomain", "reg = <0>;\n\t\t\t\t\t\tdomain", id="twice"
        ),
    ],
)
def test_the_parser_of_this_test_stops_where_optees_does(
    old: str, new: str, tool: Tool, tmp_path: Path
) -> None:
    node = text(model_of(soc(BODY)))
    assert old in node
    with pytest.raises(PanicError):
        walked(tool("dtc"), source(SOC + BODY), node.replace(old, new, 1), tmp_path)


# Real boards.

#: Those that have controllers of their own, and no SCMI node that has to say whose resources are.
BOARDS = [
    "fvp-base-revc",
    "hi3660-hikey960",
    "imx8mp-evk",
    "imx8qm-mek",
    "jh7110-starfive-visionfive-2-v1.3b",
    "k3-am625-sk",
    "monaco-arduino-monza",
    "mt8195-cherry-tomato-r2",
    "r8a779g0-white-hawk",
    "sm8550-mtp",
    "t8103-j274",
    "tegra234-p3737-0000_p3701-0000",
    "zynqmp-zcu102-rev1.0",
]
ONE = "domains: {linux: {id: 1, default: true, scmi: {role: ospm}}}\n"


def two_agents(platform: Platform) -> str:
    """Every third device is the second agent's."""
    paths = [device.node.path for device in platform.devices[::3]]
    entries = "".join(f'      - {{dev: "{path}"}}\n' for path in paths)
    access = f"    access:\n{entries}" if entries else ""
    return (
        "domains:\n  linux: {id: 1, default: true, scmi: {role: ospm}}\n"
        f"  vm1:\n    id: 2\n    scmi: {{role: vm}}\n{access}"
    )


@pytest.mark.parametrize("board", one_in(3, BOARDS))
def test_rows_of_real_boards(board: str, corpus: Path, tool: Tool, tmp_path: Path) -> None:
    """With one agent and with two; a board without clocks and resets of the platform has none."""
    file = corpus / f"{board}.dts"
    tree = load(file)
    one = model_of(tree, ONE)
    for model in (one, model_of(tree, two_agents(one.platforms[0]))):
        (platform,) = model.platforms
        found = made(model)
        errors = {d.id for d in found.diagnostics if d.severity is Severity.ERROR}
        if errors:
            assert errors <= {"optee-server-empty", "optee-server-limit"}
            continue
        (node,) = found.files
        wanted = expected(platform)
        got = walked(tool("dtc"), file.read_text(), node.content.decode(), tmp_path)
        assert got == wanted
        assert got or not platform.agents


#: What ev1's Linux asks for less than its OP-TEE serves; kept by hand.
KEPT = """
    grant:
      - {protocol: clock, id: "10, 16, 23-25, 27", operations: [state, rate, read]}
      - {protocol: clock, id: "87-88, 105-106, 118-120, 122-124"}
      - {protocol: reset, id: "4, 8"}
"""


def test_ev1_from_linux_tree_is_what_optee_has_by_hand(
    corpus: Path, tool: Tool, tmp_path: Path
) -> None:
    """All 113 entries; without the agents file's grants, 18 differences with both places: 10 clocks
    and 2 resets that no device of Linux needs, and 6 clocks whose rate none sets."""
    optee = corpus / "optee" / "stm32mp257f-ev1-optee.dts"
    options = f"outputs: {{optee-server: {{tree: {optee}}}}}\n"
    linux = load(corpus / "stm32mp257f-ev1.dts")
    by_hand = rows(blob(optee.with_suffix(".dtb").read_bytes()))
    less = made(model_of(linux, ONE + options))
    told = [d for d in less.diagnostics if d.id == "optee-server-differs"]
    counts = {d.message.rpartition("; ")[2]: len(d.related) for d in told}
    # Of flags, each has a second place.
    assert counts == {"so with 9 more": 9, "so with 1 more": 1, "so with 5 more": 11}
    places = [place for d in told for place in (d.position, *(r.position for r in d.related))]
    assert all(place is not None and place.line for place in places)
    domains = "domains:\n  linux:\n    id: 1\n    default: true\n    scmi: {role: ospm}"
    model = model_of(linux, domains + KEPT + options)
    assert [d.id for d in made(model).diagnostics] == ["optee-server-kind"]
    bare = optee.read_text() + "\n/ { /delete-node/ scmi; };\n"
    assert walked(tool("dtc"), bare, text(model), tmp_path) == by_hand
    assert len(by_hand) == 113
