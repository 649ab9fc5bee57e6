"""The tutorial, walked with the device tree of the board.

Verbatim with ``SCMIGEN_DEVICETREE``, a checkout of devicetree-rebasing at v7.1-dts, such as
``dts/upstream`` of U-Boot 2026.10. Otherwise with sources put together again from the preprocessed
board of ../shared/corpus, which has numbers where they have macros.
"""

import os
import re
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path, PurePath

import pytest
from walked import walk

SOURCES = Path(__file__).parents[2]
PAGE = SOURCES / "docs" / "tutorial" / "imx8mp-two-vms.md"
CORPUS = SOURCES.parent / "shared" / "corpus" / "imx8mp-evk.dts"
UPSTREAM = "https://git.kernel.org/pub/scm/linux/kernel/git/devicetree/"
#: The macros of the page, with their values in dt-bindings/clock/imx8mp-clock.h.
MACROS = {
    "IMX8MP_CLK_ARM": 287,
    "IMX8MP_CLK_ENET_AXI": 94,
    "IMX8MP_CLK_MEDIA_APB": 98,
    "IMX8MP_CLK_MEDIA_CAM1_PIX_ROOT": 271,
    "IMX8MP_CLK_MEDIA_DISP1_PIX_ROOT": 273,
    "IMX8MP_CLK_MEDIA_MIPI_PHY1_REF": 171,
}


def put_together(board: str) -> dict[str, str]:
    """The files of a preprocessed board, by path; headers are empty."""
    files: dict[str, dict[int, str]] = defaultdict(dict)
    name, number = "", 1
    for line in board.splitlines():
        if marker := re.match(r'# (\d+) "([^"<]+)"(?: (\d))?', line):
            if marker[3] == "1" and name:
                path = PurePath(marker[2])
                local = path.parent == PurePath(name).parent
                quoted = f'"{path.name}"' if local else f"<{path.relative_to('include')}>"
                files[name][number] = f"#include {quoted}"
            name, number = marker[2], int(marker[1])
            files[name]
        elif not line.startswith("#"):
            files[name][number] = line
            number += 1
    return {
        path: "".join(lines.get(at, "") + "\n" for at in range(1, max(lines, default=0) + 1))
        for path, lines in files.items()
    }


def put(files: dict[str, str], folder: Path) -> None:
    defines = "".join(f"#define {name} {value}\n" for name, value in MACROS.items())
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(defines if path.endswith("/imx8mp-clock.h") else text)


def loosely(line: str) -> str:
    """A line of the page, for a board with numbers for macros and cpp's white space."""
    line = re.sub(r"(, )?\b[A-Z][A-Z0-9]+_[A-Z0-9_]+\b", "…", line)
    return re.sub(r"^    \s+", "…", line)


def publish(tree: Path, folder: Path) -> dict[str, str]:
    """Commit ``tree`` as v7.1-dts; the environment in which git finds it at ``UPSTREAM``."""
    config = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.file://{folder}/.insteadOf",
        "GIT_CONFIG_VALUE_0": UPSTREAM,
    }
    me = {
        f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    for command in (
        "init -q",
        "config uploadpack.allowFilter true",
        "add -A",
        "commit -q -m v7.1",
        "tag v7.1-dts",
    ):
        subprocess.run(["git", *command.split()], cwd=tree, check=True, env={**os.environ, **me})
    return config


@pytest.mark.slow
def test_the_tutorial_says_what_happens(tmp_path: Path) -> None:
    real = os.environ.get("SCMIGEN_DEVICETREE")
    if not real and not CORPUS.exists():
        pytest.skip("neither SCMIGEN_DEVICETREE nor ../shared/corpus")
    tree = tmp_path / "published" / "devicetree-rebasing.git"
    adapt: Callable[[str], str] = str
    if real:
        for part in ("include", "src/arm64/freescale"):
            shutil.copytree(Path(real) / part, tree / part)
    else:
        put(put_together(CORPUS.read_text()), tree)
        adapt = loosely
    folder = tmp_path / "reader"
    folder.mkdir()
    walk(PAGE, folder, publish(tree, tree.parent), adapt)
