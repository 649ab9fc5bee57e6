"""Findings about the runtime configuration."""

from scmigen.diagnostics import Finding

RUNTIME_RANGE = Finding(
    "runtime-range",
    "A value of the tree is beyond what the runtime configuration and SCMI can hold.",
    "Mend the rate, voltage or time in the tree; often a cell is missing or two are swapped.",
)
