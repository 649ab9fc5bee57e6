"""The library as its users see it: its exports, its answers, and that it changes nothing."""

import ast
import doctest
import subprocess
import sys
from pathlib import Path

import pytest

import scmigen
from scmigen import api

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "api.md"

BOARD = """/dts-v1/; / {
    cru: clock-controller { compatible = "acme,cru"; #clock-cells = <1>; };
    gpu: gpu { compatible = "acme,gpu"; clocks = <&cru 4>;
               assigned-clocks = <&cru 4>; assigned-clock-rates = <1000000>; };
    uart { compatible = "acme,uart"; clocks = <&cru 5>; };
};
"""
OWNERS = """
domains:
  linux: {id: 1, default: true, scmi: {role: ospm}}
  vm1: {id: 2, scmi: {role: vm}, access: [{dev: "&gpu"}]}
"""


@pytest.fixture
def board() -> scmigen.DeviceTree:
    return scmigen.loads(BOARD)


def compiled(board: scmigen.DeviceTree, owners: str | None = OWNERS) -> scmigen.Result:
    agents = [] if owners is None else [scmigen.Text("owners.yaml", owners)]
    return scmigen.compile(board, agents=agents)


def test_the_page_is_true(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    failed, tried = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert tried > 15
    assert failed == 0


def test_every_export_is_typed() -> None:
    """Names stand in ``__all__`` and in the imports for type checkers."""
    names = set(scmigen.__all__) - {"__version__"}
    assert names == set(api.__all__)
    source = ast.parse(Path(scmigen.__file__).read_text(encoding="utf-8"))
    imported = {
        alias.name
        for node in ast.walk(source)
        if isinstance(node, ast.ImportFrom) and node.module == "scmigen.api"
        for alias in node.names
    }
    assert imported == names


def test_import_loads_nothing_of_the_compiler() -> None:
    program = (
        "import sys, scmigen; scmigen.__version__;"
        "print([name for name in sys.modules if name.startswith('scmigen.')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "['scmigen.version']"


def test_what_is_not_exported_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="'scmigen' has no attribute 'pipline'"):
        getattr(scmigen, "pipline")  # noqa: B009 (a type checker would refuse the attribute)


@pytest.mark.parametrize(
    ("agent", "resource", "operation", "allowed"),
    [
        pytest.param("vm1", "&cru 4", "rate", True, id="its-device-asks-for-the-rate"),
        pytest.param("vm1", "/clock-controller 4", "state", True, id="provider-by-path"),
        pytest.param("vm1", "&cru 4", "parent", False, id="nobody-asks-for-the-parent"),
        pytest.param("linux", "&cru 4", "read", False, id="clock-of-another-agent"),
        pytest.param("linux", "uart", "state", True, id="resource-by-name"),
        pytest.param("linux", "&cru 77", "state", False, id="clock-that-no-device-uses"),
    ],
)
def test_a_platform_says_who_may_do_what(
    board: scmigen.DeviceTree, agent: str, resource: str, operation: str, allowed: bool
) -> None:
    assert compiled(board).platform.allows(agent, "clock", resource, operation) is allowed


@pytest.mark.parametrize(
    ("agent", "kind", "resource", "operation"),
    [
        pytest.param("vm2", "clock", "&cru 4", "rate", id="agent"),
        pytest.param("vm1", "clocks", "&cru 4", "rate", id="kind"),
        pytest.param("vm1", "clock", "&crv 4", "rate", id="provider"),
        pytest.param("vm1", "clock", "&cru", "rate", id="cells-forgotten"),
        pytest.param("vm1", "clock", "&cru 4 0", "rate", id="too-many-cells"),
        pytest.param("vm1", "clock", "&gpu 4", "rate", id="node-that-provides-nothing"),
        pytest.param("vm1", "reset", "&cru 4", "reset", id="provider-of-another-kind"),
        pytest.param("vm1", "clock", "*clock* 4", "rate", id="pattern"),
        pytest.param("vm1", "clock", None, "rate", id="nothing"),
        pytest.param("vm1", "clock", "&cru 4", "rat", id="operation"),
        pytest.param("vm1", "clock", "&cru 4", "level", id="operation-of-another-kind"),
    ],
)
def test_a_misspelling_is_no_denial(
    board: scmigen.DeviceTree, agent: str, kind: str, resource: str, operation: str
) -> None:
    with pytest.raises(LookupError):
        compiled(board).platform.allows(agent, kind, resource, operation)


def test_grants_are_filtered_by_agent_and_kind(board: scmigen.DeviceTree) -> None:
    platform = compiled(board).platform
    assert [(g.agent.name, g.id) for g in platform.grants()] == [("linux", 1), ("vm1", 0)]
    assert [g.name for g in platform.grants("vm1", "clock")] == ["gpu"]
    assert platform.grants("vm1", scmigen.Kind.RESET) == ()


def test_compiling_changes_nothing_that_it_is_given(board: scmigen.DeviceTree) -> None:
    alone = compiled(board, None)
    own = scmigen.loads(BOARD.replace("uart {", 'uart { status = "disabled";'), "vm1.dts")
    scmigen.compile(board, trees={"vm1": own})
    assert scmigen.emit(compiled(board, None)).files == scmigen.emit(alone).files


def test_input_that_cannot_be_understood_raises_every_diagnostic() -> None:
    with pytest.raises(scmigen.InputError) as raised:
        scmigen.loads(BOARD.replace("&cru 4>;\n", "&cra 4>;\n").replace("&cru 5", "&crb 5"))
    assert [item.id for item in raised.value.diagnostics] == ["dts-reference", "dts-reference"]


def test_a_board_is_checked_in_one_call(board: scmigen.DeviceTree, tmp_path: Path) -> None:
    (found,) = scmigen.check(board, agents=scmigen.Text("o.yaml", OWNERS.replace("&gpu", "&gpv")))
    assert (found.id, str(found.position)) == ("device-unknown", "o.yaml:4:49")
    assert [item.id for item in scmigen.check(tmp_path / "none.dts")] == ["file-unreadable"]


def test_an_own_check_is_a_decorated_function() -> None:
    @scmigen.check("acme-fused", about="A clock is fused off.", advice="Use another one.")
    def acme_fused(model: scmigen.Model):  # type: ignore[no-untyped-def]
        yield acme_fused.warning(f"{len(model.platforms)} platform")

    (found,) = acme_fused(compiled(scmigen.loads(BOARD)).model)
    assert (found.id, found.severity.word, found.message) == ("acme-fused", "warning", "1 platform")


def test_outputs_of_a_board_with_errors_are_refused(board: scmigen.DeviceTree) -> None:
    both = OWNERS.replace("vm1:", "vm2: {id: 3, access: [{dev: '&gpu'}]}\n  vm1:")
    result = compiled(board, both)
    assert not result.ok
    with pytest.raises(ValueError, match="has errors"):
        scmigen.emit(result)


def test_an_unknown_target_is_refused(board: scmigen.DeviceTree) -> None:
    with pytest.raises(ValueError, match="no target 'runtme'; one of: scp"):
        scmigen.emit(compiled(board), "runtme")


def test_outputs_are_written_and_compared(board: scmigen.DeviceTree, tmp_path: Path) -> None:
    outputs = scmigen.emit(compiled(board), ["runtime", "headers"])
    written = outputs.write(tmp_path / "out")
    assert set(written.changed) == {file.path for file in outputs.files}
    shared = OWNERS.replace('{dev: "&gpu"}', '{dev: "&gpu", flags: {shared: true}}')
    changes = scmigen.diff(tmp_path / "out", compiled(board, shared))
    assert ("linux", "added", "gpu") in {(c.agent, str(c.what), c.name) for c in changes}
    assert scmigen.diff(tmp_path / "out", compiled(board)) == ()
