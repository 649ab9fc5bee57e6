"""What is wrong with a configuration of imx-sm by itself, which its own tool does not tell."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from scmigen.assignment.words import did_you_mean
from scmigen.audit.imx_sm_config import Config, Row, Section
from scmigen.data import replace
from scmigen.diagnostics import Diagnostic, Finding, Related, Severity, counted
from scmigen.imx_sm.levels import ALONE, LEVELS, Level
from scmigen.imx_sm.resources import Resources
from scmigen.patterns import pattern

IMX_SM_RESOURCE = Finding(
    "imx-sm-resource",
    "A configuration of imx-sm names a resource that its headers do not have.",
    "Correct the name; imx-sm's tool leaves the line out, or makes headers that do not compile.",
)
IMX_SM_LEVEL = Finding(
    "imx-sm-level",
    "A configuration of imx-sm has a level of permission that does not exist.",
    f"Write one of {', '.join(LEVELS)}.",
)
IMX_SM_SHARED = Finding(
    "imx-sm-shared",
    "Two agents of imx-sm may set a resource for which the firmware counts no votes.",
    "Give it to one of them; set is a level at which both are heard.",
    severity=Severity.WARNING,
)
IMX_SM_OWN = Finding(
    "imx-sm-own",
    "An agent may set a resource that the configuration gives to the System Manager itself.",
    "Take the line out of the agent's section, or out of that of LM0.",
    severity=Severity.WARNING,
)
IMX_SM_MACHINE = Finding(
    "imx-sm-machine",
    "An agent of imx-sm may boot, reset and shut down a logical machine that is not its own.",
    "Write set or notify where that is not meant.",
    severity=Severity.WARNING,
)
IMX_SM_LINE = Finding(
    "imx-sm-line",
    "A line of a configuration of imx-sm has no effect.",
    "Remove it, or the line that overrules it.",
    severity=Severity.WARNING,
)
IMX_SM_CHANNEL = Finding(
    "imx-sm-channel",
    "An agent of imx-sm has no channel for its messages, or the mailbox of another agent.",
    "Give it a MAILBOX of its own and a CHANNEL of the type a2p.",
    severity=Severity.WARNING,
)
FINDINGS = (
    IMX_SM_RESOURCE,
    IMX_SM_LEVEL,
    IMX_SM_SHARED,
    IMX_SM_OWN,
    IMX_SM_MACHINE,
    IMX_SM_LINE,
    IMX_SM_CHANNEL,
)


def short(name: str) -> str:
    """A resource as configurations have it: without the prefix of those of the device."""
    return name.removeprefix("DEV_SM_")


def problems(config: Config, resources: Resources) -> Iterator[Diagnostic]:
    """Everything that is wrong, in the order of `FINDINGS`."""
    yield from _joined(config)
    yield from _strays(config, resources)
    yield from _unknown(config, resources)
    yield from _levels(config)
    yield from _shared(config)
    yield from _own(config)
    yield from _machines(config)
    yield from _overruled(config)
    yield from _duplicates(config)
    if config.machines:  # a header has the channels elsewhere
        yield from _channels(config)


def _strays(config: Config, resources: Resources) -> Iterator[Diagnostic]:
    """Words that no definition replaces and that are no resource, once for each place."""
    known = {short(name) for ids in resources.ids.values() for name in ids}
    for word, at in dict.fromkeys(config.strays):
        yield IMX_SM_RESOURCE.error(
            f"{word} is neither a resource nor defined: the line is left out",
            at,
            hint=did_you_mean(word, known | config.defined),
        )


def _joined(config: Config) -> Iterator[Diagnostic]:
    """Lines that the tool does not take for the definitions that they look like."""
    for word, at in dict.fromkeys(config.joined):
        name, _, text = word.partition(":")
        yield IMX_SM_RESOURCE.error(
            f"{word} defines nothing without a blank behind the colon: its words are looked up, "
            "and the line gives what they mean",
            at,
            hint=f"{name}: {text}",
        )


def _unknown(config: Config, resources: Resources) -> Iterator[Diagnostic]:
    seen: set[tuple[str, object]] = set()
    for section in config.sections:
        for row in section.rows:
            if resources.known(row.resource) or (row.resource, row.position) in seen:
                continue
            seen.add((row.resource, row.position))
            yield IMX_SM_RESOURCE.error(
                f"imx-sm has no {row.resource}{_from(row)}: its headers do not compile",
                row.position,
                hint=did_you_mean(row.resource, resources.ids[row.protocol]),
            )


def _from(row: Row) -> str:
    """What the line calls it, where that is a definition."""
    same = row.written in (row.resource, short(row.resource), "", "SYS", "FUSA")
    return "" if same else f" (of {row.written})"


def _levels(config: Config) -> Iterator[Diagnostic]:
    for section in config.sections:
        for row in section.rows:
            if row.word not in LEVELS:
                yield IMX_SM_LEVEL.error(
                    f"{row.word!r} is no level: {short(row.resource)}{_from(row)}",
                    row.position,
                    hint=did_you_mean(row.word, LEVELS),
                )


def _alone(row: Row) -> bool:
    """Whether the level lets an agent set what nobody else may set at the same time."""
    return row.level >= ALONE.get(row.protocol, Level.ALL) and row.protocol in ALONE


def _held(config: Config, agent: Section) -> Mapping[str, Row]:
    return {name: row for name, row in config.rows(agent).items() if _alone(row)}


def _shared(config: Config) -> Iterator[Diagnostic]:
    """One warning for each two agents, with all resources."""
    held = [(agent, _held(config, agent)) for agent in config.agents]
    for (one, mine), (other, theirs) in combinations(held, 2):
        both = [name for name in mine if name in theirs]
        if not both:
            continue
        warning = IMX_SM_SHARED.warning(
            f"{one.name} and {other.name} may both set "
            f"{counted(len(both), 'resource')} alone, where the last request counts",
            theirs[both[0]].position,
            [
                related
                for name in both
                for related in (
                    Related(f"{short(name)}{_from(mine[name])}: {one.name}", mine[name].position),
                    Related(f"{short(name)}{_from(theirs[name])}: {other.name}",
                            theirs[name].position),
                )
            ],
            f"give each to one of the two; {Level.SET.word} is counted, where it is enough",
        ).about(both, agents=[one.name, other.name])  # fmt: skip
        yield replace(warning, whole=len(both) <= _WHOLE)


#: Shared resources that text lists in full.
_WHOLE = 50


def _own(config: Config) -> Iterator[Diagnostic]:
    """What LM0, the System Manager, has, and an agent too (SM-408 of its release notes)."""
    own = {row.resource: row for row in config.own if _alone(row)}
    for agent in config.agents:
        found = {name: row for name, row in _held(config, agent).items() if name in own}
        if found:
            first = next(iter(found.values()))
            warning = IMX_SM_OWN.warning(
                f"{agent.name} may set {counted(len(found), 'resource')} of the System Manager: "
                f"{short(first.resource)}{_from(first)}" + (", …" if len(found) > 1 else ""),
                first.position,
                [
                    related
                    for name, row in found.items()
                    for related in (
                        Related(f"{short(name)}{_from(row)}: {agent.name}", row.position),
                        Related(f"{short(name)}{_from(own[name])}: LM0", own[name].position),
                    )
                ],
            ).about(found, agents=[agent.name])
            yield replace(warning, whole=len(found) <= _WHOLE)


def _machines(config: Config) -> Iterator[Diagnostic]:
    """Levels for foreign machines (SM-411): own ones need `PRIV` only."""
    for agent in config.agents:
        for row in config.rows(agent).values():
            machine = row.resource.rpartition("_")[2]
            if row.protocol != "lmm" or row.level < Level.EXCLUSIVE or not machine.isdecimal():
                continue
            if agent.machine != int(machine) and config.machines:
                name = config.machines.get(int(machine))
                yield IMX_SM_MACHINE.warning(
                    f"{agent.name} of LM{agent.machine} may boot and stop LM{machine}"
                    + (f" ({name})" if name else ", which does not exist"),
                    row.position,
                ).about(agents=[agent.name])


def _overruled(config: Config) -> Iterator[Diagnostic]:
    """Of two lines of a section with different levels for a resource the last one holds.

    One warning for an agent; and one note where a file that is included last lowers levels, which
    is a way to say what an agent may do where other lines set up its firewalls.
    """
    for agent in config.agents:
        raised: list[tuple[Row, Row]] = []
        lowered: list[tuple[Row, Row]] = []
        first: dict[str, Row] = {}
        for row in agent.rows:
            other = first.setdefault(row.resource, row)
            first[row.resource] = row
            if other is not row and other.word != row.word:
                meant = row.position.file != other.position.file and row.level < other.level
                (lowered if meant else raised).append((other, row))
        if raised:
            yield _without_effect(agent, raised)
        if lowered:
            file = lowered[0][1].position.file
            note = IMX_SM_LINE.note(
                f"{agent.name}: {counted(len(lowered), 'level')} of other lines "
                f"{'is' if len(lowered) == 1 else 'are'} lowered by {file}, which holds",
                lowered[0][1].position,
                [_pair(*pair) for pair in lowered],
            )
            yield note.about([row.resource for _, row in lowered], agents=[agent.name])


def _without_effect(agent: Section, pairs: Sequence[tuple[Row, Row]]) -> Diagnostic:
    other, row = pairs[0]
    more = f"; so with {counted(len(pairs) - 1, 'more', 'more')}" if pairs[1:] else ""
    return IMX_SM_LINE.warning(
        f"{agent.name} has {short(other.resource)}{_from(other)} with the level "
        f"{other.word}, and {row.word} further down, which holds{more}",
        other.position,
        [Related(f"{row.word}{_from(row)}", row.position), *(_pair(*pair) for pair in pairs[1:])],
        "an included file that is to hold comes last in the section",
    ).about([row.resource for _, row in pairs], agents=[agent.name])


def _pair(other: Row, row: Row) -> Related:
    return Related(
        f"{short(other.resource)}{_from(other)}: {other.word}, and {row.word} at {row.position}",
        other.position,
    )


def _duplicates(config: Config) -> Iterator[Diagnostic]:
    """Lines of an agent that is a duplicate of another are not looked at."""
    for agent in config.agents:
        if agent.dup is not None and agent.dup != agent.number and agent.rows:
            first = agent.rows[0]
            yield IMX_SM_LINE.warning(
                f"{agent.name} duplicates agent {agent.dup}: its own "
                f"{counted(len(agent.rows), 'level')} from here on are not looked at",
                first.position,
                [Related(f"dup={agent.dup}", agent.position)],
            ).about(agents=[agent.name])


_MAILBOX = pattern(r"\bmu=(\w+)")
_REQUESTS = pattern(r"\btype=a2p\b")


def _channels(config: Config) -> Iterator[Diagnostic]:
    """Agents that cannot send a request, and mailboxes of two agents."""
    taken: dict[str, Section] = {}
    for agent in config.agents:
        mailbox = _MAILBOX.search(agent.mailbox)
        if not agent.mailbox or not any(map(_REQUESTS.search, agent.channels)):
            lacking = "MAILBOX" if not agent.mailbox else "CHANNEL with type=a2p"
            yield IMX_SM_CHANNEL.warning(
                f"{agent.name} has no {lacking}: it cannot send a message", agent.position
            ).about(agents=[agent.name])
        other = taken.setdefault(mailbox[1], agent) if mailbox else agent
        if mailbox and other is not agent:
            yield IMX_SM_CHANNEL.warning(
                f"{agent.name} has the mailbox mu={mailbox[1]}, as {other.name} has",
                agent.position,
                [Related(other.name, other.position)],
            ).about(agents=[other.name, agent.name])
