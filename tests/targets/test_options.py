"""Options of outputs: read from the agents file, typed, with the position of every problem."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec
import pytest
from click.testing import CliRunner
from support import TWO_AGENTS, marked, model_of, soc

from scmigen.cli.main import cli
from scmigen.data import replace
from scmigen.diagnostics import Diagnostic, Severity
from scmigen.model.platform import Model
from scmigen.targets.base import Group, Meta, Options
from scmigen.targets.make import make, option_problems, options_of
from scmigen.targets.options import options_in, raw_options, read_options
from scmigen.targets.registry import find

#: Two devices, so that ``a`` has a clock, a reset and a supply of the controllers of `soc`.
DEVICE = """
uart@5000 { compatible = "acme,uart"; clocks = <&cc 3>; resets = <&rc 1>; vdd-supply = <&vdd>; };
local: clock-controller@6000 { compatible = "acme,fixed"; #clock-cells = <0>; clocks = <&cc 4>; };
"""


def model(text: str) -> Model:
    """The model of `soc` with two agents and more of the agents file."""
    return model_of(soc(DEVICE), TWO_AGENTS + text)


def problems(text: str) -> list[Diagnostic]:
    """What is wrong with the options in ``text``, at the position of its ``^``."""
    before = TWO_AGENTS
    plain, position = marked(before + text, "agents.yaml")
    found = list(option_problems(model_of(soc(DEVICE), plain)))
    assert [item.position for item in found] == [position]
    return found


def test_options_are_typed() -> None:
    found = model(
        """
outputs:
  scp:
    target: product
    trip-points: true
    fast-channels: {memory: "&cc", firmware-address: 0x45410000, rate-limit: 5000}
    drivers:
      "acme,cc":
        clock: {module: acme-clock, struct: struct acme, data: {gate: 0x1F, critical: true}}
      system: {doorbell: {module: mhu2, element: 5}}
"""
    )
    assert option_problems(found) == ()
    options = options_of(found.platforms[0], find("scp"))
    assert (options.target, options.trip_points) == ("product", True)
    fast = options.fast_channels
    assert (fast.memory, fast.firmware_address, fast.rate_limit) == ("&cc", 0x4541_0000, 5000)
    assert options.drivers["acme,cc"]["clock"].data == {"gate": 31, "critical": True}
    assert options.drivers["system"]["doorbell"].element == 5


@pytest.mark.parametrize(
    ("options", "message", "hint"),
    [
        pytest.param(
            "^driver: {}", "the output has no option 'driver'", "did you mean drivers?", id="key"
        ),
        pytest.param(
            "target: ^prodcut",
            "target must be one of host, optee, product, not 'prodcut'",
            "did you mean product?",
            id="word",
        ),
        pytest.param(
            "trip-points: ^yes", "trip-points must be true or false, not 'yes'", None, id="flag"
        ),
        pytest.param(
            "fast-channels: {memory: '&cc', rate-limit: ^100}",
            "fast-channels.rate-limit must be a number from 4000 to 1048575, not '100'",
            None,
            id="number",
        ),
        pytest.param("^fast-channels: {}", "fast-channels needs memory", None, id="missing"),
        pytest.param("drivers: ^[]", "drivers must be a mapping", None, id="list-for-mapping"),
        pytest.param(
            'drivers: {"acme,cc": {^clokc: {module: acme-clock}}}',
            "there is no slot 'clokc' for drivers",
            "did you mean clock?",
            id="slot",
        ),
        pytest.param(
            "drivers: {system: {^dorbell: {module: mhu2}}}",
            "there is no slot 'dorbell' for drivers",
            "did you mean doorbell",
            id="slot-of-the-system",
        ),
        pytest.param(
            "drivers: {system: {^doorbell c: {module: mhu2}}}",
            "there is no slot 'doorbell c' for drivers",
            "did you mean doorbell b",
            id="doorbell-of-an-unknown-agent",
        ),
        pytest.param(
            'drivers: {"acme,cc": {clock: ^acme}}',
            'drivers."acme,cc".clock must be a mapping',
            None,
            id="driver-that-is-no-mapping",
        ),
        pytest.param(
            'drivers: {"acme,cc": {clock: {module: ^Acme_Clock}}}',
            "must be as in SCP_MODULES: acme-clock, not 'Acme_Clock'",
            None,
            id="module",
        ),
        pytest.param(
            'drivers: {"acme,cc": {^clock: {}}}',
            'drivers."acme,cc".clock needs module',
            None,
            id="driver-without-module",
        ),
        pytest.param(
            'drivers: {"acme,cc": {clock: {module: a, ^colour: 1}}}',
            "has no option 'colour'",
            None,
            id="key-of-a-driver",
        ),
        pytest.param(
            'drivers: {"acme,cc": {clock: {module: a, api: ^"0 }; int x"}}}',
            "must be a C expression",
            None,
            id="api-that-ends-the-initialiser",
        ),
        pytest.param(
            'drivers: {"acme,cc": {clock: {module: a, header: ^../x.h}}}',
            "must be a file: mod_acme_clock.h",
            None,
            id="header-elsewhere",
        ),
        pytest.param(
            'drivers: {"acme,cc": {clock: {module: a, struct: struct s, data: {^a b: 1}}}}',
            "'a b' is not a field: it must be a C identifier",
            None,
            id="field",
        ),
        pytest.param(
            'drivers: {"acme,cc": {clock: {module: a, struct: struct s, data: {a: ^[1]}}}}',
            "must be a string",
            None,
            id="list-for-a-field",
        ),
        pytest.param(
            'drivers: {"acme,cc": {clock: {module: a, ^data: {a: 1}}}}',
            "data needs the struct that its fields belong to",
            None,
            id="data-without-struct",
        ),
        pytest.param(
            'fast-channels: {^memory: "*-controller@*"}',
            "*-controller@* matches 4 nodes; name one memory",
            None,
            id="several-memories",
        ),
    ],
)
def test_a_wrong_option_is_an_error_at_its_line(
    options: str, message: str, hint: str | None
) -> None:
    (found,) = problems(f"outputs: {{scp: {{{options}}}}}\n")
    assert (found.id, found.severity) == ("output-option", Severity.ERROR)
    assert message in found.message
    assert hint is None or hint in (found.hint or "")


@pytest.mark.parametrize(
    ("drivers", "message", "hint"),
    [
        pytest.param(
            '^"nobody,else": {clock: {module: a}}',
            'no managed provider of the board is compatible with "nobody,else"',
            "acme,cc",
            id="compatible-of-another-board",
        ),
        pytest.param(
            '^"acme,uart": {clock: {module: a}}',
            'no managed provider of the board is compatible with "acme,uart"',
            None,
            id="device-that-provides-nothing",
        ),
        pytest.param(
            '"acme,cc": {^reset: {module: a}}',
            'no provider compatible with "acme,cc" has resources for reset',
            "it has clock",
            id="slot-of-another-kind",
        ),
    ],
)
def test_a_driver_that_nothing_uses_is_a_warning_at_its_line(
    drivers: str, message: str, hint: str | None
) -> None:
    (found,) = problems(f"outputs: {{scp: {{drivers: {{{drivers}}}}}}}\n")
    assert (found.id, found.severity) == ("option-unused", Severity.WARNING)
    assert message in found.message
    assert hint is None or hint in (found.hint or "")


def test_an_unknown_memory_is_a_device_that_the_tree_does_not_have() -> None:
    (found,) = problems("outputs: {scp: {fast-channels: {^memory: nowhere}}}\n")
    assert (found.id, found.severity) == ("device-unknown", Severity.ERROR)


def test_an_unknown_output_is_an_error_with_the_nearest_name() -> None:
    (found,) = problems("outputs: {^scp-produkt: {}}\n")
    assert (found.id, found.severity) == ("output-unknown", Severity.ERROR)
    assert found.hint is not None
    assert "scp-product" in found.hint


@pytest.mark.parametrize("text", ["outputs: ^[]", "outputs: {scp: ^1}", "outputs: {headers: ^x}"])
def test_options_are_mappings(text: str) -> None:
    (found,) = problems(text)
    assert found.id == "output-option"
    assert "must be a mapping" in found.message


@pytest.mark.parametrize(
    ("platform", "now"),
    [
        ("^target: optee", "outputs: {scp: {target: …}}"),
        ("^trip-points: true", "outputs: {scp: {trip-points: …}, runtime: {trip-points: …}}"),
        ("^fast-channels: {memory: '&cc'}", "outputs: {scp: {fast-channels: …}}"),
        ("^drivers: {}", "outputs: {scp: {drivers: …}}"),
    ],
)
def test_a_key_that_was_moved_is_a_note_that_says_where_to(platform: str, now: str) -> None:
    (found,) = problems(f"platform: {{{platform}}}\n")
    assert (found.id, found.severity, found.hint) == ("option-moved", Severity.NOTE, now)


def test_moved_keys_mean_what_their_options_mean() -> None:
    driver = '{"acme,cc": {clock: {module: acme-clock}}}'
    old = model(f"platform: {{target: product, trip-points: true, drivers: {driver}}}\n")
    new = model(
        f"outputs: {{scp: {{target: product, trip-points: true, drivers: {driver}}}, "
        "runtime: {trip-points: true}}\n"
    )
    for name in ("scp", "runtime"):
        before, after = (options_of(m.platforms[0], find(name)) for m in (old, new))
        clean = {"positions": {}}
        assert replace(before, **clean) == replace(after, **clean)


def test_what_is_wrong_with_a_moved_key_is_an_error_too() -> None:
    found = option_problems(model("platform: {drivers: {'acme,cc': {clokc: {module: a}}}}\n"))
    assert [item.id for item in found] == ["option-moved", "output-option"]


def test_an_option_given_differently_in_two_places_is_an_error() -> None:
    text = "platform: {target: product}\noutputs: {scp: {target: optee}}\n"
    found = [item for item in option_problems(model(text)) if item.severity is Severity.ERROR]
    assert [item.message for item in found] == ["target is given twice with different values"]
    line = TWO_AGENTS.count("\n") + 1
    assert str(found[0].position) == f"agents.yaml:{line}:12"
    assert str(found[0].related[0].position) == f"agents.yaml:{line + 1}:17"


def test_an_option_given_alike_in_two_places_is_fine() -> None:
    text = "platform: {target: product}\noutputs: {scp: {target: product}}\n"
    assert [item.id for item in option_problems(model(text))] == ["option-moved"]


def test_mappings_in_two_files_are_united() -> None:
    first = TWO_AGENTS + 'outputs: {scp: {drivers: {"acme,cc": {clock: {module: a}}}}}\n'
    tree = soc(DEVICE)
    from scmigen.assignment.sources import Sources, assign

    second = 'outputs: {scp: {target: product, drivers: {"acme,rc": {reset: {module: b}}}}}\n'
    _, assignment = assign(tree, Sources([("a.yaml", first), ("b.yaml", second)]))
    raw = raw_options(assignment.options.outputs)
    assert raw.problems == ()
    options, wrong = read_options(raw.given["scp"], find("scp").options)
    assert wrong == ()
    assert sorted(options.drivers) == ["acme,cc", "acme,rc"]


def test_a_variant_inherits_the_options_of_scp() -> None:
    found = model(
        """
outputs:
  scp: {target: optee, trip-points: true, drivers: {"acme,cc": {clock: {module: a}}}}
  scp-product: {trip-points: false}
"""
    )
    options = options_of(found.platforms[0], find("scp-product"))
    assert (options.trip_points, list(options.drivers)) == (False, ["acme,cc"])
    assert "and a product has no mock" in " ".join(
        item.message for item in make(found.platforms[0], "scp-product").diagnostics
    )


class _Part(Group):
    size: int


class _All(Options):
    word: Literal["one", "two"] = "one"
    count: Annotated[int, Meta(ge=1, le=9)] = 1
    other_count: Annotated[int, msgspec.Meta(ge=1, le=9)] = 1
    names: tuple[str, ...] = ()
    part: _Part | None = None
    either: bool | int | str = 0


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("word: two", "word", "two"),
        ("count: 0x9", "count", 9),
        ("other-count: 0x9", "other_count", 9),
        ("other-count: 10", "other_count", 1),
        ("names: [a, 1]", "names", ("a", "1")),
        ("part: {size: -5}", "part", _Part(size=-5)),
        ("either: true", "either", True),
        ("either: 0x10", "either", 16),
        ("either: '= X'", "either", "= X"),
    ],
)
def test_every_type_of_option_is_read(text: str, field: str, value: object) -> None:
    outputs = model(f"outputs: {{mine: {{{text}}}}}\n").assignment.options.outputs
    assert getattr(options_in(outputs, "mine", _All), field) == value


def test_positions_are_those_of_keys() -> None:
    outputs = model("outputs:\n  mine:\n    part: {size: 5}\n").assignment.options.outputs
    options = options_in(outputs, "mine", _All)
    line = TWO_AGENTS.count("\n") + 3
    assert str(options.at("part")) == f"agents.yaml:{line}:5"
    assert str(options.at("part", "size")) == f"agents.yaml:{line}:12"
    assert str(options.at("part", "size", "further")) == f"agents.yaml:{line}:12"


def test_the_command_reports_misspelt_drivers_where_they_stand(tmp_path: Path) -> None:
    """Whatever is emitted: a user who checks the board alone is told, too."""
    board = tmp_path / "board.dts"
    board.write_text(
        '/dts-v1/; / { cc: clock-controller@1000 { compatible = "acme,cc"; #clock-cells = <1>; }; '
        'uart@5000 { compatible = "acme,uart"; clocks = <&cc 3>; }; };\n'
    )
    agents = tmp_path / "agents.yaml"
    agents.write_text(
        "domains: {linux: {id: 1, default: true, scmi: {role: ospm}}}\n"
        "platform:\n  drivers:\n"
        '    "acme,cc": {clokc: {module: acme-clock}}\n'
        '    "acme,nope": {clock: {module: acme-clock}}\n'
    )
    result = CliRunner().invoke(cli, ["check", str(board), "-a", str(agents)])
    assert result.exit_code == 1
    assert "agents.yaml:4:17: error[output-option]: there is no slot 'clokc'" in result.output
    assert "agents.yaml:5:5: warning[option-unused]: no managed provider" in result.output
    assert "agents.yaml:3:3: note[option-moved]: platform.drivers is an option" in result.output
