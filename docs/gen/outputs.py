"""The reference of outputs: what each is, its options, and the files it writes for the example."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from text import block, code, paragraphs, table, words

import scmigen
from scmigen.diagnostics import Severity
from scmigen.targets.base import Target
from scmigen.targets.registry import BUILT_IN, DEFAULT, find

_DTS = Path(__file__).parents[2] / "examples" / "dts"


def outputs() -> str:
    """A table of all outputs."""
    rows = (
        [code(name), words(find(name).about), "yes" if name in DEFAULT else "no"]
        for name in BUILT_IN
    )
    return table(("output", "what it is", "without `--emit`"), rows)


def files() -> str:
    """The files of each output, for the example with five agents."""
    result = scmigen.compile(_DTS / "orrery-board.dts", agents=_DTS / "agents.yaml")
    return paragraphs(part for name in BUILT_IN for part in _files(find(name), result))


def _files(target: Target[Any], result: scmigen.Result) -> Iterator[str]:
    emitted = scmigen.emit(result, [target.name])
    yield f"**{target.name}**"
    if emitted.ok:
        yield block("text", "\n".join(file.path for file in emitted.files))
    else:
        problem = next(item for item in emitted.diagnostics if item.severity is Severity.ERROR)
        yield f"Not made for this board: {words(problem.message)}."
