"""What a server is besides permissions, held against a board: what examples do not show."""

import pytest
import yaml
from against_build import compare
from support import model_of, source

from scmigen import loads
from scmigen.diagnostics import Diagnostic, Severity
from scmigen.runtime import decode_served

BOARD = """
scmi { compatible = "arm,scmi-virtio";
	served: protocol@13 { reg = <0x13>; #power-domain-cells = <1>; };
};
gpu { power-domains = <&served 0>; power-domain-names = "perf"; };
"""
SERVER = """{"format": "scmigen-grants-1", "name": "x", "vendor": {"vendor": "acme"}, "agents": [
  {"id": 1, "name": "ospm", "system_power": "none", "grants": {"performance": [
    {"id": 0, "resource": 0, "operations": ["level", "limits", "read"], "source": "a.c:1"}]}}],
  "resources": {"performance": [{"id": 0, "name": "GPU", "levels": [%s]}]}}"""
TABLE = """{"source": "a.c:9", "sustained": 0, "levels": [
    {"level": 1, "frequency": 487500000}, {"level": 2, "frequency": 600000000}]}"""
NUMBERS = '{"levels": [{"level": 3}, {"level": 5, "frequency": 1}]}'


def told(levels: str, only: str | None = None) -> dict[str, Diagnostic]:
    model = model_of(loads(source(BOARD), "board.dts"))
    served = decode_served((SERVER % levels).encode())
    return {item.id: item for item in compare(model, served, "x.json", only)}


@pytest.mark.parametrize(
    ("levels", "words"),
    [
        (TABLE, "487.5 MHz, 600 MHz (487.5 MHz sustained)"),
        (NUMBERS, "levels 3, 5"),
        (
            f"{TABLE}, {NUMBERS}",
            "487.5 MHz, 600 MHz (487.5 MHz sustained); or levels 3, 5 (2 tables, of which one is "
            "used at run time)",
        ),
    ],
)
def test_levels_that_no_tree_has_are_those_of_the_server(levels: str, words: str) -> None:
    item = told(levels)["levels-differ"]
    assert item.severity is Severity.NOTE
    assert item.message == (
        "the tree has no levels, and a build assumes them; at the server performance 0 (GPU) has "
        + words
    )
    assert str(item.position) == ("a.c:9" if levels.startswith(TABLE) else "a.c:1")


def test_what_a_build_would_have_is_not_asked_of_the_tree_of_one_agent() -> None:
    of_a_build = {"levels-differ", "vendor-differs", "system-power-differs"}
    assert of_a_build <= told(TABLE).keys()
    assert not of_a_build & told(TABLE, only="ospm").keys()


TWICE = """
one: scmi-1 { compatible = "arm,scmi-virtio";
	c1: protocol@14 { reg = <0x14>; #clock-cells = <1>; };
	p1: protocol@11 { reg = <0x11>; #power-domain-cells = <1>; };
};
two: scmi-2 { compatible = "arm,scmi-virtio";
	c2: protocol@14 { reg = <0x14>; #clock-cells = <1>; };
	p2: protocol@11 { reg = <0x11>; #power-domain-cells = <1>; };
};
a { clocks = <&c1 0>; power-domains = <&p1 0>, <&p1 1>; };
b { clocks = <&c2 0>; power-domains = <&p2 0>, <&p2 1>; };
"""
OF_BOTH = """{"format": "scmigen-grants-1", "name": "x", "vendor": {"vendor": "acme"},
  "votes": {"clock": "last"}, "agents": [
  {"id": 1, "name": "ospm", "system_power": "told", "grants": {
    "clock": [{"id": 0, "resource": 0, "operations": ["state", "rate", "read"]}],
    "power": [{"id": 0, "resource": 0, "operations": ["state", "read"]},
              {"id": 1, "resource": 1, "operations": ["state", "read"]}]}},
  {"id": 2, "name": "vm", "grants": {
    "clock": [{"id": 0, "resource": 0, "operations": ["state"]}]}}],
  "resources": {"clock": [{"id": 0, "name": "a"}],
    "power": [{"id": 0, "name": "p"}, {"id": 1, "name": "q", "parent": 0}]}}"""


def test_facts_of_a_server_are_told_once_whatever_number_of_scmi_nodes_the_board_has() -> None:
    model = model_of(loads(source(TWICE), "board.dts"))
    assert len(model.platforms) == 2
    found = [item.id for item in compare(model, decode_served(OF_BOTH.encode()), "x.json")]
    for of_the_server in ("vendor-differs", "votes-differ", "parents-differ"):
        assert found.count(of_the_server) == 1
    assert found.count("system-power-differs") == 1


SHARED = """
domains:
  ospm: {id: 1, default: true}
  vm: {id: 2, access: [{dev: /dsp}]}
"""
BOTH = """
scmi { compatible = "arm,scmi-virtio";
	served: protocol@13 { reg = <0x13>; #power-domain-cells = <1>; };
	ck: protocol@14 { reg = <0x14>; #clock-cells = <1>; };
};
gpu { power-domains = <&served 0>; power-domain-names = "perf"; clocks = <&ck 0>; };
dsp { power-domains = <&served 0>; power-domain-names = "perf"; clocks = <&ck 0>; };
"""
GRANTS = """{"performance": [
    {"id": 0, "resource": 0, "operations": ["level", "limits", "read"], "source": "a.c:1"}],
  "clock": [{"id": 0, "resource": 0, "operations": ["state", "rate", "read"]}]}"""


def test_what_two_agents_have_is_told_once_and_is_about_both() -> None:
    model = model_of(loads(source(BOTH), "board.dts"), SHARED)
    agents = ", ".join(
        f'{{"id": {n}, "name": "{name}", "grants": {GRANTS}}}'
        for n, name in enumerate(("ospm", "vm"), 1)
    )
    text = (
        '{"format": "scmigen-grants-1", "name": "x", "agents": [%s], "resources": {'
        '"clock": [{"id": 0, "name": "ck", "on": true}],'
        '"performance": [{"id": 0, "name": "GPU", "levels": [%s]}]}}'
    )
    served = decode_served((text % (agents, TABLE)).encode())
    found = compare(model, served, "x.json")
    for told_once in ("levels-differ", "boot-differs"):
        (item,) = (item for item in found if item.id == told_once)
        assert item.subject.agents == ("ospm", "vm")
        assert len(item.subject.resources) == 1


@pytest.mark.parametrize("vendor", ['a"c', "a\\\\c", "a: {b", "#", "\\u0007", "é"])
def test_the_agents_file_of_a_hint_about_a_vendor_is_read_as_it_is_meant(vendor: str) -> None:
    said = vendor.replace('"', '\\"')
    text = (SERVER % TABLE).replace('"vendor": "acme"', f'"vendor": "{said}"')
    served = decode_served(text.encode())
    assert served.vendor is not None
    model = model_of(loads(source(BOARD), "board.dts"))
    (item,) = (i for i in compare(model, served, "x.json") if i.id == "vendor-differs")
    assert item.hint is not None
    written = yaml.safe_load(item.hint.removesuffix(" in the agents file"))
    assert written == {"platform": {"vendor": served.vendor.vendor, "sub-vendor": ""}}


CLOCKS = """
scmi { compatible = "arm,scmi-virtio";
	served: protocol@14 { reg = <0x14>; #clock-cells = <1>; };
};
uart { clocks = <&served 20>; };
"""


def unused(rows: int) -> list[str]:
    """What a server of so many clocks allows beyond the need; clock 5 is of another node, and of
    clock 7 only the state may be set."""
    grants = ",".join(
        f'{{"id": {n}, "resource": {n}, "operations": ["state"{"" if n == 7 else ", "}'
        f'{"" if n == 7 else chr(34) + "read" + chr(34)}], "source": "a.c:{n + 1}"}}'
        for n in range(rows)
    )
    resources = ",".join(
        f'{{"id": {n}, "name": "ck{n}", "node": "{"/b" if n == 5 else "/a"}"}}' for n in range(rows)
    )
    text = """{"format": "scmigen-grants-1", "name": "x", "agents": [{"id": 1, "name": "ospm",
      "grants": {"clock": [%s]}}], "resources": {"clock": [%s]}}"""
    model = model_of(loads(source(CLOCKS), "board.dts"))
    served = decode_served((text % (grants, resources)).encode())
    (item,) = (i for i in compare(model, served, "x.json") if i.id == "grant-unused")
    begin = "the server allows ospm what the tree does not need: "
    assert item.message.startswith(begin)
    return [
        f"{item.message.removeprefix(begin)} {item.position}",
        *(f"{each.message} {each.position}" for each in item.related),
    ]


def test_many_clocks_that_nobody_needs_are_a_range_for_each_provider() -> None:
    assert unused(30) == [
        "state, read on clock 0-4, 6, 8-19, 21-29 (27 of /a) a.c:1",
        "state, read on clock 5 (ck5) a.c:6",
        "state on clock 7 (ck7) a.c:8",
    ]


def test_a_few_clocks_that_nobody_needs_are_each_told_by_name() -> None:
    assert unused(4) == [f"state, read on clock {n} (ck{n}) a.c:{n + 1}" for n in range(4)]
