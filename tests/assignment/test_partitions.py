"""Manifests of FF-A partitions: their device regions are devices of the board.

The manifests are written here, as TF-A's binding describes them.
"""

from pathlib import Path

import pytest
from support import AGENTS, BOARD, SOC, grants, marked, scmigen, written

from scmigen.assignment.sources import Sources, assign
from scmigen.checks.registry import run_checks
from scmigen.devicetree.source import read_source
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Diagnostic, InputError
from scmigen.model.build import build
from scmigen.model.platform import Model
from scmigen.runtime import Role

#: A bus at 0x40000000 of the CPU; the rng has registers of 0x100 bytes, the flash two regions, the
#: timer's page has the watchdog, too.
DEVICES = """
soc { compatible = "simple-bus"; #address-cells = <1>; #size-cells = <1>;
    ranges = <0 0x40000000 0x1000000>;
    uart: serial@10000 { compatible = "acme,uart"; reg = <0x10000 0x1000>; clocks = <&cc 4>; };
    rng: rng@20000 { compatible = "acme,rng"; reg = <0x20000 0x100>; clocks = <&cc 5>; };
    spi: spi@30000 { compatible = "acme,spi"; reg = <0x30000 0x1000>, <0x40000 0x1000>;
        clocks = <&cc 6>; #address-cells = <1>; #size-cells = <0>;
        tpm: tpm@0 { compatible = "acme,tpm"; reg = <0>; clocks = <&cc 7>; }; };
    big: crypto@100000 { compatible = "acme,crypto"; reg = <0x100000 0x100000>; clocks = <&cc 8>; };
    timer: timer@50000 { compatible = "acme,timer"; reg = <0x50000 0x100>; clocks = <&cc 9>; };
    wdt: watchdog@50800 { compatible = "acme,wdt"; reg = <0x50800 0x100>; clocks = <&cc 10>; };
    mfd: mfd@60000 { compatible = "acme,mfd"; reg = <0x60000 0x1000>; clocks = <&cc 11>;
        #address-cells = <1>; #size-cells = <1>; ranges = <0 0x60000 0x1000>;
        adc: adc@100 { compatible = "acme,adc"; reg = <0x100 0x100>; clocks = <&cc 12>; }; };
    off: i2c@70000 { compatible = "acme,i2c"; reg = <0x70000 0x1000>; clocks = <&cc 13>;
        status = "disabled"; };
};
"""
LINUX = """
domains:
  linux: {id: 1, default: true}
"""


def region(name: str, base: str, pages: int = 1) -> str:
    return f"{name} {{ base-address = <{base}>; pages-count = <{pages}>; attributes = <0x3>; }};"


def manifest(body: str, granule: int | None = None) -> str:
    page = "" if granule is None else f"xlat-granule = <{granule}>;"
    return f"""/dts-v1/;
/ {{
compatible = "arm,ffa-manifest-1.0"; ffa-version = <0x00010001>; id = <0x8001>; {page}
exception-level = <1>; uuid = <1 2 3 4>;
device-regions {{ compatible = "arm,ffa-manifest-device-regions";
{body}
}};
memory-regions {{ compatible = "arm,ffa-manifest-memory-regions";
heap {{ base-address = <0x0 0x40010000>; pages-count = <1>; attributes = <0x3>; }}; }};
}};
"""


def tree(text: str, name: str) -> DeviceTree:
    return read_source(text, name)


def read(manifests: dict[str, str], agents: str | None = LINUX) -> Model:
    own = {name: tree(text, f"{name}.dts") for name, text in manifests.items()}
    files = [] if agents is None else [(AGENTS, agents)]
    return build(*assign(board_64(), Sources(files, own)))


def board_64() -> DeviceTree:
    """The board, whose root has two cells for an address."""
    return board_64_with("")


def board_64_with(device: str) -> DeviceTree:
    """The board with another device on its bus."""
    return tree(
        "/dts-v1/;\n/ {\n#address-cells = <2>; #size-cells = <2>;\n"
        + DEVICES.replace("rng: rng@", f"{device} rng: rng@").replace(
            "ranges = <0 0x40000000 0x1000000>", "ranges = <0 0 0x40000000 0x1000000>"
        )
        + "sys { #address-cells = <1>; #size-cells = <1>;"
        + SOC
        + "};\n};\n",
        BOARD,
    )


def owner(made: Model, label: str) -> list[str]:
    node = made.inventory.tree.labels[label]
    return [agent.name for agent in made.owners.of(node).agents]


def error(manifests: dict[str, str], agents: str | None = LINUX) -> tuple[Diagnostic, ...]:
    with pytest.raises(InputError) as caught:
        read(manifests, agents)
    return caught.value.diagnostics


REGIONS = {
    "all of a device": (region("a", "0x0 0x40010000"), ["uart"]),
    "a page around registers": (region("a", "0x0 0x40020000"), ["rng"]),
    "one of two regions": (region("a", "0x0 0x40040000"), ["spi", "tpm"]),
    "more pages than registers": (region("a", "0x0 0x40010000", 8), ["uart"]),
    "a part of registers": (region("a", "0x0 0x40180000"), ["big"]),
    "a device and its parts": (region("a", "0x0 0x40060000"), ["mfd", "adc"]),
    "a disabled device": (region("a", "0x0 0x40070000"), ["off"]),
    "two regions of one device": (
        region("a", "0x0 0x40030000") + region("b", "0x0 0x40040000"),
        ["spi", "tpm"],
    ),
    "one whole region of two": (region("a", "0x0 0x40030000", 8), ["spi", "tpm"]),
    "two devices": (region("a", "0x0 0x40010000") + region("b", "0x0 0x40020000"), ["uart", "rng"]),
    "none": ("", []),
}
LABELS = ("uart", "rng", "spi", "tpm", "big", "timer", "wdt", "mfd", "adc")


@pytest.mark.parametrize("case", REGIONS)
def test_a_region_gives_the_device_in_it_to_the_partition(case: str) -> None:
    body, expected = REGIONS[case]
    made = read({"sp": manifest(body)})
    assert [label for label in (*LABELS, "off") if "sp" in owner(made, label)] == expected
    assert all(owner(made, label) == ["linux"] for label in LABELS if label not in expected)


def test_it_is_granted_what_the_device_needs() -> None:
    made = read({"sp": manifest(region("a", "0x0 0x40010000") + region("b", "0x0 0x40070000"))})
    assert grants(made, "sp") == {"clock cc 4": "state read", "clock cc 13": "state read"}
    assert "clock cc 4" not in grants(made, "linux")


def test_a_partition_is_of_the_secure_world() -> None:
    made = read({"sp": manifest(region("a", "0x0 0x40010000"))})
    assert {agent.name: agent.role for agent in made.assignment.agents}["sp"] is Role.SECURE


def test_without_an_agents_file_an_operating_system_has_the_rest() -> None:
    made = read({"sp": manifest(region("a", "0x0 0x40010000"))}, agents=None)
    assert [agent.name for agent in made.assignment.agents] == ["ospm", "sp"]
    assert (owner(made, "uart"), owner(made, "rng")) == (["sp"], ["ospm"])


def test_two_partitions_have_devices_each() -> None:
    made = read(
        {
            "sp1": manifest(region("a", "0x0 0x40010000")),
            "sp2": manifest(region("a", "0x0 0x40020000")),
        }
    )
    assert (owner(made, "uart"), owner(made, "rng")) == (["sp1"], ["sp2"])


def test_beside_the_tree_of_an_agent() -> None:
    linux = '/dts-v1/; / { soc { rng: rng@20000 { compatible = "acme,rng"; }; }; };'
    made = read({"linux": linux, "sp": manifest(region("a", "0x0 0x40010000"))}, None)
    assert (owner(made, "uart"), owner(made, "rng")) == (["sp"], ["linux"])


def test_a_page_is_as_large_as_the_manifest_says() -> None:
    made = read({"sp": manifest(region("a", "0x0 0x40020000"), granule=2)})
    assert owner(made, "rng") == ["sp"]
    (found,) = error({"sp": manifest(region("a", "0x0 0x40050000"), granule=2)})[:1]
    assert "0x40050000 to 0x4005ffff" in found.message


def test_a_region_that_is_no_device_is_an_error_where_it_is_written() -> None:
    text, where = marked(
        manifest("a { ^base-address = <0x0 0x50000000>; pages-count = <1>; };"), "sp.dts"
    )
    (found,) = error({"sp": text})
    assert (found.id, found.position) == ("partition-region", where)
    assert "/device-regions/a of sp, 0x50000000 to 0x50000fff, is no device" in found.message


def test_a_region_that_is_two_devices_is_an_error_that_names_both() -> None:
    (found,) = error({"sp": manifest(region("a", "0x0 0x40050000"))})
    assert found.id == "partition-region"
    assert "is 2 devices of the board" in found.message
    assert [item.message for item in found.related] == ["/soc/timer@50000", "/soc/watchdog@50800"]
    assert all(item.position for item in found.related)


def test_a_memory_region_gives_nothing() -> None:
    assert owner(read({"sp": manifest("")}), "uart") == ["linux"]


WRONG = {
    "no address": ("a { pages-count = <1>; };", "/device-regions/a has no base-address"),
    "no size": ("a { base-address = <0 0x40010000>; };", "/device-regions/a has no pages-count"),
    "an address of one cell": (
        "a { base-address = <0x40010000>; pages-count = <1>; };",
        "base-address is two cells, not 1",
    ),
    "an address inside of a page": (
        region("a", "0x0 0x40010800"),
        "base-address is 0x40010800, which is no multiple of the page of 0x1000 bytes",
    ),
    "no pages": (region("a", "0x0 0x40010000", 0), "pages-count is 0"),
    "an address that is a string": (
        'a { base-address = "x"; pages-count = <1>; };',
        "base-address must be cells",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_with_a_region_is_an_error(case: str) -> None:
    body, message = WRONG[case]
    (found,) = error({"sp": manifest(body)})
    assert found.id == "partition-manifest"
    assert message in found.message
    assert found.position is not None
    assert found.position.file == "sp.dts"


def test_regions_are_bounded() -> None:
    body = "".join(region(f"r{n}", "0x0 0x40010000") for n in range(1025))
    (found,) = error({"sp": manifest(body)})
    assert "1025 device regions" in found.message


def test_a_granule_that_does_not_exist_is_an_error() -> None:
    (found,) = error({"sp": manifest("", granule=3)})
    assert "xlat-granule is 0, 1 or 2, not 3" in found.message


def test_regions_that_no_partition_manager_reads_are_an_error() -> None:
    text = manifest(region("a", "0x0 0x40010000"))
    (found,) = error({"sp": text.replace("manifest-device-regions", "manifest-devices")})
    assert found.message.startswith("/device-regions has another compatible")


def test_all_that_is_wrong_is_told_at_once() -> None:
    body = region("a", "0x0 0x50000000") + region("b", "0x0 0x40050000") + region("c", "1 1")
    assert len(error({"sp": manifest(body)})) == 3


def test_against_an_agents_file_it_is_a_conflict() -> None:
    agents = LINUX + '  vm: {id: 2, access: [{dev: "&uart"}]}\n'
    made = read({"sp": manifest(region("a", "0x0 0x40010000"))}, agents)
    assert [agent.name for agent in made.assignment.agents] == ["linux", "vm", "sp"]
    assert "device-conflict" in {item.id for item in run_checks(made)}


def test_the_command_line_takes_it(tmp_path: Path) -> None:
    written(tmp_path / "sp.dts", manifest(region("a", "0x0 0x10000")))
    written(
        tmp_path / "board.dts",
        '/dts-v1/; / { #address-cells = <1>; #size-cells = <1>; cc: cc { compatible = "acme,cc"; '
        '#clock-cells = <1>; }; uart@10000 { compatible = "acme,uart"; reg = <0x10000 0x1000>; '
        "clocks = <&cc 1>; }; };",
    )
    done = scmigen("show", "permissions", "board.dts", "--tree", "sp=sp.dts", cwd=tmp_path)
    assert ["sp", "clock", "0", "uart-10000", "/cc", "1", "state", "read"] in [
        line.split() for line in done.stdout.splitlines()
    ]


def test_a_device_that_is_in_a_region_only_in_part_is_told() -> None:
    """The region is serial@10000's; half of the registers of over@10800 are in it, too."""
    over = 'over: over@10800 { compatible = "acme,over"; reg = <0x10800 0x1000>; };'
    board = board_64_with(over)
    manifests = {"sp": tree(manifest(region("a", "0x0 0x40010000")), "sp.dts")}
    made = build(*assign(board, Sources([(AGENTS, LINUX)], manifests)))
    (told,) = [item for item in run_checks(made) if item.id == "partition-region"]
    assert told.severity.word == "warning"
    assert "is /soc/serial@10000, and has registers of /soc/over@10800 in it" in told.message


def test_a_region_ends_within_64_bits() -> None:
    text = manifest(region("a", "0xffffffff 0xfffff000", 2))
    (found,) = error({"sp": text})
    assert "pages-count of 2 pages ends beyond 2^64" in found.message


@pytest.mark.parametrize(("pages", "more"), [(1, None), (2, "1 page"), (8, "7 pages")])
def test_pages_beyond_the_registers_of_a_device_are_told(pages: int, more: str | None) -> None:
    """Those of the uart are one page; whatever lies behind it, the partition could use."""
    made = read({"sp": manifest(region("a", "0x0 0x40010000", pages))})
    told = [item for item in run_checks(made) if item.id == "partition-region"]
    assert [item.severity.word for item in told] == ([] if more is None else ["note"])
    for item in told:
        end = 0x4000FFFF + pages * 0x1000
        assert item.message == (
            f"/device-regions/a of sp, 0x40010000 to {end:#x}, has {more} without a register of "
            "/soc/serial@10000"
        )
