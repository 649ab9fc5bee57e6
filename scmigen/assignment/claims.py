"""Entries that give devices to agents, from all sources together."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from scmigen.assignment.assignment import Claim
from scmigen.assignment.findings import ACCESS_DIFFERS
from scmigen.assignment.said import ClaimSaid, SourceSaid
from scmigen.data import replace
from scmigen.diagnostics import Diagnostic, Position, Related
from scmigen.tuples import NamedTuple

_Key = tuple[str | None, str, bool]


class _Difference(NamedTuple):
    """Two entries of one agent that give one device different flags."""

    agent: str | None
    first: Position | None
    second: Position | None
    what: str


def settle_claims(
    sources: Iterable[SourceSaid], names: Mapping[str, str]
) -> tuple[tuple[Claim, ...], tuple[Diagnostic, ...]]:
    """Each agent's entries, one per node and rank, and an error per pair of entries that differ.

    ``names`` maps placeholder names to the names of agents. A flag that one entry leaves open is
    the other's; an exact entry and a pattern on one node are of different ranks.
    """
    found: dict[_Key, ClaimSaid] = {}
    differences: dict[_Difference, list[str]] = {}
    for source in sources:
        for claim in source.claims:
            if claim.agent is not None:
                claim = replace(claim, agent=names.get(claim.agent, claim.agent))
            key = claim.agent, claim.node.path, claim.exact
            first = found.setdefault(key, claim)
            if first is not claim:
                found[key] = _merged(first, claim)
                for difference in _differences(first, claim):
                    differences.setdefault(difference, []).append(claim.node.path)
    claims = tuple(_decided(claim) for claim in found.values())
    return claims, tuple(_told(differences))


def _merged(first: ClaimSaid, second: ClaimSaid) -> ClaimSaid:
    return replace(
        first,
        shared=first.shared or second.shared,
        assignable=first.assignable or second.assignable,
        below=first.below or second.below,
    )


def _differences(first: ClaimSaid, second: ClaimSaid) -> Iterator[_Difference]:
    if first.shared and second.shared and first.shared.value != second.shared.value:
        one, other = (
            "shared" if said.value else "not shared" for said in (first.shared, second.shared)
        )
        yield _Difference(first.agent, first.position, second.position, f"{one} and {other}")
    if first.assignable and second.assignable:
        one, other = (_assignable(said.value) for said in (first.assignable, second.assignable))
        if one != other:
            yield _Difference(first.agent, first.position, second.position, f"{one} and {other}")


def _assignable(agents: Sequence[str]) -> str:
    return f"assignable to {', '.join(sorted(set(agents)))}" if agents else "not assignable"


def _told(differences: Mapping[_Difference, Sequence[str]]) -> Iterator[Diagnostic]:
    for difference, paths in differences.items():
        more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
        yield ACCESS_DIFFERS.error(
            f"{difference.agent or 'the platform'} names {paths[0]}{more} twice with different "
            f"flags: {difference.what}",
            difference.second,
            [Related("the first entry", difference.first)],
            "drop one of the entries, or give both the same flags",
        )


def _decided(claim: ClaimSaid) -> Claim:
    return Claim(
        claim.agent,
        claim.node,
        claim.exact,
        claim.position,
        claim.shared is not None and claim.shared.value,
        claim.assignable.value if claim.assignable is not None else (),
        claim.below,
    )
