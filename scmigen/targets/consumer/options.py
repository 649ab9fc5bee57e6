"""What the trees of agents are like: options of the output."""

from typing import Annotated, Literal

import msgspec

from scmigen.targets.common.notice import NoticeOptions

#: What becomes of the nodes of other agents.
Others = Literal["reserved", "removed"]
#: What the tree is for: the whole machine, or a VM that is given some of its devices.
Whom = Literal["host", "guest"]


class ConsumerOptions(NoticeOptions, frozen=True):
    """Options of the output ``consumer``.

    ``others``: whether the nodes of other agents get ``status = "reserved"`` or are removed.
    ``for``: ``guest`` leaves the agent's devices and what they refer to. ``max_rx_timeout_ms``: how
    long Linux waits for an answer.
    """

    others: Others = "reserved"
    whom: Whom = msgspec.field(default="host", name="for")
    max_rx_timeout_ms: (
        Annotated[int, msgspec.Meta(ge=1, le=0xFFFFFFFF, description="milliseconds, 1 or more")]
        | None
    ) = None
