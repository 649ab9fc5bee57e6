"""The tables that come with scmigen against what was read by hand, and how the figures are made."""

from pathlib import Path

import pytest
from driver_labels import DATA, OPERATIONS, Label, figures, labels, table, unlabelled, verdicts

from scmigen.bindings.driver_tables import shipped_table

SECOND = DATA / "driver-labels-2.csv"
#: The least share of right rows, and of what the drivers do, by operation: of sure rows, and of
#: all. The figures are in docs/explanation; a new kernel's table may not fall below.
FLOORS = {
    ("rate", True): (0.97, 0.90),
    ("rate", False): (0.90, 0.90),
    ("parent", True): (0.97, 0.90),
    ("parent", False): (0.90, 0.90),
    ("level", True): (0.90, 0.85),
    ("level", False): (0.90, 0.85),
}


@pytest.mark.parametrize(("operation", "sure"), FLOORS)
def test_the_shipped_table_says_what_people_read(operation: str, sure: bool) -> None:
    found = [*verdicts(shipped_table("linux-6.12"), labels(SECOND))]
    each = figures(found, operation, sure=sure)
    precision, recall = FLOORS[operation, sure]
    assert each.precision >= precision, each
    assert each.recall >= recall, each


def test_labels_are_of_many_drivers_over_all_subsystems() -> None:
    """The sample that served to make the tool is another: no driver is in both."""
    first, second = (
        {each.file for each in labels(DATA / name)}
        for name in ("driver-labels-1.csv", "driver-labels-2.csv")
    )
    assert not first & second
    assert len(second) >= 60
    assert len({"/".join(file.split("/")[:2]) for file in second}) >= 35


def _label(key: str, certainty: str) -> Label:
    return Label("a,b", "clock", key, {"rate": certainty} if certainty else {}, "drivers/x.c", "")


def test_figures_are_shares_of_rows_and_of_labels(tmp_path: Path) -> None:
    """One right row, one wrong, one of what may be, one missing, one that is done in a roundabout
    way: 2 of 3 sure rows are right, 1 of the 2 sure labels is found."""
    file = tmp_path / "t.txt"
    rows = ("right rate sure", "wrong rate sure", "may rate may", "round rate sure", "new rate may")
    lines = [f"a,b clock {row} drivers/x.c:f" for row in rows]
    file.write_text("\n".join(["# scmigen-driver-needs: 1", *sorted(lines)]), encoding="ascii")
    words = {"right": "sure", "wrong": "", "may": "may", "missing": "sure", "round": "indirect"}
    ours = [_label(key, certainty) for key, certainty in words.items()]
    found = [*verdicts(table(file), ours)]
    sure, every = (figures(found, "rate", sure=word) for word in (True, False))
    assert (sure.right, sure.given, sure.found, sure.done) == (2, 3, 1, 2)
    assert (every.right, every.given, every.found, every.done) == (3, 4, 2, 3)
    assert [each.label.key for each in found if each.wrong] == ["wrong"]
    assert [each.label.key for each in found if each.missed] == ["missing"]
    assert [row.key for _, row in unlabelled(table(file), ours)] == ["new"]
    assert set(OPERATIONS) == {"rate", "parent", "level"}
