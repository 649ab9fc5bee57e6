"""Boots in a row: each comes up, has its clocks, and powers itself off, soon.

``SCMIGEN_BOOTS=50 pytest -m guest tests/guest/test_boots.py -s`` boots 50 times.
"""

import os
import time
from itertools import cycle, islice
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median
from tempfile import TemporaryDirectory

import pytest
from guest import linux
from guest.boards import CASES, PROCESSORS, booted

from scmigen.client import Client

pytestmark = [pytest.mark.slow, pytest.mark.guest, pytest.mark.usefixtures("machine")]

BOOTS = int(os.environ.get("SCMIGEN_BOOTS", "3"))
#: Of processors' time, from the start of QEMU to its end: what the guest takes on a machine that
#: does nothing else, whatever else this one does.
SECONDS = 3


def test_boots_in_a_row_come_up_and_power_off() -> None:
    """A guest that fails is a failure of the whole; the fastest of them is fast enough."""
    walls: list[float] = []
    processors: list[float] = []
    for case in islice(cycle(CASES), BOOTS):
        with TemporaryDirectory(prefix="guest-") as folder, booted(case, Path(folder)) as judge:
            assert judge.guest.run("nproc") == f"{PROCESSORS}\n"
            assert judge.view.names("clock") <= linux.clocks(judge.guest).keys()
            before = _processors()
            judge.guest.power_off()
            processors.append(_processors() - before)
            walls.append(time.monotonic() - judge.guest.started)
    print(
        f"\n{len(walls)} boots to power-off: median {median(walls):.2f} s, longest "
        f"{max(walls):.2f} s; of processors' time median {median(processors):.2f} s"
    )
    assert min(processors) < SECONDS


def _processors() -> float:
    """The processors' time of the processes that were started here and have ended."""
    used = getrusage(RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_a_shutdown_that_linux_asks_for_reaches_the_platform(folder: Path) -> None:
    """SYSTEM_POWER_STATE_SET, flags 1 (graceful), state 0 (shutdown)."""
    with booted(CASES[0], folder, 1) as judge:
        assert linux.Raw(judge.guest).send((0x12, 3, (1, 0))) == [(0,)]
        judge.served.expect("^system 0 1$")
        judge.guest.power_off()


def test_linux_powers_off_when_another_agent_asks_for_it(folder: Path) -> None:
    url = f"unix:{folder}/hypervisor.sock"
    with booted(CASES[0], folder, 1, {"hypervisor": url}) as judge, Client(url) as client:
        client.ask("SYSTEM_POWER_STATE_SET", flags=1, state=0)
        judge.guest.wait()
        judge.served.expect("^system 0 1$")
