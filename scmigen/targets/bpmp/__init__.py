"""NVIDIA's BPMP behind a proxy: what each guest may ask for, message by message and id by id."""

import json
from collections.abc import Iterator, Mapping, Sequence

from scmigen.assignment.assignment import Agent
from scmigen.assignment.words import did_you_mean
from scmigen.bindings.bpmp import is_bpmp, proxy_edits
from scmigen.bindings.facts import Use
from scmigen.data import Data
from scmigen.devicetree.edits import Entry
from scmigen.diagnostics import Diagnostic, Finding, Related, Severity, counted
from scmigen.escape import json_text, nix
from scmigen.model.platform import Grant, Platform, Resource
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind
from scmigen.targets.base import Target
from scmigen.targets.bpmp.messages import ENABLING, MESSAGES, TAKING
from scmigen.targets.common.ctext import plain
from scmigen.targets.common.files import File
from scmigen.targets.common.guests import Division, Mediator, division, words
from scmigen.targets.common.kept import kept
from scmigen.targets.common.names import board_name, by_drivers
from scmigen.targets.common.notice import NoticeOptions
from scmigen.targets.common.overlay import overlay
from scmigen.targets.common.templates import render
from scmigen.targets.limits import related, where
from scmigen.targets.options import OUTPUT_OPTION


def _of_bpmp(resource: Resource) -> bool:
    return is_bpmp(resource.node) and len(resource.key.cells) == 1


MEDIATOR = Mediator(
    prefix="bpmp",
    holder="the BPMP proxy",
    opened={
        kind: frozenset(command.operation for command in message.commands)
        for kind, message in MESSAGES.items()
    },
    lacking={},
    serves=_of_bpmp,
    served="what a BPMP provides",
)
#: Ids of each kind that the proxy keeps for a guest (``BPMP_HOST_MAX_CLOCKS_SIZE`` and so on).
IDS = 256

BPMP_LIMIT = Finding(
    "bpmp-limit",
    "A guest is granted more ids of a kind than the BPMP proxy keeps.",
    "Divide the devices among more guests.",
)
BPMP_LACKS = Finding(
    "bpmp-lacks",
    "A guest has no clock or no reset of a BPMP; the proxy does not start for it.",
    "Give it a device with both, or no resource of the BPMP at all.",
)
BPMP_SEVERAL = Finding(
    "bpmp-several",
    "A guest is granted resources of several BPMPs; the proxy passes on to one, and an id does not"
    " say which.",
    "Give the guest resources of one BPMP, or have the host drive the others.",
)
BPMP_ONE = Finding(
    "bpmp-one",
    "A proxy that does not read device-name has one list: that of the last node, for all guests.",
    "Use a proxy with a device for each guest, as the nodes have it, or give it one guest.",
    Severity.NOTE,
)
_NEEDED = (Kind.CLOCK, Kind.RESET)


class BpmpOptions(NoticeOptions):
    """``host``: the agent whose Linux has the proxy."""

    host: str | None = None


class Guest(Data):
    """A guest and its grants of the BPMP's resources, by id there. ``shared``: the ids that others
    use as well; ``above``: clocks that only feed those of the guest, as a running system tells."""

    agent: Agent
    grants: Mapping[Kind, Mapping[int, Grant]]
    shared: Mapping[Kind, frozenset[int]]
    above: frozenset[int]

    def protected(self, kind: Kind) -> frozenset[int]:
        """The ids that are not the guest's to switch off."""
        shared = self.shared.get(kind, frozenset())
        return shared | self.above if kind is Kind.CLOCK else shared


class Plan(Data):
    """The guests that the proxy serves."""

    divided: Division
    guests: tuple[Guest, ...]


@kept
def _plan(platform: Platform, options: BpmpOptions) -> Plan:
    divided = division(platform, options.host)
    guests = (_guest(platform, agent) for agent in divided.guests)
    return Plan(divided, tuple(guest for guest in guests if guest.grants))


def _guest(platform: Platform, agent: Agent) -> Guest:
    grants: dict[Kind, dict[int, Grant]] = {}
    for kind in MESSAGES:
        found = {g.resource.key.cells[0]: g for g in MEDIATOR.grants(platform, agent, kind)}
        if found:
            grants[kind] = dict(sorted(found.items()))
    shared = {
        kind: frozenset(
            number
            for number, grant in found.items()
            if platform.keeps_on(grant.resource.key) or _others(platform, grant)
        )
        for kind, found in grants.items()
    }
    clocks = grants.get(Kind.CLOCK, {}).items()
    above = frozenset(number for number, grant in clocks if _is_above(grant))
    return Guest(agent, grants, shared, above)


def _is_above(grant: Grant) -> bool:
    """Whether a clock is seen only because it feeds others: to switch one of these on, Linux
    switches on all that feed it, and gives up where one of them refuses."""
    uses = [why for why in grant.because if isinstance(why, Use) and why.via]
    return grant.boot == {Operation.READ} and bool(uses) and len(uses) == len(grant.because)


def _others(platform: Platform, grant: Grant) -> bool:
    holders = platform.holders(grant.resource.key).values()
    return any(other.boot for other in holders if other.agent is not grant.agent)


def _check(platform: Platform, options: BpmpOptions) -> Iterator[Diagnostic]:
    plan = _plan(platform, options)
    yield from MEDIATOR.check(platform, plan.divided)
    for agent in plan.divided.guests:
        yield from _several(platform, agent)
    if len(plan.guests) > 1:
        *others, last = (guest.agent for guest in plan.guests)
        yield BPMP_ONE.note(
            f"{counted(len(plan.guests), 'guest')} have a list each; a proxy that does not read"
            f" device-name lets all of them use that of {last.name}",
            last.position,
            [Related(agent.name, agent.position) for agent in others],
        ).about(agents=[guest.agent.name for guest in plan.guests])
    for guest in plan.guests:
        for kind, found in guest.grants.items():
            if len(found) > IDS:
                yield BPMP_LIMIT.error(
                    f"{guest.agent.name} has {counted(len(found), f'{kind} id')}; the proxy keeps"
                    f" {IDS}",
                    guest.agent.position,
                ).about(agents=[guest.agent.name])
        lacking = [str(kind) for kind in _NEEDED if kind not in guest.grants]
        if lacking:
            yield BPMP_LACKS.error(
                f"{guest.agent.name} has no {' and no '.join(lacking)} of the BPMP; the proxy"
                " refuses an empty list of these",
                guest.agent.position,
            ).about(agents=[guest.agent.name])


def _several(platform: Platform, agent: Agent) -> Iterator[Diagnostic]:
    """A guest of several BPMPs."""
    first: dict[str, Grant] = {}
    for kind in MESSAGES:
        for grant in MEDIATOR.grants(platform, agent, kind):
            first.setdefault(grant.resource.key.provider, grant)
    if len(first) > 1:
        yield BPMP_SEVERAL.error(
            f"{agent.name} has resources of {', '.join(sorted(first))}; the proxy serves one",
            agent.position,
            related((path, where(grant.resource)) for path, grant in sorted(first.items())),
        ).about(agents=[agent.name])


def _check_options(platforms: Sequence[Platform], options: BpmpOptions) -> Iterator[Diagnostic]:
    known = sorted({agent.name for platform in platforms for agent in platform.agents})
    if options.host is not None and options.host not in known:
        hint = did_you_mean(options.host, known)
        yield OUTPUT_OPTION.error(f"no agent {options.host!r}", options.at("host"), hint=hint)


def _files(platform: Platform, options: BpmpOptions) -> Iterator[File]:
    plan, tree = _plan(platform, options), platform.inventory.tree
    names = words(platform)
    edits = [
        edit
        for guest in plan.guests
        for edit in proxy_edits(tree, names[guest.agent.name], _entries(guest))
    ]
    about = "What the BPMP proxy of the host lets each guest use: a list for each, not one for all."
    yield from overlay(platform, "bpmp-host-proxy", about, edits, options)
    yield File(
        "consumers.nix",
        render(
            "bpmp/consumers.nix.j2",
            guests=plan.guests,
            board=plain(board_name(platform)),
            note=lambda grant: plain(grant.name + by_drivers(grant)),
            name=lambda guest: nix(names[guest.agent.name]),
        ),
    )
    text = json.dumps({"guests": [_rights(guest) for guest in plan.guests]}, indent=2)
    yield File("rights.json", f"{json_text(text)}\n".encode())


def _entries(guest: Guest) -> dict[Kind, tuple[Entry, ...]]:
    return {
        kind: tuple(Entry(None, (number,), grant.name) for number, grant in found.items())
        for kind, found in guest.grants.items()
    }


def _rights(guest: Guest) -> dict[str, object]:
    """The ids of each command of each message that the guest may send. What others use as well it
    may switch on, but not off."""
    return {
        "name": guest.agent.name,
        "messages": [
            {
                "name": message.name,
                "number": message.number,
                "commands": [
                    {"name": command.name, "number": command.number, "ids": ids}
                    for command in message.commands
                    if (ids := _ids(guest, kind, command.name, command.operation))
                ],
            }
            for kind, message in MESSAGES.items()
            if kind in guest.grants
        ],
        "protected": {
            message.name: sorted(guest.protected(kind))
            for kind, message in MESSAGES.items()
            if guest.protected(kind)
        },
    }


def _ids(guest: Guest, kind: Kind, command: str, operation: Operation) -> list[int]:
    protected = guest.protected(kind)
    enabled = guest.above if command == ENABLING else frozenset()
    return [
        number
        for number, grant in guest.grants[kind].items()
        if number in enabled
        or (operation in grant.boot and not (command in TAKING and number in protected))
    ]


TARGET = Target(
    name="bpmp",
    values=False,
    about="what each guest may ask of an NVIDIA BPMP through a proxy: ids by message and command",
    options=BpmpOptions,
    files=_files,
    check=_check,
    check_options=_check_options,
    findings=(*MEDIATOR.findings, BPMP_LIMIT, BPMP_LACKS, BPMP_SEVERAL, BPMP_ONE),
)
