"""--stamp, --depfile-target and --list-outputs: what moves when, and what a build will write."""

import os
from pathlib import Path

import pytest
from support import SOC, scmigen, source

from scmigen.diagnostics import InputError
from scmigen.targets.common.files import File
from scmigen.targets.common.write import write

UART = 'uart@4000 { compatible = "acme,uart"; reg = <0x4000>; clocks = <&cc 1>; };'


@pytest.fixture
def board(tmp_path: Path) -> Path:
    path = tmp_path / "board.dts"
    path.write_text(source(f"#address-cells = <1>; #size-cells = <0>; {SOC}{UART}"))
    return path


def build(board: Path, *options: str) -> None:
    done = scmigen(
        "build", "-q", board.name, "-o", "out", "--emit", "runtime", *options, cwd=board.parent
    )
    assert done.returncode == 0, done.stderr


def age(folder: Path) -> None:
    """Everything was written long ago."""
    for path in folder.rglob("*"):
        if path.is_file():
            os.utime(path, (1000, 1000))


def moved(folder: Path) -> set[str]:
    """The files with another time stamp than `age` gave them."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)) for path in files if path.stat().st_mtime != 1000}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), set()),
        (("--stamp", "deep er/it.stamp"), {"deep er/it.stamp"}),
        (("--depfile", "d"), {"out/runtime/runtime.json"}),
        (("--depfile", "d", "--stamp", "s"), {"s"}),
        (
            ("--depfile", "d", "--depfile-target", "out/runtime/scmi_runtime.py"),
            {"out/runtime/scmi_runtime.py"},
        ),
        (("--depfile", "d", "--depfile-target", "all"), set()),
        (("--depfile", "d", "--depfile-target", "all", "--stamp", "s"), {"s"}),
        (("--stamp", "out/runtime/runtime.json"), {"out/runtime/runtime.json"}),
    ],
    ids=["none", "stamp", "rule", "rule-and-stamp", "output", "name", "name-and-stamp", "both"],
)
def test_where_nothing_changed_only_what_is_waited_for_moves(
    board: Path, options: tuple[str, ...], expected: set[str]
) -> None:
    build(board, *options)
    age(board.parent)
    build(board, *options)
    assert moved(board.parent) == expected


@pytest.mark.parametrize(
    ("options", "target"),
    [
        ((), "out/runtime/runtime.json"),
        (("--stamp", "a b/it.stamp"), "a\\ b/it.stamp"),
        (("--depfile-target", "x y"), "x\\ y"),
        (("--depfile-target", "all", "--stamp", "s"), "all"),
    ],
    ids=["first-output", "stamp", "name", "name-and-stamp"],
)
def test_the_rule_has_one_target(board: Path, options: tuple[str, ...], target: str) -> None:
    build(board, "--depfile", "d", *options)
    assert (board.parent / "d").read_text() == f"{target}: board.dts\n"


def test_the_stamp_is_not_older_than_any_output(board: Path) -> None:
    build(board, "--stamp", "s", "--ids", "ids", "--depfile", "d")
    stamp = (board.parent / "s").stat().st_mtime_ns
    others = [path for path in board.parent.rglob("*") if path.name not in ("s", ".scmigen.json")]
    assert all(path.stat().st_mtime_ns <= stamp for path in others if path.is_file())


def test_a_build_that_fails_moves_no_stamp(board: Path) -> None:
    build(board, "--stamp", "s")
    age(board.parent)
    (board.parent / "out/runtime/runtime.json").write_text("edited")
    (board.parent / "new").write_text("")
    for stamp in ("s", "other"):
        done = scmigen(
            "build", "board.dts", "-o", "out", "--emit", "runtime", "--stamp", stamp,
            cwd=board.parent,
        )  # fmt: skip
        assert done.returncode == 1
    assert moved(board.parent) == {"out/runtime/runtime.json", "new"}


def test_a_stamp_of_the_user_keeps_what_is_in_it(board: Path) -> None:
    (board.parent / "notes").write_text("mine")
    build(board, "--stamp", "notes")
    assert (board.parent / "notes").read_text() == "mine"


@pytest.mark.parametrize("option", ["--stamp", "--depfile"])
@pytest.mark.parametrize("name", ["board.dts", "ids", "./board.dts"])
def test_what_is_read_is_not_written_over(board: Path, option: str, name: str) -> None:
    build(board, "--ids", "ids")
    before = {path: path.read_bytes() for path in board.parent.iterdir() if path.is_file()}
    done = scmigen("build", board.name, "-o", "out", "--ids", "ids", option, name, cwd=board.parent)
    assert done.returncode == 1
    assert f"{Path(name)}: error[output-unwritable]" in done.stderr
    after = {path: path.read_bytes() for path in board.parent.iterdir() if path.is_file()}
    assert after == before


def test_a_stamp_that_cannot_be_is_an_error_and_nothing_is_written(board: Path) -> None:
    (board.parent / "folder").mkdir()
    done = scmigen("build", board.name, "-o", "out", "--stamp", "folder", cwd=board.parent)
    assert done.returncode == 1
    assert "folder: error[output-unwritable]" in done.stderr
    assert not (board.parent / "out").exists()


def test_a_stamp_that_cannot_be_touched_undoes_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "stamp").touch()
    real = os.utime

    def utime(path: Path, *arguments: object, **options: object) -> None:
        if Path(path).name == "stamp":
            raise PermissionError(1, "Operation not permitted", str(path))
        real(path, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "utime", utime)
    with pytest.raises(InputError):
        write(tmp_path / "out", [File("a", b"1")], stamps=[tmp_path / "stamp"])
    assert [path.name for path in tmp_path.rglob("*")] == ["stamp"]


def test_the_target_of_a_rule_needs_a_rule(board: Path) -> None:
    done = scmigen("build", board, "-o", "out", "--depfile-target", "x")
    assert done.returncode == 2
    assert "--depfile" in done.stderr


@pytest.mark.parametrize("emit", ["runtime", "scp,runtime,permissions,headers", "headers"])
def test_the_list_is_what_a_build_writes_afterwards(board: Path, emit: str) -> None:
    options = ("build", board.name, "-o", "out", "--emit", emit)
    listed = scmigen(*options, "--list-outputs", cwd=board.parent)
    assert listed.returncode == 0
    assert listed.stderr == ""
    assert [path.name for path in board.parent.iterdir()] == ["board.dts"]
    scmigen(*options, cwd=board.parent)
    files = [path for path in (board.parent / "out").rglob("[!.]*") if path.is_file()]
    names = sorted(str(path.relative_to(board.parent)) for path in files)
    assert sorted(listed.stdout.splitlines()) == names


def test_a_list_writes_neither_lock_nor_rule_nor_stamp(board: Path) -> None:
    done = scmigen(
        "build", board.name, "-o", "out", "--list-outputs", "--ids", "ids", "--depfile", "d",
        "--stamp", "s", cwd=board.parent,
    )  # fmt: skip
    assert done.returncode == 0
    assert [path.name for path in board.parent.iterdir()] == ["board.dts"]


def test_a_board_with_errors_has_no_list(board: Path) -> None:
    board.write_text(board.read_text().replace("&cc 1", "&cc"))
    done = scmigen("build", board.name, "-o", "out", "--list-outputs", cwd=board.parent)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "error[specifier-short]" in done.stderr


TWO_INSTANCES = """
#address-cells = <1>; #size-cells = <1>;
sram@1000 { compatible = "mmio-sram"; reg = <0x1000 0x1000>; #address-cells = <1>;
  #size-cells = <1>; ranges = <0 0x1000 0x1000>;
  a: scp@0 { compatible = "arm,scmi-shmem"; reg = <0 0x100>; };
  b: scp@100 { compatible = "arm,scmi-shmem"; reg = <0x100 0x100>; }; };
firmware {
  scmi { compatible = "arm,scmi-smc"; arm,smc-id = <0x82000001>; shmem = <&a>;
    #address-cells = <1>; #size-cells = <0>;
    one: protocol@14 { reg = <0x14>; #clock-cells = <1>; }; };
  scmi-1 { compatible = "arm,scmi-smc"; arm,smc-id = <0x82000002>; shmem = <&b>;
    #address-cells = <1>; #size-cells = <0>;
    two: protocol@14 { reg = <0x14>; #clock-cells = <1>; }; };
};
uart@2000 { compatible = "acme,uart"; reg = <0x2000 0x10>; clocks = <&one 1>; };
uart@3000 { compatible = "acme,uart"; reg = <0x3000 0x10>; clocks = <&two 4>; };
"""


def test_with_several_instances_each_has_a_folder_of_its_name(tmp_path: Path) -> None:
    """The layout that docs/reference/targets.md promises; a change breaks the builds of users."""
    board = tmp_path / "board.dts"
    board.write_text(source(TWO_INSTANCES))
    done = scmigen("build", board, "-o", "out", "--emit", "runtime", "--list-outputs")
    assert done.returncode == 0, done.stderr
    files = ("runtime.json", "runtime.schema.json", "scmi_runtime.py")
    assert done.stdout.splitlines() == [
        f"out/{instance}/runtime/{file}" for instance in ("scmi", "scmi-1") for file in files
    ]
