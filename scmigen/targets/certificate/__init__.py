"""A certificate: the facts of a configuration, and the rules that they must fulfil, for clingo.

Whoever does not trust scmigen checks that no agent can change what another agent's devices need.
"""

from collections.abc import Iterable, Iterator, Mapping

from scmigen.escape import clingo
from scmigen.hints import Any
from scmigen.model.platform import Platform
from scmigen.targets.base import NoOptions, Target
from scmigen.targets.certificate.facts import Facts
from scmigen.targets.certificate.grants import grants_of
from scmigen.targets.certificate.uses import UseRow, devices_of, uses_of
from scmigen.targets.common.files import File
from scmigen.targets.common.names import board_name
from scmigen.targets.common.templates import render

#: What stands for rights on a protocol as a whole: term and name.
PROTOCOLS = (("base", "permissions"), ("system", "system power"))


def _files(platform: Platform, _: NoOptions) -> Iterator[File]:
    facts = Facts(platform)
    yield from files_of(facts, uses_of(facts))


def files_of(facts: Facts, uses: tuple[UseRow, ...]) -> Iterator[File]:
    """The certificate of a platform, and the rules."""
    platform = facts.platform
    rows: dict[str, tuple[Any, ...]] = {
        "resources": tuple(facts.resources()),
        "devices": tuple(devices_of(facts, uses)),
        "owners": tuple(facts.owners()),
        "keeps": tuple(facts.keeps()),
        "feeds": facts.feeds,
        "carries": facts.carries,
        "may_feed": tuple(facts.may_feed()),
        "grants": tuple(grants_of(facts, uses)),
    }
    yield File(
        "certificate.lp",
        render(
            "certificate/certificate.lp.j2",
            board=clingo(board_name(platform)),
            agents=[(0, "platform"), *((each.id, clingo(each.name)) for each in platform.agents)],
            protocols=PROTOCOLS,
            uses=uses,
            whole=_count(uses, rows),
            **rows,
        ),
    )
    yield File("checker.lp", render("certificate/checker.lp.j2"), alike=True)


def _count(uses: Iterable[UseRow], rows: Mapping[str, tuple[Any, ...]]) -> int:
    """How many facts there are, each once: what tells a whole certificate from one that was cut."""
    needs = {
        (use.entry_number, use.agent, use.device, use.term, operation)
        for use in uses
        for operation in use.operations
    }
    after = sum(use.after is not None for use in uses)
    grants = {(*row, operation) for *row, operations in rows["grants"] for operation in operations}
    others = sum(len(set(of)) for name, of in rows.items() if name != "grants")
    return len(needs) + after + len(grants) + others + len(PROTOCOLS)


TARGET = Target(
    name="certificate",
    values=False,
    about="the facts behind all permissions, and the rules they fulfil, to be checked by clingo",
    options=NoOptions,
    files=_files,
)
