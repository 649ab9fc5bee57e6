"""The configuration of the bundled server: JSON, its JSON Schema, and a typed Python module."""

import re
from collections.abc import Iterator

from scmigen import runtime
from scmigen.diagnostics import Diagnostic, Finding
from scmigen.model.platform import Platform
from scmigen.targets.base import Many, Target
from scmigen.targets.common.files import File
from scmigen.targets.runtime.configuration import RuntimeOptions, to_runtime
from scmigen.targets.runtime.module import python_module

RUNTIME_RANGE = Finding(
    "runtime-range",
    "A value of the tree is beyond what the runtime configuration and SCMI can hold.",
    "Correct the rate, voltage or time in the tree; often a cell is missing or two are swapped.",
)

#: Where in a configuration something is wrong, as the JSON reader says it.
_PLACE = re.compile(r"\$\.(?P<list>\w+)\[(?P<index>\d+)\](?:\.(?P<field>\w+))?")


def _check(platform: Platform, options: RuntimeOptions) -> Iterator[Diagnostic]:
    """A value of the tree that no server could read back."""
    configuration = to_runtime(platform, options)
    try:
        runtime.decode(runtime.encode(configuration))
    except runtime.ConfigurationError as problem:
        yield _out_of_range(platform, configuration, str(problem))


def _out_of_range(platform: Platform, configuration: runtime.Runtime, problem: str) -> Diagnostic:
    """What the schema says of a value, with the name and the place of what has it."""
    place = _PLACE.search(problem)
    what, where = "the configuration is", None
    if place is not None and place["list"] in configuration.__struct_fields__:
        thing = getattr(configuration, place["list"])[int(place["index"])]
        what = f"{thing.name} has {place['field'] or 'a value'}"
        if place["list"] == "agents":
            where = platform.agents[int(place["index"])].position
        else:
            node = platform.inventory.tree.node(thing.node)
            where = node.position if node is not None else None
    reason = problem.partition(": ")[2].partition(" - at ")[0]
    return RUNTIME_RANGE.error(
        f"{what} out of range: {reason}",
        where,
        hint="SCMI cannot express this number, rate, voltage or time; correct it in the tree",
    )


def _files(platform: Platform, options: RuntimeOptions) -> Iterator[File]:
    configuration = to_runtime(platform, options)
    yield File("runtime.json", runtime.encode(configuration))
    yield File("runtime.schema.json", runtime.json_schema())
    yield File("scmi_runtime.py", python_module(configuration))


TARGET = Target(
    name="runtime",
    about="the configuration of the bundled server, as JSON and as a Python module",
    options=RuntimeOptions,
    check=_check,
    files=_files,
    many=Many.APART,
    findings=(RUNTIME_RANGE,),
)
