"""The shipped data files of drivers' needs: well-formed, sorted, each row with its source."""

import re
from pathlib import Path

import pytest
from conftest import REPOSITORY

FOLDER = REPOSITORY / "scmigen" / "bindings" / "drivers"
PROFILES = sorted(FOLDER.glob("*.txt"))
HAND = REPOSITORY / "tools" / "linux_needs" / "hand.txt"

NEED = re.compile(
    r"[!-~]+ (clock|voltage) (#[0-9]+|\*|[!-~]+) (-|(rate)?\+?(parent)?|level) (sure|may) "
    r"[\w./+-]+\.[ch]:\w+( [ -~]+)?"
)
NOTHING = re.compile(r"[!-~]+ -")


def lines(path: Path) -> list[str]:
    text = path.read_bytes().decode("ascii")
    assert text.endswith("\n")
    return text.split("\n")[:-1]


def rows(path: Path) -> list[str]:
    return [line for line in lines(path) if not line.startswith("#")]


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_the_head_says_what_the_file_is_and_what_it_was_made_from(path: Path) -> None:
    head = dict(line[2:].split(": ", 1) for line in lines(path) if line.startswith("#"))
    assert list(head) == ["scmigen-driver-needs", "kernel", "source-sha256", "licence", "tool"]
    assert (head["scmigen-driver-needs"], head["tool"]) == ("1", "tools/linux_needs 1")
    assert path.stem == "linux-" + ".".join(head["kernel"].split(".")[:2])
    assert re.fullmatch(r"[0-9a-f]{64}", head["source-sha256"])


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_every_row_is_well_formed_and_names_file_and_function(path: Path) -> None:
    wrong = [row for row in rows(path) if not NEED.fullmatch(row) and not NOTHING.fullmatch(row)]
    assert wrong == []


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_rows_are_sorted_by_bytes_and_none_is_there_twice(path: Path) -> None:
    found = [row.encode() for row in rows(path)]
    assert found == sorted(set(found))


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_a_driver_that_changes_nothing_has_no_other_row(path: Path) -> None:
    found = [row.split(" ") for row in rows(path)]
    nothing = {fields[0] for fields in found if fields[1] == "-"}
    assert nothing.isdisjoint(fields[0] for fields in found if fields[1] != "-")
    assert len(nothing) > 1000


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_every_row_written_by_hand_is_in_the_file_with_its_reason(path: Path) -> None:
    assert set(rows(HAND)) <= set(rows(path))


def test_the_rule_for_rows_refuses_what_has_no_place() -> None:
    assert not NEED.fullmatch("acme,x clock bus rate sure drivers/acme.c")
    assert not NEED.fullmatch("acme,x clock bus rate maybe drivers/acme.c:probe")
    assert not NOTHING.fullmatch("acme,x -- -")
    assert NEED.fullmatch("acme,x clock bus rate+parent may drivers/acme.c:probe")
