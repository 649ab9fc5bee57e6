"""Options of the output ``xen``."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Annotated

from scmigen.assignment.words import did_you_mean
from scmigen.data import field
from scmigen.diagnostics import Diagnostic
from scmigen.model.platform import Platform
from scmigen.targets.base import Meta, Path
from scmigen.targets.common.notice import NoticeOptions
from scmigen.targets.options import OUTPUT_OPTION

#: The shared memory as domains see it, where nothing else is said: a hole in Xen's guest layout.
GUEST_MEMORY = 0x22001000

Address = Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]


class Driver(StrEnum):
    """Xen's SCMI drivers, by the words that Xen has for them."""

    #: One domain, for which Xen passes on the calls of the only agent (Xen 4.21 and newer).
    SINGLE = "scmi_smc"
    #: Each domain is an agent, and so is Xen (series of 2026-02, version 10).
    MULTIPLE = "scmi_smc_multiagent"


class XenOptions(NoticeOptions):
    """``driver``: which one Xen has. ``xen``: the agent that is Xen itself, ``dom0`` that of dom0.
    ``memory``: the address of each agent's shared memory, of one page, where no node of the board
    is that. ``guest_memory``: where domains have theirs."""

    driver: Driver = Driver.MULTIPLE
    xen: str | None = None
    dom0: str | None = None
    memory: Mapping[str, Address] = field(default_factory=dict)
    guest_memory: Address | Mapping[str, Address] = GUEST_MEMORY

    def seen_at(self, agent: str) -> int:
        """Where a domain has its shared memory."""
        said = self.guest_memory
        return said if isinstance(said, int) else said.get(agent, GUEST_MEMORY)


def check_options(platforms: Sequence[Platform], options: XenOptions) -> Iterator[Diagnostic]:
    """Names of agents that the board does not have."""
    known = sorted({agent.name for platform in platforms for agent in platform.agents})
    named: list[tuple[Path, str]] = [(("memory", name), name) for name in options.memory]
    if isinstance(options.guest_memory, Mapping):
        named += [(("guest-memory", name), name) for name in options.guest_memory]
    named += [
        ((key,), name) for key, name in (("xen", options.xen), ("dom0", options.dom0)) if name
    ]
    for path, name in named:
        if name not in known:
            hint = did_you_mean(name, known)
            yield OUTPUT_OPTION.error(f"no agent {name!r}", options.at(*path), hint=hint)
