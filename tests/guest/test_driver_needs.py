"""What a table of drivers adds, as Linux takes it: with the table a driver's ``clk_set_rate``
reaches the platform; without it Linux leaves the operation out and reports success all the same.

The module acts as the driver of the board's first display, with ``clk rate`` in place of its calls.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from guest import linux, programs, trees
from guest.boards import Case
from guest.expected import Granted, view
from guest.machine import Guest
from guest.programs import kernel
from guest.serving import Served

import scmigen
from scmigen import Text
from scmigen.devicetree.load import load

pytestmark = [pytest.mark.slow, pytest.mark.guest, pytest.mark.usefixtures("machine")]

CASE = Case("imx8mp-evk", "linux")
#: The display, and the clock that its driver sets for a mode (lcdif_crtc_atomic_enable).
DEVICE, CLOCK = "/soc@0/bus@32c00000/display-controller@32e80000", "pix"
#: What the platform can make of the clock: what it runs at, and what a mode asks for.
BEFORE, AFTER = 74_250_000, 148_500_000
GET_RATE = (0x14, 0x6)


class Set(NamedTuple):
    """A clock's operations, what setting its rate gave (an errno), and what came of it: the rate
    that Linux sees, that which the server answers, what the back end was given, and what the kernel
    said meanwhile."""

    operations: frozenset[str]
    errno: int
    seen: int
    served: int
    effects: list[str]
    messages: str


def _build(folder: Path, said: Mapping[str, object]) -> Granted:
    """What scmigen makes of the board in ``folder``, where its agent is as ``said`` besides; the
    clock of the device."""
    board = scmigen.load(CASE.source)
    more = Text("needs.yaml", json.dumps({"domains": {CASE.agent: {"scmi": said}}}))
    result = scmigen.compile(board, agents=[str(CASE.agents), more])
    scmigen.emit(result, ["runtime", "consumer"]).write(folder)
    asked = view(folder / "runtime" / "runtime.json", CASE.agent).asked(board)
    return next(e.resource for e in asked[DEVICE] if e.name == CLOCK and e.resource)


def _set(folder: Path, said: Mapping[str, object]) -> Set:
    """Boot the board's agent, and have the device's driver set the rate of its clock."""
    clock = _build(folder / "out", said)
    extra = folder / "extra.json"
    rates = {"rates": [BEFORE, AFTER], "rate": BEFORE}
    extra.write_text(json.dumps({"clocks": {clock.what["name"]: rates}}))
    emitted = load(folder / "out" / "consumer" / f"{CASE.agent}.dtb")
    blob = trees.reduced(emitted, programs.virt()).blob
    runtime, options = folder / "out" / "runtime" / "runtime.json", ("--extra", str(extra))
    with (
        Served(folder, runtime, CASE.agent, options=options) as served,
        Guest(folder, blob, served.sockets[CASE.agent]).ready() as guest,
    ):
        assert linux.take(guest, [DEVICE]) == {}
        served.events()
        guest.run("dmesg -c >/dev/null")
        (errno,) = linux.order(guest, [(DEVICE, f"clk rate {CLOCK} {AFTER}")])
        messages = guest.run("dmesg")
        lines = linux.taken(guest)[DEVICE]
        seen = next(e for e in lines if e.kind == "clk" and e.values["id"] == CLOCK)
        (answer,) = linux.Raw(guest).send((*GET_RATE, (clock.id,)))
        assert answer[0] == 0, answer
        effects = [line for line in served.events() if line.startswith(f"clock {clock.number} ")]
        guest.power_off()
    rate = int(seen.values["rate"])
    return Set(clock.operations, errno, rate, answer[1], effects, messages.strip())


@pytest.fixture(scope="module", autouse=True)
def module() -> None:
    """The module that acts as a driver."""
    if kernel().module is None:
        pytest.skip("no scmi_consumer.ko beside the kernel")


def test_with_the_table_the_rate_that_a_driver_sets_reaches_the_platform(folder: Path) -> None:
    done = _set(folder, {})
    assert "rate" in done.operations
    assert (done.errno, done.seen, done.served) == (0, AFTER, AFTER)
    assert [line.split()[-2:] for line in done.effects] == [["rate", str(AFTER)]], done.effects


def test_without_it_linux_says_that_the_rate_is_set_and_it_is_not(folder: Path) -> None:
    done = _set(folder, {"needs": "none"})
    assert "rate" not in done.operations
    assert (done.errno, done.seen, done.served) == (0, BEFORE, BEFORE)
    assert (done.effects, done.messages) == ([], "")
