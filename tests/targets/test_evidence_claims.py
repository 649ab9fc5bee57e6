"""Claims of evidence, and their ids: of boards by hand, where each line can be told."""

import csv
import html
import io
from collections import Counter
from pathlib import Path

import pytest

import scmigen
from scmigen import Text
from scmigen.targets.make import make

CLOCK = """/dts-v1/; / {
    cc: cc { compatible = "acme,cc"; #clock-cells = <1>; };
    x: x { compatible = "acme,u"; clocks = <&cc 1>; };
    y: y {
        compatible = "acme,u";
        clocks = <&cc 1>; assigned-clocks = <&cc 1>; assigned-clock-rates = <5>;
    };
    z: z { compatible = "acme,u"; clocks = <&cc 2>; };
};
"""
BEHIND = """/dts-v1/; / {
    pd: pd { compatible = "acme,pd"; #power-domain-cells = <1>; };
    pp: pp { compatible = "acme,pd"; #power-domain-cells = <1>; power-domains = <&pd 1>; };
    x: x { compatible = "acme,u"; power-domains = <&pd 1>; };
    d: d { compatible = "acme,u"; power-domains = <&pd 1>; };
    y: y { compatible = "acme,u"; power-domains = <&pp 1>; };
};
"""
TWO = """domains:
  a: {id: 1, default: true, scmi: {role: other}}
  b: {id: 2, scmi: {role: other}, access: [{dev: "&y"}%s]}
"""


def rows(board: str, agents: str) -> list[dict[str, str]]:
    """The lines of ``evidence.csv``."""
    platform = scmigen.compile(
        scmigen.loads(board, "b.dts"), agents=[Text("a.yaml", agents)]
    ).platform
    made = {file.path: file.content.decode() for file in make(platform, "evidence").files}
    return list(csv.DictReader(io.StringIO(made["evidence.csv"])))


def claim(found: list[dict[str, str]], agent: str, target: str) -> tuple[str, str]:
    """Its verdict, and what is named beside it."""
    (one,) = (
        row
        for row in found
        if (row["fact"], row["agent"], row["target"]) == ("claim", agent, target)
    )
    return one["verdict"], one["also"]


def flows(found: list[dict[str, str]], agent: str) -> set[tuple[str, str]]:
    """The devices that flows of an agent reach, and why."""
    of = (row for row in found if (row["fact"], row["agent"]) == ("flow", agent))
    return {
        (device, row["reason"])
        for row in of
        for device in (row["needed by"].split()[0], *row["also"].split())
    }


def waived(*policies: str) -> str:
    said = "".join(f"  - {each}\n" for each in policies)
    waivers = (
        '  - {check: policy-violated, resource: "clock &cc 1", device: "&x", agent: b, reason: k}\n'
    )
    owner = '{owners: [{clock: "&cc 1", agent: b}]}'
    return f"{TWO % ''}platform: {owner}\npolicies:\n{said}waivers:\n{waivers}"


NEVER = '{never: {agent: b, affects: "&x"}, reason: one}'
ONLY = '{only: {agents: [a], affects: "&x"}, reason: two}'


def test_the_id_of_what_a_policy_comes_to_is_never_that_of_another_one() -> None:
    def ids(*policies: str) -> dict[str, str]:
        found = (row for row in rows(CLOCK, waived(*policies)) if row["fact"] == "finding")
        return {"one" if "(one)" in row["name"] else "two": row["id"] for row in found}

    both = ids(NEVER, ONLY)
    assert len(set(both.values())) == 2
    assert ids(ONLY, NEVER) == both
    assert {**ids(NEVER), **ids(ONLY)} == both


def test_a_policy_that_is_violated_and_waived_is_named_by_the_claim() -> None:
    found = rows(CLOCK, waived(NEVER))
    (finding,) = (row["id"] for row in found if row["fact"] == "finding")
    assert claim(found, "b", "a") == ("open", finding)
    assert claim(found, "a", "b") == ("votes", "")


def test_no_two_claims_or_flows_have_one_id_whatever_agents_are_called() -> None:
    """d294fcce0cc8 is the beginning of the SHA-256 of "platform"."""
    agents = """domains:
  a: {id: 1, default: true, scmi: {role: other}}
  "the platform": {id: 2, scmi: {role: other}, access: [{dev: "&y"}]}
  platform: {id: 3, scmi: {role: other}}
  d294fcce0cc8: {id: 4, scmi: {role: other}}
platform: {devices: ["&z"], always-on: [{clock: "&cc 1"}]}
"""
    found = [row for row in rows(CLOCK, agents) if row["fact"] in ("claim", "flow")]
    ids = Counter(row["id"] for row in found)
    assert set(ids.values()) == {1}
    claims = Counter((row["agent"], row["target"]) for row in found if row["fact"] == "claim")
    assert len(claims) == 4 * 4
    assert set(claims.values()) == {1}


def test_a_vote_counts_while_the_device_it_comes_by_is_there() -> None:
    """&d may be with a, when b has no vote on the domain that &y's is in."""
    always = rows(BEHIND, TWO % ', {dev: "&d"}')
    moving = rows(BEHIND, TWO % ', {dev: "&d", flags: {assignable: [a, b]}}')
    assert ("/y", "vote") in flows(always, "a")
    assert ("/y", "vote below") in flows(moving, "a")
    assert ("/y", "vote") not in flows(moving, "a")


def added(row: str, more: str = "") -> str:
    """b is allowed more by platform.extra: <&cc 2>, which a's &z needs, has the number 1."""
    return (
        f"{TWO % ''}platform: {{extra: {{agents: {{b: {{grants: {{clock: [{row}]}}}}}}}}{more}}}\n"
    )


RATE_OF_Z = "{id: 1, resource: 1, operations: [rate]}"
OWNED = ', owners: [{clock: "&cc 2", agent: b}, {clock: "&cc 1", agent: b}]'


def test_what_platform_extra_allows_is_a_flow() -> None:
    """As an explicit grant is: of an owner it is named, of others it is refused."""
    found = rows(CLOCK, added(RATE_OF_Z))
    assert ("/z", "refused") in flows(found, "b")
    (flow,) = (row for row in found if row["fact"] == "flow" and row["reason"] == "refused"
               and row["needed by"].startswith("/z"))  # fmt: skip
    assert (flow["operation"], flow["by"]) == ("rate", "said of b: platform.extra")
    assert flow["by at"] == "a.yaml:4:19"
    named = rows(CLOCK, added(RATE_OF_Z, more=OWNED))
    assert {reason for device, reason in flows(named, "b") if device == "/z"} == {"owner"}
    assert claim(named, "b", "a") == ("named", "")


def test_what_platform_extra_repeats_is_no_more_than_there_is() -> None:
    """b has state, rate and read of <&cc 1> by its device."""
    row = "{id: 0, resource: 0, operations: [state, rate, read]}"
    assert flows(rows(CLOCK, added(row, more=OWNED)), "b") == flows(
        rows(CLOCK, f"{TWO % ''}platform: {{{OWNED[2:]}}}\n"), "b"
    )


CONFIG = "agents: {b: {grants: {powercap: [{id: 0, resource: 0, operations: [config]}]}}}"
CAP = 'powercaps: {soc: {id: 0, node: "", minimum_cap: 1000, maximum_cap: 9000}}'
OTHER = "agents: {b: {grants: {clock: [{id: 7, resource: 7, operations: [rate]}]}}}"
CLOCK_7 = 'clocks: {w: {id: 7, node: "", rates: [1], rate: 1}}'


@pytest.mark.parametrize(
    "extra",
    [
        f"{CONFIG}, {CAP}",
        f"{OTHER}, {CLOCK_7}",
        "agents: {b: {permissions: true}}",
        "devices: {z: {agents: [1, 2]}}",
        "clocks: {z: {parents: [0]}}",
    ],
    ids=["other-kind", "not-there", "permissions", "devices", "feeds"],
)
def test_what_is_added_and_not_understood_opens_claims(extra: str) -> None:
    found = rows(CLOCK, f"{TWO % ''}platform: {{extra: {{{extra}}}{OWNED}}}\n")
    assert claim(found, "b", "a") == ("open", "A-EXTRA")


def test_what_is_added_and_allows_nothing_leaves_claims() -> None:
    more = f"{TWO % ''}platform: {{extra: {{clocks: {{z: {{latency: 5}}}}}}{OWNED}}}\n"
    assert claim(rows(CLOCK, more), "b", "a") == ("named", "")


LOCAL = """/dts-v1/; / {
    lc: lc { compatible = "acme,lc"; #clock-cells = <1>; };
    cc: cc { compatible = "acme,cc"; #clock-cells = <1>; clocks = <&lc 1>, <&lc 2>; };
    y: y { compatible = "acme,u"; %s };
    z: z { compatible = "acme,u"; clocks = <&cc 1>; };
};
"""
DRIVES = f'{TWO % ""}platform: {{local: ["&lc"], devices: ["&z"]}}\n'


def only(found: list[dict[str, str]], fact: str) -> dict[str, str]:
    (one,) = (row for row in found if row["fact"] == fact)
    return one


def test_what_an_agent_drives_is_told_of_all_who_have_what_it_feeds() -> None:
    """a drives &lc, of which <&cc 1> has one of two clocks; which, the tree does not say."""
    used = rows(LOCAL % "clocks = <&cc 2>;", DRIVES)
    key = only(used, "finding")["id"]
    assert claim(used, "a", "b") == claim(used, "a", "the platform") == ("open", key)
    assert claim(used, "b", "the platform") == ("none", "")
    unused = rows(LOCAL % "", DRIVES)
    key = only(unused, "finding")["id"]
    assert claim(unused, "a", "the platform") == ("open", key)
    assert claim(unused, "a", "b") == ("none", "")


INSIDE = """/dts-v1/; / {
    pd: pd { compatible = "acme,pd"; #power-domain-cells = <1>; };
    bus: bus {
        compatible = "simple-pm-bus"; ranges; power-domains = <&pd 1>;
        cc: cc { compatible = "acme,cc"; #clock-cells = <1>; %s };
    };
    y: y { compatible = "acme,u"; clocks = <&cc 1>; %s };
    z: z { compatible = "acme,u"; clocks = <&cc 2>; };
};
"""
KEPT = f'{TWO % ""}platform: {{devices: ["&z"], always-on: [{{power: "&pd 1"}}]}}\n'


def test_who_has_what_is_around_a_provider_may_turn_it_off() -> None:
    """a has the bus, and the one vote for the domain that it is in, with the clock controller."""
    of_platform = f'{TWO % ""}platform: {{devices: ["&z"]}}\n'
    found = rows(INSIDE % ("", ""), of_platform)
    told = only(found, "finding")
    assert told["name"] == (
        "depends-foreign: &cc, which b and the platform depend on, is inside /bus, and a can turn "
        "off power <&pd 1>"
    )
    assert claim(found, "a", "b") == claim(found, "a", "the platform") == ("open", told["id"])
    assert claim(found, "b", "a")[0] == "none"
    voted = rows(INSIDE % ("", "power-domains = <&pd 1>;"), TWO % "")
    assert claim(voted, "a", "b") == ("votes", "")
    assert claim(rows(INSIDE % ("", ""), KEPT), "a", "b") == ("none", "")


def test_a_provider_that_takes_what_is_around_it_too_has_a_flow_for_that() -> None:
    """The platform has to keep the domain on for the controller, whoever has the bus."""
    taken = rows(INSIDE % ("power-domains = <&pd 1>;", ""), TWO % "")
    assert claim(taken, "a", "b") == ("votes", "")
    assert flows(taken, "a") == {("/y", "vote below")}


def test_the_page_has_the_expression_of_the_guide(examples: Path) -> None:
    """It shows that a certificate has facts alone."""
    guide = (examples.parents[1] / "docs/howto/certificate.md").read_text()
    (line,) = (each for each in guide.splitlines() if each.startswith("$ fact="))
    template = (examples.parents[1] / "templates/evidence/page.html.j2").read_text()
    assert f"grep -vxE {line.removeprefix('$ fact=')} certificate.lp" in html.unescape(template)
