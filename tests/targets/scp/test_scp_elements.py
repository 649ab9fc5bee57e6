"""``element`` of a driver: which element of the firmware's table each number is."""

import re
from pathlib import Path

import pytest
from support import marked, model_of, tree_of

from scmigen.diagnostics import Diagnostic, Position, Severity
from scmigen.model.platform import Model
from scmigen.targets.make import make, option_problems
from scmigen.targets.scp.element_map import element_map

#: A system whose clocks are in the order of a firmware that nobody wrote for SCMI numbers.
BODY = """
cc: clock-controller@1000 { compatible = "acme,cc"; reg = <0x1000 0x100>; #clock-cells = <1>; };
rc: reset-controller@2000 { compatible = "acme,rc"; reg = <0x2000 0x100>; #reset-cells = <2>; };
uart@5000 { compatible = "acme,uart"; clocks = <&cc 3>; resets = <&rc 0 7>; };
i2s@6000 { compatible = "acme,i2s"; clocks = <&cc 5>; resets = <&rc 1 7>; };
hdlcd@7000 { compatible = "acme,hdlcd"; clocks = <&cc 8>; resets = <&rc 1 9>; };
"""

AGENTS = """domains:
  linux: {id: 1, default: true, scmi: {role: ospm, transport: {type: mailbox, channel: 0}}}
outputs:
  scp:
    target: product
    drivers:
      system: {doorbell: {module: mhu, mailbox: "= ACME_MAILBOX"}}
"""
RESET = '      "acme,rc": {reset: {module: acme-reset}}\n'
CLOCK = '      "acme,cc": {clock: {module: clock%s}}\n'


def model(clock: str, reset: str = RESET) -> Model:
    return model_of(tree_of(BODY), AGENTS + reset + CLOCK % clock)


def clocks(clock: str) -> list[str]:
    """The elements of the clock table that the agent's numbers are, in order."""
    made = make(model(clock).platforms[0], "scp")
    assert made.files, [item.message for item in made.diagnostics]
    text = {file.path: file.content.decode() for file in made.files}["config_scmi_clock.c"]
    assert '#include "acme_clock.h"' in text
    table = text.split("clock_table_linux[] = {")[1].split("};\n\n_Static")[0]
    return re.findall(r"FWK_MODULE_IDX_CLOCK,\s+([^)]+)\)", table)


def told(clock: str, reset: str = RESET) -> list[Diagnostic]:
    """What is said of a driver, of its options first; a ``^`` is where the first is found."""
    before = AGENTS + reset
    plain, position = marked(before + CLOCK % clock, "agents.yaml")
    found = model_of(tree_of(BODY), plain)
    said = [*option_problems(found), *make(found.platforms[0], "scp").diagnostics]
    said = [item for item in said if item.severity is not Severity.NOTE]
    assert said
    assert said[0].position == position
    return said


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        pytest.param("{0: '= UART', 1: '= I2S', 2: 7}", ["UART", "I2S", "7U"], id="each"),
        pytest.param("{0-1: number, 2: '= HDLCD'}", ["0U", "1U", "HDLCD"], id="range"),
        pytest.param("{0x1: '= I2S', other: cell 0}", ["0x3U", "I2S", "0x8U"], id="the-rest"),
        pytest.param("{0-2: cell 0, 1: '=I2S'}", ["0x3U", "I2S", "0x8U"], id="exception"),
        pytest.param("number", ["0U", "1U", "2U"], id="one-rule"),
    ],
)
def test_each_number_is_the_element_that_the_map_says(element: str, expected: list[str]) -> None:
    assert clocks(f", header: acme_clock.h, element: {element}") == expected


def test_the_tables_of_a_hal_need_an_element_for_each_number() -> None:
    """The firmware's own order is nobody's: number 1 need not be its element 1."""
    before = AGENTS + RESET
    plain, position = marked(before + '      "acme,cc": {^clock: {module: clock}}\n', "agents.yaml")
    found = model_of(tree_of(BODY), plain)
    assert option_problems(found) == ()
    (problem,) = _errors(make(found.platforms[0], "scp").diagnostics)
    assert (problem.id, problem.position) == ("scp-element", position)
    assert "no element of clock for clock" in problem.message
    assert [place.message for place in problem.related] == [
        "number 0: /clock-controller@1000 <3>",
        "number 1: /clock-controller@1000 <5>",
        "number 2: /clock-controller@1000 <8>",
    ]
    hint = problem.hint or ""
    assert hint.startswith('element: {0: "= …", 1: "= …", 2: "= …"} there')
    # The line of the hint, filled in, is all that was missing.
    line = hint.partition(" there")[0]
    for name in ("A", "B", "C"):
        line = line.replace("…", name, 1)
    assert clocks(f", header: acme_clock.h, {line}") == ["A", "B", "C"]


def _errors(found: tuple[Diagnostic, ...]) -> list[Diagnostic]:
    return [item for item in found if item.severity is Severity.ERROR]


def test_a_number_that_the_map_lacks_is_named() -> None:
    (problem,) = told(", ^element: {0: '= UART', 2: '= HDLCD'}")
    assert (problem.id, problem.severity) == ("scp-element", Severity.ERROR)
    assert "(number 1)" in problem.message
    assert [place.message for place in problem.related] == ["number 1: /clock-controller@1000 <5>"]
    assert problem.hint == 'add 1: "= …" to element, or other: number'


def test_several_numbers_have_one_entry() -> None:
    """As in `elements` and `id` of an agents file."""
    found = element_map({"0, 0x8-9": 1, "9": 2})
    assert [found.key(number) for number in (0, 1, 8, 9)] == ["0, 0x8-9", None, "0, 0x8-9", "9"]
    (problem,) = told(", element: {'0, 2': number, 1: number, ^'8, 9': '= BIG'}")
    assert problem.message == 'no clock of "acme,cc" has the number 8, 9'


def test_a_number_that_nothing_has_is_reported_at_its_line() -> None:
    (problem,) = told(", element: {0-2: number, ^7: '= BIG'}")
    assert (problem.id, problem.severity) == ("option-unused", Severity.WARNING)
    assert problem.message == 'no clock of "acme,cc" has the number 7'
    assert (problem.hint or "").startswith("there are 0 ")


def test_a_rest_that_nothing_is_left_for_is_reported() -> None:
    (problem,) = told(", element: {0-2: number, ^other: number}")
    assert problem.id == "option-unused"
    assert problem.message == 'every clock of "acme,cc" has an entry of its own'


@pytest.mark.parametrize(
    ("clock", "index"),
    [
        (", element: {0: '= UART', 1: '= I2S', ^2: '= I2S'}", "I2S"),
        (", element: {0: 2, ^2: number, 1: 1}", "2"),
        (", ^element: '= UART'", "UART"),
        (", element: {0: '= UART', 1: 1, ^2: '= (UART)'}", "UART"),
        (", element: {0: '= UINT32_C(2)', ^2: number, 1: '= 0x1U'}", "2"),
        (", element: {^0-2: 4}", "4"),
        (", element: {0: '= UART + 1', 1: 1, ^2: '= 1 + UART'}", "1 + UART"),
    ],
)
def test_two_resources_of_one_element_are_an_error(clock: str, index: str) -> None:
    (problem,) = told(clock)
    assert (problem.id, problem.severity) == ("scp-element", Severity.ERROR)
    assert problem.message.endswith(f"are one element of clock, {index}")
    assert len(problem.related) > 1
    assert "gives each its own" in (problem.hint or "")


def test_the_bank_of_a_reset_is_no_element() -> None:
    """The first cell of <bank bit> is the same for all resets of a bank."""
    reset = '      "acme,rc": {reset: {module: acme-reset, ^element: cell 0}}\n'
    said = told(", element: number", reset)
    assert [(item.id, item.severity) for item in said] == [("scp-element", Severity.ERROR)]
    assert said[0].message.endswith("are one element of acme-reset, 1")


@pytest.mark.parametrize(
    ("clock", "message", "hint"),
    [
        (", element: {^a: 1, 0-2: number}", "'a' is not a number, a range such as 0-7, sev", None),
        (", element: {0-2: number, ^othr: 1}", "'othr' is not", "did you mean other?"),
        (", element: {^2-0: 1, other: number}", "'2-0' is not a number", "write 0-2"),
        (", element: {^-1: 1, other: number}", "'-1' is not a number", None),
        (", element: {0-1: number, ^1-2: number}", "0-1 and 1-2 name the same", None),
        (", element: {1: 1, ^0x1: 1, other: number}", "1 and 0x1 name the same", None),
        (", element: {^'0, 1-': 1, other: number}", "'0, 1-' is not a number", None),
        (", element: {'0, 2': 1, ^'1, 2': 1}", "0, 2 and 1, 2 name the same", None),
        (", element: {^0-2: nubmer}", "'nubmer' is not a value", "did you mean number"),
        (", ^element: cel 0", "'cel 0' is not a value", "did you mean cell?"),
        (", ^element: '= a /* b'", "is not a value", None),
        (", element: {0-2: ^[1]}", "must be", None),
    ],
)
def test_what_is_no_map_is_an_error_at_its_line(clock: str, message: str, hint: str | None) -> None:
    problem = told(clock)[0]
    assert (problem.id, problem.severity) == ("output-option", Severity.ERROR)
    assert message in problem.message
    assert hint is None or hint in (problem.hint or "")


def test_a_power_domain_of_the_firmware_is_its_number() -> None:
    """Agents have no tables for them, so that a map would be believed and not followed."""
    body = """
    pc: power-controller@3000 { compatible = "acme,pc"; #power-domain-cells = <1>; };
    gpu@8000 { compatible = "acme,gpu"; power-domains = <&pc 4>; };
    """
    power = '      "acme,pc": {power: {module: power-domain, ^element: {0: 4}}}\n'
    plain, position = marked(AGENTS + power, "agents.yaml")
    said = [
        item
        for item in option_problems(model_of(tree_of(body), plain))
        if item.severity is Severity.ERROR
    ]
    assert [(item.id, item.position) for item in said] == [("scp-element", position)]
    assert "an element of power-domain is the SCMI number" in said[0].message


HEADER = """/* ACME_CLOCK_IDX_I3S is a word of a comment */
enum acme_clock { ACME_CLOCK_IDX_UART, ACME_CLOCK_IDX_I2S, ACME_CLOCK_IDX_COUNT };
#define ACME_MAILBOX 0x1000
"""


def in_product(folder: Path, element: str) -> tuple[list[Diagnostic], Position]:
    """What is said of enumerators where the product has `HEADER`, and the place of a ``^``."""
    (folder / "include").mkdir()
    (folder / "include" / "acme_clock.h").write_text(HEADER)
    agents = AGENTS.replace("target: product", f"target: product\n    product: {folder}")
    clock = CLOCK % f", header: acme_clock.h, element: {element}"
    plain, position = marked(agents + RESET + clock, "agents.yaml")
    found = make(model_of(tree_of(BODY), plain).platforms[0], "scp").diagnostics
    return [item for item in found if item.id == "scp-element"], position


def test_a_misspelt_enumerator_of_the_product_is_an_error_at_its_line(tmp_path: Path) -> None:
    element = "{0: '= ACME_CLOCK_IDX_UART', ^1: '= ACME_CLOCK_IDX_I3S', 2: 7}"
    (found,), position = in_product(tmp_path, element)
    assert (found.severity, found.position) == (Severity.ERROR, position)
    assert found.message == "no header of the product has 'ACME_CLOCK_IDX_I3S'"
    assert "ACME_CLOCK_IDX_I2S" in (found.hint or "")


def test_a_name_of_another_header_is_not_doubted(tmp_path: Path) -> None:
    """SCP-firmware's own headers are not in the product's directory."""
    element = "{0: '= ACME_CLOCK_IDX_UART + 1', ^1: '= FWK_ARRAY_SIZE(x)', 2: '= ACME_OTHER'}"
    assert in_product(tmp_path, element)[0] == []


def test_a_map_of_many_numbers_is_read_in_time() -> None:
    """A file of an enemy: as many entries as fit, all of them wrong."""
    many = ", ".join(f"{n}-{n + 5}: number" for n in range(600))
    found = model_of(tree_of(BODY), AGENTS + RESET + CLOCK % f", element: {{{many}}}")
    assert len(option_problems(found)) >= 599
