"""What a server would say of a configuration that it cannot read."""

from collections.abc import Iterator

from scmigen import runtime
from scmigen.diagnostics import Diagnostic, Finding
from scmigen.model.platform import Platform
from scmigen.patterns import pattern
from scmigen.targets.runtime.rows import Row, as_json

#: Where in a configuration something is wrong, as the JSON reader says it.
_PLACE = pattern(r"\$\.(?P<list>\w+)\[(?P<index>\d+)\](?:\.(?P<field>\w+))?")


def problem_of(platform: Platform, configuration: Row, finding: Finding) -> Iterator[Diagnostic]:
    """The error of a configuration that cannot be read back, if it is one."""
    try:
        runtime.decode(as_json(configuration).encode())
    except runtime.ConfigurationError as problem:
        yield _out_of_range(platform, configuration, str(problem), finding)


def _out_of_range(
    platform: Platform, configuration: Row, problem: str, finding: Finding
) -> Diagnostic:
    """What the schema says of a value, with the name and the place of what has it."""
    place = _PLACE.search(problem)
    what, where = "the configuration is", None
    if place is not None and place["list"] in configuration:
        thing = configuration[place["list"]][int(place["index"])]
        what = f"{thing['name']} has {place['field'] or 'a value'}"
        if place["list"] == "agents":
            where = platform.agents[int(place["index"])].position
        else:
            node = platform.inventory.tree.node(thing["node"])
            where = node.position if node is not None else None
    reason = problem.partition(": ")[2].partition(" - at ")[0]
    return finding.error(
        f"{what} out of range: {reason}",
        where,
        hint="SCMI cannot express this number, rate, voltage or time; correct it in the tree",
    )
