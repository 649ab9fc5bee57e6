"""How time and memory grow with uses and agents, of made-up boards."""

from collections.abc import Iterator, Sequence
from typing import Any

from bench import Bench
from figures import Figure, value

MODEL = ("inventory", "model", "checks")
#: MiB that a million uses may take, compiled and checked.
MEMORY = 2048


def growth(bench: Bench) -> Iterator[Figure]:
    """Microseconds of each use, how much more one of many takes than one of few, and memory."""
    counts = [1_000, 10_000] if bench.quick else [1_000, 10_000, 100_000]
    many = 100_000 if bench.quick else 1_000_000
    for agents in (2, 128):
        found = _scaling(bench, "wide", counts, agents)
        found |= _scaling(bench, "wide", [many], agents, "--model")
        for uses in (*counts, many):
            of = f"inventory, model and checks, {uses:,} uses, {agents} agents"
            key = f"growth/{uses}/{agents}"
            samples, spread = value({"": _each(found, uses, agents, MODEL)})
            yield Figure(key, of, samples, "µs a use", spread, 25, timed=True)
        memory = found[f"{many}/{agents}"][0]["model MiB"]
        of = f"memory of {many:,} uses, {agents} agents"
        yield Figure(f"growth/memory/{many}/{agents}", of, memory, "MiB", 0, MEMORY)
        yield from _outputs(found, "wide", counts[-1], agents)
        found = _scaling(bench, "narrow", counts, agents)
        yield from _outputs(found, "narrow", counts[-1], agents)


def _scaling(
    bench: Bench, shape: str, counts: Sequence[int], agents: int, *more: str
) -> dict[str, Any]:
    words = ["--shape", shape, "--agents", str(agents), "--runs", str(bench.rounds(6)), *more]
    found: dict[str, Any] = bench.script("scaling", *words, *(f"--uses={uses}" for uses in counts))
    return found


def _each(found: dict[str, Any], uses: int, agents: int, stages: Sequence[str]) -> list[float]:
    """Microseconds of a use, of each run."""
    laps = found[f"{uses}/{agents}"]
    return [1000 * sum(lap[stage] for stage in stages) / uses for lap in laps]


def _outputs(found: dict[str, Any], shape: str, uses: int, agents: int) -> Iterator[Figure]:
    """What the outputs take of each use."""
    for name in found[f"{uses}/{agents}"][0]:
        if name not in MODEL and not name.endswith("MiB"):
            of = f"output {name}, {shape} board of {uses:,} uses, {agents} agents"
            samples, spread = value({"": _each(found, uses, agents, [name])})
            key = f"growth/{shape}/{name}/{uses}/{agents}"
            yield Figure(key, of, samples, "µs a use", spread, timed=True)
