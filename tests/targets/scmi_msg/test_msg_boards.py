"""Real boards as tables of both servers, for one to three agents: compiled, and read cell by cell.

By default boards take turns with a firmware and a number of agents, as many as each of both meets
each number of agents twice; ``pytest -m slow`` has
all of them.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from targets.scmi_msg.walked import KINDS, emitted, expected, walk
from targets.scp.scp_boards import divided
from turns import only

import scmigen
from scmigen.model.platform import Platform
from scmigen.resources import directory

SHARED = directory("templates").parent.parent / "shared"
BOARDS = sorted(
    path.stem for path in (SHARED / "corpus").glob("*.dtb") if not path.stem.endswith(".symbols")
)
FIRMWARES = tuple(KINDS)


@cache
def platforms(path: Path) -> tuple[Platform, ...]:
    return scmigen.compile(path).model.platforms


def fits(platform: Platform, firmware: str) -> bool:
    """Whether a platform has anything that the firmware serves, and an agent."""
    return bool(platform.agents) and any(platform.resources.get(k) for k in KINDS[firmware])


def agrees(platform: Platform, firmware: str, gcc: str, folder: Path) -> None:
    if fits(platform, firmware):
        assert walk(emitted(platform, firmware), firmware, gcc, folder) == expected(
            platform, firmware
        )


@pytest.mark.parametrize("board", only(BOARDS[:12], BOARDS))
def test_the_tables_of_a_real_board_answer_what_the_model_grants(
    board: str, corpus: Path, tool: Callable[[str], str], tmp_path: Path
) -> None:
    turn = BOARDS.index(board)
    count = turn % 3 + 1
    for platform in platforms(corpus / f"{board}.dtb"):
        name = FIRMWARES[turn // 3 % 2]
        agrees(divided(platform, count), name, tool("gcc"), tmp_path / platform.name)


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("firmware", FIRMWARES)
@pytest.mark.parametrize("board", BOARDS)
def test_every_table_of_every_board(
    board: str,
    firmware: str,
    count: int,
    corpus: Path,
    tool: Callable[[str], str],
    tmp_path: Path,
) -> None:
    for platform in platforms(corpus / f"{board}.dtb"):
        agrees(divided(platform, count), firmware, tool("gcc"), tmp_path / platform.name)
