"""The names that rules of `scmigen compare-server --expect` may use."""

from text import code, table, words

from scmigen.compare.facts import NAMES, OF_PLATFORM


def rule_names() -> str:
    """Name, what it is, and whether it needs the platform."""
    rows = (
        (code(name), words(about), "`--platform`" if name in OF_PLATFORM else "")
        for name, about in NAMES.items()
    )
    return table(("name", "what it is", "needs"), rows)
