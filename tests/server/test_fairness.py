"""One message per agent per turn: whatever the others send, nobody waits longer than their number.

The loop is turned by hand, and the trace tells whose messages each turn has handled.
"""

import io
import socket
import threading
from contextlib import suppress

import pytest
from scmi_wire import CLOCK, OFF, ON, POWER, request, words
from server_running import Running
from smt_client import Areas, EventAreas
from vhost_front_end import BUFFERS, GUEST, SIZE, FrontEnd

from scmigen.server.port import Trace
from scmigen.server.transports.sockets import BURST

RATE_GET = request(CLOCK, 6, 1)
RATE = RATE_GET[:4] + words(0, 200_000_000, 0)
PING = request(CLOCK, 0)


class Packets:
    """A client that sends as much as there is room for, and reads whatever comes."""

    kind = socket.SOCK_SEQPACKET
    framed = PING

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, self.kind)
        if self.kind == socket.SOCK_DGRAM:
            self.socket.bind("")
        self.socket.connect(str(path))
        self.socket.setblocking(False)

    def fill(self):
        for action in (lambda: self.socket.recv(1 << 16), lambda: self.socket.send(self.framed)):
            with suppress(BlockingIOError):
                while action():
                    pass

    def close(self):
        self.socket.close()


class Stream(Packets):
    kind = socket.SOCK_STREAM
    framed = (words(len(PING)) + PING) * 100


class Datagrams(Packets):
    kind = socket.SOCK_DGRAM


class SharedMemory(Areas):
    """Rings all the time, and writes the next message as soon as there is room."""

    def fill(self):
        self.doorbell.setblocking(False)
        with suppress(BlockingIOError):
            while self.doorbell.recv(4096):
                pass
        if self.word(4) == 1:
            self.write(PING)
        for _ in range(20):
            self.doorbell.send(b"DDDDD")


class Events(EventAreas):
    """The same with eventfds."""

    def fill(self):
        if self.word(4) == 1:
            self.write(PING)
        for _ in range(20):
            self.ring()


class TwoAreas(SharedMemory):
    """Each with a command."""

    def fill(self):
        for area in (0, 0x200):
            if self.word(area + 4) == 1:
                self.write(PING, area=area)
        super().fill()


class TwoEventAreas(TwoAreas, EventAreas):
    """The same with eventfds."""

    def fill(self):
        TwoAreas.fill(self)
        self.ring()


class Guest(FrontEnd):
    """A ring that is always full."""

    def __init__(self, path):
        super().__init__(path)
        self.start()
        self.memory[BUFFERS : BUFFERS + 4] = PING
        for head in range(0, SIZE, 2):
            self.describe(0, head, GUEST + BUFFERS, 4, 1, head + 1)
            self.describe(0, head + 1, GUEST + BUFFERS + 0x400 + 0x100 * head, 136, 2)

    def fill(self):
        used = self.ring(0)[2]
        self.seen[0] = int.from_bytes(self.memory[used + 2 : used + 4], "little")
        while self.next[0] - self.seen[0] < SIZE // 2:
            self.offer(0, 2 * (self.next[0] % (SIZE // 2)))


FLOODS = {
    "unix": ("unix:{}", Packets),
    "unix-stream": ("unix-stream:{}", Stream),
    "unix-dgram": ("unix-dgram:{}", Datagrams),
    "smt": ("smt:{}", SharedMemory),
    "smt with eventfds": ("smt:{},ring=eventfd", Events),
    "smt with two areas": ("smt:{},offset=0x0:0x200", TwoAreas),
    "smt with two areas and eventfds": ("smt:{},offset=0x0:0x200,ring=eventfd", TwoEventAreas),
    "vhost-user": ("vhost-user:{}", Guest),
}


def while_turning(service, action):
    """What ``action`` returns, while the loop is turned by this thread."""
    found = []
    done = threading.Event()

    def run():
        try:
            found.append(action())
        finally:
            service.loop.interrupt(done.set)

    thread = threading.Thread(target=run)
    thread.start()
    while not done.is_set():
        service.loop.turn()
    thread.join()
    return found[0]


def handled(lines):
    """Whose messages the lines of a trace are, in order."""
    return [agent for _, agent, way, *_ in map(str.split, lines) if way == ">"]


@pytest.mark.parametrize("name", FLOODS)
def test_each_turn_handles_one_message_of_each_agent(board, tmp_path, name):
    url, client = FLOODS[name]
    urls = {agent: url.format(tmp_path / agent) for agent in ("linux", "hypervisor")}
    urls["vm1"] = f"unix:{tmp_path}/vm1"
    trace = io.StringIO()
    running = Running(board, urls, [Trace(trace)])
    with running.service as service:
        floods = [
            while_turning(service, lambda agent=agent: client(tmp_path / agent))
            for agent in ("linux", "hypervisor")
        ]
        quiet = while_turning(service, lambda: Packets(tmp_path / "vm1"))
        for _ in range(3):  # everybody is let in
            for flood in floods:
                flood.fill()
            service.loop.turn()
        for _ in range(100):
            for flood in floods:
                flood.fill()
            quiet.socket.send(RATE_GET)
            before = trace.tell()
            service.loop.turn()
            lines = trace.getvalue()[before:].splitlines()
            assert sorted(handled(lines)) == ["hypervisor", "linux", "vm1"]
            assert quiet.socket.recv(200) == RATE
        for item in (quiet, *floods):
            item.close()


def test_events_that_have_waited_are_sent_in_parts(board, tmp_path):
    """256 events and an agent that begins to read: the other one is served in between."""
    urls = {agent: f"unix:{tmp_path}/{agent}" for agent in ("linux", "vm1")}
    with Running(board, urls).service as service:
        linux, vm1 = (
            while_turning(service, lambda agent=agent: Packets(tmp_path / agent)) for agent in urls
        )
        linux.socket.send(request(POWER, 6, 0, 1))
        service.loop.turn()
        for number in range(700):  # more than the socket holds, and then more than waits
            vm1.socket.send(request(POWER, 4, 0, 0, OFF if number % 2 else ON))
            service.loop.turn()
            assert vm1.socket.recv(200)[4:] == words(0)
        held = read(linux)
        assert held > BURST
        later = 0
        while later < 256:
            vm1.socket.send(RATE_GET)
            service.loop.turn()
            assert vm1.socket.recv(200) == RATE
            sent = read(linux)
            assert sent < 2 * BURST  # what was left, and a new part
            later += sent
        for item in (linux, vm1):
            item.close()


def read(client):
    """How many packets there are."""
    count = 0
    with suppress(BlockingIOError):
        while client.socket.recv(1 << 12):
            count += 1
    return count
