"""A new target is one directory and one line, or one entry point; everything else comes with it."""

import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from support import model_of, tree_of

from scmigen.checks.switches import Asked
from scmigen.cli.main import cli
from scmigen.diagnostics import InputError, Severity
from scmigen.explain import findings, in_full, switchable
from scmigen.model.platform import Model
from scmigen.pipeline import emit_outputs
from scmigen.targets import registry
from scmigen.targets.base import Target
from scmigen.targets.make import make, option_problems

DOCS = Path(__file__).parents[2] / "docs" / "howto" / "own-target.md"

BOARD = """
cc: clock-controller@1000 { compatible = "acme,cc"; #clock-cells = <1>;
	clock-output-names = "gate", "mux"; };
uart@5000 { compatible = "acme,uart"; clocks = <&cc 0>; };
gpu@6000 { compatible = "acme,gpu"; clocks = <&cc 1>; assigned-clocks = <&cc 1>;
	assigned-clock-parents = <&cc 0>; };
"""
AGENTS = """
domains:
  linux: {id: 1, default: true, scmi: {role: ospm}}
  vm: {id: 2, scmi: {role: vm}, access: [{dev: "gpu@6000"}]}
"""

Install = Callable[[str], None]


def example() -> str:
    """The Python text of the worked example."""
    (text,) = re.findall(r"```python .*?\n(.*?)```", DOCS.read_text(), re.S)
    return str(text)


def model(more: str = "") -> Model:
    return model_of(tree_of(BOARD), AGENTS + more)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Puts a directory ``acme_scmi`` with a target on the path of modules."""

    def install(text: str) -> None:
        folder = tmp_path / "acme_scmi"
        folder.mkdir()
        (folder / "__init__.py").write_text(text)
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(__import__("sys").modules, "acme_scmi", raising=False)

    return install


@pytest.fixture
def by_line(package: Install, monkeypatch: pytest.MonkeyPatch) -> Install:
    def install(text: str) -> None:
        package(text)
        monkeypatch.setattr(registry, "BUILT_IN", {**registry.BUILT_IN, "acme": "acme_scmi:TARGET"})

    return install


@pytest.fixture
def by_entry_point(package: Install, tmp_path: Path) -> Install:
    def install(text: str) -> None:
        package(text)
        (entry,) = re.findall(r"```toml .*?\n(acme = .*?)\n```", DOCS.read_text(), re.S)
        info = tmp_path / "acme_scmi-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-scmi\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[scmigen.targets]\n{entry.replace(chr(34), '')}\n")

    return install


@pytest.fixture(params=["by_line", "by_entry_point"])
def installed(request: pytest.FixtureRequest) -> None:
    """The example of the page, in both ways."""
    request.getfixturevalue(request.param)(example())


def command(tmp_path: Path, which: str, *more: str, agents: str = AGENTS) -> Result:
    (tmp_path / "board.dts").write_text(f"/dts-v1/; / {{ {BOARD} }};\n")
    (tmp_path / "agents.yaml").write_text(agents)
    arguments = [str(tmp_path / "board.dts"), "-a", str(tmp_path / "agents.yaml"), *more]
    return CliRunner().invoke(cli, [which, *arguments])


@pytest.mark.usefixtures("installed")
def test_a_new_target_is_made_by_name(tmp_path: Path) -> None:
    result = command(tmp_path, "build", "--emit", "acme", "-o", str(tmp_path / "out"))
    assert result.exit_code == 0, result.output
    text = (tmp_path / "out/acme/agent-1/clocks.txt").read_text()
    assert text == "period 10\n0 gate 100000000 switched\n"
    assert (tmp_path / "out/acme/agent-2/clocks.txt").exists()


@pytest.mark.usefixtures("installed")
def test_its_options_are_read_and_checked(tmp_path: Path) -> None:
    options = "outputs: {acme: {period: 5, without: [linux, vm2]}}\n"
    made = make(model(options).platforms[0], "acme")
    assert [file.path for file in made.files] == ["agent-2/clocks.txt"]
    assert made.files[0].content.startswith(b"period 5\n")
    (unused,) = option_problems(model(options))
    assert (unused.id, unused.message) == ("option-unused", "no agent 'vm2'")
    assert str(unused.position) == f"agents.yaml:{AGENTS.count(chr(10)) + 1}:46"

    wrong = command(tmp_path, "check", agents=AGENTS + "outputs: {acme: {perod: 5}}\n")
    assert wrong.exit_code == 1
    assert "error[output-option]: the output has no option 'perod'" in wrong.output
    assert "did you mean period?" in wrong.output


@pytest.mark.usefixtures("installed")
def test_its_limits_are_checked() -> None:
    _, found = make(model().platforms[0], "acme")
    assert [(item.id, item.severity) for item in found] == [("acme-operation", Severity.WARNING)]
    assert "parent does not exist in Acme's firmware (its table has no column" in found[0].message
    more = "".join(f"  vm{n}: {{id: {n}}}\n" for n in range(3, 6))
    files, found = make(model(more).platforms[0], "acme")
    assert not files
    assert "5 agents; Acme's firmware serves at most 4" in [item.message for item in found]


@pytest.mark.usefixtures("installed")
def test_its_findings_are_explained_and_switched() -> None:
    expected = {"acme-critical", "acme-limit", "acme-name", "acme-numbering", "acme-kind"}
    assert expected | {"acme-operation"} <= findings().keys()
    assert expected <= set(switchable())
    assert "An agent is granted an operation that Acme's firmware cannot" in in_full(
        "acme-operation"
    )
    off = Asked(off=frozenset({"acme-operation"}))
    assert emit_outputs(model(), ["acme"], explicit=True, asked=off).diagnostics == ()
    asked = Asked(errors=frozenset({"acme-operation"}))
    (error,) = emit_outputs(model(), ["acme"], explicit=True, asked=asked).diagnostics
    assert error.severity is Severity.ERROR


@pytest.mark.usefixtures("installed")
def test_the_command_line_switches_them(tmp_path: Path) -> None:
    arguments = ("--emit", "acme", "-o", str(tmp_path / "out"))
    assert "warning[acme-operation]" in command(tmp_path, "build", *arguments).output
    silent = command(tmp_path, "build", *arguments, "-W", "no-acme-operation")
    assert silent.exit_code == 0
    assert "acme-operation" not in silent.output
    assert command(tmp_path, "build", *arguments, "-E", "acme-operation").exit_code == 1
    reason = "checks: {acme-operation: {severity: note, reason: set at boot}}\n"
    noted = command(tmp_path, "build", *arguments, agents=AGENTS + reason)
    assert "note[acme-operation]" in noted.output


def test_the_example_of_the_page_is_typed(tmp_path: Path) -> None:
    from mypy import api

    (tmp_path / "acme_scmi.py").write_text(example())
    out, _, status = api.run(
        ["--strict", "--cache-dir", str(tmp_path / "cache"), str(tmp_path / "acme_scmi.py")]
    )
    assert status == 0, out


BROKEN = {
    "raises-when-imported": ("raise RuntimeError('no licence')", "RuntimeError: no licence"),
    "is-no-target": ("TARGET = 5", "it is 'int', not a Target"),
    "has-no-such-variable": ("", "AttributeError"),
    "has-another-name": (
        example().replace('name="acme"', 'name="headers"'),
        "its target is called 'headers'",
    ),
    "exits-when-imported": ("raise SystemExit(0)", "SystemExit: 0"),
    "options-need-a-value": (
        example().replace("le=100)] = 10", "le=100)]"),
        "its option period has no default",
    ),
    "options-are-no-options": (
        example().replace("options=AcmeOptions", "options=int"),
        "its options are int, not a class of Options",
    ),
    "findings-are-strings": (
        example().replace("findings=(ACME_CRITICAL,)", 'findings=("x",)'),
        "it.findings[0] is str, not Finding",
    ),
}


@pytest.mark.parametrize(("text", "why"), BROKEN.values(), ids=BROKEN.keys())
def test_a_target_that_cannot_be_loaded_is_an_error(
    by_entry_point: Install, tmp_path: Path, text: str, why: str
) -> None:
    by_entry_point(text)
    with pytest.raises(InputError) as raised:
        registry.find("acme")
    (found,) = raised.value.diagnostics
    assert found.id == "target-unloadable"
    assert "acme = 'acme_scmi:TARGET' of acme-scmi 1.0" in found.message
    assert why in found.message
    result = command(tmp_path, "build", "--emit", "acme", "-o", str(tmp_path / "out"))
    assert result.exit_code == 1
    assert "error[target-unloadable]" in result.output
    assert "Traceback" not in result.output
    # Nothing else depends on it.
    assert "scp-limit" in findings()
    others = command(tmp_path, "build", "--emit", "headers", "-o", str(tmp_path / "out"))
    assert others.exit_code == 0


FAILING = {
    "check-raises": (
        "    for clock in platform",
        "    platform.nothing\n    for clock in platform",
        "AttributeError",
    ),
    "path-outside": ('File(f"agent-{agent.id}/', 'File(f"../agent-{agent.id}/', "ValueError"),
    "no-file": ("yield File(", "yield str, (", "TypeError"),
    "content-is-text": ('.join([*lines, ""]).encode()', '.join([*lines, ""])', "is str, not bytes"),
    "file-below-a-file": (
        'File(f"agent-{agent.id}/clocks.txt"',
        'File("a" + "/b" * (agent.id - 1)',
        "'a/b' cannot be a file: it is a folder, or below a file",
    ),
    "nul-in-path": ('File(f"agent-{agent.id}/', 'File(f"\\0{agent.id}/', "cannot be printed"),
    "exits": (
        "    for clock in platform",
        "    raise SystemExit(0)\n    for clock in platform",
        "SystemExit: 0",
    ),
    "check-returns-none": ("    check=check,", "    check=lambda *_: None,", "returns NoneType"),
    "same-path-twice": ('File(f"agent-{agent.id}/', 'File(f"agent/', "ValueError"),
}


@pytest.mark.parametrize(("old", "new", "why"), FAILING.values(), ids=FAILING.keys())
def test_a_target_that_fails_is_an_error_and_no_traceback(
    by_entry_point: Install, old: str, new: str, why: str
) -> None:
    text = example()
    assert old in text
    text = text.replace(old, new)
    by_entry_point(text)
    files, found = make(model().platforms[0], "acme")
    assert not files
    (error,) = [item for item in found if item.severity is Severity.ERROR]
    assert error.id == "target-failed"
    assert error.message.startswith("output acme of acme-scmi 1.0 failed with ")
    assert why in error.message
    assert error.position is not None
    assert error.position.file.endswith("acme_scmi/__init__.py")


@pytest.mark.parametrize(
    ("reads", "why"),
    [("lambda options: [5]", "it yields int"), ("lambda options: 1 / 0", "ZeroDivisionError")],
)
def test_what_a_target_says_that_it_reads_is_checked(
    by_entry_point: Install, reads: str, why: str
) -> None:
    by_entry_point(example().replace("    check=check,", f"    check=check,\n    reads={reads},"))
    emitted = emit_outputs(model(), ["acme"], explicit=True)
    (error,) = [item for item in emitted.diagnostics if item.severity is Severity.ERROR]
    assert (error.id, emitted.read) == ("target-failed", ())
    assert why in error.message


def test_a_package_cannot_replace_a_target_of_ours(by_entry_point: Install, tmp_path: Path) -> None:
    by_entry_point("raise RuntimeError")
    entry = tmp_path / "acme_scmi-1.0.dist-info" / "entry_points.txt"
    entry.write_text("[scmigen.targets]\nheaders = acme_scmi:TARGET\n")
    assert registry.names().count("headers") == 1
    assert registry.find("headers").about.startswith("the SCMI numbers")
    built = command(tmp_path, "build", "--emit", "headers", "-o", str(tmp_path / "out"))
    assert built.exit_code == 0
    assert (
        "warning[target-unloadable]: entry point headers = 'acme_scmi:TARGET' of acme-scmi 1.0: "
        "headers is an output of scmigen\n"
    ) in built.output
    others = command(tmp_path, "build", "--emit", "runtime", "-o", str(tmp_path / "out"))
    assert "target-unloadable" not in others.output


def test_two_packages_with_one_target_name_are_an_error(
    by_entry_point: Install, tmp_path: Path
) -> None:
    by_entry_point(example())
    info = tmp_path / "rival-2.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: rival\nVersion: 2.0\n")
    (info / "entry_points.txt").write_text("[scmigen.targets]\nacme = rival:TARGET\n")
    result = command(tmp_path, "build", "--emit", "acme", "-o", str(tmp_path / "out"))
    assert result.exit_code == 1
    assert (
        "error[target-unloadable]: entry point acme = 'rival:TARGET' of rival 2.0: there is an "
        "output acme already: entry point acme = 'acme_scmi:TARGET' of acme-scmi 1.0\n"
    ) in result.output
    assert registry.names().count("acme") == 1


UNSUPPORTED = {
    "number-with-a-point": ("float = 1.0", "option extra has a type that options cannot have"),
    "number-as-key": ("dict[int, str] | None = None", "option extra has keys other than strings"),
    "list": ("list[str] | None = None", "option extra has a type that options cannot have"),
    "one-of-two-lists": ("tuple[int, ...] | bool = ()", "option extra has a union of other types"),
    "float-in-a-tuple": ("tuple[float, ...] = ()", "option extra has a type that options cannot"),
}


@pytest.mark.parametrize(("kind", "why"), UNSUPPORTED.values(), ids=UNSUPPORTED)
def test_options_of_a_type_that_agents_files_cannot_express_are_an_error(
    by_entry_point: Install, tmp_path: Path, kind: str, why: str
) -> None:
    by_entry_point(
        example().replace("    #: Agents that", f"    extra: {kind}\n    #: Agents that")
    )
    result = command(tmp_path, "check", agents=AGENTS + "outputs: {acme: {period: 5}}\n")
    assert result.exit_code == 1
    assert "error[target-unloadable]: entry point acme = 'acme_scmi:TARGET' of acme-scmi 1.0: " in (
        result.output
    )
    assert why in result.output


@pytest.mark.parametrize("name", registry.BUILT_IN)
def test_every_target_states_the_findings_of_its_modules(name: str) -> None:
    target: Target[object] = registry.find(name)  # type: ignore[type-var]
    assert target.name == name
    assert target.about
    package = import_module(registry.BUILT_IN[name].partition(":")[0])
    for finding in target.all_findings:
        assert finding.about.endswith(".")
        assert finding.advice.endswith(".")
        assert finding.id in findings()
    assert package.__doc__


def test_targets_of_a_board_without_options_are_not_imported() -> None:
    """A user who only checks a board does not pay for outputs."""
    import subprocess
    import sys

    code = (
        "import sys; sys.argv=['scmigen','check','--help']\n"
        "from scmigen.cli.front import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print([m for m in sys.modules if m.startswith('scmigen.targets.')"
        " and m.split('.')[2] in ('scp', 'runtime', 'headers', 'permissions', 'trees')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
