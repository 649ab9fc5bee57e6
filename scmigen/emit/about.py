"""What each diagnostic of this room is about, for ``scmigen explain``."""

from collections.abc import Mapping

from scmigen.diagnostics import Explanation
from scmigen.emit.scp.limits import ABOUT as SCP

_ADVICE: Mapping[str, str] = {
    "scp-driver": "Name one in platform.drivers, or build for the host, where mock drivers do.",
    "scp-empty": "Look with scmigen show providers why nothing is managed.",
    "scp-kind": "Serve them with another server, or leave them out.",
    "scp-limit": "Use --numbering per-agent, or have agents drive more providers themselves.",
    "scp-numbering": "Use --numbering shared, or let both agents have the number of the platform.",
    "scp-parent": "The grant is not in the tables; set the parent at boot.",
    "scp-permissions": "Accept it in the agents file where all agents are trusted.",
    "scp-votes": "Give the devices of the supply to one agent, or the supply to the platform.",
    "scp-assumed": "Say the value in the tree, or in platform.assume.",
}

ABOUT: Mapping[str, Explanation] = {
    "runtime-range": Explanation(
        "A value of the tree is beyond what the runtime configuration and SCMI can hold.",
        "Mend the rate, voltage or time in the tree; often a cell is missing or two are swapped.",
    ),
    **{
        name: Explanation(
            about, _ADVICE.get(name, "The hint of the message says what would be right.")
        )
        for name, about in SCP.items()
    },
}
