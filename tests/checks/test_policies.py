"""Policies: what is a violation and by which way, what is not, and what is wrong with one."""

import json
from pathlib import Path

import pytest
from support import scmigen, source, written

#: A clock (1) that a supply and a domain are behind; vdd feeds ldo, and pd 1 is below pd 0.
BOARD = source(
    """
cc: clock-controller { compatible = "acme,cc"; #clock-cells = <1>; };
mux: clock-mux { compatible = "acme,mux"; #clock-cells = <1>; clocks = <&cc 1>;
    assigned-clocks = <&mux 6>; assigned-clock-rates = <1000>; };
two: clock-two { compatible = "acme,two"; #clock-cells = <1>; clocks = <&cc 1>, <&cc 2>; };
rails {
    compatible = "acme,rails";
    vdd: vdd { regulator-min-microvolt = <7>; regulator-max-microvolt = <9>; };
    ldo: ldo { regulator-min-microvolt = <7>; regulator-max-microvolt = <9>; vin-supply = <&vdd>; };
};
npu: npu { compatible = "acme,npu"; clocks = <&mux 5>; };
cam: cam { compatible = "acme,cam"; vdd-supply = <&ldo>; sub { clocks = <&two 3>; }; };
uart: uart { compatible = "acme,uart"; clocks = <&cc 4>; };
"""
)
AGENTS = """domains:
  linux: {{id: 1, default: true, scmi: {{role: ospm}}}}
  vm1: {{id: 2, scmi: {{role: vm}}, access: [{{dev: "&uart"}}], grant: [{grant}]}}
  vm2: {{id: 3, scmi: {{role: vm}}}}
platform: {{owners: [{owners}]}}
checks: {{agent-idle: {{severity: "off", reason: "a test"}}}}
policies:
  - {policy}
    reason: a certificate
"""
NEVER = 'never: {agent: vm1, affects: "&npu"}'


def found(
    tmp_path: Path, policy: str, grant: str = "", owners: str = "", *more: str
) -> list[dict[str, object]]:
    """The findings about policies."""
    board = written(tmp_path / "board.dts", BOARD)
    text = AGENTS.format(grant=grant, owners=owners, policy=policy)
    agents = written(tmp_path / "agents.yaml", text)
    done = scmigen("check", board, "-a", agents, "--format", "json", *more)
    every = json.loads(done.stdout)
    return [item for item in every if item["id"].startswith(("policy", "agents-file"))]


def owned(clock: str, *operations: str) -> tuple[str, str]:
    """A grant to vm1, which is the clock's owner."""
    rights = ", ".join(operations)
    return (
        f'{{clock: "{clock}", operations: [{rights}]}}',
        f'{{clock: "{clock}", agent: vm1}}',
    )


def test_a_way_is_told_step_by_step(tmp_path: Path) -> None:
    """The rate of the parent; each step is where it is written."""
    (one,) = found(tmp_path, NEVER, *owned("&cc 1", "rate"))
    assert one["severity"] == "error"
    assert one["message"] == (
        "never vm1: affects &npu (a certificate), but vm1 may set the rate of clock <&cc 1>, "
        "which &npu depends on"
    )
    steps = [
        (step["message"], Path(step["position"]["file"]).name, step["position"]["line"])
        for step in one["related"]  # type: ignore[attr-defined]
    ]
    assert steps == [
        ("vm1 may set the rate of clock <&cc 1>: explicit grant", "agents.yaml", 3),
        ("clock <&mux 5> changes with clock <&cc 1>", "board.dts", 3),
        ("/npu clocks[0] needs it", "board.dts", 11),
    ]
    assert one["subject"] == {
        "resources": ["clock /clock-controller 1"],
        "nodes": ["/npu"],
        "agents": ["vm1"],
    }


@pytest.mark.parametrize(
    ("policy", "grant", "violated"),
    [
        # what the provider needs itself, and what only may feed a clock
        (NEVER, owned("&cc 2", "rate"), False),
        ('never: {agent: vm1, affects: "&cam"}', owned("&cc 2", "rate"), True),
        # what a provider sets of its own at boot is no input of it
        (NEVER, owned("&mux 6", "rate"), False),
        # reading changes nothing; operations that are not meant do not count
        (NEVER, owned("&cc 1", "read"), False),
        ('never: {agent: vm1, affects: "&npu", operation: parent}', owned("&cc 1", "rate"), False),
        # a vote: linux, which has the device, votes on clock 5 and not on what feeds it
        (NEVER, ('{clock: "&mux 5", operations: [state]}', ""), False),
        (NEVER, ('{clock: "&cc 1", operations: [state]}', ""), True),
        # a supply of a supply, and a device inside of the one that is named
        (
            "never: {agent: [vm2, vm1], affects: /cam}",
            (
                '{voltage: "&vdd", operations: [level]}',
                '{voltage: "&vdd", agent: vm1}',
            ),
            True,
        ),
        ('never: {agent: vm1, affects: "*cam*"}', owned("&two 3", "rate"), True),
        # resources, all of a provider or one
        ('only: {agents: linux, operation: rate, on: "&cc *"}', owned("&cc 1", "rate"), True),
        ('only: {agents: [linux], on: "clock &cc 2"}', owned("&cc 1", "rate"), False),
        ('never: {agent: vm1, operation: read, on: "&cc 1"}', owned("&cc 1", "read"), True),
        ('only: {agents: vm1, operation: rate, on: "&cc *"}', owned("&cc 1", "rate"), False),
        # a pattern may begin with what stands for all cells
        ('never: {agent: vm1, on: "clock *-controller 1"}', owned("&cc 1", "rate"), True),
        ('never: {agent: vm1, on: "* 1"}', owned("&cc 1", "rate"), True),
        # of two that are isolated, both have devices
        ("isolated: [linux, vm1]", owned("&cc 1", "rate"), True),
        ("isolated: [linux, vm1]", ("", ""), False),
    ],
)
def test_what_is_a_violation(
    tmp_path: Path, policy: str, grant: tuple[str, str], violated: bool
) -> None:
    reports = found(tmp_path, policy, *grant)
    assert ("policy-violated" in [item["id"] for item in reports]) is violated


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ('never: {agent: vm9, affects: "&npu"}', "no agent vm9"),
        ('never: {agent: vm1, affects: "&npo"}', "no label &npo"),
        ('never: {agent: vm1, affects: "&np*"}', "&np* matches no node"),
        ('never: {agent: vm1, affects: "gpu*"}', "gpu* matches no node"),
        ("never: {agent: vm1, affects: /rails}", "/rails needs nothing that agents may use"),
        ('only: {agents: vm1, on: "&cc"}', '&cc names no resource of an agent; "&cc *" are all'),
        ('only: {agents: vm1, on: "power &cc *"}', "power &cc * names no resource of an agent"),
        ('only: {agents: vm1, on: "&cc 1 *"}', "&cc 1 * has cells and *"),
        ('only: {agents: vm1, on: "clock *"}', "clock * names no provider"),
        ("isolated: [linux, vm2]", "vm2 has no device that needs anything"),
    ],
)
def test_what_is_about_nothing_is_told(tmp_path: Path, policy: str, message: str) -> None:
    (one,) = found(tmp_path, policy)
    assert (one["id"], one["severity"]) == ("policy-unused", "warning")
    assert message in str(one["message"])


@pytest.mark.parametrize("form", ["never: {agent: vm1", "only: {agents: linux"])
def test_devices_that_no_agent_has_count(tmp_path: Path, form: str) -> None:
    """The platform's own: nobody but vm1 may set the rate of the clock, which feeds the clock that
    the device needs."""
    grant, owner = owned("&cc 1", "rate")
    policy = f'{form}, affects: "&npu"}}'
    (one,) = found(tmp_path, policy, grant, f'{owner}], devices: ["&npu"')
    assert one["id"] == "policy-violated"
    assert "vm1 may set the rate of clock <&cc 1>, which &npu depends on" in str(one["message"])
    # What the platform needs itself, it keeps on.
    state = '{clock: "&cc 1", operations: [state]}'
    assert found(tmp_path, policy, state, '], devices: ["&npu"') == []


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ("isolated: [vm1]", "isolated needs two agents or more"),
        ("never: {agent: vm1}", "never needs devices that it affects, or resources that it is on"),
        ('never: {affects: "&npu"}', "never needs agent"),
        ('never: {agent: vm1, affects: "&npu", on: "&cc *"}', "never needs devices"),
        ('only: {agents: vm1, on: "&cc *", operation: fly}', "operation cannot be 'fly'"),
        ('only: {agents: vm1, affects: "&npu", operation: read}', "reading affects no device"),
        ('never: {agent: vm1, on: "&cc *", operation: []}', "operation names none"),
        ("forbid: {agent: vm1}", "a policy has no key"),
    ],
)
def test_what_is_wrong_with_a_policy_is_told(tmp_path: Path, policy: str, message: str) -> None:
    board = written(tmp_path / "board.dts", BOARD)
    text = AGENTS.format(grant="", owners="", policy=policy)
    done = scmigen("check", board, "-a", written(tmp_path / "agents.yaml", text))
    assert done.returncode == 1
    assert message in done.stdout


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        (f"[{{{NEVER}}}]", "a policy needs a reason"),
        ("[{reason: a certificate}]", "a policy has one of never, only, isolated"),
        ("{never: vm1}", "policies must be a list"),
    ],
)
def test_a_policy_has_a_form_and_a_reason(tmp_path: Path, policy: str, message: str) -> None:
    board = written(tmp_path / "board.dts", BOARD)
    policies = written(tmp_path / "policies.yaml", f"policies: {policy}\n")
    done = scmigen("check", board, "-a", policies)
    assert done.returncode == 1
    assert message in done.stdout


def test_policies_have_a_limit(tmp_path: Path) -> None:
    board = written(tmp_path / "board.dts", BOARD)
    each = '  - {isolated: [ospm, secure], reason: "x"}\n'
    policies = written(tmp_path / "policies.yaml", "policies:\n" + 251 * each)
    done = scmigen("check", board, "-a", policies)
    assert done.returncode == 1
    assert "policies.yaml:252:5: error[agents-file]: there are more than 250" in done.stdout


def test_names_of_policies_have_a_limit(tmp_path: Path) -> None:
    board = written(tmp_path / "board.dts", BOARD)
    names = ", ".join(f'"clock * {number}"' for number in range(1001))
    policy = f'policies: [{{never: {{agent: ospm, on: [{names}]}}, reason: "x"}}]\n'
    done = scmigen("check", board, "-a", written(tmp_path / "policies.yaml", policy))
    assert done.returncode == 1
    assert "policies name more than 1000 devices and resources" in done.stdout


def test_a_file_of_policies_is_not_about_agents(tmp_path: Path) -> None:
    """A board with one agent keeps it; a violation is in SARIF with its way, and can be waived."""
    board = written(tmp_path / "board.dts", BOARD)
    policy = 'policies: [{never: {agent: ospm, affects: "&npu", operation: rate}, reason: "x"}]\n'
    policies = written(tmp_path / "policies.yaml", policy)
    assert scmigen("check", board, "-a", policies).returncode == 0
    grant = written(
        tmp_path / "agents.yaml",
        "domains:\n"
        "  ospm: {id: 1, default: true, scmi: {role: ospm},\n"
        '         grant: [{clock: "&cc 1", operations: [rate]}]}\n',
    )
    done = scmigen("check", board, "-a", grant, "-a", policies, "--format", "sarif")
    assert done.returncode == 1
    results = json.loads(done.stdout)["runs"][0]["results"]
    (one,) = [result for result in results if result["ruleId"] == "policy-violated"]
    lines = [place["physicalLocation"]["region"]["startLine"] for place in one["relatedLocations"]]
    assert lines == [3, 3, 11]
    waiver = written(
        tmp_path / "waivers.yaml",
        "waivers: [{check: policy-violated, resource: clock &cc 1, agent: ospm, reason: known}]\n",
    )
    assert scmigen("check", board, "-a", grant, "-a", policies, "-a", waiver).returncode == 0


def test_of_one_policy_a_hundred_violations_are_told(tmp_path: Path) -> None:
    """vm1 sets the rate of a clock that 103 devices have; of one of those, it is its own."""
    nodes = "".join(f'd{n} {{ compatible = "acme,d"; clocks = <&cc 1>; }};\n' for n in range(102))
    body = 'cc: cc { compatible = "acme,cc"; #clock-cells = <1>; };\n' + nodes
    uart = 'uart: uart { compatible = "acme,uart"; clocks = <&cc 1>; };\n'
    board = written(tmp_path / "board.dts", source(body + uart))
    grant, owners = owned("&cc 1", "rate")
    text = AGENTS.format(grant=grant, owners=owners, policy='never: {agent: vm1, affects: "*"}')
    done = scmigen("check", board, "-a", written(tmp_path / "agents.yaml", text), "-q")
    told = [line for line in done.stdout.splitlines() if "[policy-violated]" in line]
    assert len(told) == 101
    assert "there are more violations than these 100" in told[-1]


def test_the_map_says_what_is_about_nothing_and_what_is_switched_off(tmp_path: Path) -> None:
    """Neither holds."""
    grant, owner = owned("&cc 1", "rate")
    text = AGENTS.format(grant=grant, owners=owner, policy=NEVER).replace(
        'agent-idle: {severity: "off", reason: "a test"}',
        'policy-violated: {severity: "off", reason: "a test"}',
    )
    text += '  - {never: {agent: vm1, affects: "&npo"}, reason: misspelt}\n'
    board = written(tmp_path / "board.dts", BOARD)
    agents = written(tmp_path / "agents.yaml", text)
    out = tmp_path / "out"
    assert scmigen("build", board, "-a", agents, "--emit", "permissions", "-o", out).returncode == 0
    lines = (out / "permissions" / "permissions.md").read_text().splitlines()
    assert "| never vm1: affects &npu | a certificate | no |" in [
        line.replace("\\", "").replace("&amp;", "&") for line in lines
    ]
    (misspelt,) = (line for line in lines if "| misspelt |" in line)
    assert "about nothing here: no label" in misspelt


def test_of_many_names_a_finding_has_the_first_few(tmp_path: Path) -> None:
    names = ", ".join(f'"&cc {number}"' for number in (1, 2, 4, "0x1", "0x2", "0x4"))
    policy = f"only: {{agents: linux, operation: rate, on: [{names}]}}"
    every = found(tmp_path, policy, *owned("&cc 1", "rate"))
    (one,) = [item for item in every if item["id"] == "policy-violated"]
    assert str(one["message"]).startswith(
        "only linux: rate on &cc 1, &cc 2, &cc 4, &cc 0x1 and 2 more (a certificate), but vm1 may"
    )


def test_a_provider_of_the_platform_is_affected_as_its_other_devices(tmp_path: Path) -> None:
    """&mux is the platform's device, and needs its input on and at its rate."""
    grant, owner = owned("&cc 1", "rate")
    policy = 'never: {agent: vm1, affects: "&mux"}'
    (one,) = found(tmp_path, policy, grant, f'{owner}], devices: ["&mux"')
    assert one["id"] == "policy-violated"
