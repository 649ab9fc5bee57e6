"""How a list of references names a resource: its provider, and the whole specifier.

A resource is known by the cells that tell it from others; a reference also has the flags behind
them (`scmigen.bindings.identity`), which some other reference of the tree shows.
"""

from functools import cached_property

from scmigen.bindings.facts import ResourceKey
from scmigen.bindings.inventory import Inventory
from scmigen.bindings.references import CELLS
from scmigen.devicetree.edits import Entry
from scmigen.scmi.protocols import Kind

#: Kind → the list that a consumer of such resources has.
LISTS = {Kind.CLOCK: "clocks", Kind.POWER: "power-domains", Kind.RESET: "resets"}


class Specifiers:
    """The entries of `LISTS` for the resources of one inventory."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory

    def of(self, key: ResourceKey) -> Entry | None:
        """The entry for a resource; none where no list can have it, as of one that no node of the
        tree provides."""
        provider = self._inventory.tree.node(key.provider)
        name = LISTS.get(key.kind)
        count = provider.cell(CELLS[name]) if provider is not None and name is not None else None
        if count is None:
            return None
        if count == len(key.cells):
            return Entry(key.provider, key.cells)
        return self._written.get(key)

    @cached_property
    def _written(self) -> dict[ResourceKey, Entry]:
        """The entries that devices have for resources: the first of each."""
        found: dict[ResourceKey, Entry] = {}
        for use in self._inventory.uses:
            if use.via or use.prop not in LISTS.values() or use.key in found:
                continue
            for entry in self._inventory.references.of(use.consumer, use.prop):
                if entry.index == use.index:
                    found[use.key] = Entry(entry.provider.path, entry.cells)
        return found
