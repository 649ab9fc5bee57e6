"""How fast the server answers, beside a bare echo on the same kind of socket, and how fair it is.

    python benchmarks/server.py [RUNTIME] [--agent NAME] [--seconds S] [--realtime] [--json FILE]

Prints what one message costs in the core, how long the server takes to start and what memory it
needs; then, for each kind of socket, requests a second in lock step and with several in flight, and
median and p99 of one request, of the server and of an echo: a blocking Python loop that receives
and sends bytes that are ready. Then the time of one request of an agent while another one floods
the server. Server, echo, and flood are processes of their own; figures are for the whole round
trip, client included.

All that is compared takes turns of `SLICE` seconds, and a ratio is the median of those of
neighbouring slices, so that what else the machine does meets both. Where the two ends run decides
about the ratio, so it is measured three times. On one processor, waking the other end costs little,
and all that the server does counts. On two, waking it costs more than server and echo together.
Where the kernel chooses, it may choose differently for the two that are compared. An echo that
waits in epoll before it receives, as anything must that serves several sockets in one thread, shows
what part of the difference is not the server's; a server that has a second agent does so, too. One
that has a single agent waits for its client alone. ``--realtime`` (needs the right to) keeps other
programs out of the figures.
"""

import argparse
import json
import multiprocessing
import os
import select
import socket
import struct
import subprocess
import sys
import tempfile
import time
import timeit
from collections.abc import Callable
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from scmigen import runtime
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind
from scmigen.server import Agent, Server
from scmigen.server.service import Service

BOARD = Path(__file__).parent.parent / "tests" / "server" / "board.json"
TYPES = {"unix": socket.SOCK_SEQPACKET, "unix-stream": socket.SOCK_STREAM}
IN_FLIGHT = 32
SLICE = 0.1
#: Name, field of `Times` and format.
LOCK_STEP = (
    ("lock step, a second", 0, ",.0f"),
    ("one request in µs, median", 1, ".1f"),
    ("one request in µs, p99", 2, ".1f"),
)
GOALS = {
    ("two processors", "unix", "lock step, a second"): "at least 0.85",
    ("one processor", "unix", "lock step, a second"): "at least 0.85",
    ("one processor", "unix", "one request in µs, p99"): "under 3",
    ("one processor", "unix", "in flight"): "at least 120,000",
}


class Times(NamedTuple):
    """Of one slice: requests a second; median and p99 of one in µs."""

    rate: float
    middle: float
    high: float


# The other ends


def serve(configuration: runtime.Runtime, urls: dict[str, str], processors: set[int]) -> None:
    """What ``scmigen serve`` does, on some processors."""
    os.sched_setaffinity(0, processors)
    server = Server(configuration)
    found = {server.agent(name): url for name, url in urls.items()}
    with Service(server, {a: url for a, url in found.items() if a}, lambda *_: None) as service:
        service.run()


def echo(url: str, reply: bytes, processors: set[int], *, polls: bool = False) -> None:
    """The least a server can do: receive, send bytes that are ready. With ``polls``, the least that
    a server of several sockets can do: wait for any of them before."""
    os.sched_setaffinity(0, processors)
    scheme, _, path = url.partition(":")
    size = len(framed(scheme, b"\0" * 8))
    room = size if scheme == "unix" else 1 << 16
    with socket.socket(socket.AF_UNIX, TYPES[scheme]) as listener, select.epoll() as waiting:
        listener.bind(path)
        listener.listen()
        connection, _ = listener.accept()
        waiting.register(connection, select.EPOLLIN)
        with connection, suppress(OSError):  # a client may leave with answers on their way
            while (not polls or waiting.poll()) and (data := connection.recv(room)):
                connection.sendall(reply * (len(data) // size))


def flood(url: str, message: bytes, processors: set[int], answered: Any) -> None:
    """Keep as many messages on their way as there is room for, and count the answers."""
    os.sched_setaffinity(0, processors)
    with connect(url) as client:
        client.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                client.send(message)
        client.setblocking(True)
        while client.recv(256):
            client.send(message)
            answered.value += 1


@contextmanager
def process(work: Callable[..., None], *arguments: object) -> Any:
    """``work`` in a process of its own."""
    found = multiprocessing.Process(target=work, args=arguments, daemon=True)
    found.start()
    try:
        yield found
    finally:
        found.terminate()
        found.join()


# This end


def framed(scheme: str, message: bytes) -> bytes:
    return message if scheme == "unix" else struct.pack("<I", len(message)) + message


def connect(url: str) -> socket.socket:
    scheme, _, path = url.partition(":")
    for _ in range(500):
        client = socket.socket(socket.AF_UNIX, TYPES[scheme])
        try:
            client.connect(path)
        except OSError:
            client.close()
            time.sleep(0.01)
        else:
            return client
    raise SystemExit(f"nobody listens at {url}")


def lock_step(client: socket.socket, message: bytes) -> Times:
    """One request after the other, for a slice."""
    found = []
    begin = last = time.perf_counter()
    end = begin + SLICE
    while last < end:
        client.sendall(message)
        client.recv(256)
        now = time.perf_counter()
        found.append(now - last)
        last = now
    return sorted_times(found)


def sorted_times(found: list[float]) -> Times:
    found.sort()
    count = len(found)
    return Times(count / sum(found), found[count // 2] * 1e6, found[count * 99 // 100] * 1e6)


def pipelined(client: socket.socket, message: bytes, reply_size: int) -> float:
    """Messages answered a second, with `IN_FLIGHT` on their way, for a slice."""
    packets = client.type == socket.SOCK_SEQPACKET
    answered = 0
    begin = now = time.perf_counter()
    while now < begin + SLICE:
        if packets:
            for _ in range(IN_FLIGHT):
                client.send(message)
            for _ in range(IN_FLIGHT):
                client.recv(256)
        else:
            client.sendall(message * IN_FLIGHT)
            left = reply_size * IN_FLIGHT
            while left:
                left -= len(client.recv(left))
        answered += IN_FLIGHT
        now = time.perf_counter()
    return answered / (now - begin)


# The figures


def line(what: str, figure: str, wanted: str = "") -> None:
    print(f"{what:40} {figure:60} {wanted}".rstrip(), flush=True)


def core(agent: Agent, message: bytes) -> list[float]:
    """What a message costs in the core, in µs: of each repetition."""
    number = 20_000
    times = timeit.repeat(lambda: agent.handle(message), number=number, repeat=30)
    found = [1e6 * taken / number for taken in times]
    line("core: CLOCK_RATE_GET", f"{min(found):.2f} µs", "at most 6 µs")
    return found


def start(path: Path) -> None:
    """How long until ``scmigen serve`` is ready, and the memory it has then."""
    code = "from scmigen.cli.front import main; main()"
    found, memory = [], 0.0
    for _ in range(7):
        with tempfile.TemporaryDirectory() as directory:
            command = [sys.executable, "-c", code, "serve", str(path), "--directory", directory]
            begin = time.perf_counter()
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
                assert server.stdout is not None
                while server.stdout.readline() != "ready\n":
                    pass
                found.append((time.perf_counter() - begin) * 1e3)
                status = Path(f"/proc/{server.pid}/status").read_text()
                memory = int(status.partition("VmHWM:")[2].split()[0]) / 1024
                server.terminate()
    size = path.stat().st_size / 1000
    figure = f"{min(found):.0f} ms (median {median(found):.0f}) for {size:.0f} kB"
    line("start, Python's own included", figure, "under 200 ms")
    line("memory at its highest", f"{memory:.1f} MB", "under 60 MB")


class End(NamedTuple):
    """A connection to something that answers."""

    client: socket.socket
    message: bytes
    reply: bytes


def ends(
    stack: ExitStack,
    configuration: runtime.Runtime,
    agent: str,
    pair: tuple[bytes, bytes],
    processors: set[int],
) -> dict[tuple[str, str], End]:
    """All that is compared, running, by kind of socket and name."""
    directory = stack.enter_context(tempfile.TemporaryDirectory())
    found = {}
    for scheme in TYPES:
        message, reply = (framed(scheme, item) for item in pair)
        ours, both, bare, polled = (f"{scheme}:{directory}/{scheme}-{name}" for name in "sbep")
        agents = {other.name: f"{both}-{other.id}" for other in configuration.agents[:2]}
        for name, url, other in (
            ("server", ours, process(serve, configuration, {agent: ours}, processors)),
            ("of two", both, process(serve, configuration, agents | {agent: both}, processors)),
            ("echo", bare, process(echo, bare, reply, processors)),
            ("polled", polled, process(partial(echo, polls=True), polled, reply, processors)),
        ):
            stack.enter_context(other)
            found[scheme, name] = End(stack.enter_context(connect(url)), message, reply)
    return found


def beside_echo(
    place: str,
    configuration: runtime.Runtime,
    agent: str,
    pair: tuple[bytes, bytes],
    slices: int,
) -> dict[str, list[float]]:
    """Server and echoes in turns, on both kinds of socket and at one `place`. Returns the ratios of
    requests a second of the server to those of an echo, by kind of socket and figure."""
    everywhere = os.sched_getaffinity(0)
    here, there = places(everywhere)[place]
    with ExitStack() as stack:
        found = ends(stack, configuration, agent, pair, there)
        os.sched_setaffinity(0, here)
        steps = [
            {key: lock_step(end.client, end.message) for key, end in found.items()}
            for _ in range(slices)
        ]
        flights = [
            {key: pipelined(end.client, end.message, len(end.reply)) for key, end in found.items()}
            for _ in range(slices)
        ]
    os.sched_setaffinity(0, everywhere)
    print(f"{place}:")
    ratios = {}
    for scheme in TYPES:
        ours, bare = (scheme, "server"), (scheme, "echo")
        for title, field, form in LOCK_STEP:
            values = [(step[ours][field], step[bare][field]) for step in steps]
            text = beside(values, form)
            if field == 0:
                for name, what in (("of two", "with two agents"), ("polled", "echo with epoll")):
                    other = median(step[scheme, name].rate / step[bare].rate for step in steps)
                    text += f"; {what} {other:.2f}"
            line(f"  {scheme}: {title}", text, GOALS.get((place, scheme, title), ""))
        ratios[f"{scheme}: lock step"] = [step[ours].rate / step[bare].rate for step in steps]
        ratios[f"{scheme}: in flight"] = [flight[ours] / flight[bare] for flight in flights]
        text = beside([(flight[ours], flight[bare]) for flight in flights], ",.0f")
        goal = GOALS.get((place, scheme, "in flight"), "")
        line(f"  {scheme}: {IN_FLIGHT} in flight, a second", text, goal)
    pairs = [(step["unix-stream", "server"].rate, step["unix", "server"].rate) for step in steps]
    ratio = median(stream / packets for stream, packets in pairs)
    line("  unix-stream beside unix, lock step", f"ratio {ratio:.2f}", "at least 0.90")
    return ratios


def places(processors: set[int]) -> dict[str, tuple[set[int], set[int]]]:
    """Where the client runs, and where what answers it."""
    first, last = {min(processors)}, {max(processors)}
    return {
        "one processor": (last, last),
        "two processors": (first, last),
        "where the kernel chooses": (processors, processors),
    }


def beside(pairs: list[Any], form: str) -> str:
    ours, bare = (median(column) for column in zip(*pairs, strict=True))
    ratio = median(our / their for our, their in pairs)
    return f"{ours:{form}}, the echo {bare:{form}}: ratio {ratio:.2f}"


def fairness(configuration: runtime.Runtime, agent: Agent, message: bytes, slices: int) -> None:
    """The time of one request while another agent floods the server. The server has a processor of
    its own where there are two; the agents share the other."""
    other = next((item.name for item in configuration.agents if item.id != agent.id), None)
    if other is None:
        line("flood", "the configuration has one agent")
        return
    processors = sorted(os.sched_getaffinity(0))
    here, there = {processors[0]}, {processors[-1]}
    handling = in_server(configuration, (agent.name, other), message, (here, there))
    answered = multiprocessing.Value("Q", 0, lock=False)
    idle, flooded, rates = [], [], []
    with tempfile.TemporaryDirectory() as directory, ExitStack() as stack:
        urls = {agent.name: f"unix:{directory}/quiet", other: f"unix:{directory}/loud"}
        stack.enter_context(process(serve, configuration, urls, there))
        os.sched_setaffinity(0, here)
        client = stack.enter_context(connect(urls[agent.name]))
        for _ in range(max(1, slices // 5)):
            idle += [lock_step(client, message) for _ in range(5)]
            with process(flood, urls[other], message, here, answered):
                time.sleep(SLICE)
                before, begin = answered.value, time.perf_counter()
                flooded += [lock_step(client, message) for _ in range(5)]
                rates.append((answered.value - before) / (time.perf_counter() - begin))
        os.sched_setaffinity(0, processors)
    quiet, loud = (median(item.high for item in found) for found in (idle, flooded))
    figure = f"p99 {loud:.1f} µs, idle {quiet:.1f} µs: ratio {loud / quiet:.2f}"
    line("flood: one request of another", figure, f"at most {2 * quiet + handling:.1f} µs")
    line("flood: what it gets beside it", f"{median(rates):,.0f} a second")


def in_server(
    configuration: runtime.Runtime,
    agents: tuple[str, str],
    message: bytes,
    processors: tuple[set[int], set[int]],
) -> float:
    """The same from inside, with the loop turned by hand: no other process needs to be woken for a
    request. Returns what a turn with one message takes, in µs."""
    server = Server(configuration)
    answered = multiprocessing.Value("Q", 0, lock=False)
    with tempfile.TemporaryDirectory() as directory, ExitStack() as stack:
        urls = {name: f"unix:{directory}/{index}" for index, name in enumerate(agents)}
        known = {agent: url for name, url in urls.items() if (agent := server.agent(name))}
        service = stack.enter_context(Service(server, known, lambda *_: None))
        client = stack.enter_context(connect(urls[agents[0]]))
        client.setblocking(False)
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, processors[1])
        service.loop.turn()
        idle, _ = turned(service, client, message)
        stack.enter_context(process(flood, urls[agents[1]], message, processors[0], answered))
        while answered.value < 1000:
            service.loop.turn()
        flooded, most = turned(service, client, message)
        os.sched_setaffinity(0, before)
    figure = f"median {idle.middle:.1f} µs, p99 {idle.high:.1f} µs"
    line("one message in the server", figure)
    figure = f"median {flooded.middle:.1f} µs, p99 {flooded.high:.1f} µs"
    line("flood: the same, and the flood's", figure)
    line("flood: turns until answered", f"at most {most}", "1")
    return idle.middle


def turned(service: Service, client: socket.socket, message: bytes) -> tuple[Times, int]:
    """What ten thousand requests take in the server, and the most turns that one had to wait."""
    found, most = [], 0
    for _ in range(10_000):
        turns = 0
        client.send(message)
        begin = time.perf_counter()
        while True:
            service.loop.turn()
            turns += 1
            end = time.perf_counter()
            with suppress(BlockingIOError):
                client.recv(256)
                break
        found.append(end - begin)
        most = max(most, turns)
    return sorted_times(found), most


def main() -> None:
    assert __doc__ is not None
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runtime", nargs="?", type=Path, default=BOARD)
    parser.add_argument("--agent", default="1")
    parser.add_argument("--seconds", type=float, default=2.0, help="for each figure")
    parser.add_argument("--realtime", action="store_true")
    parser.add_argument("--json", type=Path, help="where the samples go; fairness is left out")
    options = parser.parse_args()
    configuration = runtime.decode(options.runtime.read_bytes())
    agent = Server(configuration).agent(options.agent)
    assert agent is not None
    clock = next(iter(agent.session.views[Kind.CLOCK].open[Operation.READ]))
    message = struct.pack("<II", 6 | 0x14 << 10, clock)
    (reply,) = agent.handle(message)
    if options.realtime:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    slices = max(1, int(options.seconds / SLICE))
    found: dict[str, object] = {"core": core(agent, message)}
    start(options.runtime)
    for place in places(os.sched_getaffinity(0)):
        found[place] = beside_echo(place, configuration, agent.name, (message, reply), slices)
    if options.json:
        options.json.write_text(json.dumps(found))
    else:
        fairness(configuration, agent, message, slices)


if __name__ == "__main__":
    main()
