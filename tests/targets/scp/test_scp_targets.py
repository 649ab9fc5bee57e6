"""The other targets: tables for a product that exists, and for OP-TEE."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from targets.scp.scp_boards import (
    CONFIG,
    LEVEL,
    LIMITS,
    READ,
    RESET,
    STATE,
    Board,
    all_kinds,
    cells,
    emit,
    memory,
    points,
    put,
    with_options,
)
from targets.scp.scp_build import FLAGS, HERE, build, definitions, options, run, walk, write

from scmigen.assignment.assignment import Transport
from scmigen.bindings.addresses import regions
from scmigen.cli.main import cli
from scmigen.diagnostics import Severity
from scmigen.model.platform import Platform
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
        "performance-clock": {"module": "acme-pll", "element": {0: 7, 1: "= ACME_PLL_GPU"}},
    },
    "system": {
        "doorbell": {"module": "mhu2", "element": 0},
        "top-domain": {"module": "acme-power", "element": 9},
    },
}


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
    put(found.soc, "ranges", b"")
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
    return board().platform(target="product", drivers=drivers)


def texts(platform: Platform) -> dict[str, str]:
    files, diagnostics = emit(platform)
    assert files, [item.message for item in diagnostics]
    return {file.path: file.content.decode() for file in files}


def flat(text: str) -> str:
    """Text on one line, as it would be if lines had no end."""
    return re.sub(r"\s+", " ", text).replace("( ", "(")


def test_a_product_has_no_mock() -> None:
    files = texts(product())
    assert not [path for path in files if "mock" in path]
    assert {Path(path).parts[1] for path in files if path.startswith("module/")} == {
        "scmi_system_power"
    }
    for path, text in files.items():
        assert not re.search(r"mock", text, re.I), path


def test_a_product_brings_tables_and_a_fragment_to_include() -> None:
    files = texts(product())
    assert "Firmware.cmake" not in files
    fragment = files["scmi.cmake"]
    listed = re.findall(r"LIST_DIR}/([a-z_]+\.c)", fragment)
    own = (path for path in files if path.endswith(".c") and not path.startswith("module/"))
    assert sorted(listed) == sorted(own)
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
    clock = flat(files["config_clock.c"])
    assert "FWK_ID_ELEMENT_INIT(FWK_MODULE_IDX_ACME_CLOCK, ACME_CLOCK_IDX_CK2)" in clock
    assert "FWK_MODULE_IDX_ACME_CLOCK, MOD_ACME_CLOCK_API_IDX_DRIVER" in clock
    assert "FWK_ID_ELEMENT_INIT(FWK_MODULE_IDX_ACME_PLL, 7U)" in clock
    power = flat(files["config_power_domain.c"])
    assert "FWK_ID_ELEMENT_INIT(FWK_MODULE_IDX_ACME_POWER, 9)" in power


def test_a_mailbox_is_where_the_tree_has_it() -> None:
    channel = flat(texts(product())["config_transport.c"])
    assert ".out_band_mailbox_address = (uintptr_t)UINT64_C(0x6000000)," in channel
    assert ".out_band_mailbox_size = 128," in channel
    assert "FWK_ID_SUB_ELEMENT_INIT(FWK_MODULE_IDX_MHU2, 0, 3)" in channel


def in_words() -> Platform:
    """The same, where the firmware's view of the fast channels is an expression of its header."""
    return powered({"firmware-address": "= ACME_FAST + 0x40", "headers": ["acme_mmap.h"]})


def powered(view: Mapping[str, Any] | None = None) -> Platform:
    """The same with system power and fast channels, which need drivers of the system."""
    view = {"firmware-address": 0x4541_0000} if view is None else view
    system = {
        "shutdown": {"module": "acme-system"},
        "system-power-alarm": {"module": "timer", "element": 0, "sub-element": 2},
        "fast-channel-alarm": {"module": "timer", "element": 0, "sub-element": 5},
    }
    found = board()
    (linux,) = found.agents
    found.grant(linux, found.resources[Kind.PERFORMANCE][0], LEVEL, LIMITS, READ)
    del found.grants[-2]
    return found.platform(
        target="product",
        drivers={**DRIVERS, "system": {**DRIVERS["system"], **system}},
        fast_channels={"memory": memory(found).path, **view},
        trip_points=True,
        platform_protocols={"linux": [0x90, 0xA4]},
    )


def test_a_product_with_system_power_and_fast_channels() -> None:
    files = {path: flat(text) for path, text in texts(powered()).items()}
    assert not [path for path, text in files.items() if "mock" in path + text.lower()]
    power = files["config_system_power.c"]
    assert ".driver_id = FWK_ID_MODULE_INIT(FWK_MODULE_IDX_ACME_SYSTEM)" in power
    assert ".sys_ppu_id = FWK_ID_ELEMENT_INIT(FWK_MODULE_IDX_ACME_POWER, 9)" in power
    alarm = "FWK_ID_SUB_ELEMENT_INIT(FWK_MODULE_IDX_TIMER, 0, 2)"
    assert alarm in files["config_scmi_system_power.c"]
    domain = files["config_power_domain.c"]
    assert ".driver_id = FWK_ID_MODULE_INIT(FWK_MODULE_IDX_SYSTEM_POWER)" in domain
    fast = files["config_fch_polled.c"]
    assert "TARGET_ADDRESS UINT64_C(0x80000000)" in fast
    assert "LOCAL_ADDRESS UINT64_C(0x45410000)" in fast
    assert "FWK_ID_SUB_ELEMENT_INIT(FWK_MODULE_IDX_TIMER, 0, 5)" in fast
    listed = files["scmi.cmake"].split("foreach(module")[1].split(")")[0]
    modules = re.findall(r'"([a-z-]+)"', listed)
    order = ["timer", "fch-polled", "acme-system", "system-power", "scmi-system-power"]
    assert [name for name in modules if name in order] == order


@pytest.mark.parametrize(("start", "right"), [("0x45410000", True), ("0x45410002", False)])
def test_fast_channels_begin_with_a_word_of_the_firmware(
    start: str, right: bool, tool: Callable[[str], str], tmp_path: Path
) -> None:
    files = texts(in_words())
    assert "(uint64_t)(ACME_FAST + 0x40)" in flat(files["config_fch_polled.c"])
    modules = re.findall(r'^ {8}"([a-z0-9-]+)"', files["scmi.cmake"], re.M)
    listed = "".join(f'list(APPEND SCP_MODULES "{name}")\n' for name in modules)
    folder = write(tmp_path, files | {"Firmware.cmake": listed})
    (folder / "acme_mmap.h").write_text(f"#define ACME_FAST {start}\n")
    command = [
        tool("gcc"),
        *FLAGS,
        *definitions(modules, options(files["scmi.cmake"])),
        f"-I{folder}",
        f"-I{HERE / 'include'}",
    ]
    done = run([*command, "-fsyntax-only", str(folder / "config_fch_polled.c")])
    assert (done.returncode == 0) is right, done.stderr
    assert right or "fast channels begin with a word" in done.stderr


@pytest.mark.parametrize("platform", [product, powered])
def test_a_product_compiles(
    platform: Callable[[], Platform], tool: Callable[[str], str], tmp_path: Path
) -> None:
    files = texts(platform())
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
    defined = definitions(modules, options(files["scmi.cmake"]))
    command = [tool("gcc"), *FLAGS, *defined, *include, "-fsyntax-only", *sources]
    assert not run(command).stderr


def test_an_unknown_provider_is_named() -> None:
    others = {slot: entry for slot, entry in DRIVERS["acme,soc"].items() if slot != "clock"}
    drivers = {**DRIVERS, "acme,soc": others}
    files, found = emit(product(drivers))
    assert not files
    (problem,) = [item for item in found if item.severity is Severity.ERROR]
    assert problem.id == "scp-driver"
    assert "/soc/clock-controller@1000 has no driver for clock" in problem.message
    assert problem.hint == 'write under drivers, "acme,soc": clock: {module: …}'


def test_a_product_without_drivers_says_each_once_and_where_to_write_it() -> None:
    _, found = emit(product({}))
    errors = [item for item in found if item.severity is Severity.ERROR]
    assert [item.message for item in errors if "doorbell" in item.message] == [
        "no driver for doorbell"
    ]
    start = "write under outputs, scp, drivers in the agents file, "
    assert all((item.hint or "").startswith(start) for item in errors)


def test_an_agent_without_a_doorbell_is_named_where_another_has_one() -> None:
    two = board()
    two.agent("vm")
    top, bell = DRIVERS["system"]["top-domain"], DRIVERS["system"]["doorbell"]
    drivers = {**DRIVERS, "system": {"top-domain": top, "doorbell linux": bell}}
    _, found = emit(two.platform(target="product", drivers=drivers))
    (problem,) = [item for item in found if item.severity is Severity.ERROR]
    assert problem.message == "vm has no driver for its doorbell"
    assert problem.hint == "write under drivers, system: doorbell vm: {module: …}"


def test_assumed_points_are_refused() -> None:
    found = board()
    (linux,) = found.agents
    found.grant(linux, found.resource(Kind.PERFORMANCE, 1, "gpu"), READ)
    platform = found.platform(target="product", drivers=DRIVERS)
    files, diagnostics = emit(platform)
    assert not files
    assert {item.id for item in diagnostics if item.severity is Severity.ERROR} == {"scp-assumed"}


def test_an_agent_without_a_mailbox_is_named() -> None:
    found = board()
    found.agent("vm")
    files, diagnostics = emit(found.platform(target="product", drivers=DRIVERS))
    assert not files
    (told,) = [item.message for item in diagnostics if item.id == "scp-mailbox"]
    assert told.startswith("vm has no mailbox")


@pytest.mark.parametrize(
    ("source", "why"),
    [
        pytest.param("cell 4", "and no cell 4", id="cell-beyond-the-specifier"),
        pytest.param("property foo", "foo has 0 cells", id="property-that-is-missing"),
        pytest.param("= 1 /* x", "a value is", id="expression-with-a-comment"),
        pytest.param("gate", "is not a value", id="unknown-word"),
        pytest.param(1 << 64, "is not a value", id="number-beyond-64-bits"),
    ],
)
def test_a_field_that_a_resource_cannot_fill_is_explained(source: object, why: str) -> None:
    entry = {"module": "a", "struct": "struct s", "data": {"a": source}}
    drivers = {**DRIVERS, "acme,soc": {**DRIVERS["acme,soc"], "clock": entry}}
    files, found = emit(product(drivers))
    assert not files
    assert any(why in item.message for item in found if item.id == "scp-driver")


def test_optee_gets_its_own_channels(tool: Callable[[str], str], tmp_path: Path) -> None:
    platform = all_kinds()
    optee = with_options(platform, target="optee")
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


def optee_with(*channels: int | None) -> Platform:
    """A platform for OP-TEE with an agent for each channel number; none: not said."""
    found = Board("optee")
    del found.agents[:]
    for place, channel in enumerate(channels):
        agent = found.agent(f"vm{place}")
        transport = None if channel is None else Transport(type="optee", channel=channel)
        found.agents[-1] = agent = replace(agent, transport=transport)
        found.grant(agent, found.resource(Kind.CLOCK, place, f"clock{place}"), STATE)
    return with_options(found.platform(), target="optee")


@pytest.mark.parametrize(
    ("channels", "order"),
    [
        pytest.param((1, 0), "vm1 vm0", id="the other way round"),
        pytest.param((0, 1), "vm0 vm1", id="as the agents"),
        pytest.param((2, 0, 1), "vm1 vm2 vm0", id="three"),
        pytest.param((None, None), "vm0 vm1", id="not said"),
        pytest.param((1, None), "vm1 vm0", id="said of one"),
    ],
)
def test_the_channel_number_of_optee_is_the_index(
    channels: tuple[int | None, ...], order: str
) -> None:
    """OP-TEE finds the mailbox, and so the agent, by the number of the channel."""
    listed = re.findall(
        r"SCMI_CHANNEL_IDX_(VM\d)_A2P = ", texts(optee_with(*channels))["scmi_idx.h"]
    )
    assert " ".join(listed).lower() == order


@pytest.mark.parametrize("channels", [(0, 2), (1,), (0, 0), (7, None)])
def test_channel_numbers_that_optee_has_no_mailbox_for(channels: tuple[int | None, ...]) -> None:
    files, found = emit(optee_with(*channels))
    assert not files
    assert [item.id for item in found if item.severity is Severity.ERROR] == ["scp-channel"]


def test_the_command_line_chooses_the_target(examples: Path, tmp_path: Path) -> None:
    board, out = str(examples / "minimal.dts"), str(tmp_path / "out")
    command = [board, "-I", str(examples), "--emit", "scp", "-o", out]
    runner = CliRunner()
    assert runner.invoke(cli, ["build", *command, "--scp-target", "optee"]).exit_code == 0
    assert (tmp_path / "out/scp/config_msg_smt.c").exists()
    refused = runner.invoke(cli, ["build", *command, "--scp-target", "product"])
    assert refused.exit_code == 1
    assert "has no driver for clock" in refused.output


def test_a_mailbox_below_a_bus_is_where_the_root_has_it() -> None:
    """`ranges` of the memory's node (Devicetree specification 0.4, section 2.3.8)."""
    found = board()
    sram = found.node("sram")
    put(found.soc, "ranges", cells(0x0600_0000, 0x8600_0000, 0x1000))
    put(found.root, "#address-cells", cells(1))
    put(found.root, "#size-cells", cells(1))
    put(sram, "#address-cells", cells(1))
    put(sram, "#size-cells", cells(1))
    put(sram, "ranges", cells(0, 0x0600_0000, 0x1000))
    shmem = Board.child(sram, "shmem@200")
    put(shmem, "reg", cells(0x200, 0x80))
    assert regions(shmem) == ((0x8600_0200, 0x80),)


OWN_TABLES = {
    "clock": {
        "module": "clock",
        "element": {0: "= ACME_CLOCK_IDX_GPU", 2: "= ACME_CLOCK_IDX_DPU"},
        "header": "acme_clock.h",
    },
    "power": {"module": "power-domain"},
    "reset": {"module": "reset-domain", "element": "cell 0"},
    "performance-supply": {"module": "dvfs"},
}


FAST_CHANNELS = ("-DBUILD_HAS_SCMI_PERF_FAST_CHANNELS=1", "-DBUILD_HAS_MOD_TRANSPORT_FC=1")


def kept() -> Platform:
    system = {"doorbell linux": {"module": "mhu2", "element": 4, "mailbox": "= ACME_MAILBOX"}}
    return product({"acme,soc": OWN_TABLES, "system": system})


def denied_protocols(platform: Platform) -> str:
    """What the permissions of a product say of protocols."""
    table = texts(platform)["config_resource_perms.c"]
    (found,) = re.findall(r" protocol_permissions\[\][^;]*;", table)
    return str(found)


def test_system_power_of_a_product_is_for_those_whose_role_it_is() -> None:
    """Its module and tables may be the product's: the fragment guards what it finds."""
    bit = "MOD_RES_PERMS_SCMI_SYS_POWER_PROTOCOL_DENIED"
    assert bit not in denied_protocols(kept())
    assert bit not in denied_protocols(powered())
    assert bit in denied_protocols(product())
    for platform in (kept(), powered(), product()):
        fragment = texts(platform)["scmi.cmake"]
        # Whatever the list has at that point: CMakeLists.txt may append the module later.
        guard = fragment.split("endforeach()")[1]
        assert "if(" not in guard
        assert "list(APPEND SCP_MODULE_EXCLUDE_PATHS" in guard
        assert "list(PREPEND SCP_MODULE_PATHS" in guard
    said = [item.message for item in emit(kept())[1] if item.id == "scp-system-power"]
    assert said == [
        "only linux may use system power; its module, scmi-system-power, is the firmware's own, "
        "and may be missing there"
    ]


def test_a_firmware_may_keep_its_own_hal_tables() -> None:
    """Where the driver is the HAL module itself, only what agents see of it is written."""
    files = texts(kept())
    sources = {path for path in files if path.endswith(".c") and not path.startswith("module/")}
    assert sources == {
        "config_resource_perms.c",
        "config_scmi.c",
        "config_scmi_clock.c",
        "config_scmi_perf.c",
        "config_scmi_power_domain.c",
        "config_scmi_reset_domain.c",
        "config_transport.c",
        "scmi_perf_policy.c",
        "scmi_power_domain_policy.c",
    }
    modules = re.findall(r'^ {8}"([a-z0-9-]+)"', files["scmi.cmake"], re.M)
    assert "psu" not in modules
    clock = flat(files["config_scmi_clock.c"])
    assert '#include "acme_clock.h"' in clock
    assert "FWK_ID_ELEMENT_INIT(FWK_MODULE_IDX_CLOCK, ACME_CLOCK_IDX_GPU)" in clock
    channel = flat(files["config_transport.c"])
    assert ".out_band_mailbox_address = (uintptr_t)ACME_MAILBOX," in channel
    assert "FWK_ID_SUB_ELEMENT_INIT(FWK_MODULE_IDX_MHU2, 4, 3)" in channel


def test_own_tables_compile(tool: Callable[[str], str], tmp_path: Path) -> None:
    files = texts(kept())
    modules = re.findall(r'^ {8}"([a-z0-9-]+)"', files["scmi.cmake"], re.M)
    listed = "".join(f'list(APPEND SCP_MODULES "{name}")\n' for name in modules)
    folder = write(tmp_path, files | {"Firmware.cmake": listed})
    (folder / "acme_clock.h").write_text("enum { ACME_CLOCK_IDX_GPU, ACME_CLOCK_IDX_DPU };\n")
    sources = [str(folder / path) for path in files if path.endswith(".c")]
    include = [f"-I{folder}", f"-I{HERE / 'include'}", "-DACME_MAILBOX=0x1000"]
    command = [tool("gcc"), *FLAGS, *definitions(modules), *include, "-fsyntax-only", *sources]
    assert not run(command).stderr


@pytest.mark.parametrize("wanted", [True, False])
def test_trip_points_of_the_firmwares_own_sensors_are_left_out_by_permissions(wanted: bool) -> None:
    found = board()
    (linux,) = found.agents
    found.grant(linux, found.resource(Kind.SENSOR, 0, "hot"), READ, CONFIG)
    soc = {**DRIVERS["acme,soc"], "sensor": {"module": "sensor"}}
    table = texts(
        found.platform(target="product", drivers={**DRIVERS, "acme,soc": soc}, trip_points=wanted)
    )["config_resource_perms.c"]
    rows = dict(re.findall(r"\[MOD_RES_PERMS_SCMI_SENSOR_(\w+)_IDX\] =\s*(\{ \w+|\w+)", table))
    open_ = {name for name, row in rows.items() if row == "{ 0xFFFE"}
    trips = {"TRIP_POINT_NOTIFY", "TRIP_POINT_CONFIG"}
    assert open_ == {"DESCRIPTION_GET", "READING_GET"} | (trips if wanted else set())
    assert {rows[name] for name in trips} == ({"{ 0xFFFE"} if wanted else {"ALL_DENIED"})


@pytest.mark.parametrize("has", [True, False])
@pytest.mark.parametrize("make", [product, powered, kept])
def test_statistics_are_on_where_the_build_has_them(
    make: Callable[[], Platform], has: bool, tool: Callable[[str], str], tmp_path: Path
) -> None:
    """In PROTOCOL_ATTRIBUTES scmi-perf calls the module that is bound if the table says so."""
    folder = write(tmp_path, {**texts(make()), "Firmware.cmake": ""})
    source = str(folder / "config_scmi_perf.c")
    include = [f"-I{folder}", f"-I{HERE / 'include'}"]
    chosen = [*(FAST_CHANNELS if make is powered else ())]
    chosen += ["-DBUILD_HAS_MOD_STATISTICS=1"] if has else []
    done = run([tool("gcc"), *FLAGS, *include, *chosen, "-E", "-P", source])
    assert not done.returncode, done.stderr
    values = re.findall(r"\.stats_(collected|enabled) = ([^,]*),", done.stdout)
    word = "1" if has else "0"
    assert values == [("collected", word), ("enabled", word)]


def scaling(drivers: Mapping[str, object], served: bool = True) -> tuple[dict[str, str], list[str]]:
    """Tables and errors of a product with operating points; the clock of the domain is the second
    one, or none that the platform serves."""
    found = board()
    (domain,) = found.resources[Kind.PERFORMANCE]
    clock = found.resources[Kind.CLOCK][1].key if served else None
    facts = replace(domain.facts, clock=clock)
    found.resources[Kind.PERFORMANCE][0] = replace(domain, facts=facts)
    # The grants have the domain as it was; only its number counts.
    every = {"acme,soc": {**DRIVERS["acme,soc"], **drivers}, "system": DRIVERS["system"]}
    for name in [name for name, driver in every["acme,soc"].items() if driver is None]:
        del every["acme,soc"][name]
    files, diagnostics = emit(found.platform(target="product", drivers=every))
    texts = {file.path: flat(file.content.decode()) for file in files}
    return texts, [item.message for item in diagnostics if item.severity is Severity.ERROR]


def test_a_product_scales_the_clock_that_agents_know() -> None:
    """One piece of hardware has one element, whose driver is that of the clock."""
    files, problems = scaling({"performance-clock": None})
    assert not problems
    assert (
        ".clock_id = FWK_ID_ELEMENT_INIT(FWK_MODULE_IDX_CLOCK, CLOCK_IDX_CK2),"
        in (files["config_dvfs.c"])
    )
    assert "perf-" not in files["config_clock.c"]
    assert "acme-pll" not in files["scmi.cmake"]


@pytest.mark.parametrize("served", [True, False])
def test_a_product_scales_a_clock_of_its_own_table(served: bool) -> None:
    """Where the firmware has the table of clocks, an element of that table is meant."""
    own = {"module": "clock", "element": "cell 0"}
    scaled = None if served else {"module": "clock", "element": "= ACME_CLOCK_IDX_CPU"}
    files, problems = scaling({"clock": own, "performance-clock": scaled}, served)
    assert not problems
    index = "0x2U" if served else "ACME_CLOCK_IDX_CPU"
    assert f"FWK_ID_ELEMENT_INIT(FWK_MODULE_IDX_CLOCK, {index})," in files["config_dvfs.c"]
    assert "config_clock.c" not in files


def test_the_clock_of_a_domain_is_in_the_table_of_clocks() -> None:
    own = {"module": "clock", "element": "cell 0"}
    _, problems = scaling({"clock": own}, served=False)
    assert len(problems) == 1
    assert "the firmware has the table of clocks: name its element" in problems[0]
    _, problems = scaling({"performance-clock": own}, served=False)
    assert len(problems) == 1
    assert "clock is the table of clocks, which is written here" in problems[0]


def test_a_hal_is_kept_as_a_whole() -> None:
    """Half of a HAL's table in the firmware and half here would be two tables of one module."""
    found = board()
    put(found.node("other@2000"), "compatible", b"acme,other\0")
    clock = found.resource(Kind.CLOCK, 3, "ck3", provider="other@2000", rates=(1,))
    found.grant(found.agents[0], clock, READ)
    drivers = {**DRIVERS, "acme,other": {"clock": {"module": "clock"}}}
    files, diagnostics = emit(found.platform(target="product", drivers=drivers))
    assert not files
    assert any("elsewhere" in item.message for item in diagnostics if item.id == "scp-driver")


def test_optee_gets_the_fragments_of_its_build() -> None:
    """OP-TEE compiles what its own makefiles list, not what CMake does."""
    platform = all_kinds()
    files = texts(with_options(platform, target="optee"))
    switches = set(re.findall(r"force,CFG_SCPFW_MOD_(\w+),y", files["optee-conf.mk"]))
    listed = re.findall(r'SCP_MODULES "([a-z0-9-]+)"', files["Firmware.cmake"])
    assert switches == {name.upper().replace("-", "_") for name in listed}
    sources = set(re.findall(r"scmi-fw\)/(\w+\.c)$", files["optee-sub.mk"], re.M))
    assert sources == {path for path in files if re.fullmatch(r"\w+\.c", path)}
    # What product/optee/sub.mk of SCP-firmware does not embed by itself.
    embedded = re.findall(r"scpfw-embed-mod,(\w+),", files["optee-sub.mk"])
    assert sorted(embedded) == ["mock_reset", "mock_voltage_domain", "resource_perms"]
    assert "SCP_TOOLCHAIN_INIT" not in files["Firmware.cmake"]


def test_optee_compiles_where_it_calls_what_scp_firmware_does_not_have(
    tool: Callable[[str], str], tmp_path: Path
) -> None:
    """OP-TEE 4.7 and later call scmi_configure() in a branch that the options leave out."""
    files = texts(with_options(all_kinds(), target="optee"))
    flags = re.findall(
        r"^cppflags-scmi_server\.c-y \+= (-include) \S+/(\S+)$", files["optee-sub.mk"], re.M
    )
    ((include, header),) = flags
    (tmp_path / header).write_text(files[header])
    (tmp_path / "scmi_server.c").write_text(
        "struct scpfw_config { int agents; };\n"
        "int initialize(struct scpfw_config *cfg);\n"
        "int initialize(struct scpfw_config *cfg) { return 0 ? scmi_configure(cfg) : 0; }\n"
    )
    command = [tool("gcc"), "-c", "-Wall", "-Wextra", "-Werror", "-Wmissing-prototypes"]
    source, made = str(tmp_path / "scmi_server.c"), str(tmp_path / "scmi_server.o")
    assert "scmi_configure" in run([*command, source, "-o", made]).stderr
    assert not run([*command, include, str(tmp_path / header), source, "-o", made]).stderr
