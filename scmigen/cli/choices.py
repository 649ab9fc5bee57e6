"""Options of the board commands that take a word apart: ``--tree``, ``-W`` and ``-E``."""

from collections.abc import Collection, Sequence
from pathlib import Path

from scmigen.checks.switches import Asked, unknown_hint
from scmigen.cli import complete
from scmigen.cli.declare import option
from scmigen.cli.problems import UsageError
from scmigen.cli.values import PATH

#: What ``-W`` takes besides the names of checks: every warning is an error.
STRICT = "error"


def agent_trees(texts: Sequence[str]) -> tuple[tuple[str, Path], ...]:
    """``NAME=FILE`` → agent and the file of its tree; each agent once."""
    found: dict[str, Path] = {}
    for text in texts:
        name, equals, file = text.partition("=")
        if not name or not equals or not file:
            raise UsageError(f"{text!r} is not NAME=FILE, such as linux=linux.dtb")
        if name in found:
            raise UsageError(f"two trees for {name!r}")
        found[name] = Path(file)
    return tuple(found.items())


def _switches(texts: Sequence[str]) -> tuple[str, ...]:
    """The words after ``-W``."""
    return _check_names(texts, {STRICT})


def _errors(texts: Sequence[str]) -> tuple[str, ...]:
    """The words after ``-E``."""
    return _check_names(texts, ())


def _check_names(texts: Sequence[str], extra: Collection[str]) -> tuple[str, ...]:
    """Names of checks, after ``no-`` or not, or one of ``extra``; else it is wrong usage."""
    if {text.removeprefix("no-") for text in texts} <= set(extra):
        return tuple(texts)
    # Findings of outputs are known only once targets are imported.
    from scmigen.explain import switchable

    known = {*switchable(), *extra}
    for text in texts:
        name = text.removeprefix("no-")
        if name not in known:
            raise UsageError(f"no check {name!r}; {unknown_hint(name, known)}")
    return tuple(texts)


def asked(switches: Sequence[str], errors: Sequence[str]) -> Asked:
    """What ``-W`` and ``-E`` say together; of two words about one check the last one counts."""
    last = {STRICT: False} | {
        text.removeprefix("no-"): not text.startswith("no-") for text in switches
    }
    strict = last.pop(STRICT)
    return Asked(
        frozenset(name for name, on in last.items() if on),
        frozenset(name for name, on in last.items() if not on),
        frozenset(text.removeprefix("no-") for text in errors),
        strict,
    )


#: The option of the commands that would otherwise number what is new.
LOCKED = option(
    "--locked",
    flag=True,
    help="Keep the lock file as it is: status 3, and nothing written, if it would change.",
)

DEFINE = option(
    "-D", "--define", multiple=True, metavar="NAME[=VALUE]", help="Define a macro (repeatable)."
)
INCLUDE = option(
    "-I", "--include", read=PATH, multiple=True, help="Include directory (repeatable)."
)
QUIET = option("-q", "--quiet", flag=True, help="Print errors only.")

TOPOLOGY = option(
    "--topology",
    read=PATH,
    multiple=True,
    help="What feeds what in a running system: clk_summary, the BPMP's debugfs, or what client … "
    "clock topology prints (repeatable).",
)

#: The options, in the order of the help.
OPTIONS = (
    option("--baseline", read=PATH, help="File of waivers: the findings in it do not count."),
    option(
        "-E",
        "errors",
        multiple=True,
        check=_errors,
        complete=complete.checks,
        metavar="CHECK",
        help="Turn everything a check reports into errors (repeatable).",
    ),
    option(
        "-W",
        "switches",
        multiple=True,
        check=_switches,
        complete=complete.checks,
        metavar="[no-]CHECK|error",
        help="Suppress warnings and notes of a check (no-), or restore a check; error: every "
        "warning is an error (repeatable).",
    ),
    TOPOLOGY,
    option(
        "--tree",
        "trees",
        multiple=True,
        check=agent_trees,
        metavar="NAME=FILE",
        help="An agent's own tree, or the manifest of a secure partition: devices enabled in it "
        "belong to that agent (repeatable).",
    ),
)
