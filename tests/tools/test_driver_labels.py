"""The tables that come with scmigen against what was read by hand, and how the figures are made."""

from pathlib import Path

import pytest
from driver_labels import (
    DATA,
    OPERATIONS,
    Label,
    clocks_taken,
    figures,
    labels,
    table,
    unlabelled,
    verdicts,
)

from scmigen.bindings.driver_files import shipped, shipped_table

#: The least shares of right rows, and of what the drivers do, by sample, operation and whether only
#: sure rows count. A new kernel's table may not fall below; what is better raises them.
FLOORS = {
    (1, "rate", True): (1.00, 1.00),
    (1, "parent", True): (1.00, 1.00),
    (1, "level", True): (1.00, 1.00),
    (2, "rate", True): (0.98, 0.83),
    (2, "rate", False): (0.94, 0.97),
    (2, "parent", True): (1.00, 1.00),
    (2, "parent", False): (1.00, 1.00),
    (2, "level", True): (1.00, 1.00),
    (2, "level", False): (1.00, 1.00),
    (3, "rate", True): (1.00, 0.92),
    (3, "rate", False): (0.93, 0.93),
    (3, "level", True): (1.00, 0.80),
    (3, "level", False): (0.78, 1.00),
}


@pytest.mark.parametrize("name", shipped())
@pytest.mark.parametrize(("sample", "operation", "sure"), FLOORS)
def test_a_shipped_table_says_what_people_read(
    name: str, sample: int, operation: str, sure: bool
) -> None:
    read = labels(DATA / f"driver-labels-{sample}.csv", name.rpartition("-")[2])
    each = figures([*verdicts(shipped_table(name), read)], operation, sure=sure)
    precision, recall = FLOORS[sample, operation, sure]
    assert each.precision >= precision, each
    assert each.recall >= recall, each


@pytest.mark.parametrize("name", shipped())
def test_no_clock_that_people_saw_taken_is_called_never_taken(name: str) -> None:
    seen = set[tuple[str, str]]().union(*map(clocks_taken, DATA.glob("driver-labels-*.csv")))
    assert len(seen) > 300
    known = shipped_table(name)
    rows = [(key, row) for key in sorted(seen) for row in known.of(key[0]) if row.key == key[1]]
    assert [key for key, row in rows if row.never] == []


def test_labels_are_of_many_drivers_over_all_subsystems() -> None:
    """Of which each is in one sample only: the first served to make the tool."""
    samples = [
        {each.file for each in labels(path)} for path in sorted(DATA.glob("driver-labels-*.csv"))
    ]
    assert len(set().union(*samples)) == sum(len(each) for each in samples)
    assert len(samples[1]) >= 60
    assert len({"/".join(file.split("/")[:2]) for file in samples[1]}) >= 35


def _label(key: str, certainty: str) -> Label:
    return Label("a,b", "clock", key, {"rate": certainty} if certainty else {}, "drivers/x.c", "")


def test_figures_are_shares_of_rows_and_of_labels(tmp_path: Path) -> None:
    """One right row, one wrong, one of what may be, one missing, one that is done in a roundabout
    way: 2 of 3 sure rows are right, 1 of the 2 sure labels is found."""
    file = tmp_path / "t.txt"
    rows = ("right rate sure", "wrong rate sure", "may rate may", "round rate sure", "new rate may")
    lines = [f"a,b clock {row} drivers/x.c:f" for row in rows]
    file.write_text("\n".join(["# scmigen-driver-needs: 2", *sorted(lines)]), encoding="ascii")
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
