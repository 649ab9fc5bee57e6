"""Whoever follows the hints on the way to SCP-firmware's tables gets there."""

import re
from pathlib import Path

import pytest
from checks.remedies import Remedy, apply, remedies
from checks.test_hints import split
from support import SOC, TWO_AGENTS, model_of, tree_of

from scmigen.checks.registry import run_checks
from scmigen.devicetree.load import load
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Diagnostic, Severity
from scmigen.targets.make import make

#: Errors of dividing a board by count alone: a device and its bus, or two halves of one device.
OF_SPLIT = {"bus-owner", "reset-shared"}


def problems(tree: DeviceTree, agents: str) -> list[Diagnostic]:
    """Errors of the checks, and those of the tables."""
    model = model_of(tree, agents)
    made = [item for platform in model.platforms for item in make(platform, "scp").diagnostics]
    return [item for item in (*run_checks(model), *made) if item.severity is Severity.ERROR]


def line_for_scp(hint: str) -> Remedy | None:
    """The line that a hint has for this target, else its first."""
    lines = list(remedies(hint))
    named = [line for line in lines if line.where == "platform.fixed"]
    return next(iter([*named, *lines]), None)


def follow(tree: DeviceTree, agents: str) -> tuple[list[str], list[Diagnostic]]:
    """The ids of the errors whose hints were followed, in order, and the errors left."""
    told: dict[tuple[str, str], None] = {}
    while True:
        found = problems(tree, agents)
        lines = [(item, line_for_scp(item.hint or "")) for item in found]
        item, line = next(((item, line) for item, line in lines if line), (None, None))
        if item is None or line is None:
            return [name for name, _ in told], found
        key = item.id, item.message
        assert key not in told, f"a hint did not help: {item.message}"
        told[key] = None
        agents = apply(line, agents, tree)


#: A rail that a GPIO of one agent switches, for devices of two.
RAIL = """
gpio: gpio { compatible = "acme,gpio"; gpio-controller; #gpio-cells = <1>; clocks = <&cc 1>; };
vcc: vcc { compatible = "regulator-fixed"; regulator-name = "vcc"; gpio = <&gpio 3>; };
wifi: wifi { compatible = "acme,wifi"; vdd-supply = <&vcc>; clocks = <&cc 2>; };
audio: audio { compatible = "acme,audio"; vdd-supply = <&vcc>; clocks = <&cc 3>; };
"""


def test_a_rail_of_two_agents_has_a_way_out_in_its_first_hint() -> None:
    """Served, it would need votes, which SCP-firmware does not count."""
    agents = TWO_AGENTS + '    access: [{dev: "&wifi"}]\n'
    told, left = follow(tree_of(RAIL + SOC), agents)
    assert (told, left) == (["local-foreign"], [])


def test_a_rail_that_is_managed_is_fixed_in_place_of_that() -> None:
    agents = TWO_AGENTS + '    access: [{dev: "&wifi"}]\nplatform: {managed: ["&vcc"]}\n'
    told, left = follow(tree_of(RAIL + SOC), agents)
    assert (told, left) == (["scp-votes"], [])


def test_a_rail_of_one_agent_is_not_held_back() -> None:
    """Its votes are that agent's own: served, it works."""
    body = re.sub(r"audio: .*\n", "", RAIL)
    tree = tree_of(body + SOC)
    found = problems(tree, TWO_AGENTS + '    access: [{dev: "&wifi"}]\n')
    assert [item.id for item in found] == ["local-foreign"]
    assert "platform.fixed" not in (found[0].hint or "")


BOARDS = (
    *("hi3660-hikey960", "imx8mp-evk", "imx8qm-mek", "k3-am625-sk", "mt8195-cherry-tomato-r2"),
    *("rk3588-rock-5b", "s32g399a-rdb3", "sm8550-mtp", "stm32mp257f-ev1", "zynqmp-zcu102-rev1.0"),
)


@pytest.mark.parametrize(
    "name",
    [
        "jh7110-starfive-visionfive-2-v1.3b",
        *(pytest.param(name, marks=pytest.mark.slow) for name in BOARDS),
    ],
)
def test_following_the_hints_ends_with_tables(corpus: Path, name: str) -> None:
    tree = load(corpus / f"{name}.symbols.dtb")
    _, left = follow(tree, split(model_of(tree)))
    assert {item.id for item in left} <= OF_SPLIT, [(item.message, item.hint) for item in left]
