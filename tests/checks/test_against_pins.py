"""Pins that devices ask for, held against what a server lets their agent set."""

from collections.abc import Iterable

from against_build import compare
from support import model_of, source

from scmigen import loads
from scmigen.diagnostics import Diagnostic
from scmigen.runtime.served import Served, ServedAgent, ServedGrant, ServedResource
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind

#: Ten pins, so that settings begin at 0x28: the uart asks for pins 5 and 6, the led for 7.
BOARD = """
scmi { compatible = "arm,scmi-virtio";
	protocol@19 { reg = <0x19>;
		tx: tx-grp { fsl,pins = <0x14 0x3c 0 1 0 1   0x18 0x40 0x58 1 0 1>; };
		led: led-grp { fsl,pins = <0x1c 0x44 0 1 0 1>; };
	};
};
uart { pinctrl-0 = <&tx>; };
leds { pinctrl-0 = <&led>; };
off { status = "disabled"; pinctrl-0 = <&led>; };
"""


#: What setting a pin is.
SETS = (Operation.CONFIG,)


def told(
    pins: Iterable[int], complete: bool = True, operations: tuple[Operation, ...] = SETS
) -> list[Diagnostic]:  # fmt: skip
    grants = tuple(
        ServedGrant(id=pin, resource=pin, operations=operations, source=f"x.cfg:{pin}")
        for pin in pins
    )
    agent = ServedAgent(id=1, name="ospm", grants={Kind.PIN: grants} if grants else {})
    names = tuple(ServedResource(id=pin, name=f"PIN_{pin}") for pin in range(10))
    served = Served(
        name="s", agents=(agent,), kinds=(Kind.PIN,), complete=complete,
        resources={Kind.PIN: names},
    )  # fmt: skip
    found = compare(model_of(loads(source(BOARD), "board.dts")), served, "x.cfg")
    return [item for item in found if item.id in ("pin-missing", "grant-unused")]


def test_all_pins_that_are_asked_for_may_be_set() -> None:
    assert told([5, 6, 7]) == []


def test_a_device_whose_pins_are_not_allowed_is_an_error_with_the_place() -> None:
    (item,) = told([7])
    assert item.id == "pin-missing"
    assert "ospm needs to set pin 5-6 for /uart" in item.message
    assert str(item.position).startswith("board.dts:4:")
    assert item.subject.nodes == ("/uart",)


def test_a_level_that_only_reads_is_not_enough() -> None:
    assert [item.id for item in told([5, 6, 7], operations=(Operation.READ,))][:2] == [
        "pin-missing",
        "pin-missing",
    ]


def test_what_nothing_asks_for_is_beyond_the_need() -> None:
    (item,) = told([5, 6, 7, 8])
    assert item.id == "grant-unused"
    assert "config on pin 8 (PIN_8)" in item.message


def test_a_server_without_pins_or_an_incomplete_description_tells_nothing() -> None:
    assert told([]) == []
    assert told([7], complete=False) == []
