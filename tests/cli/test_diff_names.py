"""``scmigen diff`` of two boards behind SCMI nodes: names that have another number are told."""

import json
from pathlib import Path

from support import Done, scmigen, written

BOARD = """/dts-v1/;
/ { compatible = "acme,board"; #address-cells = <1>; #size-cells = <1>;
	scmi { compatible = "arm,scmi-virtio"; #address-cells = <1>; #size-cells = <0>;
		clk: protocol@14 { reg = <0x14>; #clock-cells = <1>; };
	};
	uart@1000 { compatible = "acme,uart"; reg = <0x1000 0x100>;
		clocks = <&clk %d>; clock-names = "%s"; };
	spi@2000 { compatible = "acme,spi"; reg = <0x2000 0x100>;
		clocks = <&clk %d>; clock-names = "%s"; };
	mmc@3000 { compatible = "acme,mmc"; reg = <0x3000 0x100>;
		clocks = <&clk 9>; clock-names = "ck_mmc"; };
};
"""
OLD = BOARD % (3, "ck_uart", 5, "ck_spi")


def diff(folder: Path, new: str, *words: str) -> Done:
    written(folder / "old.dts", OLD)
    written(folder / "new.dts", new)
    return scmigen("diff", "old.dts", "new.dts", *words, cwd=folder)


def test_names_that_have_changed_places_are_told(tmp_path: Path) -> None:
    done = diff(tmp_path, BOARD % (5, "ck_uart", 3, "ck_spi"))
    assert "clock 3" in done.stdout  # renamed: by number it is the same
    assert done.stderr.splitlines()[:2] == [
        "new.dts: note[names-moved]: they are compared by number; by its name, clock 3 "
        "(uart-1000-ck_uart) is 5 now",
        "  clock 5 (spi-2000-ck_spi) is 3 now",
    ]
    assert done.returncode == 0


def test_it_is_among_the_problems_of_json(tmp_path: Path) -> None:
    done = diff(tmp_path, BOARD % (5, "ck_uart", 3, "ck_spi"), "--format", "json")
    assert json.loads(done.stdout)["changes"]
    assert [item["id"] for item in json.loads(done.stderr)] == ["names-moved"]


def test_names_that_stay_are_not_told(tmp_path: Path) -> None:
    for new in (OLD, BOARD % (3, "ck_uart", 6, "other")):
        assert "names-moved" not in diff(tmp_path, new).stderr


def test_what_providers_tell_apart_goes_by_them(tmp_path: Path) -> None:
    """Without SCMI nodes, provider and cells are what is compared."""
    plain = OLD.replace('"arm,scmi-virtio"', '"acme,bus"').replace("reg = <0x14>;", "reg = <20>;")
    written(tmp_path / "one.dts", plain)
    written(tmp_path / "two.dts", plain.replace("ck_uart", "x").replace("ck_spi", "ck_uart"))
    assert "names-moved" not in scmigen("diff", "one.dts", "two.dts", cwd=tmp_path).stderr
