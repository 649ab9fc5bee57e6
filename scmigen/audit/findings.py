"""Findings about several descriptions of one server."""

from scmigen.diagnostics import Finding

SERVERS_DIFFER = Finding(
    "servers-differ",
    "Descriptions of one server do not go together.",
    "Give each agent one description that has all, and traces: --against linux=a.json.",
    switchable=False,
)
