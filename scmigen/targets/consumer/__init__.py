"""For each agent the device tree that it boots with.

`plan` says what is to change in the board's tree, `trees` makes the files of that, and `told` what
the user has to know of it.
"""

from collections.abc import Iterator

from scmigen.diagnostics import Diagnostic
from scmigen.model.platform import Platform
from scmigen.targets.base import Target
from scmigen.targets.common.files import File
from scmigen.targets.common.kept import kept
from scmigen.targets.consumer.board import Board, board_of
from scmigen.targets.consumer.findings import FINDINGS, TRANSPORT_ASSUMED
from scmigen.targets.consumer.options import ConsumerOptions, check_options
from scmigen.targets.consumer.plan import Plan, plan_for
from scmigen.targets.consumer.reach import is_out_of_reach, speaks
from scmigen.targets.consumer.told import told
from scmigen.targets.consumer.trees import trees


@kept
def _plans(platform: Platform, options: ConsumerOptions) -> tuple[Board, tuple[Plan, ...]]:
    board = board_of(platform)
    agents = (
        agent
        for agent in platform.agents
        if speaks(platform, agent) and not is_out_of_reach(platform, agent)
    )
    return board, tuple(plan_for(platform, agent, board, options) for agent in agents)


def _check(platform: Platform, options: ConsumerOptions) -> Iterator[Diagnostic]:
    yield from told(platform, *_plans(platform, options))
    for agent in platform.agents:
        if speaks(platform, agent) and is_out_of_reach(platform, agent):
            yield TRANSPORT_ASSUMED.note(
                f"no source says how {agent.name} of the secure world reaches the platform: "
                "it gets no tree",
                agent.position,
                hint="the transport of the agents file, if there is one",
            )


def _files(platform: Platform, options: ConsumerOptions) -> Iterator[File]:
    _, plans = _plans(platform, options)
    for plan in plans:
        if not plan.missing and not plan.short:
            yield from trees(platform, plan, options)


TARGET = Target(
    name="consumer",
    values=False,
    about="the device tree that each agent boots with, as source, blob and what to include",
    options=ConsumerOptions,
    files=_files,
    check=_check,
    check_options=check_options,
    findings=FINDINGS,
)
