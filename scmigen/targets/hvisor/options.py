"""Options of the output ``hvisor``."""

from collections.abc import Mapping
from typing import Annotated

from scmigen.data import field
from scmigen.targets.base import Group, Meta
from scmigen.targets.common.notice import NoticeOptions

_Cell = Annotated[int, Meta(ge=0, le=0xFFFFFFFF)]


class ZoneOptions(Group):
    """The SCMI device of a zone: ``id`` of the zone, address, bytes and interrupt of the device."""

    id: Annotated[int, Meta(ge=0, le=0xFFFFFFFF)] | None = None
    addr: Annotated[int, Meta(ge=1, le=(1 << 63) - 1)] | None = None
    len: Annotated[int, Meta(ge=0x100, le=1 << 20)] = 0x200
    irq: Annotated[int, Meta(ge=1, le=0x7FFFFFFF)] | None = None

    @property
    def is_known(self) -> bool:
        """Whether hvisor would take the device."""
        return self.addr is not None and self.irq is not None


class HvisorOptions(NoticeOptions):
    """``host``: the agent that is the root zone. ``zones``: of other agents the zone.
    ``interrupt``: the cells of the root zone's interrupt from hvisor."""

    host: str | None = None
    zones: Mapping[str, ZoneOptions] = field(default_factory=dict)
    interrupt: tuple[_Cell, ...] = ()
