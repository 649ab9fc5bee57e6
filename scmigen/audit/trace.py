"""Messages that somebody recorded: Linux's trace event ``scmi_msg_dump``, whether the kernel or its
raw mode sent them, and the trace that ``scmigen serve --trace`` writes.

Which ids were asked for what, and with which status: that is allowed or denied, and all else is not
known. The kernel's lines have no name of an agent: each SCMI instance is one.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from pathlib import Path

from scmigen.audit.base import Audit, Reader
from scmigen.data import Data, field
from scmigen.diagnostics import Finding, InputError, Position
from scmigen.inputs import read_bytes, read_part
from scmigen.patterns import pattern
from scmigen.runtime import MAX_AGENTS, MAX_RESOURCES, Numbering, Served, ServedAgent, ServedGrant
from scmigen.runtime.served import ServedResource
from scmigen.scmi.layouts import HEADER_SIZE, STATUS_SIZE, Header, Message, MessageType, name_text
from scmigen.scmi.messages import commands
from scmigen.scmi.needs import needed
from scmigen.scmi.operations import OPERATIONS, Operation
from scmigen.scmi.protocols import KIND_OF, VERSIONS, Kind, Profile, Protocol
from scmigen.scmi.status import Status
from scmigen.tuples import NamedTuple

TRACE_INVALID = Finding(
    "trace-invalid",
    "A trace has no messages that scmigen reads.",
    "Enable the event scmi/scmi_msg_dump, and keep the text of trace_pipe or of trace-cmd report.",
    switchable=False,
)

_EVENT = "scmi_msg_dump:"
#: How an SCMI instance of a kernel is called, which has no name.
_INSTANCE = "instance-"
_HEAD = 1 << 16
_PAIR = pattern(r"(id|ch|pt|t|msg_id|seq|s|pyld)=(\S*)")
_OWN = pattern(r"\S+ (\S{1,63}) ([<>]) ((?:[0-9a-f]{8} ?)+)(?:  # .*)?")
_WORDS = pattern(rb"\S+ \S+ [<>] [0-9a-f]{8}[ \n]")
#: The bits of CLOCK_GET_PERMISSIONS.
_PERMISSIONS = {Operation.STATE: 1 << 31, Operation.PARENT: 1 << 30, Operation.RATE: 1 << 29}
_GET_PERMISSIONS = 0xF


class _Event(NamedTuple):
    """A message in a trace; ``values`` of a response are those after its status. ``delayed``: it
    is the second response, of a command that is carried out later."""

    line: int
    agent: str
    sent: bool
    delayed: bool
    protocol: int
    message: int
    token: int
    status: int
    values: bytes


class _Seen(Data, frozen=False):
    """What a trace shows of one resource of one agent."""

    line: int
    name: str = ""
    there: bool = True
    allowed: set[Operation] = field(default_factory=set)
    denied: set[Operation] = field(default_factory=set)


#: A kind and the id that an agent asks with.
_Place = tuple[Kind, int]
_Rows = dict[_Place, _Seen]


def _events(text: str) -> Iterator[_Event]:
    """The commands of a trace and their responses; lines of anything else are passed over."""
    for number, line in enumerate(text.split("\n"), 1):
        found = _of_kernel(line, number) if _EVENT in line else _of_server(line, number)
        if found is not None:
            yield found


def _of_kernel(line: str, number: int) -> _Event | None:
    said = dict(_PAIR.findall(line.partition(_EVENT)[2]))
    tag = said.get("t", "").upper()
    if tag not in ("CMND", "RESP", "DLYD"):
        return None
    try:
        return _Event(
            number,
            _INSTANCE + str(int(said.get("id", "0"))),
            tag == "CMND",
            tag == "DLYD",
            int(said["pt"], 16),
            int(said["msg_id"], 16),
            int(said["seq"], 16),
            int(said["s"]),
            bytes.fromhex(said.get("pyld", "")),
        )
    except (KeyError, ValueError):
        return None


def _of_server(line: str, number: int) -> _Event | None:
    found = _OWN.fullmatch(line.rstrip())
    data = bytes.fromhex(found[3]) if found is not None else b""
    header = Header.of(int.from_bytes(data[:HEADER_SIZE], "little"))
    if found is None or header.kind not in (MessageType.COMMAND, MessageType.DELAYED):
        return None
    sent, values = found[2] == ">", data[HEADER_SIZE:]
    delayed = header.kind == MessageType.DELAYED
    status = 0 if sent else int.from_bytes(values[:STATUS_SIZE], "little", signed=True)
    values = values if sent else values[STATUS_SIZE:]
    message, token = header.message, header.token
    return _Event(number, found[1], sent, delayed, header.protocol, message, token, status, values)


def _exchanges(events: Iterable[_Event]) -> list[tuple[_Event, _Event]]:
    """Each response with the command that it is for. Where a command that was accepted fails later,
    its answer is that of the delayed response."""
    sent: dict[tuple[str, int, int, int], _Event] = {}
    answered: dict[tuple[str, int, int, int], int] = {}
    found: list[tuple[_Event, _Event]] = []
    for event in events:
        key = event.agent, event.protocol, event.message, event.token
        if event.delayed:
            place = answered.pop(key, None)
            if place is not None and event.status != Status.SUCCESS:
                found[place] = found[place][0], event
        elif event.sent:
            sent[key] = event
        elif key in sent:
            answered[key] = len(found)
            found.append((sent.pop(key), event))
    return found


def _message(protocol: Protocol, number: int, length: int) -> Message | None:
    """The layout of a message, in the newest release that has it so long."""
    for profile in reversed(Profile):
        version = VERSIONS[profile].get(protocol)
        found = None if version is None else commands(protocol, version).get(number)
        if found is not None and found.request.size <= length:
            return found
    return None


def _read(path: Path) -> Audit:
    file = str(path)
    text = read_bytes(path).decode("utf-8", "replace")
    seen: dict[str, _Rows] = {}
    for command, response in _exchanges(_events(text)):
        _note(seen.setdefault(command.agent, {}), command, response)
    if not seen or len(seen) > MAX_AGENTS:
        message = "no command with its response is in this" if not seen else "too many agents"
        raise InputError([TRACE_INVALID.error(message, Position(file))])
    numbers = _numbers(seen)
    if any(number > MAX_RESOURCES for found in numbers.values() for number in found.values()):
        raise InputError([TRACE_INVALID.error("too many resources", Position(file))])
    alone = len(seen) == 1 and next(iter(seen)).startswith("instance-")
    served = Served(
        name=path.name or "trace",
        numbering=_numbering(numbers),
        complete=False,
        momentary=True,
        agents=tuple(
            ServedAgent(
                id=number,
                name="agent" if alone else name,
                grants=_grants(rows, numbers[name], file),
                source=file,
            )
            for number, (name, rows) in enumerate(seen.items(), 1)
        ),
        resources=_resources(seen, numbers),
    )
    return Audit(served, files=(file,))


def _numbers(seen: Mapping[str, _Rows]) -> dict[str, dict[_Place, int]]:
    """Agent → the resource of each id that it asked for.

    The instances of a kernel may be of several servers, and a server's agents may have numbers of
    their own: an id of two agents is one resource only where they are agents of one server and no
    id has two names.
    """
    names: dict[_Place, set[str]] = {}
    for rows in seen.values():
        for place, one in rows.items():
            names.setdefault(place, set()).update([one.name] if one.name else [])
    if not any(name.startswith(_INSTANCE) for name in seen) and all(
        len(each) < 2 for each in names.values()
    ):
        return {name: {place: place[1] for place in rows} for name, rows in seen.items()}
    free = {kind: count(1 + max((n for k, n in names if k is kind), default=-1)) for kind in Kind}
    taken: set[_Place] = set()
    found: dict[str, dict[_Place, int]] = {}
    for name, rows in seen.items():
        own = found.setdefault(name, {})
        for place in sorted(rows):
            own[place] = place[1] if place not in taken else next(free[place[0]])
            taken.add(place)
    return found


def _numbering(numbers: Mapping[str, Mapping[_Place, int]]) -> Numbering:
    own = any(place[1] != number for found in numbers.values() for place, number in found.items())
    return Numbering.PER_AGENT if own else Numbering.SHARED


def _resources(
    seen: Mapping[str, _Rows], numbers: Mapping[str, Mapping[_Place, int]]
) -> dict[Kind, tuple[ServedResource, ...]]:
    names: dict[Kind, dict[int, str]] = {}
    for agent, rows in seen.items():
        for place, one in rows.items():
            known = names.setdefault(place[0], {})
            number = numbers[agent][place]
            known[number] = known.get(number) or one.name
    return {
        kind: tuple(ServedResource(id=n, name=found[n]) for n in sorted(found))
        for kind, found in names.items()
    }


def _note(seen: _Rows, command: _Event, response: _Event) -> None:
    """What one exchange shows."""
    if command.protocol not in KIND_OF:
        return
    protocol = Protocol(command.protocol)
    needs = needed(protocol)
    if command.message not in needs:
        return
    layout = _message(protocol, command.message, len(command.values))
    subject = None if layout is None else layout.request.subject
    if layout is None or subject is None:
        return
    number = layout.request.unpack_from(command.values, 0)[subject]
    if number > MAX_RESOURCES or response.status not in (
        Status.SUCCESS,
        Status.DENIED,
        Status.NOT_FOUND,
    ):
        return
    kind = KIND_OF[protocol]
    one = seen.setdefault((kind, number), _Seen(command.line))
    if response.status == Status.NOT_FOUND:
        one.there = False
        return
    operation = needs[command.message]
    if operation is not None:
        (one.allowed if response.status == Status.SUCCESS else one.denied).add(operation)
    if response.status == Status.SUCCESS:
        _told(one, kind, layout, response.values)


def _told(one: _Seen, kind: Kind, layout: Message, values: bytes) -> None:
    """The name that a response has, and the permissions."""
    if len(values) < layout.reply.size:
        return
    fields = layout.reply.named(layout.reply.unpack_from(values, 0))
    name = fields.get("name")
    if isinstance(name, bytes):
        one.name = max(one.name, name_text(name), key=len)
    if kind is Kind.CLOCK and layout.id == _GET_PERMISSIONS:
        word = next(iter(fields.values()))
        for operation, bit in _PERMISSIONS.items():
            (one.allowed if word & bit else one.denied).add(operation)


def _grants(
    rows: _Rows, numbers: Mapping[_Place, int], file: str
) -> dict[Kind, tuple[ServedGrant, ...]]:
    found: dict[Kind, list[ServedGrant]] = {}
    for (kind, number), one in sorted(rows.items(), key=lambda row: row[0]):
        sure = one.allowed - one.denied
        gone = {*OPERATIONS[kind]} if not one.there and not one.allowed else set()
        known = sure | (one.denied - one.allowed) | gone
        found.setdefault(kind, []).append(
            ServedGrant(
                id=number,
                resource=numbers[kind, number],
                operations=tuple(each for each in OPERATIONS[kind] if each in sure),
                unknown=tuple(each for each in OPERATIONS[kind] if each not in known),
                source=f"{file}:{one.line}",
            )
        )
    return {kind: tuple(each) for kind, each in found.items()}


def _recognises(path: Path) -> bool:
    try:
        head = read_part(path, _HEAD)
    except (OSError, ValueError):
        return False
    return _EVENT.encode() in head or _WORDS.match(head) is not None


READER = Reader(
    name="trace",
    about="a trace of scmi_msg_dump events of Linux, or of scmigen serve --trace",
    recognises=_recognises,
    read=_read,
    findings=(TRACE_INVALID,),
)
