"""Waivers of single findings: what they cover, what they do not, when they end, and baselines."""

import json
import re
from pathlib import Path

import pytest
from support import scmigen, written

#: Two agents set the rate of clock 2 (rate-shared), and both assert reset 7 (reset-shared).
BOARD = """/dts-v1/;
/ {
cc: clock-controller@1000 { compatible = "acme,cc"; reg = <0x1000>; #clock-cells = <1>; };
rc: reset-controller@2000 { compatible = "acme,rc"; reg = <0x2000>; #reset-cells = <1>; };
mmc0: mmc@4000 { compatible = "acme,mmc"; reg = <0x4000>; clocks = <&cc 2>;
assigned-clocks = <&cc 2>; assigned-clock-rates = <1000>; resets = <&rc 7>; };
uart0: serial@5000 { compatible = "acme,uart"; reg = <0x5000>; clocks = <&cc 2>;
assigned-clocks = <&cc 2>; assigned-clock-rates = <2000>; resets = <&rc 7>; };
spi0: spi@6000 { compatible = "acme,spi"; reg = <0x6000>; clocks = <&cc 3>; };
};
"""
AGENTS = """domains:
  host: {id: 1, default: true, scmi: {role: ospm}}
  vm: {id: 2, scmi: {role: vm}, access: [{dev: "&mmc0"}]}
"""
RATE = '{check: rate-shared, resource: "clock &cc 2", agent: [host, vm], reason: "the same"%s}'
RESET = '{check: reset-shared, resource: "reset &rc 7", agent: [host, vm], reason: "never used"}'
TWICE = '{check: rate-twice, resource: "clock &cc 2", reason: "the same"}'


def agents(*waivers: str) -> str:
    return AGENTS + "waivers:\n" + "".join(f"  - {waiver}\n" for waiver in waivers)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    written(tmp_path / "b.dts", BOARD)
    written(tmp_path / "a.yaml", AGENTS)
    return tmp_path


def check(*words: str) -> tuple[int, list[str], list[str]]:
    """Exit status, the ids that count, and those that are waived."""
    done = scmigen("check", "b.dts", *words, "--format", "json")
    told = json.loads(done.stdout)
    counted = sorted(item["id"] for item in told if item["waived"] is None)
    return done.returncode, counted, sorted(item["id"] for item in told if item["waived"])


@pytest.mark.usefixtures("here")
def test_without_waivers() -> None:
    assert check("-a", "a.yaml") == (1, ["rate-shared", "rate-twice", "reset-shared"], [])


def test_a_waiver_is_for_one_finding(here: Path) -> None:
    written(here / "a.yaml", agents(RATE % ""))
    assert check("-a", "a.yaml") == (1, ["rate-twice", "reset-shared"], ["rate-shared"])
    written(here / "a.yaml", agents(RATE % "", RESET))
    assert check("-a", "a.yaml") == (0, ["rate-twice"], ["rate-shared", "reset-shared"])
    done = scmigen("build", "b.dts", "-a", "a.yaml", "-o", "out")
    assert done.returncode == 0
    assert "2 findings waived" in done.stderr


def test_a_later_finding_of_the_same_check_is_reported(here: Path) -> None:
    """The SPI controller sets the rate of clock 3, and vm uses it too: another resource."""
    text = BOARD.replace("clocks = <&cc 3>;", "clocks = <&cc 3>; " + SETS).replace(
        "clocks = <&cc 2>;\nassigned-clocks = <&cc 2>; assigned-clock-rates = <1000>;",
        "clocks = <&cc 2>, <&cc 3>;\nassigned-clocks = <&cc 2>; assigned-clock-rates = <1000>;",
    )
    written(here / "b.dts", text)
    written(here / "a.yaml", agents(RATE % "", RESET))
    status, counted, waived = check("-a", "a.yaml")
    assert (status, waived) == (1, ["rate-shared", "reset-shared"])
    assert "rate-shared" in counted


SETS = "assigned-clocks = <&cc 3>; assigned-clock-rates = <3000>;"


def test_another_agent_is_not_covered(here: Path) -> None:
    """A third agent comes to depend on the clock: the finding is about it, too."""
    more = '  v2: {id: 3, scmi: {role: vm}, access: [{dev: "&spi0"}]}\nwaivers:'
    written(here / "b.dts", BOARD.replace("clocks = <&cc 3>;", "clocks = <&cc 2>;"))
    written(here / "a.yaml", agents(RATE % "", RESET).replace("waivers:", more))
    status, counted, waived = check("-a", "a.yaml")
    assert (status, waived) == (1, ["reset-shared"])
    assert counted == ["rate-shared", "rate-twice", "waiver-unused"]
    told = scmigen("check", "b.dts", "-a", "a.yaml").stdout
    assert "this waiver covers no rate-shared: the finding is also about agent v2" in told


def test_names_can_be_paths_and_lists(here: Path) -> None:
    by_path = (RATE % "").replace('"clock &cc 2"', '["clock /clock-controller@1000 2"]')
    written(here / "a.yaml", agents(by_path, RESET))
    assert check("-a", "a.yaml")[0] == 0


def test_a_device(here: Path) -> None:
    """device-disabled is about a device and its agent, and no resource."""
    written(here / "b.dts", BOARD.replace("spi@6000 {", 'spi@6000 { status = "disabled";'))
    entry = AGENTS.replace('{dev: "&mmc0"}', '{dev: "&mmc0"}, {dev: "&spi0"}') + "waivers:\n"
    covers = '  - {check: device-disabled, device: "&spi0", agent: vm, reason: "an overlay does"}\n'
    written(here / "a.yaml", entry + covers)
    assert check("-a", "a.yaml")[2] == ["device-disabled"]
    written(here / "a.yaml", entry + covers.replace("&spi0", "&uart0"))
    assert check("-a", "a.yaml")[2] == []
    # Patterns and an agent alone would cover what comes later, too.
    written(here / "a.yaml", entry + covers.replace("&spi0", "*spi*"))
    assert check("-a", "a.yaml")[2] == []
    assert "'*spi*' is a pattern" in scmigen("check", "b.dts", "-a", "a.yaml").stdout
    written(here / "a.yaml", entry + covers.replace('device: "&spi0", ', ""))
    assert check("-a", "a.yaml")[2] == []


def test_a_severity_that_rises_is_not_covered(here: Path) -> None:
    written(here / "a.yaml", agents(RATE % ", severity: warning", RESET))
    status, counted, _ = check("-a", "a.yaml")
    assert (status, counted) == (1, ["rate-shared", "rate-twice", "waiver-unused"])
    told = scmigen("check", "b.dts", "-a", "a.yaml").stdout
    assert "the finding is of severity error, and this covers up to warning" in told


@pytest.mark.parametrize(
    ("day", "status"),
    [("2027-03-30", 0), ("2027-03-31", 0), ("2027-04-01", 1), ("2030-01-01", 1), ("9999-12-31", 1)],
)
def test_a_waiver_ends(here: Path, monkeypatch: pytest.MonkeyPatch, day: str, status: int) -> None:
    """It holds on its last day; the days are those of UTC."""
    epochs = {
        "2027-03-30": "1806364800",
        "2027-03-31": "1806537599",
        "2027-04-01": "1806537600",
        "2030-01-01": "1893456000",
        "9999-12-31": "999999999999",
    }
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epochs[day])
    written(here / "a.yaml", agents(RATE % ", until: 2027-03-31", RESET))
    found, counted, waived = check("-a", "a.yaml")
    assert found == status
    assert ("waiver-expired" in counted, "rate-shared" in counted) == (status == 1, status == 1)
    assert ("rate-shared" in waived) == (status == 0)


def test_what_is_wrong_with_a_waiver(here: Path) -> None:
    wrong = {
        "{check: rate-shared, resource: clock &cc 2}": "needs a reason",
        '{check: rate-shared, reason: " ", agent: vm}': "needs a reason",
        "{resource: clock &cc 2, reason: x}": "needs a check",
        "{check: rate-shared, reason: x}": "names nothing but the check",
        (RATE % ", until: 31.3.2027"): "until must be a date",
        (RATE % ", until: 2027-02-30"): "until must be a date",
        (RATE % ", untill: 2027-02-20"): "did you mean until",
        (RATE % ", severity: fatal"): "severity cannot be",
        "{check: rate-shard, agent: vm, reason: x}": "did you mean rate-shared",
        "{check: dts-syntax, agent: vm, reason: x}": "cannot be waived",
    }
    for waiver, message in wrong.items():
        written(here / "a.yaml", agents(waiver))
        done = scmigen("check", "b.dts", "-a", "a.yaml")
        assert done.returncode == 1
        assert message in done.stdout
        assert "a.yaml:5:" in done.stdout


def test_a_waiver_that_covers_nothing(here: Path) -> None:
    written(here / "a.yaml", agents(RATE % "", RESET, TWICE.replace("&cc 2", "&nothing 2")))
    told = scmigen("check", "b.dts", "-a", "a.yaml").stdout
    assert "a.yaml:7:5: warning[waiver-unused]" in told
    assert "no label &nothing" in told
    assert check("-a", "a.yaml", "-E", "waiver-unused")[0] == 1
    assert check("-a", "a.yaml", "-W", "no-waiver-unused")[:2] == (0, ["rate-twice"])


@pytest.mark.parametrize(
    ("resource", "hint"),
    [
        ("clock &cd 2", "did you mean &rc or &cc?"),
        ("clock &cc CLK_UART", "write the number"),
        ("clok &cc 2", "write one of: power, performance, clock, "),
    ],
)
def test_a_waiver_with_a_wrong_name_hints_at_the_right_one(
    here: Path, resource: str, hint: str
) -> None:
    written(here / "a.yaml", agents(RATE % "", RESET, TWICE.replace("clock &cc 2", resource)))
    told = scmigen("check", "b.dts", "-a", "a.yaml").stdout
    (found,) = re.findall(r"warning\[waiver-unused\].*?hint: ([^\n]*)", told, re.DOTALL)
    assert hint in found


def test_sarif_and_github(here: Path) -> None:
    written(here / "a.yaml", agents(RATE % ", until: 9999-12-31", RESET))
    done = scmigen("check", "b.dts", "-a", "a.yaml", "--format", "sarif")
    results = json.loads(done.stdout)["runs"][0]["results"]
    suppressed = {r["ruleId"]: r["suppressions"] for r in results if "suppressions" in r}
    assert set(suppressed) == {"rate-shared", "reset-shared"}
    (one,) = suppressed["rate-shared"]
    assert (one["kind"], one["justification"]) == ("external", "the same")
    assert one["location"]["physicalLocation"]["region"] == {"startLine": 5, "startColumn": 5}
    told = scmigen("check", "b.dts", "-a", "a.yaml", "--format", "github").stdout
    assert [line.partition("title=")[2].partition(":")[0] for line in told.splitlines()] == [
        "rate-twice"
    ]


def test_a_baseline(here: Path) -> None:
    done = scmigen("check", "b.dts", "-a", "a.yaml", "--write-baseline", "base.yaml")
    assert (done.returncode, done.stdout) == (0, "base.yaml: 3 findings\n")
    everything = ["rate-shared", "rate-twice", "reset-shared"]
    assert check("-a", "a.yaml", "--baseline", "base.yaml") == (0, [], everything)
    done = scmigen("check", "b.dts", "-a", "a.yaml", "--baseline", "base.yaml")
    assert done.stdout == "3 findings waived\n"
    # What comes later is reported, and what was mended is told.
    text = BOARD.replace("clocks = <&cc 3>;", "clocks = <&cc 3>; resets = <&rc 9>;")
    text = text.replace("resets = <&rc 7>; };\nuart0", "resets = <&rc 9>; };\nuart0")
    written(here / "b.dts", text)
    assert check("-a", "a.yaml", "--baseline", "base.yaml") == (
        1,
        ["reset-shared", "waiver-unused"],
        ["rate-shared", "rate-twice"],
    )


def test_a_baseline_is_renewed_with_its_reasons(here: Path) -> None:
    kept = (
        "waivers:\n  - "
        + (RATE % ", until: 9999-12-31")
        + "\n  - "
        + TWICE.replace("&cc 2", "&cc 9")
    )
    written(here / "base.yaml", kept + "\n")
    words = ["-a", "a.yaml", "--baseline", "base.yaml", "--write-baseline", "base.yaml"]
    assert scmigen("check", "b.dts", *words).returncode == 0
    text = (here / "base.yaml").read_text()
    assert 'reason: "the same"' in text
    assert 'until: "9999-12-31"' in text
    assert "&cc 9" not in text
    assert check("-a", "a.yaml", "--baseline", "base.yaml")[:2] == (0, [])


def test_a_baseline_that_is_written_again_keeps_its_reasons(here: Path) -> None:
    words = ["check", "b.dts", "-a", "a.yaml", "--write-baseline", "base.yaml"]
    scmigen(*words)
    text = (here / "base.yaml").read_text()
    reasoned = re.sub('reason: ".*"', 'reason: "a person wrote this"', text)
    assert reasoned.count("a person wrote this") == 3
    written(here / "base.yaml", reasoned)
    assert scmigen(*words).stdout == "base.yaml: 3 findings\n"
    assert (here / "base.yaml").read_text() == reasoned


def test_another_baseline_keeps_the_reasons_of_the_present_one(here: Path) -> None:
    """What A waives has A's reason, all else that of B, which is written."""
    words = ["check", "b.dts", "-a", "a.yaml", "--write-baseline", "b.yaml"]
    scmigen(*words)
    text = re.sub('reason: ".*"', 'reason: "of b"', (here / "b.yaml").read_text())
    written(here / "b.yaml", text)
    written(here / "a-base.yaml", f"waivers:\n  - {RATE % ''}\n")
    assert scmigen(*words, "--baseline", "a-base.yaml").returncode == 0
    reasons = re.findall('reason: "(.*)"', (here / "b.yaml").read_text())
    assert sorted(reasons) == ["of b", "of b", "the same"]


def test_a_file_that_is_no_baseline_is_not_overwritten(here: Path) -> None:
    done = scmigen("check", "b.dts", "-a", "a.yaml", "--write-baseline", "a.yaml")
    assert done.returncode == 1
    assert "a baseline file has no key 'domains'" in done.stdout
    assert (here / "a.yaml").read_text() == AGENTS


def test_a_baseline_does_not_hold_what_cannot_be_waived(here: Path) -> None:
    written(here / "a.yaml", AGENTS.replace("role: vm", "role: king"))
    done = scmigen("check", "b.dts", "-a", "a.yaml", "--write-baseline", "base.yaml")
    assert done.returncode == 1
    assert "error[agents-file]" in done.stdout
    written(here / "b.dts", "/dts-v1/; / {")
    done = scmigen("check", "b.dts", "--write-baseline", "other.yaml")
    assert (done.returncode, (here / "other.yaml").exists()) == (1, False)


def test_a_baseline_of_other_commands(here: Path) -> None:
    """They refuse a board with errors; those in the baseline do not count."""
    words = ["-a", "a.yaml", "--baseline", "base.yaml"]
    scmigen("check", "b.dts", "-a", "a.yaml", "--write-baseline", "base.yaml")
    assert (here / "base.yaml").exists()
    assert scmigen("why", "vm", "&mmc0", "b.dts", "-a", "a.yaml").returncode == 1
    assert scmigen("why", "vm", "&mmc0", "b.dts", *words).returncode == 0
    assert scmigen("show", "devices", "b.dts", *words).returncode == 0
    assert scmigen("diff", "b.dts", "b.dts", "-a", "a.yaml").returncode == 1
    assert scmigen("diff", "b.dts", "b.dts", *words).returncode == 0
    done = scmigen("build", "b.dts", "-o", "out", "--depfile", "out.d", *words)
    assert done.returncode == 0
    assert "base.yaml" in (here / "out.d").read_text()


def test_a_severity_that_is_asked_for_waives_nothing_less(here: Path) -> None:
    """-W error and -E raise what is reported; the baseline has the findings as they are."""
    written(here / "a.yaml", agents(RATE % "", RESET))
    scmigen("check", "b.dts", "-a", "a.yaml", "--write-baseline", "base.yaml")
    assert 'severity: "warning"' in (here / "base.yaml").read_text()
    assert check("-a", "a.yaml", "-W", "error")[0] == 1
    for option in (["-W", "error"], ["-E", "rate-twice"]):
        assert check("-a", "a.yaml", "--baseline", "base.yaml", *option)[:2] == (0, [])
    scmigen("check", "b.dts", "-a", "a.yaml", "-W", "error", "--write-baseline", "base.yaml")
    assert check("-a", "a.yaml", "--baseline", "base.yaml")[:2] == (0, [])


@pytest.mark.parametrize("given", ["note", "warning", "error"])
def test_a_baseline_holds_whatever_severity_an_agents_file_gives(here: Path, given: str) -> None:
    """The error, the warning and the error of the board, each with another severity."""
    names = ("rate-shared", "rate-twice", "reset-shared")
    lines = [f"  {name}: {{severity: {given}, reason: x}}\n" for name in names]
    written(here / "a.yaml", AGENTS + "checks:\n" + "".join(lines))
    words = ("-a", "a.yaml", "--baseline", "base.yaml")
    scmigen("check", "b.dts", *words[:2], "--write-baseline", "base.yaml")
    assert check(*words) == (0, [], sorted(names))
    written(here / "a.yaml", AGENTS)
    assert check(*words) == (0, [], sorted(names))


def test_many_boards(here: Path) -> None:
    """Waived findings of one board are listed among those of all, and count for none."""
    written(here / "c.dts", BOARD)
    scmigen("check", "b.dts", "-a", "a.yaml", "--write-baseline", "base.yaml")
    words = ["--each", "b.dts", "c.dts", "-a", "a.yaml"]
    assert scmigen("check", *words, "--write-baseline", "x.yaml").returncode == 2
    assert scmigen("check", *words).returncode == 1
    done = scmigen("check", *words, "--baseline", "base.yaml", "--format", "json")
    assert done.returncode == 0
    assert [bool(item["waived"]) for item in json.loads(done.stdout)] == [True] * 6
    text = scmigen("check", *words, "--baseline", "base.yaml")
    assert (text.returncode, text.stdout) == (0, "")


@pytest.mark.parametrize("text", ["{", "waivers: 3", "domains: {}", "waivers: [{check: x}]"])
def test_a_baseline_that_is_none(here: Path, text: str) -> None:
    written(here / "base.yaml", text)
    for words in (["check", "b.dts"], ["build", "b.dts", "-o", "out"]):
        done = scmigen(*words, "--baseline", "base.yaml")
        assert done.returncode == 1
        assert "base.yaml:1:" in done.stdout + done.stderr
    assert scmigen("check", "b.dts", "--baseline", "none.yaml").returncode == 1


def test_a_finding_of_an_output(here: Path) -> None:
    """SCP-firmware cannot set a parent: a warning of build, which check does not know."""
    written(
        here / "b.dts",
        BOARD.replace("clocks = <&cc 3>;", "clocks = <&cc 3>; assigned-clocks = <&cc 3>; "
                      "assigned-clock-parents = <&cc 4>;"),
    )  # fmt: skip
    told = json.loads(scmigen("build", "b.dts", "-o", "out", "--format", "json").stderr)
    (item,) = [item for item in told if item["id"] == "scp-parent"]
    waiver = (
        f"waivers:\n  - {{check: scp-parent, message: {json.dumps(item['message'])}, reason: x}}\n"
    )
    written(here / "base.yaml", waiver)
    done = scmigen("build", "b.dts", "-o", "out", "--baseline", "base.yaml")
    assert "scp-parent" not in done.stderr
    assert "1 finding waived" in done.stderr
    assert check("--baseline", "base.yaml")[1] == ["rate-twice"]


def test_a_real_board(corpus: Path, tmp_path: Path) -> None:
    """Every finding of a board with three agents goes into a baseline and comes back waived."""
    text = AGENTS.replace("&mmc0", "&usdhc1") + '  v2: {id: 3, access: [{dev: "&lpuart1"}]}\n'
    written(tmp_path / "a.yaml", text)
    words = [corpus / "imx8qm-mek.dts", "-a", tmp_path / "a.yaml"]
    before = json.loads(scmigen("check", *words, "--format", "json").stdout)
    assert len(before) >= 4
    base = tmp_path / "base.yaml"
    assert scmigen("check", *words, "--write-baseline", base).returncode == 0
    after = json.loads(scmigen("check", *words, "--baseline", base, "--format", "json").stdout)
    assert sorted(item["message"] for item in after) == sorted(i["message"] for i in before)
    assert all(item["waived"] for item in after)


OWNED = BOARD.replace(
    "spi0:",
    """mmc1: mmc@7000 { compatible = "acme,mmc"; reg = <0x7000>;
assigned-clocks = <&cc 2>; assigned-clock-rates = <1000>; };
spi0:""",
)
OWNS = (
    AGENTS.replace("mmc0", "uart0")
    + """platform:
  owners: [{clock: "&cc 2", agent: vm}, {reset: "&rc 7", agent: host}]
"""
)
LOST = (
    '{check: operation-withdrawn, resource: "clock &cc 2", device: "%s", agent: host, reason: ok}'
)


def test_waivers_of_single_devices_cover_what_is_about_all_of_them(here: Path) -> None:
    """host needs a rate for two devices that it does not get: one finding, formerly two."""
    written(here / "b.dts", OWNED)
    both = "waivers:\n" + "".join(f"  - {LOST % name}\n" for name in ("&mmc0", "&mmc1"))
    written(here / "a.yaml", OWNS + both)
    status, counted, waived = check("-a", "a.yaml")
    assert waived == ["operation-withdrawn"]
    assert "waiver-unused" not in counted
    written(here / "a.yaml", OWNS + "waivers:\n" + f"  - {LOST % '&mmc0'}\n")
    status, counted, waived = check("-a", "a.yaml")
    assert (status, waived) == (0, [])
    assert {"operation-withdrawn", "waiver-unused"} <= set(counted)


MAY = """# scmigen-driver-needs: 2
acme,mmc clock #0 rate may m.c:set
acme,uart clock #0 rate may u.c:set
"""
TWO_MAY = BOARD.replace("assigned-clocks = <&cc 2>; assigned-clock-rates = <1000>;", "").replace(
    "assigned-clocks = <&cc 2>; assigned-clock-rates = <2000>;", ""
)
OPEN = (
    "  - {check: operation-withdrawn, resource: clock &cc 2, device: %s, agent: [%s], reason: ok}\n"
)


@pytest.mark.parametrize(
    ("of_uart", "covered"), [("host", True), ("host, vm", True), ("vm", False)]
)
def test_waivers_of_single_devices_name_the_agents_of_each(
    here: Path, of_uart: str, covered: bool
) -> None:
    """One note for two devices of two agents; there was one for each, about that agent alone."""
    written(here / "b.dts", TWO_MAY.replace("resets = <&rc 7>;", ""))
    written(here / "m.txt", MAY)
    needs = AGENTS.replace("scmi: {", "scmi: {needs: ./m.txt, ")
    entries = OPEN % ('"&mmc0"', "vm") + OPEN % ('"&uart0"', of_uart)
    written(here / "a.yaml", f"{needs}waivers:\n{entries}")
    _, counted, waived = check("-a", "a.yaml")
    if covered:
        assert waived == ["operation-withdrawn"]
        assert not {"operation-withdrawn", "waiver-unused"} & set(counted)
    else:
        assert waived == []
        assert {"operation-withdrawn", "waiver-unused"} <= set(counted)
