"""What OP-TEE's parser cannot take, would pass over, or would allow beyond the grants."""

from collections.abc import Iterator

from scmigen.diagnostics import Diagnostic, Finding, Severity, counted
from scmigen.model.platform import Grant, Platform
from scmigen.scmi.operations import Operation, ordered
from scmigen.scmi.protocols import BEYOND_TREES, Kind
from scmigen.targets.common.names import origin_of
from scmigen.targets.limits import Limits, related, title, where
from scmigen.targets.optee_server.entries import Entry, Server
from scmigen.targets.optee_server.options import OpteeServerOptions

#: Rows of an agent's clock or reset table in SCP-firmware, which OP-TEE fills: 8-bit counts.
_ROWS = 255

LIMITS = Limits(
    prefix="optee-server",
    holder="OP-TEE's SCMI server",
    nonempty=True,
    # 8 bits of BASE PROTOCOL_ATTRIBUTES.
    agents=255,
    kinds=frozenset({Kind.CLOCK, Kind.RESET, Kind.VOLTAGE}),
    without=dict.fromkeys(
        (Kind.POWER, Kind.PERFORMANCE, Kind.SENSOR, *BEYOND_TREES),
        "its parser stops OP-TEE at such a protocol",
    ),
    rows={Kind.CLOCK: _ROWS, Kind.RESET: _ROWS},
    name_bytes=15,
    operations={(Kind.CLOCK, Operation.PARENT): "no clock of its has a parent for agents"},
)

CHANNEL = Finding(
    "optee-server-channel",
    "An agent does not reach OP-TEE over the channel that its parser takes.",
    "Give the agents the transport optee, and the channels 0, 1, 2, … in the order of their ids.",
)
PROVIDER = Finding(
    "optee-server-provider",
    "Nothing says what a resource is in OP-TEE's tree; its parser would leave a hole.",
    "Say it below outputs: {optee-server: {references: …}}, or name OP-TEE's tree with tree.",
)
WIDER = Finding(
    "optee-server-wider",
    "An entry lets an agent do what it is not granted: the parser has no flag to deny that.",
    "Grant it, or leave the resource to the platform.",
    Severity.WARNING,
)
ALWAYS_ON = Finding(
    "optee-server-always-on",
    "A resource is to stay on, and OP-TEE would let an agent switch it off.",
    "See that a driver of OP-TEE holds it, or leave the resource to the platform.",
    Severity.WARNING,
)
PERMISSIONS = Finding(
    "optee-server-permissions",
    "Permissions are to change at run time, which OP-TEE's SCMI server cannot.",
    "Serve such agents with another server; the permissions at boot hold here.",
    Severity.NOTE,
)
DIFFERS = Finding(
    "optee-server-differs",
    "The node differs from the one that OP-TEE's tree has.",
    "Change what the board or the agents file says, or let the new node take the place of the old.",
    Severity.WARNING,
)
FINDINGS = (CHANNEL, PROVIDER, WIDER, ALWAYS_ON, PERMISSIONS, DIFFERS)


def problems(
    platform: Platform, options: OpteeServerOptions, server: Server
) -> Iterator[Diagnostic]:
    """What the parser would stop at, pass over or allow, besides `LIMITS`."""
    if Kind.VOLTAGE not in options.kinds:
        yield from _voltages(platform)
    if not server.entries and any(platform.resources.get(kind) for kind in LIMITS.kinds):
        yield LIMITS.finding("empty").error(
            f"no agent is granted a {' or '.join(options.kinds)} of the platform: there is nothing "
            "to write for OP-TEE's SCMI server"
        )
    yield from _channels(platform)
    yield from _providers(platform, options, server)
    yield from _wider(server)
    yield from _always_on(platform, server)
    if server.closed:
        yield PERMISSIONS.note(
            f"{counted(len(server.closed), 'grant')} that open with an assignable device are left "
            "out: OP-TEE's SCMI server does not change permissions at run time",
            where(server.closed[0].resource),
        )


def _voltages(platform: Platform) -> Iterator[Diagnostic]:
    """Supplies, which ST's parser takes and OP-TEE's does not."""
    found = platform.resources.get(Kind.VOLTAGE, ())
    if found:
        yield LIMITS.finding("kind").warning(
            f"{counted(len(found), 'voltage domain')} are left out: OP-TEE's parser stops at their "
            "protocol",
            where(found[0]),
            hint="outputs: {optee-server: {firmware: st}} writes them for ST's fork of OP-TEE",
        )


def _channels(platform: Platform) -> Iterator[Diagnostic]:
    """The parser takes ``linaro,scmi-optee`` and channel 0 only; a message on channel N is of the
    agent at index N."""
    for index, agent in enumerate(sorted(platform.agents, key=lambda agent: agent.id)):
        transport = agent.transport
        if transport is None:
            continue
        if transport.type != "optee":
            yield CHANNEL.error(
                f"agent {agent.name} has the transport {transport.type}; OP-TEE's parser stops at "
                "any but its own",
                agent.position,
                hint=f"scmi: {{transport: {{type: optee, channel: {index}}}}}",
            )
        elif transport.channel not in (None, index):
            yield CHANNEL.error(
                f"agent {agent.name} has channel {transport.channel}; OP-TEE takes a message on "
                f"channel {index} for the one of agent {agent.id}",
                agent.position,
                hint=f"scmi: {{transport: {{type: optee, channel: {index}}}}}",
            )


def _providers(
    platform: Platform, options: OpteeServerOptions, server: Server
) -> Iterator[Diagnostic]:
    """One error for each kind, with all resources that nothing says the provider of."""
    lost: dict[Kind, dict[int, Entry]] = {}
    for entry in server.entries:
        if entry.reference is None:
            found = lost.setdefault(entry.grant.kind, {})
            found.setdefault(entry.grant.resource.number, entry)
    for kind, entries in lost.items():
        first = next(iter(entries.values())).grant
        of = f"{kind} {first.resource.number}"
        has = "has" if len(entries) == 1 else "have"
        them = f"{counted(len(entries), title(kind))} of the platform"
        told = f"{them} {has} no provider in OP-TEE's tree"
        if options.tree is None:
            told = (
                f"nothing says what {them} {'is' if len(entries) == 1 else 'are'} in OP-TEE's tree"
            )
        yield PROVIDER.error(
            f"{told}, the first is {of} ({first.resource.short_name})",
            where(first.resource),
            related((_told(platform, e.grant), where(e.grant.resource)) for e in entries.values()),
            "outputs: {optee-server: {references: "
            f'{{{kind}: {{{first.resource.number}: "&rcc 27"}}}}}}}}; or tree: the tree of OP-TEE '
            "with such a node",
        )


def _told(platform: Platform, grant: Grant) -> str:
    resource = grant.resource
    return f"{grant.kind} {resource.number} {resource.short_name}, {origin_of(platform, resource)}"


def _wider(server: Server) -> Iterator[Diagnostic]:
    found = [entry for entry in server.entries if entry.wider]
    if not found:
        return
    first = found[0]
    words = " and ".join(ordered(first.grant.kind, first.wider))
    yield WIDER.warning(
        f"{first.grant.agent.name} may {words} {first.grant.kind} {first.grant.id} "
        f"({first.name}), which it is not granted" + _more(len(found) - 1),
        where(first.grant.resource),
        related(
            (
                f"{e.grant.agent.name}: {' '.join(ordered(e.grant.kind, e.wider))} on "
                f"{e.grant.kind} {e.grant.id} {e.name}",
                where(e.grant.resource),
            )
            for e in found
        ),
        "an entry has no flag that denies this; grant it, or leave the resource to the platform",
    )


def _always_on(platform: Platform, server: Server) -> Iterator[Diagnostic]:
    """What no driver of the platform holds, so that the last agent that lets go switches it off."""
    held, said = platform.own, {item.key for item in platform.options.always_on}
    found = {
        entry.grant.resource.key: entry
        for entry in server.entries
        if entry.grant.resource.facts.always_on
        and entry.grant.resource.key not in held
        # A regulator that the tree has always on stays on in OP-TEE, too.
        and (entry.grant.kind is Kind.CLOCK or entry.grant.resource.key in said)
    }
    if not found:
        return
    first, *others = found.values()
    yield ALWAYS_ON.warning(
        f"{title(first.grant.kind)} {first.name} is to stay on, but OP-TEE would let "
        f"{first.grant.agent.name} switch it off" + _more(len(others)),
        where(first.grant.resource),
        related((f"{e.grant.kind} {e.grant.id} {e.name}", where(e.grant.resource)) for e in others),
        "see that a driver of OP-TEE holds it, or leave it to the platform: platform.fixed",
    )


def _more(count: int) -> str:
    return f"; so with {count} more" if count else ""
