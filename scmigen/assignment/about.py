"""What each diagnostic of this room is about, for ``scmigen explain``."""

from collections.abc import Mapping

from scmigen.diagnostics import Explanation

ABOUT: Mapping[str, Explanation] = {
    "access-beyond-parent": Explanation(
        "A nested domain has a device that its parent does not have.",
        "Give the device to the parent too, or drop it from the nested domain.",
    ),
    "agent-differs": Explanation(
        "Two sources say different things of one agent.",
        "Say it in one of them, or the same in both.",
    ),
    "agent-duplicate": Explanation(
        "A name, an id or the default is given to two agents.",
        "Give each its own; at most one agent is the default.",
    ),
    "agent-id": Explanation(
        "Agent ids are not 1 to N without a gap.",
        "Number the agents 1, 2, 3, …; 0 is the platform.",
    ),
    "agent-role": Explanation(
        "A domain has a role that does not exist.",
        "Use ospm, psci, hypervisor, secure, vm or other.",
    ),
    "agents-file": Explanation(
        "The agents file does not have the form that docs/agents.md describes.",
        "Mend the entry; the message names what is expected.",
    ),
    "glob-unmatched": Explanation(
        "A pattern in an access entry matches no node.",
        "Mend or drop the pattern.",
    ),
    "provider-differs": Explanation(
        "A server description serves a provider that the agents file gives another class.",
        "Drop the entry of the agents file, or that of the description.",
    ),
    "resource-unknown": Explanation(
        "A grant or owner names a resource that the tree does not have.",
        'Write it as in a clocks property, "&provider 1"; macros are those of the board\'s source.',
    ),
    "scmi-server": Explanation(
        "An optee,scmi-server node does not have the form that OP-TEE reads.",
        "Mend the node; nothing of it is skipped or guessed.",
    ),
    "tree-ambiguous": Explanation(
        "A node of an agent's tree may be any of several nodes of the board.",
        "Say which with xen,path, or give both trees the same path.",
    ),
    "tree-unmatched": Explanation(
        "A device of an agent's tree that uses the board's resources is no node of the board.",
        "Name the device of the board with xen,path.",
    ),
}
