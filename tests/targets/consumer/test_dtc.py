"""dtc as the judge: the board with AGENT.dtsi behind it, AGENT.dts, and the board's blob with
AGENT.dtso laid over it are AGENT.dtb."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from consumer_trees import AGENTS, differences, files
from support import source
from turns import one_in

import scmigen
from scmigen.devicetree.blob import read_blob

#: A board with something of every kind, none of which an overlay cannot say.
BOARD = """
    cc: cc@1000 { compatible = "acme,cc"; reg = <0x1000>; #clock-cells = <1>; };
    rc: rc@4000 { compatible = "acme,rc"; reg = <0x4000>; #reset-cells = <2>; };
    rails { compatible = "acme,rails"; vdd: vdd { regulator-always-on;
        regulator-min-microvolt = <700000>; regulator-max-microvolt = <900000>; }; };
    dev: dev@2000 { compatible = "d"; reg = <0x2000>; clocks = <0>, <&cc 4>; resets = <&rc 4 5>;
        core-supply = <&vdd>; assigned-clocks = <&cc 9>; assigned-clock-rates = <100000000>; };
    their: their@3000 { compatible = "d"; reg = <0x3000>; clocks = <&cc 1>; };
"""
#: What it takes to say by deleting.
TABLE = """
    table: table { compatible = "operating-points-v2"; slow { opp-hz = /bits/ 64 <100000000>; }; };
    noc@5000 { compatible = "d"; reg = <0x5000>; clocks = <&cc 7>;
               operating-points-v2 = <&table>; };
"""
OPTIONS = {
    "host": "",
    "removed": "outputs: {consumer: {others: removed}}",
    "guest": "outputs: {consumer: {for: guest}}",
}


@pytest.fixture
def dtc(tool: Callable[[str], str], tmp_path: Path) -> Callable[..., bytes]:
    program = tool("dtc")

    def run(text: str, *options: str) -> bytes:
        made = tmp_path / "made.dtb"
        # As scmigen: the boot CPU is the board's, and not guessed from what is left of it.
        command = [program, "-q", "-b", "0", "-O", "dtb", "-o", str(made), *options, "-"]
        subprocess.run(command, input=text, text=True, check=True, timeout=60)
        return made.read_bytes()

    return run


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("body", [BOARD, BOARD + TABLE], ids=["overwritten", "deleted"])
def test_text_and_blob_are_one_tree(dtc: Callable[..., bytes], body: str, option: str) -> None:
    made = files(body, AGENTS + OPTIONS[option])
    for agent in ("linux", "vm"):
        assert dtc(source(body) + made[f"{agent}.dtsi"].decode()) == made[f"{agent}.dtb"]
        assert dtc(made[f"{agent}.dts"].decode()) == made[f"{agent}.dtb"]


def test_the_blob_of_a_board_gives_the_same_tree(dtc: Callable[..., bytes], tmp_path: Path) -> None:
    blob = tmp_path / "board.dtb"
    blob.write_bytes(dtc(source(BOARD + TABLE), "-@"))
    result = scmigen.compile(blob, agents=[scmigen.Text("agents.yaml", AGENTS)])
    from_blob = {
        Path(file.path).name: file.content for file in scmigen.emit(result, ["consumer"]).files
    }
    from_source = files(BOARD + TABLE)
    for agent in ("linux", "vm"):
        one, other = (read_blob(each[f"{agent}.dtb"], agent) for each in (from_blob, from_source))
        assert differences(one, other) == []


def test_an_overlay_makes_the_same_tree(
    dtc: Callable[..., bytes], tool: Callable[[str], str], tmp_path: Path
) -> None:
    fdtoverlay = tool("fdtoverlay")
    made = files(BOARD)
    (tmp_path / "base.dtb").write_bytes(dtc(source(BOARD), "-@"))
    for agent in ("linux", "vm"):
        (tmp_path / "over.dtbo").write_bytes(dtc(made[f"{agent}.dtso"].decode(), "-@"))
        names = [str(tmp_path / name) for name in ("base.dtb", "out.dtb", "over.dtbo")]
        subprocess.run([fdtoverlay, "-i", names[0], "-o", *names[1:]], check=True, timeout=60)
        laid = read_blob((tmp_path / "out.dtb").read_bytes(), "out.dtb")
        assert differences(laid, read_blob(made[f"{agent}.dtb"], agent)) == []


def test_an_overlay_of_a_board_that_stays_as_it_is_is_one(dtc: Callable[..., bytes]) -> None:
    body = """
    firmware { scmi { compatible = "arm,scmi-virtio"; #address-cells = <1>; #size-cells = <0>;
        protocol@12 { reg = <0x12>; }; clk: protocol@14 { reg = <0x14>; #clock-cells = <1>; }; }; };
    dev@2000 { compatible = "d"; reg = <0x2000>; clocks = <&clk 3>; };
    """
    made = files(body, "domains: {linux: {id: 1, default: true, scmi: {role: ospm}}}")
    assert made["linux.dtb"] == dtc(source(body))
    assert dtc(made["linux.dtso"].decode(), "-@")
    assert b"Nothing has to change" in made["linux.dtsi"]


def test_there_is_no_overlay_where_something_goes() -> None:
    made = files(BOARD + TABLE)
    assert "linux.dtso" not in made
    assert b"There is no .dtso beside it" in made["linux.dtsi"]
    # The table is linux's.
    assert "vm.dtso" in made


def test_a_comment_behind_an_entry_is_the_name_over_scmi() -> None:
    text = files(BOARD)["linux.dtsi"].decode()
    assert re.search(r"resets = <&scmi_rst 0>; /\* dev-2000, &rc 4 5 \*/", text)
    assert "core-supply = <&scmi_vdd>; /* vdd */" in text


def test_a_comment_has_the_boards_own_reference_with_its_macro(tmp_path: Path) -> None:
    (tmp_path / "soc.h").write_text("#define PLL_800M 9\n#define RST_DEV 4\n")
    board = tmp_path / "board.dts"
    used = BOARD.replace("<&cc 9>", "<&cc PLL_800M>").replace("<&rc 4 5>", "<&rc RST_DEV 5>")
    board.write_text('#include "soc.h"\n' + source(used))
    result = scmigen.compile(board, agents=[scmigen.Text("agents.yaml", AGENTS)])
    (text,) = [
        file.content.decode()
        for file in scmigen.emit(result, ["consumer"]).files
        if file.path.endswith("linux.dtsi")
    ]
    notes = {line.split(" = ")[0].strip(): line.partition("/* ")[2] for line in text.splitlines()}
    assert notes["resets"].endswith(", &rc RST_DEV 5 */")
    assert notes["assigned-clocks"].endswith(", &cc PLL_800M */")


def test_the_whole_tree_has_an_entry_of_a_list_between_brackets() -> None:
    """Also an empty one, and what the platform does not drive."""
    body = BOARD.replace("<&rc 4 5>", "<&local 1 2>, <0>, <&local 3 4>, <0>, <0>")
    body += """local: local@6000 { compatible = "l"; reg = <0x6000>; #reset-cells = <2>;
        #clock-cells = <1>; clocks = <&cc 3>, <&cc 4>; };"""
    agents = AGENTS + 'platform: {local: ["&local"]}'
    text = files(body, agents)["linux.dts"].decode()
    assert "resets = <&local 0x1 0x2>, <0x0>, <&local 0x3 0x4>, <0x0>, <0x0>;" in text
    assert re.search(r"clocks = <0x0>, <&scmi_clk 0x\d>;", text)
    assert re.search(r"clocks = <&scmi_clk 0x\d>, <&scmi_clk 0x\d>;", text)


def test_trees_without_nodes_give_no_warnings(tool: Callable[[str], str], tmp_path: Path) -> None:
    program = tool("dtc")
    body = (
        "#address-cells = <1>; #size-cells = <0>;"
        + BOARD.replace("reg = <0x2000>;", "reg = <0x2000>; phys = <&phy>;")
        + """
    cpus { #address-cells = <1>; #size-cells = <0>; cpu@0 { device_type = "cpu"; reg = <0>; }; };
    box { #address-cells = <1>; #size-cells = <0>; phy: phy { #phy-cells = <0>; };
          one@1 { compatible = "u"; reg = <1>; }; };
    """
    )
    made = files(body, AGENTS + OPTIONS["guest"])
    for text in (source(body) + made["linux.dtsi"].decode(), made["linux.dts"].decode()):
        command = [program, "-O", "dtb", "-o", str(tmp_path / "out.dtb"), "-"]
        done = subprocess.run(command, input=text, text=True, capture_output=True, check=True)
        assert done.stderr == ""


def test_two_runs_make_the_same_bytes() -> None:
    assert files(BOARD + TABLE) == files(BOARD + TABLE)


#: Boards of which dtc leaves out nodes that nothing refers to (/omit-if-no-ref/): it counts the
#: phandles in these nodes before.
OMITS = frozenset({"rk3588-rock-5b"})


def test_real_boards_with_what_is_to_include(
    dtc: Callable[..., bytes], corpus: Path, name: str
) -> None:
    board = corpus / f"{name}.dts"
    agents = corpus / "agents" / f"{name}.yaml"
    result = scmigen.compile(board, agents=[agents] if agents.is_file() else [])
    made = {file.path: file.content for file in scmigen.emit(result, ["consumer"]).files}
    for path in [path for path in made if path.endswith(".dtsi")]:
        stem = path.removesuffix(".dtsi")
        together = dtc(board.read_text() + made[path].decode())
        assert dtc(made[f"{stem}.dts"].decode()) == made[f"{stem}.dtb"]
        if name in OMITS:
            trees = [read_blob(blob, stem) for blob in (together, made[f"{stem}.dtb"])]
            assert differences(*trees) == []
        else:
            assert together == made[f"{stem}.dtb"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "name" in metafunc.fixturenames:
        boards = Path(__file__).resolve().parents[4] / "shared" / "corpus"
        names = sorted(path.stem for path in boards.glob("*.dts"))
        metafunc.parametrize("name", one_in(3, names or ["none"]))
