"""Options and error handling of the commands that read a board."""

import functools
import gc
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import click

from scmigen import api
from scmigen.checks.switches import NOTHING, Asked
from scmigen.cli.choices import OPTIONS, asked
from scmigen.cli.report import ERRORS, FORMATS, MOVED, report
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Diagnostic, InputError, Severity
from scmigen.model.places import PrefixMap
from scmigen.pipeline import Result
from scmigen.runtime import Numbering

_Command = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class BoardRequest:
    """The board that a command line names, and how it is to be read and numbered."""

    board: Path
    overlays: tuple[Path, ...] = ()
    agents: tuple[Path, ...] = ()
    include: tuple[Path, ...] = ()
    define: tuple[str, ...] = ()
    numbering: Numbering = Numbering.SHARED
    ids: Path | None = None
    trees: tuple[tuple[str, Path], ...] = ()
    repack: bool = False
    overrides: Asked = NOTHING
    prefix_map: PrefixMap = ()
    locked: bool = False

    def load(self, path: Path, overlays: Sequence[Path] = ()) -> DeviceTree:
        """The tree in a file, read as the command line says. Raises `InputError`."""
        return api.load(path, overlays=overlays, include=self.include, define=self.define)

    def compile(self, against: Path | None = None, agent: str | None = None) -> Result:
        """The compiled board. Raises `InputError`."""
        wrong: list[Diagnostic] = []

        def load(path: Path, overlays: Sequence[Path] = ()) -> DeviceTree | None:
            try:
                return self.load(path, overlays)
            except InputError as problem:
                wrong.extend(problem.diagnostics)
                return None

        board = load(self.board, self.overlays)
        trees = {name: tree for name, path in self.trees if (tree := load(path))}
        is_board = against is not None and against.suffix != ".json"
        server = load(against) if against is not None and is_board else against
        if wrong or board is None:
            raise InputError(wrong)
        return api.compile(
            board,
            agents=self.agents,
            trees=trees,
            lock=self.ids,
            numbering=self.numbering,
            repack=self.repack,
            overrides=self.overrides,
            against=server,
            agent=agent,
            prefix_map=self.prefix_map,
            locked=self.locked,
        )


def board_options(command: _Command, formats: Sequence[str] = FORMATS) -> _Command:
    """The options of every command that reads a board; it is called with a `BoardRequest`."""

    @functools.wraps(command)
    def with_request(
        board: Path,
        overlays: tuple[Path, ...],
        agents: tuple[Path, ...],
        include: tuple[Path, ...],
        define: tuple[str, ...],
        numbering: str,
        ids: Path | None,
        **others: Any,
    ) -> Any:
        repack = others.pop("repack")
        if repack and ids is None:
            raise click.UsageError("--repack renumbers a lock file: name it with --ids")
        request = BoardRequest(
            board,
            overlays,
            agents,
            include,
            define,
            Numbering(numbering),
            ids,
            others.pop("trees"),
            repack,
            asked(others.pop("switches"), others.pop("errors")),
        )
        return command(request=request, **others)

    path = click.Path(path_type=Path)
    for option in (
        # Click takes what is given last for what comes first.
        click.argument("overlays", metavar="[OVERLAY]...", type=path, nargs=-1),
        click.argument("board", type=path),
        click.option("-a", "--agents", type=path, multiple=True, help="Agents file (repeatable)."),
        click.option(
            "-I", "--include", type=path, multiple=True, help="Include directory (repeatable)."
        ),
        click.option(
            "-D",
            "--define",
            multiple=True,
            metavar="NAME[=VALUE]",
            help="Define a macro (repeatable).",
        ),
        click.option(
            "--numbering",
            type=click.Choice([item.value for item in Numbering]),
            default=Numbering.SHARED.value,
            show_default=True,
            help="One number per resource, or dense numbers per agent.",
        ),
        click.option("--ids", type=path, help="Lock file, which keeps numbers once assigned."),
        click.option(
            "--repack", is_flag=True, help="Renumber everything; replaces the lock file's numbers."
        ),
        *OPTIONS,
        click.option(
            "--format",
            "style",
            type=click.Choice(formats),
            default="text",
            show_default=True,
            help="Form of diagnostics.",
        ),
        click.option("-q", "--quiet", is_flag=True, help="Print errors only."),
    ):
        with_request = option(with_request)
    return with_request


#: The same for a command whose own answer comes as text or JSON.
view_options = functools.partial(board_options, formats=("text", "json"))


def compiled(
    request: BoardRequest,
    style: str,
    quiet: bool,
    stream: IO[str] | None = None,
    against: Path | None = None,
    agent: str | None = None,
) -> Result:
    """The compiled board; where there are errors, they are printed and the program ends.

    Diagnostics go to ``stream``, standard error by default.
    """
    stream = stream or sys.stderr
    # One board is read and reported, then the process ends: collecting garbage only costs time.
    gc.disable()
    try:
        found = request.compile(against, agent)
    except InputError as problem:
        report(problem.diagnostics, style, quiet, stream)
        raise SystemExit(ERRORS) from None
    if not found.ok:
        report(found.diagnostics, style, quiet, stream)
        raise SystemExit(MOVED if _only_moved(found) else ERRORS)
    return found


def _only_moved(found: Result) -> bool:
    return all(
        item.id in ("id-moved", "lock-outdated")
        for item in found.diagnostics
        if item.severity is Severity.ERROR
    )
