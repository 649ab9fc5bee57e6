"""The tables of a linked firmware, read back from its ELF file.

The firmware is what the emitter writes for a small platform, linked by the machine's gcc. What was
read is compared with the model's lines (`scp_expected`), and damage in the file must be found.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip("elftools", reason="pyelftools is not installed")

from targets.scp.elf_image import ElfError, Image, Place
from targets.scp.elf_rules import findings, main, model_findings, report
from targets.scp.elf_tables import Firmware, Id
from targets.scp.scp_boards import all_kinds, emit, views, with_options
from targets.scp.scp_build import (
    compile_command,
    configuration_of,
    modules,
    run,
    sources,
    write,
)
from targets.scp.scp_expected import ASKED, OPENS, PROTOCOL, Expected

from scmigen import runtime
from scmigen.targets.make import make
from scmigen.targets.scp.version import VERSIONS

LINK = ("-g", "-no-pie", "-nostdlib", "-Wl,-e0", "-Wl,--unresolved-symbols=ignore-all")
#: A product's module that waits for services, and its own numbers of them.
SUBSCRIBER = """
enum acme_scmi_service_idx {
    ACME_SCMI_SERVICE_IDX_LINUX_A2P,
    ACME_SCMI_SERVICE_IDX_LINUX_P2A,
    ACME_SCMI_SERVICE_IDX_PSCI_A2P,
    ACME_SCMI_SERVICE_IDX_PSCI_P2A,
    ACME_SCMI_SERVICE_IDX_VM_A2P,
    ACME_SCMI_SERVICE_IDX_VM_P2A,
    ACME_SCMI_SERVICE_IDX_COUNT,
};
extern const unsigned int *services;
static const unsigned int scmi_notification_table[] = {
    ACME_SCMI_SERVICE_IDX_LINUX_A2P,
    ACME_SCMI_SERVICE_IDX_PSCI_A2P,
};
const unsigned int *services = scmi_notification_table;
"""


def link(
    gcc: str, tables: Path, subscriber: str = SUBSCRIBER, source: str = "mod_acme_system.c"
) -> Path:
    """The firmware: its tables, already compiled, and a module of the product."""
    module, made = tables.parent / source, tables.parent / "firmware.elf"
    module.write_text(subscriber)
    done = run([gcc, *LINK, str(tables), str(module), "-o", str(made)])
    assert not done.returncode, done.stderr
    return made


@pytest.fixture(scope="module")
def tables(tool: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tables of `all_kinds`, compiled."""
    folder = tmp_path_factory.mktemp("elf")
    write(folder, {file.path: file.content.decode() for file in emit(all_kinds())[0]})
    command = compile_command(tool("gcc"), folder, *sources(folder))
    made = folder / "tables.o"
    done = run([*command, "-g", "-r", "-nostdlib", "-o", str(made)])
    assert not done.returncode, done.stderr
    return made


@pytest.fixture(scope="module")
def linked(tool: Callable[[str], str], tables: Path) -> Path:
    return link(tool("gcc"), tables)


@pytest.fixture(scope="module")
def image(linked: Path) -> Image:
    return Image(linked)


@pytest.fixture(scope="module")
def model() -> runtime.Runtime:
    files = {file.path: file.content for file in make(all_kinds(), "runtime")[0]}
    return runtime.decode(files["runtime.json"])


def wanted(names: list[str]) -> list[str]:
    """The lines of the model that are about what is read back."""
    kinds = ("agent", "service", "channel", "protocol", "base", "message", "scmi-")
    lines = Expected(all_kinds(), names).lines()
    return [line for line in lines if line.split()[0].startswith(kinds) and "protocols" not in line]


def id_line(number: Id) -> str:
    if number.is_unset:
        return "unset"
    if number.api is not None:
        return f"api:{number.module}:{number.api}"
    return "none" if number.element is None else f"element:{number.module}:{number.element}"


def lines(firmware: Firmware) -> Iterator[str]:
    """What was read, in the form of the walker."""
    for agent in firmware.agents:
        yield f"agent {agent.id} type={agent.type} name={agent.name.encode().hex()}"
    bells = firmware.elements("mock_doorbell") or ()
    for service in firmware.services:
        yield (
            f"service {service.index} agent={service.agent} transport={id_line(service.transport)} "
            f"api={id_line(service.api)} init={id_line(service.init)} p2a={id_line(service.p2a)} "
            f"name={service.name.encode().hex()}"
        )
    for channel in firmware.channels:
        rings = Id(int.from_bytes(firmware.image.bytes_at(bells[channel.index].data, 4), "little"))
        yield (
            f"channel {channel.index} transport=0 type={int(channel.completer)} "
            f"size={channel.size} policies={channel.policies} pd={id_line(channel.pd_source)} "
            f"driver={id_line(channel.driver)} api={id_line(channel.driver_api)} "
            f"rings={id_line(rings)}"
        )
    for module, name in (
        ("scmi_clock", "clock"),
        ("scmi_reset_domain", "reset"),
        ("scmi_voltage_domain", "voltage"),
    ):
        for agent, rows in firmware.rows(module).items():
            for number, row in enumerate(rows):
                on = f" on={int(row.starts_enabled)}" if name == "clock" else ""
                yield f"scmi-{name} {agent} {number} is={id_line(row.element)}{on}"
    yield from permission_lines(firmware)


def permission_lines(firmware: Firmware) -> Iterator[str]:
    permissions = firmware.permissions
    assert permissions is not None
    for agent in range(1, permissions.agents + 2):
        for protocol in range(0x10, 0x1A):
            yield f"protocol {agent} {protocol:x} {int(permissions.protocol(agent, protocol))}"
        for message in range(3, 12):
            if agent <= permissions.agents:
                said = permissions.message(agent, 0x10, message)
                yield f"base {agent} {message:x} {int(said)}"
            for kind in OPENS:
                protocol = PROTOCOL[kind]
                said_of = (
                    permissions.message(agent, protocol, message, number) for number in range(ASKED)
                )
                yield (
                    f"message {agent} {protocol:x} {message:x} "
                    f"{''.join('y' if said else '.' for said in said_of)}"
                )


def test_what_is_read_back_is_what_the_model_says(image: Image, linked: Path) -> None:
    firmware = Firmware(image)
    names = modules((linked.parent / "Firmware.cmake").read_text())
    assert [name.replace("-", "_") for name in names] == list(firmware.modules)
    assert sorted(set(lines(firmware))) == sorted(
        line for line in set(wanted(names)) if not line.startswith("scmi-system")
    )


def test_nothing_is_wrong_in_what_is_emitted(image: Image, model: runtime.Runtime) -> None:
    firmware = Firmware(image)
    assert list(findings(firmware)) == []
    assert list(model_findings(firmware, model)) == []


def test_the_report_names_services_as_the_product_does(image: Image) -> None:
    said = list(report(Firmware(image)))
    assert (
        "service 2 ACME_SCMI_SERVICE_IDX_PSCI_A2P (psci): agent 2, channel 2, notifications 3"
        in said
    )
    assert "mod_acme_system.c waits for services 0, 2" in said
    assert "clock 1 of agent 1: element 1 (ck1)" in said


@contextmanager
def damaged(image: Image, place: Place, value: int) -> Iterator[Firmware]:
    """The firmware with another number at a place."""
    size = 4 if place.tag in ("__fwk_id", "fwk_id_t") else place.size
    before = image.bytes_at(place.address, size)
    image.patch(place.address, value.to_bytes(size, "little"))
    try:
        yield Firmware(image)
    finally:
        image.patch(place.address, before)


def row(image: Image, module: str, tag: str, index: int) -> Place:
    """The configuration of an element."""
    elements = Firmware(image).elements(module)
    assert elements is not None
    return image.unit(f"config_{module}").struct(tag, elements[index].data)


def service(image: Image, index: int) -> Place:
    return row(image, "scmi", "mod_scmi_service_config", index)


def channel(image: Image, index: int) -> Place:
    return row(image, "transport", "mod_transport_channel_config", index)


def config(image: Image, module: str) -> Place:
    unit = image.unit(f"config_{module}")
    tags = {
        "resource_perms": "mod_res_resource_perms_config",
        "scmi_power_domain": "mod_scmi_pd_config",
    }
    tag = tags.get(module, f"mod_{module}_config")
    return unit.struct(tag, unit.variables[f"config_{module}"]["data"].value)


def perms(image: Image) -> Place:
    unit = image.unit("config_resource_perms")
    address = config(image, "resource_perms")["agent_permissions"].value
    return unit.struct("mod_res_agent_permission", address)


def clock_row(image: Image, number: int) -> Place:
    return config(image, "scmi_clock")["agent_table"].points_to(1)["device_table"].points_to(number)


#: What is damaged: a place, what to write there (of what was), what must be said.
DAMAGE = {
    "agent": (lambda i: service(i, 2)["scmi_agent_id"], lambda _: 4, "there is no agent 4"),
    "swapped": (
        lambda i: service(i, 2)["scmi_agent_id"],
        lambda _: 1,
        "ACME_SCMI_SERVICE_IDX_PSCI_A2P is service 2, which is linux's",
    ),
    "channel twice": (
        lambda i: service(i, 2)["transport_id"]["value"],
        lambda old: old & ~(0xFFF << 12),
        "channel 0 has another service, too",
    ),
    "no channel": (
        lambda i: service(i, 2)["transport_id"]["value"],
        lambda old: old | 0xFFF << 12,
        "its transport is no channel",
    ),
    "no service": (
        lambda i: service(i, 0)["scmi_p2a_id"]["value"],
        lambda old: old | 0xFF << 12,
        "its notifications go to service 255, and there is none",
    ),
    "other agent's": (
        lambda i: service(i, 0)["scmi_p2a_id"]["value"],
        lambda old: (old & ~(0xFFF << 12)) | 3 << 12,
        "its notifications go to agent 2",
    ),
    "wrong way": (
        lambda i: service(i, 0)["scmi_p2a_id"]["value"],
        lambda old: old & ~(0xFFF << 12),
        "its notifications go to a channel that the agent begins",
    ),
    "unset": (
        lambda i: service(i, 0)["transport_notification_init_id"]["value"],
        lambda _: 0,
        "the notification of its transport is unset, not none",
    ),
    "never told": (
        lambda i: service(i, 2)["transport_notification_init_id"]["value"],
        lambda _: 7 | 1 << 4,
        "mod_acme_system.c is never told of service 2: its mailbox is there before",
    ),
    "small": (
        lambda i: channel(i, 1)["out_band_mailbox_size"],
        lambda _: 32,
        "a mailbox of 32 bytes holds no message",
    ),
    "shared mailbox": (
        lambda i: channel(i, 1)["out_band_mailbox_address"],
        lambda old: old - 64,
        "channels 0 and 1 share a mailbox",
    ),
    "null": (
        lambda i: channel(i, 1)["out_band_mailbox_address"],
        lambda _: 0,
        "no mailbox can be at 0x0",
    ),
    "never ready": (
        lambda i: channel(i, 0)["policies"],
        lambda _: 0,
        "its mailbox is never initialised",
    ),
    "domain": (
        lambda i: channel(i, 0)["pd_source_id"]["value"],
        lambda _: 1,
        "its power domain is no element of power_domain",
    ),
    "doorbell": (
        lambda i: channel(i, 1)["driver_id"]["value"],
        lambda old: old | 0xFFF << 12,
        "mock_doorbell has 6 elements, and no 4095",
    ),
    "same doorbell": (
        lambda i: channel(i, 1)["driver_id"]["value"],
        lambda old: old & ~(0xFFF << 12),
        "the doorbell of channel 0",
    ),
    "element": (
        lambda i: clock_row(i, 1)["element_id"]["value"],
        lambda old: old | 0xFF << 12,
        "clock 1 of agent 1 is element 255 of 6",
    ),
    "domains": (
        lambda i: config(i, "scmi_perf")["perf_doms_count"],
        lambda old: old - 1,
        "scmi_perf has 17 domains, dvfs 18",
    ),
    "rows": (
        lambda i: config(i, "resource_perms")["agent_count"],
        lambda old: old - 1,
        "permissions have 2 rows for 3 agents",
    ),
    "numbers": (
        lambda i: config(i, "resource_perms")["clock_counters"]["count"],
        lambda _: 2,
        "permissions of clock have 2 numbers, and there are 3",
    ),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_damage_is_found(what: str, image: Image) -> None:
    place, change, said = DAMAGE[what]
    where = place(image)
    with damaged(image, where, change(where.value)) as firmware:
        assert any(said in finding for finding in findings(firmware)), list(findings(firmware))


@pytest.mark.parametrize("table", ["scmi_clock_perms", "scmi_pd_perms", "scmi_perf_perms"])
def test_a_flipped_bit_is_found(table: str, image: Image, model: runtime.Runtime) -> None:
    where = perms(image)[table].points_to()
    with damaged(image, where, where.value ^ 1) as firmware:
        (said,) = model_findings(firmware, model)
        assert said.startswith("linux: message 0x3 of ")


def test_a_protocol_that_is_denied_is_found(image: Image, model: runtime.Runtime) -> None:
    where = perms(image)["agent_protocol_permissions"].points_to()["protocols"]
    with damaged(image, where, where.value | 1 << 4) as firmware:
        assert "linux: protocol 0x14 is denied" in list(model_findings(firmware, model))


@pytest.fixture
def found_with(
    tool: Callable[[str], str], tables: Path, tmp_path: Path
) -> Callable[..., list[str]]:
    """What is found in the tables with another module of the product: the files' own names."""

    def found(*module: str, **named: str) -> list[str]:
        copy = tmp_path / tables.name
        copy.write_bytes(tables.read_bytes())
        firmware = Firmware(Image(link(tool("gcc"), copy, *module, **named)))
        return [said.rpartition("/")[2] for said in findings(firmware)]

    return found


def test_an_enumeration_that_has_more_services(found_with: Callable[..., list[str]]) -> None:
    more = SUBSCRIBER.replace("_COUNT,", "_MCP_A2P,\n    ACME_SCMI_SERVICE_IDX_COUNT,")
    waits = more.replace("_PSCI_A2P,\n};", "_MCP_A2P,\n};")
    assert found_with(waits) == [
        "mod_acme_system.c waits for service 6, and there is none",
        "ACME_SCMI_SERVICE_IDX_MCP_A2P is 6, and there is no such service",
        "ACME_SCMI_SERVICE_IDX_COUNT is 7, and there are 6",
    ]


def test_a_module_that_starts_after_scmi_is_told_too_early(
    found_with: Callable[..., list[str]],
) -> None:
    """Where services tell at once: modules start in their order, and nothing is told again."""
    assert found_with(source="mod_power_domain.c") == [
        "mod_power_domain.c is told of service 0 before it begins to listen",
        "mod_power_domain.c is told of service 2 before it begins to listen",
    ]


def test_as_a_program(linked: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {file.path: file.content for file in make(all_kinds(), "runtime")[0]}
    (tmp_path / "runtime.json").write_bytes(files["runtime.json"])
    assert main([str(linked), str(tmp_path / "runtime.json")]) == 0
    assert capsys.readouterr().out.endswith("\nnothing is wrong\n")


def test_a_program_without_debug_information(tool: Callable[[str], str], tmp_path: Path) -> None:
    (tmp_path / "a.c").write_text("int a;")
    made = tmp_path / "a.elf"
    run([tool("gcc"), "-nostdlib", "-Wl,-e0", str(tmp_path / "a.c"), "-o", str(made)])
    with pytest.raises(ElfError, match="no debug information"):
        Image(made)


def test_a_firmware_that_cannot_be_read_is_one_sentence(
    tool: Callable[[str], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No traceback for a Release build, in which only other files have debug information."""
    gcc = tool("gcc")
    (tmp_path / "config_scmi.c").write_text("const int config_scmi = 1;\n")
    (tmp_path / "other.c").write_text("int other = 2;\n")
    for name, debug in (("config_scmi", "-g0"), ("other", "-g")):
        made = run([gcc, debug, "-c", f"{tmp_path / name}.c", "-o", f"{tmp_path / name}.o"])
        assert not made.returncode, made.stderr
    objects = [str(tmp_path / "config_scmi.o"), str(tmp_path / "other.o")]
    release = tmp_path / "release.elf"
    assert not run([gcc, *LINK[1:], *objects, "-o", str(release)]).returncode
    for path, why in (
        (release, "has config_scmi, but no debug information about it: build all of it with -g"),
        (tmp_path / "other.c", "is not a linked program"),
        (tmp_path / "none.elf", "No such file"),
    ):
        assert main([str(path)]) == 1
        said = capsys.readouterr()
        assert not said.out
        assert why in said.err
        assert said.err.count("\n") == 1


def _views(version: str, gcc: str, folder: Path) -> Path:
    """Tables with views of power domains, linked."""
    made = emit(with_options(views(), version=version))[0]
    write(folder, {file.path: file.content.decode() for file in made})
    number = {"2.14": 214, "2.16": 216, "2025-11": 202511}[version]
    command = [*compile_command(gcc, folder, *sources(folder)), f"-DSCP_VERSION={number}"]
    tables = folder / "tables.o"
    done = run([*command, "-g", "-r", "-nostdlib", "-o", str(tables)])
    assert not done.returncode, done.stderr
    return link(gcc, tables, "int nothing;\n", "mod_acme_none.c")


@pytest.mark.parametrize("version", VERSIONS)
def test_numbers_of_an_agents_own_are_those_of_its_view(
    version: str, tool: Callable[[str], str], tmp_path: Path
) -> None:
    """Of clocks, too, which in one version are elements of the protocol's module."""
    image = Image(_views(version, tool("gcc"), tmp_path))
    configuration = configuration_of(views())
    firmware = Firmware(image)
    assert firmware.power_views() == {0: (), 1: (7, 0, 19, 3), 2: (3, 20, 5, 20, 18), 3: ()}
    assert [row.element.element for row in firmware.rows("scmi_clock")[2]] == [3]
    assert [*findings(firmware), *model_findings(firmware, configuration)] == []
    domains = config(image, "scmi_power_domain")["agent_config_table"].points_to(1)
    first = domains["domains"].points_to(0)
    with damaged(image, first, 5) as changed:
        assert "linux: message 0x3 of power 0 is denied" in [
            *model_findings(changed, configuration)
        ]
    with damaged(image, first, 99) as changed:
        assert "power 0 of agent 1 is element 99 of 21" in [*findings(changed)]
