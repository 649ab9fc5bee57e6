"""Every diagnostic id of the package and what it is about: the rooms' tables in one."""

from collections.abc import Mapping

from scmigen.assignment.about import ABOUT as ASSIGNMENT
from scmigen.bindings.about import ABOUT as BINDINGS
from scmigen.checks.registry import explanations as checks
from scmigen.devicetree.about import ABOUT as DEVICETREE
from scmigen.diagnostics import Explanation
from scmigen.emit.about import ABOUT as EMIT
from scmigen.model.about import ABOUT as MODEL

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
    "runtime-invalid": Explanation(
        "The server's description is no runtime configuration.",
        "Name a runtime.json that scmigen build wrote.",
    ),
}


def explanations() -> dict[str, Explanation]:
    """Id → what it is about and what to do, the checks first."""
    rooms = (DEVICETREE, BINDINGS, ASSIGNMENT, MODEL, EMIT, _STAGES)
    return {**checks(), **{name: said for room in rooms for name, said in sorted(room.items())}}
