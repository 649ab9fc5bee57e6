"""From a board's text to the compiled tables: examples of this project, and real boards."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from targets.scp.scp_boards import emit
from targets.scp.scp_build import agree
from turns import only

import scmigen
from scmigen.diagnostics import has_errors
from scmigen.scmi.protocols import Kind

#: Kinds whose numbers are the same for every agent.
PHYSICAL = (Kind.PERFORMANCE, Kind.SENSOR)
#: Real boards with many clocks, power domains or resets, with operating points, supplies and
#: sensors, or with numbers that have gaps.
CORPUS = (
    "imx8mp-evk",
    "imx8qm-mek",
    "imx95-19x19-evk",
    "jh7110-starfive-visionfive-2-v1.3b",
    "hi3660-hikey960",
    "juno-r1-scmi",
    "juno-scmi",
    "monaco-arduino-monza",
    "mt8195-cherry-tomato-r2",
    "r8a779g0-white-hawk",
    "stm32mp257f-ev1",
)
#: Those that have most of all that between them; by default these alone.
CHOSEN = ("imx8mp-evk", "juno-scmi", "mt8195-cherry-tomato-r2", "stm32mp257f-ev1")


@pytest.mark.parametrize(
    ("board", "agents"), [("minimal.dts", ()), ("orrery-board.dts", ("agents.yaml",))]
)
def test_examples(
    board: str,
    agents: tuple[str, ...],
    examples: Path,
    tool: Callable[[str], str],
    tmp_path: Path,
) -> None:
    files = [examples / name for name in agents]
    for platform in scmigen.compile(examples / board, agents=files).platforms:
        agree(platform, tool("gcc"), tmp_path / platform.name)


@pytest.mark.parametrize("board", only(CHOSEN, CORPUS))
def test_real_boards(board: str, corpus: Path, tool: Callable[[str], str], tmp_path: Path) -> None:
    for platform in scmigen.compile(corpus / f"{board}.dtb").model.platforms:
        agree(platform, tool("gcc"), tmp_path / platform.name)


def test_a_board_whose_numbers_are_too_high_is_refused(corpus: Path) -> None:
    (platform,) = scmigen.compile(corpus / "k3-am62l3-evm.dtb").model.platforms
    files, reported = emit(platform)
    assert not files
    # That SCP-firmware sets no parents, as a driver of the board's timers may, is no error.
    (found,) = (item for item in reported if has_errors([item]))
    assert "ospm is granted clock 358" in found.message
    assert "the SCMI node of the tree fixes these numbers" in str(found.hint)


def test_per_agent_numbers_of_a_whole_board(
    examples: Path, tool: Callable[[str], str], tmp_path: Path
) -> None:
    """All but performance domains and sensors take numbers of each agent's own."""
    board, agents = examples / "orrery-board.dts", examples / "agents.yaml"
    platform = scmigen.compile(board, agents=agents, numbering="per-agent").platform
    files, found = emit(platform)
    assert not files
    assert {item.id for item in found if has_errors([item])} == {"scp-numbering"}
    grants = tuple(grant for grant in platform.all_grants if grant.resource.kind not in PHYSICAL)
    without = {**platform.resources, **dict.fromkeys(PHYSICAL, ())}
    agree(replace(platform, resources=without, all_grants=grants), tool("gcc"), tmp_path)
