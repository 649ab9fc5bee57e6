"""``name-differs`` where agents' own trees call a resource differently, each other or the board."""

import pytest
from support import loads

from scmigen import Text
from scmigen import compile as compile_board

#: Every tree has the same two devices; the channel, the names and who has a device differ.
TREE = """/dts-v1/; / { #address-cells = <1>; #size-cells = <1>;
    firmware { scmi { compatible = "arm,scmi-smc"; arm,smc-id = <ID>; shmem = <&shm>;
        #address-cells = <1>; #size-cells = <0>;
        protocol@17 { reg = <0x17>; regulators { #address-cells = <1>; #size-cells = <0>;
            r: regulator@3 { reg = <3>; RAIL
                regulator-min-microvolt = <900000>; regulator-max-microvolt = <900000>; }; }; };
    }; };
    shm: sram@1000 { compatible = "arm,scmi-shmem"; reg = <SHM 0x80>; };
    cc: cc@5000 { compatible = "acme,cc"; reg = <0x5000 0x10>; #clock-cells = <1>; CLOCK };
    a@2000 { compatible = "acme,d"; reg = <0x2000 0x10>; clocks = <&cc 1>; x-supply = <&r>; A };
    b@3000 { compatible = "acme,d"; reg = <0x3000 0x10>; clocks = <&cc 1>; x-supply = <&r>; B };
};"""
OFF = 'status = "disabled";'
AGENTS = "domains:\n  one: {id: 1, default: true}\n  two: {id: 2}\nplatform: {managed: ['&cc']}\n"


def tree(rail: str = "", clock: str = "", **words: str) -> str:
    names = {
        "RAIL": f'regulator-name = "{rail}";' if rail else "",
        "CLOCK": f'clock-output-names = "zero", "{clock}";' if clock else "",
    }
    text = TREE
    for word, value in {"ID": "1", "SHM": "0x1000", "A ": "", "B ": "", **names, **words}.items():
        text = text.replace(word, value)
    return text


def told(board: str, one: str, two: str) -> list[tuple[str, str, list[str]]]:
    """Message, file, and files of the places, of each finding."""
    result = compile_board(
        loads(board, "board.dts"),
        agents=[Text("agents.yaml", AGENTS)],
        trees={"one": loads(one, "one.dts"), "two": loads(two, "two.dts")},
    )
    return [
        (
            item.message,
            item.position.file if item.position else "",
            [place.position.file for place in item.related if place.position],
        )
        for item in result.diagnostics
        if item.id == "name-differs"
    ]


OTHER = {"ID": "2", "SHM": "0x1080", "A ": OFF}
SAME = {"A ": OFF}


@pytest.mark.parametrize("channel", [OTHER, SAME], ids=["own-channel", "channel-of-the-board"])
def test_a_tree_and_the_board(channel: dict[str, str]) -> None:
    one = tree("vdd", "ck", **{"B ": OFF})
    found = told(tree("vdd", "ck"), one, tree("vio", "ck", **channel))
    assert found == [
        (
            "voltage </firmware/scmi/protocol@17 3> is called vio for two and vdd on the board; "
            "all agents see vdd",
            "two.dts",
            ["board.dts"],
        )
    ]
    assert told(tree("vdd", "ck"), one, tree("vdd", "ck", **channel)) == []


def test_clocks_of_a_controller_that_trees_have_in_common() -> None:
    one = tree("vdd", "ck", **{"B ": OFF})
    ((message, *_),) = told(tree("vdd", "ck"), one, tree("vdd", "clk", **OTHER))
    assert message == "clock <&cc 1> is called clk for two and ck on the board; all agents see ck"


def test_two_trees_where_the_board_is_silent() -> None:
    """Silence is no name; what agents see is another one, made of the device's."""
    one = tree("vdd", **{"B ": OFF})
    ((message, *places),) = told(tree(), one, tree("vio", **OTHER))
    assert "is called vio for two and vdd for one; all agents see " in message
    assert places == ["two.dts", ["one.dts"]]
    assert told(tree(), one, tree(**OTHER)) == []
