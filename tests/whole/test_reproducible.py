"""Outputs depend on the inputs alone: not on where they are, who builds them, and how."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

import scmigen

BOARD = """/dts-v1/;
#include "soc.dtsi"
#include "../common/parts.dtsi"
#include <vendor/more.dtsi>
/ { compatible = "acme,board"; model = "Blüte"; };
"""
SOC = """/ {
    #address-cells = <1>; #size-cells = <1>;
    cc: clock-controller@1000 { compatible = "acme,cc"; reg = <0x1000 0x100>; #clock-cells = <1>;
        #reset-cells = <1>; };
};
"""
PARTS = """/ { uart0: serial@2000 { compatible = "acme,uart"; reg = <0x2000 0x100>;
    clocks = <&cc 1>; resets = <&cc 2>; }; };
"""
MORE = """/ { uart1: serial@3000 { compatible = "acme,uart"; reg = <0x3000 0x100>;
    clocks = <&cc 3>; }; };
"""
AGENTS = """domains:
  linux: {id: 1, compatible: "openamp,domain-v1", default: true, scmi: {role: ospm}}
  vm1: {id: 2, compatible: "openamp,domain-v1", scmi: {role: vm}, access: [{dev: "&uart1"}]}
"""
FILES = {
    "boards/board.dts": BOARD,
    "boards/soc.dtsi": SOC,
    "common/parts.dtsi": PARTS,
    "include/vendor/more.dtsi": MORE,
    "agents/board.yaml": AGENTS,
}
OUTPUTS = "runtime,permissions,headers,scp,trees"


def checkout(folder: Path) -> Path:
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def build(
    root: str,
    output: Path,
    *,
    cwd: Path | None = None,
    python: Sequence[str] = (sys.executable,),
    environment: Mapping[str, str] | None = None,
    options: Sequence[str] = (),
) -> dict[str, bytes]:
    """Every byte that a build of the checkout ``root`` writes, lock file included."""
    arguments = [*python, "-m", "scmigen", "build", "-q", f"{root}/boards/board.dts"]
    arguments += ["-a", f"{root}/agents/board.yaml", "-I", f"{root}/include", *options]
    arguments += ["-o", str(output), "--emit", OUTPUTS, "--ids", str(output / "board.ids")]
    output.mkdir(parents=True)
    source = Path(__file__).parents[2]
    subprocess.run(
        arguments,
        cwd=cwd,
        check=True,
        env={**os.environ, **(environment or {}), "PYTHONPATH": str(source)},
    )
    return {
        str(path.relative_to(output)): path.read_bytes()
        for path in sorted(output.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    root = checkout(tmp_path_factory.mktemp("reference"))
    return build(str(root), root / "out")


def test_two_checkouts_give_the_same_bytes(reference: dict[str, bytes], tmp_path: Path) -> None:
    deep = checkout(tmp_path / "a/b/c/other")
    assert len(reference) > 20
    assert build(".", deep / "out", cwd=deep) == reference
    assert build("..", tmp_path / "elsewhere", cwd=deep / "boards") == reference


def test_no_output_has_a_path_of_the_machine(tmp_path: Path) -> None:
    root = checkout(tmp_path / "home/alice/work")
    found = build(str(root), tmp_path / "out")
    assert [name for name, content in found.items() if b"alice" in content] == []
    runtime = found["runtime/runtime.json"].decode()
    for name in ("soc.dtsi:3:", "../common/parts.dtsi:1:", '"vendor/more.dtsi:1:'):
        assert name in runtime


ENVIRONMENTS = {
    "hash seed, locale and time zone": {
        "PYTHONHASHSEED": "123",
        "TZ": "Asia/Kathmandu",
        "LC_ALL": "C",
        "LANG": "C",
        "PYTHONUTF8": "0",
        "PYTHONIOENCODING": "ascii",
    },
    "folders": {"TMPDIR": "/dev/shm", "XDG_CACHE_HOME": "/nonexistent", "HOME": "/nonexistent"},
    "optimised": {"PYTHONOPTIMIZE": "2"},
    "without a compiler": {"PATH": "/nonexistent"},
}


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_environment_changes_no_byte(
    name: str, reference: dict[str, bytes], tmp_path: Path
) -> None:
    root = checkout(tmp_path / "checkout")
    found = build(str(root), tmp_path / "out", environment=ENVIRONMENTS[name])
    assert found == reference


def test_a_mapped_prefix(tmp_path: Path) -> None:
    root = checkout(tmp_path / "work")
    options = [f"--prefix-map={tmp_path}=first", f"--prefix-map={root}/include/=sdk"]
    found = build(".", tmp_path / "out", cwd=root, options=options)
    runtime = found["runtime/runtime.json"].decode()
    assert '"source": "first/work/common/parts.dtsi:1:' in runtime
    assert '"source": "sdk/vendor/more.dtsi:1:' in runtime
    again = build(".", tmp_path / "out2", cwd=root, options=[*reversed(options)])
    assert (
        '"source": "first/work/include/vendor/more.dtsi:1:'
        in again["runtime/runtime.json"].decode()
    )


def _places(root: Path, prefix_map: Sequence[tuple[str, str]] = ()) -> list[str]:
    tree = scmigen.load(root / "boards/board.dts", include=[root / "include"])
    result = scmigen.compile(tree, agents=root / "agents/board.yaml", prefix_map=prefix_map)
    return [
        result.platform.place(d.node.position) for d in result.platform.devices if d.node.position
    ]


def test_the_library_maps_prefixes(tmp_path: Path) -> None:
    root = checkout(tmp_path / "work")
    assert "../common/parts.dtsi:1:5" in _places(root)
    assert "x/parts.dtsi:1:5" in _places(root, [(str(root / "common"), "x")])


def test_a_prefix_ends_where_a_folder_ends(tmp_path: Path) -> None:
    root = checkout(tmp_path / "work")
    assert "../common/parts.dtsi:1:5" in _places(root, [(str(root / "comm"), "x")])
