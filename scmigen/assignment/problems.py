"""What a reader of agents files finds wrong, collected as it goes."""

from collections.abc import Iterator

from scmigen.assignment.findings import KEY_UNKNOWN
from scmigen.diagnostics import Diagnostic, Position, Related, Severity

#: Reading stops after so many errors: each may search the whole tree for a hint.
MAX_PROBLEMS = 100


class TooManyError(Exception):
    """There are `MAX_PROBLEMS` errors."""


class Problems:
    """Diagnostics in the order they were found, and the unknown keys that were passed over."""

    def __init__(self) -> None:
        self.found: list[Diagnostic] = []
        self._errors = 0
        self._unknown: dict[str, list[tuple[str, Position]]] = {}

    def add(self, problem: Diagnostic) -> None:
        """Add a diagnostic."""
        self.found.append(problem)
        self._errors += problem.severity is Severity.ERROR

    def passed_over(self, key: str, what: str, position: Position) -> None:
        """Note an unknown key of ``what``."""
        self._unknown.setdefault(key, []).append((what, position))

    def bound(self) -> None:
        """Raises `TooManyError` once there are `MAX_PROBLEMS` errors."""
        if self._errors >= MAX_PROBLEMS:
            raise TooManyError

    def all(self) -> tuple[Diagnostic, ...]:
        """All diagnostics; the warnings about unknown keys, one per key, come last."""
        return (*self.found, *self._keys())

    def _keys(self) -> Iterator[Diagnostic]:
        for key, places in self._unknown.items():
            (what, first), *others = places
            yield KEY_UNKNOWN.warning(
                f"{what} has the unknown key {key!r}, which is passed over",
                first,
                [Related(f"also in {where}", position) for where, position in others],
                "check the spelling; docs/reference/agents.md lists the keys",
            )
