"""What a configuration allows, as a certificate claims it: by device, and by what is written."""

from collections.abc import Iterable, Iterator

from scmigen.bindings.facts import Use
from scmigen.model.platform import Platform
from scmigen.scmi.operations import Operation, ordered
from scmigen.targets.certificate.facts import Facts, can_switch
from scmigen.targets.certificate.uses import (
    PLATFORM,
    PLATFORM_DEVICES,
    UseRow,
    device_word,
    written,
)

#: Agent, device, resource, operations.
GrantRow = tuple[int, str, str, tuple[str, ...]]


def grants_of(facts: Facts, uses: Iterable[UseRow]) -> Iterator[GrantRow]:
    """All grants; those of the platform are what it keeps on."""
    denied: dict[tuple[int, Use], set[Operation]] = {}
    for each in facts.decided.granted.denied:
        # Another device of the agent may have what this one is denied, as it is shared.
        denied.setdefault((each.agent.id, each.use), set()).add(each.operation)
    for grant in facts.platform.all_grants:
        opened: dict[str, set[Operation]] = {}
        for why in grant.because:
            if isinstance(why, Use):
                device = device_word(facts, why.consumer)
                operations = why.needs - denied.get((grant.agent.id, why), set())
            else:
                device, operations = written(grant.agent), why.operations
            opened.setdefault(device, set()).update(operations & grant.operations)
        for device, allowed in opened.items():
            if allowed:
                yield (
                    grant.agent.id,
                    device,
                    facts.term(grant.resource.key),
                    ordered(grant.kind, allowed),
                )
    for more in facts.added.grants:
        agent = facts.platform.agent(more.agent)
        words = ordered(more.key.kind, more.operations)
        yield agent.id, written(agent), facts.term(more.key), words
    for right in facts.platform.protocol_grants:
        protocol = right.right.protocol.name.lower()
        yield right.agent.id, written(right.agent), protocol, right.operations
    yield from _kept_on(facts.platform, facts, uses)


def _kept_on(platform: Platform, facts: Facts, uses: Iterable[UseRow]) -> Iterator[GrantRow]:
    for found in platform.resources.values():
        for each in found:
            if each.facts.always_on and can_switch(each.key):
                yield PLATFORM, PLATFORM_DEVICES, facts.term(each.key), ("state",)
    used = {use.term for use in uses if use.agent == PLATFORM and use.operations == ("read",)}
    served = {facts.term(each.key) for found in platform.resources.values() for each in found}
    for term in sorted(used & served):
        yield PLATFORM, PLATFORM_DEVICES, term, ("read",)
