"""How fast the reference server is, beside a bare echo server on the same machine in the same run.

    python benchmarks/server.py [RUNTIME] [--agent NAME] [--seconds S]

Measures CLOCK_RATE_GET of the agent's first clock: the core alone (µs a message), then over a
SOCK_SEQPACKET and a SOCK_STREAM socket, one message at a time and with 32 in flight, each against
an echo server of a few lines that sends a reply of the same length. Both run as processes of their
own. Figures are for the whole round trip, client included.
"""

import argparse
import multiprocessing
import socket
import struct
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
    server = Server(configuration)
    found = server.agent(agent)
    assert found is not None
    with Service(server, {found: url}, lambda _: None) as service:
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
            for process in processes:
                process.terminate()
                process.join()


if __name__ == "__main__":
    main()
