"""hvisor's JSON against the tree of a zone: where an id leads to something else, it is found."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import scmigen, source, written

#: The root zone: five clocks in the list, named as their users call them.
ROOT = source("""
cru: clock-controller@1000 { compatible = "acme,cru"; reg = <0x1000>; #clock-cells = <1>;
                             #reset-cells = <1>; };
hvisor_virtio_device { compatible = "hvisor"; interrupts = <0 32 1>;
    clocks = <&cru 30>, <&cru 31>, <&cru 32>, <&cru 33>, <&cru 34>;
    clock-names = "uart_clk", "npu_aclk", "npu_hclk", "npu_pclk", "spare";
    resets = <&cru 5>, <&cru 6>; reset-names = "uart", "core"; };
""")
#: A zone that has the last four of them as its clocks 0 to 3.
ZONE = source("""
firmware { scmi { compatible = "arm,scmi-virtio"; #address-cells = <1>; #size-cells = <0>;
    clk: protocol@14 { reg = <0x14>; #clock-cells = <1>; };
    rst: protocol@16 { reg = <0x16>; #reset-cells = <1>; }; }; };
dev@5000 { compatible = "acme,dev"; clocks = <&clk 0>, <&clk 1>, <&clk 2>;
           clock-names = "npu_aclk", "npu_hclk", "npu_pclk"; resets = <&rst 0>; };
""")
ZONES: dict[str, Any] = {
    "zones": [
        {
            "id": 1,
            "memory_region": [{"zone0_ipa": "0x0", "zonex_ipa": "0x0", "size": "0x1000"}],
            "devices": [
                {"type": "blk", "addr": "0xff9d0000", "img": "rootfs.img"},
                {
                    "type": "scmi",
                    "addr": "0xff9c0000",
                    "clock_ids": [1, "0x2", 3],
                    "reset_ids": [1],
                },
            ],
        }
    ]
}


def checked(folder: Path, zones: object, root: str | None = ROOT) -> tuple[int, str]:
    if root is not None:
        written(folder / "zone0.dts", root)
    board = written(folder / "zone1.dts", ZONE)
    text = zones if isinstance(zones, str) else json.dumps(zones, indent=1)
    server = written(folder / "virtio-config.json", text)
    done = scmigen("check", board.name, "--against", server.name, "--as", "zone1", cwd=folder)
    return done.returncode, done.stdout + done.stderr


def changed(change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    zones: dict[str, Any] = json.loads(json.dumps(ZONES))
    change(zones["zones"][0]["devices"][1])
    return zones


def test_a_configuration_that_fits_has_no_errors(tmp_path: Path) -> None:
    status, text = checked(tmp_path, ZONES)
    assert status == 0
    assert "0 errors, 0 warnings" in text
    assert "rate on clock 0 (npu_aclk)" in text  # hvisor opens it, and nothing needs it


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d["clock_ids"].pop(), "gives zone1 no clock 2 (dev-5000-npu_pclk)"),
        (lambda d: d.pop("reset_ids"), "gives zone1 nothing of protocol 0x16"),
        (lambda d: d.update(clock_ids=[1, 2, 5]), "clock 2 of zone 1 is entry 5 of a list of 5"),
        (lambda d: d.update(clock_ids=[0x7FFFFFFF, 2, 3]), "gives zone1 no clock 0"),
        (lambda d: d.update(status="disable"), "has no agent"),
    ],
    ids=["dropped", "no resets", "past the end", "nowhere", "disabled"],
)
def test_what_a_zone_lacks_is_found(
    change: Callable[[dict[str, Any]], None], words: str, tmp_path: Path
) -> None:
    _, text = checked(tmp_path, changed(change))
    assert words in text


#: The root zone's tree as the board: the device that the zone has is in it with its own clocks.
BOARD = ROOT.replace(
    "hvisor_virtio_device",
    """dev@5000 { compatible = "acme,dev"; clocks = <&cru 31>, <&cru 32>, <&cru 33>;
               resets = <&cru 6>; };
    hvisor_virtio_device""",
)
AGENTS = """domains:
  zone0: {id: 1, scmi: {role: hypervisor}, default: true}
  zone1: {id: 2, scmi: {role: vm}, access: [{dev: /dev@5000}]}
"""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda _: None, []),
        (
            lambda d: d["clock_ids"].reverse(),
            [
                "clock 0 of zone1 is /clock-controller@1000 31 here; "
                "the server has /clock-controller@1000 33",
                "clock 2 of zone1 is /clock-controller@1000 33 here; "
                "the server has /clock-controller@1000 31",
            ],
        ),
        (
            lambda d: d.update(reset_ids=[0]),
            [
                "reset 0 of zone1 is /clock-controller@1000 6 here; "
                "the server has /clock-controller@1000 5"
            ],
        ),
    ],
    ids=["right", "swapped", "off by one"],
)
def test_what_an_id_leads_to_is_compared_with_the_board(
    change: Callable[[dict[str, Any]], None], words: list[str], tmp_path: Path
) -> None:
    written(tmp_path / "zone0.dts", BOARD)
    written(tmp_path / "agents.yaml", AGENTS)
    written(tmp_path / "zones.json", json.dumps(changed(change)))
    done = scmigen(
        *("check", "zone0.dts", "-a", "agents.yaml", "--numbering", "per-agent"),
        *("--against", "zones.json"),
        cwd=tmp_path,
    )
    found = [
        line.partition("resource-differs]: ")[2]
        for line in done.stdout.splitlines()
        if "[resource-differs]" in line
    ]
    assert found == words
    assert done.returncode == (1 if words else 0), done.stdout


def test_without_the_tree_of_the_root_zone_it_is_told(tmp_path: Path) -> None:
    status, text = checked(tmp_path, ZONES, None)
    assert status == 0
    assert "note[hvisor-tree]" in text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"zones": [{"id": 1, "devices": [{"type": "scmi", "clock_ids": [-1]}]}]}', ">= 0"),
        ('{"zones": [{"id": 1, "devices": [{"type": "scmi", "clock_ids": ["*"]}]}]}', "'*'"),
        ('{"zones": [{"id": 1, "devices": [{"type": "scmi", "clock_ids": 3}]}]}', "`array`"),
        ('{"zones": [{"devices": []}]}', "`id`"),
        ('{"zones": 5}', "`array`"),
        ('{"zones": [', "truncated"),
    ],
)
def test_what_hvisor_would_not_read_is_an_error(text: str, words: str, tmp_path: Path) -> None:
    status, said = checked(tmp_path, text)
    assert status == 1
    assert "error[hvisor-invalid]" in said
    assert words in said


def test_what_is_emitted_for_the_root_zone_fits_the_zones_tree(tmp_path: Path) -> None:
    """Both from one model: the JSON with the node behind the board's source, and the tree of the
    zone that the output ``consumer`` makes."""
    board = """
cc: cc@1000 { compatible = "acme,cc"; reg = <0x1000>; #clock-cells = <1>; #reset-cells = <1>; };
a@5000 { compatible = "a"; clocks = <&cc 7>, <&cc 3>; clock-names = "one", "two";
         resets = <&cc 9>; };
b@6000 { compatible = "b"; clocks = <&cc 3>, <&cc 4>; clock-names = "two", "four"; };
"""
    agents = """domains:
  host: {id: 1, scmi: {role: hypervisor}, default: true}
  vm: {id: 2, scmi: {role: vm, transport: {type: virtio}}, access: [{dev: /a@5000}]}
"""
    written(tmp_path / "board.dts", source(board))
    written(tmp_path / "agents.yaml", agents)
    build = ("build", "board.dts", "-a", "agents.yaml", "--emit", "hvisor,consumer", "-o", "out")
    assert scmigen(*build, "-q", cwd=tmp_path).returncode == 0
    out = tmp_path / "out"
    whole = source(board) + (out / "hvisor/zone0.dtsi").read_text()
    written(out / "hvisor/zone0.dts", whole)
    server = "out/hvisor/virtio-scmi.json"
    done = scmigen(
        *("check", "out/consumer/vm.dts", "--against", server, "--as", "zone1"), cwd=tmp_path
    )
    assert (done.returncode, "0 errors, 0 warnings" in done.stdout) == (0, True), done.stdout


def test_a_root_zone_in_an_included_file_is_found(tmp_path: Path) -> None:
    """As scmigen asks for its zone0.dtsi: the source beside the JSON does not have the word."""
    written(tmp_path / "lists.dtsi", ROOT.partition("/dts-v1/;")[2])
    root = '/dts-v1/;\n#include "lists.dtsi"\n'
    assert "hvisor_virtio_device" not in root
    status, text = checked(tmp_path, ZONES, root)
    assert status == 0
    assert "hvisor-tree" not in text
    assert "rate on clock 0 (npu_aclk)" in text


def test_a_root_zone_that_cannot_be_read_is_a_warning(tmp_path: Path) -> None:
    status, text = checked(tmp_path, ZONES, '#include "missing.dtsi"\n' + ROOT)
    assert status == 0
    assert "zone0.dts:1:" in text
    assert "warning[hvisor-tree]: zone0.dts beside it may be the tree of the root zone" in text
