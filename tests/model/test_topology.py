"""What a running system tells of what feeds what: how it joins a tree, and who gets what of it.

The board stands for a SoC whose tree ends at its firmware: the clocks of two devices are named, and
what feeds them is not.
"""

from pathlib import Path

import pytest
from support import TWO_AGENTS, grants, loads, model_of, scmigen, told, written

from scmigen import Model
from scmigen.bindings.facts import ResourceKey
from scmigen.checks.registry import run_checks
from scmigen.devicetree.load import load_board
from scmigen.scmi.protocols import Kind
from scmigen.targets.common.forest import forest
from scmigen.targets.runtime.configuration import to_runtime

HEADER = """\
#define ACME_CLK_OSC 1
#define ACME_CLK_PLL_A 2
#define ACME_CLK_PLL_B 3
#define ACME_CLK_NET 10
#define ACME_CLK_NET_AXI 11
#define ACME_CLK_UART 12
#define ACME_CLK_SAFE 20
"""
BOARD = """\
/dts-v1/;
#include "clocks.h"
/ {
    fw: bpmp { compatible = "nvidia,tegra999-bpmp"; #clock-cells = <1>; };
    net: net@1000 { clocks = <&fw ACME_CLK_NET>, <&fw ACME_CLK_NET_AXI>; };
    uart@2000 { clocks = <&fw ACME_CLK_UART>; };
};
"""
NET = '    access: [{dev: "&net"}]\n'
#: osc feeds both PLLs; net_axi is fed from pll_b over a divider that no header has.
SUMMARY = """\
                                 enable  prepare  protect                                duty
   clock                          count    count    count        rate   accuracy phase  cycle
---------------------------------------------------------------------------------------------
 osc                                  3        3        0    24000000          0     0  50000
    pll_a                             2        2        0   800000000          0     0  50000
       uart                           1        1        0    24000000          0     0  50000
       safe                           1        1        0    24000000          0     0  50000
    pll_b                             1        1        0   500000000          0     0  50000
       net                            1        1        0   125000000          0     0  50000
       pll_b_div4                     1        1        0   125000000          0     0  50000
          net-axi                     1        1        0   125000000          0     0  50000
"""


@pytest.fixture
def board(tmp_path: Path) -> Path:
    written(tmp_path / "clocks.h", HEADER)
    return written(tmp_path / "board.dts", BOARD)


def compiled(board: Path, agents: str, topology: str | None = SUMMARY) -> Model:
    return model_of(load_board(board, [], []), TWO_AGENTS + agents, topology=topology)


def clock(number: int) -> ResourceKey:
    return ResourceKey(Kind.CLOCK, "/bpmp", (number,))


def test_what_feeds_a_devices_clocks_is_visible_and_not_settable(board: Path) -> None:
    assert grants(compiled(board, NET), "b") == {
        "clock fw 10": "state read",
        "clock fw 11": "state read",
        "clock fw 3": "read",
        "clock fw 1": "read",
    }


def test_without_it_the_tree_ends_at_the_controller(board: Path) -> None:
    assert grants(compiled(board, NET, None), "b") == {
        "clock fw 10": "state read",
        "clock fw 11": "state read",
    }


def test_a_clock_that_the_tree_lacks_is_passed_through(board: Path) -> None:
    topology = compiled(board, NET).inventory.topology
    assert list(topology.above(clock(11))) == [clock(3), clock(1)]


def test_a_clock_that_only_feeds_has_the_name_of_the_running_system(board: Path) -> None:
    with_it, without = compiled(board, NET), compiled(board, NET, None)
    found = {r.key: r.name for r in with_it.platforms[0].resources[Kind.CLOCK]}
    before = {r.key: r.name for r in without.platforms[0].resources[Kind.CLOCK]}
    assert {key: found[key].partition("~")[0] for key in before} == {
        key: name.partition("~")[0] for key, name in before.items()
    }
    assert found[clock(1)] == "osc"


def test_the_parent_is_in_the_facts(board: Path) -> None:
    found = {r.key: r for r in compiled(board, NET).platforms[0].resources[Kind.CLOCK]}
    assert found[clock(10)].facts.parents == (clock(3),)


def test_the_rate_of_what_feeds_anothers_clock_needs_an_owner(board: Path) -> None:
    grant = "    grant: [{clock: '&fw 2', operations: [rate]}]\n"
    assert ("error", "rate-shared") in told(compiled(board, NET + grant))
    assert ("error", "rate-shared") not in told(compiled(board, NET + grant, None))
    owner = "platform: {owners: [{clock: '&fw 2', agent: b}]}\n"
    assert ("error", "rate-shared") not in told(compiled(board, NET + grant + owner))


def depends(model: Model) -> list[str]:
    return [item.message for item in run_checks(model) if item.id == "depends-foreign"]


def test_who_may_turn_off_what_feeds_anothers_clock_is_told(board: Path) -> None:
    grant = "    grant: [{clock: '&fw 2', operations: [state]}]\n"
    (message,) = depends(compiled(board, NET + grant))
    assert message.startswith("b may turn off clock <&fw 2>, which in the running system feeds")
    assert depends(compiled(board, NET + grant, None)) == []


@pytest.mark.parametrize(
    "accepted",
    [
        "platform: {owners: [{clock: '&fw 2', agent: b}]}\n",
        "platform: {always-on: [{clock: '&fw 2'}]}\n",
    ],
    ids=["its owner", "always on"],
)
def test_an_owner_or_a_clock_that_is_always_on_is_meant(board: Path, accepted: str) -> None:
    grant = "    grant: [{clock: '&fw 2', operations: [state]}]\n"
    assert depends(compiled(board, NET + grant + accepted)) == []


def test_a_root_that_runs_what_nobody_has_is_told(board: Path) -> None:
    grant = "    grant: [{clock: '&fw 2', operations: [state]}]\n"
    owner = "platform: {owners: [{clock: '&fw 2', agent: b}]}\n"
    found = [i for i in run_checks(compiled(board, NET + grant)) if i.id == "root-unprotected"]
    assert ["feeds 1 running clock of nobody's: safe" in item.message for item in found] == [True]
    again = [i.id for i in run_checks(compiled(board, NET + grant + owner))]
    assert "root-unprotected" not in again


def test_a_number_of_the_bpmp_beats_a_name(board: Path) -> None:
    text = "bpmp/clk/net/id:11\nbpmp/clk/net/parent:x\nbpmp/clk/x/id:3\n"
    topology = compiled(board, NET, text).inventory.topology
    assert list(topology.above(clock(11))) == [clock(3)]
    assert list(topology.above(clock(10))) == []


FAMILIES = {
    "one word in common": (
        ("ACME_CLK_UART", "ACME_PLL"),
        {"uart", "clk_uart", "acme_clk_uart", "pll"},
    ),
    "two words in common": (("ACME_CLK_CLK_M", "ACME_CLK_PLL"), {"clk_m", "acme_clk_clk_m", "pll"}),
    "nothing in common": (("CLK_UART", "PLL"), {"clk_uart", "pll"}),
}


@pytest.mark.parametrize("case", FAMILIES)
def test_a_macro_is_a_name_with_and_without_what_all_begin_with(case: str, tmp_path: Path) -> None:
    macros, names = FAMILIES[case]
    defined = "".join(f"#define {macro} {n}\n" for n, macro in enumerate(macros))
    written(tmp_path / "clocks.h", defined)
    text = (
        '/dts-v1/;\n#include "clocks.h"\n/ { cc: cc { #clock-cells = <1>; }; '
        f"d {{ clocks = <&cc {macros[0]}>; }}; }};"
    )
    tree = load_board(written(tmp_path / "board.dts", text), [], [])
    every = ("uart", "clk_uart", "acme_clk_uart", "pll", "m", "clk_m", "acme_clk_clk_m")
    found = set()
    for name in every:
        topology = model_of(tree, topology=f"clk/{name}/state:1").inventory.topology
        found.update({name} if topology.clocks[0].key is not None else ())
    assert found == names


#: Of two providers that share a header as the i.MX8MP's do: a controller, and a block of audio, of
#: whose macros only those of audio are meant for it.
SHARED = """\
#define ACME_PLL1 1
#define ACME_PLL2 2
#define ACME_CLK_NPU 3
#define ACME_CLK_MMC 4
#define ACME_CLK_AUDIO_SAI1 1
#define ACME_CLK_AUDIO_SAI2 2
#define ACME_RESET_DSP 0
"""
TWO = """/dts-v1/;
#include "clocks.h"
/ { #address-cells = <1>; #size-cells = <1>;
    cc: cc { #clock-cells = <1>; };
    audio: audio { #clock-cells = <1>; #reset-cells = <1>; };
    dsp { clocks = <&audio ACME_CLK_AUDIO_SAI2>; resets = <&audio ACME_RESET_DSP>; };
    sai { clocks = <&audio ACME_CLK_AUDIO_SAI1>; };
    npu { clocks = <&cc ACME_CLK_NPU>; assigned-clocks = <&cc ACME_PLL1>; };
    %s
};
"""
MMC = "mmc@4000 { reg = <0x4000 0x10>; clocks = <&%s 4>; };"
USER = """\
                                 enable  prepare  protect                                duty  \
hardware                            connection
   clock                          count    count    count        rate   accuracy phase  cycle    \
enable   consumer                         id
 %s                                  1       1        0        24000000    0          0     50000  \
    Y   %s                      no_connection_id
"""


@pytest.mark.parametrize(
    ("name", "user", "device", "found"),
    [
        ("npu", "deviceless", "", "/cc 3"),  # written for it
        ("pll1", "deviceless", "", "/cc 1"),  # and audio 1 is written as something else
        ("pll2", "deviceless", "", "/cc 2"),  # nothing of audio is called so
        ("mmc", "deviceless", "", "/cc 4"),
        ("audio_sai1", "deviceless", "", "/audio 1"),
        ("mmc", "4000.mmc", MMC % "audio", "/audio 4"),  # its device beats all of these
        ("mmc", "4000.mmc", MMC % "cc", "/cc 4"),
    ],
)
def test_of_providers_that_share_a_header_the_tree_tells_which(
    name: str, user: str, device: str, found: str, tmp_path: Path
) -> None:
    written(tmp_path / "clocks.h", SHARED)
    tree = load_board(written(tmp_path / "board.dts", TWO % device), [], [])
    (only,) = model_of(tree, topology=USER % (name, user)).inventory.topology.clocks
    assert only.key is not None
    assert f"{only.key.provider} {only.key.cells[0]}" == found


def test_what_the_tree_leaves_open_between_two_providers_is_told(tmp_path: Path) -> None:
    """Both are written with macros that begin alike, and nobody has this one."""
    written(tmp_path / "clocks.h", SHARED)
    text = TWO.replace("ACME_CLK_AUDIO_SAI1", "ACME_CLK_NPU") % ""
    model = model_of(
        load_board(written(tmp_path / "board.dts", text), [], []),
        topology=USER % ("mmc", "deviceless"),
    )
    (only,) = model.inventory.topology.clocks
    assert [key.provider for key in only.choices] == ["/audio", "/cc"]
    assert "topology-ambiguous" in [item.id for item in run_checks(model)]


USED = """\
                                 enable  prepare  protect                                duty  \
hardware                            connection
   clock                          count    count    count        rate   accuracy phase  cycle    \
enable   consumer                         id
 root                                1       1        0        24000000    0          0     50000  \
    Y   deviceless                      no_connection_id
    ser_clk                          1       1        0        24000000    0          0     50000  \
    Y      %s                 %s
                                                                                                   \
           deviceless                      no_connection_id
    root_gate                        1       1        0        24000000    0          0     50000  \
    Y      44000.adc                       no_connection_id
"""
DEVICES = """/dts-v1/; / { #address-cells = <1>; #size-cells = <1>; cc: cc { #clock-cells = <1>; };
    soc { #address-cells = <1>; #size-cells = <1>; ranges = <0 0x40000 0x10000>;
        serial@2000 { reg = <0x2000 0x100>;
            clocks = <&cc 5>, <&cc 6>; clock-names = "bus", "baud"; };
        adc@4000 { reg = <0x4000 0x100>; clocks = <&cc 7>; };
    };
};"""


@pytest.mark.parametrize(
    ("device", "name", "number"),
    [
        ("42000.serial", "baud", 6),
        ("42000.serial", "bus", 5),
        ("42000.serial", "no_connection_id", 5),
        ("2000.serial", "baud", None),
        ("42000.serial", "other", None),
        ("42000.spi", "baud", None),
    ],
)
def test_a_device_that_has_a_clock_tells_which_it_is(device: str, name: str, number: int) -> None:
    """In a blob no macro does. Linux names a device by its address, as the CPU has it."""
    topology = model_of(loads(DEVICES), topology=USED % (device, name)).inventory.topology
    found = {clock.name: clock.key and clock.key.cells for clock in topology.clocks}
    expected = None if number is None else (number,)
    assert found == {"root": None, "ser_clk": expected, "root_gate": (7,)}


def test_who_may_set_a_parent_sees_what_it_may_be() -> None:
    text = (
        "/dts-v1/; / { cc: cc { #clock-cells = <1>; "
        'clock-output-names = "mux", "a", "b", "root"; }; '
        "d { clocks = <&cc 0>; %s }; };"
    )
    feeds = "clk/mux/parent:a\nclk/mux/possible_parents:a b\nclk/a/state:1\nclk/b/parent:root\n"
    feeds += "clk/root/state:1\n"
    sets = "assigned-clocks = <&cc 0>; assigned-clock-parents = <&cc 1>;"
    assert grants(model_of(loads(text % sets), topology=feeds), "ospm") == {
        "clock cc 0": "state parent read",
        "clock cc 1": "read",
        "clock cc 2": "read",
        "clock cc 3": "read",
    }
    assert grants(model_of(loads(text % ""), topology=feeds), "ospm") == {
        "clock cc 0": "state read",
        "clock cc 1": "read",
    }


def test_what_a_clock_can_be_switched_to_is_in_the_configuration() -> None:
    """If anybody may switch it. It starts where it runs, or where the tree says."""
    text = (
        "/dts-v1/; / { cc: cc { #clock-cells = <1>; "
        'clock-output-names = "mux", "a", "b", "c"; }; '
        'd { compatible = "acme,d"; clocks = <&cc 0>; %s }; };'
    )
    feeds = "clk/mux/parent:b\nclk/mux/possible_parents:a b c\n"
    feeds += "clk/a/state:1\nclk/b/state:1\nclk/c/state:1\n"
    needs = 'domains: {a: {id: 1, default: true, scmi: {needs: {"acme,d": {"#0": [%s]}}}}}'

    def mux(agents: str, sets: str = "") -> tuple[tuple[int, ...], int | None]:
        model = model_of(loads(text % sets), agents, topology=feeds)
        (platform,) = model.platforms
        named = {resource.key.cells: resource.number for resource in platform.resources["clock"]}
        clock = to_runtime(platform).clocks[named[0,]]
        number = {value: cells[0] for cells, value in named.items()}
        start = None if clock.parent is None else number[clock.parent]
        return tuple(number[each] for each in clock.parents), start

    assert mux(needs % "parent") == ((1, 2, 3), 2)
    assert mux(needs % "rate") == ((2,), 2)
    sets = "assigned-clocks = <&cc 0>; assigned-clock-parents = <&cc 3>;"
    assert mux(needs % "rate", sets) == ((1, 2, 3), 3)


def test_names_of_the_lock_file_are_found() -> None:
    text = "/dts-v1/; / { cc: cc { #clock-cells = <1>; }; d { clocks = <&cc 5>; }; };"
    lock = (
        "# scmigen identifiers 1\nplatform\tscmi\nclock\t0\tmain\t/cc\t1\nclock\t1\tuart\t/cc\t5\n"
    )
    feeds = "scmi/clock/7/name:uart\nscmi/clock/7/parent:3\nscmi/clock/3/name:main\n"
    topology = model_of(loads(text), lock=lock, topology=feeds).inventory.topology
    key = ResourceKey(Kind.CLOCK, "/cc", (5,))
    assert topology.parent(key) == ResourceKey(Kind.CLOCK, "/cc", (1,))


def test_numbers_of_a_server_are_those_of_the_only_scmi_node() -> None:
    text = (
        '/dts-v1/; / { scmi { compatible = "arm,scmi-virtio"; clk: protocol@14 { reg = <0x14>; '
        "#clock-cells = <1>; }; }; d { clocks = <&clk 5>; }; };"
    )
    feeds = "scmi/clock/5/id:5\nscmi/clock/5/parent:2\nscmi/clock/2/id:2\n"
    model = model_of(loads(text), topology=feeds)
    assert grants(model, "ospm") == {"clock clk 5": "state read", "clock clk 2": "read"}


def test_protected_clocks_are_seen_by_nobody() -> None:
    text = (
        '/dts-v1/; / { cc: cc { #clock-cells = <1>; clock-output-names = "pll", "uart"; '
        "protected-clocks = <0>; }; d { clocks = <&cc 1>; }; };"
    )
    model = model_of(loads(text), topology="clk/uart/parent:pll\nclk/pll/state:1")
    assert list(grants(model, "ospm")) == ["clock cc 1"]


@pytest.mark.usefixtures("board")
def test_the_command_line_and_a_project_file_take_it(tmp_path: Path) -> None:
    written(tmp_path / "agents.yaml", TWO_AGENTS + NET)
    written(tmp_path / "clk_summary", SUMMARY)
    words = ("-a", "agents.yaml", "--topology", "clk_summary")
    typed = scmigen("show", "permissions", "board.dts", *words, cwd=tmp_path)
    assert "pll_b" in typed.stdout
    assert scmigen("why", "b", "&fw 3", "board.dts", *words, cwd=tmp_path).returncode == 0
    words += ("--operation", "state")
    lacking = scmigen("why", "--not", "b", "&fw 3", "board.dts", *words, cwd=tmp_path)
    assert "it feeds what /net@1000 clocks[0] through /bpmp needs" in lacking.stdout
    written(
        tmp_path / "scmigen.toml",
        '[board.x]\nsource = "board.dts"\nagents = ["agents.yaml"]\ntopology = ["clk_summary"]\n',
    )
    assert scmigen("show", "permissions", cwd=tmp_path).stdout == typed.stdout


@pytest.mark.usefixtures("board")
def test_hostile_names_are_text_everywhere(tmp_path: Path) -> None:
    written(tmp_path / "agents.yaml", TWO_AGENTS + NET)
    evil = '</script><b>*/ "; ${X} $(id) \x1b[31m \u202e ::error::no ##[error]no'
    lines = (f"bpmp/clk/10/{said}" for said in ("id:10", f"name:{evil}", "parent:3"))
    others = (f"bpmp/clk/3/{said}" for said in ("id:3", f"name:{evil}", "parent:x"))
    written(tmp_path / "clocks", "\n".join((*lines, *others, f"bpmp/clk/x/name:{evil}x")))
    words = ("-a", "agents.yaml", "--topology", "clocks")
    outputs = "runtime,permissions,headers,trees,scp"
    built = scmigen("build", "board.dts", *words, "-o", "out", "--emit", outputs, cwd=tmp_path)
    checked = scmigen("check", "board.dts", *words, cwd=tmp_path)
    assert built.returncode == 0, built.stderr
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert len(files) > 20
    told = [built.stdout, built.stderr, checked.stdout]
    for text in (*told, *(path.read_text() for path in files)):
        for bad in ("\x1b", "\u202e", "\n::error", "##[error]"):
            assert bad not in text
    for path in files:
        assert "</script><b>" not in path.read_text(), path
        assert '*/ "' not in path.read_text(), path
    assert "</script><b>" in (tmp_path / "clocks").read_text()


@pytest.mark.usefixtures("board")
def test_a_file_that_is_none_is_an_error_with_its_line(tmp_path: Path) -> None:
    written(tmp_path / "broken", "clk/a/parent:b\nwhat\n")
    found = scmigen("check", "board.dts", "--topology", "broken", cwd=tmp_path)
    assert found.returncode == 1
    assert "broken:2:1: error[topology-file]" in found.stdout


@pytest.mark.usefixtures("board")
def test_a_build_is_made_again_when_it_changes(tmp_path: Path) -> None:
    written(tmp_path / "clk_summary", SUMMARY)
    words = ("-o", "out", "--depfile", "out.d", "--topology", "clk_summary", "-q")
    assert scmigen("build", "board.dts", *words, cwd=tmp_path).returncode == 0
    assert "clk_summary" in (tmp_path / "out.d").read_text()


def test_what_feeds_a_clock_of_the_platform_stays_on(board: Path) -> None:
    """No agent has the clocks of ``&net``, so that they have no numbers; pll_b, which feeds them,
    is an agent's by hand."""
    agents = '    grant: [{clock: "&fw 3", operations: [state]}]\nplatform: {devices: ["&net"]}\n'
    (platform,) = compiled(board, agents).platforms
    kept = {r.key.cells: r.facts.always_on for r in platform.resources[Kind.CLOCK]}
    assert kept[(3,)]
    assert not kept[(12,)]


def edges(model: Model) -> set[tuple[str, str]]:
    nodes = forest(model.platforms[0], Kind.CLOCK)
    return {(nodes[n.parent].source, n.source) for n in nodes if n.parent is not None}


def test_the_trees_have_the_edges_of_the_running_system(board: Path) -> None:
    """Of SUMMARY, by hand: the divider that no header has is passed through."""
    fed = {("1", "2"), ("1", "3"), ("2", "12"), ("3", "10"), ("3", "11")}
    assert {(f"&fw {a}", f"&fw {b}") for a, b in fed} <= edges(compiled(board, NET))
    ends = {("bpmp", f"&fw {number}") for number in (10, 11, 12)}
    assert edges(compiled(board, NET, None)) == ends, "without it, at the provider"
