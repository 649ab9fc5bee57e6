"""Claims of evidence, and their ids: of boards by hand, where each line can be told."""

import csv
import io
from collections import Counter

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


def test_what_an_agent_is_allowed_besides_opens_its_claims() -> None:
    """platform.extra is no fact of the certificate."""
    owner = 'owners: [{clock: "&cc 1", agent: b}]'
    row = "{id: 0, resource: 1, operations: [state, rate]}"
    extra = f"extra: {{agents: {{a: {{grants: {{clock: [{row}]}}}}}}}}"
    found = rows(CLOCK, f"{TWO % ''}platform: {{{owner}, {extra}}}\n")
    assert claim(found, "a", "b") == ("open", "A-EXTRA")
    assert claim(found, "b", "a") == ("named", "")
