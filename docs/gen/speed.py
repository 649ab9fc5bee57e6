"""The table of measured figures, from those that are kept in benchmarks/figures."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from text import paragraphs, table

_FIGURES = Path(__file__).parents[2] / "benchmarks" / "figures"
_HEAD = ("what", "figure", "unit", "spread", "goal")


def speed() -> str:
    """A table for each kind of machine."""
    return paragraphs(part for path in sorted(_FIGURES.glob("*.json")) for part in _kind(path))


def _kind(path: Path) -> Iterator[str]:
    run = json.loads(path.read_text(encoding="utf-8"))
    machine = run["machine"]
    yield (
        f"Processor {machine['processor']}, {machine['count']} of them; Python "
        f"{machine['python']}, whose start takes {run['unit']:.1f} ms; the load of the machine was "
        f"{run['load']:.1f}:"
    )
    yield table(_HEAD, map(_row, run["figures"]))
    if run["skipped"]:
        yield "Left out: " + "; ".join(f"{what}: {why}" for what, why in run["skipped"].items())


def _row(figure: dict[str, Any]) -> tuple[str, ...]:
    goal = ""
    if "goal" in figure:
        value, aim = figure["value"], figure["goal"]
        sign, missed = ("≥", value < aim) if figure.get("more") else ("≤", value > aim)
        goal = f"{sign} {aim:,g}{', not reached' if missed else ''}"
    spread = f"{100 * figure['spread']:.0f} %" if "spread" in figure else ""
    return figure["of"], f"{figure['value']:,.4g}", figure["unit"], spread, goal
