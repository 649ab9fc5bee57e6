"""What ``scmigen diff`` says of operations that an agent keeps when it is denied a device.

vm has the MMC controller, and a hypervisor may deny it that; an explicit grant on its clock holds
all the same. The values are worked out by hand.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import scmigen, written

BOARD = """/dts-v1/;
/ {
cc: clock-controller@1000 { compatible = "acme,cc"; reg = <0x1000>; #clock-cells = <1>; };
mmc0: mmc@4000 { compatible = "acme,mmc"; reg = <0x4000>; clocks = <&cc 1>;
    assigned-clocks = <&cc 1>; assigned-clock-rates = <1000>; };
};
"""
AGENTS = """domains:
  host: {id: 1, default: true, scmi: {role: ospm}}
  vm: {id: 2, scmi: {role: vm}, access: [{dev: "&mmc0"}], grant: [%s]}
  hv: {id: 3, scmi: {role: hypervisor, permissions: %s}}
"""
KEPT = '{clock: "&cc 1", operations: [rate]}'
ON = "clock 0 mmc-4000"
NODE = "(/clock-controller@1000 1)"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "b.dts", BOARD)
    written(tmp_path / "none.yaml", AGENTS % ("", "true"))
    written(tmp_path / "kept.yaml", AGENTS % (KEPT, "true"))
    return tmp_path


def between(old: str, new: str) -> list[str]:
    return ["diff", "b.dts", "b.dts", "--old-agents", old, "-a", new]


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("old", "new", "verdict", "verb", "word"),
    [
        ("none.yaml", "kept.yaml", "more permissive", "gains", "lasting"),
        ("kept.yaml", "none.yaml", "less permissive", "loses", "revocable"),
    ],
)
def test_an_explicit_grant_of_what_a_device_brings(
    old: str, new: str, verdict: str, verb: str, word: str
) -> None:
    """A rate that may be set may be read; the vote on the clock goes with the device as before."""
    done = scmigen(*between(old, new))
    what = f"{verb} lasting rate read on {ON} {NODE}"
    assert done.stdout.splitlines() == [
        f"permissions: {verdict}: vm {what}",
        f"  vm: {verdict}: {what}",
        f"vm: {ON} {word}: rate read {NODE}",
    ]
    gains = word == "lasting"
    status = scmigen(*between(old, new), "--fail-on", "gain").returncode
    assert status == (4 if gains else 0)
    told = json.loads(scmigen(*between(old, new), "--format", "json").stdout)
    powers = [
        (p["agent"], p["operation"], p["lasting"]) for p in told["gained" if gains else "lost"]
    ]
    assert powers == [("vm", "rate", True), ("vm", "read", True)]
    assert [(c["change"], c["operations"]) for c in told["changes"]] == [(word, ["rate", "read"])]
    row = scmigen(*between(old, new), "--format", "markdown").stdout.splitlines()[4]
    cells = row.replace("\\", "").split(" | ")
    assert cells[2 if gains else 3].strip(" |") == f"lasting rate read on {ON} {NODE}"


def test_an_operation_that_comes_is_told_as_such(here: Path) -> None:
    """The rate comes with the explicit grant, for good; to read was the device's so far."""
    written(here / "b.dts", BOARD.replace("assigned-clock", "no-clock"))
    assert scmigen(*between("none.yaml", "kept.yaml")).stdout.splitlines() == [
        f"permissions: more permissive: vm gains rate on {ON} {NODE} and 1 more",
        "  vm: more permissive",
        f"    gains rate on {ON} {NODE}",
        f"    gains lasting read on {ON} {NODE}",
        f"vm: {ON} allowed: rate {NODE}",
        f"vm: {ON} lasting: read {NODE}",
    ]


@pytest.mark.parametrize("side", ["none.yaml", "kept.yaml"])
def test_where_nobody_denies_devices_everything_lasts(here: Path, side: str) -> None:
    """The right that comes or goes is the change then."""
    for name in ("none", "kept"):
        text = (here / f"{name}.yaml").read_text()
        written(
            here / f"alone-{name}.yaml", text.replace("permissions: true", "permissions: false")
        )
    done = scmigen(*between("alone-none.yaml", "alone-kept.yaml"))
    assert done.stdout.splitlines() == ["permissions: equal"]
    done = scmigen(*between(f"alone-{side}", "kept.yaml"))
    assert "lasting" not in done.stdout
    assert "hv gains the right permissions" in done.stdout


Edit = Callable[[dict[str, Any], dict[str, Any]], None]


def _keeps(_board: dict[str, Any], grant: dict[str, Any]) -> None:
    grant["by_hand"] = ["state"]


def _no_device(board: dict[str, Any], _grant: dict[str, Any]) -> None:
    """What belongs to no device of the agent cannot be taken from it."""
    board["devices"][0]["resources"] = []


def _no_device_and_a_mark(board: dict[str, Any], grant: dict[str, Any]) -> None:
    _no_device(board, grant)
    _keeps(board, grant)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("old", "new", "verdict", "words"),
    [
        (None, _keeps, "more permissive", "lasting: state"),
        (_keeps, None, "less permissive", "revocable: state"),
        (None, _no_device, "more permissive", "lasting: state rate read"),
        (_keeps, _no_device, "more permissive", "lasting: rate read"),
        (_no_device, _no_device_and_a_mark, "equal", None),
    ],
)
def test_of_runtime_configurations(
    old: Edit | None, new: Edit | None, verdict: str, words: str | None
) -> None:
    done = scmigen("build", "b.dts", "-a", "none.yaml", "-q", "--emit", "runtime", "-o", "out")
    assert done.returncode == 0, done.stderr
    text = Path("out/runtime/runtime.json").read_text()
    for name, edit in (("old", old), ("new", new)):
        board = json.loads(text)
        (vm,) = (agent for agent in board["agents"] if agent["name"] == "vm")
        if edit is not None:
            edit(board, vm["grants"]["clock"][0])
        Path(f"{name}.json").write_text(json.dumps(board))
    lines = scmigen("diff", "old.json", "new.json").stdout.splitlines()
    assert lines[0].partition(": vm")[0] == f"permissions: {verdict}"
    told = [line.strip() for line in lines if line.strip().startswith(f"vm: {ON}")]
    assert told == ([] if words is None else [f"vm: {ON} {words} {NODE}"])
