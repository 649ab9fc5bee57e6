"""Options and error handling of the commands that read a board."""

import functools
import gc
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import click
from click.core import ParameterSource

from scmigen.cli import complete
from scmigen.cli.choices import OPTIONS
from scmigen.cli.one_of import OneOf
from scmigen.cli.report import ERRORS, FORMATS, report, say
from scmigen.cli.request import FIELDS, status_of, typed_request
from scmigen.cli.request import BoardRequest as BoardRequest
from scmigen.data import replace
from scmigen.diagnostics import InputError, Severity
from scmigen.model.platform import Model
from scmigen.pipeline import Result
from scmigen.runtime import Numbering

_Command = Callable[..., Any]


def board_options(command: _Command, formats: Sequence[str] = FORMATS) -> _Command:
    """The options of every command that reads a board; it is called with a `BoardRequest`."""

    def call(requests: tuple[BoardRequest, ...], **others: Any) -> Any:
        return command(request=the_one(requests), **others)

    return _options(call, command, formats)


def build_options(command: _Command) -> _Command:
    """The same for ``build``; of several boards, `build_boards` takes care."""

    def call(
        requests: tuple[BoardRequest, ...],
        output: Path | None,
        emit: tuple[str, ...],
        jobs: int | None,
        **others: Any,
    ) -> None:
        one_file = any(others.get(name) for name in ("depfile", "depfile_target", "stamp"))
        if output is not None or one_file or others["style"] != "text":
            the_one(requests)
        for request in requests:
            if output is None and request.output is None:
                what = f"the output directory of {request.label}"
                raise click.UsageError(f"Missing option '-o', {what}")

        def build(request: BoardRequest) -> None:
            folder, outputs = output or request.output, emit or request.emit
            command(request=request, output=folder, emit=outputs, **others)

        if len(requests) == 1:
            build(requests[0])
            return
        # Processes and a progress bar are needed only here.
        from scmigen.cli.boards import build_boards

        build_boards(requests, jobs, build)

    return _jobs("built")(_options(call, command, FORMATS))


def _jobs(done: str) -> Callable[[_Command], _Command]:
    return click.option(
        "-j",
        "--jobs",
        type=click.IntRange(1, 1024),
        help=f"Boards that are {done} at once; by default, one per processor.",
    )


def check_options(command: _Command) -> _Command:
    """The same for ``check``: of several boards, `check_boards` takes care."""

    def call(
        requests: tuple[BoardRequest, ...],
        each: bool,
        jobs: int | None,
        emit: tuple[str, ...],
        **others: Any,
    ) -> None:
        if emit:
            requests = tuple(replace(request, emit=emit) for request in requests)
        if not each and len(requests) == 1:
            command(request=requests[0], **others)
            return
        if others.pop("write_baseline") is not None:
            raise click.UsageError("--write-baseline is for one board")
        # Processes and a progress bar are needed only here.
        from scmigen.cli.boards import check_boards, each_board

        check_boards(each_board(requests[0]) if each else requests, jobs, **others)

    with_options = _options(call, command, FORMATS)
    for option in (
        _jobs("checked"),
        click.option(
            "--each",
            is_flag=True,
            help="Each path is a board of its own, or a directory of boards (.dts).",
        ),
    ):
        with_options = option(with_options)
    return with_options


def project_options(command: _Command) -> _Command:
    """The options that name a board of a project file."""
    for option in (
        click.option(
            "--project",
            type=click.Path(path_type=Path),
            help="Project file, in place of scmigen.toml in this folder.",
        ),
        click.option(
            "--board",
            "named",
            metavar="NAME",
            help="Board of the project file.",
            shell_complete=complete.boards,
        ),
    ):
        command = option(command)
    return command


def _options(call: _Command, command: _Command, formats: Sequence[str]) -> _Command:
    @functools.wraps(command)
    def with_requests(project: Path | None, named: str | None, **others: Any) -> Any:
        typed = typed_request(others)
        requests: tuple[BoardRequest, ...] = (typed,)
        if others["board"] is None:
            requests = of_project(typed, project, named, others["style"], others["quiet"])
        elif project is not None or named is not None:
            raise click.UsageError("a BOARD is given, so --project and --board do not apply")
        if typed.repack and None in (request.ids for request in requests):
            raise click.UsageError("--repack renumbers a lock file: name it with --ids")
        if others.pop("locked", False):
            requests = tuple(map(_locked, requests))
        for field in ("board", "numbering", *FIELDS):
            del others[field]
        return call(requests=requests, **others)

    path = click.Path(path_type=Path)
    for option in (
        # Click takes what is given last for what comes first.
        click.argument("overlays", metavar="[OVERLAY]...", type=path, nargs=-1),
        click.argument("board", type=path, required=False),
        click.option("-a", "--agents", type=path, multiple=True, help="Agents file (repeatable)."),
        click.option(
            "-I",
            "--include",
            type=path,
            multiple=True,
            metavar="[NAME=]DIR",
            help="Include directory; NAME=DIR: of the --tree of NAME, or of the board that is "
            "named by --against, in place of the others (repeatable).",
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
            type=OneOf([item.value for item in Numbering]),
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
            type=OneOf(formats),
            default="text",
            show_default=True,
            help="Form of diagnostics.",
        ),
        click.option("-q", "--quiet", is_flag=True, help="Print errors only."),
    ):
        with_requests = option(with_requests)
    return project_options(with_requests)


def _locked(request: BoardRequest) -> BoardRequest:
    """The request with ``--locked``."""
    if request.ids is None:
        raise click.UsageError("--locked keeps a lock file as it is: name it with --ids")
    if request.repack:
        raise click.UsageError("--repack replaces the lock file, and --locked keeps it")
    return replace(request, locked=True)


def the_one(requests: tuple[BoardRequest, ...]) -> BoardRequest:
    """The only request, for a command that is about one board."""
    if len(requests) > 1:
        names = ", ".join(request.name for request in requests)
        raise click.UsageError(f"name one board of the project file with --board: {names}")
    return requests[0]


def of_project(
    typed: BoardRequest, file: Path | None, name: str | None, style: str, quiet: bool
) -> tuple[BoardRequest, ...]:
    """The requests that a project file makes of what is typed; its errors end the program."""
    # A project file is read only where no board is typed.
    from scmigen.cli.project import project_requests

    source = click.get_current_context().get_parameter_source("numbering")
    try:
        return project_requests(file, name, typed, source is not ParameterSource.DEFAULT)
    except InputError as problem:
        report(problem.diagnostics, style, quiet, sys.stderr)
        raise SystemExit(ERRORS) from None


#: The same for a command whose own answer comes as text or JSON.
view_options = functools.partial(board_options, formats=("text", "json"))
#: The same where the answer is a table.
table_options = functools.partial(board_options, formats=("text", "json", "csv"))


@contextmanager
def answering(request: BoardRequest, style: str, quiet: bool) -> Iterator[Model]:
    """The model of a board, for the body to answer from, also where the board has errors.

    They are printed after the answer, on standard error, and the program ends with their status.
    Where they leave no model, the answer is missing, and a line says so.
    """
    gc.disable()  # one board is read, then the process ends
    try:
        found = request.compile()
    except InputError as problem:
        report(problem.diagnostics, style, quiet, sys.stderr)
        if style != "json":
            command = click.get_current_context().info_name
            say(f"{command} is not answered: the board has errors", err=True)
        raise SystemExit(ERRORS) from None
    try:
        yield found.model
    finally:
        errors = [item for item in found.diagnostics if item.severity is Severity.ERROR]
        if errors:
            report(errors, style, quiet, sys.stderr, counts=False)
    if errors:
        raise SystemExit(status_of(found))


def compiled(compile_it: Callable[[], Result], style: str, quiet: bool, stream: IO[str]) -> Result:
    """The compiled board; where there are errors, they go to ``stream`` and the program ends."""
    # One board is read and reported, then the process ends: collecting garbage only costs time.
    gc.disable()
    try:
        found = compile_it()
    except InputError as problem:
        report(problem.diagnostics, style, quiet, stream)
        raise SystemExit(ERRORS) from None
    if not found.ok:
        report(found.diagnostics, style, quiet, stream, found.waived)
        raise SystemExit(status_of(found))
    return found
