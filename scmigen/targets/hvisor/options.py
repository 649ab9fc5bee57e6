"""Options of the output ``hvisor``."""

from collections.abc import Mapping
from typing import Annotated

import msgspec

from scmigen.targets.base import Group
from scmigen.targets.common.notice import NoticeOptions

_Cell = Annotated[int, msgspec.Meta(ge=0, le=0xFFFFFFFF)]


class ZoneOptions(Group, frozen=True):
    """The SCMI device of a zone: ``id`` of the zone, address, bytes and interrupt of the device."""

    id: Annotated[int, msgspec.Meta(ge=0, le=0xFFFFFFFF)] | None = None
    addr: Annotated[int, msgspec.Meta(ge=1, le=(1 << 63) - 1)] | None = None
    len: Annotated[int, msgspec.Meta(ge=0x100, le=1 << 20)] = 0x200
    irq: Annotated[int, msgspec.Meta(ge=1, le=0x7FFFFFFF)] | None = None

    @property
    def is_known(self) -> bool:
        """Whether hvisor would take the device."""
        return self.addr is not None and self.irq is not None


class HvisorOptions(NoticeOptions, frozen=True):
    """``host``: the agent that is the root zone. ``zones``: of other agents the zone.
    ``interrupt``: the cells of the root zone's interrupt from hvisor."""

    host: str | None = None
    zones: Mapping[str, ZoneOptions] = msgspec.field(default_factory=dict)
    interrupt: tuple[_Cell, ...] = ()
