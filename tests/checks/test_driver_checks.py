"""How many notes there are about drivers, and what they say beyond the cases of every check."""

from pathlib import Path

import pytest
from support import TWO_AGENTS, diagnostics, model_of, soc

pytestmark = pytest.mark.usefixtures("drivers")

KNOWN = 'k { compatible = "acme,bus"; clocks = <&cc 9>; };'


def devices(number: int) -> str:
    return "".join(
        f'd{each} {{ compatible = "acme,d{each}"; clocks = <&cc {each}>, <&cc 8>; }};'
        for each in range(1, number + 1)
    )


def messages(body: str, agents: str | None = None) -> list[str]:
    return [item.message for item in diagnostics(model_of(soc(body), agents), "driver-unknown")]


def test_a_few_unknown_drivers_have_a_note_each() -> None:
    assert messages(KNOWN + devices(5)) == [
        f'linux-6.12 has no driver for "acme,d{number}" of ospm: 2 uses get what the tree says only'
        for number in range(1, 6)
    ]


def test_many_have_one_note_that_lists_the_first_place_of_each() -> None:
    (found,) = diagnostics(model_of(soc(KNOWN + devices(6))), "driver-unknown")
    assert found.message == (
        "linux-6.12 has no drivers for 6 compatibles of ospm: 12 uses get what the tree says only"
    )
    assert [place.message for place in found.related] == [
        f'"acme,d{number}": /d{number} clocks[0]' for number in range(1, 7)
    ]
    assert found.subject.nodes == tuple(f"/d{number}" for number in range(1, 7))


def test_where_no_driver_is_known_there_is_one_note() -> None:
    assert messages(devices(2)) == [
        "linux-6.12 has no drivers for 2 compatibles of ospm: 4 uses get what the tree says only"
    ]


def test_devices_of_one_kind_of_two_agents_have_one_note() -> None:
    body = """d { compatible = "acme,d"; clocks = <&cc 1>; };
              e: e { compatible = "acme,d"; clocks = <&cc 2>; };"""
    assert messages(body, TWO_AGENTS + '    access: [{dev: "&e"}]') == [
        'linux-6.12 has no driver for "acme,d" of a and b: 2 uses get what the tree says only'
    ]


@pytest.mark.parametrize(
    "body",
    [
        # Nothing to set: a supply of one voltage, a reset, a power domain, a node without a driver.
        'd { compatible = "acme,d"; vcc-supply = <&vio>; };',
        'd { compatible = "acme,d"; resets = <&rc 1>; power-domains = <&pc 1>; };',
        "d { clocks = <&cc 1>; };",
        # CPUs have a performance domain, or nothing.
        'cpus { cpu@0 { device_type = "cpu"; compatible = "arm,a"; clocks = <&cc 1>; }; };',
    ],
)
def test_what_no_driver_sets_is_not_told(body: str) -> None:
    assert messages(body) == []


UART = 'u { compatible = "snps,dw-apb-uart"; clocks = <&cc 1>; clock-names = "baudclk"; };'
AGENT = "domains: {a: {id: 1, default: true, scmi: {role: %s, needs: %s}}}"


@pytest.mark.parametrize(
    ("role", "needs", "expected"),
    [
        ("ospm", "none", ["a may not set what drivers of 1 device set (1 resource): it has no "]),
        ("vm", "none", ["a may not set what drivers of 1 device set (1 resource): it has no "]),
        ("secure", "none", []),
        ("ospm", '{"snps,dw-apb-uart": {baudclk: []}}', []),
        (
            "ospm",
            "FILE",
            ["a may not set what drivers of 1 device set (1 resource): FILE does not know them"],
        ),
    ],
)
def test_what_another_table_leaves_out(
    tmp_path: Path, role: str, needs: str, expected: list[str]
) -> None:
    other = tmp_path / "other.txt"
    other.write_text("# scmigen-driver-needs: 2\nacme,bus - - - - drivers/bus.c\n")
    agents = AGENT % (role, needs.replace("FILE", str(other)))
    found = diagnostics(model_of(soc(UART), agents), "rate-unsettled")
    shown = [item.message.replace(str(other), "FILE") for item in found]
    assert len(shown) == len(expected)
    assert all(map(str.startswith, shown, expected))


def test_what_an_explicit_grant_gives_is_not_missing() -> None:
    agents = AGENT % ("ospm", "none")
    agents = agents.replace("}}}", "}, grant: [{clock: '&cc 1', operations: [rate]}]}}")
    assert diagnostics(model_of(soc(UART), agents), "rate-unsettled") == []


def test_a_parent_that_a_driver_only_may_set_is_no_note(tmp_path: Path) -> None:
    rows = "acme,may clock * parent may a.c:f\nacme,sure clock * parent sure a.c:f\n"
    (tmp_path / "drivers.txt").write_text("# scmigen-driver-needs: 1\n" + rows)
    agents = f"domains: {{a: {{id: 1, default: true, scmi: {{needs: {tmp_path}/drivers.txt}}}}}}"
    body = "".join(
        f'{word} {{ compatible = "acme,{word}"; clocks = <&cc {number}>; }};'
        for number, word in enumerate(("may", "sure"))
    )
    (found,) = diagnostics(model_of(soc(body), agents), "parents-unknown")
    assert [place.message for place in found.related] == [
        f"clock <&cc 1>, /sure clocks[0]; parent by a.c:f ({tmp_path}/drivers.txt, sure)"
    ]
