"""``scmigen why``: the reasons for what an agent may do, and for what it may not."""

from scmigen.assignment.assignment import Agent, HandGrant
from scmigen.assignment.words import did_you_mean
from scmigen.bindings.facts import Use
from scmigen.cli import complete_boards, why_device
from scmigen.cli.common import BoardRequest, answering, view_command
from scmigen.cli.declare import argument, option
from scmigen.cli.problems import BadValueError, UsageError
from scmigen.cli.report import ERRORS, say, say_json
from scmigen.cli.subjects import Subject, identity, numbered, subject
from scmigen.cli.values import OneOf
from scmigen.cli.why_kept import feeds, kept_on
from scmigen.cli.why_not import (
    NotGranted,
    devices_lacking,
    not_granted,
    right_lacking,
)
from scmigen.cli.why_parents import parents_plain, parents_text
from scmigen.hints import Any
from scmigen.inputs import is_missing
from scmigen.model.platform import Grant, Model, Platform
from scmigen.model.protocol_grants import Right
from scmigen.scmi.operations import OPERATIONS, Operation, ordered


@view_command(
    argument("agent", complete=complete_boards.agents),
    argument("resource", complete=complete_boards.resources),
    option("--not", "negated", flag=True, help="Show why AGENT lacks an operation."),
    option(
        "--operation",
        "word",
        read=OneOf(*(item.value for item in Operation)),
        metavar="WORD",
        help="With --not: only this operation, such as rate.",
    ),
    help="""Show the uses behind what AGENT may do with RESOURCE of BOARD.

RESOURCE is KIND:NUMBER (clock:12), KIND:NAME (clock:uart0, clock:CK_UART4), or provider and
cells as numbers or macros ("&rcc 12", "&rcc CK_UART4"), of the board or as the agent's tree in
out/consumer has them ("&scmi_clk 12"). It may also be a device ("&usdhc2" or its path; the answer
is all that it gave the agent), or a right on a whole protocol: permissions, system-power (state: to
set it; read: to be told).

With --not: why AGENT lacks the operations that it has not, or the one of --operation, as in:
why --not vm1 "&rcc 12" --operation rate board.dts. The exit status is 1 where the question assumes
what is not so: nothing was granted, or with --not, nothing is lacking.
""",
)
def why(
    agent: str,
    resource: str,
    negated: bool,
    word: str | None,
    request: BoardRequest,
    style: str,
    quiet: bool,
) -> None:
    if word is not None and not negated:
        raise UsageError("--operation belongs to --not")
    if str(request.board) in tuple(Operation) and is_missing(request.board):
        not_ = "" if negated else " with --not, which asks why it is lacking"
        raise UsageError(
            f"'{request.board}' stands where BOARD does: write --operation {request.board}{not_}"
        )
    operation = None if word is None else Operation(word)
    with answering(request, style, quiet) as model:
        who = _agent(model, agent)
        if resource in tuple(Right):
            right = Right(resource)
            if operation is not None and operation not in right.operations:
                known = ", ".join(right.operations)
                raise UsageError(f"{right} has no operation {operation}; it has {known}")
            _answer_right(model.platforms[0], who, right, operation, style, negated)
            return
        named = subject(model, resource, agent)
        if negated:
            _answer_not(model, who, named, operation, style)
        else:
            _answer(model, who, resource, named, style)


def _agent(model: Model, name: str) -> Agent:
    agents = {item.name: item for item in model.assignment.agents}
    if name not in agents:
        near = did_you_mean(name, agents) or f"one of: {', '.join(agents)}"
        raise BadValueError(f"no agent {name!r}; {near}", "AGENT")
    return agents[name]


def _answer(model: Model, agent: Agent, text: str, named: Subject, style: str) -> None:
    """The grants on resources, and what devices gave."""
    gifts = why_device.gifts(model, agent, named.nodes)
    told = {given.key for gift in gifts for given in gift.given}
    keys = set(named.keys) - told
    grants = [g for p in model.platforms for g in p.grants(agent.name) if g.resource.key in keys]
    if not grants and not gifts:
        say(_nothing(model, agent, text, named), err=True)
        raise SystemExit(ERRORS)
    if style == "json":
        say_json(
            [_explained(model, grant) for grant in grants]
            + [why_device.plain(model, gift) for gift in gifts]
        )
        return
    for grant in grants:
        words = " ".join(ordered(grant.resource.kind, grant.operations))
        lost = why_device.withdrawn_text(why_device.withdrawn(model, grant))
        say(f"{agent.name}: {words} on {numbered(model, grant.resource.key, grant.id)}{lost}")
        for reason in _reasons(grant):
            say(f"  {reason}")
        for fed in feeds(model, agent, grant.resource.key):
            say(f"  {fed}")
        kept = kept_on(model, grant.resource.key)
        for also in filter(None, (parents_text(model, agent, grant.resource.key), kept)):
            say(f"  {also}")
    for gift in gifts:
        for line in why_device.lines(model, gift):
            say(line)


def _nothing(model: Model, agent: Agent, text: str, named: Subject) -> str:
    """An agent is granted nothing: who is, or that nobody is, or whose device it is."""
    holders = {
        grant.agent.name
        for platform in model.platforms
        for key in named.keys
        for grant in platform.holders(key).values()
    }
    start = f"{agent.name} is granted nothing on {text}: it is"
    told = [f"{start} granted to {', '.join(sorted(holders))}"] if holders else []
    told += map(str, devices_lacking(model, agent, named))
    return "; ".join(told) or f"{start} not granted to any agent; scmigen why --not tells more"


def _answer_not(
    model: Model, agent: Agent, named: Subject, operation: Operation | None, style: str
) -> None:
    """Why an agent lacks resources, devices, or what its devices need."""
    keys = [key for key in named.keys if operation is None or operation in OPERATIONS[key.kind]]
    devices = devices_lacking(model, agent, named)
    needed = list(why_device.denied(model, agent, named.nodes))
    if named.keys and not (keys or needed or devices):
        kind = named.keys[0].kind
        known = ", ".join(OPERATIONS[kind])
        raise UsageError(f"a {kind} has no operation {operation}; it has {known}")
    asked = [(key, operation) for key in keys]
    asked += [
        (item.key, item.operation)
        for item in needed
        if item.key not in keys and operation in (None, item.operation)
    ]
    found = [
        item for key, word in dict.fromkeys(asked) for item in not_granted(model, agent, key, word)
    ]
    if not found and not devices:
        what = "the device, and what that needs"
        if named.keys:
            what = operation or "every operation"
        say(f"{agent.name} has {what}: scmigen why shows the reasons", err=True)
        raise SystemExit(ERRORS)
    if style == "json":
        say_json(
            [_lacking(model, item) for item in found]
            + [{"agent": agent.name, "because": [item.plain()]} for item in devices]
        )
        return
    for item in found:
        words = " ".join(item.operations)
        say(f"{item.agent}: no {words} on {numbered(model, item.key)}")
        for because in item.because:
            say(f"  {because}")
    for because in devices:
        say(str(because))


def _answer_right(
    platform: Platform,
    agent: Agent,
    right: Right,
    operation: Operation | None,
    style: str,
    negated: bool,
) -> None:
    """The reason for a right of an agent on a whole protocol, or why the agent lacks (a part of)
    it."""
    every = [grant for grant in platform.protocol_grants if grant.right is right]
    grant = next((grant for grant in every if grant.agent == agent), None)
    opened = grant.operations if grant is not None else ()
    wanted = right.operations if operation is None else (operation.value,)
    words = [word for word in wanted if (word in opened) is not negated]
    if not words:
        others = ", ".join(sorted({grant.agent.name for grant in every}))
        who = f"granted to {others}" if others else "not granted to any agent"
        wrong = f"is granted nothing on {right}: it is {who}; it follows from the role of an agent"
        has = f"has {right}: scmigen why shows the reason"
        say(f"{agent.name} {has if negated else wrong}", err=True)
        raise SystemExit(ERRORS)
    because = grant.because if grant is not None else ""
    lacking = right_lacking(agent, right, words) if negated else None
    where = f"protocol {right.protocol:#x}"
    if style == "json":
        told: dict[str, Any] = {
            "agent": agent.name,
            "kind": right.protocol.name.lower(),
            "id": None,
            "name": right,
            "resource": where,
            "operations": words,
            "because": [because if lacking is None else lacking.plain()],
        }
        say_json([told])
        return
    say(f"{agent.name}: {'no ' if negated else ''}{' '.join(words)} on {right} ({where})")
    place = f" ({agent.position})" if agent.position else ""
    say(f"  {because}{place}" if lacking is None else f"  {lacking}")


def _reasons(grant: Grant) -> list[str]:
    reasons = [_reason(why) for why in grant.because]
    if grant.beyond_need:
        words = " ".join(ordered(grant.resource.kind, grant.beyond_need))
        reasons.append(f"beyond what its devices need: {words}")
    return reasons


def _reason(why: Use | HandGrant) -> str:
    if isinstance(why, HandGrant):
        place = f" ({why.position})" if why.position else ""
        said = f": {why.reason}" if why.reason else ""
        return f"explicit grant: {' '.join(ordered(why.key.kind, why.operations))}{place}{said}"
    return f"{why.consumer.path} {why_device.use_text(why)}"


def _explained(model: Model, grant: Grant) -> dict[str, Any]:
    kept = kept_on(model, grant.resource.key)
    return {
        "agent": grant.agent.name,
        **identity(model, grant.resource.key, grant.id),
        "operations": ordered(grant.resource.kind, grant.operations),
        "withdrawn": why_device.withdrawn(model, grant),
        "beyond_need": ordered(grant.resource.kind, grant.beyond_need),
        "because": _reasons(grant),
        "parents": parents_plain(model, grant.agent, grant.resource.key),
        "kept_on": None if kept is None else kept.plain(),
        "feeds": [fed.plain() for fed in feeds(model, grant.agent, grant.resource.key)],
        "uses": [why_device.use_plain(why) for why in grant.because if isinstance(why, Use)],
    }


def _lacking(model: Model, item: NotGranted) -> dict[str, Any]:
    return {
        "agent": item.agent,
        **identity(model, item.key),
        "operations": item.operations,
        "because": [because.plain() for because in item.because],
    }
