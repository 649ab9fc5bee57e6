"""The messages of NVIDIA's BPMP that name a resource (Linux ``include/soc/tegra/bpmp-abi.h``)."""

from collections.abc import Mapping

from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind
from scmigen.tuples import NamedTuple


class Command(NamedTuple):
    """A command of a message, its number, and the operation that it is."""

    name: str
    number: int
    operation: Operation


class Message(NamedTuple):
    """A message (MRQ), its number, and its commands that act on one id."""

    name: str
    number: int
    commands: tuple[Command, ...]


MESSAGES: Mapping[Kind, Message] = {
    Kind.CLOCK: Message(
        "MRQ_CLK",
        22,
        (
            Command("CMD_CLK_GET_RATE", 1, Operation.READ),
            Command("CMD_CLK_SET_RATE", 2, Operation.RATE),
            Command("CMD_CLK_ROUND_RATE", 3, Operation.RATE),
            Command("CMD_CLK_GET_PARENT", 4, Operation.READ),
            Command("CMD_CLK_SET_PARENT", 5, Operation.PARENT),
            Command("CMD_CLK_IS_ENABLED", 6, Operation.READ),
            Command("CMD_CLK_ENABLE", 7, Operation.STATE),
            Command("CMD_CLK_DISABLE", 8, Operation.STATE),
            Command("CMD_CLK_GET_ALL_INFO", 14, Operation.READ),
            Command("CMD_CLK_GET_FMAX_AT_VMIN", 16, Operation.READ),
        ),
    ),
    Kind.RESET: Message(
        "MRQ_RESET",
        20,
        (
            Command("CMD_RESET_ASSERT", 1, Operation.RESET),
            Command("CMD_RESET_DEASSERT", 2, Operation.RESET),
            Command("CMD_RESET_MODULE", 3, Operation.RESET),
        ),
    ),
    Kind.POWER: Message(
        "MRQ_PG",
        66,
        (
            Command("CMD_PG_SET_STATE", 1, Operation.STATE),
            Command("CMD_PG_GET_STATE", 2, Operation.READ),
            Command("CMD_PG_GET_NAME", 3, Operation.READ),
        ),
    ),
}
#: Commands that take away what others use; a proxy is one client for all of its guests.
TAKING = frozenset({"CMD_CLK_DISABLE", "CMD_PG_SET_STATE"})
#: What Linux asks of every clock above one that it switches on.
ENABLING = "CMD_CLK_ENABLE"
