"""What guests need of the machine, or why their tests are skipped; and a folder for each."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from guest import programs


@pytest.fixture(scope="session")
def machine() -> None:
    """QEMU and a kernel; all tests marked ``guest`` use it."""
    try:
        programs.qemu()
        programs.kernel()
    except programs.MissingError as problem:
        pytest.skip(str(problem))


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for sockets, whose paths are limited to 107 bytes: not below pytest's."""
    with TemporaryDirectory(prefix="guest-") as path:
        yield Path(path)
