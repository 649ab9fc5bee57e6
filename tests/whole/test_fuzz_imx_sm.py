"""Damaged configurations of imx-sm, with their includes and headers, end in a description or in
diagnostics: soon, with places in the files.

    SCMIGEN_FUZZ=10000 python -m pytest tests/whole/test_fuzz_imx_sm.py

runs that many cases from number 0; SCMIGEN_FUZZ_FROM=N starts at another one.
"""

import os
from pathlib import Path
from random import Random
from time import process_time

import pytest
from audit.imx_sm_tree import BOARD, CLOCKS, CONFIG, DEVICE, HEADER, PERIPHERALS, write
from text_damage import damaged_file

from scmigen.audit.imx_sm import READER
from scmigen.diagnostics import InputError

CASES = int(os.environ.get("SCMIGEN_FUZZ", "100"))
FIRST = int(os.environ.get("SCMIGEN_FUZZ_FROM", "0"))
#: The most CPU seconds of one case.
SECONDS = 5
FILES = {
    "configs/acme.cfg": CONFIG,
    "devices/ACME/configtool/device.cfg": PERIPHERALS,
    "configs/acme/config_scmi.h": HEADER,
    "devices/ACME/sm/dev_sm_clock.h": DEVICE,
    "devices/ACME/drivers/fsl_clock.h": CLOCKS,
    "boards/acmeevk/sm/brd_sm_sensor.h": BOARD,
}
WORDS = tuple({word for text in FILES.values() for word in text.split()})


@pytest.mark.parametrize("block", range(10))
def test_a_damaged_file_is_read_or_refused_with_a_place(block: int, tmp_path: Path) -> None:
    for number in range(FIRST + block, FIRST + CASES, 10):
        random = Random(f"imx-sm {number}")
        config = write(tmp_path)
        name = random.choice(list(FILES))
        other = random.choice(list(FILES.values()))
        (tmp_path / name).write_bytes(damaged_file(random, FILES[name], other, WORDS))
        for path in (config, config.parent / "acme/config_scmi.h"):
            begin = process_time()
            try:
                found = READER.read(path).diagnostics
            except InputError as problem:
                found = problem.diagnostics
            assert process_time() - begin < SECONDS, number
            for item in found:
                assert item.position is not None, (number, item.message)
                assert item.position.line <= lines_of(item.position.file), (number, item.message)


def lines_of(name: str) -> int:
    """The lines of a file; none of one that cannot be read, which is what is told."""
    try:
        return Path(name).read_bytes().count(b"\n") + 1
    except (OSError, ValueError):
        return 0
