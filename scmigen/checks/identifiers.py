"""Checks of numbers: unique, small enough, and where the tree has them already."""

from collections.abc import Iterator

from scmigen.assignment.assignment import HandGrant
from scmigen.bindings.facts import ResourceKey
from scmigen.bindings.scmi_nodes import device_id_position
from scmigen.checks.check import check
from scmigen.checks.words import resource_word
from scmigen.diagnostics import Diagnostic, Position, Related
from scmigen.model.identifiers import Moved
from scmigen.model.platform import Model, Resource
from scmigen.runtime import MAX_RESOURCES, Numbering


def _all(model: Model) -> Iterator[Resource]:
    for platform in model.platforms:
        for resources in platform.resources.values():
            yield from resources


@check(
    "id-range",
    about="A number of the tree does not fit an SCMI id.",
    advice="Ids are 0 to 65535: mend the cell of the specifier or the reg.",
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
    about="Two resources have one number.",
    advice="Edit the lock file: the tree fixes one of the two.",
)
def id_duplicate(model: Model) -> Iterator[Diagnostic]:
    """Two resources of one kind with one number in one platform."""
    for platform in model.platforms:
        for kind, resources in platform.resources.items():
            first: dict[int, Resource] = {}
            for resource in resources:
                other = first.setdefault(resource.number, resource)
                if other is not resource:
                    yield id_duplicate.error(
                        f"{kind} {resource.number} is both {other.key} and {resource.key}",
                        _fixed_at(model, resource),
                        [Related(str(other.key), _fixed_at(model, other))],
                        _way_out(model, resource, other),
                    )


def _fixed_at(model: Model, resource: Resource) -> Position | None:
    """Where a server description numbers the resource, else where the resource is."""
    places = (g.position for g in _described(model) if g.key == resource.key)
    return next(places, resource.facts.position)


def _way_out(model: Model, *resources: Resource) -> str:
    described = {grant.key for grant in _described(model)}
    if all(resource.key in described for resource in resources):
        return "use --numbering per-agent, where each agent has numbers of its own"
    return "the tree fixes one of them; edit the lock file, which has the other"


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
            )


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
