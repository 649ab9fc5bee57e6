"""What hvisor's server would do with what is emitted for 24 real boards.

Its way from a zone's id to a resource is walked as its sources have it: the place in the JSON
array, the number there as the place in the list of the root zone's node (`of_clk_get`), and what
that entry of dtc's blob refers to. It must be what the runtime configuration grants by this id.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from divided_boards import Grants, blob_of, divided, granted
from fdt_walk import Blob, walk
from real_boards import BOARDS
from turns import one_in

from scmigen.targets.make import make

#: Kind → the key in JSON, the list in the tree, what counts its cells: virtio_scmi.c, clock.c,
#: power.c and reset.c of hvisor-tool.
WAYS = {
    "clock": ("clock_ids", "clocks", "#clock-cells"),
    "power": ("power_ids", "power-domains", "#power-domain-cells"),
    "reset": ("reset_ids", "resets", "#reset-cells"),
}
NODE = "/hvisor_virtio_device"


def served(text: bytes, blob: Blob, zones: list[str]) -> Grants:
    """(zone's agent, kind, id) → the entry that the driver would take, operations unknown."""
    found = {}
    lists = {
        kind: blob.entries(NODE, name, width) if name in blob.nodes[NODE] else []
        for kind, (_, name, width) in WAYS.items()
    }
    for zone in json.loads(text)["zones"]:
        (device,) = zone["devices"]
        assert device["type"] == "scmi"
        for kind, (key, _, _) in WAYS.items():
            for number, place in enumerate(device.get(key, ())):
                if place < len(lists[kind]):
                    found[zones[zone["id"] - 1], kind, number] = lists[kind][place]
    return found


def differences(there: Grants, wanted: Grants) -> list[str]:
    """Where what is served is not what is granted. Cells behind those of a resource are flags."""
    found = []
    for key in sorted(there.keys() | wanted.keys()):
        if key not in there or key not in wanted:
            found.append(f"{key}: {'not served' if key in wanted else 'not granted'}")
            continue
        (node, cells), held = there[key], wanted[key]
        alike = node == held.node and cells[: len(held.cells)] == held.cells
        if not alike:
            found.append(f"{key}: {node} {cells} is not {held.node} {held.cells}")
    return found


def emitted(board: Path, guests: int) -> list[tuple[dict[str, bytes], Grants, list[str]]]:
    """For each platform the files, what is granted, and the agents by zone."""
    found = []
    for platform in divided(board, guests):
        names = [agent.name for agent in platform.agents if agent.name != "host"]
        grants = {key: held for key, held in granted(platform).items() if key[0] in names}
        made = make(platform, "hvisor")
        errors = [item.id for item in made.diagnostics if item.severity.word == "error"]
        if not grants:
            assert errors == ["hvisor-empty"]
            continue
        assert errors == []
        found.append(({file.path: file.content for file in made.files}, grants, names))
    return found


@pytest.mark.parametrize("guests", [pytest.param(1, marks=pytest.mark.slow), 2])
@pytest.mark.parametrize("name", one_in(2, BOARDS))
def test_an_id_of_a_zone_leads_to_what_it_is_granted(
    name: str, guests: int, corpus: Path, tmp_path: Path, tool: Callable[[str], str]
) -> None:
    board = corpus / f"{name}.dts"
    for files, grants, zones in emitted(board, guests):
        blob = walk(blob_of(board, files["zone0.dtsi"], tmp_path, tool))
        there = served(files["virtio-scmi.json"], blob, zones)
        assert differences(there, grants) == []


def swapped(text: str) -> str:
    """The first two entries of the clocks, exchanged."""
    return re.sub(r"(clocks = )(<[^>]*>)(,.*\n\t*)(<[^>]*>)", r"\1\4\3\2", text, count=1)


DAMAGES: dict[str, Callable[[str], str]] = {
    "swapped in the tree": swapped,
    "one dropped in the tree": lambda text: re.sub(r"<[^>]*>,.*\n\t*", "", text, count=1),
    "another cell in the tree": lambda text: re.sub(
        r"(clocks = <&\S+ )(\d+)", lambda m: m[1] + str(int(m[2]) + 1), text, count=1
    ),
}
JSON_DAMAGES: dict[str, Callable[[list[int]], list[int]]] = {
    "swapped": lambda ids: [ids[1], ids[0], *ids[2:]],
    "dropped": lambda ids: ids[1:],
    "off by one": lambda ids: [place + 1 for place in ids],
    "one more": lambda ids: [*ids, 0],
    "one less": lambda ids: ids[:-1],
}


@pytest.mark.parametrize("damage", [*DAMAGES, *JSON_DAMAGES])
@pytest.mark.parametrize("name", ["rk3588-rock-5b", "imx8mp-evk"])
def test_damage_is_seen(
    name: str, damage: str, corpus: Path, tmp_path: Path, tool: Callable[[str], str]
) -> None:
    board = corpus / f"{name}.dts"
    ((files, grants, zones),) = emitted(board, 1)
    tree, text = files["zone0.dtsi"], files["virtio-scmi.json"]
    if damage in DAMAGES:
        changed = DAMAGES[damage](tree.decode()).encode()
        assert changed != tree
        tree = changed
    else:
        whole = json.loads(text)
        device = whole["zones"][0]["devices"][0]
        device["clock_ids"] = JSON_DAMAGES[damage](device["clock_ids"])
        text = json.dumps(whole).encode()
    blob = walk(blob_of(board, tree, tmp_path, tool))
    assert differences(served(text, blob, zones), grants)
