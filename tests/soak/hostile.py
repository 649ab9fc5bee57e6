"""Peers that do what they can to the server: to end it, to hold it up, or to make it grow.

    python -m soak.hostile TRANSPORT FOLDER SEED

is one of them until it is killed. It is a process of its own, since it may block itself.
"""

import array
import fcntl
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from random import Random

from scmi_shapes import COMMON, REQUEST_WORDS
from scmi_wire import request, words
from smt_client import Areas, EventAreas, MemoryAreas
from soak.platform import HOSTILE
from vhost_front_end import BUFFERS, GUEST, MEMORY, FrontEnd

#: What happens to a peer that the server ends, or does not serve.
REFUSED = (OSError, AssertionError, ValueError)
TYPES = {
    "packet": socket.SOCK_SEQPACKET,
    "stream": socket.SOCK_STREAM,
    "datagram": socket.SOCK_DGRAM,
    "fast": socket.SOCK_SEQPACKET,
}


MESSAGES = [
    (protocol, number, size)
    for protocol, requests in REQUEST_WORDS.items()
    for number, size in (COMMON | requests).items()
]
WORDS = (0, 0, 0, 0, 1, 1, 2, 10, 20, 1000, 5000, 0x4000_0000, 0x8000_0000, 0xFFFF_FFFF)


def message(random: Random) -> bytes:
    """A message that there is, with flipped bits, cut, too long, or none at all."""
    protocol, number, size = random.choice(MESSAGES)
    values = [random.choice(WORDS) for _ in range(size)]
    data = bytearray(request(protocol, number, *values, token=random.randrange(1024)))
    kind = random.random()
    if kind < 0.3:
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    elif kind < 0.4:
        del data[random.randrange(len(data)) :]
    elif kind < 0.45:
        data += random.randbytes(random.choice((1, 4, 100, 200, 4000)))
    elif kind < 0.5:
        data = bytearray(random.randbytes(random.randrange(40)))
    return bytes(data)


class Hostile:
    """One session after another at one transport, each for a moment."""

    def __init__(self, transport: str, folder: Path, seed: int) -> None:
        self.transport, self.folder = transport, folder
        self.path = folder / f"{HOSTILE}{transport}"
        self.random = Random(f"{transport} {seed}")
        self.sent = 0

    def run(self) -> None:
        while True:
            with suppress(*REFUSED):
                ATTACKS[self.transport](self)
            with Path(f"{self.path}.sent").open("a") as file:
                file.write(f"{self.sent}\n")
            self.sent = 0
            time.sleep(self.random.random() / 10)

    def more(self) -> bool:
        """Whether to do it once more."""
        self.sent += 1
        return self.random.random() > 0.01


def frame(peer: Hostile) -> bytes:
    """What goes over a socket; on a stream with its length, or a wrong one."""
    data = message(peer.random)
    if peer.transport != "stream":
        return data
    size = peer.random.choice((len(data),) * 20 + (0, 3, 133, 0xFFFF_FFFF, len(data) + 1))
    return words(size) + data


def attack_socket(peer: Hostile) -> None:
    with socket.socket(socket.AF_UNIX, TYPES[peer.transport]) as client:
        if client.type == socket.SOCK_DGRAM:
            client.bind("")
        client.setblocking(False)
        client.connect(str(peer.path))
        way = peer.random.choice((ask, flood, half, pass_files, lambda *_: None))
        way(peer, client)
        if peer.transport == "fast":
            scribble_channels(peer)


def ask(peer: Hostile, client: socket.socket) -> None:
    """Messages one after the other, with the answers read."""
    client.settimeout(0.2)
    while peer.more():
        client.sendall(frame(peer))
        client.recv(400)


def flood(peer: Hostile, client: socket.socket) -> None:
    """As many as there is room for, and no answer is read."""
    for _ in range(3):
        with suppress(BlockingIOError):
            while peer.more():
                client.send(frame(peer))
        time.sleep(0.05)


def half(peer: Hostile, client: socket.socket) -> None:
    """A part of a message, and nothing for a while."""
    client.send(frame(peer)[: peer.random.randint(1, 7)])
    time.sleep(peer.random.random() / 2)


def pass_files(peer: Hostile, client: socket.socket) -> None:
    """Files that nobody has asked for."""
    read, write = os.pipe()
    try:
        rights = array.array("i", [write] * peer.random.choice((1, 10, 200)))
        client.sendmsg([frame(peer)], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
    finally:
        os.close(read)
        os.close(write)


def scribble_channels(peer: Hostile) -> None:
    """Into the memory of this agent; its doorbells among it."""
    with (peer.folder / f"{HOSTILE}fast.channels").open("r+b", buffering=0) as file:
        for _ in range(20):
            file.seek(4 * peer.random.randrange(16))
            file.write(words(peer.random.choice((0, 1, 10, 20, 0xFFFF_FFFF))))


def flip_flags(bells: list[int], done: threading.Event) -> None:
    """O_NONBLOCK on and off, which is of the description that both sides have; and full."""
    while not done.is_set():
        for bell in bells:
            flags = fcntl.fcntl(bell, fcntl.F_GETFL)
            fcntl.fcntl(bell, fcntl.F_SETFL, flags ^ os.O_NONBLOCK)
            with suppress(OSError):
                fcntl.fcntl(bell, fcntl.F_SETFL, flags | os.O_NONBLOCK)
                os.eventfd_write(bell, 2**64 - 2)
            fcntl.fcntl(bell, fcntl.F_SETFL, flags & ~os.O_NONBLOCK)


class Flipper:
    """Flips the flags of ``bells`` meanwhile."""

    def __init__(self, bells: list[int]) -> None:
        self.done = threading.Event()
        self.thread = threading.Thread(target=flip_flags, args=(bells, self.done))

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *_: object) -> None:
        self.done.set()
        self.thread.join()


def attack_memory(peer: Hostile) -> None:
    """The words of the slots become anything, also while they are read, and the file short."""
    kind = {"memory": Areas, "events": EventAreas, "memfd": MemoryAreas}[peer.transport]
    random = peer.random
    with kind(peer.path) as areas:
        areas.doorbell.settimeout(0.5)
        size = os.fstat(areas.file).st_size
        bells = [bell for bell in (areas.here, areas.there) if bell is not None]
        with Flipper(bells):
            while peer.more() and random.random() > 0.02:
                length = random.choice((None, 4, 0, 0xFFFF_FFFF, random.randrange(200)))
                areas.write(message(random)[:200], length)
                for _ in range(random.randrange(3)):
                    areas.put(4 * random.randrange(size // 4), words(random.choice((0, 1, 2**31))))
                areas.ring() if areas.there is None else os.eventfd_write(areas.there, 1)
                time.sleep(0.001)
        if not kind.memfd and random.random() < 0.3:
            os.ftruncate(areas.file, random.randrange(size))
            with suppress(OSError):
                areas.ring()
            time.sleep(0.05)
            os.ftruncate(areas.file, size)
            areas.put(0, bytes(4) + words(1) + bytes(size - 8))


def attack_guest(peer: Hostile) -> None:
    """A front end and a guest that follow no rules."""
    random = peer.random
    with FrontEnd(peer.path) as guest:
        guest.socket.settimeout(0.5)
        if random.random() < 0.8:
            guest.start()
        with Flipper([*guest.kicks, *guest.calls]):
            while peer.more() and random.random() > 0.05:
                if random.random() < 0.3:
                    descriptor = random.choice(([], guest.kicks, [guest.file], guest.calls * 3))
                    payload = random.randbytes(random.choice((0, 8, 12, 40, 300)))
                    guest.send(random.randrange(45), payload, descriptor, random.choice((1, 9)))
                scribble_rings(peer, guest)
        if random.random() < 0.3:
            # Behind a mapping of this process too, which must not be touched from here on.
            os.ftruncate(guest.file, random.choice((0, 100, 4096)))
            guest.kick(0)
            time.sleep(0.05)
            os.ftruncate(guest.file, MEMORY)


def scribble_rings(peer: Hostile, guest: FrontEnd) -> None:
    """A message in a chain of descriptors that may be wrong."""
    random = peer.random
    data = message(random)[:200]
    guest.memory[BUFFERS : BUFFERS + len(data)] = data
    for number in range(3):
        address = random.choice((GUEST + BUFFERS, GUEST + BUFFERS + 0x400, 0, 2**64 - 4))
        length = random.choice((len(data), 136, 0, 2**32 - 1))
        guest.describe(
            random.randrange(2), number, address, length, random.randrange(8), number + 1
        )
    if random.random() < 0.2:
        guest.memory[random.randrange(0x2000)] = random.randrange(256)
    guest.offer(0, random.randrange(4), kick=False)
    with suppress(BlockingIOError):
        os.set_blocking(guest.kicks[0], False)
        guest.kick(0)
    time.sleep(0.001)


Attack = Callable[[Hostile], None]
ATTACKS: Mapping[str, Attack] = {
    **dict.fromkeys(TYPES, attack_socket),
    **dict.fromkeys(("memory", "events", "memfd"), attack_memory),
    "guest": attack_guest,
}


if __name__ == "__main__":
    Hostile(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])).run()
