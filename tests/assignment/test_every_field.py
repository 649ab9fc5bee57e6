"""Every field of an agent, stated by every pair of sources that can state it, in both orders.

Equal values are accepted, different ones are an error that names both positions, and where one
source is silent the other one's value holds.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import permutations

import pytest
from support import AGENTS, BOARD

from scmigen.assignment.assignment import Agent, Assignment
from scmigen.assignment.merge import FIELDS
from scmigen.assignment.sources import Sources, assign
from scmigen.devicetree.source import read_source
from scmigen.diagnostics import InputError, Position, has_errors

#: Sources: two agents files, one that nests domains, the domains of the tree, a server description
#: in it, its SCMI node, and the SCMI node in the agent's own tree.
FILE, FILE_2, DOMAINS, SERVER, NODE, OWN = "file", "file-2", "domains", "server", "node", "own-tree"
NESTED = "nested"
FILES = (FILE, FILE_2)

#: Marks what a source states, as in "@domains@id = <1>;"; it is taken out of the text.
MARK = re.compile(f"@({'|'.join((FILE_2, FILE, NESTED, DOMAINS, SERVER, NODE, OWN))})@")

OPENAMP = 'compatible = "openamp,domain-v1";'

MEMORY = """
sram: sram@100000 { compatible = "mmio-sram"; reg = <0x100000 0x1000>;
    #address-cells = <1>; #size-cells = <1>; ranges = <0 0x100000 0x1000>;
    m0: shm@0 { compatible = "arm,scmi-shmem"; reg = <0 0x80>; };
    m1: shm@80 { compatible = "arm,scmi-shmem"; reg = <0x80 0x80>; }; };
b0: mailbox@2000 { compatible = "arm,mhu"; reg = <0x2000 0x100>; #mbox-cells = <1>; };
b1: mailbox@3000 { compatible = "arm,mhu"; reg = <0x3000 0x100>; #mbox-cells = <1>; };
"""
COMPATIBLES = {"smc": "arm,scmi-smc", "optee": "linaro,scmi-optee", "mailbox": "arm,scmi"}

Fragment = Callable[[str], str]


@dataclass(frozen=True)
class Stated:
    """A field in all its forms: two values, how each source states one, and what comes of it.

    ``transport`` is the type that the sources agree on where the field is another part of the
    channel.
    """

    values: tuple[str, str]
    forms: Mapping[str, Fragment]
    seen: Callable[[Agent], object] | None
    transport: str | None = None


def in_files(*keys: str, **beside: str) -> dict[str, Fragment]:
    """How agents files state a value: below these keys, with others beside it."""

    def fragment(value: str) -> str:
        *around, key = keys
        inner = ", ".join(
            (*(f"{name}: {said}" for name, said in beside.items()), f"{key}: @{value}")
        )
        for name in reversed(around):
            inner = f"{name}: {{{inner}}}"
        return inner

    return dict.fromkeys(FILES, fragment)


def channel(agent: Agent) -> dict[str, object]:
    made = agent.transport
    assert made is not None
    paths = {"/sram@100000/shm@0": "m0", "/sram@100000/shm@80": "m1"}
    return {
        "transport": made.type,
        "smc_id": str(made.smc_id),
        "channel": str(made.channel),
        "shmem": paths.get(made.shmem or "", made.shmem),
    }


def part(name: str) -> Callable[[Agent], object]:
    return lambda agent: channel(agent)[name]


STATED = {
    "domain_id": Stated(("1", "5"), {**in_files("id"), DOMAINS: lambda v: f"@id = <{v}>;"}, None),
    "id": Stated(
        ("2", "1"),
        {
            **in_files("scmi", "id"),
            DOMAINS: lambda v: f"@scmigen,id = <{v}>;",
        },
        lambda agent: str(agent.id),
    ),
    "role": Stated(
        ("vm", "secure"),
        {
            **in_files("scmi", "role"),
            DOMAINS: lambda v: f'@scmigen,role = "{v}";',
        },
        lambda agent: agent.role.value,
    ),
    "profile": Stated(
        ("3.1", "2.0"),
        {
            **in_files("scmi", "profile"),
            DOMAINS: lambda v: f'@scmigen,profile = "{v}";',
        },
        lambda agent: agent.profile,
    ),
    "system_power": Stated(
        ("told", "none"),
        {
            **in_files("scmi", "system-power"),
            DOMAINS: lambda v: f'@scmigen,system-power = "{v}";',
        },
        lambda agent: agent.system_power,
    ),
    "needs": Stated(("none", '{"acme,uart": {baud: [rate]}}'), in_files("scmi", "needs"), None),
    # In a tree, a flag can only be set.
    "permissions": Stated(
        ("true", "false"),
        {
            **in_files("scmi", "permissions"),
            DOMAINS: lambda v: "@scmigen,permissions;" if v == "true" else "",
        },
        lambda agent: str(agent.permissions).lower(),
    ),
    "default": Stated(
        ("true", "false"),
        {
            **in_files("default"),
            DOMAINS: lambda v: "@scmigen,default;" if v == "true" else "",
        },
        lambda agent: str(agent.default).lower(),
    ),
    # The nested file and the tree state it by where the domain is.
    "parent": Stated(
        ("other", "third"),
        {
            **in_files("parent"),
            NESTED: lambda v: f"{v}: {{domains: {{linux: @{{}}}}}}",
            DOMAINS: lambda v: f"{v} {{ {OPENAMP} @linux {{ {OPENAMP} }}; }};",
        },
        lambda agent: agent.parent,
    ),
    "transport": Stated(
        ("smc", "optee"),
        {
            **in_files("scmi", "transport", "type"),
            **dict.fromkeys((SERVER, NODE, OWN), lambda v: f'@compatible = "{COMPATIBLES[v]}";'),
        },
        part("transport"),
    ),
    "smc_id": Stated(
        ("16", "17"),
        {
            **in_files("scmi", "transport", "smc-id", type="smc"),
            **dict.fromkeys((SERVER, NODE, OWN), lambda v: f"@arm,smc-id = <{v}>;"),
        },
        part("smc_id"),
        "smc",
    ),
    "channel": Stated(
        ("0", "1"),
        {
            **in_files("scmi", "transport", "channel", type="optee"),
            SERVER: lambda v: f"@scmi-channel-id = <{v}>;",
            **dict.fromkeys((NODE, OWN), lambda v: f"@linaro,optee-channel-id = <{v}>;"),
        },
        part("channel"),
        "optee",
    ),
    "shmem": Stated(
        ("m0", "m1"),
        {
            **in_files("scmi", "transport", "shmem", type="smc"),
            **dict.fromkeys((SERVER, NODE, OWN), lambda v: f"@shmem = <&{v}>;"),
        },
        part("shmem"),
        "smc",
    ),
    "mailboxes": Stated(
        ("0", "1"),
        dict.fromkeys((NODE, OWN), lambda v: f"@mboxes = <&b{v} 0>;"),
        None,
        "mailbox",
    ),
}


def texts(name: str, said: Mapping[str, str | None]) -> dict[str, str]:
    """The texts of the board, the agents files and the own tree; ``None``: the source is silent.

    A third file makes linux the default agent 1 unless that is in question, and adds two agents.
    """
    stated = STATED[name]
    fragments = {
        source: stated.forms[source](value).replace("@", f"@{source}@") if value else ""
        for source, value in said.items()
    }
    compatible = f'compatible = "{COMPATIBLES[stated.transport]}";' if stated.transport else ""
    given = ["default: true"] if name != "default" else []
    given += ["scmi: {id: 1}"] if SERVER in said else []
    made = {
        "3.yaml": f"domains: {{linux: {{{', '.join(given)}}}, other: {{scmi: {{}}}}, "
        "third: {scmi: {}}}\n"
    }
    if FILE in said:
        made[AGENTS] = f"domains: {{linux: {{{fragments[FILE]}}}}}\n"
    body = MEMORY
    if FILE_2 in said:
        made["2.yaml"] = f"domains: {{linux: {{{fragments[FILE_2]}}}}}\n"
    if NESTED in said:
        made["4.yaml"] = f"domains: {{{fragments[NESTED] or 'linux: {}'}}}\n"
    if DOMAINS in said:
        placed = fragments[DOMAINS] if name == "parent" else ""
        linux = placed or f"linux {{ {OPENAMP} {fragments[DOMAINS]} }};"
        body += f"domains {{ {linux} }};\n"
    if SERVER in said:
        # A description needs the channel of each agent.
        number = "" if name == "channel" else "scmi-channel-id = <0>;"
        body += (
            'server { compatible = "optee,scmi-server"; '
            f"agent@1 {{ reg = <1>; {compatible} {number}\n{fragments[SERVER]} }}; }};\n"
        )
    if NODE in said:
        body += scmi(compatible, fragments[NODE])
    made[BOARD] = f"/dts-v1/; / {{ {body} }};"
    if OWN in said:
        made["own.dts"] = f"/dts-v1/; / {{ {MEMORY} {scmi(compatible, fragments[OWN])} }};"
    return made


def scmi(compatible: str, fragment: str) -> str:
    return f"firmware {{ scmi {{ {compatible}\n{fragment} }}; }};\n"


def unmarked(file: str, text: str) -> tuple[str, dict[str, Position]]:
    """A text without marks, and the position of what is behind each."""
    found = {}
    while (mark := MARK.search(text)) is not None:
        before = text[: mark.start()]
        line = before.count("\n") + 1
        found[mark[1]] = Position(file, line, len(before) - before.rfind("\n"))
        text = before + text[mark.end() :]
    return text, found


def settled(name: str, said: Mapping[str, str | None]) -> tuple[Assignment, dict[str, Position]]:
    """The assignment, and where each source states the field. Raises `InputError`."""
    clean, places = {}, {}
    for file, text in texts(name, said).items():
        clean[file], found = unmarked(file, text)
        places.update(found)
    files = [(file, text) for file, text in clean.items() if file.endswith(".yaml")]
    own = {"linux": read_source(clean["own.dts"], "own.dts")} if OWN in said else {}
    try:
        made = assign(read_source(clean[BOARD], BOARD), Sources(files, own))[1]
    except InputError as problem:
        problem.args = (places,)
        raise
    return made, places


def pairs(*which: int) -> list[object]:
    """All pairs of sources in both orders, for each field: the field, one, other, and its value.

    The value is of those numbered ``which`` that the first source can state.
    """
    return [
        pytest.param(name, one, other, stated.values[place], id=f"{name}-{one}-{other}-{place}")
        for name, stated in STATED.items()
        for one, other in permutations(stated.forms, 2)
        for place in which
        if stated.forms[one](stated.values[place])
    ]


def value_of(name: str, made: Assignment) -> object:
    seen = STATED[name].seen
    (agent,) = [agent for agent in made.agents if agent.name == "linux"]
    return None if seen is None else seen(agent)


def test_every_field_is_walked() -> None:
    assert STATED.keys() == FIELDS.keys()


@pytest.mark.parametrize(("name", "one", "other", "value"), pairs(0))
def test_equal_values_are_accepted(name: str, one: str, other: str, value: str) -> None:
    made, _ = settled(name, {one: value, other: value})
    assert value_of(name, made) in (value, None)


OUTERMOST = [
    pytest.param({first: "/domains", second: "other"}, id=f"{first}-{second}")
    for first, second in permutations((FILE, FILE_2, NESTED, DOMAINS), 2)
    if first in FILES
]


@pytest.mark.parametrize("said", OUTERMOST)
def test_no_parent_is_an_answer_too(said: dict[str, str | None]) -> None:
    with pytest.raises(InputError) as raised:
        settled("parent", said)
    (places,) = raised.value.args
    (found,) = [item for item in raised.value.diagnostics if has_errors([item])]
    assert found.id == "agent-differs"
    assert "/domains" in found.message
    assert {found.position, *(item.position for item in found.related)} == set(places.values())
    assert len(places) == 2


@pytest.mark.parametrize("other", [FILE_2, NESTED, DOMAINS])
def test_no_parent_where_another_source_is_silent(other: str) -> None:
    made, _ = settled("parent", {FILE: "/domains", other: None})
    assert value_of("parent", made) is None


@pytest.mark.parametrize(("name", "one", "other", "second"), pairs(1))
def test_different_values_are_an_error_with_both_positions(
    name: str, one: str, other: str, second: str
) -> None:
    with pytest.raises(InputError) as raised:
        settled(name, {other: STATED[name].values[0], one: second})
    (places,) = raised.value.args
    (found,) = [item for item in raised.value.diagnostics if has_errors([item])]
    assert found.id == "agent-differs"
    told = {found.position, *(item.position for item in found.related)}
    assert told == {places[one], places[other]}


@pytest.mark.parametrize(("name", "one", "other", "value"), pairs(0, 1))
def test_where_one_source_is_silent_the_other_ones_value_holds(
    name: str, one: str, other: str, value: str
) -> None:
    said: dict[str, str | None] = {one: value, other: None}
    always = {"transport": (SERVER, NODE, OWN), "channel": (SERVER,)}
    if other in always.get(name, ()):
        # These always state it: silent is only a node that is not there.
        del said[other]
    made, _ = settled(name, said)
    assert value_of(name, made) in (value, None)
