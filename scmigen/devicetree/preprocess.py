"""C preprocessing of devicetree sources: the machine's preprocessor, or pcpp where it has none.

Both get what the Linux build gives: no predefined macros but ``__DTS__``, no system headers, the
include directories in order. The result carries line markers, so that positions lead back to the
files that were written, and name every file that took part.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scmigen.diagnostics import Diagnostic, InputError, Position, error

#: How long the preprocessor may take, in seconds.
TIME_LIMIT = 60

_DIRECTIVE = re.compile(
    r"^[ \t]*+#[ \t]*+(?:include|define|undef|if|ifdef|ifndef|elif|else|endif|error|warning|pragma)"
    r"(?![\w,.+*#?@-])",
    re.MULTILINE,
)
_FLAGS = ("-nostdinc", "-undef", "-D__DTS__", "-x", "assembler-with-cpp")
_PROGRAMS = (("cpp",), ("gcc", "-E"), ("cc", "-E"), ("clang", "-E"))
_MARKER = re.compile(r'^#(?:line)?[ \t]++[0-9]++[ \t]++"((?:[^"\\\n]|\\.)*+)"', re.MULTILINE)
_ERROR = re.compile(r"^(.*?):([0-9]+):(?:([0-9]+):)? (?:fatal )?error: (.*)$", re.MULTILINE)
_HINT = "name the directories of headers with -I"


@dataclass(frozen=True, slots=True)
class Preprocessed:
    """The text the preprocessor made, and all files it read, the main one first."""

    text: str
    dependencies: tuple[str, ...]


def needs_preprocessing(text: str) -> bool:
    """Whether ``text`` has directives; line markers of an earlier run are none."""
    return _DIRECTIVE.search(text) is not None


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
    # Few commands start a program, and the module takes longer to import than a small board.
    import subprocess

    file = str(path)
    arguments = [*command, *_FLAGS]
    arguments += [f"-I{folder}" for folder in include_dirs]
    arguments += [f"-D{define}" for define in defines]
    arguments.append(f"./{file}" if file.startswith("-") else file)
    try:
        done = subprocess.run(
            arguments, capture_output=True, check=False, timeout=TIME_LIMIT, env={"LC_ALL": "C"}
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as problem:
        raise InputError([_problem(f"{command[0]}: {problem}", Position(file))]) from None
    if done.returncode:
        raise InputError(_problems(done.stderr.decode("utf-8", "replace"), file))
    try:
        text = done.stdout.decode("utf-8")
    except UnicodeDecodeError:
        message = "the preprocessed text is not UTF-8"
        raise InputError([error("dts-encoding", message, Position(file))]) from None
    return Preprocessed(text, _dependencies(text, file))


def _problems(output: str, file: str) -> list[Diagnostic]:
    found = [
        _problem(message, Position(where, int(line), int(column or 0)))
        for where, line, column, message in _ERROR.findall(output)
    ]
    return found or [_problem(output.strip()[:500] or "no reason given", Position(file))]


def _problem(message: str, position: Position) -> Diagnostic:
    hint = _HINT if "No such file" in message or "include path" in message else None
    return error("dts-preprocess", f"preprocessor: {message}", position, (), hint)


def _dependencies(text: str, file: str) -> tuple[str, ...]:
    names = (name for name in _MARKER.findall(text) if not name.startswith("<"))
    return tuple(dict.fromkeys((file, *names)))


def preprocess_with_pcpp(
    path: Path, include_dirs: Sequence[Path], defines: Sequence[str]
) -> Preprocessed:
    """`preprocess` with pcpp, which is Python and slower; the result differs in blanks alone."""
    from scmigen.devicetree.pcpp_run import run_pcpp

    file = str(path)
    text, opened, found = run_pcpp(path, include_dirs, defines)
    if found:
        raise InputError([_problem(message, position) for message, position in found])
    return Preprocessed(text, tuple(dict.fromkeys((file, *opened))))
