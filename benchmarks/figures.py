"""Figures: what was measured, how far it can be trusted, what is wanted, and what it was before.

A figure is made of samples: for each case (a board, or a single one) its times in the order in
which they were measured. The figure is the sum of the least of each case. Its spread is how far the
same would have been off if only every third sample had been there.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

#: Case → values.
Samples = Mapping[str, Sequence[float]]

PARTS = 3
#: What is never told as a change, however little a run varies.
LEAST = 0.03
FORMAT = 1


@dataclass(frozen=True)
class Figure:
    """One number. ``unit`` says of what it is a ratio, if of anything; ``of`` what was measured.

    ``goal`` is what it should be at most, or at least where ``more`` is better. ``timed``: in
    seconds of this machine, which are compared in units of Python's start. ``wall``: by the clock,
    which other programs decide too, so it is not compared.
    """

    key: str
    of: str
    value: float
    unit: str
    spread: float = 0.0
    goal: float | None = None
    more: bool = False
    timed: bool = False
    wall: bool = False

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; ``None`` without one."""
        if self.goal is None:
            return None
        return self.value >= self.goal if self.more else self.value <= self.goal


def total(samples: Samples, part: int | None = None) -> float:
    """The sum of the least of each case, of all samples or of every third."""
    step = slice(None) if part is None else slice(part, None, PARTS)
    return sum(min(values[step]) for values in samples.values())


def _spread(values: Sequence[float]) -> float:
    return (max(values) - min(values)) / min(values)


def _parts(*samples: Samples) -> range:
    """The parts that all cases have."""
    return range(min(PARTS, *(len(values) for each in samples for values in each.values())))


def value(samples: Samples) -> tuple[float, float]:
    """The figure of samples, and its spread."""
    return total(samples), _spread([total(samples, part) for part in _parts(samples)])


def ratio(ours: Samples, theirs: Samples) -> tuple[float, float]:
    """What ours is of theirs, and its spread; both were measured in turns."""
    parts = [total(ours, part) / total(theirs, part) for part in _parts(ours, theirs)]
    return total(ours) / total(theirs), _spread(parts)


# One run


@dataclass(frozen=True)
class Run:
    """What a run measured, where, and what it left out and why. ``unit`` is Python's start in ms of
    processor time; ``load`` is that of the machine before."""

    machine: Mapping[str, str]
    unit: float
    load: float
    figures: tuple[Figure, ...]
    skipped: Mapping[str, str]

    def json(self) -> str:
        """The run as it is kept."""
        plain = {"format": FORMAT, **asdict(self), "figures": list(map(_kept, self.figures))}
        return json.dumps(plain, indent=2) + "\n"


def _kept(figure: Figure) -> dict[str, object]:
    """A figure with the digits that mean something, without what is as usual."""
    short = {"value": float(f"{figure.value:.4g}"), "spread": round(figure.spread, 3)}
    plain = asdict(Figure("", "", 0, ""))
    return {key: item for key, item in (asdict(figure) | short).items() if item != plain[key]}


def read(path: Path) -> Run:
    """A run that was kept."""
    kept = json.loads(path.read_text(encoding="utf-8"))
    figures = tuple(Figure(**figure) for figure in kept["figures"])
    return Run(kept["machine"], kept["unit"], kept["load"], figures, kept["skipped"])


# Two runs


def with_others(new: Run, old: Run) -> Run:
    """A new run with what an old one has besides: of suites that did not run."""
    suites = {_suite(figure) for figure in new.figures}
    kept = (figure for figure in old.figures if _suite(figure) not in suites)
    figures = sorted((*new.figures, *kept), key=_suite)
    return replace(new, figures=tuple(figures), skipped={**old.skipped, **new.skipped})


def _suite(figure: Figure) -> str:
    return figure.key.partition("/")[0]


def changes(new: Run, old: Run) -> Iterable[tuple[Figure, float, bool]]:
    """The figures that differ by more than both runs vary: by how much, and whether for worse."""
    before = {figure.key: figure for figure in old.figures}
    for figure in new.figures:
        was = before.get(figure.key)
        if was is None or was.unit != figure.unit or figure.wall:
            continue
        scale = old.unit / new.unit if figure.timed else 1.0
        change = figure.value * scale / was.value - 1
        if abs(change) > max(LEAST, figure.spread + was.spread):
            yield figure, change, (change < 0) == figure.more
