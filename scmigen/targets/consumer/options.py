"""What the trees of agents are like: options of the output."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Literal

from scmigen.assignment.words import did_you_mean
from scmigen.bindings.dialects import Os
from scmigen.diagnostics import Diagnostic
from scmigen.model.platform import Platform
from scmigen.targets.base import Meta
from scmigen.targets.common.notice import NoticeOptions
from scmigen.targets.options import OUTPUT_OPTION

#: What becomes of the nodes of other agents.
Others = Literal["reserved", "removed"]
#: What the tree is for: the whole machine, or a VM that is given some of its devices.
Whom = Literal["host", "guest"]


class ConsumerOptions(NoticeOptions):
    """Options of the output ``consumer``.

    ``others``: whether the nodes of other agents get ``status = "reserved"`` or are removed.
    ``for``: ``guest`` leaves the agent's devices and what they refer to. ``os``: what reads the
    tree. Both: agent → word where not all trees are for the same. ``max_rx_timeout_ms``: how long
    Linux waits for an answer.
    """

    KEYS = MappingProxyType({"whom": "for"})

    others: Others = "reserved"
    whom: Whom | Mapping[str, Whom] = "host"
    os: Os | Mapping[str, Os] = Os.LINUX
    max_rx_timeout_ms: (
        Annotated[int, Meta(ge=1, le=0xFFFFFFFF, description="milliseconds, 1 or more")] | None
    ) = None

    def is_guest(self, agent: str) -> bool:
        """Whether the tree of an agent is that of a VM."""
        word = self.whom if isinstance(self.whom, str) else self.whom.get(agent, "host")
        return word == "guest"

    def os_of(self, agent: str) -> Os:
        """What reads the tree of an agent."""
        return self.os if isinstance(self.os, Os) else self.os.get(agent, Os.LINUX)


def check_options(platforms: Sequence[Platform], options: ConsumerOptions) -> Iterator[Diagnostic]:
    """Names of agents that the board does not have."""
    known = sorted({agent.name for platform in platforms for agent in platform.agents})
    for key, words in (("for", options.whom), ("os", options.os)):
        for name in words if isinstance(words, Mapping) else ():
            if name not in known:
                hint = did_you_mean(name, known)
                yield OUTPUT_OPTION.error(f"no agent {name!r}", options.at(key, name), hint=hint)
