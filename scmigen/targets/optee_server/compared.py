"""The node against the one that OP-TEE's tree has, entry by entry."""

from collections.abc import Iterator

from scmigen.assignment.assignment import HandGrant
from scmigen.bindings.optee_server import ClockFlag
from scmigen.diagnostics import Diagnostic, Position, Related, counted
from scmigen.model.platform import Grant, Platform
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind
from scmigen.targets.limits import where
from scmigen.targets.optee_server.described import Described
from scmigen.targets.optee_server.entries import Entry, Server, described_reference
from scmigen.targets.optee_server.findings import DIFFERS
from scmigen.targets.optee_server.options import OpteeServerOptions
from scmigen.tuples import NamedTuple


class _Difference(NamedTuple):
    """What differs, in words by which those alike are told together, of which resource, where."""

    alike: str
    what: str
    words: str
    place: Position | None
    old: Position | None = None
    hint: str | None = None


def compared(
    platform: Platform, options: OpteeServerOptions, server: Server
) -> Iterator[Diagnostic]:
    """The differences, one warning for those that are alike, with the places in both trees; nothing
    where no tree is named."""
    alike: dict[str, list[_Difference]] = {}
    for one in _differences(platform, options, server):
        alike.setdefault(one.alike, []).append(one)
    for found in alike.values():
        first, *others = found
        more = f"; so with {counted(len(others), 'more', 'more')}" if others else ""
        related = [Related("OP-TEE's tree", first.old)] if first.old is not None else []
        for one in others:
            related.append(Related(f"{one.what}{one.words}", one.place))
            if one.old is not None:
                related.append(Related(f"{one.what} in OP-TEE's tree", one.old))
        yield DIFFERS.warning(f"{first.what}{first.words}{more}", first.place, related, first.hint)


def _differences(
    platform: Platform, options: OpteeServerOptions, server: Server
) -> Iterator[_Difference]:
    described = options.described
    if described is None or described.tree is None:
        return
    for entry in server.entries:
        yield from _entry(described, entry)
    made = {(e.grant.agent.id, e.grant.kind, e.grant.id) for e in server.entries}
    names = {agent.id: agent.name for agent in platform.agents}
    for (agent, kind, number), was in described.entries.items():
        if (agent, kind, number) not in made:
            whom = names.get(agent, f"agent {agent}")
            yield _Difference(
                f"{kind} of {whom} is missing",
                f"{kind} {number} ({was.name or 'without a name'})",
                f" of OP-TEE's tree is not in the node: {whom} is not granted it",
                was.position,
                hint=f"grant: [{{protocol: {kind}, id: {number}}}] in the agents file keeps it",
            )


def _entry(described: Described, entry: Entry) -> Iterator[_Difference]:
    grant, was = entry.grant, entry.was
    what = f"{grant.kind} {grant.id} ({entry.name})"
    here = entry.said_at or _why(grant) or where(grant.resource)
    if was is None:
        if entry.reference is not None:
            words = " is new: OP-TEE's tree does not have it"
            yield _Difference(f"{grant.kind} is new", what, words, here)
        return
    for word, now, before in _parts(described, entry, was):
        if now != before:
            words = f": {word} {now}, in OP-TEE's tree {before}"
            # Flags are few, names and references are each another.
            alike = f"{grant.kind}{words}" if word == "flags" else f"{grant.kind}: {word}"
            yield _Difference(alike, what, words, here, was.position)


def _why(grant: Grant) -> Position | None:
    """The place of what the agent is granted a resource for."""
    return next((why.position for why in grant.because if why.position is not None), None)


def _parts(described: Described, entry: Entry, was: HandGrant) -> Iterator[tuple[str, str, str]]:
    """What an entry says, now and before."""
    yield "domain-name", entry.name, was.name or entry.name
    if entry.reference is not None:
        yield "reference", entry.reference, described_reference(described, was) or ""
    if entry.grant.kind is Kind.CLOCK:
        before = ClockFlag(0)
        if was.on:
            before |= ClockFlag.SCMI_CLOCK_DEFAULT_ENABLED
        if Operation.RATE in was.operations:
            before |= ClockFlag.SCMI_CLOCK_ALLOW_SET_RATE
        yield "flags", _words(entry.flags), _words(before)


def _words(flags: ClockFlag) -> str:
    return " | ".join(str(flag.name) for flag in flags) or "0"
