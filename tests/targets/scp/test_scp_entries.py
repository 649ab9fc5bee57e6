"""Entries below ``drivers``: each changes an output when it is removed, or was reported."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from support import marked, model_of, tree_of

from scmigen.diagnostics import Diagnostic, Severity
from scmigen.targets.make import make, option_problems, options_of
from scmigen.targets.registry import find

BODY = """
soc {
    compatible = "acme,soc", "simple-bus";
    #address-cells = <1>; #size-cells = <1>; ranges;
    cc: clock-controller@1000 { compatible = "acme,soc-cc", "acme,cc"; reg = <0x1000 0x100>;
        #clock-cells = <1>; };
    rc: reset-controller@2000 { compatible = "acme,rc"; reg = <0x2000 0x100>; #reset-cells = <1>; };
    pc: power-controller@3000 { compatible = "acme,pc"; #power-domain-cells = <1>; };
    uart@5000 { compatible = "acme,uart"; reg = <0x5000 0x100>; clocks = <&cc 3>; resets = <&rc 7>;
        power-domains = <&pc 0>; };
    i2s@6000 { compatible = "acme,i2s"; reg = <0x6000 0x100>; clocks = <&cc 5>;
        power-domains = <&pc 1>; };
};
"""
TREE = tree_of(BODY)
DOMAINS: dict[str, Any] = {
    name: {
        "id": number,
        "scmi": {"role": role, "transport": {"type": "mailbox", "channel": number - 1}},
        **({"default": True} if number == 1 else {}),
    }
    for number, (name, role) in enumerate((("linux", "ospm"), ("psci", "psci")), 1)
}
MHU = {"module": "mhu", "element": 2, "mailbox": "= ACME_MAILBOX"}
#: A product whose tables are the firmware's own, with entries that it has no use for.
OWN = {
    "acme,soc-cc": {
        "clock": {
            "module": "clock",
            "header": "acme_clock.h",
            "element": {"0": "= UART", "1": 4, "8": "= I2S", "other": "number"},
            "api": "ACME_API",
            "mailbox": "0x100",
            "sub-element": 5,
        },
        "reset": {"module": "acme-reset"},
    },
    "acme,cc": {"clock": {"module": "acme-clock"}},
    "acme,rc": {"reset": {"module": "reset-domain", "element": "number"}},
    "acme,pc": {"power": {"module": "power-domain", "header": "acme_power.h"}},
    "acme,uart": {"clock": {"module": "acme-clock"}},
    "system": {
        "doorbell": {**MHU, "header": "mmap.h", "api": "1", "sub-element": 3},
        "doorbell psci": {"module": "mhu", "mailbox": "= OTHER", "header": "mmap2.h"},
        "top-domain": {"module": "acme-power", "element": 9},
        "shutdown": {"module": "acme-system"},
        "system-power-alarm": {"module": "timer", "sub-element": "= ALARM"},
        "fast-channel-alarm": {"module": "timer"},
    },
}
#: A product with drivers of its own below the HAL modules.
BELOW = {
    "acme,soc-cc": {
        "clock": {
            "module": "acme-clock",
            "api": "ACME_API",
            "header": "acme_clock.h",
            "struct": "struct acme_clock",
            "data": {"base": "address", "gate": "cell 0"},
            "element": "cell 0",
        },
    },
    "acme,rc": {"reset": {"module": "acme-reset", "element": "cell 0", "header": "acme_reset.h"}},
    "acme,pc": {"power": {"module": "acme-power", "api": "2", "element": {"0-1": "cell 0"}}},
    "system": {
        "doorbell linux": MHU,
        "doorbell psci": {"module": "mhu", "element": "= ACME_DOORBELL", "mailbox": "= OTHER"},
        "doorbell": {**MHU, "element": 4},
        "top-domain": {
            "module": "acme-power",
            "element": "= ACME_TOP",
            "api": "7",
            "data": {"a": 1},
        },
        "shutdown": {"module": "acme-system", "element": 3, "api": "4", "header": "acme_system.h"},
        "system-power-alarm": {"module": "timer", "sub-element": "= ALARM", "header": "alarm.h"},
        "fast-channel-alarm": {"module": "timer", "element": 2},
    },
}


#: A product whose channels have settings of their own, before those of the doorbells.
CHANNELS = {
    "acme,soc-cc": {"clock": {"module": "acme-clock"}},
    "acme,rc": {"reset": {"module": "acme-reset"}},
    "acme,pc": {"power": {"module": "acme-power"}},
    "system": {
        "doorbell": MHU,
        "doorbell psci": {"module": "mhu", "mailbox": "0x1000"},
        "top-domain": {"module": "acme-power", "element": 9},
    },
}
SETTINGS = {"linux": {"a2p": {"element": 7, "memory": "= OTHER"}}, "psci": {"a2p": {"element": 1}}}


def text(drivers: dict[str, Any], channels: dict[str, Any]) -> str:
    outputs = {"scp": {"target": "product", "drivers": drivers, "channels": channels}}
    return yaml.safe_dump({"domains": DOMAINS, "outputs": outputs}, sort_keys=False)


def outcome(drivers: dict[str, Any], channels: dict[str, Any]) -> list[object]:
    """The files of the variants that need drivers, or what is said in their place."""
    (platform,) = model_of(TREE, text(drivers, channels)).platforms
    made = [make(platform, name) for name in ("scp-product", "scp-optee")]
    return [
        [(file.path, file.content) for file in each.files]
        or sorted(item.message for item in each.diagnostics)
        for each in made
    ]


def entries(value: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, each in value.items() if isinstance(value, dict) else ():
        yield (*path, key)
        yield from entries(each, (*path, key))


def without(drivers: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    found = copy.deepcopy(drivers)
    place = found
    for key in path[:-1]:
        place = place[key]
    del place[path[-1]]
    return found


def is_told(drivers: dict[str, Any], path: tuple[str, ...], told: set[tuple[str, ...]]) -> bool:
    """Whether an entry was reported, one that it is part of, or each that is part of it."""
    if any(path[:end] in told for end in range(1, len(path) + 1)):
        return True
    inside = [
        other for other in entries(drivers) if len(other) == len(path) + 1 and other[:-1] == path
    ]
    return bool(inside) and all(is_told(drivers, other, told) for other in inside)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("drivers", "channels"),
    [
        pytest.param(OWN, {}, id="own"),
        pytest.param(BELOW, {}, id="below"),
        pytest.param(CHANNELS, SETTINGS, id="channels"),
    ],
)
def test_what_has_no_effect_is_reported(drivers: dict[str, Any], channels: dict[str, Any]) -> None:
    found = model_of(TREE, text(drivers, channels))
    (platform,) = found.platforms
    assert make(platform, "scp").files, make(platform, "scp").diagnostics
    said = {item.position: item for item in option_problems(found)}
    positions = options_of(platform, find("scp")).positions
    before = outcome(drivers, channels)
    told = {path[1:] for path, position in positions.items() if position in said}
    silent, wrong = [], []
    for path in entries(drivers):
        if outcome(without(drivers, path), channels) == before:
            silent += [] if is_told(drivers, path, told) else [path]
        elif path in told:
            wrong.append(path)
    assert silent == []
    assert wrong == []


def test_the_default_may_be_said() -> None:
    """As the reference does: an element of 0 changes nothing, and another number would."""
    drivers = {**CHANNELS, "system": {**CHANNELS["system"], "doorbell": {**MHU, "element": 0}}}
    assert list(option_problems(model_of(TREE, text(drivers, {})))) == []


def told(drivers: str) -> list[Diagnostic]:
    """What is said of a line below ``drivers``; the first where the ``^`` is."""
    before = yaml.safe_dump({"domains": DOMAINS}, sort_keys=False)
    whole = f"{before}outputs:\n  scp:\n    drivers:\n      {drivers}\n"
    plain, position = marked(whole, "agents.yaml")
    said = list(option_problems(model_of(TREE, plain)))
    assert said
    assert said[0].position == position
    return said


@pytest.mark.parametrize(
    ("drivers", "message", "hint"),
    [
        ('^"acme,soc-ccc": {clock: {module: a}}', "no node of the board", "mean acme,soc-cc or"),
        ('^"arm,rc": {reset: {module: a}}', "no node of the board", "did you mean acme,rc?"),
        ("system: {^shutdwn: {module: a}}", "there is no slot 'shutdwn'", "did you mean shutdown"),
        ('"acme,soc-cc": {^clok: {module: a}}', "there is no slot 'clok'", "did you mean clock"),
        ("system: {doorbell: {module: a, ^element: number}}", "must be a number or =", None),
        ("system: {doorbell: {module: a, ^element: {0: 1}}}", "must be a number or =", None),
    ],
)
def test_what_is_misspelt_is_an_error(drivers: str, message: str, hint: str | None) -> None:
    problem = told(drivers)[0]
    assert (problem.id, problem.severity) == ("output-option", Severity.ERROR)
    assert message in problem.message
    assert hint is None or hint in (problem.hint or "")


@pytest.mark.parametrize(
    ("drivers", "why"),
    [
        ('^"nobody,else": {clock: {module: a}}', "no managed provider of the board"),
        ('^"acme,uart": {clock: {module: a}}', "no managed provider of the board"),
        ('"acme,rc": {^clock: {module: a}}', "has resources for clock"),
        ('"acme,rc": {reset: {module: a, ^mailbox: "0x1"}}', "reset is no slot of system"),
        ("system: {^fast-channel-alarm: {module: timer}}", "fast-channels is not given"),
        ("system: {^shutdown: {module: a}}", "there is no driver for system-power-alarm"),
        (
            '"acme,soc-cc": {clock: {module: a}}\n      "acme,cc": {^clock: {module: a}}',
            "under a compatible that stands before this one",
        ),
        (
            '"acme,pc": {power: {module: power-domain}}\n'
            "      system: {^top-domain: {module: a, element: 1}}",
            "the table of power-domain is the firmware's own",
        ),
    ],
)
def test_what_nothing_uses_is_a_warning_with_the_reason(drivers: str, why: str) -> None:
    (problem,) = told(drivers)
    assert (problem.id, problem.severity) == ("option-unused", Severity.WARNING)
    assert why in problem.message


def test_a_file_for_two_boards_has_no_misspelt_compatible() -> None:
    """The entry that is like it has a driver, so this one is for another board."""
    (problem,) = told('"acme,rc": {reset: {module: a}}\n      ^"acme,rd": {reset: {module: a}}')
    assert (problem.id, problem.severity) == ("option-unused", Severity.WARNING)
