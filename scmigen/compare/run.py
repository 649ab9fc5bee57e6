"""Sends the same messages to two servers and compares what they answer."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack

from scmigen.client.channel import ClientError, LateError
from scmigen.client.requests import Requests
from scmigen.compare.decoding import (
    message_name,
    reply_fields,
    request_fields,
    row_of,
    sentence,
)
from scmigen.compare.facts import Facts, reply_words
from scmigen.compare.messages import Known, Request, about
from scmigen.compare.rules import Rules
from scmigen.data import Data, field
from scmigen.hints import Any, Final
from scmigen.scmi import messages
from scmigen.scmi.layouts import STATUS_SIZE, name_text
from scmigen.scmi.protocols import Protocol
from scmigen.scmi.status import Status

#: The most differences that are kept; others are counted.
MOST_KEPT: Final = 10_000
#: How often a server may not answer before it is left alone.
_PATIENCE: Final = 3
#: A reply of so many bytes is a value that can be set, and no attributes or name.
_FEW: Final = 8
#: BASE_DISCOVER_AGENT: the agent that asks.
_MYSELF: Final = (0xFFFF_FFFF).to_bytes(4, "little")

Fields = Mapping[str, Any]


class Pair(Data):
    """An agent at both servers, with the versions that each has told it: protocol → word."""

    name: str
    ours: Requests
    theirs: Requests
    id: int
    our_versions: Mapping[int, int]
    their_versions: Mapping[int, int]


class Difference(Data):
    """A message with different answers; no answer is ``None``. ``rules``: those that explain it."""

    agent: str
    request: Request
    name: str
    fields: Fields
    ours: bytes | None
    theirs: bytes | None
    differing: Mapping[str, tuple[Any, Any]]
    rules: tuple[str, ...]


class Comparison(Data, frozen=False):
    """What has come out so far. ``explained``: rule → differences that it explains."""

    messages: int = 0
    same: int = 0
    unexplained: int = 0
    explained: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)
    #: Differences that are explained; one may need several rules.
    expected: int = 0


def connect(
    stack: ExitStack, addresses: Sequence[tuple[str, str, str]], timeout: float, deadline: float
) -> list[Pair]:
    """Connect each agent (name, its address at the first server, and at the second) to both.
    Raises `ClientError`."""
    found = []
    for place, (name, first, second) in enumerate(addresses, 1):
        ours = stack.enter_context(Requests(first, timeout, deadline))
        theirs = stack.enter_context(Requests(second, timeout, deadline))
        told = [_agent(channel) for channel in (ours, theirs)]
        number, said = told[0] if told[0][0] else (place, name)
        found.append(Pair(said or name, ours, theirs, number, _versions(ours), _versions(theirs)))
    return found


def _agent(channel: Requests) -> tuple[int, str]:
    """What the agent is to the server: its id and its name; 0 where that does not tell."""
    status, values = channel.command(Protocol.BASE, 0x7, _MYSELF)
    if status != Status.SUCCESS or len(values) < 4:
        return 0, ""
    return int.from_bytes(values[:4], "little"), name_text(values[4:])


def _versions(channel: Requests) -> dict[int, int]:
    found = {}
    for protocol in Protocol:
        status, values = channel.command(protocol, messages.VERSION)
        if status == Status.SUCCESS and len(values) >= 4:
            found[int(protocol)] = int.from_bytes(values[:4], "little")
    return found


def known_of(pairs: Sequence[Pair]) -> Known:
    """How many ids each agent has in each protocol, by what either server tells. Raises
    `ClientError`."""
    ids = {}
    for place, pair in enumerate(pairs):
        for protocol in Protocol:
            counts = [
                _count(channel, protocol)
                for channel, versions in (
                    (pair.ours, pair.our_versions),
                    (pair.theirs, pair.their_versions),
                )
                if protocol in versions
            ]
            if counts:
                ids[place, int(protocol)] = max(counts)
    versions: dict[int, set[int]] = {}
    for pair in pairs:
        for told in (pair.our_versions, pair.their_versions):
            for number, word in told.items():
                versions.setdefault(number, set()).add(word)
    return Known(len(pairs), ids, {number: sorted(words) for number, words in versions.items()})


def _count(channel: Requests, protocol: Protocol) -> int:
    """The ids of a protocol that a server tells; of pin control the pins or groups."""
    status, values = channel.command(protocol, messages.ATTRIBUTES)
    if status != Status.SUCCESS or len(values) < 4 or protocol in (Protocol.BASE, Protocol.SYSTEM):
        return 0
    word = int.from_bytes(values[:4], "little")
    return max(word & 0xFFFF, word >> 16) if protocol is Protocol.PINCTRL else word & 0xFFFF


def merged_versions(pairs: Sequence[Pair]) -> dict[int, int]:
    """The versions of the second server's protocols, also of those that one agent does not have."""
    return {key: word for pair in pairs for key, word in pair.their_versions.items()}


class Comparing:
    """Compares message by message; ``found`` is called with each difference as it is found."""

    def __init__(
        self,
        pairs: Sequence[Pair],
        known: Known,
        rules: Rules,
        facts: Facts,
        found: Callable[[Difference], None] = lambda _: None,
    ) -> None:
        self.pairs = pairs
        self.result = Comparison()
        self._known = known
        self._rules = rules
        self._facts = facts
        self._found = found
        self._silent: Counter[str] = Counter()

    def all(self, requests: Iterable[Request]) -> None:
        """Send every message. Raises `ClientError`, which names the message."""
        for request in requests:
            self.one(request)

    def one(self, request: Request) -> None:
        """Send one message to both and compare. Raises `ClientError`."""
        pair = self.pairs[request.agent]
        ours = self._ask(pair.ours, pair, request)
        theirs = self._ask(pair.theirs, pair, request)
        result = self.result
        result.messages += 1
        rules: tuple[str, ...] = ()
        if ours == theirs:
            result.same += 1
        else:
            rules = self._explaining(pair, request, ours, theirs)
            self._count(pair, request, ours, theirs, rules)
        self._learn(request, ours, theirs)
        if theirs is not None and theirs[:STATUS_SIZE] == bytes(STATUS_SIZE):
            self._facts.answered(pair.id, request.protocol, request.message, request.payload)

    def _ask(self, channel: Requests, pair: Pair, request: Request) -> bytes | None:
        """The reply, status and values; none where there is none in time."""
        try:
            status, values = channel.command(request.protocol, request.message, request.payload)
        except LateError as problem:
            self._silent[channel.url] += 1
            if problem.over or self._silent[channel.url] >= _PATIENCE:
                raise self._named(problem, pair, request) from None
            return None
        except ClientError as problem:
            raise self._named(problem, pair, request) from None
        return status.to_bytes(STATUS_SIZE, "little", signed=True) + values

    def _named(self, problem: ClientError, pair: Pair, request: Request) -> ClientError:
        said = sentence(request, pair.our_versions)
        return ClientError(
            f"{problem}; after {self.result.messages} messages, at {said} of {pair.name}"
        )

    def _explaining(
        self, pair: Pair, request: Request, ours: bytes | None, theirs: bytes | None
    ) -> tuple[str, ...]:
        if ours is None or theirs is None or not self._rules.listed:
            return ()
        where = (pair.id, request.protocol, request.message, request.payload)
        names = self._facts.names(*where, ours, theirs)
        found = self._rules.explaining(ours, theirs, names)
        if any(rule.lasting for rule in found):
            self._facts.parted(*where)
        return tuple(rule.name for rule in found)

    def _count(
        self,
        pair: Pair,
        request: Request,
        ours: bytes | None,
        theirs: bytes | None,
        rules: tuple[str, ...],
    ) -> None:
        result = self.result
        result.expected += bool(rules)
        result.unexplained += not rules
        result.explained.update(rules)
        difference = _difference(pair, request, ours, theirs, rules)
        if not rules and result.unexplained <= MOST_KEPT:
            result.differences.append(difference)
        self._found(difference)

    def _learn(self, request: Request, ours: bytes | None, theirs: bytes | None) -> None:
        """Remember values of a reply, and what both have enabled."""
        if ours is None or theirs is None or ours[:STATUS_SIZE] != bytes(STATUS_SIZE):
            return
        row = row_of(request, {})
        subject = None if row is None else about(row)
        if row is None or len(request.payload) < row.request.size:
            return
        if subject is not None:
            number = reply_words(request.payload)[subject]
            values = reply_words(ours)[1:] if row.entries or row.reply.size <= _FEW else ()
            self._known.learn(request, values, number)
        if "NOTIFY" in row.name and theirs[:STATUS_SIZE] == ours[:STATUS_SIZE]:
            self._known.enabled.add((request.protocol, request.message))


def _difference(
    pair: Pair,
    request: Request,
    ours: bytes | None,
    theirs: bytes | None,
    rules: tuple[str, ...],
) -> Difference:
    first = reply_fields(request, ours, pair.our_versions)
    second = reply_fields(request, theirs, pair.their_versions)
    keys = dict.fromkeys((*first, *second))
    differing = {
        key: (first.get(key), second.get(key)) for key in keys if first.get(key) != second.get(key)
    }
    if not differing and ours is not None and theirs is not None:
        # what comes after the end of a name
        differing = {"bytes": (ours.hex(), theirs.hex())}
    return Difference(
        pair.name,
        request,
        message_name(request),
        request_fields(request, pair.our_versions),
        ours,
        theirs,
        differing,
        rules,
    )
