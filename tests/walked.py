"""Pages walked as a reader does: files written, commands typed, answers compared.

A page has two kinds of code blocks. ``console`` blocks are what a terminal shows: commands after
``$``, each on one line or on several that end in ``\\``, and what they print. Blocks of one
``title`` are one terminal.
Any other block has a ``title`` that names a file, which is written with the block's text, or
``FILE (added)``, where the text is appended. One below ``<!-- not run: REASON -->`` is passed over.
In an output, ``…`` stands for any text within a line, a line ``...`` for any lines.
"""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import unified_diff
from pathlib import Path
from threading import Thread

#: What a page tells to install is there already, tests are offline, and take nothing out.
INSTALLED = re.compile(
    r"python3 -m venv|\. \.venv/|pip install -q (?:\.|clingo)$|pip uninstall|sudo apt "
)
#: Commands that go on: their output is awaited, not their end.
LASTING = ("scmigen serve",)
PATIENCE = 60.0
_DONE = "--- done ---"


@dataclass(frozen=True, slots=True)
class Step:
    """A command with the output that the page has for it, which is in ``page[start:end]``."""

    terminal: str
    command: str
    output: list[str]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Written:
    """A file that the page has the reader write."""

    name: str
    text: str
    added: bool


def steps_of(page: str) -> Iterator[Step | Written]:
    """What a reader does on a page, in order; ``AssertionError`` for a block of no known kind."""
    lines = page.splitlines()
    number = 0
    while number < len(lines):
        if opened := re.match(r'```(\w*)(?: title="([^"]+)")?$', lines[number]):
            close = lines.index("```", number + 1)
            language, title = opened[1], opened[2] or ""
            if lines[number - 1].startswith("<!-- not run: "):
                pass
            elif language == "console":
                yield from _commands(lines, number + 1, close, title)
            else:
                assert title, f"line {number + 1}: neither a terminal nor a file"
                name = title.removesuffix(" (added)")
                text = "\n".join(lines[number + 1 : close]) + "\n"
                yield Written(name, text, added=name != title)
            number = close
        number += 1


def _commands(lines: list[str], number: int, close: int, terminal: str) -> Iterator[Step]:
    while number < close:
        command = [lines[number].removeprefix("$ ")] if lines[number].startswith("$ ") else []
        number += len(command)
        while command and command[-1].endswith("\\"):
            command.append(lines[number])
            number += 1
        start = number
        while number < close and not lines[number].startswith("$ "):
            number += 1
        yield Step(terminal, "\n".join(command), lines[start:number], start, number)


def like(expected: list[str]) -> re.Pattern[str]:
    """What matches an output as a page has it."""
    pattern = "".join(
        r"(?:.*\n)*?"
        if line.strip() == "..."
        else ".*".join(map(re.escape, line.split("…"))) + r"\n"
        for line in expected
    )
    return re.compile(pattern)


def _text(said: bytes) -> str:
    # A serial line ends with both.
    return said.decode(errors="replace").replace("\r\n", "\n")


def _kept() -> dict[str, str]:
    """Where a reader's second command finds what the first one kept: bytecode, and what scmigen
    makes of its grammars and templates. No page is about that, so all share it."""
    cache = os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))
    bytecode = os.environ.get("PYTHONPYCACHEPREFIX", "")
    return {"XDG_CACHE_HOME": cache, "PYTHONPYCACHEPREFIX": bytecode}


class Terminal:
    """A shell that is given one command after the other."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        reading, self._commands = os.pipe()
        self._shell = subprocess.Popen(
            ["bash", "--noprofile", "--norc", f"/dev/fd/{reading}"],
            pass_fds=[reading],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        os.close(reading)
        self._heard = bytearray()
        self._told = 0
        self._reader = Thread(target=self._listen, daemon=True)
        self._reader.start()

    def _listen(self) -> None:
        assert self._shell.stdout is not None
        while data := os.read(self._shell.stdout.fileno(), 1 << 16):
            self._heard += data

    @property
    def folder(self) -> Path:
        """The working folder of the shell."""
        return Path(f"/proc/{self._shell.pid}/cwd").resolve()

    def run(self, command: str, expected: re.Pattern[str]) -> str:
        """What a command prints to its end; of one that lasts, what is expected, or all."""
        if command:
            line = f"{command}\ns=$?; echo '{_DONE}'; (exit $s)\n"
            os.write(self._commands, line.encode())
        lasts = not command or command.startswith(LASTING)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            said, done, _ = self._rest().partition(f"{_DONE}\n".encode())
            if done or (lasts and expected.fullmatch(_text(said))):
                self._told += len(said) + len(done)
                return _text(said)
            time.sleep(0.02)
        said = self._rest()
        self._told += len(said)
        return _text(said)

    def _rest(self) -> bytes:
        return bytes(self._heard[self._told :])

    def close(self) -> None:
        """End the shell and all that it started."""
        os.close(self._commands)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self._shell.pid, number)
                self._reader.join(timeout=2)
            except ProcessLookupError:
                break
        self._shell.wait()
        assert self._shell.stdout is not None
        self._shell.stdout.close()


@dataclass(slots=True)
class Walk:
    """A page being walked in a folder."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    terminals: dict[str, Terminal] = field(default_factory=dict)

    def terminal(self, name: str) -> Terminal:
        """The terminal of that title, opened where it is not yet."""
        if name not in self.terminals:
            # As after `. .venv/bin/activate`, without colours.
            scripts = str(Path(sys.executable).parent)
            environment = {
                "PATH": f"{scripts}:{os.environ['PATH']}",
                "HOME": str(self.folder),
                "LC_ALL": "C.UTF-8",
                **_kept(),
                **self.environment,
            }
            # A further terminal is opened where the reader is.
            folder = self.terminals[""].folder if name else self.folder
            self.terminals[name] = Terminal(folder, environment)
        return self.terminals[name]

    def do(self, step: Step | Written) -> str:
        """The output of a command; a file is written, and prints nothing."""
        if isinstance(step, Step):
            if INSTALLED.match(step.command):
                return "\n".join([*step.output, ""]) if step.output else ""
            return self.terminal(step.terminal).run(step.command, like(step.output))
        file = self.terminal("").folder / step.name
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a" if step.added else "w") as stream:
            stream.write(step.text)
        return ""

    def close(self) -> None:
        """End everything that the page started."""
        for terminal in self.terminals.values():
            terminal.close()


def walk(
    page: Path,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    adapt: Callable[[str], str] = str,
    read: Callable[[Path], str] = Path.read_text,
) -> None:
    """Do what a page says in ``folder``; ``AssertionError`` where an answer is not what it has.

    ``adapt`` makes of a line of the page what is expected here, ``read`` has the page line by line,
    with what is not walked empty. With ``SCMIGEN_WRITE_PAGES`` in the environment, what is wrong on
    the page is replaced by what was said.
    """
    going = Walk(folder, environment or {})
    wrong: list[tuple[Step, str]] = []
    try:
        for step in steps_of(read(page)):
            if isinstance(step, Step):
                step = replace(step, output=[adapt(line) for line in step.output])
            said = going.do(step)
            if isinstance(step, Step) and not like(step.output).fullmatch(said):
                wrong.append((step, said))
                if "SCMIGEN_WRITE_PAGES" not in os.environ:
                    break
    finally:
        going.close()
    if "SCMIGEN_WRITE_PAGES" in os.environ:
        lines = page.read_text().splitlines()
        for step, said in reversed(wrong):
            lines[step.start : step.end] = said.splitlines()
        page.write_text("\n".join(lines) + "\n")
        return
    for step, said in wrong:
        differences = "\n".join(unified_diff(step.output, said.splitlines(), "page", "said", n=1))
        raise AssertionError(f"{page.name}:{step.start}: {step.command}\n{differences}")
