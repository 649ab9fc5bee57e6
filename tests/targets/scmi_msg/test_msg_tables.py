"""Tables of both servers on small boards: each damage is seen, votes are counted, and hostile names
stay inside what they are written into."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from targets.scmi_msg.walked import KINDS, build, emitted, expected, walk
from targets.scp.scp_boards import (
    LEVEL,
    PARENT,
    RATE,
    READ,
    RESET,
    STATE,
    Board,
    points,
)

from scmigen.model.platform import Platform
from scmigen.runtime import Numbering, Role
from scmigen.scmi.protocols import Kind

FIRMWARES = tuple(KINDS)


def small() -> Platform:
    """Two agents with ids of their own, holes, lists, ranges, parents, and a shared clock."""
    board = Board("small", Numbering.PER_AGENT)
    linux, vm = board.agent("linux"), board.agent("vm1", Role.VM)
    clocks = [
        board.resource(Kind.CLOCK, number, f"ck{number}", rates=rates)
        for number, rates in enumerate([(1000,), (2000, 4000, 8000), (16000,)])
    ]
    bus = board.resource(Kind.CLOCK, 3, "bus", rates=(500,), always_on=True, on=True)
    board.grant(linux, clocks[0], STATE, READ, number=0)
    board.grant(linux, clocks[1], STATE, RATE, READ, number=1)
    board.grant(linux, bus, READ, number=4)
    board.grant(vm, clocks[1], STATE, READ, number=0)
    board.grant(vm, clocks[2], READ, number=2)
    for number, name in enumerate(("spi", "uart")):
        board.grant(linux, board.resource(Kind.RESET, number, name), RESET, number=number + 1)
    board.grant(linux, board.resource(Kind.POWER, 0, "gpu"), STATE, READ, number=1)
    board.grant(vm, board.resource(Kind.POWER, 1, "npu", on=True), STATE, READ, number=0)
    supply = board.resource(Kind.VOLTAGE, 0, "vdd", voltages=(900_000, 1_000_000))
    board.grant(linux, supply, STATE, LEVEL, READ, number=0)
    fixed = board.resource(Kind.VOLTAGE, 1, "vio", voltages=(1_800_000,), on=True)
    board.grant(vm, fixed, READ, number=3)
    domain = board.resource(
        Kind.PERFORMANCE, 0, "cpu", points=points((500, 900, None), (1000, 1000, None))
    )
    board.grant(linux, domain, LEVEL, READ, number=2)
    board.grant(linux, board.resource(Kind.SENSOR, 0, "die"), READ, number=1)
    return board.platform()


@pytest.mark.parametrize("firmware", FIRMWARES)
def test_a_small_board_answers_cell_by_cell(
    firmware: str, tool: Callable[[str], str], tmp_path: Path
) -> None:
    files = emitted(small(), firmware)
    assert walk(files, firmware, tool("gcc"), tmp_path) == expected(small(), firmware)


_ROW = re.compile(r"\tROW\((\d+U?), (\w+),\n\t    (.*), (true|false)\),\n")


def _damaged(text: str, how: str, at: int) -> str:
    rows = list(_ROW.finditer(text))
    row = rows[at]
    number, element, operations, vote = row.groups()
    new = row[0]
    match how:
        case "dropped":
            new = ""
        case "off by one":
            end = "U" if number.endswith("U") else ""
            new = row[0].replace(f"({number},", f"({int(number.rstrip('U')) + 7}{end},")
        case "permission":
            has = "SCMI_MAY_STATE" in operations
            other = operations.replace("SCMI_MAY_STATE | ", "") if has else "SCMI_MAY_STATE"
            if "RESET" in operations:
                other = "SCMI_MAY_READ"
            new = row[0].replace(operations, other)
        case "vote":
            new = row[0].replace(vote, "true" if vote == "false" else "false")
        case "swapped":
            another = rows[at + 1]
            return (
                text[: row.start(2)]
                + another[2]
                + text[row.end(2) : another.start(2)]
                + element
                + text[another.end(2) :]
            )
    return text[: row.start()] + new + text[row.end() :]


@pytest.mark.parametrize("how", ["dropped", "off by one", "permission", "swapped"])
@pytest.mark.parametrize("firmware", FIRMWARES)
def test_a_damaged_row_is_seen(
    firmware: str, how: str, tool: Callable[[str], str], tmp_path: Path
) -> None:
    """Each row of the first agent in turn, by one firmware or the other; two rows of one table are
    swapped."""
    files = emitted(small(), firmware)
    right = expected(small(), firmware)
    text = files["scmi_tables.c"]
    rows = list(_ROW.finditer(text))
    for at, row in enumerate(rows[:-1] if how == "swapped" else rows):
        if at % len(FIRMWARES) != FIRMWARES.index(firmware):
            continue
        if how == "swapped" and "};" in text[row.end() : rows[at + 1].start()]:
            continue
        damaged = _damaged(text, how, at)
        assert damaged != text
        folder = tmp_path / str(at)
        seen = walk(files | {"scmi_tables.c": damaged}, firmware, tool("gcc"), folder)
        assert seen != right, row[0]


@pytest.mark.parametrize(
    ("firmware", "old", "new"),
    [
        ("optee", "2000UL, 4000UL", "2000UL, 4001UL"),
        ("optee", '"uart"', '"uars"'),
        ("optee", "900000L", "900001L"),
        ("optee", ".level = 1000000U", ".level = 1000001U"),
        ("optee", ".held = true", ".held = false"),
        ("tfa", "2000UL, 4000UL", "2000UL"),
        ("tfa", '"gpu"', '"gpv"'),
        ("tfa", "SCMI_PROTOCOL_ID_SENSOR,", ""),
    ],
)
def test_a_damaged_value_is_seen(
    firmware: str, old: str, new: str, tool: Callable[[str], str], tmp_path: Path
) -> None:
    files = emitted(small(), firmware)
    assert old in files["scmi_tables.c"]
    damaged = files | {"scmi_tables.c": files["scmi_tables.c"].replace(old, new, 1)}
    assert walk(damaged, firmware, tool("gcc"), tmp_path) != expected(small(), firmware)


_SWITCHING = """
#include "stubs.h"
#include "scmi_tables.h"

void scmi_smt_init_agent_channel(struct scmi_msg_channel *channel) { (void)channel; }

#ifdef FOR_OPTEE
int32_t scmi_hw_voltd_set_state(const struct scmi_voltd *voltd, bool on)
{
	return voltd && on ? 0 : 1;
}
#else
int32_t scmi_hw_pd_set_state(const struct scmi_pd *pd, bool on)
{
	return pd && on ? 0 : 1;
}
#endif

static bool fails;
int32_t scmi_hw_clock_set_state(const struct scmi_clock *clock, bool on)
{
	printf("%s %d\\n", clock->resource.name, on);
	return fails ? -9 : 0;
}

static void ask(unsigned int agent, unsigned int id, bool on)
{
	printf("%u: %d", agent, plat_scmi_clock_set_state(agent, id, on));
	printf(" %d %d\\n", plat_scmi_clock_get_state(0, 1), plat_scmi_clock_get_state(1, 0));
}

int main(void)
{
	INIT;
	ask(0, 1, true);
	ask(1, 0, true);
	ask(0, 1, false);
	ask(0, 1, false);
	ask(1, 0, false);
	fails = true;
	ask(0, 1, true);
	fails = false;
	ask(0, 1, true);
	return 0;
}
"""


@pytest.mark.parametrize("firmware", FIRMWARES)
def test_the_first_vote_switches_on_and_the_last_one_off(
    firmware: str, tool: Callable[[str], str], tmp_path: Path
) -> None:
    """Linux knows the clock as 1, the other agent as 0; each reads its own vote. What stays on is
    switched on once at boot, and a driver that fails leaves the vote as it was."""
    files = emitted(small(), firmware)
    init = {"optee": "walker_init()", "tfa": "scmi_tables_init()"}[firmware]
    files |= {"scmi_mock.c": _SWITCHING.replace("INIT", init)}
    found = walk(files, firmware, tool("gcc"), tmp_path, walker=None)
    assert found == [
        "bus 1",
        "ck1 1",
        "0: 0 1 0",
        "1: 0 1 1",
        "0: 0 0 1",
        "0: 0 0 1",
        "ck1 0",
        "1: 0 0 0",
        "ck1 1",
        "0: -9 0 0",
        "ck1 1",
        "0: 0 1 0",
    ]


@pytest.mark.parametrize("firmware", FIRMWARES)
def test_without_drivers_everything_that_sets_is_refused(
    firmware: str, tool: Callable[[str], str], tmp_path: Path
) -> None:
    """The tables link all the same, and can be read; boot says what is not switched on."""
    files = emitted(small(), firmware)
    del files["scmi_mock.c"]
    run = build(files, firmware, tool("gcc"), tmp_path)
    done = subprocess.run([run], capture_output=True, text=True, check=True)
    assert "is to be on" in done.stderr
    lines = [line for line in done.stdout.splitlines() if line.startswith("set-clock 0 1 ")]
    assert lines[0].startswith("set-clock 0 1 state=0 rate=-1")


HOSTILE = '*/ int x; /* "\\" ??/\n#error \u202e'


@pytest.mark.parametrize("firmware", FIRMWARES)
def test_hostile_names_stay_inside_comments_and_strings(
    firmware: str, tool: Callable[[str], str], tmp_path: Path
) -> None:
    board = Board(HOSTILE)
    linux = board.agent("1" + HOSTILE[:40])
    for kind in KINDS[firmware]:
        resource = board.resource(kind, 0, HOSTILE, provider=f"p{HOSTILE}-{kind}")
        operation = {Kind.RESET: RESET}.get(kind, READ)
        board.grant(linux, resource, operation)
    platform = board.platform()
    assert walk(emitted(platform, firmware), firmware, tool("gcc"), tmp_path) == expected(
        platform, firmware
    )


@pytest.mark.parametrize(("firmware", "most"), [("optee", 80), ("tfa", 100)])
def test_no_line_is_longer_than_checkpatch_takes(firmware: str, most: int) -> None:
    """In columns, with tabs of eight, as the firmware's ``.checkpatch.conf`` says."""
    for path, text in emitted(small(), firmware).items():
        if path.endswith(".mk"):
            continue
        wide = [line for line in text.splitlines() if len(line.expandtabs(8)) > most]
        assert wide == [], path


def test_parents_of_a_clock_are_those_that_the_agent_knows(
    tool: Callable[[str], str], tmp_path: Path
) -> None:
    board = Board("parents")
    linux, vm = board.agent("linux"), board.agent("vm1", Role.VM)
    made = [board.resource(Kind.CLOCK, n, f"pll{n}", rates=(10**9,)) for n in range(3)]
    keys = tuple(clock.key for clock in made)
    mux = board.resource(Kind.CLOCK, 3, "mux", rates=(10**8,), parents=keys)
    for clock in (made[0], made[2]):
        board.grant(linux, clock, READ)
    board.grant(linux, mux, STATE, PARENT, READ)
    board.grant(vm, mux, PARENT, READ)
    platform = board.platform()
    seen = walk(emitted(platform, "tfa"), "tfa", tool("gcc"), tmp_path)
    assert seen == expected(platform, "tfa")
    assert [line.rpartition(" on=0")[2] for line in seen if line.startswith("clock 0 3")] == [
        " parents=0,2 parent=id0"
    ]
    assert "set-clock 1 3 state=-3 rate=-3 parent=-1" in seen
