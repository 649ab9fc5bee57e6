"""Agents files in a form that another package reads, by its entry point."""

import sys
from pathlib import Path

import pytest
from support import scmigen

BOARD = """/dts-v1/; / { cru: clock-controller { compatible = "acme,cru"; #clock-cells = <1>; };
    uart { compatible = "acme,uart"; clocks = <&cru 4>; }; };
"""
READER = """
from scmigen import InputError, Source, SourceSaid
from scmigen.assignment.said import AgentSaid, Said

def read(text, name, board):
    if text == "raise":
        raise KeyError("x")
    if text == "other":
        return 7
    agents = [AgentSaid(word, id=Said(n), default=Said(n == 1)) for n, word in
              enumerate(text.split(), 1)]
    return SourceSaid(agents=tuple(agents))

SOURCE = Source(".words", read)
YAML = Source(".yaml", read)
BARE = Source("words", read)
NONE = "no source"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "acme_words", raising=False)
    (tmp_path / "acme_words.py").write_text(READER)
    (tmp_path / "board.dts").write_text(BOARD)
    install(tmp_path, "SOURCE")
    return tmp_path


def install(folder: Path, name: str) -> None:
    info = folder / "acme_words-1.0.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme_words\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[scmigen.sources]\nwords = acme_words:{name}\n")


def check(folder: Path, text: str, name: str = "a.words") -> tuple[int, str]:
    """The exit status, and all that is printed before the last line, which counts."""
    (folder / name).write_text(text)
    done = scmigen("check", "board.dts", "-a", name, cwd=folder)
    return done.returncode, "".join(done.stdout.splitlines(keepends=True)[:-1])


def test_a_file_is_read_by_the_reader_of_its_ending(folder: Path) -> None:
    (folder / "a.words").write_text("linux rtos")
    done = scmigen("show", "agents", "board.dts", "-a", "a.words", "-q", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "linux" in done.stdout
    assert "rtos" in done.stdout


def test_other_sources_are_compared_with_it(folder: Path) -> None:
    (folder / "b.yaml").write_text("domains: {linux: {scmi: {id: 2}}, rtos: {scmi: {id: 1}}}")
    (folder / "a.words").write_text("linux rtos")
    done = scmigen("check", "board.dts", "-a", "a.words", "-a", "b.yaml", cwd=folder)
    assert done.returncode == 1
    assert "error[agent-differs]" in done.stdout


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("raise", "failed with KeyError: 'x'", id="raises"),
        pytest.param(
            "other",
            "returned 'int', not SourceSaid",
            id="returns-a-number",
        ),
    ],
)
def test_a_reader_that_fails_is_an_error_at_the_file(folder: Path, text: str, reason: str) -> None:
    expected = f"a.words: error[source-unloadable]: its reader of acme_words 1.0 {reason}\n"
    assert check(folder, text) == (1, expected)


IMPORTS = """
from scmigen.assignment.assignment import HandGrant, Switch
from scmigen.assignment.said import PlatformSaid
from scmigen.bindings.facts import ResourceKey
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind
"""
UNUSABLE = {
    "agent-is-a-string": ('SourceSaid(agents=("x",))', "agents[0] is str, not AgentSaid"),
    "agents-are-a-list": ("SourceSaid(agents=[])", "agents is list, not tuple"),
    "id-is-a-word": (
        'SourceSaid(agents=(AgentSaid("x", id=Said("one")),))',
        "agents[0].id.value is str, not int",
    ),
    "id-is-true": (
        'SourceSaid(agents=(AgentSaid("x", id=Said(True)),))',
        "agents[0].id.value is bool, not int",
    ),
    "id-is-too-high": (
        'SourceSaid(agents=(AgentSaid("x", id=Said(500)),))',
        "agents[0].id cannot be 500",
    ),
    "role-is-a-word": (
        'SourceSaid(agents=(AgentSaid("x", role=Said("boss")),))',
        "agents[0].role.value is str, not Role",
    ),
    "transport-is-unknown": (
        'SourceSaid(agents=(AgentSaid("x", transport=Said("pigeon")),))',
        "agents[0].transport cannot be 'pigeon'",
    ),
    "claim-is-a-number": ("SourceSaid(claims=(1,))", "claims[0] is int, not ClaimSaid"),
    "reported-is-a-string": ('SourceSaid(reported=("x",))', "reported[0] is str, not Diagnostic"),
    "numbered-without-id": (
        'SourceSaid(agents=(AgentSaid("x"),), numbered=True)',
        "agents[0].id cannot be None where agents are numbered",
    ),
    "class-is-unknown": (
        'SourceSaid(platform=PlatformSaid(classes={"/uart": Said("odd")}))',
        "platform.classes['/uart'] cannot be 'odd'",
    ),
    "vendor-is-too-long": (
        'SourceSaid(platform=PlatformSaid(vendor=Said("sixteen-letters-")))',
        "platform.vendor cannot be 'sixteen-letters-'",
    ),
    "grant-of-a-missing-provider": (
        'SourceSaid(grants=(HandGrant("x", ResourceKey(Kind.RESET, "/cru", (1,)), '
        "frozenset({Operation.RATE})),))",
        "grants[0].key.provider cannot be '/cru'",
    ),
    "severity-is-unknown": (
        'SourceSaid(switches=(Switch("reset-shared", "loud"),))',
        "switches[0].severity cannot be 'loud'",
    ),
}


@pytest.mark.parametrize(("made", "reason"), UNUSABLE.values(), ids=UNUSABLE)
def test_values_that_no_agents_file_could_have_are_an_error(
    folder: Path, made: str, reason: str
) -> None:
    text = READER.replace("return SourceSaid(agents=tuple(agents))", f"return {made}")
    text = IMPORTS + text
    (folder / "acme_words.py").write_text(text)
    found = "its reader of acme_words 1.0 returned what cannot be used: " + reason
    assert check(folder, "x") == (1, f"a.words: error[source-unloadable]: {found}\n")


RAISING = {
    "exit": ("raise SystemExit(0)", "SystemExit: 0"),
    "input-error-without-an-error": ("raise InputError([])", "TypeError: InputError without an"),
    "no-text": (
        "raise type('E', (Exception,), {'__str__': lambda self: 1 / 0})",
        "failed with E\n",
    ),
}


@pytest.mark.parametrize(("statement", "reason"), RAISING.values(), ids=RAISING)
def test_whatever_a_reader_raises_is_an_error(folder: Path, statement: str, reason: str) -> None:
    (folder / "acme_words.py").write_text(READER.replace("return 7", statement))
    status, text = check(folder, "other")
    assert status == 1
    assert text.startswith("a.words: error[source-unloadable]: its reader of acme_words 1.0 failed")
    assert reason in text


def test_an_agent_that_entries_name_must_be_described(folder: Path) -> None:
    text = READER.replace(
        "return SourceSaid(agents=tuple(agents))",
        'return SourceSaid(tuple(agents), (ClaimSaid("vm", board.node("/uart"), True),))',
    ).replace("AgentSaid, Said", "AgentSaid, ClaimSaid, Said")
    (folder / "acme_words.py").write_text(text)
    status, found = check(folder, "linux")
    assert status == 1
    assert "error[agents-file]: agent cannot be 'vm'" in found


def test_two_readers_of_one_ending_are_an_error(folder: Path) -> None:
    info = folder / "acme_words-1.0.dist-info" / "entry_points.txt"
    info.write_text("[scmigen.sources]\na = acme_words:SOURCE\nb = acme_words:SOURCE\n")
    status, text = check(folder, "linux")
    assert status == 1
    assert (
        "error[source-unloadable]: entry point b = 'acme_words:SOURCE' of acme_words 1.0: there is "
        "a reader of .words already: entry point a = 'acme_words:SOURCE' of acme_words 1.0\n"
    ) in text


def test_a_reader_of_yaml_is_passed_over_with_a_warning(folder: Path) -> None:
    install(folder, "YAML")
    status, text = check(folder, "domains: {linux: {id: 1, default: true}}", "a.yaml")
    assert status == 0
    assert (
        "warning[source-unloadable]: entry point words = 'acme_words:YAML' of acme_words 1.0: "
        "files that end in .yaml are read as YAML by scmigen itself\n"
    ) in text


def test_a_suffix_that_no_file_has_is_an_error(folder: Path) -> None:
    install(folder, "BARE")
    status, text = check(folder, "linux")
    assert status == 1
    assert "of acme_words 1.0: its suffix 'words' is not the last ending of a name" in text


@pytest.mark.parametrize("name", ["NONE", "MISSING"])
def test_an_entry_point_that_is_no_source_is_an_error(folder: Path, name: str) -> None:
    install(folder, name)
    status, text = check(folder, "linux")
    assert status == 1
    assert "error[source-unloadable]: entry point words = " in text


def test_an_unknown_ending_is_read_as_yaml(folder: Path) -> None:
    assert check(folder, "domains: {linux: {id: 1, default: true}}", "owners.txt") == (0, "")
