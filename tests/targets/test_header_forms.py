"""The numbers as device-tree header, C and Python enumerations: the same everywhere."""

import ast
import csv
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from header_forms import by_dtc, by_gcc, check_c, compare, headers, imported, written
from real_boards import BOARDS
from support import TWO_AGENTS, marked, model_of, soc, tree_of

import scmigen
from scmigen import Numbering, runtime
from scmigen.model.platform import Model
from scmigen.pipeline import emit_outputs
from scmigen.targets.make import option_problems

Tool = Callable[[str], str]

GRANTS = Path(__file__).parent.parent / "grants" / "orrery.csv"
ALL = "\noutputs: {headers: {forms: [dt-bindings, c, python]}}\n"
ONE_AGENT = "domains: {os: {id: 1, scmi: {role: ospm}, default: true}}\n"
DEVICES = """
uart@5000 { compatible = "acme,uart"; clocks = <&cc 3>, <&cc 4>; clock-names = "baud", "bus";
            resets = <&rc 1>; vdd-supply = <&vdd>; };
spi: spi@6000 { compatible = "acme,spi"; clocks = <&cc 4>, <&cc 9>; clock-names = "bus", "core";
           assigned-clocks = <&cc 9>; assigned-clock-rates = <1000000>; power-domains = <&pc 2>; };
"""
SPLIT = "    access: [{dev: '&spi', flags: {assignable: [a]}}]\n"


def files_of(model: Model) -> dict[str, bytes]:
    files, *_ = emit_outputs(model, ["headers"], explicit=True)
    return {file.path: file.content for file in files}


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return files_of(model_of(soc(DEVICES), TWO_AGENTS + SPLIT + ALL))


def test_an_agent_has_enumerations_of_what_it_may_use(files: dict[str, bytes]) -> None:
    """Written by hand: b has the SPI controller, and a may be given it."""
    assert sorted(files) == [
        "headers/c/scmi_a.h",
        "headers/c/scmi_b.h",
        "headers/dt-bindings/scmi/scmi.h",
        "headers/python/scmi_a.py",
        "headers/python/scmi_b.py",
    ]
    text = files["headers/c/scmi_b.h"].decode()
    first = text.index("/* Power */")
    assert text[first : text.rindex("#endif")] == (
        """/* Power */
enum scmi_b_power {
    SCMI_B_PD_SPI_6000 = 0, /* state read: /power-controller@3000 <2> */
};

#define SCMI_B_POWER_LIST(X) \\
    X(SCMI_B_PD_SPI_6000, "spi-6000", \\
      SCMI_OPERATION_STATE | SCMI_OPERATION_READ, \\
      SCMI_OPERATION_STATE | SCMI_OPERATION_READ)

/* Clock */
enum scmi_b_clock {
    SCMI_B_CLK_SPI_6000_BUS = 1, /* state read: /clock-controller@1000 <4> */
    SCMI_B_CLK_SPI_6000_CORE = 2, /* state rate read: /clock-controller@1000 <9> */
};

#define SCMI_B_CLOCK_LIST(X) \\
    X(SCMI_B_CLK_SPI_6000_BUS, "spi-6000-bus", \\
      SCMI_OPERATION_STATE | SCMI_OPERATION_READ, \\
      SCMI_OPERATION_STATE | SCMI_OPERATION_READ) \\
    X(SCMI_B_CLK_SPI_6000_CORE, "spi-6000-core", \\
      SCMI_OPERATION_STATE | SCMI_OPERATION_RATE | SCMI_OPERATION_READ, \\
      SCMI_OPERATION_STATE | SCMI_OPERATION_RATE | SCMI_OPERATION_READ)

"""
    )


def test_what_opens_with_an_assignable_device_is_told_apart(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    text = files["headers/c/scmi_a.h"].decode()
    assert "SCMI_A_CLK_SPI_6000_CORE = 2, /* (state) (rate) (read): " in text
    module = imported("headers/python/scmi_a.py", written(files, tmp_path))
    core, operation = module.Clock.SPI_6000_CORE, module.Operation
    assert core.grant == (
        "spi-6000-core",
        operation(0),
        operation.STATE | operation.RATE | operation.READ,
    )
    assert [each.name for each in module.Clock] == [
        "UART_5000_BAUD",
        "SPI_6000_BUS",
        "SPI_6000_CORE",
    ]


def test_bits_of_operations_never_move(files: dict[str, bytes], tmp_path: Path, tool: Tool) -> None:
    """Programs compare them between releases; a new operation comes at the end."""
    bits = ["STATE", "RATE", "PARENT", "RESET", "LEVEL", "LIMITS", "CONFIG", "READ"]
    wanted = {name: 1 << bit for bit, name in enumerate(bits)}
    module = imported("headers/python/scmi_a.py", written(files, tmp_path))
    assert {each.name: each.value for each in module.Operation} == wanted
    text = files["headers/c/scmi_a.h"].decode()
    found = re.findall(r"SCMI_OPERATION_(\w+) = (0x\w+),", text)
    assert {name: int(value, 16) for name, value in found} == wanted
    _, listed = by_gcc(files, tmp_path, tool)
    assert listed["SCMI_A_CLK_SPI_6000_CORE"] == ("spi-6000-core", 0, 0x83)


def test_forms_have_the_same_numbers(files: dict[str, bytes], tmp_path: Path, tool: Tool) -> None:
    """b: a power domain and two clocks. a: one more of each but the power domain."""
    assert compare(files, tmp_path, tool) == 3 + 3 + 3


def test_the_forms_of_the_example(examples: Path, tmp_path: Path, tool: Tool) -> None:
    """Operations and origin of each number are those of the table that was written by hand."""
    extra = tmp_path / "forms.yaml"
    extra.write_text(ALL)
    agents = [examples / "agents.yaml", extra]
    made = files_of(scmigen.compile(examples / "orrery-board.dts", agents=agents).model)
    compare(made, tmp_path, tool)
    found = set()
    for path in headers(made, "c"):
        kind = ""
        for line in made[path].decode().splitlines():
            kind = re.sub(r"^enum \w+_(\w+) \{$", r"\1", line) if line[:4] == "enum" else kind
            row = re.match(r"    \w+ = \d+, /\* ([a-z() ]+): (\S+) (?:<([\d ]+)>)?", line)
            if row is not None:
                words = " ".join(sorted(re.sub(r"[()]", "", row[1]).split()))
                found.add((Path(path).stem[5:], kind, row[2], row[3] or "", words))
    with GRANTS.open() as table:
        wanted = {
            (r["agent"], r["kind"], r["provider"], r["cells"], r["operations"])
            for r in csv.DictReader(table)
        }
    assert found == wanted


def test_with_numbers_of_its_own_each_agent_has_these(
    examples: Path, tmp_path: Path, tool: Tool
) -> None:
    extra = tmp_path / "forms.yaml"
    extra.write_text(ALL)
    model = scmigen.compile(
        examples / "orrery-board.dts",
        agents=[examples / "agents.yaml", extra],
        numbering=Numbering.PER_AGENT,
    ).model
    made = files_of(model)
    assert len(headers(made, "dt-bindings")) == len(headers(made, "c")) == 5
    compare(made, tmp_path, tool)
    module = imported("headers/python/scmi_vm2.py", tmp_path)
    assert [clock.value for clock in module.Clock] == list(range(len(module.Clock)))


@pytest.mark.slow
@pytest.mark.parametrize("name", BOARDS)
def test_the_forms_of_real_boards(name: str, corpus: Path, tmp_path: Path, tool: Tool) -> None:
    extra = tmp_path / "forms.yaml"
    extra.write_text(ALL)
    agents = corpus / "agents" / f"{name}.yaml"
    if not agents.exists():
        agents = written({"os.yaml": ONE_AGENT.encode()}, tmp_path) / "os.yaml"
    model = scmigen.compile(corpus / f"{name}.symbols.dtb", agents=[agents, extra]).model
    files = files_of(model)
    for platform in model.platforms:
        folder = f"{platform.name}/" if len(model.platforms) > 1 else ""
        made = {
            path.removeprefix(folder): content
            for path, content in files.items()
            if path.startswith(folder)
        }
        prefix = Path(headers(made, "dt-bindings")[0]).stem.replace("-", "_")
        assert compare(made, tmp_path / platform.name, tool, prefix) > 0


# Names.

AGENT = "  {name}: {{id: {number}, scmi: {{role: vm}}, access: [{{dev: '&{dev}'}}]}}\n"


def of_agents(*names: str) -> dict[str, bytes]:
    """Forms for agents of these names, each with a device of its own."""
    devices = "".join(
        f"d{n}: dev@{n}0 {{ compatible = 'x'; clocks = <&cc {n}>; }};".replace("'", '"')
        for n in range(len(names))
    )
    agents = "domains:\n" + "".join(
        AGENT.format(name=f'"{name}"', number=n + 1, dev=f"d{n}") for n, name in enumerate(names)
    )
    return files_of(model_of(soc(devices), agents + ALL))


def test_agents_whose_names_are_no_identifiers(tmp_path: Path, tool: Tool) -> None:
    """Keywords, digits, other scripts, what would end a comment; none has another's file."""
    made = of_agents(
        *("int", "class", "None", "2nd", "vm 1", "vm-1", "VM_1", "日本", "*/ #error x"),
        *("import os; os.abort()", "~", "h", "operation", "list"),
    )
    stems = [Path(path).stem for path in headers(made, "c")]
    assert stems == [Path(path).stem for path in headers(made, "python")]
    assert sorted(stems) == sorted(
        [
            *("scmi_int", "scmi_class", "scmi_none", "scmi_2nd", "scmi_vm_1", "scmi_vm_1_6"),
            *("scmi_vm_1_7", "scmi_8", "scmi_error_x", "scmi_import_os_os_abort", "scmi_11"),
            *("scmi_h", "scmi_operation", "scmi_list"),
        ]
    )
    assert compare(made, tmp_path, tool) == 14


def test_agents_whose_names_meet_have_headers_of_their_own_for_their_trees() -> None:
    body = "d: dev { clocks = <&cc 1>; }; e: eev { clocks = <&cc 2>; };"
    agents = "domains:\n" + AGENT.format(name="vm-1", number=1, dev="d")
    agents += AGENT.format(name="vm_1", number=2, dev="e")
    made = files_of(model_of(soc(body), agents, numbering=Numbering.PER_AGENT))
    assert sorted(made) == [
        "headers/dt-bindings/scmi/scmi-vm-1-2.h",
        "headers/dt-bindings/scmi/scmi-vm-1.h",
    ]


def test_enumerators_of_different_agents_and_defines_do_not_meet(
    tmp_path: Path, tool: Tool
) -> None:
    """SCMI_A_CLK_CLK_X: the clock clk-x of a, or x of a-clk; SCMI_CLK_CLK_X: x of clk, or a define.
    SCMI_A_CLK_CLOCK_LIST: the clock clock-list of a, or the list of a-clk."""
    body = """
    c: clock-controller@9000 { compatible = "c"; reg = <0x9000>; #clock-cells = <1>;
        clock-output-names = "clk-x", "x", "clock-list"; };
    d: dev@1 { clocks = <&c 0>, <&c 2>; }; e: dev@2 { clocks = <&c 1>; };
    f: dev@3 { clocks = <&c 1>; };
    """
    agents = "domains:\n" + "".join(
        AGENT.format(name=name, number=number, dev=dev)
        for number, (name, dev) in enumerate((("a", "d"), ("a-clk", "e"), ("clk", "f")), 1)
    )
    made = files_of(model_of(tree_of(body), agents + ALL))
    written(made, tmp_path)
    check_c(made, tmp_path, tool, *headers(made, "dt-bindings"))
    numbers, _ = by_gcc(made, tmp_path, tool)
    assert numbers == {
        "SCMI_A_CLK_CLK_X": 0,
        "SCMI_A_CLK_CLOCK_LIST_2": 2,
        "SCMI_A_CLK_CLK_X_1": 1,
        "SCMI_CLK_CLK_X_1": 1,
    }
    defines = by_dtc("headers/dt-bindings/scmi/scmi.h", made, tmp_path, tool)
    assert defines["SCMI_CLK_CLK_X"] == 0


def test_resources_whose_names_are_no_identifiers(tmp_path: Path, tool: Tool) -> None:
    """What an enumeration or a language keeps for itself, digits, names that meet."""
    names = ["24m", "clk_24m", "None", "mro", "name", "value", "count", "EOF", "_", "0", "a.b"]
    names += ["a-b", "__init__", "operation", "class", '"""', "a*/b", "NULL", "grant"]
    text = ", ".join('"{}"'.format(name.replace('"', '\\"')) for name in names)
    cells = ", ".join(f"<&c {n}>" for n in range(len(names)))
    made = files_of(
        model_of(
            tree_of(f"""
            c: clock-controller@9000 {{ compatible = "c"; reg = <0x9000>; #clock-cells = <1>;
                clock-output-names = {text}; }};
            d: dev@1 {{ clocks = {cells}; }};"""),
            ONE_AGENT + ALL,
        )
    )
    written(made, tmp_path)
    check_c(made, tmp_path, tool, *headers(made, "dt-bindings"))
    numbers, listed = by_gcc(made, tmp_path, tool)
    clocks = imported("headers/python/scmi_os.py", tmp_path).Clock
    defines = by_dtc("headers/dt-bindings/scmi/scmi.h", made, tmp_path, tool)
    for found in (numbers, clocks.__members__, defines):
        assert sorted(map(int, found.values())) == list(range(len(names)))
    assert {name: listed[name].name for name in numbers} == {
        name: clocks(number).grant.name for name, number in numbers.items()
    }
    assert (clocks.CLK_24M, clocks.CLK_24M_1, clocks.NONE, clocks.MRO) == (0, 1, 2, 3)


def test_the_modules_are_typed_and_read_by_older_versions(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    from mypy import api

    folder = written(files, tmp_path) / "headers" / "python"
    use = folder / "use.py"
    use.write_text(
        "from scmi_a import Clock, Grant, Operation\n"
        "def number(clock: Clock) -> int:\n"
        "    return clock.value if Operation.RATE in clock.grant.operations else clock\n"
        "found: Grant = Clock.SPI_6000_CORE.grant\n"
        "wrong: str = Clock.SPI_6000_CORE.value\n"
    )
    every = [str(path) for path in sorted(folder.glob("*.py"))]
    out, _, status = api.run(["--strict", "--no-incremental", "--cache-dir", "/dev/null", *every])
    assert (status, out.count("error:")) == (1, 1), out
    assert "use.py:5: error: Incompatible types in assignment" in out
    for path in headers(files, "python"):
        ast.parse(files[path], feature_version=(3, 7))


def test_the_notice_is_in_every_form() -> None:
    option = 'forms: [c, python], copyright: "Copyright (c) 2026, */ Acme", license: MIT'
    made = files_of(model_of(soc(DEVICES), f"{TWO_AGENTS}\noutputs: {{headers: {{{option}}}}}\n"))
    for path, content in made.items():
        mark, line = ("/*", " * ") if path.endswith(".h") else ("#", "# ")
        assert content.decode().startswith(f"{mark} SPDX-License-Identifier: MIT")
        assert f"\n{line}Copyright (c) 2026, _/ Acme\n" in content.decode()


@pytest.mark.parametrize(
    ("forms", "message", "hint"),
    [
        pytest.param("^[]", "forms has no form", "write some of dt-bindings, c, python", id="none"),
        pytest.param(
            "[^pyton]",
            "forms.0 must be one of dt-bindings, c, python, not 'pyton'",
            "did you mean python?",
            id="misspelt",
        ),
        pytest.param("^c", "forms must be a list, not 'c'", None, id="no list"),
    ],
)
def test_wrong_forms_are_errors_at_their_place(forms: str, message: str, hint: str | None) -> None:
    options = f"\noutputs: {{headers: {{forms: {forms}}}}}\n"
    plain, position = marked(TWO_AGENTS + options, "agents.yaml")
    (found,) = option_problems(model_of(soc(DEVICES), plain))
    assert (found.message, found.hint) == (message, hint)
    assert found.position is not None
    assert position is not None
    assert found.position.line == position.line


def test_a_form_that_is_named_twice_is_made_once() -> None:
    forms = "\noutputs: {headers: {forms: [python, python]}}\n"
    assert len(files_of(model_of(soc(DEVICES), TWO_AGENTS + SPLIT + forms))) == 2


def test_numbers_and_names_are_those_of_the_runtime_configuration(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    model = model_of(soc(DEVICES), TWO_AGENTS + SPLIT)
    made, *_ = emit_outputs(model, ["runtime"], explicit=True)
    served = runtime.decode(next(f.content for f in made if f.path.endswith("runtime.json")))
    written(files, tmp_path)
    for agent in served.agents:
        module = imported(f"headers/python/scmi_{agent.name}.py", tmp_path)
        for kind, grants in agent.grants.items():
            names = {resource.id: resource.name for resource in served.resources(kind)}
            found = module.GRANTS[getattr(module, kind.capitalize())]
            assert {number: grant.name for number, grant in found.items()} == {
                grant.id: names[grant.resource] for grant in grants
            }
