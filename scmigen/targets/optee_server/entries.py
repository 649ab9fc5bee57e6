"""The agents and entries of the node, in the order of their ids."""

from collections.abc import Mapping

from scmigen.assignment.assignment import Agent, HandGrant
from scmigen.bindings.consumers import can_change_voltage
from scmigen.bindings.identity import scmi_protocol
from scmigen.bindings.optee_server import FORMS, ClockFlag, EntryForm
from scmigen.data import Data
from scmigen.devicetree.text import source_labels
from scmigen.diagnostics import Position
from scmigen.model.platform import Grant, Platform, Resource
from scmigen.patterns import pattern
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind
from scmigen.targets.common.names import written
from scmigen.targets.optee_server.described import Described
from scmigen.targets.optee_server.options import OpteeServerOptions

#: A path between ``&{`` and ``}`` that neither dtc nor the preprocessor takes for anything else.
_PATH = pattern(r"(?:/[A-Za-z0-9,._+@-]+)+")


class Entry(Data):
    """A resource of an agent, and what the node says of it.

    ``reference`` is what stands between ``<`` and ``>``; None where nothing says what OP-TEE's tree
    has for the resource. ``wider``: what the entry allows and the agent is not granted. ``was`` is
    the entry of OP-TEE's tree at its number, ``said_at`` where an option has the reference.
    """

    grant: Grant
    name: str
    reference: str | None
    flags: ClockFlag
    note: str | None
    wider: frozenset[Operation]
    was: HandGrant | None = None
    said_at: Position | None = None


class Group(Data):
    """The entries of one protocol of an agent."""

    kind: Kind
    form: EntryForm
    entries: tuple[Entry, ...]


class Server(Data):
    """The groups of each agent, and the grants that only an assignable device opens."""

    agents: tuple[tuple[Agent, tuple[Group, ...]], ...]
    closed: tuple[Grant, ...]

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Those of all agents."""
        return tuple(e for _, groups in self.agents for group in groups for e in group.entries)

    @property
    def flags(self) -> bool:
        """Whether any entry has flags, whose names are in a header."""
        return any(entry.flags for entry in self.entries)


def server_of(platform: Platform, options: OpteeServerOptions) -> Server:
    """What the node of a platform has."""
    work = _Entries(platform, options)
    agents, closed = [], []
    for agent in sorted(platform.agents, key=lambda agent: agent.id):
        groups = []
        for kind in options.kinds:
            grants = platform.grants_of(agent, kind)
            closed += [grant for grant in grants if not grant.boot]
            entries = tuple(work.entry(grant) for grant in grants if grant.boot)
            if entries:
                groups.append(Group(kind, FORMS[kind], entries))
        agents.append((agent, tuple(groups)))
    return Server(tuple(agents), tuple(closed))


class _Entries:
    def __init__(self, platform: Platform, options: OpteeServerOptions) -> None:
        self._platform = platform
        self._options = options
        self._labels = source_labels(platform.inventory.tree)
        self._held = platform.own
        self._described = options.described or Described()
        self._references = options.references

    def entry(self, grant: Grant) -> Entry:
        resource, kind = grant.resource, grant.kind
        was = self._described.entries.get((grant.agent.id, kind, grant.id))
        told = self._references.get(kind, {}).get(str(resource.number))
        said_at, note = None, None
        reference: str | None
        if told is not None:
            reference = told
            said_at = self._options.at("references", kind, str(resource.number))
        elif resource.declared or scmi_protocol(resource.node) is not None:
            reference = None if was is None else described_reference(self._described, was)
        else:
            key = resource.key
            reference = _reference(self._labels, key.provider, key.cells)
            note = written(self._platform, resource)
        return Entry(
            grant,
            _name(resource, was),
            reference,
            self._flags(grant),
            note,
            _allowed(resource) - grant.boot,
            was,
            said_at,
        )

    def _flags(self, grant: Grant) -> ClockFlag:
        """Nobody but the agent has to hold a clock that no driver of the platform holds."""
        flags = ClockFlag(0)
        if grant.kind is not Kind.CLOCK:
            return flags
        if Operation.RATE in grant.boot:
            flags |= ClockFlag.SCMI_CLOCK_ALLOW_SET_RATE
        key, because = grant.resource.key, grant.because
        said = any(isinstance(why, HandGrant) and why.on for why in because)
        if said or (grant.resource.facts.on and key not in self._held):
            flags |= ClockFlag.SCMI_CLOCK_DEFAULT_ENABLED
        return flags


def _name(resource: Resource, was: HandGrant | None) -> str:
    """The name that the board has for a resource, or else OP-TEE's tree."""
    named = resource.element is not None and resource.element.name is not None
    if was is not None and was.name is not None and scmi_protocol(resource.node) and not named:
        return was.name
    return resource.short_name


def _allowed(resource: Resource) -> frozenset[Operation]:
    """What an entry without flags allows."""
    if resource.kind is Kind.RESET:
        return frozenset({Operation.RESET})
    found = {Operation.STATE, Operation.READ}
    if resource.kind is Kind.VOLTAGE and can_change_voltage(resource.node):
        found.add(Operation.LEVEL)
    return frozenset(found)


def described_reference(described: Described, was: HandGrant) -> str | None:
    """What an entry of OP-TEE's tree refers to."""
    return _reference(described.labels, was.key.provider, was.key.cells)


def _reference(labels: Mapping[str, str], path: str, cells: tuple[int, ...]) -> str | None:
    label = labels.get(path)
    if label is None and not _PATH.fullmatch(path):
        return None
    return " ".join((f"&{label}" if label else f"&{{{path}}}", *map(str, cells)))
