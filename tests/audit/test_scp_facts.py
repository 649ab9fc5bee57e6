"""What a product of SCP-firmware has besides permissions, worked out by hand from its tables."""

import random
from pathlib import Path

import pytest
from scp_sources import write

from scmigen.api import read_server
from scmigen.audit.base import Audit
from scmigen.audit.registry import find
from scmigen.diagnostics import InputError
from scmigen.runtime import Served, SystemPower, Voting, decode_served, encode_served
from scmigen.runtime.words import ConfigurationError
from scmigen.scmi.protocols import Kind

SERVICES = (
    "struct fwk_module_config config_scmi = {\n    .data = &(struct mod_scmi_config){",
    """#include <fwk_id.h>
#include <fwk_module_idx.h>
static const struct fwk_element services[] = {
    { .name = "LINUX-A2P", .data = &((struct mod_scmi_service_config){
        .scmi_agent_id = AGENT_OSPM,
        .scmi_p2a_id = FWK_ID_ELEMENT_INIT(FWK_MODULE_IDX_SCMI, 3) }) },
    { .name = "EL3", .data = &((struct mod_scmi_service_config){
        .scmi_agent_id = AGENT_PSCI, .scmi_p2a_id = FWK_ID_NONE_INIT }) },
    { .name = "TO-OTHERS", .data = &((struct mod_scmi_service_config){
        .scmi_entity_role = MOD_SCMI_ROLE_AGENT }) },
    { .name = "LINUX-P2A", .data = &((struct mod_scmi_service_config){
        .scmi_agent_id = AGENT_OSPM, .scmi_p2a_id = FWK_ID_NONE_INIT }) },
    { 0 },
};
struct fwk_module_config config_scmi = {
    .elements = FWK_MODULE_STATIC_ELEMENTS_PTR(services),
    .data = &(struct mod_scmi_config){
        .vendor_identifier = "acme",
        .sub_vendor_identifier = "a_sub_vendor_of_more",
""",
)
#: Two revisions of a chip, with the points of each.
LEVELS = (
    '    { .name = "CPUS" },\n    { .name = "spare" },\n    { 0 },\n};\n',
    """    { .name = "CPUS", .data = &first },
    { .name = "spare" },
    { 0 },
};
static const struct fwk_element later[] = {
    { .name = "CPUS", .data = &second },
    { .name = "spare" },
    { 0 },
};
static const struct mod_dvfs_domain_config first = {
    .latency = 1450, .sustained_idx = 1, .opps = (struct mod_dvfs_opp[]){
        { .level = 500 * 1000000UL, .frequency = 500 * FWK_KHZ, .voltage = 800, .power = 90 },
        { .level = 800 * 1000000UL, .frequency = 800 * FWK_KHZ, .voltage = 900 },
        { 0 } } };
#define LAST { .level = 7, .frequency = 900 * FWK_KHZ, .voltage = 95 }
static const struct mod_dvfs_domain_config second = {
    .opps = (struct mod_dvfs_opp[]){ LAST, { 0 } } };
static const struct fwk_element *chosen(fwk_id_t id)
{
    unsigned int revision = 0;

    acme_revision(&revision);
    if (revision == 0)
        return table;
    return later;
}
""",
)


def with_levels(folder: Path, changes: dict[str, tuple[str, str]] | None = None) -> Path:
    made = write(folder, {"fw/config_dvfs.c": LEVELS, **(changes or {})})
    path = made / "config_dvfs.c"
    text = path.read_text().replace("STATIC_ELEMENTS_PTR(table)", "DYNAMIC_ELEMENTS(chosen)")
    path.write_text("#include <fwk_macros.h>\n#include <mod_dvfs.h>\n" + text)
    return made


def audit_of(folder: Path) -> Audit:
    return find("scp").read(folder)


def test_the_vendor_and_the_services_are_those_of_the_tables(tmp_path: Path) -> None:
    folder = write(tmp_path, {"fw/config_scmi.c": SERVICES})
    served = audit_of(folder).served
    assert served.vendor is not None
    assert (served.vendor.vendor, served.vendor.sub_vendor) == ("acme", "a_sub_vendor_of")
    assert [(s.name, s.agent, s.notifies, s.by) for s in served.services] == [
        ("LINUX-A2P", 1, False, 2),
        ("EL3", 2, False, None),
        ("LINUX-P2A", 1, True, None),
    ]
    written = (folder / "config_scmi.c").read_text().split("\n")
    for service in served.services:
        assert service.source is not None
        file, line = service.source.rsplit(":", 1)
        assert Path(file) == folder / "config_scmi.c"
        assert f'"{service.name}"' in written[int(line) - 1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            ("IDX_SCMI, 3", "IDX_SCMI, 9"),
            "service 0, LINUX-A2P, names service 9 for notifications: there are 4",
        ),
        (
            (".scmi_agent_id = AGENT_PSCI", ".scmi_agent_id = AGENT_COUNT"),
            "service 1, EL3, is of agent 4: there is no such agent",
        ),
        (
            (".scmi_agent_id = AGENT_OSPM, .scmi_p2a", ".scmi_agent_id = AGENT_VM, .scmi_p2a"),
            "service 0, LINUX-A2P, names service 3, LINUX-P2A, for notifications: that is of "
            "another agent",
        ),
        (
            ("IDX_SCMI, 3", "IDX_SCMI, 0"),
            "service 0, LINUX-A2P, names itself for notifications",
        ),
        (
            ("IDX_SCMI, 3", "IDX_SCMI, 1"),
            "service 0, LINUX-A2P, names service 1, EL3, for notifications: that is of another "
            "agent",
        ),
        (
            ("IDX_SCMI, 3", "IDX_SCMI, 2"),
            "service 0, LINUX-A2P, names service 2, TO-OTHERS, for notifications: the firmware is "
            "the agent there",
        ),
        (
            ("IDX_SCMI, 3", "IDX_CLOCK, 3"),
            "service 0, LINUX-A2P, names no service for notifications, but another identifier",
        ),
        (
            ("FWK_ID_ELEMENT_INIT(FWK_MODULE_IDX_SCMI, 3)", "FWK_MODULE_ID_SCMI_INIT"),
            "service 0, LINUX-A2P, names no service for notifications, but another identifier",
        ),
    ],
)
def test_services_of_what_is_not_there_are_told(
    tmp_path: Path, change: tuple[str, str], message: str
) -> None:
    text = SERVICES[1].replace(*change)
    assert text != SERVICES[1]
    audit = audit_of(write(tmp_path, {"fw/config_scmi.c": (SERVICES[0], text)}))
    (item,) = (item for item in audit.diagnostics if item.id == "tables-invalid")
    assert item.message == message
    assert item.position is not None
    written = Path(item.position.file).read_text().split("\n")
    assert message.split(", ")[1] in written[item.position.line - 1]


TOLD = {
    "fw/Firmware.cmake": (
        "_RESET_INIT FALSE)",
        "_RESET_INIT FALSE)\nset(SCP_ENABLE_SCMI_NOTIFICATIONS_INIT TRUE)",
    )
}


@pytest.mark.parametrize("zero", ["", ", .scmi_p2a_id = { 0 }", ", .scmi_p2a_id = {}"])
def test_an_identifier_of_zeros_is_service_0_where_something_is_told(
    zero: str, tmp_path: Path
) -> None:
    """By scmi_notify of module/scmi/src/mod_scmi.c: only FWK_ID_NONE is none, and the element of
    another identifier is its bits for that."""
    none = ", .scmi_p2a_id = FWK_ID_NONE_INIT"
    change = (SERVICES[0], SERVICES[1].replace(none, zero))
    assert change != SERVICES
    quiet = audit_of(write(tmp_path / "quiet", {"fw/config_scmi.c": change}))
    assert not quiet.diagnostics
    assert [one.by for one in quiet.served.services] == [2, None, None]
    audit = audit_of(write(tmp_path / "told", {"fw/config_scmi.c": change, **TOLD}))
    # LINUX-P2A has no requests, for which something could be told.
    (item,) = audit.diagnostics
    assert (item.id, item.message) == (
        "tables-invalid",
        "service 1, EL3, names service 0, LINUX-A2P, for notifications: that is of another agent",
    )
    assert item.hint is not None
    assert "FWK_ID_NONE_INIT is none" in item.hint


def test_service_0_tells_its_agent_where_another_one_has_no_identifier(tmp_path: Path) -> None:
    """Right where service 0 is the channel for what that agent is told."""
    text = SERVICES[1].replace('"LINUX-A2P"', '"X"').replace('"LINUX-P2A"', '"LINUX-A2P"')
    text = text.replace('"X"', '"LINUX-P2A"').replace(
        "FWK_ID_ELEMENT_INIT(FWK_MODULE_IDX_SCMI, 3)", "FWK_ID_NONE_INIT"
    )
    last = ".scmi_agent_id = AGENT_OSPM, .scmi_p2a_id = FWK_ID_NONE_INIT })"
    assert last in text
    text = text.replace(last, ".scmi_agent_id = AGENT_OSPM })")
    audit = audit_of(write(tmp_path, {"fw/config_scmi.c": (SERVICES[0], text), **TOLD}))
    assert not audit.diagnostics
    assert [(one.name, one.notifies, one.by) for one in audit.served.services] == [
        ("LINUX-P2A", True, None),
        ("EL3", False, None),
        ("LINUX-A2P", False, 0),
    ]


def test_a_service_that_cannot_be_read_is_told_and_none_is_compared(tmp_path: Path) -> None:
    text = SERVICES[1].replace("AGENT_PSCI,", "acme_agent(),")
    audit = audit_of(write(tmp_path, {"fw/config_scmi.c": (SERVICES[0], text)}))
    assert [(item.id, item.message) for item in audit.diagnostics] == [
        (
            "tables-unread",
            "scmi_agent_id of service 1, EL3: what acme_agent() gives is known only at run time",
        )
    ]
    assert audit.served.services == ()


def test_levels_are_those_of_each_table_that_may_be_used(tmp_path: Path) -> None:
    served = audit_of(with_levels(tmp_path)).served
    (domain,) = served.resources[Kind.PERFORMANCE]
    told = [
        ([(one.level, one.frequency, one.voltage, one.power) for one in table.levels],
         table.sustained, table.latency)
        for table in domain.levels
    ]  # fmt: skip
    assert told == [
        (
            [
                (500_000_000, 500_000_000, 800_000, 90_000),
                (800_000_000, 800_000_000, 900_000, None),
            ],
            1,
            1450,
        ),
        ([(7, 900_000_000, 95_000, None)], 0, 0),
    ]


@pytest.mark.parametrize(
    ("change", "id_", "message", "line"),
    [
        (
            (".level = 7", ".level = acme_level()"),
            "tables-unread",
            "a level of performance domain CPUS: what acme_level() gives is known only at run time",
            "{ LAST, { 0 } }",
        ),
        (
            (".level = 800 * 1000000UL", ".level = 800 * 100000000UL"),
            "tables-unread",
            "a level of performance domain CPUS: * has no result here, or another one on another "
            "target",
            ".level = 800 * 100000000UL",
        ),
        (
            ("LAST, ", ""),
            "tables-invalid",
            "performance domain CPUS has no levels",
            "{ { 0 } }",
        ),
        (
            (
                "(struct mod_dvfs_opp[]){ LAST, { 0 } }",
                "0",
            ),
            "tables-unread",
            "the levels of performance domain CPUS: it is no pointer to something that is known",
            ".opps = 0",
        ),
        (
            (".data = &second", ".data = 0"),
            "tables-unread",
            "the levels of performance domain CPUS: it is no pointer to something that is known",
            '"CPUS", .data = &first',
        ),
    ],
)
def test_levels_of_which_one_table_is_not_known_are_told_and_not_compared(
    tmp_path: Path, change: tuple[str, str], id_: str, message: str, line: str
) -> None:
    audit = damaged(tmp_path, change)
    assert audit.served.resources[Kind.PERFORMANCE][0].levels == ()
    (item,) = audit.diagnostics
    assert (item.id, item.message) == (id_, message)
    assert item.position is not None
    assert line in Path(item.position.file).read_text().split("\n")[item.position.line - 1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ((".sustained_idx = 1", ".sustained_idx = 9"), "has sustained_idx 9 of 2 levels"),
        (
            (".voltage = 900 },\n        { 0 } }", ".voltage = 900 } }"),
            "has 2 levels and none that is 0 at the end",
        ),
    ],
)
def test_levels_that_the_firmware_would_look_for_past_their_table_are_told(
    tmp_path: Path, change: tuple[str, str], message: str
) -> None:
    audit = damaged(tmp_path, change)
    (item,) = audit.diagnostics
    assert (item.id, item.message) == ("tables-invalid", f"performance domain CPUS {message}")
    table, _ = audit.served.resources[Kind.PERFORMANCE][0].levels
    assert [one.level for one in table.levels] == [500_000_000, 800_000_000]


@pytest.mark.parametrize(
    ("change", "levels", "said"),
    [
        # By count_opps of module/dvfs/src/mod_dvfs.c: while level, voltage and frequency are not 0.
        ((".voltage = 800, ", ""), [], "no levels: * row 0, which has no voltage"),
        ((".voltage = 900", ".power = 9"), [500], "1 level: * row 1, which has no voltage"),
        ((".frequency = 800 * FWK_KHZ, ", ""), [500], "1 level: * row 1, which has no frequency"),
        ((".level = 800 * 1000000UL, ", ""), [500], "1 level: * row 1, which has no level"),
        (
            (".frequency = 800 * FWK_KHZ, .voltage = 900", ".voltage = 0"),
            [500],
            "1 level: * row 1, which has no voltage and frequency",
        ),
        (
            (".voltage = 900 },", ".voltage = 900 }, { .power = 7 },"),
            [500, 800],
            "",
        ),
    ],
)
def test_levels_end_at_a_row_without_one_of_three_numbers(
    tmp_path: Path, change: tuple[str, str], levels: list[int], said: str
) -> None:
    text = (".sustained_idx = 1", ".sustained_idx = 0")
    damaged(tmp_path, text)
    path = tmp_path / "acme/fw/config_dvfs.c"
    assert change[0] in path.read_text()
    path.write_text(path.read_text().replace(*change))
    audit = audit_of(tmp_path / "acme/fw")
    message = said.replace("*", "for the firmware its table ends at")
    expected = [f"performance domain CPUS has {message}"] if said else []
    assert [item.message for item in audit.diagnostics] == expected
    tables = audit.served.resources[Kind.PERFORMANCE][0].levels
    assert [one.level // 1000000 for one in (tables[0].levels if tables else ())] == levels


def damaged(tmp_path: Path, change: tuple[str, str]) -> Audit:
    """The product with levels, of which a text is changed."""
    folder = with_levels(tmp_path)
    path = folder / "config_dvfs.c"
    assert change[0] in path.read_text()
    path.write_text(path.read_text().replace(*change))
    return audit_of(folder)


def test_a_table_of_levels_without_end_is_bounded(tmp_path: Path) -> None:
    folder = with_levels(tmp_path)
    path = folder / "config_dvfs.c"
    text = path.read_text()
    assert "LAST, " in text
    path.write_text(text.replace("LAST, ", "[0 ... 4000] = LAST, "))
    tables = audit_of(folder).served.resources[Kind.PERFORMANCE][0].levels
    assert all(len(table.levels) <= 256 for table in tables)


@pytest.mark.slow
def test_rubbish_among_services_and_levels_ends_in_a_description(tmp_path: Path) -> None:
    """Whatever is read of a damaged table is a description that JSON can have."""
    dice = random.Random(11)
    folder = with_levels(tmp_path, {"fw/config_scmi.c": SERVICES})
    whole = {name: (folder / name).read_text() for name in ("config_scmi.c", "config_dvfs.c")}
    told = 0
    for _ in range(20):
        for name, text in whole.items():
            damaged = list(text)
            for _ in range(dice.randint(0, 3)):
                place = dice.randrange(text.index("fwk_element"), len(text))
                damaged[place] = dice.choice(("", "{", "}", "-1", "0xffffffffffff", ",", "~0", '"'))
            (folder / name).write_text("".join(damaged))
        try:
            served = audit_of(folder).served
        except InputError:
            continue
        told += bool(decode_served(encode_served(served)).services)
    assert told > 3


def test_what_starts_on_is_what_one_of_the_agents_starts(tmp_path: Path) -> None:
    change = ("CLK_UART), true }", "CLK_UART), false }")
    served = audit_of(write(tmp_path, {"fw/config_scmi_tables.c": change})).served
    assert {one.name: one.on for one in served.resources[Kind.CLOCK]} == {
        "uart_clk": False,
        "gpu_clk": True,
        "i2c_clk": True,
        "a_name_of_more_": True,
    }


def test_power_domains_are_below_those_that_agents_see(tmp_path: Path) -> None:
    change = (
        "config->attributes.pd_type = i",
        "config->parent_idx = i < count ? PD_CLUS0 : PD_SYSTOP;\n"
        "        config->attributes.pd_type = i",
    )
    served = audit_of(write(tmp_path, {"fw/config_power_domain.c": change})).served
    parents = {one.name: one.parent for one in served.resources[Kind.POWER]}
    assert parents["CPU0"] == 1
    assert parents["CLUS0"] is None  # SYSTOP is the firmware's own


SYSTEM = {"fw/Firmware.cmake": ('"scmi-clock"', '"scmi-system-power" "scmi-clock"')}


def powers(served: Served) -> dict[str, SystemPower | None]:
    return {agent.name: agent.system_power for agent in served.agents}


def test_the_system_is_set_by_psci_only_and_told_to_others(tmp_path: Path) -> None:
    none, told, sets = SystemPower.NONE, SystemPower.TOLD, SystemPower.SET
    assert powers(audit_of(write(tmp_path / "without")).served) == {
        "OSPM": none, "PSCI": none, "VM": none,
    }  # fmt: skip
    # The firmware looks for the permissions of the base protocol, which VM does not have.
    audit = audit_of(write(tmp_path / "with", SYSTEM))
    assert powers(audit.served) == {"OSPM": told, "PSCI": sets, "VM": none}
    assert not audit.diagnostics
    denied = ("SCMI_BASE_PROTOCOL_DENIED }", "SCMI_SYS_POWER_PROTOCOL_DENIED }")
    folder = write(tmp_path / "denied", {**SYSTEM, "fw/config_resource_perms.c": denied})
    audit = audit_of(folder)
    assert powers(audit.served) == {"OSPM": told, "PSCI": sets, "VM": told}
    (item,) = audit.diagnostics
    assert item.id == "permissions-off"
    assert item.message.startswith("VM is denied protocol 0x12, and may set or read")
    assert str(item.position) == f"{folder}/config_scmi.c:8"
    with (folder / "Firmware.cmake").open("a") as file:
        file.write('list(PREPEND SCP_MODULE_PATHS "${CMAKE_CURRENT_LIST_DIR}/scmi_system_power")\n')
    audit = audit_of(folder)
    assert powers(audit.served)["VM"] is none
    assert not audit.diagnostics


HOOK = "int scmi_pd_power_state_set_policy(void)\n{\n    return 0;\n}\n"


def test_the_last_request_holds_unless_the_product_counts(tmp_path: Path) -> None:
    votes = audit_of(write(tmp_path / "plain")).served.votes
    assert votes == {
        Kind.CLOCK: Voting.COUNTED, Kind.POWER: Voting.LAST, Kind.PERFORMANCE: Voting.LAST,
    }  # fmt: skip
    weak = ("unsigned int acme", f"FWK_WEAK {HOOK}unsigned int acme")
    assert audit_of(write(tmp_path / "weak", {"src/acme_core.c": weak})).served.votes == votes
    own = ("unsigned int acme", f"{HOOK}unsigned int acme")
    found = audit_of(write(tmp_path / "own", {"src/acme_core.c": own})).served.votes
    assert Kind.POWER not in found
    assert found[Kind.PERFORMANCE] is Voting.LAST


def test_who_sets_a_domain_of_unknown_type_is_not_known(tmp_path: Path) -> None:
    change = (".attributes.pd_type = MOD_PD_TYPE_DEVICE }", ".attributes.pd_type = acme_type() }")
    served = audit_of(write(tmp_path, {"fw/config_power_domain.c": change})).served
    rows = {agent.name: agent.grants[Kind.POWER][2] for agent in served.agents}
    assert [str(one) for one in rows["OSPM"].unknown] == ["state"]
    assert [str(one) for one in rows["PSCI"].operations] == ["state", "read"]


def test_all_of_it_is_read_again_from_json(tmp_path: Path) -> None:
    folder = with_levels(tmp_path, {"fw/config_scmi.c": SERVICES, **SYSTEM})
    one = read_server(f"scp:{folder}")
    (tmp_path / "grants.json").write_bytes(encode_served(one))
    again = read_server(tmp_path / "grants.json")
    assert (again.vendor, again.services, again.votes) == (one.vendor, one.services, one.votes)
    assert again.resources == one.resources
    assert powers(again) == powers(one)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ('"services": [{"agent": 2}]', "service 0 is of agent 2"),
        ('"services": [{"agent": 1, "by": 1}]', "there is no service 1"),
        ('"services": [{"agent": 1, "by": 300}]', "<= 255"),
        (
            '"resources": {"performance": [{"id": 0, "levels": [{"levels": [{"level": 1}],'
            ' "sustained": 1}]}]}',
            "performance 0 has no level 1 to sustain",
        ),
        (
            '"resources": {"performance": [{"id": 0, "levels": [{"levels": ['
            + ",".join(['{"level": 1}'] * 257)
            + "]}]}]}",
            "256",
        ),
        ('"votes": {"clock": "perhaps"}', "perhaps"),
    ],
)
def test_descriptions_that_name_what_is_not_there_are_refused(said: str, message: str) -> None:
    text = '{"format": "scmigen-grants-1", "name": "x", "agents": [{"id": 1, "name": "a"}], %s}'
    with pytest.raises(ConfigurationError, match=message):
        decode_served((text % said).encode())
