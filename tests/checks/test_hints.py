"""A hint helps: applied to the agents file, the finding is gone and no error is there that was not
there before."""

import re
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from textwrap import dedent
from typing import Any, NamedTuple

import pytest
import yaml
from checks.remedies import Remedy, apply, remedies
from checks.test_checks import CASES
from checks.test_examples import NAMES, parts
from checks.test_examples import SOC as EXAMPLE_SOC
from support import BOARD, SOC, TWO_AGENTS, model_of, source
from turns import one_in

from scmigen.checks.registry import run_checks
from scmigen.devicetree.load import load
from scmigen.devicetree.source import read_source
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Diagnostic, InputError, Severity
from scmigen.model.platform import Model
from scmigen.runtime import Numbering

pytestmark = pytest.mark.usefixtures("drivers")


class Situation(NamedTuple):
    """A board and an agents file on which some check reports something."""

    tree: DeviceTree
    agents: str | None
    lock: str | None = None
    numbering: Numbering = Numbering.SHARED
    requested: frozenset[str] = frozenset()

    def findings(self, agents: str | None) -> list[Diagnostic]:
        model = model_of(self.tree, agents, self.lock, self.numbering)
        return list(run_checks(model, requested=self.requested))


def of_checks(name: str) -> Situation:
    case = CASES[name][2]
    text = source(case.body + ("" if "arm,scmi" in case.body else SOC)).replace("^", "")
    agents = case.agents
    if agents is not None:
        agents = (agents if case.whole else TWO_AGENTS + agents).replace("^", "")
    return Situation(read_source(text, BOARD), agents, case.lock, case.numbering, frozenset({name}))


def of_examples(name: str) -> Situation | None:
    found = parts(name, "wrong")
    if found.keys() - {"", "# agents.yaml", "# ids.lock"}:
        return None
    soc = "" if 'compatible = "arm,scmi' in found[""] else EXAMPLE_SOC
    try:
        tree = read_source(source(found[""] + soc), BOARD)
    except InputError:
        return None
    lock = found.get("# ids.lock", "").partition("\n")[2]
    agents = found.get("# agents.yaml")
    return Situation(tree, agents, lock or None, requested=frozenset({name}))


#: A supply that a GPIO switches; the platform is to serve it.
SWITCHED = """
gpio: gpio { compatible = "acme,gpio"; gpio-controller; #gpio-cells = <1>; clocks = <&cc 1>; };
vcc: vcc { compatible = "regulator-fixed"; regulator-name = "vcc"; gpio = <&gpio 3>; };
d: d { compatible = "acme,d"; x-supply = <&vcc>; };
"""
CONTROLLER = "clocks = <&cc 1>; %s #dma-cells = <1>;"
#: Situations of their own: several ways into one finding, which need different hints.
OWN = {
    "controller-of-the-default-agent": (
        f"dma: dma {{ {CONTROLLER % ''} }}; e: e {{ dmas = <&dma 1>; clocks = <&cc 2>; }};",
        '    access: [{dev: "&e"}]',
    ),
    "controller-of-another-agent": (
        f"dma: dma {{ {CONTROLLER % 'resets = <&rc 1>;'} }}; d: d {{ dmas = <&dma 1>; }};",
        '    access: [{dev: "&dma"}]',
    ),
    "controller-between-two-that-are-not-the-default": (
        f"dma: dma {{ {CONTROLLER % ''} }}; e: e {{ dmas = <&dma 1>; }};",
        '    access: [{dev: "&e"}]\n  c: {id: 3, access: [{dev: "&dma"}]}',
    ),
    "controller-with-a-rate": (
        f"""dma: dma {{ {CONTROLLER % "assigned-clocks = <&cc 1>; assigned-clock-rates = <5>;"} }};
        d: d {{ dmas = <&dma 1>; }};""",
        '    access: [{dev: "&dma"}]',
    ),
    "controller-named-by-its-path": (
        f"dma {{ {CONTROLLER % ''} phandle = <9>; }}; e: e {{ dmas = <9 1>; }};",
        '    access: [{dev: "/dma"}]',
    ),
    "part-inside-a-device": (
        'w: wrap { compatible = "acme,w"; clocks = <&cc 1>, <&cc 2>; e: e { compatible = "e"; };'
        " };",
        '    access: [{dev: "&e"}]',
    ),
    "bus-of-the-default-agent": (
        'bus: i2c { compatible = "acme,i2c"; clocks = <&cc 1>; e: e@1 { reg = <1>; }; };',
        '    access: [{dev: "&e"}]',
    ),
    "bus-that-another-agent-claims": (
        'bus: i2c { compatible = "acme,i2c"; clocks = <&cc 1>; e: e@1 { reg = <1>; }; };',
        '    access: [{dev: "&e"}]\n  c: {id: 3, access: [{dev: "&bus"}]}',
    ),
    "bus-of-the-platform": (
        'bus: i2c { compatible = "acme,i2c"; clocks = <&cc 1>; e: e@1 { reg = <1>; }; };',
        '    access: [{dev: "&e"}]\nplatform: {devices: ["&bus"]}',
    ),
    "device-claimed-by-two": (
        "e: e { clocks = <&cc 1>; };",
        '    access: [{dev: "&e"}]\n  c: {id: 3, access: [{dev: "&e"}]}',
    ),
    "device-claimed-by-an-agent-and-the-platform": (
        "e: e { clocks = <&cc 1>; };",
        '    access: [{dev: "&e"}]\nplatform: {devices: ["&e"]}',
    ),
    "memory-controller-that-an-agent-claims": (
        "ddr: memory-controller { clocks = <&cc 1>; }; d { clocks = <&cc 2>; };",
        '    access: [{dev: "&ddr"}]',
    ),
    "memory-controller-of-the-default-agent": (
        "memory-controller { clocks = <&cc 1>; }; e: e { clocks = <&cc 2>; };",
        '    access: [{dev: "&e"}]',
    ),
    "rate-in-an-explicit-grant": (
        "d { assigned-clocks = <&cc 1>; assigned-clock-rates = <5>; }; e: e { clocks = <&cc 1>; };",
        '    access: [{dev: "&e"}]\n    grant: [{clock: "&cc 1", operations: [rate]}]',
    ),
    "rate-in-two-explicit-grants": (
        "e: e { clocks = <&cc 1>; };",
        '    grant: [{clock: "&cc 1", operations: [rate]}]\n'
        '  c: {id: 3, grant: [{clock: "&cc 1", operations: [rate]}]}',
    ),
    "list-of-channels-of-another-agent": (
        'bus: i2c { compatible = "acme,i2c"; clocks = <&cc 1>;'
        ' adc: adc@1 { compatible = "acme,adc"; reg = <1>; #io-channel-cells = <1>; }; };'
        'hwmon { compatible = "iio-hwmon"; io-channels = <&adc 0>, <&adc 1>; };',
        '    access: [{dev: "&bus"}]',
    ),
    "pmic-on-a-bus-of-its-own": (
        'bus: i2c { compatible = "acme,i2c"; clocks = <&cc 1>; pmic: p@1 { compatible = "acme,p";'
        ' reg = <1>; buck: buck { regulator-name = "buck"; }; }; }; e: e { x-supply = <&buck>; };',
        '    access: [{dev: "&e"}]',
    ),
    "pmic-on-a-bus-that-an-agent-claims": (
        'bus: i2c { compatible = "acme,i2c"; clocks = <&cc 1>; pmic: p@1 { compatible = "acme,p";'
        ' reg = <1>; buck: buck { regulator-name = "buck"; }; }; }; d: d { x-supply = <&buck>; };',
        '    access: [{dev: "&bus"}]',
    ),
    "fixed-clock-granted": (
        'osc: osc { compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <5>; };',
        '    grant: [{clock: "&osc", operations: [read]}]',
    ),
    "grant-on-what-provides-nothing": (
        "x: x { };",
        '    grant: [{clock: "&x", operations: [read]}]',
    ),
    "withdrawn-on-a-shared-device": (
        "e: e { resets = <&rc 1>; clocks = <&cc 1>; };",
        '    access: [{dev: "&e", flags: {shared: true}}]',
    ),
    "switch-of-the-default-agent": (
        SWITCHED,
        '    access: [{dev: "&d"}]\nplatform: {managed: ["&vcc"]}',
    ),
    "switch-of-another-agent": (
        SWITCHED,
        '    access: [{dev: "&gpio"}]\nplatform: {managed: ["&vcc"]}',
    ),
    "opp-table-of-a-local-clock": (
        'scmi { compatible = "arm,scmi"; }; cru: cru@9 { reg = <9>; #clock-cells = <1>; };'
        "t: t { opp { opp-hz = <0 5>; }; }; d { operating-points-v2 = <&t>; clocks = <&cru 1>; };",
        "    access: []",
    ),
}


def of_own(name: str) -> Situation:
    body, agents = OWN[name]
    return Situation(read_source(source(body + SOC), BOARD), TWO_AGENTS + agents)


#: Where situations come from, and their names there.
SITUATIONS: tuple[tuple[str, Callable[[str], Situation | None], Iterable[str]], ...] = (
    ("check", of_checks, CASES),
    ("example", of_examples, NAMES),
    ("own", of_own, OWN),
)


@cache
def situations() -> dict[str, tuple[Situation, str | None]]:
    """Situations and the checks that report them, by what they are called."""
    return {
        f"{kind}-{name}": (found, None if kind == "own" else name)
        for kind, make, names in SITUATIONS
        for name in names
        if (found := make(name)) is not None
    }


def errors(found: list[Diagnostic]) -> set[tuple[str, str]]:
    return {(item.id, item.message) for item in found if item.severity is Severity.ERROR}


def check_remedy(situation: Situation, item: Diagnostic, remedy: Remedy) -> None:
    before = situation.findings(situation.agents)
    after = situation.findings(apply(remedy, situation.agents, situation.tree))
    assert (item.id, item.message) not in {(other.id, other.message) for other in after}
    assert errors(after) - errors(before) == set()


@pytest.mark.parametrize(("situation", "name"), situations().values(), ids=situations())
def test_every_line_of_a_hint_helps(situation: Situation, name: str | None) -> None:
    try:
        before = situation.findings(situation.agents)
    except InputError:
        pytest.skip("the input cannot be read")
    assert name is None or name in {item.id for item in before} or situation.lock is None
    for item in before:
        for remedy in remedies(item.hint or ""):
            check_remedy(situation, item, remedy)


#: The hints that write a line for the agents file; the test above is nothing without them.
WITH_LINES = {
    *("device-conflict", "bus-owner", "rate-shared", "parent-shared", "level-shared"),
    *("reset-shared", "config-shared", "feeds-others", "operation-withdrawn", "local-foreign"),
    *(
        "scmi-native",
        "scmi-foreign",
        "parent-unnamed",
        "opp-undriven",
        "grant-unmanaged",
        "depends-foreign",
    ),
    *("critical-resource", "device-unassigned", "provider-secure", "managed-consumes-local"),
    *("opp-bin", "boot-gate", "boot-gate-local", "rate-unsettled", "driver-unknown"),
    "never-looked-up",
}


def test_the_situations_reach_every_hint_with_a_line() -> None:
    reached = set()
    for situation, _ in situations().values():
        try:
            found = situation.findings(situation.agents)
        except InputError:
            continue
        reached |= {item.id for item in found if list(remedies(item.hint or ""))}
    assert reached == WITH_LINES


#: The hints of a board without an agents file: their lines alone are one.
ALONE = {
    "scmi-native",
    "boot-gate",
    "parent-unnamed",
    "opp-bin",
    "provider-secure",
    "never-looked-up",
    "depends-foreign",
}


def test_the_situations_have_boards_without_an_agents_file() -> None:
    reached = set()
    for situation, _ in situations().values():
        if situation.agents is not None:
            continue
        for item in situation.findings(None):
            lines = [apply(r, None, situation.tree) for r in remedies(item.hint or "")]
            reached |= {item.id for line in lines if line.startswith("platform:")}
    assert reached == ALONE


def test_a_remedy_is_what_a_user_would_write() -> None:
    """An entry that is there gets the flags; the other agent gets an entry."""
    hint = (
        "flags: {shared: true} beside &dma in access of m7 and "
        'access: [{dev: "&dma", flags: {shared: true}}] in vm1 shares it; or something else'
    )
    (remedy,) = remedies(hint)
    assert (remedy.flagged, remedy.agents) == (("m7",), ("vm1",))
    tree = read_source(source("dma: dma { };"), BOARD)
    text = apply(remedy, "domains: {m7: {access: [{dev: /dma}, {dev: x}]}, vm1: {id: 1}}", tree)
    assert text == dedent("""\
        domains:
          m7:
            access:
            - dev: /dma
              flags:
                shared: true
            - dev: x
          vm1:
            id: 1
            access:
            - dev: '&dma'
              flags:
                shared: true
        """)


BOARDS = (
    *("hi3660-hikey960", "imx8mp-evk", "k3-am625-sk", "mt8195-cherry-tomato-r2"),
    *("rk3588-rock-5b", "stm32mp257f-ev1", "zynqmp-zcu102-rev1.0"),
)


def split(model: Model) -> str:
    """Three agents for a board: every fourth device goes to vm1, and the one after it to rtos."""
    tree = model.inventory.tree
    devices = [device.node.path for platform in model.platforms for device in platform.devices]
    words = [f"&{tree.label_of[path]}" if path in tree.label_of else path for path in devices]
    domains: dict[str, Any] = {"linux": {"id": 1, "scmi": {"role": "ospm"}, "default": True}}
    for number, name in enumerate(("vm1", "rtos")):
        access = [{"dev": word} for word in words[number::4]]
        domains[name] = {"id": number + 2, "scmi": {"role": "vm"}, "access": access}
    return yaml.safe_dump({"domains": domains}, sort_keys=False)


def kinds(found: Iterable[Diagnostic]) -> set[tuple[str, str]]:
    """Errors by their id and what they are about, whoever has a part in it and how often."""
    errors = (item for item in found if item.severity is Severity.ERROR)
    return {(item.id, re.split(r": | is ", item.message)[0]) for item in errors}


@pytest.mark.parametrize("name", one_in(3, BOARDS))
def test_the_first_hint_of_every_check_helps_on_a_real_board(corpus: Path, name: str) -> None:
    tree = load(corpus / f"{name}.symbols.dtb")
    assert len(follow(tree, split(model_of(tree)))) > 1


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("k3-am62l3-evm", {"boot-gate"}),
        ("rk3588-rock-5b", {"scmi-native"}),
        ("stm32mp257f-ev1", {"scmi-native"}),
    ],
)
def test_hints_on_a_real_board_alone_need_no_domain(
    corpus: Path, name: str, told: set[str]
) -> None:
    assert follow(load(corpus / f"{name}.symbols.dtb"), None) >= told


def follow(tree: DeviceTree, text: str | None) -> set[str]:
    """The checks that have hints on a board, after each of the first ones was found to help."""
    before = run_checks(model_of(tree, text))
    first = {item.id: item for item in reversed(before) if list(remedies(item.hint or ""))}
    for item in first.values():
        for remedy in remedies(item.hint or ""):
            after = run_checks(model_of(tree, apply(remedy, text, tree)))
            assert (item.id, item.message) not in {(other.id, other.message) for other in after}
            new = kinds(after) - kinds(before)
            if remedy.where == "platform.managed":
                # That two agents set one clock was hidden as long as nobody served it.
                new = {(name, what) for name, what in new if not name.endswith("-shared")}
            assert new == set(), (item.message, remedy)
    return set(first)


#: A device of each VM, whose supplies and controllers are the host's.
TWO_VMS = """domains:
  host: {id: 1, default: true, scmi: {role: hypervisor}}
  vm1: {id: 2, scmi: {role: vm}, access: [{dev: "&usdhc2"}]}
  vm2: {id: 3, scmi: {role: vm}, access: [{dev: "&flexcan1"}]}
"""


def test_following_the_hints_ends_without_errors(corpus: Path) -> None:
    """None of them leads to an error that a hint of its own takes back."""
    tree = load(corpus / "imx8qm-mek.symbols.dtb")
    text, told = TWO_VMS, set()
    while True:
        found = run_checks(model_of(tree, text))
        serious = [item for item in found if item.severity is not Severity.NOTE]
        lines = [(item, line) for item in serious for line in remedies(item.hint or "")]
        if not lines:
            break
        (item, line), *_ = lines
        assert (item.id, item.message) not in told
        told.add((item.id, item.message))
        text = apply(line, text, tree)
    assert {name for name, _ in told} >= {"local-foreign", "depends-foreign"}
    # The host scales the CPUs by a domain, and may turn off nothing of theirs.
    assert serious == []
    kept = {tree.labels[name[1:]].path for name in yaml.safe_load(text)["platform"]["devices"]}
    assert kept
    assert not {path for path in kept if path.startswith("/cpus")}
