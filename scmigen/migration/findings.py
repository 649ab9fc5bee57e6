"""What a description of a server has and an agents file with a lock file cannot say."""

from scmigen.diagnostics import Finding, Severity

IMPORT_LEFT = Finding(
    "import-left",
    "Something of a server's description is not in the files that were made of it.",
    "See whether it is wanted: a build has not got it.",
    severity=Severity.WARNING,
    switchable=False,
)

IMPORT_MAP = Finding(
    "import-map",
    "The file that says which resource of the tree a number means is not right.",
    'Write one mapping per kind: clock: {12: "&cru 5"}.',
    switchable=False,
)
