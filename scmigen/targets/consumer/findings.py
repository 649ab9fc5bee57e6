"""What cannot be said in an agent's tree, and what somebody should look at."""

from scmigen.diagnostics import Finding, Severity

CHANNEL_UNSAID = Finding(
    "consumer-channel",
    "No source says what the transport of an agent needs, so its tree cannot have an SCMI node.",
    "Say it in the agents file, below scmi: {transport: …}; mailboxes in an SCMI node or a server"
    " description.",
)
CHANNELS_FEW = Finding(
    "consumer-channels",
    "The platforms of several SCMI nodes serve an agent that has not a channel to each of them.",
    "Leave the agent what one of them serves, or claim the SCMI nodes with its channels for it.",
)
TRANSPORT_ASSUMED = Finding(
    "consumer-transport",
    "No source says how an agent reaches the platform, or no device tree can say it; its tree has"
    " virtio.",
    "Say it in the agents file: scmi: {transport: {type: …}}.",
    Severity.WARNING,
)
REFERENCE_LOST = Finding(
    "consumer-lost",
    "A node of an agent's tree refers to a resource that the agent has no access to; the reference"
    " is left out.",
    "Give the agent the device, or grant it the resource.",
    Severity.WARNING,
)
CONTROLLER_FOREIGN = Finding(
    "consumer-foreign",
    "Nodes of an agent's tree refer to what another agent drives, which is reserved in this tree:"
    " their drivers wait for it.",
    "Share it, or give it and what works through it to one agent.",
    Severity.WARNING,
)
OPERATION_LOST = Finding(
    "consumer-assigned",
    "A rate, parent or level that the agent may not set is left out of its tree.",
    "Have the owner of the clock or domain set it, or grant the operation.",
    Severity.NOTE,
)
DOMAIN_UNATTACHED = Finding(
    "consumer-domains",
    "A device gets a performance domain besides its power domain; Linux leaves several domains to"
    " the driver.",
    "See that its driver attaches its domains by name, as drivers for SCMI platforms do.",
    Severity.NOTE,
)
VOTES_LOST = Finding(
    "consumer-votes",
    "Operating points that vote on several domains lose these votes: a level is a vote on one.",
    "Grant the device no more than one domain that takes votes, or have its driver vote.",
    Severity.NOTE,
)
PROVIDER_KEPT = Finding(
    "consumer-provider",
    "A provider that the platform drives stays enabled in agents' trees, for the node has other"
    " roles.",
    "See that its driver in the agents' kernels leaves alone what the platform drives, or leave the"
    " driver out of them.",
    Severity.NOTE,
)

OS_TRANSPORT = Finding(
    "consumer-os",
    "What reads an agent's tree has no driver for the transport of its channel.",
    "Give the agent another transport, or correct its os.",
)
OS_KINDS = Finding(
    "consumer-os-kinds",
    "What reads an agent's tree cannot use some of what the agent is granted; it is not in it.",
    "Nothing: the platform or another agent has to see to them. Remove os if Linux reads the tree.",
    Severity.NOTE,
)

FINDINGS = (
    OS_TRANSPORT,
    OS_KINDS,
    CHANNEL_UNSAID,
    CHANNELS_FEW,
    TRANSPORT_ASSUMED,
    REFERENCE_LOST,
    CONTROLLER_FOREIGN,
    OPERATION_LOST,
    DOMAIN_UNATTACHED,
    VOTES_LOST,
    PROVIDER_KEPT,
)
