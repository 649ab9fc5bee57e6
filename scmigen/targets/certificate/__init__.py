"""A certificate: the facts of a configuration, and the rules that they must fulfil, for clingo.

Whoever does not trust scmigen checks that no agent can change what another agent's devices need.
"""

from collections.abc import Iterable, Iterator

from scmigen.escape import clingo
from scmigen.hints import Any
from scmigen.model.platform import Platform
from scmigen.targets.base import NoOptions, Target
from scmigen.targets.certificate.dense import lines_of
from scmigen.targets.certificate.facts import Facts
from scmigen.targets.certificate.grants import grants_of
from scmigen.targets.certificate.uses import UseRow, devices_of, uses_of
from scmigen.targets.common.files import File
from scmigen.targets.common.names import board_name
from scmigen.targets.common.templates import render

#: What stands for rights on a protocol as a whole: term and name.
PROTOCOLS = (("base", "permissions"), ("system", "system power"))
#: The facts that every certificate has: what the platform keeps on is for the board.
_ALWAYS = 2
#: The form of the facts: another one for every change after which older rules, or older facts with
#: newer rules, would come to something else.
_FORM = 3


def _files(platform: Platform, _: NoOptions) -> Iterator[File]:
    facts = Facts(platform)
    yield from files_of(facts, uses_of(facts))


def files_of(facts: Facts, uses: tuple[UseRow, ...]) -> Iterator[File]:
    """The certificate of a platform, and the rules."""
    platform = facts.platform
    lines = lines_of(uses, grants_of(facts, uses))
    # The same may be said in two places: it is one fact.
    counted: dict[str, tuple[Any, ...]] = {
        "devices": _once(devices_of(facts, uses), 3),
        "owners": _once(facts.owners(), 2),
        "keeps": _once(facts.keeps(), 1),
        "feeds": facts.feeds,
        "carries": facts.carries,
        "may_feed": _once(facts.may_feed(), 2),
        "nobody": tuple(facts.nobody()),
        "after": tuple((use.number, use.after) for use in uses if use.after is not None),
    }
    yield File(
        "certificate.lp",
        render(
            "certificate/certificate.lp.j2",
            board=clingo(board_name(platform)),
            agents=[(0, "platform"), *((each.id, clingo(each.name)) for each in platform.agents)],
            protocols=PROTOCOLS,
            resources=tuple(facts.resources()),
            has=lines.has,
            needs=lines.needs,
            grants=lines.grants,
            whole=lines.count() + sum(map(len, counted.values())) + _ALWAYS,
            form=_FORM,
            **counted,
        ),
    )
    yield File("checker.lp", render("certificate/checker.lp.j2", form=_FORM), alike=True)


def _once(rows: Iterable[tuple[Any, ...]], fact: int) -> tuple[tuple[Any, ...], ...]:
    """The first row of each fact: rows that are the same but for what stands behind it."""
    found: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for row in rows:
        found.setdefault(row[:fact], row)
    return tuple(found.values())


TARGET = Target(
    name="certificate",
    values=False,
    about="the facts behind all permissions, and the rules they fulfil, to be checked by clingo",
    options=NoOptions,
    files=_files,
)
