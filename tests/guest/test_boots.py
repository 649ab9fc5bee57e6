"""Boots in a row: each comes up, has its clocks, and powers itself off, soon.

``SCMIGEN_BOOTS=50 pytest -m guest tests/guest/test_boots.py -s`` boots 50 times.
"""

import os
import time
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import pytest
from guest import linux
from guest.boards import CASES, booted

pytestmark = [pytest.mark.slow, pytest.mark.guest, pytest.mark.usefixtures("machine")]

BOOTS = int(os.environ.get("SCMIGEN_BOOTS", "3"))
#: From the start of QEMU to its end, on a machine that does nothing else.
SECONDS = 3


def test_boots_in_a_row_come_up_and_power_off() -> None:
    """A guest that fails is a failure of the whole; the fastest of them is fast enough."""
    times: list[float] = []
    for case in islice(cycle(CASES), BOOTS):
        with TemporaryDirectory(prefix="guest-") as folder, booted(case, Path(folder)) as judge:
            assert judge.view.names("clock") <= linux.clocks(judge.guest).keys()
            judge.guest.power_off()
            times.append(time.monotonic() - judge.guest.started)
    print(f"\n{len(times)} boots: median {median(times):.2f} s, longest {max(times):.2f} s")
    assert min(times) < SECONDS


def test_a_graceful_shutdown_reaches_the_platform_and_ends_the_guest(folder: Path) -> None:
    """SYSTEM_POWER_STATE_SET, flags 1 (graceful), state 0 (shutdown): the platform tells all agents
    that may hear it, the one that asked too."""
    with booted(CASES[0], folder, 1) as judge:
        linux.Raw(judge.guest).send((0x12, 3, (1, 0)))
        judge.guest.wait()
        judge.served.expect("^system 0")
