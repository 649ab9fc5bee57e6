"""The other targets: tables for a product that exists, and for OP-TEE."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from scp.scp_boards import LEVEL, READ, RESET, STATE, Board, all_kinds, points
from scp.scp_build import FLAGS, HERE, build, definitions, run, walk, write

from scmigen.assignment.agents_file import read_agents
from scmigen.assignment.assignment import Target
from scmigen.cli.build import build as build_command
from scmigen.devicetree.load import load
from scmigen.devicetree.tree import Node, Property
from scmigen.diagnostics import Severity
from scmigen.emit.scp import emit
from scmigen.model.platform import Platform
from scmigen.runtime import Transport
from scmigen.scmi.protocols import Kind

CLOCK_DRIVER = {
    "module": "acme-clock",
    "api": "MOD_ACME_CLOCK_API_IDX_DRIVER",
    "header": "mod_acme_clock.h",
    "struct": "struct mod_acme_clock_config",
    "data": {"base": "address", "gate": "cell 0", "critical": False, "flags": "= 1U << 3"},
}
DRIVERS: Mapping[str, Mapping[str, object]] = {
    "acme,soc": {
        "clock": CLOCK_DRIVER,
        "power": {"module": "acme-power"},
        "reset": {"module": "acme-reset", "element": "cell 0"},
        "performance-supply": {"module": "acme-psu"},
        "performance-clock": {"module": "acme-pll", "element": 7},
    },
    "system": {
        "doorbell": {"module": "mhu2", "element": 0},
        "top-domain": {"module": "acme-power", "element": 9},
    },
}


def put(node: Node, name: str, value: bytes) -> None:
    node.properties[name] = Property(name, value)


def cells(*values: int) -> bytes:
    return b"".join(value.to_bytes(4, "big") for value in values)


def board() -> Board:
    """Clocks, a domain, a reset and a performance domain, all of one kind of chip."""
    found = Board("product")
    found.agents.append(
        replace(
            found.agent("linux"), transport=Transport(type="mailbox", shmem="/soc/sram", channel=3)
        )
    )
    del found.agents[0]
    (linux,) = found.agents
    put(found.soc, "#address-cells", cells(1))
    put(found.soc, "#size-cells", cells(1))
    put(found.soc, "compatible", b"acme,soc\0")
    put(found.node("sram"), "reg", cells(0x0600_0000, 0x80))
    put(found.node("clock-controller@1000"), "reg", cells(0x1000, 0x100))
    for number in (0, 2):
        clock = found.resource(Kind.CLOCK, number, f"ck{number}", rates=(24_000_000,))
        found.grant(linux, clock, STATE, READ)
    found.grant(linux, found.resource(Kind.POWER, 0, "gpu"), STATE, READ)
    found.grant(linux, found.resource(Kind.RESET, 0, "spi"), RESET)
    levels = points((500, 800, None), (1000, 900, None))
    found.grant(linux, found.resource(Kind.PERFORMANCE, 0, "cpu", points=levels), LEVEL, READ)
    return found


def product(drivers: Mapping[str, Mapping[str, object]] = DRIVERS) -> Platform:
    return board().platform(target=Target.PRODUCT, drivers=drivers)


def texts(platform: Platform) -> dict[str, str]:
    files, diagnostics = emit(platform)
    assert files, [item.message for item in diagnostics]
    return {file.path: file.content.decode() for file in files}


def test_a_product_has_no_mock() -> None:
    files = texts(product())
    assert not [path for path in files if "mock" in path or path.startswith("module/")]
    for path, text in files.items():
        assert not re.search(r"mock", text, re.I), path


def test_a_product_brings_tables_and_a_fragment_to_include() -> None:
    files = texts(product())
    assert "Firmware.cmake" not in files
    fragment = files["scmi.cmake"]
    listed = re.findall(r"LIST_DIR}/([a-z_]+\.c)", fragment)
    assert sorted(listed) == sorted(path for path in files if path.endswith(".c"))
    modules = re.findall(r'^ {8}"([a-z0-9-]+)"', fragment, re.M)
    assert modules.index("acme-clock") < modules.index("clock") < modules.index("scmi-clock")
    assert "resource-perms" in modules


def test_elements_of_a_driver_come_from_the_tree() -> None:
    table = texts(product())["config_acme_clock.c"]
    rows = re.findall(r"\[ACME_CLOCK_IDX_(\w+)\] = \{(.*?)\}\),", table, re.S)
    assert [name for name, _ in rows] == ["CK0", "CK2"]
    for (_, row), gate in zip(rows, (0, 2), strict=True):
        assert ".base = 0x1000U," in row
        assert f".gate = 0x{gate:X}U," in row
        assert ".critical = false," in row
        assert ".flags = 1U << 3," in row


def test_elements_name_their_driver() -> None:
    files = texts(product())
    clock = re.sub(r"\s+", " ", files["config_clock.c"])
    assert "FWK_ID_ELEMENT_INIT( FWK_MODULE_IDX_ACME_CLOCK, ACME_CLOCK_IDX_CK2)" in clock
    assert "FWK_MODULE_IDX_ACME_CLOCK, MOD_ACME_CLOCK_API_IDX_DRIVER" in clock
    assert "FWK_ID_ELEMENT_INIT( FWK_MODULE_IDX_ACME_PLL, 7U)" in clock
    power = re.sub(r"\s+", " ", files["config_power_domain.c"])
    assert "FWK_ID_ELEMENT_INIT( FWK_MODULE_IDX_ACME_POWER, 9)" in power


def test_a_mailbox_is_where_the_tree_has_it() -> None:
    channel = re.sub(r"\s+", " ", texts(product())["config_transport.c"])
    assert ".out_band_mailbox_address = (uintptr_t)UINT64_C(0x6000000)," in channel
    assert ".out_band_mailbox_size = 128," in channel
    assert "FWK_ID_SUB_ELEMENT_INIT( FWK_MODULE_IDX_MHU2, 0, 3)" in channel


def test_a_product_compiles(tool: Callable[[str], str], tmp_path: Path) -> None:
    files = texts(product())
    modules = re.findall(r'^ {8}"([a-z0-9-]+)"', files["scmi.cmake"], re.M)
    listed = "".join(f'list(APPEND SCP_MODULES "{name}")\n' for name in modules)
    folder = write(tmp_path, files | {"Firmware.cmake": listed})
    (folder / "mod_acme_clock.h").write_text(
        "#include <stdbool.h>\n#include <stdint.h>\n"
        "enum { MOD_ACME_CLOCK_API_IDX_DRIVER };\n"
        "struct mod_acme_clock_config { uint32_t base, gate; bool critical; uint32_t flags; };\n"
    )
    sources = [str(folder / path) for path in files if path.endswith(".c")]
    include = [f"-I{folder}", f"-I{HERE / 'include'}"]
    command = [tool("gcc"), *FLAGS, *definitions(modules), *include, "-fsyntax-only", *sources]
    assert not run(command).stderr


def test_an_unknown_provider_is_named() -> None:
    others = {slot: entry for slot, entry in DRIVERS["acme,soc"].items() if slot != "clock"}
    drivers = {**DRIVERS, "acme,soc": others}
    files, found = emit(product(drivers))
    assert not files
    (problem,) = [item for item in found if item.severity is Severity.ERROR]
    assert problem.id == "scp-driver"
    assert "/soc/clock-controller@1000 has no driver for clock" in problem.message


def test_assumed_points_are_refused() -> None:
    found = board()
    (linux,) = found.agents
    found.grant(linux, found.resource(Kind.PERFORMANCE, 1, "gpu"), READ)
    platform = found.platform(target=Target.PRODUCT, drivers=DRIVERS)
    files, diagnostics = emit(platform)
    assert not files
    assert {item.id for item in diagnostics if item.severity is Severity.ERROR} == {"scp-assumed"}


def test_an_agent_without_a_mailbox_is_named() -> None:
    found = board()
    found.agent("vm")
    files, diagnostics = emit(found.platform(target=Target.PRODUCT, drivers=DRIVERS))
    assert not files
    (told,) = [item.message for item in diagnostics if item.id == "scp-mailbox"]
    assert told.startswith("vm has no mailbox")


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ("acme", "a driver is a mapping"),
        ({"module": "Acme_Clock"}, "module is 'Acme_Clock'"),
        ({"module": "a", "api": "0 }; int x"}, "api is"),
        ({"module": "a", "header": "../x.h"}, "header is"),
        ({"module": "a", "colour": 1}, "no key 'colour'"),
        ({"module": "a", "struct": "struct s", "data": {"a b": 1}}, "a field is"),
        ({"module": "a", "struct": "struct s", "data": {"a": "cell 4"}}, "and no cell 4"),
        ({"module": "a", "struct": "struct s", "data": {"a": "property foo"}}, "foo has 0 cells"),
        ({"module": "a", "struct": "struct s", "data": {"a": "= 1 /* x"}}, "a value is"),
        ({"module": "a", "struct": "struct s", "data": {"a": [1]}}, "is no value"),
    ],
)
def test_a_driver_that_cannot_be_used_is_explained(entry: object, why: str) -> None:
    drivers = {**DRIVERS, "acme,soc": {**DRIVERS["acme,soc"], "clock": entry}}
    files, found = emit(product(drivers))
    assert not files
    assert any(why in item.message for item in found if item.id == "scp-driver")


def test_optee_gets_its_own_channels(tool: Callable[[str], str], tmp_path: Path) -> None:
    platform = all_kinds()
    optee = replace(platform, options=replace(platform.options, target=Target.OPTEE))
    files = texts(optee)
    assert 'set(SCP_ARCHITECTURE "optee")' in files["Firmware.cmake"]
    assert "config_transport.c" not in files
    folder = write(tmp_path, files)
    done = build(tool("gcc"), folder)
    assert not done.stderr
    said = walk(folder)
    channels = [line for line in said if line.startswith("channel ")]
    assert [line.split(" driver=")[0] for line in channels] == [
        f"channel {index} type=0 size=128" for index in range(3)
    ]
    assert all(f"driver=element:0:{index} " in line for index, line in enumerate(channels))
    assert all(f"hands=element:1:{index} " in line for index, line in enumerate(channels))


def test_the_command_line_chooses_the_target(examples: Path, tmp_path: Path) -> None:
    board, out = str(examples / "minimal.dts"), str(tmp_path / "out")
    command = [board, "-I", str(examples), "--emit", "scp", "-o", out]
    runner = CliRunner()
    assert runner.invoke(build_command, [*command, "--scp-target", "optee"]).exit_code == 0
    assert (tmp_path / "out/scp/config_msg_smt.c").exists()
    refused = runner.invoke(build_command, [*command, "--scp-target", "product"])
    assert refused.exit_code == 1
    assert "has no driver for clock" in refused.output


def test_the_agents_file_chooses_the_target(examples: Path) -> None:
    text = "domains: {linux: {id: 1, default: true}}\nplatform: {target: product}"
    tree = load(examples / "minimal.dts", (examples,), ())
    assert read_agents([("agents.yaml", text)], tree).options.target is Target.PRODUCT
