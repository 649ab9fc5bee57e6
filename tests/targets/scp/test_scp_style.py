"""The emitted C is what clang-format would make of it with SCP-firmware's settings."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from targets.scp.scp_boards import BOARDS, Board, emit, given, with_options
from targets.scp.scp_build import run
from targets.scp.test_scp_powercaps import capped
from targets.scp.test_scp_targets import kept, powered, product

import scmigen
from scmigen.model.platform import Platform
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind
from scmigen.targets.common.notice import NoticeOptions
from scmigen.targets.options import read_options
from scmigen.targets.scp.layout import laid_out
from scmigen.targets.scp.version import VERSIONS

STYLE = Path(__file__).resolve().parents[2] / "data" / "scp-firmware.clang-format"
#: Boards with long names and many resources.
CORPUS = ("imx8mp-evk", "stm32mp257f-ev1")

OPERATIONS = tuple(map(Operation, ("state", "read", "reset", "level", "limits")))


@pytest.fixture
def changed(tool: Callable[[str], str], tmp_path: Path) -> Callable[[Iterable[Platform]], str]:
    """What clang-format would change in the files of platforms."""
    command = [tool("clang-format"), f"--style=file:{STYLE}", "--dry-run"]

    def check(platforms: Iterable[Platform]) -> str:
        sources = []
        for number, platform in enumerate(platforms):
            files, found = emit(platform)
            assert files, found
            for file in files:
                path = tmp_path / str(number) / file.path
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(file.content)
                sources += [str(path)] if path.suffix in (".c", ".h") else []
        done = run([*command, *sources])
        assert done.returncode == 0, done.stderr
        return done.stderr

    return check


def test_small_boards(changed: Callable[[Iterable[Platform]], str]) -> None:
    """Each kind of firmware, and names that are hostile or too long."""
    hosts = [BOARDS[name]() for name in ("hostile", "all_kinds", "fast", "ranges")]
    optee = [with_options(BOARDS["all_kinds"](), target="optee")]
    assert not changed([*hosts, *optee, product(), powered(), kept()])


@pytest.mark.parametrize("length", [1, 29, 57])
def test_names_of_any_length(length: int, changed: Callable[[Iterable[Platform]], str]) -> None:
    """Where a line ends depends on them."""
    board = Board("b" * length)
    agents = [board.agent("a" * length), board.agent("c" * length)]
    for kind in Kind:
        if kind in (Kind.POWERCAP, Kind.PIN):
            continue
        for number in (0, 2, 40):
            name = f"{number:02}{'x' * length}"
            resource = board.resource(kind, number, name, provider=f"{'p' * length}@1")
            board.grant(agents[number % 3 % 2], resource, *OPERATIONS)
    assert not changed([board.platform()])


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version(version: str, changed: Callable[[Iterable[Platform]], str]) -> None:
    boards = [BOARDS[name]() for name in ("two_agents", "views")]
    assert not changed([with_options(board, version=version) for board in (*boards, capped())])


@pytest.mark.parametrize("board", CORPUS)
def test_real_boards(
    board: str, corpus: Path, changed: Callable[[Iterable[Platform]], str]
) -> None:
    assert not changed(scmigen.compile(corpus / f"{board}.dtb").platforms)


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        pytest.param("f(\n    a,\n    b);", "f(a, b);", id="a call that fits"),
        pytest.param("    .x =\n        1,", "    .x = 1,", id="a value that fits"),
        pytest.param(
            f"    .x = f(\n        {'a' * 30},\n        {'b' * 30}),",
            f"    .x = f({'a' * 30}, {'b' * 30}),",
            id="a call that just fits",
        ),
        pytest.param(
            f"    .long_name = f(\n        {'a' * 31},\n        {'b' * 31}),",
            f"    .long_name =\n        f({'a' * 31}, {'b' * 31}),",
            id="a call that fits below its name",
        ),
        pytest.param(
            f"    .x = f(\n        {'a' * 40},\n        {'b' * 40}),",
            f"    .x = f(\n        {'a' * 40},\n        {'b' * 40}),",
            id="a call that does not fit",
        ),
        pytest.param(
            f"    [{'a' * 40}] = f({'b' * 40}),",
            f"    [{'a' * 40}] =\n        f({'b' * 40}),",
            id="a line that is too long",
        ),
        pytest.param("/*\n * a =\n *     b\n */", "/*\n * a =\n *     b\n */", id="a comment"),
    ],
)
def test_lines_are_broken_where_they_must_be(written: str, wanted: str) -> None:
    assert laid_out(written + "\n") == wanted + "\n"


NOTICE = "Copyright (c) 2026, Acme. All rights reserved."


def test_the_copyright_is_the_users() -> None:
    platform = with_options(BOARDS["two_agents"](), copyright=NOTICE, license="MIT")
    for file in emit(platform)[0]:
        head = file.content.decode().splitlines()[:5]
        assert any(line.endswith(NOTICE) for line in head), file.path
        assert any(line.endswith("SPDX-License-Identifier: MIT") for line in head), file.path


@pytest.mark.parametrize("text", ["*/ #error", "/* \\", "x ??/", "‮ reversed"])
def test_a_copyright_stays_in_its_comment(text: str) -> None:
    platform = with_options(BOARDS["two_agents"](), copyright=text)
    for file in emit(platform)[0]:
        if file.path.endswith((".c", ".h")):
            head = file.content.decode().partition("*/")[0]
            assert "SPDX-License-Identifier" in head, file.path
            assert not {"\\", "?", "‮"} & set(head), file.path
            assert head.count("/*") == 1, file.path


@pytest.mark.parametrize(
    ("option", "text"),
    [("copyright", "two\nlines"), ("copyright", " "), ("copyright", "x" * 500)]
    + [("license", text) for text in ("*/", "MIT\n#error", "", "MIT OR", "a b")],
)
def test_a_notice_that_is_none_is_refused(option: str, text: str) -> None:
    _, found = read_options(given({option: text}), NoticeOptions)
    assert [item.id for item in found] == ["output-option"]
