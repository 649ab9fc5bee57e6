"""Claims about each pair of agents, from the flows between them and from what checks found."""

from collections.abc import Iterable, Iterator

from scmigen.diagnostics import Diagnostic, Position, Severity
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
#: The platform in the id of a claim; no agent has that word.
PLATFORM_WORD = "platform"


def identity(letter: str, *parts: object) -> str:
    """An id that is the same as long as the parts are: ``F-3f0c…``."""
    text = "\0".join(map(str, parts))
    return f"{letter}-{hexadecimal(text.encode())[:_DIGITS]}"


def word_of(name: str) -> str:
    """A name as a part of an id; the beginning of a hash for one that cannot be."""
    plain = _WORD.fullmatch(name) and name != PLATFORM_WORD
    return name if plain else hexadecimal(name.encode())[:_DIGITS]


class Finding(NamedTuple):
    """A finding of a check; ``reason``: that of the waiver that covers it, or empty."""

    id: str
    item: Diagnostic
    reason: str
    waived_at: Position | None

    @property
    def agents(self) -> frozenset[str]:
        """The agents that it is about."""
        parts = (each.agents for each in self.item.parts)
        return frozenset(self.item.subject.agents).union(*parts)


class Machine(NamedTuple):
    """A right on the whole machine: to stop it, or to change what others may do."""

    id: str
    agent: int
    protocol: str
    operations: tuple[str, ...]
    why: str
    at: str


class Claim(NamedTuple):
    """What holds of an agent and another one, or the platform (0): the gravest of its flows, and how
    many there are. ``machine``: ids of rights on the whole machine. ``findings``: ids of those that
    are about both. ``isolated``: lines of policies that say that they are isolated."""

    id: str
    agent: int
    target: int
    verdict: Verdict
    flows: int
    machine: tuple[str, ...]
    findings: tuple[str, ...]
    isolated: tuple[str, ...]

    @property
    def is_free(self) -> bool:
        """Whether the agent cannot influence the other one by anything that is known."""
        return self.verdict is Verdict.NONE and not self.machine


def findings_of(platform: Platform) -> tuple[Finding, ...]:
    """What checks found, whatever its severity was changed to, and what is waived."""
    record = platform.record
    if record is None:
        return ()
    found = [Finding("", item, "", None) for item in record.found]
    for item in record.waived:
        waiver = item.waiver
        if waiver is not None:
            found.append(Finding("", item, waiver.reason, waiver.position))
    named: dict[str, Finding] = {}
    for each in found:
        item = each.item
        subject = (item.subject, *item.parts)
        words = [
            word
            for one in subject
            for part in (one.resources, one.nodes, one.agents)
            for word in part
        ]
        if item.severity > Severity.NOTE or each.reason:
            key = identity("W", item.id, *(words or [item.message]))
            named.setdefault(key, each._replace(id=key))
    return tuple(sorted(named.values(), key=lambda each: (each.item.id, each.id)))


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
    findings: Iterable[Finding],
) -> Iterator[Claim]:
    """A claim for each agent and each other one, and the platform."""
    verdicts: dict[tuple[int, int], list[Verdict]] = {}
    for flow in flows:
        verdicts.setdefault((flow.agent, flow.target), []).append(flow.reason.verdict)
    rights: dict[int, list[str]] = {}
    for right in machine:
        rights.setdefault(right.agent, []).append(right.id)
    about = [(each.id, each.agents) for each in findings]
    for agent in platform.agents:
        for target, name in ((PLATFORM, ""), *((each.id, each.name) for each in platform.agents)):
            if target == agent.id:
                continue
            both = {agent.name, name}
            named = tuple(key for key, agents in about if both <= agents)
            found = verdicts.get((agent.id, target), [])
            yield Claim(
                f"C:{word_of(agent.name)}:{word_of(name) if target else PLATFORM_WORD}",
                agent.id,
                target,
                max((*found, Verdict.OPEN if named else Verdict.NONE)),
                len(found),
                tuple(rights.get(agent.id, ())),
                named,
                tuple(_isolated(platform, both)),
            )


def _isolated(platform: Platform, both: set[str]) -> Iterator[str]:
    said = platform.decided.assignment.policies if platform.decided is not None else ()
    for policy in said:
        if policy.form == "isolated" and both <= set(policy.agents) and policy.position:
            yield platform.place(policy.position)
