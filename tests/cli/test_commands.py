"""The commands as people type them: exit statuses, streams, and nothing written on an error."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support import scmigen, written

PROVIDER = """/dts-v1/;
/ {
	compatible = "acme,board";
	cru: clock-controller@1000 {
		reg = <0x1000 0x100>;
		#clock-cells = <1>;
		#reset-cells = <1>;
	};
	uart0: serial@2000 {
		compatible = "acme,uart";
		reg = <0x2000 0x100>;
		clocks = <&cru 4>;
		resets = <&cru 7>;
	};
"""
BOARD = PROVIDER + "};\n"
BROKEN = PROVIDER + "\tspi@3000 { clocks = <&cru>; resets = <99 1>; };\n};\n"


@pytest.fixture
def board(tmp_path: Path) -> Path:
    return written(tmp_path / "board.dts", BOARD)


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    return written(tmp_path / "broken.dts", BROKEN)


def test_build_writes_the_default_outputs(board: Path, tmp_path: Path) -> None:
    done = scmigen("build", board, "-o", tmp_path / "out")
    assert done.returncode == 0
    assert {path.name for path in (tmp_path / "out").iterdir() if path.is_dir()} == {
        "scp",
        "runtime",
        "permissions",
        "headers",
    }
    assert "1 clock" in done.stdout
    assert "1 reset" in done.stdout


def test_errors_are_all_reported_and_nothing_is_written(broken: Path, tmp_path: Path) -> None:
    done = scmigen("build", broken, "-o", tmp_path / "out")
    assert done.returncode == 1
    assert f"{broken}:15:" in done.stderr
    assert "error[specifier-short]" in done.stderr
    assert "error[phandle-dangling]" in done.stderr
    assert done.stderr.count("hint:") == 2
    assert done.stdout == ""
    assert not (tmp_path / "out").exists()


def test_check_prints_to_standard_output(broken: Path, board: Path) -> None:
    assert scmigen("check", board).returncode == 0
    done = scmigen("check", broken)
    assert done.returncode == 1
    assert "error[specifier-short]" in done.stdout
    assert done.stderr == ""


def test_diagnostics_as_json(broken: Path) -> None:
    found = json.loads(scmigen("check", broken, "--format", "json").stdout)
    assert {item["id"] for item in found} == {"specifier-short", "phandle-dangling"}
    assert {item["severity"] for item in found} == {"error"}
    assert all(item["position"]["line"] == 15 for item in found)


def test_emit_chooses_outputs_and_knows_no_others(board: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert scmigen("build", board, "-o", out, "--emit", "headers").returncode == 0
    assert [path.name for path in out.iterdir() if path.is_dir()] == ["headers"]
    twice = ["--emit", "headers", "--emit", "runtime,headers", "--list-outputs"]
    listed = scmigen("build", board, "-o", out, *twice).stdout.splitlines()
    assert {Path(line).relative_to(out).parts[0] for line in listed} == {"headers", "runtime"}
    done = scmigen("build", board, "-o", out, "--emit", "headers,poems")
    assert done.returncode == 2
    assert "poems" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["build"], 2),
        (["nonsense"], 2),
        (["--", "--foo"], 2),
        (["check", "/no/such/board.dts"], 1),
        (["explain", "no-such-check"], 2),
        (["--version"], 0),
        (["--help"], 0),
        (["explain", "--list"], 0),
    ],
)
def test_exit_status_of_usage(arguments: list[str], status: int) -> None:
    done = scmigen(*arguments)
    assert done.returncode == status
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["buidl", "board.dts"], "No such command 'buidl'; did you mean build?"),
        (["x"], "No such command 'x'; one of: build, check, "),
        (["client", "unix:x", "clok"], "No such command 'clok'; did you mean clock?"),
        (["client", "unix:x", "clock", "x"], "No such command 'x'; one of: list, off, on, rate, "),
        (["explain", "reset-shard"], "no check 'reset-shard'; did you mean reset-shared "),
    ],
)
def test_a_misspelt_word_is_compared_with_the_known_ones(words: list[str], hint: str) -> None:
    done = scmigen(*words)
    assert done.returncode == 2
    assert hint in done.stderr


def test_why_shows_file_and_line(board: Path) -> None:
    for resource in ("clock:0", "&cru 4"):
        done = scmigen("why", "ospm", resource, board)
        assert done.returncode == 0
        assert "ospm: state read on clock 0" in done.stdout
        assert f"/serial@2000 clocks[0]: state read ({board}:12:13)" in done.stdout
    nothing = scmigen("why", "ospm", "&cru 5", board)
    assert nothing.returncode == 1
    assert "nothing" in nothing.stderr
    assert scmigen("why", "nobody", "clock:0", board).returncode == 2


@pytest.mark.parametrize("resource", ["clock:9", "clock:serial-200", "reset:4"])
def test_why_takes_no_misspelling_for_a_denial(board: Path, resource: str) -> None:
    done = scmigen("why", "ospm", resource, board)
    assert done.returncode == 2
    kind, _, name = resource.partition(":")
    assert f"no {kind} {name!r}" in done.stderr


def test_why_tells_what_is_granted_beyond_need(board: Path, tmp_path: Path) -> None:
    agents = tmp_path / "agents.yaml"
    agents.write_text(
        "domains:\n  linux:\n    id: 1\n    default: true\n"
        "    grant: [{clock: '&cru 4', operations: [read, rate]}]\n"
    )
    done = scmigen("why", "linux", "clock:0", board, "-a", agents)
    assert done.stdout.splitlines() == [
        "linux: state rate read on clock 0 (serial-2000, /clock-controller@1000 4)",
        f"  /serial@2000 clocks[0]: state read ({board}:12:13)",
        f"  explicit grant: rate read ({agents}:5:13)",
        "  beyond what its devices need: rate",
    ]
    (told,) = json.loads(
        scmigen("why", "linux", "clock:0", board, "-a", agents, "--format", "json").stdout
    )
    assert told["beyond_need"] == ["rate"]
    assert told["uses"] == [
        {
            "device": "/serial@2000",
            "property": "clocks",
            "index": 0,
            "via": [],
            "operations": ["state", "read"],
            "position": {"file": str(board), "line": 12, "column": 13},
            "drivers": [],
            "passes_on": False,
        }
    ]


def test_show_views(board: Path) -> None:
    rows = json.loads(scmigen("show", "providers", board, "--format", "json").stdout)
    (row,) = rows
    assert (row["provider"], row["class"], row["rule"]) == (
        "/clock-controller@1000",
        "managed",
        "R9",
    )
    for view in ("devices", "resources", "agents", "permissions"):
        done = scmigen("show", view, board)
        assert done.returncode == 0
        assert len(done.stdout.splitlines()) > 1


def test_rights_on_whole_protocols_are_shown_and_explained(board: Path, tmp_path: Path) -> None:
    agents = tmp_path / "agents.yaml"
    agents.write_text(
        "domains:\n  linux: {id: 1, default: true, scmi: {role: ospm}}\n"
        "  xen: {id: 2, scmi: {role: hypervisor}}\n"
    )
    named = [board, "-a", agents, "--format", "json"]
    rows = json.loads(scmigen("show", "permissions", *named).stdout)
    rights = [(r["agent"], r["kind"], r["name"], r["operations"]) for r in rows if r["id"] is None]
    assert rights == [
        ("linux", "system", "system-power", "state read"),
        ("xen", "base", "permissions", "change"),
        ("xen", "system", "system-power", "state read"),
    ]
    shown = json.loads(scmigen("show", "agents", *named).stdout)
    assert [(r["permissions"], r["system-power"]) for r in shown] == [("no", "yes"), ("yes", "yes")]
    done = scmigen("why", "xen", "permissions", board, "-a", agents)
    assert done.stdout.splitlines() == [
        "xen: change on permissions (protocol 0x10)",
        f"  its role is hypervisor ({agents}:3:8)",
    ]
    (told,) = json.loads(scmigen("why", "linux", "system-power", *named).stdout)
    assert (told["because"], told["operations"]) == (["its role is ospm"], ["state", "read"])
    done = scmigen("why", "linux", "permissions", board, "-a", agents)
    assert done.returncode == 1
    assert "granted to xen" in done.stderr


def test_lock_file_keeps_numbers(board: Path, tmp_path: Path) -> None:
    lock = tmp_path / "board.ids"
    out = tmp_path / "out"
    assert scmigen("build", board, "-o", out, "--ids", lock).returncode == 0
    first = lock.read_text()
    # A clock with a lower specifier comes: it must not take number 0.
    board.write_text(BOARD.replace("<&cru 4>", "<&cru 1>, <&cru 4>"))
    assert scmigen("build", board, "-o", out, "--ids", lock).returncode == 0
    numbers = {
        row["cells"]: row["number"]
        for row in json.loads(
            scmigen("show", "resources", board, "--ids", lock, "--format", "json").stdout
        )
        if row["kind"] == "clock"
    }
    assert numbers == {"4": 0, "1": 1}
    assert set(first.splitlines()) <= set(lock.read_text().splitlines())


def test_a_number_the_tree_fixes_otherwise_is_exit_status_3(tmp_path: Path) -> None:
    board = tmp_path / "scmi.dts"
    text = """/dts-v1/;
/ {
	firmware { scmi { compatible = "arm,scmi-virtio"; #address-cells = <1>; #size-cells = <0>;
		clk: protocol@14 { reg = <0x14>; #clock-cells = <1>; }; }; };
	uart { compatible = "acme,uart"; clocks = <&clk 5>; };
};
"""
    board.write_text(text)
    lock = tmp_path / "ids"
    out = tmp_path / "out"
    assert scmigen("build", board, "-o", out, "--ids", lock).returncode == 0
    lock.write_text(lock.read_text().replace("clock\t5\t", "clock\t6\t"))
    before = lock.read_text()
    runtime = (out / "runtime" / "runtime.json").read_bytes()
    done = scmigen("build", board, "-o", out, "--ids", lock)
    assert done.returncode == 3
    assert "error[id-moved]" in done.stderr
    assert "was 6 and is 5" in done.stderr
    assert lock.read_text() == before
    assert (out / "runtime" / "runtime.json").read_bytes() == runtime


def test_depfile_names_all_files_read(tmp_path: Path, examples: Path) -> None:
    rule = tmp_path / "out.d"
    done = scmigen(
        "build", examples / "orrery-board.dts", "-a", examples / "agents.yaml",
        "-o", tmp_path / "out", "--depfile", rule, "-q",
    )  # fmt: skip
    assert done.returncode == 0
    target, _, sources = rule.read_text().partition("\n")[0].partition(": ")
    for name in ("orrery-board.dts", "orrery.dtsi", "orrery-clock.h", "agents.yaml"):
        assert str(examples / name) in sources
    listed = scmigen(
        "build", examples / "orrery-board.dts", "-a", examples / "agents.yaml",
        "-o", tmp_path / "out", "--list-outputs",
    )  # fmt: skip
    assert target == listed.stdout.splitlines()[0]


@pytest.mark.parametrize("option", ["--ids", "--depfile"])
def test_where_lock_or_rule_cannot_be_written_nothing_is(
    board: Path, tmp_path: Path, option: str
) -> None:
    (tmp_path / "file").write_text("no folder")
    out, lock, rule = tmp_path / "out", tmp_path / "board.ids", tmp_path / "out.d"
    places = {"--ids": lock, "--depfile": rule}
    extra = [
        str(word) for pair in (places | {option: tmp_path / "file/x"}).items() for word in pair
    ]
    done = scmigen("build", board, "-o", out, *extra)
    assert done.returncode == 1
    assert "error[output-unwritable]" in done.stderr
    assert done.stdout == ""
    assert {path.name for path in tmp_path.iterdir()} == {"board.dts", "file"}


def test_convert_there_and_back(board: Path, tmp_path: Path) -> None:
    blob, again, blob2 = tmp_path / "b.dtb", tmp_path / "again.dts", tmp_path / "b2.dtb"
    assert scmigen("convert", board, blob).returncode == 0
    assert scmigen("convert", blob, again).returncode == 0
    assert scmigen("convert", again, blob2).returncode == 0
    assert blob.read_bytes() == blob2.read_bytes()
    assert blob.read_bytes()[:4] == bytes.fromhex("d00dfeed")
    assert scmigen("convert", board, tmp_path / "x.txt").returncode == 2


@pytest.mark.parametrize("content", [b"", b"\xd0\x0d\xfe\xed", b"\xff\xfe", b"/dts-v1/; / {"])
def test_bad_files_are_one_line_each(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.dts"
    path.write_bytes(content)
    done = scmigen("check", path)
    assert done.returncode == 1
    assert "error[" in done.stdout
    assert "Traceback" not in done.stderr + done.stdout
    assert "internal error" not in done.stderr


def test_an_internal_error_is_one_line_too(board: Path, tmp_path: Path) -> None:
    script = tmp_path / "broken.py"
    script.write_text(
        "import sys, scmigen.cli.front as m, scmigen.cli.check as b\n"
        "def bad(*a): raise KeyError('x')\n"
        "b.compiled = bad\n"
        f"sys.argv = ['scmigen', 'check', {str(board)!r}]\n"
        "m.main()\n"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "internal error: KeyError" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_edited_output_is_replaced_with_force_only(board: Path, tmp_path: Path) -> None:
    words = ["build", board, "-o", tmp_path / "out", "-q", "--emit", "runtime"]
    assert scmigen(*words).returncode == 0
    path = tmp_path / "out/runtime/runtime.json"
    made = path.read_bytes()
    path.write_text("edited")
    done = scmigen(*words)
    assert done.returncode == 1
    assert f"{path}: error[output-foreign]" in done.stderr
    assert "--force" in done.stderr
    assert path.read_text() == "edited"
    assert scmigen(*words, "--force").returncode == 0
    assert path.read_bytes() == made
