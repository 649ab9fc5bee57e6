"""The verdict of ``scmigen diff``, its groups by device and its forms, worked out by hand."""

import copy
import json
from pathlib import Path

import pytest
from driver_rows import table
from support import scmigen, written

BOARD = """/dts-v1/;
/ {
cc: clock-controller@1000 { compatible = "acme,cc"; reg = <0x1000>; #clock-cells = <1>; };
rc: reset-controller@2000 { compatible = "acme,rc"; reg = <0x2000>; #reset-cells = <1>; };
mmc0: mmc@4000 { compatible = "acme,mmc"; reg = <0x4000>; clocks = <&cc 1>; resets = <&rc 3>; };
uart0: serial@5000 { compatible = "acme,uart"; reg = <0x5000>; clocks = <&cc 2>; };
};
"""
SETS = "assigned-clocks = <&cc 2>; assigned-clock-rates = <1000>; "
HOST = "domains:\n  host: {id: 1, default: true, scmi: {role: ospm}}\n"
VM = "  vm: {id: 2, scmi: {role: vm}, access: [%s]}\n"
CC, RC = "/clock-controller@1000", "/reset-controller@2000"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "b.dts", BOARD)
    written(tmp_path / "sets.dts", BOARD.replace("clocks = <&cc 2>;", f"clocks = <&cc 2>; {SETS}"))
    written(tmp_path / "less.dts", BOARD.replace("clocks = <&cc 2>;", ""))
    written(tmp_path / "none.yaml", HOST + VM % "")
    written(tmp_path / "mmc.yaml", HOST + VM % '{dev: "&mmc0"}')
    return tmp_path


def verdict(*words: str) -> tuple[int, str, dict[str, str]]:
    """Exit status, verdict in all, and verdict by agent."""
    done = scmigen("diff", *words, "--format", "json")
    told = json.loads(done.stdout)
    return done.returncode, told["verdict"], {n: a["verdict"] for n, a in told["agents"].items()}


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("words", "overall", "agents"),
    [
        (["b.dts", "b.dts"], "equal", {}),
        (["b.dts", "sets.dts"], "more permissive", {"ospm": "more permissive"}),
        (["sets.dts", "b.dts"], "less permissive", {"ospm": "less permissive"}),
        (["b.dts", "less.dts"], "less permissive", {"ospm": "less permissive"}),
        (["less.dts", "sets.dts"], "more permissive", {"ospm": "more permissive"}),
        (
            ["b.dts", "b.dts", "--old-agents", "none.yaml", "-a", "mmc.yaml"],
            "incomparable",
            {"host": "less permissive", "vm": "more permissive"},
        ),
    ],
)
def test_verdicts(words: list[str], overall: str, agents: dict[str, str]) -> None:
    assert verdict(*words) == (0, overall, agents)


def test_a_device_that_becomes_assignable(here: Path) -> None:
    """It may go to another agent too: that one gains all, and the one that has it loses nothing."""
    domains = HOST + VM % '{dev: "&mmc0"}'
    written(here / "old.yaml", domains + "  v2: {id: 3, scmi: {role: vm}}\n")
    flags = '{dev: "&mmc0", flags: {assignable: [vm, v2]}}'
    written(here / "new.yaml", HOST + VM % flags + "  v2: {id: 3, scmi: {role: vm}}\n")
    words = ["b.dts", "b.dts", "--old-agents", "old.yaml", "-a", "new.yaml"]
    assert verdict(*words) == (0, "more permissive", {"v2": "more permissive"})
    assert "mmc0: vm → vm, v2 (assignable), 2 resources" in scmigen("diff", *words).stdout


@pytest.mark.usefixtures("here")
def test_text_is_grouped_by_device() -> None:
    done = scmigen("diff", "b.dts", "b.dts", "--old-agents", "none.yaml", "-a", "mmc.yaml")
    assert (done.returncode, done.stderr) == (0, "")
    gains = f"gains reset on reset 0 mmc-4000 ({RC} 3)"
    loses = f"loses reset on reset 0 mmc-4000 ({RC} 3)"
    assert done.stdout.splitlines() == [
        f"permissions: incomparable: vm {gains} and 2 more; host {loses} and 2 more",
        "  host: less permissive",
        f"    {loses}",
        f"    loses state read on clock 0 mmc-4000 ({CC} 1)",
        "    loses device mmc-4000 (boot)",
        "  vm: more permissive",
        f"    {gains}",
        f"    gains state read on clock 0 mmc-4000 ({CC} 1)",
        "    gains device mmc-4000 (boot)",
        "mmc0: host → vm, 2 resources",
        f"  host: clock 0 mmc-4000 removed: state read ({CC} 1)",
        f"  host: reset 0 mmc-4000 removed: reset ({RC} 3)",
        "  host: device 0 mmc-4000 removed: boot (/mmc@4000)",
        f"  vm: clock 0 mmc-4000 added: state read ({CC} 1)",
        f"  vm: reset 0 mmc-4000 added: reset ({RC} 3)",
        "  vm: device 0 mmc-4000 added: boot (/mmc@4000)",
    ]


#: One clock, three devices; the one in the middle sets its rate.
THREE = """/dts-v1/; / {
cc: cc { compatible = "acme,cc"; #clock-cells = <1>; };
a0: a { compatible = "acme,a"; clocks = <&cc 2>; };
b0: b { compatible = "acme,b"; clocks = <&cc 2>; %s};
c0: c { compatible = "acme,c"; clocks = <&cc 2>; };
};
"""


def test_an_operation_is_a_change_of_the_device_that_brought_it(here: Path) -> None:
    """Not of the first one that has the clock, nor of one that only changes hands."""
    written(here / "old.dts", THREE % SETS)
    written(here / "new.dts", THREE % "")
    done = scmigen("diff", "old.dts", "new.dts")
    assert done.stdout.splitlines()[:2] == [
        "permissions: less permissive: ospm loses rate on clock 0 a (/cc 2)",
        "  ospm: less permissive: loses rate on clock 0 a (/cc 2)",
    ]
    assert done.stdout.splitlines()[2:] == [
        "b0: ospm, 1 resource",
        "  ospm: clock 0 a denied: rate (/cc 2)",
    ]
    both = HOST.replace("}}", '}, access: [%s{dev: "&b0", flags: {shared: true}}]}')
    vm = VM % '{dev: "&b0", flags: {shared: true}}'
    owner = 'platform: {owners: [{clock: "&cc 2", agent: %s}]}\n'
    written(here / "old.yaml", both % "" + vm + owner % "host")
    written(here / "new.yaml", both % "" + VM % '{dev: "&c0"}, {dev: "&b0", flags: {shared: true}}'
            + owner % "vm")  # fmt: skip
    done = scmigen("diff", "old.dts", "old.dts", "--old-agents", "old.yaml", "-a", "new.yaml")
    assert done.stdout.splitlines()[7:] == [
        "  vm now affects &a0 of host:",
        "    vm may set the rate of clock <&cc 2>: /b assigned-clocks[0] (old.dts:4:69)",
        "    /a clocks[0] needs it (old.dts:3:42)",
        "c0: host → vm, 1 resource",
        "  host: device 2 c removed: boot (/c)",
        "  vm: device 2 c added: boot (/c)",
        "b0: host, vm, 1 resource",
        "  host: clock 0 a denied: rate (/cc 2)",
        "  vm: clock 0 a allowed: rate (/cc 2)",
    ]


def test_an_explicit_grant_is_no_change_of_a_device(here: Path) -> None:
    written(here / "old.yaml", HOST)
    grant = 'grant: [{clock: "&cc 2", operations: [rate]}]'
    written(here / "new.yaml", HOST.replace("}}", f"}}, {grant}}}"))
    done = scmigen("diff", "b.dts", "b.dts", "--old-agents", "old.yaml", "-a", "new.yaml")
    assert done.stdout.splitlines()[-1] == f"host: clock 1 serial-5000 allowed: rate ({CC} 2)"


def test_what_no_device_brings_comes_last(here: Path) -> None:
    grant = '  host: {id: 1, default: true, scmi: {role: ospm}, grant: [{clock: "&cc 1", %s}]}\n'
    written(
        here / "grant.yaml", "domains:\n" + grant % "operations: [rate]" + VM % '{dev: "&mmc0"}'
    )
    done = scmigen("diff", "b.dts", "b.dts", "--old-agents", "mmc.yaml", "-a", "grant.yaml")
    assert done.returncode == 1  # rate-shared: vm depends on the clock
    assert done.stdout.splitlines()[-1] == (f"host: clock 0 mmc-4000 added: rate read ({CC} 1)")


@pytest.mark.usefixtures("here")
def test_markdown() -> None:
    done = scmigen(
        "diff", "b.dts", "b.dts", "--old-agents", "none.yaml", "-a", "mmc.yaml",
        "--format", "markdown",
    )  # fmt: skip
    on = (
        "reset on reset 0 mmc-4000 (/reset-controller\\@2000 3)<br>"
        "state read on clock 0 mmc-4000 (/clock-controller\\@1000 1)<br>device mmc-4000 (boot)"
    )
    assert done.stdout.splitlines()[:10] == [
        "### SCMI permissions: **incomparable**",
        "",
        "| agent | verdict | gains | loses |",
        "| --- | --- | --- | --- |",
        f"| host | less permissive |  | {on} |",
        f"| vm | more permissive | {on} |  |",
        "",
        "| device | from | to | resources |",
        "| --- | --- | --- | --- |",
        "| mmc0 `/mmc@4000` | host | vm | 2 |",
    ]
    assert "<details><summary>6 changes</summary>" in done.stdout


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("words", "fail_on", "status"),
    [
        (["b.dts", "sets.dts"], ["more-permissive"], 4),
        (["b.dts", "sets.dts"], ["gain"], 4),
        (["b.dts", "sets.dts"], ["incomparable"], 0),
        (["sets.dts", "b.dts"], ["more-permissive", "incomparable", "gain"], 0),
        (["b.dts", "b.dts"], ["more-permissive", "incomparable", "gain"], 0),
        # In all it is incomparable, and vm's part is more permissive.
        (["b.dts", "b.dts", "--old-agents", "none.yaml", "-a", "mmc.yaml"], ["incomparable"], 4),
        (["b.dts", "b.dts", "--old-agents", "none.yaml", "-a", "mmc.yaml"], ["more-permissive"], 4),
        (["b.dts", "b.dts", "--old-agents", "none.yaml", "-a", "mmc.yaml"], ["gain"], 4),
    ],
)
def test_fail_on(words: list[str], fail_on: list[str], status: int) -> None:
    options = [word for name in fail_on for word in ("--fail-on", name)]
    assert scmigen("diff", *words, *options).returncode == status


def test_fail_on_comes_before_a_number_that_moved(here: Path) -> None:
    """In less.dts the only clock of ospm is another one; both have number 0."""
    written(here / "first.dts", BOARD.replace("clocks = <&cc 1>;", ""))
    assert scmigen("diff", "first.dts", "sets.dts").returncode == 3
    assert scmigen("diff", "first.dts", "sets.dts", "--fail-on", "gain").returncode == 4


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("style", ["text", "markdown", "json"])
def test_quiet_leaves_the_exit_status(style: str) -> None:
    words = ["diff", "b.dts", "sets.dts", "-q", "--fail-on", "gain", "--format", style]
    done = scmigen(*words)
    assert (done.returncode, done.stdout, done.stderr) == (4, "", "")
    words[2] = "none.dts"
    done = scmigen(*words)
    assert (done.returncode, done.stdout) == (1, "")
    assert "none.dts" in done.stderr


@pytest.mark.usefixtures("here")
def test_a_lock_file_has_no_permissions() -> None:
    scmigen("build", "b.dts", "-o", "out", "--ids", "ids", "-q")
    done = scmigen("diff", "ids", "ids", "--fail-on", "gain")
    assert done.returncode == 2
    assert "a lock file has none" in done.stderr
    told = json.loads(scmigen("diff", "ids", "out", "--format", "json").stdout)
    assert (told["verdict"], told["agents"], told["changes"]) == (None, {}, [])
    assert scmigen("diff", "ids", "out").stdout == ""


@pytest.mark.parametrize("style", ["text", "markdown", "json"])
def test_a_board_with_errors_is_compared_all_the_same(here: Path, style: str) -> None:
    """Both agents may set the rate of one clock: an error, and who moved is told."""
    both = BOARD.replace("clocks = <&cc 1>;", "clocks = <&cc 2>; " + SETS).replace(
        "<0x5000>; clocks = <&cc 2>;", "<0x5000>; clocks = <&cc 2>; " + SETS
    )
    written(here / "bad.dts", both)
    done = scmigen(
        "diff", "b.dts", "bad.dts", "-a", "mmc.yaml", "--fail-on", "gain", "--format", style
    )
    assert done.returncode == 1
    assert "rate-shared" in done.stderr
    if style == "json":
        told = json.loads(done.stdout)
        assert (told["verdict"], [item["id"] for item in told["errors"]]) == (
            "incomparable",
            ["rate-shared"],
        )
    else:
        assert "incomparable" in done.stdout
        assert ("1 error:" in done.stdout) == (style == "markdown")


def test_a_device_of_a_real_board(corpus: Path, tmp_path: Path) -> None:
    """uSDHC1 of the i.MX8QM MEK: three LPCG clocks, the slice it sets, and its power domain."""
    board = corpus / "imx8qm-mek.dts"
    written(tmp_path / "old.yaml", HOST + VM % "")
    written(tmp_path / "new.yaml", HOST + VM % '{dev: "&usdhc1"}')
    done = scmigen(
        "diff", board, board, "--old-agents", tmp_path / "old.yaml", "-a", tmp_path / "new.yaml",
        "--format", "json",
    )  # fmt: skip
    told = json.loads(done.stdout)
    assert done.returncode == 0
    assert told["verdict"] == "incomparable"
    assert {name: one["verdict"] for name, one in told["agents"].items()} == {
        "host": "less permissive",
        "vm": "more permissive",
    }
    lpcg, slices = "/bus@5b000000/clock-controller@5b200000", "/system-controller/clock-controller"
    gained = {(p["node"], *p["cells"], p["operation"]) for p in told["gained"]}
    clocks = {(lpcg, cell, word) for cell in (0, 16, 20) for word in ("state", "read")}
    power = {("/system-controller/power-controller", 248, word) for word in ("state", "read")}
    sets = {(slices, 248, 2, word) for word in ("rate", "read")}
    assert gained == {*clocks, *power, *sets, ("/bus@5b000000/mmc@5b010000", "boot")}
    assert told["gained"][0]["operation"] == "rate"
    assert [
        (d["name"], d["old"]["agents"], d["new"]["agents"], d["resources"]) for d in told["devices"]
    ] == [("usdhc1", ["host"], ["vm"], 5)]


#: A clock of which a driver of a table sets the rate, and one that all devices have.
DRIVEN = """/dts-v1/; / {
cc: cc { compatible = "acme,cc"; #clock-cells = <1>; };
m0: m { compatible = "acme,mmc"; clocks = <&cc 1>; clock-names = "ciu"; };
d0: d { compatible = "acme,display"; clocks = <&cc 2>, <&cc 3>; clock-names = "pix", "dsi_bit"; };
};
"""
LINUX = "domains: {a: {id: 1, default: true, scmi: {role: ospm, needs: %s}}}\n"


def test_the_driver_behind_what_is_gained(here: Path) -> None:
    """A later table knows more drivers: each gain is named, with file and function."""
    written(here / "b.dts", DRIVEN)
    table(here)
    written(here / "old.yaml", LINUX % "none")
    written(here / "new.yaml", LINUX % '[drivers.txt, {"acme,display": {pix: [rate]}}]')
    words = ["b.dts", "b.dts", "--old-agents", "old.yaml", "-a", "new.yaml"]
    done = scmigen("diff", *words)
    mmc = "by drivers/mmc/acme.c:set_ios (drivers.txt, sure)"
    mine = "by needs of a (new.yaml:1:100)"
    display = "by drivers/gpu/display.c:bind (drivers.txt, sure)"
    assert done.stdout.splitlines() == [
        "permissions: more permissive: a gains rate on clock 0 m-ciu (/cc 1) and 2 more",
        "  a: more permissive",
        f"    gains rate on clock 0 m-ciu (/cc 1), rate {mmc}",
        f"    gains rate on clock 1 d-pix (/cc 2), rate {mine}",
        f"    gains parent on clock 2 d-dsi_bit (/cc 3), parent {display}",
        "d0: a, 2 resources",
        f"  a: clock 1 d-pix allowed: rate (/cc 2); rate {mine}",
        f"  a: clock 2 d-dsi_bit allowed: parent (/cc 3); parent {display}",
        "m0: a, 1 resource",
        f"  a: clock 0 m-ciu allowed: rate (/cc 1); rate {mmc}",
    ]
    told = json.loads(scmigen("diff", *words, "--format", "json").stdout)
    sources = {
        (p["id"], p["operation"]): [d["source"] for d in p["drivers"]] for p in told["gained"]
    }
    assert sources == {
        (0, "rate"): ["drivers/mmc/acme.c:set_ios"],
        (1, "rate"): [None],
        (2, "parent"): ["drivers/gpu/display.c:bind"],
    }
    assert told["changes"][0]["drivers"]["rate"][0]["certainty"] == "sure"
    lost = scmigen("diff", "b.dts", "b.dts", "--old-agents", "new.yaml", "-a", "old.yaml")
    assert f"    loses rate on clock 0 m-ciu (/cc 1), rate {mmc}" in lost.stdout.splitlines()


def test_two_builds_know_the_drivers_as_their_boards_do(here: Path) -> None:
    written(here / "b.dts", DRIVEN)
    (here / "t").mkdir()
    table(here / "t")
    written(here / "old.yaml", LINUX % "none")
    written(here / "new.yaml", LINUX % '[t/drivers.txt, {"acme,display": {pix: [rate]}}]')
    for name in ("old", "new"):
        words = ("-a", f"{name}.yaml", "-o", name, "-q", "--emit", "runtime")
        assert scmigen("build", "b.dts", *words).returncode == 0
    done = scmigen("diff", "old", "new")
    assert done.stdout.splitlines()[2:5] == [
        "    gains rate on clock 0 m-ciu (/cc 1), "
        "rate by drivers/mmc/acme.c:set_ios (drivers.txt, sure)",
        "    gains rate on clock 1 d-pix (/cc 2), rate by needs of a (new.yaml:1:102)",
        "    gains parent on clock 2 d-dsi_bit (/cc 3), "
        "parent by drivers/gpu/display.c:bind (drivers.txt, sure)",
    ]
    told = json.loads(scmigen("diff", "old", "new", "--format", "json").stdout)
    (driver,) = next(p for p in told["gained"] if p["id"] == 1)["drivers"]
    assert driver["position"] == {"file": "new.yaml", "line": 1, "column": 102}
    lost = scmigen("diff", "new", "old").stdout
    assert "    loses rate on clock 0 m-ciu (/cc 1), rate by drivers/mmc/acme.c:set_ios" in lost


@pytest.mark.usefixtures("here")
def test_the_first_line_is_of_the_gravest_right_and_counts_what_others_gain() -> None:
    """vm comes first, and may set the system's power; hv may change what everybody may do."""
    done = scmigen("build", "b.dts", "-a", "none.yaml", "-q", "--emit", "runtime", "-o", "out")
    assert done.returncode == 0, done.stderr
    old = json.loads(Path("out/runtime/runtime.json").read_text())
    old["agents"].append({"id": 3, "name": "hv", "role": "hypervisor", "grants": {}})
    new = copy.deepcopy(old)
    _, vm, hv = new["agents"]
    vm["system_power"] = hv["permissions"] = True
    vm["grants"] = {"reset": [{"id": 0, "resource": 0, "operations": ["reset"]}]}
    for name, board in (("old", old), ("new", new)):
        Path(f"{name}.json").write_text(json.dumps(board))
    lines = scmigen("diff", "old.json", "new.json").stdout.splitlines()
    assert lines[0] == (
        "permissions: more permissive: hv gains the right permissions, others 2 more"
    )
    hv["system_power"] = True
    hv["permissions"] = False
    vm["system_power"] = False
    Path("new.json").write_text(json.dumps(new))
    lines = scmigen("diff", "old.json", "new.json").stdout.splitlines()
    assert lines[0].endswith(
        "hv gains the rights system-power and system-power-told, others 1 more"
    )


#: A power cap, which no tree has, and what host may do with it.
CAP = """platform:
  extra:
    powercaps: {soc: {id: 0, node: "", minimum_cap: 1, maximum_cap: 9}}
    agents: {host: {grants: {powercap: [{id: 0, resource: 0, operations: [%s]}]}}}
"""


def test_a_resource_that_no_tree_has_is_without_a_node(here: Path) -> None:
    for name, words in (("old", "read"), ("new", "config, read")):
        written(here / f"{name}.yaml", HOST + CAP % words)
    done = scmigen("diff", "b.dts", "b.dts", "--old-agents", "old.yaml", "-a", "new.yaml")
    assert done.stdout.splitlines() == [
        "permissions: more permissive: host gains config on powercap 0 soc",
        "  host: more permissive: gains config on powercap 0 soc",
        "host: powercap 0 soc allowed: config",
    ]


def test_what_the_tree_asks_for_as_well_is_no_drivers(here: Path) -> None:
    rate = "assigned-clocks = <&cc 1>; assigned-clock-rates = <1000>; clocks = <&cc 1>;"
    written(here / "old.dts", DRIVEN.replace("clocks = <&cc 1>;", ""))
    written(here / "new.dts", DRIVEN.replace("clocks = <&cc 1>;", rate))
    table(here)
    written(here / "a.yaml", LINUX % "drivers.txt")
    told = scmigen("diff", "old.dts", "new.dts", "-a", "a.yaml").stdout
    assert "gains state rate read on clock 0 m-ciu (/cc 1)\n" in told


@pytest.mark.usefixtures("here")
def test_the_first_line_has_all_operations_and_rights_of_its_change() -> None:
    done = scmigen("build", "b.dts", "-a", "none.yaml", "-q", "--emit", "runtime", "-o", "out")
    assert done.returncode == 0, done.stderr
    old = json.loads(Path("out/runtime/runtime.json").read_text())
    new = copy.deepcopy(old)
    evil = {"id": 3, "name": "evil", "role": "hypervisor", "grants": {}}
    new["agents"].append({**evil, "permissions": True, "system_power": True})
    Path("old.json").write_text(json.dumps(old))
    Path("new.json").write_text(json.dumps(new))
    rights = "gains the rights permissions, system-power and system-power-told"
    assert scmigen("diff", "old.json", "new.json").stdout.splitlines()[:2] == [
        f"permissions: more permissive: evil {rights}",
        f"  evil: more permissive: {rights}",
    ]
    clock = next(grant for grant in old["agents"][0]["grants"]["clock"] if grant["id"] == 1)
    clock["operations"] = ["read"]
    Path("old.json").write_text(json.dumps(old))
    clock["operations"] = ["state", "rate", "parent", "read"]
    Path("new.json").write_text(json.dumps(old))
    gains = f"gains state rate parent on clock 1 serial-5000 ({CC} 2)"
    assert scmigen("diff", "old.json", "new.json").stdout.splitlines()[:2] == [
        f"permissions: more permissive: host {gains}",
        f"  host: more permissive: {gains}",
    ]


def test_of_many_gains_the_gravest_are_named(here: Path) -> None:
    many = "".join(f'd{n} {{ compatible = "acme,d"; clocks = <&cc {n}>; }};' for n in range(6))
    start = '/dts-v1/; / { cc: cc { compatible = "acme,cc"; #clock-cells = <1>; };'
    written(here / "old.dts", f"{start} }};")
    written(here / "new.dts", f"{start}{many} }};")
    lines = scmigen("diff", "old.dts", "new.dts").stdout.splitlines()
    assert lines[0].endswith("gains state read on clock 0 d0 (/cc 0) and 11 more")
    assert lines[2:7] == [
        *(f"    gains state read on clock {n} d{n} (/cc {n})" for n in range(4)),
        "    gains 8 more",
    ]


def test_a_way_to_a_device_of_others_is_told_in_all_forms(here: Path) -> None:
    """vm gets the rate of the clock that host's serial port has; the other way round, it no longer
    has it. A runtime configuration says nothing of what feeds what."""
    owner = 'platform: {owners: [{clock: "&cc 2", agent: vm}]}\n'
    grant = 'access: [], grant: [{clock: "&cc 2", operations: [rate]}]'
    written(here / "rate.yaml", HOST + (VM % "").replace("access: []", grant) + owner)
    words = ["b.dts", "b.dts", "--old-agents", "none.yaml", "-a", "rate.yaml"]
    told = json.loads(scmigen("diff", *words, "--format", "json").stdout)
    column = BOARD.splitlines()[5].index("<&cc 2>") + 2
    assert told["affected"] == []
    (one,) = told["affects"]
    assert (one["agent"], one["device"], one["owners"]) == ("vm", "/serial@5000", ["host"])
    assert [(step["message"], step["position"]) for step in one["way"]] == [
        (
            "vm may set the rate of clock <&cc 2>: explicit grant",
            {"file": "rate.yaml", "line": 3, "column": (VM % "").index("access") + 21},
        ),
        ("/serial@5000 clocks[0] needs it", {"file": "b.dts", "line": 6, "column": column}),
    ]
    lines = scmigen("diff", *words, "--format", "markdown").stdout.splitlines()
    (start,) = (at for at, line in enumerate(lines) if line.startswith("vm now affects"))
    assert "uart0 of host:" in lines[start]
    assert lines[start + 2].startswith("1. vm may set the rate of clock")
    back = ["b.dts", "b.dts", "-a", "none.yaml", "--old-agents", "rate.yaml"]
    assert "  vm no longer affects &uart0 of host:" in scmigen("diff", *back).stdout.splitlines()


def test_a_way_to_a_device_that_no_agent_has_is_told(here: Path) -> None:
    """The serial port is the platform's; with the clock's owner, who sets it changes."""
    own = 'platform: {devices: ["&uart0"], owners: [{clock: "&cc 2", agent: %s}]}\n'
    grant = 'access: [], grant: [{clock: "&cc 2", operations: [%s]}]'
    for name, owner, operation in (("old", "host", "read"), ("new", "vm", "rate")):
        vm = (VM % "").replace("access: []", grant % operation)
        written(here / f"{name}.yaml", HOST + vm + own % owner)
    words = ["b.dts", "b.dts", "--old-agents", "old.yaml", "-a", "new.yaml"]
    lines = scmigen("diff", *words).stdout.splitlines()
    at = lines.index("  vm now affects &uart0, which no agent has:")
    assert lines[at + 1].startswith("    vm may set the rate of clock <&cc 2>: explicit grant")
    (one,) = json.loads(scmigen("diff", *words, "--format", "json").stdout)["affects"]
    assert (one["agent"], one["device"], one["owners"]) == ("vm", "/serial@5000", [])
