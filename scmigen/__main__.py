"""``python -m scmigen`` and the ``scmigen`` command: nothing is imported before it can be ended."""

# The module signal is this with names from enum, which takes longer to import.
import _signal  # type: ignore[import-not-found]
import atexit
import gc
import os
import sys


def run() -> None:
    """Import and run the command.

    Ctrl-C ends it as it ends other programs, at any moment from here on, without a traceback.
    What must not be left half done (`serve`, files that change together) has handlers of its own.
    """
    # In a background job, SIGINT is ignored and stays so.
    if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
        _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    # Modules stay: looking for garbage while they are imported is a tenth of a check. It goes
    # on in `scmigen.cli.declare`, when the command runs.
    gc.disable()
    try:
        from scmigen.cli.front import main
    except (ImportError, MemoryError, OSError) as problem:
        raise SystemExit(f"scmigen: cannot start: {str(problem) or 'out of memory'}") from None
    main()


def command() -> None:
    """`run`, and the end of the process: freeing all that a command made, one by one, as the
    interpreter does at its end, is a twentieth of a check.

    Where somebody looks on (a debugger, a profiler), or there may be threads, it ends as others do.
    """
    try:
        run()
        status = 0
    except SystemExit as end:
        if not isinstance(end.code, int):
            raise
        status = end.code
    if "threading" in sys.modules or sys.gettrace() or sys.getprofile():
        sys.exit(status)
    atexit._run_exitfuncs()
    # Standard output is flushed by now, and standard error after each line.
    os._exit(status)


if __name__ == "__main__":
    run()
