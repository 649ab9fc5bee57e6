"""Boards are compared with the SCP-firmware tables of their own build, in each version's shape."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from scp_sources import TABLES as TABLES_OF_ALL
from scp_sources import write
from turns import one_in

import scmigen
from scmigen.audit.registry import find
from scmigen.scmi.protocols import Kind
from scmigen.targets.scp.version import VERSIONS

BOARDS = {
    "minimal.dts": (),
    "orrery-board.dts": ("agents.yaml",),
    "compliance.dts": ("compliance.yaml",),
}
TABLES = "config_scmi_clock.c"


def built(board: Path, agents: list[Path], version: str, folder: Path) -> tuple[Path, list[str]]:
    """The tables of a board, and what is told of the board alone."""
    (folder / "version.yaml").write_text(f"outputs: {{scp: {{version: '{version}'}}}}\n")
    result = scmigen.compile(board, agents=[*agents, folder / "version.yaml"])
    scmigen.emit(result, "scp").write(folder)
    return folder / "scp", [item.message for item in result.diagnostics]


def told(board: Path, agents: list[Path], tables: Path) -> set[tuple[str, str]]:
    found = scmigen.compile(board, agents=agents, against=str(tables)).diagnostics
    return {(item.id, item.message) for item in found}


@pytest.mark.parametrize("board", one_in(2, BOARDS))
def test_each_version_differs_from_the_board_in_what_scp_firmware_lacks(
    board: str, examples: Path, tmp_path: Path
) -> None:
    """No parents of clocks (clock protocol 1.0 and 2.0), no devices to give, and the state of the
    system is set by agents of two other types."""
    agents = [examples / name for name in BOARDS[board]]
    every = []
    for version in VERSIONS:
        folder = tmp_path / version
        folder.mkdir()
        tables, alone = built(examples / board, agents, version, folder)
        found = told(examples / board, agents, tables)
        every.append({each for each in found if each[1] not in alone})
    assert all(found == every[0] for found in every)
    lacks = {
        "grant-missing": r" needs parent on clock ",
        "id-unserved": r" gives vm2 no ",  # of devices that it may be given
        "levels-differ": r" has voltage 1000 mV at .*; in a build, none$",  # assumed
        "rights-differ": r" (hypervisor|tester) may not change what agents may do;",
        "system-power-differs": r" is only told of it;",
    }
    for id_, message in every[0]:
        assert id_ in lacks
        assert re.search(lacks[id_], message)
    if board == "minimal.dts":
        assert {id_ for id_, _ in every[0]} == {"system-power-differs"}


def _swapped(text: str) -> str:
    """The clocks uart and mmc of ospm, each in the other's row."""
    first, rest = text.split("/* Clocks of secure */")
    swapped = first.replace("_UART)", "_X)").replace("_MMC)", "_UART)").replace("_X)", "_MMC)")
    return "/* Clocks of secure */".join((swapped, rest))


def _dropped(text: str) -> str:
    """The last row of ospm, mac."""
    return re.sub(
        r"    \[3\] = \{(?:(?!\n    \},).)*_MAC\).*?\n    \},\n", "", text, count=1, flags=re.S
    )


#: Damage of clocks' tables of minimal.dts, and what is told of it.
DAMAGE: dict[str, tuple[Callable[[str], str], str, str]] = {
    "a row dropped": (_dropped, "id-unserved", "the server gives ospm no clock 3 (mac)"),
    "a pair swapped": (
        _swapped,
        "name-differs",
        "clock 0 is uart here; the server calls it mmc",
    ),
    "another agent's clocks": (
        lambda text: text.replace("clock_table_ospm,", "clock_table_secure,"),
        "name-differs",
        "clock 3 is mac here; the server calls it bus",
    ),
    "a clock of another agent": (
        lambda text: text.replace("CLOCK_IDX_RNG)", "CLOCK_IDX_UART)"),
        "name-differs",
        "clock 4 is rng here; the server calls it uart",
    ),
    "less rows than there are": (
        lambda text: text.replace("FWK_ARRAY_SIZE(clock_table_secure),", "4,"),
        "id-unserved",
        "the server gives secure no clock 4 (rng)",
    ),
    "on at the start": (
        lambda text: text.replace(".starts_enabled = false", ".starts_enabled = true"),
        "boot-differs",
        "the server turns on at its start what the tree does not say is on at boot: clock 2 (mmc)",
    ),
}


@pytest.mark.parametrize("version", one_in(2, VERSIONS))
def test_damaged_clocks_of_an_agent_are_told(version: str, examples: Path, tmp_path: Path) -> None:
    board = examples / "minimal.dts"
    tables, _ = built(board, [], version, tmp_path)
    before = told(board, [], tables)
    whole = (tables / TABLES).read_text()
    for damage, (change, id_, message) in DAMAGE.items():
        assert change(whole) != whole, damage
        (tables / TABLES).write_text(change(whole))
        new = told(board, [], tables) - before
        assert any(each[0] == id_ and each[1].startswith(message) for each in new), (damage, new)


#: The platform's own vote is row 0 (or element 0), which no message of an agent changes.
VOTES = {
    "no vote": (
        r"(clock_table_platform\[\] = \{.*?starts_enabled = )true",
        r"\1false",
        ("clock 1 (bus)",),
    ),
    "a vote for another clock": (
        r"(clock_table_platform\[\] = \{.*?CLOCK_IDX_)BUS",
        r"\1MMC",
        ("clock 1 (bus)", "clock 2 (mmc)"),
    ),
}


@pytest.mark.parametrize("version", one_in(2, VERSIONS))
def test_what_the_platform_keeps_on_is_told(version: str, examples: Path, tmp_path: Path) -> None:
    board, said = examples / "minimal.dts", tmp_path / "always-on.yaml"
    said.write_text('platform: {always-on: [{clock: "&cru 1"}]}\n')
    tables, _ = built(board, [said], version, tmp_path)
    whole = (tables / TABLES).read_text()
    before = told(board, [said], tables)
    assert not any(id_ == "boot-differs" for id_, _ in before)
    assert any(id_ == "boot-differs" for id_, _ in told(board, [], tables))
    for damage, (old, new, differ) in VOTES.items():
        text = re.sub(old, new, whole, count=1, flags=re.DOTALL)
        assert text != whole, damage
        (tables / TABLES).write_text(text)
        found = scmigen.compile(board, agents=[said], against=str(tables)).diagnostics
        items = [item for item in found if item.id == "boot-differs"]
        words = [item.message for item in items] + [
            each.message for item in items for each in item.related
        ]
        for name in differ:
            assert any(name in word and "held on by the platform" in word for word in words), words


def test_attributes_of_what_an_agent_has_nothing_of_are_told(
    examples: Path, tmp_path: Path
) -> None:
    """One bit of a mask: an agent finds a power domain that is not for it."""
    tables, _ = built(examples / "orrery-board.dts", [examples / "agents.yaml"], "2.16", tmp_path)
    path = tables / "config_resource_perms.c"
    old = r"(POWER_DOMAIN_ATTRIBUTES_IDX\] = \{ 0x)(\w+)"
    text = path.read_text()
    match = re.search(old, text)
    assert match is not None
    mask = int(match[2], 16)
    lowest = mask & -mask
    path.write_text(f"{text[: match.start(2)]}{mask ^ lowest:x}{text[match.end(2) :]}")
    items = find("scp").read(tables).diagnostics
    assert [item.id for item in items] == ["permissions-uneven"]
    number = lowest.bit_length() - 1
    assert items[0].message.endswith(
        f" may send POWER_DOMAIN_ATTRIBUTES, and nothing else, about power domain {number}"
    )


#: The clocks of a product of hand-written tables, as elements.
ELEMENTS = """static const struct mod_scmi_clock_agent_config vm_config = {
    vm_clocks, FWK_ARRAY_SIZE(vm_clocks)
};
static const struct fwk_element clock_agents[] = {
    [AGENT_PLATFORM] = { .name = "", .data = &(const struct mod_scmi_clock_agent_config){ 0 } },
    [AGENT_OSPM] = { .name = "ospm", .data = &((struct mod_scmi_clock_agent_config){
        .device_table = ospm_clocks, .agent_device_count = FWK_ARRAY_SIZE(ospm_clocks) }) },
    [AGENT_PSCI] = { .name = "", .data = &(const struct mod_scmi_clock_agent_config){ 0 } },
    [AGENT_VM] = { .name = "vm", .data = &vm_config },
    [AGENT_COUNT] = { 0 },
};
static const struct fwk_element *get_clock_agents(fwk_id_t id)
{
    return clock_agents;
}
struct fwk_module_config config_scmi_clock = {
    .elements = FWK_MODULE_DYNAMIC_ELEMENTS(get_clock_agents),
    .data = &((struct mod_scmi_clock_config){ .max_pending_transactions = 0 }),
};
"""
_FROM = TABLES_OF_ALL.index("static const struct mod_scmi_clock_agent clock_agents")
_TO = TABLES_OF_ALL.index("static struct mod_scmi_reset_domain_device")


def with_elements(folder: Path, *change: str) -> Path:
    """The product, its clocks as in 2025-11, and a text replaced in them."""
    text = ELEMENTS
    if change:
        assert change[0] in text
        text = text.replace(change[0], change[1])
    return write(folder, {"fw/config_scmi_tables.c": (TABLES_OF_ALL[_FROM:_TO], text)})


def test_clocks_that_are_elements_are_those_of_the_older_shape(tmp_path: Path) -> None:
    older = find("scp").read(write(tmp_path / "older"))
    newer = find("scp").read(with_elements(tmp_path / "newer"))
    assert (older.diagnostics, newer.diagnostics) == ((), ())
    for one, other in zip(older.served.agents, newer.served.agents, strict=True):
        told_of = [
            [(g.id, g.resource, g.operations) for g in agent.grants.get(Kind.CLOCK, ())]
            for agent in (one, other)
        ]
        assert told_of[0] == told_of[1]
    clocks = newer.served.resources[Kind.CLOCK]
    assert [one.on for one in clocks] == [True] * 4
    assert [one.on for one in clocks] == [one.on for one in older.served.resources[Kind.CLOCK]]


@pytest.mark.parametrize(
    ("change", "id_", "message"),
    [
        (
            (
                '    [AGENT_VM] = { .name = "vm", .data = &vm_config },\n',
                "    [AGENT_VM] = { 0 },\n",
            ),
            "tables-invalid",
            "scmi-clock has 3 elements: agent 3, VM, has none, and the firmware reads past them "
            "for its requests; element 0 is the platform's",
        ),
        (
            ("return clock_agents;", "return acme_clock_agents();"),
            "tables-unread",
            "the elements of scmi-clock: what acme_clock_agents() gives is known only at run time",
        ),
    ],
)
def test_agents_whose_element_is_not_there_are_told(
    change: tuple[str, str], id_: str, message: str, tmp_path: Path
) -> None:
    audit = find("scp").read(with_elements(tmp_path, *change))
    assert [(item.id, item.message) for item in audit.diagnostics] == [(id_, message)]
    vm = next(agent for agent in audit.served.agents if agent.name == "VM")
    assert Kind.CLOCK not in vm.grants
