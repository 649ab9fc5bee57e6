"""Findings about who owns what."""

from scmigen.diagnostics import Finding

ACCESS_BEYOND_PARENT = Finding(
    "access-beyond-parent",
    "A nested domain has a device that its parent does not have.",
    "Give the device to the parent too, or drop it from the nested domain.",
    switchable=False,
)
AGENT_DIFFERS = Finding(
    "agent-differs",
    "Two sources say different things of one agent.",
    "Say it in one of them, or the same in both.",
    switchable=False,
)
AGENT_DUPLICATE = Finding(
    "agent-duplicate",
    "A name, an id or the default is given to two agents.",
    "Give each its own; at most one agent is the default.",
    switchable=False,
)
AGENT_ID = Finding(
    "agent-id",
    "Agent ids are not 1 to N without a gap.",
    "Number the agents 1, 2, 3, …; 0 is the platform.",
    switchable=False,
)
AGENT_ROLE = Finding(
    "agent-role",
    "A domain has a role that does not exist.",
    "Use ospm, psci, hypervisor, secure, vm or other.",
    switchable=False,
)
AGENTS_FILE = Finding(
    "agents-file",
    "The agents file does not have the form that docs/agents.md describes.",
    "Mend the entry; the message names what is expected.",
    switchable=False,
)
GLOB_UNMATCHED = Finding(
    "glob-unmatched",
    "A pattern in an access entry matches no node.",
    "Mend or drop the pattern.",
)
DEVICE_UNKNOWN = Finding(
    "device-unknown",
    "An entry names a device that the tree does not have.",
    "Name a label, a path or a node name of the tree, or a pattern.",
    switchable=False,
)
PROVIDER_UNKNOWN = Finding(
    "provider-unknown",
    "An entry of platform names a provider that the tree does not have.",
    "Name a label, a path or a node name of the tree, or a pattern.",
    switchable=False,
)
PROVIDER_DIFFERS = Finding(
    "provider-differs",
    "A server description serves a provider that the agents file gives another class.",
    "Drop the entry of the agents file, or that of the description.",
    switchable=False,
)
RESOURCE_UNKNOWN = Finding(
    "resource-unknown",
    "A grant or owner names a resource that the tree does not have.",
    'Write it as in a clocks property, "&provider 1"; macros are those of the board\'s source.',
    switchable=False,
)
SCMI_SERVER = Finding(
    "scmi-server",
    "An optee,scmi-server node does not have the form that OP-TEE reads.",
    "Mend the node; nothing of it is skipped or guessed.",
    switchable=False,
)
TREE_AMBIGUOUS = Finding(
    "tree-ambiguous",
    "A node of an agent's tree may be any of several nodes of the board.",
    "Say which with xen,path, or give both trees the same path.",
)
TREE_UNMATCHED = Finding(
    "tree-unmatched",
    "A device of an agent's tree that uses the board's resources is no node of the board.",
    "Name the device of the board with xen,path.",
)
