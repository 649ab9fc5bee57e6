"""A server built on ``scmi-msg``, of OP-TEE or TF-A, as somebody wrote it in C.

Both have the platform answer through functions ``plat_scmi_…``, whatever its tables are like. The
functions are followed, for each channel and id, so that it is the tables as the server sees them;
nothing is compiled or run.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from scmigen.audit.base import Audit, Reader
from scmigen.audit.conditions import Known, check_conditions
from scmigen.audit.scmi_msg_build import Tree, is_platform, tree_of
from scmigen.audit.scmi_msg_calls import CALLS, ID, Calls, Message, verdict
from scmigen.audit.scmi_msg_platform import Platform
from scmigen.audit.scp_findings import SCP_UNREAD, Found
from scmigen.csource.limits import Budget, TooMuchError
from scmigen.csource.sources import Sources
from scmigen.csource.tokens import Token
from scmigen.csource.unit import Unit, defined
from scmigen.csource.values import Cells, Choice, Pointer, Unknown, Value
from scmigen.data import Data, field
from scmigen.diagnostics import InputError, Position
from scmigen.runtime import Numbering
from scmigen.runtime.served import Served, ServedAgent, ServedGrant, ServedResource
from scmigen.scmi.operations import OPERATIONS, Operation, ordered
from scmigen.scmi.protocols import Kind

_MAX_CHANNELS, _MAX_IDS = 64, 4096
#: Names are as long as the messages have room for.
_NAME_LENGTH = 63


_HERE = Token("", "", "", 0)


class _Server(Data, frozen=False):
    """The functions of a platform."""

    library: Platform
    found: Found
    _known: dict[str, Unit | None] = field(default_factory=dict)

    def unit(self, *names: str) -> tuple[Unit, str] | None:
        """The source that has one of these functions."""
        for name in names:
            if name not in self._known:
                self._known[name] = self.library.defining(name)
            unit = self._known[name]
            if unit is not None:
                return unit, name
        return None

    def call(self, names: tuple[str, ...], *arguments: Value) -> Value | None:
        """What one of the functions gives; None where there is none of them."""
        found = self.unit(*names)
        return None if found is None else self._call(found[0], found[1], arguments)

    def _call(self, unit: Unit, name: str, arguments: tuple[Value, ...]) -> Value:
        several = self.library.several(name)
        return unit.call(name, arguments, _HERE) if several is None else several

    def channels(self) -> tuple[tuple[int, Value], ...]:
        """The channels that there are, at least the first, each with its structure.

        Where none is there, it may be that their memory is in headers of a build: then they are
        those that have resources, without a structure.
        """
        found: list[tuple[int, Value]] = []
        for channel in range(_MAX_CHANNELS):
            place = self.call(("plat_scmi_get_channel",), channel)
            every = place.values if isinstance(place, Choice) else (place,)
            there = next(filter(_is_there, every), None)
            if there is not None:
                found.append((channel, there))
        if not found and not self._has_rows(_MAX_CHANNELS):
            found = [(each, 0) for each in range(_MAX_CHANNELS) if self._has_rows(each)]
        return tuple(found) or ((0, 0),)

    def _has_rows(self, channel: int) -> bool:
        """Whether a channel has any resources; one that is not there has none, if that is told."""
        counts = (self.call(calls.count, channel) for calls in CALLS.values())
        return any(isinstance(count, int) and count > 0 for count in counts)

    def agent_name(self, channel: int, place: Value) -> str:
        """The name that a channel's structure has for its agent, else one with the number."""
        name: str | Unknown | None = None
        found = self.unit("plat_scmi_get_channel")
        if found is not None and isinstance(place, Cells | Pointer):
            evaluator = found[0].evaluator
            target = evaluator.target(place, 0, _HERE)
            cells = target if isinstance(target, Unknown) else evaluator.load(*target)
            if isinstance(cells, Cells) and "agent_name" in cells.values:
                name = evaluator.text(evaluator.load(cells, "agent_name"))
        return name[:_NAME_LENGTH] if isinstance(name, str) and name else f"channel{channel}"

    def position(self, names: tuple[str, ...]) -> Position | None:
        """Where one of the functions is defined."""
        found = self.unit(*names)
        return None if found is None else found[0].known.functions[found[1]].at.position

    def name(
        self, calls: Calls, channel: int, number: int
    ) -> tuple[str | Unknown | None, Position | None]:
        """The name of a resource, None where the channel has no such one; and where it is written,
        or the function that gives it."""
        found = self.unit(*calls.name)
        if found is None:
            return Unknown("no source has the names"), None
        with self.library.journal.question():
            value = self._call(found[0], found[1], (channel, number))
            name = found[0].evaluator.text(value)
            at = self.library.journal.text_at
            where = at.position if at is not None and at.line else self.position(calls.name)
            return name, where

    def answers(self, calls: Calls, operation: Operation, channel: int, number: int) -> bool | None:
        """Whether an operation is possible; None where the sources do not tell."""
        ways = [
            self._answer(way, channel, number)
            for way in calls.operations[operation]
            if self.unit(way[0][0]) is not None
        ]
        if True in ways:
            return True
        return None if None in ways else False

    def _answer(self, way: Sequence[Message], channel: int, number: int) -> bool | None:
        """Whether all messages of a way are answered with yes."""
        verdicts: set[bool | None] = set()
        for function, more in way:
            found = self.unit(function)
            if found is None:
                return False
            given = tuple(number if each is ID else each for each in more)
            given = (channel, *given) if ID in more else (channel, number, *given)
            told: list[Unknown] = []
            with self.library.journal.question():
                answer = self._call(found[0], function, given)
                verdicts.add(verdict(answer, told, found[0], function))
            for why in told:
                at = self.position((function,))
                self.found.unread(f"what {function}() answers", why, at)
        return verdicts.pop() if len(verdicts) == 1 else None


def _is_there(place: Value | None) -> bool:
    """Whether a pointer points into its table."""
    if not isinstance(place, Pointer):
        return isinstance(place, Cells)
    beyond = isinstance(place.key, int) and place.to.length is not None
    return not (beyond and isinstance(place.key, int) and place.key >= (place.to.length or 0))


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
    library = Platform(sources, macros, tree.candidates, settable=True, chosen=tree.chosen)
    server = _Server(library, found)
    agents: list[ServedAgent] = []
    resources: dict[Kind, dict[int, ServedResource]] = {}
    dark: set[Kind] = set()
    present = server.channels()
    several = server.library.several("plat_scmi_get_channel")
    if several is not None:
        found.unread("the channels", several)
    names = [server.agent_name(*each) for each in present]
    if len(set(names)) < len(names):
        names = [f"channel{channel}" for channel, _ in present]
    for (channel, _), name in zip(present, names, strict=True):
        grants: dict[Kind, tuple[ServedGrant, ...]] = {}
        for kind, calls in CALLS.items():
            listed = tuple(_rows(server, kind, calls, channel, resources, dark))
            if listed:
                grants[kind] = listed
        agents.append(ServedAgent(id=channel + 1, name=name, grants=grants))
    if not resources and not dark:
        counts = [name for calls in CALLS.values() for name in calls.count]
        there = server.unit(*counts)
        if there is None:
            message = "no source has functions plat_scmi_…_count"
            raise InputError([SCP_UNREAD.error(message, Position(str(found.folder)))])
        found.unread("the server", Unknown("its tables are empty"))
    found.directives(server.library.untold())
    known = Known(tree.folder, tree.built, options=("CFG_",) if tree.built else ())
    check_conditions(library.read_whole(), sources, known, found)
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
    calls: Calls,
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
        name, where = server.name(calls, channel, number)
        if name is None:
            continue
        if isinstance(name, Unknown):
            server.found.unread(f"the names of {kind} resources of channel {channel}", name, at)
        # Each channel has its own numbers.
        listed = resources.setdefault(kind, {})
        place = len(listed)
        text = name[:_NAME_LENGTH] if isinstance(name, str) else ""
        source = server.found.source(where)
        listed[place] = ServedResource(id=place, name=text, source=source)
        known = [each for each in OPERATIONS[kind] if each in calls.operations]
        verdicts = {each: server.answers(calls, each, channel, number) for each in known}
        yield ServedGrant(
            id=number,
            resource=place,
            operations=ordered(kind, (each for each, verdict in verdicts.items() if verdict)),
            unknown=ordered(kind, (each for each, verdict in verdicts.items() if verdict is None)),
            source=source,
        )


READER = Reader(
    name="scmi-msg",
    about="the functions plat_scmi_… of a platform of OP-TEE or TF-A, as C sources",
    recognises=is_platform,
    read=_read,
    findings=(SCP_UNREAD,),
)
