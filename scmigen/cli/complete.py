"""What the shell may complete where a word depends on no board: checks, outputs, messages, boards.

The functions run while somebody types, so a file with errors completes nothing, and says nothing.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from scmigen.diagnostics import InputError
from scmigen.hints import Any


def checks(values: Mapping[str, Any], name: str, begun: str) -> list[str]:
    """Checks that the user may override; after ``-W`` also with ``no-``."""
    from scmigen.explain import switchable

    known = switchable()
    if name == "switches":
        known = (*known, "error", *(f"no-{check}" for check in known))
    return beginning(known, begun)


def findings(values: Mapping[str, Any], name: str, begun: str) -> list[str]:
    """All that ``explain`` explains."""
    from scmigen.explain import findings as every

    return beginning(every(), begun)


def outputs(values: Mapping[str, Any], name: str, begun: str) -> list[str]:
    """The outputs that are not in the list yet."""
    from scmigen.targets import registry

    before, comma, _ = begun.rpartition(",")
    others = [name for name in registry.names() if name not in before.split(",")]
    return beginning((f"{before}{comma}{name}" for name in others), begun)


def messages(values: Mapping[str, Any], name: str, begun: str) -> list[str]:
    """The names that ``client call`` knows."""
    from scmigen.scmi.messages import names

    return beginning(names(), begun)


def profiles(values: Mapping[str, Any], name: str, begun: str) -> list[str]:
    """Releases and programs, for all agents or the one that is typed."""
    from scmigen.scmi.clients import EXAMPLES

    agent, equals, _ = begun.rpartition("=")
    return beginning((f"{agent}{equals}{name}" for name in EXAMPLES), begun)


def boards(values: Mapping[str, Any], name: str, begun: str) -> list[str]:
    """The boards of the project file."""
    from scmigen.project.file import NAME, read_project

    with suppress(InputError):
        return beginning(read_project(values.get("project") or Path(NAME)), begun)
    return []


def beginning(words: Iterable[str], begun: str) -> list[str]:
    """Those of ``words`` that begin with what is typed."""
    return [word for word in words if word.startswith(begun)]
