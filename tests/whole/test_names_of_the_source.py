"""A board from its source, whose macros have names for numbers, and from its blob, which has none.

Both must be the same platform: the names are for people, and nothing else differs.
"""

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest
from support import without_places

import scmigen
from scmigen.devicetree.flatten import flatten
from scmigen.devicetree.load import load
from scmigen.pipeline import DEFAULT_OUTPUTS, emit_outputs

_ENUMERATOR = re.compile(r"^ +(\w+_IDX)_(\w+) = (\d+),$", re.MULTILINE)
_DEFINE = re.compile(r"^#define (SCMI_\w+) +(\d+)", re.MULTILINE)
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


def outputs(
    board: Path, agents: tuple[Path, ...] = (), include: tuple[Path, ...] = ()
) -> tuple[scmigen.Result, dict[str, str]]:
    found = scmigen.compile(scmigen.load(board, include=include), agents=agents)
    files, *_ = emit_outputs(found.model, DEFAULT_OUTPUTS, explicit=False)
    return found, {file.path: file.content.decode() for file in files}


@pytest.fixture(scope="module", params=["orrery-board", "imx95-19x19-evk"])
def both(
    request: pytest.FixtureRequest, examples: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[tuple[scmigen.Result, dict[str, str]], tuple[scmigen.Result, dict[str, str]]]:
    blob = tmp_path_factory.mktemp("blob") / "board.dtb"
    if request.param == "orrery-board":
        board, agents = examples / "orrery-board.dts", (examples / "agents.yaml",)
        include: tuple[Path, ...] = ()
    else:
        corpus: Path = request.getfixturevalue("corpus")
        sources = corpus / "tree" / "src" / "arm64"
        include = (corpus / "tree" / "include", sources / "freescale", sources)
        board = sources / "freescale" / f"{request.param}.dts"
        agents = ()
    # With symbols, for the agents file names devices by their labels.
    blob.write_bytes(flatten(load(board, include, symbols=True)))
    return outputs(board, agents, include), outputs(blob, agents)


def test_most_resources_have_a_name(both: Any) -> None:
    """All but supplies, performance domains and sensors, which are nodes or plain numbers."""
    (_, source), (_, blob) = both
    rows = list(csv.DictReader(source["permissions/permissions.csv"].splitlines()))
    named = [row for row in rows if row["macro"]]
    assert len(named) > 0.8 * len(rows)
    assert all(row["macro"] for row in rows if row["kind"] in ("clock", "reset", "power"))
    assert not any(
        row["macro"] for row in csv.DictReader(blob["permissions/permissions.csv"].splitlines())
    )


def test_what_programs_read_is_the_same(both: Any) -> None:
    (_, source), (_, blob) = both
    left, right = (json.loads(files["runtime/runtime.json"]) for files in (source, blob))
    assert left != right
    assert without_places(left) == without_places(right)
    left, right = (
        [
            row | {"macro": ""}
            for row in csv.DictReader(files["permissions/permissions.csv"].splitlines())
        ]
        for files in (source, blob)
    )
    assert left == right


def test_the_lock_file_is_the_same(both: Any) -> None:
    (source, _), (blob, _) = both
    assert source.lock == blob.lock


def test_the_header_of_the_blob_is_part_of_the_other(both: Any) -> None:
    (_, source), (_, blob) = both
    path = "headers/dt-bindings/scmi/scmi.h"
    more, fewer = dict(_DEFINE.findall(source[path])), dict(_DEFINE.findall(blob[path]))
    assert more.items() > fewer.items()
    assert set(more.values()) == set(fewer.values())


def test_the_firmware_is_the_same_but_for_names_and_comments(both: Any) -> None:
    """Each enumerator replaced by the blob's of the same number gives the blob's tables."""
    (_, source), (_, blob) = both
    ours = {
        (prefix, number): name
        for prefix, name, number in _ENUMERATOR.findall(blob["scp/scmi_idx.h"])
    }
    renamed = {
        f"{prefix}_{name}": f"{prefix}_{ours[prefix, number]}"
        for prefix, name, number in _ENUMERATOR.findall(source["scp/scmi_idx.h"])
    }
    assert any(name != other for name, other in renamed.items())
    for path, text in source.items():
        if path.startswith("scp/"):
            text = re.sub(r"\w+", lambda word: renamed.get(word[0], word[0]), text)
            assert plain(text) == plain(blob[path]), path


def plain(text: str) -> list[str]:
    """The words and signs of C, wherever a line ends."""
    return re.findall(r"\w+|[^\w\s]", _COMMENT.sub(" ", text))


def test_an_agents_file_with_macros_is_the_one_with_numbers(examples: Path, tmp_path: Path) -> None:
    """The numbers that examples/dts/agents.yaml has, by the names in its comments."""
    text = (examples / "agents.yaml").read_text()
    for number, name in (("48", "CRU_CLK_DPI"), ("0", "CRU_PLL_SYS"), ("51", "CRU_ACLK_MEDIA")):
        assert text.count(f'"&cru {number}"') == 1
        text = text.replace(f'"&cru {number}"', f'"&cru {name}"')
    named = tmp_path / "agents.yaml"
    named.write_text(text)
    board = examples / "orrery-board.dts"
    _, by_name = outputs(board, (named,))
    _, by_number = outputs(board, (examples / "agents.yaml",))
    left, right = (json.loads(files["runtime/runtime.json"]) for files in (by_name, by_number))
    assert left == right
