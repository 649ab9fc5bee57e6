"""Resources by the provider and the cells that both a board and a description have."""

from scmigen.bindings.scmi_nodes import is_in_scmi
from scmigen.checks.served_view import Row
from scmigen.checks.words import resource_name
from scmigen.diagnostics import Diagnostic, Finding, Position, Related
from scmigen.model.platform import Grant, Platform

RESOURCE_DIFFERS = Finding(
    "resource-differs",
    "An id leads to another clock, domain or supply at the server than on the board.",
    "Correct the table of the server: one of its rows has moved.",
)


def differs(platform: Platform, grant: Grant, row: Row) -> Diagnostic | None:
    """The resource that an agent has by its number, where the server has another one there.

    What a tree names by SCMI alone has no other place. Cells behind those of a resource are flags.
    """
    theirs, key = row.resource, grant.resource.key
    tree = platform.inventory.tree
    if (
        theirs.node not in platform.providers
        or grant.resource.declared
        or is_in_scmi(grant.resource.node)
    ):
        return None
    if theirs.node == key.provider and theirs.cells[: len(key.cells)] == key.cells:
        return None
    there = " ".join((theirs.node, *map(str, theirs.cells)))
    return RESOURCE_DIFFERS.error(
        f"{key.kind} {grant.id} of {grant.agent.name} is {key} here; the server has {there}",
        grant.resource.facts.position or grant.resource.node.position or Position(tree.file),
        [Related("the server", row.position)],
        "correct the row of the server, or the number on this side",
    ).about([resource_name(key)], agents=[grant.agent.name])
