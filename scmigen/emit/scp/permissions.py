"""The deny bits of SCP-firmware's resource_perms module.

A set bit denies. Everything starts denied; a grant clears the bit of each message that one of its
operations at boot opens. (What opens later, with an assignable device, would need base 0x9.)

The tables are indexed by agent (from agent 1), message (from 0x3) and 16-bit word; the bit is the
id that the protocol checks, which is the agent's own for clocks and resets and the element for
power domains. The firmware counts ``(count >> 4) + 1`` words, hence one more than needed where
the count is a multiple of 16.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby

from scmigen.emit.scp.spaces import Space, View
from scmigen.model.platform import Grant
from scmigen.scmi.operations import NEEDED, Operation
from scmigen.scmi.protocols import Kind

#: Resources in a word of a permission table.
WORD_BITS = 16
_FULL = 0xFFFF

#: Kind → message id → the row of the firmware's table; messages without a row are always open.
MESSAGES: Mapping[Kind, Mapping[int, str]] = {
    Kind.POWER: {
        0x3: "MOD_RES_PERMS_SCMI_POWER_DOMAIN_ATTRIBUTES_IDX",
        0x4: "MOD_RES_PERMS_SCMI_POWER_DOMAIN_STATE_SET_IDX",
        0x5: "MOD_RES_PERMS_SCMI_POWER_DOMAIN_STATE_GET_IDX",
        0x6: "MOD_RES_PERMS_SCMI_POWER_DOMAIN_STATE_NOTIFY_IDX",
    },
    Kind.CLOCK: {
        0x3: "MOD_RES_PERMS_SCMI_CLOCK_ATTRIBUTES_IDX",
        0x4: "MOD_RES_PERMS_SCMI_CLOCK_DESCRIBE_RATE_IDX",
        0x5: "MOD_RES_PERMS_SCMI_CLOCK_RATE_SET_IDX",
        0x6: "MOD_RES_PERMS_SCMI_CLOCK_RATE_GET_IDX",
        0x7: "MOD_RES_PERMS_SCMI_CLOCK_CONFIG_SET_IDX",
    },
    Kind.RESET: {
        0x3: "MOD_RES_PERMS_SCMI_RESET_DOMAIN_ATTRIBUTES_IDX",
        0x4: "MOD_RES_PERMS_SCMI_RESET_DOMAIN_RESET_REQUEST_IDX",
        0x5: "MOD_RES_PERMS_SCMI_RESET_DOMAIN_RESET_NOTIFY_IDX",
    },
}


@dataclass(frozen=True, slots=True)
class Message:
    """The words of one message for one agent, and the ids they leave open, for people."""

    enum: str
    words: tuple[int, ...]
    allowed: str

    @property
    def lines(self) -> tuple[str, ...]:
        """The words as lines of an initialiser, eight a line."""
        hexadecimal = [f"0x{word:04X}," for word in self.words]
        return tuple(" ".join(hexadecimal[i : i + 8]) for i in range(0, len(hexadecimal), 8))


@dataclass(frozen=True, slots=True)
class AgentTable:
    """The rows of one agent."""

    enum: str
    name: str
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """The permission table of one protocol; ``count`` resources in ``words`` words a message."""

    kind: Kind
    count: int
    words: int
    agents: tuple[AgentTable, ...]


def word_count(count: int) -> int:
    """Words of a row as the firmware computes them."""
    return count // WORD_BITS + 1


def opens(kind: Kind, message: int, operations: frozenset[Operation]) -> bool:
    """Whether a grant of ``operations`` opens ``message`` on its resource."""
    needed = NEEDED[kind.protocol][message]
    return bool(operations) if needed is None else needed in operations


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
    return grant.resource.number if kind is Kind.POWER else grant.id


def _messages(kind: Kind, view: View, words: int) -> tuple[Message, ...]:
    grants = [row.grant for row in view.rows if row.grant is not None]
    found = []
    for message, enum in MESSAGES[kind].items():
        allowed = sorted(
            _checked_id(kind, grant) for grant in grants if opens(kind, message, grant.boot)
        )
        said = f"allowed: {ranges(allowed)}" if allowed else "all denied"
        found.append(Message(enum, _deny_words(allowed, words), said))
    return tuple(found)


def build_table(space: Space) -> Table:
    """The permission table of one protocol, for all agents in the order of their ids."""
    words = word_count(space.count)
    agents = tuple(
        AgentTable(view.enum, view.agent.name, _messages(space.kind, view, words))
        for view in space.views
    )
    return Table(space.kind, space.count, words, agents)
