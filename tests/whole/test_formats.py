"""Files of earlier versions are read and mean what they did; files of later ones are refused.

tests/data/formats has a folder per version of scmigen, with a file of each kind as that version
wrote or read it. They are never changed: a version with a new format adds a folder.
"""

import json
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from conftest import REPOSITORY

from scmigen import runtime
from scmigen.cli.main import cli
from scmigen.targets.common import manifest
from scmigen.version import __version__, format_problem

VERSIONS = sorted((REPOSITORY / "tests" / "data" / "formats").iterdir())


@pytest.fixture(params=VERSIONS, ids=lambda path: path.name)
def old(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the files of a version, as the working folder."""
    folder = tmp_path / "old"
    shutil.copytree(request.param, folder)
    monkeypatch.chdir(folder)
    return folder


def scmigen(*words: str) -> Result:
    return CliRunner().invoke(cli, words)


@pytest.mark.usefixtures("old")
def test_a_board_has_the_numbers_and_permissions_that_it_had() -> None:
    built = scmigen("build", "--locked")
    assert built.exit_code == 0, built.output
    compared = scmigen("diff", "runtime.json", "out", "--format", "json")
    assert compared.exit_code == 0
    told = json.loads(compared.stdout)
    changed = [(it["agent"], it["change"], it["operations"]) for it in told["changes"]]
    # Since then, virtual machines are told of a shutdown, which their role alone did not say, and
    # nobody has the clock of CPUs that their performance domain sets.
    told_of_it = [(name, "allowed", ["system-power-told"]) for name in ("vm1", "vm2")]
    # Drivers set rates, which no tree says: those are granted too.
    by_drivers = [it for it in changed if it[1:] == ("allowed", ["rate"])]
    assert {agent for agent, _, _ in by_drivers} == {"linux", "vm1", "vm2", "hypervisor"}
    rest = [it for it in changed if it not in by_drivers]
    assert rest == [("linux", "removed", ["state", "read"]), *told_of_it]
    lost = [(it["agent"], it["kind"], it["name"], it["operation"]) for it in told["lost"]]
    assert lost == [("linux", "clock", "cpu-0", word) for word in ("state", "read")]
    assert told["errors"] == []


@pytest.mark.usefixtures("old")
def test_a_baseline_still_covers_its_findings() -> None:
    checked = scmigen("check", "board.dts", "-a", "agents.yaml", "--baseline", "baseline.yaml")
    # Nine of the ten in the baseline, as nobody can turn off the clock of the CPUs any more, and
    # one in the agents file. That the firmware has no drivers is told since.
    assert (checked.exit_code, checked.output.splitlines()[-1]) == (0, "10 findings waived")
    told = re.findall(r"warning\[(.+?)\]", checked.output)
    assert told == ["output-left-out", "waiver-unused"]
    assert "\nwarning[output-left-out]: no scp output for scmi" in checked.output


def test_a_configuration_is_read_as_it_was_written(old: Path) -> None:
    written = json.loads((old / "runtime.json").read_text())
    read = json.loads(runtime.encode(runtime.decode((old / "runtime.json").read_bytes())))
    assert {key: read[key] for key in written} == written


@pytest.mark.parametrize("name", ["manifest.json", "manifest-list.json"])
def test_a_manifest_says_which_files_are_scmigens(name: str, old: Path) -> None:
    folder = old / "out" / "runtime"
    folder.mkdir(parents=True)
    shutil.copy(old / "runtime.json", folder)
    shutil.copy(old / name, old / "out" / manifest.MANIFEST)
    # Another output than the one that is there, so that it is to be replaced.
    (old / "board.dts").write_text("\n" + (old / "board.dts").read_text())
    built = scmigen("build")
    assert built.exit_code == 0, built.output
    assert (folder / "runtime.json").read_bytes() != (old / "runtime.json").read_bytes()


def test_the_manifest_of_a_newer_version_is_not_believed(old: Path) -> None:
    (old / "out").mkdir()
    (old / "out" / manifest.MANIFEST).write_text('{"format": 3, "files": {"stale.c": "new"}}\n')
    (old / "out" / "stale.c").touch()
    built = scmigen("build")
    assert built.exit_code == 0
    assert "a newer scmigen wrote it" in built.output
    assert (old / "out" / "stale.c").exists()


#: File → its text, of a format that is not read, and the place of what says so.
NEWER = {
    "agents.yaml": ("domains: []\nformat: scmigen-agents-2\nnew: {}\n", "agents.yaml:2:9"),
    "board.ids": ("# scmigen identifiers 2\nnew\n", "board.ids:1"),
    "scmigen.toml": ('format = "scmigen-project-2"\n[new]\n', "scmigen.toml:1:10"),
    "baseline.yaml": ("format: scmigen-baseline-2\nnew: []\n", "baseline.yaml:1:9"),
}


@pytest.mark.parametrize("name", NEWER)
def test_a_newer_format_is_the_only_error_and_says_what_to_do(name: str, old: Path) -> None:
    text, place = NEWER[name]
    (old / name).write_text(text)
    built = scmigen("build", *(["--baseline", name] if name == "baseline.yaml" else []))
    assert built.exit_code == 1
    assert not (old / "out").exists()
    problems = [line for line in built.output.splitlines() if "error[" in line]
    assert len(problems) == 1
    assert problems[0].startswith(f"{place}: error[")
    assert f"scmigen {__version__} reads" in problems[0]
    assert "hint: use the scmigen that the file was written" in built.output


@pytest.mark.parametrize("new", [{}, {"new": 1}, {"agents": {}}], ids=["same", "key", "type"])
def test_a_newer_configuration_says_what_to_do(new: dict[str, object], old: Path) -> None:
    told = json.loads((old / "runtime.json").read_text())
    data = json.dumps({**told, "format": "scmigen-runtime-2", **new}).encode()
    with pytest.raises(runtime.ConfigurationError, match="reads up to scmigen-runtime-1; use the"):
        runtime.decode(data)


WRONG = {
    "of another kind": "scmigen-project-1",
    "a number": 1,
    "a text with a number": "1",
    "without a number": "scmigen-agents-",
    "zero": "scmigen-agents-0",
    "nothing": None,
    "empty": "",
    "a list": ["scmigen-agents-1"],
}


@pytest.mark.parametrize("said", WRONG.values(), ids=WRONG.keys())
def test_what_is_no_format_is_compared_with_the_one_that_is(said: object) -> None:
    problem = format_problem("agents", said)
    assert problem is not None
    assert problem[0].startswith("the format must be scmigen-agents-1")


def test_a_number_of_any_length_is_a_newer_format() -> None:
    assert format_problem("agents", "scmigen-agents-1") is None
    for number in ("2", "10", "9" * 10_000):
        problem = format_problem("agents", f"scmigen-agents-{number}")
        assert problem is not None
        assert "reads up to scmigen-agents-1" in problem[0]
        assert len(problem[0]) < 200


def test_a_wrong_format_has_its_place(old: Path) -> None:
    with (old / "agents.yaml").open("a") as file:
        file.write("format: [scmigen-agents-1]\n")
    built = scmigen("build")
    assert built.exit_code == 1
    assert ":9: error[agents-file]: the format must be scmigen-agents-1\n" in built.output


def test_a_file_may_state_its_format(old: Path) -> None:
    for name, line in (
        ("agents.yaml", "format: scmigen-agents-1\n"),
        ("baseline.yaml", "format: scmigen-baseline-1\n"),
        ("scmigen.toml", 'format = "scmigen-project-1"\n'),
    ):
        (old / name).write_text(line + (old / name).read_text())
    assert scmigen("build", "--locked", "--baseline", "baseline.yaml").exit_code == 0


def test_what_is_written_states_its_format(old: Path) -> None:
    check = ("check", "board.dts", "-a", "agents.yaml", "--write-baseline", "new.yaml")
    assert scmigen(*check).exit_code == 0
    assert "\nformat: scmigen-baseline-1\n" in (old / "new.yaml").read_text()
    assert scmigen("build").exit_code == 0
    told = json.loads((old / "out" / "runtime" / "runtime.json").read_text())
    assert told["format"] == "scmigen-runtime-1"
