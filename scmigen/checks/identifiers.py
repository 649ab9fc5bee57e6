"""Checks of numbers: unique, small enough, and where the tree has them already."""

from collections.abc import Iterator

from scmigen.checks.words import resource_word
from scmigen.diagnostics import Diagnostic, Related, error
from scmigen.model.platform import Model, Resource
from scmigen.runtime import MAX_RESOURCES, Numbering


def _all(model: Model) -> Iterator[Resource]:
    for platform in model.platforms:
        for resources in platform.resources.values():
            yield from resources


def id_range(model: Model) -> Iterator[Diagnostic]:
    """Numbers that do not fit the 16 bits of PROTOCOL_ATTRIBUTES."""
    for resource in _all(model):
        if resource.number > MAX_RESOURCES:
            yield error(
                "id-range",
                f"{resource_word(model.inventory.tree, resource.key)} has the number "
                f"{resource.number}; SCMI ids end at {MAX_RESOURCES}",
                resource.facts.position,
            )


def id_duplicate(model: Model) -> Iterator[Diagnostic]:
    """Two resources of one kind with one number in one platform."""
    for platform in model.platforms:
        for kind, resources in platform.resources.items():
            first: dict[int, Resource] = {}
            for resource in resources:
                other = first.setdefault(resource.number, resource)
                if other is not resource:
                    yield error(
                        "id-duplicate",
                        f"{kind} {resource.number} is both {other.key} and {resource.key}",
                        resource.facts.position,
                        [Related(str(other.key), other.facts.position)],
                    )


def numbering_fixed(model: Model) -> Iterator[Diagnostic]:
    """Per-agent numbers cannot agree with a tree that names SCMI ids already."""
    for platform in model.platforms:
        if platform.instance is not None and platform.numbering is Numbering.PER_AGENT:
            yield error(
                "numbering-fixed",
                f"{platform.instance.node.path} fixes the numbers of the platform; "
                "they cannot be dense for each agent",
                platform.instance.node.position,
                hint="use --numbering shared",
            )


def id_moved(model: Model) -> Iterator[Diagnostic]:
    """Numbers that the tree fixes and that the lock file has otherwise."""
    for moved in model.findings.moved:
        yield error(
            "id-moved",
            f"{resource_word(model.inventory.tree, moved.key)} was {moved.locked} "
            f"and is {moved.fixed} now",
            model.inventory.facts[moved.key].position
            if moved.key in model.inventory.facts
            else None,
            hint="consumers built against the old number would reach another resource; "
            "edit the lock file where that is meant",
        )
