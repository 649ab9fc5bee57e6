"""The node against the one that OP-TEE's tree has, entry by entry."""

from collections.abc import Iterator

from scmigen.assignment.assignment import HandGrant
from scmigen.bindings.optee_server import ClockFlag
from scmigen.diagnostics import Diagnostic, Position, Related
from scmigen.model.platform import Grant, Platform
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind
from scmigen.targets.limits import where
from scmigen.targets.optee_server.described import Described
from scmigen.targets.optee_server.entries import Entry, Server, described_reference
from scmigen.targets.optee_server.findings import DIFFERS
from scmigen.targets.optee_server.options import OpteeServerOptions


def compared(
    platform: Platform, options: OpteeServerOptions, server: Server
) -> Iterator[Diagnostic]:
    """Every difference, with the places in both trees; nothing where no tree is named."""
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
            yield DIFFERS.warning(
                f"{kind} {number} ({was.name or 'without a name'}) of OP-TEE's tree is not in the "
                f"node: {whom} is not granted it",
                was.position,
                hint=f"grant: [{{protocol: {kind}, id: {number}}}] in the agents file keeps it",
            )


def _entry(described: Described, entry: Entry) -> Iterator[Diagnostic]:
    grant, was = entry.grant, entry.was
    what = f"{grant.kind} {grant.id} ({entry.name})"
    here = entry.said_at or _why(grant) or where(grant.resource)
    if was is None:
        if entry.reference is not None:
            yield DIFFERS.warning(f"{what} is new: OP-TEE's tree does not have it", here)
        return
    old = (Related("OP-TEE's tree", was.position),)
    for word, now, before in _parts(described, entry, was):
        if now != before:
            yield DIFFERS.warning(f"{what}: {word} {now}, in OP-TEE's tree {before}", here, old)


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
