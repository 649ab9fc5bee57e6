"""``check`` looks at the outputs that the files or ``--emit`` ask for, as a build of them does."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support import scmigen, written

BOARD = """/dts-v1/;
/ {
cc: clock-controller@1000 { compatible = "acme,cc"; reg = <0x1000>; #clock-cells = <1>; };
uart0: serial@5000 { compatible = "acme,uart"; reg = <0x5000>; clocks = <&cc 2>; };
};
"""
DOMAINS = "domains: {linux: {id: 1, default: true, scmi: {role: ospm}}}\n"
#: Drivers of a product whose own clock table has an element for clock 7, and not for the clock 0.
DRIVERS = """drivers:
      system: {top-domain: {module: acme-power}, doorbell: {module: mhu, mailbox: "= ACME"}}
      "acme,cc": {clock: {module: clock, element: {%s}}}
"""
WITH_TARGET = "outputs:\n  scp:\n    target: product\n    " + DRIVERS
OWN_OPTIONS = "outputs:\n  scp-product:\n    " + DRIVERS
INHERITED = "outputs:\n  scp:\n    " + DRIVERS


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "b.dts", BOARD)
    return tmp_path


def errors(*words: str) -> list[str]:
    """The ids and messages of errors that a command prints; it ends with 1 if there are any."""
    done = scmigen(*words, "--format", "json")
    told = json.loads(done.stdout or done.stderr)
    found = [f"{item['id']}: {item['message']}" for item in told if item["severity"] == "error"]
    assert done.returncode == bool(found), done.stderr
    return found


NO_ELEMENT = ["scp-element: no element of clock for clock serial-5000 (number 0)"]


@pytest.mark.parametrize(
    ("outputs", "emit", "built"),
    [
        (WITH_TARGET, (), "scp"),
        (OWN_OPTIONS, (), "scp-product"),
        (INHERITED, ("--emit", "scp-product"), "scp-product"),
        (INHERITED, ("--emit", "scp-product,scp-optee,runtime"), "scp-product"),
    ],
    ids=["target", "its own options", "--emit", "several"],
)
def test_what_a_build_would_find(
    here: Path, outputs: str, emit: tuple[str, ...], built: str
) -> None:
    written(here / "a.yaml", DOMAINS + outputs % "7: 1, 0: 4")
    assert errors("check", "b.dts", "-a", "a.yaml", *emit) == []
    written(here / "a.yaml", DOMAINS + outputs % "7: 1")
    found = errors("check", "b.dts", "-a", "a.yaml", *emit)
    assert [item for item in found if item in NO_ELEMENT] == (NO_ELEMENT if emit else [])
    # What the agents file alone asks for is left out, with the same reason.
    told = scmigen("check", "b.dts", "-a", "a.yaml", *emit).stdout
    assert NO_ELEMENT[0].partition(": ")[2] in told
    assert (f"no {built} output" in told) == (not emit)
    assert errors("build", "b.dts", "-a", "a.yaml", "--emit", built, "-o", "o") == NO_ELEMENT


def test_options_of_the_host_ask_for_nothing(here: Path) -> None:
    written(here / "a.yaml", DOMAINS + INHERITED % "7: 1")
    assert errors("check", "b.dts", "-a", "a.yaml") == []
    # Nor does the default set, which leaves an output out that cannot be made.
    assert errors("build", "b.dts", "-a", "a.yaml", "-o", "o") == []


def test_outputs_of_a_project_file(here: Path) -> None:
    """Two boards, so the processes of several boards check outputs as well."""
    written(here / "a.yaml", DOMAINS + INHERITED % "7: 1")
    one = '[board.one]\nsource = "b.dts"\nagents = ["a.yaml"]\n'
    written(here / "scmigen.toml", one + 'emit = ["scp-product"]\n' + one.replace("one", "two"))
    done = scmigen("check", "-q")
    assert done.returncode == 1
    assert "one: 1 error\n" in done.stdout
    assert "two:" not in done.stdout
    assert errors("check", "--board", "one") == NO_ELEMENT
    assert errors("check", "--board", "one", "--emit", "runtime") == []


def test_each_board_with_outputs(here: Path) -> None:
    written(here / "c.dts", BOARD)
    done = scmigen("check", "--each", "b.dts", "c.dts", "-q", "--emit", "scp-product")
    assert done.returncode == 1
    assert "no driver for clock, and a product has no mock" in done.stdout
    assert scmigen("check", "--each", "b.dts", "c.dts", "-q").returncode == 0


def test_a_baseline_has_notes_of_outputs_and_no_error(here: Path) -> None:
    written(here / "a.yaml", DOMAINS + WITH_TARGET % "7: 1")
    words = ("check", "b.dts", "-a", "a.yaml", "--emit", "scp")
    done = scmigen(*words, "--write-baseline", "base.yaml")
    assert done.returncode == 1
    assert NO_ELEMENT[0].partition(": ")[2] in done.stdout
    text = (here / "base.yaml").read_text()
    assert "scp-system-power" in text
    assert "scp-element" not in text
    written(here / "a.yaml", DOMAINS + WITH_TARGET % "0: 1")
    done = scmigen(*words, "--baseline", "base.yaml", "-W", "error")
    assert (done.returncode, "error" in done.stdout) == (0, False)
    assert "waived" in done.stdout


def test_severities_are_those_of_a_build(here: Path) -> None:
    written(here / "a.yaml", DOMAINS + WITH_TARGET % "0: 1")
    words = ("b.dts", "-a", "a.yaml", "-E", "scp-system-power")
    checked = errors("check", *words)
    assert [item.partition(":")[0] for item in checked] == ["scp-system-power"]
    assert checked == errors("build", *words, "--emit", "scp", "-o", "o")


def test_a_plain_check_imports_no_target(here: Path) -> None:
    told = (
        "import sys\nfrom scmigen.cli.request import BoardRequest\nfrom pathlib import Path\n"
        "BoardRequest(Path('b.dts')).check()\n"
        "print([name for name in sys.modules if name.startswith('scmigen.targets.')])"
    )
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, check=True, cwd=here)
    assert b"scmigen.targets.make" not in done.stdout
    assert b"scmigen.targets.scp" not in done.stdout


def test_an_output_that_does_not_exist() -> None:
    done = scmigen("check", "b.dts", "--emit", "scp,scpp")
    assert done.returncode == 2
    assert "no output 'scpp'; one of: scp, scp-product" in done.stderr
