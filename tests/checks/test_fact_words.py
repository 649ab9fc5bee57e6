"""What is said of facts: sentences and units of people. The expected words are written by hand."""

import json
from typing import Any

import pytest
from against_build import compare
from support import model_of, source

from scmigen import loads
from scmigen.checks.fact_words import difference_word, fact_of, value_word
from scmigen.runtime import decode_served, encode_served, served_of
from scmigen.runtime.facts import default_of, fields_of
from scmigen.scmi.protocols import Kind
from scmigen.targets.runtime.configuration import to_runtime

CALLED = {(Kind.CLOCK, 3): "clock 3 (pll)"}
MILLI = {"unit": "mW"}


def said(kind: Kind, name: str, there: Any, here: Any, facts: dict[str, Any]) -> str:
    return difference_word(kind, name, (there, facts), (here, facts), CALLED)


@pytest.mark.parametrize(
    ("kind", "name", "there", "here", "facts", "words"),
    [
        (Kind.CLOCK, "rate", 12345678, 24000000, {},
         "has rate at boot 12.345678 MHz; in a build, 24 MHz"),
        (Kind.CLOCK, "latency", 2000, 0, {},
         "has latency of a change of the rate 2000 µs; in a build, 0 µs"),
        (Kind.CLOCK, "always_on", False, True, {},
         "is not held on by the platform itself; in a build, it is"),
        (Kind.CLOCK, "always_on", True, False, {},
         "is held on by the platform itself; in a build, it is not"),
        (Kind.CLOCK, "parents", [3, 4], [], {},
         "has parents clock 3 (pll), clock 4; in a build, none"),
        (Kind.POWER, "settable", False, True, {}, "cannot be switched; in a build, it can"),
        (Kind.PERFORMANCE, "fastchannels", False, True, {},
         "has no FastChannels; in a build, it has them"),
        (Kind.PERFORMANCE, "fastchannels", True, False, {},
         "has FastChannels; in a build, it has none"),
        (Kind.PERFORMANCE, "rate_limit", 70, 0, {},
         "has shortest time between two changes 70 µs; in a build, 0 µs"),
        (Kind.VOLTAGE, "level", 1700000, 712500, {},
         "has level at boot 1700 mV; in a build, 712.5 mV"),
        (Kind.VOLTAGE, "level", -5000000, 0, {}, "has level at boot -5000 mV; in a build, 0 mV"),
        (Kind.RESET, "latency", 5, None, {}, "has latency of a reset 5 µs; in a build, none"),
        (Kind.SENSOR, "type", 5, 2, {}, "has type V; in a build, degrees C"),
        (Kind.SENSOR, "intervals", [{"value": 1, "exponent": 0}, {"value": 250}], [], {},
         "has update intervals 1 s, 0.25 s; in a build, none"),
        (Kind.SENSOR, "resolution", {"value": 5, "exponent": -1}, None, {},
         "has resolution 0.5; in a build, none"),
        (Kind.POWERCAP, "cap", 3000, 4000, MILLI, "has cap at boot 3000 mW; in a build, 4000 mW"),
        (Kind.POWERCAP, "unit", "mW", "uW", {}, "has unit mW; in a build, µW"),
        (Kind.TELEMETRY, "rate", 100, 0, {},
         "has rate of timestamps 100 kHz; in a build, 0 kHz"),
    ],
)  # fmt: skip
def test_a_fact_is_a_sentence_with_a_unit(
    kind: Kind, name: str, there: Any, here: Any, facts: dict[str, Any], words: str
) -> None:
    assert said(kind, name, there, here, facts) == words


def test_every_fact_that_holds_or_not_has_a_sentence() -> None:
    for kind in Kind:
        for name, type_ in fields_of(kind).items():
            if type_ is bool:
                words = said(kind, name, True, False, {})
                assert words.endswith(("it is not", "it cannot", "it has none")), (kind, name)
                assert " yes" not in words


def test_every_default_has_words() -> None:
    """No fact of any kind makes a text fail: what a configuration has where it says nothing."""
    for kind in (None, *Kind):
        for name in fields_of(kind):
            assert value_word(kind, name, default_of(kind, name), {}, {})
            assert "_" not in fact_of(kind, name).called


TREE = """
cc: cc@1000 { compatible = "acme,cc"; reg = <0x1000>; #clock-cells = <1>; };
uart: uart { clocks = <&cc 2>; }; spi: spi { clocks = <&cc 3>; };
"""
AGENTS = """
domains:
  linux: {id: 1, default: true}
  vm: {id: 2, scmi: {role: vm, transport: {type: smc, smc-id: 0x82000010}}, access: [{dev: /spi}]}
"""


def edited(changes: dict[str, Any], agents: str = AGENTS) -> dict[str, list[str]]:
    """What is told where the second agent is described otherwise, or a device is."""
    model = model_of(loads(source(TREE), "board.dts"), agents)
    document = json.loads(encode_served(served_of(to_runtime(model.platforms[0]))))
    for place, value in changes.items():
        *above, last = place.split(".")
        here: Any = document
        for step in above:
            here = here[int(step) if step.isdigit() else step]
        here[last] = value
    found = compare(model, decode_served(json.dumps(document).encode()), "x.json")
    return {item.id: [item.message, *(r.message for r in item.related)] for item in found}


def test_agents_are_told_where_they_are_so_and_an_smc_id_once() -> None:
    found = edited({"agents.1.role": "ospm", "agents.1.transport.smc_id": 0x82000011})
    assert found["agent-facts-differ"] == ["at the server, agent vm has role ospm; in a build, vm"]
    (message,) = (text for texts in found.values() for text in texts if "elsewhere" in text)
    assert message == "agent vm has the SMC id 0x82000010 here and 0x82000011 elsewhere"


def test_a_channel_that_only_the_server_has_is_in_hex() -> None:
    silent = AGENTS.replace(", smc-id: 0x82000010", "")
    found = edited({"agents.1.transport": {"type": "smc", "smc_id": 0x82000011}}, silent)
    assert found["agent-facts-differ"] == [
        "at the server, agent vm has SMC id 0x82000011; in a build, none"
    ]


def test_a_memory_of_another_tree_is_told_as_that_may_be_the_same() -> None:
    there = {"type": "smc", "smc_id": 0x82000010, "shmem": "other"}
    for here, words in (
        ('"/uart"', ["at the server, agent vm has shared memory other; in a build, /uart"]),
        ("other", None),
    ):
        agents = AGENTS.replace("0x82000010}", f"0x82000010, shmem: {here}}}")
        assert edited({"agents.1.transport": there}, agents).get("agent-facts-differ") == words


def test_agents_of_devices_have_names() -> None:
    model = model_of(loads(source(TREE), "board.dts"), AGENTS)
    (number,) = (
        place
        for place, one in enumerate(to_runtime(model.platforms[0]).devices)
        if one.node == "/spi"
    )
    words = edited({f"devices.{number}.agents": [1, 2]})["device-differs"][0]
    assert words.endswith("is with linux and vm there, and with vm in a build")
