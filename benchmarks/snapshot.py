"""How fast the states of a small platform are visited, as a model checker would.

    python benchmarks/snapshot.py [--seconds S] [--json FILE]

The platform has two agents and three resources: a clock that changes asynchronously, in a power
domain, and a performance domain that sets its rate. A transition returns to a state, handles one
message of one agent, takes the snapshot, and looks the new state up among those that are known.
States are visited breadth first from boot; time stands still. Prints transitions a second of
processor time and of real time, the median and the best of ten parts, and what each step takes.
The goal is 20,000 a second. On a busy machine, run it with ``chrt -f 1``.
"""

import argparse
import itertools
import json
import os
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from scmigen import runtime
from scmigen.server import Server
from scmigen.server.backend import Backend

PARTS = 10
RATES = (1_000_000, 2_000_000)


def grants() -> dict[str, object]:
    """What both agents may do."""
    allowed = {
        "power": ["read", "state"],
        "clock": ["read", "state", "rate"],
        "performance": ["read", "level", "limits"],
    }
    return {
        kind: [{"id": 0, "resource": 0, "operations": operations}]
        for kind, operations in allowed.items()
    }


def platform() -> runtime.Runtime:
    levels = [{"level": index, "frequency": rate // 1000} for index, rate in enumerate(RATES)]
    power = {"id": 0, "name": "island", "node": "/island"}
    clock = {"id": 0, "name": "bus", "node": "/bus", "rates": RATES, "rate": RATES[0]}
    scaled = {"id": 0, "name": "cpu", "node": "/cpu", "levels": levels, "clock": 0}
    agents = [
        {"id": number, "name": name, "role": "vm", "grants": grants()}
        for number, name in ((1, "one"), (2, "two"))
    ]
    return runtime.decode(
        json.dumps(
            {
                "format": runtime.FORMAT,
                "name": "small",
                "agents": agents,
                "power_domains": [power],
                "clocks": [clock | {"power": 0, "asynchronous": True, "latency": 100}],
                "performance_domains": [scaled],
            }
        ).encode()
    )


def messages() -> list[tuple[int, bytes]]:
    """Agent and message: everything that changes something, and a reading."""

    def message(protocol: int, number: int, *words: int) -> bytes:
        return struct.pack(f"<{1 + len(words)}I", number | protocol << 10, *words)

    found = [message(0x11, 4, 0, 0, state) for state in (0, 1 << 30)]
    found += [message(0x14, 7, 0, on, 0) for on in (0, 1)]
    found += [message(0x14, 5, 0, 0, rate, 0) for rate in RATES]
    found += [message(0x14, 5, 1, 0, RATES[0], 0), message(0x14, 9, 0, 1), message(0x14, 6, 0)]
    found += [message(0x13, 7, 0, level) for level in (0, 1)]
    found += [message(0x13, 5, 0, *limits) for limits in ((1, 0), (0, 0), (1, 1))]
    found += [message(0x10, 0xB, 1, 1)]
    return list(itertools.product((1, 2), found))


class Search:
    """A search of all states, breadth first."""

    def __init__(self) -> None:
        self.server = Server(platform(), backend=Backend(), now=lambda: 0)
        first = self.server.snapshot()
        self.known = {first}
        self.frontier = [first]
        self._steps = self._transitions()

    def _transitions(self) -> Iterator[None]:
        server, choices, known = self.server, messages(), self.known
        for state in self.frontier:  # which grows meanwhile
            for agent, message in choices:
                server.restore(state)
                server.handle(agent, message)
                for other in server.agents.values():
                    other.take_events()
                found = server.snapshot()
                if found not in known:
                    known.add(found)
                    self.frontier.append(found)
                yield

    def run(self, seconds: float) -> tuple[float, float]:
        """Transitions a second of processor time, and of real time."""
        count = 0
        cpu, begin = time.process_time(), time.perf_counter()
        while time.perf_counter() < begin + seconds:
            count += sum(1 for _ in itertools.islice(self._steps, 1000))
        return count / (time.process_time() - cpu), count / (time.perf_counter() - begin)


def steps(search: Search) -> None:
    """What the parts of a transition take."""
    server, states = search.server, search.frontier[:2000]
    message = messages()[0]
    took = {"restore": 0, "handle": 0, "snapshot": 0, "hash": 0}
    for state in states:
        times = [time.perf_counter_ns()]
        server.restore(state)
        times.append(time.perf_counter_ns())
        server.handle(*message)
        times.append(time.perf_counter_ns())
        found = server.snapshot()
        times.append(time.perf_counter_ns())
        hash(found)
        times.append(time.perf_counter_ns())
        for name, (begin, end) in zip(took, itertools.pairwise(times), strict=True):
            took[name] += end - begin
    print(", ".join(f"{name} {ns / len(states) / 1000:.1f} µs" for name, ns in took.items()))


def main() -> None:
    assert __doc__ is not None
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--json", type=Path, help="where the µs of a transition go, of each part")
    options = parser.parse_args()
    search = Search()
    figures = [search.run(options.seconds / PARTS) for _ in range(PARTS)]
    for what, found in zip(("processor", "real"), zip(*figures, strict=True), strict=True):
        print(f"transitions a second of {what} time: {median(found):,.0f}, best {max(found):,.0f}")
    print(f"states found: {len(search.known):,}; load of the machine: {os.getloadavg()[0]:.1f}")
    steps(search)
    if options.json:
        options.json.write_text(json.dumps([1e6 / rate for rate, _ in figures]))


if __name__ == "__main__":
    main()
