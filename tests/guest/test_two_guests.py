"""Two Linux guests share a clock, a power domain and a supply: the platform counts their votes."""

import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from struct import unpack
from tempfile import TemporaryDirectory

import pytest
from guest import linux
from guest.hostile import ABUSES, MESSAGES, Stranger, abuses, batches
from guest.machine import GuestError
from guest.twins import (
    BUS,
    CODEC,
    CORE,
    DSP,
    GPU,
    HYPERVISOR,
    LEFT,
    NUMBERS,
    RIGHT,
    SHARED,
    STRANGER,
    TIMER_CLOCK,
    TIMER_DOMAIN,
    Device,
    Twin,
    Twins,
    Use,
    running,
)

from scmigen.client import Client, ScmiError
from scmigen.scmi.protocols import Protocol

pytestmark = [pytest.mark.slow, pytest.mark.guest]

#: Of Linux: permission denied.
EACCES = 13
#: Of SCMI (scmi-messages.md, 2.1).
SUCCESS, DENIED, NOT_FOUND = 0, 0xFFFF_FFFD, 0xFFFF_FFFC
#: The generic state of a power domain.
ON = 0
SET_DEVICE, RESET_AGENT = 9, 0xB
DENY, ALLOW = 0, 1
#: Seconds in which a guest is answered, whatever others do, on a machine that does other things.
PATIENCE = 10
#: What right's Linux asks: the rate of a clock of its own, what is left's, states, and its name.
QUESTIONS = (
    (0x14, 6, (2,)),
    (0x14, 3, (1,)),
    (0x11, 5, (0,)),
    (0x17, 6, (0,)),
    (0x10, 7, (NUMBERS[RIGHT],)),
)
ANSWERS = [
    (SUCCESS, 100_000_000, 0),
    (NOT_FOUND,),
    (SUCCESS, ON),
    (SUCCESS, 7),
    (SUCCESS, NUMBERS[RIGHT], *unpack("<4I", b"right".ljust(16, b"\0"))),
]
BOTH_ORDERS = pytest.mark.parametrize("first", ["left", "right"])
EACH_SHARED = pytest.mark.parametrize("use", SHARED, ids=lambda use: use.kind)


@pytest.fixture(scope="module")
def twins() -> Iterator[Twins]:
    """Both guests, for all tests: one after the other leaves everything off."""
    with TemporaryDirectory(prefix="guest-") as folder, running(Path(folder)) as found:
        yield found


def ordered(twins: Twins, first: str) -> tuple[Twin, Twin]:
    """Both guests, and first the one of that name."""
    return (twins.left, twins.right) if first == "left" else (twins.right, twins.left)


@BOTH_ORDERS
@EACH_SHARED
def test_it_is_on_from_the_first_vote_to_the_last(twins: Twins, first: str, use: Use) -> None:
    one, other = ordered(twins, first)
    twins.step(one, "on", use, use.on)
    twins.step(other, "on", use)
    twins.step(one, "off", use)
    twins.step(other, "off", use, use.off)
    twins.step(one, "on", use, use.on)
    twins.step(other, "on", use)
    twins.step(other, "off", use)
    twins.step(one, "off", use, use.off)


@BOTH_ORDERS
@EACH_SHARED
def test_a_guest_that_returns_votes_again_while_the_other_holds_it_on(
    twins: Twins, first: str, use: Use
) -> None:
    """Linux enables no regulator that reads as on, and a power domain that reads as on after it was
    switched off is an error to it: it reads its own vote, or loses what it uses."""
    one, other = ordered(twins, first)
    before = len(twins.votes(other, use))
    twins.step(one, "on", use, use.on)
    twins.step(other, "on", use)
    twins.step(other, "off", use)
    twins.step(other, "on", use)
    assert twins.votes(other, use)[before:] == [True, False, True]
    twins.step(one, "off", use)
    twins.step(other, "off", use, use.off)


def test_what_is_a_guests_own_is_nobody_elses(twins: Twins) -> None:
    for twin in (twins.left, twins.right):
        use = CORE[twin.name]
        twins.step(twin, "on", use, use.on)
        twins.step(twin, "off", use, use.off)


def all_on(twins: Twins, twin: Twin, *uses: Use) -> set[str]:
    """Switch on what a guest shares, and more; the effects."""
    assert set(twin.order(*((use, "on") for use in (*SHARED, *uses)))) == {0}
    return {*twins.effects()}


def all_off(twins: Twins, twin: Twin, *uses: Use) -> set[str]:
    """Switch it off."""
    assert set(twin.order(*((use, "off") for use in (*SHARED, *uses)))) == {0}
    return {*twins.effects()}


def move(hypervisor: Client, device: int, *givers: tuple[str, int]) -> None:
    """Deny a device to an agent, or allow it."""
    for agent, flag in givers:
        hypervisor.call(Protocol.BASE, SET_DEVICE, NUMBERS[agent], device, flag)


@pytest.mark.parametrize("device", [CODEC, GPU], ids=lambda each: each.name)
def test_a_hypervisor_moves_a_device_while_both_run(twins: Twins, device: Device) -> None:
    left, right, number = twins.left, twins.right, twins.device(device.node)
    on, off = {use.on for use in device.uses}, {use.off for use in device.uses}
    clock = device.uses[0]

    def all_of(twin: Twin, word: str) -> list[int]:
        return twin.order(*((use, word) for use in device.uses), node=device.node)

    with Client(twins.urls[HYPERVISOR]) as hypervisor:
        hypervisor.enable_clock(TIMER_CLOCK, on=True)
        hypervisor.set_power(TIMER_DOMAIN, on=True)
        left.take(device.node)
        for twin in (left, right):
            all_on(twins, twin)
        begun = len(twins.served.said)
        # The right one may not have it yet, and cannot take it.
        answers = linux.Raw(right.guest).send(*device.changes)
        assert [answer[0] for answer in answers] == [DENIED] * 4
        assert all_of(left, "on") == [0] * 3
        assert {*twins.effects()} == on

        with pytest.raises(ScmiError, match="DENIED"):
            move(hypervisor, number, (RIGHT, ALLOW))
        move(hypervisor, number, (LEFT, DENY))
        assert {*twins.effects()} == off
        answers = linux.Raw(left.guest).send(*device.changes)
        assert [answer[0] for answer in answers] == [DENIED] * 4
        assert left.order((clock, "off"), (clock, "on"), node=device.node) == [0, EACCES]
        assert twins.effects() == []

        move(hypervisor, number, (RIGHT, ALLOW))
        right.take(device.node)
        (seen,) = (line for line in linux.taken(right.guest)[device.node] if line.kind == "clk")
        assert seen.values["rate"] == str(device.rate)
        twins.effects()
        assert all_of(right, "on") == [0] * 3
        assert {*twins.effects()} == on
        orders = [(device.node, order) for order in device.orders]
        assert set(linux.order(right.guest, orders)) == {0}
        assert device.effect in {" ".join(line.split()[:2]) for line in twins.effects()}
        assert all_of(right, "off") == [0] * 3
        assert {*twins.effects()} >= off

        move(hypervisor, number, (RIGHT, DENY), (LEFT, ALLOW))
        left.give_back(device.node)
        left.take(device.node)
        twins.effects()
        assert all_of(left, "on") == [0] * 3
        assert {*twins.effects()} == on
        assert all_of(left, "off") == [0] * 3
        # All the while nothing of the third's changed, nor what the two have besides.
        assert hypervisor.power_state(TIMER_DOMAIN) == ON
        changed = {" ".join(line.split()[:2]) for line in twins.served.said[begun:]}
        assert changed <= {use.effect for use in device.uses} | {device.effect}
    for twin in (left, right):
        all_off(twins, twin)


def test_a_guest_that_reboots_in_its_vmm_votes_no_more(twins: Twins) -> None:
    left, right = twins.left, twins.right
    core = CORE["left"]
    assert all_on(twins, left, core) == {use.on for use in (*SHARED, core)}
    twins.step(right, "on", BUS)
    cast = sum(agent == "left" for agent, _ in twins.commands())
    left.guest.begin("reboot -f")
    gone = {use.off for use in (*SHARED[1:], core)}
    twins.expect(*gone)
    # The new kernel has not begun to ask: the votes did not end by what it asked for.
    assert sum(agent == "left" for agent, _ in twins.commands()) == cast
    assert {*twins.effects()} == gone
    left.ready()
    assert not [line for line in twins.effects() if line.startswith(BUS.effect)]
    twins.step(left, "on", BUS)
    twins.step(right, "off", BUS)
    twins.step(left, "off", BUS, BUS.off)


def test_a_killed_guest_votes_no_more_and_a_new_one_votes_anew(twins: Twins) -> None:
    left, right = twins.left, twins.right
    alone = {CORE["left"], SHARED[-1]}
    assert all_on(twins, left, CORE["left"]) == {use.on for use in (*SHARED, CORE["left"])}
    held = [use for use in SHARED if use not in alone]
    assert right.order(*((use, "on") for use in held)) == [0] * len(held)
    assert twins.effects() == []
    left.kill()
    twins.expect(*(use.off for use in alone))
    assert {*twins.effects()} == {use.off for use in alone}
    for _ in range(5):
        twins.step(right, "on", CORE["right"], CORE["right"].on)
        twins.step(right, "off", CORE["right"], CORE["right"].off)

    left.start()
    left.ready()
    assert not {use.off for use in held} & {*twins.effects()}
    assert all_on(twins, left) == {SHARED[-1].on}
    assert right.order(*((use, "off") for use in held)) == [0] * len(held)
    assert twins.effects() == []
    assert all_off(twins, left) == {use.off for use in SHARED}


def test_a_guest_that_is_killed_while_it_boots_leaves_nothing(twins: Twins) -> None:
    """At any moment: while QEMU connects, while Linux asks what there is, when it has it."""
    left, right = twins.left, twins.right
    assert all_on(twins, right) == {use.on for use in SHARED}
    left.kill()
    time.sleep(1)  # for the server to close its files
    files = twins.open_files()
    for moment in (0.02, 0.1, 0.2, 0.4, 0.8):
        left.start()
        time.sleep(moment)
        left.kill()
        twins.step(right, "on", CORE["right"], CORE["right"].on)
        twins.step(right, "off", CORE["right"], CORE["right"].off)
    time.sleep(1)
    assert twins.open_files() == files
    left.start()
    left.ready()
    assert all_on(twins, left) == set()
    assert all_off(twins, right) == set()
    assert all_off(twins, left) == {use.off for use in SHARED}


def test_a_hypervisor_resets_a_guest_that_hangs(twins: Twins) -> None:
    """With BASE_RESET_AGENT_CONFIGURATION, while the VMM does not react to anything."""
    left, right = twins.left, twins.right
    alone = {CORE["left"], SHARED[-1]}
    all_on(twins, left, CORE["left"])
    held = [use for use in SHARED if use not in alone]
    assert right.order(*((use, "on") for use in held)) == [0] * len(held)
    with Client(twins.urls[HYPERVISOR]) as hypervisor, left.stopped():
        hypervisor.call(Protocol.BASE, RESET_AGENT, NUMBERS[LEFT], 0)
        assert {*twins.effects()} == {use.off for use in alone}
        twins.step(right, "on", CORE["right"], CORE["right"].on)
        twins.step(right, "off", CORE["right"], CORE["right"].off)
    # It goes on, and has to vote again.
    assert all_off(twins, left, CORE["left"]) == set()
    assert all_on(twins, left, CORE["left"]) == {use.on for use in alone}
    assert right.order(*((use, "off") for use in held)) == [0] * len(held)
    assert twins.effects() == []
    assert all_off(twins, left, CORE["left"]) == {use.off for use in (*SHARED, CORE["left"])}


def test_guests_keep_their_votes_when_others_get_another_configuration(twins: Twins) -> None:
    left, right = twins.left, twins.right

    all_on(twins, left)
    assert all_on(twins, right) == set()
    counter = {"clock": [{"id": 5, "resource": 5, "operations": ["state", "read"]}]}
    # The same, the stranger without its only device, and the same again.
    for grants in (counter, {}, counter):
        twins.reload({STRANGER: grants})
        # The back end begins anew, with what is on, and with levels that were set.
        effects = twins.effects()
        assert {*effects} >= {use.on for use in SHARED}
        assert not [line for line in effects if line.endswith(" state 0")]
        for twin in (left, right):
            twins.step(twin, "on", CORE[twin.name], CORE[twin.name].on)
            twins.step(twin, "off", CORE[twin.name], CORE[twin.name].off)
    assert all_off(twins, left) == set()
    assert all_off(twins, right) == {use.off for use in SHARED}


def test_guests_with_ids_of_their_own_share_and_move_the_same(folder: Path) -> None:
    """Numbered for each agent, nearly everything of right's has another id than its number."""
    with running(folder, "per-agent") as twins, Client(twins.urls[HYPERVISOR]) as hypervisor:
        left, right = twins.left, twins.right
        for use in SHARED:
            twins.step(left, "on", use, use.on)
            twins.step(right, "on", use)
            twins.step(left, "off", use)
            twins.step(right, "off", use, use.off)
        twins.step(right, "on", CORE[RIGHT], CORE[RIGHT].on)
        number = twins.device(GPU.node)
        move(hypervisor, number, (LEFT, DENY), (RIGHT, ALLOW))
        right.take(GPU.node)
        twins.effects()
        for use in GPU.uses:
            twins.step(right, "on", use, use.on, node=GPU.node)
        orders = [(GPU.node, order) for order in GPU.orders]
        assert set(linux.order(right.guest, orders)) == {0}
        assert GPU.effect in {" ".join(line.split()[:2]) for line in twins.effects()}


def beside(twins: Twins, job: Callable[[], None]) -> list[float]:
    """Ask right's Linux, as long as a job of others takes, for what has one answer, and have it use
    what is its own; how many seconds each time took. What it shares stays on meanwhile."""
    right, core = twins.right, CORE[RIGHT]
    assert right.order(*((use, "on") for use in SHARED)) == [0] * 3
    raw, times = linux.Raw(right.guest), []
    twins.effects()
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(job)
        while not done.done():
            started = time.monotonic()
            assert raw.send(*QUESTIONS) == ANSWERS
            assert right.order((core, "on"), (core, "off")) == [0, 0]
            times.append(time.monotonic() - started)
        done.result()
    effects = twins.effects()
    own = [line for line in effects if line.startswith(f"{core.effect} ")]
    assert own == [core.on, core.off] * len(times)
    assert not {use.off for use in SHARED} & {*effects}
    assert right.order(*((use, "off") for use in SHARED)) == [0] * 3
    assert twins.effects()[-3:] == [use.off for use in SHARED]
    assert "timed out" not in right.guest.run("dmesg")
    assert max(times) < PATIENCE
    return times


def test_hostile_messages_and_a_hostile_vmm_disturb_nobody(twins: Twins) -> None:
    """Left sends whatever a guest can, and the stranger whatever a VMM can."""
    before = sum(agent == LEFT for agent, _ in twins.commands())

    def send() -> None:
        for batch in batches(seed=1):
            twins.left.guest.run(batch, 60)

    with Stranger(Path(twins.urls[STRANGER].removeprefix("vhost-user:"))) as stranger:
        times = beside(twins, send)
    sent = sum(agent == LEFT for agent, _ in twins.commands()) - before
    assert sent >= 0.95 * MESSAGES
    print(
        f"\n{len(times)} rounds, the longest {max(times):.2f} s, beside {sent} hostile messages "
        f"and {stranger.tried} hostile connections"
    )


def test_a_guest_that_abuses_its_device_harms_itself_alone(twins: Twins) -> None:
    left = twins.left
    (device,) = left.guest.run("cd /sys/bus/virtio/drivers/scmi-virtio; readlink virtio*").split()
    found = re.search(r"/([0-9a-f]+)\.virtio_mmio/", device)
    assert found is not None

    def abuse() -> None:
        for script in abuses(seed=1, device=int(found[1], 16)):
            with suppress(GuestError):  # its own fault
                left.guest.run(script, 5)
            left.kill()
            left.start()
            left.guest.ready()

    times = beside(twins, abuse)
    print(f"\n{len(times)} rounds, the longest {max(times):.2f} s, beside {ABUSES} abuses")
    assert twins.served.log.count("left: vhost-user: ") >= ABUSES // 2
    left.take(DSP[LEFT])
    twins.effects()
    assert all_on(twins, left) == {use.on for use in SHARED}
    assert all_off(twins, left) == {use.off for use in SHARED}
