"""Every block of code in the documentation: read by what reads it, and run.

A block is preceded by ``<!-- not run: REASON -->`` where its commands cannot be run here; they are
parsed all the same. Other tests run the pages of docs/tutorial and docs/howto.
"""

import copy
import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import pytest
import yaml
from conftest import REPOSITORY
from markdown_it import MarkdownIt
from turns import one_in
from walked import like, walk

import scmigen
from scmigen.cli.main import cli

DOCS = REPOSITORY / "docs"
REASON = re.compile(r"<!-- not run: (.+) -->\s*")
SHELL = ("console", "sh")
#: What a page has the reader install is here already.
INSTALLED = "python3 -m venv .venv && .venv/bin/pip install -q . && .venv/bin/"


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code; ``lines`` are its first one and the one behind it, counted from 0."""

    page: Path
    lines: tuple[int, int]
    language: str
    title: str
    text: str
    reason: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(REPOSITORY)}:{self.lines[0] + 1}"


def pages() -> list[Path]:
    docs = [path for path in (REPOSITORY / "docs").rglob("*.md") if path.parent.name != "changes"]
    top = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "examples/ci/README.md")
    return [*(REPOSITORY / name for name in top), *sorted(docs)]


def blocks_of(page: Path) -> Iterator[Block]:
    reason = ""
    for token in MarkdownIt("commonmark").enable(["table"]).parse(page.read_text()):
        if token.type == "html_block":
            found = REASON.fullmatch(token.content)
            reason = found[1] if found else ""
        elif token.type == "fence":
            assert token.map
            language, _, title = token.info.partition(" title=")
            yield Block(page, tuple(token.map), language, title.strip('"'), token.content, reason)
            reason = ""
        elif token.type == "code_block":
            assert token.content.startswith(">>> "), f"{page}: {token.content}"


BLOCKS = [block for page in pages() for block in blocks_of(page)]


def commands(block: Block) -> Iterator[list[str]]:
    """The calls of scmigen in a block, as words."""
    text = block.text
    if block.language == "console":
        lines = re.findall(r"^\$ ((?:.*\\\n)*.*)$", text, re.MULTILINE)
        text = "\n".join(lines)
    for line in text.replace("\\\n", " ").splitlines():
        words = shlex.shlex(line, posix=True, punctuation_chars="|&;><")
        words.whitespace_split = True
        command: list[str] = []
        for word in [*words, ";"]:
            if set(word) <= set("|&;><"):
                if command and Path(command[0]).name == "scmigen":
                    yield command[1:]
                command = []
            else:
                command.append(word)


def parsed(command: click.Command, arguments: Sequence[str], parent: click.Context | None) -> None:
    """Parse as the command does, but for files that need not be here, and names of one board."""
    lenient = copy.copy(command)
    lenient.params = [copy.copy(parameter) for parameter in command.params]
    for parameter in lenient.params:
        parameter.callback = None
        if not isinstance(parameter.type, (click.Choice, click.types.FloatRange)):
            parameter.type = click.UNPROCESSED
    context = lenient.make_context(command.name, list(arguments), parent=parent)
    if isinstance(command, click.Group) and (rest := [*context._protected_args, *context.args]):
        _, child, rest = command.resolve_command(context, rest)
        assert child is not None
        parsed(child, rest, context)


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.language in SHELL], ids=str)
def test_every_command_is_understood(block: Block) -> None:
    for arguments in commands(block):
        try:
            parsed(cli, arguments, None)
        except click.ClickException as problem:
            pytest.fail(f"{' '.join(arguments)}: {problem.format_message()}")


def source(text: str) -> None:
    """Nodes of a device tree, which may refer to others. A whole one is compiled by a command."""
    found: tuple[scmigen.Diagnostic, ...] = ()
    if "/dts-v1/;" not in text:
        try:
            scmigen.loads(f"/dts-v1/; / {{ {text} }};")
        except scmigen.InputError as problem:
            found = tuple(problem.diagnostics)
    assert [item for item in found if item.id != "dts-reference"] == []


def shell(text: str) -> None:
    subprocess.run(["bash", "-n"], input=text, text=True, check=True)


READERS: Mapping[str, Callable[[str], object]] = {
    "bash": shell,
    "dts": source,
    "json": json.loads,
    "python": lambda text: compile(text, "block", "exec"),
    "sh": shell,
    "toml": tomllib.loads,
    "yaml": yaml.safe_load,
}
#: Output, and languages of tools that have tests of their own.
OTHERS = ("", "c", "cmake", "console", "fish", "text", "zsh")


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_every_block_is_read_by_its_reader(block: Block) -> None:
    if block.language not in OTHERS:
        READERS[block.language](block.text)


def only_steps(page: Path) -> str:
    """The page line by line, blocks that are no step empty: fragments, and what is not run."""
    lines = page.read_text().splitlines()
    for block in blocks_of(page):
        step = block.language == "console" or block.title
        if not step or block.reason:
            lines[slice(*block.lines)] = [""] * (block.lines[1] - block.lines[0])
    return "\n".join(lines) + "\n"


WALKED = [
    page
    for page in pages()
    if page.parent not in (DOCS / "tutorial", DOCS / "howto") and "```console" in page.read_text()
]


# By default the README, and others in turn.
@pytest.mark.parametrize(
    "page", one_in(2, WALKED), ids=lambda page: page.relative_to(REPOSITORY).as_posix()
)
def test_every_command_prints_what_the_page_has(page: Path, tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(REPOSITORY / "examples")
    walk(page, tmp_path, read=only_steps)


def test_what_is_not_run_has_a_reason() -> None:
    shells = [b for b in BLOCKS if b.language == "sh" and not b.reason]
    first = [str(block) for block in shells if INSTALLED in block.text]
    assert [str(block) for block in shells if block.page.parent != DOCS / "howto"] == first


def test_the_first_command_prints_what_the_readme_has(tmp_path: Path) -> None:
    first, output, *_ = blocks_of(REPOSITORY / "README.md")
    arguments = shlex.split(first.text.removeprefix(INSTALLED))
    (tmp_path / "examples").symlink_to(REPOSITORY / "examples")
    done = subprocess.run(
        [Path(sys.executable).parent / arguments[0], *arguments[1:]],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    )
    assert like(output.text.splitlines()).fullmatch(done.stdout)
