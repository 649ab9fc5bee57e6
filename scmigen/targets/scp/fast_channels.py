"""Fast channels: where in memory each performance domain has its four, and whose they are.

Nothing checks a write to a fast channel, and no vote is counted there. A domain has channels only
where one agent alone controls it, and each agent's channels are on pages that no other agent's are
on, so that a hypervisor or a firewall can give it those and nothing else.
"""

from collections.abc import Iterator, Mapping

from scmigen.assignment.assignment import Agent
from scmigen.assignment.elements import numbers_of
from scmigen.assignment.select import Selector
from scmigen.bindings.addresses import Region, regions, reserved
from scmigen.data import Data
from scmigen.diagnostics import Diagnostic, Finding
from scmigen.model.platform import Platform, Resource
from scmigen.scmi.operations import Operation, ordered
from scmigen.scmi.protocols import Kind
from scmigen.targets.scp.binding import Bound, Drivers
from scmigen.targets.scp.channel_options import expression
from scmigen.targets.scp.drivers import mailbox_address
from scmigen.targets.scp.kinds import Slot
from scmigen.targets.scp.options import SYSTEM, FastChannelOptions, Setup, memory_node
from scmigen.targets.scp.spaces import Space
from scmigen.targets.scp.system import alarm
from scmigen.targets.scp.tree_channels import tree_channels
from scmigen.targets.scp.variant import Mocks

SCP_FAST_CHANNELS = Finding(
    "scp-fast-channels",
    "Fast channels have no place in memory, or a domain cannot have them.",
    "Reserve memory for them alone, and let one agent control each such domain.",
)

#: What a channel is for → the type of its words; in the order of the firmware's enumeration.
CHANNELS: Mapping[str, str] = {
    "LEVEL_SET": "uint32_t",
    "LIMIT_SET": "struct mod_scmi_perf_fast_channel_limit",
    "LEVEL_GET": "uint32_t",
    "LIMIT_GET": "struct mod_scmi_perf_fast_channel_limit",
}
#: Bytes of a domain's channels: two words and two pairs of words.
DOMAIN_SIZE = 24
#: Granularity of memory that is given to one agent, and alignment of a word.
PAGE, WORD = 4096, 4

_CONTROL = frozenset({Operation.LEVEL, Operation.LIMITS})


class FastChannel(Data):
    """A channel: what it is for, its enumerator, the C type of its words, a name for people."""

    name: str
    enum: str
    type: str
    says: str


class FastDomain(Data):
    """A performance domain with channels, ``offset`` bytes into the memory."""

    number: int
    enum: str
    offset: int
    says: str
    channels: tuple[FastChannel, ...]


class FastChannels(Data):
    """All fast channels: addresses of the memory as agents and, in C, the firmware see it.

    ``last`` is the highest offset of a domain in it. ``align``: where an address that only C knows
    must begin; ``headers`` are for that.
    """

    memory: str
    address: int
    firmware_address: str
    size: int
    last: int
    rate_limit: int
    alarm: Bound
    domains: tuple[FastDomain, ...]
    align: int | None = None
    headers: tuple[str, ...] = ()

    @property
    def channels(self) -> tuple[FastChannel, ...]:
        """The channels in the order of their indices."""
        return tuple(channel for domain in self.domains for channel in domain.channels)

    def has(self, number: int) -> bool:
        """Whether the domain has fast channels."""
        return any(domain.number == number for domain in self.domains)

    def of(self, number: int) -> int:
        """The domain whose channels are in the row of a domain."""
        return number if self.has(number) else self.domains[0].number


def _owners(platform: Platform) -> Iterator[tuple[Resource, Agent]]:
    """The domains that one agent alone controls in full, with that agent."""
    for resource in platform.resources.get(Kind.PERFORMANCE, ()):
        grants = [g for g in platform.grants() if g.resource is resource and g.boot & _CONTROL]
        if len(grants) == 1 and grants[0].boot >= _CONTROL | {Operation.READ}:
            yield resource, grants[0].agent


def _layout(platform: Platform) -> Mapping[int, tuple[int, Agent]]:
    """Number of each domain → its offset and its agent: an agent begins where a page does."""
    owned = sorted(_owners(platform), key=lambda item: (item[1].id, item[0].number))
    found: dict[int, tuple[int, Agent]] = {}
    offset, last = 0, None
    for resource, agent in owned:
        if last is not None and agent is not last:
            offset += -offset % PAGE
        found[resource.number] = offset, agent
        offset, last = offset + DOMAIN_SIZE, agent
    return found


def _memory(platform: Platform, options: FastChannelOptions) -> Region | None:
    node = memory_node(platform, options)
    found = regions(node) if node is not None else ()
    return found[0] if found and found[0].size else None


def _last(platform: Platform) -> int:
    return max((offset for offset, _ in _layout(platform).values()), default=0)


def fast_channels(setup: Setup, drivers: Drivers, space: Space | None) -> FastChannels | None:
    """The fast channels of a platform that has passed `check`, if it has any."""
    platform, options = setup.platform, setup.options.fast_channels
    layout = _layout(platform)
    node = memory_node(platform, options) if options is not None else None
    region = _memory(platform, options) if options is not None else None
    if options is None or node is None or region is None or space is None or not layout:
        return None
    given = options.firmware_address
    return FastChannels(
        memory=node.path,
        address=region.start,
        firmware_address=_local(given)
        if isinstance(given, str)
        else mailbox_address(str(given or region.start)),
        size=region.size,
        last=_last(platform),
        rate_limit=options.rate_limit,
        alarm=alarm(drivers, Slot.FAST_ALARM),
        domains=tuple(_domain(space, number, *layout[number]) for number in sorted(layout)),
        align=_alignment(layout)[0] if isinstance(given, str) else None,
        headers=options.headers,
    )


def _local(address: int | str) -> str:
    """Where the firmware sees the memory, in C; an expression as an address that does not wrap."""
    if isinstance(address, int):
        return mailbox_address(str(address))
    plain = expression(address)
    return f"((uint64_t){plain if plain.isidentifier() else f'({plain})'})"


def _alignment(layout: Mapping[int, tuple[int, Agent]]) -> tuple[int, str]:
    """What addresses of the memory are multiples of, in bytes and for people."""
    if len({agent.id for _, agent in layout.values()}) > 1:
        return PAGE, "a page, as several agents have channels"
    return WORD, "a word"


def _domain(space: Space, number: int, offset: int, agent: Agent) -> FastDomain:
    element = space.elements[number]
    stem = element.enum.removeprefix(space.prefix)
    channels = tuple(
        FastChannel(name, f"FAST_CHANNEL_IDX{stem}_{name}", kind, f"{element.name} {name}")
        for name, kind in CHANNELS.items()
    )
    return FastDomain(number, element.enum, offset, f"{element.origin}: of {agent.name}", channels)


def check(setup: Setup, drivers: Drivers) -> Iterator[Diagnostic]:
    """Memory that cannot hold the channels, and domains that get none."""
    platform, options = setup.platform, setup.options.fast_channels
    if options is None:
        return
    for problem, hint in _problems(setup, drivers, options):
        yield SCP_FAST_CHANNELS.error(problem, setup.options.at("fast-channels"), hint=hint)
    owned = {resource.number for resource, _ in _owners(platform)}
    for resource in platform.resources.get(Kind.PERFORMANCE, ()):
        if resource.number not in owned:
            yield _unowned(platform, resource)


def _unowned(platform: Platform, resource: Resource) -> Diagnostic:
    """A domain that no one agent controls, with the grant that would have one do so."""
    grants = [g for g in platform.grants() if g.resource is resource and g.boot & _CONTROL]
    lacking = _CONTROL - grants[0].boot if len(grants) == 1 else _CONTROL
    said = ", ".join(str(each) for each in ordered(Kind.PERFORMANCE, lacking or {Operation.READ}))
    agents = sorted((grant.agent for grant in grants), key=lambda agent: agent.id)
    who = " and ".join(agent.name for agent in agents)
    if len(grants) > 1:
        why, hint = (
            f"{who} have level or limits of it",
            f"grants of level and limits to one of {who}",
        )
    else:
        why = "no one agent has level, limits and read for itself"
        hint = (
            f"grant: [{{{_named(platform, resource)}, operations: [{said}]}}] in the domain "
            f"{who or 'of an agent that is to have it alone'}"
        )
    return SCP_FAST_CHANNELS.note(
        f"performance domain {resource.name} gets no fast channels: nothing checks what is written "
        f"there, and {why}",
        resource.facts.position or resource.node.position,
        hint=hint,
    )


def _named(platform: Platform, resource: Resource) -> str:
    """A domain as a grant names it."""
    if Kind.PERFORMANCE in numbers_of(platform.inventory).fixed:
        return f"protocol: {Kind.PERFORMANCE}, id: {resource.number}"
    words = resource.key.provider, *map(str, resource.key.cells)
    return f'{Kind.PERFORMANCE}: "{" ".join(words)}"'


_MEMORY_HINT = "fast-channels: {memory: LABEL}, where LABEL is a node of /reserved-memory"


def _problems(
    setup: Setup, drivers: Drivers, options: FastChannelOptions
) -> Iterator[tuple[str, str | None]]:
    """What is wrong, each with a hint."""
    platform, variant = setup.platform, setup.variant
    if variant.no_fast_channels is not None:
        yield variant.no_fast_channels, "remove fast-channels from the options of this output"
    if variant.mocks is Mocks.REFUSED and (Slot.FAST_ALARM, 0) not in drivers.slots:
        yield (
            f"there is no driver for {Slot.FAST_ALARM}, which wakes the firmware up",
            f"drivers: {{{SYSTEM}: {{{Slot.FAST_ALARM}: {{module: timer, element: 0, sub-element: "
            '"= …", header: …}}}, with the alarm of the product\'s header',
        )
    layout = _layout(platform)
    if not layout:
        yield (
            "there is no performance domain that one agent controls: no agent has fast channels",
            "grant level and limits of a domain to one agent alone, or remove fast-channels",
        )
        return
    for problem in _of_memory(platform, options, layout):
        yield problem, _MEMORY_HINT


def _of_memory(
    platform: Platform, options: FastChannelOptions, layout: Mapping[int, tuple[int, Agent]]
) -> Iterator[str]:
    """What is wrong with the memory."""
    region, path = _memory(platform, options), options.memory
    if region is None:
        yield f"{path} has no memory that the CPU can reach"
        return
    align, what = _alignment(layout)
    given = options.firmware_address
    for address in {region.start, given if isinstance(given, int) else 0}:
        if address % align:
            yield f"fast channels at 0x{address:x} do not begin with {what} ({align} bytes)"
    used = _last(platform) + DOMAIN_SIZE
    if used > region.size:
        yield f"fast channels need {used} bytes, and {path} has {region.size}"
    for other, whose in _taken(platform, region):
        yield (
            f"{path} overlaps {whose} at 0x{other.start:x}: fast channels need memory that is "
            "nobody else's"
        )


def _taken(platform: Platform, region: Region) -> Iterator[tuple[Region, str]]:
    """What else has a part of the memory: mailboxes, and other reserved memory."""
    tree = platform.inventory.tree
    selector = Selector(tree)
    for agent in platform.agents:
        text = agent.transport.shmem if agent.transport is not None else None
        nodes = [*(selector.select(text).nodes if text else ())]
        nodes += [channel.memory for channel in tree_channels(platform, agent).values()]
        for node in dict.fromkeys(nodes):
            for other in regions(node):
                if other.overlaps(region):
                    yield other, f"the mailbox of {agent.name}"
    for other in reserved(tree):
        if other != region and other.overlaps(region):
            yield other, "reserved memory"
