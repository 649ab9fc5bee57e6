"""Configuration tables for SCP-firmware, with the files of its build.

``scp`` makes a firmware that runs on the build machine: SCP-firmware's own SCMI, HAL and
permission modules over mock drivers. ``scp-product`` makes tables that a product's firmware
includes, bound to its drivers, ``scp-optee`` a library with OP-TEE's channels. `variant` has their
differences. ``docs/reference/scp.md`` says what is written and what SCP-firmware cannot do.
"""

from collections.abc import Iterable, Iterator, Sequence

from scmigen.diagnostics import Diagnostic, Finding
from scmigen.model.platform import Platform
from scmigen.targets.base import Target
from scmigen.targets.common.files import File
from scmigen.targets.scp import (
    binding,
    denied,
    domain_types,
    element_map,
    fast_channels,
    firmware,
    limits,
    platform_protocols,
    powercaps,
    product_channels,
    product_mailboxes,
    system,
    tables,
)
from scmigen.targets.scp.kinds import Slot
from scmigen.targets.scp.options import (
    AnyScpOptions,
    ScpOptions,
    Setup,
    check_options,
    variant_of,
)
from scmigen.targets.scp.variant import VARIANTS, Variant

_FINDINGS: tuple[Finding, ...] = (
    limits.SCP_CHANNEL,
    limits.SCP_PERMISSIONS,
    limits.SCP_SAME_VOLTAGE,
    limits.SCP_TRIP_POINTS,
    limits.SCP_ASSUMED,
    binding.SCP_DRIVER,
    element_map.SCP_ELEMENT,
    domain_types.SCP_DOMAIN,
    product_mailboxes.SCP_MAILBOX,
    product_channels.SCP_NOTIFICATIONS,
    product_channels.SCP_SERVICE,
    denied.SCP_DENIED,
    system.SCP_SYSTEM_POWER,
    fast_channels.SCP_FAST_CHANNELS,
)


def _check(setup: Setup) -> Iterator[Diagnostic]:
    """What SCP-firmware cannot hold or do, besides its limits."""
    drivers, unbound = binding.bind_drivers(setup)
    yield from limits.check(setup)
    if not drivers.kept(Slot.SUPPLY):
        yield from limits.check_points(setup)
    yield from unbound
    yield from domain_types.check_shapes(setup)
    yield from _services(setup).problems
    if setup.product is not None:
        from scmigen.targets.scp import product_names

        yield from product_names.check(setup)
    yield from denied.check(setup, drivers)
    yield from platform_protocols.check(setup)
    yield from system.check(setup, drivers)
    yield from fast_channels.check(setup, drivers)
    yield from powercaps.check(setup, drivers)


def _services(setup: Setup) -> product_channels.Channels:
    """The channels, compared with the product's sources where there are some."""
    if setup.product is None:
        return product_channels.channels(setup)
    from scmigen.targets.scp import product_services

    return product_services.services(setup, setup.product)


def _check_options(
    platforms: Sequence[Platform], options: ScpOptions, variant: Variant
) -> Iterator[Diagnostic]:
    from scmigen.targets.scp import entries, expressions  # most boards have no options

    yield from check_options(platforms, options)
    yield from expressions.check_expressions(options)
    yield from platform_protocols.check_names(platforms, options)
    yield from entries.check_entries(platforms, options, variant)


def _files(setup: Setup) -> Iterator[File]:
    drivers, _ = binding.bind_drivers(setup)
    built = firmware.build(setup, drivers, _services(setup))
    files = [*tables.common_files(built), *tables.kind_files(built)]
    yield from files
    sources = sorted(file.path for file in files if file.path.endswith(".c"))
    yield from tables.build_files(built, sources)


def _reads(options: ScpOptions, variant: Variant) -> Iterable[str]:
    """The sources of the product that the tables are included in."""
    return options.sources.files if options.sources is not None and variant.included else ()


def _variant(name: str, variant: Variant, about: str) -> Target[ScpOptions]:
    """The target that is always one variant."""

    def check(platform: Platform, options: ScpOptions) -> Iterator[Diagnostic]:
        return _check(Setup(platform, options, variant))

    def files(platform: Platform, options: ScpOptions) -> Iterator[File]:
        return _files(Setup(platform, options, variant, name))

    def checked(platforms: Sequence[Platform], options: ScpOptions) -> Iterator[Diagnostic]:
        return _check_options(platforms, options, variant)

    return Target(
        name=name,
        about=about,
        options=ScpOptions,
        limits=limits.LIMITS,
        check_options=checked,
        check=check,
        files=files,
        findings=_FINDINGS,
        reads=lambda options: _reads(options, variant),
        inherits="scp",
    )


def _check_any(platform: Platform, options: AnyScpOptions) -> Iterator[Diagnostic]:
    return _check(Setup(platform, options, variant_of(options)))


def _check_options_of_any(
    platforms: Sequence[Platform], options: AnyScpOptions
) -> Iterator[Diagnostic]:
    # The options of scp are those of scp-product, too, if that has none of its own.
    variant = variant_of(options)
    return _check_options(platforms, options, VARIANTS["product"] if variant.simulated else variant)


def _files_any(platform: Platform, options: AnyScpOptions) -> Iterator[File]:
    return _files(Setup(platform, options, variant_of(options)))


SCP = Target(
    name="scp",
    about="tables for SCP-firmware on the build machine, or for the target that the options name",
    options=AnyScpOptions,
    limits=limits.LIMITS,
    check_options=_check_options_of_any,
    check=_check_any,
    files=_files_any,
    findings=_FINDINGS,
    reads=lambda options: _reads(options, variant_of(options)),
)
PRODUCT = _variant("scp-product", VARIANTS["product"], "tables for SCP-firmware of a product")
OPTEE = _variant("scp-optee", VARIANTS["optee"], "SCP-firmware as a library for OP-TEE")
