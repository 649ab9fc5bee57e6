"""hvisor: what the virtio-scmi server of its root zone gives to the other zones.

hvisor-tool c724e915: an id of a zone is a place in a list of the JSON file, whose number there is a
place in a list of the node in the root zone's tree.
"""

from collections.abc import Iterator, Sequence

from scmigen.assignment.words import did_you_mean
from scmigen.bindings.hvisor import KEYS, OPENED, device_edits, has_interrupt
from scmigen.diagnostics import Diagnostic, Finding, Related, Severity, counted
from scmigen.model.platform import Platform
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind
from scmigen.targets.base import Path, Target
from scmigen.targets.common.files import File
from scmigen.targets.common.guests import Mediator, division
from scmigen.targets.common.kept import kept
from scmigen.targets.common.overlay import overlay
from scmigen.targets.common.templates import render
from scmigen.targets.hvisor.options import HvisorOptions
from scmigen.targets.hvisor.tables import Tables, Zone, tables_of
from scmigen.targets.limits import where
from scmigen.targets.options import OUTPUT_OPTION

MEDIATOR = Mediator(
    prefix="hvisor",
    holder="hvisor's server",
    guest="zone",
    opened=OPENED,
    lacking={(Kind.CLOCK, Operation.PARENT): "it has no CLOCK_PARENT_SET"},
)
#: Zones that hvisor can have (``CONFIG_MAX_ZONES``), the root zone among them.
ZONES = 32
#: Virtio devices of all zones together that its daemon can have (``MAX_DEVS``).
DEVICES = 8

HVISOR_DEVICE = Finding(
    "hvisor-device",
    "The address or the interrupt of a virtio device of hvisor is not known; hvisor takes none"
    " without.",
    "Say it: outputs: {hvisor: {interrupt: [0, 32, 1], zones: {ZONE: {addr: …, irq: …}}}}.",
    Severity.WARNING,
)
HVISOR_ZONE = Finding(
    "hvisor-zone",
    "Two agents are one zone, or an agent is the root zone, or a zone that hvisor cannot have.",
    "Number the zones from 1 on: outputs: {hvisor: {zones: {ZONE: {id: …}}}}.",
)
HVISOR_MANY = Finding(
    "hvisor-many",
    "More zones have an SCMI device than hvisor's daemon keeps virtio devices, for all zones.",
    "Have fewer zones with devices of the board; those that only compute need no SCMI.",
)
HVISOR_UNNAMED = Finding(
    "hvisor-unnamed",
    "No list of the device tree can name a resource that a zone is granted.",
    "Have the root zone drive it; a resource must have a provider with #…-cells in the tree.",
)


@kept
def _tables(platform: Platform, options: HvisorOptions) -> Tables:
    return tables_of(platform, division(platform, options.host), MEDIATOR, options)


def _check(platform: Platform, options: HvisorOptions) -> Iterator[Diagnostic]:
    tables = _tables(platform, options)
    yield from MEDIATOR.check(platform, tables.divided)
    for resource in tables.unnamed:
        yield HVISOR_UNNAMED.error(
            f"{resource.kind} {resource.name} cannot be named in a list: {resource.key.provider}"
            " provides none with such cells",
            where(resource),
        )
    yield from _numbers(tables, options)
    if len(tables.zones) > DEVICES:
        yield HVISOR_MANY.error(
            f"{counted(len(tables.zones), 'zone')} have an SCMI device; hvisor's daemon has"
            f" {DEVICES} virtio devices, of all zones together",
            tables.zones[DEVICES].agent.position,
            [Related(zone.agent.name, zone.agent.position) for zone in tables.zones[:DEVICES]],
        ).about(agents=[zone.agent.name for zone in tables.zones])
    lacking = [zone.agent.name for zone in tables.zones if not zone.device.is_known]
    if lacking:
        yield HVISOR_DEVICE.warning(
            f"no addr and irq of the SCMI device of {', '.join(lacking)} are known; the JSON file"
            " lacks them",
            options.at("zones"),
            hint=f"outputs: {{hvisor: {{zones: {{{lacking[0]}: {{addr: 0x…, irq: …}}}}}}}}",
        )
    tree = platform.inventory.tree
    if tables.zones and not options.interrupt and not has_interrupt(tree):
        yield HVISOR_DEVICE.warning(
            "the interrupt by which hvisor calls the root zone is not known; its node lacks it",
            options.at(),
            hint="outputs: {hvisor: {interrupt: [0, 32, 1]}}, as the root zone's interrupt"
            " controller numbers it",
        )


def _numbers(tables: Tables, options: HvisorOptions) -> Iterator[Diagnostic]:
    """Numbers of zones that hvisor would mix up."""
    known: dict[int, Zone] = {}
    for zone in tables.zones:
        first = known.setdefault(zone.id, zone)
        if first is not zone or not 0 < zone.id < ZONES:
            said = (
                f"zone {zone.id}, as {first.agent.name} is"
                if first is not zone
                else (f"zone {zone.id}; zones are 1 to {ZONES - 1}, 0 is the root zone")
            )
            yield HVISOR_ZONE.error(
                f"{zone.agent.name} is {said}",
                options.at("zones", zone.agent.name) or zone.agent.position,
            )


def _check_options(platforms: Sequence[Platform], options: HvisorOptions) -> Iterator[Diagnostic]:
    known = sorted({agent.name for platform in platforms for agent in platform.agents})
    named: list[tuple[Path, str]] = [(("zones", name), name) for name in options.zones]
    if options.host is not None:
        named.append((("host",), options.host))
    for path, name in named:
        if name not in known:
            hint = did_you_mean(name, known)
            yield OUTPUT_OPTION.error(f"no agent {name!r}", options.at(*path), hint=hint)


def _files(platform: Platform, options: HvisorOptions) -> Iterator[File]:
    tables = _tables(platform, options)
    text = render("hvisor/virtio-scmi.json.j2", zones=tables.zones, keys=KEYS)
    yield File("virtio-scmi.json", text)
    edits = tuple(device_edits(platform.inventory.tree, tables.entries, options.interrupt))
    about = "What hvisor's root zone serves to the other zones over SCMI, by its place in a list."
    yield from overlay(platform, "zone0", about, edits, options)


TARGET = Target(
    name="hvisor",
    values=False,
    about="the virtio-scmi configuration of hvisor: its JSON, and the node of the root zone",
    options=HvisorOptions,
    files=_files,
    check=_check,
    check_options=_check_options,
    findings=(*MEDIATOR.findings, HVISOR_DEVICE, HVISOR_ZONE, HVISOR_MANY, HVISOR_UNNAMED),
)
