"""Findings about lock files."""

from scmigen.diagnostics import Finding, Severity

LOCK_DUPLICATE = Finding(
    "lock-duplicate",
    "A lock file gives one number twice, or one thing two numbers.",
    "Keep the line that is right; after a merge, often both are new: delete one.",
    switchable=False,
)
LOCK_SYNTAX = Finding(
    "lock-syntax",
    "A line of a lock file cannot be read.",
    "Restore the line from version control; tabs separate its fields.",
    switchable=False,
)
LOCK_MISSING = Finding(
    "lock-missing",
    "The lock file that is named does not exist, so every number is a new one.",
    "Correct the name; at first, scmigen build --ids makes the file.",
    Severity.NOTE,
)
LOCK_OUTDATED = Finding(
    "lock-outdated",
    "The lock file lacks numbers of the board, and --locked keeps it as it is.",
    "Build without --locked, and commit the lock file with the change of the board.",
    switchable=False,
)
