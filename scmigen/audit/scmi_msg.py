"""A server built on ``scmi-msg``, of OP-TEE or TF-A, as somebody wrote it in C.

Both have the platform answer through functions ``plat_scmi_…``, whatever its tables are like. The
functions are followed, for each channel and id, so that it is the tables as the server sees them;
nothing is compiled or run.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scmigen.audit.base import Audit, Reader
from scmigen.audit.scmi_msg_build import Tree, is_platform, tree_of
from scmigen.audit.scp_findings import SCP_UNREAD, Found
from scmigen.csource.library import Library
from scmigen.csource.limits import Budget, TooMuchError
from scmigen.csource.sources import Sources
from scmigen.csource.tokens import Token
from scmigen.csource.unit import Unit, defined
from scmigen.csource.values import Cells, Choice, Pointer, Unknown, Value
from scmigen.diagnostics import InputError, Position
from scmigen.runtime.schema import Numbering
from scmigen.runtime.served import Served, ServedAgent, ServedGrant, ServedResource
from scmigen.scmi.operations import OPERATIONS, Operation
from scmigen.scmi.protocols import Kind

_MAX_CHANNELS, _MAX_IDS = 64, 4096
#: Names are as long as the messages have room for.
_NAME_LENGTH = 63


@dataclass(frozen=True, slots=True)
class _Calls:
    """The functions of a kind: the count and the name, by their names in OP-TEE and TF-A; those
    that an operation needs, with what they are given after the channel: the id comes first where
    `_ID` says no other place."""

    count: tuple[str, ...]
    name: tuple[str, ...]
    operations: Mapping[Operation, tuple[tuple[str, tuple[Value, ...]], ...]]


#: The place of the id among arguments.
_ID = Unknown("the id")
_CALLS: Mapping[Kind, _Calls] = {
    Kind.CLOCK: _Calls(
        ("plat_scmi_clock_count",),
        ("plat_scmi_clock_get_name",),
        {
            Operation.STATE: (("plat_scmi_clock_set_state", (1,)),),
            Operation.RATE: (("plat_scmi_clock_set_rate", (Unknown("the rate"),)),),
            Operation.READ: (("plat_scmi_clock_get_rate", ()),),
        },
    ),
    Kind.RESET: _Calls(
        ("plat_scmi_rd_count", "plat_scmi_rstd_count"),
        ("plat_scmi_rd_get_name", "plat_scmi_rstd_get_name"),
        {
            Operation.RESET: (
                ("plat_scmi_rd_set_state", (1,)),
                ("plat_scmi_rstd_set_state", (1,)),
                ("plat_scmi_rd_autonomous", (0,)),
                ("plat_scmi_rstd_autonomous", (0,)),
            ),
        },
    ),
    Kind.VOLTAGE: _Calls(
        ("plat_scmi_voltd_count",),
        ("plat_scmi_voltd_get_name",),
        {
            Operation.STATE: (("plat_scmi_voltd_set_config", (7,)),),
            Operation.LEVEL: (("plat_scmi_voltd_set_level", (Unknown("the level"),)),),
            Operation.READ: (("plat_scmi_voltd_get_level", (Unknown("the place"),)),),
        },
    ),
    Kind.PERFORMANCE: _Calls(
        ("plat_scmi_perf_count",),
        ("plat_scmi_perf_domain_name",),
        {
            Operation.LEVEL: (("plat_scmi_perf_level_set", (Unknown("the level"),)),),
            Operation.READ: (("plat_scmi_perf_level_get", (Unknown("the place"),)),),
        },
    ),
    Kind.POWER: _Calls(
        ("plat_scmi_pd_count",),
        ("plat_scmi_pd_get_name",),
        {
            Operation.STATE: (("plat_scmi_pd_set_state", (0, _ID, 0)),),
            Operation.READ: (("plat_scmi_pd_get_state", ()),),
        },
    ),
}
#: Answers that are no: NOT_SUPPORTED, DENIED, NOT_FOUND. Those that are of the value that is asked
#: for: INVALID_PARAMETERS, OUT_OF_RANGE.
_REFUSALS = frozenset((-1, -3, -4))
_OF_VALUES = frozenset((-2, -5))
_HERE = Token("", "", "", 0)


@dataclass(slots=True)
class _Server:
    """The functions of a platform."""

    library: Library
    found: Found
    _known: dict[str, Unit | None] = field(default_factory=dict)

    def unit(self, *names: str) -> tuple[Unit, str] | None:
        """The source that has one of these functions."""
        for name in names:
            if name not in self._known:
                self._known[name] = self.library.function(name)
            unit = self._known[name]
            if unit is not None:
                return unit, name
        return None

    def call(self, names: tuple[str, ...], *arguments: Value) -> Value | None:
        """What one of the functions gives; None where there is none of them."""
        found = self.unit(*names)
        return None if found is None else found[0].call(found[1], arguments, _HERE)

    def channels(self) -> int:
        """How many channels there are, at least one."""
        for channel in range(_MAX_CHANNELS):
            place = self.call(("plat_scmi_get_channel",), channel)
            every = place.values if isinstance(place, Choice) else (place,)
            if not any(map(_is_there, every)):
                return max(channel, 1)
        return _MAX_CHANNELS

    def position(self, names: tuple[str, ...]) -> Position | None:
        """Where one of the functions is defined."""
        found = self.unit(*names)
        return None if found is None else found[0].known.functions[found[1]].at.position

    def name(self, calls: _Calls, channel: int, number: int) -> str | Unknown | None:
        """The name of a resource; None where the channel has no such one."""
        found = self.unit(*calls.name)
        if found is None:
            return Unknown("no source has the names")
        value = found[0].call(found[1], (channel, number), _HERE)
        return found[0].evaluator.text(value)

    def answers(
        self, calls: _Calls, operation: Operation, channel: int, number: int
    ) -> bool | None:
        """Whether an operation is possible; None where that is known at run time."""
        verdicts: list[bool | None] = []
        for function, more in calls.operations[operation]:
            unit = self.unit(function)
            if unit is not None:
                given = tuple(number if each is _ID else each for each in more)
                given = (channel, *given) if _ID in more else (channel, number, *given)
                verdicts.append(_verdict(unit[0].call(function, given, _HERE)))
        if True in verdicts:
            return True
        return None if None in verdicts else False


def _is_there(place: Value | None) -> bool:
    """Whether a pointer points into its table."""
    if not isinstance(place, Pointer):
        return isinstance(place, Cells)
    beyond = isinstance(place.key, int) and place.to.length is not None
    return not (beyond and isinstance(place.key, int) and place.key >= (place.to.length or 0))


def _verdict(answer: Value) -> bool | None:
    every = answer.values if isinstance(answer, Choice) else (answer,)
    answers = [_signed(each) if isinstance(each, int) else 0 for each in every]
    refused = [each in _REFUSALS for each in answers if each not in _OF_VALUES]
    if refused and all(refused):
        return False
    return None if any(refused) else True


def _signed(value: int) -> int:
    return value - (1 << 32) if value >> 31 == 1 else value


def _read(path: Path) -> Audit:
    found = Found(path)
    try:
        tree = tree_of(path)
        return _audit(tree, found)
    except TooMuchError as problem:
        raise InputError(
            [*found.diagnostics, SCP_UNREAD.error(str(problem), Position(str(path)))]
        ) from None


def _audit(tree: Tree, found: Found) -> Audit:
    sources = Sources(tree.folders, tree.below, Budget())
    made = (defined(name, value) for name, value in tree.definitions.items())
    macros = {macro.name: macro for macro in made if macro is not None}
    server = _Server(Library(sources, macros, tree.candidates, settable=True), found)
    agents: list[ServedAgent] = []
    resources: dict[Kind, dict[int, ServedResource]] = {}
    dark: set[Kind] = set()
    for channel in range(server.channels()):
        grants: dict[Kind, tuple[ServedGrant, ...]] = {}
        for kind, calls in _CALLS.items():
            listed = tuple(_rows(server, kind, calls, channel, resources, dark))
            if listed:
                grants[kind] = listed
        agents.append(ServedAgent(id=channel + 1, name=f"channel{channel}", grants=grants))
    if not resources and not dark:
        counts = [name for calls in _CALLS.values() for name in calls.count]
        there = server.unit(*counts)
        if there is None:
            message = "no source has functions plat_scmi_…_count"
            raise InputError([SCP_UNREAD.error(message, Position(str(found.folder)))])
        found.unread("the server", Unknown("its tables are empty"))
    found.directives(server.library.untold())
    served = Served(
        name=tree.folder.name,
        numbering=Numbering.PER_AGENT if len(agents) > 1 else Numbering.SHARED,
        kinds=tuple(kind for kind in Kind if kind not in dark),
        agents=tuple(agents),
        resources={kind: tuple(rows.values()) for kind, rows in resources.items()},
    )
    return Audit(served, tuple(found.diagnostics), sources.files)


def _rows(
    server: _Server,
    kind: Kind,
    calls: _Calls,
    channel: int,
    resources: dict[Kind, dict[int, ServedResource]],
    dark: set[Kind],
) -> Iterator[ServedGrant]:
    """What a channel may do with the resources of a kind."""
    count = server.call(calls.count, channel)
    if count is None:
        return
    at = server.position(calls.count)
    if not isinstance(count, int):
        why = count if isinstance(count, Unknown) else Unknown("it is known at run time")
        server.found.unread(f"how many {kind} resources channel {channel} has", why, at)
        dark.add(kind)
        return
    for number in range(min(count, _MAX_IDS)):
        name = server.name(calls, channel, number)
        if name is None:
            continue
        if isinstance(name, Unknown):
            server.found.unread(f"the names of {kind} resources of channel {channel}", name, at)
        # Each channel has its own numbers.
        listed = resources.setdefault(kind, {})
        place = len(listed)
        text = name[:_NAME_LENGTH] if isinstance(name, str) else ""
        listed[place] = ServedResource(id=place, name=text)
        verdicts = {
            operation: server.answers(calls, operation, channel, number)
            for operation in OPERATIONS[kind]
            if operation in calls.operations
        }
        yield ServedGrant(
            id=number,
            resource=place,
            operations=tuple(each for each, verdict in verdicts.items() if verdict),
            unknown=tuple(each for each, verdict in verdicts.items() if verdict is None),
        )


READER = Reader(
    name="scmi-msg",
    about="the functions plat_scmi_… of a platform of OP-TEE or TF-A, as C sources",
    recognises=is_platform,
    read=_read,
    findings=(SCP_UNREAD,),
)
