"""``scmigen diff``, ``-W``, ``-E``, ``--tree`` and ``--repack`` as people type them."""

import json
from pathlib import Path

import pytest
from support import scmigen, written

CRU = """
	cru: clock-controller@1000 {
		compatible = "acme,cru";
		#clock-cells = <1>;
		#reset-cells = <1>;
	};
"""
UART = """
	uart0: serial@2000 {
		compatible = "acme,uart";
		clocks = <&cru 4>;
		resets = <&cru 7>;
	};
"""
SPI = """
	spi0: spi@1500 {
		compatible = "acme,spi";
		clocks = <&cru 2>;
		resets = <&cru 7>;
	};
"""
HEAD = "/dts-v1/;\n/ {\n"
OLD = HEAD + CRU + UART + "};\n"
NEW = HEAD + CRU + UART + SPI + "};\n"
TWO = """
domains:
  linux: {id: 1, default: true}
  vm1: {id: 2, access: [{dev: "&spi0"}]}
"""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return written(tmp_path / "old.dts", OLD)


@pytest.fixture
def new(tmp_path: Path) -> Path:
    return written(tmp_path / "new.dts", NEW)


@pytest.fixture
def agents(tmp_path: Path) -> Path:
    return written(tmp_path / "agents.yaml", TWO)


def more(number: int) -> list[str]:
    """The verdict on a SPI controller that comes with its clock."""
    gain = f"gains state read on clock {number} spi-1500 (/clock-controller@1000 2)"
    return [
        f"permissions: more permissive: ospm {gain} and 1 more",
        "  ospm: more permissive",
        f"    {gain}",
        "    gains device spi-1500 (boot)",
    ]


def test_a_board_against_itself(old: Path) -> None:
    done = scmigen("diff", old, old)
    assert (done.returncode, done.stdout, done.stderr) == (0, "permissions: equal\n", "")


def test_a_number_that_moved(old: Path, new: Path) -> None:
    """Clock 2 of the controller comes before clock 4, and nothing keeps the numbers."""
    done = scmigen("diff", old, new)
    assert done.returncode == 3
    assert done.stdout.splitlines() == [
        *more(0),
        "spi0: none → ospm, 2 resources",
        "  ospm: clock 0 spi-1500 added: state read (/clock-controller@1000 2)",
        "  ospm: clock 0 spi-1500 has the number that serial-2000 had (/clock-controller@1000 2)",
        "  ospm: device 1 spi-1500 added: boot (/spi@1500)",
        "uart0: ospm, 2 resources",
        "  ospm: clock 1 serial-2000 renumbered, was 0 (/clock-controller@1000 4)",
    ]


def test_with_a_lock_file_nothing_moves(old: Path, new: Path, tmp_path: Path) -> None:
    ids = tmp_path / "board.ids"
    assert scmigen("build", old, "-o", tmp_path / "a", "--ids", ids).returncode == 0
    first = tmp_path / "first.ids"
    first.write_text(ids.read_text())
    done = scmigen("diff", old, new, "--ids", ids)
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        *more(1),
        "spi0: none → ospm, 2 resources",
        "  ospm: clock 1 spi-1500 added: state read (/clock-controller@1000 2)",
        "  ospm: device 1 spi-1500 added: boot (/spi@1500)",
    ]
    assert scmigen("build", new, "-o", tmp_path / "b", "--ids", ids).returncode == 0
    # The outputs of the two builds, and the two lock files, say the same.
    built = scmigen("diff", tmp_path / "a", tmp_path / "b" / "runtime" / "runtime.json")
    assert (built.returncode, built.stdout) == (0, done.stdout)
    locks = scmigen("diff", first, ids)
    assert locks.returncode == 0
    assert locks.stdout.splitlines() == [
        "every agent: clock 1 spi-1500 added (/clock-controller@1000 2)",
        "every agent: device 1 spi-1500 added (/spi@1500)",
    ]


def test_repack(old: Path, new: Path, tmp_path: Path) -> None:
    ids = tmp_path / "board.ids"
    scmigen("build", old, "-o", tmp_path / "a", "--ids", ids)
    before = ids.read_text()
    done = scmigen("build", new, "-o", tmp_path / "b", "--ids", ids, "--repack")
    assert done.returncode == 0
    assert "clock\t0\tspi-1500\t" in ids.read_text()
    (tmp_path / "before.ids").write_text(before)
    assert scmigen("diff", tmp_path / "before.ids", ids).returncode == 3
    assert scmigen("build", new, "-o", tmp_path / "b", "--repack").returncode == 2


def test_agents_of_both_and_of_the_old_one(new: Path, tmp_path: Path) -> None:
    owners = tmp_path / "owners.yaml"
    owners.write_text(TWO + 'platform: {owners: [{reset: "&cru 7", agent: linux}]}\n')
    assert scmigen("diff", new, new, "-a", owners).stdout == "permissions: equal\n"
    mine = tmp_path / "mine.yaml"
    mine.write_text(owners.read_text().replace("agent: linux", "agent: vm1"))
    done = scmigen("diff", new, new, "--old-agents", owners, "-a", mine, "--format", "json")
    assert done.returncode == 0
    found = [
        (c["agent"], c["change"], c["kind"], c["id"]) for c in json.loads(done.stdout)["changes"]
    ]
    assert found == [("linux", "removed", "reset", 0), ("vm1", "added", "reset", 0)]


def test_json(old: Path, new: Path) -> None:
    done = scmigen("diff", old, new, "--format", "json")
    assert done.returncode == 3
    (moved,) = [
        c for c in json.loads(done.stdout)["changes"] if c["change"] == "renumbered" and c["cells"]
    ]
    assert moved == {
        "platform": "scmi", "agent": "ospm", "change": "renumbered", "kind": "clock", "id": 1,
        "name": "serial-2000", "node": "/clock-controller@1000", "cells": [4], "was": 0,
        "operations": [], "drivers": {}, "moved": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    "content", ["", "{", '{"format": "x"}', "# scmigen identifiers 9\n", "\0", "/dts-v1/; / {"]
)
def test_what_cannot_be_read(old: Path, tmp_path: Path, content: str) -> None:
    broken = tmp_path / "broken"
    broken.write_text(content)
    for arguments in ((old, broken), (broken, old)):
        done = scmigen("diff", *arguments)
        assert done.returncode == 1
        assert done.stdout == ""
        assert "broken" in done.stderr
        assert "internal error" not in done.stderr
        assert "Traceback" not in done.stderr


def test_what_is_not_there(old: Path, tmp_path: Path) -> None:
    assert scmigen("diff", old, tmp_path / "none").returncode == 1
    assert scmigen("diff", old, tmp_path).returncode == 1
    assert scmigen("diff", old).returncode == 2


def check(board: Path, *arguments: str | Path) -> tuple[int, dict[str, str]]:
    done = scmigen("check", board, "--format", "json", *arguments)
    return done.returncode, {item["id"]: item["severity"] for item in json.loads(done.stdout)}


def test_an_error_goes_with_a_reason_only(new: Path, agents: Path, tmp_path: Path) -> None:
    status, found = check(new, "-a", agents)
    assert (status, found["reset-shared"]) == (1, "error")
    status, found = check(new, "-a", agents, "-W", "no-reset-shared")
    assert (status, found["reset-shared"]) == (1, "error")
    reasons = tmp_path / "reasons.yaml"
    reasons.write_text("checks: {reset-shared: {severity: note, reason: one is never used}}\n")
    status, found = check(new, "-a", agents, "-a", reasons)
    assert (status, found["reset-shared"]) == (0, "note")
    status, found = check(new, "-a", agents, "-a", reasons, "-W", "no-reset-shared")
    assert "reset-shared" not in found


def test_an_unknown_check_is_wrong_usage_on_the_command_line(new: Path) -> None:
    for option in ("-W", "-E"):
        done = scmigen("check", new, option, "reset-shard")
        assert done.returncode == 2
        assert "did you mean reset-shared" in done.stderr
    assert scmigen("show", "devices", new, "-W", "no-reset-shared").returncode == 0


def test_an_unknown_check_is_an_error_in_the_agents_file(new: Path, tmp_path: Path) -> None:
    reasons = tmp_path / "reasons.yaml"
    reasons.write_text(
        "domains: {a: {id: 1, default: true}}\nchecks: {x: {severity: off, reason: y}}\n"
    )
    status, found = check(new, "-a", reasons)
    assert (status, found["check-unknown"]) == (1, "error")


def test_a_tree_for_each_agent(new: Path, tmp_path: Path) -> None:
    for name, node in (("linux", "serial@2000"), ("vm1", "spi@1500")):
        (tmp_path / f"{name}.dts").write_text(f"/dts-v1/; / {{ {node} {{ }}; }};")
    trees = [f"--tree={name}={tmp_path / name}.dts" for name in ("linux", "vm1")]
    done = scmigen("show", "devices", new, *trees, "-a", write_owner(tmp_path), "--format", "json")
    rows = json.loads(done.stdout)
    assert [(row["device"], row["agents"]) for row in rows] == [
        ("/serial@2000", "linux"),
        ("/spi@1500", "vm1"),
    ]
    depfile = tmp_path / "deps"
    out = tmp_path / "out"
    owner = write_owner(tmp_path)
    scmigen("build", new, *trees, "-a", owner, "-o", out, "--depfile", depfile)
    assert f"{tmp_path}/vm1.dts" in depfile.read_text()


def write_owner(folder: Path) -> Path:
    path = folder / "owner.yaml"
    path.write_text('platform: {owners: [{reset: "&cru 7", agent: linux}]}\n')
    return path


@pytest.mark.parametrize("text", ["linux", "=x.dts", "linux=", "linux=x.dts"])
def test_a_tree_that_is_none(new: Path, text: str) -> None:
    done = scmigen("check", new, "--tree", text)
    assert done.returncode == (1 if text == "linux=x.dts" else 2)
    assert "Traceback" not in done.stderr


PARENTS = (
    HEAD
    + CRU
    + UART.replace(
        "resets", "assigned-clocks = <&cru 4>; assigned-clock-parents = <&cru 5>; resets"
    )
    + "};\n"
)


def test_what_an_output_finds_is_switched_like_a_check(tmp_path: Path) -> None:
    """SCP-firmware has no parent to set: a warning, unless the user says otherwise."""
    board, out = written(tmp_path / "board.dts", PARENTS), tmp_path / "out"
    reasons = written(
        tmp_path / "reasons.yaml",
        "domains: {a: {id: 1, default: true}}\n"
        "checks: {scp-parent: {severity: off, reason: the boot loader sets it}}\n",
    )
    assert "warning[scp-parent]" in scmigen("build", board, "-o", out).stderr
    assert scmigen("build", board, "-o", out, "-W", "no-scp-parent").stderr == ""
    assert scmigen("build", board, "-o", out, "-a", reasons).stderr == ""
    told = scmigen("build", board, "-o", tmp_path / "none", "-E", "scp-parent")
    assert (told.returncode, "error[scp-parent]" in told.stderr) == (1, True)
    assert not (tmp_path / "none").exists()
