"""System device trees as other tools write them: ids, keys and flags that are not ours."""

import pytest
from assigned import assigned
from support import AGENTS, BOARD, marked, source, tree_of

from scmigen.assignment.vocabulary import DOMAIN, ENTRY, FILE, FLAGS, Vocabulary
from scmigen.devicetree.source import read_source
from scmigen.diagnostics import Diagnostic, InputError

V1 = 'compatible = "openamp,domain-v1";'
BODY = "uart: serial@1 { }; gpu: gpu@2 { }; tcm: tcm@3 { }; eth: eth@4 { };"


def ids(*texts: str, body: str = "") -> list[tuple[int, str]]:
    return [(agent.id, agent.name) for agent in assigned(tree_of(BODY + body), *texts).agents]


def told(*texts: str, body: str = "") -> list[tuple[str, str]]:
    try:
        found = assigned(tree_of(BODY + body), *texts).diagnostics
    except InputError as problem:
        found = problem.diagnostics
    return [(item.severity.word, item.id) for item in found]


LOPPER = """
definitions: {shared: &shared [{dev: tcm@3, flags: 0}]}
reserved-memory: {ranges: true, "rproc@1000": {start: 0x1000, size: 0x100}}
domains:
  APU_Linux:
    compatible: ["openamp,domain-v1"]
    "os,type": linux
    cpus: [{cluster: cpus_a53, cpumask: 0x1, mode: {secure: false, el: 0x2}}]
    memory: [{start: 0x0, size: 2G}]
    access-implicit-default: {secure: true, allow-secure: true, requested: true, qos: 99}
    reserved-memory: {<<+: [*shared]}
    access:
      - {dev: serial@1, label: uart, status: okay}
      - <<+: *shared
    domain-to-domain: {compatible: openamp,domain-to-domain-v1}
    firewallconf: [{domain: RPU, block: never}]
  RPU:
    compatible: openamp,domain-v1
    xlnx,ddr-boot: true
    access:
      - dev: [gpu@2, eth@4]
        flags: [{timeshare: true, requested: true, read-only: true}, 0]
        spec_name: gpu0
    chosen: {bootargs: quiet}
"""


def test_a_lopper_file_is_read_without_a_word() -> None:
    found = assigned(tree_of(BODY), LOPPER)
    assert found.diagnostics == ()
    assert [(agent.id, agent.name) for agent in found.agents] == [(1, "APU_Linux"), (2, "RPU")]
    assert [(c.agent, c.node.name, c.shared) for c in found.claims] == [
        ("APU_Linux", "serial@1", False),
        ("APU_Linux", "tcm@3", False),
        ("RPU", "gpu@2", True),
        ("RPU", "eth@4", False),
    ]


DEV = "access: [{dev: gpu@2}]"
# Domains a, b and c with a device each, and their agent ids.
IDS = {
    "agent-ids-in-any-order": ("3", "1", "2", [(1, "b"), (2, "c"), (3, "a")], None),
    "none": (None, None, None, [(1, "a"), (2, "b"), (3, "c")], None),
    "from-zero": ("0", "1", "2", [(1, "a"), (2, "b"), (3, "c")], "note"),
    "large": ("0xffff", "0", "5", [(1, "a"), (2, "b"), (3, "c")], "note"),
    "equal-but-no-agent-ids": ("0x1c000000",) * 3 + ([(1, "a"), (2, "b"), (3, "c")], "note"),
    "with-a-gap": ("1", "2", "4", [(1, "a"), (2, "b"), (3, "c")], "warning"),
    "one-without": ("2", None, "1", [(1, "a"), (2, "b"), (3, "c")], "warning"),
}


@pytest.mark.parametrize("form", ["yaml", "nodes"])
@pytest.mark.parametrize(("a", "b", "c", "expected", "severity"), IDS.values(), ids=IDS)
def test_an_id_is_the_agent_id_only_where_all_are_1_to_n(
    a: str | None,
    b: str | None,
    c: str | None,
    expected: list[tuple[int, str]],
    severity: str | None,
    form: str,
) -> None:
    numbers = {"a": a, "b": b, "c": c}
    devices = {"a": "uart", "b": "gpu", "c": "eth"}
    texts, nodes = [], ""
    if form == "yaml":
        for name, number in numbers.items():
            own = f"id: {number}, " if number else ""
            nodes += f"{name}: {{{own}access: [{{dev: '&{devices[name]}'}}]}}, "
        texts, nodes = [f"domains: {{{nodes}}}"], ""
    else:
        for name, number in numbers.items():
            own = f"id = <{number}>;" if number else ""
            nodes += f"{name} {{ {V1} {own} access = <&{devices[name]}>; }};"
        nodes = f"domains {{ {nodes} }};"
    assert ids(*texts, body=nodes) == expected
    assert told(*texts, body=nodes) == ([(severity, "domain-id")] if severity else [])


def test_a_stated_agent_id_beats_the_order() -> None:
    text = (
        "domains: {a: {id: 0xffff, access: [{dev: uart}]}, "
        "b: {id: 0, scmi: {id: 1}, access: [{dev: gpu@2}]}}"
    )
    assert ids(text) == [(1, "b"), (2, "a")]
    nodes = f"domains {{ a {{ {V1} access = <&uart>; }}; b {{ {V1} scmigen,id = <1>; }}; }};"
    assert ids(body=nodes) == [(1, "b"), (2, "a")]


def test_one_id_of_two_domains_is_an_error_where_it_could_be_an_agent_id() -> None:
    assert told("domains: {a: {id: 7, scmi: {}}, b: {id: 7, scmi: {}}}") == [
        ("error", "agent-duplicate")
    ]


SERVER = """server { compatible = "optee,scmi-server";
    agent@1 { reg = <1>; compatible = "linaro,scmi-optee"; scmi-channel-id = <0>; }; };"""


def test_more_agents_than_scmi_has_ids_for() -> None:
    text = "domains: {" + ", ".join(f"a{number}: {{scmi: {{}}}}" for number in range(256)) + "}"
    assert told(text) == [("error", "agent-id")]


def test_a_server_description_is_never_matched_with_a_domain_by_the_order() -> None:
    """Nothing says that the first domain is the server's agent 1."""
    assert ids("domains: {a: {scmi: {}}}", body=SERVER) == [(1, "agent-1"), (2, "a")]
    assert ids("domains: {a: {scmi: {id: 1}}}", body=SERVER) == [(1, "a")]
    assert ids("domains: {a: {id: 1}}", body=SERVER) == [(1, "a")]


# A domain, and whether it is an agent.
DOMAINS = {
    "scmi": ("{scmi: {}}", True),
    "device": ("{access: [{dev: gpu@2}]}", True),
    "grant": ("{grant: []}", True),
    "default": ("{default: false}", True),
    "agent-id-alone": ("{compatible: 'openamp,domain-v1', id: 1}", True),
    "nothing": ("{}", False),
    "large-id-alone": ("{id: 0x1000}", False),
    "cpus-and-memory": ("{id: 1, cpus: [], memory: []}", False),
    "no-device": ("{access: [], sram: []}", False),
}


@pytest.mark.parametrize(("domain", "expected"), DOMAINS.values(), ids=DOMAINS)
def test_a_domain_with_neither_scmi_nor_a_device_is_no_agent(domain: str, expected: bool) -> None:
    other = "domains: {other: {scmi: {id: %s}}}" % ("2" if expected else "1")
    names = {name for _, name in ids(f"domains: {{a: {domain}}}", other)}
    assert names == ({"a", "other"} if expected else {"other"})


def test_where_no_domain_is_an_agent_one_operating_system_has_everything() -> None:
    assert ids("domains: {a: {memory: []}}") == [(1, "ospm")]
    assert told("domains: {a: {memory: []}}") == [("warning", "agents-none")]
    assert told(body=f"domains {{ a {{ {V1} memory = <0>; }}; }};") == [("warning", "agents-none")]
    assert told("domains: {}") == [("error", "agents-file")]


def test_a_domain_of_another_kind_is_passed_over_and_told() -> None:
    text = "domains: {a: {compatible: %s, access: [{dev: gpu@2}]}, b: {scmi: {}}}"
    assert told(text % "'openamp,domain-v1,devices'") == [("warning", "domain-passed-over")]
    assert told(text % "'xilinx,subsystem'") == [("warning", "domain-passed-over")]
    assert told(text % "['xilinx,subsystem-v1', 'openamp,domain-v1']") == []
    for nearly in ("openamp", "'openamp,domain_v1'", "'openamp,domain-v2'"):
        assert told(text % nearly) == [("error", "agents-file")]
    inside = "domains: {a: {compatible: x, domains: {b: {access: [{dev: gpu@2}]}}}}"
    assert ids(inside) == [(1, "b")]


def test_a_domain_of_another_kind_cannot_be_an_agent() -> None:
    assert told("domains: {a: {compatible: x, scmi: {}}, b: {scmi: {}}}") == [
        ("error", "agents-file")
    ]


# Keys that must not be passed over, and a part of the hint.
NEARLY = [
    (DOMAIN, "acess", "access"),
    (DOMAIN, "Access", "access"),
    (DOMAIN, "smci", "scmi"),
    (DOMAIN, "SCMI", "scmi"),
    (DOMAIN, "defualt", "default"),
    (DOMAIN, "grants", "grant"),
    (DOMAIN, "domain", "domains"),
    (DOMAIN, "access_implicit_default", "access-implicit-default"),
    (DOMAIN, "role", "scmi: {role: …}"),
    (DOMAIN, "permissions", "scmi: {permissions: …}"),
    (DOMAIN, "permision", "permissions"),
    (DOMAIN, "scmigen,role", "scmi: {"),
    (DOMAIN, "access!linux!append", "conditional"),
    (ENTRY, "devs", "dev"),
    (ENTRY, "flag", "flags"),
    (ENTRY, "assignable", "flags: {assignable: [AGENT, …]}"),
    (ENTRY, "shared", "flags: {shared: true}"),
    (FLAGS, "share", "shared"),
    (FLAGS, "asignable", "assignable"),
    (FLAGS, "time-share", "timeshare"),
    (FILE, "domain", "domains"),
    (FILE, "platfrom", "platform"),
    (FILE, "check", "checks"),
    (FILE, "managed", "platform: {managed: …}"),
    (FILE, "access", "domains: {NAME: {access: …}}"),
]


@pytest.mark.parametrize(
    ("vocabulary", "key", "hint"), [pytest.param(*row, id=row[1]) for row in NEARLY]
)
def test_a_key_that_nearly_is_ours_is_an_error(vocabulary: Vocabulary, key: str, hint: str) -> None:
    standing, said = vocabulary.standing(key)
    assert standing.value == "wrong"
    assert said is not None
    assert hint in said


def test_the_hint_for_a_misplaced_flag() -> None:
    text, where = marked("domains: {a: {access: [{dev: gpu@2, ^assignable: [a]}]}}", AGENTS)
    with pytest.raises(InputError) as raised:
        assigned(tree_of(BODY), text)
    (found,) = raised.value.diagnostics
    assert (found.position, found.hint) == (where, "write flags: {assignable: [AGENT, …]}")


def test_an_unknown_key_is_one_warning_with_all_its_places() -> None:
    text = """
    domains:
      a: {scmi: {}, colour: red}
      b: {scmi: {}, colour: blue, access: [{dev: gpu@2, weight: 7}]}
    """
    found = assigned(tree_of(BODY), text, "domains: {c: {scmi: {}, colour: green}}").diagnostics
    assert [(item.severity.word, item.id, places(item)) for item in found] == [
        ("warning", "key-unknown", ["agents.yaml:3:21", "agents.yaml:4:21", "2.yaml:1:25"]),
        ("warning", "key-unknown", ["agents.yaml:4:57"]),
    ]


def places(item: Diagnostic) -> list[str]:
    return [str(item.position), *(str(related.position) for related in item.related)]


def test_our_own_mappings_have_no_unknown_keys() -> None:
    for text in (
        "domains: {a: {scmi: {colour: red}}}",
        "domains: {a: {scmi: {transport: {type: smc, colour: red}}}}",
        "domains: {a: {id: 1}}\nplatform: {colour: red}",
        "domains: {a: {id: 1}}\nchecks: {rate-twice: {severity: off, colour: red, reason: x}}",
    ):
        assert told(text) == [("error", "agents-file")]


def test_timeshare_and_shared_must_agree() -> None:
    text = "domains: {a: {access: [{dev: gpu@2, flags: {shared: %s, timeshare: true}}]}}"
    assert told(text % "true") == []
    assert told(text % "false") == [("error", "agents-file")]


def test_a_parent_by_name_or_path() -> None:
    text = "domains: {p: {access: [{dev: gpu@2}]}, c: {parent: %s, access: [{dev: gpu@2}]}}"
    for parent in ("p", "/domains/p", "/domains/x/p"):
        agents = {a.name: a.parent for a in assigned(tree_of(BODY), text % parent).agents}
        assert agents == {"p": None, "c": "p"}
    assert told(text % "q") == [("error", "agents-file")]
    assert told(text % "c") == [("error", "agents-file")]
    assert told((text % "p").replace("gpu@2", "eth@4", 1)) == [("error", "access-beyond-parent")]


def test_a_domain_takes_from_the_nearest_agent_around_it() -> None:
    """The domain between has no device of its own, so it bounds nothing."""
    text = """
    domains: {top: {access: [{dev: gpu@2}], domains: {
      between: {memory: [], domains: {low: {access: [{dev: %s}]}}}}}}
    """
    agents = {a.name: a.parent for a in assigned(tree_of(BODY), text % "gpu@2").agents}
    assert agents == {"top": None, "low": "top"}
    assert told(text % "eth@4") == [("error", "access-beyond-parent")]


OLD = f"domains {{ r5 {{ {V1} ^access = <&tcm 1>, <&eth 0>; }}; }};"


def test_flags_without_their_cells_property_are_passed_over() -> None:
    """Trees older than #access-flags-cells; the references show where the entries begin."""
    text, where = marked(source(BODY + OLD), BOARD)
    found = assigned(read_source(text, BOARD))
    assert [(claim.node.name, claim.shared) for claim in found.claims] == [
        ("tcm@3", False),
        ("eth@4", False),
    ]
    (warning,) = found.diagnostics
    assert (warning.id, warning.severity.word, warning.position) == (
        "domain-property",
        "warning",
        where,
    )
    assert warning.hint == "write #access-flags-cells = <1>"


def test_domains_of_one_name_are_told_apart_by_their_unit_address() -> None:
    nodes = f"a@1 {{ {V1} access = <&gpu>; }}; a@2 {{ {V1} access = <&eth>; }};"
    assert ids(body=f"domains {{ {nodes} }};") == [(1, "a@1"), (2, "a@2")]
    assert ids(body=f"domains {{ {nodes.replace('a@2', 'b@2')} }};") == [(1, "a"), (2, "b")]
