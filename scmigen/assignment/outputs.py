"""Options of outputs in agents files, as written: only an output knows what its options mean.

``outputs`` of a file maps names of outputs to their options. Some options used to be keys of
``platform`` and are kept under these names; `scmigen.targets.options` says where they belong now.
"""

from collections.abc import Mapping

from scmigen.assignment.given import Given, Outputs
from scmigen.assignment.located import Located
from scmigen.assignment.values import FORMER_KEYS


def read_outputs(top: Mapping[str, Located]) -> Outputs:
    """The options in one agents file; ``top`` are its top-level entries."""
    given = (top["outputs"].given(),) if "outputs" in top else ()
    former = top["platform"].given_of(FORMER_KEYS) if "platform" in top else {}
    return Outputs(given, (Given(former, top["platform"].position),) if former else ())
