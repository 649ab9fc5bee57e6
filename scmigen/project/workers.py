"""Many boards at once, in processes that are forked from this one when everything is imported.

A process has one board after the other. It writes to each page of memory that it shares with this
one but once, which a process for each board would do again and again.
"""

import gc
import os
import pickle
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
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

#: After so many boards a process is replaced, and with it what they left behind.
BOARDS_EACH = 100

#: Files that are open here for each process, and those that anything else may need; and how many
#: processes there are at most where there is no limit of files.
_FILES_EACH, _OTHER_FILES, _MOST = 2, 32, 1024

#: Bytes of a number, of a board or of the bytes of an answer; and the one that is no board.
_SIZE = 4
_NO_MORE = b"\xff" * _SIZE

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
    """Do ``work`` for ``count`` boards in ``jobs`` processes, each of which has one at a time.

    ``take`` gets the outcomes in the order of the boards. ``outputs``: the work makes some. No
    process is left at the end, also where a signal asks for it. Where the system has no fork, all
    is done here.
    """
    if not hasattr(os, "fork"):
        for index in range(count):
            take(index, work(index))
        return
    warm_up(outputs)
    jobs = min(jobs, _most_processes())
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


def _most_processes() -> int:
    """How many processes may be asked at once, as far as files that may be open go."""
    files = os.sysconf("SC_OPEN_MAX")
    return _MOST if files < 0 else max(1, (files - _OTHER_FILES) // _FILES_EACH)


class _Worker(Data, frozen=False):
    """A process, where it is asked, the board it has at the time, and what has come of it."""

    process: int
    requests: int
    index: int | None = None
    begun: int = 0
    data: bytearray = field(default_factory=bytearray)


class _Pool:
    """The processes that run, by the pipe that each writes to, and the outcomes that have come."""

    def __init__(self, count: int, work: Work, selector: DefaultSelector) -> None:
        self._count = count
        self._work = work
        self._selector = selector
        self._workers: dict[int, _Worker] = {}
        self._next = 0
        self.done: dict[int, Outcome] = {}

    def start(self, jobs: int) -> None:
        """Start processes until ``jobs`` of them run, as long as there are boards for them."""
        while len(self._workers) < jobs and self._next < self._count:
            asked, requests = os.pipe()
            pipe, answers = os.pipe()
            process = os.fork()
            if not process:
                # A pipe ends when nobody else holds it.
                for held in (pipe, requests, *self._pipes()):
                    os.close(held)
                _serve(self._work, asked, answers)
            os.close(asked)
            os.close(answers)
            self._workers[pipe] = worker = _Worker(process, requests)
            self._selector.register(pipe, EVENT_READ)
            self._ask(worker)

    def read(self) -> None:
        """Take what has come; whoever is done with a board gets another."""
        for key, _ in self._selector.select(_PATIENCE):
            worker = self._workers[key.fd]
            data = os.read(key.fd, _CHUNK)
            worker.data += data
            if not data:
                code = self._forget(key.fd)
                if worker.index is not None:
                    self.done[worker.index] = _died(code)
            elif worker.index is not None and _is_whole(worker.data):
                self.done[worker.index] = _outcome(worker.data[_SIZE:])
                worker.data.clear()
                self._ask(worker)

    def end(self) -> None:
        """End what still runs; a build that is writing undoes that first."""
        for worker in self._workers.values():
            os.kill(worker.process, signal.SIGTERM)
        for pipe in list(self._workers):
            self._forget(pipe)

    def _ask(self, worker: _Worker) -> None:
        """Give the next board to a process, or none: then it ends."""
        worker.index = None
        number = b""
        if self._next < self._count and worker.begun < BOARDS_EACH:
            worker.index = self._next
            worker.begun += 1
            self._next += 1
            number = worker.index.to_bytes(_SIZE, "big")
        # Of one that is dead already, the end of its pipe tells.
        with suppress(BrokenPipeError):
            os.write(worker.requests, number or _NO_MORE)

    def _pipes(self) -> Iterator[int]:
        for pipe, worker in self._workers.items():
            yield from (pipe, worker.requests)

    def _forget(self, pipe: int) -> int:
        """Wait for a process; returns its exit code, or the signal that ended it, negative."""
        worker = self._workers.pop(pipe)
        self._selector.unregister(pipe)
        os.close(pipe)
        os.close(worker.requests)
        return os.waitstatus_to_exitcode(os.waitpid(worker.process, 0)[1])


def _serve(work: Work, asked: int, answers: int) -> NoReturn:
    """In a new process: do the work for each board that is asked for; end without clean-up."""
    try:
        for name in _ENDING:
            signal.signal(getattr(signal, name), signal.SIG_DFL)
        # What was there before the fork stays: to look for garbage in it takes time, and writes to
        # pages that are shared.
        gc.freeze()
        gc.disable()
        # Where nobody asks any more, or takes an answer, there is nobody to tell.
        with suppress(BrokenPipeError), open(answers, "wb") as file:
            while (number := os.read(asked, _SIZE)) not in (b"", _NO_MORE):
                sent = _answer(work, int.from_bytes(number, "big"))
                file.write(len(sent).to_bytes(_SIZE, "big") + sent)
                file.flush()
                gc.collect()
    finally:
        os._exit(0)


def _answer(work: Work, index: int) -> bytes:
    """What is sent of one board."""
    try:
        outcome = work(index)
        # A check is a finding with a function, which cannot be sent.
        found = (replace(item, finding=_plain(item.finding)) for item in outcome.diagnostics)
        return pickle.dumps(tuple(outcome._replace(diagnostics=tuple(found))))
    except BaseException as problem:
        if os.environ.get("SCMIGEN_DEBUG"):
            import traceback

            traceback.print_exc()
        return pickle.dumps(f"internal error: {type(problem).__name__}: {problem}")


def _plain(finding: Finding) -> Finding:
    return Finding(finding.id, finding.about, finding.advice, finding.severity, finding.switchable)


def _is_whole(data: bytearray) -> bool:
    """Whether an answer has come to its end; the next one is not yet asked for."""
    return len(data) >= _SIZE and len(data) == _SIZE + int.from_bytes(data[:_SIZE], "big")


def _outcome(data: bytearray) -> Outcome:
    """What a process sent."""
    sent = pickle.loads(data)
    return _failed(sent) if isinstance(sent, str) else Outcome(*sent)


def _died(code: int) -> Outcome:
    """What is told of a board whose process was ended before."""
    return _failed(f"its process was ended by {signal.Signals(-code).name if code < 0 else code}")


def _failed(message: str) -> Outcome:
    return Outcome((BOARD_FAILED.error(message, hint=BOARD_FAILED.advice),), None)
