"""What an agent's tree enables holds for one compilation; the board stays as it was read."""

from support import BOARD, SOC, grants, model_of

from scmigen.assignment.sources import Sources, assign
from scmigen.checks.registry import run_checks
from scmigen.devicetree.flatten import flatten
from scmigen.devicetree.source import read_source
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Diagnostic, format_text
from scmigen.model.build import build
from scmigen.model.platform import Model

DEVICES = """
uart: serial@4000 { compatible = "acme,uart"; clocks = <&cc 5>; };
gpu: gpu@5000 { compatible = "acme,gpu"; clocks = <&cc 6>; status = "disabled"; };
"""
VM = """gpu@5000 { compatible = "acme,gpu"; status = "okay"; };
serial@4000 { status = "disabled"; };"""


def tree(body: str, name: str) -> DeviceTree:
    return read_source(f"/dts-v1/; / {{ {body} }};", name)


def with_trees(board: DeviceTree) -> Model:
    return build(*assign(board, Sources((), {"vm": tree(VM, "vm.dts")})))


def told(model: Model) -> list[str]:
    found: list[Diagnostic] = run_checks(model)
    return [format_text(item) for item in found]


def test_a_tree_of_an_agent_leaves_the_board_as_it_was() -> None:
    board, never = tree(DEVICES + SOC, BOARD), tree(DEVICES + SOC, BOARD)
    assert grants(with_trees(board), "vm") == {"clock cc 6": "state read"}
    assert flatten(board) == flatten(never)
    after, alone = model_of(board), model_of(never)
    assert grants(after, "ospm") == grants(alone, "ospm") == {"clock cc 5": "state read"}
    assert told(after) == told(alone)


def test_compiling_with_trees_again_gives_the_same() -> None:
    board = tree(DEVICES + SOC, BOARD)
    first, second = with_trees(board), with_trees(board)
    assert grants(first, "vm") == grants(second, "vm")
    assert told(first) == told(second)


def test_checks_see_what_an_agents_tree_enables() -> None:
    """The board leaves the GPU to other firmware; the tree of vm has it."""
    board = tree(DEVICES.replace('"disabled"', '"reserved"') + SOC, BOARD)
    made = with_trees(board)
    assert grants(made, "vm") == {"clock cc 6": "state read"}
    assert not {item.id for item in run_checks(made)} & {"device-reserved", "device-disabled"}
