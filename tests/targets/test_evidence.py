"""Evidence (``--emit evidence``): what it says of the example is what a person reads in its
sources, and of every board no less than what follows from the certificate, by clingo, and from the
policies' own way to find who affects whom."""

import base64
import csv
import io
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from difflib import unified_diff
from hashlib import sha256
from html.parser import HTMLParser
from itertools import permutations
from pathlib import Path
from random import Random
from shutil import copytree
from typing import NamedTuple

import pytest
from browser import Browser
from may.boards import agents as agents_of
from may.boards import board as board_of
from real_boards import BOARDS
from support import scmigen as command

import scmigen
from scmigen import Text
from scmigen.model.influence import Influence
from scmigen.model.platform import Model, Platform
from scmigen.targets.base import NoOptions
from scmigen.targets.certificate import TARGET as CERTIFICATE
from scmigen.targets.certificate.evidence import evidence_of
from scmigen.targets.make import make

Row = dict[str, str]


class Page(HTMLParser):
    """A page: its elements must be closed in order, and its ids be unique."""

    VOID = frozenset({"meta", "br", "link"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.rows: list[list[str]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        told = dict(attrs)
        self.ids += [told["id"] or ""] if "id" in told else []
        self.links += [told["href"] or ""] if "href" in told else []
        if tag == "th":
            assert told.get("scope") in ("col", "row", "rowgroup")
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, (tag, self.getpos())

    def handle_data(self, data: str) -> None:
        if "style" in self.open:
            return
        self.text += data
        if self.open and {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data


def files(platform: Platform) -> dict[str, str]:
    return {f.path: f.content.decode() for f in make(platform, "evidence").files}


def table(platform: Platform) -> list[Row]:
    return list(csv.DictReader(io.StringIO(files(platform)["evidence.csv"])))


def rows(found: list[Row], fact: str) -> list[Row]:
    return [row for row in found if row["fact"] == fact]


@pytest.fixture(scope="module")
def orrery(examples: Path) -> Platform:
    return scmigen.compile(examples / "orrery-board.dts", agents=examples / "agents.yaml").platform


# The example, by hand


class Said(NamedTuple):
    """A flow as somebody reads it in ``orrery.dtsi`` and ``agents.yaml``."""

    agent: str
    target: str
    operation: str
    resource: str
    reason: str


CRU, AON = "/soc@0/clock-controller@1000000", "/soc@0/clock-controller@100000"
PMC = "/soc@0/power-controller@110000"
#: The bus clock of all peripherals, of which each agent has some: <&cru CRU_PCLK_PERI>.
PERI = f"clock {CRU} 9"
#: The interconnect of the media island: linux has the codec on it, vm1 and vm2 the ISP, vm1 the
#: display, and the hypervisor the SMMU. By the agents file, linux is its owner.
MEDIA = f"clock {CRU} 51"
#: The ISP goes from vm1 to vm2 and back, with its clock, its reset and its domain.
ISP = {
    f"clock {CRU} 47": ("rate", "state"),
    f"reset {CRU} 30": ("reset",),
    f"power {PMC} 4": ("state",),
}
#: linux and vm2 share the timer; each has a MAC of one clock for time stamps, in one domain.
TIMER, PTP, HSIO = f"clock {CRU} 25", f"clock {CRU} 37", f"power {PMC} 6"
#: Below the domain that the SMMU is in are those of the codec, the ISP and the display.
ISLAND = f"power {PMC} 2"
#: The bus clock of what is always on; the platform keeps it on for a bus of its own.
ALWAYS = f"clock {AON} 1"


def by_hand() -> Iterator[Said]:
    everybody = ("linux", "optee", "vm1", "vm2", "hypervisor")
    media = ("linux", "vm1", "vm2", "hypervisor")
    for shared, agents in ((PERI, everybody), (MEDIA, media)):
        for agent, target in permutations(agents, 2):
            yield Said(agent, target, "state", shared, "vote")
    yield from (Said("linux", target, "rate", MEDIA, "owner") for target in media[1:])
    for agent, target in permutations(("linux", "vm2"), 2):
        yield Said(agent, target, "state", PERI, "share")
        yield Said(agent, target, "state", TIMER, "share")
        yield Said(agent, target, "state", PTP, "vote")
        yield Said(agent, target, "state", HSIO, "vote")
    for agent, target in permutations(("vm1", "vm2"), 2):
        for resource, operations in ISP.items():
            for operation in operations:
                reason = "vote" if operation == "state" else "assignable"
                yield Said(agent, target, operation, resource, reason)
    yield from (Said("hypervisor", target, "state", ISLAND, "vote below") for target in media[:3])
    for agent, target in (*permutations(("linux", "optee"), 2), ("linux", ""), ("optee", "")):
        yield Said(agent, target or "the platform", "state", ALWAYS, "kept on")


def said(platform: Platform) -> Iterator[Said]:
    evidence = evidence_of(platform)
    for row in rows(table(platform), "flow"):
        term = row["resource"]
        place = f"{term.partition('(')[0]} {evidence.resources[term][1]}"
        yield Said(row["agent"], row["target"], row["operation"], place, row["reason"])


def test_the_flows_of_the_example_are_those_in_its_sources(orrery: Platform) -> None:
    assert sorted(said(orrery)) == sorted(by_hand())


def test_a_flow_says_its_way_with_lines(orrery: Platform) -> None:
    """The SMMU's domain has the display's below it, and that the one of the DSI (orrery.dtsi)."""
    (row,) = (
        row
        for row in rows(table(orrery), "flow")
        if row["agent"] == "hypervisor" and row["target"] == "vm1" and "power" in row["resource"]
    )
    assert row["by"] == "/soc@0/iommu@4600000: /soc@0/iommu@4600000 power-domains[0]"
    assert row["by at"] == "orrery.dtsi:1079:21"
    assert row["through"] == "power(2) feeds power(4) (orrery.dtsi:320:5)"
    assert row["needed by"] == "/soc@0/isp@4300000 power-domains[0]"
    assert row["needed at"] == "orrery.dtsi:996:21"
    assert row["also"].split() == [
        "/soc@0/display-controller@4400000", "/soc@0/dsi@4500000", "/soc@0/phy@4510000",
    ]  # fmt: skip


def test_an_owner_and_a_device_that_moves_name_their_line(orrery: Platform, examples: Path) -> None:
    lines = (examples / "agents.yaml").read_text().splitlines()
    at = {row["reason"]: row["reason at"] for row in rows(table(orrery), "flow")}
    source = (examples / "orrery.dtsi").read_text().splitlines()
    bus = next(number for number, line in enumerate(source, 1) if "AON_CLK_I2C2" in line)
    assert at["kept on"].startswith(f"orrery.dtsi:{bus}:")
    for reason, text in (("owner", '&cru 51"'), ("assignable", '"&isp"'), ("share", '"&gpt0"')):
        (number,) = (n for n, line in enumerate(lines, 1) if text in line and "#" not in line[:8])
        assert at[reason].startswith(f"agents.yaml:{number}:"), reason


#: What the example's pairs come to. vm1 may turn off a clock of &cru that it has without SCMI (the
#: finding of README.md); devices behind the SMMU work through what the hypervisor drives.
CLAIMS = {
    ("linux", "optee"): "votes",
    ("linux", "vm1"): "named",
    ("optee", "vm1"): "votes",
    ("vm1", "the platform"): "open",
    ("vm1", "linux"): "open",
    ("vm2", "the platform"): "none",
    ("vm2", "vm1"): "named",
    ("vm2", "optee"): "votes",
    ("hypervisor", "the platform"): "machine",
    ("hypervisor", "optee"): "votes",
    ("hypervisor", "vm1"): "open",
}


def test_claims_of_the_example(orrery: Platform) -> None:
    found = {(row["agent"], row["target"]): row["verdict"] for row in rows(table(orrery), "claim")}
    assert {pair: found[pair] for pair in CLAIMS} == CLAIMS
    assert len(found) == 5 * 5
    assert {row["id"] for row in rows(table(orrery), "machine")} == {
        "M:linux:system", "M:hypervisor:system", "M:hypervisor:base",
    }  # fmt: skip


def test_hashes_are_those_of_sha256sum(
    examples: Path, tmp_path: Path, tool: Callable[[str], str]
) -> None:
    board, agents = examples / "orrery-board.dts", examples / "agents.yaml"
    result = scmigen.compile(board, agents=agents)
    outputs = scmigen.emit(result, ["certificate", "runtime", "evidence"])
    outputs.write(tmp_path)
    sources = csv.DictReader((tmp_path / "evidence" / "evidence.csv").read_text().splitlines())
    hashes = {row["name"]: row["id"] for row in sources if len(row["id"]) == 64}
    names = ("orrery-board.dts", "orrery.dtsi", "orrery-clock.h", "agents.yaml")
    paths = [*(examples / name for name in names)]
    outs = ("certificate/certificate.lp", "certificate/checker.lp", "runtime/runtime.json")
    paths += [tmp_path / name for name in outs]
    done = subprocess.run(
        [tool("sha256sum"), *map(str, paths)], capture_output=True, text=True, check=True
    )
    said = [line.split()[0] for line in done.stdout.splitlines()]
    assert [hashes[name] for name in (*names, *outs)] == said


# The page


def test_the_page_is_whole_and_needs_nothing_else(orrery: Platform) -> None:
    text = files(orrery)["evidence.html"]
    page = Page(text)
    assert not page.open
    assert len(set(page.ids)) == len(page.ids)
    assert all(link.startswith("#") and link[1:] in page.ids for link in page.links)
    assert not {"script", "img", "form", "button", "iframe"} & page.tags
    assert not re.search(r"https?:|@import|url\(", text)


def test_page_and_csv_have_the_same_claims_and_flows(orrery: Platform) -> None:
    made = files(orrery)
    found = list(csv.DictReader(io.StringIO(made["evidence.csv"])))
    shown = {row[0]: row for row in Page(made["evidence.html"]).rows if row}
    for row in rows(found, "claim"):
        assert shown[row["id"]][1:4] == [row["agent"], row["target"], row["verdict"]]
    for row in rows(found, "flow"):
        assert shown[row["id"]][1].split() == [row["operation"]]
        assert shown[row["id"]][2] == f"{row['resource']} {row['name']}"
    assert {row["id"] for row in found if row["fact"] in ("machine", "finding")} <= shown.keys()


def test_every_assumption_that_is_named_is_there(orrery: Platform) -> None:
    page = Page(files(orrery)["evidence.html"])
    named = set(re.findall(r"\bA-[A-Z]+\b", page.text))
    assert named == {each for each in page.ids if each.startswith("A-")}


def test_two_builds_are_alike_wherever_they_are(examples: Path, tmp_path: Path) -> None:
    """The first one makes the lock file; the other ones are of copies, by relative and by whole
    paths."""
    made = []
    for name in ("here", "there"):
        folder = tmp_path / name
        copytree(examples, folder)
        for before in ("", f"{folder}/"):
            out = folder / f"out{len(made)}"
            words = (f"{before}orrery-board.dts", "-a", f"{before}agents.yaml")
            words += ("--ids", f"{before}board.ids", "--emit", "evidence", "-o", str(out), "-q")
            assert command("build", *words, cwd=folder).returncode == 0
            made.append({p.name: p.read_bytes() for p in (out / "evidence").iterdir()})
    assert made == [made[0]] * 4
    assert sorted(made[0]) == ["evidence.csv", "evidence.html"]
    assert str(tmp_path).encode() not in b"".join(made[0].values())


def test_one_grant_changes_few_lines(examples: Path) -> None:
    """vm2 gets a vote for <&cru 27>, the clock of linux's ADC: two flows, two claims, and what is
    below that line in the agents file, or is a hash. No fact moves to another line."""
    agents = (examples / "agents.yaml").read_text()
    grant = '    grant: [{clock: "&cru 27", operations: [state]}]\n'
    more = agents.replace("\n  # 5: the hyp", f"{grant}\n  # 5: the hyp")
    board = examples / "orrery-board.dts"
    texts = [
        files(scmigen.compile(board, agents=Text("agents.yaml", each)).platform)
        for each in (agents, more)
    ]
    before, after = (set(each["evidence.csv"].splitlines()) for each in texts)
    added, gone = after - before, before - after
    new = [line for line in added if line.startswith("flow") and "clock(29)" in line]
    assert sorted(line.split(",")[2] for line in new) == ["linux", "vm2"]
    for line in {*added, *gone} - {*new}:
        assert re.search(r"^(input|output),|agents\.yaml:", line), line
    pages = [each["evidence.html"].splitlines() for each in texts]
    changed = [line for line in unified_diff(*pages, n=0, lineterm="") if line[:1] == "+"]
    named = [re.search(r'id="([A-Z]):', line) for line in changed]
    assert [m[1] for m in named if m] == ["C", "C", "M", "M"]
    assert len(changed) < 20


HOSTILE = """/dts-v1/; / {
    compatible = "<script>alert(1)</script>", "x";
    model = "\\"}; body{display:none} </style><script>";
    cc: cc { compatible = "acme,cc"; #clock-cells = <1>; clock-output-names = "<b>&\\"'", "c2"; };
    u1: u1 { compatible = "acme,u"; clocks = <&cc 0>; };
    u2: u2 { compatible = "acme,u"; clocks = <&cc 0>; };
};
"""
HOSTILE_AGENTS = """domains:
  linux: {id: 1, default: true, scmi: {role: ospm}}
  "</td><script>": {id: 2, scmi: {role: vm}, access: [{dev: "&u1"}]}
policies: [{isolated: [linux, "</td><script>"], reason: "<img src=x onerror=y>"}]
"""


def test_hostile_names_are_text() -> None:
    result = scmigen.compile(
        scmigen.loads(HOSTILE, "board.dts"), agents=[Text("<i>.yaml", HOSTILE_AGENTS)]
    )
    page = Page(files(result.platform)["evidence.html"])
    assert not {"script", "b", "img"} & page.tags
    assert "<script>" in page.text
    assert "<img src=x onerror=y>" in page.text


# What is not right, and known


TWO = """/dts-v1/; / {
    cc: cc { compatible = "acme,cc"; #clock-cells = <1>; };
    pd: pd { compatible = "acme,pd"; #power-domain-cells = <1>; operating-points-v2 = <&t>;
        t: opp-table { compatible = "operating-points-v2"; low: opp1 { opp-level = <1>; };
            high: opp2 { opp-level = <2>; }; }; };
    u1: u1 { compatible = "acme,u"; clocks = <&cc 1>; assigned-clocks = <&cc 1>;
        assigned-clock-rates = <1000>; };
    u2: u2 { compatible = "acme,u"; clocks = <&cc 1>; };
    u3: u3 { compatible = "acme,v"; power-domains = <&pd 1>; required-opps = <&low>; };
    u4: u4 { compatible = "acme,v"; power-domains = <&pd 1>; required-opps = <&high>; };
    u5: u5 { compatible = "acme,u"; clocks = <&cc 5>; };
};
"""
TWO_AGENTS = """domains:
  a: {id: 1, default: true, scmi: {role: other}}
  b: {id: 2, scmi: {role: other}, access: [{dev: "&u1"}, {dev: "&u3"}]}
  c: {id: 3, scmi: {role: other}, access: [{dev: "&u5"}]}
"""
ACCEPTED = """waivers:
  - {check: rate-shared, resource: "clock &cc 1", agent: [a, b], reason: "both want 1 kHz"}
"""


def two(more: str = ACCEPTED) -> list[Row]:
    result = scmigen.compile(
        scmigen.loads(TWO, "board.dts"), agents=[Text("agents.yaml", TWO_AGENTS + more)]
    )
    assert result.ok, result.diagnostics
    return table(result.platform)


def verdicts(found: list[Row]) -> dict[tuple[str, str], str]:
    return {(row["agent"], row["target"]): row["verdict"] for row in rows(found, "claim")}


def test_a_waiver_justifies_nothing_and_is_told_with_its_reason() -> None:
    """The certificate of such a board is refused: b sets the clock that a needs, too."""
    found = two()
    assert verdicts(found)["b", "a"] == "open"
    (flow,) = (row for row in rows(found, "flow") if row["operation"] == "rate")
    assert (flow["agent"], flow["target"], flow["reason"]) == ("b", "a", "refused")
    (told,) = (row for row in rows(found, "finding") if row["name"].startswith("rate-shared"))
    assert told["reason"] == "both want 1 kHz"
    assert told["reason at"] == "agents.yaml:6:5"
    (claim,) = (row for row in rows(found, "claim") if row["id"] == "C:b:a")
    assert told["id"] in claim["also"].split()


def test_a_check_that_is_off_justifies_nothing() -> None:
    off = 'checks: {rate-shared: {severity: off, reason: "it is settled elsewhere"}}\n'
    found = two(off)
    assert verdicts(found)["b", "a"] == "open"
    assert any(row["name"].startswith("rate-shared") for row in rows(found, "finding"))


#: What takes something from a provider, and what of that the other agent uses: by hand, each of
#: the second stops with the first.
INPUTS = {
    "power-domains = <&pd 1>": ("state", "power /pd 1"),
    "clocks = <&cc 1>": ("state", "clock /cc 1"),
    "resets = <&rr 1>": ("reset", "reset /rr 1"),
}
OUTPUTS = {
    "clocks": "#clock-cells",
    "power-domains": "#power-domain-cells",
    "resets": "#reset-cells",
    "thermal-sensors": "#thermal-sensor-cells",
    "performance-domains": "#performance-domain-cells",
}


def _y_of_b(board: str, more: str = "") -> list[Row]:
    """What is said of a board of which the agent b has the device y, and a all else."""
    agents = """domains:
  a: {id: 1, default: true, scmi: {role: other}}
  b: {id: 2, scmi: {role: other}, access: [{dev: "&y"}]}
"""
    tree = scmigen.loads(board, "b.dts")
    return table(scmigen.compile(tree, agents=[Text("a.yaml", agents + more)]).platform)


@pytest.mark.parametrize("taken", INPUTS)
@pytest.mark.parametrize("used", OUTPUTS)
def test_what_stops_a_provider_reaches_all_that_it_provides(taken: str, used: str) -> None:
    board = f"""/dts-v1/; / {{
        pd: pd {{ compatible = "acme,pd"; #power-domain-cells = <1>; }};
        cc: cc {{ compatible = "acme,cc"; #clock-cells = <1>; }};
        rr: rr {{ compatible = "acme,rr"; #reset-cells = <1>; }};
        p: p {{ compatible = "acme,p"; {OUTPUTS[used]} = <1>; {taken}; }};
        x: x {{ compatible = "acme,x"; {taken}; }};
        y: y {{ compatible = "acme,y"; {used} = <&p 3>; }};
    }};"""
    found = _y_of_b(board)
    claims = {row["id"]: row["verdict"] for row in rows(found, "claim")}
    operation, resource = INPUTS[taken]
    flows = [row for row in rows(found, "flow") if row["operation"] == operation]
    assert {(row["agent"], row["target"], row["verdict"] == "none") for row in flows} == {
        ("a", "b", False)
    }
    assert all(row["resource"].startswith(resource.split()[0]) for row in flows)
    assert claims["C:a:b"] != "none"


def test_the_reset_of_a_provider_is_refused_by_the_certificate() -> None:
    board = """/dts-v1/; / {
        rr: rr { compatible = "acme,rr"; #reset-cells = <1>; };
        p: p { compatible = "acme,p"; #clock-cells = <1>; resets = <&rr 1>; };
        x: x { compatible = "acme,x"; resets = <&rr 1>; };
        y: y { compatible = "acme,y"; clocks = <&p 3>; };
    };"""
    found = _y_of_b(board)
    (flow,) = (row for row in rows(found, "flow") if row["agent"] == "a")
    assert (flow["operation"], flow["verdict"], flow["reason"]) == ("reset", "open", "refused")
    assert flow["through"].startswith("reset(0) holds in reset clock(0) (b.dts:3:")
    owner = 'platform: {owners: [{reset: "&rr 1", agent: a}]}\n'
    (flow,) = (row for row in rows(_y_of_b(board, owner), "flow") if row["agent"] == "a")
    assert (flow["verdict"], flow["reason"]) == ("named", "owner")


def test_what_a_nested_domain_takes_carries_it() -> None:
    board = """/dts-v1/; / {
        cc: cc { compatible = "acme,cc"; #clock-cells = <1>; };
        pmu { compatible = "acme,pmu", "syscon"; pds: power-controller {
            compatible = "rockchip,rk3568-power-controller"; #power-domain-cells = <1>;
            #address-cells = <1>; #size-cells = <0>;
            power-domain@5 { reg = <5>; clocks = <&cc 1>; #power-domain-cells = <0>; };
        }; };
        x: x { compatible = "acme,x"; clocks = <&cc 1>; };
        y: y { compatible = "acme,y"; power-domains = <&pds 5>; };
    };"""
    found = _y_of_b(board)
    (flow,) = (row for row in rows(found, "flow") if row["agent"] == "a")
    assert flow["operation"] == "state"
    assert flow["through"].startswith("clock(0) carries power(0) (b.dts:6:")


def test_rules_have_the_numbers_of_the_checker(orrery: Platform) -> None:
    made = make(orrery, "certificate").files
    checker = next(f for f in made if f.path == "checker.lp").content.decode()
    texts: dict[int, str] = {}
    for numbers, said in re.findall(r"^% ((?:\d+, )*\d+)\. (.*)$", checker, re.MULTILINE):
        texts.update((int(number), said.lower()) for number in numbers.split(", "))
    page = files(orrery)["evidence.html"]
    *_, told = re.findall(r"R-1 to R-15 are the rules[^:]*: (.*?)</p>", page)
    for part in told.rstrip(".").split("; "):
        numbers, words = re.fullmatch(r"([\d andto]+), (.*)", part).groups()  # type: ignore[union-attr]
        first, *last = map(int, re.findall(r"\d+", numbers))
        for number in range(first, (*last, first)[0] + 1):
            common = set(re.findall(r"\b\w{4}", words)) & set(
                re.findall(r"\b\w{4}", texts[number])
            ) - {"that", "agen"}
            assert common, (part, texts[number])
    assert len(texts) == 15


def test_the_lock_file_is_hashed_as_the_build_leaves_it(examples: Path, tmp_path: Path) -> None:
    words = ("build", str(examples / "minimal.dts"), "--emit", "evidence", "--ids", "l.ids")
    for _ in range(2):
        command(*words, "-o", "o", "-q", cwd=tmp_path)
        text = (tmp_path / "o" / "evidence" / "evidence.csv").read_text()
        (lock,) = rows(list(csv.DictReader(io.StringIO(text))), "lock")
        assert sha256((tmp_path / "l.ids").read_bytes()).hexdigest() in lock.values()


def test_an_owner_is_not_named_for_on_and_off() -> None:
    board = """/dts-v1/; / {
        cc: cc { compatible = "acme,cc"; #clock-cells = <1>; };
        c2: c2 { compatible = "acme,c2"; #clock-cells = <1>; clocks = <&cc 1>; };
        x: x { compatible = "acme,x"; clocks = <&cc 1>; };
        y: y { compatible = "acme,y"; assigned-clocks = <&c2 1>; assigned-clock-rates = <5>; };
    };"""
    found = _y_of_b(board, 'platform: {owners: [{clock: "&cc 1", agent: a}]}')
    flows = [row for row in rows(found, "flow") if row["operation"] == "state"]
    assert {row["reason"] for row in flows if row["agent"] == "a"} == {"no vote"}


def test_a_running_system_is_told_only_where_one_was_read(orrery: Platform) -> None:
    text = files(orrery)["evidence.html"]
    assert "No listing of a running system was read" in text
    assert "clocks were read besides" not in text


def test_limits_are_open_both_ways_and_whoever_shares_nothing_is_free() -> None:
    found = two()
    limits = {
        (row["agent"], row["target"]) for row in rows(found, "flow") if row["reason"] == "limits"
    }
    assert limits == {("a", "b"), ("b", "a")}
    told = verdicts(found)
    for other in ("a", "b", "the platform"):
        assert told["c", other] == "none"
        if other != "the platform":
            assert told[other, "c"] == "none"


def test_policies_are_told_with_their_reason_where_they_hold() -> None:
    policy = 'policies: [{isolated: [a, c], reason: "two customers"}]\n'
    result = scmigen.compile(
        scmigen.loads(TWO, "board.dts"),
        agents=[Text("agents.yaml", TWO_AGENTS + ACCEPTED + policy)],
    )
    page = Page(files(result.platform)["evidence.html"])
    assert ["a and c are isolated", "yes", "two customers", "agents.yaml:7:23"] in page.rows
    claims = {row[0]: row for row in page.rows if row and row[0].startswith("C:")}
    assert claims["C:a:c"][5].strip() == claims["C:c:a"][5].strip() == "policy agents.yaml:7:23"
    assert not claims["C:a:b"][5].startswith("policy")


def test_two_policies_about_one_thing_are_two_findings() -> None:
    """Both are broken by b's limits on the domain of a's device, and both are waived."""
    policies = """policies:
  - {never: {agent: b, affects: "&u4"}, reason: "one"}
  - {only: {agents: [a], affects: "&u4"}, reason: "two"}
"""
    waiver = """  - check: policy-violated
    resource: performance &pd 1
    device: "&u4"
    agent: b
    reason: known
"""
    found = rows(two(ACCEPTED + waiver + policies), "finding")
    told = [row for row in found if row["name"].startswith("policy-violated")]
    assert sorted(row["name"].partition("(")[2][:3] for row in told) == ["one", "two"]
    assert len({row["id"] for row in told}) == 2
    assert {row["reason"] for row in told} == {"known"}


def test_no_board_is_too_small(examples: Path) -> None:
    """Without an agents file: the operating system and the secure world vote for one bus clock; and
    one agent is alone with the platform, or even that has nothing."""
    found = table(scmigen.compile(examples / "minimal.dts").platform)
    assert [(row["agent"], row["name"], row["reason"]) for row in rows(found, "flow")] == [
        ("ospm", "bus", "vote"),
        ("secure", "bus", "vote"),
    ]
    for text in (TWO, "/dts-v1/; / { };"):
        platform = scmigen.compile(scmigen.loads(text, "board.dts")).platform
        assert verdicts(table(platform)) == {("ospm", "the platform"): "machine"}
        assert not Page(files(platform)["evidence.html"]).open


TWO_PLATFORMS = """/dts-v1/; / {
    firmware {
        first { compatible = "arm,scmi-smc"; arm,smc-id = <1>; #address-cells = <1>;
            #size-cells = <0>; c0: protocol@14 { reg = <0x14>; #clock-cells = <1>; }; };
        second { compatible = "arm,scmi-smc"; arm,smc-id = <2>; #address-cells = <1>;
            #size-cells = <0>; c1: protocol@14 { reg = <0x14>; #clock-cells = <1>; }; };
    };
    u1: u1 { compatible = "acme,u"; clocks = <&c0 1>; };
    u2: u2 { compatible = "acme,u"; clocks = <&c1 1>; };
    u3: u3 { compatible = "acme,u"; clocks = <&c0 1>; };
};
"""


def test_one_of_two_platforms_says_so() -> None:
    """a and b meet in the first one only: the page of the second one must not be all there is."""
    agents = "domains:\n  a: {id: 1, default: true, scmi: {role: other}}\n"
    agents += '  b: {id: 2, scmi: {role: other}, access: [{dev: "&u2"}, {dev: "&u3"}]}\n'
    result = scmigen.compile(
        scmigen.loads(TWO_PLATFORMS, "board.dts"), agents=[Text("agents.yaml", agents)]
    )
    told = {each.name: verdicts(table(each))["b", "a"] for each in result.platforms}
    assert told == {"first": "votes", "second": "none"}
    for platform in result.platforms:
        page = Page(files(platform)["evidence.html"])
        shown = f"{platform.name}, one of 2 of this board: see A-PLATFORMS"
        assert ["Platform", shown] in page.rows


# On paper


def test_it_is_read_on_paper(orrery: Platform, tool: Callable[[str], str], tmp_path: Path) -> None:
    """Every claim and flow is there in one line with what it says, and each page has its hash."""
    made = files(orrery)
    (tmp_path / "evidence.html").write_text(made["evidence.html"])
    paper = tmp_path / "evidence.pdf"
    with Browser(tool("chromium"), tmp_path / "profile") as browser:
        browser.open(tmp_path / "evidence.html")
        printed = browser.send("Page.printToPDF", preferCSSPageSize=True)
    paper.write_bytes(base64.b64decode(printed["data"]))
    done = subprocess.run(
        [tool("pdftotext"), "-layout", str(paper), "-"], capture_output=True, text=True, check=True
    )
    pages = done.stdout.removesuffix("\f").split("\f")
    certificate = make(orrery, "certificate").files[0].content
    for page in pages:
        assert f"certificate {sha256(certificate).hexdigest()[:16]}" in page
        assert "Freedom from interference: acme,orrery-board" in page
    lines = done.stdout.splitlines()
    for row in csv.DictReader(io.StringIO(made["evidence.csv"])):
        if row["fact"] == "claim":
            words = [row["id"], *row["agent"].split(), *row["target"].split(), row["verdict"]]
            assert any(line.split()[: len(words)] == words for line in lines), row
        if row["fact"] == "flow":
            assert any(line.split()[:2] == [row["id"], row["operation"]] for line in lines), row


# Against others


def held(model: Model) -> None:
    """The page of each platform says all that follows from its certificate by clingo, and nothing
    else; and where policies find a way, it does not say that there is none."""
    pytest.importorskip("clingo", reason="clingo is not installed")
    from may.certificates import read
    from may.flows import derived, possible

    for platform in model.platforms:
        assert not Page(files(platform)["evidence.html"]).open
        written = {f.path: f.content.decode() for f in CERTIFICATE.files(platform, NoOptions())}
        facts, rules = read(written["certificate.lp"]), written["checker.lp"]
        evidence = evidence_of(platform)
        sure = {
            (flow.agent, flow.target, flow.operation, flow.term)
            for flow in evidence.flows
            if not any(step.word == "may feed" for step in flow.path)
        }
        firmware = {row for row in sure if row[1] == 0}  # no certificate has other firmware
        follows = derived(facts, rules)
        assert follows <= {(f.agent, f.target, f.operation, f.term) for f in evidence.flows}
        assert sure - firmware <= follows
        verdicts = {(claim.agent, claim.target): claim.verdict for claim in evidence.claims}
        pairs = {(flow.agent, flow.target) for flow in evidence.flows}
        assert {pair for pair, verdict in verdicts.items() if verdict} >= pairs
        assert possible(facts, rules) <= pairs
    affected(model)


#: Why policies, too, say that a vote does nothing.
COUNTED = {"vote", "share", "kept on"}


def affected(model: Model) -> None:
    """Where policies say that an agent affects a device of others, there is a flow to one of them
    that is no mere vote for what that one votes for, too."""
    influence = Influence(model)
    for platform in model.platforms:
        found: dict[tuple[int, int], set[str]] = {}
        for flow in evidence_of(platform).flows:
            found.setdefault((flow.agent, flow.target), set()).add(flow.reason.word)
        for path, uses in influence.devices.items():
            owners = [agent.id for agent in influence.owners(uses[0].consumer)] or [0]
            for agent in influence.affecting(path):
                ways = influence.on_device(agent, path, frozenset())
                # By rule 7, who may not set a clock to its assigned parent does not depend on that.
                others = [owner for owner in owners if owner != agent.id]
                if all(way.use.prop == "assigned-clock-parents" for way in ways if way.use):
                    continue
                told = [found.get((agent.id, owner), set()) for owner in others]
                assert not others or any(each - COUNTED for each in told), (agent.name, path)


@pytest.mark.parametrize("names", [("minimal.dts",), ("orrery-board.dts", "agents.yaml")])
def test_examples_say_what_follows(names: tuple[str, ...], examples: Path) -> None:
    board, *agents = (examples / name for name in names)
    held(scmigen.compile(board, agents=agents).model)


@pytest.mark.parametrize("chains", [False, True])
def test_random_boards_say_what_follows(*, chains: bool) -> None:
    """With errors, too: then more is open. SCMIGEN_CERTIFICATES says how many there are."""
    for seed in range(int(os.environ.get("SCMIGEN_CERTIFICATES", "25"))):
        random = Random(seed)
        source = board_of(random, chains=chains)
        said = Text("agents.yaml", agents_of(random, source))
        held(scmigen.compile(scmigen.loads(source, "board.dts"), agents=[said]).model)


@pytest.mark.slow
@pytest.mark.parametrize("board", BOARDS)
def test_real_boards_say_what_follows(board: str, corpus: Path) -> None:
    held(scmigen.compile(corpus / f"{board}.dts").model)
    owners = corpus / "agents" / f"{board}.yaml"
    if owners.exists():
        held(scmigen.compile(corpus / f"{board}.dts", agents=[owners]).model)
