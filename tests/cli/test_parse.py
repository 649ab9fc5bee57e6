"""Command lines that run without click: their values are click's to the letter, or click runs them.

Click is the reference, on the commands that are made of the same declarations.
"""

import os
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout, suppress
from io import StringIO
from pathlib import Path
from typing import Any

import click
import pytest
from conftest import EXAMPLES

from scmigen.cli.commands import SCMIGEN
from scmigen.cli.declare import Argument, Call, Command, Group, Option, Parameter
from scmigen.cli.main import with_act
from scmigen.cli.parse import understood
from scmigen.cli.values import OneOf, PathOf, Within

#: How many lines of each command are tried; SCMIGEN_FUZZ raises it.
LINES = int(os.environ.get("SCMIGEN_FUZZ", "40"))

Path_ = tuple[str, ...]
#: A call as plain data: values with their types, which two that are equal may differ in.
Told = tuple[Path_, str, str]


def commands(group: Group, words: Path_ = ()) -> Iterator[tuple[Path_, tuple[Group, ...], Command]]:
    """Every command below a group, with the words that name it and the groups above it."""
    for name in group.commands:
        below = group.below(name)
        if isinstance(below, Group):
            for path, above, command in commands(below, (*words, name)):
                yield path, (group, *above), command
        elif below is not None:
            yield (*words, name), (group,), below


COMMANDS = {" ".join(path): (path, above, one) for path, above, one in commands(SCMIGEN)}


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in which a file and a folder of these names are."""
    path = tmp_path_factory.mktemp("parse")
    (path / "board.dts").touch()
    (path / "folder").mkdir()
    with chdir(path):
        yield path


def told(call: Call) -> Told:
    return (
        (call.name, str(id(call.command))),
        repr(sorted(call.values.items())),
        repr([vars(each) for each in call.above]),
    )


def by_click(words: list[str]) -> Told | None:
    """What click makes of a command line; None where it prints something instead."""
    found: list[Call] = []
    with (
        redirect_stdout(StringIO()),
        redirect_stderr(StringIO()),
        suppress(click.ClickException),
    ):
        with_act(found.append).main(words, "scmigen", standalone_mode=False)
    return told(found[0]) if found else None


def by_us(words: list[str]) -> Told | None:
    found = understood("scmigen", SCMIGEN, words)
    return None if found is None else told(found)


ODD = ("", "-", "--", "-1", "--help", "-h", "-q", "x", "a=b", "--nothing", "-qv", "é", "\udcff")


def value(random_: random.Random, parameter: Parameter) -> str:
    """What may be typed for a parameter, and sometimes what may not."""
    read: Any = parameter.read
    likely: tuple[str, ...] = ("a", "b=c", "linux=board.dts", "no-rate-twice", "error", "headers")
    if isinstance(read, PathOf):
        likely = ("board.dts", "folder", "none", ".", "a=folder", "none/none")
    elif isinstance(read, OneOf):
        likely = (*read.words, *read.words, *(word.upper() for word in read.words))
    elif isinstance(read, Within) or read is not str:
        odd = (" 3", "0x10", "0.5", "1e3", "1_0", "nan", "-2", "9" * 30)
        likely = (*("0", "1", "12") * 8, *odd)
    return random_.choice(likely if random_.random() < 0.95 else ODD)


def option_words(random_: random.Random, option: Option) -> list[str]:
    """An option as it may be typed, with its value."""
    word = random_.choice((*option.words, *option.off))
    if option.flag:
        return [word] if random_.random() < 0.95 else [f"{word}=1"]
    typed = value(random_, option)
    joined = f"{word}={typed}" if word.startswith("--") else f"{word}{typed}"
    if random_.random() < 0.05:
        return [word]
    return random_.choice(([word, typed], [joined]))


def some_words(random_: random.Random, parameters: Sequence[Parameter]) -> list[str]:
    """Options and arguments in some order."""
    parts: list[list[str]] = []
    options = [each for each in parameters if isinstance(each, Option)]
    chosen = random_.choices(options, k=random_.randrange(3)) if options else []
    parts += [option_words(random_, option) for option in chosen]
    for each in parameters:
        if isinstance(each, Argument):
            count = random_.randrange(3) if each.many else random_.random() < 0.95
            for _ in range(count):
                parts.insert(random_.randint(0, len(parts)), [value(random_, each)])
    if random_.random() < 0.1:
        parts.insert(random_.randint(0, len(parts)), [random_.choice(ODD)])
    return [word for part in parts for word in part]


@pytest.mark.parametrize("name", COMMANDS)
def test_what_runs_without_click_has_its_values(name: str) -> None:
    path, above, command = COMMANDS[name]
    random_ = random.Random(name)
    without = 0
    for _ in range(LINES):
        line: list[str] = []
        for group, word in zip(above, path, strict=True):
            line += [*some_words(random_, group.parameters), word]
        line += some_words(random_, command.parameters)
        ours = by_us(line)
        without += ours is not None
        assert ours is None or ours == by_click(line), line
    assert without > 1


#: Right lines, which have to run without click.
RIGHT = (
    "check",
    "check board.dts",
    "check -q board.dts -I folder -Ifolder -I=folder --include=folder -D A -DB=1",
    "check --format=sarif --format json board.dts -- -overlay.dtso -q",
    "check -W no-rate-twice -W error -E rate-twice board.dts --each -j2",
    "check board.dts --against a.json --as linux --tree vm1=vm1.dts",
    "build board.dts -o out --emit runtime,headers --emit scp -qv",
    "build board.dts -o -- --locked --ids x --numbering per-agent --prefix-map a=b",
    "build -oout - --stamp= board.dts",
    "why linux clock:12 board.dts overlay.dtso --not --operation rate",
    "show resources board.dts --format csv",
    "diff old.dts new.dts --fail-on gain --fail-on incomparable",
    "diff old.dts new.dts --remap tables --release sdk_2 --implementation-version 0x10",
    "convert -@ -b 1 -S0 -p 16 a.dts b.dtb",
    "serve run.json --listen a=unix:x --profile 3.2 --latencies",
    "client unix:x clock list",
    "client --format json --timeout 1 unix:x clock rate 0x10 1000 --timeout 2.5",
    "client unix:x clock on 3 --hold 1 --format=json",
    "client unix:x voltage level 0 --format text",
    "client unix:x call CLOCK_RATE_SET clock=3 rate=48000000",
    "client unix:x raw base 0",
    "client unix:x fault on",
    "check board.dts -j 1024",
    "client --timeout 3600 unix:x info --timeout 0.01",
    "compare-server unix:a unix:b --no-sweep --sweep",
    "compare-server unix:a unix:b --no-sweep --messages 5 --protocol clock --write",
    "explain --list",
    "audit linux=dump:a.json b.json",
    "import a.json board.dts -o out",
    "schema agents",
    "telemetry run.json --extra a --extra b",
    "dissector",
)


@pytest.mark.parametrize("line", RIGHT)
def test_a_right_line_runs_without_click(line: str) -> None:
    found = by_us(line.split())
    assert found is not None
    assert found == by_click(line.split())


@pytest.mark.parametrize(
    "line",
    [
        "",
        "chek board.dts",
        "check --help",
        "check board.dts -qh",
        "check --nothing board.dts",
        "check --forma json board.dts",
        "check -q=1 board.dts",
        "check --quiet= board.dts",
        "check board.dts -I",
        "check board.dts -j 0",
        "check board.dts -j x",
        "check board.dts -j 1025",
        "client --timeout 3601 unix:x info",
        "client --timeout nan unix:x info",
        "check board.dts -W nothing-like-it",
        "show agent board.dts",
        "explain a b",
        "convert a.dts",
        "import a.json board.dts",
        "client unix:x",
        "client unix:x clock",
        "client unix:x --format json clock list",
        "client unix:x clock rate x",
        "client --timeout 0 unix:x info",
        "client unix:x voltage level 0 -5",
        "serve folder --directory board.dts",
        "serve run.json --trace folder",
        "compare-server a b --protocol CLOCK",
    ],
)
def test_what_is_not_plainly_right_is_left_to_click(line: str) -> None:
    assert by_us(line.split()) is None


def test_a_file_that_may_not_be_read_is_left_to_click(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert by_us(["check", "board.dts"]) is None
    assert by_us(["check", "none"]) is not None
    assert by_click(["check", "board.dts"]) is None


def imported(*words: str, **variables: str) -> tuple[int, str, bool]:
    """The status of a command, what it prints to standard error, and whether it imports click."""
    program = (
        "import sys\n"
        "from scmigen.cli.front import main\n"
        "try: main()\n"
        "finally: print('click' in sys.modules, file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *words],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **variables},
    )
    *lines, last = done.stderr.splitlines()
    return done.returncode, "\n".join(lines), last == "True"


@pytest.mark.parametrize(
    "words", [("--version",), ("check", str(EXAMPLES / "minimal.dts")), ("dissector",)]
)
def test_click_is_not_imported(words: tuple[str, ...]) -> None:
    assert imported(*words) == (0, "", False)


def test_click_says_what_is_wrong() -> None:
    status, said, click_is = imported("check", "board.dts", "--board", "x")
    assert (status, click_is) == (2, True)
    first, *_, last = said.splitlines()
    assert first == "Usage: -c check [OPTIONS] [BOARD] [OVERLAY]..."
    assert last == "Error: a BOARD is given, so --project and --board do not apply"


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        ("call clock x", "'x' is not a number"),
        ("call CLOCK_RATE_SET clock=-4x", "'4x' is not a number"),
        ("raw 0x14 0 0x100000000", "0x100000000 is not within 0 and 0xffffffff"),
        ("raw clokc 0", "'clokc' is not a number"),
        ("raw clock 0 hex:1", "'hex:1' is not hexadecimal"),
        ("raw clock 0 hex:" + "00" * 200, "a payload has at most 128 bytes"),
    ],
)
def test_a_body_that_refuses_a_value_says_what_click_would(words: str, wrong: str) -> None:
    status, said, _ = imported("client", "unix:none/x", *words.split())
    assert (status, said.splitlines()[-1]) == (2, f"Error: Invalid value: {wrong}")


def test_a_failure_needs_no_click() -> None:
    status, said, click_is = imported("client", "unix:none/x", "--timeout", "1", "info")
    assert (status, click_is) == (2, True)
    status, said, click_is = imported("client", "--timeout", "1", "unix:none/x", "info")
    assert (status, click_is) == (1, False)
    assert said.startswith("Error: no server at unix:none/x: ")


def test_a_shell_that_completes_is_answered() -> None:
    _, _, click_is = imported("check", _SCMIGEN_COMPLETE="bash_source")
    assert click_is


def test_a_time_is_a_number() -> None:
    status, said, _ = imported("client", "--timeout", "nan", "unix:none/x", "info")
    assert status == 2
    assert said.endswith("Error: Invalid value for '--timeout': 'nan' is not a number")
