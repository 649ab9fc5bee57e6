"""The agents file: what each key means."""

import pytest
from assigned import assigned
from support import AGENTS, TWO_AGENTS, operations, soc

from scmigen.assignment.assignment import Assignment, Transport
from scmigen.bindings.facts import ResourceKey
from scmigen.diagnostics import Position
from scmigen.runtime import Role
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind

BODY = 'gpu: gpu@1 { }; uart: serial@2 { }; disp: display@3 { panel { }; };'  # fmt: skip


def read(text: str) -> Assignment:
    return assigned(soc(BODY), text)


WHOLE = """\
domains:
  linux:
    compatible: openamp,domain-v1
    id: 2
    default: true
    scmi:
      role: ospm
      transport: {type: smc, smc-id: 0x82000010, shmem: shm0, channel: 3}
  vm1:
    id: 1
    scmi: {role: vm, permissions: true}
    access:
      - dev: "&gpu"
      - dev: "*al@*"
        flags: {shared: true}
      - {dev: display@3, flags: {assignable: [vm1, linux]}}
    grant:
      - {clock: "&cc 0x10", operations: [rate]}
      - {power: "&pc 3", operations: [state, read]}
platform:
  managed: ["&cc"]
  fixed: ["&vio", "&vdd"]
  local: ["/gpu@1"]
  devices: ["&uart"]
  owners:
    - {clock: "&cc 7", agent: linux}
    - {voltage: "&vdd", agent: vm1}
  drivers: {"acme,cc": {clock: {module: acme-clock}}}
  assume:
    clock-rate: 24000000
    values:
      - {clock: "&cc *", range: [1000000, 100000000, 1000]}
      - {voltage: "&vdd", step: 12500}
      - {performance: "/gpu@1", levels: [100000000, {frequency: 200000000, voltage: 900000}]}
  vendor: acme
  sub-vendor: orrery
  system-power: {grace: 5000}
"""


def test_agents_are_in_the_order_of_their_ids() -> None:
    vm1, linux = read(WHOLE).agents
    assert (vm1.id, vm1.name, vm1.role, vm1.transport) == (1, "vm1", Role.VM, None)
    assert (vm1.permissions, vm1.default) == (True, False)
    assert (linux.id, linux.name, linux.role) == (2, "linux", Role.OSPM)
    assert (linux.permissions, linux.default) == (False, True)
    assert linux.transport == Transport(type="smc", smc_id=0x82000010, shmem="shm0", channel=3)


def test_claims() -> None:
    claims = [
        (c.agent, c.node.path, c.exact, c.shared, c.assignable, c.position)
        for c in read(WHOLE).claims
    ]
    assert claims == [
        ("vm1", "/gpu@1", True, False, (), Position(AGENTS, 13, 14)),
        ("vm1", "/serial@2", False, True, (), Position(AGENTS, 14, 14)),
        ("vm1", "/display@3", True, False, ("vm1", "linux"), Position(AGENTS, 16, 15)),
        (None, "/serial@2", True, False, (), Position(AGENTS, 24, 13)),
    ]


def test_grants_and_owners() -> None:
    found = read(WHOLE)
    assert [(g.agent, str(g.key), operations(g.key.kind, g.operations)) for g in found.grants] == [
        # Who sets a rate may read it.
        ("vm1", "/clock-controller@1000 16", "rate read"),
        ("vm1", "/power-controller@3000 3", "state read"),
    ]
    assert [(o.agent, o.key) for o in found.options.owners] == [
        ("linux", ResourceKey(Kind.CLOCK, "/clock-controller@1000", (7,))),
        ("vm1", ResourceKey(Kind.VOLTAGE, "/rails/vdd", ())),
    ]


def test_platform() -> None:
    options = read(WHOLE).options
    assert options.grace == 5000
    assert list(options.managed) == ["/clock-controller@1000"]
    assert list(options.fixed) == ["/rails/vio", "/rails/vdd"]
    assert list(options.local) == ["/gpu@1"]
    (former,) = options.outputs.former
    clock = former.entries["drivers"].entries["acme,cc"].entries["clock"]
    assert {key: given.value for key, given in clock.entries.items()} == {"module": "acme-clock"}
    assert options.clock_rate == 24_000_000
    assert (options.vendor, options.sub_vendor) == ("acme", "orrery")


def test_what_is_not_said() -> None:
    found = read("domains: {only: {id: 1}}")
    (agent,) = found.agents
    assert (agent.role, agent.transport, agent.permissions) == (Role.OTHER, None, False)
    assert not agent.default
    assert not found.claims
    assert found.options.clock_rate == 100_000_000
    assert not found.diagnostics


@pytest.mark.parametrize(
    ("word", "profile"), [("3.1", "3.1"), ("linux-6.6", "3.1"), ("2.0", "2.0")]
)
def test_a_profile_is_a_release_or_a_program(word: str, profile: str) -> None:
    assert (
        read(f"domains: {{a: {{id: 1, scmi: {{profile: {word}}}}}}}").agents[0].profile == profile
    )
    assert read("domains: {a: {id: 1}}").agents[0].profile is None


def test_the_hypervisor_may_change_permissions_unless_it_is_said() -> None:
    assert read("domains: {h: {id: 1, scmi: {role: hypervisor}}}").agents[0].permissions
    text = "domains: {h: {id: 1, scmi: {role: hypervisor, permissions: false}}}"
    assert not read(text).agents[0].permissions


def test_several_files_are_one_assignment() -> None:
    found = assigned(soc(BODY), TWO_AGENTS, "platform: {vendor: acme}")
    assert [agent.name for agent in found.agents] == ["a", "b"]
    assert found.options.vendor == "acme"


def test_aliases_of_yaml() -> None:
    found = read(
        """
        domains:
          a: {id: 1, scmi: &vm {role: vm}, access: &all [{dev: "&gpu"}, {dev: "&uart"}]}
          b: {id: 2, scmi: *vm, access: *all}
        """
    )
    assert [agent.role for agent in found.agents] == [Role.VM, Role.VM]
    assert [(c.agent, c.node.name) for c in found.claims] == [
        ("a", "gpu@1"), ("a", "serial@2"), ("b", "gpu@1"), ("b", "serial@2"),
    ]  # fmt: skip


def test_a_flag_cell_in_a_hand_grant_is_not_identity() -> None:
    tree = soc('ti: ti { compatible = "ti,sci-pm-domain"; #power-domain-cells = <2>; };')
    text = 'domains: {a: {id: 1, grant: [{power: "&ti 5 1", operations: [read]}]}}'
    (grant,) = assigned(tree, text).grants
    assert grant.key == ResourceKey(Kind.POWER, "/ti", (5,))
    assert grant.operations == {Operation.READ}
