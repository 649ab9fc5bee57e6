"""What agents are at a server besides their grants, against what they would be in a build."""

from collections.abc import Callable, Iterator, Sequence

from scmigen.assignment.assignment import Agent
from scmigen.checks.against_built import Built
from scmigen.checks.against_channel import is_compared
from scmigen.checks.served_view import View, place_of
from scmigen.checks.words import joined
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Diagnostic, Finding, Position, Related, Severity
from scmigen.hints import Any
from scmigen.runtime import Role, Served, ServedAgent, SystemPower, Transport
from scmigen.scmi.operations import Operation, ordered
from scmigen.scmi.protocols import Kind

AGENT_FACTS_DIFFER = Finding(
    "agent-facts-differ",
    "An agent has another number, role, release or channel at the server than in a build.",
    "Say it in the agents file, or correct the server's table.",
    severity=Severity.NOTE,
)

AGENT_EXTRA = Finding(
    "agent-extra",
    "The server has an agent that the board does not have.",
    "Add it to the agents file, or take it from the server: what it may do, nobody checks.",
    severity=Severity.NOTE,
)

RIGHTS_DIFFER = Finding(
    "rights-differ",
    "The server lets an agent change what others may do, and a build would not, or the other way.",
    "Let only those agents call messages 0x9 to 0xB of the base protocol that must.",
    severity=Severity.NOTE,
)

LASTING_DIFFERS = Finding(
    "lasting-differs",
    "An agent keeps other operations at the server when its devices are taken from it.",
    "Correct by_hand at the server: in a build, what an agent is granted explicitly stays.",
    severity=Severity.NOTE,
)


def agents_differ(
    tree: DeviceTree, built: Built, mine: Agent, view: View, server: Served, joint: bool
) -> Iterator[Diagnostic]:
    """What an agent is on both sides, as far as the description tells; ``tree`` is the board's.
    ``joint``: the server counts the agents of several platforms."""
    here = next(one for one in built.served.agents if one.id == mine.id)
    there = view.agent
    said = list(_facts(tree, here, there, joint))
    if said:
        yield AGENT_FACTS_DIFFER.note(
            f"at the server, agent {there.name} has {said[0]}",
            view.position,
            [Related(f"it has {word}") for word in said[1:]],
        ).about(agents=[mine.name])
    if there.permissions is not None and there.permissions is not here.permissions:
        yield _rights(mine, there, bool(server.devices) or server.all_devices, view.position)
    yield from _lasting(here, view, mine)


def _facts(tree: DeviceTree, here: ServedAgent, there: ServedAgent, joint: bool) -> Iterator[str]:
    if there.id != here.id and not joint:
        yield f"number {there.id}; in a build, {here.id}"
    if there.role is not None and there.role is not here.role:
        yield f"role {there.role}; in a build, {here.role}"
    if there.profile is not None and there.profile is not here.profile:
        yield f"profile {there.profile}; in a build, {here.profile}"
    yield from _transport(tree, here, there)


def _transport(tree: DeviceTree, here: ServedAgent, there: ServedAgent) -> Iterator[str]:
    """What of a channel only the server has, or may have otherwise: of what both certainly have
    otherwise, `channel_differs` tells."""
    ours, theirs = here.transport, there.transport
    if theirs is None:
        return
    for word, of, text in _OF_TRANSPORT:
        value, known = of(theirs), None if ours is None else of(ours)
        if value is not None and known is None:
            yield f"{word} {text(value)}; in a build, none"
    if ours is None or ours.shmem is None or theirs.shmem in (None, ours.shmem):
        return
    if not is_compared(tree, ours.shmem, theirs.shmem):
        yield f"{_MEMORY} {theirs.shmem}; in a build, {ours.shmem}"


_MEMORY = "shared memory"
#: What channels have: what it is called, and how it is said.
_OF_TRANSPORT: Sequence[tuple[str, Callable[[Transport], Any], Callable[[Any], str]]] = (
    ("transport", lambda one: one.type, str),
    ("SMC id", lambda one: one.smc_id, hex),
    ("channel", lambda one: one.channel, str),
    (_MEMORY, lambda one: one.shmem, str),
)


def _rights(mine: Agent, there: ServedAgent, tables: bool, where: Position) -> Diagnostic:
    may = "may" if there.permissions else "may not"
    message = (
        f"at the server, {there.name} {may} change what agents may do; in a build, "
        f"{mine.name} {'may not' if there.permissions else 'may'}"
    )
    # Without devices there is nothing that it could give.
    serious = there.permissions and tables
    item = RIGHTS_DIFFER.at(Severity.WARNING if serious else Severity.NOTE, message, where)
    return item.about(agents=[mine.name])


def _lasting(here: ServedAgent, view: View, mine: Agent) -> Iterator[Diagnostic]:
    said: list[Related] = []
    for kind, rows in here.grants.items():
        for row in rows:
            other = view.rows.get((kind, row.id))
            theirs = None if other is None else other.grant.by_hand
            if other is not None and theirs is not None and {*theirs} != {*(row.by_hand or ())}:
                words = f"{_kept(kind, theirs)} of {kind} {row.id} ({other.resource.name})"
                text = f"{words}; in a build, {_kept(kind, row.by_hand or ())}"
                said.append(Related(text, other.position))
    if said:
        first, *others = said
        yield LASTING_DIFFERS.note(
            f"when its devices are taken from it, {view.agent.name} keeps {first.message}",
            first.position,
            others,
            "by_hand of a row is what stays; in a build, that is what the agents file grants",
        ).about(agents=[mine.name])


def _kept(kind: Kind, operations: Sequence[Operation]) -> str:
    return ", ".join(ordered(kind, operations)) or "nothing"


def agents_extra(
    server: Served, met: Sequence[View], missing: int, file: str
) -> Iterator[Diagnostic]:
    """The agents of a server that a board has not, and of which anything is told: one finding.

    Where there are no more of them than agents of the board are ``missing``, they may be these by
    another name. It is a warning where one may change what others may do, or set the power of the
    system, unless it is PSCI that does the latter.
    """
    known = {view.agent.id for view in met}
    others = [one for one in server.agents if one.id not in known]
    extra = [one for one in others if one.grants or _rights_of(one)]
    if not extra or len(extra) <= missing:
        return
    first, *more = [Related(_extra(one), place_of(one.source, Position(file))) for one in extra]
    serious = any(
        (one.permissions and (server.devices or server.all_devices))
        or (one.system_power is SystemPower.SET and one.role is not Role.PSCI and not one.grants)
        for one in extra
    )
    yield AGENT_EXTRA.at(
        Severity.WARNING if serious else Severity.NOTE,
        f"the server has agents that the board does not have: {first.message}",
        first.position,
        more,
    ).about(agents=[one.name for one in extra])


def _extra(agent: ServedAgent) -> str:
    """``vm (3) with 4 clock, 1 reset, which may change what others may do``."""
    rows = [f"{len(found)} {kind}" for kind, found in agent.grants.items() if found]
    has = f"with {joined(rows)}" if rows else "without resources"
    rights = _rights_of(agent)
    return f"{agent.name} ({agent.id}) {has}" + (f", which {joined(rights)}" if rights else "")


def _rights_of(agent: ServedAgent) -> list[str]:
    said = ["may change what others may do"] if agent.permissions else []
    if agent.system_power is SystemPower.SET:
        said.append("sets the power of the system")
    return said
