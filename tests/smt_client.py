"""An agent at shared memory, for tests: nothing here comes from the package under test."""

import os
import select
import socket
import time

from scmi_wire import words


class Areas:
    """Shared memory with a doorbell, as an agent has it; offsets as in ``arm,scmi-shmem``.

    ``path`` is the file of the memory, and its doorbell is beside it. With ``eventfd`` eventfds
    ring; with ``memfd`` the memory is in no file, and ``path`` is the doorbell.
    """

    eventfd = False
    memfd = False

    def __init__(self, path, slot=256):
        self.slot = slot
        self.doorbell = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.doorbell.settimeout(10)
        self.doorbell.connect(str(path) if self.memfd else f"{path}.doorbell")
        files = []
        if self.memfd or self.eventfd:
            byte, files, _, _ = socket.recv_fds(self.doorbell, 10, 10)
            assert byte == b"S"
        if self.eventfd:
            *files, self.there, self.here = files
        else:
            self.there = self.here = None
        self.file = files[0] if self.memfd else os.open(path, os.O_RDWR)

    def put(self, at, data):
        assert os.pwrite(self.file, data, at) == len(data)

    def get(self, at, size):
        return os.pread(self.file, size, at)

    def word(self, at):
        return int.from_bytes(self.get(at, 4), "little")

    def ring(self):
        if self.eventfd:
            os.eventfd_write(self.there, 1)
        else:
            self.doorbell.sendall(b"D")

    def rung(self):
        """Whether the server rings."""
        if self.eventfd:
            return bool(select.select([self.here], [], [], 10)[0] and os.eventfd_read(self.here))
        return self.doorbell.recv(1) != b""

    def write(self, message, length=None):
        self.put(0x18, message)
        self.put(0x14, words(len(message) if length is None else length))
        self.put(4, words(0))

    def post(self, message, length=None):
        self.write(message, length)
        self.ring()
        assert self.rung()

    def answer(self):
        assert self.word(4) == 1
        return self.get(0x18, self.word(0x14))

    def until(self, condition):
        for _ in range(1000):
            if condition():
                return
            time.sleep(0.01)
        raise AssertionError("it did not come")

    def close(self):
        self.doorbell.close()
        for file in (self.file, self.there, self.here):
            if file is not None:
                os.close(file)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class EventAreas(Areas):
    """Eventfds ring."""

    eventfd = True


class MemoryAreas(EventAreas):
    """Memory in no file, and eventfds."""

    memfd = True
