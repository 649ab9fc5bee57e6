"""Options and error handling of the commands that read a board."""

import functools
import gc
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from scmigen.cli import complete
from scmigen.cli.choices import DEFINE, OPTIONS, QUIET
from scmigen.cli.declare import (
    Command,
    Declares,
    Option,
    Parameter,
    argument,
    option,
    running,
)
from scmigen.cli.problems import UsageError
from scmigen.cli.report import ERRORS, FORMATS, report, say
from scmigen.cli.request import FIELDS, status_of, typed_request
from scmigen.cli.request import BoardRequest as BoardRequest
from scmigen.cli.values import PATH, OneOf, Within
from scmigen.data import replace
from scmigen.diagnostics import InputError, Severity
from scmigen.hints import IO, Any
from scmigen.model.platform import Model
from scmigen.pipeline import Result
from scmigen.runtime import Numbering
from scmigen.targets import registry

_Body = Callable[..., Any]


def board_command(
    *parameters: Parameter,
    help: str,  # noqa: A002 - as click has it
    formats: Sequence[str] = FORMATS,
) -> Declares:
    """A command that reads one board; its body is called with a `BoardRequest`."""

    def declares(body: _Body) -> Command:
        def run(**values: Any) -> None:
            requests, others = _requests(values)
            body(request=the_one(requests), **others)

        return Command(help, (*parameters, *_board(formats)), run)

    return declares


#: The same for a command whose own answer comes as text or JSON.
view_command = functools.partial(board_command, formats=("text", "json"))
#: The same where the answer is a table.
table_command = functools.partial(board_command, formats=("text", "json", "csv"))


def build_command(*parameters: Parameter, help: str) -> Declares:  # noqa: A002
    """The same for ``build``; of several boards, `build_boards` takes care."""

    def declares(body: _Body) -> Command:
        def run(
            output: Path | None, emit: tuple[str, ...], jobs: int | None, **values: Any
        ) -> None:
            requests, others = _requests(values)
            one_file = any(others.get(name) for name in ("depfile", "depfile_target", "stamp"))
            if output is not None or one_file or others["style"] != "text":
                the_one(requests)
            for request in requests:
                if output is None and request.output is None:
                    what = f"the output directory of {request.label}"
                    raise UsageError(f"Missing option '-o', {what}")

            def build(request: BoardRequest) -> None:
                folder, outputs = output or request.output, emit or request.emit
                body(request=request, output=folder, emit=outputs, **others)

            if len(requests) == 1:
                build(requests[0])
                return
            # Processes and a progress bar are needed only here.
            from scmigen.cli.boards import build_boards

            build_boards(requests, jobs, build)

        return Command(help, (_jobs("built"), *_board(FORMATS), *parameters), run)

    return declares


def _outputs(given: Sequence[str]) -> tuple[str, ...]:
    """The names in ``--emit a,b``, which may be given more than once; the default set where it is
    absent."""
    names = tuple(dict.fromkeys(name for text in given for name in text.split(",")))
    unknown = [name for name in names if not registry.exists(name)]
    if unknown:
        said = ", ".join(map(repr, unknown))
        known = ", ".join(registry.names())
        raise UsageError(f"no output {said}; one of: {known}")
    return names


def emit_option(text: str) -> Option:
    """``--emit``, with its line of help."""
    return option(
        "--emit",
        check=_outputs,
        complete=complete.outputs,
        metavar="A,B,…",
        multiple=True,
        help=text,
    )


def _jobs(done: str) -> Option:
    return option(
        "-j",
        "--jobs",
        read=Within(int, 1, 1024),
        help=f"Boards that are {done} at once; by default, one per processor.",
    )


def check_command(*parameters: Parameter, help: str) -> Declares:  # noqa: A002
    """The same for ``check``: of several boards, `check_boards` takes care."""
    each_path = option(
        "--each",
        flag=True,
        help="Each path is a board of its own, or a directory of boards (.dts).",
    )

    def declares(body: _Body) -> Command:
        def run(each: bool, jobs: int | None, emit: tuple[str, ...], **values: Any) -> None:
            if each and values["board"] is None:
                about = "the boards of scmigen.toml are checked without it"
                raise UsageError(f"--each needs paths; {about}")
            requests, others = _requests(values)
            if emit:
                requests = tuple(replace(request, emit=emit) for request in requests)
            if not each and len(requests) == 1:
                body(request=requests[0], **others)
                return
            if others.pop("write_baseline") is not None:
                raise UsageError("--write-baseline is for one board")
            # Processes and a progress bar are needed only here.
            from scmigen.cli.boards import check_boards, each_board

            check_boards(each_board(requests[0]) if each else requests, jobs, **others)

        return Command(help, (each_path, _jobs("checked"), *_board(FORMATS), *parameters), run)

    return declares


#: The options that name a board of a project file.
PROJECT = (
    option(
        "--board",
        "named",
        metavar="NAME",
        help="Board of the project file.",
        complete=complete.boards,
    ),
    option("--project", read=PATH, help="Project file, in place of scmigen.toml in this folder."),
)


def _board(formats: Sequence[str]) -> tuple[Parameter, ...]:
    """The options of every command that reads a board, of which `_requests` makes requests."""
    return (
        *PROJECT,
        QUIET,
        option(
            "--format",
            "style",
            read=OneOf(*formats),
            default="text",
            shown=True,
            help="Form of diagnostics.",
        ),
        *OPTIONS,
        option(
            "--repack", flag=True, help="Renumber everything; replaces the lock file's numbers."
        ),
        option("--ids", read=PATH, help="Lock file, which keeps numbers once assigned."),
        option(
            "--numbering",
            read=OneOf(*(item.value for item in Numbering)),
            usual=Numbering.SHARED.value,
            help="One number per resource, or dense numbers per agent.",
        ),
        DEFINE,
        option(
            "-I",
            "--include",
            read=PATH,
            multiple=True,
            metavar="[NAME=]DIR",
            help="Include directory; NAME=DIR: of the --tree of NAME, or of the board that is "
            "named by --against, in place of the others (repeatable).",
        ),
        option("-a", "--agents", read=PATH, multiple=True, help="Agents file (repeatable)."),
        argument("board", read=PATH, required=False),
        argument("overlays", "[OVERLAY]...", read=PATH, many=True),
    )


def _requests(values: Mapping[str, Any]) -> tuple[tuple[BoardRequest, ...], dict[str, Any]]:
    """What a command line asks for, and the values that are not about that."""
    others = dict(values)
    project, named = others.pop("project"), others.pop("named")
    typed = typed_request(others)
    requests: tuple[BoardRequest, ...] = (typed,)
    if others["board"] is None:
        numbered = others["numbering"] is not None
        requests = of_project(typed, project, named, numbered, others["style"], others["quiet"])
    elif project is not None or named is not None:
        raise UsageError("a BOARD is given, so --project and --board do not apply")
    if typed.repack and None in (request.ids for request in requests):
        raise UsageError("--repack renumbers a lock file: name it with --ids")
    if others.pop("locked", False):
        requests = tuple(map(_locked, requests))
    for field in ("board", "numbering", *FIELDS):
        del others[field]
    return requests, others


def _locked(request: BoardRequest) -> BoardRequest:
    """The request with ``--locked``."""
    if request.ids is None:
        raise UsageError("--locked keeps a lock file as it is: name it with --ids")
    if request.repack:
        raise UsageError("--repack replaces the lock file, and --locked keeps it")
    return replace(request, locked=True)


def the_one(requests: tuple[BoardRequest, ...]) -> BoardRequest:
    """The only request, for a command that is about one board."""
    if len(requests) > 1:
        names = ", ".join(request.name for request in requests)
        raise UsageError(f"name one board of the project file with --board: {names}")
    return requests[0]


def of_project(
    typed: BoardRequest,
    file: Path | None,
    name: str | None,
    numbered: bool,
    style: str,
    quiet: bool,
) -> tuple[BoardRequest, ...]:
    """The requests that a project file makes of what is typed, the numbering if it is ``numbered``;
    its errors end the program."""
    # A project file is read only where no board is typed.
    from scmigen.cli.project import project_requests

    try:
        return project_requests(file, name, typed, numbered)
    except InputError as problem:
        report(problem.diagnostics, style, quiet, sys.stderr)
        raise SystemExit(ERRORS) from None


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
            asked = running()
            command = "the question" if asked is None else asked.name
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
