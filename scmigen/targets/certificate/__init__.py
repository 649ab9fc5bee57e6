"""A certificate: the facts of a configuration, and the rules that they must fulfil, for clingo.

Whoever does not trust scmigen checks that no agent can change what another agent's devices need.
"""

from collections.abc import Iterator

from scmigen.escape import clingo
from scmigen.model.platform import Platform
from scmigen.targets.base import NoOptions, Target
from scmigen.targets.certificate.facts import Facts
from scmigen.targets.certificate.grants import grants_of
from scmigen.targets.certificate.uses import devices_of, uses_of
from scmigen.targets.common.files import File
from scmigen.targets.common.names import board_name
from scmigen.targets.common.templates import render


def _files(platform: Platform, _: NoOptions) -> Iterator[File]:
    facts = Facts(platform)
    uses = uses_of(facts)
    yield File(
        "certificate.lp",
        render(
            "certificate/certificate.lp.j2",
            board=clingo(board_name(platform)),
            agents=[(0, "platform"), *((each.id, clingo(each.name)) for each in platform.agents)],
            resources=tuple(facts.resources()),
            devices=tuple(devices_of(facts, uses)),
            owners=tuple(facts.owners()),
            keeps=tuple(facts.keeps()),
            feeds=facts.feeds,
            carries=facts.carries,
            may_feed=tuple(facts.may_feed()),
            uses=uses,
            grants=tuple(grants_of(facts, uses)),
        ),
    )
    yield File("checker.lp", render("certificate/checker.lp.j2"), alike=True)


TARGET = Target(
    name="certificate",
    values=False,
    about="the facts behind all permissions, and the rules they fulfil, to be checked by clingo",
    options=NoOptions,
    files=_files,
)
