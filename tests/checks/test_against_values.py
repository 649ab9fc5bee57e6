"""Values of resources at a server against those of the tree: what is told, worked out by hand."""

import json
import re
from typing import Any

import pytest
from against_build import compare
from support import model_of, source

from scmigen import Diagnostic, loads
from scmigen.runtime import decode_served

TREE = """
cc: cc@1000 { compatible = "acme,cc"; reg = <0x1000>; #clock-cells = <1>; };
rails { compatible = "acme,rails";
	vgpu: vgpu { regulator-min-microvolt = <700000>; regulator-max-microvolt = <900000>; }; };
gpu: gpu { clocks = <&cc 1>; gpu-supply = <&vgpu>; operating-points-v2 = <&points>; };
uart: uart { clocks = <&cc 2>; assigned-clocks = <&cc 2>; assigned-clock-rates = <48000000>; };
points: points { compatible = "operating-points-v2";
	opp-1 { opp-hz = /bits/ 64 <500000000>; opp-microvolt = <750000>; opp-level = <3>;
		clock-latency-ns = <50000>; opp-microwatt = <100000>; };
	opp-2 { opp-hz = /bits/ 64 <800000000>; opp-microvolt = <850000>; opp-level = <5>;
		clock-latency-ns = <50000>; opp-microwatt = <200000>; };
};
"""
LOW = {"level": 3, "frequency": 500000000, "voltage": 750000, "power": 100000, "latency": 50}
HIGH = {"level": 5, "frequency": 800000000, "voltage": 850000, "power": 200000, "latency": 50}
GRANTS = {
    "performance": [{"id": 0, "resource": 0, "operations": ["level", "limits", "read"]}],
    "voltage": [{"id": 0, "resource": 0, "operations": ["state", "read"]}],
    "clock": [
        {"id": 0, "resource": 0, "operations": ["state", "read"]},
        {"id": 1, "resource": 1, "operations": ["state", "rate", "read"]},
    ],
}


def told(resources: Any, finding: str, tree: str = TREE) -> list[Diagnostic]:
    server = {
        "format": "scmigen-grants-1",
        "name": "x",
        "agents": [{"id": 1, "name": "ospm", "grants": GRANTS}],
        "resources": resources,
    }
    model = model_of(loads(source(tree), "board.dts"))
    found = compare(model, decode_served(json.dumps(server).encode()), "x.json")
    return [item for item in found if item.id == finding]


def levels(*rows: dict[str, int], **more: int) -> list[tuple[str, str]]:
    tables = [{"levels": rows, **more}]
    found = told({"performance": [{"id": 0, "name": "gpu", "levels": tables}]}, "levels-differ")
    return [(item.severity.word, item.message) for item in found]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([LOW, HIGH], None),
        ([{"level": 3}, {"level": 5}], None),
        ([LOW, HIGH | {"level": 6}], "has level 6; in a build, 5, by the tree"),
        ([LOW | {"voltage": 760000}, HIGH], "voltage 760 mV at level 3; in a build, 750 mV"),
        ([LOW, HIGH | {"power": 1}], "power 1 µW at level 5; in a build, 200000 µW"),
        ([LOW | {"latency": 9}, HIGH], "latency 9 µs at level 3; in a build, 50 µs"),
        ([LOW], "500 MHz, 800 MHz in the tree; the server has 500 MHz"),
        ([LOW, LOW, HIGH], "the server has 500 MHz, 500 MHz, 800 MHz"),
        ([HIGH, LOW], "the server has 800 MHz, 500 MHz"),
        ([], "the server has no levels"),
    ],
    ids=[
        *("the same", "numbers only", "number", "voltage", "power", "latency", "fewer", "twice"),
        *("order", "empty"),
    ],
)
def test_all_that_levels_have_is_compared(rows: list[dict[str, int]], words: str | None) -> None:
    found = levels(*rows)
    if words is None:
        assert found == []
        return
    ((severity, message),) = found
    assert severity == "warning"
    assert words in message


def test_what_a_table_says_as_a_whole_is_compared() -> None:
    assert levels(LOW, HIGH, latency=50, sustained=1) == []
    ((severity, message),) = levels(LOW, HIGH, latency=60)
    assert (severity, "latency 60 µs; in a build, 50 µs" in message) == ("warning", True)
    ((severity, message),) = levels(LOW, HIGH, sustained=0)
    assert (severity, "500 MHz sustained; in a build, 800 MHz" in message) == ("note", True)


@pytest.mark.parametrize(
    ("facts", "told_of"),
    [
        ({"rates": [24000000, 48000000]}, "note"),
        ({"rates": [24000000, 96000000]}, "warning"),
        ({"rates": [24000000, 96000000], "step": 24000000}, "note"),
        ({"rates": [24000000, 96000000], "step": 36000000}, "warning"),
        ({"rates": [49000000, 96000000], "step": 1}, "warning"),
        ({"rates": []}, "warning"),
        ({"rates": [48000000], "step": None}, None),
    ],
)
def test_a_rate_of_the_tree_that_the_clock_has_not_is_a_warning(
    facts: dict[str, Any], told_of: str | None
) -> None:
    found = told({"clock": [{"id": 0}, {"id": 1, "name": "uart", "facts": facts}]}, "rates-differ")
    assert [item.severity.word for item in found] == ([told_of] if told_of else [])
    if told_of == "warning":
        assert "48 MHz in the tree, which the server does not have" in found[0].message


@pytest.mark.parametrize(
    ("facts", "told_of"),
    [
        ({"levels": [700000, 850000]}, "note"),
        ({"levels": [700000, 1000000]}, "warning"),
        ({"levels": [600000, 900000], "step": 1000}, "warning"),
    ],
)
def test_a_voltage_beyond_the_limits_of_the_tree_is_a_warning(
    facts: dict[str, Any], told_of: str
) -> None:
    found = told({"voltage": [{"id": 0, "name": "vgpu", "facts": facts}]}, "voltages-differ")
    assert [item.severity.word for item in found] == [told_of]


def test_a_voltage_that_is_the_same_for_all_levels_is_none_where_the_tree_has_none() -> None:
    tree = re.sub(r"opp-(microvolt|level) = <\d+>;", "", TREE)
    rows = [LOW | {"level": 500000}, HIGH | {"level": 800000}]
    one = [row | {"voltage": 1000000} for row in rows]
    for table, count in ((one, 0), (rows, 1)):
        resources = {"performance": [{"id": 0, "levels": [{"levels": table}]}]}
        assert len(told(resources, "levels-differ", tree)) == count


def test_a_protocol_that_the_release_of_an_agent_has_not_is_not_missed() -> None:
    """Release 2.0 has no voltage protocol: profile-lacks says that of the board."""
    server = {
        "format": "scmigen-grants-1",
        "name": "x",
        "agents": [{"id": 1, "name": "a", "grants": {"clock": GRANTS["clock"]}}],
    }
    for profile, errors in (("2.0", 0), ("3.1", 1)):
        agents = f'domains: {{a: {{id: 1, default: true, scmi: {{profile: "{profile}"}}}}}}'
        board = TREE.replace("operating-points-v2 = <&points>;", "")
        model = model_of(loads(source(board), "board.dts"), agents)
        found = compare(model, decode_served(json.dumps(server).encode()), "x.json")
        unserved = [item.message for item in found if item.id == "id-unserved"]
        assert sum("voltage" in message for message in unserved) == errors
