"""Domains inside domains: a child takes its devices from those of its parent.

System Device Tree specification, chapters 3 and 7. A domain has what its ``access`` names and
everything below; the default domain has everything. What a child names exactly must be its
parent's; a pattern of a child matches only devices of its parent. What a child takes is no longer
the parent's, unless both entries say that they share it.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from scmigen.assignment.assignment import Agent, Claim
from scmigen.assignment.findings import ACCESS_BEYOND_PARENT, GLOB_UNMATCHED
from scmigen.devicetree.nodes import Node
from scmigen.diagnostics import Diagnostic, Position, Related


def within_parents(
    agents: Sequence[Agent],
    claims: Sequence[Claim],
    free: Collection[Position | None],
    problems: list[Diagnostic],
) -> tuple[Claim, ...]:
    """The claims that hold between parents and children; ``problems`` gets the others.

    A claim at one of the positions ``free`` holds although the parent does not have the device,
    which is a warning.
    """
    by_name = {agent.name: agent for agent in agents}
    nested = [agent.name for agent in agents if agent.parent in by_name]
    if not nested:
        return tuple(claims)
    held: dict[str | None, dict[str, Claim]] = {}
    for claim in claims:
        held.setdefault(claim.agent, {}).setdefault(claim.node.path, claim)
    kept = tuple(_bounded(claims, by_name, held, free, problems))
    problems.extend(_empty(claims, kept, nested))
    taken: dict[tuple[str, str], list[Claim]] = {}
    for claim in kept:
        for name in _above(claim.agent, by_name):
            taken.setdefault((name, claim.node.path), []).append(claim)
    return tuple(claim for claim in kept if not _taken(claim, taken))


def _above(name: str | None, by_name: Mapping[str, Agent]) -> Iterator[str]:
    """The domains around a domain, the nearest first."""
    seen: set[str] = set()
    while name is not None and name in by_name:
        name = by_name[name].parent
        if name is None or name not in by_name or name in seen:
            return
        seen.add(name)
        yield name


def _bounded(
    claims: Iterable[Claim],
    by_name: Mapping[str, Agent],
    held: Mapping[str | None, Mapping[str, Claim]],
    free: Collection[Position | None],
    problems: list[Diagnostic],
) -> Iterator[Claim]:
    for claim in claims:
        parent = next(_above(claim.agent, by_name), None)
        if parent is None or by_name[parent].default or _has(held.get(parent, {}), claim.node):
            yield claim
        elif claim.exact:
            is_free = claim.position in free
            report = ACCESS_BEYOND_PARENT.warning if is_free else ACCESS_BEYOND_PARENT.error
            if is_free:
                yield claim
            problems.append(
                report(
                    f"{claim.agent} is inside {parent}, which does not have {claim.node.path}",
                    claim.position,
                    [Related(f"the domain {parent}", by_name[parent].position)],
                    f"give it to {parent} too, or move the entry",
                )
            )


def _has(held: Mapping[str, Claim], node: Node) -> bool:
    return any(part.path in held for part in node.upwards())


def _empty(
    claims: Iterable[Claim], kept: Iterable[Claim], nested: Sequence[str]
) -> Iterator[Diagnostic]:
    """Patterns of children that match no device of the parent."""
    left = {(claim.agent, claim.position) for claim in kept}
    told: set[object] = set()
    for claim in claims:
        key = claim.agent, claim.position
        if not claim.exact and claim.agent in nested and key not in left and key not in told:
            told.add(key)
            yield GLOB_UNMATCHED.warning(
                f"the pattern matches no device of the domain around {claim.agent}",
                claim.position,
            )


def _taken(claim: Claim, taken: Mapping[tuple[str, str], Sequence[Claim]]) -> bool:
    """Whether a domain inside takes the node."""
    children = taken.get((claim.agent or "", claim.node.path), ())
    return any(not (claim.shared and child.shared) for child in children)
