"""Certificates (``--emit certificate``) by clingo: those of boards hold, and those with one
permission changed are refused. SCMIGEN_MUTANTS says how many there are."""

import os
import re
from collections import Counter
from collections.abc import Iterator
from itertools import count, cycle, islice
from pathlib import Path
from random import Random

import pytest

pytest.importorskip("clingo", reason="clingo is not installed")

from may.boards import agents, board
from may.certificates import MUTANTS, Facts, defined, granted, of, read, refused, shown
from may.sources import ever, of_model
from real_boards import BOARDS

import scmigen
from scmigen import Text
from scmigen.diagnostics import InputError, Position, has_errors
from scmigen.model.platform import Platform
from scmigen.targets.certificate import TARGET
from scmigen.targets.make import make

WANTED = int(os.environ.get("SCMIGEN_MUTANTS", "170"))


def certificate(platform: Platform) -> tuple[Facts, str]:
    files = {file.path: file.content.decode() for file in make(platform, "certificate").files}
    return read(files["certificate.lp"]), files["checker.lp"]


def holds(board: Path, *agents: Path) -> None:
    for platform in scmigen.compile(board, agents=list(agents)).model.platforms:
        facts, rules = certificate(platform)
        assert refused(facts, rules) == []
        own = {row for row in granted(facts) if row[0] != "0"}
        assert own == defined(facts)


def random_board(seed: int, *, chains: bool = False) -> scmigen.Result:
    random = Random(seed)
    source = board(random, chains=chains)
    owners = agents(random, source)
    return scmigen.compile(scmigen.loads(source, "board.dts"), agents=[Text("agents.yaml", owners)])


@pytest.mark.parametrize("chains", [False, True])
def test_random_boards_hold_or_have_errors(*, chains: bool) -> None:
    """What the checks find, clingo finds, and nothing else; with controllers that feed others, too.
    SCMIGEN_CERTIFICATES says how many there are."""
    for seed in range(int(os.environ.get("SCMIGEN_CERTIFICATES", "25"))):
        result = random_board(seed, chains=chains)
        (platform,) = result.model.platforms
        files = {f.path: f.content.decode() for f in TARGET.files(platform, TARGET.options())}
        facts = read(files["certificate.lp"])
        found = refused(facts, files["checker.lp"])
        assert {row for row in granted(facts) if row[0] != "0"} == defined(facts), seed
        shared = [
            item
            for item in result.diagnostics
            if has_errors([item]) and item.id.endswith("-shared")
        ]
        assert any("decides for" in each for each in found) == bool(shared), (seed, found)
        assert bool(found) == bool(shared), (seed, found)


#: linux's second reset is behind the first, which vm1 asserts; of the second, vm1 is the owner.
BEHIND = """/dts-v1/; / {
    rt: reset-controller@1000 { compatible = "acme,rt"; #reset-cells = <1>; };
    rc: reset-controller@2000 { compatible = "acme,rc"; #reset-cells = <1>; resets = <&rt 0>; };
    u1: serial@3000 { compatible = "acme,u1"; resets = <&rt 0>; };
    u2: serial@4000 { compatible = "acme,u2"; resets = <&rc 1>; };
};
"""
BEHIND_AGENTS = """domains:
  linux: {id: 1, default: true, scmi: {role: ospm}}
  vm1: {id: 2, scmi: {role: vm}, access: [{dev: "&u1"}]}
platform: {owners: [{reset: "&rc 1", agent: vm1}]}
"""


def written(board: str, agents: str) -> tuple[scmigen.Result, str, str]:
    """A board with what its certificate and the rules are, whether it has errors or not."""
    source = scmigen.loads(board, "board.dts")
    result = scmigen.compile(source, agents=[Text("agents.yaml", agents)])
    (platform,) = result.model.platforms
    files = {f.path: f.content.decode() for f in TARGET.files(platform, TARGET.options())}
    return result, files["certificate.lp"], files["checker.lp"]


def test_who_depends_through_what_nobody_is_allowed_is_seen() -> None:
    """&u2 needs <&rc 1>, which is not served: nobody may reset it. It is reset with <&rt 0>."""
    result, text, rules = written(BEHIND, BEHIND_AGENTS)
    assert "reset-shared" in {item.id for item in result.diagnostics}
    facts = read(text)
    behind = 'other("reset /reset-controller@2000 1")'
    assert ("1", '"/serial@4000"', behind, "reset") in {row[1:] for row in of(facts, "need")}
    assert of(facts, "feeds") == [("reset(0)", behind)]
    assert refused(facts, rules) == [
        'refused(2,reset,reset(0),"decides for another that depends on it",1)'
    ]


#: &u2's clock is made of one of &Q, which is reset with what vm1 has with &u1.
RESET = """/dts-v1/; / {
    rt: rt { compatible = "acme,rt"; #reset-cells = <1>; };
    Q: Q { compatible = "acme,q"; #clock-cells = <1>; resets = <&rt 1>; };
    R: R { compatible = "acme,r"; #clock-cells = <1>; clocks = <&Q 7>; };
    u1: u1 { compatible = "acme,u"; resets = <&rt 1>; };
    u2: u2 { compatible = "acme,u"; clocks = <&R 2>; };
};
"""


def test_the_reset_of_a_provider_is_refused_without_an_owner() -> None:
    """&Q is not served, and the single clock of &R is clock 0, what &u1 has reset 0."""
    _, text, rules = written(RESET, BEHIND_AGENTS.replace("&rc 1", "&rt 5"))
    fed = of(read(text), "feeds")
    assert ("reset(0)", 'other("clock /Q 7")') in fed
    assert ('other("clock /Q 7")', "clock(0)") in fed
    assert refused(read(text), rules) == [
        'refused(2,reset,reset(0),"decides for another that depends on it",1)'
    ]
    result, text, rules = written(RESET, BEHIND_AGENTS.replace("&rc 1", "&rt 1"))
    assert not has_errors(result.diagnostics)
    assert ("reset(0)", "2") in of(read(text), "owner")
    assert refused(read(text), rules) == []


#: <&cc 2>, which linux' device needs, is clock 1; vm1 may set its rate by platform.extra.
ADDED = """/dts-v1/; / {
    cc: cc { compatible = "acme,cc"; #clock-cells = <1>; };
    u1: serial@3000 { compatible = "acme,u1"; clocks = <&cc 1>; };
    u2: serial@4000 { compatible = "acme,u2"; clocks = <&cc 2>; };
};
"""
ADDED_AGENTS = BEHIND_AGENTS.replace(
    'owners: [{reset: "&rc 1", agent: vm1}]',
    "extra: {agents: {vm1: {grants: {clock: [{id: 1, resource: 1, operations: [rate]}]}}}}",
)


def test_what_platform_extra_allows_is_an_explicit_grant() -> None:
    result, text, rules = written(ADDED, ADDED_AGENTS)
    (found,) = (item for item in result.diagnostics if item.id == "rate-shared")
    assert found.position == Position("agents.yaml", 4, 19)
    assert [each.message for each in found.related][:1] == ["vm1: platform.extra"]
    (said,) = (
        line for line in text.splitlines() if line.endswith("platform.extra, agents.yaml:4:19")
    )
    assert re.match(r'need\([1-9]\d*, 2, "said of vm1", clock\(1\), rate\)\. % ', said)
    assert refused(read(text), rules) == [
        'refused(2,rate,clock(1),"decides for another that depends on it",1)'
    ]


def test_the_owner_may_have_what_platform_extra_allows_and_nobody_else() -> None:
    owned = ADDED_AGENTS.replace("{extra:", '{owners: [{clock: "&cc 2", agent: %s}], extra:')
    result, text, rules = written(ADDED, owned % "vm1")
    assert not has_errors(result.diagnostics)
    assert refused(read(text), rules) == []
    result, text, rules = written(ADDED, owned % "linux")
    assert "grant-against-owner" in {item.id for item in result.diagnostics}
    assert set(refused(read(text), rules)) == {
        'refused(2,rate,clock(1),"is allowed by what does not need it","said of vm1")',
        'refused(2,rate,clock(1),"decides for another that depends on it",1)',
    }


def test_policies_see_what_platform_extra_allows() -> None:
    isolated = "policies: [{isolated: [linux, vm1], reason: safety}]\n"
    result, *_ = written(ADDED, ADDED_AGENTS + isolated)
    assert "policy-violated" in {item.id for item in result.diagnostics}


def test_an_explicit_grant_has_its_reason_behind_it() -> None:
    """Of one resource, of numbers of a protocol, and of all that a protocol has."""
    grants = """grant: [{clock: "&cc 2", operations: [read], reason: "shows\\n it"},
    {protocol: clock, operations: [state], reason: "of % all"}]}"""
    said = BEHIND_AGENTS.replace('access: [{dev: "&u1"}]}', f'access: [{{dev: "&u1"}}], {grants}')
    _, text, rules = written(ADDED, said[: said.index("platform:")])
    lines = [line.partition(" % ")[2] for line in text.splitlines() if "explicit grant" in line]
    assert set(lines) == {
        "an explicit grant: shows it, agents.yaml:3:66",
        "an explicit grant: of % all, agents.yaml:4:5",
    }
    assert refused(read(text), rules) == []
    empty = said[: said.index("platform:")].replace('"of % all"', '" "')
    with pytest.raises(InputError, match="reason is empty"):
        written(ADDED, empty)


def test_lines_end_where_they_say_something(examples: Path) -> None:
    """The rights of a role have no place without an agents file."""
    platform = scmigen.compile(examples / "minimal.dts").platform
    (text,) = (f.content.decode() for f in make(platform, "certificate").files if "cert" in f.path)
    lines = text.splitlines()
    assert 'need(0, 1, "said of ospm", system, state). % its role is ospm' in lines
    assert not [line for line in lines if line.endswith((",", " "))]


#: Each agent sets limits of the one domain.
LOWERED = """/dts-v1/; / {
    cc: cc { compatible = "acme,cc"; #clock-cells = <1>; };
    pd: pd { compatible = "acme,pd"; #power-domain-cells = <1>; operating-points-v2 = <&t>;
        t: opp-table { compatible = "operating-points-v2"; a: opp1 { opp-level = <1>; };
            b: opp2 { opp-level = <2>; }; }; };
    u1: u1 { compatible = "acme,u"; power-domains = <&pd 1>; required-opps = <&a>; };
    u2: u2 { compatible = "acme,u"; power-domains = <&pd 1>; required-opps = <&b>; };
};
"""
LOWERED_AGENTS = BEHIND_AGENTS.replace("&rc 1", "&cc 1").replace("reset:", "clock:")


def test_limits_are_shown_and_what_stops_the_machine() -> None:
    """The lowest limit holds for both, whoever sets it; linux is the one that may shut down."""
    _, text, rules = written(LOWERED, LOWERED_AGENTS)
    assert shown(text + rules) == [
        "open(1,limits,performance(0),2)",
        'open(1,state,system,"all")',
        "open(2,limits,performance(0),1)",
    ]
    owned = text + "owner(performance(0), 1)." + rules
    assert [each for each in shown(owned) if "limits" in each] == [
        "open(2,limits,performance(0),1)"
    ]


def test_a_certificate_that_is_cut_is_refused() -> None:
    """An empty one, one without its end, and one without a fact in the middle."""
    _, text, rules = written(LOWERED, LOWERED_AGENTS)
    lines = text.splitlines()
    assert lines[-1].startswith("whole(")
    grant = next(at for at, line in enumerate(lines) if line.startswith('has(2, "/u1"'))
    for cut in ([], lines[:-1], lines[:20], [*lines[:grant], *lines[grant + 1 :]]):
        found = shown("\n".join(cut) + rules)
        assert any("is cut or changed" in each for each in found), cut
    assert not any(each.startswith("refused") for each in shown(text + rules))


def test_facts_of_another_form_are_refused_and_it_is_said() -> None:
    """Those of older releases have none."""
    _, text, rules = written(LOWERED, LOWERED_AGENTS)
    *facts, last = text.splitlines()
    number = re.fullmatch(r"whole\((\d+), 3\)\.", last)
    assert number
    for other in (f"whole({number[1]}, 2).", f"whole({number[1]})."):
        found = shown("\n".join([*facts, other]) + rules)
        assert [each for each in found if each.startswith("refused")] == [
            f'refused(0,read,certificate,"is cut or changed, or made for other rules",{number[1]})'
        ]


#: A reset of the platform's own device; its controller is in a domain, which &u1 of vm1 has, too.
HELD = """/dts-v1/; / {
    pd: pd { compatible = "acme,pd"; #power-domain-cells = <1>; };
    rc: rc { compatible = "acme,rc"; #reset-cells = <1>; power-domains = <&pd 1>; };
    u1: u1 { compatible = "acme,u"; power-domains = <&pd 1>; };
    u2: u2 { compatible = "acme,u"; resets = <&rc 1>; };
};
"""
HELD_AGENTS = BEHIND_AGENTS.replace('owners: [{reset: "&rc 1", agent: vm1}]', 'devices: ["&u2"]')


def test_the_platform_keeps_on_what_a_reset_of_its_own_needs() -> None:
    """It has a vote for the domain of the controller, and that has its reason."""
    _, text, rules = written(HELD, HELD_AGENTS)
    facts = read(text)
    assert ("0", '"the platform"', "power(0)", "state") in of(facts, "grant")
    assert ("power(0)", 'other("reset /rc 1")') in of(facts, "carries")
    assert refused(facts, rules) == []


#: Both set the level of one domain, of their clock; &both is shared, and may not.
SHARED = """/dts-v1/; / {
    cc: cc { compatible = "acme,cc"; #clock-cells = <1>; };
    own: own { compatible = "acme,own"; clocks = <&cc 1>; operating-points-v2 = <&t>; };
    both: both { compatible = "acme,both"; clocks = <&cc 1>; operating-points-v2 = <&t>; };
    t: opp-table { compatible = "operating-points-v2"; opp-shared;
        opp1 { opp-hz = /bits/ 64 <1000>; }; opp2 { opp-hz = /bits/ 64 <2000>; }; };
};
"""
SHARED_AGENTS = """domains:
  linux: {id: 1, default: true, scmi: {role: ospm},
          access: [{dev: "&own"}, {dev: "&both", flags: {shared: true}}]}
  vm1: {id: 2, scmi: {role: vm}, access: [{dev: "&both", flags: {shared: true}}]}
"""


def test_a_device_opens_what_it_is_not_denied_itself() -> None:
    """What another device of the agent may do is not this one's, as the definition has it."""
    _, text, _ = written(SHARED, SHARED_AGENTS)
    facts = read(text)
    assert [row for row in of(facts, "grant") if row[3] == "level"] == [
        ("1", '"/own"', "performance(0)", "level")
    ]
    assert defined(facts) == {row for row in granted(facts) if row[0] != "0"}


def test_the_pattern_of_the_page_is_facts_alone() -> None:
    """All lines that are written, and nothing that makes a program of them."""
    page = (Path(__file__).parents[2] / "docs" / "howto" / "certificate.md").read_text()
    (pattern,) = (line for line in page.splitlines() if line.startswith("$ fact='"))
    fact = re.compile(pattern.removeprefix("$ fact='").removesuffix("'"))
    texts = [written(*each)[1] for each in ((BEHIND, BEHIND_AGENTS), (LOWERED, LOWERED_AGENTS))]
    lines = [line for text in texts for line in text.splitlines()]
    assert [line for line in lines if not fact.fullmatch(line)] == []
    for line in (
        '{grant(1, "/u1", clock(0), rate)}.',
        'grant(1, "/u1", clock(0), rate) :- not board("x").',
        'grant(1, "/u1", clock(0..9), rate).',
        'grant(1, "/u1", clock(@f()), rate).',
        'grant(A, "/u1", clock(0), rate).',
        'board("x"). refused(1, a, b, "c", d).',
        'entitled(1, "/u1", clock(0), rate).',
        "#script (python)",
        "#const why = 1.",
        "%* what is hidden",
        'need(0, 1, "/u1", clock(0), rate). %* what is hidden',
    ):
        assert not fact.fullmatch(line), line


def test_the_examples_hold(examples: Path) -> None:
    holds(examples / "minimal.dts")
    holds(examples / "orrery-board.dts", examples / "agents.yaml")
    holds(examples / "compliance.dts", examples / "compliance.yaml")


@pytest.mark.slow
@pytest.mark.parametrize("board", BOARDS)
def test_real_boards_hold(board: str, corpus: Path) -> None:
    holds(corpus / f"{board}.dts")
    owners = corpus / "agents" / f"{board}.yaml"
    if owners.exists():
        holds(corpus / f"{board}.dts", owners)


def test_it_says_what_the_model_has(examples: Path) -> None:
    """The grants of the certificate, all devices together, are those of the definition."""
    result = scmigen.compile(examples / "orrery-board.dts", agents=examples / "agents.yaml")
    facts, _ = certificate(result.platform)
    found: dict[tuple[int, str], set[str]] = {}
    for agent, _, term, operation in of(facts, "grant"):
        if agent != "0" and term not in ("base", "system"):
            found.setdefault((int(agent), term), set()).add(operation)
    assert found == {
        (agent, f"{kind}({number})"): set(map(str, operations))
        for (agent, (kind, number)), operations in ever(
            of_model(result.model, result.platform)
        ).items()
    }


def originals(examples: Path) -> Iterator[tuple[Facts, str]]:
    """The example, and as many random boards without errors."""
    example = certificate(
        scmigen.compile(examples / "orrery-board.dts", agents=examples / "agents.yaml").platform
    )
    for seed in count():
        result = random_board(seed)
        if not has_errors(result.diagnostics):
            yield certificate(result.platform)
            if seed % 8 == 0:
                yield example


def test_mutants_are_refused(examples: Path) -> None:
    """Each is refused, or changes nothing in meaning: not by the rules, but by the definition."""
    done: Counter[str] = Counter()
    same: Counter[str] = Counter()
    random = Random(19)
    for name, (facts, rules) in islice(zip(cycle(MUTANTS), _each(originals(examples))), WANTED):
        mutant = MUTANTS[name](random, facts)
        if refused(mutant, rules):
            done[name] += 1
        else:
            assert granted(mutant) == granted(facts), (name, mutant ^ facts)
            assert defined(mutant) == defined(facts), (name, mutant ^ facts)
            same[name] += 1
    for name in MUTANTS:
        print(f"{name:20} {done[name]:6} refused {same[name]:6} change nothing")
    assert sum(done.values()) + sum(same.values()) == WANTED
    assert all(done[name] for name in MUTANTS)


def _each(of: Iterator[tuple[Facts, str]]) -> Iterator[tuple[Facts, str]]:
    """Each certificate for one mutant of each kind."""
    for one in of:
        yield from (one for _ in MUTANTS)


def test_a_line_that_says_both_is_checked_as_both() -> None:
    """Whoever writes one still needs a device, the operation, and nobody who depends on it; what is
    no vote by name decides for everybody."""
    _, text, rules = written(LOWERED, LOWERED_AGENTS)
    assert 'has(2, "/u1", performance(0), read). % /u1 power-domains[0]' in text
    for line, why in (
        ('has(2, "/u2", performance(0), read).', "does not need it"),
        ('has(2, "/u1", performance(0), level).', "does not need it"),
        ('has(2, "/u1", performance(0), state_level).', "does not need it"),
    ):
        found = [each for each in shown(f"{text}{line}{rules}") if each.startswith("refused")]
        assert any(why in each for each in found), (line, found)


def test_what_nobody_may_is_allowed_to_nobody() -> None:
    """Whoever says so beside what is allowed would hide a vote that others count on."""
    _, text, rules = written(LOWERED, LOWERED_AGENTS)
    for resource in ("performance(0)", "clock(0)"):
        if f", {resource}, " in text:
            found = shown(f"{text}nobody({resource}).{rules}")
            assert any(f",{resource}," in each and "does not need it" in each for each in found)
    assert ", performance(0), " in text


def test_the_checker_has_15_rules_at_most() -> None:
    """All statements with a body, what is shown among them, and constraints."""
    _, _, rules = written(LOWERED, LOWERED_AGENTS)
    text = re.sub(r'"[^"]*"', '""', re.sub(r"^%.*$", "", rules, flags=re.MULTILINE))
    statements = [each.strip() for each in re.split(r"\.(?=\s|$)", text) if each.strip()]
    with_body = [each for each in statements if ":-" in each or re.search(r"^#show.*:", each)]
    assert len(with_body) == 15
    assert {
        each.partition("(")[0].split("/")[0] for each in statements if each not in with_body
    } == {
        *("#const why = 0", "votes", "#show refused"),
        *(f"#defined {name}" for name in _FACTS),
    }


_FACTS = (
    *("has", "need", "grant", "after", "nobody", "device", "owner", "whole", "feeds"),
    *("carries", "may_feed"),
)
