"""Regulators that a GPIO switches: who can serve them, and what a hint may offer."""

import pytest
from support import diagnostics, soc_model, wrong

BODY = """
gpio: gpio {{ compatible = "acme,gpio"; gpio-controller; #gpio-cells = <2>; clocks = <&cc 9>; }};
rail: rail {{ compatible = "regulator-fixed"; gpio = <&gpio 3 0>; {rail} }};
other: other {{ compatible = "regulator-fixed"; gpio = <&gpio 4 0>; }};
codec: codec {{ compatible = "acme,codec"; avdd-supply = <&rail>; }};
amp {{ compatible = "acme,amp"; {amp} }};
"""
CODEC = '    access: [{dev: "&codec"}]'


def hint_of(rail: str = "", amp: str = "") -> str:
    (found,) = diagnostics(soc_model(BODY.format(rail=rail, amp=amp), CODEC), "local-foreign")
    assert found.hint is not None
    return found.hint


def test_the_regulator_of_one_agent_can_go_to_the_other() -> None:
    hint = 'platform.managed: ["&rail"] has the platform serve it; or '
    assert hint_of() == hint + 'access: [{dev: "&rail"}] in b gives it to b'


@pytest.mark.parametrize(
    ("rail", "amp"),
    [
        pytest.param("", "avdd-supply = <&rail>;", id="its-owner-needs-it-too"),
        pytest.param("vin-supply = <&other>;", "", id="it-needs-another-of-its-owner"),
    ],
)
def test_a_way_that_leads_into_the_next_error_is_not_offered(rail: str, amp: str) -> None:
    hint = hint_of(rail, amp)
    assert hint.partition("; ")[0] == 'platform.managed: ["&rail"] has the platform serve it'
    assert "access: " not in hint


def test_the_platform_cannot_switch_the_pin_of_an_agent_unnoticed() -> None:
    text = f'{CODEC}\nplatform: {{managed: ["&rail"]}}'
    model = soc_model(BODY.format(rail="", amp=""), text)
    assert wrong(model) == []
    (found,) = diagnostics(model, "managed-consumes-local")
    assert found.message == (
        "the platform is to serve &rail, which is switched by &gpio, and a drives that"
    )
