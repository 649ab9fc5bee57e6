"""Linux on the trees that scmigen writes: it sees what the model has for the agent, and no more."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from guest import linux
from guest.boards import CASES, Case, Judge, booted, reading
from guest.expected import MESSAGES, Asked, Granted
from guest.programs import kernel
from guest.trees import entries

from scmigen.devicetree.tree import DeviceTree

pytestmark = [pytest.mark.slow, pytest.mark.guest, pytest.mark.usefixtures("machine")]

#: What a kernel says that has come to harm, or that was not answered.
BROKEN = r"WARNING: CPU|BUG:|Call trace|Oops|timed out in resp|rcu_sched self-detected"
#: What refuses an operation, and what may hide a resource.
DENIED, NOT_FOUND = 0xFFFF_FFFD, 0xFFFF_FFFC
HIDDEN = {DENIED, NOT_FOUND}


@pytest.fixture(scope="module", params=CASES, ids=str)
def judge(request: pytest.FixtureRequest) -> Iterator[Judge]:
    case: Case = request.param
    if kernel().module is None:
        pytest.skip("no scmi_consumer.ko beside the kernel")
    with TemporaryDirectory(prefix="guest-") as folder, booted(case, Path(folder)) as found:
        yield found
        said = found.guest.run("dmesg")
        found.guest.power_off()
        print(f"\n{found.summary}")
        assert not re.search(BROKEN, said), said


def test_clocks_are_those_of_the_model_with_their_rates_and_parents(judge: Judge) -> None:
    granted = judge.view.granted["clock"]
    fixed = {
        node.string("clock-output-names") or node.base_name
        for node in (*judge.board.nodes, *judge.machine.nodes)
        if {"fixed-clock", "fixed-factor-clock"} & {*node.strings("compatible")}
    }
    seen = linux.clocks(judge.guest)
    ours = {name: clock for name, clock in seen.items() if name not in fixed}
    judge.same("clocks", set(ours), judge.view.names("clock"))
    judge.same(
        "rates",
        {name: clock.rate for name, clock in ours.items()},
        {each.name: each.what["rate"] for each in granted.values()},
    )
    parents = {
        each.name: granted[each.what["parent"]].name
        for each in granted.values()
        if each.what.get("parent") in granted
    }
    judge.same("parents", {n: clock.parent for n, clock in ours.items() if clock.parent}, parents)


def test_domains_are_those_of_the_model(judge: Judge) -> None:
    seen = linux.domains(judge.guest)
    expected = judge.view.names("power")
    if not _scales_by_clocks(judge.board):
        performance = judge.view.granted["performance"].values()
        expected |= {f"{each.name}_{each.id}" for each in performance}
    # Linux registers performance domains by index: one that is not ours has no name.
    named = {name for name in seen if not re.fullmatch(r"_\d+", name)}
    judge.same("domains", named, expected)


def test_regulators_are_those_of_the_model_with_their_voltage(judge: Judge) -> None:
    # What is not the platform's to serve is a fixed regulator, of the board or in place of another.
    served = {each["name"] for each in judge.view.runtime.get("voltage_domains", ())}
    fixed = {node.string("regulator-name") for node in judge.board.nodes} - served
    seen = linux.regulators(judge.guest)
    judge.same(
        "regulators",
        {name: each.microvolts for name, each in seen.items() if name not in fixed},
        {each.name: each.what["level"] for each in judge.view.granted["voltage"].values()},
    )


def test_sensors_and_zones_are_those_of_the_model_with_their_readings(judge: Judge) -> None:
    granted = judge.view.granted["sensor"]
    readings = {each.name: reading(each.number) for each in granted.values()}
    judge.same("sensors", linux.sensors(judge.guest), readings)
    served = {(each.what["node"], (*each.what["cells"],)): each.number for each in granted.values()}
    zones = judge.board.node("/thermal-zones")
    expected = {
        zone.name: reading(served[entry.node.path, entry.cells])
        for zone in (zones.children.values() if zones else ())
        for entry in entries(judge.board, zone, "thermal-sensors")
        if entry.node is not None and (entry.node.path, entry.cells) in served
    }
    judge.same("thermal zones", linux.zones(judge.guest), expected)


def test_a_raw_message_to_what_is_not_granted_is_refused(judge: Judge) -> None:
    """Every message to ids that are not the agent's; to its own ids, what it may not do there."""
    strange, own = [], []
    for kind, messages in MESSAGES.items():
        granted = judge.view.granted[kind].values()
        if granted:
            strangers = judge.view.strangers(kind)
            strange += [message.to(number) for number in strangers for message in messages]
        own += [
            message.to(each.id)
            for each in granted
            for message in messages
            if message.operation and message.operation not in each.operations
        ]
    raw = linux.Raw(judge.guest)
    # The tokens of messages last for some 700; of more, every second or third is sent.
    strange = strange[:: 1 + len(strange) // 400]
    own = own[:: 1 + len(own) // 300]
    seen = [answer[0] for answer in raw.send(*strange)]
    judge.same("hidden", [status in HIDDEN for status in seen], [True] * len(strange))
    seen = [answer[0] for answer in raw.send(*own)]
    judge.same("denied", seen, [DENIED] * len(own))


def test_devices_get_what_the_board_has_for_them(judge: Judge) -> None:
    """Names, order and resource of every entry; what is local or denied has no resource."""
    asked, names = judge.asked, judge.view.names("clock")
    assert linux.take(judge.guest, sorted(asked)) == {}
    found = linux.taken(judge.guest)
    judge.same("devices", set(found), set(asked))
    for path, wanted in asked.items():
        seen = found[path]
        clocks = {
            (e.index, e.name, e.resource.name) for e in wanted if e.kind == "clk" and e.resource
        }
        lines = {(*_id(e), e.values.get("name")) for e in seen if e.kind == "clk"}
        judge.same("device clocks", {line for line in lines if line[2] in names}, clocks)
        for kind in ("reset", "supply"):
            there = {e.name for e in wanted if e.kind == kind and e.resource}
            had = {_id(e)[1] for e in seen if e.kind == kind and "err" not in e.values}
            # A supply of a fixed regulator stays as it is.
            judge.same(f"device {kind}", had & there if kind == "supply" else had, there)
        domains = [line.values["name"] for line in seen if line.kind == "pd"]
        expected = [e.resource.name for e in wanted if e.kind == "pd" and e.resource]
        scaled = judge.view.scaled(judge.reduced.processors.get(path, path))
        if scaled and not any(e.resource == scaled for e in wanted):
            expected.append(scaled.name)
        judge.same("device domains", domains, expected)


def test_frequencies_of_devices_are_those_of_the_board(judge: Judge) -> None:
    """Devices with operating points of their own, by devfreq; each is set, the highest first."""
    for path, wanted in judge.asked.items():
        clock = next((e.resource for e in wanted if e.kind == "clk" and e.resource), None)
        points = [1000 * khz for khz in _frequencies(judge.board, path)]
        if path.startswith("/cpus/") or judge.view.scaled(path) or not points or clock is None:
            continue
        name = linux.device(path)
        judge.guest.run(linux.rebound(name, "scmi_consumer", "imx-bus-devfreq"))
        seen = linux.devfreq(judge.guest)
        judge.same("devices by devfreq", {*seen}, {name})
        judge.same("operating points", seen[name].frequencies, tuple(points))
        judge.served.events()
        for hertz in reversed(points):
            judge.guest.run(f"echo {hertz} >/sys/class/devfreq/{name}/userspace/set_freq")
        for hertz in points[-2::-1]:
            effect = f"clock {clock.number} .* rate {hertz}$"
            judge.same("set frequency", bool(judge.served.expect(effect)), True)
        judge.guest.run(linux.rebound(name, "imx-bus-devfreq", "scmi_consumer"))


def test_what_linux_switches_the_platform_switches(judge: Judge) -> None:
    """One device after the other: on, then off, and a reset for each line."""
    uses = _switched(judge)
    _ordered(judge, _commands(uses, "on"))
    used = {(SWITCHED[e.kind], e.resource.number): e.resource for _, e in uses if e.resource}
    effects = {_effect(line) for line in judge.served.said}
    expected = {(*each, 1) for each in used}
    judge.same("switched on", expected & effects, expected)
    judge.served.events()
    _ordered(judge, _commands(uses, "off"))
    expected = {(*key, 0) for key, each in used.items() if not each.what.get("always_on")}
    effects = {_effect(line) for line in judge.served.events()}
    judge.same("switched off", effects & expected, expected)
    # With it goes what feeds it, as far as nobody else needs that.
    fed = {(*key, 0) for key in judge.view.feeding(used)}
    assert effects - expected <= fed
    judge.counts["switched off with them"] = len(effects - expected)


def test_what_two_devices_share_is_on_until_the_second_lets_go(judge: Judge) -> None:
    """All that two devices use: on for both, off for the first, off for the second."""
    users: dict[tuple[str, int], list[tuple[str, Asked]]] = {}
    for path, entry in _switched(judge):
        if entry.resource and not entry.resource.what.get("always_on"):
            users.setdefault((SWITCHED[entry.kind], entry.resource.number), []).append(
                (path, entry)
            )
    shared = {key: found for key, found in users.items() if len(found) > 1}
    firsts = [found[0] for found in shared.values()]
    seconds = [found[1] for found in shared.values()]
    _ordered(judge, _commands([*firsts, *seconds], "on"))
    judge.served.events()
    _ordered(judge, _commands(firsts, "off"))
    off = {(*key, 0) for key in shared}
    judge.same("kept by a second", off - {_effect(line) for line in judge.served.events()}, off)
    _ordered(judge, _commands(seconds, "off"))
    judge.same("let go by both", off & {_effect(line) for line in judge.served.events()}, off)


def test_what_linux_resets_is_reset(judge: Judge) -> None:
    uses = [
        (path, entry)
        for path, wanted in judge.asked.items()
        for entry in wanted
        if entry.resource and entry.kind == "reset" and "reset" in entry.resource.operations
    ]
    judge.served.events()
    for word, value in (("assert", 1), ("deassert", 0), ("pulse", 2)):
        _ordered(judge, [(path, f"reset {word} {e.index}") for path, e in uses])
        expected = [("reset", e.resource.number, value) for _, e in uses if e.resource]
        seen = [_effect(line) for line in judge.served.events() if line.startswith("reset ")]
        judge.same(word, seen, expected)


def test_what_linux_sets_is_set(judge: Judge) -> None:
    """Every rate, parent, voltage and level of what the agent may set, the lowest one last."""
    done: set[tuple[str, int]] = set()
    for path, wanted in judge.asked.items():
        for entry in wanted:
            # What one consumer asks of a supply holds for the others, so each resource is set once.
            if entry.resource and (entry.kind, entry.resource.number) not in done:
                done.add((entry.kind, entry.resource.number))
                _sets(judge, path, entry, entry.resource)


def test_frequencies_of_processors_are_those_of_the_board(judge: Judge) -> None:
    """By SCMI performance domains, or by the board's own operating points over SCMI clocks. Each is
    set, the highest first, and reaches the platform."""
    expected: dict[str, tuple[int, ...]] = {}
    effects: dict[str, str] = {}
    for ours, path in judge.reduced.processors.items():
        scaled = judge.view.scaled(path)
        clocks = [e.resource for e in judge.asked.get(ours, ()) if e.kind == "clk" and e.resource]
        if scaled is not None and "level" in scaled.operations:
            expected[ours] = tuple(sorted(p["frequency"] for p in scaled.what["levels"]))
            effects[ours] = f"performance {scaled.number} .* level {{kilohertz}}$"
        elif clocks and (points := _frequencies(judge.board, path)):
            expected[ours] = points
            effects[ours] = f"clock {clocks[0].number} .* rate {{kilohertz}}000$"
    policies = linux.policies(judge.guest)
    seen = {
        f"/cpus/cpu@{cpu}": policy.frequencies
        for cpus, policy in policies.items()
        for cpu in cpus.split()
    }
    judge.same("processors", seen, expected)
    for cpus, policy in policies.items():
        cpu = cpus.split()[0]
        folder = f"/sys/devices/system/cpu/cpu{cpu}/cpufreq"
        judge.served.events()
        for kilohertz in sorted(policy.frequencies, reverse=True):
            judge.guest.run(f"echo {kilohertz} >{folder}/scaling_setspeed")
        for kilohertz in sorted(policy.frequencies, reverse=True)[1:]:
            effect = effects[f"/cpus/cpu@{cpu}"].format(kilohertz=kilohertz)
            judge.same("set speed", bool(judge.served.expect(effect)), True)


def test_levels_of_devices_are_those_of_the_model(judge: Judge) -> None:
    """Devices with an SCMI performance domain: each level is set, the highest first."""
    for path, wanted in judge.asked.items():
        scaled = judge.view.scaled(path)
        if path.startswith("/cpus/") or scaled is None or "level" not in scaled.operations:
            continue
        at = sum(e.kind == "pd" and e.resource is not None for e in wanted)
        levels = sorted((p["level"] for p in scaled.what["levels"]), reverse=True)
        effect = f"performance {scaled.number} .* level"
        _ordered(judge, [(path, f"pd on {at}")])
        _each(judge, path, [(f"pd level {at} {v}", f"{effect} {v}$") for v in levels])


def _frequencies(board: DeviceTree, path: str) -> tuple[int, ...]:
    """The operating points of a node of the board, in kHz."""
    node = board.node(path)
    table = board.by_phandle((node.cell("operating-points-v2") if node else None) or 0)
    points = [p.cells("opp-hz") for p in table.children.values()] if table else []
    return tuple(sorted((each[0] << 32 | each[1]) // 1000 for each in points if each))


def _scales_by_clocks(board: DeviceTree) -> bool:
    """Whether the protocol's node counts the cells of clocks: an old binding, with no domains."""
    nodes = (node for node in board.nodes if node.name == "protocol@13")
    return any("#clock-cells" in node and "#power-domain-cells" not in node for node in nodes)


def _sets(judge: Judge, path: str, entry: Asked, resource: Granted) -> None:
    """Set what can be set of one resource, and look for it in what the back end was given."""
    name, number = entry.name or entry.index, resource.number
    granted = judge.view.granted["clock"]
    if entry.kind == "clk" and "rate" in resource.operations:
        rates = sorted(resource.what["rates"], reverse=True)
        _each(
            judge, path, [(f"clk rate {name} {v}", f"clock {number} .* rate {v}$") for v in rates]
        )
    if entry.kind == "supply" and "level" in resource.operations:
        levels = sorted(resource.what["levels"], reverse=True)
        effect = f"voltage {number} .* level"
        _each(judge, path, [(f"supply volt {name} {v}", f"{effect} {v}$") for v in levels])
        # Other consumers of the supply may ask for what they need again.
        _ordered(judge, [(path, f"supply volt {name} {levels[-1]} {levels[0]}")])
    if entry.kind == "clk" and "parent" in resource.operations:
        # Drivers set parents of which no tree knows: then there is none to choose.
        listed = [*resource.what.get("parents", ()), judge.view.second_parents.get(number, number)]
        parents = [granted[each] for each in listed if each in granted and each != number]
        effect = f"clock {number} .* parent"
        _each(
            judge,
            path,
            [(f"clk parent {name} {p.name}", f"{effect} {p.number}$") for p in reversed(parents)],
        )


def _each(judge: Judge, path: str, orders: list[tuple[str, str]]) -> None:
    """Give orders, and wait for their effects, but for the first, which may be so."""
    judge.served.events()
    _ordered(judge, [(path, command) for command, _ in orders])
    for command, effect in orders[1:]:
        judge.same(f"set {command.split()[1]}", bool(judge.served.expect(effect)), True)


SWITCHED = {"clk": "clock", "pd": "power", "supply": "voltage"}


def _switched(judge: Judge) -> list[tuple[str, Asked]]:
    """What devices ask for and may switch."""
    return [
        (path, entry)
        for path, wanted in judge.asked.items()
        for entry in wanted
        if entry.resource and entry.kind in SWITCHED and "state" in entry.resource.operations
    ]


def _ordered(judge: Judge, orders: list[tuple[str, str]]) -> None:
    """Give orders, which must all succeed."""
    results = zip(orders, linux.order(judge.guest, orders), strict=True)
    judge.same("orders refused", {order: errno for order, errno in results if errno}, {})


def _commands(uses: Iterable[tuple[str, Asked]], word: str) -> list[tuple[str, str]]:
    return [(path, f"{e.kind} {word} {e.name or e.index}") for path, e in uses]


def _effect(line: str) -> tuple[str, int, int]:
    """Kind, number and the last value of a line of the recorder."""
    words = line.split()
    if len(words) < 4 or not words[1].isdigit():
        return (line, 0, 0)
    return (words[0], int(words[1]), int(words[-1]))


def _id(line: linux.Taken) -> tuple[int, str | None]:
    """Index and name of an entry."""
    name = line.values["id"]
    return line.index, None if name == "-" else name
