"""Imports of servers with the short names of a build, which are cut."""

import json
from pathlib import Path

from support import Done, scmigen, written

BOARD = """/dts-v1/;
/ { compatible = "acme,board"; #address-cells = <1>; #size-cells = <1>;
	cru: clock-controller@0 { compatible = "acme,cru"; reg = <0x0 0x100>; #clock-cells = <1>; };
	display-controller@1000 { compatible = "acme,dc"; reg = <0x1000 0x100>;
		clocks = <&cru 0>, <&cru 2>; clock-names = "bus", "pixel"; };
	uart@2000 { compatible = "acme,uart"; reg = <0x2000 0x100>;
		clocks = <&cru 1>; clock-names = "baud"; };
	crypto-engine@3000 { compatible = "acme,crypto"; reg = <0x3000 0x100>; clocks = <&cru 3>; };
};
"""


def imported(folder: Path, names: dict[int, str]) -> tuple[Done, list[str]]:
    """An import of a server with clocks of these names, and the rows of its lock file."""
    grants = [{"id": one, "resource": one, "operations": ["state", "read"]} for one in names]
    agent = {"id": 1, "name": "linux", "role": "ospm", "grants": {"clock": grants}}
    clocks = [{"id": number, "name": name} for number, name in names.items()]
    server = {"format": "scmigen-grants-1", "name": "acme", "agents": [agent]}
    written(folder / "board.dts", BOARD)
    written(folder / "server.json", json.dumps({**server, "resources": {"clock": clocks}}))
    done = scmigen("import", "server.json", "board.dts", "-o", "got", cwd=folder)
    rows = (folder / "got/scmigen.ids").read_text().splitlines()
    return done, [row for row in rows if row.startswith("clock\t")]


def test_the_beginning_of_a_name_and_the_order_say_which_resource_it_is(tmp_path: Path) -> None:
    names = {5: "display-contr~5", 6: "uart-2000-baud", 7: "display-contr~7", 9: "crypto-engine~9"}
    done, rows = imported(tmp_path, names)
    assert "import-left" not in done.stderr
    assert rows == [
        "clock\t5\tdisplay-contr~5\t/clock-controller@0\t0",
        "clock\t6\tuart-2000-baud\t/clock-controller@0\t1",
        "clock\t7\tdisplay-contr~7\t/clock-controller@0\t2",
        "clock\t9\tcrypto-engine~9\t/clock-controller@0\t3",
    ]


def test_a_name_that_may_be_of_several_is_told_once(tmp_path: Path) -> None:
    names = {0: "display-contr~0", 1: "display-contr~1", 3: "crypto-engine~8"}
    done, rows = imported(tmp_path, names)
    told = "clock 0 'display-contr~0', 1 'display-contr~1' and 3 'crypto-engine~8' by these names"
    assert told in done.stderr
    assert done.stderr.count("import-left") == 1
    assert [row.split("\t")[3] for row in rows] == ["/", "/", "/"]


def test_tables_of_a_build_build_again(examples: Path, tmp_path: Path) -> None:
    board, agents = str(examples / "orrery-board.dts"), str(examples / "agents.yaml")
    built = scmigen("build", board, "-a", agents, "--emit", "scp", "-o", "out", cwd=tmp_path)
    assert built.returncode == 0, built.stderr
    done = scmigen("import", "out/scp", board, "-o", "got", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("these names") == 1  # clocks of controllers, which no device names
    assert '- {performance: "&cpu0", ' in (tmp_path / "got/agents.yaml").read_text()
