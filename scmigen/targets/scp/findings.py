"""Findings about the tables for SCP-firmware."""

from scmigen.diagnostics import Finding

SCP_EMPTY = Finding(
    "scp-empty",
    "The platform has no agent, or no resource that SCP-firmware gets tables for.",
    "Look with scmigen show providers why nothing is managed.",
)
SCP_LIMIT = Finding(
    "scp-limit",
    "The platform has more agents or higher numbers than SCP-firmware's tables hold.",
    "Use --numbering per-agent, or have agents drive more providers themselves.",
)
SCP_NAME = Finding(
    "scp-name",
    "A name is too long for SCP-firmware, or two resources of a kind share one.",
    "The hint of the message says what would be right.",
)
SCP_NUMBERING = Finding(
    "scp-numbering",
    "An agent has numbers of its own where SCP-firmware has one for all.",
    "Use --numbering shared, or let both agents have the number of the platform.",
)
SCP_KIND = Finding(
    "scp-kind",
    "The platform has resources of a kind that SCP-firmware gets no tables for.",
    "Serve them with another server, or leave them out.",
)
SCP_PARENT = Finding(
    "scp-parent",
    "An agent may set a clock's parent, which SCP-firmware cannot do.",
    "The grant is not in the tables; set the parent at boot.",
)
SCP_PERMISSIONS = Finding(
    "scp-permissions",
    "Permissions are to change at run time, which any agent could do there.",
    "Accept it in the agents file where all agents are trusted.",
)
SCP_RATE = Finding(
    "scp-rate",
    "A clock has a rate that a clock driver's table in SCP-firmware cannot hold.",
    "The hint of the message says what would be right.",
)
SCP_VOTES = Finding(
    "scp-votes",
    "Two agents control a voltage domain, and SCP-firmware counts no votes there.",
    "Give the devices of the supply to one agent, or the supply to the platform.",
)
SCP_LEVEL = Finding(
    "scp-level",
    "A level cannot be held by SCP-firmware: zero, or too high.",
    "The hint of the message says what would be right.",
)
SCP_SAME_VOLTAGE = Finding(
    "scp-same-voltage",
    "Two operating points have one voltage; SCP-firmware keeps the rate.",
    "The hint of the message says what would be right.",
)
SCP_SYSTEM_POWER = Finding(
    "scp-system-power",
    "What agents can do with system power, or why it is denied to them.",
    "The hint of the message says what would be right.",
)
SCP_TRIP_POINTS = Finding(
    "scp-trip-points",
    "Trip points of sensors are left out, or come with a bug of SCP-firmware.",
    "The hint of the message says what would be right.",
)
SCP_FAST_CHANNELS = Finding(
    "scp-fast-channels",
    "Fast channels have no place in memory, or a domain cannot have them.",
    "The hint of the message says what would be right.",
)
SCP_ASSUMED = Finding(
    "scp-assumed",
    "A product would be built on a value that was assumed.",
    "Say the value in the tree, or in platform.assume.",
)
SCP_DRIVER = Finding(
    "scp-driver",
    "A provider has no driver in SCP-firmware, or one that cannot be used.",
    "Name one in platform.drivers, or build for the host, where mock drivers do.",
)
SCP_MAILBOX = Finding(
    "scp-mailbox",
    "An agent's mailbox has no place in memory.",
    "The hint of the message says what would be right.",
)
