"""The JSON Schema of project files accepts and rejects what the reader does."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from conftest import REPOSITORY
from support import scmigen, written

from scmigen import InputError
from scmigen.project.file import read_project

WHOLE = """
[defaults]
include = ["include"]
define = ["A", "B=2"]
[board.evk]
source = "evk.dts"
overlays = ["a.dtso"]
agents = ["agents.yaml"]
trees = {linux = "linux.dtb"}
lock = "evk.ids"
numbering = "per-agent"
output = "out/evk"
emit = ["runtime", "headers"]
reference = "releases/evk"
baseline = "waivers.yaml"
switches = ["no-rate-twice", "grant-unused"]
errors = ["critical-resource"]
"""
PAGE = (REPOSITORY / "docs/reference/project.md").read_text()
BOARD = '[board.b]\nsource = "b.dts"\n'


@pytest.fixture(scope="module")
def validator() -> Any:
    schema = json.loads(scmigen("schema", "project").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize(
    "text", [WHOLE, BOARD, *re.findall(r"```toml[^\n]*\n(.*?)```", PAGE, re.DOTALL)]
)
def test_right_files_are_accepted_by_both(validator: Any, tmp_path: Path, text: str) -> None:
    assert [problem.message for problem in validator.iter_errors(tomllib.loads(text))] == []
    assert read_project(written(tmp_path / "scmigen.toml", text))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[board]\n",
        "board = 3\n",
        "[board.b]\n",
        f"include = ['x']\n{BOARD}",
        f"[defaults]\nlock = 'x'\n{BOARD}",
        f"[defaults]\nincldue = ['x']\n{BOARD}",
        "[board.b]\nsource = ''\n",
        f"{BOARD}include = 'x'\n",
        f"{BOARD}include = [1]\n",
        f"{BOARD}trees = ['x']\n",
        f"{BOARD}trees = {{a = 1}}\n",
        f"{BOARD}numbering = 'share'\n",
        f"{BOARD}emit = ['runtim']\n",
        f"{BOARD}switches = ['no-no-rate-twice']\n",
        f"{BOARD}errors = ['no-rate-twice']\n",
        f"{BOARD}output = false\n",
    ],
)
def test_wrong_files_are_rejected_by_both(validator: Any, tmp_path: Path, text: str) -> None:
    assert not validator.is_valid(tomllib.loads(text))
    with pytest.raises(InputError):
        read_project(written(tmp_path / "scmigen.toml", text))


def test_the_runtime_schema_is_that_of_a_build() -> None:
    schema = json.loads(scmigen("schema", "runtime").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["title"] == "scmigen runtime configuration"
