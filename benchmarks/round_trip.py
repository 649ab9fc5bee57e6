"""A round trip of a Linux guest over vhost-user: ``scmigen serve`` beside a toy server.

    python benchmarks/round_trip.py [--boots N] [--windows N] [--messages N] [--realtime]

Two guests (`tests/guest`, which says what is needed: QEMU, a kernel, an assembler for arm64) boot
on the same tree, one served by ``scmigen serve``, the other by a toy: the least Python that a
person would write for this one conversation. It blocks on the eventfd of the command queue, trusts
every index and address, and looks up an answer that is ready. Then a program in each guest sends
CLOCK_RATE_GET through the kernel's raw mode, a write and a read of a file at a time, in windows of
so many messages, and the guests take turns. After some windows both boot anew, in the other order.

A guest runs on the first processor, what answers it on the last. A ratio is that of two windows
that follow each other, and counts where all other programs had less than `QUIET` of a processor
meanwhile. ``--realtime`` (needs the right to) keeps them out of a guest's and its server's way, and
counts all windows; what others leave in the caches is still met by both.
"""

import argparse
import math
import mmap
import multiprocessing
import os
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Set
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

TESTS = Path(__file__).parent.parent / "tests"
sys.path.insert(0, str(TESTS))

from guest import programs, twins  # noqa: E402
from guest.machine import Guest  # noqa: E402
from guest.monitored import text_of  # noqa: E402
from guest.serving import Served  # noqa: E402

from scmigen import runtime  # noqa: E402
from scmigen.scmi.protocols import Kind  # noqa: E402
from scmigen.server import Agent, Server  # noqa: E402

AGENT = twins.LEFT
PROGRAM = Path(__file__).with_suffix(".S")
QUIET = 0.15
GOAL = 1.10
TICK = 1 / os.sysconf("SC_CLK_TCK")


# The toy server

HEADER = struct.Struct("<III")
WORD = struct.Struct("<Q")
STATE = struct.Struct("<II")
HALF = struct.Struct("<H")
DESCRIPTOR = struct.Struct("<QIHH")
USED = struct.Struct("<II")


class Ready(dict[bytes, bytes]):
    """Answers without their header, by message without its token. What has not been asked before,
    as while the guest boots, is asked of an agent in this process."""

    def __init__(self, agent: Agent) -> None:
        self.agent = agent

    def __missing__(self, key: bytes) -> bytes:
        (answer,) = self.agent.handle(key[:2] + bytes(2) + key[2:])
        self[key] = answer[4:]
        return self[key]


class Toy:
    """Serves one front end. Queue 0 has the commands; queue 1 is not used."""

    def __init__(self, path: str, ready: Ready) -> None:
        self.ready = ready
        self.size, self.next = 0, 0
        self.descriptors = self.available = self.used = 0
        self.memory = mmap.mmap(-1, mmap.PAGESIZE)
        self.guest = self.user = 0
        self.call = -1
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            listener.listen()
            self.file, _ = listener.accept()

    def talk(self) -> None:
        """Answer the front end, until it goes."""
        while head := self.file.recv(HEADER.size, socket.MSG_PEEK):
            _, files, _, _ = socket.recv_fds(self.file, len(head), 8)
            request, flags, size = HEADER.unpack(head)
            payload = self.file.recv(size) if size else b""
            answer = self.asked(request, payload, files)
            if answer is None and flags & 8:
                answer = WORD.pack(0)
            if answer is not None:
                self.file.sendall(HEADER.pack(request, 5, len(answer)) + answer)

    def asked(self, request: int, payload: bytes, files: list[int]) -> bytes | None:
        """One request of the front end, by its number in the protocol's documentation."""
        index = payload[0] if payload else 0
        if request == 1:  # GET_FEATURES
            return WORD.pack(1 << 32 | 1 << 30)
        if request == 15:  # GET_PROTOCOL_FEATURES
            return WORD.pack(1 << 0 | 1 << 3)
        if request == 17:  # GET_QUEUE_NUM
            return WORD.pack(2)
        if request == 11:  # GET_VRING_BASE
            return STATE.pack(index, self.next)
        if request == 5:  # SET_MEM_TABLE
            self.guest, size, self.user, offset = struct.unpack_from("<QQQQ", payload, 8)
            self.memory = mmap.mmap(files[0], size, offset=offset)
        elif index == 0 and request == 8:  # SET_VRING_NUM
            _, self.size = STATE.unpack(payload)
        elif index == 0 and request == 10:  # SET_VRING_BASE
            _, self.next = STATE.unpack(payload)
        elif index == 0 and request == 9:  # SET_VRING_ADDR
            places = struct.unpack_from("<QQQ", payload, 8)
            self.descriptors, self.used, self.available = (at - self.user for at in places)
        elif index == 0 and request == 13 and files:  # SET_VRING_CALL
            self.call = files[0]
        elif index == 0 and request == 12:  # SET_VRING_KICK
            threading.Thread(target=self.serve, args=(files[0],), daemon=True).start()
        return None

    def serve(self, kick: int) -> None:
        """Answer the guest, for as long as it runs."""
        os.set_blocking(kick, True)
        while True:
            os.read(kick, 8)
            while HALF.unpack_from(self.memory, self.available + 2)[0] != self.next:
                self.answer()

    def answer(self) -> None:
        """Answer one message: a descriptor with it, and one with room for the answer."""
        memory, size = self.memory, self.size
        (head,) = HALF.unpack_from(memory, self.available + 4 + 2 * (self.next % size))
        at, length, _, second = DESCRIPTOR.unpack_from(memory, self.descriptors + 16 * head)
        at -= self.guest
        message = memory[at : at + length]
        answer = message[:4] + self.ready[message[:2] + message[4:]]
        at, _, _, _ = DESCRIPTOR.unpack_from(memory, self.descriptors + 16 * second)
        at -= self.guest
        memory[at : at + len(answer)] = answer
        slot = self.used + 4 + 8 * (self.next % size)
        USED.pack_into(memory, slot, head, len(answer))
        self.next = (self.next + 1) & 0xFFFF
        HALF.pack_into(memory, self.used + 2, self.next)
        if not memory[self.available] & 1:  # VRING_AVAIL_F_NO_INTERRUPT
            os.write(self.call, WORD.pack(1))


def toy(path: str, configuration: runtime.Runtime, processors: set[int]) -> None:
    """The process of the toy."""
    os.sched_setaffinity(0, processors)
    agent = Server(configuration).agent(AGENT)
    assert agent is not None
    Toy(path, Ready(agent)).talk()


@contextmanager
def toy_served(path: Path, configuration: runtime.Runtime, processors: set[int]) -> Iterator[int]:
    """A toy that listens; the id of its process."""
    process = multiprocessing.Process(
        target=toy, args=(str(path), configuration, processors), daemon=True
    )
    process.start()
    try:
        while not path.exists():
            time.sleep(0.01)
        assert process.pid is not None
        yield process.pid
    finally:
        process.kill()
        process.join()


# The guests


def program(messages: int, clock: int) -> bytes:
    """The program of the guest as an ELF file of one segment."""
    code: bytes = text_of(PROGRAM, COUNT=str(messages), CLOCK=str(clock))
    start, headers = 0x400000, 64 + 56
    size = headers + len(code)
    ident = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
    elf = struct.pack(
        "<16sHHIQQQIHHHHHH", ident, 2, 183, 1, start + headers, 64, 0, 0, 64, 56, 1, 0, 0, 0
    )
    segment = struct.pack("<IIQQQQQQ", 1, 7, 0, start, start, size, size, 0x1000)
    return elf + segment + code


class Side(NamedTuple):
    """A guest that is up, and the processes that work for it."""

    guest: Guest
    processes: tuple[int, ...]


class Window(NamedTuple):
    """µs of a round trip, and which part of a processor others used meanwhile."""

    trip: float
    others: float


def used(ours: Set[int]) -> float:
    """Seconds of a processor that all processes but ours used so far, and other machines took."""
    words = Path("/proc/stat").read_text().split("\n", 1)[0].split()
    ticks = int(words[8])
    for folder in Path("/proc").glob("[0-9]*"):
        if int(folder.name) not in ours:
            with suppress(OSError):  # it has ended: its parent has its time
                fields = (folder / "stat").read_text().rpartition(") ")[2].split()
                ticks += sum(map(int, fields[11:15]))
    return ticks * TICK


def window(side: Side, messages: int, ours: Set[int]) -> Window:
    """So many messages of a guest."""
    before, begin = used(ours), time.monotonic()
    words = side.guest.run("/roundtrips | od -v -An -tu8", 120).split()
    others = (used(ours) - before) / (time.monotonic() - begin)
    ticks, frequency = map(int, words)
    return Window(ticks / frequency / messages * 1e6, others)


@contextmanager
def booted(
    configuration: Path, files: Mapping[str, bytes], *, toy_first: bool
) -> Iterator[dict[str, Side]]:
    """Both guests, up."""
    everywhere = os.sched_getaffinity(0)
    here, there = {min(everywhere)}, {max(everywhere)}
    with TemporaryDirectory(prefix="guest-") as name, ExitStack() as stack:
        folder = Path(name)
        os.sched_setaffinity(0, there)
        stack.callback(os.sched_setaffinity, 0, everywhere)
        served = stack.enter_context(Served(folder, configuration, AGENT, traced=False))
        found = runtime.decode(configuration.read_bytes())
        path = folder / "toy.sock"
        servers = {
            "server": (served.sockets[AGENT], served.process.pid),
            "toy": (str(path), stack.enter_context(toy_served(path, found, there))),
        }
        os.sched_setaffinity(0, here)
        sides = {}
        for name in sorted(servers, reverse=toy_first):
            address, pid = servers[name]
            blob = twins.blob(AGENT, "shared")
            guest = Guest(folder, blob, address, name=name, memory=128, files=files)
            stack.enter_context(guest)
            sides[name] = Side(guest.ready(), (guest.process.pid, pid))
        os.sched_setaffinity(0, everywhere)
        yield sides


def main() -> None:
    assert __doc__ is not None
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--boots", type=int, default=10)
    parser.add_argument("--windows", type=int, default=10, help="of each guest, for each boot")
    parser.add_argument("--messages", type=int, default=1000, help="in a window")
    parser.add_argument("--realtime", action="store_true")
    options = parser.parse_args()
    if options.realtime:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    limit = math.inf if options.realtime else QUIET
    configuration = twins.built("shared") / "runtime" / "runtime.json"
    agent = Server(runtime.decode(configuration.read_bytes())).agent(AGENT)
    assert agent is not None
    clock = min(agent.session.views[Kind.CLOCK].named)
    try:
        programs.qemu()
        programs.kernel()
        files = {"/roundtrips": program(options.messages, clock)}
    except programs.MissingError as problem:
        raise SystemExit(str(problem)) from None
    pairs: list[tuple[Window, Window]] = []
    for boot in range(options.boots):
        with booted(configuration, files, toy_first=bool(boot % 2)) as sides:
            ours = {os.getpid(), *(pid for side in sides.values() for pid in side.processes)}
            found: dict[str, list[Window]] = {name: [] for name in sides}
            for number in range(options.windows + 1):
                for name, side in sides.items():
                    one = window(side, options.messages, ours)
                    if number:  # the first finds nothing translated and nothing cached
                        found[name].append(one)
            new = list(zip(found["server"], found["toy"], strict=True))
            told(f"boot {boot + 1}", new, limit)
            pairs += new
    told(f"all, of {options.messages} messages each", pairs, limit, f"at most {GOAL:.2f}")


def told(what: str, pairs: list[tuple[Window, Window]], limit: float, wanted: str = "") -> None:
    """Print what pairs of windows say in which others had no more of a processor than ``limit``."""
    quiet = [pair for pair in pairs if max(it.others for it in pair) <= limit]
    busy = median(it.others for pair in pairs for it in pair)
    count = f"{len(quiet)} of {len(pairs)} pairs, others {busy:.0%} of a processor"
    if not quiet:
        print(f"{what:32} {count}", flush=True)
        return
    ours, theirs = (median(it.trip for it in column) for column in zip(*quiet, strict=True))
    ratio = median(one.trip / other.trip for one, other in quiet)
    figure = f"server {ours:.1f} µs, toy {theirs:.1f} µs: ratio {ratio:.3f}"
    print(f"{what:32} {figure}; {count}  {wanted}".rstrip(), flush=True)


if __name__ == "__main__":
    main()
