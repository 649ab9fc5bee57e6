"""Many boards at once: a process for each, forked from this one when everything is imported."""

import gc
import os
import pickle
import signal
from collections.abc import Callable
from selectors import EVENT_READ, DefaultSelector

from scmigen.data import Data, field, replace
from scmigen.diagnostics import Diagnostic, Finding
from scmigen.hints import NoReturn
from scmigen.project.warm_up import warm_up
from scmigen.targets.common.exclusive import stoppable
from scmigen.tuples import NamedTuple

BOARD_FAILED = Finding(
    "board-failed",
    "The process for one of several boards ended without a result.",
    "Check that board alone; if memory ran out, have fewer at once (-j).",
    switchable=False,
)

#: Seconds after which a signal to end is noticed, and bytes that are read at once.
_PATIENCE, _CHUNK = 0.2, 1 << 16

#: What ends a process: here these are kept for later, in the workers they end it at once.
_ENDING = ("SIGINT", "SIGTERM", "SIGHUP")


class Outcome(NamedTuple):
    """What was found in one board; ``status`` is the exit status that it alone would have.

    ``None``: the process did not come to an end, and the one diagnostic says why. ``printed`` is
    what the process wrote to standard output, and to standard error.
    """

    diagnostics: tuple[Diagnostic, ...]
    status: int | None
    printed: tuple[str, str] = ("", "")


#: What is done for the board of a number.
Work = Callable[[int], Outcome]


def run_all(
    count: int,
    work: Work,
    jobs: int,
    take: Callable[[int, Outcome], None],
    outputs: bool = False,
) -> None:
    """Do ``work`` for ``count`` boards, each in a process of its own, at most ``jobs`` at once.

    ``take`` gets the outcomes in the order of the boards. ``outputs``: the work makes some. No
    process is left at the end, also where a signal asks for it. Where the system has no fork, all
    is done here.
    """
    if not hasattr(os, "fork"):
        for index in range(count):
            take(index, work(index))
        return
    warm_up(outputs)
    with stoppable() as check, DefaultSelector() as selector:
        pool = _Pool(count, work, selector)
        try:
            for index in range(count):
                while index not in pool.done:
                    check()
                    pool.start(jobs)
                    pool.read()
                take(index, pool.done.pop(index))
        finally:
            pool.end()


class _Worker(Data, frozen=False):
    """A process, the number of its board, and what has come from it."""

    process: int
    index: int
    data: bytearray = field(default_factory=bytearray)


class _Pool:
    """The processes that run, by the pipe that each writes to, and the outcomes of the others."""

    def __init__(self, count: int, work: Work, selector: DefaultSelector) -> None:
        self._count = count
        self._work = work
        self._selector = selector
        self._workers: dict[int, _Worker] = {}
        self._next = 0
        self.done: dict[int, Outcome] = {}

    def start(self, jobs: int) -> None:
        """Start processes until ``jobs`` of them run."""
        while len(self._workers) < jobs and self._next < self._count:
            pipe, end = os.pipe()
            process = os.fork()
            if not process:
                # A pipe ends when nobody else holds it.
                for other in (pipe, *self._workers):
                    os.close(other)
                _answer(self._work, self._next, end)
            os.close(end)
            self._workers[pipe] = _Worker(process, self._next)
            self._selector.register(pipe, EVENT_READ)
            self._next += 1

    def read(self) -> None:
        """Take what has come, and the outcome of each process that has ended."""
        for key, _ in self._selector.select(_PATIENCE):
            worker = self._workers[key.fd]
            data = os.read(key.fd, _CHUNK)
            worker.data += data
            if not data:
                self.done[worker.index] = _outcome(worker.data, self._forget(key.fd))

    def end(self) -> None:
        """End what still runs; a build that is writing undoes that first."""
        for worker in self._workers.values():
            os.kill(worker.process, signal.SIGTERM)
        for pipe in list(self._workers):
            self._forget(pipe)

    def _forget(self, pipe: int) -> int:
        """Wait for a process; returns its exit code, or the signal that ended it, negative."""
        worker = self._workers.pop(pipe)
        self._selector.unregister(pipe)
        os.close(pipe)
        return os.waitstatus_to_exitcode(os.waitpid(worker.process, 0)[1])


def _answer(work: Work, index: int, end: int) -> NoReturn:
    """In a new process: do the work, write the outcome to a pipe, and end without clean-up."""
    try:
        for name in _ENDING:
            signal.signal(getattr(signal, name), signal.SIG_DFL)
        # One board, then the process ends: collecting garbage only costs time and shared pages.
        gc.disable()
        outcome = work(index)
        # A check is a finding with a function, which cannot be sent.
        found = (replace(item, finding=_plain(item.finding)) for item in outcome.diagnostics)
        sent: object = tuple(outcome._replace(diagnostics=tuple(found)))
    except BaseException as problem:
        if os.environ.get("SCMIGEN_DEBUG"):
            import traceback

            traceback.print_exc()
        sent = f"internal error: {type(problem).__name__}: {problem}"
    try:
        with open(end, "wb") as file:
            pickle.dump(sent, file)
    finally:
        os._exit(0)


def _plain(finding: Finding) -> Finding:
    return Finding(finding.id, finding.about, finding.advice, finding.severity, finding.switchable)


def _outcome(data: bytearray, code: int) -> Outcome:
    """What a process sent, or that it was ended before."""
    try:
        sent = pickle.loads(data)
    except (EOFError, pickle.UnpicklingError):
        sent = f"its process was ended by {signal.Signals(-code).name if code < 0 else code}"
    if isinstance(sent, str):
        return Outcome((BOARD_FAILED.error(sent, hint=BOARD_FAILED.advice),), None)
    return Outcome(*sent)
