"""The options of the SCP-firmware tables, and their validation."""

from __future__ import annotations  # evaluated where somebody gives an option

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from scmigen.assignment.findings import DEVICE_UNKNOWN
from scmigen.assignment.select import Selector
from scmigen.assignment.words import did_you_mean
from scmigen.bindings.node_kinds import compatibles, nearest_compatibles
from scmigen.data import Data, field
from scmigen.devicetree.nodes import Node
from scmigen.diagnostics import Diagnostic
from scmigen.hints import TYPE_CHECKING, Annotated, Literal
from scmigen.model.platform import Platform
from scmigen.patterns import pattern
from scmigen.targets.base import Group, Meta
from scmigen.targets.common.notice import NoticeOptions
from scmigen.targets.common.paths import folder_of
from scmigen.targets.options import OPTION_UNUSED, OUTPUT_OPTION
from scmigen.targets.scp.channel_options import Channels, check_channels
from scmigen.targets.scp.kinds import KINDS, SYSTEM_SLOTS, Slot
from scmigen.targets.scp.variant import VARIANTS, Variant
from scmigen.targets.scp.version import VERSIONS, Version

if TYPE_CHECKING:
    from scmigen.targets.scp.product_sources import Product

#: In place of a compatible: drivers that belong to no provider.
SYSTEM = "system"

_WORD = pattern(r"[A-Za-z_][A-Za-z0-9_]*")
#: A C expression that can neither end an initialiser nor begin a comment.
EXPRESSION = r"(?!.*(?:/\*|\*/|//))[A-Za-z0-9_ ()|&<>*+~/.-]+"
_CONSTANT = f"= *{EXPRESSION}"
#: How much alike (`difflib`) a misspelt compatible is to the one that is meant.
_MISSPELT = 0.75
#: A whole number that C has a type for.
_Number = Annotated[int, Meta(ge=-(1 << 63), le=(1 << 63) - 1)]
Scalar = bool | _Number | str
#: A protocol of the product's own.
_PlatformProtocol = Annotated[
    Annotated[int, Meta(ge=0x80, le=0xFF)],
    Meta(description="the number of a protocol of the product, 0x80 to 0xFF"),
]


#: What a power domain is to SCP-firmware; the one above all others is there anyway.
DomainType = Literal["device", "device-debug", "core", "cluster"]


def _like(pattern: str, description: str) -> Meta:
    return Meta(pattern=pattern, description=description)


class Driver(Group):
    """A driver module as SCP_MODULES names it, the index of its API, its header.

    ``struct``: the type of an element's data, ``data``: field → what it holds (`drivers.value`);
    without them the module's table is the firmware's own, and ``element`` says which of its
    elements it is: a value for all resources, by default their number, or a map from numbers to
    values (`element_map`); an alarm is one of its sub-elements. ``mailbox``: of a doorbell, where
    the firmware sees its memory, as a number or ``= EXPRESSION`` in C. ``type`` and ``parent`` are
    of power domains, for all or by number (`domain_types`).
    """

    module: Annotated[str, _like(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*", "as in SCP_MODULES: acme-clock")]
    api: Annotated[str, _like(EXPRESSION, "a C expression")] = "0"
    header: Annotated[str, _like(r"[a-z0-9_]+\.h", "a file: mod_acme_clock.h")] | None = None
    struct: (
        Annotated[str, _like(r"struct [A-Za-z_][A-Za-z0-9_]*", "struct mod_acme_clock_config")]
        | None
    ) = None
    data: Mapping[str, Scalar] | None = None
    element: Scalar | Mapping[str, Scalar] | None = None
    mailbox: Annotated[str, _like(f"(?:= *)?{EXPRESSION}", "a number or = EXPRESSION")] | None = (
        None
    )
    type: DomainType | Mapping[str, DomainType] | None = None
    parent: Mapping[str, Annotated[int, Meta(ge=0, le=4095)]] | None = None
    sub_element: Annotated[
        Annotated[int, Meta(ge=0, le=255)] | Annotated[str, Meta(pattern=_CONSTANT)],
        Meta(description="a number from 0 to 255, or = EXPRESSION"),
    ] = 0

    @property
    def macro(self) -> str:
        """The module in ``FWK_MODULE_IDX_``."""
        return self.module.upper().replace("-", "_")


class FastChannelOptions(Group):
    """Where performance fast channels are.

    ``memory``: a label, path or name of a node. ``firmware_address``: where the firmware sees that
    memory, if not where agents do: a number, or ``= EXPRESSION`` in C, whose names come from
    ``headers``. ``rate_limit``: how often the firmware looks at it, in µs.
    """

    memory: str
    firmware_address: (
        Annotated[int, Meta(ge=1, le=(1 << 63) - 1)]
        | Annotated[str, _like(_CONSTANT, "a number, or = EXPRESSION")]
        | None
    ) = None
    headers: tuple[Annotated[str, _like(r"[A-Za-z0-9_]+\.h", "a file: acme_mmap.h")], ...] = ()
    rate_limit: Annotated[int, Meta(ge=4000, le=0xF_FFFF)] = 4000


class ScpOptions(NoticeOptions, slots=False):
    """The options of every variant. ``drivers``: compatible of a provider, or `SYSTEM` → slot →
    driver; a doorbell can be one agent's (``doorbell NAME``). ``trip_points``: whether agents can
    set trip points of their sensors. ``channels``: agent → channel of a product → what is to say of
    it. ``product``: the directory of the product, from that of the file that says so.
    ``platform_protocols``: agent → the product's own protocols that it has; None if nothing is
    said of them. ``version``: the word of the `Version` that the tables are for."""

    drivers: Mapping[str, Mapping[str, Driver]] = field(default_factory=dict)
    trip_points: bool = False
    fast_channels: FastChannelOptions | None = None
    channels: Channels = field(default_factory=dict)
    product: Annotated[str, Meta(min_length=1, max_length=4096)] | None = None
    platform_protocols: Mapping[str, tuple[_PlatformProtocol, ...]] | None = None
    version: Literal["2.14", "2.16", "2025-11"] = "2.14"

    @cached_property
    def sources(self) -> Product | None:
        """What the sources of ``product`` say. They are read once, so that checks, files and the
        list of what was read are of the same."""
        if self.product is None:
            return None
        from scmigen.targets.scp.product_sources import read_product

        return read_product(folder_of(self.product, self.at("product")))


class AnyScpOptions(ScpOptions):
    """The options of ``scp``, which can be any of the variants."""

    target: Literal["host", "optee", "product"] = "host"


class Setup(Data):
    """A platform with the options and the variant of the firmware; ``output`` is the folder that
    the files go to."""

    platform: Platform
    options: ScpOptions
    variant: Variant
    output: str = "scp"

    @property
    def version(self) -> Version:
        """The version of SCP-firmware that the tables are for."""
        return VERSIONS[self.options.version]

    @property
    def product(self) -> Product | None:
        """What the product's sources say, where the tables are included in one that is named."""
        return self.options.sources if self.variant.included else None


def variant_of(options: ScpOptions) -> Variant:
    """The variant that ``scp`` is by its options."""
    return VARIANTS[options.target if isinstance(options, AnyScpOptions) else "host"]


def memory_node(platform: Platform, options: FastChannelOptions) -> Node | None:
    """The node of the memory for fast channels."""
    nodes = Selector(platform.inventory.tree).select(options.memory).nodes
    return nodes[0] if len(nodes) == 1 else None


def check_options(platforms: Sequence[Platform], options: ScpOptions) -> Iterator[Diagnostic]:
    """Names in the options that the board does not have, and entries that contradict each other."""
    slots = slots_by_compatible(platforms)
    for name, drivers in options.drivers.items():
        if name == SYSTEM:
            agents = [agent.name for platform in platforms for agent in platform.agents]
            known = [*SYSTEM_SLOTS, *(f"{Slot.DOORBELL} {agent}" for agent in agents)]
        else:
            known = [slot for row in KINDS.values() for slot in row.slots]
            if name not in slots:
                yield _unused(platforms, options, name, slots)
        for word, driver in drivers.items():
            at = options.at("drivers", name, word)
            if word not in known:
                hint = did_you_mean(word, sorted(set(map(str, known))))
                yield OUTPUT_OPTION.error(f"there is no slot {word!r} for drivers", at, hint=hint)
            elif name in slots and word not in slots[name]:
                message = f'no provider compatible with "{name}" has resources for {word}'
                yield OPTION_UNUSED.warning(message, at, hint=_has(slots[name]))
            yield from _wrong(options, driver, name, word)
    yield from check_channels(options, options.channels, platforms)
    if options.fast_channels is not None and platforms:
        yield from _memory(platforms[0], options, options.fast_channels.memory)


def slots_by_compatible(platforms: Iterable[Platform]) -> Mapping[str, set[Slot]]:
    """Compatible → the slots of the resources that its managed providers have."""
    found: dict[str, set[Slot]] = {}
    for platform in platforms:
        for kind, row in KINDS.items():
            for resource in platform.resources.get(kind, ()):
                for name in nearest_compatibles(resource.node):
                    found.setdefault(name, set()).update(row.slots)
    return found


def _has(slots: Collection[Slot]) -> str:
    return "it has " + ", ".join(slot for slot in Slot if slot in slots)


def _unused(
    platforms: Sequence[Platform], options: ScpOptions, name: str, known: Collection[str]
) -> Diagnostic:
    """A compatible of no managed provider; misspelt, if one that is much like it has no driver."""
    at = options.at("drivers", name)
    others = [
        provider.node.path
        for platform in platforms
        for provider in platform.providers.values()
        if name in nearest_compatibles(provider.node)
    ]
    lacking = [other for other in known if other not in options.drivers]
    from difflib import get_close_matches

    if get_close_matches(name, lacking, cutoff=_MISSPELT) and not _in_tree(platforms, name):
        message = f'no node of the board is compatible with "{name}"'
        return OUTPUT_OPTION.error(message, at, hint=did_you_mean(name, lacking))
    hint = (
        did_you_mean(name, known)
        if not others
        else (f"{others[0]} is, but the platform serves nothing of it: see scmigen show providers")
    )
    return OPTION_UNUSED.warning(
        f'no managed provider of the board is compatible with "{name}"', at, hint=hint
    )


def _in_tree(platforms: Iterable[Platform], name: str) -> bool:
    return any(
        name in compatibles(node)
        for platform in platforms
        for node in platform.inventory.tree.nodes
    )


def _wrong(options: ScpOptions, driver: Driver, name: str, word: str) -> Iterator[Diagnostic]:
    """Entries of a driver that do not go together."""
    path = ("drivers", name, word, "data")
    if driver.data is not None and driver.struct is None:
        yield OUTPUT_OPTION.error(
            "data needs the struct that its fields belong to", options.at(*path)
        )
    for member in driver.data or ():
        if not _WORD.fullmatch(member):
            message = f"{member!r} is not a field: it must be a C identifier"
            yield OUTPUT_OPTION.error(message, options.at(*path, member))


def _memory(platform: Platform, options: ScpOptions, text: str) -> Iterator[Diagnostic]:
    at = options.at("fast-channels", "memory")
    found = Selector(platform.inventory.tree).select(text)
    if found.problem:
        yield DEVICE_UNKNOWN.error(found.problem, at, hint=found.hint)
    elif len(found.nodes) != 1:
        yield OUTPUT_OPTION.error(f"{text} matches {len(found.nodes)} nodes; name one memory", at)
