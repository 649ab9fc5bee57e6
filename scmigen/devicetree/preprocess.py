"""C preprocessing of device tree sources, by the machine's preprocessor or by pcpp.

Both run as in the Linux build: no predefined macros but ``__DTS__``, no system headers, the include
directories in order. The output has line markers, which lead positions back to the original files.
Which files were read is not taken from them, for a source may have any marker, but from the
preprocessor.
"""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from scmigen.data import Data
from scmigen.devicetree.findings import DTS_ENCODING
from scmigen.diagnostics import Diagnostic, Finding, InputError, Position
from scmigen.patterns import pattern

DTS_PREPROCESS = Finding(
    "dts-preprocess",
    "The preprocessor cannot read the source.",
    "Correct the directive; -D defines macros, -I adds include directories.",
    switchable=False,
)

#: How long the preprocessor may take, in seconds. The largest boards of Linux take less than one.
TIME_LIMIT = 20

#: How much memory it may use, in MiB.
MEMORY_LIMIT = 512

#: The longest text it may make, in bytes.
MAX_OUTPUT = 16 << 20

#: The most of its errors that are told.
MAX_ERRORS = 100

_MARKER = pattern(r"^# .*$", re.MULTILINE)
_NOT_UTF8 = pattern(r"[\ud800-\udfff]")
# A tab counts as one column in messages, as it does in all others.
_FLAGS = ("-nostdinc", "-undef", "-D__DTS__", "-ftabstop=1", "-x", "assembler-with-cpp")
# Limits are those of a shell, because the program starts another that is to have them too.
_LIMITS = 'ulimit -v "$1" 2>&-; ulimit -t "$2" 2>&-; ulimit -f "$3" 2>&-; shift 3; exec "$@"'
_LIMITED = ("/bin/sh", "-c", _LIMITS, "sh")
_PROGRAMS = (("cpp",), ("gcc", "-E"), ("cc", "-E"), ("clang", "-E"))
# A name in the rule that lists the files: blanks, # and : have a backslash, and $ another $.
_NAME = pattern(r"(?:\\+[ \t]|\\[#:]|\$\$|\\(?!\n)|[^\s\\])+")
_ESCAPE = pattern(r"(\\*)\\([ \t])|\\([#:])|\$(\$)")
#: The target of that rule.
_TARGET = "files"
_ERROR = pattern(r"^(.*?):([0-9]+):(?:([0-9]+):)? (?:fatal )?error: (.*)$", re.MULTILINE)
#: What is to be done about what preprocessors say: parts of their messages, and the hint.
_HINTS = (
    (
        ("nterminated #", "unterminated conditional"),
        "each #if, #ifdef and #ifndef needs an #endif",
    ),
    (("without #if", "Misplaced #"), "there is no open #if for it"),
    (("unterminated comment", "unterminated /*"), "close it with */"),
    (('expects "FILENAME"', "malformed #inc"), '#include "file.dtsi" or #include <file.h>'),
)


class Preprocessed(Data):
    """The text the preprocessor made, and all files it read, the main one first."""

    text: str
    dependencies: tuple[str, ...]


def preprocess(
    path: Path, include_dirs: Sequence[Path] = (), defines: Sequence[str] = ()
) -> Preprocessed:
    """Preprocesses the file ``path``. ``defines`` are ``NAME`` or ``NAME=VALUE``.

    Raises `InputError` (``dts-preprocess``) with what the preprocessor found wrong.
    """
    command = find_preprocessor()
    if command is None:
        return preprocess_with_pcpp(path, include_dirs, defines)
    return preprocess_with(command, path, include_dirs, defines)


def find_preprocessor() -> tuple[str, ...] | None:
    """The command of the machine's C preprocessor, if there is one."""
    import shutil

    for name, *options in _PROGRAMS:
        found = shutil.which(name)
        if found:
            return (found, *options)
    return None


def preprocess_with(
    command: Sequence[str], path: Path, include_dirs: Sequence[Path], defines: Sequence[str]
) -> Preprocessed:
    """`preprocess` with the program ``command``."""
    file = str(path)
    arguments = [*command, *_FLAGS]
    arguments += [f"-I{folder}" for folder in include_dirs]
    arguments += [f"-D{define}" for define in defines]
    arguments.append(f"./{file}" if file.startswith("-") else file)
    try:
        status, made, told, rule = _output_of(arguments)
    except TimeoutError:
        message = f"it took more than {TIME_LIMIT} seconds"
        raise InputError([_problem(message, Position(file))]) from None
    except (OSError, ValueError) as problem:
        raise InputError([_problem(f"{command[0]}: {problem}", Position(file))]) from None
    if len(made) > MAX_OUTPUT or len(told) == MAX_OUTPUT:
        message = f"its output exceeds {MAX_OUTPUT >> 20} MiB"
        raise InputError([_problem(message, Position(file))])
    if status and b"out of memory" in told:
        message = f"it needs more than {MEMORY_LIMIT} MiB"
        raise InputError([_problem(message, Position(file))])
    if status:
        raise InputError(_problems(told.decode("utf-8", "replace"), file))
    # Only the names of files, which line markers have, need not be UTF-8.
    text = made.decode("utf-8", "surrogateescape")
    if _NOT_UTF8.search(text) and _NOT_UTF8.search(_MARKER.sub("", text)):
        message = "the preprocessed text is not UTF-8"
        raise InputError([DTS_ENCODING.error(message, Position(file))])
    return Preprocessed(text, _opened(rule, file))


def _output_of(arguments: Sequence[str]) -> tuple[int, bytes, bytes, bytes]:
    """How a preprocessor ended, its output and messages, as far as they are wanted, and its rule of
    the files that it read. Raises `TimeoutError`."""
    # Few commands start a program, and the modules take longer to import than a small board.
    import subprocess
    from tempfile import TemporaryFile
    from threading import Timer

    none, pipe = subprocess.DEVNULL, subprocess.PIPE
    late: list[int] = []
    with (
        TemporaryFile() as told,
        TemporaryFile() as rule,
        subprocess.Popen(
            [*_limited(arguments), "-MD", "-MT", _TARGET, "-MF", f"/dev/fd/{rule.fileno()}"],
            stdin=none,
            stdout=pipe,
            stderr=told,
            env={"LC_ALL": "C"},
            process_group=0,
            pass_fds=[rule.fileno()],
        ) as process,
    ):

        def stop() -> None:
            late.append(TIME_LIMIT)
            _end(process.pid)

        timer = Timer(TIME_LIMIT, stop)
        timer.start()
        try:
            assert process.stdout is not None
            made = process.stdout.read(MAX_OUTPUT + 1)
            if len(made) > MAX_OUTPUT:
                _end(process.pid)
            process.wait()
        finally:
            timer.cancel()
        told.seek(0)
        rule.seek(0)
        if late:
            raise TimeoutError
        return process.returncode, made, told.read(MAX_OUTPUT), rule.read(MAX_OUTPUT)


def _limited(arguments: Sequence[str]) -> list[str]:
    """The command, with its time, memory and files limited where there is a shell."""
    if not os.access(_LIMITED[0], os.X_OK):
        return list(arguments)
    # a shell counts files in blocks of 512 bytes (POSIX), or in some of 1024
    blocks = MAX_OUTPUT // 512
    return [*_LIMITED, str(MEMORY_LIMIT << 10), str(TIME_LIMIT), str(blocks), *arguments]


def _end(group: int) -> None:
    """Ends a program and what it started, which a compiler's driver does."""
    import signal
    from contextlib import suppress

    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def _problems(output: str, file: str) -> list[Diagnostic]:
    found = [
        (message, Position(where, int(line), int(column or 0)))
        for where, line, column, message in _ERROR.findall(output)[:MAX_ERRORS]
    ]
    return _told(found or [(output.strip()[:500] or "no reason given", Position(file))], file)


def _told(found: Sequence[tuple[str, Position]], file: str) -> list[Diagnostic]:
    """What a preprocessor found, with all headers that are missing in one diagnostic."""
    from scmigen.devicetree.missing_headers import missing_headers, split

    headers, others = split(found)
    told = [missing_headers(headers, file, DTS_PREPROCESS)] if headers else []
    return [*told, *(_problem(message, position) for message, position in others)]


def _problem(message: str, position: Position) -> Diagnostic:
    from scmigen.devicetree.written import diagnostic_at

    hint = next((hint for parts, hint in _HINTS if any(part in message for part in parts)), None)
    text = f"preprocessor: {message.strip()}"
    return diagnostic_at(DTS_PREPROCESS, text, position, hint)


def _opened(rule: bytes, file: str) -> tuple[str, ...]:
    """The files in a rule ``files: a.dts b.h``, the main one first. Raises `InputError`."""
    _, _, listed = os.fsdecode(rule).partition(f"{_TARGET}:")
    names = [_ESCAPE.sub(_unescaped, name) for name in _NAME.findall(listed)][1:]
    lost = next((name for name in names if not Path(name).is_file()), None)
    if lost is not None:  # a line break in a name, or a backslash at its end, has no escape
        message = f"cannot tell which files were read: no file {lost!r}"
        raise InputError([_problem(message, Position(file))])
    return tuple(dict.fromkeys((file, *names)))


def _unescaped(found: re.Match[str]) -> str:
    """A character without its escape; before a blank, backslashes are doubled."""
    backslashes, blank, mark, dollar = found.groups()
    return "\\" * (len(backslashes) // 2) + blank if blank else mark or dollar


def preprocess_with_pcpp(
    path: Path, include_dirs: Sequence[Path], defines: Sequence[str]
) -> Preprocessed:
    """`preprocess` with pcpp, which is Python and slower; the result differs in blanks alone."""
    from scmigen.devicetree.pcpp_run import run_pcpp

    file = str(path)
    text, opened, found = run_pcpp(path, include_dirs, defines, TIME_LIMIT)
    if found:
        raise InputError(_told(found[:MAX_ERRORS], file))
    # A machine's preprocessor names headers of which nothing is left, too.
    named = "".join(f'# 1 "{_escaped(name)}"\n' for name in dict.fromkeys(opened))
    return Preprocessed(named + text, tuple(dict.fromkeys((file, *opened))))


def _escaped(name: str) -> str:
    return name.replace("\\", "\\\\").replace('"', '\\"')
