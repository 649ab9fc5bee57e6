"""From a board to a served platform: what giving and taking devices opens and closes."""

import pytest
from scmi_wire import BASE, CLOCK, DENIED, RESET, SUCCESS, Wire
from support import model_of, soc

from scmigen.scmi.protocols import Profile
from scmigen.server import Server
from scmigen.targets.runtime.configuration import to_runtime

BODY = """
uart: serial@1 { compatible = "acme,uart"; clocks = <&cc 1>, <&cc 2>; resets = <&rc 1>; };
spi: spi@2 { compatible = "acme,spi"; clocks = <&cc 2>;
    assigned-clocks = <&cc 2>; assigned-clock-rates = <5000>; };
gpu: gpu@3 { compatible = "acme,gpu"; clocks = <&cc 3>; };
"""
AGENTS = """
domains:
  linux: {id: 1, default: true, scmi: {role: ospm}, access: [
    {dev: "&uart"}, {dev: "&spi"}, {dev: "&gpu", flags: {assignable: [vm]}}]}
  vm: {id: 2, scmi: {role: vm}, grant: [{clock: "&cc 1", operations: [read]}]}
  xen: {id: 3, scmi: {role: hypervisor}}
"""
LINUX, VM = 1, 2
# By path: gpu@3, serial@1, spi@2. Clocks by cell: 1, 2, 3.
GPU, UART, SPI = 0, 1, 2
ONLY_UART, BOTH, ONLY_GPU = 0, 1, 2
DENY, ALLOW = 0, 1


@pytest.fixture
def agents() -> dict[str, Wire]:
    platform = model_of(soc(BODY), AGENTS).platforms[0]
    server = Server(to_runtime(platform), Profile.V3_2)
    return {name: Wire(server.agent(name)) for name in ("linux", "vm", "xen")}


def give(agents: dict[str, Wire], agent: int, device: int, flags: int) -> int:
    return agents["xen"].status(BASE, 9, agent, device, flags)


def switch(wire: Wire, clock: int) -> int:
    return wire.status(CLOCK, 7, clock, 0, 0)


def set_rate(wire: Wire, clock: int) -> int:
    return wire.status(CLOCK, 5, 0, clock, 5000, 0)


def test_a_resource_of_two_devices_stays_while_one_of_them_is_held(
    agents: dict[str, Wire],
) -> None:
    linux = agents["linux"]
    assert give(agents, LINUX, UART, DENY) == SUCCESS
    assert switch(linux, ONLY_UART) != SUCCESS
    assert linux.status(RESET, 4, 0, 1, 0) != SUCCESS
    assert switch(linux, BOTH) == SUCCESS
    # What the other device needs of it, and nothing more: the rate goes with the SPI controller.
    assert set_rate(linux, BOTH) == SUCCESS
    assert give(agents, LINUX, UART, ALLOW) == SUCCESS
    assert give(agents, LINUX, SPI, DENY) == SUCCESS
    assert switch(linux, BOTH) == SUCCESS
    assert set_rate(linux, BOTH) == DENIED
    assert give(agents, LINUX, UART, DENY) == SUCCESS
    assert switch(linux, BOTH) != SUCCESS


def test_the_order_does_not_matter(agents: dict[str, Wire]) -> None:
    """DENY after ALLOW of another device that shares the clock does not revoke it."""
    linux = agents["linux"]
    for device in (UART, SPI):
        give(agents, LINUX, device, DENY)
    give(agents, LINUX, SPI, ALLOW)
    give(agents, LINUX, UART, DENY)
    assert switch(linux, BOTH) == SUCCESS


def test_an_assignable_device_moves_and_nothing_else_can_be_given(
    agents: dict[str, Wire],
) -> None:
    linux, vm = agents["linux"], agents["vm"]
    assert switch(linux, ONLY_GPU) == SUCCESS
    assert switch(vm, ONLY_GPU) == DENIED
    assert give(agents, LINUX, GPU, DENY) == SUCCESS
    assert give(agents, VM, GPU, ALLOW) == SUCCESS
    assert switch(vm, ONLY_GPU) == SUCCESS
    assert switch(linux, ONLY_GPU) != SUCCESS
    assert give(agents, VM, UART, ALLOW) == DENIED


def test_what_is_granted_by_hand_is_unaffected(agents: dict[str, Wire]) -> None:
    vm = agents["vm"]
    give(agents, VM, GPU, ALLOW)
    give(agents, VM, GPU, DENY)
    assert vm.status(CLOCK, 6, ONLY_UART) == SUCCESS
    assert switch(vm, ONLY_UART) == DENIED


def test_only_a_trusted_agent_may(agents: dict[str, Wire]) -> None:
    assert agents["linux"].status(BASE, 9, LINUX, UART, DENY) == DENIED
