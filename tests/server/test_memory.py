"""Shared memory whose file the peer makes shorter and longer at any moment: an error, no SIGBUS."""

import fcntl
import os
import subprocess
import sys
from contextlib import suppress

import pytest

from scmigen.server.memory import SharedMemory, SharedMemoryError

SIZE = 1 << 16
_CUT = f"""
import os
print(flush=True)
while True:
    os.ftruncate(0, 0)
    os.ftruncate(0, {SIZE})
"""


def memory(seals=0):
    """A memfd of `SIZE` bytes, as front ends make them; a second descriptor of it, and its view."""
    file = os.memfd_create("peer", os.MFD_ALLOW_SEALING)
    os.ftruncate(file, SIZE)
    fcntl.fcntl(file, fcntl.F_ADD_SEALS, seals)
    return file, SharedMemory(os.dup(file), SIZE - 64, 64)


@pytest.mark.parametrize("seals", [0, fcntl.F_SEAL_SHRINK, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW])
@pytest.mark.parametrize("offset", [0, 4095 - 64, SIZE - 64 - 5])
def test_both_sides_see_the_same_bytes(seals, offset):
    file, shared = memory(seals)
    shared.write(offset, b"there")
    assert os.pread(file, 5, 64 + offset) == b"there"
    os.pwrite(file, b"again", 64 + offset)
    assert shared.read(offset, 5) == b"again"
    for at in (offset - SIZE, SIZE - 64 - 4):
        with pytest.raises(SharedMemoryError):
            shared.read(at, 5)
        with pytest.raises(SharedMemoryError):
            shared.write(at, b"there")
    shared.close()
    os.close(file)


@pytest.mark.parametrize("seals", [0, fcntl.F_SEAL_SHRINK])
def test_memory_that_is_closed_has_no_bytes(seals):
    """The number of its file may be another file's by then, which must not be touched."""
    file, shared = memory(seals)
    shared.write(0, b"there")
    number = shared.descriptor
    shared.close()
    os.dup2(file, number)
    with pytest.raises(SharedMemoryError):
        shared.read(0, 5)
    with pytest.raises(SharedMemoryError):
        shared.write(0, b"never")
    shared.close()
    assert os.pread(number, 5, 64) == b"there"
    os.close(number)
    os.close(file)


def test_a_file_that_became_shorter_is_an_error():
    file, shared = memory()
    shared.write(8192, b"there")
    os.ftruncate(file, 4096)
    with pytest.raises(SharedMemoryError, match="shorter"):
        shared.read(8192, 5)
    with pytest.raises(SharedMemoryError, match="shorter"):
        shared.write(8192, b"there")
    assert os.fstat(file).st_size == 4096  # and writing does not make it longer again
    shared.close()
    os.close(file)


def test_a_file_that_changes_its_size_all_the_time():
    file, shared = memory()
    command = [sys.executable, "-S", "-E", "-c", _CUT]
    with subprocess.Popen(command, stdin=file, stdout=subprocess.PIPE) as cutter:
        assert cutter.stdout is not None
        cutter.stdout.read(1)
        for number in range(5_000):
            with suppress(SharedMemoryError):
                shared.write(8192, number.to_bytes(8, "little"))
            with suppress(SharedMemoryError):
                assert len(shared.read(8192, 8)) == 8
        cutter.kill()
    shared.close()
    os.close(file)
