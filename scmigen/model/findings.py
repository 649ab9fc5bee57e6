"""Findings about lock files."""

from scmigen.diagnostics import Finding

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
