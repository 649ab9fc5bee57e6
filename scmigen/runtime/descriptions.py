"""What ``runtime.schema.json`` says about each enumeration, by its name; structures say it in
``described``.

These are not the docstrings of the types: ``python -OO`` has none, and each Python indents them in
its own way, but the schema of one release of scmigen is the same everywhere.
"""

from collections.abc import Mapping
from types import MappingProxyType

DESCRIPTIONS: Mapping[str, str] = MappingProxyType(
    {
        "Certainty": (
            "Whether a driver does something with the clock of every device that it is for, or "
            "only with some clock, on some device or in some configuration."
        ),
        "Kind": (
            "The kinds of resource, in protocol order. A device tree has no source for the last "
            "two."
        ),
        "Operation": "One thing that can be allowed on a resource.",
        "Profile": "A release of the SCMI specification.",
        "Role": "What an agent is to the platform.",
        "Numbering": (
            "How SCMI ids are given: one number per resource, or dense from 0 for each agent."
        ),
        "PowerUnit": "The unit of powers and caps.",
        "SystemPower": (
            "What an agent may do with the power of the system: nothing, be told that it is about "
            "to go down, or also shut it down and reset it."
        ),
        "Voting": "Each agent has a vote, or the last request holds, whoever made it.",
    }
)
