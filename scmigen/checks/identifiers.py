"""Checks of numbers: unique, small enough, and where the tree has them already."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

from scmigen.assignment.assignment import HandGrant
from scmigen.bindings.facts import ResourceKey
from scmigen.bindings.identity import scmi_protocol
from scmigen.bindings.scmi_nodes import device_id_position, id_of, regulators_of
from scmigen.checks.check import check
from scmigen.checks.transports import scmi_nodes
from scmigen.checks.words import (
    listed,
    resource_name,
    resource_word,
)
from scmigen.diagnostics import Diagnostic, Position, Related
from scmigen.hints import TypeVar
from scmigen.model.identifiers import Moved
from scmigen.model.platform import Model, Resource
from scmigen.runtime import MAX_RESOURCES, Numbering

_Item = TypeVar("_Item")
_Key = TypeVar("_Key", bound=Hashable)


def _all(model: Model) -> Iterator[Resource]:
    for platform in model.platforms:
        for resources in platform.resources.values():
            yield from resources


@check(
    "id-range",
    about="A number of the tree does not fit an SCMI id.",
    advice="Ids are 0 to 65535: correct the cell of the specifier or the reg.",
)
def id_range(model: Model) -> Iterator[Diagnostic]:
    """Numbers that do not fit the 16 bits of PROTOCOL_ATTRIBUTES."""
    for resource in _all(model):
        if resource.number > MAX_RESOURCES:
            yield id_range.error(
                f"{resource_word(model.inventory, resource.key)} has the number "
                f"{resource.number}; SCMI ids end at {MAX_RESOURCES}",
                resource.facts.position,
                hint="the number is the cell of a specifier or the reg of a regulator",
            )


@check(
    "id-duplicate",
    about="Several resources have one number.",
    advice="Give each a number of its own where the numbers come from.",
)
def id_duplicate(model: Model) -> Iterator[Diagnostic]:
    """Several resources of one kind with one number in one platform."""
    for platform in model.platforms:
        for kind, resources in platform.resources.items():
            for number, found in _alike(resources, lambda resource: resource.number):
                # Specifiers of more than one cell are not SCMI's: `scmi_provider` reports that.
                if len({resource.key.provider for resource in found}) > 1:
                    yield id_duplicate.error(
                        f"{kind} {number} is {_either([str(r.key) for r in found])}",
                        _fixed_at(model, found[1]),
                        [
                            Related(str(resource.key), _fixed_at(model, resource))
                            for resource in (found[0], *found[2:])
                        ],
                        _way_out(model, found),
                    )
    for inventory, instance in scmi_nodes(model):
        regulators = regulators_of(instance, inventory.availability)
        for reg, nodes in _alike(regulators, id_of):
            if reg is not None:
                yield id_duplicate.error(
                    f"voltage {reg} is {_either([node.path for node in nodes])}",
                    nodes[1].position or Position(inventory.tree.file),
                    [Related(node.path, node.position) for node in (nodes[0], *nodes[2:])],
                    "give each regulator its own reg; Linux takes only the first",
                )


def _alike(
    items: Iterable[_Item], what: Callable[[_Item], _Key]
) -> Iterator[tuple[_Key, list[_Item]]]:
    """The items that are not alone with what they have."""
    found: dict[_Key, list[_Item]] = {}
    for item in items:
        found.setdefault(what(item), []).append(item)
    return ((key, same) for key, same in found.items() if len(same) > 1)


def _either(words: Sequence[str]) -> str:
    return f"{'both ' if len(words) == 2 else ''}{listed(words)}"


def _fixed_at(model: Model, resource: Resource) -> Position | None:
    """Where a server description numbers the resource, else where the resource is."""
    places = (g.position for g in _described(model) if g.key == resource.key)
    return next(places, resource.facts.position)


def _way_out(model: Model, resources: Iterable[Resource]) -> str:
    """What to do, by where the equal numbers come from."""
    described = {grant.key for grant in _described(model)}
    sources = {
        "description"
        if resource.key in described
        else "node"
        if scmi_protocol(resource.node) is not None
        else "lock"
        for resource in resources
    }
    if "lock" in sources:
        return "the tree fixes one of them; edit the lock file, which has the other"
    if sources == {"description"}:
        return "use --numbering per-agent, where each agent has numbers of its own"
    return (
        "the SCMI node and the server description both fix the number; refer to the resource by "
        "the number that the description gives it"
    )


def _described(model: Model) -> Iterator[HandGrant]:
    """The grants that fix a number."""
    return (grant for grant in model.assignment.grants if grant.number is not None)


@check(
    "id-disagrees",
    about="A server description numbers one resource differently for two agents.",
    advice="Give the resource one number, or use --numbering per-agent.",
)
def id_disagrees(model: Model) -> Iterator[Diagnostic]:
    """A server description gives one resource several numbers, where it can have one only."""
    for platform in model.platforms:
        shared = platform.numbering is Numbering.SHARED
        first: dict[tuple[str | None, ResourceKey], HandGrant] = {}
        for grant in _described(model):
            if platform.resource(grant.key) is None:
                continue
            other = first.setdefault((None if shared else grant.agent, grant.key), grant)
            if other.number == grant.number:
                continue
            hint = "give it one number"
            if other.agent != grant.agent:
                hint += ", or use --numbering per-agent"
            yield id_disagrees.error(
                f"{resource_word(model.inventory, grant.key)} is {other.number} for "
                f"{other.agent} and {grant.number} for {grant.agent}",
                grant.position,
                [Related(f"{other.number} for {other.agent}", other.position)],
                hint,
            ).about([resource_name(grant.key)], agents=[grant.agent, other.agent])


@check(
    "numbering-fixed",
    about="Per-agent numbering is asked of a tree that fixes the numbers.",
    advice="Use shared numbering with a tree that names SCMI ids.",
)
def numbering_fixed(model: Model) -> Iterator[Diagnostic]:
    """Per-agent numbers cannot agree with a tree that names SCMI ids already."""
    for platform in model.platforms:
        if platform.instance is not None and platform.numbering is Numbering.PER_AGENT:
            yield numbering_fixed.error(
                f"{platform.instance.node.path} fixes the numbers of the platform; "
                "they cannot be dense for each agent",
                platform.instance.node.position,
                hint="use --numbering shared",
            )


@check(
    "id-moved",
    about="The tree fixes a number that the lock file has otherwise.",
    advice="Restore the number, or edit the lock file where the change is meant.",
)
def id_moved(model: Model) -> Iterator[Diagnostic]:
    """Numbers that the tree fixes and that the lock file has otherwise."""
    for moved in model.findings.moved:
        word = _thing(model, moved.key)
        whose = f" for {moved.agent}" if moved.agent else ""
        what = f"{word} was {moved.locked} and is {moved.fixed} now{whose}"
        if moved.before is not None:
            old = _thing(model, moved.before)
            what = f"{moved.fixed} was {old} and is {word} now{whose}"
        yield id_moved.error(
            what,
            _moved_at(model, moved),
            hint="consumers built against the old number would reach another resource; "
            "edit the lock file where that is meant",
        )


def _thing(model: Model, key: ResourceKey | str) -> str:
    return f"device {key}" if isinstance(key, str) else resource_word(model.inventory, key)


def _moved_at(model: Model, moved: Moved) -> Position | None:
    """Where the number is fixed, as well as the tree knows."""
    if isinstance(moved.key, str):
        tree = model.inventory.tree
        node = tree.node(moved.key)
        return (device_id_position(node) if node is not None else None) or Position(tree.file)
    places = (g.position for g in _described(model) if g.key == moved.key)
    facts = model.inventory.facts.get(moved.key)
    return next(places, facts.position if facts is not None else None)


@check(
    "lock-foreign",
    about="The lock file is another board's, or the board's SCMI node has another name now.",
    advice="Name the lock file of this board; numbers of a renamed node are given anew.",
)
def lock_foreign(model: Model) -> Iterator[Diagnostic]:
    """A lock file that is another board's: its numbers would stay reserved here for good."""
    for found in model.findings.foreign:
        where = Position(found.file)
        hint = "name the lock file of this board; what is gone for good goes with --repack"
        if found.known:
            message = f"nothing that the lock file has of {found.platform} is on this board"
            yield lock_foreign.error(message, where, hint=hint)
        else:
            message = f"the lock file has a platform {found.platform}, which this board has not"
            yield lock_foreign.warning(message, where, hint=hint)
