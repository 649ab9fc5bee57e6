"""What is sent to both servers: a systematic sweep, and random messages that a seed repeats."""

import random
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence

from scmigen.data import Data, field
from scmigen.hints import Final
from scmigen.scmi import messages
from scmigen.scmi.layouts import Field, Layout, Message
from scmigen.scmi.needs import needed
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Protocol
from scmigen.tuples import NamedTuple

#: A version that has every message.
_NEWEST: Final = 0xFFFF_FFFF
#: The longest payload of a random message: what the smallest usual mailbox (128 bytes) holds.
_LONGEST: Final = 96
#: Messages that end a system, so that nothing is left to compare.
_ENDS: Final = frozenset({(Protocol.SYSTEM, 0x3)})
_RESERVED_FLAGS: Final = 0xFFFF_FFFE
#: Messages that only read, of the protocols without resources.
_READING: Final[Mapping[Protocol, frozenset[int]]] = {
    Protocol.BASE: frozenset(range(0x3, 0x8)),
    Protocol.SYSTEM: frozenset({0x4}),
    Protocol.TELEMETRY: frozenset({0x3, 0x4, 0x5, 0x7, 0x9}),
}
_COMMON: Final = frozenset({messages.VERSION, messages.ATTRIBUTES, messages.MESSAGE_ATTRIBUTES})
_BYTES: Final = {"u8": 1, "u16": 2, "u32": 4, "i32": 4, "u64": 8, "i64": 8}
#: The most ids of a kind that a sweep asks for: a server may tell 65535.
MOST_IDS: Final = 1024
#: How many of them are asked for again with a bit above their lowest 8 or 16.
_ALIASES: Final = 256
#: Ids that a server may cut to fewer bits.
_FAR: Final = (4095, 4096, 65535, 65536, 1 << 31, 0xFFFF_FFFF)
#: Values that are as likely wrong as right.
_VALUES: Final = (0, 1, 2, 3, 4, 7, 8, 15, 255, 1 << 16, 1 << 30, 1 << 31, 0xFFFF_FFFF)
#: Fields that name a resource, and those that switch a notification.
_SUBJECTS: Final = ("domain", "clock", "sensor", "id")
_ENABLING: Final = ("enable", "control")
#: How many ids of an agent and protocol random messages come back to, so that what was set is read.
_FAVOURITES: Final = 6
#: Fields whose values do not come from replies.
_PLAIN: Final = ("flags", "state", "attributes", "config", *_ENABLING)
#: Fields with values that mean something, which are the likeliest.
_LIKELY: Final[Mapping[str, tuple[int, ...]]] = {
    "attributes": (0, 1),
    "config": (0, 1, 7),
    "state": (0, 1 << 30),
    "reset_state": (0, 1 << 31),
}
#: How far from a value of a reply the value of a message may be.
_BESIDE: Final = (0, 0, 0, 0, 1, -1)
#: The most values that are remembered of the replies about one resource.
_LEARNT: Final = 64


class Request(NamedTuple):
    """A message of an agent (its place in the list of agents)."""

    agent: int
    protocol: int
    message: int
    payload: bytes


class Choice(Data):
    """Which messages to send. ``protocols`` and ``left_out`` (names of messages) narrow them;
    ``write``: also those that change something."""

    protocols: tuple[Protocol, ...] = tuple(Protocol)
    left_out: Container[str] = frozenset()
    write: bool = False

    def rows(self, protocol: Protocol, versions: Iterable[int]) -> tuple[Message, ...]:
        """The messages of a protocol, each in the forms of these versions, and those of later ones
        in their newest form."""
        forms: dict[tuple[int, int], Message] = {}
        for version in versions:
            for row in messages.commands(protocol, version).values():
                forms.setdefault((row.id, row.request.size), row)
        known = {number for number, _ in forms}
        for row in messages.commands(protocol, _NEWEST).values():
            if row.id not in known:
                forms[row.id, row.request.size] = row
        return tuple(
            row
            for _, row in sorted(forms.items())
            if (self.write or reads(protocol, row.id))
            and row.name not in self.left_out
            and f"{protocol.name}.{row.name}" not in self.left_out
        )


def reads(protocol: Protocol, message: int) -> bool:
    """Whether a message leaves everything as it is: it needs to be allowed to read, or less, and
    subscribes to nothing."""
    if message in _COMMON or message in _READING.get(protocol, ()):
        return True
    needs = needed(protocol)
    name = messages.commands(protocol, _NEWEST)[message].name if message in needs else "NOTIFY"
    return "NOTIFY" not in name and needs[message] in (None, Operation.READ)


class Known(Data, frozen=False):
    """What the servers have told of themselves: agents, ids of each agent and protocol, versions of
    each protocol, and values in replies, by protocol and id."""

    agents: int
    ids: Mapping[tuple[int, int], int]
    versions: Mapping[int, Collection[int]] = field(default_factory=dict)
    values: dict[tuple[int, int], list[int]] = field(default_factory=dict)
    #: Some ids of each agent and protocol about which the first server has answered.
    answered: dict[tuple[int, int], list[int]] = field(default_factory=dict)
    #: Notifications (protocol, message) that both servers have enabled for some agent.
    enabled: set[tuple[int, int]] = field(default_factory=set)

    def learn(self, request: Request, words: Sequence[int], subject: int) -> None:
        """Remember the values of a reply about a resource, and some of the ids that exist."""
        ids = self.answered.setdefault((request.agent, request.protocol), [])
        if len(ids) < _FAVOURITES and subject not in ids:
            ids.append(subject)
        known = self.values.setdefault((request.protocol, subject), [])
        for word in words:
            if len(known) < _LEARNT and word not in known:
                known.append(word)


def about(row: Message) -> int | None:
    """The place of the field that names the resource of a message, if one does."""
    names = [item.name for item in row.request.fields]
    return next((names.index(name) for name in _SUBJECTS if name in names), None)


def _pack(layout: Layout, values: Mapping[str, int]) -> bytes:
    return b"".join(
        (values.get(it.name, 0) & (1 << 8 * _BYTES[it.type]) - 1).to_bytes(
            _BYTES[it.type], "little"
        )
        for it in layout.fields
    )


def _careful(protocol: Protocol, row: Message, values: dict[str, int], known: Known) -> None:
    """Change what would end a server: a valid state of system power has reserved flags, and a
    notification is not disabled before it was enabled, which some firmware does not survive."""
    if (protocol, row.id) in _ENDS:
        values["flags"] = _RESERVED_FLAGS
    if "NOTIFY" in row.name and (protocol, row.id) not in known.enabled:
        for name in _ENABLING:
            if name in values:
                values[name] |= 1


# The sweep


def sweep(choice: Choice, known: Known) -> Iterator[Request]:
    """Every message of every protocol, for every id up to two above the last, ids that are the same
    in 8 or 16 bits, and wrong sizes; agent by agent."""
    for agent in range(known.agents):
        for protocol in choice.protocols:
            for row in choice.rows(protocol, known.versions.get(protocol, ())):
                yield from _swept(agent, protocol, row, known)


def _swept(agent: int, protocol: Protocol, row: Message, known: Known) -> Iterator[Request]:
    payload = b""
    for values in _arguments(agent, protocol, row, known):
        _careful(protocol, row, values, known)
        payload = _pack(row.request, values)
        yield Request(agent, protocol, row.id, payload)
    for wrong in (payload[:-4], payload[:-1], payload + bytes(1), payload + bytes(4)):
        if len(wrong) != len(payload):
            yield Request(agent, protocol, row.id, wrong)


def _arguments(
    agent: int, protocol: Protocol, row: Message, known: Known
) -> Iterator[dict[str, int]]:
    """The values of the fields of a request, for each message of the sweep."""
    names = [item.name for item in row.request.fields]
    first: dict[str, int] = dict.fromkeys(names, 0)
    subject = _counted(row)
    if subject is None:
        yield first
        return
    begins = (0, 1, 1000) if row.entries is not None and row.entries.index != subject else (0,)
    kinds = (0, 1, 2) if protocol is Protocol.PINCTRL and "flags" in names else (0,)
    for number in _numbers(subject, known.ids.get((agent, protocol), 0), known.agents):
        for begin in begins:
            for kind in kinds:
                values = first | {subject: number}
                if row.entries is not None and row.entries.index != subject:
                    values[row.entries.index] = begin << row.entries.at.low
                if protocol is Protocol.PINCTRL and "flags" in names:
                    values["flags"] = kind
                yield values


def _counted(row: Message) -> str | None:
    """The field that a sweep counts through: the resource, an index, an agent or a message."""
    names = [item.name for item in row.request.fields]
    wanted = (*_SUBJECTS, "agent", "message", "skip", "index")
    return next((name for name in wanted if name in names), names[0] if names else None)


def _numbers(subject: str, count: int, agents: int) -> tuple[int, ...]:
    if subject in ("agent", "skip"):
        count = max(count, agents + 1)
    elif subject == "message":
        count = 0x20
    count = min(count, MOST_IDS)
    near = range(count + 3)
    aliases = [bits + number for bits in (256, 65536) for number in range(min(count, _ALIASES))]
    return tuple(dict.fromkeys((*near, *aliases, *_FAR)))


# Random messages


def at_random(choice: Choice, known: Known, count: int, seed: int) -> Iterator[Request]:
    """``count`` messages: mostly of the right size and about resources that exist, with values from
    earlier replies; the same for the same seed and the same replies."""
    chance = random.Random(seed)
    rows = {it: choice.rows(it, known.versions.get(it, ())) for it in choice.protocols}
    able = [protocol for protocol in choice.protocols if rows[protocol]]
    for _ in range(count if able else 0):
        agent = chance.randrange(known.agents)
        offered = [it for it in able if (agent, it) in known.ids]
        protocol = chance.choice(offered if offered and chance.random() < 0.9 else able)
        row = chance.choice(rows[protocol])
        if choice.write and chance.random() < 0.03:
            yield Request(agent, protocol, chance.randrange(0x11, 0x100), bytes(4))
            continue
        values = {it.name: _value(chance, agent, protocol, it, known) for it in row.request.fields}
        subject = values.get(_counted(row) or "", 0)
        for it in row.request.fields:
            if it.name not in (_counted(row), *_PLAIN) and chance.random() < 0.6:
                learnt = known.values.get((protocol, subject))
                if learnt:
                    values[it.name] = chance.choice(learnt) + chance.choice(_BESIDE)
        _careful(protocol, row, values, known)
        payload = _pack(row.request, values)
        yield Request(agent, protocol, row.id, _sized(chance, payload))


def _value(chance: random.Random, agent: int, protocol: Protocol, it: Field, known: Known) -> int:
    count = known.ids.get((agent, protocol), 0)
    if it.name in _SUBJECTS:
        favourites = known.answered.get((agent, protocol))
        if favourites and chance.random() < 0.6:
            return chance.choice(favourites)
        return _some_id(chance, count)
    if it.name == "agent":
        return int(chance.choice((*range(known.agents + 2), 0xFFFF_FFFF)))
    if it.name == "message":
        return chance.randrange(0x12)
    if it.name in _ENABLING:
        return chance.choice((0, 1, 1, 2))
    if it.name in ("index", "skip"):
        return chance.choice((0, 0, 0, 1, 2, 5, count, 0xFFFF_FFFF))
    if it.name == "flags" and chance.random() < 0.7:
        return 0
    if it.name in _LIKELY and chance.random() < 0.7:
        return chance.choice(_LIKELY[it.name])
    if chance.random() < 0.1:
        return chance.getrandbits(8 * _BYTES[it.type])
    return int(chance.choice(_VALUES))


def _some_id(chance: random.Random, count: int) -> int:
    """Mostly one of ``count`` ids; else one beyond, or one that has the same low bits."""
    number = chance.randrange(count + 3)
    where = chance.random()
    if where < 0.9:
        return number
    if where < 0.96:
        return chance.choice((256, 4096, 65536)) + number
    return chance.choice(_FAR)


def _sized(chance: random.Random, payload: bytes) -> bytes:
    """The payload, or one of a wrong size."""
    where = chance.random()
    if where < 0.88:
        return payload
    if where < 0.94:
        return payload[: chance.randrange(len(payload) + 1)]
    return (payload + bytes(chance.randrange(1, 13)))[:_LONGEST]
