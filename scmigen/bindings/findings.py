"""Findings about references between nodes."""

from scmigen.diagnostics import Finding

CELLS_MISSING = Finding(
    "cells-missing",
    "A list refers to a node that does not say how many cells a reference to it has.",
    "Give the provider its #…-cells, or refer to another node.",
)
PHANDLE_DANGLING = Finding(
    "phandle-dangling",
    "A list holds a phandle that no node has.",
    "Refer to a label, or use <0> for an empty entry.",
)
SPECIFIER_SHORT = Finding(
    "specifier-short",
    "A list ends inside an entry.",
    "Write as many cells after each reference as the provider's #…-cells says.",
)
ID_UNSERVED = Finding(
    "id-unserved",
    "The tree refers to an SCMI id that the server does not give its agent.",
    "Correct the number, or add the resource at the server.",
)
CHANNEL_UNKNOWN = Finding(
    "channel-unknown",
    "An SCMI node has a channel that no agent of the server description in the same tree has.",
    "Write the channel of the agent that reads the tree.",
)
