"""What the tool for drivers' needs finds in a small tree of our own drivers, one for each idiom."""

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import REPOSITORY
from driver_rows import single_rows

TREE = Path(__file__).with_name("tree")

#: Idiom -> the rows of its driver, worked out by reading it.
EXPECTED = {
    "a member that one function fills and another one uses": [
        "acme,plain clock core rate sure drivers/acme/plain.c:plain_set_speed",
    ],
    "another name where the first is not there": [
        "acme,fallback clock #0 rate may drivers/acme/fallback.c:fallback_probe",
        "acme,fallback clock card rate sure drivers/acme/fallback.c:fallback_probe",
    ],
    "a table of names with enumerators as indices, and a function that chooses among some": [
        "acme,table clock aux parent sure drivers/acme/table.c:table_mode",
        "acme,table clock aux rate may drivers/acme/table.c:table_range",
        "acme,table clock bus rate may drivers/acme/table.c:table_range",
        "acme,table clock pixel rate sure drivers/acme/table.c:table_mode",
    ],
    "an index that is only known at run time": [
        "acme,variable clock left rate may drivers/acme/variable.c:variable_choose",
        "acme,variable clock right rate may drivers/acme/variable.c:variable_choose",
    ],
    "a name that the source does not have": [
        "acme,unnamed clock * rate may drivers/acme/unnamed.c:unnamed_probe",
    ],
    "one of two names, chosen by ?:": [
        "acme,either clock fast rate may drivers/acme/either.c:either_probe",
        "acme,either clock slow rate may drivers/acme/either.c:either_probe",
    ],
    "bulk handles, with names assigned and with names in a table": [
        "acme,bulk clock sample rate sure drivers/acme/bulk.c:bulk_probe",
        "acme,bulk clock tick rate sure drivers/acme/bulk.c:bulk_probe",
        "acme,bulk voltage vio level sure drivers/acme/bulk.c:bulk_probe",
    ],
    "bulk handles that are filled in as a variable, and then put into a member": [
        "acme,put clock frame rate sure drivers/acme/bulk.c:put_probe",
    ],
    "a function of another file, which uses a member": [
        "acme,sibling clock serial rate sure drivers/acme/sibling_rate.c:sibling_rate",
    ],
    "functions that a framework calls through a table": [
        "acme,callback clock frame rate sure drivers/acme/callback.c:callback_apply",
    ],
    "a flag and a name in the data of the entry, here without the flag": [
        "acme,variant-one clock one rate sure drivers/acme/variant.c:variant_probe",
    ],
    "a flag and a name in the data of the entry, here with the flag": [
        "acme,variant-two clock loud rate sure drivers/acme/variant.c:variant_probe",
        "acme,variant-two clock second rate sure drivers/acme/variant.c:variant_probe",
        "acme,variant-two clock two rate sure drivers/acme/variant.c:variant_probe",
    ],
    "only for another compatible, which the node may have as well": [
        "acme,marked-one clock marked rate may drivers/acme/variant.c:marked_probe",
    ],
    "only for this compatible": [
        "acme,marked-two clock marked rate sure drivers/acme/variant.c:marked_probe",
    ],
    "helpers that return a handle or fill one in": [
        "acme,helper clock down rate sure drivers/acme/helper.c:helper_probe",
        "acme,helper clock front rate sure drivers/acme/helper.c:helper_probe",
        "acme,helper clock side rate sure drivers/acme/helper.c:helper_probe",
    ],
    "a timer that is declared, with the clock taken by its index": [
        "acme,declared clock #1 rate sure drivers/acme/declared.c:declared_init",
    ],
    "a clock provider that is declared; a parent that is named needs nothing": [
        "acme,spoken clock spoken parent sure drivers/acme/declared.c:spoken_init",
    ],
    "supplies, operating points, and a rate that is given when the clock is taken": [
        "acme,power clock engine rate sure drivers/acme/power.c:power_probe",
        "acme,power clock ref rate sure drivers/acme/power.c:power_probe",
        "acme,power voltage core level sure drivers/acme/power.c:power_probe",
    ],
    "an index that the kernel chooses later": [
        "acme,later clock first rate may drivers/acme/later.c:later_start",
        "acme,later clock second rate may drivers/acme/later.c:later_start",
    ],
    "callers, macros and questions that ask for the variant, here not": ["acme,callers-one -"],
    "callers, macros and questions that ask for the variant; no clock of the machine, no #if 0": [
        "acme,callers-two clock extra rate sure drivers/acme/callers.c:callers_set_extra",
        "acme,callers-two clock one rate sure drivers/acme/callers.c:callers_probe",
    ],
    "a helper that is told the rate, a walk over pairs, and what another driver calls": [
        "acme,asked clock from0 parent may drivers/acme/asked.c:asked_pair_up",
        "acme,asked clock from1 parent may drivers/acme/asked.c:asked_pair_up",
        "acme,asked clock outside rate sure drivers/acme/asked.c:asked_from_outside",
        "acme,asked clock port rate sure drivers/acme/asked.c:asked_take",
        "acme,asked clock to0 parent may drivers/acme/asked.c:asked_pair_up",
        "acme,asked clock to1 parent may drivers/acme/asked.c:asked_pair_up",
    ],
    "names made with a number, as far as trees use them": [
        "acme,numbered clock lane0_src rate sure drivers/acme/numbered.c:numbered_probe",
        "acme,numbered clock lane1_src rate sure drivers/acme/numbered.c:numbered_probe",
    ],
    "a rate of the node that may be missing, one with a default, one that has to be there": [
        "acme,property clock bus rate sure drivers/acme/property.c:property_probe",
        "acme,property clock core rate may drivers/acme/property.c:property_probe",
        "acme,property clock side rate sure drivers/acme/property.c:property_probe",
    ],
    "a number, a word and a flag of the node; a number with a default, any word but one": [
        "acme,asks-node clock bus rate may drivers/acme/property.c:asked_start",
        "acme,asks-node clock core rate may drivers/acme/property.c:asked_start",
        "acme,asks-node clock filled rate sure drivers/acme/property.c:asked_start",
        "acme,asks-node clock link rate sure drivers/acme/property.c:asked_start",
        "acme,asks-node clock side rate may drivers/acme/property.c:asked_start",
    ],
    "set with a property and without it, and a clock that is taken without one": [
        "acme,instead clock core rate sure drivers/acme/property.c:instead_probe",
        "acme,instead clock own rate may drivers/acme/property.c:instead_probe",
    ],
    "only where other clocks are there; whether a clock is there itself is no condition": [
        "acme,present clock core parent may drivers/acme/present.c:present_reparent",
        "acme,present clock core rate sure drivers/acme/present.c:present_start",
        "acme,present clock extra rate sure drivers/acme/present.c:present_start",
    ],
    "the clock without a name where another one is not there, and also where it is": [
        "acme,ordered clock #0 rate sure drivers/acme/present.c:ordered_start",
        "acme,ordered clock extra rate sure drivers/acme/present.c:ordered_start",
    ],
    "a parent, which has to be there": [
        "acme,parent clock core parent sure drivers/acme/present.c:parent_start",
    ],
    "an array from its element 1 on, chosen at run time, but never 0": [
        "acme,loops clock ch1 rate may drivers/acme/loops.c:loops_set",
        "acme,loops clock ch2 rate may drivers/acme/loops.c:loops_set",
    ],
    "an array that is filled with a counter": [
        "acme,counted clock div rate sure drivers/acme/loops.c:counted_probe",
    ],
    "elements of the entry's data, each with its own condition": [
        "acme,rails-one voltage mx level sure drivers/acme/loops.c:rails_probe",
        "acme,rails-one voltage px level sure drivers/acme/loops.c:rails_probe",
    ],
    "elements of the entry's data, without the one that would be changed": ["acme,rails-two -"],
    "operating points that are given up": ["acme,vote -"],
    "a switch over the entry's data, here with a case that does nothing; a flag of the node": [
        "acme,chip-old clock core rate may drivers/acme/variant.c:chip_probe",
    ],
    "a switch over the entry's data, here with another case that sets nothing": [
        "acme,chip-new clock core rate may drivers/acme/variant.c:chip_probe",
    ],
    "a switch over the entry's data, here with the default": [
        "acme,chip-newest clock core rate may drivers/acme/variant.c:chip_probe",
        "acme,chip-newest clock sleep rate sure drivers/acme/variant.c:chip_probe",
    ],
    "a driver that changes nothing": ["acme,quiet -"],
    "a driver that never takes the clock of its node": ["acme,takes-nothing -"],
    "clocks that trees have and the driver never takes; a comment does not": [
        "acme,spare clock more - never drivers/acme/spare.c",
        "acme,spare clock spare - never drivers/acme/spare.c",
    ],
    "a clock that is taken without a name is the first": [
        "acme,unnamed-first clock other - never drivers/acme/spare.c",
    ],
    "names that are made of pieces are not those that are never taken": [
        "acme,spare-made clock unused - never drivers/acme/spare_made.c",
    ],
    "all clocks of the node": ["acme,spare-all -"],
    "names that are read from the node": ["acme,spare-read -"],
    "a driver of another compatible of the node takes it": ["acme,spare-pair -"],
    "that driver": ["acme,spare-back -"],
    "another driver finds the node": ["acme,spare-lent -"],
    "this one": ["acme,lender -"],
    "the driver of the parent takes clocks of what is below": ["acme,spare-child -"],
    "this parent": ["acme,spare-parent -"],
    "the system controller takes the first": ["acme,spare-syscon -"],
    "a device that provides clocks has parents": ["acme,spare-provider -"],
    "the power domain takes it": ["acme,spare-domain -"],
    "a driver that its bus finds without a compatible": [
        "arm,pl031 clock #0 rate sure drivers/rtc/rtc-pl031.c:pl031_probe",
    ],
}


def made(folder: Path, *options: str | Path) -> str:
    """The text that the tool writes for the tree."""
    pytest.importorskip("tree_sitter_c", reason="tree-sitter-c is not installed")
    output = folder / "needs.txt"
    command = [sys.executable, "-m", "tools.linux_needs", TREE, "-o", output, *options]
    ended = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stderr
    return output.read_text("ascii")


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> str:
    hand = tmp_path_factory.mktemp("hand") / "hand.txt"
    hand.write_text("# none\n")
    return made(tmp_path_factory.mktemp("needs"), "--hand", hand)


@pytest.mark.parametrize("idiom", EXPECTED)
def test_an_idiom_has_the_rows_that_its_driver_means(idiom: str, text: str) -> None:
    compatible = EXPECTED[idiom][0].split(" ")[0]
    assert [row for row in single_rows(text) if row.startswith(f"{compatible} ")] == EXPECTED[idiom]


def test_there_are_no_rows_but_those_expected(text: str) -> None:
    assert single_rows(text) == sorted(row for listed in EXPECTED.values() for row in listed)


def test_compatibles_with_the_same_rows_are_one_block(text: str) -> None:
    """Drivers in the order of their files, those that set nothing at the end; a file and a function
    that the row above has are not repeated."""
    lines = text.splitlines()
    table = lines.index("acme,table")
    assert lines[table : table + 5] == [
        "acme,table",
        " clock aux parent sure drivers/acme/table.c:table_mode",
        " clock aux rate may :table_range",
        ' clock bus rate may "',
        " clock pixel rate sure :table_mode",
    ]
    nothing = sorted(rows[0].split()[0] for rows in EXPECTED.values() if rows[0].endswith(" -"))
    assert lines[-len(nothing) - 1 :] == [*nothing, " -"]
    files = [line.split()[4] for line in lines if line.startswith(" clock") and "drivers/" in line]
    assert [place.split(":")[0] for place in files] == sorted(
        place.split(":")[0] for place in files
    )


def test_the_head_names_the_format_and_the_tool(text: str) -> None:
    head = [line for line in text.splitlines() if line.startswith("#")]
    assert (head[0], head[-1]) == ("# scmigen-driver-needs: 2", "# tool: tools/linux_needs 1")


def test_a_row_written_by_hand_wins_and_keeps_its_reason(tmp_path: Path) -> None:
    hand = tmp_path / "hand.txt"
    won = "acme,plain clock core - sure drivers/acme/plain.c:plain_probe fixed in hardware"
    hand.write_text(f"# by hand\n{won}\n")
    found = [
        row for row in single_rows(made(tmp_path, "--hand", hand)) if row.startswith("acme,plain ")
    ]
    assert found == [won]


@pytest.mark.parametrize(
    "row",
    [
        "acme,plain clock core rate sure",
        "acme,plain clock core rate sure plain_probe no file",
        "acme,plain clock core rate sure drivers/acme/plain.c:plain_probe",
    ],
    ids=["without a place", "without a file", "without a reason"],
)
def test_a_row_by_hand_that_lacks_something_is_refused(row: str, tmp_path: Path) -> None:
    pytest.importorskip("tree_sitter_c", reason="tree-sitter-c is not installed")
    hand = tmp_path / "hand.txt"
    hand.write_text(f"{row}\n")
    command = [
        sys.executable,
        "-m",
        "tools.linux_needs",
        TREE,
        "-o",
        tmp_path / "out.txt",
        "--hand",
        hand,
    ]
    ended = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, f"{hand}:1:" in ended.stderr) == (1, True)
    assert "Traceback" not in ended.stderr
