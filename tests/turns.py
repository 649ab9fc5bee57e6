"""Which of many cases the default run has: the others are marked ``more``, and .ci/run has them."""

from collections.abc import Iterable, Sequence
from typing import Any

import pytest


def one_in(every: int, cases: Iterable[Any]) -> list[Any]:
    """Parameters of which one in ``every`` runs by default."""
    return [case if turn % every == 0 else _more(case) for turn, case in enumerate(cases)]


def only(chosen: Iterable[Any], cases: Sequence[Any]) -> list[Any]:
    """Parameters of which ``chosen`` run by default."""
    chosen = set(chosen)
    assert chosen <= set(cases)
    return [case if case in chosen else _more(case) for case in cases]


def _more(case: Any) -> Any:
    values = case if isinstance(case, tuple) else (case,)
    return pytest.param(*values, marks=pytest.mark.more)
