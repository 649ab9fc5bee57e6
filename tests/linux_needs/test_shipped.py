"""The shipped data files of drivers' needs: well-formed, sorted, each row with its source."""

import re
from pathlib import Path

import pytest
from conftest import REPOSITORY
from driver_rows import single_rows

FOLDER = REPOSITORY / "scmigen" / "bindings" / "drivers"
PROFILES = sorted(FOLDER.glob("*.txt"))
HAND = REPOSITORY / "tools" / "linux_needs" / "hand.txt"

NEED = re.compile(
    r"[!-~]+ (clock|voltage) (#[0-9]+|\*|[!-~]+) (-|(rate)?\+?(parent)?|level) (sure|may) "
    r"[\w./+-]+\.[ch]:\w+( [ -~]+)?"
)
NEVER = re.compile(r"[!-~]+ clock [!-~]+ - never [\w./+-]+\.c")
NOTHING = re.compile(r"[!-~]+ -")
FORMS = (NEED, NEVER, NOTHING)
#: A block: the lines of its compatibles, and those of its rows.
BLOCK = re.compile(r"((?:[!-~]+\n)+)((?: [!-~][ -~]*\n)+)")


def content(path: Path) -> str:
    text = path.read_bytes().decode("ascii")
    assert text.endswith("\n")
    return text


def head_and_blocks(path: Path) -> tuple[list[str], list[tuple[list[str], list[str]]]]:
    """The lines of the head, and the compatibles and rows of each block; there is nothing else."""
    head, rest = re.fullmatch(r"((?:#[^\n]*\n)+)(.*)", content(path), re.DOTALL).groups()
    assert BLOCK.sub("", rest) == ""
    found = [(names.splitlines(), rows.splitlines()) for names, rows in BLOCK.findall(rest)]
    return head.splitlines(), found


def rows(path: Path) -> list[str]:
    return single_rows(content(path))


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_the_head_says_what_the_file_is_and_what_it_was_made_from(path: Path) -> None:
    head = dict(line[2:].split(": ", 1) for line in head_and_blocks(path)[0])
    assert list(head) == ["scmigen-driver-needs", "kernel", "source-sha256", "licence", "tool"]
    assert (head["scmigen-driver-needs"], head["tool"]) == ("2", "tools/linux_needs 1")
    assert path.stem == "linux-" + ".".join(head["kernel"].split(".")[:2])
    assert re.fullmatch(r"[0-9a-f]{64}", head["source-sha256"])


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_every_row_is_well_formed_and_names_file_and_function(path: Path) -> None:
    wrong = [row for row in rows(path) if not any(form.fullmatch(row) for form in FORMS)]
    assert wrong == []


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_blocks_are_sorted_and_no_compatible_is_in_two(path: Path) -> None:
    """By the file of their first rows; those that set nothing are the last."""
    found = head_and_blocks(path)[1]
    names = [name for block in found for name in block[0]]
    assert len(names) == len(set(names))
    assert all(block[0] == sorted(block[0]) for block in found)
    places = [block[1][0].split(" ")[5] for block in found[:-1]]
    assert places == sorted(places)
    assert found[-1][1] == [" -"]
    assert len({tuple(block[1]) for block in found}) == len(found)


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_rows_of_a_compatible_are_sorted_and_none_is_there_twice(path: Path) -> None:
    found = rows(path)
    assert len(found) == len(set(found))
    for _, block in head_and_blocks(path)[1]:
        keys = [row.split(" ")[1:5] for row in block]
        assert keys == sorted(keys)


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_a_table_is_small_and_its_lines_can_be_read(path: Path) -> None:
    assert path.stat().st_size < 210_000
    assert max(map(len, content(path).splitlines())) <= 160


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_a_driver_that_changes_nothing_has_no_other_row(path: Path) -> None:
    found = [row.split(" ") for row in rows(path)]
    nothing = {fields[0] for fields in found if fields[1] == "-"}
    assert nothing.isdisjoint(fields[0] for fields in found if fields[1] != "-")
    assert len(nothing) > 1000


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_every_row_written_by_hand_is_in_the_file_with_its_reason(path: Path) -> None:
    by_hand = {row for row in content(HAND).splitlines() if not row.startswith("#")}
    assert by_hand <= set(rows(path))


#: Clocks of the boards of an earlier study, which read their drivers: nothing takes these.
NEVER_TAKEN = [
    "ti,am62-sdhci clock clk_ahb - never drivers/mmc/host/sdhci_am654.c",
    "nvidia,tegra194-i2c clock parent - never drivers/i2c/busses/i2c-tegra.c",
    "nvidia,tegra234-mgbe clock rx-input-m - never "
    "drivers/net/ethernet/stmicro/stmmac/dwmac-tegra.c",
]


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_clocks_that_are_known_to_be_never_taken_are_called_so(path: Path) -> None:
    assert set(NEVER_TAKEN) <= set(rows(path))


def test_the_rule_for_rows_refuses_what_has_no_place() -> None:
    assert not NEED.fullmatch("acme,x clock bus rate sure drivers/acme.c")
    assert not NEED.fullmatch("acme,x clock bus rate maybe drivers/acme.c:probe")
    assert not NOTHING.fullmatch("acme,x -- -")
    assert NEED.fullmatch("acme,x clock bus rate+parent may drivers/acme.c:probe")
