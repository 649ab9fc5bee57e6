"""``scmigen diff`` in every form of its input: one change of each sort, worked out by hand.

From OLD to NEW an I2C controller comes with a clock that sorts first, so that the UART's moves; an
SPI controller goes with its clock; the UART sets a rate, the DMA controller does no more;
and the DMA controller calls its clock otherwise.
"""

from pathlib import Path

import pytest
from support import scmigen

HEAD = '/dts-v1/;\n/ { cru: clock@1000 { compatible = "acme,cru"; #clock-cells = <1>; };\n'
SETS = "assigned-clocks = <&cru %d>; assigned-clock-rates = <1000>;"
OLD = f"""{HEAD}
    serial@2000 {{ compatible = "acme,uart"; clocks = <&cru 4>; }};
    spi@1500 {{ compatible = "acme,spi"; clocks = <&cru 6>; }};
    dma@3000 {{ compatible = "acme,dma"; clocks = <&cru 8>; clock-names = "core"; {SETS % 8} }};
}};"""
NEW = f"""{HEAD}
    i2c@1200 {{ compatible = "acme,i2c"; clocks = <&cru 2>; }};
    serial@2000 {{ compatible = "acme,uart"; clocks = <&cru 4>; {SETS % 4} }};
    dma@3000 {{ compatible = "acme,dma"; clocks = <&cru 8>; clock-names = "bus"; }};
}};"""

#: How a line about a resource, a device or an agent begins.
KINDS = ("clock", "device", "agent")
WHOSE = tuple(f"{agent}: {kind} " for agent in ("ospm", "every agent") for kind in KINDS)

#: Devices by path: dma 0, serial 1, spi 2, and then dma 0, i2c 1, serial 2.
CHANGES = [
    "clock 0 i2c-1200 added: state read (/clock@1000 2)",
    "clock 0 i2c-1200 has the number that serial-2000 had (/clock@1000 2)",
    "clock 1 serial-2000 renumbered, was 0 (/clock@1000 4)",
    "clock 1 serial-2000 allowed: rate (/clock@1000 4)",
    "clock 1 spi-1500 removed: state read (/clock@1000 6)",
    "clock 2 dma-3000-bus renamed, was dma-3000-core (/clock@1000 8)",
    "clock 2 dma-3000-bus denied: rate (/clock@1000 8)",
    "device 1 i2c-1200 added: boot (/i2c@1200)",
    "device 1 i2c-1200 has the number that serial-2000 had (/i2c@1200)",
    "device 2 serial-2000 renumbered, was 1 (/serial@2000)",
    "device 2 spi-1500 removed: boot (/spi@1500)",
]
#: A lock file has numbers and names, and nobody's rights.
OF_LOCKS = [
    line.partition(":")[0] + (f" {line[line.index('(') :]}" if ":" in line else "")
    for line in CHANGES
    if "allowed" not in line and "denied" not in line
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Each of the two as source, blob, build, runtime configuration and lock file."""
    where = tmp_path_factory.mktemp("diff")
    for name, text in (("old", OLD), ("new", NEW)):
        board = where / f"{name}.dts"
        board.write_text(text)
        assert scmigen("convert", board, where / f"{name}.dtb").returncode == 0
        done = scmigen("build", board, "-q", "-o", where / name, "--ids", where / f"{name}.ids")
        assert done.returncode == 0
        (where / f"{name}.json").write_bytes((where / name / "runtime/runtime.json").read_bytes())
    return where


def changes(text: str) -> list[str]:
    """The lines of changes, in an order that has nothing to do with devices."""
    return sorted(line.strip() for line in text.splitlines() if line.strip().startswith(WHOSE))


def in_order(lines: list[str], whose: str = "ospm") -> list[str]:
    return sorted(f"{whose}: {line}" for line in lines)


@pytest.mark.parametrize("new", ["new.dts", "new.dtb", "new", "new.json"])
@pytest.mark.parametrize("old", ["old.dts", "old"])
def test_boards_and_runtime_configurations(folder: Path, old: str, new: str) -> None:
    done = scmigen("diff", folder / old, folder / new)
    assert done.returncode == 3
    assert changes(done.stdout) == in_order(CHANGES)


@pytest.mark.parametrize(("old", "new"), [("old.ids", "new.ids"), ("old.ids", "new.json")])
def test_lock_files(folder: Path, old: str, new: str) -> None:
    done = scmigen("diff", folder / old, folder / new)
    assert done.returncode == 3
    assert changes(done.stdout) == in_order(OF_LOCKS, "every agent")


def test_backwards_what_was_added_is_removed(folder: Path) -> None:
    done = scmigen("diff", folder / "new.json", folder / "old.json")
    assert done.returncode == 3
    assert "ospm: clock 0 i2c-1200 removed: state read (/clock@1000 2)" in done.stdout
    assert "ospm: clock 0 serial-2000 denied: rate (/clock@1000 4)" in done.stdout
    assert "ospm: clock 2 dma-3000-core allowed: rate (/clock@1000 8)" in done.stdout


def test_with_the_old_numbers_only_rights_and_names_change(folder: Path) -> None:
    """The lock keeps numbers and names: nothing has moved, and the exit status is 0."""
    done = scmigen("diff", folder / "old.dts", folder / "new.dts", "--ids", folder / "old.ids")
    assert done.returncode == 0
    assert changes(done.stdout) == in_order(
        [
            "clock 0 serial-2000 allowed: rate (/clock@1000 4)",
            "clock 1 spi-1500 removed: state read (/clock@1000 6)",
            "clock 2 dma-3000-core denied: rate (/clock@1000 8)",
            "clock 3 i2c-1200 added: state read (/clock@1000 2)",
            "device 2 spi-1500 removed: boot (/spi@1500)",
            "device 3 i2c-1200 added: boot (/i2c@1200)",
        ]
    )
