"""Tables of what drivers do: reading a user's file, and finding rows in those that are shipped."""

import random
import re
from pathlib import Path

import pytest
from conftest import REPOSITORY
from driver_rows import HEAD, ROWS

from scmigen.bindings import driver_files
from scmigen.bindings.driver_files import newest, read_table, shipped, shipped_table
from scmigen.bindings.driver_tables import DriverTable, Entry, LookedUp, look_up
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
    # A node without names has none of that name.
    assert read(ROWS).look_up(entry("acme,wdt"))[0] == LookedUp("acme,wdt")


TWO_THINGS = [
    ("clock bus - never drivers/b.c", "'acme,wdt' never takes bus by one row, and sets it by"),
    ("-", "'acme,wdt' sets nothing by one row, and does by another"),
]


@pytest.mark.parametrize(("row", "expected"), TWO_THINGS)
def test_rows_that_say_two_things(row: str, expected: str) -> None:
    for first, last in ((f"clock bus rate {SURE}", row), (row, f"clock bus rate {SURE}")):
        text = f"{HEAD}acme,wdt {first}\n{ROW}\nacme,wdt\nacme,mmc\n {last}\n"
        (problem,) = (
            one for one in read_table("t", "t.txt", text.encode())[1] if "acme,wdt" in one.message
        )
        assert problem.message.startswith(expected)
        assert str(problem.position) == "t.txt:4"


def test_a_driver_takes_what_it_sets() -> None:
    """A row about any clock, beside one of a clock that is never taken."""
    rows = f"acme,wdt clock * rate {SURE}\nacme,wdt clock bus - never drivers/b.c\n"
    found = read(rows).look_up(entry("acme,wdt", name="bus"))[0]
    assert ([need.source for need in found.needs], found.never) == ([], "drivers/b.c")


def test_a_supply_may_be_named_by_its_property() -> None:
    asked = entry("acme,mmc", name="vmmc", kind=Kind.VOLTAGE)
    for key in ("vmmc", "vmmc-supply"):
        assert said(f"acme,mmc voltage {key} level {SURE}\n", asked)[1] == [f"level {SURE}"]


def test_of_two_tables_the_first_with_a_row_about_the_entry_holds() -> None:
    first = read(f"acme,mmc clock biu rate {SURE}\n")
    second = read(ROWS)
    tables = (first, second)
    (need,) = look_up(tables, entry("acme,mmc", name="biu")).needs
    assert need.source == "drivers/a.c:f"
    # The first knows the driver, and nothing of this clock.
    (need,) = look_up(tables, entry("acme,mmc", name="ciu")).needs
    assert need.source == "drivers/mmc/acme.c:set_ios"
    # What is said to set nothing does not, whatever the second says of it.
    for row in ("-", "- - - - drivers/mmc/ours.c"):
        assert look_up((read(f"acme,mmc {row}\n"), second), entry("acme,mmc", name="ciu")) == (
            LookedUp("acme,mmc")
        )
    # Not so where that driver is only the next best, and the second knows the best one.
    generic = read("acme,generic-mmc -\n")
    behind = entry("acme,mmc", "acme,generic-mmc", name="ciu")
    assert look_up((generic, second), behind).compatible == "acme,mmc"
    assert look_up((generic, second), behind).needs != ()
    behind = entry("acme,unknown-mmc", "acme,generic-mmc", "acme,mmc", name="ciu")
    assert look_up((generic, second), behind) == LookedUp("acme,generic-mmc")
    # The first says that nothing is set, by a later compatible that it alone knows.
    tables = (read(f"acme,x clock ciu - {SURE}\n"), second)
    assert look_up(tables, entry("acme,mmc", "acme,x", name="ciu")).needs == ()
    assert look_up(tables, entry("acme,quiet", name="ciu")).compatible == "acme,quiet"
    assert look_up((), entry("acme,mmc", name="ciu")).compatible is None


def blocks(rows: dict[str, list[str]], chance: random.Random) -> str:
    """A table with these rows of compatibles, as blocks."""
    text = ""
    while rows:
        chosen = rows[chance.choice([*rows])]
        names = [name for name, own in rows.items() if own == chosen]
        text += "".join(f"{name}\n" for name in names) + "".join(f" {row}\n" for row in chosen)
        rows = {name: own for name, own in rows.items() if name not in names}
    return text


def test_a_shipped_table_is_looked_up_as_if_it_were_read_through(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Blocks, single rows of the same drivers, and blocks that are looked up one by one."""
    monkeypatch.setattr(driver_files, "_FOLDER", tmp_path)
    chance = random.Random(17)
    for _ in range(200):
        rows = {
            "".join(chance.choices("ab,-.", k=chance.randint(1, 4))): [
                f"clock {key} rate {SURE}"
                for key in chance.sample(("a", "b", "#0", "*"), chance.randint(1, 3))
            ]
            for _ in range(chance.randint(0, 30))
        }
        lines = [f"{name} {row}\n" for name, own in rows.items() for row in own]
        chance.shuffle(lines)
        text = blocks(rows, chance)
        (tmp_path / "linux-1.txt").write_text(HEAD + "# kernel: 1\n" + text)
        shipped_table.cache_clear()
        for table in (read("".join(lines)), read(text), shipped_table("linux-1")):
            assert sorted(table.rows) == sorted(rows)
            for name in (*rows, *(f"{name}{end}" for name in rows for end in "a-,"), "", "zz"):
                expected = sorted(row.split()[1] for row in rows.get(name, []))
                assert sorted(row.key for row in table.of(name)) == expected
    shipped_table.cache_clear()


BLOCKS = """\
acme,one
# a comment, and an empty line

acme,two
  clock ciu rate sure drivers/a.c:f
\tclock biu rate+parent may :g
 clock phy parent may " the driver of the PHY calls this
 voltage vmmc level sure drivers/core.c:set
acme,two clock biu rate sure drivers/b.c:h
acme,none
acme,one-more
 -
acme,two
 clock #1 - never drivers/c.c
"""


def test_what_a_block_says_holds_for_each_of_its_compatibles() -> None:
    said = read(BLOCKS)
    shared = [
        ("ciu", "rate", "drivers/a.c:f", ""),
        ("biu", "rate parent", "drivers/a.c:g", ""),
        ("phy", "parent", "drivers/a.c:g", "the driver of the PHY calls this"),
        ("vmmc", "level", "drivers/core.c:set", ""),
    ]
    found = {
        name: [(row.key, " ".join(row.operations), row.source, row.reason) for row in rows]
        for name, rows in said.rows.items()
    }
    assert found == {
        "acme,one": shared,
        "acme,two": [
            *shared,
            ("biu", "rate", "drivers/b.c:h", ""),
            ("#1", "", "drivers/c.c", ""),
        ],
        "acme,none": [("-", "", "", "")],
        "acme,one-more": [("-", "", "", "")],
    }
    assert [row.never for row in said.of("acme,two")] == [False] * 5 + [True]


@pytest.mark.parametrize("version", [1, 2])
def test_single_rows_are_read_in_each_version(version: int) -> None:
    text = f"# scmigen-driver-needs: {version}\n{ROWS}"
    found, problems = read_table("t", "t.txt", text.encode())
    assert problems == ()
    assert found.rows == read(ROWS).rows


ROW = f"acme,mmc clock ciu rate {SURE}"
WRONG = [
    ("acme,mmc clock ciu rate sure", "six fields"),
    ("acme,mmc sure", "six fields"),
    ("acme,mmc", "'acme,mmc' has no row: its rows are indented below"),
    (" clock ciu rate sure a.c:f", "needs lines of compatibles above"),
    ("acme,mmc \n", "six fields"),
    ('acme,mmc clock ciu rate sure "', "the row above in the same block, and there is none"),
    ("acme,mmc clock ciu rate sure :f", ":f is of the row above in the same block"),
    ("acme,mmc clock bus - never :g", ":g is of the row above in the same block"),
    ('acme,mmc clock "#0" rate sure a.c:f', "without quotes"),
    ("acme,mmc voltage #0 level sure a.c:f", "a supply has a name"),
    ("acme,mmc voltage -supply level sure a.c:f", "a supply has a name"),
    ("acme,mmc clock #01 rate sure a.c:f", "'#01': #0"),
    ('"acme,mmc" clock ciu rate sure a.c:f', "the compatible cannot be"),
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


WRONG_BELOW = [
    ("clock ciu rate sure", "six fields"),
    ("acme,mmc clock ciu rate sure a.c:f", "'acme,mmc': clock or voltage"),
    ("clock  ciu rate sure a.c:f", "one space"),
    ("- ", "six fields"),
    ('clock ciu rate sure "', "the row above in the same block, and there is none"),
    ("clock ciu rate sure :f", ":f is of the row above in the same block"),
]


@pytest.mark.parametrize(("row", "expected"), WRONG_BELOW)
def test_wrong_rows_of_a_block(row: str, expected: str) -> None:
    text = f"{HEAD}acme,a\nacme,b\n clock biu rate sure a.c:f\nacme,c\n {row}\nacme,d\n -\n"
    (problem,) = read_table("t", "t.txt", text.encode())[1]
    assert expected in problem.message
    assert str(problem.position) == "t.txt:6"


def test_the_row_of_the_hint_is_right() -> None:
    (problem,) = read_table("t", "t.txt", f"{HEAD}x y".encode())[1]
    read((problem.hint or "").partition(": ")[2] + "\n")


@pytest.mark.parametrize("data", [b"", b"\0\xff" * 50, b"root:x:0:0:\n", HEAD.encode()[1:]])
def test_what_is_no_table(data: bytes) -> None:
    (problem,) = read_table("t", "t.txt", data)[1]
    assert str(problem.position) == "t.txt:1"
    assert HEAD.strip() in (problem.hint or "")


def test_wrong_rows_are_told_up_to_a_bound() -> None:
    assert len(read_table("t", "t.txt", HEAD.encode() + b"x y\n" * 100_000)[1]) == 10


ROW_BELOW = " clock ciu rate sure drivers/a.c:f\n"
MANY = [
    ("rows of one compatible", "a,b\n" + 1001 * ROW_BELOW, "a compatible has at most 1000 rows"),
    (
        "blocks of one compatible",
        1001 * ("a,b\n" + ROW_BELOW),
        "a compatible has at most 1000 rows",
    ),
    ("single rows of one", 1001 * ("a,b" + ROW_BELOW), "a compatible has at most 1000 rows"),
    (
        "rows of many",
        "".join(f"a,{each}\n" for each in range(20_000)) + 11 * ROW_BELOW,
        "a table has at most 200000 lines",
    ),
    ("lines", 200_001 * "\n", "a table has at most 200000 lines"),
]


@pytest.mark.parametrize(
    ("rows", "expected"), [each[1:] for each in MANY], ids=[m[0] for m in MANY]
)
def test_how_large_a_table_may_be(rows: str, expected: str) -> None:
    (problem,) = read_table("t", "t.txt", f"{HEAD}{rows}".encode())[1]
    assert expected in problem.message


def test_a_file_of_windows_with_its_rows_in_any_order() -> None:
    rows = "\n".join([*reversed(ROWS.splitlines()), "acme,block", " -"])
    text = f"{HEAD}{rows}\n".replace("\n", "\r\n")
    found, problems = read_table("t", "t.txt", text.encode())
    assert problems == ()
    expected = read(ROWS + "acme,block -\n").rows
    assert {name: set(own) for name, own in found.rows.items()} == {
        name: set(own) for name, own in expected.items()
    }


def test_a_reason_is_the_rest_of_the_row() -> None:
    asked = entry("acme,mmc", name="ciu")
    (need,) = read(f"{ROW} Every slot has it: read by hand.\n").look_up(asked)[0].needs
    assert need.reason == "Every slot has it: read by hand."


def test_the_tables_in_the_documentation_are_right() -> None:
    page = (REPOSITORY / "docs" / "reference" / "agents.md").read_text()
    single, shared = re.findall(r"```text\n(# scmigen-driver-needs: .*?)```", page, re.DOTALL)
    assert [len(read(text.removeprefix(HEAD)).rows) for text in (single, shared)] == [3, 3]


def test_the_newest_table_of_a_system() -> None:
    names = shipped()
    versions = [[int(part) for part in name.removeprefix("linux-").split(".")] for name in names]
    assert newest("linux") == (names[versions.index(max(versions))] if names else None)
    assert newest("plan9") is None


@pytest.mark.parametrize("name", shipped())
def test_tables_that_come_with_scmigen_are_right(name: str) -> None:
    data = (driver_files._FOLDER / f"{name}.txt").read_bytes()
    found, problems = read_table(name, f"{name}.txt", data)
    assert problems == ()
    table = shipped_table(name)
    assert [*table.rows] == [*found.rows]
    assert len(table.rows) == len(found.rows) > 5000
    assert all(table.of(compatible) == rows for compatible, rows in found.rows.items())
