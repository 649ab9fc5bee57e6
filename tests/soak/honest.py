"""Agents that do what agents do, and check every answer."""

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from random import Random

from scmi_wire import CLOCK, PERFORMANCE, SUCCESS, request, words
from smt_client import Areas, EventAreas, MemoryAreas
from soak.platform import FAST_ADDRESS, LEVELS, RATES
from vhost_front_end import FrontEnd

#: The longest time in seconds an answer may take: far more than it does on a busy machine.
PATIENCE = 30

Ask = Callable[[bytes], bytes]


@contextmanager
def packets(path: Path) -> Iterator[Ask]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
        client.settimeout(PATIENCE)
        client.connect(str(path))
        yield lambda message: (client.sendall(message), client.recv(200))[1]


@contextmanager
def stream(path: Path) -> Iterator[Ask]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(PATIENCE)
        client.connect(str(path))

        def exactly(size: int) -> bytes:
            data = b""
            while len(data) < size:
                part = client.recv(size - len(data))
                assert part, "closed"
                data += part
            return data

        def ask(message: bytes) -> bytes:
            client.sendall(words(len(message)) + message)
            return exactly(int.from_bytes(exactly(4), "little"))

        yield ask


@contextmanager
def datagrams(path: Path) -> Iterator[Ask]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
        client.settimeout(PATIENCE)
        client.bind("")
        client.connect(str(path))
        yield lambda message: (client.send(message), client.recv(200))[1]


def memory(kind: type[Areas]) -> Callable[[Path], AbstractContextManager[Ask]]:
    @contextmanager
    def connected(path: Path) -> Iterator[Ask]:
        with kind(path) as areas:
            areas.doorbell.settimeout(PATIENCE)

            def ask(message: bytes) -> bytes:
                areas.post(message)
                areas.until(lambda: areas.word(4) == 1)
                return areas.answer()

            yield ask

    return connected


@contextmanager
def guest(path: Path) -> Iterator[Ask]:
    with FrontEnd(path) as front_end:
        front_end.socket.settimeout(PATIENCE)
        front_end.start()
        yield front_end.command


CONNECT: Mapping[str, Callable[[Path], AbstractContextManager[Ask]]] = {
    "packet": packets,
    "stream": stream,
    "datagram": datagrams,
    "memory": memory(Areas),
    "events": memory(EventAreas),
    "memfd": memory(MemoryAreas),
    "guest": guest,
    "fast": packets,
}


class Honest(threading.Thread):
    """Sets its clock and reads it back until it is told to stop. ``failure`` is what went wrong."""

    def __init__(
        self, transport: str, folder: Path, stop: threading.Event, name: str | None = None
    ) -> None:
        super().__init__(name=name or transport)
        self.transport, self.folder, self.stop = transport, folder, stop
        self.random = Random(name)
        self.answers, self.longest = 0, 0.0
        self.failure: Exception | None = None

    def run(self) -> None:
        try:
            with self.connected() as ask:
                while not self.stop.is_set():
                    self.set_rate(ask)
                    self.stop.wait(self.random.random() / 50)
        except Exception as problem:
            self.failure = problem

    def once(self) -> None:
        """Connect, set the clock, and go."""
        with self.connected() as ask:
            self.set_rate(ask)

    def connected(self) -> AbstractContextManager[Ask]:
        return CONNECT[self.transport](self.folder / self.name)

    def ask(self, ask: Ask, protocol: int, message: int, *values: int) -> bytes:
        """The values of a successful answer."""
        sent = request(protocol, message, *values, token=self.random.randrange(1024))
        start = time.monotonic()
        frame = ask(sent)
        self.longest = max(self.longest, time.monotonic() - start)
        self.answers += 1
        assert frame[:8] == sent[:4] + words(SUCCESS), (self.name, sent.hex(), frame.hex())
        return frame[8:]

    def set_rate(self, ask: Ask) -> None:
        rate = self.random.choice(RATES)
        self.ask(ask, CLOCK, 5, 0, 0, rate, 0)
        assert self.ask(ask, CLOCK, 6, 0) == words(rate, 0)
        if self.transport == "fast":
            self.set_level(ask)

    def set_level(self, ask: Ask) -> None:
        """Through the FastChannel; read through another one."""
        offsets = []
        for message in (7, 8):
            data = self.ask(ask, PERFORMANCE, 0xB, 0, message)
            _, _, address, _, doorbell, _, _ = struct.unpack("<IIQIQQQ", data)
            offsets.append((address - FAST_ADDRESS, doorbell - FAST_ADDRESS))
        (set_at, bell), (get_at, _) = offsets
        level = self.random.choice(LEVELS)
        with (self.folder / f"{self.name}.channels").open("r+b", buffering=0) as file:
            for at, value in ((set_at, level), (bell, 1)):
                file.seek(at)
                file.write(words(value))
            end = time.monotonic() + PATIENCE
            while time.monotonic() < end:
                file.seek(get_at)
                if file.read(4) == words(level):
                    return
                time.sleep(0.002)
        raise AssertionError("a FastChannel is not read any more")
