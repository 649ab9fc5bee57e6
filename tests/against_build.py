"""`scmigen.checks.against.compare` as ``scmigen check`` calls it."""

from typing import Any

from scmigen.checks import against
from scmigen.diagnostics import Diagnostic
from scmigen.targets.runtime.configuration import to_runtime


def compare(*args: Any, **options: Any) -> tuple[Diagnostic, ...]:
    """What does not fit between a board and a server, with what a build of the board would be."""
    return against.compare(*args, **options, build=to_runtime)


#: What a build would have otherwise, besides numbers, names and permissions.
FACTS = frozenset(
    {
        *("agent-facts-differ", "boot-differs", "facts-differ", "lasting-differs"),
        *("levels-differ", "parents-differ", "rates-differ", "rights-differ"),
        *("system-power-differs", "vendor-differs", "voltages-differ", "votes-differ"),
    }
)


def without_facts(found: tuple[Diagnostic, ...]) -> list[Diagnostic]:
    """Of what was found, all but what is about such facts."""
    return [item for item in found if item.id not in FACTS]
