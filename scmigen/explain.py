"""Every diagnostic id of the package and what it is about: the rooms' tables in one."""

import re
from collections.abc import Mapping

from scmigen.assignment.about import ABOUT as ASSIGNMENT
from scmigen.bindings.about import ABOUT as BINDINGS
from scmigen.checks.registry import explanations as checks
from scmigen.devicetree.about import ABOUT as DEVICETREE
from scmigen.diagnostics import Explanation
from scmigen.emit.about import ABOUT as EMIT
from scmigen.model.about import ABOUT as MODEL
from scmigen.resources import directory

#: What the way through the stages itself says.
_STAGES: Mapping[str, Explanation] = {
    "check-unknown": Explanation(
        "A check is switched that does not exist.",
        "Look for its name with scmigen explain --list.",
    ),
    "output-left-out": Explanation(
        "An output of the default set cannot hold the board and is left out.",
        "Name it with --emit to see why as errors.",
    ),
    "output-unwritable": Explanation(
        "A file cannot be written; nothing else was written either.",
        "See that the folder is there and yours, and that nothing else has the file's name.",
    ),
    "platform-extra": Explanation(
        "What platform.extra adds does not fit the runtime configuration.",
        "Compare it with runtime.schema.json; a new thing needs all that its kind must have.",
    ),
    "runtime-invalid": Explanation(
        "The server's description is no runtime configuration.",
        "Name a runtime.json that scmigen build wrote.",
    ),
}

#: What reading a board finds and goes on after.
_READING = (
    "cells-missing",
    "dts-truncated",
    "glob-unmatched",
    "phandle-dangling",
    "specifier-short",
    "tree-ambiguous",
    "tree-unmatched",
)


def explanations() -> dict[str, Explanation]:
    """Id → what it is about and what to do, the checks first."""
    rooms = (DEVICETREE, BINDINGS, ASSIGNMENT, MODEL, EMIT, _STAGES)
    return {**checks(), **{name: said for room in rooms for name, said in sorted(room.items())}}


#: What the examples take for granted.
_GIVEN = "&clk, &rst and &pd are controllers of the SoC, &rail is a supply from 0.7 V to 0.9 V."


def example(name: str) -> str | None:
    """A board where a check speaks and the nearest where it does not; none for other ids."""
    if name not in explanations():
        return None
    path = directory("templates") / "explain" / f"{name}.txt"
    return path.read_text(encoding="utf-8") if path.is_file() else None


def in_full(name: str) -> str:
    """What one of `explanations` is about, what to do, and the example where there is one."""
    said = explanations()[name]
    shown = example(name)
    given = (
        f"\n{_GIVEN}\n" if shown is not None and re.search(r"&(clk|rst|pd|rail)\b", shown) else ""
    )
    return "\n".join((said.about, said.advice, "" if shown is None else f"\n{shown}{given}"))


def switchable() -> tuple[str, ...]:
    """The names that the user may switch, sorted: what is found in input that can be read."""
    return tuple(sorted({*checks(), *_READING, *EMIT, "output-left-out"}))
