"""The deny bits of SCP-firmware's resource_perms module.

A set bit denies. Everything starts denied; a grant clears the bit of each message that one of its
operations at boot opens, as `scmigen.scmi.may` defines them. (What opens later, with an assignable
device, would need base 0x9.)

The tables are indexed by agent (from agent 1), message (from 0x3) and 16-bit word; the bit is the
id that the protocol checks: the agent's own for clocks, resets and voltage domains, the element for
power domains, performance domains and sensors. The firmware counts ``(count >> 4) + 1`` words,
hence one more than needed where the count is a multiple of 16.
"""

from collections.abc import Collection
from itertools import groupby

from scmigen.data import Data
from scmigen.model.platform import Grant
from scmigen.scmi.needs import needed
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind
from scmigen.targets.common.ctext import WIDTH
from scmigen.targets.scp.kinds import KINDS
from scmigen.targets.scp.spaces import Space, View

#: Resources in a word of a permission table.
WORD_BITS = 16
_FULL = 0xFFFF
#: Columns before a row of the table of an agent.
_ROW_INDENT = 8
_DESCRIPTION_GET = 0x3
#: Messages of trip points: to be notified, and to set one.
TRIP_POINTS = (0x4, 0x5)


class Message(Data):
    """The words of one message for one agent, and the ids they leave open, for people: ``0-3``."""

    enum: str
    words: tuple[int, ...]
    allowed: str

    @property
    def denied(self) -> bool:
        """Whether no id is left open."""
        return not self.allowed

    @property
    def lines(self) -> tuple[str, ...]:
        """The row as lines of C: one where it fits, else with eight words on each."""
        words = [f"0x{word:04X}" for word in self.words]
        line = f"[{self.enum}] = {{ {', '.join(words)} }},"
        if _ROW_INDENT + len(line) <= WIDTH:
            return (line,)
        rows = (", ".join(words[i : i + 8]) for i in range(0, len(words), 8))
        return (f"[{self.enum}] = {{", *(f"    {row}," for row in rows), "},")


class AgentTable(Data):
    """The rows of one agent."""

    enum: str
    name: str
    messages: tuple[Message, ...]

    @property
    def denied(self) -> bool:
        """Whether no message is open for any id."""
        return all(message.denied for message in self.messages)


class Table(Data):
    """The permission table of one protocol; ``count`` resources in ``words`` words per message."""

    kind: Kind
    count: int
    words: int
    agents: tuple[AgentTable, ...]

    @property
    def has_denied(self) -> bool:
        """Whether a message is not open for any id."""
        return any(message.denied for agent in self.agents for message in agent.messages)


def word_count(count: int) -> int:
    """Words of a row as the firmware computes them."""
    return count // WORD_BITS + 1


def opens(kind: Kind, message: int, operations: frozenset[Operation]) -> bool:
    """Whether a grant of ``operations`` opens ``message`` on its resource."""
    operation = needed(kind.protocol)[message]
    return bool(operations) if operation is None else operation in operations


def _deny_words(allowed: list[int], words: int) -> tuple[int, ...]:
    found = [_FULL] * words
    for number in allowed:
        found[number // WORD_BITS] &= ~(1 << number % WORD_BITS)
    return tuple(found)


def ranges(numbers: list[int]) -> str:
    """Ascending numbers for people: ``0-3, 7``."""
    runs = (
        [number for _, number in run]
        for _, run in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0])
    )
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def _checked_id(kind: Kind, grant: Grant) -> int:
    """The id that the firmware looks up for a request on a resource."""
    return grant.resource.number if KINDS[kind].physical else grant.id


def _allowed(space: Space, view: View, message: int) -> list[int]:
    """The ids, ascending, for which an agent may send a message.

    The id of SENSOR_DESCRIPTION_GET is only where to begin, so that whoever has a sensor may begin
    anywhere.
    """
    if space.kind is Kind.SENSOR and message == _DESCRIPTION_GET and view.allowed:
        return [element.number for element in space.elements]
    grants = [row.grant for row in view.rows if row.grant is not None]
    return sorted(
        _checked_id(space.kind, grant) for grant in grants if opens(space.kind, message, grant.boot)
    )


def _messages(space: Space, view: View, words: int, closed: Collection[int]) -> tuple[Message, ...]:
    found = []
    for message, enum in space.row.permissions.messages.items():
        allowed = [] if message in closed else _allowed(space, view, message)
        found.append(Message(enum, _deny_words(allowed, words), ranges(allowed)))
    return tuple(found)


def build_table(space: Space, closed: Collection[int] = ()) -> Table:
    """The permission table of one protocol, for all agents in the order of their ids; messages that
    are ``closed`` are denied to all."""
    words = word_count(space.count)
    agents = tuple(
        AgentTable(view.enum, view.agent.name, _messages(space, view, words, closed))
        for view in space.views
    )
    return Table(space.kind, space.count, words, agents)
