"""What the expressions of rules may speak of."""

import struct
from collections.abc import Mapping
from types import MappingProxyType

from scmigen.compare.following import SUBJECTS, Follower
from scmigen.compare.tables import Tables
from scmigen.hints import Final
from scmigen.scmi import messages
from scmigen.scmi.protocols import Protocol

#: Names of every message and its two answers.
_OF_MESSAGE: Final = {
    "protocol": "the number of the protocol",
    "message": "of the message",
    "agent": "of the agent that sends it",
    "size": "bytes of the payload",
    "want": "bytes that the message has in the second server's version of the protocol; -1 where "
    "that does not have it",
    "beyond": "whether it does not",
    "w0": "the first word of the payload; -1 where there is none",
    "w1": "the second one",
    "w2": "the third one",
    "w3": "the fourth one",
    "id": "the resource that the message names",
    "ours": "the status that the first server answers",
    "o": "the words of its reply, the status first",
    "theirs": "the status that the second server answers",
    "t": "the words of its reply",
}
#: Names that only the platform tells: the runtime configuration of the first server.
_OF_CONFIGURATION: Final = {
    "present": "whether a resource of the protocol's kind is on the platform",
    "offered": "whether the agent has a grant of that kind, or may be given one with a device",
    "opened": "whether it has a grant of that kind at boot",
    "known": "whether it has one of this resource at boot",
    "allowed": "whether a grant allows this message for this id at boot",
    "assignable": "whether the agent may be given the resource later, with its device",
    "elements": "resources of the kind, up to the highest number",
    "rows": "ids of the agent's table in SCP-firmware; of kinds without tables: elements",
    "agents": "agents, without the platform",
    "agent_type": "SCP-firmware's type of the agent: 0 PSCI, 1 MANAGEMENT, 2 OSPM, 3 other",
    "protocols": "protocols that the agent has in SCP-firmware, ascending, without base",
    "system": "whether system power is in the firmware",
    "operations": "the operations that the agent has on the resource at boot",
    "levels": "levels of the performance domain, ascending",
    "millivolts": "their voltages",
    "kilohertz": "their frequencies",
    "rates": "rates of the clock in Hz",
    "microvolts": "levels of the supply",
    "name": "the four words of the resource's short name",
    "sensors": "the descriptors of all sensors",
}
#: Names of what SCP-firmware's modules hold by now, by their answers.
_OF_STATE: Final = {
    "voted": "1 where the agent's vote for the clock stands",
    "stopped": "whether the mock clock is off",
    "rate": "the rate it has",
    "voltage": "the level the supply has",
    "mode": "7 where the supply is on, else 0",
    "level": "the level the performance domain is at",
    "low": "its lower limit",
    "high": "its upper limit",
    "fits": "whether the level of the message, clipped, is within the limits",
    "power": "the state of the power domain",
    "split": "whether a lasting difference came before, on the same resource",
}
#: Name → what it is.
NAMES: Final[Mapping[str, str]] = MappingProxyType(_OF_MESSAGE | _OF_CONFIGURATION | _OF_STATE)
#: The names that need the platform.
OF_PLATFORM: Final = frozenset(_OF_CONFIGURATION) | frozenset(_OF_STATE)


class Facts:
    """The names of one message after the other. ``tables``: of the platform, if it is known;
    ``versions``: of the second server's protocols."""

    def __init__(self, versions: Mapping[int, int], tables: Tables | None = None) -> None:
        self._versions = versions
        self._tables = tables
        self.follower = None if tables is None else Follower(tables)

    def names(
        self, agent: int, protocol: int, message: int, payload: bytes, ours: bytes, theirs: bytes
    ) -> dict[str, object]:
        """The names of a message of an agent, and both replies with their statuses."""
        words = payload_words(payload)
        number = words[SUBJECTS.get((protocol, message), 0)]
        want = self._want(protocol, message)
        found: dict[str, object] = {
            "protocol": protocol,
            "message": message,
            "agent": agent,
            "size": len(payload),
            "want": want,
            "beyond": want < 0,
            **{f"w{index}": word for index, word in enumerate(words)},
            "id": number,
            **statuses("ours", "o", ours),
            **statuses("theirs", "t", theirs),
        }
        if self._tables is not None and self.follower is not None:
            found |= self._tables.names(agent, protocol, message, number, beyond=want < 0)
            found |= self.follower.names(agent, protocol, number, words)
        return found

    def _want(self, protocol: int, message: int) -> int:
        if protocol not in set(Protocol):
            return -1
        known = messages.commands(Protocol(protocol), self._versions.get(protocol, 0))
        return known[message].request.size if message in known else -1

    def answered(self, agent: int, protocol: int, message: int, payload: bytes) -> None:
        """The second server has answered a message with SUCCESS."""
        if self.follower is not None:
            self.follower.follow(agent, protocol, message, payload_words(payload))

    def parted(self, agent: int, protocol: int, message: int, payload: bytes) -> None:
        """The two hold different states of the resource that a message names from now on."""
        if self.follower is not None:
            words = payload_words(payload)
            number = words[SUBJECTS.get((protocol, message), 0)]
            found = self.follower.element(agent, protocol, number)
            if found is not None:
                self.follower.split.add(found)


def payload_words(payload: bytes) -> list[int]:
    """The first four words; -1 where there is none."""
    return (reply_words(payload) + [-1] * 4)[:4]


def reply_words(reply: bytes) -> list[int]:
    """The whole words."""
    return list(struct.unpack_from(f"<{len(reply) // 4}I", reply))


def statuses(status: str, words: str, reply: bytes) -> dict[str, object]:
    """The two names of a reply: its status, and its words."""
    return {status: int.from_bytes(reply[:4], "little", signed=True), words: reply_words(reply)}
