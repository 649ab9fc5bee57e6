"""What each diagnostic of this room is about, for ``scmigen explain``."""

from collections.abc import Mapping

from scmigen.diagnostics import Explanation

ABOUT: Mapping[str, Explanation] = {
    "lock-duplicate": Explanation(
        "A lock file gives one number twice, or one thing two numbers.",
        "Keep the line that is right; after a merge, often both are new: delete one.",
    ),
    "lock-syntax": Explanation(
        "A line of a lock file cannot be read.",
        "Restore the line from version control; tabs separate its fields.",
    ),
}
