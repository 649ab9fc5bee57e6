"""What a description of a server may have besides grants: what it tells agents of itself, and how
it holds its resources. Nothing of it need be known; what is absent is not told.
"""

from typing import Annotated, ClassVar

from msgspec import Meta

from scmigen.runtime.schema import Hertz, Number, Strict
from scmigen.runtime.words import MAX_AGENTS

#: Operating points of one table, channels of one server.
MAX_LEVELS, MAX_SERVICES = 256, 256
_Unsigned = Annotated[int, Meta(ge=0, le=0x7FFF_FFFF_FFFF_FFFF)]
_Volts = Annotated[int, Meta(ge=-0x8000_0000, le=0x7FFF_FFFF_FFFF_FFFF)]


class ServedVendor(Strict, frozen=True, kw_only=True):
    """What the server calls itself (BASE_DISCOVER_VENDOR, …_SUB_VENDOR, …_IMPLEMENTATION_VERSION);
    each None where that is not known."""

    described: ClassVar[str] = (
        "What the server calls itself, as far as that is known: vendor, sub-vendor, and the "
        "version of its implementation."
    )
    vendor: str | None = None
    sub_vendor: str | None = None
    version: Annotated[int, Meta(ge=0, le=0xFFFF_FFFF)] | None = None
    source: str | None = None


class ServedService(Strict, frozen=True, kw_only=True):
    """A channel of an agent, by its place among those of the server. ``name``: what it is called
    there. ``notifies``: it is the server that sends; ``by``: the place of the channel on which
    agents of this one are told, None for no such."""

    described: ClassVar[str] = (
        "A channel of an agent, by its place among those of the server. ``notifies``: it is the "
        "server that sends; ``by``: the place of the one on which agents of this one are told, "
        "if there is such."
    )
    agent: Annotated[int, Meta(ge=1, le=MAX_AGENTS)]
    name: Annotated[str, Meta(max_length=255)] = ""
    notifies: bool = False
    by: Annotated[int, Meta(ge=0, lt=MAX_SERVICES)] | None = None
    source: str | None = None


class ServedLevel(Strict, frozen=True, kw_only=True):
    """An operating point: its abstract level, frequency in Hz, voltage in µV, power in µW, and what
    changing to it takes in µs; each of the last four None where it is not known."""

    described: ClassVar[str] = (
        "An operating point: ``level`` is its abstract number, ``frequency`` in Hz, ``voltage`` "
        "in µV, ``power`` in µW, ``latency`` in µs, where they are known."
    )
    level: _Unsigned
    frequency: Hertz | None = None
    voltage: _Volts | None = None
    power: _Unsigned | None = None
    latency: Number | None = None


class ServedLevels(Strict, frozen=True, kw_only=True):
    """The operating points of a performance domain, in the order of the server's table.
    ``sustained``: the index of the one that can be held, ``latency`` in µs what a change takes.
    ``abstract``: powers are numbers of a scale of the server's own."""

    described: ClassVar[str] = (
        "A table of operating points, in order. ``sustained``: the index of the one that can be "
        "held; ``latency`` in µs what a change takes. ``abstract``: powers are numbers of a scale "
        "of the server's own."
    )
    levels: Annotated[tuple[ServedLevel, ...], Meta(max_length=MAX_LEVELS)]
    sustained: Number | None = None
    latency: Number | None = None
    abstract: bool = False
    source: str | None = None
