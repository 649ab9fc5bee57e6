"""Configuration tables for SCP-firmware, with the files of its build.

The tables make a firmware that runs on the build machine: SCP-firmware's own SCMI, HAL and
permission modules over mock drivers. See ``docs/scp.md`` for what is written and what
SCP-firmware cannot do. ``emit`` is the only entry; it knows the platform and nothing of how it
came about.
"""

from collections.abc import Iterator

from scmigen.diagnostics import Diagnostic, has_errors
from scmigen.emit.files import File
from scmigen.emit.scp import firmware as _firmware
from scmigen.emit.scp import limits, tables
from scmigen.model.platform import Platform
from scmigen.scmi.protocols import Kind

__all__ = ["emit"]


def emit(platform: Platform) -> tuple[tuple[File, ...], tuple[Diagnostic, ...]]:
    """The files for SCP-firmware, by path, and what it cannot hold or do.

    There are no files where a diagnostic is an error.
    """
    found = limits.check(platform)
    if has_errors(found):
        return (), found
    return tuple(sorted(_files(platform), key=lambda file: file.path)), found


def _files(platform: Platform) -> Iterator[File]:
    firmware = _firmware.build(platform)
    files = list(tables.common_files(firmware))
    for kind, space in firmware.spaces.items():
        if kind is Kind.CLOCK:
            files += tables.clock_files(firmware, space, platform.options.clock_rate)
        elif kind is Kind.POWER:
            files += tables.power_files(firmware, space)
        else:
            files += tables.reset_files(firmware, space)
    yield from files
    sources = sorted(file.path for file in files if file.path.endswith(".c"))
    yield from tables.build_files(firmware, sources)
