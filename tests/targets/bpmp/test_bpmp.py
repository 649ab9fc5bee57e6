"""What the proxy of NVIDIA's BPMP is told, read back from dtc's blob, the Nix file and the JSON."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from divided_boards import blob_of, compiled
from fdt_walk import walk
from support import model_of, source, tree_of, written
from support import scmigen as scmigen_command

import scmigen
from scmigen import Diagnostic, Platform
from scmigen.pipeline import emit_outputs
from scmigen.targets.make import make

BOARD = "tegra234-p3737-0000_p3701-0000"
BPMP = """
bpmp: bpmp { compatible = "nvidia,tegra234-bpmp", "nvidia,tegra186-bpmp";
             #clock-cells = <1>; #reset-cells = <1>; #power-domain-cells = <1>; };
cc: clock-controller@1000 { compatible = "acme,cc"; reg = <0x1000>; #clock-cells = <1>; };
a@5000 { compatible = "a"; clocks = <&bpmp 300>, <&bpmp 7>; resets = <&bpmp 9>;
         assigned-clocks = <&bpmp 300>; assigned-clock-rates = <5>; power-domains = <&bpmp 3>; };
b@6000 { compatible = "b"; clocks = <&bpmp 7>; resets = <&bpmp 2>; };
"""
AGENTS = """domains:
  host: {id: 1, scmi: {role: hypervisor}, default: true}
  one: {id: 2, scmi: {role: vm}, access: [{dev: /a@5000}]}
"""
#: Name and number of each command that acts on an id: Linux ``include/soc/tegra/bpmp-abi.h``.
ABI = {
    "MRQ_RESET": (20, {"ASSERT": 1, "DEASSERT": 2, "MODULE": 3}),
    "MRQ_CLK": (
        22,
        {
            "GET_RATE": 1,
            "SET_RATE": 2,
            "ROUND_RATE": 3,
            "GET_PARENT": 4,
            "SET_PARENT": 5,
            "IS_ENABLED": 6,
            "ENABLE": 7,
            "DISABLE": 8,
            "GET_ALL_INFO": 14,
            "GET_FMAX_AT_VMIN": 16,
        },
    ),
    "MRQ_PG": (66, {"SET_STATE": 1, "GET_STATE": 2, "GET_NAME": 3}),
}
PREFIX = {"MRQ_RESET": "CMD_RESET_", "MRQ_CLK": "CMD_CLK_", "MRQ_PG": "CMD_PG_"}
Lists = dict[str, list[int]]


def made(body: str, agents: str) -> tuple[dict[str, bytes], list[Diagnostic]]:
    files, found, *_ = emit_outputs(model_of(tree_of(body), agents), ["bpmp"], explicit=True)
    return {file.path: file.content for file in files}, list(found)


def rights(text: bytes) -> dict[str, dict[str, list[int]]]:
    """Guest → command without its prefix → ids; the numbers are those of the ABI."""
    found: dict[str, dict[str, list[int]]] = {}
    for guest in json.loads(text)["guests"]:
        mine = found[guest["name"]] = {}
        for message in guest["messages"]:
            number, commands = ABI[message["name"]]
            assert message["number"] == number
            for command in message["commands"]:
                word = command["name"].removeprefix(PREFIX[message["name"]])
                assert command["number"] == commands[word]
                mine[word] = command["ids"]
    return found


def test_a_guest_may_do_what_it_is_granted_command_by_command() -> None:
    """By hand: clock 7 is the host's as well, so that it is not the guest's to switch off; 300
    has a rate that the guest sets."""
    files, _ = made(BPMP, AGENTS)
    assert rights(files["bpmp/rights.json"]) == {
        "one": {
            **{key: [9] for key in ("ASSERT", "DEASSERT", "MODULE")},
            **{key: [7, 300] for key in ("GET_RATE", "GET_PARENT", "IS_ENABLED")},
            **{key: [7, 300] for key in ("GET_ALL_INFO", "GET_FMAX_AT_VMIN", "ENABLE")},
            **{key: [300] for key in ("SET_RATE", "ROUND_RATE", "DISABLE")},
            **{key: [3] for key in ("SET_STATE", "GET_STATE", "GET_NAME")},
        }
    }
    (guest,) = json.loads(files["bpmp/rights.json"])["guests"]
    assert guest["protected"] == {"MRQ_CLK": [7]}


def test_each_guest_has_a_list_of_its_own() -> None:
    agents = AGENTS + "  two: {id: 3, scmi: {role: vm}, access: [{dev: /b@6000}]}\n"
    files, _ = made(BPMP, agents)
    text = files["bpmp/bpmp-host-proxy.dtsi"].decode()
    found = re.findall(
        r'device-name = "(.*)";|allowed-(\S+) = ((?:<.*\n?\s*)+?)\t\t', text + "\t\t"
    )
    names = [name for name, _, _ in found if name]
    assert names == ["bpmp-host-one", "bpmp-host-two"]
    allowed = [re.findall(r"<(\d+)>", body) for _, _, body in found if body]
    assert allowed[0] == ["7", "300"]


def test_a_proxy_with_one_list_is_told_of() -> None:
    """Ghaf's of 2026-08 reads each node into the same list: the first guest has the last one's."""
    two = "  two: {id: 3, scmi: {role: vm}, access: [{dev: /b@6000}]}\n"
    for agents, count in ((AGENTS, 0), (AGENTS + two, 1)):
        _, found = made(BPMP, agents)
        notes = [item.message for item in found if item.id == "bpmp-one"]
        assert len(notes) == count
        assert all("2 guests have a list each" in note and "that of two" in note for note in notes)


def test_what_is_not_the_bpmps_is_left_out_and_told() -> None:
    body = BPMP + 'c@7000 { compatible = "c"; clocks = <&cc 4>, <&bpmp 5>; resets = <&bpmp 6>; };'
    files, found = made(body, AGENTS.replace("/a@5000", "/c@7000"))
    assert rights(files["bpmp/rights.json"])["one"]["ENABLE"] == [5]
    (left,) = [item for item in found if item.id == "bpmp-kind"]
    assert "1 clock resource of one is left out" in left.message


def test_a_guest_without_a_reset_is_an_error() -> None:
    """The proxy's probe fails on an empty list of clocks or of resets."""
    body = BPMP.replace("resets = <&bpmp 9>;", "")
    files, found = made(body, AGENTS)
    (error,) = [item for item in found if item.id == "bpmp-lacks"]
    assert error.message.startswith("one has no reset of the BPMP")
    assert not files


def test_more_ids_than_the_proxy_keeps_are_an_error() -> None:
    many = ", ".join(f"<&bpmp {1000 + number}>" for number in range(257))
    _, found = made(BPMP.replace("clocks = <&bpmp 300>, <&bpmp 7>", f"clocks = {many}"), AGENTS)
    assert "bpmp-limit" in [item.id for item in found]


def test_a_board_without_a_bpmp_has_no_lists() -> None:
    body = BPMP.replace("nvidia,tegra186-bpmp", "acme,bpmp").replace("nvidia,tegra234", "acme")
    files, found = made(body, AGENTS)
    assert "bpmp-empty" in [item.id for item in found]
    assert not files


# --- Jetson AGX Orin

#: The ethernet for a VM, as Ghaf has it: ids of Linux' own tree, counted by hand.
NET = {
    "clock": [248, 357, 361, 369, 373, 374, 375, 376, 377, 379, 380, 381],
    "reset": [45, 46],
    "power": [18],
}
ORIN = """domains:
  host: {id: 1, default: true, scmi: {role: hypervisor}}
  net-vm: {id: 2, scmi: {role: vm}, access: [{dev: "/bus@0/ethernet@6800000"}]}
"""
NAMES = {"clock": "clocks", "reset": "resets", "power": "power-domains"}
NIX = {"clock": "clocks", "reset": "resets", "power": "powerDomains"}


@pytest.fixture(scope="module")
def orin(corpus: Path) -> dict[str, bytes]:
    (platform,) = compiled(scmigen.load(corpus / f"{BOARD}.dts"), ORIN)
    return {file.path: file.content for file in make(platform, "bpmp").files}


def in_blob(data: bytes, guest: str) -> Lists:
    blob, path = walk(data), f"/bpmp-host-proxy-{guest}"
    assert blob.strings(path, "device-name") == [f"bpmp-host-{guest}"]
    return {kind: list(blob.cells(path, f"allowed-{name}")) for kind, name in NAMES.items()}


def in_nix(text: str, guest: str) -> Lists:
    _, _, mine = text.partition(f'"{guest}" = {{')
    mine = re.sub("#.*", "", mine.partition("  };")[0])
    return {
        kind: [int(word) for word in re.findall(rf"{name} = \[([^]]*)\]", mine)[0].split()]
        for kind, name in NIX.items()
    }


def test_the_lists_of_a_net_vm(
    orin: dict[str, bytes], corpus: Path, tmp_path: Path, tool: Callable[[str], str]
) -> None:
    include = orin["bpmp-host-proxy.dtsi"]
    data = blob_of(corpus / f"{BOARD}.dts", include, tmp_path, tool)
    assert in_blob(data, "net-vm") == NET
    assert in_nix(orin["consumers.nix"].decode(), "net-vm") == NET


DAMAGES: dict[str, Callable[[str], str]] = {
    "dropped": lambda text: re.sub(r"<248>,.*\n\t*", "", text, count=1),
    "off by one": lambda text: text.replace("<374>", "<375>"),
    "swapped": lambda text: text.replace("<45>", "<0>").replace("<46>", "<45>"),
    "another list": lambda text: text.replace("allowed-resets", "allowed-power-domains", 1),
    "another guest": lambda text: text.replace("bpmp-host-net-vm", "bpmp-host-net"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_seen(
    damage: str,
    orin: dict[str, bytes],
    corpus: Path,
    tmp_path: Path,
    tool: Callable[[str], str],
) -> None:
    text = orin["bpmp-host-proxy.dtsi"].decode()
    changed = DAMAGES[damage](text)
    assert changed != text
    data = blob_of(corpus / f"{BOARD}.dts", changed.encode(), tmp_path, tool)
    try:
        found = in_blob(data, "net-vm")
    except AssertionError:
        return
    assert found != NET


def granted(platform: Platform, agent: str, kind: str) -> list[int]:
    runtime = json.loads(
        next(f.content for f in make(platform, "runtime").files if f.path == "runtime.json")
    )
    lists = {"clock": "clocks", "reset": "reset_domains", "power": "power_domains"}
    known = {each["id"]: each for each in runtime.get(lists[kind], ())}
    (mine,) = [each for each in runtime["agents"] if each["name"] == agent]
    things = [known[grant["resource"]] for grant in mine["grants"].get(kind, ())]
    return sorted(each["cells"][0] for each in things if each["node"].startswith("/bpmp"))


def test_the_whole_board_as_one_guest(
    corpus: Path, tmp_path: Path, tool: Callable[[str], str]
) -> None:
    agents = "domains: {vm: {id: 1, default: true, scmi: {role: vm}}}\n"
    (platform,) = compiled(scmigen.load(corpus / f"{BOARD}.dts"), agents)
    files = {file.path: file.content for file in make(platform, "bpmp").files}
    include = files["bpmp-host-proxy.dtsi"]
    data = blob_of(corpus / f"{BOARD}.dts", include, tmp_path, tool)
    wanted = {kind: granted(platform, "vm", kind) for kind in NAMES}
    assert len(wanted["clock"]) > 60
    assert in_blob(data, "vm") == wanted
    assert in_nix(files["consumers.nix"].decode(), "vm") == wanted


def test_a_name_is_no_more_than_a_name() -> None:
    """An agent's name may be anything printable: here it would be syntax in all three files."""
    agents = AGENTS.replace("  one:", '  "a\\"${x} /\'; }":')
    files, _ = made(BPMP, agents)
    assert b"\tbpmp-host-proxy-a---x--------2 {" in files["bpmp/bpmp-host-proxy.dtsi"]
    assert b'\n  "a---x--------2" = {' in files["bpmp/consumers.nix"]
    (guest,) = json.loads(files["bpmp/rights.json"])["guests"]
    assert guest["name"] == "a\"${x} /'; }"


RUNNING = """
   clock                          count    count    count        rate   accuracy phase  cycle
---------------------------------------------------------------------------------------------
 osc                                  3        3        0    24000000          0     0  50000
    pll                               1        1        0   500000000          0     0  50000
       mac                            1        1        0   125000000          0     0  50000
    uart                              1        1        0    24000000          0     0  50000
"""
DEFINES = """#define ACME_CLK_OSC 91
#define ACME_CLK_PLL 319
#define ACME_CLK_MAC 248
#define ACME_CLK_UART 155
"""


def test_what_feeds_a_guests_clocks_may_be_switched_on_and_not_off(tmp_path: Path) -> None:
    """Linux switches on all that feeds a clock, and gives up where one refuses. The tree does not
    say what does, a running system does."""
    board = BPMP.partition("a@5000")[0] + (
        'a@5000 { compatible = "a"; clocks = <&bpmp ACME_CLK_MAC>; resets = <&bpmp 9>; };'
        'b@6000 { compatible = "b"; clocks = <&bpmp ACME_CLK_UART>; };'
    )
    written(tmp_path / "board.dts", DEFINES + source(board))
    written(tmp_path / "agents.yaml", AGENTS)
    written(tmp_path / "clk_summary", RUNNING)
    done = scmigen_command(
        *("build", "board.dts", "-a", "agents.yaml", "--topology", "clk_summary"),
        *("--emit", "bpmp", "-o", "out", "-q"),
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "out/bpmp/rights.json").read_bytes()
    mine = rights(text)["one"]
    assert mine["ENABLE"] == mine["GET_RATE"] == [91, 248, 319]
    assert mine["DISABLE"] == [248]
    assert "SET_RATE" not in mine
    (guest,) = json.loads(text)["guests"]
    assert guest["protected"] == {"MRQ_CLK": [91, 319]}
    assert in_nix((tmp_path / "out/bpmp/consumers.nix").read_text(), "one")["clock"] == [
        *(91, 248, 319)
    ]


def test_what_is_to_stay_on_is_no_guests_to_switch_off() -> None:
    body = BPMP.replace("<&bpmp 7>;\n", "<&bpmp 8>;\n").replace("b@6000 {", "wdt: b@6000 {")
    body = body.replace("clocks = <&bpmp 7>; resets", "clocks = <&ff>; resets")
    body += """ff: ff { compatible = "fixed-factor-clock"; clocks = <&bpmp 7>; clock-div = <2>;
        clock-mult = <1>; #clock-cells = <0>; };"""
    for platform in (
        '{devices: ["&wdt"]}',
        '{always-on: [{clock: "&bpmp 7"}]}',
    ):
        files, found = made(body, AGENTS + f"platform: {platform}\n")
        rights = json.loads(files["bpmp/rights.json"])
        (one,) = [guest for guest in rights["guests"] if guest["name"] == "one"]
        (clk,) = [message for message in one["messages"] if message["name"] == "MRQ_CLK"]
        ids = {command["name"]: command["ids"] for command in clk["commands"]}
        assert 7 in ids["CMD_CLK_ENABLE"]
        assert 7 not in ids["CMD_CLK_DISABLE"]
        assert 300 in ids["CMD_CLK_DISABLE"]
        shared = [item.message for item in found if item.id == "bpmp-shared"]
        assert any("the platform use" in message for message in shared), (platform, shared)


def test_a_guest_of_two_bpmps_is_an_error() -> None:
    body = BPMP.replace(
        "b@6000",
        'two: bpmp2 { compatible = "nvidia,tegra234-bpmp",'
        ' "nvidia,tegra186-bpmp"; #clock-cells = <1>; #reset-cells = <1>; };\nb@6000',
    )
    body = body.replace("<&bpmp 300>, <&bpmp 7>", "<&bpmp 300>, <&two 300>")
    files, found = made(body, AGENTS)
    assert [item.message for item in found if item.id == "bpmp-several"] == [
        "one has resources of /bpmp, /bpmp2; the proxy serves one"
    ]
    assert not files
