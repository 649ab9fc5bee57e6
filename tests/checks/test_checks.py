"""Every check: a board on which it speaks, what it says and where, and one on which it is silent.

A ``^`` in the board or in the agents file stands in front of the character that the diagnostic
names; it is taken out.
"""

from dataclasses import dataclass

import pytest
from support import AGENTS, BOARD, SOC, TOPOLOGY, TWO_AGENTS, marked, model_of, source

from scmigen.assignment.sources import Sources, assign
from scmigen.checks.registry import CHECKS, run_checks
from scmigen.devicetree.source import read_source
from scmigen.diagnostics import Diagnostic, Position, has_errors
from scmigen.model.build import build
from scmigen.runtime import Numbering


@dataclass(frozen=True)
class Case:
    """A board, the rest of an agents file for two agents, a lock file, and the numbering.

    ``whole``: the text is a whole agents file. ``own``: the body of an own tree of the agent ``b``.
    ``topology``: what a running system says of what feeds what.
    """

    body: str
    agents: str | None = None
    lock: str | None = None
    numbering: Numbering = Numbering.SHARED
    whole: bool = False
    own: str | None = None
    topology: str | None = None


B_HAS_E = '    access: [{dev: "&e"}]'
RATE = "assigned-clocks = <&cc 1>; assigned-clock-rates = <5>;"
AT_RATE = RATE.replace("<", "<^", 1)
LOCK = "# scmigen identifiers 1\nplatform\tscmi\nclock\t7\tname\t%s\n"
TRUSTED = 'status = "disabled"; secure-status = "okay";'
I2C = 'bus: i2c { compatible = "acme,i2c"; e: e@1 { reg = <1>; }; buck: buck { }; };'
SCMI = (
    'scmi { compatible = "arm,scmi-virtio";'
    " clk: protocol@14 { reg = <0x14>; #clock-cells = <1>; }; };"
)
SERVER = (
    'server { compatible = "optee,scmi-server"; agent@1 { compatible = "linaro,scmi-optee"; '
    "scmi-channel-id = <0>; reg = <1>; "
    "protocol@14 { reg = <0x14>; clocks { c { %s clocks = <&cc 5>; }; }; }; }; "
    'agent@2 { compatible = "linaro,scmi-optee"; '
    "scmi-channel-id = <1>; reg = <2>; "
    "protocol@14 { reg = <0x14>; clocks { ^c { %s clocks = <&cc 5>; }; }; }; }; };"
)
PARENT = "assigned-clocks = <&cc 1>; assigned-clock-parents = <&%s>;"
AT_PARENT = PARENT.replace("<", "<^", 1)
OSC = 'osc: osc { compatible = "fixed-clock"; #clock-cells = <0>; };'
PROTECTED = "g: g { #clock-cells = <1>; protected-clocks = <3>; };"
#: b owns the clock of a's device; a policy says that it does not.
NEVER = """    grant: [{{clock: "&cc 1", operations: [{}]}}]
platform: {{owners: [{{clock: "&cc 1", agent: b}}]}}
policies: [{{never: ^{{agent: b, affects: "&d"}}, reason: a car}}]
"""
#: A host's tree for Xen: dom0 is agent 1, and agent 2 nobody's yet.
XEN = """chosen { ranges; xen { ranges; sci { compatible = "xen,sci"; ranges;
    #address-cells = <1>; #size-cells = <1>;
    scmi-secondary-agents = <8 &m1 1>, <%s>; xen,dom0-sci-agent-id = <1>;
    x: scmi { compatible = "arm,scmi-smc"; arm,smc-id = <9>; #access-controller-cells = <1>;
              shmem = <&m0>; };
    m0: m@0 { compatible = "arm,scmi-shmem"; reg = <0 0x1000>; };
    m1: m@1000 { compatible = "arm,scmi-shmem"; reg = <0x1000 0x1000>; };
    m2: m@2000 { compatible = "arm,scmi-shmem"; reg = <0x2000 0x1000>; }; }; }; };
    cc: cc { compatible = "acme,cc"; #clock-cells = <1>; };
    d: d { compatible = "d"; clocks = <&cc 1>; %s };
    e: e { compatible = "e"; %s };"""
ASSUMED = """domains: {a: {id: 1, default: true, scmi: {role: ospm}}}
platform: {assume: {values: [^{%s}]}}
"""
CLASSES = """domains: {a: {id: 1, default: true, scmi: {role: ospm}}}
platform: {local: [%s]}
"""
VOLTS = "t: t { o { opp-microvolt = %s; }; };"
BINS = (
    "^t: t { o1 { opp-hz = <0 5>; opp-microvolt-a = <7>; opp-microvolt-b = <8>; "
    "opp-supported-hw = <0x3>; }; o2 { opp-hz = <0 6>; opp-microvolt-b = <9>; "
    "opp-supported-hw = <0x2>; }; }; d { operating-points-v2 = <&t>; clocks = <&cc 1>; };"
)
OPP = "t: t { o { opp-hz = <0 5>; }; };"
TREE_SCMI = """scmi { compatible = "arm,scmi-smc"; shmem = <&%s>; arm,smc-id = <1>; %s };"""
NAMED = 'n: n { #clock-cells = <1>; clock-output-names = "one", "two", "three"; };'
USES_CLOCK = "d { clocks = <&clk 1>; };"
#: Shared memory of 128 bytes, and a mailbox controller.
MEMORY = (
    'shm: shm@10000 { compatible = "arm,scmi-shmem"; reg = <0 0x10000 0x80>; };'
    "mhu: mhu { #mbox-cells = <1>; };"
)
#: Two agents with channels of OP-TEE.
NUMBERED = """
domains:
  a: {id: 1, default: true, scmi: {transport: {type: optee, channel: %d}}}
  b:
    %sid: 2
    scmi: {transport: {type: optee, channel: %d}}
"""
#: A consumer and its server in one tree.
BOTH_SIDES = """
scmi { compatible = "linaro,scmi-optee"; linaro,optee-channel-id = <0>;
    clk: protocol@14 { reg = <0x14>; #clock-cells = <1>; }; };
rcc: rcc { #clock-cells = <1>; }; d { compatible = "acme,d"; clocks = <%s>; };
server { compatible = "optee,scmi-server";
    agent@1 { compatible = "linaro,scmi-optee"; reg = <1>; scmi-channel-id = <0>;
        protocol@14 { reg = <0x14>; clocks { c@3 { reg = <3>; clocks = <&rcc 30>; }; }; }; }; };
"""
#: Two agents with SMC ids and shared memory.
CHANNELS = """
domains:
  a: {id: 1, scmi: {role: ospm, transport: {type: smc, smc-id: %s, shmem: m0}}, default: true}
  b:
    id: 2
    scmi: {role: vm, transport: {type: smc, smc-id: %s, shmem: %s}}
"""
#: An SRAM at 0x10000 behind a bus, with two pages for shared memory.
SRAM = """
sram { #address-cells = <1>; #size-cells = <1>; ranges = <0 0x0 0x10000 0x4000>;
    m0: m@0 { reg = <0 0x1000>; }; m1: m@1000 { reg = <0x1000 0x1000>; };
    %s };"""
OPTEE = """
rcc: rcc { #clock-cells = <1>; clock-output-names = "ck_mcu", "ck_mpu"; };
server { compatible = "optee,scmi-server"; #address-cells = <1>; #size-cells = <0>;
    agent@1 { reg = <1>; compatible = "linaro,scmi-optee"; scmi-channel-id = <0>;
        #address-cells = <1>; #size-cells = <0>;
        protocol@14 { reg = <0x14>; #address-cells = <1>; #size-cells = <0>;
            clocks { #address-cells = <1>; #size-cells = <0>; %s }; }; }; };
"""
#: A device that the table of drivers of these tests sets a clock and a supply of, and one of whose
#: clocks its driver never takes.
UART = 'compatible = "snps,dw-apb-uart"; clocks = <&cc 1>; clock-names = "baudclk";'
WDT = 'compatible = "acme,wdt"; clocks = <&cc 1>, <%s&cc 2>; clock-names = "core", "alarm";'
MUX = "mux: mux { #clock-cells = <1>; clocks = <&cc 1>, <&cc 2>; };"

TWO_NODES = """
s1 { compatible = "linaro,scmi-optee"; linaro,optee-channel-id = <0>;
    s1c: protocol@14 { reg = <0x14>; #clock-cells = <1>; }; };
s2 { compatible = "linaro,scmi-optee"; linaro,optee-channel-id = <1>;
    s2c: protocol@14 { reg = <0x14>; #clock-cells = <1>; }; };
"""
# Check → severity, a part of its message, a board where it speaks, the nearest where it does not.
CASES = {
    "device-conflict": (
        "error",
        "/e is given to b and the platform",
        Case("e: e { };", f'{B_HAS_E}\nplatform: {{devices: [^"&e"]}}'),
        Case("e: e { }; d: d { };", f'{B_HAS_E}\nplatform: {{devices: ["&d"]}}'),
    ),
    "device-disabled": (
        "warning",
        "/e is given to b, but it is not enabled",
        Case('e: e { status = "disabled"; };', '    access: [{dev: ^"&e"}]'),
        Case('e: e { status = "disabled"; };', '    access: [{dev: "e*"}]'),
    ),
    "device-secure": (
        "warning",
        "/e is given to b, but secure-status reserves it",
        Case(f"e: e {{ {TRUSTED} }};", '    access: [{dev: ^"&e"}]'),
        Case('e: e { secure-status = "okay"; };', B_HAS_E),
    ),
    "bus-owner": (
        "error",
        "/i2c/e@1 is b's, but the controller of its bus, /i2c, is a's",
        Case(I2C, '    access: [{dev: ^"&e"}]'),
        Case(I2C, '    access: [{dev: "&e"}, {dev: "&bus"}]'),
    ),
    "local-foreign": (
        "error",
        "&buck belongs to a, but 1 use by other agents needs it",
        Case(f"{I2C} f: f {{ x-supply = <^&buck>; }};", '    access: [{dev: "&f"}]'),
        Case(f"{I2C} f: f {{ x-supply = <&buck>; }};", '    access: [{dev: "&f"}, {dev: "&bus"}]'),
    ),
    "provider-disabled": (
        "warning",
        "&g is disabled, but 1 use refers to it and is ignored",
        Case('g: g { #clock-cells = <0>; status = "disabled"; }; d { clocks = <^&g>; };'),
        Case("g: g { #clock-cells = <0>; }; d { clocks = <&g>; };"),
    ),
    "clock-protected": (
        "error",
        "/d clocks[1] refers to clock <&g 3>, which is protected",
        Case(PROTECTED + "d { clocks = <0>, <^&g 3>; };"),
        Case(PROTECTED + "d { clocks = <0>, <&g 4>; };"),
    ),
    "scmi-native": (
        "note",
        "&g: agents drive these natively, because the tree has SCMI",
        Case(SCMI + "^g: g { #clock-cells = <0>; }; d { clocks = <&g>; };"),
        Case(SCMI + "d { clocks = <&clk 1>; };"),
    ),
    "scmi-foreign": (
        "error",
        "/s2 is the channel of b, but 1 use of a goes through it",
        Case(TWO_NODES + "d: d { clocks = <^&s2c 3>; };", '    access: [{dev: "/s2"}]'),
        Case(TWO_NODES + "d: d { clocks = <&s1c 3>; };", '    access: [{dev: "/s2"}]'),
    ),
    "managed-consumes-local": (
        "warning",
        "the platform's /m takes vin-supply from &buck, which ospm drives",
        Case(I2C + "m: m { #clock-cells = <0>; vin-supply = <^&buck>; }; d { clocks = <&m>; };"),
        Case(I2C + "m: m { #clock-cells = <0>; vin-supply = <&vdd>; }; d { clocks = <&m>; };"),
    ),
    "parent-unnamed": (
        "note",
        "/d requests another parent for clock <&cc 1>",
        Case(OSC + "d { " + AT_PARENT % "osc" + " };"),
        Case(OSC + "d { " + PARENT % "cc 2" + " };"),
    ),
    "opp-undriven": (
        "note",
        "OPP table /t creates no performance domain: the platform manages no clock of /d",
        Case(f"{OSC} ^{OPP} d {{ operating-points-v2 = <&t>; clocks = <&osc>; }};"),
        Case(f"{OPP} d {{ operating-points-v2 = <&t>; clocks = <&cc 1>; }};"),
    ),
    "opp-voltage": (
        "warning",
        "o of &t asks for 950000 µV; voltage <&vdd> has 700000 to 900000 µV",
        Case(f"{VOLTS % '<^950000>'} d {{ operating-points-v2 = <&t>; cpu-supply = <&vdd>; }};"),
        Case(f"{VOLTS % '<900000>'} d {{ operating-points-v2 = <&t>; cpu-supply = <&vdd>; }};"),
    ),
    "opp-bin": (
        "warning",
        "&t is for chips of several bins, and none is chosen: voltages for a and b; OPPs for "
        "hardware <0x3> and <0x2>; 1 OPP is left out, and each voltage is the highest one of its "
        "OPP",
        Case(BINS, "domains: {linux: {id: 1, default: true}}", whole=True),
        Case(
            BINS.replace("^", ""),
            "domains: {linux: {id: 1, default: true}}\n"
            "platform: {opp: [{table: '&t', name: b, supported-hw: [2]}]}",
            whole=True,
        ),
    ),
    "assume-unfit": (
        "error",
        "the range of clock <&cc 1> lacks 5 Hz, which the tree asks for",
        Case(f"d {{ {RATE} }};", ASSUMED % "clock: '&cc *', range: [1, 10, 3]", whole=True),
        Case(f"d {{ {RATE} }};", ASSUMED % "clock: '&cc *', range: [1, 9, 2]", whole=True),
    ),
    "assume-unused": (
        "warning",
        "the platform serves no clock that this entry covers",
        Case(f"d {{ {RATE} }};", ASSUMED % "clock: '&cc 2', rates: [5]", whole=True),
        Case(f"d {{ {RATE} }};", ASSUMED % "clock: '&cc 1', rates: [5]", whole=True),
    ),
    "provider-none": (
        "warning",
        "platform.local names &e, which provides no clocks, power domains or other resources",
        Case("e: e { };", CLASSES % "^'&e'", whole=True),
        # A node above a provider stands for it.
        Case("bus: e { e: c { #clock-cells = <0>; }; };", CLASSES % "'&bus'", whole=True),
    ),
    "grant-unmanaged": (
        "error",
        "the grant names clock <&osc>, which is fixed",
        Case(OSC, "    grant: [^{clock: '&osc', operations: [read]}]"),
        Case(OSC, "    grant: [{clock: '&cc 9', operations: [read]}]"),
    ),
    "rate-shared": (
        "error",
        "clock <&cc 1>: its rate is set by a while b depends on it",
        Case(f"d {{ {AT_RATE} }}; e: e {{ clocks = <&cc 1>; }};", B_HAS_E),
        Case(f"d {{ {RATE} }}; e: e {{ clocks = <&cc 2>; }};", B_HAS_E),
    ),
    "parent-shared": (
        "error",
        "clock <&cc 1>: its parent is set by b while a depends on it",
        Case("d { clocks = <&cc 1>; }; e: e { " + AT_PARENT % "cc 2" + " };", B_HAS_E),
        Case("d { clocks = <&cc 2>; }; e: e { " + PARENT % "cc 2" + " };", B_HAS_E),
    ),
    "level-shared": (
        "error",
        "voltage <&vdd>: its level is set by b while a depends on it",
        Case("d { x-supply = <&vdd>; }; e: e { vqmmc-supply = <^&vdd>; };", B_HAS_E),
        Case("d { x-supply = <&vio>; }; e: e { vqmmc-supply = <&vio>; };", B_HAS_E),
    ),
    "config-shared": (
        "error",
        "sensor <&s 1>: it is configured by a and b",
        Case(
            "s: s { #thermal-sensor-cells = <1>; }; d { thermal-sensors = <^&s 1>; };"
            "e: e { thermal-sensors = <&s 1>; };",
            B_HAS_E,
        ),
        Case(
            "s: s { #thermal-sensor-cells = <1>; }; d { thermal-sensors = <&s 1>; };"
            "e: e { thermal-sensors = <&s 2>; };",
            B_HAS_E,
        ),
    ),
    "reset-shared": (
        "error",
        "reset <&rc 1>: it is asserted by a and b",
        Case("d { resets = <^&rc 1>; }; e: e { resets = <&rc 1>; };", B_HAS_E),
        Case("d { resets = <&rc 1>; }; f { resets = <&rc 1>; };", ""),
    ),
    "rate-twice": (
        "warning",
        "devices of ospm request 5 Hz and 7 Hz for clock <&cc 1>",
        Case(f"d {{ {AT_RATE} }}; f {{ {RATE.replace('<5>', '<7>')} }};"),
        Case(f"d {{ {RATE} }}; f {{ {RATE} }};"),
    ),
    "parent-twice": (
        "warning",
        "devices of ospm request clock <&cc 2> and clock <&cc 3> for clock <&cc 1>",
        Case("d { " + AT_PARENT % "cc 2" + " }; f { " + PARENT % "cc 3" + " };"),
        Case("d { " + PARENT % "cc 2" + " }; f { " + PARENT % "cc 2" + " };"),
    ),
    "depends-foreign": (
        "warning",
        "&m, which b depends on, takes clocks from &g, and a can turn that off",
        Case(
            "g: g { #clock-cells = <0>; #phy-cells = <0>; };"
            "m: m { #clock-cells = <0>; clocks = <^&g>; }; e: e { clocks = <&m>; };",
            B_HAS_E,
        ),
        Case(
            "g: g { #clock-cells = <0>; #phy-cells = <0>; };"
            "m: m { #clock-cells = <0>; clocks = <&g>; }; d: d { clocks = <&m>; }; e: e { };",
            B_HAS_E,
        ),
    ),
    "critical-resource": (
        "warning",
        "a may turn off clock <&cc 1>, on which /cpus/cpu and so every agent runs",
        Case('cpus { c: cpu { device_type = "cpu"; clocks = <^&cc 1>; }; }; e: e { };', B_HAS_E),
        Case('cpus { c: cpu { device_type = "cpu"; clocks = <&cc 1>; }; };'),
    ),
    "topology-unmatched": (
        "note",
        "1 of 2 clocks of Linux are none of the tree's",
        Case(
            f"{NAMED} d {{ clocks = <&n 1>; }};", topology="clk/two/parent:half\nclk/half/state:1"
        ),
        Case(f"{NAMED} d {{ clocks = <&n 1>; }};", topology="clk/two/parent:one\nclk/one/state:1"),
    ),
    "topology-ambiguous": (
        "warning",
        "1 clock of Linux may be several of the tree's",
        Case(
            f'{NAMED} m: m {{ #clock-cells = <1>; clock-output-names = "one"; }};',
            topology="^clk/one/state:1",
        ),
        Case(
            f'{NAMED} m: m {{ #clock-cells = <1>; clock-output-names = "four"; }};',
            topology="clk/one/state:1",
        ),
    ),
    "topology-cycle": (
        "warning",
        "one and two feed each other in a circle; that one feeds two is left out",
        Case(NAMED, topology="^clk/one/parent:two\nclk/two/parent:one"),
        Case(NAMED, topology="clk/one/parent:two\nclk/two/parent:three\nclk/three/state:1"),
    ),
    "policy-violated": (
        "error",
        "never b: affects &d (a car), but b may set the rate of clock <&cc 1>, which &d depends on",
        Case("d: d { clocks = <&cc 1>; };", NEVER.format("rate")),
        Case("d: d { clocks = <&cc 1>; };", NEVER.format("read").replace("^", "")),
    ),
    "policy-unused": (
        "warning",
        "never c: affects &d is about nothing here: no agent c",
        Case(
            "d: d { clocks = <&cc 1>; };",
            NEVER.format("read").replace("agent: b, aff", "agent: c, aff"),
        ),
        Case("d: d { clocks = <&cc 1>; };", NEVER.format("read").replace("^", "")),
    ),
    "root-unprotected": (
        "warning",
        "b may turn off clock <&n 0> (one), which feeds 1 running clock of nobody's: three",
        Case(
            NAMED,
            "    grant: [^{clock: '&n 0', operations: [state]}]",
            topology="clk/one/state:1\nclk/two/parent:one\nclk/two/state:0\nclk/three/parent:two",
        ),
        Case(
            NAMED,
            "    grant: [{clock: '&n 0', operations: [state]}]",
            topology="clk/one/state:1\nclk/two/parent:one\nclk/two/state:0",
        ),
    ),
    "boot-gate": (
        "warning",
        "ospm may turn off clock <&cc 1> as unused, late in its boot or any time later: /r runs on "
        "it, which is reserved for other firmware",
        Case('e: e { clocks = <&cc 1>; }; r { status = "reserved"; clocks = <^&cc 1>; };'),
        Case('e: e { clocks = <&cc 1>; }; r { status = "reserved"; clocks = <&cc 2>; };'),
    ),
    "boot-gate-local": (
        "warning",
        "b drives &e and may turn off clock <&e 7> as unused, late in its boot or any time later: "
        "/d runs on it, which is the platform's",
        Case(
            "e: e { #clock-cells = <1>; }; d: d { clocks = <^&e 7>; };",
            B_HAS_E + '\nplatform: {devices: ["&d"]}',
        ),
        Case(
            "e: e { #clock-cells = <1>; }; d: d { clocks = <&cc 7>; };",
            B_HAS_E + '\nplatform: {devices: ["&d"]}',
        ),
    ),
    "device-unassigned": (
        "warning",
        "1 device is assigned to no agent, so no agent may use what it needs: /d",
        Case(
            "d: d { clocks = <^&cc 1>; }; e: e { };",
            "domains: {a: {id: 1, scmi: {role: ospm}, access: [{dev: '&e'}]}}",
            whole=True,
        ),
        Case(
            "d: d { clocks = <&cc 1>; }; e: e { };",
            "domains: {a: {id: 1, scmi: {role: ospm}, access: [{dev: '&d'}]}}",
            whole=True,
        ),
    ),
    "device-reserved": (
        "warning",
        "/e is given to b, but its status is reserved",
        Case('e: e { status = "reserved"; };', '    access: [{dev: ^"&e"}]'),
        Case('e: e { status = "reserved"; };', '    access: [{dev: "e*"}]'),
    ),
    "grant-unused": (
        "note",
        "explicit grants give b more than its devices need: rate on clock <&cc 1>",
        Case(
            "e: e { clocks = <&cc 1>; };",
            B_HAS_E + "\n    grant: [^{clock: '&cc 1', operations: [rate]}]",
        ),
        Case(
            f"e: e {{ {RATE} }};",
            B_HAS_E + "\n    grant: [{clock: '&cc 1', operations: [rate]}]",
        ),
    ),
    "rate-unsettled": (
        "note",
        "a may not set what drivers of 1 device set (2 resources): it has no table of drivers",
        Case(
            f"d: d {{ {UART} vcc-supply = <&vdd>; }};",
            "domains: {a: ^{id: 1, default: true, scmi: {role: ospm, needs: none}}}",
            whole=True,
        ),
        # What is withdrawn is told as such, and a row of one's own holds.
        Case(
            f"d: d {{ {UART} }}; e: e {{ clocks = <&cc 1>; }};",
            B_HAS_E + "\nplatform: {owners: [{clock: '&cc 1', agent: b}]}",
        ),
    ),
    "parents-unknown": (
        "note",
        "a may set the parent of 1 clock, and no parent is known: outputs have none, and what sets "
        "one fails",
        Case(
            'd: d { compatible = "acme,dsp"; clocks = <^&cc 1>; };',
            'domains: {a: {id: 1, default: true, scmi: {needs: {"acme,dsp": {"#0": [parent]}}}}}',
            whole=True,
        ),
        # A parent that the agent sees, and one that only the user could name.
        Case(
            'd: d { compatible = "acme,dsp"; clocks = <&cc 1>; assigned-clocks = <&cc 1>; '
            "assigned-clock-parents = <&cc 2>; };",
            'domains: {a: {id: 1, default: true, scmi: {needs: {"acme,dsp": {"#0": [parent]}}}}}',
            whole=True,
        ),
    ),
    "driver-unknown": (
        "note",
        'linux-6.12 has no driver for "acme,dsp" of ospm: 1 use gets what the tree says only',
        Case('d: d { compatible = "acme,dsp", "acme,core"; clocks = <^&cc 1>; };'),
        # A driver that sets nothing is none that is unknown, nor is one of the secure world.
        Case(
            'd: d { compatible = "acme,dsp", "acme,bus"; clocks = <&cc 1>; };'
            'e: e { compatible = "acme,dsp"; clocks = <&cc 1>; };',
            "domains: {a: {id: 1, default: true, scmi: {role: ospm}},"
            ' b: {id: 2, scmi: {role: secure}, access: [{dev: "&e"}]}}',
            whole=True,
        ),
    ),
    "needs-unmatched": (
        "warning",
        '"acme,dsp" of a has no entry cor',
        Case(
            'd: d { compatible = "acme,dsp"; clocks = <&cc 1>; clock-names = "core"; };',
            "domains: {a: {id: 1, default: true,"
            ' scmi: {role: ospm, needs: {"acme,dsp": {cor: ^[rate]}}}}}',
            whole=True,
        ),
        # By name, by index, of any; a driver that sets nothing; a supply; a fixed clock.
        Case(
            'd: d { compatible = "acme,dsp"; clocks = <&cc 1>, <&osc>; clock-names = "core", "x";'
            ' io-supply = <&vdd>; }; osc: osc { compatible = "fixed-clock"; #clock-cells = <0>;'
            ' clock-frequency = <1>; }; e: e { compatible = "acme,e"; clocks = <&cc 2>; };',
            "domains: {a: {id: 1, default: true, scmi: {role: ospm, needs: "
            '{"acme,e": {}, "acme,dsp": {core: [rate], "#1": [], "*": [], io-supply: [level]}}}}}',
            whole=True,
        ),
    ),
    "never-looked-up": (
        "note",
        'the driver of "acme,wdt" never takes the clock alarm (drivers/watchdog/acme_wdt.c): '
        "ospm is granted it, and does not switch it on",
        Case(f"d: d {{ {WDT % '^'} }};"),
        Case(
            f"d: d {{ {WDT % ''} }};",
            "platform: {always-on: [{clock: '&cc 2'}]}",
        ),
    ),
    "agent-idle": (
        "note",
        "b is granted nothing but to be told of system power: none of its devices needs what the",
        Case(
            "d { clocks = <&cc 1>; }; e: e { };",
            """domains:
  a: {id: 1, scmi: {role: ospm}, default: true}
  b:
    ^id: 2
    scmi: {role: vm}
    access: [{dev: "&e"}]
""",
            whole=True,
        ),
        Case("d { clocks = <&cc 1>; }; e: e { clocks = <&cc 2>; };", B_HAS_E),
    ),
    "profile-lacks": (
        "warning",
        "b speaks SCMI 2.0, which has no voltage protocol: it cannot use the 1 resource granted",
        Case(
            "d { clocks = <&cc 1>; }; e: e { x-supply = <&vdd>; };",
            """domains:
  a: {id: 1, scmi: {role: ospm}, default: true}
  b:
    ^id: 2
    scmi: {role: vm, profile: linux-5.4}
    access: [{dev: "&e"}]
""",
            whole=True,
        ),
        Case(
            "d { clocks = <&cc 1>; }; e: e { x-supply = <&vdd>; };",
            """domains:
  a: {id: 1, scmi: {role: ospm}, default: true}
  b: {id: 2, scmi: {role: vm, profile: linux-5.15}, access: [{dev: "&e"}]}
""",
            whole=True,
        ),
    ),
    "name-differs": (
        "warning",
        "clock <&rcc 0> is called ck_mpu, which is the name of clock <&rcc 1>",
        Case(OPTEE % '^c@0 { reg = <0>; clocks = <&rcc 0>; domain-name = "ck_mpu"; };'),
        Case(OPTEE % 'c@0 { reg = <0>; clocks = <&rcc 1>; domain-name = "ck-mpu"; };'),
    ),
    "id-hole": (
        "note",
        "agent-1 has no clock 0-1, 3, but clock 4",
        Case(
            OPTEE % "^c@2 { reg = <2>; clocks = <&rcc 0>; }; c@4 { reg = <4>; clocks = <&rcc 1>; };"
        ),
        Case(
            OPTEE % "c@1 { reg = <1>; clocks = <&rcc 0>; }; c@0 { reg = <0>; clocks = <&rcc 1>; };"
        ),
    ),
    "device-id": (
        "error",
        "/e has device id 7, as has /d",
        Case(
            'x: x { compatible = "arm,scmi-virtio"; #access-controller-cells = <1>; };'
            "c: c { #clock-cells = <1>; };"
            'd { compatible = "d"; clocks = <&c 1>; access-controllers = <&x 7>; };'
            'e { compatible = "e"; clocks = <&c 1>; ^access-controllers = <&x 7>; };',
            "platform: {managed: ['&c']}",
        ),
        Case(
            'x: x { compatible = "arm,scmi-virtio"; #access-controller-cells = <1>; };'
            "c: c { #clock-cells = <1>; };"
            'd { compatible = "d"; clocks = <&c 1>; access-controllers = <&x 7>; };'
            'e { compatible = "e"; clocks = <&c 1>; access-controllers = <&x 8>; };',
            "platform: {managed: ['&c']}",
        ),
    ),
    "device-id-hole": (
        "note",
        "no device of scmi has the id 0",
        Case(
            '^d { compatible = "d"; clocks = <&cc 1>; };',
            lock="# scmigen identifiers 1\nplatform\tscmi\ndevice\t0\tgone\t/gone\n",
        ),
        Case(
            'd { compatible = "d"; clocks = <&cc 1>; };',
            lock="# scmigen identifiers 1\nplatform\tscmi\ndevice\t0\td\t/d\n",
        ),
    ),
    "names-mismatch": (
        "warning",
        "/d: clocks has 3 entries, clock-names has 2",
        Case('d { clocks = <&cc 1>, <0>, <&cc 2>; ^clock-names = "a", "b"; };'),
        Case('d { clocks = <&cc 1>, <0>, <&cc 2>; clock-names = "a", "", "b"; };'),
    ),
    "unit-address": (
        "warning",
        "the unit address of 1 node of /scmi is not the reg: regulator@11",
        Case(
            'scmi { compatible = "arm,scmi-virtio"; protocol@17 { reg = <0x17>; regulators {'
            " ^regulator@11 { reg = <11>; }; }; }; };"
        ),
        Case(
            'scmi { compatible = "arm,scmi-virtio"; protocol@17 { reg = <0x17>; regulators {'
            " regulator@b { reg = <11>; }; }; }; };"
        ),
    ),
    "scmi-provider": (
        "error",
        "/scmi/protocol@14 is protocol 0x14, but it has #power-domain-cells",
        Case(SCMI.replace("clk: ", "^clk: ").replace("#clock-cells", "#power-domain-cells")),
        Case(SCMI.replace("0x14", "0x13").replace("#clock-cells", "#power-domain-cells")),
    ),
    "protocol-empty": (
        "note",
        "/scmi lists 1 protocol of which no agent is given anything: 0x19",
        Case(SCMI.replace("clk:", "^pins: protocol@19 { reg = <0x19>; }; clk:") + USES_CLOCK),
        Case(SCMI + USES_CLOCK),
    ),
    "scmi-transport": (
        "error",
        "/scmi is arm,scmi, but it has no mboxes",
        Case(MEMORY + '^scmi { compatible = "arm,scmi"; shmem = <&shm>; };'),
        Case(MEMORY + 'scmi { compatible = "arm,scmi"; shmem = <&shm>; mboxes = <&mhu 1>; };'),
    ),
    "channel-duplicate": (
        "error",
        "a and b have the same channel number 3",
        Case("", NUMBERED % (3, "^", 3), whole=True),
        Case("", NUMBERED % (3, "", 4), whole=True),
    ),
    "shmem-size": (
        "error",
        "the shared memory of /scmi, /shm@10000, is 0x7c bytes, which hold no message of 104",
        Case("^" + MEMORY.replace("0x80", "0x7c") + TREE_SCMI % ("shm", "")),
        Case(MEMORY + TREE_SCMI % ("shm", "")),
    ),
    "tree-id": (
        "error",
        "/e clocks[0] is clock 7, which b does not get",
        Case("e: e { clocks = <&cc 7>; };", "", own=SCMI + "e { clocks = <^&clk 7>; };"),
        Case("e: e { clocks = <&cc 7>; };", "", own=SCMI + "e { clocks = <&clk 0>; };"),
    ),
    "served-native": (
        "warning",
        "/d clocks[0] is served to agent-1 as SCMI clock 3, but the device drives it natively",
        Case(BOTH_SIDES % "^&rcc 30"),
        Case(BOTH_SIDES % "&clk 3"),
    ),
    "smc-id-duplicate": (
        "error",
        "a and b have the same SMC id 0x82000002",
        Case(
            SRAM % "",
            (CHANNELS % ("0x82000002", "0x82000002", "m1")).replace("    id: 2", "    ^id: 2"),
            whole=True,
        ),
        Case(SRAM % "", CHANNELS % ("0x82000002", "0x82000003", "m1"), whole=True),
    ),
    "shmem-unresolved": (
        "error",
        "the shared memory of b, m7, is no node",
        Case(SRAM % "", (CHANNELS % (1, 2, "m7")).replace("    id: 2", "    ^id: 2"), whole=True),
        Case(SRAM % "", CHANNELS % (1, 2, "m1"), whole=True),
    ),
    "xen-agents": (
        "error",
        "agent 1 is twice in scmi-secondary-agents",
        Case(XEN % ("^7 &m2 1", "", "")),
        Case(XEN % ("7 &m2 2", "", "")),
    ),
    "xen-device": (
        "warning",
        "/e has the device id 4, but needs nothing that the platform serves",
        Case(XEN % ("7 &m2 2", "", "^access-controllers = <&x 4>;")),
        Case(XEN % ("7 &m2 2", "access-controllers = <&x 4>;", "")),
    ),
    "shmem-overlap": (
        "error",
        "a and b share memory: &m0 and &m2",
        Case(SRAM % "^m2: m@800 { reg = <0 0x2000>; };", CHANNELS % (1, 2, "m2"), whole=True),
        Case(SRAM % "m2: m@2000 { reg = <0x2000 0x1000>; };", CHANNELS % (1, 2, "m2"), whole=True),
    ),
    "shmem-alignment": (
        "error",
        "the shared memory of b, /sram/m@2000, is 0x100 bytes at 0x12000: a guest is given whole",
        Case(SRAM % "^m2: m@2000 { reg = <0x2000 0x100>; };", CHANNELS % (1, 2, "m2"), whole=True),
        Case(SRAM % "m2: m@2000 { reg = <0x2000 0x1000>; };", CHANNELS % (1, 2, "m2"), whole=True),
    ),
    "shmem-unreserved": (
        "warning",
        "the shared memory of ospm, /shm at 0x80001000, is memory that nothing reserves",
        Case(
            'memory { device_type = "memory"; reg = <0 0x80000000 0x10000>; };'
            '^shm: shm { compatible = "arm,scmi-shmem"; reg = <0 0x80001000 0x1000>; };'
            + TREE_SCMI
            % ("shm", "")
        ),
        Case(
            'memory { device_type = "memory"; reg = <0 0x80000000 0x10000>; };'
            "reserved-memory { #address-cells = <1>; #size-cells = <1>; ranges;"
            ' shm: shm { compatible = "arm,scmi-shmem"; reg = <0x80001000 0x1000>; }; };'
            + TREE_SCMI
            % ("shm", "")
        ),
    ),
    "feeds-others": (
        "warning",
        "&mux serves several agents, and it may feed them from clock <&cc 1>",
        Case(f"^{MUX} d {{ {RATE} }}; e: e {{ clocks = <&mux 7>; }};", B_HAS_E),
        Case(f"{MUX} d {{ {RATE} clocks = <&mux 7>; }}; e: e {{ }};", B_HAS_E),
    ),
    "operation-withdrawn": (
        "note",
        "a does not get rate on clock <&cc 1>, which /d assigned-clocks[0] needs: b owns it",
        Case(f"d {{ {AT_RATE} }};", "platform: {owners: [{clock: '&cc 1', agent: b}]}"),
        Case(f"d {{ {RATE} }};", "platform: {owners: [{clock: '&cc 1', agent: a}]}"),
    ),
    "grant-against-owner": (
        "error",
        "b is granted rate, read on clock <&cc 1>, but a owns it",
        Case(
            "",
            "    grant: [^{clock: '&cc 1', operations: [rate]}]\n"
            "platform: {owners: [{clock: '&cc 1', agent: a}]}",
        ),
        Case(
            "",
            "    grant: [{clock: '&cc 1', operations: [rate]}]\n"
            "platform: {owners: [{clock: '&cc 1', agent: b}]}",
        ),
    ),
    "id-range": (
        "error",
        "clock <&clk 65536> has the number 65536; SCMI ids end at 65535",
        Case(SCMI.replace("clk:", "^clk:") + "d { clocks = <&clk 65536>; };"),
        Case(SCMI + "d { clocks = <&clk 65535>; };"),
    ),
    "id-moved": (
        "error",
        "clock <&clk 3> was 7 and is 3 now",
        Case(
            SCMI.replace("clk:", "^clk:") + "d { clocks = <&clk 3>; };",
            lock=LOCK % "/scmi/protocol@14\t3",
        ),
        Case(SCMI + "d { clocks = <&clk 7>; };", lock=LOCK % "/scmi/protocol@14\t7"),
    ),
    "id-disagrees": (
        "error",
        "is 3 for agent-1 and 4 for agent-2",
        Case(SERVER % ("reg = <3>;", "reg = <4>;")),
        Case(SERVER.replace("^", "") % ("reg = <3>;", "reg = <3>;")),
    ),
    "id-duplicate": (
        "error",
        "clock 7 is both",
        Case(
            SCMI + "^m: m { #clock-cells = <0>; }; d { clocks = <&clk 7>, <&m>; };",
            "platform: {managed: ['&m']}",
            lock=LOCK % "/m",
        ),
        Case(
            SCMI + "m: m { #clock-cells = <0>; }; d { clocks = <&clk 8>, <&m>; };",
            "platform: {managed: ['&m']}",
            lock=LOCK % "/m",
        ),
    ),
    "lock-foreign": (
        "error",
        "nothing that the lock file has of scmi is on this board",
        Case("d { clocks = <&cc 1>; };", lock=LOCK % "/elsewhere"),
        Case("d { clocks = <&cc 1>; };", lock=LOCK % "/clock-controller@1000\t9"),
    ),
    "numbering-fixed": (
        "error",
        "/scmi fixes the numbers of the platform",
        Case("^" + SCMI + "d { clocks = <&clk 1>; };", numbering=Numbering.PER_AGENT),
        Case("d { clocks = <&cc 1>; };", numbering=Numbering.PER_AGENT),
    ),
}


#: Checks that run only where they are named, too.
EVERY = frozenset(check.id for check in CHECKS)
pytestmark = pytest.mark.usefixtures("drivers")


def run(case: Case) -> tuple[tuple[Diagnostic, ...], Position | None]:
    """What all checks say, and the marked position."""
    where = None
    # The controllers are left out beside an SCMI node, which would make them native.
    text = source(case.body + ("" if "arm,scmi" in case.body else SOC))
    agents = case.agents
    own = source(case.own) if case.own is not None else None
    if agents is not None and not case.whole:
        agents = TWO_AGENTS + agents
    if "^" in text:
        text, where = marked(text, BOARD)
    elif agents is not None and "^" in agents:
        agents, where = marked(agents, AGENTS)
    elif case.lock is not None:
        where = Position("ids.lock")
    elif own is not None and "^" in own:
        own, where = marked(own, "b.dts")
    tree = read_source(text, BOARD)
    if own is not None:
        sources = Sources([(AGENTS, agents or "")], {"b": read_source(own, "b.dts")})
        return run_checks(build(*assign(tree, sources))), where
    feeds = case.topology
    if feeds is not None and "^" in feeds:
        feeds, where = marked(feeds, TOPOLOGY)
    elif feeds is not None and where is None:
        where = Position(TOPOLOGY)
    model = model_of(tree, agents, case.lock, case.numbering, topology=feeds)
    return run_checks(model, requested=EVERY), where


def test_every_check_is_here() -> None:
    assert sorted(check.id for check in CHECKS) == sorted(CASES)


@pytest.mark.parametrize("name", CASES)
def test_speaks(name: str) -> None:
    severity, message, case, _ = CASES[name]
    found, where = run(case)
    mine = [item for item in found if item.id == name]
    assert len(mine) == 1
    assert mine[0].severity.word == severity
    assert message in mine[0].message
    assert where is not None
    assert mine[0].position == where
    assert mine[0].hint


@pytest.mark.parametrize("name", CASES)
def test_is_silent(name: str) -> None:
    found, _ = run(CASES[name][3])
    assert [item.id for item in found if item.id == name] == []
    assert not has_errors(found)
