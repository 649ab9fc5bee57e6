"""What drivers of devices use, and what else is said to give an agent something."""

from collections.abc import Iterable, Iterator, Mapping

from scmigen.assignment.assignment import Agent, HandGrant
from scmigen.bindings.consumers import is_assigned, is_assigned_parent
from scmigen.bindings.facts import Use
from scmigen.data import Data, replace
from scmigen.devicetree.nodes import Node
from scmigen.escape import clingo
from scmigen.model.grants import whole_grants
from scmigen.model.ownership import Ownership, device_of
from scmigen.scmi.operations import Operation, ordered
from scmigen.targets.certificate.facts import Facts, can_switch

#: The platform as an agent, and all its devices.
PLATFORM, PLATFORM_DEVICES = 0, "the platform"

#: Device, agent, when, where that is said.
DeviceRow = tuple[str, int, str, str]


class UseRow(Data):
    """One use by an agent's driver of a device; all text is as clingo has it.

    ``whole``: it is nothing unless all of it is allowed. ``after``: nor is it without that use, of
    which it is one of the ``parents``: clocks that another one is set to.
    """

    agent: int
    device: str
    entry: str
    at: str
    term: str
    operations: tuple[str, ...]
    whole: bool = False
    parents: tuple["UseRow", ...] = ()
    number: int = 0
    after: int | None = None

    @property
    def entry_number(self) -> int:
        """What tells an entry that may be nothing as a whole; 0 for the others."""
        return self.number if self.whole or self.after is not None else 0


def written(agent: Agent) -> str:
    """What stands for a device where an agents file, or a role, gives an agent something."""
    return clingo(f"said of {agent.name}")


def device_word(facts: Facts, node: Node) -> str:
    """The device that a consumer is part of; itself if it is none, as a thermal zone."""
    return clingo((device_of(facts.decided.owners, node) or node).path)


def uses_of(facts: Facts) -> tuple[UseRow, ...]:
    """All uses, by number: of agents' devices, of the agents file, of roles, of the platform."""
    rows = (
        *(*_of_devices(facts), *_of_files(facts), *_of_extra(facts)),
        *(*_of_roles(facts), *_of_platform(facts)),
    )
    found: list[UseRow] = []
    for row in rows:
        found.append(replace(row, number=len(found) + 1))
        parents, number = row.parents, len(found)
        found += (
            replace(each, number=number + place, after=number)
            for place, each in enumerate(parents, 1)
        )
    return tuple(found)


def _of_devices(facts: Facts) -> Iterator[UseRow]:
    decided = facts.decided
    uses = facts.needs
    parents: dict[tuple[Node, int], list[Use]] = {}
    for use in filter(is_assigned_parent, uses):
        parents.setdefault((use.consumer, use.index), []).append(use)
    tied = {(u.consumer, u.index) for u in uses if _sets_parent(u)}
    for use in uses:
        place = use.consumer, use.index
        if is_assigned_parent(use) and place in tied:
            continue  # it comes with the clock that is to have the parent
        for agent in decided.owners.of(use.consumer).all_agents:
            if decided.owners.scmi_node_of_others(agent, use.key.provider) is None:
                with_it = parents.get(place, ()) if _sets_parent(use) else ()
                rows = tuple(_row(facts, agent, each) for each in with_it)
                yield replace(_row(facts, agent, use), parents=rows)


def _sets_parent(use: Use) -> bool:
    return is_assigned(use) and Operation.PARENT in use.needs


def _row(facts: Facts, agent: Agent, use: Use) -> UseRow:
    """A use as the driver of one of the device's agents has it."""
    mine = facts.decided.drivers.of_agent(agent, use)
    return UseRow(
        agent=agent.id,
        device=device_word(facts, use.consumer),
        entry=clingo(_entry(use)),
        at=facts.at(use.position),
        term=facts.term(use.key),
        operations=ordered(use.key.kind, mine.needs),
        whole=is_assigned(use),
    )


def _entry(use: Use) -> str:
    through = f" through {', '.join(use.via)}" if use.via else ""
    return f"{use.consumer.path} {use.prop}[{use.index}]{through}"


def _of_files(facts: Facts) -> Iterator[UseRow]:
    """Explicit grants, one by one or all of a kind."""
    decided = facts.decided
    assignment = decided.assignment
    wholes = whole_grants(assignment, decided.granted.drafts, decided.closure)
    for grant in (*assignment.grants, *wholes):
        if facts.serves(grant.key):
            said = f": {grant.reason}" if grant.reason else ""
            yield _written(facts, grant, f"an explicit grant{said}")


def _of_extra(facts: Facts) -> Iterator[UseRow]:
    """What ``platform.extra`` allows besides."""
    for grant in facts.added.grants:
        yield _written(facts, grant, "platform.extra")


def _written(facts: Facts, grant: HandGrant, entry: str) -> UseRow:
    agent = facts.platform.agent(grant.agent)
    return UseRow(
        agent=agent.id,
        device=written(agent),
        entry=clingo(entry),
        at=facts.at(grant.position),
        term=facts.term(grant.key),
        operations=ordered(grant.key.kind, grant.operations),
        whole=True,
    )


def _of_roles(facts: Facts) -> Iterator[UseRow]:
    """Rights on a protocol as a whole."""
    for grant in facts.platform.protocol_grants:
        yield UseRow(
            agent=grant.agent.id,
            device=written(grant.agent),
            entry=clingo(grant.because),
            at=facts.at(grant.agent.position),
            term=grant.right.protocol.name.lower(),
            operations=grant.operations,
        )


def _of_platform(facts: Facts) -> Iterator[UseRow]:
    """What the platform keeps on for its own devices; of what has no switch, that it reads it."""
    for use in facts.own:
        yield UseRow(
            agent=PLATFORM,
            device=PLATFORM_DEVICES,
            entry=clingo(_entry(use)),
            at=facts.at(use.position),
            term=facts.term(use.key),
            operations=("state" if can_switch(use.key) else "read",),
        )


def of_firmware(facts: Facts) -> Iterator[UseRow]:
    """What devices need that run and that no agent has: no certificate has it, as the platform does
    not count it."""
    for use in facts.decided.closure.firmware:
        yield UseRow(
            agent=PLATFORM,
            device=device_word(facts, use.consumer),
            entry=clingo(_entry(use)),
            at=facts.at(use.position),
            term=facts.term(use.key),
            operations=ordered(use.key.kind, use.needs),
        )


def devices_of(facts: Facts, uses: Iterable[UseRow]) -> Iterator[DeviceRow]:
    """Who has each device that is used, and who may be given it."""
    yield PLATFORM_DEVICES, PLATFORM, "boot", ""
    for agent in facts.platform.agents:
        yield written(agent), agent.id, "boot", facts.at(agent.position)
    used = {use.device for use in uses}
    owners = _owners(facts)
    for device in sorted(used & owners.keys()):
        owner = owners[device]
        at = facts.at(owner.claims[0].position) if owner.claims else ""
        yield from ((device, agent.id, "boot", at) for agent in owner.agents)
        yield from ((device, agent.id, "later", at) for agent in owner.assignable)


def _owners(facts: Facts) -> Mapping[str, Ownership]:
    owners = facts.decided.owners
    return {device_word(facts, use.consumer): owners.of(use.consumer) for use in facts.needs}
