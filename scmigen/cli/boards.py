"""``check`` and ``build`` for several boards: those of a project file, or each that is named."""

import io
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

from scmigen.cli.excerpts import with_excerpts
from scmigen.cli.problems import UsageError
from scmigen.cli.report import ERRORS, report, say
from scmigen.cli.request import BoardRequest, Servers, Whose, status_of, worst
from scmigen.data import replace
from scmigen.devicetree.heads import Heads
from scmigen.diagnostics import Diagnostic, InputError, Position, Related, Severity, counted
from scmigen.hints import IO, TYPE_CHECKING
from scmigen.inputs import is_directory
from scmigen.project.workers import Outcome, run_all

if TYPE_CHECKING:
    from rich.progress import Progress as Bar


def each_board(request: BoardRequest) -> tuple[BoardRequest, ...]:
    """A request for each path that is typed; a directory stands for all ``.dts`` files below it."""
    if request.ids is not None:
        about = "a lock file (--ids, or lock in scmigen.toml) is that of one board"
        raise UsageError(f"{about}, so not with --each")
    found: dict[Path, None] = {}
    for path in (request.board, *request.overlays):
        inside = sorted(path.rglob("*.dts")) if is_directory(path) else [path]
        if not inside:
            raise UsageError(f"no .dts file is below {path}")
        found.update(dict.fromkeys(inside))
    return tuple(replace(request, board=path, overlays=()) for path in found)


def check_boards(
    requests: Sequence[BoardRequest],
    jobs: int | None,
    against: Servers,
    agent: Whose,
    style: str,
    quiet: bool,
) -> None:
    """Check boards at once, report them in their order, and end with the worst exit status.

    With text, a line with the name of a board precedes what is reported of it; data is one
    document, in which the name is the first related place. How many boards have errors comes last,
    on standard error.
    """
    statuses: Counter[int] = Counter()
    found: dict[str, list[Diagnostic]] = {}
    requests = _with_heads(requests)

    def work(index: int) -> Outcome:
        try:
            result = requests[index].check(against, agent)
        except InputError as problem:
            return Outcome(problem.diagnostics, ERRORS)
        return Outcome((*result.diagnostics, *result.waived), status_of(result))

    with _Progress(len(requests)) as progress:

        def take(index: int, outcome: Outcome) -> None:
            statuses[ERRORS if outcome.status is None else outcome.status] += 1
            progress.went_on()
            if style != "text":
                found.setdefault(requests[index].label, []).extend(outcome.diagnostics)
                return
            counting = [item for item in outcome.diagnostics if item.waiver is None]
            shown = [item for item in counting if not quiet or _is_error(item)]
            if shown:
                with progress.aside():
                    say(f"{requests[index].label}: {_counts(shown)}")
                    report(shown, style, quiet, sys.stdout, counts=False)

        run_all(len(requests), work, jobs or _processors(), take)
    if style != "text":
        _report_data(requests, found, style, quiet)
    wrong = len(requests) - statuses[0]
    say(f"{counted(len(requests), 'board')}: {statuses[0]} ok, {wrong} with errors", err=True)
    raise SystemExit(worst(statuses))


def build_boards(
    requests: Sequence[BoardRequest], jobs: int | None, build: Callable[[BoardRequest], None]
) -> None:
    """Build boards at once, print what each says in their order, and end with the worst status."""
    statuses: list[int] = []
    requests = _with_heads(requests)

    def work(index: int) -> Outcome:
        return _kept(lambda: build(requests[index]))

    with _Progress(len(requests)) as progress:

        def take(_: int, outcome: Outcome) -> None:
            statuses.append(ERRORS if outcome.status is None else outcome.status)
            progress.went_on()
            with progress.aside():
                for text, stream in zip(outcome.printed, (sys.stdout, sys.stderr), strict=True):
                    stream.write(text)
                    stream.flush()
                report(outcome.diagnostics, "text", True, sys.stderr)

        run_all(len(requests), work, jobs or _processors(), take, outputs=True)
    for request, status in zip(requests, statuses, strict=True):
        if status:
            say(f"board {request.label} is not built", err=True)
    if any(statuses):
        raise SystemExit(worst(statuses))


def _with_heads(requests: Sequence[BoardRequest]) -> list[BoardRequest]:
    """The requests, which share what their boards begin with; each process has its own."""
    heads = Heads()
    return [replace(request, heads=heads) for request in requests]


class _Kept(io.StringIO):
    """What is printed, kept; it looks as on the stream that it is for."""

    def __init__(self, stream: IO[str]) -> None:
        super().__init__()
        self.isatty = stream.isatty  # type: ignore[method-assign]


def _kept(build: Callable[[], None]) -> Outcome:
    """The exit status of a build, and what it prints."""
    status = 0
    with redirect_stdout(_Kept(sys.stdout)) as out, redirect_stderr(_Kept(sys.stderr)) as err:
        try:
            build()
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else ERRORS
    return Outcome((), status, (out.getvalue(), err.getvalue()))


def _report_data(
    requests: Sequence[BoardRequest],
    found: Mapping[str, Sequence[Diagnostic]],
    style: str,
    quiet: bool,
) -> None:
    """One document for all boards: JUnit has a suite for each, elsewhere findings name theirs."""
    if style == "junit":
        from scmigen.cli.junit import suites

        shown = {
            board: [i for i in items if i.waiver is None and (not quiet or _is_error(i))]
            for board, items in found.items()
        }
        print(suites({board: with_excerpts(items) for board, items in shown.items()}))
        return
    items = [item for request in requests for item in _attributed(request, found[request.label])]
    counting = [item for item in items if item.waiver is None]
    waived = [item for item in items if item.waiver is not None]
    report(counting, style, quiet, sys.stdout, waived)


def _processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _is_error(item: Diagnostic) -> bool:
    return item.severity is Severity.ERROR


def _attributed(request: BoardRequest, found: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """The diagnostics, each with its board: an included file is a part of many."""
    board = Related(f"board {request.label}", Position(str(request.board)))
    for item in found:
        yield replace(item, related=(board, *item.related))


def _counts(shown: Sequence[Diagnostic]) -> str:
    """``2 errors, 1 note``."""
    counts = Counter(item.severity for item in shown)
    return ", ".join(counted(counts[item], item.word) for item in sorted(counts, reverse=True))


class _Progress:
    """How many boards are done: a bar on standard error, if that is a terminal."""

    def __init__(self, boards: int) -> None:
        self._bar: Bar | None = None
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

            columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn())
            # Processes are forked, so no thread may draw it; and output goes to its own stream.
            self._bar = Progress(
                *columns,
                TimeRemainingColumn(),
                console=Console(stderr=True),
                auto_refresh=False,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._task = self._bar.add_task("boards", total=boards)

    def __enter__(self) -> "_Progress":
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def went_on(self) -> None:
        """One more board is done."""
        if self._bar is not None:
            self._bar.update(self._task, advance=1, refresh=True)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """The bar is away while the body prints."""
        self.__exit__()
        yield
        self.__enter__()
