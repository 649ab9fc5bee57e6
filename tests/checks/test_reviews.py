"""Findings of public reviews, rebuilt: scmigen finds each, with its line, and takes what it was
mended to. Boards and files are ours, in ``examples/reviews``."""

from pathlib import Path

import pytest
from may.certificates import Fact, Facts, granted, of, read, refused
from support import scmigen as command

import scmigen
from scmigen import Diagnostic, Result
from scmigen.audit.imx_sm import READER
from scmigen.diagnostics import has_errors
from scmigen.targets.base import NoOptions
from scmigen.targets.certificate import TARGET


@pytest.fixture(scope="module")
def reviews(examples: Path) -> Path:
    return examples.parent / "reviews"


def compiled(folder: Path, board: str, agents: str) -> Result:
    return scmigen.compile(folder / board, agents=folder / agents)


def errors(result: Result) -> list[Diagnostic]:
    return [item for item in result.diagnostics if has_errors([item])]


def at(item: Diagnostic) -> str:
    assert item.position is not None
    return f"{Path(item.position.file).name}:{item.position.line}"


def line(path: Path, text: str) -> str:
    """File and line of the one line that has a text."""
    lines = path.read_text().splitlines()
    (number,) = (number for number, each in enumerate(lines, 1) if text in each)
    return f"{path.name}:{number}"


def certificate(result: Result) -> tuple[Facts, str]:
    """The certificate of a board with errors, too, and the rules."""
    pytest.importorskip("clingo", reason="clingo is not installed")
    written = TARGET.files(result.platform, NoOptions())
    files = {file.path: file.content.decode() for file in written}
    return read(files["certificate.lp"]), files["checker.lp"]


# An ancestor is allowed, and not protected


def test_an_ancestor_that_is_allowed_has_to_be_protected(reviews: Path) -> None:
    """https://github.com/tiiuae/ghaf/pull/2043 put the roots of the display's clocks on the list of
    what a guest may ask of the BPMP, so that it can enable its own; a list of ids allows every
    command on them. https://github.com/tiiuae/ghaf/pull/2095, a blocking finding: two more were
    allowed, 131 and 328, and were not among those that a second list protects."""
    allowed = compiled(reviews, "ancestor.dts", "ancestor-allowed.yaml")
    grant = line(reviews / "ancestor-allowed.yaml", "&pll 0")
    found = {item.id: item for item in errors(allowed)}
    assert sorted(found) == ["parent-shared", "policy-violated", "rate-shared"]
    assert at(found["rate-shared"]) == at(found["parent-shared"]) == grant
    assert found["rate-shared"].message == (
        "clock <&pll 0>: its rate is set by gpu-vm while host depends on it"
    )
    # The way that the policy shows: from the grant, through the input of &cru, to the console.
    way = [str(step.position) for step in found["policy-violated"].related[:3]]
    assert [Path(each).name.rpartition(":")[0] for each in way] == [
        grant,
        line(reviews / "ancestor.dts", "clocks = <&pll 0>"),
        line(reviews / "ancestor.dts", "clocks = <&cru 14>"),
    ]
    facts, rules = certificate(allowed)
    assert {each.split('"')[1] for each in refused(facts, rules)} == {
        "decides for another that depends on it"
    }


def test_an_ancestor_that_the_platform_keeps_on_may_be_allowed(reviews: Path) -> None:
    """The guest's vote does nothing to the host then: a policy and the certificate hold."""
    kept = compiled(reviews, "ancestor.dts", "ancestor-protected.yaml")
    assert errors(kept) == []
    assert kept.platform.allows("gpu-vm", "clock", "&pll 0", "state")
    assert refused(*certificate(kept)) == []


# One list for all guests


def test_a_union_over_guests_is_found(reviews: Path) -> None:
    """https://github.com/tiiuae/ghaf/pull/2036: the proxy of the BPMP has one list, of all that any
    guest needs, and looks at the id alone: the VM of the GPU may reset the MAC of the other one."""
    result = compiled(reviews, "union.dts", "union-of-all.yaml")
    found = errors(result)
    violated = [item for item in found if item.id == "policy-violated"]
    assert [item.id for item in found if item not in violated] == ["reset-shared"] * 2
    board, agents = reviews / "union.dts", reviews / "union-of-all.yaml"
    assert {at(item) for item in found} == {
        line(board, "<&bpmp 45>"), line(board, "<&bpmp 19>"), line(agents, "isolated"),
    }  # fmt: skip
    assert sorted(item.message.partition(", but ")[2] for item in violated) == [
        "gpu-vm may assert reset <&bpmp 45>, which &ethernet depends on",
        "net-vm may assert reset <&bpmp 19>, which &gpu depends on",
    ]


def test_what_each_guest_needs_alone_holds(reviews: Path) -> None:
    result = compiled(reviews, "union.dts", "union-of-none.yaml")
    assert errors(result) == []
    assert refused(*certificate(result)) == []


def test_a_union_that_a_server_makes_is_refused(reviews: Path) -> None:
    """Here the agents file is right, and what is granted is not: nothing needs it."""
    facts, rules = certificate(compiled(reviews, "union.dts", "union-of-none.yaml"))
    agents = [number for number, _ in of(facts, "agent") if number != "0"]
    grants = [row for row in granted(facts) if row[2] not in ("base", "system")]
    union = facts | {Fact("grant", (to, *row[1:])) for to in agents for row in grants}
    told = refused(union, rules)
    foreign = {(to, row[1]) for to in agents for row in grants if row[0] != to}
    assert {
        (each[8], f'"{each.split(chr(34))[3]}"') for each in told if "not need" in each
    } == foreign


# A right is raised to exclusive, for what is another agent's


def test_a_right_that_is_raised_for_a_foreign_agent_is_found(reviews: Path) -> None:
    """NXP's imx-sm, release notes of 2026q2, SM-411: a logical machine had EXCLUSIVE for another
    one, and so might stop it. The configuration has the line; what a machine may do to itself is no
    finding."""
    raised = READER.read(reviews / "machine/configs/raised.cfg")
    (found,) = raised.diagnostics
    assert found.id == "imx-sm-machine"
    assert found.message == "AP-NS of LM1 may boot and stop LM2 (M7)"
    assert at(found) == line(reviews / "machine/configs/raised.cfg", "LMM_2   api=exclusive")
    assert list(READER.read(reviews / "machine/configs/told.cfg").diagnostics) == []


def test_the_audit_prints_it(reviews: Path) -> None:
    done = command("audit", "machine/configs/raised.cfg", cwd=reviews)
    assert "warning[imx-sm-machine]: AP-NS of LM1 may boot and stop LM2 (M7)" in done.stderr


def test_the_same_of_a_clock_is_found(reviews: Path) -> None:
    """To set the rate of another agent's clock is EXCLUSIVE in imx-sm, and to read it GET."""
    agents = reviews / "raised-to-exclusive.yaml"
    (found,) = errors(compiled(reviews, "raised.dts", agents.name))
    assert found.id == "grant-against-owner"
    assert found.message == "linux is granted rate, read on clock <&cru 1>, but m7 owns it"
    assert at(found) == line(agents, "operations: [rate]")
    reads = compiled(reviews, "raised.dts", "raised-to-read.yaml")
    assert errors(reads) == []
    assert refused(*certificate(reads)) == []


def test_a_right_that_a_server_raises_is_refused(reviews: Path) -> None:
    """The agents file says read, and the configuration has the rate, too."""
    facts, rules = certificate(compiled(reviews, "raised.dts", "raised-to-read.yaml"))
    (row,) = (row for row in granted(facts) if row[0] == "1" and row[1] == '"said of linux"'
              and row[2].startswith("clock") and row[3] == "read")  # fmt: skip
    told = refused(facts | {Fact("grant", (*row[:3], "rate"))}, rules)
    assert f'refused(1,rate,{row[2]},"is allowed by what does not need it","said of linux")' in told
    assert f'refused(1,rate,{row[2]},"decides for another that depends on it",2)' in told
