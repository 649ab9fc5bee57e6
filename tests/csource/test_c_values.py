"""What C text is worth: expected values are worked out by hand."""

from pathlib import Path

import pytest
from c_texts import IDS, RUN, TEXT, unit_of, value_of

from scmigen.csource.values import Choice, Pointer, Unknown


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("rows[0].name", "alpha"),
        ("rows[0].id", 7),
        ("rows[5].id", 8),
        ("rows[5].pair.high", 2),
        ("rows[5].on", 1),
        ("rows[4].id", 10),
        ("rows[4].pair.high", 300 - 256),
        ("rows[2].id", 0),
        ("rows[2].name", 0),
        ("COUNTED", 6),
        ("LAST", 9),
        ("perms[1][2][0]", 8),
        ("perms[1][2][1]", 0xFFFF),
        ("perms[0][0][0]", 0),
        ("flat[1][0]", 4),
        ("flat[1][2]", 0),
        ("ranged[5]", 9),
        ("ranged[3]", 6),
        ("ranged[1]", 0),
        ("pairs[1].low", 3),
        ("pairs[1].high", 0),
        ("pairs[2].high", 5),
        ("*pointer", 3),
        ("middle->id", 10),
        ("(middle + 1)->id", 8),
        ("word", "abcd"),
        ("sizeof(unset) / sizeof(unset[0])", 6),
        ("sizeof(perms)", 2 * 3 * 2 * 2),
        ("negative", -3),
        ("shifted", 5),
        ("chosen", 20),
        ("hid.a", 3),
        ("hid.b[2]", 5),
    ],
)
def test_initialisers_have_the_values_that_c_gives_them(
    tmp_path: Path, expression: str, value: object
) -> None:
    unit = unit_of(tmp_path, TEXT + "static const int counted = COUNT(rows);\n", ids=IDS)
    assert value_of(unit, expression.replace("COUNTED", "counted")) == value


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("rows[6].id", "index 6 is past the end of a table"),
        ("order.a", "which value is which member is not known: no header says"),
        ("nothing", "nothing is not known here (not there: missing.h)"),
        ("runtime", "what reader() gives is known only at run time"),
        ("1 / 0", "/ has no result here, or another one on another target"),
        ("-1 >> 1", ">> has no result here, or another one on another target"),
        ("sizeof(struct row) / 4", "the size of a structure depends on the target"),
        ("rows[0].name + FIRST", "+ of what are no numbers"),
    ],
)
def test_what_cannot_be_told_is_told(tmp_path: Path, expression: str, why: str) -> None:
    value = value_of(unit_of(tmp_path, TEXT, ids=IDS), expression)
    assert isinstance(value, Unknown)
    assert value.why == why


def test_a_value_of_a_macro_has_the_place_where_the_macro_is_used(tmp_path: Path) -> None:
    unit = unit_of(tmp_path, TEXT, ids=IDS)
    rows = unit.object("rows")
    lines = TEXT.split("\n")
    place = rows.places[4].position  # type: ignore[union-attr]
    assert "CELL(SECOND, delta" in lines[place.line - 1]
    assert Path(place.file).name == "tables.c"


def test_functions_that_make_tables_are_followed(tmp_path: Path) -> None:
    text = RUN.replace("PAIRS", "2").replace("fixed[0].data = NULL;", ";")
    unit = unit_of(tmp_path, text)
    names = [value_of(unit, f"made(0)[{place}].name") for place in range(6)]
    texts = [unit.evaluator.text(name) for name in names]
    assert texts == ["CLUS0CORE00", "CLUS0CORE01", "CLUS1CORE00", "CLUS1CORE01", "GPU", "SYS"]
    assert value_of(unit, "((struct config *)made(0)[3].data)->parent") == 13
    assert value_of(unit, "((struct config *)made(0)[4].data)->parent") == 44
    assert value_of(unit, "made(0)[6].name") == 0


def test_a_table_that_is_chosen_at_run_time_is_one_of_several(tmp_path: Path) -> None:
    found = value_of(unit_of(tmp_path, RUN), "chosen(0)")
    assert isinstance(found, Choice)
    assert len(found.values) == 2


def test_what_is_set_on_a_condition_of_run_time_is_unknown_and_the_rest_known(
    tmp_path: Path,
) -> None:
    unit = unit_of(tmp_path, RUN)
    assert not isinstance(value_of(unit, "measured(0)"), Unknown | Pointer | Choice)
    assert value_of(unit, "fixed[0].name") == "GPU"
    assert isinstance(value_of(unit, "fixed[0].data"), Unknown)


@pytest.mark.parametrize(
    ("call", "why"),
    [
        ("jumps(0)", "jumps() is not read: a jump is not read"),
        ("nested(0)", "nested() calls itself"),
    ],
)
def test_functions_that_are_not_followed_are_told(tmp_path: Path, call: str, why: str) -> None:
    found = value_of(unit_of(tmp_path, RUN), call)
    assert isinstance(found, Unknown)
    assert found.why == why
