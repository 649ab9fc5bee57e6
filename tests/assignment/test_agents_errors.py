"""Each mistake in an agents file gives one diagnostic, at the place where a reader would look."""

import re

import pytest
from assigned import assigned
from support import AGENTS, marked, soc

from scmigen.diagnostics import Diagnostic, InputError

BODY = (
    "gpu: gpu@1 { }; uart0: serial@2 { }; uart1: serial@3 { };"
    'aliases { serial0 = "/serial@2"; gpu = "/serial@3"; };'
)


def problems(text: str, body: str = BODY) -> list[Diagnostic]:
    try:
        return list(assigned(soc(body), text).diagnostics)
    except InputError as found:
        return list(found.diagnostics)


def domain(text: str) -> str:
    return f"domains:\n  a:\n    id: 1\n{text}"


def platform(text: str) -> str:
    return f"domains: {{a: {{id: 1}}}}\nplatform:\n  {text}\n"


# A ^ stands in front of the character that the diagnostic names; it is taken out.
# Text, id, a part of the message, a part of the hint.
MISTAKES = [
    ("^domain: {a: {id: 1}}", "no key 'domain'", "did you mean domains?"),
    ("^[a]", "an agents file must be a mapping", "key: value"),
    ("domains: ^5", "domains must be a mapping", "key: value"),
    ("domains: {a: ^x}", "domain a must be a mapping", "key: value"),
    ("domains: {a: {id: ^one}}", "id must be a number from 0 to 4294967295, not 'one'", None),
    ("domains: {a: {id: ^0x100000000}}", "id must be a number from 0 to 4294967295", None),
    (domain("    scmi: {id: ^0}"), "id must be a number from 1 to 255, not '0'", None),
    (domain("    scmi: {id: ^256}"), "id must be a number from 1 to 255, not '256'", None),
    ("domains: {a: {id: ^[1]}}", "id must be a string", None),
    ("domains: {a: {id: 1, ^acces: []}}", "domain a has no key 'acces'", "did you mean access?"),
    (
        "domains: {a: {id: 1, ^[x]: 1}}",
        "a has no key that is not a string",
        "one of: access",
    ),
    (
        "domains: {a: {id: 1, ^id: 1}}",
        "domain a has the key 'id' twice",
        "first at agents.yaml:1:19",
    ),
    ("domains:\n  a:\n^\tid: 1\n", "this is not YAML: ", "indent with blanks: YAML takes no tab"),
    ("domains:\n  a:\n    id: 1\n  ^\t  scmi: {}\n", "this is not YAML", "indent with blanks"),
    ("domains: {a: {id: 1,\n  b: ^@}}", "this is not YAML: ", None),
    (domain("    access: [{dev: ^&gpu}]"), "unquoted &gpu for an anchor", 'between quotes: "&gpu"'),
    (domain("    access: [{dev: [^&gpu, '&uart0']}]"), "unquoted &gpu", '"&gpu"'),
    (domain("    grant: [{clock: ^&gpu 12}]"), "unquoted &gpu", '"&gpu 12"'),
    (platform("managed: [^&gpu]"), "unquoted &gpu for an anchor", '"&gpu"'),
    (domain("    access: [{dev: *serial^*}]"), "this is not YAML: ", "with & or * between quotes"),
    (domain("    access: [{dev: ^*serial}]"), "this is not YAML: ", "with & or * between quotes"),
    (domain("    access: [{dev: &gpu^/x}]"), "this is not YAML: ", "with & or * between quotes"),
    ("domains: {a: {id: 1}, ^a: {id: 2}}", "domains has the key 'a' twice", "first at"),
    (
        "domains: {a: {id: 1, compatible: ^openamp}}",
        "compatible cannot be 'openamp'",
        "openamp,domain-v1",
    ),
    ("domains: {a: {id: 1, default: ^yes}}", "default must be true or false, not 'yes'", None),
    ("domains: {'': ^{id: 1}}", "1 to 63 printable", None),
    (f"domains: {{{'x' * 64}: ^{{id: 1}}}}", "1 to 63 printable", None),
    (domain("    ^dev: gpu@1"), "no key 'dev'", "write access: [{dev: …}]"),
    (domain("    ^assignable: [b]"), "no key 'assignable'", "write flags: {assignable: …} in an"),
    (domain("    ^asignable: [b]"), "no key 'asignable'", "did you mean flags: {assignable: …} in"),
    (domain("    ^operations: [read]"), "no key 'operations'", "write grant: [{operations: …}]"),
    (domain("    ^shmem: shm0"), "no key 'shmem'", "write scmi: {transport: {shmem: …}}"),
    (
        domain("    access: [{dev: gpu@1, ^assignable: [b]}]"),
        "an access entry has no key 'assignable'",
        "write flags: {assignable: [AGENT, …]}",
    ),
    (
        domain("    access: [{dev: gpu@1, ^assignabel: [b]}]"),
        "an access entry has no key 'assignabel'",
        "did you mean flags: {assignable: [AGENT, …]}?",
    ),
    (domain("    scmi: {^smc-id: 1}"), "no key 'smc-id'", "{transport: {smc-id: …}}"),
    (domain("    scmi: {^default: true}"), "no key 'default'", "write default: … in a domain"),
    (domain("    scmi: {transport: {type: smc, ^role: vm}}"), "no key 'role'", "scmi: {role: …}"),
    (
        domain("    grant: [{clock: '&cc 1', operations: [read], ^dev: gpu@1}]"),
        "a grant has no key 'dev'",
        "write access: [{dev: …}] in a domain",
    ),
    (domain("    scmi: {^rule: vm}"), "scmi of a has no key 'rule'", "did you mean role?"),
    (domain("    scmi: {role: ^linux}"), "role cannot be 'linux'", "ospm"),
    (domain("    scmi: {profile: ^4.0}"), "profile cannot be '4.0'", "a release (2.0, 3.0,"),
    (domain("    scmi: {profile: ^bsd}"), "profile cannot be 'bsd'", "such as linux-6.6"),
    (domain("    scmi: {profile: ^[3.1]}"), "profile must be a string", None),
    (domain("    scmi: {transport: ^{}}"), "a transport needs a type", "mailbox, smc, smc-param"),
    (domain("    scmi: {transport: {type: ^mbox}}"), "type cannot be 'mbox'", "mailbox"),
    (domain("    scmi: {transport: {type: smc, smc-id: ^-1}}"), "smc-id must be a number", None),
    (domain("    scmi: {profile: ^linux-66.6}"), "profile cannot be 'linux-66.6'", "linux-6.6?"),
    (domain("    scmi: {permissions: ^1}"), "permissions must be true or false", None),
    (domain("    scmi: {system-power: ^tell}"), "system-power cannot be 'tell'", "told"),
    (domain("    access: ^gpu"), "access must be a list", "- item"),
    (domain("    access:\n      - ^'&gpu'"), "an access entry must be a mapping", "key: value"),
    (domain("    access:\n      - ^{flags: {}}"), "an access entry needs dev", "- dev:"),
    (domain("    access:\n      - {dev: ^{x: 1}}"), "dev must be a string", None),
    (
        domain("    access: [{dev: gpu@1, flags: {^share: true}}]"),
        "flags has no key 'share'",
        "shared",
    ),
    (domain("    access: [{dev: gpu@1, flags: {shared: ^maybe}}]"), "shared must be true or", None),
    (
        domain("    access: [{dev: gpu@1, flags: {assignable: ^b}}]"),
        "assignable must be a list",
        "- item",
    ),
    (
        domain("    access: [{dev: gpu@1, flags: {assignable: [^b]}}]"),
        "agent cannot be 'b'",
        "one of: a",
    ),
    (domain("    grant: [^{operations: [read]}]"), "name one resource", "clock"),
    (
        domain("    grant: [^{clock: '&cc 1', power: '&pc 1', operations: [read]}]"),
        "name one",
        "clock",
    ),
    (
        domain("    grant: [^{clock: '&cc 1'}]"),
        "a grant needs operations",
        "state, rate, parent, read",
    ),
    (
        domain("    grant: [{clock: '&cc 1', operations: [^reset]}]"),
        "on a clock cannot be 'reset'",
        "rate",
    ),
    (
        domain("    grant: [{clock: '&cc 1', operations: ^read}]"),
        "operations must be a list",
        "- item",
    ),
    (platform("^grant: []"), "platform has no key 'grant'", "write grant: … in a domain"),
    (
        platform("^clock-rate: 1"),
        "no key 'clock-rate'",
        "write platform: {assume: {clock-rate: …}}",
    ),
    (platform("^grace: 1"), "no key 'grace'", "write platform: {system-power: {grace: …}}"),
    (platform("^waivers: []"), "no key 'waivers'", "write waivers: … at the top of the file"),
    (platform("^manage: []"), "platform has no key 'manage'", "did you mean managed"),
    (platform("managed: ^'&cc'"), "managed must be a list", "- item"),
    (platform("always-on: [{clock: '&cc 1', ^agent: a}]"), "has no key 'agent'", "one of: clock"),
    (platform("always-on: [{^reset: '&cc 1'}]"), "has no key 'reset'", "one of: clock, power, v"),
    (platform("always-on: [{^clok: '&cc 1'}]"), "has no key 'clok'", "did you mean clock?"),
    (platform("owners: [{^clok: '&cc 1', agent: a}]"), "an owner has no key 'clok'", "clock?"),
    (platform("owners: [{clock: '&cc 1', ^agnt: a}]"), "has no key 'agnt'", "did you mean agent?"),
    (domain("    grant: [{^clok: '&cc 1', operations: [read]}]"), "no key 'clok'", "clock?"),
    (domain("    grant: [{clock: '&cc 1', ^operation: [read]}]"), "no key 'operation'", "oper"),
    (domain("    access: [{^devs: '&gpu'}]"), "an access entry has no key 'devs'", "mean dev?"),
    (domain("    scmi: {transport: {^typ: smc}}"), "transport has no key 'typ'", "type?"),
    (platform("always-on: [^{}]"), "name one resource", "one of: power, clock, voltage"),
    (platform("owners: [^{clock: '&cc 1'}]"), "an owner needs an agent", "agent:"),
    (platform("owners: [{clock: '&cc 1', agent: ^b}]"), "agent cannot be 'b'", "one of: a"),
    (
        platform("owners: [{clock: '&cc 1', agent: a}, ^{clock: '&cc 0x1', agent: a}]"),
        "clock /clock-controller@1000 1 has an owner already",
        "at agents.yaml:3:12",
    ),
    (platform("managed: ['&cc']\n  local: [^'&cc']"), "1000 is managed already", "yaml:3:13"),
    (platform("assume: {^rate: 1}"), "assume has no key 'rate'", "clock-rate"),
    (platform("assume: {clock-rate: ^0}"), "clock-rate must be a number from 1", None),
    (platform("vendor: ^sixteen-letters-"), "vendor must have at most 15 ASCII", None),
    (platform("system-power: {grace: ^3600001}"), "grace must be a number from 0 to 3600000", None),
    (platform("system-power: {^time: 1}"), "system-power has no key 'time'", "grace"),
    (platform("sub-vendor: ^'caf\\u00e9'".replace("\\u00e9", "é")), "sub-vendor must have", None),
]


def rule(message: str) -> str:
    """The id of a case: the words of its message."""
    return "-".join(re.findall(r"[a-z0-9]+", message.lower()))


@pytest.mark.parametrize(
    ("text", "message", "hint"), [pytest.param(*row, id=rule(row[1])) for row in MISTAKES]
)
def test_each_mistake_is_one_error_at_its_place(text: str, message: str, hint: str | None) -> None:
    text, where = marked(text, AGENTS)
    found = problems(text)
    assert [(p.id, p.severity.word, p.position) for p in found] == [("agents-file", "error", where)]
    assert message in found[0].message
    assert (hint is None) == (found[0].hint is None)
    assert hint is None or hint in str(found[0].hint)


TOGETHER = [
    ("agent-duplicate", "domains:\n  a: {id: 1}\n  b: ^{id: 1}", "agent id 1 is given twice"),
    (
        "agent-duplicate",
        "domains:\n  a: {id: 1, default: true}\n  b: ^{id: 2, default: true}",
        "default: true is given twice, to a and b",
    ),
    (
        "agent-id",
        "domains:\n  a: {scmi: {id: 1}}\n  b: ^{scmi: {id: 3}}",
        "no agent has id 2",
    ),
    ("agent-id", "domains:\n  b: ^{scmi: {id: 2}}", "no agent has id 1"),
]


@pytest.mark.parametrize(
    ("identifier", "text", "message"), [pytest.param(*row, id=rule(row[2])) for row in TOGETHER]
)
def test_agents_do_not_fit_together(identifier: str, text: str, message: str) -> None:
    text, where = marked(text, AGENTS)
    (found,) = problems(text)
    assert (found.id, found.position) == (identifier, where)
    assert message in found.message


def test_a_domain_with_two_ids_in_two_files() -> None:
    with pytest.raises(InputError) as raised:
        assigned(soc(""), "domains: {a: {id: 1}}", "domains: {a: {id: 2}}")
    (found,) = raised.value.diagnostics
    assert (found.id, str(found.position)) == ("agent-differs", "2.yaml:1:19")
    assert [str(related.position) for related in found.related] == ["agents.yaml:1:19"]


SELECTORS = [
    ("device-unknown", "&gpuu", "no label &gpuu", "did you mean &gpu?"),
    ("device-unknown", "/serial@4", "no node /serial@4", "/serial@2"),
    ("device-unknown", "seriall@2", "no node, label or alias seriall@2", "serial@2"),
    ("device-unknown", "serial", "2 nodes are named serial", "/serial@2, /serial@3"),
    ("device-unknown", "", "an empty name", None),
    ("glob-unmatched", "*can*", "*can* matches no node", None),
    ("glob-unmatched", "/soc/*", "/soc/* matches no node", None),
]


@pytest.mark.parametrize(
    ("identifier", "selector", "message", "hint"),
    [pytest.param(*row, id=rule(row[2])) for row in SELECTORS],
)
def test_devices_that_are_not_there(
    identifier: str, selector: str, message: str, hint: str | None
) -> None:
    """An exact name must match; a pattern that matches nothing is only a warning."""
    text, where = marked(domain(f"    access:\n      - dev: ^'{selector}'"), AGENTS)
    (found,) = problems(text)
    severity = "warning" if identifier == "glob-unmatched" else "error"
    assert (found.id, found.severity.word, found.position) == (identifier, severity, where)
    assert found.message.startswith(message)
    assert hint is None or hint in str(found.hint)


def test_providers_and_resources_that_are_not_there() -> None:
    text, where = marked(platform("managed: [^'&ccc']"), AGENTS)
    (found,) = problems(text)
    assert (found.id, found.position, found.hint) == (
        "provider-unknown",
        where,
        "did you mean &cc?",
    )
    text, where = marked(platform("managed: [^'*ccc*']"), AGENTS)
    (found,) = problems(text)
    assert (found.id, found.severity.word, found.position) == ("glob-unmatched", "warning", where)
    for wanted in ("&ccc 1", "*cc* 1", "&cc one", "&cc 1.5", ""):
        grant = f"    grant: [{{clock: ^'{wanted}', operations: [read]}}]"
        text, where = marked(domain(grant), AGENTS)
        (found,) = problems(text)
        assert (found.id, found.position) == ("resource-unknown", where)


def test_all_mistakes_are_told_at_once() -> None:
    text = domain("    access: [{dev: '&x'}, {dev: '&y'}]\n    scmi: {role: z}") + "\nplatfrom: {}"
    assert [p.id for p in problems(text)].count("device-unknown") == 2
    assert len(problems(text)) == 4


#: Files that are about agents, as far as one can see, and have none.
NOBODY = [
    *("", "# nothing\n", "---\n", "{}", "format: scmigen-agents-1"),
    "platform: {vendor: acme}\ncpus: {}",
    *("domains: ^{}", "platform: {vendor: acme}\ndomains: ^{}"),
]


@pytest.mark.parametrize("text", NOBODY)
def test_nobody_is_described(text: str) -> None:
    text, where = marked(text, AGENTS) if "^" in text else (text, AGENTS)
    (found,) = problems(text)
    assert (found.id, found.message) == ("agents-file", "no agent is described")
    assert str(found.position) == str(where)
    example = re.search(r"such as (.*); ", found.hint or "")
    assert example is not None
    (agent,) = assigned(soc(BODY), example[1]).agents
    assert (agent.name, agent.role, agent.default) == ("linux", "ospm", True)


def test_of_several_files_the_one_that_describes_nobody_is_named() -> None:
    with pytest.raises(InputError) as found:
        assigned(soc(BODY), "platform: {vendor: acme}", "domains: {}")
    (error,) = found.value.diagnostics
    assert (error.message, str(error.position)) == ("no agent is described", "2.yaml:1:10")
