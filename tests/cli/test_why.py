"""``scmigen why`` of devices and ``why --not``: answers worked out by hand from a small board."""

import json
import re
from pathlib import Path

import pytest
from support import scmigen, written

from scmigen.bindings import driver_files

#: Lines count from 1; ``vm`` has the MMC controller and half of the timer.
BOARD = """/dts-v1/;
/ {
cc: clock-controller@1000 { compatible = "acme,cc"; reg = <0x1000>; #clock-cells = <1>; };
rc: reset-controller@2000 { compatible = "acme,rc"; reg = <0x2000>; #reset-cells = <1>; };
osc: osc { compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <24000000>; };
off: clock-controller@3000 { compatible = "acme,cc"; reg = <0x3000>; #clock-cells = <1>;
status = "disabled"; };
bus {
mmc0: mmc@4000 { compatible = "acme,mmc"; reg = <0x4000>;
clocks = <&cc 1>, <&osc>;
assigned-clocks = <&cc 2>;
assigned-clock-rates = <1000>;
resets = <&rc 3>;
};
uart0: serial@5000 { compatible = "acme,uart"; reg = <0x5000>;
clocks = <&cc 2>;
assigned-clocks = <&cc 2>;
assigned-clock-rates = <2000>;
};
};
timer0: timer@6000 { compatible = "acme,timer"; reg = <0x6000>;
clocks = <&cc 5>;
resets = <&rc 7>; };
dma0: dma@7000 { compatible = "acme,dma"; reg = <0x7000>;
clocks = <&cc 6>; };
idle0: idle@8000 { compatible = "acme,idle"; reg = <0x8000>; clocks = <&osc>; };
};
"""
AGENTS = """domains:
  host: {id: 1, default: true, scmi: {role: ospm}}
  vm:
    id: 2
    scmi: {role: vm}
    access:
      - dev: "&mmc0"
      - {dev: "&timer0", flags: {shared: true}}
      - dev: "&idle0"
platform:
  devices: ["&dma0"]
  owners:
    - {clock: "&cc 2", agent: host}
"""
CC, RC = "/clock-controller@1000", "/reset-controller@2000"


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "b.dts", BOARD)
    written(tmp_path / "a.yaml", AGENTS)
    return ["b.dts", "-a", "a.yaml", "-q"]


@pytest.mark.parametrize("device", ["&mmc0", "/bus/mmc@4000", "mmc@4000", "/bus"])
def test_a_device_lists_what_it_gave(asked: list[str], device: str) -> None:
    done = scmigen("why", "vm", device, *asked)
    assert (done.returncode, done.stderr) == (0, "")
    first, *rest = done.stdout.splitlines()
    assert first.startswith("vm has /bus/mmc@4000 (&mmc0, device ")
    assert first.endswith(", a.yaml:7:14)")
    assert rest == [
        f"  clock 0 (mmc-4000, {CC} 1): state read",
        "    clocks[0]: state read (b.dts:10:11)",
        f"  reset 0 (mmc-4000, {RC} 3): reset",
        "    resets[0]: reset (b.dts:13:11)",
        f"  clock 1 (mmc-4000~1, {CC} 2): nothing; rate is withdrawn",
        "    assigned-clocks[0]: rate read (b.dts:11:20)",
    ]


def test_what_every_agent_is_denied_is_listed_too(asked: list[str]) -> None:
    """The reset of a shared device has no owner, so the platform does not have it at all."""
    told = scmigen("why", "vm", "&timer0", *asked).stdout.splitlines()
    assert told[3:] == [
        f"  reset ({RC} 7): nothing; reset is withdrawn",
        "    resets[0]: reset (b.dts:23:11)",
    ]


def test_a_device_as_json(asked: list[str]) -> None:
    done = scmigen("why", "vm", "&mmc0", *asked, "--format", "json")
    (device,) = json.loads(done.stdout)
    assert (device["agent"], device["device"], device["boot"]) == ("vm", "/bus/mmc@4000", True)
    assert device["position"] == {"file": "a.yaml", "line": 7, "column": 14}
    found = [
        (r["kind"], r["id"], r["operations"], r["withdrawn"], len(r["uses"]))
        for r in device["resources"]
    ]
    assert found == [
        ("clock", 0, ["state", "read"], [], 1),
        ("reset", 0, ["reset"], [], 1),
        ("clock", 1, [], ["rate"], 1),
    ]
    assert device["resources"][1]["uses"][0]["position"] == {
        "file": "b.dts",
        "line": 13,
        "column": 11,
    }


@pytest.mark.parametrize(
    ("resource", "answer"),
    [
        ("&uart0", "/bus/serial@5000 is a device of host, not of vm"),
        ("&dma0", "/dma@7000 is a device of the platform (a.yaml:11:13)"),
        ("&idle0", "nothing that it uses is served by the platform (a.yaml:9:14)"),
        ("&cc", f"{CC} is a provider that the platform serves"),
        ("&off", "/clock-controller@3000 is disabled (b.dts:7:1)"),
        ("&cc 6", "vm is granted nothing on &cc 6: it is not granted to any agent"),
        ("&cc 9", "vm is granted nothing on &cc 9: it is not granted to any agent"),
    ],
)
def test_answers_that_are_not_one(asked: list[str], resource: str, answer: str) -> None:
    done = scmigen("why", "vm", resource, *asked)
    assert (done.returncode, done.stdout) == (1, "")
    assert answer in done.stderr


def test_a_device_that_nobody_has(asked: list[str], tmp_path: Path) -> None:
    """Without a default agent, what no entry names is nobody's."""
    text = AGENTS.replace("default: true, ", "").replace(", flags: {shared: true}", "")
    written(tmp_path / "a.yaml", text)
    done = scmigen("why", "vm", "&uart0", *asked)
    assert (done.returncode, done.stdout) == (1, "")
    assert "/bus/serial@5000 is no agent's: nobody has it" in done.stderr


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        ("&nothing", "no label &nothing"),
        ("/bus/none", "no node /bus/none"),
        ("clock:17", "no clock '17'"),
        ("clock:xyz", "no clock 'xyz'; one of: 0, 1, 2"),
        ("&cc 1 2", "a clock of that node has 1 cell"),
        ("&uart0 1", "/bus/serial@5000 provides nothing"),
    ],
)
def test_what_does_not_exist_is_wrong_usage(asked: list[str], resource: str, message: str) -> None:
    for words in (["why", "vm"], ["why", "--not", "vm"]):
        done = scmigen(*words, resource, *asked)
        assert (done.returncode, done.stdout) == (2, "")
        assert message in done.stderr


@pytest.mark.parametrize(
    ("agent", "resource", "operation", "answer"),
    [
        (
            "vm", "&cc 2", "rate",
            [f"vm: no rate on clock 1 (mmc-4000~1, {CC} 2)",
             "  /bus/mmc@4000 assigned-clocks[0] needs it, but host owns it "
             "(platform.owners, a.yaml:13:7) (b.dts:11:20)"],
        ),
        (
            "vm", "&rc 7", "reset",
            [f"vm: no reset on reset ({RC} 7)",
             "  /timer@6000 resets[0] needs it, but host and vm share the device, and the resource "
             "has no owner (b.dts:23:11)"],
        ),
        (
            "vm", "clock:0", "rate",
            [f"vm: no rate on clock 0 (mmc-4000, {CC} 1)",
             "  /bus/mmc@4000 clocks[0] needs only state read, and no explicit grant adds to that "
             "(b.dts:10:11)"],
        ),
        (
            "host", "&cc 1", "state",
            [f"host: no state on clock 0 (mmc-4000, {CC} 1)",
             "  no device of host uses it, and no explicit grant names it; "
             "/bus/mmc@4000 clocks[0] of vm does (b.dts:10:11)"],
        ),
        (
            "vm", "&cc 6", "state",
            [f"vm: no state on clock ({CC} 6)",
             "  no device of vm uses it, and no explicit grant names it; "
             "/dma@7000 clocks[0] of the platform does (b.dts:25:11)"],
        ),
        (
            "vm", "&cc 9", "state",
            [f"vm: no state on clock ({CC} 9)",
             "  no device uses it, and no explicit grant names it"],
        ),
    ],
)  # fmt: skip
def test_why_not(
    asked: list[str], agent: str, resource: str, operation: str, answer: list[str]
) -> None:
    question = ("why", "--not", agent, resource, "--operation", operation, *asked)
    done = scmigen(*question)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == answer
    told = json.loads(scmigen(*question, "--format", "json").stdout)
    assert [item["operations"] for item in told] == [[operation]]
    assert all(item["because"] for item in told)


def test_why_not_of_fixed_and_local_providers(asked: list[str], tmp_path: Path) -> None:
    told = scmigen("why", "--not", "vm", "&osc", "--operation", "rate", *asked).stdout
    assert "its provider is fixed" in told
    written(tmp_path / "b.dts", BOARD.replace("resets = <&rc 7>;", ""))
    mine = AGENTS.replace("access:", 'access:\n      - dev: "&rc"')
    written(tmp_path / "a.yaml", mine)
    told = scmigen("why", "--not", "host", "&rc 3", "--operation", "reset", *asked).stdout
    assert told.splitlines() == [
        f"host: no reset on reset ({RC} 3)",
        "  the platform does not serve it; its provider is local: an agent names it as its device, "
        "and vm drives it",
    ]


def test_several_agents_drive(asked: list[str], tmp_path: Path) -> None:
    written(tmp_path / "b.dts", BOARD.replace("resets = <&rc 7>;", ""))
    shared = '- {dev: "&rc", flags: {shared: true}}'
    written(tmp_path / "a.yaml", AGENTS.replace("access:", f"access:\n      {shared}"))
    told = scmigen("why", "--not", "host", "&rc 3", "--operation", "reset", *asked).stdout
    assert told.splitlines()[1].endswith("and host and vm drive it")


#: What the VM has of a board without an SCMI node. Its trees have these labels (consumer.md).
MADE = """/dts-v1/;
/ {
cc: clock-controller@1000 { compatible = "acme,cc"; reg = <0x1000>; #clock-cells = <1>; };
rc: reset-controller@2000 { compatible = "acme,rc"; reg = <0x2000>; #reset-cells = <1>; };
pd: power-controller@3000 { compatible = "acme,pd"; reg = <0x3000>; #power-domain-cells = <1>; };
vcc: vcc { compatible = "regulator-fixed"; regulator-name = "vcc"; gpio = <&gpio 3>; };
gpio: gpio { compatible = "acme,gpio"; gpio-controller; #gpio-cells = <1>; clocks = <&cc 1>; };
host0: d@1 { compatible = "acme,d"; reg = <1>; clocks = <&cc 4>; resets = <&rc 5>; };
vm0: d@9 { compatible = "acme,d"; reg = <9>; clocks = <&cc 7>; resets = <&rc 6>;
power-domains = <&pd 2>; vcc-supply = <&vcc>; };
};
"""
MADE_AGENTS = """domains:
  host: {id: 1, default: true, scmi: {role: ospm, transport: {type: virtio}}}
  vm: {id: 2, scmi: {role: vm, transport: {type: virtio}}, access: [{dev: "&vm0"}]}
platform: {managed: ["&vcc"], devices: ["&gpio"]}
"""


def test_a_line_of_an_agents_own_tree_is_understood(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each reference that the made tree has in the place of one of the board: the same resource."""
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "b.dts", MADE)
    written(tmp_path / "a.yaml", MADE_AGENTS)
    numbered = ["b.dts", "-a", "a.yaml", "-q", "--numbering", "per-agent"]
    made = scmigen("build", *numbered, "--emit", "consumer", "-o", "out")
    assert made.returncode == 0, made.stderr
    text = (tmp_path / "out" / "consumer" / "vm.dtsi").read_text()
    lines = re.findall(r"\b(clocks|resets|power-domains|vcc-supply) = <(&scmi_[^>]*)>", text)
    assert dict(lines) == {
        "clocks": "&scmi_clk 0",
        "resets": "&scmi_rst 0",
        "power-domains": "&scmi_pd 0",
        "vcc-supply": "&scmi_vcc",
    }
    native = {"clocks": "&cc 7", "resets": "&rc 6", "power-domains": "&pd 2", "vcc-supply": "&vcc"}
    for prop, reference in lines:
        told, same = (scmigen("why", "vm", word, *numbered) for word in (reference, native[prop]))
        assert (told.returncode, told.stdout) == (0, same.stdout), told.stderr
        assert f"/d@9 {prop}" in told.stdout
    assert scmigen("why", "vm", "&scmi_clk 0x0", *numbered).stdout.startswith("vm: state read on")
    assert scmigen("why", "--not", "vm", "&scmi_clk 0", *numbered).stdout.startswith("vm: no rate")


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        ("&scmi_clk", "write clock:NUMBER, as the agent has it, or clock:NAME"),
        ("&scmi_clk 99", "no clock '99'"),
        ("&scmi_reg_99", "no voltage '99'"),
        ("&scmi_pd_99", "no power '99'"),
        ("&scmi_clk 1 2", "no label &scmi_clk"),
        ("&scmi_sys 1", "no label &scmi_sys"),
        ("&scmi_mmc0", "no label &scmi_mmc0"),
    ],
)
def test_labels_of_no_tree(asked: list[str], resource: str, message: str) -> None:
    done = scmigen("why", "vm", resource, *asked)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


def test_a_label_of_the_board_is_the_boards(asked: list[str], tmp_path: Path) -> None:
    written(tmp_path / "b.dts", BOARD.replace("cc: clock", "scmi_clk: cc: clock"))
    told = scmigen("why", "vm", "&scmi_clk 1", *asked).stdout
    assert told.startswith(f"vm: state read on clock 0 (mmc-4000, {CC} 1)")


#: A clock in a power domain, which has a supply, and another clock of the platform's own device.
KEPT = """/dts-v1/;
/ {
vcc: vcc { compatible = "regulator-fixed"; regulator-name = "vcc"; };
pd: power-controller@3000 { compatible = "acme,pd"; reg = <0x3000>; #power-domain-cells = <1>; };
cc: clock-controller@1000 { compatible = "acme,cc"; reg = <0x1000>; #clock-cells = <1>;
power-domains = <&pd 4>; };
uart0: serial@5000 { compatible = "acme,uart"; reg = <0x5000>;
clocks = <&cc 1>, <&cc 2>, <&cc 3>; power-domains = <&pd 4>; };
dma0: dma@7000 { compatible = "acme,dma"; reg = <0x7000>;
clocks = <&cc 2>; };
};
"""
KEEPS = "platform:\n  devices: ['&dma0']\n  always-on:\n    - {clock: '&cc 1'}\n"


def test_what_the_platform_keeps_on_is_told(asked: list[str], tmp_path: Path) -> None:
    written(tmp_path / "b.dts", KEPT)
    written(tmp_path / "a.yaml", KEEPS)
    told = scmigen("why", "ospm", "&cc 1", *asked)
    assert told.returncode == 0, told.stderr
    assert told.stdout.splitlines()[1:] == [
        "  /serial@5000 clocks[0]: state read (b.dts:8:11)",
        "  the platform keeps it on: platform.always-on (a.yaml:4:7)",
    ]
    last = [
        scmigen("why", "ospm", word, *asked).stdout.splitlines()[-1]
        for word in ("&cc 2", "&cc 3", "&pd 4")
    ]
    assert last == [
        "  the platform keeps it on for a device of its own, /dma@7000 clocks[0] (b.dts:10:11)",
        "  /serial@5000 clocks[2]: state read (b.dts:8:29)",
        "  the platform keeps it on for clock <&cc 1>, which runs on it: platform.always-on "
        "(a.yaml:4:7)",
    ]


def test_what_the_platform_keeps_on_as_json(asked: list[str], tmp_path: Path) -> None:
    written(tmp_path / "b.dts", KEPT)
    written(tmp_path / "a.yaml", KEEPS)
    (one,) = json.loads(scmigen("why", "ospm", "&cc 1", *asked, "--format", "json").stdout)
    assert one["kept_on"] == {
        "cause": "always-on",
        "text": "the platform keeps it on: platform.always-on",
        "position": {"file": "a.yaml", "line": 4, "column": 7},
    }
    (other,) = json.loads(scmigen("why", "ospm", "&cc 3", *asked, "--format", "json").stdout)
    assert other["kept_on"] is None


def test_without_an_operation_each_that_is_lacking(asked: list[str]) -> None:
    told = scmigen("why", "--not", "vm", "clock:0", *asked).stdout.splitlines()
    assert [line for line in told if not line.startswith(" ")] == [
        f"vm: no rate parent on clock 0 (mmc-4000, {CC} 1)"
    ]


UART = BOARD.replace(
    "clocks = <&cc 2>;\nassigned-clocks = <&cc 2>;\nassigned-clock-rates = <2000>;",
    'clocks = <&cc 7>; clock-names = "baud";',
)
TABLE = "# scmigen-driver-needs: 2\n"


@pytest.mark.parametrize(
    ("needs", "because"),
    [
        ("none", "; it has no table of drivers, and without needs host has linux-6.2: "),
        (
            "./other.txt",
            "; ./other.txt does not know the driver, and without needs host has linux-6.2: ",
        ),
        # What somebody says of the driver itself is the reason.
        ("./own.txt", ""),
    ],
)
def test_a_table_that_is_not_there_is_named(
    asked: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    needs: str,
    because: str,
) -> None:
    written(tmp_path / "b.dts", UART)
    written(tmp_path / "other.txt", TABLE + "acme,other -\n")
    written(tmp_path / "own.txt", TABLE + "acme,uart -\n")
    (tmp_path / "tables").mkdir()
    row = "acme,uart\n clock baud rate sure drivers/uart.c:set_baud\n"
    written(tmp_path / "tables" / "linux-6.2.txt", TABLE + row)
    monkeypatch.setattr(driver_files, "_FOLDER", tmp_path / "tables")
    driver_files.shipped_table.cache_clear()
    host = "host: {id: 1, default: true, scmi: {role: ospm"
    written(tmp_path / "a.yaml", AGENTS.replace(host, f"{host}, needs: {needs}"))
    try:
        done = scmigen("why", "--not", "host", "&cc 7", "--operation", "rate", *asked)
    finally:
        driver_files.shipped_table.cache_clear()
    assert (done.returncode, done.stderr) == (0, "")
    first, reason = done.stdout.splitlines()
    assert first.startswith("host: no rate on clock ")
    row = because and f"{because}rate by drivers/uart.c:set_baud (linux-6.2, sure)"
    assert reason == (
        "  /bus/serial@5000 clocks[0] needs only state read, and no explicit grant adds to that"
        f"{row} (b.dts:16:11)"
    )


def test_nothing_lacks(asked: list[str]) -> None:
    done = scmigen("why", "--not", "vm", "&cc 1", "--operation", "state", *asked)
    assert (done.returncode, done.stdout) == (1, "")
    assert "vm has state" in done.stderr
    done = scmigen("why", "--not", "host", "&uart0", *asked)
    assert (done.returncode, done.stdout) == (1, "")
    assert "host has the device, and what that needs" in done.stderr
    assert scmigen("why", "--not", "vm", "&rc 3", "--operation", "rate", *asked).returncode == 2


def test_rights_come_with_roles(asked: list[str]) -> None:
    done = scmigen("why", "--not", "vm", "system-power", *asked)
    assert done.stdout.splitlines() == [
        "vm: no state on system-power (protocol 0x12)",
        "  its role is vm; state on system-power comes with ospm, psci, hypervisor, nor does its "
        "entry say system-power: set (a.yaml:4:5)",
    ]
    done = scmigen("why", "vm", "system-power", *asked)
    assert done.stdout.splitlines() == [
        "vm: read on system-power (protocol 0x12)",
        "  its role is vm (a.yaml:4:5)",
    ]
    done = scmigen("why", "--not", "vm", "system-power", "--operation", "read", *asked)
    assert (done.returncode, done.stdout) == (1, "")
    (told,) = json.loads(
        scmigen("why", "--not", "vm", "permissions", *asked, "--format", "json").stdout
    )
    assert told["because"][0]["cause"] == "role"
    assert "comes with hypervisor" in told["because"][0]["text"]
    assert scmigen("why", "--not", "host", "system-power", *asked).returncode == 1
    done = scmigen("why", "--not", "vm", "system-power", "--operation", "rate", *asked)
    assert (done.returncode, "has no operation rate" in done.stderr) == (2, True)


def test_the_operation_is_an_option(asked: list[str], tmp_path: Path) -> None:
    """A misspelt one is no board, and the board of a project file needs no word in its place."""
    done = scmigen("why", "--not", "vm", "&cc 2", "--operation", "rat", *asked)
    assert done.returncode == 2
    assert "'rat' is not one of" in done.stderr
    done = scmigen("why", "vm", "&cc 2", "--operation", "rate", *asked)
    assert (done.returncode, "--operation belongs to --not" in done.stderr) == (2, True)
    written(tmp_path / "scmigen.toml", '[board.b]\nsource = "b.dts"\nagents = ["a.yaml"]\n')
    done = scmigen("why", "--not", "vm", "&cc 2", "--operation", "rate", "-q")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("vm: no rate on clock 1 ")


def test_an_operation_chooses_among_the_kinds_of_a_number(asked: list[str], tmp_path: Path) -> None:
    """Clock 1 and reset 1 of one controller: only the clock has a rate."""
    both = BOARD.replace(
        "#clock-cells = <1>; };\nrc:", "#clock-cells = <1>; #reset-cells = <1>; };\nrc:"
    )
    written(tmp_path / "b.dts", both.replace("<&rc 3>", "<&cc 1>"))
    done = scmigen("why", "--not", "vm", "&cc 1", "--operation", "rate", *asked)
    assert (done.returncode, done.stderr) == (0, "")
    assert [line[:20] for line in done.stdout.splitlines() if line[0] != " "] == [
        "vm: no rate on clock"
    ]


def test_the_first_line_says_what_is_withdrawn(asked: list[str], tmp_path: Path) -> None:
    written(tmp_path / "b.dts", BOARD.replace("clocks = <&cc 1>, <&osc>;", "clocks = <&cc 2>;"))
    told = scmigen("why", "vm", "&cc 2", *asked).stdout.splitlines()
    assert told == [
        f"vm: state read on clock 0 (mmc-4000, {CC} 2); rate is withdrawn",
        "  /bus/mmc@4000 clocks[0]: state read (b.dts:10:11)",
    ]
    (one,) = json.loads(scmigen("why", "vm", "&cc 2", *asked, "--format", "json").stdout)
    assert (one["operations"], one["withdrawn"]) == (["state", "read"], ["rate"])
    (one,) = json.loads(scmigen("why", "host", "&cc 2", *asked, "--format", "json").stdout)
    assert (one["operations"], one["withdrawn"]) == (["state", "rate", "read"], [])


def test_why_not_of_a_device_that_the_agent_has_is_about_what_it_needs(asked: list[str]) -> None:
    reset = [
        f"vm: no reset on reset ({RC} 7)",
        "  /timer@6000 resets[0] needs it, but host and vm share the device, and the resource "
        "has no owner (b.dts:23:11)",
    ]
    assert scmigen("why", "--not", "vm", "&timer0", *asked).stdout.splitlines() == reset
    rate = [
        f"vm: no rate on clock 1 (mmc-4000~1, {CC} 2)",
        "  /bus/mmc@4000 assigned-clocks[0] needs it, but host owns it "
        "(platform.owners, a.yaml:13:7) (b.dts:11:20)",
    ]
    for more in ([], ["--operation", "rate"]):
        done = scmigen("why", "--not", "vm", "/bus", *more, *asked)
        assert (done.returncode, done.stdout.splitlines()) == (0, rate)
    assert scmigen("why", "--not", "vm", "/bus", "--operation", "state", *asked).returncode == 1


def test_a_device_that_gets_nothing_of_what_it_needs(asked: list[str], tmp_path: Path) -> None:
    written(tmp_path / "b.dts", BOARD.replace("clocks = <&cc 5>;", ""))
    done = scmigen("why", "vm", "&timer0", *asked)
    assert done.returncode == 1
    assert "/timer@6000 is vm's, and all that it needs is withdrawn (a.yaml:8:15)" in done.stderr
    done = scmigen("why", "--not", "vm", "&timer0", *asked)
    assert done.returncode == 0
    assert f"vm: no reset on reset ({RC} 7)" in done.stdout


def test_a_device_that_is_also_a_provider(asked: list[str], tmp_path: Path) -> None:
    """A GPU with a clock of its own: who does not have it may lack the clock and the device."""
    gpu = """gpu: gpu@9000 { compatible = "acme,gpu"; reg = <0x9000>; clocks = <&cc 7>;
#clock-cells = <0>; };
panel: panel@a000 { compatible = "acme,panel"; reg = <0xa000>; clocks = <&gpu>; };
};
"""
    written(tmp_path / "b.dts", BOARD.removesuffix("};\n") + gpu)
    written(tmp_path / "a.yaml", AGENTS.replace("ospm}}", 'ospm}, access: [{dev: "&gpu"}]}'))
    device = "/gpu@9000 is a device of host, not of vm (a.yaml:2:67)"
    done = scmigen("why", "--not", "vm", "&gpu", *asked)
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert [line[:33] for line in lines if line[0] != " "] == [
        "vm: no state rate parent read on ", device[:33],
    ]  # fmt: skip
    assert lines[-1] == device
    told = json.loads(scmigen("why", "--not", "vm", "&gpu", *asked, "--format", "json").stdout)
    assert [item["because"][0]["cause"] for item in told] == ["not-served", "device-of-others"]
    done = scmigen("why", "vm", "&gpu", *asked)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"{device}\n")


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        (
            "mmc-4000",
            "no node, label or alias mmc-4000; did you mean clock:mmc-4000 or reset:mmc-4000?",
        ),
        ("timer-600", "did you mean timer@6000"),
        ("&mmc-4000", "did you mean &mmc0?"),
    ],
)
def test_the_name_of_a_resource_needs_its_kind(asked: list[str], word: str, hint: str) -> None:
    done = scmigen("why", "--not", "vm", word, *asked)
    assert done.returncode == 2
    assert hint in done.stderr


def test_an_operation_in_place_of_the_board(asked: list[str]) -> None:
    done = scmigen("why", "--not", "vm", "clock:0", "rate", *asked)
    assert done.returncode == 2
    assert "'rate' stands where BOARD does: write --operation rate\n" in done.stderr
    done = scmigen("why", "vm", "clock:0", "rate", *asked)
    assert "write --operation rate with --not" in done.stderr
    Path("rate").write_text(BOARD)
    assert scmigen("why", "vm", "&mmc0", "rate", *asked[1:]).returncode == 0
