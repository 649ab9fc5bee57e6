"""How fast the server answers, beside a bare echo on the same kind of socket.

    python benchmarks/server.py [RUNTIME] [--agent NAME] [--seconds S]

Prints what one message costs in the core, how long the server takes to start and what memory it
needs, requests a second in lock step and with several in flight, and the time of one request
(median and p99): of the server, of the server while another agent floods it, and of a bare Python
echo. All
of them are processes of their own; figures are for the whole round trip, client included.
"""

import argparse
import multiprocessing
import socket
import struct
import subprocess
import sys
import tempfile
import time
import timeit
from contextlib import suppress
from pathlib import Path

from scmigen import runtime
from scmigen.scmi.protocols import Kind
from scmigen.server import Server
from scmigen.server.service import Service

BOARD = Path(__file__).parent.parent / "tests" / "server" / "board.json"
TYPES = {"unix": socket.SOCK_SEQPACKET, "unix-stream": socket.SOCK_STREAM}
IN_FLIGHT = 32


def serve(configuration: runtime.Runtime, agent: str, url: str) -> None:
    serve_all(configuration, {agent: url})


def serve_all(configuration: runtime.Runtime, urls: dict[str, str]) -> None:
    server = Server(configuration)
    found = {server.agent(name): url for name, url in urls.items()}
    with Service(server, {a: url for a, url in found.items() if a}, lambda *_: None) as service:
        service.run()


def echo(url: str, reply: bytes) -> None:
    """The least a server can do: receive, send bytes that are ready."""
    scheme, _, path = url.partition(":")
    size = len(request(scheme, b"\0" * 8))
    with socket.socket(socket.AF_UNIX, TYPES[scheme]) as listener:
        listener.bind(path)
        listener.listen()
        while True:
            connection, _ = listener.accept()
            with connection, suppress(OSError):  # a client may leave with answers on their way
                while data := connection.recv(size if scheme == "unix" else 1 << 16):
                    connection.sendall(reply * (len(data) // size))


def request(scheme: str, message: bytes) -> bytes:
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


def rate(url: str, message: bytes, reply_size: int, in_flight: int, seconds: float) -> float:
    """Messages answered a second."""
    packets = url.startswith("unix:")
    with connect(url) as client:
        answered = 0
        if packets:
            for _ in range(in_flight):
                client.send(message)
        else:
            client.sendall(message * in_flight)
        end = time.perf_counter() + seconds
        begin = time.perf_counter()
        while (now := time.perf_counter()) < end:
            if packets:
                for _ in range(in_flight):
                    client.recv(256)
                    client.send(message)
            else:
                left = reply_size * in_flight
                while left:
                    left -= len(client.recv(left))
                client.sendall(message * in_flight)
            answered += in_flight
        return answered / (now - begin)


def times(url: str, message: bytes, seconds: float) -> tuple[float, float]:
    """Median and p99 of one request in lock step, in µs."""
    found = []
    with connect(url) as client:
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            start = time.perf_counter()
            client.sendall(message)
            client.recv(256)
            found.append(time.perf_counter() - start)
    found.sort()
    return found[len(found) // 2] * 1e6, found[len(found) * 99 // 100] * 1e6


def flood(url: str, message: bytes) -> None:
    """Send for ever, and read whatever comes."""
    with connect(url) as client:
        client.setblocking(False)
        while True:
            for action in (lambda: client.send(message), lambda: client.recv(256)):
                with suppress(BlockingIOError):
                    action()


def fairness(configuration: runtime.Runtime, agent: str, message: bytes, seconds: float) -> None:
    """The time of one request while another agent floods the server."""
    names = [item.name for item in configuration.agents]
    server = Server(configuration)
    found = server.agent(agent)
    other = next((name for name in names if found is not None and name != found.name), None)
    if other is None:
        return
    with tempfile.TemporaryDirectory() as directory:
        urls = {agent: f"unix:{directory}/quiet", other: f"unix:{directory}/loud"}
        process = multiprocessing.Process(target=serve_all, args=(configuration, urls), daemon=True)
        process.start()
        idle = times(urls[agent], message, seconds)
        loud = multiprocessing.Process(target=flood, args=(urls[other], message), daemon=True)
        loud.start()
        time.sleep(0.3)
        flooded = times(urls[agent], message, seconds)
        for name, (median, high) in (("idle", idle), ("flooded", flooded)):
            print(f"one request, {name:8}: median {median:6.1f} µs, p99 {high:6.1f} µs")
        for item in (loud, process):
            item.terminate()
            item.join()


def start(path: Path) -> None:
    """How long until ``scmigen serve`` is ready, and the memory it has then."""
    code = "from scmigen.cli.serve import serve; serve()"
    best, memory = 1e9, 0
    for _ in range(5):
        with tempfile.TemporaryDirectory() as directory:
            command = [sys.executable, "-c", code, str(path), "--directory", directory]
            begin = time.perf_counter()
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
                assert process.stdout is not None
                while process.stdout.readline() != "ready\n":
                    pass
                best = min(best, time.perf_counter() - begin)
                status = Path(f"/proc/{process.pid}/status").read_text()
                memory = int(status.partition("VmRSS:")[2].split()[0])
                process.terminate()
    print(f"start: {best * 1e3:.0f} ms with Python's own, {memory / 1024:.1f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runtime", nargs="?", type=Path, default=BOARD)
    parser.add_argument("--agent", default="1")
    parser.add_argument("--seconds", type=float, default=2.0)
    options = parser.parse_args()
    configuration = runtime.decode(options.runtime.read_bytes())
    agent = Server(configuration).agent(options.agent)
    assert agent is not None
    clock = next(iter(agent.views[Kind.CLOCK].open["read"]))
    message = struct.pack("<II", 6 | 0x14 << 10, clock)
    (reply,) = agent.handle(message)
    number = 200_000
    best = min(timeit.repeat(lambda: agent.handle(message), number=number, repeat=5)) / number
    print(f"core: CLOCK_RATE_GET {best * 1e6:.2f} µs")
    start(options.runtime)
    fairness(configuration, options.agent, message, options.seconds)
    with tempfile.TemporaryDirectory() as directory:
        for scheme in TYPES:
            ours, bare = (f"{scheme}:{directory}/{scheme}-{name}" for name in ("server", "echo"))
            framed, answer = request(scheme, message), request(scheme, reply)
            processes = [
                multiprocessing.Process(
                    target=serve, args=(configuration, options.agent, ours), daemon=True
                ),
                multiprocessing.Process(target=echo, args=(bare, answer), daemon=True),
            ]
            for process in processes:
                process.start()
            for in_flight in (1, IN_FLIGHT):
                for name, url in (("server", ours), ("echo  ", bare)):
                    figure = rate(url, framed, len(answer), in_flight, options.seconds)
                    print(f"{scheme:12} {in_flight:2} in flight, {name}: {figure:8,.0f} a second")
            for name, url in (("server", ours), ("echo  ", bare)):
                median, high = times(url, framed, options.seconds)
                print(f"{scheme:12} one request, {name}: median {median:.1f} µs, p99 {high:.1f} µs")
            for process in processes:
                process.terminate()
                process.join()


if __name__ == "__main__":
    main()
