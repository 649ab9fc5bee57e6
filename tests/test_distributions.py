"""The wheel and the sdist: what is in them, that they can be made again, and that they work."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import REPOSITORY

from scmigen.bundle_source import COMMANDS
from scmigen.version import __version__

NAME = f"scmigen-{__version__}"

#: What makes modules of templates and grammars, of which a wheel has only the modules.
COMPILES = re.compile("/template_|/compile_grammar|/grammar_source|/bundle_source")


class Made(NamedTuple):
    """The distributions of one build."""

    sdist: Path
    wheel: Path


def run(*command: str | Path, cwd: Path) -> str:
    """Standard output of a command that succeeds, without what tells Python where scmigen is."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    ended = subprocess.run(
        command,
        cwd=cwd,
        env=kept,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def build(source: Path, folder: Path) -> Made:
    pytest.importorskip("hatchling", reason="hatchling is not installed")
    run(sys.executable, "-m", "hatchling", "build", "-d", folder, cwd=source)
    return Made(folder / f"{NAME}.tar.gz", folder / f"{NAME}-py3-none-any.whl")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return build(REPOSITORY, tmp_path_factory.mktemp("dist"))


def below(folder: str, at: str = "") -> set[str]:
    """The files of a folder of the repository, as they are named below ``at``."""
    root = REPOSITORY / folder
    return {
        f"{at or folder}/{path.relative_to(root)}"
        for path in root.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_has_code_data_pages_and_licence_and_nothing_else(made: Made) -> None:
    names = zipfile.ZipFile(made.wheel).namelist()
    info = {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE"}
    templates = below("templates", "scmigen/templates")
    compiled = {each.split("/")[2].replace("-", "_") for each in templates if each.endswith(".j2")}
    expected = {
        *(each for each in below("scmigen") if not COMPILES.search(each)),
        *(f"scmigen/bundled/{each}.py" for each in ("__init__", "methods", *COMMANDS)),
        "scmigen/devicetree/compiled_grammars.py",
        *(each for each in templates if not each.endswith(".j2")),
        *(f"scmigen/compiled_templates/{each}.py" for each in ("__init__", *compiled)),
        *below("docs/man", f"{NAME}.data/data/share/man/man1"),
        *(f"{NAME}.dist-info/{name}" for name in info),
    }
    assert len(names) == len(set(names))
    assert set(names) == expected
    # One file of each sort by name, lest the folders themselves have moved.
    assert {
        "scmigen/py.typed",
        "scmigen/cmake/ScmigenConfig.cmake",
        "scmigen/templates/permissions/page.css",
        f"{NAME}.data/data/share/man/man1/scmigen-build.1",
    } <= set(names)


def test_the_sdist_has_every_file_of_the_repository(made: Made, tool: Callable[[str], str]) -> None:
    if not (REPOSITORY / ".git").exists():
        pytest.skip("not a checkout")
    listed = run(
        tool("git"), "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=REPOSITORY
    )
    files = {name for name in listed.split("\0") if name and (REPOSITORY / name).is_file()}
    with tarfile.open(made.sdist) as archive:
        assert set(archive.getnames()) == {f"{NAME}/{name}" for name in files | {"PKG-INFO"}}


def test_an_unpacked_sdist_makes_the_same_bytes(made: Made, tmp_path: Path) -> None:
    with tarfile.open(made.sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    for path in tmp_path.rglob("*"):
        os.utime(path, (2_000_000_000, 2_000_000_000))
    again = build(tmp_path / NAME, tmp_path / "again")
    assert again.wheel.read_bytes() == made.wheel.read_bytes()
    assert again.sdist.read_bytes() == made.sdist.read_bytes()


def test_twine_finds_nothing(made: Made, tmp_path: Path) -> None:
    pytest.importorskip("twine", reason="twine is not installed")
    said = run(sys.executable, "-m", "twine", "check", "--strict", *made, cwd=tmp_path)
    assert said.count("PASSED") == len(made)


def fresh_environment(folder: Path) -> Path:
    """A virtual environment with the packages of this one, except scmigen and what only a source
    tree needs of those; its ``bin``."""
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder.parent)
    packages = next(folder.glob("lib/python3.*/site-packages"))
    left_out = ("scmigen", "jinja2", "lark")
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if not path.name.lower().startswith(left_out) and path.suffix != ".pth":
            (packages / path.name).symlink_to(path)
    return folder / "bin"


def outputs(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def programs(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ``bin`` of an environment with the wheel."""
    folder = tmp_path_factory.mktemp("installed")
    found = fresh_environment(folder / "venv")
    pip = (sys.executable, "-m", "pip", "--python", found / "python", "install", "-q")
    run(*pip, "--no-index", "--no-compile", made.wheel, cwd=folder)
    return found


@pytest.mark.more
def test_an_installed_wheel_imports_what_a_command_needs_from_bundles(
    programs: Path, tmp_path: Path
) -> None:
    """The board is another one than that of which the bundles are made. A source tree imports json
    besides, for its tables."""
    board = REPOSITORY / "examples" / "dts" / "minimal.dts"
    program = (
        "import sys; from scmigen.__main__ import run\n"
        "try: run()\n"
        "finally: print(*(n for n, m in sys.modules.items() if n in ('json', 'typing')\n"
        "    or n.startswith('scmigen.') and type(m.__spec__.loader).__name__ != '_Finder'))"
    )
    said = run(programs / "python", "-c", program, "check", board, cwd=tmp_path)
    assert set(said.splitlines()[-1].split()) == {
        *("scmigen.__main__", "scmigen.bundles", "scmigen.cli", "scmigen.cli.front"),
        *("scmigen.bundled", "scmigen.bundled.check", "scmigen.bundled.convert"),
        *("scmigen.bundled.methods", "scmigen.devicetree.compiled_grammars", "scmigen.version"),
    }


#: What is checked → how that ends: expressions; errors of both grammars.
CHECKED = {
    '/dts-v1/;\n/ { a = <(1 + 2) 0x3>, "s"; };\n': 0,
    "/dts-v1/;\n/ { a = <1 (2 +)>; b { }; c; };\n": 1,
}


@pytest.mark.more
@pytest.mark.parametrize("text", CHECKED, ids=["right", "wrong"])
def test_an_installed_wheel_needs_no_compiler_and_keeps_nothing(
    programs: Path, tmp_path: Path, text: str
) -> None:
    """As in the sandbox of a build system; what it says of an error is what a source tree says."""
    (tmp_path / "a.dts").write_text(text)

    def check(python: str | Path, **environment: str) -> tuple[str, set[str]]:
        ended = subprocess.run(
            [python, "-X", "importtime", "-m", "scmigen", "check", "a.dts"],
            cwd=tmp_path,
            env={"HOME": "/dev/null", "XDG_CACHE_HOME": "/dev/null", **environment},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert ended.returncode == CHECKED[text]
        return ended.stdout, set(re.findall(r"(\S+)$", ended.stderr, re.MULTILINE))

    expected, here = check(sys.executable, PYTHONPATH=str(REPOSITORY))
    said, imported = check(programs / "python")
    assert said == expected
    compilers = {"lark", "scmigen.devicetree.grammar_source", "scmigen.resources"}
    assert compilers <= here
    assert not compilers & imported


@pytest.mark.more
def test_an_installed_wheel_does_what_the_readme_says(programs: Path, tmp_path: Path) -> None:
    shutil.copytree(REPOSITORY / "examples", tmp_path / "examples")

    def scmigen(*words: str) -> str:
        return run(programs / "scmigen", *words, cwd=tmp_path)

    code = "import scmigen; print(scmigen.__file__)"
    where = Path(run(programs / "python", "-c", code, cwd=tmp_path).strip())
    assert where.is_relative_to(programs.parent)
    assert (where.parent / "py.typed").is_file()
    assert scmigen("--version") == f"scmigen, version {__version__}\n"
    assert (Path(scmigen("--cmake-dir").strip()) / "ScmigenConfig.cmake").is_file()
    # It imports all modules, to find what they report.
    assert "dts-syntax" in scmigen("explain", "--list")
    assert (programs.parent / "share" / "man" / "man1" / "scmigen-build.1").is_file()

    readme = (REPOSITORY / "README.md").read_text()
    first = re.search(r"bin/scmigen (build \S+ -o (\S+))$", readme, re.MULTILINE)
    assert first is not None
    scmigen(*first[1].split())
    every = ["--emit", "scp,runtime,permissions,headers,trees", "-o"]
    board = ["build", "examples/dts/orrery-board.dts", "-a", "examples/dts/agents.yaml", *every]
    scmigen(*board, "out")
    run(sys.executable, "-m", "scmigen", *board, tmp_path / "by-checkout", cwd=REPOSITORY)
    assert "runtime/runtime.json" in outputs(tmp_path / first[2])
    assert outputs(tmp_path / "out") == outputs(tmp_path / "by-checkout")


@pytest.mark.parametrize(
    "command", [("check",), ("build", "-o", "out")], ids=lambda words: words[0]
)
def test_scmigen_runs_from_a_zip_file(made: Made, tmp_path: Path, command: tuple[str, ...]) -> None:
    """All that it reads of its own is in the file, and it makes what a source tree makes."""
    python = fresh_environment(tmp_path / "venv") / "python"
    packed = tmp_path / "s.zip"
    shutil.copy(made.wheel, packed)
    board = REPOSITORY / "examples" / "dts" / "orrery-board.dts"
    agents = board.with_name("agents.yaml")

    def run_in(folder: Path, program: str | Path, place: Path) -> tuple[object, ...]:
        folder.mkdir()
        ended = subprocess.run(
            [program, "-m", "scmigen", *command, board, "-a", agents],
            cwd=folder,
            env={"HOME": "/dev/null", "PATH": os.environ["PATH"], "PYTHONPATH": str(place)},
            capture_output=True,
            text=True,
            timeout=100,
        )
        return ended.returncode, ended.stdout, ended.stderr, outputs(folder)

    found = run_in(tmp_path / "packed", python, packed)
    assert found == run_in(tmp_path / "here", sys.executable, REPOSITORY)
    assert found[0] == 0
