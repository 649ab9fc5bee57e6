"""What people see: tables within the width of a terminal, and colours.

pyte is the terminal; what a table must say is taken from the JSON form of the same view.
"""

import fcntl
import functools
import json
import os
import pty
import re
import struct
import termios
import threading
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pyte
import pytest
from conftest import EXAMPLES
from support import scmigen, written

from scmigen.cli.main import cli
from scmigen.cli.request import BoardRequest

ORRERY = [str(EXAMPLES / "orrery-board.dts"), "-a", str(EXAMPLES / "agents.yaml"), "-q"]
VIEWS = ("providers", "devices", "resources", "agents", "permissions")

#: Columns that stay whole, and those of which words do.
WHOLE = {"agent", "kind", "number", "id", "class", "rule", "cells", "role"}
WORDS = {"operations", "kinds", "agents", "may be given to", "rights"}


@pytest.fixture
def once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same board is compiled once."""
    monkeypatch.setattr(BoardRequest, "compile", _compiled)


_compiled = functools.cache(BoardRequest.compile)


def typed(monkeypatch: pytest.MonkeyPatch, width: int, *arguments: str) -> bytes:
    """What a command writes to a terminal of that width."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    parts: list[bytes] = []
    reader = threading.Thread(target=lambda: parts.extend(_until_closed(ours)))
    reader.start()
    with os.fdopen(theirs, "w", encoding="utf-8") as stream, monkeypatch.context() as patch:
        patch.delenv("COLUMNS", raising=False)
        patch.setattr("sys.stdout", stream)
        patch.setattr("sys.__stdout__", stream)
        with suppress(SystemExit):
            cli.main(list(arguments), standalone_mode=False)
    reader.join(60)
    os.close(ours)
    return b"".join(parts)


def _until_closed(terminal: int) -> Iterator[bytes]:
    try:
        while data := os.read(terminal, 1 << 16):
            yield data
    except OSError:  # what Linux says when the other side is closed
        return


def screen(data: bytes, width: int) -> list[str]:
    """The lines that a terminal shows, without blanks at their ends."""
    shown = pyte.Screen(width, 2 * data.count(b"\n") + 2)
    pyte.ByteStream(shown).feed(data)
    return [line.rstrip() for line in shown.display]


def table(lines: list[str]) -> list[dict[str, list[str]]]:
    """The rows of a table: of each heading the lines of the cell. The first row has the headings.

    A row begins where a column has text that never folds. A line that is indented by two is a
    column that stands below its row.
    """
    below = [line for line in lines[1:] if re.match(r"  \S", line)]
    if below:
        inside = table([line for line in lines if line not in below])
        name = below[0].strip()
        texts = _below(lines)
        assert len(texts) == len(inside)
        return [{**row, name: text} for row, text in zip(inside, texts, strict=True)]
    heads = list(re.finditer(r"\S+(?: \S+)*", lines[0]))
    starts = [head.start() for head in heads]
    first = next(at for at, head in enumerate(heads) if head[0] in WHOLE)
    rows: list[list[list[str]]] = []
    for line in filter(None, lines):
        cells = [line[a:b].strip() for a, b in pairwise([*starts, len(line) + 1])]
        if cells[first]:
            rows.append([[] for _ in heads])
        for held, cell in zip(rows[-1], cells, strict=True):
            held += [cell] if cell else []
    names = [" ".join(parts) for parts in rows[0]]
    return [dict(zip(names, row, strict=True)) for row in rows]


def _below(lines: list[str]) -> list[list[str]]:
    """The lines below each row: those that follow each other."""
    found: list[list[str]] = [[]]
    for line in lines:
        if re.match(r"  \S", line):
            found[-1].append(line.strip())
        elif found[-1]:
            found.append([])
    return [text for text in found if text]


def records(lines: list[str], names: list[str]) -> list[dict[str, list[str]]]:
    """The same of rows that are lines of heading and cell."""
    column = max(map(len, names)) + 2
    found: list[dict[str, list[str]]] = [{name: [name] for name in names}]
    for block in "\n".join(lines).strip("\n").split("\n\n"):
        row: dict[str, list[str]] = {}
        name = ""
        for line in block.split("\n"):
            name = line[:column].strip() or name
            row.setdefault(name, []).extend(filter(None, [line[column:].strip()]))
        found.append(row)
    return found


def expected(view: str, board: list[str]) -> list[dict[str, str]]:
    """The rows that the JSON form has, with the words that the text has for them."""
    rows = json.loads(scmigen("show", view, *board, "--format", "json").stdout)
    # Why a permission is there is an object, which only the JSON form has.
    plain = [{k: v for k, v in row.items() if not isinstance(v, dict)} for row in rows]
    told = [{k: "" if v is None else str(v) for k, v in row.items()} for row in plain]
    if view != "agents":
        return told
    rights = ("permissions", "system-power")
    others = {"id", "agent", "role", "profile", "drivers", *rights}
    kinds = [name for name in told[0] if name not in others]
    return [
        {
            **{name: row[name] for name in ("id", "agent", "role")},
            "rights": ", ".join(
                name if row[name] == "yes" else f"{name} ({row[name]})"
                for name in rights
                if row[name] != "no"
            ),
            "resources": ", ".join(f"{row[kind]} {kind}" for kind in kinds if row[kind] != "0"),
        }
        for row in told
    ]


def check_view(monkeypatch: pytest.MonkeyPatch, view: str, board: list[str], width: int) -> None:
    lines = screen(typed(monkeypatch, width, "show", view, *board), width)
    wanted = expected(view, board)
    names = list(wanted[0])
    below = lines[1] if re.match(r"  \S", lines[1]) else ""
    is_table = all(name.split()[0] in f"{lines[0]}{below}".split() for name in names)
    assert is_table or width < 80
    head, *rows = table(lines) if is_table else records(lines, names)
    assert list(head) == names
    assert len(rows) == len(wanted)
    for row, cells in zip(rows, wanted, strict=True):
        for name, cell in cells.items():
            # Only a blank may be lost where a cell is folded, and only where it may be.
            assert "".join(row[name]).replace(" ", "") == cell.replace(" ", "")
            assert name not in WORDS or " ".join(row[name]) == cell
            assert name not in WHOLE or row[name] == [cell] * bool(cell)


@pytest.mark.usefixtures("once")
@pytest.mark.parametrize("width", [60, 80, 100, 120])
@pytest.mark.parametrize("view", VIEWS)
def test_a_terminal_shows_all_of_each_cell(
    monkeypatch: pytest.MonkeyPatch, view: str, width: int
) -> None:
    check_view(monkeypatch, view, ORRERY, width)


@pytest.mark.usefixtures("once")
@pytest.mark.parametrize("view", VIEWS)
def test_a_terminal_shows_all_of_a_real_board(
    monkeypatch: pytest.MonkeyPatch, corpus: Path, view: str
) -> None:
    check_view(monkeypatch, view, [str(corpus / "imx95-19x19-evk.dts"), "-q"], 80)


@pytest.mark.slow
@pytest.mark.parametrize("width", [60, 80, 100, 120])
@pytest.mark.parametrize("view", VIEWS)
def test_a_terminal_shows_all_of_every_board(
    monkeypatch: pytest.MonkeyPatch, corpus: Path, view: str, width: int
) -> None:
    for board in sorted(corpus.glob("*[!s].dtb")):
        if json.loads(scmigen("show", view, board, "-q", "--format", "json").stdout or "[]"):
            check_view(monkeypatch, view, [str(board), "-q"], width)


@pytest.mark.usefixtures("once")
def test_sentences_stand_below_their_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Providers have a line of facts, and one that says why; not a column of twelve characters."""
    lines = screen(typed(monkeypatch, 80, "show", "providers", *ORRERY), 80)
    assert lines[0].split() == ["provider", "kinds", "class", "rule", "consumers"]
    assert lines[1:4] == [
        "  because",
        "/clock-24000000                clock        fixed    R4                3",
        "  there is nothing to control",
    ]


def _words(cell: object) -> list[str]:
    return [] if cell is None else str(cell).split()


def test_a_pipe_gets_a_line_for_each_row() -> None:
    done = scmigen("show", "permissions", *ORRERY)
    rows = json.loads(scmigen("show", "permissions", *ORRERY, "--format", "json").stdout)
    first, *lines = done.stdout.splitlines()
    assert [*first.split(), "because"] == list(rows[0])
    assert [line.split() for line in lines] == [
        [word for name, cell in row.items() if name != "because" for word in _words(cell)]
        for row in rows
    ]


WIDE = """/dts-v1/; / {
    cc: cc { compatible = "acme,cc"; reg = <0>; #clock-cells = <1>; };
    a: a { compatible = "acme,a"; clocks = <&cc 1>; };
};
"""


def test_an_agent_may_have_any_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Characters that take two cells keep the columns."""
    agents = "domains:\n  機械甲: {id: 1, default: true}\n"
    board = [written(tmp_path / "b.dts", WIDE), "-a", written(tmp_path / "a.yaml", agents)]
    data = typed(monkeypatch, 60, "show", "permissions", *map(str, board))
    # In a cell of pyte, the second half of a character is empty.
    shown = pyte.Screen(60, 50)
    pyte.ByteStream(shown).feed(data)
    head, row = ([shown.buffer[y][x].data for x in range(60)] for y in (0, 1))
    start = "".join(head).index("kind")
    assert "".join(row[:start]).rstrip() == "機械甲"
    assert "".join(row[start:]).startswith("clock ")


# The order of CPython's own (Using Python, Controlling color): NO_COLOR, FORCE_COLOR, TERM=dumb.
COLOURS = [
    ({}, True, True),
    ({}, False, False),
    ({"NO_COLOR": "1"}, True, False),
    ({"NO_COLOR": ""}, True, True),
    ({"TERM": "dumb"}, True, False),
    ({"FORCE_COLOR": "1"}, False, True),
    ({"FORCE_COLOR": ""}, False, False),
    ({"FORCE_COLOR": "1", "TERM": "dumb"}, False, True),
    ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
]
FAULTY = "/dts-v1/; / { a { clocks = <99 1>; }; };\n"


@pytest.mark.parametrize(("environment", "is_terminal", "wanted"), COLOURS)
def test_colours(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    environment: dict[str, str],
    is_terminal: bool,
    wanted: bool,
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    board = str(written(tmp_path / "b.dts", FAULTY))
    done = (
        typed(monkeypatch, 80, "check", board).decode()
        if is_terminal
        else scmigen("check", board).stdout
    )
    assert ("\x1b[" in done) == wanted
    assert "error[phandle-dangling]" in done
