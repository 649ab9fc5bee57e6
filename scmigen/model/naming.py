"""SCMI names: unique among their kind, the same from a DTS and from its DTB, and stable.

The full name is what the provider calls the resource, else what its first consumer calls it. The
short name is the full one where it has at most 15 characters; else its beginning and ``~`` and the
resource's number. Two equal full names are told apart the same way.
"""

from collections.abc import Container, Iterable, Mapping, Sequence

from scmigen.bindings.facts import ResourceFacts, ResourceKey, Use
from scmigen.bindings.references import References
from scmigen.devicetree.nodes import Node
from scmigen.devicetree.tree import DeviceTree
from scmigen.patterns import pattern
from scmigen.scmi.protocols import EXTENDED_NAME_SIZE, SHORT_NAME_SIZE

_UNWANTED = pattern(r"[^A-Za-z0-9_.+-]+")


def _clean(text: str) -> str:
    return _UNWANTED.sub("-", text).strip("-")


def _free(name: str, size: int, number: int, used: Container[str]) -> str:
    """``name`` within ``size`` bytes, NUL included; with the number where it is cut or taken."""
    found = name if len(name) < size else _numbered(name, size, f"~{number}")
    tries = 0
    while found in used:
        found = _numbered(name, size, f"~{number}.{tries}" if tries else f"~{number}")
        tries += 1
    return found


def _numbered(name: str, size: int, suffix: str) -> str:
    return name[: size - 1 - len(suffix)] + suffix


def device_name(tree: DeviceTree, node: Node) -> str:
    """A device's name: its alias where it has one, else its node name."""
    alias = tree.alias_of.get(node.path)
    name = _clean(alias or node.name.replace("@", "-")) or "root"
    return name[: EXTENDED_NAME_SIZE - 1]


def propose(
    references: References, key: ResourceKey, facts: ResourceFacts, uses: Sequence[Use]
) -> str:
    """The best name for a resource, not yet unique."""
    for name in facts.names:
        if _clean(name):
            return _clean(name)
    if not uses:
        return _clean("-".join((str(key.kind), *map(str, key.cells)))) or str(key.kind)
    first = uses[0]
    if len(uses) > 1:
        first = min(uses, key=lambda it: (it.name is None, it.consumer.path, it.prop, it.index))
    device = references.once(device_name)(references.tree, first.consumer)
    return f"{device}-{_clean(first.name)}" if first.name and _clean(first.name) else device


def unique(
    proposals: Iterable[tuple[int, str]], taken: Mapping[int, str]
) -> dict[int, tuple[str, str]]:
    """Number → (full name, short name); names in ``taken`` were given before and stay."""
    full: dict[int, str] = dict(taken)
    used = set(full.values())
    for number, wanted in proposals:
        if number in full:
            continue
        name = _free(wanted, EXTENDED_NAME_SIZE, number, used)
        full[number] = name
        used.add(name)
    short: dict[int, str] = {}
    used = set()
    for number in sorted(full):
        name = _free(full[number], SHORT_NAME_SIZE, number, used)
        short[number] = name
        used.add(name)
    return {number: (full[number], short[number]) for number in full}
