"""``scmigen audit``: what a description says that a server lets its agents do."""

import sys

from scmigen import api
from scmigen.cli.audit_facts import print_facts
from scmigen.cli.choices import QUIET
from scmigen.cli.declare import argument, command, option
from scmigen.cli.problems import UsageError
from scmigen.cli.report import ERRORS, report, say, say_document
from scmigen.cli.terminal import Column, Folds, print_table
from scmigen.cli.values import PATH_TEXT, OneOf
from scmigen.diagnostics import InputError, has_errors
from scmigen.runtime import Served, ServedGrant, encode_served
from scmigen.scmi.operations import ordered
from scmigen.scmi.protocols import Kind


@command(
    argument("servers", "[AGENT=][FORM:]PATH…", read=PATH_TEXT, many=True),
    option(
        "--format",
        "style",
        read=OneOf("text", "json"),
        default="text",
        shown=True,
        help="A table, or JSON of the form scmigen-grants-1.",
    ),
    QUIET,
    help="""Print what a server lets its agents do, from its descriptions.

A description is a runtime.json, the directory of a build, a board that describes its server, a dump
of what an agent sees, or another form that is read. Several are of one server, each of other
agents. In front of a path may be the agent whose it is and the form: linux=dump:linux.json.
""",
)
def audit(servers: tuple[str, ...], style: str, quiet: bool) -> None:
    if not servers:
        raise UsageError("name a description of a server")
    try:
        served, found = api.read_server_and_findings(*servers)
    except InputError as problem:
        report(problem.diagnostics, style, quiet, sys.stderr)
        raise SystemExit(ERRORS) from None
    wrong = has_errors(found)
    if style == "text" and not quiet:
        _table(served)
    elif style == "json" and not wrong:
        # Programs get all or nothing.
        say_document(encode_served(served).decode())
    sys.stdout.flush()
    report(found, style, quiet, sys.stderr)
    if wrong:
        raise SystemExit(ERRORS)


def _table(served: Served) -> None:
    names = {(kind, one.id): one.name for kind, found in served.resources.items() for one in found}
    columns = (
        Column("agent"),
        Column("kind"),
        Column("id"),
        Column("name"),
        Column("operations", Folds.AT_BLANKS),
        Column("source", Folds.ANYWHERE),
    )
    rows: list[tuple[object, ...]] = [
        (
            agent.name,
            kind,
            grant.id,
            names.get((kind, grant.resource), ""),
            _operations(kind, grant),
            grant.source or agent.source or "",
        )
        for agent in served.agents
        for kind, grants in sorted(agent.grants.items(), key=lambda item: list(Kind).index(item[0]))
        for grant in grants
    ]
    print_table(columns, rows)
    print_facts(served)
    left_out = [kind for kind in Kind if kind not in served.kinds]
    if left_out:
        say(f"not told: {', '.join(left_out)}")


def _operations(kind: Kind, grant: ServedGrant) -> str:
    """``rate read (for all: state; unknown: parent; by hand: rate)``."""
    words = " ".join(ordered(kind, grant.operations))
    asides = [
        f"{what}: {' '.join(ordered(kind, found))}"
        for what, found in (
            ("for all", grant.unchecked),
            ("unknown", grant.unknown),
            ("by hand", grant.by_hand or ()),
        )
        if found
    ]
    return " ".join(filter(None, (words, f"({'; '.join(asides)})" if asides else "")))
