"""Configuration tables for SCP-firmware, with the files of its build.

For the target ``host`` they make a firmware that runs on the build machine: SCP-firmware's own
SCMI, HAL and permission modules over mock drivers. For a ``product`` they are the tables that a
firmware of its own includes, bound to its drivers; for ``optee`` a library with OP-TEE's channels.
See ``docs/scp.md`` for what is written and what SCP-firmware cannot do. ``emit`` is the only entry;
it knows the platform and nothing of how it came about.
"""

from collections.abc import Iterator

from scmigen.diagnostics import Diagnostic, has_errors
from scmigen.model.platform import Platform
from scmigen.targets.common.files import File
from scmigen.targets.scp import fast_channels, limits, system, tables
from scmigen.targets.scp import firmware as _firmware
from scmigen.targets.scp.binding import Drivers, bind_drivers
from scmigen.targets.scp.drivers import Slot
from scmigen.targets.scp.findings import SCP_ASSUMED, SCP_SAME_VOLTAGE

__all__ = ["emit"]

#: What is found of operating points that are to be written.
_POINTS = (SCP_ASSUMED, SCP_SAME_VOLTAGE)


def emit(platform: Platform) -> tuple[tuple[File, ...], tuple[Diagnostic, ...]]:
    """The files for SCP-firmware, by path, and what it cannot hold or do.

    There are no files where a diagnostic is an error.
    """
    drivers, unbound = bind_drivers(platform)
    checked = limits.check(platform)
    if drivers.kept(Slot.SUPPLY):
        checked = tuple(item for item in checked if item.finding not in _POINTS)
    found = (
        *checked,
        *unbound,
        *system.check(platform, drivers),
        *fast_channels.check(platform, drivers),
    )
    if has_errors(found):
        return (), found
    return tuple(sorted(_files(platform, drivers), key=lambda file: file.path)), found


def _files(platform: Platform, drivers: Drivers) -> Iterator[File]:
    firmware = _firmware.build(platform, drivers)
    files = [
        *tables.common_files(firmware),
        *tables.kind_files(firmware, platform.options.clock_rate),
    ]
    yield from files
    sources = sorted(file.path for file in files if file.path.endswith(".c"))
    yield from tables.build_files(firmware, sources)
