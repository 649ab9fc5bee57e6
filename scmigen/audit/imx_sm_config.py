"""What a configuration of imx-sm says: logical machines, agents, and the levels of their resources.

`imx_sm_cfg` reads it from a ``.cfg``, `imx_sm_header` from the ``config_scmi.h`` made of one.
"""

from collections.abc import Iterator

from scmigen.data import Data, field
from scmigen.diagnostics import Finding, Position
from scmigen.imx_sm.levels import LEVELS, Level

IMX_SM_SYNTAX = Finding(
    "imx-sm-syntax",
    "A configuration of imx-sm cannot be read.",
    "Correct it; imx-sm's own tool would stop there, too, or write half of its headers.",
    switchable=False,
)


class Row(Data):
    """A level for one resource, by its full name: ``DEV_SM_CLK_CAN1``. ``written`` is the first
    word of its line, where macros are not replaced yet."""

    protocol: str
    resource: str
    word: str
    position: Position
    written: str = ""

    @property
    def level(self) -> Level:
        """The level; a word that is none opens nothing."""
        return LEVELS.get(self.word, Level.NONE)


class Section(Data, frozen=False):
    """An agent, or with the number None what belongs to a logical machine before its agents.

    ``rows`` as they stand in the section, ``dup`` the agent whose rows hold in place of them,
    ``mailbox`` and ``channels`` the settings of those lines.
    """

    number: int | None
    machine: int
    position: Position
    name: str = ""
    secure: bool = False
    dup: int | None = None
    rows: list[Row] = field(default_factory=list)
    mailbox: str = ""
    channels: list[str] = field(default_factory=list)


class Config(Data):
    """``machines``: the names of the logical machines. ``strays``: words of lines that are neither
    commands nor resources, with their places. ``defined``: the words that it defines.
    ``joined``: first words of lines that would be definitions with a blank behind the colon."""

    file: str
    files: tuple[str, ...]
    soc: str | None
    board: str | None
    machines: dict[int, str]
    sections: tuple[Section, ...]
    strays: tuple[tuple[str, Position], ...] = ()
    defined: frozenset[str] = frozenset()
    joined: tuple[tuple[str, Position], ...] = ()

    @property
    def agents(self) -> tuple[Section, ...]:
        """The sections of agents, in order."""
        return tuple(one for one in self.sections if one.number is not None)

    @property
    def own(self) -> tuple[Row, ...]:
        """What LM0 may set, the System Manager itself."""
        found = (one for one in self.sections if one.number is None and one.machine == 0)
        return tuple(row for one in found for row in one.rows if row.level >= Level.SET)

    def rows(self, agent: Section) -> dict[str, Row]:
        """The rows that hold for an agent by resource: of its own section or of the one that it
        duplicates. Of several rows for a resource the last one holds."""
        source = agent
        if agent.dup is not None:
            source = next((one for one in self.agents if one.number == agent.dup), agent)
        return {row.resource: row for row in source.rows}

    def cells(self) -> Iterator[tuple[int, str, str, str]]:
        """Agent, protocol, resource and word of every level."""
        for agent in self.agents:
            for name, row in self.rows(agent).items():
                yield agent.number or 0, row.protocol, name, row.word
