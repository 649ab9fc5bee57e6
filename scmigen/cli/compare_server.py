"""``scmigen compare-server``: the same messages to two servers, and their answers compared."""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from fnmatch import fnmatchcase
from pathlib import Path

from scmigen import runtime
from scmigen.addresses import quoted
from scmigen.cli import complete
from scmigen.cli.compare_text import document, lines_of, summary
from scmigen.cli.declare import argument, command, option
from scmigen.cli.problems import CommandError, UsageError
from scmigen.cli.report import ERRORS, say, say_json
from scmigen.cli.values import FILE, PATH, OneOf, Within
from scmigen.client.channel import ClientError, UrlError
from scmigen.compare import run
from scmigen.compare.facts import Facts
from scmigen.compare.messages import Choice, at_random, sweep
from scmigen.compare.rules import Rules
from scmigen.compare.tables import Tables
from scmigen.diagnostics import InputError
from scmigen.hints import Final
from scmigen.inputs import of_build, read_bytes, read_text
from scmigen.scmi.messages import names as message_names
from scmigen.scmi.protocols import Protocol

#: How long one answer may take, in seconds.
_ANSWER: Final = 5.0

Address = tuple[str, str, str]


def _wrong_rules(problem: InputError) -> CommandError:
    """All that is wrong with a file of rules, a line each."""
    lines = []
    for item in problem.diagnostics:
        where = "" if item.position is None else f"{item.position}: "
        lines.append(f"Error: {where}{item.message}")
        lines += [f"  hint: {item.hint}"] if item.hint else []
    return CommandError(str(problem), lines)


def _addresses(texts: Sequence[str]) -> list[Address]:
    """Name, first and second address of each agent. Raises `UsageError`."""
    if not texts or len(texts) % 2:
        raise UsageError(
            "give two addresses, of one agent at either server, or two directories of sockets; "
            "more agents follow as more pairs"
        )
    found: list[Address] = []
    for first, second in zip(texts[::2], texts[1::2], strict=True):
        folders = [Path(text).is_dir() for text in (first, second)]
        if all(folders):
            found += _in_directories(Path(first), Path(second))
        elif any(folders):
            raise UsageError(f"{first} and {second}: one is a directory, the other is not")
        else:
            found.append((_name(first), first, second))
    for _, first, second in found:
        if first == second:
            raise UsageError(f"{first} is given as first and as second server")
    return found


def _name(url: str) -> str:
    return Path(url.partition(":")[2].partition(",")[0]).stem or url


def _in_directories(first: Path, second: Path) -> Iterator[Address]:
    """The agents of two directories, by the names of their sockets. Raises `UsageError`."""
    ours, theirs = _sockets(first), _sockets(second)
    for folder, own, other in ((first, ours, theirs), (second, theirs, ours)):
        alone = sorted(own - other)
        if alone or not own:
            what = f"only {folder} has {', '.join(alone)}" if alone else f"{folder} has no *.sock"
            raise UsageError(
                f"{what}: give the two addresses of each agent, as in unix:{first}/A.sock "
                f"unix:{second}/B.sock"
            )
    for name in sorted(ours):
        yield name.removesuffix(".sock"), _url(first / name), _url(second / name)


def _sockets(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("*.sock") if path.is_socket()}


def _url(path: Path) -> str:
    return f"unix:{quoted(str(path))}"


def _protocols(texts: Sequence[str]) -> tuple[Protocol, ...]:
    chosen = {text.lower() for text in texts}
    return tuple(it for it in Protocol if not chosen or it.name.lower() in chosen)


def _left_out(patterns: Sequence[str]) -> frozenset[str]:
    """The messages that the patterns of ``--without`` name. Raises `UsageError`."""
    known = [name if "." not in name else name.upper() for name in message_names()]
    found: set[str] = set()
    for pattern in patterns:
        fitting = [name for name in known if fnmatchcase(name, pattern.upper())]
        if not fitting:
            from scmigen.assignment.words import did_you_mean

            hint = did_you_mean(pattern.upper(), known)
            raise UsageError(f"--without {pattern}: no such message{f'; {hint}' if hint else ''}")
        found.update(fitting)
    return frozenset(found)


def _platform(path: Path | None) -> Tables | None:
    if path is None:
        return None
    path = of_build(path)
    try:
        return Tables(runtime.decode(read_bytes(path)))
    except (InputError, runtime.ConfigurationError) as problem:
        raise CommandError(f"{path}: {problem}") from None


def _rules(path: Path | None, tables: Tables | None) -> Rules:
    if path is None:
        return Rules()
    from scmigen.compare.rules_file import read_rules  # brings the YAML reader

    try:
        return read_rules(read_text(path), str(path), platform=tables is not None)
    except InputError as problem:
        raise _wrong_rules(problem) from None


@command(
    argument("addresses", "FIRST SECOND…", many=True),
    option(
        "--format",
        "style",
        read=OneOf("text", "json"),
        default="text",
        help="text or json.",
    ),
    option(
        "--sweep/--no-sweep",
        "swept",
        flag=True,
        default=True,
        help="Send every message for every id, also beyond the last, and in wrong sizes (the "
        "default).",
    ),
    option(
        "--messages",
        "count",
        read=Within(int, 0, 100_000_000),
        default=0,
        metavar="N",
        help="Then send so many random messages, valid and not.",
    ),
    option("--seed", read=int, default=1, shown=True, help="What the random messages start from."),
    option(
        "--write",
        flag=True,
        help="Send messages that change something, too: clocks stop, domains are reset, supplies "
        "change. Not for hardware that matters.",
    ),
    option(
        "--protocol",
        "protocols",
        multiple=True,
        read=OneOf(*(it.name.lower() for it in Protocol), any_case=True),
        help="Only messages of this protocol. Repeatable.",
    ),
    option(
        "--without",
        multiple=True,
        metavar="MESSAGE",
        complete=complete.messages,
        help="Leave out messages of this name or pattern, such as '*_NOTIFY'. Repeatable.",
    ),
    option(
        "--expect",
        read=FILE,
        metavar="FILE",
        help="Rules for differences that are known: what they explain is counted, not printed.",
    ),
    option(
        "--platform",
        read=PATH,
        metavar="RUNTIME",
        help="The runtime.json that the first server serves, or the directory of its build: rules "
        "may then ask what an agent was granted.",
    ),
    option("--explained", flag=True, help="Print the differences that rules explain, too."),
    option(
        "--timeout",
        read=Within(float, 0.01, 86400),
        default=600.0,
        shown=True,
        help="Seconds for the whole command, whatever the servers send.",
    ),
    help="""Send the same messages to two servers, and print every difference of their answers.

FIRST and SECOND are an agent's address at either server, as for scmigen client, or two directories
with a socket NAME.sock for each agent. More agents follow as more pairs. It exits with 1 if any
answer differs and no rule of --expect explains it.

Nothing is changed without --write: only messages that read are sent.
""",
)
def compare_server(
    addresses: tuple[str, ...],
    style: str,
    swept: bool,
    count: int,
    seed: int,
    write: bool,
    protocols: tuple[str, ...],
    without: tuple[str, ...],
    expect: Path | None,
    platform: Path | None,
    explained: bool,
    timeout: float,
) -> None:
    agents = _addresses(addresses)
    choice = Choice(_protocols(protocols), _left_out(without), write)
    tables = _platform(platform)
    rules = _rules(expect, tables)

    def found(difference: run.Difference) -> None:
        if style == "text" and (explained or not difference.rules):
            for line in lines_of(difference):
                say(line)

    with ExitStack() as stack:
        try:
            pairs = run.connect(stack, agents, min(_ANSWER, timeout), time.monotonic() + timeout)
            known = run.known_of(pairs)
            facts = Facts(run.merged_versions(pairs), tables)
            comparing = run.Comparing(pairs, known, rules, facts, found)
            if swept:
                comparing.all(sweep(choice, known))
            comparing.all(at_random(choice, known, count, seed))
        except UrlError as problem:
            raise UsageError(str(problem)) from None
        except ClientError as problem:
            raise CommandError(str(problem)) from None
    result = comparing.result
    for name, why in rules.failures.items():
        say(f"warning: rule {name}: {why}", err=True)
    if style == "json":
        say_json(document(agents, pairs, result))
    else:
        for line in summary(result):
            say(line)
    if result.unexplained:
        raise SystemExit(ERRORS)
