"""Findings about who owns what."""

from scmigen.diagnostics import Finding, Severity

ACCESS_BEYOND_PARENT = Finding(
    "access-beyond-parent",
    "A nested domain has a device that the domain around it does not have.",
    "Give the device to the parent too, or drop it from the nested domain.",
    switchable=False,
)
ACCESS_DIFFERS = Finding(
    "access-differs",
    "One agent names one device twice with different flags.",
    "Drop one of the entries, or give both the same flags.",
    switchable=False,
)
AGENT_DIFFERS = Finding(
    "agent-differs",
    "Two sources say different things about one agent; the SCMI node of its tree is a source too.",
    "Say it in one of them, or the same in both.",
    switchable=False,
)
AGENT_DUPLICATE = Finding(
    "agent-duplicate",
    "An agent id, or being the default, is given to two agents.",
    "Give each its own; at most one agent is the default.",
    switchable=False,
)
AGENT_ID = Finding(
    "agent-id",
    "SCMI agent ids are not 1 to N without a gap.",
    "Number the agents 1, 2, 3, …; 0 is the platform.",
    switchable=False,
)
AGENTS_NONE = Finding(
    "agents-none",
    "There are domains, but none of them has a device or anything that concerns SCMI.",
    "Name the devices of a domain under access, or write scmi: {role: …}.",
    Severity.WARNING,
)
AGENT_ROLE = Finding(
    "agent-role",
    "A domain has a role that does not exist.",
    "Use ospm, psci, hypervisor, secure, vm or other.",
    switchable=False,
)
AGENT_PROFILE = Finding(
    "agent-profile",
    "A domain has an SCMI profile that does not exist, or that of a later version than is known.",
    "Use a release of the specification or a program that is known, with its version or without.",
    switchable=False,
)
AGENTS_FILE = Finding(
    "agents-file",
    "The agents file does not have the form that docs/reference/agents.md describes.",
    "Correct the entry; the message names what is expected.",
    switchable=False,
)
DOMAIN_ID = Finding(
    "domain-id",
    "The ids of domains are not their SCMI agent ids.",
    "State the agent id with scmi: {id: N}, or scmigen,id = <N> in a tree.",
    Severity.WARNING,
)
DOMAIN_PASSED_OVER = Finding(
    "domain-passed-over",
    "A domain is not an execution domain: its compatible is another one.",
    "Write compatible: openamp,domain-v1 if its devices are to be assigned.",
    Severity.WARNING,
)
DOMAIN_PROPERTY = Finding(
    "domain-property",
    "A property below /domains is misspelt, misplaced, malformed or missing.",
    "Correct the property; the message names it.",
    switchable=False,
)
GLOB_UNMATCHED = Finding(
    "glob-unmatched",
    "A pattern in an access entry matches no node.",
    "Correct or drop the pattern.",
    severity=Severity.WARNING,
)
DEVICE_UNKNOWN = Finding(
    "device-unknown",
    "An entry names a device that the tree does not have.",
    "Name a label, a path or a node name of the tree, or a pattern.",
    switchable=False,
)
KEY_UNKNOWN = Finding(
    "key-unknown",
    "An agents file has a key that has no meaning here, nor in a system device tree.",
    "Check its spelling; docs/reference/agents.md lists the keys.",
    Severity.WARNING,
)
OPTION_DIFFERS = Finding(
    "option-differs",
    "Two agents files state one option of the platform, or of a check, differently.",
    "Say it once, or the same in both.",
    switchable=False,
)
PARTITION_MANIFEST = Finding(
    "partition-manifest",
    "The manifest of a secure partition does not have the form that partition managers read.",
    "Correct the property; the message names it.",
    switchable=False,
)
PARTITION_REGION = Finding(
    "partition-region",
    "A device region of a partition's manifest is no device of the board, or several.",
    "Give each device a region of its own, at the address that the board has for it.",
    switchable=False,
)
PROVIDER_SECURE = Finding(
    "provider-secure",
    "The platform serves a provider of the secure world, since the normal world depends on it.",
    "Say in an agents file whose it is: platform.managed, platform.local, or platform.devices.",
    Severity.NOTE,
)
PROVIDER_UNKNOWN = Finding(
    "provider-unknown",
    "An entry of platform names a provider that the tree does not have.",
    "Name a label, a path or a node name of the tree, or a pattern.",
    switchable=False,
)
PROVIDER_DIFFERS = Finding(
    "provider-differs",
    "Two sources give one provider different classes; what a server description serves is managed.",
    "Drop one of the two.",
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
    "Correct the node; nothing in it is skipped or guessed.",
    switchable=False,
)
TREE_AMBIGUOUS = Finding(
    "tree-ambiguous",
    "A node of an agent's tree may be any of several nodes of the board.",
    "Say which with xen,path, or give both trees the same path.",
)
TREE_UNMATCHED = Finding(
    "tree-unmatched",
    "A device of an agent's tree that uses the board's resources is not a node of the board, or "
    "its xen,path names none.",
    "Name the device of the board with xen,path.",
)
XEN_AGENT_ID = Finding(
    "xen-agent-id",
    "The SCMI agent that a host's tree gives a domain of Xen cannot exist.",
    "Write the id that the firmware has for the agent of the domain, 1 or more.",
    switchable=False,
)
XEN_PATH = Finding(
    "xen-path",
    "A domain of Xen names a node that the board does not have.",
    "Write the full path of a node of the board.",
    switchable=False,
)
XEN_PASSTHROUGH = Finding(
    "xen-passthrough",
    "Xen keeps devices from dom0, and no source says which domain gets them.",
    "Give the partial tree of each domain with --tree, or name the devices in an agents file.",
    Severity.WARNING,
)
