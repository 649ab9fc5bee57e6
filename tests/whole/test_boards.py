"""Real boards through every output, from the source and from the blob: by default every other."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from real_boards import BOARDS
from support import without_places
from turns import one_in

import scmigen
from scmigen import runtime
from scmigen.diagnostics import Severity, has_errors
from scmigen.pipeline import DEFAULT_OUTPUTS, emit_outputs
from scmigen.scmi.protocols import Kind
from scmigen.targets.common.files import File

#: Boards that SCP-firmware cannot hold (its per-agent tables count in 8 bits), with the id that is
#: beyond it.
BEYOND_SCP = {
    "k3-am62l3-evm": "clock 358",
    "sky1-orion-o6": "clock 265",
}


def outputs(path: Path) -> tuple[scmigen.Result, dict[str, bytes], tuple[Any, ...]]:
    found = scmigen.compile(path)
    files, diagnostics, *_ = emit_outputs(found.model, DEFAULT_OUTPUTS, explicit=False)
    return found, {file.path: file.content for file in files}, diagnostics


@pytest.fixture(scope="module", params=one_in(2, BOARDS))
def board(request: pytest.FixtureRequest, corpus: Path) -> tuple[str, Any, Any]:
    name = request.param
    return name, outputs(corpus / f"{name}.dts"), outputs(corpus / f"{name}.dtb")


def test_it_builds_without_an_error_and_every_reference_resolves(
    board: tuple[str, Any, Any],
) -> None:
    _, *both = board
    for found, files, diagnostics in both:
        assert not has_errors(found.diagnostics)
        assert not has_errors(diagnostics)
        assert not found.model.inventory.diagnostics
        for output in ("runtime.json", "permissions.csv", "permissions.md"):
            assert any(path.endswith(output) for path in files)


def test_source_and_blob_give_the_same_numbers_and_names(board: tuple[str, Any, Any]) -> None:
    _, (_, from_source, _), (_, from_blob, _) = board
    assert from_source.keys() == from_blob.keys()
    for path, content in from_source.items():
        if path.endswith(".json"):
            left, right = json.loads(content), json.loads(from_blob[path])
            assert without_places(left) == without_places(right)
        elif path.endswith((".csv", ".md", ".h")) and "scp/" not in path:
            assert content == from_blob[path]


def test_what_is_written_can_be_served(board: tuple[str, Any, Any]) -> None:
    _, (_, files, _), _ = board
    for path, content in files.items():
        if path.endswith("runtime.json"):
            served = runtime.decode(content)
            assert runtime.encode(served) == content
            assert all(0 < len(resource.name) <= 63 for resource in every_resource(served))


def every_resource(served: runtime.Runtime) -> list[runtime.Resource]:
    return [r for kind in Kind for r in served.resources(kind)]


def test_the_map_has_a_row_for_every_resource(board: tuple[str, Any, Any]) -> None:
    _, (found, files, _), _ = board
    rows = sum(
        len([row for row in csv.DictReader(content.decode().splitlines()) if row["number"]])
        for path, content in files.items()
        if path.endswith(".csv")
    )
    assert rows == sum(
        len(resources) for p in found.model.platforms for resources in p.resources.values()
    )


def test_scp_is_written_or_refused_by_name_and_number(board: tuple[str, Any, Any]) -> None:
    name, (_, files, diagnostics), _ = board
    left_out = [item for item in diagnostics if item.id == "output-left-out"]
    if name in BEYOND_SCP:
        (item,) = left_out
        assert item.severity is Severity.WARNING
        assert BEYOND_SCP[name] in item.related[0].message
    else:
        assert not left_out
        assert any(path.endswith("scp/config_scmi.c") for path in files)


@pytest.mark.parametrize("name", sorted(BEYOND_SCP))
def test_asked_for_by_name_such_a_board_is_an_error(corpus: Path, name: str) -> None:
    found = scmigen.compile(corpus / f"{name}.dtb")
    _, diagnostics, *_ = emit_outputs(found.model, ["scp"], explicit=True)
    assert any(BEYOND_SCP[name] in item.message for item in diagnostics)
    assert has_errors(diagnostics)


def test_two_scmi_instances_are_two_platforms(corpus: Path) -> None:
    """sky1-orion-o6: clocks by mailbox, power domains by SMC."""
    _, files, _ = outputs(corpus / "sky1-orion-o6.dts")
    first = runtime.decode(files["scmi/runtime/runtime.json"])
    second = runtime.decode(files["scmi-1/runtime/runtime.json"])
    assert (len(first.clocks), len(first.power_domains)) == (3, 0)
    assert (len(second.clocks), len(second.power_domains)) == (0, 1)


def test_two_runs_write_the_same_bytes(corpus: Path) -> None:
    path = corpus / "imx95-19x19-evk.dts"
    assert outputs(path)[1] == outputs(path)[1]


def test_every_file_has_a_path_of_its_own(corpus: Path) -> None:
    found = scmigen.compile(corpus / "sky1-orion-o6.dtb")
    files, *_ = emit_outputs(found.model, DEFAULT_OUTPUTS, explicit=False)
    assert len({file.path for file in files}) == len(files)
    assert all(isinstance(file, File) for file in files)
