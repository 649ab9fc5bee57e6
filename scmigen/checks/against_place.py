"""Resources by the provider and the cells that both a board and a description have."""

from collections.abc import Iterator, Sequence

from scmigen.bindings.scmi_nodes import is_in_scmi
from scmigen.checks.against_built import Both, about
from scmigen.checks.grant_checks import name_differs
from scmigen.checks.served_view import Row
from scmigen.checks.words import plain, resource_name
from scmigen.diagnostics import Diagnostic, Finding, Position, Related
from scmigen.model.platform import Grant, Platform, Resource
from scmigen.scmi.protocols import SHORT_NAME_SIZE

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
    if theirs.node not in platform.providers or not _has_place(grant.resource):
        return None
    if theirs.node == key.provider and theirs.cells[: len(key.cells)] == key.cells:
        return None
    there = " ".join((theirs.node, *map(str, theirs.cells)))
    return RESOURCE_DIFFERS.error(
        f"{key.kind} {grant.id} of {grant.agent.name} is {key} here; the server has {there}",
        grant.resource.facts.position or grant.resource.node.position or Position(tree.file),
        [Related("the server", row.place)],
        "correct the row of the server, or the number on this side",
    ).about([resource_name(key)], agents=[grant.agent.name])


def _has_place(resource: Resource) -> bool:
    """Whether a resource is something of a provider, not what only SCMI or a user names."""
    return not resource.declared and not is_in_scmi(resource.node)


def elsewhere(platform: Platform, found: Sequence[Both]) -> Iterator[Diagnostic]:
    """The resources that the server has of providers which the board does not have: one warning."""
    those = [each for each in found if _is_elsewhere(platform, each)]
    if those:
        first, *others = [Related(f"{each} is of {_place(each)}", each.position) for each in those]
        item = RESOURCE_DIFFERS.warning(
            f"at the server, {first.message}, which is no provider of the board",
            first.position,
            others,
            "correct the rows of the server, or hold another board against it",
        )
        yield about(item, those)


def _is_elsewhere(platform: Platform, each: Both) -> bool:
    mine, theirs = each.mine, each.theirs
    if each.resource is None:
        return bool(theirs.node) and (theirs.node, theirs.cells) != (mine.node, mine.cells)
    known = ("", mine.node, *platform.providers)
    return _has_place(each.resource) and theirs.node not in known


def _place(each: Both) -> str:
    return " ".join((each.theirs.node, *map(str, each.theirs.cells)))


def called_otherwise(found: Sequence[Both]) -> Iterator[Diagnostic]:
    """What a server calls otherwise than a build would: one note.

    A firmware has names of its own. So that is told only where the description has the tree's own
    providers, or has the names of a build for most of what it names.
    """
    named = [each for each in found if each.theirs.name and not _is_told(each)]
    other = [each for each in named if not _is_called(each)]
    alike = len(other) < len(named) - len(other)
    those = [each for each in other if alike or each.theirs.node]
    those += [
        each for each in found if each.theirs.node and not each.theirs.name and not _is_told(each)
    ]
    if those:
        first, *others = [
            Related(f"{each} is called {each.theirs.name!r}", each.position) for each in those
        ]
        note = name_differs.note(f"at the server, {first.message}", first.position, others)
        yield about(note, those)


def _is_told(each: Both) -> bool:
    """Whether `against` tells of the name: the tree has names, and the server none of them; or what
    has them is known by SCMI alone."""
    one = each.resource
    if one is None:
        return False
    of_tree = set(map(plain, one.facts.names))
    theirs = plain(each.theirs.name.partition("~")[0])
    kept = plain(each.mine.name.partition("~")[0]) not in of_tree
    return (bool(of_tree) and not (kept and theirs in of_tree)) or not _has_place(one)


def _is_called(each: Both) -> bool:
    """Whether it has the name of a build, which may be cut, with what tells equals apart."""
    mine, theirs = each.mine.name, each.theirs.name
    if each.theirs.node or mine == theirs:
        return mine == theirs
    name, cut, _ = theirs.partition("~")
    short = cut or len(theirs) == SHORT_NAME_SIZE - 1
    own = plain(mine.partition("~")[0])
    return own == plain(name) or (bool(short) and own.startswith(plain(name)))
