"""Claims about each pair of agents, from the flows between them and from what checks found."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from scmigen.diagnostics import Diagnostic, Position, Severity
from scmigen.model.extra_grants import added
from scmigen.model.final_classes import platform_nodes
from scmigen.model.platform import Platform
from scmigen.patterns import pattern
from scmigen.scmi.operations import Operation
from scmigen.targets.certificate.evidence.flows import Flow, Verdict
from scmigen.targets.certificate.evidence.sources import hexadecimal
from scmigen.targets.certificate.uses import PLATFORM
from scmigen.tuples import NamedTuple

#: What a name needs to be a part of an id as it is.
_WORD = pattern(r"[A-Za-z0-9_.-]{1,40}")
_DIGITS = 12
#: What is assumed of what ``platform.extra`` adds, and no fact says.
_EXTRA = "A-EXTRA"
#: The findings about what somebody says, of which there may be any number with the same subject.
_SAID = ("policy-violated", "policy-unused")
#: The platform in the id of a claim; no agent has that word.
PLATFORM_WORD = "platform"


def identity(letter: str, *parts: object) -> str:
    """An id that is the same as long as the parts are: ``F-3f0c…``."""
    text = "\0".join(map(str, parts))
    return f"{letter}-{hexadecimal(text.encode())[:_DIGITS]}"


def word_of(name: str | None) -> str:
    """An agent's name, or none for the platform, as a part of an id; for a name that cannot be one
    the beginning of its hash, with a mark that no name has that can."""
    if name is None:
        return PLATFORM_WORD
    plain = _WORD.fullmatch(name) and name != PLATFORM_WORD
    return name if plain else f"~{hexadecimal(name.encode())[:_DIGITS]}"


class Reported(NamedTuple):
    """A finding of a check; ``reason``: that of the waiver that covers it, or empty. ``having``:
    the agents who have, or may be given, the devices that it names. ``served``: whether it is about
    a provider of the platform. ``using``: the agents who have anything of the providers that it
    names."""

    id: str
    item: Diagnostic
    reason: str
    waived_at: Position | None
    having: frozenset[str] = frozenset()
    served: bool = False
    using: frozenset[str] = frozenset()

    def is_about(self, agent: str, target: str | None) -> bool:
        """Whether it says that an agent can do something to another one, or may: where it does not
        say who, each to each. None: the platform."""
        subject = self.item.subject
        if subject.by and target is None and self.served:
            return agent in subject.by
        if subject.by:
            others = set(subject.agents) - set(subject.by)
            # A provider of the platform is felt by those who have something of it, and by nobody
            # else.
            is_said = bool(others) or (self.served and not subject.resources)
            others = others or set(self.using - set(subject.by))
            return agent in subject.by and (target in others if is_said else True)
        return agent in subject.agents and target in self.having.union(subject.agents)


class Machine(NamedTuple):
    """A right on the whole machine: to stop it, or to change what others may do."""

    id: str
    agent: int
    protocol: str
    operations: tuple[str, ...]
    why: str
    at: str


class Claim(NamedTuple):
    """What holds of an agent and another one, or the platform (0): the gravest of its flows, and
    how many there are. ``machine``: ids of rights on the whole machine. ``findings``: ids of those
    that say that the agent can do something to the other, and of what is assumed of more that it is
    allowed. ``isolated``: lines of policies that say
    that they are isolated."""

    id: str
    agent: int
    target: int
    verdict: Verdict
    flows: int
    machine: tuple[str, ...]
    findings: tuple[str, ...]
    isolated: tuple[str, ...]

    @property
    def word(self) -> str:
        """The verdict in a word. It is no ``none`` where the agent may stop the machine."""
        if self.verdict is Verdict.NONE and self.machine:
            return "machine"
        return self.verdict.name.lower()


def findings_of(platform: Platform, having: Callable[[str], Iterable[str]]) -> tuple[Reported, ...]:
    """What checks found, whatever its severity was changed to, and what is waived. Of notes, those
    that say that an agent can do something to others. ``having``: path of a device → the names of
    the agents who have it."""
    record = platform.record
    if record is None:
        return ()
    found = [Reported("", item, "", None) for item in record.found]
    for item in record.waived:
        waiver = item.waiver
        if waiver is not None:
            found.append(Reported("", item, waiver.reason, waiver.position))
    served = platform_nodes(platform.providers)
    users: dict[str, set[str]] = {}
    for grant in platform.all_grants:
        users.setdefault(grant.resource.key.provider, set()).add(grant.agent.name)
    by_key: dict[str, list[Reported]] = {}
    for each in found:
        item = each.item
        subject = item.subject
        words = (*subject.resources, *subject.nodes, *subject.agents)
        if item.severity > Severity.NOTE or each.reason or subject.by:
            # A policy is said by somebody, who may say another one of the same.
            own = [item.message] if item.id in _SAID or not words else []
            key = identity("W", item.id, *words, *own)
            owners = frozenset(name for node in subject.nodes for name in having(node))
            using = frozenset(name for node in subject.nodes for name in users.get(node, ()))
            is_served = not served.isdisjoint(subject.nodes)
            made = each._replace(id=key, having=owners, served=is_served, using=using)
            by_key.setdefault(key, []).append(made)
    named = [each for same in by_key.values() for each in _told_apart(same)]
    return tuple(sorted(named, key=lambda each: (each.item.id, each.id)))


def _told_apart(same: list[Reported]) -> Iterator[Reported]:
    """What a check says of one subject; where that is several things, their messages tell."""
    by_message = {each.item.message: each for each in same}
    for message, each in by_message.items():
        yield each if len(by_message) == 1 else each._replace(id=identity("W", each.id, message))


def machine_of(platform: Platform) -> Iterator[Machine]:
    """The rights on the whole machine, but to be told of something."""
    for grant in platform.protocol_grants:
        operations = tuple(each for each in grant.operations if each != Operation.READ)
        if operations:
            protocol = grant.right.protocol.name.lower()
            at = grant.agent.position
            yield Machine(
                f"M:{word_of(grant.agent.name)}:{protocol}",
                grant.agent.id,
                protocol,
                operations,
                grant.because,
                platform.place(at) if at is not None else "",
            )


def claims_of(
    platform: Platform,
    flows: Iterable[Flow],
    machine: Iterable[Machine],
    findings: Sequence[Reported],
) -> Iterator[Claim]:
    """A claim for each agent and each other one, and the platform."""
    verdicts: dict[tuple[int, int], list[Verdict]] = {}
    for flow in flows:
        verdicts.setdefault((flow.agent, flow.target), []).append(flow.reason.verdict)
    rights: dict[int, list[str]] = {}
    for right in machine:
        rights.setdefault(right.agent, []).append(right.id)
    unknown = added(platform).unknown
    for agent in platform.agents:
        more = [_EXTRA] if agent.name in unknown else []
        for other in (None, *platform.agents):
            if other == agent:
                continue
            target, name = (other.id, other.name) if other is not None else (PLATFORM, None)
            about = (each.id for each in findings if each.is_about(agent.name, name))
            named = (*about, *more)
            found = verdicts.get((agent.id, target), [])
            yield Claim(
                f"C:{word_of(agent.name)}:{word_of(name)}",
                agent.id,
                target,
                max((*found, Verdict.OPEN if named else Verdict.NONE)),
                len(found),
                tuple(rights.get(agent.id, ())),
                named,
                tuple(_isolated(platform, {agent.name, name})),
            )


def _isolated(platform: Platform, both: set[str | None]) -> Iterator[str]:
    """The lines of the policies that say that two agents are isolated, and that hold."""
    said = platform.decided.assignment.policies if platform.decided is not None else ()
    idle = {each.position for each in platform.stated if each.broken or each.unused}
    for policy in said:
        is_kept = policy.form == "isolated" and policy.position not in idle
        if is_kept and policy.position is not None and both <= set(policy.agents):
            yield platform.place(policy.position)
