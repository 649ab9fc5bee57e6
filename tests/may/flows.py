"""Who may influence whom, by clingo: rules beside those of the certificate's checker."""

from collections.abc import Iterable

from may.certificates import Facts, of, shown

#: An agent, another one or the platform, the operation, the resource.
Flow = tuple[int, int, str, str]

#: What an agent does to a resource reaches whoever depends on it, by the checker's ``depends``; by
#: turning it off, also over ``carries``. Of a device that moves, all that may have it depend.
RULES = """
who(D, B) :- device(D, B, _), device(D, _, later).
flow(A, B, Op, R) :- grant(A, _, R, Op), A != 0, not votes(Op),
    depends(R, D), device(D, B, _), A != B.
flow(A, B, limits, R) :- grant(A, _, R, limits), A != 0,
    depends(R, D), device(D, B, _), A != B.
on(R, A) :- need(E, A, D, R, _), R != board, not void(F) : after(E, F); not device(D, _, later).
on(R, A) :- need(E, _, D, R, _), not void(F) : after(E, F); device(D, _, later), who(D, A).
on(P, A) :- on(R, A), feeds(P, R).
on(P, A) :- on(R, A), carries(P, R).
flow(A, B, state, R) :- grant(A, _, R, state), A != 0, on(R, B), A != B, R != system, R != base.
"""


def derived(facts: Facts, rules: str) -> set[Flow]:
    """The flows that follow from a certificate, but those by what only may feed something."""
    text = "\n".join(map(str, facts)) + rules + RULES + "#show flow/4."
    found = set()
    for each in shown(text):
        if each.startswith("flow("):
            agent, target, operation, resource = each[5:-1].split(",", 3)
            found.add((int(agent), int(target), operation, resource))
    return found


def possible(facts: Facts, rules: str) -> set[tuple[int, int]]:
    """Agent and agent, where the first decides on what may feed something that the other needs."""
    place = {term: at.strip('"') for term, at in of(facts, "resource")}
    users: dict[str, set[int]] = {}
    for _, agent, _, term, _ in of(facts, "need"):
        at = place.get(term) or term.partition(" ")[2].rstrip('")')
        users.setdefault(at.partition(" ")[0], set()).add(int(agent))
    opened = (each[5:-1].split(",") for each in _opened(facts, rules))
    return {
        (int(agent), user)
        for agent, *_, provider in opened
        for user in users.get(provider.strip('"'), ())
        if user != int(agent)
    }


def _opened(facts: Facts, rules: str) -> Iterable[str]:
    every = shown("\n".join(map(str, facts)) + rules)
    return (each for each in every if each.startswith("open(") and '"/' in each)
