"""The server: a message in its core, beside an echo, from state to state, and its memory."""

from collections.abc import Iterator
from statistics import median

from bench import Bench
from figures import PARTS, Figure, value


def serving(bench: Bench) -> Iterator[Figure]:
    """Where the two ends share a processor, all that the server does counts."""
    found = bench.script("server", "--seconds", "0.5" if bench.quick else "3")
    least, spread = value({"": found["core"]})
    of = "CLOCK_RATE_GET in the server's core"
    yield Figure("server/core", of, least, "µs", spread, 6, timed=True)
    for name, ratios in found["one processor"].items():
        middle = median(ratios)
        parts = [median(ratios[part::PARTS]) for part in range(PARTS)]
        goal = 0.85 if name == "unix: lock step" else None
        of = f"requests a second on one processor, {name}"
        spread = (max(parts) - min(parts)) / middle
        yield Figure(f"server/{name}", of, middle, "times an echo", spread, goal, more=True)
    least, spread = value({"": bench.script("snapshot", "--seconds", "2" if bench.quick else "5")})
    of = "restore, message and snapshot, three resources"
    yield Figure("server/transition", of, least, "µs", spread, 50, timed=True)
    (memory,) = bench.script("messages", "20000" if bench.quick else "300000")
    yield Figure("server/memory", "memory after hostile messages, flat", memory, "MiB")
