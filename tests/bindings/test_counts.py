"""The references of real boards, counted against figures that another program counted."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from scmigen.bindings.inventory import take_inventory
from scmigen.bindings.references import References
from scmigen.devicetree.blob import read_blob
from scmigen.devicetree.nodes import Node
from scmigen.devicetree.tree import DeviceTree

# Board: clock references/providers, power domains, resets; then references only: supplies, nodes
# with an OPP table, assigned clocks, access controllers, thermal sensors. Empty slots not counted.
BOARDS = {
    "juno-scmi": ("65/12", "31/1", "0/0", 3, 0, 4, 0, 6),
    "fvp-base-revc": ("29/5", "0/0", "0/0", 1, 0, 4, 0, 0),
    "morello-sdp": ("10/4", "0/0", "0/0", 0, 0, 0, 0, 0),
    "stm32mp157c-dk2-scmi": ("142/4", "0/0", "40/2", 40, 0, 0, 76, 1),
    "stm32mp135f-dk": ("115/5", "0/0", "36/2", 20, 0, 0, 36, 1),
    "stm32mp257f-ev1": ("203/9", "49/4", "39/2", 8, 0, 0, 72, 0),
    "imx95-19x19-evk": ("170/6", "21/2", "0/0", 22, 1, 44, 0, 5),
    "imx8mp-evk": ("268/10", "64/23", "8/2", 23, 5, 64, 1, 2),
    "imx8qm-mek": ("533/139", "319/1", "2/1", 30, 4, 90, 0, 5),
    "s32g399a-rdb3": ("111/2", "0/0", "0/0", 0, 0, 0, 0, 0),
    "k3-am625-sk": ("103/5", "74/1", "2/1", 10, 4, 24, 0, 2),
    "k3-am62l3-evm": ("57/2", "46/1", "0/0", 4, 2, 4, 0, 1),
    "rk3588-rock-5b": ("513/8", "66/1", "130/2", 54, 9, 58, 0, 7),
    "mt8195-cherry-tomato-r2": ("463/33", "122/1", "15/3", 38, 1, 24, 0, 19),
    "sm8550-mtp": ("274/24", "97/15", "14/3", 74, 44, 13, 0, 52),
    "r8a779g0-white-hawk": ("151/11", "123/1", "108/1", 6, 4, 1, 0, 4),
    "zynqmp-zcu102-rev1.0": ("111/8", "58/1", "18/1", 0, 4, 16, 0, 3),
    "tegra234-p3737-0000_p3701-0000": ("153/1", "28/1", "71/1", 15, 12, 36, 0, 9),
    "hi3660-hikey960": ("99/3", "0/0", "11/2", 3, 8, 1, 0, 1),
    "jh7110-starfive-visionfive-2-v1.3b": ("161/19", "3/2", "88/4", 6, 4, 11, 0, 1),
    "sky1-orion-o6": ("31/2", "1/1", "0/0", 0, 0, 0, 0, 0),
    "t8103-j274": ("21/5", "137/57", "5/4", 0, 8, 0, 0, 0),
    "monaco-arduino-monza": ("300/14", "102/17", "17/3", 28, 53, 16, 0, 40),
}
CELLS = {
    "clocks": "#clock-cells",
    "power-domains": "#power-domain-cells",
    "resets": "#reset-cells",
    "assigned-clocks": "#clock-cells",
    "access-controllers": "#access-controller-cells",
    "thermal-sensors": "#thermal-sensor-cells",
}


@pytest.fixture(params=BOARDS)
def board(request: pytest.FixtureRequest, corpus: Path) -> tuple[DeviceTree, tuple[object, ...]]:
    name = request.param
    path = corpus / f"{name}.symbols.dtb"
    return read_blob(path.read_bytes(), str(path)), BOARDS[name]


def count(tree: DeviceTree, name: str) -> str:
    references = References(tree)
    found = [entry for node in tree.nodes for entry in references.of(node, name)]
    assert not list(references.problems(tree.nodes))
    return f"{len(found)}/{len({entry.provider.path for entry in found})}"


def test_all_references(board: tuple[DeviceTree, tuple[object, ...]]) -> None:
    """Every node counts, enabled or not."""
    tree, expected = board
    hardware = [node for node in tree.nodes if not node.path.startswith("/__")]
    supplies = [n for node in hardware for n in node.properties if n.endswith("-supply")]
    assert expected == (
        count(tree, "clocks"),
        count(tree, "power-domains"),
        count(tree, "resets"),
        len(supplies),
        sum("operating-points-v2" in node for node in hardware),
        int(count(tree, "assigned-clocks").split("/")[0]),
        int(count(tree, "access-controllers").split("/")[0]),
        int(count(tree, "thermal-sensors").split("/")[0]),
    )


def disabled(node: Node, above: bool = False) -> Iterator[Node]:
    """The nodes that neither world may use, by recursion from the root."""
    values = {p: node.properties[p].value for p in node.properties}
    status = values.get("status", b"okay\0")
    secure = values.get("secure-status", status)
    above = above or not {status, secure} & {b"okay\0", b"ok\0"}
    if above:
        yield node
    for child in node.children.values():
        yield from disabled(child, above)


def entries(tree: DeviceTree, node: Node, name: str) -> int:
    """The entries of a list, counted cell by cell."""
    value = node.properties[name].value if name in node.properties else b""
    cells = [int.from_bytes(value[i : i + 4], "big") for i in range(0, len(value), 4)]
    phandles = {
        other.properties["phandle"].value: other
        for other in tree.nodes
        if "phandle" in other.properties
    }
    found = at = 0
    while at < len(cells):
        if cells[at]:
            target = phandles[cells[at].to_bytes(4, "big")]
            at += int.from_bytes(target.properties[CELLS[name]].value, "big")
            found += 1
        at += 1
    return found


@pytest.mark.parametrize("name", ["clocks", "power-domains", "resets"])
def test_the_inventory_has_the_enabled_ones(
    board: tuple[DeviceTree, tuple[object, ...]], name: str
) -> None:
    """Uses of the inventory and references of disabled nodes add up to all references."""
    tree, expected = board
    place = ("clocks", "power-domains", "resets").index(name)
    uses = [use for use in take_inventory(tree).uses if use.prop == name]
    left_out = sum(entries(tree, node, name) for node in disabled(tree.root) if name in node)
    assert f"{len(uses) + left_out}" == str(expected[place]).split("/")[0]
