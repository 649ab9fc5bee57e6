"""A configuration of imx-sm that is imported, and built again, has the levels that it had."""

import re
from pathlib import Path

from audit.imx_sm_tree import CELLS, CONFIG, write
from support import scmigen, source, written

from scmigen.audit.imx_sm_cfg import read_cfg

BOARD = """
scmi { compatible = "arm,scmi-virtio";
	clk: protocol@14 { reg = <0x14>; #clock-cells = <1>; };
	pd: protocol@11 { reg = <0x11>; #power-domain-cells = <1>; };
};
uart@1 { compatible = "acme,uart"; clocks = <&clk 3>; power-domains = <&pd 0>; };
"""
#: Without what is wrong with the example.
RIGHT = CONFIG.replace("SYS     NOTIFY\n", "SYS api=notify\n").replace("CLK_PLL ALL\n", "")
#: An agent duplicates another one in the example, which is an error of a board.
SHARED = "checks:\n" + "".join(
    f"  {what}-shared: {{severity: note, reason: as it was}}\n"
    for what in ("config", "level", "parent", "rate", "reset")
)


def rebuilt(folder: Path, config: str) -> set[tuple[int, str, str]]:
    """The cells of the agents' files that are built from what was imported."""
    path = write(folder, config)
    board = written(folder / "board.dts", source(BOARD))
    moved = folder / "moved"
    done = scmigen("import", path, board, "-o", moved)
    assert done.returncode == 0, done.stderr
    shared = written(folder / "checks.yaml", SHARED)
    files = ("-a", moved / "agents.yaml", "-a", shared, "--ids", moved / "scmigen.ids")
    done = scmigen("build", board, *files, "--emit", "imx-sm", "-o", folder / "out")
    assert done.returncode == 0, done.stderr
    top = 'LM0 name="SM"\nLM1 name="AP", rpc=scmi\n' + "".join(
        f"include out/imx-sm/agent-{number}.cfg\n" for number in range(3)
    )
    config_made = read_cfg(written(folder / "top.cfg", top))
    return {(agent, name, word) for agent, _, name, word in config_made.cells()}


def test_an_import_that_is_built_has_the_same_levels(tmp_path: Path) -> None:
    expected = CELLS | {(agent, "DEV_SM_SYS_0", "notify") for agent in (0, 2)}
    assert rebuilt(tmp_path, RIGHT) == expected


def test_pins_are_counted_as_carried_over_in_outputs(tmp_path: Path) -> None:
    """CLK_CAN ALL of AP-NS is a pin in its place; each of three agents may read PIN_TX, and one
    of them configures it: 4 operations of a pin, which no grant holds."""
    path = write(tmp_path, RIGHT.replace("CLK_CAN ALL", "PIN_TX api=exclusive"))
    board = written(tmp_path / "board.dts", source(BOARD))
    done = scmigen("import", path, board, "-o", tmp_path / "moved")
    assert done.returncode == 0, done.stderr
    (said,) = (line for line in done.stdout.splitlines() if line.startswith("permissions: "))
    counts = [
        int(word) for word in said.replace(",", " ").replace(";", " ").split() if word.isdigit()
    ]
    assert counts[0] == counts[1], said
    assert counts[3] == 4, said
    assert "1 in outputs" in done.stdout
    assert "not at all" not in done.stdout
    assert "default: true" in done.stdout
    assert "      PIN_TX: " in (tmp_path / "moved/agents.yaml").read_text()


def test_least_levels_come_back_where_no_level_is_all(tmp_path: Path) -> None:
    config = RIGHT.replace("api=all", "api=exclusive").replace("ALL:", "ALLES:")
    config = config.replace(" ALL\n", " api=exclusive\n")
    found = rebuilt(tmp_path, config)
    assert {word for _, _, word in found} == {*("exclusive", "get", "notify", "priv", "set")}
    assert (1, "DEV_SM_PD_AON", "exclusive") in found, "set would do: a row keeps it"


def test_the_sources_are_named_from_the_agents_file(tmp_path: Path) -> None:
    path = write(tmp_path, RIGHT)
    board = written(tmp_path / "board.dts", source(BOARD))
    scmigen("import", path, board, "-o", tmp_path / "moved")
    (tree,) = re.findall(r'^    tree: "(.*)"$', (tmp_path / "moved/agents.yaml").read_text(), re.M)
    assert tree.startswith("..")
    assert (tmp_path / "moved" / tree / "devices/ACME").is_dir()
