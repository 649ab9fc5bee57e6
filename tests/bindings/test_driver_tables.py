"""Tables of what drivers do: reading a user's file, and finding rows in one that is sorted."""

import random

import pytest
from driver_rows import HEAD, ROWS

from scmigen.bindings.driver_tables import (
    DriverTable,
    Entry,
    look_up,
    newest,
    read_table,
    shipped,
    shipped_table,
)
from scmigen.scmi.protocols import Kind

SURE = "sure drivers/a.c:f"


def read(rows: str) -> DriverTable:
    found, problems = read_table("t", "t.txt", (HEAD + rows).encode())
    assert problems == ()
    return found


def entry(*compatibles: str, name: str | None = None, number: int = 0, kind: Kind = Kind.CLOCK,
          named: bool | None = None) -> Entry:  # fmt: skip
    return Entry(compatibles, kind, name, number, name is not None if named is None else named)


def said(rows: str, asked: Entry) -> tuple[str | None, list[str]]:
    """The compatible whose driver is known, and what each row adds: ``rate sure FILE:FUNCTION``."""
    found = read(rows).look_up(asked)[0]
    return found.compatible, [
        f"{'+'.join(sorted(need.operations))} {need.certainty} {need.source}"
        for need in found.needs
    ]


LOOKED_UP = [
    # By the name of the entry, for certain or not.
    (entry("acme,mmc", name="ciu"), ("acme,mmc", ["rate sure drivers/mmc/acme.c:set_ios"])),
    (entry("acme,mmc", name="biu"), ("acme,mmc", [])),
    (entry("acme,tuner", name="mux"),
     ("acme,tuner", ["parent+rate may drivers/media/tuner.c:tune"])),
    # What one row is sure of, another row does not make uncertain.
    (entry("acme,display", name="pix"),
     ("acme,display", ["rate sure drivers/gpu/display.c:set_mode"])),
    # A clock and a supply of one name are two things.
    (entry("acme,mmc", name="vmmc"), ("acme,mmc", [])),
    (entry("acme,mmc", name="vmmc", kind=Kind.VOLTAGE),
     ("acme,mmc", ["level sure drivers/mmc/core.c:set_ocr"])),
    # By index, whatever its name; by any.
    (entry("acme,by-index", number=1), ("acme,by-index", ["rate sure drivers/clk/index.c:probe"])),
    (entry("acme,by-index", name="x", number=1),
     ("acme,by-index", ["rate sure drivers/clk/index.c:probe"])),
    (entry("acme,by-index", number=0), ("acme,by-index", [])),
    (entry("acme,generic", name="x"), ("acme,generic", ["rate may drivers/misc/generic.c:probe"])),
    # A row that says nothing beats that of any.
    (entry("acme,generic", name="core"), ("acme,generic", [])),
    # Known drivers that set nothing; unknown ones.
    (entry("acme,quiet", name="x"), ("acme,quiet", [])),
    (entry("acme,silent"), ("acme,silent", [])),
    (entry("acme,silent", "acme,mmc", name="ciu"), ("acme,silent", [])),
    (entry("acme,other", name="ciu"), (None, [])),
    (entry("acme,mm", name="ciu"), (None, [])),
    (entry("acme,mmc2", name="ciu"), (None, [])),
    # Compatibles in order; one without rows does not hide a later one, one with rows does.
    (entry("acme,new", "acme,mmc", name="ciu"),
     ("acme,mmc", ["rate sure drivers/mmc/acme.c:set_ios"])),
    (entry("acme,quiet", "acme,mmc", name="ciu"), ("acme,quiet", [])),
    (entry("acme,mmc", "acme,generic", name="x"), ("acme,mmc", [])),
    # A name of the kernel's own: of the first clock of a node without names, perhaps.
    (entry("acme,clkdev"), ("acme,clkdev", ["rate may drivers/net/clkdev.c:probe"])),
    (entry("acme,clkdev", number=1), ("acme,clkdev", [])),
    (entry("acme,clkdev", named=True), ("acme,clkdev", [])),
    (entry("acme,clkdev", name="fck"), ("acme,clkdev", [])),
    # Two names might be meant, so neither is.
    (entry("acme,display"), ("acme,display", [])),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "expected"), LOOKED_UP)
def test_what_a_table_says(asked: Entry, expected: tuple[str | None, list[str]]) -> None:
    assert said(ROWS, asked) == expected


def test_a_clock_that_is_never_taken() -> None:
    found = read(ROWS).look_up(entry("acme,wdt", name="alarm"))[0]
    assert (found.compatible, found.never) == ("acme,wdt", "drivers/watchdog/wdt.c")
    assert read(ROWS).look_up(entry("acme,wdt", name="bus"))[0].never == ""


def test_of_two_tables_the_first_with_a_row_about_the_entry_holds() -> None:
    first = read(f"acme,mmc clock biu rate {SURE}\n")
    second = read(ROWS)
    tables = (first, second)
    (need,) = look_up(tables, entry("acme,mmc", name="biu")).needs
    assert need.source == "drivers/a.c:f"
    # The first knows the driver, and nothing of this clock.
    (need,) = look_up(tables, entry("acme,mmc", name="ciu")).needs
    assert need.source == "drivers/mmc/acme.c:set_ios"
    # The first says that nothing is set, by a later compatible that it alone knows.
    tables = (read(f"acme,x clock ciu - {SURE}\n"), second)
    assert look_up(tables, entry("acme,mmc", "acme,x", name="ciu")).needs == ()
    assert look_up(tables, entry("acme,quiet", name="ciu")).compatible == "acme,quiet"
    assert look_up((), entry("acme,mmc", name="ciu")).compatible is None


def test_a_sorted_table_is_searched_as_if_it_were_read_through() -> None:
    chance = random.Random(17)
    for _ in range(200):
        names = {
            "".join(chance.choices("ab,-.", k=chance.randint(1, 4)))
            for _ in range(chance.randint(0, 30))
        }
        lines = [
            f"{name} clock {key} rate {SURE}"
            for name in names
            for key in chance.sample(("a", "b", "#0", "*"), chance.randint(1, 3))
        ]
        chance.shuffle(lines)
        found = read("\n".join(lines) + chance.choice(("", "\n")))
        for name in (*names, *(f"{name}{end}" for name in names for end in "a-,"), "", "zz"):
            expected = sorted(line.split()[2] for line in lines if line.split()[0] == name)
            assert sorted(row.key for row in found.of(name)) == expected


ROW = f"acme,mmc clock ciu rate {SURE}"
WRONG = [
    ("acme,mmc clock ciu rate sure", "six fields"),
    ("acme,mmc sure", "six fields"),
    ("acme,mmc", "six fields"),
    ("acme,mmc  clock ciu rate sure a.c:f", "one space"),
    ("acme,mmc reset ciu rate sure a.c:f", "'reset': clock or voltage"),
    ("acme,mmc clock #x rate sure a.c:f", "'#x': #0"),
    ("acme,mmc clock ciu state sure a.c:f", "'state': - or rate+parent"),
    ("acme,mmc clock ciu rate+rate sure a.c:f", "'rate+rate'"),
    ("acme,mmc clock ciu level sure a.c:f", "'level': - or rate+parent"),
    ("acme,mmc voltage ciu rate sure a.c:f", "'rate': - or level"),
    ("acme,mmc clock ciu rate certain a.c:f", "'certain': sure or may"),
    ("acme,mmc clock ciu rate never a.c:f", "'never': sure or may"),
    ("acme,mmc clock ciu rate sure a.c", "file and the function"),
    ("acme,mmc clock ciu rate sure :f", "file and the function"),
    ("acme,mmc clock ciu rate sure a.c:", "file and the function"),
    ("acme,mmc - - - sure a.c:f", "'-': clock or voltage"),
    ("acme,mmc clock ciu rate sure a.c:f \x1b[31m", "ASCII"),
    ("acme,mmc clock cïu rate sure a.c:f", "ASCII"),
    ("acme,mmc clock ciu rate sure a.c:f " + "x" * 1000, "1000 characters"),
]


@pytest.mark.parametrize(("row", "expected"), WRONG)
def test_wrong_rows(row: str, expected: str) -> None:
    text = f"{HEAD}{ROW}\n# a comment\n\n{row}\n{ROW}\n"
    (problem,) = read_table("t", "t.txt", text.encode())[1]
    assert expected in problem.message
    assert str(problem.position) == "t.txt:5"
    assert "a right row: " in (problem.hint or "")


def test_the_row_of_the_hint_is_right() -> None:
    (problem,) = read_table("t", "t.txt", f"{HEAD}x".encode())[1]
    read((problem.hint or "").partition(": ")[2] + "\n")


@pytest.mark.parametrize("data", [b"", b"\0\xff" * 50, b"root:x:0:0:\n", HEAD.encode()[1:]])
def test_what_is_no_table(data: bytes) -> None:
    (problem,) = read_table("t", "t.txt", data)[1]
    assert str(problem.position) == "t.txt:1"
    assert HEAD.strip() in (problem.hint or "")


def test_wrong_rows_are_told_up_to_a_bound() -> None:
    assert len(read_table("t", "t.txt", HEAD.encode() + b"x\n" * 100_000)[1]) == 10


def test_a_file_of_windows_with_its_rows_in_any_order() -> None:
    rows = "\r\n".join(reversed(ROWS.splitlines()))
    found, problems = read_table("t", "t.txt", f"{HEAD}{rows}\r\n".replace("1\n", "1\r\n").encode())
    assert problems == ()
    assert found.lines == read(ROWS).lines


def test_a_reason_is_the_rest_of_the_row() -> None:
    asked = entry("acme,mmc", name="ciu")
    (need,) = read(f"{ROW} Every slot has it: read by hand.\n").look_up(asked)[0].needs
    assert need.reason == "Every slot has it: read by hand."


def test_the_newest_table_of_a_system() -> None:
    names = shipped()
    versions = [[int(part) for part in name.removeprefix("linux-").split(".")] for name in names]
    assert newest("linux") == (names[versions.index(max(versions))] if names else None)
    assert newest("plan9") is None


@pytest.mark.parametrize("name", shipped())
def test_tables_that_come_with_scmigen_are_right_and_sorted(name: str) -> None:
    from scmigen.bindings import driver_tables

    data = (driver_tables._FOLDER / f"{name}.txt").read_bytes()
    found, problems = read_table(name, f"{name}.txt", data)
    assert problems == ()
    assert shipped_table(name).lines.rstrip(b"\n") == found.lines
    for line in found.lines.decode().splitlines():
        fields = line.split()
        keys = {row.key for row in found.of(fields[0])}
        assert fields[min(2, len(fields) - 1)] in keys
