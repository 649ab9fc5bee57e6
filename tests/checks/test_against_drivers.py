"""A board held against a server that does not allow what only drivers do."""

from pathlib import Path

import pytest
from driver_rows import B_HAS_E, table
from support import SOC, scmigen, source

BODY = """
d: d { compatible = "%s"; clocks = <&cc 1>; clock-names = "ciu"; };
e: e { compatible = "acme,plain"; clocks = <&cc %d>; };
"""
#: A rate that the driver is sure to set, and one that it may set; what the finding is.
ROWS = [
    ("acme,mmc", "warning", "drivers of a set what the server does not allow: rate on clock 0"),
    (
        "acme,generic",
        "note",
        "drivers of a may set what the server does not allow: rate on clock 0",
    ),
]


def built(folder: Path, compatible: str, clock: int, needs: str) -> tuple[Path, Path]:
    """The agents file with ``drivers.txt``, and a build of the board with ``needs``."""
    table(folder)
    (folder / "board.dts").write_text(source(BODY % (compatible, clock) + SOC))
    agents = (
        "domains:\n  a: {id: 1, default: true, scmi: {role: ospm, needs: %s, "
        "transport: {type: virtio}}}\n  b: {id: 2, scmi: {role: vm, needs: none, "
        "transport: {type: virtio}}, %s}\n"
    )
    (folder / "built.yaml").write_text(agents % (needs, B_HAS_E))
    (folder / "agents.yaml").write_text(agents % ("drivers.txt", B_HAS_E))
    done = scmigen(
        *("build", folder / "board.dts", "-a", folder / "built.yaml", "-o", folder / "out"),
        *("-q", "--emit", "runtime,consumer"),
    )
    assert done.returncode == 0, done.stderr
    return folder / "agents.yaml", folder / "out"


@pytest.mark.parametrize(("compatible", "severity", "message"), ROWS)
def test_it_is_no_error(tmp_path: Path, compatible: str, severity: str, message: str) -> None:
    agents, out = built(tmp_path, compatible, 2, "none")
    done = scmigen("check", tmp_path / "board.dts", "-a", agents, "--against", out)
    assert f"{severity}[rate-unsettled]: {message}" in done.stdout
    assert ": rate by drivers/m" in done.stdout
    assert done.returncode == 0
    _, out = built(tmp_path, compatible, 2, "drivers.txt")
    done = scmigen("check", tmp_path / "board.dts", "-a", agents, "--against", out)
    assert "rate-unsettled" not in done.stdout


def test_what_the_tree_asks_for_is_one_as_before(tmp_path: Path) -> None:
    agents, out = built(tmp_path, "acme,mmc", 2, "none")
    asked = "clocks = <&cc 1>; assigned-clocks = <&cc 1>; assigned-clock-rates = <5>;"
    board = tmp_path / "board.dts"
    board.write_text(board.read_text().replace("clocks = <&cc 1>;", asked, 1))
    done = scmigen("check", board, "-a", agents, "--against", out)
    assert "error[grant-missing]: a needs rate on clock 0" in done.stdout
    assert "rate-unsettled" not in done.stdout


def test_a_tree_that_was_made_fits_where_a_driver_was_refused(tmp_path: Path) -> None:
    # In the tree of one agent nothing says that another one uses the clock.
    _, out = built(tmp_path, "acme,generic", 1, "drivers.txt")
    tree = out / "consumer" / "a.dts"
    alone = tmp_path / "alone.yaml"
    alone.write_text("domains: {a: {default: true, scmi: {role: ospm, needs: drivers.txt}}}")
    done = scmigen("check", tree, "-a", alone, "--against", out, "--as", "a")
    assert done.returncode == 0
    assert "note[rate-unsettled]" in done.stdout
