"""``--map FILE``: which resource of the tree a number of the server means, where neither numbers
nor names say so."""

from scmigen.assignment.located import Located, parse
from scmigen.assignment.problems import Problems
from scmigen.assignment.select import Selector, resource_key
from scmigen.bindings.facts import ResourceKey
from scmigen.data import replace
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import InputError
from scmigen.migration.findings import IMPORT_MAP
from scmigen.scmi.protocols import Kind


def read_map(text: str, file: str, tree: DeviceTree) -> dict[tuple[Kind, int], ResourceKey]:
    """``clock: {12: "&cru 5"}`` of each kind. Raises `InputError`."""
    problems = Problems()
    try:
        found = _read(text, file, problems, Selector(tree))
    except InputError as problem:
        problems.found.extend(problem.diagnostics)
    if problems.found:
        raise InputError(replace(item, finding=IMPORT_MAP) for item in problems.found)
    return found


def _read(
    text: str, file: str, problems: Problems, selector: Selector
) -> dict[tuple[Kind, int], ResourceKey]:
    top = parse(text, file, problems, "agents")
    found: dict[tuple[Kind, int], ResourceKey] = {}
    if top is not None:
        for word, entries in top.mapping("a map", tuple(map(str, Kind))).items():
            for key, value in entries.pairs(f"the map of {word}"):
                number = key.number(f"the number of a {word}", 0, 0xFFFF)
                resource = _resource(selector, Kind(word), value)
                if number is not None and resource is not None:
                    found[Kind(word), number] = resource
    return found


def _resource(selector: Selector, kind: Kind, value: Located) -> ResourceKey | None:
    text = value.text("a resource")
    if text is None:
        return None
    selected, cells = selector.resource(text)
    if len(selected.nodes) != 1 or not selected.exact:
        value.wrong(selected.problem or f"{text!r} is not one node", selected.hint)
        return None
    return resource_key(kind, selected.nodes[0], cells)
