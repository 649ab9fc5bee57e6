"""Checks of the lists themselves: names beside entries."""

from collections.abc import Iterator

from scmigen.bindings.consumers import ENTRY_NAMES
from scmigen.checks.check import check
from scmigen.diagnostics import Diagnostic, Position, Severity, counted
from scmigen.model.platform import Model


@check(
    "names-mismatch",
    about="A list has another number of entries than of names.",
    advice="Write one name for each entry, in the same order; <0> is an empty entry.",
    severity=Severity.WARNING,
)
def names_mismatch(model: Model) -> Iterator[Diagnostic]:
    """Lists whose names are more or fewer than their entries; drivers find entries by name."""
    tree, availability = model.inventory.tree, model.inventory.availability
    every = frozenset(ENTRY_NAMES.values())
    for node in tree.nodes:
        if every.isdisjoint(node.properties):
            continue
        for name, names in ENTRY_NAMES.items():
            if names not in node or name not in node or not availability.present(node):
                continue
            written = len(node.strings(names))
            found = model.inventory.references.list_of(node, name)
            if found.problem is None and found.count != written:
                yield names_mismatch.warning(
                    f"{node.path}: {name} has {counted(found.count, 'entry', 'entries')}, "
                    f"{names} has {written}",
                    node.properties[names].position or Position(tree.file),
                    hint="write one name for each entry, in the same order; <0> is an empty entry",
                ).about(nodes=[node.path])
