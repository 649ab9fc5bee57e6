"""``scmigen build BOARD OVERLAY…`` makes what it makes of a board that fdtoverlay has merged."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support import scmigen

#: An expansion board: enables a bus of the base, hangs devices on it, changes what is there.
CAMERA = """/dts-v1/;
/plugin/;

&i2c4 {
	clock-frequency = <400000>;
	status = "okay";

	/* Its supply is that of another agent. */
	eeprom@50 {
		status = "disabled";
	};

	camera: camera@3c {
		compatible = "acme,eye5";
		reg = <0x3c>;
		clocks = <&cru 17>, <&xin24m>;
		avdd-supply = <&ldo_adc>;
		vddio-supply = <&reg_3v3>;

		port {
			camera_out: endpoint {
				clock-noncontinuous;
			};
		};
	};
};

&spi1 {
	status = "disabled";
};

&{/} {
	camera_rail: regulator-camera {
		compatible = "regulator-fixed";
		regulator-name = "camera";
		vin-supply = <&ldo_adc>;
	};
};
"""

#: Another one on top of it, which knows the labels of the first.
LENS = """/dts-v1/;
/plugin/;

&i2c4 {
	lens@c {
		compatible = "acme,lens2";
		reg = <0xc>;
		vcc-supply = <&camera_rail>;
		assigned-clocks = <&cru 17>;
		assigned-clock-rates = <24000000>;
	};
};

&camera {
	status = "reserved";
};
"""


def run(*arguments: str | Path, cwd: Path) -> None:
    done = scmigen(*arguments, cwd=cwd)
    assert done.returncode == 0, done.stderr


def files(folder: Path) -> dict[str, bytes]:
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


@pytest.fixture
def boards(tool: Callable[[str], str], examples: Path, tmp_path: Path) -> tuple[Path, Path]:
    """Two folders: one with the board and its overlays, one with what fdtoverlay makes of them."""
    apart, merged = tmp_path / "apart", tmp_path / "merged"
    for folder in (apart, merged):
        folder.mkdir()
        shutil.copy(examples / "agents.yaml", folder)
    run("convert", "-@", examples / "orrery-board.dts", "board.dtb", cwd=apart)
    for name, text in (("camera", CAMERA), ("lens", LENS)):
        (apart / f"{name}.dtso").write_text(text)
        run("convert", "-@", f"{name}.dtso", f"{name}.dtbo", cwd=apart)
    command = [tool("fdtoverlay"), "-i", "board.dtb", "-o", merged / "board.dtb"]
    subprocess.run([*command, "camera.dtbo", "lens.dtbo"], cwd=apart, check=True, timeout=60)
    return apart, merged


@pytest.mark.parametrize("form", ["dtbo", "dtso"])
def test_every_file_is_the_same(boards: tuple[Path, Path], form: str) -> None:
    apart, merged = boards
    options = ("-a", "agents.yaml", "-o", "out", "--emit", "scp,runtime,permissions,headers")
    run("build", "board.dtb", f"camera.{form}", f"lens.{form}", *options, cwd=apart)
    run("build", "board.dtb", *options, cwd=merged)
    ours, theirs = files(apart / "out"), files(merged / "out")
    assert list(ours) == list(theirs)
    if form == "dtbo":
        assert ours == theirs
    # The overlays are in it: a lens that nobody but its overlay knows sets the rate of a clock.
    assert b"lens@c" in b"".join(ours.values())
