"""What people read last: errors, how many there are of each severity, or that there are none."""

import json
from pathlib import Path

import pytest
from support import SOC, TWO_AGENTS, scmigen, source, written

#: Devices that two agents share, so that neither may reset them: notes.
SHARED = """
a: a@5000 { compatible = "acme,a"; reg = <0x5000>; resets = <&rc 1>; };
b: b@6000 { compatible = "acme,b"; reg = <0x6000>; resets = <&rc 2>; };
"""
BOTH = "    access: [{dev: '&a', flags: {shared: true}}, {dev: '&b', flags: {shared: true}}]\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    body = "#address-cells = <1>; #size-cells = <0>;"
    written(tmp_path / "clean.dts", source(f"{body}{SOC}"))
    written(tmp_path / "notes.dts", source(f"{body}{SOC}{SHARED}"))
    wrong = SHARED.replace("<&rc 1>", "<&rc>").replace("<&rc 2>", "<7>")
    written(tmp_path / "wrong.dts", source(f"{body}{SOC}{wrong}"))
    written(tmp_path / "agents.yaml", TWO_AGENTS + BOTH)
    unit = 'late@9 { compatible = "acme,l"; reg = <9>; clock-names = "x"; '
    unit += "clocks = <&cc 1>, <&cc 2>; };"
    written(tmp_path / "warned.dts", source(f"{body}{SOC}{SHARED}{unit}"))
    return tmp_path


def test_a_clean_board_has_one_line_of_success(folder: Path) -> None:
    done = scmigen("check", "clean.dts", cwd=folder)
    assert (done.returncode, done.stdout) == (0, "clean.dts: no problems found\n")
    assert scmigen("check", "-q", "clean.dts", cwd=folder).stdout == ""
    assert scmigen("check", "clean.dts", "--format", "json", cwd=folder).stdout == "[]\n"
    assert scmigen("check", "clean.dts", "--format", "github", cwd=folder).stdout == ""


def test_the_last_line_counts_each_severity(folder: Path) -> None:
    words = ("-a", "agents.yaml")
    found = json.loads(scmigen("check", "notes.dts", *words, "--format", "json", cwd=folder).stdout)
    notes = sum(item["severity"] == "note" for item in found)
    assert notes == len(found) > 1
    done = scmigen("check", "notes.dts", *words, cwd=folder)
    assert done.stdout.splitlines()[-1] == f"0 errors, 0 warnings, {notes} notes"
    built = scmigen("build", "notes.dts", *words, "-o", "out", "--emit", "runtime", cwd=folder)
    assert built.stderr.splitlines()[-1] == f"0 errors, 0 warnings, {notes} notes"


def test_one_is_not_a_plural(folder: Path) -> None:
    board = written(folder / "one.dts", (folder / "wrong.dts").read_text().replace("<7>", "<>"))
    done = scmigen("check", board.name, cwd=folder)
    assert done.stdout.splitlines()[-1] == "1 error, 0 warnings, 0 notes"


def test_quiet_has_errors_only(folder: Path) -> None:
    done = scmigen("check", "-q", "wrong.dts", cwd=folder)
    assert "error[" in done.stdout
    assert " warnings" not in done.stdout


def severities(text: str) -> list[str]:
    words = ("note", "warning", "error")
    heads = [line for line in text.splitlines() if not line.startswith(" ") and "[" in line]
    return [next(word for word in words if f" {word}[" in line) for line in heads]


def test_errors_come_last_and_each_severity_is_in_the_order_of_places(folder: Path) -> None:
    options = ("-a", "agents.yaml", "-E", "names-mismatch")
    done = scmigen("check", "warned.dts", *options, cwd=folder)
    assert done.returncode == 1
    found = severities(done.stdout)
    assert found == sorted(found, key=["note", "warning", "error"].index)
    assert {"note", "error"} <= set(found)
    places = [line.split(":")[1] for line in done.stdout.splitlines() if line.startswith("warned")]
    notes = [int(place) for place, word in zip(places, found, strict=False) if word == "note"]
    assert notes == sorted(notes)
    assert len(notes) > 1


def test_every_warning_fails_with_w_error(folder: Path) -> None:
    plain = scmigen("check", "warned.dts", cwd=folder)
    assert plain.returncode == 0
    assert "warning[names-mismatch]" in plain.stdout
    strict = scmigen("check", "warned.dts", "-W", "error", cwd=folder)
    assert strict.returncode == 1
    assert "error[names-mismatch]" in strict.stdout
    assert strict.stdout.splitlines()[-1].split(", ")[1] == "0 warnings"


@pytest.mark.parametrize(
    ("options", "status"),
    [
        (("-W", "error"), 1),
        (("-W", "error", "-W", "no-error"), 0),
        (("-W", "error", "-W", "no-names-mismatch"), 0),
        (("-W", "no-names-mismatch", "-W", "error"), 0),
        (("-W", "error", "-W", "no-names-mismatch", "-W", "names-mismatch"), 1),
    ],
    ids=["on", "off-again", "one-off", "either-order", "one-on-again"],
)
def test_w_error_goes_with_other_switches(
    folder: Path, options: tuple[str, ...], status: int
) -> None:
    assert scmigen("check", "warned.dts", *options, cwd=folder).returncode == status


def test_notes_do_not_fail_with_w_error(folder: Path) -> None:
    words = ("notes.dts", "-a", "agents.yaml", "-W", "error")
    assert scmigen("check", *words, cwd=folder).returncode == 0


def test_files_of_an_earlier_run_that_stay_fail_with_w_error(folder: Path) -> None:
    """The one warning that comes of writing: it is an error before anything is written."""
    words = ("build", "clean.dts", "-o", "out", "-q")
    scmigen(*words, "--emit", "runtime,headers", cwd=folder)
    edited = folder / "out/headers/dt-bindings/scmi/scmi.h"
    edited.write_text("edited")
    before = sorted(path for path in (folder / "out").rglob("*"))
    for _ in range(2):
        done = scmigen(*words, "--emit", "permissions", "-W", "error", cwd=folder)
        assert done.returncode == 1
        assert "error[output-left]" in done.stderr
    assert sorted(path for path in (folder / "out").rglob("*")) == before
    assert scmigen(*words, "--emit", "permissions", cwd=folder).returncode == 0


def test_quiet_does_not_hide_that_an_output_is_not_there(tmp_path: Path) -> None:
    """0xffffffff Hz in the upper cell: no server could read that, so there is no runtime."""
    body = """cc: cc { compatible = "acme,cc"; #clock-cells = <1>; };
        t: t { o { opp-hz = <0xffffffff 0>; }; };
        d { compatible = "acme,d"; operating-points-v2 = <&t>; clocks = <&cc 1>; };"""
    written(tmp_path / "b.dts", source(body))
    done = scmigen("build", "b.dts", "-o", "out", "-q", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    told = "warning[output-left-out]: no runtime output for scmi: runtime cannot hold this board"
    assert told in done.stderr.splitlines()
    assert not (tmp_path / "out/runtime").exists()
    done = scmigen("build", "b.dts", "-o", "out", "-q", "--format", "json", cwd=tmp_path)
    assert {item["id"] for item in json.loads(done.stderr)} == {"output-left-out"}
    words = ("-q", "-W", "no-output-left-out")
    assert scmigen("build", "b.dts", "-o", "out", *words, cwd=tmp_path).stderr == ""
    done = scmigen("build", "b.dts", "-o", "out", "-q", "--emit", "runtime", cwd=tmp_path)
    assert done.returncode == 1
    assert "error[runtime-range]" in done.stderr


def test_only_w_takes_the_word(folder: Path) -> None:
    assert scmigen("check", "clean.dts", "-E", "error", cwd=folder).returncode == 2


def test_of_many_boards_each_is_counted_once(folder: Path) -> None:
    (folder / "scmigen.toml").write_text(
        "[board.one]\nsource = 'warned.dts'\n[board.two]\nsource = 'warned.dts'\n"
    )
    done = scmigen("check", cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("1 warning") == 2
    assert "0 errors" not in done.stdout
