"""``scmigen why`` names the drivers behind a grant, and those that lack one."""

import json
from pathlib import Path
from typing import Any

import pytest
from driver_rows import table
from support import SOC, scmigen, source

BODY = """
d { compatible = "acme,mmc"; clocks = <&cc 1>; clock-names = "ciu"; };
g: g { compatible = "acme,generic"; clocks = <&cc 2>; };
h: h { compatible = "acme,plain"; clocks = <&cc 2>; };
codec { compatible = "acme,codec"; clocks = <&cc 3>; #clock-cells = <0>; };
"""
AGENTS = """\
domains:
  a:
    id: 1
    default: true
    scmi:
      role: ospm
      needs: [drivers.txt, {"acme,plain": {"*": [rate]}}]
  b: {id: 2, scmi: {role: vm, needs: none}, access: [{dev: "&%s"}]}
"""


@pytest.fixture
def board(tmp_path: Path) -> list[Path | str]:
    (tmp_path / "board.dts").write_text(source(BODY + SOC))
    (tmp_path / "agents.yaml").write_text(AGENTS % "g")
    table(tmp_path)
    return [tmp_path / "board.dts", "-a", tmp_path / "agents.yaml"]


def test_a_grant_has_its_driver(board: list[Path | str], tmp_path: Path) -> None:
    dts, yaml = tmp_path / "board.dts", tmp_path / "agents.yaml"
    lines = scmigen("why", "a", "&cc 1", *board).stdout.splitlines()
    assert lines == [
        "a: state rate read on clock 0 (d-ciu, /clock-controller@1000 1)",
        f"  /d clocks[0]: state rate read ({dts}:2:40); "
        "rate by drivers/mmc/acme.c:set_ios (drivers.txt, sure)",
    ]
    lines = scmigen("why", "a", "&h", *board).stdout.splitlines()
    assert lines[-1] == (
        f"    clocks[0]: state rate read ({dts}:4:45); rate by needs of a ({yaml}:7:49)"
    )
    (told,) = json.loads(scmigen("why", "a", "&cc 1", *board, "--format", "json").stdout)
    assert told["uses"][0]["drivers"] == [
        {
            "operations": ["rate"],
            "table": "drivers.txt",
            "source": "drivers/mmc/acme.c:set_ios",
            "certainty": "sure",
            "reason": None,
            "position": None,
        }
    ]


def test_a_provider_of_clocks_may_pass_a_rate_on(board: list[Path | str]) -> None:
    (_, use) = scmigen("why", "a", "&cc 3", *board).stdout.splitlines()
    assert use.endswith("; may set its rate for the clocks that it offers")
    assert "offers" not in scmigen("why", "a", "&cc 1", *board).stdout


def test_why_what_a_driver_may_do_is_not_granted(board: list[Path | str], tmp_path: Path) -> None:
    (tmp_path / "agents.yaml").write_text(AGENTS % "h")
    done = scmigen("why", "--not", "a", "&cc 2", "--operation", "rate", *board)
    assert done.stdout.splitlines() == [
        "a: no rate on clock 1 (g, /clock-controller@1000 2)",
        "  /g clocks[0] may need it (drivers/misc/generic.c:probe of drivers.txt), but b depends "
        f"on it as well ({tmp_path / 'board.dts'}:3:47)",
    ]


PARENTS = """
x { compatible = "acme,display"; clocks = <&cc 1>, <&cc 2>; clock-names = "pix", "dsi_bit";
    %s };
"""


def _parents(tmp_path: Path, sets: str = "") -> tuple[list[str], list[dict[str, Any]]]:
    (tmp_path / "board.dts").write_text(source(PARENTS % sets + SOC))
    agents = "domains: {a: {id: 1, default: true, scmi: {role: ospm, needs: drivers.txt}}}"
    (tmp_path / "agents.yaml").write_text(agents)
    table(tmp_path)
    named = ("why", "a", "&cc 2", tmp_path / "board.dts", "-a", tmp_path / "agents.yaml")
    told = json.loads(scmigen(*named, "--format", "json").stdout)
    return scmigen(*named).stdout.splitlines(), told


def test_what_a_parent_can_be(tmp_path: Path) -> None:
    sets = "assigned-clocks = <&cc 2>; assigned-clock-parents = <&cc 7>;"
    lines, (told,) = _parents(tmp_path, sets)
    assert lines[-1] == "  its parent can be clock 2 (x, /clock-controller@1000 7)"
    assert [(each["id"], each["resource"]) for each in told["parents"]] == [
        (2, "/clock-controller@1000 7")
    ]


def test_no_parent_is_known(tmp_path: Path) -> None:
    """The driver sets one; the tree does not say which there are."""
    lines, (told,) = _parents(tmp_path)
    none = "no parent of it is known: the server of a build refuses to set one"
    assert lines[-1] == f"  {none}"
    assert told["parents"] == []
    named = (tmp_path / "board.dts", "-a", tmp_path / "agents.yaml")
    device = scmigen("why", "a", "/x", *named).stdout.splitlines()
    assert device[-1] == f"    {none}"
    assert "parent of it" not in scmigen("why", "a", "&cc 1", *named).stdout
