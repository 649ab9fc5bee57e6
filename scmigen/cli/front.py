"""What ``scmigen`` does first: a right command line runs without click, and tracebacks are kept
from people."""

import codecs
import errno
import os
import sys

from scmigen.bundles import use_bundles
from scmigen.version import VERSION

# Type checkers take it for true; typing takes longer to import than a version to print.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

#: What is wrong with the output, where no file is named.
_OUTPUT = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG, errno.EBADF}

#: What is wrong with the machine, not with scmigen.
_MACHINE = {*_OUTPUT, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EROFS, errno.EAGAIN}


def main() -> None:
    """The entry point; what ends a command early is one sentence, unless SCMIGEN_DEBUG is set."""
    _prepare_streams()
    try:
        try:
            _run(sys.argv[1:])
        finally:
            # At its end, the interpreter says what it could not write in words of its own.
            sys.stdout.flush()
    except Exception as problem:
        if os.environ.get("SCMIGEN_DEBUG"):
            raise
        _end(1, None if isinstance(problem, BrokenPipeError) else _sentence(problem))


def _run(words: list[str]) -> None:
    """Run the command that the words name. Click takes a while to import, and is needed only for
    help, for errors of usage, and while a shell completes a word."""
    if words == ["--version"]:
        print(VERSION)
        return
    completes = any(name.endswith("_COMPLETE") for name in os.environ)
    # On Windows, click fills in patterns.
    if not words or words[0].startswith("-") or completes or os.name == "nt":
        _run_with_click()
        return
    use_bundles(words[0])
    from scmigen.cli.commands import SCMIGEN, lacking
    from scmigen.cli.parse import understood
    from scmigen.cli.problems import CommandError, UsageError

    call = None if lacking(words[0]) else understood("scmigen", SCMIGEN, words)
    if call is None:
        _run_with_click()
        return
    try:
        call.run()
    except UsageError as problem:
        from scmigen.cli.main import refuse

        refuse(problem)
    except CommandError as problem:
        problem.show()
        raise SystemExit(1) from None


def _run_with_click() -> None:
    from scmigen.cli.main import cli

    cli()


def _prepare_streams() -> None:
    """Put something in place of closed streams, lest a file be opened as one of them, and write
    UTF-8 where the locale has only ASCII.

    What is written to a closed standard output then fails, as it does in other programs.
    """
    for name in ("stdin", "stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            mode = os.O_WRONLY if name == "stderr" else os.O_RDONLY
            held = os.open(os.devnull, mode)
            how = "r" if name == "stdin" else "w"
            setattr(sys, name, open(held, how, encoding="utf-8", closefd=False))  # noqa: SIM115
        elif name != "stdin" and codecs.lookup(stream.encoding).name == "ascii":
            stream.reconfigure(encoding="utf-8", errors="replace")


def _sentence(problem: Exception) -> str:
    """What ended the command: the machine, or a bug."""
    if isinstance(problem, MemoryError):
        return "out of memory"
    if isinstance(problem, ImportError):
        return f"cannot import {problem.name}: {problem}"
    if isinstance(problem, OSError) and problem.errno in _MACHINE:
        where = f"{problem.filename!r}: " if problem.filename is not None else ""
        if not where and problem.errno in _OUTPUT:
            where = "the output: "
        return f"{where}{problem.strerror}"
    return (
        f"internal error: {type(problem).__name__}: {problem}\n"
        "  hint: this is a bug of scmigen; SCMIGEN_DEBUG=1 shows where"
    )


def _end(status: int, sentence: str | None = None) -> "NoReturn":
    """End without a word of the interpreter's, whatever state standard output is in."""
    try:
        if sentence is not None:
            print(f"scmigen: {sentence}", file=sys.stderr, flush=True)
    except (OSError, ValueError):
        pass
    os._exit(status)
