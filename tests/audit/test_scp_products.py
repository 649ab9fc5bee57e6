"""Products of SCP-firmware, as sources: what each agent may do, worked out by hand."""

from pathlib import Path

import pytest
from scp_sources import FILES, write

from scmigen.api import read_server
from scmigen.audit.base import Audit
from scmigen.audit.registry import find, named, read, recognised
from scmigen.diagnostics import InputError
from scmigen.runtime import Numbering, Role, Served, encode_served
from scmigen.scmi.protocols import Kind


def audit_of(folder: Path) -> Audit:
    return find("scp").read(folder)


def served(audit: Audit) -> dict[str, dict[str, dict[int, tuple[str, str, str]]]]:
    """Agent → kind → id → the name, the operations, and those that are unchecked."""
    names = {(k, r.id): r.name for k, found in audit.served.resources.items() for r in found}
    return {
        agent.name: {
            str(kind): {
                g.id: (names[kind, g.resource], "+".join(g.operations), "+".join(g.unchecked))
                for g in grants
            }
            for kind, grants in agent.grants.items()
        }
        for agent in audit.served.agents
    }


def told(audit: Audit) -> list[str]:
    return [f"{item.severity.word}[{item.id}]: {item.message}" for item in audit.diagnostics]


ALL = "state+rate+read"


def test_a_product_is_recognised_by_its_files(tmp_path: Path) -> None:
    reader = recognised(write(tmp_path))
    assert reader is not None
    assert reader.name == "scp"
    assert recognised(tmp_path) is None


def test_each_agent_may_do_what_the_tables_say(tmp_path: Path) -> None:
    audit = audit_of(write(tmp_path))
    assert told(audit) == []
    found = served(audit)
    assert found["OSPM"] == {
        "clock": {
            0: ("a_name_of_more_", "state+read", ""),
            1: ("gpu_clk", "rate+read", ""),
            2: ("i2c_clk", "state+read", ""),
        },
        "reset": {0: ("uart_rst", "reset", ""), 1: ("gpu_rst", "reset", "")},
        "power": {
            0: ("CPU0", "read", ""),
            1: ("CLUS0", "read", ""),
            2: ("GPU", "state+read", ""),
        },
        "performance": {0: ("CPUS", "level+limits+read", "")},
        "sensor": {0: ("TEMP", "config+read", ""), 1: ("VOLT", "config+read", "")},
    }
    assert found["PSCI"] == {
        "power": {
            0: ("CPU0", "state+read", ""),
            1: ("CLUS0", "state+read", ""),
            2: ("GPU", "state+read", ""),
        }
    }
    assert found["VM"]["clock"] == {0: ("uart_clk", "state+rate", "")}
    assert found["VM"]["voltage"] == {0: ("vdd_io", "state+level+read", "")}
    assert found["VM"]["performance"] == {0: ("CPUS", "limits+read", "")}


def test_agents_have_their_ids_roles_and_right_to_change_permissions(tmp_path: Path) -> None:
    audit = audit_of(write(tmp_path))
    agents = [(a.id, a.name, a.role, a.permissions) for a in audit.served.agents]
    assert agents == [
        (1, "OSPM", Role.OSPM, True),
        (2, "PSCI", Role.PSCI, True),
        (3, "VM", None, False),
    ]
    assert audit.served.numbering is Numbering.PER_AGENT


def test_a_product_as_json_is_read_again(tmp_path: Path) -> None:
    one = read_server(f"scp:{write(tmp_path)}")
    (tmp_path / "grants.json").write_bytes(encode_served(one))
    again = read_server(tmp_path / "grants.json")
    assert again.resources == one.resources
    assert ids(again) == ids(one)


def ids(server: Served) -> list[tuple[str, Kind, int, int, tuple[str, ...]]]:
    return [
        (agent.name, kind, row.id, row.resource, row.operations)
        for agent in server.agents
        for kind, rows in agent.grants.items()
        for row in rows
    ]


def test_agents_of_one_name_are_told_apart(tmp_path: Path) -> None:
    folder = write(tmp_path, {"fw/config_scmi.c": ('"PSCI"', '"OSPM"')})
    found = read([named(f"scp:{folder}")])
    assert [agent.name for agent in found.served.agents] == ["OSPM", "OSPM-2", "VM"]
    (item,) = (each for each in found.diagnostics if each.id == "agents-alike")
    assert item.message == "agents 1 and 2 are both called OSPM"
    assert str(item.position) == f"{folder}/config_scmi.c:7"


def test_every_row_has_its_place(tmp_path: Path) -> None:
    folder = write(tmp_path)
    agent = audit_of(folder).served.agents[0]
    place = agent.grants[Kind.CLOCK][1].source
    assert place is not None
    file, line = place.rsplit(":", 1)
    assert Path(file) == folder / "config_scmi_tables.c"
    assert "CLK_GPU" in FILES["fw/config_scmi_tables.c"].split("\n")[int(line) - 1]


def test_without_permissions_what_has_no_table_for_an_agent_is_unchecked(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        {"fw/Firmware.cmake": ("PERMISSIONS_INIT TRUE", "PERMISSIONS_INIT FALSE")},
    )
    audit = audit_of(folder)
    assert served(audit)["OSPM"]["clock"][1] == ("gpu_clk", ALL, "")
    assert served(audit)["VM"]["power"][2] == ("GPU", "", "state+read")
    assert told(audit) == [
        "note[tables-unbuilt]: config_resource_perms.c is not built: resource-perms is no module "
        "of the firmware with its options"
    ]


def test_a_build_directory_has_the_options_of_the_build(tmp_path: Path) -> None:
    folder = write(tmp_path)
    build = tmp_path / "build"
    build.mkdir()
    (build / "CMakeCache.txt").write_text(
        f"SCP_FIRMWARE_SOURCE_DIR:PATH={folder}\nSCP_ENABLE_RESOURCE_PERMISSIONS:BOOL=OFF\n"
    )
    reader = recognised(build)
    assert reader is not None
    assert served(reader.read(build))["OSPM"]["clock"][1] == ("gpu_clk", ALL, "")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"fw/config_scmi_tables.c": ("    DEVICE(CLK_I2C),", "    DEVICE(CLK_COUNT),")},
            "error[tables-invalid]: clock 2 of OSPM names element 4 of clock, which has 4",
        ),
        (
            {"fw/config_scmi_tables.c": ("IDX_CLOCK, CLK_UART", "IDX_DVFS, CLK_UART")},
            "error[tables-invalid]: clock 0 of VM names an element of dvfs, not of clock",
        ),
        (
            {
                "fw/config_scmi_tables.c": (
                    "FWK_ARRAY_SIZE(clock_agents) }",
                    "FWK_ARRAY_SIZE(clock_agents) - 1 }",
                )
            },
            "error[tables-invalid]: agent_count of scmi-clock is 3: agent 3, VM, has nothing; it "
            "counts the platform too",
        ),
        (
            {"fw/config_scmi_tables.c": ("perf_doms_count = 1", "perf_doms_count = 5")},
            "error[tables-invalid]: scmi-perf has 5 domains, dvfs 2 elements",
        ),
        (
            {"fw/config_dvfs.c": ('"CPUS"', "0")},
            "error[tables-invalid]: the table of dvfs ends at index 0, which has no name: the 2 "
            "rows after it are left out",
        ),
        (
            {"fw/config_sensor.c": ("    { 0 },\n", "")},
            "error[tables-invalid]: the table of sensor has no element without a name at its end: "
            "the framework reads past it",
        ),
        (
            {
                "fw/config_resource_perms.c": (
                    "clock_counters.count = CLK_COUNT",
                    "clock_counters.count = 40",
                )
            },
            "error[tables-invalid]: the table of permissions of clocks has 5 messages of 1 words "
            "for an agent; by clock_counters.count, 40, the firmware takes it for 5 of 3: rows "
            "after the first are shifted",
        ),
        (
            {"fw/config_resource_perms.c": ("AGENT_COUNT - 1", "AGENT_COUNT")},
            "error[tables-invalid]: agent_count of resource-perms is 4, and the table of "
            "permissions of clocks has 3 rows: the firmware copies 4 rows when it starts",
        ),
        (
            {"fw/config_resource_perms.c": (".device_count = 1", ".device_count = 26")},
            "error[tables-invalid]: device_count is 26, and the table of devices has 1 row: the "
            "firmware reads past its end",
        ),
        (
            {"fw/CMakeLists.txt": ('SCP_MODULES "resource-perms"', 'SCP_MODULES,"resource-perms"')},
            "warning[permissions-off]: config_resource_perms.c is compiled, and resource-perms is "
            "no module of the firmware: every agent may do everything",
        ),
        (
            {"fw/config_sensor.c": ('"VOLT"', "sensor_name(1)")},
            None,
        ),
        (
            {"src/acme_core.c": ("return 1", "return *(volatile unsigned int *)0x1000")},
            "warning[tables-unread]: the elements of power-domain: it is no pointer to something "
            "that is known",
        ),
    ],
)
def test_mistakes_of_tables_are_found(
    tmp_path: Path, changes: dict[str, tuple[str, str]], message: str | None
) -> None:
    audit = audit_of(write(tmp_path, changes))
    if message is None:
        names = [resource.name for resource in audit.served.resources[Kind.SENSOR]]
        assert names == ["TEMP", ""]
    else:
        assert message in told(audit)
        assert all(item.position is not None for item in audit.diagnostics)


DEVICES = """
static struct mod_res_domain_device devices_usb0[] = {
    { FWK_ID_ELEMENT_INIT(FWK_MODULE_IDX_CLOCK, CLK_CPU), MOD_RES_CLOCK_DOMAIN_DEVICE },
    { FWK_ID_ELEMENT_INIT(FWK_MODULE_IDX_RESET_DOMAIN, RST_UART), MOD_RES_RESET_DOMAIN_DEVICE },
    { FWK_ID_NONE_INIT, MOD_RES_DOMAIN_DEVICE_INVALID },
};
enum { RST_USB_A, RST_USB_B, RST_HOST3, CLK_USB_A = 1, CLK_USB_B = 1, CLK_HOST = 1 };
static struct mod_res_domain_device devices_usb1[] = {
    { FWK_ID_ELEMENT_INIT(FWK_MODULE_IDX_RESET_DOMAIN, RST_USB_A), MOD_RES_RESET_DOMAIN_DEVICE },
    { FWK_ID_ELEMENT_INIT(FWK_MODULE_IDX_RESET_DOMAIN, RST_USB_B), MOD_RES_RESET_DOMAIN_DEVICE },
    { FWK_ID_ELEMENT_INIT(FWK_MODULE_IDX_RESET_DOMAIN, RST_HOST3), MOD_RES_RESET_DOMAIN_DEVICE },
    { FWK_ID_ELEMENT_INIT(FWK_MODULE_IDX_CLOCK, CLK_USB_A), MOD_RES_CLOCK_DOMAIN_DEVICE },
    { FWK_ID_ELEMENT_INIT(FWK_MODULE_IDX_CLOCK, CLK_USB_B), MOD_RES_CLOCK_DOMAIN_DEVICE },
    { FWK_ID_ELEMENT_INIT(FWK_MODULE_IDX_CLOCK, CLK_HOST), MOD_RES_CLOCK_DOMAIN_DEVICE },
    { FWK_ID_NONE_INIT, MOD_RES_DOMAIN_DEVICE_INVALID },
};
static struct mod_res_device devices[] = {
    { .device_id = 1, .domain_devices = devices_usb0 },
    { .device_id = 2, .domain_devices = devices_usb1 },
"""


def test_lists_of_devices_are_held_against_ids_and_each_other(tmp_path: Path) -> None:
    changes = {
        "fw/config_resource_perms.c": (
            "static struct mod_res_device devices[] = {\n",
            DEVICES,
        )
    }
    folder = write(tmp_path, changes)
    path = folder / "config_resource_perms.c"
    path.write_text(path.read_text().replace(".device_count = 1", ".device_count = 3"))
    messages = told(audit_of(folder))
    assert (
        "warning[device-resources]: device 1 lists a_name_of_more_than_15_characters by its "
        "element, 3, where the firmware takes the agent's id: agent 1 has no clock 3"
    ) in messages
    assert (
        "warning[device-shared]: devices 1 and 2 and 0 share 1 resource: denying one device takes "
        "them from the other"
    ) in messages
    assert (
        "warning[row-differs]: device 2 lists clock CLK_HOST and reset RST_HOST3; all its other "
        "resources of these kinds are called alike"
    ) in messages


def test_a_mask_of_the_first_word_only_is_told_where_ids_need_more(tmp_path: Path) -> None:
    many = "".join(f"    DEVICE({'CLK_GPU'}),\n" for _ in range(40))
    folder = write(tmp_path, {"fw/config_scmi_tables.c": ("    DEVICE(CLK_I2C),\n", many)})
    path = folder / "config_resource_perms.c"
    path.write_text(path.read_text().replace("CLK_COUNT", "42"))
    assert told(audit_of(folder)) == [
        "warning[permissions-mask]: OSPM: the masks of messages 0x5, 0x7 on clocks deny ids below "
        "16 only: 16 to 41 are allowed"
    ]
    assert served(audit_of(folder))["OSPM"]["clock"][30] == ("gpu_clk", ALL, "")


def test_a_table_that_is_chosen_at_run_time_takes_its_kind_out(tmp_path: Path) -> None:
    change = (
        "    return table;",
        "    return acme_is_fvp() ? 0 : 0;\n}\nstatic const struct fwk_element few[] = {"
        ' { "uart_clk" }, { 0 } };\n'
        "static const struct fwk_element *get_one(fwk_id_t id)\n{\n"
        "    if (acme_is_fvp())\n        return few;\n    return table;",
    )
    folder = write(tmp_path, {"fw/config_clock.c": change})
    path = folder / "config_clock.c"
    path.write_text(path.read_text().replace("ELEMENTS(get_table)", "ELEMENTS(get_one)"))
    audit = audit_of(folder)
    assert Kind.CLOCK not in audit.served.kinds
    assert "clock" not in served(audit)["OSPM"]
    assert told(audit) == [
        "warning[tables-unread]: the elements of clock: it is one of 2 tables, of 1 or 4 elements, "
        "which is known at run time"
    ]


def test_sources_without_end_are_refused_in_one_sentence(tmp_path: Path) -> None:
    doubled = "#define A0 1, 1,\n" + "".join(
        f"#define A{n} A{n - 1} A{n - 1}\n" for n in range(1, 60)
    )
    folder = write(
        tmp_path, {"include/acme.h": ("#endif", f"{doubled}int a[] = {{ A59 }};\n#endif")}
    )
    with pytest.raises(InputError) as raised:
        audit_of(folder)
    assert [item.id for item in raised.value.diagnostics] == ["tables-unread"]


def test_one_row_that_names_something_else_is_told(tmp_path: Path) -> None:
    names = [f"clk{letter}" for letter in "abcdefghij"]
    drivers = [f"DRV_{name.upper()}" for name in names]
    drivers[4] = "DRV_CLKD"
    rows = "".join(
        f'    {{ .name = "{name}", .data = &((struct config){{ .driver = {driver} }}) }},\n'
        for name, driver in zip(names, drivers, strict=True)
    )
    enumerators = ", ".join(f"DRV_{name.upper()}" for name in names)
    made = (
        f"enum {{ {enumerators} }};\nstruct config {{ int driver; }};\n"
        f"static const struct fwk_element table[] = {{\n{rows}"
    )
    change = ("static const struct fwk_element table[] = {\n", made)
    audit = audit_of(write(tmp_path, {"fw/config_sensor.c": change}))
    assert told(audit) == [
        "warning[row-differs]: sensor clke is DRV_CLKD; the names of the other 9 rows are those of "
        "what they name"
    ]


PERMS = "fw/config_resource_perms.c"


@pytest.mark.parametrize("pointer", ["&clocks[1][0][0]", "clocks[1][0]", "clocks[1]"])
def test_permissions_begin_where_the_pointer_points(tmp_path: Path, pointer: str) -> None:
    audit = audit_of(write(tmp_path, {PERMS: ("&clocks[0][0][0]", pointer)}))
    # Row 0 has what OSPM is denied, row 1 nothing; the rows, of 5 words, end before that of VM.
    assert {row[1] for row in served(audit)["OSPM"]["clock"].values()} == {ALL}
    (vm,) = (agent for agent in audit.served.agents if agent.name == "VM")
    assert vm.grants[Kind.CLOCK][0].operations == ()
    assert "the firmware reads word 19 of a table of 15" in told(audit)[0]


@pytest.mark.parametrize("pointer", ["(mod_res_perms_t *)clocks + 5", "&clocks[1]", "clocks + 1"])
def test_a_pointer_to_permissions_that_is_not_worked_out_is_told(
    tmp_path: Path, pointer: str
) -> None:
    audit = audit_of(write(tmp_path, {PERMS: ("&clocks[0][0][0]", pointer)}))
    assert told(audit)[0].endswith("it points into a table of permissions, not to a word")
    for agent in audit.served.agents:
        assert all(grant.operations == () for grant in agent.grants.get(Kind.CLOCK, ()))


def test_the_directory_of_a_product_is_told_to_have_firmwares(tmp_path: Path) -> None:
    product = write(tmp_path).parent
    reader = recognised(product)
    assert reader is not None
    with pytest.raises(InputError) as raised:
        reader.read(product)
    (item,) = raised.value.diagnostics
    assert item.message == "this is a product: name one of its firmwares: fw"
    assert item.hint == f"as in {product}/fw"
