"""Options of the board commands that take a word apart: ``--tree``, ``-W`` and ``-E``."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from scmigen.checks.switches import Asked, unknown_hint
from scmigen.cli import complete

#: What ``-W`` takes besides the names of checks: every warning is an error.
STRICT = "error"


def agent_trees(
    context: click.Context, parameter: click.Parameter, texts: Sequence[str]
) -> tuple[tuple[str, Path], ...]:
    """``NAME=FILE`` → agent and the file of its tree; each agent once."""
    found: dict[str, Path] = {}
    for text in texts:
        name, equals, file = text.partition("=")
        if not name or not equals or not file:
            problem = f"{text!r} is not NAME=FILE, such as linux=linux.dtb"
            raise click.BadParameter(problem, context, parameter)
        if name in found:
            raise click.BadParameter(f"two trees for {name!r}", context, parameter)
        found[name] = Path(file)
    return tuple(found.items())


def check_names(
    context: click.Context, parameter: click.Parameter, texts: Sequence[str]
) -> tuple[str, ...]:
    """Names of checks, after ``no-`` or not, and for ``-W`` `STRICT`; else it is wrong usage."""
    extra = {STRICT} if parameter.name == "switches" else set()
    if {text.removeprefix("no-") for text in texts} <= extra:
        return tuple(texts)
    # Findings of outputs are known only once targets are imported.
    from scmigen.explain import switchable

    known = {*switchable(), *extra}
    for text in texts:
        name = text.removeprefix("no-")
        if name not in known:
            problem = f"no check {name!r}; {unknown_hint(name, known)}"
            raise click.BadParameter(problem, context, parameter)
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
locked_option = click.option(
    "--locked",
    is_flag=True,
    help="Keep the lock file as it is: status 3, and nothing written, if it would change.",
)

topology_option = click.option(
    "--topology",
    type=click.Path(path_type=Path),
    multiple=True,
    help="What feeds what in a running system: clk_summary, the BPMP's debugfs, or what client … "
    "clock topology prints (repeatable).",
)

#: The options, to be added to a command.
OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "--tree",
        "trees",
        multiple=True,
        callback=agent_trees,
        metavar="NAME=FILE",
        help="An agent's own tree, or the manifest of a secure partition: devices enabled in it "
        "belong to that agent (repeatable).",
    ),
    topology_option,
    click.option(
        "-W",
        "switches",
        multiple=True,
        callback=check_names,
        shell_complete=complete.checks,
        metavar="[no-]CHECK|error",
        help="Suppress warnings and notes of a check (no-), or restore a check; error: every "
        "warning is an error (repeatable).",
    ),
    click.option(
        "-E",
        "errors",
        multiple=True,
        callback=check_names,
        shell_complete=complete.checks,
        metavar="CHECK",
        help="Turn everything a check reports into errors (repeatable).",
    ),
    click.option(
        "--baseline",
        type=click.Path(path_type=Path),
        help="File of waivers: the findings in it do not count.",
    ),
)
