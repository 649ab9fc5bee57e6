"""What a source calls its resources: macros where a DTB has specifier cells."""

from pathlib import Path

import pytest
from support import word

from scmigen.bindings.facts import ResourceKey
from scmigen.bindings.macros import Macros
from scmigen.bindings.references import References
from scmigen.devicetree.blob import read_blob
from scmigen.devicetree.flatten import flatten
from scmigen.devicetree.load import load, load_board
from scmigen.devicetree.tree import DeviceTree
from scmigen.scmi.protocols import Kind

HEADER = """
#define CK_UART 165
#define CK_SERIAL 165
#define CK_SPI 7
#define CORE 0
#define MOD 1
#define RST_UART 165
#define PD_MEDIA 3
#define PD_ALONE 4
#define SENSOR_CPU 0
#define VOLTD_IO 2
#define EXCLUSIVE 1
#define OTHER 99
#define SAME 99
#define NOTHING 0
"""
BOARD = """/dts-v1/;
#include "soc.h"
/ {
	rcc: rcc { #clock-cells = <1>; #reset-cells = <1>; };
	cpg: cpg { #clock-cells = <2>; };
	ts: ts { #thermal-sensor-cells = <1>; };
	osc: osc { #clock-cells = <0>; };
	ti: ti { compatible = "ti,sci-pm-domain"; #power-domain-cells = <2>; };
	power: power {
		#power-domain-cells = <1>;
		power-domain@3 { reg = <PD_MEDIA>; #power-domain-cells = <0>; };
	};
	pgc {
		alone: power-domain@4 { reg = <PD_ALONE>; #power-domain-cells = <0>; };
	};
	firmware {
		scmi {
			compatible = "arm,scmi-smc";
			protocol@17 {
				reg = <0x17>;
				regulators {
					io: regulator@2 { reg = <VOLTD_IO>; };
				};
			};
		};
	};

	a: serial@1 {
		clocks = <&rcc 165>, <&cpg MOD 702>;
		resets = <&rcc RST_UART>;
		power-domains = <&alone>;
		io-supply = <&io>;
	};
	b: serial@2 {
		clocks = <&rcc CK_UART>, <0>, <&cpg CORE (CK_SPI)>;
		power-domains = <&ti CK_SPI EXCLUSIVE>;
	};
	c: serial@3 {
		clocks = <&rcc CK_SERIAL>, <&cpg 0 9>;
		resets = <&rcc SAME>;
		assigned-clocks = <&osc NOTHING>;
	};
	thermal { thermal-sensors = <&ts SENSOR_CPU>; };
	off: spi@4 { status = "disabled"; assigned-clocks = <&rcc CK_SPI>; };
};
"""
RCC = ResourceKey(Kind.CLOCK, "/rcc", (165,))


@pytest.fixture
def board(tmp_path: Path) -> Path:
    (tmp_path / "soc.h").write_text(HEADER)
    path = tmp_path / "board.dts"
    path.write_text(BOARD)
    return path


def named(tree: DeviceTree, *keys: ResourceKey) -> dict[str, str | None]:
    macros = Macros(References(tree))
    return {word(tree, key): macros.name(key) for key in keys}


def test_by_hand(board: Path) -> None:
    voltage = ResourceKey(Kind.VOLTAGE, "/firmware/scmi/protocol@17", (2,))
    assert named(
        load(board),
        RCC,
        ResourceKey(Kind.CLOCK, "/rcc", (7,)),
        ResourceKey(Kind.CLOCK, "/rcc", (8,)),
        ResourceKey(Kind.RESET, "/rcc", (165,)),
        ResourceKey(Kind.CLOCK, "/cpg", (1, 702)),
        ResourceKey(Kind.CLOCK, "/cpg", (0, 7)),
        ResourceKey(Kind.CLOCK, "/cpg", (0, 9)),
        ResourceKey(Kind.CLOCK, "/osc", ()),
        ResourceKey(Kind.SENSOR, "/ts", (0,)),
        ResourceKey(Kind.POWER, "/ti", (7,)),
        ResourceKey(Kind.POWER, "/power", (3,)),
        ResourceKey(Kind.POWER, "/pgc/power-domain@4", ()),
        voltage,
    ) == {
        # Written as a number first, then as two macros of one number: the first place counts.
        "clock rcc 165": "CK_UART",
        # Only a disabled device uses it.
        "clock rcc 7": "CK_SPI",
        # Nobody uses it.
        "clock rcc 8": None,
        # A reset of the same number has a name of its own.
        "reset rcc 165": "RST_UART",
        # Two cells: each keeps its name, and one without keeps its number.
        "clock cpg 1 702": "MOD 702",
        "clock cpg 0 7": "CORE CK_SPI",
        # A specifier of numbers only has no name, though 0 and 9 are macros elsewhere.
        "clock cpg 0 9": None,
        # What comes after a reference without cells is no part of it.
        "clock osc": None,
        "sensor ts 0": "SENSOR_CPU",
        # The second cell is a flag, which is no part of the resource.
        "power ti 7": "CK_SPI",
        # Nodes that are resources themselves are named by their reg.
        "power power 3": "PD_MEDIA",
        "power alone": "PD_ALONE",
        "voltage /firmware/scmi/protocol@17 2": "VOLTD_IO",
    }


def test_each_cell(board: Path) -> None:
    macros = Macros(References(load(board)))
    assert macros.cells(ResourceKey(Kind.CLOCK, "/cpg", (1, 702))) == ("MOD", None)
    assert macros.cells(ResourceKey(Kind.CLOCK, "/cpg", (0, 7))) == ("CORE", "CK_SPI")
    assert macros.cells(ResourceKey(Kind.CLOCK, "/cpg", (5, 5))) == (None, None)
    # The number in reg is no specifier: a reference to the node has no cells.
    assert macros.cells(ResourceKey(Kind.POWER, "/pgc/power-domain@4", ())) == ()


def test_the_macros_of_a_provider(board: Path) -> None:
    macros = Macros(References(load(board)))
    # CK_SERIAL is the second name of its clock.
    assert macros.written(["/rcc"]) == {
        "CK_UART": 165,
        "CK_SPI": 7,
        "RST_UART": 165,
        "SAME": 99,
    }
    assert macros.written(["/ts", "/power"]) == {"SENSOR_CPU": 0, "PD_MEDIA": 3}
    assert macros.written(["/"]) == {}


def test_a_macro_of_two_numbers_names_no_number(board: Path) -> None:
    """The author redefines it between two uses; each use keeps the name it was written with."""
    text = BOARD.replace("off: spi@4 {", "spi@5 { clocks = <&rcc OTHER>; };\n#undef OTHER\n")
    text = text.replace(
        '\n status = "disabled"; assigned-clocks = <&rcc CK_SPI>; };',
        "\n#define OTHER 98\n\tspi@6 { clocks = <&rcc OTHER>; };",
    )
    board.write_text(text)
    macros = Macros(References(load(board)))
    for number in (98, 99):
        assert macros.name(ResourceKey(Kind.CLOCK, "/rcc", (number,))) == "OTHER"
    assert "OTHER" not in macros.written(["/rcc"])


def test_a_blob_has_none(board: Path) -> None:
    blob = read_blob(flatten(load(board)), "board.dtb")
    macros = Macros(References(blob))
    assert macros.name(RCC) is None
    assert macros.cells(RCC) == (None,)
    assert macros.written(["/rcc"]) == {}


def test_preprocessed_text_without_its_sources_has_none(board: Path) -> None:
    text = BOARD.replace('#include "soc.h"\n', '# 3 "/nowhere/board.dts"\n')
    for line in HEADER.strip().splitlines():
        _, name, number = line.split()
        text = text.replace(f" {name}", f" {number}").replace(f"<{name}", f"<{number}")
    board.write_text(text.replace("(CK_SPI)", "7"))
    assert Macros(References(load(board))).name(RCC) is None


def test_an_overlay_names_what_it_adds(board: Path) -> None:
    overlay = board.with_name("more.dtso")
    overlay.write_text(
        '/dts-v1/;\n/plugin/;\n#include "soc.h"\n'
        "&{/} { more { clocks = <&rcc OTHER>, <&rcc CK_SERIAL>; }; };\n"
    )
    macros = Macros(References(load_board(board, [overlay])))
    assert macros.name(ResourceKey(Kind.CLOCK, "/rcc", (99,))) == "OTHER"
    # /more comes before /serial@2.
    assert macros.name(RCC) == "CK_SERIAL"


def test_a_real_board(corpus: Path) -> None:
    """imx95: the numbers are SCMI's own, and NXP has a name for each."""
    sources = corpus / "tree" / "src" / "arm64"
    include_dirs = [corpus / "tree" / "include", sources / "freescale", sources]
    tree = load(sources / "freescale" / "imx95-19x19-evk.dts", include_dirs)
    scmi = "/firmware/scmi/protocol@"
    assert list(
        named(
            tree,
            ResourceKey(Kind.CLOCK, scmi + "14", (52,)),
            ResourceKey(Kind.POWER, scmi + "11", (14,)),
            ResourceKey(Kind.PERFORMANCE, scmi + "13", (8,)),
            ResourceKey(Kind.SENSOR, scmi + "15", (0,)),
        ).values()
    ) == ["IMX95_CLK_LPUART1", "IMX95_PD_GPU", "IMX95_PERF_A55", None]
