"""The configuration of the bundled server: JSON, its JSON Schema, and a typed Python module."""

from collections.abc import Iterator

from scmigen.diagnostics import Diagnostic, Finding
from scmigen.model.platform import Platform
from scmigen.resources import shipped
from scmigen.targets.base import Many, Target
from scmigen.targets.common.files import File
from scmigen.targets.runtime.configuration import RuntimeOptions
from scmigen.targets.runtime.module import python_module
from scmigen.targets.runtime.rows import as_json
from scmigen.targets.runtime.sound import is_sound

RUNTIME_RANGE = Finding(
    "runtime-range",
    "A value of the tree is beyond what the runtime configuration and SCMI can hold.",
    "Correct the rate, voltage or time in the tree; often a cell is missing or two are swapped.",
)


def _check(platform: Platform, options: RuntimeOptions) -> Iterator[Diagnostic]:
    """A value of the tree that no server could read back."""
    configuration = options.made(platform)
    if not is_sound(configuration):
        from scmigen.targets.runtime.unsound import problem_of

        yield from problem_of(platform, configuration, RUNTIME_RANGE)


def _files(platform: Platform, options: RuntimeOptions) -> Iterator[File]:
    configuration = options.made(platform)
    yield File("runtime.json", f"{as_json(configuration)}\n".encode())
    schema = shipped("templates") / "runtime" / "runtime.schema.json"
    yield File("runtime.schema.json", schema.read_bytes())
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
